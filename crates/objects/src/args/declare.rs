//! Tables of types and modules, put together at compile time.
//!
//! `#[pymethods]` gives `Part`s, `#[pytype]` a `Header`; what comes out is the bytes of a `PyTypeObject` and of
//! the tables it points to, so start-up writes nothing.
//!
//! Invariants:
//! 1. C calls the functions of a type's slots with objects of that type, on an attached thread.

use std::ffi::{c_char, c_int, c_void};
use std::ptr;

use krait_abi as abi;

use super::convert::ToObject;
use crate::error::PyResult;
use crate::gc::{self, Visit, Visitor};
use crate::handle::{Borrowed, Instance, Slot};
use crate::module::Module;
use crate::thread::Thread;
use crate::typeobj;

/// The slots of a type, in all their tables.
#[derive(Clone, Copy)]
pub struct Slots {
    pub ty: abi::PyTypeObject,
    pub number: abi::PyNumberMethods,
    pub sequence: abi::PySequenceMethods,
    pub mapping: abi::PyMappingMethods,
    pub asynchronous: abi::PyAsyncMethods,
    pub buffer: abi::PyBufferProcs,
}

impl Slots {
    pub const EMPTY: Slots = Slots {
        ty: abi::PyTypeObject::EMPTY,
        number: abi::PyNumberMethods::EMPTY,
        sequence: abi::PySequenceMethods::EMPTY,
        mapping: abi::PyMappingMethods::EMPTY,
        asynchronous: abi::PyAsyncMethods::EMPTY,
        buffer: abi::PyBufferProcs::EMPTY,
    };
}

/// What one `#[pymethods]` block declares.
pub struct Part {
    pub slots: Slots,
    pub methods: &'static [abi::PyMethodDef],
    pub getset: &'static [abi::PyGetSetDef],
}

/// The blocks of a type: implemented by the main `#[pymethods]` block.
pub trait TypeDecl {
    const PARTS: &'static [Part];
}

/// The name of a type as its own messages show it: without the module.
pub trait TypeName {
    const NAME: &'static str;
}

/// A type with a static type object.
pub trait StaticTypeOf {
    /// Its address.
    const TYPE: *mut abi::PyTypeObject;
    /// Its content before it is readied.
    const INITIAL: abi::PyTypeObject;
}

/// What a type is apart from its slots.
pub struct Header {
    pub name: *const c_char,
    pub doc: *const c_char,
    pub basicsize: isize,
    pub itemsize: isize,
    pub flags: u64,
    pub base: *mut abi::PyTypeObject,
    /// Nothing but `object` to inherit from.
    pub has_plain_base: bool,
    pub metatype: *mut abi::PyTypeObject,
    /// Offsets of fields, 0 for none.
    pub weaklist: isize,
    pub dict: isize,
    pub vectorcall: isize,
    pub members: *mut abi::PyMemberDef,
    /// What the struct's fields give, unless a slot says otherwise.
    pub dealloc: unsafe extern "C" fn(*mut abi::PyObject),
    pub traverse: abi::traverseproc,
    pub clear: abi::inquiry,
}

/// Where the tables of a type lie.
pub struct Tables {
    pub methods: *mut abi::PyMethodDef,
    pub getset: *mut abi::PyGetSetDef,
    pub number: *mut abi::PyNumberMethods,
    pub sequence: *mut abi::PySequenceMethods,
    pub mapping: *mut abi::PyMappingMethods,
    pub asynchronous: *mut abi::PyAsyncMethods,
    pub buffer: *mut abi::PyBufferProcs,
}

/// For a table's slots: `$join` overlays one table on another, `$used` tells whether any slot is set.
macro_rules! table {
    ($join:ident, $used:ident, $ty:ident: $($slot:ident)*) => {
        const fn $join(mut into: abi::$ty, from: &abi::$ty) -> abi::$ty {
            $(
                if from.$slot.is_some() {
                    assert!(into.$slot.is_none(), concat!(stringify!($slot), " is given twice"));
                    into.$slot = from.$slot;
                }
            )*
            into
        }

        #[allow(dead_code)]
        const fn $used(table: &abi::$ty) -> bool {
            $(table.$slot.is_some())||*
        }
    };
}

