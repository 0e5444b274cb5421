//! The life of an interpreter: from nothing to `__main__`, and back to nothing.
//!
//! `end` has what runs at the end, and how modules go. The same job as CPython's `Python/pylifecycle.c`.

mod end;

use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::Ordering;

use krait_objects::gc;
use krait_objects::hash::HashSecret;
use krait_objects::interp::{Interpreter, Services};
use krait_objects::module::rules::ExtensionRules;
use krait_objects::prelude::*;
use krait_objects::str;
use krait_objects::typeobj;

use crate::config::{self, Config};
use crate::frame::datastack;
use crate::gil::{self, Gil};
use crate::installation::Installation;
use crate::subs::{self, Origin, Settings};
use crate::{
    crash, import, pending, registry, runtime, services, site, streams, sys, thread_states,
    warnings,
};
pub use end::{EndHooks, ExitHook};
use end::{clear_modules, collect, run_exit_functions};

/// What the object layer needs of this one.
pub const SERVICES: Services = Services {
    import: |th, name, from_list, level| {
        import::import_level(th, name, None, from_list.map(Borrowed::object), level)
    },
    warn: warnings::warn,
    unraisable: sys::hooks::unraisable,
    globals: services::globals,
    builtins: services::builtins,
    current_module: services::current_module,
    super_arguments: services::super_arguments,
    define_module: import::define_module,
    importlib: import::importlib,
    stack: services::stack,
    audit: sys::audit::tell,
    fatal: |th, message| crash::abort(message, &crash::state_of(th)),
};

/// An interpreter with the state that it was started with. `finish` ends it.
pub struct Instance {
    interp: Box<Interpreter>,
    thread: *const Thread,
}

/// An interpreter that could not start: what it said.
#[derive(Debug)]
pub struct StartError(pub String);

impl Instance {
    /// Starts an interpreter; the calling OS thread is attached to it afterwards.
    pub fn start(config: Config) -> Result<Instance, StartError> {
        Instance::start_as(config, Settings::MAIN, Origin::Runtime, Gil::default())
    }

    /// Starts an interpreter of another one's, with a lock that it may share; see `subs`.
    pub(crate) fn start_sub(
        config: Config,
        settings: Settings,
        origin: Origin,
        gil: Gil,
    ) -> Result<Instance, StartError> {
        Instance::start_as(config, settings, origin, gil)
    }

    fn start_as(
        config: Config,
        settings: Settings,
        origin: Origin,
        gil: Gil,
    ) -> Result<Instance, StartError> {
        let is_sub = origin != Origin::Runtime;
        if !is_sub {
            registry::take_back();
        }
        let secret = match config.hash_seed {
            Some(seed) => HashSecret::from_seed(seed),
            None => HashSecret::random()
                .map_err(|error| StartError(format!("failed to get random numbers: {error}")))?,
        };
        // Static strings keep their hash: a second interpreter in the process has the first one's secret.
        str::set_hash_secret(secret);
        let id = if is_sub { registry::next_id() } else { 0 };
        let interp = Interpreter::new(id, SERVICES);
        let main = registry::main().filter(|main| main.gil.is_same(&gil));
        interp.audited.store(sys::audit::host_listens(), Ordering::Relaxed);
        interp.shares_heap.set(!is_sub || settings.shares_heap() && main.is_some());
        if !interp.is_guest() {
            interp.heap.set_hook(config.heap_hook);
            interp.heap.set_talkative(config.malloc_stats);
        }
        let thread: *const Thread = Box::into_raw(Thread::new(&interp, 1));
        registry::enter(registry::Entry {
            id,
            interp: &*interp,
            gil,
            is_sub,
            thread,
            settings,
            origin,
            is_ready: false,
            runs_main: false,
            handles: 0,
            ends_with_handles: false,
        });
        let instance = Instance { interp, thread };
        instance.attach();
        let th = instance.thread();
        config::keep(th, config);
        th.interp().state::<subs::Kept>().0.set(settings);
        let rules = ExtensionRules::of(th);
        rules.is_sub.set(is_sub);
        rules.own_gil.set(settings.own_gil);
        rules.checks.set(settings.check_multi_interp_extensions);
        match instance.bring_up() {
            Ok(()) => {
                registry::update_interp(&*instance.interp, |entry| entry.is_ready = true);
                Ok(instance)
            }
            Err(raised) => {
                let exception = th.take_raised(raised);
                sys::hooks::print_exception(th, exception.object());
                drop(exception);
                th.interp().finalizing.set(true);
                instance.tear_down();
                Err(StartError("the interpreter could not be initialised".into()))
            }
        }
    }

