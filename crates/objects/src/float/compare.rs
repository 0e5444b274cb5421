//! The order of a float and an int of any size, exactly.

use std::cmp::Ordering;

use crate::int_digits;
use crate::prelude::*;

/// The ordering of `float` to `int`; `None` for NaN.
pub fn with_int(float: f64, int: &Int) -> Option<Ordering> {
    if int.is_compact() {
        return float.partial_cmp(&(int.compact_value() as f64));
    }
    if !float.is_finite() {
        return float.partial_cmp(&0.0);
    }
    // The whole part decides, and if it is the int itself, what was cut off.
    let whole = int_digits::from_f64(float)?;
    let order = whole.view().cmp(&int.view());
    Some(order.then_with(|| float.partial_cmp(&float.trunc()).unwrap_or(Ordering::Equal)))
}
