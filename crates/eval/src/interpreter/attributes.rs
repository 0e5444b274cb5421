//! Attributes: loading, storing, deleting; methods without bound objects; special methods; `super()`.

use krait_bytecode::special_method;
use krait_objects::object::super_::{self, Super};
use krait_objects::prelude::*;
use krait_objects::protocol::object::Attribute;

use super::op::Op;
use crate::frame::StackRef;

/// With the lowest bit of the argument set, a method and its receiver, or a value and null.
#[inline(always)]
pub fn load_attr(op: Op<'_>) -> PyResult<()> {
    let name = op.name(op.arg >> 1);
    if op.arg & 1 == 0 {
        let owner = op.pop1();
        op.push(object::get_attr(op.th, owner.get(), name)?);
        return Ok(());
    }
    let found = object::get_method(op.th, op.peek(1), name)?;
    push_found(op, found);
    Ok(())
}

/// Replaces the owner by what was found and its receiver, or null.
fn push_found(op: Op<'_>, found: Attribute) {
    let owner = op.pop1();
    match found {
        Attribute::Unbound(method) => {
            op.push(method);
            op.push_ref(owner.into_ref());
        }
        Attribute::Bound(value) => {
            op.push(value);
            op.push_ref(StackRef::NULL);
        }
    }
}

pub fn store_attr(op: Op<'_>) -> PyResult<()> {
    let [value, owner] = op.pop();
    object::set_attr(op.th, owner.get(), op.name(op.arg), value.get())
}

pub fn delete_attr(op: Op<'_>) -> PyResult<()> {
    let owner = op.pop1();
    object::del_attr(op.th, owner.get(), op.name(op.arg))
}

/// `super().name` and `super(class, this).name`.
pub fn load_super_attr(op: Op<'_>) -> PyResult<()> {
    let [global_super, class, this] = op.pop();
    if global_super.get().is(Borrowed::from_ref(Super::type_object()))
        && let Some(class) = class.get().downcast::<Type>()
    {
        // What `super(class, this)` would find, without making it: also for `super()`, whose arguments these are.
        let name = op.name(op.arg >> 2);
        if op.arg & 1 == 0 {
            op.push(super_::lookup(op.th, class, this.get(), name)?);
            return Ok(());
        }
        match super_::lookup_method(op.th, class, this.get(), name)? {
            Attribute::Unbound(method) => {
                op.push(method);
                op.push_ref(this.into_ref());
            }
            Attribute::Bound(value) => {
                op.push(value);
                op.push_ref(StackRef::NULL);
            }
        }
        return Ok(());
    }
    let parent = if op.arg & 2 != 0 {
        call::call(op.th, global_super.get(), &[class.get(), this.get()])?
    } else {
        call::call(op.th, global_super.get(), &[])?
    };
    drop((global_super, class, this));
    op.push(object::get_attr(op.th, parent.borrow(), op.name(op.arg >> 2))?);
    if op.arg & 1 != 0 {
        op.push_ref(StackRef::NULL);
    }
    Ok(())
}

/// A special method of `with` and `async with`.
fn special_name(index: u32) -> Borrowed<'static, Str> {
    match index {
        special_method::ENTER => id::__enter__,
        special_method::EXIT => id::__exit__,
        special_method::AENTER => id::__aenter__,
        _ => id::__aexit__,
    }
}

/// Pushes a special method and its receiver.
pub fn load_special(op: Op<'_>) -> PyResult<()> {
    let owner = op.peek(1);
    match object::lookup_special_method(op.th, owner, special_name(op.arg as u32))? {
        Some(found) => {
            push_found(op, found);
            Ok(())
        }
        None => Err(not_supported(op.th, owner, op.arg as u32)),
    }
}

#[cold]
#[inline(never)]
fn not_supported(th: &Thread, owner: Borrowed<'_>, index: u32) -> Raised {
    const PLAIN: &str = "context manager protocol";
    const ASYNC: &str = "asynchronous context manager protocol";
    let ty = owner.ty();
    let (name, missed) = (ty.tp_name(), special_name(index));
    let plain = matches!(index, special_method::ENTER | special_method::EXIT);
    let (protocol, others, other, statement) = if plain {
        (PLAIN, [id::__aenter__, id::__aexit__], ASYNC, "async with")
    } else {
        (ASYNC, [id::__enter__, id::__exit__], PLAIN, "with")
    };
    if others.iter().all(|other| ty.lookup(th, *other).is_some()) {
        return raise!(
            th,
            TYPE_ERROR,
            "'{name}' object does not support the {protocol} (missed {} method) but it supports the {other}. Did you mean to use '{statement}'?",
            *missed
        );
    }
    raise!(
        th,
        TYPE_ERROR,
        "'{name}' object does not support the {protocol} (missed {} method)",
        *missed
    )
}

