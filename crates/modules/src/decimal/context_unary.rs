//! What a `Context` computes with one number.

use krait_objects::prelude::*;

use super::arith::{
    Context, Kind, Num, basic, compare, elementary, integral, logical, quotient, text,
};
use super::context::DecimalContext;
use super::convert::{self, Operand, operand};
use super::decimal::Decimal;

type Unary = fn(&Num, &mut Context) -> Num;

fn applied(number: &Num, cx: &mut Context) -> Num {
    cx.finish(number.clone())
}

fn copy_abs(number: &Num, _cx: &mut Context) -> Num {
    number.magnitude()
}

fn copy_negate(number: &Num, _cx: &mut Context) -> Num {
    number.negated()
}

fn to_integral(number: &Num, cx: &mut Context) -> Num {
    integral::to_integral(number, false, cx.rounding, cx)
}

fn to_integral_exact(number: &Num, cx: &mut Context) -> Num {
    integral::to_integral(number, true, cx.rounding, cx)
}

impl DecimalContext {
    fn unary(&self, th: &Thread, x: Borrowed<'_>, op: Unary) -> PyResult {
        let x = operand(th, x, self)?;
        let mut cx = self.limits();
        let result = op(&x, &mut cx);
        self.settle(th, cx.status)?;
        Decimal::new(th, result)
    }
}

/// The argument, if it is a `Decimal` already.
fn decimal<'a>(th: &Thread, x: Borrowed<'a>) -> PyResult<Borrowed<'a, Decimal>> {
    x.downcast::<Decimal>().ok_or_else(|| th.raise(exc::TYPE_ERROR, "argument must be a Decimal"))
}

#[pymethods(part = "unary")]
impl DecimalContext {
    /// Return the number as the context holds it.
    #[method(name = "_apply", sig = "(self, object, /)")]
    fn apply(&self, th: &Thread, x: Borrowed<'_>) -> PyResult {
        self.unary(th, x, applied)
    }

    /// Return the absolute value, rounded.
    #[method(sig = "(self, x, /)")]
    fn abs(&self, th: &Thread, x: Borrowed<'_>) -> PyResult {
        self.unary(th, x, basic::absolute)
    }

    /// Return a copy with a positive sign.
    #[method(sig = "(self, x, /)")]
    fn copy_abs(&self, th: &Thread, x: Borrowed<'_>) -> PyResult {
        self.unary(th, x, copy_abs)
    }

    /// Return a copy.
    #[method(sig = "(self, x, /)")]
    fn copy_decimal(&self, th: &Thread, x: Borrowed<'_>) -> PyResult {
        match operand(th, x, self)? {
            Operand::Lent(decimal) => Ok(decimal.object().to_owned()),
            Operand::Made(number) => Decimal::new(th, number),
        }
    }

    /// Return a copy with the other sign.
    #[method(sig = "(self, x, /)")]
    fn copy_negate(&self, th: &Thread, x: Borrowed<'_>) -> PyResult {
        self.unary(th, x, copy_negate)
    }

    /// Return e raised to the number.
    #[method(sig = "(self, x, /)")]
    fn exp(&self, th: &Thread, x: Borrowed<'_>) -> PyResult {
        self.unary(th, x, elementary::exp)
    }

    /// Return the natural logarithm.
    #[method(sig = "(self, x, /)")]
    fn ln(&self, th: &Thread, x: Borrowed<'_>) -> PyResult {
        self.unary(th, x, elementary::ln)
    }

    /// Return the logarithm to the base of ten.
    #[method(sig = "(self, x, /)")]
    fn log10(&self, th: &Thread, x: Borrowed<'_>) -> PyResult {
        self.unary(th, x, elementary::log10)
    }

    /// Return the exponent of the first digit.
    #[method(sig = "(self, x, /)")]
    fn logb(&self, th: &Thread, x: Borrowed<'_>) -> PyResult {
        self.unary(th, x, logical::logb)
    }

    /// Return the number with all digits of the precision inverted; they are zeros and ones.
    #[method(sig = "(self, x, /)")]
    fn logical_invert(&self, th: &Thread, x: Borrowed<'_>) -> PyResult {
        self.unary(th, x, logical::logical_invert)
    }

    /// Return the number with the other sign, rounded.
    #[method(sig = "(self, x, /)")]
    fn minus(&self, th: &Thread, x: Borrowed<'_>) -> PyResult {
        self.unary(th, x, basic::minus)
    }

    /// Return the greatest number that is less.
    #[method(sig = "(self, x, /)")]
    fn next_minus(&self, th: &Thread, x: Borrowed<'_>) -> PyResult {
        self.unary(th, x, logical::next_minus)
    }

    /// Return the least number that is greater.
    #[method(sig = "(self, x, /)")]
    fn next_plus(&self, th: &Thread, x: Borrowed<'_>) -> PyResult {
        self.unary(th, x, logical::next_plus)
    }

    /// Return the number without trailing zeros.
    #[method(sig = "(self, x, /)")]
    fn normalize(&self, th: &Thread, x: Borrowed<'_>) -> PyResult {
        self.unary(th, x, integral::normalize)
    }

    /// Return the number rounded.
    #[method(sig = "(self, x, /)")]
    fn plus(&self, th: &Thread, x: Borrowed<'_>) -> PyResult {
        self.unary(th, x, basic::plus)
    }

    /// Return the square root.
    #[method(sig = "(self, x, /)")]
    fn sqrt(&self, th: &Thread, x: Borrowed<'_>) -> PyResult {
        self.unary(th, x, quotient::square_root)
    }

