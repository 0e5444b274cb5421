//! `PyInitConfig`: a configuration of which C sees only names.

use std::ffi::{CString, c_char, c_int};

use krait_abi::{PyConfig, PyPreConfig, PyStatus};
use krait_macros::capi;
use libc::wchar_t;

use super::defaults::{self, PyPreConfig_InitIsolatedConfig};
use super::fields::{Access, CONFIG, Field, Kind, PRE_CONFIG, find};
use super::memory::{assign, assign_list, decode, list_units, units};
use super::process::Py_PreInitialize;
use super::start::Py_InitializeFromConfig;
use super::status::{is_error, is_exception};
use crate::support::*;

/// A configuration with the error of the last call.
pub struct PyInitConfig {
    pre: PyPreConfig,
    config: defaults::Owned,
    modules: Vec<(CString, Maker)>,
    error: Option<CString>,
    exit_code: Option<c_int>,
}

type Maker = unsafe extern "C" fn() -> Ptr;

impl PyInitConfig {
    fn fail(&mut self, message: &str) -> c_int {
        self.error = CString::new(message).ok();
        -1
    }

    fn accept(&mut self, status: PyStatus) -> c_int {
        self.error = None;
        self.exit_code = None;
        if is_error(&status) {
            let message = match optional(status.func) {
                Some(function) => format!("{function}: {}", text_of(status.err_msg)),
                None => text_of(status.err_msg).into_owned(),
            };
            return self.fail(&message);
        }
        if is_exception(&status) {
            self.exit_code = Some(status.exitcode);
            return -1;
        }
        0
    }

    fn unknown(&mut self) -> c_int {
        self.fail("unknown config option name")
    }
}

