//! `partial` and `Placeholder`.

use std::cell::Cell;

use krait_abi as abi;
use krait_objects::args::rt::StaticTypeOf;
use krait_objects::method::Method;
use krait_objects::object::instance_dict;
use krait_objects::prelude::*;
use krait_objects::repr_guard::{self, Pieces};
use krait_objects::row::in_row;

/// The class of Placeholder, its only instance.
///
/// Among the arguments of partial(), it keeps a place free that a positional argument of the call takes.
#[pytype(name = "functools._PlaceholderType")]
#[repr(C)]
pub struct PlaceholderType {
    head: Head,
}

static PLACEHOLDER: PlaceholderType =
    PlaceholderType { head: Head::immortal(<PlaceholderType as StaticTypeOf>::TYPE) };

/// The one instance.
pub fn placeholder() -> Borrowed<'static> {
    Borrowed::from_ref(&PLACEHOLDER).object()
}

#[pymethods]
impl PlaceholderType {
    #[slot(tp_new)]
    fn new(
        _cls: Borrowed<'_, Type>,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        if !args.is_empty() || kwargs.is_some_and(|kwargs| !kwargs.is_empty()) {
            return Err(th.raise(exc::TYPE_ERROR, "PlaceholderType takes no arguments"));
        }
        Ok(placeholder().to_owned())
    }

    #[slot(tp_repr)]
    fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
        Str::new(th, "Placeholder")
    }

    #[slot(tp_dealloc)]
    unsafe fn dealloc(_this: *mut Self) {}

    #[method(sig = "(self, /)")]
    fn __reduce__(&self, th: &Thread) -> PyResult<Owned<Str>> {
        Str::interned(th, "Placeholder")
    }
}

/// A callable with some arguments fixed: a call adds its own to them and passes all to the function.
#[pytype(
    name = "functools.partial", new = "(func, /, *args, **keywords)", flags(BASETYPE, HAVE_GC),
    dict = dict, weaklist = weakrefs, vectorcall = vectorcall,
)]
#[repr(C)]
pub struct Partial {
    head: Head,
    /// What is called.
    #[visit]
    #[member(readonly)]
    func: Slot,
    /// The fixed positional arguments, as a tuple.
    #[visit]
    #[member(readonly)]
    args: Slot<Tuple>,
    /// The fixed keyword arguments, as a dict.
    #[visit]
    #[member(readonly)]
    keywords: Slot<Dict>,
    #[visit]
    dict: Slot<Dict>,
    weakrefs: Cell<*mut abi::PyObject>,
    /// How many of the arguments are placeholders.
    holes: Cell<isize>,
    vectorcall: Cell<abi::vectorcallfunc>,
}