/// Handlers in registers: each checks a version or two, then reads where the value is known to be.
pub mod hot {
    use krait_abi as abi;
    use krait_objects::descr::{ClassMethod, StaticMethod};
    use krait_objects::prelude::*;

    use super::super::cold::{Dealloc, deopt};
    use super::super::specialize::keys;
    use super::super::specialize::layout::type_version;
    use super::super::state::{Dispatch, Operation, State};
    use super::{Op, Super};
    use crate::code::CodeUnit;
    use crate::frame::StackRef;
    use crate::function::Function;

    const LOAD_ATTR: usize = 10;
    const STORE_ATTR: usize = 5;

    /// Replaces the owner by a new reference to `value` (and null for a call), then releases the owner.
    #[inline(always)]
    unsafe fn found<D: Dispatch>(s: State, value: *mut abi::PyObject) -> D::Out {
        // SAFETY: (9): the owner keeps the value until it is counted.
        unsafe {
            let owner = s.peek(1);
            s.poke(1, StackRef::new(value));
            let s = if s.arg & 1 != 0 { s.push(StackRef::NULL) } else { s };
            let s = s.skip(LOAD_ATTR);
            if owner.release() {
                return D::cold::<Dealloc>(s, owner.bits());
            }
            D::next(s)
        }
    }

    /// `LOAD_SUPER_ATTR`, once `super` has been seen to be the built-in one.
    struct SuperAttr;

    impl Operation for SuperAttr {
        #[inline(always)]
        fn run(op: Op<'_>) -> PyResult<*const CodeUnit> {
            super::load_super_attr(op).map(|()| op.next())
        }
    }

