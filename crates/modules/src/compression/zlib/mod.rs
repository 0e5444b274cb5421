//! `zlib`: compression as in zip and gzip files.
//!
//! The same job as CPython's `Modules/zlibmodule.c`.

mod compress;
mod decompress;
mod decompressor;
mod stream;

use std::ffi::c_int;

use krait_eval::gil::without_gil;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer::Buffer;
use libz_rs_sys as z;

use super::output::Output;
use crate::support::{self, low_bits};
use compress::Compress;
use decompress::Decompress;
use decompressor::ZlibDecompressor;
use stream::{Deflate, Failure, Inflate, Settings, Stop};

/// `zlib.error`.
struct ErrorClass(Slot<Type>);

impl Default for ErrorClass {
    fn default() -> ErrorClass {
        ErrorClass(Slot::EMPTY)
    }
}

fn raise_error(th: &Thread, message: &str) -> Raised {
    let text = match Str::new(th, message) {
        Ok(text) => text,
        Err(raised) => return raised,
    };
    match th.interp().state::<ErrorClass>().0.get() {
        Some(class) => th.raise_in(class, Some(text.object())),
        None => th.raise_value(exc::EXCEPTION, text.object()),
    }
}

/// The exception for what zlib refuses `doing`.
fn refused(th: &Thread, failure: &Failure, doing: &str) -> Raised {
    let code = failure.code;
    let told = match (failure.message.as_deref(), code) {
        (Some(message), _) => message,
        (None, z::Z_BUF_ERROR) => "incomplete or truncated stream",
        (None, z::Z_STREAM_ERROR) => "inconsistent stream state",
        (None, z::Z_DATA_ERROR) => "invalid input data",
        (None, z::Z_MEM_ERROR) => return th.no_memory(),
        _ => return raise_error(th, &format!("Error {code} {doing}")),
    };
    raise_error(th, &format!("Error {code} {doing}: {told}"))
}

const DECOMPRESSING: &str = "while decompressing data";

/// A stream that needs a dictionary has none.
fn needs_dictionary(th: &Thread) -> Raised {
    refused(th, &Failure { code: z::Z_NEED_DICT, message: None }, DECOMPRESSING)
}

/// From this size on, checksums let other threads run.
const GIL_MINSIZE: usize = 5 << 10;

fn checksum(th: &Thread, data: Buffer, start: u32, sum: fn(u32, &[u8]) -> u32) -> u32 {
    let bytes = data.as_bytes();
    if bytes.len() > GIL_MINSIZE {
        without_gil(th, || sum(start, bytes))
    } else {
        sum(start, bytes)
    }
}

const DEF_BUF_SIZE: isize = 16 << 10;
const DEF_MEM_LEVEL: i32 = 8;

/// The functions in this module allow compression and decompression using
/// zlib's format.
///
/// adler32(data, [start]) -- Compute an Adler-32 checksum.
/// compress(data, [level]) -- Compress all data at once.
/// compressobj(...) -- Return an object that compresses piece by piece.
/// crc32(data, [start]) -- Compute a CRC-32 checksum.
/// decompress(data, [wbits], [bufsize]) -- Decompress all data at once.
/// decompressobj([wbits, [zdict]]) -- Return an object that decompresses piece by piece.
///
/// 'wbits' tells the window's size and the container.
#[pymodule(name = "zlib")]
pub struct Zlib;

