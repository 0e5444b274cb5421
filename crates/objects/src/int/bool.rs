//! `bool`: the two ints that are truth values.

use super::{Int, fixed};
use crate::prelude::*;

/// The type of True and False, the only instances: bool(object) is the truth of an object.
#[pytype(name = "bool", symbol = "PyBool_Type", base = Int, new = "(object=False, /)")]
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

#[pymethods]
impl Bool {
    #[slot(tp_repr)]
    fn repr(&self, _th: &Thread) -> PyResult<Owned<Str>> {
        let name = if self.int.is_zero() { id::False } else { id::True };
        Ok(name.to_owned())
    }
}
