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
mod kinds;
mod lines;
mod locals;
mod peephole;
mod redundant;
mod stackdepth;
mod superinstructions;
mod swaps;

use std::num::NonZeroU32;
use std::ops::{Index, IndexMut};

use bumpalo::Bump;
use krait_bytecode::Opcode;

use crate::assemble::AssembleError;
use crate::code::Constant;
use crate::instructions::{CodeUnitMetadata, Location, has_target};
use crate::tables::IndexSet;
use kinds::Kinds;

pub(crate) use finish::{FinalInstr, Jump, Row};
pub(crate) use locals::TRACKED_LOCALS;

/// The place of a block in the graph, counted from 1.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct BlockId(NonZeroU32);

impl BlockId {
    pub(crate) const ENTRY: BlockId = BlockId(NonZeroU32::MIN);

    fn index(self) -> usize {
        self.0.get() as usize - 1
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

/// Room for this many instructions is made in a block at first.
const USUAL_SIZE: usize = 16;

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
    /// Of everything that was ever in `code`, `NOP` apart.
    kinds: Kinds,
    /// Handlers that instructions removed from the end had, the foremost last. See `append`.
    abandoned: Vec<Option<BlockId>>,
    /// NOPs were removed, and none is left.
    without_nops: bool,
    /// The last walk that came by. See `Graph::visit`.
    seen: u32,
    /// Locals that may be unbound on entry, and whether the block is to be looked at because of them. See `locals`.
    unbound: u64,
    queued: bool,
    /// The place of the first instruction among all, once they stand in a row.
    pub(crate) place: u32,
}

impl Block {
    /// As new, but for memory that it has.
    fn reset(&mut self) {
        let (mut code, mut abandoned) =
            (std::mem::take(&mut self.code), std::mem::take(&mut self.abandoned));
        code.clear();
        abandoned.clear();
        *self = Block { code, abandoned, ..Block::default() };
    }

    /// Appends an instruction.
    ///
    /// What takes the place of a removed instruction takes its handler too: an accident of
    /// CPython's arrays, kept because exception tables show it.
    pub(crate) fn append(&mut self, mut instr: Instr) {
        instr.handler = self.abandoned.pop().flatten();
        self.kinds |= Kinds::of_instr(&instr);
        self.code.push(instr);
    }

    /// Appends instructions that keep their handlers.
    pub(crate) fn extend(&mut self, instrs: impl IntoIterator<Item = Instr>) {
        for instr in instrs {
            self.abandoned.pop();
            self.kinds |= Kinds::of_instr(&instr);
            self.code.push(instr);
        }
    }

