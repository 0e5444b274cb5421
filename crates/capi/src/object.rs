//! `object.h`, `abstract.h`: comparison, text, items, and what can be asked of any object.

use std::ffi::{c_char, c_int};

use krait_macros::capi;
use krait_objects::prelude::*;

use crate::support::*;

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

/// The same object. As in the reference, twice NULL is the same, too.
#[inline(always)]
unsafe fn same_at_once(left: Ptr, right: Ptr, op: c_int) -> Option<c_int> {
    if left != right {
        return None;
    }
    match op {
        krait_abi::Py_EQ => Some(1),
        krait_abi::Py_NE => Some(0),
        _ => None,
    }
}

#[capi(fast = same_at_once)]
pub fn PyObject_RichCompareBool(
    th: &Thread,
    left: Option<Borrowed<'_>>,
    right: Option<Borrowed<'_>>,
    op: c_int,
) -> PyResult<bool> {
    let left = given(th, left)?;
    let right = given(th, right)?;
    match CompareOp::from_c(op) {
        Some(op) => object::compare_bool(th, left, right, op),
        None => Err(th.bad_internal_call()),
    }
}

#[inline(always)]
unsafe fn hash_at_once(ob: Ptr) -> Option<isize> {
    // SAFETY: C passes a live object or NULL; a slot takes a live object of its type.
    unsafe { (*ob.as_ref()?.ob_type).tp_hash.map(|hash| hash(ob)) }
}

#[capi(fast = hash_at_once)]
pub fn PyObject_Hash(th: &Thread, ob: Borrowed<'_>) -> PyResult<isize> {
    object::hash(th, ob)
}

#[capi]
pub fn PyObject_GenericHash(ob: Ptr) -> isize {
    // As the reference: addresses are multiples of sixteen.
    let hash = ob.addr().rotate_right(4) as isize;
    if hash == -1 { -2 } else { hash }
}

#[capi]
pub fn PyObject_HashNotImplemented(th: &Thread, ob: Borrowed<'_>) -> PyResult<isize> {
    Err(krait_objects::raise!(th, TYPE_ERROR, "unhashable type: '{}'", ob.type_name()))
}

/// The three whose truth everybody knows.
#[inline(always)]
unsafe fn truth_at_once(ob: Ptr) -> Option<c_int> {
    if ob == bool_object(true).as_ptr() {
        return Some(1);
    }
    (ob == bool_object(false).as_ptr() || ob == none().as_ptr()).then_some(0)
}

#[inline(always)]
unsafe fn untruth_at_once(ob: Ptr) -> Option<c_int> {
    // SAFETY: nothing is asked of the caller.
    unsafe { truth_at_once(ob).map(|truth| 1 - truth) }
}

/// What the slots say, as C takes it.
///
/// # Safety
/// `ob` is a live object.
#[inline(always)]
unsafe fn truth_by_slot(ob: Ptr) -> c_int {
    // SAFETY: the caller's promise.
    let ob: Borrowed<'_> = unsafe { Borrowed::from_ptr(ob) };
    if let Some(truth) = slot!(ob, tp_as_number, nb_bool) {
        // SAFETY: a slot takes a live object of its type.
        let truth = unsafe { truth(ob.as_ptr()) };
        return if truth > 0 { 1 } else { truth };
    }
    let length = match slot!(ob, tp_as_mapping, mp_length) {
        None => slot!(ob, tp_as_sequence, sq_length),
        known => known,
    };
    // SAFETY: as above.
    match length.map(|length| unsafe { length(ob.as_ptr()) }) {
        None => 1,
        // Above 1 is below 1 in size for none of them.
        Some(length) => length.min(1) as c_int,
    }
}

#[capi(fast = truth_at_once)]
pub fn PyObject_IsTrue(ob: Ptr) -> c_int {
    // SAFETY: C passes a live object.
    unsafe { truth_by_slot(ob) }
}

