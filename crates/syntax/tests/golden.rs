//! Trees, tokens and errors, compared with what the reference was recorded to give. `record.py`
//! makes the recordings from `sources.txt` (good texts, separated by `%%`) and `mistakes.txt` (bad
//! ones, a line each, escaped).

use bumpalo::Bump;
use krait_syntax::{Feed, ParseOptions, Tokenizer, TokenizerSource, ast, parse};
use std::fmt::Write;

const SOURCES: &str = include_str!("data/sources.txt");
const TREES: &str = include_str!("data/trees.txt");
const TOKENS: &str = include_str!("data/tokens.txt");
const MISTAKES: &str = include_str!("data/mistakes.txt");
const ERRORS: &str = include_str!("data/errors.txt");

/// As Python's `unicode_escape` codec does it.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for char in text.chars() {
        let _ = match (char, u32::from(char)) {
            ('\\', _) => write!(out, "\\\\"),
            ('\n', _) => write!(out, "\\n"),
            ('\t', _) => write!(out, "\\t"),
            ('\r', _) => write!(out, "\\r"),
            (_, 0x20..0x7F) => write!(out, "{char}"),
            (_, code @ ..0x100) => write!(out, "\\x{code:02x}"),
            (_, code @ ..0x1_0000) => write!(out, "\\u{code:04x}"),
            (_, code) => write!(out, "\\U{code:08x}"),
        };
    }
    out
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        if char != '\\' {
            out.push(char);
            continue;
        }
        let digits = match chars.next() {
            Some('n') => {
                out.push('\n');
                continue;
            }
            Some('t') => {
                out.push('\t');
                continue;
            }
            Some('x') => 2,
            Some('u') => 4,
            Some('U') => 8,
            other => {
                out.extend(other);
                continue;
            }
        };
        let digits: String = chars.by_ref().take(digits).collect();
        let code = u32::from_str_radix(&digits, 16).expect("hexadecimal digits");
        out.extend(char::from_u32(code));
    }
    out
}

#[test]
fn trees_are_the_reference_s() {
    let sources = SOURCES.split("%%\n");
    assert_eq!(sources.clone().count(), TREES.lines().count());
    for (source, expected) in sources.zip(TREES.lines()) {
        let arena = Bump::new();
        let parsed = parse(&arena, source, &ParseOptions::default());
        let parsed = parsed.unwrap_or_else(|error| panic!("{error}\n{source}"));
        assert_eq!(ast::dump(parsed.tree, true), expected, "\n{source}");
    }
}

#[test]
fn tokens_are_the_reference_s() {
    for (text, expected) in SOURCES.split("%%\n").zip(TOKENS.split("\n%%\n")) {
        let source = TokenizerSource::new(text).expect("not too large");
        let mut lines = Vec::new();
        let mut previous: Option<String> = None;
        for extra_tokens in [true, false] {
            let mut tokenizer = Tokenizer::new(&source, extra_tokens);
            while let Some(token) = tokenizer.next_token().expect("a token") {
                let ((line, col), (end_line, end_col)) = (token.start, token.end);
                let line_before = previous.replace(token.line.to_owned());
                let is_new = line_before.as_deref() != Some(token.line);
                let shown = if is_new { escape(token.line) } else { "=".to_owned() };
                let (kind, text) = (token.kind, escape(token.text));
                lines.push(format!("{kind}\t{line}.{col}-{end_line}.{end_col}\t{text}\t{shown}"));
            }
        }
        assert_eq!(lines.join("\n"), expected.trim_end_matches('\n'), "\n{text}");
    }
}

/// Gives a text line by line, and counts them.
struct Lines(Vec<&'static str>, usize);

impl Feed for Lines {
    fn feed(&mut self) -> String {
        let line = self.0.get(self.1).copied().unwrap_or_default();
        self.1 += 1;
        line.to_owned()
    }
}

#[test]
fn no_line_is_read_before_a_token_needs_it() {
    let lines = Lines(vec!["if a:\n", "    '''b\n", "'''\n", "?"], 0);
    let mut tokenizer = Tokenizer::fed(lines, true);
    let mut read = Vec::new();
    while let Some(token) = tokenizer.next_token().expect("a token") {
        let text = token.text.to_owned();
        read.push((text, tokenizer.feed_mut().1));
    }
    let expected = [
        ("if", 1),
        ("a", 1),
        (":", 1),
        ("\n", 1),
        ("    ", 2),
        ("'''b\n'''", 3),
        ("\n", 3),
        ("", 4),
        ("?", 4),
        ("", 4),
        ("", 5),
    ];
    assert_eq!(read, expected.map(|(text, lines)| (text.to_owned(), lines)));
}

#[test]
fn errors_are_the_reference_s() {
    assert_eq!(MISTAKES.lines().count(), ERRORS.lines().count());
    for (mistake, expected) in MISTAKES.lines().zip(ERRORS.lines()) {
        let text = unescape(mistake);
        let arena = Bump::new();
        let found = match parse(&arena, text.as_str(), &ParseOptions::default()) {
            Ok(_) => "ok".to_owned(),
            Err(error) => format!(
                "{:?}\t{}\t{}\t{}\t{}\t{}\t{}",
                error.kind,
                error.lineno,
                error.offset,
                error.end_lineno,
                error.end_offset,
                error.text.as_deref().map_or("-".to_owned(), escape),
                escape(&error.message)
            ),
        };
        assert_eq!(found, expected, "\n{text}");
    }
}
