//! `pylifecycle.h`: starting and ending the interpreter, and what it says of itself.

use std::ffi::{CStr, CString, c_char, c_int};
use std::io::Write as _;
use std::sync::OnceLock;

use krait_eval::{crash, sys};
use krait_macros::capi;
use krait_objects::prelude::Thread;

use crate::support::*;
use crate::{config, runtime};

#[capi]
pub fn Py_Initialize() {
    config::initialize(true);
}

#[capi]
pub fn Py_InitializeEx(install_signal_handlers: c_int) {
    config::initialize(install_signal_handlers != 0);
}

/// What a failing start says, as `Py_ExitStatusException` does.
pub fn fatal_exit(function: Option<&str>, message: &str) -> ! {
    let function = function.map(|function| format!("{function}: ")).unwrap_or_default();
    let state = runtime_state();
    let _ = writeln!(
        std::io::stderr(),
        "Fatal Python error: {function}{message}\nPython runtime state: {state}\n"
    );
    std::process::exit(1)
}

/// How far the runtime has come, in the words of fatal errors.
fn runtime_state() -> String {
    match Thread::current_or_none() {
        Some(th) => crash::state_of(th),
        None if runtime::is_running() => "initialized".into(),
        // The reference never forgets that it was finalised.
        None if config::was_running() => "finalizing (tstate=0x0000000000000000)".into(),
        None if config::is_pre_initialized() => "preinitialized".into(),
        None => "unknown".into(),
    }
}

#[capi]
pub fn Py_IsInitialized() -> c_int {
    runtime::is_running().into()
}

#[capi]
pub fn Py_IsFinalizing() -> c_int {
    Thread::current_or_none().is_some_and(|th| th.interp().finalizing.get()).into()
}

#[capi]
pub fn Py_FinalizeEx() -> c_int {
    if runtime::finish() { 0 } else { -1 }
}

#[capi]
pub fn Py_Finalize() {
    runtime::finish();
}

#[capi]
pub fn Py_Exit(status: c_int) {
    let flushed = runtime::finish();
    std::process::exit(if flushed || status != 0 { status } else { 120 });
}

#[capi]
pub fn Py_GetVersion() -> *const c_char {
    static TEXT: OnceLock<CString> = OnceLock::new();
    TEXT.get_or_init(|| CString::new(sys::version_text()).unwrap_or_default()).as_ptr()
}

#[capi]
pub fn Py_GetPlatform() -> *const c_char {
    c"linux".as_ptr()
}

#[capi]
pub fn Py_GetCompiler() -> *const c_char {
    c"\n[rustc]".as_ptr()
}

#[capi]
pub fn Py_GetCopyright() -> *const c_char {
    c"Copyright (c) the Krait authors.".as_ptr()
}

#[capi]
pub fn Py_GetBuildInfo() -> *const c_char {
    c"main".as_ptr()
}

/// `PY_VERSION_HEX`, for programs that ask the library rather than their headers.
#[unsafe(no_mangle)]
pub static Py_Version: std::ffi::c_ulong = 0x030e_08f0;

/// Ends the process: what was called wrongly, and in which state.
#[cold]
pub fn fatal_error(function: &str, message: &str) -> ! {
    abort(&format!("{function}: {message}"))
}

/// As `fatal_error`, with no function to blame.
pub fn abort(message: &str) -> ! {
    crash::abort(message, &runtime_state())
}

#[capi]
pub fn _Py_FatalErrorFunc(function: *const c_char, message: *const c_char) {
    fatal_error(&text_of(function), &text_of(message));
}

#[capi]
pub fn Py_FatalError(message: *const c_char) {
    abort(&text_of(message));
}

#[capi]
pub fn PyOS_mystricmp(left: *const c_char, right: *const c_char) -> c_int {
    // SAFETY: C passes two strings.
    unsafe { libc::strcasecmp(left, right) }
}

#[capi]
pub fn PyOS_string_to_double(text: *const c_char, end: *mut *mut c_char, overflow: Ptr) -> f64 {
    let th = krait_objects::prelude::Thread::current();
    // SAFETY: C passes a string.
    let bytes = unsafe { CStr::from_ptr(text) }.to_bytes();
    let parsed = krait_objects::float_text::parse_prefix(bytes);
    let whole = parsed.filter(|&(_, used)| !end.is_null() || used == bytes.len());
    let Some((value, used)) = whole else {
        let shown = text_of(text);
        let _raised =
            krait_objects::raise!(th, VALUE_ERROR, "could not convert string to float: '{shown}'");
        return -1.0;
    };
    if !end.is_null() {
        // SAFETY: `used` bytes were read; `end` is writable.
        unsafe { *end = text.cast_mut().add(used) };
    }
    if value.is_infinite() && !overflow.is_null() && bytes.iter().any(u8::is_ascii_digit) {
        // SAFETY: C passes an exception class.
        let class = unsafe { type_of(overflow.cast()) };
        let message = format!("value too large to convert to float: '{:.200}'", text_of(text));
        if let Ok(message) = krait_objects::prelude::Str::new(th, &message) {
            let _raised = th.raise_in(class, Some(message.object()));
        }
        return -1.0;
    }
    value
}
