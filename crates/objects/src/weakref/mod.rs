//! Weak references.
//!
//! An object whose class allows it has, at `tp_weaklistoffset`, the head of a list of its weak references:
//! `reference` is `weakref.ref`, `proxy` the two kinds of proxies, which share its layout. This file is the
//! lists and their end. The same job as CPython's `Objects/weakrefobject.c`.
//!
//! Invariants:
//! 1. `WeakRef::target` is `None` (dead) or an object whose list this reference is in.
//! 2. A reference without a callback of exactly `weakref.ref` comes first in a list, then a proxy without one.
//! 3. A dying object clears its list before its memory goes.

mod proxy;
mod reference;

use krait_abi as abi;

use crate::prelude::*;
use crate::protocol::call;

pub use proxy::{CallableProxy, Proxy, new_proxy};
use proxy::{is_proxy, is_proxy_type};
pub use reference::WeakRef;

/// `tp_weaklistoffset` of classes whose weak list stands before the object.
pub const MANAGED_OFFSET: isize = -4 * size_of::<usize>() as isize;

type Ref = *mut WeakRef;

/// The head of the list of weak references to `ob`, if its type has room for one.
///
/// # Safety
/// `ob` is live or dying.
pub unsafe fn list_pointer(ob: *mut abi::PyObject) -> Option<*mut *mut abi::PyObject> {
    // SAFETY: a type's offset leads to a pointer in (or before) its instances.
    unsafe {
        let ty: Borrowed<'_, Type> = Borrowed::from_ptr((*ob).ob_type.cast());
        if ty.has_flag(abi::Py_TPFLAGS_TYPE_SUBCLASS) {
            // What can change of a static type is kept for each interpreter.
            let target: Borrowed<'_, Type> = Borrowed::from_ptr(ob);
            let state = crate::typeobj::state::static_state(Thread::current(), &target);
            if let Some(state) = state {
                return Some(state.weaklist.as_ptr());
            }
        }
        match ty.raw().tp_weaklistoffset {
            0 => None,
            offset => Some(ob.byte_offset(offset).cast()),
        }
    }
}

/// The references in a list, from `head` on.
unsafe fn references(head: *mut abi::PyObject) -> impl Iterator<Item = Ref> {
    let mut at: Ref = head.cast();
    std::iter::from_fn(move || {
        // SAFETY: a list links live references.
        let current = unsafe { at.as_ref() }?;
        let found = at;
        at = current.next.get();
        Some(found)
    })
}

/// How many weak references to `ob` there are, and each of them.
pub fn all(ob: Borrowed<'_>) -> Vec<Owned> {
    // SAFETY: a live object; references whose count is zero are just being destroyed.
    unsafe {
        list_pointer(ob.as_ptr()).map_or_else(Vec::new, |list| {
            references(*list)
                .filter(|reference| *reference.cast::<u32>() != 0)
                .map(|reference| Borrowed::<Object>::from_ptr(reference.cast()).to_owned())
                .collect()
        })
    }
}

/// `PyObject_ClearWeakRefs`: the references to a dying object forget it, then their callbacks run.
///
/// # Safety
/// `ob` is an object whose type has a `tp_weaklistoffset`, and its last reference is gone.
pub unsafe fn clear_references(ob: *mut abi::PyObject) {
    // SAFETY: the caller's promise, and the invariants of lists.
    unsafe {
        let Some(list) = list_pointer(ob) else {
            return;
        };
        let mut calls = Vec::new();
        while let Some(reference) = (*list).cast::<WeakRef>().as_ref() {
            let callback = reference.callback.take();
            reference.detach();
            // A reference that is itself being destroyed no longer calls back.
            match callback {
                Some(callback) if reference.as_object().ref_count() > 0 => {
                    calls.push((reference.as_object().to_owned(), callback));
                }
                callback => drop(callback),
            }
        }
        if !calls.is_empty() {
            run_callbacks(Thread::current(), calls);
        }
    }
}

/// As `clear_references`; no callback runs.
///
/// # Safety
/// As for `clear_references`.
pub unsafe fn forget_references(ob: *mut abi::PyObject) {
    // SAFETY: the caller's promise, and the invariants of lists.
    unsafe {
        let Some(list) = list_pointer(ob) else {
            return;
        };
        while let Some(reference) = (*list).cast::<WeakRef>().as_ref() {
            let callback = reference.callback.take();
            reference.detach();
            drop(callback);
        }
    }
}

/// Calls `callback(reference)` for each; what they raise is reported and forgotten.
pub(crate) fn run_callbacks(th: &Thread, calls: Vec<(Owned, Owned)>) {
    let saved = th.take_exception();
    for (reference, callback) in calls {
        run_callback(th, reference.borrow(), callback.borrow());
    }
    if let Some(exception) = saved {
        let _ = th.set_exception(exception.into_object());
    }
}

pub(crate) fn run_callback(th: &Thread, reference: Borrowed<'_>, callback: Borrowed<'_>) {
    if let Err(raised) = call::call(th, callback, &[reference]) {
        let exception = th.take_raised(raised);
        let what = match object::repr(th, callback) {
            Ok(text) => format!("Exception ignored while calling weakref callback {}", &*text),
            Err(raised) => {
                drop(th.take_raised(raised));
                "Exception ignored while calling weakref callback".to_string()
            }
        };
        let _ = th.set_exception(exception.into_object());
        (th.interp().services.get().unraisable)(th, None, &what);
    }
}

/// Whether `ob` is laid out as a weak reference: a `ref` or a proxy.
pub fn is_reference(ob: Borrowed<'_>) -> bool {
    ob.downcast::<WeakRef>().is_some() || is_proxy(ob)
}

/// `weakref.ref(ob, callback)`.
pub fn new_ref(th: &Thread, ob: Borrowed<'_>, callback: Option<Borrowed<'_>>) -> PyResult {
    reference::create(th, Borrowed::from_ref(WeakRef::type_object()), ob, callback)
}

/// What a weak reference refers to, if that is alive. `reference` is a `ref` or a proxy.
pub fn referent(reference: Borrowed<'_>) -> Option<Owned> {
    // SAFETY: refs and proxies share the layout.
    unsafe { reference.cast::<WeakRef>() }.target()
}
