//! From constants of the tree to constants of code objects; docstrings; numbers in patterns.
//!
//! Does the job of `_PyCompile_CleanDoc`, `is_constant_slice` and the folding of match patterns in
//! `Python/ast_preprocess.c`.

use std::borrow::Cow;

use bumpalo::Bump;
use krait_syntax::ast::{self, Expr, ExprKind, IntLiteral, Operator, UnaryOperator};
use num_bigint::{BigInt, Sign};

use crate::code::{Constant, Text};
use crate::error::{CompileError, Result};

pub(super) fn constant<'a>(value: &ast::Constant<'a>, arena: &'a Bump) -> Constant<'a> {
    let all = |items: &'a [ast::Constant<'a>]| {
        &*arena.alloc_slice_fill_iter(items.iter().map(|item| constant(item, arena)))
    };
    match *value {
        ast::Constant::None => Constant::None,
        ast::Constant::True => Constant::Bool(true),
        ast::Constant::False => Constant::Bool(false),
        ast::Constant::Ellipsis => Constant::Ellipsis,
        ast::Constant::Int(IntLiteral::Small(value)) => match i64::try_from(value) {
            Ok(value) => Constant::Int(value),
            Err(_) => Constant::int(&BigInt::from(value), arena),
        },
        ast::Constant::Int(IntLiteral::Big(digits)) => {
            Constant::int(&BigInt::from_slice(Sign::Plus, digits), arena)
        }
        ast::Constant::Float(value) => Constant::Float(value),
        ast::Constant::NegativeInt(literal) => {
            match constant(&ast::Constant::Int(literal), arena) {
                Constant::Int(value) => Constant::Int(-value),
                Constant::BigInt(value) => Constant::int(&-value.value(), arena),
                other => other,
            }
        }
        ast::Constant::Complex { real, imag } => Constant::Complex { real, imag },
        ast::Constant::Str(text) => Constant::Str(Text::from_bytes(text.as_bytes())),
        ast::Constant::Bytes(bytes) => Constant::Bytes(bytes),
        ast::Constant::Tuple(items) => Constant::Tuple(all(items)),
        ast::Constant::FrozenSet(items) => Constant::FrozenSet(all(items)),
        // `validate` refuses it.
        ast::Constant::Other(_) => Constant::None,
    }
}

/// A slice whose parts are all constants or left out.
pub(super) fn constant_slice<'a>(
    parts: [Option<&Expr<'a>>; 3],
    arena: &'a Bump,
) -> Option<Constant<'a>> {
    let part = |part: Option<&Expr<'a>>| match part.map(|expr| expr.node) {
        None => Some(Constant::None),
        Some(ExprKind::Constant { value, .. }) => Some(constant(&value, arena)),
        Some(_) => None,
    };
    let [lower, upper, step] = parts;
    Some(Constant::Slice(arena.alloc([part(lower)?, part(upper)?, part(step)?])))
}

/// The value of a number in a pattern, which may be signed or complex: `-1`, `2 - 3j`.
pub(crate) fn pattern_number<'a>(expr: &Expr<'a>, arena: &'a Bump) -> Option<Constant<'a>> {
    match expr.node {
        ExprKind::UnaryOp { op: UnaryOperator::USub, operand } => negated(operand, arena),
        ExprKind::BinOp { left, op, right } => {
            let real = match left.node {
                ExprKind::Constant { value, .. } => constant(&value, arena),
                _ => pattern_number(left, arena)?,
            };
            let real = real_value(&real)?;
            let ExprKind::Constant { value: ast::Constant::Complex { real: more, imag }, .. } =
                right.node
            else {
                return None;
            };
            match op {
                Operator::Add => Some(Constant::Complex { real: real + more, imag }),
                Operator::Sub => Some(Constant::Complex { real: real - more, imag: -imag }),
                _ => None,
            }
        }
        _ => None,
    }
}

fn negated<'a>(operand: &Expr<'a>, arena: &'a Bump) -> Option<Constant<'a>> {
    let ExprKind::Constant { value, .. } = operand.node else { return None };
    match constant(&value, arena) {
        Constant::Int(value) => Some(match value.checked_neg() {
            Some(value) => Constant::Int(value),
            None => Constant::int(&-BigInt::from(value), arena),
        }),
        Constant::BigInt(value) => Some(Constant::int(&-value.value(), arena)),
        Constant::Float(value) => Some(Constant::Float(-value)),
        Constant::Complex { real, imag } => Some(Constant::Complex { real: -real, imag: -imag }),
        _ => None,
    }
}

