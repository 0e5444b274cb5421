//! `memoryview` as Python sees it: the type, its slots and methods.

use std::cell::{Cell, UnsafeCell};
use std::ffi::c_int;

use krait_abi as abi;

use super::item::{native_letter, unpack};
use super::{ManagedBuffer, iterator};
use crate::bytelike::hex;
use crate::gc;
use crate::prelude::*;

/// A view of another object's memory, without a copy of it.
#[pytype(
    name = "memoryview", symbol = "PyMemoryView_Type", new = "(object)", flags(HAVE_GC, SEQUENCE),
    basicsize = 144, itemsize = 8, weaklist = weakrefs,
)]
#[repr(C)]
pub struct MemoryView {
    head: VarHead,
    #[visit]
    pub(super) mbuf: Slot<ManagedBuffer>,
    pub(super) hash: Cell<isize>,
    pub(super) flags: Cell<c_int>,
    pub(super) exports: Cell<isize>,
    pub(super) view: UnsafeCell<abi::Py_buffer>,
    weakrefs: Cell<*mut abi::PyObject>,
    /// Shape, strides and suboffsets: three numbers a dimension.
    pub(super) array: [isize; 1],
}
assert_layout!(MemoryView => abi::PyMemoryViewObject);

impl MemoryView {
    /// Runs what may call Python code, which cannot release the view meanwhile.
    fn while_exported<R>(&self, action: impl FnOnce() -> R) -> R {
        self.exports.set(self.exports.get() + 1);
        let result = action();
        self.exports.set(self.exports.get() - 1);
        result
    }

    /// Refuses what a consumer wants and the view's memory is not.
    fn check_request(&self, th: &Thread, flags: c_int) -> PyResult<()> {
        let wants = |flag: c_int| flags & flag == flag;
        let refuse = |message: &str| Err(th.raise(exc::BUFFER_ERROR, message));
        let (c, fortran) = (self.is_contiguous(), self.has_flag(abi::_Py_MEMORYVIEW_FORTRAN));
        if wants(abi::PyBUF_WRITABLE) && self.info().readonly != 0 {
            return refuse("memoryview: underlying buffer is not writable");
        }
        if wants(abi::PyBUF_C_CONTIGUOUS) && !c {
            return refuse("memoryview: underlying buffer is not C-contiguous");
        }
        if wants(abi::PyBUF_F_CONTIGUOUS) && !fortran {
            return refuse("memoryview: underlying buffer is not Fortran contiguous");
        }
        if wants(abi::PyBUF_ANY_CONTIGUOUS) && !c && !fortran {
            return refuse("memoryview: underlying buffer is not contiguous");
        }
        if !wants(abi::PyBUF_INDIRECT) && self.suboffsets().is_some() {
            return refuse("memoryview: underlying buffer requires suboffsets");
        }
        if !wants(abi::PyBUF_STRIDES) && !c {
            return refuse("memoryview: underlying buffer is not C-contiguous");
        }
        if !wants(abi::PyBUF_ND) && wants(abi::PyBUF_FORMAT) {
            return refuse(
                "memoryview: cannot cast to unsigned bytes if the format flag is present",
            );
        }
        Ok(())
    }

    /// Nested lists of the items from `start` on, for the dimensions from `dimension` on.
    fn list(
        &self,
        th: &Thread,
        items: &mut std::slice::ChunksExact<'_, u8>,
        dimension: usize,
        letter: u8,
    ) -> PyResult {
        let Some(&count) = self.shape().get(dimension) else {
            let Some(item) = items.next() else {
                return Err(th.bad_internal_call());
            };
            // SAFETY: a whole item of the format.
            return unsafe { unpack(th, item.as_ptr(), letter) };
        };
        let list = List::with_capacity(th, count as usize)?;
        for _ in 0..count {
            list.push(th, self.list(th, items, dimension + 1, letter)?)?;
        }
        Ok(list.into_object())
    }

