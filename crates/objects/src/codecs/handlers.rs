//! The built-in error handlers as functions that Python code can call: `codecs.lookup_error('replace')`.

use super::names;
use crate::cfunction::CFunction;
use crate::exceptions::unicode::{Fields, fields_of};
use crate::prelude::*;
use crate::str::StrBuilder;

/// The handlers that every interpreter has.
pub const NAMES: [&str; 8] = [
    "strict",
    "ignore",
    "replace",
    "xmlcharrefreplace",
    "backslashreplace",
    "namereplace",
    "surrogateescape",
    "surrogatepass",
];

/// A function object for a built-in handler.
pub fn builtin(th: &Thread, name: &str) -> PyResult<Option<Owned>> {
    let Some(at) = NAMES.iter().position(|known| *known == name) else {
        return Ok(None);
    };
    // SAFETY: the method table is static and has an entry for each name, in order.
    let def = unsafe { (*Handlers::module_def().as_ptr()).m_methods.add(at) };
    Ok(Some(CFunction::new(th, def, None, None, None)?.into_object()))
}

/// What went wrong, as the exception tells.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Encode,
    Decode,
    Translate,
}

fn unknown(th: &Thread, exception: Borrowed<'_>) -> Raised {
    let found = exception.type_name();
    raise!(th, TYPE_ERROR, "don't know how to handle {found} in error callback")
}

/// The exception's kind and fields; TypeError if the handler does not know it.
fn inspect<'a>(
    th: &Thread,
    exception: Borrowed<'a>,
    kinds: &[Kind],
) -> PyResult<(Kind, Fields<'a>)> {
    let kind = if exception.ty().is_subtype(exc::UNICODE_ENCODE_ERROR) {
        Kind::Encode
    } else if exception.ty().is_subtype(exc::UNICODE_DECODE_ERROR) {
        Kind::Decode
    } else if exception.ty().is_subtype(exc::UNICODE_TRANSLATE_ERROR) {
        Kind::Translate
    } else {
        return Err(unknown(th, exception));
    };
    match fields_of(exception) {
        Some(fields) if kinds.contains(&kind) => Ok((kind, fields)),
        _ => Err(unknown(th, exception)),
    }
}

/// The code points of the text (or the bytes) that the exception is about.
fn wrong(th: &Thread, kind: Kind, fields: Fields<'_>) -> PyResult<(Vec<u32>, usize)> {
    let (start, end, _) = fields.range(th, kind == Kind::Decode)?;
    let start = start.min(end);
    let Some(object) = fields.object.get_owned() else {
        return Err(th.bad_internal_call());
    };
    let points = if let Some(text) = object.object().downcast::<Str>() {
        text.chars().slice(start..end).iter().collect()
    } else if let Some(bytes) = object.object().downcast::<Bytes>() {
        bytes.as_bytes()[start..end].iter().map(|&byte| u32::from(byte)).collect()
    } else {
        return Err(th.bad_internal_call());
    };
    Ok((points, end))
}

fn answer(th: &Thread, replacement: Owned, next: usize) -> PyResult {
    let next = Int::from_usize(th, next)?.into_object();
    Ok(Tuple::pack(th, [replacement, next])?.into_object())
}

/// Raises the exception again: the handler does not treat it.
fn give_up(th: &Thread, exception: Borrowed<'_>) -> Raised {
    th.set_exception(exception.to_owned())
}

/// The order of bytes and the size of a unit of one of the Unicode encodings.
#[derive(Clone, Copy)]
enum Form {
    Utf8,
    Wide { unit: usize, big: bool },
}

fn form_of(th: &Thread, fields: Fields<'_>) -> PyResult<Option<Form>> {
    let Some(encoding) = fields.encoding.get_owned() else {
        return Ok(None);
    };
    let Some(encoding) = encoding.object().downcast::<Str>() else {
        return Err(th.raise(exc::TYPE_ERROR, "UnicodeError 'encoding' attribute must be a string"));
    };
    let name = encoding.to_string_lossy().to_ascii_lowercase().replace('_', "-");
    let Some(rest) = name.strip_prefix("utf").map(|rest| rest.trim_start_matches('-')) else {
        return Ok((name == "cp65001").then_some(Form::Utf8));
    };
    let (unit, order) = match rest.split_at(rest.len().min(2)) {
        ("8", _) => return Ok(Some(Form::Utf8)),
        ("16", order) => (2, order),
        ("32", order) => (4, order),
        _ => return Ok(None),
    };
    let native_big = cfg!(target_endian = "big");
    Ok(match order.trim_start_matches('-') {
        "" => Some(Form::Wide { unit, big: native_big }),
        "le" => Some(Form::Wide { unit, big: false }),
        "be" => Some(Form::Wide { unit, big: true }),
        _ => None,
    })
}

