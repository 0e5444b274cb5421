//! `string.templatelib.Template` and `Interpolation`: what `t"…"` makes.
//!
//! A template has one string more than it has interpolations; they alternate. The same job as CPython's
//! `Objects/templateobject.c` and `Objects/interpolationobject.c`.

use std::cell::Cell;

use crate::prelude::*;

/// Interpolation object
#[pytype(name = "string.templatelib.Interpolation", flags(HAVE_GC))]
#[repr(C)]
pub struct Interpolation {
    head: Head,
    #[visit]
    #[member(readonly, kind = "OBJECT_EX")]
    value: Slot,
    #[visit]
    #[member(readonly, kind = "OBJECT_EX")]
    expression: Slot,
    #[visit]
    #[member(readonly, kind = "OBJECT_EX")]
    conversion: Slot,
    #[visit]
    #[member(readonly, kind = "OBJECT_EX")]
    format_spec: Slot,
}

/// Template object
#[pytype(name = "string.templatelib.Template", flags(HAVE_GC))]
#[repr(C)]
pub struct Template {
    head: Head,
    #[visit]
    #[member(readonly, kind = "OBJECT_EX")]
    strings: Slot<Tuple>,
    #[visit]
    #[member(readonly, kind = "OBJECT_EX")]
    interpolations: Slot<Tuple>,
}

/// Template iterator object
#[pytype(name = "string.templatelib.TemplateIter", flags(HAVE_GC, DISALLOW_INSTANTIATION))]
#[repr(C)]
pub struct TemplateIter {
    head: Head,
    #[visit]
    template: Slot<Template>,
    /// Counts strings and interpolations together; the even ones are strings.
    position: Cell<usize>,
}

/// Completes the types.
pub fn ready(th: &Thread) -> PyResult<()> {
    for ty in [Template::type_object(), TemplateIter::type_object(), Interpolation::type_object()] {
        Borrowed::from_ref(ty).ready(th)?;
    }
    let names = ["value", "expression", "conversion", "format_spec"];
    let names: PyResult<Vec<Owned>> =
        names.iter().map(|name| Str::interned(th, name).map(Owned::into_object)).collect();
    let names = Tuple::from_vec(th, names?)?;
    let ty = Borrowed::from_ref(Interpolation::type_object());
    ty.get().dict(th).set_str(th, id::__match_args__, names.object())
}

/// `Interpolation(value, expression, conversion, format_spec)`; `conversion` is `FVC_*`, no spec is the empty string.
pub fn interpolation(
    th: &Thread,
    value: Borrowed<'_>,
    expression: Borrowed<'_>,
    conversion: usize,
    spec: Option<Borrowed<'_>>,
) -> PyResult {
    let conversion = match conversion {
        0 => none().to_owned(),
        1 => Str::interned(th, "s")?.into_object(),
        2 => Str::interned(th, "r")?.into_object(),
        3 => Str::interned(th, "a")?.into_object(),
        _ => {
            return Err(th.raise(
                exc::SYSTEM_ERROR,
                "Interpolation() argument 'conversion' must be one of 's', 'a' or 'r'",
            ));
        }
    };
    make(th, value, expression, conversion, spec.unwrap_or(id::empty.object()))
        .map(Owned::into_object)
}

fn make(
    th: &Thread,
    value: Borrowed<'_>,
    expression: Borrowed<'_>,
    conversion: Owned,
    spec: Borrowed<'_>,
) -> PyResult<Owned<Interpolation>> {
    let ty = Borrowed::from_ref(Interpolation::type_object());
    let made = ty.alloc::<Interpolation>(th, 0)?;
    made.value.set(Some(value.to_owned()));
    made.expression.set(Some(expression.to_owned()));
    made.conversion.set(Some(conversion));
    made.format_spec.set(Some(spec.to_owned()));
    Ok(made)
}

/// A template from its tuple of strings and its tuple of interpolations.
pub fn template(th: &Thread, strings: Borrowed<'_>, interpolations: Borrowed<'_>) -> PyResult {
    match (strings.downcast::<Tuple>(), interpolations.downcast::<Tuple>()) {
        (Some(strings), Some(interpolations)) => {
            assemble(th, strings.to_owned(), interpolations.to_owned()).map(Owned::into_object)
        }
        _ => Err(th.bad_internal_call()),
    }
}

fn assemble(
    th: &Thread,
    strings: Owned<Tuple>,
    interpolations: Owned<Tuple>,
) -> PyResult<Owned<Template>> {
    let made = Borrowed::from_ref(Template::type_object()).alloc::<Template>(th, 0)?;
    made.strings.set(Some(strings));
    made.interpolations.set(Some(interpolations));
    Ok(made)
}

