//! `bytearray` as Python sees it: the type and its slots.

use std::borrow::Cow;
use std::cell::Cell;
use std::ffi::c_int;

use krait_abi as abi;

use crate::bytelike::arguments::{Byte, FillByte, Needle, any_affix, separator};
use crate::bytelike::construct::{self, Source};
use crate::bytelike::iterator::ByteArrayIterator;
use crate::bytelike::methods::{self, ByteString};
use crate::bytelike::{compared, hex, is_space, join, layout, percent, push_escaped};
use crate::prelude::*;
use crate::protocol::buffer::{self, Buffer};
use crate::slice::{Key, SliceRange, digit_index, subscript_kind};
use crate::str::arguments::{Bound, limit, range};
use crate::text::{search, split};

/// bytearray(iterable_of_ints) -> bytearray
/// bytearray(string, encoding[, errors]) -> bytearray
/// bytearray(bytes_or_buffer) -> mutable copy of bytes_or_buffer
/// bytearray(int) -> bytes array of size given by the parameter initialized with null bytes
/// bytearray() -> empty bytes array
///
/// A sequence of bytes that can change.
#[pytype(name = "bytearray", symbol = "PyByteArray_Type", flags(BASETYPE, MATCH_SELF))]
#[repr(C)]
pub struct ByteArray {
    pub(super) head: VarHead,
    pub(super) alloc: Cell<isize>,
    pub(super) bytes: Cell<*mut u8>,
    pub(super) start: Cell<*mut u8>,
    pub(super) exports: Cell<isize>,
}
assert_layout!(ByteArray => abi::PyByteArrayObject);

impl ByteString for ByteArray {
    fn view(&self) -> &[u8] {
        self.as_bytes()
    }

    fn make(th: &Thread, data: &[u8]) -> PyResult<Owned<ByteArray>> {
        ByteArray::new(th, data)
    }

    fn filled(
        th: &Thread,
        len: usize,
        fill: &mut dyn FnMut(&mut [u8]),
    ) -> PyResult<Owned<ByteArray>> {
        let array = ByteArray::new(th, &[])?;
        if len > 0 {
            let Some(room) = len.checked_add(1) else { return Err(th.no_memory()) };
            array.reallocate(th, room, len)?;
            array.with_bytes(fill);
        }
        Ok(array)
    }

    fn hold(&self, th: &Thread) -> PyResult<Option<Buffer>> {
        Buffer::simple(th, Borrowed::from_ref(self).object()).map(Some)
    }

    fn unchanged(this: Borrowed<'_, ByteArray>, th: &Thread) -> PyResult<Owned<ByteArray>> {
        ByteArray::new(th, this.get().as_bytes())
    }
}

const RANGE: &str = "byte must be in range(0, 256)";

impl ByteArray {
    /// The bytes that are assigned to a slice.
    fn assigned<'a>(&self, th: &Thread, value: Borrowed<'a>) -> PyResult<Cow<'a, [u8]>> {
        if let Some(bytes) = value.downcast_exact::<Bytes>() {
            return Ok(Cow::Borrowed(bytes.get().as_bytes()));
        }
        if buffer::check(value) {
            return Buffer::get(th, value, abi::PyBUF_FULL_RO)?.to_vec(th).map(Cow::Owned);
        }
        if number::is_index(value) || value.downcast::<Str>().is_some() {
            return Err(th.raise(
                exc::TYPE_ERROR,
                "can assign only bytes, buffers, or iterables of ints in range(0, 256)",
            ));
        }
        construct::from_object(th, value, "bytearray", RANGE).map(Cow::Owned)
    }

    fn set_slice(&self, th: &Thread, range: SliceRange, data: Option<&[u8]>) -> PyResult<()> {
        if range.step == 1 {
            let (start, end) = range.bounds();
            return self.splice(th, start, end, data.unwrap_or(&[]));
        }
        match data {
            None | Some([]) => self.delete(th, range),
            Some(data) if data.len() == range.len => {
                let up = range.ascending();
                self.with_bytes(|bytes| {
                    let places = bytes[up.start as usize..].iter_mut().step_by(up.step as usize);
                    match range.step < 0 {
                        false => places.zip(data).for_each(|(place, &byte)| *place = byte),
                        true => {
                            places.zip(data.iter().rev()).for_each(|(place, &byte)| *place = byte)
                        }
                    }
                });
                Ok(())
            }
            Some(data) => Err(raise!(
                th,
                VALUE_ERROR,
                "attempt to assign bytes of size {} to extended slice of size {}",
                data.len(),
                range.len
            )),
        }
    }

    fn delete(&self, th: &Thread, range: SliceRange) -> PyResult<()> {
        self.check_resizable(th)?;
        if range.len == 0 {
            return Ok(());
        }
        let ascending = range.ascending();
        let mut removed = ascending.positions().peekable();
        let mut kept = 0;
        self.with_bytes(|data| {
            for at in 0..data.len() {
                if removed.next_if_eq(&at).is_none() {
                    data[kept] = data[at];
                    kept += 1;
                }
            }
        });
        self.resize(th, kept)
    }
}

