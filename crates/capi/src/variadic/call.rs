//! Calls with a format or with objects one after the other: `PyObject_CallFunction` and its like.

use std::ffi::c_char;

use krait_objects::prelude::*;
use krait_objects::protocol::object::Attribute;

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
    build::with_values(th, format, args, |values| call::call(th, callable, arguments(values)))
}

/// What values are passed as: a tuple that is the only one gives the arguments.
#[inline(always)]
fn arguments(values: &[Owned]) -> &[Borrowed<'_>] {
    match values {
        [only] => only.object().downcast::<Tuple>().map(|tuple| tuple.get().as_slice()),
        _ => None,
    }
    .unwrap_or(borrowed(values))
}

/// References lent.
fn borrowed(values: &[Owned]) -> &[Borrowed<'_>] {
    // SAFETY: both are laid out as the pointer they hold, and the values outlive what is lent.
    unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), values.len()) }
}

fn method_with_values(
    th: &Thread,
    receiver: Borrowed<'_>,
    name: Borrowed<'_, Str>,
    format: *const c_char,
    args: VaList,
) -> PyResult {
    let method = match object::get_method(th, receiver, name)? {
        Attribute::Bound(method) => method,
        // The receiver goes before the values, which spares making a bound method.
        Attribute::Unbound(function) => {
            let format = Format::new(format);
            if format.peek() == 0 {
                return call::call(th, function.object(), &[receiver]);
            }
            return build::with_values(th, format, args, |values| {
                call::with_first(receiver, arguments(values), |all| {
                    call::call(th, function.object(), all)
                })
            });
        }
    };
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

/// Runs `body` with the objects up to NULL, which are on the stack if they are few.
fn with_objects(args: VaList, body: impl FnOnce(&[Borrowed<'_>]) -> PyResult) -> PyResult {
    const FEW: usize = 6;
    let mut few = [none(); FEW];
    for count in 0..FEW {
        match args.object() {
            Some(object) => few[count] = object,
            None => return body(&few[..count]),
        }
    }
    let mut all = few.to_vec();
    all.extend(std::iter::from_fn(|| args.object()));
    body(&all)
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
    to_c(
        present(th, callable)
            .and_then(|callable| with_objects(args, |objects| call::call(th, callable, objects))),
    )
}

#[unsafe(no_mangle)]
unsafe extern "C" fn krait_va_call_method_objects(receiver: Ptr, name: Ptr, args: VaList) -> Ptr {
    let th = Thread::current();
    to_c((|| {
        let (receiver, name) = (present(th, receiver)?, present(th, name)?);
        let name = attribute(th, name)?;
        with_objects(args, |objects| call::call_method(th, receiver, name, objects))
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
