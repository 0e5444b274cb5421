//! Calls of C functions that take a row of bare pointers, or a tuple: the row is written by one function for all of them, which calls the
//! C function; the handler does the rest in registers, as in `calls_direct`.
//!
//! What is unusual leaves for the operations of `calls_native`: more operands than the row has room for, too little stack.

use std::marker::PhantomData;
use std::mem::MaybeUninit;

use krait_abi as abi;
use krait_objects::memory;
use krait_objects::prelude::*;

use super::calls_direct::{Otherwise, broken_call};
use super::calls_native::{
    BuiltinClass, BuiltinFast, BuiltinFastKeywords, Fast, FastKeywords, MethodFast,
    MethodFastKeywords, NativeCall, entry, function_of,
};
use super::cold::{Pending, dealloc};
use super::slots::back;
use super::state::{Cold, Dispatch, State, decode};
use crate::code::CodeUnit;
use crate::frame::{Frame, StackRef};

type Ptr = *mut abi::PyObject;
type TupleKeywords = unsafe extern "C" fn(Ptr, Ptr, Ptr) -> Ptr;

/// So many arguments have room in a row, and as many fit the instruction's byte.
const MOST: usize = 8;

/// A kind of function that takes a row.
trait Row: NativeCall {
    /// Calls the function whose call's operands begin at `base`, the last of them in front of `top`.
    ///
    /// # Safety
    /// `fits` has been asked; there are at most `MOST` arguments.
    unsafe fn call(base: *mut StackRef, top: *mut StackRef) -> Ptr;
}

/// Calls `body` with the bare pointers of the references from `first` up to `top`.
#[inline(always)]
unsafe fn in_row(
    mut first: *mut StackRef,
    top: *mut StackRef,
    body: impl FnOnce(*const Ptr, isize) -> Ptr,
) -> Ptr {
    let mut row = [const { MaybeUninit::<Ptr>::uninit() }; MOST + 1];
    // SAFETY: the caller's promise. One by one, by address: see `row::move_words`.
    unsafe {
        let count = top.offset_from(first);
        let start: *mut Ptr = row.as_mut_ptr().cast();
        let mut to = start;
        while first < top {
            to.write_volatile((*first).ptr());
            to = to.add(1);
            first = first.add(1);
        }
        body(start, count)
    }
}

/// Where the arguments begin: behind the callee, and behind the NULL that stands for no receiver.
#[inline(always)]
unsafe fn arguments(base: *mut StackRef) -> *mut StackRef {
    // SAFETY: (9): the instruction's operands.
    unsafe { base.add(1 + usize::from((*base.add(1)).is_null())) }
}

