//! Arguments of exported C functions: checked as the reference checks them.

use krait_abi as abi;

use crate::codegen::opaque;
use crate::error::{PyResult, Raised};
use crate::exceptions::exc;
use crate::handle::{Borrowed, Instance, Owned};
use crate::thread::Thread;

/// An object of type `T`; `refuse` says what is wrong with others.
///
/// # Safety
/// `ob` is null or a live object that outlives the call.
#[inline(always)]
pub unsafe fn object<'a, T: Instance>(ob: *mut abi::PyObject) -> Option<Borrowed<'a, T>> {
    // SAFETY: the caller's promise.
    let ob: Borrowed<'a> = unsafe { Borrowed::from_ptr_or_null(ob) }?;
    ob.downcast()
}

/// As `object`, with NULL for `None`.
///
/// # Safety
/// As for `object`.
#[inline(always)]
pub unsafe fn nullable<'a, T: Instance>(ob: *mut abi::PyObject) -> Option<Option<Borrowed<'a, T>>> {
    // SAFETY: the caller's promise.
    let ob: Option<Borrowed<'a>> = unsafe { Borrowed::from_ptr_or_null(ob) };
    match ob {
        None => Some(None),
        Some(ob) => ob.downcast().map(Some),
    }
}

/// SystemError for NULL, and for an object of another type.
///
/// `TAKES_ANY` says that no type is asked for.
#[cold]
#[inline(never)]
pub fn refuse<const TAKES_ANY: bool>(ob: *mut abi::PyObject) {
    let _raised = match ob.is_null() {
        true => null_argument(TAKES_ANY),
        false => Thread::current().bad_internal_call(),
    };
}

/// As `refuse`, with the result for C: NULL.
#[cold]
#[inline(never)]
pub extern "C" fn refuse_for_null<const TAKES_ANY: bool>(
    ob: *mut abi::PyObject,
) -> *mut abi::PyObject {
    refuse::<TAKES_ANY>(ob);
    opaque(std::ptr::null_mut())
}

/// As `refuse`, with the result for C: -1, or all bits.
#[cold]
#[inline(never)]
pub extern "C" fn refuse_for_minus_one<const TAKES_ANY: bool>(ob: *mut abi::PyObject) -> i64 {
    refuse::<TAKES_ANY>(ob);
    opaque(-1)
}

/// As `refuse`, with the result for C: -1.0.
#[cold]
#[inline(never)]
pub extern "C" fn refuse_for_float<const TAKES_ANY: bool>(ob: *mut abi::PyObject) -> f64 {
    refuse::<TAKES_ANY>(ob);
    opaque(-1.0)
}

/// The struct of an object whose type is exactly `T`: what fast ways of entries begin with.
///
/// # Safety
/// As for `object`.
#[inline(always)]
pub unsafe fn exactly<'a, T: Instance>(ob: *mut abi::PyObject) -> Option<&'a T> {
    // SAFETY: the caller's promise.
    let ob: Borrowed<'a> = unsafe { Borrowed::from_ptr_or_null(ob) }?;
    ob.downcast_exact().map(Borrowed::get)
}

/// As `exactly`, with subtypes: for types that a flag tells.
///
/// # Safety
/// As for `object`.
#[inline(always)]
pub unsafe fn some<'a, T: Instance>(ob: *mut abi::PyObject) -> Option<&'a T> {
    // SAFETY: the caller's promise.
    unsafe { object(ob) }.map(Borrowed::get)
}

/// As `some`, without a look whether there is an object: for entries that do so little that the look would cost more than the
/// rest. They end the process where there is none, as the reference's do.
///
/// # Safety
/// `ob` is a live object that outlives the call.
#[inline(always)]
pub unsafe fn there<'a, T: Instance>(ob: *mut abi::PyObject) -> Option<&'a T> {
    // SAFETY: the caller's promise.
    let ob: Borrowed<'a> = unsafe { Borrowed::from_ptr(ob) };
    ob.downcast().map(Borrowed::get)
}

/// As `there`, of a type that is exactly `T`.
///
/// # Safety
/// As for `there`.
#[inline(always)]
pub unsafe fn there_exactly<'a, T: Instance>(ob: *mut abi::PyObject) -> Option<&'a T> {
    // SAFETY: the caller's promise.
    let ob: Borrowed<'a> = unsafe { Borrowed::from_ptr(ob) };
    ob.downcast_exact().map(Borrowed::get)
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
