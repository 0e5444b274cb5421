//! Sixteen bytes at a time, with what every x86-64 has; elsewhere the same in words or one by one.
//!
//! Invariant: 1. Callers pass pointers to as much memory as each function's contract says.

/// Widens eight bytes to units.
///
/// # Safety
/// There is room for eight units at `to`.
#[inline(always)]
pub unsafe fn widen<T: super::Unit>(word: u64, to: *mut T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: (1); SSE2 is always there.
    unsafe {
        use std::arch::x86_64::*;
        let to = to.cast::<__m128i>();
        let (bytes, zero) = (_mm_cvtsi64_si128(word as i64), _mm_setzero_si128());
        let pairs = _mm_unpacklo_epi8(bytes, zero);
        match size_of::<T>() {
            1 => to.cast::<[u8; 8]>().write(word.to_le_bytes()),
            2 => _mm_storeu_si128(to, pairs),
            _ => {
                _mm_storeu_si128(to, _mm_unpacklo_epi16(pairs, zero));
                _mm_storeu_si128(to.add(1), _mm_unpackhi_epi16(pairs, zero));
            }
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    for (at, byte) in word.to_le_bytes().into_iter().enumerate() {
        // SAFETY: (1).
        unsafe { to.add(at).write(T::cut(byte.into())) };
    }
}

/// Copies bytes: few of them without a call.
///
/// # Safety
/// There are `len` bytes at `from`, and room for as many at `to`, elsewhere.
#[inline(always)]
pub unsafe fn copy(from: *const u8, to: *mut u8, len: usize) {
    /// Two words that may overlap, at both ends.
    #[inline(always)]
    unsafe fn ends<W>(from: *const u8, to: *mut u8, len: usize) {
        let last = len - size_of::<W>();
        // SAFETY: the caller says that there are as many bytes as a word has.
        unsafe {
            let tail = from.add(last).cast::<W>().read_unaligned();
            to.cast::<W>().write_unaligned(from.cast::<W>().read_unaligned());
            to.add(last).cast::<W>().write_unaligned(tail);
        }
    }
    // SAFETY: (1).
    unsafe {
        match len {
            8..=16 => ends::<u64>(from, to, len),
            4..8 => ends::<u32>(from, to, len),
            2..4 => ends::<u16>(from, to, len),
            1 => to.write(from.read()),
            0 => {}
            _ => to.copy_from_nonoverlapping(from, len),
        }
    }
}

/// A bit for each of sixteen places where a byte is `byte`, the first one lowest.
#[inline(always)]
pub fn places(bytes: &[u8; 16], byte: u8) -> u32 {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: SSE2 is always there, and sixteen bytes are.
    unsafe {
        use std::arch::x86_64::*;
        let found =
            _mm_cmpeq_epi8(_mm_loadu_si128(bytes.as_ptr().cast()), _mm_set1_epi8(byte as i8));
        _mm_movemask_epi8(found) as u32
    }
    #[cfg(not(target_arch = "x86_64"))]
    bytes.iter().rev().fold(0, |bits, &other| bits << 1 | u32::from(other == byte))
}

/// As [`places`], of eight bytes and eight others, which may overlap in memory.
#[inline(always)]
pub fn places_in_two([first, second]: [&[u8; 8]; 2], byte: u8) -> u32 {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: SSE2 is always there, and eight bytes are at each place.
    unsafe {
        use std::arch::x86_64::*;
        let half = |bytes: &[u8; 8]| _mm_loadl_epi64(bytes.as_ptr().cast());
        let both = _mm_unpacklo_epi64(half(first), half(second));
        _mm_movemask_epi8(_mm_cmpeq_epi8(both, _mm_set1_epi8(byte as i8))) as u32
    }
    #[cfg(not(target_arch = "x86_64"))]
    second
        .iter()
        .rev()
        .chain(first.iter().rev())
        .fold(0, |bits, &other| bits << 1 | u32::from(other == byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_a_byte() {
        assert_eq!(places(b"abcabcabcabcabca", b'a'), 0b1001_0010_0100_1001);
        assert_eq!(places(&[0; 16], 1), 0);
        assert_eq!(places_in_two([b"abcabcab", b"bcabcabc"], b'a'), 0b0010_0100_0100_1001);
    }

    #[test]
    fn wider_units() {
        let word = u64::from_le_bytes(*b"ab\xff\x80cdef");
        let (mut one, mut two, mut four) = ([0u8; 8], [0u16; 8], [0u32; 8]);
        // SAFETY: there is room for eight of each.
        unsafe {
            widen(word, one.as_mut_ptr());
            widen(word, two.as_mut_ptr());
            widen(word, four.as_mut_ptr());
        }
        assert_eq!(one, *b"ab\xff\x80cdef");
        assert_eq!(two.map(u32::from), one.map(u32::from));
        assert_eq!(four, one.map(u32::from));
    }
}
