//! `_statistics`: the quantile function of the normal distribution.
//!
//! The same job as CPython's `Modules/_statisticsmodule.c`.

// The coefficients have the digits of their publication.
#![allow(clippy::excessive_precision)]

use krait_objects::prelude::*;

/// What `statistics` computes faster natively.
#[pymodule(name = "_statistics")]
pub struct Statistics;

/// A rational function: the coefficients of numerator and denominator, highest power first.
type Rational = [[f64; 8]; 2];

// Coefficients of algorithm AS 241: M. J. Wichura, "The Percentage Points of the Normal Distribution", Applied Statistics
// 37 (3), 1988, pages 477 to 484.

const CENTRAL: Rational = [
    [
        2.5090809287301226727e+3,
        3.3430575583588128105e+4,
        6.7265770927008700853e+4,
        4.5921953931549871457e+4,
        1.3731693765509461125e+4,
        1.9715909503065514427e+3,
        1.3314166789178437745e+2,
        3.3871328727963666080e+0,
    ],
    [
        5.2264952788528545610e+3,
        2.8729085735721942674e+4,
        3.9307895800092710610e+4,
        2.1213794301586595867e+4,
        5.3941960214247511077e+3,
        6.8718700749205790830e+2,
        4.2313330701600911252e+1,
        1.0,
    ],
];

const NEAR_TAIL: Rational = [
    [
        7.74545014278341407640e-4,
        2.27238449892691845833e-2,
        2.41780725177450611770e-1,
        1.27045825245236838258e+0,
        3.64784832476320460504e+0,
        5.76949722146069140550e+0,
        4.63033784615654529590e+0,
        1.42343711074968357734e+0,
    ],
    [
        1.05075007164441684324e-9,
        5.47593808499534494600e-4,
        1.51986665636164571966e-2,
        1.48103976427480074590e-1,
        6.89767334985100004550e-1,
        1.67638483018380384940e+0,
        2.05319162663775882187e+0,
        1.0,
    ],
];

const FAR_TAIL: Rational = [
    [
        2.01033439929228813265e-7,
        2.71155556874348757815e-5,
        1.24266094738807843860e-3,
        2.65321895265761230930e-2,
        2.96560571828504891230e-1,
        1.78482653991729133580e+0,
        5.46378491116411436990e+0,
        6.65790464350110377720e+0,
    ],
    [
        2.04426310338993978564e-15,
        1.42151175831644588870e-7,
        1.84631831751005468180e-5,
        7.86869131145613259100e-4,
        1.48753612908506148525e-2,
        1.36929880922735805310e-1,
        5.99832206555887937690e-1,
        1.0,
    ],
];

/// The quotient at `x`, the numerator multiplied by `factor` first: so the last bit is the reference's.
fn evaluate([numerator, denominator]: &Rational, x: f64, factor: f64) -> f64 {
    let horner = |terms: &[f64; 8]| terms.iter().fold(0.0, |sum, term| sum * x + term);
    horner(numerator) * factor / horner(denominator)
}

/// How many standard deviations above the mean the quantile `p` lies; `None` outside of (0, 1).
fn standard_quantile(p: f64) -> Option<f64> {
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        return Some(evaluate(&CENTRAL, 0.180625 - q * q, q));
    }
    let tail = if q <= 0.0 { p } else { 1.0 - p };
    if tail <= 0.0 || tail >= 1.0 {
        return None;
    }
    let r = (-tail.ln()).sqrt();
    let sign = if q < 0.0 { -1.0 } else { 1.0 };
    Some(match r <= 5.0 {
        true => evaluate(&NEAR_TAIL, r - 1.6, sign),
        false => evaluate(&FAR_TAIL, r - 5.0, sign),
    })
}

#[pyfunctions]
impl Statistics {
    #[function(sig = "(p, mu, sigma, /)")]
    fn _normal_dist_inv_cdf(th: &Thread, p: f64, mu: f64, sigma: f64) -> PyResult<f64> {
        match standard_quantile(p) {
            Some(x) => Ok(mu + x * sigma),
            None => Err(th.raise(exc::VALUE_ERROR, "inv_cdf undefined for these parameters")),
        }
    }
}
