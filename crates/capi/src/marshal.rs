//! `marshal.h`: objects as data, in memory and in C files.

use std::ffi::{c_char, c_int, c_long, c_short};

use krait_eval::marshal;
use krait_macros::capi;
use krait_objects::prelude::*;
use libc::FILE;

use crate::run::read_file;

#[capi]
pub fn PyMarshal_WriteObjectToString(
    th: &Thread,
    value: Borrowed<'_>,
    version: c_int,
) -> PyResult<Owned<Bytes>> {
    audit!(th, "marshal.dumps", value, version)?;
    Bytes::new(th, &marshal::dumps(th, value, version)?)
}

#[capi]
pub fn PyMarshal_ReadObjectFromString(th: &Thread, data: *const c_char, length: isize) -> PyResult {
    let length = usize::try_from(length).map_err(|_| th.bad_internal_call())?;
    // SAFETY: C passes so many bytes.
    let data = unsafe { std::slice::from_raw_parts(data.cast(), length) };
    audit!(th, "marshal.loads", Bytes::new(th, data))?;
    marshal::loads(th, data)
}

fn write(file: *mut FILE, bytes: &[u8]) {
    // SAFETY: C passes an open file; what fails shows in its error state.
    unsafe { libc::fwrite(bytes.as_ptr().cast(), 1, bytes.len(), file) };
}

#[capi]
pub fn PyMarshal_WriteLongToFile(value: c_long, file: *mut FILE, _version: c_int) {
    write(file, &(value as i32).to_le_bytes());
}

#[capi]
pub fn PyMarshal_WriteObjectToFile(
    th: &Thread,
    value: Borrowed<'_>,
    file: *mut FILE,
    version: c_int,
) {
    if let Ok(data) = marshal::dumps(th, value, version) {
        write(file, &data);
    }
}

fn read<const N: usize>(th: &Thread, file: *mut FILE) -> PyResult<[u8; N]> {
    let mut bytes = [0; N];
    // SAFETY: C passes an open file; there is room for the bytes.
    let count = unsafe { libc::fread(bytes.as_mut_ptr().cast(), 1, N, file) };
    if count == N {
        return Ok(bytes);
    }
    Err(th.raise(exc::EOF_ERROR, "EOF read where not expected"))
}

#[capi]
pub fn PyMarshal_ReadLongFromFile(th: &Thread, file: *mut FILE) -> PyResult<c_long> {
    read(th, file).map(|bytes| i32::from_le_bytes(bytes).into())
}

#[capi]
pub fn PyMarshal_ReadShortFromFile(th: &Thread, file: *mut FILE) -> PyResult<c_int> {
    read(th, file).map(|bytes| c_short::from_le_bytes(bytes).into())
}

/// The object that the file goes on with; what was read beyond it is put back.
#[capi]
pub fn PyMarshal_ReadObjectFromFile(th: &Thread, file: *mut FILE) -> PyResult {
    // SAFETY: C passes an open file.
    let start = unsafe { libc::ftell(file) };
    let data = read_file(file);
    let (value, used) = marshal::loads_prefix(th, &data)?;
    if start >= 0 {
        // SAFETY: as above.
        unsafe { libc::fseek(file, start + used as c_long, libc::SEEK_SET) };
    }
    Ok(value)
}

#[capi]
pub fn PyMarshal_ReadLastObjectFromFile(th: &Thread, file: *mut FILE) -> PyResult {
    marshal::loads(th, &read_file(file))
}

#[capi]
pub fn PyMarshal_Init() {}
