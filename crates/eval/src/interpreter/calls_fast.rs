//! Calls whose callee is known: handlers in registers.

use krait_abi as abi;
use krait_objects::prelude::*;

use super::calls;
use super::calls_native::{NativeCall, OwnVectorcall, SlotWrapper, is_builtin};
use super::calls_row::{CallSpread, CallWithTuple};
use super::cold::{Rare, Specialize, counter_triggers, deopt};
use super::entering::{enter_exact, enter_with, has_version, takes_exactly};
use super::op::Op;
use super::state::{Dispatch, Operation, State};
use crate::code::CodeUnit;
use crate::frame::{StackRef, datastack};
use crate::function::Function;
use krait_objects::method::Method;

/// Units of a call with its cache: counter and function version.
const CALL: u16 = 4;

/// Whoever is called here: a function whose plain parameters the arguments fit is entered at once, also as a method. A
/// place that calls many functions has no better form.
#[inline(always)]
pub unsafe fn call<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9); the instruction has a cache.
    unsafe {
        if counter_triggers(s) {
            return D::cold::<Specialize>(s, 0);
        }
        let base = s.sp.sub(s.arg + 2);
        let callable = *base;
        let without_self = usize::from((*base.add(1)).is_null());
        let ty = (*callable.ptr()).ob_type;
        if ty == Function::type_object().as_type_ptr() {
            if can_enter(s, callable.ptr(), s.arg + 1 - without_self) {
                return enter_exact::<D, CALL>(s, callable, base, base.add(1 + without_self));
            }
        } else if ty == Method::type_object().as_type_ptr() && without_self == 1 {
            let method: *mut abi::PyMethodObject = callable.ptr().cast();
            let function = (*method).im_func;
            if !callable.is_ours_alone()
                && (*function).ob_type == Function::type_object().as_type_ptr()
                && can_enter(s, function, s.arg + 1)
            {
                *base.add(1) = StackRef::new((*method).im_self);
                *base = StackRef::new(function);
                let _held_elsewhere = callable.release();
                return enter_exact::<D, CALL>(s, *base, base, base.add(1));
            }
        }
        D::cold::<Rare<General>>(s, 0)
    }
}

/// Whether `enter_exact` can enter a function with so many arguments.
#[inline(always)]
unsafe fn can_enter(s: State, function: *mut abi::PyObject, count: usize) -> bool {
    // SAFETY: the caller has checked the type.
    unsafe {
        let function: Borrowed<'_, Function> = Borrowed::from_ptr(function);
        let size = function.get().code_handle().framesize as usize;
        takes_exactly(function, count)
            && datastack::has_room(s.thread(), size)
            && (*s.thread().raw()).py_recursion_remaining > 1
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
        enter_exact::<D, CALL>(s, function, base, base.add(1 + without_self))
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
        if !has_version(function, s.cache_u32(2)) {
            return deopt::<D>(s);
        }
        if bound.is_unique() {
            return D::cold::<Rare<General>>(s, 0);
        }
        *base.add(1) = StackRef::new((*method).im_self);
        *base = StackRef::new(function);
        let _held_elsewhere = bound.release();
        enter_exact::<D, CALL>(s, *base, base, base.add(1))
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

/// As `General`, for a function.
struct GeneralFunction;

impl Operation for GeneralFunction {
    #[inline(always)]
    fn run(op: Op<'_>) -> PyResult<*const CodeUnit> {
        // SAFETY: the handler has checked the type.
        unsafe { calls::call_function(op) }
    }
}

/// A function of plain parameters, the last of which take their defaults, is entered at once.
#[inline(always)]
pub unsafe fn call_py_general<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9).
    unsafe {
        let base = s.sp.sub(s.arg + 2);
        let callable = *base;
        let without_self = usize::from((*base.add(1)).is_null());
        if (*callable.ptr()).ob_type != Function::type_object().as_type_ptr() {
            return D::cold::<Rare<General>>(s, 0);
        }
        if let Some(defaults) = defaults_for(s, callable.ptr(), s.arg + 1 - without_self) {
            let first = base.add(1 + without_self);
            return enter_with::<D, CALL>(s, callable, base, first, defaults);
        }
        D::cold::<Rare<GeneralFunction>>(s, 0)
    }
}

