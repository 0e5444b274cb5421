//! What a C host pays for an interpreter: the program of `bench/embedding`, a new process each time.

use std::fs;

use super::Options;
use super::host::{self, Host};
use super::statistics::{median, median_ratio};
use crate::interpreter::{self, Choice};
use crate::{Outcome, table};

/// A figure's name, and its values with each library: the reference's first.
type Figure = (String, [Vec<f64>; 2]);

pub fn run(choice: &Choice, library: Option<String>, options: &Options) -> Outcome {
    let work = interpreter::scratch("embedding");
    fs::create_dir_all(&work)?;
    let hosts = Host::both("embedding", choice, library, &work)?;
    let mut figures: Vec<Figure> = Vec::new();
    // One round more: the first fills the page cache.
    for round in 0..=options.repetitions {
        for turn in 0..hosts.len() {
            let at = (round + turn) % hosts.len();
            let reported = host::output(hosts[at].command(&[]), options)?;
            for (index, (name, number)) in reported.lines().filter_map(host::report).enumerate() {
                if figures.len() == index {
                    figures.push((name, Default::default()));
                }
                if round > 0 {
                    figures[index].1[at].push(number);
                }
            }
        }
    }
    println!("a C host, medians of {} interleaved processes\n", options.repetitions);
    let mut rows = vec![["", "reference", "krait", "ratio"].map(str::to_owned).to_vec()];
    for (name, [base, ours]) in &figures {
        let value = |values: &[f64]| format!("{:.2}", median(values));
        let ratio = format!("{:.2}", median_ratio(base, ours));
        rows.push(vec![name.clone(), value(base), value(ours), ratio]);
    }
    table::print(&rows);
    Ok(!figures.is_empty())
}
