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

/// This module provides access to mathematical functions for complex
/// numbers.
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
    /// Return the arc cosine of z.
    acos;
    /// Return the inverse hyperbolic cosine of z.
    acosh;
    /// Return the arc sine of z.
    asin;
    /// Return the inverse hyperbolic sine of z.
    asinh;
    /// Return the arc tangent of z.
    atan;
    /// Return the inverse hyperbolic tangent of z.
    atanh;
    /// Return the cosine of z.
    cos;
    /// Return the hyperbolic cosine of z.
    cosh;
    /// Return the exponential value e**z.
    exp;
    /// Return the base-10 logarithm of z.
    log10;
    /// Return the sine of z.
    sin;
    /// Return the hyperbolic sine of z.
    sinh;
    /// Return the square root of z.
    sqrt;
    /// Return the tangent of z.
    tan;
    /// Return the hyperbolic tangent of z.
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

    /// log(z[, base]) -> the logarithm of z to the given base.
    ///
    /// If the base is not specified, returns the natural logarithm (base e) of z.
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

    /// Return argument, also known as the phase angle, of a complex.
    #[function(sig = "(z, /)")]
    fn phase(z: Number) -> f64 {
        phase_of(z.0)
    }

    /// Convert a complex from rectangular coordinates to polar coordinates.
    ///
    /// r is the distance from 0 and phi the phase angle.
    #[function(sig = "(z, /)")]
    fn polar(th: &Thread, z: Number) -> PyResult<(f64, f64)> {
        let (x, y) = z.0;
        let size = x.hypot(y);
        if size.is_infinite() && x.is_finite() && y.is_finite() {
            return Err(range_error(th));
        }
        Ok((size, phase_of(z.0)))
    }

    /// Convert from polar coordinates to rectangular coordinates.
    #[function(sig = "(r, phi, /)")]
    fn rect(th: &Thread, r: f64, phi: f64) -> PyResult<Owned<complex::Complex>> {
        finish(th, functions::rect(r, phi))
    }

    /// Return True if both the real and imaginary parts of z are finite, else False.
    #[function(sig = "(z, /)")]
    fn isfinite(z: Number) -> bool {
        z.0.0.is_finite() && z.0.1.is_finite()
    }

    /// Checks if the real or imaginary part of z not a number (NaN).
    #[function(sig = "(z, /)")]
    fn isnan(z: Number) -> bool {
        z.0.0.is_nan() || z.0.1.is_nan()
    }

    /// Checks if the real or imaginary part of z is infinite.
    #[function(sig = "(z, /)")]
    fn isinf(z: Number) -> bool {
        z.0.0.is_infinite() || z.0.1.is_infinite()
    }

    /// Determine whether two complex numbers are close in value.
    ///
    ///   rel_tol
    ///     maximum difference for being considered "close", relative to the
    ///     magnitude of the input values
    ///   abs_tol
    ///     maximum difference for being considered "close", regardless of the
    ///     magnitude of the input values
    ///
    /// Return True if a is close in value to b, and False otherwise: the difference must be
    /// smaller than at least one of the tolerances.
    ///
    /// NaN is not close to anything, not even itself; inf and -inf are only close to themselves.
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
