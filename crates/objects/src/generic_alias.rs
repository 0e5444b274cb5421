//! `types.GenericAlias`: `list[int]`.
//!
//! This file is the object; `parameters` substitutes type variables, which unions share. The same job as CPython's
//! `Objects/genericaliasobject.c`.

mod parameters;

use std::cell::Cell;

use krait_abi as abi;

use crate::gc;
use crate::prelude::*;

pub use parameters::{collect_parameters, substitute, type_repr};

type Ptr = *mut abi::PyObject;

/// A generic class with type arguments, such as list[int].
///
/// __origin__ is the class, __args__ the tuple of arguments.
#[pytype(
    name = "types.GenericAlias", symbol = "Py_GenericAliasType", new = "(origin, args, /)", flags(BASETYPE, HAVE_GC),
    weaklist = weakrefs, vectorcall = vectorcall,
)]
#[repr(C)]
pub struct GenericAlias {
    head: Head,
    #[visit]
    #[member(name = "__origin__", readonly)]
    origin: Slot,
    #[visit]
    #[member(name = "__args__", readonly)]
    args: Slot<Tuple>,
    #[visit]
    parameters: Slot<Tuple>,
    weakrefs: Cell<Ptr>,
    #[member(name = "__unpacked__", readonly)]
    starred: Cell<bool>,
    vectorcall: Cell<abi::vectorcallfunc>,
}

/// `origin[args]` as an alias; `args` that are no tuple are one argument.
pub fn new(th: &Thread, origin: Borrowed<'_>, args: Borrowed<'_>) -> PyResult {
    let ty = Borrowed::from_ref(GenericAlias::type_object());
    // SAFETY: a fresh instance.
    let alias: Owned<GenericAlias> =
        unsafe { crate::typeobj::alloc::alloc_untracked(th, ty, 0)?.cast() };
    alias.fill(th, origin, args)?;
    gc::track(th, alias.borrow());
    Ok(alias.into_object())
}

/// An alias is called as its origin is.
unsafe extern "C" fn alias_vectorcall(
    this: Ptr,
    args: *const Ptr,
    nargsf: usize,
    kwnames: Ptr,
) -> Ptr {
    crate::args::shim::object(|th| {
        // SAFETY: C calls the vectorcall function of a live alias, with the arguments of a vectorcall.
        let (this, args) = unsafe {
            let this: Borrowed<'_, GenericAlias> = Borrowed::from_ptr(this);
            (this, Args::from_raw(args, nargsf, kwnames))
        };
        let made = call::vectorcall(th, this.get().origin().object(), args)?;
        set_class(th, made, this.object())
    })
}

/// Tells an instance which alias made it, if it takes the attribute.
fn set_class(th: &Thread, made: Owned, alias: Borrowed<'_>) -> PyResult {
    match object::set_attr(th, made.object(), id::__orig_class__, alias) {
        Ok(()) => Ok(made),
        Err(raised) => {
            if th.exception_matches(exc::TYPE_ERROR) {
                drop(th.take_if(raised, exc::TYPE_ERROR)?);
            } else {
                drop(th.take_if(raised, exc::ATTRIBUTE_ERROR)?);
            }
            Ok(made)
        }
    }
}

/// Attributes that are the alias's own, and not its origin's.
const OWN: [&str; 9] = [
    "__class__",
    "__origin__",
    "__args__",
    "__unpacked__",
    "__parameters__",
    "__typing_unpacked_tuple_args__",
    "__mro_entries__",
    "__reduce_ex__",
    "__reduce__",
];

/// Attributes of the origin that an alias does not show.
const BLOCKED: [&str; 3] = ["__bases__", "__copy__", "__deepcopy__"];

impl GenericAlias {
    fn fill(&self, th: &Thread, origin: Borrowed<'_>, args: Borrowed<'_>) -> PyResult<()> {
        let args = match args.downcast::<Tuple>() {
            Some(args) => args.to_owned(),
            None => Tuple::from_slice(th, &[args])?,
        };
        self.origin.set(Some(origin.to_owned()));
        self.args.set(Some(args));
        if call::vectorcall_of(origin).is_some() {
            self.vectorcall.set(Some(alias_vectorcall));
        }
        Ok(())
    }

    /// `__origin__`.
    pub fn origin(&self) -> Owned {
        self.origin.get_owned().unwrap_or_else(|| none().to_owned())
    }

