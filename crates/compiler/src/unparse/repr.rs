//! `repr` of constants. Does the job of the `tp_repr` slots of the types concerned.

use krait_syntax::ast::{self, IntLiteral};
use num_bigint::BigUint;

use crate::code::Constant;

/// As source text: infinity has no literal, but overflows to itself.
pub(super) fn constant_in_source(value: &ast::Constant<'_>) -> String {
    match *value {
        ast::Constant::None => "None".to_owned(),
        ast::Constant::True => "True".to_owned(),
        ast::Constant::False => "False".to_owned(),
        ast::Constant::Ellipsis => "...".to_owned(),
        ast::Constant::Int(IntLiteral::Small(value)) => value.to_string(),
        ast::Constant::Int(IntLiteral::Big(digits)) => BigUint::from_slice(digits).to_string(),
        ast::Constant::Float(value) => float(value).replace("inf", "1e309"),
        ast::Constant::NegativeInt(literal) => {
            format!("-{}", constant_in_source(&ast::Constant::Int(literal)))
        }
        ast::Constant::Complex { real, imag } => complex(real, imag).replace("inf", "1e309"),
        ast::Constant::Str(value) => text(value.as_bytes()),
        ast::Constant::Bytes(value) => bytes(value),
        ast::Constant::Tuple(items) => {
            let items: Vec<_> = items.iter().map(constant_in_source).collect();
            tuple(&items)
        }
        ast::Constant::FrozenSet(items) => {
            let items: Vec<_> = items.iter().map(constant_in_source).collect();
            frozen_set(&items)
        }
        ast::Constant::Other(name) => name.to_owned(),
    }
}

pub(super) fn code_constant(value: &Constant<'_>) -> String {
    match value {
        Constant::None => "None".to_owned(),
        Constant::Ellipsis => "Ellipsis".to_owned(),
        Constant::Bool(true) => "True".to_owned(),
        Constant::Bool(false) => "False".to_owned(),
        Constant::Int(value) => value.to_string(),
        Constant::BigInt(value) => value.value().to_string(),
        Constant::Float(value) => float(*value),
        Constant::Complex { real, imag } => complex(*real, *imag),
        Constant::Str(value) => text(value.as_bytes()),
        Constant::Bytes(value) => bytes(value),
        Constant::Tuple(items) => tuple(&items.iter().map(code_constant).collect::<Vec<_>>()),
        Constant::FrozenSet(items) => {
            frozen_set(&items.iter().map(code_constant).collect::<Vec<_>>())
        }
        Constant::Slice(parts) => {
            let parts: Vec<_> = parts.iter().map(code_constant).collect();
            format!("slice({})", parts.join(", "))
        }
        Constant::Code(code) => format!("<code object {}>", code.name),
    }
}

fn tuple(items: &[String]) -> String {
    match items {
        [only] => format!("({only},)"),
        _ => format!("({})", items.join(", ")),
    }
}

fn frozen_set(items: &[String]) -> String {
    if items.is_empty() {
        "frozenset()".to_owned()
    } else {
        format!("frozenset({{{}}})", items.join(", "))
    }
}

/// The shortest digits that read back as the same float.
fn float(value: f64) -> String {
    let text = number(value);
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
        format!("{text}.0")
    } else {
        text
    }
}

fn complex(real: f64, imag: f64) -> String {
    if real == 0.0 && !real.is_sign_negative() {
        return format!("{}j", number(imag));
    }
    let sign = if imag.is_sign_negative() { "" } else { "+" };
    format!("({}{sign}{}j)", number(real), number(imag))
}

/// Without `.0` after whole numbers; exponents from 16 digits on and below 1e-4.
fn number(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        return format!("{value}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}

fn quote_for(has_single: bool, has_double: bool) -> char {
    if has_single && !has_double { '"' } else { '\'' }
}

/// `value` is generalised UTF-8.
pub(super) fn text(value: &[u8]) -> String {
    let quote = quote_for(value.contains(&b'\''), value.contains(&b'"'));
    let mut out = String::with_capacity(value.len() + 2);
    out.push(quote);
    for point in ast::Text::from_generalised(value).code_points() {
        match char::from_u32(point) {
            Some(c) if c == quote || c == '\\' => out.extend(['\\', c]),
            Some('\n') => out.push_str("\\n"),
            Some('\r') => out.push_str("\\r"),
            Some('\t') => out.push_str("\\t"),
            Some(c) if is_printable(c) => out.push(c),
            _ if point < 0x100 => out.push_str(&format!("\\x{point:02x}")),
            _ if point < 0x1_0000 => out.push_str(&format!("\\u{point:04x}")),
            _ => out.push_str(&format!("\\U{point:08x}")),
        }
    }
    out.push(quote);
    out
}

/// As `str.isprintable`: Rust's escaping for debug output draws the same line, once the character
/// is not at the start, where combining marks are escaped.
fn is_printable(c: char) -> bool {
    match c {
        ' '..='~' => true,
        '\0'..='\x7f' => false,
        _ => ['a', c].iter().collect::<String>().escape_debug().nth(1) == Some(c),
    }
}

fn bytes(value: &[u8]) -> String {
    let quote = quote_for(value.contains(&b'\''), value.contains(&b'"'));
    let mut out = format!("b{quote}");
    for &byte in value {
        match byte {
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            _ if char::from(byte) == quote || byte == b'\\' => {
                out.extend(['\\', char::from(byte)]);
            }
            b' '..=b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push(quote);
    out
}