macro_rules! numbers {
    ($($name:ident)*) => {
        #[pyfunctions(part = "numbers")]
        impl Zlib {
            $(#[constant] const $name: i64 = z::$name as i64;)*
        }
    };
}

numbers! {
    Z_BEST_COMPRESSION Z_BEST_SPEED Z_BLOCK Z_DEFAULT_COMPRESSION Z_DEFAULT_STRATEGY Z_FILTERED
    Z_FINISH Z_FIXED Z_FULL_FLUSH Z_HUFFMAN_ONLY Z_NO_COMPRESSION Z_NO_FLUSH Z_PARTIAL_FLUSH Z_RLE
    Z_SYNC_FLUSH Z_TREES
}

#[pyfunctions(parts(numbers))]
impl Zlib {
    #[constant]
    const DEFLATED: i64 = z::Z_DEFLATED as i64;
    #[constant(name = "DEF_BUF_SIZE")]
    const BUF_SIZE: i64 = DEF_BUF_SIZE as i64;
    #[constant(name = "DEF_MEM_LEVEL")]
    const MEM_LEVEL: i64 = DEF_MEM_LEVEL as i64;
    #[constant]
    const MAX_WBITS: i64 = 15;
    // The version whose behaviour libz-rs-sys has.
    #[constant]
    const ZLIB_RUNTIME_VERSION: &'static str = "1.3.2";
    #[constant]
    const ZLIB_VERSION: &'static str = "1.3.2";
    #[constant(name = "__version__")]
    const VERSION: &'static str = "1.0";

    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        let class = support::add_exception(th, module, "zlib", "error", exc::EXCEPTION)?;
        th.interp().state::<ErrorClass>().0.set(Some(class));
        for ty in [Compress::type_object(), Decompress::type_object()] {
            Borrowed::from_ref(ty).ready(th)?;
        }
        module.add_type(th, ZlibDecompressor::type_object())
    }

    /// Returns a bytes object containing compressed data.
    ///
    ///   data
    ///     What to compress.
    ///   level
    ///     From 0 to 9, or -1.
    ///   wbits
    ///     The window's size and the container.
    #[function(sig = "(data, /, level=Z_DEFAULT_COMPRESSION, wbits=MAX_WBITS)")]
    fn compress(
        th: &Thread,
        data: Buffer,
        #[default(z::Z_DEFAULT_COMPRESSION)] level: i32,
        #[default(15)] wbits: i32,
    ) -> PyResult<Owned<Bytes>> {
        let settings = Settings {
            level,
            method: z::Z_DEFLATED,
            window_bits: wbits,
            memory_level: DEF_MEM_LEVEL,
            strategy: z::Z_DEFAULT_STRATEGY,
        };
        let mut stream = Deflate::new(settings).map_err(|failure| match failure.code {
            z::Z_MEM_ERROR => th.raise(exc::MEMORY_ERROR, "Out of memory while compressing data"),
            z::Z_STREAM_ERROR => raise_error(th, "Bad compression level"),
            _ => refused(th, &failure, "while compressing data"),
        })?;
        let bytes = data.as_bytes();
        let mut output = Output::new();
        without_gil(th, || stream.write(bytes, &mut output, z::Z_FINISH))
            .map_err(|failure| refused(th, &failure, "while compressing data"))?;
        output.into_bytes(th)
    }

    /// Returns a bytes object containing the uncompressed data.
    ///
    ///   data
    ///     Compressed data.
    ///   wbits
    ///     The window's size and the container.
    ///   bufsize
    ///     How large the result may be at first.
    #[function(sig = "(data, /, wbits=MAX_WBITS, bufsize=DEF_BUF_SIZE)")]
    fn decompress(
        th: &Thread,
        data: Buffer,
        #[default(15)] wbits: i32,
        #[default(DEF_BUF_SIZE)] bufsize: isize,
    ) -> PyResult<Owned<Bytes>> {
        let Ok(size) = usize::try_from(bufsize) else {
            return Err(th.raise(exc::VALUE_ERROR, "bufsize must be non-negative"));
        };
        let mut stream = Inflate::new(wbits).map_err(|failure| match failure.code {
            z::Z_MEM_ERROR => th.raise(exc::MEMORY_ERROR, "Out of memory while decompressing data"),
            _ => refused(th, &failure, "while preparing to decompress data"),
        })?;
        let mut input = data.as_bytes();
        let mut output = Output::expecting(size);
        match without_gil(th, || stream.read(&mut input, &mut output, z::Z_FINISH)) {
            Ok(Stop::End) => output.into_bytes(th),
            Ok(Stop::NeedsDictionary) => Err(needs_dictionary(th)),
            Ok(Stop::Pause) => {
                let failure = Failure { code: z::Z_BUF_ERROR, message: None };
                Err(refused(th, &failure, DECOMPRESSING))
            }
            Err(failure) => Err(refused(th, &failure, DECOMPRESSING)),
        }
    }

    /// Return a compressor object.
    ///
    ///   level
    ///     From 0 to 9, or -1.
    ///   method
    ///     Always DEFLATED.
    ///   wbits
    ///     From 9 to 15 for zlib's container, from -15 to -9 for none, from 25 to 31 for gzip's.
    ///   memLevel
    ///     From 1 to 9: more memory is faster and compresses better.
    ///   strategy
    ///     One of the Z_ strategies.
    ///   zdict
    ///     A dictionary of what is likely to occur.
    #[function(
        sig = "(level=Z_DEFAULT_COMPRESSION, method=DEFLATED, wbits=MAX_WBITS, memLevel=DEF_MEM_LEVEL, strategy=Z_DEFAULT_STRATEGY, zdict=<unrepresentable>)"
    )]
    fn compressobj(
        th: &Thread,
        #[default(z::Z_DEFAULT_COMPRESSION)] level: i32,
        #[default(z::Z_DEFLATED)] method: i32,
        #[default(15)] wbits: i32,
        #[default(DEF_MEM_LEVEL)] mem_level: i32,
        #[default(z::Z_DEFAULT_STRATEGY)] strategy: i32,
        zdict: Option<Buffer>,
    ) -> PyResult<Owned<Compress>> {
        let window_bits = wbits;
        let settings = Settings { level, method, window_bits, memory_level: mem_level, strategy };
        compress::create(th, settings, zdict.as_ref().map(Buffer::as_bytes))
    }

    /// Return a decompressor object.
    ///
    ///   wbits
    ///     The window's size and the container.
    ///   zdict
    ///     The dictionary that the data were compressed with.
    #[function(sig = "(wbits=MAX_WBITS, zdict=b'')")]
    fn decompressobj(
        th: &Thread,
        #[default(15)] wbits: i32,
        #[default(None)] zdict: Option<Borrowed<'_>>,
    ) -> PyResult<Owned<Decompress>> {
        decompress::create(th, wbits, zdict)
    }

    /// Compute an Adler-32 checksum of data.
    ///
    ///   value
    ///     The checksum of what came before.
    #[function(sig = "(data, value=1, /)")]
    fn adler32(
        th: &Thread,
        data: Buffer,
        #[default(None)] value: Option<Borrowed<'_>>,
    ) -> PyResult<u32> {
        let start = value.map_or(Ok(1), |value| low_bits(th, value))?;
        // Both halves are taken modulo the largest prime of 16 bits, even if no data come.
        let start = ((start & 0xFFFF) % 65521) | (((start >> 16) % 65521) << 16);
        Ok(checksum(th, data, start, zlib_rs::adler32::adler32))
    }

    /// Compute a CRC-32 checksum of data.
    ///
    ///   value
    ///     The checksum of what came before.
    #[function(sig = "(data, value=0, /)")]
    fn crc32(
        th: &Thread,
        data: Buffer,
        #[default(None)] value: Option<Borrowed<'_>>,
    ) -> PyResult<u32> {
        let start = value.map_or(Ok(0), |value| low_bits(th, value))?;
        Ok(checksum(th, data, start, zlib_rs::crc32::crc32))
    }
}

