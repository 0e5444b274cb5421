//! `open`: the right pile of streams for a mode.
//!
//! The same job as CPython's `Modules/_io/_iomodule.c`.

use krait_objects::prelude::*;

use super::buffered::{BufferedRandom, BufferedReader, BufferedWriter};
use super::fileio::FileIO;
use super::fileio_open::fspath;
use super::support::{self, DEFAULT_BUFFER_SIZE, both, name};
use super::text::TextIOWrapper;

/// The largest buffer that is chosen without being asked for.
const MOST: i64 = 8 * 1024 * 1024;

/// The arguments that only text has.
#[derive(Clone, Copy, Default)]
pub struct Text<'a> {
    pub encoding: Option<Borrowed<'a>>,
    pub errors: Option<Borrowed<'a>>,
    pub newline: Option<Borrowed<'a>>,
}

/// A mode, taken apart.
#[derive(Default)]
struct Wanted {
    creating: bool,
    reading: bool,
    writing: bool,
    appending: bool,
    updating: bool,
    text: bool,
    binary: bool,
}

impl Wanted {
    fn parse(th: &Thread, mode: &str) -> PyResult<Wanted> {
        let mut wanted = Wanted::default();
        for letter in mode.chars() {
            let field = match letter {
                'x' => &mut wanted.creating,
                'r' => &mut wanted.reading,
                'w' => &mut wanted.writing,
                'a' => &mut wanted.appending,
                '+' => &mut wanted.updating,
                't' => &mut wanted.text,
                'b' => &mut wanted.binary,
                _ => return Err(raise!(th, VALUE_ERROR, "invalid mode: '{mode}'")),
            };
            if std::mem::replace(field, true) {
                return Err(raise!(th, VALUE_ERROR, "invalid mode: '{mode}'"));
            }
        }
        if wanted.text && wanted.binary {
            return Err(th.raise(exc::VALUE_ERROR, "can't have text and binary mode at once"));
        }
        let kinds = [wanted.creating, wanted.reading, wanted.writing, wanted.appending];
        // None at all is what `FileIO` complains about.
        if kinds.iter().filter(|&&kind| kind).count() > 1 {
            return Err(th.raise(
                exc::VALUE_ERROR,
                "must have exactly one of create/read/write/append mode",
            ));
        }
        Ok(wanted)
    }

    /// The mode of the raw file.
    fn raw(&self) -> String {
        let letters = [
            (self.creating, 'x'),
            (self.reading, 'r'),
            (self.writing, 'w'),
            (self.appending, 'a'),
            (self.updating, '+'),
        ];
        letters.iter().filter(|(given, _)| *given).map(|&(_, letter)| letter).collect()
    }

    fn check(&self, th: &Thread, text: Text<'_>, buffering: i32) -> PyResult<()> {
        if !self.binary {
            return Ok(());
        }
        let given = |value: Option<Borrowed<'_>>| value.is_some_and(|value| !value.is_none());
        for (value, argument) in [
            (text.encoding, "an encoding"),
            (text.errors, "an errors"),
            (text.newline, "a newline"),
        ] {
            if given(value) {
                return Err(raise!(
                    th,
                    VALUE_ERROR,
                    "binary mode doesn't take {argument} argument"
                ));
            }
        }
        if buffering == 1 {
            support::warn(
                th,
                exc::RUNTIME_WARNING,
                "line buffering (buffering=1) isn't supported in binary mode, the default buffer size will be used",
                1,
            )?;
        }
        Ok(())
    }
}

/// An argument for `TextIOWrapper` that must be a string or None.
fn text_or_none(th: &Thread, value: Option<Borrowed<'_>>, argument: &str) -> PyResult {
    let value = value.unwrap_or(none());
    if value.is_none() {
        return Ok(none().to_owned());
    }
    let Some(text) = value.downcast::<Str>() else {
        let found = value.type_name();
        return Err(raise!(
            th,
            TYPE_ERROR,
            "open() argument '{argument}' must be str or None, not {found}"
        ));
    };
    if text.chars().iter().any(|point| point == 0) {
        return Err(th.raise(exc::VALUE_ERROR, "embedded null character"));
    }
    Ok(value.to_owned())
}

