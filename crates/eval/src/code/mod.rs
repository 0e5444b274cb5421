//! Code objects: `PyCodeObject`, made from what the compiler produces.
//!
//! The code units at the end of the object are the executed ones: caches in them count, and instructions
//! are replaced by specialised forms; `co_code` shows them as the compiler wrote them. `constants` makes objects of
//! what the compiler gives, `build` makes code objects, `foreign` has those from elsewhere verified before they run,
//! `intern` makes their strings common, `quicken` prepares the units, `attributes`, `lines` and `replace` are what Python sees.
//! The same job as CPython's `Objects/codeobject.c`.

mod attributes;
mod build;
mod constants;
pub mod extras;
pub mod foreign;
mod intern;
mod lines;
mod quicken;
mod replace;

use std::cell::Cell;
use std::ffi::c_void;

use krait_abi as abi;
use krait_bytecode::{ExceptionEntry, find_handler, line_at};
use krait_objects::prelude::*;
use krait_objects::watchers::{self, CodeWatcher};

use crate::monitoring::Hooks;

pub use build::{Parts, empty, new, new_foreign};
pub use constants::{constant_object, from_compiled};
pub use krait_bytecode::Opcode;
pub use lines::location;
pub use quicken::original_bytes;

/// Two bytes of code: opcode and argument, or a unit of an inline cache.
pub type CodeUnit = u16;

/// A code object.
#[pytype(name = "code", symbol = "PyCode_Type", itemsize = 2, weaklist = weakrefs, basicsize = 208,
    new = "(argcount, posonlyargcount, kwonlyargcount, nlocals, stacksize,\n     flags, codestring, constants, names, varnames, filename, name,\n     qualname, firstlineno, linetable, exceptiontable, freevars=(),\n     cellvars=(), /)")]
#[repr(C)]
pub struct Code {
    head: VarHead,
    #[member(readonly, name = "co_consts", kind = "OBJECT")]
    pub consts: Owned<Tuple>,
    #[member(readonly, name = "co_names", kind = "OBJECT")]
    pub names: Owned<Tuple>,
    #[member(readonly, name = "co_exceptiontable", kind = "OBJECT")]
    pub exceptiontable: Owned<Bytes>,
    #[member(readonly, name = "co_flags", kind = "INT")]
    pub flags: i32,
    #[member(readonly, name = "co_argcount", kind = "INT")]
    pub argcount: i32,
    #[member(readonly, name = "co_posonlyargcount", kind = "INT")]
    pub posonlyargcount: i32,
    #[member(readonly, name = "co_kwonlyargcount", kind = "INT")]
    pub kwonlyargcount: i32,
    #[member(readonly, name = "co_stacksize", kind = "INT")]
    pub stacksize: i32,
    #[member(readonly, name = "co_firstlineno", kind = "INT")]
    pub firstlineno: i32,
    /// Locals, cells and free variables together.
    pub nlocalsplus: i32,
    /// Words of a frame for this code.
    pub framesize: i32,
    pub nlocals: i32,
    pub ncellvars: i32,
    pub nfreevars: i32,
    /// What functions made from this code start with as their version.
    pub version: u32,
    pub localsplusnames: Owned<Tuple>,
    pub localspluskinds: Owned<Bytes>,
    #[member(readonly, name = "co_filename", kind = "OBJECT")]
    pub filename: Slot<Str>,
    #[member(readonly, name = "co_name", kind = "OBJECT")]
    pub name: Owned<Str>,
    #[member(readonly, name = "co_qualname", kind = "OBJECT")]
    pub qualname: Owned<Str>,
    #[member(readonly, name = "co_linetable", kind = "OBJECT")]
    pub linetable: Owned<Bytes>,
    weakrefs: Cell<*mut abi::PyObject>,
    executors: Cell<*mut abi::_PyExecutorArray>,
    cached: Cell<*mut abi::_PyCoCached>,
    pub instrumentation_version: Cell<usize>,
    hooks: Hooks,
    /// Whether the code is foreign, and until it runs for the first time the opcode in whose place `OP_ADMIT` stands
    /// (`foreign`). CPython has a use for the field without a GIL only, and -1 in it otherwise.
    deferred: Cell<isize>,
    /// The index of the first instruction that tracing shows: the `RESUME` at the start.
    pub first_traceable: i32,
    extra: Cell<*mut c_void>,
    code_units: [CodeUnit; 4],
}

assert_layout!(Code => abi::PyCodeObject);
const _: () = assert!(
    std::mem::offset_of!(Code, code_units)
        == std::mem::offset_of!(abi::PyCodeObject, co_code_adaptive)
);

