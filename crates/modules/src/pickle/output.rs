//! The stream that a pickler writes: bytes in memory, in frames from protocol 4 on, handed to a file from time to time.

use krait_objects::prelude::*;

use super::opcodes::FRAME;

/// A frame that has grown to this many bytes is closed; strings that long get no frame at all.
const FRAME_TARGET: usize = 64 * 1024;
/// Shorter frames are not worth their header.
const FRAME_MIN: usize = 4;
/// The instruction and the length.
const FRAME_HEADER: usize = 9;

pub(super) struct Output<'a> {
    th: &'a Thread,
    bytes: Vec<u8>,
    pub framing: bool,
    /// Where the header of the open frame is.
    frame: Option<usize>,
    /// The file's `write`; without a file all stays in memory.
    write: Option<Owned>,
}

impl<'a> Output<'a> {
    pub fn new(th: &'a Thread, write: Option<Owned>) -> Output<'a> {
        Output { th, bytes: Vec::with_capacity(256), framing: false, frame: None, write }
    }

    #[inline]
    pub fn byte(&mut self, byte: u8) {
        self.put(&[byte]);
    }

    #[inline]
    pub fn put(&mut self, data: &[u8]) {
        if self.framing && self.frame.is_none() {
            self.frame = Some(self.bytes.len());
            self.bytes.extend_from_slice(&[0; FRAME_HEADER]);
        }
        self.bytes.extend_from_slice(data);
    }

    /// Closes the open frame.
    pub fn end_frame(&mut self) {
        let Some(start) = self.frame.take() else {
            return;
        };
        let len = self.bytes.len() - start - FRAME_HEADER;
        if len >= FRAME_MIN {
            self.bytes[start] = FRAME;
            self.bytes[start + 1..start + FRAME_HEADER]
                .copy_from_slice(&(len as u64).to_le_bytes());
        } else {
            self.bytes.drain(start..start + FRAME_HEADER);
        }
    }

    /// Between two objects: closes a frame that is long enough, and hands it to the file.
    #[inline]
    pub fn boundary(&mut self) -> PyResult<()> {
        match self.frame {
            Some(start) if self.bytes.len() - start - FRAME_HEADER >= FRAME_TARGET => {
                self.end_frame();
                self.flush()
            }
            _ => Ok(()),
        }
    }

    /// An instruction with its length, and its data. Long data goes past the frames; `object` is it as bytes.
    pub fn data(
        &mut self,
        header: &[u8],
        data: &[u8],
        object: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        if data.len() < FRAME_TARGET {
            self.put(header);
            self.put(data);
            return Ok(());
        }
        self.end_frame();
        let framing = std::mem::replace(&mut self.framing, false);
        self.put(header);
        if self.write.is_none() {
            self.bytes.try_reserve(data.len()).map_err(|_| self.th.no_memory())?;
            self.put(data);
        } else {
            self.flush()?;
            match object {
                Some(object) => self.hand_over(object)?,
                None => self.hand_over(Bytes::new(self.th, data)?.object())?,
            }
        }
        self.framing = framing;
        Ok(())
    }

    fn hand_over(&self, data: Borrowed<'_>) -> PyResult<()> {
        match &self.write {
            Some(write) => call::call(self.th, write.borrow(), &[data]).map(drop),
            None => Ok(()),
        }
    }

    /// Hands everything to the file, if there is one.
    pub fn flush(&mut self) -> PyResult<()> {
        if self.write.is_none() {
            return Ok(());
        }
        let data = Bytes::new(self.th, &self.bytes)?;
        self.bytes.clear();
        self.hand_over(data.object())
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}
