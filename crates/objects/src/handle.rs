//! Handles to objects: `Owned`, `Borrowed`, `Slot`, and what every object struct begins with.
//!
//! The only way the rest of the house touches objects. `Owned` is one strong reference, `Borrowed` a
//! copyable pointer that keeps nothing alive, `Slot` a nullable field. The counting rules are those of
//! `Py_INCREF` and `Py_DECREF` in CPython's `Include/refcount.h`.
//!
//! Invariants, numbered for the `SAFETY` comments below:
//! 1. A handle's pointer is non-null, aligned, and points to a live object whose struct begins with `Head`.
//! 2. `Owned` accounts for exactly one count of its object (or the object is immortal).
//! 3. Handles are neither `Send` nor `Sync`: they live on a thread that is attached to the interpreter.
//! 4. A `Borrowed<'a>` is created only from something that keeps the object alive for `'a`.

use std::cell::{Cell, UnsafeCell};
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::ptr::NonNull;

use krait_abi as abi;
use krait_macros::pytype;

use crate::typeobj::Type;

/// The reference count from which on an object is never counted nor freed.
const IMMORTAL: u32 = abi::_Py_IMMORTAL_INITIAL_REFCNT as u32;

/// The first field of every object struct: `PyObject`.
#[repr(transparent)]
pub struct Head(UnsafeCell<abi::PyObject>);

/// The first field of every variable-size object struct: `PyVarObject`.
#[repr(transparent)]
pub struct VarHead(UnsafeCell<abi::PyVarObject>);

// SAFETY: static objects are immortal: their counts are never written, their type never changes.
unsafe impl Sync for Head {}
// SAFETY: as for `Head`; the size of a static object never changes.
unsafe impl Sync for VarHead {}

impl Head {
    /// The head of a static, immortal object.
    pub const fn immortal(ty: *const abi::PyTypeObject) -> Head {
        Head(UnsafeCell::new(abi::PyObject_HEAD_INIT(ty.cast_mut())))
    }
}

impl VarHead {
    /// The head of a static, immortal object of `size` items.
    pub const fn immortal(ty: *const abi::PyTypeObject, size: isize) -> VarHead {
        VarHead(UnsafeCell::new(abi::PyVarObject {
            ob_base: abi::PyObject_HEAD_INIT(ty.cast_mut()),
            ob_size: size,
        }))
    }

    /// The number of items (`ob_size`).
    #[inline(always)]
    pub fn size(&self) -> isize {
        // SAFETY: (1), and (3): no other thread writes it meanwhile.
        unsafe { (*self.0.get()).ob_size }
    }

    #[inline(always)]
    pub fn set_size(&self, size: isize) {
        // SAFETY: (1), (3).
        unsafe { (*self.0.get()).ob_size = size }
    }
}

/// What every class derives from.
///
/// An instance has no attributes of its own and takes none. There are no arguments.
// Any object, known only by its head.
#[pytype(name = "object", symbol = "PyBaseObject_Type", base = none, new = "()", flags(BASETYPE))]
#[repr(C)]
pub struct Object {
    head: Head,
}

/// A Rust struct that lays out a Python object.
///
/// # Safety
/// `Self` is `repr(C)`, begins with `Head` or `VarHead` (or another `Instance`), and every object for
/// which `check` answers true is laid out so.
pub unsafe trait Instance: 'static {
    /// The type whose instances have this layout.
    fn type_object() -> &'static Type;

    /// Whether `ob` has this layout: an instance of the type or of a subtype.
    #[inline]
    fn check(ob: &Object) -> bool {
        ob.ty().is_subtype(Self::type_object())
    }
}

impl Object {
    #[inline(always)]
    pub fn as_ptr(&self) -> *mut abi::PyObject {
        self.head.0.get()
    }

    /// The object's type. It lives at least as long as the object keeps it.
    #[inline(always)]
    pub fn ty(&self) -> Borrowed<'_, Type> {
        // SAFETY: (1): a live object holds a reference to its type.
        unsafe { Borrowed::from_ptr((*self.as_ptr()).ob_type.cast()) }
    }

    #[inline(always)]
    pub fn is_exact<T: Instance>(&self) -> bool {
        // SAFETY: (1).
        unsafe { (*self.as_ptr()).ob_type == T::type_object().as_type_ptr() }
    }

    /// The type's name as error messages show it: `tp_name` after its last dot is `ty().name()`; this is all of it.
    pub fn type_name(&self) -> &str {
        // SAFETY: (1): the type outlives `self`.
        unsafe { (*self.ty().as_type_ptr().cast::<Type>()).tp_name() }
    }

    /// The count as `sys.getrefcount` shows it (a large constant for immortals).
    pub fn ref_count(&self) -> u32 {
        // SAFETY: (1).
        unsafe { *self.as_ptr().cast::<u32>() }
    }

    pub fn is_immortal(&self) -> bool {
        (self.ref_count() as i32) < 0
    }

    pub fn is(&self, other: &Object) -> bool {
        std::ptr::eq(self, other)
    }

    #[inline(always)]
    pub fn is_none(&self) -> bool {
        std::ptr::eq(self.as_ptr(), crate::singletons::none().as_ptr())
    }
}

