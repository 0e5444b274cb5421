//! `cmath`: functions of complex numbers.
//!
//! `functions` computes, `special` knows infinities and NaN. The same job as CPython's `Modules/cmathmodule.c`.

mod functions;
mod special;

use krait_objects::complex;
use krait_objects::prelude::*;

use crate::math::{domain_error, libm, range_error};

type Complex = (f64, f64);

/// Why there is no result.
enum Failure {
    Domain,
    Range,
}

type Outcome = Result<Complex, Failure>;

/// A complex argument: anything that converts to one.
struct Number(Complex);

impl<'a> krait_objects::args::FromArg<'a> for Number {
    fn from_arg(
        th: &Thread,
        arg: Borrowed<'a>,
        _: &'static krait_objects::args::Site,
    ) -> PyResult<Self> {
        complex::construct::as_pair(th, arg).map(Number)
    }
}

fn finish(th: &Thread, outcome: Outcome) -> PyResult<Owned<complex::Complex>> {
    match outcome {
        Ok((real, imag)) => complex::Complex::new(th, real, imag),
        Err(Failure::Domain) => Err(domain_error(th)),
        Err(Failure::Range) => Err(range_error(th)),
    }
}

fn phase_of((x, y): Complex) -> f64 {
    libm::atan2(y, x)
}

/// The functions of math for complex numbers: sqrt(-1), for instance, is not an error here.
#[pymodule(name = "cmath")]
pub struct Cmath;

/// Functions of one number, all alike.
macro_rules! functions {
    ($($(#[doc = $doc:literal])* $name:ident;)*) => {
        #[pyfunctions(part = "functions")]
        impl Cmath {
            $(
                $(#[doc = $doc])*
                #[function(sig = "(z, /)")]
                fn $name(th: &Thread, z: Number) -> PyResult<Owned<complex::Complex>> {
                    finish(th, functions::$name(z.0))
                }
            )*
        }
    };
}

functions! {
    /// Principal value of the complex arc cosine.
    acos;
    /// Principal value of the complex area hyperbolic cosine.
    acosh;
    /// Principal value of the complex arc sine.
    asin;
    /// Principal value of the complex area hyperbolic sine.
    asinh;
    /// Principal value of the complex arc tangent.
    atan;
    /// Principal value of the complex area hyperbolic tangent.
    atanh;
    /// Complex cosine.
    cos;
    /// Complex hyperbolic cosine: half of exp(z) + exp(-z).
    cosh;
    /// The number e to the power of z.
    exp;
    /// The logarithm of z to base 10, with an imaginary part between -pi/log(10) and pi/log(10).
    log10;
    /// Complex sine.
    sin;
    /// Complex hyperbolic sine: half of exp(z) - exp(-z).
    sinh;
    /// The one of both square roots whose real part is not negative.
    sqrt;
    /// Complex tangent.
    tan;
    /// Complex hyperbolic tangent: sinh(z) / cosh(z).
    tanh;
}

#[pyfunctions(parts(functions))]
impl Cmath {
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

    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        for (name, imag) in [("infj", f64::INFINITY), ("nanj", f64::NAN)] {
            let value = complex::Complex::new(th, 0.0, imag)?;
            module.add(th, name, value.object())?;
        }
        Ok(())
    }

    /// log(z[, base])
    ///
    /// The power to which base must be raised for z; e stands in for a base that is left out.
    #[function(sig = "(z, base=<unrepresentable>, /)")]
    fn log(
        th: &Thread,
        z: Number,
        #[default(None)] base: Option<Number>,
    ) -> PyResult<Owned<complex::Complex>> {
        finish(
            th,
            match base {
                Some(base) => functions::log_to(z.0, base.0),
                None => functions::log(z.0),
            },
        )
    }

    /// The angle of z as seen from the origin: from -pi to pi, counted from the positive real axis.
    #[function(sig = "(z, /)")]
    fn phase(z: Number) -> f64 {
        phase_of(z.0)
    }

    /// The pair (abs(z), phase(z)): how far z is from the origin, and in which direction.
    #[function(sig = "(z, /)")]
    fn polar(th: &Thread, z: Number) -> PyResult<(f64, f64)> {
        let (x, y) = z.0;
        let size = x.hypot(y);
        if size.is_infinite() && x.is_finite() && y.is_finite() {
            return Err(range_error(th));
        }
        Ok((size, phase_of(z.0)))
    }

    /// The complex number at distance r from the origin, in the direction of the angle phi.
    #[function(sig = "(r, phi, /)")]
    fn rect(th: &Thread, r: f64, phi: f64) -> PyResult<Owned<complex::Complex>> {
        finish(th, functions::rect(r, phi))
    }

    /// Whether neither part of z is infinite or NaN.
    #[function(sig = "(z, /)")]
    fn isfinite(z: Number) -> bool {
        z.0.0.is_finite() && z.0.1.is_finite()
    }

    /// Whether z has a part that is NaN.
    #[function(sig = "(z, /)")]
    fn isnan(z: Number) -> bool {
        z.0.0.is_nan() || z.0.1.is_nan()
    }

    /// Whether z has an infinite part.
    #[function(sig = "(z, /)")]
    fn isinf(z: Number) -> bool {
        z.0.0.is_infinite() || z.0.1.is_infinite()
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
    fn isclose(th: &Thread, a: Number, b: Number, rel_tol: f64, abs_tol: f64) -> PyResult<bool> {
        if rel_tol < 0.0 || abs_tol < 0.0 {
            return Err(th.raise(exc::VALUE_ERROR, "tolerances must be non-negative"));
        }
        let (a, b) = (a.0, b.0);
        if a == b {
            return Ok(true);
        }
        if [a.0, a.1, b.0, b.1].iter().any(|part| part.is_infinite()) {
            return Ok(false);
        }
        let size = |(x, y): Complex| x.hypot(y);
        let apart = size((a.0 - b.0, a.1 - b.1));
        Ok(apart <= rel_tol * size(b) || apart <= rel_tol * size(a) || apart <= abs_tol)
    }
}
