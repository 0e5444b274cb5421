//! `internal/pycore_interp.h`, `pycore_pystate.h`, `pycore_pylifecycle.h`: interpreters by their ids, their
//! configurations, and thread states.
//!
//! SAFETY, throughout: C passes live states, interpreters and structs.

use std::ffi::{c_int, c_long, c_void};
use std::ptr::null_mut;

use krait_abi as abi;
use krait_eval::registry::{self, Entry};
use krait_eval::subs::{Origin, Settings};
use krait_eval::{pending, pending_calls, sys};
use krait_macros::capi;
use krait_modules::interpreters::arguments::number_of;
use krait_modules::interpreters::config::Config;
use krait_modules::interpreters::errors as crossing;
use krait_modules::interpreters::session::not_found;
use krait_objects::interp::Interpreter;
use krait_objects::prelude::*;

use crate::support::*;

type State = *mut abi::PyThreadState;
type Interp = *mut abi::PyInterpreterState;

fn entry(interp: Interp) -> Option<Entry> {
    registry::find(interp.cast())
}

fn change(interp: Interp, change: impl FnOnce(&mut Entry)) {
    registry::update_interp(interp.cast(), change);
}

#[capi]
pub fn _PyInterpreterState_Main() -> Interp {
    // SAFETY: it takes nothing, and may be called at any time.
    unsafe { crate::interpreters::PyInterpreterState_Main() }
}

#[capi]
pub fn _PyInterpreterState_GetIDObject(th: &Thread, interp: Interp) -> PyResult<Owned<Int>> {
    // SAFETY: see the top of the file.
    Int::from_i64(th, unsafe { &*interp.cast::<Interpreter>() }.id)
}

#[capi]
pub fn _PyInterpreterState_ObjectToID(th: &Thread, ob: Borrowed<'_>) -> PyResult<i64> {
    number_of(th, ob, "interpreter")
}

fn look_up(th: &Thread, id: i64) -> PyResult<Interp> {
    match registry::find_id(id) {
        Some(entry) => Ok(entry.interp.cast_mut().cast()),
        None => Err(not_found(th, id)),
    }
}

#[capi(error = null_mut())]
pub fn _PyInterpreterState_LookUpID(th: &Thread, id: i64) -> PyResult<Interp> {
    look_up(th, id)
}

#[capi(error = null_mut())]
pub fn _PyInterpreterState_LookUpIDObject(th: &Thread, ob: Borrowed<'_>) -> PyResult<Interp> {
    look_up(th, number_of(th, ob, "interpreter")?)
}

/// Who made it, as `_PyInterpreterState_WHENCE_…`.
#[capi]
pub fn _PyInterpreterState_GetWhence(interp: Interp) -> c_long {
    entry(interp).map_or(0, |entry| match entry.origin {
        Origin::Unknown => 0,
        Origin::Runtime => 1,
        Origin::LegacyC => 2,
        Origin::C => 3,
        Origin::Crossing => 4,
        Origin::Library => 5,
    })
}

#[capi]
pub fn _PyInterpreterState_IsReady(interp: Interp) -> c_int {
    entry(interp).is_some_and(|entry| entry.is_ready).into()
}

#[capi]
pub fn _PyInterpreterState_IsRunningMain(interp: Interp) -> c_int {
    entry(interp).is_some_and(|entry| entry.runs_main).into()
}

#[capi]
pub fn _PyInterpreterState_SetRunningMain(th: &Thread, interp: Interp) -> PyResult<()> {
    let mut was_running = false;
    change(interp, |entry| was_running = std::mem::replace(&mut entry.runs_main, true));
    if was_running {
        return Err(crossing::interpreter_error(th, "interpreter already running"));
    }
    Ok(())
}

#[capi]
pub fn _PyInterpreterState_SetNotRunningMain(interp: Interp) {
    change(interp, |entry| entry.runs_main = false);
}

#[capi]
pub fn _PyInterpreterState_RequiresIDRef(interp: Interp) -> c_int {
    entry(interp).is_some_and(|entry| entry.ends_with_handles).into()
}

#[capi]
pub fn _PyInterpreterState_RequireIDRef(interp: Interp, required: c_int) {
    change(interp, |entry| entry.ends_with_handles = required != 0);
}

#[capi]
pub fn _PyInterpreterState_IDIncref(interp: Interp) {
    change(interp, |entry| entry.handles += 1);
}

/// Without handles, an interpreter that needs them ends.
#[capi]
pub fn _PyInterpreterState_IDDecref(interp: Interp) {
    let mut ends = false;
    change(interp, |entry| {
        entry.handles -= 1;
        ends = entry.handles == 0 && entry.ends_with_handles;
    });
    if !ends {
        return;
    }
    // SAFETY: a new state of a live interpreter, which ends with it; then the current one again.
    unsafe {
        let state = crate::interpreters::PyThreadState_New(interp);
        let before = crate::interpreters::PyThreadState_Swap(state);
        crate::interpreters::Py_EndInterpreter(state);
        crate::interpreters::PyThreadState_Swap(before);
    }
}

