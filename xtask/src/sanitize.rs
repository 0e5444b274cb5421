//! `cargo xtask sanitize`: the programs and extension modules of `capi-tests` under valgrind, and built with AddressSanitizer.
//!
//! Every object gets a block of its own (`capi-tests/sanitize/malloc.c`), so that the checkers see where it ends and when it
//! dies. What a run prints is the tests' business; here only what the checkers say counts.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::args::Args;
use crate::interpreter::{self, Choice};
use crate::{Outcome, process};

type Error = Box<dyn std::error::Error>;

const HELP: &str = "\
usage: cargo xtask sanitize [OPTION…] [NAME…]

Runs the programs and extension modules of capi-tests (all, or those named) under valgrind's memcheck and with
AddressSanitizer in the C code, and reports what these find.

  --only TOOL       valgrind or address
  --library PATH    our shared library; by default it is built
  --profile NAME    the profile to build it with (release)
";

/// The exit code for what valgrind found.
const FOUND: &str = "97";

const LIMIT: Duration = Duration::from_secs(600);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Tool {
    Valgrind,
    Address,
}

impl Tool {
    fn name(self) -> &'static str {
        match self {
            Tool::Valgrind => "valgrind",
            Tool::Address => "address",
        }
    }

    /// What the compiler is told.
    fn flags(self) -> &'static [&'static str] {
        match self {
            Tool::Valgrind => &["-g", "-O1"],
            Tool::Address => &["-g", "-O1", "-fsanitize=address", "-fno-omit-frame-pointer"],
        }
    }

    /// Words before the program.
    fn runner(self) -> Vec<String> {
        let suppressions = sources().join("sanitize/valgrind.supp");
        match self {
            Tool::Valgrind => vec![
                "valgrind".to_owned(),
                "--quiet".to_owned(),
                format!("--error-exitcode={FOUND}"),
                format!("--suppressions={}", suppressions.display()),
            ],
            Tool::Address => Vec::new(),
        }
    }

    /// The first lines of what it found, if anything.
    fn findings(self, stderr: &str) -> Option<String> {
        let mark = match self {
            Tool::Valgrind => "==",
            Tool::Address => "ERROR: AddressSanitizer",
        };
        let at = stderr.lines().position(|line| match self {
            // A program may print such marks itself: valgrind's have its process number between them.
            Tool::Valgrind => line
                .strip_prefix(mark)
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())),
            Tool::Address => line.contains(mark),
        })?;
        Some(stderr.lines().skip(at).take(24).collect::<Vec<_>>().join("\n"))
    }
}

pub fn run(mut args: Args) -> Outcome {
    if args.flag("--help") || args.flag("-h") {
        print!("{HELP}");
        return Ok(true);
    }
    let tools = match args.option("--only")?.as_deref() {
        None => vec![Tool::Valgrind, Tool::Address],
        Some("valgrind") => vec![Tool::Valgrind],
        Some("address") => vec![Tool::Address],
        Some(other) => return Err(format!("no such tool: {other}").into()),
    };
    let library = args.option("--library")?;
    let choice = Choice::from_args(&mut args)?;
    let names = args.rest()?;
    let work = interpreter::scratch("sanitize");
    fs::create_dir_all(&work)?;
    let library = choice.library(library, &work)?;
    let mut clean = true;
    for tool in tools {
        if tool == Tool::Valgrind && Command::new("valgrind").arg("--version").output().is_err() {
            eprintln!("valgrind is not installed (apt-get install valgrind): left out");
            continue;
        }
        let bench = Bench { tool, library: &library, work: work.join(tool.name()) };
        fs::create_dir_all(&bench.work)?;
        clean &= bench.programs(&names)? & bench.extensions(&names)?;
    }
    Ok(clean)
}

fn sources() -> PathBuf {
    interpreter::root().join("capi-tests")
}

/// The C files of a folder, in order.
fn c_files(folder: &str, names: &[String]) -> Result<Vec<(String, PathBuf)>, Error> {
    let mut files = Vec::new();
    for entry in fs::read_dir(sources().join(folder))? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let is_c = path.extension().is_some_and(|extension| extension == "c");
        if is_c && (names.is_empty() || names.contains(&name)) {
            files.push((name, path));
        }
    }
    files.sort();
    Ok(files)
}

