//! `TypeVar`.

use std::cell::Cell;

use krait_abi as abi;
use krait_objects::prelude::*;

use super::{
    call_typing, check_variance, evaluated, evaluator_of, is_default_given, no_default, or,
    set_module, signed_name, type_check,
};

/// Type variable: a placeholder for a type in generic functions, classes and aliases.
///
/// The preferred way to make one is the dedicated syntax: class Sequence[T]: ...
#[pytype(name = "typing.TypeVar", flags(HAVE_GC), dict = dict, weaklist = weakrefs)]
#[repr(C)]
pub struct TypeVar {
    head: Head,
    #[member(name = "__name__", readonly)]
    name: Slot<Str>,
    #[visit]
    bound: Slot,
    #[visit]
    evaluate_bound: Slot,
    #[visit]
    constraints: Slot,
    #[visit]
    evaluate_constraints: Slot,
    #[visit]
    default: Slot,
    #[visit]
    pub(super) evaluate_default: Slot,
    #[member(name = "__covariant__", readonly)]
    covariant: Cell<bool>,
    #[member(name = "__contravariant__", readonly)]
    contravariant: Cell<bool>,
    #[member(name = "__infer_variance__", readonly)]
    infer_variance: Cell<bool>,
    #[visit]
    dict: Slot<Dict>,
    weakrefs: Cell<*mut abi::PyObject>,
}

impl TypeVar {
    /// As the syntax of PEP 695 makes it: variance is inferred, attributes are evaluated when asked for.
    pub fn create(
        th: &Thread,
        name: Owned<Str>,
        evaluate_bound: Option<Owned>,
        evaluate_constraints: Option<Owned>,
    ) -> PyResult {
        let made = Borrowed::from_ref(TypeVar::type_object()).get().alloc::<TypeVar>(th, 0)?;
        made.name.set(Some(name));
        made.evaluate_bound.set(evaluate_bound);
        made.evaluate_constraints.set(evaluate_constraints);
        made.infer_variance.set(true);
        set_module(th, made.object())?;
        Ok(made.into_object())
    }
}

#[pymethods]
impl TypeVar {
    #[new(
        sig = "(name, *constraints, bound=None, default=NULL, covariant=False, contravariant=False, infer_variance=False)"
    )]
    #[allow(clippy::too_many_arguments)]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        name: Borrowed<'_, Str>,
        constraints: &[Borrowed<'_>],
        bound: Option<Borrowed<'_>>,
        default: Option<Borrowed<'_>>,
        covariant: bool,
        contravariant: bool,
        infer_variance: bool,
    ) -> PyResult {
        check_variance(th, covariant, contravariant, infer_variance)?;
        let bound =
            bound.map(|bound| type_check(th, bound, "Bound must be a type.")).transpose()?;
        if constraints.len() == 1 {
            return Err(th.raise(exc::TYPE_ERROR, "A single constraint is not allowed"));
        }
        if !constraints.is_empty() && bound.is_some() {
            return Err(th.raise(exc::TYPE_ERROR, "Constraints cannot be combined with bound=..."));
        }
        let made = cls.get().alloc::<TypeVar>(th, 0)?;
        made.name.set(Some(name.to_owned()));
        made.bound.set(bound);
        if !constraints.is_empty() {
            made.constraints.set(Some(Tuple::from_slice(th, constraints)?.into_object()));
        }
        made.default.set(default.map(Borrowed::to_owned));
        made.covariant.set(covariant);
        made.contravariant.set(contravariant);
        made.infer_variance.set(infer_variance);
        set_module(th, made.object())?;
        Ok(made.into_object())
    }

    #[slot(tp_repr)]
    fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
        let (covariant, contravariant) = (self.covariant.get(), self.contravariant.get());
        signed_name(th, &self.name, covariant, contravariant, self.infer_variance.get())
    }

    #[slot(nb_or)]
    fn or(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        or(th, left, right)
    }

    #[getter]
    fn __bound__(&self, th: &Thread) -> PyResult {
        evaluated(th, &self.bound, &self.evaluate_bound, none().to_owned())
    }

    #[getter]
    fn __constraints__(&self, th: &Thread) -> PyResult {
        evaluated(
            th,
            &self.constraints,
            &self.evaluate_constraints,
            Tuple::empty().object().to_owned(),
        )
    }

    #[getter]
    fn __default__(&self, th: &Thread) -> PyResult {
        evaluated(th, &self.default, &self.evaluate_default, no_default(th)?)
    }

    #[getter]
    fn evaluate_bound(&self, th: &Thread) -> PyResult {
        evaluator_of(th, &self.bound, &self.evaluate_bound)
    }

    #[getter]
    fn evaluate_constraints(&self, th: &Thread) -> PyResult {
        evaluator_of(th, &self.constraints, &self.evaluate_constraints)
    }

    #[getter]
    fn evaluate_default(&self, th: &Thread) -> PyResult {
        evaluator_of(th, &self.default, &self.evaluate_default)
    }

    /// Whether the variable has a default.
    #[method(sig = "(self, /)")]
    fn has_default(&self, th: &Thread) -> PyResult<bool> {
        Ok(is_default_given(th, &self.default, &self.evaluate_default))
    }

    /// For internal use by generic aliases: what stands for the variable.
    #[method(sig = "(self, arg, /)")]
    fn __typing_subst__(this: Borrowed<'_, Self>, th: &Thread, arg: Borrowed<'_>) -> PyResult {
        call_typing(th, "_typevar_subst", &[this.object(), arg])
    }

    /// For internal use by generic aliases: the arguments, with the default added if one is missing.
    #[method(sig = "(self, alias, args, /)")]
    fn __typing_prepare_subst__(
        this: Borrowed<'_, Self>,
        th: &Thread,
        alias: Borrowed<'_>,
        args: Borrowed<'_>,
    ) -> PyResult {
        let parameters = object::get_attr(th, alias, id::__parameters__)?;
        let given = sequence::len(th, args)?;
        let index = sequence::index(th, parameters.object(), this.object())?;
        if index < given {
            return Ok(args.to_owned());
        }
        if index == given {
            let default = this.get().__default__(th)?;
            if !default.is(no_default(th)?.object()) {
                let more = Tuple::pack(th, [default])?;
                return sequence::concat(th, args, more.object());
            }
        }
        Err(raise!(
            th,
            TYPE_ERROR,
            "Too few arguments for {}; actual {given}, expected at least {}",
            *object::str(th, alias)?,
            index + 1
        ))
    }

    /// For pickling: the variable's name.
    #[method(sig = "(self, /)")]
    fn __reduce__(&self) -> Option<Owned<Str>> {
        self.name.get_owned()
    }

    /// A variable is no class: deriving from one is refused.
    #[method(sig = "(self, object, /)")]
    fn __mro_entries__(&self, th: &Thread, _object: Borrowed<'_>) -> PyResult {
        Err(th.raise(exc::TYPE_ERROR, "Cannot subclass an instance of TypeVar"))
    }
}
