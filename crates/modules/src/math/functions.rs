//! Functions of one or a few floats, by the C library: the same results as in the reference, bit by bit.

use krait_objects::int_digits;
use krait_objects::prelude::*;

use super::{Math, checked, domain_error, domain_error_of, range_error};

pub(crate) mod libm {
    unsafe extern "C" {
        pub safe fn acos(x: f64) -> f64;
        pub safe fn acosh(x: f64) -> f64;
        pub safe fn asin(x: f64) -> f64;
        pub safe fn asinh(x: f64) -> f64;
        pub safe fn atan(x: f64) -> f64;
        pub safe fn atan2(y: f64, x: f64) -> f64;
        pub safe fn atanh(x: f64) -> f64;
        pub safe fn cbrt(x: f64) -> f64;
        pub safe fn cos(x: f64) -> f64;
        pub safe fn cosh(x: f64) -> f64;
        pub safe fn erf(x: f64) -> f64;
        pub safe fn erfc(x: f64) -> f64;
        pub safe fn exp(x: f64) -> f64;
        pub safe fn exp2(x: f64) -> f64;
        pub safe fn expm1(x: f64) -> f64;
        pub safe fn ldexp(x: f64, exponent: i32) -> f64;
        pub safe fn log(x: f64) -> f64;
        pub safe fn log10(x: f64) -> f64;
        pub safe fn log1p(x: f64) -> f64;
        pub safe fn log2(x: f64) -> f64;
        pub safe fn nextafter(x: f64, y: f64) -> f64;
        pub safe fn pow(x: f64, y: f64) -> f64;
        pub safe fn remainder(x: f64, y: f64) -> f64;
        pub safe fn sin(x: f64) -> f64;
        pub safe fn sinh(x: f64) -> f64;
        pub safe fn tan(x: f64) -> f64;
        pub safe fn tanh(x: f64) -> f64;
    }
}

const UNIT: &str = "expected a number in range from -1 up to 1";
const FINITE: &str = "expected a finite input";

/// A function whose NaN means that `x` is outside of its domain, with the words for that.
fn within(th: &Thread, x: f64, result: f64, wanted: &str) -> PyResult<f64> {
    if result.is_nan() && !x.is_nan() {
        return Err(domain_error_of(th, wanted, x));
    }
    Ok(result)
}

/// The same, where an infinity of a finite number is outside of the domain too.
fn within_finite(th: &Thread, x: f64, result: f64, wanted: &str) -> PyResult<f64> {
    if result.is_infinite() && x.is_finite() {
        return Err(domain_error_of(th, wanted, x));
    }
    within(th, x, result, wanted)
}

