//! From an instruction sequence to blocks.
//!
//! CPython: `_PyCfg_FromInstructionSequence` and the `cfg_builder` functions.

use krait_bytecode::Opcode;

use super::{Block, BlockId, Graph, Instr};
use crate::assemble::AssembleError;
use crate::instructions::{Instruction, InstructionSequence};

const UNPLACED: AssembleError = AssembleError::Invalid("jump to a label that was never placed");

/// Appends instructions to blocks, starting a new one where the flow demands it.
struct Builder {
    graph: Graph,
    current: BlockId,
    /// The next instruction is a jump target.
    label_pending: bool,
    /// Block of each position that is a jump target.
    block_at: Vec<Option<BlockId>>,
}

/// Ends its block: jumps and exits.
fn is_terminator(opcode: Opcode) -> bool {
    opcode.has_jump() || opcode.is_scope_exit()
}

impl Builder {
    fn start_block_if_needed(&mut self) {
        let block = &mut self.graph[self.current];
        let terminated = block.last().is_some_and(|last| is_terminator(last.opcode));
        if !terminated {
            if !self.label_pending {
                return;
            }
            if block.code.is_empty() && !block.labelled {
                block.labelled = true;
                self.label_pending = false;
                return;
            }
        }
        let new = self.graph.new_block();
        self.graph[new].labelled = self.label_pending;
        self.label_pending = false;
        self.graph[self.current].next = Some(new);
        self.current = new;
    }

    fn add(&mut self, instruction: &Instruction) {
        self.start_block_if_needed();
        let mut instr = Instr::new(instruction.opcode, instruction.oparg, instruction.location);
        if instruction.has_target() {
            // A label's id for now; `resolve` turns it into a block.
            instr.target = None;
        }
        self.graph[self.current].code.push(instr);
    }

    /// Starts a block, if there is none yet, at a position that is jumped to.
    fn use_label(&mut self, position: usize) {
        self.label_pending = true;
        self.start_block_if_needed();
        self.block_at[position] = Some(self.current);
    }

    /// Replaces the labels in jumps by blocks.
    fn resolve(&mut self, sequence: &InstructionSequence) -> Result<(), AssembleError> {
        for block in &mut self.graph.blocks {
            for instr in &mut block.code {
                if instr.has_target() {
                    let position = sequence.position(instr.oparg).ok_or(UNPLACED)?;
                    let target = self.block_at.get(position).copied().flatten();
                    instr.target = Some(target.ok_or(UNPLACED)?);
                    instr.oparg = 0;
                }
            }
        }
        Ok(())
    }
}

impl Graph {
    /// Cuts the sequence into blocks.
    pub(crate) fn build(sequence: &InstructionSequence) -> Result<Graph, AssembleError> {
        let instructions = sequence.instructions();
        if instructions.len() >= i32::MAX as usize / 2 {
            return Err(AssembleError::TooLarge);
        }
        let mut is_target = vec![false; instructions.len()];
        for instruction in instructions.iter().filter(|i| i.has_target()) {
            let position = sequence.position(instruction.oparg).ok_or(UNPLACED)?;
            *is_target.get_mut(position).ok_or(UNPLACED)? = true;
        }
        let mut builder = Builder {
            graph: Graph { blocks: vec![Block::default()] },
            current: BlockId::ENTRY,
            label_pending: false,
            block_at: vec![None; instructions.len()],
        };
        for (position, instruction) in instructions.iter().enumerate() {
            if is_target[position] {
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
        builder.resolve(sequence)?;
        Ok(builder.graph)
    }
}
