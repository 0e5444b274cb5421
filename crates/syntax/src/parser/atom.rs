//! Atoms: names, literals, and everything in brackets, comprehensions included.

use super::*;
use TokenKind as T;

impl<'a> Parser<'a, '_> {
    pub(super) fn atom(&mut self) -> Parse<E<'a>> {
        let token = self.tokens[self.pos];
        let constant = |value| ExprKind::Constant { value, kind: None };
        let node = match token.kind {
            T::Name => ExprKind::Name { id: self.identifier(token), ctx: ExprContext::Load },
            T::Number => constant(self.number_value(token)?),
            T::True => constant(Constant::True),
            T::False => constant(Constant::False),
            T::None => constant(Constant::None),
            T::Ellipsis => constant(Constant::Ellipsis),
            T::String | T::FStringStart | T::TStringStart => return self.strings(),
            T::LPar => return self.parenthesised(),
            T::LSqb => return self.list(),
            T::LBrace => return self.braces(),
            _ => return Err(Fail),
        };
        self.advance();
        Ok(self.expr(node, token_span(token)))
    }

    pub(super) fn number_value(&self, token: Token) -> Parse<Constant<'a>> {
        let text = self.token_text(token);
        if text.contains('_') {
            self.since_version(6)?;
        }
        crate::literal::number(self.arena, text, self.options.max_str_digits).map_err(|_| Fail)
    }

    /// A group, a tuple or a generator expression.
    fn parenthesised(&mut self) -> Parse<E<'a>> {
        let start = self.pos;
        self.expect(T::LPar)?;
        if self.at(T::Yield) {
            let value = self.yield_expression()?;
            self.expect(T::RPar)?;
            return Ok(value);
        }
        let base = self.scratch.len();
        if !self.at(T::RPar) {
            let first = self.star_named_expression()?;
            let is_starred = matches!(first.node, ExprKind::Starred { .. });
            if !is_starred && self.at_comprehension() {
                let generators = self.comprehension_clauses()?;
                self.expect(T::RPar)?;
                let node = ExprKind::GeneratorExp { elt: first, generators };
                return Ok(self.expr(node, self.since(start)));
            }
            if !is_starred && self.eat(T::RPar) {
                return Ok(first);
            }
            self.scratch.push(first);
            self.expect(T::Comma)?;
            self.more_elements(T::RPar)?;
        }
        self.expect(T::RPar)?;
        let elts = self.take_exprs(base);
        Ok(self.expr(ExprKind::Tuple { elts, ctx: ExprContext::Load }, self.since(start)))
    }

    /// Elements up to the closing bracket, pushed on the scratch stack.
    fn more_elements(&mut self, close: TokenKind) -> Parse<()> {
        while !self.at(close) {
            let next = self.star_named_expression()?;
            self.scratch.push(next);
            if !self.at(close) {
                self.expect(T::Comma)?;
            }
        }
        Ok(())
    }

    fn list(&mut self) -> Parse<E<'a>> {
        let start = self.pos;
        self.expect(T::LSqb)?;
        let base = self.scratch.len();
        if !self.at(T::RSqb) {
            let first = self.star_named_expression()?;
            if self.at_comprehension() && !matches!(first.node, ExprKind::Starred { .. }) {
                let generators = self.comprehension_clauses()?;
                self.expect(T::RSqb)?;
                let node = ExprKind::ListComp { elt: first, generators };
                return Ok(self.expr(node, self.since(start)));
            }
            self.scratch.push(first);
            if !self.at(T::RSqb) {
                self.expect(T::Comma)?;
            }
            self.more_elements(T::RSqb)?;
        }
        self.expect(T::RSqb)?;
        let elts = self.take_exprs(base);
        Ok(self.expr(ExprKind::List { elts, ctx: ExprContext::Load }, self.since(start)))
    }

    /// A dict, a set, or a comprehension of either.
    fn braces(&mut self) -> Parse<E<'a>> {
        let start = self.pos;
        self.expect(T::LBrace)?;
        if self.at(T::RBrace) || self.at(T::DoubleStar) {
            return self.dict(start, None);
        }
        let named = self.at(T::Name) && self.kind_at(1) == T::ColonEqual;
        let first = self.star_named_expression()?;
        let is_starred = matches!(first.node, ExprKind::Starred { .. });
        if self.at(T::Colon) && !is_starred && !named {
            return self.dict(start, Some(first));
        }
        if !is_starred && self.at_comprehension() {
            let generators = self.comprehension_clauses()?;
            self.expect(T::RBrace)?;
            let node = ExprKind::SetComp { elt: first, generators };
            return Ok(self.expr(node, self.since(start)));
        }
        let base = self.scratch.len();
        self.scratch.push(first);
        if !self.at(T::RBrace) {
            self.expect(T::Comma)?;
        }
        self.more_elements(T::RBrace)?;
        self.expect(T::RBrace)?;
        let elts = self.take_exprs(base);
        Ok(self.expr(ExprKind::Set { elts }, self.since(start)))
    }

    /// The rest of a dict; `first` is its first key if that has been read.
    fn dict(&mut self, start: usize, first: Option<E<'a>>) -> Parse<E<'a>> {
        let base = self.scratch.len();
        let keys = self.optional.len();
        let mut pending = first;
        while pending.is_some() || !self.at(T::RBrace) {
            if pending.is_none() && self.eat(T::DoubleStar) {
                self.optional.push(None);
                let value = self.deeper(EXPRESSION_LEVELS, Self::bitwise_or)?;
                self.scratch.push(value);
            } else {
                let key = match pending.take() {
                    Some(key) => key,
                    None => self.expression()?,
                };
                self.expect(T::Colon)?;
                let value = self.expression()?;
                if self.optional.len() == keys && self.at_comprehension() {
                    let generators = self.comprehension_clauses()?;
                    self.expect(T::RBrace)?;
                    let node = ExprKind::DictComp { key, value, generators };
                    return Ok(self.expr(node, self.since(start)));
                }
                self.optional.push(Some(key));
                self.scratch.push(value);
            }
            if !self.at(T::RBrace) {
                self.expect(T::Comma)?;
            }
        }
        self.bump();
        let values = self.take_exprs(base);
        let keys = self.optional.take(keys, self.arena);
        Ok(self.expr(ExprKind::Dict { keys, values }, self.since(start)))
    }

    pub(super) fn at_comprehension(&self) -> bool {
        self.at(T::For) || (self.at(T::Async) && self.kind_at(1) == T::For)
    }

    /// One or more `for … in … if …`.
    pub(super) fn comprehension_clauses(&mut self) -> Parse<&'a [Comprehension<'a>]> {
        let first = self.comprehension_clause()?;
        if !self.at_comprehension() {
            return Ok(self.arena.alloc([first]));
        }
        let mut clauses = vec![first];
        while self.at_comprehension() {
            clauses.push(self.comprehension_clause()?);
        }
        Ok(self.arena.alloc_slice_copy(&clauses))
    }

    fn comprehension_clause(&mut self) -> Parse<Comprehension<'a>> {
        let is_async = self.eat(T::Async);
        if is_async {
            self.since_version(6)?;
        }
        self.expect(T::For)?;
        let target = self.star_targets()?;
        self.expect(T::In)?;
        let iter = self.deeper(EXPRESSION_LEVELS, Self::disjunction)?;
        let base = self.scratch.len();
        while self.eat(T::If) {
            let condition = self.deeper(EXPRESSION_LEVELS, Self::disjunction)?;
            self.scratch.push(condition);
        }
        let ifs = self.take_exprs(base);
        Ok(Comprehension { target, iter, ifs, is_async })
    }
}
