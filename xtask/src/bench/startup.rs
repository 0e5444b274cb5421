//! Start-up: wall time, CPU time and peak memory of programs that do nothing, or only import.

use super::Options;
use super::statistics::{median, median_ratio};
use super::subject::Subject;
use crate::{Outcome, process, table};

const CASES: &[(&str, &[&str])] = &[
    ("-c pass", &["-c", "pass"]),
    ("-I -S -c pass", &["-I", "-S", "-c", "pass"]),
    ("import json, re", &["-c", "import json, re"]),
    ("import typing, dataclasses, enum", &["-c", "import typing, dataclasses, enum"]),
    ("import asyncio", &["-c", "import asyncio"]),
];

#[derive(Default, Clone)]
struct Samples {
    wall: Vec<f64>,
    cpu: Vec<f64>,
    peak: Vec<f64>,
    failure: Option<String>,
}

pub fn run(subjects: &[Subject], options: &Options) -> Outcome {
    let mut samples = vec![vec![Samples::default(); subjects.len()]; CASES.len()];
    // One round more: the first fills the page cache.
    for round in 0..=options.repetitions {
        for (case, (_, words)) in samples.iter_mut().zip(CASES) {
            for turn in 0..subjects.len() {
                let at = (round + turn) % subjects.len();
                let sample = &mut case[at];
                if sample.failure.is_some() {
                    continue;
                }
                let run = process::run(subjects[at].command().args(*words), options.limit)?;
                if !run.end.success() {
                    sample.failure = Some(run.end.describe());
                } else if round > 0 {
                    sample.wall.push(run.wall.as_secs_f64() * 1000.0);
                    sample.cpu.push(run.cpu.as_secs_f64() * 1000.0);
                    sample.peak.push(run.peak_kib as f64 / 1024.0);
                }
            }
        }
    }
    print(subjects, &samples, options);
    Ok(samples.iter().flatten().all(|sample| sample.failure.is_none()))
}

fn print(subjects: &[Subject], samples: &[Vec<Samples>], options: &Options) {
    println!(
        "start-up: milliseconds and MiB, medians of {} interleaved repetitions; ratio of wall times to {}\n",
        options.repetitions, subjects[0].name
    );
    let header = ["case", "interpreter", "wall", "cpu", "peak", "ratio"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    for (of_case, (label, _)) in samples.iter().zip(CASES) {
        for (subject, sample) in subjects.iter().zip(of_case) {
            let mut row = vec![(*label).to_owned(), subject.name.clone()];
            match &sample.failure {
                Some(failure) => row.push(failure.clone()),
                None => row.extend([
                    format!("{:.2}", median(&sample.wall)),
                    format!("{:.2}", median(&sample.cpu)),
                    format!("{:.1}", median(&sample.peak)),
                    format!("{:.2}", median_ratio(&of_case[0].wall, &sample.wall)),
                ]),
            }
            rows.push(row);
        }
    }
    table::print(&rows);
}
