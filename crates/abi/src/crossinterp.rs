//! Data that crosses from one interpreter to another (`internal/pycore_crossinterp.h`).

use crate::object::PyObject;
use std::ffi::c_void;

/// Makes an object of the receiving interpreter out of the shared data.
pub type xid_newobjfunc = Option<unsafe extern "C" fn(*mut _PyXIData_t) -> *mut PyObject>;
/// Releases the shared data.
pub type xid_freefunc = Option<unsafe extern "C" fn(*mut c_void)>;

c_struct! {
    /// An object taken apart for another interpreter.
    pub struct _PyXIData_t[40] {
        0 => data: *mut c_void,
        8 => obj: *mut PyObject,
        16 => interpid: i64,
        24 => new_object: xid_newobjfunc,
        32 => free: xid_freefunc,
    }
}
