//! The rest of `pyerrors.h`: system errors with file names, import and syntax errors, warnings about a place, and the
//! exception being handled.

use std::ffi::{c_char, c_int};
use std::ptr::null_mut;

use krait_eval::sys::hooks;
use krait_macros::capi;
use krait_objects::exceptions::os;
use krait_objects::prelude::*;

use crate::errors::raise_in;
use crate::support::*;
use crate::variadic::warn_explicit;

/// Raises `class(errno, text[, filename[, None, second]])` for what the system has left in `errno`.
fn from_errno(th: &Thread, class: Borrowed<'_>, names: [Option<Borrowed<'_>>; 2]) {
    let errno = std::io::Error::last_os_error().raw_os_error().unwrap_or(0);
    if errno == libc::EINTR && krait_eval::pending::handle(th).is_err() {
        // A signal handler raised: that is the reason.
        return;
    }
    let args = || -> PyResult<Owned<Tuple>> {
        let code = Int::from_i64(th, errno.into())?;
        let text = match errno {
            0 => Str::new(th, "Error")?,
            _ => Str::from_fs_bytes(th, os::strerror(errno).as_bytes())?,
        };
        match names {
            [None, _] => Tuple::from_slice(th, &[code.object(), text.object()]),
            [Some(name), None] => Tuple::from_slice(th, &[code.object(), text.object(), name]),
            [Some(name), Some(second)] => {
                Tuple::from_slice(th, &[code.object(), text.object(), name, none(), second])
            }
        }
    };
    // Called rather than raised with arguments: `OSError` picks a subclass by the number.
    let Ok(args) = args() else { return };
    if let Ok(exception) = call::call(th, class, args.borrow().get().as_slice()) {
        raise_in(th, exception.object().get().ty().object(), Some(exception.object()));
    }
}

#[capi]
pub fn PyErr_SetFromErrno(th: &Thread, class: Borrowed<'_>) -> PyResult {
    from_errno(th, class, [None, None]);
    Err(th.raised_by_c())
}

#[capi]
pub fn PyErr_SetFromErrnoWithFilename(
    th: &Thread,
    class: Borrowed<'_>,
    name: *const c_char,
) -> PyResult {
    // Making the name may change the number.
    // SAFETY: the thread's own number.
    let errno = unsafe { *libc::__errno_location() };
    let name = if name.is_null() { None } else { Str::from_fs_bytes(th, bytes_of(name)).ok() };
    // SAFETY: as above.
    unsafe { *libc::__errno_location() = errno };
    from_errno(th, class, [name.as_ref().map(Owned::object), None]);
    Err(th.raised_by_c())
}

#[capi]
pub fn PyErr_SetFromErrnoWithFilenameObject(
    th: &Thread,
    class: Borrowed<'_>,
    name: Option<Borrowed<'_>>,
) -> PyResult {
    from_errno(th, class, [name, None]);
    Err(th.raised_by_c())
}

#[capi]
pub fn PyErr_SetFromErrnoWithFilenameObjects(
    th: &Thread,
    class: Borrowed<'_>,
    name: Option<Borrowed<'_>>,
    second: Option<Borrowed<'_>>,
) -> PyResult {
    from_errno(th, class, [name, second]);
    Err(th.raised_by_c())
}

#[capi]
pub fn PyErr_SetImportErrorSubclass(
    th: &Thread,
    class: Borrowed<'_>,
    message: Option<Borrowed<'_>>,
    name: Option<Borrowed<'_>>,
    path: Option<Borrowed<'_>>,
) -> PyResult {
    let import_error = Borrowed::from_ref(exc::IMPORT_ERROR).object();
    if !object::is_subclass(th, class, import_error)? {
        return Err(th.raise(exc::TYPE_ERROR, "expected a subclass of ImportError"));
    }
    let Some(message) = message else {
        return Err(th.raise(exc::TYPE_ERROR, "expected a message argument"));
    };
    let kwargs = Dict::new(th)?;
    for (key, value) in [("name", name), ("path", path)] {
        let key = Str::interned(th, key)?;
        kwargs.set_str(th, key.borrow(), value.unwrap_or(none()))?;
    }
    let exception = call::call_with_dict(th, class, &[message], Some(kwargs.borrow()))?;
    raise_in(th, exception.object().get().ty().object(), Some(exception.object()));
    Err(th.raised_by_c())
}

#[capi]
pub fn PyErr_SetImportError(message: Ptr, name: Ptr, path: Ptr) -> Ptr {
    let class = Borrowed::from_ref(exc::IMPORT_ERROR).as_ptr();
    // SAFETY: C passes live objects or NULL.
    unsafe { PyErr_SetImportErrorSubclass(class, message, name, path) }
}

