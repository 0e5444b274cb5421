//! Statements with blocks, but for those whose clauses need a file of their own.

use super::*;
use TokenKind as T;

type Body<'a> = &'a [&'a Stmt<'a>];

impl<'a> Parser<'a, '_> {
    /// Statements up to `end`, which is consumed.
    pub(super) fn statements_up_to(&mut self, end: TokenKind) -> Parse<Body<'a>> {
        let base = self.statements.len();
        while !self.eat(end) {
            // The last token is never used up.
            if end == T::EndMarker && self.at(T::EndMarker) {
                break;
            }
            if end == T::EndMarker {
                self.statement_starts = [self.statement_starts[1], self.pos];
            }
            self.statement()?;
        }
        Ok(self.take_statements(base))
    }

    pub(super) fn at_compound(&self) -> bool {
        matches!(
            self.kind(),
            T::If | T::Def | T::Class | T::For | T::While | T::Try | T::With | T::At | T::Async
        )
    }

    /// A compound statement or a line of simple ones.
    pub(super) fn statement(&mut self) -> Parse<()> {
        let start = self.pos;
        let node = match self.kind() {
            T::If => self.if_statement()?,
            T::Def => self.function(&[], false)?,
            T::Class => self.class(&[])?,
            T::For => self.for_statement(false)?,
            T::While => self.while_statement()?,
            T::Try => self.try_statement()?,
            T::With => self.with_statement(false)?,
            T::At => return self.decorated(),
            T::Async => self.async_statement()?,
            T::Name if self.at_match() => match self.match_statement()? {
                Some(node) => node,
                None => return self.simple_statements(),
            },
            _ => return self.simple_statements(),
        };
        self.finish_compound(start, node);
        Ok(())
    }

    fn finish_compound(&mut self, start: usize, node: StmtKind<'a>) {
        let span = self.since(start);
        let is_function = matches!(node, StmtKind::FunctionDef(_) | StmtKind::AsyncFunctionDef(_));
        if !is_function && span.lineno >= self.last_statement.0 {
            self.last_statement = span.start();
        }
        self.push_statement(node, span);
    }

    /// An indented block, or simple statements on the same line.
    pub(super) fn block(&mut self) -> Parse<Body<'a>> {
        if self.eat(T::Newline) {
            self.expect(T::Indent)?;
            return self.deeper(STATEMENT_LEVELS, |p| p.statements_up_to(T::Dedent));
        }
        let base = self.statements.len();
        self.simple_statements()?;
        Ok(self.take_statements(base))
    }

    /// A colon and a block.
    pub(super) fn suite(&mut self) -> Parse<Body<'a>> {
        self.expect(T::Colon)?;
        self.block()
    }

    /// `else:` and its block, or nothing.
    pub(super) fn else_block(&mut self) -> Parse<Body<'a>> {
        if self.eat(T::Else) { self.suite() } else { Ok(&[]) }
    }

    /// A chain of `elif` is read in a loop and then nested from its end, so that its length costs
    /// no stack.
    fn if_statement(&mut self) -> Parse<StmtKind<'a>> {
        let (test, body) = self.if_clause()?;
        let mut clauses = Vec::new();
        while self.at(T::Elif) {
            clauses.push((self.pos, self.if_clause()?));
        }
        let mut orelse = self.else_block()?;
        self.levels -= 1 + clauses.len() as u32;
        for (start, (test, body)) in clauses.into_iter().rev() {
            let node = StmtKind::If { test, body, orelse };
            let span = self.since(start);
            orelse = self.arena.alloc_slice_copy(&[&*self.arena.alloc(Stmt { node, span })]);
        }
        Ok(StmtKind::If { test, body, orelse })
    }

    /// From `if` or `elif` on. What follows nests, for the reference.
    fn if_clause(&mut self) -> Parse<(E<'a>, Body<'a>)> {
        self.bump();
        let test = self.named_expression()?;
        let body = self.suite()?;
        self.note_deeper(1);
        Ok((test, body))
    }

    fn while_statement(&mut self) -> Parse<StmtKind<'a>> {
        self.bump();
        let test = self.named_expression()?;
        let body = self.suite()?;
        let orelse = self.else_block()?;
        Ok(StmtKind::While { test, body, orelse })
    }

    fn for_statement(&mut self, is_async: bool) -> Parse<StmtKind<'a>> {
        self.bump();
        let target = self.star_targets()?;
        self.expect(T::In)?;
        let iter = self.star_expressions()?;
        self.expect(T::Colon)?;
        let type_comment = self.type_comment();
        let body = self.block()?;
        let orelse = self.else_block()?;
        let node = self.arena.alloc(For { target, iter, body, orelse, type_comment });
        Ok(if is_async { StmtKind::AsyncFor(node) } else { StmtKind::For(node) })
    }

    fn async_statement(&mut self) -> Parse<StmtKind<'a>> {
        self.since_version(5)?;
        self.bump();
        match self.kind() {
            T::Def => self.function(&[], true),
            T::For => self.for_statement(true),
            T::With => self.with_statement(true),
            _ => Err(Fail),
        }
    }

    fn decorated(&mut self) -> Parse<()> {
        let base = self.scratch.len();
        while self.eat(T::At) {
            let decorator = self.named_expression()?;
            self.scratch.push(decorator);
            self.expect(T::Newline)?;
        }
        let decorators = self.take_exprs(base);
        let start = self.pos;
        let node = match self.kind() {
            T::Def => self.function(decorators, false)?,
            T::Class => self.class(decorators)?,
            T::Async if self.kind_at(1) == T::Def => {
                self.since_version(5)?;
                self.bump();
                self.function(decorators, true)?
            }
            _ => return Err(Fail),
        };
        self.finish_compound(start, node);
        Ok(())
    }

    fn function(&mut self, decorator_list: &'a [E<'a>], is_async: bool) -> Parse<StmtKind<'a>> {
        self.bump();
        let name = self.name()?;
        let type_params = self.type_parameters()?;
        let args = self.function_parameters()?;
        let returns = if self.eat(T::RArrow) { Some(self.expression()?) } else { None };
        self.expect(T::Colon)?;
        let type_comment = self.function_type_comment();
        let body = self.block()?;
        let node = self.arena.alloc(FunctionDef {
            name,
            args,
            body,
            decorator_list,
            returns,
            type_comment,
            type_params,
        });
        Ok(if is_async { StmtKind::AsyncFunctionDef(node) } else { StmtKind::FunctionDef(node) })
    }

    /// On the line of the colon, or alone on the first line of the block.
    fn function_type_comment(&mut self) -> Option<Text<'a>> {
        if self.at(T::Newline)
            && self.kind_at(1) == T::TypeComment
            && self.kind_at(2) == T::Newline
            && self.kind_at(3) == T::Indent
        {
            self.bump();
        }
        self.type_comment()
    }

    fn class(&mut self, decorator_list: &'a [E<'a>]) -> Parse<StmtKind<'a>> {
        self.bump();
        let name = self.name()?;
        let type_params = self.type_parameters()?;
        let (bases, keywords): (&[E<'a>], &[Keyword<'a>]) =
            if self.eat(T::LPar) { self.arguments(None)? } else { (&[], &[]) };
        let body = self.suite()?;
        Ok(StmtKind::ClassDef(self.arena.alloc(ClassDef {
            name,
            bases,
            keywords,
            body,
            decorator_list,
            type_params,
        })))
    }
}
