//! `_multibytecodec.MultibyteCodec`: a table, or several with shift states, with its name, and the loops around it.

use std::cell::{Cell, OnceCell};

use krait_objects::codecs::recover::{self, Target};
use krait_objects::exceptions::unicode::raise_decode_error;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer::Buffer;
use krait_objects::text::codec::CodecError;

use super::shift::{Shift, Shifted};
use super::table::{Decoded, Encoded, Table};

const ILLEGAL: &str = "illegal multibyte sequence";
const INCOMPLETE: &str = "incomplete multibyte sequence";

/// What an encoding is made of. There is one for each encoding in use.
#[allow(clippy::large_enum_variant)]
enum Coding {
    Table(Table),
    Shifted(Shifted),
}

fn target(encoding: &str) -> Target<'_> {
    Target { any_index: true, ..Target::bytes(encoding) }
}

/// An encoding of several bytes a character.
#[pytype(
    name = "_multibytecodec.MultibyteCodec",
    doc = "",
    flags(DISALLOW_INSTANTIATION, IMMUTABLETYPE)
)]
#[repr(C)]
pub struct MultibyteCodec {
    head: Head,
    name: OnceCell<Box<str>>,
    coding: OnceCell<Box<Coding>>,
}

impl MultibyteCodec {
    /// The codec of an encoding that is known here.
    pub fn create(th: &Thread, name: &str) -> PyResult<Option<Owned<MultibyteCodec>>> {
        let table = Table::load(name).map(Coding::Table);
        let Some(coding) = table.or_else(|| Shifted::load(name).map(Coding::Shifted)) else {
            return Ok(None);
        };
        let ty = Borrowed::from_ref(MultibyteCodec::type_object());
        let made = ty.alloc::<MultibyteCodec>(th, 0)?;
        // A new object holds neither.
        let _ = made.name.set(name.into());
        let _ = made.coding.set(Box::new(coding));
        Ok(Some(made))
    }

    fn parts(&self, th: &Thread) -> PyResult<(&str, &Coding)> {
        match (self.name.get(), self.coding.get()) {
            (Some(name), Some(coding)) => Ok((name, coding)),
            _ => Err(th.bad_internal_call()),
        }
    }

    /// The shift state at the start.
    pub fn start(&self, decoding: bool) -> Shift {
        match self.coding.get().map(|coding| &**coding) {
            Some(Coding::Shifted(shifted)) => shifted.start(decoding),
            _ => Shift::default(),
        }
    }

    /// Goes back to the characters that need no shift; answers the bytes that say so.
    pub fn finish(&self, shift: &Cell<Shift>) -> Vec<u8> {
        let mut bytes = Vec::new();
        if let Some(Coding::Shifted(shifted)) = self.coding.get().map(|coding| &**coding) {
            let mut state = shift.get();
            shifted.finish(&mut state, &mut bytes);
            shift.set(state);
        }
        bytes
    }

    /// More bytes wait than any character takes.
    pub fn too_much_pending(
        &self,
        th: &Thread,
        pending: Borrowed<'_, Bytes>,
        reason: &'static str,
    ) -> Raised {
        let name = self.name.get().map_or("", |name| name);
        let error = CodecError { start: 0, end: pending.len(), reason };
        raise_decode_error(th, name, pending, error)
    }

    /// Decodes `data`: the text, and the bytes that are left because more must follow.
    pub fn decode_bytes(
        &self,
        th: &Thread,
        data: &[u8],
        errors: Option<&str>,
        is_last: bool,
        shift: &Cell<Shift>,
    ) -> PyResult<(Owned<Str>, Vec<u8>)> {
        let (name, coding) = self.parts(th)?;
        let mut rest = Vec::new();
        let text = recover::decode_from(
            th,
            &target(name),
            data,
            errors,
            &mut 0,
            &mut |input, at, out| {
                rest.clear();
                while *at < input.len() {
                    let error = |len: usize, reason| {
                        Err(CodecError { start: *at, end: (*at + len).min(input.len()), reason })
                    };
                    let decoded = match coding {
                        Coding::Table(table) => table.decode(&input[*at..]),
                        Coding::Shifted(shifted) => {
                            let mut state = shift.get();
                            let decoded = shifted.decode(&input[*at..], &mut state);
                            shift.set(state);
                            decoded
                        }
                    };
                    match decoded {
                        Decoded::Shift(len) => *at += len,
                        Decoded::Chars(chars, len) => {
                            out.push(chars[0]);
                            if chars[1] != 0 {
                                out.push(chars[1]);
                            }
                            *at += len;
                        }
                        Decoded::Incomplete if is_last => return error(input.len(), INCOMPLETE),
                        Decoded::Incomplete => {
                            rest.extend_from_slice(&input[*at..]);
                            return Ok(());
                        }
                        Decoded::Illegal(len) => return error(len, ILLEGAL),
                    }
                }
                Ok(())
            },
        )?;
        Ok((text, rest))
    }

