//! What a `Context` computes with two or three numbers.

use krait_objects::prelude::*;

use super::arith::{basic, compare, integral, logical, power, quotient};
use super::context::DecimalContext;
use super::convert::operand;
use super::decimal::{Decimal, copy_sign};
use crate::getargs::{Format, by_position, take};

type Binary =
    fn(&super::arith::Num, &super::arith::Num, &mut super::arith::Context) -> super::arith::Num;

static POWER: Format = Format::new(None, &["a", "b", "modulo"], 2);

impl DecimalContext {
    fn binary(&self, th: &Thread, args: Args<'_>, op: Binary) -> PyResult {
        let [x, y] = by_position(th, format_args!("function"), args)?;
        let (x, y) = (operand(th, x, self)?, operand(th, y, self)?);
        let mut cx = self.limits();
        let result = op(&x, &y, &mut cx);
        self.settle(th, cx.status)?;
        Decimal::new(th, result)
    }
}

#[pymethods(part = "arithmetic")]
impl DecimalContext {
    /// Return the sum.
    #[method(sig = "(self, x, y, /)")]
    fn add(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.binary(th, args, basic::add)
    }

    /// Compare two numbers by value: -1, 0 or 1, or NaN.
    #[method(sig = "(self, x, y, /)")]
    fn compare(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.binary(th, args, compare::compare)
    }

    /// Compare as compare() does; quiet NaNs signal, too.
    #[method(sig = "(self, x, y, /)")]
    fn compare_signal(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.binary(th, args, compare::compare_signal)
    }

    /// Compare representations in their total order.
    #[method(sig = "(self, x, y, /)")]
    fn compare_total(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.binary(th, args, compare::compare_total)
    }

    /// Compare representations in their total order, without signs.
    #[method(sig = "(self, x, y, /)")]
    fn compare_total_mag(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.binary(th, args, compare::compare_total_mag)
    }

    /// Return the first number with the sign of the second.
    #[method(sig = "(self, x, y, /)")]
    fn copy_sign(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.binary(th, args, copy_sign)
    }

    /// Return the quotient.
    #[method(sig = "(self, x, y, /)")]
    fn divide(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.binary(th, args, quotient::div)
    }

    /// Return the whole part of the quotient.
    #[method(sig = "(self, x, y, /)")]
    fn divide_int(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.binary(th, args, quotient::divide_int)
    }

    /// Return the digit by digit 'and' of numbers of zeros and ones.
    #[method(sig = "(self, x, y, /)")]
    fn logical_and(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.binary(th, args, logical::logical_and)
    }

    /// Return the digit by digit 'or' of numbers of zeros and ones.
    #[method(sig = "(self, x, y, /)")]
    fn logical_or(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.binary(th, args, logical::logical_or)
    }

    /// Return the digit by digit exclusive 'or' of numbers of zeros and ones.
    #[method(sig = "(self, x, y, /)")]
    fn logical_xor(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.binary(th, args, logical::logical_xor)
    }

    /// Return the greater number; a number rather than a quiet NaN.
    #[method(sig = "(self, x, y, /)")]
    fn max(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.binary(th, args, compare::max)
    }

    /// Return the number of greater magnitude.
    #[method(sig = "(self, x, y, /)")]
    fn max_mag(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.binary(th, args, compare::max_mag)
    }

    /// Return the lesser number; a number rather than a quiet NaN.
    #[method(sig = "(self, x, y, /)")]
    fn min(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.binary(th, args, compare::min)
    }

    /// Return the number of lesser magnitude.
    #[method(sig = "(self, x, y, /)")]
    fn min_mag(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.binary(th, args, compare::min_mag)
    }

    /// Return the product.
    #[method(sig = "(self, x, y, /)")]
    fn multiply(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.binary(th, args, basic::mul)
    }

    /// Return the nearest number in the direction of the second.
    #[method(sig = "(self, x, y, /)")]
    fn next_toward(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.binary(th, args, logical::next_toward)
    }

