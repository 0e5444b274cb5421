//! `PyType_Ready`: makes a type object, static or new on the heap, complete.
//!
//! A static type is completed once for the process: slots inherited, order of resolution. Its dictionary, which each
//! interpreter has its own of, is filled when somebody first looks into it: most of a program's types are never asked. The
//! same job as `type_ready` in CPython's `Objects/typeobject.c`.
//!
//! Invariant: 1. the type struct is written by one thread at a time: static types under `STATICS`, heap types
//! before anyone else knows them.

use std::sync::atomic::{Ordering, fence};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use krait_abi as abi;

use crate::dict::Dict;
use crate::error::PyResult;
use crate::exceptions::exc;
use crate::handle::{Borrowed, Instance, Object, Owned};
use crate::ids::id;
use crate::singletons::none;
use crate::str::Str;
use crate::thread::Thread;
use crate::tuple::Tuple;
use crate::typeobj::slots::SLOTS;
use crate::typeobj::state::{FIRST_FOREIGN_VERSION, static_state};
use crate::typeobj::{Type, contents, foreign, inherit, mro, slots, subclasses};

/// The static types that are ready, with what each filled itself before it inherited.
static STATICS: Mutex<Vec<(&Type, OwnSlots)>> = Mutex::new(Vec::new());

/// How many of them every interpreter has from its start: those that the first one has.
static CORE: OnceLock<usize> = OnceLock::new();

/// A bit for each line of `SLOTS`, and `NO_HASH`.
pub type OwnSlots = u128;

/// The type says with neither slot nor method what its hash is: its instances have none.
const NO_HASH: OwnSlots = 1 << 127;

const _: () = assert!(SLOTS.len() < 127);

/// Completes `ty` if it is not complete yet.
pub fn ready(th: &Thread, ty: Borrowed<'_, Type>) -> PyResult<()> {
    if ty.is_heap_type() || is_foreign_static(ty) {
        // A class whose own `mro()` is running is as ready as it can be.
        let begun = abi::Py_TPFLAGS_READY | abi::Py_TPFLAGS_READYING;
        return match ty.flags() & begun != 0 {
            true => Ok(()),
            false if ty.is_heap_type() => ready_new(th, ty),
            false => foreign::ready(th, ty, || ready_new(th, ty)),
        };
    }
    if !ty.has_flag(abi::Py_TPFLAGS_READY) {
        ready_static(th, ty)?;
    }
    th.interp().types.enter_static(ty);
    Ok(())
}

/// A static type of an extension module: it has no per-interpreter state and keeps its dictionary in itself.
fn is_foreign_static(ty: Borrowed<'_, Type>) -> bool {
    !ty.has_flag(abi::_Py_TPFLAGS_STATIC_BUILTIN)
}

/// Completes a heap type or a foreign static type.
fn ready_new(th: &Thread, ty: Borrowed<'_, Type>) -> PyResult<()> {
    set_flag(ty, abi::Py_TPFLAGS_READYING);
    let result = ready_new_inner(th, ty);
    clear_flag(ty, abi::Py_TPFLAGS_READYING);
    result
}

fn ready_new_inner(th: &Thread, ty: Borrowed<'_, Type>) -> PyResult<()> {
    if ty.raw().tp_name.is_null() {
        return Err(th.raise(exc::SYSTEM_ERROR, "Type does not define the tp_name field."));
    }
    set_base(th, ty)?;
    check_base(th, ty)?;
    place_before_object(th, ty)?;
    let own = own_slots(ty);
    // SAFETY: (1).
    unsafe {
        let raw = ty.as_type_ptr();
        if (*raw).tp_dict.is_null() {
            (*raw).tp_dict = Dict::new(th)?.into_ptr();
        }
        if (*raw).tp_bases.is_null() {
            (*raw).tp_bases = bases_tuple(th, ty)?.into_ptr();
        }
    }
    mro::update(th, ty)?;
    inherit::inherit_new(ty);
    contents::fill(th, ty, own)?;
    inherit::inherit_all(ty);
    check_traverse(th, ty)?;
    if refuse_hash(ty, || ty.dict(th).contains(th, id::__hash__.object()))? {
        ty.dict(th).set_str(th, id::__hash__, none())?;
    }
    check_dict_place(th, ty)?;
    if !ty.is_heap_type() {
        set_flag(ty, abi::Py_TPFLAGS_IMMUTABLETYPE);
    }
    set_flag(ty, abi::Py_TPFLAGS_READY);
    enter_with_bases(th, ty)
}

