//! `cargo xtask extensions`: installs Krait in a folder of its own and builds against it what its users would: the
//! modules of `examples/extensions` in every language, and the host program in C by way of pkg-config, of
//! `python3.14-config` and of CMake.
//!
//! ```text
//! target/extensions/installed   the installation
//!                   wheels      the build tools, as pip fetched them
//!                   env         a virtual environment of the installed interpreter, with the tools
//!                   work        copies of the examples, and what was built of them
//! ```
//!
//! A tool that this machine cannot fetch leaves its part out, which the report says; what can be had has to work.

mod hosts;
mod modules;
mod tools;

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::args::Args;
use crate::interpreter::{self, Choice};
use crate::process;
use crate::{Outcome, install};
use tools::Tools;

type Error = Box<dyn std::error::Error>;

const HELP: &str = "usage: cargo xtask extensions [OPTION…] [PART…]

  --wheels DIR     build tools (wheels of pip, setuptools, Cython, …) that are there already; else pip fetches them
  --profile NAME   the profile to build Krait with (release)";

const CHECK: &str = include_str!("../../install/check.py");

/// No step takes a minute on a machine that is not busy.
const LIMIT: Duration = Duration::from_secs(600);

/// What a part found: what it built, or why it was left out.
enum Verdict {
    Good(String),
    Skipped(String),
}

type Checked = Result<Verdict, Error>;

struct Part {
    name: &'static str,
    run: fn(&Bench) -> Checked,
}

const PARTS: &[Part] = &[
    Part { name: "sysconfig", run: Bench::sysconfig },
    Part { name: "venv", run: Bench::venv },
    Part { name: "pkg-config", run: hosts::pkg_config },
    Part { name: "python3.14-config", run: hosts::config_script },
    Part { name: "cmake", run: hosts::cmake },
    Part { name: "c", run: modules::c },
    Part { name: "cpp", run: modules::cpp },
    Part { name: "cython", run: modules::cython },
    Part { name: "nanobind", run: modules::nanobind },
    Part { name: "rust", run: modules::rust },
    Part { name: "rust-abi3", run: modules::rust_abi3 },
];

pub fn run(mut args: Args) -> Outcome {
    if args.flag("--help") {
        println!("{HELP}");
        return Ok(true);
    }
    let choice = Choice::from_args(&mut args)?;
    let given = args.option("--wheels")?.map(PathBuf::from);
    let names = args.rest()?;
    let unknown = names.iter().find(|name| PARTS.iter().all(|part| part.name != **name));
    if let Some(name) = unknown {
        return Err(format!("no such part: {name}\n{HELP}").into());
    }

    let bench = Bench::lay_out(&choice, given)?;
    let mut good = true;
    for part in PARTS {
        if !names.is_empty() && !names.iter().any(|name| name == part.name) {
            continue;
        }
        let (verdict, what) = match (part.run)(&bench) {
            Ok(Verdict::Good(what)) => ("ok", what),
            Ok(Verdict::Skipped(why)) => ("SKIPPED", why),
            Err(error) => {
                good = false;
                ("FAILED", error.to_string())
            }
        };
        println!("{:<18} {verdict}: {what}", part.name);
    }
    Ok(good)
}

/// Where everything is.
struct Bench {
    prefix: PathBuf,
    env: PathBuf,
    work: PathBuf,
    tools: Tools,
}

impl Bench {
    /// Installs Krait, fetches the tools, and makes the virtual environment.
    fn lay_out(choice: &Choice, wheels: Option<PathBuf>) -> Result<Bench, Error> {
        let root = interpreter::scratch("extensions");
        for stale in ["installed", "env", "work"] {
            let stale = root.join(stale);
            if stale.exists() {
                fs::remove_dir_all(stale)?;
            }
        }
        let prefix = root.join("installed");
        install::install(choice, &prefix)?;
        let tools = match wheels {
            Some(folder) => Tools::in_folder(&fs::canonicalize(folder)?)?,
            None => Tools::fetch(&root.join("wheels"))?,
        };
        let (env, work) = (root.join("env"), root.join("work"));
        fs::create_dir_all(&work)?;
        let bench = Bench { prefix, env, work, tools };
        bench.make_env()?;
        Ok(bench)
    }

    /// `venv`, with pip from its wheel, which then installs the other tools from theirs.
    fn make_env(&self) -> Result<(), Error> {
        let mut venv = self.command(&self.prefix.join("bin/python3.14"));
        venv.args(["-m", "venv"]).arg(&self.env);
        if !self.tools.has("pip") {
            succeed(venv.arg("--without-pip"))?;
            return Ok(());
        }
        install::bundle_pip(&self.prefix, self.tools.folder())?;
        succeed(&mut venv)?;
        let names = self.tools.names().filter(|name| *name != "pip");
        self.pip(|pip| pip.arg("--no-compile").args(names))
    }

    /// Has pip install what the arguments say, from files alone.
    fn pip(&self, more: impl FnOnce(&mut Command) -> &mut Command) -> Result<(), Error> {
        let mut pip = self.python();
        pip.args(["-m", "pip", "--isolated", "install", "--quiet", "--no-index", "--no-deps"]);
        pip.arg("--find-links").arg(self.tools.folder());
        succeed(more(&mut pip)).map(|_| ())
    }

    /// The environment's interpreter.
    fn python(&self) -> Command {
        self.command(&self.env.join("bin/python"))
    }

    /// A command that sees the environment's programs, and nothing of what cargo or the user set for Python.
    fn command(&self, program: &std::path::Path) -> Command {
        let mut command = Command::new(program);
        let set = std::env::vars_os().map(|(name, _)| name);
        for name in set.filter(|name| name.as_encoded_bytes().starts_with(b"PYTHON")) {
            command.env_remove(name);
        }
        let old = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{}:{old}", self.env.join("bin").display()));
        command.env("PKG_CONFIG_PATH", self.prefix.join("lib/pkgconfig"));
        command.env_remove("LD_LIBRARY_PATH");
        command
    }

    /// What the installation says of itself is there, and says the same everywhere.
    fn sysconfig(&self) -> Checked {
        let mut check = self.command(&self.prefix.join("bin/python3.14"));
        Ok(Verdict::Good(succeed(check.args(["-c", CHECK]))?.trim().to_owned()))
    }

    fn venv(&self) -> Checked {
        let program = "import sys; assert sys.prefix != sys.base_prefix; print(sys.prefix)";
        succeed(self.python().args(["-c", program]))?;
        if let Some(why) = self.tools.lack(&["pip"]) {
            return Ok(Verdict::Skipped(why));
        }
        let version = succeed(self.python().args(["-m", "pip", "--version"]))?;
        let version = version.split(" from ").next().unwrap_or_default();
        succeed(self.python().args(["-m", "pip", "check", "--isolated"]))?;
        Ok(Verdict::Good(version.to_owned()))
    }
}

/// Runs a command to its end: what it wrote to standard output, or how it failed and the last it said.
fn succeed(command: &mut Command) -> Result<String, Error> {
    let program = command.get_program().display().to_string();
    let done = process::run(command, LIMIT).map_err(|error| format!("{program}: {error}"))?;
    if done.end.success() {
        return Ok(done.stdout);
    }
    let said = done.stdout + &done.stderr;
    let lines: Vec<&str> = said.lines().collect();
    let tail = lines[lines.len().saturating_sub(40)..].join("\n  ");
    Err(format!("{program}: {}\n  {tail}", done.end.describe()).into())
}
