//! `zlib.Decompress`: decompression piece by piece, which hands back what it did not read.

use std::cell::Cell;
use std::ffi::c_int;

use krait_eval::gil::without_gil;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer::Buffer;
use libz_rs_sys as z;

use super::{DEF_BUF_SIZE, Reader, refused};
use crate::compression::output::Output;
use crate::guarded::Guarded;

/// A decompressor: decompress() takes data in, flush() gives the rest.
#[pytype(name = "zlib.Decompress", doc = "", flags(DISALLOW_INSTANTIATION))]
#[repr(C)]
pub struct Decompress {
    head: Head,
    #[member(readonly)]
    unused_data: Slot<Bytes>,
    #[member(readonly)]
    unconsumed_tail: Slot<Bytes>,
    #[member(readonly)]
    eof: Cell<bool>,
    reader: Guarded<Reader>,
}

pub fn create(
    th: &Thread,
    window_bits: c_int,
    dictionary: Option<Borrowed<'_>>,
) -> PyResult<Owned<Decompress>> {
    with(th, Reader::new(th, window_bits, dictionary)?)
}

fn with(th: &Thread, reader: Reader) -> PyResult<Owned<Decompress>> {
    let made = Borrowed::from_ref(Decompress::type_object()).alloc::<Decompress>(th, 0)?;
    made.unused_data.set(Some(Bytes::empty().to_owned()));
    made.unconsumed_tail.set(Some(Bytes::empty().to_owned()));
    made.reader.fill(th, reader)?;
    Ok(made)
}

impl Decompress {
    fn run(
        &self,
        th: &Thread,
        reader: &mut Reader,
        data: &[u8],
        mut output: Output,
        flush: c_int,
    ) -> PyResult<Owned<Bytes>> {
        let mut input = data;
        let result = without_gil(th, || reader.read(&mut input, &mut output, flush));
        let is_end = matches!(result, Ok(true));
        if is_end && !input.is_empty() {
            // After the end, each call adds to what follows it.
            let before = self.unused_data.get_owned();
            let before = before.as_ref().map_or(&[][..], |bytes| bytes.as_bytes());
            let unused = Bytes::new(th, &[before, input].concat())?;
            drop(self.unused_data.replace(Some(unused)));
            input = &[];
        }
        if !input.is_empty() || self.unconsumed_tail.get().is_some_and(|tail| !tail.is_empty()) {
            drop(self.unconsumed_tail.replace(Some(Bytes::new(th, input)?)));
        }
        match result {
            Ok(true) => self.eof.set(true),
            Ok(false) => {}
            Err(trouble) => return Err(trouble.raise(th)),
        }
        output.into_bytes(th)
    }
}

#[pymethods]
impl Decompress {
    /// Return a bytes object containing the decompressed version of the data.
    ///
    ///   data
    ///     Compressed data.
    ///   max_length
    ///     Return no more than this, if not 0; input not read then is in
    ///     the unconsumed_tail attribute.
    #[method(sig = "(self, data, /, max_length=0)")]
    fn decompress(&self, th: &Thread, data: Buffer, max_length: isize) -> PyResult<Owned<Bytes>> {
        let output = match usize::try_from(max_length) {
            Ok(0) => Output::new(),
            Ok(limit) => Output::limited(limit),
            Err(_) => return Err(th.raise(exc::VALUE_ERROR, "max_length must be non-negative")),
        };
        let mut reader = self.reader.lock(th)?;
        self.run(th, &mut reader, data.as_bytes(), output, z::Z_SYNC_FLUSH)
    }

    /// Return a bytes object containing any remaining decompressed data.
    ///
    ///   length
    ///     How large the result may be at first.
    #[method(sig = "(self, length=zlib.DEF_BUF_SIZE, /)")]
    fn flush(&self, th: &Thread, #[default(DEF_BUF_SIZE)] length: isize) -> PyResult<Owned<Bytes>> {
        if length <= 0 {
            return Err(th.raise(exc::VALUE_ERROR, "length must be greater than zero"));
        }
        let mut reader = self.reader.lock(th)?;
        if reader.stream.is_none() {
            return Ok(Bytes::empty().to_owned());
        }
        let tail = self.unconsumed_tail.get_owned();
        let tail = tail.as_ref().map_or(&[][..], |bytes| bytes.as_bytes());
        let output = Output::expecting(length.unsigned_abs());
        let rest = self.run(th, &mut reader, tail, output, z::Z_FINISH)?;
        if self.eof.get() {
            reader.stream = None;
        }
        Ok(rest)
    }

    /// Return a copy of the decompression object.
    #[method(sig = "(self, /)")]
    fn copy(&self, th: &Thread) -> PyResult<Owned<Decompress>> {
        let reader = self.reader.lock(th)?;
        let Some(stream) = &reader.stream else {
            return Err(th.raise(exc::VALUE_ERROR, "Inconsistent stream state"));
        };
        let stream = stream.try_clone().map_err(|failure| match failure.code {
            z::Z_STREAM_ERROR => th.raise(exc::VALUE_ERROR, "Inconsistent stream state"),
            z::Z_MEM_ERROR => {
                th.raise(exc::MEMORY_ERROR, "Can't allocate memory for decompression object")
            }
            _ => refused(th, &failure, "while copying decompression object"),
        })?;
        let dictionary = reader.dictionary.clone();
        let copy = with(th, Reader { stream: Some(stream), dictionary })?;
        copy.unused_data.set(self.unused_data.get_owned());
        copy.unconsumed_tail.set(self.unconsumed_tail.get_owned());
        copy.eof.set(self.eof.get());
        Ok(copy)
    }

    #[method(sig = "(self, /)")]
    fn __copy__(&self, th: &Thread) -> PyResult<Owned<Decompress>> {
        self.copy(th)
    }

    #[method(sig = "(self, memo, /)")]
    fn __deepcopy__(&self, th: &Thread, _memo: Borrowed<'_>) -> PyResult<Owned<Decompress>> {
        self.copy(th)
    }
}
