//! Small programs, and what the reference makes of them (`record.py` has recorded it).

use std::fmt::Write;

use krait_bytecode::Opcode;
use krait_compiler::code::{Code, Constant};
use krait_compiler::{Bump, CompileError, CompileOptions, compile_source};

const CASES: &str = include_str!("golden/cases.txt");
const EXPECTED: &str = include_str!("golden/expected.txt");
const SEPARATOR: &str = "----\n";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// As `json.dumps` writes it; the cases have no other characters that need escapes.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

fn words(names: &[&str]) -> String {
    names.join(" ")
}

fn joined(items: &[Constant]) -> String {
    items.iter().map(constant).collect::<Vec<_>>().join(", ")
}

fn constant(value: &Constant) -> String {
    match value {
        Constant::None => "None".to_owned(),
        Constant::Ellipsis => "Ellipsis".to_owned(),
        Constant::Bool(true) => "True".to_owned(),
        Constant::Bool(false) => "False".to_owned(),
        Constant::Int(value) => value.to_string(),
        Constant::BigInt(value) => value.value().to_string(),
        Constant::Float(value) => format!("float:{:016x}", value.to_bits()),
        Constant::Complex { real, imag } => {
            format!("complex:{:016x}{:016x}", real.to_bits(), imag.to_bits())
        }
        Constant::Str(text) => quoted(text.as_str().expect("no surrogates in the cases")),
        Constant::Bytes(bytes) => format!("bytes:{}", hex(bytes)),
        Constant::Tuple(items) => format!("({})", joined(items)),
        Constant::FrozenSet(items) => {
            let mut items: Vec<_> = items.iter().map(constant).collect();
            items.sort();
            format!("frozenset({})", items.join(", "))
        }
        Constant::Slice(parts) => format!("slice({})", joined(&parts[..])),
        Constant::Code(code) => format!("<code {}>", code.name),
    }
}

fn describe(code: &Code, out: &mut String) -> std::fmt::Result {
    writeln!(
        out,
        "{}: line {}, flags {:#x}, stack {}, parameters {} {} {}",
        code.qualname,
        code.firstlineno,
        code.flags,
        code.stacksize,
        code.argcount,
        code.posonlyargcount,
        code.kwonlyargcount
    )?;
    writeln!(out, "  names {}", words(code.names))?;
    writeln!(out, "  locals {}", words(code.localsplusnames))?;
    writeln!(out, "  consts {}", joined(code.consts))?;
    let mut caches = 0;
    for unit in code.code.chunks_exact(2) {
        match unit[0] {
            0 => caches += 1,
            op => {
                let opcode = Opcode::from_byte(op).expect("an opcode");
                writeln!(out, "    {} {}", opcode.name(), unit[1])?;
            }
        }
    }
    writeln!(out, "  caches {caches}")?;
    writeln!(out, "  lines {}", hex(code.linetable))?;
    writeln!(out, "  handlers {}", hex(code.exceptiontable))?;
    for value in code.consts {
        if let Constant::Code(inner) = value {
            describe(inner, out)?;
        }
    }
    Ok(())
}

fn outcome(source: &str) -> String {
    let arena = Bump::new();
    match compile_source(&arena, source, &CompileOptions::default()) {
        Ok(compiled) => {
            let mut out = String::new();
            for warning in &compiled.warnings {
                let (kind, line) = (warning.kind, warning.lineno);
                writeln!(out, "{kind:?} {line}: {}", warning.message).expect("a string grows");
            }
            describe(&compiled.code, &mut out).expect("a string grows");
            out
        }
        Err(CompileError::Syntax(error) | CompileError::Scope(error)) => format!(
            "{:?} ({}, {}, {}, {}): {}\n",
            error.kind,
            error.lineno,
            error.offset,
            error.end_lineno,
            error.end_offset,
            error.message
        ),
        Err(error) => format!("{error}\n"),
    }
}

#[test]
fn programs_compile_as_in_the_reference() {
    let cases: Vec<_> = CASES.split(SEPARATOR).collect();
    let expected: Vec<_> = EXPECTED.split(SEPARATOR).collect();
    assert_eq!(cases.len(), expected.len(), "record.py has to run again");
    for (source, expected) in cases.into_iter().zip(expected) {
        assert_eq!(outcome(source), expected, "source:\n{source}");
    }
}

#[test]
fn nesting_never_overflows_the_stack() {
    for source in ["a".to_owned() + &".b".repeat(50_000), "a".to_owned() + &"()".repeat(50_000)] {
        let arena = Bump::new();
        let options = CompileOptions::default();
        let outcome = compile_source(&arena, source.as_str(), &options);
        assert!(matches!(outcome, Err(CompileError::Recursion)), "{outcome:?}");
    }
    let chain = "a".to_owned() + &" + a".repeat(10_000);
    let arena = Bump::new();
    assert!(compile_source(&arena, chain.as_str(), &CompileOptions::default()).is_ok());
}
