//! `math`: functions of real numbers.
//!
//! `functions` has those of one or two floats, `sums` those of many, `integers` those of ints, `special` gamma and
//! its kin. The same job as CPython's `Modules/mathmodule.c`.

mod functions;
mod integers;
mod special;
mod sums;

pub(crate) use functions::libm;

use krait_objects::prelude::*;

/// Functions of real numbers: roots, powers, logarithms, angles, rounding, and sums, as well as a few of
/// integers. cmath has those for complex numbers.
#[pymodule(name = "math")]
pub struct Math;

#[cold]
pub(crate) fn domain_error(th: &Thread) -> Raised {
    th.raise(exc::VALUE_ERROR, "math domain error")
}

#[cold]
pub(crate) fn range_error(th: &Thread) -> Raised {
    th.raise(exc::OVERFLOW_ERROR, "math range error")
}

/// ValueError: `wanted`, and what was given.
#[cold]
fn domain_error_of(th: &Thread, wanted: &str, x: f64) -> Raised {
    raise!(th, VALUE_ERROR, "{wanted}, got {}", krait_objects::float_text::repr(x))
}

/// The result of a function of one number: NaN from a number and infinity from a finite one are errors.
fn checked(th: &Thread, x: f64, result: f64, can_overflow: bool) -> PyResult<f64> {
    if result.is_nan() && !x.is_nan() {
        return Err(domain_error(th));
    }
    if result.is_infinite() && x.is_finite() {
        return Err(if can_overflow { range_error(th) } else { domain_error(th) });
    }
    Ok(result)
}

#[pyfunctions(parts(functions, floats, integers, special, sums))]
impl Math {
    #[constant]
    #[allow(non_upper_case_globals)]
    const pi: f64 = std::f64::consts::PI;
    #[constant]
    #[allow(non_upper_case_globals)]
    const e: f64 = std::f64::consts::E;
    #[constant]
    #[allow(non_upper_case_globals)]
    const tau: f64 = std::f64::consts::TAU;
    #[constant]
    #[allow(non_upper_case_globals)]
    const inf: f64 = f64::INFINITY;
    #[constant]
    #[allow(non_upper_case_globals)]
    const nan: f64 = f64::NAN;
}
