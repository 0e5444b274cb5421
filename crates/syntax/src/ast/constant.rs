//! The values that literals have: plain data from which a higher layer makes objects.

use std::fmt;

/// The value of a `Constant` node.
///
/// Source text never gives `NegativeInt`, `Tuple`, `FrozenSet` or `Other`, nor a complex number with a real part;
/// trees made by hand may hold them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Constant<'a> {
    None,
    True,
    False,
    Ellipsis,
    Int(IntLiteral<'a>),
    /// The negative of a literal that is not zero.
    NegativeInt(IntLiteral<'a>),
    Float(f64),
    /// The real part of an imaginary literal is `0.0`.
    Complex {
        real: f64,
        imag: f64,
    },
    Str(Text<'a>),
    Bytes(&'a [u8]),
    Tuple(&'a [Constant<'a>]),
    FrozenSet(&'a [Constant<'a>]),
    /// A value of another type, whose name this is: `krait_compiler::validate` refuses it.
    Other(&'a str),
}

/// A non-negative integer of any size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IntLiteral<'a> {
    Small(u64),
    /// Base 2³² digits, least significant first; more than 64 bits, no leading zero digits.
    Big(&'a [u32]),
}

/// The value of a string literal in generalised UTF-8: UTF-8 in which a lone surrogate is encoded
/// like any other code point, in three bytes. Python strings may hold them (`"\ud800"`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Text<'a>(&'a [u8]);

impl<'a> Text<'a> {
    pub const fn new(text: &'a str) -> Self {
        Text(text.as_bytes())
    }

    /// `bytes` must be generalised UTF-8; anything else decodes to replacement characters.
    pub const fn from_generalised(bytes: &'a [u8]) -> Self {
        Text(bytes)
    }

    pub const fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    pub const fn len(self) -> usize {
        self.0.len()
    }

    pub const fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The text as a Rust string, unless it holds surrogates.
    pub fn as_str(self) -> Option<&'a str> {
        std::str::from_utf8(self.0).ok()
    }

    /// The code points, surrogates included.
    pub fn code_points(self) -> CodePoints<'a> {
        CodePoints { rest: self.0 }
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Text::new(text)
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&String::from_utf8_lossy(self.0), f)
    }
}

/// Iterator over the code points of a [`Text`].
#[derive(Clone, Debug)]
pub struct CodePoints<'a> {
    rest: &'a [u8],
}

impl Iterator for CodePoints<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let (&lead, _) = self.rest.split_first()?;
        let (len, bits) = match lead {
            0..0x80 => (1, u32::from(lead)),
            0xC0..0xE0 => (2, u32::from(lead & 0x1F)),
            0xE0..0xF0 => (3, u32::from(lead & 0x0F)),
            0xF0..0xF8 => (4, u32::from(lead & 0x07)),
            _ => (1, 0xFFFD),
        };
        let tail = self.rest.get(1..len).unwrap_or(&[]);
        self.rest = self.rest.get(len..).unwrap_or(&[]);
        Some(tail.iter().fold(bits, |code, byte| code << 6 | u32::from(byte & 0x3F)))
    }
}
