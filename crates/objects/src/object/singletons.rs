//! The types of `None`, `NotImplemented` and `...`.

use crate::typeobj::StaticType;
use krait_abi as abi;

#[allow(non_upper_case_globals)]
pub static _PyNone_Type: StaticType = StaticType::new(abi::PyTypeObject::EMPTY);
#[allow(non_upper_case_globals)]
pub static _PyNotImplemented_Type: StaticType = StaticType::new(abi::PyTypeObject::EMPTY);
#[allow(non_upper_case_globals)]
#[unsafe(no_mangle)]
pub static PyEllipsis_Type: StaticType = StaticType::new(abi::PyTypeObject::EMPTY);