table!(join_type, type_used, PyTypeObject:
    tp_dealloc tp_getattr tp_setattr tp_repr tp_hash tp_call tp_str tp_getattro tp_setattro tp_traverse
    tp_clear tp_richcompare tp_iter tp_iternext tp_descr_get tp_descr_set tp_init tp_alloc tp_new tp_free
    tp_is_gc tp_del tp_finalize tp_vectorcall);
table!(join_number, number_used, PyNumberMethods:
    nb_add nb_subtract nb_multiply nb_remainder nb_divmod nb_power nb_negative nb_positive nb_absolute
    nb_bool nb_invert nb_lshift nb_rshift nb_and nb_xor nb_or nb_int nb_float nb_inplace_add
    nb_inplace_subtract nb_inplace_multiply nb_inplace_remainder nb_inplace_power nb_inplace_lshift
    nb_inplace_rshift nb_inplace_and nb_inplace_xor nb_inplace_or nb_floor_divide nb_true_divide
    nb_inplace_floor_divide nb_inplace_true_divide nb_index nb_matrix_multiply nb_inplace_matrix_multiply);
table!(join_sequence, sequence_used, PySequenceMethods:
    sq_length sq_concat sq_repeat sq_item sq_ass_item sq_contains sq_inplace_concat sq_inplace_repeat);
table!(join_mapping, mapping_used, PyMappingMethods: mp_length mp_subscript mp_ass_subscript);
table!(join_async, async_used, PyAsyncMethods: am_await am_aiter am_anext am_send);
table!(join_buffer, buffer_used, PyBufferProcs: bf_getbuffer bf_releasebuffer);

/// The slots of all parts.
pub const fn join_slots(parts: &[Part]) -> Slots {
    let mut all = Slots::EMPTY;
    let mut at = 0;
    while at < parts.len() {
        let part = &parts[at].slots;
        all = Slots {
            ty: join_type(all.ty, &part.ty),
            number: join_number(all.number, &part.number),
            sequence: join_sequence(all.sequence, &part.sequence),
            mapping: join_mapping(all.mapping, &part.mapping),
            asynchronous: join_async(all.asynchronous, &part.asynchronous),
            buffer: join_buffer(all.buffer, &part.buffer),
        };
        at += 1;
    }
    all
}

/// For a field of the parts that is a table: `$count` its entries, `$join` them into one, with an empty entry
/// as the end.
macro_rules! entries {
    ($count:ident, $join:ident, $part:ident . $field:ident: $ty:ident) => {
        pub const fn $count(parts: &[$part]) -> usize {
            let (mut at, mut count) = (0, 0);
            while at < parts.len() {
                count += parts[at].$field.len();
                at += 1;
            }
            count
        }

        pub const fn $join<const N: usize>(parts: &[$part]) -> [abi::$ty; N] {
            let mut all = [abi::$ty::EMPTY; N];
            let (mut part, mut count) = (0, 0);
            while part < parts.len() {
                let entries = parts[part].$field;
                let mut at = 0;
                while at < entries.len() {
                    all[count] = entries[at];
                    count += 1;
                    at += 1;
                }
                part += 1;
            }
            all
        }
    };
}

entries!(count_methods, join_methods, Part.methods: PyMethodDef);
entries!(count_getset, join_getset, Part.getset: PyGetSetDef);
entries!(count_functions, join_functions, ModulePart.methods: PyMethodDef);

