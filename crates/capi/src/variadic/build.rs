//! `Py_BuildValue`: objects made as a format says. The same job as the value half of CPython's `Python/modsupport.c`.
//!
//! `N` gives references away: if something fails, the rest of the format is still gone through, so that what it
//! would have taken is released.

use std::ffi::{c_char, c_void};
use std::mem::MaybeUninit;

use krait_abi::Py_complex;
use krait_objects::complex::Complex;
use krait_objects::prelude::*;

use super::{Copied, Format, VaList, to_c};
use crate::support::*;

/// How many values a format has up to its end, or up to the bracket that closes the part it begins in.
fn count(th: &Thread, mut format: Format, end: u8) -> PyResult<usize> {
    let (mut count, mut level) = (0, 0i64);
    while level > 0 || format.peek() != end {
        match format.next() {
            0 => return Err(th.raise(exc::SYSTEM_ERROR, "unmatched paren in format")),
            b'(' | b'[' | b'{' => {
                count += usize::from(level == 0);
                level += 1;
            }
            b')' | b']' | b'}' => level -= 1,
            b'#' | b'&' | b',' | b':' | b' ' | b'\t' => {}
            _ => count += usize::from(level == 0),
        }
    }
    Ok(count)
}

struct Builder<'t> {
    th: &'t Thread,
    format: Format,
    args: VaList,
}

