//! Escapes of characters for error handlers.

use crate::bytelike::push_hex;

/// Appends `\xhh`, `\uhhhh` or `\Uhhhhhhhh`.
pub fn push_backslash(out: &mut String, point: u32) {
    match point {
        0..0x100 => push_hex(out, 'x', point, 2),
        0x100..0x1_0000 => push_hex(out, 'u', point, 4),
        _ => push_hex(out, 'U', point, 8),
    }
}
