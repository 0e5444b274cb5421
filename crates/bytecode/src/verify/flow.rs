//! The walk over all ways through the code, exceptions included.
//!
//! States are kept where control comes together: at jump targets and handlers. From there the walk goes straight
//! on; the first places come first, so that a loop is entered when all that leads to it is known.

use super::effects::step;
use super::shape::fetch;
use super::state::{Kinds, Place, Pool, Slot, State};
use super::{CodeFault, Layout, Moment, Verifiable, unit};
use crate::{Decoded, ExceptionEntry, Opcode};

/// No compiler's code comes near this: what needs more is made to keep the verifier busy.
const WORK_FOR_EACH_INSTRUCTION: usize = 1000;
/// The same for the states that are kept.
const WORDS_FOR_EACH_INSTRUCTION: usize = 256;
const FIRST_WORDS: usize = 1 << 16;
/// So many words of a state are united in the time that an instruction takes.
const WORDS_AT_A_TIME: usize = 8;

const TOO_INTRICATE: &str = "too intricate";

/// Follows the code from its start, and from another moment if there is one.
pub fn follow(
    subject: &Verifiable<'_>,
    layout: Layout,
    handlers: &[ExceptionEntry],
    moment: Option<&Moment<'_>>,
) -> Result<(), CodeFault> {
    let mut state = State::at_entry(subject);
    let units = layout.units.len();
    let mut flow = Flow {
        subject,
        handlers,
        pool: Pool::new(&state),
        queue: Queue { bits: vec![0; units.div_ceil(64)], first: 0 },
        work: layout.instruction_count.saturating_mul(WORK_FOR_EACH_INSTRUCTION),
        most_words: layout.instruction_count * WORDS_FOR_EACH_INSTRUCTION + FIRST_WORDS,
        layout,
    };
    let fault = |offset| move |what| CodeFault { offset, what };
    flow.reach(0, &state, 0, &[]).map_err(fault(0))?;
    if let Some(moment) = moment {
        state.be(moment);
        flow.reach(moment.unit, &state, state.stack.len(), &[]).map_err(fault(moment.unit))?;
    }
    while let Some(leader) = flow.queue.pop() {
        if let Some(place) = flow.place(leader) {
            flow.pool.recall(place, &mut state);
        }
        flow.run(leader, &mut state)?;
    }
    Ok(())
}

/// Units whose state has grown since they were looked at, a bit each.
struct Queue {
    bits: Vec<u64>,
    /// No word before this one has a bit.
    first: usize,
}

impl Queue {
    fn push(&mut self, unit: u32) {
        let word = unit as usize / 64;
        self.bits[word] |= 1 << (unit % 64);
        self.first = self.first.min(word);
    }

    fn pop(&mut self) -> Option<u32> {
        let word = self.first + self.bits[self.first..].iter().position(|&bits| bits != 0)?;
        let bit = self.bits[word].trailing_zeros();
        self.bits[word] &= self.bits[word] - 1;
        self.first = word;
        Some(word as u32 * 64 + bit)
    }
}

struct Flow<'a> {
    subject: &'a Verifiable<'a>,
    layout: Layout,
    handlers: &'a [ExceptionEntry],
    pool: Pool,
    queue: Queue,
    work: usize,
    most_words: usize,
}

