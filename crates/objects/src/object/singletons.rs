//! The types of `None`, `NotImplemented` and `...`.

use crate::prelude::*;

/// Constructors of singletons take nothing and give the one instance.
fn check_no_arguments(
    th: &Thread,
    name: &str,
    args: Borrowed<'_, Tuple>,
    kwargs: Option<Borrowed<'_, Dict>>,
) -> PyResult<()> {
    if !args.is_empty() || kwargs.is_some_and(|kwargs| !kwargs.is_empty()) {
        return Err(raise!(th, TYPE_ERROR, "{name} takes no arguments"));
    }
    Ok(())
}

/// The class of None, its only instance.
#[pytype(name = "NoneType", symbol = "_PyNone_Type", new = "()")]
#[repr(C)]
pub struct NoneType {
    head: Head,
}

#[pymethods]
impl NoneType {
    #[slot(tp_new)]
    fn new(
        _cls: Borrowed<'_, Type>,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        check_no_arguments(th, "NoneType", args, kwargs)?;
        Ok(none().to_owned())
    }

    #[slot(tp_repr)]
    fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
        Str::interned(th, "None")
    }

    #[slot(nb_bool)]
    fn bool(&self) -> PyResult<bool> {
        Ok(false)
    }

    /// The same in every run, as the reference has it.
    #[slot(tp_hash)]
    fn hash(&self) -> PyResult<isize> {
        Ok(0xFCA8_6420)
    }

    #[slot(tp_richcompare)]
    fn compare(this: Borrowed<'_, Self>, other: Borrowed<'_>, op: CompareOp) -> PyResult {
        let answer = match op {
            CompareOp::Eq if this.is(other) => bool_object(true).object(),
            CompareOp::Ne if this.is(other) => bool_object(false).object(),
            _ => not_implemented(),
        };
        Ok(answer.to_owned())
    }

    #[slot(tp_dealloc)]
    unsafe fn dealloc(_this: *mut Self) {}
}

/// The class of NotImplemented, which is its only instance.
#[pytype(name = "NotImplementedType", symbol = "_PyNotImplemented_Type", new = "()")]
#[repr(C)]
pub struct NotImplementedType {
    head: Head,
}

#[pymethods]
impl NotImplementedType {
    #[slot(tp_new)]
    fn new(
        _cls: Borrowed<'_, Type>,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        check_no_arguments(th, "NotImplementedType", args, kwargs)?;
        Ok(not_implemented().to_owned())
    }

    #[slot(tp_repr)]
    fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
        Str::interned(th, "NotImplemented")
    }

    #[slot(nb_bool)]
    fn bool(&self, th: &Thread) -> PyResult<bool> {
        Err(th.raise(exc::TYPE_ERROR, "NotImplemented should not be used in a boolean context"))
    }

    #[slot(tp_dealloc)]
    unsafe fn dealloc(_this: *mut Self) {}

    #[method(sig = "(self, /)")]
    fn __reduce__(&self, th: &Thread) -> PyResult<Owned<Str>> {
        Str::interned(th, "NotImplemented")
    }
}

/// The class of Ellipsis, which is its only instance.
#[pytype(name = "ellipsis", symbol = "PyEllipsis_Type", new = "()")]
#[repr(C)]
pub struct EllipsisType {
    head: Head,
}

#[pymethods]
impl EllipsisType {
    #[slot(tp_new)]
    fn new(
        _cls: Borrowed<'_, Type>,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        check_no_arguments(th, "EllipsisType", args, kwargs)?;
        Ok(ellipsis().to_owned())
    }

    #[slot(tp_repr)]
    fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
        Str::interned(th, "Ellipsis")
    }

    #[slot(tp_dealloc)]
    unsafe fn dealloc(_this: *mut Self) {}

    #[method(sig = "(self, /)")]
    fn __reduce__(&self, th: &Thread) -> PyResult<Owned<Str>> {
        Str::interned(th, "Ellipsis")
    }
}
