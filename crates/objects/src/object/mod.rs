//! `object`, and the types of the singletons.

pub mod singletons;

use krait_abi as abi;

use crate::typeobj::StaticType;

/// `object`.
#[unsafe(no_mangle)]
#[allow(non_upper_case_globals)]
pub static PyBaseObject_Type: StaticType = StaticType::new(abi::PyTypeObject::EMPTY);

/// `PyBaseObject_Type`.
pub fn base_object_type() -> &'static crate::typeobj::Type {
    PyBaseObject_Type.as_type()
}