/// Where an option is: in which struct, and which of its members.
enum Option_ {
    Early(&'static Field, *mut PyPreConfig),
    Usual(&'static Field, *mut PyConfig),
}

impl Option_ {
    fn field(&self) -> &'static Field {
        match self {
            Option_::Early(field, _) | Option_::Usual(field, _) => field,
        }
    }

    fn number(&self) -> i64 {
        // SAFETY: the structs are ours.
        unsafe {
            match self {
                Option_::Early(field, config) => field.number(*config),
                Option_::Usual(field, config) => field.number(*config),
            }
        }
    }

    fn set_number(&self, value: i64) {
        // SAFETY: the structs are ours.
        unsafe {
            match self {
                Option_::Early(field, config) => field.set_number(*config, value),
                Option_::Usual(field, config) => field.set_number(*config, value),
            }
        }
    }
}

fn find_option(config: &mut PyInitConfig, name: &str) -> Option<Option_> {
    if let Some(field) = find(CONFIG, name).filter(|field| field.access != Access::Start) {
        return Some(Option_::Usual(field, config.config.ptr()));
    }
    find(PRE_CONFIG, name).map(|field| Option_::Early(field, &raw mut config.pre))
}

#[capi]
pub fn PyInitConfig_Create() -> *mut PyInitConfig {
    let config = defaults::Owned::new(PyConfig::EMPTY);
    let mut pre = PyPreConfig::EMPTY;
    // SAFETY: structs of our own.
    unsafe {
        defaults::PyConfig_InitIsolatedConfig(config.ptr());
        PyPreConfig_InitIsolatedConfig(&raw mut pre);
    }
    let modules = Vec::new();
    Box::into_raw(Box::new(PyInitConfig { pre, config, modules, error: None, exit_code: None }))
}

#[capi]
pub fn PyInitConfig_Free(config: *mut PyInitConfig) {
    if !config.is_null() {
        // SAFETY: made by `PyInitConfig_Create`, and given up.
        drop(unsafe { Box::from_raw(config) });
    }
}

/// # Safety
/// C passes a configuration that it has not freed.
unsafe fn given<'a>(config: *mut PyInitConfig) -> &'a mut PyInitConfig {
    // SAFETY: the caller's promise.
    unsafe { &mut *config }
}

#[capi]
pub fn PyInitConfig_GetError(config: *mut PyInitConfig, place: *mut *const c_char) -> c_int {
    // SAFETY: C passes a configuration and a writable place.
    unsafe {
        let config = given(config);
        if let Some(code) = config.exit_code {
            config.error = CString::new(format!("exit code {code}")).ok();
        }
        *place = config.error.as_ref().map_or(std::ptr::null(), |error| error.as_ptr());
        config.error.is_some().into()
    }
}

#[capi]
pub fn PyInitConfig_GetExitCode(config: *mut PyInitConfig, place: *mut c_int) -> c_int {
    // SAFETY: C passes a configuration and a writable place.
    unsafe {
        match given(config).exit_code {
            Some(code) => {
                *place = code;
                1
            }
            None => 0,
        }
    }
}

#[capi]
pub fn PyInitConfig_HasOption(config: *mut PyInitConfig, name: *const c_char) -> c_int {
    // SAFETY: C passes a configuration.
    find_option(unsafe { given(config) }, &text_of(name)).is_some().into()
}

#[capi]
pub fn PyInitConfig_GetInt(
    config: *mut PyInitConfig,
    name: *const c_char,
    place: *mut i64,
) -> c_int {
    // SAFETY: C passes a configuration.
    let config = unsafe { given(config) };
    let name = text_of(name);
    match find_option(config, &name) {
        None => config.unknown(),
        Some(option) if !option.field().is_number() => config.fail("config option type is not int"),
        Some(option) => {
            // SAFETY: C passes a writable place.
            unsafe { *place = option.number() };
            0
        }
    }
}

#[capi]
pub fn PyInitConfig_SetInt(config: *mut PyInitConfig, name: *const c_char, value: i64) -> c_int {
    // SAFETY: C passes a configuration.
    let config = unsafe { given(config) };
    let name = text_of(name);
    let Some(option) = find_option(config, &name) else {
        return config.unknown();
    };
    match option.field().kind {
        Kind::Int if c_int::try_from(value).is_err() => {
            return config.fail("config option value is out of int range");
        }
        Kind::Bool | Kind::Count if !(0..=i64::from(c_int::MAX)).contains(&value) => {
            return config.fail("config option value is out of unsigned int range");
        }
        Kind::Seed if value < 0 => {
            return config.fail("config option value is out of unsigned long range");
        }
        Kind::Int | Kind::Bool | Kind::Count | Kind::Seed => {}
        _ => return config.fail("config option type is not int"),
    }
    option.set_number(value);
    if name == "hash_seed" {
        // SAFETY: the struct is ours.
        unsafe { (*config.config.ptr()).use_hash_seed = 1 };
    } else if name == "dev_mode" {
        // It chooses the allocators too, which comes before all else.
        config.pre.dev_mode = value as c_int;
    }
    0
}

/// UTF-8 in memory that `free` frees.
fn utf8_copy(text: &[wchar_t]) -> *mut c_char {
    let text: String =
        text.iter().map(|&unit| char::from_u32(unit as u32).unwrap_or('\u{fffd}')).collect();
    let text = CString::new(text).unwrap_or_default();
    // SAFETY: a string that ends with NUL.
    unsafe { libc::strdup(text.as_ptr()) }
}

#[capi]
pub fn PyInitConfig_GetStr(
    config: *mut PyInitConfig,
    name: *const c_char,
    place: *mut *mut c_char,
) -> c_int {
    // SAFETY: C passes a configuration.
    let config = unsafe { given(config) };
    let name = text_of(name);
    match find_option(config, &name) {
        None => config.unknown(),
        Some(Option_::Usual(field, structure)) if field.is_text() => {
            // SAFETY: the struct is ours; C passes a writable place.
            unsafe {
                let text = *field.text(structure);
                *place = if text.is_null() { std::ptr::null_mut() } else { utf8_copy(units(text)) };
            }
            0
        }
        Some(_) => config.fail("config option type is not string"),
    }
}

#[capi]
pub fn PyInitConfig_SetStr(
    config: *mut PyInitConfig,
    name: *const c_char,
    value: *const c_char,
) -> c_int {
    // SAFETY: C passes a configuration.
    let config = unsafe { given(config) };
    let name = text_of(name);
    match find_option(config, &name) {
        None => config.unknown(),
        Some(Option_::Usual(field, structure)) if field.is_text() => {
            if value.is_null() && field.kind == Kind::Text {
                return config.fail("config option string cannot be NULL");
            }
            let wide = (!value.is_null()).then(|| decode(bytes_of(value)));
            // SAFETY: the struct is ours.
            let status = unsafe { assign(field.text(structure), wide.as_deref()) };
            config.accept(status)
        }
        Some(_) => config.fail("config option type is not string"),
    }
}

#[capi]
pub fn PyInitConfig_GetStrList(
    config: *mut PyInitConfig,
    name: *const c_char,
    length: *mut usize,
    place: *mut *mut *mut c_char,
) -> c_int {
    // SAFETY: C passes a configuration.
    let config = unsafe { given(config) };
    let name = text_of(name);
    match find_option(config, &name) {
        None => config.unknown(),
        Some(Option_::Usual(field, structure)) if field.kind == Kind::List => {
            // SAFETY: the struct is ours; C passes writable places.
            unsafe {
                let items = list_units(&*field.list(structure));
                let array: *mut *mut c_char =
                    libc::malloc(items.len().max(1) * size_of::<*mut c_char>()).cast();
                if array.is_null() {
                    return config.fail("memory allocation failed");
                }
                for (at, item) in items.iter().enumerate() {
                    array.add(at).write(utf8_copy(item));
                }
                *length = items.len();
                *place = array;
            }
            0
        }
        Some(_) => config.fail("config option type is not string list"),
    }
}

#[capi]
pub fn PyInitConfig_FreeStrList(length: usize, items: *mut *mut c_char) {
    // SAFETY: made by `PyInitConfig_GetStrList`.
    unsafe {
        for at in 0..length {
            libc::free((*items.add(at)).cast());
        }
        libc::free(items.cast());
    }
}

#[capi]
pub fn PyInitConfig_SetStrList(
    config: *mut PyInitConfig,
    name: *const c_char,
    length: usize,
    items: *const *mut c_char,
) -> c_int {
    // SAFETY: C passes a configuration.
    let config = unsafe { given(config) };
    let name = text_of(name);
    match find_option(config, &name) {
        None => config.unknown(),
        Some(Option_::Usual(field, structure)) if field.kind == Kind::List => {
            // SAFETY: the struct is ours; C passes so many strings.
            let status = unsafe {
                let items: Vec<_> =
                    (0..length).map(|at| decode(bytes_of(*items.add(at)))).collect();
                assign_list(field.list(structure), &items)
            };
            if name == "module_search_paths" {
                // SAFETY: the struct is ours.
                unsafe { (*config.config.ptr()).module_search_paths_set = 1 };
            }
            config.accept(status)
        }
        Some(_) => config.fail("config option type is not strings list"),
    }
}

#[capi]
pub fn PyInitConfig_AddModule(
    config: *mut PyInitConfig,
    name: *const c_char,
    make: Option<Maker>,
) -> c_int {
    // SAFETY: C passes a configuration.
    let config = unsafe { given(config) };
    let Some(make) = make else { return config.fail("module function is NULL") };
    config.modules.push((CString::from(bytes_to_c(name)), make));
    0
}

fn bytes_to_c<'a>(name: *const c_char) -> &'a std::ffi::CStr {
    // SAFETY: C passes a string.
    unsafe { std::ffi::CStr::from_ptr(name) }
}

#[capi]
pub fn Py_InitializeFromInitConfig(config: *mut PyInitConfig) -> c_int {
    // SAFETY: C passes a configuration; the structs are ours.
    unsafe {
        let config = given(config);
        for (name, make) in config.modules.drain(..) {
            // The table of linked-in modules keeps the name for good.
            crate::import_code::PyImport_AppendInittab(name.into_raw(), Some(make));
        }
        let status = Py_PreInitialize(&raw const config.pre);
        if is_exception(&status) {
            return config.accept(status);
        }
        let status = Py_InitializeFromConfig(config.config.ptr());
        config.accept(status)
    }
}
