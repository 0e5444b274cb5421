//! `cpython/monitoring.h`: events that C code raises for tools.
//!
//! No tool can ask for events yet (`sys.monitoring` says so), so no state is ever active.

use std::ffi::c_int;

use krait_abi as abi;
use krait_macros::capi;

type State = *mut abi::PyMonitoringState;
type Ptr = *mut abi::PyObject;

#[capi]
pub fn PyMonitoring_EnterScope(
    states: State,
    _version: *mut u64,
    _events: *const u8,
    count: isize,
) -> c_int {
    for at in 0..count.max(0) as usize {
        // SAFETY: C passes `count` states.
        unsafe { (*states.add(at)).active = 0 };
    }
    0
}

#[capi]
pub fn PyMonitoring_ExitScope() -> c_int {
    0
}

macro_rules! events {
    ($($name:ident($($argument:ty),*);)*) => {$(
        events!(@one $name $($argument),*);
    )*};
    (@one $name:ident) => {
        #[capi]
        pub fn $name(_state: State, _code: Ptr, _offset: i32) -> c_int {
            0
        }
    };
    (@one $name:ident $a:ty) => {
        #[capi]
        pub fn $name(_state: State, _code: Ptr, _offset: i32, _a: $a) -> c_int {
            0
        }
    };
    (@one $name:ident $a:ty, $b:ty) => {
        #[capi]
        pub fn $name(_state: State, _code: Ptr, _offset: i32, _a: $a, _b: $b) -> c_int {
            0
        }
    };
}

events! {
    _PyMonitoring_FirePyStartEvent();
    _PyMonitoring_FirePyResumeEvent();
    _PyMonitoring_FirePyReturnEvent(Ptr);
    _PyMonitoring_FirePyYieldEvent(Ptr);
    _PyMonitoring_FireCallEvent(Ptr, Ptr);
    _PyMonitoring_FireLineEvent(c_int);
    _PyMonitoring_FireJumpEvent(Ptr);
    _PyMonitoring_FireBranchEvent(Ptr);
    _PyMonitoring_FireBranchLeftEvent(Ptr);
    _PyMonitoring_FireBranchRightEvent(Ptr);
    _PyMonitoring_FireCReturnEvent(Ptr);
    _PyMonitoring_FirePyThrowEvent();
    _PyMonitoring_FireRaiseEvent();
    _PyMonitoring_FireCRaiseEvent();
    _PyMonitoring_FireReraiseEvent();
    _PyMonitoring_FireExceptionHandledEvent();
    _PyMonitoring_FirePyUnwindEvent();
    _PyMonitoring_FireStopIterationEvent(Ptr);
}
