//! `with`, `try` and `match`.

use super::*;
use TokenKind as T;

impl<'a> Parser<'a, '_> {
    /// The parentheses after `with` may hold the items or belong to the first of them: only what
    /// comes after them tells.
    pub(super) fn with_statement(&mut self, is_async: bool) -> Parse<StmtKind<'a>> {
        self.bump();
        let mut items = None;
        if self.at(T::LPar) {
            items = self.attempt(|p| {
                p.bump();
                let items = p.with_items(T::RPar)?;
                p.expect(T::RPar)?;
                p.expect(T::Colon)?;
                Ok(items)
            });
        }
        let items = match items {
            Some(items) => items,
            None => {
                let items = self.with_items(T::Colon)?;
                self.expect(T::Colon)?;
                items
            }
        };
        let type_comment = self.type_comment();
        let body = self.block()?;
        let node = self.arena.alloc(With { items, body, type_comment });
        Ok(if is_async { StmtKind::AsyncWith(node) } else { StmtKind::With(node) })
    }

    /// Items up to `close`; within parentheses a last comma is allowed.
    fn with_items(&mut self, close: TokenKind) -> Parse<&'a [WithItem<'a>]> {
        let mut items = Vec::new();
        loop {
            let context_expr = self.expression()?;
            let optional_vars = if self.eat(T::As) { Some(self.star_target()?) } else { None };
            items.push(WithItem { context_expr, optional_vars });
            if !self.eat(T::Comma) || (close == T::RPar && self.at(close)) {
                return Ok(self.arena.alloc_slice_copy(&items));
            }
        }
    }

    pub(super) fn try_statement(&mut self) -> Parse<StmtKind<'a>> {
        self.bump();
        let body = self.suite()?;
        let mut handlers = Vec::new();
        let is_star = self.at(T::Except) && self.kind_at(1) == T::Star;
        if is_star {
            self.since_version(11)?;
        }
        while self.at(T::Except) {
            handlers.push(self.handler(is_star)?);
        }
        let orelse = if handlers.is_empty() { &[][..] } else { self.else_block()? };
        let finalbody = if self.eat(T::Finally) { self.suite()? } else { &[] };
        if handlers.is_empty() && finalbody.is_empty() {
            return Err(Fail);
        }
        let handlers = self.arena.alloc_slice_copy(&handlers);
        let node = self.arena.alloc(Try { body, handlers, orelse, finalbody });
        Ok(if is_star { StmtKind::TryStar(node) } else { StmtKind::Try(node) })
    }

    fn handler(&mut self, is_star: bool) -> Parse<ExceptHandler<'a>> {
        let start = self.pos;
        self.bump();
        if self.eat(T::Star) != is_star {
            return Err(Fail);
        }
        let mut name = None;
        let mut r#type = None;
        if is_star || !self.at(T::Colon) {
            let first = self.pos;
            let mut caught = self.expression()?;
            if self.eat(T::As) {
                name = Some(self.name()?);
            } else if self.at(T::Comma) {
                caught = self.more_expressions(first, caught)?;
                self.since_version(14)?;
            }
            r#type = Some(caught);
        }
        let body = self.suite()?;
        Ok(ExceptHandler { r#type, name, body, span: self.since(start) })
    }

    /// Whether `match` stands here and what follows can be its subject. If it can be more of an
    /// expression as well, it takes reading on to know.
    pub(super) fn at_match(&self) -> bool {
        self.at_word("match")
            && (super::expr::starts_expression(self.kind_at(1)))
            && !(self.kind_at(1) == T::Not && self.kind_at(2) == T::In)
    }

    /// `None` if it is no `match` statement after all; then nothing is consumed.
    pub(super) fn match_statement(&mut self) -> Parse<Option<StmtKind<'a>>> {
        let subject = self.attempt(|p| {
            p.bump();
            let subject = p.subject()?;
            p.expect(T::Colon)?;
            p.expect(T::Newline)?;
            Ok(subject)
        });
        let Some(subject) = subject else { return Ok(None) };
        self.since_version(10)?;
        self.expect(T::Indent)?;
        let mut cases = Vec::new();
        while !self.eat(T::Dedent) {
            cases.push(self.case()?);
        }
        if cases.is_empty() {
            return Err(Fail);
        }
        Ok(Some(StmtKind::Match { subject, cases: self.arena.alloc_slice_copy(&cases) }))
    }

    fn case(&mut self) -> Parse<MatchCase<'a>> {
        if !self.at_word("case") {
            return Err(Fail);
        }
        self.bump();
        let pattern = self.patterns()?;
        let guard = if self.eat(T::If) { Some(self.named_expression()?) } else { None };
        let body = self.suite()?;
        Ok(MatchCase { pattern, guard, body })
    }
}
