//! The state of a buffered stream, and its dealings with the raw stream.
//!
//! One buffer serves reading and writing. It stands for a stretch of the file: `pos` is where the user is in it,
//! `raw_pos` where the raw stream is (-1 if unknown). `read_end` ends what was read (-1 if nothing is valid), and
//! `write_pos..write_end` is what is still to be written (`write_end` -1 if nothing).

use std::cell::{Cell, RefCell};

use krait_objects::prelude::*;

use super::lock::{Held, Lock};
use crate::io::fileio::FileIO;
use crate::io::support::{self, flag, invoke, offset_answer};

/// What a raw stream did: how many bytes, or that it would have to wait.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Done {
    Some(usize),
    WouldBlock,
}

/// Everything but the objects.
pub struct Core {
    pub ok: Cell<bool>,
    pub detached: Cell<bool>,
    pub readable: Cell<bool>,
    pub writable: Cell<bool>,
    pub buffer: RefCell<Vec<u8>>,
    pub size: Cell<usize>,
    pub pos: Cell<usize>,
    pub raw_pos: Cell<i64>,
    pub read_end: Cell<isize>,
    pub write_pos: Cell<usize>,
    pub write_end: Cell<isize>,
    /// Where the raw stream is in the file; -1 if unknown.
    pub abs_pos: Cell<i64>,
    pub lock: Lock,
}

impl Default for Core {
    fn default() -> Core {
        Core {
            ok: Cell::new(false),
            detached: Cell::new(false),
            readable: Cell::new(false),
            writable: Cell::new(false),
            buffer: RefCell::default(),
            size: Cell::new(0),
            pos: Cell::new(0),
            raw_pos: Cell::new(0),
            read_end: Cell::new(-1),
            write_pos: Cell::new(0),
            write_end: Cell::new(-1),
            abs_pos: Cell::new(-1),
            lock: Lock::default(),
        }
    }
}

/// The buffer of a stream that is gone, for the next one: a new one would have to be cleared.
#[derive(Default)]
struct Spare(Cell<Option<Vec<u8>>>);

impl Core {
    /// The stream needs no buffer any more.
    pub fn give_buffer_up(&self, th: &Thread) {
        let buffer = self.buffer.take();
        if buffer.len() == support::DEFAULT_BUFFER_SIZE {
            drop(th.interp().state::<Spare>().0.replace(Some(buffer)));
        }
    }
}

/// A buffered stream of any type: the object, its raw stream, its state.
#[derive(Clone, Copy)]
pub struct Stream<'a> {
    pub ob: Borrowed<'a>,
    pub raw: &'a Slot,
    pub core: &'a Core,
}