/// One tool's programs.
struct Bench<'a> {
    tool: Tool,
    library: &'a Path,
    work: PathBuf,
}

impl Bench<'_> {
    fn compile(&self, sources: &[&Path], extra: &[&str], output: &Path) -> Result<(), Error> {
        let mut command = Command::new("cc");
        command.args(self.tool.flags()).args(extra).arg("-w").arg("-pthread");
        command.arg("-I").arg(interpreter::root().join("include")).args(sources);
        command.arg(self.library).arg("-o").arg(output);
        if !command.status()?.success() {
            return Err(format!("{} does not compile", output.display()).into());
        }
        Ok(())
    }

    /// Runs a program; whether the tool found nothing.
    fn check(&self, what: &str, program: &Path, arguments: &[String]) -> Outcome {
        let mut words = self.tool.runner();
        words.push(program.display().to_string());
        words.extend_from_slice(arguments);
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).env_clear().env("LC_ALL", "C.UTF-8");
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("LD_LIBRARY_PATH", self.library.parent().unwrap_or(Path::new(".")));
        command.env("PYTHONPATH", &self.work);
        // Leaks are not looked for: a process that ends in a fatal error, as some have to, gives nothing back. Signals
        // are the programs' own, so that faults of Python's handlers show.
        command.env("ASAN_OPTIONS", "detect_leaks=0:handle_segv=0:handle_abort=0");
        let run = process::run(&mut command, LIMIT)?;
        let found = self.tool.findings(&run.stderr);
        let timed_out = run.end == process::End::Timeout;
        match &found {
            Some(text) => println!("{}: {what}: FOUND\n{text}", self.tool.name()),
            None if timed_out => println!("{}: {what}: timeout", self.tool.name()),
            None => println!("{}: {what}: clean", self.tool.name()),
        }
        Ok(found.is_none() && !timed_out)
    }

    fn programs(&self, names: &[String]) -> Outcome {
        let blocks = sources().join("sanitize/malloc.c");
        let mut clean = true;
        for (name, source) in c_files("programs", names)? {
            let program = self.work.join(&name);
            let text = fs::read_to_string(&source)?;
            // Programs that choose allocators of their own are about just that.
            let chooses = text.contains("PyMem_SetAllocator");
            let all: &[&Path] = if chooses { &[&source] } else { &[&source, &blocks] };
            self.compile(all, &[], &program)?;
            for arguments in runs(&text) {
                let what = format!("{name} {}", arguments.join(" "));
                clean &= self.check(what.trim_end(), &program, &arguments)?;
            }
        }
        Ok(clean)
    }

    fn extensions(&self, names: &[String]) -> Outcome {
        let python = self.work.join("python");
        let text = "#include <Python.h>\nint main(int count, char **words) { return Py_BytesMain(count, words); }\n";
        let main = self.work.join("python.c");
        fs::write(&main, text)?;
        self.compile(&[&main, &sources().join("sanitize/malloc.c")], &[], &python)?;
        let mut clean = true;
        for (name, source) in c_files("extensions", names)? {
            let module = self.work.join(format!("{name}.so"));
            self.compile(&[&source], &["-shared", "-fPIC"], &module)?;
            let script = sources().join(format!("extensions/use_{name}.py"));
            clean &= self.check(&name, &python, &[script.display().to_string()])?;
        }
        Ok(clean)
    }
}

/// The runs that a program asks for, as in `tests/c_programs.rs`.
fn runs(text: &str) -> Vec<Vec<String>> {
    let line = |line: &str| {
        let arguments = line.strip_prefix("/* args:")?.strip_suffix("*/")?;
        Some(arguments.split_whitespace().map(str::to_owned).collect())
    };
    let runs: Vec<Vec<String>> = text.lines().filter_map(line).collect();
    if runs.is_empty() { vec![Vec::new()] } else { runs }
}
