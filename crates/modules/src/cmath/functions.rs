//! The functions themselves, on pairs of real and imaginary part.
//!
//! Where a naive formula would overflow or lose digits they follow Kahan's "Branch Cuts for Complex Elementary Functions",
//! as the reference does: results agree with its to the last digits.

use std::f64::consts::{E, FRAC_PI_2, LN_2, LN_10};

use krait_objects::complex::arithmetic;

use super::special::{self, Table, look_up};
use super::{Complex, Failure, Outcome};
use crate::math::libm;

/// Above this a sum of a few numbers might overflow.
const LARGE: f64 = f64::MAX / 4.0;
/// The power of two that takes subnormal numbers into the normal range, and half of its way back.
const SCALE_UP: i32 = 53;
const SCALE_DOWN: i32 = -27;

fn large_root() -> f64 {
    LARGE.sqrt()
}

/// Above this `exp` is scaled.
fn large_log() -> f64 {
    libm::log(LARGE)
}

fn is_finite((x, y): Complex) -> bool {
    x.is_finite() && y.is_finite()
}

fn is_large((x, y): Complex) -> bool {
    x.abs() > LARGE || y.abs() > LARGE
}

/// `log(abs(2z))`, whose argument might overflow.
fn log_of_double((x, y): Complex) -> f64 {
    libm::log((x / 2.0).hypot(y / 2.0)) + 2.0 * LN_2
}

/// Overflow is an error.
fn bounded(z: Complex) -> Outcome {
    if z.0.is_infinite() || z.1.is_infinite() { Err(Failure::Range) } else { Ok(z) }
}

/// An infinite or NaN argument of `exp` and its kin: `towards` tells signs and size from sine and cosine, where the
/// real part is infinite and the imaginary one turns it.
fn turned(table: &Table, z: Complex, towards: impl FnOnce(f64, f64) -> Complex) -> Outcome {
    if z.0.is_infinite() && z.1.is_finite() && z.1 != 0.0 {
        return Ok(towards(libm::cos(z.1), libm::sin(z.1)));
    }
    look_up(table, z)
}

pub fn sqrt(z: Complex) -> Outcome {
    if !is_finite(z) {
        return look_up(&special::SQRT, z);
    }
    let (x, y) = z;
    if x == 0.0 && y == 0.0 {
        return Ok((0.0, y));
    }
    let (mut ax, ay) = (x.abs(), y.abs());
    let root = if ax < f64::MIN_POSITIVE && ay < f64::MIN_POSITIVE {
        ax = libm::ldexp(ax, SCALE_UP);
        libm::ldexp((ax + ax.hypot(libm::ldexp(ay, SCALE_UP))).sqrt(), SCALE_DOWN)
    } else {
        ax /= 8.0;
        2.0 * (ax + ax.hypot(ay / 8.0)).sqrt()
    };
    let other = ay / (2.0 * root);
    Ok(if x >= 0.0 { (root, other.copysign(y)) } else { (other, root.copysign(y)) })
}

/// The roots of two numbers that are known to be finite.
fn roots(a: Complex, b: Complex) -> Result<(Complex, Complex), Failure> {
    Ok((sqrt(a)?, sqrt(b)?))
}

pub fn acos(z: Complex) -> Outcome {
    if !is_finite(z) {
        return look_up(&special::ACOS, z);
    }
    let (x, y) = z;
    if is_large(z) {
        let size = log_of_double(z);
        let imag = if x < 0.0 { -size.copysign(y) } else { size.copysign(-y) };
        return Ok((libm::atan2(y.abs(), x), imag));
    }
    let (s1, s2) = roots((1.0 - x, -y), (1.0 + x, y))?;
    Ok((2.0 * libm::atan2(s1.0, s2.0), libm::asinh(s2.0 * s1.1 - s2.1 * s1.0)))
}

