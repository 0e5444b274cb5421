//! Classes. Does the job of `codegen_class` and `codegen_class_body`.

use krait_bytecode::{Opcode, intrinsic_1};
use krait_syntax::ast::{ClassDef, Expr, ExprContext, ExprKind, Stmt};

use super::unit::ScopeKind;
use super::{Generator, at};
use crate::code::Constant;
use crate::error::Result;
use crate::instructions::Location;
use crate::symtable::{NodeKey, Role};

impl<'a> Generator<'a> {
    pub(super) fn class(&mut self, stmt: &'a Stmt<'a>, def: &'a ClassDef<'a>) -> Result {
        self.decorators(def.decorator_list)?;
        let first = def.decorator_list.first().map_or(stmt.span, |decorator| decorator.span);
        let loc = at(stmt.span);
        if def.type_params.is_empty() {
            self.class_body(stmt, def, first.lineno)?;
            self.call_helper(loc, stmt.span, 2, def.bases, None, def.keywords)?;
        } else {
            self.generic_class(stmt, def, first.lineno)?;
        }
        self.apply_decorators(def.decorator_list);
        self.store_name(loc, def.name)
    }

    /// A class with type parameters is made by a function that makes those first.
    fn generic_class(
        &mut self,
        stmt: &'a Stmt<'a>,
        def: &'a ClassDef<'a>,
        firstlineno: i32,
    ) -> Result {
        let loc = at(stmt.span);
        let name = bumpalo::format!(in self.arena, "<generic parameters of {}>", def.name);
        let key = NodeKey::new(&def.type_params[0], Role::TypeParameters);
        self.enter_scope(
            name.into_bump_str(),
            ScopeKind::Annotations,
            key,
            firstlineno,
            Some(def.name),
        )?;
        self.type_params(def.type_params)?;
        self.store_name(loc, ".type_params")?;
        self.class_body(stmt, def, firstlineno)?;
        self.load_name(loc, ".type_params")?;
        self.op_i(loc, Opcode::CALL_INTRINSIC_1, intrinsic_1::SUBSCRIPT_GENERIC);
        self.store_name(loc, ".generic_base")?;
        self.call_helper(loc, stmt.span, 2, def.bases, Some(".generic_base"), def.keywords)?;
        let code = self.finish_scope(false)?;
        self.make_closure(loc, code, 0)?;
        self.op(loc, Opcode::PUSH_NULL);
        self.op_i(loc, Opcode::CALL, 0);
        Ok(())
    }

    /// Pushes `__build_class__`, the function of the body, and the name.
    fn class_body(
        &mut self,
        stmt: &'a Stmt<'a>,
        def: &'a ClassDef<'a>,
        firstlineno: i32,
    ) -> Result {
        let key = NodeKey::new(stmt, Role::Body);
        self.enter_scope(def.name, ScopeKind::Class, key, firstlineno, Some(def.name))?;
        let start = Location::line_start(firstlineno);
        self.class_prologue(start, firstlineno, !def.type_params.is_empty())?;
        let body = self.without_docstring(def.body);
        self.body(start, body, true)?;
        self.class_epilogue()?;
        let code = self.finish_scope(true)?;

        let loc = at(stmt.span);
        self.op(loc, Opcode::LOAD_BUILD_CLASS);
        self.op(loc, Opcode::PUSH_NULL);
        self.make_closure(loc, code, 0)?;
        self.load_str(loc, def.name);
        Ok(())
    }

    fn class_prologue(&mut self, loc: Location, firstlineno: i32, generic: bool) -> Result {
        self.load_name(loc, "__name__")?;
        self.store_name(loc, "__module__")?;
        let qualname = Constant::str(self.unit().meta.qualname);
        self.load_const(loc, qualname);
        self.store_name(loc, "__qualname__")?;
        self.load_const(loc, Constant::Int(firstlineno.into()));
        self.store_name(loc, "__firstlineno__")?;
        if generic {
            self.load_name(loc, ".type_params")?;
            self.store_name(loc, "__type_params__")?;
        }
        if self.entry().needs_classdict {
            self.op(loc, Opcode::LOAD_LOCALS);
            let index = self.closure_index("__classdict__")?;
            self.op_i(loc, Opcode::STORE_DEREF, index);
        }
        if self.entry().has_conditional_annotations {
            self.op_i(loc, Opcode::BUILD_SET, 0);
            let index = self.closure_index("__conditional_annotations__")?;
            self.op_i(loc, Opcode::STORE_DEREF, index);
        }
        Ok(())
    }

    fn class_epilogue(&mut self) -> Result {
        let none = Location::NONE;
        let attributes = &self.unit().static_attributes;
        let attributes = Constant::names(attributes.iter().copied(), self.arena);
        self.load_const(none, attributes);
        self.store_name(none, "__static_attributes__")?;
        if self.entry().needs_classdict {
            let index = self.closure_index("__classdict__")?;
            self.op_i(none, Opcode::LOAD_CLOSURE, index);
            self.store_name(none, "__classdictcell__")?;
        }
        // The cell of `__class__`, which `type.__new__` fills, is the result if methods use it.
        if self.entry().needs_class_closure {
            let index = self.closure_index("__class__")?;
            self.op_i(none, Opcode::LOAD_CLOSURE, index);
            self.op_i(none, Opcode::COPY, 1);
            self.store_name(none, "__classcell__")?;
        } else {
            self.load_none(none);
        }
        self.op(none, Opcode::RETURN_VALUE);
        Ok(())
    }

    /// Assigning to an attribute of `self` makes it a static attribute of the class around.
    pub(super) fn note_static_attribute(
        &mut self,
        value: &Expr<'a>,
        attr: &'a str,
        ctx: ExprContext,
    ) {
        if ctx != ExprContext::Store || !matches!(value.node, ExprKind::Name { id: "self", .. }) {
            return;
        }
        let Some((_, around)) = self.units.split_last_mut() else { return };
        if let Some(class) = around.iter_mut().rev().find(|unit| unit.kind == ScopeKind::Class) {
            class.static_attributes.insert(attr);
        }
    }
}
