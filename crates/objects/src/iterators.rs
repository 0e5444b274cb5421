//! Iterators of the house: `iter(sequence)`, `iter(callable, sentinel)`.

use crate::prelude::*;

/// `iterator`: over anything with `__getitem__`.
pub fn sequence_iterator(_th: &Thread, _sequence: Borrowed<'_>) -> PyResult {
    todo!()
}
