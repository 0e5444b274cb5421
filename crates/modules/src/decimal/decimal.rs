//! `Decimal`: the object, how one is made, and its operators.

use std::cell::Cell;

use krait_objects::prelude::*;

use super::arith::{Context, Kind, Num, Rounding, basic, compare, power, quotient, signal, text};
use super::context::{DecimalContext, current, given_or_current};
use super::convert::{self, Operand, maybe_operand};
use crate::getargs::{Arguments, Format, given_tuple};

/// An exact decimal number, made of an int, a float, a str, a tuple of sign, digits and exponent, or another Decimal.
///
/// The context has no influence on its value; it tells only whether what is no number raises.
#[pytype(
    name = "decimal.Decimal",
    new = "(value=\"0\", context=None)",
    flags(BASETYPE, IMMUTABLETYPE)
)]
#[repr(C)]
pub struct Decimal {
    head: Head,
    /// -1 until it is known.
    hash: Cell<isize>,
    number: Num,
}

static NEW: Format = Format::new(None, &["value", "context"], 0);

impl Decimal {
    /// A new `Decimal`, not of a subclass.
    #[inline]
    pub fn new(th: &Thread, number: Num) -> PyResult {
        Decimal::new_of(th, Borrowed::from_ref(Decimal::type_object()), number)
    }

    pub fn new_of(th: &Thread, cls: Borrowed<'_, Type>, number: Num) -> PyResult {
        let made = cls.alloc::<Decimal>(th, 0)?;
        let this = made.as_ptr().cast::<Decimal>();
        // SAFETY: the object was just made, and nobody knows it yet; what lies there is zeros, which need no release.
        unsafe {
            (&raw mut (*this).number).write(number);
            (&raw mut (*this).hash).write(Cell::new(-1));
        }
        Ok(made.into_object())
    }

    #[inline]
    pub fn number(&self) -> &Num {
        &self.number
    }
}

/// The first number with the sign of the second.
pub fn copy_sign(a: &Num, b: &Num, _cx: &mut Context) -> Num {
    a.clone().with_sign(b.negative)
}

/// An operator of two numbers; `NotImplemented` if one of them is neither a `Decimal` nor an int.
#[inline]
fn operate(
    th: &Thread,
    left: Borrowed<'_>,
    right: Borrowed<'_>,
    op: fn(&Num, &Num, &mut Context) -> Num,
) -> PyResult {
    let context = current(th)?;
    let Some(left) = maybe_operand(th, left, &context)? else {
        return Ok(not_implemented().to_owned());
    };
    let Some(right) = maybe_operand(th, right, &context)? else {
        return Ok(not_implemented().to_owned());
    };
    let mut cx = context.limits();
    let result = op(&left, &right, &mut cx);
    context.settle(th, cx.status)?;
    Decimal::new(th, result)
}

fn operate_on(th: &Thread, this: &Decimal, op: fn(&Num, &mut Context) -> Num) -> PyResult {
    let context = current(th)?;
    let mut cx = context.limits();
    let result = op(&this.number, &mut cx);
    context.settle(th, cx.status)?;
    Decimal::new(th, result)
}

/// The other side of a comparison, exactly, if it is a number that can be compared.
fn comparable<'a>(
    th: &Thread,
    other: Borrowed<'a>,
    equality: bool,
    context: &DecimalContext,
) -> PyResult<Option<Operand<'a>>> {
    if let Some(operand) = maybe_operand(th, other, context)? {
        return Ok(Some(operand));
    }
    let float = |value: f64| -> PyResult<Option<Operand<'a>>> {
        if equality {
            context.set_flags(context.flag_bits() | signal::FLOAT_OPERATION);
        } else {
            context.settle(th, signal::FLOAT_OPERATION)?;
        }
        match convert::of_f64(value) {
            Some(number) => Ok(Some(Operand::Made(number))),
            None => Err(th.no_memory()),
        }
    };
    if let Some(other) = other.downcast::<Float>() {
        return float(other.value());
    }
    if let Some(other) = other.downcast::<krait_objects::complex::Complex>() {
        return if equality && other.imag() == 0.0 { float(other.real()) } else { Ok(None) };
    }
    Ok(None)
}

