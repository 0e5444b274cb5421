//! `match`: the statement, and the patterns that combine others.
//!
//! While a pattern is matched, its subject is on top of the stack, above what a failure has to pop.
//! Captured values are rotated below all that until the whole pattern has matched. Does the job of
//! `codegen_match_inner` and `codegen_pattern_or`.

use krait_bytecode::Opcode;
use krait_syntax::ast::{Expr, MatchCase, Pattern, PatternKind, Span};

use super::{Generator, at};
use crate::error::Result;
use crate::instructions::{Label, Location};

/// The state of matching one `case`.
#[derive(Default)]
pub(super) struct PatternContext<'a> {
    /// Names captured so far; their values are on the stack in this order.
    pub(super) stores: Vec<&'a str>,
    /// Whether a pattern that always matches may stand here.
    pub(super) allow_irrefutable: bool,
    /// Where to go on failure, by how many values have to be popped.
    fail_pop: Vec<Label>,
    /// Values on the stack above the captured ones.
    pub(super) on_top: usize,
}

/// `_`, or a capture.
pub(super) fn is_wildcard(pattern: &Pattern<'_>) -> bool {
    matches!(pattern.node, PatternKind::MatchAs { name: None, .. })
}

impl<'a> Generator<'a> {
    pub(super) fn match_stmt(
        &mut self,
        subject: &'a Expr<'a>,
        cases: &'a [MatchCase<'a>],
    ) -> Result {
        self.conditionally(|this| this.match_cases(subject, cases))
    }

    fn match_cases(&mut self, subject: &'a Expr<'a>, cases: &'a [MatchCase<'a>]) -> Result {
        self.expr(subject)?;
        let end = self.new_label();
        let default = match cases {
            [_, .., last] if is_wildcard(last.pattern) => Some(last),
            _ => None,
        };
        let matched = cases.len() - usize::from(default.is_some());
        for (index, case) in cases[..matched].iter().enumerate() {
            let is_last = index + 1 == matched;
            let loc = at(case.pattern.span);
            // The last case may consume the subject.
            if !is_last {
                self.op_i(loc, Opcode::COPY, 1);
            }
            let mut context = PatternContext {
                allow_irrefutable: case.guard.is_some() || index + 1 == cases.len(),
                ..PatternContext::default()
            };
            self.pattern(case.pattern, &mut context)?;
            for name in std::mem::take(&mut context.stores) {
                self.store_name(loc, name)?;
            }
            if let Some(guard) = case.guard {
                let fail = self.fail_label(&mut context, 0);
                self.jump_if(guard, fail, false)?;
            }
            if !is_last {
                // At the location of what follows, for coverage.
                self.op(Location::NEXT, Opcode::POP_TOP);
            }
            self.stmts(case.body)?;
            self.op_j(Location::NONE, Opcode::JUMP, end);
            self.emit_fail_pop(loc, &mut context);
        }
        if let Some(case) = default {
            // The subject was consumed before; the line counts as run.
            self.op(at(case.pattern.span), Opcode::NOP);
            if let Some(guard) = case.guard {
                self.jump_if(guard, end, false)?;
            }
            self.stmts(case.body)?;
        }
        self.use_label(end);
        Ok(())
    }

    /// Where to go after a failure with `pops` values to pop.
    fn fail_label(&mut self, context: &mut PatternContext<'a>, pops: usize) -> Label {
        while context.fail_pop.len() <= pops {
            let label = self.new_label();
            context.fail_pop.push(label);
        }
        context.fail_pop[pops]
    }

    pub(super) fn jump_to_fail_pop(
        &mut self,
        loc: Location,
        context: &mut PatternContext<'a>,
        opcode: Opcode,
    ) {
        let pops = context.on_top + context.stores.len();
        let label = self.fail_label(context, pops);
        self.op_j(loc, opcode, label);
    }

    /// The code behind the failure labels.
    fn emit_fail_pop(&mut self, loc: Location, context: &mut PatternContext<'a>) {
        let labels = std::mem::take(&mut context.fail_pop);
        for (pops, label) in labels.into_iter().enumerate().rev() {
            self.use_label(label);
            if pops > 0 {
                self.op(loc, Opcode::POP_TOP);
            }
        }
    }

    /// Moves the top of the stack below the `count - 1` values under it.
    pub(super) fn rotate(&mut self, loc: Location, count: usize) {
        for depth in (2..=count).rev() {
            self.op_n(loc, Opcode::SWAP, depth);
        }
    }

    /// Keeps the top of the stack as the value of `name`, or drops it.
    pub(super) fn capture(
        &mut self,
        span: Span,
        name: Option<&'a str>,
        context: &mut PatternContext<'a>,
    ) -> Result {
        let loc = at(span);
        let Some(name) = name else {
            self.op(loc, Opcode::POP_TOP);
            return Ok(());
        };
        if context.stores.contains(&name) {
            return self.duplicate_store(span, name);
        }
        self.rotate(loc, context.on_top + context.stores.len() + 1);
        context.stores.push(name);
        Ok(())
    }

    fn duplicate_store<T>(&self, span: Span, name: &str) -> Result<T> {
        self.error(span, format!("multiple assignments to name '{name}' in pattern"))
    }

    pub(super) fn pattern(
        &mut self,
        pattern: &'a Pattern<'a>,
        context: &mut PatternContext<'a>,
    ) -> Result {
        self.stack_guard.check()?;
        let span = pattern.span;
        match pattern.node {
            PatternKind::MatchValue { value } => self.pattern_value(span, value, context)?,
            PatternKind::MatchSingleton { value } => {
                self.pattern_singleton(span, &value, context);
            }
            PatternKind::MatchSequence { patterns } => {
                self.pattern_sequence(span, patterns, context)?;
            }
            PatternKind::MatchMapping { keys, patterns, rest } => {
                self.pattern_mapping(span, keys, patterns, rest, context)?;
            }
            PatternKind::MatchClass { cls, patterns, kwd_attrs, kwd_patterns } => {
                self.pattern_class(span, cls, patterns, (kwd_attrs, kwd_patterns), context)?;
            }
            PatternKind::MatchStar { name } => self.capture(span, name, context)?,
            PatternKind::MatchAs { pattern, name } => {
                self.pattern_as(span, pattern, name, context)?;
            }
            PatternKind::MatchOr { patterns } => self.pattern_or(span, patterns, context)?,
        }
        Ok(())
    }

    /// A pattern inside of another, where names and wildcards may stand.
    pub(super) fn sub_pattern(
        &mut self,
        pattern: &'a Pattern<'a>,
        context: &mut PatternContext<'a>,
    ) -> Result {
        let before = std::mem::replace(&mut context.allow_irrefutable, true);
        self.pattern(pattern, context)?;
        context.allow_irrefutable = before;
        Ok(())
    }

    fn pattern_as(
        &mut self,
        span: Span,
        pattern: Option<&'a Pattern<'a>>,
        name: Option<&'a str>,
        context: &mut PatternContext<'a>,
    ) -> Result {
        let Some(pattern) = pattern else {
            if !context.allow_irrefutable {
                let what = match name {
                    Some(name) => format!("name capture '{name}'"),
                    None => "wildcard".to_owned(),
                };
                return self.error(span, format!("{what} makes remaining patterns unreachable"));
            }
            return self.capture(span, name, context);
        };
        // A copy to keep.
        context.on_top += 1;
        self.op_i(at(span), Opcode::COPY, 1);
        self.pattern(pattern, context)?;
        context.on_top -= 1;
        self.capture(span, name, context)
    }

    fn pattern_or(
        &mut self,
        span: Span,
        patterns: &'a [&'a Pattern<'a>],
        context: &mut PatternContext<'a>,
    ) -> Result {
        let end = self.new_label();
        // The names that the first alternative captures, in its order.
        let mut control: Option<Vec<&'a str>> = None;
        for (index, alternative) in patterns.iter().enumerate() {
            let loc = at(alternative.span);
            let mut own = PatternContext {
                allow_irrefutable: index + 1 == patterns.len() && context.allow_irrefutable,
                ..PatternContext::default()
            };
            self.op_i(loc, Opcode::COPY, 1);
            self.pattern(alternative, &mut own)?;
            match &control {
                None => control = Some(std::mem::take(&mut own.stores)),
                Some(control) => {
                    if !self.reorder_captures(loc, control, &mut own.stores) {
                        return self.error(span, "alternative patterns bind different names");
                    }
                }
            }
            self.op_j(loc, Opcode::JUMP, end);
            self.emit_fail_pop(loc, &mut own);
        }
        let loc = at(span);
        // No alternative has matched: pops the subject.
        self.op(loc, Opcode::POP_TOP);
        self.jump_to_fail_pop(loc, context, Opcode::JUMP);
        self.use_label(end);
        // The captured values go below what was on the stack before; the subject is still there.
        let control = control.unwrap_or_default();
        let rotations = control.len() + 1 + context.on_top + context.stores.len();
        for name in control {
            self.rotate(loc, rotations);
            if context.stores.contains(&name) {
                return self.duplicate_store(span, name);
            }
            context.stores.push(name);
        }
        self.op(loc, Opcode::POP_TOP);
        Ok(())
    }

    /// Brings captured values into the order of `control`. False if the names differ.
    fn reorder_captures(
        &mut self,
        loc: Location,
        control: &[&'a str],
        stores: &mut Vec<&'a str>,
    ) -> bool {
        if stores.len() != control.len() {
            return false;
        }
        for wanted in (0..control.len()).rev() {
            let name = control[wanted];
            let Some(found) = stores.iter().position(|&store| store == name) else { return false };
            if wanted == found {
                continue;
            }
            let rotations = found + 1;
            let rotated: Vec<_> = stores.drain(..rotations).collect();
            let place = wanted - found;
            stores.splice(place..place, rotated);
            for _ in 0..rotations {
                self.rotate(loc, wanted + 1);
            }
        }
        true
    }
}
