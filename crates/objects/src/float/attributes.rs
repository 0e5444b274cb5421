//! The methods and attributes of `float`.

use crate::float_text::{self, HexError, RatioError};
use crate::format_spec::{self, Spec};
use crate::int::format;
use crate::int_digits::{self, IntBuf};
use crate::prelude::*;

/// The instance of `cls` that stands for `value`.
fn as_class(th: &Thread, cls: Borrowed<'_, Type>, value: Owned<Float>) -> PyResult {
    if cls.is(Borrowed::from_ref(Float::type_object())) {
        return Ok(value.into_object());
    }
    call::call(th, cls.object(), &[value.object()])
}

#[pymethods(part = "attributes")]
impl Float {
    /// Return the float itself: it is real.
    #[method(sig = "(self, /)")]
    fn conjugate(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Float>> {
        exact(this, th)
    }

    /// Return the whole part as an int.
    #[method(sig = "(self, /)")]
    fn __trunc__(&self, th: &Thread) -> PyResult<Owned<Int>> {
        Int::from_f64(th, self.value())
    }

    /// Return the greatest int that is not greater.
    #[method(sig = "(self, /)")]
    fn __floor__(&self, th: &Thread) -> PyResult<Owned<Int>> {
        Int::from_f64(th, self.value().floor())
    }

    /// Return the least int that is not less.
    #[method(sig = "(self, /)")]
    fn __ceil__(&self, th: &Thread) -> PyResult<Owned<Int>> {
        Int::from_f64(th, self.value().ceil())
    }

    /// Return the float rounded, halves to the even digit.
    ///
    /// Without ndigits the result is an int.
    #[method(sig = "(self, ndigits=None, /)")]
    fn __round__(&self, th: &Thread, ndigits: Option<Borrowed<'_>>) -> PyResult {
        let value = self.value();
        let Some(ndigits) = ndigits.filter(|ndigits| !ndigits.is_none()) else {
            return Int::from_f64(th, value.round_ties_even()).map(Owned::into_object);
        };
        let places = number::as_isize(th, ndigits, None)?;
        match float_text::round(value, places as i64) {
            Some(rounded) => Float::new(th, rounded).map(Owned::into_object),
            None => Err(th.raise(exc::OVERFLOW_ERROR, "rounded value too large to represent")),
        }
    }

    /// Return two ints whose ratio is exactly this float, in lowest terms and with a positive denominator.
    #[method(sig = "(self, /)")]
    fn as_integer_ratio(&self, th: &Thread) -> PyResult<Owned<Tuple>> {
        let value = self.value();
        let (mantissa, exponent) = float_text::integer_ratio(value).map_err(|error| {
            let class = match error {
                RatioError::Infinity => exc::OVERFLOW_ERROR,
                RatioError::NotANumber => exc::VALUE_ERROR,
            };
            th.raise(class, error.message())
        })?;
        let shifted = |value: u64, bits: i32| {
            let bits = u64::try_from(bits).unwrap_or(0);
            int_digits::shift_left(IntBuf::from(value).view(), bits).ok_or_else(|| th.no_memory())
        };
        let mut numerator = shifted(mantissa, exponent)?;
        numerator.negative = value < 0.0;
        let denominator = shifted(1, -exponent)?;
        let items = [Int::from_buf(th, &numerator)?, Int::from_buf(th, &denominator)?];
        Tuple::pack(th, items.map(Owned::into_object))
    }

    /// Return whether the float is a whole number.
    #[method(sig = "(self, /)")]
    fn is_integer(&self) -> bool {
        self.value().is_finite() && self.value() == self.value().floor()
    }

    /// Return the float in hexadecimal.
    ///
    /// >>> (-0.1).hex()
    /// '-0x1.999999999999ap-4'
    #[method(sig = "(self, /)")]
    fn hex(&self) -> String {
        float_text::to_hex(self.value())
    }

    /// Make a float of its hexadecimal form.
    ///
    /// >>> float.fromhex('0x1.ffffp10')
    /// 2047.984375
    #[classmethod(sig = "(type, string, /)")]
    fn fromhex(cls: Borrowed<'_, Type>, th: &Thread, string: Borrowed<'_>) -> PyResult {
        let Some(text) = string.downcast::<Str>() else {
            return Err(th.bad_argument());
        };
        let value = float_text::from_hex(text.get().as_utf8(th)?.as_bytes()).map_err(|error| {
            let class = match error {
                HexError::Invalid => exc::VALUE_ERROR,
                HexError::TooLarge => exc::OVERFLOW_ERROR,
            };
            th.raise(class, error.message())
        })?;
        as_class(th, cls, Float::new(th, value)?)
    }

    /// Make a float of a real number.
    #[classmethod(sig = "(type, number, /)")]
    fn from_number(cls: Borrowed<'_, Type>, th: &Thread, number: Borrowed<'_>) -> PyResult {
        let exact = cls.is(Borrowed::from_ref(Float::type_object()));
        if exact && number.is_exact::<Float>() {
            return Ok(number.to_owned());
        }
        let value = number::as_f64(th, number)?;
        as_class(th, cls, Float::new(th, value)?)
    }

    /// Say how C's floating-point numbers are laid out in memory.
    ///
    /// typestr is 'double' or 'float'. For tests of Python itself.
    #[classmethod(sig = "(type, typestr, /)")]
    fn __getformat__(
        _cls: Borrowed<'_, Type>,
        th: &Thread,
        typestr: &str,
    ) -> PyResult<&'static str> {
        if typestr != "double" && typestr != "float" {
            return Err(th.raise(
                exc::VALUE_ERROR,
                "__getformat__() argument 1 must be 'double' or 'float'",
            ));
        }
        Ok(if cfg!(target_endian = "little") { "IEEE, little-endian" } else { "IEEE, big-endian" })
    }

    #[method(sig = "(self, /)")]
    fn __getnewargs__(&self, th: &Thread) -> PyResult<Owned<Tuple>> {
        Tuple::pack(th, [Float::new(th, self.value())?.into_object()])
    }

    /// Return the float laid out by the format specification.
    #[method(sig = "(self, format_spec, /)")]
    fn __format__(
        this: Borrowed<'_, Self>,
        th: &Thread,
        format_spec: Borrowed<'_, Str>,
    ) -> PyResult<Owned<Str>> {
        format_float(th, this, &format_spec)
    }

    /// The float itself.
    #[getter]
    fn real(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Float>> {
        exact(this, th)
    }

    /// 0.0, as a float has no such part.
    #[getter]
    fn imag(&self) -> f64 {
        0.0
    }
}

/// `format(float, spec)`.
pub fn format_float(th: &Thread, this: Borrowed<'_, Float>, text: &Str) -> PyResult<Owned<Str>> {
    let mut spec = Spec::default();
    if !format::parse_spec(th, this.object(), text, None, &mut spec)? {
        return object::str(th, this.object());
    }
    let value = this.value();
    if let Some(number) = spec.plain_float(value) {
        return format::finish_plain(th, &number, &spec);
    }
    let laid = format::with_locale(&spec, |locale| format_spec::format_float(value, &spec, locale));
    format::finish(th, &laid.map_err(|error| format::refuse(th, this.object(), text, error))?)
}

/// The float itself, or a copy of an instance of a subclass.
fn exact(this: Borrowed<'_, Float>, th: &Thread) -> PyResult<Owned<Float>> {
    if this.object().is_exact::<Float>() {
        return Ok(this.to_owned());
    }
    Float::new(th, this.value())
}
