//! `cpython/monitoring.h`: events that C code raises for tools, about what stands for a code object there.

use std::cell::Cell;
use std::ffi::c_int;

use krait_abi as abi;
use krait_eval::monitoring::{self, event};
use krait_macros::capi;
use krait_objects::prelude::*;

type State = *mut abi::PyMonitoringState;

/// Brings the states up to date, one for each of the events; `version` tells whether anything has changed.
#[capi]
pub fn PyMonitoring_EnterScope(
    th: &Thread,
    states: State,
    version: *mut u64,
    events: *const u8,
    count: isize,
) -> c_int {
    let current = monitoring::version(th) as u64;
    // SAFETY: C passes `count` states and events.
    unsafe {
        if *version == current {
            return 0;
        }
        for at in 0..count.max(0) as usize {
            (*states.add(at)).active = monitoring::tools_everywhere(th, *events.add(at));
        }
        *version = current;
    }
    0
}

#[capi]
pub fn PyMonitoring_ExitScope() -> c_int {
    0
}

/// Calls the tools that the state names; those that want to hear no more leave it.
fn fire(
    th: &Thread,
    state: State,
    code: Borrowed<'_>,
    offset: i32,
    event: u8,
    extra: &[Borrowed<'_>],
) -> PyResult<()> {
    if offset < 0 {
        return Err(th.raise(exc::VALUE_ERROR, "offset must be non-negative"));
    }
    // SAFETY: C passes a state; its first byte is that of the active tools.
    let active = unsafe { &*(&raw mut (*state).active).cast::<Cell<u8>>() };
    let offset = Int::from_i64(th, offset.into())?;
    let mut args = vec![code];
    if event != event::LINE {
        args.push(offset.object());
    }
    args.extend_from_slice(extra);
    monitoring::fire(th, active, event, &args)
}

/// As `fire`, about the current exception, which stays the current one if no tool raises another.
fn fire_exception(
    th: &Thread,
    state: State,
    code: Borrowed<'_>,
    offset: i32,
    event: u8,
) -> PyResult<()> {
    let Some(exception) = th.take_exception() else {
        return Err(raise!(th, VALUE_ERROR, "Firing event {event} with no exception set"));
    };
    fire(th, state, code, offset, event, &[exception.object()])?;
    let _still_raised = th.set_exception(exception.into_object());
    Ok(())
}

macro_rules! events {
    ($($name:ident = $event:ident($($argument:ident),*);)*) => {$(
        #[capi]
        pub fn $name(
            th: &Thread,
            state: State,
            code: Borrowed<'_>,
            offset: i32,
            $($argument: Borrowed<'_>),*
        ) -> PyResult<()> {
            fire(th, state, code, offset, event::$event, &[$($argument),*])
        }
    )*};
}

events! {
    _PyMonitoring_FirePyStartEvent = PY_START();
    _PyMonitoring_FirePyResumeEvent = PY_RESUME();
    _PyMonitoring_FirePyReturnEvent = PY_RETURN(value);
    _PyMonitoring_FirePyYieldEvent = PY_YIELD(value);
    _PyMonitoring_FireJumpEvent = JUMP(target);
    _PyMonitoring_FireBranchEvent = BRANCH_RIGHT(target);
    _PyMonitoring_FireBranchLeftEvent = BRANCH_LEFT(target);
    _PyMonitoring_FireBranchRightEvent = BRANCH_RIGHT(target);
    _PyMonitoring_FireCReturnEvent = C_RETURN(value);
}

macro_rules! exception_events {
    ($($name:ident = $event:ident;)*) => {$(
        #[capi]
        pub fn $name(
            th: &Thread,
            state: State,
            code: Borrowed<'_>,
            offset: i32,
        ) -> PyResult<()> {
            fire_exception(th, state, code, offset, event::$event)
        }
    )*};
}

exception_events! {
    _PyMonitoring_FirePyThrowEvent = PY_THROW;
    _PyMonitoring_FireRaiseEvent = RAISE;
    _PyMonitoring_FireCRaiseEvent = C_RAISE;
    _PyMonitoring_FireReraiseEvent = RERAISE;
    _PyMonitoring_FireExceptionHandledEvent = EXCEPTION_HANDLED;
    _PyMonitoring_FirePyUnwindEvent = PY_UNWIND;
}

/// Without a first argument the tools get `sys.monitoring.MISSING`.
#[capi]
pub fn _PyMonitoring_FireCallEvent(
    th: &Thread,
    state: State,
    code: Borrowed<'_>,
    offset: i32,
    callable: Borrowed<'_>,
    first: Option<Borrowed<'_>>,
) -> PyResult<()> {
    let missing = monitoring::monitors(th).missing();
    let first = first.unwrap_or(missing.borrow());
    fire(th, state, code, offset, event::CALL, &[callable, first])
}

#[capi]
pub fn _PyMonitoring_FireLineEvent(
    th: &Thread,
    state: State,
    code: Borrowed<'_>,
    offset: i32,
    line: c_int,
) -> PyResult<()> {
    let line = Int::from_i64(th, line.into())?;
    fire(th, state, code, offset, event::LINE, &[line.object()])
}

/// The tools get the StopIteration, made from its value if need be.
#[capi]
pub fn _PyMonitoring_FireStopIterationEvent(
    th: &Thread,
    state: State,
    code: Borrowed<'_>,
    offset: i32,
    value: Borrowed<'_>,
) -> PyResult<()> {
    let class = Borrowed::from_ref(exc::STOP_ITERATION);
    let stop = match value.ty().is_subtype(exc::STOP_ITERATION) {
        true => value.to_owned(),
        false => call::call(th, class.object(), &[value])?,
    };
    fire(th, state, code, offset, event::STOP_ITERATION, &[stop.borrow()])
}
