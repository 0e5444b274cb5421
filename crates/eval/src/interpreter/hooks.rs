//! The hooks that tools put over instructions: tell the tools, then run what the hook replaces.
//!
//! A hook has the same length as its instruction, so callers and callees find their way as ever. It always runs the
//! generic form: a specialised one would look at its own opcode.

use krait_bytecode::Opcode;
use krait_objects::prelude::*;

use super::op::Op;
use super::state::{Cold, Dispatch, State};
use super::{UNWIND, calls};
use crate::code::{Code, CodeUnit};
use crate::frame::{Frame, StackRef};
use crate::generator::{Coroutine, Generator};
use crate::monitoring::{self, base_at, deliver, event};
use krait_objects::method::Method;

/// The handler of all hooks.
#[inline(always)]
pub unsafe fn hook<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (8).
    unsafe { D::cold::<Tell>(s, 0) }
}

struct Tell;

impl Cold for Tell {
    #[inline(always)]
    unsafe fn run<D: Dispatch>(s: State, _: usize) -> D::Out {
        // SAFETY: the state is complete. What the frame's `ip` was tells where the instruction was reached from.
        unsafe {
            let from = (*s.frame).ip;
            s.save();
            let ip = tell(s.th, s.frame, s.arg, from);
            if ip == s.ip {
                let opcode = original(s.frame, s.ip);
                return D::to(s, opcode);
            }
            D::next(State::reload(s.th, ip))
        }
    }
}

/// The opcode to run where a hook is, or was until a moment ago.
#[inline(never)]
pub unsafe fn original(frame: *mut Frame, ip: *const CodeUnit) -> u8 {
    // SAFETY: (8).
    unsafe {
        let code = Frame::code(frame);
        let unit = ip.offset_from(code.units()) as usize;
        let opcode = monitoring::original_at(code.get(), unit);
        Opcode::from_byte(opcode).map_or(opcode, |known| known.base().number() as u8)
    }
}

/// The code of a new frame gets its hooks before its `RESUME`, which lies before `ip`, runs again.
#[inline(never)]
pub unsafe fn prepare(th: *const Thread, frame: *mut Frame) -> bool {
    // SAFETY: (5).
    unsafe {
        let code = Frame::code(frame);
        let stale = monitoring::is_stale(&*th, code);
        if stale {
            monitoring::instrument(&*th, code);
        }
        stale
    }
}

/// The instruction under a hook, as the tools are told of it.
struct Place<'a> {
    op: Op<'a>,
    code: Borrowed<'a, Code>,
    unit: usize,
    /// The place that the frame knew before.
    from: usize,
}

/// Answers the same `ip` if the instruction is still to run, or where to go on.
#[inline(never)]
unsafe fn tell(
    th: *const Thread,
    frame: *mut Frame,
    arg: usize,
    from: *const CodeUnit,
) -> *const CodeUnit {
    // SAFETY: (8).
    unsafe {
        let th = &*th;
        if (*th.raw()).tracing > 0 {
            return (*frame).ip;
        }
        let code = Frame::code(frame);
        let unit = Frame::last_unit(frame) as usize;
        let from = from.offset_from(code.units()).max(0) as usize;
        let place = Place { op: Op::new(th, frame, arg), code, unit, from };
        place.tell().unwrap_or(UNWIND.as_ptr())
    }
}

