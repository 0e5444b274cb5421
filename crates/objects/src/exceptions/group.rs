//! `BaseExceptionGroup` and `ExceptionGroup`.

use krait_abi as abi;

use super::base::BaseException;
use crate::prelude::*;

/// A combination of multiple unrelated exceptions.
#[pytype(name = "BaseExceptionGroup", base = BaseException, flags(BASETYPE, HAVE_GC))]
#[repr(C)]
pub struct BaseExceptionGroup {
    #[visit]
    base: BaseException,
    #[visit]
    #[member(name = "message", readonly, doc = "exception message")]
    msg: Slot,
    #[visit]
    #[member(name = "exceptions", readonly, doc = "nested exceptions")]
    excs: Slot,
    #[visit]
    excs_str: Slot,
}
assert_layout!(BaseExceptionGroup => abi::PyBaseExceptionGroupObject);

#[pymethods]
impl BaseExceptionGroup {}
