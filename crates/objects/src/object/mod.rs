//! `object`, the types of the singletons, and `super`.
//!
//! This file has the services that other types ask of `object`; `base` is the type itself, `create` its
//! constructor and `__new__` of C types, `reduce` pickling, `class` the assignment of `__class__`; `instance_dict` and
//! `inline_values` are where instances keep attributes. The same job as the last part of CPython's `Objects/typeobject.c`.

mod base;
mod class;
mod create;
pub(crate) mod dict_property;
pub mod inline_values;
pub mod instance_dict;
pub(crate) mod reduce;
pub mod singletons;
pub mod super_;

use krait_abi as abi;

use crate::prelude::*;

pub use crate::handle::PyBaseObject_Type;
pub use create::{is_new_wrapper, new_wrapper, plain_instance};

/// `PyBaseObject_Type`.
pub fn base_object_type() -> &'static Type {
    PyBaseObject_Type.as_type()
}

/// `<module.name object at 0x…>`.
pub fn default_repr(th: &Thread, ob: Borrowed<'_>) -> PyResult<Owned<Str>> {
    let ty = ob.get().ty();
    let module = match ty.get().module(th) {
        Ok(module) => module.downcast::<Str>().ok(),
        Err(raised) => {
            drop(th.take_if(raised, exc::ATTRIBUTE_ERROR)?);
            None
        }
    };
    match module {
        Some(module) if !module.eq_str("builtins") => {
            let qualname = ty.get().qualname(th)?;
            Str::from_fmt(
                th,
                format_args!("<{}.{} object at {:p}>", *module, *qualname, ob.as_ptr()),
            )
        }
        _ => Str::from_fmt(th, format_args!("<{} object at {:p}>", ty.tp_name(), ob.as_ptr())),
    }
}

/// `PyObject_HashNotImplemented`: what `tp_hash` of unhashable types is.
///
/// # Safety
/// `ob` is a live object.
pub unsafe extern "C" fn hash_not_implemented(ob: *mut abi::PyObject) -> isize {
    // SAFETY: the caller's promise.
    let ob: Borrowed<'_> = unsafe { Borrowed::from_ptr(ob) };
    let _raised = raise!(Thread::current(), TYPE_ERROR, "unhashable type: '{}'", ob.type_name());
    -1
}

/// Sets `name` and `obj` of the current AttributeError, if they are not set, for suggestions.
#[cold]
pub fn name_attribute_error(th: &Thread, ob: Borrowed<'_>, name: Borrowed<'_, Str>) {
    let Some(exception) = th.current_exception() else {
        return;
    };
    if !exception.ty().is_subtype(exc::ATTRIBUTE_ERROR) {
        return;
    }
    // SAFETY: an AttributeError is laid out as C's struct; its fields own what they hold, or are NULL.
    unsafe {
        let raw = exception.as_ptr().cast::<abi::PyAttributeErrorObject>();
        if (*raw).name.is_null() && (*raw).obj.is_null() {
            (*raw).name = name.to_owned().into_ptr();
            (*raw).obj = ob.to_owned().into_ptr();
        }
    }
}

/// A built-in function or class by name, as the running code sees it; AttributeError if there is none.
pub fn builtin(th: &Thread, name: Borrowed<'_, Str>) -> PyResult {
    let builtins = (th.interp().services.get().builtins)(th);
    let found = match &builtins {
        Some(builtins) => mapping::get_opt(th, builtins.object(), name.object())?,
        None => None,
    };
    found.ok_or_else(|| th.raise_value(exc::ATTRIBUTE_ERROR, name.object()))
}

/// The names in the dictionaries of a class and its bases, through `__dict__` and `__bases__`.
fn merge_class_dict(th: &Thread, into: &Dict, class: Borrowed<'_>) -> PyResult<()> {
    th.check_stack(" in dir")?;
    if let Some(dict) = object::get_attr_opt(th, class, id::__dict__)? {
        into.merge(th, dict.object(), true)?;
    }
    let Some(bases) = object::get_attr_opt(th, class, id::__bases__)? else {
        return Ok(());
    };
    let bases = sequence::tuple(th, bases.object())?;
    for &base in bases.as_slice() {
        merge_class_dict(th, into, base)?;
    }
    Ok(())
}

/// `type.__dir__`.
pub fn dir_of_type(th: &Thread, ty: Borrowed<'_, Type>) -> PyResult {
    let names = Dict::new(th)?;
    merge_class_dict(th, &names, ty.object())?;
    names.keys(th).map(Owned::into_object)
}
