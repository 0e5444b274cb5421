//! Functions of `_testinternalcapi` that pass on to the C API, which lies above this crate: they are found by name, as an
//! extension module finds them.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::mem::transmute;

use krait_abi::{self as abi, Py_complex};
use krait_objects::complex::{Complex, construct::as_pair};
use krait_objects::prelude::*;

use super::Internals;

type Ptr = *mut abi::PyObject;

/// The address of an exported function.
fn exported(th: &Thread, name: &CStr) -> PyResult<*mut c_void> {
    // SAFETY: a name that ends with NUL.
    let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    match found.is_null() {
        false => Ok(found),
        true => Err(raise!(th, SYSTEM_ERROR, "{} is not exported", name.to_string_lossy())),
    }
}

/// What a C function returned: a new reference, or NULL with an exception.
fn returned(th: &Thread, ptr: Ptr) -> PyResult {
    // SAFETY: C gives a reference or NULL.
    unsafe { Owned::from_ptr_or_null(ptr) }.ok_or_else(|| th.raised_by_c())
}

type DecodeLocale = unsafe extern "C" fn(
    *const c_char,
    *mut *mut libc::wchar_t,
    *mut usize,
    *mut *const c_char,
    c_int,
    c_int,
) -> c_int;
type EncodeLocale = unsafe extern "C" fn(
    *const libc::wchar_t,
    *mut *mut c_char,
    *mut usize,
    *mut *const c_char,
    c_int,
    c_int,
) -> c_int;
type FromWide = unsafe extern "C" fn(*const libc::wchar_t, isize) -> Ptr;

/// The number of an error handler in C.
fn error_handler(th: &Thread, errors: Option<&str>) -> PyResult<c_int> {
    let errors = CString::new(errors.unwrap_or("strict")).unwrap_or_default();
    // SAFETY: the function's type in C.
    unsafe {
        let find: unsafe extern "C" fn(*const c_char) -> c_int =
            transmute(exported(th, c"_Py_GetErrorHandler")?);
        Ok(find(errors.as_ptr()))
    }
}

/// What a conversion by the locale has answered.
///
/// # Safety
/// `reason` is a text if the status is -2.
unsafe fn locale_status(
    th: &Thread,
    what: &str,
    status: c_int,
    at: usize,
    reason: *const c_char,
) -> PyResult<()> {
    match status {
        0 => Ok(()),
        -1 => Err(th.no_memory()),
        -2 => {
            // SAFETY: the caller's promise.
            let reason = unsafe { CStr::from_ptr(reason) }.to_string_lossy();
            Err(raise!(th, RUNTIME_ERROR, "{what} error: pos={at}, reason={reason}"))
        }
        _ => Err(th.raise(exc::VALUE_ERROR, "unsupported error handler")),
    }
}

fn complex(th: &Thread, ob: Borrowed<'_>) -> PyResult<Py_complex> {
    as_pair(th, ob).map(|(real, imag)| Py_complex { real, imag })
}

/// The number that `compute` makes, and what it leaves in `errno`.
fn with_errno(th: &Thread, compute: impl FnOnce() -> Py_complex) -> PyResult {
    // SAFETY: this thread's own.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: as above.
    let (made, error) = unsafe {
        *errno = 0;
        (compute(), *errno)
    };
    let made = Complex::new(th, made.real, made.imag)?;
    Tuple::pack(th, [made.into_object(), Int::from_i64(th, error.into())?.into_object()])
        .map(Owned::into_object)
}

macro_rules! arithmetic {
    (mixed $th:ident $a:ident $b:ident $name:literal) => {{
        let (a, b) = (complex($th, $a)?, $b);
        let function: unsafe extern "C" fn(Py_complex, f64) -> Py_complex =
            // SAFETY: the function's type in C.
            unsafe { transmute(exported($th, $name)?) };
        // SAFETY: numbers only.
        with_errno($th, || unsafe { function(a, b) })
    }};
    (real $th:ident $a:ident $b:ident $name:literal) => {{
        let (a, b) = ($a, complex($th, $b)?);
        let function: unsafe extern "C" fn(f64, Py_complex) -> Py_complex =
            // SAFETY: the function's type in C.
            unsafe { transmute(exported($th, $name)?) };
        // SAFETY: numbers only.
        with_errno($th, || unsafe { function(a, b) })
    }};
}

