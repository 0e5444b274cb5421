//! Calls of C functions and types by their convention, without building what the callee does not want.
//!
//! A handler checks in registers that the callee is of the expected kind; the operation then calls the C
//! function straight from its definition.

use krait_abi as abi;
use krait_objects::cfunction::CFunction;
use krait_objects::descr::{MethodDescriptor, WrapperDescriptor};
use krait_objects::method::Method;
use krait_objects::prelude::*;
use krait_objects::row::in_row;

use super::calls::{after_call, release_operands};
use super::cold::deopt;
use super::op::Op;
use super::specialize::layout;
use super::state::{Dispatch, Operation, State};
use crate::code::CodeUnit;
use crate::frame::StackRef;
use crate::function::Function;

type Ptr = *mut abi::PyObject;
pub(super) type Fast = unsafe extern "C" fn(Ptr, *const Ptr, isize) -> Ptr;
pub(super) type FastKeywords = unsafe extern "C" fn(Ptr, *const Ptr, isize, Ptr) -> Ptr;

/// The flags that decide on a calling convention.
pub const CONVENTION: i32 = abi::METH_VARARGS
    | abi::METH_FASTCALL
    | abi::METH_NOARGS
    | abi::METH_O
    | abi::METH_KEYWORDS
    | abi::METH_METHOD;

/// Calls `body` with the bare pointers of `count` references.
#[inline(always)]
unsafe fn with_pointers<R>(
    args: *const StackRef,
    count: usize,
    body: impl FnOnce(*const Ptr) -> R,
) -> R {
    // SAFETY: the references stay on the stack meanwhile. Read one by one: see `row::move_words`.
    let pointer = |index| unsafe { args.add(index).read_volatile().ptr() };
    in_row(count, pointer, |row| body(row.as_ptr()))
}

/// Replaces the operands of the call by what C has answered.
#[inline(always)]
unsafe fn finish(op: Op<'_>, base: *mut StackRef, result: Ptr) -> PyResult<*const CodeUnit> {
    // SAFETY: (9).
    unsafe {
        let result = call::check_result(op.th, Some((*base).get()), result)?;
        release_operands(op, base);
        op.push(result);
        Ok(after_call(op))
    }
}

/// The operands of a call instruction.
#[derive(Clone, Copy)]
struct Operands {
    base: *mut StackRef,
    args: *mut StackRef,
    count: usize,
}

#[inline(always)]
unsafe fn operands(sp: *mut StackRef, arg: usize) -> Operands {
    // SAFETY: (9).
    unsafe {
        let base = sp.sub(arg + 2);
        let skip = usize::from((*base.add(1)).is_null());
        Operands { base, args: base.add(1 + skip), count: arg + 1 - skip }
    }
}

/// Whether `ob` is a built-in function of this convention.
#[inline(always)]
pub(super) unsafe fn is_builtin(ob: Ptr, convention: i32) -> bool {
    // SAFETY: the type is checked before its fields are read.
    unsafe {
        (*ob).ob_type == CFunction::type_object().as_type_ptr()
            && (*(*ob.cast::<abi::PyCFunctionObject>()).m_ml).ml_flags & CONVENTION == convention
    }
}

/// Whether `ob` is a method of a built-in type, of this convention, for a receiver like `this`.
#[inline(always)]
pub(super) unsafe fn is_method(ob: Ptr, this: Ptr, convention: i32) -> bool {
    // SAFETY: the type is checked before its fields are read.
    unsafe {
        let descriptor: *mut abi::PyMethodDescrObject = ob.cast();
        (*ob).ob_type == MethodDescriptor::type_object().as_type_ptr()
            && (*(*descriptor).d_method).ml_flags & CONVENTION == convention
            && (*descriptor).d_common.d_type == (*this).ob_type
    }
}

/// A built-in function's definition, and what it gets as its first argument.
#[inline(always)]
pub(super) unsafe fn function_of(ob: Ptr) -> (*mut abi::PyMethodDef, Ptr) {
    // SAFETY: the handler has checked the type.
    unsafe {
        let function: *mut abi::PyCFunctionObject = ob.cast();
        let def = (*function).m_ml;
        let statically = (*def).ml_flags & abi::METH_STATIC != 0;
        (def, if statically { std::ptr::null_mut() } else { (*function).m_self })
    }
}

