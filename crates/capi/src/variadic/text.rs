//! `PyUnicode_FromFormat` and `PyBytes_FromFormat`: C's `printf` with conversions for objects.
//!
//! The same job as `PyUnicode_FromFormatV` of CPython's `Objects/unicodeobject.c`.

use std::ffi::{c_char, c_int};

use krait_objects::codecs;
use krait_objects::prelude::*;
use krait_objects::str::{Chars, StrBuilder};
use krait_objects::text::ShortText;

use super::{Format, VaList, status, to_c};
use crate::support::*;

/// What stands between `%` and the conversion.
#[derive(Default)]
struct Spec {
    left: bool,
    zero: bool,
    alternate: bool,
    width: Option<usize>,
    precision: Option<usize>,
    length: Length,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Length {
    #[default]
    Int,
    Long,
    LongLong,
    Size,
    Difference,
    Max,
}

fn number(th: &Thread, format: &mut Format, too_big: &str) -> PyResult<Option<usize>> {
    let mut value: Option<usize> = None;
    while format.peek().is_ascii_digit() {
        let digit = usize::from(format.next() - b'0');
        let next = value.unwrap_or(0).checked_mul(10).and_then(|value| value.checked_add(digit));
        match next.filter(|&value| value <= isize::MAX as usize) {
            Some(next) => value = Some(next),
            None => return Err(th.raise(exc::VALUE_ERROR, too_big)),
        }
    }
    Ok(value)
}

impl Spec {
    fn read(th: &Thread, format: &mut Format, args: VaList) -> PyResult<Spec> {
        let mut spec = Spec::default();
        loop {
            match format.peek() {
                b'-' => spec.left = true,
                b'0' => spec.zero = true,
                b'#' => spec.alternate = true,
                _ => break,
            }
            format.skip();
        }
        if format.eat(b'*') {
            let width = args.int();
            spec.left |= width < 0;
            spec.width = Some(width.unsigned_abs() as usize);
        } else {
            spec.width = number(th, format, "width too big")?;
        }
        if format.eat(b'.') {
            spec.precision = if format.eat(b'*') {
                // Nothing of a text, and any number of digits.
                Some(usize::try_from(args.int()).unwrap_or(0))
            } else {
                number(th, format, "precision too big")?
            };
        }
        spec.length = match format.peek() {
            b'l' => {
                format.skip();
                if format.eat(b'l') { Length::LongLong } else { Length::Long }
            }
            b'z' => Length::Size,
            b't' => Length::Difference,
            b'j' => Length::Max,
            _ => Length::Int,
        };
        if matches!(spec.length, Length::Size | Length::Difference | Length::Max) {
            format.skip();
        }
        Ok(spec)
    }

    /// Whether the conversion takes what was given before it.
    fn fits(&self, conversion: u8) -> bool {
        match conversion {
            b'd' | b'i' | b'u' | b'o' | b'x' | b'X' => true,
            b'c' | b'p' => {
                self.length == Length::Int && self.width.is_none() && self.precision.is_none()
            }
            b's' | b'V' => matches!(self.length, Length::Int | Length::Long),
            _ => self.length == Length::Int,
        }
    }

    fn signed(&self, args: VaList) -> i64 {
        match self.length {
            Length::Int => args.int().into(),
            Length::LongLong | Length::Max => args.long_long(),
            _ => args.long(),
        }
    }

    fn unsigned(&self, args: VaList) -> u64 {
        match self.length {
            Length::Int => args.unsigned().into(),
            Length::LongLong | Length::Max => args.long_long() as u64,
            _ => args.long() as u64,
        }
    }
}

/// The characters that stand for themselves up to the next that does not: at least one.
fn literal<'a>(format: &mut Format) -> &'a [u8] {
    let start = format.as_ptr().cast::<u8>();
    let mut len = 0;
    while format.peek() != b'%' && format.peek() != 0 && format.peek().is_ascii() {
        format.skip();
        len += 1;
    }
    // SAFETY: a format is a C string, which outlives the call.
    unsafe { std::slice::from_raw_parts(start, len) }
}

/// Decimal digits, on the stack.
fn decimal(value: u64) -> ShortText {
    let mut digits = ShortText::new();
    digits.push_decimal(value, 1);
    digits
}

struct Writer<'t> {
    th: &'t Thread,
    out: StrBuilder,
    args: VaList,
}

