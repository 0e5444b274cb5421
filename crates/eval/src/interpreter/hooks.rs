//! The hooks that tools put over instructions: tell the tools, then run what the hook replaces.
//!
//! A hook has the same length as its instruction, so callers and callees find their way as ever. It always runs the
//! generic form: a specialised one would look at its own opcode.

use krait_bytecode::Opcode;
use krait_objects::prelude::*;

use super::op::Op;
use super::state::{Cold, Dispatch, State};
use super::{UNWIND, calls, iteration};
use crate::code::{Code, CodeUnit};
use crate::frame::{Frame, StackRef};
use crate::function::Function;
use crate::generator::{Coroutine, Generator};
use crate::monitoring::{self, base_at, deliver, event, mark};
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
    ip: *const CodeUnit,
    /// The unit that the frame knew before.
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
        let ip = (*frame).ip;
        if (*th.raw()).tracing > 0 {
            return ip;
        }
        let code = Frame::code(frame);
        let unit = Frame::last_unit(frame) as usize;
        let from = from.offset_from(code.units()).max(0) as usize;
        let place = Place { op: Op::new(th, frame, arg), code, unit, ip, from };
        place.tell().unwrap_or(UNWIND.as_ptr())
    }
}

impl Place<'_> {
    fn deliver(&self, event: u8, extra: &[Borrowed<'_>]) -> PyResult<()> {
        deliver(self.op.th, self.code, event, self.unit, extra)
    }

    /// Whether some tool wants to hear of the event here.
    fn wants(&self, event: u8) -> bool {
        monitoring::tools_at(self.op.th, self.code, event, self.unit) != 0
    }

    fn is(&self, mark: u8) -> bool {
        self.code.get().hooks().get().is_some_and(|data| data.borrow().is(self.unit, mark))
    }

    fn tell(mut self) -> PyResult<*const CodeUnit> {
        let Some(opcode) = base_at(self.code.get(), self.unit) else { return Ok(self.ip) };
        let mut seen = false;
        if self.is(mark::INSTRUCTION) && opcode != Opcode::RESUME {
            if self.is(mark::LINE) && self.wants(event::LINE) {
                self.line()?;
                // A tracer may have sent the frame to another line.
                if self.op.ip() != self.ip {
                    return Ok(self.op.ip());
                }
                seen = true;
            }
            if self.wants(event::INSTRUCTION) {
                self.deliver(event::INSTRUCTION, &[])?;
                seen = true;
            }
        }
        if seen {
            self.from = self.unit;
        }
        match opcode {
            Opcode::CALL | Opcode::CALL_KW | Opcode::CALL_FUNCTION_EX => self.call(opcode),
            Opcode::LOAD_SUPER_ATTR => self.load_super(),
            Opcode::FOR_ITER if seen || self.wants(event::BRANCH_LEFT) => self.iterate(),
            Opcode::END_FOR => self.end_for(),
            _ => {
                self.pass(opcode)?;
                Ok(self.op.ip())
            }
        }
    }

    /// The event of an instruction that runs by itself. A tracer may have sent the frame to another line then.
    fn pass(&self, opcode: Opcode) -> PyResult<()> {
        match opcode {
            Opcode::RESUME => self.resume(),
            Opcode::RETURN_VALUE => self.deliver(event::PY_RETURN, &[self.op.peek(1)]),
            Opcode::YIELD_VALUE => self.deliver(event::PY_YIELD, &[self.op.peek(1)]),
            Opcode::JUMP_FORWARD | Opcode::JUMP_BACKWARD => self.jump(event::JUMP, opcode),
            Opcode::POP_JUMP_IF_FALSE
            | Opcode::POP_JUMP_IF_TRUE
            | Opcode::POP_JUMP_IF_NONE
            | Opcode::POP_JUMP_IF_NOT_NONE
                if self.is_taken(opcode) =>
            {
                self.jump(event::BRANCH_RIGHT, opcode)
            }
            Opcode::NOT_TAKEN => self.arrive(event::BRANCH_LEFT, self.from),
            Opcode::POP_ITER => self.arrive(event::BRANCH_RIGHT, self.from),
            Opcode::END_ASYNC_FOR => {
                // The argument leads back to where the loop has its items from.
                let source = (self.unit + 1).saturating_sub(self.op.arg);
                self.arrive(event::BRANCH_RIGHT, source)
            }
            Opcode::END_SEND => self.stop_iteration(),
            _ => Ok(()),
        }
    }

    /// Whether the frame comes from a `RESUME` that some tool hears of, or that has never run because an exception
    /// was thrown in there.
    fn resumed(&self) -> bool {
        match self.code.get().hooks().get() {
            Some(data) => data.borrow().is_fresh_resume(self.from),
            None => false,
        }
    }

    fn resume(&self) -> PyResult<()> {
        let event = if self.op.arg & 3 == 0 { event::PY_START } else { event::PY_RESUME };
        let heard = self.wants(event);
        if let Some(data) = self.code.get().hooks().get() {
            data.borrow_mut().resume(self.unit, heard);
        }
        self.deliver(event, &[])
    }

    /// A line starts here, unless it is the one that the frame comes from; where a frame resumes, one always does.
    fn line(&self) -> PyResult<()> {
        let code = self.code.get();
        let Some(line) = monitoring::line_at(code, self.unit) else { return Ok(()) };
        if !self.resumed() && monitoring::line_at(code, self.from) == Some(line) {
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

    /// The end of a branch that began at `source`.
    fn arrive(&self, event: u8, source: usize) -> PyResult<()> {
        let target = Int::from_i64(self.op.th, 2 * (self.unit as i64 + 1))?;
        let (th, code) = (self.op.th, self.code);
        monitoring::deliver_from(th, code, event, self.unit, source, &[target.object()])
    }

    /// As `FOR_ITER` itself, without entering a generator in place: that only a form does that no tool has looked at.
    fn iterate(&self) -> PyResult<*const CodeUnit> {
        let op = self.op;
        let Some(item) = iteration::next_item(op)? else { return Ok(iteration::behind_loop(op)) };
        let next = op.next();
        let target = Int::from_i64(op.th, 2 * self.behind(Opcode::FOR_ITER))?;
        self.deliver(event::BRANCH_LEFT, &[target.object()])?;
        if op.ip() != self.ip {
            return Ok(op.ip());
        }
        op.push(item);
        Ok(next)
    }

    /// A generator has returned into the loop that it feeds. For everyone who looks the frame is still at its
    /// `FOR_ITER`.
    fn end_for(&self) -> PyResult<*const CodeUnit> {
        // SAFETY: (8): a unit of the same code.
        unsafe { (*self.op.frame).ip = self.code.get().units().add(self.from) };
        self.stop_iteration()?;
        Ok(self.ip)
    }

    /// A generator has returned into a loop or a delegation: as if its StopIteration had been raised.
    fn stop_iteration(&self) -> PyResult<()> {
        let (receiver, value) = (self.op.peek(2), self.op.peek(1));
        if !receiver.is_exact::<Generator>() && !receiver.is_exact::<Coroutine>() {
            return Ok(());
        }
        if !self.wants(event::STOP_ITERATION) {
            return Ok(());
        }
        let th = self.op.th;
        let raised = match value.is_none() {
            true => th.raise_none(exc::STOP_ITERATION),
            false => th.raise_value(exc::STOP_ITERATION, value),
        };
        let stop = th.take_raised(raised);
        self.deliver(event::STOP_ITERATION, &[stop.object()])
    }

    /// A call; one that the loop cannot run itself is done here, because its end is an event too.
    fn call(&self, opcode: Opcode) -> PyResult<*const CodeUnit> {
        if !self.wants(event::CALL) {
            return Ok(self.ip);
        }
        let (callable, first) = self.callee(opcode)?;
        self.deliver(event::CALL, &[callable.borrow(), first.borrow()])?;
        let python = match opcode {
            Opcode::CALL_FUNCTION_EX => {
                callable.is_exact::<Function>() || callable.is_exact::<Method>()
            }
            _ => calls::is_python(callable.borrow()),
        };
        if python {
            return Ok(self.ip);
        }
        let done = match opcode {
            Opcode::CALL => calls::call(self.op),
            Opcode::CALL_KW => calls::call_kw_at_once(self.op),
            _ => calls::call_function_ex(self.op),
        };
        self.call_ended(&[callable.borrow(), first.borrow()], done)
    }

    /// What is called, without its receiver, and its first positional argument, that receiver first of all.
    fn callee(&self, opcode: Opcode) -> PyResult<(Owned, Owned)> {
        let op = self.op;
        let missing = || monitoring::monitors(op.th).missing();
        if opcode == Opcode::CALL_FUNCTION_EX {
            let args = calls::argument_tuple(op)?;
            let first = args.get().get(0).map(Borrowed::to_owned);
            return Ok((op.peek(4).to_owned(), first.unwrap_or_else(missing)));
        }
        let base = op.slot(op.arg + if opcode == Opcode::CALL_KW { 3 } else { 2 });
        let callee = calls::callee(base, op.arg);
        let first = if callee.count > 0 {
            // SAFETY: (9): the first argument.
            unsafe { (*callee.args).get().to_owned() }
        } else {
            missing()
        };
        Ok((callee.callable.to_owned(), first))
    }

    /// `super(…).name` as if it had not been optimised: the call of `super` is one of native code.
    fn load_super(&self) -> PyResult<*const CodeUnit> {
        if !self.wants(event::CALL) {
            return Ok(self.ip);
        }
        let op = self.op;
        let callable = op.peek(3).to_owned();
        let given = op.arg & 2 != 0;
        let first = match given {
            true => op.peek(2).to_owned(),
            false => monitoring::monitors(op.th).missing(),
        };
        let extra = [callable.borrow(), first.borrow()];
        self.deliver(event::CALL, &extra)?;
        let both = [op.peek(2), op.peek(1)];
        let made = call::call(op.th, callable.borrow(), if given { &both } else { &[] });
        let parent = self.call_ended(&extra, made)?;
        let value = object::get_attr(op.th, parent.borrow(), op.name(op.arg >> 2))?;
        let next = op.next();
        op.release_top(3);
        op.push(value);
        if op.arg & 1 != 0 {
            op.push_ref(StackRef::NULL);
        }
        Ok(next)
    }

    /// Tells of the end of a call that was not one of Python code.
    fn call_ended<T>(&self, extra: &[Borrowed<'_>], done: PyResult<T>) -> PyResult<T> {
        // The eval breaker may have raised behind a call that has succeeded.
        let pending = self.op.th.take_exception();
        let event = if done.is_ok() { event::C_RETURN } else { event::C_RAISE };
        self.deliver(event, extra)?;
        match (done, pending) {
            (done, None) => done,
            (Ok(done), Some(pending)) => {
                let _raised = self.op.th.set_exception(pending.into_object());
                Ok(done)
            }
            (Err(_raised), Some(pending)) => Err(self.op.th.set_exception(pending.into_object())),
        }
    }
}
