//! What the compiler is given as objects: sources, file names, and the codecs that read them.

use std::cell::Cell;

use krait_objects::cfunction::CFunction;
use krait_objects::codecs;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer::{self, Buffer};
use krait_syntax::{DecodeError, Decoder, Normalizer, Source};

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

/// Names in normal form, as a program wants it that has replaced `unicodedata.normalize`.
pub struct Names<'t> {
    pub th: &'t Thread,
    /// What its function raised.
    pub raised: Cell<Option<Raised>>,
}

impl Names<'_> {
    fn replaced(&self, name: &str) -> PyResult<Option<String>> {
        let th = self.th;
        let Some(modules) = th.interp().modules.get_owned() else { return Ok(None) };
        let Some(module) = modules.get_str(th, Str::interned(th, "unicodedata")?.borrow())? else {
            return Ok(None);
        };
        let normalize = Str::interned(th, "normalize")?;
        let normalize = object::get_attr(th, module.object(), normalize.borrow())?;
        if normalize.is_exact::<CFunction>() {
            return Ok(None);
        }
        let (form, name) = (Str::interned(th, "NFKC")?, Str::new(th, name)?);
        let found = call::call(th, normalize.object(), &[form.object(), name.object()])?;
        match found.object().downcast::<Str>() {
            Some(text) => Ok(Some(text.get().as_utf8(th)?.to_owned())),
            None => Err(raise!(
                th,
                TYPE_ERROR,
                "unicodedata.normalize() must return a string, not {}",
                found.object().type_name()
            )),
        }
    }
}

impl Normalizer for Names<'_> {
    fn normalize(&self, name: &str) -> Option<String> {
        let before = self.raised.take();
        if before.is_some() {
            self.raised.set(before);
            return None;
        }
        self.replaced(name).unwrap_or_else(|raised| {
            self.raised.set(Some(raised));
            None
        })
    }

    /// As in the reference, which asks the module, and keeps what it has found.
    fn knows_characters(&self) -> bool {
        let loaded = &self.th.interp().state::<CharacterNames>().0;
        if !loaded.get() {
            match crate::import::import(self.th, "unicodedata") {
                Ok(_) => loaded.set(true),
                Err(raised) => drop(self.th.take_raised(raised)),
            }
        }
        loaded.get()
    }
}

/// Whether `unicodedata` was imported for the names of characters.
#[derive(Default)]
struct CharacterNames(Cell<bool>);

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
    let no_nulls = |bytes: &[u8]| match krait_objects::text::search::find_unit(bytes, 0) {
        Some(_) => Err(th.raise(exc::SYNTAX_ERROR, "source code string cannot contain null bytes")),
        None => Ok(()),
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
    if source.downcast::<Bytes>().is_some() {
        return body(Source::Bytes(buffer.as_bytes()));
    }
    // What is not immutable might change while the tree, which borrows from it, is read.
    let copy = buffer.as_bytes().to_vec();
    body(Source::Bytes(&copy))
}
