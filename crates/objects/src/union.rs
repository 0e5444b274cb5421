//! `typing.Union` objects: `int | str`.

use crate::prelude::*;

/// `left | right` of types; NotImplemented if either is not one.
pub fn or(_th: &Thread, _left: Borrowed<'_>, _right: Borrowed<'_>) -> PyResult {
    todo!()
}
/// The members of a union; `None` if `ob` is none.
pub fn members(_ob: Borrowed<'_>) -> Option<Owned<Tuple>> {
    None
}
