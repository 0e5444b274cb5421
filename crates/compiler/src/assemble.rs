//! From a code unit to a code object: flow graph, optimisation, assembly.
//!
//! CPython: `optimize_and_assemble_code_unit` in `compile.c`, and `assemble.c`.

mod exception_table;
mod jumps;
mod local_names;
mod location_table;

use std::fmt;

use bumpalo::Bump;
use krait_bytecode::Opcode;

use crate::cfg::{FinalInstr, Graph, Row};
use crate::code::{Code, Constant, Text};
use crate::instructions::{CodeUnit, CodeUnitMetadata, InstructionSequence};

/// Why a unit cannot become a code object.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AssembleError {
    /// The instructions contradict themselves: a fault in the compiler, or in a caller that made
    /// them by hand. CPython raises `SystemError` or `ValueError`.
    Invalid(&'static str),
    /// Too many instructions, constants or lines for the format. CPython raises `OverflowError`.
    TooLarge,
}

impl fmt::Display for AssembleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AssembleError::Invalid(what) => f.write_str(what),
            AssembleError::TooLarge => f.write_str("code is too large"),
        }
    }
}

impl std::error::Error for AssembleError {}

/// Memory that compilations use one after the other.
#[derive(Default, Debug)]
pub struct Workspace {
    graph: Graph,
    row: Row,
    /// The offset of each instruction and, last, of the end, in code units.
    offsets: Vec<u32>,
    /// The table that is being made.
    table: Vec<u8>,
    /// Those of units that are code objects by now, emptied.
    sequences: Vec<InstructionSequence>,
}

impl Workspace {
    /// Whether it is worth to be kept: what almost every module needs is less.
    fn is_small(&self) -> bool {
        const MANY_INSTRUCTIONS: usize = 1 << 14;
        let sequences: usize = self.sequences.iter().map(|sequence| sequence.capacity()).sum();
        [self.graph.capacity(), self.offsets.capacity(), sequences]
            .iter()
            .all(|capacity| *capacity <= MANY_INSTRUCTIONS)
    }
}

/// Makes code objects of units, one after the other.
#[derive(Debug)]
pub(crate) struct Assembler<'a> {
    arena: &'a Bump,
    workspace: Workspace,
    /// Those of units that are code objects by now, emptied.
    #[allow(clippy::vec_box, reason = "units move their metadata around")]
    spare: Vec<Box<CodeUnitMetadata<'a>>>,
}

