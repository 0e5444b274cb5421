//! `cargo xtask conformance compile`: what our interpreter makes of Python sources, against what the reference makes of
//! them: tokens, trees, symbol tables, instructions, code objects with the identity of their constants, and marshalled bytes.
//!
//! Both run `conformance/compile`, which gives a digest of each aspect of each source; where two differ, it is asked for the text.

mod difference;
mod side;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::args::Args;
use crate::interpreter::{self, Choice};
use crate::{reference, table};
use side::{Report, Side};

pub const HELP: &str = "\
usage: cargo xtask conformance compile [OPTION…] [TEXT…]

Compares what we make of every source of the reference's library and tests, and of generated ones, with what
the reference makes of it. TEXT… takes those sources whose path contains one of the texts.

  --shown N         how many differences to show of each aspect (1)
  --binary PATH     the interpreter; by default `krait` is built
  --profile NAME    the profile to build it with (release)
  --timeout SECONDS limit for a batch of sources (900)
  -j N              batches at a time (the number of cores)
";

/// Sources in a batch: few enough that the last ones do not leave a core idle for long.
const BATCH: usize = 40;

/// Ours and the reference's of one batch.
struct Pair {
    ours: Report,
    reference: Report,
}

/// How often an aspect is the same, and where it is not.
#[derive(Default)]
struct Tally {
    equal: usize,
    refused: usize,
    different: Vec<String>,
}

pub fn run(mut args: Args) -> Outcome {
    if args.flag("--help") || args.flag("-h") {
        print!("{HELP}");
        return Ok(true);
    }
    let shown = args.parsed("--shown", 1)?;
    let limit = Duration::from_secs(args.parsed("--timeout", 900)?);
    let jobs = args.parsed("-j", thread::available_parallelism().map_or(1, |n| n.get()))?.max(1);
    let choice = Choice::from_args(&mut args)?;
    let texts = args.rest()?;
    let installed = reference::installed()?;
    let work = interpreter::scratch("conformance").join("compile");
    std::fs::create_dir_all(&work)?;
    let reference = Side::new("reference", installed.join("python3.14"), limit, &work);
    let ours = Side::new("ours", choice.path()?, limit, &work);

    let start = Instant::now();
    let mut sources = reference.sources(&reference::library(&installed))?;
    sources.retain(|source| texts.is_empty() || texts.iter().any(|text| source.contains(text)));
    let pairs = compare_all(&ours, &reference, &sources, jobs)?;
    let tallies = tally(&pairs);
    show(&tallies, &ours, &reference, shown)?;
    print_table(&tallies);
    println!("\n{} sources in {} s", sources.len(), start.elapsed().as_secs());
    Ok(!sources.is_empty() && tallies.iter().all(|(_, tally)| tally.different.is_empty()))
}

/// Has both look at all sources, a batch at a time.
fn compare_all(
    ours: &Side,
    reference: &Side,
    sources: &[String],
    jobs: usize,
) -> Result<Vec<Pair>, Box<dyn std::error::Error>> {
    let batches: Vec<&[String]> = sources.chunks(BATCH).collect();
    let next = AtomicUsize::new(0);
    let (send, pairs) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..jobs.min(batches.len()) {
            let (send, next, batches) = (send.clone(), &next, &batches);
            scope.spawn(move || {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(batch) = batches.get(at) else { return };
                    let pair = reference
                        .look(at, batch)
                        .and_then(|reference| Ok(Pair { ours: ours.look(at, batch)?, reference }));
                    if send.send(pair).is_err() {
                        return;
                    }
                }
            });
        }
        drop(send);
        let mut all = Vec::new();
        for pair in pairs {
            all.push(pair?);
            eprintln!("[{}/{}]", all.len(), batches.len());
        }
        Ok(all)
    })
}

/// By aspect, in the order in which the reference looks at them.
fn tally(pairs: &[Pair]) -> Vec<(String, Tally)> {
    let mut order: Vec<String> = Vec::new();
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    for pair in pairs {
        for (source, aspects) in &pair.reference.sources {
            for (aspect, theirs) in aspects {
                if !order.contains(aspect) {
                    order.push(aspect.clone());
                }
                let tally = tallies.entry(aspect.clone()).or_default();
                tally.refused += usize::from(theirs.refused);
                match pair.ours.get(source, aspect) {
                    Some(mine) if mine == theirs => tally.equal += 1,
                    _ => tally.different.push(source.clone()),
                }
            }
        }
        for death in pair.ours.deaths.iter().chain(&pair.reference.deaths) {
            println!("DIED: {death}");
        }
    }
    order.sort_by_key(|aspect| aspect.starts_with("snippets"));
    order.into_iter().filter_map(|aspect| tallies.remove_entry(&aspect)).collect()
}

/// The first differences of each aspect, in sources that are equal in those aspects that it depends on.
fn show(
    tallies: &[(String, Tally)],
    ours: &Side,
    reference: &Side,
    shown: usize,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut explained: Vec<&str> = Vec::new();
    for (aspect, tally) in tallies {
        let mut different: Vec<&str> = tally.different.iter().map(String::as_str).collect();
        different.sort_unstable();
        different.retain(|source| !explained.contains(source));
        for source in different.iter().take(shown) {
            println!("\n{aspect} differs: {}", Path::new(source).display());
            let texts = (ours.show(source, aspect)?, reference.show(source, aspect)?);
            print!("{}", difference::side_by_side(&texts.0, &texts.1));
        }
        explained.extend(different);
    }
    Ok(())
}

fn print_table(tallies: &[(String, Tally)]) {
    let head = ["", "sources", "refused", "equal", "different", "%"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for (aspect, tally) in tallies {
        let all = tally.equal + tally.different.len();
        // Never 100 unless all are equal.
        let percent = (10_000 * tally.equal).checked_div(all).unwrap_or(0) as f64 / 100.0;
        rows.push(vec![
            aspect.clone(),
            all.to_string(),
            tally.refused.to_string(),
            tally.equal.to_string(),
            tally.different.len().to_string(),
            percent.to_string(),
        ]);
    }
    println!();
    table::print(&rows);
}
