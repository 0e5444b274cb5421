//! What calls across the border cost: the C program of `bench/calls`, run with the reference's library and with ours.
//!
//! CPU time: two processes run side by side and are asked for one case after the other in turn, so that a machine that drifts hits both
//! alike. Each repetition has processes of its own: where its memory lies makes a call of two nanoseconds up to half as long again, on either
//! side. The ratio is the median over the repetitions, of which there are hundreds: of 31, the reference against itself came to 1.17. Or
//! instructions, each case by itself: callgrind cuts where the program enters and leaves `counted`, which runs a case first so many times and
//! then twice as many, so that the difference is what calls cost and nothing else.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use super::host::{self, Host};
use super::statistics::{geometric_mean, median, median_ratio};
use super::{Error, Options};
use crate::interpreter;
use crate::{Outcome, table};

/// How many calls make the difference between the two runs of a case that are counted.
const COUNTED: f64 = 1000.0;

/// Ratios above this are listed again at the end.
const PAR: f64 = 1.005;

/// A case's name, and its cost by each library: the reference's first.
type Case = (String, [Vec<f64>; 2]);

/// Where the program is built.
pub fn folder() -> Result<PathBuf, Error> {
    let work = interpreter::scratch("calls");
    fs::create_dir_all(&work)?;
    Ok(work)
}

/// `hosts` are the base and what is compared with it; `work` is a folder for files.
pub fn run(
    hosts: &[Host; 2],
    work: &Path,
    only: &[String],
    callgrind: bool,
    options: &Options,
) -> Outcome {
    let mut cases = match callgrind {
        true => count_both(hosts, work, only, options)?,
        false => time_both(hosts, only, options)?,
    };
    print(&mut cases, if callgrind { "instructions" } else { "nanoseconds" });
    Ok(!cases.is_empty())
}

/// Nanoseconds a call.
fn time_both(hosts: &[Host; 2], only: &[String], options: &Options) -> Result<Vec<Case>, Error> {
    let mut names = hosts[0].command(&[]);
    names.arg("--list").args(only);
    let names = host::output(names, options)?;
    let mut cases: Vec<Case> =
        names.lines().map(|name| (name.to_owned(), Default::default())).collect();
    for round in 0..options.repetitions {
        let mut running = [Asked::start(&hosts[0])?, Asked::start(&hosts[1])?];
        for (index, (name, costs)) in cases.iter_mut().enumerate() {
            for turn in 0..running.len() {
                let at = (round + index + turn) % running.len();
                costs[at].push(running[at].time(name)?);
            }
        }
    }
    Ok(cases)
}

/// A running host program that measures what it is asked.
struct Asked {
    process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Asked {
    fn start(host: &Host) -> Result<Self, Error> {
        let mut command = host.command(&[]);
        command.arg("--asked").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn()?;
        let (Some(questions), Some(answers)) = (process.stdin.take(), process.stdout.take()) else {
            return Err("the host program has no pipes".into());
        };
        Ok(Self { process, questions, answers: BufReader::new(answers) })
    }

    fn time(&mut self, name: &str) -> Result<f64, Error> {
        writeln!(self.questions, "{name}")?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        let known = host::report(answer.trim_end()).filter(|(of, _)| of == name);
        known.map(|(_, cost)| cost).ok_or_else(|| format!("no time for {name}").into())
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn count_both(
    hosts: &[Host; 2],
    work: &Path,
    only: &[String],
    options: &Options,
) -> Result<Vec<Case>, Error> {
    let base = count(&hosts[0], &work.join("cuts0"), only, options)?;
    let ours = count(&hosts[1], &work.join("cuts1"), only, options)?;
    let case = |((name, base), (_, ours))| (name, [vec![base], vec![ours]]);
    Ok(base.into_iter().zip(ours).map(case).collect())
}

/// Instructions a call.
fn count(
    host: &Host,
    cuts: &Path,
    only: &[String],
    options: &Options,
) -> Result<Vec<(String, f64)>, Error> {
    let _ = fs::remove_dir_all(cuts);
    fs::create_dir_all(cuts)?;
    let tool = [
        "valgrind".to_owned(),
        "--quiet".to_owned(),
        "--tool=callgrind".to_owned(),
        format!("--callgrind-out-file={}", cuts.join("part").display()),
        "--zero-before=counted".to_owned(),
        "--dump-after=counted".to_owned(),
    ];
    let mut command = host.command(&tool);
    command.arg("--count").args(only);
    let names = host::output(command, options)?;
    let part = |number: usize| -> Result<f64, Error> {
        let text = fs::read_to_string(cuts.join(format!("part.{number}")))?;
        let summary = text.lines().find_map(|line| line.strip_prefix("summary: ")?.parse().ok());
        summary.ok_or_else(|| "callgrind counted nothing".into())
    };
    let case = |(index, name): (usize, &str)| {
        let (once, twice) = (part(2 * index + 1)?, part(2 * index + 2)?);
        Ok((name.to_owned(), (twice - once) / COUNTED))
    };
    names.lines().enumerate().map(case).collect()
}

fn print(cases: &mut [Case], unit: &str) {
    let ratio = |(_, costs): &Case| median_ratio(&costs[0], &costs[1]);
    println!("{unit} a call, ratio to the reference\n");
    let mut rows = vec![["call", "reference", "krait", "ratio"].map(str::to_owned).to_vec()];
    for case in cases.iter() {
        let (name, [base, ours]) = case;
        let cost = |costs: &[f64]| format!("{:.2}", median(costs));
        rows.push(vec![name.clone(), cost(base), cost(ours), format!("{:.2}", ratio(case))]);
    }
    let ratios: Vec<f64> = cases.iter().map(ratio).filter(|ratio| *ratio > 0.0).collect();
    let mean = format!("{:.2}", geometric_mean(&ratios));
    rows.push(vec!["geometric mean".to_owned(), String::new(), String::new(), mean]);
    table::print(&rows);
    cases.sort_by(|a, b| ratio(b).total_cmp(&ratio(a)));
    let above: Vec<String> = (cases.iter().take_while(|case| ratio(case) > PAR))
        .map(|case| format!("  {:.2} {}", ratio(case), case.0))
        .collect();
    println!(
        "\n{} of {} cost more than on the reference:\n{}",
        above.len(),
        cases.len(),
        above.join("\n")
    );
}