impl Writer<'_> {
    fn run(&mut self, mut format: Format) -> PyResult<()> {
        let th = self.th;
        loop {
            match format.peek() {
                0 => return Ok(()),
                b'%' => self.conversion(&mut format)?,
                byte if byte.is_ascii() => self.out.push_units(literal(&mut format)),
                byte => {
                    return Err(raise!(
                        th,
                        VALUE_ERROR,
                        "PyUnicode_FromFormatV() expects an ASCII-encoded format string, got a non-ASCII byte: 0x{byte:02x}"
                    ));
                }
            }
        }
    }

    fn conversion(&mut self, format: &mut Format) -> PyResult<()> {
        let (th, args) = (self.th, self.args);
        let start = *format;
        format.skip();
        if format.eat(b'%') {
            self.out.push_char('%'.into());
            return Ok(());
        }
        let spec = Spec::read(th, format, args)?;
        let conversion = format.next();
        if !spec.fits(conversion) {
            return Err(invalid(th, start));
        }
        match conversion {
            b'c' => match u32::try_from(args.int()).ok().filter(|&point| point <= 0x10_ffff) {
                Some(point) => self.out.push_char(point),
                None => {
                    let message = "character argument not in range(0x110000)";
                    return Err(th.raise(exc::OVERFLOW_ERROR, message));
                }
            },
            b'd' | b'i' => {
                let value = spec.signed(args);
                self.integer(&spec, value < 0, decimal(value.unsigned_abs()).as_str());
            }
            b'u' => self.integer(&spec, false, decimal(spec.unsigned(args)).as_str()),
            b'o' => self.integer(&spec, false, &format!("{:o}", spec.unsigned(args))),
            b'x' => self.integer(&spec, false, &format!("{:x}", spec.unsigned(args))),
            b'X' => self.integer(&spec, false, &format!("{:X}", spec.unsigned(args))),
            b'p' => self.out.push_str(&pointer(args)),
            b's' if spec.length == Length::Long => self.wide(&spec)?,
            b's' => self.string(&spec, args.string())?,
            conversion => self.object(&spec, conversion, start)?,
        }
        Ok(())
    }

    fn object(&mut self, spec: &Spec, conversion: u8, start: Format) -> PyResult<()> {
        let th = self.th;
        if !matches!(conversion, b'U' | b'V' | b'S' | b'R' | b'A' | b'T' | b'N') {
            return Err(invalid(th, start));
        }
        let object = self.args.object();
        let Some(object) = object else {
            return match conversion {
                b'V' if spec.length == Length::Long => self.wide(spec),
                b'V' => self.string(spec, self.args.string()),
                b'R' | b'S' | b'A' => {
                    let text = Str::new(th, "<NULL>")?;
                    self.text(spec, &text, spec.precision);
                    Ok(())
                }
                _ => Err(th.bad_internal_call()),
            };
        };
        let text = match conversion {
            b'U' | b'V' => {
                if conversion == b'V' {
                    let _ = self.args.string();
                }
                match object.downcast::<Str>() {
                    Some(text) => text.to_owned(),
                    None => return Err(th.bad_internal_call()),
                }
            }
            b'S' => object::str(th, object)?,
            b'R' => object::repr(th, object)?,
            b'A' => object::ascii(th, object)?,
            b'T' => type_name(th, object.get().ty(), spec.alternate)?,
            _ => match object.downcast::<Type>() {
                Some(class) => type_name(th, class, spec.alternate)?,
                None => return Err(th.raise(exc::TYPE_ERROR, "%N argument must be a type")),
            },
        };
        self.text(spec, &text, spec.precision);
        Ok(())
    }

    /// Digits with sign, at least so many, filled up to the width.
    fn integer(&mut self, spec: &Spec, negative: bool, digits: &str) {
        let sign = usize::from(negative);
        let mut precision = spec.precision.unwrap_or(0).max(digits.len());
        let width = spec.width.unwrap_or(0).max(precision + sign);
        if spec.zero && !spec.left {
            precision = width - sign;
        }
        let blanks = width - precision - sign;
        if !spec.left {
            self.out.push_repeated(' '.into(), blanks);
        }
        if negative {
            self.out.push_char('-'.into());
        }
        self.out.push_repeated('0'.into(), precision - digits.len());
        self.out.push_str(digits);
        if spec.left {
            self.out.push_repeated(' '.into(), blanks);
        }
    }

    /// No more than `precision` characters, filled up to the width.
    fn text(&mut self, spec: &Spec, text: &Str, precision: Option<usize>) {
        let len = precision.map_or(text.len(), |precision| precision.min(text.len()));
        self.chars(spec, text.chars().slice(0..len));
    }

    /// Filled up to the width.
    fn chars(&mut self, spec: &Spec, chars: Chars<'_>) {
        let blanks = spec.width.unwrap_or(0).saturating_sub(chars.len());
        if !spec.left {
            self.out.push_repeated(' '.into(), blanks);
        }
        self.out.push_chars(chars);
        if spec.left {
            self.out.push_repeated(' '.into(), blanks);
        }
    }

    /// UTF-8, of which the precision counts bytes; what is wrong in it is replaced.
    fn string(&mut self, spec: &Spec, start: *const c_char) -> PyResult<()> {
        let bytes = match spec.precision {
            None => bytes_of(start),
            // SAFETY: C passes a string, which ends there at the latest.
            Some(limit) => unsafe {
                let len = libc::strnlen(start, limit);
                let bytes = std::slice::from_raw_parts(start.cast::<u8>(), len);
                if len == limit { whole_characters(bytes) } else { bytes }
            },
        };
        if bytes.is_ascii() {
            self.chars(spec, Chars::One(bytes));
            return Ok(());
        }
        let text = codecs::decode(self.th, bytes, Some("utf-8"), Some("replace"))?;
        self.text(spec, &text, None);
        Ok(())
    }

    fn wide(&mut self, spec: &Spec) -> PyResult<()> {
        let start = self.args.pointer::<libc::wchar_t>();
        let mut len = 0;
        // SAFETY: C passes a wide string, which ends there at the latest.
        let text = unsafe {
            while spec.precision.is_none_or(|limit| len < limit) && *start.add(len) != 0 {
                len += 1;
            }
            wide_string(self.th, start, Some(len))?
        };
        self.text(spec, &text, None);
        Ok(())
    }
}

