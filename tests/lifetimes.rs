//! A process that starts and ends the interpreter often, with extension modules from files, takes no more and more memory:
//! `capi-tests/lifetimes/host.c`, with two modules of `capi-tests/extensions`.

use std::path::{Path, PathBuf};
use std::process::Command;

mod support;

use support::{Python, root};

/// Of one phase and of two, as C programmers say.
const MODULES: [&str; 2] = ["single", "multi"];

fn build_modules(python: &Python, folder: &Path) {
    for name in MODULES {
        let mut compiler = Command::new("cc");
        compiler.args(["-Wall", "-Wextra", "-shared", "-fPIC", "-I"]).arg(&python.include[0]);
        compiler.arg(root().join(format!("capi-tests/extensions/{name}.c")));
        let compiled = compiler.arg("-o").arg(folder.join(format!("{name}.so"))).status();
        assert!(compiled.expect("the compiler starts").success(), "{name} does not compile");
    }
}

/// With the interpreter's own heap, which goes as a whole, and with C's, where each block has to be given back.
#[test]
fn many_lives_take_no_memory() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("lifetimes");
    std::fs::create_dir_all(&folder).expect("the folder is writable");
    let python = Python::krait();
    build_modules(&python, &folder);
    let host = folder.join("host");
    python.compile(&root().join("capi-tests/lifetimes/host.c"), "c", &host);
    let libraries = python.library.parent().expect("a library is in a folder");
    for allocator in ["default", "malloc"] {
        let output = Command::new(&host)
            .arg(&folder)
            .env("LD_LIBRARY_PATH", libraries)
            .env("PYTHONMALLOC", allocator)
            .output()
            .expect("the program starts");
        let printed = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(printed, "200 lives\n", "PYTHONMALLOC={allocator}: {errors}");
    }
}
