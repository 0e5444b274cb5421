//! `_functools`. The same job as CPython's `Modules/_functoolsmodule.c`.

mod compare;
mod links;
mod lru_cache;
mod partial;

use krait_objects::prelude::*;

/// Functions that work on other functions.
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

    /// Make a key function, as sorted() wants it, out of a function that compares.
    ///
    ///   mycmp
    ///     Takes two objects, and tells by a negative number, 0 or a positive number how the first compares.
    #[function(sig = "(mycmp)")]
    fn cmp_to_key(th: &Thread, mycmp: Borrowed<'_>) -> PyResult<Owned<compare::KeyWrapper>> {
        compare::KeyWrapper::make(th, mycmp.to_owned(), None)
    }

    /// Combine all items into one value: function(function(a, b), c) for the items a, b and c.
    ///
    /// initial, if given, comes before the first item, and is the result where there are no items.
    /// Without it, there must be at least one, or a TypeError is raised.
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
