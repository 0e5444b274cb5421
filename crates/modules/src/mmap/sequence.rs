//! The operators of maps: subscripts, length, the buffer protocol; and what they look like.

use std::ffi::c_int;

use krait_abi as abi;
use krait_objects::bytes::Bytes;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer::{self, Buffer};
use krait_objects::slice::{Slice, SliceRange, Subscript, is_index};

use super::{Access, Mmap};

impl Mmap {
    /// A subscript as places of the map, which finding it out may have closed.
    fn places(&self, th: &Thread, key: Borrowed<'_>) -> PyResult<Subscript> {
        self.open(th)?;
        if is_index(key) {
            let index = number::as_isize(th, key, Some(exc::INDEX_ERROR))?;
            let len = self.open(th)?.1 as isize;
            return Ok(Subscript::Index(if index < 0 { index + len } else { index }));
        }
        let Some(slice) = key.downcast_exact::<Slice>() else {
            return Err(th.raise(exc::TYPE_ERROR, "mmap indices must be integers"));
        };
        let (start, stop, step) = slice.unpack(th)?;
        let len = self.open(th)?.1;
        Ok(Subscript::Slice(SliceRange::of(start, stop, step, len)))
    }

    fn byte(&self, th: &Thread, index: isize) -> PyResult<u8> {
        let bytes = self.bytes(th)?;
        let byte = usize::try_from(index).ok().and_then(|at| bytes.get(at).copied());
        byte.ok_or_else(|| outside(th))
    }

    fn set_slice(
        &self,
        th: &Thread,
        range: SliceRange,
        value: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        let Some(value) = value else {
            let message = "mmap object doesn't support slice deletion";
            return Err(th.raise(exc::TYPE_ERROR, message));
        };
        let data = Buffer::simple(th, value)?;
        let (_, len) = self.open(th)?;
        if data.as_bytes().len() != range.len || range.len > len {
            return Err(th.raise(exc::INDEX_ERROR, "mmap slice assignment is wrong size"));
        }
        if range.step == 1 {
            self.put(th, range.bounds().0, data.as_bytes())?;
            return Ok(());
        }
        for (at, byte) in range.positions().zip(data.as_bytes()) {
            self.put(th, at, &[*byte])?;
        }
        Ok(())
    }
}

fn outside(th: &Thread) -> Raised {
    th.raise(exc::INDEX_ERROR, "mmap index out of range")
}

#[pymethods(part = "sequence")]
impl Mmap {
    #[slot(tp_repr)]
    fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
        let class = Mmap::type_object().tp_name();
        if self.mapping.start.get().is_null() {
            return Str::from_fmt(th, format_args!("<{class} closed=True>"));
        }
        let len = self.mapping.len.get();
        let (access, position) = (self.access.get().name(), self.position.get());
        let offset = self.offset.get();
        Str::from_fmt(
            th,
            format_args!(
                "<{class} closed=False, access={access}, length={len}, pos={position}, offset={offset}>"
            ),
        )
    }

    #[slot(sq_length, mp_length)]
    fn length(&self, th: &Thread) -> PyResult<usize> {
        Ok(self.open(th)?.1)
    }

    /// What iterating gives: bytes objects of one byte each.
    #[slot(sq_item)]
    fn item(&self, th: &Thread, index: isize) -> PyResult<Owned<Bytes>> {
        Bytes::new(th, &[self.byte(th, index)?])
    }

    #[slot(sq_ass_item)]
    fn set_item(&self, th: &Thread, index: isize, value: Option<Borrowed<'_>>) -> PyResult<()> {
        self.byte(th, index)?;
        let Some(value) = value else {
            let message = "mmap object doesn't support item deletion";
            return Err(th.raise(exc::TYPE_ERROR, message));
        };
        let Some([byte]) = value.downcast::<Bytes>().map(|bytes| bytes.get().as_bytes()) else {
            let message = "mmap assignment must be length-1 bytes()";
            return Err(th.raise(exc::INDEX_ERROR, message));
        };
        self.check_writable(th)?;
        self.put(th, index as usize, &[*byte]).map(drop)
    }

    #[slot(mp_subscript)]
    fn subscript(&self, th: &Thread, key: Borrowed<'_>) -> PyResult {
        let range = match self.places(th, key)? {
            Subscript::Index(index) => {
                return Int::from_usize(th, self.byte(th, index)?.into()).map(Owned::into_object);
            }
            Subscript::Slice(range) => range,
        };
        let bytes = self.bytes(th)?;
        if range.step == 1 {
            let (start, end) = range.bounds();
            return Bytes::new(th, &bytes[start..end]).map(Owned::into_object);
        }
        let picked: Vec<u8> = range.positions().map(|at| bytes[at]).collect();
        Bytes::new(th, &picked).map(Owned::into_object)
    }

    #[slot(mp_ass_subscript)]
    fn set_subscript(
        &self,
        th: &Thread,
        key: Borrowed<'_>,
        value: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        self.open(th)?;
        self.check_writable(th)?;
        let index = match self.places(th, key)? {
            Subscript::Index(index) => index,
            Subscript::Slice(range) => return self.set_slice(th, range, value),
        };
        self.byte(th, index)?;
        let Some(value) = value else {
            return Err(th.raise(exc::TYPE_ERROR, "mmap doesn't support item deletion"));
        };
        if !is_index(value) {
            return Err(th.raise(exc::TYPE_ERROR, "mmap item value must be an int"));
        }
        let byte = u8::try_from(number::as_isize(th, value, Some(exc::TYPE_ERROR))?)
            .map_err(|_| th.raise(exc::VALUE_ERROR, "mmap item value must be in range(0, 256)"))?;
        match self.put(th, index as usize, &[byte])? {
            true => Ok(()),
            false => Err(outside(th)),
        }
    }

    #[slot(bf_getbuffer)]
    fn getbuffer(
        this: Borrowed<'_, Self>,
        th: &Thread,
        view: *mut abi::Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        let (start, len) = this.open(th)?;
        let readonly = this.access.get() == Access::Read;
        // SAFETY: `view` is the caller's to fill in; by invariant 2 the memory stays while it is used.
        unsafe { buffer::fill_info(th, view, this.object(), start, len, readonly, flags)? };
        this.exports.set(this.exports.get() + 1);
        Ok(())
    }

    #[slot(bf_releasebuffer)]
    fn releasebuffer(&self, _th: &Thread, _view: *mut abi::Py_buffer) {
        self.exports.set(self.exports.get() - 1);
    }
}
