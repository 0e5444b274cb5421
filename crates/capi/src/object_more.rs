//! `object.h`, `objimpl.h`, `weakrefobject.h`: parts of objects that extensions reach for directly.
//!
//! SAFETY, throughout: C passes live objects.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::{c_char, c_int, c_void};
use std::ptr::null_mut;

use krait_abi as abi;
use krait_eval::frame::{self, Frame};
use krait_macros::capi;
use krait_objects::gc::PERMANENT;
use krait_objects::object::instance_dict;
use krait_objects::prelude::*;
use krait_objects::weakref;

use crate::support::*;

/// What an empty bytearray's bytes are.
#[unsafe(no_mangle)]
pub static _PyByteArray_empty_string: [u8; 1] = [0];

/// The field that holds the instance's dictionary; NULL if there is none.
#[capi]
pub fn _PyObject_GetDictPtr(th: &Thread, ob: Ptr) -> *mut Ptr {
    // SAFETY: see the top of the file.
    instance_dict::pointer(th, unsafe { Borrowed::from_ptr(ob) })
}

#[capi]
pub fn PyObject_GET_WEAKREFS_LISTPTR(ob: Ptr) -> *mut Ptr {
    // SAFETY: see the top of the file.
    unsafe { weakref::list_pointer(ob) }.unwrap_or(null_mut())
}

#[capi]
pub fn PyObject_GenericHash(ob: Ptr) -> isize {
    // As the reference: addresses are multiples of sixteen.
    let hash = ob.addr().rotate_right(4) as isize;
    if hash == -1 { -2 } else { hash }
}

#[capi]
pub fn PyObject_GetAIter(th: &Thread, ob: Borrowed<'_>) -> PyResult {
    iter::get_aiter(th, ob)
}

#[capi]
pub fn PyAIter_Check(ob: Ptr) -> c_int {
    // SAFETY: see the top of the file.
    unsafe {
        let table = (*(*ob).ob_type).tp_as_async;
        (!table.is_null() && (*table).am_anext.is_some()).into()
    }
}

/// Sends a value into an iterator: 1 and a value, 0 and the returned value, or -1.
#[capi]
pub fn PyIter_Send(th: &Thread, ob: Borrowed<'_>, value: Borrowed<'_>, place: *mut Ptr) -> c_int {
    // SAFETY: see the top of the file; C passes a writable place.
    unsafe {
        let ty = ob.get().ty();
        if let Some(send) = ty.raw().tp_as_async.as_ref().and_then(|table| table.am_send) {
            return send(ob.as_ptr(), value.as_ptr(), place);
        }
        let result = if value.is_none() && ty.raw().tp_iternext.is_some() {
            iter::next(th, ob)
        } else {
            match Str::interned(th, "send") {
                Ok(send) => call::call_method(th, ob, send.borrow(), &[value]).map(Some),
                Err(raised) => Err(raised),
            }
        };
        let returned = match result {
            Ok(Some(value)) => {
                *place = value.into_ptr();
                return 1;
            }
            Ok(None) => Ok(none().to_owned()),
            Err(raised) => match th.take_if(raised, exc::STOP_ITERATION) {
                Ok(stop) => krait_eval::generator::stop_iteration_value(th, stop.object()),
                Err(raised) => Err(raised),
            },
        };
        match returned {
            Ok(value) => {
                *place = value.into_ptr();
                0
            }
            Err(_) => {
                *place = null_mut();
                -1
            }
        }
    }
}

#[capi]
pub fn PyGC_Enable(th: &Thread) -> c_int {
    th.interp().gc.enabled.replace(true).into()
}

#[capi]
pub fn PyGC_Disable(th: &Thread) -> c_int {
    th.interp().gc.enabled.replace(false).into()
}

#[capi]
pub fn PyGC_IsEnabled(th: &Thread) -> c_int {
    th.interp().gc.enabled.get().into()
}

/// Calls `visit` with every object that the collector knows, until it says 0.
#[capi]
pub fn PyUnstable_GC_VisitObjects(
    th: &Thread,
    visit: Option<unsafe extern "C" fn(Ptr, *mut c_void) -> c_int>,
    argument: *mut c_void,
) {
    let Some(visit) = visit else {
        return;
    };
    let gc = &th.interp().gc;
    for ob in gc.objects(None).into_iter().chain(gc.objects(Some(PERMANENT))) {
        // SAFETY: the list holds the object.
        if unsafe { visit(ob.as_ptr(), argument) } == 0 {
            return;
        }
    }
}

/// Whether the only reference is a temporary value of the running frame, so that its memory may be used again.
#[capi]
pub fn PyUnstable_Object_IsUniqueReferencedTemporary(th: &Thread, ob: Ptr) -> c_int {
    // SAFETY: see the top of the file; a frame that waits for C has its state saved.
    unsafe {
        if *ob.cast::<u32>() != 1 {
            return 0;
        }
        let frame = frame::current_complete(th);
        if frame.is_null() {
            return 0;
        }
        let (base, mut sp) = (Frame::stack_base(frame), (*frame).sp);
        while sp > base {
            sp = sp.sub(1);
            if !(*sp).is_null() && (*sp).ptr() == ob {
                return (*sp).is_counted().into();
            }
        }
        0
    }
}

