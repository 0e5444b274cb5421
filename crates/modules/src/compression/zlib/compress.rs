//! `zlib.Compress`: compression piece by piece.

use krait_eval::gil::without_gil;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer::Buffer;
use libz_rs_sys as z;

use super::refused;
use super::stream::{Deflate, Failure, Settings};
use crate::compression::output::Output;
use crate::guarded::Guarded;

/// A compressor: compress() takes data in, flush() completes the stream.
#[pytype(name = "zlib.Compress", doc = "", flags(DISALLOW_INSTANTIATION))]
#[repr(C)]
pub struct Compress {
    head: Head,
    /// Absent once the stream has been finished.
    stream: Guarded<Option<Deflate>>,
}

pub fn create(
    th: &Thread,
    settings: Settings,
    dictionary: Option<&[u8]>,
) -> PyResult<Owned<Compress>> {
    let mut stream = Deflate::new(settings).map_err(|failure| match failure.code {
        z::Z_MEM_ERROR => {
            th.raise(exc::MEMORY_ERROR, "Can't allocate memory for compression object")
        }
        z::Z_STREAM_ERROR => th.raise(exc::VALUE_ERROR, "Invalid initialization option"),
        _ => refused(th, &failure, "while creating compression object"),
    })?;
    if let Some(dictionary) = dictionary {
        stream.set_dictionary(dictionary).map_err(|failure| {
            let message = match failure.code {
                z::Z_STREAM_ERROR => "Invalid dictionary",
                _ => "deflateSetDictionary()",
            };
            th.raise(exc::VALUE_ERROR, message)
        })?;
    }
    with(th, stream)
}

fn with(th: &Thread, stream: Deflate) -> PyResult<Owned<Compress>> {
    let made = Borrowed::from_ref(Compress::type_object()).alloc::<Compress>(th, 0)?;
    made.stream.fill(th, Some(stream))?;
    Ok(made)
}

#[pymethods]
impl Compress {
    /// Returns a bytes object containing compressed data.
    ///
    /// Some input may stay in the compressor; compress() and flush() return
    /// what becomes of it later.
    #[method(sig = "(self, data, /)")]
    fn compress(&self, th: &Thread, data: Buffer) -> PyResult<Owned<Bytes>> {
        let bytes = data.as_bytes();
        let mut stream = self.stream.lock(th)?;
        let mut output = Output::new();
        without_gil(th, || match &mut *stream {
            Some(stream) => stream.write(bytes, &mut output, z::Z_NO_FLUSH),
            None => Err(Failure::ENDED),
        })
        .map_err(|failure| refused(th, &failure, "while compressing data"))?;
        output.into_bytes(th)
    }

    /// Return a bytes object containing any remaining compressed data.
    ///
    ///   mode
    ///     One of Z_SYNC_FLUSH, Z_FULL_FLUSH and Z_FINISH; after the last, the
    ///     compressor cannot be used any more.
    #[method(sig = "(self, mode=zlib.Z_FINISH, /)")]
    fn flush(&self, th: &Thread, #[default(z::Z_FINISH)] mode: i32) -> PyResult<Owned<Bytes>> {
        if mode == z::Z_NO_FLUSH {
            return Ok(Bytes::empty().to_owned());
        }
        let mut stream = self.stream.lock(th)?;
        let mut output = Output::new();
        let is_end = without_gil(th, || match &mut *stream {
            Some(stream) => stream.write(&[], &mut output, mode),
            None => Err(Failure::ENDED),
        })
        .map_err(|failure| refused(th, &failure, "while flushing"))?;
        if is_end && mode == z::Z_FINISH {
            *stream = None;
        }
        output.into_bytes(th)
    }

    /// Return a copy of the compression object.
    #[method(sig = "(self, /)")]
    fn copy(&self, th: &Thread) -> PyResult<Owned<Compress>> {
        let stream = self.stream.lock(th)?;
        let Some(stream) = &*stream else {
            return Err(th.raise(exc::VALUE_ERROR, "Inconsistent stream state"));
        };
        let copy = stream.try_clone().map_err(|failure| match failure.code {
            z::Z_STREAM_ERROR => th.raise(exc::VALUE_ERROR, "Inconsistent stream state"),
            z::Z_MEM_ERROR => {
                th.raise(exc::MEMORY_ERROR, "Can't allocate memory for compression object")
            }
            _ => refused(th, &failure, "while copying compression object"),
        })?;
        with(th, copy)
    }

    #[method(sig = "(self, /)")]
    fn __copy__(&self, th: &Thread) -> PyResult<Owned<Compress>> {
        self.copy(th)
    }

    #[method(sig = "(self, memo, /)")]
    fn __deepcopy__(&self, th: &Thread, _memo: Borrowed<'_>) -> PyResult<Owned<Compress>> {
        self.copy(th)
    }
}
