//! The last passes: prefix instructions, cell offsets, real instructions for pseudo ones, jump
//! directions; then blocks in a row.
//!
//! CPython: `_PyCfg_OptimizedCfgToInstructionSequence`.

use krait_bytecode::{Opcode, code_flags};

use super::{BlockId, Graph, Instr};
use crate::assemble::AssembleError;
use crate::instructions::{CodeUnitMetadata, Instruction, InstructionSequence, Location};

/// The handler of an instruction, as the exception table shows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Handler {
    /// The place of its first instruction in the sequence.
    pub(crate) place: u32,
    /// The stack's depth when it is entered, what is pushed for it included.
    pub(crate) start_depth: u32,
    pub(crate) preserve_lasti: bool,
}

/// An instruction ready for assembly; a jump's oparg is the place of its target.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FinalInstr {
    pub(crate) opcode: Opcode,
    pub(crate) oparg: u32,
    pub(crate) location: Location,
    pub(crate) handler: Option<Handler>,
}

/// What the graph hands over to the assembler.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) instructions: Vec<FinalInstr>,
    pub(crate) stack_depth: u32,
}

impl Graph {
    /// `JUMP_IF_…` keeps the value and jumps on its truth.
    pub(super) fn convert_conditional_pseudo_jumps(&mut self) {
        for id in self.layout() {
            let block = &mut self[id];
            let Some(jump) = block.code.last_mut() else { continue };
            jump.opcode = match jump.opcode {
                Opcode::JUMP_IF_FALSE => Opcode::POP_JUMP_IF_FALSE,
                Opcode::JUMP_IF_TRUE => Opcode::POP_JUMP_IF_TRUE,
                _ => continue,
            };
            let jump = *jump;
            let copy = Instr { opcode: Opcode::COPY, oparg: 1, target: None, ..jump };
            let test = Instr { opcode: Opcode::TO_BOOL, oparg: 0, target: None, ..jump };
            block.code.pop();
            block.code.push(copy);
            block.extend([test, jump]);
        }
    }

    /// Inserts what runs before the first instruction and turns indices of cells into indices of
    /// `co_localsplusnames`.
    pub(super) fn prepare_locals(
        &mut self,
        metadata: &CodeUnitMetadata,
        flags: u32,
    ) -> Result<(), AssembleError> {
        let locals = metadata.varnames.len();
        let mut offsets: Vec<usize> =
            (0..metadata.cellvars.len() + metadata.freevars.len()).map(|i| locals + i).collect();
        for (index, name) in metadata.cellvars.iter().enumerate() {
            if let Some(local) = metadata.varnames.get_index_of(name) {
                offsets[index] = local;
            }
        }
        self.insert_prefix(metadata, &offsets, flags);

        // A parameter that is a cell has one place only, so those behind move up.
        let mut shared = 0;
        for (index, offset) in offsets.iter_mut().enumerate() {
            if *offset == index + locals {
                *offset -= shared;
            } else {
                shared += 1;
            }
        }
        for id in self.layout() {
            for instr in &mut self[id].code {
                if let Opcode::MAKE_CELL
                | Opcode::LOAD_CLOSURE
                | Opcode::LOAD_DEREF
                | Opcode::STORE_DEREF
                | Opcode::DELETE_DEREF
                | Opcode::LOAD_FROM_DICT_OR_DEREF = instr.opcode
                {
                    let offset = offsets.get(instr.oparg as usize);
                    instr.oparg = *offset
                        .ok_or(AssembleError::Invalid("cell variable index out of range"))?
                        as u32;
                }
            }
        }
        Ok(())
    }

    fn insert_prefix(&mut self, metadata: &CodeUnitMetadata, offsets: &[usize], flags: u32) {
        let mut prefix = Vec::new();
        if !metadata.freevars.is_empty() {
            let count = metadata.freevars.len() as u32;
            prefix.push(Instr::new(Opcode::COPY_FREE_VARS, count, Location::NONE));
        }
        let mut cells: Vec<usize> = (0..metadata.cellvars.len()).collect();
        cells.sort_by_key(|&cell| offsets[cell]);
        prefix
            .extend(cells.iter().map(|&c| Instr::new(Opcode::MAKE_CELL, c as u32, Location::NONE)));
        let suspends = code_flags::GENERATOR | code_flags::COROUTINE | code_flags::ASYNC_GENERATOR;
        if flags & suspends != 0 {
            let line = metadata.firstlineno;
            let location = Location::new(line, line, -1, -1);
            prefix.push(Instr::new(Opcode::RETURN_GENERATOR, 0, location));
            prefix.push(Instr::new(Opcode::POP_TOP, 0, location));
        }
        self[BlockId::ENTRY].prepend(prefix);
    }

