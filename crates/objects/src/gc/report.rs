//! What a collection tells: callbacks, debugging output, exceptions that nobody can catch.

use std::time::Instant;

use krait_abi as abi;

use super::GENERATIONS;
use super::collect::Found;
use super::list::{self, Head, PERMANENT};
use crate::prelude::*;
use crate::protocol::call;

/// Reports the current exception.
pub fn unraisable(th: &Thread, what: &str) {
    (th.interp().services.get().unraisable)(th, None, what);
}

/// Calls every function in `gc.callbacks` with the phase and what is known of the collection.
pub fn callbacks(th: &Thread, phase: &str, generation: usize, found: Found) {
    let Some(list) = th.interp().gc.callbacks.get_owned().filter(|list| !list.is_empty()) else {
        return;
    };
    if let Err(raised) = call_all(th, &list, phase, generation, found) {
        let _ = raised;
        unraisable(th, "Exception ignored on invoking GC callbacks");
    }
}

fn call_all(
    th: &Thread,
    list: &List,
    phase: &str,
    generation: usize,
    found: Found,
) -> PyResult<()> {
    let info = Dict::new(th)?;
    for (name, value) in [
        ("generation", generation),
        ("collected", found.collected),
        ("uncollectable", found.uncollectable),
    ] {
        let value = Int::from_usize(th, value)?;
        info.set_str(th, Str::interned(th, name)?.borrow(), value.object())?;
    }
    let phase = Str::interned(th, phase)?;
    let mut at = 0;
    while let Some(callback) = list.get(at) {
        if call::call(th, callback.borrow(), &[phase.object(), info.object()]).is_err() {
            let exception = th.take_exception();
            let shown = object::repr(th, callback.borrow());
            let what = match &shown {
                Ok(text) => format!("Exception ignored while calling GC callback {}", &**text),
                Err(_) => "Exception ignored while calling GC callback".to_string(),
            };
            if let Some(exception) = exception {
                let _ = th.set_exception(exception.into_object());
                unraisable(th, &what);
            }
        }
        at += 1;
    }
    Ok(())
}

/// Writes a line to `sys.stderr`, or to the process's if there is none.
fn write(th: &Thread, line: &str) {
    let saved = th.take_exception();
    let written = || -> PyResult<bool> {
        th.interp().complete_streams(th)?;
        let Some(sys) = th.interp().sys_dict.get_owned() else {
            return Ok(false);
        };
        let Some(file) = sys.get_str(th, id::stderr)?.filter(|file| !file.is_none()) else {
            return Ok(false);
        };
        let line = Str::new(th, line)?;
        call::call_method(th, file.borrow(), id::write, &[line.object()])?;
        Ok(true)
    };
    if !matches!(written(), Ok(true)) {
        drop(th.take_exception());
        eprint!("{line}");
    }
    if let Some(exception) = saved {
        let _ = th.set_exception(exception.into_object());
    }
}

/// With `gc.DEBUG_STATS`: says what is about to be collected, and starts the clock.
pub fn start(th: &Thread, generation: usize) -> Option<Instant> {
    let gc = &th.interp().gc;
    if gc.debug.get() & abi::_PyGC_DEBUG_STATS == 0 {
        return None;
    }
    write(th, &format!("gc: collecting generation {generation}...\n"));
    // SAFETY: whole lists.
    let sizes: Vec<String> = (0..GENERATIONS)
        .map(|generation| unsafe { list::len(gc.lists.head(generation)) }.to_string())
        .collect();
    write(th, &format!("gc: objects in each generation: {}\n", sizes.join(" ")));
    // SAFETY: as above.
    let permanent = unsafe { list::len(gc.lists.head(PERMANENT)) };
    write(th, &format!("gc: objects in permanent generation: {permanent}\n"));
    Some(Instant::now())
}

pub fn done(th: &Thread, found: Found, clock: Instant) {
    let Found { collected, uncollectable } = found;
    let unreachable = collected + uncollectable;
    let elapsed = clock.elapsed().as_secs_f64();
    write(
        th,
        &format!(
            "gc: done, {unreachable} unreachable, {uncollectable} uncollectable, {elapsed:.4}s elapsed\n"
        ),
    );
}

/// With `gc.DEBUG_COLLECTABLE` or `gc.DEBUG_UNCOLLECTABLE`: a line per object.
///
/// # Safety
/// A whole list of live objects.
pub unsafe fn each_object(th: &Thread, kind: &str, list: *mut Head) {
    // Writing runs Python code, which may collect or free: the list is read first.
    let mut lines = Vec::new();
    // SAFETY: the caller's promise.
    unsafe {
        let mut item = list::next(list);
        while item != list {
            let ob = list::object(item);
            let name = Borrowed::<Object>::from_ptr(ob).get().type_name();
            lines.push(format!("gc: {kind} <{name} {ob:p}>\n"));
            item = list::next(item);
        }
    }
    lines.iter().for_each(|line| write(th, line));
}
