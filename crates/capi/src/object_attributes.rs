//! `object.h`, `abstract.h`: attributes, and the dictionaries they lie in.
//!
//! SAFETY, throughout: C passes live objects.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::{c_char, c_int, c_void};

use krait_abi as abi;
use krait_macros::capi;
use krait_objects::codegen::saved;
use krait_objects::object::instance_dict;
use krait_objects::prelude::*;

use crate::support::*;

/// The slot's answer, unless it has none.
#[inline(always)]
unsafe fn attribute_at_once(ob: Ptr, key: Ptr) -> Option<Ptr> {
    // SAFETY: C passes live objects; a slot takes a live object of its type, and a string.
    unsafe {
        let getattro = (*(*ob).ob_type).tp_getattro?;
        there::<Str>(key)?;
        let (missed, by) = (saved(ob), saved(key));
        let found = getattro(ob, key);
        Some(if found.is_null() { without_attribute(missed, by) } else { found })
    }
}

#[cold]
#[inline(never)]
unsafe fn without_attribute(ob: Ptr, key: Ptr) -> Ptr {
    // SAFETY: the caller's objects.
    unsafe {
        let th = Thread::attached();
        let _raised = th.raised_by_c();
        krait_objects::object::name_attribute_error(
            th,
            Borrowed::from_ptr(ob),
            Borrowed::from_ptr(key),
        );
    }
    std::ptr::null_mut()
}

#[capi(fast = attribute_at_once)]
pub fn PyObject_GetAttr(th: &Thread, ob: Borrowed<'_>, key: Borrowed<'_>) -> PyResult {
    object::get_attr(th, ob, attribute(th, key)?)
}

#[capi]
pub fn PyObject_GetAttrString(th: &Thread, ob: Borrowed<'_>, key: *const c_char) -> PyResult {
    object::get_attr(th, ob, name(th, key)?.borrow())
}

/// An exception that was there before counts as the reason why there is no such attribute.
fn absent(th: &Thread, found: PyResult<bool>) -> PyResult<bool> {
    if matches!(found, Ok(false)) && th.current_exception().is_some() {
        return Err(th.raised_by_c());
    }
    found
}

#[capi]
pub fn PyObject_GetOptionalAttr(
    th: &Thread,
    ob: Borrowed<'_>,
    key: Borrowed<'_>,
    place: *mut Ptr,
) -> PyResult<bool> {
    let found = attribute(th, key).and_then(|key| object::get_attr_opt(th, ob, key));
    // SAFETY: `place` is writable.
    absent(th, unsafe { give(place, found) })
}

#[capi]
pub fn PyObject_GetOptionalAttrString(
    th: &Thread,
    ob: Borrowed<'_>,
    key: *const c_char,
    place: *mut Ptr,
) -> PyResult<bool> {
    let found = name(th, key).and_then(|key| object::get_attr_opt(th, ob, key.borrow()));
    // SAFETY: `place` is writable.
    absent(th, unsafe { give(place, found) })
}

fn set_or_delete(
    th: &Thread,
    ob: Borrowed<'_>,
    key: Borrowed<'_, Str>,
    value: Option<Borrowed<'_>>,
) -> PyResult<()> {
    match value {
        Some(value) => object::set_attr(th, ob, key, value),
        None => object::del_attr(th, ob, key),
    }
}

#[capi]
pub fn PyObject_SetAttr(
    th: &Thread,
    ob: Borrowed<'_>,
    key: Borrowed<'_>,
    value: Option<Borrowed<'_>>,
) -> PyResult<()> {
    set_or_delete(th, ob, attribute(th, key)?, value)
}

#[capi]
pub fn PyObject_SetAttrString(
    th: &Thread,
    ob: Borrowed<'_>,
    key: *const c_char,
    value: Option<Borrowed<'_>>,
) -> PyResult<()> {
    set_or_delete(th, ob, name(th, key)?.borrow(), value)
}

#[capi]
pub fn PyObject_DelAttr(th: &Thread, ob: Borrowed<'_>, key: Borrowed<'_>) -> PyResult<()> {
    object::del_attr(th, ob, attribute(th, key)?)
}

#[capi]
pub fn PyObject_DelAttrString(th: &Thread, ob: Borrowed<'_>, key: *const c_char) -> PyResult<()> {
    object::del_attr(th, ob, name(th, key)?.borrow())
}

#[capi]
pub fn PyObject_HasAttrWithError(
    th: &Thread,
    ob: Borrowed<'_>,
    key: Borrowed<'_>,
) -> PyResult<bool> {
    absent(th, object::has_attr(th, ob, attribute(th, key)?))
}

