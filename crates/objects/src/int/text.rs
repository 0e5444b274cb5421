//! The digits of ints as text.

use super::Int;
use crate::int_digits;
use crate::prelude::*;

/// `bin`, `oct`, `hex` (base 2, 8, 16), with sign and prefix.
pub fn to_base(th: &Thread, int: &Int, base: u32) -> PyResult<Owned<Str>> {
    let digits = int_digits::to_radix(int.view().abs(), base);
    let sign = if int.is_negative() { "-" } else { "" };
    let prefix = match base {
        2 => "0b",
        8 => "0o",
        _ => "0x",
    };
    Str::from_fmt(th, format_args!("{sign}{prefix}{digits}"))
}

/// Decimal digits; ValueError past the interpreter's limit.
pub fn to_decimal(th: &Thread, int: &Int) -> PyResult<Owned<Str>> {
    let limit = th.interp().int_max_str_digits.get();
    match int_digits::to_decimal(int.view(), limit as usize) {
        Ok(digits) => Str::new(th, &digits),
        Err(_) => Err(raise!(
            th,
            VALUE_ERROR,
            "Exceeds the limit ({limit} digits) for integer string conversion; use sys.set_int_max_str_digits() to increase the limit"
        )),
    }
}

/// `int(text)` for str, bytes and buffers; TypeError for anything else.
pub fn from_text_object(_th: &Thread, _ob: Borrowed<'_>) -> PyResult<Owned<Int>> {
    todo!()
}
