//! The format mini-language: what stands behind the colon of `f"{x:>+12,.3f}"`.
//!
//! [`Spec::parse`] reads a specification; [`number`] lays out integers, floats and complex
//! numbers by it. No objects: digits come in as text, and results leave as [`Laid`] pieces,
//! since a fill character may be any code point, even a surrogate.
//! The same job in CPython: `Python/formatter_unicode.c`.

pub mod number;
mod parse;
mod plain;

pub use number::{IntForm, Laid, Locale, format_complex, format_float, layout_int};

/// Where padding goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    Left,
    Right,
    Center,
    /// Between sign and digits.
    AfterSign,
}

/// How the digits of a number are grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouping {
    None,
    Comma,
    Underscore,
}

/// A parsed specification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    pub fill: u32,
    pub align: Align,
    /// `+`, `-` or a blank.
    pub sign: Option<u8>,
    pub no_negative_zero: bool,
    pub alternate: bool,
    pub width: Option<usize>,
    pub precision: Option<usize>,
    pub grouping: Grouping,
    pub fraction_grouping: Grouping,
    /// The type letter, any code point; `None` if there is none and no default.
    pub code: Option<u32>,
}

/// Why a specification is refused: a ValueError, but for the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpecError {
    /// What is left after parsing is too long for a type letter.
    Invalid,
    UnknownCode(u32),
    /// A group separator and the type letter it does not go with.
    SeparatorWithCode(char, u32),
    /// An error with nothing to fill in.
    Fixed(&'static str),
    /// MemoryError: the width is more than there is memory for.
    Memory,
}

impl SpecError {
    pub(crate) const BOTH_SEPARATORS: Self = SpecError::Fixed("Cannot specify both ',' and '_'.");

    /// The text of the ValueError, for an object of this type and the specification's own text.
    pub fn message(self, type_name: &str, spec: &str) -> String {
        match self {
            SpecError::Invalid => {
                format!("Invalid format specifier '{spec}' for object of type '{type_name}'")
            }
            SpecError::UnknownCode(code) => {
                let code = quoted(code);
                format!("Unknown format code '{code}' for object of type '{type_name}'")
            }
            SpecError::SeparatorWithCode(separator, code) => {
                format!("Cannot specify '{separator}' with '{}'.", quoted(code))
            }
            SpecError::Fixed(message) => message.into(),
            SpecError::Memory => String::new(),
        }
    }
}

fn quoted(code: u32) -> String {
    match char::from_u32(code) {
        Some(c @ '!'..='\x7f') => c.into(),
        _ => format!("\\x{code:x}"),
    }
}

impl Default for Spec {
    fn default() -> Spec {
        Spec {
            fill: u32::from(b' '),
            align: Align::Right,
            sign: None,
            no_negative_zero: false,
            alternate: false,
            width: None,
            precision: None,
            grouping: Grouping::None,
            fraction_grouping: Grouping::None,
            code: None,
        }
    }
}

impl Spec {
    /// Checks a specification for `str.__format__`, and says how much of a text of `len` code
    /// points is used, and the padding before and behind it.
    pub fn layout_text(&self, len: usize) -> Result<(usize, usize, usize), SpecError> {
        if self.code != Some(u32::from(b's')) {
            return Err(SpecError::UnknownCode(self.code.unwrap_or(0)));
        }
        let refused = match self.sign {
            Some(b' ') => "Space not allowed in string format specifier",
            Some(_) => "Sign not allowed in string format specifier",
            None if self.no_negative_zero => {
                "Negative zero coercion (z) not allowed in string format specifier"
            }
            None if self.alternate => "Alternate form (#) not allowed in string format specifier",
            None if self.align == Align::AfterSign => {
                "'=' alignment not allowed in string format specifier"
            }
            None => {
                let used = self.precision.map_or(len, |precision| precision.min(len));
                let (left, right) = self.padding(used);
                return Ok((used, left, right));
            }
        };
        Err(SpecError::Fixed(refused))
    }

    /// How many fill characters go before and behind something of `len` code points.
    pub fn padding(&self, len: usize) -> (usize, usize) {
        let total = self.width.unwrap_or(0).saturating_sub(len);
        match self.align {
            Align::Left => (0, total),
            Align::Right | Align::AfterSign => (total, 0),
            Align::Center => (total / 2, total - total / 2),
        }
    }
}
