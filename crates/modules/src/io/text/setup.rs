//! Making and reconfiguring a `TextIOWrapper`.

use krait_objects::prelude::*;
use krait_objects::str::StrBuilder;
use krait_objects::typeobj::unfilled;

use super::{Decoder, Native, Newline, State, TextIOWrapper};
use crate::io::buffered;
use crate::io::support::{ask, attr, invoke, name};
use std::rc::Rc;

pub const CHUNK_SIZE: usize = 8192;

/// The encoding of the locale, as `locale.getencoding()` gives it.
pub fn locale_encoding(th: &Thread) -> String {
    if krait_eval::config::of(th).utf8_mode {
        return "utf-8".into();
    }
    // SAFETY: returns a static string of the C library, copied at once.
    let codeset = unsafe {
        let text = libc::nl_langinfo(libc::CODESET);
        if text.is_null() {
            String::new()
        } else {
            std::ffi::CStr::from_ptr(text).to_string_lossy().into_owned()
        }
    };
    // The C locale stands for a program that has not asked for one: as in the reference, it then uses UTF-8.
    if codeset.is_empty() || codeset == "ANSI_X3.4-1968" { "UTF-8".into() } else { codeset }
}

/// The text of an argument as C would see it.
fn c_text<'a>(th: &Thread, text: &'a Str) -> PyResult<&'a str> {
    let utf8 = text.as_utf8(th)?;
    if utf8.contains('\0') {
        return Err(th.raise(exc::VALUE_ERROR, "embedded null character"));
    }
    Ok(utf8)
}

impl Newline {
    pub(super) fn parse(th: &Thread, text: Option<&Str>) -> PyResult<Newline> {
        let Some(text) = text else {
            return Ok(Newline::Translated);
        };
        Ok(match c_text(th, text)? {
            "" => Newline::Any,
            "\n" => Newline::Only("\n"),
            "\r" => Newline::Only("\r"),
            "\r\n" => Newline::Only("\r\n"),
            other => return Err(raise!(th, VALUE_ERROR, "illegal newline value: {other}")),
        })
    }
}

/// `errors`: a string, `"strict"` by default.
pub fn errors_argument(
    th: &Thread,
    errors: Option<Borrowed<'_>>,
    function: &str,
) -> PyResult<Owned<Str>> {
    match errors.filter(|errors| !errors.is_none()) {
        None => Ok(id::strict.to_owned()),
        Some(errors) => {
            let Some(errors) = errors.downcast::<Str>() else {
                let found = errors.type_name();
                return Err(raise!(
                    th,
                    TYPE_ERROR,
                    "{function}() argument 'errors' must be str or None, not {found}"
                ));
            };
            c_text(th, &errors)?;
            Ok(errors.to_owned())
        }
    }
}

/// The `CodecInfo` of a text encoding.
fn codec_of(th: &Thread, encoding: &str, instead: &str) -> PyResult {
    krait_objects::codecs::registry::text_codec(th, encoding, instead).map(Owned::into_object)
}

impl TextIOWrapper {
    #[allow(clippy::too_many_arguments)]
    pub(super) fn set_up(
        this: Borrowed<'_, Self>,
        th: &Thread,
        buffer: Borrowed<'_>,
        encoding: Option<&str>,
        errors: Option<Borrowed<'_>>,
        newline: Option<Borrowed<'_, Str>>,
        line_buffering: bool,
        write_through: bool,
    ) -> PyResult<()> {
        this.state.set(State::Uninitialised);
        let encoding = match encoding {
            None => {
                if krait_eval::config::of(th).warn_default_encoding {
                    let message = "'encoding' argument not specified";
                    crate::io::support::warn(th, exc::ENCODING_WARNING, message, 1)?;
                }
                locale_encoding(th)
            }
            Some("locale") => locale_encoding(th),
            Some(encoding) => encoding.to_owned(),
        };
        if encoding.contains('\0') {
            return Err(th.raise(exc::VALUE_ERROR, "embedded null character"));
        }
        let errors = errors_argument(th, errors, "TextIOWrapper")?;
        if krait_eval::config::of(th).dev_mode {
            krait_objects::codecs::registry::lookup_error(th, errors.as_utf8(th)?)?;
        }
        let newline = Newline::parse(th, newline.map(Borrowed::get))?;
        this.reset_fields();
        this.newline.set(newline);
        this.errors.set(Some(errors));
        this.line_buffering.set(line_buffering);
        this.write_through.set(write_through);
        let codec = this.choose_codec(th, &encoding)?;
        this.buffer.set(Some(buffer.to_owned()));
        this.make_decoder(th, codec.as_ref().map(Owned::borrow))?;
        this.make_encoder(th, codec.as_ref().map(Owned::borrow))?;
        let has_read1 = buffered::file_below(buffer).is_some()
            || unfilled::get_attr_opt(th, buffer, name(th, "read1")?.borrow())?.is_some();
        this.has_read1.set(has_read1);
        let seekable = ask(th, buffer, "seekable")?;
        this.seekable.set(seekable);
        this.telling.set(seekable);
        this.fix_encoder(th)?;
        this.state.set(State::Ready);
        Ok(())
    }

    fn reset_fields(&self) {
        self.decoder.replace(None);
        self.snapshot.replace(None);
        self.pending.borrow_mut().clear();
        self.chunk_size.set(CHUNK_SIZE);
        self.ratio.set(0.0);
        self.can_write.set(false);
        self.encoder.set(None);
        self.encoding.set(None);
        self.set_decoded(None);
        self.buffer.set(None);
    }

