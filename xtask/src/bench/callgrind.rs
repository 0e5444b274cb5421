//! Instruction counts under `valgrind --tool=callgrind`: they repeat exactly, so a small change
//! shows on a noisy machine.

use super::Options;
use super::program::Program;
use super::statistics::geometric_mean;
use super::subject::Subject;
use crate::{Outcome, process, table};

const TOOL: &[&str] = &["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"];

/// Valgrind makes a program this much slower, more or less.
const SLOWDOWN: u32 = 60;

pub fn run(subjects: &[Subject], programs: &[Program], options: &Options) -> Outcome {
    println!("instructions of {} in millions, then ratios to it; small sizes\n", subjects[0].name);
    let header =
        std::iter::once("program").chain(subjects.iter().map(|subject| subject.name.as_str()));
    let mut rows = vec![header.map(str::to_owned).collect::<Vec<_>>()];
    let mut ratios = vec![Vec::new(); subjects.len()];
    let mut complete = true;
    for program in programs {
        eprintln!("{}", program.name);
        let mut row = vec![program.name.clone()];
        let mut base = None;
        for (at, subject) in subjects.iter().enumerate() {
            let count = count(subject, program, options)?;
            complete &= count.is_some();
            row.push(match (count, base) {
                (None, _) => "failed".to_owned(),
                (Some(count), Some(base)) => {
                    ratios[at].push(count / base);
                    format!("{:.2}", count / base)
                }
                (Some(count), None) => format!("{:.1}", count / 1e6),
            });
            base = if at == 0 { count } else { base };
        }
        rows.push(row);
    }
    let mut mean = vec!["geometric mean".to_owned(), String::new()];
    mean.extend(ratios.iter().skip(1).map(|ratios| format!("{:.2}", geometric_mean(ratios))));
    rows.push(mean);
    table::print(&rows);
    Ok(complete)
}

/// The number of instructions, or None if the program failed.
fn count(subject: &Subject, program: &Program, options: &Options) -> std::io::Result<Option<f64>> {
    let mut command = subject.under(TOOL);
    command.args(program.arguments(options)).current_dir(&options.folder);
    let run = process::run(&mut command, options.limit * SLOWDOWN)?;
    let total =
        run.stderr.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    Ok(total.filter(|_| run.end.success()))
}
