//! Runs one test file through `conformance/driver.py` and reads the report it leaves.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use super::suite::{Suite, VARIABLES};
use crate::interpreter;
use crate::process::{self, End};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Passed,
    Failed,
    /// The file as a whole, or each of its tests.
    Skipped,
    /// It could not be imported, or the interpreter left early with an error.
    Broken,
    /// The interpreter died from a signal.
    Crashed,
    Timeout,
}

impl Kind {
    pub const ALL: [Kind; 6] =
        [Kind::Passed, Kind::Failed, Kind::Skipped, Kind::Broken, Kind::Crashed, Kind::Timeout];

    pub fn name(self) -> &'static str {
        match self {
            Kind::Passed => "passed",
            Kind::Failed => "failed",
            Kind::Skipped => "skipped",
            Kind::Broken => "broken",
            Kind::Crashed => "crashed",
            Kind::Timeout => "timeout",
        }
    }

    pub fn fine(self) -> bool {
        matches!(self, Kind::Passed | Kind::Skipped)
    }
}

pub struct FileResult {
    pub kind: Kind,
    pub ok: usize,
    pub skipped: usize,
    /// Outcome and id of each test that went wrong, in the order they ran.
    pub bad: Vec<(String, String)>,
    /// Why the file as a whole was skipped or is broken, or how the interpreter ended.
    why: String,
    seconds: f64,
    output: String,
}

impl FileResult {
    pub fn tests(&self) -> usize {
        self.ok + self.skipped + self.bad.len()
    }

    /// Counts tests that need not pass as skipped.
    pub fn leave_out(&mut self, needless: &[String]) {
        let before = self.bad.len();
        self.bad.retain(|(_, id)| {
            let id = id.strip_prefix("test.").unwrap_or(id);
            !needless.iter().any(|known| known == id)
        });
        self.skipped += before - self.bad.len();
        if self.kind == Kind::Failed && self.bad.is_empty() {
            self.kind = Kind::Passed;
        }
    }

    /// What happened, in one line.
    pub fn line(&self) -> String {
        let mut line = format!("{} ({} ok", self.kind.name(), self.ok);
        if !self.bad.is_empty() {
            line += &format!(", {} failed", self.bad.len());
        }
        if self.skipped > 0 {
            line += &format!(", {} skipped", self.skipped);
        }
        line += &format!(", {:.1} s)", self.seconds);
        if !self.why.is_empty() {
            line += &format!(" {}", self.why);
        }
        line
    }

    /// The last lines of what the file wrote.
    pub fn tail(&self) -> String {
        let lines: Vec<&str> = self.output.lines().collect();
        let start = lines.len().saturating_sub(25);
        lines[start..].iter().map(|line| format!("  | {line}\n")).collect()
    }
}

pub fn run(
    suite: &Suite,
    name: &str,
    matching: Option<&str>,
    limit: Duration,
) -> io::Result<FileResult> {
    let work = WorkDir::new(name)?;
    let (cwd, report) = (work.0.join("cwd"), work.0.join("report"));
    fs::create_dir_all(&cwd)?;
    let mut command = Command::new(&suite.binary);
    command.arg(interpreter::root().join("conformance/driver.py")).arg(&report).arg(name);
    command.args(matching).current_dir(&cwd);
    for (key, _) in
        std::env::vars_os().filter(|(key, _)| key.as_encoded_bytes().starts_with(b"PYTHON"))
    {
        command.env_remove(key);
    }
    // cargo's own settings must not reach the interpreter's children, nor colours its output.
    if !suite.is_reference {
        command.env("PYTHONPATH", &suite.library);
    }
    if suite.test_modules && !suite.is_reference {
        command.env("_PYTHON_SYSCONFIGDATA_NAME", VARIABLES);
    }
    command.env("TMPDIR", &cwd);
    for key in ["FORCE_COLOR", "NO_COLOR", "LD_LIBRARY_PATH"] {
        command.env_remove(key);
    }
    let finished = process::run(&mut command, limit)?;
    let lines = fs::read(&report).unwrap_or_default();
    let mut result = read_report(&String::from_utf8_lossy(&lines), finished.end);
    result.seconds = finished.wall.as_secs_f64();
    result.output = finished.stdout + &finished.stderr;
    Ok(result)
}

