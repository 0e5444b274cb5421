//! Reading from a buffered stream.

use krait_objects::prelude::*;

use super::core::{Done, Stream};
use crate::io::fileio::FileIO;
use crate::io::support::{name, writable_buffer};

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
}