impl Stream<'_> {
    /// The raw stream; ValueError if there is none.
    pub fn raw(&self, th: &Thread) -> PyResult<Owned> {
        match self.raw.get_owned() {
            Some(raw) if self.core.ok.get() => Ok(raw),
            _ if self.core.detached.get() => {
                Err(th.raise(exc::VALUE_ERROR, "raw stream has been detached"))
            }
            _ => Err(th.raise(exc::VALUE_ERROR, "I/O operation on uninitialized object")),
        }
    }

    /// The raw stream as a file, if that is what it is: then no method needs to be called.
    fn file(raw: &Owned) -> Option<Borrowed<'_, FileIO>> {
        raw.object().downcast_exact::<FileIO>()
    }

    #[inline]
    pub fn is_closed(&self, th: &Thread) -> PyResult<bool> {
        // As most are: nothing is called that could let go of the raw stream.
        if self.core.ok.get()
            && let Some(file) = self.raw.get().and_then(Borrowed::downcast_exact::<FileIO>)
        {
            return Ok(file.fd.get() < 0);
        }
        let raw = self.raw(th)?;
        match Stream::file(&raw) {
            Some(file) => Ok(file.fd.get() < 0),
            None => flag(th, raw.borrow(), "closed"),
        }
    }

    /// ValueError with `message` if the stream is closed.
    pub fn check_open(&self, th: &Thread, message: &str) -> PyResult<()> {
        if self.is_closed(th)? || self.core.size.get() == 0 {
            return Err(th.raise(exc::VALUE_ERROR, message));
        }
        Ok(())
    }

    pub fn enter(&self, th: &Thread) -> PyResult<Held<'_>> {
        self.core.lock.enter(th, self.ob)
    }

    /// `__init__`, after the raw stream was found fit.
    pub fn set_up(
        &self,
        th: &Thread,
        raw: Borrowed<'_>,
        size: isize,
        readable: bool,
        writable: bool,
    ) -> PyResult<()> {
        let core = self.core;
        let Some(size) = usize::try_from(size).ok().filter(|&size| size > 0) else {
            return Err(th.raise(exc::VALUE_ERROR, "buffer size must be strictly positive"));
        };
        let spare = th.interp().state::<Spare>().0.take().filter(|spare| spare.len() == size);
        // From the system, which gives zeroed memory page by page when it is touched.
        let buffer = spare.or_else(|| zeroed(size)).ok_or_else(|| th.no_memory())?;
        *core.buffer.borrow_mut() = buffer;
        self.raw.set(Some(raw.to_owned()));
        core.size.set(size);
        core.readable.set(readable);
        core.writable.set(writable);
        core.pos.set(0);
        core.raw_pos.set(0);
        core.abs_pos.set(-1);
        self.drop_read();
        self.drop_write();
        core.ok.set(true);
        if let Err(raised) = self.raw_tell(th) {
            // A stream that cannot tell can still be read and written.
            drop(th.take_raised(raised));
        }
        Ok(())
    }

    pub fn has_read(&self) -> bool {
        self.core.readable.get() && self.core.read_end.get() >= 0
    }

    pub fn has_write(&self) -> bool {
        self.core.writable.get() && self.core.write_end.get() >= 0
    }

    /// Nothing in the buffer counts as read.
    pub fn drop_read(&self) {
        self.core.read_end.set(-1);
    }

    /// Nothing in the buffer is to be written.
    pub fn drop_write(&self) {
        self.core.write_pos.set(0);
        self.core.write_end.set(-1);
    }

    /// How many bytes can be read from the buffer.
    pub fn ahead(&self) -> usize {
        if !self.has_read() {
            return 0;
        }
        (self.core.read_end.get() as usize).saturating_sub(self.core.pos.get())
    }

    /// How far the raw stream is ahead of the user.
    pub fn raw_offset(&self) -> i64 {
        let known = (self.has_read() || self.has_write()) && self.core.raw_pos.get() >= 0;
        if known { self.core.raw_pos.get() - self.core.pos.get() as i64 } else { 0 }
    }

    /// Moves the user; what they pass over counts as read.
    pub fn move_to(&self, pos: usize) {
        self.core.pos.set(pos);
        if self.has_read() && (self.core.read_end.get() as usize) < pos {
            self.core.read_end.set(pos as isize);
        }
    }

    /// The next `count` bytes of the buffer, which must be there; they count as read.
    pub fn take(&self, count: usize, out: &mut Vec<u8>) {
        let pos = self.core.pos.get();
        out.extend_from_slice(&self.core.buffer.borrow()[pos..pos + count]);
        self.core.pos.set(pos + count);
    }

    fn position_answer(&self, th: &Thread, answer: Borrowed<'_>) -> PyResult<i64> {
        let position = offset_answer(th, answer)?;
        if position < 0 {
            return Err(raise!(th, OS_ERROR, "Raw stream returned invalid position {position}"));
        }
        self.core.abs_pos.set(position);
        Ok(position)
    }

    pub fn raw_tell(&self, th: &Thread) -> PyResult<i64> {
        let raw = self.raw(th)?;
        if let Some(file) = Stream::file(&raw) {
            let position = file.seek_raw(th, 0, libc::SEEK_CUR)?;
            self.core.abs_pos.set(position);
            return Ok(position);
        }
        self.core.abs_pos.set(-1);
        let answer = invoke(th, raw.borrow(), "tell", &[])?;
        self.position_answer(th, answer.borrow())
    }

    /// As `raw_tell`, from memory if possible.
    pub fn raw_position(&self, th: &Thread) -> PyResult<i64> {
        match self.core.abs_pos.get() {
            -1 => self.raw_tell(th),
            known => Ok(known),
        }
    }

    pub fn raw_seek(&self, th: &Thread, target: i64, whence: i32) -> PyResult<i64> {
        let raw = self.raw(th)?;
        if let Some(file) = Stream::file(&raw) {
            self.core.abs_pos.set(-1);
            let position = file.seek_raw(th, target, whence)?;
            self.core.abs_pos.set(position);
            return Ok(position);
        }
        let (target, whence) = (Int::from_i64(th, target)?, Int::from_i64(th, whence.into())?);
        let answer = invoke(th, raw.borrow(), "seek", &[target.object(), whence.object()])?;
        self.core.abs_pos.set(-1);
        self.position_answer(th, answer.borrow())
    }

    /// The number of bytes a raw stream claims to have moved.
    fn count_answer(
        &self,
        th: &Thread,
        answer: Borrowed<'_>,
        what: &str,
        most: usize,
    ) -> PyResult<Done> {
        if answer.is_none() {
            return Ok(Done::WouldBlock);
        }
        let count = match number::as_isize(th, answer, Some(exc::VALUE_ERROR)) {
            Ok(count) => count,
            Err(raised) if what == "readinto" => {
                let cause = th.take_raised(raised);
                let raised = th.raise(exc::OS_ERROR, "raw readinto() failed");
                let error = th.take_raised(raised);
                error.set_cause(Some(cause.clone().into_object()));
                error.set_context(Some(cause.into_object()));
                return Err(th.set_exception(error.into_object()));
            }
            Err(raised) => return Err(raised),
        };
        match usize::try_from(count).ok().filter(|&count| count <= most) {
            Some(count) => Ok(self.moved(count)),
            None => Err(raise!(
                th,
                OS_ERROR,
                "raw {what}() returned invalid length {count} (should have been between 0 and {most})"
            )),
        }
    }

    fn moved(&self, count: usize) -> Done {
        if self.core.abs_pos.get() != -1 {
            self.core.abs_pos.set(self.core.abs_pos.get() + count as i64);
        }
        Done::Some(count)
    }

    /// Reads from the raw stream, once.
    pub fn raw_read(&self, th: &Thread, into: &mut [u8]) -> PyResult<Done> {
        let raw = self.raw(th)?;
        if let Some(file) = Stream::file(&raw) {
            return Ok(file
                .read_raw(th, into)?
                .map_or(Done::WouldBlock, |count| self.moved(count)));
        }
        // The stream fills memory of its own: it may keep the view for as long as it likes.
        let (array, view) = support::scratch(th, into.len())?;
        let answer = invoke(th, raw.borrow(), "readinto", &[view.borrow()])?;
        let done = self.count_answer(th, answer.borrow(), "readinto", into.len())?;
        if let Done::Some(count) = done {
            let data = krait_objects::protocol::buffer::Buffer::simple(th, array.borrow())?;
            into[..count].copy_from_slice(&data.as_bytes()[..count]);
        }
        Ok(done)
    }

    /// Writes to the raw stream, once.
    pub fn raw_write(&self, th: &Thread, data: &[u8]) -> PyResult<Done> {
        let raw = self.raw(th)?;
        if let Some(file) = Stream::file(&raw) {
            return Ok(file
                .write_raw(th, data)?
                .map_or(Done::WouldBlock, |count| self.moved(count)));
        }
        let view = support::view_of(th, data)?;
        let answer = call::call_method(th, raw.borrow(), id::write, &[view.borrow()])?;
        self.count_answer(th, answer.borrow(), "write", data.len())
    }

    /// Reads into the buffer, behind what is valid there.
    pub fn fill(&self, th: &Thread) -> PyResult<Done> {
        let start = if self.has_read() { self.core.read_end.get() as usize } else { 0 };
        let mut buffer = std::mem::take(&mut *self.core.buffer.borrow_mut());
        let done = self.raw_read(th, &mut buffer[start..]);
        self.give_back(buffer);
        let done = done?;
        if let Done::Some(count @ 1..) = done {
            self.core.read_end.set((start + count) as isize);
            self.core.raw_pos.set((start + count) as i64);
        }
        Ok(done)
    }

    /// Puts the buffer back that was taken out to be filled or written.
    fn give_back(&self, buffer: Vec<u8>) {
        *self.core.buffer.borrow_mut() = buffer;
    }

    /// Writes what is to be written; BlockingIOError if not all can be.
    pub fn flush_writes(&self, th: &Thread) -> PyResult<()> {
        let core = self.core;
        if !self.has_write() || core.write_pos.get() as isize == core.write_end.get() {
            self.drop_write();
            return Ok(());
        }
        let rewind = self.raw_offset() + (core.pos.get() as i64 - core.write_pos.get() as i64);
        if rewind != 0 {
            self.raw_seek(th, -rewind, 1)?;
            core.raw_pos.set(core.raw_pos.get() - rewind);
        }
        while (core.write_pos.get() as isize) < core.write_end.get() {
            let range = core.write_pos.get()..core.write_end.get() as usize;
            let buffer = std::mem::take(&mut *core.buffer.borrow_mut());
            let done = self.raw_write(th, &buffer[range]);
            self.give_back(buffer);
            match done? {
                Done::WouldBlock => return Err(self.blocked(th, 0)),
                Done::Some(count) => {
                    core.write_pos.set(core.write_pos.get() + count);
                    core.raw_pos.set(core.write_pos.get() as i64);
                }
            }
            // A partial write may be a signal's doing.
            krait_eval::pending::handle(th)?;
        }
        self.drop_write();
        Ok(())
    }

    /// Writes out, and puts the raw stream where the user is.
    pub fn flush_and_rewind(&self, th: &Thread) -> PyResult<()> {
        self.flush_writes(th)?;
        if self.core.readable.get() {
            let offset = self.raw_offset();
            self.drop_read();
            if offset != 0 {
                self.raw_seek(th, -offset, 1)?;
            }
        }
        Ok(())
    }

    /// BlockingIOError: so many bytes were taken before.
    pub fn blocked(&self, th: &Thread, written: usize) -> Raised {
        let args = || -> PyResult<Owned<Tuple>> {
            let message = Str::new(th, "write could not complete without blocking")?;
            // A raw stream that is no file says only that it would block, not why.
            let is_file = self.raw.get_owned().is_some_and(|raw| Stream::file(&raw).is_some());
            let errno = Int::from_i64(th, if is_file { libc::EAGAIN.into() } else { 0 })?;
            let written = Int::from_usize(th, written)?;
            Tuple::from_slice(th, &[errno.object(), message.object(), written.object()])
        };
        match args() {
            Ok(args) => th.raise_value(exc::BLOCKING_IO_ERROR, args.object()),
            Err(raised) => raised,
        }
    }
}

/// A buffer of zeros; `None` without memory for it.
fn zeroed(size: usize) -> Option<Vec<u8>> {
    let layout = std::alloc::Layout::array::<u8>(size).ok()?;
    // SAFETY: `size` is not zero; the vector takes over a block of its layout, initialised.
    unsafe {
        let block = std::alloc::alloc_zeroed(layout);
        (!block.is_null()).then(|| Vec::from_raw_parts(block, size, size))
    }
}
