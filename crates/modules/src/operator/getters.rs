//! `attrgetter`, `itemgetter` and `methodcaller`.

use krait_objects::prelude::*;
use krait_objects::repr_guard;

/// Make a function that looks up attributes of its argument.
///
/// attrgetter('name')(r) is r.name, and attrgetter('name', 'date')(r) is (r.name, r.date). A dotted name
/// goes on with the attribute of the attribute.
#[pytype(name = "operator.attrgetter", new = "(attr, /, *attrs)", flags(HAVE_GC, IMMUTABLETYPE))]
#[repr(C)]
pub struct AttrGetter {
    head: Head,
    #[visit]
    names: Slot<Tuple>,
}

/// Make a function that looks up items of its argument.
///
/// itemgetter(2)(r) is r[2], and itemgetter(2, 5, 3)(r) is (r[2], r[5], r[3]).
#[pytype(name = "operator.itemgetter", new = "(item, /, *items)", flags(HAVE_GC, IMMUTABLETYPE))]
#[repr(C)]
pub struct ItemGetter {
    head: Head,
    #[visit]
    items: Slot<Tuple>,
}

/// Make a function that calls a method of its argument.
///
/// methodcaller('name')(r) is r.name(). More arguments are passed on to the method:
/// methodcaller('name', 'date', foo=1)(r) is r.name('date', foo=1).
#[pytype(
    name = "operator.methodcaller",
    new = "(name, /, *args, **kwargs)",
    flags(HAVE_GC, IMMUTABLETYPE)
)]
#[repr(C)]
pub struct MethodCaller {
    head: Head,
    #[visit]
    name: Slot<Str>,
    #[visit]
    args: Slot<Tuple>,
    #[visit]
    kwargs: Slot<Dict>,
}

/// The single operand of a call.
fn operand<'a>(
    th: &Thread,
    args: Borrowed<'a, Tuple>,
    kwargs: Option<Borrowed<'_, Dict>>,
    name: &str,
) -> PyResult<Borrowed<'a>> {
    if kwargs.is_some_and(|kwargs| !kwargs.is_empty()) {
        return Err(raise!(th, TYPE_ERROR, "{name}() takes no keyword arguments"));
    }
    match args.get().as_slice() {
        [operand] => Ok(*operand),
        given => Err(raise!(th, TYPE_ERROR, "{name} expected 1 argument, got {}", given.len())),
    }
}

/// `class(items…)` for `repr`.
fn show(th: &Thread, this: Borrowed<'_>, items: &[Borrowed<'_>]) -> PyResult<Owned<Str>> {
    let mut text = Vec::new();
    for item in items {
        let shown = object::repr(th, *item)?;
        text.push(shown.to_string_lossy());
    }
    Str::from_fmt(th, format_args!("{}({})", this.type_name(), text.join(", ")))
}

fn attribute(th: &Thread, ob: Borrowed<'_>, name: &Str) -> PyResult {
    let text = name.to_string_lossy();
    let mut current = ob.to_owned();
    for part in text.split('.') {
        current = object::get_attr(th, current.object(), Str::interned(th, part)?.borrow())?;
    }
    Ok(current)
}

#[pymethods]
impl AttrGetter {
    #[new(sig = "(*names)")]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        names: &[Borrowed<'_>],
    ) -> PyResult<Owned<AttrGetter>> {
        if names.is_empty() {
            return Err(th.raise(exc::TYPE_ERROR, "attrgetter expected at least 1 argument, got 0"));
        }
        if names.iter().any(|name| name.downcast::<Str>().is_none()) {
            return Err(th.raise(exc::TYPE_ERROR, "attribute name must be a string"));
        }
        let getter = cls.alloc::<AttrGetter>(th, 0)?;
        getter.names.set(Some(Tuple::from_slice(th, names)?));
        Ok(getter)
    }

    #[getter]
    fn __text_signature__(&self) -> &'static str {
        "(obj, /)"
    }

    #[slot(tp_call)]
    fn call(
        &self,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        let ob = operand(th, args, kwargs, "attrgetter")?;
        let Some(names) = self.names.get_owned() else {
            return Err(th.bad_internal_call());
        };
        let mut found = Vec::with_capacity(names.len());
        for name in names.as_slice() {
            if let Some(name) = name.downcast::<Str>() {
                found.push(attribute(th, ob, &name)?);
            }
        }
        if found.len() == 1 {
            return Ok(found.remove(0));
        }
        Tuple::from_vec(th, found).map(Owned::into_object)
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let names = this.names.get_owned();
        match repr_guard::enter(th, this.object()) {
            Some(_guard) => {
                let items = names.as_ref().map_or(&[][..], |names| names.as_slice());
                show(th, this.object(), items)
            }
            None => Str::from_fmt(th, format_args!("{}(...)", this.object().type_name())),
        }
    }

    /// What pickle and copy need to make the object anew.
    #[method(sig = "(self, /)")]
    fn __reduce__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Tuple>> {
        let names = this.names.get_owned().map_or(none().to_owned(), Owned::into_object);
        Tuple::pack(th, [this.object().ty().object().to_owned(), names])
    }
}

