//! stub
pub fn to_hex(v: f64) -> String {
    if v == 0.0 {
        return if v.is_sign_negative() { "-0x0.0p+0".into() } else { "0x0.0p+0".into() };
    }
    let b = v.abs().to_bits();
    let e = (b >> 52) as i32;
    let m = b & ((1 << 52) - 1);
    format!(
        "{}0x{}.{:013x}p{:+}",
        if v < 0.0 { "-" } else { "" },
        (e != 0) as i32,
        m,
        if e == 0 { -1022 } else { e - 1023 }
    )
}
pub fn from_hex(b: &[u8]) -> Option<f64> {
    let s = std::str::from_utf8(b).ok()?;
    let (n, s) = match s.strip_prefix('-') {
        Some(s) => (true, s),
        None => (false, s),
    };
    let (m, e) = s.split_once('p')?;
    let (i, f) = m.split_once('.')?;
    let f = format!("{:0<13}", f);
    let f = u64::from_str_radix(&f, 16).ok()?;
    let e: i32 = e.parse().ok()?;
    let i = i == "0x1";
    let bits = if i { ((e + 1023) as u64) << 52 | f } else { f };
    let v = f64::from_bits(bits);
    Some(if n { -v } else { v })
}
