//! Compares what the shared library exports with the reference's list: each symbol with its kind, data with its size.
//!
//! `capi-tests/exports.tsv` is the dynamic symbol table of CPython 3.14.8's library. Symbols that exist for the sake of
//! linking only are listed in `docs/internals/absent.md`.
#![cfg(target_os = "linux")]

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

mod support;

use support::{library, root};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Symbol {
    is_data: bool,
    size: u64,
}

fn number(bytes: &[u8], at: usize, size: usize) -> u64 {
    let mut word = [0; 8];
    word[..size].copy_from_slice(&bytes[at..at + size]);
    u64::from_le_bytes(word)
}

/// The symbols that a 64-bit ELF file defines for others.
fn exported(path: &Path) -> HashMap<String, Symbol> {
    const DYNAMIC_SYMBOLS: u64 = 11;
    const ENTRY: usize = 24;
    const IS_OBJECT: u64 = 1;
    let bytes = std::fs::read(path).expect("the library is built");
    let (table, entry_size, count) = (
        number(&bytes, 40, 8) as usize,
        number(&bytes, 58, 2) as usize,
        number(&bytes, 60, 2) as usize,
    );
    let section = |at: usize| table + at * entry_size;
    let symbols = (0..count)
        .map(section)
        .find(|at| number(&bytes, at + 4, 4) == DYNAMIC_SYMBOLS)
        .expect("a table of dynamic symbols");
    let (start, size) =
        (number(&bytes, symbols + 24, 8) as usize, number(&bytes, symbols + 32, 8) as usize);
    let names = section(number(&bytes, symbols + 40, 4) as usize);
    let names = number(&bytes, names + 24, 8) as usize;
    let mut found = HashMap::new();
    for at in (start..start + size).step_by(ENTRY) {
        if number(&bytes, at + 6, 2) == 0 {
            continue;
        }
        let name = &bytes[names + number(&bytes, at, 4) as usize..];
        let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
        let symbol = Symbol {
            is_data: number(&bytes, at + 4, 1) & 0xf == IS_OBJECT,
            size: number(&bytes, at + 16, 8),
        };
        found.insert(String::from_utf8_lossy(name).into_owned(), symbol);
    }
    found
}

#[test]
fn every_symbol_of_the_reference_is_there() {
    let ours = exported(library());
    let list = std::fs::read_to_string(root().join("capi-tests/exports.tsv")).expect("the list");
    let mut wrong = Vec::new();
    for line in list.lines().skip(1) {
        let mut columns = line.split('\t');
        let mut column = || columns.next().unwrap_or_default();
        let (name, kind, size) = (column(), column(), column());
        match ours.get(name) {
            None => wrong.push(format!("{name} is missing")),
            Some(_) if kind == "notype" => {}
            Some(symbol) if symbol.is_data != (kind == "data") => {
                wrong.push(format!("{name} is not {kind}"));
            }
            Some(symbol) if symbol.is_data && symbol.size.to_string() != size => {
                wrong.push(format!("{name} has {} bytes, not {size}", symbol.size));
            }
            Some(_) => {}
        }
    }
    assert!(wrong.is_empty(), "{} symbols differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// The names in backquotes of the lines that `keep` wants.
fn quoted(text: &str, keep: impl Fn(&str) -> bool) -> BTreeSet<&str> {
    let lines = text.lines().filter(|line| keep(line));
    let parts = lines.flat_map(|line| line.split('`').skip(1).step_by(2));
    parts.filter(|name| name.starts_with("Py") || name.starts_with("_Py")).collect()
}

#[test]
fn absent_functions_are_listed() {
    let read =
        |path: &str| std::fs::read_to_string(root().join(path)).expect("a file of the repository");
    let (page, code) =
        (read("docs/internals/absent.md"), read("crates/capi/src/internal/absent.rs"));
    let listed = quoted(&page, |line| line.starts_with("| "));
    let table = code.split("absent! {").nth(1).and_then(|rest| rest.split("\n}\n").next());
    let mut there: BTreeSet<&str> = table
        .unwrap_or_default()
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|name| name.starts_with("Py") || name.starts_with("_Py"))
        .collect();
    there.insert("_PyInterpreterState_New");
    assert_eq!(there, listed);
}
