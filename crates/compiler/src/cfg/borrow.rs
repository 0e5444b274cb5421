//! Loads of locals that may borrow: the local keeps the value alive for as long as the loaded
//! reference is on the stack.
//!
//! Looks at one block at a time. A load has to take a reference of its own if the local is
//! overwritten or deleted while the reference is on the stack, if the reference is stored into a
//! local, or if it is still there at the end of the block. CPython: `optimize_load_fast`.

use krait_bytecode::Opcode;

use super::kinds::Kinds;
use super::{BlockId, Graph, Instr};

/// A value on the simulated stack.
#[derive(Clone, Copy, Debug)]
struct Ref {
    /// The instruction that pushed it, if it was in this block.
    producer: Option<u32>,
    /// The local it was loaded from.
    local: Option<u32>,
}

const UNKNOWN: Ref = Ref { producer: None, local: None };

/// The simulation of a block.
#[derive(Debug, Default)]
pub(super) struct Simulation {
    stack: Vec<Ref>,
    /// For each instruction of the block: what it loads has to be a reference of its own.
    owned: Vec<bool>,
}

impl Simulation {
    fn push(&mut self, at: usize, local: Option<u32>) {
        self.stack.push(Ref { producer: Some(at as u32), local });
    }

    fn pop(&mut self) -> Ref {
        self.stack.pop().unwrap_or(UNKNOWN)
    }

    fn drop(&mut self, count: i64) {
        let left = self.stack.len() as i64 - count;
        self.stack.truncate(left.max(0) as usize);
    }

    fn mark(&mut self, value: Ref) {
        if let Some(producer) = value.producer {
            self.owned[producer as usize] = true;
        }
    }

    /// The local loses its value: no reference loaded from it may have borrowed.
    fn kill(&mut self, local: u32) {
        for at in 0..self.stack.len() {
            if self.stack[at].local == Some(local) {
                self.mark(self.stack[at]);
            }
        }
    }

    fn store(&mut self, local: u32) {
        let value = self.pop();
        self.kill(local);
        self.mark(value);
    }

    /// Runs one instruction.
    fn run(&mut self, at: usize, instr: &Instr) {
        use Opcode::*;
        let Instr { opcode, oparg, .. } = *instr;
        match opcode {
            DELETE_FAST => self.kill(oparg),
            LOAD_FAST => self.push(at, Some(oparg)),
            LOAD_FAST_AND_CLEAR => {
                self.kill(oparg);
                self.push(at, Some(oparg));
            }
            LOAD_FAST_LOAD_FAST => {
                self.push(at, Some(oparg >> 4));
                self.push(at, Some(oparg & 15));
            }
            STORE_FAST => self.store(oparg),
            STORE_FAST_LOAD_FAST => {
                self.store(oparg >> 4);
                self.push(at, Some(oparg & 15));
            }
            STORE_FAST_STORE_FAST => {
                self.store(oparg >> 4);
                self.store(oparg & 15);
            }
            COPY => {
                let place = self.stack.len().checked_sub(oparg as usize);
                let value = place.and_then(|place| self.stack.get(place).copied());
                self.stack.push(value.unwrap_or(UNKNOWN));
            }
            SWAP => {
                let len = self.stack.len();
                if (2..=len).contains(&(oparg as usize)) {
                    self.stack.swap(len - 1, len - oparg as usize);
                }
            }
            // These leave their inputs where they are.
            FORMAT_SIMPLE | GET_ANEXT | GET_LEN | GET_YIELD_FROM_ITER | IMPORT_FROM
            | MATCH_KEYS | MATCH_MAPPING | MATCH_SEQUENCE | WITH_EXCEPT_START => {
                // CPython takes the first instruction of the block for the producer of what they
                // push, and so may let that one load a reference of its own without need.
                for _ in opcode.popped(oparg)..opcode.pushed(oparg) {
                    self.push(0, None);
                }
            }
            // These take some and push nothing.
            DICT_MERGE | DICT_UPDATE | LIST_APPEND | LIST_EXTEND | MAP_ADD | RERAISE | SET_ADD
            | SET_UPDATE => self.drop(opcode.popped(oparg) - opcode.pushed(oparg)),
            END_SEND | SET_FUNCTION_ATTRIBUTE => {
                let top = self.pop();
                self.pop();
                self.stack.push(top);
            }
            CHECK_EXC_MATCH => {
                self.pop();
                self.push(at, None);
            }
            FOR_ITER => self.push(at, None),
            LOAD_ATTR | LOAD_SUPER_ATTR => {
                let this = self.pop();
                if opcode == LOAD_SUPER_ATTR {
                    self.drop(2);
                }
                self.push(at, None);
                if oparg & 1 != 0 {
                    // `self` may be pushed back.
                    self.stack.push(this);
                }
            }
            LOAD_SPECIAL | PUSH_EXC_INFO => {
                let top = self.pop();
                self.push(at, None);
                self.stack.push(top);
            }
            SEND => {
                self.pop();
                self.push(at, None);
            }
            _ => {
                self.drop(opcode.popped(oparg));
                for _ in 0..opcode.pushed(oparg) {
                    self.push(at, None);
                }
            }
        }
    }
}

impl Graph {
    /// Lets loads borrow, in the code that is reached without an exception.
    pub(crate) fn borrow_loads(&mut self) {
        let mut simulation = std::mem::take(&mut self.simulation);
        self.start_walk();
        while let Some(id) = self.todo.pop() {
            self.borrow_loads_in(id, &mut simulation);
            let block = &self[id];
            if block.code.is_empty() {
                // CPython does not look past it, and what it leaves we have to leave.
                continue;
            }
            let next = block.next.filter(|_| block.falls_through());
            let target = block.final_jump().map(|(_, target)| target);
            target.into_iter().chain(next).for_each(|successor| self.visit(successor));
        }
        self.simulation = simulation;
    }

    fn borrow_loads_in(&mut self, id: BlockId, simulation: &mut Simulation) {
        let loads =
            |instr: &Instr| matches!(instr.opcode, Opcode::LOAD_FAST | Opcode::LOAD_FAST_LOAD_FAST);
        if !self[id].kinds.has(Kinds::LOCAL) || !self[id].code.iter().any(loads) {
            return;
        }
        let depth = self[id].start_depth.unwrap_or(0) as usize;
        simulation.stack.clear();
        simulation.stack.resize(depth, UNKNOWN);
        simulation.owned.clear();
        simulation.owned.resize(self[id].code.len(), false);
        for (at, instr) in self[id].code.iter().enumerate() {
            simulation.run(at, instr);
        }
        for at in 0..simulation.stack.len() {
            simulation.mark(simulation.stack[at]);
        }
        for (instr, &owned) in self[id].code.iter_mut().zip(&simulation.owned) {
            instr.opcode = match instr.opcode {
                Opcode::LOAD_FAST if !owned => Opcode::LOAD_FAST_BORROW,
                Opcode::LOAD_FAST_LOAD_FAST if !owned => Opcode::LOAD_FAST_BORROW_LOAD_FAST_BORROW,
                opcode => opcode,
            };
        }
    }
}
