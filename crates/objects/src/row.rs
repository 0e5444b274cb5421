//! Values in a row: arguments on the stack, if they are few, as almost always, and moving them.

use std::mem::MaybeUninit;

/// As many are passed without an allocation.
const FEW: usize = 10;

/// Calls `body` with the `count` values that `value` gives for each index.
#[inline(always)]
pub fn in_row<T: Copy, R>(
    count: usize,
    value: impl Fn(usize) -> T,
    body: impl FnOnce(&[T]) -> R,
) -> R {
    if count > FEW {
        let many: Vec<T> = (0..count).map(value).collect();
        return body(&many);
    }
    let mut few = [const { MaybeUninit::<T>::uninit() }; FEW];
    for (index, place) in few[..count].iter_mut().enumerate() {
        place.write(value(index));
    }
    // SAFETY: so many have been written.
    body(unsafe { std::slice::from_raw_parts(few.as_ptr().cast(), count) })
}

/// Moves `len` words, one at a time if they are few: what was written a moment ago is still on its way to memory, and a
/// load of several words at once would wait until it has arrived.
///
/// # Safety
/// There are as many at `from`, and there is room at `to`; the two do not overlap.
#[inline(always)]
pub unsafe fn move_words<T: Copy>(from: *const T, to: *mut T, len: usize) {
    const { assert!(size_of::<T>() == size_of::<usize>()) };
    // SAFETY: the caller's promise.
    unsafe {
        if len > 2 * FEW {
            return std::ptr::copy_nonoverlapping(from, to, len);
        }
        for at in 0..len {
            // Volatile, so that the compiler does not make it one load after all.
            to.add(at).write(from.add(at).read_volatile());
        }
    }
}