    pub(super) fn convert_pseudo_instructions(&mut self) {
        for id in self.layout() {
            for instr in &mut self[id].code {
                match instr.opcode {
                    Opcode::LOAD_CLOSURE => instr.opcode = Opcode::LOAD_FAST,
                    Opcode::STORE_FAST_MAYBE_NULL => instr.opcode = Opcode::STORE_FAST,
                    opcode if opcode.is_block_push() => instr.make_nop(),
                    _ => {}
                }
            }
        }
        self.remove_redundant_nops();
    }

    /// Conditional jumps lead forward only: one that leads backward is inverted to skip an
    /// unconditional jump. The way that is not taken is marked.
    pub(super) fn normalize_jumps(&mut self) {
        let mut laid_out = self.marks();
        for id in self.layout() {
            laid_out[id.index()] = true;
            let Some(&last) = self[id].last() else { continue };
            let inverted = match last.opcode {
                Opcode::POP_JUMP_IF_FALSE => Opcode::POP_JUMP_IF_TRUE,
                Opcode::POP_JUMP_IF_TRUE => Opcode::POP_JUMP_IF_FALSE,
                Opcode::POP_JUMP_IF_NONE => Opcode::POP_JUMP_IF_NOT_NONE,
                Opcode::POP_JUMP_IF_NOT_NONE => Opcode::POP_JUMP_IF_NONE,
                _ => continue,
            };
            let not_taken = Instr::new(Opcode::NOT_TAKEN, 0, last.location);
            let Some(target) = last.target else { continue };
            if !laid_out[target.index()] {
                self[id].append(not_taken);
                continue;
            }
            let (next, cold) = (self[id].next, self[id].cold);
            let back = self.new_block();
            self[back].append(not_taken);
            self.add_jump(back, Opcode::JUMP, target, &last);
            self[back].start_depth = self[target].start_depth;
            self[back].cold = cold;
            self.insert_after(id, back);
            if let Some(jump) = self[id].code.last_mut() {
                jump.opcode = inverted;
                jump.target = next;
            }
        }
    }

    /// The place of each block's first instruction, and last the number of instructions.
    fn places(&self, order: &[BlockId]) -> (Vec<u32>, usize) {
        let mut places = vec![0u32; self.blocks.len()];
        let mut place = 0;
        for &id in order {
            places[id.index()] = place;
            place += self[id].code.len() as u32;
        }
        (places, place as usize)
    }

    /// The instructions before they are lowered, in the order of the layout. Jumps and block pushes hold places.
    pub(crate) fn to_instructions(&self) -> InstructionSequence {
        let order = self.layout();
        let (places, _) = self.places(&order);
        let mut sequence = InstructionSequence::new();
        for instr in order.iter().flat_map(|&id| &self[id].code) {
            let target = instr.target.filter(|_| instr.has_target());
            sequence.push(Instruction {
                opcode: instr.opcode,
                oparg: target.map_or(instr.oparg, |target| places[target.index()]),
                location: instr.location,
            });
        }
        sequence
    }

    /// All instructions in the order of the layout.
    pub(super) fn to_sequence(&self, stack_depth: u32) -> Finished {
        let order = self.layout();
        let (places, count) = self.places(&order);
        let mut instructions = Vec::with_capacity(count);
        for &id in &order {
            for instr in &self[id].code {
                let target = instr.target.filter(|_| instr.is_jump());
                instructions.push(FinalInstr {
                    opcode: instr.opcode,
                    oparg: target.map_or(instr.oparg, |target| places[target.index()]),
                    location: instr.location,
                    handler: instr.handler.map(|handler| Handler {
                        place: places[handler.index()],
                        start_depth: self[handler].start_depth.unwrap_or(0),
                        preserve_lasti: self[handler].preserve_lasti,
                    }),
                });
            }
        }
        Finished { instructions, stack_depth }
    }
}