fn is_surrogate(point: u32) -> bool {
    (0xd800..0xe000).contains(&point)
}

/// The bytes of surrogates as the form would write them if it might.
fn pass_encode(form: Form, points: &[u32]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for &point in points {
        let tail = |shift: u32| (point >> shift & 0x3f) as u8 | 0x80;
        match form {
            Form::Utf8 => bytes.extend([(point >> 12) as u8 | 0xe0, tail(6), tail(0)]),
            Form::Wide { unit, big } => {
                let word = point.to_le_bytes();
                let mut word = word[..unit].to_vec();
                if big {
                    word.reverse();
                }
                bytes.extend(word);
            }
        }
    }
    bytes
}

/// The surrogate at the start of `bytes`, and how many bytes it takes.
fn pass_decode(form: Form, bytes: &[u8]) -> Option<(u32, usize)> {
    let (point, len) = match form {
        Form::Utf8 => {
            let &[first, second, third] = bytes.get(..3)? else { return None };
            if first & 0xf0 != 0xe0 || second & 0xc0 != 0x80 || third & 0xc0 != 0x80 {
                return None;
            }
            let low = u32::from(second & 0x3f) << 6 | u32::from(third & 0x3f);
            (u32::from(first & 0x0f) << 12 | low, 3)
        }
        Form::Wide { unit, big } => {
            let word = bytes.get(..unit)?;
            let add = |value: u32, &byte: &u8| value << 8 | u32::from(byte);
            let point = if big { word.iter().fold(0, add) } else { word.iter().rev().fold(0, add) };
            (point, unit)
        }
    };
    is_surrogate(point).then_some((point, len))
}

/// The functions, in the order of `NAMES`. No module: their table is all that is used of this.
#[pymodule(name = "_codecs.handlers")]
struct Handlers;

#[pyfunctions]
impl Handlers {
    /// strict_errors($self, object, /)
    /// --
    ///
    /// The error handler 'strict': raises the exception.
    #[function(sig = "(exc, /)", no_text)]
    fn strict_errors(th: &Thread, exc: Borrowed<'_>) -> PyResult {
        if exc.downcast::<BaseException>().is_none() {
            return Err(th.raise(exc::TYPE_ERROR, "codec must pass exception instance"));
        }
        Err(give_up(th, exc))
    }

    /// ignore_errors($self, object, /)
    /// --
    ///
    /// The error handler 'ignore': leaves out what is malformed.
    #[function(sig = "(exc, /)", no_text)]
    fn ignore_errors(th: &Thread, exc: Borrowed<'_>) -> PyResult {
        let kinds = [Kind::Encode, Kind::Decode, Kind::Translate];
        let (kind, fields) = inspect(th, exc, &kinds)?;
        let (_, end) = wrong(th, kind, fields)?;
        answer(th, Str::empty().to_owned().into_object(), end)
    }

    /// replace_errors($self, object, /)
    /// --
    ///
    /// The error handler 'replace': puts a marker in place of what is malformed.
    #[function(sig = "(exc, /)", no_text)]
    fn replace_errors(th: &Thread, exc: Borrowed<'_>) -> PyResult {
        let kinds = [Kind::Encode, Kind::Decode, Kind::Translate];
        let (kind, fields) = inspect(th, exc, &kinds)?;
        let (points, end) = wrong(th, kind, fields)?;
        let mut out = StrBuilder::new();
        match kind {
            Kind::Encode => out.push_repeated(u32::from(b'?'), points.len()),
            Kind::Decode => out.push_char(0xfffd),
            Kind::Translate => out.push_repeated(0xfffd, points.len()),
        }
        answer(th, out.finish(th)?.into_object(), end)
    }

