//! `NoDefault`, and evaluators that always answer the same.

use krait_eval::import;
use krait_objects::prelude::*;

/// What NoDefault is an instance of; there is no other.
#[pytype(name = "NoDefaultType")]
#[repr(C)]
pub struct NoDefaultType {
    head: Head,
}

#[pymethods]
impl NoDefaultType {
    #[slot(tp_new)]
    fn new(
        _cls: Borrowed<'_, Type>,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        if !args.is_empty() || kwargs.is_some_and(|kwargs| !kwargs.is_empty()) {
            return Err(th.raise(exc::TYPE_ERROR, "NoDefaultType takes no arguments"));
        }
        super::no_default(th)
    }

    #[slot(tp_repr)]
    fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
        Str::interned(th, "typing.NoDefault")
    }

    /// For pickling: the name of the singleton.
    #[method(sig = "(self, /)")]
    fn __reduce__(&self) -> &'static str {
        "NoDefault"
    }
}

/// Evaluates to a value that is known.
#[pytype(name = "_typing._ConstEvaluator", flags(HAVE_GC, DISALLOW_INSTANTIATION))]
#[repr(C)]
pub struct ConstEvaluator {
    head: Head,
    #[visit]
    value: Slot,
}

/// `annotationlib.Format.STRING`.
const STRING: i64 = 4;

impl ConstEvaluator {
    pub fn create(th: &Thread, value: Owned) -> PyResult {
        let made = Borrowed::from_ref(ConstEvaluator::type_object())
            .get()
            .alloc::<ConstEvaluator>(th, 0)?;
        made.value.set(Some(value));
        Ok(made.into_object())
    }
}

#[pymethods]
impl ConstEvaluator {
    #[slot(tp_repr)]
    fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
        let value = self.value.get_owned().unwrap_or_else(|| none().to_owned());
        let shown = object::repr(th, value.object())?;
        Str::from_fmt(th, format_args!("<constevaluator {}>", *shown))
    }

    #[slot(tp_call)]
    fn call(
        &self,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        _kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        let format = match args.as_slice() {
            [format] => number::index(th, *format)?.to_i64(),
            _ => {
                return Err(raise!(
                    th,
                    TYPE_ERROR,
                    "constevaluator.__call__() takes exactly one argument ({} given)",
                    args.len()
                ));
            }
        };
        let value = self.value.get_owned().unwrap_or_else(|| none().to_owned());
        if format != Some(STRING) {
            return Ok(value);
        }
        let annotationlib = import::import(th, "annotationlib")?;
        let name = Str::interned(th, "type_repr")?;
        let repr = |item: Borrowed<'_>| {
            call::call_method(th, annotationlib.object(), name.borrow(), &[item])
        };
        let Some(tuple) = value.object().downcast::<Tuple>() else {
            return repr(value.object());
        };
        let mut text = String::new();
        for &item in tuple.as_slice() {
            let comma = if text.is_empty() { "" } else { ", " };
            text.push_str(&format!("{comma}{}", *object::str(th, repr(item)?.object())?));
        }
        Str::new(th, &format!("({text})")).map(Owned::into_object)
    }
}
