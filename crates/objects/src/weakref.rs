//! Weak references.

use krait_abi as abi;

use crate::prelude::*;

/// `tp_weaklistoffset` of classes whose weak list stands before the object.
pub const MANAGED_OFFSET: isize = -4 * size_of::<usize>() as isize;

/// `PyObject_ClearWeakRefs`: the references to a dying object forget it, then their callbacks run.
///
/// # Safety
/// `ob` is an object whose type has a `tp_weaklistoffset`, and its last reference is gone.
pub unsafe fn clear_references(_ob: *mut abi::PyObject) {
    todo!()
}
/// The head of the list of weak references to `ob`, if its type has room for one.
///
/// # Safety
/// `ob` is live or dying.
pub unsafe fn list_pointer(_ob: *mut abi::PyObject) -> Option<*mut *mut abi::PyObject> {
    todo!()
}
/// `weakref.ref(ob, callback)`.
pub fn new_ref(_th: &Thread, _ob: Borrowed<'_>, _callback: Option<Borrowed<'_>>) -> PyResult {
    todo!()
}
/// What a weak reference refers to, if that is alive.
pub fn referent(_reference: Borrowed<'_>) -> Option<Owned> {
    todo!()
}
