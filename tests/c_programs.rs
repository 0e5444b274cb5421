//! Compiles the programs of `capi-tests/programs` against `include/` and the library, runs them, and compares what
//! they print with what they printed with the reference.
//!
//! `NAME.out` holds what each run printed on both streams, and its exit code. A line `/* args: … */` of the program gives
//! a run its arguments. With `BLESS=1` and an
//! installed reference (`cargo xtask reference`), the output is recorded anew.

use std::path::{Path, PathBuf};

mod support;

use support::{Python, root};

fn programs() -> Vec<PathBuf> {
    let folder = root().join("capi-tests/programs");
    let mut programs: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the programs are there")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "c"))
        .collect();
    programs.sort();
    programs
}

/// The runs that a program asks for: each line `/* args: … */` is one; none is one without arguments.
fn runs(source: &Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(source).expect("a program");
    let line = |line: &str| {
        let arguments = line.strip_prefix("/* args:")?.strip_suffix("*/")?;
        Some(arguments.split_whitespace().map(str::to_owned).collect())
    };
    let runs: Vec<Vec<String>> = text.lines().filter_map(line).collect();
    if runs.is_empty() { vec![Vec::new()] } else { runs }
}

/// What all runs of a program print, with their exit codes and what they say on standard error.
fn transcript(python: &Python, program: &Path, source: &Path) -> String {
    let mut text = String::new();
    for arguments in runs(source) {
        let output = python.run(program, &arguments);
        let code = match output.status.code() {
            Some(code) => format!("exit code {code}"),
            None => "ended by a signal".into(),
        };
        text.push_str(&format!("--- {}: {code}\n", arguments.join(" ")));
        text.push_str(&String::from_utf8_lossy(&output.stdout));
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        for line in errors.lines().filter(|line| is_portable(line)) {
            // Addresses differ from run to run.
            let line = line.split("0x").next().unwrap_or_default();
            text.push_str(&format!("2> {line}\n"));
        }
    }
    text
}

/// Whether a line on standard error says the same everywhere: thread numbers and stack dumps do not.
fn is_portable(line: &str) -> bool {
    let starts = [
        "Current thread ",
        "Thread ",
        "  <no Python frame>",
        "  File ",
        "Extension modules:",
        "Current thread's C",
    ];
    !line.is_empty()
        && !starts.iter().any(|start| line.starts_with(start))
        && !line.starts_with("  Binary file")
        && !line.starts_with("  <cannot get C stack")
}

#[test]
fn c_programs_run() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let bless = std::env::var_os("BLESS").is_some();
    let python = match bless {
        true => Python::reference().expect("the reference is installed"),
        false => Python::krait(),
    };
    let mut wrong = Vec::new();
    for source in programs() {
        let name = source.file_stem().expect("a name").to_string_lossy().into_owned();
        let expected = source.with_extension("out");
        for language in ["c", "c++"] {
            let program = folder.join(format!("{name}-{language}"));
            python.compile(&source, language, &program);
            let printed = transcript(&python, &program, &source);
            if bless {
                std::fs::write(&expected, printed).expect("the folder is writable");
                break;
            }
            let recorded = std::fs::read(&expected).expect("a recorded output");
            if String::from_utf8_lossy(&recorded) != printed {
                let actual = folder.join(format!("{name}-{language}.out"));
                std::fs::write(&actual, printed).expect("the folder is writable");
                wrong.push(format!("diff {} {}", expected.display(), actual.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "these differ from the reference:\n{}", wrong.join("\n"));
}
