//! One format unit: an argument to a C value. Those for text and bytes are in `text`.

use std::ffi::{c_char, c_double, c_float, c_int, c_long, c_longlong, c_short, c_uchar, c_uint};
use std::ffi::{c_ulong, c_ulonglong, c_ushort, c_void};

use krait_abi as abi;
use krait_objects::bytearray::ByteArray;
use krait_objects::prelude::*;

use super::{Acquired, Converter, Fault, Fit, Parse, cut, is_end, shown_type, unexpected};
use crate::int::low_bits;
use crate::support::*;
use crate::variadic::{Format, VaList};

impl Parse<'_> {
    /// One argument: a simple unit or a parenthesised tuple.
    pub fn item(&mut self, arg: Borrowed<'_>, format: &mut Format) -> Fit {
        if format.eat(b'(') { self.tuple(arg, format) } else { self.simple(arg, format) }
    }

    /// `(…)`: a sequence, taken apart. What is lent from its items needs a tuple to hold on to them.
    #[inline(never)]
    fn tuple(&mut self, arg: Borrowed<'_>, format: &mut Format) -> Fit {
        let th = self.th;
        let (count, lends) = shape(*format);
        let is_text = || {
            arg.downcast::<Str>().is_some()
                || arg.downcast::<Bytes>().is_some()
                || arg.downcast::<ByteArray>().is_some()
        };
        let tuple = arg.downcast_exact::<Tuple>();
        let is_tuple = tuple.is_some() || arg.downcast::<Tuple>().is_some();
        if !is_tuple && (!sequence::check(arg) || is_text()) {
            let message = format!("must be {count}-item tuple, not {}", cut(shown_type(arg), 50));
            return Err(Fault::expected(message, Vec::new()));
        }
        if !is_tuple && lends {
            let shown = arg.get().ty().full_name(th)?;
            let text = format!("argument must be {count}-item tuple, not {}", *shown);
            let message = Str::new(th, &text)?;
            let category = Borrowed::from_ref(exc::DEPRECATION_WARNING).object();
            (th.interp().services.get().warn)(th, category, message.borrow(), 1)?;
        }
        let len = match tuple {
            Some(tuple) => tuple.len(),
            None => sequence::len(th, arg)?,
        };
        if len != count {
            let kind = if is_tuple || lends { "tuple" } else { "sequence" };
            let message = format!("must be {kind} of length {count}, not {len}");
            return Err(Fault::expected(message, Vec::new()));
        }
        for index in 0..count {
            let item = match tuple.and_then(|tuple| tuple.get().get(index)) {
                Some(item) => item.to_owned(),
                None => sequence::get(th, arg, index as isize)?,
            };
            // The item stays alive in the tuple; a sequence that makes it on demand was warned of.
            self.item(item.object(), format).map_err(|fault| fault.inside(index))?;
        }
        format.eat(b')');
        Ok(())
    }

    fn store<T>(&self, value: T) {
        // SAFETY: the format says what the place is for.
        unsafe { self.places.pointer::<T>().write(value) }
    }

    /// Stores what a conversion makes of the argument. Each is a function of its own, so that nothing is saved before the unit is known.
    #[inline(never)]
    fn stored<T>(
        &self,
        arg: Borrowed<'_>,
        convert: impl FnOnce(&Thread, Borrowed<'_>) -> Result<T, Fault>,
    ) -> Fit {
        self.store(convert(self.th, arg)?);
        Ok(())
    }

    /// What is not parenthesised.
    #[inline(always)]
    fn simple(&mut self, arg: Borrowed<'_>, format: &mut Format) -> Fit {
        match format.next() {
            b'b' => self.stored(arg, |th, arg| ranged::<c_uchar>(th, arg, "unsigned byte")),
            b'h' => self.stored(arg, |th, arg| ranged::<c_short>(th, arg, "signed short")),
            b'i' => self.stored(arg, |th, arg| ranged::<c_int>(th, arg, "signed")),
            b'B' => self.stored(arg, |th, arg| Ok(low_bits(th, arg)? as c_uchar)),
            b'H' => self.stored(arg, |th, arg| Ok(low_bits(th, arg)? as c_ushort)),
            b'I' => self.stored(arg, |th, arg| Ok(low_bits(th, arg)? as c_uint)),
            b'n' => self.stored(arg, |th, arg| Ok(index(th, arg)?)),
            b'l' => self.stored(arg, |th, arg| Ok(long(th, arg)? as c_long)),
            b'k' => self.stored(arg, |th, arg| Ok(bits_of_index(th, arg)? as c_ulong)),
            b'K' => self.stored(arg, |th, arg| Ok(bits_of_index(th, arg)? as c_ulonglong)),
            b'L' => self.stored(arg, |th, arg| Ok(long_long(th, arg)?)),
            b'f' => self.stored(arg, |th, arg| Ok(number::as_f64(th, arg)? as c_float)),
            b'd' => self.stored(arg, |th, arg| Ok(number::as_f64(th, arg)? as c_double)),
            b'D' => self.stored(arg, |th, arg| {
                let (real, imag) = krait_objects::complex::construct::as_pair(th, arg)?;
                Ok(abi::Py_complex { real, imag })
            }),
            b'p' => self.stored(arg, |th, arg| Ok(c_int::from(object::is_true(th, arg)?))),
            b'c' => self.stored(arg, |_, arg| Ok(byte(arg)? as c_char)),
            b'C' => self.stored(arg, |_, arg| Ok(character(arg)? as c_int)),
            b'S' => self.stored(arg, |_, arg| instance::<Bytes>(arg, "bytes")),
            b'Y' => self.stored(arg, |_, arg| instance::<ByteArray>(arg, "bytearray")),
            b'U' => self.stored(arg, |_, arg| instance::<Str>(arg, "str")),
            b'O' => self.object(arg, format),
            unit @ (b's' | b'z' | b'y' | b'w' | b'e') => self.text(unit, arg, format),
            _ => Err(unexpected("(impossible<bad format char>)", arg)),
        }
    }

    /// `O` and what may follow it.
    #[inline(never)]
    fn object(&mut self, arg: Borrowed<'_>, format: &mut Format) -> Fit {
        if format.eat(b'!') {
            // SAFETY: the format asks for a type.
            let class = unsafe { type_of(self.places.pointer()) };
            let place = self.places.pointer::<Ptr>();
            if !arg.get().ty().is_subtype(&class) {
                return Err(unexpected(class.get().tp_name(), arg));
            }
            // SAFETY: the format says what the place is for.
            unsafe { place.write(arg.as_ptr()) };
        } else if format.eat(b'&') {
            let convert = self.places.pointer::<c_void>();
            let place = self.places.pointer::<c_void>();
            if convert.is_null() {
                return Err(self.th.bad_internal_call().into());
            }
            // SAFETY: the format asks for a converter.
            let convert = unsafe { std::mem::transmute::<*mut c_void, Converter>(convert) };
            // SAFETY: as above.
            match unsafe { convert(arg.as_ptr(), place) } {
                0 => return Err(unexpected("(unspecified)", arg)),
                abi::Py_CLEANUP_SUPPORTED => self.acquire(Acquired::Converted(convert, place)),
                _ => {}
            }
        } else {
            self.store(arg.as_ptr());
        }
        Ok(())
    }
}

