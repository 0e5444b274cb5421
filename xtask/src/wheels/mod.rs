//! `cargo xtask wheels [NAME…]`: installs packages as they are published for CPython 3.14, runs their own tests
//! under Krait and, if it is installed, under the reference, and prints how many pass in each.
//!
//! Krait unpacks the archives itself, below `target/wheels`:
//!
//! ```text
//! download  what pip fetched, unless `--wheels` names a folder of wheels and source distributions
//! site      all wheels
//! source    the source distributions, for their tests
//! ```

mod packages;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{fs, io};

use crate::args::Args;
use crate::interpreter::{self, Choice};
use crate::process::{self, End};
use crate::{Outcome, reference, table};
use packages::{PACKAGES, Package, SUPPORT, Tests};

type Error = Box<dyn std::error::Error>;

const HELP: &str = "usage: cargo xtask wheels [NAME…] [OPTION…]

  --wheels DIR     wheels (and source distributions, for the tests) that are there already; else pip fetches them
  --binary PATH    the interpreter; else Krait as --profile NAME (release) builds it
  --limit SECONDS  for each run of pytest (3600)
  --krait-only     no comparison with the reference";

/// Of what passes in the reference, so much is to pass.
const ENOUGH: f64 = 0.99;

pub fn run(mut args: Args) -> Outcome {
    if args.flag("--help") {
        println!("{HELP}");
        return Ok(true);
    }
    let choice = Choice::from_args(&mut args)?;
    let given = args.option("--wheels")?.map(PathBuf::from);
    let limit = Duration::from_secs(args.parsed("--limit", 3600)?);
    let alone = args.flag("--krait-only");
    let names = args.rest()?;
    let unknown = names.iter().find(|name| PACKAGES.iter().all(|package| package.name != **name));
    if let Some(name) = unknown {
        return Err(format!("no such package: {name}").into());
    }

    let krait = choice.path()?;
    let reference = if alone { None } else { Some(reference::installed()?.join("python3.14")) };
    let folder = interpreter::scratch("wheels");
    let archives = match given {
        Some(archives) => fs::canonicalize(archives)?,
        None => fetch(&folder.join("download"))?,
    };
    let bench = Bench { site: folder.join("site"), source: folder.join("source"), limit };
    let versions = bench.unpack(&krait, &archives)?;

    let mut rows = vec![heading()];
    let mut good = true;
    for package in PACKAGES {
        if !names.is_empty() && !names.iter().any(|name| name == package.name) {
            continue;
        }
        let Some(version) = versions.iter().find(|(name, _)| name == package.name) else {
            return Err(format!("{} has no wheel of {}", archives.display(), package.name).into());
        };
        eprintln!("{} {}", version.0, version.1);
        let ours = bench.test(&krait, package, &version.1)?;
        let theirs = reference
            .as_deref()
            .map(|reference| bench.test(reference, package, &version.1))
            .transpose()?;
        let enough = |theirs: &Tally| ours.passed as f64 >= ENOUGH * theirs.passed as f64;
        good &= theirs.as_ref().map_or(ours.is_clean(), enough);
        rows.push(row(package.name, &version.1, &ours, theirs.as_ref()));
    }
    table::print(&rows);
    Ok(good)
}

fn heading() -> Vec<String> {
    ["package", "version", "tests", "krait", "reference", ""].map(str::to_owned).to_vec()
}

fn row(name: &str, version: &str, ours: &Tally, theirs: Option<&Tally>) -> Vec<String> {
    let tests = theirs.map_or(0, Tally::tests).max(ours.tests());
    vec![
        name.to_owned(),
        version.to_owned(),
        tests.to_string(),
        ours.passed.to_string(),
        theirs.map_or("-".to_owned(), |theirs| theirs.passed.to_string()),
        ours.ends.join(", "),
    ]
}

/// What pip finds for CPython 3.14 on this platform, and the sources of the same versions.
fn fetch(into: &Path) -> Result<PathBuf, Error> {
    fs::create_dir_all(into)?;
    let platform = ["--implementation", "cp", "--python-version", "3.14"];
    let platforms = ["manylinux2014_x86_64", "manylinux_2_17_x86_64", "manylinux_2_28_x86_64"];
    let pip = || {
        let mut pip = Command::new("pip");
        pip.args(["download", "--quiet", "--no-deps", "--dest"]).arg(into);
        pip
    };
    let mut wheels = pip();
    wheels.arg("--only-binary=:all:").args(platform);
    wheels.args(["cp314", "abi3", "none"].map(|abi| format!("--abi={abi}")));
    wheels.args(platforms.map(|platform| format!("--platform={platform}")));
    wheels.args(PACKAGES.iter().map(|package| package.name)).args(SUPPORT);
    if !wheels.status().map_err(|error| format!("cannot run pip: {error}"))?.success() {
        return Err("pip cannot fetch the wheels: name a folder of them with --wheels".into());
    }
    for (name, version) in listed(into, ".whl")? {
        let has_source = |package: &Package| matches!(package.tests, Tests::Source(_));
        if PACKAGES.iter().any(|package| package.name == name && has_source(package)) {
            // It reads a source's own metadata, for which it may have to build, with tools from wheels: a failure leaves
            // that package's tests out.
            pip().arg(format!("--no-binary={name}")).arg(format!("{name}=={version}")).status()?;
        }
    }
    Ok(into.to_path_buf())
}