#[pymethods]
impl Interpolation {
    #[new(sig = "(value, expression='', conversion=None, format_spec='')")]
    fn new(
        _cls: Borrowed<'_, Type>,
        th: &Thread,
        value: Borrowed<'_>,
        #[default(None)] expression: Option<Borrowed<'_, Str>>,
        conversion: Option<Borrowed<'_>>,
        #[default(None)] format_spec: Option<Borrowed<'_, Str>>,
    ) -> PyResult<Owned<Interpolation>> {
        if let Some(conversion) = conversion.filter(|conversion| !conversion.is_none()) {
            let Some(text) = conversion.downcast::<Str>() else {
                return Err(raise!(
                    th,
                    TYPE_ERROR,
                    "Interpolation() argument 'conversion' must be str, not {}",
                    conversion.type_name()
                ));
            };
            if !["s", "a", "r"].iter().any(|known| text.eq_str(known)) {
                return Err(th.raise(
                    exc::VALUE_ERROR,
                    "Interpolation() argument 'conversion' must be one of 's', 'a' or 'r'",
                ));
            }
        }
        let or_empty = |text: Option<Borrowed<'_, Str>>| text.unwrap_or(id::empty).to_owned();
        let (expression, spec) = (or_empty(expression), or_empty(format_spec));
        let conversion = conversion.unwrap_or(none()).to_owned();
        make(th, value, expression.object(), conversion, spec.object())
    }

    #[slot(tp_repr)]
    fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
        let text = |slot: &Slot| match slot.get_owned() {
            Some(value) => object::repr(th, value.object()),
            None => Err(th.bad_internal_call()),
        };
        let parts = [
            Str::new(th, "Interpolation(")?,
            text(&self.value)?,
            Str::new(th, ", ")?,
            text(&self.expression)?,
            Str::new(th, ", ")?,
            text(&self.conversion)?,
            Str::new(th, ", ")?,
            text(&self.format_spec)?,
            Str::new(th, ")")?,
        ];
        join(th, &parts)
    }

    #[method(sig = "(self, /)")]
    fn __reduce__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<(Owned, Owned<Tuple>)> {
        let field = |slot: &Slot| slot.get_owned().unwrap_or_else(|| none().to_owned());
        let fields = [
            field(&this.value),
            field(&this.expression),
            field(&this.conversion),
            field(&this.format_spec),
        ];
        Ok((this.object().get().ty().object().to_owned(), Tuple::pack(th, fields)?))
    }

    /// See PEP 585
    #[classmethod(sig = "(type, object, /)")]
    fn __class_getitem__(cls: Borrowed<'_, Type>, th: &Thread, object: Borrowed<'_>) -> PyResult {
        crate::generic_alias::new(th, cls.object(), object)
    }
}

fn join(th: &Thread, parts: &[Owned<Str>]) -> PyResult<Owned<Str>> {
    let views: Vec<Borrowed<'_>> = parts.iter().map(Owned::object).collect();
    let joined = Str::join(th, id::empty, &views)?;
    joined.into_object().downcast::<Str>().map_err(|_| th.bad_internal_call())
}

impl Template {
    fn parts(&self, th: &Thread) -> PyResult<(Owned<Tuple>, Owned<Tuple>)> {
        match (self.strings.get_owned(), self.interpolations.get_owned()) {
            (Some(strings), Some(interpolations)) => Ok((strings, interpolations)),
            _ => Err(th.bad_internal_call()),
        }
    }
}

/// Strings that meet become one, interpolations that meet get an empty one between them.
fn from_arguments(th: &Thread, args: &[Borrowed<'_>]) -> PyResult<Owned<Template>> {
    let (mut strings, mut interpolations): (Vec<Owned>, Vec<Owned>) = (Vec::new(), Vec::new());
    let mut last: Option<Owned<Str>> = None;
    for &arg in args {
        if let Some(text) = arg.downcast::<Str>() {
            last = Some(match last {
                Some(before) => before.concat(th, text)?,
                None => text.to_owned(),
            });
        } else if arg.is_exact::<Interpolation>() {
            strings.push(last.take().unwrap_or_else(|| id::empty.to_owned()).into_object());
            interpolations.push(arg.to_owned());
        } else {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "Template.__new__ *args need to be of type 'str' or 'Interpolation', got {}",
                arg.type_name()
            ));
        }
    }
    strings.push(last.unwrap_or_else(|| id::empty.to_owned()).into_object());
    assemble(th, Tuple::from_vec(th, strings)?, Tuple::from_vec(th, interpolations)?)
}

