//! Static objects and tables: C structs that live in the program's own data.
//!
//! Types such as `PyList_Type` are static variables that the runtime writes to (a type's
//! dictionary, its version, …), and tables of methods hold raw pointers; neither is `Sync` by
//! itself. [`Static`] is the one wrapper for both.

use std::cell::UnsafeCell;

use crate::{PyGetSetDef, PyMemberDef, PyMethodDef};

/// A C struct in static, writable memory, with the struct's own layout.
///
/// It hands out only raw pointers. Who goes through them holds the GIL of an interpreter, or
/// runs before a second thread can exist.
#[repr(transparent)]
pub struct Static<T>(UnsafeCell<T>);

// SAFETY: the address is all that is shared; using it is unsafe and under the rule above.
unsafe impl<T> Sync for Static<T> {}

impl<T> Static<T> {
    pub const fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }

    /// The struct's address, as C's `&PyList_Type`.
    pub const fn get(&self) -> *mut T {
        self.0.get()
    }
}

impl PyMethodDef {
    /// What ends a table of methods.
    pub const END: Self = Self::EMPTY;
}

impl PyGetSetDef {
    /// What ends a table of computed attributes.
    pub const END: Self = Self::EMPTY;
}

impl PyMemberDef {
    /// What ends a table of members.
    pub const END: Self = Self::EMPTY;
}
