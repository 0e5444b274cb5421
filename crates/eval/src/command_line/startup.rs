//! What runs before a prompt: the file that PYTHONSTARTUP names, and `sys.__interactivehook__`.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use krait_objects::prelude::*;

use super::program::{audit_text, compile_text, main_dict};
use super::{exit_code, show_uncaught};
use crate::{config, run, sys};

/// An error of either is shown, and the prompt comes all the same; SystemExit is the caller's.
pub fn run(th: &Thread) -> PyResult<()> {
    let file = std::env::var_os("PYTHONSTARTUP").filter(|file| !file.is_empty());
    if let Some(file) = file.filter(|_| config::of(th).use_environment) {
        show_or_leave(th, run_file(th, &file))?;
    }
    show_or_leave(th, call_hook(th))
}

fn show_or_leave(th: &Thread, result: PyResult<()>) -> PyResult<()> {
    match result {
        Err(raised) if !th.exception_matches(exc::SYSTEM_EXIT) => {
            exit_code(th, Err(raised));
            Ok(())
        }
        result => result,
    }
}

/// In the namespace of `__main__`, which knows the file's name meanwhile.
fn run_file(th: &Thread, file: &OsStr) -> PyResult<()> {
    audit_text(th, "cpython.run_startup", file)?;
    let source = match std::fs::read(file) {
        Ok(source) => source,
        Err(error) => {
            crate::builtins::write_stderr("Could not open PYTHONSTARTUP\n");
            let number = error.raw_os_error().unwrap_or(0);
            let name = Str::from_fs_bytes(th, file.as_bytes())?;
            return Err(krait_objects::exceptions::os::raise_errno(
                th,
                exc::OS_ERROR,
                number,
                [Some(name.object()), None],
            ));
        }
    };
    let code = compile_text(th, &source, file.as_bytes())?;
    let dict = main_dict(th)?;
    let name = Str::from_fs_bytes(th, file.as_bytes())?;
    let old = dict.get_str(th, id::__file__)?;
    dict.set_str(th, id::__file__, name.object())?;
    let done = run::eval_code(th, code.borrow(), dict.borrow(), None).map(drop);
    match old {
        Some(old) => dict.set_str(th, id::__file__, old.object())?,
        None => drop(dict.remove(th, id::__file__.object())?),
    }
    done
}

fn call_hook(th: &Thread) -> PyResult<()> {
    let name = Str::interned(th, "__interactivehook__")?;
    let Some(hook) = sys::get(th, name.borrow())? else { return Ok(()) };
    sys::audit(th, "cpython.run_interactivehook", &[hook.object()])?;
    match call::call(th, hook.object(), &[]) {
        Ok(_) => Ok(()),
        Err(raised) if th.exception_matches(exc::SYSTEM_EXIT) => Err(raised),
        Err(raised) => {
            crate::builtins::write_stderr("Failed calling sys.__interactivehook__\n");
            let exception = th.take_raised(raised);
            show_uncaught(th, exception.object(), true);
            Ok(())
        }
    }
}
