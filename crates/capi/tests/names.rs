//! An exported name is defined once. The compiler notices a second one only when it makes machine code, so that
//! `cargo check` lets it pass.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn no_function_is_exported_twice() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    let mut places: HashMap<String, Vec<String>> = HashMap::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a source file");
        let file = file.file_name().unwrap_or_default().display().to_string();
        for line in text.lines() {
            let declared = line.trim_start_matches("pub fn ").trim_start_matches("pub static ");
            let name = declared.split(['(', '<', ':']).next().unwrap_or_default();
            if declared != line && (name.starts_with("Py") || name.starts_with("_Py")) {
                places.entry(name.to_owned()).or_default().push(file.clone());
            }
        }
    }
    places.retain(|_, files| files.len() > 1);
    assert!(places.is_empty(), "exported more than once: {places:?}");
}
