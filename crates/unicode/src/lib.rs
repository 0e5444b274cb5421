//! The Unicode character database, in the version that the reference has.
//!
//! What `str` and the tokenizer ask (classes, case, numeric values) is here: every code point has
//! a [`Record`], found through two tables in three loads. [`database`] has what only `unicodedata`
//! asks, [`normalization`] the normal forms, [`names`] the names. All tables are generated from the
//! reference's answers by the scripts in `data/`. Functions take any `u32`: a `str` may hold
//! surrogates, and what is past the last code point has no properties. The same job in CPython:
//! `Objects/unicodectype.c` and the tables of `Modules/unicodedata.c`.

#![forbid(unsafe_code)]

pub mod case;
pub mod database;
pub mod names;
pub mod normalization;
#[rustfmt::skip]
mod tables;

pub use case::{
    Mapped, fold, is_final_sigma, lower, lower_in_context, simple_lower, simple_title,
    simple_upper, title, upper,
};

/// The properties that many code points share.
struct Record {
    flags: u16,
    /// 255 if there is none.
    digit: u8,
    // What to add to the code point for its mappings to one code point.
    lower: i32,
    upper: i32,
    title: i32,
    fold: i32,
}

/// The version of Unicode that the tables describe.
pub const UNICODE_VERSION: &str = "16.0.0";

static NOTHING: Record = Record { flags: 0, digit: 255, lower: 0, upper: 0, title: 0, fold: 0 };

#[inline]
fn record(c: u32) -> &'static Record {
    let Some(&block) = tables::BLOCKS.get((c >> tables::BLOCK_BITS) as usize) else {
        return &NOTHING;
    };
    let within = c & ((1 << tables::BLOCK_BITS) - 1);
    let at = (u32::from(block) << tables::BLOCK_BITS) | within;
    &tables::RECORDS[usize::from(tables::RECORD_OF[at as usize])]
}

#[inline]
fn flags(c: u32) -> u16 {
    match tables::LATIN1_FLAGS.get(c as usize) {
        Some(&flags) => flags,
        None => record(c).flags,
    }
}

macro_rules! predicates {
    ($($(#[$doc:meta])* $name:ident = $flag:ident;)*) => {
        $($(#[$doc])*
        #[inline]
        pub fn $name(c: u32) -> bool {
            flags(c) & tables::$flag != 0
        })*
    };
}

predicates! {
    /// `str.isalpha` of one character.
    is_alpha = ALPHA;
    /// `str.isdecimal` of one character.
    is_decimal = DECIMAL;
    /// `str.isdigit` of one character.
    is_digit = DIGIT;
    /// `str.isnumeric` of one character.
    is_numeric = NUMERIC;
    /// `str.isspace` of one character: what `str.split()` splits at.
    is_space = SPACE;
    /// What `str.splitlines` splits at.
    is_line_break = LINE_BREAK;
    /// `str.isprintable` of one character: what `repr` does not escape.
    is_printable = PRINTABLE;
    is_lower = LOWER;
    is_upper = UPPER;
    /// A titlecase letter, such as U+01C5.
    is_title = TITLE;
    /// Has a case: `str.title` writes a lower-case letter behind it.
    is_cased = CASED;
    /// Is passed over in finding out whether a sigma is final.
    is_case_ignorable = CASE_IGNORABLE;
    /// Can begin an identifier; the underscore is not among them.
    is_xid_start = XID_START;
    /// Can continue an identifier.
    is_xid_continue = XID_CONTINUE;
}

/// `str.isalnum` of one character.
#[inline]
pub fn is_alphanumeric(c: u32) -> bool {
    flags(c) & (tables::ALPHA | tables::DECIMAL | tables::DIGIT | tables::NUMERIC) != 0
}

/// The value of a decimal digit.
#[inline]
pub fn to_decimal(c: u32) -> Option<u8> {
    if c < 128 {
        return (c as u8).is_ascii_digit().then(|| c as u8 - b'0');
    }
    let record = record(c);
    (record.flags & tables::DECIMAL != 0).then_some(record.digit)
}

/// The value of a digit, such as a superscript one.
pub fn to_digit(c: u32) -> Option<u8> {
    let digit = record(c).digit;
    (digit != NOTHING.digit).then_some(digit)
}

/// The value of a numeric character, such as a fraction.
pub fn to_numeric(c: u32) -> Option<f64> {
    if let Some(digit) = to_digit(c) {
        return Some(f64::from(digit));
    }
    let at = tables::NUMERIC_VALUES.binary_search_by_key(&c, |&(code, _)| code).ok()?;
    Some(tables::NUMERIC_VALUES[at].1)
}
