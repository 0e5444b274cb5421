//! Subscripts of memoryviews: items, slices, tuples of indices; and assignments to them.

use krait_abi as abi;

use super::item::unpack;
use super::{ManagedBuffer, MemoryView};
use crate::prelude::*;
use crate::protocol::buffer::Buffer;
use crate::slice::Slice;

impl MemoryView {
    pub(super) fn managed(&self, th: &Thread) -> PyResult<Borrowed<'_, ManagedBuffer>> {
        self.mbuf.get().ok_or_else(|| th.bad_internal_call())
    }

    /// Goes to `index` of a dimension, from `start`.
    fn step(
        &self,
        th: &Thread,
        start: *mut u8,
        dimension: usize,
        index: isize,
    ) -> PyResult<*mut u8> {
        let count = self.shape()[dimension];
        let at = if index < 0 { index + count } else { index };
        if at < 0 || at >= count {
            let dimension = dimension + 1;
            return Err(raise!(th, INDEX_ERROR, "index out of bounds on dimension {dimension}"));
        }
        // SAFETY: the index is inside, so the item is part of the buffer.
        unsafe {
            let mut item = start.offset(at * self.strides()[dimension]);
            if let Some(offset) = self.suboffsets().map(|offsets| offsets[dimension])
                && offset >= 0
            {
                item = (*item.cast::<*mut u8>()).offset(offset);
            }
            Ok(item)
        }
    }

    /// Where the item with that index of a view of one dimension is.
    pub(super) fn item_at(&self, th: &Thread, index: isize) -> PyResult<*mut u8> {
        self.step(th, self.info().buf.cast(), 0, index)
    }

    /// `view[index]`.
    pub(super) fn item(&self, th: &Thread, index: isize) -> PyResult {
        self.check(th)?;
        let letter = self.letter(th)?;
        match self.ndim() {
            0 => Err(th.raise(exc::TYPE_ERROR, "invalid indexing of 0-dim memory")),
            1 => {
                let at = self.item_at(th, index)?;
                // SAFETY: an item of the view's format.
                unsafe { unpack(th, at, letter) }
            }
            _ => Err(th.raise(
                exc::NOT_IMPLEMENTED_ERROR,
                "multi-dimensional sub-views are not implemented",
            )),
        }
    }

    /// Where the item with those indices is.
    fn item_of_tuple(&self, th: &Thread, key: &Tuple) -> PyResult<*mut u8> {
        let (given, ndim) = (key.len(), self.ndim());
        if given > ndim {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "cannot index {ndim}-dimension view with {given}-element tuple"
            ));
        }
        let mut at: *mut u8 = self.info().buf.cast();
        for (dimension, &index) in key.as_slice().iter().enumerate() {
            let index = number::as_isize(th, index, Some(exc::INDEX_ERROR))?;
            self.check(th)?;
            at = self.step(th, at, dimension, index)?;
        }
        Ok(at)
    }

    /// A view of the items that a slice selects of the first dimension.
    fn sliced(&self, th: &Thread, slice: &Slice) -> PyResult<Owned<MemoryView>> {
        // The new view first: reading the slice may release this one, but not the memory then.
        let view = MemoryView::of_buffer(th, self.managed(th)?, self.info())?;
        let range = slice.range(th, view.shape()[0] as usize)?;
        // SAFETY: nobody else knows the new view; the first item is inside, or none is used.
        unsafe {
            let info = &mut *view.view.get();
            let offset = range.start * *info.strides;
            match view.suboffsets() {
                // The start of the dimension that is reached by pointers moves behind them.
                Some(offsets) if offsets.iter().any(|&offset| offset >= 0) && offsets[0] >= 0 => {
                    info.buf = info.buf.cast::<u8>().offset(offset).cast();
                }
                _ => info.buf = info.buf.cast::<u8>().wrapping_offset(offset).cast(),
            }
            *info.shape = range.len as isize;
            *info.strides *= range.step;
            let items: isize = view.shape().iter().product();
            info.len = items * info.itemsize;
        }
        view.set_layout_flags();
        Ok(view)
    }

    pub(super) fn subscript(this: Borrowed<'_, Self>, th: &Thread, key: Borrowed<'_>) -> PyResult {
        this.check(th)?;
        if this.ndim() == 0 {
            if key.downcast::<Tuple>().is_some_and(|key| key.is_empty()) {
                let letter = this.letter(th)?;
                // SAFETY: the one item of the view.
                return unsafe { unpack(th, this.info().buf.cast(), letter) };
            }
            if key.is(ellipsis()) {
                return Ok(this.object().to_owned());
            }
            return Err(th.raise(exc::TYPE_ERROR, "invalid indexing of 0-dim memory"));
        }
        if number::is_index(key) {
            let index = number::as_isize(th, key, Some(exc::INDEX_ERROR))?;
            return this.item(th, index);
        }
        if let Some(slice) = key.downcast_exact::<Slice>() {
            this.check_unrestricted(th)?;
            return Ok(this.sliced(th, &slice)?.into_object());
        }
        if is_multi(key, number::is_index) {
            let letter = this.letter(th)?;
            let Some(key) = key.downcast::<Tuple>() else {
                return Err(th.bad_internal_call());
            };
            if key.len() < this.ndim() {
                return Err(th.raise(exc::NOT_IMPLEMENTED_ERROR, "sub-views are not implemented"));
            }
            let at = this.item_of_tuple(th, &key)?;
            // SAFETY: an item of the view's format.
            return unsafe { unpack(th, at, letter) };
        }
        if is_multi(key, |item| item.is_exact::<Slice>()) {
            return Err(th.raise(
                exc::NOT_IMPLEMENTED_ERROR,
                "multi-dimensional slicing is not implemented",
            ));
        }
        Err(th.raise(exc::TYPE_ERROR, "memoryview: invalid slice key"))
    }

    pub(super) fn assign(
        &self,
        th: &Thread,
        key: Borrowed<'_>,
        value: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        let info = self.check(th)?;
        let letter = self.letter(th)?;
        if info.readonly != 0 {
            return Err(th.raise(exc::TYPE_ERROR, "cannot modify read-only memory"));
        }
        let Some(value) = value else {
            return Err(th.raise(exc::TYPE_ERROR, "cannot delete memory"));
        };
        if self.ndim() == 0 {
            let whole =
                key.is(ellipsis()) || key.downcast::<Tuple>().is_some_and(|key| key.is_empty());
            if !whole {
                return Err(th.raise(exc::TYPE_ERROR, "invalid indexing of 0-dim memory"));
            }
            return self.write_item(th, info.buf.cast(), value, letter);
        }
        if number::is_index(key) {
            if self.ndim() > 1 {
                return Err(th.raise(exc::NOT_IMPLEMENTED_ERROR, "sub-views are not implemented"));
            }
            let index = number::as_isize(th, key, Some(exc::INDEX_ERROR))?;
            self.check(th)?;
            let at = self.item_at(th, index)?;
            return self.write_item(th, at, value, letter);
        }
        if let Some(slice) = key.downcast_exact::<Slice>()
            && self.ndim() == 1
        {
            return self.assign_slice(th, &slice, value);
        }
        if is_multi(key, number::is_index)
            && let Some(key) = key.downcast::<Tuple>()
        {
            if key.len() < self.ndim() {
                return Err(th.raise(exc::NOT_IMPLEMENTED_ERROR, "sub-views are not implemented"));
            }
            let at = self.item_of_tuple(th, &key)?;
            return self.write_item(th, at, value, letter);
        }
        if key.is_exact::<Slice>() || is_multi(key, |item| item.is_exact::<Slice>()) {
            return Err(th.raise(
                exc::NOT_IMPLEMENTED_ERROR,
                "memoryview slice assignments are currently restricted to ndim = 1",
            ));
        }
        Err(th.raise(exc::TYPE_ERROR, "memoryview: invalid slice key"))
    }

    fn assign_slice(&self, th: &Thread, slice: &Slice, value: Borrowed<'_>) -> PyResult<()> {
        let source = Buffer::get(th, value, abi::PyBUF_FULL_RO)?;
        let range = slice.range(th, self.shape()[0] as usize)?;
        let info = self.check(th)?;
        let Some(other) = source.view() else {
            return Err(th.bad_internal_call());
        };
        let format = |format: *mut std::ffi::c_char| {
            if format.is_null() {
                return String::from("B");
            }
            // SAFETY: a buffer's format is a C string.
            let format = unsafe { std::ffi::CStr::from_ptr(format) }.to_string_lossy();
            format.strip_prefix('@').unwrap_or(&format).to_owned()
        };
        // SAFETY: a buffer asked for with its shape has one number a dimension.
        let same_shape = other.ndim == 1 && unsafe { *other.shape } == range.len as isize;
        if !same_shape
            || other.itemsize != info.itemsize
            || format(other.format) != format(info.format)
        {
            return Err(th.raise(
                exc::VALUE_ERROR,
                "memoryview assignment: lvalue and rvalue have different structures",
            ));
        }
        // A copy, since the memories may overlap.
        let items = source.to_vec(th)?;
        let size = info.itemsize as usize;
        if size == 0 {
            return Ok(());
        }
        for (position, item) in range.positions().zip(items.chunks_exact(size)) {
            let at = self.item_at(th, position as isize)?;
            // SAFETY: the item at a position inside the view.
            unsafe { at.copy_from_nonoverlapping(item.as_ptr(), size) };
        }
        Ok(())
    }
}

/// Whether it is a tuple whose items are all of a kind (and there are some, unless any kind would do).
fn is_multi(key: Borrowed<'_>, kind: impl Fn(Borrowed<'_>) -> bool) -> bool {
    key.downcast::<Tuple>().is_some_and(|key| key.get().as_slice().iter().all(|&item| kind(item)))
}