/// Compares to an instance of `numbers.Rational`: this number times the denominator to the numerator.
fn scaled_by_denominator(
    th: &Thread,
    this: &Num,
    other: Borrowed<'_>,
    context: &DecimalContext,
) -> PyResult<Option<(Num, Num)>> {
    let rational = super::state::state(th).rational(th)?;
    if !object::is_instance(th, other, rational.object())? {
        return Ok(None);
    }
    let part = |name: &str| -> PyResult<Num> {
        let part = object::get_attr(th, other, Str::interned(th, name)?.borrow())?;
        let Some(part) = part.object().downcast::<Int>() else {
            let what = "numerator and denominator must be ints";
            return Err(th.raise(exc::TYPE_ERROR, what));
        };
        convert::of_int(part.get()).ok_or_else(|| th.no_memory())
    };
    let mut cx = Context::MAX;
    let denominator = part("denominator")?;
    let left = if this.is_finite() {
        // Without the exponent, which might have no room for more digits.
        let bare = Num { exp: 0, ..this.clone() };
        let product = basic::mul(&bare, &denominator, &mut cx);
        Num { exp: product.exp + this.exp, ..product }
    } else {
        this.clone()
    };
    context.settle_exact(th, cx.status)?;
    if cx.status & (signal::INEXACT | signal::ROUNDED | signal::CLAMPED) != 0 {
        return Err(th.raise(exc::VALUE_ERROR, "exact conversion for comparison failed"));
    }
    Ok(Some((left, part("numerator")?)))
}