    /// `__args__`.
    pub fn args(&self) -> Owned<Tuple> {
        self.args.get_owned().unwrap_or_else(|| Tuple::empty().to_owned())
    }

    /// Whether it is `*alias`.
    pub fn is_starred(&self) -> bool {
        self.starred.get()
    }

    fn parameters(&self, th: &Thread) -> PyResult<Owned<Tuple>> {
        if let Some(known) = self.parameters.get_owned() {
            return Ok(known);
        }
        let found = collect_parameters(th, &self.args())?;
        self.parameters.set(Some(found.clone()));
        Ok(found)
    }

    /// The same alias, starred or not.
    fn with_star(&self, th: &Thread, starred: bool) -> PyResult {
        let made = new(th, self.origin().object(), self.args().object())?;
        if let Some(alias) = made.object().downcast::<GenericAlias>() {
            alias.starred.set(starred);
        }
        Ok(made)
    }

    fn same(&self, th: &Thread, other: &GenericAlias) -> PyResult<bool> {
        Ok(self.starred.get() == other.starred.get()
            && object::eq(th, self.origin().object(), other.origin().object())?
            && object::eq(th, self.args().object(), other.args().object())?)
    }
}

#[pymethods]
impl GenericAlias {
    #[slot(tp_new)]
    fn construct(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        if kwargs.is_some_and(|kwargs| !kwargs.is_empty()) {
            return Err(th.raise(exc::TYPE_ERROR, "GenericAlias() takes no keyword arguments"));
        }
        let &[origin, arguments] = args.get().as_slice() else {
            let given = args.len();
            return Err(raise!(th, TYPE_ERROR, "GenericAlias expected 2 arguments, got {given}"));
        };
        let alias = cls.alloc::<GenericAlias>(th, 0)?;
        alias.fill(th, origin, arguments)?;
        Ok(alias.into_object())
    }

