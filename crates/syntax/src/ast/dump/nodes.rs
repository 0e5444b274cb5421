//! The fields of every statement, expression and pattern, in the reference's order.

use super::*;

impl Dumper {
    pub(super) fn stmt(&mut self, stmt: &Stmt<'_>) {
        self.nested(|d| d.stmt_here(stmt));
    }

    pub(super) fn expr(&mut self, expr: &Expr<'_>) {
        self.nested(|d| d.expr_here(expr));
    }

    pub(super) fn pattern(&mut self, pattern: &Pattern<'_>) {
        self.nested(|d| d.pattern_here(pattern));
    }

    fn stmt_here(&mut self, stmt: &Stmt<'_>) {
        let mut node = self.node(stmt_class(&stmt.node));
        match stmt.node {
            StmtKind::FunctionDef(def) | StmtKind::AsyncFunctionDef(def) => {
                node.str("name", def.name)
                    .arguments(def.args)
                    .body("body", def.body)
                    .exprs("decorator_list", def.decorator_list)
                    .opt_expr("returns", def.returns)
                    .opt_text("type_comment", def.type_comment)
                    .type_params(def.type_params);
            }
            StmtKind::ClassDef(def) => {
                node.str("name", def.name)
                    .exprs("bases", def.bases)
                    .keywords(def.keywords)
                    .body("body", def.body)
                    .exprs("decorator_list", def.decorator_list)
                    .type_params(def.type_params);
            }
            StmtKind::For(stmt) | StmtKind::AsyncFor(stmt) => {
                node.expr("target", stmt.target)
                    .expr("iter", stmt.iter)
                    .body("body", stmt.body)
                    .body("orelse", stmt.orelse)
                    .opt_text("type_comment", stmt.type_comment);
            }
            StmtKind::With(stmt) | StmtKind::AsyncWith(stmt) => {
                node.list("items", stmt.items, |d, item| {
                    let mut node = d.node("withitem");
                    node.expr("context_expr", item.context_expr)
                        .opt_expr("optional_vars", item.optional_vars);
                    node.end();
                })
                .body("body", stmt.body)
                .opt_text("type_comment", stmt.type_comment);
            }
            StmtKind::Try(stmt) | StmtKind::TryStar(stmt) => {
                node.body("body", stmt.body)
                    .list("handlers", stmt.handlers, |d, handler| {
                        let mut node = d.node("ExceptHandler");
                        node.opt_expr("type", handler.r#type)
                            .opt_str("name", handler.name)
                            .body("body", handler.body);
                        node.end_at(handler.span);
                    })
                    .body("orelse", stmt.orelse)
                    .body("finalbody", stmt.finalbody);
            }
            StmtKind::While { test, body, orelse } | StmtKind::If { test, body, orelse } => {
                node.expr("test", test).body("body", body).body("orelse", orelse);
            }
            StmtKind::Match { subject, cases } => {
                node.expr("subject", subject).list("cases", cases, |d, case| {
                    let mut node = d.node("match_case");
                    node.field("pattern", |d| d.pattern(case.pattern))
                        .opt_expr("guard", case.guard)
                        .body("body", case.body);
                    node.end();
                });
            }
            _ => simple_stmt(&mut node, &stmt.node),
        }
        node.end_at(stmt.span);
    }

    fn expr_here(&mut self, expr: &Expr<'_>) {
        let mut node = self.node(expr_class(&expr.node));
        match expr.node {
            ExprKind::BoolOp { op, values } => {
                let class = match op {
                    BoolOperator::And => "And",
                    BoolOperator::Or => "Or",
                };
                node.field("op", |d| d.leaf(class)).exprs("values", values);
            }
            ExprKind::BinOp { left, op, right } => {
                node.expr("left", left)
                    .field("op", |d| d.leaf(operator_class(op)))
                    .expr("right", right);
            }
            ExprKind::UnaryOp { op, operand } => {
                let class = match op {
                    UnaryOperator::Invert => "Invert",
                    UnaryOperator::Not => "Not",
                    UnaryOperator::UAdd => "UAdd",
                    UnaryOperator::USub => "USub",
                };
                node.field("op", |d| d.leaf(class)).expr("operand", operand);
            }
            ExprKind::Lambda { args, body } => {
                node.arguments(args).expr("body", body);
            }
            ExprKind::IfExp { test, body, orelse } => {
                node.expr("test", test).expr("body", body).expr("orelse", orelse);
            }
            ExprKind::Compare { left, ops, comparators } => {
                node.expr("left", left)
                    .list("ops", ops, |d, op| d.leaf(comparison_class(*op)))
                    .exprs("comparators", comparators);
            }
            ExprKind::Call { func, args, keywords } => {
                node.expr("func", func).exprs("args", args).keywords(keywords);
            }
            ExprKind::FormattedValue { value, conversion, format_spec } => {
                node.expr("value", value)
                    .int("conversion", conversion)
                    .opt_expr("format_spec", format_spec);
            }
            ExprKind::Interpolation { value, str, conversion, format_spec } => {
                node.expr("value", value)
                    .constant("str", str)
                    .int("conversion", conversion)
                    .opt_expr("format_spec", format_spec);
            }
            ExprKind::Constant { value, kind } => {
                node.constant("value", &value).opt_text("kind", kind);
            }
            ExprKind::Slice { lower, upper, step } => {
                node.opt_expr("lower", lower).opt_expr("upper", upper).opt_expr("step", step);
            }
            _ => {
                display(&mut node, &expr.node);
                place(&mut node, &expr.node);
            }
        }
        node.end_at(expr.span);
    }

    fn pattern_here(&mut self, pattern: &Pattern<'_>) {
        let node = match pattern.node {
            PatternKind::MatchValue { value } => {
                let mut node = self.node("MatchValue");
                node.expr("value", value);
                node
            }
            PatternKind::MatchSingleton { value } => {
                let mut node = self.node("MatchSingleton");
                node.constant("value", &value);
                node
            }
            PatternKind::MatchSequence { patterns } => {
                let mut node = self.node("MatchSequence");
                node.patterns("patterns", patterns);
                node
            }
            PatternKind::MatchMapping { keys, patterns, rest } => {
                let mut node = self.node("MatchMapping");
                node.exprs("keys", keys).patterns("patterns", patterns).opt_str("rest", rest);
                node
            }
            PatternKind::MatchClass { cls, patterns, kwd_attrs, kwd_patterns } => {
                let mut node = self.node("MatchClass");
                node.expr("cls", cls)
                    .patterns("patterns", patterns)
                    .strings("kwd_attrs", kwd_attrs)
                    .patterns("kwd_patterns", kwd_patterns);
                node
            }
            PatternKind::MatchStar { name } => {
                let mut node = self.node("MatchStar");
                node.opt_str("name", name);
                node
            }
            PatternKind::MatchAs { pattern, name } => {
                let mut node = self.node("MatchAs");
                if let Some(pattern) = pattern {
                    node.field("pattern", |d| d.pattern(pattern));
                }
                node.opt_str("name", name);
                node
            }
            PatternKind::MatchOr { patterns } => {
                let mut node = self.node("MatchOr");
                node.patterns("patterns", patterns);
                node
            }
        };
        node.end_at(pattern.span);
    }
}

fn simple_stmt(node: &mut Node<'_>, stmt: &StmtKind<'_>) {
    match *stmt {
        StmtKind::Return { value } => {
            node.opt_expr("value", value);
        }
        StmtKind::Delete { targets } => {
            node.exprs("targets", targets);
        }
        StmtKind::Assign { targets, value, type_comment } => {
            node.exprs("targets", targets)
                .expr("value", value)
                .opt_text("type_comment", type_comment);
        }
        StmtKind::TypeAlias { name, type_params, value } => {
            node.expr("name", name).type_params(type_params).expr("value", value);
        }
        StmtKind::AugAssign { target, op, value } => {
            node.expr("target", target)
                .field("op", |d| d.leaf(operator_class(op)))
                .expr("value", value);
        }
        StmtKind::AnnAssign { target, annotation, value, simple } => {
            node.expr("target", target)
                .expr("annotation", annotation)
                .opt_expr("value", value)
                .int("simple", i32::from(simple));
        }
        StmtKind::Raise { exc, cause } => {
            node.opt_expr("exc", exc).opt_expr("cause", cause);
        }
        StmtKind::Assert { test, msg } => {
            node.expr("test", test).opt_expr("msg", msg);
        }
        StmtKind::Import { names } => {
            node.aliases(names);
        }
        StmtKind::ImportFrom { module, names, level } => {
            node.opt_str("module", module).aliases(names);
            if let Some(level) = level {
                node.int("level", level);
            }
        }
        StmtKind::Global { names } | StmtKind::Nonlocal { names } => {
            node.strings("names", names);
        }
        StmtKind::Expr { value } => {
            node.expr("value", value);
        }
        _ => {}
    }
}

/// Displays, comprehensions and the other nodes without a context.
fn display(node: &mut Node<'_>, expr: &ExprKind<'_>) {
    match *expr {
        ExprKind::NamedExpr { target, value } => {
            node.expr("target", target).expr("value", value);
        }
        ExprKind::Dict { keys, values } => {
            node.opt_exprs("keys", keys).exprs("values", values);
        }
        ExprKind::Set { elts } => {
            node.exprs("elts", elts);
        }
        ExprKind::ListComp { elt, generators }
        | ExprKind::SetComp { elt, generators }
        | ExprKind::GeneratorExp { elt, generators } => {
            node.expr("elt", elt).generators(generators);
        }
        ExprKind::DictComp { key, value, generators } => {
            node.expr("key", key).expr("value", value).generators(generators);
        }
        ExprKind::Await { value } | ExprKind::YieldFrom { value } => {
            node.expr("value", value);
        }
        ExprKind::Yield { value } => {
            node.opt_expr("value", value);
        }
        ExprKind::JoinedStr { values } | ExprKind::TemplateStr { values } => {
            node.exprs("values", values);
        }
        _ => {}
    }
}

/// The nodes with a context.
fn place(node: &mut Node<'_>, expr: &ExprKind<'_>) {
    let ctx = match *expr {
        ExprKind::Attribute { value, attr, ctx } => {
            node.expr("value", value).str("attr", attr);
            ctx
        }
        ExprKind::Subscript { value, slice, ctx } => {
            node.expr("value", value).expr("slice", slice);
            ctx
        }
        ExprKind::Starred { value, ctx } => {
            node.expr("value", value);
            ctx
        }
        ExprKind::Name { id, ctx } => {
            node.str("id", id);
            ctx
        }
        ExprKind::List { elts, ctx } | ExprKind::Tuple { elts, ctx } => {
            node.exprs("elts", elts);
            ctx
        }
        _ => return,
    };
    node.field("ctx", |d| d.context(ctx));
}

fn stmt_class(stmt: &StmtKind<'_>) -> &'static str {
    match stmt {
        StmtKind::FunctionDef(_) => "FunctionDef",
        StmtKind::AsyncFunctionDef(_) => "AsyncFunctionDef",
        StmtKind::ClassDef(_) => "ClassDef",
        StmtKind::Return { .. } => "Return",
        StmtKind::Delete { .. } => "Delete",
        StmtKind::Assign { .. } => "Assign",
        StmtKind::TypeAlias { .. } => "TypeAlias",
        StmtKind::AugAssign { .. } => "AugAssign",
        StmtKind::AnnAssign { .. } => "AnnAssign",
        StmtKind::For(_) => "For",
        StmtKind::AsyncFor(_) => "AsyncFor",
        StmtKind::While { .. } => "While",
        StmtKind::If { .. } => "If",
        StmtKind::With(_) => "With",
        StmtKind::AsyncWith(_) => "AsyncWith",
        StmtKind::Match { .. } => "Match",
        StmtKind::Raise { .. } => "Raise",
        StmtKind::Try(_) => "Try",
        StmtKind::TryStar(_) => "TryStar",
        StmtKind::Assert { .. } => "Assert",
        StmtKind::Import { .. } => "Import",
        StmtKind::ImportFrom { .. } => "ImportFrom",
        StmtKind::Global { .. } => "Global",
        StmtKind::Nonlocal { .. } => "Nonlocal",
        StmtKind::Expr { .. } => "Expr",
        StmtKind::Pass => "Pass",
        StmtKind::Break => "Break",
        StmtKind::Continue => "Continue",
    }
}

fn expr_class(expr: &ExprKind<'_>) -> &'static str {
    match expr {
        ExprKind::BoolOp { .. } => "BoolOp",
        ExprKind::NamedExpr { .. } => "NamedExpr",
        ExprKind::BinOp { .. } => "BinOp",
        ExprKind::UnaryOp { .. } => "UnaryOp",
        ExprKind::Lambda { .. } => "Lambda",
        ExprKind::IfExp { .. } => "IfExp",
        ExprKind::Dict { .. } => "Dict",
        ExprKind::Set { .. } => "Set",
        ExprKind::ListComp { .. } => "ListComp",
        ExprKind::SetComp { .. } => "SetComp",
        ExprKind::DictComp { .. } => "DictComp",
        ExprKind::GeneratorExp { .. } => "GeneratorExp",
        ExprKind::Await { .. } => "Await",
        ExprKind::Yield { .. } => "Yield",
        ExprKind::YieldFrom { .. } => "YieldFrom",
        ExprKind::Compare { .. } => "Compare",
        ExprKind::Call { .. } => "Call",
        ExprKind::FormattedValue { .. } => "FormattedValue",
        ExprKind::Interpolation { .. } => "Interpolation",
        ExprKind::JoinedStr { .. } => "JoinedStr",
        ExprKind::TemplateStr { .. } => "TemplateStr",
        ExprKind::Constant { .. } => "Constant",
        ExprKind::Attribute { .. } => "Attribute",
        ExprKind::Subscript { .. } => "Subscript",
        ExprKind::Starred { .. } => "Starred",
        ExprKind::Name { .. } => "Name",
        ExprKind::List { .. } => "List",
        ExprKind::Tuple { .. } => "Tuple",
        ExprKind::Slice { .. } => "Slice",
    }
}

fn operator_class(op: Operator) -> &'static str {
    match op {
        Operator::Add => "Add",
        Operator::Sub => "Sub",
        Operator::Mult => "Mult",
        Operator::MatMult => "MatMult",
        Operator::Div => "Div",
        Operator::Mod => "Mod",
        Operator::Pow => "Pow",
        Operator::LShift => "LShift",
        Operator::RShift => "RShift",
        Operator::BitOr => "BitOr",
        Operator::BitXor => "BitXor",
        Operator::BitAnd => "BitAnd",
        Operator::FloorDiv => "FloorDiv",
    }
}

fn comparison_class(op: CmpOperator) -> &'static str {
    match op {
        CmpOperator::Eq => "Eq",
        CmpOperator::NotEq => "NotEq",
        CmpOperator::Lt => "Lt",
        CmpOperator::LtE => "LtE",
        CmpOperator::Gt => "Gt",
        CmpOperator::GtE => "GtE",
        CmpOperator::Is => "Is",
        CmpOperator::IsNot => "IsNot",
        CmpOperator::In => "In",
        CmpOperator::NotIn => "NotIn",
    }
}
