//! Attributes: `getattr`, `setattr`, and the look-up that is theirs unless a type says otherwise.
//!
//! SAFETY, throughout: the slots of a live object's type take what their contract says.

use krait_abi as abi;

use crate::descr;
use crate::module::{self, Module};
use crate::object::{instance_dict, name_attribute_error};
use crate::prelude::*;
use crate::protocol::call::{returned, succeeded};

/// What a method look-up found.
pub enum Attribute {
    /// The attribute itself.
    Bound(Owned),
    /// A function of the type, to be called with the object as first argument.
    Unbound(Owned),
}

#[cold]
pub fn no_attribute(th: &Thread, ob: Borrowed<'_>, name: Borrowed<'_, Str>) -> Raised {
    let raised = match ob.downcast::<Type>() {
        Some(ty) => {
            raise!(
                th,
                ATTRIBUTE_ERROR,
                "type object '{}' has no attribute '{}'",
                ty.tp_name(),
                *name
            )
        }
        None => {
            raise!(th, ATTRIBUTE_ERROR, "'{}' object has no attribute '{}'", ob.type_name(), *name)
        }
    };
    name_attribute_error(th, ob, name);
    raised
}

/// Whether the type's attribute look-up is the generic one.
#[inline]
fn is_generic(ty: &Type) -> bool {
    ty.raw()
        .tp_getattro
        .is_some_and(|slot| slot as usize == Object::getattribute as *const () as usize)
}

/// `name` must be a `str` for all attribute functions.
#[inline]
pub fn get_attr(th: &Thread, ob: Borrowed<'_>, name: Borrowed<'_, Str>) -> PyResult {
    let raw = ob.get().ty().get().raw();
    let found = if let Some(getattro) = raw.tp_getattro {
        // SAFETY: see the top of the file.
        returned(th, unsafe { getattro(ob.as_ptr(), name.as_ptr()) })
    } else if let Some(getattr) = raw.tp_getattr {
        let text = c_name(th, name)?;
        // SAFETY: see the top of the file.
        returned(th, unsafe { getattr(ob.as_ptr(), text.as_ptr().cast_mut()) })
    } else {
        Err(no_attribute(th, ob, name))
    };
    if found.is_err() {
        name_attribute_error(th, ob, name);
    }
    found
}

/// The name for slots that take C strings.
fn c_name(th: &Thread, name: Borrowed<'_, Str>) -> PyResult<std::ffi::CString> {
    let text = name.get().as_utf8(th)?;
    std::ffi::CString::new(text).map_err(|_| th.raise(exc::VALUE_ERROR, "embedded null character"))
}

/// `None` instead of AttributeError.
pub fn get_attr_opt(
    th: &Thread,
    ob: Borrowed<'_>,
    name: Borrowed<'_, Str>,
) -> PyResult<Option<Owned>> {
    let ty = ob.get().ty();
    // The two common look-ups say so without making an exception first.
    let found = if is_generic(&ty) {
        find_generic(th, ob, name)
    } else if ob.is_exact::<Type>() {
        // SAFETY: the check answered for the layout.
        crate::typeobj::find_attribute(th, unsafe { ob.cast::<Type>() }, name)
    } else if ob.is_exact::<Module>() {
        // SAFETY: the check answered for the layout.
        crate::module::find_attribute(th, unsafe { ob.cast::<Module>() }, name)
    } else {
        get_attr(th, ob, name).map(Some)
    };
    match found {
        Ok(found) => Ok(found),
        Err(raised) => th.take_if(raised, exc::ATTRIBUTE_ERROR).map(|_| None),
    }
}

/// Whether the attribute is there; only AttributeError says that it is not.
pub fn has_attr(th: &Thread, ob: Borrowed<'_>, name: Borrowed<'_, Str>) -> PyResult<bool> {
    Ok(get_attr_opt(th, ob, name)?.is_some())
}

pub fn set_attr(
    th: &Thread,
    ob: Borrowed<'_>,
    name: Borrowed<'_, Str>,
    value: Borrowed<'_>,
) -> PyResult<()> {
    set_or_delete(th, ob, name, Some(value))
}

