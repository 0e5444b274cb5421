//! What the compiler is given as objects: sources, file names, and the codecs that read them.

use krait_objects::codecs;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer::{self, Buffer};
use krait_syntax::{DecodeError, Decoder, Source};

/// The registry of codecs, for sources whose coding cookie names one.
pub struct Codecs<'t>(pub &'t Thread);

impl Decoder for Codecs<'_> {
    fn decode(&self, encoding: &str, bytes: &[u8]) -> Result<String, DecodeError> {
        let th = self.0;
        let decoded = codecs::decode(th, bytes, Some(encoding), None)
            .and_then(|text| Ok(text.as_utf8(th)?.to_owned()));
        decoded.map_err(|raised| {
            let exception = th.take_raised(raised);
            match object::str(th, exception.object()) {
                Ok(message) => DecodeError::Failed(message.to_string_lossy()),
                Err(raised) => {
                    drop(th.take_raised(raised));
                    DecodeError::Unknown
                }
            }
        })
    }
}

/// The file name as text: a str, bytes or path object.
pub fn filename_of(th: &Thread, filename: Borrowed<'_>) -> PyResult<Owned<Str>> {
    if let Some(text) = filename.downcast::<Str>() {
        return Ok(text.to_owned());
    }
    if let Some(bytes) = filename.downcast::<Bytes>() {
        return Str::from_fs_bytes(th, bytes.as_bytes());
    }
    let fspath = Str::interned(th, "__fspath__")?;
    match object::lookup_special(th, filename, fspath.borrow())? {
        Some(method) => {
            let path = call::call(th, method.object(), &[])?;
            filename_of(th, path.object())
        }
        None => Err(raise!(
            th,
            TYPE_ERROR,
            "expected str, bytes or os.PathLike object, not {}",
            filename.type_name()
        )),
    }
}

/// Calls `body` with what `source` holds.
pub fn with_source<T>(
    th: &Thread,
    source: Borrowed<'_>,
    function: &str,
    expected: &str,
    body: impl FnOnce(Source<'_>) -> PyResult<T>,
) -> PyResult<T> {
    let no_nulls = |bytes: &[u8]| match bytes.contains(&0) {
        true => Err(th.raise(exc::SYNTAX_ERROR, "source code string cannot contain null bytes")),
        false => Ok(()),
    };
    if let Some(text) = source.downcast::<Str>() {
        let text = text.get().as_utf8(th)?;
        no_nulls(text.as_bytes())?;
        return body(Source::Text(text));
    }
    if !buffer::check(source) {
        return Err(raise!(th, TYPE_ERROR, "{function}() arg 1 must be a {expected} object"));
    }
    let buffer = Buffer::simple(th, source)?;
    no_nulls(buffer.as_bytes())?;
    body(Source::Bytes(buffer.as_bytes()))
}
