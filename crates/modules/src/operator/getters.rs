//! `attrgetter`, `itemgetter` and `methodcaller`.

use std::cell::Cell;

use krait_abi as abi;
use krait_objects::prelude::*;
use krait_objects::repr_guard;

/// Make a function that looks up attributes of its argument.
///
/// attrgetter('name')(r) is r.name, and attrgetter('name', 'date')(r) is (r.name, r.date). A dotted name
/// goes on with the attribute of the attribute.
#[pytype(
    name = "operator.attrgetter", new = "(attr, /, *attrs)", flags(HAVE_GC, IMMUTABLETYPE),
    vectorcall = vectorcall,
)]
#[repr(C)]
pub struct AttrGetter {
    head: Head,
    #[visit]
    names: Slot<Tuple>,
    /// What to look up for each: a name, or a tuple of names if there are dots in it.
    #[visit]
    paths: Slot<Tuple>,
    vectorcall: Cell<abi::vectorcallfunc>,
}

/// Make a function that looks up items of its argument.
///
/// itemgetter(2)(r) is r[2], and itemgetter(2, 5, 3)(r) is (r[2], r[5], r[3]).
#[pytype(
    name = "operator.itemgetter", new = "(item, /, *items)", flags(HAVE_GC, IMMUTABLETYPE),
    vectorcall = vectorcall,
)]
#[repr(C)]
pub struct ItemGetter {
    head: Head,
    #[visit]
    items: Slot<Tuple>,
    /// The only one, if it is a small index; else a number that no tuple has so many items as.
    index: Cell<usize>,
    vectorcall: Cell<abi::vectorcallfunc>,
}

/// Make a function that calls a method of its argument.
///
/// methodcaller('name')(r) is r.name(). More arguments are passed on to the method:
/// methodcaller('name', 'date', foo=1)(r) is r.name('date', foo=1).
#[pytype(
    name = "operator.methodcaller",
    new = "(name, /, *args, **kwargs)",
    flags(HAVE_GC, IMMUTABLETYPE),
    vectorcall = vectorcall
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
    vectorcall: Cell<abi::vectorcallfunc>,
}

/// The single operand of a call.
#[inline(always)]
fn operand<'a>(th: &Thread, args: Args<'a>, name: &str) -> PyResult<Borrowed<'a>> {
    match *args.values {
        [operand] if args.positional == 1 => Ok(operand),
        _ => Err(wrong_operands(th, args, name)),
    }
}

#[cold]
fn wrong_operands(th: &Thread, args: Args<'_>, name: &str) -> Raised {
    if args.has_keywords() {
        return raise!(th, TYPE_ERROR, "{name}() takes no keyword arguments");
    }
    raise!(th, TYPE_ERROR, "{name} expected 1 argument, got {}", args.positional)
}

