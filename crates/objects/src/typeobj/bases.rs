//! Giving a class other bases: the `__bases__` setter.
//!
//! The same job as `type_set_bases` in CPython's `Objects/typeobject.c`.

use crate::prelude::*;
use crate::typeobj::{layout, mro, slots, subclasses};

/// The `__bases__` setter: new bases must keep the layout; subclasses follow.
pub fn set_bases(th: &Thread, ty: Borrowed<'_, Type>, value: Borrowed<'_>) -> PyResult<()> {
    let Some(bases) = value.downcast::<Tuple>() else {
        return Err(raise!(
            th,
            TYPE_ERROR,
            "can only assign tuple to {}.__bases__, not {}",
            ty.tp_name(),
            value.type_name()
        ));
    };
    if bases.is_empty() {
        return Err(raise!(
            th,
            TYPE_ERROR,
            "can only assign non-empty tuple to {}.__bases__, not ()",
            ty.tp_name()
        ));
    }
    for base in bases.as_slice() {
        let Some(base) = base.downcast::<Type>() else {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "{}.__bases__ must be tuple of classes, not '{}'",
                ty.tp_name(),
                base.type_name()
            ));
        };
        // While an `mro()` runs, the chain of bases may be ahead of the orders.
        if base.is_subtype(ty.get()) || derives_by_bases(base, ty) {
            return Err(th.raise(exc::TYPE_ERROR, "a __bases__ item causes an inheritance cycle"));
        }
    }
    let new_base = layout::best_base(th, bases.get())?;
    let old_base = ty.get().base().map(Borrowed::to_owned);
    if let Some(old_base) = &old_base {
        layout::check_compatible(th, old_base.borrow(), new_base, "__bases__")?;
    }
    let old_bases = swap_bases(ty, bases.to_owned(), new_base.to_owned());
    if let Err(raised) = mro::update_hierarchy(th, ty) {
        // An `mro()` may have set other bases, which stay.
        // SAFETY: a heap type owns its bases.
        let still_ours = unsafe { (*ty.as_type_ptr()).tp_bases } == bases.as_ptr();
        if let (true, Some(old_bases), Some(old_base)) = (still_ours, old_bases, old_base) {
            drop(swap_bases(ty, old_bases, old_base));
        }
        return Err(raised);
    }
    // An `mro()` may have set other bases, and then done the rest too.
    // SAFETY: a heap type owns its bases.
    if unsafe { (*ty.as_type_ptr()).tp_bases } != bases.as_ptr() {
        return Ok(());
    }
    for base in old_bases
        .iter()
        .flat_map(|bases| bases.as_slice())
        .filter_map(|base| base.downcast::<Type>())
    {
        subclasses::remove(th, base.get(), ty.as_ptr());
    }
    for base in bases.as_slice().iter().filter_map(|base| base.downcast::<Type>()) {
        subclasses::add(th, base.get(), ty)?;
    }
    update_all_slots(th, ty);
    Ok(())
}

/// Whether `base` comes to `ty` by way of the bases that decide the layout.
fn derives_by_bases(base: Borrowed<'_, Type>, ty: Borrowed<'_, Type>) -> bool {
    let mut current = base.get().base();
    while let Some(ancestor) = current {
        if ancestor.is(ty) {
            return true;
        }
        current = ancestor.get().base();
    }
    false
}

fn swap_bases(
    ty: Borrowed<'_, Type>,
    bases: Owned<Tuple>,
    base: Owned<Type>,
) -> Option<Owned<Tuple>> {
    // SAFETY: a heap type owns both fields; the old base is released last.
    unsafe {
        let raw = ty.as_type_ptr();
        let old_bases = std::mem::replace(&mut (*raw).tp_bases, bases.into_ptr());
        let old_base = std::mem::replace(&mut (*raw).tp_base, base.into_ptr().cast());
        drop(Owned::<Type>::from_ptr_or_null(old_base.cast()));
        Owned::from_ptr_or_null(old_bases)
    }
}

fn update_all_slots(th: &Thread, ty: Borrowed<'_, Type>) {
    ty.modified(th);
    slots::fixup_all(th, ty);
    for subclass in subclasses::of(th, ty.get()) {
        update_all_slots(th, subclass.borrow());
    }
}