/// Functions of one float, all alike.
macro_rules! functions {
    ($($(#[doc = $doc:literal])* $name:ident($x:ident, $th:ident) $body:expr;)*) => {
        #[pyfunctions(part = "functions")]
        impl Math {
            $(
                $(#[doc = $doc])*
                #[function(sig = "(x, /)")]
                fn $name($th: &Thread, $x: f64) -> PyResult<f64> {
                    $body
                }
            )*
        }
    };
}

/// `log` of a number: an int may be past the range of floats.
fn log_of(th: &Thread, x: Borrowed<'_>, log: fn(f64) -> f64) -> PyResult<f64> {
    let refused = || th.raise(exc::VALUE_ERROR, "expected a positive input");
    if let Some(int) = x.downcast::<Int>() {
        if int.is_negative() || int.is_zero() {
            return Err(refused());
        }
        if let Ok(value) = int_digits::to_f64(int.view()) {
            return Ok(log(value));
        }
        let (fraction, exponent) = int_digits::frexp(int.view());
        return Ok(log(fraction) + log(2.0) * exponent as f64);
    }
    let value = number::as_f64(th, x)?;
    if value <= 0.0 {
        return Err(domain_error_of(th, "expected a positive input", value));
    }
    Ok(log(value))
}

/// `x.__floor__()` and `x.__ceil__()` of what is no float.
fn rounded(
    th: &Thread,
    x: Borrowed<'_>,
    name: Borrowed<'_, Str>,
    round: fn(f64) -> f64,
) -> PyResult {
    // As the method of ints answers.
    if x.is_exact::<Int>() {
        return Ok(x.to_owned());
    }
    if !x.is_exact::<Float>()
        && let Some(method) = object::lookup_special(th, x, name)?
    {
        return call::call(th, method.object(), &[]);
    }
    let value = number::as_f64(th, x)?;
    Int::from_f64(th, round(value)).map(Owned::into_object)
}

/// Mantissa and exponent of a float: `0.5 <= abs(m) < 1`.
pub(super) fn split(x: f64) -> (f64, i32) {
    if x == 0.0 || !x.is_finite() {
        return (x, 0);
    }
    let bits = x.to_bits();
    let biased = (bits >> 52 & 0x7ff) as i32;
    if biased == 0 {
        // Subnormal: scaled into the normal range first.
        let (mantissa, exponent) = split(x * 2f64.powi(64));
        return (mantissa, exponent - 64);
    }
    (f64::from_bits(bits & !(0x7ff << 52) | 1022 << 52), biased - 1022)
}

/// Two floats' result: NaN of numbers is a domain error, infinity of finite ones a range error.
fn checked_two(th: &Thread, x: f64, y: f64, result: f64) -> PyResult<f64> {
    if result.is_nan() && !x.is_nan() && !y.is_nan() {
        return Err(domain_error(th));
    }
    if result.is_infinite() && x.is_finite() && y.is_finite() {
        return Err(range_error(th));
    }
    Ok(result)
}

/// Moves `steps` representable floats from `x` towards `y`.
fn next_after(x: f64, y: f64, steps: u64) -> f64 {
    if steps == 0 || x.is_nan() {
        return x;
    }
    if y.is_nan() {
        return y;
    }
    if steps == 1 {
        return libm::nextafter(x, y);
    }
    // Floats in order are numbered by their bits, the negative ones downwards.
    let number = |value: f64| {
        let magnitude = (value.to_bits() & !(1 << 63)) as i128;
        if value.is_sign_negative() { -magnitude } else { magnitude }
    };
    let (from, to) = (number(x), number(y));
    if from == to {
        return y;
    }
    let reached = if from < to {
        (from + i128::from(steps)).min(to)
    } else {
        (from - i128::from(steps)).max(to)
    };
    if reached == to {
        return y;
    }
    let value = f64::from_bits(reached.unsigned_abs() as u64);
    if reached < 0 || reached == 0 && x.is_sign_negative() { -value } else { value }
}

functions! {
    /// The angle between 0 and pi whose cosine is x, in radians.
    acos(x, th) within(th, x, libm::acos(x), UNIT);
    /// The number, not below 0, whose hyperbolic cosine is x.
    acosh(x, th) within(th, x, libm::acosh(x), "expected argument value not less than 1");
    /// The angle between -pi/2 and pi/2 whose sine is x, in radians.
    asin(x, th) within(th, x, libm::asin(x), UNIT);
    /// The number whose hyperbolic sine is x.
    asinh(x, _th) Ok(libm::asinh(x));
    /// The angle between -pi/2 and pi/2 whose tangent is x, in radians.
    atan(x, _th) Ok(libm::atan(x));
    /// The number whose hyperbolic tangent is x.
    atanh(x, th) within_finite(th, x, libm::atanh(x), "expected a number between -1 and 1");
    /// The number whose third power is x.
    cbrt(x, _th) Ok(libm::cbrt(x));
    /// Cosine of an angle in radians.
    cos(x, th) within(th, x, libm::cos(x), FINITE);
    /// Hyperbolic cosine: half of exp(x) + exp(-x).
    cosh(x, th) checked(th, x, libm::cosh(x), true);
    /// An angle in radians, as degrees: x * 180 / pi.
    degrees(x, _th) Ok(x * (180.0 / std::f64::consts::PI));
    /// The error function: how likely a normal variable is within x * sqrt(2) deviations of its mean.
    erf(x, _th) Ok(libm::erf(x));
    /// 1 - erf(x), without the loss of digits that the subtraction has for large x.
    erfc(x, _th) Ok(libm::erfc(x));
    /// The number e to the power of x.
    exp(x, th) checked(th, x, libm::exp(x), true);
    /// Two to the power of x.
    exp2(x, th) checked(th, x, libm::exp2(x), true);
    /// exp(x) - 1, without the loss of digits that the subtraction has for small x.
    expm1(x, th) checked(th, x, libm::expm1(x), true);
    /// The magnitude of x, always as a float.
    fabs(x, _th) Ok(x.abs());
    /// Like log(1 + x), but also precise if x is so small that the sum would lose its digits.
    log1p(x, th) within_finite(th, x, libm::log1p(x), "expected argument value > -1");
    /// An angle in degrees, as radians: x * pi / 180.
    radians(x, _th) Ok(x * (std::f64::consts::PI / 180.0));
    /// Sine of an angle in radians.
    sin(x, th) within(th, x, libm::sin(x), FINITE);
    /// Hyperbolic sine: half of exp(x) - exp(-x).
    sinh(x, th) checked(th, x, libm::sinh(x), true);
    /// The number, not below 0, whose square is x. ValueError if x is negative.
    sqrt(x, th) within(th, x, x.sqrt(), "expected a nonnegative input");
    /// Tangent of an angle in radians.
    tan(x, th) within(th, x, libm::tan(x), FINITE);
    /// Hyperbolic tangent: sinh(x) / cosh(x).
    tanh(x, _th) Ok(libm::tanh(x));
    /// The weight of the last bit in the mantissa of x: about the distance to the next float.
    ulp(x, _th) Ok(match x.abs() {
        x if !x.is_finite() => x,
        x => match libm::nextafter(x, f64::INFINITY) {
            f64::INFINITY => x - libm::nextafter(x, 0.0),
            next => next - x,
        },
    });
}

#[pyfunctions(part = "floats")]
impl Math {
    /// The angle of the point (x, y) as seen from the origin, in radians from -pi to pi.
    ///
    /// The signs of both arguments decide on the quadrant, which y/x does not tell.
    #[function(sig = "(y, x, /)")]
    fn atan2(y: f64, x: f64) -> f64 {
        libm::atan2(y, x)
    }

    /// The magnitude of x with the sign of y, as a float.
    ///
    /// A zero has a sign too: copysign(1.0, -0.0) is -1.0.
    #[function(sig = "(x, y, /)")]
    fn copysign(x: f64, y: f64) -> f64 {
        x.copysign(y)
    }

    /// What is left of x after division by y, with the sign of x.
    ///
    /// The operator % gives the sign of y instead, and is less exact for floats.
    #[function(sig = "(x, y, /)")]
    fn fmod(th: &Thread, x: f64, y: f64) -> PyResult<f64> {
        checked_two(th, x, y, x % y)
    }

    /// x minus the multiple of y that is nearest to it; of two equally near ones, the even multiple.
    #[function(sig = "(x, y, /)")]
    fn remainder(th: &Thread, x: f64, y: f64) -> PyResult<f64> {
        checked_two(th, x, y, libm::remainder(x, y))
    }

    /// x * y + z, rounded only once, at the end.
    #[function(sig = "(x, y, z, /)")]
    fn fma(th: &Thread, x: f64, y: f64, z: f64) -> PyResult<f64> {
        let result = x.mul_add(y, z);
        if result.is_nan() && !x.is_nan() && !y.is_nan() && !z.is_nan() {
            return Err(th.raise(exc::VALUE_ERROR, "invalid operation in fma"));
        }
        if result.is_infinite() && x.is_finite() && y.is_finite() && z.is_finite() {
            return Err(th.raise(exc::OVERFLOW_ERROR, "overflow in fma"));
        }
        Ok(result)
    }

    /// x to the power of y, both taken as floats.
    #[function(sig = "(x, y, /)")]
    fn pow(th: &Thread, x: f64, y: f64) -> PyResult<f64> {
        let result = libm::pow(x, y);
        if result.is_infinite() && x == 0.0 && y.is_finite() {
            return Err(domain_error(th));
        }
        checked_two(th, x, y, result)
    }

    /// Take x apart into a pair (m, e) with x == m * 2**e.
    ///
    /// The float m has a magnitude from 0.5 up to, but not including, 1; the int e is the exponent. For zero,
    /// infinities and NaN, m is x and e is 0.
    #[function(sig = "(x, /)")]
    fn frexp(x: f64) -> (f64, i32) {
        split(x)
    }

    /// Put a float together from mantissa x and exponent i, as frexp() took it apart: x * 2**i.
    #[function(sig = "(x, i, /)")]
    fn ldexp(th: &Thread, x: f64, i: Borrowed<'_>) -> PyResult<f64> {
        let Some(exponent) = i.downcast::<Int>() else {
            return Err(th.raise(exc::TYPE_ERROR, "Expected an int as second argument to ldexp."));
        };
        if x == 0.0 || !x.is_finite() {
            return Ok(x);
        }
        let limit = if exponent.is_negative() { i32::MIN } else { i32::MAX };
        let exponent =
            exponent.to_i64().and_then(|value| i32::try_from(value).ok()).unwrap_or(limit);
        let result = libm::ldexp(x, exponent);
        if result.is_infinite() { Err(range_error(th)) } else { Ok(result) }
    }

    /// The part of x behind the point and the part before it: a pair of floats, which have the sign of x.
    #[function(sig = "(x, /)")]
    fn modf(x: f64) -> (f64, f64) {
        if x.is_infinite() {
            return (0f64.copysign(x), x);
        }
        ((x - x.trunc()).copysign(x), x.trunc())
    }

    /// log(x, [base=math.e])
    ///
    /// The power to which base must be raised for x. It is the natural logarithm if there is no base.
    #[function(sig = "(*args)", no_text)]
    fn log(th: &Thread, args: &[Borrowed<'_>]) -> PyResult<f64> {
        match args {
            [x] => log_of(th, *x, |x| libm::log(x)),
            [x, base] => {
                let numerator = log_of(th, *x, |x| libm::log(x))?;
                let denominator = log_of(th, *base, |x| libm::log(x))?;
                if denominator == 0.0 {
                    return Err(th.raise(exc::ZERO_DIVISION_ERROR, "division by zero"));
                }
                Ok(numerator / denominator)
            }
            [] => Err(th.raise(exc::TYPE_ERROR, "log expected at least 1 argument, got 0")),
            more => {
                Err(raise!(th, TYPE_ERROR, "log expected at most 2 arguments, got {}", more.len()))
            }
        }
    }

    /// The power to which 2 must be raised for x.
    #[function(sig = "(x, /)")]
    fn log2(th: &Thread, x: Borrowed<'_>) -> PyResult<f64> {
        log_of(th, x, |x| libm::log2(x))
    }

    /// The power to which 10 must be raised for x.
    #[function(sig = "(x, /)")]
    fn log10(th: &Thread, x: Borrowed<'_>) -> PyResult<f64> {
        log_of(th, x, |x| libm::log10(x))
    }

    /// Round x down: the greatest int that is not above it. Other types answer through __floor__.
    #[function(sig = "(x, /)")]
    fn floor(th: &Thread, x: Borrowed<'_>) -> PyResult {
        rounded(th, x, id::__floor__, f64::floor)
    }

    /// Round x up: the least int that is not below it. Other types answer through __ceil__.
    #[function(sig = "(x, /)")]
    fn ceil(th: &Thread, x: Borrowed<'_>) -> PyResult {
        rounded(th, x, id::__ceil__, f64::ceil)
    }

    /// Cut off what is behind the point, by calling the __trunc__ method of x.
    #[function(sig = "(x, /)")]
    fn trunc(th: &Thread, x: Borrowed<'_>) -> PyResult {
        if let Some(float) = x.downcast_exact::<Float>() {
            return Int::from_f64(th, float.value()).map(Owned::into_object);
        }
        match object::lookup_special(th, x, id::__trunc__)? {
            Some(method) => call::call(th, method.object(), &[]),
            None => Err(raise!(
                th,
                TYPE_ERROR,
                "type {} doesn't define __trunc__ method",
                x.type_name()
            )),
        }
    }

    /// Whether x is an ordinary number, neither infinite nor NaN.
    #[function(sig = "(x, /)")]
    fn isfinite(x: f64) -> bool {
        x.is_finite()
    }

    /// Whether x is one of the two infinities.
    #[function(sig = "(x, /)")]
    fn isinf(x: f64) -> bool {
        x.is_infinite()
    }

    /// Whether x is NaN, the result that is no number.
    #[function(sig = "(x, /)")]
    fn isnan(x: f64) -> bool {
        x.is_nan()
    }

    /// Whether a and b are nearly the same: abs(a - b) is within one of two tolerances.
    ///
    ///   rel_tol
    ///     tolerance as a fraction of the larger one of abs(a) and abs(b)
    ///   abs_tol
    ///     tolerance as it is, for numbers near zero
    ///
    /// An infinity is only close to itself, and NaN to nothing.
    #[function(sig = "(a, b, *, rel_tol=1e-09, abs_tol=0.0)")]
    fn isclose(th: &Thread, a: f64, b: f64, rel_tol: f64, abs_tol: f64) -> PyResult<bool> {
        if rel_tol < 0.0 || abs_tol < 0.0 {
            return Err(th.raise(exc::VALUE_ERROR, "tolerances must be non-negative"));
        }
        if a == b {
            return Ok(true);
        }
        if a.is_infinite() || b.is_infinite() {
            return Ok(false);
        }
        let difference = (b - a).abs();
        let near = |scale: f64| difference <= (rel_tol * scale).abs();
        Ok(near(b) || near(a) || difference <= abs_tol)
    }

    /// Go from x towards y over as many representable floats as steps says: one by default.
    ///
    /// It ends at y at the latest. ValueError for negative steps; NaN in an argument gives NaN.
    #[function(sig = "(x, y, /, *, steps=None)")]
    fn nextafter(th: &Thread, x: f64, y: f64, steps: Option<Borrowed<'_>>) -> PyResult<f64> {
        let Some(steps) = steps.filter(|steps| !steps.is_none()) else {
            return Ok(next_after(x, y, 1));
        };
        let steps = number::index(th, steps)?;
        if steps.is_negative() {
            return Err(th.raise(exc::VALUE_ERROR, "steps must be a non-negative integer"));
        }
        Ok(next_after(x, y, steps.to_u64().unwrap_or(u64::MAX)))
    }
}
