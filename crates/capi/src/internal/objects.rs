//! `internal/pycore_object.h`, `pycore_typeobject.h`, `pycore_call.h`: objects, their attributes, and types.
//!
//! SAFETY, throughout: C passes live objects, as many items as it says, and writable places.

use std::ffi::{c_int, c_uint, c_ulong, c_void};
use std::ptr::null_mut;

use krait_abi as abi;
use krait_macros::capi;
use krait_objects::capsule::Capsule;
use krait_objects::prelude::*;
use krait_objects::typeobj::{alloc, slots};

use crate::support::*;

type Interp = *mut abi::PyInterpreterState;

fn optional_method(
    th: &Thread,
    ob: Borrowed<'_>,
    name: Borrowed<'_, Str>,
) -> PyResult<Option<Owned>> {
    let Some(found) = ob.get().ty().lookup(th, name) else { return Ok(None) };
    krait_objects::descr::bind(th, found.borrow(), Some(ob), ob.get().ty().object()).map(Some)
}

/// A method that the class has, bound; NULL without an exception if there is none.
#[capi]
pub fn _PyObject_LookupSpecial(
    th: &Thread,
    ob: Borrowed<'_>,
    name: Borrowed<'_>,
) -> PyResult<Option<Owned>> {
    optional_method(th, ob, attribute(th, name)?)
}

#[capi]
pub fn _PyObject_MaybeCallSpecialNoArgs(
    th: &Thread,
    ob: Borrowed<'_>,
    name: Borrowed<'_>,
) -> PyResult<Option<Owned>> {
    match optional_method(th, ob, attribute(th, name)?)? {
        Some(method) => call::call(th, method.borrow(), &[]).map(Some),
        None => Ok(None),
    }
}

#[capi]
pub fn _PyObject_MaybeCallSpecialOneArg(
    th: &Thread,
    ob: Borrowed<'_>,
    name: Borrowed<'_>,
    argument: Borrowed<'_>,
) -> PyResult<Option<Owned>> {
    match optional_method(th, ob, attribute(th, name)?)? {
        Some(method) => call::call(th, method.borrow(), &[argument]).map(Some),
        None => Ok(None),
    }
}

/// What `ob.name` is before it is bound: 1 if it is a method that takes the object first, else 0 and the attribute.
#[capi(error = 0)]
pub fn _PyObject_GetMethod(
    th: &Thread,
    ob: Borrowed<'_>,
    name: Borrowed<'_>,
    place: *mut Ptr,
) -> PyResult<c_int> {
    let found = (|| {
        let name = attribute(th, name)?;
        let class = ob.get().ty();
        let address = |getattr: abi::getattrofunc| getattr.map(|getattr| getattr as usize);
        let generic = krait_objects::object::base_object_type().raw().tp_getattro;
        if address(class.raw().tp_getattro) == address(generic)
            && let Some(method) = class.lookup(th, name)
            && method.object().get().ty().has_flag(abi::Py_TPFLAGS_METHOD_DESCRIPTOR)
        {
            let dict = krait_objects::object::instance_dict::get_or_create(th, ob)?;
            let own = match &dict {
                Some(dict) => dict.get_str(th, name)?,
                None => None,
            };
            return Ok(own.map_or((method, 1), |own| (own, 0)));
        }
        Ok((object::get_attr(th, ob, name)?, 0))
    })();
    let (pointer, answer) = match found {
        Ok((found, answer)) => (found.into_ptr(), Ok(answer)),
        Err(raised) => (null_mut(), Err(raised)),
    };
    // SAFETY: see the top of the file.
    unsafe { *place = pointer };
    answer
}

#[capi]
pub fn _PyObject_GetState(th: &Thread, ob: Borrowed<'_>) -> PyResult {
    call::call_method(th, ob, Str::interned(th, "__getstate__")?.borrow(), &[])
}

#[capi]
pub fn _PyObject_FunctionStr(th: &Thread, ob: Borrowed<'_>) -> PyResult {
    function_text(th, ob).map(Owned::into_object)
}