    #[slot(tp_repr)]
    fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
        th.check_stack(" while getting the repr of an object")?;
        let mut text = String::new();
        if self.starred.get() {
            text.push('*');
        }
        text.push_str(&type_repr(th, self.origin().object())?);
        text.push('[');
        let args = self.args();
        for (at, &arg) in args.as_slice().iter().enumerate() {
            if at > 0 {
                text.push_str(", ");
            }
            match arg.downcast_exact::<List>() {
                // A list of types, as in `Callable[[int], str]`'s parameters.
                Some(list) => {
                    text.push('[');
                    for at in 0..list.len() {
                        if at > 0 {
                            text.push_str(", ");
                        }
                        // The repr of another item may have changed the list.
                        let item = list
                            .get()
                            .get(at)
                            .ok_or_else(|| th.raise(exc::INDEX_ERROR, "list index out of range"))?;
                        text.push_str(&type_repr(th, item.object())?);
                    }
                    text.push(']');
                }
                None => text.push_str(&type_repr(th, arg)?),
            }
        }
        if args.is_empty() {
            text.push_str("()");
        }
        text.push(']');
        Str::from_string(th, text)
    }

    #[slot(tp_hash)]
    fn hash(&self, th: &Thread) -> PyResult<isize> {
        let origin = object::hash(th, self.origin().object())?;
        Ok(origin ^ object::hash(th, self.args().object())?)
    }

    #[slot(tp_call)]
    fn call(
        this: Borrowed<'_, Self>,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        let made = call::call_tuple_dict(th, this.get().origin().object(), args, kwargs)?;
        set_class(th, made, this.object())
    }

    #[slot(tp_getattro)]
    fn getattribute(this: Borrowed<'_, Self>, th: &Thread, name: Borrowed<'_, Str>) -> PyResult {
        if name.object().is_exact::<Str>() {
            let own = |names: &[&str]| names.iter().any(|own| name.eq_str(own));
            if !own(&BLOCKED) && !own(&OWN) {
                return object::get_attr(th, this.get().origin().object(), name);
            }
        }
        object::generic_get_attr(th, this.object(), name)
    }

    #[slot(tp_richcompare)]
    fn compare(&self, th: &Thread, other: Borrowed<'_>, op: CompareOp) -> PyResult {
        let equal = op == CompareOp::Eq;
        let other = other.downcast::<GenericAlias>();
        let Some(other) = other.filter(|_| equal || op == CompareOp::Ne) else {
            return Ok(not_implemented().to_owned());
        };
        let same = self.same(th, other.get())?;
        Ok(bool_object(same == equal).object().to_owned())
    }

    #[slot(mp_subscript)]
    fn get_item(this: Borrowed<'_, Self>, th: &Thread, item: Borrowed<'_>) -> PyResult {
        let alias = this.get();
        let parameters = alias.parameters(th)?;
        let args = substitute(th, this.object(), &alias.args(), &parameters, item)?;
        let made = new(th, alias.origin().object(), args.object())?;
        if let Some(made) = made.object().downcast::<GenericAlias>() {
            made.starred.set(alias.starred.get());
        }
        Ok(made)
    }

    #[slot(nb_or)]
    fn or(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        crate::union::or(th, left, right)
    }

    /// Iterating gives the starred alias, once: `*tuple[int, ...]`.
    #[slot(tp_iter)]
    fn iter(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        let ty = Borrowed::from_ref(AliasIterator::type_object());
        // SAFETY: a fresh instance.
        let iterator: Owned<AliasIterator> =
            unsafe { crate::typeobj::alloc::alloc_untracked(th, ty, 0)?.cast() };
        iterator.alias.set(Some(this.to_owned()));
        gc::track(th, iterator.borrow());
        Ok(iterator.into_object())
    }

    #[method(sig = "(self, object, /)")]
    fn __mro_entries__(&self, th: &Thread, _object: Borrowed<'_>) -> PyResult<Owned<Tuple>> {
        Tuple::pack(th, [self.origin()])
    }

    #[method(sig = "(self, object, /)")]
    fn __instancecheck__(&self, th: &Thread, _object: Borrowed<'_>) -> PyResult {
        Err(th.raise(exc::TYPE_ERROR, "isinstance() argument 2 cannot be a parameterized generic"))
    }

    #[method(sig = "(self, object, /)")]
    fn __subclasscheck__(&self, th: &Thread, _object: Borrowed<'_>) -> PyResult {
        Err(th.raise(exc::TYPE_ERROR, "issubclass() argument 2 cannot be a parameterized generic"))
    }

    #[method(sig = "(self, /)")]
    fn __reduce__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        let alias = this.get();
        if alias.starred.get() {
            let next = crate::object::builtin(th, id::next)?;
            let plain = alias.with_star(th, false)?;
            let iterator = iter::get_iter(th, plain.object())?;
            let args = Tuple::pack(th, [iterator])?.into_object();
            return Tuple::pack(th, [next, args]).map(Owned::into_object);
        }
        let class = this.object().get().ty().object().to_owned();
        let args = Tuple::pack(th, [alias.origin(), alias.args().into_object()])?.into_object();
        Tuple::pack(th, [class, args]).map(Owned::into_object)
    }

    #[method(sig = "(self, /)")]
    fn __dir__(&self, th: &Thread) -> PyResult {
        let names = object::dir(th, self.origin().object())?;
        for own in OWN {
            let own = Str::interned(th, own)?;
            if !sequence::contains(th, names.object(), own.object())? {
                if let Some(names) = names.object().downcast::<List>() {
                    names.push(th, own.into_object())?;
                }
            }
        }
        Ok(names)
    }

    /// The type variables among the arguments.
    #[getter]
    fn __parameters__(&self, th: &Thread) -> PyResult<Owned<Tuple>> {
        self.parameters(th)
    }

    #[getter]
    fn __typing_unpacked_tuple_args__(&self) -> Option<Owned<Tuple>> {
        let is_tuple = self.origin.as_ptr() == Tuple::type_object().as_type_ptr().cast();
        (self.starred.get() && is_tuple).then(|| self.args())
    }
}

// What `iter(alias)` gives.
#[pytype(name = "generic_alias_iterator", flags(HAVE_GC, DISALLOW_INSTANTIATION))]
#[repr(C)]
struct AliasIterator {
    head: Head,
    #[visit]
    alias: Slot<GenericAlias>,
}

#[pymethods]
impl AliasIterator {
    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
        match self.alias.take() {
            Some(alias) => alias.with_star(th, true).map(Some),
            None => Ok(None),
        }
    }

    #[method(sig = "(self, /)")]
    fn __reduce__(&self, th: &Thread) -> PyResult {
        let iter = crate::object::builtin(th, id::iter)?;
        let over = match self.alias.get_owned() {
            Some(alias) => alias.into_object(),
            None => Tuple::empty().object().to_owned(),
        };
        let args = Tuple::pack(th, [over])?.into_object();
        Tuple::pack(th, [iter, args]).map(Owned::into_object)
    }
}
