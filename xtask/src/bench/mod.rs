//! `cargo xtask bench`: the programs of `bench/`, timed in turn on several interpreters.
//!
//! Every run is a process of its own. Repetition r runs all interpreters one after the other,
//! starting with another one each time, and ratios are taken within a repetition, so that a
//! machine that drifts hits all alike. The result is the median of those ratios.

mod callgrind;
mod calls;
mod compile;
mod embedding;
mod host;
mod instructions;
mod machine;
mod operations;
mod profile;
mod program;
mod report;
mod startup;
mod statistics;
mod subject;

use std::path::PathBuf;
use std::time::Duration;

use crate::Outcome;
use crate::args::Args;
use crate::interpreter::{self, Choice};
use host::Host;
use subject::Subject;

const HELP: &str = "\
usage: cargo xtask bench [OPTION…] [NAME=COMMAND…]

Times the programs of bench/ on each interpreter, the first being the one to compare with. Without
any NAME=COMMAND: the reference, and our own command, built if need be. COMMAND may start with
VAR=value words and have arguments.

  -k N              repetitions (5; calls 301, start-up and embedding 40, compiling 3)
  --only A,B        only these programs
  --skip A,B        all but these
  --small           tiny sizes: does everything run?
  --inner R         call main() R times in a process and compare the best call of the second half
  --wall            compare wall time, not user and system time
  --startup         measure start-up instead: -c pass, -I -S, imports
  --compile         measure the compiler instead: the library, and inputs that grow
  --operations      measure single operations instead (`--only` takes parts of names)
  --calls           measure calls between C and Python instead, case by case (`--only` takes parts of names)
  --instructions    count the machine instructions of each bytecode instruction instead, at the small sizes, under valgrind
  --embedding       measure a C host's Py_Initialize, Py_FinalizeEx and sub-interpreters instead
  --itself          with --calls: the reference against itself, to see how far its own times lie apart
  --library PATH    for --calls and --embedding: our shared library; by default it is built
  --callgrind       count instructions under valgrind instead, at the small sizes; with --calls: a call
  --timeout SECONDS limit for a run (120)
  --binary PATH     our command; by default `krait` is built
  --profile NAME    the profile to build it with (release)
";

type Error = Box<dyn std::error::Error>;

/// What is compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Metric {
    Cpu,
    Wall,
    /// The best of the later calls in one process.
    Steady,
}

struct Options {
    repetitions: usize,
    small: bool,
    inner: Option<usize>,
    metric: Metric,
    limit: Duration,
    folder: PathBuf,
}

impl Options {
    /// `repetitions` are those without `-k`; where instructions are counted, small inputs are enough.
    fn read(
        args: &mut Args,
        repetitions: usize,
        counts: bool,
    ) -> Result<Options, Box<dyn std::error::Error>> {
        let inner = match args.parsed("--inner", 0)? {
            0 => None,
            repeats => Some(repeats),
        };
        let wall = args.flag("--wall");
        Ok(Options {
            repetitions: args.parsed("-k", repetitions)?.max(1),
            small: args.flag("--small") || counts,
            inner,
            metric: match inner {
                Some(_) => Metric::Steady,
                None if wall => Metric::Wall,
                None => Metric::Cpu,
            },
            limit: Duration::from_secs(args.parsed("--timeout", 120)?),
            folder: interpreter::root().join("bench"),
        })
    }
}

pub fn run(mut args: Args) -> Outcome {
    if args.flag("--help") || args.flag("-h") {
        print!("{HELP}");
        return Ok(true);
    }
    let startup = args.flag("--startup");
    let compile = args.flag("--compile");
    let operations = args.flag("--operations");
    let callgrind = args.flag("--callgrind");
    let instructions = args.flag("--instructions");
    let embedding = args.flag("--embedding");
    let calls = args.flag("--calls");
    let repetitions = match () {
        () if startup || embedding => 40,
        () if calls => 301,
        () if compile => 3,
        () => 5,
    };
    let options = Options::read(&mut args, repetitions, callgrind || instructions)?;
    let library = args.option("--library")?;
    let itself = args.flag("--itself");
    let (only, skip) = (args.list("--only")?, args.list("--skip")?);
    if calls || embedding {
        let choice = Choice::from_args(&mut args)?;
        args.rest()?;
        return match calls {
            true => {
                let work = calls::folder()?;
                let hosts = match itself {
                    true => Host::reference_twice("calls", &work)?,
                    false => Host::both("calls", &choice, library, &work)?,
                };
                calls::run(&hosts, &work, &only, callgrind, &options)
            }
            false => embedding::run(&choice, library, &options),
        };
    }
    let subjects = Subject::all(args)?;
    if startup {
        return startup::run(&subjects, &options);
    }
    if compile {
        return compile::run(&subjects, &options);
    }
    if operations {
        return operations::run(&subjects, &only, &options);
    }
    let mut programs = program::select(&options.folder, &only, &skip)?;
    if instructions {
        return instructions::run(&subjects, &programs, &options);
    }
    if callgrind {
        return callgrind::run(&subjects, &programs, &options);
    }
    if options.inner.is_some() {
        // A second import in the same process is no import.
        programs.retain(|program| program.name != "imports");
    }
    let mut measured = Vec::new();
    for (at, program) in programs.iter().enumerate() {
        eprintln!("[{}/{}] {}", at + 1, programs.len(), program.name);
        measured.push(program.measure(&subjects, &options)?);
    }
    Ok(report::print(&programs, &subjects, &measured, &options))
}
