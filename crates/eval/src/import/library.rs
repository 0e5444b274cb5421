//! The finder of the embedded library: modules that are neither native nor frozen, but inside all the same.
//!
//! It stands in `sys.meta_path` before the path finder, so that no file is looked for but those that hide one of its
//! modules (`shadow`). With `PYTHONHOME` the library on disk takes its place. Where an installation has the sources
//! on disk too, modules say so in `__file__`, as the reference's frozen modules do.

use std::cell::OnceCell;
use std::path::Path;

use krait_objects::exceptions::os;
use krait_objects::prelude::*;

use crate::code::{Code, set_filename};
use crate::installation::Installation;
use crate::{config, marshal};

/// Finder and loader of the embedded standard library.
#[pytype(name = "_krait.LibraryImporter", new = "()")]
#[repr(C)]
pub struct LibraryImporter {
    head: Head,
}

/// The finder, unless a library on disk is to be used.
pub fn importer(th: &Thread) -> PyResult<Option<Owned>> {
    if config::of(th).home.is_some() {
        return Ok(None);
    }
    let ty = Borrowed::from_ref(LibraryImporter::type_object());
    Ok(Some(ty.alloc::<LibraryImporter>(th, 0)?.into_object()))
}

fn find(name: &str) -> Option<krait_stdlib::Module> {
    krait_stdlib::find(name).filter(|module| module.name() == name)
}

#[derive(Default)]
struct Folder(OnceCell<String>);

/// The folder with the library's sources: the installation's, else a name for the embedded ones.
pub fn folder(th: &Thread) -> &str {
    th.interp().state::<Folder>().0.get_or_init(|| {
        let installed = Installation::of(th).library();
        let path = installed.and_then(|folder| folder.into_os_string().into_string().ok());
        path.unwrap_or_else(|| krait_stdlib::LIBRARY_DIR.to_owned())
    })
}

/// Where a module lies, or would lie if the library were a folder.
fn path_of(th: &Thread, module: krait_stdlib::Module) -> String {
    format!("{}/{}", folder(th), module.path())
}

/// The path within the library of a file of it.
fn inside<'a>(th: &Thread, path: &'a str) -> Option<&'a str> {
    let rest =
        path.strip_prefix(folder(th)).or_else(|| path.strip_prefix(krait_stdlib::LIBRARY_DIR))?;
    rest.strip_prefix('/')
}

/// Writes a file, and the folders that it is in.
fn write(th: &Thread, folder: &Path, path: &str, data: &[u8]) -> PyResult<()> {
    let path = folder.join(path);
    let parent = path.parent().unwrap_or(folder);
    let written = std::fs::create_dir_all(parent).and_then(|()| std::fs::write(&path, data));
    written.map_err(|error| {
        let errno = error.raw_os_error().unwrap_or(libc::EIO);
        match Str::from_fs_bytes(th, path.as_os_str().as_encoded_bytes()) {
            Ok(path) => os::raise_errno(th, exc::OS_ERROR, errno, [Some(path.object()), None]),
            Err(raised) => raised,
        }
    })
}

