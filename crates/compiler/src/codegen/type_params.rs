//! Type parameters and type aliases (PEP 695, 696).
//!
//! Does the job of `codegen_type_params`, `codegen_type_param_bound_or_default` and
//! `codegen_typealias`.

use krait_bytecode::{Opcode, function_attribute, intrinsic_1, intrinsic_2};
use krait_syntax::ast::{Expr, ExprKind, Stmt, TypeParam, TypeParamKind};

use super::unit::ScopeKind;
use super::{Generator, at};
use crate::code::Constant;
use crate::error::{CompileError, Result};
use crate::instructions::Location;
use crate::symtable::{NodeKey, Role};

impl<'a> Generator<'a> {
    /// Makes and stores the type parameters, and leaves a tuple of them.
    pub(super) fn type_params(&mut self, params: &'a [TypeParam<'a>]) -> Result {
        let mut seen_default = false;
        for param in params {
            let loc = at(param.span);
            let (name, default) = match param.node {
                TypeParamKind::TypeVar { name, bound, default_value } => {
                    self.type_var(loc, param, name, bound)?;
                    (name, default_value)
                }
                TypeParamKind::TypeVarTuple { name, default_value } => {
                    self.load_str(loc, name);
                    self.op_i(loc, Opcode::CALL_INTRINSIC_1, intrinsic_1::TYPEVARTUPLE);
                    (name, default_value)
                }
                TypeParamKind::ParamSpec { name, default_value } => {
                    self.load_str(loc, name);
                    self.op_i(loc, Opcode::CALL_INTRINSIC_1, intrinsic_1::PARAMSPEC);
                    (name, default_value)
                }
            };
            if let Some(default) = default {
                seen_default = true;
                let starred = matches!(param.node, TypeParamKind::TypeVarTuple { .. });
                self.evaluator(param, Role::Default, name, default, starred)?;
                let set = intrinsic_2::SET_TYPEPARAM_DEFAULT;
                self.op_i(loc, Opcode::CALL_INTRINSIC_2, set);
            } else if seen_default {
                let message =
                    format!("non-default type parameter '{name}' follows default type parameter");
                return self.error(param.span, message);
            }
            self.op_i(loc, Opcode::COPY, 1);
            self.store_name(loc, name)?;
        }
        if let Some(first) = params.first() {
            self.op_n(at(first.span), Opcode::BUILD_TUPLE, params.len());
        }
        Ok(())
    }

    fn type_var(
        &mut self,
        loc: Location,
        param: &'a TypeParam<'a>,
        name: &'a str,
        bound: Option<&'a Expr<'a>>,
    ) -> Result {
        self.load_str(loc, name);
        let Some(bound) = bound else {
            self.op_i(loc, Opcode::CALL_INTRINSIC_1, intrinsic_1::TYPEVAR);
            return Ok(());
        };
        self.evaluator(param, Role::Bound, name, bound, false)?;
        let intrinsic = match bound.node {
            ExprKind::Tuple { .. } => intrinsic_2::TYPEVAR_WITH_CONSTRAINTS,
            _ => intrinsic_2::TYPEVAR_WITH_BOUND,
        };
        self.op_i(loc, Opcode::CALL_INTRINSIC_2, intrinsic);
        Ok(())
    }

    /// A function that evaluates a bound or default when it is asked for.
    fn evaluator(
        &mut self,
        param: &'a TypeParam<'a>,
        role: Role,
        name: &'a str,
        expr: &'a Expr<'a>,
        may_be_starred: bool,
    ) -> Result {
        let loc = at(expr.span);
        self.enter_evaluator(loc, NodeKey::new(param, role), name)?;
        if may_be_starred {
            self.maybe_starred(loc, expr)?;
        } else {
            self.expr(expr)?;
        }
        self.op(loc, Opcode::RETURN_VALUE);
        let code = self.finish_scope(true)?;
        self.make_closure(loc, code, function_attribute::DEFAULTS)
    }

    /// The format is optional: the value by default.
    fn enter_evaluator(&mut self, loc: Location, key: NodeKey, name: &'a str) -> Result {
        self.load_const(loc, Constant::Tuple(&[Constant::Int(1)]));
        let Some(entry) = self.table.lookup(key) else {
            return Err(CompileError::System("no block for a type parameter".to_owned()));
        };
        self.enter_annotations(loc, entry, name)
    }

    pub(super) fn type_alias(
        &mut self,
        stmt: &'a Stmt<'a>,
        name: &'a Expr<'a>,
        type_params: &'a [TypeParam<'a>],
        value: &'a Expr<'a>,
    ) -> Result {
        let ExprKind::Name { id, .. } = name.node else {
            return Err(CompileError::Value("TypeAlias with non-Name name".to_owned()));
        };
        let loc = at(stmt.span);
        let Some(first) = type_params.first() else {
            self.load_str(loc, id);
            self.load_none(loc);
            self.type_alias_value(stmt, id, value)?;
            return self.store_name(loc, id);
        };
        let scope = bumpalo::format!(in self.arena, "<generic parameters of {}>", id);
        let key = NodeKey::new(first, Role::TypeParameters);
        self.enter_scope(scope.into_bump_str(), ScopeKind::Annotations, key, loc.line, None)?;
        self.load_str(loc, id);
        self.type_params(type_params)?;
        self.type_alias_value(stmt, id, value)?;
        let code = self.finish_scope(false)?;
        self.make_closure(loc, code, 0)?;
        self.op(loc, Opcode::PUSH_NULL);
        self.op_i(loc, Opcode::CALL, 0);
        self.store_name(loc, id)
    }

    fn type_alias_value(
        &mut self,
        stmt: &'a Stmt<'a>,
        name: &'a str,
        value: &'a Expr<'a>,
    ) -> Result {
        let loc = at(stmt.span);
        self.enter_evaluator(loc, NodeKey::new(stmt, Role::Body), name)?;
        self.expr(value)?;
        self.op(loc, Opcode::RETURN_VALUE);
        let code = self.finish_scope(false)?;
        self.make_closure(loc, code, function_attribute::DEFAULTS)?;
        self.op_i(loc, Opcode::BUILD_TUPLE, 3);
        self.op_i(loc, Opcode::CALL_INTRINSIC_1, intrinsic_1::TYPEALIAS);
        Ok(())
    }
}
