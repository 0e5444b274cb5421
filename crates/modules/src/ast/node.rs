//! `AST`: what all nodes can do. Fields live in the instance's dictionary.

use krait_eval::warnings;
use krait_objects::prelude::*;

/// The base class of all syntax tree nodes.
#[pytype(name = "ast.AST", flags(BASETYPE, HAVE_GC), dict = dict)]
#[repr(C)]
pub struct Ast {
    head: Head,
    #[visit]
    dict: Slot<Dict>,
}

/// `_fields` or `_attributes` of a node's class.
fn names(th: &Thread, node: Borrowed<'_>, what: &str) -> PyResult<Vec<Owned<Str>>> {
    let Some(found) = object::get_attr_opt(th, node, Str::interned(th, what)?.borrow())? else {
        return Ok(Vec::new());
    };
    let names = iter::collect(th, found.object())?;
    names
        .into_iter()
        .map(|name| name.downcast::<Str>().map_err(|_| th.bad_internal_call()))
        .collect()
}

fn deprecated(th: &Thread, message: String) -> PyResult<()> {
    let message = Str::new(th, &message)?;
    warnings::warn(th, Borrowed::from_ref(exc::DEPRECATION_WARNING).object(), message.borrow(), 1)
}

impl Ast {
    fn namespace(&self, th: &Thread) -> PyResult<Owned<Dict>> {
        match self.dict.get_owned() {
            Some(dict) => Ok(dict),
            None => {
                let dict = Dict::new(th)?;
                self.dict.set(Some(dict.clone()));
                Ok(dict)
            }
        }
    }
}

#[pymethods]
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
        let class = this.object().get().ty().name().to_owned();
        let fields = names(th, this.object(), "_fields")?;
        if args.len() > fields.len() {
            let plural = if fields.len() == 1 { "" } else { "s" };
            return Err(raise!(
                th,
                TYPE_ERROR,
                "{class} constructor takes at most {} positional argument{plural}",
                fields.len()
            ));
        }
        for (field, &value) in fields.iter().zip(args.as_slice()) {
            object::set_attr(th, this.object(), field.borrow(), value)?;
        }
        let mut missing: Vec<&Owned<Str>> = fields[args.len()..].iter().collect();
        let attributes = names(th, this.object(), "_attributes")?;
        let mut position = 0;
        while let Some((name, value)) = kwargs.and_then(|kwargs| kwargs.get().next(&mut position)) {
            let Ok(name) = name.downcast::<Str>() else {
                return Err(th.raise(exc::TYPE_ERROR, "keywords must be strings"));
            };
            if fields[..args.len()].iter().any(|field| field.eq(&name)) {
                return Err(raise!(
                    th,
                    TYPE_ERROR,
                    "{class} got multiple values for argument '{}'",
                    *name
                ));
            }
            let known = missing.iter().position(|field| field.eq(&name));
            if let Some(at) = known {
                missing.remove(at);
            } else if !attributes.iter().any(|attribute| attribute.eq(&name)) {
                deprecated(
                    th,
                    format!(
                        "{class}.__init__ got an unexpected keyword argument '{}'. Support for arbitrary keyword arguments is deprecated and will be removed in Python 3.15.",
                        *name
                    ),
                )?;
            }
            object::set_attr(th, this.object(), name.borrow(), value.object())?;
        }
        missing.into_iter().try_for_each(|field| default_field(th, this.object(), &class, field))
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let mut text = String::new();
        write_repr(th, this.object(), 3, &mut text)?;
        Str::new(th, &text)
    }

    #[getter]
    fn __dict__(&self, th: &Thread) -> PyResult<Owned<Dict>> {
        self.namespace(th)
    }

    #[setter]
    fn set___dict__(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        match value.and_then(|value| value.downcast::<Dict>()) {
            Some(dict) => {
                self.dict.set(Some(dict.to_owned()));
                Ok(())
            }
            None => Err(th.raise(exc::TYPE_ERROR, "__dict__ must be set to a dictionary")),
        }
    }

    /// For pickling and copying: the class, its positional fields, and everything else.
    #[method(sig = "(self, /)")]
    fn __reduce__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Tuple>> {
        let class = this.object().get().ty().object().to_owned();
        let rest = this.get().namespace(th)?.copy(th)?;
        let mut positional = Vec::new();
        for field in names(th, this.object(), "_fields")? {
            match rest.pop(th, field.object())? {
                Some(value) => positional.push(value),
                None => break,
            }
        }
        let positional = Tuple::from_vec(th, positional)?.into_object();
        Tuple::pack(th, [class, positional, rest.into_object()])
    }

    /// Return a copy of the node with new values for the given fields.
    #[method(sig = "(self, /, **fields)")]
    fn __replace__(this: Borrowed<'_, Self>, th: &Thread, fields: Kwargs<'_>) -> PyResult {
        let class = this.object().get().ty().to_owned();
        let mut known = names(th, this.object(), "_fields")?;
        known.extend(names(th, this.object(), "_attributes")?);
        let values = this.get().namespace(th)?.copy(th)?;
        let given = fields.to_dict(th)?;
        let mut position = 0;
        while let Some((name, value)) = given.next(&mut position) {
            let is_known = name
                .object()
                .downcast::<Str>()
                .is_some_and(|name| known.iter().any(|field| field.eq(&name)));
            if !is_known {
                let shown = object::repr(th, name.object())?;
                return Err(raise!(
                    th,
                    TYPE_ERROR,
                    "{}.__replace__ got an unexpected keyword argument {}.",
                    class.name(),
                    *shown
                ));
            }
            values.set(th, name.object(), value.object())?;
        }
        call::call_tuple_dict(th, class.object(), Tuple::empty(), Some(values.borrow()))
    }
}

