//! Decimal text to doubles. Rust's parser rounds; what it takes for a number is decided here.

/// Parses all of an ASCII text, as `float(text)` does after stripping it: underscores may stand
/// between digits.
pub fn parse(text: &[u8]) -> Option<f64> {
    if !text.contains(&b'_') {
        let (value, len) = parse_prefix(text)?;
        return (len == text.len()).then_some(value);
    }
    let digit = |at: Option<usize>| at.and_then(|i| text.get(i)).is_some_and(u8::is_ascii_digit);
    for (i, &c) in text.iter().enumerate() {
        if c == b'_' && !(digit(i.checked_sub(1)) && digit(i.checked_add(1))) {
            return None;
        }
    }
    let plain: Vec<u8> = text.iter().copied().filter(|&c| c != b'_').collect();
    let (value, len) = parse_prefix(&plain)?;
    (len == plain.len()).then_some(value)
}

/// Parses the longest float at the start, and says how long it is; `None` if there is none. The
/// same as `PyOS_string_to_double` with an end pointer; too great numbers become infinite.
pub fn parse_prefix(text: &[u8]) -> Option<(f64, usize)> {
    let (negative, rest) = split_sign(text);
    let sign_len = text.len() - rest.len();
    let (magnitude, len) = match short_decimal(rest).or_else(|| special(rest)) {
        Some(found) => found,
        None => {
            let len = decimal_len(rest)?;
            (str::from_utf8(&rest[..len]).ok()?.parse().ok()?, len)
        }
    };
    Some((if negative { -magnitude } else { magnitude }, sign_len + len))
}

pub(super) fn split_sign(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    }
}

/// An infinity or NaN at the start, and its length.
pub(super) fn special(text: &[u8]) -> Option<(f64, usize)> {
    let starts = |word: &str| {
        text.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word.as_bytes()))
    };
    if starts("infinity") {
        Some((f64::INFINITY, 8))
    } else if starts("inf") {
        Some((f64::INFINITY, 3))
    } else if starts("nan") {
        Some((f64::NAN, 3))
    } else {
        None
    }
}

/// A decimal of few digits without an exponent: both it without its point and the power of ten are doubles exactly, so
/// dividing them rounds once.
fn short_decimal(text: &[u8]) -> Option<(f64, usize)> {
    const MOST: usize = 15;
    const POWERS: [f64; MOST + 1] =
        [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
    let (mut value, mut point) = (0u64, None);
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'0'..=b'9' if at <= MOST => value = value * 10 + u64::from(byte - b'0'),
            b'.' if point.is_none() => point = Some(at),
            b'0'..=b'9' | b'e' | b'E' => return None,
            _ => break,
        }
        at += 1;
    }
    let digits = at - usize::from(point.is_some());
    let fraction = point.map_or(0, |point| at - point - 1);
    if digits == 0 || digits > MOST {
        return None;
    }
    Some((value as f64 / POWERS[fraction], at))
}

/// The length of an unsigned decimal at the start.
fn decimal_len(text: &[u8]) -> Option<usize> {
    let run = |from: usize| text[from..].iter().take_while(|c| c.is_ascii_digit()).count();
    let whole = run(0);
    let mut end = whole;
    let mut digits = whole;
    if text.get(end) == Some(&b'.') {
        let fraction = run(end + 1);
        digits += fraction;
        end += 1 + fraction;
    }
    if digits == 0 {
        return None;
    }
    if let Some(b'e' | b'E') = text.get(end) {
        let sign = usize::from(matches!(text.get(end + 1), Some(b'+' | b'-')));
        if end + 1 + sign < text.len() {
            let exponent = run(end + 1 + sign);
            if exponent > 0 {
                end += 1 + sign + exponent;
            }
        }
    }
    Some(end)
}
