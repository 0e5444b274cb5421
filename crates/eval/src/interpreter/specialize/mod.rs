//! Specialisation: what a hot instruction becomes.
//!
//! When the counter in an instruction's cache runs out, the operands at hand decide on a form that checks
//! for their like and does the work directly; the checks and what they rely on are in the handlers. If
//! nothing fits, the counter backs off exponentially. CPython's `Python/specialize.c`.

mod attributes;
mod calls;
pub mod keys;
pub mod layout;
mod names;

use krait_abi as abi;
use krait_bytecode::{BinaryOp, CompareOp, Opcode};
use krait_objects::prelude::*;
use krait_objects::set::{FrozenSet, Set};

use super::entering;
use super::extended_operators::Extension;
use super::op::Op;
use super::state::decode;
use crate::code::CodeUnit;
use crate::generator::{Coroutine, Generator};

/// The step of a counter: the lowest bits hold the back-off.
pub const COUNT_ONE: u16 = 1 << abi::BACKOFF_BITS;
const BACKOFF_MASK: u16 = COUNT_ONE - 1;

/// How long a specialised form is kept after a failed check before another attempt.
const COOLDOWN: u16 =
    (abi::ADAPTIVE_COOLDOWN_VALUE << abi::BACKOFF_BITS | abi::ADAPTIVE_COOLDOWN_BACKOFF) as u16;

/// The counter after a failed attempt: the wait doubles, up to a limit.
fn backed_off(counter: u16) -> u16 {
    let backoff = (counter & BACKOFF_MASK).min(abi::MAX_BACKOFF as u16 - 1) + 1;
    ((1 << backoff) - 1) << abi::BACKOFF_BITS | backoff
}

/// Rewrites the current instruction, or puts the next attempt off.
pub fn specialize(op: Op<'_>) {
    let ip = op.ip().cast_mut();
    // SAFETY: (8): the instruction and its cache are the code's, which only the attached thread rewrites.
    unsafe {
        if crate::monitoring::is_hook(*ip as u8) {
            *ip.add(1) = backed_off(*ip.add(1));
            return;
        }
        let current = Opcode::from_byte(*ip as u8);
        let base = current.map_or(Opcode::NOP, Opcode::base);
        match best_form(op, base) {
            Some(form) => {
                *ip = *ip & 0xff00 | form.number();
                *ip.add(1) = COOLDOWN;
            }
            None => {
                *ip = *ip & 0xff00 | base.number();
                *ip.add(1) = backed_off(*ip.add(1));
            }
        }
    }
}

fn best_form(op: Op<'_>, base: Opcode) -> Option<Opcode> {
    match base {
        Opcode::BINARY_OP => binary(op),
        Opcode::COMPARE_OP => compare(op),
        Opcode::TO_BOOL => truth(op),
        Opcode::UNPACK_SEQUENCE => unpack(op),
        Opcode::FOR_ITER => iteration(op),
        Opcode::SEND => sending(op),
        Opcode::LOAD_GLOBAL => names::global(op),
        Opcode::LOAD_ATTR => attributes::load(op),
        Opcode::LOAD_SUPER_ATTR => attributes::load_super(op),
        Opcode::STORE_ATTR => attributes::store(op),
        Opcode::CALL => calls::call(op),
        Opcode::CONTAINS_OP => containment(op),
        Opcode::STORE_SUBSCR => item_store(op),
        _ => None,
    }
}

/// Writes cache units behind the current instruction.
///
/// # Safety
/// The instruction has them.
unsafe fn write_cache<const N: usize>(op: Op<'_>, unit: usize, values: [u16; N]) {
    let ip: *mut CodeUnit = op.ip().cast_mut();
    for (index, value) in values.into_iter().enumerate() {
        // SAFETY: the caller's promise.
        unsafe { *ip.add(unit + index) = value }
    }
}

fn halves(value: u32) -> [u16; 2] {
    [value as u16, (value >> 16) as u16]
}

fn quarters(value: u64) -> [u16; 4] {
    [value as u16, (value >> 16) as u16, (value >> 32) as u16, (value >> 48) as u16]
}

fn both<T: Instance>(left: Borrowed<'_>, right: Borrowed<'_>) -> bool {
    left.is_exact::<T>() && right.is_exact::<T>()
}

