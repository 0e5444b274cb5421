//! What operators and C ask of a `list`: its slots. `methods` has the methods with names.

use std::ffi::{c_int, c_void};

use krait_abi as abi;

use super::{List, MAX_LEN, copy_counted, slices};
use crate::codegen::opaque;
use crate::gc;
use crate::iterators::list::ListIterator;
use crate::prelude::*;
use crate::repr_guard;
use crate::slice::{self, Key, SliceRange};

/// IndexError, for a slot, which is left by a jump: what comes after the look at the index then fits a cache line.
#[cold]
#[inline(never)]
pub(crate) fn out_of_range(message: &str) -> *mut abi::PyObject {
    let _raised = Thread::current().raise(exc::INDEX_ERROR, message);
    opaque(std::ptr::null_mut())
}

impl List {
    /// The storage position of a subscript, negative ones counted from the end.
    pub(super) fn position(&self, index: isize) -> Option<usize> {
        let len = self.head.size();
        let index = if index < 0 { index + len } else { index };
        usize::try_from(index).ok().filter(|&at| at < len as usize)
    }

    /// The items of both, in a new list.
    fn joined(&self, th: &Thread, other: &List) -> PyResult<Owned<List>> {
        let list = List::with_capacity(th, self.len() + other.len())?;
        let (left, right) = (self.len(), other.len());
        // SAFETY: there is room for both; nothing runs until all are there.
        unsafe {
            copy_counted(self.items.get(), list.items.get(), left);
            copy_counted(other.items.get(), list.items.get().wrapping_add(left), right);
        }
        list.head.set_size((left + right) as isize);
        Ok(list)
    }
}

#[pymethods(parts(more))]
impl List {
    #[slot(tp_new)]
    fn new_empty(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        _args: Borrowed<'_, Tuple>,
        _kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        if cls.is(Borrowed::from_ref(List::type_object())) {
            return List::new(th).map(Owned::into_object);
        }
        cls.alloc::<List>(th, 0).map(Owned::into_object)
    }

    #[init(sig = "(iterable=(), /)")]
    fn init(&self, th: &Thread, iterable: Option<Borrowed<'_>>) -> PyResult<()> {
        self.clear();
        match iterable {
            Some(iterable) => self.extend(th, iterable),
            None => Ok(()),
        }
    }

    #[slot(tp_vectorcall)]
    fn construct(this: Borrowed<'_>, th: &Thread, args: Args<'_>) -> PyResult {
        // SAFETY: the callable of a type's vectorcall is the type.
        let cls = unsafe { this.cast::<Type>() };
        if args.has_keywords() {
            return Err(raise!(th, TYPE_ERROR, "{}() takes no keyword arguments", cls.name()));
        }
        if args.values.len() > 1 {
            let given = args.values.len();
            return Err(raise!(th, TYPE_ERROR, "list expected at most 1 argument, got {given}"));
        }
        let list = match cls.is(Borrowed::from_ref(List::type_object())) {
            true => List::new(th)?,
            false => cls.alloc::<List>(th, 0)?,
        };
        if let Some(&iterable) = args.values.first() {
            list.extend(th, iterable)?;
        }
        Ok(list.into_object())
    }

    #[slot(sq_length, mp_length)]
    fn length(&self) -> PyResult<usize> {
        Ok(self.len())
    }

    #[slot(sq_item)]
    unsafe extern "C" fn item_slot(this: *mut abi::PyObject, index: isize) -> *mut abi::PyObject {
        // SAFETY: C calls the slot with a list.
        match unsafe { (*this.cast::<List>()).get(index as usize) } {
            Some(item) => item.into_ptr(),
            None => out_of_range("list index out of range"),
        }
    }

    fn item(&self, th: &Thread, index: isize) -> PyResult {
        match usize::try_from(index).ok().and_then(|index| self.get(index)) {
            Some(item) => Ok(item),
            None => Err(th.raise(exc::INDEX_ERROR, "list index out of range")),
        }
    }

    #[slot(sq_ass_item)]
    unsafe extern "C" fn set_item_slot(
        this: *mut abi::PyObject,
        index: isize,
        value: *mut abi::PyObject,
    ) -> c_int {
        // SAFETY: C calls the slot with a list, and an object or NULL.
        unsafe {
            let list = &*this.cast::<List>();
            if !value.is_null() && (index as usize) < list.len() {
                crate::handle::incref(value);
                let place = list.items_ptr().add(index as usize);
                let old = std::mem::replace(&mut *place, value);
                drop(Owned::<Object>::from_ptr_or_null(old));
                return 0;
            }
            List::set_or_delete(this, index, value)
        }
    }

