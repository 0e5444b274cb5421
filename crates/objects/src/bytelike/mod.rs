//! What `bytes` and `bytearray` have in common.
//!
//! `methods` declares the methods for both types; the other files compute. The same job as CPython's
//! `Objects/bytes_methods.c` and `Objects/stringlib/transmogrify.h`.

pub mod arguments;
pub mod construct;
pub mod hex;
pub mod iterator;
pub mod join;
pub mod layout;
#[macro_use]
pub mod methods;
pub mod percent;

use crate::prelude::*;

/// What a comparison answers. Which of two comes first is not found out where nobody asks.
#[inline]
pub fn compared(left: &[u8], right: &[u8], op: CompareOp) -> Owned {
    let answer = match op {
        CompareOp::Eq => left == right,
        CompareOp::Ne => left != right,
        _ => op.holds(left.cmp(right)),
    };
    bool_object(answer).object().to_owned()
}

/// Appends `b'…'`.
pub fn push_repr(out: &mut String, data: &[u8]) {
    let quote = if data.contains(&b'\'') && !data.contains(&b'"') { '"' } else { '\'' };
    out.push('b');
    out.push(quote);
    push_escaped(out, data, |byte| byte == b'\\' || char::from(byte) == quote);
    out.push(quote);
}

/// Appends the bytes as a literal shows them, with a backslash before those that `quoted` says.
pub fn push_escaped(out: &mut String, data: &[u8], quoted: impl Fn(u8) -> bool) {
    for &byte in data {
        match byte {
            b'\t' => out.push_str("\\t"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            _ if quoted(byte) => {
                out.push('\\');
                out.push(char::from(byte));
            }
            0x20..0x7f => out.push(char::from(byte)),
            _ => push_hex(out, 'x', u32::from(byte), 2),
        }
    }
}

/// Appends a backslash, a letter and so many hexadecimal digits.
pub fn push_hex(out: &mut String, letter: char, value: u32, digits: u32) {
    out.push('\\');
    out.push(letter);
    for place in (0..digits).rev() {
        out.push(char::from(b"0123456789abcdef"[(value >> (4 * place) & 15) as usize]));
    }
}

/// What `bytes.isspace` and `bytes.split()` take for white space.
pub fn is_space(point: u32) -> bool {
    matches!(point, 0x09..=0x0d | 0x20)
}

/// What `bytes.splitlines` splits at.
pub fn is_line_break(point: u32) -> bool {
    matches!(point, 0x0a | 0x0d)
}
