//! What each slot of a heap type holds: an inherited C function, or a dispatcher to a special method.
//!
//! The same job as `fixup_slot_dispatchers` and `update_slot` in CPython's `Objects/typeobject.c`.

use std::ffi::c_void;

use krait_abi as abi;

use super::{SLOTS, SlotDef};
use crate::descr::WrapperDescriptor;
use crate::handle::{Borrowed, Owned};
use crate::ids::id;
use crate::str::Str;
use crate::thread::Thread;
use crate::typeobj::{Type, subclasses};

/// Fills every slot of a heap type from what its MRO defines.
pub fn fixup_all(th: &Thread, ty: Borrowed<'_, Type>) {
    for group in SLOTS.chunk_by(|a, b| a.place() == b.place()) {
        update_group(th, ty, group);
    }
}

/// As `fixup_all`, for a type that has just inherited. Where it adds nothing but itself to its base's order, only
/// the slots of special methods that it defines itself are decided anew.
pub fn fixup_new(th: &Thread, ty: Borrowed<'_, Type>) {
    if !extends_order_of_base(&ty) {
        return fixup_all(th, ty);
    }
    let dict = ty.dict(th);
    for group in SLOTS.chunk_by(|a, b| a.place() == b.place()) {
        // SAFETY: a live heap type.
        let inherited = unsafe { group[0].place().read(ty.as_type_ptr()) };
        let defined = |def: &SlotDef| !matches!(dict.get_str(th, def.name), Ok(None));
        if group.iter().any(defined) || (is_next(&group[0]) && inherited.is_null()) {
            update_group(th, ty, group);
        }
    }
}

/// The slots of a class that will define the methods in `names` and inherits nothing in their place.
pub fn set_dispatchers(ty: Borrowed<'_, Type>, names: &[Borrowed<'static, Str>]) {
    for def in SLOTS {
        let is_named = names.iter().any(|name| name.is(def.name));
        let function = match is_named {
            true => def.function,
            false if is_next(def) && !inherits_next(&ty) => {
                crate::protocol::iter::next_not_implemented as *const c_void
            }
            false => continue,
        };
        // SAFETY: a live heap type, whose tables lie in itself.
        unsafe {
            let slot = def.place().of(ty.as_type_ptr());
            if !slot.is_null() {
                *slot = function;
            }
        }
    }
}

fn inherits_next(ty: &Type) -> bool {
    ty.base().is_some_and(|base| base.raw().tp_iternext.is_some())
}

/// Whether the MRO is the type itself, then its base's.
fn extends_order_of_base(ty: &Type) -> bool {
    let (Some(mro), Some(base)) = (ty.mro(), ty.base()) else {
        return false;
    };
    base.get().mro().is_some_and(|rest| {
        let (mro, rest) = (mro.as_slice(), rest.as_slice());
        mro.len() == rest.len() + 1 && mro[1..].iter().zip(rest).all(|(a, b)| a.is(*b))
    })
}

/// `name` was set on or deleted from `ty`: brings the slots of `ty` and its subclasses up to date.
pub fn update_slots(th: &Thread, ty: Borrowed<'_, Type>, name: Borrowed<'_, Str>) {
    for group in SLOTS.chunk_by(|a, b| a.place() == b.place()) {
        if group.iter().any(|def| def.name.eq(name.get())) {
            update_recursively(th, ty, group, name);
        }
    }
}

/// Subclasses that define `name` themselves are not affected, nor are theirs.
fn update_recursively(
    th: &Thread,
    ty: Borrowed<'_, Type>,
    group: &[SlotDef],
    name: Borrowed<'_, Str>,
) {
    update_group(th, ty, group);
    for subclass in subclasses::of(th, ty.get()) {
        let overrides = matches!(subclass.dict(th).get_str(th, name), Ok(Some(_)));
        if !overrides {
            update_recursively(th, subclass.borrow(), group, name);
        }
    }
}

