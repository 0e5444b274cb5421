//! Code generation: walks the tree and emits instructions, one unit per code object.
//!
//! This file holds the state and the entry; the modules below have one construct, or a family of
//! them, each. Relies on the symbol table, and on `assemble` to turn a finished unit into code.
//! Does the job of `Python/codegen.c` and `Python/compile.c`.

mod annotations;
mod assignment;
mod calls;
mod classes;
mod collections;
mod comprehension;
mod conditions;
pub(crate) mod constants;
mod control_flow;
mod emit;
mod exceptions;
mod expressions;
mod frame_blocks;
mod functions;
mod imports;
mod names;
mod pattern_parts;
mod patterns;
mod statements;
mod strings;
mod type_params;
mod unit;
mod warnings;
mod with;

use bumpalo::Bump;
use krait_bytecode::Opcode;
use krait_syntax::Warning;
use krait_syntax::ast::{ExprKind, Mod, Span, Stmt};

use crate::assemble::{Assembler, Workspace};
use crate::code::{Code, Text};
use crate::error::Result;
use crate::future::{Future, docstring};
use crate::instructions::{CodeUnit, Location};
use crate::limits::StackGuard;
use crate::options::CompileOptions;
use crate::symtable::{Entry, NodeKey, Role, SymbolTable};
use unit::{ScopeKind, Unit};

/// More values than this on the stack, and large displays are built piece by piece.
const STACK_USE_GUIDELINE: usize = 30;

/// The state of a compilation.
pub(crate) struct Generator<'a> {
    arena: &'a Bump,
    options: &'a CompileOptions<'a>,
    table: SymbolTable<'a>,
    future: Future,
    /// Units being compiled, the innermost last.
    units: Vec<Unit<'a>>,
    assembler: Assembler<'a>,
    interactive: bool,
    stack_guard: StackGuard,
    /// Address of the piece of a long chain, or 0, whose value is on the stack already.
    walked: usize,
    warnings: Vec<Warning>,
    /// Set while code is generated a second time.
    warnings_muted: bool,
    /// Whether instructions are kept beside the code objects made of them.
    keeps_nested: bool,
}

/// Compiles a whole tree.
pub(crate) fn generate<'a>(
    tree: &'a Mod<'a>,
    options: &'a CompileOptions<'a>,
    future: Future,
    table: SymbolTable<'a>,
    arena: &'a Bump,
    workspace: &mut Workspace,
    warnings: &mut Vec<Warning>,
) -> Result<Code<'a>> {
    let memory = std::mem::take(workspace);
    let mut generator = Generator::new(options, future, table, arena, memory);
    let code = generator.module(tree).and_then(|unit| generator.assembled(unit));
    warnings.append(&mut generator.warnings);
    *workspace = generator.assembler.into_workspace();
    code
}

/// As `generate`, but leaves the module's unit as it is, with the instructions of the units inside it.
pub(crate) fn generate_unit<'a>(
    tree: &'a Mod<'a>,
    options: &'a CompileOptions<'a>,
    future: Future,
    table: SymbolTable<'a>,
    arena: &'a Bump,
    warnings: &mut Vec<Warning>,
) -> Result<CodeUnit<'a>> {
    let mut generator = Generator::new(options, future, table, arena, Workspace::default());
    generator.keeps_nested = true;
    let unit = generator.module(tree);
    warnings.append(&mut generator.warnings);
    unit
}

/// A docstring without the indentation that its lines share.
pub(crate) fn clean_doc<'a>(
    text: krait_syntax::ast::Text<'_>,
    arena: &'a Bump,
) -> Result<Text<'a>> {
    constants::clean_text(text, arena)
}

/// The location of a node.
fn at(span: Span) -> Location {
    Location::new(span.lineno, span.end_lineno, span.col_offset, span.end_col_offset)
}

impl<'a> Generator<'a> {
    fn new(
        options: &'a CompileOptions<'a>,
        future: Future,
        table: SymbolTable<'a>,
        arena: &'a Bump,
        workspace: Workspace,
    ) -> Generator<'a> {
        Generator {
            arena,
            options,
            table,
            future,
            units: Vec::new(),
            assembler: Assembler::new(arena, workspace),
            interactive: false,
            stack_guard: StackGuard::new(options.stack_budget),
            walked: 0,
            warnings: Vec::new(),
            warnings_muted: false,
            keeps_nested: false,
        }
    }

    fn module(&mut self, tree: &'a Mod<'a>) -> Result<CodeUnit<'a>> {
        let key = NodeKey::new(tree, Role::Body);
        self.enter_scope("<module>", ScopeKind::Module, key, 1, None)?;
        let mut returns_none = true;
        match tree {
            Mod::Module { body, .. } => {
                let body = self.without_docstring(body);
                self.module_body(body, true)?;
            }
            Mod::Interactive { body } => {
                self.interactive = true;
                self.module_body(body, false)?;
            }
            Mod::Expression { body } => {
                self.expr(body)?;
                returns_none = false;
            }
            // The symbol table has refused it.
            Mod::FunctionType { .. } => {}
        }
        self.end_scope(returns_none)
    }

    fn module_body(&mut self, body: &'a [&'a Stmt<'a>], may_have_docstring: bool) -> Result {
        let start = body.first().map_or(Span::new(1, 0, 1, 0), |stmt| stmt.span);
        let start = at(start);
        if self.entry().has_conditional_annotations {
            self.op_i(start, Opcode::BUILD_SET, 0);
            self.op_name(start, Opcode::STORE_NAME, "__conditional_annotations__");
        }
        self.body(start, body, may_have_docstring)
    }

    /// The body of a module or class.
    fn body(
        &mut self,
        loc: Location,
        body: &'a [&'a Stmt<'a>],
        may_have_docstring: bool,
    ) -> Result {
        if self.future_annotations() && self.entry().annotations_used {
            self.op(loc, Opcode::SETUP_ANNOTATIONS);
        }
        let Some(first) = body.first() else { return Ok(()) };
        let mut rest = body;
        if may_have_docstring && let Some(text) = docstring(body) {
            rest = &body[1..];
            if let krait_syntax::ast::StmtKind::Expr { value } = first.node {
                let doc = constants::clean_doc(text, self.arena)?;
                self.load_const(at(value.span), doc);
                self.store_name(Location::NONE, "__doc__")?;
            }
        }
        self.stmts(rest)?;
        if self.future_annotations() {
            return Ok(());
        }
        self.deferred_annotations(loc)
    }

    /// `body` as `-OO` wants it.
    fn without_docstring(&self, body: &'a [&'a Stmt<'a>]) -> &'a [&'a Stmt<'a>] {
        crate::preprocess::strip_docstring(body, self.options.optimize, self.arena)
    }

    fn future_annotations(&self) -> bool {
        self.future.has(krait_bytecode::future_flags::ANNOTATIONS)
    }

    /// The block of the unit being compiled.
    fn entry(&self) -> &Entry<'a> {
        self.table.entry(self.unit().entry)
    }

    /// A node as preprocessing leaves it.
    fn resolve(&self, expr: &'a krait_syntax::ast::Expr<'a>) -> &'a krait_syntax::ast::Expr<'a> {
        match expr.node {
            ExprKind::Name { .. } | ExprKind::BinOp { .. } => {
                crate::preprocess::resolve(expr, self.options.optimize, self.arena)
            }
            _ => expr,
        }
    }
}
