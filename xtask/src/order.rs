//! `cargo xtask order`: writes `link/order.ld`, the order in which the linker lays out functions and static data.
//!
//! What a program executes then lies together instead of among all that it does not, so that fewer pages are mapped: a start takes fewer
//! page faults, and less of the library is resident. The functions are those that callgrind sees executed when Krait starts, runs the
//! programs of `bench/` at their small sizes, and the single operations. The file names functions without the hash that ends their symbols, so
//! it survives changes; a name that no longer exists does nothing.
//!
//! Of static data, what a start writes comes first, then what it reads: each page that is written is copied. The map that the linker writes
//! beside the command tells what lies where.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use std::{fs, iter};

use crate::args::Args;
use crate::interpreter::{Choice, root, scratch};
use crate::{Outcome, process};

type Error = Box<dyn std::error::Error>;

/// The handlers of the evaluation loop stay in the order in which the compiler puts them, which is that of their table.
const LOOP: &str = "_ZN10krait_eval11interpreter";

/// The symbols do not tell the copies of a generic function apart, so all of them are placed where one was executed: at the end if they take
/// more bytes than this.
const MUCH: u64 = 24 << 10;

const LIMIT: Duration = Duration::from_secs(1200);

pub fn run(mut args: Args) -> Outcome {
    let choice = Choice::from_args(&mut args)?;
    args.rest()?;
    let binary = choice.path()?;
    let functions = Functions::of(&binary)?;
    let sizes = functions.sizes();
    let mut known = BTreeSet::new();
    let (mut ordered, mut shared) = (Vec::new(), Vec::new());
    for scenario in scenarios()? {
        eprintln!("{}", scenario.join(" "));
        for name in executed(&binary, &functions, &scenario)? {
            let pattern = pattern(&name);
            if pattern.starts_with(LOOP) {
                continue;
            }
            let is_shared = sizes.get(&pattern).is_some_and(|&size| size > MUCH);
            if is_shared && known.insert(name.clone()) {
                // The very copy, as long as the compiler names it so.
                ordered.push(name.split_once(".llvm.").map_or(&*name, |(it, _)| it).to_owned());
            }
            if known.insert(pattern.clone()) {
                if is_shared { &mut shared } else { &mut ordered }.push(pattern);
            }
        }
    }
    let [data, constants] = touched(&binary, &scenarios()?[0])?;
    let file = root().join("link/order.ld");
    fs::write(&file, script(ordered.iter().chain(&shared), &data, &constants))?;
    let (count, data) = (ordered.len() + shared.len(), data.len() + constants.len());
    println!("{}: {count} functions, {data} pieces of data", file.display());
    Ok(true)
}

/// The arguments of each run, starts first: what starts need comes first in the library.
fn scenarios() -> Result<Vec<Vec<String>>, Error> {
    let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
    let mut all = vec![words(&["-I", "-S", "-c", "pass"]), words(&["-c", "pass"])];
    let mut programs = Vec::new();
    for entry in fs::read_dir(root().join("bench"))? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if path.extension().is_some_and(|extension| extension == "py") && !name.starts_with('_') {
            programs.push(words(&["-c", &format!("import {name}; {name}.main({name}.SMALL)")]));
        }
    }
    programs.sort();
    all.extend(programs);
    all.push(words(&["-W", "ignore", "_operations.py", "0.0002"]));
    Ok(all)
}

/// The symbols of `binary` that a run executes, sorted.
fn executed(
    binary: &Path,
    functions: &Functions,
    arguments: &[String],
) -> Result<BTreeSet<String>, Error> {
    let profile = scratch("order.callgrind");
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--dump-instr=yes", "--compress-pos=no"])
        .arg(format!("--callgrind-out-file={}", profile.display()))
        .arg(binary)
        .args(arguments)
        .current_dir(root().join("bench"));
    let run = process::run(&mut command, LIMIT)?;
    if !run.end.success() {
        return Err(format!("{}: {}", run.end.describe(), run.stderr).into());
    }
    // Addresses are looked up here: callgrind knows no names of functions outside of `.text`, where the last order has put them.
    // The command lies at a fixed address, so they are those of its symbols.
    let text = String::from_utf8_lossy(&fs::read(&profile)?).into_owned();
    let addresses = text.lines().filter_map(|line| line.split(' ').next()?.strip_prefix("0x"));
    let addresses = addresses.filter_map(|digits| u64::from_str_radix(digits, 16).ok());
    Ok(addresses.filter_map(|address| functions.at(address)).map(str::to_owned).collect())
}

/// The sections of static data that a run touches, as the linker script matches them: those it may write, the written ones first, and
/// constants. Each in the order in which it is touched.
fn touched(binary: &Path, arguments: &[String]) -> Result<[Vec<String>; 2], Error> {
    let sections = Sections::of(&binary.with_extension("map"))?;
    let trace = scratch("order.trace");
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=lackey", "--trace-mem=yes"])
        .arg(format!("--log-file={}", trace.display()))
        .arg(binary)
        .args(arguments);
    let run = process::run(&mut command, LIMIT)?;
    if !run.end.success() {
        return Err(format!("{}: {}", run.end.describe(), run.stderr).into());
    }
    let (mut written, mut read) = (Vec::new(), Vec::new());
    for line in String::from_utf8_lossy(&fs::read(&trace)?).lines() {
        // A kind of access, an address, and after a comma how many bytes.
        let words: Vec<_> = line.split([' ', ',']).filter(|word| !word.is_empty()).collect();
        let [kind @ ("S" | "M" | "L"), address, _] = *words else { continue };
        let Ok(address) = u64::from_str_radix(address, 16) else { continue };
        if let Some(section) = sections.at(address) {
            if kind == "L" { &mut read } else { &mut written }.push(section);
        }
    }
    let (mut known, mut found) = (BTreeSet::new(), [Vec::new(), Vec::new()]);
    for section in written.into_iter().chain(read) {
        let pattern = match section.split_once("._") {
            Some((kind, symbol)) => format!("{kind}.{}", pattern(&format!("_{symbol}"))),
            None => section.to_owned(),
        };
        if known.insert(pattern.clone()) {
            found[usize::from(section.starts_with(".rodata"))].push(pattern);
        }
    }
    Ok(found)
}

