//! f-strings and t-strings: literal parts and replacement fields.

use super::*;
use crate::literal::{InvalidEscape, decode_text};
use TokenKind as T;

impl<'a> Parser<'a, '_> {
    /// From its start token to its end token. Adjacent constants are not folded yet.
    pub(super) fn interpolated_string(&mut self, is_template: bool) -> Parse<E<'a>> {
        let start = self.pos;
        let opening = self.bump();
        let is_raw = self.token_text(opening).contains(['r', 'R']);
        let base = self.scratch.len();
        let mut invalid = Vec::new();
        loop {
            match self.kind() {
                T::FStringMiddle | T::TStringMiddle => {
                    let (part, escape) = self.literal_part(is_raw)?;
                    self.scratch.push(part);
                    invalid.extend(escape);
                }
                T::LBrace => self.replacement_field(is_template, is_raw)?,
                T::FStringEnd | T::TStringEnd => break,
                _ => return Err(Fail),
            }
        }
        let closing = self.bump();
        for (token, escape) in invalid {
            self.warn_escape(closing, self.token_text(token), &escape);
        }
        let values = self.take_exprs(base);
        let node = match is_template {
            true => ExprKind::TemplateStr { values },
            false => ExprKind::JoinedStr { values },
        };
        Ok(self.expr(node, self.since(start)))
    }

    /// A literal part, and its first meaningless escape.
    fn literal_part(&mut self, is_raw: bool) -> Parse<(E<'a>, Option<(Token, InvalidEscape)>)> {
        let token = self.bump();
        let text = self.token_text(token);
        let decoded = decode_text(self.arena, text, is_raw, self.options.normalizer);
        let decoded = decoded.map_err(|_| Fail)?;
        let value = Constant::Str(Text::from_generalised(decoded.bytes));
        let part = self.expr(ExprKind::Constant { value, kind: None }, token_span(token));
        Ok((part, decoded.invalid.map(|invalid| (token, invalid))))
    }

    /// `{value = !r :spec}`, pushed on the scratch stack; with `=` the source text comes first.
    fn replacement_field(&mut self, is_template: bool, is_raw: bool) -> Parse<()> {
        let start = self.pos;
        let opening = self.bump();
        let value = self.yield_or_star_expressions()?;
        let debug = self.eat(T::Equal);
        // What ends the expression and its `=`.
        let end = self.tokens[self.pos];
        let mut debug_end = token_span(end);
        let mut conversion = -1;
        if self.at(T::Exclamation) {
            conversion = self.conversion()?;
            debug_end = token_span(self.tokens[self.pos - 1]);
            // Like the format spec below, it counts from after its first character.
            debug_end.col_offset -= 1;
        }
        let format_spec =
            if self.at(T::Colon) { Some(self.format_spec_parts(is_raw)?) } else { None };
        self.expect(T::RBrace)?;
        let span = self.since(start);
        let text = &self.text[opening.end as usize..end.start as usize];
        if debug && conversion == -1 && format_spec.is_none() {
            conversion = 'r' as i32;
        }
        if debug {
            let text = without_comments(self.arena, text);
            let value = Constant::Str(Text::new(text));
            let span =
                Span::new(span.lineno, span.col_offset + 1, debug_end.lineno, debug_end.col_offset);
            let constant = self.expr(ExprKind::Constant { value, kind: None }, span);
            self.scratch.push(constant);
        }
        let node = if is_template {
            let text = without_comments(self.arena, text);
            let text = match debug {
                true => text.rsplit_once('=').map_or(text, |(value, _)| value),
                false => text,
            };
            let str = self.arena.alloc(Constant::Str(Text::new(text)));
            ExprKind::Interpolation { value, str, conversion, format_spec }
        } else {
            ExprKind::FormattedValue { value, conversion, format_spec }
        };
        let field = self.expr(node, span);
        self.scratch.push(field);
        Ok(())
    }

    /// `!r`, `!s` or `!a`, in one piece.
    fn conversion(&mut self) -> Parse<i32> {
        let exclamation = self.bump();
        let name = self.expect(T::Name)?;
        let text = self.token_text(name);
        match text {
            "r" | "s" | "a" if name.start == exclamation.end => Ok(text.as_bytes()[0].into()),
            _ => Err(Fail),
        }
    }

    fn format_spec_parts(&mut self, is_raw: bool) -> Parse<E<'a>> {
        let start = self.pos;
        self.expect(T::Colon)?;
        let base = self.scratch.len();
        loop {
            match self.kind() {
                T::FStringMiddle | T::TStringMiddle => {
                    let (part, invalid) = self.literal_part(is_raw)?;
                    self.scratch.push(part);
                    if let Some((token, invalid)) = invalid {
                        self.warn_escape(token, self.token_text(token), &invalid);
                    }
                }
                // Even in a t-string, a nested field is formatted at once.
                T::LBrace => self.replacement_field(false, is_raw)?,
                _ => break,
            }
        }
        let parts = self.take_exprs(base);
        Ok(self.format_spec(parts, self.since(start)))
    }
}

/// The source text of a replacement field, without comments.
fn without_comments<'a>(arena: &'a Bump, text: &'a str) -> &'a str {
    if !text.contains('#') {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut quotes = Quotes::default();
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        if char == '#' && !quotes.inside() {
            match chars.by_ref().find(|char| *char == '\n') {
                Some(newline) => out.push(newline),
                None => break,
            }
            continue;
        }
        out.push(char);
        if char == '\\' {
            out.extend(chars.next());
        } else {
            quotes.see(char);
        }
    }
    arena.alloc_str(&out)
}

/// Whether a place is in a string: triple quotes, being odd in number, need no care.
#[derive(Default)]
struct Quotes(Option<char>);

impl Quotes {
    fn inside(&self) -> bool {
        self.0.is_some()
    }

    fn see(&mut self, char: char) {
        match self.0 {
            None if matches!(char, '"' | '\'') => self.0 = Some(char),
            Some(quote) if quote == char => self.0 = None,
            _ => {}
        }
    }
}
