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
use std::sync::Mutex;
use std::thread;

/// One module, before it is packed.
struct Compiled {
    /// Marshalled code, or why there is none.
    code: Result<Vec<u8>, String>,
    source: collect::Source,
}

fn main() {
    let lib = Path::new(rustpython_pylib::LIB_PATH);
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("overrides");
    println!("cargo:rerun-if-changed=build");
    println!("cargo:rerun-if-changed=src/frozen.rs");
    println!("cargo:rerun-if-changed={}", own.display());

    let tree = collect::collect(lib, &own);
    let modules = in_parallel(tree.modules, |source| {
        let code = compile::compile(&source.text, &source.filename());
        Compiled { code, source }
    });
    let failed = modules.iter().filter_map(|module| Some((module, module.code.as_ref().err()?)));
    for (module, why) in failed.clone().take(12) {
        let name = &module.source.name;
        println!("cargo:warning=stdlib module {name} is embedded without code: {why}");
    }
    if failed.clone().count() > 12 {
        println!("cargo:warning={} stdlib modules are embedded without code", failed.count());
    }

    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    pack::write(&out, &modules, &tree.resources).expect("cannot write the packed library");
}

/// Does `work` for every item on every core; the results keep the items' order.
fn in_parallel<T: Send, R: Send>(items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let queue = Mutex::new(items.into_iter().enumerate());
    let workers = thread::available_parallelism().map_or(1, |count| count.get());
    let mut results: Vec<(usize, R)> = thread::scope(|scope| {
        let worker = || {
            let mut mine = Vec::new();
            loop {
                let next = queue.lock().expect("no worker panics with the queue").next();
                let Some((at, item)) = next else { return mine };
                mine.push((at, work(item)));
            }
        };
        let handles: Vec<_> = (0..workers)
            .map(|_| {
                // The compiler recurses as deep as the source nests.
                let builder = thread::Builder::new().stack_size(64 << 20);
                builder.spawn_scoped(scope, worker).expect("cannot start a thread")
            })
            .collect();
        handles.into_iter().flat_map(|handle| handle.join().expect("a worker panicked")).collect()
    });
    results.sort_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}
