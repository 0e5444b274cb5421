//! The format strings of `%`, for `str` and `bytes`.
//!
//! [`Parser`] yields literal runs and conversions; the caller fetches the arguments, which can
//! fail in between, and lays out what it made of them with the functions of [`Conversion`].
//! The same job in CPython: `Objects/unicode_format.c` and `_PyBytes_FormatEx`.

use crate::float_text::{self, Style};
use crate::format_spec::Laid;
use crate::text::digits::{Number, Padding};
use crate::text::{ShortText, Unit};
use std::ops::Range;

/// A width or a precision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    Given(usize),
    /// `*`: the next argument, which can make a width negative.
    Argument,
}

/// One conversion specifier.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conversion {
    /// The part of the format between parentheses.
    pub key: Option<Range<usize>>,
    pub left: bool,
    pub sign: bool,
    pub blank: bool,
    pub alternate: bool,
    pub zero: bool,
    pub width: Option<Amount>,
    pub precision: Option<Amount>,
    /// The conversion type; `%` if something stood between the two percent signs.
    pub code: u32,
    /// Where the conversion type stands.
    pub at: usize,
}

/// A piece of a format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Copied as it is.
    Literal(Range<usize>),
    /// `%%`
    Percent,
    Conversion(Conversion),
}

/// A ValueError in a format. What was read before it, a key and `*` arguments, is looked up by the
/// caller before it raises: those look-ups fail first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PercentError {
    pub message: &'static str,
    pub before: Conversion,
}

/// The message about a key that does not end. Before it, the arguments are found to be no mapping.
pub const INCOMPLETE_KEY: &str = "incomplete format key";

/// Yields the pieces of a format.
pub struct Parser<'a, T> {
    text: &'a [T],
    at: usize,
    precision_too_big: &'static str,
}

impl<'a, T: Unit> Parser<'a, T> {
    /// For a `str` of any kind.
    pub fn new(text: &'a [T]) -> Self {
        Parser { text, at: 0, precision_too_big: "precision too big" }
    }

    /// For `bytes`, one message of which is worded differently.
    pub fn for_bytes(text: &'a [T]) -> Self {
        Parser { text, at: 0, precision_too_big: "prec too big" }
    }

    fn peek(&self) -> Option<u32> {
        self.text.get(self.at).map(|&c| c.into())
    }

    fn take(&mut self, wanted: u8) -> bool {
        let found = self.peek() == Some(u32::from(wanted));
        self.at += usize::from(found);
        found
    }

    /// The letter of a conversion that has nothing else, if that is next.
    #[inline(always)]
    pub fn plain(&mut self) -> Option<u8> {
        let &[percent, code, ..] = self.text.get(self.at..)? else { return None };
        if percent.into() != u32::from(b'%') {
            return None;
        }
        let code =
            u8::try_from(code.into()).ok().filter(|code| matches!(code, b's' | b'd' | b'r'))?;
        self.at += 2;
        Some(code)
    }

    #[inline(always)]
    fn conversion(&mut self, to: &mut Conversion) -> Result<(), &'static str> {
        if self.take(b'(') {
            to.key = Some(self.key()?);
        }
        loop {
            match self.peek() {
                Some(0x2d) => to.left = true,
                Some(0x2b) => to.sign = true,
                Some(0x20) => to.blank = true,
                Some(0x23) => to.alternate = true,
                Some(0x30) => to.zero = true,
                _ => break,
            }
            self.at += 1;
        }
        to.width = self.amount(isize::MAX as usize).ok_or("width too big")?;
        if self.take(b'.') {
            let precision = self.amount(i32::MAX as usize).ok_or(self.precision_too_big)?;
            to.precision = Some(precision.unwrap_or(Amount::Given(0)));
        }
        // One C length modifier means nothing.
        if let Some(0x68 | 0x6c | 0x4c) = self.peek() {
            self.at += 1;
        }
        to.code = self.peek().ok_or("incomplete format")?;
        to.at = self.at;
        self.at += 1;
        Ok(())
    }

    fn key(&mut self) -> Result<Range<usize>, &'static str> {
        let start = self.at;
        let mut depth = 1usize;
        while let Some(c) = self.peek() {
            match u8::try_from(c) {
                Ok(b'(') => depth += 1,
                Ok(b')') => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return Ok(start..self.at - 1);
            }
        }
        Err(INCOMPLETE_KEY)
    }

    /// `None` if the number is greater than `most`.
    fn amount(&mut self, most: usize) -> Option<Option<Amount>> {
        if self.take(b'*') {
            return Some(Some(Amount::Argument));
        }
        let mut value: Option<usize> = None;
        while let Some(c @ 0x30..=0x39) = self.peek() {
            let next = value.unwrap_or(0).checked_mul(10)?.checked_add(c as usize - 0x30)?;
            value = (next <= most).then_some(next);
            value?;
            self.at += 1;
        }
        Some(value.map(Amount::Given))
    }
}

