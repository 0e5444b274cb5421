//! Comparing strings of C.

use std::ffi::c_char;

/// Whether two strings are equal. Names of a few dozen bytes are compared in line, which is less than what calling the C
/// library's function takes.
///
/// # Safety
/// Both end with NUL.
#[inline(always)]
pub unsafe fn same(left: *const c_char, right: *const c_char) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        if ends_late(left) && ends_late(right) {
            return match simd::verdict(left, right)
                .or_else(|| simd::verdict(left.add(16), right.add(16)))
            {
                Some(same) => same,
                None => libc::strcmp(left.add(32), right.add(32)) == 0,
            };
        }
        libc::strcmp(left, right) == 0
    }
}

/// Whether 32 bytes from an address on lie in its page, so that all of them can be read if the first can.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn ends_late(text: *const c_char) -> bool {
    text.addr() & 4095 <= 4096 - 32
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

    use super::same;

    #[test]
    fn equal_texts_of_all_lengths_are_found_equal() {
        for len in 0..100 {
            let text = "abcdefghij".repeat(10)[..len].to_owned();
            let (left, right) = (CString::new(text.clone()).unwrap(), CString::new(text).unwrap());
            // SAFETY: strings of C.
            assert!(unsafe { same(left.as_ptr(), right.as_ptr()) }, "{len}");
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
                assert!(!unsafe { same(text.as_ptr(), changed.as_ptr()) }, "{len} {at}");
            }
            // SAFETY: as above.
            assert!(!unsafe { same(text.as_ptr(), other.as_ptr()) }, "{len}");
            // SAFETY: as above.
            assert!(!unsafe { same(other.as_ptr(), text.as_ptr()) }, "{len}");
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
                assert!(same(place, text.as_ptr()) && same(text.as_ptr(), place), "{len}");
            }
            libc::munmap(pages, 8192);
        }
    }
}
