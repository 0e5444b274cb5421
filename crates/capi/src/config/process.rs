//! What C says before there is an interpreter, and what the interpreter was started with.
//!
//! C's functions take no handle, so this is kept for the process, under a lock; `runtime` holds the interpreter itself.

use std::ffi::{c_char, c_int};
use std::sync::atomic::AtomicI32;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard};

use krait_abi::{PyConfig, PyPreConfig, PyStatus};
use krait_macros::capi;
use libc::wchar_t;

use super::defaults::{self, pre_config_for};
use super::memory::{bytes_array, wide_array};
use super::status::{PyStatus_Ok, error, error_in};
use crate::allocators;

#[derive(Default)]
pub struct Process {
    /// Set once preinitialised.
    pub pre: Option<PyPreConfig>,
    /// As the process was started, for `Py_GetArgcArgv`; each ends with NUL.
    argv: Vec<Vec<wchar_t>>,
    argv_pointers: Vec<usize>,
    /// What `Py_SetProgramName` and `Py_SetPythonHome` gave.
    pub program_name: Option<Vec<wchar_t>>,
    pub home: Option<Vec<wchar_t>>,
    /// What `Py_SetPath` gave: folders with colons between them.
    pub path: Option<Vec<wchar_t>>,
    /// What `PySys_AddWarnOption` and `PySys_AddXOption` added before there was an interpreter.
    pub warnings: Vec<String>,
    pub xoptions: Vec<String>,
    /// What the running interpreter was started with.
    pub config: Option<Arc<defaults::Owned>>,
}

static PROCESS: Mutex<Option<Process>> = Mutex::new(None);