impl Place<'_> {
    fn deliver(&self, event: u8, extra: &[Borrowed<'_>]) -> PyResult<()> {
        deliver(self.op.th, self.code, event, self.unit, extra)
    }

    fn tell(&self) -> PyResult<*const CodeUnit> {
        let ip = self.op.ip();
        let Some(opcode) = base_at(self.code.get(), self.unit) else { return Ok(ip) };
        self.line()?;
        // A tracer may have sent the frame to another line.
        if self.op.ip() != ip {
            return Ok(self.op.ip());
        }
        if opcode != Opcode::RESUME {
            self.deliver(event::INSTRUCTION, &[])?;
        }
        match opcode {
            Opcode::RESUME if self.op.arg & 3 == 0 => self.deliver(event::PY_START, &[])?,
            Opcode::RESUME => self.deliver(event::PY_RESUME, &[])?,
            Opcode::RETURN_VALUE => self.deliver(event::PY_RETURN, &[self.op.peek(1)])?,
            Opcode::YIELD_VALUE => self.deliver(event::PY_YIELD, &[self.op.peek(1)])?,
            Opcode::JUMP_FORWARD | Opcode::JUMP_BACKWARD => self.jump(event::JUMP, opcode)?,
            Opcode::POP_JUMP_IF_FALSE
            | Opcode::POP_JUMP_IF_TRUE
            | Opcode::POP_JUMP_IF_NONE
            | Opcode::POP_JUMP_IF_NOT_NONE
                if self.is_taken(opcode) =>
            {
                self.jump(event::BRANCH_RIGHT, opcode)?;
            }
            Opcode::NOT_TAKEN => self.arrive(event::BRANCH_LEFT)?,
            Opcode::POP_ITER | Opcode::END_ASYNC_FOR => self.arrive(event::BRANCH_RIGHT)?,
            Opcode::FOR_ITER => return self.iterate(),
            Opcode::END_FOR | Opcode::END_SEND => self.stop_iteration()?,
            Opcode::CALL | Opcode::CALL_KW | Opcode::CALL_FUNCTION_EX => return self.call(opcode),
            Opcode::LOAD_SUPER_ATTR => self.call_super()?,
            _ => {}
        }
        Ok(ip)
    }

    fn line(&self) -> PyResult<()> {
        let starts = match self.code.get().hooks().get() {
            Some(data) => data.borrow().line_starts.get(self.unit).copied().unwrap_or(false),
            None => false,
        };
        let code = self.code.get();
        let Some(line) = code.line_of_unit(self.unit as isize).filter(|_| starts) else {
            return Ok(());
        };
        if code.line_of_unit(self.from as isize) == Some(line)
            && base_at(code, self.from) != Some(Opcode::RESUME)
        {
            return Ok(());
        }
        let line = Int::from_i64(self.op.th, line.into())?;
        self.deliver(event::LINE, &[line.object()])
    }

    /// The offset behind the instruction.
    fn behind(&self, opcode: Opcode) -> i64 {
        (self.unit + 1 + opcode.cache_units()) as i64
    }

    fn jump(&self, event: u8, opcode: Opcode) -> PyResult<()> {
        let distance = self.op.arg as i64;
        let target = match opcode {
            Opcode::JUMP_BACKWARD => self.behind(opcode) - distance,
            _ => self.behind(opcode) + distance,
        };
        let target = Int::from_i64(self.op.th, 2 * target)?;
        self.deliver(event, &[target.object()])
    }

    /// Whether a conditional jump will jump.
    fn is_taken(&self, opcode: Opcode) -> bool {
        // SAFETY: (9): the condition, `True` or `False` where truth is asked for.
        let value = unsafe { *self.op.slot(1) };
        match opcode {
            Opcode::POP_JUMP_IF_FALSE => value == StackRef::from_bool(false),
            Opcode::POP_JUMP_IF_TRUE => value == StackRef::from_bool(true),
            Opcode::POP_JUMP_IF_NONE => value == StackRef::none(),
            _ => value != StackRef::none(),
        }
    }

    /// The end of a branch, which began where the frame was before.
    fn arrive(&self, event: u8) -> PyResult<()> {
        let target = Int::from_i64(self.op.th, 2 * (self.unit as i64 + 1))?;
        deliver_at(self, event, target.object())
    }

    /// As `FOR_ITER` itself, without entering a generator in place: what follows is a branch.
    fn iterate(&self) -> PyResult<*const CodeUnit> {
        let op = self.op;
        let next = op.next();
        let Some(item) = iter::next(op.th, op.peek(1))? else {
            // SAFETY: (8): the argument leads to `END_FOR`, which only generators need.
            return Ok(unsafe { next.add(op.arg + 1) });
        };
        op.push(item);
        let target = Int::from_i64(op.th, 2 * self.behind(Opcode::FOR_ITER))?;
        self.deliver(event::BRANCH_LEFT, &[target.object()])?;
        Ok(next)
    }

    /// A generator has returned into a loop or a delegation: as if its StopIteration had been raised.
    fn stop_iteration(&self) -> PyResult<()> {
        let (receiver, value) = (self.op.peek(2), self.op.peek(1));
        if !receiver.is_exact::<Generator>() && !receiver.is_exact::<Coroutine>() {
            return Ok(());
        }
        let class = Borrowed::from_ref(exc::STOP_ITERATION).object();
        let stop = call::call(self.op.th, class, &[value])?;
        self.deliver(event::STOP_ITERATION, &[stop.borrow()])
    }

    /// A call; one that the loop cannot run itself is done here, because its end is an event too.
    fn call(&self, opcode: Opcode) -> PyResult<*const CodeUnit> {
        let op = self.op;
        let missing = monitoring::monitors(op.th).missing();
        let (callable, first) = self.callee(opcode);
        let (callable, first) = (callable.to_owned(), first.unwrap_or(missing));
        let before = op.ip();
        self.deliver(event::CALL, &[callable.borrow(), first.borrow()])?;
        let python = match callable.borrow().downcast_exact::<Method>() {
            Some(method) => calls::is_python(method.get().function()),
            None => calls::is_python(callable.borrow()),
        };
        if python {
            return Ok(before);
        }
        let done = match opcode {
            Opcode::CALL => calls::call(op),
            Opcode::CALL_KW => calls::call_kw(op),
            _ => calls::call_function_ex(op),
        };
        match done {
            Ok(next) => {
                self.deliver(event::C_RETURN, &[callable.borrow(), first.borrow()])?;
                Ok(next)
            }
            Err(raised) => {
                let Some(exception) = op.th.take_exception() else { return Err(raised) };
                self.deliver(event::C_RAISE, &[callable.borrow(), first.borrow()])?;
                Err(op.th.set_exception(exception.into_object()))
            }
        }
    }

    /// What is called, and its first positional argument.
    fn callee(&self, opcode: Opcode) -> (Borrowed<'_>, Option<Owned>) {
        let op = self.op;
        if opcode == Opcode::CALL_FUNCTION_EX {
            let args = op.peek(2).downcast::<Tuple>();
            let first = args.and_then(|args| args.get().get(0).map(Borrowed::to_owned));
            return (op.peek(4), first);
        }
        let below = if opcode == Opcode::CALL_KW { 3 } else { 2 };
        let callable = op.peek(op.arg + below);
        // SAFETY: (9): the receiver or null, then the arguments.
        let this = unsafe { (*op.slot(op.arg + below - 1)).get_opt() };
        let first = match this {
            Some(this) => Some(this.to_owned()),
            None if op.arg > 0 => Some(op.peek(op.arg + below - 2).to_owned()),
            None => None,
        };
        (callable, first)
    }

    fn call_super(&self) -> PyResult<()> {
        let callable = self.op.peek(3).to_owned();
        let missing = monitoring::monitors(self.op.th).missing();
        let first = if self.op.arg & 2 != 0 { self.op.peek(2).to_owned() } else { missing };
        self.deliver(event::CALL, &[callable.borrow(), first.borrow()])
    }
}

/// An event of the place that the frame came from.
fn deliver_at(place: &Place<'_>, event: u8, target: Borrowed<'_>) -> PyResult<()> {
    monitoring::deliver_from(place.op.th, place.code, event, place.unit, place.from, &[target])
}
