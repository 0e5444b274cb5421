//! Exceptions and warnings whose message is a format: `PyErr_Format` and its like.

use std::ffi::{c_char, c_int};

use krait_eval::sys::hooks;
use krait_eval::{import, warnings};
use krait_objects::prelude::*;

use super::{VaList, formatted, status};
use crate::errors::raise_in;
use crate::support::*;

/// The exception that is set goes first: formatting runs Python code.
fn message(th: &Thread, format: *const c_char, args: VaList) -> PyResult<Owned<Str>> {
    drop(th.take_exception());
    formatted(th, format, args)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn krait_va_error(class: Ptr, format: *const c_char, args: VaList) -> Ptr {
    let th = Thread::current();
    if let Ok(message) = message(th, format, args) {
        // SAFETY: C passes a live object.
        raise_in(th, unsafe { Borrowed::from_ptr(class) }, Some(message.object()));
    }
    std::ptr::null_mut()
}

#[unsafe(no_mangle)]
unsafe extern "C" fn krait_va_error_from_cause(
    class: Ptr,
    format: *const c_char,
    args: VaList,
) -> Ptr {
    let th = Thread::current();
    let cause = th.take_exception().map(Owned::into_object);
    if let Ok(message) = formatted(th, format, args) {
        // SAFETY: C passes a live object.
        raise_in(th, unsafe { Borrowed::from_ptr(class) }, Some(message.object()));
    }
    if let Some(raised) =
        th.current_exception().and_then(|raised| raised.downcast::<BaseException>())
    {
        raised.set_cause(cause.clone());
        raised.set_context(cause);
    }
    std::ptr::null_mut()
}

#[unsafe(no_mangle)]
unsafe extern "C" fn krait_va_error_note(format: *const c_char, args: VaList) {
    let th = Thread::current();
    let Some(exception) = th.take_exception() else { return };
    let added = formatted(th, format, args).and_then(|note| exception.add_note(th, note.borrow()));
    match added {
        // What went wrong with the note takes the exception's place, with it as context.
        Err(_) => {
            if let Some(raised) =
                th.current_exception().and_then(|raised| raised.downcast::<BaseException>())
            {
                raised.set_context(Some(exception.into_object()));
            }
        }
        Ok(()) => {
            let _raised = th.set_exception(exception.into_object());
        }
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn krait_va_unraisable(format: *const c_char, args: VaList) {
    let th = Thread::current();
    let Some(exception) = th.take_exception() else { return };
    let text = if format.is_null() { None } else { formatted(th, format, args).ok() };
    let _raised = th.set_exception(exception.into_object());
    hooks::unraisable(th, None, &text.map(|text| text.to_string_lossy()).unwrap_or_default());
}

/// The category that C gives, or RuntimeWarning.
fn category<'a>(category: Ptr) -> Borrowed<'a> {
    // SAFETY: C passes a live object or NULL.
    unsafe { Borrowed::from_ptr_or_null(category) }
        .unwrap_or(Borrowed::from_ref(exc::RUNTIME_WARNING).object())
}

#[unsafe(no_mangle)]
unsafe extern "C" fn krait_va_warn(
    class: Ptr,
    level: isize,
    format: *const c_char,
    args: VaList,
) -> c_int {
    let th = Thread::current();
    status(
        formatted(th, format, args)
            .and_then(|message| warnings::warn(th, category(class), message.borrow(), level)),
    )
}

#[unsafe(no_mangle)]
unsafe extern "C" fn krait_va_resource_warning(
    source: Ptr,
    level: isize,
    format: *const c_char,
    args: VaList,
) -> c_int {
    let th = Thread::current();
    let class = Borrowed::from_ref(exc::RESOURCE_WARNING).object();
    // SAFETY: C passes a live object or NULL.
    let source = unsafe { Borrowed::from_ptr_or_null(source) }.unwrap_or(none());
    status(
        formatted(th, format, args)
            .and_then(|message| warnings::warn_about(th, class, message.borrow(), level, source)),
    )
}

#[unsafe(no_mangle)]
unsafe extern "C" fn krait_va_warn_explicit(
    class: Ptr,
    file: *const c_char,
    line: c_int,
    module: *const c_char,
    registry: Ptr,
    format: *const c_char,
    args: VaList,
) -> c_int {
    let th = Thread::current();
    status((|| {
        let message = formatted(th, format, args)?;
        let file = Str::from_fs_bytes(th, bytes_of(file))?;
        let module = if module.is_null() { None } else { Some(string(th, module)?.into_object()) };
        // SAFETY: C passes a live object or NULL.
        let registry = unsafe { Borrowed::from_ptr_or_null(registry) };
        warn_explicit(th, category(class), message.object(), file.object(), line, module, registry)
    })())
}

/// `warnings.warn_explicit`.
pub fn warn_explicit(
    th: &Thread,
    category: Borrowed<'_>,
    message: Borrowed<'_>,
    file: Borrowed<'_>,
    line: c_int,
    module: Option<Owned>,
    registry: Option<Borrowed<'_>>,
) -> PyResult<()> {
    let warnings = import::import(th, "_warnings")?;
    let module = module.unwrap_or_else(|| none().to_owned());
    let line = Int::from_i64(th, line.into())?;
    let args =
        [message, category, file, line.object(), module.object(), registry.unwrap_or(none())];
    let name = Str::interned(th, "warn_explicit")?;
    call::call_method(th, warnings.object(), name.borrow(), &args).map(drop)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn krait_va_not_shareable(format: *const c_char, args: VaList) {
    let th = Thread::current();
    if let Ok(message) = message(th, format, args) {
        let _raised = th.raise_value(exc::TYPE_ERROR, message.object());
    }
}
