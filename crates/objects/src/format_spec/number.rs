//! Numbers laid out by a specification: sign, prefix, grouped digits, padding.

use super::{Align, Grouping, Spec, SpecError};
use crate::float_text::{self, Style};
use crate::text::ShortText;

/// The locale's way of writing numbers, for the type letter `n`; as `localeconv` has it.
#[derive(Clone, Copy, Debug)]
pub struct Locale<'a> {
    pub decimal_point: &'a str,
    pub thousands_sep: &'a str,
    pub grouping: &'a [u8],
}

impl Locale<'static> {
    /// The locale `C`.
    pub const C: Locale<'static> = Locale { decimal_point: ".", thousands_sep: "", grouping: &[] };
}

/// A laid out number: `left` fill characters, the head (sign and prefix), `inner` fill characters,
/// the body and `right` fill characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Laid {
    pub fill: u32,
    pub left: usize,
    /// Sign and prefix.
    pub head: [&'static str; 2],
    pub inner: usize,
    pub body: ShortText,
    pub right: usize,
}

impl Laid {
    /// The number of code points; `None` if it is past what a `str` can hold.
    pub fn len(&self) -> Option<usize> {
        let text = self.head_len() + self.body.chars().count();
        let padding = self.left.checked_add(self.inner)?.checked_add(self.right)?;
        text.checked_add(padding).filter(|&len| len <= isize::MAX as usize)
    }

    /// How long the head is, which is ASCII.
    fn head_len(&self) -> usize {
        self.head[0].len() + self.head[1].len()
    }

    /// Whether nothing at all is written.
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// All code points in order.
    pub fn code_points(&self) -> impl Iterator<Item = u32> {
        let fill = |count| std::iter::repeat_n(self.fill, count);
        fill(self.left)
            .chain(self.head.iter().flat_map(|part| part.chars()).map(u32::from))
            .chain(fill(self.inner))
            .chain(self.body.chars().map(u32::from))
            .chain(fill(self.right))
    }
}

/// What the type letter makes of an `int`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntForm {
    /// The character of that number, padded by [`Spec::padding`].
    Character,
    /// Digits of the magnitude in this radix, for [`layout_int`]; upper-case ones if so.
    Digits { radix: u32, upper: bool },
    /// Converted to a float first.
    Float,
}

impl Spec {
    /// Checks a specification for `int.__format__`.
    pub fn int_form(&self) -> Result<IntForm, SpecError> {
        let code = self.code.unwrap_or(u32::from(b'd'));
        let form = match u8::try_from(code).unwrap_or(0) {
            b'd' | b'n' => IntForm::Digits { radix: 10, upper: false },
            b'b' => IntForm::Digits { radix: 2, upper: false },
            b'o' => IntForm::Digits { radix: 8, upper: false },
            b'x' => IntForm::Digits { radix: 16, upper: false },
            b'X' => IntForm::Digits { radix: 16, upper: true },
            b'c' => IntForm::Character,
            b'e' | b'E' | b'f' | b'F' | b'g' | b'G' | b'%' => return Ok(IntForm::Float),
            _ => return Err(SpecError::UnknownCode(code)),
        };
        let refused = if self.precision.is_some() {
            "Precision not allowed in integer format specifier"
        } else if self.no_negative_zero {
            "Negative zero coercion (z) not allowed in integer format specifier"
        } else if form == IntForm::Character && self.sign.is_some() {
            "Sign not allowed with integer format specifier 'c'"
        } else if form == IntForm::Character && self.alternate {
            "Alternate form (#) not allowed with integer format specifier 'c'"
        } else {
            return Ok(form);
        };
        Err(SpecError::Fixed(refused))
    }

    fn is_code(&self, letter: u8) -> bool {
        self.code == Some(u32::from(letter))
    }
}

/// Lays out an integer whose magnitude was written in the radix of its [`IntForm`].
pub fn layout_int(
    negative: bool,
    magnitude: &str,
    spec: &Spec,
    locale: &Locale,
) -> Result<Laid, SpecError> {
    let prefix = match spec.code.and_then(|code| u8::try_from(code).ok()) {
        Some(b'b') if spec.alternate => "0b",
        Some(b'o') if spec.alternate => "0o",
        Some(b'x') if spec.alternate => "0x",
        Some(b'X') if spec.alternate => "0X",
        _ => "",
    };
    layout(Parts { negative, prefix, digits: magnitude, rest: ShortText::new() }, spec, locale)
}

