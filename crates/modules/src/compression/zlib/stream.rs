//! Safe streams over `libz-rs-sys`, which keeps zlib's C interface.
//!
//! Invariants:
//! 1. A stream is boxed, for its state may point back to it, and is initialised from `new` to `drop`.
//! 2. Its pointers to input and output are set for one call only, to slices that live longer.

use std::ffi::{CStr, c_int};

use libz_rs_sys as z;

use crate::compression::output::{NoMemory, Output};

/// Why zlib refuses.
#[derive(Clone, Debug)]
pub struct Failure {
    pub code: c_int,
    pub message: Option<String>,
}

impl Failure {
    pub const NO_MEMORY: Failure = Failure { code: z::Z_MEM_ERROR, message: None };
    /// What zlib says of a stream that has ended.
    pub const ENDED: Failure = Failure { code: z::Z_STREAM_ERROR, message: None };
}

impl From<NoMemory> for Failure {
    fn from(_: NoMemory) -> Failure {
        Failure::NO_MEMORY
    }
}

type Work = unsafe extern "C" fn(*mut z::z_stream, c_int) -> c_int;

/// One call of `work`, from `input` to `output`: zlib's answer.
fn step(
    stream: &mut z::z_stream,
    work: Work,
    input: &mut &[u8],
    output: &mut Output,
    flush: c_int,
) -> Result<c_int, NoMemory> {
    const MOST: usize = u32::MAX as usize;
    let room = output.room()?;
    let (given, space) = (input.len().min(MOST), room.len().min(MOST));
    stream.next_in = input.as_ptr();
    stream.avail_in = given as u32;
    stream.next_out = room.as_mut_ptr().cast();
    stream.avail_out = space as u32;
    // SAFETY: 1 and 2.
    let code = unsafe { work(stream, flush) };
    *input = &input[given - stream.avail_in as usize..];
    // SAFETY: zlib has written what it took of the room.
    unsafe { output.advance(space - stream.avail_out as usize) };
    Ok(code)
}

fn failure(stream: &z::z_stream, code: c_int) -> Failure {
    // SAFETY: zlib's messages are static strings.
    let message = (!stream.msg.is_null())
        .then(|| unsafe { CStr::from_ptr(stream.msg) }.to_string_lossy().into_owned());
    Failure { code, message }
}

fn check(stream: &z::z_stream, code: c_int) -> Result<(), Failure> {
    if code == z::Z_OK { Ok(()) } else { Err(failure(stream, code)) }
}

/// What a compressing stream is made with.
#[derive(Clone, Copy)]
pub struct Settings {
    pub level: c_int,
    pub method: c_int,
    pub window_bits: c_int,
    pub memory_level: c_int,
    pub strategy: c_int,
}

/// A compressing stream.
pub struct Deflate(Box<z::z_stream>);

// SAFETY: a stream is used by one thread at a time; its memory comes from the global allocator.
unsafe impl Send for Deflate {}

impl Deflate {
    pub fn new(settings: Settings) -> Result<Deflate, Failure> {
        let mut stream = Box::new(z::z_stream::default());
        // SAFETY: a fresh stream with its allocator.
        let code = unsafe {
            z::deflateInit2_(
                &raw mut *stream,
                settings.level,
                settings.method,
                settings.window_bits,
                settings.memory_level,
                settings.strategy,
                z::zlibVersion(),
                size_of::<z::z_stream>() as c_int,
            )
        };
        check(&stream, code)?;
        Ok(Deflate(stream))
    }

    pub fn set_dictionary(&mut self, dictionary: &[u8]) -> Result<(), Failure> {
        let len = u32::try_from(dictionary.len()).map_err(|_| Failure::NO_MEMORY)?;
        // SAFETY: 1; the slice is read only now.
        let code = unsafe { z::deflateSetDictionary(&raw mut *self.0, dictionary.as_ptr(), len) };
        check(&self.0, code)
    }

