//! What each instruction asks of stack and locals, and what it leaves there.
//!
//! An instruction that is not named here takes objects and leaves objects, as many as the table says.

use super::state::{Kinds, Slot, State};
use super::{Verifiable, free_count};
use crate::{Decoded, Opcode};

/// What an instruction has done besides.
pub struct Changed {
    /// The lowest depth of the stack meanwhile, if the instruction takes anything: what lies below was not touched.
    pub floor: usize,
    pub locals: bool,
}

/// A stack that no compiler's code needs is not followed.
const DEEPEST: usize = 1 << 20;

const OBJECT: Kinds = Kinds::OBJECT;

/// A real object, of whatever type.
fn objects() -> Kinds {
    OBJECT.or(Kinds::CELL)
}

fn object_or_null() -> Kinds {
    objects().or(Kinds::NULL)
}

type Checked<T = ()> = Result<T, &'static str>;

const UNDERFLOW: &str = "stack underflow";
const WRONG_KIND: &str = "wrong kind of value on the stack";
const BORROWED: &str = "local changed while borrowed from";

/// The stack at work.
impl State {
    fn need(&self, kinds: Kinds, depth: usize) -> Checked<Slot> {
        let at = self.stack.len().checked_sub(depth).filter(|_| depth > 0).ok_or(UNDERFLOW)?;
        let slot = self.stack[at];
        if slot.kinds().within(kinds) { Ok(slot) } else { Err(WRONG_KIND) }
    }

    fn pop(&mut self, kinds: Kinds) -> Checked<Slot> {
        let slot = self.stack.pop().ok_or(UNDERFLOW)?;
        if slot.kinds().within(kinds) { Ok(slot) } else { Err(WRONG_KIND) }
    }

    fn pop_any(&mut self) -> Checked<Slot> {
        self.stack.pop().ok_or(UNDERFLOW)
    }

    fn pop_objects(&mut self, count: i64) -> Checked {
        let count = usize::try_from(count).map_err(|_| UNDERFLOW)?;
        let left = self.stack.len().checked_sub(count).ok_or(UNDERFLOW)?;
        if !self.stack[left..].iter().all(|slot| slot.kinds().within(objects())) {
            return Err(WRONG_KIND);
        }
        self.stack.truncate(left);
        Ok(())
    }

    /// What a plain instruction does.
    #[inline(always)]
    pub fn exchange(&mut self, popped: u8, pushed: u8) -> Checked {
        let left = self.stack.len().checked_sub(popped.into()).ok_or(UNDERFLOW)?;
        if !self.stack[left..].iter().all(|slot| slot.kinds().within(objects())) {
            return Err(WRONG_KIND);
        }
        self.stack.truncate(left);
        for _ in 0..pushed {
            self.stack.push(Slot::OBJECT);
        }
        Ok(())
    }

    fn push(&mut self, slot: Slot) {
        self.stack.push(slot);
    }

    /// The local gets another value: nothing on the stack may be borrowed from it.
    fn give_up(&self, local: u32) -> Checked {
        if self.stack.iter().any(|slot| slot.may_be_borrowed_from(local)) {
            Err(BORROWED)
        } else {
            Ok(())
        }
    }

    fn load(&self, local: u32) -> Slot {
        Slot::of(self.locals.get(local))
    }

    fn borrow(&self, local: u32) -> Slot {
        self.load(local).borrowed_from(local)
    }

    fn store(&mut self, local: u32, value: Slot) -> Checked {
        if !value.kinds().within(object_or_null()) {
            return Err(WRONG_KIND);
        }
        self.give_up(local)?;
        self.locals.set(local, value.kinds());
        Ok(())
    }
}

