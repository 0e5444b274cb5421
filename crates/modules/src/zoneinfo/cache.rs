//! The zones that are already there: all of them weakly, the last few strongly.
//!
//! Subclasses have a weak cache of their own, in an attribute. The same job as the caches of CPython's
//! `Modules/_zoneinfo.c`.

use std::cell::RefCell;

use krait_objects::prelude::*;

use super::ZoneInfo;

/// How many zones are kept alive.
const STRONG: usize = 8;

/// What the module keeps, per interpreter.
pub struct State {
    /// Functions of `zoneinfo._tzpath`, `zoneinfo._common` and `io`.
    pub find_tzfile: Slot,
    pub load_tzdata: Slot,
    pub load_data: Slot,
    pub open: Slot,
    /// By key, for `ZoneInfo` itself.
    pub weak: Slot,
    /// Key and zone, the last one asked for first.
    strong: RefCell<Vec<(Owned, Owned)>>,
}

impl Default for State {
    fn default() -> State {
        State {
            find_tzfile: Slot::EMPTY,
            load_tzdata: Slot::EMPTY,
            load_data: Slot::EMPTY,
            open: Slot::EMPTY,
            weak: Slot::EMPTY,
            strong: RefCell::default(),
        }
    }
}

pub fn state(th: &Thread) -> &State {
    th.interp().state::<State>()
}

/// What `exec` has put into the state.
pub fn kept(th: &Thread, slot: &Slot) -> PyResult {
    slot.get_owned().ok_or_else(|| th.bad_internal_call())
}

pub fn is_base(cls: Borrowed<'_, Type>) -> bool {
    cls.is(Borrowed::from_ref(ZoneInfo::type_object()))
}

/// A new `WeakValueDictionary`.
pub fn new_weak(th: &Thread) -> PyResult {
    let module = krait_eval::import::import(th, "weakref")?;
    let name = Str::interned(th, "WeakValueDictionary")?;
    call::call_method(th, module.object(), name.borrow(), &[])
}

/// The weak cache of a class.
pub fn weak(th: &Thread, cls: Borrowed<'_, Type>) -> PyResult {
    if is_base(cls) {
        return kept(th, &state(th).weak);
    }
    object::get_attr(th, cls.object(), Str::interned(th, "_weak_cache")?.borrow())
}

/// Where a key stands among the strong references. Keys may be of any class: what compares them may change the list,
/// so a copy is searched.
fn position(th: &Thread, key: Borrowed<'_>) -> PyResult<Option<Owned>> {
    let entries = state(th).strong.borrow().clone();
    for (known, zone) in entries {
        if object::eq(th, known.object(), key)? {
            return Ok(Some(zone));
        }
    }
    Ok(None)
}

/// The zone of a key among the strong references, which is the last one asked for now.
pub fn strong(th: &Thread, key: Borrowed<'_>) -> PyResult<Option<Owned>> {
    {
        let entries = state(th).strong.borrow();
        if let Some((known, zone)) = entries.first() {
            if known.is(key) {
                return Ok(Some(zone.clone()));
            }
        }
    }
    let Some(zone) = position(th, key)? else {
        return Ok(None);
    };
    let mut entries = state(th).strong.borrow_mut();
    if let Some(at) = entries.iter().position(|(_, known)| known.is(zone.borrow())) {
        entries[..=at].rotate_right(1);
    }
    Ok(Some(zone))
}

/// Keeps a zone alive in place of the one that was not asked for longest.
pub fn keep(th: &Thread, key: Borrowed<'_>, zone: Borrowed<'_>) {
    let dropped = {
        let mut entries = state(th).strong.borrow_mut();
        entries.insert(0, (key.to_owned(), zone.to_owned()));
        if entries.len() > STRONG { entries.pop() } else { None }
    };
    // Only now: what this releases may run any code.
    drop(dropped);
}

/// Forgets the zone of a key.
pub fn eject(th: &Thread, key: Borrowed<'_>) -> PyResult<()> {
    let Some(zone) = position(th, key)? else {
        return Ok(());
    };
    let removed = {
        let mut entries = state(th).strong.borrow_mut();
        let at = entries.iter().position(|(_, known)| known.is(zone.borrow()));
        at.map(|at| entries.remove(at))
    };
    drop(removed);
    Ok(())
}

/// Forgets all zones.
pub fn clear(th: &Thread) {
    let entries = std::mem::take(&mut *state(th).strong.borrow_mut());
    drop(entries);
}
