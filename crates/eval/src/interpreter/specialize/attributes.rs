//! `LOAD_ATTR` and `STORE_ATTR`: by the version of the owner's type and where the attribute lies.

use krait_abi as abi;
use krait_bytecode::Opcode;
use krait_objects::descr::{ClassMethod, Property, StaticMethod, wraps_generic_getattr};
use krait_objects::object::super_::Super;
use krait_objects::prelude::*;
use krait_objects::typeobj::slots::dispatch;

use super::super::entering;
use super::super::op::Op;
use super::{halves, keys, quarters, write_cache};
use crate::function::Function;

/// What a type has under a name, as far as reading or writing through an instance goes.
enum Found {
    /// Nothing on the type: the instance decides.
    Absent,
    /// A function or another method descriptor, taken unbound when called.
    Method(Owned),
    /// An object that instances keep at this offset, one of `__slots__` or a member of a type in C.
    Slot(u16),
    /// A value without `__get__`.
    Plain(Owned),
    /// A property whose getter is a Python function of one parameter, of this version.
    Property(Owned, u32),
    /// Something that only the generic form handles.
    Other,
}

fn find(th: &Thread, ty: Borrowed<'_, Type>, name: Borrowed<'_, Str>, writing: bool) -> Found {
    let Some(found) = ty.get().lookup(th, name) else { return Found::Absent };
    let kind = found.ty();
    if kind.has_flag(abi::Py_TPFLAGS_METHOD_DESCRIPTOR) {
        return Found::Method(found);
    }
    if name.is(id::__class__.object()) && is_the_class(th, &found) {
        return Found::Slot(std::mem::offset_of!(abi::PyObject, ob_type) as u16);
    }
    if let Some(offset) = keys::slot_offset(found.borrow(), ty, writing) {
        return match u16::try_from(offset) {
            Ok(offset) => Found::Slot(offset),
            Err(_) => Found::Other,
        };
    }
    if let Some(property) = found.borrow().downcast_exact::<Property>() {
        return match entering::getter_version(property) {
            Some(version) => Found::Property(property.to_owned().into_object(), version),
            None => Found::Other,
        };
    }
    if kind.get().raw().tp_descr_get.is_none() { Found::Plain(found) } else { Found::Other }
}

/// Whether `found` is what `object` has as `__class__`.
fn is_the_class(th: &Thread, found: &Owned) -> bool {
    let of_object = Object::type_object().lookup(th, id::__class__);
    of_object.is_some_and(|descriptor| descriptor.is(found.borrow()))
}

/// `super().name`: whether the operands are the built-in `super` and a class.
pub fn load_super(op: Op<'_>) -> Option<Opcode> {
    let usual = op.peek(3).is(Borrowed::from_ref(Super::type_object()))
        && op.peek(2).downcast::<Type>().is_some();
    let called = op.arg & 1 != 0;
    usual.then_some(if called {
        Opcode::LOAD_SUPER_ATTR_METHOD
    } else {
        Opcode::LOAD_SUPER_ATTR_ATTR
    })
}

/// Whether attributes are looked up in the generic way.
fn generic_get(ty: &Type) -> bool {
    let address = |slot: abi::getattrofunc| slot.map(|slot| slot as usize);
    address(ty.raw().tp_getattro) == address(Object::type_object().raw().tp_getattro)
}

/// Whether a class has `__getattr__` only, which is asked for what the generic way does not find: forms that find
/// the attribute need not know of it, and the others leave for the general one.
fn generic_first(th: &Thread, ty: &Type) -> bool {
    let dispatches = ty.raw().tp_getattro.map_or(0, |slot| slot as usize)
        == dispatch::tp_getattro as *const () as usize;
    dispatches
        && ty
            .lookup(th, id::__getattribute__)
            .is_none_or(|method| wraps_generic_getattr(method.object()))
}

