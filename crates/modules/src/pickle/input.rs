//! The stream that an unpickler reads: bytes that are there already, or a file that is asked for more.
//!
//! A file that can `peek` is read ahead; what was looked at is really read once it is used, so that the file is left
//! right behind the pickle.

use std::ops::Range;

use krait_objects::prelude::*;
use krait_objects::protocol::buffer::Buffer;

use super::unpickling_error;

/// How much is asked for at a time in advance.
const PREFETCH: usize = 128 * 1024;
/// Memory for what a stream announces grows in steps of this.
const CHUNK: usize = 1 << 20;

/// The methods of a file.
pub(super) struct File {
    pub peek: Option<Owned>,
    pub read: Owned,
    pub readline: Owned,
}

enum Data {
    Lent(Buffer),
    Own(Owned<Bytes>),
}

impl Data {
    fn place(&self) -> (*const u8, usize) {
        let bytes = match self {
            Data::Lent(data) => data.as_bytes(),
            Data::Own(data) => data.as_bytes(),
        };
        (bytes.as_ptr(), bytes.len())
    }
}

pub(super) struct Input<'a> {
    th: &'a Thread,
    data: Data,
    /// Where the bytes of `data` lie, and how many there are: this is asked for with every opcode.
    bytes: (*const u8, usize),
    at: usize,
    /// How much of `data` the file knows as read.
    read: usize,
    file: Option<File>,
    /// Where the frame ends that is being read, which is in memory as a whole: no value may go beyond it.
    frame_end: Option<usize>,
}

