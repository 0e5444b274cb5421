//! The methods and attributes of `int`.

use super::{arithmetic, format, methods::exact};
use crate::bytes::Bytes;
use crate::int_digits;
use crate::prelude::*;

/// Whether an argument names the little-endian order.
fn is_little(th: &Thread, order: &Str) -> PyResult<bool> {
    if order.eq_str("little") {
        return Ok(true);
    }
    if order.eq_str("big") {
        return Ok(false);
    }
    Err(th.raise(exc::VALUE_ERROR, "byteorder must be either 'little' or 'big'"))
}

#[pymethods(part = "attributes")]
impl Int {
    /// Return the int itself: it is real.
    #[method(sig = "(self, /)")]
    fn conjugate(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Int>> {
        exact(this, th)
    }

    /// How many bits the magnitude takes.
    ///
    /// >>> (37).bit_length()
    /// 6
    #[method(sig = "(self, /)")]
    fn bit_length(&self) -> u64 {
        self.view().bit_length()
    }

    /// How many bits of the magnitude are one.
    ///
    /// >>> (13).bit_count()
    /// 3
    #[method(sig = "(self, /)")]
    fn bit_count(&self) -> u64 {
        self.view().bit_count()
    }

    /// Return two ints whose ratio is this int: itself and 1.
    #[method(sig = "(self, /)")]
    fn as_integer_ratio(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Tuple>> {
        Tuple::pack(th, [exact(this, th)?.into_object(), super::small(1).object().to_owned()])
    }

    /// Return the bytes of the int.
    ///
    /// length is how many bytes there are: OverflowError if the int needs more. byteorder is 'big' for the
    /// most significant byte first, else 'little'. signed says whether two's complement is used: without it
    /// a negative int is an OverflowError.
    #[method(sig = "(self, /, length=1, byteorder='big', *, signed=False)")]
    fn to_bytes(
        &self,
        th: &Thread,
        length: isize,
        #[default(None)] byteorder: Option<Borrowed<'_, Str>>,
        signed: bool,
    ) -> PyResult {
        let little = match byteorder {
            Some(order) => is_little(th, &order)?,
            None => false,
        };
        let Ok(length) = usize::try_from(length) else {
            return Err(th.raise(exc::VALUE_ERROR, "length argument must be non-negative"));
        };
        let bytes = Bytes::build(th, length, |out| {
            int_digits::to_bytes(self.view(), out, little, signed)
                .map_err(|error| th.raise(exc::OVERFLOW_ERROR, error.message()))
        })?;
        if length == 0 && !self.is_zero() {
            return Err(th.raise(exc::OVERFLOW_ERROR, "int too big to convert"));
        }
        Ok(bytes.into_object())
    }

    /// Return the int that the bytes are.
    ///
    /// bytes is a bytes-like object or an iterable of bytes. byteorder is 'big' for the most significant byte
    /// first, else 'little'. signed says whether they are in two's complement.
    #[classmethod(sig = "(type, /, bytes, byteorder='big', *, signed=False)")]
    fn from_bytes(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        bytes: Borrowed<'_>,
        #[default(None)] byteorder: Option<Borrowed<'_, Str>>,
        signed: bool,
    ) -> PyResult {
        let little = match byteorder {
            Some(order) => is_little(th, &order)?,
            None => false,
        };
        let bytes = object::bytes(th, bytes)?;
        let Some(bytes) = bytes.object().downcast::<Bytes>() else {
            return Err(th.bad_internal_call());
        };
        let int = Int::from_buf(th, &int_digits::from_bytes(bytes.as_bytes(), little, signed))?;
        if cls.is(Borrowed::from_ref(Int::type_object())) {
            return Ok(int.into_object());
        }
        call::call(th, cls.object(), &[int.object()])
    }

    /// Return True: for the sake of code that also takes floats.
    #[method(sig = "(self, /)")]
    fn is_integer(&self) -> bool {
        true
    }

    /// Return the int itself, which is a whole number.
    #[method(sig = "(self, /)")]
    fn __trunc__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Int>> {
        exact(this, th)
    }

    /// Return the int itself, which is a whole number.
    #[method(sig = "(self, /)")]
    fn __floor__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Int>> {
        exact(this, th)
    }

    /// Return the int itself, which is a whole number.
    #[method(sig = "(self, /)")]
    fn __ceil__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Int>> {
        exact(this, th)
    }

    /// Return the int itself, or, for a negative ndigits, the nearest multiple of 10**-ndigits.
    #[method(sig = "(self, ndigits=None, /)")]
    fn __round__(
        this: Borrowed<'_, Self>,
        th: &Thread,
        ndigits: Option<Borrowed<'_>>,
    ) -> PyResult<Owned<Int>> {
        let Some(ndigits) = ndigits.filter(|ndigits| !ndigits.is_none()) else {
            return exact(this, th);
        };
        let ndigits = number::index(th, ndigits)?;
        if !ndigits.is_negative() {
            return exact(this, th);
        }
        arithmetic::round(th, this, &ndigits)
    }

    #[method(sig = "(self, /)")]
    fn __getnewargs__(&self, th: &Thread) -> PyResult<Owned<Tuple>> {
        let copy = Int::from_digits(th, self.is_negative(), self.view().digits)?;
        Tuple::pack(th, [copy.into_object()])
    }

    /// Return the int laid out by the format specification.
    #[method(sig = "(self, format_spec, /)")]
    fn __format__(
        this: Borrowed<'_, Self>,
        th: &Thread,
        format_spec: Borrowed<'_, Str>,
    ) -> PyResult<Owned<Str>> {
        format::format_int(th, this, &format_spec)
    }

    /// Return how many bytes the int takes.
    #[method(sig = "(self, /)")]
    fn __sizeof__(&self) -> usize {
        24 + self.view().digits.len().max(1) * size_of::<int_digits::Digit>()
    }

    /// The number itself, as an int.
    #[getter]
    fn real(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Int>> {
        exact(this, th)
    }

    /// 0, as an int has no such part.
    #[getter]
    fn imag(&self, _th: &Thread) -> PyResult<Owned<Int>> {
        Ok(super::small(0).to_owned())
    }

    /// The number itself: as a fraction it is divided by 1.
    #[getter]
    fn numerator(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Int>> {
        exact(this, th)
    }

    /// 1, by which the number is divided as a fraction.
    #[getter]
    fn denominator(&self, _th: &Thread) -> PyResult<Owned<Int>> {
        Ok(super::small(1).to_owned())
    }
}
