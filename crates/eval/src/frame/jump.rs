//! Sending a frame to another line: the setter of `f_lineno`.
//!
//! A line may be gone to if the evaluation stack that its code expects fits the stack that is there. What lies on the
//! stack at each unit is worked out once more from the code, as far as it matters: an iterator, the exception handled
//! before, the place of a raise, a null or any other object. The frame then drops what the new place does not know.
//! The same job as `frame_lineno_set_impl` of CPython's `Objects/frameobject.c`.

use krait_bytecode::{Decoded, code_flags, exception_entries, instructions, lines};
use krait_objects::prelude::*;

use super::object::FrameObject;
use super::{Frame, StackRef};
use crate::code::{Code, CodeUnit, Opcode, foreign, original_bytes};
use crate::monitoring::{self, event};

/// What a slot of the stack holds; 0 would be the bottom.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Iterator = 1,
    Except = 2,
    Object = 3,
    Null = 4,
    Place = 5,
}

const KIND_BITS: u32 = 3;
/// A stack of more values does not fit the number that stands for it.
const DEEPEST: u32 = 64 / KIND_BITS;

/// The kinds on the stack at some unit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Stack {
    /// Nothing leads to the unit, as far as is known.
    Unknown,
    TooDeep,
    /// The kinds as digits, the topmost the lowest.
    Known(u64),
}

impl Stack {
    const EMPTY: Stack = Stack::Known(0);

    fn push(self, kind: Kind) -> Stack {
        match self {
            Stack::Known(_) if self.depth() + 1 > DEEPEST => Stack::TooDeep,
            Stack::Known(kinds) => Stack::Known(kinds << KIND_BITS | kind as u64),
            other => other,
        }
    }

    fn pop(self) -> Stack {
        match self {
            Stack::Known(kinds) => Stack::Known(kinds >> KIND_BITS),
            other => other,
        }
    }

    fn depth(self) -> u32 {
        match self {
            Stack::Known(kinds) => (u64::BITS - kinds.leading_zeros()).div_ceil(KIND_BITS),
            _ => 0,
        }
    }

    fn cut(mut self, depth: u32) -> Stack {
        while self.depth() > depth {
            self = self.pop();
        }
        self
    }

    /// The kind `depth` below the top; 1 is the top itself.
    fn peek(self, depth: u32) -> Option<Kind> {
        let Stack::Known(kinds) = self else { return None };
        let digit = kinds.checked_shr(KIND_BITS * (depth.max(1) - 1)).unwrap_or(0) & 7;
        [Kind::Iterator, Kind::Except, Kind::Object, Kind::Null, Kind::Place]
            .into_iter()
            .find(|&kind| kind as u64 == digit)
    }

    fn swap(self, depth: u32) -> Stack {
        let (Stack::Known(kinds), Some(top), Some(below)) = (self, self.peek(1), self.peek(depth))
        else {
            return self;
        };
        let difference = top as u64 ^ below as u64;
        Stack::Known(kinds ^ difference ^ difference << (KIND_BITS * (depth - 1)))
    }

    /// Whether a frame with this stack can go on where `to` is expected, once it has dropped what is above.
    fn fits(self, to: Stack) -> bool {
        if !matches!((self, to), (Stack::Known(_), Stack::Known(_))) || self.depth() < to.depth() {
            return false;
        }
        let (mut from, mut to) = (self.cut(to.depth()), to);
        while from != Stack::EMPTY {
            let fits = match to.peek(1) {
                Some(Kind::Object) => from.peek(1) != Some(Kind::Null),
                Some(Kind::Null) => true,
                kind => from.peek(1) == kind,
            };
            if !fits {
                return false;
            }
            (from, to) = (from.pop(), to.pop());
        }
        true
    }

    /// Why no stack at hand fits this one.
    fn refusal(self) -> &'static str {
        match self.peek(1) {
            _ if self == Stack::TooDeep => "stack is too deep to analyze",
            _ if self == Stack::Unknown => {
                "can't jump into an 'except' block, or code may be unreachable"
            }
            Some(Kind::Except) => "can't jump into an 'except' block as there's no exception",
            Some(Kind::Place) => "can't jump into a re-raising block as there's no location",
            Some(Kind::Iterator) => "can't jump into the body of a for loop",
            _ => "incompatible stacks",
        }
    }
}

