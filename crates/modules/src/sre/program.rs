//! Compiled code, with what is known of it before it runs: the characters that a match can begin with.

use std::cell::OnceCell;

use super::classes::{category, depends_on_locale, in_set, lower_ascii, lower_unicode, op};

/// The code of a pattern.
pub struct Program {
    pub code: Box<[u32]>,
    /// Which characters of Latin-1 the set at a place of the code has, once that was asked.
    sets: Box<[OnceCell<Box<Latin1>>]>,
    pub first: First,
    /// No match is shorter.
    pub least: usize,
    /// It begins with what holds at the text's beginning only.
    pub is_anchored: bool,
}

/// A bit for each character of Latin-1.
pub struct Latin1 {
    bits: [u32; 8],
    /// What depends on the locale must be asked each time.
    is_fixed: bool,
}

impl Latin1 {
    fn of(set: &[u32]) -> Latin1 {
        let mut latin = Latin1 { bits: [0; 8], is_fixed: !depends_on_locale(set) };
        if latin.is_fixed {
            for c in 0..256u32 {
                latin.bits[c as usize / 32] |= u32::from(in_set(set, c)) << (c % 32);
            }
        }
        latin
    }

    #[inline(always)]
    fn has(&self, c: u32) -> bool {
        self.bits[c as usize / 32 % 8] >> (c % 32) & 1 != 0
    }
}

/// A set of the code, with what is known of it.
#[derive(Clone, Copy)]
pub struct Set<'a> {
    known: &'a Latin1,
    code: &'a [u32],
}

impl Set<'_> {
    #[inline(always)]
    pub fn has(self, c: u32) -> bool {
        if c < 256 && self.known.is_fixed { self.known.has(c) } else { in_set(self.code, c) }
    }
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
        let sets = std::iter::repeat_with(OnceCell::new).take(code.len()).collect();
        Program { code: code.into(), sets, first, least, is_anchored }
    }

    /// The set of the operator at `pc`.
    #[inline(always)]
    pub fn set(&self, pc: usize) -> Set<'_> {
        let code = self.code.get(pc + 2..).unwrap_or(&[]);
        let known = match self.sets.get(pc) {
            Some(known) => known.get_or_init(|| Box::new(Latin1::of(code))),
            None => &UNKNOWN,
        };
        Set { known, code }
    }
}

static UNKNOWN: Latin1 = Latin1 { bits: [0; 8], is_fixed: false };

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
