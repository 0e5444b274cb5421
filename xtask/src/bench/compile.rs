//! What compiling takes: CPU time and peak memory, for a library and for generated inputs of a kind that a quadratic
//! compiler chokes on. Each of these runs at half its size as well, so that growth shows.
//!
//! `bench/_compile.py` makes the inputs and times `compile` alone; memory is that of the whole process.

use super::statistics::{median, median_ratio};
use super::subject::Subject;
use super::{Error, Options};
use crate::{Outcome, process, reference, table};

struct Case {
    /// As `_compile.py` calls it.
    name: &'static str,
    about: &'static str,
    size: usize,
    small: usize,
    /// Whether growth is of interest.
    grows: bool,
}

const fn generated(name: &'static str, about: &'static str, size: usize, small: usize) -> Case {
    Case { name, about, size, small, grows: true }
}

const CASES: &[Case] = &[
    Case { name: "library", about: "Lib/ without tests", size: 3, small: 1, grows: false },
    generated("lines", "a module of 1,000,000 lines", 1_000_000, 1_000),
    generated("string", "a string of 10 MB", 10_000_000, 10_000),
    generated("items", "a list of 100,000 items", 100_000, 1_000),
    generated("depth", "expressions that nest 190 deep", 190, 10),
    generated("scopes", "5,000 names of nested functions", 5_000, 50),
];

/// What one interpreter made of one case, one value a repetition.
#[derive(Default, Clone)]
struct Samples {
    seconds: Vec<f64>,
    half: Vec<f64>,
    peak: Vec<f64>,
    failure: Option<String>,
}

pub fn run(subjects: &[Subject], options: &Options) -> Outcome {
    let library = reference::library(&reference::installed()?);
    let library = library.display().to_string();
    let mut samples = vec![vec![Samples::default(); subjects.len()]; CASES.len()];
    for (of_case, case) in samples.iter_mut().zip(CASES) {
        eprintln!("{}", case.name);
        let size = if options.small { case.small } else { case.size };
        let mut expected = None;
        for round in 0..options.repetitions {
            for turn in 0..subjects.len() {
                let at = (round + turn) % subjects.len();
                let sample = &mut of_case[at];
                if sample.failure.is_some() {
                    continue;
                }
                let measured = measure(&subjects[at], options, case, size, &library)?;
                let half = match case.grows {
                    true => measure(&subjects[at], options, case, size / 2, &library)?,
                    false => measured.clone(),
                };
                match (measured, half) {
                    (Ok(full), Ok(half)) => {
                        if *expected.get_or_insert_with(|| full.total.clone()) != full.total {
                            sample.failure = Some("differs".to_owned());
                        }
                        sample.seconds.push(full.seconds);
                        sample.half.push(half.seconds);
                        sample.peak.push(full.peak_mib);
                    }
                    (Err(failure), _) | (_, Err(failure)) => sample.failure = Some(failure),
                }
            }
        }
    }
    print(subjects, &samples, options);
    Ok(samples.iter().flatten().all(|sample| sample.failure.is_none()))
}

#[derive(Clone)]
struct Measured {
    seconds: f64,
    peak_mib: f64,
    /// What interpreters have to agree on.
    total: String,
}

/// One process; what it failed of, if it did.
fn measure(
    subject: &Subject,
    options: &Options,
    case: &Case,
    size: usize,
    library: &str,
) -> Result<Result<Measured, String>, Error> {
    let mut command = subject.command();
    command.args(["-W", "ignore", "_compile.py", case.name, &size.to_string(), library]);
    let run = process::run(command.current_dir(&options.folder), options.limit)?;
    if !run.end.success() {
        let last = run.stderr.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("");
        eprintln!("  {} on {}: {} {last}", case.name, subject.name, run.end.describe());
        return Ok(Err(run.end.describe()));
    }
    let seconds = run.stdout.lines().filter_map(|line| line.strip_prefix("iter ")?.parse().ok());
    let Some(seconds) = seconds.min_by(f64::total_cmp) else {
        return Err("the program reported no time".into());
    };
    let total = run.stdout.lines().last().unwrap_or_default().to_owned();
    Ok(Ok(Measured { seconds, peak_mib: run.peak_kib as f64 / 1024.0, total }))
}

fn print(subjects: &[Subject], samples: &[Vec<Samples>], options: &Options) {
    println!(
        "compiling: CPU seconds, peak MiB of the process, time at full size / time at half (2 is linear), ratios to {}; \
         medians of {} interleaved repetitions\n",
        subjects[0].name, options.repetitions
    );
    let header = ["case", "interpreter", "seconds", "ratio", "growth", "MiB", "ratio"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    for (of_case, case) in samples.iter().zip(CASES) {
        for (subject, sample) in subjects.iter().zip(of_case) {
            let mut row = vec![case.about.to_owned(), subject.name.clone()];
            match &sample.failure {
                Some(failure) => row.push(failure.clone()),
                None => row.extend([
                    format!("{:.3}", median(&sample.seconds)),
                    format!("{:.2}", median_ratio(&of_case[0].seconds, &sample.seconds)),
                    match case.grows {
                        true => format!("{:.2}", median_ratio(&sample.half, &sample.seconds)),
                        false => String::new(),
                    },
                    format!("{:.1}", median(&sample.peak)),
                    format!("{:.2}", median_ratio(&of_case[0].peak, &sample.peak)),
                ]),
            }
            rows.push(row);
        }
    }
    table::print(&rows);
}