/// The stream of a `decompressobj` or a `_ZlibDecompressor`, with its dictionary.
struct Reader {
    /// Absent once the end has been flushed.
    stream: Option<Inflate>,
    dictionary: Vec<u8>,
}

/// What can go wrong in a `Reader`, and when.
enum Trouble {
    Reading(Failure),
    SettingDictionary(Failure),
    NeedsDictionary,
}

impl From<super::output::NoMemory> for Trouble {
    fn from(none: super::output::NoMemory) -> Trouble {
        Trouble::Reading(none.into())
    }
}

impl Trouble {
    fn raise(&self, th: &Thread) -> Raised {
        match self {
            Trouble::Reading(failure) => refused(th, failure, DECOMPRESSING),
            Trouble::SettingDictionary(failure) => refused(th, failure, "while setting zdict"),
            Trouble::NeedsDictionary => needs_dictionary(th),
        }
    }
}

impl Reader {
    fn new(th: &Thread, window_bits: c_int, dictionary: Option<Borrowed<'_>>) -> PyResult<Reader> {
        let dictionary = match dictionary {
            Some(zdict) if !krait_objects::protocol::buffer::check(zdict) => {
                let message = "zdict argument must support the buffer protocol";
                return Err(th.raise(exc::TYPE_ERROR, message));
            }
            Some(zdict) => Buffer::simple(th, zdict)?.to_vec(th)?,
            None => Vec::new(),
        };
        let mut stream = Inflate::new(window_bits).map_err(|failure| match failure.code {
            z::Z_STREAM_ERROR => th.raise(exc::VALUE_ERROR, "Invalid initialization option"),
            z::Z_MEM_ERROR => {
                th.raise(exc::MEMORY_ERROR, "Can't allocate memory for decompression object")
            }
            _ => refused(th, &failure, "while creating decompression object"),
        })?;
        if stream.is_raw() && !dictionary.is_empty() {
            stream
                .set_dictionary(&dictionary)
                .map_err(|failure| refused(th, &failure, "while setting zdict"))?;
        }
        Ok(Reader { stream: Some(stream), dictionary })
    }

    /// Decompresses, giving the stream its dictionary when it asks: `true` at the end.
    fn read(
        &mut self,
        input: &mut &[u8],
        output: &mut Output,
        flush: c_int,
    ) -> Result<bool, Trouble> {
        let stream = self.stream.as_mut().ok_or(Trouble::Reading(Failure::ENDED))?;
        loop {
            match stream.read(input, output, flush).map_err(Trouble::Reading)? {
                Stop::End => return Ok(true),
                Stop::Pause => return Ok(false),
                Stop::NeedsDictionary if self.dictionary.is_empty() => {
                    return Err(Trouble::NeedsDictionary);
                }
                Stop::NeedsDictionary => {
                    stream.set_dictionary(&self.dictionary).map_err(Trouble::SettingDictionary)?
                }
            }
        }
    }
}