/// One result as it is, several as a tuple.
#[inline(always)]
fn gathered(th: &Thread, wanted: &Tuple, find: impl Fn(Borrowed<'_>) -> PyResult) -> PyResult {
    match *wanted.as_slice() {
        [only] => return find(only),
        [first, second] => {
            let found = [find(first)?, find(second)?];
            return Tuple::pack(th, found).map(Owned::into_object);
        }
        _ => {}
    }
    let mut found = Vec::with_capacity(wanted.len());
    for &wanted in wanted.as_slice() {
        found.push(find(wanted)?);
    }
    Tuple::from_vec(th, found).map(Owned::into_object)
}

/// `class(items…)` for `repr`.
fn show(th: &Thread, this: Borrowed<'_>, items: &Slot<Tuple>) -> PyResult<Owned<Str>> {
    let items = items.get_owned();
    let Some(_guard) = repr_guard::enter(th, this) else {
        return Str::from_fmt(th, format_args!("{}(...)", this.type_name()));
    };
    let mut text = Vec::new();
    for item in items.iter().flat_map(|items| items.as_slice()) {
        text.push(object::repr(th, *item)?.to_string_lossy());
    }
    Str::from_fmt(th, format_args!("{}({})", this.type_name(), text.join(", ")))
}

/// `(class, items)`.
fn reduced(th: &Thread, this: Borrowed<'_>, items: &Slot<Tuple>) -> PyResult<Owned<Tuple>> {
    let items = items.get_owned().map_or(none().to_owned(), Owned::into_object);
    Tuple::pack(th, [this.ty().object().to_owned(), items])
}

#[inline]
fn item_of(th: &Thread, ob: Borrowed<'_>, item: Borrowed<'_>) -> PyResult {
    if let Some(tuple) = ob.downcast_exact::<Tuple>()
        && let Some(index) = item.downcast_exact::<Int>().and_then(|index| index.to_i64())
        && let Some(found) = usize::try_from(index).ok().and_then(|index| tuple.get().get(index))
    {
        return Ok(found.to_owned());
    }
    object::get_item(th, ob, item)
}

/// What `attribute` looks up for a name.
fn path(th: &Thread, name: Borrowed<'_, Str>) -> PyResult {
    let text = name.to_string_lossy();
    if !text.contains('.') {
        return Str::intern(th, name.to_owned()).map(Owned::into_object);
    }
    let parts: PyResult<Vec<Owned>> =
        text.split('.').map(|part| Str::interned(th, part).map(Owned::into_object)).collect();
    Tuple::from_vec(th, parts?).map(Owned::into_object)
}

fn attribute(th: &Thread, ob: Borrowed<'_>, path: Borrowed<'_>) -> PyResult {
    if let Some(name) = path.downcast::<Str>() {
        return object::get_attr(th, ob, name);
    }
    let mut current = ob.to_owned();
    for part in path.downcast::<Tuple>().iter().flat_map(|parts| parts.get().as_slice()) {
        if let Some(name) = part.downcast::<Str>() {
            current = object::get_attr(th, current.object(), name)?;
        }
    }
    Ok(current)
}

impl AttrGetter {
    /// What is asked for, however many attributes and dots that are. Out of line: a single name needs fewer registers.
    #[inline(never)]
    fn several(&self, th: &Thread, ob: Borrowed<'_>) -> PyResult {
        match self.paths.get() {
            Some(paths) => gathered(th, &paths, |path| attribute(th, ob, path)),
            None => Err(th.bad_internal_call()),
        }
    }
}

impl ItemGetter {
    /// What is asked for, however many items that are. Out of line, as above.
    #[inline(never)]
    fn several(&self, th: &Thread, ob: Borrowed<'_>) -> PyResult {
        match self.items.get() {
            Some(items) => gathered(th, &items, |item| item_of(th, ob, item)),
            None => Err(th.bad_internal_call()),
        }
    }
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
        let mut paths = Vec::with_capacity(names.len());
        for name in names {
            if let Some(name) = name.downcast::<Str>() {
                paths.push(path(th, name)?);
            }
        }
        let getter = cls.alloc::<AttrGetter>(th, 0)?;
        getter.paths.set(Some(Tuple::from_vec(th, paths)?));
        getter.vectorcall.set(AttrGetter::VECTORCALL);
        getter.names.set(Some(Tuple::from_slice(th, names)?));
        Ok(getter)
    }

    #[getter]
    fn __text_signature__(&self) -> &'static str {
        "(obj, /)"
    }

    #[vectorcall]
    fn call(&self, th: &Thread, args: Args<'_>) -> PyResult {
        let ob = operand(th, args, "attrgetter")?;
        // Mostly a single name without dots.
        if let Some(&[only]) = self.paths.get().as_ref().map(|paths| paths.as_slice())
            && let Some(name) = only.downcast_exact::<Str>()
        {
            return object::get_attr(th, ob, name);
        }
        self.several(th, ob)
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        show(th, this.object(), &this.names)
    }

    /// What pickle and copy need to make the object anew.
    #[method(sig = "(self, /)")]
    fn __reduce__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Tuple>> {
        reduced(th, this.object(), &this.names)
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
        let index = match items {
            [item] => item.downcast_exact::<Int>().and_then(|index| index.to_i64()),
            _ => None,
        };
        let getter = cls.alloc::<ItemGetter>(th, 0)?;
        getter.index.set(index.and_then(|index| usize::try_from(index).ok()).unwrap_or(usize::MAX));
        getter.vectorcall.set(ItemGetter::VECTORCALL);
        getter.items.set(Some(Tuple::from_slice(th, items)?));
        Ok(getter)
    }

    #[getter]
    fn __text_signature__(&self) -> &'static str {
        "(obj, /)"
    }

    #[vectorcall]
    fn call(&self, th: &Thread, args: Args<'_>) -> PyResult {
        let ob = operand(th, args, "itemgetter")?;
        if let Some(tuple) = ob.downcast_exact::<Tuple>()
            && let Some(item) = tuple.get().get(self.index.get())
        {
            return Ok(item.to_owned());
        }
        if let Some(list) = ob.downcast_exact::<List>()
            && let Some(item) = list.get().get(self.index.get())
        {
            return Ok(item);
        }
        self.several(th, ob)
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        show(th, this.object(), &this.items)
    }

    /// What pickle and copy need to make the object anew.
    #[method(sig = "(self, /)")]
    fn __reduce__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Tuple>> {
        reduced(th, this.object(), &this.items)
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
        caller.name.set(Some(Str::intern(th, name.to_owned())?));
        caller.vectorcall.set(MethodCaller::VECTORCALL);
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

    #[vectorcall]
    fn call(&self, th: &Thread, args: Args<'_>) -> PyResult {
        let ob = operand(th, args, "methodcaller")?;
        let (Some(name), Some(args)) = (self.name.get(), self.args.get()) else {
            return Err(th.bad_internal_call());
        };
        let Some(kwargs) = self.kwargs.get() else {
            return call::call_method(th, ob, name, args.get().as_slice());
        };
        let method = object::get_attr(th, ob, name)?;
        call::call_tuple_dict(th, method.object(), args, Some(kwargs))
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