/// A kind of C function, called with its operands on the stack.
pub(super) trait NativeCall: Operation {
    /// Whether the callee is of this kind and takes so many operands.
    ///
    /// # Safety
    /// (9).
    unsafe fn fits(s: State) -> bool;
}

/// A handler that checks for a kind of callee, and the operation that calls it. Without a name, the handler is one of `calls_direct` or `calls_row`.
macro_rules! native_call {
    ($($([$(#[$doc:meta])* $name:ident])? $operation:ident: |$s:ident, $given:ident| $check:expr, |$op:ident, $at:ident| $call:expr;)*) => {$(
        $(
        $(#[$doc])*
        #[inline(always)]
        pub unsafe fn $name<D: Dispatch>(s: State) -> D::Out {
            // SAFETY: (9).
            unsafe {
                if !$operation::fits(s) {
                    return deopt::<D>(s);
                }
                D::out_of_line::<$operation>(s)
            }
        }
        )?

        pub(super) struct $operation;

        impl NativeCall for $operation {
            #[inline(always)]
            unsafe fn fits(s: State) -> bool {
                // SAFETY: (9).
                unsafe {
                    let $given = operands(s.sp, s.arg);
                    let $s = s;
                    let _ = $s;
                    $check
                }
            }
        }

        impl Operation for $operation {
            #[inline(always)]
            fn run($op: Op<'_>) -> PyResult<*const CodeUnit> {
                $op.th.check_stack(" while calling a Python object")?;
                // SAFETY: the handler has checked the callee; the operands stay on the stack.
                unsafe {
                    let $at = operands($op.slot(0), $op.arg);
                    let result: Ptr = $call;
                    finish($op, $at.base, result)
                }
            }
        }
    )*};
}

/// The C function of a definition as another type.
macro_rules! entry {
    ($def:expr, $ty:ty) => {
        std::mem::transmute::<abi::PyCFunction, Option<$ty>>((*$def).ml_meth).unwrap_unchecked()
    };
}
pub(super) use entry;

const FAST_KEYWORDS: i32 = abi::METH_FASTCALL | abi::METH_KEYWORDS;

native_call! {
    BuiltinO:
        |s, given| given.count == 1 && is_builtin((*given.base).ptr(), abi::METH_O),
        |op, at| {
            let (def, this) = function_of((*at.base).ptr());
            (*def).ml_meth.unwrap_unchecked()(this, (*at.args).ptr())
        };
    BuiltinFast:
        |s, given| is_builtin((*given.base).ptr(), abi::METH_FASTCALL),
        |op, at| {
            let (def, this) = function_of((*at.base).ptr());
            with_pointers(at.args, at.count, |args| entry!(def, Fast)(this, args, at.count as isize))
        };
    BuiltinFastKeywords:
        |s, given| is_builtin((*given.base).ptr(), FAST_KEYWORDS),
        |op, at| {
            let (def, this) = function_of((*at.base).ptr());
            with_pointers(at.args, at.count, |args| {
                entry!(def, FastKeywords)(this, args, at.count as isize, std::ptr::null_mut())
            })
        };
    MethodNoargs:
        |s, given| given.count == 1 && is_method((*given.base).ptr(), (*given.args).ptr(), abi::METH_NOARGS),
        |op, at| {
            let def = (*(*at.base).ptr().cast::<abi::PyMethodDescrObject>()).d_method;
            (*def).ml_meth.unwrap_unchecked()((*at.args).ptr(), std::ptr::null_mut())
        };
    MethodO:
        |s, given| given.count == 2 && is_method((*given.base).ptr(), (*given.args).ptr(), abi::METH_O),
        |op, at| {
            let def = (*(*at.base).ptr().cast::<abi::PyMethodDescrObject>()).d_method;
            (*def).ml_meth.unwrap_unchecked()((*at.args).ptr(), (*at.args.add(1)).ptr())
        };
    MethodFast:
        |s, given| given.count >= 1 && is_method((*given.base).ptr(), (*given.args).ptr(), abi::METH_FASTCALL),
        |op, at| {
            let def = (*(*at.base).ptr().cast::<abi::PyMethodDescrObject>()).d_method;
            let (this, count) = ((*at.args).ptr(), at.count - 1);
            with_pointers(at.args.add(1), count, |args| entry!(def, Fast)(this, args, count as isize))
        };
    MethodFastKeywords:
        |s, given| given.count >= 1 && is_method((*given.base).ptr(), (*given.args).ptr(), FAST_KEYWORDS),
        |op, at| {
            let def = (*(*at.base).ptr().cast::<abi::PyMethodDescrObject>()).d_method;
            let (this, count) = ((*at.args).ptr(), at.count - 1);
            with_pointers(at.args.add(1), count, |args| {
                entry!(def, FastKeywords)(this, args, count as isize, std::ptr::null_mut())
            })
        };
    BuiltinClass:
        |s, given| layout::is_type((*given.base).ptr())
            && (*(*given.base).ptr().cast::<abi::PyTypeObject>()).tp_vectorcall.is_some(),
        |op, at| {
            let class = (*at.base).ptr();
            let entry = (*class.cast::<abi::PyTypeObject>()).tp_vectorcall.unwrap_unchecked();
            with_pointers(at.args, at.count, |args| entry(class, args, at.count, std::ptr::null_mut()))
        };
    OwnVectorcall:
        |s, given| {
            let callable: Borrowed<'_> = Borrowed::from_ptr((*given.base).ptr());
            let ty = callable.ty().as_ptr();
            ty != Function::type_object().as_type_ptr().cast()
                && ty != Method::type_object().as_type_ptr().cast()
                && call::vectorcall_of(callable).is_some()
        },
        |op, at| {
            let callable: Borrowed<'_> = (*at.base).get();
            let entry = call::vectorcall_of(callable).unwrap_unchecked();
            // The callable's place in the row is the one that the callee may use.
            let value = |index| match index {
                0 => callable.as_ptr(),
                _ => at.args.add(index - 1).read_volatile().ptr(),
            };
            in_row(at.count + 1, value, |row| {
                let args = row.as_ptr().add(1);
                let nargsf = at.count | abi::PY_VECTORCALL_ARGUMENTS_OFFSET as usize;
                entry(callable.as_ptr(), args, nargsf, std::ptr::null_mut())
            })
        };
    SlotWrapper:
        |s, given| given.count > 0
            && (*(*given.base).ptr()).ob_type == WrapperDescriptor::type_object().as_type_ptr(),
        |op, at| {
            let wrapper: Borrowed<'_, WrapperDescriptor> = (*at.base).get().cast();
            let value = |index| at.args.add(index).read_volatile().get();
            in_row(at.count, value, |row| wrapper.get().call_with(op.th, row, None))
                .map_or(std::ptr::null_mut(), Owned::into_ptr)
        };
    [call_str_1] Str1:
        |s, given| given.count == 1 && (*given.base).is(Str::type_object().as_type_ptr().cast()),
        |op, at| object::str(op.th, (*at.args).get())
            .map_or(std::ptr::null_mut(), Owned::into_ptr);
    [call_tuple_1] Tuple1:
        |s, given| given.count == 1 && (*given.base).is(Tuple::type_object().as_type_ptr().cast()),
        |op, at| sequence::tuple(op.th, (*at.args).get())
            .map_or(std::ptr::null_mut(), Owned::into_ptr);
}

/// `type(ob)`.
#[inline(always)]
pub unsafe fn call_type_1<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9): the object holds its type until that is counted.
    unsafe {
        let given = operands(s.sp, s.arg);
        if given.count != 1 || !(*given.base).is(Type::type_object().as_type_ptr().cast()) {
            return deopt::<D>(s);
        }
        let value = *given.args;
        let class = StackRef::new((*value.ptr()).ob_type.cast());
        // The stack is the same whether the receiver's place or the argument's holds the object.
        *given.base = class;
        let s = s.drop(s.arg + 1).skip(4);
        if value.release() {
            return D::cold::<super::cold::Dealloc>(s, value.bits());
        }
        D::next(s)
    }
}
