//! Constants as `ascii()` shows them.

use crate::ast::{Constant, IntLiteral, Text};
use std::fmt::Write;

pub(super) fn write_constant(out: &mut String, value: &Constant<'_>) {
    match *value {
        Constant::None => out.push_str("None"),
        Constant::True => out.push_str("True"),
        Constant::False => out.push_str("False"),
        Constant::Ellipsis => out.push_str("Ellipsis"),
        Constant::Int(IntLiteral::Small(value)) => out.push_str(&value.to_string()),
        Constant::Int(IntLiteral::Big(limbs)) => out.push_str(&decimal(limbs)),
        Constant::NegativeInt(literal) => {
            out.push('-');
            write_constant(out, &Constant::Int(literal));
        }
        Constant::Float(value) => write_float(out, value, true),
        Constant::Complex { real: 0.0, imag } => {
            write_float(out, imag, false);
            out.push('j');
        }
        Constant::Complex { real, imag } => {
            out.push('(');
            write_float(out, real, false);
            out.push_str(if imag.is_sign_negative() { "" } else { "+" });
            write_float(out, imag, false);
            out.push_str("j)");
        }
        Constant::Str(text) => write_text(out, text),
        Constant::Bytes(bytes) => write_bytes(out, bytes),
        Constant::Tuple(items) => {
            out.push('(');
            write_items(out, items);
            out.push_str(if items.len() == 1 { ",)" } else { ")" });
        }
        Constant::FrozenSet(items) => {
            out.push_str("frozenset({");
            write_items(out, items);
            out.push_str("})");
        }
        Constant::Other(name) => out.push_str(name),
    }
}

fn write_items(out: &mut String, items: &[Constant<'_>]) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        write_constant(out, item);
    }
}

/// Repeated division by a billion: quadratic, which is fine for what a test writes.
fn decimal(limbs: &[u32]) -> String {
    const BILLION: u64 = 1_000_000_000;
    let mut rest = limbs.to_vec();
    let mut groups = Vec::new();
    while !rest.is_empty() {
        let mut remainder = 0u64;
        for limb in rest.iter_mut().rev() {
            let part = remainder << 32 | u64::from(*limb);
            *limb = (part / BILLION) as u32;
            remainder = part % BILLION;
        }
        groups.push(remainder);
        while rest.last() == Some(&0) {
            rest.pop();
        }
    }
    let mut text = groups.pop().unwrap_or(0).to_string();
    for group in groups.iter().rev() {
        let _ = write!(text, "{group:09}");
    }
    text
}

/// The shortest digits that read back the same, laid out as Python does. `point` asks for `.0`
/// after a whole number.
fn write_float(out: &mut String, value: f64, point: bool) {
    if value.is_infinite() {
        return out.push_str(if value < 0.0 { "-inf" } else { "inf" });
    }
    if value.is_nan() {
        return out.push_str("nan");
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        let _ = write!(out, "{value}");
        if point && exponent >= 0 && value.fract() == 0.0 {
            out.push_str(".0");
        }
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        let _ = write!(out, "{mantissa}e{sign}{:02}", exponent.abs());
    }
    if value == 0.0 && point && !out.ends_with(".0") {
        out.push_str(".0");
    }
}

pub(super) fn write_text(out: &mut String, text: Text<'_>) {
    let bytes = text.as_bytes();
    let quote = quote_for(bytes);
    out.push(quote);
    for code in text.code_points() {
        match code {
            0x20..0x7F => write_plain(out, code as u8, quote),
            0..0x100 => write_control(out, code as u8),
            0x100..0x1_0000 => {
                let _ = write!(out, "\\u{code:04x}");
            }
            _ => {
                let _ = write!(out, "\\U{code:08x}");
            }
        }
    }
    out.push(quote);
}

fn write_bytes(out: &mut String, bytes: &[u8]) {
    let quote = quote_for(bytes);
    out.push('b');
    out.push(quote);
    for &byte in bytes {
        match byte {
            0x20..0x7F => write_plain(out, byte, quote),
            _ => write_control(out, byte),
        }
    }
    out.push(quote);
}

fn quote_for(bytes: &[u8]) -> char {
    if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' }
}

fn write_plain(out: &mut String, byte: u8, quote: char) {
    let char = char::from(byte);
    if char == '\\' || char == quote {
        out.push('\\');
    }
    out.push(char);
}

fn write_control(out: &mut String, byte: u8) {
    match byte {
        b'\n' => out.push_str("\\n"),
        b'\r' => out.push_str("\\r"),
        b'\t' => out.push_str("\\t"),
        _ => {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
}
