//! `bytes` as Python sees it.

use std::cell::Cell;

use krait_abi as abi;

use crate::bytelike::arguments::{FillByte, Needle, any_affix, separator};
use crate::bytelike::construct::{self, Source};
use crate::bytelike::iterator::BytesIterator;
use crate::bytelike::methods::{self, ByteString};
use crate::bytelike::{self, compared, hex, is_space, join, layout, percent};
use crate::prelude::*;
use crate::protocol::buffer::{self, Buffer};
use crate::slice::{Key, SliceRange, digit_index, subscript_kind};
use crate::str::arguments::{Bound, limit, range};
use crate::text::{search, split};

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

impl ByteString for Bytes {
    fn view(&self) -> &[u8] {
        self.as_bytes()
    }

    fn make(th: &Thread, data: &[u8]) -> PyResult<Owned<Bytes>> {
        Bytes::new(th, data)
    }

    fn filled(th: &Thread, len: usize, fill: &mut dyn FnMut(&mut [u8])) -> PyResult<Owned<Bytes>> {
        Bytes::written(th, len, fill)
    }

    fn unchanged(this: Borrowed<'_, Bytes>, th: &Thread) -> PyResult<Owned<Bytes>> {
        if this.object().is_exact::<Bytes>() {
            return Ok(this.to_owned());
        }
        Bytes::new(th, this.get().as_bytes())
    }
}

const RANGE: &str = "bytes must be in range(0, 256)";

/// `PyBytes_FromObject`: from a buffer or an iterable of numbers.
pub fn from_object(th: &Thread, value: Borrowed<'_>) -> PyResult<Owned<Bytes>> {
    match value.downcast_exact::<Bytes>() {
        Some(bytes) => Ok(bytes.to_owned()),
        None => Bytes::new(th, &construct::from_object(th, value, "bytes", RANGE)?),
    }
}

/// `bytes(source, encoding, errors)`: an exact one, unless `__bytes__` gave an instance of a subclass.
fn construct_bytes(
    th: &Thread,
    value: Option<Borrowed<'_>>,
    encoding: Option<&str>,
    errors: Option<&str>,
) -> PyResult<Owned<Bytes>> {
    let given = encoding.is_some() || errors.is_some();
    let Some(value) = value else {
        if given {
            return Err(construct::no_encoding(th, encoding));
        }
        return Ok(Bytes::empty().to_owned());
    };
    if let Some(text) = value.downcast::<Str>()
        && (encoding.is_some() || errors.is_some())
    {
        if encoding.is_none() {
            return Err(th.raise(exc::TYPE_ERROR, "string argument without an encoding"));
        }
        return crate::codecs::encode(th, text, encoding, errors);
    }
    if given {
        return Err(construct::no_encoding(th, encoding));
    }
    if let Some(method) = object::lookup_special(th, value, id::__bytes__)? {
        let result = call::call(th, method.borrow(), &[])?;
        return result.downcast::<Bytes>().map_err(|other| {
            let found = other.type_name();
            raise!(th, TYPE_ERROR, "__bytes__ returned non-bytes (type {found})")
        });
    }
    if value.downcast::<Str>().is_some() {
        return Err(th.raise(exc::TYPE_ERROR, "string argument without an encoding"));
    }
    if let Some(bytes) = value.downcast_exact::<Bytes>() {
        return Ok(bytes.to_owned());
    }
    if let Some(array) = value.downcast_exact::<crate::bytearray::ByteArray>() {
        return Bytes::new(th, array.get().as_bytes());
    }
    match construct::source(th, value, "bytes", RANGE)? {
        Source::Zeros(count) => Bytes::build(th, count, |_| Ok(())),
        Source::Data(data) => Bytes::new(th, &data),
    }
}

#[pymethods(parts(search, shape))]
impl Bytes {
    #[new(sig = "(source=<unrepresentable>, encoding=<unrepresentable>, errors=<unrepresentable>)")]
    fn new_slot(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        source: Option<Borrowed<'_>>,
        encoding: Option<&str>,
        errors: Option<&str>,
    ) -> PyResult<Owned<Bytes>> {
        let bytes = construct_bytes(th, source, encoding, errors)?;
        if std::ptr::eq(cls.get(), Bytes::type_object()) {
            return Ok(bytes);
        }
        Bytes::new_of(th, cls, bytes.as_bytes())
    }

