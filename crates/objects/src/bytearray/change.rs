//! The methods of `bytearray` that `bytes` has not: those that change it, as a list's do, and a few about its memory.

use krait_abi as abi;

use super::ByteArray;
use crate::bytelike::arguments::Byte;
use crate::prelude::*;
use crate::protocol::buffer::{self, Buffer};

#[pymethods(part = "change")]
impl ByteArray {
    /// Append one byte.
    #[method(sig = "(self, item, /)")]
    fn append(&self, th: &Thread, item: Byte) -> PyResult<()> {
        self.append_slice(th, &[item.0])
    }

    /// Append all bytes of an iterable or a buffer.
    #[method(sig = "(self, iterable_of_ints, /)")]
    fn extend(&self, th: &Thread, iterable_of_ints: Borrowed<'_>) -> PyResult<()> {
        if let Some(bytes) = iterable_of_ints.downcast_exact::<Bytes>() {
            return self.append_slice(th, bytes.get().as_bytes());
        }
        if buffer::check(iterable_of_ints) {
            let end = self.len();
            let data = Buffer::get(th, iterable_of_ints, abi::PyBUF_FULL_RO)?.to_vec(th)?;
            // Where the end was: getting the data may have made it another.
            let end = end.min(self.len());
            return self.splice(th, end, end, &data);
        }
        let iterator = match iter::get_iter(th, iterable_of_ints) {
            Ok(iterator) => iterator,
            Err(raised) => {
                drop(th.take_if(raised, exc::TYPE_ERROR)?);
                let found = iterable_of_ints.type_name();
                return Err(raise!(th, TYPE_ERROR, "can't extend bytearray with {found}"));
            }
        };
        let mut data = Vec::new();
        // A wish that memory cannot fulfil is no error yet.
        let _ = data.try_reserve(object::length_hint(th, iterable_of_ints, 32)?);
        while let Some(item) = iter::next(th, iterator.borrow())? {
            match Byte::of(th, item.borrow()) {
                Ok(Byte(byte)) => data.push(byte),
                Err(raised) if iterable_of_ints.downcast::<Str>().is_some() => {
                    drop(th.take_if(raised, exc::TYPE_ERROR)?);
                    let found = iterable_of_ints.type_name();
                    return Err(raise!(
                        th,
                        TYPE_ERROR,
                        "expected iterable of integers; got: '{found}'"
                    ));
                }
                Err(raised) => return Err(raised),
            }
        }
        self.append_slice(th, &data)
    }

    /// Insert one byte before a position.
    #[method(sig = "(self, index, item, /)")]
    fn insert(&self, th: &Thread, index: isize, item: Byte) -> PyResult<()> {
        let len = self.len();
        let at = match index {
            ..0 => len.saturating_sub(index.unsigned_abs()),
            _ => (index as usize).min(len),
        };
        self.splice(th, at, at, &[item.0])
    }

    /// Remove and return the byte at a position.
    #[method(sig = "(self, index=-1, /)")]
    fn pop(&self, th: &Thread, index: Index) -> PyResult<Owned<Int>> {
        if self.is_empty() {
            return Err(th.raise(exc::INDEX_ERROR, "pop from empty bytearray"));
        }
        let Some(at) = index.resolve(self.len()) else {
            return Err(th.raise(exc::INDEX_ERROR, "pop index out of range"));
        };
        self.check_resizable(th)?;
        let byte = self.as_bytes()[at];
        self.splice(th, at, at + 1, &[])?;
        Int::from_i64(th, i64::from(byte))
    }

    /// Remove the first byte of that value.
    #[method(sig = "(self, value, /)")]
    fn remove(&self, th: &Thread, value: Byte) -> PyResult<()> {
        let Some(at) = memchr::memchr(value.0, self.as_bytes()) else {
            return Err(th.raise(exc::VALUE_ERROR, "value not found in bytearray"));
        };
        self.splice(th, at, at + 1, &[])
    }

    /// Reverse the order of the bytes in place.
    #[method(sig = "(self, /)")]
    fn reverse(&self) {
        self.with_bytes(<[u8]>::reverse);
    }

    /// Remove all bytes.
    #[method(sig = "(self, /)")]
    fn clear(&self, th: &Thread) -> PyResult<()> {
        self.resize(th, 0)
    }

    /// Return a copy.
    #[method(sig = "(self, /)")]
    fn copy(&self, th: &Thread) -> PyResult<Owned<ByteArray>> {
        ByteArray::new(th, self.as_bytes())
    }

    /// Change how many bytes there are; new ones are zero.
    #[method(sig = "(self, size, /)", name = "resize")]
    fn resize_method(&self, th: &Thread, size: isize) -> PyResult<()> {
        let Ok(len) = usize::try_from(size) else {
            return Err(raise!(th, VALUE_ERROR, "Can only resize to positive sizes, got {size}"));
        };
        let old = self.len();
        self.resize(th, len)?;
        self.with_bytes(|data| {
            if let Some(new) = data.get_mut(old..) {
                new.fill(0);
            }
        });
        Ok(())
    }

    /// Return how many bytes of memory there are for the contents.
    #[method(sig = "(self, /)")]
    fn __alloc__(&self) -> usize {
        self.allocated()
    }

    /// Return how many bytes the object takes.
    #[method(sig = "(self, /)")]
    fn __sizeof__(this: Borrowed<'_, Self>) -> usize {
        this.object().ty().raw().tp_basicsize as usize + this.allocated()
    }

    /// Return what pickling needs.
    #[method(sig = "(self, /)")]
    fn __reduce__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        ByteArray::reduce(this, th, 2)
    }

    /// Return what pickling with that protocol needs.
    #[method(sig = "(self, proto=0, /)")]
    fn __reduce_ex__(this: Borrowed<'_, Self>, th: &Thread, proto: i32) -> PyResult {
        ByteArray::reduce(this, th, proto)
    }
}

impl ByteArray {
    /// What pickling needs.
    fn reduce(this: Borrowed<'_, Self>, th: &Thread, protocol: i32) -> PyResult {
        let class = this.object().ty().object().to_owned();
        let state = call::call_method(th, this.object(), id::__getstate__, &[])?;
        let data = this.get().as_bytes();
        let arguments = if data.is_empty() {
            Tuple::empty().to_owned()
        } else if protocol < 3 {
            let text = Str::from_chars(th, crate::str::Chars::One(data))?.into_object();
            Tuple::pack(th, [text, Str::new(th, "latin-1")?.into_object()])?
        } else {
            Tuple::pack(th, [Bytes::new(th, data)?.into_object()])?
        };
        Ok(Tuple::pack(th, [class, arguments.into_object(), state])?.into_object())
    }
}
