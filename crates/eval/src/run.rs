//! The door to evaluation: run a code object, or compile source and run it.

use krait_objects::prelude::*;

use crate::code::Code;
use crate::frame::{self, StackRef};
use crate::function::Function;
use crate::interpreter;

/// Runs `code` with `globals` and `locals`, as `exec` and module bodies do: `PyEval_EvalCode`.
pub fn eval_code(
    th: &Thread,
    code: Borrowed<'_, Code>,
    globals: Borrowed<'_, Dict>,
    locals: Option<Borrowed<'_>>,
) -> PyResult {
    let function = Function::new(th, code, globals)?;
    run_function(th, function, locals.unwrap_or(globals.object()))
}

/// The same with the cells of a closure.
pub fn eval_code_with_closure(
    th: &Thread,
    code: Borrowed<'_, Code>,
    globals: Borrowed<'_, Dict>,
    locals: Borrowed<'_>,
    closure: Option<Owned<Tuple>>,
) -> PyResult {
    let function = Function::new(th, code, globals)?;
    function.closure.set(closure);
    run_function(th, function, locals)
}

fn run_function(th: &Thread, function: Owned<Function>, locals: Borrowed<'_>) -> PyResult {
    // SAFETY: the frame takes over the references to function and namespace.
    unsafe {
        let frame = frame::push_for_call(
            th,
            StackRef::from_owned(function),
            locals.to_owned().into_ptr(),
            std::ptr::NonNull::dangling().as_ptr(),
            0,
            None,
            std::ptr::null_mut(),
        )?;
        interpreter::run_frame(th, frame, false)
    }
}

/// Calls a function with arguments, the last of them by these names. Code that does not keep its names to itself has them in
/// `locals`, or else in the globals: `PyEval_EvalCodeEx`.
pub fn call_function(
    th: &Thread,
    function: Owned<Function>,
    locals: Option<Borrowed<'_>>,
    args: &[Borrowed<'_>],
    names: Option<Borrowed<'_, Tuple>>,
) -> PyResult {
    let shared = function.code_handle().flags & krait_abi::CO_OPTIMIZED == 0;
    let globals = function.globals.get().filter(|_| shared).map(|globals| globals.object());
    let locals =
        locals.or(globals).map_or(std::ptr::null_mut(), |locals| locals.to_owned().into_ptr());
    let given: Vec<StackRef> =
        args.iter().map(|arg| StackRef::from_owned((*arg).to_owned())).collect();
    let count = args.len() - names.map_or(0, |names| names.len());
    // SAFETY: the frame takes over the references to function, namespace and arguments.
    unsafe {
        let function = StackRef::from_owned(function);
        let none = std::ptr::null_mut();
        let frame = frame::push_for_call(th, function, locals, given.as_ptr(), count, names, none)?;
        interpreter::run_frame(th, frame, false)
    }
}

/// Runs a class body in `namespace`: what `__build_class__` calls its function for. The answer is the class's
/// cell, if the body has one.
pub fn call_class_body(th: &Thread, function: Borrowed<'_>, namespace: Borrowed<'_>) -> PyResult {
    let Some(function) = function.downcast::<Function>() else {
        return Err(th.bad_internal_call());
    };
    run_function(th, function.to_owned(), namespace)
}

/// As `eval_code`, for code that is known only as an object.
pub fn eval_code_object(th: &Thread, code: Borrowed<'_>, globals: Borrowed<'_, Dict>) -> PyResult {
    match code.downcast::<Code>() {
        Some(code) => eval_code(th, code, globals, None),
        None => Err(th.raise(exc::TYPE_ERROR, "a code object was expected")),
    }
}
