//! What each bytecode instruction costs in machine instructions, on the reference and on ours.
//!
//! Both jump from handler to handler through a table of 256 addresses. callgrind counts, over all programs, how often each machine instruction
//! was executed and each conditional jump taken. From a handler's first address, whose count is the number of executions, we go on as the
//! processor did, by the shares in which jumps were taken, until a computed jump ends the handler: so code that several handlers share, and
//! what we keep in cold functions, is divided among those that reach it. Functions that are called count in a second column.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::path::PathBuf;
use std::process::Command;
use std::{fs, io};

use super::machine::{Flow, Machine};
use super::profile::Profile;
use super::program::Program;
use super::subject::Subject;
use super::{Error, Options};
use crate::{Outcome, interpreter, process, table};

/// How many instructions are listed.
const LISTED: usize = 40;

/// Fewer executions than this are not followed further.
const NEGLIGIBLE: f64 = 0.5;

/// Valgrind makes a program this much slower, more or less.
const SLOWDOWN: u32 = 60;

/// Prints the path of the binary, then names and numbers of instructions.
const OPCODES: &str = "import opcode, sys
print(sys.executable)
for name, number in {**opcode.opmap, **opcode._specialized_opmap}.items(): print(name, number)";

/// Of one instruction: executions, and machine instructions without and with functions that were called.
#[derive(Clone, Copy, Default)]
struct Cost {
    executions: f64,
    own: f64,
    all: f64,
}

/// What one interpreter executed.
struct Counted {
    /// With the names of those that have the same handler.
    costs: Vec<(Vec<String>, Cost)>,
    /// Machine instructions of all handlers, and of those the ones that no handler reaches by the jumps that were counted.
    total: f64,
    lost: f64,
}

impl Counted {
    /// Of the handlers of any of these.
    fn of(&self, names: &[String]) -> Cost {
        let mut sum = Cost::default();
        for (_, cost) in
            self.costs.iter().filter(|(ours, _)| ours.iter().any(|name| names.contains(name)))
        {
            sum.executions += cost.executions;
            sum.own += cost.own;
            sum.all += cost.all;
        }
        sum
    }
}

pub fn run(subjects: &[Subject], programs: &[Program], options: &Options) -> Outcome {
    let [base, ours] = subjects else { return Err("--instructions compares two".into()) };
    let (base, ours) = (count(base, programs, options)?, count(ours, programs, options)?);
    print(&base, &ours);
    for (subject, counted) in subjects.iter().zip([&base, &ours]) {
        println!(
            "{}: {:.1} million machine instructions in handlers, of which {:.2} % could not be attributed",
            subject.name,
            counted.total / 1e6,
            100.0 * counted.lost / counted.total
        );
    }
    Ok(true)
}

fn count(subject: &Subject, programs: &[Program], options: &Options) -> Result<Counted, Error> {
    let (binary, names) = opcodes(subject, options)?;
    let machine = Machine::read(&binary)?;
    let mut profile = Profile::default();
    let file = interpreter::scratch("instructions.callgrind");
    let output = format!("--callgrind-out-file={}", file.display());
    let tool = ["valgrind", "--tool=callgrind", "--dump-instr=yes", "--collect-jumps=yes", &output];
    for program in programs {
        eprintln!("{} on {}", program.name, subject.name);
        let mut command = subject.under(&tool);
        command.args(program.arguments(options));
        output_of(command.current_dir(&options.folder), options)?;
        profile.add(&file, &binary.display().to_string())?;
    }
    fs::remove_file(&file)?;
    Ok(attribute(&machine, &profile, &names))
}

fn output_of(command: &mut Command, options: &Options) -> io::Result<String> {
    let run = process::run(command, options.limit * SLOWDOWN)?;
    match run.end.success() {
        true => Ok(run.stdout),
        false => Err(io::Error::other(format!("{}: {}", run.end.describe(), run.stderr))),
    }
}

/// The subject's binary, and the names of its instructions by number.
fn opcodes(
    subject: &Subject,
    options: &Options,
) -> Result<(PathBuf, HashMap<usize, String>), Error> {
    let mut command = subject.command();
    let text = output_of(command.args(["-I", "-S", "-c", OPCODES]), options)?;
    let mut lines = text.lines();
    let binary = fs::canonicalize(lines.next().unwrap_or_default())?;
    let named = |line: &str| {
        let (name, number) = line.split_once(' ')?;
        Some((number.parse().ok()?, name.to_owned()))
    };
    Ok((binary, lines.filter_map(named).collect()))
}

