//! "Did you mean …?": the candidate nearest to a misspelt name.
//!
//! The same job as CPython's `Python/suggestions.c`: an edit distance in which changing case costs half, and
//! a limit that grows with the lengths of the names.

const MOVE: usize = 2;
const CASE: usize = 1;
/// Longer names are compared only up to what they have in common at both ends.
const MAX_LENGTH: usize = 40;
/// Beyond so many candidates nothing is suggested.
const MAX_CANDIDATES: usize = 750;

/// The candidate nearest to `name`, if any is near enough. The first of equally near ones wins.
pub fn suggestion<'a>(
    name: &str,
    candidates: impl ExactSizeIterator<Item = &'a str>,
) -> Option<&'a str> {
    if candidates.len() >= MAX_CANDIDATES {
        return None;
    }
    let mut best = None;
    let mut limit = usize::MAX;
    for candidate in candidates {
        if candidate == name {
            continue;
        }
        let near = (name.len() + candidate.len() + 3) * MOVE / 6;
        let near = near.min(limit.saturating_sub(1));
        let distance = distance(name.as_bytes(), candidate.as_bytes(), near);
        if distance <= near && distance < limit {
            best = Some(candidate);
            limit = distance;
        }
    }
    best
}

fn substitution(a: u8, b: u8) -> usize {
    if a == b {
        0
    } else if a.eq_ignore_ascii_case(&b) {
        CASE
    } else {
        MOVE
    }
}

/// The cost of turning `a` into `b`; anything above `max` if it is more than that.
fn distance(mut a: &[u8], mut b: &[u8], max: usize) -> usize {
    while let ([x, rest_a @ ..], [y, rest_b @ ..]) = (a, b)
        && x == y
    {
        (a, b) = (rest_a, rest_b);
    }
    while let ([rest_a @ .., x], [rest_b @ .., y]) = (a, b)
        && x == y
    {
        (a, b) = (rest_a, rest_b);
    }
    if a.is_empty() || b.is_empty() {
        return (a.len() + b.len()) * MOVE;
    }
    if a.len() > MAX_LENGTH || b.len() > MAX_LENGTH {
        return max + 1;
    }
    let (a, b) = if b.len() < a.len() { (b, a) } else { (a, b) };
    if (b.len() - a.len()) * MOVE > max {
        return max + 1;
    }
    let mut row: Vec<usize> = (1..=a.len()).map(|at| at * MOVE).collect();
    let mut result = 0;
    for (at, &y) in b.iter().enumerate() {
        let mut diagonal = at * MOVE;
        result = diagonal;
        let mut minimum = usize::MAX;
        for (cell, &x) in row.iter_mut().zip(a) {
            let substituted = diagonal + substitution(y, x);
            diagonal = *cell;
            result = substituted.min(result.min(diagonal) + MOVE);
            *cell = result;
            minimum = minimum.min(result);
        }
        if minimum > max {
            return max + 1;
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::suggestion;

    /// What the reference suggests, or not, for keyword arguments of built-in functions.
    #[test]
    fn as_the_reference() {
        let cases: [(&str, &[&str], Option<&str>); 6] = [
            ("kye", &["key", "reverse"], None),
            ("kez", &["key", "reverse"], Some("key")),
            ("sepp", &["sep", "end", "file", "flush"], Some("sep")),
            ("strct", &["strict"], Some("strict")),
            ("fst", &["fget", "fset", "fdel", "doc"], Some("fset")),
            ("x", &["sep", "maxsplit"], None),
        ];
        for (name, candidates, expected) in cases {
            assert_eq!(suggestion(name, candidates.iter().copied()), expected, "{name}");
        }
    }
}
