//! Trees of the parser as node objects, and back.
//!
//! `Convert` has both directions of every kind of field; `nodes` lists the fields of each class. Objects are read
//! into an arena that holds the new tree. The same job as CPython's generated `ast2obj_*` and `obj2ast_*`.

mod constant;
mod nodes;

use std::cell::Cell;

use bumpalo::Bump;
use krait_objects::prelude::*;
use krait_syntax::ast::*;

use super::node::Ast;

/// Deeper trees than this are refused.
const MAX_DEPTH: u32 = 400;

/// What a conversion carries along.
pub struct Context<'a, 'm> {
    pub th: &'m Thread,
    pub arena: &'a Bump,
    pub module: Borrowed<'m, Module>,
    depth: Cell<u32>,
    /// The level at which expressions are prepared for the compiler, if that is wanted.
    optimize: Option<u8>,
}

/// Operators and contexts by the names of their classes: a tree shares them.
struct Leaves(Slot<Dict>);

impl Default for Leaves {
    fn default() -> Leaves {
        Leaves(Slot::EMPTY)
    }
}

/// Where a value stands, for messages.
#[derive(Clone, Copy)]
pub struct Place<'p> {
    pub class: &'p str,
    pub field: &'p str,
}

/// A kind of field.
pub trait Convert<'a>: Sized {
    fn to_py(&self, cx: &Context<'_, '_>) -> PyResult;
    fn from_py(cx: &Context<'a, '_>, value: Borrowed<'_>, place: Place<'_>) -> PyResult<Self>;

    /// What an attribute that is not there stands for.
    fn absent(cx: &Context<'a, '_>, place: Place<'_>) -> PyResult<Self> {
        let Place { class, field } = place;
        Err(raise!(cx.th, TYPE_ERROR, "required field \"{field}\" missing from {class}"))
    }
}

impl<'a, 'm> Context<'a, 'm> {
    pub fn new(th: &'m Thread, arena: &'a Bump, module: Borrowed<'m, Module>) -> Context<'a, 'm> {
        Context { th, arena, module, depth: Cell::new(0), optimize: None }
    }

    /// A class of the module.
    pub fn class(&self, name: &str) -> PyResult {
        let name = Str::interned(self.th, name)?;
        match self.module.dict().get_str(self.th, name.borrow())? {
            Some(class) => Ok(class),
            None => Err(self.th.bad_internal_call()),
        }
    }

    /// A new object of a class, its fields not set yet.
    pub fn make(&self, name: &str) -> PyResult {
        let class = self.class(name)?;
        let Some(class) = class.object().downcast::<Type>() else {
            return Err(self.th.bad_internal_call());
        };
        Ok(class.alloc::<Ast>(self.th, 0)?.into_object())
    }

    /// The one instance of a class without fields.
    pub fn leaf(&self, name: &str) -> PyResult {
        let kept = self.th.interp().state::<Leaves>();
        let dict = match kept.0.get_owned() {
            Some(dict) => dict,
            None => {
                let dict = Dict::new(self.th)?;
                kept.0.set(Some(dict.clone()));
                dict
            }
        };
        let key = Str::interned(self.th, name)?;
        if let Some(leaf) = dict.get_str(self.th, key.borrow())? {
            return Ok(leaf);
        }
        let leaf = self.make(name)?;
        dict.set_str(self.th, key.borrow(), leaf.object())?;
        Ok(leaf)
    }

    pub fn put(&self, node: &Owned, field: &str, value: Owned) -> PyResult<()> {
        let field = Str::interned(self.th, field.trim_start_matches("r#"))?;
        object::set_attr(self.th, node.object(), field.borrow(), value.object())
    }

    pub fn put_span(&self, node: &Owned, span: &Span) -> PyResult<()> {
        self.put(node, "lineno", span.lineno.to_py(self)?)?;
        self.put(node, "col_offset", span.col_offset.to_py(self)?)?;
        self.put(node, "end_lineno", span.end_lineno.to_py(self)?)?;
        self.put(node, "end_col_offset", span.end_col_offset.to_py(self)?)
    }

