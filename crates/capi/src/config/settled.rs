//! What is known once the interpreter runs: where its program and its library are; and a second configuration.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use krait_abi::PyStatus;
use krait_eval::installation::Installation;
use krait_eval::{config, sys};
use krait_objects::prelude::*;
use libc::wchar_t;

use super::memory::{assign, assign_list, decode, list_units};
use super::process::process;
use super::status::{PyStatus_Ok, error, is_exception};
use super::{defaults, read};
use crate::support::wide_string;

/// Where a program of that name is: a name with a folder says it, any other is looked for on PATH; else it is nowhere.
pub fn executable(program_name: &str) -> String {
    let shown = |path: PathBuf| path.display().to_string();
    if program_name.contains('/') {
        return std::path::absolute(program_name).map_or_else(|_| program_name.to_owned(), shown);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut candidates = std::env::split_paths(&path).map(|folder| folder.join(program_name));
    let found = candidates.find(|candidate| is_executable(candidate));
    found.and_then(|found| std::path::absolute(found).ok()).map_or_else(String::new, shown)
}

fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

/// Adds the folders to the description of a running interpreter's configuration: what the host gave stays.
pub fn add_folders(th: &Thread, described: &defaults::Owned) -> PyResult<()> {
    let to = described.ptr();
    let wide = |path: &OsStr| decode(path.as_bytes());
    // SAFETY: the configuration is ours, and whoever writes it holds the GIL; its strings are of C (1).
    unsafe {
        if let Some(folder) = th.interp().script_folder.borrow().as_ref() {
            fill(&raw mut (*to).sys_path_0, &decode(folder));
        }
        let last = [(*to).base_exec_prefix, (*to).executable, (*to).stdlib_dir];
        if last.iter().all(|text| !text.is_null()) {
            return Ok(());
        }
        let config = config::of(th);
        let installation = Installation::of(th);
        let inside = Path::new(sys::LIBRARY_DIR);
        // A host that gave the path has no prefix.
        let given = process().path.is_some();
        let base =
            if given { Path::new("") } else { installation.prefix.as_deref().unwrap_or(inside) };
        let prefix = installation.environment.as_deref().filter(|_| !given).unwrap_or(base);
        let library = installation.library().filter(|_| !given);
        let library = library.as_deref().unwrap_or(if given { base } else { inside });
        let program = Path::new(&config.executable);
        let base_program = match given || installation.environment.is_none() {
            true => program,
            false => &installation.base_executable,
        };
        for (place, path) in [
            (&raw mut (*to).executable, program),
            (&raw mut (*to).base_executable, base_program),
            (&raw mut (*to).prefix, prefix),
            (&raw mut (*to).exec_prefix, prefix),
            (&raw mut (*to).base_prefix, base),
            (&raw mut (*to).base_exec_prefix, base),
            (&raw mut (*to).stdlib_dir, library),
            (&raw mut (*to).platlibdir, Path::new(config.platlibdir.as_deref().unwrap_or("lib"))),
        ] {
            fill(place, &wide(path.as_os_str()));
        }
        let folders: Vec<Vec<wchar_t>> = match &config.module_search_paths {
            Some(folders) => folders.iter().map(|folder| wide(folder)).collect(),
            None => {
                let found = installation.search_path();
                let found = found.iter().map(|folder| wide(folder.as_os_str()));
                config.pythonpath.iter().map(|folder| wide(folder)).chain(found).collect()
            }
        };
        let status = assign_list(&raw mut (*to).module_search_paths, &folders);
        (*to).module_search_paths_set = 1;
        if is_exception(&status) { Err(th.no_memory()) } else { Ok(()) }
    }
}

/// # Safety
/// Invariant 1 of `config`.
unsafe fn fill(place: *mut *mut wchar_t, text: &[wchar_t]) {
    // SAFETY: the caller's promise.
    unsafe {
        if (*place).is_null() {
            assign(place, Some(text));
        }
    }
}

/// A configuration for an interpreter that runs already: from here on it has these arguments and options.
///
/// # Safety
/// Invariant 1 of `config`.
pub unsafe fn reconfigure(config: defaults::Owned) -> PyStatus {
    let Some(th) = Thread::current_or_none() else {
        return error(c"Python runs, but not in this thread");
    };
    // SAFETY: the caller's promise.
    unsafe {
        let status = read::read_with_name(config.ptr());
        if is_exception(&status) {
            return status;
        }
        let told = [("argv", &(*config.ptr()).argv), ("orig_argv", &(*config.ptr()).orig_argv)]
            .into_iter()
            .try_for_each(|(name, list)| set_list(th, name, &list_units(list)));
        if let Err(raised) = told {
            drop(th.take_raised(raised));
            return error(c"can't set the arguments");
        }
        process().config = Some(Arc::new(config));
        PyStatus_Ok()
    }
}

fn set_list(th: &Thread, name: &str, items: &[Vec<wchar_t>]) -> PyResult<()> {
    let texts = items.iter().map(|item| {
        // SAFETY: so many characters are there.
        unsafe { wide_string(th, item.as_ptr(), Some(item.len())) }.map(Owned::into_object)
    });
    let list = List::from_vec(th, texts.collect::<PyResult<Vec<Owned>>>()?)?;
    sys::set(th, Str::interned(th, name)?.borrow(), list.object())
}