impl<T: Unit> Iterator for Parser<'_, T> {
    type Item = Result<Piece, PercentError>;

    // Inlined, or its result would be moved about.
    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        let start = self.at;
        let percent = |&c: &T| c.into() == u32::from(b'%');
        let rest = self.text.get(start..)?;
        let literal = match T::as_bytes(rest) {
            Some(rest) => crate::text::search::find_byte(rest, b'%'),
            None => rest.iter().position(percent),
        };
        let literal = literal.unwrap_or(rest.len());
        if literal > 0 {
            self.at += literal;
            return Some(Ok(Piece::Literal(start..self.at)));
        }
        if rest.is_empty() {
            return None;
        }
        self.at += 1;
        if self.take(b'%') {
            return Some(Ok(Piece::Percent));
        }
        let mut conversion = Conversion::default();
        Some(match self.conversion(&mut conversion) {
            Ok(()) => Ok(Piece::Conversion(conversion)),
            Err(message) => {
                self.at = self.text.len();
                Err(PercentError { message, before: conversion })
            }
        })
    }
}

impl Conversion {
    /// Takes the width from an argument: a negative one means to the left.
    pub fn set_width(&mut self, width: isize) {
        self.left |= width < 0;
        self.width = Some(Amount::Given(width.unsigned_abs()));
    }

    /// Takes the precision from an argument: a negative one counts as zero.
    pub fn set_precision(&mut self, precision: i32) {
        self.precision = Some(Amount::Given(usize::try_from(precision).unwrap_or(0)));
    }

    /// Whether a number can be laid out with this precision.
    pub fn allows_int(&self) -> bool {
        self.precision().is_none_or(|precision| precision <= i32::MAX as usize - 3)
    }

    /// As `allows_int`, for `layout_float`.
    pub fn allows_float(&self) -> bool {
        self.precision().is_none_or(|precision| precision <= float_text::MOST_PRECISION)
    }

    fn precision(&self) -> Option<usize> {
        match self.precision {
            Some(Amount::Given(precision)) => Some(precision),
            _ => None,
        }
    }

    fn missing(&self, len: usize) -> usize {
        match self.width {
            Some(Amount::Given(width)) => width.saturating_sub(len),
            _ => 0,
        }
    }

    /// The text of the ValueError for a conversion type that does not exist.
    pub fn unsupported(&self) -> String {
        let shown = char::from_u32(self.code).filter(|c| (' '..='~').contains(c)).unwrap_or('?');
        let (code, at) = (self.code, self.at);
        format!("unsupported format character '{shown}' (0x{code:x}) at index {at}")
    }

    /// For `s`, `r`, `a`: how much of a text is used, and the blanks before and behind it.
    pub fn layout_text(&self, len: usize) -> (usize, usize, usize) {
        let used = self.precision().map_or(len, |precision| precision.min(len));
        let (left, right) = self.padding(used);
        (used, left, right)
    }

    /// The blanks before and behind something of this length.
    pub fn padding(&self, len: usize) -> (usize, usize) {
        let missing = self.missing(len);
        if self.left { (0, missing) } else { (missing, 0) }
    }

    /// The text of an integer in the form of `d`, `o`, `x` and their likes, without padding.
    pub fn plain_int(&self, value: i64) -> Option<Number> {
        let (radix, prefix) = match u8::try_from(self.code).ok()? {
            b'd' | b'i' | b'u' => (10, None),
            b'x' => (16, Some(b'x')),
            b'X' => (16, Some(b'X')),
            b'o' => (8, Some(b'o')),
            _ => return None,
        };
        if self.precision.is_some() {
            return None;
        }
        let mut number = Number::new();
        number.push_radix(value.unsigned_abs(), radix, prefix == Some(b'X'));
        number.push_head(self.sign_of(value < 0), prefix.filter(|_| self.alternate));
        Some(number)
    }

    /// The text of a float in the form of `f`, without padding.
    pub fn plain_float(&self, value: f64) -> Option<Number> {
        if !matches!(self.code, 0x66 | 0x46) || self.alternate || !value.is_finite() {
            return None;
        }
        let places = self.precision().unwrap_or(6);
        let mut number = Number::new();
        if !float_text::push_fixed_short(&mut number, value.abs(), places, None) {
            return None;
        }
        number.push_head(self.sign_of(value.is_sign_negative()), None);
        Some(number)
    }

    fn sign_of(&self, negative: bool) -> Option<u8> {
        match (negative, self.sign, self.blank) {
            (true, ..) => Some(b'-'),
            (_, true, _) => Some(b'+'),
            (_, _, true) => Some(b' '),
            _ => None,
        }
    }