    #[inline(always)]
    pub unsafe fn load_super_attr_attr<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: (9): three operands.
        unsafe {
            if !is_super_of_class(s) {
                return deopt::<D>(s);
            }
            D::out_of_line::<SuperAttr>(s)
        }
    }

    #[inline(always)]
    pub unsafe fn load_super_attr_method<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: (9): three operands.
        unsafe { load_super_attr_attr::<D>(s) }
    }

    /// Whether the operands are the built-in `super` and a class.
    #[inline(always)]
    unsafe fn is_super_of_class(s: State) -> bool {
        // SAFETY: (9): three operands.
        unsafe {
            let (global, class) = (s.peek(3).ptr(), s.peek(2).ptr());
            std::ptr::eq(global, std::ptr::from_ref(Super::type_object()).cast())
                && (*(*class).ob_type).tp_flags & abi::Py_TPFLAGS_TYPE_SUBCLASS != 0
        }
    }

    /// Puts a method, borrowed from the type, below its receiver.
    #[inline(always)]
    unsafe fn found_method<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: (9): the version says that the type still has the method.
        unsafe {
            let owner = s.peek(1);
            s.poke(1, StackRef::new(s.cache_u64(6) as *mut abi::PyObject));
            D::next(s.push(owner).skip(LOAD_ATTR))
        }
    }

    #[inline(always)]
    pub unsafe fn load_attr_instance_value<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: the version says that instances have inline values, and where.
        unsafe {
            let owner = s.peek(1).ptr();
            if type_version(owner) != s.cache_u32(2) {
                return deopt::<D>(s);
            }
            let values = keys::inline_values(owner);
            if (*values).valid == 0 {
                return deopt::<D>(s);
            }
            let value = *keys::value_slot(values, s.cache_u16(4) as usize);
            if value.is_null() {
                return deopt::<D>(s);
            }
            found::<D>(s, value)
        }
    }

    #[inline(always)]
    pub unsafe fn load_attr_with_hint<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: the version says that instances have a managed dictionary; the entry is checked.
        unsafe {
            let owner = s.peek(1).ptr();
            if type_version(owner) != s.cache_u32(2) {
                return deopt::<D>(s);
            }
            let dict = *keys::managed_dict(owner);
            if dict.is_null() {
                return deopt::<D>(s);
            }
            match keys::hinted(dict, s.cache_u16(4) as usize, name(s, s.arg >> 1)) {
                Some(slot) if !(*slot).is_null() => found::<D>(s, *slot),
                _ => deopt::<D>(s),
            }
        }
    }

    #[inline(always)]
    unsafe fn name(s: State, index: usize) -> *mut abi::PyObject {
        // SAFETY: (5).
        unsafe { crate::frame::Frame::code(s.frame).name(index) }
    }

    #[inline(always)]
    pub unsafe fn load_attr_slot<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: the version says that instances have a slot there.
        unsafe {
            let owner = s.peek(1).ptr();
            if type_version(owner) != s.cache_u32(2) {
                return deopt::<D>(s);
            }
            let value = *owner.byte_add(s.cache_u16(4) as usize).cast::<*mut abi::PyObject>();
            if value.is_null() {
                return deopt::<D>(s);
            }
            found::<D>(s, value)
        }
    }

    #[inline(always)]
    pub unsafe fn load_attr_module<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: a module's dictionary is its first field; the version is its key table's.
        unsafe {
            let owner = s.peek(1).ptr();
            if (*owner).ob_type != Module::type_object().as_type_ptr() {
                return deopt::<D>(s);
            }
            let dict = (*owner.cast::<abi::PyModuleObject>()).md_dict;
            let table = keys::of_dict(dict);
            if (*table).dk_version != s.cache_u32(2) {
                return deopt::<D>(s);
            }
            let value = (*keys::str_entries(table).add(s.cache_u16(4) as usize)).me_value;
            if value.is_null() {
                return deopt::<D>(s);
            }
            found::<D>(s, value)
        }
    }

    /// An attribute of a class: the owner is the class with this version.
    #[inline(always)]
    pub unsafe fn load_attr_class<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: `tp_version_tag` is read only from types.
        unsafe {
            let owner = s.peek(1).ptr();
            let class: *mut abi::PyTypeObject = owner.cast();
            if (*(*owner).ob_type).tp_flags & abi::Py_TPFLAGS_TYPE_SUBCLASS == 0
                || (*class).tp_version_tag != s.cache_u32(2)
            {
                return deopt::<D>(s);
            }
            let value = s.cache_u64(6) as *mut abi::PyObject;
            if s.arg & 1 == 0 || (*value).ob_type == Function::type_object().as_type_ptr() {
                return found::<D>(s, value);
            }
            found_for_call::<D>(s, value)
        }
    }

    /// Of a class or static method that is called at once, the function; a class method is given the owner.
    #[inline(always)]
    unsafe fn found_for_call<D: Dispatch>(s: State, value: *mut abi::PyObject) -> D::Out {
        // SAFETY: the class keeps the method, which keeps the function.
        unsafe {
            let value: Borrowed<'_> = Borrowed::from_ptr(value);
            if let Some(method) = value.downcast_exact::<ClassMethod>() {
                let owner = s.peek(1);
                s.poke(1, StackRef::new(method.get().function().as_ptr()));
                return D::next(s.push(owner).skip(LOAD_ATTR));
            }
            match value.downcast_exact::<StaticMethod>() {
                Some(method) => found::<D>(s, method.get().function().as_ptr()),
                None => found::<D>(s, value.as_ptr()),
            }
        }
    }

    /// The metaclass may come to say something of the attribute, so its version counts too.
    #[inline(always)]
    pub unsafe fn load_attr_class_with_metaclass_check<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: a live object.
        unsafe {
            if type_version(s.peek(1).ptr()) != s.cache_u32(4) {
                return deopt::<D>(s);
            }
            load_attr_class::<D>(s)
        }
    }

    #[inline(always)]
    pub unsafe fn load_attr_method_with_values<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: the version says that instances have inline values; the keys, that none shadows the method.
        unsafe {
            let owner = s.peek(1).ptr();
            if type_version(owner) != s.cache_u32(2) {
                return deopt::<D>(s);
            }
            let heap: *mut abi::PyHeapTypeObject = (*owner).ob_type.cast();
            if (*keys::inline_values(owner)).valid == 0
                || (*(*heap).ht_cached_keys).dk_version != s.cache_u32(4)
            {
                return deopt::<D>(s);
            }
            found_method::<D>(s)
        }
    }

    #[inline(always)]
    pub unsafe fn load_attr_method_no_dict<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: as the version says.
        unsafe {
            if type_version(s.peek(1).ptr()) != s.cache_u32(2) {
                return deopt::<D>(s);
            }
            found_method::<D>(s)
        }
    }

    #[inline(always)]
    pub unsafe fn load_attr_method_lazy_dict<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: as the version says; no dictionary, so nothing shadows the method.
        unsafe {
            let owner = s.peek(1).ptr();
            if type_version(owner) != s.cache_u32(2) {
                return deopt::<D>(s);
            }
            let offset = (*(*owner).ob_type).tp_dictoffset;
            let dict = *owner.byte_offset(offset).cast::<*mut abi::PyObject>();
            if !dict.is_null() {
                return deopt::<D>(s);
            }
            found_method::<D>(s)
        }
    }

    #[inline(always)]
    pub unsafe fn load_attr_nondescriptor_no_dict<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: as the version says.
        unsafe {
            if type_version(s.peek(1).ptr()) != s.cache_u32(2) {
                return deopt::<D>(s);
            }
            found::<D>(s, s.cache_u64(6) as *mut abi::PyObject)
        }
    }

    #[inline(always)]
    pub unsafe fn load_attr_nondescriptor_with_values<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: as for methods.
        unsafe {
            let owner = s.peek(1).ptr();
            if type_version(owner) != s.cache_u32(2) {
                return deopt::<D>(s);
            }
            let heap: *mut abi::PyHeapTypeObject = (*owner).ob_type.cast();
            if (*keys::inline_values(owner)).valid == 0
                || (*(*heap).ht_cached_keys).dk_version != s.cache_u32(4)
            {
                return deopt::<D>(s);
            }
            found::<D>(s, s.cache_u64(6) as *mut abi::PyObject)
        }
    }

    /// Stores the value below the owner, and releases the old value and the owner.
    #[inline(always)]
    unsafe fn store<D: Dispatch>(s: State, slot: *mut *mut abi::PyObject) -> D::Out {
        // SAFETY: (9): the slot takes the count of the value over.
        unsafe {
            let old = *slot;
            *slot = s.peek(2).into_owned().into_ptr();
            finish_store::<D>(s, old)
        }
    }

    #[inline(always)]
    unsafe fn finish_store<D: Dispatch>(s: State, old: *mut abi::PyObject) -> D::Out {
        // SAFETY: (9): the value has moved; its place on the stack takes the old one until it is released.
        unsafe {
            let owner = s.peek(1);
            let old = if old.is_null() { StackRef::NULL } else { StackRef::steal(old) };
            s.poke(2, old);
            let s = s.drop(2).skip(STORE_ATTR);
            if old.is_counted() | owner.is_counted() {
                return D::cold::<super::super::cold::ReleaseOperands>(s, owner.bits());
            }
            D::next(s)
        }
    }

    /// An attribute that has its place in the inline values already.
    #[inline(always)]
    pub unsafe fn store_attr_instance_value<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: the version says that instances have inline values, and where.
        unsafe {
            let owner = s.peek(1).ptr();
            if type_version(owner) != s.cache_u32(2) {
                return deopt::<D>(s);
            }
            let values = keys::inline_values(owner);
            if (*values).valid == 0 || !(*keys::managed_dict(owner)).is_null() {
                return deopt::<D>(s);
            }
            let index = s.cache_u16(4) as usize;
            let slot = keys::value_slot(values, index);
            if (*slot).is_null() {
                krait_objects::dict::split::add_index(values, index);
            }
            store::<D>(s, slot)
        }
    }

    #[inline(always)]
    pub unsafe fn store_attr_slot<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: the version says that instances have a slot there.
        unsafe {
            let owner = s.peek(1).ptr();
            if type_version(owner) != s.cache_u32(2) {
                return deopt::<D>(s);
            }
            store::<D>(s, owner.byte_add(s.cache_u16(4) as usize).cast())
        }
    }

    #[inline(always)]
    pub unsafe fn store_attr_with_hint<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: the version says that instances have a managed dictionary; the entry is checked.
        unsafe {
            let owner = s.peek(1).ptr();
            if type_version(owner) != s.cache_u32(2) {
                return deopt::<D>(s);
            }
            let dict = *keys::managed_dict(owner);
            if dict.is_null() || !keys::is_unwatched(dict) {
                return deopt::<D>(s);
            }
            match keys::hinted(dict, s.cache_u16(4) as usize, name(s, s.arg)) {
                Some(slot) if !(*slot).is_null() => store::<D>(s, slot),
                _ => deopt::<D>(s),
            }
        }
    }
}
