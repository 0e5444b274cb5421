//! Private functions that extension modules compiled with the reference's internal headers use all the same.
//!
//! SAFETY, throughout: C passes live objects and writable places.

use std::ffi::{c_int, c_void};

use krait_macros::capi;
use krait_objects::prelude::*;
use krait_objects::slice::Slice;

use crate::debug_memory::is_freed;
use crate::support::*;

#[capi]
pub fn _PyNumber_Index(th: &Thread, ob: Borrowed<'_>) -> PyResult<Owned<Int>> {
    number::index(th, ob)
}

#[capi]
pub fn _PyTuple_FromArray(th: &Thread, items: *const Ptr, count: isize) -> PyResult<Owned<Tuple>> {
    if count <= 0 {
        return Ok(Tuple::empty().to_owned());
    }
    // SAFETY: see the top of the file.
    let items = unsafe { std::slice::from_raw_parts(items.cast::<Borrowed<'_>>(), count as usize) };
    Tuple::from_slice(th, items)
}

#[capi]
pub fn _PyNamespace_New(th: &Thread, fields: Option<Borrowed<'_, Dict>>) -> PyResult {
    krait_objects::namespace::Namespace::new(th, fields).map(Owned::into_object)
}

/// Whether an object lies in memory that the allocators that look for misuse have marked, or its type does.
#[capi]
pub fn _PyObject_IsFreed(ob: Ptr) -> c_int {
    // SAFETY: C passes an address that can be read, or one that is a mark.
    unsafe { (is_freed(ob.addr()) || is_freed((*ob).ob_type.addr())).into() }
}

/// An index, as slices take it: too large ones are cut.
fn slice_index(th: &Thread, ob: Borrowed<'_>) -> PyResult<isize> {
    if !number::is_index(ob) {
        let message = "slice indices must be integers or have an __index__ method";
        return Err(th.raise(exc::TYPE_ERROR, message));
    }
    let index = number::index(th, ob)?;
    Ok(index
        .to_i64()
        .map_or(if index.is_negative() { isize::MIN } else { isize::MAX }, |at| at as isize))
}

#[capi(error = 0)]
pub fn _PyEval_SliceIndex(th: &Thread, ob: Borrowed<'_>, place: *mut isize) -> PyResult<c_int> {
    if !ob.is_none() {
        let index = slice_index(th, ob)?;
        // SAFETY: see the top of the file.
        unsafe { *place = index };
    }
    Ok(1)
}

#[capi(error = 0)]
pub fn _PyEval_SliceIndexNotNone(
    th: &Thread,
    ob: Borrowed<'_>,
    place: *mut isize,
) -> PyResult<c_int> {
    let index = slice_index(th, ob)?;
    // SAFETY: see the top of the file.
    unsafe { *place = index };
    Ok(1)
}

/// `O&` converter of a size that may be None.
#[capi(error = 0)]
pub fn _Py_convert_optional_to_ssize_t(
    th: &Thread,
    ob: Borrowed<'_>,
    place: *mut c_void,
) -> PyResult<c_int> {
    if ob.is_none() {
        return Ok(1);
    }
    if !number::is_index(ob) {
        let name = ob.type_name();
        return Err(raise!(th, TYPE_ERROR, "argument should be integer or None, not {name}"));
    }
    let index = number::index(th, ob)?;
    let Some(value) = index.to_i64() else {
        return Err(raise!(
            th,
            OVERFLOW_ERROR,
            "cannot fit '{}' into an index-sized integer",
            ob.type_name()
        ));
    };
    // SAFETY: see the top of the file.
    unsafe { *place.cast::<isize>() = value as isize };
    Ok(1)
}

#[capi]
pub fn _PySlice_FromIndices(th: &Thread, start: isize, stop: isize) -> PyResult<Owned<Slice>> {
    Slice::of_indices(th, start, stop)
}

/// As `PySlice_GetIndicesEx`, without looking at overflow and without an exception for a start out of range.
#[capi]
pub fn PySlice_GetIndices(
    slice: Ptr,
    len: isize,
    start: *mut isize,
    stop: *mut isize,
    step: *mut isize,
) -> c_int {
    // SAFETY: see the top of the file.
    unsafe {
        let Some(slice) = Borrowed::<Object>::from_ptr(slice).downcast::<Slice>() else {
            return -1;
        };
        let index =
            |ob: Borrowed<'_>| ob.downcast::<Int>().map(|int| int.to_i64().unwrap_or(-1) as isize);
        *step = if slice.get().step().is_none() {
            1
        } else {
            match index(slice.get().step()) {
                Some(step) => step,
                None => return -1,
            }
        };
        let bound = |ob: Borrowed<'_>, default: isize| {
            if ob.is_none() {
                return Some(default);
            }
            index(ob).map(|at| if at < 0 { at + len } else { at })
        };
        let (first, last) = if *step < 0 { (len - 1, -1) } else { (0, len) };
        let (Some(from), Some(to)) =
            (bound(slice.get().start(), first), bound(slice.get().stop(), last))
        else {
            return -1;
        };
        (*start, *stop) = (from, to);
        if to > len || from >= len || *step == 0 {
            return -1;
        }
    }
    0
}

/// Runs a function once: the slow half of `_PyOnceFlag_CallOnce`.
#[capi]
pub fn _PyOnceFlag_CallOnceSlow(
    flag: *mut u8,
    function: Option<unsafe extern "C" fn(*mut c_void) -> c_int>,
    argument: *mut c_void,
) -> c_int {
    const DONE: u8 = 4;
    let Some(function) = function else {
        return -1;
    };
    // SAFETY: see the top of the file: the GIL keeps others out meanwhile.
    unsafe {
        let flag = std::sync::atomic::AtomicU8::from_ptr(flag);
        if flag.load(std::sync::atomic::Ordering::Acquire) == DONE {
            return 0;
        }
        let status = function(argument);
        if status == 0 {
            flag.store(DONE, std::sync::atomic::Ordering::Release);
        }
        status
    }
}

#[capi]
pub fn PyUnstable_Exc_PrepReraiseStar(
    th: &Thread,
    original: Borrowed<'_>,
    exceptions: Borrowed<'_>,
) -> PyResult {
    if original.downcast::<krait_objects::exceptions::BaseException>().is_none() {
        return Err(th.raise(exc::TYPE_ERROR, "orig must be an exception"));
    }
    let Some(list) = exceptions.downcast::<List>() else {
        return Err(th.raise(exc::TYPE_ERROR, "excs must be a list"));
    };
    for at in 0..list.len() {
        let Some(item) = list.get().get(at) else {
            break;
        };
        let is_exception =
            item.object().downcast::<krait_objects::exceptions::BaseException>().is_some();
        if !is_exception && !item.is_none() {
            return Err(raise!(th, TYPE_ERROR, "item {at} in excs is not an exception"));
        }
    }
    let traceback = original.downcast::<krait_objects::exceptions::BaseException>();
    if traceback.is_some_and(|original| original.traceback().is_none()) {
        return Err(th.raise(exc::VALUE_ERROR, "orig must be a raised exception"));
    }
    krait_eval::interpreter::prepare_reraise(th, original, exceptions)
}

/// An object of the collector with `extra` bytes behind it.
#[capi]
pub fn PyUnstable_Object_GC_NewWithExtraData(th: &Thread, ty: TypePtr, extra: usize) -> PyResult {
    // SAFETY: see the top of the file.
    krait_objects::typeobj::alloc::alloc_with_extra(th, unsafe { type_of(ty) }, extra)
}

#[capi]
pub fn PyCFunction_Call(
    th: &Thread,
    callable: Borrowed<'_>,
    args: Borrowed<'_, Tuple>,
    kwargs: Option<Borrowed<'_, Dict>>,
) -> PyResult {
    call::call_tuple_dict(th, callable, args, kwargs)
}
