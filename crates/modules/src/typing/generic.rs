//! `Generic`: its two class methods are Python code of the `typing` module.

use krait_eval::import;
use krait_objects::prelude::*;

/// Base of all generic classes.
///
/// A class that is declared with type parameters after its name has it as a base by itself.
#[pytype(name = "typing.Generic", flags(BASETYPE))]
#[repr(C)]
pub struct Generic {
    head: Head,
}

/// Calls `typing.name(cls, *args, **kwargs)`.
fn forward(
    th: &Thread,
    name: &str,
    cls: Borrowed<'_, Type>,
    args: &[Borrowed<'_>],
    kwargs: Kwargs<'_>,
) -> PyResult {
    let typing = import::import(th, "typing")?;
    let function = object::get_attr(th, typing.object(), Str::interned(th, name)?.borrow())?;
    let mut all = vec![cls.object()];
    all.extend_from_slice(args);
    let all = Tuple::from_slice(th, &all)?;
    let kwargs = if kwargs.is_empty() { None } else { Some(kwargs.to_dict(th)?) };
    call::call_tuple_dict(th, function.object(), all.borrow(), kwargs.as_ref().map(Owned::borrow))
}

#[pymethods]
impl Generic {
    /// What Foo[int] means for a generic class Foo: the class with its parameters filled in.
    ///
    /// A class may override it and do something else.
    #[classmethod(sig = "(type, /, *args, **kwargs)", no_text)]
    fn __class_getitem__(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        args: &[Borrowed<'_>],
        kwargs: Kwargs<'_>,
    ) -> PyResult {
        forward(th, "_generic_class_getitem", cls, args, kwargs)
    }

    /// Determine the type parameters of a new subclass.
    #[classmethod(sig = "(type, /, *args, **kwargs)", no_text)]
    fn __init_subclass__(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        args: &[Borrowed<'_>],
        kwargs: Kwargs<'_>,
    ) -> PyResult {
        forward(th, "_generic_init_subclass", cls, args, kwargs)
    }
}

/// `Generic[*parameters]`, as a class with type parameters gets it as a base.
pub(super) fn subscript(th: &Thread, parameters: Borrowed<'_>) -> PyResult {
    let Some(parameters) = parameters.downcast::<Tuple>() else {
        return Err(th.bad_internal_call());
    };
    let mut unpacked = Vec::with_capacity(parameters.len());
    for &parameter in parameters.as_slice() {
        // A variadic parameter stands for itself unpacked.
        if parameter.downcast::<super::TypeVarTuple>().is_some() {
            let iterator = iter::get_iter(th, parameter)?;
            unpacked.extend(iter::next(th, iterator.object())?);
        } else {
            unpacked.push(parameter.to_owned());
        }
    }
    let parameters = Tuple::from_vec(th, unpacked)?;
    let generic = Borrowed::from_ref(Generic::type_object());
    generic.ready(th)?;
    forward(th, "_generic_class_getitem", generic, &[parameters.object()], Args::NONE.keywords())
}
