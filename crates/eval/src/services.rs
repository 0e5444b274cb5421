//! What the object layer asks of the running frame: `krait_objects::interp::Services`.

use krait_objects::cell::Cell;
use krait_objects::prelude::*;

use krait_bytecode::local_kind;

use crate::frame::{self, Frame};

/// The globals of the running frame, if they are a `dict`.
pub fn globals(th: &Thread) -> Option<Owned<Dict>> {
    let frame = frame::current_complete(th);
    if frame.is_null() {
        return None;
    }
    // SAFETY: (6), (7).
    unsafe { Some(Borrowed::<Dict>::from_ptr((*frame).globals).to_owned()) }
}

/// The namespace of `__main__` while a thread runs that module.
pub fn main_namespace(th: &Thread) -> Option<Owned<Dict>> {
    if !crate::registry::find(th.interp())?.runs_main {
        return None;
    }
    let main = th.interp().modules.get()?.get_str(th, id::__main__);
    let main = main.unwrap_or_else(|raised| {
        drop(th.take_raised(raised));
        None
    })?;
    main.downcast::<Module>().ok().map(|main| main.dict().to_owned())
}

/// What the running Python frame looks built-in names up in, else the interpreter's own.
pub fn builtins(th: &Thread) -> Option<Owned> {
    let frame = frame::current_complete(th);
    if frame.is_null() {
        return th.interp().builtins.get_owned().map(Owned::into_object);
    }
    // SAFETY: (6), (7).
    unsafe { Some(Borrowed::<Object>::from_ptr((*frame).builtins).to_owned()) }
}

/// File name and line of each running frame, innermost first; line 0 where an instruction has none.
pub fn stack(th: &Thread, each: &mut dyn FnMut(Borrowed<'_, Str>, u32)) {
    let mut frame = frame::current_complete(th);
    while !frame.is_null() {
        // SAFETY: (5), (7).
        unsafe {
            let line = Frame::line(frame).and_then(|line| u32::try_from(line).ok()).unwrap_or(0);
            each(Frame::code(frame).get().filename(), line);
            frame = Frame::first_complete((*frame).previous);
        }
    }
}

/// `__name__` of the running frame's globals.
pub fn current_module(th: &Thread) -> Option<Owned> {
    let globals = globals(th)?;
    match globals.get_str(th, id::__name__) {
        Ok(name) => name,
        Err(raised) => {
            drop(th.take_raised(raised));
            None
        }
    }
}

/// The builtins for code with these globals: `__builtins__`, a module or a dictionary, else the interpreter's.
pub fn builtins_of(th: &Thread, globals: Borrowed<'_, Dict>) -> PyResult {
    if let Some(builtins) = globals.get_str(th, id::__builtins__)? {
        return Ok(match builtins.borrow().downcast::<Module>() {
            Some(module) => module.dict().object().to_owned(),
            None => builtins,
        });
    }
    let frame = frame::current_complete(th);
    if !frame.is_null() {
        // SAFETY: (6), (7).
        return unsafe { Ok(Borrowed::<Object>::from_ptr((*frame).builtins).to_owned()) };
    }
    match th.interp().builtins.get_owned() {
        Some(builtins) => Ok(builtins.into_object()),
        None => Ok(Dict::new(th)?.into_object()),
    }
}

/// The class and the first argument for `super()` without arguments.
pub fn super_arguments(th: &Thread) -> PyResult<(Owned, Owned)> {
    let frame = frame::current_complete(th);
    if frame.is_null() {
        return Err(th.raise(exc::RUNTIME_ERROR, "super(): no current frame"));
    }
    // SAFETY: (4), (5), (7).
    unsafe {
        let code = Frame::code(frame);
        if code.argcount == 0 {
            return Err(th.raise(exc::RUNTIME_ERROR, "super(): no arguments"));
        }
        let first = (*Frame::local(frame, 0)).get_opt();
        let first = match first {
            Some(first) if code.local_kind(0) & local_kind::CELL != 0 => {
                // The argument has moved into its cell, once the function has begun.
                match first.downcast_exact::<Cell>() {
                    Some(cell) => cell.get_owned(),
                    None => Some(first.to_owned()),
                }
            }
            other => other.map(Borrowed::to_owned),
        };
        let Some(first) = first else {
            return Err(th.raise(exc::RUNTIME_ERROR, "super(): arg[0] deleted"));
        };
        Ok((class_cell(th, frame)?, first))
    }
}

/// What the free variable `__class__` of a method holds.
unsafe fn class_cell(th: &Thread, frame: *mut Frame) -> PyResult {
    // SAFETY: the caller's frame is live.
    unsafe {
        let code = Frame::code(frame);
        let first = (code.nlocalsplus - code.nfreevars) as usize;
        for index in first..code.nlocalsplus as usize {
            if !code.local_name(index).eq_str("__class__") {
                continue;
            }
            let cell = (*Frame::local(frame, index)).get_opt();
            let Some(cell) = cell.and_then(|cell| cell.downcast_exact::<Cell>()) else {
                return Err(th.raise(exc::RUNTIME_ERROR, "super(): bad __class__ cell"));
            };
            let Some(class) = cell.get_owned() else {
                return Err(th.raise(exc::RUNTIME_ERROR, "super(): empty __class__ cell"));
            };
            if class.borrow().downcast::<Type>().is_none() {
                return Err(raise!(
                    th,
                    RUNTIME_ERROR,
                    "super(): __class__ is not a type ({})",
                    class.type_name()
                ));
            }
            return Ok(class);
        }
    }
    Err(th.raise(exc::RUNTIME_ERROR, "super(): __class__ cell not found"))
}

/// "coroutine … was never awaited", as `warnings` words it: it knows how to show where the coroutine was made.
pub fn warn_unawaited(th: &Thread, coroutine: Borrowed<'_>, name: &Slot<Str>) {
    let report = |th: &Thread| {
        let what = "Exception ignored while finalizing coroutine";
        (th.interp().services.get().unraisable)(th, Some(coroutine), what);
    };
    let warned = match warn_by_library(th, coroutine) {
        Ok(warned) => warned,
        Err(_raised) => {
            let warned = th.exception_matches(exc::RUNTIME_WARNING);
            report(th);
            warned
        }
    };
    if !warned && warn_plainly(th, coroutine, name).is_err() {
        report(th);
    }
}

/// False if `warnings` has no function for it.
fn warn_by_library(th: &Thread, coroutine: Borrowed<'_>) -> PyResult<bool> {
    let function = Str::interned(th, "_warn_unawaited_coroutine")?;
    let module = match crate::import::import(th, "warnings") {
        Ok(module) => module,
        Err(raised) => {
            // At the end of the interpreter there may be nothing left to import.
            drop(th.take_raised(raised));
            return Ok(false);
        }
    };
    match object::get_attr_opt(th, module.object(), function.borrow())? {
        Some(warn) => call::call(th, warn.borrow(), &[coroutine]).map(|_| true),
        None => Ok(false),
    }
}

fn warn_plainly(th: &Thread, coroutine: Borrowed<'_>, name: &Slot<Str>) -> PyResult<()> {
    let name = name.get_owned().unwrap_or_else(|| id::empty.to_owned());
    let message = Str::from_fmt(th, format_args!("coroutine '{}' was never awaited", &*name))?;
    let category = Borrowed::from_ref(exc::RUNTIME_WARNING).object();
    crate::warnings::warn_about(th, category, message.borrow(), 1, coroutine)
}
