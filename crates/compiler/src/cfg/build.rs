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

/// Ends its block: jumps and exits.
fn is_terminator(opcode: Opcode) -> bool {
    opcode.has_jump() || opcode.is_scope_exit()
}

impl Builder<'_> {
    fn start_block(&mut self, labelled: bool) {
        let new = self.graph.new_block();
        self.graph[new].labelled = labelled;
        self.graph[self.current].next = Some(new);
        self.current = new;
        self.ended = false;
    }

    /// Appends instructions of which only the last may end a block.
    fn add(&mut self, run: &[Instruction]) {
        let Some(last) = run.last() else { return };
        if self.ended {
            self.start_block(false);
        }
        let added = run.iter().map(|i| Instr::new(i.opcode, i.oparg, i.location));
        self.graph[self.current].code.extend(added);
        self.ended = is_terminator(last.opcode);
    }

    /// Appends the instructions of annotations, which do not jump.
    fn add_annotations(&mut self, annotations: &[Instruction]) -> Result<(), AssembleError> {
        if annotations.iter().any(|inner| inner.has_target()) {
            return Err(AssembleError::Invalid("jump in annotations"));
        }
        annotations.split_inclusive(|i| is_terminator(i.opcode)).for_each(|run| self.add(run));
        Ok(())
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
        let current = self.new_block();
        self.find_jumps(sequence)?;
        let mut builder = Builder { graph: self, current, ended: false };
        let (mut start, mut jump) = (0, 0);
        while start < instructions.len() {
            if builder.graph.block_at[start].is_some() {
                builder.use_label(start);
            }
            // Up to the next position that is jumped to, or the next jump.
            let targets = builder.graph.block_at[start + 1..].iter();
            let run = instructions[start..].iter().zip(targets.chain([&Some(BlockId::ENTRY)]));
            let len = 1 + run
                .take_while(|(instruction, target)| {
                    target.is_none() && !ends_run(instruction.opcode)
                })
                .count();
            let end = start + len;
            let has_annotations = instructions[end - 1].opcode == Opcode::ANNOTATIONS_PLACEHOLDER;
            let run = &instructions[start..end - usize::from(has_annotations)];
            builder.add(run);
            // Where in its block each jump is by now.
            let graph = &mut *builder.graph;
            let before = graph[builder.current].code.len() - run.len();
            while let Some((block, at)) = graph.jumps.get_mut(jump).filter(|(_, at)| *at < end) {
                (*block, *at) = (builder.current, before + *at - start);
                jump += 1;
            }
            if has_annotations {
                let annotations = sequence.annotations().map_or(&[][..], |a| a.instructions());
                builder.add_annotations(annotations)?;
            }
            start = end;
        }
        builder.resolve(sequence)
    }

    /// Notes the places of jumps and block pushes, and of what they lead to.
    fn find_jumps(&mut self, sequence: &InstructionSequence) -> Result<(), AssembleError> {
        let instructions = sequence.instructions();
        self.jumps.clear();
        self.block_at.clear();
        self.block_at.resize(instructions.len(), None);
        for (at, instruction) in instructions.iter().enumerate() {
            if instruction.has_target() {
                // Any block will do for now.
                let target = sequence.position(instruction.oparg).ok_or(UNPLACED)?;
                *self.block_at.get_mut(target).ok_or(UNPLACED)? = Some(BlockId::ENTRY);
                self.jumps.push((BlockId::ENTRY, at));
            }
            // Even one that closes no region: it is refused, or removed.
            self.protects |= instruction.opcode == Opcode::POP_BLOCK;
        }
        Ok(())
    }
}

/// Whether the instruction behind has to be looked at anew.
fn ends_run(opcode: Opcode) -> bool {
    is_terminator(opcode) || opcode == Opcode::ANNOTATIONS_PLACEHOLDER
}
