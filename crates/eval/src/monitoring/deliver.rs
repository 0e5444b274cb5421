//! Calling the tools that listen to an event.

use std::cell::Cell;

use krait_objects::prelude::*;

use super::plan::event_of;
use super::{Monitors, SYS_PROFILE, SYS_TRACE, direction, event, instrument, legacy, monitors};
use crate::code::Code;
use crate::frame::{self, Frame};

/// Tells the tools about an event at `unit`; `extra` is what the callbacks get behind code and offset. An error is a
/// callback's.
///
/// While a callback runs there are no events in its thread.
pub fn deliver(
    th: &Thread,
    code: Borrowed<'_, Code>,
    event: u8,
    unit: usize,
    extra: &[Borrowed<'_>],
) -> PyResult<()> {
    deliver_from(th, code, event, unit, unit, extra)
}

/// As `deliver`, for an event that happens at `unit` but tells of `from`.
pub fn deliver_from(
    th: &Thread,
    code: Borrowed<'_, Code>,
    event: u8,
    unit: usize,
    from: usize,
    extra: &[Borrowed<'_>],
) -> PyResult<()> {
    // SAFETY: the thread is ours.
    if unsafe { (*th.raw()).tracing } > 0 {
        return Ok(());
    }
    let monitors = monitors(th);
    let tools = tools_at(th, code, event, unit);
    if tools == 0 {
        return Ok(());
    }
    let code = code.to_owned();
    let frame = frame::current(th);
    monitors.told.borrow_mut().push(frame);
    let told = call_tools(th, monitors, tools, &code, event, [unit, from], extra);
    let mut frames = monitors.told.borrow_mut();
    if let Some(at) = frames.iter().rposition(|&known| known == frame) {
        frames.remove(at);
    }
    told
}

/// Whether a tool of some thread is being told of the frame, which so waits at an instruction that is still to run.
pub fn is_told(th: &Thread, frame: *mut Frame) -> bool {
    monitors(th).told.borrow().contains(&frame)
}

/// Calls the tools, the highest number first.
fn call_tools(
    th: &Thread,
    monitors: &Monitors,
    mut tools: u8,
    code: &Owned<Code>,
    event: u8,
    [unit, from]: [usize; 2],
    extra: &[Borrowed<'_>],
) -> PyResult<()> {
    let mut changed = false;
    while tools != 0 {
        let tool = tools.ilog2() as usize;
        tools ^= 1 << tool;
        if call_tool(th, monitors, tool, code, event, from, extra)? {
            switch_off(th, monitors, tool, code, event, unit)?;
            changed = true;
        }
    }
    if changed {
        instrument::renew(th, code);
    }
    Ok(())
}

/// The tools that listen, a bit each. What a call leads to belongs to the call.
pub fn tools_at(th: &Thread, code: Borrowed<'_, Code>, event: u8, unit: usize) -> u8 {
    let monitors = monitors(th);
    let wanted = match event {
        event::C_RETURN | event::C_RAISE => event::CALL,
        event => event,
    };
    match code.get().hooks().get() {
        Some(data) => data.borrow().tools(monitors, wanted, unit),
        None => instrument::wanting(&monitors.global.get(), wanted),
    }
}

/// Calls one tool with its thread marked; the answer is whether it wants to hear no more of the place.
fn call_tool(
    th: &Thread,
    monitors: &Monitors,
    tool: usize,
    code: &Owned<Code>,
    event: u8,
    unit: usize,
    extra: &[Borrowed<'_>],
) -> PyResult<bool> {
    match tool {
        SYS_TRACE => marked(th, event, || legacy::trace(th, code.borrow(), event, unit, extra)),
        SYS_PROFILE => marked(th, event, || legacy::profile(th, event, extra)),
        _ if is_branch_switched_off(th, monitors, tool, code, event, unit) => Ok(true),
        _ => {
            let offset = Int::from_i64(th, 2 * unit as i64)?;
            let mut args = vec![code.object()];
            if event != event::LINE {
                args.push(offset.object());
            }
            args.extend_from_slice(extra);
            call_back(th, monitors, tool, event, &args)
        }
    }
}

/// Runs `body` as the telling of an event: there are no further ones meanwhile in this thread.
fn marked<T>(th: &Thread, event: u8, body: impl FnOnce() -> T) -> T {
    // SAFETY: the thread is ours.
    let outer = unsafe {
        (*th.raw()).tracing += 1;
        std::mem::replace(&mut (*th.raw()).what_event, event.into())
    };
    let answer = body();
    // SAFETY: as above.
    unsafe {
        (*th.raw()).tracing -= 1;
        (*th.raw()).what_event = outer;
    }
    answer
}

/// Calls a tool's callback, if it has one; the answer is whether it wants to hear no more of the place.
fn call_back(
    th: &Thread,
    monitors: &Monitors,
    tool: usize,
    event: u8,
    args: &[Borrowed<'_>],
) -> PyResult<bool> {
    let callback = monitors.callbacks.borrow()[tool][usize::from(event)].clone();
    let Some(callback) = callback else { return Ok(false) };
    marked(th, event, || {
        let answer = call::call(th, callback.borrow(), args)?;
        let disable = monitors.disable.borrow();
        Ok(disable.as_ref().is_some_and(|disable| disable.borrow().is(answer.borrow())))
    })
}

/// An event that native code tells of, about a place of its own; `active` are the tools that want to hear of it.
pub fn fire(th: &Thread, active: &Cell<u8>, event: u8, args: &[Borrowed<'_>]) -> PyResult<()> {
    // SAFETY: the thread is ours.
    if unsafe { (*th.raw()).tracing } > 0 {
        return Ok(());
    }
    let monitors = monitors(th);
    // The tracer and the profiler want frames.
    let mut tools = active.get() & !(1 << SYS_TRACE | 1 << SYS_PROFILE);
    while tools != 0 {
        let tool = tools.ilog2() as usize;
        tools ^= 1 << tool;
        if !call_back(th, monitors, tool, event, args)? {
            continue;
        }
        if event >= event::LOCAL {
            return Err(refuse(th, monitors, tool, event));
        }
        active.set(active.get() & !(1 << tool));
    }
    Ok(())
}

/// A callback for both directions of a branch hears of neither once one is switched off: the end of a branch is for
/// it only as long as the instruction at `source`, where the branch begins, has a hook for an event of its own.
fn is_branch_switched_off(
    th: &Thread,
    monitors: &Monitors,
    tool: usize,
    code: &Owned<Code>,
    event: u8,
    source: usize,
) -> bool {
    let as_one = direction(event)
        .is_some_and(|direction| monitors.branch_as_one.get()[direction] >> tool & 1 != 0);
    as_one
        && instrument::base_at(code, source)
            .and_then(|opcode| event_of(opcode, 0))
            .is_none_or(|own| tools_at(th, code.borrow(), own, source) == 0)
}

/// The tool wants to hear no more. Where that is not possible, its callback goes.
fn switch_off(
    th: &Thread,
    monitors: &Monitors,
    tool: usize,
    code: &Owned<Code>,
    event: u8,
    unit: usize,
) -> PyResult<()> {
    if event < event::LOCAL {
        code.hooks().make(th, code).borrow_mut().disable(tool, event, unit);
        return Ok(());
    }
    Err(refuse(th, monitors, tool, event))
}

/// The error for a tool that wants to hear no more of what cannot be switched off; its callback goes.
fn refuse(th: &Thread, monitors: &Monitors, tool: usize, event: u8) -> Raised {
    let old = monitors.set_callback(tool, event, None, false);
    drop(old);
    let name = event::NAMES[usize::from(event)];
    raise!(th, VALUE_ERROR, "Cannot disable {name} events. Callback removed.")
}

/// Tells the tools about the current exception, which stays the current one unless a callback raises another. The
/// event is one of `unit`.
///
/// # Safety
/// `frame` is the current frame, with its state saved.
#[cold]
#[inline(never)]
pub unsafe fn exception_event(th: &Thread, frame: *mut Frame, event: u8, unit: isize) {
    let Some(exception) = th.take_exception() else { return };
    // SAFETY: (5), (7).
    let delivered = unsafe {
        debug_assert!(frame == frame::current(th));
        let unit = unit.max(0) as usize;
        deliver(th, Frame::code(frame), event, unit, &[exception.object()])
    };
    if delivered.is_ok() {
        let _raised = th.set_exception(exception.into_object());
    }
}
