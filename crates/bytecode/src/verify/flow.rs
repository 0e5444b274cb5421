//! The walk over all ways through the code, exceptions included.
//!
//! States are kept where control comes together: at jump targets and handlers. From there the walk goes straight
//! on; the first places come first, so that a loop is entered when all that leads to it is known.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::effects::step;
use super::shape::fetch;
use super::state::{Kinds, Slot, State};
use super::{CodeFault, Layout, Verifiable, unit};
use crate::{Decoded, ExceptionEntry, OpFlags, Opcode};

/// No compiler's code comes near this: what needs more is made to keep the verifier busy.
const WORK_FOR_EACH_INSTRUCTION: usize = 1000;
const MOST_WORDS: usize = 1 << 26;

/// Follows the code from its start.
pub fn follow(
    subject: &Verifiable<'_>,
    layout: &Layout,
    handlers: &[ExceptionEntry],
) -> Result<(), CodeFault> {
    let mut flow = Flow {
        subject,
        layout,
        handlers,
        states: layout.leaders.iter().map(|_| None).collect(),
        queued: vec![false; layout.leaders.len()],
        queue: BinaryHeap::new(),
        words: 0,
        work: layout.instruction_count.saturating_mul(WORK_FOR_EACH_INSTRUCTION),
    };
    let entry = State::at_entry(subject);
    flow.reach(0, &entry.stack, &entry).map_err(|what| CodeFault { offset: 0, what })?;
    let mut state = entry;
    while let Some(Reverse(leader)) = flow.queue.pop() {
        flow.queued[leader] = false;
        if let Some(known) = &flow.states[leader] {
            state.copy_from(known);
        }
        flow.run(layout.leaders[leader], &mut state)?;
    }
    Ok(())
}

struct Flow<'a> {
    subject: &'a Verifiable<'a>,
    layout: &'a Layout,
    handlers: &'a [ExceptionEntry],
    /// By leader: the state found there so far.
    states: Vec<Option<State>>,
    queued: Vec<bool>,
    /// Leaders whose state has grown since they were looked at.
    queue: BinaryHeap<Reverse<usize>>,
    /// What all states take together.
    words: usize,
    work: usize,
}

