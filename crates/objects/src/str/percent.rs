//! `string % arguments`.
//!
//! The grammar and the layout are in `crate::percent`. The same job as CPython's `Objects/unicode_format.c`.

use crate::int_digits;
use crate::percent::{Amount, Conversion, INCOMPLETE_KEY, Parser, Piece};
use crate::prelude::*;
use crate::str::StrBuilder;
use crate::text::digits::{Number, write_bits};
use crate::text::{ShortText, Unit};
use crate::with_units;

/// The arguments, as they are used up.
pub struct Values<'a> {
    args: Borrowed<'a>,
    /// Where `%(key)s` looks.
    mapping: Option<Borrowed<'a>>,
    /// What `%(key)s` found, which the conversion uses in place of an argument.
    keyed: Option<Owned>,
    tuple: Option<Borrowed<'a, Tuple>>,
    next: usize,
}

impl<'a> Values<'a> {
    /// `text_like` arguments have keys but are single values.
    pub fn new(args: Borrowed<'a>, text_like: bool) -> Values<'a> {
        let tuple = args.downcast::<Tuple>();
        let mapping = tuple.is_none() && !text_like && mapping::check(args);
        Values { args, mapping: mapping.then_some(args), keyed: None, tuple, next: 0 }
    }

    pub fn next(&mut self, th: &Thread) -> PyResult {
        if let Some(keyed) = self.keyed.take() {
            // A mapping's values are used once; the arguments have given way to them for good.
            self.next = usize::MAX;
            return Ok(keyed);
        }
        let found = match self.tuple {
            Some(tuple) => tuple.get().get(self.next).map(Borrowed::to_owned),
            None if self.next == 0 => Some(self.args.to_owned()),
            None => None,
        };
        let Some(found) = found else {
            return Err(th.raise(exc::TYPE_ERROR, "not enough arguments for format string"));
        };
        self.next += 1;
        Ok(found)
    }

    fn mapping(&self, th: &Thread) -> PyResult<Borrowed<'a>> {
        self.mapping.ok_or_else(|| th.raise(exc::TYPE_ERROR, "format requires a mapping"))
    }

    /// The ValueError of a format, unless what is looked up before it fails.
    pub fn fail(&self, th: &Thread, message: &str) -> Raised {
        if message == INCOMPLETE_KEY
            && let Err(raised) = self.mapping(th)
        {
            return raised;
        }
        th.raise(exc::VALUE_ERROR, message)
    }

    /// Looks a key up; the next argument will be what it found.
    pub fn select(&mut self, th: &Thread, key: Borrowed<'_>) -> PyResult<()> {
        let mapping = self.mapping(th)?;
        self.keyed = Some(object::get_item(th, mapping, key)?);
        Ok(())
    }

    /// `*` arguments.
    pub fn amounts(&mut self, th: &Thread, conversion: &mut Conversion) -> PyResult<()> {
        if conversion.width == Some(Amount::Argument) {
            let value = self.next(th)?;
            let width = amount(th, value, "ssize_t", |value| isize::try_from(value).ok())?;
            conversion.set_width(width);
        }
        if conversion.precision == Some(Amount::Argument) {
            let value = self.next(th)?;
            let precision = amount(th, value, "int", |value| i32::try_from(value).ok())?;
            conversion.set_precision(precision);
        }
        Ok(())
    }

    /// TypeError if arguments are left over; `what` is formatted: "string" or "bytes".
    pub fn finish(&self, th: &Thread, what: &str) -> PyResult<()> {
        let given = self.tuple.map_or(1, |tuple| tuple.len());
        if self.next < given && self.mapping.is_none() {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "not all arguments converted during {what} formatting"
            ));
        }
        Ok(())
    }
}

fn amount<T>(
    th: &Thread,
    value: Owned,
    name: &str,
    convert: impl FnOnce(i64) -> Option<T>,
) -> PyResult<T> {
    let Some(int) = value.object().downcast::<Int>() else {
        return Err(th.raise(exc::TYPE_ERROR, "* wants int"));
    };
    int.to_i64()
        .and_then(convert)
        .ok_or_else(|| raise!(th, OVERFLOW_ERROR, "Python int too large to convert to C {name}"))
}

