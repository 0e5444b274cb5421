//! Augmented and annotated assignments, and unpacking.
//!
//! Does the job of `codegen_augassign`, `codegen_annassign`, `unpack_helper` and
//! `assignment_helper`.

use krait_bytecode::{BinaryOp, Opcode};
use krait_syntax::ast::{Expr, ExprKind, Operator, Span};

use super::expressions::slice_parts;
use super::unit::{DeferredAnnotation, ScopeKind};
use super::{Generator, at};
use crate::code::Constant;
use crate::error::{CompileError, Result};
use crate::instructions::Location;

const SUBSCR: u32 = BinaryOp::NB_SUBSCR as u32;

impl<'a> Generator<'a> {
    pub(super) fn aug_assign(
        &mut self,
        span: Span,
        target: &'a Expr<'a>,
        op: Operator,
        value: &'a Expr<'a>,
    ) -> Result {
        let loc = at(target.span);
        match target.node {
            ExprKind::Attribute { value: object, attr, .. } => {
                self.expr(object)?;
                self.op_i(loc, Opcode::COPY, 1);
                let attr_loc = self.attribute_loc(loc, target);
                self.load_attr(attr_loc, attr);
                self.aug_value(span, op, value)?;
                self.op_i(attr_loc, Opcode::SWAP, 2);
                self.op_mangled(attr_loc, Opcode::STORE_ATTR, attr);
                Ok(())
            }
            ExprKind::Subscript { value: object, slice, .. } => {
                self.expr(object)?;
                let two_part = self.is_two_part_slice(slice);
                let operands = if two_part {
                    self.slice_bounds(slice)?;
                    3
                } else {
                    self.expr(slice)?;
                    2
                };
                for _ in 0..operands {
                    self.op_i(loc, Opcode::COPY, operands);
                }
                if two_part {
                    self.op(loc, Opcode::BINARY_SLICE);
                } else {
                    self.op_i(loc, Opcode::BINARY_OP, SUBSCR);
                }
                self.aug_value(span, op, value)?;
                for depth in (2..=operands + 1).rev() {
                    self.op_i(loc, Opcode::SWAP, depth);
                }
                self.op(loc, if two_part { Opcode::STORE_SLICE } else { Opcode::STORE_SUBSCR });
                Ok(())
            }
            ExprKind::Name { id, .. } => {
                self.load_name(loc, id)?;
                self.aug_value(span, op, value)?;
                self.store_name(loc, id)
            }
            node => {
                // The reference's numbers of those that may be assigned to otherwise.
                let number = match node {
                    ExprKind::Starred { .. } => 25,
                    ExprKind::List { .. } => 27,
                    _ => 28,
                };
                Err(CompileError::System(format!(
                    "invalid node type ({number}) for augmented assignment"
                )))
            }
        }
    }

    fn aug_value(&mut self, span: Span, op: Operator, value: &'a Expr<'a>) -> Result {
        self.expr(value)?;
        self.inplace(at(span), op);
        Ok(())
    }

    pub(super) fn ann_assign(
        &mut self,
        span: Span,
        target: &'a Expr<'a>,
        annotation: &'a Expr<'a>,
        value: Option<&'a Expr<'a>>,
        simple: bool,
    ) -> Result {
        if let Some(value) = value {
            self.expr(value)?;
            self.expr(target)?;
        }
        match target.node {
            ExprKind::Name { id, .. } => {
                let kind = self.unit().kind;
                if !simple || !matches!(kind, ScopeKind::Module | ScopeKind::Class) {
                    return Ok(());
                }
                if self.future_annotations() {
                    self.store_annotation_text(at(span), id, annotation)
                } else {
                    self.defer_annotation(span, id, annotation)
                }
            }
            // The parts of the target have to be evaluated all the same.
            ExprKind::Attribute { value: object, .. } if value.is_none() => self.evaluate(object),
            ExprKind::Subscript { value: object, slice, .. } if value.is_none() => {
                self.evaluate(object)?;
                self.evaluate_subscript(slice)
            }
            ExprKind::Attribute { .. } | ExprKind::Subscript { .. } => Ok(()),
            _ => Err(CompileError::System("invalid node type for annotated assignment".to_owned())),
        }
    }

    fn store_annotation_text(
        &mut self,
        loc: Location,
        name: &'a str,
        annotation: &'a Expr<'a>,
    ) -> Result {
        self.annotation_text(annotation)?;
        self.op_name(loc, Opcode::LOAD_NAME, "__annotations__");
        let name = self.mangled(name);
        self.load_str(loc, name);
        self.op(loc, Opcode::STORE_SUBSCR);
        Ok(())
    }

    /// Notes the annotation for `__annotate__`, and at run time that the statement was reached.
    fn defer_annotation(&mut self, span: Span, name: &'a str, annotation: &'a Expr<'a>) -> Result {
        let unit = self.unit_mut();
        let kind = unit.kind;
        let mut condition = None;
        if kind == ScopeKind::Module || unit.in_conditional_block {
            condition = Some(unit.next_condition);
            unit.next_condition += 1;
        }
        unit.deferred.push(DeferredAnnotation { name, annotation, span, condition });
        let Some(index) = condition else { return Ok(()) };
        let loc = at(span);
        if kind == ScopeKind::Class {
            let cell = self.closure_index("__conditional_annotations__")?;
            self.op_i(loc, Opcode::LOAD_DEREF, cell);
        } else {
            self.op_name(loc, Opcode::LOAD_NAME, "__conditional_annotations__");
        }
        self.load_const(loc, Constant::Int(index));
        self.op_i(loc, Opcode::SET_ADD, 1);
        self.op(loc, Opcode::POP_TOP);
        Ok(())
    }

    fn evaluate(&mut self, expr: &'a Expr<'a>) -> Result {
        self.expr(expr)?;
        self.op(at(expr.span), Opcode::POP_TOP);
        Ok(())
    }

    fn evaluate_subscript(&mut self, expr: &'a Expr<'a>) -> Result {
        match expr.node {
            ExprKind::Slice { .. } => {
                slice_parts(expr).into_iter().flatten().try_for_each(|part| self.evaluate(part))
            }
            ExprKind::Tuple { elts, .. } => {
                elts.iter().try_for_each(|elt| self.evaluate_subscript(elt))
            }
            _ => self.evaluate(expr),
        }
    }

    /// Unpacks the value on top of the stack into the targets.
    pub(super) fn unpack_into(
        &mut self,
        loc: Location,
        span: Span,
        elts: &'a [&'a Expr<'a>],
    ) -> Result {
        let is_starred = |elt: &&&Expr<'_>| matches!(elt.node, ExprKind::Starred { .. });
        let stars = elts.iter().filter(is_starred).count();
        if stars > 1 {
            return self.error(span, "multiple starred expressions in assignment");
        }
        match elts.iter().position(|elt| matches!(elt.node, ExprKind::Starred { .. })) {
            Some(before) => {
                let after = elts.len() - before - 1;
                if before >= 1 << 8 || after >= (i32::MAX >> 8) as usize {
                    let message = "too many expressions in star-unpacking assignment";
                    return self.error(span, message);
                }
                self.op_n(loc, Opcode::UNPACK_EX, before + (after << 8));
            }
            None => self.op_n(loc, Opcode::UNPACK_SEQUENCE, elts.len()),
        }
        for elt in elts {
            match elt.node {
                ExprKind::Starred { value, .. } => self.expr(value)?,
                _ => self.expr(elt)?,
            }
        }
        Ok(())
    }
}
