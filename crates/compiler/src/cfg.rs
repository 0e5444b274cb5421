//! The control-flow graph: basic blocks of instructions, and the passes over them.
//!
//! A block is entered at its start only and left at its end, by a jump, by an exit or by falling
//! through to `next`. The chain of `next` is the order in which the code is laid out. Handlers are
//! recorded at each instruction, so that blocks may move freely. CPython: `flowgraph.c`; the order
//! of the passes is its order, because each sees the traces of those before it.

mod borrow;
mod build;
mod cold;
mod constants;
mod finish;
mod handlers;
mod inline;
mod lines;
mod locals;
mod peephole;
mod redundant;
mod stackdepth;
mod superinstructions;
mod swaps;

use std::ops::{Index, IndexMut};

use indexmap::IndexSet;
use krait_bytecode::Opcode;

use crate::assemble::AssembleError;
use crate::code::Constant;
use crate::instructions::{CodeUnitMetadata, Location, has_target};

pub(crate) use finish::{FinalInstr, Finished, Handler};
pub(crate) use locals::TRACKED_LOCALS;

/// The place of a block in the graph.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct BlockId(u32);

impl BlockId {
    pub(crate) const ENTRY: BlockId = BlockId(0);

    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// An instruction in a block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Instr {
    pub(crate) opcode: Opcode,
    pub(crate) oparg: u32,
    pub(crate) location: Location,
    /// Where a jump leads, or the handler that a block push installs.
    pub(crate) target: Option<BlockId>,
    /// Where an exception raised here leads.
    pub(crate) handler: Option<BlockId>,
}

impl Instr {
    pub(crate) fn new(opcode: Opcode, oparg: u32, location: Location) -> Instr {
        Instr { opcode, oparg, location, target: None, handler: None }
    }

    /// Replaces operation and argument; the location, the target and the handler stay.
    pub(crate) fn set(&mut self, opcode: Opcode, oparg: u32) {
        self.opcode = opcode;
        self.oparg = oparg;
    }

    pub(crate) fn make_nop(&mut self) {
        self.set(Opcode::NOP, 0);
    }

    pub(crate) fn is_nop(&self) -> bool {
        self.opcode == Opcode::NOP
    }

    pub(crate) fn is_jump(&self) -> bool {
        self.opcode.has_jump()
    }

    pub(crate) fn has_target(&self) -> bool {
        has_target(self.opcode)
    }

    pub(crate) fn line(&self) -> i32 {
        self.location.line
    }
}

/// A basic block.
#[derive(Clone, Debug, Default)]
pub(crate) struct Block {
    pub(crate) code: Vec<Instr>,
    /// The block laid out behind this one.
    pub(crate) next: Option<BlockId>,
    /// Some instruction may name this block as its target.
    pub(crate) labelled: bool,
    /// The number of ways into the block; 0 for an unreachable one.
    pub(crate) predecessors: u32,
    /// The stack's depth on entry, once `stackdepth` has run.
    pub(crate) start_depth: Option<u32>,
    /// As a handler: the offset of the raising instruction is pushed too.
    pub(crate) preserve_lasti: bool,
    /// Some protected region leads here.
    pub(crate) is_handler: bool,
    /// Reached only through a handler: laid out behind everything else.
    pub(crate) cold: bool,
    /// Reached without any exception.
    pub(crate) warm: bool,
    /// Handlers that instructions removed from the end had, the foremost last. See `append`.
    abandoned: Vec<Option<BlockId>>,
}

impl Block {
    /// Appends an instruction.
    ///
    /// What takes the place of a removed instruction takes its handler too: an accident of
    /// CPython's arrays, kept because exception tables show it.
    pub(crate) fn append(&mut self, mut instr: Instr) {
        instr.handler = self.abandoned.pop().flatten();
        self.code.push(instr);
    }

    /// Appends instructions that keep their handlers.
    pub(crate) fn extend(&mut self, instrs: impl IntoIterator<Item = Instr>) {
        for instr in instrs {
            self.abandoned.pop();
            self.code.push(instr);
        }
    }

    /// Inserts instructions at the start.
    pub(crate) fn prepend(&mut self, instrs: Vec<Instr>) {
        let left = self.abandoned.len().saturating_sub(instrs.len());
        self.abandoned.truncate(left);
        self.code.splice(0..0, instrs);
    }

    pub(crate) fn last(&self) -> Option<&Instr> {
        self.code.last()
    }