#[capi]
pub fn PyUnstable_IsImmortal(ob: Ptr) -> c_int {
    // SAFETY: see the top of the file.
    unsafe { (*ob.cast::<i32>() < 0).into() }
}

#[capi]
pub fn PyUnstable_EnableTryIncRef(_ob: Ptr) {}

#[capi]
pub fn PyUnstable_TryIncRef(ob: Ptr) -> c_int {
    // SAFETY: see the top of the file: the GIL is held, so the count cannot fall meanwhile.
    unsafe {
        if *ob.cast::<u32>() == 0 {
            return 0;
        }
        krait_objects::handle::incref(ob);
    }
    1
}

#[capi]
pub fn PyWeakref_IsDead(th: &Thread, reference: Option<Borrowed<'_>>) -> PyResult<bool> {
    let reference = given(th, reference)?;
    if !weakref::is_reference(reference) {
        let name = reference.ty().full_name(th)?;
        return Err(raise!(th, TYPE_ERROR, "expected a weakref, got {}", *name));
    }
    Ok(weakref::referent(reference).is_none())
}

/// Borrowed, or None: nothing keeps it alive but luck.
#[capi]
pub fn PyWeakref_GetObject(
    th: &Thread,
    reference: Option<Borrowed<'_>>,
) -> PyResult<*mut abi::PyObject> {
    let Some(reference) = reference.filter(|found| weakref::is_reference(*found)) else {
        return Err(th.bad_internal_call());
    };
    Ok(weakref::referent(reference).map_or(none().as_ptr(), |found| found.as_ptr()))
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

/// Objects whose deallocation was put off because the stack is nearly used up.
#[derive(Default)]
struct Deposited(RefCell<Vec<Ptr>>);

#[capi]
pub fn _PyTrash_thread_deposit_object(th: &Thread, _state: *mut c_void, ob: Ptr) {
    th.interp().state::<Deposited>().0.borrow_mut().push(ob);
    // SAFETY: the attached state; a pointer that is not null says that there is something to do.
    unsafe { (*th.raw()).delete_later = ob };
}

#[capi]
pub fn _PyTrash_thread_destroy_chain(th: &Thread, _state: *mut c_void) {
    // SAFETY: objects with no reference left, whose deallocator was on its way.
    unsafe {
        (*th.raw()).delete_later = null_mut();
        loop {
            let next = th.interp().state::<Deposited>().0.borrow_mut().pop();
            let Some(ob) = next else {
                return;
            };
            if let Some(dealloc) = (*(*ob).ob_type).tp_dealloc {
                dealloc(ob);
            }
        }
    }
}

unsafe extern "C" fn new_chunk(_context: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: any size will do.
    unsafe { libc::malloc(size) }
}

unsafe extern "C" fn free_chunk(_context: *mut c_void, chunk: *mut c_void, _size: usize) {
    // SAFETY: a chunk of `new_chunk` or of a data stack, which nobody uses any more.
    unsafe { libc::free(chunk) }
}

/// What the chunks of data stacks come from: greenlet gives those of the stacks that it has replaced back by it.
#[capi]
pub fn PyObject_GetArenaAllocator(allocator: *mut abi::PyObjectArenaAllocator) {
    let chunks = abi::PyObjectArenaAllocator {
        ctx: null_mut(),
        alloc: Some(new_chunk),
        free: Some(free_chunk),
    };
    // SAFETY: C passes a writable struct.
    unsafe { *allocator = chunks };
}

/// Arenas come from the system itself.
#[capi]
pub fn PyObject_SetArenaAllocator(_allocator: *mut abi::PyObjectArenaAllocator) {}

/// What to call when an interpreter has ended.
#[derive(Default)]
struct AtExit(RefCell<Vec<(unsafe extern "C" fn(*mut c_void), usize)>>);

impl Drop for AtExit {
    fn drop(&mut self) {
        for (function, data) in self.0.take().into_iter().rev() {
            // SAFETY: C asked for it.
            unsafe { function(data as *mut c_void) };
        }
    }
}

#[capi]
pub fn PyUnstable_AtExit(
    th: &Thread,
    _interp: *mut c_void,
    function: Option<unsafe extern "C" fn(*mut c_void)>,
    data: *mut c_void,
) -> c_int {
    if let Some(function) = function {
        th.interp().state::<AtExit>().0.borrow_mut().push((function, data.addr()));
    }
    0
}

fn sequence_table<'a>(ob: Borrowed<'a>) -> Option<&'a abi::PySequenceMethods> {
    // SAFETY: a type's tables live as long as it.
    unsafe { (*(*ob.as_ptr()).ob_type).tp_as_sequence.as_ref() }
}

/// The result of a slot, if it is filled.
fn in_place<F>(
    th: &Thread,
    ob: Borrowed<'_>,
    slot: Option<F>,
    run: impl FnOnce(F) -> Ptr,
) -> Option<PyResult> {
    slot.map(|slot| call::check_result(th, Some(ob), run(slot)))
}

