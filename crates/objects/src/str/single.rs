//! The strings of no character and of one Latin-1 character: static objects, of which there is one each.

use krait_abi as abi;

use crate::handle::Borrowed;
use crate::str::Str;
use crate::str::fixed::StaticStr;

/// A static string of one Latin-1 character that is not ASCII.
#[repr(C)]
struct StaticLatin1 {
    compact: super::Compact,
    data: [u8; 2],
}

// SAFETY: a static, immortal object: only its hash and UTF-8 are written, always the same.
unsafe impl Sync for StaticLatin1 {}

static EMPTY: StaticStr<1> = StaticStr::new("");
static ASCII: [StaticStr<2>; 128] = ascii_table();
static LATIN1: [StaticLatin1; 128] = latin1_table();

const fn ascii_table() -> [StaticStr<2>; 128] {
    const BLANK: StaticStr<2> = StaticStr::new(" ");
    let mut table = [BLANK; 128];
    let mut point = 0;
    while point < 128 {
        table[point] = StaticStr::from_byte(point as u8);
        point += 1;
    }
    table
}

const fn latin1_table() -> [StaticLatin1; 128] {
    const BLANK: StaticLatin1 = StaticLatin1 {
        compact: std::cell::UnsafeCell::new(abi::PyCompactUnicodeObject {
            _base: abi::PyASCIIObject {
                ob_base: abi::PyObject_HEAD_INIT(super::PyUnicode_Type.as_ptr()),
                length: 1,
                hash: -1,
                state: abi::_PyUnicodeObject_state(
                    abi::_PyUnicodeObject_state::compact(1, false).0
                        | abi::_PyUnicodeObject_state::STATICALLY_ALLOCATED
                        | abi::SSTATE_INTERNED_IMMORTAL_STATIC as u32,
                ),
            },
            utf8_length: 0,
            utf8: std::ptr::null_mut(),
        }),
        data: [0, 0],
    };
    let mut table = [BLANK; 128];
    let mut at = 0;
    while at < 128 {
        table[at].data[0] = at as u8 + 128;
        at += 1;
    }
    table
}

/// The static string of one ASCII character.
///
/// # Safety
/// `point` is ASCII.
#[inline(always)]
pub(super) unsafe fn single_ascii(point: u8) -> Borrowed<'static, Str> {
    // SAFETY: the caller's promise.
    unsafe { ASCII.get_unchecked(usize::from(point)).as_str() }
}

/// The static string of one Latin-1 character.
#[inline]
pub fn single(point: u8) -> Borrowed<'static, Str> {
    match point {
        0..128 => ASCII[usize::from(point)].as_str(),
        // SAFETY: a static, immortal object laid out as a compact string.
        _ => unsafe {
            Borrowed::from_ptr((&raw const LATIN1[usize::from(point - 128)]).cast_mut().cast())
        },
    }
}

impl Str {
    pub fn empty() -> Borrowed<'static, Str> {
        EMPTY.as_str()
    }
}
