//! `_bz2`: compression by block sorting, over `libbz2-rs-sys`, which keeps bzip2's C interface.
//!
//! Invariants:
//! 1. A stream is boxed, for its state points back to it, and is initialised from `new` to `drop`.
//! 2. Its pointers to input and output are set for one call only, to slices that live longer.
//!
//! The same job as CPython's `Modules/_bz2module.c`.

use std::cell::Cell;
use std::ffi::c_int;

use krait_eval::gil::without_gil;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer::Buffer;
use libbz2_rs_sys as bz;

use super::feed::{Decoder, Feed};
use super::output::{NoMemory, Output};
use crate::guarded::Guarded;

/// What libbzip2 answers when it refuses.
struct Failure(c_int);

impl From<NoMemory> for Failure {
    fn from(_: NoMemory) -> Failure {
        Failure(bz::BZ_MEM_ERROR)
    }
}

fn refused(th: &Thread, failure: &Failure) -> Raised {
    match failure.0 {
        bz::BZ_MEM_ERROR => th.no_memory(),
        bz::BZ_DATA_ERROR | bz::BZ_DATA_ERROR_MAGIC => {
            th.raise(exc::OS_ERROR, "Invalid data stream")
        }
        bz::BZ_PARAM_ERROR => {
            th.raise(exc::VALUE_ERROR, "Internal error - invalid parameters passed to libbzip2")
        }
        bz::BZ_SEQUENCE_ERROR => th.raise(
            exc::RUNTIME_ERROR,
            "Internal error - Invalid sequence of commands sent to libbzip2",
        ),
        code => raise!(th, OS_ERROR, "Unrecognized error from libbzip2: {code}"),
    }
}

fn fresh() -> Box<bz::bz_stream> {
    // SAFETY: all zeros is how libbzip2 wants a stream before it is initialised.
    Box::new(unsafe { std::mem::zeroed() })
}

/// One call of `work`, from `input` to `output`: libbzip2's answer.
fn step(
    stream: &mut bz::bz_stream,
    work: impl FnOnce(*mut bz::bz_stream) -> c_int,
    input: &mut &[u8],
    output: &mut Output,
) -> Result<c_int, NoMemory> {
    const MOST: usize = u32::MAX as usize;
    let room = output.room()?;
    let (given, space) = (input.len().min(MOST), room.len().min(MOST));
    stream.next_in = input.as_ptr().cast();
    stream.avail_in = given as u32;
    stream.next_out = room.as_mut_ptr().cast();
    stream.avail_out = space as u32;
    let code = work(stream);
    *input = &input[given - stream.avail_in as usize..];
    // SAFETY: libbzip2 has written what it took of the room.
    unsafe { output.advance(space - stream.avail_out as usize) };
    Ok(code)
}

struct Compression(Box<bz::bz_stream>);

// SAFETY: a stream is used by one thread at a time; its memory comes from the global allocator.
unsafe impl Send for Compression {}

impl Compression {
    fn new(level: c_int) -> Result<Compression, Failure> {
        let mut stream = fresh();
        // SAFETY: a fresh stream.
        match unsafe { bz::BZ2_bzCompressInit(&raw mut *stream, level, 0, 0) } {
            bz::BZ_OK => Ok(Compression(stream)),
            code => Err(Failure(code)),
        }
    }

    /// Compresses all of `input`; with `BZ_FINISH` until the stream ends.
    fn run(&mut self, mut input: &[u8], output: &mut Output, action: c_int) -> Result<(), Failure> {
        // Without input there is nothing to run, and libbzip2 takes it for a mistake.
        while action == bz::BZ_FINISH || !input.is_empty() {
            // SAFETY: 1 and 2.
            let work = |stream| unsafe { bz::BZ2_bzCompress(stream, action) };
            match step(&mut self.0, work, &mut input, output)? {
                bz::BZ_STREAM_END => break,
                code if code < 0 => return Err(Failure(code)),
                _ => {}
            }
        }
        Ok(())
    }
}

impl Drop for Compression {
    fn drop(&mut self) {
        // SAFETY: 1. What it answers tells only whether the stream was there.
        let _ = unsafe { bz::BZ2_bzCompressEnd(&raw mut *self.0) };
    }
}

struct Decompression(Box<bz::bz_stream>);

// SAFETY: as for `Compression`.
unsafe impl Send for Decompression {}

impl Decompression {
    fn new() -> Result<Decompression, Failure> {
        let mut stream = fresh();
        // SAFETY: a fresh stream.
        match unsafe { bz::BZ2_bzDecompressInit(&raw mut *stream, 0, 0) } {
            bz::BZ_OK => Ok(Decompression(stream)),
            code => Err(Failure(code)),
        }
    }
}

impl Decoder for Decompression {
    type Error = Failure;

    fn decode(&mut self, input: &mut &[u8], output: &mut Output) -> Result<bool, Failure> {
        loop {
            // SAFETY: 1 and 2.
            let work = |stream| unsafe { bz::BZ2_bzDecompress(stream) };
            match step(&mut self.0, work, input, output)? {
                bz::BZ_STREAM_END => return Ok(true),
                code if code < 0 => return Err(Failure(code)),
                _ if output.is_at_limit() || output.has_spare() && input.is_empty() => {
                    return Ok(false);
                }
                _ => {}
            }
        }
    }
}

