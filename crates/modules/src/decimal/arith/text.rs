//! Numbers as text, and back.

use super::limbs::{Coef, WIDTH};
use super::number::{Kind, Num};
use super::round::{Context, MAX_EMAX, signal};

/// The digits of a coefficient.
pub fn push_digits(out: &mut Vec<u8>, coef: &Coef) {
    let limbs = coef.limbs();
    let Some((&top, rest)) = limbs.split_last() else {
        return out.push(b'0');
    };
    push_limb(out, top, super::limbs::word_digits(top));
    for &limb in rest.iter().rev() {
        push_limb(out, limb, WIDTH);
    }
}

/// Two digits at a time.
static PAIRS: [[u8; 2]; 100] = {
    let mut table = [[0; 2]; 100];
    let mut at = 0;
    while at < 100 {
        table[at] = [b'0' + (at / 10) as u8, b'0' + (at % 10) as u8];
        at += 1;
    }
    table
};

fn push_limb(out: &mut Vec<u8>, mut limb: u64, digits: usize) {
    let mut text = [b'0'; WIDTH + 1];
    let mut at = text.len();
    while limb >= 100 {
        at -= 2;
        text[at..at + 2].copy_from_slice(&PAIRS[(limb % 100) as usize]);
        limb /= 100;
    }
    text[at - 2..at].copy_from_slice(&PAIRS[limb as usize]);
    out.extend_from_slice(&text[text.len() - digits..]);
}

fn push_number(out: &mut Vec<u8>, value: i64) {
    out.push(if value < 0 { b'-' } else { b'+' });
    push_digits(out, &Coef::from_u64(value.unsigned_abs()));
}

/// The words for what is not finite.
fn push_special(out: &mut Vec<u8>, number: &Num) {
    let word = match number.kind {
        Kind::Infinite => "Infinity",
        Kind::Quiet => "NaN",
        _ => "sNaN",
    };
    out.extend_from_slice(word.as_bytes());
    if number.is_nan() && !number.coef.is_zero() {
        push_digits(out, &number.coef);
    }
}

/// Scientific notation; of engineering notation exponents are multiples of three.
pub fn to_text(number: &Num, capitals: bool, engineering: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(48);
    if number.negative {
        out.push(b'-');
    }
    if !number.is_finite() {
        push_special(&mut out, number);
        return out;
    }
    let start = out.len();
    push_digits(&mut out, &number.coef);
    let digits = (out.len() - start) as i64;
    let left = number.exp + digits;
    let point = if number.exp <= 0 && left > -6 {
        left
    } else if !engineering {
        1
    } else if number.coef.is_zero() {
        (left + 1).rem_euclid(3) - 1
    } else {
        (left - 1).rem_euclid(3) + 1
    };
    place_point(&mut out, start, point, digits);
    if left != point {
        out.push(if capitals { b'E' } else { b'e' });
        push_number(&mut out, left - point);
    }
    out
}

/// Puts the point behind so many of the digits from `start` on, with zeros where there are none.
fn place_point(out: &mut Vec<u8>, start: usize, point: i64, digits: i64) {
    if point <= 0 {
        let zeros = point.unsigned_abs() as usize;
        let lead = std::iter::once(b'0').chain(std::iter::once(b'.'));
        out.splice(start..start, lead.chain(std::iter::repeat_n(b'0', zeros)));
    } else if point >= digits {
        out.extend(std::iter::repeat_n(b'0', (point - digits) as usize));
    } else {
        out.insert(start + point as usize, b'.');
    }
}