    /// Sets `encoding`; the `CodecInfo` comes back unless the encoding is native.
    fn choose_codec(&self, th: &Thread, encoding: &str) -> PyResult<Option<Owned>> {
        let native = Native::of(encoding);
        let codec = match native {
            Some(_) => None,
            None => Some(codec_of(th, encoding, "codecs.open()")?),
        };
        self.native.set(native);
        self.encoding.set(Some(Str::new(th, encoding)?.into_object()));
        Ok(codec)
    }

    /// Makes the decoder, if the buffer can be read.
    fn make_decoder(&self, th: &Thread, codec: Option<Borrowed<'_>>) -> PyResult<()> {
        let Some(buffer) = self.buffer.get_owned() else {
            return Ok(());
        };
        if !ask(th, buffer.borrow(), "readable")? {
            return Ok(());
        }
        let errors = self.errors_text();
        let object = match codec {
            None => None,
            Some(codec) => {
                let factory = attr(th, codec, "incrementaldecoder")?;
                let errors = Str::new(th, &errors)?;
                Some(call::call(th, factory.borrow(), &[errors.object()])?)
            }
        };
        let newline = self.newline.get();
        let decoder = Decoder::new(
            self.native.get(),
            object,
            &errors,
            newline.is_universal(),
            newline == Newline::Translated,
        );
        self.decoder.replace(Some(Rc::new(decoder)));
        Ok(())
    }

    /// Makes the encoder, if the buffer can be written.
    fn make_encoder(&self, th: &Thread, codec: Option<Borrowed<'_>>) -> PyResult<()> {
        let Some(buffer) = self.buffer.get_owned() else {
            return Ok(());
        };
        if !ask(th, buffer.borrow(), "writable")? {
            return Ok(());
        }
        self.can_write.set(true);
        if let Some(codec) = codec {
            let factory = attr(th, codec, "incrementalencoder")?;
            let errors = self.errors.get_owned().unwrap_or_else(|| id::strict.to_owned());
            self.encoder.set(Some(call::call(th, factory.borrow(), &[errors.object()])?));
        }
        Ok(())
    }

    /// An encoder that begins in the middle of a file writes no mark at its start.
    fn fix_encoder(&self, th: &Thread) -> PyResult<()> {
        let (true, Some(encoder), Some(buffer)) =
            (self.seekable.get(), self.encoder.get_owned(), self.buffer.get_owned())
        else {
            return Ok(());
        };
        let position = invoke(th, buffer.borrow(), "tell", &[])?;
        if object::is_true(th, position.borrow())? {
            let zero = Int::from_i64(th, 0)?;
            invoke(th, encoder.borrow(), "setstate", &[zero.object()])?;
        }
        Ok(())
    }

    /// Changes encoding, errors and newlines.
    pub(super) fn change_codec(
        &self,
        th: &Thread,
        encoding: Option<Borrowed<'_, Str>>,
        errors: Option<Borrowed<'_, Str>>,
        newline: Option<Newline>,
    ) -> PyResult<()> {
        if encoding.is_none() && errors.is_none() && newline.is_none() {
            return Ok(());
        }
        let text = match encoding {
            Some(encoding) => encoding.get().as_utf8(th)?.to_owned(),
            None => match self.encoding.get().and_then(|encoding| encoding.downcast::<Str>()) {
                Some(encoding) => encoding.to_string_lossy(),
                None => "utf-8".to_owned(),
            },
        };
        let text = if text == "locale" && encoding.is_some() { locale_encoding(th) } else { text };
        if let Some(errors) = errors {
            c_text(th, &errors)?;
        }
        let codec = self.choose_codec(th, &text)?;
        match (errors, encoding) {
            (Some(errors), _) => self.errors.set(Some(errors.to_owned())),
            (None, Some(_)) => self.errors.set(Some(id::strict.to_owned())),
            (None, None) => {}
        }
        if let Some(newline) = newline {
            self.newline.set(newline);
        }
        self.decoder.replace(None);
        self.encoder.set(None);
        self.make_decoder(th, codec.as_ref().map(Owned::borrow))?;
        self.make_encoder(th, codec.as_ref().map(Owned::borrow))?;
        self.fix_encoder(th)
    }

    pub(super) fn describe(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        if this.state.get() == State::Uninitialised {
            let message = "I/O operation on uninitialized object";
            return Err(th.raise(exc::VALUE_ERROR, message));
        }
        let object = this.object();
        let ty = object.type_name();
        let Some(_guard) = krait_objects::repr_guard::enter(th, this.object()) else {
            return Err(raise!(th, RUNTIME_ERROR, "reentrant call inside {ty}.__repr__"));
        };
        let mut out = StrBuilder::new();
        out.push_str("<");
        out.push_str(this.object().ty().tp_name());
        for (attribute, label) in [("name", " name="), ("mode", " mode=")] {
            let found = object::get_attr_opt(th, this.object(), name(th, attribute)?.borrow());
            let found = match found {
                Ok(found) => found,
                // A stream underneath that is detached has no name.
                Err(raised) => {
                    drop(th.take_if(raised, exc::VALUE_ERROR)?);
                    None
                }
            };
            if let Some(found) = found {
                out.push_str(label);
                out.push(&*object::repr(th, found.borrow())?);
            }
        }
        out.push_str(" encoding=");
        let encoding = this.encoding.get_owned().unwrap_or_else(|| none().to_owned());
        out.push(&*object::repr(th, encoding.borrow())?);
        out.push_str(">");
        out.finish(th)
    }
}
