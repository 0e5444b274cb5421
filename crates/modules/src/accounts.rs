//! What `pwd` and `grp` share: asking the system's databases of users and groups, and showing what they answer.

use std::ffi::c_char;
use std::mem::MaybeUninit;

use krait_eval::gil::without_gil;
use krait_objects::prelude::*;

use crate::posix::path::{NO_NAMES, c_bytes, failed};

/// Asks with a buffer that grows until the answer fits; nothing if there is no such entry. `ask` is one of the
/// `get…_r` functions, `show` copies what the buffer holds.
pub fn look_up<T>(
    th: &Thread,
    ask: impl Fn(*mut T, *mut c_char, usize, *mut *mut T) -> i32,
    show: impl Fn(&Thread, &T) -> PyResult,
) -> PyResult<Option<Owned>> {
    let mut room = 1024;
    loop {
        let mut buffer = vec![0u8; room];
        let mut place = MaybeUninit::<T>::zeroed();
        let mut found: *mut T = std::ptr::null_mut();
        let error = without_gil(th, || {
            ask(place.as_mut_ptr(), buffer.as_mut_ptr().cast(), room, &raw mut found)
        });
        if error == libc::ERANGE && room < 1 << 24 {
            room *= 2;
            continue;
        }
        // SAFETY: null, or the place, which the system has filled in.
        if let Some(found) = unsafe { found.as_ref() } {
            return show(th, found).map(Some);
        }
        return match error {
            0 | libc::ENOENT | libc::ESRCH | libc::EBADF | libc::EPERM => Ok(None),
            error => Err(failed(th, error, NO_NAMES)),
        };
    }
}

/// A string of an entry; None where the system has none.
///
/// # Safety
/// Null, or a C string.
pub unsafe fn text(th: &Thread, text: *const c_char) -> PyResult {
    if text.is_null() {
        return Ok(none().to_owned());
    }
    // SAFETY: the caller's promise.
    Str::from_fs_bytes(th, unsafe { c_bytes(text) }).map(Owned::into_object)
}

/// The number of a user or group; all bits set stand for -1, which marks that there is none.
pub fn number(th: &Thread, id: u32) -> PyResult {
    let number = if id == u32::MAX { -1 } else { i64::from(id) };
    Int::from_i64(th, number).map(Owned::into_object)
}
