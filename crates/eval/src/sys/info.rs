//! What `sys` says of the interpreter and the machine.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use krait_objects::prelude::*;
use krait_objects::structseq::{Field, StructSequence};
use krait_objects::{namespace, set};

use crate::config;
use crate::installation::Installation;

pub const VERSION: &str = "3.14.8";
pub const HEX_VERSION: i64 = 0x030e_08f0;

/// The first line of the interactive prompt and of `--version --version`.
pub fn version_text() -> String {
    format!("{VERSION} (Krait {}, {}) [Rust]", env!("CARGO_PKG_VERSION"), std::env::consts::OS)
}

/// Fills the module.
pub fn add(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
    let text = |name: &str, value: &str| -> PyResult<()> {
        module.add(th, name, Str::new(th, value)?.object())
    };
    let int = |name: &str, value: i64| -> PyResult<()> {
        module.add(th, name, Int::from_i64(th, value)?.object())
    };
    text("version", &version_text())?;
    int("hexversion", HEX_VERSION)?;
    int("api_version", 1013)?;
    text(
        "copyright",
        "Copyright (c) the Krait developers.\nThe standard library is Copyright (c) 2001 Python Software Foundation.\nAll Rights Reserved.",
    )?;
    text("platform", "linux")?;
    text("byteorder", if cfg!(target_endian = "little") { "little" } else { "big" })?;
    text("float_repr_style", "short")?;
    text("platlibdir", config::of(th).platlibdir.as_deref().unwrap_or("lib"))?;
    text("abiflags", "")?;
    text("_framework", "")?;
    int("maxsize", isize::MAX as i64)?;
    int("maxunicode", 0x10_ffff)?;
    let git = ["CPython", "", ""].map(|part| Str::new(th, part).map(Owned::into_object));
    let [a, b, c] = git;
    module.add(th, "_git", Tuple::pack(th, [a?, b?, c?])?.object())?;
    add_version(module, th)?;
    add_configuration(module, th)?;
    add_import(module, th)
}

fn ints<const N: usize>(th: &Thread, values: [i64; N]) -> PyResult<Vec<Owned>> {
    values.iter().map(|&value| Int::from_i64(th, value).map(Owned::into_object)).collect()
}

/// A struct sequence under `name`, unless something is there.
fn sequence(
    th: &Thread,
    sys: &Dict,
    name: &str,
    full_name: &'static str,
    fields: &'static [Field],
    values: Vec<Owned>,
) -> PyResult<()> {
    let ty = StructSequence::new_type(th, full_name, "", fields, fields.len())?;
    StructSequence::seal(&ty, name != "version_info");
    let value = StructSequence::new(th, ty.borrow(), values)?;
    sys.set_default(th, Str::interned(th, name)?.object(), value.object()).map(drop)
}

fn add_version(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
    let mut values = ints(th, [3, 14, 8])?;
    values.push(Str::interned(th, "final")?.into_object());
    values.extend(ints(th, [0])?);
    static FIELDS: [Field; 5] = [
        Field { name: "major", doc: "Major release number" },
        Field { name: "minor", doc: "Minor release number" },
        Field { name: "micro", doc: "Patch release number" },
        Field { name: "releaselevel", doc: "'alpha', 'beta', 'candidate', or 'final'" },
        Field { name: "serial", doc: "Serial release number" },
    ];
    sequence(th, &module.dict(), "version_info", "sys.version_info", &FIELDS, values)?;
    let implementation = Dict::new(th)?;
    let put = |name: &str, value: Borrowed<'_>| -> PyResult<()> {
        implementation.set_str(th, Str::interned(th, name)?.borrow(), value)
    };
    put("name", Str::interned(th, "cpython")?.object())?;
    put("cache_tag", Str::interned(th, "cpython-314")?.object())?;
    let Some(version) = module.dict().get_str(th, Str::interned(th, "version_info")?.borrow())?
    else {
        return Err(th.bad_internal_call());
    };
    put("version", version.object())?;
    put("hexversion", Int::from_i64(th, HEX_VERSION)?.object())?;
    put("_multiarch", Str::new(th, "x86_64-linux-gnu")?.object())?;
    put("supports_isolated_interpreters", bool_object(true).object())?;
    module.add(
        th,
        "implementation",
        namespace::Namespace::new(th, Some(implementation.borrow()))?.object(),
    )?;
    let krait = Dict::new(th)?;
    krait.set_str(th, id::version, Str::new(th, env!("CARGO_PKG_VERSION"))?.object())?;
    module.add(th, "_krait", namespace::Namespace::new(th, Some(krait.borrow()))?.object())
}

