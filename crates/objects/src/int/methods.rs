//! `int` as Python sees it: its slots. `attributes` has the methods, `construct` the constructor.

use super::{arithmetic, power, text};
use crate::int_digits::{self, BitOp, Digit};
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

#[pymethods(parts(attributes, construct))]
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

    #[slot(nb_true_divide)]
    fn true_divide(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        binary!(th, left, right, |a, b| arithmetic::true_divide(th, &a, &b))
    }

    #[slot(nb_floor_divide)]
    fn floor_divide(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        binary!(th, left, right, |a, b| arithmetic::floor_divide(th, &a, &b))
    }

    #[slot(nb_remainder)]
    fn remainder(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        binary!(th, left, right, |a, b| arithmetic::remainder(th, &a, &b))
    }

    #[slot(nb_divmod)]
    fn divmod(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        binary!(th, left, right, |a, b| arithmetic::divmod(th, &a, &b))
    }

    #[slot(nb_power)]
    fn power(
        th: &Thread,
        base: Borrowed<'_>,
        exp: Borrowed<'_>,
        modulus: Option<Borrowed<'_>>,
    ) -> PyResult {
        let Some((base, exp)) = arithmetic::operands(base, exp) else {
            return Ok(not_implemented().to_owned());
        };
        let Some(modulus) = modulus.filter(|modulus| !modulus.is_none()) else {
            return power::power(th, &base, &exp);
        };
        match modulus.downcast::<Int>() {
            Some(modulus) => power::modular(th, &base, &exp, &modulus).map(Owned::into_object),
            None => Ok(not_implemented().to_owned()),
        }
    }

    #[slot(nb_lshift)]
    fn lshift(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        binary!(th, left, right, |a, b| arithmetic::shift_left(th, &a, &b))
    }

    #[slot(nb_rshift)]
    fn rshift(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        binary!(th, left, right, |a, b| arithmetic::shift_right(th, &a, &b))
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
    pub fn negative(&self, th: &Thread) -> PyResult<Owned<Int>> {
        if self.is_compact() {
            return Int::from_i64(th, -self.compact_value());
        }
        Int::from_digits(th, !self.is_negative(), self.view().digits)
    }

    #[slot(nb_invert)]
    fn invert_slot(&self, th: &Thread) -> PyResult<Owned<Int>> {
        self.invert(th)
    }

    #[slot(nb_absolute)]
    fn absolute(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Int>> {
        if this.is_negative() { this.negative(th) } else { exact(this, th) }
    }

    #[slot(nb_bool)]
    fn bool(&self, _th: &Thread) -> PyResult<bool> {
        Ok(!self.is_zero())
    }

    #[slot(nb_index, nb_int, nb_positive)]
    fn index(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Int>> {
        exact(this, th)
    }

    #[slot(nb_float)]
    fn float(&self, th: &Thread) -> PyResult<Owned<Float>> {
        Float::new(th, self.to_f64(th)?)
    }

    /// As C has it: never -1.
    #[slot(tp_hash)]
    unsafe extern "C" fn hash_slot(this: *mut krait_abi::PyObject) -> isize {
        // SAFETY: C calls the slot with an `int`.
        let this = unsafe { &*this.cast::<Int>() };
        if !this.is_compact() {
            return this.view().hash() as isize;
        }
        match this.compact_value() {
            -1 => -2,
            value => value as isize,
        }
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

    #[slot(tp_dealloc)]
    unsafe fn dealloc(this: *mut Self) {
        // SAFETY: the last reference is gone; memory of an exact int of one digit fits the list's size.
        unsafe {
            let ob: *mut krait_abi::PyObject = this.cast();
            let ty = (*ob).ob_type;
            let exact = ty == PyLong_Type.as_ptr();
            if exact && (*this).is_compact() && Thread::attached().interp().free_lists.ints.push(ob)
            {
                return;
            }
            match (*ty).tp_free {
                Some(free) => free(ob.cast()),
                None => crate::fatal("int has no tp_free"),
            }
        }
    }
}

/// The int itself, or a copy of an instance of a subclass.
pub(super) fn exact(this: Borrowed<'_, Int>, th: &Thread) -> PyResult<Owned<Int>> {
    if this.object().is_exact::<Int>() {
        return Ok(this.to_owned());
    }
    Int::from_digits(th, this.is_negative(), this.view().digits)
}

impl Int {
    /// `~self`.
    pub fn invert(&self, th: &Thread) -> PyResult<Owned<Int>> {
        if self.is_compact() {
            return Int::from_i64(th, !self.compact_value());
        }
        Int::from_buf(th, &int_digits::invert(self.view()))
    }
}
