//! Applies the patches of `docs/examples` to a copy of the source tree, and runs Python code that needs what they add.
//!
//! `docs/adding.md` leads through them. That they apply is always tested; building them takes minutes, so that is asked for:
//! `cargo test --test worked_examples -- --ignored`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is copied: all that `cargo build -p krait-cli` reads.
const PARTS: [&str; 7] = ["Cargo.toml", "Cargo.lock", "crates", "examples", "link", "src", "xtask"];

/// The copy is one for all, so that what two patches do not touch is built once.
static COPY: Mutex<()> = Mutex::new(());

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn patch_of(name: &str) -> PathBuf {
    root().join("docs/examples").join(format!("{name}.patch"))
}

/// All files below `path`, relative to `base`.
fn files(base: &Path, path: &Path, found: &mut BTreeSet<PathBuf>) {
    if path.is_dir() {
        for entry in std::fs::read_dir(path).expect("a folder that can be read") {
            files(base, &entry.expect("an entry").path(), found);
        }
    } else if let Ok(relative) = path.strip_prefix(base)
        && path.exists()
    {
        found.insert(relative.to_owned());
    }
}

fn files_of(base: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for part in PARTS {
        files(base, &base.join(part), &mut found);
    }
    found
}

/// The tree without any patch. Files that are as they should be are left alone, and so is what was built of them.
fn fresh_copy() -> (MutexGuard<'static, ()>, PathBuf) {
    let guard = COPY.lock().unwrap_or_else(PoisonError::into_inner);
    let copy = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("worked-examples");
    let wanted = files_of(root());
    for stale in files_of(&copy).difference(&wanted) {
        std::fs::remove_file(copy.join(stale)).expect("a file of the copy");
    }
    for file in &wanted {
        let text = std::fs::read(root().join(file)).expect("a source file");
        let target = copy.join(file);
        if std::fs::read(&target).is_ok_and(|old| old == text) {
            continue;
        }
        let folder = target.parent().expect("a file is in a folder");
        std::fs::create_dir_all(folder).expect("the target folder is writable");
        std::fs::write(&target, text).expect("the target folder is writable");
    }
    (guard, copy)
}

/// Runs `patch`. Nothing is tolerated: each hunk has to find its lines as they are. False if there is no such program.
fn apply(name: &str, copy: &Path, options: &[&str]) -> bool {
    let output = Command::new("patch")
        .args(["-p1", "--fuzz=0", "--force", "--no-backup-if-mismatch"])
        .args(options)
        .arg("-i")
        .arg(patch_of(name))
        .current_dir(copy)
        .output();
    let Ok(output) = output else {
        println!("skipped: there is no `patch`");
        return false;
    };
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{name}.patch does not apply any more:\n{said}");
    true
}

#[test]
fn patches_apply() {
    let (_guard, copy) = fresh_copy();
    for name in ["load_otus", "until", "increment"] {
        if !apply(name, &copy, &["--dry-run"]) {
            return;
        }
    }
}

/// Applies a patch, builds `krait` and runs `docs/examples/NAME.py`.
fn check(name: &str, expected: &str) {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    if Command::new(&cargo).arg("--version").output().is_err() {
        println!("skipped: there is no `cargo`");
        return;
    }
    let (_guard, copy) = fresh_copy();
    if !apply(name, &copy, &[]) {
        return;
    }
    let target = copy.join("target");
    let status = Command::new(&cargo)
        .args(["build", "--quiet", "--locked", "-p", "krait-cli"])
        .env("CARGO_TARGET_DIR", &target)
        .current_dir(&copy)
        .status()
        .expect("cargo starts");
    assert!(status.success(), "with {name}.patch, Krait does not build");
    let script = root().join("docs/examples").join(format!("{name}.py"));
    let output = Command::new(target.join("debug/krait"))
        .arg("-I")
        .arg(script)
        .output()
        .expect("the interpreter starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}.py: {errors}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{name}.py");
}

#[test]
#[ignore = "builds Krait, which takes minutes: a step of its own in CI"]
fn load_otus() {
    check("load_otus", "42\n84\nLOAD_OTUS\n");
}

#[test]
#[ignore = "builds Krait, which takes minutes: a step of its own in CI"]
fn until() {
    let unparsed = "until n == 0:\n    n -= 1\nelse:\n    pass\n";
    let error = "expected an indented block after 'until' statement on line 1\n";
    check("until", &format!("3 2 1 done\n0 1\n{unparsed}{error}"));
}

#[test]
#[ignore = "builds Krait, which takes minutes: a step of its own in CI"]
fn increment() {
    check("increment", "2\n[0, 1]\nx += 1\n3\ninvalid syntax\n");
}
