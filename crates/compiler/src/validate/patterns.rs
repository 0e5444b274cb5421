//! Checks of patterns.

use krait_syntax::ast::*;

use super::{LOAD, Validator, name, positions, value_error};
use crate::error::Result;

impl Validator {
    fn patterns(&self, patterns: &[&Pattern<'_>], star_ok: bool) -> Result {
        patterns.iter().try_for_each(|pattern| self.pattern(pattern, star_ok))
    }

    /// `star_ok`: directly in a sequence, where `*rest` may stand.
    pub(super) fn pattern(&self, pattern: &Pattern<'_>, star_ok: bool) -> Result {
        self.stack_guard.check()?;
        positions(pattern.span)?;
        match pattern.node {
            PatternKind::MatchValue { value } => self.match_value(value),
            PatternKind::MatchSingleton { value } => match value {
                Constant::None | Constant::True | Constant::False => Ok(()),
                _ => value_error("MatchSingleton can only contain True, False and None"),
            },
            PatternKind::MatchSequence { patterns } => self.patterns(patterns, true),
            PatternKind::MatchMapping { keys, patterns, rest } => {
                self.match_mapping(keys, patterns, rest)
            }
            PatternKind::MatchClass { cls, patterns, kwd_attrs, kwd_patterns } => {
                if kwd_attrs.len() != kwd_patterns.len() {
                    return value_error(
                        "MatchClass doesn't have the same number of keyword attributes as patterns",
                    );
                }
                self.match_class(cls)?;
                kwd_attrs.iter().try_for_each(|attr| name(attr))?;
                self.patterns(patterns, false)?;
                self.patterns(kwd_patterns, false)
            }
            PatternKind::MatchStar { .. } if !star_ok => value_error("can't use MatchStar here"),
            PatternKind::MatchStar { name } => capture(name),
            PatternKind::MatchAs { pattern, name } => {
                capture(name)?;
                match (pattern, name) {
                    (None, _) => Ok(()),
                    (Some(_), None) => {
                        value_error("MatchAs must specify a target name if a pattern is given")
                    }
                    (Some(pattern), Some(_)) => self.pattern(pattern, false),
                }
            }
            PatternKind::MatchOr { patterns } => {
                if patterns.len() < 2 {
                    return value_error("MatchOr requires at least 2 patterns");
                }
                self.patterns(patterns, false)
            }
        }
    }

    fn match_mapping(
        &self,
        keys: &[&Expr<'_>],
        patterns: &[&Pattern<'_>],
        rest: Option<&str>,
    ) -> Result {
        if keys.len() != patterns.len() {
            let message = "MatchMapping doesn't have the same number of keys as patterns";
            return value_error(message);
        }
        capture(rest)?;
        for key in keys {
            let singleton = matches!(
                key.node,
                ExprKind::Constant { value: Constant::None | Constant::True | Constant::False, .. }
            );
            if !singleton {
                self.match_value(key)?;
            }
        }
        self.patterns(patterns, false)
    }

    fn match_class(&self, cls: &Expr<'_>) -> Result {
        self.expr(cls, LOAD)?;
        let mut part = cls;
        loop {
            match part.node {
                ExprKind::Name { .. } => return Ok(()),
                ExprKind::Attribute { value, .. } => part = value,
                _ => {
                    return value_error(
                        "MatchClass cls field can only contain Name or Attribute nodes.",
                    );
                }
            }
        }
    }

    fn match_value(&self, value: &Expr<'_>) -> Result {
        self.expr(value, LOAD)?;
        let literal = match value.node {
            ExprKind::Constant { value, .. } => {
                return match value {
                    Constant::Int(_)
                    | Constant::NegativeInt(_)
                    | Constant::Float(_)
                    | Constant::Complex { .. }
                    | Constant::Str(_)
                    | Constant::Bytes(_) => Ok(()),
                    _ => value_error("unexpected constant inside of a literal pattern"),
                };
            }
            // What is in a string is found out later.
            ExprKind::Attribute { .. }
            | ExprKind::JoinedStr { .. }
            | ExprKind::TemplateStr { .. } => true,
            ExprKind::UnaryOp { .. } => is_negative(value, true),
            ExprKind::BinOp { left, op: Operator::Add | Operator::Sub, right } => {
                (is_real(left) || is_negative(left, false)) && is_imaginary(right)
            }
            _ => false,
        };
        if literal {
            return Ok(());
        }
        value_error("patterns may only match literals and attribute lookups")
    }
}

fn is_real(expr: &Expr<'_>) -> bool {
    let ExprKind::Constant { value, .. } = expr.node else { return false };
    matches!(value, Constant::Int(_) | Constant::NegativeInt(_) | Constant::Float(_))
}

fn is_imaginary(expr: &Expr<'_>) -> bool {
    matches!(expr.node, ExprKind::Constant { value: Constant::Complex { .. }, .. })
}

fn is_negative(expr: &Expr<'_>, imaginary_ok: bool) -> bool {
    match expr.node {
        ExprKind::UnaryOp { op: UnaryOperator::USub, operand } => {
            is_real(operand) || imaginary_ok && is_imaginary(operand)
        }
        _ => false,
    }
}

fn capture(captured: Option<&str>) -> Result {
    match captured {
        Some("_") => value_error("can't capture name '_' in patterns"),
        Some(captured) => name(captured),
        None => Ok(()),
    }
}
