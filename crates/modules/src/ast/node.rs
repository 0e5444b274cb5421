//! `AST`: what all nodes can do. Fields live in the instance's dictionary.
//!
//! The type declared here is the model of `ast.AST`: `classes` makes a class from it that programs can change.

use std::ffi::c_int;

use krait_eval::warnings;
use krait_objects::gc::Visitor;
use krait_objects::generic_alias::GenericAlias;
use krait_objects::object::instance_dict;
use krait_objects::prelude::*;
use krait_objects::repr_guard;
use krait_objects::union::Union;

use super::classes::{self, Classes};
use super::grammar::line_of;

/// What is common to all nodes of syntax trees.
#[pytype(name = "ast.AST", flags(BASETYPE, HAVE_GC), dict = dict)]
#[repr(C)]
pub struct Ast {
    head: Head,
    #[visit]
    dict: Slot<Dict>,
}

impl Ast {
    /// The instance's dictionary, made if there is none yet.
    pub fn namespace(&self, th: &Thread) -> PyResult<Owned<Dict>> {
        instance_dict::dict_of(th, Borrowed::from_ref(self).object())
    }

    /// Gives a new node its fields.
    pub fn set_namespace(&self, dict: Owned<Dict>) {
        self.dict.set(Some(dict));
    }
}

#[pymethods(parts(copying))]
impl Ast {
    #[slot(tp_new)]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        _args: Borrowed<'_, Tuple>,
        _kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<Owned<Ast>> {
        cls.get().alloc::<Ast>(th, 0)
    }

    #[slot(tp_init)]
    fn init(
        this: Borrowed<'_, Self>,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<()> {
        let classes = classes::of(th)?;
        let class = this.object().get().ty().to_owned();
        let fields = object::get_attr(th, class.object(), classes.fields.borrow())?;
        let count = sequence::len(th, fields.object())?;
        if count < args.len() {
            let plural = if count == 1 { "" } else { "s" };
            return Err(raise!(
                th,
                TYPE_ERROR,
                "{} constructor takes at most {count} positional argument{plural}",
                class.name()
            ));
        }
        let mut given = Given { class, names: Vec::with_capacity(count) };
        for (at, &value) in args.as_slice().iter().enumerate() {
            let name = sequence::get(th, fields.object(), at as isize)?;
            set(th, this.object(), name.object(), value)?;
            given.names.push((name, true));
        }
        for at in args.len()..count {
            given.names.push((sequence::get(th, fields.object(), at as isize)?, false));
        }
        let mut position = 0;
        while let Some((name, value)) = kwargs.and_then(|kwargs| kwargs.get().next(&mut position)) {
            given.keyword(th, classes, name.object())?;
            set(th, this.object(), name.object(), value.object())?;
        }
        given.fill(th, classes, this.object())
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let mut text = Vec::new();
        write_repr(th, classes::of(th)?, this.object(), 3, &mut text)?;
        Str::from_wtf8(th, &text)
    }

    /// The class is not in the `#[visit]` fields: instances of a class that is made at run time keep it alive.
    #[slot(tp_traverse)]
    fn traverse(&self, visit: &mut Visitor<'_>) -> c_int {
        match visit.visit(self.dict.get()) {
            0 => visit.visit(Some(Borrowed::from_ref(self).object().get().ty())),
            stop => stop,
        }
    }

    #[getter]
    fn __dict__(&self, th: &Thread) -> PyResult<Owned<Dict>> {
        self.namespace(th)
    }

    #[setter]
    fn set___dict__(
        this: Borrowed<'_, Self>,
        th: &Thread,
        value: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        instance_dict::set_generic(th, this.object(), value)
    }
}

/// Sets an attribute whose name may be of any type.
fn set(th: &Thread, node: Borrowed<'_>, name: Borrowed<'_>, value: Borrowed<'_>) -> PyResult<()> {
    match name.downcast::<Str>() {
        Some(name) => object::set_attr(th, node, name, value),
        None => {
            Err(raise!(th, TYPE_ERROR, "attribute name must be string, not '{}'", name.type_name()))
        }
    }
}

fn deprecated(th: &Thread, message: std::fmt::Arguments<'_>) -> PyResult<()> {
    let message = Str::from_fmt(th, message)?;
    warnings::warn(th, Borrowed::from_ref(exc::DEPRECATION_WARNING).object(), message.borrow(), 1)
}

/// Which fields a constructor was given.
struct Given {
    class: Owned<Type>,
    names: Vec<(Owned, bool)>,
}

impl Given {
    /// Notes a keyword argument: for a field that has none yet, for an attribute, or for nothing known.
    fn keyword(&mut self, th: &Thread, classes: &Classes, name: Borrowed<'_>) -> PyResult<()> {
        for (field, given) in &mut self.names {
            if !field.object().is(name) && !object::eq(th, field.object(), name)? {
                continue;
            }
            if std::mem::replace(given, true) {
                let (class, name) = (self.class.tp_name(), object::repr(th, name)?);
                return Err(raise!(
                    th,
                    TYPE_ERROR,
                    "{class} got multiple values for argument {}",
                    *name
                ));
            }
            return Ok(());
        }
        let attributes = object::get_attr(th, self.class.object(), classes.attributes.borrow())?;
        if sequence::contains(th, attributes.object(), name)? {
            return Ok(());
        }
        let (class, name) = (self.class.tp_name(), object::repr(th, name)?);
        deprecated(
            th,
            format_args!(
                "{class}.__init__ got an unexpected keyword argument {}. Support for arbitrary keyword arguments is deprecated and will be removed in Python 3.15.",
                *name
            ),
        )
    }

