//! `format(decimal, spec)`.
//!
//! The forms that almost all programs use are laid out here. The rest, such as `#`, `z` and separators in the fraction,
//! is the business of `decimal` in Python, as it is in the reference.

use std::borrow::Cow;
use std::ops::Range;

use krait_eval::{import, warnings};
use krait_objects::prelude::*;

use super::arith::{Context, Num, Rounding, text};
use super::context::{DecimalContext, current};
use super::convert;
use super::decimal::Decimal;

/// More characters than anyone has memory for.
const TOO_WIDE: i64 = 1 << 40;

/// A parsed specification.
struct Spec {
    fill: char,
    /// `<`, `>`, `^`, or `=` for padding behind the sign.
    align: char,
    sign: char,
    /// Zeros in front, among which separators go.
    zeros: bool,
    width: i64,
    precision: Option<i64>,
    code: u8,
    point: Cow<'static, str>,
    separator: Cow<'static, str>,
    /// Sizes of groups from the point on, as C's `localeconv` tells them.
    grouping: Cow<'static, [u8]>,
}

/// Takes one of these characters from the front.
fn take_one(rest: &mut &str, of: &[u8]) -> Option<char> {
    let first = *rest.as_bytes().first().filter(|first| of.contains(first))?;
    *rest = &rest[1..];
    Some(char::from(first))
}

/// Takes a number from the front, -1 if there is none; nothing for one that does not fit.
fn take_number(rest: &mut &str) -> Option<i64> {
    let count = rest.bytes().take_while(u8::is_ascii_digit).count();
    let mut value: i64 = if count > 0 { 0 } else { -1 };
    for digit in rest[..count].bytes() {
        value = value.checked_mul(10)?.checked_add(i64::from(digit - b'0'))?;
    }
    *rest = &rest[count..];
    Some(value)
}

/// So many zeros; none of a negative count.
fn zeros(count: i64) -> Cow<'static, str> {
    const SOME: &str = "0000000000000000000000000000000000000000";
    match usize::try_from(count) {
        Err(_) => Cow::Borrowed(""),
        Ok(count) if count <= SOME.len() => Cow::Borrowed(&SOME[..count]),
        Ok(count) => Cow::Owned("0".repeat(count)),
    }
}

impl Spec {
    /// Nothing for what is not known here.
    fn parse(text: &str, capitals: bool) -> Option<Spec> {
        const ALIGN: &[u8] = b"<>^=";
        let mut rest = text;
        let (mut fill, mut align) = (' ', None);
        let first = text.chars().next();
        let mut behind_first = &text[first.map_or(0, char::len_utf8)..];
        if let (Some(first), Some(given)) = (first, take_one(&mut behind_first, ALIGN)) {
            (fill, align) = (first, Some(given));
            rest = behind_first;
        } else if let Some(given) = take_one(&mut rest, ALIGN) {
            align = Some(given);
        }
        let sign = take_one(&mut rest, b"+- ").unwrap_or('-');
        let zeros = take_one(&mut rest, b"0").is_some();
        if zeros {
            if align.is_some() {
                return None;
            }
            (fill, align) = ('0', Some('='));
        }
        let width = take_number(&mut rest)?.max(0);
        let mut spec = Spec {
            fill,
            align: align.unwrap_or('>'),
            sign,
            zeros,
            width,
            precision: None,
            code: if capitals { b'G' } else { b'g' },
            point: Cow::Borrowed("."),
            separator: Cow::Borrowed(""),
            grouping: Cow::Borrowed(&[]),
        };
        let grouped = take_one(&mut rest, b",_");
        if let Some(separator) = grouped {
            spec.separator = Cow::Borrowed(if separator == ',' { "," } else { "_" });
            spec.grouping = Cow::Borrowed(&[3, 3]);
        }
        if take_one(&mut rest, b".").is_some() {
            spec.precision = Some(take_number(&mut rest)?).filter(|&places| places >= 0);
            spec.precision?;
        }
        if let Some(code) = take_one(&mut rest, b"eEfFgG%nN") {
            spec.code = code as u8;
            if matches!(code, 'n' | 'N') {
                if grouped.is_some() {
                    return None;
                }
                spec.code = if code == 'n' { b'g' } else { b'G' };
                spec.use_locale();
            }
        }
        rest.is_empty().then_some(spec)
    }