    /// Control may go on to `next`.
    pub(crate) fn falls_through(&self) -> bool {
        match self.last() {
            Some(last) => !last.opcode.is_scope_exit() && !last.opcode.is_unconditional_jump(),
            None => true,
        }
    }

    /// Ends by leaving the code object.
    pub(crate) fn exits_scope(&self) -> bool {
        self.last().is_some_and(|last| last.opcode.is_scope_exit())
    }

    /// No instruction belongs to a line.
    pub(crate) fn has_no_line(&self) -> bool {
        self.code.iter().all(|instr| !instr.location.has_line())
    }
}

/// The graph of one code object. The entry is block 0 and stays first.
#[derive(Debug)]
pub(crate) struct Graph {
    blocks: Vec<Block>,
}

impl Index<BlockId> for Graph {
    type Output = Block;

    fn index(&self, id: BlockId) -> &Block {
        &self.blocks[id.index()]
    }
}

impl IndexMut<BlockId> for Graph {
    fn index_mut(&mut self, id: BlockId) -> &mut Block {
        &mut self.blocks[id.index()]
    }
}

impl Graph {
    /// A new block outside the layout.
    fn new_block(&mut self) -> BlockId {
        self.blocks.push(Block::default());
        BlockId(self.blocks.len() as u32 - 1)
    }

    /// The blocks in the order of the layout, as it is now.
    pub(crate) fn layout(&self) -> Vec<BlockId> {
        let mut order = Vec::with_capacity(self.blocks.len());
        let mut cursor = Some(BlockId::ENTRY);
        while let Some(id) = cursor {
            order.push(id);
            cursor = self[id].next;
        }
        order
    }

    /// One flag for each block.
    fn marks(&self) -> Vec<bool> {
        vec![false; self.blocks.len()]
    }

    /// The first block from `id` on, in layout order, that has instructions.
    fn next_nonempty(&self, id: Option<BlockId>) -> Option<BlockId> {
        let mut cursor = id;
        while let Some(id) = cursor {
            if !self[id].code.is_empty() {
                break;
            }
            cursor = self[id].next;
        }
        cursor
    }

    /// Puts `block` into the layout right behind `place`.
    fn insert_after(&mut self, place: BlockId, block: BlockId) {
        self[block].next = self[place].next;
        self[place].next = Some(block);
    }

    /// Appends a jump with the location of `source`.
    fn add_jump(&mut self, block: BlockId, opcode: Opcode, target: BlockId, source: &Instr) {
        let jump = Instr::new(opcode, 0, source.location);
        self[block].append(Instr { target: Some(target), ..jump });
    }

    /// Writes into each instruction where its exceptions lead.
    pub(crate) fn find_handlers(&mut self) -> Result<(), AssembleError> {
        self.mark_handlers();
        self.label_exception_targets()
    }

    /// Runs the optimising passes. Returns `co_consts`: the constants that are left in use, folded
    /// ones among them.
    pub(crate) fn optimize(
        &mut self,
        mut consts: IndexSet<Constant>,
        local_count: u32,
        parameter_count: u32,
    ) -> Result<Vec<Constant>, AssembleError> {
        self.find_handlers()?;
        self.inline_small_blocks();
        self.remove_unreachable();
        self.resolve_line_numbers();
        self.optimize_constant_loads(&mut consts)?;
        for id in self.layout() {
            self.optimize_block(id, &mut consts)?;
        }
        self.remove_redundant_pairs();
        self.remove_unreachable();
        self.remove_redundant_nops_and_jumps();

        let consts = self.remove_unused_consts(consts);
        self.add_checks_for_unbound_locals(local_count as usize, parameter_count as usize);
        self.insert_superinstructions();
        self.push_cold_blocks_to_end();
        self.resolve_line_numbers();
        Ok(consts)
    }

    /// Lowers what is still abstract: pseudo instructions, cells, prefix, borrowed loads.
    pub(crate) fn finish(
        &mut self,
        metadata: &CodeUnitMetadata,
        flags: u32,
    ) -> Result<Finished, AssembleError> {
        self.convert_conditional_pseudo_jumps();
        let stack_depth = self.calculate_stack_depth()?;
        self.prepare_locals(metadata, flags)?;
        self.convert_pseudo_instructions();
        self.normalize_jumps();
        // Nothing may move or change an instruction behind this point: a borrowed load is safe
        // only where it stands.
        self.borrow_loads();
        Ok(self.to_sequence(stack_depth))
    }
}
