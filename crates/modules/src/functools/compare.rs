//! `cmp_to_key`: objects that compare by a function of two arguments.

use krait_objects::prelude::*;

#[pytype(name = "functools.KeyWrapper", flags(HAVE_GC, DISALLOW_INSTANTIATION, IMMUTABLETYPE))]
#[repr(C)]
pub struct KeyWrapper {
    head: Head,
    #[visit]
    compare: Slot,
    /// The object that takes part in comparisons.
    #[visit]
    #[member(name = "obj")]
    object: Slot,
}

impl KeyWrapper {
    pub fn make(th: &Thread, compare: Owned, object: Option<Owned>) -> PyResult<Owned<KeyWrapper>> {
        let wrapper = Borrowed::from_ref(KeyWrapper::type_object()).alloc::<KeyWrapper>(th, 0)?;
        wrapper.compare.set(Some(compare));
        wrapper.object.set(object);
        Ok(wrapper)
    }
}

#[pymethods]
impl KeyWrapper {
    #[slot(tp_call)]
    fn wrap(
        &self,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<Owned<KeyWrapper>> {
        let named = kwargs.map_or(0, |kwargs| kwargs.len());
        let given = args.len() + named;
        if given > 1 {
            return Err(raise!(th, TYPE_ERROR, "K() takes at most 1 argument ({given} given)"));
        }
        let ob = match (args.get().get(0), kwargs) {
            (Some(ob), _) => Some(ob.to_owned()),
            (None, Some(kwargs)) => kwargs.get().get_str(th, id::obj)?,
            (None, None) => None,
        };
        let (Some(ob), Some(compare)) = (ob, self.compare.get_owned()) else {
            return Err(th.raise(exc::TYPE_ERROR, "K() missing required argument 'obj' (pos 1)"));
        };
        KeyWrapper::make(th, compare, Some(ob))
    }

    #[getter]
    fn __text_signature__(&self) -> &'static str {
        "(obj)"
    }

    #[slot(tp_richcompare)]
    fn compare_keys(&self, th: &Thread, other: Borrowed<'_>, op: CompareOp) -> PyResult {
        let Some(other) = other.downcast_exact::<KeyWrapper>() else {
            return Err(th.raise(exc::TYPE_ERROR, "other argument must be K instance"));
        };
        let (Some(compare), Some(left), Some(right)) =
            (self.compare.get_owned(), self.object.get_owned(), other.object.get_owned())
        else {
            return Err(th.raise(exc::ATTRIBUTE_ERROR, "object"));
        };
        let answer = call::call(th, compare.borrow(), &[left.borrow(), right.borrow()])?;
        let zero = Int::from_i64(th, 0)?;
        object::compare(th, answer.borrow(), zero.object(), op)
    }
}
