//! What a handler works on: the loop's registers, and how one instruction leads to the next.
//!
//! A handler is a function of `State`, generic over `Dispatch`, and ends in one of its methods. Under
//! `Tail` that is a jump through the table; under `Loop` it returns to a loop. Rules that keep the jump a
//! jump (a test enforces the result): no address of a local may escape, nothing with a destructor may be
//! live at the dispatch, and rare work leaves through `cold` or `out_of_line`, never to come back.
//!
//! Invariants, besides those of `frame`:
//! 8. `frame` is the current frame, `ip` points at the instruction in its code (or at a static
//!    pseudo-instruction), `sp` just above the topmost value, `arg` is the instruction's complete argument.
//! 9. The compiler's stack effects hold: an instruction finds its inputs below `sp` and room for its outputs.

use krait_bytecode::Opcode;
use krait_objects::prelude::*;

use super::op::Op;
use crate::code::CodeUnit;
use crate::frame::{Frame, StackRef};

/// The registers of the loop.
#[derive(Clone, Copy)]
pub struct State {
    pub ip: *const CodeUnit,
    pub sp: *mut StackRef,
    pub frame: *mut Frame,
    pub th: *const Thread,
    pub arg: usize,
}

/// A continuation: what the end of a handler turns into.
pub trait Dispatch: Sized {
    type Out;

    /// Goes to the handler of `opcode` with the state as it is.
    ///
    /// # Safety
    /// (8), (9).
    unsafe fn to(s: State, opcode: u8) -> Self::Out;

    /// Leaves for a cold function, which goes on by itself. `x` is what it needs to know.
    ///
    /// # Safety
    /// (8), (9), and the cold function's own requirements.
    unsafe fn cold<C: Cold>(s: State, x: usize) -> Self::Out;

    /// Leaves the loop.
    fn exit() -> Self::Out;

    /// Goes to the instruction at `ip`.
    ///
    /// # Safety
    /// (8), (9).
    #[inline(always)]
    unsafe fn next(s: State) -> Self::Out {
        // SAFETY: (8).
        unsafe {
            let (opcode, arg) = decode(s.ip);
            Self::to(State { arg, ..s }, opcode)
        }
    }

    /// Runs an operation with the state written back, then goes on where it says.
    ///
    /// # Safety
    /// (8), (9).
    #[inline(always)]
    unsafe fn out_of_line<O: Operation>(s: State) -> Self::Out {
        // SAFETY: (8): the operation keeps the thread's current frame and its `sp` true.
        unsafe {
            s.save();
            let ip = run::<O>(s.th, s.frame, s.arg);
            Self::next(State::reload(s.th, ip))
        }
    }
}

/// A rare path out of a hot handler.
pub trait Cold {
    /// # Safety
    /// (8), (9), and what the implementation asks for.
    unsafe fn run<D: Dispatch>(s: State, x: usize) -> D::Out;
}

/// An instruction that does its work through the frame instead of the registers.
pub trait Operation {
    /// Returns where to go on: in the same frame or in one that it pushed or popped to.
    fn run(op: Op<'_>) -> PyResult<*const CodeUnit>;
}

/// The shim between a handler and its operation: scalars in, a pointer out; errors arrive as the address of
/// the pseudo-instruction that unwinds.
#[inline(never)]
unsafe fn run<O: Operation>(th: *const Thread, frame: *mut Frame, arg: usize) -> *const CodeUnit {
    // SAFETY: (8).
    match O::run(unsafe { Op::new(&*th, frame, arg) }) {
        Ok(ip) => ip,
        Err(_raised) => super::UNWIND.as_ptr(),
    }
}

/// The opcode and the argument of the code unit at `ip`.
#[inline(always)]
pub unsafe fn decode(ip: *const CodeUnit) -> (u8, usize) {
    // SAFETY: (8). Two loads of a byte: each lands where it is needed without shifts.
    unsafe { (*ip.cast::<u8>(), *ip.cast::<u8>().add(1) as usize) }
}

impl State {
    /// The state of the thread's current frame, about to run the instruction at `ip`.
    ///
    /// # Safety
    /// (7), and (8) for `ip`.
    #[inline(always)]
    pub unsafe fn reload(th: *const Thread, ip: *const CodeUnit) -> State {
        // SAFETY: (7).
        unsafe {
            let frame = crate::frame::current(&*th);
            State { ip, sp: (*frame).sp, frame, th, arg: 0 }
        }
    }

    /// Writes the registers back to the frame, for code that looks at it.
    ///
    /// # Safety
    /// (8).
    #[inline(always)]
    pub unsafe fn save(self) {
        // SAFETY: (8).
        unsafe {
            (*self.frame).ip = self.ip;
            (*self.frame).sp = self.sp;
        }
    }

