//! Calling: vectorcall and its older forms.

use crate::args::Args;
use crate::dict::Dict;
use crate::error::PyResult;
use crate::handle::{Borrowed, Owned};
use crate::str::Str;
use crate::thread::Thread;
use crate::tuple::Tuple;

/// `callable(*args)`.
pub fn call(_th: &Thread, _callable: Borrowed<'_>, _args: &[Borrowed<'_>]) -> PyResult {
    todo!()
}
/// Positional arguments, then keyword values as named by `Args::kwnames`.
pub fn vectorcall(_th: &Thread, _callable: Borrowed<'_>, _args: Args<'_>) -> PyResult {
    todo!()
}
/// `callable(*args, **kwargs)`: `PyObject_Call`.
pub fn call_tuple_dict(
    _th: &Thread,
    _callable: Borrowed<'_>,
    _args: Borrowed<'_, Tuple>,
    _kwargs: Option<Borrowed<'_, Dict>>,
) -> PyResult {
    todo!()
}
/// `ob.name(*args)`, without making a bound method.
pub fn call_method(
    _th: &Thread,
    _ob: Borrowed<'_>,
    _name: Borrowed<'_, Str>,
    _args: &[Borrowed<'_>],
) -> PyResult {
    todo!()
}
