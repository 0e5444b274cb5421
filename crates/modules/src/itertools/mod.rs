//! `itertools`. The same job as CPython's `Modules/itertoolsmodule.c`.
//!
//! `sources` makes items; `chosen` passes some on; `joined` puts several iterables together; `grouped` cuts one into pieces;
//! `arranged` is combinatorics; `tee` copies.

mod arranged;
mod chosen;
mod grouped;
mod joined;
mod sources;
mod tee;

use krait_objects::prelude::*;

/// Iterators out of which others are built.
///
/// Without end: count, cycle, repeat. Ending with the shortest input: accumulate, batched, chain,
/// compress, dropwhile, filterfalse, groupby, islice, pairwise, starmap, takewhile, tee, zip_longest.
/// Combinatoric: product, permutations, combinations, combinations_with_replacement.
#[pymodule(name = "itertools")]
pub struct Itertools;

#[pyfunctions]
impl Itertools {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        for ty in [
            sources::Accumulate::type_object(),
            sources::Count::type_object(),
            sources::Cycle::type_object(),
            sources::Repeat::type_object(),
            chosen::Compress::type_object(),
            chosen::DropWhile::type_object(),
            chosen::FilterFalse::type_object(),
            chosen::Islice::type_object(),
            chosen::TakeWhile::type_object(),
            joined::Chain::type_object(),
            joined::StarMap::type_object(),
            joined::ZipLongest::type_object(),
            grouped::Batched::type_object(),
            grouped::GroupBy::type_object(),
            grouped::Grouper::type_object(),
            grouped::Pairwise::type_object(),
            arranged::Combinations::type_object(),
            arranged::CombinationsWithReplacement::type_object(),
            arranged::Permutations::type_object(),
            arranged::Product::type_object(),
            tee::Tee::type_object(),
            tee::TeeData::type_object(),
        ] {
            module.add_type(th, ty)?;
        }
        Ok(())
    }

    /// Split one iterator into a tuple of n, each of which gives all the items.
    #[function(sig = "(iterable, n=2, /)")]
    fn tee(th: &Thread, iterable: Borrowed<'_>, n: isize) -> PyResult<Owned<Tuple>> {
        tee::tee(th, iterable, n)
    }
}

/// The tuple of an object as it is (`tuple(iterable)`).
fn pool(th: &Thread, iterable: Borrowed<'_>) -> PyResult<Owned<Tuple>> {
    krait_objects::protocol::sequence::tuple(th, iterable)
}