/// The stack behind an instruction on the straight way; `Unknown` if there is none.
fn behind(at: &Decoded, before: Stack) -> Stack {
    let popped = |count: u32| (0..count).fold(before, |stack, _| stack.pop());
    match at.opcode {
        Opcode::JUMP_BACKWARD
        | Opcode::JUMP_BACKWARD_NO_INTERRUPT
        | Opcode::JUMP_FORWARD
        | Opcode::RETURN_VALUE
        | Opcode::RAISE_VARARGS
        | Opcode::RERAISE => Stack::Unknown,
        Opcode::GET_ITER | Opcode::GET_AITER => popped(1).push(Kind::Iterator),
        // The generator is the caller's; what is sent in first is there already.
        Opcode::RETURN_GENERATOR => before,
        Opcode::PUSH_EXC_INFO => before.push(Kind::Except),
        Opcode::PUSH_NULL => before.push(Kind::Null),
        Opcode::LOAD_GLOBAL if at.oparg & 1 != 0 => before.push(Kind::Object).push(Kind::Null),
        Opcode::LOAD_ATTR if at.oparg & 1 != 0 => popped(1).push(Kind::Object).push(Kind::Null),
        Opcode::SWAP => before.swap(at.oparg),
        Opcode::COPY => match before.peek(at.oparg) {
            Some(kind) => before.push(kind),
            None => before,
        },
        _ => {
            let change = at.opcode.max_stack_effect(at.oparg).unwrap_or(0);
            if change < 0 {
                return popped(change.unsigned_abs() as u32);
            }
            (0..change).fold(before, |stack, _| stack.push(Kind::Object))
        }
    }
}

/// By unit: the stack that its instruction finds.
fn stacks(code: &Code) -> Vec<Stack> {
    let bytes = original_bytes(code);
    let all: Vec<Decoded> = instructions(&bytes).collect();
    let mut stacks = vec![Stack::Unknown; code.unit_count() + 1];
    let generators = code_flags::GENERATOR | code_flags::COROUTINE | code_flags::ASYNC_GENERATOR;
    stacks[0] = match code.has_flag(generators) {
        // What is sent in first.
        true => Stack::EMPTY.push(Kind::Object),
        false => Stack::EMPTY,
    };
    let mut again = true;
    while again {
        again = false;
        for at in &all {
            again |= follow(&mut stacks, at);
        }
        for entry in exception_entries(code.exceptiontable.as_bytes()) {
            let (Some(&start), Some(&Stack::Unknown)) =
                (stacks.get(entry.start as usize), stacks.get(entry.target as usize))
            else {
                continue;
            };
            if start == Stack::Unknown {
                continue;
            }
            again = true;
            let kept = start.cut(entry.depth);
            let kept = if entry.lasti { kept.push(Kind::Place) } else { kept };
            stacks[entry.target as usize] = kept.push(Kind::Except);
        }
    }
    if code.has_flag(generators) {
        // A generator is made once.
        stacks[..code.first_traceable as usize].fill(Stack::Unknown);
    }
    stacks
}

/// Enters what the instruction leaves where it leads to; whether that is above, where it has to be looked at again.
fn follow(stacks: &mut [Stack], at: &Decoded) -> bool {
    let before = stacks[at.start as usize];
    if before == Stack::Unknown {
        return false;
    }
    stacks[at.offset as usize] = before;
    let mut again = false;
    if let Some(target) = at.jump_target()
        && let Some(known) = stacks.get_mut(target as usize)
    {
        again = *known == Stack::Unknown && target < at.start;
        *known = match at.opcode {
            Opcode::FOR_ITER => before.push(Kind::Object),
            Opcode::POP_JUMP_IF_FALSE
            | Opcode::POP_JUMP_IF_TRUE
            | Opcode::POP_JUMP_IF_NONE
            | Opcode::POP_JUMP_IF_NOT_NONE => before.pop(),
            _ => before,
        };
    }
    let after = behind(at, before);
    if after != Stack::Unknown
        && let Some(known) = stacks.get_mut(at.end() as usize)
    {
        *known = after;
    }
    again
}

/// The units at which another line than before begins.
fn line_starts(code: &Code) -> Vec<(usize, i32)> {
    let mut starts: Vec<(usize, i32)> = lines(code.linetable.as_bytes(), code.firstlineno)
        .filter_map(|run| Some((run.start as usize / size_of::<CodeUnit>(), run.line?)))
        .collect();
    starts.dedup_by_key(|&mut (_, line)| line);
    starts
}

/// Where the frame is to go on, and the stack there.
fn find_target(
    th: &Thread,
    code: &Code,
    from: usize,
    wanted: i32,
) -> PyResult<(usize, Stack, Stack)> {
    let starts = line_starts(code);
    let Some(line) = starts.iter().map(|&(_, line)| line).filter(|&line| line >= wanted).min()
    else {
        let message = "comes after the current code block";
        return Err(raise!(th, VALUE_ERROR, "line {wanted} {message}"));
    };
    let stacks = stacks(code);
    let here = stacks.get(from).copied().unwrap_or(Stack::Unknown);
    let mut best: Option<(usize, Stack)> = None;
    let mut refusal = None;
    for (unit, _) in starts.into_iter().filter(|&(_, at)| at == line) {
        let there = stacks.get(unit).copied().unwrap_or(Stack::Unknown);
        if here.fits(there) {
            // The more of the stack stays the better.
            if best.is_none_or(|(_, best)| there > best) {
                best = Some((unit, there));
            }
        } else if refusal.is_none() {
            refusal = Some(match here {
                Stack::TooDeep => "stack to deep to analyze",
                Stack::Unknown => "can't jump from unreachable code",
                Stack::Known(_) => there.refusal(),
            });
        }
    }
    match best {
        Some((unit, there)) => Ok((unit, here, there)),
        None => {
            let message = refusal.unwrap_or("cannot find bytecode for specified line");
            Err(th.raise(exc::VALUE_ERROR, message))
        }
    }
}

