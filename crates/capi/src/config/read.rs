//! `PyConfig_Read`: from what C set to what the interpreter starts with, and back.
//!
//! The rules are the interpreter's own (`krait_eval::config`, `krait_eval::command_line`): a `PyConfig` is turned into
//! a `Config`, completed there, and written back.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use krait_abi::{PyConfig, PyStatus};
use krait_eval::command_line::{self, Options, Run};
use krait_eval::config::{self, Config, Invalid};
use krait_macros::capi;
use krait_modules::NATIVE_MODULES;
use krait_objects::prelude::Thread;
use libc::wchar_t;

use super::memory::{
    arguments, assign, assign_list, decode, encoded, flag, list_units, texts, units,
};
use super::status::{PyStatus_Exit, PyStatus_Ok, error_in, is_exception};
use super::{defaults, process};
use crate::support::*;

/// # Safety
/// Invariant 1 of `config`.
unsafe fn text(place: *const wchar_t) -> Option<String> {
    // SAFETY: the caller's promise.
    (!place.is_null()).then(|| unsafe { wide_text(place) })
}

fn small(value: i32) -> u8 {
    u8::try_from(value.max(0)).unwrap_or(u8::MAX)
}

/// The interpreter's configuration for what C set.
///
/// # Safety
/// Invariant 1 of `config`.
unsafe fn to_config(from: &PyConfig) -> Config {
    // SAFETY: the caller's promise.
    unsafe {
        Config {
            argv: arguments(&from.argv),
            orig_argv: arguments(&from.orig_argv),
            program_name: text(from.program_name).unwrap_or_default(),
            executable: text(from.executable).unwrap_or_default(),
            isolated: flag(from.isolated, false),
            use_environment: flag(from.use_environment, true),
            site_import: flag(from.site_import, true),
            user_site_directory: flag(from.user_site_directory, true),
            safe_path: flag(from.safe_path, false),
            write_bytecode: flag(from.write_bytecode, true),
            dev_mode: flag(from.dev_mode, false),
            malloc_stats: flag(from.malloc_stats, false),
            utf8_mode: process::process().pre.is_some_and(|pre| pre.utf8_mode > 0),
            buffered_stdio: flag(from.buffered_stdio, true),
            quiet: flag(from.quiet, false),
            inspect: flag(from.inspect, false),
            interactive: flag(from.interactive, false),
            parser_debug: small(from.parser_debug),
            optimization_level: small(from.optimization_level),
            verbose: small(from.verbose),
            bytes_warning: small(from.bytes_warning),
            warn_default_encoding: flag(from.warn_default_encoding, false),
            install_signal_handlers: flag(from.install_signal_handlers, true),
            hash_seed: (from.use_hash_seed > 0).then_some(from.hash_seed as u32),
            code_debug_ranges: flag(from.code_debug_ranges, true),
            remote_debug: flag(from.remote_debug, true),
            int_max_str_digits: if from.int_max_str_digits < 0 {
                4300
            } else {
                from.int_max_str_digits
            },
            warnoptions: texts(&from.warnoptions),
            xoptions: texts(&from.xoptions),
            check_hash_pycs_mode: text(from.check_hash_pycs_mode)
                .unwrap_or_else(|| "default".into()),
            home: text(from.home).map(PathBuf::from),
            pythonpath: text(from.pythonpath_env)
                .map(|path| path.split(':').map(OsString::from).collect())
                .unwrap_or_default(),
            pycache_prefix: text(from.pycache_prefix),
            stdio_encoding: text(from.stdio_encoding),
            stdio_errors: text(from.stdio_errors),
            tracemalloc: u32::try_from(from.tracemalloc).ok(),
            faulthandler: flag(from.faulthandler, false),
            cpu_count: from.cpu_count,
            import_time: u8::try_from(from.import_time).ok(),
            frozen_modules: flag(from.use_frozen_modules, true),
            platlibdir: text(from.platlibdir),
            configure_c_stdio: flag(from.configure_c_stdio, false),
            module_search_paths: (from.module_search_paths_set > 0).then(|| {
                texts(&from.module_search_paths).into_iter().map(OsString::from).collect()
            }),
            ..Config::python(NATIVE_MODULES)
        }
    }
}

