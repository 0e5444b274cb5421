//! Calling a special method: looked up on the type, not on the object, and bound only where that is more than passing
//! the object first.
//!
//! The same job as `lookup_maybe_method` and `vectorcall_maybe` in CPython's `Objects/typeobject.c`.

use krait_abi as abi;

use crate::error::PyResult;
use crate::exceptions::exc;
use crate::handle::{Borrowed, Owned};
use crate::protocol::call;
use crate::str::Str;
use crate::thread::Thread;

/// Calls `this.name(*args)` with the method looked up on the type; `None` if the type has none.
pub(super) fn special(
    th: &Thread,
    this: Borrowed<'_>,
    name: Borrowed<'_, Str>,
    args: &[Borrowed<'_>],
) -> PyResult<Option<Owned>> {
    match method_of(th, this, name)? {
        None => Ok(None),
        Some(Method::Plain(method)) => {
            let method = method.object();
            match *args {
                [] => call::call(th, method, &[this]),
                [only] => call::call(th, method, &[this, only]),
                [first, second] => call::call(th, method, &[this, first, second]),
                _ => {
                    let mut all = [this; 4];
                    all[1..=args.len()].copy_from_slice(args);
                    call::call(th, method, &all[..=args.len()])
                }
            }
            .map(Some)
        }
        Some(Method::Bound(bound)) => call::call(th, bound.object(), args).map(Some),
    }
}

/// A special method.
pub(super) enum Method {
    /// Takes the object as its first argument.
    Plain(Owned),
    Bound(Owned),
}

#[inline(always)]
pub(super) fn method_of(
    th: &Thread,
    this: Borrowed<'_>,
    name: Borrowed<'_, Str>,
) -> PyResult<Option<Method>> {
    let Some(method) = this.ty().lookup(th, name) else {
        return Ok(None);
    };
    if method.ty().has_flag(abi::Py_TPFLAGS_METHOD_DESCRIPTOR) {
        return Ok(Some(Method::Plain(method)));
    }
    bind(th, method, this).map(|bound| Some(Method::Bound(bound)))
}

/// The method as a descriptor gives it for `this`.
fn bind(th: &Thread, method: Owned, this: Borrowed<'_>) -> PyResult {
    let Some(get) = method.ty().raw().tp_descr_get else {
        return Ok(method);
    };
    // SAFETY: the slot of a live descriptor, called with a live object and its type.
    let bound = unsafe { get(method.as_ptr(), this.as_ptr(), this.ty().as_type_ptr().cast()) };
    // SAFETY: a new reference or NULL with an exception.
    unsafe { Owned::from_ptr_or_null(bound) }.ok_or_else(|| th.raised_by_c())
}

/// As `special`; AttributeError with the method's name if there is none.
pub(super) fn required(
    th: &Thread,
    this: Borrowed<'_>,
    name: Borrowed<'_, Str>,
    args: &[Borrowed<'_>],
) -> PyResult {
    match special(th, this, name, args)? {
        Some(result) => Ok(result),
        None => Err(th.raise_value(exc::ATTRIBUTE_ERROR, name.object())),
    }
}