fn holes_in(args: &[Borrowed<'_>]) -> usize {
    args.iter().filter(|arg| arg.is(placeholder())).count()
}

impl Partial {
    fn parts(&self) -> Option<(Owned, Owned<Tuple>, Owned<Dict>)> {
        Some((self.func.get_owned()?, self.args.get_owned()?, self.keywords.get_owned()?))
    }

    fn fill(&self, func: Owned, args: Owned<Tuple>, keywords: Owned<Dict>) {
        self.holes.set(holes_in(args.as_slice()) as isize);
        self.vectorcall.set(Partial::VECTORCALL);
        let old = (self.func.replace(Some(func)), self.args.replace(Some(args)));
        self.keywords.set(Some(keywords));
        drop(old);
    }
}

/// `first` with its placeholders replaced by the front of `more`, then the rest of `more`.
fn merged(first: &[Borrowed<'_>], more: &[Borrowed<'_>]) -> Vec<Owned> {
    let mut more = more.iter();
    let mut all: Vec<Owned> = first
        .iter()
        .map(|&arg| {
            let given = if arg.is(placeholder()) { more.next().copied() } else { None };
            given.unwrap_or(arg).to_owned()
        })
        .collect();
    all.extend(more.map(|&arg| arg.to_owned()));
    all
}

/// Calls with the positional arguments `all` and both the partial's keywords and those of the call, which take the place
/// of the partial's own of the same names.
fn call_with_names(
    th: &Thread,
    func: Borrowed<'_>,
    mut all: Vec<Owned>,
    keywords: Borrowed<'_, Dict>,
    args: Args<'_>,
) -> PyResult {
    let positional = all.len();
    let mut names = Vec::with_capacity(keywords.len() + args.values.len() - args.positional);
    let mut position = 0;
    while let Some((name, value)) = keywords.next(&mut position) {
        let Ok(name) = name.downcast::<Str>() else {
            return Err(th.raise(exc::TYPE_ERROR, "keywords must be strings"));
        };
        names.push(name);
        all.push(value);
    }
    for (name, value) in args.keywords().pairs() {
        match names.iter().position(|known| known.borrow().is(name.borrow()) || known.eq(&name)) {
            Some(at) => all[positional + at] = value,
            None => {
                names.push(name);
                all.push(value);
            }
        }
    }
    let names: Vec<Owned> = names.into_iter().map(Owned::into_object).collect();
    let names = Tuple::from_vec(th, names)?;
    let values: Vec<Borrowed<'_>> = all.iter().map(Owned::borrow).collect();
    let args = Args { values: &values, positional, kwnames: Some(names.borrow()), offset: false };
    call::vectorcall(th, func, args)
}

#[pymethods(parts(methods))]
impl Partial {
    #[slot(tp_new)]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<Owned<Partial>> {
        let [func, rest @ ..] = args.get().as_slice() else {
            return Err(th.raise(exc::TYPE_ERROR, "type 'partial' takes at least one argument"));
        };
        if !object::is_callable(*func) {
            return Err(th.raise(exc::TYPE_ERROR, "the first argument must be callable"));
        }
        if rest.last().is_some_and(|last| last.is(placeholder())) {
            return Err(th.raise(exc::TYPE_ERROR, "trailing Placeholders are not allowed"));
        }
        let mut position = 0;
        while let Some((_, value)) = kwargs.and_then(|kwargs| kwargs.get().next(&mut position)) {
            if value.is(placeholder()) {
                let message = "Placeholder cannot be passed as a keyword argument";
                return Err(th.raise(exc::TYPE_ERROR, message));
            }
        }
        // A partial of a plain partial becomes one.
        let inner = func
            .downcast::<Partial>()
            .filter(|inner| inner.dict.get().is_none() && same_call(inner.object().get()))
            .and_then(|inner| inner.get().parts());
        let (func, args, keywords) = match inner {
            Some((func, first, keywords)) => {
                let args = Tuple::from_vec(th, merged(first.as_slice(), rest))?;
                (func, args, keywords.copy(th)?)
            }
            None => ((*func).to_owned(), Tuple::from_slice(th, rest)?, Dict::new(th)?),
        };
        if let Some(kwargs) = kwargs {
            keywords.merge(th, kwargs.object(), true)?;
        }
        let partial = cls.alloc::<Partial>(th, 0)?;
        partial.fill(func, args, keywords);
        Ok(partial)
    }

    #[vectorcall]
    fn call(&self, th: &Thread, args: Args<'_>) -> PyResult {
        // Held, because the call may change what is here.
        let (Some(func), Some(first), Some(keywords)) =
            (self.func.get_owned(), self.args.get_owned(), self.keywords.get())
        else {
            return Err(th.bad_internal_call());
        };
        let (holes, given) = (self.holes.get() as usize, args.positional);
        if given < holes {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "missing positional arguments in 'partial' call; expected at least {holes}, got {given}"
            ));
        }
        if holes == 0 && (keywords.is_empty() || !args.has_keywords()) {
            let first = first.as_slice();
            let value = |index| match first.get(index) {
                Some(value) => *value,
                None => args.values[index - first.len()],
            };
            return in_row(first.len() + args.values.len(), value, |values| {
                if !keywords.is_empty() {
                    return call::call_with_dict(th, func.borrow(), values, Some(keywords));
                }
                let positional = first.len() + given;
                let args = Args { values, positional, kwnames: args.kwnames, offset: false };
                call::vectorcall(th, func.borrow(), args)
            });
        }
        let all = merged(first.as_slice(), args.positionals());
        if keywords.is_empty() {
            let positional = all.len();
            let mut values: Vec<Borrowed<'_>> = all.iter().map(Owned::borrow).collect();
            values.extend(args.values.iter().skip(given).copied());
            let args = Args { values: &values, positional, kwnames: args.kwnames, offset: false };
            return call::vectorcall(th, func.borrow(), args);
        }
        call_with_names(th, func.borrow(), all, keywords, args)
    }

    #[slot(tp_descr_get)]
    fn bind(
        this: Borrowed<'_, Self>,
        th: &Thread,
        ob: Option<Borrowed<'_>>,
        _ty: Option<Borrowed<'_>>,
    ) -> PyResult {
        match ob.filter(|ob| !ob.is_none()) {
            None => Ok(this.object().to_owned()),
            Some(ob) => Method::new(th, this.object(), ob).map(Owned::into_object),
        }
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let Some(_guard) = repr_guard::enter(th, this.object()) else {
            return Str::new(th, "...");
        };
        let Some((func, args, keywords)) = this.get().parts() else {
            return Err(th.bad_internal_call());
        };
        let mut pieces = Pieces::default();
        let ty = this.object().get().ty();
        let module = object::str(th, ty.get().module(th)?.borrow())?;
        pieces.push(th, module)?;
        pieces.text(th, ".")?;
        pieces.push(th, ty.get().qualname(th)?)?;
        pieces.text(th, "(")?;
        pieces.repr(th, func.borrow())?;
        for &arg in args.as_slice() {
            pieces.text(th, ", ")?;
            pieces.repr(th, arg)?;
        }
        let mut position = 0;
        while let Some((key, value)) = keywords.next(&mut position) {
            pieces.text(th, ", ")?;
            pieces.push(th, object::str(th, key.borrow())?)?;
            pieces.text(th, "=")?;
            pieces.repr(th, value.borrow())?;
        }
        pieces.text(th, ")")?;
        pieces.finish(th)
    }
}

