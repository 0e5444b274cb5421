//! `update`, `|=` and the constructor of `OrderedDict`: as `MutableMapping.update` does it, through `self[key] = value`.

use super::OrderedDict;
use crate::prelude::*;

/// From one argument, then from keywords.
pub(super) fn update(
    th: &Thread,
    this: Borrowed<'_, OrderedDict>,
    other: Option<Borrowed<'_>>,
    kwargs: Kwargs<'_>,
) -> PyResult<()> {
    if let Some(other) = other {
        update_from(th, this.object(), other)?;
    }
    for (key, value) in kwargs.pairs() {
        object::set_item(th, this.object(), key.object(), value.borrow())?;
    }
    Ok(())
}

/// From a mapping, from something with `items()`, or from pairs.
pub(super) fn update_from(th: &Thread, this: Borrowed<'_>, other: Borrowed<'_>) -> PyResult<()> {
    if let Some(dict) = other.downcast_exact::<Dict>() {
        let items = dict.items(th)?;
        return add_pairs(th, this, items.object());
    }
    if let Some(keys) = object::get_attr_opt(th, other, id::keys)? {
        let keys = call::call(th, keys.borrow(), &[])?;
        let keys = iter::get_iter(th, keys.borrow())?;
        while let Some(key) = iter::next(th, keys.borrow())? {
            let value = object::get_item(th, other, key.borrow())?;
            object::set_item(th, this, key.borrow(), value.borrow())?;
        }
        return Ok(());
    }
    if let Some(items) = object::get_attr_opt(th, other, id::items)? {
        let items = call::call(th, items.borrow(), &[])?;
        return add_pairs(th, this, items.borrow());
    }
    add_pairs(th, this, other)
}

fn add_pairs(th: &Thread, this: Borrowed<'_>, pairs: Borrowed<'_>) -> PyResult<()> {
    let pairs = iter::get_iter(th, pairs)?;
    while let Some(pair) = iter::next(th, pairs.borrow())? {
        let (key, value) = unpack(th, pair.borrow())?;
        object::set_item(th, this, key.borrow(), value.borrow())?;
    }
    Ok(())
}

fn unpack(th: &Thread, pair: Borrowed<'_>) -> PyResult<(Owned, Owned)> {
    if let Some(&[key, value]) = pair.downcast_exact::<Tuple>().map(|pair| pair.get().as_slice()) {
        return Ok((key.to_owned(), value.to_owned()));
    }
    let refuse = |message| th.raise(exc::VALUE_ERROR, message);
    let parts = iter::get_iter(th, pair)?;
    let key = iter::next(th, parts.borrow())?
        .ok_or_else(|| refuse("need more than 0 values to unpack"))?;
    let value = iter::next(th, parts.borrow())?
        .ok_or_else(|| refuse("need more than 1 value to unpack"))?;
    if iter::next(th, parts.borrow())?.is_some() {
        return Err(refuse("too many values to unpack (expected 2)"));
    }
    Ok((key, value))
}