fn real_value(value: &Constant<'_>) -> Option<f64> {
    match value {
        // Rounds to nearest even, as Python does.
        Constant::Int(value) => Some(*value as f64),
        Constant::Float(value) => Some(*value),
        Constant::BigInt(value) => value.value().to_string().parse().ok(),
        _ => None,
    }
}

/// A number of code objects as a constant of the tree.
pub(crate) fn in_tree<'a>(value: &Constant<'_>, arena: &'a Bump) -> Option<ast::Constant<'a>> {
    let int = |negative: bool, magnitude: IntLiteral<'a>| match negative {
        true => ast::Constant::NegativeInt(magnitude),
        false => ast::Constant::Int(magnitude),
    };
    Some(match value {
        Constant::Int(value) => int(*value < 0, IntLiteral::Small(value.unsigned_abs())),
        Constant::BigInt(value) => {
            let value = value.value();
            let magnitude = match u64::try_from(value.magnitude()) {
                Ok(small) => IntLiteral::Small(small),
                Err(_) => IntLiteral::Big(arena.alloc_slice_copy(&value.to_u32_digits().1)),
            };
            int(value.sign() == Sign::Minus, magnitude)
        }
        Constant::Float(value) => ast::Constant::Float(*value),
        Constant::Complex { real, imag } => ast::Constant::Complex { real: *real, imag: *imag },
        _ => return None,
    })
}

/// A docstring without the indentation that its lines share.
pub(super) fn clean_doc<'a>(text: ast::Text<'_>, arena: &'a Bump) -> Result<Constant<'a>> {
    clean_text(text, arena).map(Constant::Str)
}

pub(super) fn clean_text<'a>(text: ast::Text<'_>, arena: &'a Bump) -> Result<Text<'a>> {
    let text = match text.as_bytes().contains(&b'\t') {
        true => Cow::Owned(expand_tabs(text.as_bytes())),
        false => Cow::Borrowed(text.as_bytes()),
    };
    refuse_surrogates(ast::Text::from_generalised(&text))?;
    let indent = |line: &[u8]| line.iter().take_while(|&&byte| byte == b' ').count();
    let mut margin = usize::MAX;
    let mut rest = &text[..];
    while let Some(end) = memchr::memchr(b'\n', rest) {
        rest = &rest[end + 1..];
        let indent = indent(rest);
        if !matches!(rest[indent..], [] | [b'\n', ..]) {
            margin = margin.min(indent);
        }
    }
    if margin == usize::MAX {
        margin = 0;
    }
    let mut clean = bumpalo::collections::Vec::with_capacity_in(text.len(), arena);
    rest = &text[indent(&text)..];
    while let Some(end) = memchr::memchr(b'\n', rest) {
        let (line, after) = rest.split_at(end + 1);
        clean.extend_from_slice_copy(line);
        rest = &after[indent(after).min(margin)..];
    }
    clean.extend_from_slice_copy(rest);
    Ok(Text::from_bytes(clean.into_bump_slice()))
}

/// The reference cleans docstrings as UTF-8.
fn refuse_surrogates(text: ast::Text<'_>) -> Result {
    if text.as_str().is_some() {
        return Ok(());
    }
    let is_surrogate = |point: &u32| (0xd800..0xe000).contains(point);
    let start = text.code_points().take_while(|point| !is_surrogate(point)).count();
    let count = text.code_points().skip(start).take_while(is_surrogate).count();
    Err(CompileError::Unicode { text: text.as_bytes().to_vec(), start, end: start + count })
}

/// `str.expandtabs()`: tab stops every eight code points.
fn expand_tabs(text: &[u8]) -> Vec<u8> {
    let mut expanded = Vec::with_capacity(text.len());
    let mut column = 0;
    for &byte in text {
        match byte {
            b'\t' => {
                let spaces = 8 - column % 8;
                expanded.resize(expanded.len() + spaces, b' ');
                column += spaces;
            }
            _ => {
                expanded.push(byte);
                match byte {
                    b'\n' | b'\r' => column = 0,
                    // Inside of a code point.
                    0x80..=0xbf => {}
                    _ => column += 1,
                }
            }
        }
    }
    expanded
}
