//! Descriptors: what a type's attributes do when they are read from an instance.
//!
//! This file has what the kinds share and how a type's tables become descriptors; `method`, `field` (members and
//! computed attributes) and `wrapper` are the kinds, `member` reads and writes C fields, `doc` takes docstrings
//! apart; `property`, `wrapped` (static and class methods) and `proxy` are types of their own. The same job as
//! CPython's `Objects/descrobject.c`.
//!
//! SAFETY, throughout the folder: the tables of a type live as long as it; a descriptor keeps its type alive.

// Definitions are C's statics: every caller has them from a table that outlives what is made from it.
#![allow(clippy::not_unsafe_ptr_arg_deref)]

mod doc;
mod field;
pub mod member;
mod method;
mod property;
mod proxy;
mod wrapped;
mod wrapper;

use krait_abi as abi;

use crate::gc;
use crate::prelude::*;
use crate::protocol::call::returned;

pub use doc::{
    doc_without_signature, internal_doc, internal_signature, method_signature, type_doc,
    type_text_signature,
};
pub use field::{GetSetDescriptor, MemberDescriptor};
pub use method::{ClassMethodDescriptor, MethodDescriptor};
pub use property::Property;
pub use proxy::MappingProxy;
pub use wrapped::{ClassMethod, StaticMethod, wrap_special};
pub use wrapper::{MethodWrapper, WrapperDescriptor, wraps_generic_getattr};

/// What every descriptor made from a type's table begins with.
trait Descriptor: Instance {
    /// `__objclass__`.
    fn owner(&self) -> Borrowed<'_, Type>;
    fn name(&self) -> Borrowed<'_, Str>;
    fn qualname_slot(&self) -> &Slot;
    fn set_origin(&self, owner: Borrowed<'_, Type>, name: Owned<Str>);
}

/// The struct's three common fields, given when it is made.
macro_rules! descriptor {
    ($ty:ty) => {
        impl super::Descriptor for $ty {
            fn owner(&self) -> Borrowed<'_, Type> {
                match self.owner.get() {
                    Some(owner) => owner,
                    None => crate::fatal("a descriptor without its type"),
                }
            }

            fn name(&self) -> Borrowed<'_, Str> {
                self.name.get().unwrap_or(id::empty)
            }

            fn qualname_slot(&self) -> &Slot {
                &self.qualname
            }

            fn set_origin(&self, owner: Borrowed<'_, Type>, name: Owned<Str>) {
                self.owner.set(Some(owner.to_owned()));
                self.name.set(Some(name));
            }
        }
    };
}
use descriptor;

/// A fresh, untracked instance of `T`, zeroed after its head.
fn allocate<T: Instance>(th: &Thread) -> PyResult<Owned<T>> {
    let ob = crate::typeobj::alloc::alloc_untracked(th, Borrowed::from_ref(T::type_object()), 0)?;
    // SAFETY: an instance of the type that `T` lays out.
    Ok(unsafe { ob.cast() })
}

/// A new descriptor for the attribute `name` of `owner`. `fill` writes what its struct has besides, while nobody else
/// knows the object.
fn create<T: Descriptor>(
    th: &Thread,
    owner: Borrowed<'_, Type>,
    name: Owned<Str>,
    fill: impl FnOnce(*mut T),
) -> PyResult<Owned<T>> {
    let made: Owned<T> = allocate(th)?;
    fill(made.as_ptr().cast());
    made.set_origin(owner, name);
    gc::track(th, made.borrow());
    Ok(made)
}

/// `Owner.name`, made once.
fn qualname<T: Descriptor>(th: &Thread, descriptor: &T) -> PyResult {
    if let Some(known) = descriptor.qualname_slot().get_owned() {
        return Ok(known);
    }
    let owner = object::get_attr(th, descriptor.owner().object(), id::__qualname__)?;
    let Ok(owner) = owner.downcast::<Str>() else {
        return Err(th.raise(
            exc::TYPE_ERROR,
            "<descriptor>.__objclass__.__qualname__ is not a unicode object",
        ));
    };
    let made = Str::from_fmt(th, format_args!("{}.{}", *owner, *descriptor.name()))?;
    descriptor.qualname_slot().set(Some(made.clone().into_object()));
    Ok(made.into_object())
}

