//! What callgrind saw a program do at each address of its binary (`--dump-instr=yes --collect-jumps=yes`).

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use super::Error;

/// Counts by address, of one object, added up over as many runs as were read.
#[derive(Default)]
pub struct Profile {
    pub executed: HashMap<u64, u64>,
    /// How often a conditional jump was taken.
    pub taken: HashMap<u64, u64>,
    /// Calls that begin at an address, and the instructions executed until they returned. A jump to another function is one for callgrind.
    pub called: HashMap<u64, (u64, u64)>,
}

/// What the next line with a position is about.
enum Next {
    Cost,
    Call(u64),
    Taken(u64),
}

impl Profile {
    /// Adds the file that a run has left; `object` is the binary's path.
    pub fn add(&mut self, file: &Path, object: &str) -> Result<(), Error> {
        let text = String::from_utf8_lossy(&fs::read(file)?).into_owned();
        let mut objects = HashMap::new();
        let (mut here, mut address, mut next) = (false, 0, Next::Cost);
        for line in text.lines() {
            if let Some((key, value)) = line.split_once('=') {
                let (number, name) = value.split_once(' ').unwrap_or((value, ""));
                match key {
                    "ob" | "cob" => {
                        if !name.is_empty() {
                            objects.insert(number, name);
                        }
                        if key == "ob" {
                            // Valgrind knows the object by one section of code; ours has two.
                            here = objects
                                .get(number)
                                .is_some_and(|&path| path == object || path == "???");
                        }
                    }
                    "calls" => next = Next::Call(number.parse()?),
                    "jcnd" => next = Next::Taken(number.split('/').next().unwrap_or("").parse()?),
                    "jump" => next = Next::Taken(0),
                    _ => {}
                }
                continue;
            }
            let mut words = line.split(' ');
            let Some(at) = words.next().and_then(|word| position(word, address)) else { continue };
            address = at;
            let cost: u64 = words.nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
            match std::mem::replace(&mut next, Next::Cost) {
                _ if !here => {}
                Next::Cost => *self.executed.entry(at).or_default() += cost,
                Next::Taken(times) => *self.taken.entry(at).or_default() += times,
                Next::Call(times) => {
                    let sum = self.called.entry(at).or_default();
                    *sum = (sum.0 + times, sum.1 + cost);
                }
            }
        }
        Ok(())
    }
}

/// An address, or the distance to the last one; anything else is the header.
fn position(word: &str, last: u64) -> Option<u64> {
    match word.as_bytes().first()? {
        b'*' => Some(last),
        b'+' => Some(last.wrapping_add(word[1..].parse().ok()?)),
        b'-' => Some(last.wrapping_sub(word[1..].parse().ok()?)),
        _ => u64::from_str_radix(word.strip_prefix("0x")?, 16).ok(),
    }
}
