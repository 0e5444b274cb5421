//! The registry of codecs and error handlers, one per interpreter.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use super::handlers;
use crate::prelude::*;

/// What `codecs.register` and `codecs.register_error` gathered.
#[derive(Default)]
struct Registry {
    search: RefCell<Vec<Owned>>,
    found: RefCell<HashMap<String, Owned<Tuple>>>,
    errors: RefCell<HashMap<String, Owned>>,
    /// Whether the package `encodings` was asked for.
    loaded: Cell<bool>,
}

fn registry(th: &Thread) -> &Registry {
    th.interp().state::<Registry>()
}

/// The normal form of an encoding's name: letters, digits and dots in lower case, anything else one underscore.
pub fn normalize(encoding: &str) -> String {
    let mut name = String::with_capacity(encoding.len());
    let mut gap = false;
    for c in encoding.chars() {
        if c.is_ascii_alphanumeric() || c == '.' {
            if gap && !name.is_empty() {
                name.push('_');
            }
            gap = false;
            name.push(c.to_ascii_lowercase());
        } else {
            gap = true;
        }
    }
    name
}

/// As `normalize`, without an allocation; `None` if it does not fit or is not ASCII.
pub(super) fn normalize_into<'b>(encoding: &str, buffer: &'b mut [u8]) -> Option<&'b str> {
    let (mut len, mut gap) = (0, false);
    for byte in encoding.bytes() {
        if !byte.is_ascii() {
            return None;
        }
        if !(byte.is_ascii_alphanumeric() || byte == b'.') {
            gap = true;
            continue;
        }
        if gap && len > 0 {
            *buffer.get_mut(len)? = b'_';
            len += 1;
        }
        gap = false;
        *buffer.get_mut(len)? = byte.to_ascii_lowercase();
        len += 1;
    }
    std::str::from_utf8(&buffer[..len]).ok()
}

/// Imports `encodings` before anything else is registered: its search function comes first.
fn load_package(th: &Thread, registry: &Registry) -> PyResult<()> {
    if registry.loaded.replace(true) {
        return Ok(());
    }
    let package = Str::interned(th, "encodings")?;
    (th.interp().services.get().import)(th, package.borrow(), None, 0).map(drop)
}

/// `codecs.register`.
pub fn register(th: &Thread, search: Borrowed<'_>) -> PyResult<()> {
    if !object::is_callable(search) {
        return Err(th.raise(exc::TYPE_ERROR, "argument must be callable"));
    }
    load_package(th, registry(th))?;
    registry(th).search.borrow_mut().push(search.to_owned());
    Ok(())
}

/// `codecs.unregister`.
pub fn unregister(th: &Thread, search: Borrowed<'_>) {
    let registry = registry(th);
    let mut functions = registry.search.borrow_mut();
    let Some(at) = functions.iter().position(|function| function.is(search)) else {
        return;
    };
    let function = functions.remove(at);
    drop(functions);
    let found = std::mem::take(&mut *registry.found.borrow_mut());
    drop((function, found));
}

/// `codecs.lookup`: the codec's information, a tuple of four functions.
pub fn lookup(th: &Thread, encoding: &str) -> PyResult<Owned<Tuple>> {
    let registry = registry(th);
    let name = normalize(encoding);
    if let Some(codec) = registry.found.borrow().get(&name) {
        return Ok(codec.clone());
    }
    th.still_raised()?;
    load_package(th, registry)?;
    if registry.search.borrow().is_empty() {
        return Err(th.raise(
            exc::LOOKUP_ERROR,
            "no codec search functions registered: can't find encoding",
        ));
    }
    let argument = Str::interned(th, &name)?;
    let mut at = 0;
    loop {
        // The list may change while a function runs.
        let Some(function) = registry.search.borrow().get(at).cloned() else {
            return Err(raise!(th, LOOKUP_ERROR, "unknown encoding: {encoding}"));
        };
        at += 1;
        let result = call::call(th, function.borrow(), &[argument.object()])?;
        if result.is_none() {
            continue;
        }
        match result.downcast::<Tuple>() {
            Ok(codec) if codec.len() == 4 => {
                let old = registry.found.borrow_mut().insert(name, codec.clone());
                drop(old);
                return Ok(codec);
            }
            _ => {
                return Err(
                    th.raise(exc::TYPE_ERROR, "codec search functions must return 4-tuples")
                );
            }
        }
    }
}

/// As `lookup`, LookupError if the codec is not one from text to bytes; `instead` is what to use for others.
pub fn text_codec(th: &Thread, encoding: &str, instead: &str) -> PyResult<Owned<Tuple>> {
    let codec = lookup(th, encoding)?;
    if codec.object().is_exact::<Tuple>() {
        return Ok(codec);
    }
    let name = Str::interned(th, "_is_text_encoding")?;
    if let Some(flag) = object::get_attr_opt(th, codec.object(), name.borrow())?
        && !object::is_true(th, flag.borrow())?
    {
        return Err(raise!(
            th,
            LOOKUP_ERROR,
            "'{encoding}' is not a text encoding; use {instead} to handle arbitrary codecs"
        ));
    }
    Ok(codec)
}

