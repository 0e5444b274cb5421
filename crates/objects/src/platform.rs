//! What differs between operating systems, so that another one needs this file only.

/// The lowest and highest address of the calling thread's native stack.
pub fn stack_bounds() -> (usize, usize) {
    let here = 0u8;
    let here = &raw const here as usize;
    // Used where the system does not tell: the least a thread gets by default.
    let fallback = (here.saturating_sub(1 << 20), here);
    // SAFETY: the attribute object is initialised by `pthread_getattr_np` before it is read, and destroyed.
    unsafe {
        let mut attributes: libc::pthread_attr_t = std::mem::zeroed();
        if libc::pthread_getattr_np(libc::pthread_self(), &mut attributes) != 0 {
            return fallback;
        }
        let (mut low, mut size, mut guard) = (std::ptr::null_mut(), 0, 0);
        let failed = libc::pthread_attr_getstack(&attributes, &mut low, &mut size) != 0
            || libc::pthread_attr_getguardsize(&attributes, &mut guard) != 0;
        libc::pthread_attr_destroy(&mut attributes);
        if failed {
            return fallback;
        }
        let low = low as usize;
        (low + guard, low + size)
    }
}
