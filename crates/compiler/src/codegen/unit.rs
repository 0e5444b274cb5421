//! Units: what is known of a code object while it is being made.
//!
//! Does the job of `struct compiler_unit`, `_PyCompile_EnterScope`, `compiler_set_qualname` and
//! `compute_code_flags` of `Python/compile.c`.

use std::collections::BTreeSet;

use bumpalo::collections::String;
use krait_bytecode::{Opcode, code_flags, future_flags, resume};
use krait_syntax::ast::{Expr, Span};

use super::Generator;
use super::frame_blocks::FrameBlock;
use crate::assemble::AssembleError;
use crate::code::{Code, Constant};
use crate::error::{CompileError, Result};
use crate::instructions::{CodeUnit, CodeUnitMetadata, InstructionSequence, Location};
use crate::options::ALLOW_TOP_LEVEL_AWAIT;
use crate::symtable::flags::{DEF_COMP_CELL, DEF_FREE_CLASS};
use crate::symtable::{BlockKind, Entry, EntryId, NodeKey, Scope, mangle};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScopeKind {
    Module,
    Class,
    Function,
    AsyncFunction,
    Lambda,
    Comprehension,
    /// Annotations, type parameters, type aliases, bounds and defaults.
    Annotations,
}

/// How many parameters of each kind a code object has.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Parameters {
    pub(super) argcount: usize,
    pub(super) posonly: usize,
    pub(super) kwonly: usize,
}

/// An annotation of a module or class, evaluated later.
#[derive(Clone, Copy, Debug)]
pub(super) struct DeferredAnnotation<'a> {
    pub(super) name: &'a str,
    pub(super) annotation: &'a Expr<'a>,
    pub(super) span: Span,
    /// Set if the statement may not be reached.
    pub(super) condition: Option<i64>,
}

pub(super) struct Unit<'a> {
    pub(super) entry: EntryId,
    pub(super) kind: ScopeKind,
    /// The class whose name mangles private names.
    pub(super) private: Option<&'a str>,
    pub(super) meta: Box<CodeUnitMetadata<'a>>,
    pub(super) seq: InstructionSequence,
    /// The main sequence, while that of the annotations is being made.
    pub(super) stashed: Option<InstructionSequence>,
    pub(super) blocks: Vec<FrameBlock<'a>>,
    pub(super) static_attributes: BTreeSet<&'a str>,
    pub(super) deferred: Vec<DeferredAnnotation<'a>>,
    pub(super) next_condition: i64,
    pub(super) in_conditional_block: bool,
    pub(super) in_inlined_comprehension: u32,
}

