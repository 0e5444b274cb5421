//! `str` as Python sees it.

use super::Compact;
use crate::prelude::*;

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

#[pymethods]
impl Str {
    #[slot(tp_dealloc)]
    unsafe fn dealloc(this: *mut Self) {
        let th = Thread::current();
        // SAFETY: the last reference is gone; caches and separate data are this string's own.
        unsafe {
            (*this).forget_interned(th);
            let state = (*this).state();
            if !(state.is_compact() && state.is_ascii()) {
                th.interp().heap.free((*this).raw().utf8.cast());
            }
            if !state.is_compact() {
                th.interp().heap.free((*this).data().cast_mut());
            }
            if let Some(free) = (*(*this).as_object().ty().as_type_ptr()).tp_free {
                free(this.cast());
            }
        }
    }

    #[slot(tp_hash)]
    fn hash_slot(&self, th: &Thread) -> PyResult<isize> {
        Ok(self.hash(th))
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

    #[slot(mp_subscript)]
    fn subscript(&self, th: &Thread, key: Borrowed<'_>) -> PyResult<Owned<Str>> {
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