/// Runs one instruction, whose argument is known to be in range.
pub fn step(subject: &Verifiable<'_>, state: &mut State, instr: &Decoded) -> Checked<Changed> {
    use Opcode::*;
    let Decoded { opcode, oparg, .. } = *instr;
    let depth = oparg as usize;
    match opcode {
        LOAD_FAST
        | LOAD_FAST_BORROW
        | LOAD_FAST_CHECK
        | LOAD_FAST_LOAD_FAST
        | LOAD_FAST_BORROW_LOAD_FAST_BORROW
        | LOAD_FAST_AND_CLEAR
        | STORE_FAST
        | STORE_FAST_LOAD_FAST
        | STORE_FAST_STORE_FAST
        | DELETE_FAST
        | MAKE_CELL
        | COPY_FREE_VARS
        | LOAD_DEREF
        | STORE_DEREF
        | DELETE_DEREF
        | LOAD_FROM_DICT_OR_DEREF => return step_local(subject, state, instr),
        COPY => {
            let slot = state.need(object_or_null().or(Kinds::PLACE), depth)?;
            state.push(slot);
        }
        SWAP => {
            let top = state.stack.len();
            let below = top.checked_sub(depth).ok_or(UNDERFLOW)?;
            state.stack.swap(below, top - 1);
        }
        PUSH_NULL => state.push(Slot::NULL),
        LOAD_CONST => {
            state.push(Slot::constant((subject.names_in_const)(depth)));
        }
        POP_TOP | POP_ITER => return popping(state, |state| state.pop_any().map(drop)),
        CALL | CALL_KW | CALL_FUNCTION_EX => return step_call(state, instr),
        LOAD_GLOBAL => {
            state.push(Slot::OBJECT);
            if oparg & 1 != 0 {
                state.push(Slot::NULL);
            }
        }
        LOAD_ATTR | LOAD_SUPER_ATTR | LOAD_SPECIAL => return step_attribute(state, instr),
        RETURN_GENERATOR => {
            if std::mem::replace(&mut state.in_generator, true) {
                return Err("a generator within a generator");
            }
            state.push(Slot::OBJECT);
        }
        YIELD_VALUE => return step_yield(state, instr),
        END_FOR => {
            state.need(objects(), 2)?;
            return popping(state, |state| state.pop(objects()).map(drop));
        }
        END_SEND | SET_FUNCTION_ATTRIBUTE => {
            // The upper value stays as it is.
            let top = state.pop(objects())?;
            state.pop(objects())?;
            let floor = state.stack.len();
            state.push(top);
            return Ok(Changed { floor, locals: false });
        }
        CHECK_EXC_MATCH | SEND => {
            state.pop(objects())?;
            let floor = state.stack.len();
            state.need(objects(), 1)?;
            state.push(Slot::OBJECT);
            return Ok(Changed { floor, locals: false });
        }
        FORMAT_SIMPLE | GET_YIELD_FROM_ITER => {
            // What may be the operand itself stays borrowed from where that is.
            let value = state.pop(objects())?;
            let floor = state.stack.len();
            state.push(value.without_names());
            return Ok(Changed { floor, locals: false });
        }
        FOR_ITER | GET_ANEXT | GET_LEN | IMPORT_FROM | MATCH_MAPPING | MATCH_SEQUENCE => {
            state.need(objects(), 1)?;
            state.push(Slot::OBJECT);
        }
        MATCH_KEYS => {
            state.need(objects(), 1)?;
            state.need(objects(), 2)?;
            state.push(Slot::OBJECT);
        }
        MATCH_CLASS => {
            state.need(objects(), 1)?.names().ok_or("not a constant tuple of names")?;
            return default(state, instr);
        }
        LIST_APPEND | LIST_EXTEND | SET_ADD | SET_UPDATE | DICT_UPDATE => {
            return filling(state, 1, depth);
        }
        MAP_ADD => return filling(state, 2, depth),
        DICT_MERGE => {
            let changed = filling(state, 1, depth)?;
            // A message may name the function that is to be called.
            state.need(objects(), depth + 3)?;
            return Ok(changed);
        }
        WITH_EXCEPT_START => {
            state.need(objects(), 5)?;
            state.need(object_or_null(), 4)?;
            state.need(objects(), 1)?;
            state.push(Slot::OBJECT);
        }
        PUSH_EXC_INFO => {
            // Refuses what is no exception before it takes it.
            let exception = state.pop(objects())?;
            let floor = state.stack.len();
            state.push(Slot::OBJECT);
            state.push(exception);
            return Ok(Changed { floor, locals: false });
        }
        RERAISE => {
            return popping(state, |state| {
                state.pop(objects())?;
                if state.stack.len() < depth { Err(UNDERFLOW) } else { Ok(()) }
            });
        }
        CLEANUP_THROW | END_ASYNC_FOR => {
            state.need(objects(), 1)?;
            return default_of(state, opcode.popped(oparg), opcode.pushed(oparg), false);
        }
        _ => return default(state, instr),
    }
    Ok(Changed { floor: usize::MAX, locals: false })
}

fn popping(state: &mut State, pop: impl FnOnce(&mut State) -> Checked) -> Checked<Changed> {
    pop(state)?;
    Ok(Changed { floor: state.stack.len(), locals: false })
}

fn default(state: &mut State, instr: &Decoded) -> Checked<Changed> {
    let (popped, pushed) = (instr.opcode.popped(instr.oparg), instr.opcode.pushed(instr.oparg));
    default_of(state, popped, pushed, true)
}

/// Takes so many values, which are objects or of any kind, and leaves so many objects.
fn default_of(state: &mut State, popped: i64, pushed: i64, as_objects: bool) -> Checked<Changed> {
    if as_objects {
        state.pop_objects(popped)?;
    } else {
        for _ in 0..popped {
            state.pop_any()?;
        }
    }
    let floor = state.stack.len();
    let depth = usize::try_from(pushed).ok().and_then(|pushed| floor.checked_add(pushed));
    let depth = depth.filter(|&depth| depth <= DEEPEST).ok_or("stack overflow")?;
    state.stack.resize(depth, Slot::OBJECT);
    Ok(Changed { floor, locals: false })
}