    #[inline(never)]
    unsafe fn set_or_delete(
        this: *mut abi::PyObject,
        index: isize,
        value: *mut abi::PyObject,
    ) -> c_int {
        // SAFETY: as for the slot.
        crate::args::shim::status(|th| unsafe {
            (*this.cast::<List>()).set_item(th, index, Borrowed::from_ptr_or_null(value))
        })
    }

    #[inline(always)]
    fn set_item(&self, th: &Thread, index: isize, value: Option<Borrowed<'_>>) -> PyResult<()> {
        let Some(at) = usize::try_from(index).ok().filter(|&at| at < self.len()) else {
            return Err(th.raise(exc::INDEX_ERROR, "list assignment index out of range"));
        };
        match value {
            Some(value) => drop(self.replace(at, value.to_owned())),
            None => drop(self.remove_at(th, at)?),
        }
        Ok(())
    }

    /// By an int of a digit without a detour.
    #[slot(mp_subscript)]
    unsafe extern "C" fn subscript_slot(
        this: *mut abi::PyObject,
        key: *mut abi::PyObject,
    ) -> *mut abi::PyObject {
        // SAFETY: C calls the slot with one of ours and an object.
        unsafe {
            let this: Borrowed<'_, List> = Borrowed::from_ptr(this);
            if let Some(at) = slice::digit_index(key, this.len())
                && let Some(item) = this.get().get(at)
            {
                return item.into_ptr();
            }
            List::subscript_otherwise(this, key)
        }
    }

    #[inline(never)]
    unsafe fn subscript_otherwise(
        this: Borrowed<'_, List>,
        key: *mut abi::PyObject,
    ) -> *mut abi::PyObject {
        // SAFETY: as for the slot.
        let key = unsafe { Borrowed::from_ptr(key) };
        crate::args::shim::object(|th| List::subscript(this, th, key))
    }

    pub(super) fn subscript(this: Borrowed<'_, Self>, th: &Thread, key: Borrowed<'_>) -> PyResult {
        match slice::subscript_kind(th, key, "list")? {
            Key::Index(index) => match this.position(index) {
                Some(at) => this.item(th, at as isize),
                None => Err(th.raise(exc::INDEX_ERROR, "list index out of range")),
            },
            Key::Slice(start, stop, step) => {
                let range = SliceRange::of(start, stop, step, this.len());
                if range.step == 1 {
                    return this.slice(th, range.start as usize, range.len).map(Owned::into_object);
                }
                this.pick(th, range).map(Owned::into_object)
            }
        }
    }

    #[slot(mp_ass_subscript)]
    unsafe extern "C" fn set_subscript_slot(
        this: *mut abi::PyObject,
        key: *mut abi::PyObject,
        value: *mut abi::PyObject,
    ) -> c_int {
        // SAFETY: C calls the slot with a list, an object, and an object or NULL.
        unsafe {
            let list: Borrowed<'_, List> = Borrowed::from_ptr(this);
            if !value.is_null()
                && let Some(at) = slice::digit_index(key, list.len())
            {
                crate::handle::incref(value);
                let old = std::mem::replace(&mut *list.items_ptr().add(at), value);
                drop(Owned::<Object>::from_ptr_or_null(old));
                return 0;
            }
            List::set_subscript_otherwise(list, key, value)
        }
    }

    #[inline(never)]
    unsafe fn set_subscript_otherwise(
        this: Borrowed<'_, List>,
        key: *mut abi::PyObject,
        value: *mut abi::PyObject,
    ) -> c_int {
        // SAFETY: as for the slot.
        crate::args::shim::status(|th| unsafe {
            List::set_subscript(
                this,
                th,
                Borrowed::from_ptr(key),
                Borrowed::from_ptr_or_null(value),
            )
        })
    }

    fn set_subscript(
        this: Borrowed<'_, Self>,
        th: &Thread,
        key: Borrowed<'_>,
        value: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        match slice::subscript_kind(th, key, "list")? {
            Key::Index(index) => {
                let at = this.position(index).map_or(-1, |at| at as isize);
                this.set_item(th, at, value)
            }
            Key::Slice(start, stop, 1) => slices::assign(this, th, (start, stop), value),
            Key::Slice(start, stop, step) => match value {
                Some(value) => slices::assign_extended(this, th, (start, stop, step), value),
                None => {
                    let range = SliceRange::of(start, stop, step, this.len());
                    slices::delete_extended(this, th, range)
                }
            },
        }
    }

    #[slot(sq_concat)]
    fn concat(&self, th: &Thread, other: Borrowed<'_>) -> PyResult {
        let Some(other) = other.downcast::<List>() else {
            let name = other.type_name();
            return Err(raise!(
                th,
                TYPE_ERROR,
                "can only concatenate list (not \"{name}\") to list"
            ));
        };
        self.joined(th, &other).map(Owned::into_object)
    }

