//! Writing to a buffered stream, moving about in it, and letting go of it.

use krait_objects::prelude::*;
use krait_objects::typeobj::unfilled;

use super::core::{Done, Stream};
use crate::io::base;
use crate::io::support::{both, invoke, offset_of, unsupported};

impl Stream<'_> {
    /// `write(data)`.
    pub fn write(&self, th: &Thread, data: &[u8]) -> PyResult<usize> {
        if !self.core.ok.get() {
            self.raw(th)?;
        }
        let _held = self.enter(th)?;
        self.check_open(th, "write to closed file")?;
        let core = self.core;
        if !self.has_read() && !self.has_write() {
            core.pos.set(0);
            core.raw_pos.set(0);
        }
        let pos = core.pos.get();
        if data.len() <= core.size.get().saturating_sub(pos) && data.len() < core.size.get() {
            core.buffer.borrow_mut()[pos..pos + data.len()].copy_from_slice(data);
            if !self.has_write() || core.write_pos.get() > pos {
                core.write_pos.set(pos);
            }
            self.move_to(pos + data.len());
            core.write_end.set(core.write_end.get().max(core.pos.get() as isize));
            return Ok(data.len());
        }
        if let Err(raised) = self.flush_writes(th) {
            return self.keep_blocked(th, raised, data);
        }
        let offset = self.raw_offset();
        if offset != 0 {
            self.raw_seek(th, -offset, 1)?;
            core.raw_pos.set(core.raw_pos.get() - offset);
        }
        self.write_through(th, data)
    }

    /// Writes whole blocks at once, and keeps the rest; the buffer is empty.
    fn write_through(&self, th: &Thread, data: &[u8]) -> PyResult<usize> {
        let (core, size) = (self.core, self.core.size.get());
        let mut rest = data;
        while rest.len() > size {
            match self.raw_write(th, rest)? {
                Done::Some(count) => rest = &rest[count..],
                Done::WouldBlock => {
                    core.buffer.borrow_mut().copy_from_slice(&rest[..size]);
                    core.raw_pos.set(0);
                    self.move_to(size);
                    core.write_pos.set(0);
                    core.write_end.set(size as isize);
                    return Err(self.blocked(th, data.len() - rest.len() + size));
                }
            }
            krait_eval::pending::handle(th)?;
        }
        if core.readable.get() {
            self.drop_read();
        }
        core.buffer.borrow_mut()[..rest.len()].copy_from_slice(rest);
        core.write_pos.set(0);
        core.write_end.set(rest.len() as isize);
        self.move_to(rest.len());
        core.raw_pos.set(0);
        Ok(data.len())
    }

    /// The raw stream does not take what is buffered: as much of `data` as fits is kept.
    fn keep_blocked(&self, th: &Thread, raised: Raised, data: &[u8]) -> PyResult<usize> {
        let error = th.take_if(raised, exc::BLOCKING_IO_ERROR)?;
        let core = self.core;
        if core.readable.get() {
            self.drop_read();
        }
        let (start, end) = (core.write_pos.get(), core.write_end.get().max(0) as usize);
        core.buffer.borrow_mut().copy_within(start..end, 0);
        core.write_end.set((end - start) as isize);
        core.raw_pos.set(core.raw_pos.get() - start as i64);
        core.pos.set(core.pos.get() - start);
        core.write_pos.set(0);
        let end = end - start;
        let taken = data.len().min(core.size.get() - end);
        core.buffer.borrow_mut()[end..end + taken].copy_from_slice(&data[..taken]);
        core.write_end.set((end + taken) as isize);
        core.pos.set(core.pos.get() + taken);
        drop(error);
        if taken == data.len() { Ok(taken) } else { Err(self.blocked(th, taken)) }
    }

    /// `seek(target, whence)`.
    pub fn seek(&self, th: &Thread, target: Borrowed<'_>, whence: i32) -> PyResult<i64> {
        self.raw(th)?;
        if !matches!(whence, 0..=2 | libc::SEEK_DATA | libc::SEEK_HOLE) {
            return Err(raise!(th, VALUE_ERROR, "whence value {whence} unsupported"));
        }
        self.check_open(th, "seek of closed file")?;
        let raw = self.raw(th)?;
        base::check_seekable(th, raw.borrow())?;
        let mut target = offset_of(th, target)?;
        let core = self.core;
        if matches!(whence, 0 | 1) && core.readable.get() {
            // What is buffered need not be read again.
            let current = self.raw_position(th)?;
            let ahead = self.ahead();
            if ahead > 0 {
                let here = current - self.raw_offset();
                let step = if whence == 0 { target.checked_sub(here) } else { Some(target) };
                let inside =
                    |step: &i64| -(core.pos.get() as i64) <= *step && *step <= ahead as i64;
                if let Some(step) = step.filter(inside) {
                    core.pos.set((core.pos.get() as i64 + step) as usize);
                    // A device that always says it is at 0 would be before its start.
                    return Ok((here + step).max(0));
                }
            }
        }
        let _held = self.enter(th)?;
        if core.writable.get() {
            self.flush_writes(th)?;
        }
        if whence == 1 {
            target -= self.raw_offset();
        }
        let position = self.raw_seek(th, target, whence)?;
        core.raw_pos.set(-1);
        if core.readable.get() {
            self.drop_read();
        }
        Ok(position)
    }

    /// `tell()`.
    pub fn tell(&self, th: &Thread) -> PyResult<i64> {
        self.raw(th)?;
        let position = self.raw_tell(th)? - self.raw_offset();
        Ok(position.max(0))
    }

    /// `truncate(size)`.
    pub fn truncate(&self, th: &Thread, size: Borrowed<'_>) -> PyResult {
        self.raw(th)?;
        self.check_open(th, "truncate of closed file")?;
        if !self.core.writable.get() {
            return Err(unsupported(th, "truncate"));
        }
        let _held = self.enter(th)?;
        self.flush_and_rewind(th)?;
        let result = invoke(th, self.raw(th)?.borrow(), "truncate", &[size])?;
        if let Err(raised) = self.raw_tell(th) {
            drop(th.take_raised(raised));
        }
        Ok(result)
    }

    /// `flush()` of a stream that can be written.
    pub fn flush(&self, th: &Thread) -> PyResult<()> {
        self.raw(th)?;
        self.check_open(th, "flush of closed file")?;
        let _held = self.enter(th)?;
        self.flush_and_rewind(th)
    }

    /// `close()`: flushes, then closes the raw stream in any case.
    pub fn close(&self, th: &Thread, finalizing: bool) -> PyResult<()> {
        let raw = self.raw(th)?;
        {
            let _held = self.enter(th)?;
            if self.is_closed(th)? {
                return Ok(());
            }
        }
        if finalizing {
            self.dealloc_warn(th, self.ob)?;
        }
        let flushed = unfilled::call_method(th, self.ob, id::flush, &[]);
        // Whoever wants to write meanwhile waits, and then finds the file closed.
        let result = both(th, flushed, || {
            let _held = self.enter(th)?;
            unfilled::call_method(th, raw.borrow(), id::close, &[])
        });
        self.core.size.set(0);
        self.core.give_buffer_up(th);
        result.map(drop)
    }

    /// Hands the warning about an unclosed file down.
    pub fn dealloc_warn(&self, th: &Thread, source: Borrowed<'_>) -> PyResult<()> {
        if let (true, Some(raw)) = (self.core.ok.get(), self.raw.get_owned()) {
            if let Err(raised) = invoke(th, raw.borrow(), "_dealloc_warn", &[source]) {
                drop(th.take_raised(raised));
            }
        }
        Ok(())
    }

    /// `detach()`.
    pub fn detach(&self, th: &Thread) -> PyResult {
        self.raw(th)?;
        call::call_method(th, self.ob, id::flush, &[])?;
        let raw = self.raw(th)?;
        self.core.detached.set(true);
        self.core.ok.set(false);
        self.raw.set(None);
        Ok(raw)
    }

    pub fn describe(&self, th: &Thread) -> PyResult<Owned<Str>> {
        let ty = self.ob.type_name();
        let found = match object::get_attr_opt(th, self.ob, id::name) {
            Ok(found) => found,
            Err(raised) => {
                // A stream that is detached has no name.
                drop(th.take_if(raised, exc::VALUE_ERROR)?);
                None
            }
        };
        let Some(found) = found else {
            return Str::from_fmt(th, format_args!("<{ty}>"));
        };
        let Some(_guard) = krait_objects::repr_guard::enter(th, self.ob) else {
            return Err(raise!(th, RUNTIME_ERROR, "reentrant call inside {ty}.__repr__"));
        };
        let mut out = krait_objects::str::StrBuilder::new();
        out.push_str(&format!("<{ty} name="));
        out.push(&*object::repr(th, found.borrow())?);
        out.push_str(">");
        out.finish(th)
    }
}
