//! `Code`: what the compiler produces, as plain data; and the constants in it.
//!
//! Nothing here knows objects, so that code can be compiled at build time. All of it lives in the arena of the
//! compilation. CPython: the fields of `PyCodeObject`; constant identity follows `_PyCode_ConstantKey`.

use std::fmt;
use std::hash::{Hash, Hasher};

use bumpalo::Bump;
use num_bigint::{BigInt, Sign};

/// A Python string: generalised UTF-8, in which lone surrogates are encoded as three bytes each.
#[derive(Clone, Copy)]
pub struct Text<'a> {
    bytes: &'a [u8],
    origin: Origin,
}

/// What a string was in the program, which decides on the object that it becomes. It does not count in comparisons.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    Literal,
    /// A name: interned, whatever its characters.
    Name,
    /// An object of its own, though one character long.
    Separate,
}

impl<'a> Text<'a> {
    /// Takes generalised UTF-8: valid UTF-8 but for surrogates encoded as three bytes.
    pub fn from_bytes(bytes: &'a [u8]) -> Text<'a> {
        Text { bytes, origin: Origin::Literal }
    }

    /// One character that is not the object that all such strings are otherwise.
    pub(crate) fn separate(character: &'a str) -> Text<'a> {
        Text { origin: Origin::Separate, ..Text::from(character) }
    }

    pub fn origin(self) -> Origin {
        self.origin
    }

    pub fn as_bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// The text, unless it holds a surrogate.
    pub fn as_str(self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes).ok()
    }

    pub fn is_empty(self) -> bool {
        self.bytes.is_empty()
    }

    /// The code points, surrogates included.
    pub fn code_points(self) -> impl Iterator<Item = u32> + 'a {
        let mut rest = self.bytes;
        std::iter::from_fn(move || {
            let (&first, mut tail) = rest.split_first()?;
            let (mut point, more) = match first {
                0..=0x7f => (u32::from(first), 0),
                0x80..=0xdf => (u32::from(first & 0x1f), 1),
                0xe0..=0xef => (u32::from(first & 0x0f), 2),
                _ => (u32::from(first & 0x07), 3),
            };
            for _ in 0..more {
                let Some((&byte, after)) = tail.split_first() else { break };
                point = point << 6 | u32::from(byte & 0x3f);
                tail = after;
            }
            rest = tail;
            Some(point)
        })
    }

    /// Appends one code point; surrogates are allowed.
    pub fn push_code_point(bytes: &mut Vec<u8>, point: u32) {
        match char::from_u32(point) {
            Some(c) => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            None => bytes.extend_from_slice(&[
                0xe0 | (point >> 12) as u8 & 0x0f,
                0x80 | (point >> 6) as u8 & 0x3f,
                0x80 | point as u8 & 0x3f,
            ]),
        }
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Text<'a> {
        Text::from_bytes(text.as_bytes())
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Text<'_>) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for Text<'_> {}

impl Hash for Text<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes.hash(state);
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(self.bytes))
    }
}

/// A value in `co_consts`. Two constants are equal where the compiler may merge them: values of
/// different types never are, nor are `0.0` and `-0.0`. As in Python, a NaN equals nothing, so that
/// each keeps its own place in the table.
#[derive(Clone, Copy, Debug)]
pub enum Constant<'a> {
    None,
    Ellipsis,
    Bool(bool),
    /// Every integer that fits is here, never in `BigInt`.
    Int(i64),
    BigInt(Digits<'a>),
    Float(f64),
    Complex {
        real: f64,
        imag: f64,
    },
    Str(Text<'a>),
    Bytes(&'a [u8]),
    Tuple(&'a [Constant<'a>]),
    /// Distinct items, in the order in which the source has them.
    FrozenSet(&'a [Constant<'a>]),
    Slice(&'a [Constant<'a>; 3]),
    Code(&'a Code<'a>),
}

/// An integer of any size: its sign, and the digits of its magnitude to base 2³², the lowest first.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Digits<'a> {
    is_negative: bool,
    magnitude: &'a [u32],
}

impl Digits<'_> {
    pub fn value(self) -> BigInt {
        let sign = if self.is_negative { Sign::Minus } else { Sign::Plus };
        BigInt::from_slice(sign, self.magnitude)
    }
}

