//! `int` and `bool`.

use crate::error::PyResult;
use crate::handle::{Borrowed, Head, Instance, Owned};
use crate::thread::Thread;
use crate::typeobj::Type;

/// Laid out as `PyLongObject`: `lv_tag` and 30-bit digits.
#[repr(C)]
pub struct Int {
    head: Head,
    tag: usize,
    digits: [u32; 1],
}
/// `bool`: an `Int` whose only instances are `True` and `False`.
#[repr(transparent)]
pub struct Bool(Int);
unsafe impl Instance for Int {
    fn type_object() -> &'static Type {
        todo!()
    }
}
unsafe impl Instance for Bool {
    fn type_object() -> &'static Type {
        todo!()
    }
}
impl Bool {
    pub const fn singleton(_value: bool) -> *const Int {
        todo!()
    }
}
impl Int {
    pub fn from_i64(_th: &Thread, _value: i64) -> PyResult<Owned<Int>> {
        todo!()
    }
    pub fn from_u64(_th: &Thread, _value: u64) -> PyResult<Owned<Int>> {
        todo!()
    }
    pub fn from_isize(th: &Thread, value: isize) -> PyResult<Owned<Int>> {
        Int::from_i64(th, value as i64)
    }
    pub fn from_usize(th: &Thread, value: usize) -> PyResult<Owned<Int>> {
        Int::from_u64(th, value as u64)
    }
    pub fn from_f64(_th: &Thread, _value: f64) -> PyResult<Owned<Int>> {
        todo!()
    }
    pub fn from_big(_th: &Thread, _value: &num_bigint::BigInt) -> PyResult<Owned<Int>> {
        todo!()
    }
    pub fn to_big(&self) -> num_bigint::BigInt {
        todo!()
    }
    /// `None` if it does not fit.
    pub fn to_i64(&self) -> Option<i64> {
        todo!()
    }
    pub fn to_u64(&self) -> Option<u64> {
        todo!()
    }
    /// OverflowError if it does not fit.
    pub fn to_f64(&self, _th: &Thread) -> PyResult<f64> {
        todo!()
    }
    pub fn is_negative(&self) -> bool {
        todo!()
    }
    pub fn is_zero(&self) -> bool {
        todo!()
    }
}
