//! `ParamSpec`, and its `args` and `kwargs`.

use std::cell::Cell;

use krait_abi as abi;
use krait_objects::prelude::*;

use super::{
    call_typing, check_variance, evaluated, evaluator_of, is_default_given, no_default, or,
    set_module, signed_name,
};

/// Parameter specification variable: a placeholder for the parameters of a callable.
///
/// The preferred way to make one is the dedicated syntax: type IntFunc[**P] = Callable[P, int]
#[pytype(name = "typing.ParamSpec", flags(HAVE_GC), dict = dict, weaklist = weakrefs)]
#[repr(C)]
pub struct ParamSpec {
    head: Head,
    #[member(name = "__name__", readonly)]
    name: Slot<Str>,
    #[visit]
    #[member(name = "__bound__", readonly)]
    bound: Slot,
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

impl ParamSpec {
    pub fn create(th: &Thread, name: Owned<Str>) -> PyResult {
        let made = Borrowed::from_ref(ParamSpec::type_object()).get().alloc::<ParamSpec>(th, 0)?;
        made.name.set(Some(name));
        made.infer_variance.set(true);
        set_module(th, made.object())?;
        Ok(made.into_object())
    }
}

#[pymethods]
impl ParamSpec {
    #[new(
        sig = "(name, *, bound=None, default=NULL, covariant=False, contravariant=False, infer_variance=False)"
    )]
    #[allow(clippy::too_many_arguments)]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        name: Borrowed<'_, Str>,
        bound: Option<Borrowed<'_>>,
        default: Option<Borrowed<'_>>,
        covariant: bool,
        contravariant: bool,
        infer_variance: bool,
    ) -> PyResult {
        check_variance(th, covariant, contravariant, infer_variance)?;
        // Unlike a type variable's it may be anything: what it means is not settled.
        let bound = bound.map(Borrowed::to_owned);
        let made = cls.get().alloc::<ParamSpec>(th, 0)?;
        made.name.set(Some(name.to_owned()));
        made.bound.set(bound);
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

    /// Stands for the types of the positional arguments, as in *args: P.args.
    #[getter]
    fn args(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        ParamSpecArgs::create(th, this.object())
    }

    /// Stands for the types of the keyword arguments, as in **kwargs: P.kwargs.
    #[getter]
    fn kwargs(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        ParamSpecKwargs::create(th, this.object())
    }

    #[getter]
    fn __default__(&self, th: &Thread) -> PyResult {
        evaluated(th, &self.default, &self.evaluate_default, no_default(th)?)
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

    /// For internal use by generic aliases.
    #[method(sig = "(self, arg, /)")]
    fn __typing_subst__(this: Borrowed<'_, Self>, th: &Thread, arg: Borrowed<'_>) -> PyResult {
        call_typing(th, "_paramspec_subst", &[this.object(), arg])
    }

    /// For internal use by generic aliases.
    #[method(sig = "(self, alias, args, /)")]
    fn __typing_prepare_subst__(
        this: Borrowed<'_, Self>,
        th: &Thread,
        alias: Borrowed<'_>,
        args: Borrowed<'_>,
    ) -> PyResult {
        call_typing(th, "_paramspec_prepare_subst", &[this.object(), alias, args])
    }

    /// For pickling: the variable's name.
    #[method(sig = "(self, /)")]
    fn __reduce__(&self) -> Option<Owned<Str>> {
        self.name.get_owned()
    }

    /// A variable is no class: deriving from one is refused.
    #[method(sig = "(self, object, /)")]
    fn __mro_entries__(&self, th: &Thread, _object: Borrowed<'_>) -> PyResult {
        Err(th.raise(exc::TYPE_ERROR, "Cannot subclass an instance of ParamSpec"))
    }
}

macro_rules! component {
    ($(#[$doc:meta])* $ty:ident, $name:literal, $suffix:literal, $refusal:literal) => {
        $(#[$doc])*
        #[pytype(name = $name, flags(HAVE_GC), weaklist = weakrefs)]
        #[repr(C)]
        pub struct $ty {
            head: Head,
            #[visit]
            #[member(name = "__origin__", readonly)]
            origin: Slot,
            weakrefs: Cell<*mut abi::PyObject>,
        }

        impl $ty {
            fn create(th: &Thread, origin: Borrowed<'_>) -> PyResult {
                let made = Borrowed::from_ref($ty::type_object()).get().alloc::<$ty>(th, 0)?;
                made.origin.set(Some(origin.to_owned()));
                Ok(made.into_object())
            }
        }

        #[pymethods]
        impl $ty {
            #[new(sig = "(origin)")]
            fn new(_cls: Borrowed<'_, Type>, th: &Thread, origin: Borrowed<'_>) -> PyResult {
                $ty::create(th, origin)
            }

            #[slot(tp_repr)]
            fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
                let origin = self.origin.get_owned().unwrap_or_else(|| none().to_owned());
                match origin.object().downcast::<ParamSpec>().and_then(|spec| spec.get().name.get_owned()) {
                    Some(name) => Str::from_fmt(th, format_args!("{}{}", *name, $suffix)),
                    None => Str::from_fmt(th, format_args!("{}{}", *object::repr(th, origin.object())?, $suffix)),
                }
            }

            #[slot(tp_richcompare)]
            fn richcompare(&self, th: &Thread, other: Borrowed<'_>, op: CompareOp) -> PyResult {
                let (Some(other), true) = (other.downcast::<$ty>(), matches!(op, CompareOp::Eq | CompareOp::Ne)) else {
                    return Ok(not_implemented().to_owned());
                };
                match (self.origin.get_owned(), other.get().origin.get_owned()) {
                    (Some(ours), Some(theirs)) => object::compare(th, ours.object(), theirs.object(), op),
                    _ => Ok(not_implemented().to_owned()),
                }
            }

            /// A component is no class: deriving from one is refused.
            #[method(sig = "(self, object, /)")]
            fn __mro_entries__(&self, th: &Thread, _object: Borrowed<'_>) -> PyResult {
                Err(th.raise(exc::TYPE_ERROR, $refusal))
            }
        }
    };
}

component!(
    /// The args for a ParamSpec object: P.args stands for the positional arguments.
    ParamSpecArgs, "typing.ParamSpecArgs", ".args", "Cannot subclass an instance of ParamSpecArgs"
);
component!(
    /// The kwargs for a ParamSpec object: P.kwargs stands for the keyword arguments.
    ParamSpecKwargs, "typing.ParamSpecKwargs", ".kwargs", "Cannot subclass an instance of ParamSpecKwargs"
);
