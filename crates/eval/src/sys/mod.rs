//! The `sys` module.
//!
//! `hooks` shows results and exceptions, `limits` holds the switches of the interpreter, `info` what never
//! changes, `frames` looks at the stack. The same job as CPython's `Python/sysmodule.c`.

pub mod audit;
mod frames;
pub mod hooks;
mod info;
mod jit;
pub(crate) mod limits;
mod monitoring;
pub mod open_code;
pub mod printer;

use krait_objects::module::{self, StaticModuleDef};
use krait_objects::prelude::*;

pub use audit::audit;
pub use info::{VERSION, version_text};
/// Where what is embedded pretends to be.
pub use krait_stdlib::LIBRARY_DIR;

/// The interpreter's own objects and settings, and functions that act on it.
#[pymodule(name = "sys")]
pub struct Sys;

#[pyfunctions(parts(hooks, limits, frames, audit))]
impl Sys {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        th.interp().rest_of_sys.set(Some(add_rest));
        info::add(module, th)
    }

    /// Raise SystemExit(status), which ends the program unless it is caught.
    ///
    /// An integer becomes the exit status; without a status, or with None, that is zero, which means success.
    /// Any other object is printed, and the exit status is one.
    #[function(sig = "(status=None, /)")]
    fn exit(th: &Thread, status: Option<Borrowed<'_>>) -> PyResult {
        Err(match status {
            Some(status) => th.raise_value(exc::SYSTEM_EXIT, status),
            None => th.raise_none(exc::SYSTEM_EXIT),
        })
    }

    /// Return the exception being handled: type, value, traceback; a triple of None outside of a handler.
    #[function(sig = "()")]
    fn exc_info(th: &Thread) -> PyResult<Owned<Tuple>> {
        match th.handled_exception() {
            None => Tuple::from_slice(th, &[none(), none(), none()]),
            Some(exception) => {
                let ty = exception.object().get().ty().object().to_owned();
                let traceback = exception.traceback().unwrap_or(none()).to_owned();
                Tuple::pack(th, [ty, exception.object().to_owned(), traceback])
            }
        }
    }

    /// Return the exception being handled, or None outside of a handler.
    #[function(sig = "()")]
    fn exception(th: &Thread) -> Option<Owned> {
        th.handled_exception().map(|exception| exception.object().to_owned())
    }

    /// Intern a string: one object for each text, so that comparing is comparing identities.
    #[function(sig = "(string, /)")]
    fn intern(th: &Thread, string: Borrowed<'_>) -> PyResult<Owned<Str>> {
        match string.downcast_exact::<Str>() {
            Some(string) => Str::intern(th, string.to_owned()),
            None if string.downcast::<Str>().is_some() => {
                Err(raise!(th, TYPE_ERROR, "can't intern {}", string.type_name()))
            }
            None => Err(raise!(
                th,
                TYPE_ERROR,
                "intern() argument must be str, not {}",
                string.type_name()
            )),
        }
    }
}

/// What of `sys` few programs look at (`Interpreter::rest_of_sys`). What a program has set meanwhile stays.
fn add_rest(th: &Thread, sys: &Dict) -> PyResult<()> {
    let add = |name: &str, value: Borrowed<'_>| -> PyResult<()> {
        sys.set_default(th, Str::interned(th, name)?.object(), value).map(drop)
    };
    let part = |name: &str, definition: &'static StaticModuleDef| -> PyResult<()> {
        let full_name = Str::from_fmt(th, format_args!("sys.{name}"))?;
        let definition = definition.as_ptr();
        let part = module::from_definition_named(th, definition, none(), full_name.borrow())?;
        module::execute(th, part.object(), definition)?;
        add(name, part.object())
    };
    info::add_numeric(sys, th)?;
    part("monitoring", monitoring::Monitoring::module_def())?;
    part("_jit", jit::Jit::module_def())?;
    let (builtin, stdlib) = info::module_names(th)?;
    add("builtin_module_names", builtin.object())?;
    add("stdlib_module_names", stdlib.object())
}

/// `sys.name`; `None` if it was deleted or there is no `sys` any more.
pub fn get(th: &Thread, name: Borrowed<'_, Str>) -> PyResult<Option<Owned>> {
    let mut found = existing(th, name)?;
    while found.is_none() && th.interp().complete_sys(th, Some(name))? {
        found = existing(th, name)?;
    }
    Ok(found)
}

/// `sys.name` if it has been made.
pub fn existing(th: &Thread, name: Borrowed<'_, Str>) -> PyResult<Option<Owned>> {
    match th.interp().sys_dict.get_owned() {
        Some(dict) => dict.get_str(th, name),
        None => Ok(None),
    }
}

/// `sys.name = value`.
pub fn set(th: &Thread, name: Borrowed<'_, Str>, value: Borrowed<'_>) -> PyResult<()> {
    match th.interp().sys_dict.get_owned() {
        Some(dict) => dict.set_str(th, name, value),
        None => Ok(()),
    }
}

/// `del sys.name`, if it is there.
pub fn remove(th: &Thread, name: Borrowed<'_, Str>) -> PyResult<()> {
    while th.interp().complete_sys(th, Some(name))? {}
    match th.interp().sys_dict.get_owned() {
        Some(dict) => dict.pop(th, name.object()).map(drop),
        None => Ok(()),
    }
}

/// Takes the name away; what is made when somebody looks for it can still be made.
pub(crate) fn discard(th: &Thread, name: &str) -> PyResult<()> {
    match th.interp().sys_dict.get_owned() {
        Some(dict) => dict.pop(th, Str::interned(th, name)?.object()).map(drop),
        None => Ok(()),
    }
}

/// As `set`, for names that are not constants of the house.
pub fn set_text(th: &Thread, name: &str, value: Borrowed<'_>) -> PyResult<()> {
    let name = Str::interned(th, name)?;
    set(th, name.borrow(), value)
}
