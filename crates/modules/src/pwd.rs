//! `pwd`: the users that the system knows.
//!
//! The same job as CPython's `Modules/pwdmodule.c`.

use std::ffi::CString;

use krait_eval::gil::without_gil;
use krait_objects::prelude::*;
use krait_objects::structseq::{Field, StructSequence};

use crate::posix::path::{NO_NAMES, c_bytes, failed, owner_id};

/// This module provides access to the Unix password database.
///
/// An entry is a tuple of login name, password, user and group number, real name, home folder and shell.
#[pymodule(name = "pwd")]
pub struct Pwd;

static FIELDS: [Field; 7] = [
    Field { name: "pw_name", doc: "user name" },
    Field { name: "pw_passwd", doc: "password" },
    Field { name: "pw_uid", doc: "user id" },
    Field { name: "pw_gid", doc: "group id" },
    Field { name: "pw_gecos", doc: "real name" },
    Field { name: "pw_dir", doc: "home directory" },
    Field { name: "pw_shell", doc: "shell program" },
];

fn entry_type(th: &Thread) -> PyResult<Owned<Type>> {
    let doc = "pwd.struct_passwd: Results from getpw*() routines.";
    StructSequence::new_type(th, "pwd.struct_passwd", doc, &FIELDS, 7)
}

/// An entry as the system gives it; its strings are copied at once.
fn entry(th: &Thread, found: &libc::passwd) -> PyResult {
    // SAFETY: the strings live in the caller's buffer.
    let text = |text: *const libc::c_char| unsafe {
        Str::from_fs_bytes(th, c_bytes(text)).map(Owned::into_object)
    };
    let int = |value: u32| Int::from_i64(th, value.into()).map(Owned::into_object);
    let values = vec![
        text(found.pw_name)?,
        text(found.pw_passwd)?,
        int(found.pw_uid)?,
        int(found.pw_gid)?,
        text(found.pw_gecos)?,
        text(found.pw_dir)?,
        text(found.pw_shell)?,
    ];
    StructSequence::new(th, entry_type(th)?.borrow(), values).map(Owned::into_object)
}

type Found = *mut libc::passwd;

/// Asks with a buffer that grows until the answer fits; nothing if there is no such user.
fn look_up(
    th: &Thread,
    ask: impl Fn(Found, *mut libc::c_char, usize, *mut Found) -> i32,
) -> PyResult<Option<Owned>> {
    let mut room = 1024;
    loop {
        let mut buffer = vec![0u8; room];
        // SAFETY: all zeros are valid.
        let mut place: libc::passwd = unsafe { std::mem::zeroed() };
        let mut found: Found = std::ptr::null_mut();
        let error = without_gil(th, || {
            ask(&raw mut place, buffer.as_mut_ptr().cast(), room, &raw mut found)
        });
        if error == libc::ERANGE && room < 1 << 24 {
            room *= 2;
            continue;
        }
        if !found.is_null() {
            return entry(th, &place).map(Some);
        }
        return match error {
            0 | libc::ENOENT | libc::ESRCH | libc::EBADF | libc::EPERM => Ok(None),
            error => Err(failed(th, error, NO_NAMES)),
        };
    }
}

#[pyfunctions]
impl Pwd {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        module.add(th, "struct_passwd", entry_type(th)?.object())
    }

    /// Return the password database entry for the given numeric user ID.
    #[function(sig = "(uidobj, /)")]
    fn getpwuid(th: &Thread, uidobj: Borrowed<'_>) -> PyResult {
        let uid = match owner_id(th, uidobj, "uid") {
            Ok(uid) => Some(uid),
            Err(raised) => {
                th.take_if(raised, exc::OVERFLOW_ERROR)?;
                None
            }
        };
        let found = match uid {
            // SAFETY: room for the answer and its strings.
            Some(uid) => look_up(th, |place, buffer, room, found| unsafe {
                libc::getpwuid_r(uid, place, buffer, room, found)
            })?,
            None => None,
        };
        match found {
            Some(found) => Ok(found),
            None => {
                let shown = object::str(th, uidobj)?;
                Err(raise!(th, KEY_ERROR, "getpwuid(): uid not found: {}", *shown))
            }
        }
    }

    /// Return the password database entry for the given user name.
    #[function(sig = "(name, /)")]
    fn getpwnam(th: &Thread, name: Borrowed<'_, Str>) -> PyResult {
        let text = CString::new(name.to_fs_bytes(th)?)
            .map_err(|_| th.raise(exc::VALUE_ERROR, "embedded null byte"))?;
        // SAFETY: a terminated name; room for the answer and its strings.
        let found = look_up(th, |place, buffer, room, found| unsafe {
            libc::getpwnam_r(text.as_ptr(), place, buffer, room, found)
        })?;
        match found {
            Some(found) => Ok(found),
            None => {
                let shown = object::repr(th, name.object())?;
                Err(raise!(th, KEY_ERROR, "getpwnam(): name not found: {}", *shown))
            }
        }
    }

    /// Return a list of all available password database entries, in arbitrary order.
    #[function(sig = "()")]
    fn getpwall(th: &Thread) -> PyResult<Owned<List>> {
        let mut all = Vec::new();
        // SAFETY: the GIL keeps the interpreter's other threads from the shared iteration.
        unsafe {
            libc::setpwent();
            while let Some(found) = libc::getpwent().as_ref() {
                match entry(th, found) {
                    Ok(entry) => all.push(entry),
                    Err(raised) => {
                        libc::endpwent();
                        return Err(raised);
                    }
                }
            }
            libc::endpwent();
        }
        List::from_vec(th, all)
    }
}
