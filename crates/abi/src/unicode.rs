//! Strings (`cpython/unicodeobject.h`).

use crate::object::{Py_hash_t, Py_ssize_t, PyObject};
use libc::wchar_t;
use std::ffi::{c_char, c_int, c_uchar, c_uint, c_void};

/// The bit-fields of a string's head, lowest bit first: `interned` (2 bits), `kind` (3),
/// `compact` (1), `ascii` (1), `statically_allocated` (1).
#[repr(transparent)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct _PyUnicodeObject_state(pub u32);

assert_layout!(_PyUnicodeObject_state[4] {});

impl _PyUnicodeObject_state {
    pub const INTERNED_SHIFT: u32 = 0;
    pub const INTERNED_MASK: u32 = 0b11;
    pub const KIND_SHIFT: u32 = 2;
    pub const KIND_MASK: u32 = 0b111 << Self::KIND_SHIFT;
    pub const COMPACT: u32 = 1 << 5;
    pub const ASCII: u32 = 1 << 6;
    pub const STATICALLY_ALLOCATED: u32 = 1 << 7;

    /// The state of a compact string; `kind` is its bytes per character.
    pub const fn compact(kind: u32, ascii: bool) -> Self {
        Self(kind << Self::KIND_SHIFT | Self::COMPACT | if ascii { Self::ASCII } else { 0 })
    }

    /// One of `SSTATE_*`.
    pub const fn interned(self) -> u32 {
        self.0 & Self::INTERNED_MASK
    }

    /// Bytes per character: 1, 2 or 4.
    pub const fn kind(self) -> u32 {
        (self.0 & Self::KIND_MASK) >> Self::KIND_SHIFT
    }

    pub const fn is_compact(self) -> bool {
        self.0 & Self::COMPACT != 0
    }

    pub const fn is_ascii(self) -> bool {
        self.0 & Self::ASCII != 0
    }

    pub const fn is_statically_allocated(self) -> bool {
        self.0 & Self::STATICALLY_ALLOCATED != 0
    }
}

/// A string under construction, by `PyUnicodeWriter_Create`.
#[repr(C)]
#[derive(Debug)]
pub struct PyUnicodeWriter {
    _opaque: [u8; 0],
}

pub type PY_UNICODE_TYPE = wchar_t;
pub type Py_UCS1 = u8;
pub type Py_UCS2 = u16;
pub type Py_UCS4 = u32;
pub type Py_UNICODE = wchar_t;

c_struct! {
    /// A string; if it is compact and all ASCII, its characters follow.
    pub struct PyASCIIObject[40] {
        0 => ob_base: PyObject,
        16 => length: Py_ssize_t,
        24 => hash: Py_hash_t,
        32 => state: _PyUnicodeObject_state,
    }

    /// A string that is not all ASCII; if it is compact, its characters follow.
    pub struct PyCompactUnicodeObject[56] {
        0 => _base: PyASCIIObject,
        40 => utf8_length: Py_ssize_t,
        48 => utf8: *mut c_char,
    }

    /// A string that is not compact (an instance of a subclass): `data` is its characters' address.
    pub struct PyUnicodeObject[64] {
        0 => _base: PyCompactUnicodeObject,
        56 => data: *mut c_void,
    }

    /// Builds a string piece by piece.
    pub struct _PyUnicodeWriter[56] {
        0 => buffer: *mut PyObject,
        8 => data: *mut c_void,
        16 => kind: c_int,
        20 => maxchar: Py_UCS4,
        24 => size: Py_ssize_t,
        32 => pos: Py_ssize_t,
        40 => min_length: Py_ssize_t,
        48 => min_char: Py_UCS4,
        52 => overallocate: c_uchar,
        53 => readonly: c_uchar,
    }

    /// What the capsule of `unicodedata` points to: names to characters and back.
    pub struct _PyUnicode_Name_CAPI[16] {
        0 => getname: Option<unsafe extern "C" fn(Py_UCS4, *mut c_char, c_int, c_int) -> c_int>,
        8 => getcode: Option<
            unsafe extern "C" fn(*const c_char, c_int, *mut Py_UCS4, c_int) -> c_int,
        >,
    }
}

// Constants of `cpython/unicodeobject.h`.
pub const PyUnicode_1BYTE_KIND: c_int = 1;
pub const PyUnicode_2BYTE_KIND: c_int = 2;
pub const PyUnicode_4BYTE_KIND: c_int = 4;
pub const SSTATE_INTERNED_IMMORTAL: c_int = 2;
pub const SSTATE_INTERNED_IMMORTAL_STATIC: c_int = 3;
pub const SSTATE_INTERNED_MORTAL: c_int = 1;
pub const SSTATE_NOT_INTERNED: c_int = 0;

// Constants of `unicodeobject.h`.
pub const Py_UNICODE_REPLACEMENT_CHARACTER: c_uint = 65533;
pub const Py_UNICODE_SIZE: c_int = 4;
