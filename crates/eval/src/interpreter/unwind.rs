//! Finding the handler of an exception: the code object's exception table, frame by frame.
//!
//! The `error` and `exception_unwind` paths of CPython's `Python/ceval.c`.

use krait_objects::prelude::*;

use super::{LEAVE, OWNED_BY_INTERPRETER};
use crate::code::{CodeUnit, foreign};
use crate::frame::{self, Frame, StackRef};
use crate::monitoring::{self, event};
use crate::traceback;

/// Adds the current frame to the exception's traceback and goes to its handler, or leaves the frame and
/// looks in its caller. Answers where to go on.
pub fn unwind(th: &Thread) -> *const CodeUnit {
    unwind_from(th, Place::Here)
}

/// As `unwind`, for an exception that came out of a callee.
pub fn unwind_caller(th: &Thread) -> *const CodeUnit {
    unwind_from(th, Place::Before)
}

/// The unit of the current frame that the tools are told of.
#[derive(Clone, Copy)]
enum Place {
    /// The last of the instruction that has raised.
    Here,
    /// The one before the instruction in which a callee has raised, or at which an exception was thrown in.
    Before,
    Unit(isize),
}

fn unwind_from(th: &Thread, mut place: Place) -> *const CodeUnit {
    // SAFETY: (7): each frame met is the current one, with its state saved.
    unsafe {
        loop {
            let frame = frame::current(th);
            if (*frame).owner == OWNED_BY_INTERPRETER {
                return LEAVE.as_ptr();
            }
            if !Frame::is_incomplete(frame) {
                traceback::add_here(th, frame);
                tell(th, frame, event::RAISE, place);
            }
            if let Some(ip) = handle_or_leave(th, frame, Frame::last_unit(frame), place) {
                return ip;
            }
            place = Place::Before;
        }
    }
}

/// As `unwind`, for an exception raised again by the instruction at `ip`: its traceback knows this frame.
pub fn unwind_again(th: &Thread, ip: *const CodeUnit) -> *const CodeUnit {
    // SAFETY: (7), (8).
    unsafe {
        let frame = frame::current(th);
        let at = ip.offset_from(Frame::code(frame).units());
        tell(th, frame, event::RERAISE, Place::Unit(at));
        if let Some(ip) = handle_or_leave(th, frame, at, Place::Unit(at)) {
            return ip;
        }
    }
    unwind_from(th, Place::Before)
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
            tell(th, frame, event::PY_THROW, Place::Unit(Frame::last_unit(frame)));
            traceback::add_here(th, frame);
            tell(th, frame, event::RAISE, Place::Before);
        }
        handle_or_leave(th, frame, Frame::last_unit(frame) - 1, Place::Before)
    }
}

/// Tells the tools, if any listen.
#[inline(always)]
unsafe fn tell(th: &Thread, frame: *mut Frame, event: u8, place: Place) {
    if monitoring::is_on(th) {
        // SAFETY: the caller's: the frame is the current one.
        unsafe { monitoring::exception_event(th, frame, event, unit_of(frame, place)) };
    }
}

#[cold]
unsafe fn unit_of(frame: *mut Frame, place: Place) -> isize {
    // SAFETY: the caller's: a live frame of Python code.
    let last = unsafe { Frame::last_unit(frame) };
    match place {
        Place::Before => last - 1,
        Place::Unit(unit) => unit,
        Place::Here => {
            // SAFETY: as above.
            let code = unsafe { Frame::code(frame) };
            let opcode = monitoring::base_at(code.get(), last.max(0) as usize);
            last + opcode.map_or(0, |opcode| opcode.cache_units() as isize)
        }
    }
}

/// StopIteration is the current exception and will be dropped, because it ends the loop or the delegation that
/// runs: the tools are told as if it had been raised.
#[cold]
pub fn tell_of_stop(th: &Thread) {
    if monitoring::is_on(th) && th.exception_matches(exc::STOP_ITERATION) {
        let frame = frame::current(th);
        // SAFETY: (7): the frame runs an instruction, its state saved.
        unsafe { monitoring::exception_event(th, frame, event::RAISE, Frame::last_unit(frame)) };
    }
}

