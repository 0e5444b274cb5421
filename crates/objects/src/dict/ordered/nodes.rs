//! The order of an `OrderedDict`: a doubly linked list of its keys, and which key's node belongs to which entry.
//!
//! Nothing here runs Python code but what releases a key, and that comes last. Invariants:
//! 1. A node is in the list exactly once, from when it is made until it is freed; it owns its key.
//! 2. `places` is null or has `len` pointers, each null or a node of the list, a node in one place at most.
//! 3. `places` says the truth about the dictionary if `table` is the dictionary's table and `len` its size.

use std::cell::Cell;
use std::ffi::c_int;

use krait_abi as abi;

use crate::dict::keys::{self, EMPTY, Keys, Ptr};
use crate::dict::lookup;
use crate::prelude::*;

/// A key in its place of the order.
#[repr(C)]
pub struct Node {
    key: Ptr,
    hash: isize,
    next: Cell<*mut Node>,
    previous: Cell<*mut Node>,
}

impl Node {
    /// # Safety
    /// The node is in a list.
    unsafe fn key(&self) -> Owned {
        // SAFETY: (1).
        unsafe { Borrowed::<Object>::from_ptr(self.key).to_owned() }
    }
}

/// All zeros are an empty list.
#[repr(C)]
pub struct Nodes {
    first: Cell<*mut Node>,
    last: Cell<*mut Node>,
    places: Cell<*mut *mut Node>,
    len: Cell<usize>,
    table: Cell<Keys>,
    /// Counts changes.
    state: Cell<usize>,
}

/// One end of the list.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum End {
    First,
    Last,
}

impl Nodes {
    pub fn state(&self) -> usize {
        self.state.get()
    }

    pub fn is_empty(&self) -> bool {
        self.first.get().is_null()
    }

    /// The size of `places` in memory.
    pub fn places_size(&self) -> usize {
        self.len.get() * size_of::<*mut Node>()
    }

    fn changed(&self) {
        self.state.set(self.state.get().wrapping_add(1));
    }

    /// The key at one end, with its hash.
    pub fn end(&self, end: End) -> Option<(Owned, isize)> {
        let node = if end == End::First { self.first.get() } else { self.last.get() };
        // SAFETY: (1).
        unsafe { node.as_ref().map(|node| (node.key(), node.hash)) }
    }

    /// The key beside that of a node: the next one, or the one before.
    ///
    /// # Safety
    /// `node` is in the list.
    pub unsafe fn beside(&self, node: *mut Node, backwards: bool) -> Option<(Owned, *mut Node)> {
        // SAFETY: the caller's promise, (1).
        unsafe {
            let beside = if backwards { (*node).previous.get() } else { (*node).next.get() };
            beside.as_ref().map(|found| (found.key(), beside))
        }
    }

    /// The first nodes of two lists whose keys are not the same object, both with their keys; at the end of either list, whether
    /// the other one ends there too. The search begins behind `from`, two nodes of the lists, or at the front.
    ///
    /// # Safety
    /// `from` are nodes of the lists.
    pub unsafe fn first_apart(
        &self,
        other: &Nodes,
        from: Option<(*mut Node, *mut Node)>,
    ) -> Result<[(Owned, *mut Node); 2], bool> {
        // SAFETY: the caller's promise, (1). No code runs, so that the lists stay as they are.
        unsafe {
            let (mut left, mut right) = match from {
                Some((left, right)) => ((*left).next.get(), (*right).next.get()),
                None => (self.first.get(), other.first.get()),
            };
            loop {
                let (Some(a), Some(b)) = (left.as_ref(), right.as_ref()) else {
                    return Err(left == right);
                };
                if a.key != b.key {
                    return Ok([(a.key(), left), (b.key(), right)]);
                }
                (left, right) = (a.next.get(), b.next.get());
            }
        }
    }

