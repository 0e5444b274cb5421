//! Arguments of exported C functions: checked as the reference checks them.

use krait_abi as abi;

use crate::error::{PyResult, Raised};
use crate::exceptions::exc;
use crate::handle::{Borrowed, Instance, Object, Owned};
use crate::thread::Thread;

/// An object of type `T`. SystemError for NULL and for other types.
///
/// # Safety
/// `ob` is null or a live object that outlives the call.
#[inline(always)]
pub unsafe fn object<'a, T: Instance>(ob: *mut abi::PyObject) -> PyResult<Borrowed<'a, T>> {
    // SAFETY: the caller's promise.
    match unsafe { Borrowed::from_ptr_or_null(ob) } {
        None => Err(null_argument(std::ptr::eq(T::type_object(), Object::type_object()))),
        Some(ob) => typed(ob),
    }
}

/// As `object`, with `None` for NULL.
///
/// # Safety
/// As for `object`.
#[inline(always)]
pub unsafe fn nullable<'a, T: Instance>(
    ob: *mut abi::PyObject,
) -> PyResult<Option<Borrowed<'a, T>>> {
    // SAFETY: the caller's promise.
    match unsafe { Borrowed::from_ptr_or_null(ob) } {
        None => Ok(None),
        Some(ob) => typed(ob).map(Some),
    }
}

/// A stolen reference that must be there.
#[inline(always)]
pub fn present<T: Instance>(ob: Option<Owned<T>>) -> PyResult<Owned<T>> {
    let ob = ob.ok_or_else(|| null_argument(true))?;
    typed::<T>(ob.object())?;
    Ok(ob)
}

#[inline(always)]
fn typed<'a, T: Instance>(ob: Borrowed<'a>) -> PyResult<Borrowed<'a, T>> {
    ob.downcast::<T>().ok_or_else(|| Thread::current().bad_internal_call())
}

/// A caller that passes on a failed call's NULL keeps that call's exception.
#[cold]
#[inline(never)]
fn null_argument(takes_any: bool) -> Raised {
    let th = Thread::current();
    if takes_any || th.is_raised() { missing(th) } else { th.bad_internal_call() }
}

/// As above, for what is not an object.
pub fn missing(th: &Thread) -> Raised {
    if th.is_raised() {
        return th.raised_by_c();
    }
    th.raise(exc::SYSTEM_ERROR, "null argument to internal routine")
}