/// What is known of numbers and threads.
pub fn add_numeric(sys: &Dict, th: &Thread) -> PyResult<()> {
    let float = |value: f64| Float::new(th, value).map(Owned::into_object);
    let int = |value: i64| Int::from_i64(th, value).map(Owned::into_object);
    let values = vec![
        float(f64::MAX)?,
        int(f64::MAX_EXP.into())?,
        int(f64::MAX_10_EXP.into())?,
        float(f64::MIN_POSITIVE)?,
        int(f64::MIN_EXP.into())?,
        int(f64::MIN_10_EXP.into())?,
        int(f64::DIGITS.into())?,
        int(f64::MANTISSA_DIGITS.into())?,
        float(f64::EPSILON)?,
        int(2)?,
        int(1)?,
    ];
    static FLOAT: [Field; 11] = [
        Field { name: "max", doc: "maximum representable finite float" },
        Field { name: "max_exp", doc: "maximum int e such that radix**(e-1) is representable" },
        Field { name: "max_10_exp", doc: "maximum int e such that 10**e is representable" },
        Field { name: "min", doc: "minimum positive normalized float" },
        Field {
            name: "min_exp",
            doc: "minimum int e such that radix**(e-1) is a normalized float",
        },
        Field { name: "min_10_exp", doc: "minimum int e such that 10**e is a normalized float" },
        Field {
            name: "dig",
            doc: "maximum number of decimal digits that can be faithfully represented",
        },
        Field { name: "mant_dig", doc: "mantissa digits" },
        Field { name: "epsilon", doc: "difference between 1 and the next representable float" },
        Field { name: "radix", doc: "radix of exponent" },
        Field { name: "rounds", doc: "rounding mode used for arithmetic operations" },
    ];
    sequence(th, sys, "float_info", "sys.float_info", &FLOAT, values)?;
    static INT: [Field; 4] = [
        Field { name: "bits_per_digit", doc: "size of a digit in bits" },
        Field {
            name: "sizeof_digit",
            doc: "size in bytes of the C type used to represent a digit",
        },
        Field {
            name: "default_max_str_digits",
            doc: "maximum string conversion digits limitation",
        },
        Field {
            name: "str_digits_check_threshold",
            doc: "minimum positive value for int_max_str_digits",
        },
    ];
    sequence(th, sys, "int_info", "sys.int_info", &INT, ints(th, [30, 4, 4300, 640])?)?;
    let mut values = ints(th, [64, (1 << 61) - 1, 314_159, 0, 1_000_003])?;
    values.push(Str::interned(th, "siphash13")?.into_object());
    values.extend(ints(th, [64, 128, 0])?);
    static HASH: [Field; 9] = [
        Field { name: "width", doc: "width of the type used for hashing, in bits" },
        Field {
            name: "modulus",
            doc: "prime number giving the modulus on which the hash function is based",
        },
        Field { name: "inf", doc: "value to be used for hash of a positive infinity" },
        Field { name: "nan", doc: "value to be used for hash of a nan" },
        Field { name: "imag", doc: "multiplier used for the imaginary part of a complex number" },
        Field {
            name: "algorithm",
            doc: "name of the algorithm for hashing of str, bytes and memoryviews",
        },
        Field { name: "hash_bits", doc: "internal output size of hash algorithm" },
        Field { name: "seed_bits", doc: "seed size of hash algorithm" },
        Field { name: "cutoff", doc: "small string optimization cutoff" },
    ];
    sequence(th, sys, "hash_info", "sys.hash_info", &HASH, values)?;
    static THREAD: [Field; 3] = [
        Field { name: "name", doc: "name of the thread implementation" },
        Field { name: "lock", doc: "name of the lock implementation" },
        Field { name: "version", doc: "name and version of the thread library" },
    ];
    let values = vec![
        Str::new(th, "pthread")?.into_object(),
        Str::new(th, "semaphore")?.into_object(),
        none().to_owned(),
    ];
    sequence(th, sys, "thread_info", "sys.thread_info", &THREAD, values)
}

fn strings<S: AsRef<str>>(th: &Thread, texts: &[S]) -> PyResult<Owned<List>> {
    let texts: PyResult<Vec<Owned>> =
        texts.iter().map(|text| Str::new(th, text.as_ref()).map(Owned::into_object)).collect();
    List::from_vec(th, texts?)
}

/// Arguments as text, in which bytes that are none have become lone surrogates.
fn arguments(th: &Thread, arguments: &[OsString]) -> PyResult<Owned<List>> {
    let texts: PyResult<Vec<Owned>> = arguments
        .iter()
        .map(|argument| Str::from_fs_bytes(th, argument.as_bytes()).map(Owned::into_object))
        .collect();
    List::from_vec(th, texts?)
}

static FLAGS: [Field; 21] = [
    Field { name: "debug", doc: "-d" },
    Field { name: "inspect", doc: "-i" },
    Field { name: "interactive", doc: "-i" },
    Field { name: "optimize", doc: "-O or -OO" },
    Field { name: "dont_write_bytecode", doc: "-B" },
    Field { name: "no_user_site", doc: "-s" },
    Field { name: "no_site", doc: "-S" },
    Field { name: "ignore_environment", doc: "-E" },
    Field { name: "verbose", doc: "-v" },
    Field { name: "bytes_warning", doc: "-b" },
    Field { name: "quiet", doc: "-q" },
    Field { name: "hash_randomization", doc: "-R" },
    Field { name: "isolated", doc: "-I" },
    Field { name: "dev_mode", doc: "-X dev" },
    Field { name: "utf8_mode", doc: "-X utf8" },
    Field { name: "warn_default_encoding", doc: "-X warn_default_encoding" },
    Field { name: "safe_path", doc: "-P" },
    Field { name: "int_max_str_digits", doc: "-X int_max_str_digits" },
    Field { name: "gil", doc: "-X gil" },
    Field { name: "thread_inherit_context", doc: "-X thread_inherit_context" },
    Field { name: "context_aware_warnings", doc: "-X context_aware_warnings" },
];