pub fn del_attr(th: &Thread, ob: Borrowed<'_>, name: Borrowed<'_, Str>) -> PyResult<()> {
    set_or_delete(th, ob, name, None)
}

fn set_or_delete(
    th: &Thread,
    ob: Borrowed<'_>,
    name: Borrowed<'_, Str>,
    value: Option<Borrowed<'_>>,
) -> PyResult<()> {
    let raw = ob.get().ty().get().raw();
    let interned;
    let name = if name.is_interned() || !name.object().is_exact::<Str>() {
        name
    } else {
        interned = Str::intern(th, name.to_owned())?;
        interned.borrow()
    };
    let pointer = value.map_or(std::ptr::null_mut(), Borrowed::as_ptr);
    if let Some(setattro) = raw.tp_setattro {
        // SAFETY: see the top of the file.
        return succeeded(th, unsafe { setattro(ob.as_ptr(), name.as_ptr(), pointer) });
    }
    if let Some(setattr) = raw.tp_setattr {
        let text = c_name(th, name)?;
        // SAFETY: see the top of the file.
        let status = unsafe { setattr(ob.as_ptr(), text.as_ptr().cast_mut(), pointer) };
        return succeeded(th, status);
    }
    let has = if raw.tp_getattr.is_none() && raw.tp_getattro.is_none() {
        "no attributes"
    } else {
        "only read-only attributes"
    };
    let action = if value.is_some() { "assign to" } else { "del" };
    Err(raise!(th, TYPE_ERROR, "'{}' object has {has} ({action} .{})", ob.type_name(), *name))
}

/// A special method as the interpreter looks it up: on the type, bound to `ob`.
pub fn lookup_special(
    th: &Thread,
    ob: Borrowed<'_>,
    name: Borrowed<'_, Str>,
) -> PyResult<Option<Owned>> {
    let ty = ob.get().ty();
    match ty.lookup(th, name) {
        Some(found) => descr::bind(th, found.object(), Some(ob), ty.object()).map(Some),
        None => Ok(None),
    }
}

/// As `lookup_special`, but a plain function comes back unbound, so that a call needs no bound method.
pub fn lookup_special_method(
    th: &Thread,
    ob: Borrowed<'_>,
    name: Borrowed<'_, Str>,
) -> PyResult<Option<Attribute>> {
    let ty = ob.get().ty();
    let Some(found) = ty.lookup(th, name) else {
        return Ok(None);
    };
    if found.ty().has_flag(abi::Py_TPFLAGS_METHOD_DESCRIPTOR) {
        return Ok(Some(Attribute::Unbound(found)));
    }
    let bound = descr::bind(th, found.object(), Some(ob), ty.object())?;
    Ok(Some(Attribute::Bound(bound)))
}

/// `PyObject_GenericGetAttr`.
pub fn generic_get_attr(th: &Thread, ob: Borrowed<'_>, name: Borrowed<'_, Str>) -> PyResult {
    match find_generic(th, ob, name)? {
        Some(found) => Ok(found),
        None => {
            let raised = raise!(
                th,
                ATTRIBUTE_ERROR,
                "'{}' object has no attribute '{}'",
                ob.type_name(),
                *name
            );
            name_attribute_error(th, ob, name);
            Err(raised)
        }
    }
}

/// Data descriptors of the type, then the instance's dictionary, then whatever else the type has.
pub fn find_generic(
    th: &Thread,
    ob: Borrowed<'_>,
    name: Borrowed<'_, Str>,
) -> PyResult<Option<Owned>> {
    let ty = ob.get().ty();
    let found = ty.lookup(th, name);
    if let Some(descriptor) = &found {
        let raw = descriptor.ty().get().raw();
        if raw.tp_descr_get.is_some() && raw.tp_descr_set.is_some() {
            return descr::bind(th, descriptor.object(), Some(ob), ty.object()).map(Some);
        }
    }
    if let Some(value) = instance_dict::get_attribute(th, ob, name)? {
        return Ok(Some(value));
    }
    match found {
        // Read again: comparing keys may have given the object another class.
        Some(found) => descr::bind(th, found.object(), Some(ob), ob.get().ty().object()).map(Some),
        None => Ok(None),
    }
}