/// Gives the current exception the place where the syntax is wrong. Never raises.
fn locate(
    th: &Thread,
    filename: Option<Borrowed<'_>>,
    line: c_int,
    column: Option<c_int>,
    end: Option<(c_int, c_int)>,
) {
    let Some(exception) = th.take_exception() else { return };
    let set = |name: &str, value: Borrowed<'_>| {
        let set = Str::interned(th, name)
            .and_then(|name| object::set_attr(th, exception.object(), name.borrow(), value));
        if set.is_err() {
            drop(th.take_exception());
        }
    };
    let number = |value: Option<c_int>| match value {
        Some(value) => Int::from_i64(th, value.into()).map(Owned::into_object),
        None => Ok(none().to_owned()),
    };
    let fields = [
        ("lineno", Some(line)),
        ("offset", column),
        ("end_lineno", end.map(|(line, _)| line)),
        ("end_offset", end.map(|(_, column)| column)),
    ];
    for (name, value) in fields {
        match number(value) {
            Ok(value) => set(name, value.object()),
            Err(raised) => drop(th.take_raised(raised)),
        }
    }
    if let Some(filename) = filename {
        set("filename", filename);
        let text = match filename.downcast::<Str>().map(|name| name.get().to_fs_bytes(th)) {
            Some(Ok(path)) => program_text(th, &path, line),
            Some(Err(raised)) => {
                drop(th.take_raised(raised));
                None
            }
            None => None,
        };
        set("text", text.as_ref().map_or(none(), Owned::object));
    }
    if !exception.object().get().ty().is_subtype(exc::SYNTAX_ERROR) {
        for name in ["msg", "print_file_and_line"] {
            let known = Str::interned(th, name)
                .and_then(|name| object::get_attr_opt(th, exception.object(), name.borrow()));
            match known {
                Ok(Some(_)) => {}
                Ok(None) if name == "msg" => match object::str(th, exception.object()) {
                    Ok(message) => set(name, message.object()),
                    Err(raised) => drop(th.take_raised(raised)),
                },
                Ok(None) => set(name, none()),
                Err(raised) => drop(th.take_raised(raised)),
            }
        }
    }
    let _raised = th.set_exception(exception.into_object());
}

/// The line of a file with that number, without raising.
fn program_text(th: &Thread, path: &[u8], line: c_int) -> Option<Owned> {
    use std::os::unix::ffi::OsStrExt as _;
    let index = usize::try_from(line).ok()?.checked_sub(1)?;
    let source = std::fs::read(std::ffi::OsStr::from_bytes(path)).ok()?;
    let text = source.split_inclusive(|&byte| byte == b'\n').nth(index)?;
    match krait_objects::codecs::decode(th, text, Some("utf-8"), Some("replace")) {
        Ok(text) => Some(text.into_object()),
        Err(raised) => {
            drop(th.take_raised(raised));
            None
        }
    }
}

#[capi]
pub fn PyErr_SyntaxLocationObject(
    th: &Thread,
    filename: Option<Borrowed<'_>>,
    line: c_int,
    column: c_int,
) {
    locate(th, filename, line, (column >= 0).then_some(column), None);
}

#[capi]
pub fn PyErr_RangedSyntaxLocationObject(
    th: &Thread,
    filename: Option<Borrowed<'_>>,
    line: c_int,
    column: c_int,
    end_line: c_int,
    end_column: c_int,
) {
    locate(th, filename, line, (column >= 0).then_some(column), Some((end_line, end_column)));
}

#[capi]
pub fn PyErr_SyntaxLocationEx(th: &Thread, filename: *const c_char, line: c_int, column: c_int) {
    let name = (!filename.is_null()).then(|| Str::from_fs_bytes(th, bytes_of(filename)));
    let name = name.and_then(Result::ok);
    locate(th, name.as_ref().map(Owned::object), line, (column >= 0).then_some(column), None);
}

#[capi]
pub fn PyErr_SyntaxLocation(filename: *const c_char, line: c_int) {
    // SAFETY: C passes a string or NULL.
    unsafe { PyErr_SyntaxLocationEx(filename, line, -1) }
}

#[capi]
pub fn PyErr_ProgramText(th: &Thread, filename: *const c_char, line: c_int) -> Ptr {
    program_text(th, bytes_of(filename), line).map_or(null_mut(), Owned::into_ptr)
}

