//! `cargo xtask conformance run [NAME…]`: the reference's test files, run by our interpreter, a
//! process each, compared with the committed list of files that pass.

mod compile;
mod file;
mod list;
mod mutants;
mod suite;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::Outcome;
use crate::args::Args;
use crate::interpreter::{self, Choice};
use crate::{reference, table};
use file::{FileResult, Kind};
use list::Passing;
use suite::Suite;

const HELP: &str = "\
usage: cargo xtask conformance run [OPTION…] [NAME…]
       cargo xtask conformance mutants [OPTION…]    compare errors and warnings (--help)
       cargo xtask conformance compile [OPTION…] [TEXT…]   compare what sources compile to (--help)

The first runs the reference's test files NAME… (test_json, or test_asyncio.test_locks), by default all of
them, and compares the outcome with conformance/passing.txt: a listed file that does not pass is a
failure. With the test modules, the list is conformance/passing-with-modules.txt. Single tests that need not pass are in
conformance/needless.txt, with their reasons; they count as skipped.

  --listed          run the files of conformance/passing.txt, then those of conformance/passing-with-modules.txt with the
                    test modules
  --from FILE       run the files named in FILE (conformance/goal.txt)
  --bless           add the files that pass to the list; to that with modules only what is not in the other
  --failures        print the tests that failed, and the end of what a broken file wrote
  --test-modules    with the reference's compiled test modules (_testcapi and others)
  --match TEXT      only tests whose id contains TEXT
  --binary PATH     the interpreter; by default `krait` is built
  --profile NAME    the profile to build it with (release)
  --timeout SECONDS limit for a file (300)
  -j N              files at a time (the number of cores)
";

/// The file whose tests run a program that embeds Python.
const EMBED: &str = "test_embed";

struct Options {
    matching: Option<String>,
    limit: Duration,
    jobs: usize,
    bless: bool,
    failures: bool,
}

pub fn run(mut args: Args) -> Outcome {
    match args.positional().as_deref() {
        Some("run") => run_files(args),
        Some("compile") => compile::run(args),
        Some("mutants") => mutants::run(args),
        _ => {
            print!("{HELP}");
            Ok(args.flag("--help") || args.flag("-h"))
        }
    }
}

fn run_files(mut args: Args) -> Outcome {
    if args.flag("--help") || args.flag("-h") {
        print!("{HELP}");
        return Ok(true);
    }
    let listed = args.flag("--listed");
    let from = args.option("--from")?;
    let options = Options {
        matching: args.option("--match")?,
        limit: Duration::from_secs(args.parsed("--timeout", 300)?),
        jobs: args.parsed("-j", thread::available_parallelism().map_or(1, |n| n.get()))?.max(1),
        bless: args.flag("--bless"),
        failures: args.flag("--failures"),
    };
    let test_modules = args.flag("--test-modules");
    let choice = Choice::from_args(&mut args)?;
    let mut names = args.rest()?;
    if let Some(path) = from {
        names.extend(list::read_names(Path::new(&path))?);
    }
    let binary = choice.path()?;
    let without = read_list(false)?;
    let embeds = listed || names.is_empty() || names.iter().any(|name| name == EMBED);
    if embeds && choice.is_ours() {
        choice.build_library()?;
    }
    if listed {
        let fine = run_suite(with_listed(&names, &without), &binary, false, without, &options)?;
        let with = read_list(true)?;
        let fine_with = run_suite(with_listed(&[], &with), &binary, true, with, &options)?;
        return Ok(fine && fine_with);
    }
    let list = if test_modules { read_list(true)?.beside(without) } else { without };
    run_suite(names, &binary, test_modules, list, &options)
}

fn read_list(test_modules: bool) -> std::io::Result<Passing> {
    Passing::read(&interpreter::root().join(list::path(test_modules)))
}

fn with_listed(names: &[String], list: &Passing) -> Vec<String> {
    names.iter().cloned().chain(list.names().map(str::to_owned)).collect()
}