fn add_configuration(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
    let config = config::of(th);
    let flag = |value: bool| Int::from_i64(th, value.into()).map(Owned::into_object);
    let level = |value: u8| Int::from_i64(th, value.into()).map(Owned::into_object);
    let values = vec![
        level(config.parser_debug)?,
        flag(config.inspect)?,
        flag(config.interactive)?,
        level(config.optimization_level)?,
        flag(!config.write_bytecode)?,
        flag(!config.user_site_directory)?,
        flag(!config.site_import)?,
        flag(!config.use_environment)?,
        level(config.verbose)?,
        level(config.bytes_warning)?,
        flag(config.quiet)?,
        flag(config.hash_seed != Some(0))?,
        flag(config.isolated)?,
        bool_object(config.dev_mode).object().to_owned(),
        flag(config.utf8_mode)?,
        flag(config.warn_default_encoding)?,
        bool_object(config.safe_path).object().to_owned(),
        Int::from_i64(th, config.int_max_str_digits.into())?.into_object(),
        flag(true)?,
        flag(false)?,
        flag(false)?,
    ];
    // The last three are reached by name only.
    let ty = StructSequence::new_type(th, "sys.flags", "", &FLAGS, FLAGS.len() - 3)?;
    StructSequence::seal(&ty, false);
    module.add(th, "flags", StructSequence::new(th, ty.borrow(), values)?.object())?;
    module.add(th, "dont_write_bytecode", bool_object(!config.write_bytecode).object())?;
    module.add(th, "argv", arguments(th, &config.argv)?.object())?;
    module.add(th, "orig_argv", arguments(th, &config.orig_argv)?.object())?;
    module.add(th, "warnoptions", strings(th, &config.warnoptions)?.object())?;
    let xoptions = Dict::new(th)?;
    for option in &config.xoptions {
        let (name, value) = match option.split_once('=') {
            Some((name, value)) => (name, Str::new(th, value)?.into_object()),
            None => (option.as_str(), bool_object(true).object().to_owned()),
        };
        xoptions.set_str(th, Str::new(th, name)?.borrow(), value.object())?;
    }
    module.add(th, "_xoptions", xoptions.object())?;
    add_folders(th, module)?;
    match &config.pycache_prefix {
        Some(prefix) => module.add(th, "pycache_prefix", Str::new(th, prefix)?.object()),
        None => module.add(th, "pycache_prefix", none()),
    }
}

/// Where the program and its library are.
fn add_folders(th: &Thread, module: Borrowed<'_, Module>) -> PyResult<()> {
    let text = |path: &Path| Str::from_fs_bytes(th, path.as_os_str().as_bytes());
    let inside = Path::new(krait_stdlib::LIBRARY_DIR);
    let installation = Installation::of(th);
    let base = installation.prefix.as_deref().unwrap_or(inside);
    // A virtual environment is a prefix of its own, on top of the one that it was made with.
    let prefix = installation.environment.as_deref().unwrap_or(base);
    let library = installation.library();
    for (name, path) in [
        ("prefix", prefix),
        ("exec_prefix", prefix),
        ("base_prefix", base),
        ("base_exec_prefix", base),
        ("executable", Path::new(&config::of(th).executable)),
        ("_base_executable", &installation.base_executable),
        ("_stdlib_dir", library.as_deref().unwrap_or(inside)),
    ] {
        module.add(th, name, text(path)?.object())?;
    }
    Ok(())
}

/// The names of the native modules, and of all modules of the library that are in no package.
pub fn module_names(th: &Thread) -> PyResult<(Owned<Tuple>, Owned<set::Set>)> {
    let mut names = crate::import::builtin_names(th);
    names.sort_unstable();
    let text = |name: &str| Str::new(th, name).map(Owned::into_object);
    let builtin = names.iter().map(|name| text(name)).collect::<PyResult<Vec<Owned>>>()?;
    let top = krait_stdlib::names().filter(|name| !name.contains('.'));
    let library = top.map(text).collect::<PyResult<Vec<Owned>>>()?;
    let all: Vec<Borrowed<'_>> = builtin.iter().chain(&library).map(Owned::object).collect();
    let all = set::Set::new_frozen(th, &all)?;
    Ok((Tuple::from_vec(th, builtin)?, all))
}

/// What the import system fills.
fn add_import(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
    for name in ["path", "meta_path", "path_hooks"] {
        module.add(th, name, List::new(th)?.object())?;
    }
    module.add(th, "path_importer_cache", Dict::new(th)?.object())
}