fn generic_set(ty: &Type) -> bool {
    let address = |slot: abi::setattrofunc| slot.map(|slot| slot as usize);
    address(ty.raw().tp_setattro) == address(Object::type_object().raw().tp_setattro)
}

pub fn load(op: Op<'_>) -> Option<Opcode> {
    let (owner, name) = (op.peek(1), op.name(op.arg >> 1));
    if !name.is_interned() {
        return None;
    }
    if let Some(module) = owner.downcast_exact::<Module>() {
        return load_module(op, module, name);
    }
    if let Some(class) = owner.downcast::<Type>() {
        return load_class(op, class, name);
    }
    let ty = owner.ty();
    let generic = generic_get(&ty);
    if !generic && !generic_first(op.th, &ty) {
        return load_overridden(op, ty);
    }
    let version = ty.get().assign_version(op.th);
    if version == 0 {
        return None;
    }
    let called = op.arg & 1 != 0;
    // SAFETY: the cache of LOAD_ATTR: counter, type version, keys version or index, descriptor.
    unsafe {
        write_cache(op, 2, halves(version));
        let found = find(op.th, ty, name, false);
        if let Some((index, inline)) = own_position(owner, name, &found) {
            write_cache(op, 4, [index]);
            return Some(if inline {
                Opcode::LOAD_ATTR_INSTANCE_VALUE
            } else {
                Opcode::LOAD_ATTR_WITH_HINT
            });
        }
        match found {
            Found::Method(method) if called => {
                write_cache(op, 6, quarters(method.as_ptr() as u64));
                unshadowed(
                    op,
                    owner,
                    name,
                    [
                        Opcode::LOAD_ATTR_METHOD_WITH_VALUES,
                        Opcode::LOAD_ATTR_METHOD_NO_DICT,
                        Opcode::LOAD_ATTR_METHOD_LAZY_DICT,
                    ],
                )
            }
            Found::Slot(offset) => {
                write_cache(op, 4, [offset]);
                Some(Opcode::LOAD_ATTR_SLOT)
            }
            Found::Plain(value) if !called => {
                write_cache(op, 6, quarters(value.as_ptr() as u64));
                let form = unshadowed(
                    op,
                    owner,
                    name,
                    [
                        Opcode::LOAD_ATTR_NONDESCRIPTOR_WITH_VALUES,
                        Opcode::LOAD_ATTR_NONDESCRIPTOR_NO_DICT,
                        Opcode::LOAD_ATTR,
                    ],
                )?;
                (form != Opcode::LOAD_ATTR).then_some(form)
            }
            // Where a getter raises AttributeError, `__getattr__` is still to be asked.
            Found::Property(property, getter) if !called && generic => {
                write_cache(op, 4, halves(getter));
                write_cache(op, 6, quarters(property.as_ptr() as u64));
                Some(Opcode::LOAD_ATTR_PROPERTY)
            }
            _ => None,
        }
    }
}

/// Where an instance keeps an attribute that it has itself, whatever else its class may have under the name: see
/// `instance_position`.
unsafe fn own_position(
    owner: Borrowed<'_>,
    name: Borrowed<'_, Str>,
    found: &Found,
) -> Option<(u16, bool)> {
    // SAFETY: the caller's promise; an index is one of the instance's values.
    unsafe {
        match found {
            Found::Absent => instance_position(owner, name),
            Found::Plain(value) if stays_plain(value) => {
                let (index, inline) = instance_position(owner, name)?;
                let values = inline.then(|| keys::inline_values(owner.as_ptr()));
                let held = |values| !(*keys::value_slot(values, index as usize)).is_null();
                values.is_none_or(held).then_some((index, inline))
            }
            _ => None,
        }
    }
}

/// Whether a class's value without `__get__` cannot become a descriptor.
fn stays_plain(value: &Owned) -> bool {
    value.ty().has_flag(abi::Py_TPFLAGS_IMMUTABLETYPE)
}