/// Runs files, all there are if none is named, and compares with a list.
fn run_suite(
    mut names: Vec<String>,
    binary: &Path,
    test_modules: bool,
    mut list: Passing,
    options: &Options,
) -> Outcome {
    let suite = suite::prepare(&reference::installed()?, binary, test_modules)?;
    if options.bless && suite.is_reference {
        return Err("the list is of what our interpreter passes".into());
    }
    if names.is_empty() {
        names = suite::all_files(&suite.library.join("test"))?;
    }
    if names.iter().any(|name| name == EMBED) {
        suite::add_embedding_program(&suite, binary)?;
    }
    let results = run_all(&names, &suite, options)?;
    report(&results, options);
    judge(&results, &mut list, options)
}

/// Runs every file, `jobs` at a time, in the order given; prints a line as each ends.
fn run_all(
    names: &[String],
    suite: &Suite,
    options: &Options,
) -> Result<BTreeMap<String, FileResult>, Box<dyn std::error::Error>> {
    let needless = list::read_names(&interpreter::root().join(list::NEEDLESS))?;
    let next = AtomicUsize::new(0);
    let (send, results) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..options.jobs.min(names.len()) {
            let (send, next) = (send.clone(), &next);
            scope.spawn(move || {
                while let Some(name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let matching = options.matching.as_deref();
                    let result = file::run(suite, name, matching, options.limit);
                    if send.send((name.clone(), result)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(send);
        let mut all = BTreeMap::new();
        for (name, result) in results {
            let mut result = result?;
            result.leave_out(&needless);
            println!("[{}/{}] {name}: {}", all.len() + 1, names.len(), result.line());
            all.insert(name, result);
        }
        Ok(all)
    })
}

fn report(results: &BTreeMap<String, FileResult>, options: &Options) {
    if options.failures {
        for (name, result) in results.iter().filter(|(_, result)| !result.kind.fine()) {
            println!("\n{name}: {}", result.line());
            for (outcome, id) in &result.bad {
                println!("  {outcome:<6} {id}");
            }
            if matches!(result.kind, Kind::Crashed | Kind::Timeout | Kind::Broken) {
                println!("{}", result.tail());
            }
        }
    }
    let mut rows =
        vec![["", "files", "tests", "ok", "failed", "skipped"].map(str::to_owned).to_vec()];
    let mut total = [0; 5];
    for kind in Kind::ALL {
        let of_kind: Vec<_> = results.values().filter(|result| result.kind == kind).collect();
        let sum = |count: fn(&FileResult) -> usize| of_kind.iter().map(|r| count(r)).sum::<usize>();
        let row = [
            of_kind.len(),
            sum(|result| result.tests()),
            sum(|result| result.ok),
            sum(|result| result.bad.len()),
            sum(|result| result.skipped),
        ];
        total.iter_mut().zip(row).for_each(|(total, count)| *total += count);
        rows.push(row_of(kind.name(), row));
    }
    rows.push(row_of("all", total));
    println!();
    table::print(&rows);
}

fn row_of(name: &str, counts: [usize; 5]) -> Vec<String> {
    let mut row = vec![name.to_owned()];
    row.extend(counts.map(|count| count.to_string()));
    row
}

/// Compares with the list, and extends it if asked to. False if a listed file no longer passes.
fn judge(
    results: &BTreeMap<String, FileResult>,
    passing: &mut Passing,
    options: &Options,
) -> Outcome {
    if options.matching.is_some() {
        // A part of a file says nothing about the file.
        return Ok(results.values().all(|result| result.kind.fine()));
    }
    let mut regressed = Vec::new();
    let mut gained = Vec::new();
    for (name, result) in results {
        let recorded = passing.ok_tests(name);
        match (result.kind == Kind::Passed, recorded) {
            (true, None) => gained.push(name.as_str()),
            (true, Some(before)) if result.ok < before => {
                println!("note: {name} ran {} tests, {before} are on record", result.ok);
            }
            (false, Some(_)) => regressed.push(name.as_str()),
            _ => {}
        }
        if options.bless && result.kind == Kind::Passed {
            passing.record(name, result.ok);
        }
    }
    if options.bless {
        passing.write()?;
    }
    if !gained.is_empty() {
        let what =
            if options.bless { "added to the list" } else { "pass and are not listed (--bless)" };
        println!("{what}: {}", gained.join(" "));
    }
    if !regressed.is_empty() {
        println!("LISTED BUT NOT PASSING: {}", regressed.join(" "));
    }
    Ok(regressed.is_empty())
}