/// `(getattr, (owner, name))`.
fn reduce<T: Descriptor>(th: &Thread, descriptor: &T) -> PyResult {
    let getattr = crate::object::builtin(th, id::getattr)?;
    let owner = descriptor.owner().object().to_owned();
    let name = descriptor.name().object().to_owned();
    let pair = Tuple::pack(th, [owner, name])?.into_object();
    Tuple::pack(th, [getattr, pair]).map(Owned::into_object)
}

/// `<kind 'name' of 'Owner' objects>`.
fn repr<T: Descriptor>(th: &Thread, descriptor: &T, kind: &str) -> PyResult<Owned<Str>> {
    let owner = descriptor.owner();
    let (name, owner) = (descriptor.name(), owner.tp_name());
    Str::from_fmt(th, format_args!("<{kind} '{}' of '{owner}' objects>", *name))
}

/// TypeError unless `ob` is an instance of the descriptor's type.
#[inline]
fn check_instance<T: Descriptor>(th: &Thread, descriptor: &T, ob: Borrowed<'_>) -> PyResult<()> {
    if ob.get().ty().is_subtype(descriptor.owner().get()) {
        return Ok(());
    }
    Err(not_an_instance(th, descriptor, ob))
}

#[cold]
fn not_an_instance<T: Descriptor>(th: &Thread, descriptor: &T, ob: Borrowed<'_>) -> Raised {
    raise!(
        th,
        TYPE_ERROR,
        "descriptor '{}' for '{}' objects doesn't apply to a '{}' object",
        *descriptor.name(),
        descriptor.owner().tp_name(),
        ob.type_name()
    )
}

/// `tp_descr_get` of `found`, or `found` itself.
#[inline]
pub fn bind(
    th: &Thread,
    found: Borrowed<'_>,
    instance: Option<Borrowed<'_>>,
    owner: Borrowed<'_>,
) -> PyResult {
    match found.get().ty().get().raw().tp_descr_get {
        None => Ok(found.to_owned()),
        Some(get) => {
            let instance = instance.map_or(std::ptr::null_mut(), Borrowed::as_ptr);
            // SAFETY: the slot of a live descriptor.
            returned(th, unsafe { get(found.as_ptr(), instance, owner.as_ptr()) })
        }
    }
}

/// The interned name of a table's entry.
///
/// # Safety
/// `name` is a NUL-terminated string.
unsafe fn entry_name(th: &Thread, name: *const std::ffi::c_char) -> PyResult<Owned<Str>> {
    // SAFETY: the caller's promise.
    let text = unsafe { std::ffi::CStr::from_ptr(name) }.to_string_lossy();
    Str::interned(th, &text)
}

/// A `method_descriptor`, `classmethod_descriptor` or static method for a C declaration.
pub fn method_from_def(
    th: &Thread,
    owner: Borrowed<'_, Type>,
    def: *mut abi::PyMethodDef,
) -> PyResult {
    // SAFETY: see the top of the file.
    let flags = unsafe { (*def).ml_flags };
    if flags & abi::METH_CLASS != 0 {
        if flags & abi::METH_STATIC != 0 {
            return Err(th.raise(exc::VALUE_ERROR, "method cannot be both class and static"));
        }
        return ClassMethodDescriptor::new(th, owner, def).map(Owned::into_object);
    }
    if flags & abi::METH_STATIC != 0 {
        let function = crate::cfunction::CFunction::new(th, def, Some(owner.object()), None, None)?;
        return StaticMethod::new(th, function.object()).map(Owned::into_object);
    }
    MethodDescriptor::new(th, owner, def).map(Owned::into_object)
}

pub fn member_from_def(
    th: &Thread,
    owner: Borrowed<'_, Type>,
    def: *mut abi::PyMemberDef,
) -> PyResult {
    MemberDescriptor::new(th, owner, def).map(Owned::into_object)
}

pub fn getset_from_def(
    th: &Thread,
    owner: Borrowed<'_, Type>,
    def: *mut abi::PyGetSetDef,
) -> PyResult {
    GetSetDescriptor::new(th, owner, def).map(Owned::into_object)
}

/// `types.MappingProxyType(mapping)`.
pub fn mapping_proxy(th: &Thread, mapping: Borrowed<'_>) -> PyResult {
    MappingProxy::new(th, mapping).map(Owned::into_object)
}