    pub fn take<T: Convert<'a>>(
        &self,
        node: Borrowed<'_>,
        class: &str,
        field: &str,
    ) -> PyResult<T> {
        let field = field.trim_start_matches("r#");
        let place = Place { class, field };
        let name = Str::interned(self.th, field)?;
        match object::get_attr_opt(self.th, node, name.borrow())? {
            Some(value) => T::from_py(self, value.object(), place),
            None => T::absent(self, place),
        }
    }

    pub fn take_span(&self, node: Borrowed<'_>, class: &str) -> PyResult<Span> {
        let lineno: i32 = self.take(node, class, "lineno")?;
        let col_offset: i32 = self.take(node, class, "col_offset")?;
        let end_lineno: Option<i32> = self.take(node, class, "end_lineno")?;
        let end_col_offset: Option<i32> = self.take(node, class, "end_col_offset")?;
        Ok(Span {
            lineno,
            col_offset,
            end_lineno: end_lineno.unwrap_or(lineno),
            end_col_offset: end_col_offset.unwrap_or(col_offset),
        })
    }

    /// Runs `body` one level deeper.
    pub fn nested<T>(&self, body: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
        if self.depth.get() >= MAX_DEPTH {
            return Err(self.th.raise(
                exc::RECURSION_ERROR,
                "maximum recursion depth exceeded during ast construction",
            ));
        }
        self.depth.set(self.depth.get() + 1);
        let result = body();
        self.depth.set(self.depth.get() - 1);
        result
    }

    /// Whether `value` is of the class.
    pub fn is(&self, value: Borrowed<'_>, class: &str) -> PyResult<bool> {
        let class = self.class(class)?;
        object::is_instance(self.th, value, class.object())
    }

    /// The value is none of a sum's constructors.
    pub fn unexpected(&self, value: Borrowed<'_>, sum: &str) -> Raised {
        match object::repr(self.th, value) {
            Ok(shown) => raise!(
                self.th,
                TYPE_ERROR,
                "expected some sort of {sum}, but got {}",
                shown.to_string_lossy()
            ),
            Err(raised) => raised,
        }
    }
}

/// The object of a tree.
pub fn to_object(th: &Thread, tree: &Mod<'_>, optimize: Option<u8>) -> PyResult {
    let arena = Bump::new();
    with_module(th, |module| tree.to_py(&Context { optimize, ..Context::new(th, &arena, module) }))
}

/// The tree of an object.
pub fn from_object<'a>(th: &Thread, arena: &'a Bump, value: Borrowed<'_>) -> PyResult<Mod<'a>> {
    with_module(th, |module| {
        let place = Place { class: "mod", field: "body" };
        Mod::from_py(&Context::new(th, arena, module), value, place)
    })
}

fn with_module<T>(
    th: &Thread,
    body: impl FnOnce(Borrowed<'_, Module>) -> PyResult<T>,
) -> PyResult<T> {
    let module = krait_eval::import::import(th, "_ast")?;
    match module.object().downcast::<Module>() {
        Some(module) => body(module),
        None => Err(th.bad_internal_call()),
    }
}

impl<'a, T: Convert<'a>> Convert<'a> for &'a T {
    fn to_py(&self, cx: &Context<'_, '_>) -> PyResult {
        T::to_py(self, cx)
    }

    fn from_py(cx: &Context<'a, '_>, value: Borrowed<'_>, place: Place<'_>) -> PyResult<Self> {
        Ok(cx.arena.alloc(T::from_py(cx, value, place)?))
    }

    fn absent(cx: &Context<'a, '_>, place: Place<'_>) -> PyResult<Self> {
        Ok(cx.arena.alloc(T::absent(cx, place)?))
    }
}

impl<'a, T: Convert<'a>> Convert<'a> for Option<T> {
    fn to_py(&self, cx: &Context<'_, '_>) -> PyResult {
        match self {
            Some(value) => value.to_py(cx),
            None => Ok(none().to_owned()),
        }
    }

    fn from_py(cx: &Context<'a, '_>, value: Borrowed<'_>, place: Place<'_>) -> PyResult<Self> {
        if value.is_none() { Ok(None) } else { T::from_py(cx, value, place).map(Some) }
    }

    fn absent(_: &Context<'a, '_>, _: Place<'_>) -> PyResult<Self> {
        Ok(None)
    }
}

impl<'a, T: Convert<'a> + Copy> Convert<'a> for &'a [T] {
    fn to_py(&self, cx: &Context<'_, '_>) -> PyResult {
        let items: PyResult<Vec<Owned>> = self.iter().map(|item| item.to_py(cx)).collect();
        List::from_vec(cx.th, items?).map(Owned::into_object)
    }

    fn from_py(cx: &Context<'a, '_>, value: Borrowed<'_>, place: Place<'_>) -> PyResult<Self> {
        let Place { class, field } = place;
        let Some(list) = value.downcast::<List>() else {
            return Err(raise!(
                cx.th,
                TYPE_ERROR,
                "{class} field \"{field}\" must be a list, not a {}",
                value.type_name()
            ));
        };
        let count = list.len();
        let mut items = Vec::with_capacity(count);
        while let Some(item) = list.get().get(items.len()) {
            items.push(T::from_py(cx, item.object(), place)?);
            // Reading an item may run Python code.
            if list.len() != count {
                return Err(raise!(
                    cx.th,
                    RUNTIME_ERROR,
                    "{class} field \"{field}\" changed size during iteration"
                ));
            }
        }
        Ok(cx.arena.alloc_slice_copy(&items))
    }

    fn absent(_: &Context<'a, '_>, _: Place<'_>) -> PyResult<Self> {
        Ok(&[])
    }
}
