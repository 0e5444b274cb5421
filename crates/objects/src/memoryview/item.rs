//! Single items by their format: the letters of `struct`, native sizes.

use super::MemoryView;
use crate::complex::Complex;
use crate::prelude::*;

/// How many bytes an item of a native format takes.
pub fn size_of_format(letter: u8) -> Option<usize> {
    Some(match letter {
        b'c' | b'b' | b'B' | b'?' => 1,
        b'h' | b'H' | b'e' => 2,
        b'i' | b'I' | b'f' => 4,
        b'l' | b'L' | b'q' | b'Q' | b'n' | b'N' | b'd' | b'P' | b'F' => 8,
        b'D' => 16,
        _ => return None,
    })
}

/// The letter of a native format of one letter, with or without `@`.
pub fn native_letter(format: &str) -> Option<u8> {
    match format.strip_prefix('@').unwrap_or(format).as_bytes() {
        &[letter] if size_of_format(letter).is_some() => Some(letter),
        _ => None,
    }
}

impl MemoryView {
    /// The letter of the view's format; NotImplementedError for formats of several.
    pub(super) fn letter(&self, th: &Thread) -> PyResult<u8> {
        let format = self.format();
        match format.strip_prefix('@').unwrap_or(format).as_bytes() {
            &[letter] => Ok(letter),
            _ => Err(raise!(th, NOT_IMPLEMENTED_ERROR, "memoryview: unsupported format {format}")),
        }
    }
}

/// Half a float, widened.
fn from_half(bits: u16) -> f64 {
    let sign = if bits & 0x8000 != 0 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    sign * match exponent {
        0 => fraction * 2f64.powi(-24),
        0x1f if fraction == 0.0 => f64::INFINITY,
        0x1f => f64::NAN,
        _ => (1024.0 + fraction) * 2f64.powi(exponent - 25),
    }
}

/// The nearest half a float, ties to even; `None` if it is too large.
fn to_half(value: f64) -> Option<u16> {
    let sign = if value.is_sign_negative() { 0x8000 } else { 0 };
    let magnitude = value.abs();
    if magnitude.is_nan() {
        return Some(sign | 0x7e00);
    }
    if magnitude.is_infinite() {
        return Some(sign | 0x7c00);
    }
    // In units of the last place: subnormal below 2**-14.
    let exponent =
        if magnitude < 2f64.powi(-14) { -14 } else { (magnitude.to_bits() >> 52) as i32 - 1023 };
    let units = (magnitude * 2f64.powi(10 - exponent)).round_ties_even();
    let bits = (exponent + 14) as f64 * 1024.0 + units;
    (bits < f64::from(0x7c00)).then_some(sign | bits as u16)
}

/// The item at `at`.
///
/// # Safety
/// An item of that format lies there.
pub unsafe fn unpack(th: &Thread, at: *const u8, letter: u8) -> PyResult {
    // SAFETY: the caller's promise.
    unsafe {
        macro_rules! read {
            ($ty:ty) => {
                at.cast::<$ty>().read_unaligned()
            };
        }
        let signed = |value: i64| Ok(Int::from_i64(th, value)?.into_object());
        let unsigned = |value: u64| Ok(Int::from_u64(th, value)?.into_object());
        let float = |value: f64| Ok(Float::new(th, value)?.into_object());
        match letter {
            b'B' => unsigned(u64::from(*at)),
            b'b' => signed(i64::from(read!(i8))),
            b'h' => signed(i64::from(read!(i16))),
            b'H' => unsigned(u64::from(read!(u16))),
            b'i' => signed(i64::from(read!(i32))),
            b'I' => unsigned(u64::from(read!(u32))),
            b'l' | b'q' | b'n' => signed(read!(i64)),
            b'L' | b'Q' | b'N' | b'P' => unsigned(read!(u64)),
            b'?' => Ok(bool_object(*at != 0).object().to_owned()),
            b'c' => Ok(Bytes::new(th, &[*at])?.into_object()),
            b'f' => float(f64::from(read!(f32))),
            b'd' => float(read!(f64)),
            b'e' => float(from_half(read!(u16))),
            b'F' => {
                let [real, imag] = read!([f32; 2]);
                Ok(Complex::new(th, f64::from(real), f64::from(imag))?.into_object())
            }
            b'D' => {
                let [real, imag] = read!([f64; 2]);
                Ok(Complex::new(th, real, imag)?.into_object())
            }
            _ => Err(raise!(
                th,
                NOT_IMPLEMENTED_ERROR,
                "memoryview: format {} not supported",
                char::from(letter)
            )),
        }
    }
}

