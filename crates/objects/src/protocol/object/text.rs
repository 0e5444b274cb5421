//! `repr`, `str`, `ascii`, `bytes`, `format`.
//!
//! SAFETY, throughout: the slots of a live object's type take what their contract says.

use crate::prelude::*;
use crate::protocol::buffer;
use crate::protocol::call::{call, returned};
use crate::protocol::object::lookup_special;

fn expect_str(th: &Thread, text: Owned, method: &str) -> PyResult<Owned<Str>> {
    text.downcast::<Str>().map_err(|other| {
        raise!(th, TYPE_ERROR, "{method} returned non-string (type {})", other.type_name())
    })
}

pub fn repr(th: &Thread, ob: Borrowed<'_>) -> PyResult<Owned<Str>> {
    let Some(slot) = ob.get().ty().get().raw().tp_repr else {
        return Str::from_fmt(th, format_args!("<{} object at {:p}>", ob.type_name(), ob.as_ptr()));
    };
    th.check_stack(" while getting the repr of an object")?;
    // SAFETY: see the top of the file.
    let text = returned(th, unsafe { slot(ob.as_ptr()) })?;
    expect_str(th, text, "__repr__")
}

pub fn str(th: &Thread, ob: Borrowed<'_>) -> PyResult<Owned<Str>> {
    if let Some(text) = ob.downcast_exact::<Str>() {
        return Ok(text.to_owned());
    }
    let Some(slot) = ob.get().ty().get().raw().tp_str else {
        return repr(th, ob);
    };
    th.check_stack(" while getting the str of an object")?;
    // SAFETY: see the top of the file.
    let text = returned(th, unsafe { slot(ob.as_ptr()) })?;
    expect_str(th, text, "__str__")
}

/// `repr` with everything beyond ASCII escaped.
pub fn ascii(th: &Thread, ob: Borrowed<'_>) -> PyResult<Owned<Str>> {
    let text = repr(th, ob)?;
    match text.is_ascii() {
        true => Ok(text),
        false => text.escape_non_ascii(th),
    }
}

/// `PyObject_Bytes`: `__bytes__`, a buffer, or an iterable of integers.
pub fn bytes(th: &Thread, ob: Borrowed<'_>) -> PyResult {
    if ob.is_exact::<Bytes>() {
        return Ok(ob.to_owned());
    }
    if let Some(method) = lookup_special(th, ob, id::__bytes__)? {
        let result = call(th, method.object(), &[])?;
        if !Bytes::check(&result) {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "__bytes__ returned non-bytes (type {})",
                result.type_name()
            ));
        }
        return Ok(result);
    }
    th.still_raised()?;
    if buffer::check(ob) {
        let view = buffer::Buffer::simple(th, ob)?;
        return Bytes::new(th, view.as_bytes()).map(Owned::into_object);
    }
    if Str::check(&ob) || ob.get().ty().get().raw().tp_iter.is_none() && !sequence::check(ob) {
        return Err(raise!(th, TYPE_ERROR, "cannot convert '{}' object to bytes", ob.type_name()));
    }
    let mut data = Vec::new();
    iter::for_each(th, ob, &mut |item| {
        let value = number::as_isize(th, item.object(), None)?;
        let byte = u8::try_from(value)
            .map_err(|_| th.raise(exc::VALUE_ERROR, "bytes must be in range(0, 256)"))?;
        data.push(byte);
        Ok(())
    })?;
    Bytes::new(th, &data).map(Owned::into_object)
}

/// `format(ob, spec)`.
pub fn format(
    th: &Thread,
    ob: Borrowed<'_>,
    spec: Option<Borrowed<'_, Str>>,
) -> PyResult<Owned<Str>> {
    // The usual types without looking their method up and calling it.
    if let Some(text) = ob.downcast_exact::<Str>() {
        return match spec.filter(|spec| !spec.is_empty()) {
            Some(spec) => crate::str::format::format_text(th, text, &spec),
            None => Ok(text.to_owned()),
        };
    }
    let spec = spec.unwrap_or(id::empty);
    if let Some(int) = ob.downcast_exact::<Int>() {
        return crate::int::format::format_int(th, int, &spec);
    }
    if let Some(float) = ob.downcast_exact::<Float>() {
        return crate::float::format_float(th, float, &spec);
    }
    let Some(method) = lookup_special(th, ob, id::__format__)? else {
        return Err(raise!(th, TYPE_ERROR, "Type {} doesn't define __format__", ob.type_name()));
    };
    let result = call(th, method.object(), &[spec.object()])?;
    result.downcast::<Str>().map_err(|other| {
        raise!(th, TYPE_ERROR, "__format__ must return a str, not {}", other.type_name())
    })
}