/// Whether a package's path leads into the library: one on disk may have the name of one of ours.
fn is_inside(th: &Thread, path: Borrowed<'_>) -> PyResult<bool> {
    let iterator = iter::get_iter(th, path)?;
    while let Some(entry) = iter::next(th, iterator.borrow())? {
        let entry = entry.object().downcast::<Str>();
        if entry.is_some_and(|entry| inside(th, &entry.to_string_lossy()).is_some()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The loader of a module whose source is on disk is the one that files have, so that programs find what they know. The code
/// is ours all the same.
fn loader_of(
    th: &Thread,
    importer: Borrowed<'_, LibraryImporter>,
    name: Borrowed<'_, Str>,
    module: krait_stdlib::Module,
) -> PyResult {
    if folder(th) == krait_stdlib::LIBRARY_DIR {
        return Ok(importer.object().to_owned());
    }
    let mut class = super::importlib(th)?;
    for part in ["_bootstrap_external", "SourceFileLoader"] {
        class = object::get_attr(th, class.object(), Str::interned(th, part)?.borrow())?;
    }
    let path = Str::new(th, &path_of(th, module))?;
    let loader = call::call(th, class.object(), &[name.object(), path.object()])?;
    for method in ["exec_module", "get_code"] {
        let method = Str::interned(th, method)?;
        let ours = object::get_attr(th, importer.object(), method.borrow())?;
        object::set_attr(th, loader.object(), method.borrow(), ours.borrow())?;
    }
    Ok(loader)
}

fn text_list(th: &Thread, text: &str) -> PyResult<Owned<List>> {
    List::from_vec(th, vec![Str::new(th, text)?.into_object()])
}

fn known(th: &Thread, name: &str) -> PyResult<krait_stdlib::Module> {
    find(name).ok_or_else(|| raise!(th, IMPORT_ERROR, "{name} is not in the embedded library"))
}

#[pymethods]
impl LibraryImporter {
    #[new(sig = "()")]
    fn new(cls: Borrowed<'_, Type>, th: &Thread) -> PyResult {
        Ok(cls.alloc::<LibraryImporter>(th, 0)?.into_object())
    }

    /// As the importers have it that stand beside this one.
    #[getter]
    fn __module__(&self) -> &'static str {
        "_frozen_importlib_external"
    }

    /// Return the spec of an embedded module, or None.
    #[method(sig = "(self, fullname, path=None, target=None)")]
    fn find_spec(
        this: Borrowed<'_, Self>,
        th: &Thread,
        fullname: Borrowed<'_, Str>,
        path: Option<Borrowed<'_>>,
        _target: Option<Borrowed<'_>>,
    ) -> PyResult {
        // A name that is no text is none of ours.
        let name = fullname.to_string_lossy();
        let fullname = name.as_str();
        let Some(module) = find(fullname) else {
            return Ok(none().to_owned());
        };
        let is_ours = match path.filter(|path| !path.is_none()) {
            Some(path) => is_inside(th, path)?,
            None => fullname.contains('.') || !super::shadow::hides(th, fullname)?,
        };
        if !is_ours {
            return Ok(none().to_owned());
        }
        let importlib = super::importlib(th)?;
        let spec_type =
            object::get_attr(th, importlib.object(), Str::interned(th, "ModuleSpec")?.borrow())?;
        let name = Str::interned(th, fullname)?;
        let loader = loader_of(th, this, name.borrow(), module)?;
        let spec = call::call(th, spec_type.object(), &[name.object(), loader.borrow()])?;
        let set = |name: &str, value: Borrowed<'_>| -> PyResult<()> {
            object::set_attr(th, spec.object(), Str::interned(th, name)?.borrow(), value)
        };
        set("origin", Str::new(th, &path_of(th, module))?.object())?;
        set("_set_fileattr", bool_object(true).object())?;
        if module.is_package() {
            let path = path_of(th, module);
            let folder = path.strip_suffix("/__init__.py").unwrap_or(&path);
            set("submodule_search_locations", text_list(th, folder)?.object())?;
        }
        Ok(spec)
    }

    /// Use the default way to create a module.
    #[method(sig = "(self, spec)")]
    fn create_module(&self, _spec: Borrowed<'_>) {}

    /// Run a module's code in its namespace.
    #[method(sig = "(self, module)")]
    fn exec_module(&self, th: &Thread, module: Borrowed<'_>) -> PyResult<()> {
        let name = object::get_attr(th, module, id::__name__)?;
        let Some(name) = name.object().downcast::<Str>() else {
            return Err(th.raise(exc::TYPE_ERROR, "module name must be a string"));
        };
        let spec = object::get_attr(th, module, id::__spec__)?;
        let spec_name = object::get_attr(th, spec.object(), id::name)?;
        let name = spec_name.object().downcast::<Str>().unwrap_or(name);
        let code = code_of(th, known(th, name.get().as_utf8(th)?)?)?;
        let dict = object::get_attr(th, module, id::__dict__)?;
        let Some(dict) = dict.object().downcast::<Dict>() else {
            return Err(th.raise(exc::TYPE_ERROR, "a module's namespace must be a dict"));
        };
        if dict.get_str(th, id::__builtins__)?.is_none() {
            if let Some(builtins) = th.interp().builtins.get() {
                dict.set_str(th, id::__builtins__, builtins.object())?;
            }
        }
        crate::run::eval_code_object(th, code.object(), dict)?;
        match name.eq_str("linecache") {
            true => crate::command_line::register_lines(th, &dict),
            false => Ok(()),
        }
    }

    /// Return a module's code object.
    #[method(sig = "(self, fullname)")]
    fn get_code(&self, th: &Thread, fullname: &str) -> PyResult {
        code_of(th, known(th, fullname)?)
    }

    /// Return a module's source.
    #[method(sig = "(self, fullname)")]
    fn get_source(&self, th: &Thread, fullname: &str) -> PyResult<Owned<Str>> {
        Str::new(th, &String::from_utf8_lossy(&known(th, fullname)?.source()))
    }

    /// Return where a module would lie in a library on disk.
    #[method(sig = "(self, fullname)")]
    fn get_filename(&self, th: &Thread, fullname: &str) -> PyResult<String> {
        Ok(path_of(th, known(th, fullname)?))
    }

    /// Whether a module is a package.
    #[method(sig = "(self, fullname)")]
    fn is_package(&self, th: &Thread, fullname: &str) -> PyResult<bool> {
        Ok(known(th, fullname)?.is_package())
    }

    /// Write the library's sources and other files into a folder, as an installation has them.
    #[staticmethod(sig = "(folder, /)")]
    fn unpack(th: &Thread, folder: &str) -> PyResult<()> {
        let folder = Path::new(folder);
        for module in krait_stdlib::modules() {
            write(th, folder, &module.path(), &module.source())?;
        }
        for path in krait_stdlib::resources() {
            write(th, folder, path, &krait_stdlib::resource(path).unwrap_or_default())?;
        }
        Ok(())
    }

    /// Return the bytes of a file beside the library's modules.
    #[method(sig = "(self, path)")]
    fn get_data(&self, th: &Thread, path: &str) -> PyResult<Owned<Bytes>> {
        let inside = inside(th, path);
        if let Some(data) = inside.and_then(krait_stdlib::resource) {
            return Bytes::new(th, &data);
        }
        let stem = inside.and_then(|inside| inside.strip_suffix(".py"));
        let name =
            stem.map(|stem| stem.strip_suffix("/__init__").unwrap_or(stem).replace('/', "."));
        match name.as_deref().and_then(find) {
            Some(module) => Bytes::new(th, &module.source()),
            None => Err(raise!(th, FILE_NOT_FOUND_ERROR, "{path} is not in the embedded library")),
        }
    }
}

/// A module's code: what was compiled when Krait was built, else its source compiled now.
fn code_of(th: &Thread, module: krait_stdlib::Module) -> PyResult {
    let code = match module.code() {
        Some(code) if config::of(th).optimization_level == 0 => marshal::loads_own(th, &code)?,
        _ => {
            crate::compile::compile_module(th, &module.source(), &module.filename())?.into_object()
        }
    };
    // Where its source is on disk, debuggers and tracebacks show that.
    let is_frozen = !module.filename().starts_with(krait_stdlib::LIBRARY_DIR);
    if !is_frozen && folder(th) != krait_stdlib::LIBRARY_DIR {
        if let Some(code) = code.object().downcast::<Code>() {
            set_filename(code, Str::new(th, &path_of(th, module))?.borrow());
        }
    }
    Ok(code)
}