    /// xmlcharrefreplace_errors($self, object, /)
    /// --
    ///
    /// The error handler 'xmlcharrefreplace': puts XML character references in place of characters.
    #[function(sig = "(exc, /)", no_text)]
    fn xmlcharrefreplace_errors(th: &Thread, exc: Borrowed<'_>) -> PyResult {
        let (kind, fields) = inspect(th, exc, &[Kind::Encode])?;
        let (points, end) = wrong(th, kind, fields)?;
        let text: String = points.iter().map(|point| format!("&#{point};")).collect();
        answer(th, Str::new(th, &text)?.into_object(), end)
    }

    /// backslashreplace_errors($self, object, /)
    /// --
    ///
    /// The error handler 'backslashreplace': puts escapes in place of what is malformed.
    #[function(sig = "(exc, /)", no_text)]
    fn backslashreplace_errors(th: &Thread, exc: Borrowed<'_>) -> PyResult {
        let kinds = [Kind::Encode, Kind::Decode, Kind::Translate];
        let (kind, fields) = inspect(th, exc, &kinds)?;
        let (points, end) = wrong(th, kind, fields)?;
        let mut text = String::new();
        points.iter().for_each(|&point| names::push_backslash(&mut text, point));
        answer(th, Str::new(th, &text)?.into_object(), end)
    }

    /// namereplace_errors($self, object, /)
    /// --
    ///
    /// The error handler 'namereplace': puts \N{...} in place of characters.
    #[function(sig = "(exc, /)", no_text)]
    fn namereplace_errors(th: &Thread, exc: Borrowed<'_>) -> PyResult {
        let (kind, fields) = inspect(th, exc, &[Kind::Encode])?;
        let (points, end) = wrong(th, kind, fields)?;
        let mut text = String::new();
        for point in points {
            match crate::unicode::names::name(point) {
                Some(name) => text.push_str(&format!("\\N{{{name}}}")),
                None => names::push_backslash(&mut text, point),
            }
        }
        answer(th, Str::new(th, &text)?.into_object(), end)
    }

    /// surrogateescape($self, object, /)
    /// --
    ///
    /// The error handler 'surrogateescape': undecodable bytes become lone surrogates, and back.
    #[function(sig = "(exc, /)", no_text)]
    fn surrogateescape(th: &Thread, exc: Borrowed<'_>) -> PyResult {
        let (kind, fields) = inspect(th, exc, &[Kind::Encode, Kind::Decode])?;
        let (points, end) = wrong(th, kind, fields)?;
        if kind == Kind::Encode {
            if points.iter().any(|point| !(0xdc80..0xdd00).contains(point)) {
                return Err(give_up(th, exc));
            }
            let bytes: Vec<u8> = points.iter().map(|&point| point as u8).collect();
            return answer(th, Bytes::new(th, &bytes)?.into_object(), end);
        }
        let escaped: Vec<u32> = points
            .iter()
            .take(4)
            .take_while(|&&byte| byte >= 0x80)
            .map(|byte| 0xdc00 + byte)
            .collect();
        if escaped.is_empty() {
            return Err(give_up(th, exc));
        }
        let next = end - points.len() + escaped.len();
        answer(th, Str::from_code_points(th, &escaped)?.into_object(), next)
    }

    /// surrogatepass($self, object, /)
    /// --
    ///
    /// The error handler 'surrogatepass': lone surrogates are encoded as if they were characters.
    #[function(sig = "(exc, /)", no_text)]
    fn surrogatepass(th: &Thread, exc: Borrowed<'_>) -> PyResult {
        let (kind, fields) = inspect(th, exc, &[Kind::Encode, Kind::Decode])?;
        let Some(form) = form_of(th, fields)? else {
            return Err(give_up(th, exc));
        };
        let (points, end) = wrong(th, kind, fields)?;
        if kind == Kind::Encode {
            if points.iter().any(|&point| !is_surrogate(point)) {
                return Err(give_up(th, exc));
            }
            let bytes = pass_encode(form, &points);
            return answer(th, Bytes::new(th, &bytes)?.into_object(), end);
        }
        let start = end - points.len();
        let object = fields.object.get_owned().and_then(|object| object.downcast::<Bytes>().ok());
        let found = object.and_then(|bytes| pass_decode(form, &bytes.as_bytes()[start..]));
        match found {
            Some((point, len)) => answer(th, Str::from_char(th, point)?.into_object(), start + len),
            None => Err(give_up(th, exc)),
        }
    }
}
