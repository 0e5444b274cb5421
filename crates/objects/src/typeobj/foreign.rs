//! Static types of C, which outlive the interpreter that made them ready.
//!
//! Their structs lie in a library or program; what making them ready put in there lies in an interpreter's heap. When that
//! goes, the structs become what C wrote, so that a later interpreter makes them ready anew. The reference need not: its
//! heap stays.
//!
//! Invariant: 1. a remembered type lies in a loaded library or program, which is not unloaded while the heap lives.

use std::cell::RefCell;
use std::mem::{offset_of, take};

use krait_abi as abi;

use crate::error::PyResult;
use crate::handle::{Borrowed, Object, Owned};
use crate::thread::Thread;
use crate::typeobj::Type;

const WORD: usize = size_of::<usize>();

/// A type's struct as words; some are several fields.
type Words = [usize; size_of::<abi::PyTypeObject>() / WORD];

/// The references to objects.
const OBJECTS: [usize; 4] = [
    offset_of!(abi::PyTypeObject, tp_dict) / WORD,
    offset_of!(abi::PyTypeObject, tp_bases) / WORD,
    offset_of!(abi::PyTypeObject, tp_mro) / WORD,
    offset_of!(abi::PyTypeObject, tp_subclasses) / WORD,
];

/// The first word that is not of the head.
const FIRST: usize = offset_of!(abi::PyTypeObject, tp_name) / WORD;
const FLAGS: usize = offset_of!(abi::PyTypeObject, tp_flags) / WORD;

struct Foreign {
    place: *mut Words,
    before: Words,
    after: Words,
}

/// The types that were made ready in a heap; they go along when interpreters exchange it.
#[derive(Default)]
pub struct ForeignTypes(RefCell<Vec<Foreign>>);

/// Makes a type of C's ready, which may lie in C's own memory.
pub fn ready(
    th: &Thread,
    ty: Borrowed<'_, Type>,
    body: impl FnOnce() -> PyResult<()>,
) -> PyResult<()> {
    let place: *mut Words = ty.as_ptr().cast();
    // SAFETY: a live type.
    let before = unsafe { *place };
    body()?;
    if before[FLAGS] & abi::Py_TPFLAGS_READY as usize == 0 && is_in_library(place) {
        // As in the reference, such a type never ends, though its struct may have begun without a reference.
        // SAFETY: as above.
        let after = unsafe {
            *place.cast::<u32>() = abi::_Py_IMMORTAL_INITIAL_REFCNT;
            *place
        };
        let mut known = th.interp().foreign_types.0.borrow_mut();
        if known.last().is_none_or(|last| last.place != place) {
            known.push(Foreign { place, before, after });
        }
    }
    Ok(())
}

/// Some C code passes static types off as heap types while they are made ready: where it lies tells.
fn is_in_library(place: *const Words) -> bool {
    // SAFETY: `dladdr` only looks the address up.
    unsafe {
        let mut found: libc::Dl_info = std::mem::zeroed();
        libc::dladdr(place.cast(), &mut found) != 0
    }
}

impl Foreign {
    /// Takes out what lies in the heap.
    fn empty(&self) -> [*mut abi::PyObject; OBJECTS.len()] {
        // SAFETY: (1).
        unsafe {
            let words = &mut *self.place;
            let made = self.after[FLAGS] & !self.before[FLAGS];
            words[FLAGS] &= !(made | abi::Py_TPFLAGS_READY as usize);
            (*self.place.cast::<abi::PyTypeObject>()).tp_version_tag = 0;
            (*self.place.cast::<abi::PyTypeObject>()).tp_versions_used = 0;
            OBJECTS.map(|at| take(&mut words[at]) as *mut abi::PyObject)
        }
    }

    /// What C has changed since is C's business.
    fn restore(&self) {
        self.empty();
        // SAFETY: (1).
        let words = unsafe {
            (*self.place.cast::<abi::PyTypeObject>()).tp_weaklist = std::ptr::null_mut();
            &mut *self.place
        };
        for at in (FIRST..words.len()).filter(|&at| at != FLAGS) {
            if words[at] == self.after[at] {
                words[at] = self.before[at];
            }
        }
    }
}

impl ForeignTypes {
    /// Gives back what the types own; for a heap that does not go as a whole.
    pub fn release(&self) {
        let owned: Vec<_> = self.0.borrow().iter().flat_map(Foreign::empty).collect();
        for ob in owned {
            // SAFETY: the type's own reference. No type has any of them now.
            drop(unsafe { Owned::<Object>::from_ptr_or_null(ob) });
        }
    }
}

impl Drop for ForeignTypes {
    fn drop(&mut self) {
        for foreign in self.0.get_mut() {
            foreign.restore();
        }
    }
}
