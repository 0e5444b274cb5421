//! The methods of `Decimal` that need no context, and its attributes.

use krait_objects::prelude::*;

use super::arith::{Kind, Num, Rounding, integral};
use super::context::current;
use super::convert;
use super::decimal::Decimal;
use super::format;
use super::state::state;

#[pymethods(part = "plain")]
impl Decimal {
    /// Return whether the number is finite.
    #[method(sig = "(self, /)")]
    fn is_finite(&self) -> bool {
        self.number().is_finite()
    }

    /// Return whether the number is infinite.
    #[method(sig = "(self, /)")]
    fn is_infinite(&self) -> bool {
        self.number().is_infinite()
    }

    /// Return whether the number is a NaN.
    #[method(sig = "(self, /)")]
    fn is_nan(&self) -> bool {
        self.number().is_nan()
    }

    /// Return whether the number is a quiet NaN.
    #[method(sig = "(self, /)")]
    fn is_qnan(&self) -> bool {
        self.number().kind == Kind::Quiet
    }

    /// Return whether the number is negative.
    #[method(sig = "(self, /)")]
    fn is_signed(&self) -> bool {
        self.number().negative
    }

    /// Return whether the number is a signaling NaN.
    #[method(sig = "(self, /)")]
    fn is_snan(&self) -> bool {
        self.number().kind == Kind::Signaling
    }

    /// Return whether the number is a zero.
    #[method(sig = "(self, /)")]
    fn is_zero(&self) -> bool {
        self.number().is_zero()
    }

    /// Return True: every Decimal is canonical.
    #[method(sig = "(self, /)")]
    fn is_canonical(&self) -> bool {
        true
    }

    /// Return the Decimal itself.
    #[method(sig = "(self, /)")]
    fn canonical(this: Borrowed<'_, Self>) -> Owned {
        this.object().to_owned()
    }

    /// Return the Decimal itself: it is real.
    #[method(sig = "(self, /)")]
    fn conjugate(this: Borrowed<'_, Self>) -> Owned {
        this.object().to_owned()
    }

    #[method(sig = "(self, /)")]
    fn __copy__(this: Borrowed<'_, Self>) -> Owned {
        this.object().to_owned()
    }

    #[method(sig = "(self, object, /)")]
    fn __deepcopy__(this: Borrowed<'_, Self>, _th: &Thread, _object: Borrowed<'_>) -> Owned {
        this.object().to_owned()
    }

    #[getter]
    fn real(this: Borrowed<'_, Self>) -> Owned {
        this.object().to_owned()
    }

    #[getter]
    fn imag(&self, th: &Thread) -> PyResult {
        Decimal::new(th, Num::zero(false, 0))
    }

    /// Return Decimal(10), the base of all numbers here.
    #[method(sig = "(self, /)")]
    fn radix(&self, th: &Thread) -> PyResult {
        Decimal::new(th, Num::small(false, 10, 0))
    }

    /// Return a copy with a positive sign.
    #[method(sig = "(self, /)")]
    fn copy_abs(&self, th: &Thread) -> PyResult {
        Decimal::new(th, self.number().magnitude())
    }

    /// Return a copy with the other sign.
    #[method(sig = "(self, /)")]
    fn copy_negate(&self, th: &Thread) -> PyResult {
        Decimal::new(th, self.number().negated())
    }

    /// Return the exponent of the first digit; 0 of what is not finite.
    #[method(sig = "(self, /)")]
    fn adjusted(&self) -> i64 {
        if self.number().is_finite() { self.number().adjusted() } else { 0 }
    }

    /// Return sign, digits and exponent.
    #[method(sig = "(self, /)")]
    fn as_tuple(&self, th: &Thread) -> PyResult {
        let number = self.number();
        let exponent = match number.kind {
            Kind::Finite => Int::from_i64(th, number.exp)?.into_object(),
            Kind::Infinite => Str::new(th, "F")?.into_object(),
            Kind::Quiet => Str::new(th, "n")?.into_object(),
            Kind::Signaling => Str::new(th, "N")?.into_object(),
        };
        let mut text = Vec::new();
        if !number.is_nan() || !number.coef.is_zero() {
            super::arith::text::push_digits(&mut text, &number.coef);
        }
        let digits = text.iter().map(|digit| Int::from_i64(th, i64::from(digit - b'0')));
        let digits = digits.map(|digit| digit.map(Owned::into_object)).collect::<PyResult<_>>()?;
        let digits = Tuple::from_vec(th, digits)?;
        let sign = Int::from_i64(th, number.negative.into())?;
        let arguments = [sign.object(), digits.object(), exponent.object()];
        call::call(th, state(th).tuple(th)?.object(), &arguments)
    }

    /// Return two ints whose ratio is exactly this number, in lowest terms and with a positive denominator.
    #[method(sig = "(self, /)")]
    fn as_integer_ratio(&self, th: &Thread) -> PyResult<Owned<Tuple>> {
        convert::ratio(th, self.number())
    }