#[capi(fast = untruth_at_once)]
pub fn PyObject_Not(ob: Ptr) -> c_int {
    // SAFETY: C passes a live object.
    let truth = unsafe { truth_by_slot(ob) };
    if truth < 0 { truth } else { 1 - truth }
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
pub fn Py_TYPE(ob: Ptr) -> TypePtr {
    // SAFETY: C passes a live object.
    unsafe { (*ob).ob_type }
}

#[capi]
pub fn PyObject_Type(ob: Borrowed<'_>) -> Owned<Type> {
    object::type_of(ob)
}

/// Of the class itself.
#[inline(always)]
unsafe fn is_instance_at_once(ob: Ptr, class: Ptr) -> Option<c_int> {
    // SAFETY: C passes a live object.
    unsafe { ((*ob).ob_type.cast() == class).then_some(1) }
}

#[capi(fast = is_instance_at_once)]
pub fn PyObject_IsInstance(ob: Ptr, class: Ptr) -> c_int {
    // SAFETY: C passes a live object, and another one or NULL.
    unsafe {
        // A metaclass other than `type` has a say in it.
        let derived = exactly::<Type>(class).and_then(|_| derives((*ob).ob_type, class.cast()));
        if derived == Some(true) { 1 } else { is_instance_by_class(ob, class) }
    }
}

/// # Safety
/// `ob` is a live object, `class` another one or NULL.
#[cold]
#[inline(never)]
unsafe extern "C" fn is_instance_by_class(ob: Ptr, class: Ptr) -> c_int {
    // SAFETY: the caller's promise; C calls attached.
    let (th, ob, class) = unsafe {
        (Thread::attached(), Borrowed::from_ptr(ob), Borrowed::<Object>::from_ptr_or_null(class))
    };
    let answer = match class {
        Some(class) => object::is_instance(th, ob, class),
        None => Err(null_argument(th)),
    };
    answer.map_or(-1, c_int::from)
}

#[inline(always)]
unsafe fn is_subclass_at_once(given: Ptr, class: Ptr) -> Option<c_int> {
    // SAFETY: C passes live objects or NULL.
    unsafe {
        exactly::<Type>(class)?;
        some::<Type>(given)?;
        derives(given.cast(), class.cast()).filter(|&derives| derives).map(c_int::from)
    }
}

#[capi(fast = is_subclass_at_once)]
pub fn PyObject_IsSubclass(th: &Thread, ob: Borrowed<'_>, class: Borrowed<'_>) -> PyResult<bool> {
    object::is_subclass(th, ob, class)
}

#[inline(always)]
unsafe fn subscript_at_once(ob: Ptr, key: Ptr) -> Option<Ptr> {
    let subscript = slot_of!(ob, tp_as_mapping, mp_subscript).filter(|_| !key.is_null())?;
    // SAFETY: a slot takes live objects.
    Some(unsafe { subscript(ob, key) })
}

#[capi(fast = subscript_at_once)]
pub fn PyObject_GetItem(th: &Thread, ob: Borrowed<'_>, key: Borrowed<'_>) -> PyResult {
    object::get_item(th, ob, key)
}

#[inline(always)]
unsafe fn assign_at_once(ob: Ptr, key: Ptr, value: Ptr) -> Option<c_int> {
    let given = !key.is_null() && !value.is_null();
    let assign = slot_of!(ob, tp_as_mapping, mp_ass_subscript).filter(|_| given)?;
    // SAFETY: a slot takes live objects.
    Some(unsafe { assign(ob, key, value) })
}

#[capi(fast = assign_at_once)]
pub fn PyObject_SetItem(
    th: &Thread,
    ob: Borrowed<'_>,
    key: Borrowed<'_>,
    value: Borrowed<'_>,
) -> PyResult<()> {
    object::set_item(th, ob, key, value)
}

#[capi]
pub fn PyObject_DelItem(th: &Thread, ob: Borrowed<'_>, key: Borrowed<'_>) -> PyResult<()> {
    object::del_item(th, ob, key)
}

#[capi]
pub fn PyObject_DelItemString(th: &Thread, ob: Borrowed<'_>, key: *const c_char) -> PyResult<()> {
    object::del_item(th, ob, string(th, key)?.object())
}

/// Of a sequence; mappings go another way, so that this one has no jump but the call.
#[inline(always)]
unsafe fn size_at_once(ob: Ptr) -> Option<isize> {
    // SAFETY: a slot takes a live object of its type.
    slot_of!(ob, tp_as_sequence, sq_length).map(|length| unsafe { length(ob) })
}

/// # Safety
/// `ob` is a live object or NULL.
#[inline(always)]
unsafe fn size_of_mapping(ob: Ptr) -> isize {
    if let Some(length) = slot_of!(ob, tp_as_mapping, mp_length) {
        // SAFETY: a slot takes a live object of its type.
        return unsafe { length(ob) };
    }
    // SAFETY: the caller's promise.
    unsafe { without_size(ob) }
}

#[cold]
#[inline(never)]
unsafe extern "C" fn without_size(ob: Ptr) -> isize {
    // SAFETY: C calls attached, with a live object or NULL.
    let (th, ob) = unsafe { (Thread::attached(), Borrowed::<Object>::from_ptr_or_null(ob)) };
    let len = match ob {
        Some(ob) => object::len(th, ob),
        None => Err(null_argument(th)),
    };
    len.map_or(-1, |len| len as isize)
}

#[capi(fast = size_at_once)]
pub fn PyObject_Size(ob: Ptr) -> isize {
    // SAFETY: C passes a live object or NULL.
    unsafe { size_of_mapping(ob) }
}

#[capi(fast = size_at_once)]
pub fn PyObject_Length(ob: Ptr) -> isize {
    // SAFETY: C passes a live object or NULL.
    unsafe { size_of_mapping(ob) }
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
                th.still_raised()?;
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

/// One of the immortal constants.
#[inline(always)]
pub fn constant(which: u32) -> Option<Ptr> {
    Some(match which {
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
        _ => return None,
    })
}

#[capi(fast = constant)]
pub fn Py_GetConstantBorrowed(th: &Thread, which: u32) -> PyResult<*mut krait_abi::PyObject> {
    let _ = which;
    Err(th.bad_internal_call())
}
