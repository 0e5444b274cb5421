//! Calls, method calls, attributes and `super()`.
//!
//! Does the job of `codegen_call`, `maybe_optimize_method_call`, `maybe_optimize_function_call`,
//! `codegen_call_helper_impl` and `can_optimize_super_call`.

use krait_bytecode::{Opcode, common_constant, intrinsic_1};
use krait_syntax::ast::{Expr, ExprContext, ExprKind, Keyword, Span};

use super::collections::TUPLE;
use super::{Generator, STACK_USE_GUIDELINE, at};
use crate::code::Constant;
use crate::error::Result;
use crate::instructions::{Label, Location};
use crate::symtable::flags::DEF_IMPORT;
use crate::symtable::{NodeKey, Role, Scope};

/// Bits of `LOAD_SUPER_ATTR`'s argument below the name.
const SUPER_METHOD: u32 = 1;
const SUPER_TWO_ARGUMENTS: u32 = 2;

type Keywords<'a> = &'a [Keyword<'a>];
type Exprs<'a> = &'a [&'a Expr<'a>];

fn is_starred(expr: &Expr<'_>) -> bool {
    matches!(expr.node, ExprKind::Starred { .. })
}

impl<'a> Generator<'a> {
    /// Where an attribute's instruction is: at the name if it is on another line than the start.
    pub(super) fn attribute_loc(&self, mut loc: Location, attribute: &Expr<'a>) -> Location {
        let ExprKind::Attribute { attr, .. } = attribute.node else { return loc };
        let span = attribute.span;
        if loc.line != span.end_lineno {
            loc.line = span.end_lineno;
            let len = i32::try_from(attr.chars().count()).unwrap_or(i32::MAX);
            if len <= span.end_col_offset {
                loc.column = span.end_col_offset - len;
            } else {
                // Positions that no source text has.
                loc.column = -1;
                loc.end_column = -1;
            }
        }
        loc
    }

    pub(super) fn attribute(
        &mut self,
        expr: &'a Expr<'a>,
        value: &'a Expr<'a>,
        attr: &'a str,
        ctx: ExprContext,
    ) -> Result {
        self.note_static_attribute(value, attr, ctx);
        let loc = at(expr.span);
        if ctx == ExprContext::Load && self.is_plain_super(value, attr) {
            return self.super_attribute(loc, expr, value, attr, 0);
        }
        self.expr(value)?;
        let loc = self.attribute_loc(loc, expr);
        match ctx {
            ExprContext::Load => self.load_attr(loc, attr),
            ExprContext::Store => self.op_mangled(loc, Opcode::STORE_ATTR, attr),
            ExprContext::Del => self.op_mangled(loc, Opcode::DELETE_ATTR, attr),
        }
        Ok(())
    }

    fn super_attribute(
        &mut self,
        loc: Location,
        expr: &'a Expr<'a>,
        super_call: &'a Expr<'a>,
        attr: &'a str,
        method: u32,
    ) -> Result {
        let explicit = self.load_super_arguments(super_call)?;
        let low = method | if explicit { SUPER_TWO_ARGUMENTS } else { 0 };
        let name = self.mangled(attr);
        self.op_name_shifted(loc, Opcode::LOAD_SUPER_ATTR, name, 2, low);
        let loc = self.attribute_loc(loc, expr);
        self.op(loc, Opcode::NOP);
        Ok(())
    }

    /// Whether `value` is a call of `super` that `LOAD_SUPER_ATTR` can do.
    fn is_plain_super(&self, value: &Expr<'a>, attr: &str) -> bool {
        let ExprKind::Call { func, args, keywords } = value.node else { return false };
        if !matches!(func.node, ExprKind::Name { id: "super", .. })
            || attr == "__class__"
            || !keywords.is_empty()
        {
            return false;
        }
        // `super` must be the built-in, as far as can be seen.
        if self.entry().scope("super") != Scope::GlobalImplicit
            || self.table.entry(self.table.top()).scope("super") != Scope::Unknown
        {
            return false;
        }
        match args {
            [first, second] => !is_starred(first) && !is_starred(second),
            [] => {
                let meta = &self.unit().meta;
                meta.argcount + meta.posonlyargcount > 0
                    && self.reference_scope("__class__") == Scope::Free
            }
            _ => false,
        }
    }

    /// Pushes `super`, a class and an object. True if the call names the last two.
    fn load_super_arguments(&mut self, call: &'a Expr<'a>) -> Result<bool> {
        let ExprKind::Call { func, args, .. } = call.node else { return Ok(false) };
        self.load_name(at(func.span), "super")?;
        if !args.is_empty() {
            self.exprs(args)?;
            return Ok(true);
        }
        let loc = at(call.span);
        self.load_name(loc, "__class__")?;
        if let Some(first) = self.unit().meta.varnames.first() {
            let first = self.arena.alloc_str(first);
            self.load_name(loc, first)?;
        }
        Ok(false)
    }

    pub(super) fn call(&mut self, expr: &'a Expr<'a>) -> Result {
        let ExprKind::Call { func, args, keywords } = expr.node else { return Ok(()) };
        self.validate_keywords(keywords)?;
        if self.method_call(expr, func, args, keywords)? {
            return Ok(());
        }
        let done = self.new_label();
        self.check_caller(func);
        self.expr(func)?;
        self.builtin_over_generator(func, args, keywords, done)?;
        self.op(at(func.span), Opcode::PUSH_NULL);
        self.call_helper(at(expr.span), expr.span, 0, args, None, keywords)?;
        self.use_label(done);
        Ok(())
    }

    /// `value.method(…)`: no bound method is made. False if the call is of another form.
    fn method_call(
        &mut self,
        expr: &'a Expr<'a>,
        method: &'a Expr<'a>,
        args: Exprs<'a>,
        keywords: Keywords<'a>,
    ) -> Result<bool> {
        let ExprKind::Attribute { value, attr, ctx: ExprContext::Load } = method.node else {
            return Ok(false);
        };
        let count = args.len() + keywords.len();
        if self.is_imported(value)
            || count + usize::from(!keywords.is_empty()) >= STACK_USE_GUIDELINE
            || args.iter().any(|arg| is_starred(arg))
            || keywords.iter().any(|keyword| keyword.arg.is_none())
        {
            return Ok(false);
        }
        let loc = at(method.span);
        if self.is_plain_super(value, attr) {
            self.super_attribute(loc, method, value, attr, SUPER_METHOD)?;
        } else {
            self.expr(value)?;
            let loc = self.attribute_loc(loc, method);
            self.load_method(loc, attr);
        }
        self.exprs(args)?;
        let call_loc = self.attribute_loc(at(expr.span), method);
        if keywords.is_empty() {
            self.op_n(call_loc, Opcode::CALL, count);
        } else {
            let names_loc = self.attribute_loc(loc, method);
            self.keyword_values(names_loc, keywords)?;
            self.op_n(call_loc, Opcode::CALL_KW, count);
        }
        Ok(true)
    }

    /// A module's functions are better looked up as attributes.
    fn is_imported(&self, value: &Expr<'a>) -> bool {
        let ExprKind::Name { id, .. } = value.node else { return false };
        self.table.entry(self.table.top()).lookup(id) & DEF_IMPORT != 0
    }

    /// `all`, `any` and `tuple` of a generator expression run as a loop, if the name means the
    /// built-in.
    fn builtin_over_generator(
        &mut self,
        func: &'a Expr<'a>,
        args: Exprs<'a>,
        keywords: Keywords<'a>,
        end: Label,
    ) -> Result {
        let (ExprKind::Name { id, .. }, [generator], []) = (func.node, args, keywords) else {
            return Ok(());
        };
        // An asynchronous one cannot be looped over here.
        let entry = self.table.lookup(NodeKey::new(*generator, Role::Body));
        if !matches!(generator.node, ExprKind::GeneratorExp { .. })
            || entry.is_some_and(|entry| self.table.entry(entry).coroutine)
        {
            return Ok(());
        }
        let (builtin, exhausted) = match id {
            "all" => (common_constant::BUILTIN_ALL, Some(true)),
            "any" => (common_constant::BUILTIN_ANY, Some(false)),
            "tuple" => (common_constant::BUILTIN_TUPLE, None),
            _ => return Ok(()),
        };
        let loc = at(func.span);
        let [skip, start, cleanup] = [self.new_label(), self.new_label(), self.new_label()];
        self.op_i(loc, Opcode::COPY, 1);
        self.load_common(loc, builtin);
        self.op_i(loc, Opcode::IS_OP, 0);
        self.op_j(loc, Opcode::POP_JUMP_IF_FALSE, skip);
        self.op(loc, Opcode::POP_TOP);
        if exhausted.is_none() {
            self.op_i(loc, Opcode::BUILD_LIST, 0);
        }
        self.expr(generator)?;
        self.use_label(start);
        self.op_j(loc, Opcode::FOR_ITER, cleanup);
        match exhausted {
            None => {
                self.op_i(loc, Opcode::LIST_APPEND, 2);
                self.op_j(loc, Opcode::JUMP, start);
            }
            Some(result) => {
                self.op(loc, Opcode::TO_BOOL);
                let go_on =
                    if result { Opcode::POP_JUMP_IF_TRUE } else { Opcode::POP_JUMP_IF_FALSE };
                self.op_j(loc, go_on, start);
                self.op(Location::NONE, Opcode::POP_ITER);
                self.load_const(loc, Constant::Bool(!result));
                self.op_j(loc, Opcode::JUMP, end);
            }
        }
        self.use_label(cleanup);
        self.op(Location::NONE, Opcode::END_FOR);
        self.op(Location::NONE, Opcode::POP_ITER);
        match exhausted {
            None => self.op_i(loc, Opcode::CALL_INTRINSIC_1, intrinsic_1::LIST_TO_TUPLE),
            Some(result) => self.load_const(loc, Constant::Bool(result)),
        }
        self.op_j(loc, Opcode::JUMP, end);
        self.use_label(skip);
        Ok(())
    }

    fn validate_keywords(&self, keywords: Keywords<'a>) -> Result {
        for (index, keyword) in keywords.iter().enumerate() {
            let Some(name) = keyword.arg else { continue };
            let repeated = keywords[index + 1..].iter().find(|other| other.arg == Some(name));
            if let Some(other) = repeated {
                return self.error(other.span, format!("keyword argument repeated: {name}"));
            }
        }
        Ok(())
    }

    /// Values of keyword arguments, then the tuple of their names.
    fn keyword_values(&mut self, loc: Location, keywords: Keywords<'a>) -> Result {
        for keyword in keywords {
            self.expr(keyword.value)?;
        }
        let names = keywords.iter().map(|keyword| keyword.arg.unwrap_or_default());
        self.load_const(loc, Constant::names(names, self.arena));
        Ok(())
    }

    /// The arguments and the call itself. `pushed` arguments are on the stack, behind the callable;
    /// the value of the name `injected` comes behind the positional ones.
    pub(super) fn call_helper(
        &mut self,
        loc: Location,
        _span: Span,
        pushed: usize,
        args: Exprs<'a>,
        injected: Option<&'a str>,
        keywords: Keywords<'a>,
    ) -> Result {
        self.validate_keywords(keywords)?;
        let variadic = args.iter().any(|arg| is_starred(arg))
            || keywords.iter().any(|keyword| keyword.arg.is_none());
        if variadic || args.len() + keywords.len() * 2 > STACK_USE_GUIDELINE {
            return self.call_variadic(loc, pushed, args, injected, keywords);
        }
        self.exprs(args)?;
        let mut count = pushed + args.len() + keywords.len();
        if let Some(name) = injected {
            self.load_name(loc, name)?;
            count += 1;
        }
        if keywords.is_empty() {
            self.op_n(loc, Opcode::CALL, count);
        } else {
            self.keyword_values(loc, keywords)?;
            self.op_n(loc, Opcode::CALL_KW, count);
        }
        Ok(())
    }

    /// A call with one tuple and one dictionary.
    fn call_variadic(
        &mut self,
        loc: Location,
        pushed: usize,
        args: Exprs<'a>,
        injected: Option<&'a str>,
        keywords: Keywords<'a>,
    ) -> Result {
        match args {
            [only] if pushed == 0 && injected.is_none() && is_starred(only) => {
                if let ExprKind::Starred { value, .. } = only.node {
                    self.expr(value)?;
                }
            }
            _ => self.build(loc, args, injected, pushed, TUPLE)?,
        }
        if keywords.is_empty() {
            self.op(loc, Opcode::PUSH_NULL);
        } else {
            self.keyword_dict(loc, keywords)?;
        }
        self.op(loc, Opcode::CALL_FUNCTION_EX);
        Ok(())
    }

    fn keyword_dict(&mut self, loc: Location, keywords: Keywords<'a>) -> Result {
        let mut have_dict = false;
        // First of the plain keywords since the last piece.
        let mut start = 0;
        for (index, keyword) in keywords.iter().enumerate() {
            if keyword.arg.is_some() {
                continue;
            }
            if start < index {
                self.keyword_piece(loc, &keywords[start..index], have_dict)?;
                have_dict = true;
            }
            if !have_dict {
                self.op_i(loc, Opcode::BUILD_MAP, 0);
                have_dict = true;
            }
            self.expr(keyword.value)?;
            self.op_i(loc, Opcode::DICT_MERGE, 1);
            start = index + 1;
        }
        if start < keywords.len() {
            self.keyword_piece(loc, &keywords[start..], have_dict)?;
        }
        Ok(())
    }

    fn keyword_piece(&mut self, loc: Location, keywords: Keywords<'a>, have_dict: bool) -> Result {
        let big = keywords.len() * 2 > STACK_USE_GUIDELINE;
        if big {
            self.op_i(Location::NONE, Opcode::BUILD_MAP, 0);
        }
        for keyword in keywords {
            self.load_str(loc, keyword.arg.unwrap_or(""));
            self.expr(keyword.value)?;
            if big {
                self.op_i(Location::NONE, Opcode::MAP_ADD, 1);
            }
        }
        if !big {
            self.op_n(loc, Opcode::BUILD_MAP, keywords.len());
        }
        if have_dict {
            self.op_i(loc, Opcode::DICT_MERGE, 1);
        }
        Ok(())
    }
}