/// What is to be run, as a configuration that was read says.
///
/// # Safety
/// Invariant 1 of `config`.
pub unsafe fn options(from: &PyConfig) -> Options {
    // SAFETY: the caller's promise.
    unsafe {
        let bytes = |place: *const wchar_t| (!place.is_null()).then(|| encoded(units(place)));
        let run = match (bytes(from.run_command), text(from.run_module), bytes(from.run_filename)) {
            (Some(command), ..) => Run::Command(command),
            (_, Some(module), _) => Run::Module(module),
            (_, _, Some(file)) => Run::File(file),
            _ => Run::Stdin,
        };
        let skip_first_line = flag(from.skip_source_first_line, false);
        Options { config: to_config(from), run, skip_first_line }
    }
}

/// Completes a configuration, in place.
///
/// # Safety
/// Invariant 1 of `config`.
pub unsafe fn read(config: *mut PyConfig) -> PyStatus {
    // SAFETY: the caller's promise.
    unsafe {
        let argv = list_units(&(*config).argv);
        if let Err(status) = process::pre_initialize_for(&*config, Some(&argv)) {
            return status;
        }
        let mut status = PyStatus_Ok();
        if (*config).orig_argv.length == 0 && !argv.is_empty() && (*config).parse_argv < 2 {
            status = assign_list(&raw mut (*config).orig_argv, &argv);
        }
        if is_exception(&status) {
            return status;
        }
        settle_isolation(&mut *config);
        let mut options = options(&*config);
        let before = std::mem::take(&mut options.config.warnoptions);
        if (*config).parse_argv == 1 {
            let args = options.config.argv.clone();
            if !args.is_empty() {
                options = match command_line::understand(options.config, &args) {
                    Ok(options) => options,
                    Err(code) => return PyStatus_Exit(code),
                };
            }
            (*config).parse_argv = 2;
        }
        if (*config).dev_mode < 0 {
            // Settled before: the command line counts only if it was known then.
            options.config.dev_mode = process::process().pre.is_some_and(|pre| pre.dev_mode > 0);
        }
        complete(&mut options.config);
        add_options(&mut options.config.xoptions, process::process().xoptions.clone());
        if let Err(invalid) = read_environment(&mut options.config, &*config) {
            return error_in(invalid.function, &invalid.message);
        }
        // From the weakest to the strongest; what the host knew already stays where it is.
        let mut warnings = std::mem::take(&mut options.config.warnoptions);
        add_options(&mut warnings, process::process().warnings.clone());
        warnings.retain(|option| !before.contains(option));
        add_options(&mut warnings, before);
        options.config.warnoptions = warnings;
        write_back(&options, config)
    }
}

/// Isolation that is left open is as Python was prepared; it implies the rest.
fn settle_isolation(config: &mut PyConfig) {
    if let Some(pre) = process::process().pre {
        if config.isolated < 0 {
            config.isolated = pre.isolated;
        }
        if config.use_environment < 0 {
            config.use_environment = pre.use_environment;
        }
    }
    if config.isolated > 0 {
        config.use_environment = 0;
        config.user_site_directory = 0;
        config.safe_path = 1;
    }
}

fn add_options(list: &mut Vec<String>, new: Vec<String>) {
    for option in new {
        if !list.contains(&option) {
            list.push(option);
        }
    }
}

/// The configuration of an interpreter that was started without C's help, by our command or a Rust host; `None`
/// without memory.
pub fn of_running(th: &Thread) -> Option<defaults::Owned> {
    let config = (*config::of(th)).clone();
    let options = Options { config, run: Run::Stdin, skip_first_line: false };
    let described = defaults::Owned::new(PyConfig { parse_argv: 2, ..defaults::python() });
    // SAFETY: the configuration is ours.
    unsafe {
        let status = write_back(&options, described.ptr());
        if is_exception(&status) {
            return None;
        }
        let name = wide(&options.config.program_name);
        let status = assign(&raw mut (*described.ptr()).program_name, Some(&name));
        (!is_exception(&status)).then_some(described)
    }
}