    /// The characters that fill up a number of that length, and which.
    #[inline]
    pub fn padding_of(&self, len: usize) -> (Padding, u8) {
        let missing = self.missing(len);
        match (self.left, self.zero) {
            (true, _) => (Padding { right: missing, ..Padding::default() }, b' '),
            (_, true) => (Padding { inner: missing, ..Padding::default() }, b'0'),
            _ => (Padding { left: missing, ..Padding::default() }, b' '),
        }
    }

    /// For `e`, `f`, `g` and their upper-case forms.
    pub fn layout_float(&self, value: f64) -> Laid {
        let style = Style { alternate: self.alternate, ..Style::default() };
        let code = u8::try_from(self.code).unwrap_or(b'g');
        let precision = self.precision().unwrap_or(6);
        // A sign is for the layout; NaN has none.
        let negative = value.is_sign_negative() && !value.is_nan();
        let text = float_text::format_short(value.abs(), code, precision, style);
        self.layout_number(negative, "", text)
    }

    /// For `d`, `i`, `u`, `o`, `x`, `X`: the digits are those of the magnitude in the radix that
    /// belongs to the type, in lower case.
    pub fn layout_int(&self, negative: bool, digits: ShortText) -> Laid {
        let zeros = self.precision().unwrap_or(0).saturating_sub(digits.len());
        let mut body = digits;
        if zeros > 0 {
            let digits = std::mem::take(&mut body);
            body.push_zeros(zeros);
            body.push_str(&digits);
        }
        let code = u8::try_from(self.code).unwrap_or(b'd');
        if code == b'X' {
            body.make_ascii_uppercase();
        }
        let prefix = match code {
            b'o' if self.alternate => "0o",
            b'x' if self.alternate => "0x",
            b'X' if self.alternate => "0X",
            _ => "",
        };
        self.layout_number(negative, prefix, body)
    }

    fn layout_number(&self, negative: bool, prefix: &'static str, body: ShortText) -> Laid {
        let sign = match self.sign_of(negative) {
            Some(b'-') => "-",
            Some(b'+') => "+",
            Some(_) => " ",
            None => "",
        };
        let head = [sign, prefix];
        let (padding, fill) = self.padding_of(sign.len() + prefix.len() + body.len());
        let Padding { left, inner, right } = padding;
        Laid { fill: fill.into(), left, head, inner, body, right }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conversion(format: &str) -> Conversion {
        match Parser::new(format.as_bytes()).next() {
            Some(Ok(Piece::Conversion(conversion))) => conversion,
            other => panic!("{other:?}"),
        }
    }

    fn text(laid: Laid) -> String {
        laid.code_points().filter_map(char::from_u32).collect()
    }

    fn error(format: &str) -> &'static str {
        let error = Parser::new(format.as_bytes()).find_map(Result::err);
        error.map_or("", |error| error.message)
    }

    // The expected texts are what the reference answers.
    #[test]
    fn integers() {
        let int =
            |format, digits| text(conversion(format).layout_int(false, ShortText::from(digits)));
        assert_eq!(int("%#x", "ff"), "0xff");
        assert_eq!(int("%+ d", "5"), "+5");
        assert_eq!(int("%010.5d", "42"), "0000000042");
        assert_eq!(int("%-010d|", "42"), "42        ");
        assert_eq!(int("%#.5X", "ff"), "0X000FF");
        assert_eq!(int("%#010x", "ff"), "0x000000ff");
        assert_eq!(int("%ld", "5"), "5");
        assert_eq!(int("%-+ #05d|", "3"), "+3   ");
    }

    #[test]
    fn floats() {
        let float = |format, value| text(conversion(format).layout_float(value));
        assert_eq!(float("%#.0f", 1.0), "1.");
        assert_eq!(float("%+.3e", -1.5), "-1.500e+00");
        assert_eq!(float("%05.1f", -1.25), "-01.2");
        assert_eq!(float("%F", f64::INFINITY), "INF");
        assert_eq!(float("%010f", f64::NEG_INFINITY), "-000000inf");
        assert_eq!(float("%010f", f64::NAN), "0000000nan");
    }

    #[test]
    fn grammar() {
        assert_eq!(error("%"), "incomplete format");
        assert_eq!(error("a%(a"), "incomplete format key");
        assert_eq!(error("%5."), "incomplete format");
        assert_eq!(error("%99999999999999999999d"), "width too big");
        assert_eq!(error("%.2147483648f"), "precision too big");
        assert_eq!(conversion("%(a(b)c)d").key, Some(2..7));
        assert_eq!(
            conversion("%hld").unsupported(),
            "unsupported format character 'l' (0x6c) at index 2"
        );
        let star = conversion("%*.*f");
        assert_eq!((star.width, star.precision), (Some(Amount::Argument), Some(Amount::Argument)));
        let pieces: Vec<_> = Parser::new(b"ab%%c").map(Result::unwrap).collect();
        assert_eq!(pieces, [Piece::Literal(0..2), Piece::Percent, Piece::Literal(4..5)]);
    }
}