#[capi]
pub fn PySequence_InPlaceConcat(th: &Thread, a: Borrowed<'_>, b: Borrowed<'_>) -> PyResult {
    let table = sequence_table(a);
    in_place(th, a, table.and_then(|table| table.sq_inplace_concat), |function| {
        // SAFETY: see the top of the file.
        unsafe { function(a.as_ptr(), b.as_ptr()) }
    })
    .unwrap_or_else(|| sequence::concat(th, a, b))
}

#[capi]
pub fn PySequence_InPlaceRepeat(th: &Thread, ob: Borrowed<'_>, count: isize) -> PyResult {
    let table = sequence_table(ob);
    in_place(th, ob, table.and_then(|table| table.sq_inplace_repeat), |function| {
        // SAFETY: see the top of the file.
        unsafe { function(ob.as_ptr(), count) }
    })
    .unwrap_or_else(|| sequence::repeat(th, ob, count))
}

#[capi]
pub fn PyMapping_Length(th: &Thread, ob: Borrowed<'_>) -> PyResult<isize> {
    crate::mapping::mapping_len(th, ob)
}

fn lookup(th: &Thread, ob: Borrowed<'_>, key: Borrowed<'_>) -> PyResult<Option<Owned>> {
    mapping::get_opt(th, ob, key)
}

#[capi]
pub fn PyMapping_HasKeyWithError(
    th: &Thread,
    ob: Borrowed<'_>,
    key: Borrowed<'_>,
) -> PyResult<bool> {
    Ok(lookup(th, ob, key)?.is_some())
}

#[capi]
pub fn PyMapping_HasKeyStringWithError(
    th: &Thread,
    ob: Borrowed<'_>,
    key: *const c_char,
) -> PyResult<bool> {
    Ok(lookup(th, ob, string(th, key)?.object())?.is_some())
}

/// False for an error too, which is only reported.
fn has_key(th: &Thread, ob: Option<Borrowed<'_>>, key: PyResult, function: &str) -> c_int {
    let ob = ob.ok_or_else(|| null_argument(th));
    match ob.and_then(|ob| lookup(th, ob, key?.object())) {
        Ok(found) => found.is_some().into(),
        Err(_) => {
            let message = format!(
                "Exception ignored in {function}(); consider using {function}WithError(), PyMapping_GetOptionalItem() or PyMapping_GetItem()"
            );
            (th.interp().services.get().unraisable)(th, None, &message);
            0
        }
    }
}

#[capi]
pub fn PyMapping_HasKey(th: &Thread, ob: Ptr, key: Ptr) -> c_int {
    // SAFETY: see the top of the file, or NULL.
    unsafe {
        let key = Borrowed::<Object>::from_ptr_or_null(key).map(Borrowed::to_owned);
        let key = key.ok_or_else(|| null_argument(th));
        has_key(th, Borrowed::from_ptr_or_null(ob), key, "PyMapping_HasKey")
    }
}

#[capi]
pub fn PyMapping_HasKeyString(th: &Thread, ob: Ptr, key: *const c_char) -> c_int {
    let key = string(th, key).map(Owned::into_object);
    // SAFETY: see the top of the file, or NULL.
    let ob = unsafe { Borrowed::from_ptr_or_null(ob) };
    has_key(th, ob, key, "PyMapping_HasKeyString")
}

#[capi]
pub fn PyMapping_GetOptionalItemString(
    th: &Thread,
    ob: Borrowed<'_>,
    key: *const c_char,
    place: *mut Ptr,
) -> PyResult<bool> {
    let found = string(th, key).and_then(|key| lookup(th, ob, key.object()));
    // SAFETY: `place` is writable.
    unsafe { give(place, found) }
}

#[capi]
pub fn PyDict_PopString(
    th: &Thread,
    ob: Option<Borrowed<'_>>,
    key: *const c_char,
    place: *mut Ptr,
) -> PyResult<bool> {
    let found = string(th, key).and_then(|key| {
        let dict = ob.and_then(|ob| ob.downcast::<Dict>()).ok_or_else(|| th.bad_internal_call())?;
        dict.get().pop(th, key.object())
    });
    if place.is_null() {
        return found.map(|found| found.is_some());
    }
    // SAFETY: `place` is writable.
    unsafe { give(place, found) }
}

#[capi]
pub fn _PyDict_Pop(
    th: &Thread,
    dict: Borrowed<'_, Dict>,
    key: Borrowed<'_>,
    default: Option<Borrowed<'_>>,
) -> PyResult {
    match (dict.get().pop(th, key)?, default) {
        (Some(found), _) => Ok(found),
        (None, Some(default)) => Ok(default.to_owned()),
        (None, None) => Err(th.raise_value(exc::KEY_ERROR, key)),
    }
}

/// Borrowed; NULL without an exception if there is none.
#[capi]
pub fn _PyDict_GetItemStringWithError(
    th: &Thread,
    dict: Borrowed<'_, Dict>,
    key: *const c_char,
) -> PyResult<*mut abi::PyObject> {
    let found = dict.get().get(th, string(th, key)?.object())?;
    Ok(found.map_or(null_mut(), |found| found.as_ptr()))
}