#[capi]
pub fn _Py_IsInterpreterFinalizing(interp: Interp) -> c_int {
    // SAFETY: see the top of the file.
    unsafe { &*interp.cast::<Interpreter>() }.finalizing.get().into()
}

type Settable = *mut abi::PyInterpreterConfig;

unsafe fn settings(config: Settable) -> Settings {
    // SAFETY: see the top of the file.
    let config = unsafe { &*config };
    Settings {
        use_main_obmalloc: config.use_main_obmalloc != 0,
        allow_fork: config.allow_fork != 0,
        allow_exec: config.allow_exec != 0,
        allow_threads: config.allow_threads != 0,
        allow_daemon_threads: config.allow_daemon_threads != 0,
        check_multi_interp_extensions: config.check_multi_interp_extensions != 0,
        own_gil: config.gil == 2,
    }
}

unsafe fn write(config: Settable, from: Config) {
    let settings = from.settings();
    // SAFETY: see the top of the file.
    unsafe {
        *config = abi::PyInterpreterConfig {
            use_main_obmalloc: settings.use_main_obmalloc.into(),
            allow_fork: settings.allow_fork.into(),
            allow_exec: settings.allow_exec.into(),
            allow_threads: settings.allow_threads.into(),
            allow_daemon_threads: settings.allow_daemon_threads.into(),
            check_multi_interp_extensions: settings.check_multi_interp_extensions.into(),
            gil: from.lock_number(),
        };
    }
}

#[capi]
pub fn _PyInterpreterConfig_AsDict(th: &Thread, config: Settable) -> PyResult {
    // SAFETY: see the top of the file.
    let config = unsafe { Config::of(&settings(config)).with_lock_number((*config).gil) };
    let Some(config) = config else {
        return Err(th.raise(exc::VALUE_ERROR, "invalid interpreter config 'gil' value"));
    };
    let namespace = config.to_namespace(th)?;
    object::get_attr(th, namespace.object(), id::__dict__)
}

#[capi]
pub fn _PyInterpreterConfig_InitFromState(
    th: &Thread,
    config: Settable,
    interp: Interp,
) -> PyResult<()> {
    let Some(entry) = entry(interp) else {
        return Err(th.bad_internal_call());
    };
    // SAFETY: see the top of the file.
    unsafe { write(config, Config::of(&entry.settings)) };
    Ok(())
}

fn from_dict(th: &Thread, place: Settable, dict: Borrowed<'_>, all: bool) -> PyResult<()> {
    let Some(dict) = dict.downcast::<Dict>() else {
        return Err(th.raise(exc::TYPE_ERROR, "dict expected"));
    };
    let mut config = if all {
        Config::named(th, "empty")?
    } else {
        // SAFETY: see the top of the file.
        unsafe {
            let config = Config::of(&settings(place)).with_lock_number((*place).gil);
            config.ok_or_else(|| {
                th.raise(exc::VALUE_ERROR, "invalid interpreter config 'gil' value")
            })?
        }
    };
    config.update(th, dict, all)?;
    // SAFETY: see the top of the file.
    unsafe { write(place, config) };
    Ok(())
}

#[capi]
pub fn _PyInterpreterConfig_InitFromDict(
    th: &Thread,
    place: Settable,
    dict: Borrowed<'_>,
) -> PyResult<()> {
    from_dict(th, place, dict, true)
}

#[capi]
pub fn _PyInterpreterConfig_UpdateFromDict(
    th: &Thread,
    place: Settable,
    dict: Borrowed<'_>,
) -> PyResult<()> {
    from_dict(th, place, dict, false)
}

#[capi]
pub fn _PyThreadState_GetCurrent() -> State {
    Thread::current_or_none().map_or(null_mut(), |th| th.raw())
}

/// Borrowed, made when it is asked for.
#[capi]
pub fn _PyThreadState_GetDict(th: &Thread, state: State) -> Ptr {
    // SAFETY: see the top of the file; the state owns its dictionary.
    unsafe {
        if (*state).dict.is_null() {
            match Dict::new(th) {
                Ok(dict) => (*state).dict = dict.into_ptr(),
                Err(raised) => drop(th.take_raised(raised)),
            }
        }
        (*state).dict
    }
}

#[capi]
pub fn _PyThreadState_New(interp: Interp, _whence: c_int) -> State {
    // SAFETY: see the top of the file.
    unsafe { crate::interpreters::PyThreadState_New(interp) }
}

#[capi]
pub fn _PyThreadState_NewBound(interp: Interp, _whence: c_int) -> State {
    // SAFETY: see the top of the file.
    unsafe { crate::interpreters::PyThreadState_New(interp) }
}

/// The frames of all threads, by the threads' numbers.
#[capi]
pub fn _PyThread_CurrentFrames(th: &Thread) -> PyResult {
    sys_call(th, "_current_frames", &[])
}

