//! `grp`: the groups that the system knows.
//!
//! The same job as CPython's `Modules/grpmodule.c`.

use std::ffi::CString;

use krait_eval::gil::without_gil;
use krait_objects::prelude::*;
use krait_objects::structseq::{Field, StructSequence};

use crate::posix::path::{NO_NAMES, c_bytes, failed, owner_id};

/// Access to the Unix group database.
///
/// An entry is a tuple of group name, password, group number and the list of its members' names.
#[pymodule(name = "grp")]
pub struct Grp;

static FIELDS: [Field; 4] = [
    Field { name: "gr_name", doc: "group name" },
    Field { name: "gr_passwd", doc: "password" },
    Field { name: "gr_gid", doc: "group id" },
    Field { name: "gr_mem", doc: "group members" },
];

fn entry_type(th: &Thread) -> PyResult<Owned<Type>> {
    let doc = "grp.struct_group: Results from getgr*() routines.";
    StructSequence::new_type(th, "grp.struct_group", doc, &FIELDS, 4)
}

/// An entry as the system gives it; its strings are copied at once.
fn entry(th: &Thread, found: &libc::group) -> PyResult {
    // SAFETY: the strings live in the caller's buffer.
    let text = |text: *const libc::c_char| unsafe {
        Str::from_fs_bytes(th, c_bytes(text)).map(Owned::into_object)
    };
    let mut members = Vec::new();
    let mut next = found.gr_mem;
    // SAFETY: an array of strings that ends with null; it may not be aligned, or missing.
    unsafe {
        while !next.is_null() {
            let member = next.read_unaligned();
            if member.is_null() {
                break;
            }
            members.push(text(member)?);
            next = next.add(1);
        }
    }
    // The number -1 is what marks the absence of a group.
    let gid = if found.gr_gid == u32::MAX { -1 } else { i64::from(found.gr_gid) };
    let values = vec![
        text(found.gr_name)?,
        if found.gr_passwd.is_null() { none().to_owned() } else { text(found.gr_passwd)? },
        Int::from_i64(th, gid)?.into_object(),
        List::from_vec(th, members)?.into_object(),
    ];
    StructSequence::new(th, entry_type(th)?.borrow(), values).map(Owned::into_object)
}

type Found = *mut libc::group;

/// Asks with a buffer that grows until the answer fits; nothing if there is no such group.
fn look_up(
    th: &Thread,
    ask: impl Fn(Found, *mut libc::c_char, usize, *mut Found) -> i32,
) -> PyResult<Option<Owned>> {
    let mut room = 1024;
    loop {
        let mut buffer = vec![0u8; room];
        // SAFETY: all zeros are valid.
        let mut place: libc::group = unsafe { std::mem::zeroed() };
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
impl Grp {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        module.add(th, "struct_group", entry_type(th)?.object())
    }

    /// Return the group database entry for the given numeric group ID.
    ///
    /// If id is not valid, raise KeyError.
    #[function(sig = "(id)")]
    fn getgrgid(th: &Thread, id: Borrowed<'_>) -> PyResult {
        let gid = owner_id(th, id, "gid")?;
        // SAFETY: room for the answer and its strings.
        let found = look_up(th, |place, buffer, room, found| unsafe {
            libc::getgrgid_r(gid, place, buffer, room, found)
        })?;
        match found {
            Some(found) => Ok(found),
            None => {
                let shown = object::str(th, id)?;
                Err(raise!(th, KEY_ERROR, "getgrgid(): gid not found: {}", *shown))
            }
        }
    }

    /// Return the group database entry for the given group name.
    ///
    /// If name is not valid, raise KeyError.
    #[function(sig = "(name)")]
    fn getgrnam(th: &Thread, name: Borrowed<'_, Str>) -> PyResult {
        let text = CString::new(name.to_fs_bytes(th)?)
            .map_err(|_| th.raise(exc::VALUE_ERROR, "embedded null byte"))?;
        // SAFETY: a terminated name; room for the answer and its strings.
        let found = look_up(th, |place, buffer, room, found| unsafe {
            libc::getgrnam_r(text.as_ptr(), place, buffer, room, found)
        })?;
        match found {
            Some(found) => Ok(found),
            None => {
                let shown = object::repr(th, name.object())?;
                Err(raise!(th, KEY_ERROR, "getgrnam(): name not found: {}", *shown))
            }
        }
    }

    /// Return a list of all available group entries, in arbitrary order.
    #[function(sig = "()")]
    fn getgrall(th: &Thread) -> PyResult<Owned<List>> {
        let mut all = Vec::new();
        // SAFETY: the GIL keeps the interpreter's other threads from the shared iteration.
        unsafe {
            libc::setgrent();
            while let Some(found) = libc::getgrent().as_ref() {
                match entry(th, found) {
                    Ok(entry) => all.push(entry),
                    Err(raised) => {
                        libc::endgrent();
                        return Err(raised);
                    }
                }
            }
            libc::endgrent();
        }
        List::from_vec(th, all)
    }
}