impl<'a> Assembler<'a> {
    pub(crate) fn new(arena: &'a Bump, workspace: Workspace) -> Assembler<'a> {
        Assembler { arena, workspace, spare: Vec::new() }
    }

    /// What the next compilation may use.
    pub(crate) fn into_workspace(self) -> Workspace {
        if self.workspace.is_small() { self.workspace } else { Workspace::default() }
    }

    /// What a new unit is made of.
    pub(crate) fn new_unit(
        &mut self,
        name: &'a str,
        firstlineno: i32,
    ) -> (Box<CodeUnitMetadata<'a>>, InstructionSequence) {
        let sequence = self.workspace.sequences.pop().unwrap_or_default();
        let Some(mut metadata) = self.spare.pop() else {
            return (Box::new(CodeUnitMetadata::new(name, firstlineno)), sequence);
        };
        (metadata.name, metadata.qualname) = (name, name);
        metadata.firstlineno = firstlineno;
        (metadata, sequence)
    }

    /// Optimises and assembles a unit.
    pub(crate) fn assemble(&mut self, unit: CodeUnit<'a>) -> Result<Code<'a>, AssembleError> {
        let CodeUnit { mut metadata, mut instructions, flags, parameter_count, filename } = unit;
        let graph = &mut self.workspace.graph;
        graph.build(&instructions)?;
        instructions.clear();
        self.workspace.sequences.push(instructions);
        let locals = metadata.varnames.len() as u32;
        let consts = graph.optimize(&mut metadata.consts, locals, parameter_count, self.arena)?;
        let code = self.finish(&mut metadata, consts, flags, filename)?;
        if metadata.is_small() {
            metadata.clear();
            self.spare.push(metadata);
        }
        Ok(code)
    }

    /// Assembles instructions that need no optimisation.
    pub(crate) fn assemble_as_is(
        &mut self,
        instructions: &InstructionSequence,
        mut metadata: CodeUnitMetadata<'a>,
        filename: Text<'a>,
    ) -> Result<Code<'a>, AssembleError> {
        let graph = &mut self.workspace.graph;
        graph.build(instructions)?;
        graph.find_handlers()?;
        self.finish(&mut metadata, &[], 0, filename)
    }

    fn finish(
        &mut self,
        metadata: &mut CodeUnitMetadata<'a>,
        consts: &'a [Constant<'a>],
        flags: u32,
        filename: Text<'a>,
    ) -> Result<Code<'a>, AssembleError> {
        let arena = self.arena;
        let Workspace { graph, row, offsets, table, .. } = &mut self.workspace;
        let stack_depth = graph.finish(metadata, flags, row)?;
        jumps::resolve(row, offsets)?;
        let row = &row.instructions[..];
        location_table::assemble(row, offsets, metadata.firstlineno, table);
        let linetable = arena.alloc_slice_copy(table);
        exception_table::assemble(graph, row, offsets, table)?;
        let exceptiontable = arena.alloc_slice_copy(table);
        let code = emit(row, offsets.last().copied().unwrap_or(0), arena);
        Ok(Code {
            argcount: metadata.posonlyargcount + metadata.argcount,
            posonlyargcount: metadata.posonlyargcount,
            kwonlyargcount: metadata.kwonlyargcount,
            stacksize: stack_depth.max(1),
            flags,
            firstlineno: metadata.firstlineno,
            code,
            consts,
            names: arena.alloc_slice_fill_iter(metadata.names.iter().copied()),
            localsplusnames: local_names::names(metadata, arena),
            localspluskinds: local_names::kinds(metadata, flags, arena),
            filename,
            name: metadata.name,
            qualname: metadata.qualname,
            linetable,
            exceptiontable,
            has_renamed_parameter: false,
        })
    }
}

/// The number of code units that an instruction takes with its `EXTENDED_ARG`s and caches.
fn size_of(instr: &FinalInstr) -> u32 {
    let extended = match instr.oparg {
        0..=0xff => 0,
        0x100..=0xffff => 1,
        0x1_0000..=0xff_ffff => 2,
        _ => 3,
    };
    extended + 1 + instr.opcode.cache_units() as u32
}

/// Writes the code units. `units` is how many there will be.
fn emit<'a>(instructions: &[FinalInstr], units: u32, arena: &'a Bump) -> &'a [u8] {
    // Caches are zero.
    let code = arena.alloc_slice_fill_copy(units as usize * 2, 0);
    let (mut rest, _) = code.as_chunks_mut::<2>();
    for instr in instructions {
        let [a, b, c, low] = instr.oparg.to_be_bytes();
        if instr.oparg > 0xff {
            let extensions = [a, b, c];
            let first = extensions.iter().position(|&byte| byte != 0).unwrap_or(2);
            for &byte in &extensions[first..] {
                rest = put(rest, [Opcode::EXTENDED_ARG as u8, byte], 0);
            }
        }
        rest = put(rest, [instr.opcode as u16 as u8, low], instr.opcode.cache_units());
    }
    code
}

/// Writes a code unit. Returns what is behind it and its caches.
fn put(place: &mut [[u8; 2]], unit: [u8; 2], caches: usize) -> &mut [[u8; 2]] {
    match place {
        [first, rest @ ..] => {
            *first = unit;
            rest.get_mut(caches..).unwrap_or_default()
        }
        [] => place,
    }
}
