//! `pyerrors.h`: the range and reason of `UnicodeError`s.

use std::ffi::c_char;

use krait_macros::capi;
use krait_objects::exceptions::unicode::{
    Fields, UnicodeDecodeError, UnicodeEncodeError, UnicodeTranslateError,
};
use krait_objects::prelude::*;

use crate::support::*;

/// The fields of an instance of `T`.
fn fields<'a, T: Instance>(th: &Thread, ob: Borrowed<'a>) -> PyResult<Fields<'a>> {
    if T::check(ob.get()) {
        if let Some(fields) = krait_objects::exceptions::unicode::fields_of(ob) {
            return Ok(fields);
        }
    }
    let name = ob.ty().full_name(th)?;
    Err(raise!(th, TYPE_ERROR, "expecting a {} object, got {}", T::type_object().name(), *name))
}

fn text(th: &Thread, slot: &Slot, name: &str) -> PyResult<Owned<Str>> {
    let Some(value) = slot.get_owned() else {
        return Err(raise!(th, TYPE_ERROR, "UnicodeError '{name}' attribute is not set"));
    };
    value
        .downcast::<Str>()
        .map_err(|_| raise!(th, TYPE_ERROR, "UnicodeError '{name}' attribute must be a string"))
}

fn object_of(th: &Thread, fields: Fields<'_>, bytes: bool) -> PyResult<(Owned, isize)> {
    let Some(object) = fields.object.get_owned() else {
        return Err(th.raise(exc::TYPE_ERROR, "UnicodeError 'object' attribute is not set"));
    };
    let len = if bytes {
        object.object().downcast::<Bytes>().map(|bytes| bytes.as_bytes().len())
    } else {
        object.object().downcast::<Str>().map(|text| text.len())
    };
    match len {
        Some(len) => Ok((object, len as isize)),
        None => {
            let kind = if bytes { "bytes" } else { "string" };
            Err(raise!(th, TYPE_ERROR, "UnicodeError 'object' attribute must be a {kind}"))
        }
    }
}

fn start(th: &Thread, fields: Fields<'_>, bytes: bool) -> PyResult<isize> {
    let (_, len) = object_of(th, fields, bytes)?;
    Ok(fields.start.get().min(len - 1).max(0))
}

fn end(th: &Thread, fields: Fields<'_>, bytes: bool) -> PyResult<isize> {
    let (_, len) = object_of(th, fields, bytes)?;
    Ok(fields.end.get().max(1).min(len))
}

macro_rules! accessors {
    ($($ty:ident $bytes:literal: $start:ident $end:ident $set_start:ident $set_end:ident $object:ident $reason:ident $set_reason:ident;)*) => {$(
        #[capi]
        pub fn $start(th: &Thread, ob: Borrowed<'_>, place: *mut isize) -> PyResult<()> {
            let found = start(th, fields::<$ty>(th, ob)?, $bytes)?;
            // SAFETY: C passes a writable place.
            unsafe { *place = found };
            Ok(())
        }
        #[capi]
        pub fn $end(th: &Thread, ob: Borrowed<'_>, place: *mut isize) -> PyResult<()> {
            let found = end(th, fields::<$ty>(th, ob)?, $bytes)?;
            // SAFETY: C passes a writable place.
            unsafe { *place = found };
            Ok(())
        }
        #[capi]
        pub fn $set_start(th: &Thread, ob: Borrowed<'_>, value: isize) -> PyResult<()> {
            fields::<$ty>(th, ob)?.start.set(value);
            Ok(())
        }
        #[capi]
        pub fn $set_end(th: &Thread, ob: Borrowed<'_>, value: isize) -> PyResult<()> {
            fields::<$ty>(th, ob)?.end.set(value);
            Ok(())
        }
        #[capi]
        pub fn $object(th: &Thread, ob: Borrowed<'_>) -> PyResult {
            Ok(object_of(th, fields::<$ty>(th, ob)?, $bytes)?.0)
        }
        #[capi]
        pub fn $reason(th: &Thread, ob: Borrowed<'_>) -> PyResult<Owned<Str>> {
            text(th, fields::<$ty>(th, ob)?.reason, "reason")
        }
        #[capi]
        pub fn $set_reason(th: &Thread, ob: Borrowed<'_>, value: *const c_char) -> PyResult<()> {
            fields::<$ty>(th, ob)?.reason.set(Some(string(th, value)?.into_object()));
            Ok(())
        }
    )*};
}

accessors! {
    UnicodeEncodeError false: PyUnicodeEncodeError_GetStart PyUnicodeEncodeError_GetEnd PyUnicodeEncodeError_SetStart PyUnicodeEncodeError_SetEnd PyUnicodeEncodeError_GetObject PyUnicodeEncodeError_GetReason PyUnicodeEncodeError_SetReason;
    UnicodeDecodeError true: PyUnicodeDecodeError_GetStart PyUnicodeDecodeError_GetEnd PyUnicodeDecodeError_SetStart PyUnicodeDecodeError_SetEnd PyUnicodeDecodeError_GetObject PyUnicodeDecodeError_GetReason PyUnicodeDecodeError_SetReason;
    UnicodeTranslateError false: PyUnicodeTranslateError_GetStart PyUnicodeTranslateError_GetEnd PyUnicodeTranslateError_SetStart PyUnicodeTranslateError_SetEnd PyUnicodeTranslateError_GetObject PyUnicodeTranslateError_GetReason PyUnicodeTranslateError_SetReason;
}

#[capi]
pub fn PyUnicodeEncodeError_GetEncoding(th: &Thread, ob: Borrowed<'_>) -> PyResult<Owned<Str>> {
    text(th, fields::<UnicodeEncodeError>(th, ob)?.encoding, "encoding")
}

#[capi]
pub fn PyUnicodeDecodeError_GetEncoding(th: &Thread, ob: Borrowed<'_>) -> PyResult<Owned<Str>> {
    text(th, fields::<UnicodeDecodeError>(th, ob)?.encoding, "encoding")
}

#[capi]
pub fn PyUnicodeDecodeError_Create(
    th: &Thread,
    encoding: *const c_char,
    object: *const c_char,
    len: isize,
    start: isize,
    end: isize,
    reason: *const c_char,
) -> PyResult {
    let text = |text: *const c_char| match text.is_null() {
        true => Ok(none().to_owned()),
        false => string(th, text).map(Owned::into_object),
    };
    let object = if object.is_null() {
        none().to_owned()
    } else {
        // SAFETY: C passes `len` bytes, or a string.
        let bytes = unsafe {
            match usize::try_from(len) {
                Ok(len) => std::slice::from_raw_parts(object.cast(), len),
                Err(_) => std::ffi::CStr::from_ptr(object).to_bytes(),
            }
        };
        Bytes::new(th, bytes)?.into_object()
    };
    let args = [
        text(encoding)?,
        object,
        Int::from_isize(th, start)?.into_object(),
        Int::from_isize(th, end)?.into_object(),
        text(reason)?,
    ];
    let args: Vec<Borrowed<'_>> = args.iter().map(Owned::object).collect();
    let class = Borrowed::from_ref(UnicodeDecodeError::type_object()).object();
    call::call(th, class, &args)
}