/// Completes a new class but for its dictionary, which is to have the special methods in `special`.
pub fn ready_declared(
    th: &Thread,
    ty: Borrowed<'_, Type>,
    special: &[Borrowed<'static, Str>],
) -> PyResult<()> {
    set_base(th, ty)?;
    mro::update(th, ty)?;
    inherit::inherit_new(ty);
    slots::set_dispatchers(ty, special);
    inherit::inherit_all(ty);
    // With an `__eq__` of its own it inherits no hash.
    refuse_hash(ty, || Ok(false))?;
    set_flag(ty, abi::Py_TPFLAGS_READY);
    enter_with_bases(th, ty)
}

/// A static type lives longer than any type on the heap.
fn check_base(th: &Thread, ty: Borrowed<'_, Type>) -> PyResult<()> {
    match ty.get().base() {
        Some(base) if base.is_heap_type() && !ty.is_heap_type() => Err(crate::raise!(
            th,
            TYPE_ERROR,
            "type '{}' is not dynamically allocated but its base type '{}' is dynamically allocated",
            ty.tp_name(),
            base.tp_name()
        )),
        _ => Ok(()),
    }
}

/// The offsets of a dictionary and a weak list that stand before the object.
fn place_before_object(th: &Thread, ty: Borrowed<'_, Type>) -> PyResult<()> {
    let wrong = |flag: &str, field: &str| {
        let name = ty.tp_name();
        Err(crate::raise!(
            th,
            TYPE_ERROR,
            "type {name} has the Py_TPFLAGS_MANAGED_{flag} flag but {field} is set"
        ))
    };
    // SAFETY: (1).
    let raw = unsafe { &mut *ty.as_type_ptr() };
    if raw.tp_flags & abi::Py_TPFLAGS_MANAGED_DICT != 0 {
        if !matches!(raw.tp_dictoffset, 0 | -1) {
            return wrong("DICT", "tp_dictoffset");
        }
        raw.tp_dictoffset = -1;
    }
    if raw.tp_flags & abi::Py_TPFLAGS_MANAGED_WEAKREF != 0 {
        if raw.tp_weaklistoffset != 0 && raw.tp_weaklistoffset != crate::weakref::MANAGED_OFFSET {
            return wrong("WEAKREF", "tp_weaklistoffset");
        }
        raw.tp_weaklistoffset = crate::weakref::MANAGED_OFFSET;
    }
    Ok(())
}

fn check_dict_place(th: &Thread, ty: Borrowed<'_, Type>) -> PyResult<()> {
    let (raw, name) = (ty.raw(), ty.tp_name());
    if ty.has_flag(abi::Py_TPFLAGS_MANAGED_DICT) {
        if !ty.is_heap_type() {
            return Err(crate::raise!(
                th,
                SYSTEM_ERROR,
                "type {name} has the Py_TPFLAGS_MANAGED_DICT flag but not Py_TPFLAGS_HEAPTYPE flag"
            ));
        }
        if raw.tp_dictoffset != -1 {
            return Err(crate::raise!(
                th,
                SYSTEM_ERROR,
                "type {name} has the Py_TPFLAGS_MANAGED_DICT flag but tp_dictoffset is set to incompatible value"
            ));
        }
    } else if raw.tp_dictoffset < 0 && raw.tp_dictoffset + raw.tp_basicsize <= 0 {
        return Err(crate::raise!(
            th,
            SYSTEM_ERROR,
            "type {name} has a tp_dictoffset that is too small"
        ));
    }
    Ok(())
}

/// Completes the struct of a static built-in type, for the process.
#[cold]
fn ready_static(th: &Thread, ty: Borrowed<'_, Type>) -> PyResult<()> {
    set_base(th, ty)?;
    let mut statics = statics();
    if ty.has_flag(abi::Py_TPFLAGS_READY) {
        return Ok(());
    }
    let mut own = own_slots(ty);
    // SAFETY: (1), under the lock.
    unsafe {
        let raw = ty.as_type_ptr();
        let base = ty.get().base();
        (*raw).tp_bases = for_the_process(base.map(Borrowed::object), &[]);
        // A static type has one base: its order is itself, then the base's.
        let rest = base.and_then(|base| base.get().mro());
        let rest = rest.map_or(&[][..], |mro| mro.get().as_slice());
        (*raw).tp_mro = for_the_process(Some(ty.object()), rest);
        inherit::inherit_new(ty);
        inherit::inherit_static(ty);
        check_traverse(th, ty)?;
        if refuse_hash(ty, || Ok(false))? {
            own |= NO_HASH;
        }
        if statics.is_empty() {
            // Those of a start, at once.
            statics.reserve(200);
        }
        statics.push((&*std::ptr::from_ref(ty.get()), own));
        (*raw).tp_subclasses = statics.len() as *mut _;
        // Static types never change: a version for good, the same in all interpreters.
        debug_assert!(statics.len() < FIRST_FOREIGN_VERSION as usize);
        (*raw).tp_version_tag = statics.len() as u32;
    }
    // Whoever sees the flag, in whatever thread, sees the rest.
    fence(Ordering::Release);
    set_flag(ty, abi::Py_TPFLAGS_IMMUTABLETYPE | abi::Py_TPFLAGS_READY);
    Ok(())
}

/// Fills the dictionary that this interpreter has of a static type.
pub fn fill_static(th: &Thread, ty: Borrowed<'_, Type>) -> PyResult<()> {
    ready(th, ty)?;
    let Some(state) = static_state(th, &ty) else {
        return Err(th.bad_internal_call());
    };
    let (_, own) = statics()[ty.raw().tp_subclasses as usize - 1];
    let dict = Dict::new(th)?;
    state.dict.set(Some(dict.clone()));
    let filled = contents::fill(th, ty, own).and_then(|()| match own & NO_HASH {
        0 => Ok(()),
        _ => dict.set_str(th, id::__hash__, none()),
    });
    if filled.is_err() {
        state.dict.set(None);
    }
    filled
}

/// The static types that every interpreter has from its start. Called when an interpreter has made its own ready.
pub fn core() -> Vec<&'static Type> {
    let statics = statics();
    let count = *CORE.get_or_init(|| statics.len());
    statics[..count].iter().map(|&(ty, _)| ty).collect()
}

