//! `binascii`: bytes as text and back: base64, uuencode, quoted-printable, hexadecimal; CRCs.
//!
//! The same job as CPython's `Modules/binascii.c`.

use krait_objects::args::{FromArg, Site};
use krait_objects::bytelike::hex;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer::{self, Buffer};

use crate::support::{self, low_bits};

mod quoted;

/// The module's exception classes.
struct Classes {
    error: Slot<Type>,
    incomplete: Slot<Type>,
}

impl Default for Classes {
    fn default() -> Classes {
        Classes { error: Slot::EMPTY, incomplete: Slot::EMPTY }
    }
}

/// Raises `binascii.Error`.
fn error(th: &Thread, message: std::fmt::Arguments<'_>) -> Raised {
    let message = match Str::from_fmt(th, message) {
        Ok(message) => message,
        Err(raised) => return raised,
    };
    match th.interp().state::<Classes>().error.get() {
        Some(class) => th.raise_in(class, Some(message.object())),
        None => th.raise_value(exc::VALUE_ERROR, message.object()),
    }
}

/// Bytes, or a `str` that is all ASCII.
enum Ascii<'a> {
    Text(&'a str),
    Buffer(Buffer),
}

impl Ascii<'_> {
    fn as_bytes(&self) -> &[u8] {
        match self {
            Ascii::Text(text) => text.as_bytes(),
            Ascii::Buffer(buffer) => buffer.as_bytes(),
        }
    }
}

impl<'a> FromArg<'a> for Ascii<'a> {
    fn from_arg(th: &Thread, arg: Borrowed<'a>, _: &'static Site) -> PyResult<Self> {
        if let Some(text) = arg.downcast::<Str>() {
            return text.get().as_ascii().map(Ascii::Text).ok_or_else(|| {
                th.raise(exc::VALUE_ERROR, "string argument should contain only ASCII characters")
            });
        }
        if !buffer::check(arg) {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "argument should be bytes, buffer or ASCII string, not '{}'",
                arg.type_name()
            ));
        }
        Buffer::simple(th, arg).map(Ascii::Buffer)
    }
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The values of letters; more than 63 for other bytes.
const BASE64_VALUES: [u8; 256] = {
    let mut values = [0xff; 256];
    let mut at = 0;
    while at < 64 {
        values[BASE64[at] as usize] = at as u8;
        at += 1;
    }
    values
};

fn base64_value(byte: u8) -> Option<u32> {
    Some(u32::from(BASE64_VALUES[usize::from(byte)])).filter(|&value| value < 64)
}

/// Decodes groups of four letters from the start of `data`, as long as there is nothing else; how many bytes they took.
fn decode_groups(data: &[u8], out: &mut Vec<u8>) -> usize {
    let (groups, _) = data.as_chunks::<4>();
    for (at, group) in groups.iter().enumerate() {
        let [a, b, c, d] = group.map(|byte| BASE64_VALUES[usize::from(byte)]);
        if a | b | c | d > 63 {
            return at * 4;
        }
        out.extend_from_slice(&[a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]);
    }
    groups.len() * 4
}

fn decode_base64(th: &Thread, data: &[u8], strict: bool) -> PyResult<Vec<u8>> {
    let refuse = |message: &str| Err(error(th, format_args!("{message}")));
    let mut out = Vec::with_capacity(data.len() / 4 * 3 + 3);
    if strict && data.first() == Some(&b'=') {
        return refuse("Leading padding not allowed");
    }
    // How many characters of a group of four there are, and their bits.
    let (mut position, mut bits, mut pads, mut padding) = (0, 0u32, 0, false);
    let mut next = decode_groups(data, &mut out);
    while let Some(&byte) = data.get(next) {
        let at = next;
        next += 1;
        if byte == b'=' {
            padding = true;
            if strict && position == 0 {
                return refuse("Excess padding not allowed");
            }
            if position >= 2 {
                pads += 1;
                if strict
                    && position + pads >= 4
                    && let Some(&next) = data.get(at + 1)
                {
                    return refuse(match next {
                        b'=' => "Excess padding not allowed",
                        next if base64_value(next).is_none() => "Only base64 data is allowed",
                        _ => "Excess data after padding",
                    });
                }
            }
            continue;
        }
        let Some(value) = base64_value(byte) else {
            if strict {
                return refuse("Only base64 data is allowed");
            }
            continue;
        };
        if strict && padding {
            return refuse("Discontinuous padding not allowed");
        }
        // Data behind padding goes on as if that were not there.
        pads = 0;
        bits = bits << 6 | value;
        match position {
            1 => out.push((bits >> 4) as u8),
            2 => out.push((bits >> 2) as u8),
            3 => out.push(bits as u8),
            _ => {}
        }
        position = (position + 1) % 4;
        if position == 0 && !padding {
            next += decode_groups(&data[next..], &mut out);
        }
    }
    match position {
        0 => Ok(out),
        2.. if position + pads >= 4 => Ok(out),
        1 => {
            let count = out.len() / 3 * 4 + 1;
            Err(error(
                th,
                format_args!(
                    "Invalid base64-encoded string: number of data characters ({count}) cannot be 1 more than a multiple of 4"
                ),
            ))
        }
        _ => refuse("Incorrect padding"),
    }
}

