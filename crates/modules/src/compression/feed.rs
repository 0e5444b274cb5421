//! The decompressors' protocol: input in pieces, output up to a limit, what is left over kept.
//!
//! The same job as `decompress_buf` and its callers in CPython's `Modules/zlibmodule.c`,
//! `_bz2module.c` and `_lzmamodule.c`.

use std::cell::Cell;

use krait_objects::prelude::*;

use super::output::{NoMemory, Output};

/// What decodes one stream.
pub trait Decoder {
    type Error: From<NoMemory>;

    /// Decodes until input or room runs out: `true` at the end of the stream.
    fn decode(&mut self, input: &mut &[u8], output: &mut Output) -> Result<bool, Self::Error>;
}

/// A decoder with the input that it has not read yet.
pub struct Feed<D> {
    decoder: D,
    pending: Vec<u8>,
}

/// What one call gave.
pub struct Fed {
    output: Output,
    is_end: bool,
    /// More input is needed before there is more output.
    needs_input: bool,
    /// What follows the end of the stream.
    unused: Vec<u8>,
}

impl Fed {
    /// The output; a decompressor's attributes tell the rest.
    pub fn settle(
        self,
        th: &Thread,
        eof: &Cell<bool>,
        needs_input: &Cell<bool>,
        unused_data: &Slot<Bytes>,
    ) -> PyResult<Owned<Bytes>> {
        eof.set(self.is_end);
        needs_input.set(self.needs_input);
        if self.is_end {
            drop(unused_data.replace(Some(Bytes::new(th, &self.unused)?)));
        }
        self.output.into_bytes(th)
    }
}

impl<D: Decoder> Feed<D> {
    pub fn new(decoder: D) -> Feed<D> {
        Feed { decoder, pending: Vec::new() }
    }

    /// Decodes what was left over and `data`, to at most `limit` bytes. Input is lost if it fails.
    pub fn decompress(&mut self, data: &[u8], limit: usize) -> Result<Fed, D::Error> {
        let mut pending = std::mem::take(&mut self.pending);
        let all = if pending.is_empty() {
            data
        } else {
            pending.try_reserve(data.len()).map_err(|_| NoMemory)?;
            pending.extend_from_slice(data);
            &pending
        };
        let mut input = all;
        let mut output = Output::limited(limit);
        let is_end = self.decoder.decode(&mut input, &mut output)?;
        let mut fed = Fed { output, is_end, needs_input: false, unused: Vec::new() };
        let rest = copied(input)?;
        if is_end {
            fed.unused = rest;
        } else {
            fed.needs_input = rest.is_empty() && !fed.output.is_at_limit();
            self.pending = rest;
        }
        Ok(fed)
    }
}

fn copied(bytes: &[u8]) -> Result<Vec<u8>, NoMemory> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(bytes.len()).map_err(|_| NoMemory)?;
    copy.extend_from_slice(bytes);
    Ok(copy)
}
