//! Expressions back to text: annotations under `from __future__ import annotations`.
//!
//! Does the job of `Python/ast_unparse.c`; `repr` writes the constants.

mod format_strings;
mod repr;

use bumpalo::Bump;
use krait_syntax::ast::*;

use crate::code::{self, Text};
use crate::error::{CompileError, Result};
use crate::limits::StackGuard;

/// How tightly an expression binds; one that binds less than its place wants gets parentheses.
mod level {
    pub(super) const TUPLE: u8 = 0;
    pub(super) const TEST: u8 = 1;
    pub(super) const OR: u8 = 2;
    pub(super) const AND: u8 = 3;
    pub(super) const NOT: u8 = 4;
    pub(super) const CMP: u8 = 5;
    pub(super) const EXPR: u8 = 6;
    pub(super) const BXOR: u8 = 7;
    pub(super) const BAND: u8 = 8;
    pub(super) const SHIFT: u8 = 9;
    pub(super) const ARITH: u8 = 10;
    pub(super) const TERM: u8 = 11;
    pub(super) const FACTOR: u8 = 12;
    pub(super) const POWER: u8 = 13;
    pub(super) const AWAIT: u8 = 14;
    pub(super) const ATOM: u8 = 15;
}

/// The text of an expression. `guard` is that of the walk on which it is met.
pub(crate) fn unparse<'a>(
    expr: &Expr<'_>,
    guard: &StackGuard,
    arena: &'a Bump,
) -> Result<Text<'a>> {
    let mut writer = Writer { out: Vec::new(), guard, too_deep: false };
    writer.expr(expr, level::TEST);
    if writer.too_deep {
        return Err(CompileError::Recursion);
    }
    Ok(Text::from_bytes(arena.alloc_slice_copy(&writer.out)))
}

/// Python's `repr` of a constant.
pub(crate) fn constant_repr(constant: &code::Constant<'_>) -> String {
    repr::code_constant(constant)
}

struct Writer<'g> {
    out: Vec<u8>,
    guard: &'g StackGuard,
    /// Something was left out.
    too_deep: bool,
}

