//! Making functions, their closures and cells.

use krait_bytecode::function_attribute;
use krait_objects::prelude::*;

use super::op::Op;
use crate::code::Code;
use crate::frame::{Frame, Held, StackRef};
use crate::function::Function;
use krait_objects::cell::Cell;

pub fn make_function(op: Op<'_>) -> PyResult<()> {
    let code = op.pop1();
    let Some(code) = code.get().downcast_exact::<Code>() else {
        return Err(op.th.bad_internal_call());
    };
    op.push(Function::new(op.th, code, op.globals())?);
    Ok(())
}

/// Fills in what `def` computed before it made the function. A compiler pairs flags with kinds of values; other
/// code gets a SystemError.
pub fn set_function_attribute(op: Op<'_>) -> PyResult<()> {
    let [value, function] = op.pop();
    if fill(&function, value, op.arg as u32).is_none() {
        return Err(op.th.bad_internal_call());
    }
    op.push_ref(function.into_ref());
    Ok(())
}

fn fill(function: &Held, value: Held, attribute: u32) -> Option<()> {
    let function = function.get().downcast_exact::<Function>()?;
    let value = value.into_owned();
    match attribute {
        function_attribute::DEFAULTS => function.defaults.set(Some(value.downcast().ok()?)),
        function_attribute::KWDEFAULTS => function.kwdefaults.set(Some(value.downcast().ok()?)),
        function_attribute::ANNOTATIONS => function.annotations.set(Some(value)),
        function_attribute::CLOSURE => {
            let closure = value.downcast::<Tuple>().ok()?;
            let wanted = function.code_handle().nfreevars as usize;
            let cells = closure.as_slice().iter().all(|cell| cell.is_exact::<Cell>());
            if closure.len() != wanted || !cells {
                return None;
            }
            function.closure.set(Some(closure));
        }
        function_attribute::ANNOTATE => function.annotate.set(Some(value)),
        _ => return None,
    }
    Some(())
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
