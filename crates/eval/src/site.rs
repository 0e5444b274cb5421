//! What `site` does at start-up, without importing it where nothing asks for more.
//!
//! Python's `site` brings `os`, `io` and half a dozen other modules with it. An interpreter whose library is inside
//! needs of all that the names in `builtins` and perhaps a folder on `sys.path`. Whenever there is anything else to
//! do (a virtual environment, `.pth` files, customisation modules, a library on disk), `site` itself is imported; it
//! may also be imported later, and then does the same again. The same job as CPython's `Lib/site.py`.

use std::path::{Path, PathBuf};

use krait_objects::object::instance_dict;
use krait_objects::prelude::*;
use krait_objects::typeobj::forward;

use crate::config::{self, Config};
use crate::installation::Installation;
use crate::{import, sys};

/// Makes `sys.path` and `builtins` what programs expect.
pub fn run(th: &Thread) -> PyResult<()> {
    match folders_to_add(th) {
        Some(folders) => {
            add_to_path(th, &folders)?;
            set_builtins(th)
        }
        None => import::import(th, "site").map(drop),
    }
}

/// The folders that `site` would add to `sys.path`, if that is all it would do there.
fn folders_to_add(th: &Thread) -> Option<Vec<String>> {
    let config = &*config::of(th);
    let interactive = config.interactive || config.inspect || config.verbose > 0;
    let installation = Installation::of(th);
    if interactive || config.home.is_some() || installation.environment.is_some() {
        return None;
    }
    let given = config.module_search_paths.as_ref().unwrap_or(&config.pythonpath);
    if !given.is_empty() {
        // Made absolute, rid of duplicates, searched for customisation modules.
        return None;
    }
    let mut folders = if user_site_allowed(config) { vec![user_site()?] } else { Vec::new() };
    if let Some(library) = installation.library() {
        let customised = |name: &&str| library.join(name).is_file();
        if ["sitecustomize.py", "usercustomize.py"].iter().any(customised) {
            return None;
        }
        folders.push(library.join("site-packages"));
    }
    let mut wanted = Vec::new();
    for folder in folders.into_iter().filter(|folder| folder.is_dir()) {
        if !is_plain(&folder) {
            return None;
        }
        wanted.push(folder.to_str()?.to_owned());
    }
    Some(wanted)
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
        None => {
            // An empty variable counts, for `os.path.expanduser`; without one, the system knows the user.
            let home = std::env::var_os("HOME").map(PathBuf::from).or_else(std::env::home_dir)?;
            home.join(".local")
        }
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

/// The module whose classes the names in `builtins` are instances of.
const SITE_BUILTINS: &str = "_sitebuiltins";

/// `quit`, `exit`, `copyright`, `credits`, `license` and `help`. Their classes are declared only: the module that defines
/// them is imported when one of them is used.
fn set_builtins(th: &Thread) -> PyResult<()> {
    let Some(builtins) = th.interp().builtins.get_owned() else {
        return Err(th.raise(exc::RUNTIME_ERROR, "lost builtins"));
    };
    let shown = [id::__init__, id::__repr__, id::__call__];
    let quitter = forward::declare(th, SITE_BUILTINS, "Quitter", &shown)?;
    let printer = forward::declare(th, SITE_BUILTINS, "_Printer", &shown)?;
    let helper = forward::declare(th, SITE_BUILTINS, "_Helper", &shown[1..])?;
    let text = |text: &str| Str::new(th, text).map(Owned::into_object);
    let add = |name: &str, class: &Owned<Type>, fields: &[(&str, Owned)]| -> PyResult<()> {
        let made: Owned = class.alloc::<Object>(th, 0)?;
        for (field, value) in fields {
            let field = Str::interned(th, field)?;
            let value = Some(value.borrow());
            instance_dict::set_attribute(th, made.borrow(), field.borrow(), value)?;
        }
        builtins.set_str(th, Str::interned(th, name)?.borrow(), made.borrow())
    };
    for name in ["quit", "exit"] {
        add(name, &quitter, &[("name", text(name)?), ("eof", text("Ctrl-D (i.e. EOF)")?)])?;
    }
    let copyright = sys::get(th, Str::interned(th, "copyright")?.borrow())?;
    let copyright = copyright.unwrap_or_else(|| none().to_owned());
    let texts =
        [("copyright", copyright), ("credits", text(CREDITS)?), ("license", text(LICENSE)?)];
    for (name, data) in texts {
        // As `_Printer.__init__` would make it, had it found no files.
        let fields = [
            ("_Printer__name", text(name)?),
            ("_Printer__data", data),
            ("_Printer__lines", none().to_owned()),
            ("_Printer__filenames", List::new(th)?.into_object()),
        ];
        add(name, &printer, &fields)?;
    }
    add("help", &helper, &[])
}

const LICENSE: &str = "See https://www.python.org/psf/license/";
const CREDITS: &str = "Thanks to CWI, CNRI, BeOpen, Zope Corporation, the Python Software
Foundation, and a cast of thousands for supporting Python
development.  See www.python.org for more information.";
