//! `internal/pycore_pyerrors.h`, `pycore_traceback.h`: exceptions, as extensions with the internal headers raise them.
//!
//! SAFETY, throughout: C passes live objects and NUL-terminated strings.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::null_mut;

use krait_abi as abi;
use krait_eval::traceback;
use krait_macros::capi;
use krait_modules::interpreters::errors as crossing;
use krait_objects::dict::key_error;
use krait_objects::prelude::*;

use crate::errors::{PyErr_ExceptionMatches, PyErr_SetString, raise_in};
use crate::support::*;

type State = *mut abi::PyThreadState;

/// Makes an exception, whose reference it takes, the context of the current one, or the current one if there is none.
#[capi]
pub fn _PyErr_ChainExceptions1(th: &Thread, exception: Option<Owned>) {
    let Some(exception) = exception else { return };
    let _raised = match th.take_exception() {
        None => th.set_exception(exception),
        Some(newer) => {
            newer.set_context(Some(exception));
            th.set_exception(newer.into_object())
        }
    };
}

#[capi]
pub fn _PyErr_Clear(th: &Thread, _state: State) {
    drop(th.take_exception());
}

#[capi]
pub fn _PyErr_ExceptionMatches(_state: State, class: Ptr) -> c_int {
    // SAFETY: see the top of the file.
    unsafe { PyErr_ExceptionMatches(class) }
}

#[capi]
pub fn _PyErr_GetRaisedException(th: &Thread, _state: State) -> Option<Owned<BaseException>> {
    th.take_exception()
}

#[capi]
pub fn _PyErr_SetRaisedException(_state: State, exception: Ptr) {
    // SAFETY: see the top of the file; the reference is given up.
    unsafe { crate::errors::PyErr_SetRaisedException(exception) }
}

#[capi]
pub fn _PyErr_SetString(_state: State, class: Ptr, message: *const c_char) {
    // SAFETY: see the top of the file.
    unsafe { PyErr_SetString(class, message) }
}

#[capi]
pub fn _PyErr_SetKeyError(th: &Thread, key: Borrowed<'_>) {
    let _raised = key_error(th, key);
}

/// The message is in the encoding of the locale.
#[capi]
pub fn _PyErr_SetLocaleString(th: &Thread, class: Borrowed<'_>, message: *const c_char) {
    // SAFETY: see the top of the file.
    let text = unsafe {
        returned(
            th,
            crate::str_codecs::PyUnicode_DecodeLocale(message, c"surrogateescape".as_ptr()),
        )
    };
    if let Ok(text) = text {
        raise_in(th, class, Some(text.borrow()));
    }
}

#[capi]
pub fn _PyErr_SetInterpreterAlreadyRunning(th: &Thread) {
    let _raised = crossing::interpreter_error(th, "interpreter already running");
}

#[capi]
pub fn _PyErr_SetFromPyStatus(th: &Thread, status: abi::PyStatus) {
    let text = |text: *const c_char| {
        // SAFETY: see the top of the file.
        (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_string_lossy())
    };
    const ERROR: c_int = 1;
    let _raised = match (text(status.func), text(status.err_msg)) {
        _ if status._type != ERROR => {
            let message = "_PyErr_SetFromPyStatus() expects an error PyStatus";
            th.raise(exc::SYSTEM_ERROR, message)
        }
        (_, None) => {
            th.raise(exc::SYSTEM_ERROR, "_PyErr_SetFromPyStatus() status has no error message")
        }
        (_, Some(message)) if message == "memory allocation failed" => th.no_memory(),
        (Some(function), Some(message)) => raise!(th, RUNTIME_ERROR, "{function}: {message}"),
        (None, Some(message)) => th.raise(exc::RUNTIME_ERROR, &message),
    };
}

/// A line of a source file, whose encoding the file itself tells.
#[capi]
pub fn _PyErr_ProgramDecodedTextObject(
    filename: Ptr,
    line: c_int,
    _encoding: *const c_char,
) -> Ptr {
    // SAFETY: see the top of the file.
    unsafe { crate::errors_detail::PyErr_ProgramTextObject(filename, line) }
}

/// Adds an entry to the traceback of the current exception, for a function that is not Python's.
#[capi]
pub fn _PyTraceback_Add(
    th: &Thread,
    function: *const c_char,
    filename: *const c_char,
    line: c_int,
) {
    let exception = th.take_exception();
    let made = (|| {
        let globals = Dict::new(th)?;
        let (filename, name) = (string(th, filename)?, string(th, function)?);
        let code = krait_eval::code::empty(th, filename, name, line)?;
        krait_eval::frame::object::detached(th, code.borrow(), globals.borrow(), None)
    })();
    match made {
        Ok(frame) => {
            if let Some(exception) = exception {
                let _raised = th.set_exception(exception.into_object());
                // Without memory the exception goes on as it is.
                let _added = traceback::add_object(th, frame.borrow());
            }
        }
        // SAFETY: the reference is given up.
        Err(_) => unsafe {
            _PyErr_ChainExceptions1(exception.map_or(null_mut(), |one| one.into_ptr()));
        },
    }
}