pub fn acosh(z: Complex) -> Outcome {
    if !is_finite(z) {
        return look_up(&special::ACOSH, z);
    }
    let (x, y) = z;
    if is_large(z) {
        return Ok((log_of_double(z), libm::atan2(y, x)));
    }
    let (s1, s2) = roots((x - 1.0, y), (x + 1.0, y))?;
    Ok((libm::asinh(s1.0 * s2.0 + s1.1 * s2.1), 2.0 * libm::atan2(s1.1, s2.0)))
}

pub fn asinh(z: Complex) -> Outcome {
    if !is_finite(z) {
        return look_up(&special::ASINH, z);
    }
    let (x, y) = z;
    if is_large(z) {
        let size = log_of_double(z);
        let real = if y >= 0.0 { size.copysign(x) } else { -size.copysign(-x) };
        return Ok((real, libm::atan2(y, x.abs())));
    }
    let (s1, s2) = roots((1.0 + y, -x), (1.0 - y, x))?;
    Ok((libm::asinh(s1.0 * s2.1 - s2.0 * s1.1), libm::atan2(y, s1.0 * s2.0 - s1.1 * s2.1)))
}

pub fn atanh(z: Complex) -> Outcome {
    if !is_finite(z) {
        return look_up(&special::ATANH, z);
    }
    let (x, y) = z;
    if x.is_sign_negative() {
        // Odd: only the right half is computed.
        return atanh((-x, -y)).map(|(real, imag)| (-real, -imag));
    }
    let ay = y.abs();
    if x > large_root() || ay > large_root() {
        // abs(z) is so great that its square would overflow.
        let half = (x / 2.0).hypot(y / 2.0);
        return Ok((x / 4.0 / half / half, -FRAC_PI_2.copysign(-y)));
    }
    if x == 1.0 && ay < f64::MIN_POSITIVE.sqrt() {
        if ay == 0.0 {
            return Err(Failure::Domain);
        }
        let real = -libm::log(ay.sqrt() / ay.hypot(2.0).sqrt());
        return Ok((real, (libm::atan2(2.0, -ay) / 2.0).copysign(y)));
    }
    let real = libm::log1p(4.0 * x / ((1.0 - x) * (1.0 - x) + ay * ay)) / 4.0;
    let imag = -libm::atan2(-2.0 * y, (1.0 - x) * (1.0 + x) - ay * ay) / 2.0;
    Ok((real, imag))
}

pub fn cosh(z: Complex) -> Outcome {
    const INF: f64 = f64::INFINITY;
    let (x, y) = z;
    if !is_finite(z) {
        return turned(&special::COSH, z, |cos, sin| {
            (INF.copysign(cos), INF.copysign(if x > 0.0 { sin } else { -sin }))
        });
    }
    bounded(if x.abs() > large_log() {
        let less = x - 1f64.copysign(x);
        (libm::cos(y) * libm::cosh(less) * E, libm::sin(y) * libm::sinh(less) * E)
    } else {
        (libm::cos(y) * libm::cosh(x), libm::sin(y) * libm::sinh(x))
    })
}

pub fn sinh(z: Complex) -> Outcome {
    const INF: f64 = f64::INFINITY;
    let (x, y) = z;
    if !is_finite(z) {
        return turned(&special::SINH, z, |cos, sin| {
            (INF.copysign(if x > 0.0 { cos } else { -cos }), INF.copysign(sin))
        });
    }
    bounded(if x.abs() > large_log() {
        let less = x - 1f64.copysign(x);
        (libm::cos(y) * libm::sinh(less) * E, libm::sin(y) * libm::cosh(less) * E)
    } else {
        (libm::cos(y) * libm::sinh(x), libm::sin(y) * libm::cosh(x))
    })
}