    /// The position of an item equal to `value`, from `start` to before `stop`.
    fn position(
        &self,
        th: &Thread,
        value: Borrowed<'_>,
        start: isize,
        stop: isize,
    ) -> PyResult<Option<isize>> {
        self.check(th)?;
        match self.ndim() {
            0 => return Err(th.raise(exc::TYPE_ERROR, "invalid lookup on 0-dim memory")),
            1 => {}
            _ => {
                return Err(th.raise(
                    exc::NOT_IMPLEMENTED_ERROR,
                    "multi-dimensional lookup is not implemented",
                ));
            }
        }
        let len = self.shape()[0];
        let clip = |at: isize| if at < 0 { (at + len).max(0) } else { at.min(len) };
        for at in clip(start)..clip(stop) {
            let item = self.item(th, at)?;
            if object::compare_bool(th, item.borrow(), value, CompareOp::Eq)? {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }
}

#[pymethods(parts(attributes))]
impl MemoryView {
    #[new(sig = "(object)")]
    fn new_slot(
        _cls: Borrowed<'_, Type>,
        th: &Thread,
        object: Borrowed<'_>,
    ) -> PyResult<Owned<MemoryView>> {
        MemoryView::new(th, object)
    }

    #[slot(tp_dealloc)]
    unsafe fn dealloc(this: *mut Self) {
        // SAFETY: the last reference is gone, so no buffer of the view is in use.
        unsafe {
            gc::untrack_raw(this.cast());
            if !(*this).weakrefs.get().is_null() {
                crate::weakref::clear_references(this.cast());
            }
            (*this).release_now();
            drop((*this).mbuf.take());
            gc::gc_del(this.cast());
        }
    }

    #[slot(tp_clear)]
    fn clear(&self) {
        self.release_now();
        drop(self.mbuf.take());
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let released = if this.has_flag(abi::_Py_MEMORYVIEW_RELEASED) { "released " } else { "" };
        Str::from_fmt(th, format_args!("<{released}memory at {:p}>", this.as_ptr()))
    }

    #[slot(tp_hash)]
    fn hash_slot(&self, th: &Thread) -> PyResult<isize> {
        let known = self.hash.get();
        if known != -1 {
            return Ok(known);
        }
        let info = self.check(th)?;
        if info.readonly == 0 {
            return Err(th.raise(exc::VALUE_ERROR, "cannot hash writable memoryview object"));
        }
        if !native_letter(self.format()).is_some_and(|letter| b"bBc".contains(&letter)) {
            return Err(th.raise(
                exc::VALUE_ERROR,
                "memoryview: hashing is restricted to formats 'B', 'b' or 'c'",
            ));
        }
        // SAFETY: the view keeps its exporter alive.
        if let Some(exporter) = unsafe { Borrowed::<Object>::from_ptr_or_null(info.obj) } {
            // The exporter says whether its contents can change.
            self.while_exported(|| object::hash(th, exporter))?;
        }
        let hash = crate::str::hash_secret().hash(&self.to_vec()) as isize;
        self.hash.set(hash);
        Ok(hash)
    }

    #[slot(tp_richcompare)]
    fn richcompare(
        this: Borrowed<'_, Self>,
        th: &Thread,
        other: Borrowed<'_>,
        op: CompareOp,
    ) -> PyResult {
        MemoryView::compare(this, th, other, op)
    }

    #[slot(tp_iter)]
    fn iter(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        iterator::new(th, this)
    }

    #[slot(sq_length, mp_length)]
    fn length(&self, th: &Thread) -> PyResult<usize> {
        self.check(th)?;
        match self.shape().first() {
            Some(&count) => Ok(count as usize),
            None => Err(th.raise(exc::TYPE_ERROR, "0-dim memory has no length")),
        }
    }

    #[slot(sq_item)]
    fn item_slot(&self, th: &Thread, index: isize) -> PyResult {
        self.item(th, index)
    }

    #[slot(mp_subscript)]
    fn subscript_slot(this: Borrowed<'_, Self>, th: &Thread, key: Borrowed<'_>) -> PyResult {
        MemoryView::subscript(this, th, key)
    }

    #[slot(mp_ass_subscript)]
    fn assign_slot(
        &self,
        th: &Thread,
        key: Borrowed<'_>,
        value: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        self.assign(th, key, value)
    }

    #[slot(bf_getbuffer)]
    fn getbuffer(
        this: Borrowed<'_, Self>,
        th: &Thread,
        view: *mut abi::Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        let info = *this.check(th)?;
        this.check_unrestricted(th)?;
        this.check_request(th, flags)?;
        let wants = |flag: c_int| flags & flag == flag;
        // SAFETY: C's view, to be filled in.
        unsafe {
            view.write(info);
            if !wants(abi::PyBUF_FORMAT) {
                (*view).format = std::ptr::null_mut();
            }
            if !wants(abi::PyBUF_STRIDES) {
                (*view).strides = std::ptr::null_mut();
            }
            if !wants(abi::PyBUF_ND) {
                (*view).ndim = 1;
                (*view).shape = std::ptr::null_mut();
            }
            (*view).obj = this.object().to_owned().into_ptr();
        }
        this.exports.set(this.exports.get() + 1);
        Ok(())
    }

    #[slot(bf_releasebuffer)]
    fn releasebuffer(&self, _th: &Thread, _view: *mut abi::Py_buffer) {
        self.exports.set(self.exports.get() - 1);
    }

    /// Release the buffer that the view shows.
    #[method(sig = "(self, /)", name = "release")]
    fn release_method(&self, th: &Thread) -> PyResult<()> {
        self.release(th)
    }

    /// Return all items as bytes.
    ///
    ///   order
    ///     'C' (the same as None) and 'F' for the order of rows or columns; 'A' for 'F' if the
    ///     memory is so, else 'C'.
    #[method(sig = "(self, /, order='C')")]
    fn tobytes(&self, th: &Thread, order: Option<Borrowed<'_>>) -> PyResult<Owned<Bytes>> {
        self.check(th)?;
        let order = match order {
            None => "C",
            Some(order) if order.is_none() => "C",
            Some(order) => match order.downcast::<Str>() {
                Some(order) if order.eq_str("C") => "C",
                Some(order) if order.eq_str("F") => "F",
                Some(order) if order.eq_str("A") => "A",
                Some(_) => {
                    return Err(th.raise(exc::VALUE_ERROR, "order must be 'C', 'F' or 'A'"));
                }
                None => {
                    let found = order.type_name();
                    return Err(raise!(
                        th,
                        TYPE_ERROR,
                        "tobytes() argument 'order' must be str or None, not {found}"
                    ));
                }
            },
        };
        let fortran = self.has_flag(abi::_Py_MEMORYVIEW_FORTRAN) && !self.is_contiguous();
        if order == "F" || order == "A" && fortran {
            return Bytes::new(th, &self.in_fortran_order());
        }
        Bytes::new(th, &self.to_vec())
    }

    /// Return all items in a list, of lists if there are several dimensions.
    #[method(sig = "(self, /)")]
    fn tolist(&self, th: &Thread) -> PyResult {
        self.check(th)?;
        let letter = self.letter(th)?;
        let size = self.info().itemsize.max(1) as usize;
        let items = self.to_vec();
        self.list(th, &mut items.chunks_exact(size), 0, letter)
    }

    /// Return all items' bytes as hexadecimal digits.
    ///
    ///   sep
    ///     One character between groups.
    ///   bytes_per_sep
    ///     How many bytes make a group, counted from the right; from the left if negative.
    #[method(sig = "(self, /, sep=<unrepresentable>, bytes_per_sep=1)")]
    fn hex(
        &self,
        th: &Thread,
        sep: Option<Borrowed<'_>>,
        bytes_per_sep: i32,
    ) -> PyResult<Owned<Str>> {
        self.check(th)?;
        self.while_exported(|| hex::hex(th, &self.to_vec(), sep, bytes_per_sep))
    }

    /// Return a view of the same memory that cannot be written through.
    #[method(sig = "(self, /)")]
    fn toreadonly(&self, th: &Thread) -> PyResult<Owned<MemoryView>> {
        self.check(th)?;
        self.check_unrestricted(th)?;
        let source = abi::Py_buffer { readonly: 1, ..*self.info() };
        MemoryView::of_buffer(th, self.managed(th)?, &source)
    }

    /// Return a view of the same bytes in another format or shape.
    #[method(sig = "(self, /, format, shape=<unrepresentable>)")]
    fn cast(
        &self,
        th: &Thread,
        format: Borrowed<'_, Str>,
        shape: Option<Borrowed<'_>>,
    ) -> PyResult<Owned<MemoryView>> {
        self.cast_to(th, &format, shape)
    }

    /// Return how many items are equal to the value.
    #[method(sig = "(self, value, /)")]
    fn count(&self, th: &Thread, value: Borrowed<'_>) -> PyResult<usize> {
        let (mut count, mut start) = (0, 0);
        while let Some(at) = self.position(th, value, start, isize::MAX)? {
            count += 1;
            start = at + 1;
        }
        Ok(count)
    }

    /// Return the position of the first item equal to the value.
    ///
    /// Raises ValueError if there is none.
    #[method(sig = "(self, value, start=0, stop=sys.maxsize, /)")]
    fn index(
        &self,
        th: &Thread,
        value: Borrowed<'_>,
        start: isize,
        stop: isize,
    ) -> PyResult<isize> {
        match self.position(th, value, start, stop)? {
            Some(at) => Ok(at),
            None => Err(th.raise(exc::VALUE_ERROR, "memoryview.index(x): x not found")),
        }
    }

    #[method(sig = "(self, /)")]
    fn __enter__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<MemoryView>> {
        this.check(th)?;
        Ok(this.to_owned())
    }

    /// Release the buffer that the view shows.
    #[method(sig = "(self, /, *exc_info)")]
    fn __exit__(&self, th: &Thread, _exc_info: &[Borrowed<'_>]) -> PyResult<()> {
        self.release(th)
    }

    /// Return a generic alias, for annotations.
    #[classmethod(sig = "(type, object, /)")]
    fn __class_getitem__(cls: Borrowed<'_, Type>, th: &Thread, object: Borrowed<'_>) -> PyResult {
        crate::generic_alias::new(th, cls.object(), object)
    }

    /// Make a view, asking the object for its buffer with these flags.
    #[classmethod(sig = "(type, /, object, flags)")]
    fn _from_flags(
        _cls: Borrowed<'_, Type>,
        th: &Thread,
        object: Borrowed<'_>,
        flags: i32,
    ) -> PyResult<Owned<MemoryView>> {
        MemoryView::from_object(th, object, flags)
    }
}

impl MemoryView {
    /// All items with the first dimension varying fastest.
    fn in_fortran_order(&self) -> Vec<u8> {
        let size = self.info().itemsize.max(0) as usize;
        let items = self.to_vec();
        let shape = self.shape();
        let count: isize = shape.iter().product();
        let mut out = Vec::with_capacity(items.len());
        for number in 0..count {
            let (mut rest, mut at) = (number, 0);
            // The position in C order of the item at this position in Fortran order.
            let mut weights = vec![1isize; shape.len()];
            for dimension in (0..shape.len().saturating_sub(1)).rev() {
                weights[dimension] = weights[dimension + 1] * shape[dimension + 1];
            }
            for (dimension, &length) in shape.iter().enumerate() {
                at += rest % length * weights[dimension];
                rest /= length;
            }
            let at = at as usize * size;
            out.extend_from_slice(&items[at..at + size]);
        }
        out
    }
}
