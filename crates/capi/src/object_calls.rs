//! What is inline in the headers but asked for as a function by the stable ABI.

use krait_macros::capi;

use crate::support::*;

#[capi]
pub fn Py_TYPE(ob: Ptr) -> TypePtr {
    // SAFETY: C passes a live object.
    unsafe { (*ob).ob_type }
}
