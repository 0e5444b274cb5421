//! Numbers of usual size in usual forms, laid out on the stack: what most specifications ask for.
//!
//! What is not of that kind, errors among it, is left to [`number`](super::number).

use super::{Align, Grouping, Spec};
use crate::float_text;
use crate::text::digits::{Number, Padding};

impl Spec {
    /// The text of an integer, without padding.
    pub fn plain_int(&self, value: i64) -> Option<Number> {
        let (radix, prefix) = match u8::try_from(self.code?).ok()? {
            b'd' => (10, None),
            b'x' => (16, Some(b'x')),
            b'X' => (16, Some(b'X')),
            b'o' => (8, Some(b'o')),
            b'b' => (2, Some(b'b')),
            _ => return None,
        };
        let separator = self.separator()?;
        if self.precision.is_some()
            || self.no_negative_zero
            || self.fill >= 0x80
            || (separator.is_some() && radix != 10)
        {
            return None;
        }
        let mut number = Number::new();
        match separator {
            None => number.push_radix(value.unsigned_abs(), radix, prefix == Some(b'X')),
            Some(_) => number.push_grouped(value.unsigned_abs(), separator),
        }
        number.push_head(self.sign_of(value < 0), prefix.filter(|_| self.alternate));
        Some(number)
    }

    /// The text of a float, without padding.
    pub fn plain_float(&self, value: f64) -> Option<Number> {
        let separator = self.separator()?;
        if self.alternate || self.no_negative_zero || self.fill >= 0x80 || !value.is_finite() {
            return None;
        }
        let mut number = Number::new();
        let mut magnitude = value.abs();
        match (self.code, self.precision) {
            (None, None) if separator.is_none() => {
                let mut buffer = float_text::ReprBuffer::new();
                number.push_text(float_text::repr_in(&mut buffer, magnitude)?.as_bytes());
            }
            (Some(code), precision) => {
                match u8::try_from(code).ok()? {
                    b'f' | b'F' => {}
                    b'%' => {
                        magnitude *= 100.0;
                        number.push_front(b'%');
                    }
                    _ => return None,
                }
                let places = precision.unwrap_or(6);
                if !float_text::push_fixed_short(&mut number, magnitude, places, separator) {
                    return None;
                }
            }
            _ => return None,
        }
        number.push_head(self.sign_of(value.is_sign_negative()), None);
        Some(number)
    }

    /// The separator of thousands, unless zeros that are filled in would be separated too.
    #[inline]
    fn separator(&self) -> Option<Option<u8>> {
        if self.fraction_grouping != Grouping::None {
            return None;
        }
        let separator = match self.grouping {
            Grouping::None => return Some(None),
            Grouping::Comma => b',',
            Grouping::Underscore => b'_',
        };
        let zeros = self.fill == u32::from(b'0') && self.align == Align::AfterSign;
        (!zeros).then_some(Some(separator))
    }

    fn sign_of(&self, negative: bool) -> Option<u8> {
        if negative { Some(b'-') } else { self.sign.filter(|&sign| sign != b'-') }
    }

    /// The fill characters around a number of that length.
    #[inline]
    pub fn padding_of(&self, len: usize) -> Padding {
        let missing = match self.width {
            Some(width) => width.saturating_sub(len),
            None => 0,
        };
        if missing == 0 {
            return Padding::default();
        }
        if self.align == Align::AfterSign {
            return Padding { inner: missing, ..Padding::default() };
        }
        let (left, right) = self.padding(len);
        Padding { left, inner: 0, right }
    }
}
