//! The entries of a bounded cache in the order of use: a doubly linked list.
//!
//! Invariants:
//! 1. A link that says so is in exactly one list, which holds a reference to it; its neighbours are in it too.
//! 2. Key and result never change once the link is made.

use std::cell::Cell;
use std::ffi::c_int;
use std::ptr::null;

use krait_objects::gc::Visit;
use krait_objects::prelude::*;

/// A result with its key.
#[pytype(name = "functools._lru_list_elem", flags(DISALLOW_INSTANTIATION))]
#[repr(C)]
pub struct Link {
    head: Head,
    previous: Cell<*const Link>,
    next: Cell<*const Link>,
    is_listed: Cell<bool>,
    pub hash: Cell<isize>,
    pub key: Slot,
    pub result: Slot,
}

#[pymethods]
impl Link {}

impl Link {
    pub fn make(th: &Thread, key: Owned, hash: isize, result: Owned) -> PyResult<Owned<Link>> {
        let link = Borrowed::from_ref(Link::type_object()).alloc::<Link>(th, 0)?;
        link.hash.set(hash);
        link.key.set(Some(key));
        link.result.set(Some(result));
        Ok(link)
    }
}

/// The list, from the link that was not used for longest to the one used last.
pub struct Links {
    first: Cell<*const Link>,
    last: Cell<*const Link>,
}

impl Links {
    pub fn first(&self) -> Option<Owned<Link>> {
        // SAFETY: (1).
        let first = unsafe { self.first.get().as_ref() };
        first.map(|link| Borrowed::from_ref(link).to_owned())
    }

    /// Where the pointer to the neighbour on one side is: in a link, or that of the list's end.
    ///
    /// # Safety
    /// A link of this list, or null.
    unsafe fn next_of(&self, link: *const Link) -> &Cell<*const Link> {
        // SAFETY: the caller's promise.
        unsafe { link.as_ref() }.map_or(&self.first, |link| &link.next)
    }

    /// # Safety
    /// As for `next_of`.
    unsafe fn previous_of(&self, link: *const Link) -> &Cell<*const Link> {
        // SAFETY: the caller's promise.
        unsafe { link.as_ref() }.map_or(&self.last, |link| &link.previous)
    }

    #[inline(always)]
    fn unlink(&self, link: &Link) {
        let (previous, next) = (link.previous.get(), link.next.get());
        // SAFETY: (1).
        unsafe {
            self.next_of(previous).set(next);
            self.previous_of(next).set(previous);
        }
    }

    #[inline(always)]
    fn link_last(&self, link: &Link) {
        let previous = self.last.replace(link);
        link.previous.set(previous);
        link.next.set(null());
        // SAFETY: (1).
        unsafe { self.next_of(previous) }.set(link);
    }

    /// Now the link used last.
    #[inline]
    pub fn touch(&self, link: &Link) {
        if link.is_listed.get() && !link.next.get().is_null() {
            self.unlink(link);
            self.link_last(link);
        }
    }

    pub fn append(&self, link: &Owned<Link>) {
        if !link.is_listed.replace(true) {
            std::mem::forget(link.clone());
            self.link_last(link);
        }
    }

    pub fn remove(&self, link: &Owned<Link>) {
        if link.is_listed.replace(false) {
            self.unlink(link);
            // SAFETY: (1): the list's reference; the caller has another one.
            unsafe { krait_objects::handle::decref(link.as_ptr()) };
        }
    }

    /// Releases all links, whatever that runs.
    pub fn empty(&self) {
        let first = self.first.replace(null());
        self.last.set(null());
        let mut at = first;
        // SAFETY: (1); from here on nobody changes what is no longer listed.
        unsafe {
            while let Some(link) = at.as_ref() {
                link.is_listed.set(false);
                at = link.next.get();
            }
            at = first;
            while let Some(link) = at.as_ref() {
                at = link.next.get();
                krait_objects::handle::decref(Borrowed::from_ref(link).as_ptr());
            }
        }
    }
}

impl Drop for Links {
    fn drop(&mut self) {
        self.empty();
    }
}

impl Visit for Links {
    fn visit(&self, visitor: &mut Visitor<'_>) -> c_int {
        let mut at = self.first.get();
        // SAFETY: (1); a traversal changes nothing.
        while let Some(link) = unsafe { at.as_ref() } {
            for held in [&link.key, &link.result] {
                let stop = visitor.visit(held.get());
                if stop != 0 {
                    return stop;
                }
            }
            at = link.next.get();
        }
        0
    }

    fn clear(&self) {
        self.empty();
    }
}