    /// Compresses all of `input`, with `flush` for the last of it: `true` at the end of the stream.
    pub fn write(
        &mut self,
        mut input: &[u8],
        output: &mut Output,
        flush: c_int,
    ) -> Result<bool, Failure> {
        loop {
            let is_last = input.len() <= u32::MAX as usize;
            let mode = if is_last { flush } else { z::Z_NO_FLUSH };
            match step(&mut self.0, z::deflate, &mut input, output, mode)? {
                z::Z_STREAM_END => return Ok(true),
                z::Z_OK | z::Z_BUF_ERROR if !output.has_spare() => {}
                z::Z_OK | z::Z_BUF_ERROR if is_last => return Ok(false),
                z::Z_OK | z::Z_BUF_ERROR => {}
                code => return Err(failure(&self.0, code)),
            }
        }
    }

    pub fn try_clone(&self) -> Result<Deflate, Failure> {
        let mut copy = Box::new(z::z_stream::default());
        // SAFETY: 1; zlib does not change what it copies.
        let code = unsafe { z::deflateCopy(&raw mut *copy, (&raw const *self.0).cast_mut()) };
        check(&self.0, code)?;
        Ok(Deflate(copy))
    }
}

impl Drop for Deflate {
    fn drop(&mut self) {
        // SAFETY: 1. What it answers tells only whether the stream was complete.
        let _ = unsafe { z::deflateEnd(&raw mut *self.0) };
    }
}

/// Where decompression stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    End,
    /// Input or room has run out.
    Pause,
    NeedsDictionary,
}

/// A decompressing stream.
pub struct Inflate {
    stream: Box<z::z_stream>,
    window_bits: c_int,
}

// SAFETY: as for `Deflate`.
unsafe impl Send for Inflate {}

impl Inflate {
    pub fn new(window_bits: c_int) -> Result<Inflate, Failure> {
        let mut stream = Box::new(z::z_stream::default());
        // SAFETY: a fresh stream with its allocator.
        let code = unsafe {
            z::inflateInit2_(
                &raw mut *stream,
                window_bits,
                z::zlibVersion(),
                size_of::<z::z_stream>() as c_int,
            )
        };
        check(&stream, code)?;
        Ok(Inflate { stream, window_bits })
    }

    /// Raw streams do not tell when they need their dictionary.
    pub fn is_raw(&self) -> bool {
        self.window_bits < 0
    }

    pub fn set_dictionary(&mut self, dictionary: &[u8]) -> Result<(), Failure> {
        let len = u32::try_from(dictionary.len()).map_err(|_| Failure::NO_MEMORY)?;
        // SAFETY: 1; the slice is read only now.
        let code =
            unsafe { z::inflateSetDictionary(&raw mut *self.stream, dictionary.as_ptr(), len) };
        check(&self.stream, code)
    }

    /// Decompresses until the stream ends or `input` or room runs out; `flush` is for the last of
    /// the input.
    pub fn read(
        &mut self,
        input: &mut &[u8],
        output: &mut Output,
        flush: c_int,
    ) -> Result<Stop, Failure> {
        loop {
            let is_last = input.len() <= u32::MAX as usize;
            let mode = if is_last { flush } else { z::Z_SYNC_FLUSH };
            match step(&mut self.stream, z::inflate, input, output, mode)? {
                z::Z_STREAM_END => return Ok(Stop::End),
                z::Z_NEED_DICT => return Ok(Stop::NeedsDictionary),
                z::Z_OK if output.has_spare() && !input.is_empty() => {}
                z::Z_OK | z::Z_BUF_ERROR if output.has_spare() || output.is_at_limit() => {
                    return Ok(Stop::Pause);
                }
                z::Z_OK | z::Z_BUF_ERROR => {}
                code => return Err(failure(&self.stream, code)),
            }
        }
    }

    pub fn try_clone(&self) -> Result<Inflate, Failure> {
        let mut copy = Box::new(z::z_stream::default());
        // SAFETY: 1; zlib does not change what it copies.
        let code = unsafe { z::inflateCopy(&raw mut *copy, &raw const *self.stream) };
        check(&self.stream, code)?;
        Ok(Inflate { stream: copy, window_bits: self.window_bits })
    }
}

impl Drop for Inflate {
    fn drop(&mut self) {
        // SAFETY: 1. What it answers tells only whether the stream was there.
        let _ = unsafe { z::inflateEnd(&raw mut *self.stream) };
    }
}
