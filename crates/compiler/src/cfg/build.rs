//! From an instruction sequence to blocks.
//!
//! CPython: `_PyCfg_FromInstructionSequence` and the `cfg_builder` functions.

use krait_bytecode::Opcode;

use super::{BlockId, Graph, Instr};
use crate::assemble::AssembleError;
use crate::instructions::{Instruction, InstructionSequence};

const UNPLACED: AssembleError = AssembleError::Invalid("jump to a label that was never placed");

/// Appends instructions to blocks, starting a new one where the flow demands it.
struct Builder<'g> {
    graph: &'g mut Graph,
    current: BlockId,
    /// The current block has ended: by a jump or an exit.
    ended: bool,
}

impl Builder<'_> {
    fn start_block(&mut self, labelled: bool) {
        let new = self.graph.new_block();
        self.graph[new].labelled = labelled;
        self.graph[self.current].next = Some(new);
        self.current = new;
        self.ended = false;
    }

    /// Appends an instruction. A target is still a label's id; `resolve` turns it into a block.
    fn add(&mut self, instruction: &Instruction) {
        if self.ended {
            self.start_block(false);
        }
        let Instruction { opcode, oparg, location } = *instruction;
        let code = &mut self.graph.blocks[self.current.index()].code;
        if instruction.has_target() {
            self.graph.jumps.push((self.current, code.len()));
            self.ended = opcode.has_jump();
        } else {
            self.ended = opcode.is_scope_exit();
            // Even one that closes no region: it is refused, or removed.
            self.graph.protects |= opcode == Opcode::POP_BLOCK;
        }
        code.push(Instr::new(opcode, oparg, location));
    }

    /// Starts a block, if there is none yet, at a position that is jumped to.
    fn use_label(&mut self, position: usize) {
        let block = &mut self.graph[self.current];
        if !self.ended && block.code.is_empty() && !block.labelled {
            block.labelled = true;
        } else {
            self.start_block(true);
        }
        self.graph.block_at[position] = Some(self.current);
    }

    /// Replaces the labels in jumps by blocks, and flags the blocks that protected regions lead to.
    fn resolve(&mut self, sequence: &InstructionSequence) -> Result<(), AssembleError> {
        let Graph { blocks, jumps, block_at, protects, .. } = &mut *self.graph;
        for &(block, at) in &*jumps {
            let instr = &mut blocks[block.index()].code[at];
            let position = sequence.position(instr.oparg).ok_or(UNPLACED)?;
            let target = block_at.get(position).copied().flatten().ok_or(UNPLACED)?;
            instr.target = Some(target);
            instr.oparg = 0;
            if instr.opcode.is_block_push() {
                *protects = true;
                blocks[target.index()].is_handler = true;
            }
        }
        Ok(())
    }
}

impl Graph {
    /// Cuts the sequence into blocks, in place of what the graph was before.
    pub(crate) fn build(&mut self, sequence: &InstructionSequence) -> Result<(), AssembleError> {
        let instructions = sequence.instructions();
        if instructions.len() >= i32::MAX as usize / 2 {
            return Err(AssembleError::TooLarge);
        }
        (self.used, self.walk, self.protects) = (0, 0, false);
        self.jumps.clear();
        self.block_at.clear();
        self.block_at.resize(instructions.len(), None);
        let current = self.new_block();
        for instruction in instructions.iter().filter(|i| i.has_target()) {
            let position = sequence.position(instruction.oparg).ok_or(UNPLACED)?;
            // Any block will do for now.
            *self.block_at.get_mut(position).ok_or(UNPLACED)? = Some(current);
        }
        let mut builder = Builder { graph: self, current, ended: false };
        for (position, instruction) in instructions.iter().enumerate() {
            if builder.graph.block_at[position].is_some() {
                builder.use_label(position);
            }
            if instruction.opcode == Opcode::ANNOTATIONS_PLACEHOLDER {
                let annotations = sequence.annotations().map_or(&[][..], |a| a.instructions());
                for inner in annotations {
                    if inner.has_target() {
                        return Err(AssembleError::Invalid("jump in annotations"));
                    }
                    builder.add(inner);
                }
            } else {
                builder.add(instruction);
            }
        }
        builder.resolve(sequence)
    }
}
