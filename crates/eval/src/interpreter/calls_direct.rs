//! Calls of C functions that pass nothing but objects: the handler calls the function itself, as `slots` does with operators.
//! What is unusual leaves for the operations of `calls_native`.

use std::marker::PhantomData;

use krait_abi as abi;
use krait_objects::prelude::*;

use super::calls_native::{
    BuiltinO, MethodNoargs, MethodO, NativeCall, function_of, is_builtin, is_method,
};
use super::cold::{Dealloc, Deopt, Pending, dealloc};
use super::slots::back;
use super::state::{Cold, Dispatch, State};
use crate::frame::StackRef;

type Ptr = *mut abi::PyObject;

/// Units of a call with its cache.
const CALL: usize = 4;

/// A built-in function of one argument.
#[inline(always)]
pub unsafe fn call_builtin_o<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9); the checks make the callee what is called.
    unsafe {
        let callable = s.peek(3).ptr();
        if s.arg != 1
            || !s.peek(2).is_null()
            || !is_builtin(callable, abi::METH_O)
            || !s.thread().has_room()
        {
            return D::cold::<Otherwise<BuiltinO>>(s, 0);
        }
        let (def, this) = function_of(callable);
        s.save();
        let result = (*def).ml_meth.unwrap_unchecked()(this, s.peek(1).ptr());
        answered::<D, 3>(s.th, result)
    }
}

/// A method of a type in C, without arguments.
#[inline(always)]
pub unsafe fn call_method_descriptor_noargs<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9); the checks make the callee what is called.
    unsafe {
        let (callable, this) = (s.peek(2).ptr(), s.peek(1));
        if s.arg != 0
            || this.is_null()
            || !is_method(callable, this.ptr(), abi::METH_NOARGS)
            || !s.thread().has_room()
        {
            return D::cold::<Otherwise<MethodNoargs>>(s, 0);
        }
        let def = (*callable.cast::<abi::PyMethodDescrObject>()).d_method;
        s.save();
        let result = (*def).ml_meth.unwrap_unchecked()(this.ptr(), std::ptr::null_mut());
        answered::<D, 2>(s.th, result)
    }
}

/// A method of a type in C, with one argument.
#[inline(always)]
pub unsafe fn call_method_descriptor_o<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9), (10); the checks make the callee what is called.
    unsafe {
        let (callable, this) = (s.peek(3).ptr(), s.peek(2));
        if s.arg != 1
            || this.is_null()
            || !is_method(callable, this.ptr(), abi::METH_O)
            || !s.thread().has_room()
        {
            return D::cold::<Otherwise<MethodO>>(s, 0);
        }
        let def = (*callable.cast::<abi::PyMethodDescrObject>()).d_method;
        s.save();
        let result = (*def).ml_meth.unwrap_unchecked()(this.ptr(), s.peek(1).ptr());
        let s = back(s.th);
        if result.is_null() || s.thread().is_raised() {
            return D::cold::<Unanswered<3>>(s, result as usize);
        }
        let (callable, this, operand) = (s.peek(3), s.peek(2), s.peek(1));
        s.poke(3, StackRef::steal(result));
        let s = s.drop(2).skip(CALL);
        let last = |operand: StackRef| operand.is_counted() && operand.is_unique();
        if last(callable) | last(this) | last(operand) {
            return D::cold::<ReleaseMethodCall>(s, callable.bits());
        }
        // Two of them may be the last ones to one object.
        let _not_last = callable.release();
        let second = this.release();
        if operand.release() | second {
            let last = if second { this } else { operand };
            return D::cold::<Dealloc>(s, last.bits());
        }
        if crate::pending::is_set(s.thread()) {
            return D::cold::<Pending>(s, 0);
        }
        D::next(s)
    }
}

/// Releases operand and receiver, which lie just above the top, and the callee, `x`; then what is pending.
struct ReleaseMethodCall;

