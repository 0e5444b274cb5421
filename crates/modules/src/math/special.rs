//! The gamma function and its logarithm, by Lanczos' approximation.
//!
//! The same coefficients as in the reference, so that results are the same.

use std::f64::consts::PI;

use krait_objects::prelude::*;

use super::{Math, domain_error_of, range_error};

const WANTED: &str = "expected a noninteger or positive integer";
/// The approximation's parameter.
const G: f64 = 6.024_680_040_776_73;
const LOG_PI: f64 = 1.144_729_885_849_400_2;

/// Numerator and denominator of the approximation, the lowest power first.
#[allow(clippy::excessive_precision)] // as published
const NUMERATOR: [f64; 13] = [
    23531376880.410759,
    42919803642.649099,
    35711959237.355668,
    17921034426.037210,
    6039542586.3520280,
    1439720407.3117216,
    248874557.86205415,
    31426415.585400194,
    2876370.6289353724,
    186056.26539522350,
    8071.6720023658162,
    210.82427775157934,
    2.5066282746310002,
];
#[allow(clippy::excessive_precision)] // as published
const DENOMINATOR: [f64; 13] = [
    0.0,
    39916800.0,
    120543840.0,
    150917976.0,
    105258076.0,
    45995730.0,
    13339535.0,
    2637558.0,
    357423.0,
    32670.0,
    1925.0,
    66.0,
    1.0,
];

fn lanczos(x: f64) -> f64 {
    let (mut numerator, mut denominator) = (0.0, 0.0);
    if x < 5.0 {
        for at in (0..NUMERATOR.len()).rev() {
            numerator = numerator * x + NUMERATOR[at];
            denominator = denominator * x + DENOMINATOR[at];
        }
    } else {
        // In powers of 1/x, lest they overflow.
        for at in 0..NUMERATOR.len() {
            numerator = numerator / x + NUMERATOR[at];
            denominator = denominator / x + DENOMINATOR[at];
        }
    }
    numerator / denominator
}

/// `sin(pi * x)`, exact where it is 0, 1 or -1.
fn sin_pi(x: f64) -> f64 {
    let y = x.abs() % 2.0;
    let result = match (2.0 * y).round() as i32 {
        0 => (PI * y).sin(),
        1 => (PI * (y - 0.5)).cos(),
        2 => (PI * (1.0 - y)).sin(),
        3 => -(PI * (y - 1.5)).cos(),
        _ => (PI * (y - 2.0)).sin(),
    };
    result * 1f64.copysign(x)
}

/// `None` for poles; infinite if it is too great.
fn gamma(x: f64) -> Option<f64> {
    if !x.is_finite() {
        return (x.is_nan() || x > 0.0).then_some(x);
    }
    if x == 0.0 {
        return None;
    }
    if x == x.floor() {
        if x < 0.0 {
            return None;
        }
        if x <= 23.0 {
            // Factorials up to 22! are floats.
            return Some((1..x as u32).map(f64::from).product());
        }
    }
    let magnitude = x.abs();
    if magnitude < 1e-20 {
        return Some(1.0 / x);
    }
    if magnitude > 200.0 {
        return Some(if x < 0.0 { 0.0 / sin_pi(x) } else { f64::INFINITY });
    }
    let y = magnitude + (G - 0.5);
    // What `y` lost to rounding.
    let lost = if magnitude > G - 0.5 {
        let q = y - magnitude;
        q - (G - 0.5)
    } else {
        let q = y - (G - 0.5);
        q - magnitude
    };
    let z = lost * G / y;
    let mut result;
    if x < 0.0 {
        result = -PI / sin_pi(magnitude) / magnitude * y.exp() / lanczos(magnitude);
        result -= z * result;
        if magnitude < 140.0 {
            result /= y.powf(magnitude - 0.5);
        } else {
            let root = y.powf(magnitude / 2.0 - 0.25);
            result /= root;
            result /= root;
        }
    } else {
        result = lanczos(magnitude) / y.exp();
        result += z * result;
        if magnitude < 140.0 {
            result *= y.powf(magnitude - 0.5);
        } else {
            let root = y.powf(magnitude / 2.0 - 0.25);
            result *= root;
            result *= root;
        }
    }
    Some(result)
}

/// `None` for poles.
fn log_gamma(x: f64) -> Option<f64> {
    if !x.is_finite() {
        return Some(if x.is_nan() { x } else { f64::INFINITY });
    }
    if x == x.floor() && x <= 2.0 {
        return (x > 0.0).then_some(0.0);
    }
    let magnitude = x.abs();
    if magnitude < 1e-20 {
        return Some(-magnitude.ln());
    }
    let mut result = lanczos(magnitude).ln() - G;
    result += (magnitude - 0.5) * ((magnitude + G - 0.5).ln() - 1.0);
    if x < 0.0 {
        // The reflection formula.
        result = LOG_PI - sin_pi(magnitude).abs().ln() - magnitude.ln() - result;
    }
    Some(result)
}

#[pyfunctions(part = "special")]
impl Math {
    /// The gamma function, which continues factorials: gamma(n + 1) is n! for integers n.
    #[function(name = "gamma", sig = "(x, /)")]
    fn gamma_of(th: &Thread, x: f64) -> PyResult<f64> {
        match gamma(x) {
            None => Err(domain_error_of(th, WANTED, x)),
            Some(result) if result.is_infinite() && x.is_finite() => Err(range_error(th)),
            Some(result) => Ok(result),
        }
    }

    /// The natural logarithm of abs(gamma(x)), also where gamma(x) itself would overflow.
    #[function(sig = "(x, /)")]
    fn lgamma(th: &Thread, x: f64) -> PyResult<f64> {
        match log_gamma(x) {
            None => Err(domain_error_of(th, WANTED, x)),
            Some(result) if result.is_infinite() && x.is_finite() => Err(range_error(th)),
            Some(result) => Ok(result),
        }
    }
}
