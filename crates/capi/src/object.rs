//! `object.h`, `abstract.h`: attributes, comparison, text, items.

use std::ffi::{c_char, c_int, c_void};

use krait_macros::capi;
use krait_objects::object::instance_dict;
use krait_objects::prelude::*;

use crate::support::*;

#[capi]
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

#[capi]
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

#[capi]
pub fn PyObject_RichCompare(
    th: &Thread,
    left: Option<Borrowed<'_>>,
    right: Option<Borrowed<'_>>,
    op: c_int,
) -> PyResult {
    let left = given(th, left)?;
    let right = given(th, right)?;
    match CompareOp::from_c(op) {
        Some(op) => object::compare(th, left, right, op),
        None => Err(th.bad_internal_call()),
    }
}

#[capi]
pub fn PyObject_RichCompareBool(
    th: &Thread,
    left: Option<Borrowed<'_>>,
    right: Option<Borrowed<'_>>,
    op: c_int,
) -> PyResult<bool> {
    let left = given(th, left)?;
    let right = given(th, right)?;
    if left.is(right) && (op == krait_abi::Py_EQ || op == krait_abi::Py_NE) {
        return Ok(op == krait_abi::Py_EQ);
    }
    match CompareOp::from_c(op) {
        Some(op) => object::compare_bool(th, left, right, op),
        None => Err(th.bad_internal_call()),
    }
}

#[capi]
pub fn PyObject_Hash(th: &Thread, ob: Borrowed<'_>) -> isize {
    match ob.get().ty().get().raw().tp_hash {
        // SAFETY: a slot takes a live object of its type.
        Some(hash) => unsafe { hash(ob.as_ptr()) },
        None => object::hash(th, ob).unwrap_or(-1),
    }
}

#[capi]
pub fn PyObject_HashNotImplemented(th: &Thread, ob: Borrowed<'_>) -> PyResult<isize> {
    Err(krait_objects::raise!(th, TYPE_ERROR, "unhashable type: '{}'", ob.type_name()))
}

#[capi]
pub fn PyObject_IsTrue(th: &Thread, ob: Borrowed<'_>) -> PyResult<bool> {
    object::is_true(th, ob)
}

#[capi]
pub fn PyObject_Not(th: &Thread, ob: Borrowed<'_>) -> PyResult<bool> {
    object::is_true(th, ob).map(|truth| !truth)
}

#[capi]
pub fn PyObject_Repr(th: &Thread, ob: Option<Borrowed<'_>>) -> PyResult<Owned<Str>> {
    ob.map_or_else(|| Str::new(th, "<NULL>"), |ob| object::repr(th, ob))
}

#[capi]
pub fn PyObject_Str(th: &Thread, ob: Option<Borrowed<'_>>) -> PyResult<Owned<Str>> {
    ob.map_or_else(|| Str::new(th, "<NULL>"), |ob| object::str(th, ob))
}

#[capi]
pub fn PyObject_ASCII(th: &Thread, ob: Option<Borrowed<'_>>) -> PyResult<Owned<Str>> {
    ob.map_or_else(|| Str::new(th, "<NULL>"), |ob| object::ascii(th, ob))
}

#[capi]
pub fn PyObject_Bytes(th: &Thread, ob: Option<Borrowed<'_>>) -> PyResult {
    match ob {
        Some(ob) => object::bytes(th, ob),
        None => Bytes::new(th, b"<NULL>").map(Owned::into_object),
    }
}

#[capi]
pub fn PyObject_Format(
    th: &Thread,
    ob: Borrowed<'_>,
    spec: Option<Borrowed<'_>>,
) -> PyResult<Owned<Str>> {
    let spec = match spec {
        None => None,
        Some(spec) => Some(spec.downcast::<Str>().ok_or_else(|| {
            krait_objects::raise!(
                th,
                SYSTEM_ERROR,
                "Format specifier must be a string, not {}",
                spec.type_name()
            )
        })?),
    };
    object::format(th, ob, spec)
}

#[capi]
pub fn PyObject_Type(ob: Borrowed<'_>) -> Owned<Type> {
    object::type_of(ob)
}

#[capi]
pub fn PyObject_IsInstance(th: &Thread, ob: Borrowed<'_>, class: Borrowed<'_>) -> PyResult<bool> {
    if std::ptr::eq(ob.get().ty().as_ptr(), class.as_ptr()) {
        return Ok(true);
    }
    object::is_instance(th, ob, class)
}

#[capi]
pub fn PyObject_IsSubclass(th: &Thread, ob: Borrowed<'_>, class: Borrowed<'_>) -> PyResult<bool> {
    object::is_subclass(th, ob, class)
}

#[capi]
pub fn PyObject_GetItem(
    th: &Thread,
    ob: Borrowed<'_>,
    key: Borrowed<'_>,
) -> *mut krait_abi::PyObject {
    match slot!(ob, tp_as_mapping, mp_subscript) {
        // SAFETY: a slot takes live objects.
        Some(subscript) => unsafe { subscript(ob.as_ptr(), key.as_ptr()) },
        None => object::get_item(th, ob, key).map_or(std::ptr::null_mut(), Owned::into_ptr),
    }
}

#[capi]
pub fn PyObject_SetItem(
    th: &Thread,
    ob: Borrowed<'_>,
    key: Borrowed<'_>,
    value: Borrowed<'_>,
) -> c_int {
    match slot!(ob, tp_as_mapping, mp_ass_subscript) {
        // SAFETY: a slot takes live objects.
        Some(assign) => unsafe { assign(ob.as_ptr(), key.as_ptr(), value.as_ptr()) },
        None => object::set_item(th, ob, key, value).map_or(-1, |()| 0),
    }
}

