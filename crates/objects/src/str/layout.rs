//! Methods of `str` that fill it up to a width.

use super::arguments::Fill;
use super::fresh::{Fresh, bound_of};
use super::single::single;
use crate::prelude::*;
use crate::str::StrBuilder;

/// The string with so many fill characters before and behind it.
pub fn pad(
    this: Borrowed<'_, Str>,
    th: &Thread,
    left: usize,
    right: usize,
    fill: u32,
) -> PyResult<Owned<Str>> {
    if left == 0 && right == 0 {
        return this.to_exact(th);
    }
    let len = left.checked_add(right).and_then(|pad| pad.checked_add(this.len()));
    let Some(len) = len.filter(|&len| len <= isize::MAX as usize) else {
        return Err(th.raise(exc::OVERFLOW_ERROR, "padded string is too long"));
    };
    let mut fresh = Fresh::new(th, len, bound_of(&this).max(fill))?;
    fresh.push_repeated(fill, left);
    fresh.push(this.chars());
    fresh.push_repeated(fill, right);
    Ok(fresh.finish())
}

fn missing(this: &Str, width: isize) -> usize {
    usize::try_from(width).unwrap_or(0).saturating_sub(this.len())
}

#[pymethods(part = "layout")]
impl Str {
    /// Return the string in the middle of a string of that width.
    #[method(sig = "(self, width, fillchar=' ', /)")]
    fn center(
        this: Borrowed<'_, Self>,
        th: &Thread,
        width: isize,
        #[default(Fill(0x20))] fillchar: Fill,
    ) -> PyResult<Owned<Str>> {
        let missing = missing(&this, width);
        // An odd blank goes to the left if the width is odd too.
        let left = missing / 2 + (missing & width as usize & 1);
        pad(this, th, left, missing - left, fillchar.0)
    }

    /// Return the string at the left of a string of that width.
    #[method(sig = "(self, width, fillchar=' ', /)")]
    fn ljust(
        this: Borrowed<'_, Self>,
        th: &Thread,
        width: isize,
        #[default(Fill(0x20))] fillchar: Fill,
    ) -> PyResult<Owned<Str>> {
        pad(this, th, 0, missing(&this, width), fillchar.0)
    }

    /// Return the string at the right of a string of that width.
    #[method(sig = "(self, width, fillchar=' ', /)")]
    fn rjust(
        this: Borrowed<'_, Self>,
        th: &Thread,
        width: isize,
        #[default(Fill(0x20))] fillchar: Fill,
    ) -> PyResult<Owned<Str>> {
        pad(this, th, missing(&this, width), 0, fillchar.0)
    }

    /// Return the string filled up with zeros on the left, behind a sign if there is one.
    #[method(sig = "(self, width, /)")]
    fn zfill(this: Borrowed<'_, Self>, th: &Thread, width: isize) -> PyResult<Owned<Str>> {
        let zeros = missing(&this, width);
        let signed = !this.is_empty() && matches!(this.char_at(0), 0x2b | 0x2d);
        if zeros == 0 || !signed {
            return pad(this, th, zeros, 0, u32::from(b'0'));
        }
        let Some(len) = zeros.checked_add(this.len()).filter(|&len| len <= isize::MAX as usize)
        else {
            return Err(th.raise(exc::OVERFLOW_ERROR, "padded string is too long"));
        };
        let mut fresh = Fresh::new(th, len, bound_of(&this))?;
        fresh.push(this.chars().slice(0..1));
        fresh.push_repeated(u32::from(b'0'), zeros);
        fresh.push(this.chars().slice(1..this.len()));
        Ok(fresh.finish())
    }

    /// Return the string with every tab replaced by blanks up to the next column.
    #[method(sig = "(self, /, tabsize=8)")]
    fn expandtabs(this: Borrowed<'_, Self>, th: &Thread, tabsize: i32) -> PyResult<Owned<Str>> {
        if this.find_in(&single(b'\t'), 0, this.len()).is_none() {
            return this.to_exact(th);
        }
        let tabsize = usize::try_from(tabsize).unwrap_or(0);
        let (mut len, mut column) = (0usize, 0usize);
        for point in this.chars().iter() {
            let width = match point {
                0x09 if tabsize == 0 => 0,
                0x09 => tabsize - column % tabsize,
                _ => 1,
            };
            column = if matches!(point, 0x0a | 0x0d) { 0 } else { column + width };
            len = len.saturating_add(width);
        }
        if len > isize::MAX as usize {
            return Err(th.raise(exc::OVERFLOW_ERROR, "new string is too long"));
        }
        let mut out = StrBuilder::with_capacity(len);
        let mut column = 0;
        for point in this.chars().iter() {
            if point == 0x09 {
                let width = if tabsize == 0 { 0 } else { tabsize - column % tabsize };
                out.push_repeated(0x20, width);
                column += width;
                continue;
            }
            out.push_char(point);
            column = if matches!(point, 0x0a | 0x0d) { 0 } else { column + 1 };
        }
        out.finish(th)
    }
}
