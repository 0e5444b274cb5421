//! Python objects as a host sees them.

use krait_objects::prelude::*;

use crate::error::{Error, caught};
use crate::{FromPython, Python, ToPython};

/// An object of the attached interpreter: a reference of its own, which is given up when the value is dropped.
///
/// Operations answer the exception that Python would raise.
#[derive(Clone)]
pub struct Value<'py> {
    pub(crate) object: Owned,
    pub(crate) py: Python<'py>,
}

impl<'py> Value<'py> {
    fn th(&self) -> &'py Thread {
        self.py.th
    }

    /// `self.name`.
    pub fn attr(&self, name: &str) -> Result<Value<'py>, Error> {
        self.py.wrap((|| {
            let name = Str::interned(self.th(), name)?;
            object::get_attr(self.th(), self.object.object(), name.borrow())
        })())
    }

    /// `self.name = value`.
    pub fn set_attr(&self, name: &str, value: impl ToPython) -> Result<(), Error> {
        let value = value.to_python(self.py)?;
        let set = || {
            let name = Str::interned(self.th(), name)?;
            object::set_attr(self.th(), self.object.object(), name.borrow(), value.object.object())
        };
        set().map_err(|raised| caught(self.th(), raised))
    }

    /// `self[key]`.
    pub fn item(&self, key: impl ToPython) -> Result<Value<'py>, Error> {
        let key = key.to_python(self.py)?;
        self.py.wrap(object::get_item(self.th(), self.object.object(), key.object.object()))
    }

    /// `self.name(*args)`.
    pub fn call(&self, name: &str, args: impl Arguments) -> Result<Value<'py>, Error> {
        self.attr(name)?.invoke(args)
    }

    /// `self(*args)`.
    pub fn invoke(&self, args: impl Arguments) -> Result<Value<'py>, Error> {
        let args = args.values(self.py)?;
        let args: Vec<Borrowed<'_>> = args.iter().map(|arg| arg.object.object()).collect();
        self.py.wrap(call::call(self.th(), self.object.object(), &args))
    }

    /// The object as a Rust value.
    ///
    /// # Errors
    /// TypeError for an object of another kind, OverflowError for a number that does not fit.
    pub fn extract<T: FromPython>(&self) -> Result<T, Error> {
        T::from_python(self)
    }

    /// Whether it is `None`.
    pub fn is_none(&self) -> bool {
        self.object.is_none()
    }

    /// The items of an iterable.
    pub fn items(&self) -> Result<Vec<Value<'py>>, Error> {
        let items = iter::collect(self.th(), self.object.object())
            .map_err(|raised| caught(self.th(), raised))?;
        Ok(items.into_iter().map(|object| Value { object, py: self.py }).collect())
    }

    /// `str(self)`.
    pub fn text(&self) -> Result<String, Error> {
        match object::str(self.th(), self.object.object()) {
            Ok(text) => Ok(text.to_string_lossy()),
            Err(raised) => Err(caught(self.th(), raised)),
        }
    }
}

/// Arguments of a call: a tuple of up to four values, or a vector of values of one type.
pub trait Arguments {
    /// The arguments as objects, in order.
    fn values<'py>(self, py: Python<'py>) -> Result<Vec<Value<'py>>, Error>;
}

macro_rules! tuples {
    ($(($($name:ident),*))*) => {$(
        impl<$($name: ToPython),*> Arguments for ($($name,)*) {
            #[allow(non_snake_case, unused_variables)]
            fn values<'py>(self, py: Python<'py>) -> Result<Vec<Value<'py>>, Error> {
                let ($($name,)*) = self;
                Ok(vec![$($name.to_python(py)?),*])
            }
        }
    )*};
}

tuples! {
    ()
    (A)
    (A, B)
    (A, B, C)
    (A, B, C, D)
}

impl<T: ToPython> Arguments for Vec<T> {
    fn values<'py>(self, py: Python<'py>) -> Result<Vec<Value<'py>>, Error> {
        self.into_iter().map(|value| value.to_python(py)).collect()
    }
}