impl Builder<'_> {
    /// The next `count` values, then the bracket that ends them.
    fn values(&mut self, count: usize, end: u8) -> PyResult<Vec<Owned>> {
        let mut values = Vec::with_capacity(count);
        for index in 0..count {
            match self.value() {
                Ok(value) => values.push(value),
                Err(raised) => {
                    self.ignore(count - index - 1);
                    return Err(raised);
                }
            }
        }
        self.close(end)?;
        Ok(values)
    }

    /// Goes past the bracket that ends a part, and separators in front of it.
    fn close(&mut self, end: u8) -> PyResult<()> {
        while matches!(self.format.peek(), b' ' | b'\t' | b',' | b':') {
            self.format.skip();
        }
        if self.format.peek() != end {
            return Err(self.th.raise(exc::SYSTEM_ERROR, "Unmatched paren in format"));
        }
        self.format.skip();
        Ok(())
    }

    /// Makes and drops values, keeping the exception that is set.
    #[cold]
    fn ignore(&mut self, count: usize) {
        let exception = self.th.take_exception();
        for _ in 0..count {
            if self.value().is_err() {
                drop(self.th.take_exception());
            }
        }
        if let Some(exception) = exception {
            let _raised = self.th.set_exception(exception.into_object());
        }
    }

    /// As `values`, where `place` says the items of a new container lie.
    fn fill(&mut self, count: usize, end: u8, items: *mut Ptr) -> PyResult<()> {
        for index in 0..count {
            match self.value() {
                // SAFETY: the container has `count` places, and nobody else has seen it.
                Ok(value) => unsafe { items.add(index).write(value.into_ptr()) },
                Err(raised) => {
                    self.ignore(count - index - 1);
                    return Err(raised);
                }
            }
        }
        self.close(end)
    }

    fn tuple(&mut self, count: usize, end: u8) -> PyResult {
        if count == 0 {
            self.values(0, end)?;
            return Ok(Tuple::empty().to_owned().into_object());
        }
        let tuple = match Tuple::with_nulls(self.th, count) {
            Ok(tuple) => tuple,
            Err(raised) => {
                self.ignore(count);
                return Err(raised);
            }
        };
        self.fill(count, end, tuple.items())?;
        Ok(tuple.into_object())
    }

    fn list(&mut self, count: usize, end: u8) -> PyResult {
        let list = match List::with_nulls(self.th, count) {
            Ok(list) => list,
            Err(raised) => {
                self.ignore(count);
                return Err(raised);
            }
        };
        self.fill(count, end, list.items_ptr())?;
        Ok(list.into_object())
    }

    fn dict(&mut self) -> PyResult {
        let th = self.th;
        let count = count(th, self.format, b'}')?;
        if count % 2 != 0 {
            let raised = th.raise(exc::SYSTEM_ERROR, "Bad dict format");
            self.ignore(count);
            return Err(raised);
        }
        let dict = Dict::new(th)?;
        let mut values = self.values(count, b'}')?.into_iter();
        while let (Some(key), Some(value)) = (values.next(), values.next()) {
            dict.set_owned(th, key, value)?;
        }
        Ok(dict.into_object())
    }

    fn value(&mut self) -> PyResult {
        let (th, args) = (self.th, self.args);
        let signed = |value: i64| Int::from_i64(th, value).map(Owned::into_object);
        let unsigned = |value: u64| Int::from_u64(th, value).map(Owned::into_object);
        loop {
            return match self.format.next() {
                b'(' => {
                    let count = count(th, self.format, b')')?;
                    self.tuple(count, b')')
                }
                b'[' => {
                    let count = count(th, self.format, b']')?;
                    self.list(count, b']')
                }
                b'{' => self.dict(),
                b'b' | b'B' | b'h' | b'i' => signed(args.int().into()),
                b'H' | b'I' => unsigned(args.unsigned().into()),
                b'n' => signed(args.size() as i64),
                b'l' => signed(args.long()),
                b'k' => unsigned(args.long() as u64),
                b'L' => signed(args.long_long()),
                b'K' => unsigned(args.long_long() as u64),
                b'p' => Ok(bool_object(args.int() != 0).object().to_owned()),
                b'f' | b'd' => Float::new(th, args.double()).map(Owned::into_object),
                b'D' => {
                    // SAFETY: the format asks for a complex number.
                    let Py_complex { real, imag } = unsafe { *args.pointer::<Py_complex>() };
                    Complex::new(th, real, imag).map(Owned::into_object)
                }
                b'c' => Bytes::new(th, &[args.int() as u8]).map(Owned::into_object),
                b'C' => crate::str::from_ordinal(th, args.int()).map(Owned::into_object),
                b'u' => self.wide(),
                unit @ (b's' | b'z' | b'U' | b'y') => self.text(unit),
                unit @ (b'N' | b'S' | b'O') => self.object(unit),
                b',' | b':' | b' ' | b'\t' => continue,
                _ => Err(th.raise(exc::SYSTEM_ERROR, "bad format char passed to Py_BuildValue")),
            };
        }
    }

    /// The length after `#`: `None` if the string says where it ends.
    fn length(&mut self) -> Option<usize> {
        if self.format.eat(b'#') { usize::try_from(self.args.size()).ok() } else { None }
    }

    fn text(&mut self, unit: u8) -> PyResult {
        let start = self.args.string();
        let length = self.length();
        if start.is_null() {
            return Ok(none().to_owned());
        }
        let bytes = match length {
            // SAFETY: C passes so many bytes.
            Some(length) => unsafe { std::slice::from_raw_parts(start.cast::<u8>(), length) },
            None => bytes_of(start),
        };
        if unit == b'y' {
            return Bytes::new(self.th, bytes).map(Owned::into_object);
        }
        decoded(self.th, bytes).map(Owned::into_object)
    }

    fn wide(&mut self) -> PyResult {
        let start = self.args.pointer::<u32>();
        let length = self.length();
        if start.is_null() {
            return Ok(none().to_owned());
        }
        // SAFETY: C passes a wide string, of that length or with an end.
        unsafe { wide_string(self.th, start.cast(), length) }.map(Owned::into_object)
    }

    fn object(&mut self, unit: u8) -> PyResult {
        let th = self.th;
        let pointer: Ptr = if self.format.eat(b'&') {
            type Maker = unsafe extern "C" fn(*mut c_void) -> Ptr;
            let make = self.args.raw();
            let argument = self.args.raw();
            if make.is_null() {
                return Err(th.bad_internal_call());
            }
            // SAFETY: the format asks for a function that makes an object of an argument.
            return returned(th, unsafe {
                std::mem::transmute::<*mut c_void, Maker>(make)(argument)
            });
        } else {
            self.args.pointer()
        };
        // SAFETY: C passes a live object or NULL; `N` gives its reference away.
        let object = unsafe {
            match unit {
                b'N' => Owned::from_ptr_or_null(pointer),
                _ => Borrowed::<Object>::from_ptr_or_null(pointer).map(Borrowed::to_owned),
            }
        };
        object.ok_or_else(|| match th.is_raised() {
            // A call that failed in the argument list: its exception stands.
            true => th.raised_by_c(),
            false => th.raise(exc::SYSTEM_ERROR, "NULL object passed to Py_BuildValue"),
        })
    }
}

