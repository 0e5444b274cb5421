//! The embedded standard library: compiled at build time, looked up at run time.
//!
//! [`find`] is a binary search in a read-only table. The code of common modules is stored as it
//! is, so finding it touches only its own pages; that of rarely imported ones, and all sources,
//! are compressed one by one, with a dictionary for each kind. Nothing here knows objects: code is marshal data for the importer.
//! How it is built: `build/main.rs`; why it is stored so: `docs/internals/stdlib.md`.
//!
//! CPython's counterpart: the frozen modules (`Python/frozen.c`) and the `Lib` folder.

#![forbid(unsafe_code)]

use std::borrow::Cow;
use std::sync::OnceLock;

mod frozen;
mod zstd;

pub use frozen::{FROZEN, Frozen};

/// A piece of one of the packed files.
struct Span {
    start: u32,
    /// Bytes in the file.
    stored: u32,
    /// Bytes once decompressed; equal to `stored` if it is not compressed.
    size: u32,
}

/// One line of the index. Offsets only: see `build/pack.rs`.
struct Record {
    name: u32,
    name_len: u32,
    is_package: bool,
    code: Span,
    source: Span,
}

include!(concat!(env!("OUT_DIR"), "/index.rs"));

static NAMES: &str = include_str!(concat!(env!("OUT_DIR"), "/names.txt"));
static CODE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/code.bin"));
static SOURCE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/source.bin"));
static RESOURCE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/resource.bin"));
static CODE_DICTIONARY: Dictionary = Dictionary {
    bytes: include_bytes!(concat!(env!("OUT_DIR"), "/code.dict")),
    derived: &CODE_TABLES,
};
static SOURCE_DICTIONARY: Dictionary = Dictionary {
    bytes: include_bytes!(concat!(env!("OUT_DIR"), "/source.dict")),
    derived: &SOURCE_TABLES,
};
// By themselves, they take no room in the file.
static CODE_TABLES: OnceLock<zstd::Dictionary> = OnceLock::new();
static SOURCE_TABLES: OnceLock<zstd::Dictionary> = OnceLock::new();

/// What pieces of a kind were compressed with. Its tables are derived from constant bytes when the
/// first piece is wanted: programs that want none do not pay for them, and nothing is allocated.
struct Dictionary {
    bytes: &'static [u8],
    derived: &'static OnceLock<zstd::Dictionary>,
}

/// The folder that embedded modules name in `co_filename`: `<krait>/json/decoder.py`. It does not
/// exist; their loader hands out the source. Frozen modules are named `<frozen os>` instead, and are
/// looked for here when their source is wanted (`sys._stdlib_dir`).
pub const LIBRARY_DIR: &str = DIR;

/// A module of the embedded library.
#[derive(Clone, Copy)]
pub struct Module {
    record: &'static Record,
}

/// The line of the reference's frozen table for `name`.
pub fn find_frozen(name: &str) -> Option<&'static Frozen> {
    FROZEN.iter().find(|frozen| frozen.name == name)
}

/// The module imported as `name`, also under the alias names of the frozen table
/// (`_frozen_importlib` is `importlib._bootstrap`).
pub fn find(name: &str) -> Option<Module> {
    find_own(name).or_else(|| find_own(find_frozen(name)?.module))
}

fn find_own(name: &str) -> Option<Module> {
    let at = MODULES.binary_search_by(|record| record.name().cmp(name)).ok()?;
    Some(Module { record: &MODULES[at] })
}

/// Every module, sorted by name.
pub fn modules() -> impl ExactSizeIterator<Item = Module> {
    MODULES.iter().map(|record| Module { record })
}

/// The names of every module, sorted.
pub fn names() -> impl ExactSizeIterator<Item = &'static str> {
    MODULES.iter().map(Record::name)
}

/// The source of the module `name`; see [`Module::source`].
pub fn source(name: &str) -> Option<Vec<u8>> {
    find(name).map(|module| module.source())
}

/// A file that library code opens beside its modules, by its path in the library:
/// `pydoc_data/_pydoc.css`.
pub fn resource(path: &str) -> Option<Cow<'static, [u8]>> {
    let at = RESOURCES.binary_search_by(|record| record.name().cmp(path)).ok()?;
    Some(RESOURCES[at].source.load(RESOURCE, &SOURCE_DICTIONARY))
}

/// The paths of every resource, sorted.
pub fn resources() -> impl ExactSizeIterator<Item = &'static str> {
    RESOURCES.iter().map(Record::name)
}

impl Module {
    /// The dotted name.
    pub fn name(self) -> &'static str {
        self.record.name()
    }

    pub fn is_package(self) -> bool {
        self.record.is_package
    }

    /// The reference freezes this module too, so `FrozenImporter` answers for it and its
    /// `co_filename` is `<frozen name>`.
    pub fn is_frozen(self) -> bool {
        frozen::is_frozen(self.name())
    }

    /// The module's code object as marshal data, or None if it did not compile at build time (the
    /// importer compiles [`source`](Self::source) then, and raises what is to be raised).
    pub fn code(self) -> Option<Cow<'static, [u8]>> {
        (self.record.code.stored > 0).then(|| self.record.code.load(CODE, &CODE_DICTIONARY))
    }

    /// The source as it stands in its file: UTF-8 unless a coding cookie says otherwise.
    pub fn source(self) -> Vec<u8> {
        self.record.source.load(SOURCE, &SOURCE_DICTIONARY).into_owned()
    }

    /// The path in the library: `json/decoder.py`, `json/__init__.py`.
    pub fn path(self) -> String {
        let suffix = if self.is_package() { "/__init__.py" } else { ".py" };
        self.name().replace('.', "/") + suffix
    }

    /// What the code objects of the module hold as `co_filename`.
    pub fn filename(self) -> String {
        if self.is_frozen() {
            return format!("<frozen {}>", self.name());
        }
        format!("{LIBRARY_DIR}/{}", self.path())
    }
}

impl Record {
    fn name(&self) -> &'static str {
        let start = self.name as usize;
        &NAMES[start..start + self.name_len as usize]
    }
}

impl Span {
    fn load(&self, file: &'static [u8], dictionary: &Dictionary) -> Cow<'static, [u8]> {
        let start = self.start as usize;
        let stored = &file[start..start + self.stored as usize];
        if self.stored == self.size {
            return Cow::Borrowed(stored);
        }
        let plain = dictionary.derived().decode(stored, self.size as usize);
        Cow::Owned(plain.expect(INTACT))
    }
}

/// Both ends were written by the same build, so decoding cannot fail at run time.
const INTACT: &str = "the embedded library is damaged";

impl Dictionary {
    fn derived(&self) -> &zstd::Dictionary {
        self.derived.get_or_init(|| zstd::Dictionary::read(self.bytes).expect(INTACT))
    }
}
