//! The working surface of out-of-line instructions: `Op` gives them the frame's stack, locals, names and
//! constants, with handles instead of tagged references.
//!
//! `Op` is made by the loop only, for an instruction whose inputs are on the stack (invariants 8 and 9 of
//! `state`): that is why its methods are safe to call from an operation that keeps to its stack effect.

use std::marker::PhantomData;

use krait_objects::prelude::*;

use crate::code::{Code, CodeUnit};
use crate::frame::{Frame, Held, StackRef};

/// The instruction being run.
#[derive(Clone, Copy)]
pub struct Op<'a> {
    pub th: &'a Thread,
    pub frame: *mut Frame,
    pub arg: usize,
    lifetime: PhantomData<&'a Frame>,
}

impl<'a> Op<'a> {
    /// # Safety
    /// Invariants (8) and (9), with the state saved in `frame`.
    #[inline(always)]
    pub unsafe fn new(th: &'a Thread, frame: *mut Frame, arg: usize) -> Op<'a> {
        Op { th, frame, arg, lifetime: PhantomData }
    }

    /// Takes the topmost `N` values, the deepest first. They are read one by one, as they were written a moment ago: see
    /// `row::move_words`.
    #[inline(always)]
    pub fn pop<const N: usize>(self) -> [Held; N] {
        // SAFETY: (9).
        unsafe {
            let sp = (*self.frame).sp.sub(N);
            (*self.frame).sp = sp;
            std::array::from_fn(|index| Held::new(sp.add(index).read_volatile()))
        }
    }

    /// Takes the topmost value.
    #[inline(always)]
    pub fn pop1(self) -> Held {
        let [value] = self.pop();
        value
    }

    /// Takes the topmost `count` values as they are: the caller answers for their counts. The slice is
    /// good until something is pushed.
    #[inline(always)]
    pub fn pop_slice(self, count: usize) -> &'a [StackRef] {
        // SAFETY: (9): the slots stay in the frame.
        unsafe {
            let sp = (*self.frame).sp.sub(count);
            (*self.frame).sp = sp;
            std::slice::from_raw_parts(sp, count)
        }
    }

    /// The topmost `count` values, which stay on the stack, each made a counted reference: the slots are
    /// then plain addresses of objects. They can be moved from with `pop_slice`.
    #[inline]
    pub fn own_top(self, count: usize) -> &'a [Borrowed<'a>] {
        let base = self.slot(count);
        // SAFETY: (1), (2), (9): each slot's reference becomes an owned one and goes back to where it was.
        unsafe {
            for at in 0..count {
                let slot = base.add(at);
                *slot = StackRef::from_bits((*slot).into_owned().into_ptr() as usize);
            }
            std::slice::from_raw_parts(base.cast(), count)
        }
    }

    /// Releases the topmost `count` values, the topmost first.
    #[inline]
    pub fn release_top(self, count: usize) {
        for _ in 0..count {
            drop(self.pop1());
        }
    }

    #[inline(always)]
    pub fn push<T>(self, value: Owned<T>) {
        self.push_ref(StackRef::from_owned(value));
    }

    #[inline(always)]
    pub fn push_ref(self, value: StackRef) {
        // SAFETY: (9).
        unsafe {
            // Read once: the value might be the pointer, as far as the compiler knows.
            let sp = (*self.frame).sp;
            *sp = value;
            (*self.frame).sp = sp.add(1);
        }
    }

    #[inline(always)]
    pub fn push_bool(self, value: bool) {
        self.push_ref(StackRef::from_bool(value));
    }

    /// The slot `depth` below the top; 1 is the top itself.
    #[inline(always)]
    pub fn slot(self, depth: usize) -> *mut StackRef {
        // SAFETY: (9).
        unsafe { (*self.frame).sp.sub(depth) }
    }

    /// The value `depth` below the top, which stays there; not for the null of a call.
    #[inline(always)]
    pub fn peek(self, depth: usize) -> Borrowed<'a> {
        // SAFETY: (1), (9): the stack keeps it alive until the operation pops it.
        unsafe { (*self.slot(depth)).get() }
    }

    /// A fast local.
    #[inline(always)]
    pub fn local(self, index: usize) -> *mut StackRef {
        // SAFETY: (4): the index comes from the instruction.
        unsafe { Frame::local(self.frame, index) }
    }

    pub fn code(self) -> Borrowed<'a, Code> {
        // SAFETY: (5).
        unsafe { Frame::code(self.frame) }
    }

    /// An entry of `co_names`.
    pub fn name(self, index: usize) -> Borrowed<'a, Str> {
        // SAFETY: (5): the index comes from the instruction, and names are `str`.
        unsafe { Borrowed::from_ptr(self.code().get().name(index)) }
    }

    /// An entry of `co_localsplusnames`.
    pub fn local_name(self, index: usize) -> Borrowed<'a, Str> {
        self.code().get().local_name(index)
    }

    /// The globals: a `dict` or an instance of a subclass.
    pub fn globals(self) -> Borrowed<'a, Dict> {
        // SAFETY: (6).
        unsafe { Borrowed::from_ptr((*self.frame).globals) }
    }

    /// The builtins: usually a `dict`.
    pub fn builtins(self) -> Borrowed<'a> {
        // SAFETY: (6).
        unsafe { Borrowed::from_ptr((*self.frame).builtins) }
    }

    /// The namespace of a class body or module.
    pub fn locals(self) -> Option<Borrowed<'a>> {
        // SAFETY: (6).
        unsafe { Borrowed::from_ptr_or_null((*self.frame).locals) }
    }

    /// The current instruction.
    #[inline(always)]
    pub fn ip(self) -> *const CodeUnit {
        // SAFETY: (8).
        unsafe { (*self.frame).ip }
    }
}