    /// The separators of the process's locale.
    fn use_locale(&mut self) {
        let spec = krait_objects::format_spec::Spec::parse(
            &[u32::from(b'n')],
            krait_objects::format_spec::Align::Right,
            None,
        );
        let Ok(spec) = spec else {
            return;
        };
        krait_objects::int::format::with_locale(&spec, |locale| {
            self.point = Cow::Owned(locale.decimal_point.to_owned());
            self.separator = Cow::Owned(locale.thousands_sep.to_owned());
            self.grouping = Cow::Owned(locale.grouping.to_vec());
        });
    }

    /// What a dictionary says instead; an entry that is not there leaves its value alone.
    fn override_with(&mut self, th: &Thread, dict: &Dict) -> PyResult<()> {
        let get = |name: &str| -> PyResult<Option<String>> {
            let Some(value) = dict.get_str(th, Str::interned(th, name)?.borrow())? else {
                return Ok(None);
            };
            let Some(text) = value.object().downcast::<Str>() else {
                return Err(th.raise(exc::TYPE_ERROR, "bad argument type for built-in operation"));
            };
            Ok(Some(text.get().as_utf8(th)?.to_owned()))
        };
        if let Some(point) = get("decimal_point")? {
            self.point = Cow::Owned(point);
        }
        if let Some(separator) = get("thousands_sep")? {
            self.separator = Cow::Owned(separator);
        }
        if let Some(grouping) = get("grouping")? {
            self.grouping = Cow::Owned(grouping.into_bytes());
        }
        if self.point.is_empty() || self.point.len() > 4 || self.separator.len() > 4 {
            return Err(th.raise(exc::VALUE_ERROR, "invalid override dict"));
        }
        Ok(())
    }

    /// Rounds a finite number to what is shown of it.
    fn rounded(&self, number: &Num, rounding: Rounding) -> Option<Num> {
        let digits = number.coef.digits() as i64;
        let to_digits = |count: i64| {
            if number.coef.is_zero() || (digits <= count && self.code | 0x20 == b'g') {
                return Some(number.clone());
            }
            let exp = number.adjusted() + 1 - count;
            let rounded = number.rescaled(exp, rounding)?.0;
            // Nines may have become one digit more.
            if rounded.coef.digits() as i64 > count {
                return Some(number.rescaled(exp + 1, rounding)?.0);
            }
            Some(rounded)
        };
        match (self.precision, self.code | 0x20) {
            (None, _) => Some(number.clone()),
            (Some(places), b'e') => to_digits(places + 1),
            (Some(places), b'g') => to_digits(places.max(1)),
            (Some(places), _) => Some(number.rescaled(-places, rounding)?.0),
        }
    }

