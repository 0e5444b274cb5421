//! Escapes of characters for error handlers.

use std::fmt::Write;

/// Appends `\xhh`, `\uhhhh` or `\Uhhhhhhhh`.
pub fn push_backslash(out: &mut String, point: u32) {
    // Writing to a String does not fail.
    let _ = match point {
        0..0x100 => write!(out, "\\x{point:02x}"),
        0x100..0x1_0000 => write!(out, "\\u{point:04x}"),
        _ => write!(out, "\\U{point:08x}"),
    };
}
