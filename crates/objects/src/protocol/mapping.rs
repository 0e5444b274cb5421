//! The mapping protocol.

use crate::dict::Dict;
use crate::error::PyResult;
use crate::exceptions::exc;
use crate::handle::{Borrowed, Owned};
use crate::ids::id;
use crate::list::List;
use crate::protocol::{call, iter, object};
use crate::raise;
use crate::str::Str;
use crate::thread::Thread;

/// `PyMapping_Check`.
pub fn check(ob: Borrowed<'_>) -> bool {
    // SAFETY: the table of a live type.
    unsafe {
        (*ob.ty().as_type_ptr())
            .tp_as_mapping
            .as_ref()
            .is_some_and(|table| table.mp_subscript.is_some())
    }
}

/// `None` instead of KeyError.
pub fn get_opt(th: &Thread, ob: Borrowed<'_>, key: Borrowed<'_>) -> PyResult<Option<Owned>> {
    if let Some(dict) = ob.downcast_exact::<Dict>() {
        return dict.get().get(th, key);
    }
    match object::get_item(th, ob, key) {
        Ok(value) => Ok(Some(value)),
        Err(raised) => {
            drop(th.take_if(raised, exc::KEY_ERROR)?);
            Ok(None)
        }
    }
}

/// A list of what the method `name` gives.
fn list_from_method(th: &Thread, ob: Borrowed<'_>, name: Borrowed<'_, Str>) -> PyResult {
    let found = call::call_method(th, ob, name, &[])?;
    if found.is_exact::<List>() {
        return Ok(found);
    }
    let iterator = match iter::get_iter(th, found.borrow()) {
        Ok(iterator) => iterator,
        Err(raised) => {
            drop(th.take_if(raised, exc::TYPE_ERROR)?);
            return Err(raise!(
                th,
                TYPE_ERROR,
                "{}.{}() returned a non-iterable (type {})",
                ob.type_name(),
                &*name,
                found.type_name()
            ));
        }
    };
    List::from_iterable(th, iterator.borrow()).map(Owned::into_object)
}

pub fn keys(th: &Thread, ob: Borrowed<'_>) -> PyResult {
    if let Some(dict) = ob.downcast_exact::<Dict>() {
        return dict.keys(th).map(Owned::into_object);
    }
    list_from_method(th, ob, id::keys)
}

pub fn values(th: &Thread, ob: Borrowed<'_>) -> PyResult {
    if let Some(dict) = ob.downcast_exact::<Dict>() {
        return dict.values(th).map(Owned::into_object);
    }
    list_from_method(th, ob, id::values)
}

pub fn items(th: &Thread, ob: Borrowed<'_>) -> PyResult {
    if let Some(dict) = ob.downcast_exact::<Dict>() {
        return dict.items(th).map(Owned::into_object);
    }
    list_from_method(th, ob, id::items)
}
