//! Whether a file of the program's own hides a module of the embedded library.
//!
//! The library has no folder in `sys.path`. It counts as if it stood where an installed one does: behind the script's
//! folder and `PYTHONPATH`, before the folders of installed packages. What lies in the former goes first. Folders are
//! listed once, and again when they have changed, as importlib does it. Archives hide nothing.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::SystemTime;

use krait_objects::prelude::*;

use crate::sys;

/// The names that files and folders of a folder may give to modules, as of a time.
struct Listing {
    changed: SystemTime,
    names: HashSet<String>,
}

/// By folder.
#[derive(Default)]
struct Listings(RefCell<HashMap<String, Listing>>);

/// Whether a file comes before the embedded module of that name, which has no dot.
pub fn hides(th: &Thread, name: &str) -> PyResult<bool> {
    let Some(path) = sys::get(th, id::path)? else { return Ok(false) };
    let Some(path) = path.object().downcast::<List>() else { return Ok(false) };
    let listings = th.interp().state::<Listings>();
    for entry in path.to_vec() {
        let Some(entry) = entry.object().downcast::<Str>() else { continue };
        let entry = entry.to_string_lossy();
        if stands_behind(&entry) {
            break;
        }
        let folder = if entry.is_empty() { "." } else { &entry };
        if listings.may_have(folder, name) && has(Path::new(folder), name) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether the embedded library comes before this entry: an installed library, or packages that were installed.
fn stands_behind(entry: &str) -> bool {
    let entry = Path::new(entry);
    ["site-packages", "dist-packages", "lib/python3.14"].iter().any(|end| entry.ends_with(end))
}

impl Listings {
    fn may_have(&self, folder: &str, name: &str) -> bool {
        let changed = std::fs::metadata(folder).and_then(|folder| folder.modified());
        let Ok(changed) = changed else { return false };
        let mut known = self.0.borrow_mut();
        if let Some(listing) = known.get(folder).filter(|listing| listing.changed == changed) {
            return listing.names.contains(name);
        }
        let names = names_in(folder);
        let found = names.contains(name);
        known.insert(folder.to_owned(), Listing { changed, names });
        found
    }
}

fn names_in(folder: &str) -> HashSet<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return HashSet::new() };
    let files = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    files.filter_map(|file| Some(file.split('.').next()?.to_owned())).collect()
}

/// Whether the folder has a module or a package of that name. A folder without `__init__.py` does not hide anything.
fn has(folder: &Path, name: &str) -> bool {
    let files = [".cpython-314-x86_64-linux-gnu.so", ".abi3.so", ".so", ".py", ".pyc"];
    let package = folder.join(name).join("__init__.py");
    package.is_file() || files.iter().any(|end| folder.join(format!("{name}{end}")).is_file())
}
