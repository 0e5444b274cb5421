//! What calls across the border cost: the C program of `bench/calls`, built once against the reference's headers and
//! library and once against ours.
//!
//! CPU time, in turn; or instructions, each case by itself: callgrind cuts where the program enters and leaves `counted`, which runs
//! a case first so many times and then twice as many, so that the difference is what calls cost and nothing else.

use std::fs;
use std::path::Path;

use super::host::{self, Host};
use super::statistics::{geometric_mean, median, median_ratio};
use super::{Error, Options};
use crate::interpreter::{self, Choice};
use crate::{Outcome, table};

/// How many calls make the difference between the two runs of a case that are counted.
const COUNTED: f64 = 1000.0;

/// Ratios above this are listed again at the end.
const PAR: f64 = 1.005;

/// A case's name, and its cost by each library: the reference's first.
type Case = (String, [Vec<f64>; 2]);

pub fn run(
    choice: &Choice,
    only: &[String],
    library: Option<String>,
    callgrind: bool,
    options: &Options,
) -> Outcome {
    let work = interpreter::scratch("calls");
    fs::create_dir_all(&work)?;
    let hosts = Host::both("calls", choice, library, &work)?;
    let mut cases: Vec<Case> = Vec::new();
    let rounds = if callgrind { 1 } else { options.repetitions };
    for round in 0..rounds {
        for turn in 0..hosts.len() {
            let at = (round + turn) % hosts.len();
            let costs = match callgrind {
                true => count(&hosts[at], &work.join(format!("cuts{at}")), only, options)?,
                false => time(&hosts[at], only, options)?,
            };
            for (index, (name, cost)) in costs.into_iter().enumerate() {
                if cases.len() == index {
                    cases.push((name, Default::default()));
                }
                cases[index].1[at].push(cost);
            }
        }
    }
    print(&mut cases, if callgrind { "instructions" } else { "nanoseconds" });
    Ok(!cases.is_empty())
}

/// Nanoseconds a call.
fn time(host: &Host, only: &[String], options: &Options) -> Result<Vec<(String, f64)>, Error> {
    let mut command = host.command(&[]);
    command.args(only);
    Ok(host::output(command, options)?.lines().filter_map(host::report).collect())
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
        let cost = |costs: &[f64]| format!("{:.1}", median(costs));
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
