//! What opens files of code instead of `open(path, "rb")` (PEP 578): a function of the host's, of the whole process.

use std::ffi::c_void;
use std::sync::{Mutex, MutexGuard};

use krait_objects::prelude::*;

/// Answers a new reference, or NULL with an exception.
pub type Hook =
    unsafe extern "C" fn(*mut krait_abi::PyObject, *mut c_void) -> *mut krait_abi::PyObject;

/// With its data, which is an address to us.
static HOOK: Mutex<Option<(Hook, usize)>> = Mutex::new(None);

fn hook() -> MutexGuard<'static, Option<(Hook, usize)>> {
    HOOK.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Sets the hook; false if there is one already.
pub fn set_hook(new: Option<Hook>, data: *mut c_void) -> bool {
    let mut place = hook();
    let free = place.is_none();
    if free {
        *place = new.map(|new| (new, data as usize));
    }
    free
}

/// What the hook opens, if there is one.
pub fn open(th: &Thread, path: Borrowed<'_>) -> Option<PyResult> {
    let (hook, data) = (*hook())?;
    // SAFETY: the host promised a function that takes these, and answers a new reference or NULL.
    let opened = unsafe { hook(path.as_ptr(), data as *mut c_void) };
    if opened.is_null() {
        return Some(Err(th.raised_by_c()));
    }
    // SAFETY: as above.
    Some(Ok(unsafe { Owned::from_ptr(opened) }))
}
