//! Running a function for a caller in native code.

use krait_bytecode::code_flags;
use krait_objects::prelude::*;
use krait_objects::row::in_row;

use super::Function;
use crate::frame::{self, Frame, StackRef, datastack};

/// Runs the function in a loop of its own: for native callers.
pub(super) fn call(th: &Thread, function: Borrowed<'_, Function>, args: Args<'_>) -> PyResult {
    // SAFETY: the frame is new, and nobody else's.
    unsafe {
        if let Some(frame) = push_plain(th, function, args) {
            return crate::interpreter::run_frame(th, frame, false);
        }
    }
    call_otherwise(th, function, args)
}

/// `call` with any arguments, of any code.
#[inline(never)]
fn call_otherwise(th: &Thread, function: Borrowed<'_, Function>, args: Args<'_>) -> PyResult {
    let optimized = function.code_handle().has_flag(code_flags::OPTIMIZED);
    let locals = match optimized {
        true => std::ptr::null_mut(),
        false => function.globals.get_owned().map_or(std::ptr::null_mut(), Owned::into_ptr),
    };
    // SAFETY: a live object.
    let value = |index: usize| unsafe { StackRef::new(args.values[index].as_ptr()) };
    // SAFETY: the frame takes over new references to the function, its globals and the arguments.
    unsafe {
        let frame = in_row(args.values.len(), value, |values| {
            frame::push_for_call(
                th,
                StackRef::new(function.as_ptr()),
                locals,
                values.as_ptr(),
                args.positional,
                args.kwnames,
                std::ptr::null_mut(),
            )
        })?;
        crate::interpreter::run_frame(th, frame, false)
    }
}

/// A frame for a call that gives each parameter by its position, if it fits the data stack.
///
/// # Safety
/// The frame is popped before any that was pushed earlier.
#[inline(always)]
unsafe fn push_plain(
    th: &Thread,
    function: Borrowed<'_, Function>,
    args: Args<'_>,
) -> Option<*mut Frame> {
    let code = function.code_handle();
    const KINDS: u32 = code_flags::OPTIMIZED | code_flags::VARARGS | code_flags::VARKEYWORDS;
    let plain = code.flags as u32 & KINDS == code_flags::OPTIMIZED && code.kwonlyargcount == 0;
    let count = args.values.len();
    if !plain || args.kwnames.is_some() || count != code.argcount as usize {
        return None;
    }
    if !datastack::has_room(th, code.framesize as usize) {
        return None;
    }
    // SAFETY: there is room; the frame takes over new references to the function and the arguments, and the locals behind
    // those are unset.
    unsafe {
        let frame = datastack::take(th, code.framesize as usize);
        let null = std::ptr::null_mut();
        Frame::init(frame, StackRef::new(function.as_ptr()), null, code, null.cast());
        // By address, because there are few: the optimiser unrolls the other kind of loop.
        let mut local = Frame::local(frame, 0);
        let values = args.values.as_ptr_range();
        let mut value = values.start;
        while value < values.end {
            local.write_volatile(StackRef::new((*value).as_ptr()));
            local = local.add(1);
            value = value.add(1);
        }
        Frame::unset_from(frame, local);
        Some(frame)
    }
}