/// What a C function returned, checked: a result or an exception, and not both.
#[capi]
pub fn _Py_CheckFunctionResult(
    th: &Thread,
    _state: State,
    callable: Ptr,
    result: Ptr,
    place: *const c_char,
) -> PyResult {
    // SAFETY: see the top of the file; the result's reference is ours.
    let (callable, result) = unsafe {
        let callable = Borrowed::<Object>::from_ptr_or_null(callable);
        (callable, Owned::<Object>::from_ptr_or_null(result))
    };
    let who = || match callable {
        Some(callable) => krait_objects::watchers::shown(th, callable),
        None => text_of(place).into_owned(),
    };
    match result {
        Some(result) if !th.is_raised() => Ok(result),
        None if th.is_raised() => Err(th.raised_by_c()),
        None => {
            Err(raise!(th, SYSTEM_ERROR, "{} returned NULL without setting an exception", who()))
        }
        Some(result) => {
            drop(result);
            let exception = th.take_exception();
            let who = who();
            if let Some(exception) = exception {
                let _raised = th.set_exception(exception.into_object());
            }
            let message = format_args!("{who} returned a result with an exception set");
            Err(th.raise_from_current(exc::SYSTEM_ERROR, message))
        }
    }
}

/// How many letters are to be changed to make one name of another, in half letters: a change of case counts half.
#[capi]
pub fn _Py_UTF8_Edit_Cost(
    th: &Thread,
    left: Borrowed<'_>,
    right: Borrowed<'_>,
    most: isize,
) -> PyResult<isize> {
    let text = |ob: Borrowed<'_>| {
        ob.downcast::<Str>().map(|text| text.to_wtf8().to_vec()).ok_or_else(|| th.bad_argument())
    };
    let (left, right) = (text(left)?, text(right)?);
    let most = usize::try_from(most)
        .unwrap_or_else(|_| (left.len().max(right.len()) + 1).saturating_mul(MOVE));
    Ok(edit_cost(&left, &right, most) as isize)
}

const MOVE: usize = 2;
const CASE: usize = 1;
/// Longer names are not compared.
const LONGEST: usize = 40;

fn edit_cost(left: &[u8], right: &[u8], most: usize) -> usize {
    let same = left.iter().zip(right).take_while(|(a, b)| a == b).count();
    let (left, right) = (&left[same..], &right[same..]);
    let same = left.iter().rev().zip(right.iter().rev()).take_while(|(a, b)| a == b).count();
    let (left, right) = (&left[..left.len() - same], &right[..right.len() - same]);
    if left.is_empty() || right.is_empty() {
        return (left.len() + right.len()) * MOVE;
    }
    if left.len().max(right.len()) > LONGEST {
        return most + 1;
    }
    let mut row: Vec<usize> = (1..=left.len()).map(|at| at * MOVE).collect();
    let mut result = 0;
    for (at, b) in right.iter().enumerate() {
        let mut diagonal = at * MOVE;
        result = diagonal + MOVE;
        let mut least = usize::MAX;
        for (a, cell) in left.iter().zip(&mut row) {
            let change = match (a == b, a.eq_ignore_ascii_case(b)) {
                (true, _) => 0,
                (_, true) => CASE,
                _ => MOVE,
            };
            let above = *cell;
            result = (diagonal + change).min(above.min(result) + MOVE);
            diagonal = above;
            *cell = result;
            least = least.min(result);
        }
        if least > most {
            return most + 1;
        }
    }
    result
}

/// Nothing is prepared for it.
#[capi]
pub fn _Py_InitDumpStack() {}

#[capi]
pub fn _Py_DumpStack(descriptor: c_int) {
    let text = "Current thread's C stack trace (most recent call first):\n  <cannot get C stack on this system>\n";
    // SAFETY: writing bytes to a descriptor.
    unsafe { libc::write(descriptor, text.as_ptr().cast(), text.len()) };
}

#[capi]
pub fn _Py_FatalRefcountErrorFunc(function: *const c_char, message: *const c_char) {
    crate::lifecycle::fatal_error(&text_of(function), &text_of(message));
}

/// Says what is known of an object, on the standard error stream.
#[capi]
pub fn _PyObject_Dump(ob: Ptr) {
    if ob.is_null() {
        eprintln!("<object at NULL>");
        return;
    }
    // SAFETY: see the top of the file.
    let ob: Borrowed<'_> = unsafe { Borrowed::from_ptr(ob) };
    eprintln!("object address  : {:p}", ob.as_ptr());
    eprintln!("object refcount : {}", ob.ref_count());
    eprintln!("object type     : {:p}", ob.get().ty().as_ptr());
    eprintln!("object type name: {}", ob.type_name());
    if let Some(th) = Thread::current_or_none() {
        let before = th.take_exception();
        eprintln!("object repr     : {}", krait_objects::watchers::shown(th, ob));
        if let Some(before) = before {
            let _raised = th.set_exception(before.into_object());
        }
    }
}

#[capi]
pub fn _PyObject_AssertFailed(
    ob: Ptr,
    expression: *const c_char,
    message: *const c_char,
    file: *const c_char,
    line: c_int,
    function: *const c_char,
) {
    let mut text = format!("{}:{line}: ", text_of(file));
    if !function.is_null() {
        text += &format!("{}: ", text_of(function));
    }
    match expression.is_null() {
        true => text += "Assertion failed",
        false => text += &format!("Assertion \"{}\" failed", text_of(expression)),
    }
    if !message.is_null() {
        text += &format!(": {}", text_of(message));
    }
    eprintln!("{text}\nEnable tracemalloc to get the memory block allocation traceback\n");
    // SAFETY: see the top of the file.
    unsafe { _PyObject_Dump(ob) };
    eprintln!();
    crate::lifecycle::fatal_error("_PyObject_AssertFailed", "_PyObject_AssertFailed");
}

/// How much memory the interpreter's small objects take; 1 because something was said.
#[capi]
pub fn _PyObject_DebugMallocStats(th: &Thread, file: *mut libc::FILE) -> c_int {
    let text = th.interp().heap.describe();
    // SAFETY: C passes an open file.
    unsafe { libc::fwrite(text.as_ptr().cast::<c_void>(), 1, text.len(), file) };
    1
}
