//! Words to the compiler where a few instructions decide: they change what it makes of the code around them, and nothing else.

/// What stands before this stays a way of its own: the compiler does not make it one with another way that selects a value, and folds no
/// jump out of the function that follows into the tests that lead here, which then are short jumps to one place.
#[inline(always)]
pub fn keep_apart() {
    // SAFETY: no instruction at all.
    #[cfg(not(miri))]
    unsafe {
        std::arch::asm!("", options(nomem, nostack, preserves_flags));
    }
}

/// `value`, whatever the optimiser knows of it. Where the rare half of an entry always answers the same, the entry would answer that itself
/// after a call in place of a jump, and the usual case would make room on the stack for it.
#[inline(always)]
pub fn opaque<T>(value: T) -> T {
    std::hint::black_box(value)
}

/// `pointer`, as another value from here on: what is needed behind a call is saved here and not where the function begins, and ways that
/// leave before pass their arguments on as they came.
#[inline(always)]
#[allow(clippy::pointers_in_nomem_asm_block)] // Nothing is read through it.
pub fn saved<T>(pointer: *mut T) -> *mut T {
    #[cfg(not(miri))]
    let mut pointer = pointer;
    // SAFETY: no instruction at all.
    #[cfg(not(miri))]
    unsafe {
        std::arch::asm!("/* {0} */", inout(reg) pointer, options(nomem, nostack, preserves_flags));
    }
    pointer
}