#[pymethods]
impl Template {
    #[slot(tp_new)]
    fn new(
        _cls: Borrowed<'_, Type>,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        if kwargs.is_some_and(|kwargs| !kwargs.is_empty()) {
            return Err(th.raise(exc::TYPE_ERROR, "Template.__new__ only accepts *args arguments"));
        }
        from_arguments(th, args.get().as_slice()).map(Owned::into_object)
    }

    #[slot(tp_repr)]
    fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
        let (strings, interpolations) = self.parts(th)?;
        let parts = [
            Str::new(th, "Template(strings=")?,
            object::repr(th, strings.object())?,
            Str::new(th, ", interpolations=")?,
            object::repr(th, interpolations.object())?,
            Str::new(th, ")")?,
        ];
        join(th, &parts)
    }

    #[slot(tp_iter)]
    fn iter(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<TemplateIter>> {
        let made = Borrowed::from_ref(TemplateIter::type_object()).alloc::<TemplateIter>(th, 0)?;
        made.template.set(Some(this.to_owned()));
        Ok(made)
    }

    #[slot(sq_concat)]
    fn concat(this: Borrowed<'_, Self>, th: &Thread, other: Borrowed<'_>) -> PyResult {
        let Some(other) = other.downcast_exact::<Template>() else {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "can only concatenate string.templatelib.Template (not \"{}\") to string.templatelib.Template",
                other.type_name()
            ));
        };
        let (left, left_values) = this.get().parts(th)?;
        let (right, right_values) = other.get().parts(th)?;
        let (left, right) = (left.as_slice(), right.as_slice());
        let (Some((&last, before)), Some((&first, after))) =
            (left.split_last(), right.split_first())
        else {
            return Err(th.bad_internal_call());
        };
        let (Some(last), Some(first)) = (last.downcast::<Str>(), first.downcast::<Str>()) else {
            return Err(th.bad_internal_call());
        };
        let middle = last.concat(th, first)?;
        let strings = [before, &[middle.object()], after].concat();
        let values = [left_values.as_slice(), right_values.as_slice()].concat();
        assemble(th, Tuple::from_slice(th, &strings)?, Tuple::from_slice(th, &values)?)
            .map(Owned::into_object)
    }

    /// Values of interpolations
    #[getter]
    fn values(&self, th: &Thread) -> PyResult<Owned<Tuple>> {
        let (_, interpolations) = self.parts(th)?;
        let values = interpolations.as_slice().iter().map(|item| {
            let value = item.downcast::<Interpolation>().and_then(|item| item.value.get_owned());
            value.ok_or_else(|| th.bad_internal_call())
        });
        Tuple::from_vec(th, values.collect::<PyResult<Vec<Owned>>>()?)
    }

    #[method(sig = "(self, /)")]
    fn __reduce__(&self, th: &Thread) -> PyResult<(Owned, Owned<Tuple>)> {
        let (strings, interpolations) = self.parts(th)?;
        let name = Str::interned(th, "_template_unpickle")?;
        let from = Tuple::pack(th, [name.clone().into_object()])?;
        let library = Str::interned(th, "string.templatelib")?;
        let import = th.interp().services.get().import;
        let library = import(th, library.borrow(), Some(from.borrow()), 0)?;
        let unpickle = object::get_attr(th, library.object(), name.borrow())?;
        let parts = Tuple::pack(th, [strings.into_object(), interpolations.into_object()])?;
        Ok((unpickle, parts))
    }

    /// See PEP 585
    #[classmethod(sig = "(type, object, /)")]
    fn __class_getitem__(cls: Borrowed<'_, Type>, th: &Thread, object: Borrowed<'_>) -> PyResult {
        crate::generic_alias::new(th, cls.object(), object)
    }
}

#[pymethods]
impl TemplateIter {
    /// Empty strings are left out.
    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
        let Some(template) = self.template.get_owned() else {
            return Ok(None);
        };
        let (strings, interpolations) = template.parts(th)?;
        loop {
            let position = self.position.get();
            self.position.set(position + 1);
            let from = if position.is_multiple_of(2) { &strings } else { &interpolations };
            match from.get(position / 2) {
                Some(item) if item.downcast::<Str>().is_some_and(|text| text.is_empty()) => {}
                Some(item) => return Ok(Some(item.to_owned())),
                None => {
                    self.template.set(None);
                    return Ok(None);
                }
            }
        }
    }
}
