//! `PySys_WriteStdout` and its like: to `sys.stdout` and `sys.stderr`, or where these are missing to C's streams.

use std::ffi::{CStr, c_char, c_int};

use krait_eval::sys;
use krait_objects::prelude::*;

use super::{VaList, formatted};

/// Writes to the stream of that number, keeping the exception that is set.
fn write(th: &Thread, stream: c_int, text: &Str) {
    let pending = th.take_exception();
    let name = if stream == 1 { id::stdout } else { id::stderr };
    let written = sys::get(th, name).and_then(|file| match file.filter(|file| !file.is_none()) {
        Some(file) => {
            call::call_method(th, file.object(), id::write, &[Borrowed::from_ref(text).object()])
                .map(|_| true)
        }
        None => Ok(false),
    });
    if !written.unwrap_or_else(|raised| {
        drop(th.take_raised(raised));
        false
    }) {
        write_plain(stream, &text.to_wtf8());
    }
    if let Some(pending) = pending {
        let _raised = th.set_exception(pending.into_object());
    }
}

pub fn write_plain(stream: c_int, bytes: &[u8]) {
    // SAFETY: the bytes live as long as the call.
    unsafe { libc::write(stream, bytes.as_ptr().cast(), bytes.len()) };
}

#[unsafe(no_mangle)]
unsafe extern "C" fn krait_va_print_text(stream: c_int, format: *const c_char, args: VaList) {
    let th = Thread::current();
    let pending = th.take_exception();
    match formatted(th, format, args) {
        Ok(text) => write(th, stream, &text),
        Err(raised) => drop(th.take_raised(raised)),
    }
    if let Some(pending) = pending {
        let _raised = th.set_exception(pending.into_object());
    }
}

/// `text` was printed by C, and cut off if `truncated`.
#[unsafe(no_mangle)]
unsafe extern "C" fn krait_va_print_plain(stream: c_int, text: *const c_char, truncated: c_int) {
    // SAFETY: C passes a string.
    let bytes = unsafe { CStr::from_ptr(text) }.to_bytes();
    let parts: [&[u8]; 2] = [bytes, if truncated != 0 { b"... truncated" } else { b"" }];
    let Some(th) = Thread::current_or_none() else {
        parts.iter().for_each(|part| write_plain(stream, part));
        return;
    };
    for part in parts.into_iter().filter(|part| !part.is_empty()) {
        let pending = th.take_exception();
        match crate::support::decoded(th, part) {
            Ok(text) => write(th, stream, &text),
            Err(raised) => {
                drop(th.take_raised(raised));
                write_plain(stream, part);
            }
        }
        if let Some(pending) = pending {
            let _raised = th.set_exception(pending.into_object());
        }
    }
}
