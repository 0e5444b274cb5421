//! Starting with a configuration, running what it asks for, and leaving.

use std::ffi::{c_char, c_int};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use krait_abi::{PyConfig, PyStatus};
use krait_eval::command_line;
use krait_macros::capi;
use krait_objects::prelude::*;
use libc::wchar_t;

use super::memory::{bytes_array, list_units, wide_array};
use super::process::{self, process};
use super::status::{Py_ExitStatusException, PyStatus_NoMemory, PyStatus_Ok, error, error_in};
use super::status::{is_error, is_exception};
use super::{defaults, memory, read, settled};
use crate::runtime;

#[capi]
pub fn Py_InitializeFromConfig(config: *const PyConfig) -> PyStatus {
    if config.is_null() {
        return error(c"initialization config is NULL");
    }
    // The allocators have to be settled before there is anything to be freed.
    // SAFETY: C passes a configuration.
    let settled =
        unsafe { process::pre_initialize_for(&*config, Some(&list_units(&(*config).argv))) };
    if let Err(status) = settled {
        return status;
    }
    // SAFETY: C passes a configuration.
    let copy = unsafe { defaults::Owned::copy(config) };
    match copy {
        // SAFETY: nothing is asked of the caller.
        None => unsafe { PyStatus_NoMemory() },
        Some(copy) => start(copy),
    }
}

fn start(config: defaults::Owned) -> PyStatus {
    if runtime::is_running() {
        // SAFETY: nothing is asked of the caller.
        return unsafe { PyStatus_Ok() };
    }
    // SAFETY: the copy is ours.
    unsafe {
        let status = read::read_with_name(config.ptr());
        if is_exception(&status) {
            return status;
        }
        let mut options = read::options(&*config.ptr());
        if options.config.executable.is_empty() {
            options.config.executable = settled::executable(&options.config.program_name);
        }
        if let Err(message) = runtime::start(options.config) {
            return error_in(c"init_interp_main", &message);
        }
        process::set_variables(&*config.ptr());
        let mut process = process();
        (process.warnings, process.xoptions) = Default::default();
        if let Some(pre) = &mut process.pre {
            pre.isolated = (*config.ptr()).isolated;
            pre.use_environment = (*config.ptr()).use_environment;
            pre.dev_mode = (*config.ptr()).dev_mode;
        }
        process.set_argv(list_units(&(*config.ptr()).orig_argv));
        process.config = Some(Arc::new(config));
        PyStatus_Ok()
    }
}

/// `Py_Initialize`, with the flags from the time before `PyConfig`.
pub fn initialize(signals: bool) {
    if runtime::is_running() {
        return;
    }
    let mut settings = defaults::compatible();
    let flags = &mut settings;
    flags.install_signal_handlers = signals.into();
    let count = |flag: &std::sync::atomic::AtomicI32| flag.load(Relaxed).max(0);
    flags.bytes_warning = count(&process::Py_BytesWarningFlag);
    flags.parser_debug = count(&process::Py_DebugFlag);
    flags.inspect = count(&process::Py_InspectFlag);
    flags.interactive = count(&process::Py_InteractiveFlag);
    if count(&process::Py_IsolatedFlag) > 0 {
        flags.isolated = 1;
    }
    flags.optimization_level = count(&process::Py_OptimizeFlag);
    flags.quiet = count(&process::Py_QuietFlag);
    flags.verbose = count(&process::Py_VerboseFlag);
    flags.write_bytecode = c_int::from(count(&process::Py_DontWriteBytecodeFlag) == 0);
    if count(&process::Py_IgnoreEnvironmentFlag) > 0 {
        flags.use_environment = 0;
    }
    flags.pathconfig_warnings = c_int::from(count(&process::Py_FrozenFlag) == 0);
    flags.site_import = c_int::from(count(&process::Py_NoSiteFlag) == 0);
    flags.user_site_directory = c_int::from(count(&process::Py_NoUserSiteDirectory) == 0);
    flags.buffered_stdio = c_int::from(count(&process::Py_UnbufferedStdioFlag) == 0);
    let status = start(defaults::Owned::new(settings));
    if is_exception(&status) {
        // SAFETY: nothing is asked of the caller.
        unsafe { Py_ExitStatusException(status) };
    }
}

/// Runs what the configuration asks for and ends the interpreter; the exit code.
#[capi]
pub fn Py_RunMain() -> c_int {
    let config = process().config.clone();
    let options = match config {
        // SAFETY: the configuration is ours.
        Some(config) => unsafe { read::options(&*config.ptr()) },
        None => crate::lifecycle::fatal_error("Py_RunMain", "Python is not initialized"),
    };
    let code = command_line::run(Thread::current(), &options);
    let interrupted = command_line::is_interrupted(Thread::current());
    let flushed = runtime::finish();
    match interrupted {
        true => command_line::die_of_interrupt(),
        false if flushed || code != 0 => code,
        false => 120,
    }
}

fn main(argv: Vec<Vec<wchar_t>>) -> c_int {
    let config = defaults::Owned::new(defaults::python());
    // SAFETY: the configuration is ours.
    unsafe {
        let mut status = match process::pre_initialize_for(&*config.ptr(), Some(&argv)) {
            Ok(()) => memory::assign_list(&raw mut (*config.ptr()).argv, &argv),
            Err(status) => status,
        };
        if !is_exception(&status) && runtime::is_running() {
            status = settled::reconfigure(config);
        } else if !is_exception(&status) {
            status = start(config);
        }
        if is_error(&status) {
            Py_ExitStatusException(status);
        }
        if is_exception(&status) {
            return status.exitcode;
        }
        Py_RunMain()
    }
}

#[capi]
pub fn Py_BytesMain(argc: c_int, argv: *mut *mut c_char) -> c_int {
    // SAFETY: C passes so many strings.
    main(unsafe { bytes_array(argc as isize, argv) })
}

#[capi]
pub fn Py_Main(argc: c_int, argv: *mut *mut wchar_t) -> c_int {
    // SAFETY: C passes so many strings.
    main(unsafe { wide_array(argc as isize, argv) })
}

/// Starts with a command line, of which nothing is an option; the process ends if that fails.
///
/// # Safety
/// `argv` has `argc` strings.
pub unsafe fn initialize_with_arguments(argc: c_int, argv: *mut *mut c_char) {
    let mut python = defaults::python();
    python.parse_argv = 0;
    let config = defaults::Owned::new(python);
    // SAFETY: the caller's promise; (1).
    unsafe {
        let mut status = super::memory::PyConfig_SetBytesArgv(
            config.ptr(),
            argc as isize,
            argv.cast_const().cast(),
        );
        if !super::status::is_exception(&status) {
            status = Py_InitializeFromConfig(config.ptr());
        }
        if super::status::is_exception(&status) {
            super::status::Py_ExitStatusException(status);
        }
    }
}
