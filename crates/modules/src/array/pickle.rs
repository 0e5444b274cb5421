//! What pickling needs: machine formats, which say how the bytes of a pickled array are to be read on any machine.

use krait_objects::args::CodePoint;
use krait_objects::bytes::Bytes;
use krait_objects::codecs::native;
use krait_objects::int_digits;
use krait_objects::prelude::*;

use super::code::{CODES, Code, Kind};
use super::{Array, ArrayModule};

const BIG: bool = cfg!(target_endian = "big");

/// How items lie in pickled bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Format {
    kind: FormatKind,
    /// Bytes of an item; what the length has to be a multiple of.
    size: usize,
    big: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum FormatKind {
    Integer { signed: bool },
    Float,
    Utf16,
    Utf32,
}

impl Format {
    /// The format with that number.
    fn of(number: i32) -> Option<Format> {
        let big = number % 2 == 1;
        let integer = |signed, size| (FormatKind::Integer { signed }, size);
        let (kind, size) = match number {
            0 | 1 => integer(number == 1, 1),
            2..=13 => {
                let at = (number - 2) / 2;
                integer(at % 2 == 1, 2 << (at / 2))
            }
            14 | 15 => (FormatKind::Float, 4),
            16 | 17 => (FormatKind::Float, 8),
            18 | 19 => (FormatKind::Utf16, 4),
            20 | 21 => (FormatKind::Utf32, 4),
            _ => return None,
        };
        // A single byte has no order.
        Some(Format { kind, size, big: if size == 1 { BIG } else { big } })
    }

    /// The number of the format that this machine has for a type code.
    fn number_of(code: &Code) -> i32 {
        let wide = i32::from(BIG);
        let level = code.size().trailing_zeros() as i32;
        match code.kind {
            Kind::Unsigned if level == 0 => 0,
            Kind::Signed if level == 0 => 1,
            Kind::Unsigned => 4 * level - 2 + wide,
            Kind::Signed => 4 * level + wide,
            Kind::Float => 2 * level + 10 + wide,
            Kind::Char => 20 + wide,
        }
    }

    /// The items of bytes as a list, or a string.
    fn read(self, th: &Thread, data: &[u8]) -> PyResult {
        let mut order = if self.big { 1 } else { -1 };
        match self.kind {
            FormatKind::Utf16 => {
                let text = native::decode_utf16(th, data, Some("strict"), &mut order, true)?.0;
                return Ok(text.into_object());
            }
            FormatKind::Utf32 => {
                let text = native::decode_utf32(th, data, Some("strict"), &mut order, true)?.0;
                return Ok(text.into_object());
            }
            _ => {}
        }
        let items = List::new(th)?;
        for item in data.chunks_exact(self.size) {
            let value = if let FormatKind::Integer { signed } = self.kind {
                let value = int_digits::from_bytes(item, !self.big, signed);
                Int::from_buf(th, &value)?.into_object()
            } else {
                Float::new(th, self.float(item))?.into_object()
            };
            items.push(th, value)?;
        }
        Ok(items.into_object())
    }

    fn float(self, item: &[u8]) -> f64 {
        let word = item.iter().enumerate().fold(0u64, |word, (at, &byte)| {
            let place = if self.big { item.len() - 1 - at } else { at };
            word | u64::from(byte) << (8 * place)
        });
        if self.size == 4 { f64::from(f32::from_bits(word as u32)) } else { f64::from_bits(word) }
    }

    /// The type code that fits integers of the format best, whatever it was where they were pickled.
    fn integer_code(self) -> Option<&'static Code> {
        let FormatKind::Integer { signed } = self.kind else {
            return None;
        };
        let kind = if signed { Kind::Signed } else { Kind::Unsigned };
        CODES.iter().find(|code| code.kind == kind && code.size() == self.size)
    }
}

#[pyfunctions(part = "pickle")]
impl ArrayModule {
    /// For unpickling: make an array of items in any machine's format.
    #[function(sig = "(arraytype, typecode, mformat_code, items, /)")]
    fn _array_reconstructor(
        th: &Thread,
        arraytype: Borrowed<'_>,
        typecode: CodePoint,
        mformat_code: i32,
        items: Borrowed<'_>,
    ) -> PyResult<Owned<Array>> {
        let Some(class) = arraytype.downcast::<Type>() else {
            let found = arraytype.type_name();
            let message = "first argument must be a type object, not";
            return Err(raise!(th, TYPE_ERROR, "{message} {found}"));
        };
        if !class.is_subtype(Array::type_object()) {
            let name = class.tp_name();
            return Err(raise!(th, TYPE_ERROR, "{name} is not a subtype of array.array"));
        }
        let Some(code) = Code::find(typecode.0) else {
            let message = "second argument must be a valid type code";
            return Err(th.raise(exc::VALUE_ERROR, message));
        };
        let Some(format) = Format::of(mformat_code) else {
            let message = "third argument must be a valid machine format code.";
            return Err(th.raise(exc::VALUE_ERROR, message));
        };
        let Some(bytes) = items.downcast::<Bytes>() else {
            let found = items.type_name();
            return Err(raise!(th, TYPE_ERROR, "fourth argument should be bytes, not {found}"));
        };
        if Format::number_of(code) == mformat_code {
            return Array::create(th, class, typecode.0, Some(items));
        }
        let data = bytes.as_bytes();
        if !data.len().is_multiple_of(format.size) {
            let message = "string length not a multiple of item size";
            return Err(th.raise(exc::VALUE_ERROR, message));
        }
        let values = format.read(th, data)?;
        let letter = format.integer_code().map_or(typecode.0, |code| u32::from(code.letter));
        Array::create(th, class, letter, Some(values.borrow()))
    }
}

#[pymethods(part = "pickle")]
impl Array {
    /// What pickle and copy need to make the object anew.
    #[method(sig = "(self, value, /)")]
    fn __reduce_ex__(this: Borrowed<'_, Self>, th: &Thread, value: Borrowed<'_>) -> PyResult {
        let Some(protocol) = value.downcast::<Int>() else {
            let message = "__reduce_ex__ argument should be an integer";
            return Err(th.raise(exc::TYPE_ERROR, message));
        };
        let protocol = protocol.to_i64().ok_or_else(|| {
            th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C long")
        })?;
        let dict = object::get_attr_opt(th, this.object(), id::__dict__)?;
        let dict = dict.unwrap_or_else(|| none().to_owned());
        let class = this.object().ty().object().to_owned();
        let code = this.code();
        let letter = Str::from_char(th, u32::from(code.letter))?.into_object();
        if protocol < 3 {
            let items = this.to_list(th)?.into_object();
            let arguments = Tuple::pack(th, [letter, items])?.into_object();
            return Tuple::pack(th, [class, arguments, dict]).map(Owned::into_object);
        }
        let module = krait_eval::import::import(th, "array")?;
        let name = Str::interned(th, "_array_reconstructor")?;
        let reconstructor = object::get_attr(th, module.borrow(), name.borrow())?;
        let format = Int::from_i64(th, Format::number_of(code).into())?.into_object();
        let bytes = Bytes::new(th, this.bytes())?.into_object();
        let arguments = Tuple::pack(th, [class, letter, format, bytes])?.into_object();
        Tuple::pack(th, [reconstructor, arguments, dict]).map(Owned::into_object)
    }
}
