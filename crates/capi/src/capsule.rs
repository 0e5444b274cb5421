//! `pycapsule.h`.

use std::ffi::{c_char, c_int, c_void};

use krait_eval::import;
use krait_macros::capi;
use krait_objects::capsule::Capsule;
use krait_objects::prelude::*;

use crate::support::*;

type Destructor = Option<unsafe extern "C" fn(Ptr)>;

#[capi]
pub fn PyCapsule_New(
    th: &Thread,
    pointer: *mut c_void,
    name: *const c_char,
    destructor: Destructor,
) -> PyResult<Owned<Capsule>> {
    Capsule::new(th, pointer, name, destructor)
}

fn usable<'a>(ob: Ptr) -> Option<Borrowed<'a, Capsule>> {
    // SAFETY: C passes a live object or NULL.
    let capsule = unsafe { Borrowed::<Object>::from_ptr_or_null(ob) }
        .and_then(|ob| ob.downcast_exact::<Capsule>());
    capsule.filter(|capsule| !capsule.pointer.get().is_null())
}

fn valid<'a>(th: &Thread, ob: Ptr, function: &str) -> PyResult<Borrowed<'a, Capsule>> {
    usable(ob).ok_or_else(|| {
        krait_objects::raise!(th, VALUE_ERROR, "{function} called with invalid PyCapsule object")
    })
}

/// Only an error asks for a thread: numpy calls this between `Py_BEGIN_ALLOW_THREADS` and `Py_END_ALLOW_THREADS`, to find its
/// allocator.
#[inline(always)]
unsafe fn pointer_at_once(ob: Ptr, name: *const c_char) -> Option<*mut c_void> {
    // SAFETY: C passes a live object or NULL, and a string or NULL.
    unsafe {
        let capsule = exactly::<Capsule>(ob)?;
        let pointer = capsule.pointer.get();
        (!pointer.is_null() && capsule.has_plainly(name)).then_some(pointer)
    }
}

#[capi(fast = pointer_at_once)]
pub fn PyCapsule_GetPointer(ob: Ptr, name: *const c_char) -> *mut c_void {
    let wrong = match usable(ob) {
        None => "PyCapsule_GetPointer called with invalid PyCapsule object",
        // SAFETY: C passes a string or NULL.
        Some(capsule) if unsafe { capsule.has_name(name) } => return capsule.pointer.get(),
        Some(_) => "PyCapsule_GetPointer called with incorrect name",
    };
    let _raised = Thread::current().raise(exc::VALUE_ERROR, wrong);
    std::ptr::null_mut()
}

#[capi]
pub fn PyCapsule_IsValid(ob: Ptr, name: *const c_char) -> c_int {
    // SAFETY: C passes a string or NULL.
    usable(ob).is_some_and(|capsule| unsafe { capsule.has_name(name) }).into()
}

#[capi]
pub fn PyCapsule_GetName(th: &Thread, ob: Ptr) -> PyResult<*const c_char> {
    Ok(valid(th, ob, "PyCapsule_GetName")?.name.get())
}

#[capi]
pub fn PyCapsule_GetContext(th: &Thread, ob: Ptr) -> PyResult<*mut c_void> {
    Ok(valid(th, ob, "PyCapsule_GetContext")?.context.get())
}

#[capi]
pub fn PyCapsule_GetDestructor(th: &Thread, ob: Ptr) -> PyResult<*mut c_void> {
    let destructor = valid(th, ob, "PyCapsule_GetDestructor")?.destructor.get();
    Ok(destructor.map_or(std::ptr::null_mut(), |function| function as *mut c_void))
}

#[capi]
pub fn PyCapsule_SetPointer(th: &Thread, ob: Ptr, pointer: *mut c_void) -> PyResult<()> {
    if pointer.is_null() {
        return Err(th.raise(exc::VALUE_ERROR, "PyCapsule_SetPointer called with null pointer"));
    }
    valid(th, ob, "PyCapsule_SetPointer")?.pointer.set(pointer);
    Ok(())
}

#[capi]
pub fn PyCapsule_SetName(th: &Thread, ob: Ptr, name: *const c_char) -> PyResult<()> {
    valid(th, ob, "PyCapsule_SetName")?.name.set(name);
    Ok(())
}

#[capi]
pub fn PyCapsule_SetContext(th: &Thread, ob: Ptr, context: *mut c_void) -> PyResult<()> {
    valid(th, ob, "PyCapsule_SetContext")?.context.set(context);
    Ok(())
}

#[capi]
pub fn PyCapsule_SetDestructor(th: &Thread, ob: Ptr, destructor: Destructor) -> PyResult<()> {
    valid(th, ob, "PyCapsule_SetDestructor")?.destructor.set(destructor);
    Ok(())
}

#[capi]
pub fn PyCapsule_Import(
    th: &Thread,
    name: *const c_char,
    _no_block: c_int,
) -> PyResult<*mut c_void> {
    let path = text_of(name);
    let mut parts = bytes_of(name).split(|&byte| byte == b'.');
    let first = parts.next().unwrap_or_default();
    let module = decoded(th, first).and_then(|name| import::import_module(th, name.borrow()));
    let Ok(mut found) = module else {
        // Whatever went wrong, this is all that is said.
        drop(th.take_exception());
        let first = String::from_utf8_lossy(first);
        let message = format!("PyCapsule_Import could not import module \"{first}\"");
        return Err(th.raise(exc::IMPORT_ERROR, &message));
    };
    for part in parts {
        found = object::get_attr(th, found.object(), decoded(th, part)?.borrow())?;
    }
    let capsule = found.object().downcast_exact::<Capsule>();
    // SAFETY: C passes a string.
    match capsule.filter(|capsule| unsafe { capsule.has_name(name) }) {
        Some(capsule) => Ok(capsule.pointer.get()),
        None => Err(krait_objects::raise!(
            th,
            ATTRIBUTE_ERROR,
            "PyCapsule_Import \"{path}\" is not valid"
        )),
    }
}
