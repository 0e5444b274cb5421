//! Trees of the parser as node objects, and back.
//!
//! `ToTree` and `FromTree` are the two directions of every kind of field; `nodes` lists the fields of each class.
//! Objects are read into an arena that holds the new tree. The same job as CPython's generated `ast2obj_*` and
//! `obj2ast_*`.

mod constant;
mod nodes;
mod pieces;
mod prepare;

use std::cell::Cell;

use bumpalo::Bump;
use krait_objects::prelude::*;
use krait_syntax::Mode;
use krait_syntax::ast::*;

use super::classes::{self, Classes};
use super::grammar::{field_index, line_of};
use super::node::Ast;
use pieces::{InPieces, Made, Read};
use prepare::{Annotation, Body, Literal, Literals, Prepare};

/// What a conversion to objects carries along.
pub struct Writer<'m> {
    th: &'m Thread,
    classes: &'m Classes,
    /// How expressions are prepared for the compiler, if that is wanted.
    prepare: Cell<Option<Prepare>>,
    made: Made,
}

/// What a conversion from objects carries along.
pub struct Reader<'a, 'm> {
    th: &'m Thread,
    arena: &'a Bump,
    classes: &'m Classes,
    read: Read<'a>,
}

/// Where a value stands, for messages.
#[derive(Clone, Copy)]
pub struct Place<'p> {
    class: &'p str,
    field: &'p str,
}

/// What can become an object.
pub trait ToTree {
    fn to_py(&self, cx: &Writer<'_>) -> PyResult;
}

/// What can be read from an object.
pub trait FromTree<'a>: Sized {
    fn from_py(cx: &Reader<'a, '_>, value: Borrowed<'_>, place: Place<'_>) -> PyResult<Self>;

    /// What an attribute that is not there stands for.
    fn absent(cx: &Reader<'a, '_>, place: Place<'_>) -> PyResult<Self> {
        let Place { class, field } = place;
        Err(raise!(cx.th, TYPE_ERROR, "required field \"{field}\" missing from {class}"))
    }

    /// If None is to be refused when the node's other fields are known: what stands for it until then.
    fn placeholder(_: &Reader<'a, '_>) -> Option<Self> {
        None
    }

    /// None in a list: an error, or nothing.
    fn none_in_list(cx: &Reader<'a, '_>, place: Place<'_>) -> PyResult<Option<Self>> {
        Self::from_py(cx, none(), place).map(Some)
    }
}

/// A field as the node's class lists it.
type FieldValue<'v> = (usize, &'v dyn ToTree);

impl Writer<'_> {
    /// An object of the class at `line`.
    #[inline(never)]
    fn build(&self, line: usize, fields: &[FieldValue<'_>], span: Option<&Span>) -> PyResult {
        let Some(class) = self.classes.class(line) else {
            return Err(self.th.bad_internal_call());
        };
        let dict = Dict::with_capacity(self.th, fields.len() + 4, true)?;
        for &(index, value) in fields {
            let value = value.to_py(self)?;
            dict.set_str(self.th, self.classes.name(index), value.object())?;
        }
        if let Some(span) = span {
            for (index, value) in [
                (const { field_index("lineno") }, span.lineno),
                (const { field_index("col_offset") }, span.col_offset),
                (const { field_index("end_lineno") }, span.end_lineno),
                (const { field_index("end_col_offset") }, span.end_col_offset),
            ] {
                let value = Int::from_i64(self.th, value.into())?;
                dict.set_str(self.th, self.classes.name(index), value.object())?;
            }
        }
        let node = class.alloc::<Ast>(self.th, 0)?;
        node.set_namespace(dict);
        Ok(node.into_object())
    }

    /// The one instance of a class without fields.
    fn leaf(&self, line: usize) -> PyResult {
        match self.classes.leaf(line) {
            Some(leaf) => Ok(leaf.to_owned()),
            None => Err(self.th.bad_internal_call()),
        }
    }

    /// RecursionError if there is no room for another level.
    fn check_stack(&self) -> PyResult<()> {
        self.th.check_stack("during  ast construction")
    }
}