    /// Fields that were not given get what their types say, or a warning if they must be there.
    fn fill(&self, th: &Thread, classes: &Classes, node: Borrowed<'_>) -> PyResult<()> {
        if self.names.iter().all(|(_, given)| *given) {
            return Ok(());
        }
        let types = object::get_attr_opt(th, self.class.object(), classes.field_types.borrow())?;
        // Without it, a field that is not given is simply not there.
        let Some(types) = types else { return Ok(()) };
        let Some(types) = types.object().downcast::<Dict>() else {
            return Err(th.bad_internal_call());
        };
        let missing = self.names.iter().filter(|(_, given)| !given);
        for (name, _) in missing {
            let ty = types.get().get(th, name.object())?;
            self.fill_one(th, classes, node, name, ty)?;
        }
        Ok(())
    }

    fn fill_one(
        &self,
        th: &Thread,
        classes: &Classes,
        node: Borrowed<'_>,
        name: &Owned,
        ty: Option<Owned>,
    ) -> PyResult<()> {
        let class = self.class.tp_name();
        let Some(ty) = ty else {
            let name = object::repr(th, name.object())?;
            return deprecated(
                th,
                format_args!(
                    "Field {} is missing from {class}._field_types. This will become an error in Python 3.15.",
                    *name
                ),
            );
        };
        if ty.object().downcast::<Union>().is_some() {
            // Optional: the class has None.
            return Ok(());
        }
        if ty.object().downcast_exact::<GenericAlias>().is_some() {
            return set(th, node, name.object(), List::new(th)?.object());
        }
        let context = classes.class(const { line_of("expr_context") });
        if context.is_some_and(|context| ty.object().is(context.object())) {
            let load = classes.leaf(const { line_of("Load") });
            return match load {
                Some(load) => set(th, node, name.object(), load),
                None => Err(th.bad_internal_call()),
            };
        }
        let name = object::repr(th, name.object())?;
        deprecated(
            th,
            format_args!(
                "{class}.__init__ missing 1 required positional argument: {}. This will become an error in Python 3.15.",
                *name
            ),
        )
    }
}

/// `Class(field=value, …)`, nodes below `depth` levels as `Class(...)`; of long lists, both ends.
fn write_repr(
    th: &Thread,
    classes: &Classes,
    node: Borrowed<'_>,
    depth: usize,
    text: &mut Vec<u8>,
) -> PyResult<()> {
    let class = node.get().ty().to_owned();
    text.extend_from_slice(class.tp_name().as_bytes());
    let guard = if depth == 0 { None } else { repr_guard::enter(th, node) };
    if guard.is_none() {
        text.extend_from_slice(b"(...)");
        return Ok(());
    }
    let fields = object::get_attr(th, class.object(), classes.fields.borrow())?;
    text.push(b'(');
    for at in 0..sequence::len(th, fields.object())? {
        if at > 0 {
            text.extend_from_slice(b", ");
        }
        let name = sequence::get(th, fields.object(), at as isize)?;
        let Some(name) = name.object().downcast::<Str>() else {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "attribute name must be string, not '{}'",
                name.object().type_name()
            ));
        };
        let value = object::get_attr(th, node, name)?;
        text.extend_from_slice(&name.to_wtf8());
        text.push(b'=');
        write_value(th, classes, value.object(), depth - 1, text)?;
    }
    text.push(b')');
    Ok(())
}

fn write_value(
    th: &Thread,
    classes: &Classes,
    value: Borrowed<'_>,
    depth: usize,
    text: &mut Vec<u8>,
) -> PyResult<()> {
    let (open, close, items) = if let Some(list) = value.downcast::<List>() {
        (b'[', b']', list.to_vec())
    } else if let Some(tuple) = value.downcast::<Tuple>() {
        (b'(', b')', tuple.as_slice().iter().map(|&item| item.to_owned()).collect())
    } else {
        return write_item(th, classes, value, depth, text);
    };
    text.push(open);
    if let [first, .., last] = &items[..] {
        write_item(th, classes, first.object(), depth, text)?;
        text.extend_from_slice(if items.len() > 2 { b", ..., " } else { b", " });
        write_item(th, classes, last.object(), depth, text)?;
    } else if let [only] = &items[..] {
        write_item(th, classes, only.object(), depth, text)?;
    }
    text.push(close);
    Ok(())
}

fn write_item(
    th: &Thread,
    classes: &Classes,
    value: Borrowed<'_>,
    depth: usize,
    text: &mut Vec<u8>,
) -> PyResult<()> {
    if value.get().ty().is_subtype(classes.base().get()) {
        return write_repr(th, classes, value, depth, text);
    }
    text.extend_from_slice(&object::repr(th, value)?.to_wtf8());
    Ok(())
}