/// The exception of a conversion in the words of memoryview.
fn translate(th: &Thread, raised: Raised, format: &str) -> Raised {
    if th.exception_matches(exc::TYPE_ERROR) {
        drop(th.take_raised(raised));
        return raise!(th, TYPE_ERROR, "memoryview: invalid type for format '{format}'");
    }
    if th.exception_matches(exc::OVERFLOW_ERROR) || th.exception_matches(exc::VALUE_ERROR) {
        drop(th.take_raised(raised));
        return raise!(th, VALUE_ERROR, "memoryview: invalid value for format '{format}'");
    }
    raised
}

/// The bytes of `value` as an item of that format.
pub fn pack(th: &Thread, value: Borrowed<'_>, letter: u8, format: &str) -> PyResult<Vec<u8>> {
    let wrong_value = || raise!(th, VALUE_ERROR, "memoryview: invalid value for format '{format}'");
    let size = size_of_format(letter).ok_or_else(|| {
        raise!(th, NOT_IMPLEMENTED_ERROR, "memoryview: format {format} not supported")
    })?;
    match letter {
        b'c' => {
            let Some(bytes) = value.downcast::<Bytes>() else {
                return Err(raise!(
                    th,
                    TYPE_ERROR,
                    "memoryview: invalid type for format '{format}'"
                ));
            };
            if bytes.len() != 1 {
                return Err(wrong_value());
            }
            Ok(bytes.as_bytes().to_vec())
        }
        b'?' => Ok(vec![u8::from(object::is_true(th, value)?)]),
        b'f' | b'd' | b'e' => {
            let float =
                number::as_f64(th, value).map_err(|raised| translate(th, raised, format))?;
            Ok(match letter {
                b'd' => float.to_ne_bytes().to_vec(),
                b'f' => (float as f32).to_ne_bytes().to_vec(),
                _ => to_half(float).ok_or_else(wrong_value)?.to_ne_bytes().to_vec(),
            })
        }
        b'F' | b'D' => {
            let (real, imag) = match value.downcast::<Complex>() {
                Some(complex) => (complex.real(), complex.imag()),
                None => {
                    let real = number::as_f64(th, value)
                        .map_err(|raised| translate(th, raised, format))?;
                    (real, 0.0)
                }
            };
            if letter == b'D' {
                return Ok([real.to_ne_bytes(), imag.to_ne_bytes()].concat());
            }
            Ok([(real as f32).to_ne_bytes(), (imag as f32).to_ne_bytes()].concat())
        }
        _ => {
            let int = number::index(th, value).map_err(|raised| translate(th, raised, format))?;
            let bits = size as u32 * 8;
            let word = if letter.is_ascii_lowercase() {
                let low = i64::MIN >> (64 - bits);
                let high = i64::MAX >> (64 - bits);
                int.to_i64().filter(|value| (low..=high).contains(value)).map(|value| value as u64)
            } else {
                int.to_u64().filter(|&value| value <= u64::MAX >> (64 - bits))
            };
            let word = word.ok_or_else(wrong_value)?;
            // Little-endian machines only: the low bytes come first.
            Ok(word.to_le_bytes()[..size].to_vec())
        }
    }
}

impl MemoryView {
    /// Writes an item at `at`, a place inside the view.
    pub(super) fn write_item(
        &self,
        th: &Thread,
        at: *mut u8,
        value: Borrowed<'_>,
        letter: u8,
    ) -> PyResult<()> {
        let format = char::from(letter).to_string();
        let bytes = pack(th, value, letter, &format)?;
        // Conversions run Python code, which may have released the view.
        self.check(th)?;
        // SAFETY: the place has room for an item, whose size the format tells.
        unsafe { at.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        Ok(())
    }
}
