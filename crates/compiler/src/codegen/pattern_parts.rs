//! Patterns that look into their subject: values, sequences, mappings and classes.
//!
//! Does the job of `codegen_pattern_value`, `_sequence`, `_mapping` and `_class`.

use krait_bytecode::{BinaryOp, Opcode};
use krait_syntax::ast::{self, CmpOperator, Expr, ExprKind, Operator, Pattern, PatternKind, Span};

use super::expressions::constant_of;
use super::patterns::{PatternContext, is_wildcard};
use super::{Generator, at, constants};
use crate::code::Constant;
use crate::error::{CompileError, Result};
use crate::instructions::Location;
use crate::unparse::constant_repr;

type Patterns<'a> = &'a [&'a Pattern<'a>];

impl<'a> Generator<'a> {
    pub(super) fn pattern_value(
        &mut self,
        span: Span,
        value: &'a Expr<'a>,
        context: &mut PatternContext<'a>,
    ) -> Result {
        let loc = at(span);
        let value = self.resolve(value);
        match (value.node, constants::pattern_number(value, self.arena)) {
            (_, Some(number)) => self.load_const(at(value.span), number),
            (ExprKind::Constant { .. } | ExprKind::Attribute { .. }, None) => self.expr(value)?,
            _ => {
                let message = "patterns may only match literals and attribute lookups";
                return self.error(span, message);
            }
        }
        self.compare(loc, CmpOperator::Eq);
        self.op(loc, Opcode::TO_BOOL);
        self.jump_to_fail_pop(loc, context, Opcode::POP_JUMP_IF_FALSE);
        Ok(())
    }

    pub(super) fn pattern_singleton(
        &mut self,
        span: Span,
        value: &ast::Constant<'a>,
        context: &mut PatternContext<'a>,
    ) {
        let loc = at(span);
        self.load_const(loc, constants::constant(value, self.arena));
        self.compare(loc, CmpOperator::Is);
        self.jump_to_fail_pop(loc, context, Opcode::POP_JUMP_IF_FALSE);
    }

