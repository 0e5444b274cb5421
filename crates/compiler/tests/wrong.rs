//! Wrong programs, and what the reference says to them: those of `golden/wrong.txt`, one for every message
//! that there is, and the mutants of `golden/mutants.txt`. `record_wrong.py` has recorded the expected lines:
//! a digest of the code or the fields of the error, and the warnings.

use std::fmt::Write;

use bumpalo::Bump;
use krait_compiler::code::{Code, Constant};
use krait_compiler::{CompileError, CompileOptions, Workspace, compile_into, future};
use krait_syntax::{ErrorKind, Mode, Notes, ParseOptions, SyntaxError, Warning, parse_into};

mod flags {
    pub const DONT_IMPLY_DEDENT: u32 = 0x200;
    pub const ONLY_AST: u32 = 0x400;
    pub const TYPE_COMMENTS: u32 = 0x1000;
    pub const ALLOW_INCOMPLETE_INPUT: u32 = 0x4000;
    pub const BARRY_AS_BDFL: u32 = 0x40_0000;
}

struct Case {
    source: Vec<u8>,
    mode: Mode,
    flags: u32,
    version: u8,
}

/// Reads a line, `%words% program` or only a program, in which escapes stand for bytes.
fn case(line: &str) -> Case {
    let mut case =
        Case { source: Vec::new(), mode: Mode::Exec, flags: 0, version: ParseOptions::LATEST };
    let mut program = line;
    if let Some(rest) = line.strip_prefix('%') {
        let (words, rest) = rest.split_once("% ").expect("% around the words");
        program = rest;
        for word in words.split(' ') {
            match word {
                "single" => case.mode = Mode::Single,
                "eval" => case.mode = Mode::Eval,
                "func_type" => (case.mode, case.flags) = (Mode::FuncType, flags::ONLY_AST),
                _ if word.starts_with('v') => {
                    case.version = word[1..].parse().expect("a version");
                    case.flags |= flags::ONLY_AST;
                }
                _ => case.flags |= u32::from_str_radix(&word[2..], 16).expect("flags"),
            }
        }
    }
    case.source = unescape(program);
    case
}

fn unescape(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        out.push(match bytes.next() {
            Some(b'n') => b'\n',
            Some(b't') => b'\t',
            Some(b'r') => b'\r',
            Some(b'x') => {
                let mut digit = || bytes.next().and_then(|byte| char::from(byte).to_digit(16));
                let (high, low) = (digit().expect("a digit"), digit().expect("a digit"));
                (high << 4 | low) as u8
            }
            other => other.expect("an escape"),
        });
    }
    out
}

/// As Python's `unicode_escape` codec does it.
fn words(names: &[&str]) -> String {
    names.join(" ")
}

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

fn constant(value: &Constant) -> Vec<u8> {
    let list = |mut items: Vec<Vec<u8>>, is_set: bool| {
        if is_set {
            items.sort();
        }
        [b"(".as_slice(), &items.join(&b','), b")"].concat()
    };
    match value {
        Constant::None => b"None".to_vec(),
        Constant::Ellipsis => b"Ellipsis".to_vec(),
        Constant::Bool(true) => b"True".to_vec(),
        Constant::Bool(false) => b"False".to_vec(),
        Constant::Int(value) => value.to_string().into_bytes(),
        Constant::BigInt(value) => value.value().to_string().into_bytes(),
        Constant::Float(value) => [b"f", value.to_le_bytes().as_slice()].concat(),
        Constant::Complex { real, imag } => {
            [b"c", real.to_le_bytes().as_slice(), &imag.to_le_bytes()].concat()
        }
        Constant::Str(text) => [b"s", text.as_bytes()].concat(),
        Constant::Bytes(bytes) => [b"b", &bytes[..]].concat(),
        Constant::Tuple(items) => list(items.iter().map(constant).collect(), false),
        Constant::FrozenSet(items) => list(items.iter().map(constant).collect(), true),
        Constant::Slice(parts) => {
            [b":", &list(parts.iter().map(constant).collect(), false)[..]].concat()
        }
        Constant::Code(_) => b"code".to_vec(),
    }
}

