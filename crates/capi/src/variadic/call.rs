//! Calls with a format or with objects one after the other: `PyObject_CallFunction` and its like.

use std::ffi::c_char;

use krait_objects::prelude::*;

use super::{Format, VaList, build, to_c};
use crate::support::*;

/// Calls with the values of a format; a tuple that is the only value gives the arguments.
fn with_values(
    th: &Thread,
    callable: Borrowed<'_>,
    format: *const c_char,
    args: VaList,
) -> PyResult {
    let format = Format::new(format);
    if format.peek() == 0 {
        return call::call(th, callable, &[]);
    }
    let values = build::values(th, format, args)?;
    if let [only] = &values[..] {
        if let Some(tuple) = only.object().downcast::<Tuple>() {
            return call::call(th, callable, tuple.get().as_slice());
        }
    }
    let values: Vec<Borrowed<'_>> = values.iter().map(Owned::object).collect();
    call::call(th, callable, &values)
}

fn method_with_values(
    th: &Thread,
    receiver: Borrowed<'_>,
    name: Borrowed<'_, Str>,
    format: *const c_char,
    args: VaList,
) -> PyResult {
    let method = object::get_attr(th, receiver, name)?;
    if !object::is_callable(method.object()) {
        return Err(raise!(
            th,
            TYPE_ERROR,
            "attribute of type '{:.200}' is not callable",
            method.type_name()
        ));
    }
    with_values(th, method.object(), format, args)
}

/// What C passes as an object: NULL is an error, the current one if there is one.
fn present<'a>(th: &Thread, ob: Ptr) -> PyResult<Borrowed<'a>> {
    // SAFETY: C passes a live object or NULL.
    unsafe { Borrowed::from_ptr_or_null(ob) }.ok_or_else(|| match th.is_raised() {
        true => th.raised_by_c(),
        false => th.raise(exc::SYSTEM_ERROR, "null argument to internal routine"),
    })
}

/// Objects up to NULL.
fn objects<'a>(args: VaList) -> Vec<Borrowed<'a>> {
    std::iter::from_fn(|| args.object()).collect()
}

#[unsafe(no_mangle)]
unsafe extern "C" fn krait_va_call_function(
    callable: Ptr,
    format: *const c_char,
    args: VaList,
) -> Ptr {
    let th = Thread::current();
    to_c(present(th, callable).and_then(|callable| with_values(th, callable, format, args)))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn krait_va_call_method(
    receiver: Ptr,
    method: *const c_char,
    format: *const c_char,
    args: VaList,
) -> Ptr {
    let th = Thread::current();
    to_c((|| {
        let receiver = present(th, receiver)?;
        if method.is_null() {
            return present(th, std::ptr::null_mut()).map(Borrowed::to_owned);
        }
        method_with_values(th, receiver, name(th, method)?.borrow(), format, args)
    })())
}

#[unsafe(no_mangle)]
unsafe extern "C" fn krait_va_call_method_object(
    receiver: Ptr,
    name: Ptr,
    format: *const c_char,
    args: VaList,
) -> Ptr {
    let th = Thread::current();
    to_c((|| {
        let (receiver, name) = (present(th, receiver)?, present(th, name)?);
        method_with_values(th, receiver, attribute(th, name)?, format, args)
    })())
}

#[unsafe(no_mangle)]
unsafe extern "C" fn krait_va_call_function_objects(callable: Ptr, args: VaList) -> Ptr {
    let th = Thread::current();
    to_c(present(th, callable).and_then(|callable| call::call(th, callable, &objects(args))))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn krait_va_call_method_objects(receiver: Ptr, name: Ptr, args: VaList) -> Ptr {
    let th = Thread::current();
    to_c((|| {
        let (receiver, name) = (present(th, receiver)?, present(th, name)?);
        call::call_method(th, receiver, attribute(th, name)?, &objects(args))
    })())
}

/// The oldest forms: what the format makes must be a tuple, or nothing.
fn with_tuple(
    th: &Thread,
    callable: Borrowed<'_>,
    format: *const c_char,
    args: VaList,
) -> PyResult {
    let values = build::value(th, Format::new(format), args)?;
    match values.object().downcast::<Tuple>() {
        Some(values) => call::call(th, callable, values.get().as_slice()),
        None => Err(th.raise(exc::TYPE_ERROR, "argument list must be a tuple")),
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn krait_va_eval_call_function(
    callable: Ptr,
    format: *const c_char,
    args: VaList,
) -> Ptr {
    let th = Thread::current();
    to_c(present(th, callable).and_then(|callable| with_tuple(th, callable, format, args)))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn krait_va_eval_call_method(
    receiver: Ptr,
    method: *const c_char,
    format: *const c_char,
    args: VaList,
) -> Ptr {
    let th = Thread::current();
    to_c((|| {
        let method = object::get_attr(th, present(th, receiver)?, name(th, method)?.borrow())?;
        with_tuple(th, method.object(), format, args)
    })())
}
