//! Escape sequences in strings and bytes.

use bumpalo::Bump;
use bumpalo::collections::Vec;
use std::fmt;

use crate::options::Normalizer;

/// A string body with its escapes replaced.
#[derive(Clone, Debug)]
pub(crate) struct Decoded<'a> {
    /// Generalised UTF-8, or the bytes of a bytes literal.
    pub bytes: &'a [u8],
    /// The first escape that means nothing and so stands for itself.
    pub invalid: Option<InvalidEscape>,
}

/// An escape that is kept as it stands but deserves a warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InvalidEscape {
    /// Of the backslash, in bytes from the start of the body.
    pub offset: usize,
    /// What follows the backslash: a character, or three octal digits.
    pub text: String,
}

impl InvalidEscape {
    /// What the warning says.
    pub fn message(&self) -> String {
        self.text_with("Such sequences will not work in the future. ")
    }

    /// What the error says if the warning is turned into one.
    pub fn error_message(&self) -> String {
        self.text_with("")
    }

    fn text_with(&self, outlook: &str) -> String {
        let text = &self.text;
        let octal = if text.len() == 3 { "octal " } else { "" };
        format!(
            "\"\\{text}\" is an invalid {octal}escape sequence. {outlook}Did you mean \
             \"\\\\{text}\"? A raw string is also an option."
        )
    }
}

/// Why a body has no value: what the reference's codec says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StringError {
    /// Of text. `data` is what the codec is given, and what the places are in: a character outside ASCII has
    /// been written as an escape of ten bytes.
    Text { start: usize, end: usize, reason: &'static str, data: String },
    /// Of text: a character is named, and there is nobody to ask for it.
    NoNames,
    /// Of bytes.
    Bytes(String),
}

impl fmt::Display for StringError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (start, end, reason) = match self {
            StringError::Text { start, end, reason, .. } => (*start, *end, reason),
            StringError::NoNames => {
                let reason = "\\N escapes not supported (can't load unicodedata module)";
                return write!(f, "(unicode error) {reason}");
            }
            StringError::Bytes(message) => return write!(f, "(value error) {message}"),
        };
        write!(f, "(unicode error) 'unicodeescape' codec can't decode ")?;
        match end - start {
            1 => write!(f, "byte 0x5c in position {start}: {reason}"),
            _ => write!(f, "bytes in position {start}-{}: {reason}", end - 1),
        }
    }
}

/// The value of a string body: the body itself if it has no escapes.
pub(crate) fn decode_text<'a>(
    arena: &'a Bump,
    body: &'a str,
    raw: bool,
    names: Option<&dyn Normalizer>,
) -> Result<Decoded<'a>, StringError> {
    let Some(first) = memchr::memchr(b'\\', body.as_bytes()).filter(|_| !raw) else {
        return Ok(Decoded { bytes: body.as_bytes(), invalid: None });
    };
    // No escape is shorter than what it stands for.
    let out = Vec::with_capacity_in(body.len(), arena);
    let mut decoder = TextDecoder { body, at: first, out, invalid: None, names };
    decoder.out.extend_from_slice_copy(&body.as_bytes()[..first]);
    decoder.run()?;
    Ok(Decoded { bytes: decoder.out.into_bump_slice(), invalid: decoder.invalid })
}

struct TextDecoder<'a, 'n> {
    body: &'a str,
    at: usize,
    out: Vec<'a, u8>,
    invalid: Option<InvalidEscape>,
    names: Option<&'n dyn Normalizer>,
}

impl TextDecoder<'_, '_> {
    fn run(&mut self) -> Result<(), StringError> {
        let bytes = self.body.as_bytes();
        while self.at < bytes.len() {
            let rest = &bytes[self.at..];
            let plain = memchr::memchr(b'\\', rest).unwrap_or(rest.len());
            self.out.extend_from_slice_copy(&rest[..plain]);
            self.at += plain;
            if self.at < bytes.len() {
                self.escape()?;
            }
        }
        Ok(())
    }

    /// At a backslash.
    fn escape(&mut self) -> Result<(), StringError> {
        let start = self.at;
        // At the end (of a part of an f-string) or before a character outside ASCII, a backslash
        // stands for itself.
        let Some(char) = self.body[start + 1..].chars().next().filter(char::is_ascii) else {
            self.out.push(b'\\');
            self.at = start + 1;
            return Ok(());
        };
        self.at = start + 1 + char.len_utf8();
        match char {
            '\n' => {}
            '0'..='7' => {
                let (value, len) = octal(&self.body.as_bytes()[start + 1..]);
                self.at = start + 1 + len;
                if value > 0o377 {
                    self.note_invalid(start, &self.body[start + 1..self.at]);
                }
                push_code(&mut self.out, value);
            }
            'x' => self.hexadecimal(start, 2, "truncated \\xXX escape")?,
            'u' => self.hexadecimal(start, 4, "truncated \\uXXXX escape")?,
            'U' => self.hexadecimal(start, 8, "truncated \\UXXXXXXXX escape")?,
            'N' => self.named(start)?,
            _ => match simple(char) {
                Some(byte) => self.out.push(byte),
                None => {
                    self.note_invalid(start, &self.body[start + 1..self.at]);
                    self.out.extend_from_slice_copy(&self.body.as_bytes()[start..self.at]);
                }
            },
        }
        Ok(())
    }

    fn note_invalid(&mut self, offset: usize, text: &str) {
        if self.invalid.is_none() {
            self.invalid = Some(InvalidEscape { offset, text: text.to_owned() });
        }
    }

