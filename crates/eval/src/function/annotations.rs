//! The annotations of a function, evaluated or built when they are asked for, and its type parameters.

use krait_objects::prelude::*;

use super::{Function, optional, or_none};

#[pymethods(part = "annotations")]
impl Function {
    /// What the function's annotations evaluate to: a callable or None.
    #[getter]
    fn __annotate__(&self, th: &Thread) -> PyResult {
        let annotate = or_none(&self.annotate);
        if let Some(function) = annotate.object().downcast_exact::<Function>() {
            function.get().name_for(th, self)?;
        }
        Ok(annotate)
    }

    #[setter]
    fn set___annotate__(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        let Some(value) = value else {
            return Err(th.raise(exc::TYPE_ERROR, "__annotate__ cannot be deleted"));
        };
        if value.is_none() {
            self.annotate.set(Some(value.to_owned()));
        } else if object::is_callable(value) {
            self.annotate.set(Some(value.to_owned()));
            self.annotations.set(None);
        } else {
            return Err(th.raise(exc::TYPE_ERROR, "__annotate__ must be callable or None"));
        }
        Ok(())
    }

    #[getter]
    fn __annotations__(&self, th: &Thread) -> PyResult {
        annotations(th, self)
    }

    #[setter]
    fn set___annotations__(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        let message = "__annotations__ must be set to a dict object";
        let value = optional::<Dict>(th, value, message)?;
        self.annotations.set(value.map(Owned::into_object));
        self.annotate.set(None);
        Ok(())
    }

    #[getter]
    fn __type_params__(&self) -> Owned {
        self.type_params.get_owned().unwrap_or_else(|| Tuple::empty().to_owned().into_object())
    }

    #[setter]
    fn set___type_params__(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        let message = "__type_params__ must be set to a tuple";
        match value.and_then(|value| value.downcast::<Tuple>()) {
            Some(params) => self.type_params.set(Some(params.object().to_owned())),
            None => return Err(th.raise(exc::TYPE_ERROR, message)),
        }
        Ok(())
    }
}

/// The annotations as a dictionary: evaluated or built from the compiler's pairs on first use.
pub fn annotations(th: &Thread, function: &Function) -> PyResult {
    if let Some(known) = function.annotations.get_owned() {
        let Some(pairs) = known.borrow().downcast_exact::<Tuple>() else { return Ok(known) };
        let dict = Dict::new(th)?;
        for pair in pairs.get().as_slice().chunks_exact(2) {
            dict.set(th, pair[0], pair[1])?;
        }
        function.annotations.set(Some(dict.clone().into_object()));
        return Ok(dict.into_object());
    }
    let dict = match function.annotate.get_owned().filter(|annotate| !annotate.is_none()) {
        Some(annotate) => {
            // Format 1: VALUE.
            let format = Int::from_i64(th, 1)?;
            let made = call::call(th, annotate.borrow(), &[format.object()])?;
            if made.borrow().downcast::<Dict>().is_none() {
                return Err(raise!(
                    th,
                    TYPE_ERROR,
                    "__annotate__ returned non-dict of type '{}'",
                    made.type_name()
                ));
            }
            made
        }
        None => Dict::new(th)?.into_object(),
    };
    function.annotations.set(Some(dict.clone()));
    Ok(dict)
}

impl Function {
    /// The compiler gives all functions that evaluate annotations one name: here it gets that of their `owner` in front.
    fn name_for(&self, th: &Thread, owner: &Function) -> PyResult<()> {
        let code = self.code_handle();
        let untouched = self.qualname.get().is_some_and(|name| name.is(code.qualname.borrow()));
        if untouched && code.name.is(id::__annotate__) {
            let owner = &owner.code_handle().qualname;
            let name = Str::from_fmt(th, format_args!("{}.{}", **owner, id::__annotate__.get()))?;
            self.qualname.set(Some(name));
        }
        Ok(())
    }
}
