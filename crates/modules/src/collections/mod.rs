//! `_collections`. The same job as CPython's `Modules/_collectionsmodule.c` and `Objects/odictobject.c`.

mod blocks;
mod defaultdict;
mod deque;
mod deque_iterators;
mod deque_methods;
mod tuplegetter;

use krait_objects::dict::hash_key;
use krait_objects::dict::ordered::OrderedDict;
use krait_objects::prelude::*;

/// Containers: deque, defaultdict and OrderedDict, and what the module collections needs.
#[pymodule(name = "_collections")]
pub struct Collections;

#[pyfunctions]
impl Collections {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        for ty in [
            deque::Deque::type_object(),
            OrderedDict::type_object(),
            defaultdict::DefaultDict::type_object(),
            deque_iterators::DequeIterator::type_object(),
            deque_iterators::DequeReverseIterator::type_object(),
            tuplegetter::TupleGetter::type_object(),
        ] {
            module.add_type(th, ty)?;
        }
        Ok(())
    }

    /// Add to the counts in a mapping, one for each time an item occurs.
    #[function(sig = "(mapping, iterable, /)")]
    fn _count_elements(th: &Thread, mapping: Borrowed<'_>, iterable: Borrowed<'_>) -> PyResult<()> {
        let one = Int::from_i64(th, 1)?;
        if let Some(dict) = plain_dict(th, mapping)? {
            return iter::for_each(th, iterable, &mut |key| {
                let hash = hash_key(th, key.borrow())?;
                let count = match dict.get().get_hashed(th, key.borrow(), hash)? {
                    Some(count) => match count.borrow().downcast_exact::<Int>() {
                        Some(small) if small.is_compact() => {
                            Int::from_i64(th, small.compact_value() + 1)?.into_object()
                        }
                        _ => number::add(th, count.borrow(), one.object())?,
                    },
                    None => one.object().to_owned(),
                };
                dict.set_hashed(th, key.borrow(), count.borrow(), hash)
            });
        }
        let get = object::get_attr(th, mapping, id::get)?;
        let zero = Int::from_i64(th, 0)?;
        iter::for_each(th, iterable, &mut |key| {
            let count = call::call(th, get.borrow(), &[key.borrow(), zero.object()])?;
            let count = number::add(th, count.borrow(), one.object())?;
            object::set_item(th, mapping, key.borrow(), count.borrow())
        })
    }
}

/// `mapping` as a dictionary, if its class left `get` and `__setitem__` alone.
fn plain_dict<'a>(th: &Thread, mapping: Borrowed<'a>) -> PyResult<Option<Borrowed<'a, Dict>>> {
    let Some(dict) = mapping.downcast::<Dict>() else {
        return Ok(None);
    };
    let ty = mapping.get().ty();
    for name in [id::get, id::__setitem__] {
        let theirs = ty.lookup(th, name);
        let ours = Dict::type_object().lookup(th, name);
        let same = match (&theirs, &ours) {
            (Some(theirs), Some(ours)) => theirs.is(ours.borrow()),
            _ => false,
        };
        if !same {
            return Ok(None);
        }
    }
    Ok(Some(dict))
}
