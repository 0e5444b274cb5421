//! The committed lists of test files that pass, without and with the reference's compiled test modules: a name and the
//! number of its tests that ran and passed, sorted, one a line. They only grow.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

pub struct Passing {
    path: PathBuf,
    files: BTreeMap<String, usize>,
    /// What another list has.
    elsewhere: BTreeMap<String, usize>,
}

/// The lists, relative to the repository: by whether the test modules are there.
pub fn path(test_modules: bool) -> &'static str {
    match test_modules {
        false => "conformance/passing.txt",
        true => "conformance/passing-with-modules.txt",
    }
}

/// Single tests that need not pass, each with its reason.
pub const NEEDLESS: &str = "conformance/needless.txt";

fn header(path: &Path) -> String {
    let modules = if path.ends_with(self::path(true)) {
        " with its compiled test modules (`--test-modules`), and not without"
    } else {
        ""
    };
    format!(
        "\
# Test files of the reference that pass whole{modules}, with the number of tests that ran and passed.
# Extended by `cargo xtask conformance run --bless`; nothing is taken off.
"
    )
}

impl Passing {
    /// An absent file is an empty list.
    pub fn read(path: &Path) -> io::Result<Passing> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        let mut files = BTreeMap::new();
        for line in entries(&text) {
            let mut words = line.split_whitespace();
            let Some(name) = words.next() else { continue };
            let count = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
            files.insert(name.to_owned(), count);
        }
        Ok(Passing { path: path.to_path_buf(), files, elsewhere: BTreeMap::new() })
    }

    /// What another list has is not for this one.
    pub fn beside(mut self, other: Passing) -> Passing {
        self.elsewhere = other.files;
        self
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    pub fn ok_tests(&self, name: &str) -> Option<usize> {
        self.files.get(name).or_else(|| self.elsewhere.get(name)).copied()
    }

    /// Adds a file; a higher count replaces a lower one.
    pub fn record(&mut self, name: &str, ok: usize) {
        if self.elsewhere.contains_key(name) {
            return;
        }
        let count = self.files.entry(name.to_owned()).or_insert(ok);
        *count = ok.max(*count);
    }

    pub fn write(&self) -> io::Result<()> {
        let mut text = header(&self.path);
        for (name, count) in &self.files {
            text.push_str(&format!("{name} {count}\n"));
        }
        fs::write(&self.path, text)
    }
}

/// The first word of every line of a list.
pub fn read_names(path: &Path) -> io::Result<Vec<String>> {
    let text = fs::read_to_string(path)?;
    let words = entries(&text).filter_map(|line| line.split_whitespace().next());
    Ok(words.map(str::to_owned).collect())
}

fn entries(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty())
}
