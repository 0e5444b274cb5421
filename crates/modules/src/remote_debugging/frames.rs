//! Threads and frames of another process.

use krait_abi as abi;
use krait_bytecode::line_at;

use super::reader::{Fault, Read, Reader};

/// No thread is followed further.
const DEEPEST: usize = 1 << 20;
const MOST_THREADS: usize = 1 << 16;

/// A frame, as `FrameInfo` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub filename: Vec<u32>,
    pub line: i32,
    pub function: Vec<u32>,
}

/// A thread state.
#[derive(Clone, Copy, Debug)]
pub struct State {
    pub address: u64,
    /// The system's number of the thread.
    pub native: u64,
}

impl Reader {
    /// The thread state at an address.
    pub fn state(&mut self, address: u64) -> Read<State> {
        let places = self.offsets.thread_state;
        Ok(State { address, native: self.word(address, places.native_thread_id)? })
    }

    /// All thread states of an interpreter, the newest first.
    pub fn states(&mut self, interpreter: u64) -> Read<Vec<State>> {
        let mut states = Vec::new();
        let mut address = self.word(interpreter, self.offsets.interpreter_state.threads_head)?;
        while address != 0 {
            if states.len() == MOST_THREADS {
                return Err(Fault::Broken(
                    "Invalid linked list structure reading remote memory: too many threads",
                ));
            }
            states.push(self.state(address)?);
            address = self.word(address, self.offsets.thread_state.next)?;
        }
        Ok(states)
    }

    /// The state that has the interpreter's GIL; 0 if none has.
    pub fn holder(&mut self, interpreter: u64) -> Read<u64> {
        let places = self.offsets.interpreter_state;
        match self.int(interpreter, places.gil_runtime_state_locked)? {
            0 => Ok(0),
            _ => self.word(interpreter, places.gil_runtime_state_holder),
        }
    }

    /// The state that the interpreter was started with; the newest one if it is gone.
    pub fn main_state(&mut self, interpreter: u64) -> Read<u64> {
        match self.word(interpreter, self.offsets.interpreter_state.threads_main)? {
            0 => self.word(interpreter, self.offsets.interpreter_state.threads_head),
            main => Ok(main),
        }
    }

    pub fn innermost(&mut self, state: State) -> Read<u64> {
        self.word(state.address, self.offsets.thread_state.current_frame)
    }

    /// The frames of a thread up to where C called Python, innermost first.
    pub fn stack(&mut self, state: State) -> Read<Vec<Seen>> {
        let mut seen = Vec::new();
        let mut frame = self.innermost(state)?;
        while frame != 0 {
            let Some(this) = self.frame(frame)? else { break };
            seen.push(this);
            frame = self.next_frame(frame, seen.len())?;
        }
        Ok(seen)
    }

    /// The frames of a thread down to the one at `last`, innermost first.
    pub fn stack_to(&mut self, state: State, last: u64) -> Read<Vec<Seen>> {
        let mut seen = Vec::new();
        let mut frame = self.innermost(state)?;
        let mut depth = 0;
        while frame != 0 {
            seen.extend(self.frame(frame)?);
            if frame == last {
                break;
            }
            depth += 1;
            frame = self.next_frame(frame, depth)?;
        }
        Ok(seen)
    }

    fn next_frame(&mut self, frame: u64, depth: usize) -> Read<u64> {
        if depth > DEEPEST {
            return Err(Fault::Broken("Too many stack frames (possible infinite loop)"));
        }
        self.word(frame, self.offsets.interpreter_frame.previous)
    }

    /// A frame of Python's; `None` if it is one that stands between C and Python.
    pub fn frame(&mut self, frame: u64) -> Read<Option<Seen>> {
        let places = self.offsets.interpreter_frame;
        match i32::from(self.byte(frame, places.owner)?) {
            abi::FRAME_OWNED_BY_INTERPRETER | abi::FRAME_OWNED_BY_CSTACK => return Ok(None),
            abi::FRAME_OWNED_BY_THREAD
            | abi::FRAME_OWNED_BY_GENERATOR
            | abi::FRAME_OWNED_BY_FRAME_OBJECT => {}
            _ => return Err(Fault::Broken("Unhandled frame owner")),
        }
        let code = self.reference(frame, places.executable)?;
        if code == 0 {
            return Ok(None);
        }
        let instruction = self.word(frame, places.instr_ptr)?;
        let names = self.offsets.code_object;
        let (filename, function) =
            (self.word(code, names.filename)?, self.word(code, names.qualname)?);
        Ok(Some(Seen {
            filename: self.text(filename, u64::MAX)?,
            line: self.line(code, instruction)?,
            function: self.text(function, u64::MAX)?,
        }))
    }

    /// The line that an instruction of a code object stands in.
    fn line(&mut self, code: u64, instruction: u64) -> Read<i32> {
        let places = self.offsets.code_object;
        let first = self.int(code, places.firstlineno)?;
        let table = self.word(code, places.linetable)?;
        let table = self.data(table)?;
        let start = code.wrapping_add(places.co_code_adaptive);
        let unit = instruction.wrapping_sub(start) as i64 / 2;
        match u32::try_from(unit) {
            Ok(unit) => Ok(line_at(&table, first, unit).unwrap_or(first)),
            Err(_) => Ok(first),
        }
    }

    /// Where the frame of a generator or coroutine lies, inside of it.
    pub fn frame_inside(&self, generator: u64) -> u64 {
        generator.wrapping_add(self.offsets.gen_object.gi_iframe)
    }

    /// What a coroutine is at: its frame, and those of the coroutines that it awaits, innermost first.
    pub fn awaiting(&mut self, coroutine: u64) -> Read<Vec<Seen>> {
        let mut seen = Vec::new();
        let mut this = coroutine;
        let ty = self.type_of(coroutine)?;
        loop {
            let state = self.byte(this, self.offsets.gen_object.gi_frame_state)? as i8;
            if i32::from(state) == abi::FRAME_CLEARED || seen.len() > DEEPEST {
                break;
            }
            let frame = self.frame_inside(this);
            seen.extend(self.frame(frame)?);
            if i32::from(state) != abi::FRAME_SUSPENDED_YIELD_FROM {
                break;
            }
            let top = self.word(frame, self.offsets.interpreter_frame.stackpointer)?;
            this = self.reference(top, (-8i64) as u64)?;
            if this == 0 || self.type_of(this)? != ty {
                break;
            }
        }
        seen.reverse();
        Ok(seen)
    }
}
