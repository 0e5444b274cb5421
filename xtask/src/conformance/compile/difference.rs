//! The first difference of two texts, side by side.

use std::fmt::Write as _;

const BEFORE: usize = 4;
const AFTER: usize = 6;
/// Characters of a line that are shown.
const WIDTH: usize = 76;

/// The lines around the first one that differs, ours to the left; the headline above them, if there is one: the last line
/// before that is not indented.
pub fn side_by_side(ours: &str, reference: &str) -> String {
    let (mine, theirs): (Vec<&str>, Vec<&str>) =
        (ours.lines().collect(), reference.lines().collect());
    let same = mine.iter().zip(&theirs).take_while(|(a, b)| a == b).count();
    if same == mine.len() && same == theirs.len() {
        return "  equal when looked at again\n".to_owned();
    }
    let mut out = String::new();
    let start = same.saturating_sub(BEFORE);
    if let Some(head) =
        theirs[..start].iter().rev().find(|line| line.starts_with(|c: char| c.is_alphabetic()))
    {
        let _ = writeln!(out, "  {}", clip(head, 0));
    }
    let _ = writeln!(out, "  {:<WIDTH$} | reference", "ours");
    let at = |lines: &[&str], index: usize| lines.get(index).copied().unwrap_or("").to_owned();
    // Long lines are shown from shortly before they differ.
    let first = (at(&mine, same), at(&theirs, same));
    let column = first.0.chars().zip(first.1.chars()).take_while(|(a, b)| a == b).count();
    let skip = column.saturating_sub(WIDTH / 2);
    for index in start..(same + AFTER).min(mine.len().max(theirs.len())) {
        let (left, right) = (at(&mine, index), at(&theirs, index));
        let skip = if index == same { skip } else { 0 };
        let mark = if left == right { ' ' } else { '>' };
        let _ = writeln!(out, "{mark} {:<WIDTH$} | {}", clip(&left, skip), clip(&right, skip));
    }
    out
}

fn clip(line: &str, skip: usize) -> String {
    let start = if skip > 0 { "…" } else { "" };
    start.chars().chain(line.chars().skip(skip)).take(WIDTH).collect()
}

#[cfg(test)]
mod tests {
    use super::side_by_side;

    #[test]
    fn the_first_difference_has_its_headline() {
        let text = "code f\n  a\n  b\n  c\n  d\n  e\n";
        let shown = side_by_side(&format!("{text}  1\n"), &format!("{text}  2\n"));
        assert!(shown.starts_with("  code f\n"), "{shown}");
        let marked: Vec<_> = shown.lines().filter(|line| line.starts_with('>')).collect();
        assert!(marked.len() == 1 && marked[0].ends_with("|   2"), "{shown}");
    }

    #[test]
    fn a_long_line_is_shown_where_it_differs() {
        let long = "x".repeat(500);
        let shown = side_by_side(&format!("{long}1"), &format!("{long}2"));
        assert!(shown.contains("xx1") && shown.contains("xx2"), "{shown}");
    }
}
