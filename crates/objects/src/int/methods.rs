//! `int` as Python sees it.

use super::{arithmetic, text};
use crate::int_digits::{BitOp, Digit};
use crate::prelude::*;

/// int([x]) -> integer
/// int(x, base=10) -> integer
///
/// Convert a number or string to an integer, or return 0 if no arguments are given.
#[pytype(
    name = "int", symbol = "PyLong_Type", flags(BASETYPE, LONG_SUBCLASS, MATCH_SELF),
    basicsize = 24, itemsize = size_of::<Digit>() as isize,
)]
#[repr(C)]
pub struct Int {
    pub(super) head: Head,
    pub(super) tag: usize,
    pub(super) digits: [Digit; 1],
}

/// Applies `$operation` if both operands are ints.
macro_rules! binary {
    ($th:ident, $left:ident, $right:ident, |$a:ident, $b:ident| $operation:expr) => {
        match arithmetic::operands($left, $right) {
            Some(($a, $b)) => $operation.map(Owned::into_object),
            None => Ok(not_implemented().to_owned()),
        }
    };
}

#[pymethods]
impl Int {
    #[slot(nb_add)]
    fn add(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        binary!(th, left, right, |a, b| arithmetic::add(th, &a, &b))
    }

    #[slot(nb_subtract)]
    fn subtract(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        binary!(th, left, right, |a, b| arithmetic::subtract(th, &a, &b))
    }

    #[slot(nb_multiply)]
    fn multiply(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        binary!(th, left, right, |a, b| arithmetic::multiply(th, &a, &b))
    }

    #[slot(nb_floor_divide)]
    fn floor_divide(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        binary!(th, left, right, |a, b| arithmetic::floor_divide(th, &a, &b))
    }

    #[slot(nb_remainder)]
    fn remainder(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        binary!(th, left, right, |a, b| arithmetic::remainder(th, &a, &b))
    }

    #[slot(nb_and)]
    fn and(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        binary!(th, left, right, |a, b| arithmetic::bitwise(th, BitOp::And, &a, &b))
    }

    #[slot(nb_or)]
    fn or(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        binary!(th, left, right, |a, b| arithmetic::bitwise(th, BitOp::Or, &a, &b))
    }

    #[slot(nb_xor)]
    fn xor(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        binary!(th, left, right, |a, b| arithmetic::bitwise(th, BitOp::Xor, &a, &b))
    }

    #[slot(nb_negative)]
    fn negative(&self, th: &Thread) -> PyResult<Owned<Int>> {
        if self.is_compact() {
            return Int::from_i64(th, -self.compact_value());
        }
        Int::from_digits(th, !self.is_negative(), self.view().digits)
    }

    #[slot(nb_bool)]
    fn bool(&self, _th: &Thread) -> PyResult<bool> {
        Ok(!self.is_zero())
    }

    #[slot(nb_index, nb_int)]
    fn index(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Int>> {
        if this.object().is_exact::<Int>() {
            return Ok(this.to_owned());
        }
        Int::from_digits(th, this.is_negative(), this.view().digits)
    }

    #[slot(tp_hash)]
    fn hash(&self, _th: &Thread) -> PyResult<isize> {
        Ok(self.view().hash() as isize)
    }

    #[slot(tp_repr)]
    fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
        text::to_decimal(th, self)
    }

    #[slot(tp_richcompare)]
    fn richcompare(&self, _th: &Thread, other: Borrowed<'_>, op: CompareOp) -> PyResult {
        Ok(match other.downcast::<Int>() {
            Some(other) => {
                bool_object(op.holds(arithmetic::compare(self, &other))).object().to_owned()
            }
            None => not_implemented().to_owned(),
        })
    }

    /// How many bits the magnitude takes.
    #[method(sig = "(self, /)")]
    fn bit_length(&self) -> u64 {
        self.view().bit_length()
    }
}
