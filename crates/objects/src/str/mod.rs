//! `str`.

pub mod fixed;
pub mod interned;

use std::fmt;

use krait_abi as abi;

use crate::error::PyResult;
use crate::handle::{Borrowed, Instance, Owned};
use crate::thread::Thread;
use crate::typeobj::Type;

/// Laid out as `PyUnicodeObject`; almost always compact (the data follows the struct).
#[repr(C)]
pub struct Str {
    compact: std::cell::UnsafeCell<abi::PyCompactUnicodeObject>,
}
#[unsafe(no_mangle)]
#[allow(non_upper_case_globals)]
pub static PyUnicode_Type: crate::typeobj::StaticType =
    crate::typeobj::StaticType::new(abi::PyTypeObject::EMPTY);
unsafe impl Instance for Str {
    fn type_object() -> &'static Type {
        todo!()
    }
}

/// The code points in their storage.
#[derive(Clone, Copy)]
pub enum Chars<'a> {
    /// ASCII or Latin-1.
    One(&'a [u8]),
    Two(&'a [u16]),
    Four(&'a [u32]),
}

impl Str {
    pub fn new(_th: &Thread, _text: &str) -> PyResult<Owned<Str>> {
        todo!()
    }
    pub fn from_string(th: &Thread, text: String) -> PyResult<Owned<Str>> {
        Str::new(th, &text)
    }
    pub fn from_fmt(_th: &Thread, _message: fmt::Arguments<'_>) -> PyResult<Owned<Str>> {
        todo!()
    }
    /// From generalised UTF-8, where lone surrogates are three bytes.
    pub fn from_wtf8(_th: &Thread, _text: &[u8]) -> PyResult<Owned<Str>> {
        todo!()
    }
    pub fn from_chars(_th: &Thread, _chars: Chars<'_>) -> PyResult<Owned<Str>> {
        todo!()
    }
    pub fn from_code_points(_th: &Thread, _points: &[u32]) -> PyResult<Owned<Str>> {
        todo!()
    }
    pub fn from_char(_th: &Thread, _point: u32) -> PyResult<Owned<Str>> {
        todo!()
    }
    /// `os.fsdecode`: UTF-8 with surrogateescape.
    pub fn from_fs_bytes(_th: &Thread, _bytes: &[u8]) -> PyResult<Owned<Str>> {
        todo!()
    }
    pub fn to_fs_bytes(&self, _th: &Thread) -> PyResult<Vec<u8>> {
        todo!()
    }
    /// An interned string: one object per text and interpreter, compared by identity first.
    pub fn interned(_th: &Thread, _text: &str) -> PyResult<Owned<Str>> {
        todo!()
    }
    pub fn intern(_th: &Thread, _string: Owned<Str>) -> PyResult<Owned<Str>> {
        todo!()
    }
    /// The number of code points.
    pub fn len(&self) -> usize {
        todo!()
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    pub fn chars(&self) -> Chars<'_> {
        todo!()
    }
    pub fn char_at(&self, _index: usize) -> u32 {
        todo!()
    }
    /// UTF-8, cached in the object; UnicodeEncodeError for lone surrogates.
    pub fn as_utf8(&self, _th: &Thread) -> PyResult<&str> {
        todo!()
    }
    pub fn to_wtf8(&self) -> Vec<u8> {
        todo!()
    }
    /// For messages: lone surrogates become U+FFFD.
    pub fn to_string_lossy(&self) -> String {
        todo!()
    }
    pub fn is_interned(&self) -> bool {
        todo!()
    }
    pub fn is_identifier(&self) -> bool {
        todo!()
    }
    /// `__name__`: starts and ends with two underscores.
    pub fn is_dunder(&self) -> bool {
        todo!()
    }
    /// The UTF-8 of an interned string as a C string that lives as long as the object.
    pub fn as_utf8_ptr(&self, _th: &Thread) -> PyResult<*const std::ffi::c_char> {
        todo!()
    }
    pub fn eq_str(&self, _text: &str) -> bool {
        todo!()
    }
    pub fn eq(&self, _other: &Str) -> bool {
        todo!()
    }
    pub fn hash(&self, _th: &Thread) -> isize {
        todo!()
    }
    pub fn concat(&self, _th: &Thread, _other: Borrowed<'_, Str>) -> PyResult<Owned<Str>> {
        todo!()
    }
    /// `separator.join(parts)`.
    pub fn join(
        _th: &Thread,
        _separator: Borrowed<'_, Str>,
        _parts: &[Borrowed<'_>],
    ) -> PyResult<Owned<Str>> {
        todo!()
    }
    pub fn substring(&self, _th: &Thread, _start: usize, _end: usize) -> PyResult<Owned<Str>> {
        todo!()
    }
}

/// For messages: lone surrogates become U+FFFD.
impl fmt::Display for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_string_lossy())
    }
}