/// AssertionError unless the allocators take an object's memory for freed.
fn check_freed(th: &Thread, ob: Ptr) -> PyResult<()> {
    // SAFETY: the function's type in C; it looks at the head alone.
    let freed = unsafe {
        let function: unsafe extern "C" fn(Ptr) -> c_int =
            transmute(exported(th, c"_PyObject_IsFreed")?);
        function(ob) != 0
    };
    if freed { Ok(()) } else { Err(th.raise(exc::ASSERTION_ERROR, "object is not seen as freed")) }
}

/// Memory for an object with a count and nothing else.
fn raw_object(th: &Thread) -> PyResult<Ptr> {
    // SAFETY: the function's type in C; the block has room for a head.
    unsafe {
        let function: unsafe extern "C" fn(usize) -> *mut c_void =
            transmute(exported(th, c"PyObject_Malloc")?);
        let ob: Ptr = function(size_of::<abi::PyObject>()).cast();
        if ob.is_null() {
            return Err(th.no_memory());
        }
        ob.cast::<u64>().write(1);
        Ok(ob)
    }
}

#[pyfunctions(part = "exported")]
impl Internals {
    /// _Py_cr_sum(): the sum of a complex and a real number, and errno.
    #[function(sig = "(a, b, /)", no_text)]
    fn _py_cr_sum(th: &Thread, a: Borrowed<'_>, b: f64) -> PyResult {
        arithmetic!(mixed th a b c"_Py_cr_sum")
    }

    /// _Py_cr_diff(): the difference of a complex and a real number, and errno.
    #[function(sig = "(a, b, /)", no_text)]
    fn _py_cr_diff(th: &Thread, a: Borrowed<'_>, b: f64) -> PyResult {
        arithmetic!(mixed th a b c"_Py_cr_diff")
    }

    /// _Py_rc_diff(): the difference of a real and a complex number, and errno.
    #[function(sig = "(a, b, /)", no_text)]
    fn _py_rc_diff(th: &Thread, a: f64, b: Borrowed<'_>) -> PyResult {
        arithmetic!(real th a b c"_Py_rc_diff")
    }

    /// _Py_cr_prod(): the product of a complex and a real number, and errno.
    #[function(sig = "(a, b, /)", no_text)]
    fn _py_cr_prod(th: &Thread, a: Borrowed<'_>, b: f64) -> PyResult {
        arithmetic!(mixed th a b c"_Py_cr_prod")
    }

    /// _Py_cr_quot(): the quotient of a complex and a real number, and errno.
    #[function(sig = "(a, b, /)", no_text)]
    fn _py_cr_quot(th: &Thread, a: Borrowed<'_>, b: f64) -> PyResult {
        arithmetic!(mixed th a b c"_Py_cr_quot")
    }

    /// _Py_rc_quot(): the quotient of a real and a complex number, and errno.
    #[function(sig = "(a, b, /)", no_text)]
    fn _py_rc_quot(th: &Thread, a: f64, b: Borrowed<'_>) -> PyResult {
        arithmetic!(real th a b c"_Py_rc_quot")
    }

    /// _PySet_Update()
    #[function(sig = "(set, iterable, /)", no_text)]
    fn set_update(th: &Thread, set: Borrowed<'_>, iterable: Borrowed<'_>) -> PyResult<i32> {
        // SAFETY: the function's type in C; live objects.
        let status = unsafe {
            let function: unsafe extern "C" fn(Ptr, Ptr) -> c_int =
                transmute(exported(th, c"_PySet_Update")?);
            function(set.as_ptr(), iterable.as_ptr())
        };
        if status < 0 { Err(th.raised_by_c()) } else { Ok(status) }
    }