/// The initial content of a static type.
pub const fn type_object(header: Header, slots: Slots, tables: Tables) -> abi::PyTypeObject {
    let mut ty = slots.ty;
    ty.ob_base = abi::PyVarObject_HEAD_INIT(header.metatype, 0);
    ty.tp_name = header.name;
    ty.tp_doc = header.doc;
    ty.tp_basicsize = header.basicsize;
    ty.tp_itemsize = header.itemsize;
    ty.tp_flags = header.flags;
    ty.tp_base = header.base;
    ty.tp_weaklistoffset = header.weaklist;
    ty.tp_dictoffset = header.dict;
    ty.tp_vectorcall_offset = header.vectorcall;
    if header.vectorcall != 0 {
        ty.tp_flags |= abi::Py_TPFLAGS_HAVE_VECTORCALL;
        if ty.tp_call.is_none() {
            ty.tp_call = Some(crate::protocol::call::vectorcall_call);
        }
    }
    // An iterator's iterator is itself, unless it says otherwise or has a base that may.
    if header.has_plain_base && ty.tp_iternext.is_some() && ty.tp_iter.is_none() {
        ty.tp_iter = Some(crate::protocol::iter::self_iter);
    }
    ty.tp_members = header.members;
    ty.tp_methods = tables.methods;
    ty.tp_getset = tables.getset;
    if ty.tp_dealloc.is_none() {
        ty.tp_dealloc = Some(header.dealloc);
    }
    if ty.tp_traverse.is_none() {
        ty.tp_traverse = header.traverse;
    }
    if ty.tp_clear.is_none() {
        ty.tp_clear = header.clear;
    }
    if number_used(&slots.number) {
        ty.tp_as_number = tables.number;
    }
    if sequence_used(&slots.sequence) {
        ty.tp_as_sequence = tables.sequence;
    }
    if mapping_used(&slots.mapping) {
        ty.tp_as_mapping = tables.mapping;
    }
    if async_used(&slots.asynchronous) {
        ty.tp_as_async = tables.asynchronous;
    }
    if buffer_used(&slots.buffer) {
        ty.tp_as_buffer = tables.buffer;
    }
    ty
}

/// `tp_traverse` of the `#[visit]` fields.
///
/// # Safety
/// (1).
pub unsafe extern "C" fn traverse<T: Visit>(
    ob: *mut abi::PyObject,
    visit: abi::visitproc,
    arg: *mut c_void,
) -> c_int {
    // SAFETY: (1).
    unsafe { (*ob.cast::<T>()).visit(&mut Visitor::new(visit, arg)) }
}

/// `tp_clear` of the `#[visit]` fields.
///
/// # Safety
/// (1).
pub unsafe extern "C" fn clear<T: Visit>(ob: *mut abi::PyObject) -> c_int {
    // SAFETY: (1).
    unsafe { (*ob.cast::<T>()).clear() };
    0
}

/// `tp_dealloc`: finalises, untracks, clears weak references, drops the fields in order, frees.
///
/// # Safety
/// (1), and the object's last reference is gone.
pub unsafe extern "C" fn dealloc<T: Instance>(ob: *mut abi::PyObject) {
    // SAFETY: the caller's promise.
    unsafe {
        if T::type_object().raw().tp_finalize.is_some() && typeobj::alloc::call_finalizer(ob) {
            return;
        }
        dealloc_unfinalized::<T>(ob);
    }
}

/// As `dealloc`, for types whose own instances have nothing to finalise.
///
/// # Safety
/// As for `dealloc`.
#[inline(always)]
pub unsafe fn dealloc_unfinalized<T: Instance>(ob: *mut abi::PyObject) {
    // The declared type, with what it inherits: a subtype has cleared what it added before it comes here.
    let own = T::type_object().raw();
    // SAFETY: (1): nobody else holds the object; its memory is its type's to free.
    unsafe {
        detach(ob, own);
        ptr::drop_in_place(ob.cast::<T>());
        free(ob);
    }
}

/// Hides an object from the collector and from weak references. Not generic, as each type has a copy of what calls it.
///
/// # Safety
/// The last reference to `ob`, an instance of `own`, is gone.
#[inline(never)]
unsafe fn detach(ob: *mut abi::PyObject, own: &abi::PyTypeObject) {
    // SAFETY: the caller's promise.
    unsafe {
        if own.tp_flags & abi::Py_TPFLAGS_HAVE_GC != 0 {
            gc::untrack_raw(ob);
        }
        let weak = own.tp_weaklistoffset;
        if weak > 0 && !(*ob.byte_offset(weak).cast::<*mut abi::PyObject>()).is_null() {
            crate::weakref::clear_references(ob);
        }
    }
}