fn encode_base64(data: &[u8], newline: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len().div_ceil(3) * 4 + 1);
    let letter = |value: u8| BASE64[usize::from(value & 63)];
    let (groups, rest) = data.as_chunks::<3>();
    for &[a, b, c] in groups {
        let values = [a >> 2, a << 4 | b >> 4, b << 2 | c >> 6, c];
        out.extend_from_slice(&values.map(letter));
    }
    match *rest {
        [a] => out.extend_from_slice(&[letter(a >> 2), letter(a << 4), b'=', b'=']),
        [a, b] => {
            let values = [a >> 2, a << 4 | b >> 4, b << 2];
            out.extend_from_slice(&values.map(letter));
            out.push(b'=');
        }
        _ => {}
    }
    if newline {
        out.push(b'\n');
    }
    out
}

fn decode_uu(th: &Thread, data: &[u8]) -> PyResult<Vec<u8>> {
    let mut rest = data.iter().copied().peekable();
    let Some(first) = rest.next() else {
        return Err(error(th, format_args!("Missing length byte")));
    };
    let mut len = usize::from(first.wrapping_sub(b' ') & 0x3f);
    let mut out = Vec::with_capacity(len);
    let (mut bits, mut count) = (0u32, 0);
    while len > 0 {
        // Missing characters at the end of a line are blanks.
        let byte = match rest.next() {
            None | Some(b'\n' | b'\r') => 0,
            Some(byte) if !(b' '..=b' ' + 64).contains(&byte) => {
                return Err(error(th, format_args!("Illegal char")));
            }
            Some(byte) => (byte - b' ') & 0x3f,
        };
        bits = (bits << 6 | u32::from(byte)) & 0x3ffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
            len -= 1;
        }
    }
    for byte in rest {
        if !matches!(byte, b' ' | b'\n' | b'\r') && byte != b' ' + 64 {
            return Err(error(th, format_args!("Trailing garbage")));
        }
    }
    Ok(out)
}

fn encode_uu(th: &Thread, data: &[u8], backtick: bool) -> PyResult<Vec<u8>> {
    if data.len() > 45 {
        return Err(error(th, format_args!("At most 45 bytes at once")));
    }
    let letter = |value: u32| match value {
        0 if backtick => b'`',
        value => value as u8 + b' ',
    };
    let mut out = vec![letter(data.len() as u32)];
    for group in data.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        out.extend((0..4).map(|place| letter(bits >> (18 - 6 * place) & 63)));
    }
    out.push(b'\n');
    Ok(out)
}

fn decode_hex(th: &Thread, data: &[u8]) -> PyResult<Vec<u8>> {
    if !data.len().is_multiple_of(2) {
        return Err(error(th, format_args!("Odd-length string")));
    }
    let mut out = vec![0; data.len() / 2];
    let mut all = 0;
    for (byte, &[high, low]) in out.iter_mut().zip(data.as_chunks::<2>().0) {
        let (high, low) = (hex::value(high), hex::value(low));
        all |= high | low;
        *byte = high << 4 | low;
    }
    if all > 15 {
        return Err(error(th, format_args!("Non-hexadecimal digit found")));
    }
    Ok(out)
}

fn crc_hqx(data: &[u8], start: u32) -> u32 {
    data.iter().fold(start & 0xffff, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte) << 8, |crc, _| {
            let shifted = crc << 1 & 0xffff;
            if crc & 0x8000 != 0 { shifted ^ 0x1021 } else { shifted }
        })
    })
}

/// Binary data as ASCII text, and back.
#[pymodule(name = "binascii")]
pub struct Binascii;