/// The first of the defaults that a function takes besides `count` arguments, where `enter_with` can enter it.
#[inline(always)]
unsafe fn defaults_for(
    s: State,
    function: *mut abi::PyObject,
    count: usize,
) -> Option<*const *mut abi::PyObject> {
    // SAFETY: the caller has checked the type.
    unsafe {
        let function: Borrowed<'_, Function> = Borrowed::from_ptr(function);
        let code = function.get().code_handle();
        let wanted = (code.argcount as usize).checked_sub(count)?;
        let defaults = function.get().last_defaults(wanted)?;
        (takes_exactly(function, code.argcount as usize)
            && datastack::has_room(s.thread(), code.framesize as usize)
            && (*s.thread().raw()).py_recursion_remaining > 1)
            .then_some(defaults)
    }
}

#[inline(always)]
pub unsafe fn call_bound_method_general<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9).
    unsafe { D::out_of_line::<General>(s) }
}

/// As `General`, for what is no function: instances of classes that define `__call__` are called in the loop.
struct NotAFunction;

impl Operation for NotAFunction {
    #[inline(always)]
    fn run(op: Op<'_>) -> PyResult<*const CodeUnit> {
        calls::take_instance_apart(op);
        calls::call(op)
    }
}

/// Callables with a vectorcall of their own (getters, partial functions, caches), slots as methods (`object.__setattr__`,
/// `super().__init__`) and functions that take a tuple get their operands as they are; what else there is may have to be taken apart first.
#[inline(always)]
pub unsafe fn call_non_py_general<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9).
    unsafe {
        if OwnVectorcall::fits(s) {
            return D::out_of_line::<OwnVectorcall>(s);
        }
        if SlotWrapper::fits(s) {
            return D::out_of_line::<SlotWrapper>(s);
        }
        let callable = s.peek(s.arg + 2).ptr();
        let takes_tuple = is_builtin(callable, abi::METH_VARARGS)
            || is_builtin(callable, abi::METH_VARARGS | abi::METH_KEYWORDS);
        if takes_tuple && s.arg <= u8::MAX as usize && s.thread().has_room() {
            return D::cold::<CallWithTuple>(s, 0);
        }
        D::out_of_line::<NotAFunction>(s)
    }
}

/// `callable(*args, **kwargs)`: the operands are callable, null, positional arguments, and keywords or null.
#[inline(always)]
pub unsafe fn call_function_ex<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9).
    unsafe {
        let (callable, args) = (s.peek(4).ptr(), s.peek(2).ptr());
        let plain =
            (*args).ob_type == Tuple::type_object().as_type_ptr() && has_no_keywords(s.peek(1));
        if (*callable).ob_type != Function::type_object().as_type_ptr() {
            if plain && s.thread().has_room() {
                return D::cold::<CallSpread>(s, 0);
            }
            return D::out_of_line::<SpreadToOther>(s);
        }
        if plain && can_enter(s, callable, (*args.cast::<abi::PyVarObject>()).ob_size as usize) {
            return D::out_of_line::<SpreadExact>(s);
        }
        D::out_of_line::<Spread>(s)
    }
}

/// Whether the keywords of a call are null or an empty `dict`.
#[inline(always)]
unsafe fn has_no_keywords(kwargs: StackRef) -> bool {
    // SAFETY: the caller's operand.
    unsafe {
        kwargs.is_null()
            || (*kwargs.ptr()).ob_type == Dict::type_object().as_type_ptr()
                && (*kwargs.ptr().cast::<abi::PyDictObject>()).ma_used == 0
    }
}

/// Values that are one for each plain parameter of a function.
struct SpreadExact;

impl Operation for SpreadExact {
    #[inline(always)]
    fn run(op: Op<'_>) -> PyResult<*const CodeUnit> {
        // SAFETY: the handler has looked.
        Ok(unsafe { calls::enter_exact_ex(op) })
    }
}

/// A callable that is no Python function.
struct SpreadToOther;

impl Operation for SpreadToOther {
    #[inline(always)]
    fn run(op: Op<'_>) -> PyResult<*const CodeUnit> {
        calls::call_other_ex(op)
    }
}

struct Spread;

impl Operation for Spread {
    #[inline(always)]
    fn run(op: Op<'_>) -> PyResult<*const CodeUnit> {
        calls::call_function_ex(op)
    }
}
