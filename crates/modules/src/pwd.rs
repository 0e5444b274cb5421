//! `pwd`: the users that the system knows.
//!
//! The same job as CPython's `Modules/pwdmodule.c`.

use krait_objects::prelude::*;
use krait_objects::structseq::{Field, StructSequence};

use crate::accounts::{self, Walk};
use crate::posix::path::owner_id;

/// The user accounts that the system knows.
///
/// An entry is a tuple of login name, password, user and group number, real name, home folder and shell.
#[pymodule(name = "pwd")]
pub struct Pwd;

static FIELDS: [Field; 7] = [
    Field { name: "pw_name", doc: "name of the user" },
    Field { name: "pw_passwd", doc: "password" },
    Field { name: "pw_uid", doc: "number of the user" },
    Field { name: "pw_gid", doc: "number of the main group" },
    Field { name: "pw_gecos", doc: "full name" },
    Field { name: "pw_dir", doc: "home folder" },
    Field { name: "pw_shell", doc: "shell that login starts" },
];

fn entry_type(th: &Thread) -> PyResult<Owned<Type>> {
    let doc = "pwd.struct_passwd: An entry of the password database.";
    StructSequence::new_type(th, "pwd.struct_passwd", doc, &FIELDS, 7)
}

/// An entry as the system gives it; its strings are copied at once.
fn entry(th: &Thread, found: &libc::passwd) -> PyResult {
    // SAFETY: the strings live in the caller's buffer.
    let text = |text: *const libc::c_char| unsafe { accounts::text(th, text) };
    let values = vec![
        text(found.pw_name)?,
        text(found.pw_passwd)?,
        accounts::number(th, found.pw_uid)?,
        accounts::number(th, found.pw_gid)?,
        text(found.pw_gecos)?,
        text(found.pw_dir)?,
        text(found.pw_shell)?,
    ];
    StructSequence::new(th, entry_type(th)?.borrow(), values).map(Owned::into_object)
}

#[pyfunctions]
impl Pwd {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        module.add(th, "struct_passwd", entry_type(th)?.object())
    }

    /// Look a user up by number. KeyError if there is none.
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
            Some(uid) => accounts::look_up(
                th,
                // SAFETY: room for the answer and its strings.
                |place, buffer, room, found| unsafe {
                    libc::getpwuid_r(uid, place, buffer, room, found)
                },
                entry,
            )?,
            None => None,
        };
        accounts::required(th, found, "getpwuid(): uid", || object::str(th, uidobj))
    }

    /// Look a user up by login name. KeyError if there is none.
    #[function(sig = "(name, /)")]
    fn getpwnam(th: &Thread, name: Borrowed<'_, Str>) -> PyResult {
        let text = accounts::c_name(th, name)?;
        // SAFETY: a terminated name; room for the answer and its strings.
        let found = accounts::look_up(
            th,
            |place, buffer, room, found| unsafe {
                libc::getpwnam_r(text.as_ptr(), place, buffer, room, found)
            },
            entry,
        )?;
        accounts::required(th, found, "getpwnam(): name", || object::repr(th, name.object()))
    }

    /// A list of the entries of all users, in no particular order.
    #[function(sig = "()")]
    fn getpwall(th: &Thread) -> PyResult<Owned<List>> {
        let walk = Walk { start: libc::setpwent, next: libc::getpwent, end: libc::endpwent };
        accounts::all(th, &walk, entry)
    }
}
