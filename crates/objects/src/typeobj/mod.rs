//! Types: `type`, and what every type object shares.
//!
//! The same job as CPython's `Objects/typeobject.c`, split by topic: this file is the object and its
//! accessors; `ready`, `mro`, `slots`, `build` … hold the machinery.

pub mod state;

use std::cell::UnsafeCell;
use std::ffi::CStr;

use krait_abi as abi;

use crate::error::PyResult;
use crate::handle::{Borrowed, Instance, Owned, VarHead};
use crate::str::Str;
use crate::thread::Thread;

/// A type object: `PyTypeObject`.
#[repr(transparent)]
pub struct Type(UnsafeCell<abi::PyTypeObject>);

/// A static type object, constant-initialised by `#[pytype]`.
#[repr(transparent)]
pub struct StaticType(UnsafeCell<abi::PyTypeObject>);

/// A static table of C structs that `ready` may fill in (inherited slots) and C may read.
#[repr(transparent)]
pub struct StaticCell<T>(UnsafeCell<T>);

// SAFETY: static types are written only while the runtime readies them, once, under its lock.
unsafe impl Sync for StaticType {}
// SAFETY: as for `StaticType`.
unsafe impl<T> Sync for StaticCell<T> {}
// SAFETY: a `&'static Type` is the address of a `StaticType`.
unsafe impl Sync for Type {}

impl<T> StaticCell<T> {
    pub const fn new(value: T) -> StaticCell<T> {
        StaticCell(UnsafeCell::new(value))
    }

    pub const fn as_ptr(&self) -> *mut T {
        self.0.get()
    }
}

impl StaticType {
    pub const fn new(value: abi::PyTypeObject) -> StaticType {
        StaticType(UnsafeCell::new(value))
    }

    pub const fn as_ptr(&self) -> *mut abi::PyTypeObject {
        self.0.get()
    }

    #[inline(always)]
    pub const fn as_type(&'static self) -> &'static Type {
        // SAFETY: `Type` is `repr(transparent)` over the same cell.
        unsafe { &*std::ptr::from_ref(self).cast::<Type>() }
    }
}

/// `type`.
#[unsafe(no_mangle)]
#[allow(non_upper_case_globals)]
pub static PyType_Type: StaticType = StaticType::new(abi::PyTypeObject::EMPTY);

// SAFETY: `type` and its subclasses are laid out as `PyTypeObject` (heap types extend it).
unsafe impl Instance for Type {
    fn type_object() -> &'static Type {
        PyType_Type.as_type()
    }
}

impl Type {
    #[inline(always)]
    pub const fn as_type_ptr(&self) -> *mut abi::PyTypeObject {
        self.0.get()
    }

    /// The C struct, read-only: slots, flags, sizes.
    #[inline(always)]
    pub fn raw(&self) -> &abi::PyTypeObject {
        // SAFETY: fields are written by the attached thread only, between reads.
        unsafe { &*self.0.get() }
    }

    #[inline(always)]
    pub fn flags(&self) -> u64 {
        self.raw().tp_flags
    }

    #[inline(always)]
    pub fn has_flag(&self, flag: u64) -> bool {
        self.raw().tp_flags & flag != 0
    }

    #[inline(always)]
    pub fn is_gc(&self) -> bool {
        self.has_flag(abi::Py_TPFLAGS_HAVE_GC)
    }

    pub fn is_heap_type(&self) -> bool {
        self.has_flag(abi::Py_TPFLAGS_HEAPTYPE)
    }

    /// `tp_name`, as error messages show it.
    pub fn tp_name(&self) -> &str {
        // SAFETY: `tp_name` is a NUL-terminated string that lives as long as the type.
        unsafe { CStr::from_ptr(self.raw().tp_name) }.to_str().unwrap_or("?")
    }

    /// `__name__`: `tp_name` after its last dot (heap types: the whole).
    pub fn name(&self) -> &str {
        let name = self.tp_name();
        if self.is_heap_type() { name } else { name.rsplit('.').next().unwrap_or(name) }
    }

    /// Whether this is `other` or derives from it.
    #[inline]
    pub fn is_subtype(&self, other: &Type) -> bool {
        std::ptr::eq(self, other) || self.mro_contains(other)
    }

    fn mro_contains(&self, _other: &Type) -> bool {
        todo!("walk tp_mro; before it exists, tp_base")
    }

    /// `_PyType_Lookup`: `name` in the dictionaries of the MRO, through the method cache. Never raises.
    pub fn lookup(&self, _th: &Thread, _name: Borrowed<'_, Str>) -> Option<Owned> {
        todo!()
    }

    /// The type's own dictionary: per interpreter, also for static types.
    pub fn dict(&self, _th: &Thread) -> Owned<crate::dict::Dict> {
        todo!()
    }

    /// `PyType_Ready`.
    pub fn ready(&self, _th: &Thread) -> PyResult<()> {
        todo!()
    }

    /// A new instance through `tp_alloc`: zeroed after the head, tracked if the type is collected.
    pub fn alloc<T>(&self, _th: &Thread, _items: isize) -> PyResult<Owned<T>> {
        todo!()
    }

    /// `PyType_Modified`: forgets the version that caches rely on.
    pub fn modified(&self, _th: &Thread) {
        todo!()
    }
}

#[doc(hidden)]
pub type TypeHead = VarHead;
