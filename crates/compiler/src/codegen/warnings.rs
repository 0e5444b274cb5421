//! Warnings about code that is valid but hardly meant.
//!
//! Does the job of `check_compare`, `check_caller`, `check_subscripter` and `check_index`.

use krait_syntax::ast::{CmpOperator, Constant, Expr, ExprKind, Span};

use super::Generator;
use super::expressions::constant_of;
use crate::error::syntax_warning;

impl<'a> Generator<'a> {
    pub(super) fn warn(&mut self, span: Span, message: impl Into<String>) {
        if !self.warnings_muted {
            self.warnings.push(syntax_warning(message, span));
        }
    }

    /// `is` with a literal.
    pub(super) fn check_compare(&mut self, expr: &'a Expr<'a>) {
        let ExprKind::Compare { left, ops, comparators } = expr.node else { return };
        let mut left = self.resolve(left);
        for (op, right) in ops.iter().zip(comparators) {
            let right = self.resolve(right);
            let literal = if self.is_literal(left) { left } else { right };
            if matches!(op, CmpOperator::Is | CmpOperator::IsNot) && self.is_literal(literal) {
                let kind = type_name(literal).unwrap_or("object");
                let (is, equals) = match op {
                    CmpOperator::Is => ("is", "=="),
                    _ => ("is not", "!="),
                };
                let message = format!("\"{is}\" with '{kind}' literal. Did you mean \"{equals}\"?");
                self.warn(expr.span, message);
                return;
            }
            left = right;
        }
    }

    /// A literal whose identity means nothing.
    fn is_literal(&self, expr: &'a Expr<'a>) -> bool {
        match expr.node {
            ExprKind::Constant { value, .. } => !matches!(
                value,
                Constant::None | Constant::True | Constant::False | Constant::Ellipsis
            ),
            ExprKind::Tuple { elts, .. } => {
                elts.iter().all(|elt| constant_of(self.resolve(elt)).is_some())
            }
            _ => false,
        }
    }

    /// `"text" (argument)`.
    pub(super) fn check_caller(&mut self, func: &'a Expr<'a>) {
        let func = self.resolve(func);
        let not_callable = !matches!(func.node, ExprKind::Lambda { .. });
        if let Some(kind) = type_name(func)
            && not_callable
        {
            let message = format!("'{kind}' object is not callable; perhaps you missed a comma?");
            self.warn(func.span, message);
        }
    }

    /// `1 [index]`.
    pub(super) fn check_subscripter(&mut self, value: &'a Expr<'a>) {
        let value = self.resolve(value);
        let suspicious = match value.node {
            ExprKind::Constant { value, .. } => {
                !matches!(value, Constant::Str(_) | Constant::Bytes(_) | Constant::Tuple(_))
            }
            ExprKind::Set { .. }
            | ExprKind::SetComp { .. }
            | ExprKind::GeneratorExp { .. }
            | ExprKind::TemplateStr { .. }
            | ExprKind::Interpolation { .. }
            | ExprKind::Lambda { .. } => true,
            _ => false,
        };
        if let Some(kind) = type_name(value)
            && suspicious
        {
            let message =
                format!("'{kind}' object is not subscriptable; perhaps you missed a comma?");
            self.warn(value.span, message);
        }
    }

    /// `[1, 2] ["key"]`.
    pub(super) fn check_index(&mut self, value: &'a Expr<'a>, index: &'a Expr<'a>) {
        let (value, index) = (self.resolve(value), self.resolve(index));
        let Some(index_kind) = type_name(index) else { return };
        let is_integer =
            matches!(constant_of(index), Some(Constant::Int(_) | Constant::True | Constant::False));
        let is_sequence = match value.node {
            ExprKind::Constant { value, .. } => {
                matches!(value, Constant::Str(_) | Constant::Bytes(_) | Constant::Tuple(_))
            }
            ExprKind::Tuple { .. }
            | ExprKind::List { .. }
            | ExprKind::ListComp { .. }
            | ExprKind::JoinedStr { .. }
            | ExprKind::FormattedValue { .. } => true,
            _ => false,
        };
        if let Some(kind) = type_name(value)
            && is_sequence
            && !is_integer
        {
            let message = format!(
                "{kind} indices must be integers or slices, not {index_kind}; \
                 perhaps you missed a comma?"
            );
            self.warn(value.span, message);
        }
    }
}

/// The type that an expression's value is known to have.
fn type_name(expr: &Expr<'_>) -> Option<&'static str> {
    Some(match expr.node {
        ExprKind::Tuple { .. } => "tuple",
        ExprKind::List { .. } | ExprKind::ListComp { .. } => "list",
        ExprKind::Dict { .. } | ExprKind::DictComp { .. } => "dict",
        ExprKind::Set { .. } | ExprKind::SetComp { .. } => "set",
        ExprKind::GeneratorExp { .. } => "generator",
        ExprKind::Lambda { .. } => "function",
        ExprKind::JoinedStr { .. } | ExprKind::FormattedValue { .. } => "str",
        ExprKind::TemplateStr { .. } => "string.templatelib.Template",
        ExprKind::Interpolation { .. } => "string.templatelib.Interpolation",
        ExprKind::Constant { value, .. } => match value {
            Constant::None => "NoneType",
            Constant::True | Constant::False => "bool",
            Constant::Ellipsis => "ellipsis",
            Constant::Int(_) | Constant::NegativeInt(_) => "int",
            Constant::Float(_) => "float",
            Constant::Complex { .. } => "complex",
            Constant::Str(_) => "str",
            Constant::Bytes(_) => "bytes",
            Constant::Tuple(_) => "tuple",
            Constant::FrozenSet(_) => "frozenset",
            Constant::Other(_) => return None,
        },
        _ => return None,
    })
}
