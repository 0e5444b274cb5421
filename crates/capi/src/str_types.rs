//! `cpython/unicodeobject.h`: properties of characters.

use std::ffi::c_int;

use krait_macros::capi;
use krait_objects::unicode::{self, case};

macro_rules! tests {
    ($($name:ident $function:path;)*) => {$(
        #[capi]
        pub fn $name(point: u32) -> c_int {
            $function(point).into()
        }
    )*};
}

tests! {
    _PyUnicode_IsAlpha unicode::is_alpha;
    _PyUnicode_IsLowercase unicode::is_lower;
    _PyUnicode_IsUppercase unicode::is_upper;
    _PyUnicode_IsTitlecase unicode::is_title;
    _PyUnicode_IsNumeric unicode::is_numeric;
    _PyUnicode_IsPrintable unicode::is_printable;
    _PyUnicode_IsWhitespace unicode::is_space;
    _PyUnicode_IsLinebreak unicode::is_line_break;
    _PyUnicode_IsDecimalDigit unicode::is_decimal;
    _PyUnicode_IsDigit unicode::is_digit;
}

#[capi]
pub fn _PyUnicode_ToLowercase(point: u32) -> u32 {
    case::simple_lower(point)
}

#[capi]
pub fn _PyUnicode_ToUppercase(point: u32) -> u32 {
    case::simple_upper(point)
}

#[capi]
pub fn _PyUnicode_ToTitlecase(point: u32) -> u32 {
    case::simple_title(point)
}

#[capi]
pub fn _PyUnicode_ToDecimalDigit(point: u32) -> c_int {
    unicode::to_decimal(point).map_or(-1, c_int::from)
}

#[capi]
pub fn _PyUnicode_ToDigit(point: u32) -> c_int {
    unicode::to_digit(point).map_or(-1, c_int::from)
}

#[capi]
pub fn _PyUnicode_ToNumeric(point: u32) -> f64 {
    unicode::to_numeric(point).unwrap_or(-1.0)
}
