//! How an interpreter is to start: the settings behind `PyConfig`, and `sys.flags`.
//!
//! Plain data. The C API fills it from a `PyConfig`, the command line from its options, a Rust host from its
//! builder. The same job as CPython's `Python/initconfig.c`.

use std::cell::RefCell;
use std::ffi::{CStr, CString, OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::rc::Rc;

use krait_objects::error::PyResult;
use krait_objects::module::StaticModuleDef;
use krait_objects::thread::Thread;

/// A native module that an interpreter can import: its name and its definition.
#[derive(Clone, Copy)]
pub struct NativeModule {
    pub name: &'static str,
    pub definition: fn() -> &'static StaticModuleDef,
    /// What the module does for an interpreter before anyone imports it.
    pub start: Option<fn(&Thread) -> PyResult<()>>,
}

impl NativeModule {
    pub const fn new(
        name: &'static str,
        definition: fn() -> &'static StaticModuleDef,
    ) -> NativeModule {
        NativeModule { name, definition, start: None }
    }
}

/// A module of the table that a C host fills before it starts Python (`PyImport_AppendInittab`).
#[derive(Clone, Copy)]
pub struct LinkedModule {
    pub name: &'static str,
    pub hook: crate::import::extension::Hook,
}

/// The settings an interpreter starts with; fields are named as in `PyConfig`.
#[derive(Clone)]
pub struct Config {
    /// Modules of higher layers; those of this crate are always there.
    pub native_modules: &'static [NativeModule],
    pub linked_modules: Vec<LinkedModule>,
    /// Bytes as the system gave them, as are those of `orig_argv`.
    pub argv: Vec<OsString>,
    pub orig_argv: Vec<OsString>,
    pub program_name: String,
    pub executable: String,
    pub isolated: bool,
    pub use_environment: bool,
    pub site_import: bool,
    pub user_site_directory: bool,
    pub safe_path: bool,
    pub write_bytecode: bool,
    pub dev_mode: bool,
    pub utf8_mode: bool,
    pub buffered_stdio: bool,
    pub quiet: bool,
    pub inspect: bool,
    pub interactive: bool,
    pub parser_debug: u8,
    pub optimization_level: u8,
    pub verbose: u8,
    pub bytes_warning: u8,
    pub warn_default_encoding: bool,
    pub install_signal_handlers: bool,
    /// `None` asks for a random seed.
    pub hash_seed: Option<u32>,
    /// `-R`: whatever PYTHONHASHSEED says.
    pub ignore_hash_seed: bool,
    pub int_max_str_digits: i32,
    /// Code objects know columns, not only lines.
    pub code_debug_ranges: bool,
    /// Whether other processes may have this one run scripts.
    pub remote_debug: bool,
    pub warnoptions: Vec<String>,
    pub xoptions: Vec<String>,
    pub check_hash_pycs_mode: String,
    /// `PYTHONHOME`: the root of an installed library that replaces the embedded one.
    pub home: Option<PathBuf>,
    /// `PYTHONPATH`, split.
    pub pythonpath: Vec<OsString>,
    /// `sys.path`, if it is not to be found out.
    pub module_search_paths: Option<Vec<OsString>>,
    pub pycache_prefix: Option<String>,
    /// What the main program has put in front of `sys.path`, for interpreters that it makes.
    pub sys_path_0: Option<Vec<u8>>,
    pub stdio_encoding: Option<String>,
    pub stdio_errors: Option<String>,
    /// Chooses allocators by the environment, if that counts, and by the development mode; what takes the place of the
    /// heap, or what is wrong.
    pub choose_allocators: Option<fn(bool, bool) -> Result<HeapHook, &'static str>>,
    /// `PYTHONMALLOCSTATS`: what the memory was used for is told at the end.
    pub malloc_stats: bool,
    /// What takes the place of the heap (`PyMem_SetAllocator`).
    pub heap_hook: HeapHook,
    /// How many frames of a traceback `tracemalloc` keeps from the start; 0: it is off. `None`: not settled.
    pub tracemalloc: Option<u32>,
    pub faulthandler: bool,
    /// What `os.cpu_count` answers; -1: what the system says.
    pub cpu_count: i32,
    /// `-X importtime`: 1, or 2 for imports of what is there too. `None`: not settled.
    pub import_time: Option<u8>,
    /// Whether frozen modules other than importlib's are used.
    pub frozen_modules: bool,
    /// `PYTHONPLATLIBDIR`: the name of the folder `lib` of an installation.
    pub platlibdir: Option<String>,
    /// Whether the C library's standard streams are to buffer as Python's.
    pub configure_c_stdio: bool,
}

pub type HeapHook = Option<&'static krait_objects::memory::Functions>;

/// A setting that cannot be: where the reference notices, and what it says.
#[derive(Debug)]
pub struct Invalid {
    pub function: &'static CStr,
    pub message: String,
}

/// The name of the locale for characters.
pub fn character_locale() -> Option<CString> {
    // SAFETY: asking changes nothing; the answer is copied at once.
    unsafe {
        let name = libc::setlocale(libc::LC_CTYPE, std::ptr::null());
        (!name.is_null()).then(|| CStr::from_ptr(name).to_owned())
    }
}

impl Invalid {
    fn new(function: &'static CStr, message: &str) -> Invalid {
        Invalid { function, message: message.to_owned() }
    }
}

impl Config {
    /// `PyConfig_InitIsolatedConfig`: nothing is taken from the environment or the user.
    pub fn isolated(native_modules: &'static [NativeModule]) -> Config {
        Config {
            isolated: true,
            use_environment: false,
            user_site_directory: false,
            safe_path: true,
            install_signal_handlers: false,
            configure_c_stdio: false,
            ..Config::python(native_modules)
        }
    }

    /// `PyConfig_InitPythonConfig`: as the command line starts, before its options.
    pub fn python(native_modules: &'static [NativeModule]) -> Config {
        Config {
            native_modules,
            linked_modules: Vec::new(),
            argv: Vec::new(),
            orig_argv: Vec::new(),
            program_name: String::new(),
            executable: String::new(),
            isolated: false,
            use_environment: true,
            site_import: true,
            user_site_directory: true,
            safe_path: false,
            write_bytecode: true,
            dev_mode: false,
            utf8_mode: false,
            buffered_stdio: true,
            quiet: false,
            inspect: false,
            interactive: false,
            parser_debug: 0,
            optimization_level: 0,
            verbose: 0,
            bytes_warning: 0,
            warn_default_encoding: false,
            install_signal_handlers: true,
            hash_seed: None,
            ignore_hash_seed: false,
            int_max_str_digits: 4300,
            code_debug_ranges: true,
            remote_debug: true,
            warnoptions: Vec::new(),
            xoptions: Vec::new(),
            check_hash_pycs_mode: "default".into(),
            home: None,
            pythonpath: Vec::new(),
            module_search_paths: None,
            pycache_prefix: None,
            sys_path_0: None,
            stdio_encoding: None,
            stdio_errors: None,
            choose_allocators: None,
            malloc_stats: false,
            heap_hook: None,
            tracemalloc: None,
            faulthandler: false,
            cpu_count: -1,
            import_time: None,
            frozen_modules: true,
            platlibdir: None,
            configure_c_stdio: true,
        }
    }

    /// Takes what `PYTHON…` environment variables ask for, unless the environment is to be ignored, and what `-X` options
    /// ask for that go before them.
    pub fn read_environment(&mut self) -> Result<(), Invalid> {
        if self.use_environment {
            self.read_variables()?;
        }
        self.read_utf8_mode()?;
        if let Some(choose) = self.choose_allocators {
            self.heap_hook = choose(self.use_environment, self.dev_mode)
                .map_err(|message| Invalid::new(c"preconfig_init_allocator", message))?;
        }
        self.read_int_max_str_digits()?;
        self.pycache_prefix = match self.xoption("pycache_prefix") {
            Some(prefix) => Some(prefix.to_owned()).filter(|prefix| !prefix.is_empty()),
            None => self.pycache_prefix.take().or_else(|| self.variable("PYTHONPYCACHEPREFIX")),
        };
        self.add_warnoptions();
        self.faulthandler |= self.dev_mode
            || self.xoption("faulthandler").is_some()
            || self.variable("PYTHONFAULTHANDLER").is_some();
        self.read_tracemalloc()?;
        self.read_import_time()?;
        self.read_frozen_modules()?;
        self.read_cpu_count()
    }

    /// The last `-X name` or `-X name=value`: what follows the name.
    fn xoption(&self, name: &str) -> Option<&str> {
        self.xoptions.iter().rev().find_map(|option| match option.strip_prefix(name)? {
            "" => Some(""),
            rest => rest.strip_prefix('='),
        })
    }

    /// An environment variable that counts and is not empty.
    fn variable(&self, name: &str) -> Option<String> {
        let value = std::env::var(name).ok()?;
        Some(value).filter(|value| self.use_environment && !value.is_empty())
    }

    /// UTF-8 mode is asked for, or goes with the C locale, which says nothing of characters (PEP 540).
    fn read_utf8_mode(&mut self) -> Result<(), Invalid> {
        let invalid = |message| Err(Invalid::new(c"preconfig_init_utf8_mode", message));
        self.utf8_mode = match (self.xoption("utf8"), self.variable("PYTHONUTF8").as_deref()) {
            (Some("" | "1"), _) | (None, Some("1")) => true,
            (Some("0"), _) | (None, Some("0")) => false,
            (Some(_), _) => return invalid("invalid -X utf8 option value"),
            (None, Some(_)) => return invalid("invalid PYTHONUTF8 environment variable value"),
            (None, None) => self.utf8_mode || character_locale().is_some_and(|name| name == c"C"),
        };
        Ok(())
    }

    fn read_int_max_str_digits(&mut self) -> Result<(), Invalid> {
        const OPTION: &str =
            "-X int_max_str_digits: invalid limit; must be >= 640 or 0 for unlimited.";
        const VARIABLE: &str =
            "PYTHONINTMAXSTRDIGITS: invalid limit; must be >= 640 or 0 for unlimited.";
        let variable = self.variable("PYTHONINTMAXSTRDIGITS");
        let (given, message) = match (self.xoption("int_max_str_digits"), &variable) {
            (Some(option), _) => (option, OPTION),
            (None, Some(variable)) => (variable.as_str(), VARIABLE),
            (None, None) => return Ok(()),
        };
        match given.parse().ok().filter(|&digits| digits == 0 || digits >= 640) {
            Some(digits) => self.int_max_str_digits = digits,
            None => return Err(Invalid::new(c"config_init_int_max_str_digits", message)),
        }
        Ok(())
    }

    /// The warnings that other options ask for: the development mode's give way to any others, those about bytes
    /// do not.
    fn add_warnoptions(&mut self) {
        let mut add = |option: &str, at: usize| {
            if !self.warnoptions.iter().any(|known| known == option) {
                self.warnoptions.insert(at.min(self.warnoptions.len()), option.to_owned());
            }
        };
        if self.dev_mode {
            add("default", 0);
        }
        match self.bytes_warning {
            0 => {}
            1 => add("default::BytesWarning", usize::MAX),
            2.. => add("error::BytesWarning", usize::MAX),
        }
    }

    fn read_tracemalloc(&mut self) -> Result<(), Invalid> {
        if self.tracemalloc.is_some() {
            return Ok(());
        }
        let (given, message) = match self.xoption("tracemalloc") {
            Some("") => (Some("1".to_owned()), ""),
            Some(value) => {
                (Some(value.to_owned()), "-X tracemalloc=NFRAME: invalid number of frames")
            }
            None => {
                let message = "PYTHONTRACEMALLOC: invalid number of frames";
                (self.variable("PYTHONTRACEMALLOC"), message)
            }
        };
        let Some(given) = given else { return Ok(()) };
        match given.parse::<u32>().ok().filter(|&frames| frames <= u16::MAX.into()) {
            Some(frames) => self.tracemalloc = Some(frames),
            None => return Err(Invalid::new(c"config_init_tracemalloc", message)),
        }
        Ok(())
    }

    fn read_cpu_count(&mut self) -> Result<(), Invalid> {
        const RULE: &str = "n is missing or an invalid number, n must be greater than 0";
        let (given, option) = match (self.variable("PYTHON_CPU_COUNT"), self.xoption("cpu_count")) {
            (_, Some(option)) => (option.to_owned(), "-X cpu_count=n option: "),
            (Some(variable), None) => (variable, "PYTHON_CPU_COUNT=n: "),
            (None, None) => return Ok(()),
        };
        self.cpu_count = match given.as_str() {
            "default" => -1,
            number => match number.parse().ok().filter(|&count: &i32| count >= 1) {
                Some(count) => count,
                None => {
                    let message = format!("{option}{RULE}");
                    return Err(Invalid::new(c"config_init_cpu_count", &message));
                }
            },
        };
        Ok(())
    }

    fn read_import_time(&mut self) -> Result<(), Invalid> {
        const OPTION: &str =
            "-X importtime: values other than 1 and 2 are reserved for future use.";
        const VARIABLE: &str = "PYTHONPROFILEIMPORTTIME: numeric values other than 1 and 2 are reserved for future use.";
        if self.import_time.is_some() {
            return Ok(());
        }
        let variable = self.variable("PYTHONPROFILEIMPORTTIME");
        let (given, message) = match (self.xoption("importtime"), &variable) {
            (Some(option), _) => (option, OPTION),
            (None, Some(variable)) => (variable.as_str(), VARIABLE),
            (None, None) => return Ok(()),
        };
        // What is no number stands for yes.
        self.import_time = match given.parse::<i32>().unwrap_or(1) {
            level @ 0..=2 => Some(level as u8),
            _ => return Err(Invalid::new(c"config_init_import_time", message)),
        };
        Ok(())
    }

    fn read_frozen_modules(&mut self) -> Result<(), Invalid> {
        const OPTION: &str = "bad value for option -X frozen_modules (expected \"on\" or \"off\")";
        const VARIABLE: &str = "bad value for PYTHON_FROZEN_MODULES (expected \"on\" or \"off\")";
        let variable = self.variable("PYTHON_FROZEN_MODULES");
        let (given, message) = match (self.xoption("frozen_modules"), &variable) {
            (Some(option), _) => (option, OPTION),
            (None, Some(variable)) => (variable.as_str(), VARIABLE),
            (None, None) => return Ok(()),
        };
        self.frozen_modules = match given {
            "" | "on" => true,
            "off" => false,
            _ => return Err(Invalid::new(c"", message)),
        };
        Ok(())
    }

    fn read_variables(&mut self) -> Result<(), Invalid> {
        let text = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let level =
            |name: &str| text(name).map_or(0, |value| value.parse::<u8>().unwrap_or(1).max(1));
        self.optimization_level = self.optimization_level.max(level("PYTHONOPTIMIZE"));
        self.verbose = self.verbose.max(level("PYTHONVERBOSE"));
        self.parser_debug = self.parser_debug.max(level("PYTHONDEBUG"));
        self.inspect |= text("PYTHONINSPECT").is_some();
        self.buffered_stdio &= text("PYTHONUNBUFFERED").is_none();
        self.write_bytecode &= text("PYTHONDONTWRITEBYTECODE").is_none();
        self.user_site_directory &= text("PYTHONNOUSERSITE").is_none();
        self.safe_path |= text("PYTHONSAFEPATH").is_some();
        self.dev_mode |= text("PYTHONDEVMODE").is_some();
        self.malloc_stats |= text("PYTHONMALLOCSTATS").is_some();
        self.code_debug_ranges &= text("PYTHONNODEBUGRANGES").is_none();
        self.remote_debug &= text("PYTHON_DISABLE_REMOTE_DEBUG").is_none();
        self.home = self.home.take().or_else(|| text("PYTHONHOME").map(PathBuf::from));
        self.platlibdir = self.platlibdir.take().or_else(|| text("PYTHONPLATLIBDIR"));
        if let Some(path) = std::env::var_os("PYTHONPATH").filter(|path| !path.is_empty()) {
            let folders = path.as_bytes().split(|byte| *byte == b':');
            self.pythonpath = folders.map(|folder| OsStr::from_bytes(folder).to_owned()).collect();
        }
        if let Some(warnings) = text("PYTHONWARNINGS") {
            self.warnoptions.splice(0..0, warnings.split(',').map(str::to_owned));
        }
        if let Some(io) = text("PYTHONIOENCODING") {
            let (encoding, errors) = io.split_once(':').unwrap_or((&io, ""));
            self.stdio_encoding = Some(encoding.to_owned()).filter(|encoding| !encoding.is_empty());
            self.stdio_errors = Some(errors.to_owned()).filter(|errors| !errors.is_empty());
        }
        self.read_hash_seed(text("PYTHONHASHSEED"))
    }

    fn read_hash_seed(&mut self, seed: Option<String>) -> Result<(), Invalid> {
        match seed.as_deref().filter(|_| !self.ignore_hash_seed) {
            None | Some("random") => Ok(()),
            Some(seed) => {
                let parsed = seed.parse().map_err(|_| {
                    Invalid::new(
                        c"config_init_hash_seed",
                        "PYTHONHASHSEED must be \"random\" or an integer in range [0; 4294967295]",
                    )
                })?;
                self.hash_seed = Some(parsed);
                Ok(())
            }
        }
    }
}

/// What an interpreter keeps of its configuration.
#[derive(Default)]
struct Kept(RefCell<Option<Rc<Config>>>);

fn kept(th: &Thread, config: impl FnOnce() -> Config) -> Rc<Config> {
    let kept = &th.interp().state::<Kept>().0;
    kept.borrow_mut().get_or_insert_with(|| Rc::new(config())).clone()
}

/// Remembers the configuration of the current interpreter; the first one stays.
pub fn keep(th: &Thread, config: Config) -> Rc<Config> {
    kept(th, || config)
}

/// The configuration of the current interpreter.
pub fn of(th: &Thread) -> Rc<Config> {
    kept(th, || Config::isolated(&[]))
}

/// Changes the configuration of the current interpreter, for whoever asks from here on.
pub fn change(th: &Thread, change: impl FnOnce(&mut Config)) {
    let mut config = (*of(th)).clone();
    change(&mut config);
    *th.interp().state::<Kept>().0.borrow_mut() = Some(Rc::new(config));
}