    /// Each key, hash first, as long as `each` leaves the list alone; RuntimeError if it does not.
    pub fn for_each(
        &self,
        th: &Thread,
        mut each: impl FnMut(Owned, isize) -> PyResult<()>,
    ) -> PyResult<()> {
        let state = self.state();
        let mut node = self.first.get();
        // SAFETY: (1): as long as the state is the same, so is the list.
        while let Some(found) = unsafe { node.as_ref() } {
            // SAFETY: (1).
            let key = unsafe { found.key() };
            each(key, found.hash)?;
            if self.state() != state {
                return Err(th.raise(exc::RUNTIME_ERROR, super::MUTATED));
            }
            // SAFETY: (1): the list is the same.
            node = unsafe { (*node).next.get() };
        }
        Ok(())
    }

    /// The number of the dictionary's entry of `key`, with `places` brought up to date.
    fn locate(
        &self,
        th: &Thread,
        dict: &Dict,
        key: Borrowed<'_>,
        hash: isize,
    ) -> PyResult<Option<usize>> {
        loop {
            self.follow(th, dict)?;
            let index = lookup::lookup(dict, th, key, hash)?;
            // SAFETY: the entry was just found.
            if index == EMPTY || unsafe { dict.value_at(index).is_null() } {
                return Ok(None);
            }
            // A comparison may have changed the table.
            if self.is_current(dict) {
                return Ok(Some(index as usize));
            }
        }
    }

    fn is_current(&self, dict: &Dict) -> bool {
        let table = dict.keys.get();
        // SAFETY: a dictionary's table is live.
        !self.places.get().is_null()
            && self.table.get() == table
            && unsafe { keys::size(table) } == self.len.get()
    }

    /// Makes (3) true. Nodes whose keys are no longer in the dictionary, because someone went behind the back of the
    /// ordered one, get no place.
    fn follow(&self, th: &Thread, dict: &Dict) -> PyResult<()> {
        if self.is_current(dict) {
            return Ok(());
        }
        let table = dict.keys.get();
        // SAFETY: a dictionary's table is live, and the memory is used as it was asked for.
        unsafe {
            let len = keys::size(table);
            let places = th.interp().heap.alloc_zeroed(len * size_of::<*mut Node>());
            if places.is_null() {
                return Err(th.no_memory());
            }
            let places = places.cast::<*mut Node>();
            let mut node = self.first.get();
            while let Some(found) = node.as_ref() {
                let index = lookup::index_of_same(table, found.key, found.hash);
                if index >= 0 {
                    places.offset(index).write(node);
                }
                node = found.next.get();
            }
            let old = self.places.replace(places);
            self.len.set(len);
            self.table.set(table);
            th.interp().heap.free(old.cast());
        }
        Ok(())
    }

    /// The node of `key`.
    pub fn find(
        &self,
        th: &Thread,
        dict: &Dict,
        key: Borrowed<'_>,
        hash: isize,
    ) -> PyResult<Option<*mut Node>> {
        if self.is_empty() {
            return Ok(None);
        }
        let Some(index) = self.locate(th, dict, key, hash)? else {
            return Ok(None);
        };
        // SAFETY: (2), (3).
        let node = unsafe { *self.places.get().add(index) };
        Ok(Some(node).filter(|node| !node.is_null()))
    }

    /// Puts a key of the dictionary at the end, if it has no node yet.
    pub fn add(&self, th: &Thread, dict: &Dict, key: Borrowed<'_>, hash: isize) -> PyResult<()> {
        let Some(index) = self.locate(th, dict, key, hash)? else {
            // A comparison took it out again.
            return Err(crate::dict::key_error(th, key));
        };
        // SAFETY: (2), (3), and the memory is used as it was asked for.
        unsafe {
            let place = self.places.get().add(index);
            if !(*place).is_null() {
                return Ok(());
            }
            let node = th.interp().heap.alloc(size_of::<Node>()).cast::<Node>();
            if node.is_null() {
                return Err(th.no_memory());
            }
            node.write(Node {
                key: key.to_owned().into_ptr(),
                hash,
                next: Cell::default(),
                previous: Cell::default(),
            });
            place.write(node);
            self.link(node, End::Last);
        }
        self.changed();
        Ok(())
    }