/// Lays out a float.
pub fn format_float(value: f64, spec: &Spec, locale: &Locale) -> Result<Laid, SpecError> {
    let percent = spec.is_code(b'%');
    let form = FloatForm::new(spec, percent)?;
    let text = form.write(if percent { value * 100.0 } else { value });
    let mut parts = split_float(&text, spec, locale);
    if percent {
        parts.rest.push('%');
    }
    layout(parts, spec, locale)
}

/// How [`float_text::format`] is to be called.
struct FloatForm {
    code: u8,
    precision: usize,
    style: Style,
}

impl FloatForm {
    fn new(spec: &Spec, percent: bool) -> Result<Self, SpecError> {
        if spec.precision.is_some_and(|precision| precision > float_text::MOST_PRECISION) {
            return Err(SpecError::Fixed("precision too big"));
        }
        let mut style = Style {
            alternate: spec.alternate,
            no_negative_zero: spec.no_negative_zero,
            ..Style::default()
        };
        let code = match spec.code {
            None => {
                style.add_dot_0 = true;
                if spec.precision.is_some() { b'g' } else { b'r' }
            }
            Some(code) => match u8::try_from(code).unwrap_or(0) {
                b'n' => b'g',
                b'%' if percent => b'f',
                letter @ (b'e' | b'E' | b'f' | b'F' | b'g' | b'G') => letter,
                _ => return Err(SpecError::UnknownCode(code)),
            },
        };
        Ok(FloatForm { code, precision: spec.precision.unwrap_or(6), style })
    }

    fn write(&self, value: f64) -> ShortText {
        float_text::format_short(value, self.code, self.precision, self.style)
    }
}

struct Parts<'a> {
    negative: bool,
    prefix: &'static str,
    /// What is grouped, and filled up with zeros.
    digits: &'a str,
    /// Everything behind the whole digits.
    rest: ShortText,
}

fn split_float<'a>(text: &'a str, spec: &Spec, locale: &Locale) -> Parts<'a> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(text) => (true, text),
        None => (false, text),
    };
    let run = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, tail) = text.split_at(run(text));
    let mut rest = ShortText::new();
    match tail.strip_prefix('.') {
        Some(tail) => {
            rest.push_str(if spec.is_code(b'n') { locale.decimal_point } else { "." });
            let (fraction, exponent) = tail.split_at(run(tail));
            push_fraction(&mut rest, fraction, spec.fraction_grouping);
            rest.push_str(exponent);
        }
        None => rest.push_str(tail),
    }
    Parts { negative, prefix: "", digits, rest }
}

fn push_fraction(out: &mut ShortText, fraction: &str, grouping: Grouping) {
    let separator = match grouping {
        Grouping::None => return out.push_str(fraction),
        Grouping::Comma => ',',
        Grouping::Underscore => '_',
    };
    for (i, digit) in fraction.chars().enumerate() {
        if i > 0 && i % 3 == 0 {
            out.push(separator);
        }
        out.push(digit);
    }
}

fn layout(parts: Parts, spec: &Spec, locale: &Locale) -> Result<Laid, SpecError> {
    let sign = match (parts.negative, spec.sign) {
        (true, _) => "-",
        (false, Some(b'+')) => "+",
        (false, Some(b' ')) => " ",
        _ => "",
    };
    let head = [sign, parts.prefix];
    let head_len = sign.len() + parts.prefix.len();
    let rest_len = parts.rest.chars().count();
    let width = spec.width.unwrap_or(0);
    // Zeros in front of the digits are grouped with them; without separators they are mere fill.
    let zeros = spec.fill == u32::from(b'0') && spec.align == Align::AfterSign;
    let (separator, sizes) = grouping_of(spec, locale);
    let min_width =
        if zeros && !separator.is_empty() { width.saturating_sub(head_len + rest_len) } else { 0 };
    let mut body = if parts.digits.is_empty() || (separator.is_empty() && min_width == 0) {
        ShortText::from(parts.digits)
    } else {
        group_digits(parts.digits, min_width, separator, sizes)?.into()
    };
    body.push_str(&parts.rest);
    let len = head_len + body.chars().count();
    let mut laid = Laid { fill: spec.fill, left: 0, head, inner: 0, body, right: 0 };
    match spec.align {
        Align::AfterSign => laid.inner = width.saturating_sub(len),
        _ => (laid.left, laid.right) = spec.padding(len),
    }
    Ok(laid)
}

