//! Static, immortal ASCII strings.

use krait_abi as abi;

use crate::handle::{Borrowed, Head};
use crate::str::Str;


/// A static `str` object of `N - 1` ASCII characters and a NUL.
#[repr(C)]
pub struct StaticStr<const N: usize> {
    head: Head,
    length: isize,
    /// Written once, with the process-wide hash of the text: a racing writer writes the same.
    hash: std::sync::atomic::AtomicI64,
    state: u32,
    data: [u8; N],
}
impl<const N: usize> StaticStr<N> {
    pub const fn new(_text: &str) -> StaticStr<N> { todo!() }
    pub const fn as_str(&'static self) -> Borrowed<'static, Str> {
        // SAFETY: a static, immortal object laid out as a compact ASCII string.
        unsafe { Borrowed::from_ptr(std::ptr::from_ref(self).cast_mut().cast::<abi::PyObject>()) }
    }
}