/// Divides what was executed among the handlers.
fn attribute(machine: &Machine, profile: &Profile, names: &HashMap<usize, String>) -> Counted {
    let mut sharing: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for (opcode, &start) in machine.handlers.iter().enumerate() {
        let of_start = sharing.entry(start).or_default();
        // Instrumented forms share a handler with their base, unless somebody listens.
        of_start
            .extend(names.get(&opcode).filter(|name| !name.starts_with("INSTRUMENTED")).cloned());
    }
    let starts: HashSet<usize> = sharing.keys().filter_map(|&start| machine.at(start)).collect();
    let mut seen = HashMap::new();
    let mut costs = Vec::new();
    for (start, names) in sharing {
        let Some(first) = machine.at(start) else { continue };
        let cost = follow(machine, profile, first, &starts, &mut seen);
        if cost.executions > 0.0 {
            costs.push((names, cost));
        }
    }
    let executed = |at: usize| profile.executed.get(&machine.code[at].0).map_or(0.0, |&n| n as f64);
    let total = seen.keys().map(|&at| executed(at)).sum();
    let lost = seen.iter().map(|(&at, &reached)| (executed(at) - reached).abs()).sum();
    Counted { costs, total, lost }
}

/// Goes from a handler's first instruction as often as it was executed; notes in `seen` how often each place is reached.
fn follow(
    machine: &Machine,
    profile: &Profile,
    first: usize,
    starts: &HashSet<usize>,
    seen: &mut HashMap<usize, f64>,
) -> Cost {
    let count = |address: &u64| profile.executed.get(address).map_or(0.0, |&count| count as f64);
    let mut cost = Cost { executions: count(&machine.code[first].0), ..Cost::default() };
    let mut waiting = VecDeque::from([first]);
    let mut arrived = HashMap::from([(first, cost.executions)]);
    while let Some(at) = waiting.pop_front() {
        let times = arrived.remove(&at).unwrap_or(0.0);
        let (address, flow) = machine.code[at];
        cost.own += times;
        cost.all += times;
        *seen.entry(at).or_default() += times;
        let (calls, inside) = profile.called.get(&address).copied().unwrap_or_default();
        if flow == Flow::Call && calls > 0 {
            cost.all += times * inside as f64 / calls as f64;
        }
        // Callgrind takes a jump to another function for a call.
        let taken = profile.taken.get(&address).map_or(0, |&taken| taken) + calls;
        let (target, share) = match flow {
            Flow::On | Flow::Call => (None, 0.0),
            Flow::Branch(target) => (Some(target), (taken as f64 / count(&address)).min(1.0)),
            Flow::Jump(target) => (Some(target), 1.0),
            Flow::Through(_) | Flow::End => (None, 1.0),
        };
        let target = target.and_then(|target| machine.at(target));
        for (next, share) in [(Some(at + 1), 1.0 - share), (target, share)] {
            let Some(next) = next.filter(|next| !starts.contains(next)) else { continue };
            if times * share >= NEGLIGIBLE && next < machine.code.len() {
                let sum = arrived.entry(next).or_insert_with(|| {
                    waiting.push_back(next);
                    0.0
                });
                *sum += times * share;
            }
        }
    }
    cost
}

fn print(base: &Counted, ours: &Counted) {
    let sum: f64 = base.costs.iter().map(|(_, cost)| cost.executions).sum();
    let mut order: Vec<_> = base.costs.iter().collect();
    order.sort_by(|a, b| b.1.executions.total_cmp(&a.1.executions));
    println!(
        "share of the reference's executions, how many times as often krait executes it; machine instructions an execution, \
         without and with functions that are called\n"
    );
    let header = [
        "instruction",
        "share",
        "times",
        "reference",
        "krait",
        "ratio",
        "reference +",
        "krait +",
        "ratio",
    ];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    for (names, theirs) in order.into_iter().take(LISTED) {
        let own = ours.of(names);
        let share = 100.0 * theirs.executions / sum;
        let times = format!("{:.2}", own.executions / theirs.executions);
        let mut row = vec![names.join(", "), format!("{share:.1} %"), times];
        for part in [|cost: &Cost| cost.own, |cost: &Cost| cost.all] {
            let [before, after] = [theirs, &own].map(|cost| part(cost) / cost.executions);
            row.extend([before, after].map(|count| format!("{count:.1}")));
            row.push(format!("{:.2}", after / before));
        }
        rows.push(row);
    }
    table::print(&rows);
    println!();
}
