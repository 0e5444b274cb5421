//! What generated shims consist of: entering from C, calling, and giving C what it expects.
//!
//! Invariants:
//! 1. C calls a shim on an attached thread, with pointers of the types its slot or table declares.
//! 2. Objects passed by C outlive the call.

use std::ffi::c_int;

use krait_abi as abi;

use super::Sent;
use super::convert::AttributeName;
use crate::error::PyResult;
use crate::handle::{Borrowed, Owned};
use crate::thread::Thread;

/// The flag in `nargsf` that lends the callee the word before its arguments.
pub const ARGUMENTS_OFFSET: usize = abi::PY_VECTORCALL_ARGUMENTS_OFFSET as usize;

/// The receiver of a method.
///
/// # Safety
/// (1), (2): `ob` is an object laid out as `T`.
#[inline(always)]
pub unsafe fn this<'a, T>(ob: *mut abi::PyObject) -> &'a T {
    // SAFETY: the caller's promise.
    unsafe { &*ob.cast() }
}

/// # Safety
/// As for `this`.
#[inline(always)]
pub unsafe fn borrowed<'a, T>(ob: *mut abi::PyObject) -> Borrowed<'a, T> {
    // SAFETY: the caller's promise.
    unsafe { Borrowed::from_ptr(ob) }
}

/// # Safety
/// As for `this`, if `ob` is not null.
#[inline(always)]
pub unsafe fn borrowed_or_null<'a, T>(ob: *mut abi::PyObject) -> Option<Borrowed<'a, T>> {
    // SAFETY: the caller's promise.
    unsafe { Borrowed::from_ptr_or_null(ob) }
}

/// # Safety
/// As for `this`, if `ob` is not null; C gives up one reference.
#[inline(always)]
pub unsafe fn owned_or_null<T>(ob: *mut abi::PyObject) -> Option<Owned<T>> {
    // SAFETY: the caller's promise.
    unsafe { Owned::from_ptr_or_null(ob) }
}

/// # Safety
/// `name` is an object that outlives the call.
#[inline(always)]
pub unsafe fn attribute_name<'a, T: AttributeName<'a>>(
    th: &Thread,
    name: *mut abi::PyObject,
) -> PyResult<T> {
    // SAFETY: the caller's promise.
    T::check(th, unsafe { Borrowed::from_ptr(name) })
}

/// # Safety
/// `values` points to `count` objects (or is anything, if that is 0) that outlive `'a`.
#[inline(always)]
pub unsafe fn slice<'a>(values: *const *mut abi::PyObject, count: usize) -> &'a [Borrowed<'a>] {
    if count == 0 {
        return &[];
    }
    // SAFETY: the caller's promise; a `Borrowed` is laid out as the pointer it holds.
    unsafe { std::slice::from_raw_parts(values.cast(), count) }
}

/// The thread that C has called on.
#[inline(always)]
fn attached<'a>() -> &'a Thread {
    // SAFETY: (1).
    unsafe { Thread::attached() }
}

/// A new reference, or NULL.
#[inline(always)]
pub fn object(body: impl FnOnce(&Thread) -> PyResult) -> *mut abi::PyObject {
    match body(attached()) {
        Ok(value) => value.into_ptr(),
        Err(_) => std::ptr::null_mut(),
    }
}

/// `tp_iternext`: NULL without an exception says that there is no more.
#[inline(always)]
pub fn next<T>(body: impl FnOnce(&Thread) -> PyResult<Option<Owned<T>>>) -> *mut abi::PyObject {
    match body(attached()) {
        Ok(Some(value)) => value.into_ptr(),
        Ok(None) | Err(_) => std::ptr::null_mut(),
    }
}

/// 0 or -1.
#[inline(always)]
pub fn status(body: impl FnOnce(&Thread) -> PyResult<()>) -> c_int {
    match body(attached()) {
        Ok(()) => 0,
        Err(_) => -1,
    }
}

/// 1, 0 or -1.
#[inline(always)]
pub fn truth(body: impl FnOnce(&Thread) -> PyResult<bool>) -> c_int {
    match body(attached()) {
        Ok(value) => c_int::from(value),
        Err(_) => -1,
    }
}

/// A length or -1. No length exceeds `isize::MAX`: objects that are not in memory (`range`) raise OverflowError.
#[inline(always)]
pub fn length(body: impl FnOnce(&Thread) -> PyResult<usize>) -> isize {
    match body(attached()) {
        Ok(value) => value as isize,
        Err(_) => -1,
    }
}

/// A hash; -1 stands for an error, so the hash -1 becomes -2.
#[inline(always)]
pub fn hash(body: impl FnOnce(&Thread) -> PyResult<isize>) -> isize {
    match body(attached()) {
        Ok(-1) => -2,
        Ok(value) => value,
        Err(_) => -1,
    }
}

/// `am_send`: the value goes to `result`.
///
/// # Safety
/// `result` is writable.
#[inline(always)]
pub unsafe fn sent(
    result: *mut *mut abi::PyObject,
    body: impl FnOnce(&Thread) -> PyResult<Sent>,
) -> abi::PySendResult {
    let (value, how) = match body(attached()) {
        Ok(Sent::Next(value)) => (value.into_ptr(), abi::PYGEN_NEXT),
        Ok(Sent::Return(value)) => (value.into_ptr(), abi::PYGEN_RETURN),
        Err(_) => (std::ptr::null_mut(), abi::PYGEN_ERROR),
    };
    // SAFETY: the caller's promise.
    unsafe { *result = value };
    how
}

type Object = *mut abi::PyObject;

/// A `METH_FASTCALL` function as method tables hold it.
pub const fn fastcall(
    function: unsafe extern "C" fn(Object, *const Object, isize) -> Object,
) -> abi::PyCFunction {
    // SAFETY: function pointers of one size; the flags beside it in the table tell callers its true type.
    Some(unsafe {
        std::mem::transmute::<
            unsafe extern "C" fn(Object, *const Object, isize) -> Object,
            unsafe extern "C" fn(Object, Object) -> Object,
        >(function)
    })
}

/// A `METH_METHOD | METH_FASTCALL | METH_KEYWORDS` function, which gets its class too, as method tables hold it.
pub const fn fastcall_class(
    function: unsafe extern "C" fn(
        Object,
        *mut abi::PyTypeObject,
        *const Object,
        isize,
        Object,
    ) -> Object,
) -> abi::PyCFunction {
    // SAFETY: as in `fastcall`.
    Some(unsafe {
        std::mem::transmute::<
            unsafe extern "C" fn(
                Object,
                *mut abi::PyTypeObject,
                *const Object,
                isize,
                Object,
            ) -> Object,
            unsafe extern "C" fn(Object, Object) -> Object,
        >(function)
    })
}

/// A `METH_FASTCALL | METH_KEYWORDS` function as method tables hold it.
pub const fn fastcall_keywords(
    function: unsafe extern "C" fn(Object, *const Object, isize, Object) -> Object,
) -> abi::PyCFunction {
    // SAFETY: as in `fastcall`.
    Some(unsafe {
        std::mem::transmute::<
            unsafe extern "C" fn(Object, *const Object, isize, Object) -> Object,
            unsafe extern "C" fn(Object, Object) -> Object,
        >(function)
    })
}
