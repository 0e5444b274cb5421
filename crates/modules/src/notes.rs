//! Notes on exceptions that pass through: what was being done to which object.

use krait_objects::prelude::*;

/// Adds a note to the exception; if that cannot be done, the exception goes on without it.
#[cold]
pub fn add(th: &Thread, raised: Raised, text: impl FnOnce() -> PyResult<String>) -> Raised {
    let exception = th.take_raised(raised);
    let noted = text()
        .and_then(|text| Str::from_string(th, text))
        .and_then(|note| exception.add_note(th, note.borrow()));
    if noted.is_err() {
        drop(th.take_exception());
    }
    th.set_exception(exception.into_object())
}

/// The full name of an object's type, as messages show it.
pub fn class_of(th: &Thread, ob: Borrowed<'_>) -> PyResult<Owned<Str>> {
    ob.get().ty().full_name(th)
}
