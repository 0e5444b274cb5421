//! What built-in functions ask of the running frames: namespaces, code, and who is to blame for a warning.

use krait_objects::prelude::*;

use super::{Frame, current_complete, locals, object};
use crate::code::Code;

/// The frame object `depth` calls below the running one.
pub fn object_at_depth(th: &Thread, depth: usize) -> PyResult<Option<Owned>> {
    let mut frame = current_complete(th);
    for _ in 0..depth {
        if frame.is_null() {
            break;
        }
        // SAFETY: (7): frames below a running one are live.
        frame = unsafe { Frame::first_complete((*frame).previous) };
    }
    if frame.is_null() {
        return Ok(None);
    }
    // SAFETY: (7).
    unsafe { object::of(th, frame) }.map(|object| Some(object.into_object()))
}

/// The frame object of what runs in another thread of the interpreter.
pub fn running(th: &Thread, other: &Thread) -> PyResult<Option<Owned>> {
    let frame = current_complete(other);
    if frame.is_null() {
        return Ok(None);
    }
    // SAFETY: (7): the other thread waits for the GIL, so its frames stay.
    unsafe { object::of(th, frame) }.map(|object| Some(object.into_object()))
}

/// `locals()`: the namespace of a module or class body; a copy of a function's variables.
pub fn current_locals(th: &Thread) -> PyResult {
    let frame = current_complete(th);
    if frame.is_null() {
        return Err(th.raise(exc::SYSTEM_ERROR, "frame does not exist"));
    }
    // SAFETY: (7).
    unsafe {
        let object = object::of(th, frame)?;
        let locals = locals::of_frame_object(th, object.borrow())?;
        if locals.object().downcast_exact::<locals::LocalsProxy>().is_none() {
            return Ok(locals);
        }
        let copy = Dict::new(th)?;
        copy.merge(th, locals.object(), true)?;
        Ok(copy.into_object())
    }
}

/// The code that runs.
pub fn current_code(th: &Thread) -> Option<Owned<Code>> {
    let frame = current_complete(th);
    if frame.is_null() {
        return None;
    }
    // SAFETY: (7).
    Some(unsafe { Frame::code(frame) }.to_owned())
}

/// Where a warning is blamed.
pub struct WarningPlace {
    pub filename: Owned<Str>,
    pub line: i32,
    pub globals: Owned<Dict>,
}

/// The place `level` calls up. Frames of importlib are not counted, unless one of them warns; frames of files
/// that begin with one of `prefixes` are passed over.
pub fn warning_place(
    th: &Thread,
    level: isize,
    prefixes: Option<Borrowed<'_, Tuple>>,
) -> PyResult<Option<WarningPlace>> {
    let mut frame = current_complete(th);
    let next = |frame: *mut Frame| {
        // SAFETY: (7).
        unsafe { Frame::first_complete((*frame).previous) }
    };
    let mut left = level;
    if frame.is_null() {
        return Ok(None);
    }
    if level <= 0 || is_internal(frame) {
        while left > 1 && !frame.is_null() {
            frame = next(frame);
            left -= 1;
        }
    } else {
        while left > 1 && !frame.is_null() {
            frame = next(frame);
            while !frame.is_null() && (is_internal(frame) || has_prefix(frame, prefixes)) {
                frame = next(frame);
            }
            left -= 1;
        }
    }
    if frame.is_null() {
        return Ok(None);
    }
    // SAFETY: (6), (7).
    unsafe {
        let globals: Borrowed<'_> = Borrowed::from_ptr((*frame).globals);
        let Some(globals) = globals.downcast::<Dict>() else {
            return Ok(None);
        };
        Ok(Some(WarningPlace {
            filename: filename(frame),
            line: Frame::line(frame).unwrap_or(0),
            globals: globals.to_owned(),
        }))
    }
}

fn filename(frame: *mut Frame) -> Owned<Str> {
    // SAFETY: (7).
    let code = unsafe { Frame::code(frame) };
    code.filename.get_owned().unwrap_or_else(|| id::anonymous_unknown.to_owned())
}

/// Whether a frame belongs to importlib's bootstrap, which users do not want to see.
fn is_internal(frame: *mut Frame) -> bool {
    let filename = filename(frame).to_string_lossy();
    filename.contains("importlib") && filename.contains("_bootstrap")
}

fn has_prefix(frame: *mut Frame, prefixes: Option<Borrowed<'_, Tuple>>) -> bool {
    let Some(prefixes) = prefixes else {
        return false;
    };
    let filename = filename(frame).to_string_lossy();
    prefixes
        .as_slice()
        .iter()
        .filter_map(|prefix| prefix.downcast::<Str>())
        .any(|prefix| filename.starts_with(&prefix.to_string_lossy()))
}
