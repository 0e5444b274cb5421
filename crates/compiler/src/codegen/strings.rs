//! f-strings and t-strings. Does the job of `codegen_joined_str`, `codegen_template_str`,
//! `codegen_formatted_value` and `codegen_interpolation`.

use krait_bytecode::{Opcode, convert};
use krait_syntax::ast::{Constant, Expr, ExprKind};

use super::{Generator, STACK_USE_GUIDELINE, constants};
use crate::error::{CompileError, Result};
use crate::instructions::Location;

impl<'a> Generator<'a> {
    pub(super) fn joined_str(&mut self, loc: Location, values: &'a [&'a Expr<'a>]) -> Result {
        if values.len() > STACK_USE_GUIDELINE {
            self.load_str(loc, "");
            self.load_method(loc, "join");
            self.op_i(loc, Opcode::BUILD_LIST, 0);
            for value in values {
                self.expr(value)?;
                self.op_i(loc, Opcode::LIST_APPEND, 1);
            }
            self.op_i(loc, Opcode::CALL, 1);
            return Ok(());
        }
        self.exprs(values)?;
        match values.len() {
            0 => self.load_str(loc, ""),
            1 => {}
            count => self.op_n(loc, Opcode::BUILD_STRING, count),
        }
        Ok(())
    }

    pub(super) fn formatted_value(
        &mut self,
        loc: Location,
        value: &'a Expr<'a>,
        conversion: i32,
        format_spec: Option<&'a Expr<'a>>,
    ) -> Result {
        self.expr(value)?;
        let conversion = conversion_oparg(conversion)?;
        if conversion != convert::FVC_NONE {
            self.op_i(loc, Opcode::CONVERT_VALUE, conversion);
        }
        match format_spec {
            Some(spec) => {
                self.expr(spec)?;
                self.op(loc, Opcode::FORMAT_WITH_SPEC);
            }
            None => self.op(loc, Opcode::FORMAT_SIMPLE),
        }
        Ok(())
    }

    /// A tuple of the strings, one more than interpolations, then a tuple of those.
    pub(super) fn template_str(&mut self, loc: Location, values: &'a [&'a Expr<'a>]) -> Result {
        let is_interpolation =
            |value: &Expr<'_>| matches!(value.node, ExprKind::Interpolation { .. });
        let mut strings = 0;
        let mut after_interpolation = true;
        for value in values {
            if is_interpolation(value) {
                if after_interpolation {
                    self.load_str(loc, "");
                    strings += 1;
                }
                after_interpolation = true;
            } else {
                self.expr(value)?;
                strings += 1;
                after_interpolation = false;
            }
        }
        if after_interpolation {
            self.load_str(loc, "");
            strings += 1;
        }
        self.op_n(loc, Opcode::BUILD_TUPLE, strings);
        let mut interpolations = 0;
        for value in values.iter().filter(|value| is_interpolation(value)) {
            self.expr(value)?;
            interpolations += 1;
        }
        self.op_n(loc, Opcode::BUILD_TUPLE, interpolations);
        self.op(loc, Opcode::BUILD_TEMPLATE);
        Ok(())
    }

    pub(super) fn interpolation(
        &mut self,
        loc: Location,
        value: &'a Expr<'a>,
        text: &'a Constant<'a>,
        conversion: i32,
        format_spec: Option<&'a Expr<'a>>,
    ) -> Result {
        self.expr(value)?;
        self.load_const(loc, constants::constant(text, self.arena));
        let mut oparg = 2 | conversion_oparg(conversion)? << 2;
        if let Some(spec) = format_spec {
            oparg |= 1;
            self.expr(spec)?;
        }
        self.op_i(loc, Opcode::BUILD_INTERPOLATION, oparg);
        Ok(())
    }
}

fn conversion_oparg(conversion: i32) -> Result<u32> {
    match u8::try_from(conversion) {
        Ok(b's') => Ok(convert::FVC_STR),
        Ok(b'r') => Ok(convert::FVC_REPR),
        Ok(b'a') => Ok(convert::FVC_ASCII),
        Err(_) if conversion == -1 => Ok(convert::FVC_NONE),
        _ => Err(CompileError::System(format!("Unrecognized conversion character {conversion}"))),
    }
}
