//! What may follow an atom: attributes, subscripts, and calls with their arguments.

use super::*;
use TokenKind as T;

impl<'a> Parser<'a, '_> {
    /// An atom with any number of `.name`, `[…]` and `(…)`.
    pub(super) fn primary(&mut self) -> Parse<E<'a>> {
        let start = self.pos;
        let mut value = self.atom()?;
        loop {
            value = match self.kind() {
                T::Dot => {
                    self.bump();
                    let attr = self.name()?;
                    let node = ExprKind::Attribute { value, attr, ctx: ExprContext::Load };
                    self.expr(node, self.since(start))
                }
                T::LSqb => {
                    self.bump();
                    let slice = self.slices()?;
                    self.expect(T::RSqb)?;
                    let node = ExprKind::Subscript { value, slice, ctx: ExprContext::Load };
                    self.expr(node, self.since(start))
                }
                T::LPar => {
                    let (args, keywords) = self.call_arguments()?;
                    let node = ExprKind::Call { func: value, args, keywords };
                    self.expr(node, self.since(start))
                }
                _ => return Ok(value),
            };
        }
    }

    /// What stands between the brackets of a subscript.
    fn slices(&mut self) -> Parse<E<'a>> {
        let start = self.pos;
        let is_starred = self.at(T::Star);
        let first = self.slice_or_starred()?;
        if !is_starred && !self.at(T::Comma) {
            return Ok(first);
        }
        let base = self.scratch.len();
        self.scratch.push(first);
        while self.eat(T::Comma) && !self.at(T::RSqb) {
            let next = self.slice_or_starred()?;
            self.scratch.push(next);
        }
        let elts = self.take_exprs(base);
        Ok(self.expr(ExprKind::Tuple { elts, ctx: ExprContext::Load }, self.since(start)))
    }

    fn slice_or_starred(&mut self) -> Parse<E<'a>> {
        if self.at(T::Star) {
            return self.starred(Self::expression);
        }
        let start = self.pos;
        let mut lower = None;
        if !self.at(T::Colon) {
            let index = self.named_expression()?;
            if !self.at(T::Colon) {
                return Ok(index);
            }
            if self.tokens[start + 1].kind == T::ColonEqual {
                return Err(Fail);
            }
            lower = Some(index);
        }
        self.expect(T::Colon)?;
        let upper = self.slice_part()?;
        let step = if self.eat(T::Colon) { self.slice_part()? } else { None };
        Ok(self.expr(ExprKind::Slice { lower, upper, step }, self.since(start)))
    }

    fn slice_part(&mut self) -> Parse<Option<E<'a>>> {
        if matches!(self.kind(), T::Colon | T::Comma | T::RSqb) {
            return Ok(None);
        }
        self.expression().map(Some)
    }

    /// The arguments of a call, with their parentheses. A generator expression may do without
    /// parentheses of its own if it is the only one.
    fn call_arguments(&mut self) -> Parse<(&'a [E<'a>], &'a [Keyword<'a>])> {
        let start = self.pos;
        self.expect(T::LPar)?;
        if matches!(self.kind(), T::RPar | T::Star | T::DoubleStar)
            || (self.at(T::Name) && self.kind_at(1) == T::Equal)
        {
            return self.arguments(None);
        }
        let elt = self.named_expression()?;
        if !self.at_comprehension() {
            return self.arguments(Some(elt));
        }
        let generators = self.comprehension_clauses()?;
        self.expect(T::RPar)?;
        let span = self.since(start);
        let generator = self.expr(ExprKind::GeneratorExp { elt, generators }, span);
        Ok((self.arena.alloc_slice_copy(&[generator]), &[]))
    }

    /// The arguments of a call or class up to and with the closing parenthesis; `first` if one has
    /// been read already.
    pub(super) fn arguments(
        &mut self,
        first: Option<E<'a>>,
    ) -> Parse<(&'a [E<'a>], &'a [Keyword<'a>])> {
        let base = self.scratch.len();
        let keywords = self.keywords.len();
        let mut unpacked_mapping = false;
        if let Some(first) = first {
            self.scratch.push(first);
            if !self.at(T::RPar) {
                self.expect(T::Comma)?;
            }
        }
        while !self.at(T::RPar) {
            match self.kind() {
                T::Star if !unpacked_mapping => {
                    let argument = self.starred(Self::expression)?;
                    self.scratch.push(argument);
                }
                T::DoubleStar => {
                    unpacked_mapping = true;
                    let keyword = self.keyword(None)?;
                    self.keywords.push(keyword);
                }
                T::Name if self.kind_at(1) == T::Equal => {
                    let name = self.identifier(self.tokens[self.pos]);
                    let keyword = self.keyword(Some(name))?;
                    self.keywords.push(keyword);
                }
                _ if self.keywords.len() == keywords => {
                    let argument = self.named_expression()?;
                    self.scratch.push(argument);
                }
                _ => return Err(Fail),
            }
            if !self.at(T::RPar) {
                self.expect(T::Comma)?;
            }
        }
        self.bump();
        let args = self.take_exprs(base);
        Ok((args, self.keywords.take(keywords, self.arena)))
    }

    /// `name=value` or `**value`.
    fn keyword(&mut self, arg: Option<&'a str>) -> Parse<Keyword<'a>> {
        let start = self.pos;
        self.bump();
        if arg.is_some() {
            self.bump();
        }
        let value = self.expression()?;
        Ok(Keyword { arg, value, span: self.since(start) })
    }
}
