//! `sliceobject.h`.

use krait_macros::capi;
use krait_objects::prelude::*;
use krait_objects::slice::Slice;

use crate::support::*;

fn or_none(ob: Option<Borrowed<'_>>) -> Owned {
    ob.unwrap_or(none()).to_owned()
}

#[capi]
pub fn PySlice_New(
    th: &Thread,
    start: Option<Borrowed<'_>>,
    stop: Option<Borrowed<'_>>,
    step: Option<Borrowed<'_>>,
) -> PyResult<Owned<Slice>> {
    Slice::new(th, or_none(start), or_none(stop), or_none(step))
}

#[capi]
pub fn PySlice_Unpack(
    th: &Thread,
    slice: Borrowed<'_, Slice>,
    start: *mut isize,
    stop: *mut isize,
    step: *mut isize,
) -> PyResult<()> {
    let parts = slice.unpack(th)?;
    // SAFETY: C passes writable places.
    unsafe { (*start, *stop, *step) = parts };
    Ok(())
}

#[capi]
pub fn PySlice_AdjustIndices(
    len: isize,
    start: *mut isize,
    stop: *mut isize,
    step: isize,
) -> isize {
    // A negative length is C's mistake, which it sees in the answer.
    let (low, high) = if step < 0 { (-1, len.wrapping_sub(1)) } else { (0, len) };
    let adjust = |index: isize| match index {
        ..0 => match index.wrapping_add(len) {
            ..0 => low,
            index => index,
        },
        _ if index >= len => high,
        _ => index,
    };
    // SAFETY: C passes readable, writable places.
    unsafe {
        let (given_start, given_stop) = (*start, *stop);
        *start = adjust(given_start);
        *stop = adjust(given_stop);
        let (distance, stride) = if step < 0 {
            ((*start).wrapping_sub(*stop), step.unsigned_abs())
        } else {
            ((*stop).wrapping_sub(*start), step.unsigned_abs())
        };
        if distance <= 0 || stride == 0 {
            0
        } else {
            ((distance as usize - 1) / stride + 1) as isize
        }
    }
}

#[capi]
pub fn PySlice_GetIndicesEx(
    th: &Thread,
    slice: Borrowed<'_, Slice>,
    len: isize,
    start: *mut isize,
    stop: *mut isize,
    step: *mut isize,
    count: *mut isize,
) -> PyResult<()> {
    let parts = slice.unpack(th)?;
    // SAFETY: C passes writable places.
    unsafe {
        (*start, *stop, *step) = parts;
        *count = PySlice_AdjustIndices(len, start, stop, *step);
    }
    Ok(())
}

/// The indices that a slice has in a sequence of that length, which may be any int, as `slice.indices` gives them.
#[capi]
pub fn _PySlice_GetLongIndices(
    th: &Thread,
    slice: Borrowed<'_>,
    length: Borrowed<'_>,
    start: *mut Ptr,
    stop: *mut Ptr,
    step: *mut Ptr,
) -> PyResult<()> {
    let indices = call::call_method(th, slice, Str::interned(th, "indices")?.borrow(), &[length])?;
    let Some(indices) = indices.object().downcast::<Tuple>() else {
        return Err(th.bad_internal_call());
    };
    for (value, place) in indices.get().as_slice().iter().zip([start, stop, step]) {
        // SAFETY: C passes writable places.
        unsafe { *place = (*value).to_owned().into_ptr() };
    }
    Ok(())
}
