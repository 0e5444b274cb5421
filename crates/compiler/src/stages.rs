//! The stages of a compilation one by one: code generation without what follows, the optimiser on instructions made by
//! hand, assembly without the optimiser. `_testinternalcapi` shows them to tests.
//!
//! Jumps hold places of instructions here, not labels. CPython: `_PyCompile_CodeGen`,
//! `_PyCompile_OptimizeCfg` and `_PyCompile_Assemble`.

use crate::tables::IndexSet;
use bumpalo::Bump;
use krait_syntax::Warning;
use krait_syntax::ast::{self, Mod};

use crate::assemble::{AssembleError, Assembler, Workspace};
use crate::cfg::{Graph, TRACKED_LOCALS};
use crate::code::{Code, Constant, Text};
use crate::error::CompileError;
use crate::instructions::{CodeUnit, CodeUnitMetadata, InstructionSequence, has_target};
use crate::options::CompileOptions;
use crate::symtable::SymbolTable;

/// Generates code for a tree: the module's unit, with those inside it nested in its instructions.
pub fn generate<'a>(
    tree: &'a Mod<'a>,
    options: &'a CompileOptions<'a>,
    arena: &'a Bump,
    warnings: &mut Vec<Warning>,
) -> Result<CodeUnit<'a>, CompileError> {
    let future = crate::future::future(tree, options.flags)?;
    warnings.extend(crate::preprocess::check_finally(tree));
    let table = SymbolTable::build(tree, future, options.stack_budget, arena)?;
    crate::codegen::generate_unit(tree, options, future, table, arena, warnings)
}

/// Optimises instructions without assembling them. `local_count` is the number of fast locals; the constants left are
/// returned beside the instructions.
pub fn optimize<'a>(
    instructions: &InstructionSequence,
    mut consts: IndexSet<Constant<'a>>,
    local_count: u32,
    arena: &'a Bump,
) -> Result<(InstructionSequence, &'a [Constant<'a>]), AssembleError> {
    instructions.check_opargs(consts.len(), local_count)?;
    let mut graph = Graph::default();
    graph.build(&instructions.with_labels())?;
    let consts = graph.optimize(&mut consts, local_count, 0, arena)?;
    graph.borrow_loads();
    Ok((graph.unlowered_row(), consts))
}

/// Assembles instructions as they are.
pub fn assemble<'a>(
    instructions: &InstructionSequence,
    metadata: CodeUnitMetadata<'a>,
    filename: Text<'a>,
    arena: &'a Bump,
) -> Result<Code<'a>, AssembleError> {
    let mut assembler = Assembler::new(arena, Workspace::default());
    assembler.assemble_as_is(&instructions.with_labels(), metadata, filename)
}

/// A docstring without the indentation that its lines share.
pub fn clean_doc<'a>(text: &[u8], arena: &'a Bump) -> Result<Text<'a>, CompileError> {
    crate::codegen::clean_doc(ast::Text::from_generalised(text), arena)
}

impl InstructionSequence {
    /// Replaces labels by the places they stand for. Without labels, jumps hold places already.
    pub fn resolve_labels(&mut self) -> Result<(), AssembleError> {
        if self.label_count() == 0 {
            return Ok(());
        }
        let place = |label| self.position(label).map(|place| place as u32);
        let places: Option<Vec<u32>> = self
            .instructions()
            .iter()
            .map(|i| if i.has_target() { place(i.oparg) } else { Some(i.oparg) })
            .collect();
        let places =
            places.ok_or(AssembleError::Invalid("jump to a label that was never placed"))?;
        self.set_opargs(&places);
        Ok(())
    }

    /// Jumps by label again, each label being the place it stands for.
    fn with_labels(&self) -> InstructionSequence {
        let mut labelled = self.clone();
        labelled.label_each_place();
        labelled
    }

    /// Refuses indices of constants and locals that do not exist: the optimiser relies on them.
    fn check_opargs(&self, consts: usize, locals: u32) -> Result<(), AssembleError> {
        for instruction in self.instructions() {
            if instruction.opcode.has_const() && instruction.oparg as usize >= consts {
                return Err(AssembleError::Invalid("constant index is out of range"));
            }
            // Of few locals, those that do not exist are not looked at.
            if locals > TRACKED_LOCALS
                && instruction.opcode.has_local()
                && !instruction.opcode.has_free()
                && !has_target(instruction.opcode)
                && instruction.oparg >= locals
            {
                return Err(AssembleError::Invalid("local index is out of range"));
            }
        }
        match self.annotations() {
            Some(annotations) => annotations.check_opargs(consts, locals),
            None => Ok(()),
        }
    }
}
