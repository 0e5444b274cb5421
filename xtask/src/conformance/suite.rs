//! Where the tests run: an installation of our command, with the sources of its library beside a copy of
//! the reference's `test` package. The standard library under test is the embedded one: the sources are
//! there for tests that read a module's file. Byte code that we write beside the tests does not
//! reach the reference.
//!
//! ```text
//! target/conformance/krait/bin/krait            the command
//!                          lib/python3.14       the library's sources
//!                          lib/python3.14/test  the copy
//!                          lib/python3.14/lib-dynload  empty, or if asked for, the reference's compiled test modules
//!                          bin/Programs/_testembed     for `test_embed`, the program of `capi-tests/embed`,
//!                          lib/libpython3.14.so.1.0    which links the library
//! ```

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

use crate::{files, install, interpreter};

/// Packages whose modules are run as files of their own, as the reference's runner does.
const SPLIT: &[&str] = &[
    "test_asyncio",
    "test_capi",
    "test_concurrent_futures",
    "test_doctests",
    "test_future_stmt",
    "test_gdb",
    "test_inspect",
    "test_multiprocessing_fork",
    "test_multiprocessing_forkserver",
    "test_multiprocessing_spawn",
    "test_pydoc",
];

pub struct Suite {
    pub binary: PathBuf,
    /// The folder that holds `test`.
    pub library: PathBuf,
    /// It finds its library by itself.
    pub is_reference: bool,
    pub test_modules: bool,
}

/// The module of `sysconfig`'s variables when there are test modules: as built, but for the one that tells of them.
pub const VARIABLES: &str = "_sysconfigdata_with_test_modules";

const VARIABLES_SOURCE: &str = "\
import importlib, sys
_name = f'_sysconfigdata_{sys.abiflags}_{sys.platform}_{sys.implementation._multiarch}'
build_time_vars = importlib.import_module(_name).build_time_vars | {'TEST_MODULES': 'yes'}
";

/// Lays out the installation, copying the tests once. The reference itself, as `binary`, runs
/// where it is.
pub fn prepare(reference: &Path, binary: &Path, test_modules: bool) -> io::Result<Suite> {
    let original = crate::reference::library(reference);
    let binary = fs::canonicalize(binary)?;
    if binary.starts_with(fs::canonicalize(reference)?) {
        return Ok(Suite { binary, library: original, is_reference: true, test_modules });
    }
    let name = binary.file_name().unwrap_or_default();
    let prefix = interpreter::scratch("conformance").join(name);
    let library = prefix.join("lib/python3.14");
    let done = library.join(".complete");
    if !done.exists() {
        eprintln!("copying the reference's tests to {}", library.display());
        files::copy_tree(&original.join("test"), &library.join("test"))?;
        fs::write(done, "")?;
    }
    let modules = library.join("lib-dynload");
    if test_modules {
        copy_modules(&original.join("lib-dynload"), &modules)?;
        fs::write(modules.join(VARIABLES).with_extension("py"), VARIABLES_SOURCE)?;
    } else {
        if modules.exists() {
            fs::remove_dir_all(&modules)?;
        }
        fs::create_dir(&modules)?;
    }
    // A copy, not a link: the interpreter looks for its library from where it really is.
    let installed = prefix.join("bin").join(name);
    fs::create_dir_all(prefix.join("bin"))?;
    let command = fs::read(&binary)?;
    if fs::read(&installed).is_ok_and(|previous| previous != command) {
        // What another compiler has cached would hide what this one does.
        remove_byte_code(&library.join("test"))?;
    }
    let _ = fs::remove_file(&installed);
    fs::copy(&binary, &installed)?;
    interpreter::unpack_library(&installed, &library)?;
    files::copy_tree(&interpreter::root().join("include"), &prefix.join("include/python3.14"))?;
    // The name that the description of the build has for it.
    if name != "python3.14" {
        files::link(Path::new(name), &prefix.join("bin/python3.14"))?;
    }
    install::describe_libraries(&prefix.join("lib"))?;
    install::describe_build(&prefix, &installed)?;
    if test_modules {
        describe_variables(&library)?;
    }
    Ok(Suite { binary: installed, library, is_reference: false, test_modules })
}

