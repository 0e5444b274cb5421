//! Writes the packed library: `code.bin`, `source.bin`, `resource.bin`, the dictionaries that they
//! are compressed with, `names.txt` and the index `index.rs` (see `src/lib.rs` for the record). Same
//! input, same bytes.
//!
//! The index holds offsets, no pointers, so that loading the shared library relocates nothing and
//! an import touches only the pages of its own module.

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::Path;

use zstd::bulk::Compressor;
use zstd::dict::EncoderDictionary;

use crate::{Compiled, in_parallel, selection};

/// Slow to compress, as fast as any to decompress: it runs once a build, and the result is read
/// many times.
const LEVEL: i32 = 19;
/// The sum of a dictionary and what is compressed with it is smallest near this size, for code and
/// for sources (docs/internals/stdlib.md).
const DICTIONARY_SIZE: usize = 160 << 10;
/// What every frame begins with, as we ask for none of a header's optional fields: magic number,
/// descriptor, window size. It is left out.
const FRAME_HEADER: usize = 6;

/// What many texts of one kind have in common: a trained dictionary.
struct Common {
    bytes: Vec<u8>,
    prepared: EncoderDictionary<'static>,
}

impl Common {
    fn train(samples: Vec<&[u8]>) -> Common {
        let bytes = zstd::dict::from_samples(&samples, DICTIONARY_SIZE)
            .expect("the library is large enough to train a dictionary");
        let prepared = EncoderDictionary::copy(&bytes, LEVEL);
        Common { bytes, prepared }
    }

    fn compress(&self, data: &[u8]) -> Vec<u8> {
        self.try_compress(data).expect("compression in memory does not fail")
    }

    fn try_compress(&self, data: &[u8]) -> io::Result<Vec<u8>> {
        let mut compressor = Compressor::with_prepared_dictionary(&self.prepared)?;
        compressor.include_checksum(false)?;
        compressor.include_contentsize(false)?;
        compressor.include_dictid(false)?;
        let mut frame = compressor.compress(data)?;
        assert_eq!(frame[4], 0, "the frame's header has optional fields");
        Ok(frame.split_off(FRAME_HEADER))
    }
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

impl Compiled {
    /// The code to embed; empty if the source alone is.
    fn embedded_code(&self) -> &[u8] {
        match &self.code {
            Ok(code) if !selection::is_source_only(&self.source.name) => code,
            _ => &[],
        }
    }

    /// The code that is compressed. Other code is stored as it is, so that importing it copies
    /// nothing.
    fn packed_code(&self) -> Option<&[u8]> {
        let code = self.embedded_code();
        (!code.is_empty() && !selection::is_direct(&self.source.name)).then_some(code)
    }
}

pub fn write(out: &Path, modules: &[Compiled], resources: &[(String, Vec<u8>)]) -> io::Result<()> {
    let codes = modules.iter().filter_map(Compiled::packed_code).collect();
    let texts = modules.iter().map(|module| &module.source.text[..]).collect();
    let commons = in_parallel(vec![codes, texts], Common::train);
    let [common_code, common_text] = commons.try_into().ok().expect("two in, two out");
    let packed = in_parallel(modules.iter().collect(), |module: &Compiled| {
        let code = module.packed_code().map(|code| common_code.compress(code));
        (code, common_text.compress(&module.source.text))
    });

    let (mut code, mut source, mut data) = (Blob::default(), Blob::default(), Blob::default());
    let mut names = String::new();
    let mut index = String::new();

    writeln!(index, "static MODULES: [Record; {}] = [", modules.len()).unwrap();
    for (module, (packed_code, packed_source)) in modules.iter().zip(&packed) {
        let record = Record {
            name: &module.source.name,
            is_package: module.source.is_package,
            code: code.add(module.embedded_code(), packed_code.as_deref()),
            source: source.add(&module.source.text, Some(packed_source)),
        };
        record.write(&mut index, &mut names);
    }
    index.push_str("];\n");

    writeln!(index, "static RESOURCES: [Record; {}] = [", resources.len()).unwrap();
    for (path, bytes) in resources {
        let record = Record {
            name: path,
            is_package: false,
            code: "Span { start: 0, stored: 0, size: 0 }".to_owned(),
            source: data.add(bytes, Some(&common_text.compress(bytes))),
        };
        record.write(&mut index, &mut names);
    }
    index.push_str("];\n");
    writeln!(index, "const DIR: &str = {:?};", selection::LIBRARY_DIR).unwrap();

    fs::write(out.join("index.rs"), index)?;
    fs::write(out.join("names.txt"), names)?;
    fs::write(out.join("code.bin"), code.0)?;
    fs::write(out.join("code.dict"), common_code.bytes)?;
    fs::write(out.join("source.bin"), source.0)?;
    fs::write(out.join("source.dict"), common_text.bytes)?;
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
