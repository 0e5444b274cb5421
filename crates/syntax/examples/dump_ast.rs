//! Parses the files named on standard input, a name a line, and prints what came out, a line each:
//! the tree as `ast.dump` shows it, or the error. With `--time`, only says how long it took. For
//! comparing with the reference at scale.
//!
//! With `--snippets`, standard input holds the texts themselves, each ended by a null byte.

use krait_syntax::{Mode, ParseOptions, TokenInfo, Tokenizer, TokenizerSource, ast, parse};
use std::io::{BufRead, Write};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let mode = match () {
        _ if has("--eval") => Mode::Eval,
        _ if has("--single") => Mode::Single,
        _ if has("--func-type") => Mode::FuncType,
        _ => Mode::Exec,
    };
    let version = arguments.iter().find_map(|argument| argument.strip_prefix("--version="));
    let options = ParseOptions {
        mode,
        feature_version: version.and_then(|minor| minor.parse().ok()).unwrap_or(14),
        type_comments: has("--type-comments"),
        allow_incomplete_input: has("--incomplete"),
        dont_imply_dedent: has("--incomplete"),
        ..Default::default()
    };
    if has("--tokens") {
        return tokens(!has("--exact"));
    }
    if has("--snippets") {
        return snippets(&options, has("--warnings"));
    }
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut spent = std::time::Duration::ZERO;
    let mut size = 0;
    for path in std::io::stdin().lock().lines().map_while(Result::ok) {
        let Ok(bytes) = std::fs::read(&path) else { continue };
        let arena = bumpalo::Bump::new();
        let start = std::time::Instant::now();
        let parsed = parse(&arena, &bytes[..], &options);
        spent += start.elapsed();
        size += bytes.len();
        if has("--time") {
            continue;
        }
        let line = match parsed {
            Ok(parsed) if has("--warnings") => format!("{:?}", parsed.warnings),
            Ok(parsed) => ast::dump(parsed.tree, true),
            Err(error) => format!("{error:?}"),
        };
        let _ = writeln!(out, "{path}\t{line}");
    }
    if has("--time") {
        let _ = writeln!(out, "{size} bytes in {spent:?}");
    }
}

/// Prints what is wrong with each text, or `ok`.
fn snippets(options: &ParseOptions<'_>, warnings: bool) {
    let input = std::io::read_to_string(std::io::stdin()).unwrap_or_default();
    for text in input.split_terminator('\0') {
        let arena = bumpalo::Bump::new();
        match parse(&arena, text, options) {
            Ok(parsed) if warnings => println!("{:?}", parsed.warnings),
            Ok(_) => println!("ok"),
            Err(error) => println!("{error:?}"),
        }
    }
}

/// Prints the tokens of each text, a line each, the fields separated by null bytes.
fn tokens(extra: bool) {
    let input = std::io::read_to_string(std::io::stdin()).unwrap_or_default();
    for text in input.split_terminator('\0') {
        let Some(source) = TokenizerSource::new(text) else { continue };
        let mut tokenizer = Tokenizer::new(&source, extra);
        loop {
            match tokenizer.next_token() {
                Ok(Some(token)) => {
                    let TokenInfo { kind, text, start, end, line } = token;
                    print!("{kind}\0{text}\0{start:?}\0{end:?}\0{line}\0\x01");
                }
                Ok(None) => break,
                Err(error) => {
                    print!("{error:?}\x01");
                    break;
                }
            }
        }
        print!("\x02");
    }
}
