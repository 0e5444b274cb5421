//! Writes the packed library: `code.bin`, `source.bin`, `resource.bin`, `names.txt` and the index
//! `index.rs` (see `src/lib.rs` for the record). Same input, same bytes.
//!
//! The index holds offsets, no pointers, so that loading the shared library relocates nothing and
//! an import touches only the pages of its own module.

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::Path;

use crate::{Built, selection};

/// Best compression: it runs once a build, and the result is read many times.
const LEVEL: u8 = 9;

pub fn deflate(data: &[u8]) -> Vec<u8> {
    miniz_oxide::deflate::compress_to_vec(data, LEVEL)
}

/// A file that grows, and the span of what was added last.
#[derive(Default)]
struct Blob(Vec<u8>);

impl Blob {
    /// Adds the smaller of the two: a span of equal lengths is one that is not compressed.
    fn add(&mut self, plain: &[u8], packed: Option<&[u8]>) -> String {
        let size = plain.len();
        let stored = packed.filter(|packed| packed.len() < size).unwrap_or(plain);
        let start = self.0.len();
        self.0.extend_from_slice(stored);
        format!("Span {{ start: {start}, stored: {}, size: {size} }}", stored.len())
    }
}

pub fn write(out: &Path, modules: &[Built], resources: &[(String, Vec<u8>)]) -> io::Result<()> {
    let (mut code, mut source, mut data) = (Blob::default(), Blob::default(), Blob::default());
    let mut names = String::new();
    let mut index = String::new();

    writeln!(index, "static MODULES: [Record; {}] = [", modules.len()).unwrap();
    for module in modules {
        let code_span = match &module.code {
            Ok(bytes) if !selection::is_source_only(&module.name) => {
                code.add(bytes, module.packed_code.as_deref())
            }
            _ => code.add(&[], None),
        };
        let record = Record {
            name: &module.name,
            is_package: module.is_package,
            code: code_span,
            source: source.add(&module.source, Some(&module.packed_source)),
        };
        record.write(&mut index, &mut names);
    }
    index.push_str("];\n");

    writeln!(index, "static RESOURCES: [Record; {}] = [", resources.len()).unwrap();
    for (path, bytes) in resources {
        let record = Record {
            name: path,
            is_package: false,
            code: data.add(bytes, Some(&deflate(bytes))),
            source: "Span { start: 0, stored: 0, size: 0 }".to_owned(),
        };
        record.write(&mut index, &mut names);
    }
    index.push_str("];\n");
    writeln!(index, "const DIR: &str = {:?};", selection::LIBRARY_DIR).unwrap();

    fs::write(out.join("index.rs"), index)?;
    fs::write(out.join("names.txt"), names)?;
    fs::write(out.join("code.bin"), code.0)?;
    fs::write(out.join("source.bin"), source.0)?;
    fs::write(out.join("resource.bin"), data.0)
}

struct Record<'a> {
    name: &'a str,
    is_package: bool,
    code: String,
    source: String,
}

impl Record<'_> {
    fn write(&self, index: &mut String, names: &mut String) {
        let start = names.len();
        names.push_str(self.name);
        writeln!(
            index,
            "Record {{ name: {start}, name_len: {}, is_package: {}, code: {}, source: {} }},",
            self.name.len(),
            self.is_package,
            self.code,
            self.source
        )
        .unwrap();
    }
}