    pub(super) fn pattern_sequence(
        &mut self,
        span: Span,
        patterns: Patterns<'a>,
        context: &mut PatternContext<'a>,
    ) -> Result {
        let loc = at(span);
        let is_star = |pattern: &Pattern<'_>| matches!(pattern.node, PatternKind::MatchStar { .. });
        let is_any = |pattern: &Pattern<'_>| {
            is_wildcard(pattern) || matches!(pattern.node, PatternKind::MatchStar { name: None })
        };
        let star = patterns.iter().position(|pattern| is_star(pattern));
        if patterns.iter().filter(|pattern| is_star(pattern)).count() > 1 {
            return self.error(span, "multiple starred names in sequence pattern");
        }
        context.on_top += 1;
        self.op(loc, Opcode::MATCH_SEQUENCE);
        self.jump_to_fail_pop(loc, context, Opcode::POP_JUMP_IF_FALSE);
        match star {
            None => self.check_len(loc, patterns.len(), CmpOperator::Eq, context),
            Some(_) if patterns.len() > 1 => {
                self.check_len(loc, patterns.len() - 1, CmpOperator::GtE, context);
            }
            Some(_) => {}
        }
        context.on_top -= 1;
        if patterns.iter().all(|pattern| is_any(pattern)) {
            self.op(loc, Opcode::POP_TOP);
            return Ok(());
        }
        match star {
            Some(star) if is_any(patterns[star]) => {
                self.sequence_subscripts(loc, patterns, star, context)
            }
            _ => self.sequence_unpack(span, patterns, star, context),
        }
    }

    fn check_len(
        &mut self,
        loc: Location,
        len: usize,
        op: CmpOperator,
        context: &mut PatternContext<'a>,
    ) {
        self.op(loc, Opcode::GET_LEN);
        self.load_int(loc, len);
        self.compare(loc, op);
        self.jump_to_fail_pop(loc, context, Opcode::POP_JUMP_IF_FALSE);
    }

    fn sequence_unpack(
        &mut self,
        span: Span,
        patterns: Patterns<'a>,
        star: Option<usize>,
        context: &mut PatternContext<'a>,
    ) -> Result {
        let loc = at(span);
        match star {
            Some(before) => {
                let after = patterns.len() - before - 1;
                if before >= 1 << 8 || after >= (i32::MAX >> 8) as usize {
                    let message = "too many expressions in star-unpacking sequence pattern";
                    return self.error(span, message);
                }
                self.op_n(loc, Opcode::UNPACK_EX, before + (after << 8));
            }
            None => self.op_n(loc, Opcode::UNPACK_SEQUENCE, patterns.len()),
        }
        // The items are subjects in turn, those still to come below.
        context.on_top += patterns.len();
        for pattern in patterns {
            context.on_top -= 1;
            self.sub_pattern(pattern, context)?;
        }
        Ok(())
    }

    /// With `*_`, only the items that matter are taken out.
    fn sequence_subscripts(
        &mut self,
        loc: Location,
        patterns: Patterns<'a>,
        star: usize,
        context: &mut PatternContext<'a>,
    ) -> Result {
        context.on_top += 1;
        for (index, pattern) in patterns.iter().enumerate() {
            if is_wildcard(pattern) || index == star {
                continue;
            }
            self.op_i(loc, Opcode::COPY, 1);
            if index < star {
                self.load_int(loc, index);
            } else {
                // The subject need not know negative indices.
                self.op(loc, Opcode::GET_LEN);
                self.load_int(loc, patterns.len() - index);
                self.binary(loc, Operator::Sub);
            }
            self.op_i(loc, Opcode::BINARY_OP, BinaryOp::NB_SUBSCR as u32);
            self.sub_pattern(pattern, context)?;
        }
        context.on_top -= 1;
        self.op(loc, Opcode::POP_TOP);
        Ok(())
    }

    /// Fails if the top of the stack is None.
    fn fail_if_none(&mut self, loc: Location, context: &mut PatternContext<'a>) {
        self.op_i(loc, Opcode::COPY, 1);
        self.load_none(loc);
        self.compare(loc, CmpOperator::IsNot);
        self.jump_to_fail_pop(loc, context, Opcode::POP_JUMP_IF_FALSE);
    }

    pub(super) fn pattern_class(
        &mut self,
        span: Span,
        cls: &'a Expr<'a>,
        patterns: Patterns<'a>,
        (attrs, attr_patterns): (&'a [&'a str], Patterns<'a>),
        context: &mut PatternContext<'a>,
    ) -> Result {
        let loc = at(span);
        if attrs.len() != attr_patterns.len() {
            let message = format!(
                "kwd_attrs ({}) / kwd_patterns ({}) length mismatch in class pattern",
                attrs.len(),
                attr_patterns.len()
            );
            return Err(CompileError::System(message));
        }
        for (index, attr) in attrs.iter().enumerate() {
            if let Some(other) = attrs[index + 1..].iter().position(|other| other == attr) {
                let message = format!("attribute name repeated in class pattern: {attr}");
                return self.error(attr_patterns[index + 1 + other].span, message);
            }
        }
        self.expr(cls)?;
        let names = Constant::names(attrs.iter().copied(), self.arena);
        self.load_const(loc, names);
        self.op_n(loc, Opcode::MATCH_CLASS, patterns.len());
        // A tuple of attributes, or None.
        context.on_top += 1;
        self.op_i(loc, Opcode::COPY, 1);
        self.load_none(loc);
        self.compare(loc, CmpOperator::IsNot);
        self.jump_to_fail_pop(loc, context, Opcode::POP_JUMP_IF_FALSE);
        let count = patterns.len() + attrs.len();
        self.op_n(loc, Opcode::UNPACK_SEQUENCE, count);
        context.on_top = context.on_top + count - 1;
        for pattern in patterns.iter().chain(attr_patterns) {
            context.on_top -= 1;
            if is_wildcard(pattern) {
                self.op(loc, Opcode::POP_TOP);
            } else {
                self.sub_pattern(pattern, context)?;
            }
        }
        Ok(())
    }

    pub(super) fn pattern_mapping(
        &mut self,
        span: Span,
        keys: &'a [&'a Expr<'a>],
        patterns: Patterns<'a>,
        rest: Option<&'a str>,
        context: &mut PatternContext<'a>,
    ) -> Result {
        let loc = at(span);
        let size = keys.len();
        if size != patterns.len() {
            let message = format!(
                "keys ({size}) / patterns ({}) length mismatch in mapping pattern",
                patterns.len()
            );
            return Err(CompileError::System(message));
        }
        context.on_top += 1;
        self.op(loc, Opcode::MATCH_MAPPING);
        self.jump_to_fail_pop(loc, context, Opcode::POP_JUMP_IF_FALSE);
        if size == 0 && rest.is_none() {
            context.on_top -= 1;
            self.op(loc, Opcode::POP_TOP);
            return Ok(());
        }
        if size > 0 {
            self.check_len(loc, size, CmpOperator::GtE, context);
        }
        self.mapping_keys(span, keys)?;
        self.op_n(loc, Opcode::BUILD_TUPLE, size);
        self.op(loc, Opcode::MATCH_KEYS);
        // The keys, and their values or None.
        context.on_top += 2;
        self.fail_if_none(loc, context);
        self.op_n(loc, Opcode::UNPACK_SEQUENCE, size);
        context.on_top = context.on_top + size - 1;
        for pattern in patterns {
            context.on_top -= 1;
            self.sub_pattern(pattern, context)?;
        }
        context.on_top -= 2;
        let Some(rest) = rest else {
            self.op(loc, Opcode::POP_TOP);
            self.op(loc, Opcode::POP_TOP);
            return Ok(());
        };
        // A copy of the subject without the keys.
        self.op_i(loc, Opcode::BUILD_MAP, 0);
        self.op_i(loc, Opcode::SWAP, 3);
        self.op_i(loc, Opcode::DICT_UPDATE, 2);
        self.op_n(loc, Opcode::UNPACK_SEQUENCE, size);
        for left in (1..=size).rev() {
            self.op_n(loc, Opcode::COPY, 1 + left);
            self.op_i(loc, Opcode::SWAP, 2);
            self.op(loc, Opcode::DELETE_SUBSCR);
        }
        self.capture(span, Some(rest), context)
    }

    fn mapping_keys(&mut self, span: Span, keys: &'a [&'a Expr<'a>]) -> Result {
        let mut seen: Vec<Constant<'a>> = Vec::new();
        for key in keys {
            let key = self.resolve(key);
            let number = constants::pattern_number(key, self.arena);
            let literal = || constant_of(key).map(|key| constants::constant(&key, self.arena));
            let constant = number.or_else(literal);
            match constant {
                Some(constant) => {
                    if seen.iter().any(|other| equal(other, &constant)) {
                        let key = constant_repr(&constant);
                        let message = format!("mapping pattern checks duplicate key ({key})");
                        return self.error(span, message);
                    }
                    seen.push(constant);
                }
                None if matches!(key.node, ExprKind::Attribute { .. }) => {}
                None => {
                    let message =
                        "mapping pattern keys may only match literals and attribute lookups";
                    return self.error(span, message);
                }
            }
            match number {
                Some(number) => self.load_const(at(key.span), number),
                None => self.expr(key)?,
            }
        }
        Ok(())
    }
}

/// Python's `==` on constants of patterns.
fn equal(a: &Constant<'_>, b: &Constant<'_>) -> bool {
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}

/// Real and imaginary part of a number, as far as it fits.
fn number(value: &Constant<'_>) -> Option<(f64, f64)> {
    match value {
        Constant::Bool(value) => Some((f64::from(u8::from(*value)), 0.0)),
        Constant::Int(value) if value.unsigned_abs() < 1 << 53 => Some((*value as f64, 0.0)),
        Constant::Float(value) => Some((*value, 0.0)),
        Constant::Complex { real, imag } => Some((*real, *imag)),
        _ => None,
    }
}
