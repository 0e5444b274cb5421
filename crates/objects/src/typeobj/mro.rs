//! The method resolution order: C3 linearisation, and `tp_mro` kept up to date.
//!
//! The same job as `mro_implementation` and `mro_hierarchy` in CPython's `Objects/typeobject.c`.

use crate::error::PyResult;
use crate::exceptions::exc;
use crate::handle::{Borrowed, Owned};
use crate::ids::id;
use crate::protocol::{call, object, sequence};
use crate::raise;
use crate::thread::Thread;
use crate::tuple::Tuple;
use crate::typeobj::{Type, subclasses};

/// The C3 linearisation of a type: itself, then a merge of its bases' orders and the list of bases.
pub fn linearize(th: &Thread, ty: Borrowed<'_, Type>) -> PyResult<Owned<Tuple>> {
    let bases = ty.bases(th)?;
    let mut sequences: Vec<Vec<Owned>> = Vec::with_capacity(bases.len() + 1);
    for &base in bases.as_slice() {
        let Some(mro) = base.downcast::<Type>().and_then(|base| base.get().mro()) else {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "Cannot extend an incomplete type '{}'",
                base.type_name()
            ));
        };
        sequences.push(mro.as_slice().iter().map(|&entry| entry.to_owned()).collect());
    }
    let mut merged = vec![ty.object().to_owned()];
    if let [only] = sequences.as_mut_slice() {
        merged.append(only);
        return Tuple::from_vec(th, merged);
    }
    reject_duplicates(th, &bases)?;
    sequences.push(bases.as_slice().iter().map(|&base| base.to_owned()).collect());
    merge(th, sequences, &mut merged)?;
    Tuple::from_vec(th, merged)
}

fn reject_duplicates(th: &Thread, bases: &Tuple) -> PyResult<()> {
    let bases = bases.as_slice();
    for (at, base) in bases.iter().enumerate() {
        if bases[..at].iter().any(|earlier| earlier.is(*base)) {
            return match base.downcast::<Type>() {
                Some(ty) => Err(raise!(th, TYPE_ERROR, "duplicate base class {}", ty.name())),
                None => Err(th.raise(exc::TYPE_ERROR, "duplicate base class")),
            };
        }
    }
    Ok(())
}

/// Takes, again and again, the first head that is in no other sequence's tail.
fn merge(th: &Thread, sequences: Vec<Vec<Owned>>, merged: &mut Vec<Owned>) -> PyResult<()> {
    let mut heads = vec![0; sequences.len()];
    loop {
        let rest = |at: usize| &sequences[at][heads[at]..];
        if (0..sequences.len()).all(|at| rest(at).is_empty()) {
            return Ok(());
        }
        let in_a_tail = |candidate: &Owned| {
            (0..sequences.len())
                .any(|at| rest(at).iter().skip(1).any(|entry| entry.is(candidate.object())))
        };
        let next = (0..sequences.len())
            .filter_map(|at| rest(at).first())
            .find(|&candidate| !in_a_tail(candidate));
        let Some(next) = next.cloned() else {
            let left = (0..sequences.len()).filter_map(|at| rest(at).first().cloned());
            return Err(conflict(th, left.collect()));
        };
        for (at, head) in heads.iter_mut().enumerate() {
            if sequences[at].get(*head).is_some_and(|entry| entry.is(next.object())) {
                *head += 1;
            }
        }
        merged.push(next);
    }
}

#[cold]
fn conflict(th: &Thread, heads: Vec<Owned>) -> crate::error::Raised {
    let mut names: Vec<String> = Vec::new();
    for head in heads {
        let name = object::get_attr_opt(th, head.object(), id::__name__).ok().flatten();
        let name = name
            .and_then(|name| name.downcast::<crate::str::Str>().ok())
            .map_or("?".into(), |name| name.to_string_lossy());
        if !names.contains(&name) {
            names.push(name);
        }
    }
    raise!(
        th,
        TYPE_ERROR,
        "Cannot create a consistent method resolution order (MRO) for bases {}",
        names.join(", ")
    )
}

/// Computes `ty`'s order, through a metaclass's own `mro()` if there is one, and puts it in place.
pub fn update(th: &Thread, ty: Borrowed<'_, Type>) -> PyResult<()> {
    let custom = !ty.object().is_exact::<Type>() && overrides_mro(th, ty);
    let mro = if custom {
        let result = call::call_method(th, ty.object(), id::mro, &[])?;
        let mro = sequence::tuple(th, result.object())?;
        check_custom(th, ty, &mro)?;
        mro
    } else {
        linearize(th, ty)?
    };
    ty.set_mro(mro);
    if custom {
        ty.refuse_versions(th);
    } else {
        ty.modified(th);
    }
    Ok(())
}

fn overrides_mro(th: &Thread, ty: Borrowed<'_, Type>) -> bool {
    let metaclass = ty.object().get().ty();
    match (
        metaclass.lookup(th, id::mro),
        <Type as crate::handle::Instance>::type_object().lookup(th, id::mro),
    ) {
        (Some(theirs), Some(ours)) => !theirs.is(ours.borrow()),
        _ => false,
    }
}

fn check_custom(th: &Thread, ty: Borrowed<'_, Type>, mro: &Tuple) -> PyResult<()> {
    let solid = super::layout::solid_base(ty);
    for entry in mro.as_slice() {
        let Some(base) = entry.downcast::<Type>() else {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "mro() returned a non-class ('{}')",
                entry.type_name()
            ));
        };
        if !solid.is_subtype(&super::layout::solid_base(base)) {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "mro() returned base with unsuitable layout ('{}')",
                base.name()
            ));
        }
    }
    Ok(())
}

/// The orders of `ty` and of everything that derives from it, after `__bases__` changed. On failure the old ones are back.
pub fn update_hierarchy(th: &Thread, ty: Borrowed<'_, Type>) -> PyResult<()> {
    let mut undo: Vec<Change> = Vec::new();
    let result = update_below(th, ty, &mut undo);
    if result.is_err() {
        for change in undo.into_iter().rev() {
            // An `mro()` may have set another order since.
            if change.ty.mro().is_some_and(|now| change.new.is(now)) {
                change.ty.set_mro(change.old);
            }
        }
    }
    result
}

/// An order that was replaced.
struct Change {
    ty: Owned<Type>,
    old: Owned<Tuple>,
    new: Owned<Tuple>,
}

fn update_below(th: &Thread, ty: Borrowed<'_, Type>, undo: &mut Vec<Change>) -> PyResult<()> {
    let old = ty.get().mro().map(Borrowed::to_owned);
    update(th, ty)?;
    if let (Some(old), Some(new)) = (old, ty.get().mro()) {
        undo.push(Change { ty: ty.to_owned(), old, new: new.to_owned() });
    }
    for subclass in subclasses::of(th, ty.get()) {
        update_below(th, subclass.borrow(), undo)?;
    }
    Ok(())
}
