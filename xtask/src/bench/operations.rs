//! Single operations, group by group: what programs of any kind lean on. `bench/_operations.py` has the cases and times them.

use std::collections::BTreeMap;

use super::statistics::{geometric_mean, median, median_ratio};
use super::subject::Subject;
use super::{Error, Options};
use crate::{Outcome, process, table};

/// The seconds of CPU that a case may take about, each time.
const BUDGET: &str = "0.02";
const SMALL_BUDGET: &str = "0.0002";

/// The seconds of each case, one value a repetition.
type Samples = BTreeMap<String, Vec<f64>>;

pub fn run(subjects: &[Subject], only: &[String], options: &Options) -> Outcome {
    let mut samples = vec![Samples::new(); subjects.len()];
    for round in 0..options.repetitions {
        eprintln!("[{}/{}]", round + 1, options.repetitions);
        for turn in 0..subjects.len() {
            let at = (round + turn) % subjects.len();
            for (case, seconds) in measure(&subjects[at], only, options)? {
                samples[at].entry(case).or_default().push(seconds);
            }
        }
    }
    let (base, others) = samples.split_first().ok_or("nothing to compare")?;
    for (subject, ours) in subjects[1..].iter().zip(others) {
        print(&subjects[0].name, &subject.name, base, ours, options);
    }
    Ok(samples.iter().all(|of_subject| of_subject.len() == base.len()))
}

/// One process: all cases, with their seconds.
fn measure(
    subject: &Subject,
    only: &[String],
    options: &Options,
) -> Result<Vec<(String, f64)>, Error> {
    let mut command = subject.command();
    command.args(["-W", "ignore", "_operations.py"]);
    command.arg(if options.small { SMALL_BUDGET } else { BUDGET }).args(only);
    let run = process::run(command.current_dir(&options.folder), options.limit)?;
    if !run.end.success() {
        return Err(format!("{}: {} {}", subject.name, run.end.describe(), run.stderr).into());
    }
    let line = |line: &str| {
        let (case, seconds) = line.split_once('\t')?;
        Some((case.to_owned(), seconds.parse().ok()?))
    };
    Ok(run.stdout.lines().filter_map(line).collect())
}

fn print(base_name: &str, name: &str, base: &Samples, ours: &Samples, options: &Options) {
    println!(
        "operations on {name}: CPU time, ratios to {base_name}; medians of {} interleaved repetitions\n",
        options.repetitions
    );
    let mut ratios: Vec<(&str, f64, f64)> = base
        .iter()
        .filter_map(|(case, base)| {
            let ours = ours.get(case)?;
            Some((case.as_str(), median_ratio(base, ours), median(ours)))
        })
        .collect();
    ratios.sort_by(|a, b| b.1.total_cmp(&a.1));
    let mut rows = vec![["case", "ratio", "µs"].map(str::to_owned).to_vec()];
    rows.extend(ratios.iter().map(|(case, ratio, seconds)| {
        vec![(*case).to_owned(), format!("{ratio:.2}"), format!("{:.2}", seconds * 1e6)]
    }));
    let mut groups: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for (case, ratio, _) in &ratios {
        let group = case.split(':').next().unwrap_or(case);
        groups.entry(group).or_default().push(*ratio);
    }
    let mean = |name: &str, ratios: &[f64]| {
        vec![name.to_owned(), format!("{:.2}", geometric_mean(ratios)), String::new()]
    };
    rows.extend(groups.iter().map(|(group, ratios)| mean(group, ratios)));
    let all: Vec<f64> = ratios.iter().map(|(_, ratio, _)| *ratio).collect();
    rows.push(mean("geometric mean", &all));
    table::print(&rows);
}
