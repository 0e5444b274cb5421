//! Comparing a memoryview with anything that has a buffer: item by item, by value.

use std::ffi::CStr;

use krait_abi as abi;

use super::MemoryView;
use super::item::{native_letter, unpack};
use crate::prelude::*;
use crate::protocol::buffer;

/// How the items of one side are read.
enum Reader {
    Native(u8),
    /// `struct.Struct(format).unpack_from`, for the formats that only the module `struct` knows.
    Struct(Owned),
}

impl Reader {
    /// `None` if nobody knows the format.
    fn of(th: &Thread, format: *const std::ffi::c_char) -> PyResult<Option<Reader>> {
        let format = if format.is_null() {
            String::from("B")
        } else {
            // SAFETY: a buffer's format is a C string.
            unsafe { CStr::from_ptr(format) }.to_string_lossy().into_owned()
        };
        if let Some(letter) = native_letter(&format) {
            return Ok(Some(Reader::Native(letter)));
        }
        let made = Reader::compile(th, &format);
        match made {
            Ok(unpack) => Ok(Some(Reader::Struct(unpack))),
            Err(raised) if th.exception_matches(exc::MEMORY_ERROR) => Err(raised),
            Err(raised) => {
                drop(th.take_raised(raised));
                Ok(None)
            }
        }
    }

    fn compile(th: &Thread, format: &str) -> PyResult {
        let name = Str::interned(th, "struct")?;
        let module = (th.interp().services.get().import)(th, name.borrow(), None, 0)?;
        let class = object::get_attr(th, module.borrow(), Str::interned(th, "Struct")?.borrow())?;
        let format = Str::new(th, format)?;
        let compiled = call::call(th, class.borrow(), &[format.object()])?;
        object::get_attr(th, compiled.borrow(), Str::interned(th, "unpack")?.borrow())
    }

    /// # Safety
    /// An item of the format lies at `at`.
    unsafe fn read(&self, th: &Thread, at: *const u8, size: usize) -> PyResult {
        // SAFETY: the caller's promise.
        unsafe {
            match self {
                Reader::Native(letter) => unpack(th, at, *letter),
                Reader::Struct(function) => {
                    let item = Bytes::new(th, std::slice::from_raw_parts(at, size))?;
                    let values = call::call(th, function.borrow(), &[item.object()])?;
                    match values.object().downcast::<Tuple>() {
                        Some(tuple) if tuple.len() == 1 => {
                            Ok(tuple.as_slice()[0].object().to_owned())
                        }
                        _ => Ok(values),
                    }
                }
            }
        }
    }
}

/// The items in C order, each at its place in one contiguous copy.
fn items(view: &abi::Py_buffer) -> Vec<u8> {
    let mut out = Vec::new();
    // SAFETY: the view is acquired and checked.
    unsafe { buffer::gather(view, &mut out) };
    out
}

fn shape(view: &abi::Py_buffer) -> Vec<isize> {
    if view.ndim <= 0 {
        return Vec::new();
    }
    if view.shape.is_null() {
        return vec![if view.itemsize > 0 { view.len / view.itemsize } else { 0 }];
    }
    // SAFETY: as many numbers as dimensions.
    unsafe { std::slice::from_raw_parts(view.shape, view.ndim as usize) }.to_vec()
}

/// Whether both have the same shape and equal items.
fn equal(th: &Thread, left: &abi::Py_buffer, right: &abi::Py_buffer) -> PyResult<bool> {
    let (Some(read_left), Some(read_right)) =
        (Reader::of(th, left.format)?, Reader::of(th, right.format)?)
    else {
        return Ok(false);
    };
    if shape(left) != shape(right) {
        return Ok(false);
    }
    let (left_items, right_items) = (items(left), items(right));
    if let (Reader::Native(a), Reader::Native(b)) = (&read_left, &read_right)
        && a == b
        && !matches!(a, b'f' | b'd' | b'e' | b'F' | b'D' | b'?')
    {
        return Ok(left_items == right_items);
    }
    let (a, b) = (left.itemsize as usize, right.itemsize as usize);
    if a == 0 || b == 0 {
        return Ok(true);
    }
    for (left, right) in left_items.chunks_exact(a).zip(right_items.chunks_exact(b)) {
        // SAFETY: whole items of the formats.
        let (left, right) = unsafe {
            (read_left.read(th, left.as_ptr(), a)?, read_right.read(th, right.as_ptr(), b)?)
        };
        let answer = object::compare(th, left.borrow(), right.borrow(), CompareOp::Eq)?;
        if !object::is_true(th, answer.borrow())? {
            return Ok(false);
        }
    }
    Ok(true)
}

impl MemoryView {
    pub(super) fn compare(
        this: Borrowed<'_, Self>,
        th: &Thread,
        other: Borrowed<'_>,
        op: CompareOp,
    ) -> PyResult {
        if !matches!(op, CompareOp::Eq | CompareOp::Ne) {
            return Ok(not_implemented().to_owned());
        }
        let answer =
            |equal: bool| Ok(bool_object(equal == (op == CompareOp::Eq)).object().to_owned());
        if this.is_released() {
            return answer(this.object().is(other));
        }
        if let Some(view) = other.downcast::<MemoryView>() {
            if view.is_released() {
                return answer(false);
            }
            return answer(equal(th, this.info(), view.get().info())?);
        }
        if !buffer::check(other) {
            return Ok(not_implemented().to_owned());
        }
        match buffer::Buffer::get(th, other, abi::PyBUF_FULL_RO) {
            Ok(right) => match right.view() {
                Some(right) => answer(equal(th, this.info(), right)?),
                None => Err(th.bad_internal_call()),
            },
            Err(raised) => {
                drop(th.take_raised(raised));
                Ok(not_implemented().to_owned())
            }
        }
    }
}
