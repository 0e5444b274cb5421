//! `str` as Python sees it.

use krait_abi as abi;

use super::Compact;
use super::fresh::{Fresh, bound_of};
use crate::prelude::*;
use crate::slice::{Slice, SliceRange};

/// str(object='') -> str
/// str(bytes_or_buffer[, encoding[, errors]]) -> str
///
/// Create a new string object from the given object.
#[pytype(
    name = "str", symbol = "PyUnicode_Type", flags(BASETYPE, UNICODE_SUBCLASS, MATCH_SELF),
    basicsize = size_of::<abi::PyUnicodeObject>() as isize,
)]
#[repr(C)]
pub struct Str {
    pub(super) compact: Compact,
}

#[pymethods(parts(find, split, case, classes, layout, translate, construct, format))]
impl Str {
    #[slot(tp_dealloc)]
    unsafe fn dealloc(this: *mut Self) {
        // SAFETY: C calls it on an attached thread.
        let th = unsafe { Thread::attached() };
        // SAFETY: the last reference is gone; caches and separate data are this string's own.
        unsafe {
            (*this).forget_interned(th);
            let state = (*this).state();
            let data = (*this).data().cast_mut();
            if !(state.is_compact() && state.is_ascii()) {
                let utf8 = (*this).raw().utf8.cast();
                // Instances of subclasses that C makes (multidict's) have one block for both if they are ASCII.
                if utf8 != data {
                    th.interp().heap.free(utf8);
                }
            }
            if !state.is_compact() {
                th.interp().heap.free(data);
            }
            if let Some(free) = (*(*this).as_object().ty().as_type_ptr()).tp_free {
                free(this.cast());
            }
        }
    }

    /// As C has it: a hash that is known is not looked at again for -1.
    #[slot(tp_hash)]
    unsafe extern "C" fn hash_slot(this: *mut abi::PyObject) -> isize {
        // SAFETY: C calls the slot with a `str`, on an attached thread.
        unsafe { (*this.cast::<Str>()).hash(Thread::attached()) }
    }

    #[slot(tp_str)]
    fn str_slot(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        if this.object().is_exact::<Str>() {
            return Ok(this.to_owned());
        }
        Str::from_chars(th, this.chars())
    }

    #[slot(tp_richcompare)]
    fn richcompare(&self, _th: &Thread, other: Borrowed<'_>, op: CompareOp) -> PyResult {
        let Some(other) = other.downcast::<Str>() else {
            return Ok(not_implemented().to_owned());
        };
        let answer = match op {
            CompareOp::Eq => self.eq(&other),
            CompareOp::Ne => !self.eq(&other),
            _ => op.holds(self.compare(&other)),
        };
        Ok(bool_object(answer).object().to_owned())
    }