#[pymethods(parts(contextual, plain))]
impl Decimal {
    #[slot(tp_new)]
    fn tp_new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        let (value, context) = match (args.get().as_slice(), kwargs) {
            // The usual call needs no parsing.
            (&[value], None) => (Some(value), None),
            _ => {
                let mut arguments = Arguments::new(th, &NEW, given_tuple(args, kwargs))?;
                let given = (arguments.next(th)?, arguments.next(th)?);
                arguments.finish(th)?;
                given
            }
        };
        let context = given_or_current(th, context)?;
        let Some(value) = value else {
            return Decimal::new_of(th, cls, Num::zero(false, 0));
        };
        let exact = cls.is(Borrowed::from_ref(Decimal::type_object()));
        if exact && value.is_exact::<Decimal>() {
            return Ok(value.to_owned());
        }
        Decimal::new_of(th, cls, convert::exact(th, value, &context)?)
    }

    #[slot(nb_add)]
    fn add(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        operate(th, left, right, basic::add)
    }

    #[slot(nb_subtract)]
    fn subtract(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        operate(th, left, right, basic::subtract)
    }

    #[slot(nb_multiply)]
    fn multiply(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        operate(th, left, right, basic::mul)
    }

    #[slot(nb_true_divide)]
    fn divide(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        operate(th, left, right, quotient::div)
    }

    #[slot(nb_floor_divide)]
    fn floor_divide(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        operate(th, left, right, quotient::divide_int)
    }

    #[slot(nb_remainder)]
    fn remainder(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        operate(th, left, right, quotient::remainder)
    }

    #[slot(nb_divmod)]
    fn divmod(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        let context = current(th)?;
        let operands = maybe_operand(th, left, &context)?.zip(maybe_operand(th, right, &context)?);
        let Some((left, right)) = operands else {
            return Ok(not_implemented().to_owned());
        };
        let mut cx = context.limits();
        let (quotient, rest) = quotient::divmod(&left, &right, &mut cx);
        context.settle(th, cx.status)?;
        let pair = [Decimal::new(th, quotient)?, Decimal::new(th, rest)?];
        Tuple::pack(th, pair).map(Owned::into_object)
    }

    #[slot(nb_power)]
    fn power(
        th: &Thread,
        base: Borrowed<'_>,
        exp: Borrowed<'_>,
        modulus: Option<Borrowed<'_>>,
    ) -> PyResult {
        let Some(modulus) = modulus.filter(|modulus| !modulus.is_none()) else {
            return operate(th, base, exp, power::power);
        };
        let context = current(th)?;
        let of = |value| maybe_operand(th, value, &context);
        let (Some(base), Some(exp), Some(modulus)) = (of(base)?, of(exp)?, of(modulus)?) else {
            return Ok(not_implemented().to_owned());
        };
        let mut cx = context.limits();
        let result = power::power_modulo(&base, &exp, &modulus, &mut cx);
        context.settle(th, cx.status)?;
        Decimal::new(th, result)
    }

    #[slot(nb_negative)]
    fn negative(&self, th: &Thread) -> PyResult {
        operate_on(th, self, basic::minus)
    }

    #[slot(nb_positive)]
    fn positive(&self, th: &Thread) -> PyResult {
        operate_on(th, self, basic::plus)
    }

    #[slot(nb_absolute)]
    fn absolute(&self, th: &Thread) -> PyResult {
        operate_on(th, self, basic::absolute)
    }

    #[slot(nb_bool)]
    fn is_true(&self, _th: &Thread) -> PyResult<bool> {
        Ok(!self.number.is_zero())
    }

    #[slot(nb_int)]
    fn to_int(&self, th: &Thread) -> PyResult<Owned<Int>> {
        convert::to_int(th, &self.number, Rounding::Down)
    }

    #[slot(nb_float)]
    fn to_float(&self, th: &Thread) -> PyResult<Owned<Float>> {
        Float::new(th, convert::to_float(th, &self.number)?)
    }

    #[slot(tp_str)]
    fn str(&self, th: &Thread) -> PyResult<Owned<Str>> {
        let capitals = current(th)?.capitals();
        convert::to_str(th, &text::to_text(&self.number, capitals, false))
    }

    #[slot(tp_repr)]
    fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
        let capitals = current(th)?.capitals();
        let mut shown = b"Decimal('".to_vec();
        shown.extend(text::to_text(&self.number, capitals, false));
        shown.extend(b"')");
        convert::to_str(th, &shown)
    }

    #[slot(tp_hash)]
    fn hash(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<isize> {
        if this.hash.get() == -1 {
            this.hash.set(match this.number.kind {
                Kind::Signaling => {
                    let what = "Cannot hash a signaling NaN value";
                    return Err(th.raise(exc::TYPE_ERROR, what));
                }
                Kind::Quiet => krait_objects::hash::hash_pointer(this.as_ptr() as usize) as isize,
                _ => convert::hash(&this.number),
            });
        }
        Ok(this.hash.get())
    }

    #[slot(tp_richcompare)]
    fn richcompare(&self, th: &Thread, other: Borrowed<'_>, op: CompareOp) -> PyResult {
        // Two numbers meet no condition, and need no context.
        if let Some(other) = other.downcast::<Decimal>()
            && !self.number.is_nan()
            && !other.number.is_nan()
        {
            let order = compare::by_value(&self.number, &other.number);
            return Ok(bool_object(op.holds(order)).object().to_owned());
        }
        let context = current(th)?;
        let equality = matches!(op, CompareOp::Eq | CompareOp::Ne);
        let scaled;
        let made;
        let (left, right) = match comparable(th, other, equality, &context)? {
            Some(operand) => {
                made = operand;
                (&self.number, &*made)
            }
            None => match scaled_by_denominator(th, &self.number, other, &context)? {
                Some(pair) => {
                    scaled = pair;
                    (&scaled.0, &scaled.1)
                }
                None => return Ok(not_implemented().to_owned()),
            },
        };
        if left.is_nan() || right.is_nan() {
            let signaling = left.kind == Kind::Signaling || right.kind == Kind::Signaling;
            if signaling || !equality {
                context.settle(th, signal::INVALID_OPERATION)?;
            }
            return Ok(bool_object(matches!(op, CompareOp::Ne)).object().to_owned());
        }
        Ok(bool_object(op.holds(compare::by_value(left, right))).object().to_owned())
    }
}
