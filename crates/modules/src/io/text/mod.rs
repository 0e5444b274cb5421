//! `TextIOWrapper`: text over a buffered stream.
//!
//! This file has the object and how it is set up; `reading`, `writing` and `position` are its parts, `decoding` its
//! decoder, `cookie` what `tell` returns. The same job as the second part of CPython's `Modules/_io/textio.c`.

mod cookie;
mod decoding;
mod methods;
mod position;
mod reading;
mod setup;
mod writing;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use krait_abi as abi;
use krait_objects::prelude::*;

pub use decoding::{Decoder, Native};

use super::buffered;
use super::kinds::TextIOBase;
use super::support::{flag, unsupported};
use crate::late::Late;

/// Where the decoder stood before the current piece of text: its state, and what it was given since.
#[derive(Clone)]
pub struct Snapshot {
    flags: i64,
    input: Rc<[u8]>,
}

/// Character and line based layer over a BufferedIOBase object, buffer.
///
/// encoding gives the name of the encoding that the stream will be
/// decoded or encoded with. It defaults to locale.getencoding().
///
/// errors determines the strictness of encoding and decoding (see
/// help(codecs.Codec) or the documentation for codecs.register) and
/// defaults to "strict".
///
/// newline controls how line endings are handled. It can be None, '',
/// '\n', '\r', and '\r\n': None reads any of them as '\n' and writes '\n'
/// as the system's own, '' leaves all as they are, any other value is the
/// only line ending, and what '\n' is written as.
///
/// If line_buffering is True, a call to flush is implied when a call to
/// write contains a newline character.
#[pytype(
    name = "_io.TextIOWrapper", base = TextIOBase,
    new = "(buffer, encoding=None, errors=None, newline=None,\n              line_buffering=False, write_through=False)",
    flags(BASETYPE, HAVE_GC), dict = dict, weaklist = weakrefs,
)]
#[repr(C)]
pub struct TextIOWrapper {
    head: Head,
    state: Cell<State>,
    #[visit]
    #[member(readonly, kind = "OBJECT_EX")]
    buffer: Slot,
    #[visit]
    #[member(readonly, kind = "OBJECT")]
    encoding: Slot,
    #[visit]
    errors: Slot<Str>,
    /// The incremental encoder of an encoding that is not native.
    #[visit]
    encoder: Slot,
    #[member(readonly, kind = "BOOL")]
    line_buffering: Cell<bool>,
    #[member(readonly, kind = "BOOL")]
    write_through: Cell<bool>,
    #[member(name = "_finalizing", kind = "BOOL")]
    finalizing: Cell<bool>,
    can_write: Cell<bool>,
    has_read1: Cell<bool>,
    seekable: Cell<bool>,
    /// Whether `tell` works: not while the object is iterated over.
    telling: Cell<bool>,
    native: Late<Cell<Option<Native>>>,
    newline: Late<Cell<Newline>>,
    chunk_size: Cell<usize>,
    /// Bytes per character of the last piece read.
    ratio: Cell<f64>,
    /// Text that was decoded, and how much of it was read.
    #[visit]
    decoded: Slot<Str>,
    used: Cell<usize>,
    decoder: Late<RefCell<Option<Rc<Decoder>>>>,
    snapshot: Late<RefCell<Option<Snapshot>>>,
    /// Encoded text that has not been handed on.
    pending: Late<RefCell<Vec<u8>>>,
    #[visit]
    dict: Slot<Dict>,
    weakrefs: Cell<*mut abi::PyObject>,
}

/// Whether the object can be used.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum State {
    /// As the zeros of a new object.
    Uninitialised = 0,
    Ready,
    Detached,
}

/// The argument `newline`.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Newline {
    /// `None`: all are read as `\n`.
    #[default]
    Translated,
    /// `""`: all end a line, and stay.
    Any,
    Only(&'static str),
}

impl Newline {
    fn is_universal(self) -> bool {
        matches!(self, Newline::Translated | Newline::Any)
    }

    /// What `\n` is written as, if not so.
    fn written(self) -> Option<&'static str> {
        match self {
            Newline::Only(text) if text != "\n" => Some(text),
            _ => None,
        }
    }
}

impl TextIOWrapper {
    /// The stream underneath; ValueError if the object is not whole.
    fn attached(&self, th: &Thread) -> PyResult<Owned> {
        let message = match (self.state.get(), self.buffer.get_owned()) {
            (State::Ready, Some(buffer)) => return Ok(buffer),
            (State::Detached, _) => "underlying buffer has been detached",
            _ => "I/O operation on uninitialized object",
        };
        Err(th.raise(exc::VALUE_ERROR, message))
    }

    /// The stream underneath; ValueError if it is closed too.
    fn open_buffer(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned> {
        let buffer = this.attached(th)?;
        let closed = if this.object().is_exact::<TextIOWrapper>() {
            match buffered::is_closed(th, buffer.borrow())? {
                Some(closed) => closed,
                None => flag(th, buffer.borrow(), "closed")?,
            }
        } else {
            flag(th, this.object(), "closed")?
        };
        if closed { Err(super::support::closed_error(th)) } else { Ok(buffer) }
    }

    /// Whether the stream is closed, if the one underneath is of a kind that need not be asked.
    pub fn known_closed(&self, th: &Thread) -> PyResult<Option<bool>> {
        match self.buffer.get() {
            Some(buffer) if self.state.get() == State::Ready => buffered::is_closed(th, buffer),
            _ => Ok(None),
        }
    }

    fn decoder(&self) -> Option<Rc<Decoder>> {
        self.decoder.borrow().clone()
    }

    fn reading_decoder(&self, th: &Thread) -> PyResult<Rc<Decoder>> {
        self.decoder().ok_or_else(|| unsupported(th, "not readable"))
    }

    fn errors_text(&self) -> String {
        self.errors.get().map_or_else(|| "strict".to_owned(), |errors| errors.to_string_lossy())
    }

    fn set_decoded(&self, text: Option<Owned<Str>>) {
        self.used.set(0);
        self.decoded.set(text);
    }

    fn set_snapshot(&self, snapshot: Option<Snapshot>) {
        *self.snapshot.borrow_mut() = snapshot;
    }

    /// Forgets what was read ahead, if anything is remembered of it.
    fn forget_snapshot(&self) {
        if self.snapshot.borrow().is_some() {
            self.set_decoded(None);
            self.set_snapshot(None);
        }
    }
}
