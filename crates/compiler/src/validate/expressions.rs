//! Checks of expressions: contexts, and lists whose lengths have to agree.

use krait_syntax::ast::*;

use super::{LOAD, Validator, name, positions, type_error, value_error};
use crate::error::Result;

fn context_name(ctx: ExprContext) -> &'static str {
    match ctx {
        ExprContext::Load => "Load",
        ExprContext::Store => "Store",
        ExprContext::Del => "Del",
    }
}

fn check_context(expr: &Expr<'_>, wanted: ExprContext) -> Result {
    let actual = match expr.node {
        ExprKind::Attribute { ctx, .. }
        | ExprKind::Subscript { ctx, .. }
        | ExprKind::Starred { ctx, .. }
        | ExprKind::Name { ctx, .. }
        | ExprKind::List { ctx, .. }
        | ExprKind::Tuple { ctx, .. } => ctx,
        _ if wanted == LOAD => return Ok(()),
        _ => {
            let wanted = context_name(wanted);
            return value_error(format!(
                "expression which can't be assigned to in {wanted} context"
            ));
        }
    };
    if actual != wanted {
        let (wanted, actual) = (context_name(wanted), context_name(actual));
        return value_error(format!(
            "expression must have {wanted} context but has {actual} instead"
        ));
    }
    Ok(())
}

fn constant(value: &Constant<'_>) -> Result {
    match value {
        Constant::Tuple(items) | Constant::FrozenSet(items) => items.iter().try_for_each(constant),
        Constant::Other(name) => type_error(&format!("got an invalid type in Constant: {name}")),
        _ => Ok(()),
    }
}