    /// The state that it was started with.
    pub fn thread(&self) -> &Thread {
        // SAFETY: it lives as long as the instance, unless C has deleted it, who then may not ask for it.
        unsafe { &*self.thread }
    }

    pub(crate) fn interp(&self) -> &Interpreter {
        &self.interp
    }

    /// Attaches the calling OS thread with the main thread's state, waiting for the GIL.
    pub fn attach(&self) {
        // SAFETY: the state is attached nowhere: `detach` was called, or it is new.
        unsafe { gil::attach(self.thread) }
    }

    /// Detaches the calling OS thread and gives the GIL up.
    pub fn detach(&self) {
        gil::detach(self.thread());
    }

    fn bring_up(&self) -> PyResult<()> {
        let th = self.thread();
        th.interp().int_max_str_digits.set(config::of(th).int_max_str_digits);
        th.interp().code_debug_ranges.set(config::of(th).code_debug_ranges);
        th.interp().import_time.set(config::of(th).import_time.unwrap_or(0));
        th.interp().remote_debug.set(config::of(th).remote_debug.into());
        krait_objects::builtin_types::ready_all(th)?;
        crate::types::ready_all(th)?;
        for ty in typeobj::core_types() {
            th.interp().types.enter_static(Borrowed::from_ref(ty));
        }
        th.interp().state::<pending::Pending>().hooks.set(pending::Hooks {
            collect: gc::run_scheduled,
            yield_gil: gil::yield_to_others,
            ..pending::Hooks::default()
        });
        th.interp().modules.set(Some(Dict::new(th)?));
        import::CoreObjects::declare(th)?;
        let modules = import::modules(th)?;
        let builtins = import::create_native(th, "builtins")?;
        th.interp().builtins.set(Some(builtins.dict().to_owned()));
        crate::builtins::remember_common(th, &builtins.dict())?;
        let known = &th.interp().known;
        known.len.set(builtins.dict().get_str(th, id::len)?);
        known.isinstance.set(builtins.dict().get_str(th, id::isinstance)?);
        let sys = import::create_native(th, "sys")?;
        th.interp().sys_dict.set(Some(sys.dict().to_owned()));
        sys.hide_name();
        sys.add(th, "modules", modules.object())?;
        modules.set_str(th, id::sys, sys.object())?;
        modules.set_str(th, id::builtins, builtins.object())?;
        // Good enough for messages until the `io` module makes the real one.
        sys::set(th, id::stderr, sys::printer::new(th, 2)?.object())?;
        let core = import::CoreObjects::of(th);
        core.sys.set(Some(sys.into_object()));
        core.builtins.set(Some(builtins.into_object()));
        import::install_finders(th)?;
        if config::of(th).install_signal_handlers {
            import::start_native(th, "_signal")?;
        }
        set_path(th)?;
        if let Some(frames) = config::of(th).tracemalloc.filter(|&frames| frames > 0) {
            th.interp().start_tracing(frames as usize);
        }
        if config::of(th).configure_c_stdio {
            configure_c_stdio(&config::of(th));
        }
        streams::prepare(th)?;
        if config::of(th).faulthandler {
            let faulthandler = import::import(th, "faulthandler")?;
            let enable = Str::interned(th, "enable")?;
            call::call_method(th, faulthandler.object(), enable.borrow(), &[])?;
        }
        make_main(th)?;
        if config::of(th).verbose > 0 {
            import::publish(th)?;
        }
        th.interp().checks_codecs.set(config::of(th).dev_mode);
        if !config::of(th).warnoptions.is_empty() {
            import::import(th, "warnings")?;
        }
        if config::of(th).site_import {
            site::run(th)?;
        }
        add_script_folder(th)?;
        Ok(())
    }

    /// `Py_FinalizeEx`: runs exit functions, flushes, and gives everything back. False if flushing failed. The calling
    /// OS thread is attached with a state of the interpreter, and with none afterwards.
    pub fn finish(self) -> bool {
        let th = Thread::current();
        run_exit_functions(th);
        EndHooks::run(th);
        registry::update_interp(&*self.interp, |entry| entry.is_ready = false);
        if registry::main().is_some_and(|main| std::ptr::eq(main.interp, &*self.interp)) {
            subs::finish_all(th);
            runtime::show_finalizing(th);
        }
        th.interp().finalizing.set(true);
        gil::of(th).close(th);
        let flushed = streams::flush(th);
        if config::of(th).malloc_stats && th.interp().id == 0 {
            let interp = th.interp();
            eprint!("{}\n{}", interp.heap.describe(), interp.free_lists.describe());
        }
        self.tear_down();
        flushed
    }

