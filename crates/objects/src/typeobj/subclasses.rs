//! The weak lists of direct subclasses that every type keeps, so that a change reaches them.

use krait_abi as abi;

use crate::dict::Dict;
use crate::error::PyResult;
use crate::handle::{Borrowed, Owned};
use crate::int::Int;
use crate::list::List;
use crate::thread::Thread;
use crate::typeobj::{Type, state};
use crate::weakref;

/// The dictionary of subclasses, if there is one yet.
fn table(th: &Thread, ty: &Type) -> Option<Owned<Dict>> {
    match state::static_state(th, ty) {
        Some(state) => state.subclasses.get_owned(),
        // SAFETY: a heap type's field holds a dictionary or NULL.
        None => unsafe {
            Borrowed::<Dict>::from_ptr_or_null(ty.raw().tp_subclasses.cast())
                .map(Borrowed::to_owned)
        },
    }
}

fn table_or_new(th: &Thread, ty: &Type) -> PyResult<Owned<Dict>> {
    if let Some(table) = table(th, ty) {
        return Ok(table);
    }
    let new = Dict::new(th)?;
    match state::static_state(th, ty) {
        Some(state) => state.subclasses.set(Some(new.clone())),
        // SAFETY: the field was NULL; the type owns the reference from here on.
        None => unsafe { (*ty.as_type_ptr()).tp_subclasses = new.clone().into_ptr().cast() },
    }
    Ok(new)
}

/// Enters `subclass` with `base`.
pub fn add(th: &Thread, base: &Type, subclass: Borrowed<'_, Type>) -> PyResult<()> {
    let table = table_or_new(th, base)?;
    let key = Int::from_usize(th, subclass.as_ptr() as usize)?;
    let reference = weakref::new_ref(th, subclass.object(), None)?;
    table.set(th, key.object(), reference.object())
}

/// Takes `subclass` out again; it may be half destroyed, so nothing is raised.
pub fn remove(th: &Thread, base: &Type, subclass: *mut abi::PyObject) {
    let Some(table) = table(th, base) else {
        return;
    };
    let removed =
        Int::from_usize(th, subclass as usize).and_then(|key| table.remove(th, key.object()));
    if removed.is_err() {
        drop(th.take_exception());
    }
}

/// The direct subclasses that are alive. Static types are in nobody's table: they know their base.
pub fn of(th: &Thread, ty: &Type) -> Vec<Owned<Type>> {
    let mut found = Vec::new();
    if ty.has_flag(abi::_Py_TPFLAGS_STATIC_BUILTIN) {
        let statics = th.interp().types.statics().into_iter();
        let derives = |other: &&Type| other.base().is_some_and(|base| std::ptr::eq(base.get(), ty));
        found.extend(statics.filter(derives).map(|other| Borrowed::from_ref(other).to_owned()));
    }
    let Some(table) = table(th, ty) else {
        return found;
    };
    let mut position = 0;
    while let Some((_, reference)) = table.next(&mut position) {
        if let Some(Ok(subclass)) =
            weakref::referent(reference.object()).map(Owned::downcast::<Type>)
        {
            found.push(subclass);
        }
    }
    found
}

/// `type.__subclasses__`.
pub fn list(th: &Thread, ty: &Type) -> PyResult<Owned<List>> {
    List::from_vec(th, of(th, ty).into_iter().map(Owned::into_object).collect())
}
