//! The mapping protocol.

use crate::error::PyResult;
use crate::handle::{Borrowed, Owned};
use crate::str::Str;
use crate::thread::Thread;

/// `PyMapping_Check`.
pub fn check(_ob: Borrowed<'_>) -> bool {
    todo!()
}
/// `None` instead of KeyError.
pub fn get_opt(_th: &Thread, _ob: Borrowed<'_>, _key: Borrowed<'_>) -> PyResult<Option<Owned>> {
    todo!()
}
pub fn keys(_th: &Thread, _ob: Borrowed<'_>) -> PyResult {
    todo!()
}
pub fn values(_th: &Thread, _ob: Borrowed<'_>) -> PyResult {
    todo!()
}
pub fn items(_th: &Thread, _ob: Borrowed<'_>) -> PyResult {
    todo!()
}
