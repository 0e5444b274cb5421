//! Which C struct an instance is: the base that decides layout, and whether two classes share it.
//!
//! The same job as `best_base`, `solid_base` and `compatible_for_assignment` in CPython's `Objects/typeobject.c`.

use krait_abi as abi;

use crate::error::PyResult;
use crate::exceptions::exc;
use crate::handle::{Borrowed, Instance, Object};
use crate::raise;
use crate::thread::Thread;
use crate::tuple::Tuple;
use crate::typeobj::Type;

/// Whether `ty` adds C fields to what `base` lays out.
fn adds_layout(ty: &Type, base: &Type) -> bool {
    let (size, base_size) = (ty.raw().tp_basicsize, base.raw().tp_basicsize);
    ty.raw().tp_itemsize != base.raw().tp_itemsize || size != base_size
}

/// The nearest base (or the type itself) whose C struct its subclasses extend.
pub fn solid_base<'a>(ty: Borrowed<'a, Type>) -> Borrowed<'a, Type> {
    let Some(base) = ty.get().base() else {
        return ty;
    };
    let base_solid = solid_base(base);
    if adds_layout(&ty, &base_solid) { ty } else { base_solid }
}

/// The base whose layout a class with `bases` gets.
pub fn best_base<'a>(th: &Thread, bases: &'a Tuple) -> PyResult<Borrowed<'a, Type>> {
    let mut best: Option<(Borrowed<'a, Type>, Borrowed<'a, Type>)> = None;
    for base in bases.as_slice() {
        let Some(base) = base.downcast::<Type>() else {
            return Err(th.raise(exc::TYPE_ERROR, "bases must be types"));
        };
        base.ready(th)?;
        if !base.has_flag(abi::Py_TPFLAGS_BASETYPE) {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "type '{}' is not an acceptable base type",
                base.tp_name()
            ));
        }
        let candidate = solid_base(base);
        best = match best {
            None => Some((candidate, base)),
            Some((winner, _)) if winner.is_subtype(&candidate) => best,
            Some((winner, _)) if candidate.is_subtype(&winner) => Some((candidate, base)),
            Some(_) => {
                return Err(
                    th.raise(exc::TYPE_ERROR, "multiple bases have instance lay-out conflict")
                );
            }
        };
    }
    match best {
        Some((_, base)) => Ok(base),
        None => Err(th.bad_internal_call()),
    }
}

/// Whether instances of one class may become instances of another by assignment of `__class__` or `__bases__`.
pub fn check_compatible(
    th: &Thread,
    old: Borrowed<'_, Type>,
    new: Borrowed<'_, Type>,
    attribute: &str,
) -> PyResult<()> {
    let same_free = {
        let (a, b) = (old.raw().tp_free, new.raw().tp_free);
        a.map(|f| f as usize) == b.map(|f| f as usize)
    };
    if !same_free {
        return Err(raise!(
            th,
            TYPE_ERROR,
            "{attribute} assignment: '{}' deallocator differs from '{}'",
            new.tp_name(),
            old.tp_name()
        ));
    }
    if same_layout(old, new) {
        return Ok(());
    }
    Err(raise!(
        th,
        TYPE_ERROR,
        "{attribute} assignment: '{}' object layout differs from '{}'",
        new.tp_name(),
        old.tp_name()
    ))
}

const SHAPE: u64 = abi::Py_TPFLAGS_INLINE_VALUES | abi::Py_TPFLAGS_PREHEADER;

fn same_layout(old: Borrowed<'_, Type>, new: Borrowed<'_, Type>) -> bool {
    let (mut old_base, mut new_base) = (old, new);
    while let Some(base) = new_base.get().base().filter(|base| compatible_with(new_base, *base)) {
        new_base = base;
    }
    while let Some(base) = old_base.get().base().filter(|base| compatible_with(old_base, *base)) {
        old_base = base;
    }
    if old_base.is(new_base) {
        return (old.flags() ^ new.flags()) & SHAPE == 0;
    }
    let (Some(old_parent), Some(new_parent)) = (old_base.get().base(), new_base.get().base())
    else {
        return false;
    };
    old_parent.is(new_parent) && same_slots_added(old_base, new_base)
}

/// Whether a class adds nothing at all to its base's layout.
fn compatible_with(child: Borrowed<'_, Type>, parent: Borrowed<'_, Type>) -> bool {
    let (c, p) = (child.raw(), parent.raw());
    let clear = |ty: &abi::PyTypeObject| ty.tp_clear.map_or(0, |clear| clear as usize);
    let subtype_clear = super::alloc::subtype_clear as *const () as usize;
    c.tp_basicsize == p.tp_basicsize
        && c.tp_itemsize == p.tp_itemsize
        && c.tp_dictoffset == p.tp_dictoffset
        && c.tp_weaklistoffset == p.tp_weaklistoffset
        && (c.tp_flags ^ p.tp_flags) & (abi::Py_TPFLAGS_HAVE_GC | SHAPE) == 0
        && (clear(c) == subtype_clear || clear(c) == clear(p))
}

/// Both add the same `__slots__` to a common base.
fn same_slots_added(old: Borrowed<'_, Type>, new: Borrowed<'_, Type>) -> bool {
    let (o, n) = (old.raw(), new.raw());
    if o.tp_basicsize != n.tp_basicsize
        || o.tp_dictoffset != n.tp_dictoffset
        || o.tp_weaklistoffset != n.tp_weaklistoffset
        || (o.tp_flags ^ n.tp_flags) & SHAPE != 0
    {
        return false;
    }
    match (old.get().heap_slots(), new.get().heap_slots()) {
        (None, None) => true,
        (None, Some(slots)) | (Some(slots), None) => slots.is_empty(),
        (Some(ours), Some(theirs)) => {
            ours.len() == theirs.len()
                && ours.as_slice().iter().zip(theirs.as_slice()).all(|(a, b)| {
                    match (a.downcast::<crate::str::Str>(), b.downcast::<crate::str::Str>()) {
                        (Some(a), Some(b)) => a.eq(b.get()),
                        _ => false,
                    }
                })
        }
    }
}

/// Whether `ty` is `object` itself.
pub fn is_object(ty: Borrowed<'_, Type>) -> bool {
    std::ptr::eq(ty.get(), Object::type_object())
}
