//! `fileobject.h`: files as objects.

use std::ffi::{c_char, c_int, c_void};

use krait_abi::Py_PRINT_RAW;
use krait_eval::import;
use krait_eval::sys::open_code;
use krait_macros::capi;
use krait_objects::prelude::*;

use crate::support::*;

#[capi]
pub fn PyFile_FromFd(
    th: &Thread,
    descriptor: c_int,
    _name: *const c_char,
    mode: *const c_char,
    buffering: c_int,
    encoding: *const c_char,
    errors: *const c_char,
    newline: *const c_char,
    close: c_int,
) -> PyResult {
    let text = |text: *const c_char| match text.is_null() {
        true => Ok(none().to_owned()),
        false => string(th, text).map(Owned::into_object),
    };
    let io = import::import(th, "io")?;
    let args = [
        Int::from_i64(th, descriptor.into())?.into_object(),
        text(mode)?,
        Int::from_i64(th, buffering.into())?.into_object(),
        text(encoding)?,
        text(errors)?,
        text(newline)?,
        bool_object(close != 0).object().to_owned(),
    ];
    let args: Vec<Borrowed<'_>> = args.iter().map(Owned::object).collect();
    call::call_method(th, io.object(), Str::interned(th, "open")?.borrow(), &args)
}

#[capi]
pub fn PyFile_GetLine(th: &Thread, file: Borrowed<'_>, limit: c_int) -> PyResult {
    let readline = Str::interned(th, "readline")?;
    let line = if limit <= 0 {
        call::call_method(th, file, readline.borrow(), &[])?
    } else {
        let limit = Int::from_i64(th, limit.into())?;
        call::call_method(th, file, readline.borrow(), &[limit.object()])?
    };
    let is_empty = match (line.object().downcast::<Str>(), line.object().downcast::<Bytes>()) {
        (Some(text), _) => text.is_empty(),
        (_, Some(bytes)) => bytes.as_bytes().is_empty(),
        _ => {
            return Err(th.raise(exc::TYPE_ERROR, "object.readline() returned non-string"));
        }
    };
    if limit >= 0 {
        return Ok(line);
    }
    if is_empty {
        return Err(th.raise(exc::EOF_ERROR, "EOF when reading a line"));
    }
    // Less than zero: without the newline.
    if let Some(text) = line.object().downcast::<Str>() {
        let len = text.len();
        if text.char_at(len - 1) == u32::from('\n') {
            return text.substring(th, 0, len - 1).map(Owned::into_object);
        }
    } else if let Some(bytes) = line.object().downcast::<Bytes>() {
        if let Some(rest) = bytes.as_bytes().strip_suffix(b"\n") {
            return Bytes::new(th, rest).map(Owned::into_object);
        }
    }
    Ok(line)
}

#[capi]
pub fn PyFile_WriteObject(
    th: &Thread,
    ob: Ptr,
    file: Option<Borrowed<'_>>,
    flags: c_int,
) -> PyResult<()> {
    let Some(file) = file else {
        return Err(th.raise(exc::TYPE_ERROR, "writeobject with NULL file"));
    };
    // SAFETY: C passes a live object or NULL.
    let text = match unsafe { Borrowed::from_ptr_or_null(ob) } {
        None => Str::new(th, "<NULL>")?,
        Some(ob) if flags & Py_PRINT_RAW != 0 => object::str(th, ob)?,
        Some(ob) => object::repr(th, ob)?,
    };
    call::call_method(th, file, id::write, &[text.object()]).map(drop)
}

#[capi]
pub fn PyFile_WriteString(
    th: &Thread,
    text: *const c_char,
    file: Option<Borrowed<'_>>,
) -> PyResult<()> {
    let Some(file) = file else {
        return Err(match th.is_raised() {
            true => th.raised_by_c(),
            false => th.raise(exc::SYSTEM_ERROR, "null file for PyFile_WriteString"),
        });
    };
    if th.is_raised() {
        return Err(th.raised_by_c());
    }
    let text = string(th, text)?;
    call::call_method(th, file, id::write, &[text.object()]).map(drop)
}

#[capi]
pub fn PyFile_SetOpenCodeHook(hook: Option<open_code::Hook>, data: *mut c_void) -> c_int {
    if crate::runtime::is_running() && Thread::current_or_none().is_some() {
        let th = Thread::current();
        if krait_eval::sys::audit(th, "setopencodehook", &[]).is_err() {
            return -1;
        }
    }
    if !open_code::set_hook(hook, data) {
        if let Some(th) = Thread::current_or_none() {
            let _raised = th.raise(exc::SYSTEM_ERROR, "failed to change existing open_code hook");
        }
        return -1;
    }
    0
}

#[capi]
pub fn PyFile_OpenCodeObject(th: &Thread, path: Borrowed<'_>) -> PyResult {
    if path.downcast::<Str>().is_none() {
        let found = path.type_name();
        return Err(raise!(th, TYPE_ERROR, "'path' must be 'str', not '{found:.200}'"));
    }
    if let Some(opened) = open_code::open(th, path) {
        return opened;
    }
    let io = import::import(th, "io")?;
    let mode = Str::new(th, "rb")?;
    call::call_method(th, io.object(), Str::interned(th, "open")?.borrow(), &[path, mode.object()])
}

#[capi]
pub fn PyFile_OpenCode(th: &Thread, path: *const c_char) -> PyResult {
    let path = string(th, path)?;
    // SAFETY: a live object.
    returned(th, unsafe { PyFile_OpenCodeObject(path.as_ptr()) })
}
