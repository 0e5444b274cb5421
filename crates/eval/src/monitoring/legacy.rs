//! `sys.settrace` and `sys.setprofile` as two more tools.
//!
//! The thread state holds a C function and its object, which `PyEval_SetTrace` and `PyEval_SetProfile` set; Python's
//! functions are called through two C functions of ours. The same job as CPython's `Python/legacy_tracing.c`.

use std::ffi::c_int;

use krait_abi as abi;
use krait_objects::cfunction::CFunction;
use krait_objects::descr::MethodDescriptor;
use krait_objects::prelude::*;

use super::line_at;
use super::{SYS_PROFILE, SYS_TRACE, event, forget_disabled, monitors, refresh};
use crate::code::{Code, foreign};
use crate::frame::{self, FrameObject};
use crate::thread_states;

type Ptr = *mut abi::PyObject;
type FramePtr = *mut abi::PyFrameObject;
pub type TraceFunction = unsafe extern "C" fn(Ptr, FramePtr, c_int, Ptr) -> c_int;

const CALL: c_int = 0;
const EXCEPTION: c_int = 1;
const LINE: c_int = 2;
const RETURN: c_int = 3;
const C_CALL: c_int = 4;
const C_EXCEPTION: c_int = 5;
const C_RETURN: c_int = 6;
const OPCODE: c_int = 7;

/// What functions written in Python are told, by number.
const NAMES: [&str; 8] =
    ["call", "exception", "line", "return", "c_call", "c_exception", "c_return", "opcode"];

const TRACED: u32 = 1 << event::PY_START
    | 1 << event::PY_RESUME
    | 1 << event::PY_RETURN
    | 1 << event::PY_YIELD
    | 1 << event::RAISE
    | 1 << event::LINE
    | 1 << event::JUMP
    | 1 << event::PY_UNWIND
    | 1 << event::PY_THROW
    | 1 << event::STOP_ITERATION;

const PROFILED: u32 = 1 << event::PY_START
    | 1 << event::PY_RESUME
    | 1 << event::PY_RETURN
    | 1 << event::PY_YIELD
    | 1 << event::CALL
    | 1 << event::PY_UNWIND
    | 1 << event::PY_THROW;

/// Which of the two.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Trace,
    Profile,
}

/// The thread's fields: function and object.
unsafe fn fields(th: &Thread, kind: Kind) -> (*mut abi::Py_tracefunc, *mut Ptr) {
    // SAFETY: the thread state is live.
    unsafe {
        let raw = th.raw();
        match kind {
            Kind::Trace => (&raw mut (*raw).c_tracefunc, &raw mut (*raw).c_traceobj),
            Kind::Profile => (&raw mut (*raw).c_profilefunc, &raw mut (*raw).c_profileobj),
        }
    }
}

/// The object that a thread's function was set with.
pub fn object_of(th: &Thread, kind: Kind) -> Option<Owned> {
    // SAFETY: the field owns its reference.
    unsafe { Borrowed::<Object>::from_ptr_or_null(*fields(th, kind).1).map(Borrowed::to_owned) }
}

/// Sets or removes the function of one thread; `th` is the calling one.
pub fn set_in(
    th: &Thread,
    target: &Thread,
    kind: Kind,
    function: Option<TraceFunction>,
    object: Option<Borrowed<'_>>,
) -> PyResult<()> {
    let name = match kind {
        Kind::Trace => "sys.settrace",
        Kind::Profile => "sys.setprofile",
    };
    crate::sys::audit(th, name, &[])?;
    // SAFETY: the fields own the object, which is released when nothing refers to it any more.
    let old = unsafe {
        let (field, slot) = fields(target, kind);
        *field = function;
        let object = object.filter(|_| function.is_some());
        let new = object.map_or(std::ptr::null_mut(), |object| object.to_owned().into_ptr());
        Owned::<Object>::from_ptr_or_null(std::mem::replace(&mut *slot, new))
    };
    let updated = update(th);
    drop(old);
    updated?;
    if kind == Kind::Trace
        && function.is_some()
        && let Some(frame) = current(th)?
        && frame.trace_opcodes.get() != 0
    {
        trace_opcodes(th, frame.code(), true)?;
    }
    Ok(())
}

/// Sets a function of Python's, or removes it with None.
pub fn set_python(
    th: &Thread,
    target: &Thread,
    kind: Kind,
    function: Borrowed<'_>,
) -> PyResult<()> {
    let ours: TraceFunction = match kind {
        Kind::Trace => call_trace_function,
        Kind::Profile => call_profile_function,
    };
    match function.is_none() {
        true => set_in(th, target, kind, None, None),
        false => set_in(th, target, kind, Some(ours), Some(function)),
    }
}