    /// Inserts instructions at the start.
    pub(crate) fn prepend(&mut self, instrs: Vec<Instr>) {
        if instrs.is_empty() {
            return;
        }
        let left = self.abandoned.len().saturating_sub(instrs.len());
        self.abandoned.truncate(left);
        for instr in &instrs {
            self.kinds |= Kinds::of_instr(instr);
        }
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
        (self.kinds.has(Kinds::LINELESS) || self.code.is_empty())
            && self.code.iter().all(|instr| !instr.location.has_line())
    }
}

/// The graph of one code object, and memory for the next one's. The entry is the first block and stays so.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    /// Those from `used` on are left from another graph.
    blocks: Vec<Block>,
    used: usize,
    /// There are protected regions. Without, no instruction has a handler, and no block is cold.
    protects: bool,
    /// Of all the instructions that it was built from, and how many these were.
    kinds: Kinds,
    size: usize,
    /// There may be instructions without line, and NOPs that have to go.
    lineless: bool,
    has_nops: bool,
    /// The number of the walk that is going on, and the blocks that are left to look at.
    walk: u32,
    todo: Vec<BlockId>,
    /// While the graph is built: the positions that are jumped to, with their blocks, and where the jumps are.
    targets: Vec<(u32, BlockId)>,
    jumps: Vec<(BlockId, u32)>,
    /// While handlers are found.
    regions: handlers::Regions,
    /// Whether each constant is used.
    used_consts: Vec<bool>,
    /// While loads are made to borrow.
    simulation: borrow::Simulation,
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
        match self.blocks.get_mut(self.used) {
            Some(left) => left.reset(),
            None => {
                self.blocks.push(Block { code: Vec::with_capacity(USUAL_SIZE), ..Block::default() })
            }
        }
        self.used += 1;
        // Instructions are fewer than 2³¹, and blocks not many more.
        BlockId(NonZeroU32::new(self.used as u32).unwrap_or(NonZeroU32::MAX))
    }

    /// The number of instructions that there is memory for.
    pub(crate) fn capacity(&self) -> usize {
        self.blocks.iter().map(|block| block.code.capacity()).sum()
    }

    /// Whether some instruction may have a handler.
    pub(crate) fn has_handlers(&self) -> bool {
        self.protects
    }

    /// Looks at each block in the order of the layout; a block that is inserted behind is looked at too.
    fn each_block(&mut self, mut look: impl FnMut(&mut Graph, BlockId)) {
        let mut cursor = Some(BlockId::ENTRY);
        while let Some(id) = cursor {
            look(self, id);
            cursor = self[id].next;
        }
    }

    /// The blocks in the order of the layout.
    fn layout(&self) -> impl Iterator<Item = &Block> {
        std::iter::successors(Some(&self[BlockId::ENTRY]), |block| {
            block.next.map(|next| &self[next])
        })
    }

    /// Starts a walk from the entry: `todo` has the blocks to look at, each of them once.
    fn start_walk(&mut self) {
        self.walk += 1;
        self.todo.clear();
        self.visit(BlockId::ENTRY);
    }

    /// Puts a block on the list of a walk, unless it was there before.
    fn visit(&mut self, id: BlockId) {
        if !self.mark(id) {
            self.todo.push(id);
        }
    }

    /// Marks a block; whether the walk that is going on had done so before.
    fn mark(&mut self, id: BlockId) -> bool {
        let walk = self.walk;
        std::mem::replace(&mut self[id].seen, walk) == walk
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

    /// Notes that the block has a NOP again.
    fn note_nop(&mut self, id: BlockId) {
        self[id].without_nops = false;
        self.has_nops = true;
    }

    /// Appends a jump with the location of `source`.
    fn add_jump(&mut self, block: BlockId, opcode: Opcode, target: BlockId, source: &Instr) {
        let jump = Instr::new(opcode, 0, source.location);
        self[block].append(Instr { target: Some(target), ..jump });
    }

    /// Runs the optimising passes. Returns `co_consts`: the constants that are left in use, folded
    /// ones among them; the table is empty then.
    pub(crate) fn optimize<'a>(
        &mut self,
        consts: &mut IndexSet<Constant<'a>>,
        local_count: u32,
        parameter_count: u32,
        arena: &'a Bump,
    ) -> Result<&'a [Constant<'a>], AssembleError> {
        let consts = &mut constants::Consts { table: consts, arena };
        self.find_handlers()?;
        self.inline_small_blocks();
        self.remove_unreachable();
        self.resolve_line_numbers();
        self.optimize_constant_loads(consts)?;
        self.optimize_blocks(consts)?;
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

    /// Lowers what is still abstract: pseudo instructions, cells, prefix, borrowed loads. Then puts the instructions in
    /// a row. Returns the depth of the stack.
    pub(crate) fn finish(
        &mut self,
        metadata: &CodeUnitMetadata<'_>,
        flags: u32,
        row: &mut Row,
    ) -> Result<u32, AssembleError> {
        self.convert_conditional_pseudo_jumps();
        let stack_depth = self.calculate_stack_depth()?;
        self.lower(metadata, flags)?;
        let size = self.normalize_jumps();
        // Nothing may move or change an instruction behind this point: a borrowed load is safe
        // only where it stands.
        self.borrow_loads();
        self.put_in_row(size, row);
        Ok(stack_depth)
    }
}