/// The first field of a node that has None where a value must be.
#[derive(Default)]
struct Missing(Cell<Option<&'static str>>);

impl<'a> Reader<'a, '_> {
    /// The field at `index` of a node.
    fn take<T: FromTree<'a>>(
        &self,
        node: Borrowed<'_>,
        class: &str,
        index: usize,
        missing: &Missing,
    ) -> PyResult<T> {
        let field = super::grammar::FIELDS[index];
        let place = Place { class, field };
        let Some(value) = object::get_attr_opt(self.th, node, self.classes.name(index))? else {
            return T::absent(self, place);
        };
        if value.is_none() {
            if let Some(placeholder) = T::placeholder(self) {
                if missing.0.get().is_none() {
                    missing.0.set(Some(field));
                }
                return Ok(placeholder);
            }
        }
        T::from_py(self, value.object(), place)
    }

    /// A position, whose end may be left out unless `whole`.
    fn take_span(&self, node: Borrowed<'_>, class: &str, whole: bool) -> PyResult<Span> {
        let missing = Missing::default();
        let start = |index: usize| self.take::<i32>(node, class, index, &missing);
        let end = |index: usize, start: i32| match whole {
            true => self.take::<i32>(node, class, index, &missing),
            false => {
                let end = self.take::<Option<i32>>(node, class, index, &missing)?;
                Ok(end.unwrap_or(start))
            }
        };
        let lineno = start(const { field_index("lineno") })?;
        let col_offset = start(const { field_index("col_offset") })?;
        let end_lineno = end(const { field_index("end_lineno") }, lineno)?;
        let end_col_offset = end(const { field_index("end_col_offset") }, col_offset)?;
        Ok(Span { lineno, col_offset, end_lineno, end_col_offset })
    }

    /// ValueError if a required field was None.
    fn complete(&self, class: &str, missing: &Missing) -> PyResult<()> {
        match missing.0.get() {
            None => Ok(()),
            Some(field) => {
                Err(raise!(self.th, VALUE_ERROR, "field '{field}' is required for {class}"))
            }
        }
    }

    /// Which of a sum's classes the value is of.
    fn kind_of(&self, value: Borrowed<'_>, lines: &[usize], sum: &str) -> PyResult<usize> {
        let class = |line: usize| match self.classes.class(line) {
            Some(class) => Ok(class),
            None => Err(self.th.bad_internal_call()),
        };
        let ty = value.get().ty();
        for &line in lines {
            if class(line)?.is(ty) {
                return Ok(line);
            }
        }
        for &line in lines {
            if object::is_instance(self.th, value, class(line)?.object())? {
                return Ok(line);
            }
        }
        let shown = object::repr(self.th, value)?;
        let shown = shown.to_string_lossy();
        Err(raise!(self.th, TYPE_ERROR, "expected some sort of {sum}, but got {shown}"))
    }

    /// RecursionError if there is no room for another level.
    fn check_stack(&self, class: &str) -> PyResult<()> {
        match self.th.check_stack("") {
            Ok(()) => Ok(()),
            Err(raised) => {
                drop(self.th.take_raised(raised));
                self.th.check_stack(&format!(" while traversing '{class}' node"))
            }
        }
    }
}

/// Runs `body` in a frame of its own, so that the frames of a walk hold one kind of node, not all.
#[inline(never)]
fn apart<T>(body: impl FnOnce() -> T) -> T {
    body()
}

/// The object of a tree.
pub fn to_object(th: &Thread, tree: &Mod<'_>, optimize: Option<(u8, bool)>) -> PyResult {
    let prepare = optimize.map(|(level, annotations)| Prepare { level, annotations });
    let (prepare, made) = (Cell::new(prepare), Made::default());
    tree.to_py(&Writer { th, classes: classes::of(th)?, prepare, made })
}

