//! Looking at what the collector tracks: what the `gc` module shows.

use std::ffi::{c_int, c_void};

use krait_abi as abi;

use super::collect::is_gc_object;
use super::list::{self, PERMANENT};
use super::{Collector, GENERATIONS};
use crate::prelude::*;

type Ptr = *mut abi::PyObject;

impl Collector {
    /// The tracked objects of a generation, or of all.
    pub fn objects(&self, generation: Option<usize>) -> Vec<Owned> {
        let generations = match generation {
            Some(generation) => generation..generation + 1,
            None => 0..GENERATIONS,
        };
        let mut objects = Vec::new();
        for generation in generations {
            // SAFETY: a whole list; nothing runs meanwhile.
            unsafe {
                self.visit_list(generation, |ob| {
                    objects.push(Borrowed::<Object>::from_ptr(ob).to_owned());
                });
            }
        }
        objects
    }

    /// Calls `body` with each object of a list, without holding it.
    ///
    /// # Safety
    /// `body` neither tracks nor frees.
    unsafe fn visit_list(&self, generation: usize, mut body: impl FnMut(Ptr)) {
        // SAFETY: the caller's promise keeps the list whole.
        unsafe {
            let head = self.lists.head(generation);
            let mut item = list::next(head);
            while item != head {
                body(list::object(item));
                item = list::next(item);
            }
        }
    }

    /// The tracked objects that hold a reference to one of `targets`; `except` is left out.
    pub fn referrers(&self, targets: &[Borrowed<'_>], except: Option<Borrowed<'_>>) -> Vec<Owned> {
        unsafe extern "C" fn compare(ob: Ptr, targets: *mut c_void) -> c_int {
            // SAFETY: called below with the slice.
            let targets = unsafe { &*targets.cast::<&[Borrowed<'_>]>() };
            c_int::from(targets.iter().any(|target| target.as_ptr() == ob))
        }
        let mut found = Vec::new();
        let mut targets = targets;
        for generation in 0..GENERATIONS {
            // SAFETY: a whole list; traversal runs no Python code.
            unsafe {
                self.visit_list(generation, |ob| {
                    if except.is_some_and(|except| except.as_ptr() == ob) {
                        return;
                    }
                    let refers = (*(*ob).ob_type).tp_traverse.is_some_and(|traverse| {
                        traverse(ob, Some(compare), (&raw mut targets).cast()) != 0
                    });
                    if refers {
                        found.push(Borrowed::<Object>::from_ptr(ob).to_owned());
                    }
                });
            }
        }
        found
    }

    /// `gc.freeze()`: sets all tracked objects aside.
    pub fn freeze(&self) {
        for generation in 0..GENERATIONS {
            // SAFETY: whole lists.
            unsafe { list::merge(self.lists.head(generation), self.lists.head(PERMANENT)) };
            self.count[generation].set(0);
        }
    }

    /// `gc.unfreeze()`: what was set aside is old from here on.
    pub fn unfreeze(&self) {
        // SAFETY: whole lists.
        unsafe { list::merge(self.lists.head(PERMANENT), self.lists.head(GENERATIONS - 1)) };
    }

    pub fn frozen(&self) -> usize {
        // SAFETY: a whole list.
        unsafe { list::len(self.lists.head(PERMANENT)) }
    }
}

/// What `ob` refers to, as its `tp_traverse` tells.
pub fn referents(ob: Borrowed<'_>) -> Vec<Owned> {
    unsafe extern "C" fn push(ob: Ptr, found: *mut c_void) -> c_int {
        // SAFETY: called below with the vector; `tp_traverse` gives live objects.
        unsafe { (*found.cast::<Vec<Owned>>()).push(Borrowed::<Object>::from_ptr(ob).to_owned()) };
        0
    }
    let mut found: Vec<Owned> = Vec::new();
    // SAFETY: a live object.
    unsafe {
        if let Some(traverse) = ob.ty().raw().tp_traverse
            && is_gc_object(ob.as_ptr())
        {
            traverse(ob.as_ptr(), Some(push), (&raw mut found).cast());
        }
    }
    found
}
