//! `sysmodule.h`: names of `sys`, and audit hooks. What writes to `sys.stdout` is in `variadic`.

use std::ffi::{c_char, c_int, c_void};

use krait_eval::sys::{self, audit};
use krait_macros::capi;
use krait_objects::prelude::*;

use crate::config::{self, Early};
use crate::support::*;

#[capi]
pub fn PySys_GetObject(th: &Thread, name: *const c_char) -> Ptr {
    let pending = th.take_exception();
    let found = crate::support::name(th, name).and_then(|name| sys::get(th, name.borrow()));
    let pointer = match found {
        // `sys` keeps it: the reference is lent.
        Ok(Some(value)) => value.as_ptr(),
        Ok(None) => std::ptr::null_mut(),
        Err(_) => {
            (th.interp().services.get().unraisable)(
                th,
                None,
                "Exception ignored in PySys_GetObject()",
            );
            std::ptr::null_mut()
        }
    };
    if let Some(pending) = pending {
        let _raised = th.set_exception(pending.into_object());
    }
    pointer
}

#[capi]
pub fn PySys_SetObject(
    th: &Thread,
    name: *const c_char,
    value: Option<Borrowed<'_>>,
) -> PyResult<()> {
    let name = crate::support::name(th, name)?;
    match value {
        Some(value) => sys::set(th, name.borrow(), value),
        None => sys::remove(th, name.borrow()),
    }
}

fn attribute_of_sys(th: &Thread, name: Borrowed<'_>) -> PyResult<Option<Owned>> {
    match name.downcast::<Str>() {
        Some(name) => sys::get(th, name),
        None => Err(raise!(
            th,
            TYPE_ERROR,
            "attribute name must be string, not '{:.200}'",
            name.type_name()
        )),
    }
}

#[capi]
pub fn PySys_GetAttr(th: &Thread, name: Borrowed<'_>) -> PyResult {
    attribute_of_sys(th, name)?.ok_or_else(|| lost(th, name))
}

fn lost(th: &Thread, name: Borrowed<'_>) -> Raised {
    match object::str(th, name) {
        Ok(name) => raise!(th, RUNTIME_ERROR, "lost sys.{}", *name),
        Err(raised) => raised,
    }
}

#[capi]
pub fn PySys_GetAttrString(th: &Thread, name: *const c_char) -> PyResult {
    let name = string(th, name)?;
    attribute_of_sys(th, name.object())?.ok_or_else(|| lost(th, name.object()))
}

#[capi]
pub fn PySys_GetOptionalAttr(th: &Thread, name: Borrowed<'_>, place: *mut Ptr) -> PyResult<bool> {
    // SAFETY: C passes a writable place.
    unsafe { give(place, attribute_of_sys(th, name)) }
}

#[capi]
pub fn PySys_GetOptionalAttrString(
    th: &Thread,
    name: *const c_char,
    place: *mut Ptr,
) -> PyResult<bool> {
    let name = string(th, name)?;
    // SAFETY: C passes a writable place.
    unsafe { give(place, attribute_of_sys(th, name.object())) }
}

#[capi]
pub fn PySys_GetXOptions(th: &Thread) -> Ptr {
    // `sys` keeps it: the reference is lent.
    x_options(th).map_or(std::ptr::null_mut(), |options| options.as_ptr())
}

/// The dictionary of `-X` options, made if it is not there.
fn x_options(th: &Thread) -> PyResult<Owned<Dict>> {
    let name = Str::interned(th, "_xoptions")?;
    if let Some(Ok(options)) = sys::get(th, name.borrow())?.map(Owned::downcast::<Dict>) {
        return Ok(options);
    }
    let options = Dict::new(th)?;
    sys::set(th, name.borrow(), options.object())?;
    Ok(options)
}

/// The list of warning options, made if it is not there.
fn warn_options(th: &Thread) -> PyResult<Owned<List>> {
    let name = Str::interned(th, "warnoptions")?;
    if let Some(Ok(list)) = sys::get(th, name.borrow())?.map(Owned::downcast::<List>) {
        return Ok(list);
    }
    let list = List::new(th)?;
    sys::set(th, name.borrow(), list.object())?;
    Ok(list)
}

#[capi]
pub fn PySys_ResetWarnOptions() {
    let Some(th) = Thread::current_or_none() else {
        return config::remember_option(Early::Warning, None);
    };
    if let Ok(list) = warn_options(th) {
        list.clear();
    }
}

#[capi]
pub fn PySys_HasWarnOptions(th: &Thread) -> c_int {
    warn_options(th).is_ok_and(|list| !list.is_empty()).into()
}

#[capi]
pub fn PySys_AddWarnOption(option: *const libc::wchar_t) {
    let Some(th) = Thread::current_or_none() else {
        // SAFETY: C passes a string.
        return config::remember_option(Early::Warning, Some(unsafe { wide_text(option) }));
    };
    // SAFETY: C passes a string.
    if let Ok(option) = unsafe { wide_string(th, option, None) } {
        add_warn_option(th, option.object());
    }
}

