//! Reading, writing and moving about in a buffered stream.

use krait_objects::prelude::*;
use krait_objects::typeobj::unfilled;

use super::core::{Done, Stream};
use crate::io::base;
use crate::io::fileio::FileIO;
use crate::io::support::{both, invoke, name, offset_of, unsupported, writable_buffer};

fn bytes_or_none(th: &Thread, data: Vec<u8>, done: Done) -> PyResult {
    if data.is_empty() && done == Done::WouldBlock {
        return Ok(none().to_owned());
    }
    Ok(Bytes::new(th, &data)?.into_object())
}

impl Stream<'_> {
    /// `read(size)`.
    pub fn read(&self, th: &Thread, size: Option<usize>) -> PyResult {
        self.check_open(th, "read of closed file")?;
        let _held = self.enter(th)?;
        let Some(size) = size else {
            return self.read_all(th);
        };
        if size <= self.ahead() {
            let pos = self.core.pos.get();
            let data = Bytes::new(th, &self.core.buffer.borrow()[pos..pos + size])?;
            self.core.pos.set(pos + size);
            return Ok(data.into_object());
        }
        self.read_some(th, size)
    }

    fn prepare_read(&self, th: &Thread) -> PyResult<()> {
        if self.core.writable.get() {
            self.flush_and_rewind(th)?;
        }
        self.drop_read();
        Ok(())
    }

    /// What is buffered, then whatever the raw stream has.
    fn read_all(&self, th: &Thread) -> PyResult {
        let mut data = Vec::new();
        self.take(self.ahead(), &mut data);
        self.prepare_read(th)?;
        let raw = self.raw(th)?;
        if let Some(file) = raw.object().downcast_exact::<FileIO>() {
            self.core.abs_pos.set(-1);
            return match file.read_to_end(th)? {
                None => bytes_or_none(th, data, Done::WouldBlock),
                Some(rest) if data.is_empty() => Ok(Bytes::new(th, &rest)?.into_object()),
                Some(rest) => {
                    data.extend_from_slice(&rest);
                    Ok(Bytes::new(th, &data)?.into_object())
                }
            };
        }
        let read_all = object::get_attr_opt(th, raw.borrow(), name(th, "readall")?.borrow())?;
        if let Some(read_all) = read_all {
            let rest = call::call(th, read_all.borrow(), &[])?;
            self.core.abs_pos.set(-1);
            if rest.is_none() {
                return bytes_or_none(th, data, Done::WouldBlock);
            }
            let Ok(rest) = rest.downcast::<Bytes>() else {
                return Err(th.raise(exc::TYPE_ERROR, "readall() should return bytes"));
            };
            data.extend_from_slice(rest.as_bytes());
            return Ok(Bytes::new(th, &data)?.into_object());
        }
        loop {
            let part = call::call_method(th, raw.borrow(), id::read, &[])?;
            if part.is_none() {
                return bytes_or_none(th, data, Done::WouldBlock);
            }
            let Ok(part) = part.downcast::<Bytes>() else {
                return Err(th.raise(exc::TYPE_ERROR, "read() should return bytes"));
            };
            if part.is_empty() {
                return Ok(Bytes::new(th, &data)?.into_object());
            }
            self.core.abs_pos.set(-1);
            data.extend_from_slice(part.as_bytes());
        }
    }

    /// `size` bytes, fewer only if the raw stream has no more now.
    fn read_some(&self, th: &Thread, size: usize) -> PyResult {
        let mut data = Vec::new();
        data.try_reserve_exact(size).map_err(|_| th.no_memory())?;
        self.take(self.ahead().min(size), &mut data);
        if data.len() == size {
            return bytes_or_none(th, data, Done::Some(0));
        }
        self.prepare_read(th)?;
        let block = self.core.size.get();
        // Whole blocks go straight to where they belong.
        while size - data.len() >= block {
            let filled = data.len();
            let end = size - (size - filled) % block;
            data.resize(end, 0);
            let done = self.raw_read(th, &mut data[filled..]);
            data.truncate(filled + if let Ok(Done::Some(count)) = done { count } else { 0 });
            if let done @ (Done::Some(0) | Done::WouldBlock) = done? {
                return bytes_or_none(th, data, done);
            }
        }
        self.core.pos.set(0);
        self.core.raw_pos.set(0);
        self.core.read_end.set(0);
        while data.len() < size && (self.core.read_end.get() as usize) < block {
            let done = self.fill(th)?;
            if let Done::Some(0) | Done::WouldBlock = done {
                return bytes_or_none(th, data, done);
            }
            self.take(self.ahead().min(size - data.len()), &mut data);
        }
        bytes_or_none(th, data, Done::Some(0))
    }

    /// `read1(size)`: one call of the raw stream at most.
    pub fn read1(&self, th: &Thread, size: isize) -> PyResult<Owned<Bytes>> {
        self.raw(th)?;
        let size = usize::try_from(size).unwrap_or(self.core.size.get());
        self.check_open(th, "read of closed file")?;
        if size == 0 {
            return Ok(Bytes::empty().to_owned());
        }
        let _held = self.enter(th)?;
        let mut data = Vec::new();
        let ahead = self.ahead().min(size);
        if ahead > 0 {
            self.take(ahead, &mut data);
            return Bytes::new(th, &data);
        }
        self.prepare_read(th)?;
        data.try_reserve_exact(size).map_err(|_| th.no_memory())?;
        data.resize(size, 0);
        match self.raw_read(th, &mut data)? {
            Done::Some(count) => Bytes::new(th, &data[..count]),
            Done::WouldBlock => Ok(Bytes::empty().to_owned()),
        }
    }

    /// `readinto` and, with `once`, `readinto1`.
    pub fn read_into(
        &self,
        th: &Thread,
        into: Borrowed<'_>,
        once: bool,
    ) -> PyResult<Option<usize>> {
        let mut into = writable_buffer(
            th,
            into,
            if once { "readinto1() argument" } else { "readinto() argument" },
        )?;
        self.raw(th)?;
        self.check_open(th, "readinto of closed file")?;
        let into = into.as_mut_bytes();
        let _held = self.enter(th)?;
        let mut filled = self.copy_ahead(into);
        if filled == into.len() {
            return Ok(Some(filled));
        }
        self.prepare_read(th)?;
        self.core.pos.set(0);
        while filled < into.len() {
            let done = if into.len() - filled > self.core.size.get() {
                let done = self.raw_read(th, &mut into[filled..])?;
                if let Done::Some(count) = done {
                    filled += count;
                }
                done
            } else if once && filled > 0 {
                break;
            } else {
                let done = self.fill(th)?;
                if let Done::Some(1..) = done {
                    filled += self.copy_ahead(&mut into[filled..]);
                }
                done
            };
            match done {
                Done::Some(0) => break,
                Done::WouldBlock if filled > 0 => break,
                Done::WouldBlock => return Ok(None),
                Done::Some(_) if once => break,
                Done::Some(_) => {}
            }
        }
        Ok(Some(filled))
    }

    fn copy_ahead(&self, into: &mut [u8]) -> usize {
        let count = self.ahead().min(into.len());
        let pos = self.core.pos.get();
        into[..count].copy_from_slice(&self.core.buffer.borrow()[pos..pos + count]);
        self.core.pos.set(pos + count);
        count
    }

    /// `peek()`: what is buffered, or what one call of the raw stream gives.
    pub fn peek(&self, th: &Thread) -> PyResult<Owned<Bytes>> {
        self.raw(th)?;
        self.check_open(th, "peek of closed file")?;
        let _held = self.enter(th)?;
        if self.core.writable.get() {
            self.flush_and_rewind(th)?;
        }
        if self.ahead() == 0 {
            self.drop_read();
            self.core.pos.set(0);
            self.fill(th)?;
        }
        let pos = self.core.pos.get();
        let ahead = self.ahead();
        Bytes::new(th, &self.core.buffer.borrow()[pos..pos + ahead])
    }

    /// `readline(limit)`.
    pub fn read_line(&self, th: &Thread, limit: Option<usize>) -> PyResult<Owned<Bytes>> {
        self.check_open(th, "readline of closed file")?;
        let limit = limit.unwrap_or(usize::MAX);
        let _held = self.enter(th)?;
        if let Some(line) = self.buffered_line(th, limit)? {
            return Ok(line);
        }
        let mut line = Vec::new();
        if self.take_line(&mut line, limit) {
            return Bytes::new(th, &line);
        }
        if self.core.writable.get() {
            self.flush_and_rewind(th)?;
        }
        loop {
            self.drop_read();
            self.core.pos.set(0);
            match self.fill(th)? {
                Done::Some(1..) => {}
                _ => break,
            }
            if self.take_line(&mut line, limit) {
                break;
            }
        }
        Bytes::new(th, &line)
    }

    /// A line that is in the buffer as a whole.
    fn buffered_line(&self, th: &Thread, limit: usize) -> PyResult<Option<Owned<Bytes>>> {
        let pos = self.core.pos.get();
        let buffer = self.core.buffer.borrow();
        let ahead = &buffer[pos..pos + self.ahead()];
        let count = match memchr::memchr(b'\n', ahead) {
            Some(at) => (at + 1).min(limit),
            None if ahead.len() >= limit => limit,
            None => return Ok(None),
        };
        let line = Bytes::new(th, &ahead[..count])?;
        self.core.pos.set(pos + count);
        Ok(Some(line))
    }

    /// Moves buffered bytes to `line`; true if it is complete.
    fn take_line(&self, line: &mut Vec<u8>, limit: usize) -> bool {
        let pos = self.core.pos.get();
        let ahead = self.ahead().min(limit - line.len());
        let end = memchr::memchr(b'\n', &self.core.buffer.borrow()[pos..pos + ahead]);
        self.take(end.map_or(ahead, |end| end + 1), line);
        end.is_some() || line.len() >= limit
    }

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

    /// The next line of an iteration.
    pub fn next_line(&self, th: &Thread, exact: bool) -> PyResult<Option<Owned>> {
        self.raw(th)?;
        let line = if exact {
            self.read_line(th, None)?
        } else {
            let line = call::call_method(th, self.ob, id::readline, &[])?;
            line.downcast::<Bytes>().map_err(|other| {
                let found = other.type_name();
                raise!(
                    th,
                    OS_ERROR,
                    "readline() should have returned a bytes object, not '{found}'"
                )
            })?
        };
        Ok(if line.is_empty() { None } else { Some(line.into_object()) })
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
