//! C programs of `bench/` that embed Python: built once, against the reference, and run with either library. Two builds whose loops differed in
//! nothing but their addresses gave one library 1.2 of the other's time for calls of two nanoseconds, and the other way round.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Error, Options};
use crate::interpreter::{self, Choice};
use crate::{process, reference};

/// The program with one library.
#[derive(Clone)]
pub struct Host {
    program: PathBuf,
    /// Both run with the reference's C library, so that its `malloc` and `memcpy` are the same for both.
    loader: Vec<String>,
    home: Option<PathBuf>,
}

impl Host {
    /// The program of the folder `bench/NAME`, built in `work`, with the reference and with us.
    pub fn both(
        name: &str,
        choice: &Choice,
        library: Option<String>,
        work: &Path,
    ) -> Result<[Host; 2], Error> {
        let [base, mut ours] = Host::reference_twice(name, work)?;
        choice.library(library, work)?;
        let usr = reference::installed()?.join("root/usr");
        let folders = format!("{}:{}", work.display(), libraries(&usr).display());
        ours.loader = loader(&usr, &folders);
        ours.home = None;
        Ok([base, ours])
    }

    /// The program with the reference, twice.
    pub fn reference_twice(name: &str, work: &Path) -> Result<[Host; 2], Error> {
        let usr = reference::installed()?.join("root/usr");
        let program = work.join("host");
        compile(&interpreter::root().join("bench").join(name), &usr, &program)?;
        let loader = loader(&usr, &libraries(&usr).display().to_string());
        let base = Host { program, loader, home: Some(usr) };
        Ok([base.clone(), base])
    }

    /// Runs the program under `tool`, if that is not empty.
    pub fn command(&self, tool: &[String]) -> Command {
        let mut words = tool.to_vec();
        words.extend(self.loader.iter().cloned());
        words.push(self.program.display().to_string());
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).env_clear().env("PYTHONHASHSEED", "0").env("LC_ALL", "C.UTF-8");
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        if let Some(home) = &self.home {
            command.env("PYTHONHOME", home);
        }
        command
    }
}

fn libraries(usr: &Path) -> PathBuf {
    usr.join("lib/x86_64-linux-gnu")
}

/// What `with-glibc` does, but without the shell: a tool is to see the program alone.
fn loader(usr: &Path, libraries: &str) -> Vec<String> {
    let loader = usr.join("lib64/ld-linux-x86-64.so.2").display().to_string();
    vec![loader, "--library-path".to_owned(), libraries.to_owned()]
}

fn compile(sources: &Path, usr: &Path, program: &Path) -> Result<(), Error> {
    let library = libraries(usr).join("libpython3.14.so.1.0");
    let mut command = Command::new("cc");
    command.args(["-O2", "-std=c11", "-D_GNU_SOURCE"]);
    // Of loops around calls of a nanosecond, one that lies across two cache lines takes a cycle more.
    command.args(["-falign-functions=64"]);
    for folder in ["include/python3.14", "include"] {
        command.arg("-I").arg(usr.join(folder));
    }
    let mut files: Vec<PathBuf> = fs::read_dir(sources)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "c"));
    files.sort();
    command.args(files).arg(&library).arg("-o").arg(program);
    command.args(["-pthread", "-Wl,--allow-shlib-undefined"]);
    if !command.status()?.success() {
        let (sources, library) = (sources.display(), library.display());
        return Err(format!("{sources} does not build against {library}").into());
    }
    Ok(())
}

/// What a program prints.
pub fn output(mut command: Command, options: &Options) -> Result<String, Error> {
    let run = process::run(&mut command, options.limit * 8)?;
    if !run.end.success() {
        eprintln!("{}", run.stderr);
        return Err(format!("the host program: {}", run.end.describe()).into());
    }
    Ok(run.stdout)
}

/// A line `NAME<tab>NUMBER` of what a program reports.
pub fn report(line: &str) -> Option<(String, f64)> {
    let (name, number) = line.rsplit_once('\t')?;
    Some((name.to_owned(), number.parse().ok()?))
}