/// Whether an `int` has one digit at most.
fn is_compact(ob: Borrowed<'_>) -> bool {
    // SAFETY: the type is checked first.
    ob.is_exact::<Int>() && unsafe { layout::compact_int(ob.as_ptr()).is_some() }
}

/// Whether an `int` has two digits at most.
fn is_short(ob: Borrowed<'_>) -> bool {
    // SAFETY: the type is checked first.
    ob.is_exact::<Int>() && unsafe { layout::short_int(ob.as_ptr()).is_some() }
}

fn binary(op: Op<'_>) -> Option<Opcode> {
    let (left, right) = (op.peek(2), op.peek(1));
    let ints = both::<Int>(left, right);
    let floats = both::<Float>(left, right);
    let kind = BinaryOp::from_oparg(op.arg as u32)?;
    let form = match kind {
        BinaryOp::NB_ADD | BinaryOp::NB_INPLACE_ADD => {
            if both::<Str>(left, right) {
                return Some(if is_stored_back(op, left) {
                    Opcode::BINARY_OP_INPLACE_ADD_UNICODE
                } else {
                    Opcode::BINARY_OP_ADD_UNICODE
                });
            }
            choose(ints, floats, Opcode::BINARY_OP_ADD_INT, Opcode::BINARY_OP_ADD_FLOAT)
        }
        BinaryOp::NB_SUBTRACT | BinaryOp::NB_INPLACE_SUBTRACT => {
            choose(ints, floats, Opcode::BINARY_OP_SUBTRACT_INT, Opcode::BINARY_OP_SUBTRACT_FLOAT)
        }
        BinaryOp::NB_MULTIPLY | BinaryOp::NB_INPLACE_MULTIPLY => {
            choose(ints, floats, Opcode::BINARY_OP_MULTIPLY_INT, Opcode::BINARY_OP_MULTIPLY_FLOAT)
        }
        BinaryOp::NB_SUBSCR => subscription(op.th, left, right),
        _ => None,
    };
    form.or_else(|| {
        let extension = match ints {
            true => Extension::of_ints(kind)?,
            // SAFETY: live objects.
            false => unsafe { Extension::of_mixed(kind, left.as_ptr(), right.as_ptr())? },
        };
        // SAFETY: BINARY_OP has five units of cache.
        unsafe { write_cache(op, 2, [extension as u16]) };
        Some(Opcode::BINARY_OP_EXTEND)
    })
}

/// Whether the next instruction stores into the local that holds `value`.
fn is_stored_back(op: Op<'_>, value: Borrowed<'_>) -> bool {
    // SAFETY: (8): an instruction follows BINARY_OP, and its local exists.
    unsafe {
        let (opcode, local) = decode(op.next());
        opcode == Opcode::STORE_FAST as u8 && (*op.local(local)).is(value.as_ptr())
    }
}

fn choose(ints: bool, floats: bool, int: Opcode, float: Opcode) -> Option<Opcode> {
    if ints {
        Some(int)
    } else if floats {
        Some(float)
    } else {
        None
    }
}

fn subscription(th: &Thread, container: Borrowed<'_>, key: Borrowed<'_>) -> Option<Opcode> {
    if container.is_exact::<Dict>() {
        return Some(Opcode::BINARY_OP_SUBSCR_DICT);
    }
    if let Some(function) = entering::item_getter(th, container.ty()) {
        return entering::remember_item_getter(container.ty(), &function)
            .then_some(Opcode::BINARY_OP_SUBSCR_GETITEM);
    }
    if !is_compact(key) {
        return None;
    }
    if container.is_exact::<List>() {
        Some(Opcode::BINARY_OP_SUBSCR_LIST_INT)
    } else if container.is_exact::<Tuple>() {
        Some(Opcode::BINARY_OP_SUBSCR_TUPLE_INT)
    } else if container.is_exact::<Str>() {
        Some(Opcode::BINARY_OP_SUBSCR_STR_INT)
    } else {
        None
    }
}

fn compare(op: Op<'_>) -> Option<Opcode> {
    let (left, right) = (op.peek(2), op.peek(1));
    if is_short(left) && is_short(right) {
        return Some(Opcode::COMPARE_OP_INT);
    }
    if both::<Float>(left, right) {
        return Some(Opcode::COMPARE_OP_FLOAT);
    }
    let equality = matches!(CompareOp::from_oparg(op.arg as u32)?, CompareOp::Eq | CompareOp::Ne);
    (equality && both::<Str>(left, right)).then_some(Opcode::COMPARE_OP_STR)
}

