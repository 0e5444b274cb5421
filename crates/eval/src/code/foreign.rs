//! Code from elsewhere: from `marshal`, and so from `.pyc` files, from `code(…)` and from `code.replace(…)`.
//!
//! The loop trusts its code, so such code is verified before it runs; but most functions of an imported module never
//! run. In the first unit of foreign code therefore stands `OP_ADMIT`, the loop's own instruction, with which every
//! call, generator, class body and module begins. It has the code verified, puts the first instruction back and goes
//! on with it; code that is refused keeps it, and raises ValueError each time. Native code that would change the units
//! before they have run asks `admit`; who reads them does so through `original_bytes`. CPython has no counterpart.

use krait_bytecode::{CodeFault, Held, Moment, Verifiable};
use krait_objects::prelude::*;

use super::{Code, CodeUnit, build, original_bytes};
use crate::frame::{self, Frame, StackRef};
use crate::interpreter::OP_ADMIT;

/// In place of an opcode that is deferred: the code comes from our own compiler, or it is verified.
pub(super) const OWN: isize = -1;
const ADMITTED: isize = -2;

/// Whether the code is foreign and has not been verified yet.
pub fn is_deferred(code: &Code) -> bool {
    code.deferred.get() >= 0
}

/// The opcode that `OP_ADMIT` stands for.
pub fn deferred_opcode(code: &Code) -> Option<u8> {
    u8::try_from(code.deferred.get()).ok()
}

/// Puts the verifier in front of the code, which is fresh.
pub(super) fn defer(code: &Code) {
    // SAFETY: even code without units has memory for a few, and nobody runs it yet.
    let opcode = unsafe { set_first_opcode(code, OP_ADMIT) };
    code.deferred.set(opcode.into());
}

/// Lets the code run: verifies it if that is still to be done. ValueError if it is not to be trusted.
pub fn admit(th: &Thread, code: &Code) -> PyResult<()> {
    let Some(opcode) = deferred_opcode(code) else { return Ok(()) };
    // SAFETY: the thread has the GIL, and verifying runs no Python code: nobody meets the first instruction meanwhile.
    unsafe { set_first_opcode(code, opcode) };
    match verify(code) {
        Ok(()) => {
            code.deferred.set(ADMITTED);
            Ok(())
        }
        Err(fault) => {
            defer(code);
            Err(raise!(th, VALUE_ERROR, "code: {fault}"))
        }
    }
}

/// Writes the opcode of the first unit and answers the one before.
unsafe fn set_first_opcode(code: &Code, opcode: u8) -> u8 {
    // SAFETY: the caller's.
    unsafe {
        let first = code.units().cast_mut();
        let before = *first;
        *first = before & 0xff00 | CodeUnit::from(opcode);
        before as u8
    }
}

fn verify(code: &Code) -> Result<(), CodeFault> {
    // SAFETY: the code has that many units. As it has not run, they are the original ones, but for counters.
    let units =
        unsafe { std::slice::from_raw_parts(code.units().cast::<u8>(), 2 * code.unit_count()) };
    with_subject(code, units, krait_bytecode::verify)
}

fn with_subject<R>(code: &Code, units: &[u8], body: impl FnOnce(&Verifiable<'_>) -> R) -> R {
    let names_in_const = |index| {
        let names = code.consts.get(index)?.downcast_exact::<Tuple>()?;
        let text = |name: &Borrowed<'_>| name.is_exact::<Str>();
        names.get().as_slice().iter().all(text).then(|| names.len())
    };
    let arg_count = build::argument_count(code.argcount, code.kwonlyargcount, code.flags as u32);
    body(&Verifiable {
        code: units,
        const_count: code.consts.len(),
        names_in_const: &names_in_const,
        name_count: code.names.len(),
        local_kinds: code.localspluskinds.as_bytes(),
        arg_count: arg_count.and_then(|count| usize::try_from(count).ok()).unwrap_or(usize::MAX),
        stack_size: code.stacksize as u32,
        flags: code.flags as u32,
        exception_table: code.exceptiontable.as_bytes(),
    })
}

/// Whether a frame may go on at `unit` with so much of its stack: tools send frames where no way through the code
/// leads. Our own compiler's code is left to them; foreign code has to be safe from there on, too.
///
/// # Safety
/// A frame of Python code that has saved its state; `depth` is not above its stack's. What is left of the stack is
/// borrowed from no local.
pub unsafe fn may_go_on(frame: *mut Frame, unit: usize, depth: usize) -> bool {
    // SAFETY: the caller's.
    let (code, in_generator) =
        unsafe { (Frame::code(frame), (*frame).owner == frame::OWNED_BY_GENERATOR) };
    if code.deferred.get() == OWN {
        return true;
    }
    // SAFETY: the caller's: the frame's locals, and what lies above them.
    let held = |index: usize| unsafe { held(*Frame::local(frame, index)) };
    let count = code.nlocalsplus as usize;
    let locals: Vec<Held> = (0..count).map(held).collect();
    let stack: Vec<Held> = (count..count + depth).map(held).collect();
    let moment = Moment { unit: unit as u32, stack: &stack, locals: &locals, in_generator };
    with_subject(code.get(), &original_bytes(&code), |subject| {
        krait_bytecode::verify_from(subject, &moment).is_ok()
    })
}

/// # Safety
/// The reference is live.
unsafe fn held(value: StackRef) -> Held {
    if value.as_tagged_int().is_some() {
        return Held::Place;
    }
    // SAFETY: the caller's.
    match unsafe { value.get_opt() } {
        None => Held::Null,
        Some(value) if value.is_exact::<krait_objects::cell::Cell>() => Held::Cell,
        Some(_) => Held::Object,
    }
}
