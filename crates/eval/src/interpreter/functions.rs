//! Making functions, their closures and cells.

use krait_bytecode::function_attribute;
use krait_objects::prelude::*;

use super::op::Op;
use crate::code::Code;
use crate::frame::{Frame, StackRef};
use crate::function::Function;
use krait_objects::cell::Cell;

pub fn make_function(op: Op<'_>) -> PyResult<()> {
    let code = op.pop1();
    // SAFETY: the compiler loads a code object for this instruction.
    let code: Borrowed<'_, Code> = unsafe { code.get().cast() };
    op.push(Function::new(op.th, code, op.globals())?);
    Ok(())
}

/// Fills in what `def` computed before it made the function.
pub fn set_function_attribute(op: Op<'_>) -> PyResult<()> {
    let [value, function] = op.pop();
    {
        // SAFETY: `MAKE_FUNCTION` made it; the compiler pairs flags with kinds of values.
        unsafe {
            let function: Borrowed<'_, Function> = function.get().cast();
            let value = value.into_owned();
            match op.arg as u32 {
                function_attribute::DEFAULTS => function.defaults.set(Some(value.cast())),
                function_attribute::KWDEFAULTS => function.kwdefaults.set(Some(value.cast())),
                function_attribute::ANNOTATIONS => function.annotations.set(Some(value)),
                function_attribute::CLOSURE => function.closure.set(Some(value.cast())),
                function_attribute::ANNOTATE => function.annotate.set(Some(value)),
                _ => return Err(op.th.bad_internal_call()),
            }
        }
    }
    op.push_ref(function.into_ref());
    Ok(())
}

/// A cell for a local that inner functions use; an argument moves into it.
pub fn make_cell(op: Op<'_>) -> PyResult<()> {
    // SAFETY: (4).
    unsafe {
        let slot = op.local(op.arg);
        let initial = *slot;
        let content = if initial.is_null() { None } else { Some(initial.into_owned()) };
        *slot = StackRef::NULL;
        *slot = StackRef::from_fresh(Cell::new(op.th, content)?);
    }
    Ok(())
}

/// Puts the closure's cells into the locals behind the others.
pub fn copy_free_vars(op: Op<'_>) -> PyResult<()> {
    // SAFETY: (4), (6): the compiler counts the closure's cells.
    unsafe {
        let code = op.code();
        let first = code.nlocalsplus as usize - op.arg;
        let Some(closure) = Frame::function(op.frame).get().closure.get() else {
            return Err(op.th.bad_internal_call());
        };
        for (index, cell) in closure.as_slice().iter().take(op.arg).enumerate() {
            *op.local(first + index) = StackRef::new(cell.as_ptr());
        }
    }
    Ok(())
}
