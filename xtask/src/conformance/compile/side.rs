//! One of the two interpreters, and what it says about sources. The report's lines are described in
//! `conformance/compile/__main__.py`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{fs, io};

use crate::interpreter;
use crate::process::{self, Finished};

pub struct Side {
    name: &'static str,
    binary: PathBuf,
    limit: Duration,
    work: PathBuf,
}

/// What an interpreter made of one aspect of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    digest: String,
    /// Some of it is an error.
    pub refused: bool,
}

/// Aspects by name, in the order in which they were looked at.
pub type Aspects = Vec<(String, Seen)>;

#[derive(Default, Debug)]
pub struct Report {
    pub sources: BTreeMap<String, Aspects>,
    /// Where the interpreter died, and how.
    pub deaths: Vec<String>,
}

impl Report {
    pub fn get(&self, source: &str, aspect: &str) -> Option<&Seen> {
        let aspects = self.sources.get(source)?;
        aspects.iter().find(|(name, _)| name == aspect).map(|(_, seen)| seen)
    }

    /// Adds the lines of a report; the number of sources that were finished or begun.
    fn read(&mut self, text: &str) -> usize {
        let mut begun = 0;
        let mut aspects: Option<&mut Aspects> = None;
        for line in text.lines() {
            if let Some(source) = line.strip_prefix("start ") {
                begun += 1;
                aspects = Some(self.sources.entry(source.to_owned()).or_default());
            } else if let (Some(aspects), [aspect, digest, outcome]) =
                (&mut aspects, &line.split('\t').collect::<Vec<_>>()[..])
            {
                let refused = *outcome == "refused";
                let digest = (*digest).to_owned();
                aspects.push(((*aspect).to_owned(), Seen { digest, refused }));
            }
        }
        begun
    }
}

impl Side {
    pub fn new(name: &'static str, binary: PathBuf, limit: Duration, work: &Path) -> Side {
        Side { name, binary, limit, work: work.to_path_buf() }
    }

    /// Runs `conformance/compile`. The order of sets of strings must not depend on the run.
    fn driver(&self, words: &[&str]) -> io::Result<Finished> {
        let mut command = Command::new(&self.binary);
        for (key, _) in std::env::vars_os() {
            if key.as_encoded_bytes().starts_with(b"PYTHON") {
                command.env_remove(key);
            }
        }
        command.arg("-B").arg(interpreter::root().join("conformance/compile")).args(words);
        command.env("PYTHONHASHSEED", "0").current_dir(&self.work);
        process::run(&mut command, self.limit)
    }

    fn file(&self, kind: &str) -> PathBuf {
        self.work.join(format!("{}-{kind}", self.name))
    }

    /// The driver's answer in a file.
    fn answer(&self, words: &[&str], kind: &str) -> Result<String, Box<dyn std::error::Error>> {
        let out = self.file(kind);
        let path = out.display().to_string();
        let finished = self.driver(&[&[words[0], &path], &words[1..]].concat())?;
        if !finished.end.success() {
            let how = finished.end.describe();
            return Ok(format!("{} {words:?}: {how}\n{}", self.name, finished.stderr));
        }
        Ok(String::from_utf8_lossy(&fs::read(out)?).into_owned())
    }

    /// The names of all sources: those in `library`, and the generated ones.
    pub fn sources(&self, library: &Path) -> Result<Vec<String>, Box<dyn std::error::Error>> {
        let text = self.answer(&["list", &library.display().to_string()], "sources")?;
        Ok(text.lines().map(str::to_owned).collect())
    }

    /// One aspect of a source as text.
    pub fn show(&self, source: &str, aspect: &str) -> Result<String, Box<dyn std::error::Error>> {
        self.answer(&["show", source, aspect], "text")
    }

    /// Looks at all aspects of the sources. After a death it goes on behind the source where that happened.
    pub fn look(&self, batch: usize, sources: &[String]) -> io::Result<Report> {
        let (names, out) =
            (self.file(&format!("{batch}-names")), self.file(&format!("{batch}-report")));
        let paths = [&out, &names].map(|path| path.display().to_string());
        let mut report = Report::default();
        let mut left = sources;
        while !left.is_empty() {
            fs::write(&names, left.join("\n"))?;
            let finished = self.driver(&["digest", &paths[0], &paths[1]])?;
            let begun = report.read(&fs::read_to_string(&out).unwrap_or_default());
            if finished.end.success() {
                break;
            }
            let last = begun.clamp(1, left.len());
            let last_line = finished.stderr.trim_end().lines().next_back().unwrap_or("").to_owned();
            report.deaths.push(format!(
                "{} in {}: {} {last_line}",
                self.name,
                left[last - 1],
                finished.end.describe()
            ));
            left = &left[last..];
        }
        for path in [names, out] {
            let _ = fs::remove_file(path);
        }
        Ok(report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_may_end_anywhere() {
        let mut report = Report::default();
        let text = "start a.py\nast\t12\tok\ncode -O\t34\trefused\ndone a.py\nstart b c.py\nast\t5";
        assert_eq!(report.read(text), 2);
        assert!(report.get("a.py", "code -O").is_some_and(|seen| seen.refused));
        assert_eq!(report.get("a.py", "dis"), None);
        assert_eq!(report.sources["b c.py"], []);
    }
}