impl Validator {
    pub(super) fn exprs(&self, exprs: &[&Expr<'_>], ctx: ExprContext) -> Result {
        exprs.iter().try_for_each(|expr| self.expr(expr, ctx))
    }

    pub(super) fn opt_expr(&self, expr: Option<&Expr<'_>>, ctx: ExprContext) -> Result {
        expr.map_or(Ok(()), |expr| self.expr(expr, ctx))
    }

    fn opt_exprs(&self, exprs: &[Option<&Expr<'_>>]) -> Result {
        exprs.iter().try_for_each(|expr| self.opt_expr(*expr, LOAD))
    }

    pub(super) fn expr(&self, expr: &Expr<'_>, ctx: ExprContext) -> Result {
        if !self.stack_guard.has_plenty() && self.walk_in_pieces(expr)? {
            return Ok(());
        }
        self.expr_node(expr, ctx)
    }

    /// Short of stack: walks all of a long chain but its last piece, for which the caller is left. True if `expr`
    /// has been walked so before.
    #[cold]
    fn walk_in_pieces(&self, expr: &Expr<'_>) -> Result<bool> {
        if self.walked.get() == expr.address() {
            self.walked.set(0);
            return Ok(true);
        }
        self.stack_guard.check()?;
        for piece in expr.chain(self.walked.get()).pieces {
            self.expr_node(piece, LOAD)?;
            self.walked.set(piece.address());
        }
        Ok(false)
    }

    fn expr_node(&self, expr: &Expr<'_>, ctx: ExprContext) -> Result {
        positions(expr.span)?;
        if let ExprKind::Name { id, .. } = expr.node {
            name(id)?;
        }
        check_context(expr, ctx)?;
        match expr.node {
            ExprKind::BoolOp { values, .. } => {
                if values.len() < 2 {
                    return value_error("BoolOp with less than 2 values");
                }
                self.exprs(values, LOAD)
            }
            ExprKind::BinOp { left, right, .. } => self.exprs(&[left, right], LOAD),
            ExprKind::UnaryOp { operand, .. } => self.expr(operand, LOAD),
            ExprKind::Lambda { args, body } => {
                self.arguments(args)?;
                self.expr(body, LOAD)
            }
            ExprKind::IfExp { test, body, orelse } => self.exprs(&[test, body, orelse], LOAD),
            ExprKind::Dict { keys, values } => {
                if keys.len() != values.len() {
                    return value_error("Dict doesn't have the same number of keys as values");
                }
                self.opt_exprs(keys)?;
                self.exprs(values, LOAD)
            }
            ExprKind::ListComp { elt, generators }
            | ExprKind::SetComp { elt, generators }
            | ExprKind::GeneratorExp { elt, generators } => {
                self.generators(generators)?;
                self.expr(elt, LOAD)
            }
            ExprKind::DictComp { key, value, generators } => {
                self.generators(generators)?;
                self.exprs(&[key, value], LOAD)
            }
            ExprKind::Yield { value } => self.opt_expr(value, LOAD),
            ExprKind::YieldFrom { value } | ExprKind::Await { value } => self.expr(value, LOAD),
            ExprKind::Compare { left, ops, comparators } => {
                if comparators.is_empty() {
                    return value_error("Compare with no comparators");
                }
                if comparators.len() != ops.len() {
                    let message = "Compare has a different number of comparators and operands";
                    return value_error(message);
                }
                self.exprs(comparators, LOAD)?;
                self.expr(left, LOAD)
            }
            ExprKind::Set { elts: values }
            | ExprKind::JoinedStr { values }
            | ExprKind::TemplateStr { values } => self.exprs(values, LOAD),
            ExprKind::FormattedValue { value, format_spec, .. } => {
                self.expr(value, LOAD)?;
                self.opt_expr(format_spec, LOAD)
            }
            ExprKind::Interpolation { value, str, format_spec, .. } => {
                constant(str)?;
                self.expr(value, LOAD)?;
                self.opt_expr(format_spec, LOAD)
            }
            ExprKind::NamedExpr { target, value } => {
                if !matches!(target.node, ExprKind::Name { .. }) {
                    return type_error("NamedExpr target must be a Name");
                }
                self.expr(value, LOAD)
            }
            ExprKind::Constant { value, .. } => constant(&value),
            _ => self.primary(expr),
        }
    }

    /// Names, constants, what may be assigned to, and calls.
    fn primary(&self, expr: &Expr<'_>) -> Result {
        match expr.node {
            ExprKind::Call { func, args, keywords } => {
                self.expr(func, LOAD)?;
                self.exprs(args, LOAD)?;
                self.keywords(keywords)
            }
            ExprKind::Attribute { value, .. } => self.expr(value, LOAD),
            ExprKind::Subscript { value, slice, .. } => self.exprs(&[slice, value], LOAD),
            ExprKind::Starred { value, ctx } => self.expr(value, ctx),
            ExprKind::List { elts, ctx } | ExprKind::Tuple { elts, ctx } => self.exprs(elts, ctx),
            ExprKind::Slice { lower, upper, step } => self.opt_exprs(&[lower, upper, step]),
            _ => Ok(()),
        }
    }

    fn generators(&self, generators: &[Comprehension<'_>]) -> Result {
        if generators.is_empty() {
            return value_error("comprehension with no generators");
        }
        for generator in generators {
            self.expr(generator.target, ExprContext::Store)?;
            self.expr(generator.iter, LOAD)?;
            self.exprs(generator.ifs, LOAD)?;
        }
        Ok(())
    }

    pub(super) fn keywords(&self, keywords: &[Keyword<'_>]) -> Result {
        keywords.iter().try_for_each(|keyword| self.expr(keyword.value, LOAD))
    }

    pub(super) fn arguments(&self, args: &Arguments<'_>) -> Result {
        let positional = args.posonlyargs.iter().chain(args.args);
        let all = positional.chain(args.vararg).chain(args.kwonlyargs).chain(args.kwarg);
        for arg in all {
            positions(arg.span)?;
            self.opt_expr(arg.annotation, LOAD)?;
        }
        if args.defaults.len() > args.posonlyargs.len() + args.args.len() {
            return value_error("more positional defaults than args on arguments");
        }
        if args.kw_defaults.len() != args.kwonlyargs.len() {
            let message = "length of kwonlyargs is not the same as kw_defaults on arguments";
            return value_error(message);
        }
        self.exprs(args.defaults, LOAD)?;
        self.opt_exprs(args.kw_defaults)
    }
}