#[pymethods]
impl ItemGetter {
    #[new(sig = "(*items)")]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        items: &[Borrowed<'_>],
    ) -> PyResult<Owned<ItemGetter>> {
        if items.is_empty() {
            return Err(th.raise(exc::TYPE_ERROR, "itemgetter expected at least 1 argument, got 0"));
        }
        let getter = cls.alloc::<ItemGetter>(th, 0)?;
        getter.items.set(Some(Tuple::from_slice(th, items)?));
        Ok(getter)
    }

    #[getter]
    fn __text_signature__(&self) -> &'static str {
        "(obj, /)"
    }

    #[slot(tp_call)]
    fn call(
        &self,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        let ob = operand(th, args, kwargs, "itemgetter")?;
        let Some(items) = self.items.get_owned() else {
            return Err(th.bad_internal_call());
        };
        if let [item] = items.as_slice() {
            return object::get_item(th, ob, *item);
        }
        let mut found = Vec::with_capacity(items.len());
        for item in items.as_slice() {
            found.push(object::get_item(th, ob, *item)?);
        }
        Tuple::from_vec(th, found).map(Owned::into_object)
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let items = this.items.get_owned();
        match repr_guard::enter(th, this.object()) {
            Some(_guard) => {
                let items = items.as_ref().map_or(&[][..], |items| items.as_slice());
                show(th, this.object(), items)
            }
            None => Str::from_fmt(th, format_args!("{}(...)", this.object().type_name())),
        }
    }

    /// What pickle and copy need to make the object anew.
    #[method(sig = "(self, /)")]
    fn __reduce__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Tuple>> {
        let items = this.items.get_owned().map_or(none().to_owned(), Owned::into_object);
        Tuple::pack(th, [this.object().ty().object().to_owned(), items])
    }
}

#[pymethods]
impl MethodCaller {
    #[new(sig = "(*args, **kwargs)")]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        args: &[Borrowed<'_>],
        kwargs: Kwargs<'_>,
    ) -> PyResult<Owned<MethodCaller>> {
        let Some((name, rest)) = args.split_first() else {
            return Err(th.raise(
                exc::TYPE_ERROR,
                "methodcaller needs at least one argument, the method name",
            ));
        };
        let Some(name) = name.downcast::<Str>() else {
            return Err(th.raise(exc::TYPE_ERROR, "method name must be a string"));
        };
        let caller = cls.alloc::<MethodCaller>(th, 0)?;
        caller.name.set(Some(name.to_owned()));
        caller.args.set(Some(Tuple::from_slice(th, rest)?));
        let kwargs = kwargs.to_dict(th)?;
        if !kwargs.is_empty() {
            caller.kwargs.set(Some(kwargs));
        }
        Ok(caller)
    }

    #[getter]
    fn __text_signature__(&self) -> &'static str {
        "(obj, /)"
    }

    #[slot(tp_call)]
    fn call(
        &self,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        let ob = operand(th, args, kwargs, "methodcaller")?;
        let (Some(name), Some(args)) = (self.name.get_owned(), self.args.get_owned()) else {
            return Err(th.bad_internal_call());
        };
        let kwargs = self.kwargs.get_owned();
        if kwargs.is_none() {
            return call::call_method(th, ob, name.borrow(), args.as_slice());
        }
        let method = object::get_attr(th, ob, name.borrow())?;
        call::call_tuple_dict(
            th,
            method.object(),
            args.borrow(),
            kwargs.as_ref().map(Owned::borrow),
        )
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let object = this.object();
        let class = object.type_name();
        let Some(_guard) = repr_guard::enter(th, this.object()) else {
            return Str::from_fmt(th, format_args!("{class}(...)"));
        };
        let mut parts = Vec::new();
        if let Some(name) = this.name.get_owned() {
            parts.push(object::repr(th, name.object())?.to_string_lossy());
        }
        for item in this.args.get_owned().iter().flat_map(|args| args.as_slice().to_vec()) {
            parts.push(object::repr(th, item)?.to_string_lossy());
        }
        if let Some(kwargs) = this.kwargs.get_owned() {
            let items = mapping::items(th, kwargs.object())?;
            for pair in iter::collect(th, items.object())? {
                if let Some(pair) = pair.object().downcast::<Tuple>()
                    && let (Some(key), Some(value)) = (pair.get().get(0), pair.get().get(1))
                {
                    let (key, value) = (object::str(th, key)?, object::repr(th, value)?);
                    parts.push(format!("{}={}", &*key, &*value));
                }
            }
        }
        Str::from_fmt(th, format_args!("{class}({})", parts.join(", ")))
    }

    /// What pickle and copy need to make the object anew.
    #[method(sig = "(self, /)")]
    fn __reduce__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Tuple>> {
        let class = this.object().ty().object().to_owned();
        let (Some(name), Some(args)) = (this.name.get_owned(), this.args.get_owned()) else {
            return Err(th.bad_internal_call());
        };
        let mut all = vec![name.object()];
        all.extend_from_slice(args.as_slice());
        let Some(kwargs) = this.kwargs.get_owned() else {
            let all = Tuple::from_slice(th, &all)?;
            return Tuple::pack(th, [class, all.into_object()]);
        };
        // The name and the keywords are bound by a partial, which pickles itself.
        let functools = krait_eval::import::import(th, "functools")?;
        let partial =
            object::get_attr(th, functools.object(), Str::interned(th, "partial")?.borrow())?;
        let bound = Tuple::pack(th, [class, name.clone().into_object()])?;
        let constructor =
            call::call_tuple_dict(th, partial.object(), bound.borrow(), Some(kwargs.borrow()))?;
        Tuple::pack(th, [constructor, args.into_object()])
    }
}
