//! Compiled code, with what is known of it before it runs: the characters that a match can begin with.

use super::classes::{category, in_set, lower_ascii, lower_unicode, op};

/// The code of a pattern.
pub struct Program {
    pub code: Box<[u32]>,
    pub first: First,
    /// No match is shorter.
    pub least: usize,
    /// It begins with what holds at the text's beginning only.
    pub is_anchored: bool,
}

/// What a match begins with.
pub enum First {
    /// Anything, or it may be empty.
    Unknown,
    /// This character.
    One(u32),
    /// One of these of Latin-1, or any above.
    Among(Box<[bool; 256]>),
}

impl Program {
    pub fn new(code: Vec<u32>) -> Program {
        let op = |at: usize| code.get(at).copied().unwrap_or(op::FAILURE);
        let has_info = op(0) == op::INFO;
        let body = if has_info { 1 + op(1) as usize } else { 0 };
        let least = if has_info { op(3) as usize } else { 0 };
        let is_anchored = op(body) == op::AT && matches!(op(body + 1), 0 | 2);
        let mut set = Box::new([false; 256]);
        let first = match gather(&code, body, &mut set, 0) {
            // A prefix that is known is sharper than the set, which has nothing to say about other characters.
            _ if has_info && op(2) & 1 != 0 => First::One(op(7)),
            true => First::Among(set),
            false => First::Unknown,
        };
        Program { code: code.into(), first, least, is_anchored }
    }
}

/// How many alternatives within each other are looked into.
const DEEP: usize = 8;

/// Adds the characters of Latin-1 that a match from `pc` on can begin with; false if that is not known.
fn gather(code: &[u32], mut pc: usize, set: &mut [bool; 256], depth: usize) -> bool {
    let op = |at: usize| code.get(at).copied().unwrap_or(op::FAILURE);
    let skip = |at: usize| at + 1 + op(at + 1) as usize;
    if depth > DEEP {
        return false;
    }
    loop {
        pc = match op(pc) {
            op::MARK | op::AT | op::ATOMIC_GROUP => pc + 2,
            op::JUMP | op::ASSERT | op::ASSERT_NOT => skip(pc),
            op::REPEAT_ONE
            | op::MIN_REPEAT_ONE
            | op::POSSESSIVE_REPEAT_ONE
            | op::REPEAT
            | op::POSSESSIVE_REPEAT
                if op(pc + 2) > 0 =>
            {
                pc + 4
            }
            op::BRANCH => {
                let mut at = pc + 1;
                while op(at) != 0 {
                    if !gather(code, at + 1, set, depth + 1) {
                        return false;
                    }
                    at += op(at) as usize;
                }
                return true;
            }
            _ => return gather_single(code, pc, set),
        };
    }
}

fn gather_single(code: &[u32], pc: usize, set: &mut [bool; 256]) -> bool {
    let kind = code.get(pc).copied().unwrap_or(op::FAILURE);
    let operand = code.get(pc + 1).copied().unwrap_or(0);
    let fits = |c: u32| -> Option<bool> {
        let within = |c: u32| code.get(pc + 2..).map(|set| in_set(set, c));
        Some(match kind {
            op::LITERAL => c == operand,
            op::NOT_LITERAL => c != operand,
            op::ANY => c != 10,
            op::ANY_ALL => true,
            op::IN => within(c)?,
            op::CATEGORY => category(operand, c),
            op::LITERAL_IGNORE => lower_ascii(c) == operand,
            op::NOT_LITERAL_IGNORE => lower_ascii(c) != operand,
            op::LITERAL_UNI_IGNORE => lower_unicode(c) == operand,
            op::NOT_LITERAL_UNI_IGNORE => lower_unicode(c) != operand,
            op::IN_IGNORE => within(lower_ascii(c))?,
            op::IN_UNI_IGNORE => within(lower_unicode(c))?,
            // What depends on the locale is not known beforehand.
            _ => return None,
        })
    };
    for (c, place) in set.iter_mut().enumerate() {
        match fits(c as u32) {
            Some(fits) => *place |= fits,
            None => return false,
        }
    }
    true
}
