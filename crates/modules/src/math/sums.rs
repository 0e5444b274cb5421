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
fn norm(values: &mut [f64]) -> f64 {
    let mut greatest = 0f64;
    let mut nan = false;
    for value in values.iter_mut() {
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
        for value in values.iter_mut() {
            *value /= f64::MIN_POSITIVE;
        }
        return f64::MIN_POSITIVE * norm(values);
    }
    // Of the two greatest exponents it is subnormal.
    let scale = f64::from_bits(match 1023 - exponent {
        biased @ 1.. => (biased as u64) << 52,
        biased => 1 << (51 + biased),
    });
    let (mut sum, mut lost_squares, mut lost_sums) = (1.0, 0.0, 0.0);
    for &mut value in values {
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

/// Points of so many coordinates are taken apart without an allocation.
const FEW: usize = 8;

/// Calls `body` with numbers as floats.
fn with_floats<R>(
    th: &Thread,
    numbers: &[Borrowed<'_>],
    body: impl FnOnce(&mut [f64]) -> PyResult<R>,
) -> PyResult<R> {
    let mut few = [0.0; FEW];
    let mut many = Vec::new();
    let floats = match few.get_mut(..numbers.len()) {
        Some(floats) => floats,
        None => {
            many.resize(numbers.len(), 0.0);
            &mut many[..]
        }
    };
    for (float, &number) in floats.iter_mut().zip(numbers) {
        *float = match number.downcast_exact::<Float>() {
            Some(exact) => exact.value(),
            None => number::as_f64(th, number)?,
        };
    }
    body(floats)
}

/// Calls `body` with the coordinates of a point.
fn with_coordinates<R>(
    th: &Thread,
    point: Borrowed<'_>,
    body: impl FnOnce(&mut [f64]) -> PyResult<R>,
) -> PyResult<R> {
    if let Some(tuple) = point.downcast_exact::<Tuple>() {
        return with_floats(th, tuple.get().as_slice(), body);
    }
    let items = iter::collect(th, point)?;
    let items: Vec<Borrowed<'_>> = items.iter().map(Owned::object).collect();
    with_floats(th, &items, body)
}

/// A sum of products of floats in three parts, the greatest first.
#[derive(Clone, Copy, Default)]
struct TripleSum {
    high: f64,
    low: f64,
    tiny: f64,
}

impl TripleSum {
    fn add_product(self, p: f64, q: f64) -> TripleSum {
        let (product, rest) = two_product(p, q);
        let (high, first) = two_sum(self.high, product);
        let (low, second) = two_sum(self.low, rest);
        let (low, third) = two_sum(low, first);
        TripleSum { high, low, tiny: self.tiny + (second + third) }
    }

    fn total(self) -> f64 {
        let (last, rest) = two_sum(self.low, self.tiny);
        let (sum, lost) = two_sum(self.high, last);
        sum + (lost + rest)
    }
}

/// A sum of products: ints that fit a machine word and floats are summed apart from everything else.
struct ProductSum {
    total: Owned,
    ints: i64,
    /// Until the first product that is not of small ints.
    only_ints: bool,
    floats: Option<TripleSum>,
}

impl ProductSum {
    fn add(&mut self, th: &Thread, p: Borrowed<'_>, q: Borrowed<'_>) -> PyResult<()> {
        if self.only_ints {
            let word = |ob: Borrowed<'_>| ob.downcast_exact::<Int>().and_then(|int| int.to_i64());
            if let (Some(a), Some(b)) = (word(p), word(q))
                && let Some(sum) = a.checked_mul(b).and_then(|term| self.ints.checked_add(term))
            {
                self.ints = sum;
                return Ok(());
            }
            self.only_ints = false;
            self.flush_ints(th)?;
        }
        if let Some((a, b)) = as_floats(p, q) {
            let sum = self.floats.unwrap_or_default().add_product(a, b);
            if sum.high.is_finite() {
                self.floats = Some(sum);
                return Ok(());
            }
        }
        self.flush_floats(th)?;
        let term = number::multiply(th, p, q)?;
        self.total = number::add(th, self.total.object(), term.object())?;
        Ok(())
    }

    fn flush_ints(&mut self, th: &Thread) -> PyResult<()> {
        let ints = Int::from_i64(th, std::mem::take(&mut self.ints))?;
        self.total = number::add(th, self.total.object(), ints.object())?;
        Ok(())
    }

    fn flush_floats(&mut self, th: &Thread) -> PyResult<()> {
        if let Some(floats) = self.floats.take() {
            let floats = Float::new(th, floats.total())?;
            self.total = number::add(th, self.total.object(), floats.object())?;
        }
        Ok(())
    }
}

/// Two floats, or a float and an int or bool that is within a float's range.
fn as_floats(p: Borrowed<'_>, q: Borrowed<'_>) -> Option<(f64, f64)> {
    let float = |ob: Borrowed<'_>| ob.downcast_exact::<Float>().map(|float| float.value());
    let int = |ob: Borrowed<'_>| {
        let exact = ob.is_exact::<Int>() || ob.is(bool_object(true)) || ob.is(bool_object(false));
        let int = ob.downcast::<Int>().filter(|_| exact)?;
        krait_objects::int_digits::to_f64(int.view()).ok()
    };
    match (float(p), float(q)) {
        (Some(p), Some(q)) => Some((p, q)),
        (Some(p), None) => Some((p, int(q)?)),
        (None, Some(q)) => Some((int(p)?, q)),
        (None, None) => None,
    }
}

/// A product so far, or an item of it.
#[derive(Clone, Copy)]
enum Factor {
    Int(i64),
    Float(f64),
}

impl Factor {
    /// A float, or an int that fits a word and is a float without rounding.
    #[inline]
    fn of(ob: Borrowed<'_>) -> Option<Factor> {
        if let Some(float) = ob.downcast_exact::<Float>() {
            return Some(Factor::Float(float.value()));
        }
        let int = ob.downcast_exact::<Int>().filter(|int| int.is_compact())?;
        Some(Factor::Int(int.compact_value()))
    }

    /// As the operator has it; nothing if the product of ints does not fit, or rounding might need to be decided.
    #[inline]
    fn times(self, item: &Owned) -> Option<Factor> {
        const EXACT: u64 = 1 << f64::MANTISSA_DIGITS;
        let exact = |value: i64| (value.unsigned_abs() <= EXACT).then_some(value as f64);
        Some(match (self, Factor::of(item.object())?) {
            (Factor::Int(a), Factor::Int(b)) => Factor::Int(a.checked_mul(b)?),
            (Factor::Int(a), Factor::Float(b)) => Factor::Float(exact(a)? * b),
            (Factor::Float(a), Factor::Int(b)) => Factor::Float(a * exact(b)?),
            (Factor::Float(a), Factor::Float(b)) => Factor::Float(a * b),
        })
    }
}

#[pyfunctions(part = "sums")]
impl Math {
    /// Add up numbers without accumulating rounding errors: the exact sum, rounded once to a float.
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

    /// How far from the origin the point with these coordinates is.
    ///
    /// It is the square root of the sum of their squares.
    #[function(sig = "(*coordinates)")]
    fn hypot(th: &Thread, coordinates: &[Borrowed<'_>]) -> PyResult<f64> {
        with_floats(th, coordinates, |values| Ok(norm(values)))
    }

    /// How far apart two points are in a straight line.
    ///
    /// Each point is an iterable of coordinates. ValueError if one has more than the other.
    #[function(sig = "(p, q, /)")]
    fn dist(th: &Thread, p: Borrowed<'_>, q: Borrowed<'_>) -> PyResult<f64> {
        with_coordinates(th, p, |p| {
            with_coordinates(th, q, |q| {
                if p.len() != q.len() {
                    let message = "both points must have the same number of dimensions";
                    return Err(th.raise(exc::VALUE_ERROR, message));
                }
                for (p, q) in p.iter_mut().zip(q) {
                    *p = (*p - *q).abs();
                }
                Ok(norm(p))
            })
        })
    }

    /// Multiply p and q item by item, and add up the products.
    ///
    /// ValueError if one has more items than the other. With floats, intermediate results have extra digits.
    #[function(sig = "(p, q, /)")]
    fn sumprod(th: &Thread, p: Borrowed<'_>, q: Borrowed<'_>) -> PyResult {
        let (p, q) = (iter::get_iter(th, p)?, iter::get_iter(th, q)?);
        let total = Int::from_i64(th, 0)?.into_object();
        let mut sum = ProductSum { total, ints: 0, only_ints: true, floats: None };
        loop {
            let pair = (iter::next(th, p.object())?, iter::next(th, q.object())?);
            match &pair {
                (Some(p), Some(q)) => sum.add(th, p.object(), q.object())?,
                (None, None) => break,
                _ => return Err(th.raise(exc::VALUE_ERROR, "Inputs are not the same length")),
            }
        }
        sum.flush_ints(th)?;
        sum.flush_floats(th)?;
        Ok(sum.total)
    }

    /// Multiply start, which is 1 by default, by the items one after the other.
    ///
    /// If there are no items, it is start that is returned.
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
            let Some(mut product) = Factor::of(result.object()).and_then(|it| it.times(&item))
            else {
                result = number::multiply(th, result.object(), item.object())?;
                continue;
            };
            // As long as the items are numbers in place, the product is no object.
            let mut other = None;
            while let Some(item) = iter::next(th, iterator.object())? {
                match product.times(&item) {
                    Some(next) => product = next,
                    None => {
                        other = Some(item);
                        break;
                    }
                }
            }
            result = match product {
                Factor::Int(value) => Int::from_i64(th, value)?.into_object(),
                Factor::Float(value) => Float::new(th, value)?.into_object(),
            };
            if let Some(item) = other {
                result = number::multiply(th, result.object(), item.object())?;
            }
        }
        Ok(result)
    }
}
