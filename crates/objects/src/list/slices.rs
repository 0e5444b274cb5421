//! Assigning to and deleting ranges of a list's positions.
//!
//! SAFETY, throughout: the invariants of `list/mod.rs`. What leaves the list is collected first and released last.

use super::{List, Ptr, copy_counted};
use crate::prelude::*;
use crate::protocol::sequence;
use crate::row::move_words;
use crate::slice::SliceRange;

/// Up to so many items are released without memory of the heap.
const FEW: usize = 8;

/// What an assignment takes its items from: a list (not the one assigned to) or a tuple.
fn source(list: Borrowed<'_, List>, th: &Thread, value: Borrowed<'_>) -> PyResult {
    if value.is(list) {
        return list.slice(th, 0, list.len()).map(Owned::into_object);
    }
    sequence::fast(th, value, "must assign iterable to extended slice")
}

/// # Safety
/// Nothing runs while the result is in use.
unsafe fn items_of(source: Borrowed<'_>) -> (*const Ptr, usize) {
    match source.downcast::<List>() {
        Some(list) => (list.items_ptr(), list.len()),
        None => {
            // SAFETY: `source` gives lists and tuples.
            let tuple = unsafe { source.cast::<Tuple>() };
            (tuple.items(), tuple.len())
        }
    }
}

/// `list[start:stop] = value`, or `del list[start:stop]` without a value.
pub fn assign(
    list: Borrowed<'_, List>,
    th: &Thread,
    (start, stop): (isize, isize),
    value: Option<Borrowed<'_>>,
) -> PyResult<()> {
    let source = value.map(|value| source(list, th, value)).transpose()?;
    // Making the source may have run code: the positions are those of the list as it is now.
    let (start, end) = SliceRange::of(start, stop, 1, list.len()).bounds();
    if source.is_none() && end == start + 1 && list.len() > 1 {
        drop(list.remove_at(th, start)?);
        return Ok(());
    }
    // SAFETY: see the top of the file: nothing runs until the list is whole again.
    unsafe {
        let (from, new) = match &source {
            Some(source) => items_of(source.borrow()),
            None => (std::ptr::null(), 0),
        };
        let (len, old) = (list.len(), end - start);
        if len - old + new == 0 {
            list.clear();
            return Ok(());
        }
        let mut only = None;
        let mut few = [std::ptr::null_mut(); FEW];
        let mut many: Vec<Ptr> = Vec::new();
        let mut removed: &[Ptr] = &[];
        match old {
            0 => {}
            1 => only = Owned::<Object>::from_ptr_or_null(*list.items.get().add(start)),
            2..=FEW => {
                move_words(list.items.get().add(start), few.as_mut_ptr(), old);
                removed = &few[..old];
            }
            _ => {
                many.extend_from_slice(std::slice::from_raw_parts(
                    list.items.get().add(start),
                    old,
                ));
                removed = &many;
            }
        }
        if new > old {
            list.resize(th, len + new - old)?;
        }
        if new != old {
            let items = list.items.get();
            std::ptr::copy(items.add(end), items.add(start + new), len - end);
        }
        if new < old {
            // Shrinking cannot fail in a way that matters: the storage would only stay larger.
            let shorter = len + new - old;
            if let Err(raised) = list.resize(th, shorter) {
                drop(th.take_raised(raised));
                list.head.set_size(shorter as isize);
            }
        }
        if new > 0 {
            copy_counted(from, list.items.get().add(start), new);
        }
        release(removed);
        drop(only);
    }
    Ok(())
}

/// From the last to the first, as the reference does.
unsafe fn release(removed: &[Ptr]) {
    for &item in removed.iter().rev() {
        // SAFETY: the references left the list.
        drop(unsafe { Owned::<Object>::from_ptr_or_null(item) });
    }
}

/// `list[a:b:step] = value` for a step other than 1: as many items as positions.
pub fn assign_extended(
    list: Borrowed<'_, List>,
    th: &Thread,
    bounds: (isize, isize, isize),
    value: Borrowed<'_>,
) -> PyResult<()> {
    let source = source(list, th, value)?;
    let (start, stop, step) = bounds;
    // Making the source may have run code: the positions are those of the list as it is now.
    let range = SliceRange::of(start, stop, step, list.len());
    // SAFETY: see the top of the file.
    unsafe {
        let (from, len) = items_of(source.borrow());
        if len != range.len {
            return Err(raise!(
                th,
                VALUE_ERROR,
                "attempt to assign sequence of size {len} to extended slice of size {}",
                range.len
            ));
        }
        let mut removed = Vec::with_capacity(len);
        let items = list.items.get();
        for (n, at) in range.positions().enumerate() {
            let item = *from.add(n);
            crate::handle::incref(item);
            removed.push(std::mem::replace(&mut *items.add(at), item));
        }
        for item in removed {
            drop(Owned::<Object>::from_ptr_or_null(item));
        }
    }
    Ok(())
}

/// `del list[a:b:step]` for a step other than 1.
pub fn delete_extended(list: Borrowed<'_, List>, th: &Thread, range: SliceRange) -> PyResult<()> {
    if range.len == 0 {
        return Ok(());
    }
    let range = range.ascending();
    // SAFETY: see the top of the file.
    unsafe {
        let items = list.items.get();
        let len = list.len();
        let mut removed = Vec::with_capacity(range.len);
        let mut to = range.start as usize;
        let mut positions = range.positions().peekable();
        for from in range.start as usize..len {
            if positions.next_if_eq(&from).is_some() {
                removed.push(*items.add(from));
            } else {
                *items.add(to) = *items.add(from);
                to += 1;
            }
        }
        let result = list.resize(th, to);
        if result.is_err() {
            list.head.set_size(to as isize);
        }
        for item in removed {
            drop(Owned::<Object>::from_ptr_or_null(item));
        }
        result
    }
}
