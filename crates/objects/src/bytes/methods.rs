//! `bytes` as Python sees it.

use std::cell::Cell;

use krait_abi as abi;

use crate::bytelike;
use crate::prelude::*;
use crate::protocol::buffer;

/// bytes(iterable_of_ints) -> bytes
/// bytes(string, encoding[, errors]) -> bytes
/// bytes(bytes_or_buffer) -> immutable copy of bytes_or_buffer
/// bytes(int) -> bytes object of size given by the parameter initialized with null bytes
/// bytes() -> empty bytes object
///
/// An immutable sequence of bytes.
#[pytype(
    name = "bytes",
    symbol = "PyBytes_Type",
    flags(BASETYPE, BYTES_SUBCLASS, MATCH_SELF),
    basicsize = 33,
    itemsize = 1
)]
#[repr(C)]
pub struct Bytes {
    pub(super) head: VarHead,
    pub(super) hash: Cell<isize>,
    data: [u8; 1],
}
assert_layout!(Bytes => abi::PyBytesObject);

#[pymethods]
impl Bytes {
    #[slot(tp_repr)]
    fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
        let mut text = String::with_capacity(self.len() + 3);
        bytelike::push_repr(&mut text, self.as_bytes());
        Str::new(th, &text)
    }

    #[slot(tp_hash)]
    fn hash_slot(&self, _th: &Thread) -> PyResult<isize> {
        Ok(self.hash())
    }

    #[slot(tp_richcompare)]
    fn richcompare(&self, _th: &Thread, other: Borrowed<'_>, op: CompareOp) -> PyResult {
        let Some(other) = other.downcast::<Bytes>() else {
            return Ok(not_implemented().to_owned());
        };
        let answer = op.holds(self.as_bytes().cmp(other.get().as_bytes()));
        Ok(bool_object(answer).object().to_owned())
    }

    #[slot(sq_length, mp_length)]
    fn length(&self, _th: &Thread) -> PyResult<usize> {
        Ok(self.len())
    }

    #[slot(sq_item)]
    fn item(&self, th: &Thread, index: isize) -> PyResult<Owned<Int>> {
        match usize::try_from(index).ok().and_then(|at| self.as_bytes().get(at)) {
            Some(&byte) => Int::from_i64(th, i64::from(byte)),
            None => Err(th.raise(exc::INDEX_ERROR, "index out of range")),
        }
    }

    #[slot(bf_getbuffer)]
    fn getbuffer(
        this: Borrowed<'_, Self>,
        th: &Thread,
        view: *mut abi::Py_buffer,
        flags: std::ffi::c_int,
    ) -> PyResult<()> {
        let data = this.get().as_bytes();
        let start = data.as_ptr().cast_mut();
        // SAFETY: the bytes live as long as the object, of which the view holds a reference.
        unsafe { buffer::fill_info(th, view, this.object(), start, data.len(), true, flags) }
    }
}
