//! `cargo xtask example`: the main job. Generates the journal, runs `examples/report.py` on it and
//! on a lock file, and compares what it prints with what the reference printed.
//!
//! The interpreters are our command and the host programs in C and C++ (`examples/Makefile` builds them), or
//! one program that takes a script and its arguments (`--binary`); `--bless` records the expected output, from
//! the reference.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Outcome;
use crate::args::Args;
use crate::interpreter::{self, Choice};
use crate::reference;

type Error = Box<dyn std::error::Error>;

pub fn run(mut args: Args) -> Outcome {
    let bless = args.flag("--bless");
    let choice = Choice::from_args(&mut args)?;
    if !args.rest()?.is_empty() {
        return Err("usage: cargo xtask example [--bless] [--binary PATH] [--profile NAME]".into());
    }
    let binary = if bless { reference::installed()?.join("python3.14") } else { choice.path()? };
    let mut programs = vec![binary.clone()];
    if !bless && choice.is_ours() {
        programs.extend(hosts(&choice)?);
    }
    let examples = interpreter::root().join("examples");
    let work = interpreter::scratch("example");
    fs::create_dir_all(&work)?;
    let journal = work.join("journal.txt");
    script(&binary, &examples.join("make_text.py"), &[journal.as_os_str()])?;
    let expected = examples.join("data/report.expected");
    let lock = examples.join("data/Cargo.lock");
    let mut same = true;
    for (at, program) in programs.iter().enumerate() {
        let report =
            script(program, &examples.join("report.py"), &[lock.as_os_str(), journal.as_os_str()])?;
        if bless {
            fs::write(&expected, &report)?;
        }
        if at == 0 {
            println!("{}", String::from_utf8_lossy(&report));
        }
        same &= judge(program, &report, &expected, &work)?;
    }
    Ok(same)
}

/// The host programs in C and C++, built against our library.
fn hosts(choice: &Choice) -> Result<Vec<PathBuf>, Error> {
    choice.build_library()?;
    let examples = interpreter::root().join("examples");
    let built = Command::new("make")
        .arg("--silent")
        .arg(format!("PROFILE={}", choice.folder()))
        .current_dir(&examples)
        .status()?;
    if !built.success() {
        return Err("the host programs do not build".into());
    }
    Ok(vec![examples.join("embed"), examples.join("embed-cpp")])
}

/// What a script writes to standard output.
fn script(binary: &Path, script: &Path, args: &[&OsStr]) -> Result<Vec<u8>, Error> {
    let output = Command::new(binary)
        .arg(script)
        .args(args)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PYTHONUTF8", "1")
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cannot run {}: {error}", binary.display()))?;
    if !output.status.success() {
        return Err(format!("{} failed: {}", script.display(), output.status).into());
    }
    Ok(output.stdout)
}

fn judge(program: &Path, report: &[u8], expected: &Path, work: &Path) -> Outcome {
    let name = program.file_name().unwrap_or_default().display();
    if fs::read(expected)? == report {
        eprintln!("{name}: as the reference prints it, byte for byte");
        return Ok(true);
    }
    let actual = work.join(format!("{name}.txt"));
    fs::write(&actual, report)?;
    eprintln!(
        "{name}: DIFFERS from the reference: diff {} {}",
        expected.display(),
        actual.display()
    );
    Ok(false)
}
