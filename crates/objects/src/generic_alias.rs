//! `types.GenericAlias`.
use crate::prelude::*;
pub fn new(_th: &Thread, _origin: Borrowed<'_>, _args: Borrowed<'_>) -> PyResult {
    todo!()
}