/// Sign and digits of the argument of `d`, `i`, `u`, `o`, `x` or `X`.
pub fn integer(th: &Thread, value: Borrowed<'_>, code: u32) -> PyResult<(bool, ShortText)> {
    let letter = char::from_u32(code).unwrap_or('d');
    let radix = match letter {
        'o' => 8,
        'x' | 'X' => 16,
        _ => 10,
    };
    let wrong = || {
        let wanted = if radix == 10 { "a real number" } else { "an integer" };
        let found = value.type_name();
        raise!(th, TYPE_ERROR, "%{letter} format: {wanted} is required, not {found}")
    };
    let int = match value.downcast::<Int>() {
        Some(int) => int.to_owned(),
        None if !number::check(value) => return Err(wrong()),
        None => {
            let int = if radix == 10 { number::long(th, value) } else { number::index(th, value) };
            match int {
                Ok(int) => int,
                Err(raised) => {
                    drop(th.take_if(raised, exc::TYPE_ERROR)?);
                    return Err(wrong());
                }
            }
        }
    };
    digits(th, &int, radix)
}

/// Sign and digits, the latter in lower case; ValueError if there are too many.
pub(crate) fn digits(th: &Thread, int: &Int, radix: u32) -> PyResult<(bool, ShortText)> {
    let digits = match int.to_i64() {
        Some(value) if radix.is_power_of_two() => {
            let mut digits = [0; 64];
            let value = value.unsigned_abs();
            let at = write_bits(&mut digits, 64, value, radix.trailing_zeros());
            // Only ASCII was written.
            ShortText::from(str::from_utf8(&digits[at..]).unwrap_or_default())
        }
        _ if radix != 10 => int_digits::to_radix(int.view().abs(), radix).into(),
        Some(value) => {
            let mut digits = ShortText::new();
            digits.push_decimal(value.unsigned_abs(), 1);
            digits
        }
        None => {
            let text = crate::int::to_decimal(th, int)?;
            text.to_string_lossy().trim_start_matches('-').to_owned().into()
        }
    };
    Ok((int.is_negative(), digits))
}

/// The argument of `c`.
fn character(th: &Thread, value: Borrowed<'_>) -> PyResult<u32> {
    if let Some(text) = value.downcast::<Str>() {
        if text.len() == 1 {
            return Ok(text.char_at(0));
        }
        let len = text.len();
        return Err(raise!(
            th,
            TYPE_ERROR,
            "%c requires an int or a unicode character, not a string of length {len}"
        ));
    }
    if !number::is_index(value) {
        return Err(raise!(
            th,
            TYPE_ERROR,
            "%c requires an int or a unicode character, not {}",
            *value.ty().full_name(th)?
        ));
    }
    match number::index(th, value)?.to_i64() {
        Some(point @ 0..=0x10_ffff) => Ok(point as u32),
        _ => Err(th.raise(exc::OVERFLOW_ERROR, "%c arg not in range(0x110000)")),
    }
}

fn push_text(
    th: &Thread,
    out: &mut StrBuilder,
    conversion: &Conversion,
    text: Owned<Str>,
) -> PyResult<()> {
    let (used, left, right) = conversion.layout_text(text.len());
    push_blanks(th, out, left)?;
    if used == text.len() {
        out.push_owned(text);
    } else {
        out.push_chars(text.chars().slice(0..used));
    }
    push_blanks(th, out, right)
}

/// Padding is as wide as a program asks for, so that there may be no memory for it.
#[inline]
fn push_blanks(th: &Thread, out: &mut StrBuilder, count: usize) -> PyResult<()> {
    if count > 0 {
        out.reserve(th, Some(count))?;
        out.push_repeated(0x20, count);
    }
    Ok(())
}

