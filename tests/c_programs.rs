//! Compiles the programs of `capi-tests/programs` against `include/` and the library, runs them, and compares what
//! they print with what they printed with the reference.
//!
//! `NAME.out` holds what each run printed on both streams, and its exit code. A line `/* args: … */` of the program gives
//! a run its arguments. With `BLESS=1` and an
//! installed reference (`cargo xtask reference`), the output is recorded anew.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

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

/// What a program is linked against, and how it is run.
struct Python {
    include: Vec<PathBuf>,
    library: PathBuf,
    runner: Vec<PathBuf>,
    home: Option<PathBuf>,
}

impl Python {
    fn krait() -> Python {
        Python {
            include: vec![root().join("include")],
            library: library_folder().join("libpython3.14.so.1.0"),
            runner: Vec::new(),
            home: None,
        }
    }

    fn reference() -> Option<Python> {
        let folder = match std::env::var_os("KRAIT_REFERENCE") {
            Some(folder) => PathBuf::from(folder),
            None => PathBuf::from(std::env::var_os("HOME")?).join(".cache/krait-reference"),
        };
        let usr = folder.join("root/usr");
        let include = vec![usr.join("include"), usr.join("include/python3.14")];
        let library = usr.join("lib/x86_64-linux-gnu/libpython3.14.so.1.0");
        let runner = vec![folder.join("with-glibc")];
        library.exists().then_some(Python { include, library, runner, home: Some(usr) })
    }

    fn compile(&self, source: &Path, language: &str, program: &Path) {
        let compiler = if language == "c" { "cc" } else { "c++" };
        let mut command = Command::new(compiler);
        command.args(["-Wall", "-Wextra", "-x", language]);
        for folder in &self.include {
            command.arg("-I").arg(folder);
        }
        command.arg(source).args(["-x", "none"]).arg(&self.library).arg("-o").arg(program);
        command.args(["-Wl,--allow-shlib-undefined", "-pthread"]);
        let status = command.status().expect("the compiler starts");
        assert!(status.success(), "{} does not compile as {language}", source.display());
    }

    fn run(&self, program: &Path, arguments: &[String]) -> Output {
        let mut command = match self.runner.first() {
            Some(runner) => {
                let mut command = Command::new(runner);
                command.arg(program);
                command
            }
            None => Command::new(program),
        };
        command
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("LC_ALL", "C.UTF-8");
        if let Some(home) = &self.home {
            command.env("PYTHONHOME", home).env("TEST_HOME", home);
        } else {
            let folder = self.library.parent().expect("a library is in a folder");
            command.env("LD_LIBRARY_PATH", folder);
        }
        command.output().expect("the program starts")
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

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
