//! `codecs.h`: the registry of codecs and error handlers.

use std::ffi::{c_char, c_int};

use krait_macros::capi;
use krait_objects::codecs::registry;
use krait_objects::prelude::*;

use crate::support::*;

#[capi]
pub fn PyCodec_Register(th: &Thread, search: Option<Borrowed<'_>>) -> PyResult<()> {
    registry::register(th, search.ok_or_else(|| th.bad_argument())?)
}

#[capi]
pub fn PyCodec_Unregister(th: &Thread, search: Option<Borrowed<'_>>) -> PyResult<()> {
    if let Some(search) = search {
        registry::unregister(th, search);
    }
    Ok(())
}

/// The name of a codec, which must be there.
fn required(th: &Thread, encoding: *const c_char) -> PyResult<std::borrow::Cow<'_, str>> {
    optional(encoding).ok_or_else(|| th.bad_argument())
}

#[capi]
pub fn PyCodec_KnownEncoding(th: &Thread, encoding: *const c_char) -> c_int {
    match registry::lookup(th, &text_of(encoding)) {
        Ok(_) => 1,
        Err(raised) => {
            drop(th.take_raised(raised));
            0
        }
    }
}

#[capi]
pub fn PyCodec_Encode(
    th: &Thread,
    ob: Option<Borrowed<'_>>,
    encoding: *const c_char,
    errors: *const c_char,
) -> PyResult {
    registry::lookup(th, &required(th, encoding)?)?;
    let ob = ob.ok_or_else(|| th.bad_argument())?;
    registry::encode_object(th, ob, Some(&required(th, encoding)?), optional(errors).as_deref())
}

#[capi]
pub fn PyCodec_Decode(
    th: &Thread,
    ob: Option<Borrowed<'_>>,
    encoding: *const c_char,
    errors: *const c_char,
) -> PyResult {
    registry::lookup(th, &required(th, encoding)?)?;
    let ob = ob.ok_or_else(|| th.bad_argument())?;
    registry::decode_object(th, ob, Some(&required(th, encoding)?), optional(errors).as_deref())
}

/// An entry of the tuple that a codec is.
fn part(th: &Thread, encoding: *const c_char, index: usize) -> PyResult {
    let codec = registry::lookup(th, &required(th, encoding)?)?;
    codec.borrow().get().get(index).map(Borrowed::to_owned).ok_or_else(|| th.bad_internal_call())
}

#[capi]
pub fn PyCodec_Encoder(th: &Thread, encoding: *const c_char) -> PyResult {
    part(th, encoding, 0)
}

#[capi]
pub fn PyCodec_Decoder(th: &Thread, encoding: *const c_char) -> PyResult {
    part(th, encoding, 1)
}

/// What a function of the codec makes for these arguments.
fn made(th: &Thread, function: Owned, args: &[Option<Owned>]) -> PyResult {
    let args: Vec<Borrowed<'_>> = args.iter().flatten().map(Owned::object).collect();
    call::call(th, function.object(), &args)
}

fn handling(th: &Thread, errors: *const c_char) -> PyResult<Option<Owned>> {
    if errors.is_null() {
        return Ok(None);
    }
    string(th, errors).map(|errors| Some(errors.into_object()))
}

fn incremental(
    th: &Thread,
    encoding: *const c_char,
    errors: *const c_char,
    attribute: &str,
) -> PyResult {
    let codec = registry::lookup(th, &required(th, encoding)?)?;
    let class = object::get_attr(th, codec.object(), Str::interned(th, attribute)?.borrow())?;
    made(th, class, &[handling(th, errors)?])
}

#[capi]
pub fn PyCodec_IncrementalEncoder(
    th: &Thread,
    encoding: *const c_char,
    errors: *const c_char,
) -> PyResult {
    incremental(th, encoding, errors, "incrementalencoder")
}

#[capi]
pub fn PyCodec_IncrementalDecoder(
    th: &Thread,
    encoding: *const c_char,
    errors: *const c_char,
) -> PyResult {
    incremental(th, encoding, errors, "incrementaldecoder")
}

#[capi]
pub fn PyCodec_StreamReader(
    th: &Thread,
    encoding: *const c_char,
    stream: Option<Borrowed<'_>>,
    errors: *const c_char,
) -> PyResult {
    let class = part(th, encoding, 2)?;
    made(th, class, &[Some(given(th, stream)?.to_owned()), handling(th, errors)?])
}

#[capi]
pub fn PyCodec_StreamWriter(
    th: &Thread,
    encoding: *const c_char,
    stream: Option<Borrowed<'_>>,
    errors: *const c_char,
) -> PyResult {
    let class = part(th, encoding, 3)?;
    made(th, class, &[Some(given(th, stream)?.to_owned()), handling(th, errors)?])
}

#[capi]
pub fn PyCodec_RegisterError(
    th: &Thread,
    name: *const c_char,
    handler: Option<Borrowed<'_>>,
) -> PyResult<()> {
    let not_callable = || th.raise(exc::TYPE_ERROR, "handler must be callable");
    registry::register_error(th, &text_of(name), handler.ok_or_else(not_callable)?)
}

#[capi]
pub fn PyCodec_LookupError(th: &Thread, name: *const c_char) -> PyResult {
    if name.is_null() {
        return registry::lookup_error(th, "strict");
    }
    registry::lookup_error(th, &string(th, name)?.to_string_lossy())
}

macro_rules! handlers {
    ($($function:ident $name:literal;)*) => {$(
        #[capi]
        pub fn $function(th: &Thread, exception: Borrowed<'_>) -> PyResult {
            let handler = registry::lookup_builtin_error(th, $name)?;
            call::call(th, handler.object(), &[exception])
        }
    )*};
}

handlers! {
    PyCodec_StrictErrors "strict";
    PyCodec_IgnoreErrors "ignore";
    PyCodec_ReplaceErrors "replace";
    PyCodec_XMLCharRefReplaceErrors "xmlcharrefreplace";
    PyCodec_BackslashReplaceErrors "backslashreplace";
    PyCodec_NameReplaceErrors "namereplace";
}
