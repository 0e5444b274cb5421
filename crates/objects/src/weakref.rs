//! Weak references.

use krait_abi as abi;

/// `PyObject_ClearWeakRefs`: the references to a dying object forget it, then their callbacks run.
///
/// # Safety
/// `ob` is an object whose type has a `tp_weaklistoffset`, and its last reference is gone.
pub unsafe fn clear_references(_ob: *mut abi::PyObject) {
    todo!()
}