    #[slot(tp_iter)]
    fn iter(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        BytesIterator::new(th, this)
    }

    #[slot(mp_subscript)]
    fn subscript(this: Borrowed<'_, Self>, th: &Thread, key: Borrowed<'_>) -> PyResult {
        // SAFETY: the key lives as long as the call.
        if let Some(at) = unsafe { digit_index(key.as_ptr(), this.len()) } {
            return Ok(Int::from_i64(th, i64::from(this.as_bytes()[at]))?.into_object());
        }
        match subscript_kind(th, key, "byte")? {
            Key::Index(index) => {
                let index = if index < 0 { index + this.len() as isize } else { index };
                Ok(this.item(th, index)?.into_object())
            }
            Key::Slice(start, stop, step) => {
                let data = this.get().as_bytes();
                let range = SliceRange::of(start, stop, step, data.len());
                if range.step == 1 {
                    if range.len == data.len() {
                        return Ok(Bytes::unchanged(this, th)?.into_object());
                    }
                    let (start, end) = range.bounds();
                    return Ok(Bytes::new(th, &data[start..end])?.into_object());
                }
                let part: Vec<u8> = range.positions().map(|at| data[at]).collect();
                Ok(Bytes::new(th, &part)?.into_object())
            }
        }
    }

    #[slot(sq_contains)]
    fn contains(this: Borrowed<'_, Self>, th: &Thread, item: Borrowed<'_>) -> PyResult<bool> {
        join::contains(th, || this.get().as_bytes(), item)
    }

    #[slot(sq_concat)]
    fn concat(
        this: Borrowed<'_, Self>,
        th: &Thread,
        other: Borrowed<'_>,
    ) -> PyResult<Owned<Bytes>> {
        if let Some(right) = other.downcast_exact::<Bytes>() {
            if this.is_empty() {
                return Ok(right.to_owned());
            }
            if right.is_empty() && this.object().is_exact::<Bytes>() {
                return Ok(this.to_owned());
            }
        }
        join::concat(th, this, other)
    }

    #[slot(sq_repeat)]
    fn repeat(this: Borrowed<'_, Self>, th: &Thread, count: isize) -> PyResult<Owned<Bytes>> {
        if count == 1 {
            return Bytes::unchanged(this, th);
        }
        let data = this.get().as_bytes();
        let len = join::repeated_len(th, data, count)?;
        if len == 0 {
            // As in the reference an object of its own, not the common empty one.
            return Bytes::new_of(th, Borrowed::from_ref(Bytes::type_object()), &[]);
        }
        Bytes::build(th, len, |out| {
            join::fill_repeated(out, data);
            Ok(())
        })
    }

    /// Return the bytes themselves, exactly of type bytes.
    #[method(sig = "(self, /)")]
    fn __bytes__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Bytes>> {
        Bytes::unchanged(this, th)
    }

    /// Return what the object is made of, for pickling.
    #[method(sig = "(self, /)")]
    fn __getnewargs__(&self, th: &Thread) -> PyResult<Owned<Tuple>> {
        Tuple::pack(th, [Bytes::new(th, self.as_bytes())?.into_object()])
    }

    #[slot(tp_repr, tp_str)]
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
        Ok(compared(self.as_bytes(), other.get().as_bytes(), op))
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
    unsafe extern "C" fn getbuffer_slot(
        this: *mut abi::PyObject,
        view: *mut abi::Py_buffer,
        flags: std::ffi::c_int,
    ) -> std::ffi::c_int {
        // SAFETY: C calls the slot with bytes, and with a struct to be filled in.
        unsafe {
            if flags == abi::PyBUF_SIMPLE && !view.is_null() {
                crate::handle::incref(this);
                let bytes = (*this.cast::<Bytes>()).as_bytes();
                view.write(abi::Py_buffer {
                    buf: bytes.as_ptr().cast_mut().cast(),
                    obj: this,
                    len: bytes.len() as isize,
                    itemsize: 1,
                    readonly: 1,
                    ndim: 1,
                    ..abi::Py_buffer::EMPTY
                });
                return 0;
            }
            crate::args::shim::status(|th| {
                Bytes::getbuffer(Borrowed::from_ptr(this), th, view, flags)
            })
        }
    }

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

byte_string_search!(Bytes);
byte_string_shape!(Bytes);