    /// Return the nearest whole number, without signals.
    #[method(sig = "(self, x, /)")]
    fn to_integral(&self, th: &Thread, x: Borrowed<'_>) -> PyResult {
        self.unary(th, x, to_integral)
    }

    /// Return the nearest whole number; signal what that loses.
    #[method(sig = "(self, x, /)")]
    fn to_integral_exact(&self, th: &Thread, x: Borrowed<'_>) -> PyResult {
        self.unary(th, x, to_integral_exact)
    }

    /// Return the nearest whole number, without signals.
    #[method(sig = "(self, x, /)")]
    fn to_integral_value(&self, th: &Thread, x: Borrowed<'_>) -> PyResult {
        self.unary(th, x, to_integral)
    }

    /// Return whether the number is finite.
    #[method(sig = "(self, x, /)")]
    fn is_finite(&self, th: &Thread, x: Borrowed<'_>) -> PyResult<bool> {
        operand(th, x, self).map(|number| number.is_finite())
    }

    /// Return whether the number is infinite.
    #[method(sig = "(self, x, /)")]
    fn is_infinite(&self, th: &Thread, x: Borrowed<'_>) -> PyResult<bool> {
        operand(th, x, self).map(|number| number.is_infinite())
    }

    /// Return whether the number is a NaN.
    #[method(sig = "(self, x, /)")]
    fn is_nan(&self, th: &Thread, x: Borrowed<'_>) -> PyResult<bool> {
        operand(th, x, self).map(|number| number.is_nan())
    }

    /// Return whether the number is a quiet NaN.
    #[method(sig = "(self, x, /)")]
    fn is_qnan(&self, th: &Thread, x: Borrowed<'_>) -> PyResult<bool> {
        operand(th, x, self).map(|number| number.kind == Kind::Quiet)
    }

    /// Return whether the number is negative.
    #[method(sig = "(self, x, /)")]
    fn is_signed(&self, th: &Thread, x: Borrowed<'_>) -> PyResult<bool> {
        operand(th, x, self).map(|number| number.negative)
    }

    /// Return whether the number is a signaling NaN.
    #[method(sig = "(self, x, /)")]
    fn is_snan(&self, th: &Thread, x: Borrowed<'_>) -> PyResult<bool> {
        operand(th, x, self).map(|number| number.kind == Kind::Signaling)
    }

    /// Return whether the number is a zero.
    #[method(sig = "(self, x, /)")]
    fn is_zero(&self, th: &Thread, x: Borrowed<'_>) -> PyResult<bool> {
        operand(th, x, self).map(|number| number.is_zero())
    }

    /// Return whether the number is normal: finite, and neither zero nor subnormal.
    #[method(sig = "(self, x, /)")]
    fn is_normal(&self, th: &Thread, x: Borrowed<'_>) -> PyResult<bool> {
        operand(th, x, self).map(|number| compare::is_normal(&number, &self.limits()))
    }

    /// Return whether the number is subnormal: of a lesser exponent than Emin.
    #[method(sig = "(self, x, /)")]
    fn is_subnormal(&self, th: &Thread, x: Borrowed<'_>) -> PyResult<bool> {
        operand(th, x, self).map(|number| compare::is_subnormal(&number, &self.limits()))
    }

    /// Return the Decimal itself.
    #[method(sig = "(self, x, /)")]
    fn canonical(&self, th: &Thread, x: Borrowed<'_>) -> PyResult {
        decimal(th, x)?;
        Ok(x.to_owned())
    }

    /// Return True: every Decimal is canonical.
    #[method(sig = "(self, x, /)")]
    fn is_canonical(&self, th: &Thread, x: Borrowed<'_>) -> PyResult<bool> {
        decimal(th, x).map(|_| true)
    }

    /// Return the name of the class of numbers that the number belongs to.
    #[method(sig = "(self, x, /)")]
    fn number_class(&self, th: &Thread, x: Borrowed<'_>) -> PyResult<&'static str> {
        operand(th, x, self).map(|number| compare::class_of(&number, &self.limits()))
    }

    /// Return the number in scientific notation.
    #[method(sig = "(self, x, /)")]
    fn to_sci_string(&self, th: &Thread, x: Borrowed<'_>) -> PyResult<Owned<Str>> {
        let number = operand(th, x, self)?;
        convert::to_str(th, &text::to_text(&number, self.capitals(), false))
    }

    /// Return the number in engineering notation: exponents are multiples of three.
    #[method(sig = "(self, x, /)")]
    fn to_eng_string(&self, th: &Thread, x: Borrowed<'_>) -> PyResult<Owned<Str>> {
        let number = operand(th, x, self)?;
        convert::to_str(th, &text::to_text(&number, self.capitals(), true))
    }

    /// Return a Decimal of num as it fits into the context.
    #[method(sig = "(self, num=\"0\", /)")]
    fn create_decimal(&self, th: &Thread, args: Args<'_>) -> PyResult {
        let number = match *args.positionals() {
            [] => Num::zero(false, 0),
            [value] => convert::rounded(th, value, self)?,
            ref more => {
                let given = more.len();
                return Err(raise!(
                    th,
                    TYPE_ERROR,
                    "function takes at most 1 argument ({given} given)"
                ));
            }
        };
        Decimal::new(th, number)
    }

    /// Return a Decimal of a float as it fits into the context.
    #[method(sig = "(self, f, /)")]
    fn create_decimal_from_float(&self, th: &Thread, f: Borrowed<'_>) -> PyResult {
        let exact = convert::of_real(th, f)?;
        let mut cx = self.limits();
        let number = cx.finish(exact);
        self.settle(th, cx.status)?;
        Decimal::new(th, number)
    }
}
