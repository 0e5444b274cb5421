//! Fresh configurations, and freeing them.

use krait_abi::{PyConfig, PyPreConfig};
use krait_eval::config;
use krait_macros::capi;
use krait_objects::prelude::Thread;

use super::fields::{CONFIG, Kind};
use super::memory::{assign, assign_list, clear_list, list_units, units};
use super::status::{PyStatus_Ok, is_exception};

/// What `_config_init` says of the kind of configuration.
pub const COMPATIBLE: i32 = 1;
const PYTHON: i32 = 2;
const ISOLATED: i32 = 3;

const PRE_CONFIG: PyPreConfig = PyPreConfig {
    _config_init: PYTHON,
    parse_argv: 1,
    isolated: 0,
    use_environment: 1,
    configure_locale: 1,
    coerce_c_locale: -1,
    coerce_c_locale_warn: -1,
    utf8_mode: -1,
    dev_mode: -1,
    allocator: 0,
};

const ISOLATED_PRE_CONFIG: PyPreConfig = PyPreConfig {
    _config_init: ISOLATED,
    parse_argv: 0,
    isolated: 1,
    use_environment: 0,
    configure_locale: 0,
    coerce_c_locale: 0,
    coerce_c_locale_warn: 0,
    utf8_mode: 0,
    dev_mode: 0,
    allocator: 0,
};

/// What `Py_Initialize` prepares: the variables from before `PyConfig` may say more.
const COMPATIBLE_PRE_CONFIG: PyPreConfig = PyPreConfig {
    _config_init: COMPATIBLE,
    parse_argv: 0,
    isolated: -1,
    use_environment: -1,
    coerce_c_locale: 0,
    coerce_c_locale_warn: 0,
    utf8_mode: 0,
    ..PRE_CONFIG
};

/// For a configuration of that kind.
pub fn pre_config_for(config: &PyConfig) -> PyPreConfig {
    let mut pre = match config._config_init {
        ISOLATED => ISOLATED_PRE_CONFIG,
        COMPATIBLE => COMPATIBLE_PRE_CONFIG,
        _ => PRE_CONFIG,
    };
    pre.parse_argv = config.parse_argv.min(1);
    for (place, given) in [
        (&mut pre.isolated, config.isolated),
        (&mut pre.use_environment, config.use_environment),
        (&mut pre.dev_mode, config.dev_mode),
    ] {
        if given >= 0 {
            *place = given;
        }
    }
    pre
}

/// For an interpreter that was started without C's help, by our command or a Rust host: all is settled.
pub fn pre_config_of_running(th: &Thread) -> PyPreConfig {
    let config = config::of(th);
    PyPreConfig {
        isolated: config.isolated.into(),
        use_environment: config.use_environment.into(),
        coerce_c_locale: 0,
        coerce_c_locale_warn: 0,
        utf8_mode: config.utf8_mode.into(),
        dev_mode: config.dev_mode.into(),
        ..PRE_CONFIG
    }
}

/// `PyConfig_InitPythonConfig`: as the command line starts.
pub fn python() -> PyConfig {
    PyConfig {
        _config_init: PYTHON,
        use_environment: 1,
        dev_mode: -1,
        install_signal_handlers: 1,
        use_hash_seed: -1,
        faulthandler: -1,
        tracemalloc: -1,
        perf_profiling: -1,
        remote_debug: -1,
        import_time: -1,
        code_debug_ranges: 1,
        parse_argv: 1,
        site_import: 1,
        write_bytecode: 1,
        user_site_directory: 1,
        configure_c_stdio: 1,
        buffered_stdio: 1,
        use_frozen_modules: 1,
        int_max_str_digits: -1,
        cpu_count: -1,
        pathconfig_warnings: 1,
        _install_importlib: 1,
        _init_main: 1,
        ..PyConfig::EMPTY
    }
}

