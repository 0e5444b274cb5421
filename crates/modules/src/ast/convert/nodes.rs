//! The fields of every node class, in the reference's order.

use super::*;

/// A class of its own.
macro_rules! product {
    ($ty:ident, $class:literal, { $($field:ident),* } $($span:ident)?) => {
        impl<'a> Convert<'a> for $ty<'a> {
            fn to_py(&self, cx: &Context<'_, '_>) -> PyResult {
                let node = cx.make($class)?;
                $(cx.put(&node, stringify!($field), self.$field.to_py(cx)?)?;)*
                $(cx.put_span(&node, &self.$span)?;)?
                Ok(node)
            }

            fn from_py(cx: &Context<'a, '_>, value: Borrowed<'_>, _: Place<'_>) -> PyResult<Self> {
                if !cx.is(value, $class)? {
                    return Err(cx.unexpected(value, $class));
                }
                Ok($ty {
                    $($field: cx.take(value, $class, stringify!($field))?,)*
                    $($span: cx.take_span(value, $class)?,)?
                })
            }
        }
    };
}

/// An expression as the compiler would have it, if that is wanted.
fn prepared<'x>(expr: &'x Expr<'x>, cx: &Context<'_, '_>, arena: &'x Bump) -> &'x Expr<'x> {
    match cx.optimize {
        Some(level) => krait_compiler::resolve(expr, level, arena),
        None => expr,
    }
}

fn as_it_is<'x, T>(node: &'x T, _: &Context<'_, '_>, _: &'x Bump) -> &'x T {
    node
}

/// A sum whose nodes have positions: classes with fields, classes that share a struct, classes without fields.
macro_rules! sum {
    (
        $ty:ident, $prepare:ident, $kind:ident, $sum:literal,
        { $($class:ident { $($field:ident),* })* }
        shared { $($shared:ident($inner:ident { $($part:ident),* }))* }
        plain { $($plain:ident)* }
    ) => {
        impl<'a> Convert<'a> for $ty<'a> {
            fn to_py(&self, cx: &Context<'_, '_>) -> PyResult {
                cx.nested(|| {
                    let arena = Bump::new();
                    let this = $prepare(self, cx, &arena);
                    let node = match &this.node {
                        $($kind::$class { $($field),* } => {
                            let node = cx.make(stringify!($class))?;
                            $(cx.put(&node, stringify!($field), $field.to_py(cx)?)?;)*
                            node
                        })*
                        $($kind::$shared(inner) => {
                            let node = cx.make(stringify!($shared))?;
                            $(cx.put(&node, stringify!($part), inner.$part.to_py(cx)?)?;)*
                            node
                        })*
                        $($kind::$plain => cx.make(stringify!($plain))?,)*
                    };
                    cx.put_span(&node, &this.span)?;
                    Ok(node)
                })
            }

            fn from_py(cx: &Context<'a, '_>, value: Borrowed<'_>, _: Place<'_>) -> PyResult<Self> {
                if !cx.is(value, $sum)? {
                    return Err(cx.unexpected(value, $sum));
                }
                cx.nested(|| {
                    let span = cx.take_span(value, $sum)?;
                    $(if cx.is(value, stringify!($class))? {
                        let node = $kind::$class {
                            $($field: cx.take(value, stringify!($class), stringify!($field))?),*
                        };
                        return Ok($ty { node, span });
                    })*
                    $(if cx.is(value, stringify!($shared))? {
                        let inner = $inner {
                            $($part: cx.take(value, stringify!($shared), stringify!($part))?),*
                        };
                        return Ok($ty { node: $kind::$shared(cx.arena.alloc(inner)), span });
                    })*
                    $(if cx.is(value, stringify!($plain))? {
                        return Ok($ty { node: $kind::$plain, span });
                    })*
                    Err(cx.unexpected(value, $sum))
                })
            }
        }
    };
}

/// A sum of classes without fields or positions.
macro_rules! choice {
    ($ty:ident, $sum:literal, $($class:ident)*) => {
        impl<'a> Convert<'a> for $ty {
            fn to_py(&self, cx: &Context<'_, '_>) -> PyResult {
                cx.leaf(match self {
                    $($ty::$class => stringify!($class),)*
                })
            }

            fn from_py(cx: &Context<'a, '_>, value: Borrowed<'_>, _: Place<'_>) -> PyResult<Self> {
                $(if cx.is(value, stringify!($class))? {
                    return Ok($ty::$class);
                })*
                Err(cx.unexpected(value, $sum))
            }
        }
    };
}

choice!(ExprContext, "expr_context", Load Store Del);
choice!(BoolOperator, "boolop", And Or);
choice!(Operator, "operator", Add Sub Mult MatMult Div Mod Pow LShift RShift BitOr BitXor BitAnd FloorDiv);
choice!(UnaryOperator, "unaryop", Invert Not UAdd USub);
choice!(CmpOperator, "cmpop", Eq NotEq Lt LtE Gt GtE Is IsNot In NotIn);

