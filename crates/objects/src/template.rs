//! `string.templatelib.Template` and `Interpolation`: what `t"…"` makes.

use crate::prelude::*;

/// `Interpolation(value, expression, conversion, format_spec)`; `conversion` is `FVC_*`, no spec is the empty string.
pub fn interpolation(
    _th: &Thread,
    _value: Borrowed<'_>,
    _expression: Borrowed<'_>,
    _conversion: usize,
    _spec: Option<Borrowed<'_>>,
) -> PyResult {
    todo!()
}
/// A template from its tuple of strings and its tuple of interpolations.
pub fn template(_th: &Thread, _strings: Borrowed<'_>, _interpolations: Borrowed<'_>) -> PyResult {
    todo!()
}
