//! The text that is searched: a `str` or a bytes-like object.

use krait_objects::prelude::*;
use krait_objects::protocol::buffer::Buffer;
use krait_objects::str::Chars;

/// A text, held while it is searched.
pub struct Subject {
    pub object: Owned,
    buffer: Option<Buffer>,
}

/// The characters from `start` to `end`, as far as they are there.
#[inline]
pub fn part(th: &Thread, text: Borrowed<'_, Str>, start: usize, end: usize) -> PyResult {
    let end = end.min(text.len());
    text.substring(th, start.min(end), end).map(Owned::into_object)
}

impl Subject {
    /// Refuses what a pattern of the other kind cannot search.
    pub fn new(th: &Thread, object: Borrowed<'_>, bytes: Option<bool>) -> PyResult<Subject> {
        let is_str = object.downcast::<Str>().is_some();
        let buffer = if is_str {
            None
        } else {
            Some(Buffer::simple(th, object).map_err(|raised| {
                drop(th.take_raised(raised));
                let found = object.type_name();
                raise!(th, TYPE_ERROR, "expected string or bytes-like object, got '{found}'")
            })?)
        };
        match bytes {
            Some(false) if !is_str => {
                Err(th.raise(exc::TYPE_ERROR, "cannot use a string pattern on a bytes-like object"))
            }
            Some(true) if is_str => {
                Err(th.raise(exc::TYPE_ERROR, "cannot use a bytes pattern on a string-like object"))
            }
            _ => Ok(Subject { object: object.to_owned(), buffer }),
        }
    }

    pub fn is_bytes(&self) -> bool {
        self.buffer.is_some()
    }

    /// What keeps a bytes-like object from changing while it is searched.
    pub fn into_buffer(self) -> Option<Buffer> {
        self.buffer
    }

    pub fn chars(&self) -> Chars<'_> {
        match &self.buffer {
            Some(buffer) => Chars::One(buffer.as_bytes()),
            // SAFETY: what has no buffer is a string.
            None => unsafe { self.object.object().cast::<Str>() }.get().chars(),
        }
    }

    pub fn len(&self) -> usize {
        self.chars().len()
    }

    /// The part from `start` to `end`; all of it is the object itself if its type is the plain one.
    pub fn slice(&self, th: &Thread, start: usize, end: usize) -> PyResult {
        let object = self.object.object();
        let Some(buffer) = &self.buffer else {
            // SAFETY: what has no buffer is a string.
            return part(th, unsafe { object.cast() }, start, end);
        };
        let data = buffer.as_bytes();
        let end = end.min(data.len());
        let start = start.min(end);
        if object.is_exact::<Bytes>() && start == 0 && end == data.len() {
            return Ok(self.object.clone());
        }
        Bytes::new(th, &data[start..end]).map(Owned::into_object)
    }

    /// `pos` and `endpos` as positions inside.
    pub fn bounds(&self, pos: isize, endpos: isize) -> (usize, usize) {
        let len = self.len();
        let clamp = |at: isize| usize::try_from(at).unwrap_or(0).min(len);
        let end = clamp(endpos);
        (clamp(pos), end)
    }

    /// Joins parts: strings, or bytes-like objects.
    pub fn join(&self, th: &Thread, parts: &[Owned]) -> PyResult {
        if !self.is_bytes() {
            let parts: Vec<Borrowed<'_>> = parts.iter().map(Owned::object).collect();
            return Str::join(th, Str::empty(), &parts).map(Owned::into_object);
        }
        let mut joined = Vec::new();
        for (at, part) in parts.iter().enumerate() {
            match Buffer::simple(th, part.object()) {
                Ok(buffer) => joined.extend_from_slice(buffer.as_bytes()),
                Err(raised) => {
                    th.take_if(raised, exc::TYPE_ERROR)?;
                    let found = part.type_name();
                    return Err(raise!(
                        th,
                        TYPE_ERROR,
                        "sequence item {at}: expected a bytes-like object, {found} found"
                    ));
                }
            }
        }
        Bytes::new(th, &joined).map(Owned::into_object)
    }
}
