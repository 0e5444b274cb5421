//! Shared libraries: `dlopen` and its like.
//!
//! The same job as `py_dl_open` and its neighbours in CPython's `Modules/_ctypes/callproc.c`.

use std::ffi::{CStr, CString, c_int, c_void};

use krait_eval::sys::audit;
use krait_objects::error::ExcType;
use krait_objects::prelude::*;

use crate::posix::path::fs_bytes;

use super::data::address_of;

/// What went wrong last in this thread; taking it forgets it.
fn last_error() -> Option<String> {
    // SAFETY: a NUL-terminated string or NULL, valid until the next such call.
    unsafe {
        let text = libc::dlerror();
        (!text.is_null()).then(|| CStr::from_ptr(text).to_string_lossy().into_owned())
    }
}

fn failed(th: &Thread, otherwise: &str) -> Raised {
    match last_error() {
        Some(text) => th.raise(exc::OS_ERROR, &text),
        None => th.raise(exc::OS_ERROR, otherwise),
    }
}

pub fn open(th: &Thread, name: Borrowed<'_>, mode: c_int) -> PyResult<Owned<Int>> {
    audit(th, "ctypes.dlopen", &[name])?;
    let path = if name.is_none() { None } else { Some(fs_bytes(th, name)?) };
    let start = path.as_ref().map_or(std::ptr::null(), |path: &CString| path.as_ptr());
    // SAFETY: a NUL-terminated string or NULL; the library's own initialisers are the program's business.
    let handle = unsafe { libc::dlopen(start, mode | libc::RTLD_NOW) };
    match handle.is_null() {
        true => Err(failed(th, "dlopen() error")),
        false => Int::from_usize(th, handle.addr()),
    }
}

pub fn close(th: &Thread, handle: *mut u8) -> PyResult<()> {
    // SAFETY: the program answers for the handle.
    match unsafe { libc::dlclose(handle.cast()) } {
        0 => Ok(()),
        _ => Err(failed(th, "dlclose() error")),
    }
}

/// The handle of a library's object.
pub fn handle_of(th: &Thread, dll: Borrowed<'_>) -> PyResult<*mut u8> {
    let name = Str::interned(th, "_handle")?;
    let handle = object::get_attr(th, dll, name.borrow())?;
    let Some(int) = handle.object().downcast::<Int>() else {
        let message = "the _handle attribute of the second argument must be an integer";
        return Err(th.raise(exc::TYPE_ERROR, message));
    };
    address_of(th, &int).map_err(|raised| {
        drop(th.take_raised(raised));
        let message = "could not convert the _handle attribute to a pointer";
        th.raise(exc::VALUE_ERROR, message)
    })
}

/// The address of `name`; an exception of `class`, which tells what the linker or `missing` says, if there is none.
pub fn find(
    th: &Thread,
    handle: *mut u8,
    name: &[u8],
    class: ExcType,
    missing: impl FnOnce(&str) -> String,
) -> PyResult<*mut u8> {
    let Ok(symbol) = CString::new(name) else {
        return Err(th.raise(exc::VALUE_ERROR, "embedded null character"));
    };
    last_error();
    // SAFETY: a NUL-terminated string; the program answers for the handle.
    let address = unsafe { libc::dlsym(handle.cast::<c_void>(), symbol.as_ptr()) };
    if !address.is_null() {
        return Ok(address.cast());
    }
    let message = last_error().unwrap_or_else(|| missing(&symbol.to_string_lossy()));
    Err(th.raise(class, &message))
}

/// The names of the libraries that are loaded.
pub fn list(th: &Thread) -> PyResult<Owned<List>> {
    unsafe extern "C" fn note(
        info: *mut libc::dl_phdr_info,
        _size: usize,
        names: *mut c_void,
    ) -> c_int {
        // SAFETY: what `dl_iterate_phdr` hands on.
        unsafe {
            let names = &mut *names.cast::<Vec<CString>>();
            names.push(CStr::from_ptr((*info).dlpi_name).to_owned());
        }
        0
    }
    let mut names: Vec<CString> = Vec::new();
    // SAFETY: the callback is given the vector.
    unsafe { libc::dl_iterate_phdr(Some(note), (&raw mut names).cast()) };
    let names = names.iter().map(|name| Str::from_fs_bytes(th, name.as_bytes()));
    let names = names.map(|name| name.map(Owned::into_object)).collect::<PyResult<Vec<Owned>>>()?;
    List::from_vec(th, names)
}
