//! References on the evaluation stack and in fast locals: `_PyStackRef` of CPython's default build.
//!
//! A reference is an object's address. Its lowest bit says that the reference is not counted here, because
//! the object is immortal or because something that outlives this reference holds it (`LOAD_FAST_BORROW`).
//! Both low bits together mark a small integer that is no object (the position saved for `RERAISE`).
//!
//! Invariants, numbered for the `SAFETY` comments of this crate's frame and interpreter files:
//! 1. A `StackRef` that is not null and not a tagged integer points to a live object.
//! 2. With the low bit clear it accounts for exactly one count; a copy of such a reference does not.
//! 3. With the low bit set the object is immortal, or outlives the reference's stay on the stack.

use krait_abi as abi;
use krait_objects::handle::{Borrowed, Object, Owned, incref};

/// The bit of references that are not counted.
const UNCOUNTED: usize = abi::Py_TAG_REFCNT as usize;
const TAGS: usize = abi::Py_TAG_BITS as usize;
const INT: usize = abi::Py_INT_TAG as usize;
/// A count of one more than this range is immortal.
const IMMORTAL: i32 = 0;

/// A tagged reference. `Copy`: whoever moves it around keeps the account.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub struct StackRef(usize);

const _: () = assert!(size_of::<StackRef>() == size_of::<abi::_PyStackRef>());

impl StackRef {
    pub const NULL: StackRef = StackRef(abi::PyStackRef_NULL_BITS as usize);

    #[inline(always)]
    pub const fn from_bits(bits: usize) -> StackRef {
        StackRef(bits)
    }

    #[inline(always)]
    pub const fn bits(self) -> usize {
        self.0
    }

    #[inline(always)]
    pub const fn is_null(self) -> bool {
        self.0 == Self::NULL.0
    }

    /// The object's address; null for `NULL`.
    #[inline(always)]
    pub const fn ptr(self) -> *mut abi::PyObject {
        (self.0 & !UNCOUNTED) as *mut abi::PyObject
    }

    /// Whether releasing this reference has to count.
    #[inline(always)]
    pub const fn is_counted(self) -> bool {
        self.0 & UNCOUNTED == 0
    }

    /// Whether releasing neither has to count.
    #[inline(always)]
    pub const fn are_uncounted(first: StackRef, second: StackRef) -> bool {
        first.0 & second.0 & UNCOUNTED != 0
    }

    /// The object's address, if the reference is not counted.
    #[inline(always)]
    pub const fn uncounted_ptr(self) -> Option<*mut abi::PyObject> {
        if self.is_counted() { None } else { Some((self.0 - UNCOUNTED) as *mut abi::PyObject) }
    }

    /// A reference that something else keeps alive.
    #[inline(always)]
    pub fn uncounted(ptr: *mut abi::PyObject) -> StackRef {
        StackRef(ptr as usize | UNCOUNTED)
    }

    /// Takes over the count behind `ptr`.
    ///
    /// # Safety
    /// `ptr` points to a live object and the caller gives up one reference.
    #[inline(always)]
    pub unsafe fn steal(ptr: *mut abi::PyObject) -> StackRef {
        // SAFETY: a live object.
        let tag = unsafe { (*ptr).ob_flags } as usize & abi::_Py_IMMORTAL_FLAGS as usize;
        StackRef(ptr as usize | tag)
    }

    /// A new counted reference.
    ///
    /// # Safety
    /// `ptr` points to a live object.
    #[inline(always)]
    pub unsafe fn new(ptr: *mut abi::PyObject) -> StackRef {
        let count = ptr.cast::<u32>();
        // SAFETY: a live object.
        unsafe {
            let now = *count;
            if now >= abi::_Py_IMMORTAL_INITIAL_REFCNT {
                return StackRef::uncounted(ptr);
            }
            *count = now + 1;
        }
        StackRef(ptr as usize)
    }

    #[inline(always)]
    pub fn from_owned<T>(value: Owned<T>) -> StackRef {
        // SAFETY: the handle's reference moves here.
        unsafe { StackRef::steal(value.into_ptr()) }
    }

    /// For objects just made, which cannot be immortal.
    #[inline(always)]
    pub fn from_fresh<T>(value: Owned<T>) -> StackRef {
        StackRef(value.into_ptr() as usize)
    }

    /// Of an object that is never freed: a singleton, a static type.
    #[inline(always)]
    pub fn immortal<T>(value: Borrowed<'static, T>) -> StackRef {
        StackRef::uncounted(value.as_ptr())
    }

    #[inline(always)]
    pub fn from_bool(value: bool) -> StackRef {
        StackRef::immortal(krait_objects::singletons::bool_object(value))
    }

    #[inline(always)]
    pub fn none() -> StackRef {
        StackRef::immortal(krait_objects::singletons::none())
    }

    #[inline(always)]
    pub fn is(self, ptr: *mut abi::PyObject) -> bool {
        self.ptr() == ptr
    }

    /// # Safety
    /// Not null, not a tagged integer, and alive for `'a`.
    #[inline(always)]
    pub unsafe fn get<'a>(self) -> Borrowed<'a> {
        // SAFETY: (1), and the caller's promise.
        unsafe { Borrowed::from_ptr(self.ptr()) }
    }

