//! `str` as Python sees it.

use krait_abi as abi;

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

    #[slot(sq_length)]
    fn length(&self, _th: &Thread) -> PyResult<usize> {
        Ok(self.len())
    }
}
