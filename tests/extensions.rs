//! Compiles the extension modules of `capi-tests/extensions` against `include/`, loads them into an interpreter, and
//! compares what their scripts print with what they printed with the reference.
//!
//! `use_NAME.py` uses `NAME.c`; `use_NAME.out` holds what it printed. With `BLESS=1` and an installed reference (`cargo xtask
//! reference`), the output is recorded anew.

use std::path::{Path, PathBuf};
use std::process::Command;

mod support;

use support::root;

/// `limited.c` is for the stable ABI, and so is its file name.
const MODULES: [(&str, &str); 5] = [
    ("single", ".cpython-314-x86_64-linux-gnu.so"),
    ("multi", ".so"),
    ("limited", ".abi3.so"),
    ("foreign", ".so"),
    ("layouts", ".so"),
];

fn sources() -> PathBuf {
    root().join("capi-tests/extensions")
}

/// A C program that is a Python: it links the library, and leaves everything to it.
fn interpreter(folder: &Path) -> PathBuf {
    let link = support::link_library(folder);
    let source = folder.join("python.c");
    let text = "#include <Python.h>\nint main(int argc, char **argv) { return Py_BytesMain(argc, argv); }\n";
    std::fs::write(&source, text).expect("the folder is writable");
    let program = folder.join("python");
    let status = Command::new("cc")
        .arg("-I")
        .arg(root().join("include"))
        .arg(&source)
        .arg(&link)
        .arg("-o")
        .arg(&program)
        .status()
        .expect("the compiler starts");
    assert!(status.success(), "the interpreter does not compile");
    program
}

fn reference() -> PathBuf {
    let folder = match std::env::var_os("KRAIT_REFERENCE") {
        Some(folder) => PathBuf::from(folder),
        None => {
            PathBuf::from(std::env::var_os("HOME").expect("a home")).join(".cache/krait-reference")
        }
    };
    folder.join("python3.14")
}

#[test]
fn extension_modules_load() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("extensions");
    std::fs::create_dir_all(&folder).expect("the folder is writable");
    let bless = std::env::var_os("BLESS").is_some();
    let python = if bless { reference() } else { interpreter(&folder) };
    for (name, ending) in MODULES {
        let module = folder.join(format!("{name}{ending}"));
        let status = Command::new("cc")
            .args(["-Wall", "-Wextra", "-shared", "-fPIC", "-I"])
            .arg(root().join("include"))
            .arg(sources().join(format!("{name}.c")))
            .arg("-o")
            .arg(&module)
            .status()
            .expect("the compiler starts");
        assert!(status.success(), "{name} does not compile");
        let output = Command::new(&python)
            .arg(sources().join(format!("use_{name}.py")))
            .env("PYTHONPATH", &folder)
            .env("LD_LIBRARY_PATH", &folder)
            .output()
            .expect("the interpreter starts");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {errors}");
        let expected = sources().join(format!("use_{name}.out"));
        let printed = String::from_utf8_lossy(&output.stdout);
        if bless {
            std::fs::write(&expected, &*printed).expect("the folder is writable");
            continue;
        }
        let expected = std::fs::read_to_string(&expected).expect("a recorded output");
        assert_eq!(expected, printed, "{name}");
    }
}
