//! `Late`: a field that needs no constructor to run.
//!
//! `object.__new__` gives an instance as zeros, and the types of `_io` have no `__new__` of their own: what cannot be
//! all zeros makes itself at its first use.
//!
//! Invariant: `value` is initialised once `made` is true, and stays where it is.

use std::cell::{Cell, UnsafeCell};
use std::mem::MaybeUninit;
use std::ops::Deref;

/// A `T` that is its default until it is used. Memory that starts as zeros holds one.
#[repr(C)]
pub struct Late<T> {
    made: Cell<bool>,
    value: UnsafeCell<MaybeUninit<T>>,
}

impl<T: Default> Late<T> {
    #[cold]
    fn make(&self) {
        // SAFETY: nothing refers to the value yet; a default value runs no code that could.
        unsafe { (*self.value.get()).write(T::default()) };
        self.made.set(true);
    }
}

impl<T: Default> Deref for Late<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        if !self.made.get() {
            self.make();
        }
        // SAFETY: the invariant; from here on it is only ever shared.
        unsafe { (*self.value.get()).assume_init_ref() }
    }
}

impl<T> Drop for Late<T> {
    fn drop(&mut self) {
        if self.made.get() {
            // SAFETY: the invariant.
            unsafe { self.value.get_mut().assume_init_drop() };
        }
    }
}
