//! `grp`: the groups that the system knows.
//!
//! The same job as CPython's `Modules/grpmodule.c`.

use std::ffi::CString;

use krait_objects::prelude::*;
use krait_objects::structseq::{Field, StructSequence};

use crate::accounts;
use crate::posix::path::owner_id;

/// The group database of the system.
///
/// An entry is a tuple of group name, password, group number and the list of its members' names.
#[pymodule(name = "grp")]
pub struct Grp;

static FIELDS: [Field; 4] = [
    Field { name: "gr_name", doc: "name of the group" },
    Field { name: "gr_passwd", doc: "password" },
    Field { name: "gr_gid", doc: "number of the group" },
    Field { name: "gr_mem", doc: "names of the members" },
];

fn entry_type(th: &Thread) -> PyResult<Owned<Type>> {
    let doc = "grp.struct_group: An entry of the group database.";
    StructSequence::new_type(th, "grp.struct_group", doc, &FIELDS, 4)
}

/// An entry as the system gives it; its strings are copied at once.
fn entry(th: &Thread, found: &libc::group) -> PyResult {
    // SAFETY: the strings live in the caller's buffer.
    let text = |text: *const libc::c_char| unsafe { accounts::text(th, text) };
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
    let values = vec![
        text(found.gr_name)?,
        text(found.gr_passwd)?,
        accounts::number(th, found.gr_gid)?,
        List::from_vec(th, members)?.into_object(),
    ];
    StructSequence::new(th, entry_type(th)?.borrow(), values).map(Owned::into_object)
}

#[pyfunctions]
impl Grp {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        module.add(th, "struct_group", entry_type(th)?.object())
    }

    /// Look a group up by its number. KeyError if there is none.
    #[function(sig = "(id)")]
    fn getgrgid(th: &Thread, id: Borrowed<'_>) -> PyResult {
        let gid = owner_id(th, id, "gid")?;
        // SAFETY: room for the answer and its strings.
        let found = accounts::look_up(
            th,
            |place, buffer, room, found| unsafe {
                libc::getgrgid_r(gid, place, buffer, room, found)
            },
            entry,
        )?;
        match found {
            Some(found) => Ok(found),
            None => {
                let shown = object::str(th, id)?;
                Err(raise!(th, KEY_ERROR, "getgrgid(): gid not found: {}", *shown))
            }
        }
    }

    /// Look a group up by its name. KeyError if there is none.
    #[function(sig = "(name)")]
    fn getgrnam(th: &Thread, name: Borrowed<'_, Str>) -> PyResult {
        let text = CString::new(name.to_fs_bytes(th)?)
            .map_err(|_| th.raise(exc::VALUE_ERROR, "embedded null byte"))?;
        // SAFETY: a terminated name; room for the answer and its strings.
        let found = accounts::look_up(
            th,
            |place, buffer, room, found| unsafe {
                libc::getgrnam_r(text.as_ptr(), place, buffer, room, found)
            },
            entry,
        )?;
        match found {
            Some(found) => Ok(found),
            None => {
                let shown = object::repr(th, name.object())?;
                Err(raise!(th, KEY_ERROR, "getgrnam(): name not found: {}", *shown))
            }
        }
    }

    /// A list of the entries of all groups, in no particular order.
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