fn statics() -> MutexGuard<'static, Vec<(&'static Type, OwnSlots)>> {
    STATICS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The lines of `SLOTS` that are filled.
fn own_slots(ty: Borrowed<'_, Type>) -> OwnSlots {
    let mut own = 0;
    for run in slots::RUNS {
        // SAFETY: a live type.
        let table = unsafe { run.table.of(ty.as_type_ptr()) };
        if table.is_null() {
            continue;
        }
        let mut filled = 0u64;
        for (at, &offset) in run.offsets.iter().enumerate() {
            // SAFETY: the slot lies in the table.
            let slot = unsafe { *table.add(offset.into()).cast::<usize>() };
            filled |= u64::from(slot != 0) << at;
        }
        own |= OwnSlots::from(filled) << run.first;
    }
    own
}

/// `tp_base` defaults to `object`, the metatype to the base's; the base is made ready first.
fn set_base(th: &Thread, ty: Borrowed<'_, Type>) -> PyResult<()> {
    let object = Object::type_object();
    // SAFETY: (1).
    unsafe {
        let raw = ty.as_type_ptr();
        if (*raw).tp_base.is_null() && !std::ptr::eq(ty.get(), object) {
            (*raw).tp_base = object.as_type_ptr();
        }
        let head = raw.cast::<abi::PyObject>();
        if (*head).ob_type.is_null() {
            (*head).ob_type = match (*raw).tp_base.as_ref() {
                Some(base) if !base.ob_base.ob_base.ob_type.is_null() => {
                    base.ob_base.ob_base.ob_type
                }
                _ => Type::type_object().as_type_ptr(),
            };
        }
        match ty.get().base() {
            Some(base) => ready(th, base),
            None => Ok(()),
        }
    }
}

fn bases_tuple(th: &Thread, ty: Borrowed<'_, Type>) -> PyResult<Owned<Tuple>> {
    match ty.get().base() {
        Some(base) => Tuple::from_slice(th, &[base.object()]),
        None => Ok(Tuple::empty().to_owned()),
    }
}

/// Memory that is never freed, for what outlives every interpreter as static types do. Not zeroed: clearing a whole chunk would
/// touch pages that nothing needs.
fn forever(size: usize) -> *mut u8 {
    const CHUNK: usize = 16 << 10;
    /// The address of the part of the last chunk that is not given out yet, and its size.
    static REST: Mutex<(usize, usize)> = Mutex::new((0, 0));
    let mut rest = REST.lock().unwrap_or_else(PoisonError::into_inner);
    let size = size.next_multiple_of(16);
    if rest.1 < size {
        let chunk = CHUNK.max(size);
        // SAFETY: new memory.
        let memory = unsafe { libc::malloc(chunk) };
        if memory.is_null() {
            crate::fatal("no memory for built-in types");
        }
        *rest = (memory as usize, chunk);
    }
    let memory = rest.0 as *mut u8;
    *rest = (rest.0 + size, rest.1 - size);
    memory
}

/// A tuple of static types that outlives every interpreter, as these do.
fn for_the_process(first: Option<Borrowed<'_>>, rest: &[Borrowed<'_>]) -> *mut abi::PyObject {
    // What the collector keeps in front of an object: nothing, as it never learns of this one.
    const BEFORE: usize = 16;
    const ITEMS: usize = std::mem::offset_of!(abi::PyTupleObject, ob_item);
    let len = usize::from(first.is_some()) + rest.len();
    // SAFETY: the memory has room for the tuple and its items, which are immortal.
    unsafe {
        let memory = forever(BEFORE + ITEMS + len * size_of::<Borrowed<'_>>());
        memory.write_bytes(0, BEFORE + ITEMS);
        let tuple = memory.byte_add(BEFORE).cast::<abi::PyVarObject>();
        *tuple.cast::<u32>() = abi::_Py_IMMORTAL_INITIAL_REFCNT;
        (*tuple).ob_base.ob_type = Tuple::type_object().as_type_ptr();
        (*tuple).ob_size = len as isize;
        let items = first.into_iter().chain(rest.iter().copied());
        for (at, item) in items.enumerate() {
            *tuple.byte_add(ITEMS).cast::<*mut abi::PyObject>().add(at) = item.as_ptr();
        }
        tuple.cast()
    }
}

fn check_traverse(th: &Thread, ty: Borrowed<'_, Type>) -> PyResult<()> {
    if ty.is_gc() && ty.raw().tp_traverse.is_none() {
        return Err(crate::raise!(
            th,
            SYSTEM_ERROR,
            "type {} has the Py_TPFLAGS_HAVE_GC flag but has no traverse function",
            ty.tp_name()
        ));
    }
    Ok(())
}

/// A type that inherits no hash and defines none has unhashable instances; true if this is so.
fn refuse_hash(
    ty: Borrowed<'_, Type>,
    is_defined: impl FnOnce() -> PyResult<bool>,
) -> PyResult<bool> {
    if ty.raw().tp_hash.is_some() || is_defined()? {
        return Ok(false);
    }
    // SAFETY: (1).
    unsafe { (*ty.as_type_ptr()).tp_hash = Some(crate::object::hash_not_implemented) };
    Ok(true)
}

fn enter_with_bases(th: &Thread, ty: Borrowed<'_, Type>) -> PyResult<()> {
    let bases = ty.bases(th)?;
    for base in bases.as_slice() {
        if let Some(base) = base.downcast::<Type>() {
            subclasses::add(th, base.get(), ty)?;
        }
    }
    Ok(())
}

fn set_flag(ty: Borrowed<'_, Type>, flag: u64) {
    // SAFETY: (1).
    unsafe { (*ty.as_type_ptr()).tp_flags |= flag }
}

fn clear_flag(ty: Borrowed<'_, Type>, flag: u64) {
    // SAFETY: (1).
    unsafe { (*ty.as_type_ptr()).tp_flags &= !flag }
}
