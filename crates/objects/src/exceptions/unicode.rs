//! `UnicodeEncodeError`, `UnicodeDecodeError`, `UnicodeTranslateError`: a range of text or bytes that a codec
//! cannot handle.

use std::cell::Cell;

use krait_abi as abi;

use super::base::make;
use super::classes::UnicodeError;
use super::text::concat;
use crate::prelude::*;
use crate::protocol::buffer::Buffer;
use crate::str::Chars;
use crate::text::codec::CodecError;

/// In what one of the three classes differs from the others.
struct Kind {
    /// `can't decode byte`
    verb: &'static str,
    unit: &'static str,
    /// Whether the first argument of its constructor is an encoding.
    has_encoding: bool,
    /// Whether its object is `bytes`, not text.
    of_bytes: bool,
}

/// Declares the three classes, which share a layout.
macro_rules! unicode_errors {
    ($($name:ident, $python:literal, $doc:literal, $kind:expr;)*) => {$(
        #[doc = $doc]
        #[pytype(name = $python, base = UnicodeError, flags(BASETYPE, HAVE_GC), doc = $doc)]
        #[repr(C)]
        pub struct $name {
            #[visit]
            base: UnicodeError,
            #[visit]
            #[member(doc = "exception encoding")]
            encoding: Slot,
            #[visit]
            #[member(doc = "exception object")]
            object: Slot,
            #[member(doc = "exception start")]
            start: Cell<isize>,
            #[member(doc = "exception end")]
            end: Cell<isize>,
            #[visit]
            #[member(doc = "exception reason")]
            reason: Slot,
        }
        assert_layout!($name => abi::PyUnicodeErrorObject);

        impl $name {
            /// The fields, which all three have in common.
            fn fields(&self) -> Fields<'_> {
                Fields {
                    encoding: &self.encoding,
                    object: &self.object,
                    start: &self.start,
                    end: &self.end,
                    reason: &self.reason,
                }
            }
        }

        #[pymethods]
        impl $name {
            #[slot(tp_new)]
            fn new(
                cls: Borrowed<'_, Type>,
                th: &Thread,
                args: Borrowed<'_, Tuple>,
                _kwargs: Option<Borrowed<'_, Dict>>,
            ) -> PyResult {
                Ok(make(th, cls, args.to_owned())?.into_object())
            }

            #[slot(tp_init)]
            fn init(
                &self,
                th: &Thread,
                args: Borrowed<'_, Tuple>,
                kwargs: Option<Borrowed<'_, Dict>>,
            ) -> PyResult<()> {
                self.base.refuse_keywords(th, kwargs)?;
                self.base.set_args(args.to_owned());
                self.fields().fill(th, &args, &$kind)
            }

            #[slot(tp_str)]
            fn str(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
                this.fields().shown(th, &$kind)
            }
        }
    )*};
}

unicode_errors! {
    UnicodeEncodeError, "UnicodeEncodeError", "Unicode encoding error.",
        Kind { verb: "encode", unit: "character", has_encoding: true, of_bytes: false };
    UnicodeDecodeError, "UnicodeDecodeError", "Unicode decoding error.",
        Kind { verb: "decode", unit: "byte", has_encoding: true, of_bytes: true };
    UnicodeTranslateError, "UnicodeTranslateError", "Unicode translation error.",
        Kind { verb: "translate", unit: "character", has_encoding: false, of_bytes: false };
}

/// The fields of any of the three.
#[derive(Clone, Copy)]
pub struct Fields<'a> {
    pub encoding: &'a Slot,
    pub object: &'a Slot,
    pub start: &'a Cell<isize>,
    pub end: &'a Cell<isize>,
    pub reason: &'a Slot,
}

