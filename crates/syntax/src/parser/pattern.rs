//! The patterns of `case`.

use super::*;
use TokenKind as T;

type P<'a> = &'a Pattern<'a>;

impl<'a> Parser<'a, '_> {
    fn pattern_node(&self, node: PatternKind<'a>, span: Span) -> P<'a> {
        self.arena.alloc(Pattern { node, span })
    }

    /// What stands after `case`: a pattern, or a sequence without brackets.
    pub(super) fn patterns(&mut self) -> Parse<P<'a>> {
        let start = self.pos;
        let first = self.maybe_star_pattern()?;
        let is_star = matches!(first.node, PatternKind::MatchStar { .. });
        if !is_star && !self.at(T::Comma) {
            return Ok(first);
        }
        let mut patterns = vec![first];
        self.expect(T::Comma)?;
        self.more_patterns(&mut patterns, |kind| matches!(kind, T::Colon | T::If))?;
        let patterns = self.arena.alloc_slice_copy(&patterns);
        Ok(self.pattern_node(PatternKind::MatchSequence { patterns }, self.since(start)))
    }

    fn more_patterns(
        &mut self,
        patterns: &mut Vec<P<'a>>,
        ends: fn(TokenKind) -> bool,
    ) -> Parse<()> {
        while !ends(self.kind()) {
            patterns.push(self.maybe_star_pattern()?);
            if !ends(self.kind()) {
                self.expect(T::Comma)?;
            }
        }
        Ok(())
    }

    fn maybe_star_pattern(&mut self) -> Parse<P<'a>> {
        if !self.at(T::Star) {
            return self.pattern();
        }
        let start = self.pos;
        self.bump();
        let name = Some(self.name()?).filter(|name| *name != "_");
        Ok(self.pattern_node(PatternKind::MatchStar { name }, self.since(start)))
    }

    /// An alternative, perhaps with `as name`.
    fn pattern(&mut self) -> Parse<P<'a>> {
        self.deeper(EXPRESSION_LEVELS, |p| {
            let start = p.pos;
            let pattern = p.or_pattern()?;
            if !p.eat(T::As) {
                return Ok(pattern);
            }
            let name = p.name()?;
            if name == "_" || matches!(p.kind(), T::Dot | T::LPar | T::Equal) {
                return Err(Fail);
            }
            let node = PatternKind::MatchAs { pattern: Some(pattern), name: Some(name) };
            Ok(p.pattern_node(node, p.since(start)))
        })
    }

    fn or_pattern(&mut self) -> Parse<P<'a>> {
        let start = self.pos;
        let first = self.closed_pattern()?;
        if !self.at(T::VBar) {
            return Ok(first);
        }
        let mut patterns = vec![first];
        while self.eat(T::VBar) {
            patterns.push(self.closed_pattern()?);
        }
        let patterns = self.arena.alloc_slice_copy(&patterns);
        Ok(self.pattern_node(PatternKind::MatchOr { patterns }, self.since(start)))
    }

    fn closed_pattern(&mut self) -> Parse<P<'a>> {
        let start = self.pos;
        let singleton = |value| PatternKind::MatchSingleton { value };
        let node = match self.kind() {
            T::Name => return self.name_pattern(),
            T::LPar => return self.parenthesised_pattern(),
            T::LSqb => {
                self.bump();
                let mut patterns = Vec::new();
                self.more_patterns(&mut patterns, |kind| kind == T::RSqb)?;
                self.bump();
                PatternKind::MatchSequence { patterns: self.arena.alloc_slice_copy(&patterns) }
            }
            T::LBrace => self.mapping_pattern()?,
            T::None => {
                self.bump();
                singleton(Constant::None)
            }
            T::True => {
                self.bump();
                singleton(Constant::True)
            }
            T::False => {
                self.bump();
                singleton(Constant::False)
            }
            _ => PatternKind::MatchValue { value: self.literal_value()? },
        };
        Ok(self.pattern_node(node, self.since(start)))
    }

    /// A number with its sign, a complex number in two parts, or strings.
    fn literal_value(&mut self) -> Parse<E<'a>> {
        let start = self.pos;
        match self.kind() {
            T::String | T::FStringStart | T::TStringStart => return self.strings(),
            T::Number | T::Minus => {}
            _ => return Err(Fail),
        }
        let left = self.signed_number()?;
        let op = match self.kind() {
            T::Plus => Operator::Add,
            T::Minus => Operator::Sub,
            _ => return Ok(left),
        };
        let is_real = match left.node {
            ExprKind::UnaryOp { operand, .. } => !is_imaginary(operand),
            _ => !is_imaginary(left),
        };
        self.bump();
        let right = self.number()?;
        if !is_real || !is_imaginary(right) {
            return Err(Fail);
        }
        Ok(self.expr(ExprKind::BinOp { left, op, right }, self.since(start)))
    }

    fn signed_number(&mut self) -> Parse<E<'a>> {
        let start = self.pos;
        if !self.eat(T::Minus) {
            return self.number();
        }
        let operand = self.number()?;
        let node = ExprKind::UnaryOp { op: UnaryOperator::USub, operand };
        Ok(self.expr(node, self.since(start)))
    }

    fn number(&mut self) -> Parse<E<'a>> {
        let token = self.expect(T::Number)?;
        let value = self.number_value(token)?;
        Ok(self.expr(ExprKind::Constant { value, kind: None }, token_span(token)))
    }

    /// A capture, a wildcard, a dotted name to compare with, or a class.
    fn name_pattern(&mut self) -> Parse<P<'a>> {
        let start = self.pos;
        if self.at_word("_") {
            // The wildcard, whatever follows.
            self.bump();
            let node = PatternKind::MatchAs { pattern: None, name: None };
            return Ok(self.pattern_node(node, self.since(start)));
        }
        let name = self.dotted_value()?;
        if self.at(T::LPar) {
            let node = self.class_pattern(name)?;
            return Ok(self.pattern_node(node, self.since(start)));
        }
        if self.at(T::Equal) {
            return Err(Fail);
        }
        let node = match name.node {
            ExprKind::Name { id, .. } => PatternKind::MatchAs { pattern: None, name: Some(id) },
            _ => PatternKind::MatchValue { value: name },
        };
        Ok(self.pattern_node(node, self.since(start)))
    }

    fn dotted_value(&mut self) -> Parse<E<'a>> {
        let start = self.pos;
        let token = self.expect(T::Name)?;
        let id = self.identifier(token);
        let mut value = self.expr(ExprKind::Name { id, ctx: ExprContext::Load }, token_span(token));
        while self.eat(T::Dot) {
            let attr = self.name()?;
            let node = ExprKind::Attribute { value, attr, ctx: ExprContext::Load };
            value = self.expr(node, self.since(start));
        }
        Ok(value)
    }

    fn class_pattern(&mut self, cls: E<'a>) -> Parse<PatternKind<'a>> {
        self.expect(T::LPar)?;
        let mut patterns = Vec::new();
        let mut kwd_attrs = Vec::new();
        let mut kwd_patterns = Vec::new();
        while !self.at(T::RPar) {
            if self.at(T::Name) && self.kind_at(1) == T::Equal {
                kwd_attrs.push(self.name()?);
                self.bump();
                kwd_patterns.push(self.pattern()?);
            } else if kwd_attrs.is_empty() {
                patterns.push(self.pattern()?);
            } else {
                return Err(Fail);
            }
            if !self.at(T::RPar) {
                self.expect(T::Comma)?;
            }
        }
        self.bump();
        Ok(PatternKind::MatchClass {
            cls,
            patterns: self.arena.alloc_slice_copy(&patterns),
            kwd_attrs: self.arena.alloc_slice_copy(&kwd_attrs),
            kwd_patterns: self.arena.alloc_slice_copy(&kwd_patterns),
        })
    }

    /// A group or a sequence.
    fn parenthesised_pattern(&mut self) -> Parse<P<'a>> {
        let start = self.pos;
        self.expect(T::LPar)?;
        let mut patterns = Vec::new();
        if !self.at(T::RPar) {
            let first = self.maybe_star_pattern()?;
            let is_star = matches!(first.node, PatternKind::MatchStar { .. });
            if !is_star && self.eat(T::RPar) {
                return Ok(first);
            }
            patterns.push(first);
            self.expect(T::Comma)?;
            self.more_patterns(&mut patterns, |kind| kind == T::RPar)?;
        }
        self.expect(T::RPar)?;
        let patterns = self.arena.alloc_slice_copy(&patterns);
        Ok(self.pattern_node(PatternKind::MatchSequence { patterns }, self.since(start)))
    }

    fn mapping_pattern(&mut self) -> Parse<PatternKind<'a>> {
        self.expect(T::LBrace)?;
        let base = self.scratch.len();
        let mut patterns = Vec::new();
        let mut rest = None;
        while !self.at(T::RBrace) {
            if rest.is_some() {
                return Err(Fail);
            }
            if self.eat(T::DoubleStar) {
                let name = self.name()?;
                if name == "_" || matches!(self.kind(), T::Dot | T::LPar | T::Equal) {
                    return Err(Fail);
                }
                rest = Some(name);
            } else {
                let key = self.mapping_key()?;
                self.scratch.push(key);
                self.expect(T::Colon)?;
                patterns.push(self.pattern()?);
            }
            if !self.at(T::RBrace) {
                self.expect(T::Comma)?;
            }
        }
        self.bump();
        let keys = self.take_exprs(base);
        let patterns = self.arena.alloc_slice_copy(&patterns);
        Ok(PatternKind::MatchMapping { keys, patterns, rest })
    }

    fn mapping_key(&mut self) -> Parse<E<'a>> {
        let value = match self.kind() {
            T::Name => {
                let key = self.dotted_value()?;
                return if matches!(key.node, ExprKind::Attribute { .. }) {
                    Ok(key)
                } else {
                    Err(Fail)
                };
            }
            T::None => Constant::None,
            T::True => Constant::True,
            T::False => Constant::False,
            _ => return self.literal_value(),
        };
        let token = self.bump();
        Ok(self.expr(ExprKind::Constant { value, kind: None }, token_span(token)))
    }
}

fn is_imaginary(number: E<'_>) -> bool {
    matches!(number.node, ExprKind::Constant { value: Constant::Complex { .. }, .. })
}
