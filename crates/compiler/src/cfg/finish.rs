//! The last passes: prefix instructions, cell offsets, real instructions for pseudo ones, jump
//! directions; then blocks in a row.
//!
//! CPython: `_PyCfg_OptimizedCfgToInstructionSequence`.

use krait_bytecode::{Opcode, code_flags};

use super::kinds::Kinds;
use super::{Block, BlockId, Graph, Instr};
use crate::assemble::AssembleError;
use crate::instructions::{CodeUnitMetadata, Instruction, InstructionSequence, Location};

/// Instructions ready for assembly, but for the distances of jumps.
#[derive(Default, Debug)]
pub(crate) struct Row {
    pub(crate) instructions: Vec<FinalInstr>,
    pub(crate) jumps: Vec<Jump>,
}

/// The places of a jump and its target.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Jump {
    pub(crate) place: usize,
    pub(crate) target: usize,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct FinalInstr {
    pub(crate) opcode: Opcode,
    pub(crate) oparg: u32,
    pub(crate) location: Location,
    pub(crate) handler: Option<BlockId>,
}

impl Graph {
    /// `JUMP_IF_…` keeps the value and jumps on its truth.
    pub(super) fn convert_conditional_pseudo_jumps(&mut self) {
        if !self.kinds.has(Kinds::PSEUDO_JUMP) {
            return;
        }
        self.each_block(|graph, id| {
            let block = &mut graph[id];
            let Some(jump) = block.code.last_mut() else { return };
            jump.opcode = match jump.opcode {
                Opcode::JUMP_IF_FALSE => Opcode::POP_JUMP_IF_FALSE,
                Opcode::JUMP_IF_TRUE => Opcode::POP_JUMP_IF_TRUE,
                _ => return,
            };
            let jump = *jump;
            let copy = Instr { opcode: Opcode::COPY, oparg: 1, target: None, ..jump };
            let test = Instr { opcode: Opcode::TO_BOOL, oparg: 0, target: None, ..jump };
            block.code.pop();
            block.code.push(copy);
            block.extend([test, jump]);
        });
    }

    /// Inserts what runs before the first instruction. Returns the index in `co_localsplusnames` of each cell.
    fn prepare_locals(&mut self, metadata: &CodeUnitMetadata<'_>, flags: u32) -> Vec<usize> {
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
        offsets
    }

    /// Inserts the prefix, and replaces pseudo instructions and indices of cells by real ones.
    pub(super) fn lower(
        &mut self,
        metadata: &CodeUnitMetadata<'_>,
        flags: u32,
    ) -> Result<(), AssembleError> {
        let offsets = self.prepare_locals(metadata, flags);
        if offsets.is_empty() && !self.kinds.has(Kinds::ABSTRACT) {
            self.remove_redundant_nops();
            return Ok(());
        }
        let mut valid = true;
        let mut local_of = |cell: u32| match offsets.get(cell as usize) {
            Some(&local) => local as u32,
            None => {
                valid = false;
                cell
            }
        };
        let Graph { blocks, has_nops, .. } = self;
        for block in blocks[..self.used].iter_mut().filter(|b| b.kinds.has(Kinds::ABSTRACT)) {
            let Block { code, without_nops, kinds, .. } = block;
            for instr in code {
                match instr.opcode {
                    Opcode::MAKE_CELL
                    | Opcode::LOAD_DEREF
                    | Opcode::STORE_DEREF
                    | Opcode::DELETE_DEREF
                    | Opcode::LOAD_FROM_DICT_OR_DEREF => instr.oparg = local_of(instr.oparg),
                    Opcode::LOAD_CLOSURE => {
                        instr.set(Opcode::LOAD_FAST, local_of(instr.oparg));
                        *kinds |= Kinds::LOCAL;
                    }
                    Opcode::STORE_FAST_MAYBE_NULL => instr.opcode = Opcode::STORE_FAST,
                    Opcode::SETUP_FINALLY | Opcode::SETUP_CLEANUP | Opcode::SETUP_WITH => {
                        instr.make_nop();
                        (*without_nops, *has_nops) = (false, true);
                    }
                    _ => {}
                }
            }
        }
        if !valid {
            return Err(AssembleError::Invalid("cell variable index out of range"));
        }
        self.remove_redundant_nops();
        Ok(())
    }