#[capi]
pub fn PySys_AddWarnOptionUnicode(th: &Thread, option: Borrowed<'_>) {
    add_warn_option(th, option);
}

fn add_warn_option(th: &Thread, option: Borrowed<'_>) {
    if warn_options(th).and_then(|list| list.push(th, option.to_owned())).is_err() {
        drop(th.take_exception());
    }
}

#[capi]
pub fn PySys_AuditTuple(
    th: &Thread,
    event: *const c_char,
    args: Option<Borrowed<'_>>,
) -> PyResult<()> {
    let args = match args.map(|args| (args, args.downcast::<Tuple>())) {
        None => &[],
        Some((_, Some(args))) => args.get().as_slice(),
        Some((args, None)) => {
            return Err(raise!(th, TYPE_ERROR, "args must be tuple, got {}", args.type_name()));
        }
    };
    audit::audit(th, &text_of(event), args)
}

#[capi]
pub fn PySys_AddAuditHook(
    hook: Option<unsafe extern "C" fn(*const c_char, Ptr, *mut c_void) -> c_int>,
    data: *mut c_void,
) -> c_int {
    let Some(hook) = hook else { return -1 };
    if let Some(th) = Thread::current_or_none() {
        if audit::audit(th, "sys.addaudithook", &[]).is_err() {
            if th.exception_matches(exc::RUNTIME_ERROR) {
                // A hook refuses: quietly, but the caller learns of it.
                drop(th.take_exception());
            }
            return -1;
        }
        // In the reference they are opened before anybody can listen.
        if let Err(raised) = th.interp().complete_streams(th) {
            drop(th.take_raised(raised));
        }
    }
    audit::add_host_hook(hook, data);
    0
}

/// `sys.argv`; with `update`, `sys.path` begins with the script's folder.
#[capi]
pub fn PySys_SetArgvEx(th: &Thread, argc: c_int, argv: *const *mut libc::wchar_t, update: c_int) {
    let set = || -> PyResult<()> {
        let count = usize::try_from(argc).unwrap_or(0);
        // SAFETY: C passes so many strings.
        let args: PyResult<Vec<Owned>> = (0..count)
            .map(|at| unsafe { wide_string(th, *argv.add(at), None) }.map(Owned::into_object))
            .collect();
        let mut args = args?;
        if args.is_empty() {
            args.push(Str::empty().object().to_owned());
        }
        let first = object::str(th, args[0].object())?.to_string_lossy();
        let list = List::from_vec(th, args)?;
        sys::set(th, Str::interned(th, "argv")?.borrow(), list.object())?;
        if update == 0 {
            return Ok(());
        }
        let real = std::fs::canonicalize(&first).unwrap_or_else(|_| first.clone().into());
        let folder = match first.as_str() {
            "" | "-c" => String::new(),
            _ => real.parent().map(|folder| folder.display().to_string()).unwrap_or_default(),
        };
        let path = sys::get(th, id::path)?;
        if let Some(path) = path.as_ref().and_then(|path| path.object().downcast::<List>()) {
            path.insert_at(th, 0, Str::from_fs_bytes(th, folder.as_bytes())?.into_object())?;
        }
        Ok(())
    };
    if set().is_err() {
        crate::lifecycle::fatal_error("PySys_SetArgvEx", "can't assign sys.argv");
    }
}

#[capi]
pub fn PySys_SetArgv(argc: c_int, argv: *const *mut libc::wchar_t) {
    let update = !crate::config::is_isolated();
    // SAFETY: as for `PySys_SetArgvEx`.
    unsafe { PySys_SetArgvEx(argc, argv, update.into()) }
}

#[capi]
pub fn PySys_SetPath(th: &Thread, path: *const libc::wchar_t) {
    let set = || -> PyResult<()> {
        // SAFETY: C passes a string.
        let path = unsafe { wide_text(path) };
        let entries: PyResult<Vec<Owned>> =
            path.split(':').map(|entry| Str::new(th, entry).map(Owned::into_object)).collect();
        sys::set(th, id::path, List::from_vec(th, entries?)?.object())
    };
    if set().is_err() {
        crate::lifecycle::fatal_error("PySys_SetPath", "can't assign sys.path");
    }
}

#[capi]
pub fn PySys_AddXOption(option: *const libc::wchar_t) {
    let Some(th) = Thread::current_or_none() else {
        // SAFETY: C passes a string.
        return config::remember_option(Early::Option, Some(unsafe { wide_text(option) }));
    };
    let add = || -> PyResult<()> {
        // SAFETY: C passes a string.
        let option = unsafe { wide_text(option) };
        let (key, value) = match option.split_once('=') {
            Some((key, value)) => (key, Str::new(th, value)?.into_object()),
            None => (option.as_str(), bool_object(true).object().to_owned()),
        };
        let options = sys::get(th, Str::interned(th, "_xoptions")?.borrow())?;
        match options.as_ref().and_then(|options| options.object().downcast::<Dict>()) {
            Some(options) => options.set(th, Str::new(th, key)?.object(), value.object()),
            None => Ok(()),
        }
    };
    if add().is_err() {
        drop(th.take_exception());
    }
}
