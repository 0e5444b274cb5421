//! A copy of the reference's `test` package in the target folder: the standard library under test
//! must be ours, so its own is not put on the path; and byte code that we write beside the tests
//! must not reach the reference.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::interpreter;

/// Packages whose modules are run as files of their own, as the reference's runner does.
const SPLIT: &[&str] = &[
    "test_asyncio",
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

/// Makes the copy for `binary` if it is not there yet; the returned folder goes on PYTHONPATH.
pub fn prepare(reference_library: &Path, binary: &Path) -> io::Result<PathBuf> {
    let stem = binary.file_name().unwrap_or_default();
    let library = interpreter::scratch("conformance").join(stem).join("lib");
    let done = library.join(".complete");
    if !done.exists() {
        eprintln!("copying the reference's tests to {}", library.display());
        copy(&reference_library.join("test"), &library.join("test"))?;
        fs::write(done, "")?;
    }
    Ok(library)
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type()?;
        if kind.is_dir() {
            if entry.file_name() != "__pycache__" {
                copy(&path, &target)?;
            }
        } else if kind.is_symlink() {
            let _ = fs::remove_file(&target);
            std::os::unix::fs::symlink(fs::read_link(&path)?, &target)?;
        } else {
            fs::copy(&path, &target)?;
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