fn parts(code: &Code, out: &mut Vec<Vec<u8>>) {
    let numbers =
        [code.firstlineno.to_string(), code.flags.to_string(), code.stacksize.to_string()];
    let counts = [code.argcount, code.posonlyargcount, code.kwonlyargcount];
    let counts = counts.map(|count| count.to_string()).join(" ");
    out.push(code.qualname.as_bytes().to_vec());
    out.push(format!("{} {counts}", numbers.join(" ")).into_bytes());
    out.push(words(code.names).into_bytes());
    out.push(words(code.localsplusnames).into_bytes());
    out.extend(code.consts.iter().map(constant));
    out.extend([code.code.to_vec(), code.linetable.to_vec(), code.exceptiontable.to_vec()]);
    for value in code.consts {
        if let Constant::Code(inner) = value {
            parts(inner, out);
        }
    }
}

/// FNV-1a, of 64 bits.
fn digest(code: &Code) -> String {
    let mut all = Vec::new();
    parts(code, &mut all);
    let mut state = 0xCBF2_9CE4_8422_2325_u64;
    for byte in all.iter().flat_map(|part| part.iter().chain(b"\n")) {
        state = (state ^ u64::from(*byte)).wrapping_mul(0x100_0000_01B3);
    }
    format!("{state:016x}")
}

fn compile(case: &Case, warnings: &mut Vec<Warning>) -> Result<String, CompileError> {
    let has = |flag| case.flags & flag != 0;
    let options = ParseOptions {
        mode: case.mode,
        type_comments: has(flags::TYPE_COMMENTS),
        feature_version: case.version,
        barry_as_flufl: has(flags::BARRY_AS_BDFL),
        allow_incomplete_input: has(flags::ALLOW_INCOMPLETE_INPUT),
        dont_imply_dedent: has(flags::DONT_IMPLY_DEDENT),
        ..ParseOptions::default()
    };
    let arena = Bump::new();
    let mut notes = Notes::default();
    let tree = parse_into(&arena, &case.source[..], &options, &mut notes);
    warnings.append(&mut notes.warnings);
    let tree = tree?;
    if has(flags::ONLY_AST) {
        return future(tree, 0).map(|_| "tree".to_owned());
    }
    let options =
        CompileOptions { mode: case.mode, flags: case.flags, ..CompileOptions::default() };
    compile_into(&arena, tree, &options, &mut Workspace::default(), warnings)
        .map(|code| digest(&code))
}

fn describe(error: &CompileError) -> String {
    let (CompileError::Syntax(error) | CompileError::Scope(error)) = error else {
        return error.to_string();
    };
    let SyntaxError { kind, message, lineno, offset, end_lineno, end_offset, text } = error;
    let text = text.as_deref().map_or("-".to_owned(), escape);
    if let ErrorKind::UnicodeDecodeError { start, end, reason } = kind {
        return format!("UnicodeDecodeError\t{reason}\t{start}\t{end}\t{text}");
    }
    let message = escape(message);
    format!("{kind:?}\t{message}\t{lineno}\t{offset}\t{end_lineno}\t{end_offset}\t{text}")
}

fn check(programs: &str, expected: &str) {
    assert_eq!(programs.lines().count(), expected.lines().count(), "record_wrong.py has to run");
    for (line, expected) in programs.lines().zip(expected.lines()) {
        let mut warnings = Vec::new();
        let result = compile(&case(line), &mut warnings);
        let mut found = result.unwrap_or_else(|error| describe(&error));
        for Warning { kind, message, lineno, .. } in &warnings {
            let _ = write!(found, "\t{kind:?}\t{}\t{lineno}", escape(message));
        }
        assert_eq!(found, expected, "program: {line}");
    }
}

#[test]
fn every_message_is_the_reference_s() {
    check(include_str!("golden/wrong.txt"), include_str!("golden/wrong_expected.txt"));
}

#[test]
fn mutants_come_to_what_they_come_to_in_the_reference() {
    check(include_str!("golden/mutants.txt"), include_str!("golden/mutants_expected.txt"));
}
