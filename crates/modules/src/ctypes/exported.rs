//! C functions that the Python half calls by their addresses: `string_at`, `cast` and their like.
//!
//! The same job as the end of CPython's `Modules/_ctypes/_ctypes.c`.
//!
//! SAFETY, throughout: called through prototypes that `ctypes` declares, which hold the GIL; the program answers for addresses.

use std::ffi::{CStr, c_int, c_void};

use krait_abi as abi;
use krait_eval::sys::audit;
use krait_objects::args::rt;
use krait_objects::memoryview::MemoryView;
use krait_objects::prelude::*;

use super::code::read_wide;
use super::data::{self, CData};
use super::function::PyCFuncPtrType;
use super::info::{Info, info_of};
use super::pointer::PyCPointerType;

/// Names of the module, and the addresses that they stand for.
pub fn addresses() -> [(&'static str, usize); 6] {
    [
        ("_memmove_addr", libc::memmove as *const () as usize),
        ("_memset_addr", libc::memset as *const () as usize),
        ("_string_at_addr", string_at as *const () as usize),
        ("_wstring_at_addr", wstring_at as *const () as usize),
        ("_cast_addr", cast as *const () as usize),
        ("_memoryview_at_addr", memoryview_at as *const () as usize),
    ]
}

fn audit_text(th: &Thread, event: &str, start: *const u8, size: isize) -> PyResult<()> {
    let (start, size) = (Int::from_usize(th, start.addr())?, Int::from_isize(th, size)?);
    audit(th, event, &[start.object(), size.object()])
}

unsafe extern "C" fn string_at(start: *const u8, size: c_int) -> *mut abi::PyObject {
    rt::object(|th| {
        audit_text(th, "ctypes.string_at", start, size as isize)?;
        // SAFETY: see the top of the file.
        let bytes = unsafe {
            match usize::try_from(size) {
                Ok(0) => &[],
                Ok(len) => std::slice::from_raw_parts(start, len),
                Err(_) if size == -1 => CStr::from_ptr(start.cast()).to_bytes(),
                Err(_) => {
                    let message = "Negative size passed to PyBytes_FromStringAndSize";
                    return Err(th.raise(exc::SYSTEM_ERROR, message));
                }
            }
        };
        Bytes::new(th, bytes).map(Owned::into_object)
    })
}

unsafe extern "C" fn wstring_at(start: *const u8, size: c_int) -> *mut abi::PyObject {
    rt::object(|th| {
        audit_text(th, "ctypes.wstring_at", start, size as isize)?;
        // SAFETY: see the top of the file.
        unsafe {
            let end = || (0..).take_while(|&at| start.cast::<u32>().add(at).read_unaligned() != 0);
            let len = match usize::try_from(size) {
                Ok(len) => len,
                Err(_) if size == -1 => end().count(),
                Err(_) => return Err(th.bad_internal_call()),
            };
            read_wide(th, start, len).map(Owned::into_object)
        }
    })
}

unsafe extern "C" fn memoryview_at(
    start: *mut c_void,
    size: isize,
    readonly: c_int,
) -> *mut abi::PyObject {
    rt::object(|th| {
        let (at, len) = (Int::from_usize(th, start.addr())?, Int::from_isize(th, size)?);
        let flag = Int::from_i64(th, readonly.into())?;
        audit(th, "ctypes.memoryview_at", &[at.object(), len.object(), flag.object()])?;
        if size < 0 {
            return Err(raise!(
                th,
                VALUE_ERROR,
                "memoryview_at: size is negative (or overflowed): {size}"
            ));
        }
        let mut shape = size;
        let mut stride = 1;
        let view = abi::Py_buffer {
            buf: start,
            len: size,
            itemsize: 1,
            readonly: c_int::from(readonly != 0),
            ndim: 1,
            format: c"B".as_ptr().cast_mut(),
            shape: &raw mut shape,
            strides: &raw mut stride,
            ..abi::Py_buffer::EMPTY
        };
        MemoryView::from_buffer(th, &view).map(Owned::into_object)
    })
}

/// TypeError unless instances of a class are pointers.
fn check_pointer_type(th: &Thread, class: Borrowed<'_>) -> PyResult<()> {
    let is_pointer = class.downcast::<PyCPointerType>().is_some()
        || class.downcast::<PyCFuncPtrType>().is_some()
        || matches!(info_of(class).and_then(Info::letter), Some(b'P' | b'z' | b'Z' | b'O'));
    if is_pointer {
        return Ok(());
    }
    let message = "cast() argument 2 must be a pointer type";
    match class.downcast::<Type>() {
        Some(class) => Err(raise!(th, TYPE_ERROR, "{message}, not {}", class.tp_name())),
        None => Err(th.raise(exc::TYPE_ERROR, message)),
    }
}

unsafe extern "C" fn cast(
    address: *mut u8,
    source: *mut abi::PyObject,
    class: *mut abi::PyObject,
) -> *mut abi::PyObject {
    rt::object(|th| {
        // SAFETY: see the top of the file.
        let (source, class) = unsafe { (rt::borrowed::<Object>(source), rt::borrowed(class)) };
        check_pointer_type(th, class)?;
        let made = call::call(th, class, &[])?;
        let Ok(result) = made.downcast::<CData>() else { return Err(th.bad_internal_call()) };
        // What the source keeps alive, the result keeps too, and the source itself.
        if let Some(source) = source.downcast::<CData>() {
            let objects = data::kept_objects(th, source)?;
            if let Some(dict) = objects.as_ref().and_then(|it| it.object().downcast_exact::<Dict>())
            {
                let key = Int::from_usize(th, source.as_ptr().addr())?;
                dict.set(th, key.object(), source.object())?;
            }
            result.objects.set(objects);
        }
        result.set_pointer(address);
        Ok(result.into_object())
    })
}