/// Adds one reference.
///
/// # Safety
/// `ob` points to a live object, and the calling thread is attached.
#[inline(always)]
pub unsafe fn incref(ob: *mut abi::PyObject) {
    let count = ob.cast::<u32>();
    // SAFETY: the caller's promise.
    unsafe {
        let now = *count;
        if now < IMMORTAL {
            *count = now + 1;
        }
    }
}

/// Gives one reference back; the last one frees the object, which may run any Python code.
///
/// # Safety
/// As for `incref`; the caller owns the reference.
#[inline(always)]
pub unsafe fn decref(ob: *mut abi::PyObject) {
    let count = ob.cast::<u32>();
    // SAFETY: the caller's promise.
    unsafe {
        let now = *count;
        if (now as i32) < 0 {
            return;
        }
        *count = now - 1;
        if now == 1 {
            crate::memory::dealloc(ob);
        }
    }
}

/// One strong reference to an object.
#[repr(transparent)]
pub struct Owned<T = Object>(NonNull<T>);

impl<T> Owned<T> {
    /// Takes over one reference.
    ///
    /// # Safety
    /// `ptr` points to a live object laid out as `T`, and the caller gives up one reference to it.
    #[inline(always)]
    pub unsafe fn from_ptr(ptr: *mut abi::PyObject) -> Owned<T> {
        // SAFETY: the caller's promise establishes (1), (2).
        unsafe { Owned(NonNull::new_unchecked(ptr.cast())) }
    }

    /// As `from_ptr`, with NULL for `None`.
    ///
    /// # Safety
    /// As for `from_ptr`, if `ptr` is not null.
    #[inline(always)]
    pub unsafe fn from_ptr_or_null(ptr: *mut abi::PyObject) -> Option<Owned<T>> {
        NonNull::new(ptr.cast()).map(Owned)
    }

    /// Gives the reference to C.
    #[inline(always)]
    pub fn into_ptr(self) -> *mut abi::PyObject {
        let ptr = self.0.as_ptr().cast();
        std::mem::forget(self);
        ptr
    }

    #[inline(always)]
    pub fn as_ptr(&self) -> *mut abi::PyObject {
        self.0.as_ptr().cast()
    }

    #[inline(always)]
    pub fn borrow(&self) -> Borrowed<'_, T> {
        Borrowed(self.0, PhantomData)
    }

    #[inline(always)]
    pub fn object(&self) -> Borrowed<'_> {
        Borrowed(self.0.cast(), PhantomData)
    }

    #[inline(always)]
    pub fn into_object(self) -> Owned {
        // SAFETY: (1), (2): the same reference under its general type.
        unsafe { Owned::from_ptr(self.into_ptr()) }
    }

    /// The same reference at another layout.
    ///
    /// # Safety
    /// The object is laid out as `U`.
    #[inline(always)]
    pub unsafe fn cast<U>(self) -> Owned<U> {
        // SAFETY: (2), and the caller's promise.
        unsafe { Owned::from_ptr(self.into_ptr()) }
    }

    pub fn downcast<U: Instance>(self) -> Result<Owned<U>, Owned<T>> {
        // SAFETY: `check` answered for the layout.
        if U::check(&self.object()) { Ok(unsafe { self.cast() }) } else { Err(self) }
    }

    pub fn is<U>(&self, other: Borrowed<'_, U>) -> bool {
        std::ptr::eq(self.as_ptr(), other.as_ptr())
    }
}

impl<T> Deref for Owned<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: (1), (2).
        unsafe { self.0.as_ref() }
    }
}

impl<T> Clone for Owned<T> {
    #[inline(always)]
    fn clone(&self) -> Owned<T> {
        self.borrow().to_owned()
    }
}

impl<T> Drop for Owned<T> {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: (2): this handle's own reference.
        unsafe { decref(self.as_ptr()) }
    }
}

/// A pointer to a live object that keeps nothing alive.
#[repr(transparent)]
pub struct Borrowed<'a, T = Object>(NonNull<T>, PhantomData<&'a T>);

impl<T> Clone for Borrowed<'_, T> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Borrowed<'_, T> {}

// SAFETY: only for `Borrowed<'static>` constants that point to static, immortal objects; (3) keeps the others home,
// because a `Borrowed<'a>` with a shorter life cannot be stored in a static.
unsafe impl<T> Sync for Borrowed<'static, T> {}