/// The form for an attribute of the type that no instance shadows: with inline values whose shared keys lack
/// the name, without a dictionary, with a dictionary not made yet.
unsafe fn unshadowed(
    op: Op<'_>,
    owner: Borrowed<'_>,
    name: Borrowed<'_, Str>,
    forms: [Opcode; 3],
) -> Option<Opcode> {
    let ty = owner.ty();
    // SAFETY: the flags say what the instance has.
    unsafe {
        if keys::has_inline_values(&ty) {
            let heap: *mut abi::PyHeapTypeObject = ty.as_ptr().cast();
            let shared = (*heap).ht_cached_keys;
            if (*keys::inline_values(owner.as_ptr())).valid == 0
                || keys::position(shared, name.as_ptr()).is_some()
            {
                return None;
            }
            let version = keys::shared_version(op.th, shared)?;
            write_cache(op, 4, halves(version));
            return Some(forms[0]);
        }
        let offset = ty.raw().tp_dictoffset;
        if offset == 0 && !ty.has_flag(abi::Py_TPFLAGS_MANAGED_DICT) {
            return Some(forms[1]);
        }
        if offset > 0 && !ty.has_flag(abi::Py_TPFLAGS_MANAGED_DICT) {
            let dict = *owner.as_ptr().byte_offset(offset).cast::<*mut abi::PyObject>();
            return dict.is_null().then_some(forms[2]);
        }
        None
    }
}

/// Where an instance keeps the attribute: the index of an inline value, or the entry of its dictionary.
unsafe fn instance_position(owner: Borrowed<'_>, name: Borrowed<'_, Str>) -> Option<(u16, bool)> {
    let ty = owner.ty();
    // SAFETY: the flags say what the instance has.
    unsafe {
        if !ty.has_flag(abi::Py_TPFLAGS_MANAGED_DICT) {
            return None;
        }
        if keys::has_inline_values(&ty) && (*keys::inline_values(owner.as_ptr())).valid != 0 {
            let heap: *mut abi::PyHeapTypeObject = ty.as_ptr().cast();
            let index = keys::position((*heap).ht_cached_keys, name.as_ptr())?;
            return Some((u16::try_from(index).ok()?, true));
        }
        let dict = *keys::managed_dict(owner.as_ptr());
        if dict.is_null() || i32::from((*keys::of_dict(dict)).dk_kind) != abi::DICT_KEYS_UNICODE {
            return None;
        }
        let index = keys::position(keys::of_dict(dict), name.as_ptr())?;
        Some((u16::try_from(index).ok()?, false))
    }
}

fn load_module(
    op: Op<'_>,
    module: Borrowed<'_, Module>,
    name: Borrowed<'_, Str>,
) -> Option<Opcode> {
    let dict = module.get().dict();
    let version = keys::version(op.th, dict)?;
    // SAFETY: a dict; the cache of LOAD_ATTR.
    unsafe {
        let index = keys::position(keys::of_dict(dict.as_ptr()), name.as_ptr())?;
        write_cache(op, 2, halves(version));
        write_cache(op, 4, [u16::try_from(index).ok()?]);
    }
    Some(Opcode::LOAD_ATTR_MODULE)
}

/// An attribute of an instance whose class says in Python how to get it, and has no `__getattr__`.
fn load_overridden(op: Op<'_>, ty: Borrowed<'_, Type>) -> Option<Opcode> {
    let found = ty.get().lookup(op.th, id::__getattribute__)?;
    let function = found.borrow().downcast_exact::<Function>()?;
    let function_version = function.version.get();
    let called = op.arg & 1 != 0;
    if called
        || ty.get().lookup(op.th, id::__getattr__).is_some()
        || !entering::takes_exactly(function, 2)
        || function_version == 0
    {
        return None;
    }
    let version = ty.get().assign_version(op.th);
    if version == 0 {
        return None;
    }
    // SAFETY: the cache of LOAD_ATTR; the version says that the type still has the function.
    unsafe {
        write_cache(op, 2, halves(version));
        write_cache(op, 4, halves(function_version));
        write_cache(op, 6, quarters(function.as_ptr() as u64));
    }
    Some(Opcode::LOAD_ATTR_GETATTRIBUTE_OVERRIDDEN)
}