/// The types that go with code objects.
pub fn helper_types() -> [&'static Type; 2] {
    [lines::LineIterator::type_object(), lines::PositionsIterator::type_object()]
}

/// What watchers are told of: `PyCodeEvent`.
#[derive(Clone, Copy)]
#[repr(i32)]
enum Event {
    Create,
    Destroy,
}

impl Code {
    /// Tells the watchers of code objects.
    #[inline]
    fn tell(&self, th: &Thread, event: Event) {
        let watchers = &th.interp().watchers.code;
        if !watchers.is_any() {
            return;
        }
        let this = Borrowed::from_ref(self).object();
        // SAFETY: a live code object.
        let call = |watcher: CodeWatcher| unsafe { watcher(event as i32, this.as_ptr().cast()) };
        let describe = |_id| {
            let event = match event {
                Event::Create => "PY_CODE_EVENT_CREATE",
                Event::Destroy => "PY_CODE_EVENT_DESTROY",
            };
            format!(
                "Exception ignored in {event} watcher callback for {}",
                watchers::shown(th, this)
            )
        };
        watchers.tell(th, u8::MAX, call, describe);
    }

    /// The executed code units.
    #[inline(always)]
    pub fn units(&self) -> *const CodeUnit {
        self.code_units.as_ptr()
    }

    /// What tools that listen have done to the code.
    pub fn hooks(&self) -> &Hooks {
        &self.hooks
    }

    /// The number of code units.
    pub fn unit_count(&self) -> usize {
        self.head.size() as usize
    }

    /// A constant.
    ///
    /// # Safety
    /// `index` comes from one of the code's instructions.
    #[inline(always)]
    pub unsafe fn constant(&self, index: usize) -> *mut abi::PyObject {
        // SAFETY: the caller's promise.
        unsafe { item(&self.consts, index) }
    }

    /// An entry of `co_names`.
    ///
    /// # Safety
    /// As for `constant`.
    #[inline(always)]
    pub unsafe fn name(&self, index: usize) -> *mut abi::PyObject {
        // SAFETY: the caller's promise.
        unsafe { item(&self.names, index) }
    }

    /// An entry of `co_localsplusnames`.
    pub fn local_name(&self, index: usize) -> Borrowed<'_, Str> {
        // SAFETY: one name for each local.
        unsafe { Borrowed::from_ptr(item(&self.localsplusnames, index)) }
    }

    /// The kind bits of a local.
    pub fn local_kind(&self, index: usize) -> u8 {
        self.localspluskinds.as_bytes().get(index).copied().unwrap_or(0)
    }

    pub fn filename(&self) -> Borrowed<'_, Str> {
        self.filename.get().unwrap_or(id::empty)
    }

    pub fn has_flag(&self, flag: u32) -> bool {
        self.flags as u32 & flag != 0
    }

    /// The handler of an exception raised at the code unit with this index. The table of code that is still to be verified is not looked at.
    pub fn handler_of(&self, unit: u32) -> Option<ExceptionEntry> {
        if foreign::is_deferred(self) {
            return None;
        }
        find_handler(self.exceptiontable.as_bytes(), unit)
    }

    /// The line of a code unit; before the first one, the line of the definition.
    pub fn line_of_unit(&self, unit: isize) -> Option<i32> {
        if unit < 0 {
            return Some(self.firstlineno);
        }
        line_at(self.linetable.as_bytes(), self.firstlineno, unit as u32)
    }
}

/// # Safety
/// The tuple is longer than `index`.
#[inline(always)]
unsafe fn item(tuple: &Owned<Tuple>, index: usize) -> *mut abi::PyObject {
    // SAFETY: the caller's promise: the items follow the head and the hash.
    unsafe {
        let tuple: *mut abi::PyTupleObject = tuple.as_ptr().cast();
        *(&raw const (*tuple).ob_item).cast::<*mut abi::PyObject>().add(index)
    }
}

/// Gives code and what it contains another file name; code from elsewhere among its constants keeps its own.
pub fn set_filename(code: Borrowed<'_, Code>, filename: Borrowed<'_, Str>) {
    let old = code.filename().to_owned();
    if !old.eq(&filename) {
        replace_filename(code, old.borrow(), filename);
    }
}

fn replace_filename(code: Borrowed<'_, Code>, old: Borrowed<'_, Str>, new: Borrowed<'_, Str>) {
    if !code.filename().eq(&old) {
        return;
    }
    code.filename.set(Some(new.to_owned()));
    for inner in code.consts.as_slice().iter().filter_map(|constant| constant.downcast::<Code>()) {
        replace_filename(inner, old, new);
    }
}
