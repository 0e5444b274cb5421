//! Statements that fit in a line.

use super::expr::starts_expression;
use super::*;
use TokenKind as T;

fn augmented_operator(kind: TokenKind) -> Option<Operator> {
    Some(match kind {
        T::PlusEqual => Operator::Add,
        T::MinEqual => Operator::Sub,
        T::StarEqual => Operator::Mult,
        T::AtEqual => Operator::MatMult,
        T::SlashEqual => Operator::Div,
        T::PercentEqual => Operator::Mod,
        T::AmperEqual => Operator::BitAnd,
        T::VBarEqual => Operator::BitOr,
        T::CircumflexEqual => Operator::BitXor,
        T::LeftShiftEqual => Operator::LShift,
        T::RightShiftEqual => Operator::RShift,
        T::DoubleStarEqual => Operator::Pow,
        T::DoubleSlashEqual => Operator::FloorDiv,
        _ => return None,
    })
}

impl<'a> Parser<'a, '_> {
    /// Statements separated by semicolons, and the newline.
    pub(super) fn simple_statements(&mut self) -> Parse<()> {
        loop {
            let start = self.pos;
            let node = self.simple_statement()?;
            self.push_statement(node, self.since(start));
            let more = self.eat(T::Semi);
            if self.eat(T::Newline) {
                return Ok(());
            }
            if !more {
                return Err(Fail);
            }
        }
    }

    fn simple_statement(&mut self) -> Parse<StmtKind<'a>> {
        match self.kind() {
            T::Return => {
                self.bump();
                let value = match starts_expression(self.kind()) {
                    true => Some(self.star_expressions()?),
                    false => None,
                };
                Ok(StmtKind::Return { value })
            }
            T::Import => self.import(),
            T::From => self.import_from(),
            T::Raise => self.raise(),
            T::Del => self.delete(),
            T::Assert => {
                self.bump();
                let test = self.expression()?;
                let msg = if self.eat(T::Comma) { Some(self.expression()?) } else { None };
                Ok(StmtKind::Assert { test, msg })
            }
            T::Pass => {
                self.bump();
                Ok(StmtKind::Pass)
            }
            T::Break => {
                self.bump();
                Ok(StmtKind::Break)
            }
            T::Continue => {
                self.bump();
                Ok(StmtKind::Continue)
            }
            T::Global => Ok(StmtKind::Global { names: self.names()? }),
            T::Nonlocal => Ok(StmtKind::Nonlocal { names: self.names()? }),
            T::Yield => Ok(StmtKind::Expr { value: self.yield_expression()? }),
            T::Name if self.kind_at(1) == T::Name && self.at_word("type") => self.type_alias(),
            _ => self.assignment_or_expression(),
        }
    }

    fn raise(&mut self) -> Parse<StmtKind<'a>> {
        self.bump();
        if !starts_expression(self.kind()) {
            return Ok(StmtKind::Raise { exc: None, cause: None });
        }
        let exc = Some(self.expression()?);
        let cause = if self.eat(T::From) { Some(self.expression()?) } else { None };
        Ok(StmtKind::Raise { exc, cause })
    }

    fn delete(&mut self) -> Parse<StmtKind<'a>> {
        self.bump();
        let base = self.scratch.len();
        loop {
            let target = self.delete_target()?;
            self.scratch.push(target);
            if !self.eat(T::Comma) || !starts_expression(self.kind()) {
                break;
            }
        }
        if !matches!(self.kind(), T::Semi | T::Newline) {
            return Err(Fail);
        }
        Ok(StmtKind::Delete { targets: self.take_exprs(base) })
    }

    /// The names after `global` or `nonlocal`.
    fn names(&mut self) -> Parse<&'a [&'a str]> {
        self.bump();
        let mut names = vec![self.name()?];
        while self.eat(T::Comma) {
            names.push(self.name()?);
        }
        Ok(self.arena.alloc_slice_copy(&names))
    }

    /// `type Name[…] = value`.
    fn type_alias(&mut self) -> Parse<StmtKind<'a>> {
        self.since_version(12)?;
        self.bump();
        let name = self.name_target()?;
        let type_params = self.type_parameters()?;
        self.expect(T::Equal)?;
        let value = self.expression()?;
        Ok(StmtKind::TypeAlias { name, type_params, value })
    }

    fn assignment_or_expression(&mut self) -> Parse<StmtKind<'a>> {
        if self.at(T::Name) && self.kind_at(1) == T::Colon {
            let target = self.name_target()?;
            return self.annotated(target, true);
        }
        let start = self.pos;
        let in_parentheses = self.at(T::LPar);
        let value = self.star_expressions()?;
        match self.kind() {
            T::Equal => self.assignment(value),
            T::Colon => {
                let is_name = matches!(value.node, ExprKind::Name { .. });
                let is_whole = value.span.start() != token_span(self.tokens[start]).start();
                let is_wrong = match in_parentheses {
                    true => !is_whole && self.begins_with_target(value),
                    false => is_name,
                };
                if is_wrong {
                    return Err(Fail);
                }
                let target = self.single_target(value)?;
                self.annotated(target, false)
            }
            kind => match augmented_operator(kind) {
                Some(op) => {
                    if op == Operator::MatMult {
                        self.since_version(5)?;
                    }
                    let target = self.single_target(value)?;
                    self.bump();
                    let value = self.yield_or_star_expressions()?;
                    Ok(StmtKind::AugAssign { target, op, value })
                }
                None => Ok(StmtKind::Expr { value }),
            },
        }
    }

    /// From the colon on.
    fn annotated(&mut self, target: E<'a>, simple: bool) -> Parse<StmtKind<'a>> {
        self.since_version(6)?;
        self.expect(T::Colon)?;
        let annotation = self.expression()?;
        let value = if self.eat(T::Equal) { Some(self.yield_or_star_expressions()?) } else { None };
        Ok(StmtKind::AnnAssign { target, annotation, value, simple })
    }

    /// `first = … = value`, from the first `=` on.
    fn assignment(&mut self, first: E<'a>) -> Parse<StmtKind<'a>> {
        let base = self.scratch.len();
        let mut value = first;
        while self.eat(T::Equal) {
            let target = self.with_context(value, ExprContext::Store)?;
            self.scratch.push(target);
            value = self.yield_or_star_expressions()?;
        }
        let targets = self.take_exprs(base);
        let type_comment = self.type_comment();
        Ok(StmtKind::Assign { targets, value, type_comment })
    }

    pub(super) fn type_comment(&mut self) -> Option<Text<'a>> {
        if !self.at(T::TypeComment) {
            return None;
        }
        let token = self.bump();
        Some(Text::new(self.token_text(token)))
    }
}
