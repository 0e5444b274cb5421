//! Calls whose callee is known: handlers in registers.

use krait_abi as abi;
use krait_objects::prelude::*;

use super::calls;
use super::cold::deopt;
use super::op::Op;
use super::state::{Dispatch, Operation, State};
use crate::code::CodeUnit;
use crate::frame::{self, Frame, StackRef};
use crate::function::Function;
use krait_objects::method::Method;

/// Units of a call with its cache: counter and function version.
const CALL: usize = 4;

/// A function with the cached version takes exactly the given arguments: they move into its frame.
///
/// The operands begin at `base`, the arguments at `first`; they end at the top of the stack.
#[inline(always)]
unsafe fn enter_exact<D: Dispatch>(
    s: State,
    function: StackRef,
    base: *mut StackRef,
    first: *const StackRef,
) -> D::Out {
    // SAFETY: (9); the version says that `function` is a Python function with plain parameters only.
    unsafe {
        let callee: &Function = &*function.ptr().cast();
        let code = callee.code_handle();
        let th = s.thread();
        if s.sp.cast_const().sub(code.argcount as usize) != first
            || !frame::datastack::has_room(th, code.framesize as usize)
            || (*th.raw()).py_recursion_remaining <= 1
        {
            return deopt::<D>(s);
        }
        (*s.frame).ip = s.ip;
        (*s.frame).sp = base;
        (*s.frame).return_offset = CALL as u16;
        let inside = frame::datastack::take(th, code.framesize as usize);
        // Loops by address, because there are few arguments: the optimiser unrolls the other kind.
        let mut local = Frame::local(inside, 0);
        let mut arg = first;
        while arg < s.sp.cast_const() {
            local.write_volatile(*arg);
            local = local.add(1);
            arg = arg.add(1);
        }
        Frame::init(inside, function, std::ptr::null_mut(), code, s.frame);
        let top = (*inside).sp;
        while local < top {
            local.write_volatile(StackRef::NULL);
            local = local.add(1);
        }
        frame::set_current(th, inside);
        (*th.raw()).py_recursion_remaining -= 1;
        D::next(State { ip: code.units(), sp: top, frame: inside, th: s.th, arg: 0 })
    }
}

/// # Safety
/// `ob` points to a live object.
#[inline(always)]
unsafe fn has_version(ob: *mut abi::PyObject, version: u32) -> bool {
    // SAFETY: the caller's promise; only a function's field is read.
    unsafe {
        (*ob).ob_type == Function::type_object().as_type_ptr()
            && (*ob.cast::<abi::PyFunctionObject>()).func_version == version
    }
}

#[inline(always)]
pub unsafe fn call_py_exact_args<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9).
    unsafe {
        let base = s.sp.sub(s.arg + 2);
        let function = *base;
        if !has_version(function.ptr(), s.cache_u32(2)) {
            return deopt::<D>(s);
        }
        let without_self = usize::from((*base.add(1)).is_null());
        enter_exact::<D>(s, function, base, base.add(1 + without_self))
    }
}

#[inline(always)]
pub unsafe fn call_bound_method_exact_args<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9). The method is taken apart on the stack, as the generic form would do.
    unsafe {
        let base = s.sp.sub(s.arg + 2);
        let bound = *base;
        if !(*base.add(1)).is_null()
            || (*bound.ptr()).ob_type != Method::type_object().as_type_ptr()
        {
            return deopt::<D>(s);
        }
        let method: *mut abi::PyMethodObject = bound.ptr().cast();
        let function = (*method).im_func;
        if !has_version(function, s.cache_u32(2)) || bound.is_unique() {
            return deopt::<D>(s);
        }
        *base.add(1) = StackRef::new((*method).im_self);
        *base = StackRef::new(function);
        let _held_elsewhere = bound.release();
        enter_exact::<D>(s, *base, base, base.add(1))
    }
}

/// The generic call without looking for a better form: this one is the best for its callee.
struct General;

impl Operation for General {
    #[inline(always)]
    fn run(op: Op<'_>) -> PyResult<*const CodeUnit> {
        calls::call(op)
    }
}

#[inline(always)]
pub unsafe fn call_py_general<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9).
    unsafe { D::out_of_line::<General>(s) }
}

#[inline(always)]
pub unsafe fn call_bound_method_general<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9).
    unsafe { D::out_of_line::<General>(s) }
}

#[inline(always)]
pub unsafe fn call_non_py_general<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9).
    unsafe { D::out_of_line::<General>(s) }
}