fn truth(op: Op<'_>) -> Option<Opcode> {
    let value = op.peek(1);
    if value.is_exact::<krait_objects::int::Bool>() {
        return Some(Opcode::TO_BOOL_BOOL);
    }
    if value.is_none() {
        return Some(Opcode::TO_BOOL_NONE);
    }
    if value.is_exact::<Int>() {
        return Some(Opcode::TO_BOOL_INT);
    }
    if value.is_exact::<List>() {
        return Some(Opcode::TO_BOOL_LIST);
    }
    if value.is_exact::<Str>() {
        return Some(Opcode::TO_BOOL_STR);
    }
    let ty = value.ty();
    if !ty.is_heap_type() || has_truth(ty) {
        return None;
    }
    let version = ty.get().assign_version(op.th);
    if version == 0 {
        return None;
    }
    // SAFETY: the cache of TO_BOOL: counter, version.
    unsafe { write_cache(op, 2, halves(version)) };
    Some(Opcode::TO_BOOL_ALWAYS_TRUE)
}

/// Whether instances of the type may be false.
fn has_truth(ty: Borrowed<'_, Type>) -> bool {
    let raw = ty.get().raw();
    // SAFETY: suites are null or live as long as the type.
    unsafe {
        raw.tp_as_number.as_ref().is_some_and(|suite| suite.nb_bool.is_some())
            || raw.tp_as_mapping.as_ref().is_some_and(|suite| suite.mp_length.is_some())
            || raw.tp_as_sequence.as_ref().is_some_and(|suite| suite.sq_length.is_some())
    }
}

fn unpack(op: Op<'_>) -> Option<Opcode> {
    let sequence = op.peek(1);
    if let Some(tuple) = sequence.downcast_exact::<Tuple>() {
        return (tuple.len() == op.arg).then_some(if op.arg == 2 {
            Opcode::UNPACK_SEQUENCE_TWO_TUPLE
        } else {
            Opcode::UNPACK_SEQUENCE_TUPLE
        });
    }
    // SAFETY: a live object, and a tuple of whatever class where it iterates as one.
    unsafe {
        let ob = sequence.as_ptr();
        if layout::iterates_as_tuple(ob) {
            let fits = layout::size(ob) as usize == op.arg;
            return fits.then_some(Opcode::UNPACK_SEQUENCE_TUPLE);
        }
    }
    let list = sequence.downcast_exact::<List>()?;
    (list.len() == op.arg).then_some(Opcode::UNPACK_SEQUENCE_LIST)
}

fn iteration(op: Op<'_>) -> Option<Opcode> {
    let iterator = op.peek(1);
    if iterator.is_exact::<Generator>() {
        return Some(Opcode::FOR_ITER_GEN);
    }
    // SAFETY: a live object.
    unsafe {
        let ob = iterator.as_ptr();
        if layout::is_list_iterator(ob) {
            Some(Opcode::FOR_ITER_LIST)
        } else if layout::is_tuple_iterator(ob) {
            Some(Opcode::FOR_ITER_TUPLE)
        } else if layout::is_range_iterator(ob) {
            Some(Opcode::FOR_ITER_RANGE)
        } else {
            None
        }
    }
}

fn containment(op: Op<'_>) -> Option<Opcode> {
    let container = op.peek(1);
    if container.is_exact::<Dict>() {
        return Some(Opcode::CONTAINS_OP_DICT);
    }
    let set = container.is_exact::<Set>() || container.is_exact::<FrozenSet>();
    set.then_some(Opcode::CONTAINS_OP_SET)
}

fn item_store(op: Op<'_>) -> Option<Opcode> {
    let (container, key) = (op.peek(2), op.peek(1));
    if container.is_exact::<Dict>() {
        return Some(Opcode::STORE_SUBSCR_DICT);
    }
    let list = container.is_exact::<List>() && is_compact(key);
    list.then_some(Opcode::STORE_SUBSCR_LIST_INT)
}

fn sending(op: Op<'_>) -> Option<Opcode> {
    let receiver = op.peek(2);
    let ours = receiver.is_exact::<Generator>() || receiver.is_exact::<Coroutine>();
    ours.then_some(Opcode::SEND_GEN)
}
