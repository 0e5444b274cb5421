//! Calls of built-ins that are so frequent that they have instructions of their own: `len`, `isinstance`,
//! `list.append`.

use krait_abi as abi;
use krait_bytecode::Opcode;
use krait_objects::interp::KnownCallables;
use krait_objects::prelude::*;

use super::cold::{Dealloc, Rare, ReleaseOperands, deopt};
use super::op::Op;
use super::specialize::layout;
use super::state::{Dispatch, Operation, State};
use crate::code::CodeUnit;
use crate::frame::StackRef;

/// Units of a call with its cache.
const CALL: usize = 4;

/// Whether `ob` is the callable in `slot`.
#[inline(always)]
unsafe fn is_known(ob: StackRef, slot: &Slot) -> bool {
    slot.get().is_some_and(|known| ob.is(known.as_ptr()))
}

/// The instruction for a call of `callable` with `count` arguments, a receiver included.
pub fn form(op: Op<'_>, callable: Borrowed<'_>, has_self: bool, count: usize) -> Option<Opcode> {
    let known: &KnownCallables = &op.th.interp().known;
    let is = |slot: &Slot| slot.get().is_some_and(|it| it.is(callable));
    if is(&known.len) && count == 1 && !has_self {
        return Some(Opcode::CALL_LEN);
    }
    if is(&known.isinstance) && count == 2 && !has_self {
        return Some(Opcode::CALL_ISINSTANCE);
    }
    if known.list_append.get().is_none() {
        known.list_append.set(List::type_object().lookup(op.th, id::append));
    }
    if !is(&known.list_append) || count != 2 || !has_self {
        return None;
    }
    // SAFETY: (8): an instruction follows a call. (9): the receiver lies below the argument.
    let fits = unsafe {
        *op.next() as u8 == Opcode::POP_TOP as u8 && layout::is_list((*op.slot(2)).ptr())
    };
    fits.then_some(Opcode::CALL_LIST_APPEND)
}

/// `len(ob)` of the built-in containers; what else there is goes through the type's slots.
#[inline(always)]
pub unsafe fn call_len<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9); the checks make the operand what is read.
    unsafe {
        if s.arg != 1 || !is_known(s.peek(3), &s.thread().interp().known.len) {
            return deopt::<D>(s);
        }
        let value = s.peek(1);
        let ob = value.ptr();
        let len = if layout::is_list(ob) || layout::is_tuple(ob) {
            layout::size(ob)
        } else if layout::is_str(ob) {
            layout::str_len(ob)
        } else if layout::is_dict(ob) {
            (*ob.cast::<abi::PyDictObject>()).ma_used
        } else {
            return D::cold::<super::slots::Length>(s, 0);
        };
        if !krait_objects::int::is_small(len as i64) {
            return D::cold::<Rare<Len>>(s, 0);
        }
        let callable = s.peek(3);
        s.poke(3, StackRef::uncounted(krait_objects::int::small_ptr(len as i64)));
        // The argument takes the place behind the new top, where it is released with the callable.
        s.poke(2, value);
        let s = s.drop(2).skip(CALL);
        if callable.is_counted() | value.is_counted() {
            return D::cold::<ReleaseOperands>(s, callable.bits());
        }
        D::next(s)
    }
}

pub(super) struct Len;

impl Operation for Len {
    #[inline(always)]
    fn run(op: Op<'_>) -> PyResult<*const CodeUnit> {
        let len = object::len(op.th, op.peek(1))?;
        let operands = op.pop::<3>();
        op.push(Int::from_usize(op.th, len)?);
        drop(operands);
        Ok(op.next())
    }
}

#[inline(always)]
pub unsafe fn call_isinstance<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9).
    unsafe {
        if s.arg != 2 || !is_known(s.peek(4), &s.thread().interp().known.isinstance) {
            return deopt::<D>(s);
        }
        D::out_of_line::<IsInstance>(s)
    }
}

struct IsInstance;

impl Operation for IsInstance {
    #[inline(always)]
    fn run(op: Op<'_>) -> PyResult<*const CodeUnit> {
        let holds = object::is_instance(op.th, op.peek(2), op.peek(1))?;
        let operands = op.pop::<4>();
        op.push_bool(holds);
        drop(operands);
        Ok(op.next())
    }
}

/// `list.append(item)` as a statement: the `POP_TOP` behind it goes with it.
#[inline(always)]
pub unsafe fn call_list_append<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9); the checks make the receiver what is written.
    unsafe {
        let (callable, this) = (s.peek(3), s.peek(2));
        if s.arg != 1
            || !is_known(callable, &s.thread().interp().known.list_append)
            || this.is_null()
            || !layout::is_list(this.ptr())
        {
            return deopt::<D>(s);
        }
        let list: *mut abi::PyListObject = this.ptr().cast();
        let len = (*list).ob_base.ob_size;
        if (*list).allocated <= len {
            return D::cold::<Rare<Append>>(s, 0);
        }
        *(*list).ob_item.offset(len) = s.peek(1).into_heap_safe().ptr();
        (*list).ob_base.ob_size = len + 1;
        // The descriptor is the type's: this reference is not its last.
        let _held_elsewhere = callable.release();
        let s = s.drop(3).skip(CALL + 1);
        if this.release() {
            return D::cold::<Dealloc>(s, this.bits());
        }
        D::next(s)
    }
}

struct Append;

impl Operation for Append {
    #[inline(always)]
    fn run(op: Op<'_>) -> PyResult<*const CodeUnit> {
        let [callable, list, item] = op.pop();
        // SAFETY: the handler has checked the type.
        let this: Borrowed<'_, List> = unsafe { list.get().cast() };
        this.push(op.th, item.into_owned())?;
        drop((callable, list));
        // SAFETY: (8): the specialiser has seen POP_TOP behind the call.
        Ok(unsafe { op.next().add(1) })
    }
}
