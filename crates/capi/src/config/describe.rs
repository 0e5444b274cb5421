//! Configurations as dictionaries, as CPython's own tests look at them: `_PyConfig_AsDict` and what belongs to it.

use std::ffi::c_int;
use std::sync::atomic::Ordering;

use krait_abi::PyConfig;
use krait_macros::capi;
use krait_objects::prelude::*;

use super::defaults;
use super::fields::{CONFIG, Field, Kind};
use super::memory::{assign, assign_list};
use super::process::{self as globals, process};
use super::running::{described, value};
use super::status::is_exception;

fn set(th: &Thread, dict: &Dict, name: &str, value: Owned) -> PyResult<()> {
    dict.set_str(th, Str::interned(th, name)?.borrow(), value.object())
}

fn set_number(th: &Thread, dict: &Dict, name: &str, value: c_int) -> PyResult<()> {
    set(th, dict, name, Int::from_i64(th, value.into())?.into_object())
}

/// The `-X` options of a list: a name each, and what comes after `=`, or True.
fn options(th: &Thread, items: Owned) -> PyResult {
    let dict = Dict::new(th)?;
    for item in items.object().downcast::<Tuple>().map_or(&[][..], |items| items.get().as_slice()) {
        let text = object::str(th, *item)?.to_string_lossy();
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Str::new(th, value)?.into_object()),
            None => (text.as_str(), bool_object(true).object().to_owned()),
        };
        set(th, &dict, name, value)?;
    }
    Ok(dict.into_object())
}

fn as_dict(th: &Thread, config: *mut PyConfig) -> PyResult<Owned<Dict>> {
    let dict = Dict::new(th)?;
    for field in CONFIG {
        // SAFETY: invariant 1 of `config`.
        let found = unsafe { value(th, field, config)? };
        let found = if field.name == "xoptions" { options(th, found)? } else { found };
        set(th, &dict, field.name, found)?;
    }
    // SAFETY: as above.
    set_number(th, &dict, "_config_init", unsafe { (*config)._config_init })?;
    Ok(dict)
}

#[capi]
pub fn _PyConfig_AsDict(th: &Thread, config: *mut PyConfig) -> PyResult<Owned<Dict>> {
    as_dict(th, config)
}

/// The configuration of the running interpreter.
#[capi]
pub fn _Py_GetConfig(th: &Thread) -> PyResult<*const PyConfig> {
    // The process keeps it.
    Ok(described(th)?.ptr().cast_const())
}

/// The units of a string, without a NUL.
fn units_of(th: &Thread, name: &str, ob: Borrowed<'_>) -> PyResult<Vec<libc::wchar_t>> {
    let Some(text) = ob.downcast::<Str>() else {
        return Err(raise!(th, TYPE_ERROR, "invalid config type: {name}"));
    };
    Ok(text.get().chars().iter().map(|point| point as libc::wchar_t).collect())
}

/// # Safety
/// Invariant 1 of `config`.
unsafe fn read_field(
    th: &Thread,
    config: *mut PyConfig,
    field: &Field,
    ob: Borrowed<'_>,
) -> PyResult<()> {
    let name = field.name;
    // SAFETY: the caller's promise.
    let status = unsafe {
        match field.kind {
            Kind::Text | Kind::OptionalText if ob.is_none() => assign(field.text(config), None),
            Kind::Text | Kind::OptionalText => {
                assign(field.text(config), Some(&units_of(th, name, ob)?))
            }
            Kind::List => {
                let items = sequence::tuple(th, ob)?;
                let items = items.as_slice().iter().map(|item| units_of(th, name, *item));
                let items: Vec<Vec<libc::wchar_t>> = items.collect::<PyResult<_>>()?;
                assign_list(field.list(config), &items)
            }
            _ => {
                let Some(number) = ob.downcast::<Int>().and_then(|number| number.to_i64()) else {
                    return Err(raise!(th, TYPE_ERROR, "invalid config type: {name}"));
                };
                field.set_number(config, number);
                return Ok(());
            }
        }
    };
    if is_exception(&status) { Err(th.no_memory()) } else { Ok(()) }
}

#[capi]
pub fn _PyConfig_FromDict(
    th: &Thread,
    config: *mut PyConfig,
    dict: Borrowed<'_, Dict>,
) -> PyResult<()> {
    for field in CONFIG {
        let Some(found) = dict.get_str(th, Str::interned(th, field.name)?.borrow())? else {
            return Err(raise!(th, VALUE_ERROR, "missing config key: {}", field.name));
        };
        // SAFETY: C passes a configuration.
        unsafe { read_field(th, config, field, found.object())? };
    }
    Ok(())
}

fn pre_config(th: &Thread) -> PyResult<Owned<Dict>> {
    let pre = process().pre.unwrap_or_else(|| defaults::pre_config_of_running(th));
    let dict = Dict::new(th)?;
    for (name, number) in [
        ("_config_init", pre._config_init),
        ("parse_argv", pre.parse_argv),
        ("isolated", pre.isolated),
        ("use_environment", pre.use_environment),
        ("configure_locale", pre.configure_locale),
        ("coerce_c_locale", pre.coerce_c_locale),
        ("coerce_c_locale_warn", pre.coerce_c_locale_warn),
        ("utf8_mode", pre.utf8_mode),
        ("dev_mode", pre.dev_mode),
        ("allocator", pre.allocator),
    ] {
        set_number(th, &dict, name, number)?;
    }
    Ok(dict)
}

/// The variables from before `PyConfig`.
fn global_config(th: &Thread) -> PyResult<Owned<Dict>> {
    let dict = Dict::new(th)?;
    for (name, text) in [
        ("Py_FileSystemDefaultEncoding", "utf-8"),
        ("Py_FileSystemDefaultEncodeErrors", "surrogateescape"),
    ] {
        set(th, &dict, name, Str::new(th, text)?.into_object())?;
    }
    for name in ["Py_HasFileSystemDefaultEncoding", "_Py_HasFileSystemDefaultEncodeErrors"] {
        set_number(th, &dict, name, 0)?;
    }
    macro_rules! flags {
        ($($name:ident)*) => {
            $(set_number(th, &dict, stringify!($name), globals::$name.load(Ordering::Relaxed))?;)*
        };
    }
    flags! {
        Py_UTF8Mode Py_DebugFlag Py_VerboseFlag Py_QuietFlag Py_InteractiveFlag Py_InspectFlag Py_OptimizeFlag
        Py_NoSiteFlag Py_BytesWarningFlag Py_FrozenFlag Py_IgnoreEnvironmentFlag Py_DontWriteBytecodeFlag
        Py_NoUserSiteDirectory Py_UnbufferedStdioFlag Py_HashRandomizationFlag Py_IsolatedFlag
    }
    Ok(dict)
}

#[capi]
pub fn _Py_GetConfigsAsDict(th: &Thread) -> PyResult<Owned<Dict>> {
    let dict = Dict::new(th)?;
    set(th, &dict, "global_config", global_config(th)?.into_object())?;
    set(th, &dict, "pre_config", pre_config(th)?.into_object())?;
    set(th, &dict, "config", as_dict(th, described(th)?.ptr())?.into_object())?;
    Ok(dict)
}