/// How many items a parenthesised part has, and whether it lends something that belongs to an item.
fn shape(mut format: Format) -> (usize, bool) {
    let (mut count, mut level, mut lends) = (0, 0usize, false);
    loop {
        match format.next() {
            b'(' => {
                count += usize::from(level == 0);
                level += 1;
            }
            b')' if level == 0 => break,
            b')' => level -= 1,
            byte if is_end(byte) => break,
            byte if level == 0 && byte.is_ascii_alphabetic() => {
                count += 1;
                lends |= match byte {
                    b's' | b'z' | b'y' => format.peek() != b'*',
                    b'O' => format.peek() != b'&',
                    b'S' | b'Y' | b'U' => true,
                    _ => false,
                };
                if byte == b'e' {
                    // The letter after it belongs to it.
                    format.skip();
                }
            }
            _ => {}
        }
    }
    (count, lends)
}

fn too_large(th: &Thread, what: &str) -> Raised {
    raise!(th, OVERFLOW_ERROR, "Python int too large to convert to C {what}")
}

#[inline]
fn long(th: &Thread, arg: Borrowed<'_>) -> PyResult<i64> {
    match crate::int::one_digit(arg) {
        Some(value) => Ok(value),
        None => any_long(th, arg),
    }
}

fn any_long(th: &Thread, arg: Borrowed<'_>) -> PyResult<i64> {
    number::index(th, arg)?.to_i64().ok_or_else(|| too_large(th, "long"))
}