impl Flow<'_> {
    /// Goes straight on from a leader to the next one, or to where control does not come further.
    fn run(&mut self, from: u32, state: &mut State) -> Result<(), CodeFault> {
        let mut handler = self.handlers.partition_point(|entry| entry.end <= from);
        // The handler that the state has been shown to as it is.
        let mut shown = None;
        let mut next = from;
        while let Some(fetched) = fetch(self.subject.code, next) {
            let at = |what| CodeFault { offset: fetched.offset, what };
            if next != from && self.layout.is(next, unit::LEADER) {
                return self.reach(next, &state.stack, state).map_err(at);
            }
            while self.handlers.get(handler).is_some_and(|entry| entry.end <= next) {
                handler += 1;
            }
            let shape = fetched.shape();
            let depth = state.stack.len();
            match self.handlers.get(handler) {
                Some(entry) if entry.start <= next => {
                    let (instr, handler) = (fetched.decoded(), (handler, entry));
                    self.step_protected(&instr, state, handler, &mut shown).map_err(at)?;
                }
                _ if shape.is_plain() => state.exchange(shape.popped, shape.pushed).map_err(at)?,
                _ => {
                    step(self.subject, state, &fetched.decoded()).map_err(at)?;
                }
            }
            let grown = state.stack.len().saturating_sub(depth);
            self.work = self.work.checked_sub(1 + grown).ok_or(at("too intricate"))?;
            if grown > 0 && state.stack.len() > self.subject.stack_size as usize {
                return Err(at("stack overflow"));
            }
            if shape.jumps() {
                self.jump(&fetched.decoded(), state).map_err(at)?;
            }
            if shape.ends() {
                return Ok(());
            }
            next = fetched.end();
            if next as usize == self.layout.marks.len() {
                return Err(at("leaves the code"));
            }
        }
        Ok(())
    }

    /// Runs an instruction whose exceptions go to a handler. `shown` is the one that knows the state as it is.
    fn step_protected(
        &mut self,
        instr: &Decoded,
        state: &mut State,
        (handler, entry): (usize, &ExceptionEntry),
        shown: &mut Option<usize>,
    ) -> Result<(), &'static str> {
        let raises = self.raises(instr);
        if entry.depth as usize > state.stack.len() {
            return Err("handler deeper than the stack");
        }
        if instr.opcode == Opcode::RETURN_GENERATOR {
            return Err("handler for the start of a generator");
        }
        if raises && *shown != Some(handler) {
            self.enter_handler(entry, state)?;
            *shown = Some(handler);
        }
        let changed = step(self.subject, state, instr)?;
        let kept = changed.floor >= entry.depth as usize;
        if raises && !kept {
            return Err("handler deeper than the stack");
        }
        if changed.locals || !kept || instr.opcode == Opcode::SWAP {
            *shown = None;
        }
        Ok(())
    }

    /// Whether an exception may come out of the instruction while the state before it holds. `MAKE_CELL` does
    /// without memory only, and then the local is lost to everyone, as it is in the reference.
    fn raises(&self, instr: &Decoded) -> bool {
        let opcode = instr.opcode;
        let fails = matches!(
            opcode,
            Opcode::YIELD_VALUE
                | Opcode::PUSH_EXC_INFO
                | Opcode::POP_EXCEPT
                | Opcode::COPY_FREE_VARS
        );
        let unknown = Opcode::from_byte(self.subject.code[2 * instr.offset as usize]).is_none();
        fails
            || unknown
            || self.layout.is(instr.start, unit::INTERRUPTED)
            || opcode.flags().has(OpFlags::ERROR) && opcode != Opcode::MAKE_CELL
    }

    fn jump(&mut self, instr: &Decoded, state: &State) -> Result<(), &'static str> {
        let opcode = instr.opcode;
        let target = instr.jump_target().ok_or("jump out of the code")?;
        // What ends a loop goes on behind `END_FOR` without looking at it.
        if opcode == Opcode::FOR_ITER && !self.stands_at(target, Opcode::END_FOR) {
            return Err("FOR_ITER without END_FOR");
        }
        if opcode == Opcode::SEND && !self.stands_at(target, Opcode::END_SEND) {
            return Err("SEND without END_SEND");
        }
        self.reach(target, &state.stack, state)
    }

    /// Whether this opcode, without `EXTENDED_ARG`, is the unit's.
    fn stands_at(&self, target: u32, opcode: Opcode) -> bool {
        self.subject.code.get(2 * target as usize) == Some(&(opcode as u8))
    }

    /// The exception comes on top of what the handler keeps of the stack.
    fn enter_handler(&mut self, entry: &ExceptionEntry, state: &State) -> Result<(), &'static str> {
        let mut stack = Vec::with_capacity(entry.depth as usize + 2);
        stack.extend_from_slice(&state.stack[..entry.depth as usize]);
        if entry.lasti {
            stack.push(Slot::of(Kinds::PLACE));
        }
        stack.push(Slot::OBJECT);
        if stack.len() > self.subject.stack_size as usize {
            return Err("stack overflow");
        }
        self.reach(entry.target, &stack, state)
    }

    /// Control comes to `target` with this stack and the state's locals.
    fn reach(&mut self, target: u32, stack: &[Slot], state: &State) -> Result<(), &'static str> {
        let Ok(leader) = self.layout.leaders.binary_search(&target) else {
            return Err("jump out of the code");
        };
        let grown = match &mut self.states[leader] {
            Some(known) => known.unite_with(stack, state)?,
            unknown => {
                let locals = state.locals.clone();
                let first =
                    State { stack: stack.to_vec(), locals, in_generator: state.in_generator };
                self.words += first.size();
                *unknown = Some(first);
                true
            }
        };
        if self.words > MOST_WORDS {
            return Err("too intricate");
        }
        if grown && !std::mem::replace(&mut self.queued[leader], true) {
            self.queue.push(Reverse(leader));
        }
        Ok(())
    }
}