/// The fields of `exception` if it is one of the three.
pub fn fields_of<'a>(exception: Borrowed<'a>) -> Option<Fields<'a>> {
    if let Some(error) = exception.downcast::<UnicodeEncodeError>() {
        return Some(error.get().fields());
    }
    if let Some(error) = exception.downcast::<UnicodeDecodeError>() {
        return Some(error.get().fields());
    }
    exception.downcast::<UnicodeTranslateError>().map(|error| error.get().fields())
}

impl Fields<'_> {
    /// The length of the text or bytes; TypeError if `object` was replaced by something else.
    fn len(&self, th: &Thread, bytes: bool) -> PyResult<isize> {
        let object = self.object.get_owned();
        let Some(object) = object else {
            return Err(th.raise(exc::TYPE_ERROR, "UnicodeError 'object' attribute is not set"));
        };
        let len = if bytes {
            object.borrow().downcast::<Bytes>().map(|bytes| bytes.as_bytes().len())
        } else {
            object.borrow().downcast::<Str>().map(|text| text.len())
        };
        match len {
            Some(len) => Ok(len as isize),
            None => {
                let kind = if bytes { "bytes" } else { "string" };
                Err(raise!(th, TYPE_ERROR, "UnicodeError 'object' attribute must be a {kind}"))
            }
        }
    }

    /// The range as codecs use it: clipped to the object, and the object's length.
    pub fn range(&self, th: &Thread, bytes: bool) -> PyResult<(usize, usize, usize)> {
        let len = self.len(th, bytes)?;
        let start = self.start.get().clamp(0, (len - 1).max(0));
        let end = self.end.get().max(1).min(len);
        Ok((start as usize, end.max(0) as usize, len as usize))
    }

    /// `str()` of a field that may have been deleted.
    fn text(th: &Thread, field: &Slot) -> PyResult<Owned<Str>> {
        match field.get_owned() {
            Some(value) => object::str(th, value.borrow()),
            None => Str::new(th, "<NULL>"),
        }
    }

    /// Takes the arguments of a constructor: `([encoding,] object, start, end, reason)`.
    fn fill(&self, th: &Thread, args: &Tuple, kind: &Kind) -> PyResult<()> {
        let first = usize::from(kind.has_encoding);
        exactly(th, args, first + 4)?;
        let encoding = kind.has_encoding.then(|| string(th, args, 0)).transpose()?;
        let given = match kind.of_bytes {
            true => argument(th, args, first)?.to_owned(),
            false => string(th, args, first)?,
        };
        let (start, end) = (size(th, args, first + 1)?, size(th, args, first + 2)?);
        let reason = string(th, args, first + 3)?;
        // Anything with a buffer stands for its bytes.
        let object = match kind.of_bytes && given.borrow().downcast::<Bytes>().is_none() {
            true => Bytes::new(th, Buffer::simple(th, given.borrow())?.as_bytes())?.into_object(),
            false => given,
        };
        if let Some(encoding) = encoding {
            self.encoding.set(Some(encoding));
        }
        self.object.set(Some(object));
        self.start.set(start);
        self.end.set(end);
        self.reason.set(Some(reason));
        Ok(())
    }

    /// `str()` of the exception.
    fn shown(&self, th: &Thread, kind: &Kind) -> PyResult<Owned<Str>> {
        if self.object.get().is_none() {
            return Ok(Str::empty().to_owned());
        }
        let reason = Fields::text(th, self.reason)?;
        let encoding = kind.has_encoding.then(|| Fields::text(th, self.encoding)).transpose()?;
        let (start, end) = (self.start.get(), self.end.get());
        let one = self.single(self.len(th, kind.of_bytes)?).and_then(|at| self.unit(at));
        let unit = kind.unit;
        let tail = match one {
            Some(one) => format!(" {unit} {one} in position {start}: "),
            None => format!(" {unit}s in position {start}-{}: ", end.wrapping_sub(1)),
        };
        let verb = format!("can't {}", kind.verb);
        let mut pieces = Vec::with_capacity(6);
        if let Some(encoding) = &encoding {
            pieces.extend([Chars::One(b"'"), encoding.chars(), Chars::One(b"' codec ")]);
        }
        pieces.extend([Chars::One(verb.as_bytes()), Chars::One(tail.as_bytes()), reason.chars()]);
        concat(th, &pieces)
    }

    /// The position of the wrong unit, if the range is exactly one unit inside the object.
    fn single(&self, len: isize) -> Option<usize> {
        let (start, end) = (self.start.get(), self.end.get());
        let inside = (0..len).contains(&start) && (0..=len).contains(&end);
        (inside && end == start + 1).then_some(start as usize)
    }

    /// The unit at `at` as it is shown: `0x..` of a byte, `'\x..'`, `'\u....'` or `'\U........'` of a character.
    fn unit(&self, at: usize) -> Option<String> {
        let object = self.object.get_owned()?;
        if let Some(bytes) = object.borrow().downcast::<Bytes>() {
            return Some(format!("0x{:02x}", bytes.as_bytes().get(at)?));
        }
        let point = object.borrow().downcast::<Str>()?.char_at(at);
        Some(match point {
            0..=0xff => format!("'\\x{point:02x}'"),
            0x100..=0xffff => format!("'\\u{point:04x}'"),
            _ => format!("'\\U{point:08x}'"),
        })
    }
}