#[capi]
pub fn PyObject_HasAttrStringWithError(
    th: &Thread,
    ob: Borrowed<'_>,
    key: *const c_char,
) -> PyResult<bool> {
    absent(th, object::has_attr(th, ob, name(th, key)?.borrow()))
}

/// Without a way to tell, an error is reported and counts as no.
fn reported(th: &Thread, answer: PyResult<bool>, what: &str) -> bool {
    answer.unwrap_or_else(|_| {
        (th.interp().services.get().unraisable)(th, None, what);
        false
    })
}

#[capi]
pub fn PyObject_HasAttr(th: &Thread, ob: Borrowed<'_>, key: Borrowed<'_>) -> bool {
    let answer = absent(th, attribute(th, key).and_then(|key| object::has_attr(th, ob, key)));
    reported(
        th,
        answer,
        "Exception ignored in PyObject_HasAttr(); consider using PyObject_HasAttrWithError(), PyObject_GetOptionalAttr() or PyObject_GetAttr()",
    )
}

#[capi]
pub fn PyObject_HasAttrString(th: &Thread, ob: Borrowed<'_>, key: *const c_char) -> bool {
    let answer = name(th, key).and_then(|key| object::has_attr(th, ob, key.borrow()));
    let answer = absent(th, answer);
    reported(
        th,
        answer,
        "Exception ignored in PyObject_HasAttrString(); consider using PyObject_HasAttrStringWithError(), PyObject_GetOptionalAttrString() or PyObject_GetAttrString()",
    )
}

#[inline(always)]
unsafe fn dict_at_once(ob: Ptr, _context: *mut c_void) -> Option<Ptr> {
    // SAFETY: C passes a live object or NULL.
    unsafe {
        ob.as_ref()?;
        instance_dict::get_at_fixed_place(Borrowed::from_ptr(ob)).map(Owned::into_ptr)
    }
}

#[capi(fast = dict_at_once)]
pub fn PyObject_GenericGetDict(
    th: &Thread,
    ob: Borrowed<'_>,
    _context: *mut c_void,
) -> PyResult<Owned<Dict>> {
    instance_dict::dict_of(th, ob)
}

#[capi]
pub fn PyObject_GenericSetDict(
    th: &Thread,
    ob: Borrowed<'_>,
    value: Option<Borrowed<'_>>,
    _context: *mut c_void,
) -> PyResult<()> {
    instance_dict::set_generic(th, ob, value)
}

/// The field that holds the instance's dictionary; NULL if there is none.
#[capi]
pub fn _PyObject_GetDictPtr(th: &Thread, ob: Ptr) -> *mut Ptr {
    // SAFETY: see the top of the file.
    instance_dict::pointer(th, unsafe { Borrowed::from_ptr(ob) })
}

#[capi]
pub fn PyObject_VisitManagedDict(
    ob: Ptr,
    visit: krait_abi::visitproc,
    argument: *mut c_void,
) -> c_int {
    let Some(visit) = visit else { return 0 };
    // SAFETY: C passes a live object whose type manages its dictionary.
    unsafe { instance_dict::traverse(ob, std::ptr::null_mut(), visit, argument) }
}

#[capi]
pub fn PyObject_ClearManagedDict(ob: Ptr) {
    // SAFETY: as above.
    unsafe { instance_dict::clear(ob) }
}

/// Strings that C keeps by the address of its own identifiers.
#[derive(Default)]
struct Identifiers(RefCell<HashMap<usize, Owned<Str>>>);

fn identifier(th: &Thread, id: *mut abi::_Py_Identifier) -> PyResult<Owned<Str>> {
    let known = &th.interp().state::<Identifiers>().0;
    if let Some(found) = known.borrow().get(&id.addr()) {
        return Ok(found.clone());
    }
    // SAFETY: C passes a static identifier.
    let made = name(th, unsafe { (*id).string })?;
    known.borrow_mut().insert(id.addr(), made.clone());
    Ok(made)
}

/// Borrowed: the interpreter keeps it.
#[capi]
pub fn _PyUnicode_FromId(
    th: &Thread,
    id: *mut abi::_Py_Identifier,
) -> PyResult<*mut abi::PyObject> {
    Ok(identifier(th, id)?.as_ptr())
}

#[capi]
pub fn _PyObject_GetAttrId(
    th: &Thread,
    ob: Borrowed<'_>,
    id: *mut abi::_Py_Identifier,
) -> PyResult {
    object::get_attr(th, ob, identifier(th, id)?.borrow())
}
