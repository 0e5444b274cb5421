//! What runs at the end of an interpreter, and the end of its modules.
//!
//! The same job as `finalize_modules` in CPython's `Python/pylifecycle.c`.

use krait_objects::gc;
use krait_objects::prelude::*;
use krait_objects::weakref;

use crate::{import, streams, sys};

/// Waits for the program's threads, and runs what it has registered for its end.
pub(super) fn run_exit_functions(th: &Thread) {
    let result = (|| {
        let name = Str::interned(th, "threading")?;
        let Some(module) = import::modules(th)?.get_str(th, name.borrow())? else {
            return Ok(());
        };
        let shutdown = Str::interned(th, "_shutdown")?;
        call::call_method(th, module.object(), shutdown.borrow(), &[]).map(drop)
    })();
    if result.is_err() {
        sys::hooks::unraisable(th, None, "Exception ignored at interpreter exit");
    }
    if let Some(run) = th.interp().state::<ExitHook>().0.get() {
        run(th);
    }
}

/// Runs what a program has registered for its end; set by the `atexit` module, which a program may have dropped since.
#[derive(Default)]
pub struct ExitHook(pub std::cell::Cell<Option<fn(&Thread)>>);

/// What modules do when an interpreter ends that others still hold something of.
#[derive(Default)]
pub struct EndHooks(std::cell::RefCell<Vec<fn(&Thread)>>);

impl EndHooks {
    /// Has `hook` called once, at the end of this interpreter.
    pub fn add(th: &Thread, hook: fn(&Thread)) {
        let hooks = &th.interp().state::<EndHooks>().0;
        if !hooks.borrow().iter().any(|&known| std::ptr::fn_addr_eq(known, hook)) {
            hooks.borrow_mut().push(hook);
        }
    }

    /// Calls them, the last first.
    pub(super) fn run(th: &Thread) {
        let hooks = th.interp().state::<EndHooks>().0.take();
        hooks.into_iter().rev().for_each(|hook| hook(th));
    }
}

/// What of `sys` may keep objects of a program alive that are to go before the modules do.
const SPECIAL: [&str; 12] = [
    "path",
    "argv",
    "ps1",
    "ps2",
    "last_exc",
    "last_type",
    "last_value",
    "last_traceback",
    "path_importer_cache",
    "path_hooks",
    "meta_path",
    "__interactivehook__",
];

/// The end of the modules. Each goes as soon as nothing but `sys.modules` needs it, so that finalisers see their globals
/// whole; what is left is emptied, the last import first; `sys` and `builtins` come last.
pub(super) fn clear_modules(th: &Thread) {
    for name in SPECIAL {
        ignore(th, sys::set_text(th, name, none()));
    }
    ignore(th, streams::restore(th));
    let Some(modules) = th.interp().modules.get_owned() else {
        return;
    };
    let mut position = 0;
    let mut known = Vec::new();
    while let Some((name, module)) = modules.next(&mut position) {
        if module.object().downcast::<Module>().is_none() {
            continue;
        }
        match weakref::new_ref(th, module.object(), None) {
            Ok(reference) => known.push(reference),
            Err(raised) => drop(th.take_raised(raised)),
        }
        drop(module);
        ignore(th, modules.set(th, name.object(), none()));
    }
    modules.clear();
    collect(th);
    if tell_of_garbage(th).is_err() {
        sys::hooks::unraisable(th, None, "Exception ignored in GC shutdown");
    }
    let last = [th.interp().sys_dict.get_owned(), th.interp().builtins.get_owned()];
    for reference in known.iter().rev() {
        let Some(module) = weakref::referent(reference.object()) else {
            continue;
        };
        let Ok(module) = module.downcast::<Module>() else {
            continue;
        };
        let dict = module.dict();
        if !last.iter().flatten().any(|core| core.is(dict)) {
            empty_namespace(th, &dict);
        }
    }
    streams::flush(th);
    streams::give_up(th);
    for dict in last.iter().flatten() {
        empty_namespace(th, dict);
    }
}

/// Warns of what the collector has found and could not take apart.
fn tell_of_garbage(th: &Thread) -> PyResult<()> {
    let collector = &th.interp().gc;
    let debug = collector.debug.get();
    let Some(garbage) = collector.garbage.get_owned().filter(|garbage| !garbage.is_empty()) else {
        return Ok(());
    };
    if debug & krait_abi::_PyGC_DEBUG_SAVEALL != 0 {
        return Ok(());
    }
    let listed = debug & krait_abi::_PyGC_DEBUG_UNCOLLECTABLE != 0;
    let hint = if listed { "" } else { "; use gc.set_debug(gc.DEBUG_UNCOLLECTABLE) to list them" };
    let count = garbage.len();
    let message =
        Str::from_fmt(th, format_args!("gc: {count} uncollectable objects at shutdown{hint}"))?;
    let category = Borrowed::from_ref(exc::RESOURCE_WARNING);
    let place = Str::interned(th, "gc")?;
    crate::warnings::warn_explicit(th, category, message.object(), place.borrow(), 0)?;
    if listed {
        let shown = object::repr(th, garbage.object())?;
        crate::builtins::write_stderr(&format!("      {}\n", shown.to_string_lossy()));
    }
    Ok(())
}

/// At the end there is nobody to tell of a failure.
fn ignore(th: &Thread, result: PyResult<()>) {
    if let Err(raised) = result {
        drop(th.take_raised(raised));
    }
}

/// A full collection, while modules still work.
pub(super) fn collect(th: &Thread) {
    gc::collect(th, 2, gc::Reason::Shutdown);
}

/// Sets every name of a module to None, private ones first: a finaliser that still runs finds None instead of
/// nothing.
fn empty_namespace(th: &Thread, dict: &Dict) {
    for private in [true, false] {
        let mut position = 0;
        while let Some((name, value)) = dict.next(&mut position) {
            let Ok(name) = name.downcast::<Str>() else {
                continue;
            };
            let underscore = |at: usize| name.len() > at && name.char_at(at) == '_'.into();
            let is_private = underscore(0) && !underscore(1);
            if is_private != private || name.is(id::__builtins__) || value.is_none() {
                continue;
            }
            drop(value);
            if dict.set_str(th, name.borrow(), none()).is_err() {
                drop(th.take_exception());
            }
        }
    }
}
