//! What code generation hands over: a sequence of instructions with labels, and what the code
//! object has besides instructions.
//!
//! Instructions may be pseudo instructions; the flow graph replaces them. CPython:
//! `instruction_sequence.c` and `_PyCompile_CodeUnitMetadata`.

use crate::tables::{IndexMap, IndexSet};
use krait_bytecode::Opcode;

use crate::code::{Constant, Text};

/// Where an instruction comes from: lines count from 1, columns from 0 in UTF-8 bytes.
/// -1 means unknown.
#[derive(Clone, Copy, Eq, Debug)]
pub struct Location {
    pub line: i32,
    pub end_line: i32,
    pub column: i32,
    pub end_column: i32,
}

impl PartialEq for Location {
    /// Without branches, eight bytes at a time: most are asked in turn, and what comes out is hard to foresee.
    #[inline]
    fn eq(&self, other: &Location) -> bool {
        let pair = |low: i32, high: i32| u64::from(low as u32) | u64::from(high as u32) << 32;
        let lines = pair(self.line, self.end_line) ^ pair(other.line, other.end_line);
        let columns = pair(self.column, self.end_column) ^ pair(other.column, other.end_column);
        lines | columns == 0
    }
}

impl Location {
    /// Belongs to no source line.
    pub const NONE: Location = Location { line: -1, end_line: -1, column: -1, end_column: -1 };

    /// Takes the location of the instruction behind it.
    pub const NEXT: Location = Location { line: -2, end_line: -2, column: -2, end_column: -2 };

    pub const fn new(line: i32, end_line: i32, column: i32, end_column: i32) -> Location {
        Location { line, end_line, column, end_column }
    }

    /// A whole line, columns 0 to 0, as at the start of a module.
    pub const fn line_start(line: i32) -> Location {
        Location { line, end_line: line, column: 0, end_column: 0 }
    }

    pub const fn has_line(self) -> bool {
        self.line >= 0
    }
}

/// A place in an instruction sequence that can be jumped to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Label(u32);

impl Label {
    /// As an oparg.
    pub const fn id(self) -> u32 {
        self.0
    }
}

/// An instruction before assembly. The oparg of a jump or block push is the label's id.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Instruction {
    pub opcode: Opcode,
    pub oparg: u32,
    pub location: Location,
}

impl Instruction {
    /// Its oparg is a label: jumps, and the pseudo instructions that open a protected region.
    pub const fn has_target(&self) -> bool {
        has_target(self.opcode)
    }
}

/// Whether the opcode's oparg is a label before assembly.
pub const fn has_target(opcode: Opcode) -> bool {
    opcode.has_jump() || opcode.is_block_push()
}

/// Instructions in the order of the source, and labels in between.
#[derive(Clone, Default, Debug)]
pub struct InstructionSequence {
    instructions: Vec<Instruction>,
    /// The positions of those with a target, in order.
    jumps: Vec<u32>,
    /// The position of each label; `UNPLACED` until it is used.
    labels: Vec<u32>,
    annotations: Option<Box<InstructionSequence>>,
    /// Those of the code objects inside, where they are asked for.
    nested: Vec<InstructionSequence>,
}

const UNPLACED: u32 = u32::MAX;

impl InstructionSequence {
    pub fn new() -> InstructionSequence {
        InstructionSequence::default()
    }

    /// Makes it empty; its memory stays.
    pub(crate) fn clear(&mut self) {
        self.instructions.clear();
        self.jumps.clear();
        self.labels.clear();
        self.annotations = None;
        self.nested.clear();
    }

    pub(crate) fn capacity(&self) -> usize {
        self.instructions.capacity()
    }

    /// A new label, to be placed by `use_label`.
    pub fn new_label(&mut self) -> Label {
        let id = self.labels.len() as u32;
        self.labels.push(UNPLACED);
        Label(id)
    }

    /// Places the label before the instruction that is emitted next.
    pub fn use_label(&mut self, label: Label) {
        self.labels[label.0 as usize] = self.instructions.len() as u32;
    }

    /// Appends an instruction that has no target; `oparg` is 0 where it has no argument.
    pub fn emit(&mut self, opcode: Opcode, oparg: u32, location: Location) {
        debug_assert!(!has_target(opcode));
        self.instructions.push(Instruction { opcode, oparg, location });
    }

    /// Appends a jump or a block push.
    pub fn emit_jump(&mut self, opcode: Opcode, target: Label, location: Location) {
        debug_assert!(has_target(opcode));
        self.jumps.push(self.instructions.len() as u32);
        self.instructions.push(Instruction { opcode, oparg: target.0, location });
    }

    /// Inserts an instruction without target; labels at or behind `position` move along.
    pub fn insert(&mut self, position: usize, opcode: Opcode, oparg: u32, location: Location) {
        self.insert_instruction(position, Instruction { opcode, oparg, location });
    }

    /// Inserts a jump or a block push; labels at or behind `position` move along.
    pub fn insert_jump(
        &mut self,
        position: usize,
        opcode: Opcode,
        target: Label,
        location: Location,
    ) {
        self.insert_instruction(position, Instruction { opcode, oparg: target.0, location });
    }

    fn insert_instruction(&mut self, position: usize, instruction: Instruction) {
        self.instructions.insert(position, instruction);
        for label in &mut self.labels {
            if *label != UNPLACED && *label as usize >= position {
                *label += 1;
            }
        }
        let behind = self.jumps.partition_point(|&jump| (jump as usize) < position);
        self.jumps[behind..].iter_mut().for_each(|jump| *jump += 1);
        if instruction.has_target() {
            self.jumps.insert(behind, position as u32);
        }
    }

