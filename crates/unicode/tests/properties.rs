//! Every property of every code point against digests that `data/record_properties.py` recorded.

use krait_unicode as u;

const LAST: u32 = 0x11_0000;

fn digest(value: impl Fn(u32) -> u64) -> String {
    let hash = (0..LAST).fold(0xCBF2_9CE4_8422_2325, |hash: u64, c| {
        (hash ^ value(c)).wrapping_mul(0x0100_0000_01B3)
    });
    format!("{hash:016x}")
}

fn pack(mapped: u::Mapped) -> u64 {
    mapped.as_slice().iter().rev().fold(0, |packed, &c| packed << 21 | u64::from(c))
}

fn property(name: &str) -> Box<dyn Fn(u32) -> u64> {
    let flag =
        |test: fn(u32) -> bool| -> Box<dyn Fn(u32) -> u64> { Box::new(move |c| test(c).into()) };
    let one = |f: fn(u32) -> u32| -> Box<dyn Fn(u32) -> u64> { Box::new(move |c| f(c).into()) };
    let full =
        |f: fn(u32) -> u::Mapped| -> Box<dyn Fn(u32) -> u64> { Box::new(move |c| pack(f(c))) };
    match name {
        "ALPHA" => flag(u::is_alpha),
        "DECIMAL" => flag(u::is_decimal),
        "DIGIT" => flag(u::is_digit),
        "NUMERIC" => flag(u::is_numeric),
        "SPACE" => flag(u::is_space),
        "LINE_BREAK" => flag(u::is_line_break),
        "PRINTABLE" => flag(u::is_printable),
        "LOWER" => flag(u::is_lower),
        "UPPER" => flag(u::is_upper),
        "TITLE" => flag(u::is_title),
        "CASED" => flag(u::is_cased),
        "CASE_IGNORABLE" => flag(u::is_case_ignorable),
        "XID_START" => flag(u::is_xid_start),
        "XID_CONTINUE" => flag(u::is_xid_continue),
        "simple_lower" => one(u::simple_lower),
        "simple_upper" => one(u::simple_upper),
        "simple_title" => one(u::simple_title),
        "lower" => full(u::lower),
        "upper" => full(u::upper),
        "title" => full(u::title),
        "fold" => full(u::fold),
        "decimal" => Box::new(|c| u::to_decimal(c).unwrap_or(255).into()),
        "digit" => Box::new(|c| u::to_digit(c).unwrap_or(255).into()),
        "numeric" => Box::new(|c| u::to_numeric(c).unwrap_or(-1.0).to_bits()),
        _ => panic!("unknown property {name}"),
    }
}

#[test]
fn every_code_point_is_as_in_the_reference() {
    for line in include_str!("golden/properties.txt").lines() {
        let (name, expected) = line.split_once(' ').expect("name and digest");
        assert_eq!(digest(property(name)), expected, "{name}");
    }
}

#[test]
fn past_the_last_code_point_there_is_nothing() {
    assert!(!u::is_alpha(LAST) && !u::is_printable(u32::MAX));
    assert_eq!(u::upper(u32::MAX).as_slice(), [u32::MAX]);
}

#[test]
fn a_sigma_is_final_behind_a_word() {
    let lower = |text: &str| -> String {
        let chars: Vec<u32> = text.chars().map(u32::from).collect();
        let mapped =
            (0..chars.len()).flat_map(|at| u::lower_in_context(&chars, at).as_slice().to_vec());
        mapped.filter_map(char::from_u32).collect()
    };
    // str.lower of the reference.
    assert_eq!(lower("ΑΣ"), "ας");
    assert_eq!(lower("Σ ΑΣΑ Α.Σ Α.Σ. Α'Σ'Β"), "σ ασα α.ς α.ς. α'σ'β");
}
