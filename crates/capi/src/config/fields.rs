//! The members of `PyConfig` and `PyPreConfig`: one table of names, places, kinds, and who may read and change them.

use std::ffi::{c_int, c_ulong};
use std::mem::offset_of;

use krait_abi::{PyConfig, PyPreConfig, PyWideStringList};
use libc::wchar_t;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Bool,
    /// A number that is not negative.
    Count,
    Int,
    Seed,
    Text,
    /// May be absent.
    OptionalText,
    List,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// May be changed while the interpreter runs.
    Changeable,
    Readable,
    /// Of no interest after the start.
    Start,
}

/// Where the running interpreter keeps a value, so that the configuration does not know the current one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Live {
    Nowhere,
    Attribute(&'static str),
    /// An entry of `sys.flags`.
    Flag(usize),
    /// One that says the opposite.
    NotFlag(usize),
}

pub struct Field {
    pub name: &'static str,
    pub offset: usize,
    pub kind: Kind,
    pub access: Access,
    pub live: Live,
}

macro_rules! fields {
    ($table:ident of $struct:ident: $($name:ident $kind:ident $access:ident $($live:ident $(($where:expr))?)?;)*) => {
        pub const $table: &[Field] = &[$(Field {
            name: stringify!($name),
            offset: offset_of!($struct, $name),
            kind: Kind::$kind,
            access: Access::$access,
            live: fields!(@live $($live $(($where))?)?),
        }),*];
    };
    (@live) => { Live::Nowhere };
    (@live $live:ident ($where:expr)) => { Live::$live($where) };
}

fields! { CONFIG of PyConfig:
    argv List Changeable Attribute("argv");
    base_exec_prefix OptionalText Changeable Attribute("base_exec_prefix");
    base_executable OptionalText Changeable Attribute("_base_executable");
    base_prefix OptionalText Changeable Attribute("base_prefix");
    bytes_warning Count Changeable Flag(9);
    cpu_count Int Changeable;
    exec_prefix OptionalText Changeable Attribute("exec_prefix");
    executable OptionalText Changeable Attribute("executable");
    inspect Bool Changeable Flag(1);
    int_max_str_digits Count Changeable;
    interactive Bool Changeable Flag(2);
    module_search_paths List Changeable Attribute("path");
    optimization_level Count Changeable Flag(3);
    parser_debug Bool Changeable Flag(0);
    platlibdir Text Changeable Attribute("platlibdir");
    prefix OptionalText Changeable Attribute("prefix");
    pycache_prefix OptionalText Changeable Attribute("pycache_prefix");
    quiet Bool Changeable Flag(10);
    stdlib_dir OptionalText Changeable Attribute("_stdlib_dir");
    use_environment Bool Changeable NotFlag(7);
    verbose Count Changeable Flag(8);
    warnoptions List Changeable Attribute("warnoptions");
    write_bytecode Bool Changeable NotFlag(4);
    xoptions List Changeable Attribute("_xoptions");
    buffered_stdio Bool Readable;
    check_hash_pycs_mode Text Readable;
    code_debug_ranges Bool Readable;
    configure_c_stdio Bool Readable;
    context_aware_warnings Int Readable;
    dev_mode Bool Readable Flag(13);
    dump_refs Bool Readable;
    dump_refs_file OptionalText Readable;
    faulthandler Bool Readable;
    filesystem_encoding Text Readable;
    filesystem_errors Text Readable;
    hash_seed Seed Readable;
    home OptionalText Readable;
    import_time Count Readable;
    install_signal_handlers Bool Readable;
    isolated Bool Readable Flag(12);
    malloc_stats Bool Readable;
    orig_argv List Readable Attribute("orig_argv");
    parse_argv Bool Readable;
    pathconfig_warnings Bool Readable;
    perf_profiling Count Readable;
    program_name Text Readable;
    remote_debug Bool Readable;
    run_command OptionalText Readable;
    run_filename OptionalText Readable;
    run_module OptionalText Readable;
    safe_path Bool Readable;
    show_ref_count Bool Readable;
    site_import Bool Readable NotFlag(6);
    skip_source_first_line Bool Readable;
    stdio_encoding Text Readable;
    stdio_errors Text Readable;
    thread_inherit_context Int Readable;
    tracemalloc Count Readable;
    use_frozen_modules Bool Readable;
    use_hash_seed Bool Readable;
    user_site_directory Bool Readable NotFlag(5);
    warn_default_encoding Bool Readable;
    pythonpath_env OptionalText Start;
    sys_path_0 OptionalText Start;
    module_search_paths_set Bool Start;
    _install_importlib Bool Start;
    _init_main Bool Start;
    _is_python_build Bool Start;
}

fields! { PRE_CONFIG of PyPreConfig:
    allocator Count Readable;
    coerce_c_locale Bool Readable;
    coerce_c_locale_warn Bool Readable;
    configure_locale Bool Readable;
    utf8_mode Bool Readable Flag(14);
}

/// The member of that name in one of the tables.
pub fn find(table: &'static [Field], name: &str) -> Option<&'static Field> {
    table.iter().find(|field| field.name == name)
}

impl Field {
    fn place<S, T>(&self, config: *mut S) -> *mut T {
        config.wrapping_byte_add(self.offset).cast()
    }

    pub fn is_number(&self) -> bool {
        matches!(self.kind, Kind::Bool | Kind::Count | Kind::Int | Kind::Seed)
    }

    pub fn is_text(&self) -> bool {
        matches!(self.kind, Kind::Text | Kind::OptionalText)
    }

    /// # Safety
    /// `config` is the struct that this table is of; the member is a number.
    pub unsafe fn number<S>(&self, config: *const S) -> i64 {
        // SAFETY: the caller's promise.
        unsafe {
            match self.kind {
                Kind::Seed => *self.place::<_, c_ulong>(config.cast_mut()) as i64,
                _ => (*self.place::<_, c_int>(config.cast_mut())).into(),
            }
        }
    }

    /// # Safety
    /// As for `number`.
    pub unsafe fn set_number<S>(&self, config: *mut S, value: i64) {
        // SAFETY: the caller's promise.
        unsafe {
            match self.kind {
                Kind::Seed => *self.place::<_, c_ulong>(config) = value as c_ulong,
                _ => *self.place::<_, c_int>(config) = value as c_int,
            }
        }
    }

    /// The place of a string.
    pub fn text<S>(&self, config: *mut S) -> *mut *mut wchar_t {
        self.place(config)
    }

    /// The place of a list.
    pub fn list<S>(&self, config: *mut S) -> *mut PyWideStringList {
        self.place(config)
    }
}
