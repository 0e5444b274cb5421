//! The four normal forms of text, by the algorithms of Unicode Standard Annex 15.
//!
//! The same job in CPython: `nfd_nfkd`, `nfc_nfkc` and the quick check in `Modules/unicodedata.c`.

use crate::database::{self, Version};

/// A normal form: composed or not, compatibility characters replaced or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Nfc,
    Nfkc,
    Nfd,
    Nfkd,
}

impl Form {
    /// The form of that name, such as `NFKC`.
    pub fn named(name: &str) -> Option<Form> {
        match name {
            "NFC" => Some(Form::Nfc),
            "NFKC" => Some(Form::Nfkc),
            "NFD" => Some(Form::Nfd),
            "NFKD" => Some(Form::Nfkd),
            _ => None,
        }
    }

    fn composes(self) -> bool {
        matches!(self, Form::Nfc | Form::Nfkc)
    }

    fn is_compatible(self) -> bool {
        matches!(self, Form::Nfkc | Form::Nfkd)
    }

    /// What is below this is in every text of the form, and changes nothing before it.
    fn first_of_interest(self) -> u32 {
        match self {
            Form::Nfc => 0x300,
            Form::Nfd => 0xC0,
            Form::Nfkc | Form::Nfkd => 0xA0,
        }
    }
}

/// What a look at each character for itself can say about a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Yes,
    No,
    /// A character may compose with one before it.
    Maybe,
}

/// Whether a text is in a normal form, if that can be told without normalising it.
pub fn quick_check(form: Form, text: impl IntoIterator<Item = u32>) -> Answer {
    let (mut answer, mut last) = (Answer::Yes, 0);
    for c in text {
        if c < form.first_of_interest() {
            last = 0;
            continue;
        }
        let class = database::combining(Version::Current, c);
        if class != 0 && class < last {
            return Answer::No;
        }
        last = class;
        match database::quick_checks(c) >> (2 * form as u8) & 3 {
            0 => {}
            2 => answer = Answer::Maybe,
            _ => return Answer::No,
        }
    }
    answer
}

/// Whether a text is in a normal form.
pub fn is_normalized<I>(version: Version, form: Form, text: I) -> bool
where
    I: IntoIterator<Item = u32> + Clone,
{
    if version == Version::Current {
        match quick_check(form, text.clone()) {
            Answer::Yes => return true,
            Answer::No => return false,
            Answer::Maybe => {}
        }
    }
    normalize(version, form, text.clone()).into_iter().eq(text)
}

/// A text in a normal form.
pub fn normalize(version: Version, form: Form, text: impl IntoIterator<Item = u32>) -> Vec<u32> {
    let text = text.into_iter();
    let mut out = Vec::with_capacity(text.size_hint().0);
    for c in text {
        decompose(version, form, c, &mut out);
    }
    reorder(&mut out);
    if form.composes() {
        compose(&mut out);
    }
    out
}

/// Appends what `c` is made of, down to what is not made of anything.
fn decompose(version: Version, form: Form, c: u32, out: &mut Vec<u32>) {
    if c < 0xA0 {
        return out.push(c);
    }
    if let Some(jamo) = hangul(c) {
        return out.extend(jamo);
    }
    if version == Version::Old {
        if let Some(wrong) = database::uncorrected(c) {
            return out.push(wrong);
        }
        if !database::is_assigned(version, c) {
            return out.push(c);
        }
    }
    match database::mapping(c) {
        Some(mapping) if mapping.tag.is_empty() || form.is_compatible() => {
            for &part in mapping.parts {
                decompose(version, form, part, out);
            }
        }
        _ => out.push(c),
    }
}

fn class(c: u32) -> u8 {
    if c < 0x300 { 0 } else { database::combining(Version::Current, c) }
}

/// Sorts each run of combining characters by class, those of one class in their order.
fn reorder(text: &mut [u32]) {
    let mut at = 0;
    while at < text.len() {
        let run = text[at..].iter().take_while(|&&c| class(c) != 0).count();
        text[at..at + run].sort_by_key(|&c| class(c));
        at += run + 1;
    }
}

/// Replaces pairs by the characters that they compose to.
fn compose(text: &mut Vec<u32>) {
    // Where the last character of class 0 was written, and the class of what was written last.
    let (mut starter, mut last) = (None, 0);
    let mut len = 0;
    for at in 0..text.len() {
        let c = text[at];
        let own = class(c);
        if let Some(starter) = starter
            && (last < own || starter + 1 == len)
            && let Some(both) = composed(text[starter], c)
        {
            text[starter] = both;
            continue;
        }
        if own == 0 {
            starter = Some(len);
        }
        last = own;
        text[len] = c;
        len += 1;
    }
    text.truncate(len);
}

fn composed(first: u32, second: u32) -> Option<u32> {
    if second < 0x300 {
        return None;
    }
    compose_hangul(first, second).or_else(|| database::composed(first, second))
}

// Hangul syllables are a product of leading consonants, vowels and trailing consonants, whose
// numbers tell the syllable's.
const SYLLABLES: u32 = 0xAC00;
const LEADING: u32 = 0x1100;
const VOWELS: u32 = 0x1161;
/// The number before the first trailing consonant: it stands for none.
const TRAILING: u32 = 0x11A7;
const LEADING_COUNT: u32 = 19;
const VOWEL_COUNT: u32 = 21;
const TRAILING_COUNT: u32 = 28;

/// The two or three letters of a Hangul syllable.
pub(crate) fn hangul(c: u32) -> Option<impl Iterator<Item = u32>> {
    let number = c.checked_sub(SYLLABLES)?;
    if number >= LEADING_COUNT * VOWEL_COUNT * TRAILING_COUNT {
        return None;
    }
    let trailing = number % TRAILING_COUNT;
    let pair = number / TRAILING_COUNT;
    let letters = [LEADING + pair / VOWEL_COUNT, VOWELS + pair % VOWEL_COUNT, TRAILING + trailing];
    Some(letters.into_iter().take(if trailing == 0 { 2 } else { 3 }))
}

fn compose_hangul(first: u32, second: u32) -> Option<u32> {
    let leading = first.wrapping_sub(LEADING);
    let vowel = second.wrapping_sub(VOWELS);
    if leading < LEADING_COUNT && vowel < VOWEL_COUNT {
        return Some(SYLLABLES + (leading * VOWEL_COUNT + vowel) * TRAILING_COUNT);
    }
    let syllable = first.wrapping_sub(SYLLABLES);
    let trailing = second.wrapping_sub(TRAILING);
    let is_open = syllable < LEADING_COUNT * VOWEL_COUNT * TRAILING_COUNT
        && syllable.is_multiple_of(TRAILING_COUNT);
    (is_open && (1..TRAILING_COUNT).contains(&trailing)).then(|| first + trailing)
}