impl Flow<'_> {
    /// The state that is kept for the unit.
    fn place(&self, unit: u32) -> Option<Place> {
        let known = self.layout.units[unit as usize] >> unit::BITS;
        known.checked_sub(1).map(|place| Place(place as usize))
    }

    /// Goes straight on from a leader to the next one, or to where control does not come further.
    fn run(&mut self, from: u32, state: &mut State) -> Result<(), CodeFault> {
        let mut handler = self.handlers.partition_point(|entry| entry.end <= from);
        // The handler that the state has been shown to as it is.
        let mut shown = None;
        let mut next = from;
        while let Some(fetched) = fetch(self.subject.code, next) {
            let at = |what| CodeFault { offset: fetched.offset, what };
            if next != from && self.layout.is(next, unit::LEADER) {
                return self.reach(next, state, state.stack.len(), &[]).map_err(at);
            }
            while self.handlers.get(handler).is_some_and(|entry| entry.end <= next) {
                handler += 1;
            }
            let shape = fetched.shape();
            let depth = state.stack.len();
            match self.handlers.get(handler) {
                Some(entry) if entry.start <= next => {
                    let instr = fetched.decoded();
                    self.step_protected(&instr, state, (handler, entry), &mut shown).map_err(at)?;
                }
                _ if shape.is_plain() => state.exchange(shape.popped, shape.pushed).map_err(at)?,
                _ => {
                    step(self.subject, state, &fetched.decoded()).map_err(at)?;
                }
            }
            let grown = state.stack.len().saturating_sub(depth);
            self.work = self.work.checked_sub(1 + grown).ok_or(at(TOO_INTRICATE))?;
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
            if next as usize == self.layout.units.len() {
                return Err(at("leaves the code"));
            }
        }
        Ok(())
    }

    /// Runs an instruction whose exceptions go to a handler. `shown` is the one that knows the state as it is. Not every
    /// instruction raises by itself; but a signal or a tool that listens may do so in front of any.
    ///
    /// An exception that finds less on the stack than the handler keeps leaves the frame: the interpreter sees to that.
    /// So a handler hears only of states that are deep enough for it.
    fn step_protected(
        &mut self,
        instr: &Decoded,
        state: &mut State,
        (handler, entry): (usize, &ExceptionEntry),
        shown: &mut Option<usize>,
    ) -> Result<(), &'static str> {
        if instr.opcode == Opcode::RETURN_GENERATOR {
            return Err("handler for the start of a generator");
        }
        let depth = entry.depth as usize;
        let deep_enough = depth <= state.stack.len();
        if deep_enough && *shown != Some(handler) {
            self.enter_handler(entry, state)?;
            *shown = Some(handler);
        }
        let changed = step(self.subject, state, instr)?;
        let kept = changed.floor >= depth;
        if !(deep_enough && kept) {
            let floor = if deep_enough { changed.floor } else { usize::MAX };
            self.enter_handler_meanwhile(entry, state, floor)?;
        }
        if changed.locals || !kept || instr.opcode == Opcode::SWAP {
            *shown = None;
        }
        Ok(())
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
        self.reach(target, state, state.stack.len(), &[])
    }

    /// Whether this opcode, without `EXTENDED_ARG`, is the unit's.
    fn stands_at(&self, target: u32, opcode: Opcode) -> bool {
        self.subject.code.get(2 * target as usize) == Some(&(opcode as u8))
    }

    /// The exception comes on top of what the handler keeps of the stack.
    fn enter_handler(&mut self, entry: &ExceptionEntry, state: &State) -> Result<(), &'static str> {
        let raised = [Slot::of(Kinds::PLACE), Slot::OBJECT];
        let raised = if entry.lasti { &raised[..] } else { &raised[1..] };
        if entry.depth as usize + raised.len() > self.subject.stack_size as usize {
            return Err("stack overflow");
        }
        self.reach(entry.target, state, entry.depth as usize, raised)
    }

    /// The instruction takes some of what the handler keeps, all that is above `floor`, and may raise when it has put
    /// something else there.
    #[cold]
    fn enter_handler_meanwhile(
        &mut self,
        entry: &ExceptionEntry,
        after: &State,
        floor: usize,
    ) -> Result<(), &'static str> {
        let depth = entry.depth as usize;
        if floor < depth {
            let mut meanwhile = after.clone();
            meanwhile.stack.truncate(floor);
            meanwhile.stack.resize(depth, Slot::OBJECT);
            self.enter_handler(entry, &meanwhile)?;
        }
        if depth <= after.stack.len() { self.enter_handler(entry, after) } else { Ok(()) }
    }

    /// Control comes to `target` with so much of the state's stack, and `above` on it.
    fn reach(
        &mut self,
        target: u32,
        state: &State,
        depth: usize,
        above: &[Slot],
    ) -> Result<(), &'static str> {
        let below = &state.stack[..depth];
        let work = (self.pool.rows() + depth) / WORDS_AT_A_TIME;
        self.work = self.work.checked_sub(work).ok_or(TOO_INTRICATE)?;
        let grown = match self.place(target) {
            Some(place) => self.pool.unite(place, state, below, above)?,
            None => {
                let place = self.pool.keep(state, below, above);
                self.layout.units[target as usize] |= (place.0 as u32 + 1) << unit::BITS;
                true
            }
        };
        if self.pool.size() > self.most_words {
            return Err(TOO_INTRICATE);
        }
        if grown {
            self.queue.push(target);
        }
        Ok(())
    }
}