/// An `int` in the range of a smaller type.
#[inline]
fn ranged<T: TryFrom<i64>>(th: &Thread, arg: Borrowed<'_>, what: &str) -> Result<T, Fault> {
    let value = long(th, arg)?;
    T::try_from(value).map_err(|_| out_of_range(th, what, value))
}

#[cold]
fn out_of_range(th: &Thread, what: &str, value: i64) -> Fault {
    let side = if value < 0 { "less than minimum" } else { "greater than maximum" };
    raise!(th, OVERFLOW_ERROR, "{what} integer is {side}").into()
}

fn index(th: &Thread, arg: Borrowed<'_>) -> PyResult<isize> {
    let value = number::index(th, arg)?.to_i64().ok_or_else(|| too_large(th, "ssize_t"))?;
    Ok(value as isize)
}

fn long_long(th: &Thread, arg: Borrowed<'_>) -> PyResult<c_longlong> {
    let value = number::index(th, arg)?.to_i64();
    value.ok_or_else(|| th.raise(exc::OVERFLOW_ERROR, "int too big to convert"))
}

/// The low bits of an `int`, or of what has an `__index__`.
#[inline]
fn bits_of_index(th: &Thread, arg: Borrowed<'_>) -> Result<u64, Fault> {
    if !number::is_index(arg) {
        return Err(unexpected("int", arg));
    }
    Ok(low_bits(th, arg)?)
}

/// The object itself, if it is of this type.
#[inline]
fn instance<T: Instance>(arg: Borrowed<'_>, expected: &str) -> Result<Ptr, Fault> {
    if arg.downcast::<T>().is_none() {
        return Err(unexpected(expected, arg));
    }
    Ok(arg.as_ptr())
}

/// `c`: the one byte of a bytes object.
fn byte(arg: Borrowed<'_>) -> Result<u8, Fault> {
    let (bytes, kind) = if let Some(bytes) = arg.downcast::<Bytes>() {
        (bytes.get().as_bytes().to_vec(), "a bytes object")
    } else if let Some(array) = arg.downcast::<ByteArray>() {
        (array.get().as_bytes().to_vec(), "a bytearray object")
    } else {
        return Err(unexpected("a byte string of length 1", arg));
    };
    match bytes[..] {
        [byte] => Ok(byte),
        _ => {
            let message =
                format!("must be a byte string of length 1, not {kind} of length {}", bytes.len());
            Err(Fault::expected(message, Vec::new()))
        }
    }
}

/// `C`: the one character of a str.
fn character(arg: Borrowed<'_>) -> Result<u32, Fault> {
    match arg.downcast::<Str>() {
        Some(text) if text.len() == 1 => Ok(text.char_at(0)),
        Some(text) => {
            let message =
                format!("must be a unicode character, not a string of length {}", text.len());
            Err(Fault::expected(message, Vec::new()))
        }
        None => Err(unexpected("a unicode character", arg)),
    }
}

/// Steps over a unit whose argument is absent, and over its places; what is wrong with the format otherwise.
pub fn skip(format: &mut Format, places: Option<VaList>) -> Result<(), &'static str> {
    let drop_places = |count: usize| {
        if let Some(places) = places {
            (0..count).for_each(|_| _ = places.raw());
        }
    };
    let unit = format.next();
    match unit {
        b'b' | b'B' | b'h' | b'H' | b'i' | b'I' | b'l' | b'k' | b'L' | b'K' | b'n' | b'f'
        | b'd' | b'D' | b'c' | b'C' | b'p' | b'S' | b'Y' | b'U' => drop_places(1),
        b'e' | b's' | b'z' | b'y' | b'w' => {
            if unit == b'e' {
                drop_places(1);
                if !matches!(format.peek(), b's' | b't') {
                    return Err("impossible<bad format char>");
                }
                format.skip();
            }
            drop_places(1);
            if unit == b'w' {
                if !format.eat(b'*') {
                    return Err("impossible<bad format char>");
                }
            } else if format.eat(b'#') {
                drop_places(1);
            } else if unit != b'e' {
                format.eat(b'*');
            }
        }
        b'O' => {
            let extra = format.eat(b'!') || format.eat(b'&');
            drop_places(1 + usize::from(extra));
        }
        b'(' => {
            while !format.eat(b')') {
                if is_end(format.peek()) {
                    return Err("Unmatched left paren in format string");
                }
                skip(format, places)?;
            }
        }
        b')' => return Err("Unmatched right paren in format string"),
        _ => return Err("impossible<bad format char>"),
    }
    Ok(())
}