    fn hexadecimal(
        &mut self,
        start: usize,
        digits: usize,
        truncated: &'static str,
    ) -> Result<(), StringError> {
        let bytes = self.body.as_bytes();
        let mut value = 0u32;
        for _ in 0..digits {
            let digit = bytes.get(self.at).and_then(|byte| char::from(*byte).to_digit(16));
            let Some(digit) = digit else {
                return Err(self.error(start, self.at, truncated));
            };
            value = value << 4 | digit;
            self.at += 1;
        }
        if value > 0x10_FFFF {
            return Err(self.error(start, self.at, "illegal Unicode character"));
        }
        push_code(&mut self.out, value);
        Ok(())
    }

    fn named(&mut self, start: usize) -> Result<(), StringError> {
        const MALFORMED: &str = "malformed \\N character escape";
        if self.names.is_some_and(|names| !names.knows_characters()) {
            return Err(StringError::NoNames);
        }
        let Some(name) = self.body[self.at..].strip_prefix('{') else {
            return Err(self.error(start, self.at, MALFORMED));
        };
        let Some(len) = name.find('}') else {
            return Err(self.error(start, self.body.len(), MALFORMED));
        };
        self.at += 1 + len;
        if len == 0 {
            return Err(self.error(start, self.at, MALFORMED));
        }
        self.at += 1;
        match krait_unicode::names::lookup(&name[..len]) {
            Some(char) => {
                push_code(&mut self.out, char.into());
                Ok(())
            }
            None => Err(self.error(start, self.at, "unknown Unicode character name")),
        }
    }

    fn error(&self, start: usize, end: usize, reason: &'static str) -> StringError {
        let mut data = String::new();
        let mut places = [0, 0];
        for (at, char) in self.body.char_indices() {
            for (place, wanted) in places.iter_mut().zip([start, end]) {
                if at == wanted {
                    *place = data.len();
                }
            }
            match char.is_ascii() {
                true => data.push(char),
                false => data.push_str(&format!("\\U{:08x}", u32::from(char))),
            }
        }
        let [start, mut end_place] = places;
        if end == self.body.len() {
            end_place = data.len();
        }
        StringError::Text { start, end: end_place, reason, data }
    }
}

/// The value of a bytes body. Must be ASCII.
pub(crate) fn decode_bytes<'a>(
    arena: &'a Bump,
    body: &'a [u8],
    raw: bool,
) -> Result<Decoded<'a>, StringError> {
    if raw || memchr::memchr(b'\\', body).is_none() {
        return Ok(Decoded { bytes: body, invalid: None });
    }
    let mut out = Vec::with_capacity_in(body.len(), arena);
    let mut invalid = None;
    let mut note = |offset: usize, end: usize| {
        let text = String::from_utf8_lossy(&body[offset + 1..end]).into_owned();
        invalid.get_or_insert(InvalidEscape { offset, text });
    };
    let mut at = 0;
    while let Some(&byte) = body.get(at) {
        if byte != b'\\' {
            out.push(byte);
            at += 1;
            continue;
        }
        let Some(&escaped) = body.get(at + 1) else {
            return Err(StringError::Bytes("Trailing \\ in string".to_owned()));
        };
        match escaped {
            b'\n' => at += 2,
            b'0'..=b'7' => {
                let (value, len) = octal(&body[at + 1..]);
                if value > 0o377 {
                    note(at, at + 1 + len);
                }
                out.push(value as u8);
                at += 1 + len;
            }
            b'x' => {
                let digit = |at: usize| body.get(at).and_then(|b| char::from(*b).to_digit(16));
                let (Some(high), Some(low)) = (digit(at + 2), digit(at + 3)) else {
                    let message = format!("invalid \\x escape at position {at}");
                    return Err(StringError::Bytes(message));
                };
                out.push((high << 4 | low) as u8);
                at += 4;
            }
            _ => {
                match simple(escaped.into()) {
                    Some(byte) => out.push(byte),
                    None => {
                        note(at, at + 2);
                        out.extend_from_slice_copy(&body[at..at + 2]);
                    }
                }
                at += 2;
            }
        }
    }
    Ok(Decoded { bytes: out.into_bump_slice(), invalid })
}

fn simple(escaped: char) -> Option<u8> {
    Some(match escaped {
        '\\' => b'\\',
        '\'' => b'\'',
        '"' => b'"',
        'b' => 0x08,
        'f' => 0x0C,
        't' => b'\t',
        'n' => b'\n',
        'r' => b'\r',
        'v' => 0x0B,
        'a' => 0x07,
        _ => return None,
    })
}

/// Up to three octal digits: their value and number.
fn octal(digits: &[u8]) -> (u32, usize) {
    let digits = digits.iter().take(3).take_while(|digit| matches!(digit, b'0'..=b'7'));
    digits.fold((0, 0), |(value, len), digit| (value << 3 | u32::from(digit - b'0'), len + 1))
}

/// Appends a code point, surrogates included, in generalised UTF-8.
fn push_code(out: &mut Vec<'_, u8>, code: u32) {
    match char::from_u32(code) {
        Some(char) => out.extend_from_slice_copy(char.encode_utf8(&mut [0; 4]).as_bytes()),
        None => out.extend_from_slice_copy(&[
            0xE0 | (code >> 12) as u8,
            0x80 | (code >> 6 & 0x3F) as u8,
            0x80 | (code & 0x3F) as u8,
        ]),
    }
}
