//! `object`, and the types of the singletons.

pub mod instance_dict;
pub mod singletons;
pub mod super_;

use krait_abi as abi;

use crate::prelude::*;
use crate::typeobj::StaticType;

/// `object`.
#[unsafe(no_mangle)]
#[allow(non_upper_case_globals)]
pub static PyBaseObject_Type: StaticType = StaticType::new(abi::PyTypeObject::EMPTY);

/// `PyBaseObject_Type`.
pub fn base_object_type() -> &'static Type {
    PyBaseObject_Type.as_type()
}
/// `<module.name object at 0x…>`.
pub fn default_repr(_th: &Thread, _ob: Borrowed<'_>) -> PyResult<Owned<Str>> {
    todo!()
}
/// `PyObject_HashNotImplemented`: what `tp_hash` of unhashable types is.
pub unsafe extern "C" fn hash_not_implemented(_ob: *mut abi::PyObject) -> isize {
    todo!()
}
/// The built-in function `__new__` of a C type.
pub fn new_wrapper(_th: &Thread, _ty: Borrowed<'_, Type>) -> PyResult {
    todo!()
}
/// Whether `method` is a `new_wrapper`.
pub fn is_new_wrapper(_method: Borrowed<'_>) -> bool {
    todo!()
}
/// Sets `name` and `obj` of the current AttributeError, if they are not set, for suggestions.
pub fn name_attribute_error(_th: &Thread, _ob: Borrowed<'_>, _name: Borrowed<'_, Str>) {
    todo!()
}
/// `type.__dir__`.
pub fn dir_of_type(_th: &Thread, _ty: Borrowed<'_, Type>) -> PyResult {
    todo!()
}
