//! The table that ties special methods to C slots, and both directions of travel along it.
//!
//! A slot filled in C is seen from Python as a wrapper descriptor (`wrappers`); a special method defined
//! in Python is reached from C through a dispatching function in the slot (`dispatch`, and `special` for the call). `fixup` decides
//! which of the two a heap type's slot holds. The same job as `slotdefs` in CPython's `Objects/typeobject.c`.
//!
//! Invariant: 1. a type's slot tables, where its pointers are not null, are whole structs that live as
//! long as the type; slots are written only by the attached thread.

pub mod dispatch;
mod dispatch_binary;
mod fixup;
mod special;
pub(crate) mod table;
pub mod wrappers;

use std::ffi::{CStr, c_char, c_int, c_void};

use krait_abi as abi;

pub use fixup::{fixup_all, fixup_new, set_dispatchers, update_slots};
pub use table::{RUNS, SLOTS};

use crate::assert_layout;
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
///
/// ABI: `struct wrapperbase`. C code copies the line that a wrapper descriptor points to, gives the copy another docstring,
/// and has the descriptor point there: Cython does so for each class with an `__init__`.
#[repr(C)]
pub struct SlotDef {
    c_name: *const c_char,
    /// Of the slot within its table.
    offset: c_int,
    /// The C function that dispatches to the special method; null if another slot's does.
    pub function: *const c_void,
    /// Calls the C function in the slot with a Python method's arguments.
    pub wrapper: Wrapper,
    /// Signature and docstring in the form of `tp_doc`.
    doc: *const c_char,
    /// The table, where C has flags.
    table: c_int,
    pub name: Borrowed<'static, Str>,
}
assert_layout!(SlotDef => abi::wrapperbase);

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
    /// A line that C wrote, for a function of C's that `wrapper` calls.
    pub fn described(
        base: &abi::wrapperbase,
        wrapper: Wrapper,
        name: Borrowed<'static, Str>,
    ) -> SlotDef {
        SlotDef {
            c_name: base.name,
            offset: base.offset,
            function: base.function,
            wrapper,
            doc: base.doc,
            table: 0,
            name,
        }
    }

    pub const fn new(
        c_name: &'static CStr,
        name: Borrowed<'static, Str>,
        place: Place,
        (function, wrapper): (*const c_void, Wrapper),
        doc: &'static CStr,
    ) -> SlotDef {
        SlotDef {
            c_name: c_name.as_ptr(),
            offset: place.offset as c_int,
            function,
            wrapper,
            doc: doc.as_ptr(),
            table: place.table as c_int,
            name,
        }
    }

    pub fn place(&self) -> Place {
        const TABLES: [Table; 6] = [
            Table::Type,
            Table::Async,
            Table::Number,
            Table::Sequence,
            Table::Mapping,
            Table::Buffer,
        ];
        let table = TABLES.get(self.table as usize).copied().unwrap_or(Table::Type);
        Place { table, offset: self.offset as usize }
    }

    /// Signature and docstring in the form of `tp_doc`.
    pub fn doc(&self) -> &str {
        if self.doc.is_null() {
            return "";
        }
        // SAFETY: the table's own text, or what C code put in its copy: a string that lives as long.
        unsafe { CStr::from_ptr(self.doc) }.to_str().unwrap_or("")
    }

    /// The docstring without its signature line.
    pub fn doc_text(&self) -> &str {
        let doc = self.doc();
        doc.split_once("\n--\n\n").map_or(doc, |(_, text)| text)
    }
}
