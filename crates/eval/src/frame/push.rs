//! A new frame for a call, with the arguments bound to the function's parameters.
//!
//! `_PyEvalFramePushAndInit` of CPython's `Python/ceval.c`. Invariants: those of `frame` and `stackref`.

use krait_abi as abi;
use krait_bytecode::code_flags;
use krait_objects::prelude::*;

use super::{Frame, StackRef, datastack};
use crate::arguments;
use crate::function::Function;

/// A frame for `func(*args)`, with the arguments bound. On error everything passed in has been released.
///
/// Arguments by position are moved here, with defaults for the last parameters or a tuple for more than there are parameters;
/// what takes more goes on elsewhere, so that this makes room for nothing on the native stack.
///
/// # Safety
/// `func` is a `Function`; `func`, `locals` and the `count` positional references at `args` followed by one
/// for each of `kwnames` are given up by the caller.
pub unsafe fn push_for_call(
    th: &Thread,
    func: StackRef,
    locals: *mut abi::PyObject,
    args: *const StackRef,
    count: usize,
    kwnames: Option<Borrowed<'_, Tuple>>,
    previous: *mut Frame,
) -> PyResult<*mut Frame> {
    // SAFETY: the caller's promise.
    unsafe {
        let function: &Function = &*func.ptr().cast();
        let code = function.code_handle();
        let flags = code.flags as u32 & (code_flags::VARARGS | code_flags::VARKEYWORDS);
        let positional = code.argcount as usize;
        if kwnames.is_some()
            || code.kwonlyargcount != 0
            || flags & code_flags::VARKEYWORDS != 0
            || !datastack::has_room(th, code.framesize as usize)
        {
            return push_and_bind(th, func, locals, args, count, kwnames, previous);
        }
        let taken = count.min(positional);
        let Some(mut default) = function.last_defaults(positional - taken) else {
            return push_and_bind(th, func, locals, args, count, kwnames, previous);
        };
        let mut rest = StackRef::NULL;
        if flags != 0 {
            match arguments::tuple_of(th, args.add(taken), count - taken) {
                Ok(made) => rest = StackRef::from_owned(made),
                Err(raised) => {
                    give_up(func, locals, args, count);
                    return Err(raised);
                }
            }
        } else if count > positional {
            return push_and_bind(th, func, locals, args, count, kwnames, previous);
        }
        let frame = datastack::take(th, code.framesize as usize);
        Frame::init(frame, func, locals, code, previous);
        let mut local = Frame::local(frame, 0);
        // By address, because there are few: the optimiser unrolls the other kind of loop.
        let (mut arg, end) = (args, args.add(taken));
        while arg < end {
            local.write_volatile(*arg);
            local = local.add(1);
            arg = arg.add(1);
        }
        let end = Frame::local(frame, positional);
        while local < end {
            local.write_volatile(StackRef::new(*default));
            local = local.add(1);
            default = default.add(1);
        }
        if flags != 0 {
            local.write(rest);
            local = local.add(1);
        }
        Frame::unset_from(frame, local);
        Ok(frame)
    }
}

/// `push_for_call` for all kinds of parameters, or when a frame has no room left.
#[inline(never)]
unsafe fn push_and_bind(
    th: &Thread,
    func: StackRef,
    locals: *mut abi::PyObject,
    args: *const StackRef,
    count: usize,
    kwnames: Option<Borrowed<'_, Tuple>>,
    previous: *mut Frame,
) -> PyResult<*mut Frame> {
    // SAFETY: the caller's promise.
    unsafe {
        let function: Borrowed<'_, Function> = Borrowed::from_ptr(func.ptr());
        let code = function.code_handle();
        let Some(frame) = datastack::push(th, code.framesize as usize) else {
            give_up(func, locals, args, count + kwnames.map_or(0, |names| names.len()));
            return Err(th.no_memory());
        };
        Frame::init(frame, func, locals, code, previous);
        Frame::unset_locals(frame);
        let first = Frame::local(frame, 0);
        let bound = arguments::bind(th, function, first, args, count, kwnames);
        if let Err(raised) = bound {
            // The count that `leave` gives back was not taken for a frame that never ran.
            Frame::clear_except_code(th, frame);
            (*frame).executable.close();
            datastack::pop(th, frame);
            return Err(raised);
        }
        Ok(frame)
    }
}

/// Releases what was passed for a frame that there is no memory for.
#[cold]
#[inline(never)]
unsafe fn give_up(func: StackRef, locals: *mut abi::PyObject, args: *const StackRef, count: usize) {
    // SAFETY: the caller's promise: all these references are its to give.
    unsafe {
        func.close();
        drop(Owned::<Object>::from_ptr_or_null(locals));
        for index in 0..count {
            (*args.add(index)).close();
        }
    }
}