/// The values of a format, in order.
pub fn with_values(
    th: &Thread,
    format: Format,
    args: VaList,
    body: impl FnOnce(&[Owned]) -> PyResult,
) -> PyResult {
    const FEW: usize = 6;
    let count = count(th, format, 0)?;
    let mut builder = Builder { th, format, args };
    if count > FEW {
        return body(&builder.values(count, 0)?);
    }
    // As `Owned` is never null, these are laid out as places that are filled in from the beginning.
    let mut few = [const { None::<Owned> }; FEW];
    builder.fill(count, 0, few.as_mut_ptr().cast())?;
    // SAFETY: all of the first `count` are there.
    body(unsafe { std::slice::from_raw_parts(few.as_ptr().cast(), count) })
}

/// The value of a format: None, the only value, or a tuple of them.
pub fn value(th: &Thread, format: Format, args: VaList) -> PyResult {
    match count(th, format, 0)? {
        0 => Ok(none().to_owned()),
        1 => Builder { th, format, args }.value(),
        count => Builder { th, format, args }.tuple(count, 0),
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn krait_va_build(format: *const c_char, args: VaList) -> Ptr {
    let format = Format::new(format);
    if format.peek() == 0 {
        return none().as_ptr();
    }
    let th = Thread::current();
    let mut rest = format;
    rest.skip();
    if rest.peek() == 0 && format.peek().is_ascii_alphabetic() {
        return to_c(Builder { th, format, args }.value());
    }
    to_c(value(th, format, args))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn krait_va_pack(count: isize, args: VaList) -> Ptr {
    let th = Thread::current();
    if count > isize::MAX / 16 {
        return to_c(Err::<Owned, _>(th.no_memory()));
    }
    let Ok(count) = usize::try_from(count) else {
        return to_c(Err::<Owned, _>(th.bad_internal_call()));
    };
    if count == 0 {
        return Tuple::empty().to_owned().into_ptr();
    }
    // Few are gathered first: a tuple whose items are known is made at once.
    const FEW: usize = 8;
    if count <= FEW {
        let mut items = [const { MaybeUninit::<Borrowed<'_>>::uninit() }; FEW];
        let mut args = Copied::of(args);
        for place in &mut items[..count] {
            let Some(item) = args.list().object() else {
                return to_c(Err::<Owned, _>(th.bad_internal_call()));
            };
            place.write(item);
        }
        // SAFETY: so many have been written.
        let items = unsafe { std::slice::from_raw_parts(items.as_ptr().cast(), count) };
        return to_c(Tuple::from_slice(th, items));
    }
    to_c(Tuple::with_nulls(th, count).and_then(|tuple| {
        for at in 0..count {
            let item = args.object().ok_or_else(|| th.bad_internal_call())?;
            // SAFETY: the place lies in the tuple, which nobody else has seen.
            unsafe { tuple.items().add(at).write(item.to_owned().into_ptr()) };
        }
        if !tuple.as_slice().iter().any(|item| item.ty().is_gc()) {
            // SAFETY: a tuple; it cannot be in a cycle.
            unsafe { krait_objects::gc::untrack_raw(tuple.as_ptr().cast()) };
        }
        Ok(tuple)
    }))
}