fn class(ty: &'static Type) -> Borrowed<'static> {
    Borrowed::from_ref(ty).object()
}

pub fn open(
    th: &Thread,
    file: Borrowed<'_>,
    mode: &str,
    buffering: i32,
    text: Text<'_>,
    closefd: bool,
    opener: Option<Borrowed<'_>>,
) -> PyResult {
    let encoding = text_or_none(th, text.encoding, "encoding")?;
    let errors = text_or_none(th, text.errors, "errors")?;
    let newline = text_or_none(th, text.newline, "newline")?;
    let path = if number::is_index(file) { file.to_owned() } else { fspath(th, file)? };
    let wanted = Wanted::parse(th, mode)?;
    wanted.check(th, text, buffering)?;
    let raw_mode = Str::new(th, &wanted.raw())?;
    let raw = call::call(
        th,
        class(FileIO::type_object()),
        &[
            path.borrow(),
            raw_mode.object(),
            bool_object(closefd).object(),
            opener.unwrap_or(none()),
        ],
    )?;
    let mut result = raw.clone();
    let layers = Layers { wanted: &wanted, mode, buffering, encoding, errors, newline };
    match layers.add(th, &raw, &mut result) {
        Ok(()) => Ok(result),
        // What was opened is closed again.
        Err(raised) => both(th, Err::<(), _>(raised), || {
            call::call_method(th, result.borrow(), id::close, &[])
        }),
    }
}

/// What is put on top of the raw file.
struct Layers<'a> {
    wanted: &'a Wanted,
    mode: &'a str,
    buffering: i32,
    encoding: Owned,
    errors: Owned,
    newline: Owned,
}

impl Layers<'_> {
    /// Puts the layers on; `result` is the topmost so far, which the caller closes after an error.
    fn add(&self, th: &Thread, raw: &Owned, result: &mut Owned) -> PyResult<()> {
        let Some(file) = raw.borrow().downcast_exact::<FileIO>() else {
            return Err(th.bad_internal_call());
        };
        let terminal = match self.buffering {
            ..0 => file.isatty_open_only(th)?,
            _ => false,
        };
        let line_buffering = self.buffering == 1 || terminal;
        let buffering = match self.buffering {
            // A terminal has no more than a line at a time anyway.
            i32::MIN..=-1 | 1 => file.block_size(),
            given => given.into(),
        };
        let buffering = match self.buffering {
            i32::MIN..=-1 | 1 => buffering.min(MOST).max(DEFAULT_BUFFER_SIZE as i64),
            _ => buffering,
        };
        if buffering == 0 {
            if !self.wanted.binary {
                return Err(th.raise(exc::VALUE_ERROR, "can't have unbuffered text I/O"));
            }
            return Ok(());
        }
        let ty = if self.wanted.updating {
            BufferedRandom::type_object()
        } else if self.wanted.reading {
            BufferedReader::type_object()
        } else {
            BufferedWriter::type_object()
        };
        let size = Int::from_i64(th, buffering)?;
        *result = call::call(th, class(ty), &[raw.borrow(), size.object()])?;
        if self.wanted.binary {
            return Ok(());
        }
        let buffer = result.clone();
        *result = call::call(
            th,
            class(TextIOWrapper::type_object()),
            &[
                buffer.borrow(),
                self.encoding.borrow(),
                self.errors.borrow(),
                self.newline.borrow(),
                bool_object(line_buffering).object(),
            ],
        )?;
        let mode = Str::new(th, self.mode)?;
        object::set_attr(th, result.borrow(), name(th, "mode")?.borrow(), mode.object())
    }
}