impl<'a> Generator<'a> {
    pub(super) fn unit(&self) -> &Unit<'a> {
        &self.units[self.units.len() - 1]
    }

    pub(super) fn unit_mut(&mut self) -> &mut Unit<'a> {
        let last = self.units.len() - 1;
        &mut self.units[last]
    }

    pub(super) fn enter_scope(
        &mut self,
        name: &'a str,
        kind: ScopeKind,
        key: NodeKey,
        lineno: i32,
        private: Option<&'a str>,
    ) -> Result {
        self.enter_scope_with(name, kind, key, lineno, private, Parameters::default())
    }

    pub(super) fn enter_scope_with(
        &mut self,
        name: &'a str,
        kind: ScopeKind,
        key: NodeKey,
        lineno: i32,
        private: Option<&'a str>,
        parameters: Parameters,
    ) -> Result {
        let Some(entry) = self.table.lookup(key) else {
            return Err(CompileError::System("no symbol table entry for a block".to_owned()));
        };
        self.enter_entry(name, kind, entry, lineno, private, parameters)
    }

    pub(super) fn enter_entry(
        &mut self,
        name: &'a str,
        kind: ScopeKind,
        entry: EntryId,
        lineno: i32,
        private: Option<&'a str>,
        parameters: Parameters,
    ) -> Result {
        let (mut meta, seq) = self.assembler.new_unit(name, lineno);
        let ste = self.table.entry(entry);
        meta.varnames.extend(ste.varnames.iter().copied());
        collect_cells(&mut meta, ste);
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        meta.argcount = count(parameters.argcount);
        meta.posonlyargcount = count(parameters.posonly);
        meta.kwonlyargcount = count(parameters.kwonly);
        let inherited = self.units.last().and_then(|unit| unit.private);
        self.units.push(Unit {
            entry,
            kind,
            private: private.or(inherited),
            meta,
            seq,
            stashed: None,
            blocks: Vec::new(),
            static_attributes: BTreeSet::new(),
            deferred: Vec::new(),
            next_condition: 0,
            in_conditional_block: false,
            in_inlined_comprehension: 0,
        });
        if kind == ScopeKind::Module {
            self.op_i(Location::new(0, 1, 0, 0), Opcode::RESUME, resume::AT_FUNC_START);
            self.op(Location::new(0, 1, 0, 0), Opcode::ANNOTATIONS_PLACEHOLDER);
        } else {
            self.set_qualname();
            self.op_i(Location::line_start(lineno), Opcode::RESUME, resume::AT_FUNC_START);
        }
        Ok(())
    }

    fn set_qualname(&mut self) {
        let depth = self.units.len();
        let unit = self.unit();
        let mut base = String::new_in(self.arena);
        // Index of the unit around, if it is not the module.
        if depth > 2 {
            let mut parent = &self.units[depth - 2];
            if parent.kind == ScopeKind::Annotations {
                // Such scopes do not show; what counts is the one around.
                if depth == 3 {
                    return;
                }
                parent = &self.units[depth - 3];
            }
            if !self.is_global_in(unit, parent) {
                base.push_str(parent.meta.qualname);
                let kinds = [ScopeKind::Function, ScopeKind::AsyncFunction, ScopeKind::Lambda];
                if kinds.contains(&parent.kind) {
                    base.push_str(".<locals>");
                }
            }
        }
        if base.is_empty() {
            return;
        }
        base.push('.');
        base.push_str(unit.meta.name);
        self.unit_mut().meta.qualname = base.into_bump_str();
    }

    /// Whether the parent declares the unit's name global.
    fn is_global_in(&self, unit: &Unit<'a>, parent: &Unit<'a>) -> bool {
        let kinds = [ScopeKind::Function, ScopeKind::AsyncFunction, ScopeKind::Class];
        if !kinds.contains(&unit.kind) {
            return false;
        }
        let name = mangle(parent.private, unit.meta.name, self.arena);
        self.table.entry(parent.entry).scope(name) == Scope::GlobalExplicit
    }

    fn code_flags(&self) -> u32 {
        let entry = self.entry();
        let mut flags = 0;
        if entry.kind.is_function_like() {
            flags |= code_flags::NEWLOCALS | code_flags::OPTIMIZED;
            let generator_kind = match (entry.generator, entry.coroutine) {
                (true, false) => code_flags::GENERATOR,
                (true, true) => code_flags::ASYNC_GENERATOR,
                (false, true) => code_flags::COROUTINE,
                (false, false) => 0,
            };
            flags |= generator_kind;
            for (set, flag) in [
                (entry.nested, code_flags::NESTED),
                (entry.varargs, code_flags::VARARGS),
                (entry.varkeywords, code_flags::VARKEYWORDS),
                (entry.has_docstring && self.options.optimize < 2, code_flags::HAS_DOCSTRING),
                (entry.method, code_flags::METHOD),
            ] {
                flags |= if set { flag } else { 0 };
            }
        }
        flags |= self.future.features & FUTURE_MASK;
        if self.future.has(ALLOW_TOP_LEVEL_AWAIT)
            && entry.kind == BlockKind::Module
            && entry.coroutine
            && !entry.generator
        {
            flags |= code_flags::COROUTINE;
        }
        flags
    }

    /// Ends the unit with a return and makes it a code object.
    pub(super) fn finish_scope(&mut self, returns_none: bool) -> Result<Code<'a>> {
        let unit = self.end_scope(returns_none)?;
        let nested = self.keeps_nested.then(|| unit.instructions.clone());
        let code = self.assembled(unit)?;
        if let (Some(nested), Some(outer)) = (nested, self.units.last_mut()) {
            outer.seq.add_nested(nested);
        }
        Ok(code)
    }

    /// The code object of a unit.
    pub(super) fn assembled(&mut self, unit: CodeUnit<'a>) -> Result<Code<'a>> {
        self.assembler.assemble(unit).map_err(|error| match error {
            AssembleError::Invalid(what) => CompileError::System(what.to_owned()),
            AssembleError::TooLarge => CompileError::Overflow(error.to_string()),
        })
    }

    /// Ends the unit with a return.
    pub(super) fn end_scope(&mut self, returns_none: bool) -> Result<CodeUnit<'a>> {
        if returns_none {
            self.load_const(Location::NONE, Constant::None);
        }
        self.op(Location::NONE, Opcode::RETURN_VALUE);
        let flags = self.code_flags();
        let Some(unit) = self.units.pop() else {
            return Err(CompileError::System("no unit to finish".to_owned()));
        };
        let meta = unit.meta;
        let variadic = u32::from(flags & code_flags::VARARGS != 0)
            + u32::from(flags & code_flags::VARKEYWORDS != 0);
        let parameter_count = meta.posonlyargcount + meta.argcount + meta.kwonlyargcount + variadic;
        Ok(CodeUnit {
            metadata: meta,
            instructions: unit.seq,
            flags,
            parameter_count,
            filename: self.options.filename,
        })
    }
}

/// The features that code objects record.
const FUTURE_MASK: u32 = future_flags::DIVISION
    | future_flags::ABSOLUTE_IMPORT
    | future_flags::WITH_STATEMENT
    | future_flags::PRINT_FUNCTION
    | future_flags::UNICODE_LITERALS
    | future_flags::BARRY_AS_BDFL
    | future_flags::GENERATOR_STOP
    | future_flags::ANNOTATIONS;

/// Cell and free variables, each sorted by name.
fn collect_cells<'a>(meta: &mut CodeUnitMetadata<'a>, entry: &Entry<'a>) {
    let pick = |scope: Scope, flag: u32| {
        let symbols = entry.symbols.iter();
        let mut names: Vec<&'a str> = symbols
            .filter(|(_, usage)| Scope::of(*usage) == scope || usage & flag != 0)
            .map(|(name, _)| name)
            .collect();
        names.sort_unstable();
        names
    };
    meta.cellvars.extend(pick(Scope::Cell, DEF_COMP_CELL));
    for (needed, name) in [
        (entry.needs_class_closure, "__class__"),
        (entry.needs_classdict, "__classdict__"),
        (entry.has_conditional_annotations, "__conditional_annotations__"),
    ] {
        if needed {
            meta.cellvars.insert(name);
        }
    }
    meta.freevars.extend(pick(Scope::Free, DEF_FREE_CLASS));
}
