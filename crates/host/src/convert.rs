//! Values between Rust and Python.

use krait_objects::prelude::*;

use crate::error::{Error, caught};
use crate::{Python, Value};

/// A Rust value that can be given to Python.
pub trait ToPython {
    /// A new object; fails only for want of memory.
    fn to_python<'py>(&self, py: Python<'py>) -> Result<Value<'py>, Error>;
}

/// A Rust value that can be made from an object.
pub trait FromPython: Sized {
    /// The object's value.
    ///
    /// # Errors
    /// TypeError for an object of another kind, OverflowError for a number that does not fit.
    fn from_python(value: &Value<'_>) -> Result<Self, Error>;
}

macro_rules! simple {
    ($($ty:ty: |$th:ident, $value:ident| $make:expr;)*) => {$(
        impl ToPython for $ty {
            fn to_python<'py>(&self, py: Python<'py>) -> Result<Value<'py>, Error> {
                let ($th, $value) = (py.th, self);
                py.wrap($make)
            }
        }
    )*};
}

simple! {
    i64: |th, value| Int::from_i64(th, *value).map(Owned::into_object);
    i32: |th, value| Int::from_i64(th, i64::from(*value)).map(Owned::into_object);
    u32: |th, value| Int::from_i64(th, i64::from(*value)).map(Owned::into_object);
    u64: |th, value| Int::from_u64(th, *value).map(Owned::into_object);
    usize: |th, value| Int::from_usize(th, *value).map(Owned::into_object);
    f64: |th, value| Float::new(th, *value).map(Owned::into_object);
    bool: |_th, value| Ok(bool_object(*value).object().to_owned());
    &str: |th, value| Str::new(th, value).map(Owned::into_object);
    String: |th, value| Str::new(th, value).map(Owned::into_object);
    &[u8]: |th, value| Bytes::new(th, value).map(Owned::into_object);
    (): |_th, _value| Ok(none().to_owned());
}

impl ToPython for Value<'_> {
    fn to_python<'py>(&self, py: Python<'py>) -> Result<Value<'py>, Error> {
        Ok(Value { object: self.object.clone(), py })
    }
}

impl<T: ToPython> ToPython for Option<T> {
    fn to_python<'py>(&self, py: Python<'py>) -> Result<Value<'py>, Error> {
        match self {
            Some(value) => value.to_python(py),
            None => Ok(py.none()),
        }
    }
}

impl<T: ToPython> ToPython for Vec<T> {
    fn to_python<'py>(&self, py: Python<'py>) -> Result<Value<'py>, Error> {
        let items: Result<Vec<Owned>, Error> =
            self.iter().map(|item| item.to_python(py).map(|value| value.object)).collect();
        py.wrap(List::from_vec(py.th, items?).map(Owned::into_object))
    }
}

/// The error for an object that is not what the host expects.
fn wrong(value: &Value<'_>, expected: &str) -> Error {
    let th = value.py.th;
    caught(th, raise!(th, TYPE_ERROR, "expected {expected}, not {}", value.object.type_name()))
}

impl FromPython for i64 {
    fn from_python(value: &Value<'_>) -> Result<i64, Error> {
        let th = value.py.th;
        let int = number::index(th, value.object.object()).map_err(|raised| caught(th, raised))?;
        match int.to_i64() {
            Some(int) => Ok(int),
            None => Err(caught(
                th,
                th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to i64"),
            )),
        }
    }
}

impl FromPython for usize {
    fn from_python(value: &Value<'_>) -> Result<usize, Error> {
        usize::try_from(i64::from_python(value)?).map_err(|_| wrong(value, "a non-negative int"))
    }
}

impl FromPython for f64 {
    fn from_python(value: &Value<'_>) -> Result<f64, Error> {
        let th = value.py.th;
        number::as_f64(th, value.object.object()).map_err(|raised| caught(th, raised))
    }
}

impl FromPython for bool {
    fn from_python(value: &Value<'_>) -> Result<bool, Error> {
        let th = value.py.th;
        object::is_true(th, value.object.object()).map_err(|raised| caught(th, raised))
    }
}

impl FromPython for String {
    fn from_python(value: &Value<'_>) -> Result<String, Error> {
        let th = value.py.th;
        match value.object.object().downcast::<Str>() {
            Some(text) => text.as_utf8(th).map(str::to_owned).map_err(|raised| caught(th, raised)),
            None => Err(wrong(value, "str")),
        }
    }
}

impl FromPython for Vec<u8> {
    fn from_python(value: &Value<'_>) -> Result<Vec<u8>, Error> {
        match value.object.object().downcast::<Bytes>() {
            Some(bytes) => Ok(bytes.as_bytes().to_vec()),
            None => Err(wrong(value, "bytes")),
        }
    }
}

impl<T: FromPython> FromPython for Option<T> {
    fn from_python(value: &Value<'_>) -> Result<Option<T>, Error> {
        if value.is_none() { Ok(None) } else { T::from_python(value).map(Some) }
    }
}
