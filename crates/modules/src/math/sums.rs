//! Functions of many numbers: sums, products, distances.

use krait_objects::prelude::*;

use super::Math;

/// A sum and what rounding lost: the exact sum of two floats, or product.
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let z = sum - a;
    (sum, (a - (sum - z)) + (b - z))
}

fn two_product(a: f64, b: f64) -> (f64, f64) {
    let product = a * b;
    (product, a.mul_add(b, -product))
}

/// The square root of the sum of squares, nearly always rounded correctly: scaled by the greatest, summed
/// with what rounding loses, and the root improved by one step of Newton's.
fn norm(mut values: Vec<f64>) -> f64 {
    let mut greatest = 0f64;
    let mut nan = false;
    for value in &mut values {
        *value = value.abs();
        nan |= value.is_nan();
        greatest = greatest.max(*value);
    }
    if greatest.is_infinite() {
        return greatest;
    }
    if nan {
        return f64::NAN;
    }
    if greatest == 0.0 || values.len() <= 1 {
        return greatest;
    }
    let (_, exponent) = super::functions::split(greatest);
    if exponent < -1023 {
        // The scale would not be a float.
        for value in &mut values {
            *value /= f64::MIN_POSITIVE;
        }
        return f64::MIN_POSITIVE * norm(values);
    }
    let scale = 2f64.powi(-exponent);
    let (mut sum, mut lost_squares, mut lost_sums) = (1.0, 0.0, 0.0);
    for value in values {
        let (square, rest) = two_product(value * scale, value * scale);
        let (total, lost) = fast_sum(sum, square);
        sum = total;
        lost_squares += lost;
        lost_sums += rest;
    }
    let mut root = (sum - 1.0 + (lost_squares + lost_sums)).sqrt();
    let (square, rest) = two_product(-root, root);
    let (total, lost) = fast_sum(sum, square);
    sum = total;
    lost_squares += lost;
    lost_sums += rest;
    root += (sum - 1.0 + (lost_squares + lost_sums)) / (2.0 * root);
    root / scale
}

/// As `two_sum`, for `abs(a) >= abs(b)`.
fn fast_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    (sum, (a - sum) + b)
}

/// Shewchuk's exact sum: a list of floats that do not overlap, the greatest last.
struct Partials {
    parts: Vec<f64>,
    special: f64,
    infinities: f64,
}

impl Partials {
    fn add(&mut self, th: &Thread, value: f64) -> PyResult<()> {
        let mut x = value;
        let mut kept = 0;
        for at in 0..self.parts.len() {
            let mut y = self.parts[at];
            if x.abs() < y.abs() {
                std::mem::swap(&mut x, &mut y);
            }
            let high = x + y;
            let low = y - (high - x);
            if low != 0.0 {
                self.parts[kept] = low;
                kept += 1;
            }
            x = high;
        }
        self.parts.truncate(kept);
        if x == 0.0 {
            return Ok(());
        }
        if x.is_finite() {
            self.parts.push(x);
            return Ok(());
        }
        if value.is_finite() {
            return Err(th.raise(exc::OVERFLOW_ERROR, "intermediate overflow in fsum"));
        }
        if value.is_infinite() {
            self.infinities += value;
        }
        self.special += value;
        self.parts.clear();
        Ok(())
    }

    fn total(mut self, th: &Thread) -> PyResult<f64> {
        if self.special != 0.0 {
            if self.infinities.is_nan() {
                return Err(th.raise(exc::VALUE_ERROR, "-inf + inf in fsum"));
            }
            return Ok(self.special);
        }
        let Some(mut high) = self.parts.pop() else {
            return Ok(0.0);
        };
        let mut low = 0.0;
        while let Some(y) = self.parts.pop() {
            let x = high;
            high = x + y;
            low = y - (high - x);
            if low != 0.0 {
                break;
            }
        }
        // A tie is broken by what is further below.
        if let Some(&next) = self.parts.last()
            && (low < 0.0 && next < 0.0 || low > 0.0 && next > 0.0)
        {
            let y = low * 2.0;
            let x = high + y;
            if y == x - high {
                high = x;
            }
        }
        Ok(high)
    }
}

/// The coordinates of a point.
fn coordinates(th: &Thread, point: Borrowed<'_>) -> PyResult<Vec<f64>> {
    let items = iter::collect(th, point)?;
    items.iter().map(|item| number::as_f64(th, item.object())).collect()
}