impl<'a> Input<'a> {
    pub fn of_buffer(th: &'a Thread, data: Buffer) -> Input<'a> {
        let read = data.as_bytes().len();
        Input::new(th, Data::Lent(data), read, None)
    }

    pub fn of_file(th: &'a Thread, file: File) -> Input<'a> {
        Input::new(th, Data::Own(Bytes::empty().to_owned()), 0, Some(file))
    }

    fn new(th: &'a Thread, data: Data, read: usize, file: Option<File>) -> Input<'a> {
        let bytes = data.place();
        Input { th, data, bytes, at: 0, read, file, frame_end: None }
    }

    #[inline(always)]
    fn bytes(&self) -> &[u8] {
        let (start, len) = self.bytes;
        // SAFETY: `data` holds the bytes, which lie still meanwhile; whoever replaces it sets both.
        unsafe { std::slice::from_raw_parts(start, len) }
    }

    #[inline(always)]
    pub fn slice(&self, range: Range<usize>) -> &[u8] {
        &self.bytes()[range]
    }

    #[cold]
    fn truncated(&self) -> Raised {
        unpickling_error(self.th, "pickle data was truncated")
    }

    /// The next byte; `None` at the end.
    #[inline]
    pub fn opcode(&mut self) -> PyResult<Option<u8>> {
        if let Some(&byte) = self.bytes().get(self.at) {
            self.at += 1;
            return Ok(Some(byte));
        }
        if self.file.is_none() || self.fetch(1)? < 1 {
            return Ok(None);
        }
        self.at = 1;
        Ok(self.bytes().first().copied())
    }

    /// An error if `count` more bytes go beyond the end of the frame that they begin in.
    #[inline]
    fn check_frame(&mut self, count: usize) -> PyResult<()> {
        let Some(end) = self.frame_end else {
            return Ok(());
        };
        if self.at >= end {
            self.frame_end = None;
        } else if count > end - self.at {
            return Err(unpickling_error(self.th, "pickle exhausted before end of frame"));
        }
        Ok(())
    }

    /// Where the next `count` bytes are.
    #[inline]
    pub fn take(&mut self, count: usize) -> PyResult<Range<usize>> {
        self.check_frame(count)?;
        let left = self.bytes().len() - self.at;
        if count <= left {
            let start = self.at;
            self.at += count;
            return Ok(start..self.at);
        }
        if self.file.is_none() || self.fetch(count)? < count {
            return Err(self.truncated());
        }
        self.at = count;
        Ok(0..count)
    }

    pub fn array<const N: usize>(&mut self) -> PyResult<[u8; N]> {
        let range = self.take(N)?;
        let mut array = [0; N];
        array.copy_from_slice(self.slice(range));
        Ok(array)
    }

    #[inline]
    pub fn byte(&mut self) -> PyResult<u8> {
        if self.frame_end.is_none_or(|end| self.at < end)
            && let Some(&byte) = self.bytes().get(self.at)
        {
            self.at += 1;
            return Ok(byte);
        }
        Ok(self.array::<1>()?[0])
    }

    /// A length of four bytes.
    pub fn size4(&mut self) -> PyResult<usize> {
        Ok(u32::from_le_bytes(self.array()?) as usize)
    }

    /// A length of eight bytes; `None` if no memory is that large.
    pub fn size8(&mut self) -> PyResult<Option<usize>> {
        let size = u64::from_le_bytes(self.array()?);
        Ok(isize::try_from(size).ok().map(isize::cast_unsigned))
    }

    /// Begins a frame of `count` bytes: they are brought into memory, but not read yet.
    pub fn begin_frame(&mut self, count: usize) -> PyResult<()> {
        if self.frame_end.take().is_some_and(|end| self.at < end) {
            let message = "beginning of a new frame before end of current frame";
            return Err(unpickling_error(self.th, message));
        }
        let range = self.take(count)?;
        self.at = range.start;
        self.frame_end = Some(range.end);
        Ok(())
    }

    /// The next line, without its end, which has to be there.
    pub fn line(&mut self) -> PyResult<Range<usize>> {
        let start = self.at;
        if let Some(len) = self.bytes()[start..].iter().position(|&c| c == b'\n') {
            self.check_frame(len + 1)?;
            self.at = start + len + 1;
            return Ok(start..start + len);
        }
        if self.file.is_none() {
            return Err(self.truncated());
        }
        self.check_frame(usize::MAX)?;
        self.settle()?;
        let Some(file) = &self.file else {
            return Err(self.truncated());
        };
        let line = call::call(self.th, file.readline.borrow(), &[])?;
        let len = self.replace(line)?;
        self.read = len;
        self.at = len;
        match self.bytes().last() {
            Some(b'\n') => Ok(0..len - 1),
            _ => Err(self.truncated()),
        }
    }

    /// Puts what a file gave in place of the data that was used; how much it is.
    fn replace(&mut self, data: Owned) -> PyResult<usize> {
        let data = data.downcast::<Bytes>().map_err(|other| {
            let found = other.type_name();
            raise!(self.th, TYPE_ERROR, "a bytes-like object is required, not '{found}'")
        })?;
        let len = data.as_bytes().len();
        self.data = Data::Own(data);
        self.bytes = self.data.place();
        self.at = 0;
        // More is asked for only once a frame is used up.
        self.frame_end = None;
        Ok(len)
    }

    /// Reads what was only looked at and is used by now.
    pub fn settle(&mut self) -> PyResult<()> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        let used = self.at.saturating_sub(self.read);
        if used == 0 {
            return Ok(());
        }
        let count = Int::from_usize(self.th, used)?;
        drop(call::call(self.th, file.read.borrow(), &[count.object()])?);
        self.read = self.at;
        Ok(())
    }

    /// Asks the file for `count` bytes or more, in place of what is there; how many came.
    fn fetch(&mut self, count: usize) -> PyResult<usize> {
        self.settle()?;
        let th = self.th;
        if let Some(peek) = self.file.as_ref().and_then(|file| file.peek.clone())
            && count < PREFETCH
        {
            let wanted = Int::from_usize(th, PREFETCH)?;
            match call::call(th, peek.borrow(), &[wanted.object()]) {
                Ok(data) => {
                    let len = self.replace(data)?;
                    self.read = 0;
                    if len >= count {
                        return Ok(len);
                    }
                }
                // Files that only seem to be able to peek say so by these.
                Err(raised) => {
                    let class = exc::NOT_IMPLEMENTED_ERROR;
                    drop(th.take_if(raised, class)?);
                    if let Some(file) = &mut self.file {
                        file.peek = None;
                    }
                }
            }
        }
        let len = self.read_file(count)?;
        self.read = len;
        Ok(len)
    }

    fn read_file(&mut self, count: usize) -> PyResult<usize> {
        let th = self.th;
        let Some(read) = self.file.as_ref().map(|file| file.read.clone()) else {
            return Ok(0);
        };
        if count <= CHUNK {
            let wanted = Int::from_usize(th, count)?;
            let data = call::call(th, read.borrow(), &[wanted.object()])?;
            return self.replace(data);
        }
        // A stream may announce more than there is.
        let mut all: Vec<u8> = Vec::new();
        while all.len() < count {
            let wanted = Int::from_usize(th, (count - all.len()).min(CHUNK.max(all.len())))?;
            let data = call::call(th, read.borrow(), &[wanted.object()])?;
            if self.replace(data)? == 0 {
                break;
            }
            all.try_reserve(self.bytes().len()).map_err(|_| th.no_memory())?;
            all.extend_from_slice(self.bytes());
        }
        self.replace(Bytes::new(th, &all)?.into_object())
    }

    /// Fills an array: straight from the file for what is not in memory.
    pub fn read_into(
        &mut self,
        array: &krait_objects::bytearray::ByteArray,
        count: usize,
    ) -> PyResult<()> {
        self.check_frame(count)?;
        let left = (self.bytes().len() - self.at).min(count);
        let start = self.at;
        self.at += left;
        array.append_slice(self.th, &self.bytes()[start..start + left])?;
        let mut missing = count - left;
        if missing > 0 && self.file.is_none() {
            return Err(self.truncated());
        }
        while missing > 0 {
            let range = self.take(missing.min(CHUNK))?;
            array.append_slice(self.th, self.slice(range.clone()))?;
            missing -= range.len();
        }
        Ok(())
    }
}
