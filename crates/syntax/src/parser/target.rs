//! Places that can be assigned to or deleted: expressions first, checked and given their context
//! once it is known what they are for.

use super::*;
use TokenKind as T;

impl<'a> Parser<'a, '_> {
    /// The next name, to be bound.
    pub(super) fn name_target(&mut self) -> Parse<E<'a>> {
        let token = self.expect(T::Name)?;
        let node = ExprKind::Name { id: self.identifier(token), ctx: ExprContext::Store };
        Ok(self.expr(node, token_span(token)))
    }

    /// `a, *b`: what `for` binds.
    pub(super) fn star_targets(&mut self) -> Parse<E<'a>> {
        let start = self.pos;
        let first = self.star_target()?;
        if !self.at(T::Comma) {
            return Ok(first);
        }
        let base = self.scratch.len();
        self.scratch.push(first);
        while self.eat(T::Comma) && super::expr::starts_expression(self.kind()) {
            let next = self.star_target()?;
            self.scratch.push(next);
        }
        let elts = self.take_exprs(base);
        Ok(self.expr(ExprKind::Tuple { elts, ctx: ExprContext::Store }, self.since(start)))
    }

    pub(super) fn star_target(&mut self) -> Parse<E<'a>> {
        let target = if self.at(T::Star) { self.starred(Self::primary)? } else { self.primary()? };
        self.with_context(target, ExprContext::Store)
    }

    pub(super) fn delete_target(&mut self) -> Parse<E<'a>> {
        let target = self.primary()?;
        self.with_context(target, ExprContext::Del)
    }

    /// The target of an annotated or augmented assignment: one place, no unpacking.
    pub(super) fn single_target(&self, target: E<'a>) -> Parse<E<'a>> {
        match target.node {
            ExprKind::Name { .. } | ExprKind::Attribute { .. } | ExprKind::Subscript { .. } => {
                self.with_context(target, ExprContext::Store)
            }
            _ => Err(Fail),
        }
    }

    /// Whether an annotated target begins with a target in parentheses, which ends before it: `(a).b`. The grammar
    /// then has read the whole target, and misses the colon.
    pub(super) fn begins_with_target(&self, target: E<'a>) -> bool {
        let mut inner = target;
        while inner.span.start() == target.span.start() {
            inner = match inner.node {
                ExprKind::Attribute { value, .. } | ExprKind::Subscript { value, .. } => value,
                ExprKind::Call { func, .. } => func,
                _ => return false,
            };
        }
        self.single_target(inner).is_ok()
    }

    /// The same place in another context.
    pub(super) fn with_context(&self, target: E<'a>, ctx: ExprContext) -> Parse<E<'a>> {
        let node = match target.node {
            ExprKind::Name { id, .. } => ExprKind::Name { id, ctx },
            ExprKind::Attribute { value, attr, .. } => ExprKind::Attribute { value, attr, ctx },
            ExprKind::Subscript { value, slice, .. } => ExprKind::Subscript { value, slice, ctx },
            ExprKind::Starred { value, .. } if ctx == ExprContext::Store => {
                ExprKind::Starred { value: self.with_context(value, ctx)?, ctx }
            }
            ExprKind::List { elts, .. } => ExprKind::List { elts: self.all_with(elts, ctx)?, ctx },
            ExprKind::Tuple { elts, .. } => {
                ExprKind::Tuple { elts: self.all_with(elts, ctx)?, ctx }
            }
            _ => return Err(Fail),
        };
        Ok(self.expr(node, target.span))
    }

    fn all_with(&self, targets: &[E<'a>], ctx: ExprContext) -> Parse<&'a [E<'a>]> {
        let place = |at: usize| self.with_context(targets[at], ctx);
        Ok(self.arena.alloc_slice_try_fill_with(targets.len(), place)?)
    }
}