    fn tear_down(self) {
        let th = Thread::current();
        let is_main = registry::main().is_some_and(|main| std::ptr::eq(main.interp, &*self.interp));
        clear_modules(th);
        if let Err(raised) = audit!(th, "cpython.PyInterpreterState_Clear") {
            drop(th.take_raised(raised));
        }
        if is_main {
            sys::audit::announce_end(th);
        }
        for state in registry::states(&*self.interp) {
            // SAFETY: the threads of the others sleep for good, or never came.
            unsafe { thread_states::clear(&*state) };
        }
        collect(th);
        th.interp().forward.clear();
        if !th.interp().is_guest() {
            th.interp().stop_tracing();
        }
        th.interp().clear_states();
        // What modules kept beside their namespaces: classes, for the most part.
        collect(th);
        th.interp().clear_objects();
        if th.interp().is_guest() {
            // What is left of its objects outlives it.
            th.interp().types.forget_references();
            th.interp().gc.abandon();
        } else if th.interp().heap.hook().is_some() {
            // The heap does not know blocks of functions that a host put in its place, and would not take them along.
            th.interp().foreign_types.release();
            th.interp().free_lists.set_closed(&th.interp().heap, true);
        }
        let gil = gil::of(th).clone();
        let main = registry::main().filter(|main| main.gil.is_same(&gil));
        // SAFETY: no frame is left. The memory of the other states stays: a thread may be asleep in one.
        unsafe {
            datastack::free(th);
            Thread::swap_current(std::ptr::null());
            registry::leave(&*self.interp);
            drop(Box::from_raw(std::ptr::from_ref(th).cast_mut()));
            gil.leave_heap(&self.interp, main.map(|main| &*main.interp));
        }
        // Its memory goes while other interpreters that share the lock still wait.
        self.interp.lent.clone().end(self.interp);
        gil.release();
    }
}

/// `sys.path`: `PYTHONPATH`, and the folders of an installation. The library inside needs none.
fn set_path(th: &Thread) -> PyResult<()> {
    let config = config::of(th);
    let path = config.module_search_paths.clone().unwrap_or_else(|| {
        let mut path = config.pythonpath.clone();
        path.extend(Installation::of(th).search_path().into_iter().map(Into::into));
        path
    });
    let path: PyResult<Vec<Owned>> = path
        .iter()
        .map(|entry| Str::from_fs_bytes(th, entry.as_bytes()).map(Owned::into_object))
        .collect();
    sys::set_text(th, "path", List::from_vec(th, path?)?.object())
}

/// The folder of the main program comes first on every interpreter's `sys.path`, as it stands there.
fn add_script_folder(th: &Thread) -> PyResult<()> {
    let config = config::of(th);
    let (Some(first), Some(path)) = (&config.sys_path_0, sys::get(th, id::path)?) else {
        return Ok(());
    };
    th.interp().script_folder.replace(Some(first.clone()));
    match path.object().downcast::<List>() {
        Some(path) => path.insert_at(th, 0, Str::from_fs_bytes(th, first)?.into_object()),
        None => Ok(()),
    }
}

unsafe extern "C" {
    static stdin: *mut libc::FILE;
    static stdout: *mut libc::FILE;
    static stderr: *mut libc::FILE;
}

/// Lets the C library's streams buffer as Python's do, for C code that writes to them.
fn configure_c_stdio(config: &Config) {
    let mode = match (config.buffered_stdio, config.interactive) {
        (false, _) => libc::_IONBF,
        (true, true) => libc::_IOLBF,
        (true, false) => return,
    };
    // SAFETY: the C library's own streams; it makes the buffers.
    unsafe {
        for stream in [stdin, stdout] {
            libc::setvbuf(stream, std::ptr::null_mut(), mode, libc::BUFSIZ as usize);
        }
        if !config.buffered_stdio {
            libc::setvbuf(stderr, std::ptr::null_mut(), mode, libc::BUFSIZ as usize);
        }
    }
}

/// The module that scripts run in.
fn make_main(th: &Thread) -> PyResult<()> {
    let main = Module::new(th, id::__main__)?;
    let dict = main.dict();
    if let Some(builtins) = import::modules(th)?.get_str(th, id::builtins)? {
        dict.set_str(th, id::__builtins__, builtins.object())?;
    }
    if let Some(loader) = import::CoreObjects::of(th).builtin_importer.get() {
        dict.set_str(th, id::__loader__, loader.object())?;
    }
    import::modules(th)?.set_str(th, id::__main__, main.object())
}
