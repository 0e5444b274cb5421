//! The methods of arrays.

use krait_objects::bytes::Bytes;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer::Buffer;
use krait_objects::slice::SliceBound;

use super::Array;

/// How many bytes `tofile` writes at once.
const CHUNK: usize = 64 << 10;

impl Array {
    /// The first position in `start..stop` whose item equals `value`.
    pub(super) fn find(
        &self,
        th: &Thread,
        value: Borrowed<'_>,
        start: usize,
        stop: usize,
    ) -> PyResult<Option<usize>> {
        for at in start..stop {
            // Comparing may change the array.
            let Some(item) = self.get(th, at)? else { break };
            if object::eq(th, item.borrow(), value)? {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    pub(super) fn to_list(&self, th: &Thread) -> PyResult<Owned<List>> {
        let list = List::with_capacity(th, self.len())?;
        let mut at = 0;
        while let Some(item) = self.get(th, at)? {
            list.push(th, item)?;
            at += 1;
        }
        Ok(list)
    }

    fn check_text(&self, th: &Thread, method: &str) -> PyResult<()> {
        if self.code().is_text() {
            return Ok(());
        }
        Err(raise!(
            th,
            VALUE_ERROR,
            "{method}() may only be called on unicode type arrays ('u' or 'w')"
        ))
    }
}

#[pymethods(part = "methods")]
impl Array {
    /// The letter that stands for the type of the items.
    #[getter]
    fn typecode(&self, th: &Thread) -> PyResult<Owned<Str>> {
        Str::from_char(th, u32::from(self.code().letter))
    }

    /// How many bytes each item takes.
    #[getter]
    fn itemsize(&self) -> usize {
        self.code().size()
    }

    /// Add one item behind the last.
    #[method(sig = "(self, v, /)")]
    fn append(&self, th: &Thread, v: Borrowed<'_>) -> PyResult<()> {
        self.push(th, v)
    }

    /// Tell where the items are in memory, and how many: (address, length).
    ///
    /// The length is in items: multiply by itemsize for the size in bytes.
    #[method(sig = "(self, /)")]
    fn buffer_info(&self) -> (usize, usize) {
        (self.items.0.get() as usize, self.len())
    }

    /// Turn each item's bytes around, for data of a machine with the other byte order.
    ///
    /// RuntimeError is raised if items are not of 1, 2, 4 or 8 bytes.
    #[method(sig = "(self, /)")]
    fn byteswap(&self) {
        let size = self.code().size();
        self.with_bytes(|bytes| bytes.chunks_exact_mut(size).for_each(<[u8]>::reverse));
    }

    /// Make the array empty.
    #[method(sig = "(self, /)")]
    fn clear(&self, th: &Thread) -> PyResult<()> {
        self.resize(th, 0)
    }

    /// How many items are equal to v.
    #[method(sig = "(self, v, /)")]
    fn count(&self, th: &Thread, v: Borrowed<'_>) -> PyResult<usize> {
        let (mut count, mut at) = (0, 0);
        while let Some(item) = self.get(th, at)? {
            count += usize::from(object::eq(th, item.borrow(), v)?);
            at += 1;
        }
        Ok(count)
    }

    /// Add the items of another array of the same type, or of any iterable, behind the last.
    #[method(sig = "(self, bb, /)")]
    fn extend(&self, th: &Thread, bb: Borrowed<'_>) -> PyResult<()> {
        self.extend_from(th, bb)
    }

    /// Append items that lie in memory as they would in the array.
    #[method(sig = "(self, buffer, /)")]
    fn frombytes(&self, th: &Thread, buffer: Buffer) -> PyResult<()> {
        self.extend_from_buffer(th, &buffer)
    }

    /// Add n items that are read from a binary file.
    ///
    /// EOFError is raised if there are fewer; those are added nevertheless.
    #[method(sig = "(self, f, n, /)")]
    fn fromfile(&self, th: &Thread, f: Borrowed<'_>, n: isize) -> PyResult<()> {
        let Ok(count) = usize::try_from(n) else {
            return Err(th.raise(exc::VALUE_ERROR, "negative count"));
        };
        let wanted = count.checked_mul(self.code().size());
        let wanted = wanted.filter(|&wanted| wanted <= isize::MAX as usize);
        let wanted = wanted.ok_or_else(|| th.no_memory())?;
        let name = Str::interned(th, "read")?;
        let size = Int::from_usize(th, wanted)?;
        let read = call::call_method(th, f, name.borrow(), &[size.object()])?;
        let Some(bytes) = read.borrow().downcast::<Bytes>() else {
            return Err(th.raise(exc::TYPE_ERROR, "read() didn't return bytes"));
        };
        self.extend_from_buffer(th, &Buffer::simple(th, read.borrow())?)?;
        if bytes.len() != wanted {
            return Err(th.raise(exc::EOF_ERROR, "read() didn't return enough bytes"));
        }
        Ok(())
    }

    /// Append items of a list.
    ///
    /// If one of them is refused, none is appended.
    #[method(sig = "(self, list, /)")]
    fn fromlist(&self, th: &Thread, list: Borrowed<'_>) -> PyResult<()> {
        let Some(list) = list.downcast::<List>() else {
            return Err(th.raise(exc::TYPE_ERROR, "arg must be list"));
        };
        let count = list.get().len();
        if count > 0 {
            self.check_resizable(th)?;
        }
        let size = self.code().size();
        let mut data = Vec::with_capacity(count.saturating_mul(size));
        for at in 0..count {
            let item = list.get().get(at);
            if let Some(item) = item {
                data.extend_from_slice(&self.code().pack(th, item.borrow())?[..size]);
            }
            if list.get().len() != count {
                let message = "list changed size during iteration";
                return Err(th.raise(exc::RUNTIME_ERROR, message));
            }
        }
        self.splice(th, self.len(), self.len(), &data)
    }

    /// Append the characters of a string; the array must be one of characters.
    #[method(sig = "(self, ustr, /)")]
    fn fromunicode(&self, th: &Thread, ustr: Borrowed<'_, Str>) -> PyResult<()> {
        self.check_text(th, "fromunicode")?;
        self.extend_from_text(th, &ustr)
    }

    /// Find the first item equal to v, between start and stop, and return its index.
    ///
    /// ValueError is raised if there is none.
    #[method(sig = "(self, v, start=0, stop=sys.maxsize, /)")]
    fn index(
        &self,
        th: &Thread,
        v: Borrowed<'_>,
        #[default(SliceBound(0))] start: SliceBound,
        #[default(SliceBound(isize::MAX))] stop: SliceBound,
    ) -> PyResult<usize> {
        let len = self.len();
        match self.find(th, v, start.within(len), stop.within(len))? {
            Some(at) => Ok(at),
            None => Err(th.raise(exc::VALUE_ERROR, "array.index(x): x not in array")),
        }
    }

    /// Put an item in front of the one at index i.
    #[method(sig = "(self, i, v, /)")]
    fn insert(&self, th: &Thread, i: isize, v: Borrowed<'_>) -> PyResult<()> {
        let item = self.code().pack(th, v)?;
        let at = SliceBound(i).within(self.len()).min(self.len());
        self.splice(th, at, at, &item[..self.code().size()])
    }

    /// Take the item at an index out of the array, by default the last one, and return it.
    #[method(sig = "(self, i=-1, /)")]
    fn pop(&self, th: &Thread, i: Index) -> PyResult {
        let len = self.len();
        if len == 0 {
            return Err(th.raise(exc::INDEX_ERROR, "pop from empty array"));
        }
        let at = i.resolve(len).filter(|&at| at < len);
        let outside = || th.raise(exc::INDEX_ERROR, "pop index out of range");
        let at = at.ok_or_else(outside)?;
        let item = self.get(th, at)?.ok_or_else(outside)?;
        self.splice(th, at, at + 1, &[])?;
        Ok(item)
    }

    /// Take the first item that is equal to v out of the array.
    ///
    /// ValueError is raised if there is none.
    #[method(sig = "(self, v, /)")]
    fn remove(&self, th: &Thread, v: Borrowed<'_>) -> PyResult<()> {
        match self.find(th, v, 0, usize::MAX)? {
            Some(at) if at < self.len() => self.splice(th, at, at + 1, &[]),
            Some(_) => Ok(()),
            None => Err(th.raise(exc::VALUE_ERROR, "array.remove(x): x not in array")),
        }
    }

    /// Turn the array around: the last item becomes the first.
    #[method(sig = "(self, /)")]
    fn reverse(&self) {
        let size = self.code().size();
        // All bytes in reverse order, and then those of each item back.
        self.with_bytes(|bytes| {
            bytes.reverse();
            bytes.chunks_exact_mut(size).for_each(<[u8]>::reverse);
        });
    }

    /// Return the memory of all items as bytes.
    #[method(sig = "(self, /)")]
    fn tobytes(&self, th: &Thread) -> PyResult<Owned<Bytes>> {
        Bytes::new(th, self.bytes())
    }

    /// Write the memory of all items to a binary file.
    #[method(sig = "(self, f, /)")]
    fn tofile(&self, th: &Thread, f: Borrowed<'_>) -> PyResult<()> {
        let name = Str::interned(th, "write")?;
        let (mut at, end) = (0, self.bytes().len());
        while at < end {
            let bytes = self.bytes();
            // Writing may change the array.
            let Some(part) = bytes.get(at..bytes.len().min(at + CHUNK)) else { break };
            let part = Bytes::new(th, part)?;
            call::call_method(th, f, name.borrow(), &[part.object()])?;
            at += CHUNK;
        }
        Ok(())
    }

    /// Return the items as a list.
    #[method(sig = "(self, /)")]
    fn tolist(&self, th: &Thread) -> PyResult<Owned<List>> {
        self.to_list(th)
    }

    /// Return the characters as a string; the array must be one of characters.
    #[method(sig = "(self, /)")]
    fn tounicode(&self, th: &Thread) -> PyResult<Owned<Str>> {
        self.check_text(th, "tounicode")?;
        self.text(th)
    }

    /// A new array with the same items.
    #[method(sig = "(self, /)")]
    fn __copy__(&self, th: &Thread) -> PyResult<Owned<Array>> {
        self.of_bytes(th, self.bytes())
    }

    /// A new array with the same items.
    #[method(sig = "(self, unused, /)")]
    fn __deepcopy__(&self, th: &Thread, _unused: Borrowed<'_>) -> PyResult<Owned<Array>> {
        self.of_bytes(th, self.bytes())
    }

    /// How many bytes of memory the array takes, its items included.
    #[method(sig = "(self, /)")]
    fn __sizeof__(this: Borrowed<'_, Self>) -> usize {
        let head = this.object().ty().raw().tp_basicsize as usize;
        head + this.allocated.get() as usize * this.code().size()
    }

    /// See PEP 585
    #[classmethod(sig = "(type, object, /)")]
    fn __class_getitem__(cls: Borrowed<'_, Type>, th: &Thread, object: Borrowed<'_>) -> PyResult {
        krait_objects::generic_alias::new(th, cls.object(), object)
    }
}
