//! From a code unit to a code object: flow graph, optimisation, assembly.
//!
//! CPython: `optimize_and_assemble_code_unit` in `compile.c`, and `assemble.c`.

mod exception_table;
mod jumps;
mod local_names;
mod location_table;

use std::fmt;

use krait_bytecode::Opcode;

use crate::cfg::{FinalInstr, Graph};
use crate::code::{Code, Constant, Text};
use crate::instructions::{CodeUnit, CodeUnitMetadata};

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

/// Optimises and assembles a unit.
pub fn assemble(unit: CodeUnit) -> Result<Code, AssembleError> {
    let CodeUnit { mut metadata, instructions, flags, parameter_count, filename } = unit;
    let mut graph = Graph::build(&instructions)?;
    drop(instructions);
    let consts = std::mem::take(&mut metadata.consts);
    let consts = graph.optimize(consts, metadata.varnames.len() as u32, parameter_count)?;
    finish(graph, metadata, consts, flags, filename)
}

/// Assembles a graph that needs no more optimisation.
pub(crate) fn finish(
    mut graph: Graph,
    metadata: CodeUnitMetadata,
    consts: Vec<Constant>,
    flags: u32,
    filename: Text,
) -> Result<Code, AssembleError> {
    let mut finished = graph.finish(&metadata, flags)?;
    drop(graph);
    let offsets = jumps::resolve(&mut finished.instructions)?;
    let instructions = &finished.instructions;
    let linetable = location_table::assemble(instructions, metadata.firstlineno);
    let exceptiontable = exception_table::assemble(instructions, &offsets)?;
    let code = emit(instructions, offsets.last().copied().unwrap_or(0));
    let (localsplusnames, localspluskinds) = local_names::collect(&metadata, flags);
    Ok(Code {
        argcount: metadata.posonlyargcount + metadata.argcount,
        posonlyargcount: metadata.posonlyargcount,
        kwonlyargcount: metadata.kwonlyargcount,
        stacksize: finished.stack_depth.max(1),
        flags,
        firstlineno: metadata.firstlineno,
        code,
        consts,
        names: metadata.names.into_iter().collect(),
        localsplusnames,
        localspluskinds,
        filename,
        name: metadata.name,
        qualname: metadata.qualname,
        linetable,
        exceptiontable,
        has_renamed_parameter: false,
    })
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
fn emit(instructions: &[FinalInstr], units: u32) -> Vec<u8> {
    let mut code = Vec::with_capacity(units as usize * 2);
    for instr in instructions {
        let [a, b, c, low] = instr.oparg.to_be_bytes();
        let extensions = [a, b, c];
        let first = extensions.iter().position(|&byte| byte != 0).unwrap_or(3);
        for &byte in &extensions[first..] {
            code.extend([Opcode::EXTENDED_ARG as u8, byte]);
        }
        code.extend([instr.opcode as u16 as u8, low]);
        code.resize(code.len() + 2 * instr.opcode.cache_units(), 0);
    }
    code
}
