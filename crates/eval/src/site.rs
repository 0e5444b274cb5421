//! What `site` does at start-up, without importing it where nothing asks for more.
//!
//! Python's `site` brings `os`, `io` and half a dozen other modules with it. An interpreter whose library is inside
//! needs of all that the names in `builtins` and perhaps a folder on `sys.path`. Whenever there is anything else to
//! do (a virtual environment, `.pth` files, customisation modules, a library on disk), `site` itself is imported; it
//! may also be imported later, and then does the same again. The same job as CPython's `Lib/site.py`.

use std::path::{Path, PathBuf};

use krait_objects::prelude::*;

use crate::config::{self, Config};
use crate::{import, sys};

/// Makes `sys.path` and `builtins` what programs expect.
pub fn run(th: &Thread) -> PyResult<()> {
    match folders_to_add(&config::of(th)) {
        Some(folders) => {
            add_to_path(th, &folders)?;
            set_builtins(th)
        }
        None => import::import(th, "site").map(drop),
    }
}

/// The folders that `site` would add to `sys.path`, if that is all it would do there.
fn folders_to_add(config: &Config) -> Option<Vec<String>> {
    let interactive = config.interactive || config.inspect || config.verbose > 0;
    if interactive || config.home.is_some() || in_virtual_environment(&config.executable) {
        return None;
    }
    let given = config.module_search_paths.as_ref().unwrap_or(&config.pythonpath);
    if !given.is_empty() {
        // Made absolute, rid of duplicates, searched for customisation modules.
        return None;
    }
    let user = if user_site_allowed(config) { vec![user_site()?] } else { Vec::new() };
    let library = Path::new(krait_stdlib::LIBRARY_DIR).join("site-packages");
    let folders = user.into_iter().chain([library]);
    let mut wanted = Vec::new();
    for folder in folders.filter(|folder| folder.is_dir()) {
        if !is_plain(&folder) {
            return None;
        }
        wanted.push(folder.to_str()?.to_owned());
    }
    Some(wanted)
}

fn in_virtual_environment(executable: &str) -> bool {
    let mut folders = Path::new(executable).ancestors().skip(1).take(2);
    folders.any(|folder| folder.join("pyvenv.cfg").is_file())
}

/// Whether the user's own packages may be used: not by a program that runs with somebody else's rights.
fn user_site_allowed(config: &Config) -> bool {
    // SAFETY: these calls only answer numbers.
    let own = unsafe { libc::geteuid() == libc::getuid() && libc::getegid() == libc::getgid() };
    config.user_site_directory && own
}

/// The folder of the user's own packages; `None` if only `site` can tell.
fn user_site() -> Option<PathBuf> {
    let base = match std::env::var_os("PYTHONUSERBASE").filter(|base| !base.is_empty()) {
        Some(base) => PathBuf::from(base),
        None => Path::new(&std::env::var_os("HOME")?).join(".local"),
    };
    base.is_absolute().then(|| base.join("lib/python3.14/site-packages"))
}

/// Whether a folder of packages has neither `.pth` files nor customisation modules.
fn is_plain(folder: &Path) -> bool {
    let Ok(entries) = folder.read_dir() else {
        return false;
    };
    entries.flatten().all(|entry| {
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        !name.ends_with(b".pth")
            && !name.starts_with(b"sitecustomize")
            && !name.starts_with(b"usercustomize")
    })
}

fn add_to_path(th: &Thread, folders: &[String]) -> PyResult<()> {
    if folders.is_empty() {
        return Ok(());
    }
    let Some(path) = sys::get(th, id::path)?.and_then(|path| path.downcast::<List>().ok()) else {
        return Err(th.raise(exc::RUNTIME_ERROR, "lost sys.path"));
    };
    for folder in folders {
        path.push(th, Str::new(th, folder)?.into_object())?;
    }
    Ok(())
}

/// `quit`, `exit`, `copyright`, `credits`, `license` and `help`.
fn set_builtins(th: &Thread) -> PyResult<()> {
    let module = import::import(th, "_sitebuiltins")?;
    let class =
        |name: &str| object::get_attr(th, module.object(), Str::interned(th, name)?.borrow());
    let text = |text: &str| Str::new(th, text).map(Owned::into_object);
    let set = |name: &str, value: Owned| {
        let Some(builtins) = th.interp().builtins.get() else {
            return Err(th.raise(exc::RUNTIME_ERROR, "lost builtins"));
        };
        builtins.set_str(th, Str::interned(th, name)?.borrow(), value.borrow())
    };
    let quitter = class("Quitter")?;
    for name in ["quit", "exit"] {
        let arguments = [text(name)?, text("Ctrl-D (i.e. EOF)")?];
        let arguments = [arguments[0].borrow(), arguments[1].borrow()];
        set(name, call::call(th, quitter.borrow(), &arguments)?)?;
    }
    let printer = class("_Printer")?;
    let copyright = sys::get(th, Str::interned(th, "copyright")?.borrow())?;
    set("copyright", make_printer(th, &printer, "copyright", copyright)?)?;
    set("credits", make_printer(th, &printer, "credits", Some(text(CREDITS)?))?)?;
    set("license", make_printer(th, &printer, "license", Some(text(LICENSE)?))?)?;
    set("help", call::call(th, class("_Helper")?.borrow(), &[])?)
}

/// A `_Printer` as its `__init__` would make it, which imports `os` to look for files that an embedded library does
/// not have.
fn make_printer(th: &Thread, class: &Owned, name: &str, data: Option<Owned>) -> PyResult {
    let printer = call::call_method(th, class.borrow(), id::__new__, &[class.borrow()])?;
    let set = |field: &str, value: Borrowed<'_>| {
        let field = Str::interned(th, &format!("_Printer__{field}"))?;
        object::set_attr(th, printer.borrow(), field.borrow(), value)
    };
    set("name", Str::new(th, name)?.object())?;
    set("data", data.as_ref().map_or(none(), Owned::borrow))?;
    set("lines", none())?;
    set("filenames", List::new(th)?.object())?;
    Ok(printer)
}

const LICENSE: &str = "See https://www.python.org/psf/license/";
const CREDITS: &str = "Thanks to CWI, CNRI, BeOpen, Zope Corporation, the Python Software
Foundation, and a cast of thousands for supporting Python
development.  See www.python.org for more information.";