    /// As `save`, when the instruction before `ip` is done but for what it releases: the frame is still there, for
    /// finalisers and for the line that follows.
    ///
    /// # Safety
    /// (8); the instruction has not jumped.
    #[inline(always)]
    pub unsafe fn save_done(self) {
        // SAFETY: (8).
        unsafe {
            (*self.frame).ip = self.ip.sub(1);
            (*self.frame).sp = self.sp;
        }
    }

    #[inline(always)]
    pub fn thread<'a>(self) -> &'a Thread {
        // SAFETY: (8): the loop's thread outlives the loop.
        unsafe { &*self.th }
    }

    /// # Safety
    /// (8): `units` lead to an instruction of the same code.
    #[inline(always)]
    pub unsafe fn skip(self, units: usize) -> State {
        // SAFETY: the caller's promise.
        State { ip: unsafe { self.ip.add(units) }, ..self }
    }

    /// Makes the current instruction `form` from the next time on, unless a hook stands in its place.
    ///
    /// # Safety
    /// (8); `form` is of the family of `base`.
    #[inline(always)]
    pub unsafe fn become_form(self, base: Opcode, form: Opcode) {
        let ip = self.ip.cast_mut();
        // SAFETY: (8): the code's units, which only the attached thread rewrites.
        unsafe {
            if *ip as u8 == base as u8 {
                *ip = *ip & 0xff00 | form.number();
            }
        }
    }

    /// # Safety
    /// As for `skip`.
    #[inline(always)]
    pub unsafe fn jump(self, units: isize) -> State {
        // SAFETY: the caller's promise.
        State { ip: unsafe { self.ip.offset(units) }, ..self }
    }

    /// The state in which the current exception is handled.
    #[inline(always)]
    pub fn unwinding(self) -> State {
        // SAFETY: (8): `ip` is kept for the traceback.
        unsafe { self.save() };
        State { ip: super::UNWIND.as_ptr(), ..self }
    }

    /// # Safety
    /// (9).
    #[inline(always)]
    pub unsafe fn push(self, value: StackRef) -> State {
        // SAFETY: (9): there is room.
        unsafe {
            *self.sp = value;
            State { sp: self.sp.add(1), ..self }
        }
    }

    /// Forgets `count` values: they have been moved or released.
    ///
    /// # Safety
    /// (9).
    #[inline(always)]
    pub unsafe fn drop(self, count: usize) -> State {
        // SAFETY: (9).
        State { sp: unsafe { self.sp.sub(count) }, ..self }
    }

    /// The value `depth` below the top; 1 is the top itself.
    ///
    /// # Safety
    /// (9).
    #[inline(always)]
    pub unsafe fn peek(self, depth: usize) -> StackRef {
        // SAFETY: (9).
        unsafe { *self.sp.sub(depth) }
    }

    /// # Safety
    /// (9); the value there has been moved or released.
    #[inline(always)]
    pub unsafe fn poke(self, depth: usize, value: StackRef) {
        // SAFETY: (9).
        unsafe { *self.sp.sub(depth) = value }
    }

    /// The address of a fast local.
    ///
    /// # Safety
    /// (8): `index` comes from the instruction.
    #[inline(always)]
    pub unsafe fn local(self, index: usize) -> *mut StackRef {
        // SAFETY: (4).
        unsafe { Frame::local(self.frame, index) }
    }

    /// # Safety
    /// (8): `index` comes from the instruction.
    #[inline(always)]
    pub unsafe fn constant(self, index: usize) -> *mut krait_abi::PyObject {
        // SAFETY: (5).
        unsafe { Frame::code(self.frame).constant(index) }
    }

    /// A unit of the inline cache behind the instruction.
    ///
    /// # Safety
    /// The instruction has that many.
    #[inline(always)]
    pub unsafe fn cache_u16(self, unit: usize) -> u16 {
        // SAFETY: the caller's promise.
        unsafe { *self.ip.add(unit) }
    }

    /// # Safety
    /// As for `cache_u16`, for two units.
    #[inline(always)]
    pub unsafe fn cache_u32(self, unit: usize) -> u32 {
        // SAFETY: the caller's promise.
        unsafe { self.ip.add(unit).cast::<u32>().read_unaligned() }
    }

    /// # Safety
    /// As for `cache_u16`, for four units.
    #[inline(always)]
    pub unsafe fn cache_u64(self, unit: usize) -> u64 {
        // SAFETY: the caller's promise.
        unsafe { self.ip.add(unit).cast::<u64>().read_unaligned() }
    }
}