#[pymethods(parts(search, shape, change))]
impl ByteArray {
    #[slot(tp_new)]
    fn new_slot(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        _args: Borrowed<'_, Tuple>,
        _kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        Ok(cls.alloc::<ByteArray>(th, 0)?.into_object())
    }

    #[init(
        sig = "(source=<unrepresentable>, encoding=<unrepresentable>, errors=<unrepresentable>)"
    )]
    fn init(
        &self,
        th: &Thread,
        source: Option<Borrowed<'_>>,
        encoding: Option<&str>,
        errors: Option<&str>,
    ) -> PyResult<()> {
        if !self.is_empty() {
            self.resize(th, 0)?;
        }
        let given = encoding.is_some() || errors.is_some();
        let Some(source) = source else {
            return if given { Err(construct::no_encoding(th, encoding)) } else { Ok(()) };
        };
        if let Some(text) = source.downcast::<Str>() {
            if encoding.is_none() {
                return Err(th.raise(exc::TYPE_ERROR, "string argument without an encoding"));
            }
            let data = crate::codecs::encode(th, text, encoding, errors)?;
            return self.append_slice(th, data.as_bytes());
        }
        if given {
            return Err(construct::no_encoding(th, encoding));
        }
        if let Some(bytes) = source.downcast_exact::<Bytes>() {
            return self.append_slice(th, bytes.get().as_bytes());
        }
        if !number::is_index(source) && !buffer::check(source) {
            // Byte by byte: the iterator may look at the array meanwhile.
            return construct::each_byte(th, source, "bytearray", RANGE, &mut |byte| {
                self.append_slice(th, &[byte])
            });
        }
        match construct::source(th, source, "bytearray", RANGE)? {
            Source::Zeros(count) => {
                self.resize(th, count)?;
                self.with_bytes(|data| data.fill(0));
                Ok(())
            }
            Source::Data(data) => self.append_slice(th, &data),
        }
    }

    #[slot(tp_dealloc)]
    unsafe fn dealloc(this: *mut Self) {
        let th = Thread::current();
        // SAFETY: the last reference is gone; the block is the array's own.
        unsafe {
            if (*this).exports.get() > 0 {
                drop(
                    th.raise(
                        exc::SYSTEM_ERROR,
                        "deallocated bytearray object has exported buffers",
                    ),
                );
                (th.interp().services.get().unraisable)(th, None, "deallocating a bytearray");
            }
            th.interp().heap.free((*this).bytes.get());
            if let Some(free) = (*(*this.cast::<abi::PyObject>()).ob_type).tp_free {
                free(this.cast());
            }
        }
    }

    #[slot(tp_repr, tp_str)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let data = this.get().as_bytes();
        let quote = if data.contains(&b'\'') && !data.contains(&b'"') { '"' } else { '\'' };
        let mut text = format!("{}(b{quote}", this.object().ty().name());
        push_escaped(&mut text, data, |byte| matches!(byte, b'\'' | b'\\'));
        text.push(quote);
        text.push(')');
        Str::new(th, &text)
    }

    #[slot(tp_richcompare)]
    fn richcompare(
        this: Borrowed<'_, Self>,
        th: &Thread,
        other: Borrowed<'_>,
        op: CompareOp,
    ) -> PyResult {
        if !buffer::check(other) {
            return Ok(not_implemented().to_owned());
        }
        let Ok(right) = Buffer::simple(th, other) else {
            drop(th.take_exception());
            return Ok(not_implemented().to_owned());
        };
        Ok(compared(this.get().as_bytes(), right.as_bytes(), op))
    }

    #[slot(tp_iter)]
    fn iter(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        ByteArrayIterator::new(th, this)
    }

    #[slot(sq_length, mp_length)]
    fn length(&self, _th: &Thread) -> PyResult<usize> {
        Ok(self.len())
    }

    #[slot(sq_item)]
    fn item(&self, th: &Thread, index: isize) -> PyResult<Owned<Int>> {
        match usize::try_from(index).ok().and_then(|at| self.as_bytes().get(at)) {
            Some(&byte) => Int::from_i64(th, i64::from(byte)),
            None => Err(th.raise(exc::INDEX_ERROR, "bytearray index out of range")),
        }
    }

    #[slot(sq_ass_item)]
    fn set_item(&self, th: &Thread, index: isize, value: Option<Borrowed<'_>>) -> PyResult<()> {
        // Finding out the value may change the array.
        let byte = value.map(|value| Byte::of(th, value)).transpose()?;
        let Some(at) = usize::try_from(index).ok().filter(|&at| at < self.len()) else {
            return Err(th.raise(exc::INDEX_ERROR, "bytearray index out of range"));
        };
        match byte {
            Some(Byte(byte)) => {
                self.set(at, byte);
                Ok(())
            }
            None => self.splice(th, at, at + 1, &[]),
        }
    }

    #[slot(mp_subscript)]
    fn subscript(&self, th: &Thread, key: Borrowed<'_>) -> PyResult {
        // SAFETY: the key lives as long as the call.
        if let Some(at) = unsafe { digit_index(key.as_ptr(), self.len()) } {
            return Ok(Int::from_i64(th, i64::from(self.as_bytes()[at]))?.into_object());
        }
        match subscript_kind(th, key, "bytearray")? {
            Key::Index(index) => {
                let index = if index < 0 { index + self.len() as isize } else { index };
                Ok(self.item(th, index)?.into_object())
            }
            Key::Slice(start, stop, step) => {
                let range = SliceRange::of(start, stop, step, self.len());
                let data = self.as_bytes();
                if range.step == 1 {
                    let (start, end) = range.bounds();
                    return Ok(ByteArray::new(th, &data[start..end])?.into_object());
                }
                let part: Vec<u8> = range.positions().map(|at| data[at]).collect();
                Ok(ByteArray::new(th, &part)?.into_object())
            }
        }
    }

    #[slot(mp_ass_subscript)]
    fn set_subscript(
        this: Borrowed<'_, Self>,
        th: &Thread,
        key: Borrowed<'_>,
        value: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        // SAFETY: the key lives as long as the call.
        let at = unsafe { digit_index(key.as_ptr(), this.len()) };
        if let (Some(value), Some(at)) = (value, at)
            && let Some(byte) = value.downcast_exact::<Int>().and_then(|int| int.to_i64())
            && let Ok(byte) = u8::try_from(byte)
        {
            this.set(at, byte);
            return Ok(());
        }
        match subscript_kind(th, key, "bytearray")? {
            Key::Index(index) => {
                let byte = value.map(|value| Byte::of(th, value)).transpose()?;
                let index = if index < 0 { index + this.len() as isize } else { index };
                let Some(at) = usize::try_from(index).ok().filter(|&at| at < this.len()) else {
                    return Err(th.raise(exc::INDEX_ERROR, "bytearray index out of range"));
                };
                match byte {
                    Some(Byte(byte)) => this.set(at, byte),
                    None => this.splice(th, at, at + 1, &[])?,
                }
                Ok(())
            }
            Key::Slice(start, stop, step) => {
                let data = value.map(|value| this.assigned(th, value)).transpose()?;
                this.set_slice(th, SliceRange::of(start, stop, step, this.len()), data.as_deref())
            }
        }
    }

    #[slot(sq_contains)]
    fn contains(this: Borrowed<'_, Self>, th: &Thread, item: Borrowed<'_>) -> PyResult<bool> {
        let _held = this.hold(th)?;
        join::contains(th, || this.get().as_bytes(), item)
    }

    #[slot(sq_concat)]
    fn concat(
        this: Borrowed<'_, Self>,
        th: &Thread,
        other: Borrowed<'_>,
    ) -> PyResult<Owned<ByteArray>> {
        join::concat(th, this, other)
    }

    #[slot(sq_repeat)]
    fn repeat(&self, th: &Thread, count: isize) -> PyResult<Owned<ByteArray>> {
        ByteArray::new(th, &join::repeat(th, self.as_bytes(), count)?)
    }

    #[slot(sq_inplace_concat)]
    fn inplace_concat(
        this: Borrowed<'_, Self>,
        th: &Thread,
        other: Borrowed<'_>,
    ) -> PyResult<Owned<ByteArray>> {
        if !buffer::check(other) {
            let object = this.object();
            let (found, name) = (other.type_name(), object.type_name());
            return Err(raise!(th, TYPE_ERROR, "can't concat {found} to {name}"));
        }
        // The other one may be this one, which the view keeps from growing.
        let data = Buffer::simple(th, other)?;
        this.append_slice(th, data.as_bytes())?;
        Ok(this.to_owned())
    }

    #[slot(sq_inplace_repeat)]
    fn inplace_repeat(
        this: Borrowed<'_, Self>,
        th: &Thread,
        count: isize,
    ) -> PyResult<Owned<ByteArray>> {
        let data = join::repeat(th, this.get().as_bytes(), count)?;
        this.splice(th, 0, this.len(), &data)?;
        Ok(this.to_owned())
    }

    #[slot(bf_getbuffer)]
    fn getbuffer(
        this: Borrowed<'_, Self>,
        th: &Thread,
        view: *mut abi::Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        // SAFETY: the bytes stay where they are while there are exports.
        unsafe {
            buffer::fill_info(th, view, this.object(), this.data(), this.len(), false, flags)?;
        }
        this.exports().set(this.exports().get() + 1);
        Ok(())
    }

    #[slot(bf_releasebuffer)]
    fn releasebuffer(&self, _th: &Thread, _view: *mut abi::Py_buffer) {
        self.exports().set(self.exports().get() - 1);
    }
}

byte_string_search!(ByteArray);
byte_string_shape!(ByteArray);
