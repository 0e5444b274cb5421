//! How an interpreter is to start: the settings behind `PyConfig`, and `sys.flags`.
//!
//! Plain data. The C API fills it from a `PyConfig`, the command line from its options, a Rust host from its
//! builder. The same job as CPython's `Python/initconfig.c`.

use std::cell::OnceCell;
use std::path::PathBuf;
use std::rc::Rc;

use krait_objects::module::StaticModuleDef;
use krait_objects::thread::Thread;

/// A native module that an interpreter can import: its name and its definition.
#[derive(Clone, Copy)]
pub struct NativeModule {
    pub name: &'static str,
    pub definition: fn() -> &'static StaticModuleDef,
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
    pub argv: Vec<String>,
    pub orig_argv: Vec<String>,
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
    pub parser_debug: bool,
    pub optimization_level: u8,
    pub verbose: u8,
    pub bytes_warning: u8,
    pub warn_default_encoding: bool,
    pub install_signal_handlers: bool,
    /// `None` asks for a random seed.
    pub hash_seed: Option<u32>,
    pub int_max_str_digits: i32,
    pub warnoptions: Vec<String>,
    pub xoptions: Vec<String>,
    pub check_hash_pycs_mode: String,
    /// `PYTHONHOME`: the root of an installed library that replaces the embedded one.
    pub home: Option<PathBuf>,
    /// `PYTHONPATH`, split.
    pub pythonpath: Vec<String>,
    /// `sys.path`, if it is not to be found out.
    pub module_search_paths: Option<Vec<String>>,
    pub pycache_prefix: Option<String>,
    pub stdio_encoding: Option<String>,
    pub stdio_errors: Option<String>,
    /// What takes the place of the heap (`PyMem_SetAllocator`).
    pub heap_hook: Option<&'static krait_objects::memory::Functions>,
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
            parser_debug: false,
            optimization_level: 0,
            verbose: 0,
            bytes_warning: 0,
            warn_default_encoding: false,
            install_signal_handlers: true,
            hash_seed: None,
            int_max_str_digits: 4300,
            warnoptions: Vec::new(),
            xoptions: Vec::new(),
            check_hash_pycs_mode: "default".into(),
            home: None,
            pythonpath: Vec::new(),
            module_search_paths: None,
            pycache_prefix: None,
            stdio_encoding: None,
            stdio_errors: None,
            heap_hook: None,
        }
    }

    /// Takes what `PYTHON…` environment variables ask for, unless the environment is to be ignored.
    pub fn read_environment(&mut self) -> Result<(), String> {
        if !self.use_environment {
            return Ok(());
        }
        let text = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let level =
            |name: &str| text(name).map_or(0, |value| value.parse::<u8>().unwrap_or(1).max(1));
        self.optimization_level = self.optimization_level.max(level("PYTHONOPTIMIZE"));
        self.verbose = self.verbose.max(level("PYTHONVERBOSE"));
        self.inspect |= text("PYTHONINSPECT").is_some();
        self.buffered_stdio &= text("PYTHONUNBUFFERED").is_none();
        self.write_bytecode &= text("PYTHONDONTWRITEBYTECODE").is_none();
        self.user_site_directory &= text("PYTHONNOUSERSITE").is_none();
        self.safe_path |= text("PYTHONSAFEPATH").is_some();
        self.dev_mode |= text("PYTHONDEVMODE").is_some();
        self.home = self.home.take().or_else(|| text("PYTHONHOME").map(PathBuf::from));
        self.pycache_prefix = self.pycache_prefix.take().or_else(|| text("PYTHONPYCACHEPREFIX"));
        if let Some(path) = text("PYTHONPATH") {
            self.pythonpath = path.split(':').map(str::to_owned).collect();
        }
        if let Some(warnings) = text("PYTHONWARNINGS") {
            self.warnoptions.splice(0..0, warnings.split(',').map(str::to_owned));
        }
        if let Some(io) = text("PYTHONIOENCODING") {
            let (encoding, errors) = io.split_once(':').unwrap_or((&io, ""));
            self.stdio_encoding = Some(encoding.to_owned()).filter(|encoding| !encoding.is_empty());
            self.stdio_errors = Some(errors.to_owned()).filter(|errors| !errors.is_empty());
        }
        if let Some(digits) = text("PYTHONINTMAXSTRDIGITS") {
            self.int_max_str_digits =
                digits.parse().ok().filter(|&digits| digits == 0 || digits >= 640).ok_or(
                    "PYTHONINTMAXSTRDIGITS: invalid limit; must be >= 640 or 0 for unlimited.",
                )?;
        }
        self.read_hash_seed(text("PYTHONHASHSEED"))
    }

    fn read_hash_seed(&mut self, seed: Option<String>) -> Result<(), String> {
        match seed.as_deref() {
            None | Some("random") => Ok(()),
            Some(seed) => {
                let parsed = seed.parse().map_err(|_| {
                    "PYTHONHASHSEED must be \"random\" or an integer in range [0; 4294967295]"
                        .to_owned()
                })?;
                self.hash_seed = Some(parsed);
                Ok(())
            }
        }
    }
}

/// What an interpreter keeps of its configuration.
#[derive(Default)]
struct Kept(OnceCell<Rc<Config>>);

/// Remembers the configuration of the current interpreter; the first one stays.
pub fn keep(th: &Thread, config: Config) -> Rc<Config> {
    th.interp().state::<Kept>().0.get_or_init(|| Rc::new(config)).clone()
}

/// The configuration of the current interpreter.
pub fn of(th: &Thread) -> Rc<Config> {
    th.interp().state::<Kept>().0.get_or_init(|| Rc::new(Config::isolated(&[]))).clone()
}
