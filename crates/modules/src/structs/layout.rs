//! Formats: from text to the fields of a layout.

use krait_objects::prelude::*;

use super::error;

/// Byte order and sizes, by the first character of a format.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Mode {
    pub big: bool,
    /// Sizes and alignment of the C compiler.
    pub native: bool,
    align: bool,
}

/// A run of equal fields.
#[derive(Clone, Copy)]
pub(super) struct Field {
    pub code: u8,
    pub offset: usize,
    /// Of one value.
    pub size: usize,
    /// How many values: one for `s` and `p`, however long.
    pub count: usize,
}

pub(super) struct Layout {
    pub mode: Mode,
    pub fields: Vec<Field>,
    pub size: usize,
    /// How many values are packed.
    pub values: usize,
}

/// Size and alignment of a type letter; `None` if the mode does not have it.
fn size_of(code: u8, mode: Mode) -> Option<(usize, usize)> {
    let (size, align) = match code {
        b'x' | b'c' | b'b' | b'B' | b'?' | b's' | b'p' => (1, 1),
        b'h' | b'H' | b'e' => (2, 2),
        b'i' | b'I' | b'f' => (4, 4),
        b'l' | b'L' if mode.native => (8, 8),
        b'l' | b'L' => (4, 4),
        b'q' | b'Q' | b'd' => (8, 8),
        b'F' => (8, 4),
        b'D' => (16, 8),
        b'n' | b'N' | b'P' if mode.native => (8, 8),
        _ => return None,
    };
    Some((size, if mode.align { align } else { 1 }))
}

impl Layout {
    pub fn parse(th: &Thread, format: &[u8]) -> PyResult<Layout> {
        let native_big = cfg!(target_endian = "big");
        let (mode, mut rest) = match format {
            [b'<', rest @ ..] => (Mode { big: false, native: false, align: false }, rest),
            [b'>' | b'!', rest @ ..] => (Mode { big: true, native: false, align: false }, rest),
            [b'=', rest @ ..] => (Mode { big: native_big, native: false, align: false }, rest),
            [b'@', rest @ ..] => (Mode { big: native_big, native: true, align: true }, rest),
            rest => (Mode { big: native_big, native: true, align: true }, rest),
        };
        let mut layout = Layout { mode, fields: Vec::new(), size: 0, values: 0 };
        while let [code, after @ ..] = rest {
            rest = after;
            if matches!(code, b' ' | b'\t'..=b'\r') {
                continue;
            }
            let (mut count, mut code) = (1, *code);
            if code.is_ascii_digit() {
                count = usize::from(code - b'0');
                loop {
                    let [next, after @ ..] = rest else {
                        return Err(error(th, "repeat count given without format specifier"));
                    };
                    rest = after;
                    if !next.is_ascii_digit() {
                        code = *next;
                        break;
                    }
                    count = count
                        .checked_mul(10)
                        .and_then(|count| count.checked_add(usize::from(next - b'0')))
                        .filter(|&count| count <= isize::MAX as usize)
                        .ok_or_else(|| error(th, "total struct size too long"))?;
                }
            }
            layout.push(th, code, count)?;
        }
        Ok(layout)
    }

    fn push(&mut self, th: &Thread, code: u8, count: usize) -> PyResult<()> {
        if code == 0 {
            return Err(error(th, "embedded null character"));
        }
        let Some((size, align)) = size_of(code, self.mode) else {
            return Err(error(th, "bad char in struct format"));
        };
        let end = self.size.checked_next_multiple_of(align).and_then(|offset| {
            let end = offset.checked_add(size.checked_mul(count)?)?;
            (end <= isize::MAX as usize).then_some((offset, end))
        });
        let Some((offset, end)) = end else {
            return Err(error(th, "total struct size too long"));
        };
        self.size = end;
        let (size, count) = match code {
            b'x' => return Ok(()),
            b's' | b'p' => (count, 1),
            _ => (size, count),
        };
        self.values += count;
        if count > 0 {
            self.fields.push(Field { code, offset, size, count });
        }
        Ok(())
    }
}
