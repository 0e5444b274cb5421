//! Arithmetic with durations: sums, products and quotients.

use krait_objects::prelude::*;

use super::exact;
use super::timedelta::Delta;

fn delta(ob: Borrowed<'_>) -> Option<Borrowed<'_, Delta>> {
    ob.downcast::<Delta>()
}

fn refuse() -> PyResult {
    Ok(not_implemented().to_owned())
}

/// An exact `timedelta` of microseconds.
fn of_micros(th: &Thread, micros: i128) -> PyResult {
    Delta::from_micros(th, Borrowed::from_ref(Delta::type_object()), micros).map(Owned::into_object)
}

fn division_by_zero(th: &Thread) -> Raised {
    th.raise(exc::ZERO_DIVISION_ERROR, "division by zero")
}

/// An operand as a machine integer, if it is a plain `int` that fits.
fn plain_int(ob: Borrowed<'_>) -> Option<i128> {
    ob.downcast_exact::<Int>()?.to_i64().map(i128::from)
}

/// The nearest integer to a quotient; a half goes to the even one.
fn divide_nearest(a: i128, b: i128) -> i128 {
    let (quotient, rest) = (a.div_euclid(b), a.rem_euclid(b));
    // The remainder is not negative; the quotient of a negative divisor was rounded up.
    let twice = 2 * rest;
    let beyond = twice > b.abs() || (twice == b.abs() && quotient % 2 != 0);
    if beyond { quotient + b.signum() } else { quotient }
}

/// Rounds down, whatever the signs.
fn floor_div(a: i128, b: i128) -> (i128, i128) {
    let (quotient, rest) = (a / b, a % b);
    if rest != 0 && (rest < 0) != (b < 0) { (quotient - 1, rest + b) } else { (quotient, rest) }
}

/// A finite double as `mantissa * 2**exponent`.
fn mantissa_and_exponent(value: f64) -> (i128, i32) {
    let bits = value.to_bits();
    let (biased, fraction) = ((bits >> 52 & 0x7ff) as i32, (bits & ((1 << 52) - 1)) as i128);
    let (mantissa, exponent) =
        if biased == 0 { (fraction, -1074) } else { (fraction | 1 << 52, biased - 1075) };
    let zeros = if mantissa == 0 { 0 } else { mantissa.trailing_zeros() as i32 };
    let mantissa = mantissa >> zeros;
    (if value < 0.0 { -mantissa } else { mantissa }, exponent + zeros)
}

/// Refuses what is no ratio of integers.
fn check_finite(th: &Thread, value: f64) -> PyResult<()> {
    if value.is_nan() {
        return Err(th.raise(exc::VALUE_ERROR, "cannot convert NaN to integer ratio"));
    }
    if value.is_infinite() {
        return Err(th.raise(exc::OVERFLOW_ERROR, "cannot convert Infinity to integer ratio"));
    }
    Ok(())
}

/// More days than any duration has.
fn overflow(th: &Thread) -> Raised {
    th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C int")
}

/// `micros * value`
fn times_float(th: &Thread, micros: i128, value: f64) -> PyResult {
    check_finite(th, value)?;
    let (mantissa, exponent) = mantissa_and_exponent(value);
    // At most 67 and 53 bits.
    let product = micros * mantissa;
    if product == 0 {
        return of_micros(th, 0);
    }
    if exponent < 0 {
        // Shifted out of sight, it is less than a half.
        let rounded = if exponent < -125 { 0 } else { divide_nearest(product, 1i128 << -exponent) };
        return of_micros(th, rounded);
    }
    match shifted(product, exponent) {
        Some(product) => of_micros(th, product),
        None => Err(overflow(th)),
    }
}

/// `micros / value`
fn over_float(th: &Thread, micros: i128, value: f64) -> PyResult {
    check_finite(th, value)?;
    let (mantissa, exponent) = mantissa_and_exponent(value);
    if mantissa == 0 {
        return Err(division_by_zero(th));
    }
    if micros == 0 {
        return of_micros(th, 0);
    }
    if exponent >= 0 {
        // A divisor that does not fit is more than twice any duration.
        let rounded = shifted(mantissa, exponent)
            .filter(|divisor| divisor.unsigned_abs() < 1 << 125)
            .map_or(0, |divisor| divide_nearest(micros, divisor));
        return of_micros(th, rounded);
    }
    match shifted(micros, -exponent) {
        Some(dividend) => of_micros(th, divide_nearest(dividend, mantissa)),
        None => Err(overflow(th)),
    }
}

/// `value * 2**by`, if it fits with room to spare.
fn shifted(value: i128, by: i32) -> Option<i128> {
    let free = value.unsigned_abs().leading_zeros() as i32;
    (by < free - 2).then(|| value << by)
}

#[pymethods(part = "arithmetic")]
impl Delta {
    #[slot(nb_add)]
    fn nb_add(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        match (delta(left), delta(right)) {
            (Some(left), Some(right)) => left.add(th, &right).map(Owned::into_object),
            _ => refuse(),
        }
    }

    #[slot(nb_subtract)]
    fn nb_subtract(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        match (delta(left), delta(right)) {
            (Some(left), Some(right)) => left.subtract(th, &right).map(Owned::into_object),
            _ => refuse(),
        }
    }

    #[slot(nb_negative)]
    fn nb_negative(&self, th: &Thread) -> PyResult<Owned<Delta>> {
        let (days, seconds, micros) = self.parts();
        Delta::new(th, -days, -seconds, -micros)
    }

    #[slot(nb_positive)]
    fn nb_positive(&self, th: &Thread) -> PyResult<Owned<Delta>> {
        let (days, seconds, micros) = self.parts();
        Delta::new(th, days, seconds, micros)
    }

    #[slot(nb_absolute)]
    fn nb_absolute(&self, th: &Thread) -> PyResult<Owned<Delta>> {
        if self.days() < 0 { self.nb_negative(th) } else { self.nb_positive(th) }
    }

    #[slot(nb_bool)]
    fn nb_bool(&self) -> PyResult<bool> {
        Ok(!self.is_zero())
    }

    #[slot(nb_multiply)]
    fn nb_multiply(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        let (delta, factor) = match (delta(left), delta(right)) {
            (Some(delta), None) => (delta, right),
            (None, Some(delta)) => (delta, left),
            _ => return refuse(),
        };
        if let Some(factor) = plain_int(factor) {
            return match delta.micros().checked_mul(factor) {
                Some(product) => of_micros(th, product),
                None => Err(overflow(th)),
            };
        }
        if let Some(factor) = factor.downcast_exact::<Float>() {
            return times_float(th, delta.micros(), factor.value());
        }
        if Int::check(&factor) {
            return exact::times_int(th, delta.micros(), factor);
        }
        if Float::check(&factor) {
            return exact::times_ratio(th, delta.micros(), factor, false);
        }
        refuse()
    }

    #[slot(nb_true_divide)]
    fn nb_true_divide(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        let Some(left) = delta(left) else {
            return refuse();
        };
        if let Some(right) = delta(right) {
            return exact::true_divide(th, left.micros(), right.micros()).map(Owned::into_object);
        }
        match plain_int(right) {
            Some(0) => return Err(division_by_zero(th)),
            Some(divisor) => return of_micros(th, divide_nearest(left.micros(), divisor)),
            None => {}
        }
        if let Some(divisor) = right.downcast_exact::<Float>() {
            return over_float(th, left.micros(), divisor.value());
        }
        if Int::check(&right) {
            return exact::over_int(th, left.micros(), right);
        }
        if Float::check(&right) {
            return exact::times_ratio(th, left.micros(), right, true);
        }
        refuse()
    }

    #[slot(nb_floor_divide)]
    fn nb_floor_divide(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        let Some(left) = delta(left) else {
            return refuse();
        };
        if let Some(right) = delta(right) {
            if right.is_zero() {
                return Err(division_by_zero(th));
            }
            let (quotient, _) = floor_div(left.micros(), right.micros());
            return exact::int(th, quotient).map(Owned::into_object);
        }
        match plain_int(right) {
            Some(0) => Err(division_by_zero(th)),
            Some(divisor) => of_micros(th, floor_div(left.micros(), divisor).0),
            None if Int::check(&right) => exact::floor_int(th, left.micros(), right),
            None => refuse(),
        }
    }

    #[slot(nb_remainder)]
    fn nb_remainder(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        match (delta(left), delta(right)) {
            (Some(_), Some(right)) if right.is_zero() => Err(division_by_zero(th)),
            (Some(left), Some(right)) => of_micros(th, floor_div(left.micros(), right.micros()).1),
            _ => refuse(),
        }
    }

    #[slot(nb_divmod)]
    fn nb_divmod(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        match (delta(left), delta(right)) {
            (Some(_), Some(right)) if right.is_zero() => Err(division_by_zero(th)),
            (Some(left), Some(right)) => {
                let (quotient, rest) = floor_div(left.micros(), right.micros());
                let quotient = exact::int(th, quotient)?.into_object();
                Tuple::pack(th, [quotient, of_micros(th, rest)?]).map(Owned::into_object)
            }
            _ => refuse(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `_pydatetime._divide_and_round` of the reference.
    #[test]
    fn halves_go_to_even() {
        let cases = [(7, 2, 4), (5, 2, 2), (-7, 2, -4), (-5, 2, -2), (7, -2, -4), (5, -2, -2)];
        for (a, b, expected) in cases {
            assert_eq!(divide_nearest(a, b), expected, "{a} / {b}");
        }
        assert_eq!(divide_nearest(10, 3), 3);
        assert_eq!(divide_nearest(-10, -4), 2);
        assert_eq!(divide_nearest(11, -3), -4);
    }

    #[test]
    fn floor_follows_the_divisor() {
        assert_eq!(floor_div(-7, 2), (-4, 1));
        assert_eq!(floor_div(7, -2), (-4, -1));
        assert_eq!(floor_div(-7, -2), (3, -1));
    }
}
