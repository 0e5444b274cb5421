//! A tree as text, the way `ast.dump(tree, include_attributes=…)` shows it, but with `ascii()` in
//! place of `repr()` so that no Unicode tables are needed. Meant for tests against the reference.

mod values;

use super::*;
use values::write_constant;

/// Trees nested deeper than this are cut off with `...`, so that the dump needs bounded stack.
const MAX_DEPTH: u32 = 2_000;

/// The tree in one line. `include_attributes` adds the positions.
pub fn dump(tree: &Mod<'_>, include_attributes: bool) -> String {
    let mut dumper = Dumper { out: String::new(), attributes: include_attributes, depth: 0 };
    dumper.module(tree);
    dumper.out
}

struct Dumper {
    out: String,
    attributes: bool,
    depth: u32,
}

/// A node being written: knows whether a comma is due.
struct Node<'d> {
    dumper: &'d mut Dumper,
    first: bool,
}

impl Dumper {
    fn node<'d>(&'d mut self, class: &str) -> Node<'d> {
        self.out.push_str(class);
        self.out.push('(');
        Node { dumper: self, first: true }
    }

    fn leaf(&mut self, class: &str) {
        self.node(class).end();
    }

    /// Runs `write` one level deeper, or writes `...` if that is too deep.
    fn nested(&mut self, write: impl FnOnce(&mut Self)) {
        if self.depth == MAX_DEPTH {
            self.out.push_str("...");
            return;
        }
        self.depth += 1;
        write(self);
        self.depth -= 1;
    }

    fn string(&mut self, text: &str) {
        values::write_text(&mut self.out, Text::new(text));
    }

    fn context(&mut self, ctx: ExprContext) {
        self.leaf(match ctx {
            ExprContext::Load => "Load",
            ExprContext::Store => "Store",
            ExprContext::Del => "Del",
        });
    }
}