/// Switches the events on or off, by whether any thread has a function.
fn update(th: &Thread) -> PyResult<()> {
    let (mut traced, mut profiled) = (0, 0);
    thread_states::for_each(th, |other| {
        // SAFETY: a live thread state.
        unsafe {
            if (*other.raw()).c_tracefunc.is_some() {
                traced = TRACED;
            }
            if (*other.raw()).c_profilefunc.is_some() {
                profiled = PROFILED;
            }
        }
        Ok(())
    })?;
    let monitors = monitors(th);
    let global = monitors.global.get();
    let changed = global[SYS_TRACE] != traced || global[SYS_PROFILE] != profiled;
    if changed {
        forget_disabled(th);
    }
    monitors.set_global(SYS_TRACE, traced);
    monitors.set_global(SYS_PROFILE, profiled);
    // Frames on the stack may be of code that has not been entered since.
    refresh(th)
}

/// Switches events for each instruction on or off in the code of a frame.
pub fn trace_opcodes(th: &Thread, code: Borrowed<'_, Code>, on: bool) -> PyResult<()> {
    foreign::admit(th, code.get())?;
    let data = code.get().hooks().make(th, code.get());
    let old = data.borrow().local[SYS_TRACE];
    let bit = 1 << event::INSTRUCTION;
    let new = if on { old | bit } else { old & !bit };
    if new == old {
        return Ok(());
    }
    data.borrow_mut().local[SYS_TRACE] = new;
    refresh(th)
}

/// The frame object that an event is about.
fn current(th: &Thread) -> PyResult<Option<Owned<FrameObject>>> {
    let frame = frame::current_complete(th);
    if frame.is_null() {
        return Ok(None);
    }
    // SAFETY: (7).
    unsafe { frame::object::of(th, frame).map(Some) }
}

fn notify(th: &Thread, kind: Kind, what: c_int, arg: Borrowed<'_>) -> PyResult<()> {
    // SAFETY: the fields are the thread's; the objects are held during the call.
    unsafe {
        let Some(function) = *fields(th, kind).0 else { return Ok(()) };
        let object = object_of(th, kind);
        let Some(frame) = current(th)? else { return Ok(()) };
        let places = kind == Kind::Trace && !matches!(what, LINE | OPCODE);
        if places && frame.trace_opcodes.get() != 0 {
            trace_opcodes(th, frame.code(), true)?;
        }
        let target = object.as_ref().map_or(std::ptr::null_mut(), |object| object.as_ptr());
        match function(target, frame.as_ptr().cast(), what, arg.as_ptr()) {
            0 => Ok(()),
            _ => Err(th.raised_by_c()),
        }
    }
}

/// `(type, value, traceback)`.
fn triple(th: &Thread, exception: Borrowed<'_>) -> PyResult<Owned<Tuple>> {
    let traceback = exception
        .downcast::<BaseException>()
        .and_then(|exception| exception.traceback().map(Borrowed::to_owned));
    let traceback = traceback.unwrap_or_else(|| none().to_owned());
    Tuple::from_slice(th, &[exception.ty().object(), exception, traceback.borrow()])
}