/// A callable as error messages name it: with its module, and parentheses.
pub fn function_text(th: &Thread, ob: Borrowed<'_>) -> PyResult<Owned<Str>> {
    call::function_name(th, ob)
}

fn is_data(descriptor: Borrowed<'_>) -> bool {
    descriptor.get().ty().raw().tp_descr_set.is_some()
}

/// `object.__getattribute__`, with a dictionary that is given.
#[capi]
pub fn _PyObject_GenericGetAttrWithDict(
    th: &Thread,
    ob: Borrowed<'_>,
    name: Borrowed<'_>,
    dict: Option<Borrowed<'_, Dict>>,
    suppress: c_int,
) -> PyResult<Option<Owned>> {
    let name = attribute(th, name)?;
    let found = (|| {
        let Some(dict) = dict else {
            return object::generic_get_attr(th, ob, name).map(Some);
        };
        let class = ob.get().ty();
        let described = class.lookup(th, name);
        let bound = |found: Owned| {
            krait_objects::descr::bind(th, found.borrow(), Some(ob), class.object()).map(Some)
        };
        match described {
            Some(found) if is_data(found.borrow()) => bound(found),
            found => match (dict.get_str(th, name)?, found) {
                (Some(own), _) => Ok(Some(own)),
                (None, Some(found)) => bound(found),
                (None, None) => Ok(None),
            },
        }
    })();
    match found {
        Ok(Some(found)) => Ok(Some(found)),
        Ok(None) if suppress != 0 => Ok(None),
        Ok(None) => Err(raise!(
            th,
            ATTRIBUTE_ERROR,
            "'{}' object has no attribute '{}'",
            ob.type_name(),
            &*name
        )),
        Err(raised) if suppress != 0 => th.take_if(raised, exc::ATTRIBUTE_ERROR).map(|_| None),
        Err(raised) => Err(raised),
    }
}

/// `object.__setattr__`, with a dictionary that is given; NULL deletes.
#[capi]
pub fn _PyObject_GenericSetAttrWithDict(
    th: &Thread,
    ob: Borrowed<'_>,
    name: Borrowed<'_>,
    value: Option<Borrowed<'_>>,
    dict: Option<Borrowed<'_, Dict>>,
) -> PyResult<()> {
    let name = attribute(th, name)?;
    let value_pointer = value.map_or(null_mut(), Borrowed::as_ptr);
    let class = ob.get().ty();
    let described = class.lookup(th, name);
    // SAFETY: live objects.
    unsafe {
        let set = match (&described, dict) {
            (Some(found), _) if is_data(found.borrow()) => {
                let set = found.object().get().ty().raw().tp_descr_set;
                set.map(|set| set(found.as_ptr(), ob.as_ptr(), value_pointer))
            }
            (_, None) => return object::generic_set_attr(th, ob, name, value),
            _ => None,
        };
        if let Some(status) = set {
            return if status < 0 { Err(th.raised_by_c()) } else { Ok(()) };
        }
    }
    let Some(dict) = dict else { return Ok(()) };
    match value {
        Some(value) => dict.set_str(th, name, value),
        None if dict.remove(th, name.object())? => Ok(()),
        None => Err(raise!(
            th,
            ATTRIBUTE_ERROR,
            "'{}' object has no attribute '{}'",
            ob.type_name(),
            &*name
        )),
    }
}

#[capi]
pub fn _PyObject_SetManagedDict(
    th: &Thread,
    ob: Borrowed<'_>,
    dict: Option<Borrowed<'_, Dict>>,
) -> PyResult<()> {
    let dict = dict.map(Borrowed::to_owned);
    krait_objects::object::instance_dict::replace(th, ob, dict).map(drop)
}

