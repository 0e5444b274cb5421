//! From an instruction sequence to blocks.
//!
//! CPython: `_PyCfg_FromInstructionSequence` and the `cfg_builder` functions.

use krait_bytecode::Opcode;

use super::kinds::Kinds;
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

    /// Appends instructions of which only the first may be jumped to. `annotations` go where the placeholder is.
    fn add_all(
        &mut self,
        instructions: &[Instruction],
        annotations: &[Instruction],
    ) -> Result<(), AssembleError> {
        const CUTS: Kinds = Kinds::END.with(Kinds::TARGET).with(Kinds::PLACEHOLDER);
        for run in instructions.split_inclusive(|i| Kinds::of(i.opcode).has(CUTS)) {
            match run {
                [run @ .., Instruction { opcode: Opcode::ANNOTATIONS_PLACEHOLDER, .. }] => {
                    self.add(run);
                    if annotations.iter().any(|inner| inner.has_target()) {
                        return Err(AssembleError::Invalid("jump in annotations"));
                    }
                    self.add_all(annotations, &[])?;
                }
                run => self.add(run),
            }
        }
        Ok(())
    }

    /// Appends instructions of which only the last may end a block, or have a target.
    fn add(&mut self, run: &[Instruction]) {
        let Some(last) = run.last() else { return };
        if self.ended {
            self.start_block(false);
        }
        let Graph { blocks, jumps, kinds, size, .. } = &mut *self.graph;
        let block = &mut blocks[self.current.index()];
        block.code.extend(run.iter().map(|i| {
            let instr = Instr::new(i.opcode, i.oparg, i.location);
            block.kinds |= Kinds::of_instr(&instr);
            instr
        }));
        *kinds |= block.kinds;
        *size += run.len();
        let last = Kinds::of(last.opcode);
        self.ended = last.has(Kinds::END);
        if last.has(Kinds::TARGET) {
            jumps.push((self.current, block.code.len() as u32 - 1));
        }
    }

    /// Starts a block that is jumped to, if there is none yet.
    fn use_label(&mut self) {
        let block = &mut self.graph[self.current];
        if !self.ended && block.code.is_empty() && !block.labelled {
            block.labelled = true;
        } else {
            self.start_block(true);
        }
    }

    /// Replaces the labels in jumps by blocks, and flags the blocks that protected regions lead to.
    fn resolve(&mut self, sequence: &InstructionSequence) -> Result<(), AssembleError> {
        let Graph { blocks, jumps, targets, .. } = &mut *self.graph;
        for &(block, at) in &*jumps {
            let instr = &mut blocks[block.index()].code[at as usize];
            let position = sequence.position(instr.oparg).ok_or(UNPLACED)? as u32;
            let place = targets.binary_search_by_key(&position, |&(position, _)| position);
            let target = targets[place.map_err(|_| UNPLACED)?].1;
            instr.target = Some(target);
            instr.oparg = 0;
            if instr.opcode.is_block_push() {
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
        (self.used, self.walk, self.size, self.kinds) = (0, 0, 0, Kinds::NONE);
        self.jumps.clear();
        let current = self.new_block();
        self.find_targets(sequence)?;
        let annotations = sequence.annotations().map_or(&[][..], |a| a.instructions());
        let mut builder = Builder { graph: self, current, ended: false };
        let mut start = 0;
        for target in 0..=builder.graph.targets.len() {
            let next = builder.graph.targets.get(target);
            let end = next.map_or(instructions.len(), |&(position, _)| position as usize);
            builder.add_all(&instructions[start..end], annotations)?;
            start = end;
            if target < builder.graph.targets.len() {
                builder.use_label();
                builder.graph.targets[target].1 = builder.current;
            }
        }
        builder.resolve(sequence)?;
        // A POP_BLOCK that closes no region counts as well: it is refused, or removed.
        self.protects = self.kinds.has(Kinds::REGION);
        self.lineless = self.kinds.has(Kinds::LINELESS);
        self.has_nops = true;
        Ok(())
    }

    /// Notes the positions that are jumped to, in order.
    fn find_targets(&mut self, sequence: &InstructionSequence) -> Result<(), AssembleError> {
        self.targets.clear();
        for jump in sequence.jumps() {
            let position = sequence.position(jump.oparg).filter(|&at| at < sequence.len());
            // Any block will do for now.
            self.targets.push((position.ok_or(UNPLACED)? as u32, BlockId::ENTRY));
        }
        self.targets.sort_unstable_by_key(|&(position, _)| position);
        self.targets.dedup_by_key(|&mut (position, _)| position);
        Ok(())
    }
}
