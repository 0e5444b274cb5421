//! `Code`: what the compiler produces, as plain data; and the constants in it.
//!
//! Nothing here knows objects, so that code can be compiled at build time. CPython: the fields of
//! `PyCodeObject`; constant identity follows `_PyCode_ConstantKey`.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use num_bigint::BigInt;

/// A Python string: generalised UTF-8, in which lone surrogates are encoded as three bytes each.
#[derive(Clone)]
pub struct Text {
    bytes: Box<[u8]>,
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

impl Text {
    /// Takes generalised UTF-8: valid UTF-8 but for surrogates encoded as three bytes.
    pub fn from_bytes(bytes: impl Into<Box<[u8]>>) -> Text {
        Text { bytes: bytes.into(), origin: Origin::Literal }
    }

    /// One character that is not the object that all such strings are otherwise.
    pub(crate) fn separate(character: &str) -> Text {
        Text { origin: Origin::Separate, ..Text::from(character) }
    }

    pub fn origin(&self) -> Origin {
        self.origin
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The text, unless it holds a surrogate.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }

    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The code points, surrogates included.
    pub fn code_points(&self) -> impl Iterator<Item = u32> + '_ {
        let mut rest = &self.bytes[..];
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

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        Text::from_bytes(text.as_bytes())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Text {
        Text::from_bytes(text.into_bytes())
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Text) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for Text {}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes.hash(state);
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(&self.bytes))
    }
}

/// A value in `co_consts`. Two constants are equal where the compiler may merge them: values of
/// different types never are, nor are `0.0` and `-0.0`. As in Python, a NaN equals nothing, so that
/// each keeps its own place in the table.
#[derive(Clone, Debug)]
pub enum Constant {
    None,
    Ellipsis,
    Bool(bool),
    /// Every integer that fits is here, never in `BigInt`.
    Int(i64),
    BigInt(Arc<BigInt>),
    Float(f64),
    Complex {
        real: f64,
        imag: f64,
    },
    Str(Text),
    Bytes(Box<[u8]>),
    Tuple(Arc<[Constant]>),
    /// Distinct items, in the order in which the source has them.
    FrozenSet(Arc<[Constant]>),
    Slice(Arc<[Constant; 3]>),
    Code(Arc<Code>),
}

impl Constant {
    /// An integer in its canonical form.
    pub fn int(value: BigInt) -> Constant {
        match i64::try_from(&value) {
            Ok(small) => Constant::Int(small),
            Err(_) => Constant::BigInt(Arc::new(value)),
        }
    }

    pub fn str(text: &str) -> Constant {
        Constant::Str(text.into())
    }

    /// A name as a value.
    pub(crate) fn name(name: &str) -> Constant {
        Constant::Str(Text { origin: Origin::Name, ..Text::from(name) })
    }

    pub fn tuple(items: Vec<Constant>) -> Constant {
        Constant::Tuple(items.into())
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

impl PartialEq for Constant {
    fn eq(&self, other: &Constant) -> bool {
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
            (Tuple(a), Tuple(b)) => Arc::ptr_eq(a, b) || a == b,
            (FrozenSet(a), FrozenSet(b)) => Arc::ptr_eq(a, b) || same_set(a, b),
            (Slice(a), Slice(b)) => a == b,
            (Code(a), Code(b)) => Arc::ptr_eq(a, b) || a == b,
            _ => false,
        }
    }
}

impl Eq for Constant {}

/// Whether two lists of distinct items hold the same ones.
fn same_set(a: &[Constant], b: &[Constant]) -> bool {
    a.len() == b.len() && {
        let set: crate::tables::HashSet<&Constant> = a.iter().collect();
        b.iter().all(|item| set.contains(item))
    }
}

impl Hash for Constant {
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

/// The names of a code object, one behind the other in one piece of memory.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Names {
    text: Box<str>,
    /// Where each name ends.
    ends: Box<[usize]>,
}

impl Names {
    pub fn new<'n>(names: impl Iterator<Item = &'n str> + Clone) -> Names {
        let mut text = String::with_capacity(names.clone().map(str::len).sum());
        let ends = names.map(|name| {
            text.push_str(name);
            text.len()
        });
        Names { ends: ends.collect(), text: text.into() }
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        let mut start = 0;
        self.ends.iter().map(move |&end| &self.text[std::mem::replace(&mut start, end)..end])
    }

    /// The same names but for the first.
    pub(crate) fn with_first(&self, first: &str) -> Names {
        Names::new(std::iter::once(first).chain(self.iter().skip(1)))
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// A code object's contents.
///
/// Equality is that of Python code objects: where they come from (`filename`) and their qualified
/// name do not count.
#[derive(Clone, Debug)]
pub struct Code {
    /// All positional parameters, the positional-only ones among them.
    pub argcount: u32,
    pub posonlyargcount: u32,
    pub kwonlyargcount: u32,
    pub stacksize: u32,
    pub flags: u32,
    pub firstlineno: i32,
    /// Code units, two bytes each; inline caches are zero.
    pub code: Vec<u8>,
    pub consts: Vec<Constant>,
    pub names: Names,
    pub localsplusnames: Names,
    /// `local_kind` bits, one byte for each of `localsplusnames`.
    pub localspluskinds: Vec<u8>,
    pub filename: Text,
    pub name: Box<str>,
    pub qualname: Box<str>,
    pub linetable: Vec<u8>,
    pub exceptiontable: Vec<u8>,
    /// Whether the first of `localsplusnames` got its name at the end: then no other code object has the same tuple.
    pub has_renamed_parameter: bool,
}

impl PartialEq for Code {
    fn eq(&self, other: &Code) -> bool {
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

impl Eq for Code {}