/// Calls a codec's function; the first item of the pair it returns.
fn convert(
    th: &Thread,
    function: Option<Borrowed<'_>>,
    object: Borrowed<'_>,
    errors: Option<&str>,
    refused: &str,
) -> PyResult {
    let Some(function) = function else {
        return Err(th.bad_internal_call());
    };
    let result = match errors {
        Some(errors) => {
            let errors = Str::new(th, errors)?;
            call::call(th, function, &[object, errors.object()])?
        }
        None => call::call(th, function, &[object])?,
    };
    if let Some(pair) = result.object().downcast::<Tuple>()
        && pair.len() == 2
        && let Some(first) = pair.get().get(0)
    {
        return Ok(first.to_owned());
    }
    Err(th.raise(exc::TYPE_ERROR, refused))
}

/// Notes on the exception which codec failed.
fn note(th: &Thread, raised: Raised, what: &str, encoding: &str) -> Raised {
    let exception = th.take_raised(raised);
    let note = Str::from_fmt(th, format_args!("{what} with '{encoding}' codec failed"));
    let added = note.and_then(|note| exception.add_note(th, note.borrow()));
    if added.is_err() {
        drop(th.take_exception());
    }
    th.set_exception(exception.into_object())
}

/// Encodes with a codec that `lookup` found.
pub fn encode_with(
    th: &Thread,
    codec: &Tuple,
    object: Borrowed<'_>,
    encoding: &str,
    errors: Option<&str>,
) -> PyResult {
    let refused = "encoder must return a tuple (object, integer)";
    convert(th, codec.get(0), object, errors, refused)
        .map_err(|raised| note(th, raised, "encoding", encoding))
}

/// Decodes with a codec that `lookup` found.
pub fn decode_with(
    th: &Thread,
    codec: &Tuple,
    object: Borrowed<'_>,
    encoding: &str,
    errors: Option<&str>,
) -> PyResult {
    let refused = "decoder must return a tuple (object,integer)";
    convert(th, codec.get(1), object, errors, refused)
        .map_err(|raised| note(th, raised, "decoding", encoding))
}

/// `codecs.encode`: any codec, any object.
pub fn encode_object(
    th: &Thread,
    object: Borrowed<'_>,
    encoding: Option<&str>,
    errors: Option<&str>,
) -> PyResult {
    let encoding = encoding.unwrap_or("utf-8");
    let codec = lookup(th, encoding)?;
    encode_with(th, &codec, object, encoding, errors)
}

/// `codecs.decode`: any codec, any object.
pub fn decode_object(
    th: &Thread,
    object: Borrowed<'_>,
    encoding: Option<&str>,
    errors: Option<&str>,
) -> PyResult {
    let encoding = encoding.unwrap_or("utf-8");
    let codec = lookup(th, encoding)?;
    decode_with(th, &codec, object, encoding, errors)
}

/// `codecs.register_error`.
pub fn register_error(th: &Thread, name: &str, handler: Borrowed<'_>) -> PyResult<()> {
    if !object::is_callable(handler) {
        return Err(th.raise(exc::TYPE_ERROR, "handler must be callable"));
    }
    let old = registry(th).errors.borrow_mut().insert(name.to_owned(), handler.to_owned());
    drop(old);
    Ok(())
}

/// `codecs._unregister_error`: whether it was registered.
pub fn unregister_error(th: &Thread, name: &str) -> PyResult<bool> {
    if handlers::NAMES.contains(&name) {
        return Err(raise!(th, VALUE_ERROR, "cannot un-register built-in error handler '{name}'"));
    }
    let old = registry(th).errors.borrow_mut().remove(name);
    Ok(old.is_some())
}

/// The handler of that name that comes with the house, whatever is registered under it.
pub fn lookup_builtin_error(th: &Thread, name: &str) -> PyResult {
    match handlers::builtin(th, name)? {
        Some(handler) => Ok(handler),
        None => Err(raise!(th, LOOKUP_ERROR, "unknown error handler name '{name}'")),
    }
}

/// `codecs.lookup_error`.
pub fn lookup_error(th: &Thread, name: &str) -> PyResult {
    if let Some(handler) = registry(th).errors.borrow().get(name) {
        return Ok(handler.clone());
    }
    match handlers::builtin(th, name)? {
        Some(handler) => {
            registry(th).errors.borrow_mut().insert(name.to_owned(), handler.clone());
            Ok(handler)
        }
        None => Err(raise!(th, LOOKUP_ERROR, "unknown error handler name '{name}'")),
    }
}
