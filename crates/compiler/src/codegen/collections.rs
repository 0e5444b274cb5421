//! Tuples, lists, sets and dictionaries: on the stack if small, piece by piece if large or starred.
//!
//! Does the job of `starunpack_helper`, `codegen_subdict` and `codegen_dict`.

use krait_bytecode::{Opcode, intrinsic_1};
use krait_syntax::ast::{Expr, ExprContext, ExprKind, Span};

use super::{Generator, STACK_USE_GUIDELINE, at};
use crate::error::Result;
use crate::instructions::Location;

/// The instructions that make a collection.
#[derive(Clone, Copy)]
pub(super) struct Builder {
    build: Opcode,
    add: Opcode,
    extend: Opcode,
    /// Made as a list, then turned into a tuple.
    tuple: bool,
}

const LIST: Builder = Builder {
    build: Opcode::BUILD_LIST,
    add: Opcode::LIST_APPEND,
    extend: Opcode::LIST_EXTEND,
    tuple: false,
};
pub(super) const TUPLE: Builder = Builder { tuple: true, ..LIST };
const SET: Builder = Builder {
    build: Opcode::BUILD_SET,
    add: Opcode::SET_ADD,
    extend: Opcode::SET_UPDATE,
    tuple: false,
};

impl<'a> Generator<'a> {
    pub(super) fn tuple(
        &mut self,
        span: Span,
        elts: &'a [&'a Expr<'a>],
        ctx: ExprContext,
    ) -> Result {
        self.sequence(span, elts, ctx, TUPLE)
    }

    pub(super) fn list(
        &mut self,
        span: Span,
        elts: &'a [&'a Expr<'a>],
        ctx: ExprContext,
    ) -> Result {
        self.sequence(span, elts, ctx, LIST)
    }

    fn sequence(
        &mut self,
        span: Span,
        elts: &'a [&'a Expr<'a>],
        ctx: ExprContext,
        builder: Builder,
    ) -> Result {
        match ctx {
            ExprContext::Load => self.build(at(span), elts, None, 0, builder),
            ExprContext::Store => self.unpack_into(at(span), span, elts),
            ExprContext::Del => self.exprs(elts),
        }
    }

    pub(super) fn set(&mut self, loc: Location, elts: &'a [&'a Expr<'a>]) -> Result {
        self.build(loc, elts, None, 0, SET)
    }

    /// Makes a collection of `pushed` values on the stack, the elements, and the value of the name
    /// `injected`.
    pub(super) fn build(
        &mut self,
        loc: Location,
        elts: &'a [&'a Expr<'a>],
        injected: Option<&'a str>,
        pushed: usize,
        builder: Builder,
    ) -> Result {
        let count = elts.len() + pushed + usize::from(injected.is_some());
        let big = count > STACK_USE_GUIDELINE;
        let starred = elts.iter().any(|elt| matches!(elt.node, ExprKind::Starred { .. }));
        if !starred && !big {
            self.exprs(elts)?;
            if let Some(name) = injected {
                self.load_name(loc, name)?;
            }
            let build = if builder.tuple { Opcode::BUILD_TUPLE } else { builder.build };
            self.op_n(loc, build, count);
            return Ok(());
        }
        let mut built = big;
        if big {
            self.op_n(loc, builder.build, pushed);
        }
        for (index, elt) in elts.iter().enumerate() {
            if let ExprKind::Starred { value, .. } = elt.node {
                if !built {
                    self.op_n(loc, builder.build, index + pushed);
                    built = true;
                }
                self.expr(value)?;
                self.op_i(loc, builder.extend, 1);
            } else {
                self.expr(elt)?;
                if built {
                    self.op_i(loc, builder.add, 1);
                }
            }
        }
        if let Some(name) = injected {
            self.load_name(loc, name)?;
            self.op_i(loc, builder.add, 1);
        }
        if builder.tuple {
            self.op_i(loc, Opcode::CALL_INTRINSIC_1, intrinsic_1::LIST_TO_TUPLE);
        }
        Ok(())
    }

    pub(super) fn dict(
        &mut self,
        loc: Location,
        keys: &'a [Option<&'a Expr<'a>>],
        values: &'a [&'a Expr<'a>],
    ) -> Result {
        let mut have_dict = false;
        // Plain items seen since the last piece.
        let mut start = 0;
        for (index, (key, value)) in keys.iter().zip(values).enumerate() {
            if key.is_none() {
                if start < index {
                    self.sub_dict(loc, &keys[start..index], &values[start..index], have_dict)?;
                    have_dict = true;
                }
                if !have_dict {
                    self.op_i(loc, Opcode::BUILD_MAP, 0);
                    have_dict = true;
                }
                self.expr(value)?;
                self.op_i(loc, Opcode::DICT_UPDATE, 1);
                start = index + 1;
            } else if (index - start) * 2 > STACK_USE_GUIDELINE {
                self.sub_dict(loc, &keys[start..=index], &values[start..=index], have_dict)?;
                have_dict = true;
                start = index + 1;
            }
        }
        if start < values.len() {
            self.sub_dict(loc, &keys[start..], &values[start..], have_dict)?;
            have_dict = true;
        }
        if !have_dict {
            self.op_i(loc, Opcode::BUILD_MAP, 0);
        }
        Ok(())
    }

    /// A piece of a dictionary, merged into the one below it if `have_dict`.
    fn sub_dict(
        &mut self,
        loc: Location,
        keys: &'a [Option<&'a Expr<'a>>],
        values: &'a [&'a Expr<'a>],
        have_dict: bool,
    ) -> Result {
        let big = keys.len() * 2 > STACK_USE_GUIDELINE;
        if big {
            self.op_i(loc, Opcode::BUILD_MAP, 0);
        }
        for (key, value) in keys.iter().zip(values) {
            if let Some(key) = key {
                self.expr(key)?;
            }
            self.expr(value)?;
            if big {
                self.op_i(loc, Opcode::MAP_ADD, 1);
            }
        }
        if !big {
            self.op_n(loc, Opcode::BUILD_MAP, keys.len());
        }
        if have_dict {
            self.op_i(loc, Opcode::DICT_UPDATE, 1);
        }
        Ok(())
    }
}
