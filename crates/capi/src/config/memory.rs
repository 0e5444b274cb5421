//! The strings of a configuration: wide, and in memory that C may free with `PyMem_RawFree`.

use std::ffi::{OsString, c_char, c_int, c_void};
use std::os::unix::ffi::OsStringExt;

use krait_abi::{PyConfig, PyStatus, PyWideStringList};
use krait_macros::capi;
use libc::wchar_t;

use super::process;
use super::status::{PyStatus_NoMemory, PyStatus_Ok, error};
use crate::memory::{PyMem_RawFree, PyMem_RawMalloc};
use crate::support::*;

/// Bytes of the system as wide characters: what is not UTF-8 becomes lone surrogates.
pub fn decode(bytes: &[u8]) -> Vec<wchar_t> {
    let mut wide = Vec::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        wide.extend(chunk.valid().chars().map(|character| character as wchar_t));
        wide.extend(chunk.invalid().iter().map(|&byte| 0xdc00 + wchar_t::from(byte)));
    }
    wide
}

/// A new string of C.
pub fn allocate(text: &[wchar_t]) -> Option<*mut wchar_t> {
    let bytes = (text.len() + 1) * size_of::<wchar_t>();
    // SAFETY: as many characters are asked for as are written.
    unsafe {
        let memory: *mut wchar_t = PyMem_RawMalloc(bytes).cast();
        if memory.is_null() {
            return None;
        }
        memory.copy_from_nonoverlapping(text.as_ptr(), text.len());
        memory.add(text.len()).write(0);
        Some(memory)
    }
}

/// Frees what `place` holds and puts `text` there.
///
/// # Safety
/// Invariant 1 of `config`.
pub unsafe fn assign(place: *mut *mut wchar_t, text: Option<&[wchar_t]>) -> PyStatus {
    let new = match text.map(allocate) {
        None => std::ptr::null_mut(),
        Some(Some(new)) => new,
        // SAFETY: no memory is touched.
        Some(None) => return unsafe { PyStatus_NoMemory() },
    };
    // SAFETY: the caller's promise.
    unsafe {
        PyMem_RawFree((*place).cast::<c_void>());
        *place = new;
        PyStatus_Ok()
    }
}

/// The characters of a wide string; none for NULL.
///
/// # Safety
/// `text` is null or ends with NUL.
pub unsafe fn units<'a>(text: *const wchar_t) -> &'a [wchar_t] {
    if text.is_null() {
        return &[];
    }
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts(text, libc::wcslen(text)) }
}

/// The strings of a list.
///
/// # Safety
/// Invariant 1 of `config`.
pub unsafe fn texts(list: &PyWideStringList) -> Vec<String> {
    let count = usize::try_from(list.length).unwrap_or(0);
    // SAFETY: the caller's promise.
    (0..count).map(|at| unsafe { wide_text(*list.items.add(at)) }).collect()
}

/// As `texts`: arguments, of which each byte that was no text is one again (PEP 383).
///
/// # Safety
/// Invariant 1 of `config`.
pub unsafe fn arguments(list: &PyWideStringList) -> Vec<OsString> {
    // SAFETY: the caller's promise.
    unsafe { list_units(list) }.iter().map(|units| encoded(units)).collect()
}

/// The bytes that wide characters stand for: undoes `decode`. What stands for none is replaced.
pub fn encoded(wide: &[wchar_t]) -> OsString {
    let bytes = encode(wide).unwrap_or_else(|_| {
        let character = |&unit| char::from_u32(unit as u32).unwrap_or(char::REPLACEMENT_CHARACTER);
        wide.iter().map(character).collect::<String>().into_bytes()
    });
    OsString::from_vec(bytes)
}

/// # Safety
/// Invariant 1 of `config`.
pub unsafe fn clear_list(list: *mut PyWideStringList) {
    // SAFETY: the caller's promise.
    unsafe {
        for at in 0..usize::try_from((*list).length).unwrap_or(0) {
            PyMem_RawFree((*(*list).items.add(at)).cast());
        }
        PyMem_RawFree((*list).items.cast());
        *list = PyWideStringList { length: 0, items: std::ptr::null_mut() };
    }
}

/// Replaces what the list holds.
///
/// # Safety
/// Invariant 1 of `config`.
pub unsafe fn assign_list(list: *mut PyWideStringList, texts: &[Vec<wchar_t>]) -> PyStatus {
    // SAFETY: the caller's promise; as many pointers are written as there is room for.
    unsafe {
        let items: *mut *mut wchar_t = match texts.len() {
            0 => std::ptr::null_mut(),
            count => PyMem_RawMalloc(count * size_of::<*mut wchar_t>()).cast(),
        };
        if items.is_null() && !texts.is_empty() {
            return PyStatus_NoMemory();
        }
        let mut new = PyWideStringList { length: 0, items };
        for text in texts {
            let Some(copy) = allocate(text) else {
                clear_list(&raw mut new);
                return PyStatus_NoMemory();
            };
            items.add(new.length as usize).write(copy);
            new.length += 1;
        }
        clear_list(list);
        *list = new;
        PyStatus_Ok()
    }
}

/// A copy of a list's strings.
///
/// # Safety
/// Invariant 1 of `config`.
pub unsafe fn list_units(list: &PyWideStringList) -> Vec<Vec<wchar_t>> {
    let count = usize::try_from(list.length).unwrap_or(0);
    // SAFETY: the caller's promise.
    (0..count).map(|at| unsafe { units(*list.items.add(at)) }.to_vec()).collect()
}

#[capi]
pub fn PyWideStringList_Append(list: *mut PyWideStringList, item: *const wchar_t) -> PyStatus {
    // SAFETY: C passes a list and a string.
    unsafe { PyWideStringList_Insert(list, (*list).length, item) }
}

