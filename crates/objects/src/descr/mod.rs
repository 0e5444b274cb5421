//! Descriptors: what a type's attributes do when they are read from an instance.

use std::ffi::c_void;

use krait_abi as abi;

use crate::prelude::*;
use crate::typeobj::slots::SlotDef;

/// `slot wrapper`: a special method that calls the C function in a slot.
#[repr(C)]
pub struct WrapperDescriptor {
    head: Head,
}
unsafe impl Instance for WrapperDescriptor {
    fn type_object() -> &'static Type {
        todo!()
    }
}
impl WrapperDescriptor {
    pub fn new(
        _th: &Thread,
        _owner: Borrowed<'_, Type>,
        _def: &'static SlotDef,
        _wrapped: *const c_void,
    ) -> PyResult {
        todo!()
    }
    pub fn def(&self) -> &'static SlotDef {
        todo!()
    }
    /// The C function it calls.
    pub fn wrapped(&self) -> *const c_void {
        todo!()
    }
    /// `__objclass__`.
    pub fn owner(&self) -> Borrowed<'_, Type> {
        todo!()
    }
}

/// Whether `method` is `object.__getattribute__` itself.
pub fn wraps_generic_getattr(_method: Borrowed<'_>) -> bool {
    todo!()
}
/// `tp_descr_get` of `found`, or `found` itself.
pub fn bind(
    _th: &Thread,
    _found: Borrowed<'_>,
    _instance: Option<Borrowed<'_>>,
    _owner: Borrowed<'_>,
) -> PyResult {
    todo!()
}
/// A `method_descriptor`, `classmethod_descriptor` or static method for a C declaration.
pub fn method_from_def(
    _th: &Thread,
    _owner: Borrowed<'_, Type>,
    _def: *mut abi::PyMethodDef,
) -> PyResult {
    todo!()
}
pub fn member_from_def(
    _th: &Thread,
    _owner: Borrowed<'_, Type>,
    _def: *mut abi::PyMemberDef,
) -> PyResult {
    todo!()
}
pub fn getset_from_def(
    _th: &Thread,
    _owner: Borrowed<'_, Type>,
    _def: *mut abi::PyGetSetDef,
) -> PyResult {
    todo!()
}
/// The docstring behind the signature line `name(...)\n--\n\n`, if there is one.
pub fn doc_without_signature<'a>(_name: &str, _doc: &'a str) -> &'a str {
    todo!()
}
/// `__doc__` of a static type: `tp_doc` without its signature.
pub fn type_doc(_th: &Thread, _ty: Borrowed<'_, Type>) -> PyResult {
    todo!()
}
/// `__text_signature__` of a type, or None.
pub fn type_text_signature(_th: &Thread, _ty: &Type) -> PyResult {
    todo!()
}
/// `types.MappingProxyType(mapping)`.
pub fn mapping_proxy(_th: &Thread, _mapping: Borrowed<'_>) -> PyResult {
    todo!()
}
/// In a class namespace, wraps a plain function `name` as a static (or class) method.
pub fn wrap_special(
    _th: &Thread,
    _namespace: &Dict,
    _name: Borrowed<'_, Str>,
    _is_static: bool,
) -> PyResult<()> {
    todo!()
}
/// Whether `ob` is the built-in function of that name.
pub fn is_builtin_named(_ob: Borrowed<'_>, _name: &str) -> bool {
    todo!()
}
