//! `TypeVarTuple`.

use std::cell::Cell;

use krait_abi as abi;
use krait_objects::prelude::*;

use super::{call_typing, evaluated, evaluator_of, is_default_given, no_default, set_module};

/// Type variable tuple: a placeholder for any number of types in variadic generics.
///
/// The preferred way to make one is the dedicated syntax: class Array[*Ts]: ...
#[pytype(name = "typing.TypeVarTuple", flags(HAVE_GC), dict = dict, weaklist = weakrefs)]
#[repr(C)]
pub struct TypeVarTuple {
    head: Head,
    #[member(name = "__name__", readonly)]
    name: Slot<Str>,
    #[visit]
    default: Slot,
    #[visit]
    pub(super) evaluate_default: Slot,
    #[visit]
    dict: Slot<Dict>,
    weakrefs: Cell<*mut abi::PyObject>,
}

impl TypeVarTuple {
    pub fn create(th: &Thread, name: Owned<Str>) -> PyResult {
        let made =
            Borrowed::from_ref(TypeVarTuple::type_object()).get().alloc::<TypeVarTuple>(th, 0)?;
        made.name.set(Some(name));
        set_module(th, made.object())?;
        Ok(made.into_object())
    }
}

#[pymethods]
impl TypeVarTuple {
    #[new(sig = "(name, *, default=NULL)")]
    fn new(
        _cls: Borrowed<'_, Type>,
        th: &Thread,
        name: Borrowed<'_, Str>,
        default: Option<Borrowed<'_>>,
    ) -> PyResult {
        let made = TypeVarTuple::create(th, name.to_owned())?;
        if let Some(tuple) = made.object().downcast::<TypeVarTuple>() {
            tuple.get().default.set(default.map(Borrowed::to_owned));
        }
        Ok(made)
    }

    #[slot(tp_repr)]
    fn repr(&self, _th: &Thread) -> PyResult<Owned<Str>> {
        Ok(self.name.get_owned().unwrap_or_else(|| id::empty.to_owned()))
    }

    #[slot(tp_iter)]
    fn iter(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        let unpack = krait_eval::import::import(th, "typing")?;
        let unpack = object::get_attr(th, unpack.object(), Str::interned(th, "Unpack")?.borrow())?;
        let unpacked = object::get_item(th, unpack.object(), this.object())?;
        let one = Tuple::pack(th, [unpacked])?;
        iter::get_iter(th, one.object())
    }

    #[getter]
    fn __default__(&self, th: &Thread) -> PyResult {
        evaluated(th, &self.default, &self.evaluate_default, no_default(th)?)
    }

    #[getter]
    fn evaluate_default(&self, th: &Thread) -> PyResult {
        evaluator_of(th, &self.default, &self.evaluate_default)
    }

    /// Whether the tuple has a default.
    #[method(sig = "(self, /)")]
    fn has_default(&self, th: &Thread) -> PyResult<bool> {
        Ok(is_default_given(th, &self.default, &self.evaluate_default))
    }

    /// For internal use by generic aliases: only the unpacked tuple can be substituted.
    #[method(sig = "(self, arg, /)")]
    fn __typing_subst__(&self, th: &Thread, _arg: Borrowed<'_>) -> PyResult {
        Err(th.raise(exc::TYPE_ERROR, "Substitution of bare TypeVarTuple is not supported"))
    }

    /// For internal use by generic aliases.
    #[method(sig = "(self, alias, args, /)")]
    fn __typing_prepare_subst__(
        this: Borrowed<'_, Self>,
        th: &Thread,
        alias: Borrowed<'_>,
        args: Borrowed<'_>,
    ) -> PyResult {
        call_typing(th, "_typevartuple_prepare_subst", &[this.object(), alias, args])
    }

    /// For pickling: the tuple's name.
    #[method(sig = "(self, /)")]
    fn __reduce__(&self) -> Option<Owned<Str>> {
        self.name.get_owned()
    }

    /// A variable is no class: deriving from one is refused.
    #[method(sig = "(self, object, /)")]
    fn __mro_entries__(&self, th: &Thread, _object: Borrowed<'_>) -> PyResult {
        Err(th.raise(exc::TYPE_ERROR, "Cannot subclass an instance of TypeVarTuple"))
    }
}
