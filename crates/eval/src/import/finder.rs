//! What start-up puts on `sys.meta_path` and `sys.path_hooks`.
//!
//! The hooks for paths are native functions that stand for those of the library until they are used: importlib's for
//! folders is put in its place when importlib is set up, `zipimport.zipimporter` at the first archive.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use krait_objects::cfunction::CFunction;
use krait_objects::prelude::*;

use super::{bootstrap, core_objects::CoreObjects, library};

/// Hooks for sys.path_hooks, each until the one it stands for is there.
#[pymodule(name = "_krait")]
struct Hooks;

#[pyfunctions]
impl Hooks {
    /// Return an importer for an archive; zipimport.zipimporter takes this hook's place then.
    #[function(sig = "(path, /)")]
    fn archive_hook(th: &Thread, path: Borrowed<'_>) -> PyResult {
        if let Some(path) = path.downcast::<Str>()
            && (path.is_empty() || Path::new(OsStr::from_bytes(&path.to_fs_bytes(th)?)).is_dir())
        {
            return Err(th.raise(exc::IMPORT_ERROR, "not an archive"));
        }
        let zipimport = super::import(th, "zipimport")?;
        let class =
            object::get_attr(th, zipimport.object(), Str::interned(th, "zipimporter")?.borrow())?;
        replace(th, c"archive_hook", class.object());
        call::call(th, class.borrow(), &[path])
    }

    /// Return an importer for a folder.
    #[function(name = "path_hook_for_FileFinder", sig = "(path, /)")]
    fn file_finder_hook(th: &Thread, path: Borrowed<'_>) -> PyResult {
        let hook = bootstrap::file_finder_hook(th)?;
        call::call(th, hook.object(), &[path])
    }
}

/// The finders and hooks of a new interpreter.
pub fn install(th: &Thread) -> PyResult<()> {
    let core = CoreObjects::of(th);
    let class = |slot: &Slot<Type>| slot.get_owned().map(Owned::into_object);
    let finders = [
        class(&core.builtin_importer),
        class(&core.frozen_importer),
        library::importer(th)?,
        class(&core.path_finder),
    ];
    let finders = List::from_vec(th, finders.into_iter().flatten().collect())?;
    crate::sys::set_text(th, "meta_path", finders.object())?;
    let hooks = [function(th, c"archive_hook")?, function(th, c"path_hook_for_FileFinder")?];
    let hooks = List::from_vec(th, hooks.into_iter().flatten().collect())?;
    crate::sys::set_text(th, "path_hooks", hooks.object())
}

/// The function of that name in the table of `Hooks`.
fn function(th: &Thread, name: &std::ffi::CStr) -> PyResult<Option<Owned>> {
    // SAFETY: a definition's table of functions ends with an entry without a name.
    unsafe {
        let mut at = (*Hooks::module_def().as_ptr()).m_methods;
        while !(*at).ml_name.is_null() {
            if std::ffi::CStr::from_ptr((*at).ml_name) == name {
                return CFunction::new(th, at, None, None, None)
                    .map(|function| Some(function.into_object()));
            }
            at = at.add(1);
        }
    }
    Ok(None)
}

/// Puts importlib's hook in the place of the function that stood for it, if a program left that where it was.
pub fn replace_hook(th: &Thread, hook: Borrowed<'_>) {
    replace(th, c"path_hook_for_FileFinder", hook);
}

fn replace(th: &Thread, name: &std::ffi::CStr, real: Borrowed<'_>) {
    let stands_for = |hook: &Owned| {
        let function = hook.object().downcast_exact::<CFunction>();
        // SAFETY: a definition's name is a C string.
        function.is_some_and(|function| unsafe {
            std::ffi::CStr::from_ptr(function.get().def().ml_name) == name
        })
    };
    let hooks = Str::interned(th, "path_hooks").and_then(|name| crate::sys::get(th, name.borrow()));
    let Ok(Some(hooks)) = hooks else {
        return;
    };
    let Some(hooks) = hooks.object().downcast::<List>() else {
        return;
    };
    for at in 0..hooks.len() {
        if hooks.get().get(at).is_some_and(|hook| stands_for(&hook)) {
            drop(hooks.get().replace(at, real.to_owned()));
        }
    }
}