/// By the class's `tp_call`, from the arguments of a vectorcall; keywords are names in a tuple, or a dictionary.
#[capi]
pub fn _PyObject_MakeTpCall(
    th: &Thread,
    _state: *mut abi::PyThreadState,
    callable: Borrowed<'_>,
    args: *const Ptr,
    count: isize,
    keywords: Option<Borrowed<'_>>,
) -> PyResult {
    let Some(tp_call) = callable.get().ty().raw().tp_call else {
        let name = callable.type_name();
        return Err(raise!(th, TYPE_ERROR, "'{name}' object is not callable"));
    };
    let count = count.max(0) as usize;
    // SAFETY: see the top of the file.
    let positional = unsafe { krait_objects::args::shim::slice(args, count) };
    let tuple = Tuple::from_slice(th, positional)?;
    let named = match keywords {
        None => None,
        Some(keywords) => match keywords.downcast::<Dict>() {
            Some(dict) => Some(dict.to_owned()),
            None => {
                let names = keywords.downcast::<Tuple>().ok_or_else(|| th.bad_internal_call())?;
                let dict = Dict::new(th)?;
                for (at, name) in names.get().as_slice().iter().enumerate() {
                    // SAFETY: see the top of the file: the values follow the others.
                    let value = unsafe { Borrowed::<Object>::from_ptr(*args.add(count + at)) };
                    dict.set(th, *name, value)?;
                }
                (!dict.is_empty()).then_some(dict)
            }
        },
    };
    let named = named.as_ref().map_or(null_mut(), Owned::as_ptr);
    // SAFETY: a type's own slot.
    let result = unsafe { tp_call(callable.as_ptr(), tuple.as_ptr(), named) };
    call::check_result(th, Some(callable), result)
}

/// For debuggers to stop at.
#[capi]
pub fn _Py_BreakPoint() {}

/// Objects are in no list of all objects.
#[capi]
pub fn _Py_ForgetReference(_ob: Ptr) {}

#[capi]
pub fn _Py_NewReferenceNoTotal(ob: Ptr) {
    // SAFETY: C passes the memory of an object.
    unsafe { crate::refcount::_Py_NewReference(ob) }
}

unsafe fn make_immortal(ob: Ptr) {
    // SAFETY: see the top of the file.
    unsafe { ob.cast::<u32>().write(abi::_Py_IMMORTAL_INITIAL_REFCNT as u32) }
}

#[capi]
pub fn _Py_SetImmortalUntracked(ob: Ptr) {
    // SAFETY: see the top of the file.
    unsafe { make_immortal(ob) }
}

#[capi]
pub fn _Py_SetImmortal(ob: Ptr) {
    // SAFETY: see the top of the file.
    unsafe {
        if crate::gc::PyObject_IS_GC(ob) != 0 && crate::gc::PyObject_GC_IsTracked(ob) != 0 {
            crate::gc::PyObject_GC_UnTrack(ob.cast());
        }
        make_immortal(ob);
    }
}

#[capi]
pub fn _PyType_AllocNoTrack(th: &Thread, class: TypePtr, items: isize) -> PyResult {
    // SAFETY: see the top of the file.
    alloc::alloc_untracked(th, unsafe { type_of(class) }, items)
}

/// An instance of a class whose attributes the interpreter keeps.
#[capi]
pub fn _PyType_NewManagedObject(th: &Thread, class: TypePtr) -> PyResult {
    // SAFETY: see the top of the file.
    alloc::alloc(th, unsafe { type_of(class) }, 0)
}

/// Borrowed.
#[capi]
pub fn _PyType_GetDict(th: &Thread, class: TypePtr) -> Ptr {
    // SAFETY: see the top of the file; the type keeps its dictionary.
    unsafe { type_of(class) }.dict(th).as_ptr()
}

#[capi]
pub fn _PyType_SetVersion(class: TypePtr, version: c_uint) {
    // SAFETY: see the top of the file.
    unsafe { (*class).tp_version_tag = version }
}

/// As `PyType_GetBaseByToken`, borrowed.
#[capi]
pub fn _PyType_GetBaseByToken_Borrow(
    class: TypePtr,
    token: *mut c_void,
    place: *mut TypePtr,
) -> c_int {
    // SAFETY: see the top of the file.
    unsafe {
        let mut found = null_mut();
        let status = crate::type_specs::PyType_GetBaseByToken(class.cast(), token, &mut found);
        drop(Owned::<Object>::from_ptr_or_null(found.cast()));
        if !place.is_null() {
            *place = found;
        }
        status
    }
}

