//! Loading, storing and deleting names, and the cells that functions close over.
//!
//! Does the job of `codegen_nameop`, `_PyCompile_ResolveNameop` and `codegen_make_closure`.

use krait_bytecode::{Opcode, function_attribute, local_kind};
use krait_syntax::ast::ExprContext;

use super::Generator;
use super::unit::ScopeKind;
use crate::code::{Code, Constant};
use crate::error::{CompileError, Result};
use crate::instructions::Location;
use crate::symtable::{BlockKind, Scope};

/// Names that live in a cell of the class that provides them.
const CLASS_CELLS: [&str; 3] = ["__class__", "__classdict__", "__conditional_annotations__"];

impl<'a> Generator<'a> {
    pub(super) fn mangled(&self, name: &'a str) -> &'a str {
        let unit = self.unit();
        self.table.maybe_mangle(unit.private, unit.entry, name, self.arena)
    }

    pub(super) fn name_op(&mut self, loc: Location, name: &'a str, ctx: ExprContext) -> Result {
        let name = self.mangled(name);
        let scope = self.entry().scope(name);
        let function_like = self.entry().kind.is_function_like();
        match scope {
            Scope::Free | Scope::Cell => self.deref(loc, name, scope, ctx),
            Scope::Local if function_like || self.is_hidden_fast(name) => {
                let opcode = match ctx {
                    ExprContext::Load => Opcode::LOAD_FAST,
                    ExprContext::Store => Opcode::STORE_FAST,
                    ExprContext::Del => Opcode::DELETE_FAST,
                };
                self.op_varname(loc, opcode, name);
                Ok(())
            }
            Scope::GlobalExplicit => self.global(loc, name, scope, ctx),
            Scope::GlobalImplicit if function_like => self.global(loc, name, scope, ctx),
            _ => {
                self.plain_name(loc, name, ctx);
                Ok(())
            }
        }
    }

    /// With a fast local as argument.
    pub(super) fn op_varname(&mut self, loc: Location, opcode: Opcode, name: &'a str) {
        let index = self.unit_mut().meta.add_varname(name);
        self.op_i(loc, opcode, index);
    }

    fn is_hidden_fast(&self, name: &str) -> bool {
        self.unit().meta.fasthidden.get(name).copied().unwrap_or(false)
    }

    fn in_inlined_comprehension(&self) -> bool {
        self.unit().in_inlined_comprehension > 0
    }

    fn plain_name(&mut self, loc: Location, name: &'a str, ctx: ExprContext) {
        match ctx {
            // A comprehension does not see the names of the class it is inlined into.
            ExprContext::Load
                if self.entry().kind == BlockKind::Class && self.in_inlined_comprehension() =>
            {
                self.op_name_shifted(loc, Opcode::LOAD_GLOBAL, name, 1, 0);
            }
            ExprContext::Load => self.op_name(loc, Opcode::LOAD_NAME, name),
            ExprContext::Store => self.op_name(loc, Opcode::STORE_NAME, name),
            ExprContext::Del => self.op_name(loc, Opcode::DELETE_NAME, name),
        }
    }

    fn global(&mut self, loc: Location, name: &'a str, scope: Scope, ctx: ExprContext) -> Result {
        match ctx {
            ExprContext::Load
                if self.entry().can_see_class_scope && scope == Scope::GlobalImplicit =>
            {
                self.load_classdict(loc)?;
                self.op_name(loc, Opcode::LOAD_FROM_DICT_OR_GLOBALS, name);
            }
            ExprContext::Load => self.op_name_shifted(loc, Opcode::LOAD_GLOBAL, name, 1, 0),
            ExprContext::Store => self.op_name(loc, Opcode::STORE_GLOBAL, name),
            ExprContext::Del => self.op_name(loc, Opcode::DELETE_GLOBAL, name),
        }
        Ok(())
    }

    fn deref(&mut self, loc: Location, name: &str, scope: Scope, ctx: ExprContext) -> Result {
        let mut opcode = match ctx {
            ExprContext::Load => Opcode::LOAD_DEREF,
            ExprContext::Store => Opcode::STORE_DEREF,
            ExprContext::Del => Opcode::DELETE_DEREF,
        };
        if ctx == ExprContext::Load {
            let entry = self.entry();
            if entry.kind == BlockKind::Class && !self.in_inlined_comprehension() {
                opcode = Opcode::LOAD_FROM_DICT_OR_DEREF;
                self.op(loc, Opcode::LOAD_LOCALS);
            } else if entry.can_see_class_scope {
                opcode = Opcode::LOAD_FROM_DICT_OR_DEREF;
                self.load_classdict(loc)?;
            }
        }
        let index = self.cell_index(name, scope)?;
        self.op_i(loc, opcode, index);
        Ok(())
    }

    fn load_classdict(&mut self, loc: Location) -> Result {
        let index = self.closure_index("__classdict__")?;
        self.op_i(loc, Opcode::LOAD_DEREF, index);
        Ok(())
    }

    /// The argument of an instruction that names a cell or free variable.
    pub(super) fn cell_index(&self, name: &str, scope: Scope) -> Result<u32> {
        let meta = &self.unit().meta;
        let index = match scope {
            Scope::Cell => meta.cellvars.get_index_of(name),
            _ => meta.freevars.get_index_of(name).map(|index| index + meta.cellvars.len()),
        };
        match index.and_then(|index| u32::try_from(index).ok()) {
            Some(index) => Ok(index),
            None => {
                let message = format!(
                    "compiler_lookup_arg(name='{name}') with reftype={} failed in {}",
                    scope as u32, meta.name
                );
                Err(CompileError::System(message))
            }
        }
    }

    /// How a cell that a function below needs is held here.
    pub(super) fn reference_scope(&self, name: &str) -> Scope {
        if self.unit().kind == ScopeKind::Class && CLASS_CELLS.contains(&name) {
            return Scope::Cell;
        }
        self.entry().scope(name)
    }

    pub(super) fn closure_index(&self, name: &str) -> Result<u32> {
        self.cell_index(name, self.reference_scope(name))
    }

    /// Makes a function of a code object; `attributes` (defaults, annotations) are on the stack.
    pub(super) fn make_closure(
        &mut self,
        loc: Location,
        code: Code<'a>,
        mut attributes: u32,
    ) -> Result {
        // Free variables stand last.
        let kinds = code.localspluskinds.iter().rev();
        let count = kinds.take_while(|kind| **kind & local_kind::FREE != 0).count();
        for name in &code.localsplusnames[code.localsplusnames.len() - count..] {
            let index = self.closure_index(name)?;
            self.op_i(loc, Opcode::LOAD_CLOSURE, index);
        }
        if count > 0 {
            attributes |= function_attribute::CLOSURE;
            self.op_n(loc, Opcode::BUILD_TUPLE, count);
        }
        self.load_const(loc, Constant::Code(self.arena.alloc(code)));
        self.op(loc, Opcode::MAKE_FUNCTION);
        for attribute in [
            function_attribute::CLOSURE,
            function_attribute::ANNOTATIONS,
            function_attribute::ANNOTATE,
            function_attribute::KWDEFAULTS,
            function_attribute::DEFAULTS,
        ] {
            if attributes & attribute != 0 {
                self.op_i(loc, Opcode::SET_FUNCTION_ATTRIBUTE, attribute);
            }
        }
        Ok(())
    }
}
