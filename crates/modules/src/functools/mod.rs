//! `_functools`. The same job as CPython's `Modules/_functoolsmodule.c`.

mod compare;
mod lru_cache;
mod partial;

use krait_objects::prelude::*;

/// Tools that operate on functions.
#[pymodule(name = "_functools")]
pub struct Functools;

#[pyfunctions]
impl Functools {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        module.add_type(th, partial::Partial::type_object())?;
        module.add_type(th, partial::PlaceholderType::type_object())?;
        module.add_type(th, lru_cache::LruCacheWrapper::type_object())?;
        module.add(th, "Placeholder", partial::placeholder())
    }

    /// Convert a cmp= function into a key= function.
    ///
    ///   mycmp
    ///     Function that compares two objects.
    #[function(sig = "(mycmp)")]
    fn cmp_to_key(th: &Thread, mycmp: Borrowed<'_>) -> PyResult<Owned<compare::KeyWrapper>> {
        compare::KeyWrapper::make(th, mycmp.to_owned(), None)
    }

    /// Apply a function of two arguments cumulatively to the items of an iterable, from left to right.
    ///
    /// This effectively reduces the iterable to a single value.  If initial is present,
    /// it is placed before the items of the iterable in the calculation, and serves as
    /// a default when the iterable is empty.
    ///
    /// For example, reduce(lambda x, y: x+y, [1, 2, 3, 4, 5])
    /// calculates ((((1 + 2) + 3) + 4) + 5).
    #[function(sig = "(function, iterable, /, initial=<unrepresentable>)")]
    fn reduce(
        th: &Thread,
        function: Borrowed<'_>,
        iterable: Borrowed<'_>,
        #[default(None)] initial: Option<Borrowed<'_>>,
    ) -> PyResult {
        let iterator = match iter::get_iter(th, iterable) {
            Ok(iterator) => iterator,
            Err(raised) => {
                drop(th.take_if(raised, exc::TYPE_ERROR)?);
                return Err(th.raise(exc::TYPE_ERROR, "reduce() arg 2 must support iteration"));
            }
        };
        let mut result = initial.map(Borrowed::to_owned);
        while let Some(item) = iter::next(th, iterator.borrow())? {
            result = Some(match result {
                None => item,
                Some(result) => call::call(th, function, &[result.borrow(), item.borrow()])?,
            });
        }
        result.ok_or_else(|| {
            th.raise(exc::TYPE_ERROR, "reduce() of empty iterable with no initial value")
        })
    }
}
