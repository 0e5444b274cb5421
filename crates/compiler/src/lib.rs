//! AST to symbol table to instructions to assembled code. Knows no objects.
//!
//! [`compile`] takes a tree, [`compile_source`] a text. The front half is `preprocess`, `symtable`
//! and `codegen`; the back half `cfg`, `fold` and `assemble`; `marshal` writes the result.

#![forbid(unsafe_code)]

pub mod assemble;
mod cfg;
pub mod code;
mod codegen;
mod error;
mod fold;
mod future;
pub mod instructions;
mod limits;
pub mod marshal;
mod options;
mod preprocess;

/// What is replaced in a tree before it is compiled: for showing such trees.
pub mod prepared {
    pub use crate::preprocess::{pattern_literal, resolve, strip_docstring};
}
pub mod stages;
pub mod symtable;
pub mod tables;
mod unparse;
mod validate;

pub use assemble::Workspace;
pub use error::CompileError;
pub use future::{Future, future};
pub use options::{ALLOW_TOP_LEVEL_AWAIT, CompileOptions, Compiled};
pub use validate::validate;

pub use bumpalo::Bump;
use code::Code;
use krait_bytecode::future_flags;
use krait_syntax::ast::Mod;
use krait_syntax::{ParseOptions, Source, Warning};
use symtable::SymbolTable;

/// Compiles a tree. The code lives in the arena.
pub fn compile<'a>(
    arena: &'a Bump,
    tree: &'a Mod<'a>,
    options: &'a CompileOptions<'a>,
) -> Result<Compiled<'a>, CompileError> {
    let mut warnings = Vec::new();
    let code = compile_into(arena, tree, options, &mut Workspace::default(), &mut warnings)?;
    Ok(Compiled { code, warnings })
}

/// As [`compile`], with the warnings in a vector of the caller's: those issued before an error are
/// there as well. So is memory that the next compilation may use.
pub fn compile_into<'a>(
    arena: &'a Bump,
    tree: &'a Mod<'a>,
    options: &'a CompileOptions<'a>,
    workspace: &mut Workspace,
    warnings: &mut Vec<Warning>,
) -> Result<Code<'a>, CompileError> {
    let future = future_of(tree, options)?;
    warnings.extend(preprocess::check_finally(tree));
    let table = names(tree, options, future, arena)?;
    codegen::generate(tree, options, future, table, arena, workspace, warnings)
}

/// Parses and compiles a text. The tree and the code live in the arena, and what they can borrow from the text they do.
pub fn compile_source<'a>(
    arena: &'a Bump,
    source: impl Into<Source<'a>>,
    options: &'a CompileOptions<'a>,
) -> Result<Compiled<'a>, CompileError> {
    let parse_options = ParseOptions {
        mode: options.mode,
        barry_as_flufl: options.flags & future_flags::BARRY_AS_BDFL != 0,
        stack_budget: options.stack_budget,
        ..ParseOptions::default()
    };
    let parsed = krait_syntax::parse(arena, source, &parse_options)?;
    let mut compiled = compile(arena, parsed.tree, options)?;
    compiled.warnings.splice(0..0, parsed.warnings);
    Ok(compiled)
}

/// The symbol table of a tree, for the `_symtable` module.
pub fn symbol_table<'a>(
    tree: &'a Mod<'a>,
    options: &CompileOptions<'_>,
    arena: &'a Bump,
) -> Result<SymbolTable<'a>, CompileError> {
    names(tree, options, future_of(tree, options)?, arena)
}

fn future_of(tree: &Mod<'_>, options: &CompileOptions<'_>) -> Result<Future, CompileError> {
    future::future(tree, options.flags).map_err(CompileError::in_scope)
}

fn names<'a>(
    tree: &'a Mod<'a>,
    options: &CompileOptions<'_>,
    future: Future,
    arena: &'a Bump,
) -> Result<SymbolTable<'a>, CompileError> {
    SymbolTable::build(tree, future, options.stack_budget, arena).map_err(CompileError::in_scope)
}