    /// Encodes `text`: the bytes, and the character that is left because the next one matters.
    pub fn encode_text(
        &self,
        th: &Thread,
        text: Borrowed<'_, Str>,
        errors: Option<&str>,
        is_last: bool,
        shift: &Cell<Shift>,
    ) -> PyResult<(Owned<Bytes>, Option<u32>)> {
        let (name, coding) = self.parts(th)?;
        let mut left = None;
        let bytes =
            recover::encode(th, &target(name), text, errors, Vec::new(), &mut |text, at, out| {
                while *at < text.len() {
                    let next = (*at + 1 < text.len()).then(|| text.at(*at + 1));
                    let encoded = match coding {
                        Coding::Table(table) => table.encode(text.at(*at), next, is_last),
                        Coding::Shifted(shifted) => {
                            let mut state = shift.get();
                            let point = text.at(*at);
                            let encoded = shifted.encode(point, next, is_last, &mut state, out);
                            shift.set(state);
                            encoded
                        }
                    };
                    match encoded {
                        Encoded::Code(code, taken) => {
                            let bytes = code.to_be_bytes();
                            let zeros = (code.leading_zeros() as usize / 8).min(7);
                            out.extend_from_slice(&bytes[zeros..]);
                            *at += taken;
                        }
                        Encoded::Undecided => {
                            left = Some(text.at(*at));
                            return Ok(());
                        }
                        Encoded::Illegal => {
                            let error = CodecError { start: *at, end: *at + 1, reason: ILLEGAL };
                            return Err(error);
                        }
                    }
                }
                Ok(())
            })?;
        let rest = if is_last { self.finish(shift) } else { Vec::new() };
        if rest.is_empty() {
            return Ok((bytes, left));
        }
        Ok((Bytes::new(th, &[bytes.as_bytes(), &rest].concat())?, left))
    }
}

/// `None` or the name of an error handler.
fn handler<'a>(
    th: &Thread,
    function: &str,
    errors: Option<Borrowed<'a>>,
) -> PyResult<Option<&'a str>> {
    let Some(errors) = errors.filter(|errors| !errors.is_none()) else {
        return Ok(None);
    };
    match errors.downcast::<Str>() {
        Some(name) => name.get().as_utf8(th).map(Some),
        None => Err(raise!(
            th,
            TYPE_ERROR,
            "{function}() argument 'errors' must be str or None, not {}",
            errors.type_name()
        )),
    }
}

#[pymethods]
impl MultibyteCodec {
    /// Return the input's bytes, and how many characters they are.
    ///
    /// 'errors' names what to do about characters that cannot be encoded.
    #[method(sig = "(self, /, input, errors=None)")]
    fn encode(
        &self,
        th: &Thread,
        input: Borrowed<'_>,
        errors: Option<Borrowed<'_>>,
    ) -> PyResult<(Owned<Bytes>, usize)> {
        let errors = handler(th, "encode", errors)?;
        let text = match input.downcast::<Str>() {
            Some(text) => text.to_owned(),
            None => object::str(th, input)?,
        };
        let shift = Cell::new(self.start(false));
        let (bytes, _) = self.encode_text(th, text.borrow(), errors, true, &shift)?;
        Ok((bytes, text.len()))
    }

    /// Return the input's text, and how many bytes it was.
    ///
    /// 'errors' names what to do about bytes that cannot be decoded.
    #[method(sig = "(self, /, input, errors=None)")]
    fn decode(
        &self,
        th: &Thread,
        input: Buffer,
        errors: Option<Borrowed<'_>>,
    ) -> PyResult<(Owned<Str>, usize)> {
        let errors = handler(th, "decode", errors)?;
        let shift = Cell::new(self.start(true));
        let (text, _) = self.decode_bytes(th, input.as_bytes(), errors, true, &shift)?;
        Ok((text, input.as_bytes().len()))
    }
}
