//! What `pwd` and `grp` share: asking the system's databases of users and groups, and showing what they answer.

use std::ffi::{CString, c_char};
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

/// `found`, or KeyError: `what` was not found, namely what `asked` shows.
pub fn required(
    th: &Thread,
    found: Option<Owned>,
    what: &str,
    asked: impl FnOnce() -> PyResult<Owned<Str>>,
) -> PyResult {
    match found {
        Some(found) => Ok(found),
        None => Err(raise!(th, KEY_ERROR, "{what} not found: {}", *asked()?)),
    }
}

/// The name of a user or group, as C takes it.
pub fn c_name(th: &Thread, name: Borrowed<'_, Str>) -> PyResult<CString> {
    CString::new(name.to_fs_bytes(th)?)
        .map_err(|_| th.raise(exc::VALUE_ERROR, "embedded null byte"))
}

/// The functions that go through a database: `set…ent`, `get…ent`, `end…ent`.
pub struct Walk<T> {
    pub start: unsafe extern "C" fn(),
    pub next: unsafe extern "C" fn() -> *mut T,
    pub end: unsafe extern "C" fn(),
}

/// A list of all entries.
pub fn all<T>(
    th: &Thread,
    walk: &Walk<T>,
    show: impl Fn(&Thread, &T) -> PyResult,
) -> PyResult<Owned<List>> {
    let mut all = Vec::new();
    // SAFETY: the walk is shared by the process; the GIL keeps the interpreter's other threads from it. An entry stays
    // as it is until the next is asked for.
    let shown = unsafe {
        (walk.start)();
        let entries = std::iter::from_fn(|| (walk.next)().as_ref());
        let shown = entries.map(|entry| show(th, entry)).try_for_each(|entry| {
            all.push(entry?);
            Ok(())
        });
        (walk.end)();
        shown
    };
    shown?;
    List::from_vec(th, all)
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