/// An argument of a constructor, as `PyArg_ParseTuple` converts it.
fn string(th: &Thread, args: &Tuple, at: usize) -> PyResult<Owned> {
    let value = argument(th, args, at)?;
    if value.downcast::<Str>().is_some() {
        return Ok(value.to_owned());
    }
    let found = if value.is_none() { "None" } else { value.type_name() };
    Err(raise!(th, TYPE_ERROR, "argument {} must be str, not {found}", at + 1))
}

fn argument<'a>(th: &Thread, args: &'a Tuple, at: usize) -> PyResult<Borrowed<'a>> {
    args.as_slice().get(at).copied().ok_or_else(|| th.bad_internal_call())
}

fn size(th: &Thread, args: &Tuple, at: usize) -> PyResult<isize> {
    let value = number::index(th, argument(th, args, at)?)?;
    value.to_i64().map(|value| value as isize).ok_or_else(|| {
        th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C ssize_t")
    })
}

fn exactly(th: &Thread, args: &Tuple, count: usize) -> PyResult<()> {
    if args.len() == count {
        return Ok(());
    }
    let given = args.len();
    Err(raise!(th, TYPE_ERROR, "function takes exactly {count} arguments ({given} given)"))
}

/// The arguments `(encoding, object, start, end, reason)`.
fn arguments(
    th: &Thread,
    encoding: &str,
    object: Borrowed<'_>,
    error: CodecError,
) -> PyResult<Owned<Tuple>> {
    let encoding = Str::new(th, encoding)?.into_object();
    let start = Int::from_usize(th, error.start)?.into_object();
    let end = Int::from_usize(th, error.end)?.into_object();
    let reason = Str::new(th, error.reason)?.into_object();
    Tuple::pack(th, [encoding, object.to_owned(), start, end, reason])
}

/// UnicodeEncodeError for a range of `string`.
#[cold]
pub fn raise_encode_error(
    th: &Thread,
    encoding: &str,
    string: Borrowed<'_, Str>,
    error: CodecError,
) -> Raised {
    match arguments(th, encoding, string.object(), error) {
        Ok(args) => th.raise_value(exc::UNICODE_ENCODE_ERROR, args.object()),
        Err(raised) => raised,
    }
}

/// UnicodeDecodeError for a range of `data`, which is `bytes`.
#[cold]
pub fn raise_decode_error(
    th: &Thread,
    encoding: &str,
    data: Borrowed<'_, Bytes>,
    error: CodecError,
) -> Raised {
    match arguments(th, encoding, data.object(), error) {
        Ok(args) => th.raise_value(exc::UNICODE_DECODE_ERROR, args.object()),
        Err(raised) => raised,
    }
}