pub struct Access(MutexGuard<'static, Option<Process>>);

impl std::ops::Deref for Access {
    type Target = Process;
    fn deref(&self) -> &Process {
        self.0.as_ref().expect("filled in by `process`")
    }
}

impl std::ops::DerefMut for Access {
    fn deref_mut(&mut self) -> &mut Process {
        self.0.get_or_insert_default()
    }
}

pub fn process() -> Access {
    let mut guard = PROCESS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    guard.get_or_insert_default();
    Access(guard)
}

pub fn is_pre_initialized() -> bool {
    process().pre.is_some()
}

/// A member of the running interpreter's configuration, which C only looks at.
fn member<T>(read: impl FnOnce(&PyConfig) -> T) -> Option<T> {
    // SAFETY: the configuration is ours.
    process().config.as_ref().map(|config| read(unsafe { &*config.ptr() }))
}

pub fn program_name() -> *const wchar_t {
    member(|config| config.program_name.cast_const()).unwrap_or(std::ptr::null())
}

pub fn home() -> *const wchar_t {
    member(|config| config.home.cast_const()).unwrap_or(std::ptr::null())
}

pub fn is_isolated() -> bool {
    member(|config| config.isolated > 0).unwrap_or(false)
}

pub fn is_interactive() -> bool {
    member(|config| config.interactive > 0).unwrap_or(false)
}

pub fn ignores_environment() -> bool {
    member(|config| config.use_environment == 0)
        .unwrap_or(Py_IgnoreEnvironmentFlag.load(Relaxed) > 0)
}

/// Whether an interpreter was ever started.
pub fn was_running() -> bool {
    process().config.is_some()
}

/// Preinitialises as a configuration asks, unless that was done.
pub fn pre_initialize_for(
    config: &PyConfig,
    argv: Option<&[Vec<wchar_t>]>,
) -> Result<(), PyStatus> {
    let mut pre = pre_config_for(config);
    if let Some(argv) = argv.filter(|_| pre.parse_argv != 0) {
        read_argv(&mut pre, argv);
    }
    pre_initialize(pre)
}

/// Fills in what is left open. Text is UTF-8, whatever the locale says.
fn pre_initialize(mut pre: PyPreConfig) -> Result<(), PyStatus> {
    let mut process = process();
    if process.pre.is_some() {
        return Ok(());
    }
    take_variables(&mut pre);
    let asked = |name: &str| {
        pre.use_environment > 0 && std::env::var(name).is_ok_and(|value| !value.is_empty())
    };
    if pre.dev_mode < 0 {
        pre.dev_mode = asked("PYTHONDEVMODE").into();
    }
    if pre.utf8_mode < 0 {
        let asked = pre.use_environment > 0 && std::env::var("PYTHONUTF8").is_ok_and(|v| v == "1");
        pre.utf8_mode = asked.into();
    }
    if pre.allocator == 0 {
        let asked = allocators::asked_for(pre.use_environment > 0, pre.dev_mode > 0);
        let unknown = || error_in(c"preconfig_init_allocator", allocators::UNKNOWN);
        pre.allocator = asked.ok_or_else(unknown)?;
    }
    allocators::choose(pre.allocator);
    if pre.configure_locale > 0 {
        // SAFETY: C starts the interpreter before it has threads that read the locale.
        unsafe { libc::setlocale(libc::LC_CTYPE, c"".as_ptr()) };
    }
    Py_UTF8Mode.store(pre.utf8_mode, Relaxed);
    pre.coerce_c_locale = pre.coerce_c_locale.max(0);
    pre.coerce_c_locale_warn = pre.coerce_c_locale_warn.max(0);
    process.pre = Some(pre);
    Ok(())
}

/// What is left open by a host that keeps to `Py_Initialize` is what the variables from before `PyConfig` say.
fn take_variables(pre: &mut PyPreConfig) {
    if pre.isolated < 0 {
        pre.isolated = c_int::from(Py_IsolatedFlag.load(Relaxed) > 0);
    }
    if pre.use_environment < 0 {
        pre.use_environment = c_int::from(Py_IgnoreEnvironmentFlag.load(Relaxed) <= 0);
    }
    if pre._config_init == defaults::COMPATIBLE && Py_UTF8Mode.load(Relaxed) > 0 {
        pre.utf8_mode = 1;
    }
    if pre.isolated > 0 {
        pre.use_environment = 0;
    }
}

/// The options of the command line that have to be known this early.
fn read_argv(pre: &mut PyPreConfig, argv: &[Vec<wchar_t>]) {
    let text = |wide: &[wchar_t]| -> String {
        wide.iter().filter_map(|&unit| char::from_u32(unit as u32)).collect()
    };
    let mut args = argv.iter().skip(1).map(|arg| text(arg));
    while let Some(arg) = args.next() {
        let Some(letters) = arg.strip_prefix('-').filter(|letters| !letters.is_empty()) else {
            return;
        };
        if letters.starts_with(['c', 'm', '-']) {
            return;
        }
        let option = match letters.strip_prefix('X') {
            Some("") => args.next().unwrap_or_default(),
            Some(option) => option.to_owned(),
            None => {
                if letters == "W" {
                    args.next();
                }
                if letters.contains(['E', 'I']) {
                    pre.use_environment = 0;
                    pre.isolated |= c_int::from(letters.contains('I'));
                }
                continue;
            }
        };
        match option.as_str() {
            "dev" => pre.dev_mode = 1,
            "utf8" | "utf8=1" => pre.utf8_mode = 1,
            "utf8=0" => pre.utf8_mode = 0,
            _ => {}
        }
    }
}

fn start(config: *const PyPreConfig, argv: Option<Vec<Vec<wchar_t>>>) -> PyStatus {
    // SAFETY: C passes a struct or NULL.
    let Some(config) = (unsafe { config.as_ref() }) else {
        return error(c"preinitialization config is NULL");
    };
    let mut pre = *config;
    if let Some(argv) = argv.filter(|_| pre.parse_argv != 0) {
        read_argv(&mut pre, &argv);
    }
    // SAFETY: nothing is asked of the caller.
    pre_initialize(pre).map_or_else(|status| status, |()| unsafe { PyStatus_Ok() })
}

#[capi]
pub fn Py_PreInitialize(config: *const PyPreConfig) -> PyStatus {
    start(config, None)
}

#[capi]
pub fn Py_PreInitializeFromBytesArgs(
    config: *const PyPreConfig,
    argc: isize,
    argv: *mut *mut c_char,
) -> PyStatus {
    // SAFETY: C passes so many strings.
    start(config, Some(unsafe { bytes_array(argc, argv) }))
}

#[capi]
pub fn Py_PreInitializeFromArgs(
    config: *const PyPreConfig,
    argc: isize,
    argv: *mut *mut wchar_t,
) -> PyStatus {
    // SAFETY: C passes so many strings.
    start(config, Some(unsafe { wide_array(argc, argv) }))
}

impl Process {
    pub fn set_argv(&mut self, mut argv: Vec<Vec<wchar_t>>) {
        argv.iter_mut().for_each(|arg| arg.push(0));
        self.argv = argv;
        self.argv_pointers = self.argv.iter().map(|arg| arg.as_ptr() as usize).collect();
        self.argv_pointers.push(0);
    }
}

#[capi]
pub fn Py_GetArgcArgv(argc: *mut c_int, argv: *mut *mut *mut wchar_t) {
    let process = process();
    // SAFETY: C passes writable places; the strings stay until the next start.
    unsafe {
        *argc = process.argv.len() as c_int;
        *argv = process.argv_pointers.as_ptr().cast_mut().cast();
    }
}

/// The variables from before `PyConfig` say what the interpreter was started with.
pub fn set_variables(config: &PyConfig) {
    let random = config.use_hash_seed == 0 || config.hash_seed != 0;
    for (variable, value) in [
        (&Py_BytesWarningFlag, config.bytes_warning),
        (&Py_DebugFlag, config.parser_debug),
        (&Py_DontWriteBytecodeFlag, (config.write_bytecode == 0).into()),
        (&Py_FrozenFlag, (config.pathconfig_warnings == 0).into()),
        (&Py_HashRandomizationFlag, random.into()),
        (&Py_IgnoreEnvironmentFlag, (config.use_environment == 0).into()),
        (&Py_InspectFlag, config.inspect),
        (&Py_InteractiveFlag, config.interactive),
        (&Py_IsolatedFlag, config.isolated),
        (&Py_NoSiteFlag, (config.site_import == 0).into()),
        (&Py_NoUserSiteDirectory, (config.user_site_directory == 0).into()),
        (&Py_OptimizeFlag, config.optimization_level),
        (&Py_QuietFlag, config.quiet),
        (&Py_UnbufferedStdioFlag, (config.buffered_stdio == 0).into()),
        (&Py_VerboseFlag, config.verbose),
    ] {
        variable.store(value, Relaxed);
    }
}

/// Which kind of option is added before there is an interpreter.
pub enum Early {
    Warning,
    Option,
}

/// Keeps an option for the next start; `None` forgets those of the kind.
pub fn remember_option(kind: Early, option: Option<String>) {
    let mut process = process();
    let list = match kind {
        Early::Warning => &mut process.warnings,
        Early::Option => &mut process.xoptions,
    };
    match option {
        Some(option) => list.push(option),
        None => list.clear(),
    }
}

fn remember(text: *const wchar_t) -> Option<Vec<wchar_t>> {
    // SAFETY: C passes a string or NULL.
    Some(unsafe { super::memory::units(text) }.to_vec()).filter(|text| !text.is_empty())
}

#[capi]
pub fn Py_SetProgramName(name: *const wchar_t) {
    process().program_name = remember(name);
}

#[capi]
pub fn Py_SetPythonHome(home: *const wchar_t) {
    process().home = remember(home);
}

/// NULL takes back what was set.
#[capi]
pub fn Py_SetPath(path: *const wchar_t) {
    // SAFETY: C passes a string or NULL.
    process().path = (!path.is_null()).then(|| unsafe { super::memory::units(path) }.to_vec());
}

macro_rules! flags {
    ($($name:ident = $value:literal;)*) => {$(
        /// A setting of `Py_Initialize` from the time before `PyConfig`: an `int` that C writes.
        #[unsafe(no_mangle)]
        pub static $name: AtomicI32 = AtomicI32::new($value);
    )*};
}

flags! {
    Py_BytesWarningFlag = 0;
    Py_DebugFlag = 0;
    Py_DontWriteBytecodeFlag = 0;
    Py_FrozenFlag = 0;
    Py_HashRandomizationFlag = 0;
    Py_IgnoreEnvironmentFlag = 0;
    Py_InspectFlag = 0;
    Py_InteractiveFlag = 0;
    Py_IsolatedFlag = 0;
    Py_NoSiteFlag = 0;
    Py_NoUserSiteDirectory = 0;
    Py_OptimizeFlag = 0;
    Py_QuietFlag = 0;
    Py_UTF8Mode = 0;
    Py_UnbufferedStdioFlag = 0;
    Py_VerboseFlag = 0;
}
