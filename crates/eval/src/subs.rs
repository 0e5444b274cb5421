//! Interpreters beside the main one: what they may do, how they begin and end.
//!
//! The same job as `new_interpreter`, `Py_EndInterpreter` and `finalize_subinterpreters` in CPython's
//! `Python/pylifecycle.c`, and `Python/interpconfig.c`.

use std::sync::{Mutex, MutexGuard};

use krait_objects::interp::Interpreter;
use krait_objects::prelude::*;

use crate::config::{self, Config};
use crate::lifecycle::{Instance, StartError};
use crate::{gil, registry, thread_states};

/// What an interpreter is allowed: `PyInterpreterConfig`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    pub use_main_obmalloc: bool,
    pub allow_fork: bool,
    pub allow_exec: bool,
    pub allow_threads: bool,
    pub allow_daemon_threads: bool,
    pub check_multi_interp_extensions: bool,
    pub own_gil: bool,
}

impl Settings {
    /// The main interpreter's, and those of `Py_NewInterpreter`.
    pub const LEGACY: Settings = Settings {
        use_main_obmalloc: true,
        allow_fork: true,
        allow_exec: true,
        allow_threads: true,
        allow_daemon_threads: true,
        check_multi_interp_extensions: false,
        own_gil: false,
    };
    pub const MAIN: Settings = Settings { own_gil: true, ..Settings::LEGACY };
    pub const ISOLATED: Settings = Settings {
        use_main_obmalloc: false,
        allow_fork: false,
        allow_exec: false,
        allow_threads: true,
        allow_daemon_threads: false,
        check_multi_interp_extensions: true,
        own_gil: true,
    };
    pub const EMPTY: Settings = Settings {
        allow_threads: false,
        check_multi_interp_extensions: true,
        own_gil: false,
        ..Settings::ISOLATED
    };

    /// Whether its objects lie in the main interpreter's heap. That has no locks: the GIL is what protects it.
    pub fn shares_heap(&self) -> bool {
        self.use_main_obmalloc && !self.own_gil
    }

    /// Why there can be no such interpreter.
    pub fn check(&self) -> Result<(), &'static str> {
        if !self.use_main_obmalloc && !self.check_multi_interp_extensions {
            return Err(
                "per-interpreter obmalloc does not support single-phase init extension modules",
            );
        }
        Ok(())
    }
}

/// Who made an interpreter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Unknown,
    Runtime,
    LegacyC,
    C,
    Crossing,
    Library,
}

/// Those that run, until they are ended: by address of their interpreters.
static RUNNING: Mutex<Vec<Running>> = Mutex::new(Vec::new());

struct Running(Instance);

// SAFETY: an instance is used by the thread that holds its GIL only; the lock protects the handle.
unsafe impl Send for Running {}

fn running() -> MutexGuard<'static, Vec<Running>> {
    RUNNING.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// What the current interpreter is allowed.
pub fn settings(th: &Thread) -> Settings {
    th.interp().state::<Kept>().0.get()
}

pub(crate) struct Kept(pub std::cell::Cell<Settings>);

impl Default for Kept {
    fn default() -> Kept {
        Kept(std::cell::Cell::new(Settings::MAIN))
    }
}

/// Starts an interpreter beside the one of `parent`, with which this OS thread is attached; afterwards it is attached with
/// the new state.
pub fn start(
    parent: &Thread,
    settings: Settings,
    origin: Origin,
) -> Result<*const Thread, StartError> {
    let mut config: Config = (*config::of(parent)).clone();
    config.install_signal_handlers = false;
    config.heap_hook = parent.interp().heap.hook();
    config.sys_path_0 = parent.interp().script_folder.borrow().clone();
    let gil = match registry::main().filter(|_| !settings.own_gil) {
        Some(main) => main.gil.shared(),
        None => gil::Gil::default(),
    };
    gil::detach(parent);
    match Instance::start_sub(config, settings, origin, gil) {
        Ok(instance) => {
            let th: *const Thread = instance.thread();
            running().push(Running(instance));
            Ok(th)
        }
        Err(error) => {
            // SAFETY: the state was detached above.
            unsafe { gil::attach(parent) };
            Err(error)
        }
    }
}

/// Ends the interpreter of the attached state; none is attached afterwards. `None` if it is no sub-interpreter.
pub fn finish(th: &Thread) -> Option<bool> {
    let interp: *const Interpreter = th.interp();
    let found = {
        let mut running = running();
        let at = running.iter().position(|one| std::ptr::eq(one.0.interp(), interp))?;
        running.remove(at)
    };
    Some(found.0.finish())
}

/// The main interpreter ends: warns of those that still live, and ends them, the newest first.
pub(crate) fn finish_all(th: &Thread) {
    let mut warned = false;
    loop {
        let newest = registry::all().into_iter().rev().find(|entry| entry.is_sub);
        let Some(entry) = newest else {
            return;
        };
        if !std::mem::replace(&mut warned, true) {
            warn(th);
        }
        let Some(state) = registry::new_state(entry.interp) else {
            return;
        };
        let state: *const Thread = Box::into_raw(state);
        gil::detach(th);
        // SAFETY: a new state; its interpreter lives, as nobody else ends it any more.
        unsafe { gil::attach(state) };
        // SAFETY: attached.
        if finish(unsafe { &*state }).is_none() {
            // SAFETY: still attached, as the interpreter was not ended.
            gil::detach(unsafe { &*state });
            // SAFETY: a state without frames; it is not this file's to end the interpreter.
            unsafe { thread_states::delete(state) };
            registry::leave(entry.interp);
        }
        // SAFETY: the state was detached above.
        unsafe { gil::attach(th) };
    }
}

fn warn(th: &Thread) {
    let message = "remaining subinterpreters; close them with Interpreter.close()";
    let warned = Str::new(th, message).and_then(|message| {
        let category = Borrowed::from_ref(exc::RUNTIME_WARNING).object();
        (th.interp().services.get().warn)(th, category, message.borrow(), 0)
    });
    if warned.is_err() {
        crate::sys::hooks::unraisable(th, None, "Exception ignored while ending sub-interpreters");
    }
}
