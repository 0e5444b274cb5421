//! `bytes_iterator` and `bytearray_iterator`.

use std::cell::Cell;

use crate::bytearray::ByteArray;
use crate::prelude::*;
use crate::str::iterator::{builtin, instance, iterator_state};

/// Over `bytes`.
#[pytype(
    name = "bytes_iterator",
    symbol = "PyBytesIter_Type",
    flags(HAVE_GC, DISALLOW_INSTANTIATION)
)]
#[repr(C)]
pub struct BytesIterator {
    head: Head,
    index: Cell<isize>,
    #[visit]
    sequence: Slot<Bytes>,
}

/// Over a `bytearray`.
#[pytype(
    name = "bytearray_iterator",
    symbol = "PyByteArrayIter_Type",
    flags(HAVE_GC, DISALLOW_INSTANTIATION)
)]
#[repr(C)]
pub struct ByteArrayIterator {
    head: Head,
    index: Cell<isize>,
    #[visit]
    sequence: Slot<ByteArray>,
}

macro_rules! methods {
    ($ty:ident over $sequence:ident) => {
        impl $ty {
            /// `iter(sequence)`.
            pub fn new(th: &Thread, sequence: Borrowed<'_, $sequence>) -> PyResult {
                let iterator = instance::<$ty>(th)?;
                iterator.sequence.set(Some(sequence.to_owned()));
                Ok(iterator.into_object())
            }
        }

        #[pymethods]
        impl $ty {
            #[slot(tp_iternext)]
            fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
                let Some(sequence) = self.sequence.get() else {
                    return Ok(None);
                };
                let at = self.index.get();
                if let Some(&byte) = sequence.as_bytes().get(at as usize) {
                    self.index.set(at + 1);
                    return Ok(Some(Int::from_i64(th, i64::from(byte))?.into_object()));
                }
                self.sequence.set(None);
                Ok(None)
            }

            /// Return an estimate of how many items are left.
            #[method(sig = "(self, /)")]
            fn __length_hint__(&self) -> usize {
                self.sequence.get().map_or(0, |sequence| {
                    sequence.as_bytes().len().saturating_sub(self.index.get() as usize)
                })
            }

            /// Return what pickling needs to make the iterator again.
            #[method(sig = "(self, /)")]
            fn __reduce__(&self, th: &Thread) -> PyResult {
                let iter = builtin(th, id::iter)?;
                let Some(sequence) = self.sequence.get() else {
                    let nothing = Tuple::pack(th, [Tuple::empty().to_owned().into_object()])?;
                    return Ok(Tuple::pack(th, [iter, nothing.into_object()])?.into_object());
                };
                let arguments = Tuple::from_slice(th, &[sequence.object()])?.into_object();
                let index = Int::from_isize(th, self.index.get())?.into_object();
                Ok(Tuple::pack(th, [iter, arguments, index])?.into_object())
            }

            /// Go to a position that __reduce__ told.
            #[method(sig = "(self, object, /)")]
            fn __setstate__(&self, th: &Thread, state: Borrowed<'_>) -> PyResult<()> {
                let at = iterator_state(th, state)?;
                if let Some(sequence) = self.sequence.get() {
                    self.index.set(at.clamp(0, sequence.as_bytes().len() as isize));
                }
                Ok(())
            }
        }
    };
}

methods!(BytesIterator over Bytes);
methods!(ByteArrayIterator over ByteArray);
