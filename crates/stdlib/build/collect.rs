//! Finds the library's modules and resources: `rustpython-pylib`'s tree, minus what
//! [`selection`](crate::selection) leaves out, with [`edits`](crate::edits) applied, plus our own
//! files in `overrides/`, which win over a library file of the same path.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::{edits, frozen, selection};

/// A module's source.
pub struct Source {
    /// Dotted, as imported.
    pub name: String,
    pub is_package: bool,
    /// Relative to the library, with `/`: `json/decoder.py`.
    pub path: String,
    pub text: Vec<u8>,
}

impl Source {
    /// `co_filename`: the modules that the reference freezes are named as it names them.
    pub fn filename(&self) -> String {
        if frozen::is_frozen(&self.name) {
            return format!("<frozen {}>", self.name);
        }
        format!("{}/{}", selection::LIBRARY_DIR, self.path)
    }
}

pub struct Tree {
    /// Sorted by name.
    pub modules: Vec<Source>,
    /// Other files that library code opens, sorted by path.
    pub resources: Vec<(String, Vec<u8>)>,
}

pub fn collect(lib: &Path, own: &Path) -> Tree {
    let mut files = BTreeMap::new();
    walk(lib, "", &mut files);
    for (path, text) in &mut files {
        edits::apply(path, text);
    }
    // A file that the edits name but the library lacks is a mistake.
    for file in edits::files() {
        assert!(files.contains_key(file), "no {file} in the library: look at build/edits.rs");
    }
    walk(own, "", &mut files);

    let mut tree = Tree { modules: Vec::new(), resources: Vec::new() };
    for (path, text) in files {
        match module_name(&path) {
            Some((name, is_package)) => {
                tree.modules.push(Source { name, is_package, path, text });
            }
            None => tree.resources.push((path, text)),
        }
    }
    tree.modules.sort_by(|a, b| a.name.cmp(&b.name));
    tree
}

fn walk(dir: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    let entries = fs::read_dir(dir)
        .unwrap_or_else(|error| panic!("cannot list {}: {error}", dir.display()))
        .map(|entry| entry.expect("cannot read a folder entry"));
    for entry in entries {
        let name = entry.file_name().into_string().expect("library file names are UTF-8");
        let path = format!("{prefix}{name}");
        if selection::is_excluded(&path) {
            continue;
        }
        if entry.path().is_dir() {
            walk(&entry.path(), &format!("{path}/"), files);
        } else {
            let text = fs::read(entry.path())
                .unwrap_or_else(|error| panic!("cannot read {path}: {error}"));
            files.insert(path, text);
        }
    }
}

/// `json/decoder.py` is `json.decoder`; `json/__init__.py` is the package `json`.
fn module_name(path: &str) -> Option<(String, bool)> {
    let stem = path.strip_suffix(".py")?;
    match stem.strip_suffix("/__init__") {
        Some(package) => Some((package.replace('/', "."), true)),
        None => Some((stem.replace('/', "."), false)),
    }
}