/// A field that the constructor was not given: what its type says, or a warning if it must be there.
fn default_field(th: &Thread, node: Borrowed<'_>, class: &str, field: &Owned<Str>) -> PyResult<()> {
    let types = object::get_attr_opt(th, node, Str::interned(th, "_field_types")?.borrow())?;
    let ty = match types.as_ref().and_then(|types| types.object().downcast::<Dict>()) {
        Some(types) => types.get().get_str(th, field.borrow())?,
        None => return Ok(()),
    };
    let Some(ty) = ty else {
        return deprecated(
            th,
            format!(
                "Field '{}' is missing from {class}._field_types. This will become an error in Python 3.15.",
                **field
            ),
        );
    };
    if ty.object().downcast::<krait_objects::union::Union>().is_some() {
        // Optional: the class has None.
        return Ok(());
    }
    if ty.object().downcast::<krait_objects::generic_alias::GenericAlias>().is_some() {
        return object::set_attr(th, node, field.borrow(), List::new(th)?.object());
    }
    if ty.object().downcast::<Type>().is_some_and(|ty| ty.name() == "expr_context") {
        let load = krait_eval::import::import(th, "_ast")?;
        let load = object::get_attr(th, load.object(), Str::interned(th, "Load")?.borrow())?;
        let load = call::call(th, load.object(), &[])?;
        return object::set_attr(th, node, field.borrow(), load.object());
    }
    deprecated(
        th,
        format!(
            "{class}.__init__ missing 1 required positional argument: '{}'. This will become an error in Python 3.15.",
            **field
        ),
    )
}

/// `Class(field=value, …)`, nodes below `depth` levels as `Class(...)`; long lists show their ends.
fn write_repr(th: &Thread, node: Borrowed<'_>, depth: usize, text: &mut String) -> PyResult<()> {
    text.push_str(node.get().ty().name());
    let fields = names(th, node, "_fields")?;
    if depth == 0 {
        text.push_str("(...)");
        return Ok(());
    }
    text.push('(');
    for (at, field) in fields.iter().enumerate() {
        if at > 0 {
            text.push_str(", ");
        }
        text.push_str(&format!("{}=", **field));
        let value = object::get_attr(th, node, field.borrow())?;
        write_value(th, value.object(), depth.saturating_sub(1), text)?;
    }
    text.push(')');
    Ok(())
}

fn write_value(th: &Thread, value: Borrowed<'_>, depth: usize, text: &mut String) -> PyResult<()> {
    if value.downcast::<Ast>().is_some() {
        return write_repr(th, value, depth, text);
    }
    let (open, close, items) = if let Some(list) = value.downcast::<List>() {
        ('[', ']', list.to_vec())
    } else if let Some(tuple) = value.downcast::<Tuple>() {
        ('(', ')', tuple.as_slice().iter().map(|&item| item.to_owned()).collect())
    } else {
        text.push_str(&object::repr(th, value)?.to_string_lossy());
        return Ok(());
    };
    text.push(open);
    let shown: Vec<usize> =
        if items.len() > 2 { vec![0, items.len() - 1] } else { (0..items.len()).collect() };
    for (count, &at) in shown.iter().enumerate() {
        if count > 0 {
            text.push_str(if items.len() > 2 { ", ..., " } else { ", " });
        }
        write_value(th, items[at].object(), depth, text)?;
    }
    text.push(close);
    Ok(())
}