product!(Alias, "alias", { name, asname } span);
product!(Arg, "arg", { arg, annotation, type_comment } span);
product!(Arguments, "arguments", { posonlyargs, args, vararg, kwonlyargs, kw_defaults, kwarg, defaults });
product!(Comprehension, "comprehension", { target, iter, ifs, is_async });
product!(ExceptHandler, "ExceptHandler", { r#type, name, body } span);
product!(Keyword, "keyword", { arg, value } span);
product!(MatchCase, "match_case", { pattern, guard, body });
product!(TypeIgnore, "TypeIgnore", { lineno, tag });
product!(WithItem, "withitem", { context_expr, optional_vars });

sum!(Expr, prepared, ExprKind, "expr", {
    BoolOp { op, values }
    NamedExpr { target, value }
    BinOp { left, op, right }
    UnaryOp { op, operand }
    Lambda { args, body }
    IfExp { test, body, orelse }
    Dict { keys, values }
    Set { elts }
    ListComp { elt, generators }
    SetComp { elt, generators }
    DictComp { key, value, generators }
    GeneratorExp { elt, generators }
    Await { value }
    Yield { value }
    YieldFrom { value }
    Compare { left, ops, comparators }
    Call { func, args, keywords }
    FormattedValue { value, conversion, format_spec }
    Interpolation { value, str, conversion, format_spec }
    JoinedStr { values }
    TemplateStr { values }
    Constant { value, kind }
    Attribute { value, attr, ctx }
    Subscript { value, slice, ctx }
    Starred { value, ctx }
    Name { id, ctx }
    List { elts, ctx }
    Tuple { elts, ctx }
    Slice { lower, upper, step }
} shared {} plain {});

sum!(Stmt, as_it_is, StmtKind, "stmt", {
    Return { value }
    Delete { targets }
    Assign { targets, value, type_comment }
    TypeAlias { name, type_params, value }
    AugAssign { target, op, value }
    AnnAssign { target, annotation, value, simple }
    While { test, body, orelse }
    If { test, body, orelse }
    Match { subject, cases }
    Raise { exc, cause }
    Assert { test, msg }
    Import { names }
    ImportFrom { module, names, level }
    Global { names }
    Nonlocal { names }
    Expr { value }
} shared {
    FunctionDef(FunctionDef { name, args, body, decorator_list, returns, type_comment, type_params })
    AsyncFunctionDef(FunctionDef { name, args, body, decorator_list, returns, type_comment, type_params })
    ClassDef(ClassDef { name, bases, keywords, body, decorator_list, type_params })
    For(For { target, iter, body, orelse, type_comment })
    AsyncFor(For { target, iter, body, orelse, type_comment })
    With(With { items, body, type_comment })
    AsyncWith(With { items, body, type_comment })
    Try(Try { body, handlers, orelse, finalbody })
    TryStar(Try { body, handlers, orelse, finalbody })
} plain { Pass Break Continue });

sum!(Pattern, as_it_is, PatternKind, "pattern", {
    MatchValue { value }
    MatchSingleton { value }
    MatchSequence { patterns }
    MatchMapping { keys, patterns, rest }
    MatchClass { cls, patterns, kwd_attrs, kwd_patterns }
    MatchStar { name }
    MatchAs { pattern, name }
    MatchOr { patterns }
} shared {} plain {});

sum!(TypeParam, as_it_is, TypeParamKind, "type_param", {
    TypeVar { name, bound, default_value }
    ParamSpec { name, default_value }
    TypeVarTuple { name, default_value }
} shared {} plain {});

impl<'a> Convert<'a> for Mod<'a> {
    fn to_py(&self, cx: &Context<'_, '_>) -> PyResult {
        match self {
            Mod::Module { body, type_ignores } => {
                let node = cx.make("Module")?;
                cx.put(&node, "body", body.to_py(cx)?)?;
                cx.put(&node, "type_ignores", type_ignores.to_py(cx)?)?;
                Ok(node)
            }
            Mod::Interactive { body } => {
                let node = cx.make("Interactive")?;
                cx.put(&node, "body", body.to_py(cx)?)?;
                Ok(node)
            }
            Mod::Expression { body } => {
                let node = cx.make("Expression")?;
                cx.put(&node, "body", body.to_py(cx)?)?;
                Ok(node)
            }
            Mod::FunctionType { argtypes, returns } => {
                let node = cx.make("FunctionType")?;
                cx.put(&node, "argtypes", argtypes.to_py(cx)?)?;
                cx.put(&node, "returns", returns.to_py(cx)?)?;
                Ok(node)
            }
        }
    }

    fn from_py(cx: &Context<'a, '_>, value: Borrowed<'_>, _: Place<'_>) -> PyResult<Self> {
        if cx.is(value, "Module")? {
            let body = cx.take(value, "Module", "body")?;
            let type_ignores = cx.take(value, "Module", "type_ignores")?;
            Ok(Mod::Module { body, type_ignores })
        } else if cx.is(value, "Interactive")? {
            Ok(Mod::Interactive { body: cx.take(value, "Interactive", "body")? })
        } else if cx.is(value, "Expression")? {
            Ok(Mod::Expression { body: cx.take(value, "Expression", "body")? })
        } else if cx.is(value, "FunctionType")? {
            let argtypes = cx.take(value, "FunctionType", "argtypes")?;
            let returns = cx.take(value, "FunctionType", "returns")?;
            Ok(Mod::FunctionType { argtypes, returns })
        } else {
            Err(cx.unexpected(value, "mod"))
        }
    }
}