fn convert(
    th: &Thread,
    conversion: &Conversion,
    value: Borrowed<'_>,
    out: &mut StrBuilder,
) -> PyResult<()> {
    if let Some(number) = plain_number(conversion, value) {
        let (padding, fill) = conversion.padding_of(number.len());
        return out.push_number(th, &number, padding, fill);
    }
    let laid = match u8::try_from(conversion.code).unwrap_or(0) {
        b's' => {
            return push_text(th, out, conversion, object::str(th, value)?);
        }
        b'r' => {
            return push_text(th, out, conversion, object::repr(th, value)?);
        }
        b'a' => {
            return push_text(th, out, conversion, object::ascii(th, value)?);
        }
        b'c' => {
            let point = character(th, value)?;
            let (left, right) = conversion.padding(1);
            push_blanks(th, out, left)?;
            out.push_char(point);
            return push_blanks(th, out, right);
        }
        b'd' | b'i' | b'u' | b'o' | b'x' | b'X' => {
            let (negative, digits) = integer(th, value, conversion.code)?;
            if !conversion.allows_int() {
                return Err(th.raise(exc::OVERFLOW_ERROR, "precision too large"));
            }
            conversion.layout_int(negative, digits)
        }
        b'e' | b'E' | b'f' | b'F' | b'g' | b'G' => {
            let float = number::as_f64(th, value)?;
            if !conversion.allows_float() {
                return Err(th.raise(exc::VALUE_ERROR, "precision too big"));
            }
            conversion.layout_float(float)
        }
        _ => return Err(th.raise(exc::VALUE_ERROR, &conversion.unsupported())),
    };
    out.push_laid(th, &laid)
}

/// The text of a number in a form of usual size, without padding.
pub(crate) fn plain_number(conversion: &Conversion, value: Borrowed<'_>) -> Option<Number> {
    if let Some(int) = value.downcast_exact::<Int>() {
        return conversion.plain_int(int.to_i64()?);
    }
    conversion.plain_float(value.downcast_exact::<Float>()?.value())
}

/// `%s`, `%r` or `%d`, without anything between.
fn convert_plain(th: &Thread, code: u8, value: Borrowed<'_>, out: &mut StrBuilder) -> PyResult<()> {
    match code {
        b's' => out.push_owned(object::str(th, value)?),
        b'r' => out.push_owned(object::repr(th, value)?),
        _ => match value.downcast_exact::<Int>().and_then(|int| int.to_i64()) {
            Some(value) => {
                let mut number = Number::new();
                number.push_decimal(value.unsigned_abs());
                if value < 0 {
                    number.push_front(b'-');
                }
                out.push_units(number.as_bytes());
            }
            None => {
                let conversion = Conversion { code: code.into(), ..Conversion::default() };
                convert(th, &conversion, value, out)?;
            }
        },
    }
    Ok(())
}

/// Whether all of the format was literal text.
fn format_units<T: Unit>(
    th: &Thread,
    format: &[T],
    values: &mut Values<'_>,
    out: &mut StrBuilder,
) -> PyResult<bool> {
    let mut literal = true;
    let prepare = |values: &mut Values<'_>, conversion: &mut Conversion| {
        if let Some(key) = conversion.key.clone() {
            let key = super::format::fields::string(th, &format[key])?;
            values.select(th, key.object())?;
        }
        values.amounts(th, conversion)
    };
    let mut parser = Parser::new(format);
    loop {
        if let Some(code) = parser.plain() {
            literal = false;
            let value = values.next(th)?;
            convert_plain(th, code, value.object(), out)?;
            continue;
        }
        let Some(piece) = parser.next() else { break };
        match piece {
            Ok(Piece::Literal(range)) => out.push_units(&format[range]),
            Ok(Piece::Percent) => {
                literal = false;
                out.push_char(u32::from(b'%'));
            }
            Ok(Piece::Conversion(mut conversion)) => {
                literal = false;
                prepare(values, &mut conversion)?;
                let value = values.next(th)?;
                convert(th, &conversion, value.object(), out)?;
            }
            Err(mut error) => {
                prepare(values, &mut error.before)?;
                return Err(values.fail(th, error.message));
            }
        }
    }
    Ok(literal)
}

/// `format % args`.
pub fn format(th: &Thread, format: Borrowed<'_, Str>, args: Borrowed<'_>) -> PyResult<Owned<Str>> {
    let mut values = Values::new(args, args.downcast::<Str>().is_some());
    let mut out = StrBuilder::reused(th, format.len().saturating_add(100));
    let literal =
        with_units!(format.chars(), units => format_units(th, units, &mut values, &mut out))?;
    values.finish(th, "string")?;
    if literal {
        return format.to_exact(th);
    }
    out.finish_reused(th)
}