    #[slot(sq_concat)]
    fn concat_slot(&self, th: &Thread, other: Borrowed<'_>) -> PyResult<Owned<Str>> {
        let Some(other) = other.downcast::<Str>() else {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "can only concatenate str (not \"{}\") to str",
                other.type_name()
            ));
        };
        self.concat(th, other)
    }

    #[slot(tp_repr)]
    fn repr_slot(&self, th: &Thread) -> PyResult<Owned<Str>> {
        self.repr(th)
    }

    #[slot(sq_contains)]
    fn contains_slot(&self, th: &Thread, item: Borrowed<'_>) -> PyResult<bool> {
        match item.downcast::<Str>() {
            Some(item) => Ok(self.find_in(&item, 0, self.len()).is_some()),
            None => Err(raise!(
                th,
                TYPE_ERROR,
                "'in <string>' requires string as left operand, not {}",
                item.type_name()
            )),
        }
    }

    #[slot(sq_item)]
    fn item_slot(&self, th: &Thread, index: isize) -> PyResult<Owned<Str>> {
        match usize::try_from(index).ok().filter(|&at| at < self.len()) {
            Some(at) => Str::from_char(th, self.char_at(at)),
            None => Err(th.raise(exc::INDEX_ERROR, "string index out of range")),
        }
    }

    #[slot(sq_repeat)]
    fn repeat(this: Borrowed<'_, Self>, th: &Thread, count: isize) -> PyResult<Owned<Str>> {
        let count = usize::try_from(count).unwrap_or(0);
        if count == 0 || this.is_empty() {
            return Ok(Str::empty().to_owned());
        }
        if count == 1 {
            return this.to_exact(th);
        }
        let len = this.len().checked_mul(count).filter(|&len| len <= isize::MAX as usize);
        let Some(len) = len else {
            return Err(th.raise(exc::OVERFLOW_ERROR, "repeated string is too long"));
        };
        let mut fresh = Fresh::new(th, len, bound_of(&this))?;
        fresh.push_cycled(&this);
        Ok(fresh.finish())
    }

    #[slot(nb_remainder)]
    fn remainder(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        match left.downcast::<Str>() {
            Some(format) => Ok(super::percent::format(th, format, right)?.into_object()),
            None => Ok(not_implemented().to_owned()),
        }
    }

    #[slot(tp_iter)]
    fn iter(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        super::iterator::new(th, this)
    }

    /// Return what the string is made of, for pickling.
    #[method(sig = "(self, /)")]
    fn __getnewargs__(&self, th: &Thread) -> PyResult<Owned<Tuple>> {
        Tuple::pack(th, [Str::from_chars(th, self.chars())?.into_object()])
    }

    /// Return how many bytes the object takes.
    #[method(sig = "(self, /)")]
    fn __sizeof__(&self) -> usize {
        let state = self.state();
        let (kind, len) = (state.kind() as usize, self.len() + 1);
        let header = match (state.is_compact(), state.is_ascii()) {
            (true, true) => size_of::<abi::PyASCIIObject>(),
            (true, false) => size_of::<abi::PyCompactUnicodeObject>(),
            _ => size_of::<abi::PyUnicodeObject>(),
        };
        header + kind * len + self.cached_utf8_size()
    }

    /// Return the string as bytes in the given encoding.
    ///
    ///   encoding
    ///     The name of the encoding.
    ///   errors
    ///     What to do with characters that it does not have: 'strict' raises UnicodeEncodeError;
    ///     'ignore', 'replace', 'xmlcharrefreplace' and other names that were given to
    ///     codecs.register_error() do what they say.
    #[method(sig = "(self, /, encoding='utf-8', errors='strict')")]
    fn encode(
        this: Borrowed<'_, Self>,
        th: &Thread,
        #[default(None)] encoding: Option<&str>,
        #[default(None)] errors: Option<&str>,
    ) -> PyResult<Owned<Bytes>> {
        if encoding.is_none() && errors.is_none() {
            if let Some(ascii) = this.as_ascii() {
                return Bytes::new(th, ascii.as_bytes());
            }
            if let Some(bytes) = Bytes::utf8_of(th, &this) {
                return bytes;
            }
        }
        crate::codecs::encode(th, this, encoding, errors)
    }

    #[slot(mp_subscript)]
    fn subscript(&self, th: &Thread, key: Borrowed<'_>) -> PyResult<Owned<Str>> {
        if let Some(slice) = key.downcast_exact::<Slice>() {
            let (start, stop, step) = slice.unpack(th)?;
            return self.slice(th, SliceRange::of(start, stop, step, self.len()));
        }
        if !number::is_index(key) {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "string indices must be integers, not '{}'",
                key.type_name()
            ));
        }
        let index = number::as_isize(th, key, Some(exc::INDEX_ERROR))?;
        let index = if index < 0 { index.saturating_add(self.len() as isize) } else { index };
        self.item_slot(th, index)
    }

    #[slot(sq_length, mp_length)]
    fn length(&self, _th: &Thread) -> PyResult<usize> {
        Ok(self.len())
    }
}