pub fn tanh(z: Complex) -> Outcome {
    let (x, y) = z;
    if !is_finite(z) {
        return turned(&special::TANH, z, |cos, sin| {
            (1f64.copysign(x), 0f64.copysign(2.0 * sin * cos))
        });
    }
    if x.abs() > large_log() {
        let imag = 4.0 * libm::sin(y) * libm::cos(y) * libm::exp(-2.0 * x.abs());
        return Ok((1f64.copysign(x), imag));
    }
    let (tx, ty, cx) = (libm::tanh(x), libm::tan(y), 1.0 / libm::cosh(x));
    let product = tx * ty;
    let denominator = 1.0 + product * product;
    Ok((tx * (1.0 + ty * ty) / denominator, ((ty / denominator) * cx) * cx))
}

pub fn exp(z: Complex) -> Outcome {
    let (x, y) = z;
    if !is_finite(z) {
        let size: f64 = if x > 0.0 { f64::INFINITY } else { 0.0 };
        return turned(&special::EXP, z, |cos, sin| (size.copysign(cos), size.copysign(sin)));
    }
    bounded(if x > large_log() {
        let size = libm::exp(x - 1.0);
        (size * libm::cos(y) * E, size * libm::sin(y) * E)
    } else {
        let size = libm::exp(x);
        (size * libm::cos(y), size * libm::sin(y))
    })
}

pub fn log(z: Complex) -> Outcome {
    if !is_finite(z) {
        return look_up(&special::LOG, z);
    }
    let (x, y) = z;
    let (ax, ay) = (x.abs(), y.abs());
    let real = if is_large(z) {
        libm::log((ax / 2.0).hypot(ay / 2.0)) + LN_2
    } else if ax < f64::MIN_POSITIVE && ay < f64::MIN_POSITIVE {
        if ax == 0.0 && ay == 0.0 {
            return Err(Failure::Domain);
        }
        let size = libm::ldexp(ax, SCALE_UP).hypot(libm::ldexp(ay, SCALE_UP));
        libm::log(size) - f64::from(SCALE_UP) * LN_2
    } else {
        let size = ax.hypot(ay);
        if (0.71..=1.73).contains(&size) {
            // Near the unit circle.
            let (more, less) = if ax > ay { (ax, ay) } else { (ay, ax) };
            libm::log1p((more - 1.0) * (more + 1.0) + less * less) / 2.0
        } else {
            libm::log(size)
        }
    };
    Ok((real, libm::atan2(y, x)))
}

pub fn log10(z: Complex) -> Outcome {
    log(z).map(|(real, imag)| (real / LN_10, imag / LN_10))
}

/// `log(z) / log(base)`.
pub fn log_to(z: Complex, base: Complex) -> Outcome {
    arithmetic::divide(log(z)?, log(base)?).ok_or(Failure::Domain)
}

/// `i * z`, for the functions that are others turned by a quarter.
fn times_i((x, y): Complex) -> Complex {
    (-y, x)
}

fn by_i((x, y): Complex) -> Complex {
    (y, -x)
}

pub fn asin(z: Complex) -> Outcome {
    asinh(times_i(z)).map(by_i)
}

pub fn atan(z: Complex) -> Outcome {
    atanh(times_i(z)).map(by_i)
}

pub fn cos(z: Complex) -> Outcome {
    cosh(times_i(z))
}

pub fn sin(z: Complex) -> Outcome {
    sinh(times_i(z)).map(by_i)
}

pub fn tan(z: Complex) -> Outcome {
    tanh(times_i(z)).map(by_i)
}

/// The number at a distance and an angle.
pub fn rect(r: f64, phi: f64) -> Outcome {
    if !is_finite((r, phi)) {
        return turned(&special::RECT, (r, phi), |cos, sin| {
            let sign = 1f64.copysign(r);
            (f64::INFINITY.copysign(sign * cos), f64::INFINITY.copysign(sign * sin))
        });
    }
    if phi == 0.0 {
        // Keeps the sign of a zero.
        return Ok((r, r * phi));
    }
    Ok((r * libm::cos(phi), r * libm::sin(phi)))
}