#[capi]
pub fn PyWideStringList_Insert(
    list: *mut PyWideStringList,
    index: isize,
    item: *const wchar_t,
) -> PyStatus {
    // SAFETY: C passes a list and a string.
    unsafe {
        let Ok(index) = usize::try_from(index) else {
            return error(c"PyWideStringList_Insert index must be >= 0");
        };
        let mut texts = list_units(&*list);
        texts.insert(index.min(texts.len()), units(item).to_vec());
        assign_list(list, &texts)
    }
}

#[capi]
pub fn PyConfig_SetString(
    config: *mut PyConfig,
    place: *mut *mut wchar_t,
    text: *const wchar_t,
) -> PyStatus {
    // SAFETY: C passes a configuration, one of its members and a string or NULL.
    unsafe {
        if let Err(status) = process::pre_initialize_for(&*config, None) {
            return status;
        }
        assign(place, (!text.is_null()).then(|| units(text)))
    }
}

#[capi]
pub fn PyConfig_SetBytesString(
    config: *mut PyConfig,
    place: *mut *mut wchar_t,
    text: *const c_char,
) -> PyStatus {
    // SAFETY: C passes a configuration, one of its members and a string or NULL.
    unsafe {
        if let Err(status) = process::pre_initialize_for(&*config, None) {
            return status;
        }
        let wide = (!text.is_null()).then(|| decode(bytes_of(text)));
        assign(place, wide.as_deref())
    }
}

#[capi]
pub fn PyConfig_SetWideStringList(
    config: *mut PyConfig,
    list: *mut PyWideStringList,
    length: isize,
    items: *const *mut wchar_t,
) -> PyStatus {
    // SAFETY: C passes a configuration, one of its members and so many strings.
    unsafe {
        if let Err(status) = process::pre_initialize_for(&*config, None) {
            return status;
        }
        assign_list(list, &wide_array(length, items))
    }
}

/// # Safety
/// `items` holds `length` strings.
pub unsafe fn wide_array(length: isize, items: *const *mut wchar_t) -> Vec<Vec<wchar_t>> {
    let count = usize::try_from(length).unwrap_or(0);
    // SAFETY: the caller's promise.
    (0..count).map(|at| unsafe { units(*items.add(at)) }.to_vec()).collect()
}

/// # Safety
/// `items` holds `length` strings.
pub unsafe fn bytes_array(length: isize, items: *const *mut c_char) -> Vec<Vec<wchar_t>> {
    let count = usize::try_from(length).unwrap_or(0);
    // SAFETY: the caller's promise.
    (0..count).map(|at| decode(bytes_of(unsafe { *items.add(at) }))).collect()
}

#[capi]
pub fn PyConfig_SetArgv(config: *mut PyConfig, argc: isize, argv: *const *mut wchar_t) -> PyStatus {
    // SAFETY: C passes a configuration and so many strings.
    unsafe { set_argv(config, wide_array(argc, argv)) }
}

#[capi]
pub fn PyConfig_SetBytesArgv(
    config: *mut PyConfig,
    argc: isize,
    argv: *const *mut c_char,
) -> PyStatus {
    // SAFETY: C passes a configuration and so many strings.
    unsafe { set_argv(config, bytes_array(argc, argv)) }
}

/// # Safety
/// Invariant 1 of `config`.
unsafe fn set_argv(config: *mut PyConfig, argv: Vec<Vec<wchar_t>>) -> PyStatus {
    // SAFETY: the caller's promise.
    unsafe {
        if let Err(status) = process::pre_initialize_for(&*config, Some(&argv)) {
            return status;
        }
        assign_list(&raw mut (*config).argv, &argv)
    }
}

/// `Py_DecodeLocale`: a new string for the bytes, which `PyMem_RawFree` frees.
#[capi]
pub fn Py_DecodeLocale(text: *const c_char, length: *mut usize) -> *mut wchar_t {
    let wide = decode(bytes_of(text));
    if !length.is_null() {
        // SAFETY: C passes a writable place.
        unsafe { *length = wide.len() };
    }
    allocate(&wide).unwrap_or(std::ptr::null_mut())
}

/// Bytes for the characters: UTF-8, with lone surrogates as the bytes that they stand for.
fn encode(text: &[wchar_t]) -> Result<Vec<u8>, usize> {
    let mut bytes = Vec::with_capacity(text.len());
    for (at, &unit) in text.iter().enumerate() {
        match char::from_u32(unit as u32) {
            Some(character) => {
                bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes())
            }
            None if (0xdc80..=0xdcff).contains(&unit) => bytes.push((unit - 0xdc00) as u8),
            None => return Err(at),
        }
    }
    Ok(bytes)
}

#[capi]
pub fn Py_EncodeLocale(text: *const wchar_t, error_position: *mut usize) -> *mut c_char {
    // SAFETY: C passes a string, and a writable place or NULL.
    unsafe {
        if !error_position.is_null() {
            *error_position = usize::MAX;
        }
        let bytes = match encode(units(text)) {
            Ok(bytes) => bytes,
            Err(at) => {
                if !error_position.is_null() {
                    *error_position = at;
                }
                return std::ptr::null_mut();
            }
        };
        let memory: *mut c_char = crate::memory::PyMem_Malloc(bytes.len() + 1).cast();
        if !memory.is_null() {
            memory.cast::<u8>().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            memory.add(bytes.len()).write(0);
        }
        memory
    }
}

/// A `c_int` member as a truth value; negative stands for the default.
pub fn flag(value: c_int, default: bool) -> bool {
    if value < 0 { default } else { value != 0 }
}
