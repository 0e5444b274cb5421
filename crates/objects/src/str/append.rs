//! `text += more`: growing a string that nobody else holds, instead of copying it.
//!
//! The reference does the same in `PyUnicode_Append`. A loop that builds a long string piece by piece takes linear
//! time this way, for the allocator moves large blocks without copying.

use krait_abi as abi;

use crate::error::PyResult;
use crate::handle::{Borrowed, Owned};
use crate::str::{Str, fresh};
use crate::thread::Thread;
use crate::with_units;

impl Str {
    /// `left + right`, in the place of `left` where that cannot be seen.
    pub fn append(th: &Thread, left: Owned<Str>, right: Borrowed<'_, Str>) -> PyResult<Owned<Str>> {
        if right.is_empty() && left.object().is_exact::<Str>() {
            return Ok(left);
        }
        if !left.can_grow() || fresh::bound_of(&right) > fresh::bound_of(&left) {
            return left.concat(th, right);
        }
        let (old, added) = (left.len(), right.len());
        let state = left.state();
        let kind = state.kind() as usize;
        let header = if state.is_ascii() {
            size_of::<abi::PyASCIIObject>()
        } else {
            size_of::<abi::PyCompactUnicodeObject>()
        };
        let size = old
            .checked_add(added)
            .and_then(|len| len.checked_add(1)?.checked_mul(kind)?.checked_add(header));
        let Some(size) = size.filter(|&size| size <= isize::MAX as usize) else {
            return left.concat(th, right);
        };
        // SAFETY: nobody else knows the string, so it may move, and its caches may go; the block has room.
        unsafe {
            let before = left.into_ptr();
            let raw: *mut abi::PyCompactUnicodeObject = before.cast();
            if !state.is_ascii() && !(*raw).utf8.is_null() {
                th.interp().heap.free((*raw).utf8.cast());
                (*raw).utf8 = std::ptr::null_mut();
                (*raw).utf8_length = 0;
            }
            let block = th.interp().heap.realloc_object(before.cast(), 0, size);
            if block.is_null() {
                drop(Owned::<Str>::from_ptr(before));
                return Err(th.no_memory());
            }
            let raw: *mut abi::PyCompactUnicodeObject = block.cast();
            (*raw)._base.hash = -1;
            let end = block.add(header + old * kind);
            with_units!(right.chars(), units => fresh::write_units(end, kind, units));
            end.add(added * kind).write_bytes(0, kind);
            (*raw)._base.length = (old + added) as isize;
            Ok(Owned::from_ptr(block.cast()))
        }
    }

    /// Whether nobody would notice that this string changes.
    fn can_grow(&self) -> bool {
        let state = self.state();
        let object = self.as_object();
        object.ref_count() == 1
            && object.is_exact::<Str>()
            && state.is_compact()
            && !self.is_interned()
            && !self.is_empty()
    }
}
