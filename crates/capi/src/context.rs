//! `cpython/context.h`: contexts and the variables in them.

use std::ffi::c_char;

use krait_macros::capi;
use krait_modules::contextvars::{self, Context, ContextVar};
use krait_objects::prelude::*;

use crate::support::*;

#[capi]
pub fn PyContext_New(th: &Thread) -> PyResult<Owned<Context>> {
    contextvars::new_context(th, None)
}

fn context<'a>(th: &Thread, ob: Borrowed<'a>) -> PyResult<Borrowed<'a, Context>> {
    ob.downcast::<Context>()
        .ok_or_else(|| th.raise(exc::TYPE_ERROR, "an instance of Context was expected"))
}

#[capi]
pub fn PyContext_Copy(th: &Thread, ob: Borrowed<'_>) -> PyResult<Owned<Context>> {
    context(th, ob)?.get().copied(th)
}

#[capi]
pub fn PyContext_CopyCurrent(th: &Thread) -> PyResult<Owned<Context>> {
    contextvars::copy_current(th)
}

#[capi]
pub fn PyContext_Enter(th: &Thread, ob: Borrowed<'_>) -> PyResult<()> {
    Context::enter(context(th, ob)?, th)
}

#[capi]
pub fn PyContext_Exit(th: &Thread, ob: Borrowed<'_>) -> PyResult<()> {
    let context = context(th, ob)?;
    if !context.get().is_entered() {
        let shown = object::repr(th, ob)?;
        return Err(raise!(
            th,
            RUNTIME_ERROR,
            "cannot exit context: {} has not been entered",
            *shown
        ));
    }
    if !contextvars::is_current(th, context) {
        let message = "cannot exit context: thread state references a different context object";
        return Err(th.raise(exc::RUNTIME_ERROR, message));
    }
    Context::exit(context, th);
    Ok(())
}

#[capi]
pub fn PyContextVar_New(
    th: &Thread,
    name: *const c_char,
    default: Option<Borrowed<'_>>,
) -> PyResult {
    let name = string(th, name)?;
    let class = Borrowed::from_ref(ContextVar::type_object());
    ContextVar::new(class, th, name.object(), default)
}

fn variable<'a>(th: &Thread, ob: Borrowed<'a>) -> PyResult<Borrowed<'a, ContextVar>> {
    ob.downcast::<ContextVar>()
        .ok_or_else(|| th.raise(exc::TYPE_ERROR, "an instance of ContextVar was expected"))
}

/// The value, `default`, the variable's own default, or NULL: 0 in all cases.
#[capi]
pub fn PyContextVar_Get(
    th: &Thread,
    ob: Borrowed<'_>,
    default: Option<Borrowed<'_>>,
    place: *mut Ptr,
) -> PyResult<()> {
    let value = variable(th, ob).and_then(|variable| ContextVar::find(variable, th, default));
    let (pointer, result) = match value {
        Ok(value) => (value.map_or(std::ptr::null_mut(), Owned::into_ptr), Ok(())),
        Err(raised) => (std::ptr::null_mut(), Err(raised)),
    };
    // SAFETY: C passes a writable place.
    unsafe { *place = pointer };
    result
}

#[capi]
pub fn PyContextVar_Set(th: &Thread, ob: Borrowed<'_>, value: Borrowed<'_>) -> PyResult {
    ContextVar::set(variable(th, ob)?, th, value)
}

#[capi]
pub fn PyContextVar_Reset(th: &Thread, ob: Borrowed<'_>, token: Borrowed<'_>) -> PyResult<()> {
    ContextVar::reset(variable(th, ob)?, th, token)
}
