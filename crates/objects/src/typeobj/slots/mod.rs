//! The table that ties special methods to C slots, and both directions of travel along it.
//!
//! A slot filled in C is seen from Python as a wrapper descriptor (`wrappers`); a special method defined
//! in Python is reached from C through a dispatching function in the slot (`dispatch`). `fixup` decides
//! which of the two a heap type's slot holds. The same job as `slotdefs` in CPython's `Objects/typeobject.c`.
//!
//! Invariant: 1. a type's slot tables, where its pointers are not null, are whole structs that live as
//! long as the type; slots are written only by the attached thread.

pub mod dispatch;
mod dispatch_binary;
mod fixup;
mod table;
pub mod wrappers;

use std::ffi::c_void;

use krait_abi as abi;

pub use fixup::{fixup_all, fixup_new, set_dispatchers, update_slots};
pub use table::SLOTS;

use crate::handle::Borrowed;
use crate::str::Str;
use crate::typeobj::slots::wrappers::Wrapper;

/// Which struct a slot lies in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Table {
    Type,
    Async,
    Number,
    Sequence,
    Mapping,
    Buffer,
}

/// Where a slot lies: a table and an offset in it, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    pub table: Table,
    pub offset: usize,
}

/// One line of the table: a special method and the slot it belongs to.
pub struct SlotDef {
    pub name: Borrowed<'static, Str>,
    pub place: Place,
    /// The C function that dispatches to the special method; null if another slot's does.
    pub function: *const c_void,
    /// Calls the C function in the slot with a Python method's arguments.
    pub wrapper: Wrapper,
    /// Signature and docstring in the form of `tp_doc`.
    pub doc: &'static str,
}

// SAFETY: the table is constant; its pointers are functions and static strings.
unsafe impl Sync for SlotDef {}

impl Table {
    /// The struct in `ty`, null if it has none.
    ///
    /// # Safety
    /// `ty` points to a live type.
    pub unsafe fn of(self, ty: *mut abi::PyTypeObject) -> *mut u8 {
        // SAFETY: (1), the caller's promise.
        unsafe {
            match self {
                Table::Type => ty.cast(),
                Table::Async => (*ty).tp_as_async.cast(),
                Table::Number => (*ty).tp_as_number.cast(),
                Table::Sequence => (*ty).tp_as_sequence.cast(),
                Table::Mapping => (*ty).tp_as_mapping.cast(),
                Table::Buffer => (*ty).tp_as_buffer.cast(),
            }
        }
    }
}

impl Place {
    /// The slot of `ty`, or null if `ty` lacks the table it lies in.
    ///
    /// # Safety
    /// `ty` points to a live type.
    pub unsafe fn of(self, ty: *mut abi::PyTypeObject) -> *mut *const c_void {
        // SAFETY: the caller's promise.
        let table = unsafe { self.table.of(ty) };
        if table.is_null() {
            return std::ptr::null_mut();
        }
        // SAFETY: (1): the offset is that of a field of the table.
        unsafe { table.add(self.offset).cast() }
    }

    /// The slot's content, null if there is no table.
    ///
    /// # Safety
    /// As for `of`.
    pub unsafe fn read(self, ty: *mut abi::PyTypeObject) -> *const c_void {
        // SAFETY: the caller's promise.
        unsafe {
            let slot = self.of(ty);
            if slot.is_null() { std::ptr::null() } else { *slot }
        }
    }
}

impl SlotDef {
    /// The docstring without its signature line.
    pub fn doc_text(&self) -> &'static str {
        self.doc.split_once("\n--\n\n").map_or(self.doc, |(_, text)| text)
    }
}