/// The handler of the current exception in this frame; without one the frame is left.
unsafe fn handle_or_leave(
    th: &Thread,
    frame: *mut Frame,
    at: isize,
    place: Place,
) -> Option<*const CodeUnit> {
    // SAFETY: the caller's: the frame is the current one.
    unsafe {
        match enter_handler(th, frame, at) {
            Some(ip) if !monitoring::is_on(th) => Some(ip),
            Some(ip) => tell_of_handler(th, frame, ip),
            None => leave_unhandled(th, frame, place),
        }
    }
}

#[inline(never)]
unsafe fn leave_unhandled(th: &Thread, frame: *mut Frame, place: Place) -> Option<*const CodeUnit> {
    // SAFETY: the caller's: the frame is the current one.
    unsafe {
        // The frame that waits for an `__init__` is nobody's code.
        if !super::construct::is_cleanup(th, Frame::code(frame)) {
            tell(th, frame, event::PY_UNWIND, place);
        }
        frame::leave(th, frame);
    }
    None
}

/// Tells the tools that the frame goes on at `ip`, its handler. A tool's own exception is raised in front of the handler.
#[cold]
#[inline(never)]
unsafe fn tell_of_handler(
    th: &Thread,
    frame: *mut Frame,
    mut ip: *const CodeUnit,
) -> Option<*const CodeUnit> {
    // SAFETY: the caller's: the frame is the current one, the exception on its stack.
    unsafe {
        loop {
            let handled = (*(*frame).sp.sub(1)).get().to_owned();
            let code = Frame::code(frame);
            let unit = ip.offset_from(code.units());
            let extra = [handled.borrow()];
            let event = event::EXCEPTION_HANDLED;
            if monitoring::deliver(th, code, event, unit as usize, &extra).is_ok() {
                return Some(ip);
            }
            let at = unit - 1;
            match enter_handler(th, frame, at).filter(|&ip| may_handle(th, frame, ip)) {
                Some(next) if !monitoring::is_on(th) => return Some(next),
                Some(next) => ip = next,
                None => return leave_unhandled(th, frame, Place::Unit(at)),
            }
        }
    }
}

/// Whether foreign code may go on in this handler, which it does not expect to be in. If not, the exception is the current
/// one again.
#[cold]
unsafe fn may_handle(th: &Thread, frame: *mut Frame, ip: *const CodeUnit) -> bool {
    // SAFETY: (5), (9): the handler's stack ends with the exception.
    unsafe {
        Frame::own_stack(frame);
        let unit = ip.offset_from(Frame::code(frame).units()) as usize;
        let depth = (*frame).sp.offset_from(Frame::stack_base(frame)) as usize;
        if foreign::may_go_on(frame, unit, depth) {
            return true;
        }
        (*frame).sp = (*frame).sp.sub(1);
        let _raised = th.set_exception((*(*frame).sp).into_owned());
        false
    }
}

/// Cuts the stack to the handler's depth, pushes the exception, and answers the handler; `None` if the
/// table has none for the instruction at index `at`.
unsafe fn enter_handler(th: &Thread, frame: *mut Frame, at: isize) -> Option<*const CodeUnit> {
    // SAFETY: (4), (5); the table's depth is at most the stack's.
    unsafe {
        let code = Frame::code(frame);
        let handler = code.handler_of(at as u32)?;
        let base = Frame::stack_base(frame);
        if (handler.depth as isize) > (*frame).sp.offset_from(base) {
            // No compiler's code is like that, unless a tool has raised in front of another handler. The verifier has
            // foreign code's handlers seen with a stack of their depth only.
            return None;
        }
        let keep = base.add(handler.depth as usize);
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
