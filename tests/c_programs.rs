//! Compiles the programs of `capi-tests/programs` against `include/` and the library, as C and as C++, and runs them.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Where cargo put the library, with the name that programs ask for beside it.
fn library_folder() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    let beside = test.parent().expect("a test lies in target/PROFILE/deps, as the library does");
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let link = folder.join("libpython3.14.so.1.0");
    let _ = std::fs::remove_file(&link);
    std::os::unix::fs::symlink(beside.join("libkrait.so"), &link).expect("a symbolic link");
    folder
}

#[test]
fn c_programs_run() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = library_folder();
    for compiler in ["cc", "c++"] {
        let program = folder.join(format!("start-{compiler}"));
        let language = if compiler == "cc" { "c" } else { "c++" };
        let status = Command::new(compiler)
            .args(["-Wall", "-Wextra", "-x", language, "-I"])
            .arg(root.join("include"))
            .arg(root.join("capi-tests/programs/start.c"))
            .args(["-x", "none"])
            .arg(folder.join("libpython3.14.so.1.0"))
            .arg("-o")
            .arg(&program)
            .status()
            .expect("the compiler starts");
        assert!(status.success(), "{compiler} failed");
        let output = Command::new(&program)
            .env("LD_LIBRARY_PATH", &folder)
            .output()
            .expect("the program starts");
        assert!(output.status.success(), "{compiler}: {output:?}");
        let printed = String::from_utf8_lossy(&output.stdout);
        assert_eq!(printed, "42 abab <class 'float'>\n", "{compiler}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("ZeroDivisionError"));
    }
}