/// Without a character of which only the beginning is there.
fn whole_characters(bytes: &[u8]) -> &[u8] {
    let mut at = 0;
    loop {
        match std::str::from_utf8(&bytes[at..]) {
            Ok(_) => return bytes,
            Err(error) => match error.error_len() {
                None => return &bytes[..at + error.valid_up_to()],
                Some(len) => at += error.valid_up_to() + len,
            },
        }
    }
}

#[cold]
fn invalid(th: &Thread, start: Format) -> Raised {
    raise!(th, SYSTEM_ERROR, "invalid format string: {}", start.rest())
}

/// As C prints a pointer.
fn pointer(args: VaList) -> String {
    let address = args.raw() as usize;
    if address == 0 { "0x(nil)".into() } else { format!("{address:#x}") }
}

/// The full name of a type, without the modules that go without saying; with `#`, a colon after the module.
fn type_name(th: &Thread, class: Borrowed<'_, Type>, colon: bool) -> PyResult<Owned<Str>> {
    if !class.get().is_heap_type() {
        return Str::new(th, class.get().tp_name());
    }
    let qualname = class.get().qualname(th)?;
    let module = class.get().dict(th).get_str(th, id::__module__)?;
    match module.map(Owned::downcast::<Str>) {
        Some(Ok(module)) if !module.eq_str("builtins") && !module.eq_str("__main__") => {
            let mut out = StrBuilder::new();
            out.push(&module);
            out.push_char(if colon { ':' } else { '.' }.into());
            out.push(&qualname);
            out.finish(th)
        }
        _ => Ok(qualname),
    }
}

