//! The fields of every node class, in the reference's order.

use super::*;

/// A field's value, or what wraps it when it is written.
macro_rules! written {
    ($value:expr) => {
        $value
    };
    ($value:expr, $wrap:ident) => {
        $wrap($value)
    };
}

/// The index of a field's name.
macro_rules! index {
    ($field:ident) => {
        const { field_index(stringify!($field)) }
    };
}

/// A class of its own: objects are not asked for their class, only for their fields.
macro_rules! product {
    ($ty:ident, $class:literal, { $($field:ident $(as $wrap:ident)?),* } $($span:ident)?) => {
        impl ToTree for $ty<'_> {
            fn to_py(&self, cx: &Writer<'_>) -> PyResult {
                let span: &[&Span] = &[$(&self.$span)?];
                cx.build(
                    const { line_of($class) },
                    &[$((index!($field), &written!(self.$field $(, $wrap)?))),*],
                    span.first().copied(),
                )
            }
        }

        impl<'a> FromTree<'a> for $ty<'a> {
            fn from_py(cx: &Reader<'a, '_>, value: Borrowed<'_>, _: Place<'_>) -> PyResult<Self> {
                let missing = Missing::default();
                let node = $ty {
                    $($field: cx.take(value, $class, index!($field), &missing)?,)*
                    $($span: cx.take_span(value, $class, false)?,)?
                };
                cx.complete($class, &missing)?;
                Ok(node)
            }
        }
    };
}

/// An expression as the compiler would have it, if that is wanted.
fn prepared<'x>(expr: &'x Expr<'x>, cx: &Writer<'_>, arena: &'x Bump) -> &'x Expr<'x> {
    match cx.prepare.get() {
        Some(prepare) => krait_compiler::prepared::resolve(expr, prepare.level, arena),
        None => expr,
    }
}

fn as_it_is<'x, T>(node: &'x T, _: &Writer<'_>, _: &'x Bump) -> &'x T {
    node
}

/// A sum whose nodes have positions: classes with fields, classes that share a struct, classes without fields.
/// `whole`: the ends of positions are required.
macro_rules! sum {
    (
        $ty:ident, $prepare:ident, $kind:ident, $sum:literal, whole = $whole:literal,
        { $($class:ident { $($field:ident $(as $wrap:ident)?),* })* }
        shared { $($shared:ident($inner:ident { $($part:ident $(as $cover:ident)?),* }))* }
        plain { $($plain:ident)* }
        none { $($none:tt)* }
    ) => {
        impl ToTree for $ty<'_> {
            fn to_py(&self, cx: &Writer<'_>) -> PyResult {
                if cx.is_short_of_stack()
                    && let Some(made) = self.made_in_pieces(cx)?
                {
                    return Ok(made);
                }
                let arena = Bump::new();
                let this = $prepare(self, cx, &arena);
                let span = Some(&this.span);
                match &this.node {
                    $($kind::$class { $($field),* } => cx.build(
                        const { line_of(stringify!($class)) },
                        &[$((index!($field), &written!(*$field $(, $wrap)?))),*],
                        span,
                    ),)*
                    $($kind::$shared(inner) => cx.build(
                        const { line_of(stringify!($shared)) },
                        &[$((index!($part), &written!(inner.$part $(, $cover)?))),*],
                        span,
                    ),)*
                    $($kind::$plain => cx.build(
                        const { line_of(stringify!($plain)) },
                        &[],
                        span,
                    ),)*
                }
            }
        }

        impl<'a> FromTree<'a> for $ty<'a> {
            fn from_py(cx: &Reader<'a, '_>, value: Borrowed<'_>, _: Place<'_>) -> PyResult<Self> {
                if cx.is_short_of_stack()
                    && let Some(read) = Self::read_in_pieces(cx, value, $sum)?
                {
                    return Ok(read);
                }
                let span = cx.take_span(value, $sum, $whole)?;
                let lines = const { &[
                    $(line_of(stringify!($class)),)*
                    $(line_of(stringify!($shared)),)*
                    $(line_of(stringify!($plain)),)*
                ] };
                let line = cx.kind_of(value, lines, $sum)?;
                $(if line == const { line_of(stringify!($class)) } {
                    return apart(|| {
                        let missing = Missing::default();
                        let node = $kind::$class {
                            $($field: cx.take(
                                value, stringify!($class), index!($field), &missing
                            )?),*
                        };
                        cx.complete(stringify!($class), &missing)?;
                        Ok($ty { node, span })
                    });
                })*
                $(if line == const { line_of(stringify!($shared)) } {
                    return apart(|| {
                        let missing = Missing::default();
                        let inner = $inner {
                            $($part: cx.take(
                                value, stringify!($shared), index!($part), &missing
                            )?),*
                        };
                        cx.complete(stringify!($shared), &missing)?;
                        Ok($ty { node: $kind::$shared(cx.arena.alloc(inner)), span })
                    });
                })*
                $(if line == const { line_of(stringify!($plain)) } {
                    return Ok($ty { node: $kind::$plain, span });
                })*
                Err(cx.th.bad_internal_call())
            }

            $($none)*
        }
    };
}