    /// Code that takes the place of `ANNOTATIONS_PLACEHOLDER`. It has no jumps.
    pub fn set_annotations(&mut self, annotations: InstructionSequence) {
        self.annotations = Some(Box::new(annotations));
    }

    pub fn annotations(&self) -> Option<&InstructionSequence> {
        self.annotations.as_deref()
    }

    pub fn add_nested(&mut self, nested: InstructionSequence) {
        self.nested.push(nested);
    }

    pub fn nested(&self) -> &[InstructionSequence] {
        &self.nested
    }

    /// Places a label by its id before the instruction that is emitted next; those up to it exist from now on.
    pub fn use_label_id(&mut self, id: u32) {
        let place = self.instructions.len() as u32;
        if self.labels.len() <= id as usize {
            self.labels.resize(id as usize + 1, UNPLACED);
        }
        self.labels[id as usize] = place;
    }

    /// Appends any instruction; the oparg of a jump or block push is a label's id.
    pub fn push(&mut self, instruction: Instruction) {
        if instruction.has_target() {
            self.jumps.push(self.instructions.len() as u32);
        }
        self.instructions.push(instruction);
    }

    /// Gives all instructions new opargs; there are no labels then.
    pub(crate) fn set_opargs(&mut self, opargs: &[u32]) {
        for (instruction, &oparg) in self.instructions.iter_mut().zip(opargs) {
            instruction.oparg = oparg;
        }
        self.labels.clear();
    }

    /// Makes a label of each place, with the place as its id.
    pub(crate) fn label_each_place(&mut self) {
        self.labels = (0..self.instructions.len() as u32).collect();
    }

    pub fn len(&self) -> usize {
        self.instructions.len()
    }

    pub fn is_empty(&self) -> bool {
        self.instructions.is_empty()
    }

    pub fn last(&self) -> Option<&Instruction> {
        self.instructions.last()
    }

    pub fn instructions(&self) -> &[Instruction] {
        &self.instructions
    }

    /// The jumps and block pushes among them, in order.
    pub(crate) fn jumps(&self) -> impl ExactSizeIterator<Item = &Instruction> {
        self.jumps.iter().map(|&at| &self.instructions[at as usize])
    }

    /// The position of a label, by its id; `None` if it was never placed.
    pub fn position(&self, label: u32) -> Option<usize> {
        match self.labels.get(label as usize) {
            Some(&position) if position != UNPLACED => Some(position as usize),
            _ => None,
        }
    }

    pub fn label_count(&self) -> usize {
        self.labels.len()
    }
}

/// What a code object has besides its instructions. Indices in opargs are into these tables;
/// those of cell and free variables count through `cellvars`, then `freevars`.
#[derive(Clone, Debug)]
pub struct CodeUnitMetadata<'a> {
    pub name: &'a str,
    pub qualname: &'a str,
    pub consts: IndexSet<Constant<'a>>,
    pub names: IndexSet<&'a str>,
    /// Parameters first, in the order of `co_varnames`.
    pub varnames: IndexSet<&'a str>,
    pub cellvars: IndexSet<&'a str>,
    pub freevars: IndexSet<&'a str>,
    /// Fast locals of inlined comprehensions outside functions; `true` while the comprehension is
    /// being compiled. All of them are marked as hidden from `locals()`.
    pub fasthidden: IndexMap<&'a str, bool>,
    /// Positional parameters that are not positional-only.
    pub argcount: u32,
    pub posonlyargcount: u32,
    pub kwonlyargcount: u32,
    pub firstlineno: i32,
}

impl<'a> CodeUnitMetadata<'a> {
    pub fn new(name: &'a str, firstlineno: i32) -> CodeUnitMetadata<'a> {
        CodeUnitMetadata {
            name,
            qualname: name,
            consts: IndexSet::default(),
            names: IndexSet::default(),
            varnames: IndexSet::default(),
            cellvars: IndexSet::default(),
            freevars: IndexSet::default(),
            fasthidden: IndexMap::default(),
            argcount: 0,
            posonlyargcount: 0,
            kwonlyargcount: 0,
            firstlineno,
        }
    }

    /// Whether its tables are worth to be kept for another unit.
    pub(crate) fn is_small(&self) -> bool {
        const FEW: usize = 256;
        let names = [&self.names, &self.varnames, &self.cellvars, &self.freevars];
        self.consts.capacity() <= FEW && names.iter().all(|names| names.capacity() <= FEW)
    }

    /// Empties the tables.
    pub(crate) fn clear(&mut self) {
        for names in [&mut self.names, &mut self.varnames, &mut self.cellvars, &mut self.freevars] {
            names.clear();
        }
        self.consts.clear();
        self.fasthidden.clear();
    }

    /// The index of a constant in `co_consts`, adding it if it is new.
    pub fn add_const(&mut self, constant: Constant<'a>) -> u32 {
        self.consts.insert_full(constant).0 as u32
    }

    /// The index of a name in `co_names`, adding it if it is new.
    pub fn add_name(&mut self, name: &'a str) -> u32 {
        self.names.insert_full(name).0 as u32
    }

    /// The index of a fast local, adding it if it is new.
    pub fn add_varname(&mut self, name: &'a str) -> u32 {
        self.varnames.insert_full(name).0 as u32
    }
}

/// Everything the back end needs to make a code object.
#[derive(Clone, Debug)]
pub struct CodeUnit<'a> {
    pub metadata: Box<CodeUnitMetadata<'a>>,
    pub instructions: InstructionSequence,
    /// `co_flags`.
    pub flags: u32,
    /// How many of `varnames` are parameters, `*args` and `**kwargs` among them.
    pub parameter_count: u32,
    pub filename: Text<'a>,
}
