//! `update` and its like: taking over the entries of another mapping.
//!
//! SAFETY, throughout: the invariants of `keys` and of `dict/mod.rs`.

use super::{Dict, hash_key, key_error, keys};
use crate::prelude::*;
use crate::protocol::{mapping, sequence};

/// What happens to a key that is in both.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum OnConflict {
    Keep,
    Replace,
    /// KeyError with the key: keyword arguments given twice.
    Refuse,
}

pub(super) fn merge(
    dict: &Dict,
    th: &Thread,
    other: Borrowed<'_>,
    on_conflict: OnConflict,
) -> PyResult<()> {
    match other.downcast::<Dict>() {
        Some(other) if iterates_as_dict(other) => merge_dict(dict, th, other, on_conflict),
        _ => merge_mapping(dict, th, other, on_conflict),
    }
}

/// Whether the class of `other` left `__iter__` alone, so that its entries may be taken directly.
pub(super) fn iterates_as_dict(other: Borrowed<'_, Dict>) -> bool {
    let iter = |ty: &Type| ty.raw().tp_iter.map(|iter| iter as usize);
    iter(&other.object().get().ty()) == iter(Dict::type_object())
}

fn merge_dict(
    dict: &Dict,
    th: &Thread,
    other: Borrowed<'_, Dict>,
    mut on_conflict: OnConflict,
) -> PyResult<()> {
    if std::ptr::eq(dict, other.get()) || other.is_empty() {
        return Ok(());
    }
    // SAFETY: see the top of the file.
    unsafe {
        if dict.is_empty() {
            on_conflict = OnConflict::Replace;
            if can_adopt(dict, &other) {
                dict.notify(super::state::Event::Cloned, Some(other.object()), None);
                return dict.adopt_clone(th, &other);
            }
        }
        let table = dict.keys.get();
        let room =
            if table == keys::empty_keys() { 0 } else { keys::usable_fraction(keys::size(table)) };
        if room < other.len() {
            let unicode = keys::is_unicode(other.keys.get());
            dict.resize(th, keys::log2_size_for_entries(dict.len() + other.len()), unicode)?;
        }
        let table = other.keys.get();
        // A table that instances share may get keys that `other` does not have.
        let size = || if other.is_split() { other.len() as isize } else { (*table).dk_nentries };
        let count = size();
        let mut position = 0;
        while let Some((key, value)) = other.next(&mut position) {
            let hash = hash_key(th, key.borrow())?;
            insert_unless(dict, th, key, hash, value, on_conflict)?;
            if other.keys.get() != table || size() != count {
                return Err(th.raise(exc::RUNTIME_ERROR, "dict mutated during update"));
            }
        }
    }
    Ok(())
}

/// Whether `other`'s table is as good for `dict` as a new one would be.
unsafe fn can_adopt(dict: &Dict, other: &Dict) -> bool {
    // SAFETY: see the top of the file.
    unsafe {
        let table = other.keys.get();
        dict.values.get().is_null()
            && other.values.get().is_null()
            && other.used.get() == (*table).dk_nentries
            && ((*table).dk_log2_size == keys::LOG_MIN_SIZE
                || keys::usable_fraction(keys::size(table) / 2) < other.len())
    }
}

fn insert_unless(
    dict: &Dict,
    th: &Thread,
    key: Owned,
    hash: isize,
    value: Owned,
    on_conflict: OnConflict,
) -> PyResult<()> {
    if on_conflict != OnConflict::Replace && dict.contains_hashed(th, key.borrow(), hash)? {
        return match on_conflict {
            OnConflict::Refuse => Err(key_error(th, key.borrow())),
            _ => Ok(()),
        };
    }
    dict.insert(th, key, hash, value)
}

/// Any other mapping: by its `keys()`.
fn merge_mapping(
    dict: &Dict,
    th: &Thread,
    other: Borrowed<'_>,
    on_conflict: OnConflict,
) -> PyResult<()> {
    let keys = mapping::keys(th, other)?;
    let keys = iter::get_iter(th, keys.borrow())?;
    while let Some(key) = iter::next(th, keys.borrow())? {
        if on_conflict != OnConflict::Replace && dict.contains(th, key.borrow())? {
            match on_conflict {
                OnConflict::Refuse => return Err(key_error(th, key.borrow())),
                _ => continue,
            }
        }
        let value = object::get_item(th, other, key.borrow())?;
        dict.set_owned(th, key, value)?;
    }
    Ok(())
}

/// An iterable of pairs.
pub(super) fn merge_pairs(
    dict: &Dict,
    th: &Thread,
    pairs: Borrowed<'_>,
    replace: bool,
) -> PyResult<()> {
    let iterator = iter::get_iter(th, pairs)?;
    let mut at = 0usize;
    while let Some(item) = iter::next(th, iterator.borrow())? {
        let pair = match sequence::fast(th, item.borrow(), "object is not iterable") {
            Ok(pair) => pair,
            Err(raised) => return Err(note_element(th, raised, at)),
        };
        let (len, key, value) = match pair.borrow().downcast::<Tuple>() {
            Some(tuple) => {
                let get = |at| tuple.get().get(at).map(Borrowed::to_owned);
                (tuple.len(), get(0), get(1))
            }
            None => {
                // SAFETY: `fast` gives lists and tuples.
                let list = unsafe { pair.borrow().cast::<List>() };
                (list.len(), list.get().get(0), list.get().get(1))
            }
        };
        let (2, Some(key), Some(value)) = (len, key, value) else {
            return Err(raise!(
                th,
                VALUE_ERROR,
                "dictionary update sequence element #{at} has length {len}; 2 is required"
            ));
        };
        if replace {
            dict.set_owned(th, key, value)?;
        } else {
            drop(dict.set_default(th, key.borrow(), value.borrow())?);
        }
        at += 1;
    }
    Ok(())
}

/// Adds to a TypeError which element it is about.
#[cold]
fn note_element(th: &Thread, raised: Raised, at: usize) -> Raised {
    if !th.exception_matches(exc::TYPE_ERROR) {
        return raised;
    }
    let exception = th.take_raised(raised);
    let text = format!("Cannot convert dictionary update sequence element #{at} to a sequence");
    let noted = Str::from_string(th, text).and_then(|note| exception.add_note(th, note.borrow()));
    if noted.is_err() {
        drop(th.take_exception());
    }
    th.set_exception(exception.into_object())
}
