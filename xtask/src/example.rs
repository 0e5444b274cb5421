//! `cargo xtask example`: the main job. Generates the journal, runs `examples/report.py` on it and
//! on a lock file, and compares what it prints with what the reference printed.
//!
//! The interpreter is our command, or any host program that takes a script and its arguments
//! (`--binary`); `--bless` records the expected output, from the reference.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::Outcome;
use crate::args::Args;
use crate::interpreter::{self, Choice};
use crate::reference;

pub fn run(mut args: Args) -> Outcome {
    let bless = args.flag("--bless");
    let choice = Choice::from_args(&mut args)?;
    if !args.rest()?.is_empty() {
        return Err("usage: cargo xtask example [--bless] [--binary PATH] [--profile NAME]".into());
    }
    let binary = if bless { reference::installed()?.join("python3.14") } else { choice.path()? };
    let examples = interpreter::root().join("examples");
    let work = interpreter::scratch("example");
    fs::create_dir_all(&work)?;
    let journal = work.join("journal.txt");
    script(&binary, &examples.join("make_text.py"), &[journal.as_os_str()])?;
    let lock = examples.join("data/Cargo.lock");
    let report =
        script(&binary, &examples.join("report.py"), &[lock.as_os_str(), journal.as_os_str()])?;

    let expected = examples.join("data/report.expected");
    if bless {
        fs::write(&expected, &report)?;
    }
    print!("{}", String::from_utf8_lossy(&report));
    judge(&report, &expected, &work)
}

/// What a script writes to standard output.
fn script(
    binary: &Path,
    script: &Path,
    args: &[&OsStr],
) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
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

fn judge(report: &[u8], expected: &Path, work: &Path) -> Outcome {
    if fs::read(expected)? == report {
        eprintln!("\nas the reference prints it, byte for byte");
        return Ok(true);
    }
    let actual = work.join("report.txt");
    fs::write(&actual, report)?;
    eprintln!("\nDIFFERS from the reference: diff {} {}", expected.display(), actual.display());
    Ok(false)
}