/// The sum of products, as extended floats while all are floats (or ints among them).
fn float_products(pairs: &[(Owned, Owned)]) -> Option<f64> {
    let value = |ob: &Owned| -> Option<f64> {
        if let Some(float) = ob.object().downcast_exact::<Float>() {
            return Some(float.value());
        }
        let int = ob.object().downcast_exact::<Int>()?;
        krait_objects::int_digits::to_f64(int.view()).ok()
    };
    if !pairs.iter().any(|(p, q)| p.object().is_exact::<Float>() || q.object().is_exact::<Float>())
    {
        return None;
    }
    let (mut high, mut low, mut tiny) = (0.0, 0.0, 0.0);
    for (p, q) in pairs {
        let (product, rest) = two_product(value(p)?, value(q)?);
        let (sum, first) = two_sum(high, product);
        let (middle, second) = two_sum(low, rest);
        let (middle, third) = two_sum(middle, first);
        high = sum;
        low = middle;
        tiny += second + third;
    }
    let (sum, rest) = two_sum(high, low);
    let total = sum + (tiny + rest);
    total.is_finite().then_some(total)
}

#[pyfunctions(part = "sums")]
impl Math {
    /// Return an accurate floating-point sum of values in the iterable seq.
    ///
    /// Assumes IEEE-754 floating-point arithmetic.
    #[function(sig = "(seq, /)")]
    fn fsum(th: &Thread, seq: Borrowed<'_>) -> PyResult<f64> {
        let mut partials = Partials { parts: Vec::new(), special: 0.0, infinities: 0.0 };
        let iterator = iter::get_iter(th, seq)?;
        while let Some(item) = iter::next(th, iterator.object())? {
            let value = number::as_f64(th, item.object())?;
            partials.add(th, value)?;
        }
        partials.total(th)
    }

    /// Multidimensional Euclidean distance from the origin to a point.
    ///
    /// Roughly equivalent to:
    ///     sqrt(sum(x**2 for x in coordinates))
    #[function(sig = "(*coordinates)")]
    fn hypot(th: &Thread, coordinates: &[Borrowed<'_>]) -> PyResult<f64> {
        let values: PyResult<Vec<f64>> =
            coordinates.iter().map(|&value| number::as_f64(th, value)).collect();
        Ok(norm(values?))
    }

    /// Return the Euclidean distance between two points p and q.
    ///
    /// The points are sequences or iterables of coordinates, as many in both.
    #[function(sig = "(p, q, /)")]
    fn dist(th: &Thread, p: Borrowed<'_>, q: Borrowed<'_>) -> PyResult<f64> {
        let (p, q) = (coordinates(th, p)?, coordinates(th, q)?);
        if p.len() != q.len() {
            return Err(
                th.raise(exc::VALUE_ERROR, "both points must have the same number of dimensions")
            );
        }
        Ok(norm(p.iter().zip(&q).map(|(p, q)| (p - q).abs()).collect()))
    }

    /// Return the sum of products of values from two iterables p and q.
    ///
    /// Both must be of the same length. Sums and products of floats are computed with extended precision.
    #[function(sig = "(p, q, /)")]
    fn sumprod(th: &Thread, p: Borrowed<'_>, q: Borrowed<'_>) -> PyResult {
        let (p, q) = (iter::collect(th, p)?, iter::collect(th, q)?);
        if p.len() != q.len() {
            return Err(th.raise(exc::VALUE_ERROR, "Inputs are not the same length"));
        }
        let pairs: Vec<(Owned, Owned)> = p.into_iter().zip(q).collect();
        if let Some(total) = float_products(&pairs) {
            return Float::new(th, total).map(Owned::into_object);
        }
        let mut total = Int::from_i64(th, 0)?.into_object();
        for (p, q) in &pairs {
            let product = number::multiply(th, p.object(), q.object())?;
            total = number::add(th, total.object(), product.object())?;
        }
        Ok(total)
    }

    /// Calculate the product of all the elements in the input iterable.
    ///
    /// The default start value for the product is 1, which is the result for an empty iterable.
    #[function(sig = "(iterable, /, *, start=1)")]
    fn prod(
        th: &Thread,
        iterable: Borrowed<'_>,
        #[default(None)] start: Option<Borrowed<'_>>,
    ) -> PyResult {
        let mut result = match start {
            Some(start) => start.to_owned(),
            None => Int::from_i64(th, 1)?.into_object(),
        };
        let iterator = iter::get_iter(th, iterable)?;
        while let Some(item) = iter::next(th, iterator.object())? {
            result = number::multiply(th, result.object(), item.object())?;
        }
        Ok(result)
    }
}
