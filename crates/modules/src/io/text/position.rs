//! `tell` and `seek` in encoded text: exact to the character, whatever the decoder holds back.

use std::rc::Rc;

use krait_objects::prelude::*;

use super::cookie::Cookie;
use super::{Decoder, Snapshot, TextIOWrapper};
use crate::io::support::{invoke, offset_answer, unsupported};

/// Puts the decoder where it stood at a cookie's start.
fn rewind(th: &Thread, decoder: &Decoder, cookie: &Cookie) -> PyResult<()> {
    if cookie.start == 0 && cookie.flags == 0 {
        return decoder.reset(th);
    }
    decoder.set_state(th, Bytes::empty(), cookie.flags.into())
}

fn small_flags(th: &Thread, flags: i64) -> PyResult<i32> {
    i32::try_from(flags)
        .map_err(|_| th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C int"))
}

fn decode_len(th: &Thread, decoder: &Decoder, data: &[u8], last: bool) -> PyResult<usize> {
    let data = Bytes::new(th, data)?;
    Ok(decoder.decode(th, data.object(), last)?.len())
}

/// Moves a cookie's start forward to the last place before the position where the decoder holds nothing back.
/// How much of the input that is, and how many characters remain to be skipped, comes back.
fn safe_start(
    th: &Thread,
    decoder: &Decoder,
    cookie: &mut Cookie,
    input: &[u8],
    ratio: f64,
    chars: usize,
) -> PyResult<(usize, usize)> {
    let mut guess = ((ratio * chars as f64) as usize).min(input.len());
    let mut back = 1;
    while guess > 0 {
        rewind(th, decoder, cookie)?;
        let count = decode_len(th, decoder, &input[..guess], false)?;
        if count > chars {
            guess = guess.saturating_sub(back);
            back *= 2;
            continue;
        }
        let (held, flags) = decoder.state(th)?;
        if held.is_empty() {
            cookie.flags = small_flags(th, flags)?;
            return Ok((guess, chars - count));
        }
        guess = guess.saturating_sub(held.len());
        back = 1;
    }
    rewind(th, decoder, cookie)?;
    Ok((0, chars))
}

/// The cookie for `chars` characters behind the snapshot, feeding the decoder byte by byte.
fn locate(
    th: &Thread,
    decoder: &Decoder,
    mut cookie: Cookie,
    input: &[u8],
    ratio: f64,
    chars: usize,
) -> PyResult<Cookie> {
    let (skipped, mut chars) = safe_start(th, decoder, &mut cookie, input, ratio, chars)?;
    cookie.start += skipped as i64;
    let mut decoded = 0;
    if chars > 0 {
        let mut found = false;
        for byte in &input[skipped..] {
            decoded += decode_len(th, decoder, std::slice::from_ref(byte), false)?;
            cookie.bytes_to_feed += 1;
            let (held, flags) = decoder.state(th)?;
            if held.is_empty() && decoded <= chars {
                cookie.start += i64::from(cookie.bytes_to_feed);
                chars -= decoded;
                cookie.flags = small_flags(th, flags)?;
                cookie.bytes_to_feed = 0;
                decoded = 0;
            }
            if decoded >= chars {
                found = true;
                break;
            }
        }
        if !found {
            // What is missing comes only at the end of the file.
            decoded += decode_len(th, decoder, &[], true)?;
            cookie.need_eof = true;
            if decoded < chars {
                return Err(th.raise(exc::OS_ERROR, "can't reconstruct logical file position"));
            }
        }
    }
    cookie.chars_to_skip = i32::try_from(chars)
        .map_err(|_| th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C int"))?;
    Ok(cookie)
}

impl TextIOWrapper {
    pub(super) fn position(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        let buffer = TextIOWrapper::open_buffer(this, th)?;
        if !this.seekable.get() {
            return Err(unsupported(th, "underlying stream is not seekable"));
        }
        if !this.telling.get() {
            return Err(th.raise(exc::OS_ERROR, "telling position disabled by next() call"));
        }
        this.write_pending(th)?;
        call::call_method(th, buffer.borrow(), id::flush, &[])?;
        let position = invoke(th, buffer.borrow(), "tell", &[])?;
        let snapshot = this.snapshot.borrow().clone();
        let (Some(decoder), Some(snapshot)) = (this.decoder(), snapshot) else {
            return Ok(position);
        };
        let mut cookie = Cookie {
            start: offset_answer(th, position.borrow())? - snapshot.input.len() as i64,
            flags: small_flags(th, snapshot.flags)?,
            ..Cookie::default()
        };
        let chars = this.used.get();
        if chars > 0 {
            let (held, flags) = decoder.state(th)?;
            let found = locate(th, &decoder, cookie, &snapshot.input, this.ratio.get(), chars);
            let restored = decoder.set_state(th, held.borrow(), flags);
            cookie = found?;
            restored?;
        }
        Ok(cookie.pack(th)?.into_object())
    }

    /// Prepares the encoder for writing at a place: only at the start of a file does it write a mark.
    fn reset_encoder(&self, th: &Thread, at_start: bool) -> PyResult<()> {
        let Some(encoder) = self.encoder.get_owned() else {
            return Ok(());
        };
        if at_start {
            return invoke(th, encoder.borrow(), "reset", &[]).map(drop);
        }
        let zero = Int::from_i64(th, 0)?;
        invoke(th, encoder.borrow(), "setstate", &[zero.object()]).map(drop)
    }

    fn seek_to_end(this: Borrowed<'_, Self>, th: &Thread, buffer: Borrowed<'_>) -> PyResult {
        call::call_method(th, this.object(), id::flush, &[])?;
        this.set_decoded(None);
        this.set_snapshot(None);
        if let Some(decoder) = this.decoder() {
            decoder.reset(th)?;
        }
        let (zero, two) = (Int::from_i64(th, 0)?, Int::from_i64(th, 2)?);
        let position = invoke(th, buffer, "seek", &[zero.object(), two.object()])?;
        let at_start = !object::is_true(th, position.borrow())?;
        this.reset_encoder(th, at_start)?;
        Ok(position)
    }

    pub(super) fn seek_to(
        this: Borrowed<'_, Self>,
        th: &Thread,
        cookie: Borrowed<'_>,
        whence: i32,
    ) -> PyResult {
        let buffer = TextIOWrapper::open_buffer(this, th)?;
        if !this.seekable.get() {
            return Err(unsupported(th, "underlying stream is not seekable"));
        }
        let mut cookie = cookie.to_owned();
        match whence {
            0 => {}
            1 | 2 if object::is_true(th, cookie.borrow())? => {
                let place = if whence == 1 { "cur" } else { "end" };
                return Err(unsupported(th, &format!("can't do nonzero {place}-relative seeks")));
            }
            1 => {
                // Nothing moves, but what was read ahead is dropped.
                cookie = invoke(th, this.object(), "tell", &[])?;
            }
            2 => return TextIOWrapper::seek_to_end(this, th, buffer.borrow()),
            _ => {
                return Err(raise!(
                    th,
                    VALUE_ERROR,
                    "invalid whence ({whence}, should be 0, 1 or 2)"
                ));
            }
        }
        let zero = Int::from_i64(th, 0)?;
        if object::compare_bool(th, cookie.borrow(), zero.object(), CompareOp::Lt)? {
            let shown = object::repr(th, cookie.borrow())?;
            return Err(raise!(th, VALUE_ERROR, "negative seek position {}", &*shown));
        }
        call::call_method(th, this.object(), id::flush, &[])?;
        let place = Cookie::unpack(th, cookie.borrow())?;
        let start = Int::from_i64(th, place.start)?;
        invoke(th, buffer.borrow(), "seek", &[start.object()])?;
        this.set_decoded(None);
        this.set_snapshot(None);
        if let Some(decoder) = this.decoder() {
            rewind(th, &decoder, &place)?;
            this.skip(th, &decoder, buffer.borrow(), &place)?;
        }
        this.reset_encoder(th, place.start == 0 && place.flags == 0)?;
        Ok(cookie)
    }

    /// Decodes again what is between a cookie's start and its character.
    fn skip(
        &self,
        th: &Thread,
        decoder: &Decoder,
        buffer: Borrowed<'_>,
        place: &Cookie,
    ) -> PyResult<()> {
        let flags = place.flags.into();
        let Ok(chars) = usize::try_from(place.chars_to_skip) else {
            return Err(th.raise(exc::OS_ERROR, "can't restore logical file position"));
        };
        if chars == 0 {
            self.set_snapshot(Some(Snapshot { flags, input: Rc::from([]) }));
            return Ok(());
        }
        let count = Int::from_i64(th, place.bytes_to_feed.into())?;
        let input = call::call_method(th, buffer, id::read, &[count.object()])?;
        let input = input.downcast::<Bytes>().map_err(|other| {
            let found = other.type_name();
            raise!(
                th,
                TYPE_ERROR,
                "underlying read() should have returned a bytes object, not '{found}'"
            )
        })?;
        self.set_snapshot(Some(Snapshot { flags, input: input.as_bytes().into() }));
        let text = decoder.decode(th, input.object(), place.need_eof)?;
        if text.len() < chars {
            return Err(th.raise(exc::OS_ERROR, "can't restore logical file position"));
        }
        self.set_decoded(Some(text));
        self.used.set(chars);
        Ok(())
    }
}