    /// The digits in front of the point, and what comes behind them.
    fn body(&self, number: &Num, rounding: Rounding) -> Option<(String, String)> {
        let mut number = number.clone();
        if self.code == b'%' {
            number.exp += 2;
        }
        let mut number = self.rounded(&number, rounding)?;
        let fixed = matches!(self.code, b'f' | b'F' | b'%');
        if number.coef.is_zero() && number.exp > 0 && fixed {
            number.exp = 0;
        }
        let mut digits = Vec::with_capacity(48);
        text::push_digits(&mut digits, &number.coef);
        let mut digits = String::from_utf8(digits).unwrap_or_default();
        let count = digits.len() as i64;
        let left = number.exp + count;
        let point = match self.code | 0x20 {
            b'e' if number.coef.is_zero() => 1 - self.precision.unwrap_or(0),
            b'e' => 1,
            b'g' if number.exp > 0 || left <= -6 => 1,
            _ => left,
        };
        if point.abs() > TOO_WIDE {
            return None;
        }
        // Digits and point together, to be taken apart in front of the point.
        let split = if point <= 0 {
            digits.insert_str(0, &zeros(1 - point));
            1
        } else {
            digits.push_str(&zeros(point - count));
            point as usize
        };
        let mut behind = String::with_capacity(digits.len() - split + 8);
        if split < digits.len() {
            behind.push_str(&self.point);
            behind.push_str(&digits[split..]);
            digits.truncate(split);
        }
        if left != point || self.code | 0x20 == b'e' {
            let letter = if self.code.is_ascii_uppercase() { 'E' } else { 'e' };
            behind += &format!("{letter}{:+}", left - point);
        }
        if self.code == b'%' {
            behind.push('%');
        }
        Some((digits, behind))
    }

    /// Digits in groups, with zeros in front to fill so many characters.
    fn grouped(&self, digits: String, width: i64) -> String {
        if self.separator.is_empty() {
            let missing = zeros(width - digits.len() as i64);
            return if missing.is_empty() { digits } else { missing.into_owned() + &digits };
        }
        // From the right: how many zeros each group gets, and where its digits are.
        let mut groups: Vec<(usize, Range<usize>)> = Vec::new();
        let (mut rest, mut missing) = (digits.len(), width);
        let separator = self.separator.chars().count() as i64;
        let (mut at, mut size) = (0, None);
        loop {
            match self.grouping.get(at) {
                Some(0) | None => {}
                Some(127) => size = None,
                Some(&given) => size = Some(given as usize),
            }
            at += 1;
            let size = match size {
                Some(size) => size,
                None => usize::MAX,
            };
            let longest = (rest as i64).max(missing).max(1) as usize;
            let length = size.min(longest);
            let cut = rest.saturating_sub(length);
            groups.push((length.saturating_sub(rest), cut..rest));
            rest = cut;
            missing -= length as i64;
            if rest == 0 && missing <= 0 {
                break;
            }
            missing -= separator;
        }
        let mut out = String::with_capacity(digits.len() + groups.len() * self.separator.len());
        for (at, (missing, part)) in groups.into_iter().rev().enumerate() {
            if at > 0 {
                out.push_str(&self.separator);
            }
            out.push_str(&zeros(missing as i64));
            out.push_str(&digits[part]);
        }
        out
    }

    /// Sign and text, padded.
    fn padded(&self, sign: &str, body: String, fill: char, align: char) -> String {
        let length = (sign.len() + body.chars().count()) as i64;
        if sign.is_empty() && length >= self.width {
            return body;
        }
        let missing = (self.width - length).max(0) as usize;
        let padding = |count: usize| fill.to_string().repeat(count);
        match align {
            '<' => format!("{sign}{body}{}", padding(missing)),
            '^' => {
                let before = padding(missing / 2);
                format!("{before}{sign}{body}{}", padding(missing - missing / 2))
            }
            '=' => format!("{sign}{}{body}", padding(missing)),
            _ => format!("{}{sign}{body}", padding(missing)),
        }
    }

    fn lay_out(&self, number: &Num, rounding: Rounding) -> Option<String> {
        let sign = match (number.negative, self.sign) {
            (true, _) => "-",
            (_, '+') => "+",
            (_, ' ') => " ",
            _ => "",
        };
        if self.width >= TOO_WIDE || self.precision.is_some_and(|places| places >= TOO_WIDE) {
            return None;
        }
        if !number.is_finite() {
            let mut body = String::from_utf8(text::to_text(&number.magnitude(), true, false));
            if let (Ok(body), b'%') = (&mut body, self.code) {
                body.push('%');
            }
            let (fill, align) = if self.zeros { (' ', '>') } else { (self.fill, self.align) };
            return Some(self.padded(sign, body.unwrap_or_default(), fill, align));
        }
        let (whole, behind) = self.body(number, rounding)?;
        let taken = (behind.chars().count() + sign.len()) as i64;
        let whole = self.grouped(whole, if self.zeros { self.width - taken } else { 0 });
        Some(self.padded(sign, whole + &behind, self.fill, self.align))
    }
}