/// The separator, and the sizes of groups as in `localeconv`.
fn grouping_of<'a>(spec: &Spec, locale: &Locale<'a>) -> (&'a str, &'a [u8]) {
    let radix_group = spec.code.and_then(char::from_u32).is_some_and(|c| "boxX".contains(c));
    match spec.grouping {
        _ if spec.is_code(b'n') => (locale.thousands_sep, locale.grouping),
        Grouping::None => ("", &[]),
        Grouping::Comma => (",", &[3]),
        Grouping::Underscore if radix_group => ("_", &[4]),
        Grouping::Underscore => ("_", &[3]),
    }
}

/// Separates groups of digits, from the right, with sizes as in `localeconv`: the last is repeated,
/// and 127 ends grouping. Zeros are put in front until the whole is `min_width` wide, if there is
/// memory for that.
fn group_digits(
    digits: &str,
    min_width: usize,
    separator: &str,
    sizes: &[u8],
) -> Result<String, SpecError> {
    let separator_len = separator.chars().count();
    // Written backwards, then reversed.
    let mut out: Vec<char> = Vec::new();
    let room = digits.len().saturating_mul(1 + separator_len).saturating_add(min_width);
    out.try_reserve(room).map_err(|_| SpecError::Memory)?;
    let (mut remaining, mut missing) = (digits.as_bytes(), min_width);
    let mut sizes = sizes.iter().map(|&size| usize::from(size));
    let mut size = 0;
    loop {
        // A zero, like the end, repeats the size before it.
        match sizes.next() {
            Some(0) | None => {}
            Some(next) => size = next,
        }
        let all = remaining.len().max(missing).max(1);
        let unlimited = size == 0 || size >= 127;
        let len = if unlimited { all } else { all.min(size) };
        let taken = remaining.len().min(len);
        let (rest, group) = remaining.split_at(remaining.len() - taken);
        out.extend(group.iter().rev().map(|&digit| char::from(digit)));
        out.extend(std::iter::repeat_n('0', len - taken));
        remaining = rest;
        missing = missing.saturating_sub(len);
        if unlimited || (remaining.is_empty() && missing == 0) {
            break;
        }
        out.extend(separator.chars().rev());
        missing = missing.saturating_sub(separator_len);
    }
    Ok(out.iter().rev().collect())
}

/// Lays out a complex number.
pub fn format_complex(re: f64, im: f64, spec: &Spec, locale: &Locale) -> Result<Laid, SpecError> {
    let mut form = FloatForm::new(spec, false)?;
    let refused = if spec.fill == u32::from(b'0') {
        "Zero padding is not allowed in complex format specifier"
    } else if spec.align == Align::AfterSign {
        "'=' alignment flag is not allowed in complex format specifier"
    } else {
        ""
    };
    if !refused.is_empty() {
        return Err(SpecError::Fixed(refused));
    }
    form.style.add_dot_0 = false;
    let plain = spec.code.is_none();
    let part = |value: f64, sign: Option<u8>| {
        let text = form.write(value);
        let alone = Spec { width: None, align: Align::Left, sign, ..spec.clone() };
        let laid = layout(split_float(&text, &alone, locale), &alone, locale)?;
        Ok([laid.head[0], laid.head[1], &*laid.body].concat())
    };
    let mut body = String::new();
    // As in `repr`: no real part if it is a positive zero, else parentheses.
    let only_imaginary = plain && re == 0.0 && re.is_sign_positive();
    if plain && !only_imaginary {
        body.push('(');
    }
    if !only_imaginary {
        body.push_str(&part(re, spec.sign)?);
    }
    body.push_str(&part(im, if only_imaginary { spec.sign } else { Some(b'+') })?);
    body.push('j');
    if plain && !only_imaginary {
        body.push(')');
    }
    let (left, right) = spec.padding(body.chars().count());
    Ok(Laid { fill: spec.fill, left, head: [""; 2], inner: 0, body: body.into(), right })
}
