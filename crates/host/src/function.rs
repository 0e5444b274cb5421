//! Rust functions that Python can call.
//!
//! Invariant: 1. `body` is written once, before anyone else knows the object, and dropped with it.

use std::cell::Cell;

use krait_objects::prelude::*;

use crate::{Error, Python, Value};

/// What a host function does with its arguments.
pub type Body = Box<dyn for<'a> Fn(Python<'a>, &[Value<'a>]) -> Result<Value<'a>, Error>>;

/// A function of the host program.
#[pytype(name = "krait.HostFunction", flags(DISALLOW_INSTANTIATION))]
#[repr(C)]
pub struct HostFunction {
    head: Head,
    name: Slot<Str>,
    body: Option<Body>,
    /// Whether it is a method: read from an instance, it is bound to it.
    is_method: Cell<bool>,
}

impl HostFunction {
    pub fn create_method(th: &Thread, name: &str, body: Body) -> PyResult {
        let method = HostFunction::create(th, name, body)?;
        if let Some(function) = method.object().downcast::<HostFunction>() {
            function.is_method.set(true);
        }
        Ok(method)
    }

    pub fn create(th: &Thread, name: &str, body: Body) -> PyResult {
        let name = Str::interned(th, name)?;
        let function =
            Borrowed::from_ref(HostFunction::type_object()).get().alloc::<HostFunction>(th, 0)?;
        // SAFETY: (1): zeroed memory that nobody knows yet.
        unsafe { (&raw mut (*function.as_ptr().cast::<HostFunction>()).body).write(Some(body)) };
        function.name.set(Some(name));
        Ok(function.into_object())
    }
}

#[pymethods]
impl HostFunction {
    #[slot(tp_call)]
    fn call(
        &self,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        if kwargs.is_some_and(|kwargs| !kwargs.is_empty()) {
            let name = self.name.get_owned().unwrap_or_else(|| id::empty.to_owned());
            return Err(raise!(th, TYPE_ERROR, "{}() takes no keyword arguments", *name));
        }
        let Some(body) = &self.body else {
            return Err(th.bad_internal_call());
        };
        let py = Python { th };
        let args: Vec<Value<'_>> =
            args.as_slice().iter().map(|&arg| Value { object: arg.to_owned(), py }).collect();
        match body(py, &args) {
            Ok(value) => Ok(value.object),
            Err(error) => Err(error.raise(th)),
        }
    }

    #[slot(tp_descr_get)]
    fn bind(
        this: Borrowed<'_, Self>,
        th: &Thread,
        instance: Option<Borrowed<'_>>,
        _class: Option<Borrowed<'_>>,
    ) -> PyResult {
        match instance.filter(|_| this.is_method.get()) {
            Some(instance) => krait_objects::method::Method::new(th, this.object(), instance)
                .map(Owned::into_object),
            None => Ok(this.object().to_owned()),
        }
    }

    #[slot(tp_repr)]
    fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
        let name = self.name.get_owned().unwrap_or_else(|| id::empty.to_owned());
        Str::from_fmt(th, format_args!("<host function {}>", *name))
    }

    #[getter]
    fn __name__(&self) -> Option<Owned<Str>> {
        self.name.get_owned()
    }
}
