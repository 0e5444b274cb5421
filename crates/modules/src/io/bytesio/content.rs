//! The content of a `BytesIO`: shared with whoever has it as an object, until it changes.

use krait_objects::prelude::*;
use krait_objects::protocol::buffer::Buffer;
use krait_objects::text::search;

use super::BytesIO;

impl BytesIO {
    /// BufferError while somebody has a view of the content.
    pub(super) fn check_resizable(&self, th: &Thread) -> PyResult<()> {
        if self.exports.get() > 0 {
            let message = "Existing exports of data: object cannot be re-sized";
            return Err(th.raise(exc::BUFFER_ERROR, message));
        }
        Ok(())
    }

    pub(super) fn len(&self) -> usize {
        match self.shared.get() {
            Some(shared) => shared.len(),
            None => self.data.borrow().len(),
        }
    }

    /// Looks at the content. `body` must not run Python code.
    pub(super) fn with<R>(&self, body: impl FnOnce(&[u8]) -> R) -> R {
        match self.shared.get() {
            Some(shared) => body(shared.as_bytes()),
            None => body(&self.data.borrow()),
        }
    }

    /// Makes the content this object's own.
    pub(super) fn unshare(&self, th: &Thread) -> PyResult<()> {
        let Some(shared) = self.shared.get_owned() else {
            return Ok(());
        };
        let mut data = Vec::new();
        data.try_reserve(shared.len()).map_err(|_| th.no_memory())?;
        data.extend_from_slice(shared.as_bytes());
        *self.data.borrow_mut() = data;
        self.shared.set(None);
        Ok(())
    }

    /// The next bytes, at most `limit`; moves on.
    pub(super) fn take(&self, th: &Thread, limit: Option<usize>) -> PyResult<Owned<Bytes>> {
        let start = self.pos.get().min(self.len());
        let count = limit.unwrap_or(usize::MAX).min(self.len() - start);
        if count == self.len() && count > 1 {
            // All of it at once: no copy.
            let all = self.value(th)?;
            self.pos.set(count);
            return Ok(all);
        }
        let bytes = self.with(|data| Bytes::new(th, &data[start..start + count]))?;
        self.pos.set(self.pos.get() + count);
        Ok(bytes)
    }

    /// All of it, shared from here on.
    pub(super) fn value(&self, th: &Thread) -> PyResult<Owned<Bytes>> {
        if let Some(shared) = self.shared.get_owned() {
            return Ok(shared);
        }
        let bytes = Bytes::new(th, &self.data.borrow())?;
        if self.exports.get() == 0 {
            self.shared.set(Some(bytes.clone()));
            self.data.replace(Vec::new());
        }
        Ok(bytes)
    }

    /// How long the rest of the line is, of which at most `limit` counts.
    pub(super) fn line_len(&self, limit: Option<usize>) -> usize {
        let start = self.pos.get();
        self.with(|data| {
            let rest = data.get(start..).unwrap_or_default();
            let rest = &rest[..rest.len().min(limit.unwrap_or(usize::MAX))];
            search::find_byte(rest, b'\n').map_or(rest.len(), |at| at + 1)
        })
    }

    /// Writes at the position, and moves on.
    pub(super) fn put(&self, th: &Thread, bytes: &[u8]) -> PyResult<usize> {
        self.check_resizable(th)?;
        if bytes.is_empty() {
            return Ok(0);
        }
        let start = self.pos.get();
        let end = start.checked_add(bytes.len()).filter(|&end| end <= isize::MAX as usize);
        let Some(end) = end else {
            return Err(th.raise(exc::OVERFLOW_ERROR, "new position too large"));
        };
        self.unshare(th)?;
        let mut data = self.data.borrow_mut();
        if end > data.len() {
            let more = end - data.len();
            data.try_reserve(more).map_err(|_| th.no_memory())?;
            data.resize(end, 0);
        }
        data[start..end].copy_from_slice(bytes);
        self.pos.set(end);
        Ok(bytes.len())
    }

    /// Begins anew, with these bytes.
    pub(super) fn fill(&self, th: &Thread, initial: Option<Borrowed<'_>>) -> PyResult<()> {
        self.check_resizable(th)?;
        self.data.replace(Vec::new());
        self.shared.set(None);
        self.pos.set(0);
        let Some(initial) = initial.filter(|initial| !initial.is_none()) else {
            return Ok(());
        };
        if let Some(bytes) = initial.downcast_exact::<Bytes>() {
            self.shared.set(Some(bytes.to_owned()));
            return Ok(());
        }
        let bytes = Buffer::simple(th, initial)?;
        self.put(th, bytes.as_bytes())?;
        self.pos.set(0);
        Ok(())
    }
}