    /// The object behind a reference that may be null.
    ///
    /// # Safety
    /// As for `get`.
    #[inline(always)]
    pub unsafe fn get_opt<'a>(self) -> Option<Borrowed<'a>> {
        // SAFETY: the caller's promise.
        unsafe { Borrowed::from_ptr_or_null(self.ptr()) }
    }

    /// A second reference to the same object, counted if this one is.
    ///
    /// # Safety
    /// (1).
    #[inline(always)]
    pub unsafe fn dup(self) -> StackRef {
        if self.is_counted() {
            // SAFETY: (1): counted references are never null.
            unsafe { incref(self.ptr()) };
        }
        self
    }

    /// This reference, fit to outlive what it was borrowed from.
    ///
    /// # Safety
    /// (1).
    #[inline(always)]
    pub unsafe fn into_heap_safe(self) -> StackRef {
        if self.is_counted() {
            return self;
        }
        // Without hints the compiler makes one long test of all of them, also for values that are counted.
        std::hint::cold_path();
        if self.is_null() {
            std::hint::cold_path();
            return self;
        }
        // A tagged integer has both bits.
        if self.0 & (TAGS - UNCOUNTED) != 0 {
            std::hint::cold_path();
            return self;
        }
        // SAFETY: (1).
        unsafe { StackRef::new((self.0 - UNCOUNTED) as *mut abi::PyObject) }
    }

    /// Turns the reference into an owned handle.
    ///
    /// # Safety
    /// (1); not null; the caller's copy is the one that counts.
    #[inline(always)]
    pub unsafe fn into_owned(self) -> Owned {
        // SAFETY: (1), (2).
        unsafe {
            if !self.is_counted() {
                incref(self.ptr());
            }
            Owned::from_ptr(self.ptr())
        }
    }

    /// Releases the reference; may run any Python code.
    ///
    /// # Safety
    /// (1); the caller's copy is the one that counts.
    #[inline(always)]
    pub unsafe fn close(self) {
        if self.is_counted() {
            // SAFETY: (2).
            unsafe { krait_objects::handle::decref(self.ptr()) };
        }
    }

    /// Gives the count back and answers whether the object has to be deallocated, which the caller leaves
    /// to a cold function: the hot path stays free of calls.
    ///
    /// # Safety
    /// As for `close`.
    #[inline(always)]
    #[must_use = "an object without references has to be deallocated"]
    pub unsafe fn release(self) -> bool {
        if !self.is_counted() {
            return false;
        }
        let count = self.ptr().cast::<i32>();
        // SAFETY: (1), (2).
        unsafe {
            let now = *count;
            if now < IMMORTAL {
                return false;
            }
            *count = now - 1;
            now == 1
        }
    }

    /// Whether this is the object's last reference, or one that is not counted.
    ///
    /// # Safety
    /// (1).
    #[inline(always)]
    pub unsafe fn is_unique(self) -> bool {
        // SAFETY: (1).
        unsafe { *self.ptr().cast::<u32>() == 1 }
    }

    /// Whether this is the only reference to the object: then a number may be changed in place.
    ///
    /// # Safety
    /// (1).
    #[inline(always)]
    pub unsafe fn is_ours_alone(self) -> bool {
        // SAFETY: (1).
        self.is_counted() && unsafe { self.is_unique() }
    }

    /// A small integer that is no object.
    #[inline(always)]
    pub const fn tag_int(value: isize) -> StackRef {
        StackRef((value as usize) << 2 | INT)
    }

    #[inline(always)]
    pub const fn as_tagged_int(self) -> Option<isize> {
        if self.0 & TAGS == INT { Some(self.0 as isize >> 2) } else { None }
    }
}

/// A reference taken off the stack: released on drop.
pub struct Held(StackRef);

impl Held {
    /// # Safety
    /// Invariants (1) and (2) hold for `reference`, and the caller gives it up.
    #[inline(always)]
    pub unsafe fn new(reference: StackRef) -> Held {
        Held(reference)
    }

    /// The object; the reference is not null.
    #[inline(always)]
    pub fn get(&self) -> Borrowed<'_> {
        // SAFETY: (1): alive as long as this handle or what it is borrowed from.
        unsafe { self.0.get() }
    }

    /// The object, or `None` for the null that stands for a missing value.
    #[inline(always)]
    pub fn get_opt(&self) -> Option<Borrowed<'_>> {
        // SAFETY: (1).
        unsafe { self.0.get_opt() }
    }

    #[inline(always)]
    pub fn into_ref(self) -> StackRef {
        let reference = self.0;
        std::mem::forget(self);
        reference
    }

    #[inline(always)]
    pub fn into_owned(self) -> Owned {
        // SAFETY: (1), (2).
        unsafe { self.into_ref().into_owned() }
    }

    pub fn reference(&self) -> StackRef {
        self.0
    }
}

impl std::ops::Deref for Held {
    type Target = Object;

    #[inline(always)]
    fn deref(&self) -> &Object {
        self.get().get()
    }
}

impl Drop for Held {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: (1), (2): null and tagged integers have the low bit set.
        unsafe { self.0.close() }
    }
}