/// What most texts and messages have room in.
const ROOM: usize = 100;

/// `PyUnicode_FromFormatV`.
pub fn formatted(th: &Thread, format: *const c_char, args: VaList) -> PyResult<Owned<Str>> {
    let mut writer = Writer { th, out: StrBuilder::with_capacity(ROOM), args };
    writer.run(Format::new(format))?;
    writer.out.finish(th)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn krait_va_text(format: *const c_char, args: VaList) -> Ptr {
    to_c(formatted(Thread::current(), format, args))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn krait_va_write_text(
    writer: *mut crate::unicode_writer::PyUnicodeWriter,
    format: *const c_char,
    args: VaList,
) -> c_int {
    let th = Thread::current();
    // SAFETY: C passes a writer.
    let out = unsafe { &mut *writer };
    status(formatted(th, format, args).map(|text| out.push(&text)))
}

fn push_signed(out: &mut Vec<u8>, value: i64) {
    if value < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(decimal(value.unsigned_abs()).as_str().as_bytes());
}

/// `PyBytes_FromFormatV`: fewer conversions, none for objects.
fn formatted_bytes(th: &Thread, mut format: Format, args: VaList) -> PyResult<Owned<Bytes>> {
    let mut out = Vec::with_capacity(ROOM);
    while format.peek() != 0 {
        if format.peek() != b'%' {
            out.push(format.step());
            continue;
        }
        let start = format;
        format.skip();
        while format.peek().is_ascii_digit() {
            format.skip();
        }
        let mut precision = 0usize;
        if format.eat(b'.') {
            while format.peek().is_ascii_digit() {
                let digit = usize::from(format.next() - b'0');
                precision = precision.saturating_mul(10).saturating_add(digit);
            }
        }
        while !matches!(format.peek(), 0 | b'%') && !format.peek().is_ascii_alphabetic() {
            format.skip();
        }
        let mut after = format;
        after.skip();
        let long = matches!(format.peek(), b'l' | b'z') && matches!(after.peek(), b'd' | b'u');
        if long {
            format.skip();
        }
        match format.next() {
            b'c' => match u8::try_from(args.int()) {
                Ok(byte) => out.push(byte),
                Err(_) => {
                    let message =
                        "PyBytes_FromFormatV(): %c format expects an integer in range [0; 255]";
                    return Err(th.raise(exc::OVERFLOW_ERROR, message));
                }
            },
            b'd' if long => push_signed(&mut out, args.long()),
            b'u' if long => out.extend_from_slice(decimal(args.long() as u64).as_str().as_bytes()),
            b'd' | b'i' => push_signed(&mut out, args.int().into()),
            b'u' => out.extend_from_slice(decimal(args.unsigned().into()).as_str().as_bytes()),
            b'x' => out.extend(format!("{:x}", args.unsigned()).bytes()),
            b's' => {
                let start = args.string();
                out.extend_from_slice(match precision {
                    0 => bytes_of(start),
                    // SAFETY: C passes a string, which ends there at the latest.
                    limit => unsafe {
                        std::slice::from_raw_parts(start.cast(), libc::strnlen(start, limit))
                    },
                });
            }
            b'p' => out.extend(pointer(args).bytes()),
            b'%' => out.push(b'%'),
            // What it does not know ends the work: the rest goes as it is.
            _ => {
                out.extend(bytes_of(start.as_ptr()));
                break;
            }
        }
    }
    Bytes::new(th, &out)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn krait_va_bytes(format: *const c_char, args: VaList) -> Ptr {
    to_c(formatted_bytes(Thread::current(), Format::new(format), args))
}