#[pyfunctions]
impl Binascii {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        let classes = th.interp().state::<Classes>();
        let bases = [("Error", exc::VALUE_ERROR), ("Incomplete", exc::EXCEPTION)];
        for ((name, base), slot) in bases.into_iter().zip([&classes.error, &classes.incomplete]) {
            slot.set(Some(support::add_exception(th, module, "binascii", name, base)?));
        }
        Ok(())
    }

    /// Return the bytes that a line in uuencoding stands for.
    #[function(sig = "(data, /)")]
    fn a2b_uu(th: &Thread, data: Ascii<'_>) -> PyResult<Owned<Bytes>> {
        Bytes::new(th, &decode_uu(th, data.as_bytes())?)
    }

    /// Return data as a line in uuencoding: 45 bytes at most.
    #[function(sig = "(data, /, *, backtick=False)")]
    fn b2a_uu(th: &Thread, data: Buffer, backtick: bool) -> PyResult<Owned<Bytes>> {
        Bytes::new(th, &encode_uu(th, data.as_bytes(), backtick)?)
    }

    /// Return the bytes that base64 text stands for.
    ///
    ///   strict_mode
    ///     Refuse bytes that do not belong to the alphabet, and misplaced padding.
    #[function(sig = "(data, /, *, strict_mode=False)")]
    fn a2b_base64(th: &Thread, data: Ascii<'_>, strict_mode: bool) -> PyResult<Owned<Bytes>> {
        Bytes::new(th, &decode_base64(th, data.as_bytes(), strict_mode)?)
    }

    /// Encode data in base64, with a newline behind it unless newline is false.
    #[function(sig = "(data, /, *, newline=True)")]
    fn b2a_base64(th: &Thread, data: Buffer, newline: bool) -> PyResult<Owned<Bytes>> {
        Bytes::new(th, &encode_base64(data.as_bytes(), newline))
    }

    /// Return data as hexadecimal digits.
    ///
    ///   sep
    ///     One character between groups.
    ///   bytes_per_sep
    ///     How many bytes make a group, counted from the right; from the left if negative.
    #[function(sig = "(data, sep=<unrepresentable>, bytes_per_sep=1)")]
    fn b2a_hex(
        th: &Thread,
        data: Buffer,
        sep: Option<Borrowed<'_>>,
        bytes_per_sep: i32,
    ) -> PyResult<Owned<Bytes>> {
        Bytes::new(th, &hex::digits(th, data.as_bytes(), sep, bytes_per_sep, true)?)
    }

    /// Return data as hexadecimal digits: the same as b2a_hex.
    #[function(sig = "(data, sep=<unrepresentable>, bytes_per_sep=1)")]
    fn hexlify(
        th: &Thread,
        data: Buffer,
        sep: Option<Borrowed<'_>>,
        bytes_per_sep: i32,
    ) -> PyResult<Owned<Bytes>> {
        Bytes::new(th, &hex::digits(th, data.as_bytes(), sep, bytes_per_sep, true)?)
    }

    /// Return the data that hexadecimal digits mean.
    #[function(sig = "(hexstr, /)")]
    fn a2b_hex(th: &Thread, hexstr: Ascii<'_>) -> PyResult<Owned<Bytes>> {
        Bytes::new(th, &decode_hex(th, hexstr.as_bytes())?)
    }

    /// Return the data that hexadecimal digits mean: the same as a2b_hex.
    #[function(sig = "(hexstr, /)")]
    fn unhexlify(th: &Thread, hexstr: Ascii<'_>) -> PyResult<Owned<Bytes>> {
        Bytes::new(th, &decode_hex(th, hexstr.as_bytes())?)
    }

    /// Compute the CRC of BinHex, going on from crc.
    #[function(sig = "(data, crc, /)")]
    fn crc_hqx(th: &Thread, data: Buffer, crc: Borrowed<'_>) -> PyResult<u32> {
        Ok(crc_hqx(data.as_bytes(), low_bits(th, crc)?))
    }

    /// Compute the CRC of zip and gzip, going on from crc.
    #[function(sig = "(data, crc=0, /)")]
    fn crc32(th: &Thread, data: Buffer, crc: Option<Borrowed<'_>>) -> PyResult<u32> {
        let start = crc.map_or(Ok(0), |crc| low_bits(th, crc))?;
        Ok(zlib_rs::crc32::crc32(start, data.as_bytes()))
    }

    /// Decode quoted-printable data; with header, underscores are blanks.
    #[function(sig = "(data, header=False)")]
    fn a2b_qp(th: &Thread, data: Ascii<'_>, header: bool) -> PyResult<Owned<Bytes>> {
        Bytes::new(th, &quoted::decode(data.as_bytes(), header))
    }

    /// Encode data as quoted-printable.
    ///
    ///   quotetabs
    ///     Quote blanks and tabs too.
    ///   istext
    ///     Ends of lines stay as they are.
    ///   header
    ///     Blanks become underscores.
    #[function(sig = "(data, quotetabs=False, istext=True, header=False)")]
    fn b2a_qp(
        th: &Thread,
        data: Buffer,
        quotetabs: bool,
        istext: bool,
        header: bool,
    ) -> PyResult<Owned<Bytes>> {
        Bytes::new(th, &quoted::encode(data.as_bytes(), quotetabs, istext, header))
    }
}
