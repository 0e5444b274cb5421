//! What `bytes(...)` and `bytearray(...)` make of their arguments.

use super::arguments::byte_value;
use crate::prelude::*;
use crate::protocol::buffer::{self, Buffer};

/// What stands for a source that is not text.
pub enum Source {
    /// So many zeros.
    Zeros(usize),
    Data(Vec<u8>),
}

/// TypeError: encoding and errors go with a string only.
pub fn no_encoding(th: &Thread, encoding: Option<&str>) -> Raised {
    let what = if encoding.is_some() { "encoding" } else { "errors" };
    raise!(th, TYPE_ERROR, "{what} without a string argument")
}

/// A count, a buffer, or an iterable of numbers. `range_error` is what is said of a number that is no byte.
pub fn source(th: &Thread, value: Borrowed<'_>, name: &str, range_error: &str) -> PyResult<Source> {
    if number::is_index(value) {
        match number::as_isize(th, value, Some(exc::OVERFLOW_ERROR)) {
            Ok(count) => {
                return usize::try_from(count)
                    .map(Source::Zeros)
                    .map_err(|_| th.raise(exc::VALUE_ERROR, "negative count"));
            }
            Err(raised) => drop(th.take_if(raised, exc::TYPE_ERROR)?),
        }
    }
    from_object(th, value, name, range_error).map(Source::Data)
}

/// A buffer, or an iterable of numbers.
pub fn from_object(
    th: &Thread,
    value: Borrowed<'_>,
    name: &str,
    range_error: &str,
) -> PyResult<Vec<u8>> {
    if buffer::check(value) {
        return Buffer::get(th, value, krait_abi::PyBUF_FULL_RO)?.to_vec(th);
    }
    let mut data = Vec::new();
    each_byte(th, value, name, range_error, &mut |byte| {
        data.push(byte);
        Ok(())
    })?;
    Ok(data)
}

/// Gives the numbers of an iterable to `push`, one by one.
pub fn each_byte(
    th: &Thread,
    value: Borrowed<'_>,
    name: &str,
    range_error: &str,
    push: &mut dyn FnMut(u8) -> PyResult<()>,
) -> PyResult<()> {
    let iterator = match iter::get_iter(th, value) {
        Ok(iterator) if value.downcast::<Str>().is_none() => iterator,
        Ok(_) => return Err(cannot_convert(th, value, name)),
        Err(raised) => {
            drop(th.take_if(raised, exc::TYPE_ERROR)?);
            return Err(cannot_convert(th, value, name));
        }
    };
    while let Some(item) = iter::next(th, iterator.borrow())? {
        let byte = number::as_isize(th, item.borrow(), None)?;
        match byte_value(th, byte) {
            Ok(byte) => push(byte)?,
            Err(raised) => {
                drop(th.take_raised(raised));
                return Err(th.raise(exc::VALUE_ERROR, range_error));
            }
        }
    }
    Ok(())
}

fn cannot_convert(th: &Thread, value: Borrowed<'_>, name: &str) -> Raised {
    raise!(th, TYPE_ERROR, "cannot convert '{}' object to {name}", value.type_name())
}