    /// _PySet_NextEntry(): its answer, the next position, the hash and the element; None at the end.
    #[function(sig = "(set, pos, /)", no_text)]
    fn set_next_entry(th: &Thread, set: Borrowed<'_>, pos: isize) -> PyResult<Option<Owned>> {
        let (mut pos, mut hash, mut item) = (pos, 0isize, std::ptr::null_mut());
        // SAFETY: the function's type in C; a live object and writable places.
        let status = unsafe {
            let function: unsafe extern "C" fn(Ptr, *mut isize, *mut Ptr, *mut isize) -> c_int =
                transmute(exported(th, c"_PySet_NextEntry")?);
            function(set.as_ptr(), &mut pos, &mut item, &mut hash)
        };
        if status < 0 {
            return Err(th.raised_by_c());
        }
        // SAFETY: a reference that the set lends.
        let Some(item) = (unsafe { Borrowed::<Object>::from_ptr_or_null(item) }) else {
            return Ok(None);
        };
        let number = |value: isize| Int::from_i64(th, value as i64).map(Owned::into_object);
        let item = item.to_owned();
        let parts = [number(status as isize)?, number(pos)?, number(hash)?, item];
        Tuple::pack(th, parts).map(|tuple| Some(tuple.into_object()))
    }

    /// _PyErr_SetKeyError(), while another exception is set.
    #[function(sig = "(object, /)")]
    fn _pyerr_setkeyerror(th: &Thread, object: Borrowed<'_>) -> PyResult<()> {
        let _replaced = th.raise_none(exc::EXCEPTION);
        // SAFETY: the function's type in C; a live object.
        unsafe {
            let function: unsafe extern "C" fn(Ptr) =
                transmute(exported(th, c"_PyErr_SetKeyError")?);
            function(object.as_ptr());
        }
        Err(th.raised_by_c())
    }

    /// _PyUnicode_TransformDecimalAndSpaceToASCII()
    #[function(sig = "(object, /)")]
    fn _PyUnicode_TransformDecimalAndSpaceToASCII(th: &Thread, object: Borrowed<'_>) -> PyResult {
        let object = if object.is_none() { std::ptr::null_mut() } else { object.as_ptr() };
        // SAFETY: the function's type in C; a live object or NULL.
        let made = unsafe {
            let function: unsafe extern "C" fn(Ptr) -> Ptr =
                transmute(exported(th, c"_PyUnicode_TransformDecimalAndSpaceToASCII")?);
            function(object)
        };
        returned(th, made)
    }

    /// Convert bytes to a str as the C library's locale says.
    #[function(sig = "(string, current_locale=0, errors=None, /)")]
    fn DecodeLocaleEx(
        th: &Thread,
        string: Borrowed<'_, Bytes>,
        current_locale: i32,
        errors: Option<&str>,
    ) -> PyResult {
        let text = CString::new(string.as_bytes())
            .map_err(|_| th.raise(exc::VALUE_ERROR, "embedded null byte"))?;
        let (mut wide, mut at, mut reason) = (std::ptr::null_mut(), 0, std::ptr::null());
        // SAFETY: the functions' types in C; room for what it answers, which is C's to free.
        unsafe {
            let decode: DecodeLocale = transmute(exported(th, c"_Py_DecodeLocaleEx")?);
            let to_str: FromWide = transmute(exported(th, c"PyUnicode_FromWideChar")?);
            let handler = error_handler(th, errors)?;
            let status =
                decode(text.as_ptr(), &mut wide, &mut at, &mut reason, current_locale, handler);
            locale_status(th, "decode", status, at, reason)?;
            let made = to_str(wide, -1);
            let free: unsafe extern "C" fn(*mut c_void) =
                transmute(exported(th, c"PyMem_RawFree")?);
            free(wide.cast());
            returned(th, made)
        }
    }

