//! `CALL`: by the kind of callee.

use krait_abi as abi;
use krait_bytecode::Opcode;
use krait_objects::cfunction::CFunction;
use krait_objects::descr::MethodDescriptor;
use krait_objects::prelude::*;

use super::super::calls_native::CONVENTION;
use super::super::construct;
use super::super::entering::takes_exactly;
use super::super::known_calls;
use super::super::op::Op;
use super::{halves, write_cache};
use crate::function::Function;
use krait_objects::method::Method;

pub fn call(op: Op<'_>) -> Option<Opcode> {
    let base = op.slot(op.arg + 2);
    // SAFETY: (9): the operands of the call.
    unsafe {
        let callable = (*base).get();
        let has_self = !(*base.add(1)).is_null();
        if let Some(function) = callable.downcast_exact::<Function>() {
            if !function.is_ours() {
                return None;
            }
            let exact = takes_exactly(function, op.arg + usize::from(has_self));
            return remember(
                op,
                function,
                exact,
                Opcode::CALL_PY_EXACT_ARGS,
                Opcode::CALL_PY_GENERAL,
            );
        }
        if let Some(method) = callable.downcast_exact::<Method>()
            && !has_self
        {
            let function = method.get().function().downcast_exact::<Function>()?;
            if !function.is_ours() {
                return None;
            }
            return remember(
                op,
                function,
                takes_exactly(function, op.arg + 1),
                Opcode::CALL_BOUND_METHOD_EXACT_ARGS,
                Opcode::CALL_BOUND_METHOD_GENERAL,
            );
        }
    }
    native(op).unwrap_or(Some(Opcode::CALL_NON_PY_GENERAL))
}

/// The form for a built-in function, a method of a built-in type, or a type: `None` for any callable, no form for a class that
/// gets no version any more.
fn native(op: Op<'_>) -> Option<Option<Opcode>> {
    let base = op.slot(op.arg + 2);
    // SAFETY: (9): the operands of the call.
    unsafe {
        let callable = (*base).get();
        let has_self = !(*base.add(1)).is_null();
        let count = op.arg + usize::from(has_self);
        if let Some(form) = known_calls::form(op, callable, has_self, count) {
            return Some(Some(form));
        }
        let first = if has_self { *base.add(1) } else { *base.add(2) };
        if let Some(function) = callable.downcast_exact::<CFunction>() {
            let form = match function.get().def().ml_flags & CONVENTION {
                abi::METH_O if count == 1 => Some(Opcode::CALL_BUILTIN_O),
                abi::METH_FASTCALL => Some(Opcode::CALL_BUILTIN_FAST),
                FAST_KEYWORDS => Some(Opcode::CALL_BUILTIN_FAST_WITH_KEYWORDS),
                _ => None,
            };
            return form.map(Some);
        }
        if let Some(method) = callable.downcast_exact::<MethodDescriptor>() {
            if count == 0 || !method.get().owner_type().is(first.get().ty()) {
                return None;
            }
            let form = match method.get().def().ml_flags & CONVENTION {
                abi::METH_NOARGS if count == 1 => Some(Opcode::CALL_METHOD_DESCRIPTOR_NOARGS),
                abi::METH_O if count == 2 => Some(Opcode::CALL_METHOD_DESCRIPTOR_O),
                abi::METH_FASTCALL => Some(Opcode::CALL_METHOD_DESCRIPTOR_FAST),
                FAST_KEYWORDS => Some(Opcode::CALL_METHOD_DESCRIPTOR_FAST_WITH_KEYWORDS),
                _ => None,
            };
            return form.map(Some);
        }
        let class = callable.downcast::<Type>()?;
        if count == 1 {
            let known = [
                (Type::type_object(), Opcode::CALL_TYPE_1),
                (Str::type_object(), Opcode::CALL_STR_1),
                (Tuple::type_object(), Opcode::CALL_TUPLE_1),
            ];
            let form = known.into_iter().find(|(ty, _)| std::ptr::eq(*ty, class.get()));
            if let Some((_, form)) = form {
                return Some(Some(form));
            }
        }
        if !has_self && let Some(init) = construct::initializer(op.th, class) {
            let version = construct::remember(op.th, class, &init);
            if version == 0 {
                return Some(None);
            }
            write_cache(op, 2, halves(version));
            return Some(Some(Opcode::CALL_ALLOC_AND_ENTER_INIT));
        }
        let vectorcall = class.get().raw().tp_vectorcall.filter(|_| callable.is_exact::<Type>());
        vectorcall.map(|_| Some(Opcode::CALL_BUILTIN_CLASS))
    }
}

const FAST_KEYWORDS: i32 = abi::METH_FASTCALL | abi::METH_KEYWORDS;

fn remember(
    op: Op<'_>,
    function: Borrowed<'_, Function>,
    exact: bool,
    best: Opcode,
    general: Opcode,
) -> Option<Opcode> {
    if !exact || function.version.get() == 0 {
        return Some(general);
    }
    // SAFETY: the cache of CALL: counter, function version.
    unsafe { write_cache(op, 2, halves(function.version.get())) };
    Some(best)
}