/// What `Py_SetProgramName`, `Py_SetPythonHome` and `Py_SetPath` gave stands for what the configuration leaves open.
fn complete(config: &mut Config) {
    let process = process::process();
    let given = |text: &Option<Vec<wchar_t>>| {
        text.as_ref().map(|text| {
            text.iter().filter_map(|&unit| char::from_u32(unit as u32)).collect::<String>()
        })
    };
    if config.home.is_none() {
        config.home = given(&process.home).map(PathBuf::from);
    }
    if config.module_search_paths.is_none() {
        config.module_search_paths =
            given(&process.path).map(|path| path.split(':').map(OsString::from).collect());
    }
    if config.argv.is_empty() {
        config.argv = vec![OsString::new()];
    }
}

/// As `read`, and settles the program's name.
///
/// # Safety
/// Invariant 1 of `config`.
pub unsafe fn read_with_name(config: *mut PyConfig) -> PyStatus {
    // SAFETY: the caller's promise.
    unsafe {
        let status = read(config);
        if is_exception(&status) { status } else { settle_program_name(config) }
    }
}

/// The program's name, which is settled when the interpreter starts: as C gave it, as the command line has it, or
/// the usual one.
///
/// # Safety
/// Invariant 1 of `config`.
unsafe fn settle_program_name(config: *mut PyConfig) -> PyStatus {
    // SAFETY: the caller's promise.
    unsafe {
        if !(*config).program_name.is_null() {
            return PyStatus_Ok();
        }
        let given = process::process().program_name.clone();
        let name = given
            .or_else(|| list_units(&(*config).orig_argv).into_iter().next())
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| wide("python3"));
        assign(&raw mut (*config).program_name, Some(&name))
    }
}

/// Takes what the environment asks for; what C has settled stays.
fn read_environment(config: &mut Config, from: &PyConfig) -> Result<(), Invalid> {
    let settled = config.clone();
    config.read_environment()?;
    if from.use_hash_seed >= 0 {
        config.hash_seed = settled.hash_seed;
    }
    if !from.pythonpath_env.is_null() {
        config.pythonpath = settled.pythonpath;
    }
    // Settled before Python was configured.
    config.utf8_mode = settled.utf8_mode;
    if from.faulthandler >= 0 {
        config.faulthandler = settled.faulthandler;
    }
    if from.cpu_count >= 0 {
        config.cpu_count = settled.cpu_count;
    }
    if from.dev_mode >= 0 {
        config.dev_mode = settled.dev_mode;
    }
    if from.int_max_str_digits >= 0 {
        config.int_max_str_digits = settled.int_max_str_digits;
    }
    config.stdio_encoding = settled.stdio_encoding.or(config.stdio_encoding.take());
    config.stdio_errors = settled.stdio_errors.or(config.stdio_errors.take());
    Ok(())
}

/// Scripts are named in full, so that a change of the folder does not matter.
fn absolute(path: &OsStr) -> OsString {
    std::path::absolute(path).map_or(path.to_owned(), |path| path.into_os_string())
}

pub fn wide(text: &str) -> Vec<wchar_t> {
    text.chars().map(|character| character as wchar_t).collect()
}