/// Whether the frame may be sent elsewhere now: its tracer has just been told of something that allows it.
fn check_event(th: &Thread, frame: *mut Frame) -> PyResult<()> {
    // SAFETY: the thread is ours.
    let what = u8::try_from(unsafe { (*th.raw()).what_event });
    let message = match what {
        Ok(
            event::PY_RESUME
            | event::PY_YIELD
            | event::JUMP
            | event::BRANCH_LEFT
            | event::BRANCH_RIGHT
            | event::LINE,
        ) if monitoring::is_told(th, frame) => return Ok(()),
        Ok(event::PY_START) => "can't jump from the 'call' trace event of a new frame",
        Ok(event::CALL | event::C_RETURN) => "can't jump during a call",
        Ok(
            event::PY_RETURN
            | event::PY_UNWIND
            | event::PY_THROW
            | event::RAISE
            | event::C_RAISE
            | event::INSTRUCTION
            | event::EXCEPTION_HANDLED,
        ) => "can only jump from a 'line' trace event",
        Ok(event::STOP_ITERATION | event::RERAISE) => {
            return Err(th.raise(exc::SYSTEM_ERROR, "unexpected event type"));
        }
        _ => "f_lineno can only be set in a trace function",
    };
    Err(th.raise(exc::VALUE_ERROR, message))
}

/// Locals without a value get None: the code at the new place may rely on their being set.
unsafe fn fill_locals(th: &Thread, frame: *mut Frame, code: &Code) -> PyResult<()> {
    // SAFETY: (4): the frame's locals.
    unsafe {
        let unset = |&index: &usize| (*Frame::local(frame, index)).is_null();
        let count = (0..code.nlocalsplus as usize).filter(unset).count();
        if count == 0 {
            return Ok(());
        }
        let plural = if count == 1 { "" } else { "s" };
        let message = format!("assigning None to {count} unbound local{plural}");
        let category = Borrowed::from_ref(exc::RUNTIME_WARNING).object();
        crate::warnings::warn(th, category, Str::new(th, &message)?.borrow(), 0)?;
        for index in (0..code.nlocalsplus as usize).filter(unset) {
            *Frame::local(frame, index) = StackRef::none();
        }
    }
    Ok(())
}

/// Drops what the new place does not know; what stays is held by the stack itself from now on, because the locals
/// that it may be borrowed from can change before it is used.
unsafe fn cut_stack(th: &Thread, frame: *mut Frame, mut here: Stack, there: Stack) {
    // SAFETY: (4): the stack holds what `here` says, all of it above the locals.
    unsafe {
        let keep = Frame::stack_base(frame).add(there.depth() as usize);
        while (*frame).sp > keep {
            (*frame).sp = (*frame).sp.sub(1);
            let value = std::mem::replace(&mut *(*frame).sp, StackRef::NULL);
            if here.peek(1) == Some(Kind::Except) {
                crate::interpreter::end_handling(th, value);
            } else if value.as_tagged_int().is_none() {
                value.close();
            }
            here = here.pop();
        }
        Frame::own_stack(frame);
    }
}

/// `frame.f_lineno = value`.
pub fn set_line(th: &Thread, object: &FrameObject, value: Option<Borrowed<'_>>) -> PyResult<()> {
    let Some(value) = value else {
        let message = "attribute 'f_lineno' of 'frame' objects cannot be deleted";
        return Err(th.raise(exc::ATTRIBUTE_ERROR, message));
    };
    let Some(number) = value.downcast_exact::<Int>() else {
        return Err(th.raise(exc::VALUE_ERROR, "lineno must be an integer"));
    };
    let frame = object.frame.get();
    check_event(th, frame)?;
    let Some(line) = number.get().to_i64().and_then(|line| i32::try_from(line).ok()) else {
        return Err(th.raise(exc::VALUE_ERROR, "lineno out of range"));
    };
    let code = object.code().to_owned();
    if line < code.firstlineno {
        let message = "comes before the current code block";
        return Err(raise!(th, VALUE_ERROR, "line {line} {message}"));
    }
    // SAFETY: (7): a tool is being told of the frame, which has saved its state and goes on where `ip` says.
    unsafe {
        let from = Frame::last_unit(frame).max(0) as usize;
        let (unit, here, there) = find_target(th, &code, from, line)?;
        fill_locals(th, frame, &code)?;
        if !foreign::may_go_on(frame, unit, there.depth() as usize) {
            return Err(th.raise(exc::VALUE_ERROR, "incompatible stacks"));
        }
        cut_stack(th, frame, here, there);
        object.line.set(0);
        (*frame).ip = code.units().add(unit);
    }
    Ok(())
}
