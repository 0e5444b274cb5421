//! The tables of a benchmark run.

use super::program::{Measured, Program};
use super::statistics::{geometric_mean, median, median_ratio};
use super::subject::Subject;
use super::{Metric, Options};
use crate::table;

/// How many of the slowest programs are named again at the end.
const WORST: usize = 5;

/// Prints everything; false if a program failed on an interpreter that is not the first.
pub fn print(
    programs: &[Program],
    subjects: &[Subject],
    measured: &[Vec<Measured>],
    options: &Options,
) -> bool {
    let base = &subjects[0].name;
    let what = match options.metric {
        Metric::Cpu => "user and system time",
        Metric::Wall => "wall time",
        Metric::Steady => "best of the later calls in one process",
    };
    println!(
        "{what}: seconds of {base}, then ratios to it (below 1.00 is faster); medians of {} \
         interleaved repetitions; peak memory in MiB\n",
        options.repetitions
    );
    let mut header = vec!["program".to_owned(), base.clone(), "MiB".to_owned()];
    for subject in &subjects[1..] {
        header.extend([subject.name.clone(), "MiB".to_owned()]);
    }
    let mut rows = vec![header];
    let mut ratios: Vec<Vec<(f64, &str)>> = vec![Vec::new(); subjects.len()];
    for (program, runs) in programs.iter().zip(measured) {
        let first = &runs[0];
        let mut row = vec![program.name.clone()];
        for (at, run) in runs.iter().enumerate() {
            row.push(match (&run.failure, &first.failure) {
                (Some(failure), _) => failure.clone(),
                (None, _) if at == 0 => format!("{:.3}", median(&run.seconds)),
                (None, Some(_)) => format!("({:.3} s)", median(&run.seconds)),
                (None, None) => {
                    let ratio = median_ratio(&first.seconds, &run.seconds);
                    ratios[at].push((ratio, &program.name));
                    format!("{ratio:.2}")
                }
            });
            row.push(if run.failure.is_some() {
                String::new()
            } else {
                format!("{:.1}", run.peak_mib())
            });
        }
        rows.push(row);
    }
    let mut mean = vec!["geometric mean".to_owned(), String::new(), String::new()];
    for of_subject in &ratios[1..] {
        let values: Vec<f64> = of_subject.iter().map(|(ratio, _)| *ratio).collect();
        let shown = if values.is_empty() {
            "-".to_owned()
        } else {
            format!("{:.2}", geometric_mean(&values))
        };
        mean.extend([shown, format!("({} of {})", values.len(), programs.len())]);
    }
    rows.push(mean);
    table::print(&rows);
    for (subject, of_subject) in subjects.iter().zip(&mut ratios).skip(1) {
        of_subject.sort_by(|a, b| b.0.total_cmp(&a.0));
        let worst: Vec<String> = of_subject
            .iter()
            .take(WORST)
            .map(|(ratio, name)| format!("{name} {ratio:.2}"))
            .collect();
        println!("\nslowest on {}: {}", subject.name, worst.join(", "));
    }
    measured.iter().all(|runs| runs.iter().skip(1).all(|run| run.failure.is_none()))
}