/// # Safety
/// Invariant 1 of `config`.
unsafe fn write_back(options: &Options, to: *mut PyConfig) -> PyStatus {
    let config = &options.config;
    // SAFETY: the caller's promise.
    unsafe {
        write_numbers(config, to);
        (*to).skip_source_first_line = options.skip_first_line.into();
        let home = config.home.as_ref().map(|home| home.display().to_string());
        let pythonpath = config.pythonpath.join(OsStr::new(":")).to_string_lossy().into_owned();
        let pythonpath = Some(pythonpath).filter(|_| !config.pythonpath.is_empty());
        let texts = [
            (&raw mut (*to).home, home),
            (&raw mut (*to).pythonpath_env, pythonpath),
            (&raw mut (*to).pycache_prefix, config.pycache_prefix.clone()),
            (&raw mut (*to).filesystem_encoding, Some("utf-8".into())),
            (&raw mut (*to).filesystem_errors, Some("surrogateescape".into())),
            (
                &raw mut (*to).stdio_encoding,
                config.stdio_encoding.clone().or_else(|| Some("utf-8".into())),
            ),
            (
                &raw mut (*to).stdio_errors,
                Some(krait_eval::streams::text_errors(config).to_owned()),
            ),
            (&raw mut (*to).check_hash_pycs_mode, Some(config.check_hash_pycs_mode.clone())),
        ];
        let mut wides: Vec<_> =
            texts.into_iter().map(|(place, text)| (place, text.map(|text| wide(&text)))).collect();
        let [mut command, mut module, mut file] = [None, None, None];
        match &options.run {
            Run::Command(text) => command = Some(decode(text.as_bytes())),
            Run::Module(name) => module = Some(wide(name)),
            Run::File(path) => file = Some(decode(absolute(path).as_bytes())),
            _ => {}
        }
        wides.push((&raw mut (*to).run_command, command));
        wides.push((&raw mut (*to).run_module, module));
        wides.push((&raw mut (*to).run_filename, file));
        for (place, text) in wides {
            // What is there already says the same, and may hold what is neither text nor bytes.
            let same = |wide: &Vec<wchar_t>| {
                !(*place).is_null() && encoded(units(*place)) == encoded(wide)
            };
            if text.as_ref().is_some_and(same) {
                continue;
            }
            let status = assign(place, text.as_deref());
            if is_exception(&status) {
                return status;
            }
        }
        let argv = kept(&config.argv, &list_units(&(*to).argv));
        for (list, items) in [
            (&raw mut (*to).argv, argv),
            (&raw mut (*to).xoptions, config.xoptions.iter().map(|text| wide(text)).collect()),
            (
                &raw mut (*to).warnoptions,
                config.warnoptions.iter().map(|text| wide(text)).collect(),
            ),
        ] {
            let status = assign_list(list, &items);
            if is_exception(&status) {
                return status;
            }
        }
        PyStatus_Ok()
    }
}

/// The arguments that are left, as they were given, which may be neither text nor bytes.
fn kept(argv: &[OsString], given: &[Vec<wchar_t>]) -> Vec<Vec<wchar_t>> {
    let skipped = given.len().saturating_sub(argv.len());
    let mut all: Vec<Vec<wchar_t>> = argv.iter().map(|arg| decode(arg.as_bytes())).collect();
    for (at, original) in given.iter().skip(skipped).enumerate().skip(1) {
        if let Some(place) = all.get_mut(at) {
            place.clone_from(original);
        }
    }
    all
}

/// # Safety
/// Invariant 1 of `config`.
unsafe fn write_numbers(config: &Config, to: *mut PyConfig) {
    // SAFETY: the caller's promise.
    let to = unsafe { &mut *to };
    to.isolated = config.isolated.into();
    to.use_environment = config.use_environment.into();
    to.site_import = config.site_import.into();
    to.user_site_directory = config.user_site_directory.into();
    to.safe_path = config.safe_path.into();
    to.write_bytecode = config.write_bytecode.into();
    to.dev_mode = config.dev_mode.into();
    to.malloc_stats = config.malloc_stats.into();
    to.buffered_stdio = config.buffered_stdio.into();
    to.quiet = config.quiet.into();
    to.inspect = config.inspect.into();
    to.interactive = config.interactive.into();
    to.parser_debug = config.parser_debug.into();
    to.optimization_level = config.optimization_level.into();
    to.verbose = config.verbose.into();
    to.bytes_warning = config.bytes_warning.into();
    to.warn_default_encoding = config.warn_default_encoding.into();
    to.install_signal_handlers = config.install_signal_handlers.into();
    to.use_hash_seed = config.hash_seed.is_some().into();
    to.hash_seed = config.hash_seed.unwrap_or(0).into();
    to.int_max_str_digits = config.int_max_str_digits;
    to.code_debug_ranges = config.code_debug_ranges.into();
    to.faulthandler = config.faulthandler.into();
    to.tracemalloc = config.tracemalloc.unwrap_or(0) as i32;
    to.cpu_count = config.cpu_count;
    to.perf_profiling = to.perf_profiling.max(0);
    to.import_time = config.import_time.unwrap_or(0).into();
    to.use_frozen_modules = config.frozen_modules.into();
    to.configure_c_stdio = to.configure_c_stdio.max(0);
    to.pathconfig_warnings = i32::from(to.pathconfig_warnings != 0);
    to.remote_debug = config.remote_debug.into();
}

#[capi]
pub fn PyConfig_Read(config: *mut PyConfig) -> PyStatus {
    // SAFETY: C passes a configuration.
    unsafe { read(config) }
}
