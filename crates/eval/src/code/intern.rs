//! Interning the strings of a code object: its names, and those constants that look like names.
//!
//! Programs compare them by identity. CPython: `intern_strings` and `intern_constants` of `Objects/codeobject.c`; as there, the
//! strings are replaced where they are, so that a tuple stays the same object.

use std::collections::HashSet;

use krait_objects::prelude::*;
use krait_objects::set::{FrozenSet, Set};

use super::build::Parts;

pub(super) fn intern(th: &Thread, parts: &mut Parts<'_>) -> PyResult<()> {
    names(th, &parts.names)?;
    constants(th, &parts.consts, &mut HashSet::new())?;
    names(th, &parts.localsplusnames)?;
    for text in [&mut parts.filename, &mut parts.name, &mut parts.qualname] {
        *text = Str::intern(th, text.clone())?;
    }
    Ok(())
}

/// SystemError for what is no string.
fn names(th: &Thread, tuple: &Tuple) -> PyResult<()> {
    for index in 0..tuple.len() {
        let name = tuple.get(index).and_then(|item| item.downcast_exact::<Str>());
        let Some(name) = name else {
            return Err(th.raise(exc::SYSTEM_ERROR, "non-string found in code slot"));
        };
        replace(tuple, index, Str::intern(th, name.to_owned())?.into_object());
    }
    Ok(())
}

/// Whether an item is another object now. `seen` has the tuples within tuples: marshal data may hold one that contains
/// itself, or the same one over and over.
fn constants(th: &Thread, tuple: &Tuple, seen: &mut HashSet<*const Object>) -> PyResult<bool> {
    th.check_stack(" while interning constants")?;
    let mut changed = false;
    for index in (0..tuple.len()).rev() {
        let Some(item) = tuple.get(index) else { break };
        if let Some(text) = item.downcast_exact::<Str>() {
            if text.as_ascii().is_some_and(|text| is_name_like(text.as_bytes())) {
                let interned = Str::intern(th, text.to_owned())?.into_object();
                changed |= replace(tuple, index, interned);
            }
        } else if let Some(inner) = item.downcast_exact::<Tuple>() {
            if seen.insert(inner.as_ptr().cast()) {
                constants(th, inner.get(), seen)?;
            }
        } else if item.is_exact::<FrozenSet>()
            && let Some(set) = krait_objects::set::any_set(item)
            && let Some(interned) = frozen_set(th, set, seen)?
        {
            changed |= replace(tuple, index, interned);
        }
    }
    Ok(changed)
}

/// The set with other strings, if one of them had to be replaced: a set cannot be changed where it is.
fn frozen_set(
    th: &Thread,
    set: Borrowed<'_, Set>,
    seen: &mut HashSet<*const Object>,
) -> PyResult<Option<Owned>> {
    let mut items = Vec::with_capacity(set.len());
    let mut position = 0;
    while let Some(item) = set.next(&mut position) {
        items.push(item);
    }
    let items = Tuple::from_vec(th, items)?;
    if !constants(th, &items, seen)? {
        return Ok(None);
    }
    Ok(Some(Set::new_frozen(th, items.as_slice())?.into_object()))
}

/// Puts an equal item in the place of one; whether it is another object.
fn replace(tuple: &Tuple, index: usize, item: Owned) -> bool {
    if tuple.get(index).is_none_or(|old| old.is(item.borrow())) {
        return false;
    }
    // SAFETY: `index` is in range, and nobody looks at the items meanwhile. The tuple's hash stays true: the item is
    // equal to the one before, which is released last.
    let old = unsafe {
        let place = tuple.items().add(index);
        Owned::<Object>::from_ptr(place.replace(item.into_ptr()))
    };
    drop(old);
    true
}

/// Only letters, digits and underscores.
pub(super) fn is_name_like(text: &[u8]) -> bool {
    text.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}
