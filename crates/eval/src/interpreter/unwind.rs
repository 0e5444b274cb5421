//! Finding the handler of an exception: the code object's exception table, frame by frame.
//!
//! The `error` and `exception_unwind` paths of CPython's `Python/ceval.c`.

use krait_objects::prelude::*;

use super::{LEAVE, OWNED_BY_INTERPRETER};
use crate::code::CodeUnit;
use crate::frame::{self, Frame, StackRef};
use crate::monitoring::{self, event};
use crate::traceback;

/// Adds the current frame to the exception's traceback and goes to its handler, or leaves the frame and
/// looks in its caller. Answers where to go on.
pub fn unwind(th: &Thread) -> *const CodeUnit {
    // SAFETY: (7): each frame met is the current one, with its state saved.
    unsafe {
        loop {
            let frame = frame::current(th);
            if (*frame).owner == OWNED_BY_INTERPRETER {
                return LEAVE.as_ptr();
            }
            if !Frame::is_incomplete(frame) {
                traceback::add_here(th, frame);
                tell(th, frame, event::RAISE);
            }
            if let Some(ip) = handle_or_leave(th, frame, Frame::last_unit(frame)) {
                return ip;
            }
        }
    }
}

/// As `unwind`, for an exception raised again by the instruction at `ip`: its traceback knows this frame.
pub fn unwind_again(th: &Thread, ip: *const CodeUnit) -> *const CodeUnit {
    // SAFETY: (7), (8).
    unsafe {
        let frame = frame::current(th);
        let at = ip.offset_from(Frame::code(frame).units());
        tell(th, frame, event::RERAISE);
        if let Some(ip) = handle_or_leave(th, frame, at) {
            return ip;
        }
    }
    unwind(th)
}

/// As `unwind`, for an exception thrown into a generator's frame that waits: it comes from the instruction before
/// the one where the frame goes on. `None` if the frame has no handler for it: then it has been left.
pub unsafe fn unwind_waiting(th: &Thread, frame: *mut Frame) -> Option<*const CodeUnit> {
    // SAFETY: (7): the frame is the current one, with its state saved.
    unsafe {
        if monitoring::is_stale(th, Frame::code(frame)) {
            monitoring::instrument(th, Frame::code(frame));
        }
        if !Frame::is_incomplete(frame) {
            tell(th, frame, event::PY_THROW);
            traceback::add_here(th, frame);
            tell(th, frame, event::RAISE);
        }
        handle_or_leave(th, frame, Frame::last_unit(frame) - 1)
    }
}

/// Tells the tools, if any listen.
#[inline(always)]
unsafe fn tell(th: &Thread, frame: *mut Frame, event: u8) {
    if monitoring::is_on(th) {
        // SAFETY: the caller's: the frame is the current one.
        unsafe { monitoring::exception_event(th, frame, event) };
    }
}

/// The handler of the current exception in this frame; without one the frame is left.
unsafe fn handle_or_leave(th: &Thread, frame: *mut Frame, at: isize) -> Option<*const CodeUnit> {
    // SAFETY: the caller's: the frame is the current one.
    unsafe {
        let Some(ip) = enter_handler(th, frame, at) else {
            tell(th, frame, event::PY_UNWIND);
            frame::leave(th, frame);
            return None;
        };
        if !monitoring::is_on(th) {
            return Some(ip);
        }
        let handled = (*(*frame).sp.sub(1)).get().to_owned();
        let code = Frame::code(frame);
        let unit = ip.offset_from(code.units()) as usize;
        let told =
            monitoring::deliver(th, code, event::EXCEPTION_HANDLED, unit, &[handled.borrow()]);
        match told {
            Ok(()) => Some(ip),
            // The tool's own exception is raised where the handler begins.
            Err(_raised) => {
                (*frame).ip = ip;
                Some(super::UNWIND.as_ptr())
            }
        }
    }
}

/// Cuts the stack to the handler's depth, pushes the exception, and answers the handler; `None` if the
/// table has none for the instruction at index `at`.
unsafe fn enter_handler(th: &Thread, frame: *mut Frame, at: isize) -> Option<*const CodeUnit> {
    // SAFETY: (4), (5); the table's depth is below the stack's.
    unsafe {
        let code = Frame::code(frame);
        let handler = code.handler_of(at as u32)?;
        let keep = Frame::stack_base(frame).add(handler.depth as usize);
        while (*frame).sp > keep {
            (*frame).sp = (*frame).sp.sub(1);
            (*(*frame).sp).close();
        }
        if handler.lasti {
            push(frame, StackRef::tag_int(Frame::last_unit(frame)));
        }
        let exception = th.take_exception()?;
        push(frame, StackRef::from_owned(exception));
        Some(code.units().add(handler.target as usize))
    }
}

unsafe fn push(frame: *mut Frame, value: StackRef) {
    // SAFETY: (9): the code's stack size allows for it.
    unsafe {
        *(*frame).sp = value;
        (*frame).sp = (*frame).sp.add(1);
    }
}
