//! `bool`: the two ints that are truth values.

use super::{Int, arithmetic, fixed};
use crate::int_digits::BitOp;
use crate::prelude::*;

/// The type of True and False, the only instances: bool(object) is the truth of an object.
#[pytype(
    name = "bool", symbol = "PyBool_Type", base = Int, new = "(object=False, /)", flags(MATCH_SELF),
)]
#[repr(transparent)]
pub struct Bool {
    int: Int,
}

/// `False`.
#[unsafe(no_mangle)]
#[allow(non_upper_case_globals)]
pub static _Py_FalseStruct: Int = fixed(PyBool_Type.as_ptr(), 0);
/// `True`.
#[unsafe(no_mangle)]
#[allow(non_upper_case_globals)]
pub static _Py_TrueStruct: Int = fixed(PyBool_Type.as_ptr(), 1);

impl Bool {
    #[inline(always)]
    pub const fn singleton(value: bool) -> *const Int {
        if value { &raw const _Py_TrueStruct } else { &raw const _Py_FalseStruct }
    }
}

/// `and`, `or` and `xor`: a bool of two bools, else what ints make of it.
fn bitwise(th: &Thread, op: BitOp, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
    let Some((a, b)) = arithmetic::operands(left, right) else {
        return Ok(not_implemented().to_owned());
    };
    if left.is_exact::<Bool>() && right.is_exact::<Bool>() {
        let (a, b) = (!a.is_zero(), !b.is_zero());
        let result = match op {
            BitOp::And => a & b,
            BitOp::Or => a | b,
            BitOp::Xor => a ^ b,
        };
        return Ok(bool_object(result).object().to_owned());
    }
    arithmetic::bitwise(th, op, &a, &b).map(Owned::into_object)
}

#[pymethods]
impl Bool {
    #[new(sig = "(object=False, /)")]
    fn new(_cls: Borrowed<'_, Type>, object: bool) -> bool {
        object
    }

    #[slot(tp_repr)]
    fn repr(&self, _th: &Thread) -> PyResult<Owned<Str>> {
        let name = if self.int.is_zero() { id::False } else { id::True };
        Ok(name.to_owned())
    }

    #[slot(nb_and)]
    fn and(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        bitwise(th, BitOp::And, left, right)
    }

    #[slot(nb_or)]
    fn or(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        bitwise(th, BitOp::Or, left, right)
    }

    #[slot(nb_xor)]
    fn xor(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        bitwise(th, BitOp::Xor, left, right)
    }

    #[slot(nb_invert)]
    fn invert(&self, th: &Thread) -> PyResult<Owned<Int>> {
        let message = Str::new(
            th,
            "Bitwise inversion '~' on bool is deprecated and will be removed in Python 3.16. This returns the bitwise inversion of the underlying int object and is usually not what you expect from negating a bool. Use the 'not' operator for boolean negation or ~int(x) if you really want the bitwise inversion of the underlying int.",
        )?;
        let category = Borrowed::from_ref(exc::DEPRECATION_WARNING).object();
        (th.interp().services.get().warn)(th, category, message.borrow(), 1)?;
        self.int.invert(th)
    }

    /// The two instances are static: nothing is ever freed.
    #[slot(tp_dealloc)]
    unsafe fn dealloc(_this: *mut Self) {}
}
