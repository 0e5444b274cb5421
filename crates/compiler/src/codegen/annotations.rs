//! Annotations: `__annotate__` functions, or strings under `from __future__ import annotations`.
//!
//! Does the job of `codegen_setup_annotations_scope`, `codegen_function_annotations` and
//! `codegen_process_deferred_annotations`.

use bumpalo::collections::Vec;
use krait_bytecode::{CompareOp, Opcode, common_constant, function_attribute};
use krait_syntax::ast::{Expr, ExprKind, FunctionDef};

use super::unit::{Parameters, ScopeKind};
use super::{Generator, at};
use crate::code::Constant;
use crate::error::{CompileError, Result};
use crate::instructions::{InstructionSequence, Location};
use crate::symtable::{EntryId, NodeKey, Role, Scope};
use crate::unparse::unparse;

/// `annotationlib.Format.VALUE_WITH_FAKE_GLOBALS`: the last format that such functions know.
const VALUE_WITH_FAKE_GLOBALS: i64 = 2;

impl<'a> Generator<'a> {
    /// The text of an annotation.
    pub(super) fn annotation_text(&mut self, annotation: &'a Expr<'a>) -> Result {
        let text = unparse(annotation, &self.stack_guard, self.arena)?;
        self.load_const(at(annotation.span), Constant::Str(text));
        Ok(())
    }

    /// Starts a function of one parameter, the format wanted.
    pub(super) fn enter_annotations(
        &mut self,
        loc: Location,
        entry: EntryId,
        name: &'a str,
    ) -> Result {
        let parameters = Parameters { posonly: 1, ..Parameters::default() };
        self.enter_entry(name, ScopeKind::Annotations, entry, loc.line, None, parameters)?;
        let body = self.new_label();
        self.op_i(loc, Opcode::LOAD_FAST, 0);
        self.load_const(loc, Constant::Int(VALUE_WITH_FAKE_GLOBALS));
        self.op_i(loc, Opcode::COMPARE_OP, CompareOp::Gt.oparg());
        self.op_j(loc, Opcode::POP_JUMP_IF_FALSE, body);
        self.load_common(loc, common_constant::NOTIMPLEMENTEDERROR);
        self.op_i(loc, Opcode::RAISE_VARARGS, 1);
        self.use_label(body);
        Ok(())
    }

    fn leave_annotations(&mut self, loc: Location) -> Result {
        self.op(loc, Opcode::RETURN_VALUE);
        let mut code = self.finish_scope(true)?;
        // The parameter shows as `format`, but the name is free for use in annotations.
        let rest = code.localsplusnames.iter().skip(1).copied();
        let names = std::iter::once("format").chain(rest);
        code.localsplusnames = Vec::from_iter_in(names, self.arena).into_bump_slice();
        code.has_renamed_parameter = true;
        self.make_closure(loc, code, 0)
    }

    /// Pushes what a function's annotations are made of; says what that is.
    pub(super) fn function_annotations(
        &mut self,
        loc: Location,
        def: &'a FunctionDef<'a>,
    ) -> Result<u32> {
        let key = NodeKey::new(def.args, Role::Annotations);
        let Some(entry) = self.table.lookup(key) else { return Ok(0) };
        if !self.table.entry(entry).annotations_used {
            return Ok(0);
        }
        let name = self.table.entry(entry).name;
        self.enter_annotations(loc, entry, name)?;
        let count = self.argument_annotations(loc, def)?;
        self.op_n(loc, Opcode::BUILD_MAP, count);
        self.leave_annotations(loc)?;
        Ok(function_attribute::ANNOTATE)
    }

    fn argument_annotations(&mut self, loc: Location, def: &'a FunctionDef<'a>) -> Result<usize> {
        let args = def.args;
        let all = args.args.iter().chain(args.posonlyargs).chain(args.vararg);
        let all = all.chain(args.kwonlyargs).chain(args.kwarg);
        let named = all.filter_map(|arg| Some((arg.arg, arg.annotation?)));
        let mut count = 0;
        for (name, annotation) in named.chain(def.returns.map(|returns| ("return", returns))) {
            let name = self.mangled(name);
            self.load_str(loc, name);
            if self.future_annotations() {
                self.annotation_text(annotation)?;
            } else {
                self.maybe_starred(loc, annotation)?;
            }
            count += 1;
        }
        Ok(count)
    }

    /// `*args: *Ts` means the one value that `*Ts` gives.
    pub(super) fn maybe_starred(&mut self, loc: Location, expr: &'a Expr<'a>) -> Result {
        match expr.node {
            ExprKind::Starred { value, .. } => {
                self.expr(value)?;
                self.op_i(loc, Opcode::UNPACK_SEQUENCE, 1);
                Ok(())
            }
            _ => self.expr(expr),
        }
    }

    /// The `__annotate__` function of a module or class, after its body.
    pub(super) fn deferred_annotations(&mut self, loc: Location) -> Result {
        if self.unit().deferred.is_empty() {
            return Ok(());
        }
        let Some(entry) = self.entry().annotation_block else {
            return Err(CompileError::System("no block for annotations".to_owned()));
        };
        let kind = self.unit().kind;
        // A module's goes to the start of its code, so that it is there while the module runs.
        if kind == ScopeKind::Module {
            let unit = self.unit_mut();
            let main = std::mem::replace(&mut unit.seq, InstructionSequence::new());
            unit.stashed = Some(main);
        }
        let deferred = std::mem::take(&mut self.unit_mut().deferred);
        let name = self.table.entry(entry).name;
        self.enter_annotations(loc, entry, name)?;
        self.op_i(loc, Opcode::BUILD_MAP, 0);
        for item in deferred {
            let name = self.mangled(item.name);
            let here = at(item.span);
            let not_set = self.new_label();
            if let Some(index) = item.condition {
                self.load_const(here, Constant::Int(index));
                self.load_conditions(here, kind)?;
                self.op_i(here, Opcode::CONTAINS_OP, 0);
                self.op_j(here, Opcode::POP_JUMP_IF_FALSE, not_set);
            }
            self.expr(item.annotation)?;
            self.op_i(here, Opcode::COPY, 2);
            self.load_str(here, name);
            self.op(loc, Opcode::STORE_SUBSCR);
            self.use_label(not_set);
        }
        self.leave_annotations(loc)?;
        let is_class = kind == ScopeKind::Class;
        self.store_name(loc, if is_class { "__annotate_func__" } else { "__annotate__" })?;
        let unit = self.unit_mut();
        if let Some(main) = unit.stashed.take() {
            let annotations = std::mem::replace(&mut unit.seq, main);
            unit.seq.set_annotations(annotations);
        }
        Ok(())
    }

    /// Pushes the set of annotations that were reached.
    fn load_conditions(&mut self, loc: Location, kind: ScopeKind) -> Result {
        let name = "__conditional_annotations__";
        if kind == ScopeKind::Class {
            // The symbol table does not know of this use.
            self.unit_mut().meta.freevars.insert(name.into());
            let index = self.cell_index(name, Scope::Free)?;
            self.op_i(loc, Opcode::LOAD_DEREF, index);
        } else {
            self.op_name_shifted(loc, Opcode::LOAD_GLOBAL, name, 1, 0);
        }
        Ok(())
    }
}