/// An event for the thread's trace function. The answer is whether the place need not be looked at again.
pub fn trace(
    th: &Thread,
    code: Borrowed<'_, Code>,
    event: u8,
    unit: usize,
    extra: &[Borrowed<'_>],
) -> PyResult<bool> {
    let first = extra.first().copied().unwrap_or(none());
    match event {
        event::PY_START | event::PY_RESUME | event::PY_THROW => {
            notify(th, Kind::Trace, CALL, none())?;
        }
        event::PY_RETURN | event::PY_YIELD => notify(th, Kind::Trace, RETURN, first)?,
        event::PY_UNWIND => notify(th, Kind::Trace, RETURN, none())?,
        event::RAISE | event::STOP_ITERATION => {
            let arg = triple(th, first)?;
            notify(th, Kind::Trace, EXCEPTION, arg.object())?;
        }
        event::LINE => trace_line(th, line_at(code.get(), unit))?,
        event::INSTRUCTION => {
            if let Some(frame) = current(th)? {
                trace_opcode(th, &frame)?;
            }
        }
        event::JUMP => {
            let to = first.downcast::<Int>().and_then(|to| to.get().to_i64());
            let to = to.and_then(|to| usize::try_from(to / 2).ok());
            let line = line_at(code.get(), unit);
            // Other lines tell of themselves.
            let Some(_) = to.filter(|&to| to < unit && line_at(code.get(), to) == line) else {
                return Ok(true);
            };
            trace_line(th, line)?;
        }
        _ => {}
    }
    Ok(false)
}

/// Where nobody wants to hear of instructions any more, their events are switched off.
fn trace_opcode(th: &Thread, frame: &FrameObject) -> PyResult<()> {
    // SAFETY: the thread is ours.
    let traced = unsafe { (*th.raw()).c_tracefunc.is_some() };
    if traced && frame.trace_opcodes.get() != 0 {
        return notify(th, Kind::Trace, OPCODE, none());
    }
    trace_opcodes(th, frame.code(), false)
}

fn trace_line(th: &Thread, line: Option<i32>) -> PyResult<()> {
    let (Some(frame), Some(line)) = (current(th)?, line) else { return Ok(()) };
    if frame.trace_lines.get() == 0 {
        return Ok(());
    }
    frame.line.set(line);
    let told = notify(th, Kind::Trace, LINE, none());
    frame.line.set(0);
    told
}

/// An event for the thread's profile function.
pub fn profile(th: &Thread, event: u8, extra: &[Borrowed<'_>]) -> PyResult<bool> {
    // SAFETY: the thread is ours.
    if unsafe { (*th.raw()).c_profilefunc.is_none() } {
        return Ok(false);
    }
    let first = extra.first().copied().unwrap_or(none());
    match event {
        event::PY_START | event::PY_RESUME | event::PY_THROW => {
            notify(th, Kind::Profile, CALL, none())?;
        }
        event::PY_RETURN | event::PY_YIELD => notify(th, Kind::Profile, RETURN, first)?,
        event::PY_UNWIND => notify(th, Kind::Profile, RETURN, none())?,
        event::CALL => profile_call(th, C_CALL, extra)?,
        event::C_RETURN => profile_call(th, C_RETURN, extra)?,
        event::C_RAISE => profile_call(th, C_EXCEPTION, extra)?,
        _ => {}
    }
    Ok(false)
}

/// Profilers hear of built-in functions and methods only, and see methods bound.
fn profile_call(th: &Thread, what: c_int, extra: &[Borrowed<'_>]) -> PyResult<()> {
    let &[callable, this] = extra else { return Ok(()) };
    if callable.downcast::<CFunction>().is_some() {
        return notify(th, Kind::Profile, what, callable);
    }
    if callable.is_exact::<MethodDescriptor>() {
        let missing = monitors(th).missing();
        if missing.borrow().is(this) {
            return Ok(());
        }
        let bound = krait_objects::descr::bind(th, callable, Some(this), this.ty().object())?;
        return notify(th, Kind::Profile, what, bound.borrow());
    }
    Ok(())
}

/// Calls `callback(frame, what, arg)`.
unsafe fn call_python(
    th: &Thread,
    callback: Borrowed<'_>,
    frame: FramePtr,
    what: c_int,
    arg: Ptr,
) -> PyResult {
    // SAFETY: the contract of trace functions: a frame, and an object or null.
    unsafe {
        let frame: Borrowed<'_> = Borrowed::from_ptr(frame.cast());
        let arg = Borrowed::<Object>::from_ptr_or_null(arg).unwrap_or(none());
        let name = NAMES.get(what as usize).copied().unwrap_or("");
        let name = Str::interned(th, name)?;
        call::call(th, callback, &[frame, name.object(), arg])
    }
}

/// Takes the thread's function away because it has raised; the exception stays.
fn drop_function(th: &Thread, kind: Kind) {
    let Some(exception) = th.take_exception() else { return };
    if set_in(th, th, kind, None, None).is_err() {
        drop(th.take_exception());
    }
    let _raised = th.set_exception(exception.into_object());
}

unsafe extern "C" fn call_profile_function(
    object: Ptr,
    frame: FramePtr,
    what: c_int,
    arg: Ptr,
) -> c_int {
    let th = Thread::current();
    // SAFETY: called by `notify`, which holds the objects.
    match unsafe { call_python(th, Borrowed::from_ptr(object), frame, what, arg) } {
        Ok(_answer) => 0,
        Err(_raised) => {
            drop_function(th, Kind::Profile);
            -1
        }
    }
}

/// A new frame is shown to the thread's function; its answer hears of everything else in the frame.
unsafe extern "C" fn call_trace_function(
    object: Ptr,
    frame: FramePtr,
    what: c_int,
    arg: Ptr,
) -> c_int {
    let th = Thread::current();
    // SAFETY: called by `notify`, which holds the objects.
    unsafe {
        let traced: Borrowed<'_, FrameObject> = Borrowed::from_ptr(frame.cast());
        let callback = match what {
            CALL => Some(Borrowed::<Object>::from_ptr(object).to_owned()),
            _ => traced.trace.get_owned(),
        };
        let Some(callback) = callback else { return 0 };
        match call_python(th, callback.borrow(), frame, what, arg) {
            Ok(answer) => {
                if !answer.is_none() {
                    let old = traced.trace.replace(Some(answer));
                    drop(old);
                }
                0
            }
            Err(_raised) => {
                drop_function(th, Kind::Trace);
                let old = traced.trace.take();
                drop(old);
                -1
            }
        }
    }
}