    /// Return the first number, rounded, with the exponent of the second.
    #[method(sig = "(self, x, y, /)")]
    fn quantize(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.binary(th, args, integral::quantize)
    }

    /// Return the remainder of the division, with the sign of the dividend.
    #[method(sig = "(self, x, y, /)")]
    fn remainder(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.binary(th, args, quotient::remainder)
    }

    /// Return the remainder of the division with the nearest integer as quotient.
    #[method(sig = "(self, x, y, /)")]
    fn remainder_near(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.binary(th, args, quotient::remainder_near)
    }

    /// Return the number with its digits rotated by so many places, to the left if positive.
    #[method(sig = "(self, x, y, /)")]
    fn rotate(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.binary(th, args, logical::rotate)
    }

    /// Return the number with the second added to its exponent.
    #[method(sig = "(self, x, y, /)")]
    fn scaleb(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.binary(th, args, logical::scaleb)
    }

    /// Return the number with its digits shifted by so many places, to the left if positive.
    #[method(sig = "(self, x, y, /)")]
    fn shift(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.binary(th, args, logical::shift)
    }

    /// Return the difference.
    #[method(sig = "(self, x, y, /)")]
    fn subtract(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.binary(th, args, basic::subtract)
    }

    /// Return whole quotient and remainder.
    #[method(sig = "(self, x, y, /)")]
    fn divmod(&self, th: &Thread, args: Args<'_>) -> PyResult<Owned<Tuple>> {
        let [x, y] = by_position(th, format_args!("function"), args)?;
        let (x, y) = (operand(th, x, self)?, operand(th, y, self)?);
        let mut cx = self.limits();
        let (quotient, rest) = quotient::divmod(&x, &y, &mut cx);
        self.settle(th, cx.status)?;
        Tuple::pack(th, [Decimal::new(th, quotient)?, Decimal::new(th, rest)?])
    }

    /// Return x times y plus z, rounded once.
    #[method(sig = "(self, x, y, z, /)")]
    fn fma(&self, th: &Thread, args: Args<'_>) -> PyResult {
        let [x, y, z] = by_position(th, format_args!("function"), args)?;
        let (x, y, z) = (operand(th, x, self)?, operand(th, y, self)?, operand(th, z, self)?);
        let mut cx = self.limits();
        let result = basic::fma(&x, &y, &z, &mut cx);
        self.settle(th, cx.status)?;
        Decimal::new(th, result)
    }

    /// Return a to the power of b, modulo a number if one is given.
    ///
    /// Modulo asks for whole numbers: b not negative, a and b not both zero, modulo of no more digits than the precision.
    #[method(sig = "(self, /, a, b, modulo=None)")]
    fn power(&self, th: &Thread, args: Args<'_>) -> PyResult {
        let [a, b, modulo]: [_; 3] = take(th, &POWER, args)?;
        let (Some(a), Some(b)) = (a, b) else {
            return Err(th.bad_internal_call());
        };
        let (a, b) = (operand(th, a, self)?, operand(th, b, self)?);
        let mut cx = self.limits();
        let result = match modulo.filter(|modulo| !modulo.is_none()) {
            None => power::power(&a, &b, &mut cx),
            Some(modulo) => {
                let modulo = operand(th, modulo, self)?;
                power::power_modulo(&a, &b, &modulo, &mut cx)
            }
        };
        self.settle(th, cx.status)?;
        Decimal::new(th, result)
    }

    /// Return whether the exponents are equal, or both numbers infinite, or both NaNs.
    #[method(sig = "(self, x, y, /)")]
    fn same_quantum(&self, th: &Thread, args: Args<'_>) -> PyResult<bool> {
        let [x, y] = by_position(th, format_args!("function"), args)?;
        let (x, y) = (operand(th, x, self)?, operand(th, y, self)?);
        Ok(compare::same_quantum(&x, &y))
    }

    /// Return 10.
    #[method(sig = "(self, /)")]
    fn radix(&self, th: &Thread) -> PyResult {
        Decimal::new(th, super::arith::Num::small(false, 10, 0))
    }
}
