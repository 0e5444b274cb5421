//! `zlib._ZlibDecompressor`: the decompressor that `gzip` and `zipfile` read files with.

use std::cell::Cell;

use krait_eval::gil::without_gil;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer::Buffer;
use libz_rs_sys as z;

use super::{Reader, Trouble};
use crate::compression::feed::{Decoder, Feed};
use crate::compression::output::Output;
use crate::guarded::Guarded;

impl Decoder for Reader {
    type Error = Trouble;

    fn decode(&mut self, input: &mut &[u8], output: &mut Output) -> Result<bool, Trouble> {
        self.read(input, output, z::Z_SYNC_FLUSH)
    }
}

/// _ZlibDecompressor(wbits=15, zdict=b'')
/// --
///
/// Decompresses a stream piece by piece.
///
///   wbits
///     The window's size and the container.
///   zdict
///     The dictionary that the data were compressed with.
#[pytype(name = "zlib._ZlibDecompressor")]
#[repr(C)]
pub struct ZlibDecompressor {
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
    feed: Guarded<Feed<Reader>>,
}

#[pymethods]
impl ZlibDecompressor {
    #[new(sig = "(wbits=15, zdict=b'')")]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        wbits: i32,
        #[default(None)] zdict: Option<Borrowed<'_>>,
    ) -> PyResult<Owned<ZlibDecompressor>> {
        let reader = Reader::new(th, wbits, zdict)?;
        let made = cls.alloc::<ZlibDecompressor>(th, 0)?;
        made.unused_data.set(Some(Bytes::empty().to_owned()));
        made.needs_input.set(true);
        made.feed.fill(th, Feed::new(reader))?;
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
        if self.eof.get() {
            return Err(th.raise(exc::EOF_ERROR, "End of stream already reached"));
        }
        let limit = usize::try_from(max_length).unwrap_or(usize::MAX);
        let bytes = data.as_bytes();
        let fed = without_gil(th, || feed.decompress(bytes, limit))
            .map_err(|trouble| trouble.raise(th))?;
        fed.settle(th, &self.eof, &self.needs_input, &self.unused_data)
    }
}
