//! Functions and lambdas. Does the job of `codegen_function` and `codegen_lambda`.

use krait_bytecode::{Opcode, function_attribute, intrinsic_1, intrinsic_2};
use krait_syntax::ast::{Arguments, Expr, FunctionDef, Stmt};

use super::frame_blocks::BlockType;
use super::unit::{Parameters, ScopeKind};
use super::{Generator, at, constants};
use crate::error::Result;
use crate::future::docstring;
use crate::instructions::Location;
use crate::symtable::{NodeKey, Role};

impl<'a> Generator<'a> {
    pub(super) fn decorators(&mut self, decorators: &'a [&'a Expr<'a>]) -> Result {
        self.exprs(decorators)
    }

    pub(super) fn apply_decorators(&mut self, decorators: &'a [&'a Expr<'a>]) {
        for decorator in decorators.iter().rev() {
            self.op_i(at(decorator.span), Opcode::CALL, 0);
        }
    }

    pub(super) fn function(
        &mut self,
        stmt: &'a Stmt<'a>,
        def: &'a FunctionDef<'a>,
        is_async: bool,
    ) -> Result {
        self.decorators(def.decorator_list)?;
        let first = def.decorator_list.first().map_or(stmt.span, |decorator| decorator.span);
        let loc = at(stmt.span);
        let mut attributes = self.default_arguments(loc, def.args)?;
        if def.type_params.is_empty() {
            attributes |= self.function_annotations(loc, def)?;
            self.function_body(stmt, def, is_async, attributes, first.lineno)?;
        } else {
            self.generic_function(stmt, def, is_async, attributes, first.lineno)?;
        }
        self.apply_decorators(def.decorator_list);
        self.store_name(loc, def.name)
    }

    /// A function with type parameters is made by a function that makes those first; it gets the
    /// defaults as arguments.
    fn generic_function(
        &mut self,
        stmt: &'a Stmt<'a>,
        def: &'a FunctionDef<'a>,
        is_async: bool,
        mut attributes: u32,
        firstlineno: i32,
    ) -> Result {
        let loc = at(stmt.span);
        let inherited = function_attribute::DEFAULTS | function_attribute::KWDEFAULTS;
        let count = (attributes & inherited).count_ones();
        if count == 2 {
            self.op_i(loc, Opcode::SWAP, 2);
        }
        let parameters = Parameters { argcount: count as usize, ..Parameters::default() };
        let name = bumpalo::format!(in self.arena, "<generic parameters of {}>", def.name);
        let key = NodeKey::new(&def.type_params[0], Role::TypeParameters);
        let kind = ScopeKind::Annotations;
        self.enter_scope_with(name.into_bump_str(), kind, key, firstlineno, None, parameters)?;
        self.type_params(def.type_params)?;
        for index in 0..count {
            self.op_i(loc, Opcode::LOAD_FAST, index);
        }
        attributes |= self.function_annotations(loc, def)?;
        self.function_body(stmt, def, is_async, attributes, firstlineno)?;
        self.op_i(loc, Opcode::SWAP, 2);
        self.op_i(loc, Opcode::CALL_INTRINSIC_2, intrinsic_2::SET_FUNCTION_TYPE_PARAMS);
        let code = self.finish_scope(false)?;
        self.make_closure(loc, code, 0)?;
        if count > 0 {
            self.op_i(loc, Opcode::SWAP, count + 1);
            self.op_i(loc, Opcode::CALL, count - 1);
        } else {
            self.op(loc, Opcode::PUSH_NULL);
            self.op_i(loc, Opcode::CALL, 0);
        }
        Ok(())
    }

    fn function_body(
        &mut self,
        stmt: &'a Stmt<'a>,
        def: &'a FunctionDef<'a>,
        is_async: bool,
        attributes: u32,
        firstlineno: i32,
    ) -> Result {
        let kind = if is_async { ScopeKind::AsyncFunction } else { ScopeKind::Function };
        let key = NodeKey::new(stmt, Role::Body);
        let parameters = parameters(def.args);
        self.enter_scope_with(def.name, kind, key, firstlineno, None, parameters)?;
        let mut body = self.without_docstring(def.body);
        if let Some(text) = docstring(body) {
            let doc = constants::clean_doc(text, self.arena)?;
            self.unit_mut().meta.add_const(doc);
            body = &body[1..];
        }
        let start = self.new_label();
        self.use_label(start);
        let entry = self.entry();
        if entry.coroutine || entry.generator {
            self.push_block(Location::NONE, BlockType::StopIteration, Some(start), None)?;
            self.stmts(body)?;
            self.wrap_in_stop_iteration_handler();
            self.pop_block();
        } else {
            self.stmts(body)?;
        }
        let code = self.finish_scope(true)?;
        self.make_closure(at(stmt.span), code, attributes)
    }

    /// A `StopIteration` that leaves a generator becomes a `RuntimeError`.
    pub(super) fn wrap_in_stop_iteration_handler(&mut self) {
        let handler = self.new_label();
        let seq = &mut self.unit_mut().seq;
        seq.insert_jump(0, Opcode::SETUP_CLEANUP, handler, Location::NONE);
        self.load_none(Location::NONE);
        self.op(Location::NONE, Opcode::RETURN_VALUE);
        self.use_label(handler);
        let converted = intrinsic_1::STOPITERATION_ERROR;
        self.op_i(Location::NONE, Opcode::CALL_INTRINSIC_1, converted);
        self.op_i(Location::NONE, Opcode::RERAISE, 1);
    }

    /// Pushes the defaults; says which there are.
    pub(super) fn default_arguments(
        &mut self,
        loc: Location,
        args: &'a Arguments<'a>,
    ) -> Result<u32> {
        let mut attributes = 0;
        if !args.defaults.is_empty() {
            attributes |= function_attribute::DEFAULTS;
            self.exprs(args.defaults)?;
            self.op_n(loc, Opcode::BUILD_TUPLE, args.defaults.len());
        }
        let mut count = 0;
        for (arg, default) in args.kwonlyargs.iter().zip(args.kw_defaults) {
            let Some(default) = default else { continue };
            let name = self.mangled(arg.arg);
            self.load_str(loc, name);
            self.expr(default)?;
            count += 1;
        }
        if count > 0 {
            attributes |= function_attribute::KWDEFAULTS;
            self.op_n(loc, Opcode::BUILD_MAP, count);
        }
        Ok(attributes)
    }

    pub(super) fn lambda(
        &mut self,
        expr: &'a Expr<'a>,
        args: &'a Arguments<'a>,
        body: &'a Expr<'a>,
    ) -> Result {
        let loc = at(expr.span);
        let attributes = self.default_arguments(loc, args)?;
        let key = NodeKey::new(expr, Role::Body);
        let kind = ScopeKind::Lambda;
        let lineno = expr.span.lineno;
        self.enter_scope_with("<lambda>", kind, key, lineno, None, parameters(args))?;
        self.expr(body)?;
        let is_generator = self.entry().generator;
        if !is_generator {
            self.op(at(body.span), Opcode::RETURN_VALUE);
        }
        let code = self.finish_scope(!is_generator)?;
        self.make_closure(loc, code, attributes)
    }
}

fn parameters(args: &Arguments<'_>) -> Parameters {
    Parameters {
        argcount: args.args.len(),
        posonly: args.posonlyargs.len(),
        kwonly: args.kwonlyargs.len(),
    }
}