/// The value of digits, or nothing if there is no memory for it.
pub fn coef_of_digits(digits: &[u8]) -> Option<Coef> {
    let zeros = digits.iter().take_while(|&&digit| digit == b'0').count();
    let digits = &digits[zeros..];
    let word = |part: &[u8]| part.iter().fold(0, |sum, &digit| sum * 10 + u64::from(digit - b'0'));
    if digits.len() <= WIDTH {
        return Some(Coef::Small([word(digits), 0]));
    }
    if digits.len() <= 2 * WIDTH {
        let (high, low) = digits.split_at(digits.len() - WIDTH);
        return Some(Coef::Small([word(low), word(high)]));
    }
    let mut limbs = Vec::new();
    limbs.try_reserve_exact(digits.len() / WIDTH + 1).ok()?;
    limbs.extend(digits.rchunks(WIDTH).map(word));
    Some(Coef::from_vec(limbs))
}

/// `text` without the word, in any case.
fn after_word<'a>(text: &'a [u8], word: &str) -> Option<&'a [u8]> {
    let (start, rest) = text.split_at_checked(word.len())?;
    start.eq_ignore_ascii_case(word.as_bytes()).then_some(rest)
}

/// What the text says, exactly; without white space and underscores. A NaN, and a note, if it says nothing.
pub fn parse(text: &[u8], cx: &mut Context) -> Num {
    match read(text) {
        Some(Ok(number)) => number,
        Some(Err(NoMemory)) => cx.no_memory(),
        None => cx.fail(signal::CONVERSION_SYNTAX),
    }
}

struct NoMemory;

fn read(text: &[u8]) -> Option<Result<Num, NoMemory>> {
    let (negative, text) = match *text {
        [b'-', ref rest @ ..] => (true, rest),
        [b'+', ref rest @ ..] => (false, rest),
        _ => (false, text),
    };
    match text.first() {
        Some(b'0'..=b'9' | b'.') => read_finite(text, negative),
        _ => read_special(text, negative),
    }
}

fn read_special(text: &[u8], negative: bool) -> Option<Result<Num, NoMemory>> {
    if let Some(rest) = after_word(text, "inf") {
        let whole = rest.is_empty() || rest.eq_ignore_ascii_case(b"inity");
        return whole.then(|| Ok(Num::infinity(negative)));
    }
    let (kind, text) = match text.first()? {
        b's' | b'S' => (Kind::Signaling, &text[1..]),
        _ => (Kind::Quiet, text),
    };
    let payload = after_word(text, "nan")?;
    if !payload.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = |coef| Num { coef, exp: 0, kind, negative };
    Some(coef_of_digits(payload).map(number).ok_or(NoMemory))
}

fn read_finite(text: &[u8], negative: bool) -> Option<Result<Num, NoMemory>> {
    let whole = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut end = whole;
    let mut fraction = 0;
    if text.get(end) == Some(&b'.') {
        end += 1;
        fraction = text[end..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        end += fraction;
    }
    if whole + fraction == 0 {
        return None;
    }
    let exp = match text.get(end) {
        None => 0,
        Some(b'e' | b'E') => read_exponent(&text[end + 1..])?,
        Some(_) => return None,
    };
    let coef = if fraction == 0 {
        coef_of_digits(&text[..whole])
    } else if whole + fraction <= 2 * WIDTH {
        let mut digits = [0; 2 * WIDTH];
        digits[..whole].copy_from_slice(&text[..whole]);
        digits[whole..whole + fraction].copy_from_slice(&text[whole + 1..end]);
        coef_of_digits(&digits[..whole + fraction])
    } else {
        coef_of_digits(&[&text[..whole], &text[whole + 1..end]].concat())
    };
    // Beyond any context's range already: a sum with so few digits stays there.
    let exp = exp.clamp(-4 * MAX_EMAX, 4 * MAX_EMAX) - fraction as i64;
    Some(coef.map(|coef| Num::new(negative, coef, exp)).ok_or(NoMemory))
}

fn read_exponent(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match *text {
        [b'-', ref rest @ ..] => (true, rest),
        [b'+', ref rest @ ..] => (false, rest),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value = digits
        .iter()
        .fold(0i64, |sum, &digit| sum.saturating_mul(10).saturating_add(i64::from(digit - b'0')));
    Some(if negative { -value } else { value })
}
