//! The format units for text and bytes: `s`, `z`, `y`, `w` and `e`, each with its forms.

use std::ffi::c_char;

use krait_abi as abi;
use krait_objects::bytearray::ByteArray;
use krait_objects::codecs;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer;

use super::{Acquired, Fault, Fit, Parse, unexpected};
use crate::support::*;
use crate::variadic::Format;

impl Parse<'_> {
    /// As for `stored`, each form is a function of its own.
    #[inline(never)]
    pub fn text(&mut self, unit: u8, arg: Borrowed<'_>, format: &mut Format) -> Fit {
        match (unit, format.peek()) {
            (b'e', _) => self.encoded(arg, format),
            (b'w', b'*') => {
                format.skip();
                self.view(arg, abi::PyBUF_WRITABLE)
            }
            (b'w', _) => Err(unexpected("(invalid use of 'w' format character)", arg)),
            (b'y', b'*') => {
                format.skip();
                self.view(arg, abi::PyBUF_SIMPLE)
            }
            (_, b'*') => {
                format.skip();
                self.text_view(unit, arg)
            }
            (b'y', _) => self.bytes(arg, format),
            _ => self.string(unit, arg, format),
        }
    }

    /// A `Py_buffer` of the argument.
    #[inline(never)]
    fn view(&mut self, arg: Borrowed<'_>, flags: i32) -> Fit {
        let view = self.places.pointer::<abi::Py_buffer>();
        // SAFETY: the format says what the place is for.
        if let Err(raised) = unsafe { buffer::acquire(self.th, arg, view, flags) } {
            if flags == abi::PyBUF_WRITABLE {
                drop(self.th.take_raised(raised));
                return Err(unexpected("read-write bytes-like object", arg));
            }
            return Err(raised.into());
        }
        self.acquire(Acquired::Buffer(view));
        Ok(())
    }

    /// `s*`, `z*`: text as UTF-8, or a buffer.
    #[inline(never)]
    fn text_view(&mut self, unit: u8, arg: Borrowed<'_>) -> Fit {
        if unit == b'z' && arg.is_none() {
            let view = self.places.pointer::<abi::Py_buffer>();
            // SAFETY: the format says what the place is for.
            unsafe {
                buffer::fill_info(self.th, view, none(), std::ptr::null_mut(), 0, true, 0)?;
                (*view).obj = std::ptr::null_mut();
            }
            self.acquire(Acquired::Buffer(view));
            return Ok(());
        }
        let Some(text) = arg.downcast::<Str>() else {
            return self.view(arg, abi::PyBUF_SIMPLE);
        };
        let view = self.places.pointer::<abi::Py_buffer>();
        let utf8 = text.get().as_utf8(self.th)?;
        let start = utf8.as_ptr().cast_mut();
        // SAFETY: as above; the text keeps its UTF-8 form as long as it lives.
        unsafe { buffer::fill_info(self.th, view, arg, start, utf8.len(), true, 0)? };
        self.acquire(Acquired::Buffer(view));
        Ok(())
    }

    /// Writes a pointer, and a length if the format has `#`; without it there may be no NUL inside.
    fn lend(&self, start: *const u8, len: usize, format: &mut Format, what: &str) -> Fit {
        let place = self.places.pointer::<*const u8>();
        let with_length = format.eat(b'#');
        // SAFETY: the format says what the places are for; what is lent ends with NUL.
        unsafe {
            if with_length {
                self.places.pointer::<isize>().write(len as isize);
            } else if !start.is_null() && libc::strlen(start.cast()) != len {
                return Err(self.embedded_null(what));
            }
            place.write(start);
        }
        Ok(())
    }

    #[cold]
    #[inline(never)]
    fn embedded_null(&self, what: &str) -> Fault {
        raise!(self.th, VALUE_ERROR, "embedded null {what}").into()
    }

    /// `y`, `y#`: the bytes of an object that has them for good.
    #[inline(never)]
    fn bytes(&self, arg: Borrowed<'_>, format: &mut Format) -> Fit {
        let (start, len) = self.read_only(arg)?;
        self.lend(start, len, format, "byte")
    }

    /// Where the bytes of an object are that does not mind when its buffer is released.
    fn read_only(&self, arg: Borrowed<'_>) -> Result<(*const u8, usize), Fault> {
        if let Some(bytes) = arg.downcast_exact::<Bytes>() {
            let bytes = bytes.get().as_bytes();
            return Ok((bytes.as_ptr(), bytes.len()));
        }
        if !buffer::check(arg) {
            return Err(buffer::required(self.th, arg).into());
        }
        if buffer::needs_release(arg) {
            return Err(unexpected("read-only bytes-like object", arg));
        }
        let view = buffer::Buffer::get(self.th, arg, abi::PyBUF_SIMPLE)?;
        Ok((view.start().cast(), view.as_bytes().len()))
    }

    /// `s`, `z`, `s#`, `z#`.
    #[inline(never)]
    fn string(&self, unit: u8, arg: Borrowed<'_>, format: &mut Format) -> Fit {
        if unit == b'z' && arg.is_none() {
            return self.lend(std::ptr::null(), 0, format, "character");
        }
        let Some(text) = arg.downcast::<Str>() else {
            if format.peek() == b'#' {
                return self.bytes(arg, format);
            }
            return Err(unexpected(if unit == b'z' { "str or None" } else { "str" }, arg));
        };
        let utf8 = text.get().as_utf8(self.th)?;
        self.lend(utf8.as_ptr(), utf8.len(), format, "character")
    }

    /// `es`, `et`, `es#`, `et#`: text in another encoding, copied to the caller.
    #[inline(never)]
    fn encoded(&mut self, arg: Borrowed<'_>, format: &mut Format) -> Fit {
        let th = self.th;
        let encoding = self.places.string();
        let recode = match format.peek() {
            b's' => true,
            b't' => false,
            _ => return Err(unexpected("(unknown parser marker combination)", arg)),
        };
        let place = self.places.pointer::<*mut c_char>();
        format.skip();
        if place.is_null() {
            return Err(unexpected("(buffer is NULL)", arg));
        }
        // Not before the format is known to be right: what it took for a name may be none.
        let encoding = optional(encoding);
        let bytes = if let Some(bytes) = arg.downcast::<Bytes>().filter(|_| !recode) {
            bytes.get().as_bytes().to_vec()
        } else if let Some(array) = arg.downcast::<ByteArray>().filter(|_| !recode) {
            array.get().as_bytes().to_vec()
        } else if let Some(text) = arg.downcast::<Str>() {
            codecs::encode(th, text, encoding.as_deref(), None)?.as_bytes().to_vec()
        } else {
            return Err(unexpected(if recode { "str" } else { "str, bytes or bytearray" }, arg));
        };
        if format.eat(b'#') {
            return self.encoded_sized(arg, &bytes, place);
        }
        if bytes.contains(&0) {
            return Err(unexpected("encoded string without null bytes", arg));
        }
        self.copy_out(&bytes, place)
    }

    /// With `#`: into the caller's own memory if it has some.
    fn encoded_sized(&mut self, arg: Borrowed<'_>, bytes: &[u8], place: *mut *mut c_char) -> Fit {
        let size = self.places.pointer::<isize>();
        if size.is_null() {
            return Err(unexpected("(buffer_len is NULL)", arg));
        }
        // SAFETY: the format says what the places are for.
        unsafe {
            if (*place).is_null() {
                self.copy_out(bytes, place)?;
            } else {
                if bytes.len() as isize + 1 > *size {
                    return Err(raise!(
                        self.th,
                        VALUE_ERROR,
                        "encoded string too long ({}, maximum length {})",
                        bytes.len(),
                        *size - 1
                    )
                    .into());
                }
                write_string(bytes, *place);
            }
            *size = bytes.len() as isize;
        }
        Ok(())
    }

    /// Into new memory, which the caller frees.
    fn copy_out(&mut self, bytes: &[u8], place: *mut *mut c_char) -> Fit {
        // SAFETY: as many bytes are asked for as are written; the place is writable.
        unsafe {
            let memory: *mut c_char = crate::memory::PyMem_Malloc(bytes.len() + 1).cast();
            if memory.is_null() {
                return Err(self.th.no_memory().into());
            }
            write_string(bytes, memory);
            *place = memory;
        }
        self.acquire(Acquired::Memory(place));
        Ok(())
    }
}

/// # Safety
/// There is room for the bytes and a NUL.
unsafe fn write_string(bytes: &[u8], memory: *mut c_char) {
    // SAFETY: the caller's promise.
    unsafe {
        memory.cast::<u8>().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        memory.add(bytes.len()).write(0);
    }
}