/// `PyConfig_InitIsolatedConfig`: nothing from the environment or the user.
fn isolated() -> PyConfig {
    PyConfig {
        _config_init: ISOLATED,
        isolated: 1,
        use_environment: 0,
        dev_mode: 0,
        install_signal_handlers: 0,
        use_hash_seed: 0,
        tracemalloc: 0,
        perf_profiling: 0,
        parse_argv: 0,
        user_site_directory: 0,
        configure_c_stdio: 0,
        safe_path: 1,
        int_max_str_digits: 4300,
        pathconfig_warnings: 0,
        ..python()
    }
}

/// What `Py_Initialize` starts with: no command line, C's streams as they are.
pub fn compatible() -> PyConfig {
    PyConfig {
        _config_init: COMPATIBLE,
        isolated: -1,
        use_environment: -1,
        parse_argv: 0,
        configure_c_stdio: 0,
        ..python()
    }
}

#[capi]
pub fn PyConfig_InitPythonConfig(config: *mut PyConfig) {
    // SAFETY: C passes a struct to fill in.
    unsafe { config.write(python()) }
}

#[capi]
pub fn PyConfig_InitIsolatedConfig(config: *mut PyConfig) {
    // SAFETY: as above.
    unsafe { config.write(isolated()) }
}

#[capi]
pub fn _PyConfig_InitCompatConfig(config: *mut PyConfig) {
    // SAFETY: as above.
    unsafe { config.write(compatible()) }
}

#[capi]
pub fn PyPreConfig_InitPythonConfig(config: *mut PyPreConfig) {
    // SAFETY: as above.
    unsafe { config.write(PRE_CONFIG) }
}

#[capi]
pub fn _PyPreConfig_InitCompatConfig(config: *mut PyPreConfig) {
    // SAFETY: as above.
    unsafe { config.write(COMPATIBLE_PRE_CONFIG) }
}

#[capi]
pub fn PyPreConfig_InitIsolatedConfig(config: *mut PyPreConfig) {
    // SAFETY: as above.
    unsafe { config.write(ISOLATED_PRE_CONFIG) }
}

/// Frees strings and lists; numbers stay.
#[capi]
pub fn PyConfig_Clear(config: *mut PyConfig) {
    for field in CONFIG {
        // SAFETY: invariant 1 of `config`.
        unsafe {
            if field.is_text() {
                assign(field.text(config), None);
            } else if field.kind == Kind::List {
                clear_list(field.list(config));
            }
        }
    }
    // SAFETY: as above.
    unsafe { (*config).module_search_paths_set = 0 };
}

/// A configuration of our own, on the heap: C gets its address, which others may share.
pub struct Owned(*mut PyConfig);

// SAFETY: plain memory that only this value frees; who writes it while others look holds the GIL.
unsafe impl Send for Owned {}
// SAFETY: as above.
unsafe impl Sync for Owned {}

impl Owned {
    /// Takes the strings over.
    pub fn new(config: PyConfig) -> Owned {
        Owned(Box::into_raw(Box::new(config)))
    }

    pub fn ptr(&self) -> *mut PyConfig {
        self.0
    }

    /// # Safety
    /// Invariant 1 of `config`.
    pub unsafe fn copy(from: *const PyConfig) -> Option<Owned> {
        let copy = Owned::new(PyConfig::EMPTY);
        let to = copy.ptr();
        // SAFETY: the caller's promise; the copy owns no string until it has its own.
        unsafe {
            (*to)._config_init = (*from)._config_init;
            for field in CONFIG {
                let status = match field.kind {
                    Kind::List => {
                        assign_list(field.list(to), &list_units(&*field.list(from.cast_mut())))
                    }
                    _ if field.is_text() => {
                        let text = *field.text(from.cast_mut());
                        assign(field.text(to), (!text.is_null()).then(|| units(text)))
                    }
                    _ => {
                        field.set_number(to, field.number(from));
                        PyStatus_Ok()
                    }
                };
                if is_exception(&status) {
                    return None;
                }
            }
        }
        Some(copy)
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: the strings and the box are this value's.
        unsafe {
            PyConfig_Clear(self.0);
            drop(Box::from_raw(self.0));
        }
    }
}