/// `format(decimal, spec)`, with a dictionary instead of the locale.
pub fn format(
    th: &Thread,
    this: Borrowed<'_, Decimal>,
    spec: Borrowed<'_>,
    locale: Option<Borrowed<'_>>,
) -> PyResult {
    let context = current(th)?;
    let Some(text) = spec.downcast::<Str>() else {
        return Err(th.raise(exc::TYPE_ERROR, "format arg must be str"));
    };
    let text = text.get().as_utf8(th)?;
    if text.is_empty() && locale.is_none() {
        return object::str(th, this.object()).map(Owned::into_object);
    }
    if text.ends_with('N') {
        let message = "Format specifier 'N' is deprecated and slated for removal in Python 3.18";
        let category = Borrowed::from_ref(exc::DEPRECATION_WARNING).object();
        warnings::warn(th, category, Str::new(th, message)?.borrow(), 1)?;
    }
    let Some(mut parsed) = Spec::parse(text, context.capitals()) else {
        return in_python(th, this, spec, &context);
    };
    if let Some(locale) = locale {
        let Some(dict) = locale.downcast::<Dict>() else {
            return Err(th.raise(exc::TYPE_ERROR, "optional argument must be a dict"));
        };
        parsed.override_with(th, dict.get())?;
    }
    let rounding = context.limits().rounding;
    let negative_group = parsed.grouping.iter().any(|&size| size >= 0x80);
    match parsed.lay_out(this.number(), rounding).filter(|_| !negative_group) {
        Some(text) => Str::from_string(th, text).map(Owned::into_object),
        None => {
            let what = "format specification exceeds internal limits of _decimal";
            Err(th.raise(exc::VALUE_ERROR, what))
        }
    }
}

/// The same by the module in Python; what it does not understand either is an invalid format string.
fn in_python(
    th: &Thread,
    this: Borrowed<'_, Decimal>,
    spec: Borrowed<'_>,
    context: &DecimalContext,
) -> PyResult {
    let module = import::import(th, "_pydecimal")?;
    let get = |name| object::get_attr(th, module.object(), Str::interned(th, name)?.borrow());
    let Context { prec, emin, emax, clamp, .. } = context.limits();
    let numbers = [prec, emin, emax, context.capitals().into(), clamp.into()];
    let mut arguments = Vec::with_capacity(6);
    for number in numbers {
        arguments.push(Int::from_i64(th, number)?.into_object());
    }
    arguments.insert(1, Str::interned(th, context.rounding_name())?.into_object());
    let arguments: Vec<_> = arguments.iter().map(Owned::object).collect();
    let limits = call::call(th, get("Context")?.object(), &arguments)?;
    let shown = convert::to_str(th, &text::to_text(this.number(), true, false))?;
    let number = call::call(th, get("Decimal")?.object(), &[shown.object()])?;
    let name = Str::interned(th, "__format__")?;
    let result = call::call_method(th, number.object(), name.borrow(), &[spec, limits.object()]);
    result.or_else(|raised| {
        th.take_if(raised, exc::VALUE_ERROR)?;
        Err(th.raise(exc::VALUE_ERROR, "invalid format string"))
    })
}

#[cfg(test)]
mod tests {
    use super::super::arith::Coef;
    use super::*;

    #[test]
    fn groups_are_filled_with_zeros() {
        let spec = Spec::parse("015,", true).unwrap();
        let number = Num::new(false, Coef::from_u64(12_345_678), -3);
        let text = spec.lay_out(&number, Rounding::HalfEven);
        assert_eq!(text.as_deref(), Some("000,012,345.678"));
    }
}