macro_rules! rows {
    ($($(#[$doc:meta])* $handler:ident = $kind:ident |$base:ident, $top:ident| $call:expr;)*) => {$(
        impl Row for $kind {
            #[inline(never)]
            unsafe fn call($base: *mut StackRef, $top: *mut StackRef) -> Ptr {
                // SAFETY: the caller's promise; the operands stay on the stack.
                unsafe { $call }
            }
        }

        $(#[$doc])*
        #[inline(always)]
        pub unsafe fn $handler<D: Dispatch>(s: State) -> D::Out {
            // SAFETY: the handler's own requirements.
            unsafe { call_row::<D, $kind>(s) }
        }
    )*};
}

rows! {
    call_builtin_fast = BuiltinFast |base, top| {
        let (def, this) = function_of((*base).ptr());
        in_row(arguments(base), top, |row, count| entry!(def, Fast)(this, row, count))
    };
    call_builtin_fast_with_keywords = BuiltinFastKeywords |base, top| {
        let (def, this) = function_of((*base).ptr());
        in_row(arguments(base), top, |row, count| {
            entry!(def, FastKeywords)(this, row, count, std::ptr::null_mut())
        })
    };
    call_method_descriptor_fast = MethodFast |base, top| {
        let def = (*(*base).ptr().cast::<abi::PyMethodDescrObject>()).d_method;
        let this = arguments(base);
        in_row(this.add(1), top, |row, count| entry!(def, Fast)((*this).ptr(), row, count))
    };
    call_method_descriptor_fast_with_keywords = MethodFastKeywords |base, top| {
        let def = (*(*base).ptr().cast::<abi::PyMethodDescrObject>()).d_method;
        let this = arguments(base);
        in_row(this.add(1), top, |row, count| {
            entry!(def, FastKeywords)((*this).ptr(), row, count, std::ptr::null_mut())
        })
    };
    /// A static type with a vectorcall of its own.
    call_builtin_class = BuiltinClass |base, top| {
        let class = (*base).ptr();
        let entry = (*class.cast::<abi::PyTypeObject>()).tp_vectorcall.unwrap_unchecked();
        in_row(arguments(base), top, |row, count| {
            entry(class, row, count as usize, std::ptr::null_mut())
        })
    };
}

#[inline(always)]
unsafe fn call_row<D: Dispatch, K: Row>(s: State) -> D::Out {
    // SAFETY: (8), (9).
    unsafe {
        if s.arg > MOST || !K::fits(s) || !s.thread().has_room() {
            return D::cold::<Otherwise<K>>(s, 0);
        }
        s.save();
        let result = K::call(s.sp.sub(s.arg + 2), s.sp);
        finish::<D, Plain>(back(s.th), result)
    }
}

/// `callable(*args)` of what is no Python function, without keywords: the items of the tuple are such a row.
pub struct CallSpread;

impl Cold for CallSpread {
    #[inline(always)]
    unsafe fn run<D: Dispatch>(s: State, _: usize) -> D::Out {
        // SAFETY: (8), (9); the handler has seen a tuple.
        unsafe {
            s.save();
            let result = call_spread(s.th, s.peek(4).get(), s.peek(2).get().cast());
            finish::<D, Spread>(back(s.th), result)
        }
    }
}

#[inline(never)]
unsafe fn call_spread(th: *const Thread, callable: Borrowed<'_>, args: Borrowed<'_, Tuple>) -> Ptr {
    // SAFETY: the operands stay on the stack; a vectorcall function takes a row that it leaves as it is.
    unsafe {
        let Some(function) = call::vectorcall_of(callable) else {
            let result = call::call_tuple_dict(&*th, callable, args, None);
            return result.map_or(std::ptr::null_mut(), Owned::into_ptr);
        };
        let row = args.get().as_slice();
        function(callable.as_ptr(), row.as_ptr().cast(), row.len(), std::ptr::null_mut())
    }
}

/// A function in C that takes a tuple.
pub struct CallWithTuple;

impl Cold for CallWithTuple {
    #[inline(always)]
    unsafe fn run<D: Dispatch>(s: State, _: usize) -> D::Out {
        // SAFETY: (8), (9); the handler has seen such a function, and that the operands' number fits its byte.
        unsafe {
            s.save();
            let result = call_with_tuple(s.th, s.sp.sub(Plain::operands(s.ip)), s.sp);
            finish::<D, Plain>(back(s.th), result)
        }
    }
}

#[inline(never)]
unsafe fn call_with_tuple(th: *const Thread, base: *mut StackRef, top: *mut StackRef) -> Ptr {
    // SAFETY: the operands stay on the stack, `base` being the function.
    unsafe {
        let null = std::ptr::null_mut();
        let first = arguments(base);
        let count = top.offset_from(first) as usize;
        let made = Tuple::from_fn(&*th, count, |at| (*first.add(at)).get().to_owned());
        let Ok(args) = made else { return null };
        let (def, this) = function_of((*base).ptr());
        if (*def).ml_flags & abi::METH_KEYWORDS != 0 {
            return entry!(def, TupleKeywords)(this, args.as_ptr(), null);
        }
        (*def).ml_meth.unwrap_unchecked()(this, args.as_ptr())
    }
}

/// A kind of instruction that calls.
trait Call {
    /// Its units, with its cache.
    const UNITS: usize;
    /// How many operands the one at `ip` has.
    ///
    /// # Safety
    /// It is of this kind.
    unsafe fn operands(ip: *const CodeUnit) -> usize;
}

/// `CALL`.
struct Plain;

impl Call for Plain {
    const UNITS: usize = 4;

    #[inline(always)]
    unsafe fn operands(ip: *const CodeUnit) -> usize {
        // SAFETY: (8). Read again after the call: it always fits its byte.
        unsafe { decode(ip).1 + 2 }
    }
}

/// `CALL_FUNCTION_EX`.
struct Spread;

impl Call for Spread {
    const UNITS: usize = 1;

    #[inline(always)]
    unsafe fn operands(_ip: *const CodeUnit) -> usize {
        4
    }
}

/// What the function has answered in place of the operands.
#[inline(always)]
unsafe fn finish<D: Dispatch, C: Call>(s: State, result: Ptr) -> D::Out {
    // SAFETY: (8), (9).
    unsafe {
        if result.is_null() || s.thread().is_raised() {
            return D::cold::<Unanswered<C>>(s, result as usize);
        }
        let base = s.sp.sub(C::operands(s.ip));
        let mut top = s.sp;
        while top > base {
            top = top.sub(1);
            if (*top).release() {
                return D::cold::<ReleaseRest<C>>(State { sp: top, ..s }, result as usize);
            }
        }
        base.write(StackRef::steal(result));
        let s = State { sp: base.add(1), ..s }.skip(C::UNITS);
        if crate::pending::is_set(s.thread()) {
            return D::cold::<Pending>(s, 0);
        }
        D::next(s)
    }
}

/// The function has raised, or broken the rules.
struct Unanswered<C>(PhantomData<C>);

impl<C: Call> Cold for Unanswered<C> {
    #[inline(always)]
    unsafe fn run<D: Dispatch>(s: State, x: usize) -> D::Out {
        // SAFETY: (9); `x` is what C has answered.
        unsafe {
            broken_call(s.th, s.peek(C::operands(s.ip)), x as Ptr);
            D::next(s.unwinding())
        }
    }
}

/// The operand at `sp` has lost its last reference; those below it, down to the callee, are still to be released. `x` is what the function
/// has answered.
struct ReleaseRest<C>(PhantomData<C>);

impl<C: Call> Cold for ReleaseRest<C> {
    #[inline(always)]
    unsafe fn run<D: Dispatch>(s: State, x: usize) -> D::Out {
        // SAFETY: (9): the frame's `sp` still is that of before the call.
        unsafe {
            let base = (*s.frame).sp.sub(C::operands(s.ip));
            release_rest(s.th, s.frame, s.sp, base);
            base.write(StackRef::steal(x as Ptr));
            let s = State { sp: base.add(1), ..s }.skip(C::UNITS);
            if crate::pending::is_set(s.thread()) {
                return Pending::run::<D>(s, 0);
            }
            D::next(s)
        }
    }
}

/// Ends the object at `top`, and releases the operands below it down to `base`.
#[inline(never)]
unsafe fn release_rest(
    th: *const Thread,
    frame: *mut Frame,
    mut top: *mut StackRef,
    base: *mut StackRef,
) {
    // SAFETY: the caller's promise. What a finalizer sees of the stack ends below its object.
    unsafe {
        (*frame).sp = top;
        dealloc(th, (*top).ptr());
        while top > base {
            top = top.sub(1);
            if (*top).release() {
                (*frame).sp = top;
                memory::dealloc((*top).ptr());
            }
        }
        (*frame).sp = base;
    }
}
