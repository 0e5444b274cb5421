//! Attributes of native objects whose type nobody has looked into yet.
//!
//! The dictionary of a static type is filled when somebody asks for it. Native code that knows a method or two of a
//! native object (a text stream flushes its buffer) need not be the one: these functions do what their namesakes in
//! `protocol` do, but search the tables that the dictionary would be filled from.

use std::ffi::c_char;

use krait_abi as abi;

use crate::descr;
use crate::object::instance_dict::{self, Stored};
use crate::prelude::*;
use crate::typeobj::contents::entries;
use crate::typeobj::state::static_state;

/// Whether attributes of the object are found in the plain way, in dictionaries that are not filled.
fn applies(th: &Thread, ob: Borrowed<'_>, name: &Str) -> bool {
    let ty = ob.ty();
    let plain = || {
        let (raw, object) = (ty.raw(), Object::type_object().raw());
        raw.tp_getattro.map(|get| get as usize) == object.tp_getattro.map(|get| get as usize)
            && raw.tp_setattro.map(|set| set as usize) == object.tp_setattro.map(|set| set as usize)
    };
    static_state(th, &ty).is_some_and(|state| state.dict.get().is_none())
        && plain()
        && !name.is_dunder()
}

/// A descriptor, made for the occasion, of what `name` is on the type of `ob`.
fn find(th: &Thread, ob: Borrowed<'_>, name: &Str) -> PyResult<Option<Owned>> {
    let (Some(name), Some(mro)) = (name.as_ascii(), ob.ty().get().mro().map(Borrowed::to_owned))
    else {
        return Ok(None);
    };
    for base in mro.as_slice().iter().filter_map(|base| base.downcast::<Type>()) {
        if let Some(found) = find_in(th, base, name.as_bytes())? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn find_in(th: &Thread, ty: Borrowed<'_, Type>, name: &[u8]) -> PyResult<Option<Owned>> {
    // SAFETY: the tables of a type end with an entry whose name is NULL, and live as long as it.
    unsafe {
        let is = |text| is_text(text, name);
        let raw = ty.raw();
        let mut methods = entries(raw.tp_methods, |def: &abi::PyMethodDef| def.ml_name.is_null());
        if let Some(def) = methods.find(|&def| is((*def).ml_name)) {
            return descr::method_from_def(th, ty, def).map(Some);
        }
        let mut members = entries(raw.tp_members, |def: &abi::PyMemberDef| def.name.is_null());
        if let Some(def) = members.find(|&def| is((*def).name)) {
            return descr::member_from_def(th, ty, def).map(Some);
        }
        let mut getsets = entries(raw.tp_getset, |def: &abi::PyGetSetDef| def.name.is_null());
        match getsets.find(|&def| is((*def).name)) {
            Some(def) => descr::getset_from_def(th, ty, def).map(Some),
            None => Ok(None),
        }
    }
}

/// Whether a C string is `name`. Most differ in their first character.
///
/// # Safety
/// `text` ends with a NUL.
unsafe fn is_text(text: *const c_char, name: &[u8]) -> bool {
    // SAFETY: the string is read no further than to its end.
    unsafe {
        for (at, &byte) in name.iter().enumerate() {
            if *text.add(at) as u8 != byte || byte == 0 {
                return false;
            }
        }
        *text.add(name.len()) == 0
    }
}

/// `None` if nothing is known of the attribute without a look into dictionaries.
fn look(th: &Thread, ob: Borrowed<'_>, name: Borrowed<'_, Str>) -> PyResult<Option<Owned>> {
    let found = find(th, ob, &name)?;
    let is_data = found.as_ref().is_some_and(|found| found.ty().raw().tp_descr_set.is_some());
    if !is_data && let Some(own) = instance_dict::get_attribute(th, ob, name)? {
        return Ok(Some(own));
    }
    match found {
        Some(found) => descr::bind(th, found.object(), Some(ob), ob.ty().object()).map(Some),
        None => Ok(None),
    }
}

/// As `object::get_attr`.
pub fn get_attr(th: &Thread, ob: Borrowed<'_>, name: Borrowed<'_, Str>) -> PyResult {
    let found = if applies(th, ob, &name) { look(th, ob, name)? } else { None };
    found.map_or_else(|| object::get_attr(th, ob, name), Ok)
}

/// As `object::get_attr_opt`.
pub fn get_attr_opt(
    th: &Thread,
    ob: Borrowed<'_>,
    name: Borrowed<'_, Str>,
) -> PyResult<Option<Owned>> {
    if !applies(th, ob, &name) {
        return object::get_attr_opt(th, ob, name);
    }
    look(th, ob, name).or_else(|raised| th.take_if(raised, exc::ATTRIBUTE_ERROR).map(|_| None))
}

/// As `object::set_attr`.
pub fn set_attr(
    th: &Thread,
    ob: Borrowed<'_>,
    name: Borrowed<'_, Str>,
    value: Borrowed<'_>,
) -> PyResult<()> {
    if !applies(th, ob, &name) {
        return object::set_attr(th, ob, name, value);
    }
    let found = find(th, ob, &name)?;
    match found.as_ref().and_then(|found| Some((found, found.ty().raw().tp_descr_set?))) {
        Some((found, set)) => {
            // SAFETY: the slot of a live descriptor.
            call::succeeded(th, unsafe { set(found.as_ptr(), ob.as_ptr(), value.as_ptr()) })
        }
        None => match instance_dict::set_attribute(th, ob, name, Some(value))? {
            Stored::Done => Ok(()),
            _ => object::set_attr(th, ob, name, value),
        },
    }
}

/// As `call::call_method`.
pub fn call_method(
    th: &Thread,
    ob: Borrowed<'_>,
    name: Borrowed<'_, Str>,
    args: &[Borrowed<'_>],
) -> PyResult {
    let found = if applies(th, ob, &name) { look(th, ob, name)? } else { None };
    match found {
        Some(method) => call::call(th, method.object(), args),
        None => call::call_method(th, ob, name, args),
    }
}