/// The tree of an object.
pub fn from_object<'a>(th: &Thread, arena: &'a Bump, value: Borrowed<'_>) -> PyResult<Mod<'a>> {
    let place = Place { class: "mod", field: "body" };
    let cx = Reader { th, arena, classes: classes::of(th)?, read: Read::default() };
    Mod::from_py(&cx, value, place)
}

/// Whether the object is a node.
pub fn is_tree(th: &Thread, value: Borrowed<'_>) -> PyResult<bool> {
    match classes::existing(th) {
        Some(classes) => object::is_instance(th, value, classes.base().object()),
        None => Ok(false),
    }
}

/// TypeError unless the node is what `mode` compiles.
pub fn check_mode(th: &Thread, value: Borrowed<'_>, mode: Mode) -> PyResult<()> {
    let (line, wanted) = match mode {
        Mode::Exec => (const { line_of("Module") }, "Module"),
        Mode::Eval => (const { line_of("Expression") }, "Expression"),
        Mode::Single => (const { line_of("Interactive") }, "Interactive"),
        Mode::FuncType => (const { line_of("FunctionType") }, "FunctionType"),
    };
    let Some(class) = classes::of(th)?.class(line) else { return Err(th.bad_internal_call()) };
    if object::is_instance(th, value, class.object())? {
        return Ok(());
    }
    let found = value.get().ty().name().to_owned();
    Err(raise!(th, TYPE_ERROR, "expected {wanted} node, got {found}"))
}

impl<T: ToTree> ToTree for &T {
    fn to_py(&self, cx: &Writer<'_>) -> PyResult {
        T::to_py(self, cx)
    }
}

impl<'a, T: FromTree<'a>> FromTree<'a> for &'a T {
    fn from_py(cx: &Reader<'a, '_>, value: Borrowed<'_>, place: Place<'_>) -> PyResult<Self> {
        Ok(cx.arena.alloc(T::from_py(cx, value, place)?))
    }

    fn absent(cx: &Reader<'a, '_>, place: Place<'_>) -> PyResult<Self> {
        Ok(cx.arena.alloc(T::absent(cx, place)?))
    }

    fn placeholder(cx: &Reader<'a, '_>) -> Option<Self> {
        T::placeholder(cx).map(|value| &*cx.arena.alloc(value))
    }

    fn none_in_list(cx: &Reader<'a, '_>, place: Place<'_>) -> PyResult<Option<Self>> {
        Ok(T::none_in_list(cx, place)?.map(|value| &*cx.arena.alloc(value)))
    }
}

impl<T: ToTree> ToTree for Option<T> {
    fn to_py(&self, cx: &Writer<'_>) -> PyResult {
        match self {
            Some(value) => value.to_py(cx),
            None => Ok(none().to_owned()),
        }
    }
}

impl<'a, T: FromTree<'a>> FromTree<'a> for Option<T> {
    fn from_py(cx: &Reader<'a, '_>, value: Borrowed<'_>, place: Place<'_>) -> PyResult<Self> {
        if value.is_none() { Ok(None) } else { T::from_py(cx, value, place).map(Some) }
    }

    fn absent(_: &Reader<'a, '_>, _: Place<'_>) -> PyResult<Self> {
        Ok(None)
    }
}

impl<T: ToTree> ToTree for &[T] {
    fn to_py(&self, cx: &Writer<'_>) -> PyResult {
        let items: PyResult<Vec<Owned>> = self.iter().map(|item| item.to_py(cx)).collect();
        List::from_vec(cx.th, items?).map(Owned::into_object)
    }
}

impl<'a, T: FromTree<'a> + Copy> FromTree<'a> for &'a [T] {
    fn from_py(cx: &Reader<'a, '_>, value: Borrowed<'_>, place: Place<'_>) -> PyResult<Self> {
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
        let mut at = 0;
        while let Some(item) = list.get().get(at) {
            at += 1;
            let item = match item.is_none() {
                true => T::none_in_list(cx, place)?,
                false => Some(T::from_py(cx, item.object(), place)?),
            };
            items.extend(item);
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

    fn absent(_: &Reader<'a, '_>, _: Place<'_>) -> PyResult<Self> {
        Ok(&[])
    }
}
