//! `CALL_INTRINSIC_1` and `CALL_INTRINSIC_2`: what the compiler needs and no function does.
//!
//! CPython's `Python/intrinsics.c`.

use std::cell::Cell;

use krait_bytecode::{code_flags, intrinsic_1, intrinsic_2};
use krait_objects::prelude::*;

use super::op::Op;
use super::{except_star, imports};
use crate::frame::Frame;
use crate::function::Function;
use crate::generator::AsyncGenWrappedValue;

/// What the statements of PEP 695 make, by the module that has the types.
pub enum TypingRequest<'a> {
    TypeVar {
        name: Borrowed<'a>,
    },
    TypeVarWithBound {
        name: Borrowed<'a>,
        evaluate: Borrowed<'a>,
    },
    TypeVarWithConstraints {
        name: Borrowed<'a>,
        evaluate: Borrowed<'a>,
    },
    ParamSpec {
        name: Borrowed<'a>,
    },
    TypeVarTuple {
        name: Borrowed<'a>,
    },
    /// `Generic[*parameters]`.
    SubscriptGeneric {
        parameters: Borrowed<'a>,
    },
    /// A tuple of name, type parameters, and function that evaluates the value.
    TypeAlias {
        parts: Borrowed<'a>,
    },
    SetDefault {
        parameter: Borrowed<'a>,
        evaluate: Borrowed<'a>,
    },
}

/// Makes what a request asks for.
pub type MakeTyping = fn(&Thread, TypingRequest<'_>) -> PyResult;

/// The interpreter's maker of typing objects; set by whoever provides them.
#[derive(Default)]
pub struct TypingHooks {
    pub make: Cell<Option<MakeTyping>>,
}

/// The hooks of the thread's interpreter.
pub fn typing_hooks(th: &Thread) -> &TypingHooks {
    th.interp().state::<TypingHooks>()
}

fn typing(th: &Thread, request: TypingRequest<'_>) -> PyResult {
    let hooks = typing_hooks(th);
    if hooks.make.get().is_none() {
        // The module announces itself when it is made.
        crate::import::import(th, "_typing")?;
    }
    match hooks.make.get() {
        Some(make) => make(th, request),
        None => Err(th.raise(exc::SYSTEM_ERROR, "type parameters are not available")),
    }
}

pub fn call_intrinsic_1(op: Op<'_>) -> PyResult<()> {
    let value = op.pop1();
    let (th, value) = (op.th, value.get());
    let result = match op.arg as u32 {
        intrinsic_1::PRINT => print(th, value)?,
        intrinsic_1::IMPORT_STAR => import_star(op, value)?,
        intrinsic_1::STOPITERATION_ERROR => stop_iteration_error(op, value)?,
        intrinsic_1::ASYNC_GEN_WRAP => AsyncGenWrappedValue::new(th, value)?.into_object(),
        intrinsic_1::UNARY_POSITIVE => number::positive(th, value)?,
        intrinsic_1::LIST_TO_TUPLE => sequence::tuple(th, value)?.into_object(),
        intrinsic_1::TYPEVAR => typing(th, TypingRequest::TypeVar { name: value })?,
        intrinsic_1::PARAMSPEC => typing(th, TypingRequest::ParamSpec { name: value })?,
        intrinsic_1::TYPEVARTUPLE => typing(th, TypingRequest::TypeVarTuple { name: value })?,
        intrinsic_1::SUBSCRIPT_GENERIC => {
            typing(th, TypingRequest::SubscriptGeneric { parameters: value })?
        }
        intrinsic_1::TYPEALIAS => typing(th, TypingRequest::TypeAlias { parts: value })?,
        _ => return Err(th.raise(exc::SYSTEM_ERROR, "invalid intrinsic function")),
    };
    op.push(result);
    Ok(())
}

pub fn call_intrinsic_2(op: Op<'_>) -> PyResult<()> {
    let [first, second] = op.pop();
    let (th, first, second) = (op.th, first.get(), second.get());
    let result = match op.arg as u32 {
        intrinsic_2::PREP_RERAISE_STAR => except_star::prepare_reraise(th, first, second)?,
        intrinsic_2::TYPEVAR_WITH_BOUND => {
            typing(th, TypingRequest::TypeVarWithBound { name: first, evaluate: second })?
        }
        intrinsic_2::TYPEVAR_WITH_CONSTRAINTS => {
            typing(th, TypingRequest::TypeVarWithConstraints { name: first, evaluate: second })?
        }
        intrinsic_2::SET_FUNCTION_TYPE_PARAMS => {
            let Some(function) = first.downcast_exact::<Function>() else {
                return Err(th.bad_internal_call());
            };
            function.type_params.set(Some(second.to_owned()));
            first.to_owned()
        }
        intrinsic_2::SET_TYPEPARAM_DEFAULT => {
            typing(th, TypingRequest::SetDefault { parameter: first, evaluate: second })?
        }
        _ => return Err(th.raise(exc::SYSTEM_ERROR, "invalid intrinsic function")),
    };
    op.push(result);
    Ok(())
}

/// An expression statement at the prompt: `sys.displayhook(value)`.
fn print(th: &Thread, value: Borrowed<'_>) -> PyResult {
    let hook = match th.interp().sys_dict.get_owned() {
        Some(sys) => sys.get_str(th, id::displayhook)?,
        None => None,
    };
    match hook {
        Some(hook) => call::call(th, hook.borrow(), &[value]),
        None => Err(th.raise(exc::RUNTIME_ERROR, "lost sys.displayhook")),
    }
}

fn import_star(op: Op<'_>, module: Borrowed<'_>) -> PyResult {
    let Some(locals) = op.locals() else {
        let message = "no locals found during 'import *'";
        return Err(op.th.raise(exc::SYSTEM_ERROR, message));
    };
    imports::import_star(op.th, module, locals)?;
    Ok(none().to_owned())
}

/// A StopIteration that leaves a generator becomes a RuntimeError; other exceptions stay.
fn stop_iteration_error(op: Op<'_>, exception: Borrowed<'_>) -> PyResult {
    let th = op.th;
    // SAFETY: (5).
    let code = unsafe { Frame::code(op.frame) };
    let message = if exception.ty().is_subtype(exc::STOP_ITERATION) {
        if code.has_flag(code_flags::ASYNC_GENERATOR) {
            "async generator raised StopIteration"
        } else if code.has_flag(code_flags::COROUTINE) {
            "coroutine raised StopIteration"
        } else {
            "generator raised StopIteration"
        }
    } else if code.has_flag(code_flags::ASYNC_GENERATOR)
        && exception.ty().is_subtype(exc::STOP_ASYNC_ITERATION)
    {
        "async generator raised StopAsyncIteration"
    } else {
        return Ok(exception.to_owned());
    };
    let raised = th.raise(exc::RUNTIME_ERROR, message);
    let error = th.take_raised(raised);
    error.set_cause(Some(exception.to_owned()));
    error.set_context(Some(exception.to_owned()));
    Ok(error.into_object())
}
