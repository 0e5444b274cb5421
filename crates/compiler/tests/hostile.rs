//! Damaged programs and damaged code: whatever the bytes are, the answer is a verdict.
//!
//! The functions under test are those of the fuzz targets in `fuzz/`; the mutator is seeded, so that a failure can
//! be repeated.

#[path = "../../../fuzz/checks.rs"]
mod checks;

use checks::Parts;
use krait_compiler::{Bump, CompileOptions, compile_source};

const CASES: &str = include_str!("golden/cases.txt");

/// A generator of numbers (xorshift).
struct Lots(u64);

impl Lots {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

fn cases() -> Vec<&'static str> {
    CASES.split("----\n").collect()
}

/// The code objects of all cases.
fn codes() -> Vec<Parts> {
    let mut codes = Vec::new();
    for case in cases() {
        let arena = Bump::new();
        if let Ok(compiled) = compile_source(&arena, case, &CompileOptions::default()) {
            checks::each_code(&compiled.code, &mut |code| codes.push(Parts::of(code)));
        }
    }
    codes
}

/// Changes, removes, repeats or swaps a few bytes.
fn damage(lots: &mut Lots, data: &mut Vec<u8>) {
    for _ in 0..=lots.below(3) {
        let at = lots.below(data.len());
        match lots.below(5) {
            _ if data.is_empty() => return,
            0 => data[at] = lots.below(256) as u8,
            1 => data[at] ^= 1 << lots.below(8),
            2 => drop(data.drain(at..(at + lots.below(8)).min(data.len()))),
            3 => {
                let piece = data[at..(at + lots.below(12)).min(data.len())].to_vec();
                let to = lots.below(data.len());
                data.splice(to..to, piece);
            }
            _ => {
                let other = lots.below(data.len());
                data.swap(at, other);
            }
        }
    }
}

#[test]
fn own_code_is_valid() {
    for case in cases() {
        checks::compiled(case.as_bytes());
    }
}

#[test]
fn damaged_text_is_refused_or_compiled() {
    let (cases, mut lots) = (cases(), Lots(7));
    for _ in 0..1_000 {
        let mut text = cases[lots.below(cases.len())].as_bytes().to_vec();
        damage(&mut lots, &mut text);
        checks::tokens(&text);
        checks::compiled(&text);
    }
}

#[test]
fn damaged_code_is_refused_or_stays_within_its_bounds() {
    let (codes, mut lots) = (codes(), Lots(11));
    let (mut tried, mut valid) = (0, 0);
    while tried < 10_000 {
        let mut parts = codes[lots.below(codes.len())].clone();
        match lots.below(8) {
            // An opcode or an argument: most of the damage that stays unseen at first.
            0..=3 => {
                let at = lots.below(parts.code.len());
                parts.code[at] = lots.below(if at % 2 == 0 { 130 } else { 12 }) as u8;
            }
            4 => damage(&mut lots, &mut parts.table),
            5 => damage(&mut lots, &mut parts.kinds),
            6 => damage(&mut lots, &mut parts.code),
            _ => {
                parts.stack_size = parts.stack_size.saturating_sub(lots.below(3) as u32);
                parts.names = parts.names.saturating_sub(lots.below(2));
                parts.consts.truncate(lots.below(parts.consts.len() + 1).max(1));
            }
        }
        let Some(data) = parts.written() else { continue };
        tried += 1;
        checks::verified(&data);
        valid += usize::from(parts.verify().is_ok());
    }
    // Neither everything nor nothing is refused.
    assert!((500..7_500).contains(&valid), "{valid} of {tried} are valid");
}
