//! The object protocol: attributes, comparison, `repr`, `str`, `hash`, truth, `isinstance`, `dir`, `len`, subscription.

use crate::args::CompareOp;
use crate::error::PyResult;
use crate::handle::{Borrowed, Owned};
use crate::str::Str;
use crate::thread::Thread;
use crate::typeobj::Type;

pub fn repr(_th: &Thread, _ob: Borrowed<'_>) -> PyResult<Owned<Str>> {
    todo!()
}
pub fn ascii(_th: &Thread, _ob: Borrowed<'_>) -> PyResult<Owned<Str>> {
    todo!()
}
pub fn str(_th: &Thread, _ob: Borrowed<'_>) -> PyResult<Owned<Str>> {
    todo!()
}
pub fn bytes(_th: &Thread, _ob: Borrowed<'_>) -> PyResult {
    todo!()
}
pub fn format(
    _th: &Thread,
    _ob: Borrowed<'_>,
    _spec: Option<Borrowed<'_, Str>>,
) -> PyResult<Owned<Str>> {
    todo!()
}
pub fn hash(_th: &Thread, _ob: Borrowed<'_>) -> PyResult<isize> {
    todo!()
}
pub fn is_true(_th: &Thread, _ob: Borrowed<'_>) -> PyResult<bool> {
    todo!()
}
pub fn compare(
    _th: &Thread,
    _left: Borrowed<'_>,
    _right: Borrowed<'_>,
    _op: CompareOp,
) -> PyResult {
    todo!()
}
/// `PyObject_RichCompareBool`: identity implies equality.
pub fn compare_bool(
    _th: &Thread,
    _left: Borrowed<'_>,
    _right: Borrowed<'_>,
    _op: CompareOp,
) -> PyResult<bool> {
    todo!()
}
/// `left is right or left == right`.
pub fn eq(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult<bool> {
    compare_bool(th, left, right, CompareOp::Eq)
}
/// `name` must be a `str` for all attribute functions.
pub fn get_attr(_th: &Thread, _ob: Borrowed<'_>, _name: Borrowed<'_, Str>) -> PyResult {
    todo!()
}
/// `None` instead of AttributeError.
pub fn get_attr_opt(
    _th: &Thread,
    _ob: Borrowed<'_>,
    _name: Borrowed<'_, Str>,
) -> PyResult<Option<Owned>> {
    todo!()
}
pub fn set_attr(
    _th: &Thread,
    _ob: Borrowed<'_>,
    _name: Borrowed<'_, Str>,
    _value: Borrowed<'_>,
) -> PyResult<()> {
    todo!()
}
pub fn del_attr(_th: &Thread, _ob: Borrowed<'_>, _name: Borrowed<'_, Str>) -> PyResult<()> {
    todo!()
}
/// A special method as the interpreter looks it up: on the type, bound to `ob`.
pub fn lookup_special(
    _th: &Thread,
    _ob: Borrowed<'_>,
    _name: Borrowed<'_, Str>,
) -> PyResult<Option<Owned>> {
    todo!()
}
/// `PyObject_GenericGetAttr` and `PyObject_GenericSetAttr`.
pub fn generic_get_attr(_th: &Thread, _ob: Borrowed<'_>, _name: Borrowed<'_, Str>) -> PyResult {
    todo!()
}
pub fn generic_set_attr(
    _th: &Thread,
    _ob: Borrowed<'_>,
    _name: Borrowed<'_, Str>,
    _value: Option<Borrowed<'_>>,
) -> PyResult<()> {
    todo!()
}
pub fn is_instance(_th: &Thread, _ob: Borrowed<'_>, _class: Borrowed<'_>) -> PyResult<bool> {
    todo!()
}
pub fn is_subclass(_th: &Thread, _ob: Borrowed<'_>, _class: Borrowed<'_>) -> PyResult<bool> {
    todo!()
}
pub fn get_item(_th: &Thread, _ob: Borrowed<'_>, _key: Borrowed<'_>) -> PyResult {
    todo!()
}
pub fn set_item(
    _th: &Thread,
    _ob: Borrowed<'_>,
    _key: Borrowed<'_>,
    _value: Borrowed<'_>,
) -> PyResult<()> {
    todo!()
}
pub fn del_item(_th: &Thread, _ob: Borrowed<'_>, _key: Borrowed<'_>) -> PyResult<()> {
    todo!()
}
pub fn len(_th: &Thread, _ob: Borrowed<'_>) -> PyResult<usize> {
    todo!()
}
/// `operator.length_hint`.
pub fn length_hint(_th: &Thread, _ob: Borrowed<'_>, _default: usize) -> PyResult<usize> {
    todo!()
}
pub fn dir(_th: &Thread, _ob: Borrowed<'_>) -> PyResult {
    todo!()
}
pub fn is_callable(_ob: Borrowed<'_>) -> bool {
    todo!()
}
/// `type(ob)`, counted.
pub fn type_of(ob: Borrowed<'_>) -> Owned<Type> {
    ob.get().ty().to_owned()
}

/// `type.__instancecheck__` and `type.__subclasscheck__`: without asking the metaclass.
pub fn real_is_instance(_th: &Thread, _ob: Borrowed<'_>, _class: Borrowed<'_>) -> PyResult<bool> {
    todo!()
}
pub fn real_is_subclass(_th: &Thread, _ob: Borrowed<'_>, _class: Borrowed<'_>) -> PyResult<bool> {
    todo!()
}
