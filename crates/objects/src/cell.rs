//! `cell`: a variable shared between a function and those it encloses.

use crate::prelude::*;

/// Fills the `__classcell__` or `__classdictcell__` (`name`) that a class body left in its namespace.
pub fn fill(
    _th: &Thread,
    _cell: Borrowed<'_>,
    _value: Borrowed<'_>,
    _name: Borrowed<'_, Str>,
) -> PyResult<()> {
    todo!()
}