#[capi]
pub fn _PyType_GetSlotWrapperNames(th: &Thread) -> PyResult<Owned<List>> {
    let names = slots::SLOTS.iter().map(|slot| Ok(slot.name.object().to_owned()));
    List::from_vec(th, names.collect::<PyResult<Vec<_>>>()?)
}

#[capi]
pub fn _PyStaticType_GetBuiltins(th: &Thread) -> PyResult<Owned<List>> {
    let types = th.interp().types.statics();
    List::from_vec(th, types.iter().map(|ty| Borrowed::from_ref(*ty).object().to_owned()).collect())
}

#[capi]
pub fn _PyStaticType_InitForExtension(
    th: &Thread,
    _interp: Interp,
    class: TypePtr,
) -> PyResult<()> {
    // SAFETY: see the top of the file.
    if unsafe { crate::typeobj::PyType_Ready(class) } < 0 { Err(th.raised_by_c()) } else { Ok(()) }
}

#[capi]
pub fn _PyStructSequence_NewType(
    th: &Thread,
    description: *mut abi::PyStructSequence_Desc,
    flags: c_ulong,
) -> PyResult {
    // SAFETY: see the top of the file; the new type is nobody else's yet.
    unsafe {
        let made = returned(th, crate::structseq::PyStructSequence_NewType(description))?;
        (*made.as_ptr().cast::<abi::PyTypeObject>()).tp_flags |= flags;
        Ok(made)
    }
}

/// What `super(class, ob).name` is.
#[capi]
pub fn _PySuper_Lookup(
    th: &Thread,
    class: Borrowed<'_, Type>,
    ob: Borrowed<'_>,
    name: Borrowed<'_>,
    found: *mut c_int,
) -> PyResult {
    if !found.is_null() {
        // SAFETY: see the top of the file.
        unsafe { *found = 0 };
    }
    let made = krait_objects::object::super_::new(th, class, ob)?;
    object::get_attr(th, made.borrow(), attribute(th, name)?)
}

/// Has the collector see what a capsule's pointer holds.
#[capi]
pub fn _PyCapsule_SetTraverse(
    th: &Thread,
    ob: Borrowed<'_>,
    traverse: abi::traverseproc,
    clear: abi::inquiry,
) -> PyResult<()> {
    let Some(capsule) = ob.downcast_exact::<Capsule>().filter(|one| !one.pointer.get().is_null())
    else {
        let message = "_PyCapsule_SetTraverse called with invalid PyCapsule object";
        return Err(th.raise(exc::VALUE_ERROR, message));
    };
    if traverse.is_none() || clear.is_none() {
        let message = "_PyCapsule_SetTraverse() called with NULL callback";
        return Err(th.raise(exc::VALUE_ERROR, message));
    }
    capsule.traverse.set(traverse);
    capsule.clear.set(clear);
    // SAFETY: live and whole.
    unsafe {
        if crate::gc::PyObject_GC_IsTracked(ob.as_ptr()) == 0 {
            crate::gc::PyObject_GC_Track(ob.as_ptr());
        }
    }
    Ok(())
}

#[capi]
pub fn _Py_union_type_or(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
    krait_objects::union::or(th, left, right)
}

#[capi]
pub fn _PyInterpolation_Build(
    th: &Thread,
    value: Borrowed<'_>,
    text: Borrowed<'_>,
    conversion: c_int,
    spec: Borrowed<'_>,
) -> PyResult {
    krait_objects::template::interpolation(th, value, text, conversion as usize, Some(spec))
}

#[capi]
pub fn _PyTemplate_Build(
    th: &Thread,
    strings: Borrowed<'_>,
    interpolations: Borrowed<'_>,
) -> PyResult {
    krait_objects::template::template(th, strings, interpolations)
}

#[capi]
pub fn _PyWeakref_ClearRef(reference: Ptr) {
    // SAFETY: C passes a weak reference.
    unsafe {
        if let Some(clear) = (*(*reference).ob_type).tp_clear {
            clear(reference);
        }
    }
}

#[capi]
pub fn _PyWeakref_IsDead(reference: Borrowed<'_>) -> bool {
    krait_objects::weakref::referent(reference).is_none()
}