impl Cold for ReleaseMethodCall {
    #[inline(always)]
    unsafe fn run<D: Dispatch>(s: State, x: usize) -> D::Out {
        // SAFETY: all were moved out of the stack by the handler.
        unsafe {
            let (this, operand) = (*s.sp, *s.sp.add(1));
            let from = (*s.frame).ip;
            s.save_done();
            if operand.release() {
                dealloc(s.th, operand.ptr());
            }
            (*s.frame).ip = from;
            *s.sp = this;
            // The receiver lies where the operand of other calls does.
            D::cold::<ReleaseCall>(s, x)
        }
    }
}

/// The call as it lies on the stack otherwise, with too little stack, or of something else.
pub(super) struct Otherwise<C>(PhantomData<C>);

impl<C: NativeCall> Cold for Otherwise<C> {
    #[inline(always)]
    unsafe fn run<D: Dispatch>(s: State, x: usize) -> D::Out {
        // SAFETY: (9).
        unsafe {
            match C::fits(s) {
                true => D::out_of_line::<C>(s),
                false => Deopt::run::<D>(s, x),
            }
        }
    }
}

/// Goes on behind a call whose callee lies `DEPTH` below the top, with one operand on top and at most a NULL between.
#[inline(always)]
unsafe fn answered<D: Dispatch, const DEPTH: usize>(th: *const Thread, result: Ptr) -> D::Out {
    // SAFETY: (8), (9), (10).
    unsafe {
        let s = back(th);
        if result.is_null() || (*th).is_raised() {
            return D::cold::<Unanswered<DEPTH>>(s, result as usize);
        }
        let (callable, operand) = (s.peek(DEPTH), s.peek(1));
        s.poke(DEPTH, StackRef::steal(result));
        let s = s.drop(DEPTH - 1).skip(CALL);
        if (callable.is_counted() && callable.is_unique())
            | (operand.is_counted() && operand.is_unique())
        {
            // Where the cold function finds it.
            *s.sp = operand;
            return D::cold::<ReleaseCall>(s, callable.bits());
        }
        // A function may be its own operand.
        if callable.release() | operand.release() {
            return D::cold::<Dealloc>(s, operand.bits());
        }
        if crate::pending::is_set(s.thread()) {
            return D::cold::<Pending>(s, 0);
        }
        D::next(s)
    }
}

/// The function has raised, or broken the rules.
struct Unanswered<const DEPTH: usize>;

impl<const DEPTH: usize> Cold for Unanswered<DEPTH> {
    #[inline(always)]
    unsafe fn run<D: Dispatch>(s: State, x: usize) -> D::Out {
        // SAFETY: (9); `x` is what C has answered.
        unsafe {
            broken_call(s.th, s.peek(DEPTH), x as Ptr);
            D::next(s.unwinding())
        }
    }
}

/// Sets the exception, if that was forgotten.
#[inline(never)]
pub(super) unsafe fn broken_call(th: *const Thread, callable: StackRef, result: Ptr) {
    // SAFETY: (1), (10).
    let _raised = unsafe { call::check_result(&*th, Some(callable.get()), result) };
}

/// Releases the operand that lies just above the top and the callee, `x`; then what is pending.
struct ReleaseCall;

impl Cold for ReleaseCall {
    #[inline(always)]
    unsafe fn run<D: Dispatch>(s: State, x: usize) -> D::Out {
        // SAFETY: both were moved out of the stack by the handler.
        unsafe {
            let (operand, callable) = (*s.sp, StackRef::from_bits(x));
            let from = (*s.frame).ip;
            s.save_done();
            if operand.release() {
                dealloc(s.th, operand.ptr());
            }
            if callable.release() {
                dealloc(s.th, callable.ptr());
            }
            (*s.frame).ip = from;
            if crate::pending::is_set(s.thread()) {
                return Pending::run::<D>(s, 0);
            }
            D::next(s)
        }
    }
}
