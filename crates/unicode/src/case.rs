//! Case mappings, to one code point and to several.
//! The same job in CPython: `_PyUnicode_ToLowerFull` and its relatives in `Objects/unicodectype.c`.

use crate::tables::{MANY, MAPPINGS};
use crate::{Record, is_case_ignorable, is_cased, record};

const CAPITAL_SIGMA: u32 = 0x3A3;
const FINAL_SIGMA: u32 = 0x3C2;

/// What one code point becomes: one to three others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mapped {
    chars: [u32; 3],
    len: u8,
}

impl Mapped {
    /// A code point that stays as it is.
    pub fn same(c: u32) -> Self {
        Mapped::one(c)
    }

    #[inline]
    fn one(c: u32) -> Self {
        Mapped { chars: [c, 0, 0], len: 1 }
    }

    #[inline]
    pub fn as_slice(&self) -> &[u32] {
        &self.chars[..usize::from(self.len)]
    }
}

#[derive(Clone, Copy)]
enum Case {
    Lower,
    Upper,
    Title,
    Fold,
}

/// The mappings of a code point that has one to several.
#[cold]
fn several(c: u32) -> Option<&'static [&'static [u32]; 4]> {
    let at = MAPPINGS.binary_search_by_key(&c, |&(code, _)| code).ok()?;
    Some(&MAPPINGS[at].1)
}

#[inline]
fn map(c: u32, case: Case, delta: impl Fn(&Record) -> i32) -> Mapped {
    let record = record(c);
    if record.flags & MANY != 0
        && let Some(mappings) = several(c)
    {
        let to = mappings[case as usize];
        let mut chars = [0; 3];
        chars[..to.len()].copy_from_slice(to);
        return Mapped { chars, len: to.len() as u8 };
    }
    Mapped::one(c.wrapping_add_signed(delta(record)))
}

/// The full lower-case mapping, without regard to the context of a sigma.
#[inline]
pub fn lower(c: u32) -> Mapped {
    map(c, Case::Lower, |r| r.lower)
}

/// The full upper-case mapping.
#[inline]
pub fn upper(c: u32) -> Mapped {
    map(c, Case::Upper, |r| r.upper)
}

/// The full title-case mapping.
#[inline]
pub fn title(c: u32) -> Mapped {
    map(c, Case::Title, |r| r.title)
}

/// The full case folding, as for `str.casefold`.
#[inline]
pub fn fold(c: u32) -> Mapped {
    map(c, Case::Fold, |r| r.fold)
}

/// The lower-case mapping to one code point: what `re.IGNORECASE` compares.
#[inline]
pub fn simple_lower(c: u32) -> u32 {
    c.wrapping_add_signed(record(c).lower)
}

/// The upper-case mapping to one code point.
#[inline]
pub fn simple_upper(c: u32) -> u32 {
    c.wrapping_add_signed(record(c).upper)
}

/// The title-case mapping to one code point.
#[inline]
pub fn simple_title(c: u32) -> u32 {
    c.wrapping_add_signed(record(c).title)
}

/// Whether a capital sigma becomes the final form: a cased character goes before it and none
/// follows, when case-ignorable ones are passed over. `before` yields what precedes the sigma,
/// nearest first; `after` what follows it.
pub fn is_final_sigma(
    before: impl IntoIterator<Item = u32>,
    after: impl IntoIterator<Item = u32>,
) -> bool {
    let cased = |found: Option<u32>| found.is_some_and(is_cased);
    cased(before.into_iter().find(|&c| !is_case_ignorable(c)))
        && !cased(after.into_iter().find(|&c| !is_case_ignorable(c)))
}

/// The lower case of the character at `at` of a text, which [`is_final_sigma`] decides for a sigma.
pub fn lower_in_context<T: Copy + Into<u32>>(text: &[T], at: usize) -> Mapped {
    let c = text[at].into();
    if c != CAPITAL_SIGMA {
        return lower(c);
    }
    let before = text[..at].iter().rev().map(|&c| c.into());
    let after = text[at + 1..].iter().map(|&c| c.into());
    if is_final_sigma(before, after) { Mapped::one(FINAL_SIGMA) } else { lower(c) }
}
