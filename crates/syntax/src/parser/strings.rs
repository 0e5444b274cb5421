//! String literals and their concatenation.

use super::*;
use crate::literal::{InvalidEscape, decode_bytes, decode_text};
use crate::report::{Moment, escape_warning};
use TokenKind as T;

/// A string token taken apart.
pub(crate) struct Literal<'s> {
    /// Without prefix and quotes.
    pub body: &'s str,
    pub is_bytes: bool,
    pub is_raw: bool,
    pub is_unicode: bool,
}

pub(crate) fn split_literal(text: &str) -> Literal<'_> {
    let prefix_len = text.find(['\'', '"']).unwrap_or(0);
    let (prefix, quoted) = text.split_at(prefix_len);
    let triple = quoted.len() >= 6 && (quoted.starts_with("'''") || quoted.starts_with("\"\"\""));
    let quotes = if triple { 3 } else { 1 };
    Literal {
        body: quoted.get(quotes..quoted.len().saturating_sub(quotes)).unwrap_or(""),
        is_bytes: prefix.contains(['b', 'B']),
        is_raw: prefix.contains(['r', 'R']),
        is_unicode: prefix.starts_with(['u', 'U']),
    }
}

/// What kinds of literals a concatenation holds.
#[derive(Default)]
struct Kinds {
    text: bool,
    bytes: bool,
    f_string: bool,
    t_string: bool,
}

impl<'a> Parser<'a, '_> {
    /// One or more adjacent literals.
    pub(super) fn strings(&mut self) -> Parse<E<'a>> {
        let is_part = |kind| matches!(kind, T::String | T::FStringStart | T::TStringStart);
        if self.at(T::String) && !is_part(self.kind_at(1)) {
            return self.string();
        }
        let start = self.pos;
        let base = self.scratch.len();
        let mut kinds = Kinds::default();
        loop {
            let part = match self.kind() {
                T::String => {
                    let part = self.string()?;
                    match part.node {
                        ExprKind::Constant { value: Constant::Bytes(_), .. } => kinds.bytes = true,
                        _ => kinds.text = true,
                    }
                    part
                }
                T::FStringStart => {
                    kinds.f_string = true;
                    self.deeper(EXPRESSION_LEVELS, |p| p.interpolated_string(false))?
                }
                T::TStringStart => {
                    kinds.t_string = true;
                    self.since_version(14)?;
                    self.deeper(EXPRESSION_LEVELS, |p| p.interpolated_string(true))?
                }
                _ => break,
            };
            self.scratch.push(part);
        }
        let parts = self.take_exprs(base);
        if (kinds.bytes && (kinds.text || kinds.f_string))
            || (kinds.t_string && (kinds.text || kinds.bytes || kinds.f_string))
        {
            return Err(Fail);
        }
        let span = self.since(start);
        if kinds.f_string || kinds.t_string {
            let values = self.flatten_and_fold(parts);
            let node = match kinds.t_string {
                true => ExprKind::TemplateStr { values },
                false => ExprKind::JoinedStr { values },
            };
            return Ok(self.expr(node, span));
        }
        Ok(if parts.len() == 1 { parts[0] } else { self.concatenate(parts, span) })
    }

    /// A literal without replacement fields.
    fn string(&mut self) -> Parse<E<'a>> {
        let token = self.bump();
        let literal = split_literal(self.token_text(token));
        let decoded = if literal.is_bytes {
            if !literal.body.is_ascii() {
                return Err(Fail);
            }
            decode_bytes(self.arena, literal.body.as_bytes(), literal.is_raw)
        } else {
            decode_text(self.arena, literal.body, literal.is_raw, self.options.normalizer)
        };
        let decoded = decoded.map_err(|_| Fail)?;
        if let Some(invalid) = &decoded.invalid {
            self.warn_escape(token, literal.body, invalid);
        }
        let value = match literal.is_bytes {
            true => Constant::Bytes(decoded.bytes),
            false => Constant::Str(Text::from_generalised(decoded.bytes)),
        };
        let kind = literal.is_unicode.then(|| Text::new("u"));
        Ok(self.expr(ExprKind::Constant { value, kind }, token_span(token)))
    }

    pub(super) fn warn_escape(&mut self, token: Token, body: &str, invalid: &InvalidEscape) {
        let warning = escape_warning(self.text, token, body, invalid, self.options);
        self.warnings.extend(warning.map(|warning| (Moment::before(self.pos), warning)));
    }

    /// The values of all the parts, those of f-strings and t-strings instead of the strings; adjacent constants
    /// become one, empty ones vanish.
    fn flatten_and_fold(&mut self, parts: &[E<'a>]) -> &'a [E<'a>] {
        let base = self.scratch.len();
        for part in parts {
            match part.node {
                ExprKind::JoinedStr { values: inner } | ExprKind::TemplateStr { values: inner } => {
                    inner.iter().for_each(|value| self.scratch.push(value));
                }
                _ => self.scratch.push(part),
            }
        }
        let values = self.take_exprs(base);
        let is_constant = |value: &E<'a>| matches!(value.node, ExprKind::Constant { .. });
        let adjacent = values.windows(2).any(|pair| pair.iter().all(is_constant));
        if !adjacent && !values.iter().any(|value| is_empty(value)) {
            return values;
        }
        for run in values.chunk_by(|left, right| is_constant(left) && is_constant(right)) {
            let value = match run {
                [one] => *one,
                _ => self.concatenate(run, run[0].span.to(run[run.len() - 1].span)),
            };
            if !is_empty(value) {
                self.scratch.push(value);
            }
        }
        self.take_exprs(base)
    }

    /// Constants, all of text or all of bytes, as one; its kind is that of the first.
    fn concatenate(&self, parts: &[E<'a>], span: Span) -> E<'a> {
        let value_of = |part: &E<'a>| match part.node {
            ExprKind::Constant { value: Constant::Str(text), .. } => text.as_bytes(),
            ExprKind::Constant { value: Constant::Bytes(bytes), .. } => bytes,
            _ => &[],
        };
        let is_bytes = parts
            .iter()
            .any(|part| matches!(part.node, ExprKind::Constant { value: Constant::Bytes(_), .. }));
        let len = parts.iter().map(|part| value_of(part).len()).sum();
        let mut bytes = bumpalo::collections::Vec::with_capacity_in(len, self.arena);
        parts.iter().for_each(|part| bytes.extend_from_slice_copy(value_of(part)));
        let bytes = bytes.into_bump_slice();
        let value = match is_bytes {
            true => Constant::Bytes(bytes),
            false => Constant::Str(Text::from_generalised(bytes)),
        };
        let kind = match parts.first().map(|part| part.node) {
            Some(ExprKind::Constant { kind, .. }) => kind,
            _ => None,
        };
        self.expr(ExprKind::Constant { value, kind }, span)
    }

    /// The parts of a format spec as one string.
    pub(super) fn format_spec(&mut self, parts: &[E<'a>], span: Span) -> E<'a> {
        let base = self.scratch.len();
        for part in parts.iter().filter(|part| !is_empty(part)) {
            self.scratch.push(part);
        }
        let parts = self.take_exprs(base);
        let values = self.flatten_and_fold(parts);
        self.expr(ExprKind::JoinedStr { values }, span)
    }
}

/// Whether a part is a string without characters.
fn is_empty(part: &Expr<'_>) -> bool {
    matches!(part.node, ExprKind::Constant { value: Constant::Str(text), .. } if text.is_empty())
}
