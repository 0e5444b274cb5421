//! `fileobject.h`, `object.h`: writing where there is no `sys.stdout`.

use std::ffi::c_int;

use krait_eval::sys;
use krait_macros::capi;
use krait_objects::prelude::*;

const PRINT_RAW: c_int = 1;

#[capi]
pub fn PyFile_NewStdPrinter(th: &Thread, fd: c_int) -> PyResult<Option<Owned>> {
    if !matches!(fd, 1 | 2) {
        return Ok(None);
    }
    sys::printer::new(th, fd).map(Some)
}

/// `repr(ob)`, or `str(ob)`, to a C stream.
#[capi]
pub fn PyObject_Print(
    th: &Thread,
    ob: *mut krait_abi::PyObject,
    stream: *mut libc::FILE,
    flags: c_int,
) -> PyResult<()> {
    // SAFETY: C passes an object or NULL. One that is gone is looked at no further than its count.
    let found = unsafe { Borrowed::<Object>::from_ptr_or_null(ob) };
    let text = match found {
        None => b"<nil>".to_vec(),
        Some(found) if found.ref_count() == 0 => format!("<refcnt 0 at {ob:p}>").into_bytes(),
        Some(ob) if flags & PRINT_RAW != 0 => object::str(th, ob)?.to_wtf8(),
        Some(ob) => object::repr(th, ob)?.to_wtf8(),
    };
    // SAFETY: C passes an open stream.
    let failed = unsafe {
        libc::clearerr(stream);
        libc::fwrite(text.as_ptr().cast(), 1, text.len(), stream);
        libc::ferror(stream) != 0
    };
    if failed {
        let number = std::io::Error::last_os_error().raw_os_error().unwrap_or(0);
        let args = [
            Int::from_i64(th, number.into())?.into_object(),
            Str::new(th, "Bad file descriptor")?.into_object(),
        ];
        let class = Borrowed::from_ref(exc::OS_ERROR).object();
        let args: Vec<Borrowed<'_>> = args.iter().map(Owned::object).collect();
        let error = call::call(th, class, &args)?;
        return Err(th.set_exception(error));
    }
    Ok(())
}
