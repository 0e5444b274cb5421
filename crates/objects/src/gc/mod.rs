//! The cyclic collector.

use std::ffi::c_int;

use krait_abi as abi;

use crate::handle::{Borrowed, Slot};
use crate::thread::Thread;

/// An interpreter's collector: generations and counters.
#[derive(Default)]
pub struct Collector {}

/// What `tp_traverse` hands every reference to.
pub struct Visitor<'a> {
    pub(crate) visit: abi::visitproc,
    pub(crate) arg: *mut std::ffi::c_void,
    pub(crate) lifetime: std::marker::PhantomData<&'a ()>,
}
impl Visitor<'_> {
    /// # Safety
    /// The pair comes from a collector's call of `tp_traverse`.
    pub unsafe fn new(visit: abi::visitproc, arg: *mut std::ffi::c_void) -> Self {
        Visitor { visit, arg, lifetime: std::marker::PhantomData }
    }
    /// Non-zero stops the traversal: hand it on.
    pub fn visit<T>(&mut self, _ob: Option<Borrowed<'_, T>>) -> c_int {
        todo!()
    }
}
/// A field that holds references: gives `tp_traverse` and `tp_clear` of `#[visit]` fields.
pub trait Visit {
    fn visit(&self, visitor: &mut Visitor<'_>) -> c_int;
    fn clear(&self);
}
impl<T> Visit for Slot<T> {
    fn visit(&self, visitor: &mut Visitor<'_>) -> c_int {
        visitor.visit(self.get())
    }
    fn clear(&self) {
        drop(self.take())
    }
}
/// Adds a GC object to the collector's lists, if it is not there yet.
pub fn track<T>(_th: &Thread, _ob: Borrowed<'_, T>) {
    todo!()
}
/// # Safety
/// `ob` is an object of a GC type, so a header precedes it.
pub unsafe fn untrack_raw(_ob: *mut abi::PyObject) {
    todo!()
}
pub fn is_tracked<T>(_ob: Borrowed<'_, T>) -> bool {
    todo!()
}

/// # Safety
/// `ob` is an object of a GC type.
pub unsafe fn track_raw(_ob: *mut abi::PyObject) {
    todo!()
}
/// Whether `tp_finalize` was called.
///
/// # Safety
/// `ob` is an object of a GC type.
pub unsafe fn is_finalized(_ob: *mut abi::PyObject) -> bool {
    todo!()
}
/// # Safety
/// As for `is_finalized`.
pub unsafe fn set_finalized(_ob: *mut abi::PyObject) {
    todo!()
}
/// `tp_free` of collected types: `PyObject_GC_Del`.
pub unsafe extern "C" fn gc_del(_ob: *mut std::ffi::c_void) {
    todo!()
}
