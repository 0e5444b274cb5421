//! `cargo xtask conformance mutants`: wrong programs, made of the reference's library and tests by
//! `conformance/mutants.py`, which both interpreters run; each program must come to the same: accepted with the
//! same code or refused with the same error, after the same warnings.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use std::{fs, thread};

use crate::Outcome;
use crate::args::Args;
use crate::interpreter::{self, Choice};
use crate::process::{self, End};
use crate::{reference, table};

const HELP: &str = "\
usage: cargo xtask conformance mutants [OPTION…]

Makes wrong programs of the reference's library and tests and compares what `compile` says to each
with what the reference says. Then the programs written by hand (crates/compiler/tests/golden/wrong.txt).

  --count N         mutants (20000)
  --seed N          another seed gives others (1)
  --only INDEX      one mutant
  --show N          differences to show in full (10)
  --binary PATH     the interpreter; by default `krait` is built
  --profile NAME    the profile to build it with (release)
  -j N              processes at a time (the number of cores)
";

/// So many programs are compiled in one process.
const PORTION: usize = 500;

/// For a portion: a program takes milliseconds.
const LIMIT: Duration = Duration::from_secs(300);

/// Where programs come from, as `mutants.py` is told.
struct Origin {
    path: PathBuf,
    /// `-` for programs written by hand.
    seed: String,
}

struct Run {
    ours: PathBuf,
    reference: PathBuf,
    work: PathBuf,
}

/// A line of the report, taken apart.
#[derive(Clone, PartialEq, Eq)]
struct Verdict {
    index: usize,
    checksum: String,
    how: String,
    outcome: String,
    details: String,
    warnings: String,
}

struct Difference {
    what: &'static str,
    expected: Verdict,
    found: Verdict,
}

pub fn run(mut args: Args) -> Outcome {
    if args.flag("--help") || args.flag("-h") {
        print!("{HELP}");
        return Ok(true);
    }
    let count = args.parsed("--count", 20_000)?;
    let seed = args.parsed("--seed", 1u64)?;
    let only: Option<usize> = match args.option("--only")? {
        Some(index) => Some(index.parse().map_err(|_| format!("--only {index}: not a number"))?),
        None => None,
    };
    let shown = args.parsed("--show", 10)?;
    let jobs = args.parsed("-j", thread::available_parallelism().map_or(1, |n| n.get()))?;
    let choice = Choice::from_args(&mut args)?;
    if !args.rest()?.is_empty() {
        return Err(HELP.into());
    }
    let installed = reference::installed()?;
    let work = interpreter::scratch("mutants");
    fs::create_dir_all(&work)?;
    let run = Run { ours: choice.path()?, reference: installed.join("python3.14"), work };
    let mutants = Origin { path: reference::library(&installed), seed: seed.to_string() };
    let range = only.map_or(0..count, |index| index..index + 1);
    let mut equal = compare(&run, &mutants, range, jobs, shown)?;
    if only.is_none() {
        let path = interpreter::root().join("crates/compiler/tests/golden/wrong.txt");
        // Each program twice: the second time, warnings are errors.
        let lines = 2 * fs::read_to_string(&path)?.lines().count();
        println!("\nwritten by hand:");
        let by_hand = Origin { path, seed: "-".to_owned() };
        equal &= compare(&run, &by_hand, 0..lines, jobs, shown)?;
    }
    Ok(equal)
}

/// Compares the programs of a range and prints what differs, and a table of all.
fn compare(run: &Run, origin: &Origin, range: Range<usize>, jobs: usize, shown: usize) -> Outcome {
    let portions: Vec<Range<usize>> = (range.clone())
        .step_by(PORTION)
        .map(|start| start..(start + PORTION).min(range.end))
        .collect();
    let next = AtomicUsize::new(0);
    let results = Mutex::new(BTreeMap::new());
    thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, portions.len().max(1)) {
            scope.spawn(|| {
                while let Some(portion) = portions.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let both = verdicts(&run.reference, run, origin, portion.clone())
                        .and_then(|theirs| {
                            verdicts(&run.ours, run, origin, portion.clone())
                                .map(|ours| (theirs, ours))
                        })
                        .map_err(|error| error.to_string());
                    let mut results =
                        results.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                    results.insert(portion.start, both);
                }
            });
        }
    });
    let mut tally: BTreeMap<String, [usize; 2]> = BTreeMap::new();
    let mut differences = Vec::new();
    for both in results.into_inner().unwrap_or_default().into_values() {
        let (theirs, ours) = both?;
        for (expected, found) in theirs.into_iter().zip(ours) {
            let row = tally.entry(expected.outcome.clone()).or_default();
            row[0] += 1;
            if let Some(what) = difference(&expected, &found) {
                row[1] += 1;
                differences.push(Difference { what, expected, found });
            }
        }
    }
    for difference in differences.iter().take(shown) {
        show(run, origin, difference)?;
    }
    print_tally(&tally, &differences);
    Ok(differences.is_empty())
}

