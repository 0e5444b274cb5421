//! How deep each construct may nest, compared with what the reference was recorded to allow. `record.py` makes
//! `limits.txt` from `nesting.txt`, whose lines are: the mode; what stands before, what opens a level, the middle,
//! what closes a level, what stands behind.

use bumpalo::Bump;
use krait_syntax::{Mode, ParseOptions, parse};

const NESTING: &str = include_str!("data/nesting.txt");
const LIMITS: &str = include_str!("data/limits.txt");

/// Stands for as many spaces as there are levels around it.
const INDENT: char = '\u{21E5}';

/// More than debug builds need for what the reference accepts.
const STACK: usize = 64 << 20;

fn unescape(text: &str) -> String {
    text.replace("\\n", "\n").replace("\\\\", "\\")
}

fn nest(parts: &[String], times: usize) -> String {
    let [before, open, middle, close, after] = parts else { panic!("five parts: {parts:?}") };
    let at = |part: &str, level| part.replace(INDENT, &" ".repeat(level));
    let mut text = before.clone();
    text.extend((0..times).map(|level| at(open, level)));
    text.push_str(&at(middle, times));
    text.extend((0..times).rev().map(|level| at(close, level)));
    text + after
}

fn outcome(mode: Mode, text: &str) -> String {
    let arena = Bump::new();
    let options = ParseOptions { mode, stack_budget: STACK - (1 << 20), ..Default::default() };
    let Err(error) = parse(&arena, text, &options) else { return "ok".to_owned() };
    format!(
        "{:?}\t{}\t{}\t{}\t{}\t{}",
        error.kind, error.lineno, error.offset, error.end_lineno, error.end_offset, error.message
    )
}

/// What differs from the recording, a line each.
fn differences() -> Vec<String> {
    assert_eq!(NESTING.lines().count(), LIMITS.lines().count());
    let mut found = Vec::new();
    for (construct, recorded) in NESTING.lines().zip(LIMITS.lines()) {
        let (mode, parts) = construct.split_once('\t').expect("a mode");
        let mode = if mode == "eval" { Mode::Eval } else { Mode::Exec };
        let parts: Vec<String> = parts.split('\t').map(unescape).collect();
        let (limit, recorded) = recorded.split_once('\t').expect("a limit");
        let limit: usize = limit.parse().expect("a number");
        let within = outcome(mode, &nest(&parts, limit));
        let beyond = match recorded.ends_with("\t-") {
            true => "-".to_owned(),
            false => outcome(mode, &nest(&parts, limit + 1)),
        };
        if format!("{within}\t{beyond}") != recorded {
            found.push(format!("{construct}\n  {limit}: {recorded}\n  here: {within}\t{beyond}"));
        }
    }
    found
}

#[test]
fn constructs_nest_as_deep_as_in_the_reference() {
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(differences);
    let found = thread.expect("a thread").join().expect("no overflow");
    assert!(found.is_empty(), "{} differ:\n{}", found.len(), found.join("\n"));
}
