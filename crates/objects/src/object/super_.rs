//! `super`.

use crate::prelude::*;

/// `super(class, ob)`.
pub fn new(_th: &Thread, _class: Borrowed<'_, Type>, _ob: Borrowed<'_>) -> PyResult {
    todo!()
}