impl Writer<'_> {
    /// Writes by `write` into a text of its own.
    fn apart(&mut self, write: impl FnOnce(&mut Self)) -> Vec<u8> {
        let outer = std::mem::take(&mut self.out);
        write(self);
        std::mem::replace(&mut self.out, outer)
    }

    fn str(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn parenthesised(&mut self, needed: bool, write: impl FnOnce(&mut Self)) {
        if needed {
            self.str("(");
        }
        write(self);
        if needed {
            self.str(")");
        }
    }

    fn list(&mut self, exprs: &[&Expr<'_>], level: u8) {
        for (index, expr) in exprs.iter().enumerate() {
            if index > 0 {
                self.str(", ");
            }
            self.expr(expr, level);
        }
    }

    fn expr(&mut self, expr: &Expr<'_>, place: u8) {
        if self.guard.check().is_err() {
            self.too_deep = true;
            return;
        }
        match expr.node {
            ExprKind::BoolOp { op, values } => self.bool_op(op, values, place),
            ExprKind::BinOp { left, op, right } => self.bin_op(left, op, right, place),
            ExprKind::UnaryOp { op, operand } => {
                let (text, level) = match op {
                    UnaryOperator::Invert => ("~", level::FACTOR),
                    UnaryOperator::Not => ("not ", level::NOT),
                    UnaryOperator::UAdd => ("+", level::FACTOR),
                    UnaryOperator::USub => ("-", level::FACTOR),
                };
                self.parenthesised(place > level, |this| {
                    this.str(text);
                    this.expr(operand, level);
                });
            }
            ExprKind::Lambda { args, body } => self.parenthesised(place > level::TEST, |this| {
                let plain = args.posonlyargs.is_empty() && args.args.is_empty();
                let none = plain
                    && args.kwonlyargs.is_empty()
                    && args.vararg.is_none()
                    && args.kwarg.is_none();
                this.str(if none { "lambda" } else { "lambda " });
                this.arguments(args);
                this.str(": ");
                this.expr(body, level::TEST);
            }),
            ExprKind::IfExp { test, body, orelse } => {
                self.parenthesised(place > level::TEST, |this| {
                    this.expr(body, level::TEST + 1);
                    this.str(" if ");
                    this.expr(test, level::TEST + 1);
                    this.str(" else ");
                    this.expr(orelse, level::TEST);
                });
            }
            ExprKind::NamedExpr { target, value } => {
                self.parenthesised(place > level::TUPLE, |this| {
                    this.expr(target, level::ATOM);
                    this.str(" := ");
                    this.expr(value, level::ATOM);
                });
            }
            ExprKind::Compare { left, ops, comparators } => {
                self.parenthesised(place > level::CMP, |this| {
                    this.expr(left, level::CMP + 1);
                    for (op, operand) in ops.iter().zip(comparators) {
                        this.str(compare_text(*op));
                        this.expr(operand, level::CMP + 1);
                    }
                });
            }
            ExprKind::Await { value } => self.parenthesised(place > level::AWAIT, |this| {
                this.str("await ");
                this.expr(value, level::ATOM);
            }),
            ExprKind::Tuple { elts: [], .. } => self.str("()"),
            ExprKind::Tuple { elts, .. } => self.parenthesised(place > level::TUPLE, |this| {
                this.list(elts, level::TEST);
                if elts.len() == 1 {
                    this.str(",");
                }
            }),
            _ => self.closed(expr),
        }
    }

    /// Expressions that never need parentheses.
    fn closed(&mut self, expr: &Expr<'_>) {
        match expr.node {
            ExprKind::Dict { keys, values } => self.dict(keys, values),
            ExprKind::Set { elts: [] } => self.str("{*()}"),
            ExprKind::Set { elts } => self.bracketed("{", "}", |this| this.list(elts, level::TEST)),
            ExprKind::List { elts, .. } => {
                self.bracketed("[", "]", |this| this.list(elts, level::TEST));
            }
            ExprKind::GeneratorExp { elt, generators } => {
                self.comprehension("(", elt, None, generators, ")");
            }
            ExprKind::ListComp { elt, generators } => {
                self.comprehension("[", elt, None, generators, "]");
            }
            ExprKind::SetComp { elt, generators } => {
                self.comprehension("{", elt, None, generators, "}");
            }
            ExprKind::DictComp { key, value, generators } => {
                self.comprehension("{", key, Some(value), generators, "}");
            }
            ExprKind::Yield { value: None } => self.str("(yield)"),
            ExprKind::Yield { value: Some(value) } => {
                self.bracketed("(yield ", ")", |this| this.expr(value, level::TEST));
            }
            ExprKind::YieldFrom { value } => {
                self.bracketed("(yield from ", ")", |this| this.expr(value, level::TEST));
            }
            ExprKind::Call { func, args, keywords } => self.call(func, args, keywords),
            ExprKind::Constant { value, kind } => {
                if let Some(kind) = kind {
                    self.out.extend_from_slice(kind.as_bytes());
                }
                let text = repr::constant_in_source(&value);
                self.str(&text);
            }
            ExprKind::JoinedStr { values } => self.format_string("f", values),
            ExprKind::TemplateStr { values } => self.format_string("t", values),
            ExprKind::FormattedValue { .. } | ExprKind::Interpolation { .. } => {
                self.replacement_field(expr);
            }
            ExprKind::Attribute { value, attr, .. } => self.attribute(value, attr),
            ExprKind::Starred { value, .. } => {
                self.str("*");
                self.expr(value, level::EXPR);
            }
            ExprKind::Name { id, .. } => self.str(id),
            ExprKind::Subscript { value, slice, .. } => {
                self.expr(value, level::ATOM);
                self.bracketed("[", "]", |this| this.expr(slice, level::TUPLE));
            }
            ExprKind::Slice { lower, upper, step } => self.slice(lower, upper, step),
            _ => {}
        }
    }

    fn attribute(&mut self, value: &Expr<'_>, attr: &str) {
        self.expr(value, level::ATOM);
        // `1.real` would be a float.
        let int = matches!(
            value.node,
            ExprKind::Constant { value: Constant::Int(_) | Constant::NegativeInt(_), .. }
        );
        self.str(if int { " ." } else { "." });
        self.str(attr);
    }

    fn slice(
        &mut self,
        lower: Option<&Expr<'_>>,
        upper: Option<&Expr<'_>>,
        step: Option<&Expr<'_>>,
    ) {
        for (prefix, part) in [("", lower), (":", upper)] {
            self.str(prefix);
            if let Some(part) = part {
                self.expr(part, level::TEST);
            }
        }
        if let Some(step) = step {
            self.str(":");
            self.expr(step, level::TEST);
        }
    }

    fn bracketed(&mut self, open: &str, close: &str, write: impl FnOnce(&mut Self)) {
        self.str(open);
        write(self);
        self.str(close);
    }

    fn bool_op(&mut self, op: BoolOperator, values: &[&Expr<'_>], place: u8) {
        let (text, level) = match op {
            BoolOperator::And => (" and ", level::AND),
            BoolOperator::Or => (" or ", level::OR),
        };
        self.parenthesised(place > level, |this| {
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    this.str(text);
                }
                this.expr(value, level + 1);
            }
        });
    }

    fn bin_op(&mut self, left: &Expr<'_>, op: Operator, right: &Expr<'_>, place: u8) {
        let (text, level) = match op {
            Operator::Add => (" + ", level::ARITH),
            Operator::Sub => (" - ", level::ARITH),
            Operator::Mult => (" * ", level::TERM),
            Operator::MatMult => (" @ ", level::TERM),
            Operator::Div => (" / ", level::TERM),
            Operator::Mod => (" % ", level::TERM),
            Operator::FloorDiv => (" // ", level::TERM),
            Operator::LShift => (" << ", level::SHIFT),
            Operator::RShift => (" >> ", level::SHIFT),
            Operator::BitOr => (" | ", level::EXPR),
            Operator::BitXor => (" ^ ", level::BXOR),
            Operator::BitAnd => (" & ", level::BAND),
            Operator::Pow => (" ** ", level::POWER),
        };
        // Powers associate to the right.
        let right_first = u8::from(op == Operator::Pow);
        self.parenthesised(place > level, |this| {
            this.expr(left, level + right_first);
            this.str(text);
            this.expr(right, level + 1 - right_first);
        });
    }

    fn dict(&mut self, keys: &[Option<&Expr<'_>>], values: &[&Expr<'_>]) {
        self.str("{");
        for (index, (key, value)) in keys.iter().zip(values).enumerate() {
            if index > 0 {
                self.str(", ");
            }
            match key {
                Some(key) => {
                    self.expr(key, level::TEST);
                    self.str(": ");
                    self.expr(value, level::TEST);
                }
                None => {
                    self.str("**");
                    self.expr(value, level::EXPR);
                }
            }
        }
        self.str("}");
    }

    fn comprehension(
        &mut self,
        open: &str,
        elt: &Expr<'_>,
        value: Option<&Expr<'_>>,
        generators: &[Comprehension<'_>],
        close: &str,
    ) {
        self.str(open);
        self.expr(elt, level::TEST);
        if let Some(value) = value {
            self.str(": ");
            self.expr(value, level::TEST);
        }
        for generator in generators {
            self.str(if generator.is_async { " async for " } else { " for " });
            self.expr(generator.target, level::TUPLE);
            self.str(" in ");
            self.expr(generator.iter, level::TEST + 1);
            for condition in generator.ifs {
                self.str(" if ");
                self.expr(condition, level::TEST + 1);
            }
        }
        self.str(close);
    }

    fn call(&mut self, func: &Expr<'_>, args: &[&Expr<'_>], keywords: &[Keyword<'_>]) {
        self.expr(func, level::ATOM);
        if let ([only], []) = (args, keywords)
            && matches!(only.node, ExprKind::GeneratorExp { .. })
        {
            // Brings its own parentheses.
            return self.expr(only, level::TEST);
        }
        self.str("(");
        self.list(args, level::TEST);
        for (index, keyword) in keywords.iter().enumerate() {
            if index > 0 || !args.is_empty() {
                self.str(", ");
            }
            match keyword.arg {
                Some(name) => {
                    self.str(name);
                    self.str("=");
                }
                None => self.str("**"),
            }
            self.expr(keyword.value, level::TEST);
        }
        self.str(")");
    }

    fn arguments(&mut self, args: &Arguments<'_>) {
        let positional = args.posonlyargs.len() + args.args.len();
        let without_default = positional - args.defaults.len().min(positional);
        let mut first = true;
        for (index, arg) in args.posonlyargs.iter().chain(args.args).enumerate() {
            self.separate(&mut first);
            self.arg(arg);
            if let Some(default) = index.checked_sub(without_default) {
                self.default(args.defaults[default]);
            }
            if index + 1 == args.posonlyargs.len() {
                self.str(", /");
            }
        }
        if args.vararg.is_some() || !args.kwonlyargs.is_empty() {
            self.separate(&mut first);
            self.str("*");
            if let Some(arg) = args.vararg {
                self.arg(arg);
            }
        }
        for (arg, default) in args.kwonlyargs.iter().zip(args.kw_defaults) {
            self.separate(&mut first);
            self.arg(arg);
            if let Some(default) = default {
                self.default(default);
            }
        }
        if let Some(arg) = args.kwarg {
            self.separate(&mut first);
            self.str("**");
            self.arg(arg);
        }
    }

    fn separate(&mut self, first: &mut bool) {
        if !std::mem::take(first) {
            self.str(", ");
        }
    }

    fn arg(&mut self, arg: &Arg<'_>) {
        self.str(arg.arg);
        if let Some(annotation) = arg.annotation {
            self.str(": ");
            self.expr(annotation, level::TEST);
        }
    }

    fn default(&mut self, default: &Expr<'_>) {
        self.str("=");
        self.expr(default, level::TEST);
    }
}

fn compare_text(op: CmpOperator) -> &'static str {
    match op {
        CmpOperator::Eq => " == ",
        CmpOperator::NotEq => " != ",
        CmpOperator::Lt => " < ",
        CmpOperator::LtE => " <= ",
        CmpOperator::Gt => " > ",
        CmpOperator::GtE => " >= ",
        CmpOperator::Is => " is ",
        CmpOperator::IsNot => " is not ",
        CmpOperator::In => " in ",
        CmpOperator::NotIn => " not in ",
    }
}