fn sys_call(th: &Thread, name: &str, args: &[Borrowed<'_>]) -> PyResult {
    let name = Str::interned(th, name)?;
    let Some(function) = sys::get(th, name.borrow())? else {
        return Err(raise!(th, RUNTIME_ERROR, "lost sys.{}", &*name));
    };
    call::call(th, function.borrow(), args)
}

#[capi(error = usize::MAX)]
pub fn _PySys_GetSizeOf(th: &Thread, ob: Borrowed<'_>) -> PyResult<usize> {
    let size = sys_call(th, "getsizeof", &[ob])?;
    let size = number::index(th, size.borrow())?;
    Ok(size.to_u64().map_or(usize::MAX, |size| size as usize))
}

#[capi]
pub fn _PySys_GetOptionalAttr(th: &Thread, name: Borrowed<'_>, place: *mut Ptr) -> PyResult<bool> {
    let found = attribute(th, name).and_then(|name| sys::get(th, name));
    // SAFETY: see the top of the file.
    unsafe { give(place, found) }
}

#[capi]
pub fn _PySys_GetOptionalAttrString(
    th: &Thread,
    text: *const std::ffi::c_char,
    place: *mut Ptr,
) -> PyResult<bool> {
    let found = name(th, text).and_then(|name| sys::get(th, name.borrow()));
    // SAFETY: see the top of the file.
    unsafe { give(place, found) }
}

fn required(th: &Thread, name: Borrowed<'_, Str>) -> PyResult {
    sys::get(th, name)?.ok_or_else(|| raise!(th, RUNTIME_ERROR, "lost sys.{}", &*name))
}

#[capi]
pub fn _PySys_GetRequiredAttr(th: &Thread, name: Borrowed<'_>) -> PyResult {
    required(th, attribute(th, name)?)
}

#[capi]
pub fn _PySys_GetRequiredAttrString(th: &Thread, text: *const std::ffi::c_char) -> PyResult {
    required(th, name(th, text)?.borrow())
}

#[capi]
pub fn _Py_HandlePending(th: &Thread, _state: State) -> PyResult<()> {
    if pending::is_set(th) { pending::handle(th) } else { Ok(()) }
}

#[capi]
pub fn _PyEval_MakePendingCalls(_state: State) -> c_int {
    // SAFETY: it takes nothing, and may be called at any time.
    unsafe { crate::runtime_facts::Py_MakePendingCalls() }
}

/// The main thread makes the call, whoever asks for it.
#[capi]
pub fn _PyEval_AddPendingCall(
    interp: Interp,
    function: Option<pending_calls::Function>,
    argument: *mut c_void,
    flags: c_int,
) -> c_int {
    const MAIN_THREAD_ONLY: c_int = 1;
    let target = (flags & MAIN_THREAD_ONLY == 0).then_some(interp.cast_const().cast());
    match function {
        Some(function) if pending_calls::add(target, function, argument) => 0,
        _ => -1,
    }
}

#[capi]
pub fn _PyOS_IsMainThread(th: &Thread) -> c_int {
    // SAFETY: it takes nothing, and answers this thread's own number.
    let here = unsafe { libc::pthread_self() } as u64;
    (registry::main().is_some_and(|main| std::ptr::eq(main.interp, th.interp()))
        && registry::main_ident() == Some(here))
    .into()
}

/// The numbers of signals that Python ignores from its start get their usual effect again.
#[capi]
pub fn _Py_RestoreSignals() {
    // SAFETY: signals that exist.
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
        libc::signal(libc::SIGXFSZ, libc::SIG_DFL);
    }
}

#[capi]
pub fn _Py_SetLocaleFromEnv(category: c_int) -> *mut std::ffi::c_char {
    // SAFETY: a constant string.
    unsafe { libc::setlocale(category, c"".as_ptr()) }
}

/// The native stack decides how deep calls may go, and is known from the start.
#[capi]
pub fn _Py_InitializeRecursionLimits(_state: State) {}

#[capi]
pub fn _Py_ReachedRecursionLimitWithMargin(th: &Thread, _state: State, margins: c_int) -> c_int {
    const MARGIN: usize = 16 << 10;
    (th.stack_left() < margins.max(0) as usize * MARGIN).into()
}

#[capi]
pub fn PyUnstable_ThreadState_SetStackProtection(
    th: &Thread,
    state: State,
    start: *mut c_void,
    size: usize,
) -> PyResult<()> {
    const LEAST: usize = 3 * 16 << 10;
    if size < LEAST {
        return Err(raise!(th, VALUE_ERROR, "stack_size must be at least {LEAST} bytes"));
    }
    // SAFETY: see the top of the file.
    unsafe { &*state.cast::<Thread>() }.protect_stack(start as usize, size);
    Ok(())
}

#[capi]
pub fn PyUnstable_ThreadState_ResetStackProtection(state: State) {
    // SAFETY: see the top of the file.
    unsafe { &*state.cast::<Thread>() }.find_stack();
}

#[capi]
pub fn _PyPathConfig_ClearGlobal() {}

#[capi]
pub fn _PyImport_ClearExtension(
    th: &Thread,
    name: Borrowed<'_, Str>,
    path: Borrowed<'_, Str>,
) -> PyResult<()> {
    krait_eval::import::single_phase::forget(th, name, path);
    Ok(())
}

#[capi]
pub fn _PyWarnings_Init(th: &Thread) -> PyResult {
    krait_eval::import::import(th, "_warnings")
}