    #[slot(sq_repeat)]
    fn repeat(&self, th: &Thread, count: isize) -> PyResult {
        let (len, count) = (self.len(), count.max(0) as usize);
        let total = len.checked_mul(count).filter(|&total| total < MAX_LEN);
        let total = total.ok_or_else(|| th.no_memory())?;
        let list = List::with_capacity(th, total)?;
        for n in 0..if len == 0 { 0 } else { count } {
            // SAFETY: there is room for all.
            unsafe { copy_counted(self.items.get(), list.items.get().add(n * len), len) };
        }
        list.head.set_size(total as isize);
        Ok(list.into_object())
    }

    #[slot(sq_inplace_concat)]
    fn concat_in_place(this: Borrowed<'_, Self>, th: &Thread, other: Borrowed<'_>) -> PyResult {
        this.extend(th, other)?;
        Ok(this.object().to_owned())
    }

    #[slot(sq_inplace_repeat)]
    fn repeat_in_place(this: Borrowed<'_, Self>, th: &Thread, count: isize) -> PyResult {
        let len = this.len();
        if len == 0 || count == 1 {
            return Ok(this.object().to_owned());
        }
        if count < 1 {
            this.clear();
            return Ok(this.object().to_owned());
        }
        let total = len.checked_mul(count as usize).filter(|&total| total < MAX_LEN);
        let total = total.ok_or_else(|| th.no_memory())?;
        this.resize(th, total)?;
        for n in 1..count as usize {
            // SAFETY: there is room for all; nothing runs until they are there.
            unsafe { copy_counted(this.items.get(), this.items.get().add(n * len), len) };
        }
        Ok(this.object().to_owned())
    }

    #[slot(sq_contains)]
    fn contains(&self, th: &Thread, value: Borrowed<'_>) -> PyResult<bool> {
        self.find(th, value, 0, usize::MAX).map(|found| found.is_some())
    }

    #[slot(tp_richcompare)]
    fn compare(&self, th: &Thread, other: Borrowed<'_>, op: CompareOp) -> PyResult {
        let Some(other) = other.downcast::<List>() else {
            return Ok(not_implemented().to_owned());
        };
        if self.len() != other.len() && matches!(op, CompareOp::Eq | CompareOp::Ne) {
            return Ok(bool_object(op == CompareOp::Ne).object().to_owned());
        }
        let mut at = self.equal_until(&other, 0);
        while let (Some(a), Some(b)) = (self.get(at), other.get().get(at)) {
            if !a.is(b.borrow()) && !object::eq(th, a.borrow(), b.borrow())? {
                if at >= self.len() || at >= other.len() {
                    // The comparison has taken the items away.
                    break;
                }
                return match op {
                    CompareOp::Eq => Ok(bool_object(false).object().to_owned()),
                    CompareOp::Ne => Ok(bool_object(true).object().to_owned()),
                    _ => object::compare(th, a.borrow(), b.borrow(), op),
                };
            }
            at = self.equal_until(&other, at + 1);
        }
        Ok(bool_object(op.holds(self.len().cmp(&other.len()))).object().to_owned())
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        if this.is_empty() {
            return Str::new(th, "[]");
        }
        let Some(_guard) = repr_guard::enter(th, this.object()) else {
            return Str::new(th, "[...]");
        };
        repr_guard::items(th, "[", "]", |at| this.peek(at))
    }

    #[slot(tp_iter)]
    fn iter(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        ListIterator::new(th, this)
    }

    #[slot(tp_traverse)]
    fn traverse(&self, visitor: &mut Visitor<'_>) -> c_int {
        for at in (0..self.len()).rev() {
            // SAFETY: the invariants of `list/mod.rs`.
            let item: Option<Borrowed<'_>> =
                unsafe { Borrowed::from_ptr_or_null(*self.items.get().add(at)) };
            let stop = visitor.visit(item);
            if stop != 0 {
                return stop;
            }
        }
        0
    }

    #[slot(tp_clear)]
    fn clear_for_gc(&self) {
        self.clear();
    }

    #[slot(tp_dealloc)]
    unsafe fn dealloc(this: *mut Self) {
        // SAFETY: the last reference is gone: storage and items are nobody else's.
        unsafe {
            gc::untrack_raw(this.cast());
            (*this).clear();
            let ty = (*this.cast::<krait_abi::PyObject>()).ob_type;
            if std::ptr::eq(ty, List::type_object().as_type_ptr())
                && Thread::attached().interp().free_lists.lists.push(this.cast())
            {
                return;
            }
            match (*ty).tp_free {
                Some(free) => free(this.cast::<c_void>()),
                None => gc::gc_del(this.cast::<c_void>()),
            }
        }
    }
}
