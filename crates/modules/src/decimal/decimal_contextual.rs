//! The methods of `Decimal` that take a context.

use krait_objects::prelude::*;

use super::arith::{Context, Num, basic, compare, elementary, integral, logical, quotient, text};
use super::context::{DecimalContext, given_or_current};
use super::context_values::rounding_of;
use super::convert::{self, operand};
use super::decimal::{Decimal, copy_sign};
use crate::getargs::{Format, take};

static CONTEXT: Format = Format::new(None, &["context"], 0);
static OTHER: Format = Format::new(None, &["other", "context"], 1);
static ROUNDING: Format = Format::new(None, &["rounding", "context"], 0);
static QUANTIZE: Format = Format::new(None, &["exp", "rounding", "context"], 1);
static FMA: Format = Format::new(None, &["other", "third", "context"], 2);

/// The context of a method that takes nothing else.
fn context(th: &Thread, args: Args<'_>) -> PyResult<Owned<DecimalContext>> {
    let [context]: [_; 1] = take(th, &CONTEXT, args)?;
    given_or_current(th, context)
}

/// The other number and the context of a method.
fn other<'a>(
    th: &Thread,
    args: Args<'a>,
) -> PyResult<(convert::Operand<'a>, Owned<DecimalContext>)> {
    let [other, context]: [_; 2] = take(th, &OTHER, args)?;
    let context = given_or_current(th, context)?;
    let Some(other) = other else {
        return Err(th.bad_internal_call());
    };
    Ok((operand(th, other, &context)?, context))
}

impl Decimal {
    fn unary(&self, th: &Thread, args: Args<'_>, op: fn(&Num, &mut Context) -> Num) -> PyResult {
        let context = context(th, args)?;
        let mut cx = context.limits();
        let result = op(self.number(), &mut cx);
        context.settle(th, cx.status)?;
        Decimal::new(th, result)
    }

    fn with_other(
        &self,
        th: &Thread,
        args: Args<'_>,
        op: fn(&Num, &Num, &mut Context) -> Num,
    ) -> PyResult {
        let (other, context) = other(th, args)?;
        let mut cx = context.limits();
        let result = op(self.number(), &other, &mut cx);
        context.settle(th, cx.status)?;
        Decimal::new(th, result)
    }

    fn integral(&self, th: &Thread, args: Args<'_>, exact: bool) -> PyResult {
        let [rounding, context]: [_; 2] = take(th, &ROUNDING, args)?;
        let context = given_or_current(th, context)?;
        let mut cx = context.limits();
        if let Some(rounding) = rounding.filter(|rounding| !rounding.is_none()) {
            cx.rounding = rounding_of(th, rounding)?;
        }
        let result = integral::to_integral(self.number(), exact, cx.rounding, &mut cx);
        context.settle(th, cx.status)?;
        Decimal::new(th, result)
    }
}

#[pymethods(part = "contextual")]
impl Decimal {
    /// Return e raised to the number.
    #[method(sig = "(self, /, context=None)")]
    fn exp(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.unary(th, args, elementary::exp)
    }

    /// Return the natural logarithm.
    #[method(sig = "(self, /, context=None)")]
    fn ln(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.unary(th, args, elementary::ln)
    }

    /// Return the logarithm to the base of ten.
    #[method(sig = "(self, /, context=None)")]
    fn log10(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.unary(th, args, elementary::log10)
    }

    /// Return the exponent of the first digit.
    #[method(sig = "(self, /, context=None)")]
    fn logb(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.unary(th, args, logical::logb)
    }

    /// Return the number with all digits of the precision inverted; they are zeros and ones.
    #[method(sig = "(self, /, context=None)")]
    fn logical_invert(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.unary(th, args, logical::logical_invert)
    }

    /// Return the greatest number that is less.
    #[method(sig = "(self, /, context=None)")]
    fn next_minus(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.unary(th, args, logical::next_minus)
    }

    /// Return the least number that is greater.
    #[method(sig = "(self, /, context=None)")]
    fn next_plus(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.unary(th, args, logical::next_plus)
    }

    /// Return the number without trailing zeros.
    #[method(sig = "(self, /, context=None)")]
    fn normalize(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.unary(th, args, integral::normalize)
    }

    /// Return the square root.
    #[method(sig = "(self, /, context=None)")]
    fn sqrt(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.unary(th, args, quotient::square_root)
    }

    /// Compare two numbers by value: -1, 0 or 1, or NaN.
    #[method(sig = "(self, /, other, context=None)")]
    fn compare(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.with_other(th, args, compare::compare)
    }

    /// Compare as compare() does; quiet NaNs signal, too.
    #[method(sig = "(self, /, other, context=None)")]
    fn compare_signal(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.with_other(th, args, compare::compare_signal)
    }

    /// Compare representations in their total order.
    #[method(sig = "(self, /, other, context=None)")]
    fn compare_total(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.with_other(th, args, compare::compare_total)
    }

    /// Compare representations in their total order, without signs.
    #[method(sig = "(self, /, other, context=None)")]
    fn compare_total_mag(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.with_other(th, args, compare::compare_total_mag)
    }

    /// Return the first number with the sign of the second.
    #[method(sig = "(self, /, other, context=None)")]
    fn copy_sign(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.with_other(th, args, copy_sign)
    }

    /// Return the digit by digit 'and' of numbers of zeros and ones.
    #[method(sig = "(self, /, other, context=None)")]
    fn logical_and(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.with_other(th, args, logical::logical_and)
    }

    /// Return the digit by digit 'or' of numbers of zeros and ones.
    #[method(sig = "(self, /, other, context=None)")]
    fn logical_or(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.with_other(th, args, logical::logical_or)
    }