/// Whether calling `ob`, an instance of a subclass, does what calling a `partial` does.
fn same_call(ob: &Object) -> bool {
    let call = |ty: &Type| ty.raw().tp_call.map(|call| call as usize);
    call(&ob.ty()) == call(Partial::type_object())
}

#[pymethods(part = "methods")]
impl Partial {
    #[getter]
    fn __dict__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Dict>> {
        instance_dict::dict_of(th, this.object())
    }

    #[setter(name = "__dict__")]
    fn set_dict(
        this: Borrowed<'_, Self>,
        th: &Thread,
        value: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        instance_dict::set_generic(th, this.object(), value)
    }

    #[method(sig = "(self, /)")]
    fn __reduce__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        let Some((func, args, keywords)) = this.get().parts() else {
            return Err(th.bad_internal_call());
        };
        let ty = this.object().get().ty().object().to_owned();
        let dict = this.dict.get_owned().map_or_else(|| none().to_owned(), Owned::into_object);
        let arguments = Tuple::pack(th, [func.clone()])?.into_object();
        let state = [func, args.into_object(), keywords.into_object(), dict];
        let state = Tuple::pack(th, state)?.into_object();
        Tuple::pack(th, [ty, arguments, state]).map(Owned::into_object)
    }

    #[method(sig = "(self, object, /)")]
    fn __setstate__(&self, th: &Thread, state: Borrowed<'_>) -> PyResult<()> {
        let invalid = || th.raise(exc::TYPE_ERROR, "invalid partial state");
        let state = state.downcast::<Tuple>().ok_or_else(invalid)?;
        let &[func, args, keywords, dict] = state.get().as_slice() else {
            return Err(invalid());
        };
        let args = args.downcast::<Tuple>().ok_or_else(invalid)?;
        let keywords_dict = keywords.downcast::<Dict>();
        if !object::is_callable(func) || (keywords_dict.is_none() && !keywords.is_none()) {
            return Err(invalid());
        }
        if args.get().as_slice().last().is_some_and(|last| last.is(placeholder())) {
            return Err(th.raise(exc::TYPE_ERROR, "trailing Placeholders are not allowed"));
        }
        let args = match args.object().is_exact::<Tuple>() {
            true => args.to_owned(),
            false => Tuple::from_slice(th, args.get().as_slice())?,
        };
        let keywords = match keywords_dict {
            None => Dict::new(th)?,
            Some(exact) if keywords.is_exact::<Dict>() => exact.to_owned(),
            Some(other) => other.copy(th)?,
        };
        let dict = if dict.is_none() {
            None
        } else {
            Some(dict.downcast::<Dict>().ok_or_else(invalid)?.to_owned())
        };
        self.fill(func.to_owned(), args, keywords);
        self.dict.set(dict);
        Ok(())
    }

    /// A generic alias of the class, for annotations.
    #[classmethod(sig = "(type, object, /)")]
    fn __class_getitem__(cls: Borrowed<'_, Type>, th: &Thread, object: Borrowed<'_>) -> PyResult {
        krait_objects::generic_alias::new(th, cls.object(), object)
    }
}