    /// Make a Decimal of a float or an int, exactly.
    #[classmethod(sig = "(type, f, /)")]
    fn from_float(cls: Borrowed<'_, Type>, th: &Thread, f: Borrowed<'_>) -> PyResult {
        let number = convert::of_real(th, f)?;
        of_class(th, cls, number)
    }

    /// Make a Decimal of a real number, exactly.
    ///
    /// >>> Decimal.from_number(Decimal('3.14'))
    /// Decimal('3.14')
    #[classmethod(sig = "(type, number, /)")]
    fn from_number(cls: Borrowed<'_, Type>, th: &Thread, number: Borrowed<'_>) -> PyResult {
        if let Some(known) = number.downcast::<Decimal>() {
            let exact = Borrowed::from_ref(Decimal::type_object());
            if cls.is(exact) && number.is_exact::<Decimal>() {
                return Ok(number.to_owned());
            }
            return of_class(th, cls, known.get().number().clone());
        }
        if number.downcast::<Int>().is_none() && number.downcast::<Float>().is_none() {
            return Err(convert::unsupported(th, number));
        }
        of_class(th, cls, convert::of_real(th, number)?)
    }

    #[method(sig = "(self, /)")]
    fn __reduce__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Tuple>> {
        let text = object::str(th, this.object())?;
        let arguments = Tuple::pack(th, [text.into_object()])?;
        let class = this.object().get().ty().object().to_owned();
        Tuple::pack(th, [class, arguments.into_object()])
    }

    #[method(sig = "(self, /)")]
    fn __sizeof__(this: Borrowed<'_, Self>) -> usize {
        let size = this.object().get().ty().raw().tp_basicsize as usize;
        let limbs = this.number().coef.limbs().len();
        if limbs > 2 { size + 8 * limbs } else { size }
    }

    #[method(sig = "(self, /)")]
    fn __complex__(&self, th: &Thread) -> PyResult {
        let real = convert::to_float(th, self.number())?;
        Ok(krait_objects::complex::Complex::new(th, real, 0.0)?.into_object())
    }

    #[method(sig = "(self, /)")]
    fn __trunc__(&self, th: &Thread) -> PyResult<Owned<Int>> {
        convert::to_int(th, self.number(), Rounding::Down)
    }

    #[method(sig = "(self, /)")]
    fn __floor__(&self, th: &Thread) -> PyResult<Owned<Int>> {
        convert::to_int(th, self.number(), Rounding::Floor)
    }

    #[method(sig = "(self, /)")]
    fn __ceil__(&self, th: &Thread) -> PyResult<Owned<Int>> {
        convert::to_int(th, self.number(), Rounding::Ceiling)
    }

    #[method(sig = "(self, ndigits=None, /)", no_text)]
    fn __round__(&self, th: &Thread, args: Args<'_>) -> PyResult {
        let places = match *args.positionals() {
            [] => {
                let rounded = convert::to_int(th, self.number(), Rounding::HalfEven)?;
                return Ok(rounded.into_object());
            }
            [places] => places,
            ref more => {
                let given = more.len();
                return Err(raise!(
                    th,
                    TYPE_ERROR,
                    "function takes at most 1 argument ({given} given)"
                ));
            }
        };
        let Some(places) = places.downcast::<Int>() else {
            return Err(th.raise(exc::TYPE_ERROR, "optional arg must be an integer"));
        };
        let Some(places) = places.get().to_i64() else {
            let what = "Python int too large to convert to C ssize_t";
            return Err(th.raise(exc::OVERFLOW_ERROR, what));
        };
        let context = current(th)?;
        let mut cx = context.limits();
        let exp = places.checked_neg().unwrap_or(i64::MAX);
        let number = self.number();
        let result = if number.is_finite() {
            integral::to_exponent(number, exp, &mut cx)
        } else {
            integral::quantize(number, &Num::zero(false, 0), &mut cx)
        };
        context.settle(th, cx.status)?;
        Decimal::new(th, result)
    }

    #[method(sig = "(self, format_spec, override=None, /)", no_text)]
    fn __format__(this: Borrowed<'_, Self>, th: &Thread, args: Args<'_>) -> PyResult {
        let (spec, locale) = match *args.positionals() {
            [spec] => (spec, None),
            [spec, locale] => (spec, Some(locale)),
            ref other => {
                let given = other.len();
                let (how, max) =
                    if given == 0 { ("least", "1 argument") } else { ("most", "2 arguments") };
                return Err(raise!(
                    th,
                    TYPE_ERROR,
                    "function takes at {how} {max} ({given} given)"
                ));
            }
        };
        format::format(th, this, spec, locale)
    }
}

/// A number as an instance of a class.
fn of_class(th: &Thread, cls: Borrowed<'_, Type>, number: Num) -> PyResult {
    let made = Decimal::new(th, number)?;
    if cls.is(Borrowed::from_ref(Decimal::type_object())) {
        return Ok(made);
    }
    call::call(th, cls.object(), &[made.object()])
}
