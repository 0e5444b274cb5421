//! What the functions give for infinities and NaN, as C's Annex G and the reference have it.
//!
//! A table has a row for each class of the real part and a column for each class of the imaginary part: -inf, negative,
//! -0, 0, positive, inf, NaN. An entry spells the real and the imaginary part: `0` and `o` are the zeros, `1` and `_`
//! one and minus one, `I` infinity, `P` pi, `H` half of it, `Q` a quarter, `T` three quarters, small letters the
//! negative ones, `N` NaN; `!!` is a domain error, `..` is computed, not looked up.

use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI};

use super::{Complex, Failure, Outcome};

pub type Table = [&'static str; 7];

/// Row or column of a number.
fn class(x: f64) -> usize {
    match (x.is_nan(), x.is_infinite(), x == 0.0, x.is_sign_negative()) {
        (true, ..) => 6,
        (_, true, _, negative) => {
            if negative {
                0
            } else {
                5
            }
        }
        (_, _, true, negative) => {
            if negative {
                2
            } else {
                3
            }
        }
        (.., negative) => {
            if negative {
                1
            } else {
                4
            }
        }
    }
}

fn value(letter: u8) -> f64 {
    match letter {
        b'0' => 0.0,
        b'o' => -0.0,
        b'1' => 1.0,
        b'_' => -1.0,
        b'I' => f64::INFINITY,
        b'i' => f64::NEG_INFINITY,
        b'P' => PI,
        b'p' => -PI,
        b'H' => FRAC_PI_2,
        b'h' => -FRAC_PI_2,
        b'Q' => FRAC_PI_4,
        b'q' => -FRAC_PI_4,
        b'T' => 3.0 * FRAC_PI_4,
        b't' => -3.0 * FRAC_PI_4,
        _ => f64::NAN,
    }
}

/// The entry for a number with a part that is infinite or NaN.
pub fn look_up(table: &Table, (x, y): Complex) -> Outcome {
    let entry = &table[class(x)].as_bytes()[3 * class(y)..];
    if entry[0] == b'!' {
        return Err(Failure::Domain);
    }
    Ok((value(entry[0]), value(entry[1])))
}

pub const ACOS: Table = [
    "TI PI PI Pi Pi Ti NI",
    "HI .. .. .. .. Hi NN",
    "HI .. .. .. .. Hi HN",
    "HI .. .. .. .. Hi HN",
    "HI .. .. .. .. Hi NN",
    "QI 0I 0I 0i 0i Qi NI",
    "NI NN NN NN NN Ni NN",
];
pub const ACOSH: Table = [
    "It Ip Ip IP IP IT IN",
    "Ih .. .. .. .. IH NN",
    "Ih .. .. .. .. IH NH",
    "Ih .. .. .. .. IH NH",
    "Ih .. .. .. .. IH NN",
    "Iq Io Io I0 I0 IQ IN",
    "IN NN NN NN NN IN NN",
];
pub const ASINH: Table = [
    "iq io io i0 i0 iQ iN",
    "ih .. .. .. .. iH NN",
    "ih .. .. .. .. iH NN",
    "Ih .. .. .. .. IH NN",
    "Ih .. .. .. .. IH NN",
    "Iq Io Io I0 I0 IQ IN",
    "IN NN No N0 NN IN NN",
];
pub const ATANH: Table = [
    "oh oh oh oH oH oH oN",
    "oh .. .. .. .. oH NN",
    "oh .. .. .. .. oH oN",
    "0h .. .. .. .. 0H 0N",
    "0h .. .. .. .. 0H NN",
    "0h 0h 0h 0H 0H 0H 0N",
    "0h NN NN NN NN 0H NN",
];
pub const COSH: Table = [
    "!! .. I0 Io .. !! IN",
    "!! .. .. .. .. !! NN",
    "!! .. .. .. .. !! N0",
    "!! .. .. .. .. !! N0",
    "!! .. .. .. .. !! NN",
    "!! .. Io I0 .. !! IN",
    "NN NN N0 N0 NN NN NN",
];
pub const EXP: Table = [
    "00 .. 0o 00 .. 00 00",
    "!! .. .. .. .. !! NN",
    "!! .. .. .. .. !! NN",
    "!! .. .. .. .. !! NN",
    "!! .. .. .. .. !! NN",
    "!! .. Io I0 .. !! IN",
    "NN NN No N0 NN NN NN",
];
pub const LOG: Table = [
    "It Ip Ip IP IP IT IN",
    "Ih .. .. .. .. IH NN",
    "Ih .. .. .. .. IH NN",
    "Ih .. .. .. .. IH NN",
    "Ih .. .. .. .. IH NN",
    "Iq Io Io I0 I0 IQ IN",
    "IN NN NN NN NN IN NN",
];
pub const SINH: Table = [
    "!! .. io i0 .. !! IN",
    "!! .. .. .. .. !! NN",
    "!! .. .. .. .. !! 0N",
    "!! .. .. .. .. !! 0N",
    "!! .. .. .. .. !! NN",
    "!! .. Io I0 .. !! IN",
    "NN NN No N0 NN NN NN",
];
pub const SQRT: Table = [
    "Ii 0i 0i 0I 0I II NI",
    "Ii .. .. .. .. II NN",
    "Ii .. .. .. .. II NN",
    "Ii .. .. .. .. II NN",
    "Ii .. .. .. .. II NN",
    "Ii Io Io I0 I0 II IN",
    "Ii NN NN NN NN II NN",
];
pub const TANH: Table = [
    "_0 .. _o _0 .. _0 _0",
    "!! .. .. .. .. !! NN",
    "!! .. .. .. .. !! oN",
    "!! .. .. .. .. !! 0N",
    "!! .. .. .. .. !! NN",
    "10 .. 1o 10 .. 10 10",
    "NN NN No N0 NN NN NN",
];
pub const RECT: Table = [
    "!! .. i0 io .. !! IN",
    "!! .. .. .. .. !! NN",
    "00 .. .. .. .. 00 00",
    "00 .. .. .. .. 00 00",
    "!! .. .. .. .. !! NN",
    "!! .. Io I0 .. !! IN",
    "NN NN N0 N0 NN NN NN",
];
