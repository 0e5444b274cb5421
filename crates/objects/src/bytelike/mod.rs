//! What `bytes` and `bytearray` have in common.
//!
//! The same job as CPython's `Objects/bytes_methods.c` and `Objects/stringlib/transmogrify.h`.

use std::fmt::Write;

/// Appends `b'…'`.
pub fn push_repr(out: &mut String, data: &[u8]) {
    let quote = if data.contains(&b'\'') && !data.contains(&b'"') { '"' } else { '\'' };
    out.push('b');
    out.push(quote);
    for &byte in data {
        match byte {
            b'\t' => out.push_str("\\t"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\\' => out.push_str("\\\\"),
            _ if char::from(byte) == quote => {
                out.push('\\');
                out.push(quote);
            }
            0x20..0x7f => out.push(char::from(byte)),
            _ => {
                // Writing to a String does not fail.
                let _ = write!(out, "\\x{byte:02x}");
            }
        }
    }
    out.push(quote);
}