impl<'a> Constant<'a> {
    /// An integer in its canonical form.
    pub fn int(value: &BigInt, arena: &'a Bump) -> Constant<'a> {
        match i64::try_from(value) {
            Ok(small) => Constant::Int(small),
            Err(_) => {
                let (sign, magnitude) = value.to_u32_digits();
                let magnitude = arena.alloc_slice_copy(&magnitude);
                Constant::BigInt(Digits { is_negative: sign == Sign::Minus, magnitude })
            }
        }
    }

    pub fn str(text: &'a str) -> Constant<'a> {
        Constant::Str(text.into())
    }

    /// A name as a value.
    pub(crate) fn name(name: &'a str) -> Constant<'a> {
        Constant::Str(Text { origin: Origin::Name, ..Text::from(name) })
    }

    pub fn tuple(items: &[Constant<'a>], arena: &'a Bump) -> Constant<'a> {
        Constant::Tuple(arena.alloc_slice_copy(items))
    }

    /// A tuple of names as values.
    pub(crate) fn names<I>(names: I, arena: &'a Bump) -> Constant<'a>
    where
        I: IntoIterator<Item = &'a str, IntoIter: ExactSizeIterator>,
    {
        Constant::Tuple(arena.alloc_slice_fill_iter(names.into_iter().map(Constant::name)))
    }

    /// Python's `bool(constant)`.
    pub fn truth(&self) -> bool {
        match self {
            Constant::None => false,
            Constant::Bool(value) => *value,
            Constant::Int(value) => *value != 0,
            Constant::Float(value) => *value != 0.0,
            Constant::Complex { real, imag } => *real != 0.0 || *imag != 0.0,
            Constant::Str(text) => !text.is_empty(),
            Constant::Bytes(bytes) => !bytes.is_empty(),
            Constant::Tuple(items) | Constant::FrozenSet(items) => !items.is_empty(),
            Constant::Ellipsis | Constant::BigInt(_) | Constant::Slice(_) | Constant::Code(_) => {
                true
            }
        }
    }
}

/// Equal, and of the same sign if zero.
fn same_float(a: f64, b: f64) -> bool {
    a == b && a.is_sign_negative() == b.is_sign_negative()
}

impl PartialEq for Constant<'_> {
    fn eq(&self, other: &Constant<'_>) -> bool {
        use Constant::*;
        match (self, other) {
            (None, None) | (Ellipsis, Ellipsis) => true,
            (Bool(a), Bool(b)) => a == b,
            (Int(a), Int(b)) => a == b,
            (BigInt(a), BigInt(b)) => a == b,
            (Float(a), Float(b)) => same_float(*a, *b),
            (Complex { real: a, imag: b }, Complex { real: c, imag: d }) => {
                same_float(*a, *c) && same_float(*b, *d)
            }
            (Str(a), Str(b)) => a == b,
            (Bytes(a), Bytes(b)) => a == b,
            (Tuple(a), Tuple(b)) => std::ptr::eq(*a, *b) || a == b,
            (FrozenSet(a), FrozenSet(b)) => std::ptr::eq(*a, *b) || same_set(a, b),
            (Slice(a), Slice(b)) => a == b,
            (Code(a), Code(b)) => std::ptr::eq(*a, *b) || a == b,
            _ => false,
        }
    }
}

impl Eq for Constant<'_> {}

/// Whether two lists of distinct items hold the same ones.
fn same_set(a: &[Constant<'_>], b: &[Constant<'_>]) -> bool {
    a.len() == b.len() && {
        let set: crate::tables::HashSet<&Constant<'_>> = a.iter().collect();
        b.iter().all(|item| set.contains(item))
    }
}

impl Hash for Constant<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Constant::None | Constant::Ellipsis => {}
            Constant::Bool(value) => value.hash(state),
            Constant::Int(value) => value.hash(state),
            Constant::BigInt(value) => value.hash(state),
            Constant::Float(value) => value.to_bits().hash(state),
            Constant::Complex { real, imag } => {
                real.to_bits().hash(state);
                imag.to_bits().hash(state);
            }
            Constant::Str(text) => text.hash(state),
            Constant::Bytes(bytes) => bytes.hash(state),
            Constant::Tuple(items) => items.hash(state),
            // The order of a set does not count.
            Constant::FrozenSet(items) => items.len().hash(state),
            Constant::Slice(parts) => parts.hash(state),
            Constant::Code(code) => {
                code.name.hash(state);
                code.firstlineno.hash(state);
                code.code.hash(state);
                // Functions nested on one line differ in little else.
                code.linetable.hash(state);
            }
        }
    }
}

/// A code object's contents.
///
/// Equality is that of Python code objects: where they come from (`filename`) and their qualified
/// name do not count.
#[derive(Clone, Debug)]
pub struct Code<'a> {
    /// All positional parameters, the positional-only ones among them.
    pub argcount: u32,
    pub posonlyargcount: u32,
    pub kwonlyargcount: u32,
    pub stacksize: u32,
    pub flags: u32,
    pub firstlineno: i32,
    /// Code units, two bytes each; inline caches are zero.
    pub code: &'a [u8],
    pub consts: &'a [Constant<'a>],
    pub names: &'a [&'a str],
    pub localsplusnames: &'a [&'a str],
    /// `local_kind` bits, one byte for each of `localsplusnames`.
    pub localspluskinds: &'a [u8],
    pub filename: Text<'a>,
    pub name: &'a str,
    pub qualname: &'a str,
    pub linetable: &'a [u8],
    pub exceptiontable: &'a [u8],
    /// Whether the first of `localsplusnames` got its name at the end: then no other code object has the same tuple.
    pub has_renamed_parameter: bool,
}

impl PartialEq for Code<'_> {
    fn eq(&self, other: &Code<'_>) -> bool {
        self.name == other.name
            && self.argcount == other.argcount
            && self.posonlyargcount == other.posonlyargcount
            && self.kwonlyargcount == other.kwonlyargcount
            && self.flags == other.flags
            && self.firstlineno == other.firstlineno
            && self.code == other.code
            && self.linetable == other.linetable
            && self.exceptiontable == other.exceptiontable
            && self.names == other.names
            && self.localsplusnames == other.localsplusnames
            // Last, for it may have to look at much.
            && self.consts == other.consts
    }
}

impl Eq for Code<'_> {}