fn difference(expected: &Verdict, found: &Verdict) -> Option<&'static str> {
    match () {
        _ if expected.checksum != found.checksum => Some("the mutant itself"),
        _ if found.outcome == CRASHED => Some(CRASHED),
        _ if (expected.outcome == ACCEPTED) != (found.outcome == ACCEPTED) => Some("acceptance"),
        _ if expected.outcome != found.outcome => Some("kind of error"),
        _ if expected.details != found.details && found.outcome == ACCEPTED => Some("code"),
        _ if expected.details != found.details => Some("message or place"),
        _ if expected.warnings != found.warnings => Some("warnings"),
        _ => None,
    }
}

const ACCEPTED: &str = "accepted";
const CRASHED: &str = "crashed";

/// What an interpreter says to a portion. After a crash it starts again behind the program that caused it.
fn verdicts(
    interpreter: &Path,
    run: &Run,
    origin: &Origin,
    portion: Range<usize>,
) -> Result<Vec<Verdict>, Box<dyn std::error::Error>> {
    let name = interpreter.file_name().unwrap_or_default().to_string_lossy();
    let out = run.work.join(format!("{name}-{}-{}", origin.seed, portion.start));
    let mut all: Vec<Verdict> = Vec::new();
    while all.len() < portion.len() {
        let first = portion.start + all.len();
        let mut command = Command::new(interpreter);
        command.arg("-I").arg(driver()).arg("run").arg(&origin.path).arg(&origin.seed);
        command.arg(first.to_string()).arg(portion.end.to_string()).arg(&out);
        let finished = process::run(&mut command, LIMIT)?;
        let report = fs::read_to_string(&out).unwrap_or_default();
        let before = all.len();
        all.extend(report.lines().enumerate().map(|(at, line)| verdict(first + at, line)));
        if finished.end != End::Exit(0) {
            let crashed =
                all.len() > before && all.last().is_some_and(|last| last.outcome == CRASHED);
            if !crashed {
                let end = finished.end.describe();
                return Err(
                    format!("{name}: {end} before program {first}:\n{}", finished.stderr).into()
                );
            }
        } else if all.len() < portion.len() {
            return Err(format!("{name}: the report ends early").into());
        }
    }
    let _ = fs::remove_file(&out);
    Ok(all)
}

fn driver() -> PathBuf {
    interpreter::root().join("conformance/mutants.py")
}

/// A line without an outcome is that of a program that the interpreter did not survive.
fn verdict(index: usize, line: &str) -> Verdict {
    let mut fields = line.split('\t').skip(1).map(str::to_owned);
    let mut field = || fields.next();
    Verdict {
        index,
        checksum: field().unwrap_or_default(),
        how: field().unwrap_or_default(),
        outcome: field().unwrap_or_else(|| CRASHED.to_owned()),
        details: field().unwrap_or_default(),
        warnings: field().unwrap_or_default(),
    }
}

fn show(run: &Run, origin: &Origin, difference: &Difference) -> std::io::Result<()> {
    let Difference { what, expected, found } = difference;
    println!("program {} ({}): {what}", expected.index, expected.how);
    for (who, verdict) in [("reference", expected), ("ours", found)] {
        println!("  {who:<10} {} {} {}", verdict.outcome, verdict.details, verdict.warnings);
    }
    let mut command = Command::new(&run.reference);
    command.arg("-I").arg(driver()).arg("show").arg(&origin.path).arg(&origin.seed);
    let text = process::run(command.arg(expected.index.to_string()), LIMIT)?.stdout;
    println!("{}", text.lines().map(|line| format!("  | {line}\n")).collect::<String>());
    Ok(())
}

fn print_tally(tally: &BTreeMap<String, [usize; 2]>, differences: &[Difference]) {
    let mut rows = vec![["", "programs", "different"].map(str::to_owned).to_vec()];
    let mut total = [0; 2];
    for (outcome, counts) in tally {
        rows.push(row(outcome, counts));
        total.iter_mut().zip(counts).for_each(|(total, count)| *total += count);
    }
    rows.push(row("all", &total));
    table::print(&rows);
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for difference in differences {
        *kinds.entry(difference.what).or_default() += 1;
    }
    for (what, count) in kinds {
        println!("{count} differ in {what}");
    }
}

fn row(name: &str, counts: &[usize; 2]) -> Vec<String> {
    [name.to_owned(), counts[0].to_string(), counts[1].to_string()].to_vec()
}