/// The attribute for a call `ob.name(…)`: functions of the type come back unbound.
pub fn get_method(th: &Thread, ob: Borrowed<'_>, name: Borrowed<'_, Str>) -> PyResult<Attribute> {
    let ty = ob.get().ty();
    if !is_generic(&ty) {
        return get_attr(th, ob, name).map(Attribute::Bound);
    }
    let found = ty.lookup(th, name);
    let mut is_method = false;
    if let Some(found) = &found {
        is_method = found.ty().has_flag(abi::Py_TPFLAGS_METHOD_DESCRIPTOR);
        let raw = found.ty().get().raw();
        if !is_method && raw.tp_descr_get.is_some() && raw.tp_descr_set.is_some() {
            let bound = descr::bind(th, found.object(), Some(ob), ty.object())?;
            return Ok(Attribute::Bound(bound));
        }
    }
    if let Some(value) = instance_dict::get_attribute(th, ob, name)? {
        return Ok(Attribute::Bound(value));
    }
    match found {
        Some(found) if is_method => Ok(Attribute::Unbound(found)),
        Some(found) => {
            let bound = descr::bind(th, found.object(), Some(ob), ob.get().ty().object())?;
            Ok(Attribute::Bound(bound))
        }
        None => Err(no_attribute(th, ob, name)),
    }
}

/// `PyObject_GenericSetAttr`; `None` deletes.
pub fn generic_set_attr(
    th: &Thread,
    ob: Borrowed<'_>,
    name: Borrowed<'_, Str>,
    value: Option<Borrowed<'_>>,
) -> PyResult<()> {
    let descriptor = ob.get().ty().lookup(th, name);
    if let Some(descriptor) = &descriptor {
        if let Some(set) = descriptor.ty().get().raw().tp_descr_set {
            let value = value.map_or(std::ptr::null_mut(), Borrowed::as_ptr);
            // SAFETY: see the top of the file.
            let status = unsafe { set(descriptor.as_ptr(), ob.as_ptr(), value) };
            return succeeded(th, status);
        }
    }
    match instance_dict::set_attribute(th, ob, name, value)? {
        instance_dict::Stored::Done => Ok(()),
        instance_dict::Stored::Missing => match ob.downcast::<Module>() {
            Some(module) if module::complete(th, module, Some(name))? => {
                generic_set_attr(th, ob, name, value)
            }
            _ => Err(no_attribute(th, ob, name)),
        },
        instance_dict::Stored::NoPlace => Err(no_place(th, ob, name, descriptor.is_some())),
    }
}

/// The object has no dictionary to set an attribute in.
#[cold]
fn no_place(th: &Thread, ob: Borrowed<'_>, name: Borrowed<'_, Str>, is_known: bool) -> Raised {
    let set = ob.get().ty().get().raw().tp_setattro.map(|set| set as usize);
    let ty = ob.type_name();
    let raised = if is_known {
        raise!(th, ATTRIBUTE_ERROR, "'{ty}' object attribute '{}' is read-only", *name)
    } else if set == Some(Object::setattribute as *const () as usize) {
        raise!(
            th,
            ATTRIBUTE_ERROR,
            "'{ty}' object has no attribute '{}' and no __dict__ for setting new attributes",
            *name
        )
    } else {
        raise!(th, ATTRIBUTE_ERROR, "'{ty}' object has no attribute '{}'", *name)
    };
    name_attribute_error(th, ob, name);
    raised
}

/// The names `dir(ob)` lists, sorted.
pub fn dir(th: &Thread, ob: Borrowed<'_>) -> PyResult {
    let Some(method) = lookup_special(th, ob, id::__dir__)? else {
        return Err(th.raise(exc::TYPE_ERROR, "object does not provide __dir__"));
    };
    let names = crate::protocol::call::call(th, method.object(), &[])?;
    let names = sequence::list(th, names.object())?;
    names.sort(th)?;
    Ok(names.into_object())
}
