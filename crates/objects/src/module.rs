//! `module`.

use crate::dict::Dict;
use crate::error::PyResult;
use crate::handle::{Borrowed, Head, Instance, Owned};
use crate::str::Str;
use crate::thread::Thread;
use crate::typeobj::Type;

#[repr(C)]
pub struct Module {
    head: Head,
}
unsafe impl Instance for Module {
    fn type_object() -> &'static Type {
        todo!()
    }
}
/// A multi-phase module definition, made by `#[pymodule]`.
#[repr(transparent)]
pub struct StaticModuleDef(std::cell::UnsafeCell<krait_abi::PyModuleDef>);
unsafe impl Sync for StaticModuleDef {}
impl StaticModuleDef {
    pub const fn new(def: krait_abi::PyModuleDef) -> StaticModuleDef {
        StaticModuleDef(std::cell::UnsafeCell::new(def))
    }
    pub const fn as_ptr(&self) -> *mut krait_abi::PyModuleDef {
        self.0.get()
    }
}
impl Module {
    pub fn new(_th: &Thread, _name: Borrowed<'_, Str>) -> PyResult<Owned<Module>> {
        todo!()
    }
    pub fn dict(&self) -> Borrowed<'_, Dict> {
        todo!()
    }
    /// Binds `name` in the module's dictionary.
    pub fn add(&self, _th: &Thread, _name: &str, _value: Borrowed<'_>) -> PyResult<()> {
        todo!()
    }
    /// Readies `T`'s type and binds it under its `__name__`.
    pub fn add_type(&self, _th: &Thread, _ty: &'static Type) -> PyResult<()> {
        todo!()
    }
}