    fn insert_prefix(&mut self, metadata: &CodeUnitMetadata<'_>, offsets: &[usize], flags: u32) {
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

    /// Conditional jumps lead forward only: one that leads backward is inverted to skip an
    /// unconditional jump. The way that is not taken is marked. Writes the place of each block's first
    /// instruction. Returns the number of instructions.
    pub(super) fn normalize_jumps(&mut self) -> usize {
        // The walk marks what is laid out before.
        self.walk += 1;
        let mut place = 0;
        self.each_block(|graph, id| {
            graph.mark(id);
            graph.normalize_jump(id);
            graph[id].place = place;
            place += graph[id].code.len() as u32;
        });
        place as usize
    }

    fn normalize_jump(&mut self, id: BlockId) {
        let Some(&last) = self[id].last() else { return };
        let inverted = match last.opcode {
            Opcode::POP_JUMP_IF_FALSE => Opcode::POP_JUMP_IF_TRUE,
            Opcode::POP_JUMP_IF_TRUE => Opcode::POP_JUMP_IF_FALSE,
            Opcode::POP_JUMP_IF_NONE => Opcode::POP_JUMP_IF_NOT_NONE,
            Opcode::POP_JUMP_IF_NOT_NONE => Opcode::POP_JUMP_IF_NONE,
            _ => return,
        };
        let not_taken = Instr::new(Opcode::NOT_TAKEN, 0, last.location);
        let Some(target) = last.target else { return };
        if self[target].seen != self.walk {
            self[id].append(not_taken);
            return;
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

    /// The instructions before they are lowered, in the order of the layout. Jumps and block pushes hold places.
    pub(crate) fn unlowered_row(&mut self) -> InstructionSequence {
        let mut place = 0;
        self.each_block(|graph, id| {
            graph[id].place = place;
            place += graph[id].code.len() as u32;
        });
        let mut sequence = InstructionSequence::new();
        for instr in self.layout().flat_map(|block| &block.code) {
            let target = instr.target.filter(|_| instr.has_target());
            sequence.push(Instruction {
                opcode: instr.opcode,
                oparg: target.map_or(instr.oparg, |target| self[target].place),
                location: instr.location,
            });
        }
        sequence
    }

    /// All instructions, `size` in number, in the order of the layout, and the jumps among them.
    pub(super) fn put_in_row(&self, size: usize, row: &mut Row) {
        let Row { instructions, jumps } = row;
        instructions.clear();
        instructions.reserve(size);
        jumps.clear();
        let mut some_next = false;
        for block in self.layout() {
            instructions.extend(block.code.iter().map(|instr| {
                some_next |= instr.location.line == Location::NEXT.line;
                let Instr { opcode, oparg, location, handler, .. } = *instr;
                FinalInstr { opcode, oparg, location, handler }
            }));
            if let Some((behind, target)) = block.final_jump() {
                let place = instructions.len() - 1 - behind;
                let target = self[target].place as usize;
                instructions[place].opcode = directed(instructions[place].opcode, target > place);
                jumps.push(Jump { place, target });
            }
        }
        if some_next {
            locate_by_next(instructions);
        }
    }
}

impl Block {
    /// Where the jump at the end of the block leads, and how many instructions stand behind it: a mark of the way that is
    /// not taken may.
    pub(super) fn final_jump(&self) -> Option<(usize, BlockId)> {
        let behind = usize::from(self.last()?.opcode == Opcode::NOT_TAKEN);
        let jump = self.code.iter().rev().nth(behind)?;
        jump.target.filter(|_| jump.is_jump()).map(|target| (behind, target))
    }
}

/// The real instruction for a jump.
fn directed(opcode: Opcode, forward: bool) -> Opcode {
    match opcode {
        Opcode::JUMP | Opcode::JUMP_NO_INTERRUPT if forward => Opcode::JUMP_FORWARD,
        Opcode::JUMP => Opcode::JUMP_BACKWARD,
        Opcode::JUMP_NO_INTERRUPT => Opcode::JUMP_BACKWARD_NO_INTERRUPT,
        opcode => opcode,
    }
}

/// An instruction that takes the location of the one behind it takes that of the first which has one of its own; none
/// if an exit or a jump comes before it.
fn locate_by_next(row: &mut [FinalInstr]) {
    let mut next = Location::NONE;
    for instr in row.iter_mut().rev() {
        if instr.location != Location::NEXT {
            next = instr.location;
            continue;
        }
        if instr.opcode.has_jump() || instr.opcode.is_scope_exit() {
            next = Location::NONE;
        }
        instr.location = next;
    }
}
