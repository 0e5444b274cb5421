//! Expressions, from the tuple without parentheses down to the operators.

use super::*;
use TokenKind as T;

/// Whether an expression (or a starred one) can start with this token.
pub(super) fn starts_expression(kind: TokenKind) -> bool {
    matches!(
        kind,
        T::Name
            | T::Number
            | T::String
            | T::LPar
            | T::LSqb
            | T::LBrace
            | T::Minus
            | T::Plus
            | T::Tilde
            | T::Star
            | T::Ellipsis
            | T::FStringStart
            | T::TStringStart
            | T::Not
            | T::None
            | T::True
            | T::False
            | T::Await
            | T::Lambda
    )
}

/// How strongly operators bind, from the weakest on. 0 is for tokens that are no operators.
mod strength {
    pub(super) const OR: u8 = 1;
    pub(super) const AND: u8 = 2;
    pub(super) const NOT: u8 = 3;
    pub(super) const COMPARISON: u8 = 4;
    pub(super) const BITWISE_OR: u8 = 5;
}

/// The strength of each kind of token as an operator between two operands.
static STRENGTHS: [u8; 256] = {
    let mut table = [0; 256];
    let rows: [(u8, &[TokenKind]); 10] = [
        (strength::OR, &[T::Or]),
        (strength::AND, &[T::And]),
        (strength::COMPARISON, &[T::EqEqual, T::NotEqual, T::Less, T::LessEqual]),
        (strength::COMPARISON, &[T::Greater, T::GreaterEqual, T::In, T::Not, T::Is]),
        (strength::BITWISE_OR, &[T::VBar]),
        (strength::BITWISE_OR + 1, &[T::Circumflex]),
        (strength::BITWISE_OR + 2, &[T::Amper]),
        (strength::BITWISE_OR + 3, &[T::LeftShift, T::RightShift]),
        (strength::BITWISE_OR + 4, &[T::Plus, T::Minus]),
        (strength::BITWISE_OR + 5, &[T::Star, T::Slash, T::DoubleSlash, T::Percent, T::At]),
    ];
    let mut row = 0;
    while row < rows.len() {
        let (strength, kinds) = rows[row];
        let mut at = 0;
        while at < kinds.len() {
            table[kinds[at] as usize] = strength;
            at += 1;
        }
        row += 1;
    }
    table
};

fn binary_operator(kind: TokenKind) -> Option<Operator> {
    Some(match kind {
        T::VBar => Operator::BitOr,
        T::Circumflex => Operator::BitXor,
        T::Amper => Operator::BitAnd,
        T::LeftShift => Operator::LShift,
        T::RightShift => Operator::RShift,
        T::Plus => Operator::Add,
        T::Minus => Operator::Sub,
        T::Star => Operator::Mult,
        T::Slash => Operator::Div,
        T::DoubleSlash => Operator::FloorDiv,
        T::Percent => Operator::Mod,
        T::At => Operator::MatMult,
        _ => return None,
    })
}

type Rule<'a, 't> = fn(&mut Parser<'a, 't>) -> Parse<E<'a>>;