/// A folder for one run, removed at the end with whatever the tests left in it. It is in the
/// system's temporary folder because the names of sockets in it must be short.
struct WorkDir(PathBuf);

impl WorkDir {
    fn new(name: &str) -> io::Result<WorkDir> {
        let unique = format!("krait-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(unique);
        fs::create_dir_all(&path)?;
        Ok(WorkDir(path))
    }
}

impl Drop for WorkDir {
    fn drop(&mut self) {
        // A test may have made a folder unreadable; that only leaves rubbish behind.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The report's lines are described in `conformance/driver.py`.
fn read_report(text: &str, end: End) -> FileResult {
    let mut result = FileResult {
        kind: Kind::Broken,
        ok: 0,
        skipped: 0,
        bad: Vec::new(),
        why: String::new(),
        seconds: 0.0,
        output: String::new(),
    };
    let mut running = BTreeSet::new();
    let mut done = false;
    let mut file_skipped = false;
    for line in text.lines() {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let id = rest.split(' ').next().unwrap_or("").to_owned();
        if word == "file" {
            let (what, detail) = rest.split_once(' ').unwrap_or((rest, ""));
            done |= what == "done";
            file_skipped |= what == "skip";
            if what != "done" {
                result.why = detail.to_owned();
            }
            continue;
        }
        if word == "start" {
            running.insert(id);
            continue;
        }
        running.remove(&id);
        match word {
            "ok" | "xfail" => result.ok += 1,
            "skip" => result.skipped += 1,
            _ => result.bad.push((word.to_owned(), rest.trim_end().to_owned())),
        }
    }
    let exit_fine = end.success();
    result.kind = match end {
        End::Timeout => Kind::Timeout,
        End::Signal(_) => Kind::Crashed,
        End::Exit(_) if file_skipped => Kind::Skipped,
        End::Exit(_) if !done => Kind::Broken,
        End::Exit(_) if !result.bad.is_empty() => Kind::Failed,
        End::Exit(_) if !exit_fine => Kind::Broken,
        End::Exit(_) if result.ok == 0 && result.skipped > 0 => Kind::Skipped,
        End::Exit(_) if result.ok == 0 => {
            result.why = "no tests ran".to_owned();
            Kind::Broken
        }
        End::Exit(_) => Kind::Passed,
    };
    if end == End::Timeout {
        result.why.clear();
    } else if result.kind == Kind::Crashed || (!exit_fine && result.why.is_empty()) {
        result.why = end.describe();
    }
    if let (Kind::Timeout | Kind::Crashed, Some(id)) = (result.kind, running.iter().next_back()) {
        result.why += &format!(" in {id}");
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crash_names_the_test_it_happened_in() {
        let result = read_report("start a.b\nok a.b \nstart a.c\n", End::Signal(11));
        assert_eq!(result.kind, Kind::Crashed);
        assert_eq!((result.ok, result.why.as_str()), (1, "signal 11 in a.c"));
    }

    #[test]
    fn one_bad_test_fails_the_file() {
        let text = "start a\nok a \nstart b\nfail b \nstart c\nskip c no network\nfile done 3\n";
        let result = read_report(text, End::Exit(0));
        assert_eq!(result.kind, Kind::Failed);
        assert_eq!((result.ok, result.skipped), (1, 1));
        assert_eq!(result.bad, [("fail".to_owned(), "b".to_owned())]);
    }

    #[test]
    fn a_file_that_reports_nothing_is_broken_even_at_exit_zero() {
        assert_eq!(read_report("", End::Exit(0)).kind, Kind::Broken);
        assert_eq!(read_report("file done 0\n", End::Exit(0)).kind, Kind::Broken);
        assert_eq!(read_report("ok a \nfile done 1\n", End::Exit(0)).kind, Kind::Passed);
        assert_eq!(read_report("ok a \nfile done 1\n", End::Exit(1)).kind, Kind::Broken);
        assert_eq!(read_report("file skip no _ssl\n", End::Exit(0)).kind, Kind::Skipped);
    }
}
