//! A benchmark program: a file of `bench/` with a size `N`, a size `SMALL`, and a `main(n)` that
//! asserts its own checksum. Its standard output must not depend on the interpreter.

use std::path::{Path, PathBuf};
use std::{fs, io};

use super::statistics::median;
use super::subject::Subject;
use super::{Metric, Options};
use crate::process;

type Error = Box<dyn std::error::Error>;

pub struct Program {
    pub name: String,
    path: PathBuf,
    full: Option<String>,
    small: Option<String>,
}

/// What one interpreter made of one program.
#[derive(Default)]
pub struct Measured {
    /// Seconds, one a repetition.
    pub seconds: Vec<f64>,
    peaks: Vec<f64>,
    /// Why there are no numbers.
    pub failure: Option<String>,
}

impl Measured {
    pub fn peak_mib(&self) -> f64 {
        median(&self.peaks) / 1024.0
    }
}

/// The programs of `folder`, sorted; a name that does not exist is an error.
pub fn select(folder: &Path, only: &[String], skip: &[String]) -> Result<Vec<Program>, Error> {
    let mut programs = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if path.extension().is_some_and(|extension| extension == "py") && !name.starts_with('_') {
            programs.push(Program::read(name, path)?);
        }
    }
    programs.sort_by(|a, b| a.name.cmp(&b.name));
    let known = |name: &&String| !programs.iter().any(|program| program.name == **name);
    if let Some(unknown) = only.iter().chain(skip).find(known) {
        return Err(format!("no program bench/{unknown}.py").into());
    }
    programs.retain(|program| {
        (only.is_empty() || only.contains(&program.name)) && !skip.contains(&program.name)
    });
    Ok(programs)
}

impl Program {
    fn read(name: String, path: PathBuf) -> io::Result<Program> {
        let text = fs::read_to_string(&path)?;
        let size = |key: &str| {
            let value =
                text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "))?;
            // A computed size is the program's own business.
            value.bytes().all(|byte| byte.is_ascii_digit()).then(|| value.to_owned())
        };
        Ok(Program { full: size("N"), small: size("SMALL"), name, path })
    }

    /// The words after the interpreter.
    pub fn arguments(&self, options: &Options) -> Vec<String> {
        let size = if options.small { &self.small } else { &self.full };
        let path = self.path.display().to_string();
        let mut words = match options.inner {
            Some(repeats) => {
                let driver = options.folder.join("_repeat.py").display().to_string();
                vec![driver, path, repeats.to_string()]
            }
            None => vec![path],
        };
        words.extend(size.clone());
        words
    }

    /// All repetitions on all interpreters, in turn.
    pub fn measure(&self, subjects: &[Subject], options: &Options) -> Result<Vec<Measured>, Error> {
        let mut measured: Vec<Measured> = subjects.iter().map(|_| Measured::default()).collect();
        let mut expected: Option<String> = None;
        for repetition in 0..options.repetitions {
            for turn in 0..subjects.len() {
                let at = (repetition + turn) % subjects.len();
                if measured[at].failure.is_none() {
                    self.run_once(&subjects[at], options, &mut measured[at], &mut expected)?;
                }
            }
        }
        Ok(measured)
    }

    fn run_once(
        &self,
        subject: &Subject,
        options: &Options,
        measured: &mut Measured,
        expected: &mut Option<String>,
    ) -> Result<(), Error> {
        let mut command = subject.command();
        command.args(self.arguments(options)).current_dir(&options.folder);
        let run = process::run(&mut command, options.limit)
            .map_err(|error| format!("cannot run {}: {error}", subject.name))?;
        if !run.end.success() {
            let last = run.stderr.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("");
            eprintln!("  {} on {}: {} {last}", self.name, subject.name, run.end.describe());
            measured.failure = Some(run.end.describe());
            return Ok(());
        }
        let (calls, output): (Vec<&str>, Vec<&str>) =
            run.stdout.lines().partition(|line| line.starts_with("iter "));
        let output = output.join("\n");
        let wanted = expected.get_or_insert_with(|| output.clone());
        if *wanted != output {
            eprintln!("  {} on {}: printed {output:?}, not {wanted:?}", self.name, subject.name);
            measured.failure = Some("differs".to_owned());
            return Ok(());
        }
        measured.peaks.push(run.peak_kib as f64);
        measured.seconds.push(match options.metric {
            Metric::Cpu => run.cpu.as_secs_f64(),
            Metric::Wall => run.wall.as_secs_f64(),
            Metric::Steady => best_of_second_half(&calls).ok_or("the program reported no calls")?,
        });
        Ok(())
    }
}

/// The fastest of the later `iter SECONDS` lines: what is left once everything is warm.
fn best_of_second_half(calls: &[&str]) -> Option<f64> {
    let seconds: Vec<f64> =
        calls.iter().filter_map(|line| line.strip_prefix("iter ")?.parse().ok()).collect();
    seconds[seconds.len() / 2..].iter().copied().min_by(f64::total_cmp)
}