/// Puts the topmost values into a container, which lies `depth` below the rest. Its type is checked when it runs.
fn filling(state: &mut State, values: i64, depth: usize) -> Checked<Changed> {
    state.pop_objects(values)?;
    state.need(objects(), depth)?;
    Ok(Changed { floor: state.stack.len(), locals: false })
}

fn step_call(state: &mut State, instr: &Decoded) -> Checked<Changed> {
    if instr.opcode == Opcode::CALL_FUNCTION_EX {
        state.pop(object_or_null())?;
        state.pop(objects())?;
        state.pop_any()?;
        state.pop(objects())?;
    } else {
        if instr.opcode == Opcode::CALL_KW {
            let names = state.pop(objects())?.names().ok_or("not a constant tuple of names")?;
            if names > instr.oparg {
                return Err("more names than arguments");
            }
        }
        state.pop_objects(instr.oparg.into())?;
        state.pop(object_or_null())?;
        state.pop(objects())?;
    }
    let floor = state.stack.len();
    state.push(Slot::OBJECT);
    Ok(Changed { floor, locals: false })
}

/// The owner may stay, as the receiver of the method that was found.
fn step_attribute(state: &mut State, instr: &Decoded) -> Checked<Changed> {
    let owner = state.pop(objects())?;
    if instr.opcode == Opcode::LOAD_SUPER_ATTR {
        state.pop_objects(2)?;
    }
    let floor = state.stack.len();
    state.push(Slot::OBJECT);
    if instr.opcode == Opcode::LOAD_SPECIAL || instr.oparg & 1 != 0 {
        state.push(owner.with_kinds(object_or_null()));
    }
    Ok(Changed { floor, locals: false })
}

fn step_yield(state: &mut State, instr: &Decoded) -> Checked<Changed> {
    if !state.in_generator {
        return Err("yields outside a generator");
    }
    state.pop(objects())?;
    let floor = state.stack.len();
    if instr.oparg == 1 {
        // What the generator delegates to, for everyone who asks it.
        state.need(objects(), 1)?;
    }
    // An exception is thrown in when something has been sent.
    state.push(Slot::OBJECT);
    Ok(Changed { floor, locals: false })
}

/// Instructions that read or write locals.
fn step_local(subject: &Verifiable<'_>, state: &mut State, instr: &Decoded) -> Checked<Changed> {
    use Opcode::*;
    let Decoded { opcode, oparg, .. } = *instr;
    let (upper, lower) = (oparg >> 4, oparg & 15);
    let mut floor = usize::MAX;
    let mut locals = true;
    match opcode {
        LOAD_FAST | LOAD_FAST_BORROW => {
            let borrows = opcode == LOAD_FAST_BORROW;
            state.push(if borrows { state.borrow(oparg) } else { state.load(oparg) });
            locals = false;
        }
        LOAD_FAST_LOAD_FAST => {
            state.push(state.load(upper));
            state.push(state.load(lower));
            locals = false;
        }
        LOAD_FAST_BORROW_LOAD_FAST_BORROW => {
            state.push(state.borrow(upper));
            state.push(state.borrow(lower));
            locals = false;
        }
        LOAD_FAST_CHECK => {
            let kinds = state.locals.get(oparg).bound();
            state.locals.set(oparg, kinds);
            state.push(Slot::of(kinds));
        }
        LOAD_FAST_AND_CLEAR => {
            state.give_up(oparg)?;
            state.push(state.load(oparg));
            state.locals.set(oparg, Kinds::NULL);
        }
        STORE_FAST => {
            let value = state.pop_any()?;
            floor = state.stack.len();
            state.store(oparg, value)?;
        }
        STORE_FAST_LOAD_FAST => {
            let value = state.pop_any()?;
            floor = state.stack.len();
            state.store(upper, value)?;
            state.push(state.load(lower));
        }
        STORE_FAST_STORE_FAST => {
            let (first, second) = (state.pop_any()?, state.pop_any()?);
            floor = state.stack.len();
            state.store(upper, first)?;
            state.store(lower, second)?;
        }
        DELETE_FAST => {
            state.give_up(oparg)?;
            state.locals.set(oparg, Kinds::NULL);
        }
        MAKE_CELL => {
            state.give_up(oparg)?;
            state.locals.set(oparg, Kinds::CELL);
        }
        COPY_FREE_VARS => {
            let count = subject.local_kinds.len();
            for local in count - free_count(subject.local_kinds)..count {
                state.give_up(local as u32)?;
                state.locals.set(local as u32, Kinds::CELL);
            }
        }
        _ => {
            if !state.locals.get(oparg).within(Kinds::CELL) {
                return Err("not a cell");
            }
            return default(state, instr);
        }
    }
    Ok(Changed { floor, locals })
}
