//! `CALL`: by the kind of callee.

use krait_bytecode::{Opcode, code_flags};
use krait_objects::prelude::*;

use super::super::calls;
use super::super::op::Op;
use super::{halves, write_cache};
use crate::function::Function;
use krait_objects::method::Method;

pub fn call(op: Op<'_>) -> Option<Opcode> {
    let base = op.slot(op.arg + 2);
    // SAFETY: (9): the operands of the call.
    unsafe {
        let callable = (*base).get();
        let has_self = !(*base.add(1)).is_null();
        if let Some(function) = callable.downcast_exact::<Function>() {
            let exact = is_exact(function, op.arg + usize::from(has_self));
            return remember(
                op,
                function,
                exact,
                Opcode::CALL_PY_EXACT_ARGS,
                Opcode::CALL_PY_GENERAL,
            );
        }
        if let Some(method) = callable.downcast_exact::<Method>()
            && !has_self
        {
            let function = method.get().function().downcast_exact::<Function>()?;
            return remember(
                op,
                function,
                is_exact(function, op.arg + 1),
                Opcode::CALL_BOUND_METHOD_EXACT_ARGS,
                Opcode::CALL_BOUND_METHOD_GENERAL,
            );
        }
    }
    Some(Opcode::CALL_NON_PY_GENERAL)
}

fn remember(
    op: Op<'_>,
    function: Borrowed<'_, Function>,
    exact: bool,
    best: Opcode,
    general: Opcode,
) -> Option<Opcode> {
    if !exact || function.version.get() == 0 {
        return Some(general);
    }
    // SAFETY: the cache of CALL: counter, function version.
    unsafe { write_cache(op, 2, halves(function.version.get())) };
    Some(best)
}

/// Whether the function has plain parameters only, as many as there are arguments.
fn is_exact(function: Borrowed<'_, Function>, count: usize) -> bool {
    let code = function.get().code_handle();
    let collectors = code_flags::VARARGS | code_flags::VARKEYWORDS;
    calls::is_python(function.object())
        && code.flags as u32 & (code_flags::OPTIMIZED | collectors) == code_flags::OPTIMIZED
        && code.kwonlyargcount == 0
        && code.argcount as usize == count
}
