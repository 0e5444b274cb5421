//! `TypeAliasType`: what the `type` statement makes.

use krait_objects::generic_alias;
use krait_objects::prelude::*;

use super::{evaluated, evaluator_of, has_default};

/// Type alias: made by the type statement, it is evaluated when it is first asked for its value.
#[pytype(name = "typing.TypeAliasType", flags(HAVE_GC))]
#[repr(C)]
pub struct TypeAliasType {
    head: Head,
    #[member(name = "__name__", readonly)]
    name: Slot<Str>,
    #[visit]
    type_params: Slot<Tuple>,
    #[visit]
    value: Slot,
    #[visit]
    evaluate: Slot,
    #[visit]
    module: Slot,
}

fn create(
    th: &Thread,
    name: Owned<Str>,
    type_params: Option<Owned<Tuple>>,
    value: Option<Owned>,
    evaluate: Option<Owned>,
) -> PyResult {
    let made =
        Borrowed::from_ref(TypeAliasType::type_object()).get().alloc::<TypeAliasType>(th, 0)?;
    made.name.set(Some(name));
    made.type_params.set(type_params);
    made.value.set(value);
    made.evaluate.set(evaluate);
    made.module.set((th.interp().services.get().current_module)(th));
    Ok(made.into_object())
}

/// TypeError unless all are type parameters, those with defaults behind the others.
fn check_params(th: &Thread, params: &Tuple) -> PyResult<()> {
    let mut after_default = false;
    for &param in params.as_slice() {
        let Some(default) = has_default(th, param)? else {
            let shown = object::repr(th, param)?;
            return Err(raise!(th, TYPE_ERROR, "Expected a type param, got {}", *shown));
        };
        if after_default && !default {
            let shown = object::repr(th, param)?;
            return Err(raise!(
                th,
                TYPE_ERROR,
                "non-default type parameter '{}' follows default type parameter",
                *shown
            ));
        }
        after_default = default;
    }
    Ok(())
}

/// From what the `type` statement leaves: name, type parameters or None, evaluator.
pub(super) fn from_parts(th: &Thread, parts: Borrowed<'_>) -> PyResult {
    let parts = parts.downcast::<Tuple>().ok_or_else(|| th.bad_internal_call())?;
    let &[name, type_params, evaluate] = parts.get().as_slice() else {
        return Err(th.bad_internal_call());
    };
    let name = name.to_owned().downcast::<Str>().map_err(|_| th.bad_internal_call())?;
    let type_params = type_params.downcast::<Tuple>().map(Borrowed::to_owned);
    create(th, name, type_params, None, Some(evaluate.to_owned()))
}

#[pymethods]
impl TypeAliasType {
    #[new(sig = "(name, value, *, type_params=())")]
    fn new(
        _cls: Borrowed<'_, Type>,
        th: &Thread,
        name: Borrowed<'_, Str>,
        value: Borrowed<'_>,
        #[default(None)] type_params: Option<Borrowed<'_>>,
    ) -> PyResult {
        let type_params = match type_params {
            None => None,
            Some(type_params) => match type_params.downcast::<Tuple>() {
                Some(type_params) => {
                    check_params(th, &type_params)?;
                    Some(type_params.to_owned()).filter(|params| !params.is_empty())
                }
                None => return Err(th.raise(exc::TYPE_ERROR, "type_params must be a tuple")),
            },
        };
        create(th, name.to_owned(), type_params, Some(value.to_owned()), None)
    }

    #[slot(tp_repr)]
    fn repr(&self, _th: &Thread) -> PyResult<Owned<Str>> {
        Ok(self.name.get_owned().unwrap_or_else(|| id::empty.to_owned()))
    }

    #[slot(nb_or)]
    fn or(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        krait_objects::union::or(th, left, right)
    }

    #[slot(mp_subscript)]
    fn subscript(this: Borrowed<'_, Self>, th: &Thread, key: Borrowed<'_>) -> PyResult {
        if this.type_params.get().is_none() {
            return Err(th.raise(exc::TYPE_ERROR, "Only generic type aliases are subscriptable"));
        }
        generic_alias::new(th, this.object(), key)
    }

    #[slot(tp_iter)]
    fn iter(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        let typing = krait_eval::import::import(th, "typing")?;
        let unpack = object::get_attr(th, typing.object(), Str::interned(th, "Unpack")?.borrow())?;
        let unpacked = object::get_item(th, unpack.object(), this.object())?;
        let one = Tuple::pack(th, [unpacked])?;
        iter::get_iter(th, one.object())
    }

    #[getter]
    fn __value__(&self, th: &Thread) -> PyResult {
        evaluated(th, &self.value, &self.evaluate, none().to_owned())
    }

    #[getter]
    fn evaluate_value(&self, th: &Thread) -> PyResult {
        evaluator_of(th, &self.value, &self.evaluate)
    }

    #[getter]
    fn __type_params__(&self) -> Owned<Tuple> {
        self.type_params.get_owned().unwrap_or_else(|| Tuple::empty().to_owned())
    }

    #[getter]
    fn __parameters__(&self, th: &Thread) -> PyResult {
        let Some(params) = self.type_params.get_owned() else {
            return Ok(Tuple::empty().object().to_owned());
        };
        let mut unpacked = Vec::with_capacity(params.len());
        for &param in params.as_slice() {
            if param.downcast::<super::TypeVarTuple>().is_some() {
                unpacked.extend(iter::collect(th, param)?);
            } else {
                unpacked.push(param.to_owned());
            }
        }
        Tuple::from_vec(th, unpacked).map(Owned::into_object)
    }

    #[getter]
    fn __module__(&self) -> Option<Owned> {
        self.module.get_owned()
    }

    /// For pickling: the alias's name.
    #[method(sig = "(self, /)")]
    fn __reduce__(&self) -> Option<Owned<Str>> {
        self.name.get_owned()
    }
}
