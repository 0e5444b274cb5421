//! `cargo xtask order`: writes `link/order.ld`, the order in which the linker lays out functions.
//!
//! What a program executes then lies together instead of among all that it does not, so that fewer pages are mapped: a start takes fewer
//! page faults, and less of the library is resident. The functions are those that callgrind sees executed when Krait starts, runs the
//! programs of `bench/` at their small sizes, and the single operations. The file names functions without the hash that ends their symbols, so
//! it survives changes; a name that no longer exists does nothing.

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

/// A name with more copies than this is that of a generic function; nothing says which of its copies was executed.
const MANY: usize = 8;

const LIMIT: Duration = Duration::from_secs(1200);

pub fn run(mut args: Args) -> Outcome {
    let choice = Choice::from_args(&mut args)?;
    args.rest()?;
    let binary = choice.path()?;
    let copies = copies(&binary)?;
    let mut known = BTreeSet::new();
    let (mut ordered, mut shared) = (Vec::new(), Vec::new());
    for scenario in scenarios()? {
        eprintln!("{}", scenario.join(" "));
        for name in executed(&binary, &scenario)? {
            let pattern = pattern(&name);
            if pattern.starts_with(LOOP) || !known.insert(pattern.clone()) {
                continue;
            }
            match copies.get(&pattern) {
                Some(&count) if count > MANY => shared.push(pattern),
                Some(_) => ordered.push(pattern),
                None => {}
            }
        }
    }
    let file = root().join("link/order.ld");
    fs::write(&file, script(ordered.iter().chain(&shared)))?;
    println!("{}: {} functions", file.display(), ordered.len() + shared.len());
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
fn executed(binary: &Path, arguments: &[String]) -> Result<BTreeSet<String>, Error> {
    let profile = scratch("order.callgrind");
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--demangle=no"])
        .arg(format!("--callgrind-out-file={}", profile.display()))
        .arg(binary)
        .args(arguments)
        .current_dir(root().join("bench"));
    let run = process::run(&mut command, LIMIT)?;
    if !run.end.success() {
        return Err(format!("{}: {}", run.end.describe(), run.stderr).into());
    }
    let text = String::from_utf8_lossy(&fs::read(&profile)?).into_owned();
    Ok(functions(&text, &binary.to_string_lossy()))
}

/// The functions of `object` in a profile: `ob=(1) PATH` and `fn=(2) NAME` introduce costs, and `cob=`, `cfn=` calls; a name
/// is written once, then its number stands for it.
fn functions(profile: &str, object: &str) -> BTreeSet<String> {
    let (mut objects, mut names) = (BTreeMap::new(), BTreeMap::new());
    let mut found = BTreeSet::new();
    let mut here = false;
    for line in profile.lines() {
        let Some((key, value)) = line.split_once('=') else { continue };
        let (number, name) = value.split_once(' ').unwrap_or((value, ""));
        let known = match key {
            "ob" | "cob" => &mut objects,
            "fn" | "cfn" => &mut names,
            _ => continue,
        };
        if !name.is_empty() {
            known.insert(number, name);
        }
        match key {
            "ob" => here = known.get(number).is_some_and(|&path| path == object),
            // Recursion levels follow behind a quote.
            "fn" if here => {
                found.extend(known.get(number).and_then(|name| name.split('\'').next()))
            }
            _ => {}
        }
    }
    found.into_iter().map(str::to_owned).collect()
}

/// How many functions of `binary` each pattern stands for.
fn copies(binary: &Path) -> Result<BTreeMap<String, usize>, Error> {
    let symbols = Command::new("nm").arg(binary).output()?.stdout;
    let mut copies = BTreeMap::new();
    for line in String::from_utf8_lossy(&symbols).lines() {
        if let [_, "t" | "T", name] = *line.split_whitespace().collect::<Vec<_>>() {
            *copies.entry(pattern(name)).or_default() += 1;
        }
    }
    Ok(copies)
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

fn script<'a>(patterns: impl Iterator<Item = &'a String>) -> String {
    let mut text = format!(
        "/* The functions that common programs execute, side by side. Written by `cargo xtask order`. */\n\
         SECTIONS {{ .text.hot : {{\n*(.text.{LOOP}*)\n"
    );
    for pattern in patterns {
        // The second is where a function marked cold lies. `.text*.` would match both, and make the linker ten times slower.
        text.push_str(&format!("*(.text.{pattern} .text.unlikely.{pattern})\n"));
    }
    text + "} } INSERT BEFORE .text;\n"
}