    /// Convert a str to bytes as the C library's locale says.
    #[function(sig = "(string, current_locale=0, errors=None, /)")]
    fn EncodeLocaleEx(
        th: &Thread,
        string: Borrowed<'_, Str>,
        current_locale: i32,
        errors: Option<&str>,
    ) -> PyResult<Owned<Bytes>> {
        let wide: Vec<libc::wchar_t> =
            string.chars().iter().map(|point| point as libc::wchar_t).chain([0]).collect();
        let (mut text, mut at, mut reason) = (std::ptr::null_mut(), 0, std::ptr::null());
        // SAFETY: as above.
        unsafe {
            let encode: EncodeLocale = transmute(exported(th, c"_Py_EncodeLocaleEx")?);
            let free: unsafe extern "C" fn(*mut c_void) =
                transmute(exported(th, c"PyMem_RawFree")?);
            let handler = error_handler(th, errors)?;
            let status =
                encode(wide.as_ptr(), &mut text, &mut at, &mut reason, current_locale, handler);
            locale_status(th, "encode", status, at, reason)?;
            let made = Bytes::new(th, CStr::from_ptr(text).to_bytes());
            free(text.cast());
            made
        }
    }

    /// _Py_GetConfigsAsDict(): the configuration of the interpreter.
    #[function(sig = "()", no_text)]
    fn get_configs(th: &Thread) -> PyResult {
        // SAFETY: the function's type in C.
        let made = unsafe {
            let function: unsafe extern "C" fn() -> Ptr =
                transmute(exported(th, c"_Py_GetConfigsAsDict")?);
            function()
        };
        returned(th, made)
    }

    /// _PyMem_GetCurrentAllocatorName()
    #[function(sig = "()")]
    fn pymem_getallocatorsname(th: &Thread) -> PyResult<Owned<Str>> {
        // SAFETY: the function's type in C; it gives a constant string or NULL.
        let name = unsafe {
            let function: unsafe extern "C" fn() -> *const c_char =
                transmute(exported(th, c"_PyMem_GetCurrentAllocatorName")?);
            let name = function();
            if name.is_null() {
                return Err(th.raise(exc::RUNTIME_ERROR, "cannot get allocators name"));
            }
            CStr::from_ptr(name)
        };
        Str::new(th, &name.to_string_lossy())
    }

    /// Whether NULL is seen as a freed object.
    #[function(sig = "()")]
    fn check_pyobject_null_is_freed(th: &Thread) -> PyResult<()> {
        check_freed(th, std::ptr::null_mut())
    }

    /// Whether memory that nobody has written is seen as a freed object.
    #[function(sig = "()")]
    fn check_pyobject_uninitialized_is_freed(th: &Thread) -> PyResult<()> {
        check_freed(th, raw_object(th)?)
    }

    /// Whether the bytes around a block are seen as a freed object.
    #[function(sig = "()")]
    fn check_pyobject_forbidden_bytes_is_freed(th: &Thread) -> PyResult<()> {
        // A head whose class begins where the block ends.
        let ob = raw_object(th)?;
        // SAFETY: the block has room for a head.
        unsafe { (&raw mut (*ob).ob_type).cast::<u8>().write_bytes(0xfd, size_of::<usize>()) };
        check_freed(th, ob)
    }

    /// Whether an object that was freed is seen as one.
    #[function(sig = "()")]
    fn check_pyobject_freed_is_freed(th: &Thread) -> PyResult<()> {
        let object = call::call(th, Borrowed::from_ref(Object::type_object()).object(), &[])?;
        let ob = object.into_ptr();
        // SAFETY: the only reference; then only the count is written, as a debugger would find it.
        unsafe {
            drop(Owned::<Object>::from_ptr(ob));
            ob.cast::<u64>().write(1);
        }
        check_freed(th, ob)
    }
}