/// Name and version of the archives with that ending.
fn listed(folder: &Path, ending: &str) -> io::Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let file = entry?.file_name().to_string_lossy().into_owned();
        let Some(stem) = file.strip_suffix(ending) else { continue };
        let mut parts = stem.split('-');
        if let (Some(name), Some(version)) = (parts.next(), parts.next()) {
            found.push((name.to_lowercase(), version.to_owned()));
        }
    }
    found.sort();
    Ok(found)
}

/// Where the packages are, and how long their tests may take.
struct Bench {
    site: PathBuf,
    source: PathBuf,
    limit: Duration,
}

impl Bench {
    /// Unpacks all archives with the interpreter's own modules; answers the wheels' names and versions.
    fn unpack(&self, krait: &Path, archives: &Path) -> Result<Vec<(String, String)>, Error> {
        for folder in [&self.site, &self.source] {
            if folder.exists() {
                fs::remove_dir_all(folder)?;
            }
            fs::create_dir_all(folder)?;
        }
        for entry in fs::read_dir(archives)? {
            let archive = entry?.path();
            let (module, into) = match archive.extension().and_then(|ending| ending.to_str()) {
                Some("whl") => ("zipfile", &self.site),
                Some("gz") => ("tarfile", &self.source),
                _ => continue,
            };
            let mut command = Command::new(krait);
            command.args(["-I", "-m", module, "-e"]).arg(&archive).arg(into);
            let done = process::run(&mut command, self.limit)?;
            if !done.end.success() {
                return Err(
                    format!("{} cannot be unpacked: {}", archive.display(), done.stderr).into()
                );
            }
        }
        Ok(listed(archives, ".whl")?)
    }

    fn test(&self, python: &Path, package: &Package, version: &str) -> Result<Tally, Error> {
        let mut tally = Tally::default();
        match package.tests {
            Tests::Inside(modules) => {
                for module in modules {
                    self.pytest(
                        python,
                        &self.site,
                        &["--pyargs", module, "-m", "not slow"],
                        &mut tally,
                    )?;
                }
            }
            Tests::Source(arguments) => {
                let folder = self.source.join(format!("{}-{version}", package.name));
                if !folder.exists() {
                    tally.ends.push("no source distribution".to_owned());
                    return Ok(tally);
                }
                self.pytest(python, &folder, arguments, &mut tally)?;
            }
        }
        Ok(tally)
    }

    fn pytest(
        &self,
        python: &Path,
        folder: &Path,
        arguments: &[&str],
        tally: &mut Tally,
    ) -> io::Result<()> {
        let mut command = Command::new(python);
        command
            .args(["-m", "pytest", "-q", "--tb=no", "-rN", "-p", "no:cacheprovider"])
            .arg("--continue-on-collection-errors")
            .args(arguments)
            .current_dir(folder)
            .env("PYTHONPATH", &self.site)
            .env("PYTHONDONTWRITEBYTECODE", "1");
        let done = process::run(&mut command, self.limit)?;
        tally.add(done.stdout.lines().next_back().unwrap_or_default());
        // 0: all passed, 1: some failed; a crash or a timeout has counted nothing.
        if !matches!(done.end, End::Exit(0 | 1)) {
            tally.ends.push(done.end.describe());
        }
        Ok(())
    }
}

/// What pytest counted.
#[derive(Default)]
struct Tally {
    passed: usize,
    failed: usize,
    other: usize,
    /// How runs ended that did not come to an end by themselves.
    ends: Vec<String>,
}

impl Tally {
    /// Adds its last line: `3 failed, 39 passed, 19 skipped, 12 warnings in 3.11s`.
    fn add(&mut self, line: &str) {
        let counts = line.split(" in ").next().unwrap_or_default();
        for count in counts.split(", ") {
            let Some((number, what)) = count.split_once(' ') else { continue };
            let Ok(number) = number.parse::<usize>() else { continue };
            match what {
                "passed" => self.passed += number,
                "failed" | "error" | "errors" => self.failed += number,
                "skipped" | "xfailed" | "xpassed" => self.other += number,
                _ => {}
            }
        }
    }

    fn tests(&self) -> usize {
        self.passed + self.failed + self.other
    }

    fn is_clean(&self) -> bool {
        self.failed == 0 && self.ends.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn the_last_line_is_counted() {
        let mut tally = Tally::default();
        tally.add("3 failed, 39 passed, 19 skipped, 3 deselected, 3 xfailed, 12 warnings in 3.11s");
        tally.add("8 deselected, 1 error in 2.76s");
        assert_eq!((tally.passed, tally.failed, tally.other), (39, 4, 22));
        assert!(!tally.is_clean());
    }
}
