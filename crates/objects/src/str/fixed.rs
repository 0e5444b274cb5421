//! Static, immortal ASCII strings: constants of the house that need no allocation.

use std::sync::atomic::AtomicI64;

use krait_abi as abi;

use crate::handle::{Borrowed, Head};
use crate::str::{PyUnicode_Type, Str};

/// A static `str` object of `N - 1` ASCII characters and a NUL: a `PyASCIIObject` with its data.
#[repr(C)]
pub struct StaticStr<const N: usize> {
    head: Head,
    length: isize,
    /// -1 until someone asks; then the process-wide hash of the text, so racing writers write the same.
    hash: AtomicI64,
    state: u32,
    /// The struct is as large as its alignment makes it; the data follows.
    padding: u32,
    data: [u8; N],
}

// Where C expects the fields.
const _: () = assert!(
    std::mem::offset_of!(StaticStr<1>, length) == std::mem::offset_of!(abi::PyASCIIObject, length)
        && std::mem::offset_of!(StaticStr<1>, hash)
            == std::mem::offset_of!(abi::PyASCIIObject, hash)
        && std::mem::offset_of!(StaticStr<1>, state)
            == std::mem::offset_of!(abi::PyASCIIObject, state)
        && std::mem::offset_of!(StaticStr<1>, data) == size_of::<abi::PyASCIIObject>()
);

/// Interned and immortal, one byte a character, compact, ASCII, statically allocated.
const STATE: u32 = abi::_PyUnicodeObject_state::compact(1, true).0
    | abi::_PyUnicodeObject_state::STATICALLY_ALLOCATED
    | abi::SSTATE_INTERNED_IMMORTAL_STATIC as u32;

impl<const N: usize> StaticStr<N> {
    /// # Panics
    /// At compile time, if `text` is not `N - 1` ASCII characters.
    pub const fn new(text: &str) -> StaticStr<N> {
        let text = text.as_bytes();
        assert!(text.len() + 1 == N && text.is_ascii());
        let mut data = [0; N];
        let mut at = 0;
        while at < text.len() {
            data[at] = text[at];
            at += 1;
        }
        StaticStr::with_data(data)
    }

    pub(super) const fn with_data(data: [u8; N]) -> StaticStr<N> {
        StaticStr {
            head: Head::immortal(PyUnicode_Type.as_ptr()),
            length: N as isize - 1,
            hash: AtomicI64::new(-1),
            state: STATE,
            padding: 0,
            data,
        }
    }

    pub const fn as_str(&'static self) -> Borrowed<'static, Str> {
        // SAFETY: a static, immortal object laid out as a compact ASCII string.
        unsafe { Borrowed::from_ptr(std::ptr::from_ref(self).cast_mut().cast::<abi::PyObject>()) }
    }
}

impl StaticStr<2> {
    /// The string of one ASCII character.
    pub(super) const fn from_byte(byte: u8) -> StaticStr<2> {
        assert!(byte.is_ascii());
        StaticStr::with_data([byte, 0])
    }
}
