//! Comparing strings of C.

use std::ffi::c_char;

/// Whether two strings are equal, if that can be seen without a call: of up to 31 bytes, and not about the end of a page. False
/// says nothing.
///
/// # Safety
/// Both end with NUL.
#[inline(always)]
pub unsafe fn plainly_same(left: *const c_char, right: *const c_char) -> bool {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the caller's promise; what lies in the page of a string's first byte can be read if that can.
    unsafe {
        let in_page = |text: *const c_char| text.addr() & 4095;
        if in_page(left).max(in_page(right)) > 4096 - 32 {
            return false;
        }
        let same = simd::verdict(left, right);
        same.or_else(|| simd::verdict(left.add(16), right.add(16))) == Some(true)
    }
    #[cfg(not(target_arch = "x86_64"))]
    // SAFETY: the caller's promise.
    unsafe {
        libc::strcmp(left, right) == 0
    }
}

#[cfg(target_arch = "x86_64")]
mod simd {
    use std::arch::x86_64::{
        _mm_cmpeq_epi8, _mm_loadu_si128, _mm_min_epu8, _mm_movemask_epi8, _mm_setzero_si128,
    };
    use std::ffi::c_char;

    /// What the next 16 bytes say: `None` if they are equal without an end.
    ///
    /// # Safety
    /// They can be read.
    #[inline(always)]
    pub unsafe fn verdict(left: *const c_char, right: *const c_char) -> Option<bool> {
        // SAFETY: the caller's promise; SSE2 belongs to the architecture.
        unsafe {
            let (a, b) = (_mm_loadu_si128(left.cast()), _mm_loadu_si128(right.cast()));
            // A zero where they differ, and where both end.
            let common = _mm_min_epu8(a, _mm_cmpeq_epi8(a, b));
            let ends = _mm_movemask_epi8(_mm_cmpeq_epi8(common, _mm_setzero_si128()));
            if ends == 0 {
                return None;
            }
            let at = ends.trailing_zeros() as usize;
            Some(*left.add(at) == *right.add(at))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::{CStr, CString};

    use super::plainly_same;

    #[test]
    fn equal_short_texts_are_found_equal() {
        #[repr(align(64))]
        struct Aligned([u8; 64]);
        for len in 0..32 {
            let mut left = Aligned([1; 64]);
            let mut right = Aligned([2; 64]);
            left.0[..len].fill(b'x');
            right.0[..len].fill(b'x');
            (left.0[len], right.0[len]) = (0, 0);
            let (left, right) = (left.0.as_ptr().cast(), right.0.as_ptr().cast());
            // SAFETY: strings of C.
            assert!(unsafe { plainly_same(left, right) }, "{len}");
        }
    }

    #[test]
    fn one_byte_more_less_or_different_is_seen() {
        for len in 1..70 {
            let text = "x".repeat(len);
            let other = CString::new(text.clone() + "x").unwrap();
            let text = CString::new(text).unwrap();
            for at in 0..len {
                let mut changed = text.clone().into_bytes();
                changed[at] = b'y';
                let changed = CString::new(changed).unwrap();
                // SAFETY: strings of C.
                assert!(!unsafe { plainly_same(text.as_ptr(), changed.as_ptr()) }, "{len} {at}");
            }
            // SAFETY: as above.
            assert!(!unsafe { plainly_same(text.as_ptr(), other.as_ptr()) }, "{len}");
            // SAFETY: as above.
            assert!(!unsafe { plainly_same(other.as_ptr(), text.as_ptr()) }, "{len}");
        }
    }

    /// Strings that end where their page does, and the next one cannot be read.
    #[test]
    fn nothing_is_read_beyond_a_page() {
        // SAFETY: memory of our own.
        unsafe {
            let pages = libc::mmap(
                std::ptr::null_mut(),
                8192,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            );
            assert_eq!(libc::mprotect(pages.byte_add(4096), 4096, libc::PROT_NONE), 0);
            for len in 0..60 {
                let text = CString::new("z".repeat(len)).unwrap();
                let place = pages.byte_add(4096 - len - 1).cast();
                std::ptr::copy_nonoverlapping(text.as_ptr(), place, len + 1);
                assert_eq!(CStr::from_ptr(place).count_bytes(), len);
                // Where they are equal, either answer will do: it does not fault.
                let _ = plainly_same(place, text.as_ptr());
                let other = CString::new("z".repeat(len) + "z").unwrap();
                assert!(!plainly_same(place, other.as_ptr()), "{len}");
                assert!(!plainly_same(other.as_ptr(), place), "{len}");
            }
            libc::munmap(pages, 8192);
        }
    }
}