/// Gives the memory of an object back whose fields are dropped. Not generic, as `detach`.
///
/// # Safety
/// As for `detach`, and `ob` is not tracked.
#[inline(never)]
pub(crate) unsafe fn free(ob: *mut abi::PyObject) {
    // SAFETY: the caller's promise.
    unsafe {
        let ty = (*ob).ob_type;
        let Some(free) = (*ty).tp_free else { return };
        if free as usize == gc::gc_del as *const () as usize
            && (*ty).tp_flags & abi::Py_TPFLAGS_PREHEADER == 0
            && (*ty).tp_flags & abi::Py_TPFLAGS_HAVE_GC != 0
        {
            return gc::free_plain(ob);
        }
        free(ob.cast());
    }
}

/// The kind of member that a field is (`Py_T_*`).
pub trait MemberKind {
    const KIND: c_int;
}

impl<T> MemberKind for Slot<T> {
    const KIND: c_int = abi::_Py_T_OBJECT;
}

impl<T: MemberKind> MemberKind for std::cell::Cell<T> {
    const KIND: c_int = T::KIND;
}

macro_rules! member_kinds {
    ($($ty:ty = $kind:ident),* $(,)?) => {$(
        impl MemberKind for $ty {
            const KIND: c_int = abi::$kind;
        }
    )*};
}

member_kinds! {
    bool = Py_T_BOOL, i8 = Py_T_BYTE, u8 = Py_T_UBYTE, i16 = Py_T_SHORT, u16 = Py_T_USHORT, i32 = Py_T_INT,
    u32 = Py_T_UINT, i64 = Py_T_LONG, u64 = Py_T_ULONG, isize = Py_T_PYSSIZET, f32 = Py_T_FLOAT,
    f64 = Py_T_DOUBLE, *const c_char = Py_T_STRING,
}

/// A step of a module's execution.
pub type Execute = fn(Borrowed<'_, Module>, &Thread) -> PyResult<()>;

/// What one `#[pyfunctions]` block declares.
pub struct ModulePart {
    pub methods: &'static [abi::PyMethodDef],
    /// Adds the block's constants and runs its `#[exec]` functions.
    pub execute: Option<Execute>,
}

/// The blocks of a module: implemented by the main `#[pyfunctions]` block.
pub trait ModuleDecl {
    const PARTS: &'static [ModulePart];
}

/// `Py_mod_exec` of a module: its parts in order.
///
/// # Safety
/// Called with the module, on an attached thread.
pub unsafe extern "C" fn execute<M: ModuleDecl>(module: *mut abi::PyObject) -> c_int {
    super::shim::status(|th| {
        // SAFETY: the caller's promise.
        let module: Borrowed<'_, Module> = unsafe { Borrowed::from_ptr(module) };
        M::PARTS.iter().filter_map(|part| part.execute).try_for_each(|execute| execute(module, th))
    })
}

/// Binds a constant in the module.
pub fn add_constant(
    th: &Thread,
    module: Borrowed<'_, Module>,
    name: &str,
    value: impl ToObject,
) -> PyResult<()> {
    let value = value.to_object(th)?;
    module.add(th, name, value.borrow())
}

/// Every module of ours runs in any interpreter and under its own GIL, but needs one.
pub const fn module_slots(
    execute: unsafe extern "C" fn(*mut abi::PyObject) -> c_int,
) -> [abi::PyModuleDef_Slot; 4] {
    [
        abi::PyModuleDef_Slot { slot: abi::Py_mod_exec, value: execute as *mut c_void },
        abi::PyModuleDef_Slot {
            slot: abi::Py_mod_multiple_interpreters,
            value: abi::Py_MOD_PER_INTERPRETER_GIL_SUPPORTED,
        },
        abi::PyModuleDef_Slot { slot: abi::Py_mod_gil, value: abi::Py_MOD_GIL_USED },
        abi::PyModuleDef_Slot::EMPTY,
    ]
}

pub const fn module_definition(
    name: *const c_char,
    doc: *const c_char,
    methods: *mut abi::PyMethodDef,
    slots: *mut abi::PyModuleDef_Slot,
) -> abi::PyModuleDef {
    abi::PyModuleDef {
        m_base: abi::PyModuleDef_HEAD_INIT,
        m_name: name,
        m_doc: doc,
        m_size: 0,
        m_methods: methods,
        m_slots: slots,
        m_traverse: None,
        m_clear: None,
        m_free: None,
    }
}