/// The sections of static data that the linker was given: address, size, and name, sorted. It tells them in a map. What has no symbol has one
/// here: constants, under a number that may be another's after a change to their crate.
struct Sections(Vec<(u64, u64, String)>);

impl Sections {
    fn of(map: &Path) -> Result<Self, Error> {
        let text =
            fs::read_to_string(map).map_err(|error| format!("{}: {error}", map.display()))?;
        let mut found = Vec::new();
        for line in text.lines() {
            // Address, address in the file, size, alignment, `FILE:(SECTION)`.
            let words: Vec<_> = line.split_whitespace().collect();
            if let [address, _, size, _, section] = *words
                && let Some((_, section)) = section.split_once(":(")
                && (section.starts_with(".rodata")
                    || section.starts_with(".data.") && !section.starts_with(".data.rel"))
            {
                let number = |digits| u64::from_str_radix(digits, 16);
                let section = section.trim_end_matches(')').to_owned();
                found.push((number(address)?, number(size)?, section));
            }
        }
        found.sort();
        Ok(Self(found))
    }

    fn at(&self, address: u64) -> Option<&str> {
        let behind = self.0.partition_point(|&(start, ..)| start <= address);
        let (start, size, name) = self.0[..behind].last()?;
        (address - start < *size).then_some(name)
    }
}

/// The functions of a binary: their addresses and symbols, sorted.
struct Functions(Vec<(u64, String)>);

impl Functions {
    fn of(binary: &Path) -> Result<Self, Error> {
        let symbols = Command::new("nm").arg(binary).output()?.stdout;
        let mut functions = Vec::new();
        for line in String::from_utf8_lossy(&symbols).lines() {
            if let [address, "t" | "T", name] = *line.split_whitespace().collect::<Vec<_>>() {
                functions.push((u64::from_str_radix(address, 16)?, name.to_owned()));
            }
        }
        functions.sort();
        Ok(Self(functions))
    }

    /// The function whose code `address` is in. Behind the last function lies what no command executes.
    fn at(&self, address: u64) -> Option<&str> {
        let behind = self.0.partition_point(|&(start, _)| start <= address);
        let name = self.0[..behind].last().map(|(_, name)| &**name);
        name.filter(|_| behind < self.0.len())
    }

    /// How many bytes of code each pattern stands for.
    fn sizes(&self) -> BTreeMap<String, u64> {
        let mut sizes = BTreeMap::new();
        for pair in self.0.windows(2) {
            *sizes.entry(pattern(&pair[0].1)).or_default() += pair[1].0 - pair[0].0;
        }
        sizes
    }
}

/// A symbol as the linker script matches it: without what changes from build to build.
fn pattern(symbol: &str) -> String {
    let symbol = symbol.split_once(".llvm.").map_or(symbol, |(name, _)| name);
    if symbol.starts_with("_ZN")
        && let Some((name, _)) = symbol.rsplit_once("17h")
    {
        return format!("{name}17h*");
    }
    if !symbol.starts_with("_R") {
        return symbol.to_owned();
    }
    // Of the second scheme of names, the hashes of crates: `Cs` to the next underscore.
    let mut parts = symbol.split("Cs");
    let first = parts.next().unwrap_or_default().to_owned();
    let rest = parts.map(|part| part.split_once('_').map_or(part, |(_, name)| name));
    iter::once(first).chain(rest.map(|name| format!("Cs*_{name}"))).collect::<String>() + "*"
}

fn script<'a>(
    functions: impl Iterator<Item = &'a String>,
    data: &[String],
    constants: &[String],
) -> String {
    // A short function that lies across two cache lines takes a cycle more, of the ten that a slot for items takes with its call. At 16, which
    // compilers choose, a third of the functions of up to 64 bytes did.
    let mut text = format!(
        "/* The functions that common programs execute, side by side, and the data that starts touch. Written by `cargo xtask order`. */\n\
         SECTIONS {{ .text.hot : SUBALIGN(32) {{\n*(.text.{LOOP}*)\n"
    );
    for pattern in functions {
        // The second is where a function marked cold lies. `.text*.` would match both, and make the linker ten times slower.
        text.push_str(&format!("*(.text.{pattern} .text.unlikely.{pattern})\n"));
    }
    text.push_str("} } INSERT BEFORE .text;\n");
    for (of, patterns) in [("data", data), ("rodata", constants)] {
        text.push_str(&format!("SECTIONS {{ .{of}.hot : {{\n"));
        for pattern in patterns {
            text.push_str(&format!("*({pattern})\n"));
        }
        text.push_str(&format!("}} }} INSERT BEFORE .{of};\n"));
    }
    text
}