impl<'a, 't> Parser<'a, 't> {
    /// One `item`, or several with commas, which make a tuple without parentheses.
    fn maybe_tuple(&mut self, item: Rule<'a, 't>) -> Parse<E<'a>> {
        let start = self.pos;
        let first = item(self)?;
        if self.at(T::Comma) { self.rest_of_tuple(start, first, item) } else { Ok(first) }
    }

    /// At the comma after the `first` of several items.
    fn rest_of_tuple(&mut self, start: usize, first: E<'a>, item: Rule<'a, 't>) -> Parse<E<'a>> {
        let base = self.scratch.len();
        self.scratch.push(first);
        while self.eat(T::Comma) && starts_expression(self.kind()) {
            let next = item(self)?;
            self.scratch.push(next);
        }
        let elts = self.take_exprs(base);
        Ok(self.expr(ExprKind::Tuple { elts, ctx: ExprContext::Load }, self.since(start)))
    }

    /// `a, *b`: what may stand right of `=`, after `return`, or alone.
    pub(super) fn star_expressions(&mut self) -> Parse<E<'a>> {
        self.maybe_tuple(Self::star_expression)
    }

    /// `a, b`: without stars.
    pub(super) fn expressions(&mut self) -> Parse<E<'a>> {
        self.maybe_tuple(Self::expression)
    }

    /// The tuple of expressions whose `first` has been read, at the comma after it.
    pub(super) fn more_expressions(&mut self, start: usize, first: E<'a>) -> Parse<E<'a>> {
        self.rest_of_tuple(start, first, Self::expression)
    }

    /// `a := 1, *b`: the subject of `match`.
    pub(super) fn subject(&mut self) -> Parse<E<'a>> {
        let subject = self.maybe_tuple(Self::star_named_expression)?;
        if matches!(subject.node, ExprKind::Starred { .. }) {
            return Err(Fail);
        }
        Ok(subject)
    }

    pub(super) fn star_expression(&mut self) -> Parse<E<'a>> {
        if self.at(T::Star) {
            self.starred(|p| p.deeper(EXPRESSION_LEVELS, Self::bitwise_or))
        } else {
            self.expression()
        }
    }

    pub(super) fn star_named_expression(&mut self) -> Parse<E<'a>> {
        if self.at(T::Star) {
            self.starred(|p| p.deeper(EXPRESSION_LEVELS, Self::bitwise_or))
        } else {
            self.named_expression()
        }
    }

    /// `*value`.
    pub(super) fn starred(&mut self, rule: Rule<'a, 't>) -> Parse<E<'a>> {
        let start = self.pos;
        self.expect(T::Star)?;
        let value = rule(self)?;
        Ok(self.expr(ExprKind::Starred { value, ctx: ExprContext::Load }, self.since(start)))
    }

    /// `yield …`, or what `star_expressions` takes.
    pub(super) fn yield_or_star_expressions(&mut self) -> Parse<E<'a>> {
        if self.at(T::Yield) { self.yield_expression() } else { self.star_expressions() }
    }

    pub(super) fn yield_expression(&mut self) -> Parse<E<'a>> {
        let start = self.pos;
        self.expect(T::Yield)?;
        let node = if self.eat(T::From) {
            ExprKind::YieldFrom { value: self.expression()? }
        } else if starts_expression(self.kind()) {
            ExprKind::Yield { value: Some(self.star_expressions()?) }
        } else {
            ExprKind::Yield { value: None }
        };
        Ok(self.expr(node, self.since(start)))
    }

    /// `name := value`, or an expression.
    pub(super) fn named_expression(&mut self) -> Parse<E<'a>> {
        if !(self.at(T::Name) && self.kind_at(1) == T::ColonEqual) {
            return self.expression();
        }
        let start = self.pos;
        self.since_version(8)?;
        let target = self.name_target()?;
        self.expect(T::ColonEqual)?;
        let value = self.expression()?;
        Ok(self.expr(ExprKind::NamedExpr { target, value }, self.since(start)))
    }

    /// A lambda or conditional expression, or anything that binds more strongly.
    pub(super) fn expression(&mut self) -> Parse<E<'a>> {
        self.deeper(EXPRESSION_LEVELS, |p| {
            if p.at(T::Lambda) {
                return p.lambda();
            }
            let start = p.pos;
            let body = p.disjunction()?;
            if p.at(T::If) { p.conditional(start, body) } else { Ok(body) }
        })
    }

    /// At the `if` of a conditional expression. A chain of them is read in a loop and then nested
    /// from its end, so that its length costs no stack.
    fn conditional(&mut self, mut start: usize, mut body: E<'a>) -> Parse<E<'a>> {
        let mut links = Vec::new();
        while self.eat(T::If) {
            let test = self.disjunction()?;
            links.push((start, body, test));
            self.expect(T::Else)?;
            self.note_deeper(1);
            start = self.pos;
            body = if self.at(T::Lambda) { self.lambda()? } else { self.disjunction()? };
        }
        self.levels -= links.len() as u32;
        let last = body;
        Ok(links.into_iter().rev().fold(last, |orelse, (start, body, test)| {
            self.expr(ExprKind::IfExp { test, body, orelse }, self.since(start))
        }))
    }

    fn lambda(&mut self) -> Parse<E<'a>> {
        let start = self.pos;
        self.expect(T::Lambda)?;
        let args = self.lambda_parameters()?;
        self.expect(T::Colon)?;
        let body = self.expression()?;
        Ok(self.expr(ExprKind::Lambda { args, body }, self.since(start)))
    }

    pub(super) fn disjunction(&mut self) -> Parse<E<'a>> {
        self.operation(strength::OR)
    }

    pub(super) fn bitwise_or(&mut self) -> Parse<E<'a>> {
        self.operation(strength::BITWISE_OR)
    }

    /// Operands joined by operators that bind at least as strongly as `min`.
    fn operation(&mut self, min: u8) -> Parse<E<'a>> {
        let start = self.pos;
        let mut left =
            if self.at(T::Not) && min <= strength::NOT { self.negation()? } else { self.unary()? };
        loop {
            let kind = self.kind();
            let strength = STRENGTHS[kind as usize];
            if strength < min || strength == 0 {
                return Ok(left);
            }
            left = match strength {
                strength::OR => self.bool_op(start, left, BoolOperator::Or, kind)?,
                strength::AND => self.bool_op(start, left, BoolOperator::And, kind)?,
                strength::COMPARISON => match self.comparison_operator()? {
                    Some(op) => self.comparison(start, left, op)?,
                    None => return Ok(left),
                },
                _ => match binary_operator(kind) {
                    Some(op) => self.binary(start, left, op, strength)?,
                    None => return Ok(left),
                },
            };
        }
    }

    /// `not` and what it negates.
    fn negation(&mut self) -> Parse<E<'a>> {
        let start = self.pos;
        self.bump();
        let operand = self.deeper(1, |p| p.operation(strength::NOT))?;
        let op = UnaryOperator::Not;
        Ok(self.expr(ExprKind::UnaryOp { op, operand }, self.since(start)))
    }

    /// At the first `keyword` after `first`: a row of them is one node.
    fn bool_op(
        &mut self,
        start: usize,
        first: E<'a>,
        op: BoolOperator,
        keyword: TokenKind,
    ) -> Parse<E<'a>> {
        let base = self.scratch.len();
        self.scratch.push(first);
        while self.eat(keyword) {
            let strength = STRENGTHS[keyword as usize] + 1;
            let next = self.noted(2, |p| p.operation(strength))?;
            self.scratch.push(next);
        }
        let values = self.take_exprs(base);
        Ok(self.expr(ExprKind::BoolOp { op, values }, self.since(start)))
    }

    /// After the first operator: a row of comparisons is one node.
    fn comparison(&mut self, start: usize, left: E<'a>, first: CmpOperator) -> Parse<E<'a>> {
        let base = self.scratch.len();
        let next = self.noted(3, Self::bitwise_or)?;
        self.scratch.push(next);
        let mut more = Vec::new();
        while let Some(op) = self.comparison_operator()? {
            more.push(op);
            let next = self.noted(3, Self::bitwise_or)?;
            self.scratch.push(next);
        }
        let comparators = self.take_exprs(base);
        let ops = match more.is_empty() {
            true => self.arena.alloc_slice_copy(&[first]),
            false => {
                more.insert(0, first);
                self.arena.alloc_slice_copy(&more)
            }
        };
        Ok(self.expr(ExprKind::Compare { left, ops, comparators }, self.since(start)))
    }

    /// At an operator with two operands, left-associative.
    fn binary(&mut self, start: usize, left: E<'a>, op: Operator, strength: u8) -> Parse<E<'a>> {
        if op == Operator::MatMult {
            self.since_version(5)?;
        }
        self.bump();
        let right = self.operation(strength + 1)?;
        Ok(self.expr(ExprKind::BinOp { left, op, right }, self.since(start)))
    }

    /// Consumes a comparison operator if there is one.
    fn comparison_operator(&mut self) -> Parse<Option<CmpOperator>> {
        let op = match self.kind() {
            T::EqEqual => CmpOperator::Eq,
            T::Less if self.at_old_not_equal() => {
                self.bump();
                CmpOperator::NotEq
            }
            T::Less => CmpOperator::Lt,
            T::LessEqual => CmpOperator::LtE,
            T::Greater => CmpOperator::Gt,
            T::GreaterEqual => CmpOperator::GtE,
            T::In => CmpOperator::In,
            T::NotEqual if self.flufl => return Err(Fail),
            T::NotEqual => CmpOperator::NotEq,
            T::Is => {
                self.bump();
                let negated = self.eat(T::Not);
                return Ok(Some(if negated { CmpOperator::IsNot } else { CmpOperator::Is }));
            }
            T::Not if self.kind_at(1) == T::In => {
                self.bump();
                CmpOperator::NotIn
            }
            _ => return Ok(None),
        };
        self.bump();
        Ok(Some(op))
    }

    /// `<>`, which is two tokens.
    fn at_old_not_equal(&self) -> bool {
        self.flufl
            && self.kind_at(1) == T::Greater
            && self.tokens[self.pos].end == self.tokens[self.pos + 1].start
    }

    fn unary(&mut self) -> Parse<E<'a>> {
        let op = match self.kind() {
            T::Minus => UnaryOperator::USub,
            T::Plus => UnaryOperator::UAdd,
            T::Tilde => UnaryOperator::Invert,
            _ => return self.power(),
        };
        let start = self.pos;
        self.bump();
        let operand = self.deeper(1, Self::unary)?;
        Ok(self.expr(ExprKind::UnaryOp { op, operand }, self.since(start)))
    }

    fn power(&mut self) -> Parse<E<'a>> {
        let start = self.pos;
        let left = if self.at(T::Await) { self.await_primary()? } else { self.primary()? };
        if !self.eat(T::DoubleStar) {
            return Ok(left);
        }
        let right = self.deeper(3, Self::unary)?;
        let op = Operator::Pow;
        Ok(self.expr(ExprKind::BinOp { left, op, right }, self.since(start)))
    }

    fn await_primary(&mut self) -> Parse<E<'a>> {
        let start = self.pos;
        self.since_version(5)?;
        self.expect(T::Await)?;
        let value = self.primary()?;
        Ok(self.expr(ExprKind::Await { value }, self.since(start)))
    }
}
