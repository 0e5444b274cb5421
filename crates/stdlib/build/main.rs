//! Builds the embedded standard library: reads the pure-Python modules of `rustpython-pylib`,
//! compiles each with our own compiler, and packs code, sources and resources into one file per
//! kind, with a sorted index as a Rust table.
//!
//! A module that does not compile is reported as a warning and embedded without code: the importer
//! then compiles its source when it is imported, and raises the real exception.
//!
//! CPython's counterpart: `Programs/_freeze_module.py` and `Tools/build/deepfreeze`, for a few
//! modules; here it is the whole library.

mod collect;
mod compile;
mod edits;
#[path = "../src/frozen.rs"]
#[allow(dead_code, reason = "the build reads only the names of modules")]
mod frozen;
mod pack;
mod selection;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// One module with everything that gets embedded.
struct Built {
    name: String,
    is_package: bool,
    /// Marshalled code, or why there is none.
    code: Result<Vec<u8>, String>,
    /// None: stored as it is, so that importing it copies nothing.
    packed_code: Option<Vec<u8>>,
    source: Vec<u8>,
    packed_source: Vec<u8>,
}

fn main() {
    let lib = Path::new(rustpython_pylib::LIB_PATH);
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("overrides");
    println!("cargo:rerun-if-changed=build");
    println!("cargo:rerun-if-changed=src/frozen.rs");
    println!("cargo:rerun-if-changed={}", own.display());

    let tree = collect::collect(lib, &own);
    let built = build_all(&tree.modules);
    let failed: Vec<&Built> = built.iter().filter(|module| module.code.is_err()).collect();
    for module in failed.iter().take(12) {
        let Err(why) = &module.code else { continue };
        println!("cargo:warning=stdlib module {} is embedded without code: {why}", module.name);
    }
    if failed.len() > 12 {
        println!("cargo:warning={} stdlib modules are embedded without code", failed.len());
    }

    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    pack::write(&out, &built, &tree.resources).expect("cannot write the packed library");
}

/// Compiles and compresses on every core; the result keeps the order of `modules`.
fn build_all(modules: &[collect::Source]) -> Vec<Built> {
    let next = AtomicUsize::new(0);
    let workers = thread::available_parallelism().map_or(1, |count| count.get());
    let mut built: Vec<(usize, Built)> = thread::scope(|scope| {
        let worker = || {
            let mut mine = Vec::new();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(source) = modules.get(at) else { return mine };
                mine.push((at, build_one(source)));
            }
        };
        let handles: Vec<_> = (0..workers)
            .map(|_| {
                // The compiler recurses as deep as the source nests.
                let builder = thread::Builder::new().stack_size(64 << 20);
                builder.spawn_scoped(scope, worker).expect("cannot start a thread")
            })
            .collect();
        handles
            .into_iter()
            .flat_map(|handle| handle.join().expect("a compile thread panicked"))
            .collect()
    });
    built.sort_by_key(|(at, _)| *at);
    built.into_iter().map(|(_, module)| module).collect()
}

fn build_one(module: &collect::Source) -> Built {
    let code = compile::compile(&module.text, &module.filename());
    let packed_code = match &code {
        Ok(code) if !selection::is_direct(&module.name) => Some(pack::deflate(code)),
        _ => None,
    };
    Built {
        name: module.name.clone(),
        is_package: module.is_package,
        code,
        packed_code,
        packed_source: pack::deflate(&module.text),
        source: module.text.clone(),
    }
}
