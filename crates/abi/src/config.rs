//! Configuration of the runtime and of interpreters (`cpython/initconfig.h`,
//! `cpython/pylifecycle.h`).

use crate::object::Py_ssize_t;
use libc::wchar_t;
use std::ffi::{c_char, c_int, c_ulong, c_void};

/// A configuration under construction, by `PyInitConfig_Create`.
#[repr(C)]
#[derive(Debug)]
pub struct PyInitConfig {
    _opaque: [u8; 0],
}

pub type PyOS_sighandler_t = Option<unsafe extern "C" fn(c_int)>;
pub type atexit_datacallbackfunc = Option<unsafe extern "C" fn(*mut c_void)>;

c_struct! {
    /// What an initialisation function answers: fine, an error, or a wish to exit.
    pub struct PyStatus[32] {
        0 => _type: c_int,
        8 => func: *const c_char,
        16 => err_msg: *const c_char,
        24 => exitcode: c_int,
    }

    /// A list of wide strings.
    pub struct PyWideStringList[16] {
        0 => length: Py_ssize_t,
        8 => items: *mut *mut wchar_t,
    }

    /// What has to be known before anything is decoded or allocated.
    pub struct PyPreConfig[40] {
        0 => _config_init: c_int,
        4 => parse_argv: c_int,
        8 => isolated: c_int,
        12 => use_environment: c_int,
        16 => configure_locale: c_int,
        20 => coerce_c_locale: c_int,
        24 => coerce_c_locale_warn: c_int,
        28 => utf8_mode: c_int,
        32 => dev_mode: c_int,
        36 => allocator: c_int,
    }

    /// The configuration of an interpreter.
    pub struct PyConfig[456] {
        0 => _config_init: c_int,
        4 => isolated: c_int,
        8 => use_environment: c_int,
        12 => dev_mode: c_int,
        16 => install_signal_handlers: c_int,
        20 => use_hash_seed: c_int,
        24 => hash_seed: c_ulong,
        32 => faulthandler: c_int,
        36 => tracemalloc: c_int,
        40 => perf_profiling: c_int,
        44 => remote_debug: c_int,
        48 => import_time: c_int,
        52 => code_debug_ranges: c_int,
        56 => show_ref_count: c_int,
        60 => dump_refs: c_int,
        64 => dump_refs_file: *mut wchar_t,
        72 => malloc_stats: c_int,
        80 => filesystem_encoding: *mut wchar_t,
        88 => filesystem_errors: *mut wchar_t,
        96 => pycache_prefix: *mut wchar_t,
        104 => parse_argv: c_int,
        112 => orig_argv: PyWideStringList,
        128 => argv: PyWideStringList,
        144 => xoptions: PyWideStringList,
        160 => warnoptions: PyWideStringList,
        176 => site_import: c_int,
        180 => bytes_warning: c_int,
        184 => warn_default_encoding: c_int,
        188 => inspect: c_int,
        192 => interactive: c_int,
        196 => optimization_level: c_int,
        200 => parser_debug: c_int,
        204 => write_bytecode: c_int,
        208 => verbose: c_int,
        212 => quiet: c_int,
        216 => user_site_directory: c_int,
        220 => configure_c_stdio: c_int,
        224 => buffered_stdio: c_int,
        232 => stdio_encoding: *mut wchar_t,
        240 => stdio_errors: *mut wchar_t,
        248 => check_hash_pycs_mode: *mut wchar_t,
        256 => use_frozen_modules: c_int,
        260 => safe_path: c_int,
        264 => int_max_str_digits: c_int,
        268 => thread_inherit_context: c_int,
        272 => context_aware_warnings: c_int,
        276 => cpu_count: c_int,
        280 => pathconfig_warnings: c_int,
        288 => program_name: *mut wchar_t,
        296 => pythonpath_env: *mut wchar_t,
        304 => home: *mut wchar_t,
        312 => platlibdir: *mut wchar_t,
        320 => module_search_paths_set: c_int,
        328 => module_search_paths: PyWideStringList,
        344 => stdlib_dir: *mut wchar_t,
        352 => executable: *mut wchar_t,
        360 => base_executable: *mut wchar_t,
        368 => prefix: *mut wchar_t,
        376 => base_prefix: *mut wchar_t,
        384 => exec_prefix: *mut wchar_t,
        392 => base_exec_prefix: *mut wchar_t,
        400 => skip_source_first_line: c_int,
        408 => run_command: *mut wchar_t,
        416 => run_module: *mut wchar_t,
        424 => run_filename: *mut wchar_t,
        432 => sys_path_0: *mut wchar_t,
        440 => _install_importlib: c_int,
        444 => _init_main: c_int,
        448 => _is_python_build: c_int,
    }

    /// What a new sub-interpreter may do, and whether it has a GIL of its own.
    pub struct PyInterpreterConfig[28] {
        0 => use_main_obmalloc: c_int,
        4 => allow_fork: c_int,
        8 => allow_exec: c_int,
        12 => allow_threads: c_int,
        16 => allow_daemon_threads: c_int,
        20 => check_multi_interp_extensions: c_int,
        24 => gil: c_int,
    }

    /// A command line, in bytes or wide strings.
    pub struct _PyArgv[32] {
        0 => argc: Py_ssize_t,
        8 => use_bytes_argv: c_int,
        16 => bytes_argv: *const *mut c_char,
        24 => wchar_argv: *const *mut wchar_t,
    }
}

// Constants of `cpython/initconfig.h`.
pub const _PyStatus_TYPE_ERROR: c_int = 1;
pub const _PyStatus_TYPE_EXIT: c_int = 2;
pub const _PyStatus_TYPE_OK: c_int = 0;

// Constants of `cpython/pylifecycle.h`.
pub const PyInterpreterConfig_DEFAULT_GIL: c_int = 0;
pub const PyInterpreterConfig_OWN_GIL: c_int = 2;
pub const PyInterpreterConfig_SHARED_GIL: c_int = 1;
pub const _PyInterpreterConfig_LEGACY_CHECK_MULTI_INTERP_EXTENSIONS: c_int = 0;