impl Node<'_> {
    fn end(self) {
        self.dumper.out.push(')');
    }

    fn end_at(mut self, span: Span) {
        if self.dumper.attributes {
            self.int("lineno", span.lineno)
                .int("col_offset", span.col_offset)
                .int("end_lineno", span.end_lineno)
                .int("end_col_offset", span.end_col_offset);
        }
        self.end();
    }

    fn name(&mut self, name: &str) {
        if !std::mem::take(&mut self.first) {
            self.dumper.out.push_str(", ");
        }
        self.dumper.out.push_str(name);
        self.dumper.out.push('=');
    }

    fn field(&mut self, name: &str, write: impl FnOnce(&mut Dumper)) -> &mut Self {
        self.name(name);
        write(self.dumper);
        self
    }

    /// A list; left out if empty.
    fn list<T>(
        &mut self,
        name: &str,
        items: &[T],
        mut write: impl FnMut(&mut Dumper, &T),
    ) -> &mut Self {
        if items.is_empty() {
            return self;
        }
        self.name(name);
        self.dumper.out.push('[');
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.dumper.out.push_str(", ");
            }
            write(self.dumper, item);
        }
        self.dumper.out.push(']');
        self
    }

    fn int(&mut self, name: &str, value: i32) -> &mut Self {
        self.field(name, |d| d.out.push_str(&value.to_string()))
    }

    fn str(&mut self, name: &str, value: &str) -> &mut Self {
        self.field(name, |d| d.string(value))
    }

    fn opt_str(&mut self, name: &str, value: Option<&str>) -> &mut Self {
        match value {
            Some(value) => self.str(name, value),
            None => self,
        }
    }

    fn opt_text(&mut self, name: &str, value: Option<Text<'_>>) -> &mut Self {
        match value {
            Some(value) => self.field(name, |d| values::write_text(&mut d.out, value)),
            None => self,
        }
    }

    fn constant(&mut self, name: &str, value: &Constant<'_>) -> &mut Self {
        self.field(name, |d| write_constant(&mut d.out, value))
    }

    fn strings(&mut self, name: &str, items: &[&str]) -> &mut Self {
        self.list(name, items, |d, item| d.string(item))
    }

    fn expr(&mut self, name: &str, expr: &Expr<'_>) -> &mut Self {
        self.field(name, |d| d.expr(expr))
    }

    fn opt_expr(&mut self, name: &str, expr: Option<&Expr<'_>>) -> &mut Self {
        match expr {
            Some(expr) => self.expr(name, expr),
            None => self,
        }
    }

    fn exprs(&mut self, name: &str, exprs: &[&Expr<'_>]) -> &mut Self {
        self.list(name, exprs, |d, expr| d.expr(expr))
    }

    fn opt_exprs(&mut self, name: &str, exprs: &[Option<&Expr<'_>>]) -> &mut Self {
        self.list(name, exprs, |d, expr| match expr {
            Some(expr) => d.expr(expr),
            None => d.out.push_str("None"),
        })
    }

    fn body(&mut self, name: &str, body: &[&Stmt<'_>]) -> &mut Self {
        self.list(name, body, |d, stmt| d.stmt(stmt))
    }

    fn patterns(&mut self, name: &str, patterns: &[&Pattern<'_>]) -> &mut Self {
        self.list(name, patterns, |d, pattern| d.pattern(pattern))
    }

    fn generators(&mut self, generators: &[Comprehension<'_>]) -> &mut Self {
        self.list("generators", generators, |d, generator| {
            let mut node = d.node("comprehension");
            node.expr("target", generator.target)
                .expr("iter", generator.iter)
                .exprs("ifs", generator.ifs)
                .int("is_async", i32::from(generator.is_async));
            node.end();
        })
    }

    fn args(&mut self, name: &str, args: &[Arg<'_>]) -> &mut Self {
        self.list(name, args, |d, arg| d.arg(arg))
    }

    fn opt_arg(&mut self, name: &str, arg: Option<&Arg<'_>>) -> &mut Self {
        match arg {
            Some(arg) => self.field(name, |d| d.arg(arg)),
            None => self,
        }
    }

    fn arguments(&mut self, args: &Arguments<'_>) -> &mut Self {
        self.field("args", |d| {
            let mut node = d.node("arguments");
            node.args("posonlyargs", args.posonlyargs)
                .args("args", args.args)
                .opt_arg("vararg", args.vararg)
                .args("kwonlyargs", args.kwonlyargs)
                .opt_exprs("kw_defaults", args.kw_defaults)
                .opt_arg("kwarg", args.kwarg)
                .exprs("defaults", args.defaults);
            node.end();
        })
    }

    fn keywords(&mut self, keywords: &[Keyword<'_>]) -> &mut Self {
        self.list("keywords", keywords, |d, keyword| {
            let mut node = d.node("keyword");
            node.opt_str("arg", keyword.arg).expr("value", keyword.value);
            node.end_at(keyword.span);
        })
    }

    fn aliases(&mut self, names: &[Alias<'_>]) -> &mut Self {
        self.list("names", names, |d, alias| {
            let mut node = d.node("alias");
            node.str("name", alias.name).opt_str("asname", alias.asname);
            node.end_at(alias.span);
        })
    }

    fn type_params(&mut self, params: &[TypeParam<'_>]) -> &mut Self {
        self.list("type_params", params, |d, param| d.type_param(param))
    }
}

impl Dumper {
    fn module(&mut self, tree: &Mod<'_>) {
        match tree {
            Mod::Module { body, type_ignores } => {
                let mut node = self.node("Module");
                node.body("body", body).list("type_ignores", type_ignores, |d, ignore| {
                    let mut node = d.node("TypeIgnore");
                    node.int("lineno", ignore.lineno).opt_text("tag", Some(ignore.tag));
                    node.end();
                });
                node.end();
            }
            Mod::Interactive { body } => {
                let mut node = self.node("Interactive");
                node.body("body", body);
                node.end();
            }
            Mod::Expression { body } => {
                let mut node = self.node("Expression");
                node.expr("body", body);
                node.end();
            }
            Mod::FunctionType { argtypes, returns } => {
                let mut node = self.node("FunctionType");
                node.exprs("argtypes", argtypes).expr("returns", returns);
                node.end();
            }
        }
    }

    fn arg(&mut self, arg: &Arg<'_>) {
        let mut node = self.node("arg");
        node.str("arg", arg.arg)
            .opt_expr("annotation", arg.annotation)
            .opt_text("type_comment", arg.type_comment);
        node.end_at(arg.span);
    }

    fn type_param(&mut self, param: &TypeParam<'_>) {
        let node = match param.node {
            TypeParamKind::TypeVar { name, bound, default_value } => {
                let mut node = self.node("TypeVar");
                node.str("name", name)
                    .opt_expr("bound", bound)
                    .opt_expr("default_value", default_value);
                node
            }
            TypeParamKind::ParamSpec { name, default_value } => {
                let mut node = self.node("ParamSpec");
                node.str("name", name).opt_expr("default_value", default_value);
                node
            }
            TypeParamKind::TypeVarTuple { name, default_value } => {
                let mut node = self.node("TypeVarTuple");
                node.str("name", name).opt_expr("default_value", default_value);
                node
            }
        };
        node.end_at(param.span);
    }
}

mod nodes;
