//! `bytes`: the object, and what the house needs of it.
//!
//! `methods` is what Python sees; the methods it shares with `bytearray` are in `bytelike`. The same job as CPython's
//! `Objects/bytesobject.c`.
//!
//! Invariants:
//! 1. `size()` bytes follow the hash, and a NUL behind them.
//! 2. Once known to others the bytes never change.

mod methods;

use std::cell::Cell;

use krait_abi as abi;

use crate::error::PyResult;
use crate::handle::{Borrowed, Instance, Owned, VarHead};
use crate::str::Str;
use crate::text::{codec, vector};
use crate::thread::Thread;
use crate::typeobj::Type;
use crate::typeobj::alloc::init_head;
use crate::with_units;

pub use methods::{Bytes, PyBytes_Type, from_object};

/// Where the bytes are.
const DATA: usize = std::mem::offset_of!(abi::PyBytesObject, ob_sval);

/// A static object of at most one byte.
#[repr(C)]
struct StaticBytes {
    head: VarHead,
    hash: Cell<isize>,
    data: [u8; 2],
}

// SAFETY: a static, immortal object: only its hash is written, always the same.
unsafe impl Sync for StaticBytes {}

const fn fixed(data: [u8; 2], len: isize) -> StaticBytes {
    StaticBytes { head: VarHead::immortal(PyBytes_Type.as_ptr(), len), hash: Cell::new(-1), data }
}

static EMPTY: StaticBytes = fixed([0, 0], 0);
static SINGLE: [StaticBytes; 256] = {
    const BLANK: StaticBytes = fixed([0, 0], 1);
    let mut table = [BLANK; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte].data[0] = byte as u8;
        byte += 1;
    }
    table
};

impl StaticBytes {
    fn as_bytes_object(&'static self) -> Borrowed<'static, Bytes> {
        // SAFETY: laid out as a `bytes` of at most one byte, immortal.
        unsafe { Borrowed::from_ptr(std::ptr::from_ref(self).cast_mut().cast()) }
    }
}

impl Bytes {
    /// `b""`.
    pub fn empty() -> Borrowed<'static, Bytes> {
        EMPTY.as_bytes_object()
    }

    /// The static object of one byte.
    pub fn single(byte: u8) -> Borrowed<'static, Bytes> {
        SINGLE[usize::from(byte)].as_bytes_object()
    }

    #[inline(never)]
    pub fn new(th: &Thread, data: &[u8]) -> PyResult<Owned<Bytes>> {
        match *data {
            [] => Ok(Bytes::empty().to_owned()),
            [byte] => Ok(Bytes::single(byte).to_owned()),
            _ => {
                let bytes = Bytes::unwritten(th, data.len())?;
                // SAFETY: nobody else knows the object, which has room for as many bytes.
                unsafe {
                    let start = bytes.as_ptr().cast::<u8>().add(DATA);
                    vector::copy(data.as_ptr(), start, data.len());
                }
                Ok(bytes)
            }
        }
    }

    /// An object of `len` bytes, which are yet to be written, and the NUL.
    fn unwritten(th: &Thread, len: usize) -> PyResult<Owned<Bytes>> {
        if len > isize::MAX as usize - DATA - 1 {
            return Err(
                th.raise(crate::exceptions::exc::OVERFLOW_ERROR, "byte string is too large")
            );
        }
        let ty = Bytes::type_object().as_type_ptr();
        let block = th.interp().heap.alloc_object(DATA + len + 1, 0, ty);
        if block.is_null() {
            return Err(th.no_memory());
        }
        // SAFETY: the block has room for the head, the hash, the bytes and the NUL; nobody else knows it.
        unsafe {
            init_head(block.cast(), Borrowed::from_ref(Bytes::type_object()));
            let raw: *mut abi::PyBytesObject = block.cast();
            (*raw).ob_base.ob_size = len as isize;
            (&raw mut (*raw).ob_shash).write(-1);
            block.add(DATA + len).write(0);
            Ok(Owned::from_ptr(block.cast()))
        }
    }

    /// The UTF-8 of a text; `None` if it has surrogates.
    pub fn utf8_of(th: &Thread, text: &Str) -> Option<PyResult<Owned<Bytes>>> {
        let len = with_units!(text.chars(), units => codec::encoded_len(units))?;
        if len == 0 {
            return Some(Ok(Bytes::empty().to_owned()));
        }
        let made = Bytes::unwritten(th, len);
        if let Ok(bytes) = &made {
            // SAFETY: nobody else knows the object, which has room for as many bytes.
            unsafe {
                let to = bytes.as_ptr().cast::<u8>().add(DATA);
                with_units!(text.chars(), units => codec::encode_exact(units, to));
            }
        }
        Some(made)
    }

    /// An object of `len` bytes, which `fill` writes; they are zero before.
    pub fn build(
        th: &Thread,
        len: usize,
        fill: impl FnOnce(&mut [u8]) -> PyResult<()>,
    ) -> PyResult<Owned<Bytes>> {
        if len == 0 {
            return Ok(Bytes::empty().to_owned());
        }
        let bytes = Bytes::unwritten(th, len)?;
        // SAFETY: nobody else knows the object, which has room for as many bytes.
        unsafe {
            let block = bytes.as_ptr().cast::<u8>();
            block.add(DATA).write_bytes(0, len);
            fill(std::slice::from_raw_parts_mut(block.add(DATA), len))?;
            Ok(bytes)
        }
    }

    /// As `build`, where `fill` writes all of the bytes without a look at them: they are not set before.
    fn written(th: &Thread, len: usize, fill: &mut dyn FnMut(&mut [u8])) -> PyResult<Owned<Bytes>> {
        if len == 0 {
            return Ok(Bytes::empty().to_owned());
        }
        let bytes = Bytes::unwritten(th, len)?;
        // SAFETY: nobody else knows the object, which has room for as many bytes.
        fill(unsafe { std::slice::from_raw_parts_mut(bytes.as_ptr().cast::<u8>().add(DATA), len) });
        Ok(bytes)
    }

    /// An instance of `cls`, a subtype of `bytes`.
    pub fn new_of(th: &Thread, cls: Borrowed<'_, Type>, data: &[u8]) -> PyResult<Owned<Bytes>> {
        if std::ptr::eq(cls.get(), Bytes::type_object()) {
            return Bytes::new(th, data);
        }
        let bytes: Owned<Bytes> = cls.alloc(th, data.len() as isize)?;
        // SAFETY: fresh, with room for the bytes and the NUL.
        unsafe {
            let raw: *mut abi::PyBytesObject = bytes.as_ptr().cast();
            (&raw mut (*raw).ob_shash).write(-1);
            let start: *mut u8 = bytes.as_ptr().cast::<u8>().add(DATA);
            start.copy_from_nonoverlapping(data.as_ptr(), data.len());
            start.add(data.len()).write(0);
        }
        Ok(bytes)
    }

    #[inline(always)]
    pub fn len(&self) -> usize {
        self.head.size() as usize
    }

    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline(always)]
    pub fn as_bytes(&self) -> &[u8] {
        // SAFETY: (1), (2).
        unsafe {
            let start = std::ptr::from_ref(self).cast::<u8>().add(DATA);
            std::slice::from_raw_parts(start, self.len())
        }
    }

    /// The hash, kept in the object.
    #[inline]
    pub fn hash(&self) -> isize {
        let known = self.hash.get();
        if known != -1 {
            return known;
        }
        let hash = crate::str::hash_secret().hash(self.as_bytes()) as isize;
        self.hash.set(hash);
        hash
    }
}