#[capi]
pub fn PyErr_ProgramTextObject(
    th: &Thread,
    filename: Option<Borrowed<'_>>,
    line: c_int,
) -> PyResult<Option<Owned>> {
    match filename.and_then(|name| name.downcast::<Str>()) {
        Some(name) => Ok(program_text(th, &name.get().to_fs_bytes(th)?, line)),
        None => Ok(None),
    }
}

#[capi]
pub fn PyErr_WarnExplicitObject(
    th: &Thread,
    category: Option<Borrowed<'_>>,
    message: Borrowed<'_>,
    filename: Borrowed<'_>,
    line: c_int,
    module: Option<Borrowed<'_>>,
    registry: Option<Borrowed<'_>>,
) -> PyResult<()> {
    let category = category.unwrap_or(Borrowed::from_ref(exc::RUNTIME_WARNING).object());
    warn_explicit(th, category, message, filename, line, module.map(Borrowed::to_owned), registry)
}

#[capi]
pub fn PyErr_WarnExplicit(
    th: &Thread,
    category: Option<Borrowed<'_>>,
    message: *const c_char,
    filename: *const c_char,
    line: c_int,
    module: *const c_char,
    registry: Option<Borrowed<'_>>,
) -> PyResult<()> {
    let category = category.unwrap_or(Borrowed::from_ref(exc::RUNTIME_WARNING).object());
    let message = string(th, message)?;
    let filename = Str::from_fs_bytes(th, bytes_of(filename))?;
    let module = if module.is_null() { None } else { Some(string(th, module)?.into_object()) };
    warn_explicit(th, category, message.object(), filename.object(), line, module, registry)
}

#[capi]
pub fn PyErr_GetExcInfo(th: &Thread, class: *mut Ptr, value: *mut Ptr, traceback: *mut Ptr) {
    let handled = th.handled_exception();
    // SAFETY: C passes writable places, which get references of their own.
    unsafe {
        match handled {
            None => {
                *class = none().to_owned().into_ptr();
                *value = none().to_owned().into_ptr();
                *traceback = none().to_owned().into_ptr();
            }
            Some(exception) => {
                *class = object::type_of(exception.object()).into_ptr();
                *value = exception.object().to_owned().into_ptr();
                let trace = exception.traceback();
                *traceback = trace.unwrap_or(none()).to_owned().into_ptr();
            }
        }
    }
}

/// What is handled now; the old one is released.
fn set_handled(th: &Thread, exception: Option<Owned>) {
    // SAFETY: the topmost item belongs to this thread and owns its reference.
    let old = unsafe {
        let place = &raw mut (*(*th.raw()).exc_info).exc_value;
        let new = exception.map_or(null_mut(), Owned::into_ptr);
        Owned::<Object>::from_ptr_or_null(std::mem::replace(&mut *place, new))
    };
    drop(old);
}

#[capi]
pub fn PyErr_SetHandledException(th: &Thread, exception: Option<Borrowed<'_>>) {
    set_handled(th, exception.filter(|exception| !exception.is_none()).map(Borrowed::to_owned));
}

/// Class and traceback are those of the exception: only it is kept.
#[capi]
pub fn PyErr_SetExcInfo(
    th: &Thread,
    class: Option<Owned>,
    value: Option<Owned>,
    traceback: Option<Owned>,
) {
    set_handled(th, value.filter(|value| !value.object().is_none()));
    drop((class, traceback));
}

#[capi]
pub fn PyErr_Display(
    th: &Thread,
    _class: Option<Borrowed<'_>>,
    value: Option<Borrowed<'_>>,
    traceback: Option<Borrowed<'_>>,
) {
    let Some(value) = value else { return };
    if let Some(exception) = value.downcast::<BaseException>() {
        if exception.traceback().is_none() {
            let traceback = traceback.filter(|traceback| !traceback.is_none());
            exception.set_traceback(traceback.map(Borrowed::to_owned));
        }
    }
    hooks::print_exception(th, value);
}

#[capi]
pub fn PyErr_SetInterruptEx(th: &Thread, signal: c_int) -> c_int {
    if !(1..=libc::SIGRTMAX()).contains(&signal) {
        return -1;
    }
    krait_modules::signal::simulate(th, signal);
    0
}

#[capi]
pub fn PyErr_SetInterrupt(th: &Thread) {
    krait_modules::signal::simulate(th, libc::SIGINT);
}

#[capi]
pub fn PyException_SetArgs(exception: Borrowed<'_, BaseException>, args: Borrowed<'_, Tuple>) {
    exception.get().set_args(args.to_owned());
}

#[capi]
pub fn PyExceptionClass_Name(class: Borrowed<'_, Type>) -> PyResult<*const c_char> {
    // A class keeps its name as long as it lives.
    Ok(class.get().raw().tp_name)
}