    /// Return the digit by digit exclusive 'or' of numbers of zeros and ones.
    #[method(sig = "(self, /, other, context=None)")]
    fn logical_xor(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.with_other(th, args, logical::logical_xor)
    }

    /// Return the greater number; a number rather than a quiet NaN.
    #[method(sig = "(self, /, other, context=None)")]
    fn max(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.with_other(th, args, compare::max)
    }

    /// Return the number of greater magnitude.
    #[method(sig = "(self, /, other, context=None)")]
    fn max_mag(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.with_other(th, args, compare::max_mag)
    }

    /// Return the lesser number; a number rather than a quiet NaN.
    #[method(sig = "(self, /, other, context=None)")]
    fn min(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.with_other(th, args, compare::min)
    }

    /// Return the number of lesser magnitude.
    #[method(sig = "(self, /, other, context=None)")]
    fn min_mag(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.with_other(th, args, compare::min_mag)
    }

    /// Return the nearest number in the direction of the second.
    #[method(sig = "(self, /, other, context=None)")]
    fn next_toward(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.with_other(th, args, logical::next_toward)
    }

    /// Return the remainder of the division with the nearest integer as quotient.
    #[method(sig = "(self, /, other, context=None)")]
    fn remainder_near(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.with_other(th, args, quotient::remainder_near)
    }

    /// Return the number with its digits rotated by so many places, to the left if positive.
    #[method(sig = "(self, /, other, context=None)")]
    fn rotate(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.with_other(th, args, logical::rotate)
    }

    /// Return the number with the second added to its exponent.
    #[method(sig = "(self, /, other, context=None)")]
    fn scaleb(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.with_other(th, args, logical::scaleb)
    }

    /// Return the number with its digits shifted by so many places, to the left if positive.
    #[method(sig = "(self, /, other, context=None)")]
    fn shift(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.with_other(th, args, logical::shift)
    }

    /// Return the nearest whole number, without signals.
    #[method(sig = "(self, /, rounding=None, context=None)")]
    fn to_integral(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.integral(th, args, false)
    }

    /// Return the nearest whole number, without signals.
    #[method(sig = "(self, /, rounding=None, context=None)")]
    fn to_integral_value(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.integral(th, args, false)
    }

    /// Return the nearest whole number; signal what that loses.
    #[method(sig = "(self, /, rounding=None, context=None)")]
    fn to_integral_exact(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.integral(th, args, true)
    }

    /// Return the number, rounded, with the exponent of another.
    ///
    /// >>> Decimal('1.41421356').quantize(Decimal('1.000'))
    /// Decimal('1.414')
    #[method(sig = "(self, /, exp, rounding=None, context=None)")]
    fn quantize(&self, th: &Thread, args: Args<'_>) -> PyResult {
        let [exp, rounding, context]: [_; 3] = take(th, &QUANTIZE, args)?;
        let context = given_or_current(th, context)?;
        let mut cx = context.limits();
        if let Some(rounding) = rounding.filter(|rounding| !rounding.is_none()) {
            cx.rounding = rounding_of(th, rounding)?;
        }
        let Some(exp) = exp else {
            return Err(th.bad_internal_call());
        };
        let exp = operand(th, exp, &context)?;
        let result = integral::quantize(self.number(), &exp, &mut cx);
        context.settle(th, cx.status)?;
        Decimal::new(th, result)
    }

    /// Return the number times other plus third, rounded once.
    #[method(sig = "(self, /, other, third, context=None)")]
    fn fma(&self, th: &Thread, args: Args<'_>) -> PyResult {
        let [other, third, context]: [_; 3] = take(th, &FMA, args)?;
        let context = given_or_current(th, context)?;
        let (Some(other), Some(third)) = (other, third) else {
            return Err(th.bad_internal_call());
        };
        let (other, third) = (operand(th, other, &context)?, operand(th, third, &context)?);
        let mut cx = context.limits();
        let result = basic::fma(self.number(), &other, &third, &mut cx);
        context.settle(th, cx.status)?;
        Decimal::new(th, result)
    }

    /// Return whether the exponents are equal, or both numbers infinite, or both NaNs.
    #[method(sig = "(self, /, other, context=None)")]
    fn same_quantum(&self, th: &Thread, args: Args<'_>) -> PyResult<bool> {
        Ok(compare::same_quantum(self.number(), &other(th, args)?.0))
    }

    /// Return whether the number is normal: finite, and neither zero nor subnormal.
    #[method(sig = "(self, /, context=None)")]
    fn is_normal(&self, th: &Thread, args: Args<'_>) -> PyResult<bool> {
        Ok(compare::is_normal(self.number(), &context(th, args)?.limits()))
    }

    /// Return whether the number is subnormal: of a lesser exponent than Emin.
    #[method(sig = "(self, /, context=None)")]
    fn is_subnormal(&self, th: &Thread, args: Args<'_>) -> PyResult<bool> {
        Ok(compare::is_subnormal(self.number(), &context(th, args)?.limits()))
    }

    /// Return the name of the class of numbers that the number belongs to.
    #[method(sig = "(self, /, context=None)")]
    fn number_class(&self, th: &Thread, args: Args<'_>) -> PyResult<&'static str> {
        Ok(compare::class_of(self.number(), &context(th, args)?.limits()))
    }

    /// Return the number in engineering notation: exponents are multiples of three.
    #[method(sig = "(self, /, context=None)")]
    fn to_eng_string(&self, th: &Thread, args: Args<'_>) -> PyResult<Owned<Str>> {
        let capitals = context(th, args)?.capitals();
        convert::to_str(th, &text::to_text(self.number(), capitals, true))
    }
}
