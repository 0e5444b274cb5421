//! Which functions and code objects can run in another interpreter: those that bring nothing with them.
//!
//! The same job as `_PyFunction_VerifyStateless`, `_PyCode_VerifyStateless` and `_PyCode_ReturnsOnlyNone` in CPython's
//! `Objects/funcobject.c` and `Objects/codeobject.c`.

use krait_bytecode::{code_flags, instructions};
use krait_eval::code::{self, Code, Opcode};
use krait_eval::compile::{self, Request, source::with_source};
use krait_eval::function::Function;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer;
use krait_syntax::Mode;

const GENERATORS: u32 = code_flags::GENERATOR | code_flags::COROUTINE | code_flags::ASYNC_GENERATOR;

fn unsupported(th: &Thread, what: &str) -> Raised {
    raise!(th, VALUE_ERROR, "{what} not supported")
}

/// ValueError if a function has state: defaults, a closure, or globals that it uses.
pub fn check_function(th: &Thread, function: Borrowed<'_, Function>) -> PyResult<()> {
    let builtins = function.builtins.get_owned();
    let Some(builtins) = builtins.and_then(|builtins| builtins.downcast::<Dict>().ok()) else {
        return Err(th.raise(exc::TYPE_ERROR, "unsupported builtins"));
    };
    if function.defaults.get().is_some_and(|defaults| !defaults.is_empty()) {
        return Err(unsupported(th, "defaults"));
    }
    if function.kwdefaults.get().is_some_and(|defaults| !defaults.is_empty()) {
        return Err(unsupported(th, "keyword defaults"));
    }
    if function.closure.get().is_some_and(|closure| !closure.is_empty()) {
        return Err(unsupported(th, "closures"));
    }
    let code = function.code_handle();
    if code.nfreevars > 0 {
        return Err(unsupported(th, "closures"));
    }
    let Some(globals) = function.globals.get() else {
        return Err(th.bad_internal_call());
    };
    for name in globals_of(code) {
        if globals.contains(th, name.borrow())? || !builtins.contains(th, name.borrow())? {
            return Err(unsupported(th, "globals"));
        }
    }
    Ok(())
}

/// The names that code looks up in its globals.
fn globals_of(code: Borrowed<'_, Code>) -> Vec<Owned> {
    let bytes = code::original_bytes(&code);
    instructions(&bytes)
        .filter(|instruction| instruction.opcode.base() == Opcode::LOAD_GLOBAL)
        .filter_map(|instruction| code.names.get((instruction.oparg >> 1) as usize))
        .map(|name| name.to_owned())
        .collect()
}

/// ValueError if code cannot be run as a script: it has arguments, is a closure or returns something.
pub fn check_script(th: &Thread, code: Borrowed<'_, Code>) -> PyResult<()> {
    if code.nfreevars > 0 {
        return Err(unsupported(th, "closures"));
    }
    let variable = (code_flags::VARARGS | code_flags::VARKEYWORDS) as i32;
    if code.argcount > 0 || code.kwonlyargcount > 0 || code.flags & variable != 0 {
        return Err(unsupported(th, "code with args"));
    }
    if !returns_only_none(code) {
        let message = "code that returns a value is not a script";
        return Err(th.raise(exc::VALUE_ERROR, message));
    }
    Ok(())
}

/// Whether a call gives nothing but None. One of a generator or coroutine gives that.
pub fn returns_only_none(code: Borrowed<'_, Code>) -> bool {
    if code.flags as u32 & GENERATORS != 0 {
        return false;
    }
    let bytes = code::original_bytes(&code);
    let mut before = None;
    for instruction in instructions(&bytes) {
        if instruction.opcode.base() == Opcode::RETURN_VALUE {
            let nothing = match before {
                Some((Opcode::LOAD_CONST, constant)) => {
                    code.consts.get(constant as usize).is_some_and(|value| value.is_none())
                }
                _ => false,
            };
            if !nothing {
                return false;
            }
        }
        before = Some((instruction.opcode.base(), instruction.oparg));
    }
    true
}

/// The code that a text, a code object or a function stands for. TypeError for anything else.
pub fn script(th: &Thread, ob: Borrowed<'_>) -> PyResult<Owned<Code>> {
    if let Some(code) = ob.downcast::<Code>() {
        check_script(th, code)?;
        return Ok(code.to_owned());
    }
    if let Some(function) = ob.downcast::<Function>() {
        check_script(th, function.code_handle())?;
        return Ok(function.code_handle().to_owned());
    }
    if !Str::check(&ob) && !buffer::check(ob) {
        let shown = object::repr(th, ob)?;
        return Err(raise!(th, TYPE_ERROR, "unsupported script {}", &*shown));
    }
    let filename = Str::interned(th, "<script>")?;
    let request = Request {
        filename: filename.borrow(),
        mode: Mode::Exec,
        flags: 0,
        optimize: Some(0),
        feature_version: None,
    };
    with_source(th, ob, "exec", "string, bytes or code", |source| {
        compile::compile(th, source, request)
    })
}
