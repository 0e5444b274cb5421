//! Bytes to text: encoding and newlines.
//!
//! Does the job of the decoding half of `Parser/tokenizer/`.

mod cookie;

use crate::error::{ErrorKind, SyntaxError};
use crate::options::{DecodeError, Mode, ParseOptions};
use bumpalo::Bump;
use cookie::Cookie;
use std::borrow::Cow;

/// The text with newlines for all line ends, in the arena unless it is so already. A whole file also gets one at its end.
pub(crate) fn prepare<'a>(
    arena: &'a Bump,
    text: Cow<'a, str>,
    mode: Mode,
) -> Result<&'a str, SyntaxError> {
    if text.as_bytes().contains(&0) {
        return Err(null_bytes());
    }
    if u32::try_from(text.len()).is_err() {
        let message = "source code is too large".to_owned();
        return Err(SyntaxError { kind: ErrorKind::OverflowError, ..placeless(message) });
    }
    let text = if text.as_bytes().contains(&b'\r') {
        Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        text
    };
    if mode != Mode::Exec || text.is_empty() || text.ends_with('\n') {
        return Ok(match text {
            Cow::Borrowed(text) => text,
            Cow::Owned(text) => arena.alloc_str(&text),
        });
    }
    let mut bytes = bumpalo::collections::String::with_capacity_in(text.len() + 1, arena);
    bytes.push_str(&text);
    bytes.push('\n');
    Ok(bytes.into_bump_str())
}

/// Decodes what a file holds: by its byte order mark, its coding cookie, or as UTF-8.
pub fn decode<'s>(
    bytes: &'s [u8],
    options: &ParseOptions<'_>,
) -> Result<Cow<'s, str>, SyntaxError> {
    if bytes.contains(&0) {
        return Err(null_bytes());
    }
    let (bytes, has_mark) = match bytes.strip_prefix(b"\xEF\xBB\xBF") {
        Some(rest) => (rest, true),
        None => (bytes, false),
    };
    let cookie = if options.ignore_cookie { None } else { cookie::find(bytes) };
    let Some(Cookie { encoding, line, lineno }) = cookie else { return utf8(bytes) };
    if encoding == "utf-8" {
        return utf8(bytes);
    }
    if has_mark {
        let message = format!("encoding problem: {encoding} with BOM");
        // The reference counts in its second line from another place.
        let end_offset = line.chars().count() as i32 + i32::from(lineno == 2);
        return Err(SyntaxError {
            lineno,
            end_lineno: lineno,
            end_offset,
            text: Some(line),
            ..placeless(message)
        });
    }
    let failed = |message| SyntaxError { offset: -1, ..placeless(message) };
    let bytes = &with_newlines(bytes, options.mode)[..];
    match (&*encoding, std::str::from_utf8(bytes)) {
        ("iso-8859-1" | "latin1", _) => {
            return Ok(Cow::Owned(bytes.iter().map(|byte| char::from(*byte)).collect()));
        }
        ("ascii" | "us-ascii", Ok(text)) if text.is_ascii() => {
            return Ok(Cow::Owned(text.to_owned()));
        }
        ("ascii" | "us-ascii", _) => return Err(failed(not_ascii(bytes))),
        ("utf8", Ok(text)) => return Ok(Cow::Owned(text.to_owned())),
        _ => {}
    }
    let decoded = match options.decoder {
        Some(decoder) => decoder.decode(&encoding, bytes),
        None => Err(DecodeError::Unknown),
    };
    decoded.map(Cow::Owned).map_err(|error| match error {
        DecodeError::Unknown => failed(format!("unknown encoding: {encoding}")),
        DecodeError::Failed(message) => failed(message),
    })
}

/// Line ends are made newlines before the bytes are decoded, which tells in what a codec dislikes about
/// them, and where.
fn with_newlines(bytes: &[u8], mode: Mode) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 1);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'\r' if bytes.get(at + 1) == Some(&b'\n') => {}
            b'\r' => out.push(b'\n'),
            byte => out.push(*byte),
        }
    }
    if mode == Mode::Exec && out.last().is_some_and(|last| *last != b'\n') {
        out.push(b'\n');
    }
    out
}

fn not_ascii(bytes: &[u8]) -> String {
    let at = bytes.iter().position(|byte| !byte.is_ascii()).unwrap_or(0);
    let byte = bytes[at];
    format!(
        "'ascii' codec can't decode byte 0x{byte:02x} in position {at}: ordinal not in range(128)"
    )
}

fn utf8(bytes: &[u8]) -> Result<Cow<'_, str>, SyntaxError> {
    let error = match std::str::from_utf8(bytes) {
        Ok(text) => return Ok(Cow::Borrowed(text)),
        Err(error) => error,
    };
    let at = error.valid_up_to();
    let before = &bytes[..at];
    let ends = memchr::memchr2_iter(b'\n', b'\r', before);
    let lineno = ends.filter(|end| !before[*end..].starts_with(b"\r\n")).count() as i32 + 1;
    let line_start = memchr::memrchr2(b'\n', b'\r', before).map_or(0, |end| end + 1);
    let rest = &bytes[line_start..];
    let line = &rest[..memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len())];
    let text = String::from_utf8_lossy(line).into_owned();
    let byte = bytes[at];
    // The reference says so even if UTF-8 has been declared.
    let message = format!(
        "Non-UTF-8 code starting with '\\x{byte:02x}' on line {lineno}, but no encoding declared; \
         see https://peps.python.org/pep-0263/ for details"
    );
    let before = String::from_utf8_lossy(&bytes[line_start..at]).chars().count() as i32;
    Err(SyntaxError {
        lineno,
        offset: before + 1,
        end_lineno: lineno,
        end_offset: before + 1,
        text: Some(text),
        ..placeless(message)
    })
}

fn null_bytes() -> SyntaxError {
    placeless("source code string cannot contain null bytes".to_owned())
}

pub(crate) fn placeless(message: String) -> SyntaxError {
    SyntaxError {
        kind: ErrorKind::SyntaxError,
        message,
        lineno: 0,
        offset: 0,
        end_lineno: 0,
        end_offset: 0,
        text: None,
    }
}
