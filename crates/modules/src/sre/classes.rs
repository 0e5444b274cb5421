//! What single characters match: categories, sets, and case.

use krait_objects::unicode::{self, case};

/// The operators of compiled patterns, as `re._constants` numbers them.
pub mod op {
    macro_rules! number {
        ($($name:ident)*) => { number!(@ 0u32, $($name)*); };
        (@ $at:expr, $name:ident $($rest:ident)*) => {
            #[allow(dead_code, reason = "the table is whole; not every operation is told apart by name")]
            pub const $name: u32 = $at;
            number!(@ $at + 1, $($rest)*);
        };
        (@ $at:expr,) => {};
    }
    number! {
        FAILURE SUCCESS ANY ANY_ALL ASSERT ASSERT_NOT AT BRANCH CATEGORY CHARSET BIGCHARSET GROUPREF
        GROUPREF_EXISTS IN INFO JUMP LITERAL MARK MAX_UNTIL MIN_UNTIL NOT_LITERAL NEGATE RANGE REPEAT
        REPEAT_ONE SUBPATTERN MIN_REPEAT_ONE ATOMIC_GROUP POSSESSIVE_REPEAT POSSESSIVE_REPEAT_ONE
        GROUPREF_IGNORE IN_IGNORE LITERAL_IGNORE NOT_LITERAL_IGNORE
        GROUPREF_LOC_IGNORE IN_LOC_IGNORE LITERAL_LOC_IGNORE NOT_LITERAL_LOC_IGNORE
        GROUPREF_UNI_IGNORE IN_UNI_IGNORE LITERAL_UNI_IGNORE NOT_LITERAL_UNI_IGNORE RANGE_UNI_IGNORE
    }
}

pub fn lower_ascii(c: u32) -> u32 {
    if (u32::from(b'A')..=u32::from(b'Z')).contains(&c) { c + 32 } else { c }
}

pub fn lower_unicode(c: u32) -> u32 {
    case::simple_lower(c)
}

pub fn lower_locale(c: u32) -> u32 {
    // SAFETY: `tolower` takes the values of `unsigned char`.
    if c < 256 { unsafe { libc::tolower(c as i32) as u32 } } else { c }
}

pub fn upper_locale(c: u32) -> u32 {
    // SAFETY: as for `tolower`.
    if c < 256 { unsafe { libc::toupper(c as i32) as u32 } } else { c }
}

/// Whether a literal of a locale's pattern stands for `c`.
pub fn literal_locale(literal: u32, c: u32) -> bool {
    c == literal || lower_locale(c) == literal || upper_locale(c) == literal
}

fn ascii(c: u32) -> u8 {
    if c < 128 { c as u8 } else { 0 }
}

pub fn is_word(c: u32) -> bool {
    ascii(c).is_ascii_alphanumeric() || c == u32::from(b'_')
}

pub fn is_word_locale(c: u32) -> bool {
    // SAFETY: `isalnum` takes the values of `unsigned char`.
    c == u32::from(b'_') || (c < 256 && unsafe { libc::isalnum(c as i32) } != 0)
}

pub fn is_word_unicode(c: u32) -> bool {
    if c < 128 { is_word(c) } else { unicode::is_alphanumeric(c) }
}

pub fn category(number: u32, c: u32) -> bool {
    let space = |c: u32| matches!(c, 9..=13 | 32);
    match number {
        0 => ascii(c).is_ascii_digit(),
        1 => !ascii(c).is_ascii_digit(),
        2 => space(c),
        3 => !space(c),
        4 => is_word(c),
        5 => !is_word(c),
        6 => c == 10,
        7 => c != 10,
        8 => is_word_locale(c),
        9 => !is_word_locale(c),
        10 => unicode::to_decimal(c).is_some(),
        11 => unicode::to_decimal(c).is_none(),
        12 => unicode::is_space(c),
        13 => !unicode::is_space(c),
        14 => is_word_unicode(c),
        15 => !is_word_unicode(c),
        16 => unicode::is_line_break(c),
        17 => !unicode::is_line_break(c),
        _ => false,
    }
}

/// Whether a category of the locale is in the set.
pub fn depends_on_locale(set: &[u32]) -> bool {
    let mut rest = set;
    loop {
        rest = match *rest {
            [op::CATEGORY, 8 | 9, ..] => return true,
            [op::NEGATE, ref after @ ..]
            | [op::LITERAL | op::CATEGORY, _, ref after @ ..]
            | [op::RANGE | op::RANGE_UNI_IGNORE, _, _, ref after @ ..] => after,
            [op::CHARSET, ref after @ ..] => after.get(8..).unwrap_or(&[]),
            [op::BIGCHARSET, count, ref after @ ..] => {
                after.get(64 + count as usize * 8..).unwrap_or(&[])
            }
            _ => return false,
        }
    }
}

/// Whether the set that begins at `set` has `c`.
#[inline(always)]
pub fn in_set(set: &[u32], c: u32) -> bool {
    // Most sets are a bitmap of Latin-1, or begin with one.
    if let [op::CHARSET, bits @ ..] = set
        && let Some(word) = bits.get(c as usize / 32).filter(|_| c < 256)
        && word >> (c % 32) & 1 != 0
    {
        return true;
    }
    in_any_set(set, c)
}

fn in_any_set(set: &[u32], c: u32) -> bool {
    let mut rest = set;
    let mut found = true;
    loop {
        match *rest {
            [op::NEGATE, ref after @ ..] => {
                found = !found;
                rest = after;
            }
            [op::LITERAL, literal, ref after @ ..] => {
                if c == literal {
                    return found;
                }
                rest = after;
            }
            [op::RANGE, low, high, ref after @ ..] => {
                if low <= c && c <= high {
                    return found;
                }
                rest = after;
            }
            [op::RANGE_UNI_IGNORE, low, high, ref after @ ..] => {
                let upper = case::simple_upper(c);
                if (low <= c && c <= high) || (low <= upper && upper <= high) {
                    return found;
                }
                rest = after;
            }
            [op::CATEGORY, number, ref after @ ..] => {
                if category(number, c) {
                    return found;
                }
                rest = after;
            }
            [op::CHARSET, ref after @ ..] if after.len() >= 8 => {
                if c < 256 && after[c as usize / 32] >> (c % 32) & 1 != 0 {
                    return found;
                }
                rest = &after[8..];
            }
            [op::BIGCHARSET, count, ref after @ ..] if after.len() >= 64 => {
                let (index, bits) = after.split_at(64);
                if c < 0x1_0000 {
                    let at = (c >> 8) as usize;
                    let block = (index[at / 4] >> (8 * (at % 4)) & 0xff) as usize;
                    let word = bits.get(block * 8 + (c as usize & 0xff) / 32);
                    if word.is_some_and(|word| word >> (c % 32) & 1 != 0) {
                        return found;
                    }
                }
                rest = bits.get(count as usize * 8..).unwrap_or(&[]);
            }
            _ => return !found,
        }
    }
}