#[capi]
pub fn PyObject_DelItem(th: &Thread, ob: Borrowed<'_>, key: Borrowed<'_>) -> PyResult<()> {
    object::del_item(th, ob, key)
}

#[capi]
pub fn PyObject_DelItemString(th: &Thread, ob: Borrowed<'_>, key: *const c_char) -> PyResult<()> {
    object::del_item(th, ob, string(th, key)?.object())
}

#[inline(always)]
fn size(th: &Thread, ob: Borrowed<'_>) -> isize {
    if let Some(length) = slot!(ob, tp_as_sequence, sq_length) {
        // SAFETY: a slot takes a live object of its type.
        return unsafe { length(ob.as_ptr()) };
    }
    match slot!(ob, tp_as_mapping, mp_length) {
        // SAFETY: as above.
        Some(length) => unsafe { length(ob.as_ptr()) },
        None => object::len(th, ob).map_or(-1, |len| len as isize),
    }
}

#[capi]
pub fn PyObject_Size(th: &Thread, ob: Borrowed<'_>) -> isize {
    size(th, ob)
}

#[capi]
pub fn PyObject_Length(th: &Thread, ob: Borrowed<'_>) -> isize {
    size(th, ob)
}

#[capi]
pub fn PyObject_LengthHint(th: &Thread, ob: Borrowed<'_>, default: isize) -> PyResult<isize> {
    object::length_hint(th, ob, default.max(0) as usize).map(|len| len as isize)
}

#[capi]
pub fn PyObject_Dir(th: &Thread, ob: Option<Borrowed<'_>>) -> PyResult {
    let Some(ob) = ob else {
        let locals = krait_eval::frame::current_locals(th)?;
        let keys = mapping::keys(th, locals.object())?;
        let keys = List::from_vec(th, iter::collect(th, keys.object())?)?;
        keys.sort(th)?;
        return Ok(keys.into_object());
    };
    object::dir(th, ob)
}

#[capi]
pub fn PyObject_SelfIter(ob: Borrowed<'_>) -> Owned {
    ob.to_owned()
}

#[capi]
pub fn PyCallable_Check(ob: Option<Borrowed<'_>>) -> bool {
    ob.is_some_and(object::is_callable)
}

#[capi]
pub fn PyObject_AsFileDescriptor(th: &Thread, ob: Borrowed<'_>) -> PyResult<c_int> {
    let number = match ob.downcast::<Int>() {
        Some(number) => {
            if ob.downcast::<krait_objects::int::Bool>().is_some() {
                let message = Str::new(th, "bool is used as a file descriptor")?;
                let category = Borrowed::from_ref(exc::RUNTIME_WARNING).object();
                (th.interp().services.get().warn)(th, category, message.borrow(), 1)?;
            }
            number.to_owned()
        }
        None => match object::get_attr_opt(th, ob, Str::interned(th, "fileno")?.borrow())? {
            None => {
                return Err(th.raise(
                    exc::TYPE_ERROR,
                    "argument must be an int, or have a fileno() method.",
                ));
            }
            Some(method) => call::call(th, method.object(), &[])?
                .downcast::<Int>()
                .map_err(|_| th.raise(exc::TYPE_ERROR, "fileno() returned a non-integer"))?,
        },
    };
    match number.to_i64().and_then(|number| c_int::try_from(number).ok()) {
        Some(number) if number >= 0 => Ok(number),
        Some(number) => Err(krait_objects::raise!(
            th,
            VALUE_ERROR,
            "file descriptor cannot be a negative integer ({number})"
        )),
        None => Err(th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C int")),
    }
}

#[capi]
pub fn Py_GenericAlias(th: &Thread, origin: Borrowed<'_>, args: Borrowed<'_>) -> PyResult {
    krait_objects::generic_alias::new(th, origin, args)
}

#[capi]
pub fn Py_Is(left: Ptr, right: Ptr) -> c_int {
    (left == right).into()
}

#[capi]
pub fn Py_IsNone(ob: Ptr) -> c_int {
    (ob == none().as_ptr()).into()
}

#[capi]
pub fn Py_IsTrue(ob: Ptr) -> c_int {
    (ob == bool_object(true).as_ptr()).into()
}

#[capi]
pub fn Py_IsFalse(ob: Ptr) -> c_int {
    (ob == bool_object(false).as_ptr()).into()
}

/// For each comparison, the one that says the same with the sides exchanged.
#[unsafe(no_mangle)]
pub static _Py_SwappedOp: [c_int; 6] = [4, 5, 2, 3, 0, 1];

#[capi]
pub fn Py_GetConstantBorrowed(th: &Thread, which: u32) -> PyResult<*mut krait_abi::PyObject> {
    Ok(match which {
        0 => none().as_ptr(),
        1 => bool_object(false).as_ptr(),
        2 => bool_object(true).as_ptr(),
        3 => ellipsis().as_ptr(),
        4 => not_implemented().as_ptr(),
        5 => krait_objects::int::small(0).as_ptr(),
        6 => krait_objects::int::small(1).as_ptr(),
        7 => Str::empty().as_ptr(),
        8 => Bytes::empty().as_ptr(),
        9 => Tuple::empty().as_ptr(),
        _ => return Err(th.bad_internal_call()),
    })
}