/// Decides one slot from the lines that share it.
fn update_group(th: &Thread, ty: Borrowed<'_, Type>, group: &[SlotDef]) {
    // SAFETY: a live heap type, whose tables lie in itself.
    let slot = unsafe { group[0].place().of(ty.as_type_ptr()) };
    if slot.is_null() {
        return;
    }
    let mut choice = Choice::default();
    for def in group {
        match ty.lookup(th, def.name) {
            Some(method) => choice.consider(ty, def, slot, method),
            None if is_next(def) => {
                choice.specific = crate::protocol::iter::next_not_implemented as *const c_void
            }
            None => {}
        }
    }
    let chosen = choice.slot();
    let is_call = group[0].name.is(id::__call__);
    // SAFETY: the slot lies in a live type, which only this thread writes.
    unsafe {
        *slot = chosen;
        // A vectorcall function of a base would pass over a `__call__` defined in Python.
        if is_call && chosen == super::dispatch::tp_call as *const c_void {
            (*ty.as_type_ptr()).tp_flags &= !abi::Py_TPFLAGS_HAVE_VECTORCALL;
        }
    }
}

fn is_next(def: &SlotDef) -> bool {
    def.place().table == super::Table::Type
        && def.place().offset == std::mem::offset_of!(abi::PyTypeObject, tp_iternext)
}

/// The candidates for a slot: a C function that all lines agree on, or the dispatcher.
struct Choice {
    specific: *const c_void,
    generic: *const c_void,
    use_generic: bool,
}

impl Default for Choice {
    fn default() -> Choice {
        Choice { specific: std::ptr::null(), generic: std::ptr::null(), use_generic: false }
    }
}

impl Choice {
    fn consider(
        &mut self,
        ty: Borrowed<'_, Type>,
        def: &SlotDef,
        slot: *mut *const c_void,
        method: Owned,
    ) {
        if let Some(wrapper) = method.object().downcast_exact::<WrapperDescriptor>() {
            if wrapper.def().name.eq(def.name.get()) {
                self.consider_wrapper(ty, def, slot, &wrapper);
                return;
            }
        }
        if def.place().offset == std::mem::offset_of!(abi::PyTypeObject, tp_new)
            && def.place().table == super::Table::Type
        {
            if crate::object::is_new_wrapper(method.object()) {
                // The inherited `__new__` of a C type: its own tp_new is what the slot already holds.
                self.specific =
                    ty.raw().tp_new.map_or(std::ptr::null(), |new| new as *const c_void);
                return;
            }
        }
        let is_hash = def.place().table == super::Table::Type
            && def.place().offset == std::mem::offset_of!(abi::PyTypeObject, tp_hash);
        if is_hash && method.is_none() {
            self.specific = crate::object::hash_not_implemented as *const c_void;
            return;
        }
        self.use_generic = true;
        self.generic = def.function;
    }

    /// A wrapper's C function may go straight into the slot if it is the only candidate and fits `ty`.
    fn consider_wrapper(
        &mut self,
        ty: Borrowed<'_, Type>,
        def: &SlotDef,
        slot: *mut *const c_void,
        wrapper: &WrapperDescriptor,
    ) {
        // SAFETY: a live type.
        let only = unsafe { only_slot_named(ty, def) };
        if only.is_null() || std::ptr::eq(only, slot) {
            self.generic = def.function;
        }
        // Two wrappers with the same machine code may have one address: the number table's binary operators have
        // rules of their own.
        let is_number = |def: &SlotDef| def.place().table == super::Table::Number;
        let fits = std::ptr::fn_addr_eq(wrapper.def().wrapper, def.wrapper)
            && is_number(wrapper.def()) == is_number(def)
            && ty.is_subtype(&wrapper.owner())
            && (self.specific.is_null() || std::ptr::eq(self.specific, wrapper.wrapped()));
        if fits {
            self.specific = wrapper.wrapped();
        } else {
            self.use_generic = true;
        }
    }

    fn slot(self) -> *const c_void {
        if !self.specific.is_null() && !self.use_generic { self.specific } else { self.generic }
    }
}

/// Of the slots that share a method's name (`mp_length` and `sq_length`), the one that is filled; null if none or several are.
unsafe fn only_slot_named(ty: Borrowed<'_, Type>, def: &SlotDef) -> *mut *const c_void {
    let mut found: *mut *const c_void = std::ptr::null_mut();
    for other in SLOTS.iter().filter(|other| other.name.is(def.name)) {
        // SAFETY: the caller's promise.
        unsafe {
            let slot = other.place().of(ty.as_type_ptr());
            if slot.is_null() || (*slot).is_null() {
                continue;
            }
            if !found.is_null() {
                return std::ptr::null_mut();
            }
            found = slot;
        }
    }
    found
}