impl Drop for Decompression {
    fn drop(&mut self) {
        // SAFETY: 1. What it answers tells only whether the stream was there.
        let _ = unsafe { bz::BZ2_bzDecompressEnd(&raw mut *self.0) };
    }
}

/// BZ2Compressor(compresslevel=9, /)
/// --
///
/// Compresses a stream piece by piece.
///
///   compresslevel
///     From 1 to 9: how large blocks are.
#[pytype(name = "_bz2.BZ2Compressor")]
#[repr(C)]
pub struct Bz2Compressor {
    head: Head,
    /// Absent once it has been flushed.
    stream: Guarded<Option<Compression>>,
}

#[pymethods]
impl Bz2Compressor {
    #[new(sig = "(compresslevel=9, /)")]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        compresslevel: c_int,
    ) -> PyResult<Owned<Bz2Compressor>> {
        if !(1..=9).contains(&compresslevel) {
            return Err(th.raise(exc::VALUE_ERROR, "compresslevel must be between 1 and 9"));
        }
        let stream = Compression::new(compresslevel).map_err(|failure| refused(th, &failure))?;
        let made = cls.alloc::<Bz2Compressor>(th, 0)?;
        made.stream.fill(th, Some(stream))?;
        Ok(made)
    }

    /// Take data in.
    ///
    /// Returns what is compressed already, or b''. flush() completes the stream.
    #[method(sig = "(self, data, /)")]
    fn compress(&self, th: &Thread, data: Buffer) -> PyResult<Owned<Bytes>> {
        let mut stream = self.stream.lock(th)?;
        let Some(stream) = &mut *stream else {
            return Err(th.raise(exc::VALUE_ERROR, "Compressor has been flushed"));
        };
        let bytes = data.as_bytes();
        let mut output = Output::new();
        without_gil(th, || stream.run(bytes, &mut output, bz::BZ_RUN))
            .map_err(|failure| refused(th, &failure))?;
        output.into_bytes(th)
    }

    /// Complete the stream.
    ///
    /// Returns the rest of the compressed data. The compressor cannot be used any more.
    #[method(sig = "(self, /)")]
    fn flush(&self, th: &Thread) -> PyResult<Owned<Bytes>> {
        let mut guard = self.stream.lock(th)?;
        let Some(mut stream) = guard.take() else {
            return Err(th.raise(exc::VALUE_ERROR, "Repeated call to flush()"));
        };
        let mut output = Output::new();
        without_gil(th, || stream.run(&[], &mut output, bz::BZ_FINISH))
            .map_err(|failure| refused(th, &failure))?;
        output.into_bytes(th)
    }
}

/// BZ2Decompressor()
/// --
///
/// Decompresses a stream piece by piece.
#[pytype(name = "_bz2.BZ2Decompressor")]
#[repr(C)]
pub struct Bz2Decompressor {
    head: Head,
    /// Input that was left over when the stream ended.
    #[member(readonly)]
    unused_data: Slot<Bytes>,
    /// Whether the compressed stream is at its end.
    #[member(readonly)]
    eof: Cell<bool>,
    /// Whether decompress() has to be given new input to go on.
    #[member(readonly)]
    needs_input: Cell<bool>,
    has_failed: Cell<bool>,
    feed: Guarded<Feed<Decompression>>,
}

#[pymethods]
impl Bz2Decompressor {
    #[new(sig = "()")]
    fn new(cls: Borrowed<'_, Type>, th: &Thread) -> PyResult<Owned<Bz2Decompressor>> {
        let stream = Decompression::new().map_err(|failure| refused(th, &failure))?;
        let made = cls.alloc::<Bz2Decompressor>(th, 0)?;
        made.unused_data.set(Some(Bytes::empty().to_owned()));
        made.needs_input.set(true);
        made.feed.fill(th, Feed::new(stream))?;
        Ok(made)
    }

    /// Take compressed data in and return the bytes that come out of it.
    ///
    /// No more than max_length bytes are returned unless it is negative. When that cuts the output off,
    /// needs_input is False, and the next call may be given b'' for more.
    ///
    /// After the end of the stream, EOFError is raised; what followed it is in
    /// the unused_data attribute.
    #[method(sig = "(self, /, data, max_length=-1)")]
    fn decompress(&self, th: &Thread, data: Buffer, max_length: isize) -> PyResult<Owned<Bytes>> {
        let mut feed = self.feed.lock(th)?;
        if self.has_failed.get() {
            let message = "Decompressor is unusable after a previous error";
            return Err(th.raise(exc::VALUE_ERROR, message));
        }
        if self.eof.get() {
            return Err(th.raise(exc::EOF_ERROR, "End of stream already reached"));
        }
        let limit = usize::try_from(max_length).unwrap_or(usize::MAX);
        let bytes = data.as_bytes();
        let fed = without_gil(th, || feed.decompress(bytes, limit)).map_err(|failure| {
            self.has_failed.set(true);
            self.needs_input.set(false);
            refused(th, &failure)
        })?;
        fed.settle(th, &self.eof, &self.needs_input, &self.unused_data)
    }
}

/// Compression by block sorting.
#[pymodule(name = "_bz2", doc = "")]
pub struct Bz2;

#[pyfunctions]
impl Bz2 {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        module.add_type(th, Bz2Compressor::type_object())?;
        module.add_type(th, Bz2Decompressor::type_object())
    }
}
