//! `grp`: the groups that the system knows.
//!
//! The same job as CPython's `Modules/grpmodule.c`.

use krait_objects::prelude::*;
use krait_objects::structseq::{Field, StructSequence};

use crate::accounts::{self, Walk};
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
        accounts::required(th, found, "getgrgid(): gid", || object::str(th, id))
    }

    /// Look a group up by its name. KeyError if there is none.
    #[function(sig = "(name)")]
    fn getgrnam(th: &Thread, name: Borrowed<'_, Str>) -> PyResult {
        let text = accounts::c_name(th, name)?;
        // SAFETY: a terminated name; room for the answer and its strings.
        let found = accounts::look_up(
            th,
            |place, buffer, room, found| unsafe {
                libc::getgrnam_r(text.as_ptr(), place, buffer, room, found)
            },
            entry,
        )?;
        accounts::required(th, found, "getgrnam(): name", || object::repr(th, name.object()))
    }

    /// A list of the entries of all groups, in no particular order.
    #[function(sig = "()")]
    fn getgrall(th: &Thread) -> PyResult<Owned<List>> {
        let walk = Walk { start: libc::setgrent, next: libc::getgrent, end: libc::endgrent };
        accounts::all(th, &walk, entry)
    }
}