/// An attribute of a class whose metaclass looks attributes up as `type` does and has nothing that goes before the class's own.
fn load_class(op: Op<'_>, class: Borrowed<'_, Type>, name: Borrowed<'_, Str>) -> Option<Opcode> {
    let meta = class.object().get().ty();
    if !looks_up_as_type(&meta)
        || meta.get().lookup(op.th, name).is_some_and(|found| overrides(&found))
    {
        return None;
    }
    let is_type = meta.is(Borrowed::from_ref(Type::type_object()));
    let meta_version = if is_type { 0 } else { meta.get().assign_version(op.th) };
    if !is_type && meta_version == 0 {
        return None;
    }
    let found = class.get().lookup(op.th, name)?;
    // A method read from its class is itself, the handler knows what to call for a class or static method; other
    // descriptors have their say.
    let kind = found.ty();
    let is_method = kind.has_flag(abi::Py_TPFLAGS_METHOD_DESCRIPTOR);
    let is_wrapped = found.is_exact::<ClassMethod>() || found.is_exact::<StaticMethod>();
    let called = op.arg & 1 != 0;
    let plain = kind.get().raw().tp_descr_get.is_none() || is_method || (is_wrapped && called);
    let version = class.get().assign_version(op.th);
    if !plain || version == 0 {
        return None;
    }
    // SAFETY: the cache of LOAD_ATTR.
    unsafe {
        write_cache(op, 2, halves(version));
        write_cache(op, 4, halves(meta_version));
        write_cache(op, 6, quarters(found.as_ptr() as u64));
    }
    Some(if is_type {
        Opcode::LOAD_ATTR_CLASS
    } else {
        Opcode::LOAD_ATTR_CLASS_WITH_METACLASS_CHECK
    })
}

/// Whether what a metaclass has under a name goes before what its classes have, or may do so one day. Its methods do not, so that
/// `Base.__init__` is the base's.
fn overrides(found: &Owned) -> bool {
    found.ty().raw().tp_descr_set.is_some() || !stays_plain(found)
}

fn looks_up_as_type(meta: &Type) -> bool {
    let address = |slot: abi::getattrofunc| slot.map(|slot| slot as usize);
    address(meta.raw().tp_getattro) == address(Type::type_object().raw().tp_getattro)
}

pub fn store(op: Op<'_>) -> Option<Opcode> {
    let (owner, name) = (op.peek(1), op.name(op.arg));
    let ty = owner.ty();
    if !name.is_interned() || !generic_set(&ty) || owner.downcast::<Type>().is_some() {
        return None;
    }
    let version = ty.get().assign_version(op.th);
    if version == 0 {
        return None;
    }
    // SAFETY: the cache of STORE_ATTR: counter, type version, index.
    unsafe {
        write_cache(op, 2, halves(version));
        match find(op.th, ty, name, true) {
            Found::Slot(offset) if !name.is(id::__class__.object()) => {
                write_cache(op, 4, [offset]);
                Some(Opcode::STORE_ATTR_SLOT)
            }
            found @ (Found::Absent | Found::Plain(_)) => {
                if let Found::Plain(value) = &found
                    && (!stays_plain(value) || value.ty().raw().tp_descr_set.is_some())
                {
                    return None;
                }
                let (index, inline) = instance_position(owner, name)?;
                let dict = *keys::managed_dict(owner.as_ptr());
                write_cache(op, 4, [index]);
                match (inline, dict.is_null()) {
                    (true, true) => Some(Opcode::STORE_ATTR_INSTANCE_VALUE),
                    (false, false) => Some(Opcode::STORE_ATTR_WITH_HINT),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}