/// A sum of classes without fields or positions.
macro_rules! choice {
    ($ty:ident, $sum:literal, $($class:ident)*) => {
        impl ToTree for $ty {
            fn to_py(&self, cx: &Writer<'_>) -> PyResult {
                cx.leaf(match self {
                    $($ty::$class => const { line_of(stringify!($class)) },)*
                })
            }
        }

        impl<'a> FromTree<'a> for $ty {
            fn from_py(cx: &Reader<'a, '_>, value: Borrowed<'_>, _: Place<'_>) -> PyResult<Self> {
                let lines = const { &[$(line_of(stringify!($class))),*] };
                let line = cx.kind_of(value, lines, $sum)?;
                $(if line == const { line_of(stringify!($class)) } {
                    return Ok($ty::$class);
                })*
                Err(cx.th.bad_internal_call())
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
product!(Arg, "arg", { arg, annotation as Annotation, type_comment } span);
product!(Arguments, "arguments", { posonlyargs, args, vararg, kwonlyargs, kw_defaults, kwarg, defaults });
product!(Comprehension, "comprehension", { target, iter, ifs, is_async });

product!(Keyword, "keyword", { arg, value } span);
product!(MatchCase, "match_case", { pattern, guard, body });
product!(WithItem, "withitem", { context_expr, optional_vars });

sum!(Expr, prepared, ExprKind, "expr", whole = false, {
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
} shared {} plain {} none {
    fn placeholder(_: &Reader<'a, '_>) -> Option<Self> {
        let node = ExprKind::Constant { value: Constant::None, kind: None };
        Some(Expr { node, span: Span::default() })
    }

    fn none_in_list(cx: &Reader<'a, '_>, _: Place<'_>) -> PyResult<Option<Self>> {
        Err(cx.th.raise(exc::VALUE_ERROR, "None disallowed in expression list"))
    }
});

sum!(Stmt, as_it_is, StmtKind, "stmt", whole = false, {
    Return { value }
    Delete { targets }
    Assign { targets, value, type_comment }
    TypeAlias { name, type_params, value }
    AugAssign { target, op, value }
    AnnAssign { target, annotation as Annotation, value, simple }
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
    FunctionDef(FunctionDef { name, args, body as Body, decorator_list, returns as Annotation, type_comment, type_params })
    AsyncFunctionDef(FunctionDef { name, args, body as Body, decorator_list, returns as Annotation, type_comment, type_params })
    ClassDef(ClassDef { name, bases, keywords, body as Body, decorator_list, type_params })
    For(For { target, iter, body, orelse, type_comment })
    AsyncFor(For { target, iter, body, orelse, type_comment })
    With(With { items, body, type_comment })
    AsyncWith(With { items, body, type_comment })
    Try(Try { body, handlers, orelse, finalbody })
    TryStar(Try { body, handlers, orelse, finalbody })
} plain { Pass Break Continue } none {
    fn none_in_list(cx: &Reader<'a, '_>, _: Place<'_>) -> PyResult<Option<Self>> {
        Err(cx.th.raise(exc::VALUE_ERROR, "None disallowed in statement list"))
    }
});

sum!(Pattern, as_it_is, PatternKind, "pattern", whole = true, {
    MatchValue { value as Literal }
    MatchSingleton { value }
    MatchSequence { patterns }
    MatchMapping { keys as Literals, patterns, rest }
    MatchClass { cls, patterns, kwd_attrs, kwd_patterns }
    MatchStar { name }
    MatchAs { pattern, name }
    MatchOr { patterns }
} shared {} plain {} none {
    fn placeholder(_: &Reader<'a, '_>) -> Option<Self> {
        let node = PatternKind::MatchAs { pattern: None, name: None };
        Some(Pattern { node, span: Span::default() })
    }

    fn none_in_list(cx: &Reader<'a, '_>, _: Place<'_>) -> PyResult<Option<Self>> {
        Err(cx.th.raise(exc::VALUE_ERROR, "None disallowed in pattern list"))
    }
});

sum!(TypeParam, as_it_is, TypeParamKind, "type_param", whole = true, {
    TypeVar { name, bound, default_value }
    ParamSpec { name, default_value }
    TypeVarTuple { name, default_value }
} shared {} plain {} none {
    fn none_in_list(cx: &Reader<'a, '_>, _: Place<'_>) -> PyResult<Option<Self>> {
        Err(cx.th.raise(exc::VALUE_ERROR, "None disallowed in type parameter list"))
    }
});

impl ToTree for ExceptHandler<'_> {
    fn to_py(&self, cx: &Writer<'_>) -> PyResult {
        cx.build(
            const { line_of("ExceptHandler") },
            &[
                (index!(r#type), &self.r#type),
                (index!(name), &self.name),
                (index!(body), &self.body),
            ],
            Some(&self.span),
        )
    }
}

impl<'a> FromTree<'a> for ExceptHandler<'a> {
    fn from_py(cx: &Reader<'a, '_>, value: Borrowed<'_>, _: Place<'_>) -> PyResult<Self> {
        const CLASS: &str = "ExceptHandler";
        let span = cx.take_span(value, "excepthandler", false)?;
        cx.kind_of(value, &[const { line_of(CLASS) }], "excepthandler")?;
        let missing = Missing::default();
        Ok(ExceptHandler {
            r#type: cx.take(value, CLASS, index!(r#type), &missing)?,
            name: cx.take(value, CLASS, index!(name), &missing)?,
            body: cx.take(value, CLASS, index!(body), &missing)?,
            span,
        })
    }

    fn none_in_list(cx: &Reader<'a, '_>, _: Place<'_>) -> PyResult<Option<Self>> {
        Err(cx.th.raise(exc::VALUE_ERROR, "None disallowed in handler list"))
    }
}

impl ToTree for TypeIgnore<'_> {
    fn to_py(&self, cx: &Writer<'_>) -> PyResult {
        let fields: [FieldValue<'_>; 2] =
            [(index!(lineno), &self.lineno), (index!(tag), &self.tag)];
        cx.build(const { line_of("TypeIgnore") }, &fields, None)
    }
}

impl<'a> FromTree<'a> for TypeIgnore<'a> {
    fn from_py(cx: &Reader<'a, '_>, value: Borrowed<'_>, _: Place<'_>) -> PyResult<Self> {
        const CLASS: &str = "TypeIgnore";
        cx.kind_of(value, &[const { line_of(CLASS) }], "type_ignore")?;
        let missing = Missing::default();
        Ok(TypeIgnore {
            lineno: cx.take(value, CLASS, index!(lineno), &missing)?,
            tag: cx.take(value, CLASS, index!(tag), &missing)?,
        })
    }

    /// Nobody looks at them.
    fn none_in_list(_: &Reader<'a, '_>, _: Place<'_>) -> PyResult<Option<Self>> {
        Ok(None)
    }
}

impl ToTree for Mod<'_> {
    fn to_py(&self, cx: &Writer<'_>) -> PyResult {
        let (line, fields): (usize, &[FieldValue<'_>]) = match self {
            Mod::Module { body, type_ignores } => (
                const { line_of("Module") },
                &[(index!(body), &Body(body)), (index!(type_ignores), type_ignores)],
            ),
            Mod::Interactive { body } => {
                (const { line_of("Interactive") }, &[(index!(body), body)])
            }
            Mod::Expression { body } => (const { line_of("Expression") }, &[(index!(body), body)]),
            Mod::FunctionType { argtypes, returns } => (
                const { line_of("FunctionType") },
                &[(index!(argtypes), argtypes), (index!(returns), returns)],
            ),
        };
        cx.build(line, fields, None)
    }
}

impl<'a> FromTree<'a> for Mod<'a> {
    fn from_py(cx: &Reader<'a, '_>, value: Borrowed<'_>, _: Place<'_>) -> PyResult<Self> {
        const MODULE: usize = line_of("Module");
        const INTERACTIVE: usize = line_of("Interactive");
        const EXPRESSION: usize = line_of("Expression");
        const FUNCTION_TYPE: usize = line_of("FunctionType");
        let missing = Missing::default();
        let line = cx.kind_of(value, &[MODULE, INTERACTIVE, EXPRESSION, FUNCTION_TYPE], "mod")?;
        let (class, tree) = match line {
            MODULE => {
                let body = cx.take(value, "Module", index!(body), &missing)?;
                let type_ignores = cx.take(value, "Module", index!(type_ignores), &missing)?;
                ("Module", Mod::Module { body, type_ignores })
            }
            INTERACTIVE => {
                let body = cx.take(value, "Interactive", index!(body), &missing)?;
                ("Interactive", Mod::Interactive { body })
            }
            EXPRESSION => {
                let body = cx.take(value, "Expression", index!(body), &missing)?;
                ("Expression", Mod::Expression { body })
            }
            _ => {
                let argtypes = cx.take(value, "FunctionType", index!(argtypes), &missing)?;
                let returns = cx.take(value, "FunctionType", index!(returns), &missing)?;
                ("FunctionType", Mod::FunctionType { argtypes, returns })
            }
        };
        cx.complete(class, &missing)?;
        Ok(tree)
    }
}
