//! Watchers of dictionaries, types, functions, code objects and contexts, and tracers of references.
//!
//! Who watches what is kept by the interpreter (`krait_objects::watchers`, `krait_objects::dict::state`).
//!
//! SAFETY, throughout: C passes live objects.

use std::ffi::{c_int, c_void};

use krait_abi as abi;
use krait_macros::capi;
use krait_objects::memory::RefTracer;
use krait_objects::prelude::*;
use krait_objects::watchers::{self, MOST};

use crate::support::*;

/// The first ids of each kind are kept for the interpreter itself.
const FIRST_TYPE: usize = 1;

fn full<T>(th: &Thread, kind: &str) -> PyResult<T> {
    Err(raise!(th, RUNTIME_ERROR, "no more {kind} watcher IDs available"))
}

/// The id if there is such a watcher, else ValueError.
fn checked(
    th: &Thread,
    kind: &str,
    id: c_int,
    is_there: impl Fn(usize) -> bool,
) -> PyResult<usize> {
    // One kind writes its messages in lower case.
    let (invalid, no) = if kind == "func" { ("invalid", "no") } else { ("Invalid", "No") };
    let Some(at) = usize::try_from(id).ok().filter(|&id| id < MOST) else {
        return Err(raise!(th, VALUE_ERROR, "{invalid} {kind} watcher ID {id}"));
    };
    if !is_there(at) {
        return Err(raise!(th, VALUE_ERROR, "{no} {kind} watcher set for ID {id}"));
    }
    Ok(at)
}

macro_rules! watchers {
    ($($add:ident $clear:ident $field:ident $kind:literal from $first:expr, $function:ty;)*) => {$(
        #[capi]
        pub fn $add(th: &Thread, watcher: $function) -> PyResult<c_int> {
            match th.interp().watchers.$field.add($first, watcher) {
                Some(id) => Ok(id as c_int),
                None => full(th, $kind),
            }
        }

        #[capi]
        pub fn $clear(th: &Thread, id: c_int) -> PyResult<()> {
            let watchers = &th.interp().watchers.$field;
            let id = checked(th, $kind, id, |id| watchers.get(id).is_some())?;
            watchers.remove(id);
            Ok(())
        }
    )*};
}

watchers! {
    PyType_AddWatcher PyType_ClearWatcher types "type" from FIRST_TYPE, watchers::TypeWatcher;
    PyFunction_AddWatcher PyFunction_ClearWatcher functions "func" from 0, watchers::FunctionWatcher;
    PyCode_AddWatcher PyCode_ClearWatcher code "code" from 0, watchers::CodeWatcher;
    PyContext_AddWatcher PyContext_ClearWatcher contexts "context" from 0, watchers::ContextWatcher;
}

#[capi]
pub fn PyDict_AddWatcher(th: &Thread, watcher: abi::PyDict_WatchCallback) -> PyResult<c_int> {
    th.interp().dicts.add_watcher(watcher).map_or_else(|| full(th, "dict"), |id| Ok(id as c_int))
}

fn dict_watcher(th: &Thread, id: c_int) -> PyResult<usize> {
    checked(th, "dict", id, |id| th.interp().dicts.watcher(id).is_some())
}

#[capi]
pub fn PyDict_ClearWatcher(th: &Thread, id: c_int) -> PyResult<()> {
    let id = dict_watcher(th, id)?;
    th.interp().dicts.set_watcher(id, None);
    Ok(())
}

fn watch_dict(th: &Thread, id: c_int, ob: Ptr, on: bool) -> PyResult<()> {
    // SAFETY: see the top of the file.
    let dict = unsafe { Borrowed::<Object>::from_ptr_or_null(ob) };
    let Some(dict) = dict.and_then(Borrowed::downcast::<Dict>) else {
        return Err(th.raise(exc::VALUE_ERROR, "Cannot watch non-dictionary"));
    };
    dict.watch(dict_watcher(th, id)?, on);
    Ok(())
}

#[capi]
pub fn PyDict_Watch(th: &Thread, id: c_int, ob: Ptr) -> PyResult<()> {
    watch_dict(th, id, ob, true)
}

#[capi]
pub fn PyDict_Unwatch(th: &Thread, id: c_int, ob: Ptr) -> PyResult<()> {
    watch_dict(th, id, ob, false)
}

fn watch_type(th: &Thread, id: c_int, ob: Ptr, on: bool) -> PyResult<()> {
    // SAFETY: see the top of the file.
    let class = unsafe { Borrowed::<Object>::from_ptr_or_null(ob) };
    let Some(class) = class.and_then(Borrowed::downcast::<Type>) else {
        return Err(th.raise(exc::VALUE_ERROR, "Cannot watch non-type"));
    };
    let types = &th.interp().watchers.types;
    let bit = 1 << checked(th, "type", id, |id| types.get(id).is_some())?;
    let raw = class.as_type_ptr();
    // SAFETY: see the top of the file; a change is noticed by the version that it ends.
    unsafe {
        if on {
            class.assign_version(th);
            (*raw).tp_watched |= bit;
        } else {
            (*raw).tp_watched &= !bit;
        }
    }
    Ok(())
}

#[capi]
pub fn PyType_Watch(th: &Thread, id: c_int, ob: Ptr) -> PyResult<()> {
    watch_type(th, id, ob, true)
}

#[capi]
pub fn PyType_Unwatch(th: &Thread, id: c_int, ob: Ptr) -> PyResult<()> {
    watch_type(th, id, ob, false)
}

/// It is told of the objects of the interpreter and of those that share its heap.
#[capi]
pub fn PyRefTracer_SetTracer(th: &Thread, tracer: abi::PyRefTracer, data: *mut c_void) -> c_int {
    th.interp().set_ref_tracer(th, tracer.map(|function| RefTracer { function, data }));
    0
}

#[capi]
pub fn PyRefTracer_GetTracer(th: &Thread, data: *mut *mut c_void) -> abi::PyRefTracer {
    let tracer = th.interp().heap.ref_tracer();
    if !data.is_null() {
        // SAFETY: C passes a writable place.
        unsafe { *data = tracer.map_or(std::ptr::null_mut(), |tracer| tracer.data) };
    }
    tracer.map(|tracer| tracer.function)
}