impl<'a, T> Borrowed<'a, T> {
    /// # Safety
    /// `ptr` points to an object laid out as `T` that something keeps alive for `'a`.
    #[inline(always)]
    pub const unsafe fn from_ptr(ptr: *mut abi::PyObject) -> Borrowed<'a, T> {
        // SAFETY: the caller's promise establishes (1), (4).
        unsafe { Borrowed(NonNull::new_unchecked(ptr.cast()), PhantomData) }
    }

    /// # Safety
    /// As for `from_ptr`, if `ptr` is not null.
    #[inline(always)]
    pub unsafe fn from_ptr_or_null(ptr: *mut abi::PyObject) -> Option<Borrowed<'a, T>> {
        NonNull::new(ptr.cast()).map(|ptr| Borrowed(ptr, PhantomData))
    }

    #[inline(always)]
    pub const fn from_ref(object: &'a T) -> Borrowed<'a, T> {
        // SAFETY: a reference is non-null.
        unsafe {
            Borrowed(NonNull::new_unchecked(std::ptr::from_ref(object).cast_mut()), PhantomData)
        }
    }

    #[inline(always)]
    pub const fn as_ptr(self) -> *mut abi::PyObject {
        self.0.as_ptr().cast()
    }

    /// The struct, for as long as the handle's lifetime (`Deref` gives only the handle's own).
    #[inline(always)]
    pub fn get(self) -> &'a T {
        // SAFETY: (1), (4).
        unsafe { &*self.0.as_ptr() }
    }

    #[inline(always)]
    pub fn to_owned(self) -> Owned<T> {
        // SAFETY: (1), (3); the new count belongs to the new handle.
        unsafe {
            incref(self.as_ptr());
            Owned::from_ptr(self.as_ptr())
        }
    }

    #[inline(always)]
    pub const fn object(self) -> Borrowed<'a> {
        Borrowed(self.0.cast(), PhantomData)
    }

    /// # Safety
    /// The object is laid out as `U`.
    #[inline(always)]
    pub const unsafe fn cast<U>(self) -> Borrowed<'a, U> {
        Borrowed(self.0.cast(), PhantomData)
    }

    /// As `U` if it is an instance of `U`'s type or of a subtype.
    #[inline]
    pub fn downcast<U: Instance>(self) -> Option<Borrowed<'a, U>> {
        U::check(self.object().get()).then_some(Borrowed(self.0.cast(), PhantomData))
    }

    /// As `U` if its type is exactly `U`'s.
    #[inline]
    pub fn downcast_exact<U: Instance>(self) -> Option<Borrowed<'a, U>> {
        self.object().is_exact::<U>().then_some(Borrowed(self.0.cast(), PhantomData))
    }

    #[inline(always)]
    pub fn is<U>(self, other: Borrowed<'_, U>) -> bool {
        std::ptr::eq(self.as_ptr(), other.as_ptr())
    }
}

impl<T> Deref for Borrowed<'_, T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: (1), (4).
        unsafe { self.0.as_ref() }
    }
}

/// A nullable field of an object: one strong reference or nothing.
#[repr(transparent)]
pub struct Slot<T = Object>(Cell<Option<Owned<T>>>);

impl<T> Slot<T> {
    pub const EMPTY: Slot<T> = Slot(Cell::new(None));

    pub const fn new(value: Option<Owned<T>>) -> Slot<T> {
        Slot(Cell::new(value))
    }

    /// A slot with a static, immortal object, for another static object.
    pub const fn immortal(value: Borrowed<'static, T>) -> Slot<T> {
        Slot(Cell::new(Some(Owned(value.0))))
    }

    /// The reference as it stands: valid until the slot is written.
    #[inline(always)]
    pub fn get(&self) -> Option<Borrowed<'_, T>> {
        // SAFETY: (2): read in place, neither moved nor dropped; (3): nobody writes meanwhile.
        unsafe { (*self.0.as_ptr()).as_ref().map(|owned| Borrowed(owned.0, PhantomData)) }
    }

    #[inline(always)]
    pub fn get_owned(&self) -> Option<Owned<T>> {
        self.get().map(Borrowed::to_owned)
    }

    /// Puts `value` in; the old reference comes back, so that the caller decides when it is released.
    #[inline(always)]
    #[must_use = "dropping the old reference can run any code: say when"]
    pub fn replace(&self, value: Option<Owned<T>>) -> Option<Owned<T>> {
        self.0.replace(value)
    }

    /// Puts `value` in, then releases the old reference.
    pub fn set(&self, value: Option<Owned<T>>) {
        drop(self.0.replace(value));
    }

    pub fn take(&self) -> Option<Owned<T>> {
        self.0.take()
    }

    /// The raw field, for `tp_traverse` and C.
    pub fn as_ptr(&self) -> *mut abi::PyObject {
        self.get().map_or(std::ptr::null_mut(), Borrowed::as_ptr)
    }
}

/// What Rust's own messages and assertions show: the type and the address, never Python code.
impl<T> fmt::Debug for Owned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.borrow().fmt(f)
    }
}

impl<T> fmt::Debug for Borrowed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} object at {:p}>", self.object().type_name(), self.as_ptr())
    }
}

/// Asserts at compile time that a struct of ours is laid out in as many bytes as C's.
#[macro_export]
macro_rules! assert_layout {
    ($ours:ty => $theirs:ty) => {
        const _: () = assert!(
            size_of::<$ours>() == size_of::<$theirs>()
                && align_of::<$ours>() == align_of::<$theirs>()
        );
    };
}