    /// # Safety
    /// `node` is not in the list.
    unsafe fn link(&self, node: *mut Node, end: End) {
        // SAFETY: (1), the caller's promise.
        unsafe {
            let (first, last) = (self.first.get(), self.last.get());
            let (previous, next) = match end {
                End::Last => (last, std::ptr::null_mut()),
                End::First => (std::ptr::null_mut(), first),
            };
            (*node).previous.set(previous);
            (*node).next.set(next);
            match previous.as_ref() {
                Some(previous) => previous.next.set(node),
                None => self.first.set(node),
            }
            match next.as_ref() {
                Some(next) => next.previous.set(node),
                None => self.last.set(node),
            }
        }
    }

    /// # Safety
    /// `node` is in the list; on return only in `places`.
    unsafe fn unlink(&self, node: *mut Node) {
        // SAFETY: (1), the caller's promise.
        unsafe {
            let (previous, next) = ((*node).previous.get(), (*node).next.get());
            match previous.as_ref() {
                Some(previous) => previous.next.set(next),
                None => self.first.set(next),
            }
            match next.as_ref() {
                Some(next) => next.previous.set(previous),
                None => self.last.set(previous),
            }
        }
    }

    /// Moves a node to one end, if it is not there.
    ///
    /// # Safety
    /// `node` is in the list.
    pub unsafe fn move_to(&self, node: *mut Node, end: End) {
        let there = if end == End::First { self.first.get() } else { self.last.get() };
        if there == node {
            return;
        }
        // SAFETY: the caller's promise.
        unsafe {
            self.unlink(node);
            self.link(node, end);
        }
        self.changed();
    }

    /// Takes the node of `key` out, if it has one. The key is handed back.
    pub fn remove(
        &self,
        th: &Thread,
        dict: &Dict,
        key: Borrowed<'_>,
        hash: isize,
    ) -> PyResult<Option<Owned>> {
        if self.is_empty() {
            return Ok(None);
        }
        let Some(index) = self.locate(th, dict, key, hash)? else {
            return Ok(None);
        };
        // SAFETY: (1), (2), (3).
        unsafe {
            let place = self.places.get().add(index);
            let node = std::mem::replace(&mut *place, std::ptr::null_mut());
            if node.is_null() {
                return Ok(None);
            }
            self.unlink(node);
            self.changed();
            let key = Owned::from_ptr((*node).key);
            th.interp().heap.free(node.cast());
            Ok(Some(key))
        }
    }

    /// Forgets all keys.
    pub fn clear(&self, th: &Thread) {
        let mut node = self.first.take();
        self.last.take();
        let places = self.places.take();
        self.len.set(0);
        self.table.take();
        self.changed();
        // SAFETY: (1), (2): nobody can reach them any more.
        unsafe {
            th.interp().heap.free(places.cast());
            while !node.is_null() {
                let next = (*node).next.get();
                let key = Owned::<Object>::from_ptr((*node).key);
                th.interp().heap.free(node.cast());
                drop(key);
                node = next;
            }
        }
    }

    pub fn visit(&self, visitor: &mut Visitor<'_>) -> c_int {
        let mut node = self.first.get();
        // SAFETY: (1).
        while let Some(found) = unsafe { node.as_ref() } {
            // SAFETY: (1).
            let stop = visitor.visit(Some(unsafe { Borrowed::<Object>::from_ptr(found.key) }));
            if stop != 0 {
                return stop;
            }
            node = found.next.get();
        }
        0
    }
}

/// The size of a node in memory.
pub const NODE_SIZE: usize = size_of::<Node>();

const _: () = assert!(size_of::<Nodes>() == 6 * size_of::<*mut abi::PyObject>());
