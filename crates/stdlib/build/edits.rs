//! Takes back what RustPython changed in its copy of the library for its own sake, so that what we
//! embed says what CPython's says. Each edit names a few words of the file; one that no longer
//! finds its words stops the build, so that an update of the crate is looked at.

use std::collections::BTreeMap;

enum Edit {
    /// Every occurrence of the first becomes the second.
    Replace(&'static str, &'static str),
    /// Drops the lines from the one that contains the first up to, not including, the next one
    /// that contains the second (an empty second: to the end of the file).
    Cut(&'static str, &'static str),
}

use Edit::{Cut, Replace};

const EDITS: &[(&str, Edit)] = &[
    ("_compat_pickle.py", Cut("# NOTE: RUSTPYTHON", "for excname in")),
    ("json/decoder.py", Cut("# RUSTPYTHON SPECIFIC", "# Note that this exception")),
    ("site.py", Replace("'RustPython' # XXX: RUSTPYTHON; for site-packages", "'Python'")),
    ("site.py", Replace("/lib/rustpython{", "/lib/python{")),
    (
        "sysconfig/__init__.py",
        Replace("'RustPython'  # XXX: RUSTPYTHON; For site-packages", "'Python'"),
    ),
    ("unittest/__init__.py", Cut("# XXX: RUSTPYTHON", "")),
];

pub fn apply(path: &str, text: &mut Vec<u8>) {
    for (_, edit) in EDITS.iter().filter(|(file, _)| *file == path) {
        let before = std::str::from_utf8(text).expect("an edited file is UTF-8");
        let after = match edit {
            Replace(old, new) => replace(before, old, new),
            Cut(from, to) => cut(before, from, to),
        };
        *text = after
            .unwrap_or_else(|missing| {
                panic!("{path} has no {missing:?} any more: look at build/edits.rs")
            })
            .into_bytes();
    }
}

/// A file that an edit names but the library lacks is a mistake too.
pub fn check_all_used(files: &BTreeMap<String, Vec<u8>>) {
    for (file, _) in EDITS {
        assert!(files.contains_key(*file), "no {file} in the library: look at build/edits.rs");
    }
}

fn replace(text: &str, old: &'static str, new: &str) -> Result<String, &'static str> {
    if text.contains(old) { Ok(text.replace(old, new)) } else { Err(old) }
}

fn cut(text: &str, from: &'static str, to: &'static str) -> Result<String, &'static str> {
    let line_of = |words: &str| {
        let at = text.find(words)?;
        Some(text[..at].rfind('\n').map_or(0, |newline| newline + 1))
    };
    let start = line_of(from).ok_or(from)?;
    let end = if to.is_empty() { text.len() } else { line_of(to).ok_or(to)? };
    if end < start {
        return Err(to);
    }
    Ok([&text[..start], &text[end..]].concat())
}