/// The variables as JSON too, under the name that goes with the module's.
fn describe_variables(library: &Path) -> io::Result<()> {
    let json = |name: &str| library.join(name.replace("data", "_vars")).with_extension("json");
    let built = fs::read_to_string(json("_sysconfigdata__linux_x86_64-linux-gnu"))?;
    let Some(built) = built.trim_end().strip_suffix('}') else {
        return Err(io::Error::other("the variables are no JSON"));
    };
    // Of two entries the last counts.
    let text = format!("{}, \"TEST_MODULES\": \"yes\"}}", built.trim_end());
    fs::write(json(VARIABLES), text)
}

/// Builds the program that `test_embed` runs, where it looks for it, with the library that was built beside the command.
/// Without one that test skips itself.
pub fn add_embedding_program(suite: &Suite, command: &Path) -> io::Result<()> {
    let built = fs::canonicalize(command)?.with_file_name("libkrait.so");
    let Some(bin) = suite.binary.parent().filter(|_| built.exists() && !suite.is_reference) else {
        return Ok(());
    };
    let lib = bin.with_file_name("lib");
    let library = lib.join("libpython3.14.so.1.0");
    let _ = fs::remove_file(&library);
    fs::copy(&built, &library)?;
    let programs = bin.join("Programs");
    fs::create_dir_all(&programs)?;
    let root = interpreter::root();
    let mut compiler = Command::new("cc");
    compiler.args(["-std=c11", "-D_GNU_SOURCE", "-Wno-deprecated-declarations", "-I"]);
    compiler.arg(root.join("include"));
    for part in fs::read_dir(root.join("capi-tests/embed"))? {
        let part = part?.path();
        if part.extension().is_some_and(|extension| extension == "c") {
            compiler.arg(part);
        }
    }
    compiler.arg(library).arg("-o").arg(programs.join("_testembed"));
    let compiled = compiler.arg(format!("-Wl,-rpath,{}", lib.display())).status()?;
    match compiled.success() {
        true => Ok(()),
        false => Err(io::Error::other("capi-tests/embed does not compile")),
    }
}

fn remove_byte_code(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name() == "__pycache__" {
            fs::remove_dir_all(entry.path())?;
        } else if entry.file_type()?.is_dir() {
            remove_byte_code(&entry.path())?;
        }
    }
    Ok(())
}

/// Test modules that Krait has itself, for they look into CPython's own runtime.
const OWN: &[&str] = &["_testinternalcapi"];
/// A test module whose name begins otherwise.
const OTHER: &[&str] = &["_ctypes_test"];

/// Copies the extension modules that are there for tests only. The others are the reference's own accelerators, for
/// which the interpreter under test has its own.
fn copy_modules(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let Some(file) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let module = file.split('.').next().unwrap_or(file);
        let for_tests = ["_test", "xx", "_xx"].iter().any(|prefix| module.starts_with(prefix));
        let wanted = for_tests && !OWN.contains(&module) || OTHER.contains(&module);
        if wanted && !to.join(file).exists() {
            fs::copy(&path, to.join(file))?;
        }
    }
    Ok(())
}

/// The names of all test files, sorted.
pub fn all_files(test: &Path) -> io::Result<Vec<String>> {
    let mut names = BTreeSet::new();
    for name in modules(test)? {
        if SPLIT.contains(&name.as_str()) {
            names
                .extend(modules(&test.join(&name))?.into_iter().map(|sub| format!("{name}.{sub}")));
        } else {
            names.insert(name);
        }
    }
    Ok(names.into_iter().collect())
}

fn modules(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let module =
            if entry.path().is_dir() { Some(name.as_str()) } else { name.strip_suffix(".py") };
        names.extend(module.filter(|module| module.starts_with("test_")).map(str::to_owned));
    }
    Ok(names)
}
