//! Arguments of `posix` functions: paths, descriptors, owners; and calling the system.
//!
//! The same job as `path_t` and its converters in CPython's `Modules/posixmodule.c`.

use std::ffi::{CStr, CString};

use krait_eval::gil::without_gil;
use krait_eval::pending;
use krait_objects::args::{FromArg, Site};
use krait_objects::exceptions::os::raise_errno;
use krait_objects::prelude::*;

/// A path as the system takes it, or a descriptor in its place.
pub struct Path {
    pub text: CString,
    /// As it was given, for error messages; nothing for the default.
    pub object: Option<Owned>,
    /// Whether results are to be `bytes`.
    pub bytes: bool,
    pub fd: Option<i32>,
}

impl Path {
    /// The current directory.
    pub fn current() -> Path {
        Path { text: c".".to_owned(), object: None, bytes: false, fd: None }
    }

    pub fn ptr(&self) -> *const libc::c_char {
        self.text.as_ptr()
    }

    pub fn name(&self) -> [Option<Borrowed<'_>>; 2] {
        [self.object.as_ref().map(Owned::object), None]
    }

    /// A name the system gave, in the form the path has.
    pub fn result(&self, th: &Thread, name: &[u8]) -> PyResult {
        fs_result(th, name, self.bytes)
    }
}

/// A name of the system as `bytes` or `str`.
pub fn fs_result(th: &Thread, name: &[u8], bytes: bool) -> PyResult {
    if bytes {
        Bytes::new(th, name).map(Owned::into_object)
    } else {
        Str::from_fs_bytes(th, name).map(Owned::into_object)
    }
}

/// A path or an open descriptor.
pub struct PathOrFd(pub Path);

/// The name of the argument in messages of paths.
fn argument_name(site: &Site) -> &'static str {
    site.argument
        .strip_prefix("argument '")
        .and_then(|rest| rest.strip_suffix('\''))
        .unwrap_or("path")
}

/// `os.fspath`: a `str` or `bytes`; `None` if the object is no path.
fn fspath_opt(th: &Thread, ob: Borrowed<'_>) -> PyResult<Option<Owned>> {
    if ob.downcast::<Str>().is_some() || ob.downcast::<Bytes>().is_some() {
        return Ok(Some(ob.to_owned()));
    }
    let name = Str::interned(th, "__fspath__")?;
    let class = ob.get().ty();
    let method = object::get_attr_opt(th, class.object(), name.borrow())?;
    if method.is_none_or(|method| method.is_none()) {
        return Ok(None);
    }
    let path = call::call_method(th, ob, name.borrow(), &[])?;
    if path.object().downcast::<Str>().is_some() || path.object().downcast::<Bytes>().is_some() {
        return Ok(Some(path));
    }
    Err(raise!(
        th,
        TYPE_ERROR,
        "expected {}.__fspath__() to return str or bytes, not {}",
        ob.type_name(),
        path.type_name()
    ))
}

/// `os.fspath`.
pub fn fspath(th: &Thread, ob: Borrowed<'_>) -> PyResult {
    fspath_opt(th, ob)?.ok_or_else(|| {
        let found = ob.type_name();
        raise!(th, TYPE_ERROR, "expected str, bytes or os.PathLike object, not {found}")
    })
}

/// The bytes of a `str` or `bytes` path, and whether it was `bytes`.
pub fn path_bytes(th: &Thread, path: Borrowed<'_>) -> PyResult<(Vec<u8>, bool)> {
    if let Some(text) = path.downcast::<Str>() {
        return Ok((text.to_fs_bytes(th)?, false));
    }
    match path.downcast::<Bytes>() {
        Some(bytes) => Ok((bytes.as_bytes().to_vec(), true)),
        None => Err(th.bad_internal_call()),
    }
}

/// A truth value in place of a descriptor is likely a mistake.
fn warn_of_bool(th: &Thread, ob: Borrowed<'_>) -> PyResult<()> {
    if !ob.is(bool_object(true)) && !ob.is(bool_object(false)) {
        return Ok(());
    }
    let category = Borrowed::from_ref(exc::RUNTIME_WARNING).object();
    let message = Str::interned(th, "bool is used as a file descriptor")?;
    (th.interp().services.get().warn)(th, category, message.borrow(), 1)
}

/// A descriptor given as an integer.
pub fn fd_of_index(th: &Thread, ob: Borrowed<'_>) -> PyResult<i32> {
    warn_of_bool(th, ob)?;
    let int = number::index(th, ob)?;
    match int.to_i64().and_then(|value| i32::try_from(value).ok()) {
        Some(fd) => Ok(fd),
        None if int.is_negative() => Err(th.raise(exc::OVERFLOW_ERROR, "fd is less than minimum")),
        None => Err(th.raise(exc::OVERFLOW_ERROR, "fd is greater than maximum")),
    }
}

fn convert(th: &Thread, arg: Borrowed<'_>, site: &Site, allow_fd: bool) -> PyResult<Path> {
    let path = match fspath_opt(th, arg)? {
        Some(path) => path,
        None if allow_fd && number::is_index(arg) => {
            let fd = Some(fd_of_index(th, arg)?);
            let object = Some(arg.to_owned());
            return Ok(Path { text: CString::default(), object, bytes: false, fd });
        }
        None => {
            let wanted = match (allow_fd, site.or_none) {
                (true, true) => "string, bytes, os.PathLike, integer or None",
                (true, false) => "string, bytes, os.PathLike or integer",
                (false, true) => "string, bytes, os.PathLike or None",
                (false, false) => "string, bytes or os.PathLike",
            };
            return Err(raise!(
                th,
                TYPE_ERROR,
                "{}: {} should be {wanted}, not {}",
                site.function,
                argument_name(site),
                arg.type_name()
            ));
        }
    };
    let (text, bytes) = path_bytes(th, path.object())?;
    let Ok(text) = CString::new(text) else {
        return Err(raise!(
            th,
            VALUE_ERROR,
            "{}: embedded null character in {}",
            site.function,
            argument_name(site)
        ));
    };
    Ok(Path { text, object: Some(path), bytes, fd: None })
}

impl<'a> FromArg<'a> for Path {
    fn from_arg(th: &Thread, arg: Borrowed<'a>, site: &'static Site) -> PyResult<Self> {
        convert(th, arg, site, false)
    }
}

impl<'a> FromArg<'a> for PathOrFd {
    fn from_arg(th: &Thread, arg: Borrowed<'a>, site: &'static Site) -> PyResult<Self> {
        convert(th, arg, site, true).map(PathOrFd)
    }
}

/// `os.fsencode`: bytes without NUL.
pub struct FsBytes(pub CString);

/// `PyUnicode_FSConverter`.
pub fn fs_bytes(th: &Thread, arg: Borrowed<'_>) -> PyResult<CString> {
    let path = fspath(th, arg)?;
    let (text, _) = path_bytes(th, path.object())?;
    CString::new(text).map_err(|_| th.raise(exc::VALUE_ERROR, "embedded null byte"))
}

impl<'a> FromArg<'a> for FsBytes {
    fn from_arg(th: &Thread, arg: Borrowed<'a>, _: &'static Site) -> PyResult<Self> {
        fs_bytes(th, arg).map(FsBytes)
    }
}

/// The directory that relative paths start from.
pub struct DirFd(pub i32);

impl<'a> FromArg<'a> for DirFd {
    fn from_arg(th: &Thread, arg: Borrowed<'a>, _: &'static Site) -> PyResult<Self> {
        if !number::is_index(arg) {
            let found = arg.type_name();
            return Err(raise!(th, TYPE_ERROR, "argument should be integer or None, not {found}"));
        }
        fd_of_index(th, arg).map(DirFd)
    }
}

/// What audit hooks are told for a descriptor of a directory.
pub fn told_dir(given: &Option<DirFd>) -> i32 {
    given.as_ref().map_or(-1, |dir| dir.0)
}

/// What the system takes for a descriptor of a directory.
pub fn dir_fd(given: &Option<DirFd>) -> i32 {
    given.as_ref().map_or(libc::AT_FDCWD, |fd| fd.0)
}

/// An integer or an object with `fileno()`.
pub struct Fildes(pub i32);

/// `PyObject_AsFileDescriptor`.
pub fn fildes(th: &Thread, arg: Borrowed<'_>) -> PyResult<i32> {
    warn_of_bool(th, arg)?;
    let int = match arg.downcast::<Int>() {
        Some(int) => int.to_owned(),
        None => {
            let name = Str::interned(th, "fileno")?;
            let Some(fileno) = object::get_attr_opt(th, arg, name.borrow())? else {
                return Err(th.raise(
                    exc::TYPE_ERROR,
                    "argument must be an int, or have a fileno() method.",
                ));
            };
            let int = call::call(th, fileno.object(), &[])?;
            int.downcast::<Int>()
                .map_err(|_| th.raise(exc::TYPE_ERROR, "fileno() returned a non-integer"))?
        }
    };
    let Some(fd) = int.to_i64().and_then(|fd| i32::try_from(fd).ok()) else {
        return Err(th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C int"));
    };
    if fd < 0 {
        return Err(raise!(th, VALUE_ERROR, "file descriptor cannot be a negative integer ({fd})"));
    }
    Ok(fd)
}

impl<'a> FromArg<'a> for Fildes {
    fn from_arg(th: &Thread, arg: Borrowed<'a>, _: &'static Site) -> PyResult<Self> {
        fildes(th, arg).map(Fildes)
    }
}

/// A user or a group; -1 leaves what is.
pub struct Id<const GROUP: bool>(pub u32);
pub type Uid = Id<false>;
pub type Gid = Id<true>;

/// A user's or group's number; `name` is `uid` or `gid`.
pub fn owner_id(th: &Thread, arg: Borrowed<'_>, name: &str) -> PyResult<u32> {
    if !number::is_index(arg) {
        let found = arg.type_name();
        return Err(raise!(th, TYPE_ERROR, "{name} should be integer, not {found}"));
    }
    let int = number::index(th, arg)?;
    match int.to_i64() {
        Some(-1) => Ok(u32::MAX),
        Some(value) if u32::try_from(value).is_ok() => Ok(value as u32),
        // The reference says so of any number that fits a C `long` only.
        Some(_) => Err(raise!(th, OVERFLOW_ERROR, "{name} is less than minimum")),
        None if int.is_negative() => Err(raise!(th, OVERFLOW_ERROR, "{name} is less than minimum")),
        None => Err(raise!(th, OVERFLOW_ERROR, "{name} is greater than maximum")),
    }
}

impl<'a, const GROUP: bool> FromArg<'a> for Id<GROUP> {
    fn from_arg(th: &Thread, arg: Borrowed<'a>, _: &'static Site) -> PyResult<Self> {
        owner_id(th, arg, if GROUP { "gid" } else { "uid" }).map(Id)
    }
}

pub type Names<'a> = [Option<Borrowed<'a>>; 2];
pub const NO_NAMES: Names<'static> = [None, None];

pub fn errno() -> i32 {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

/// OSError for an error number.
pub fn failed(th: &Thread, errno: i32, names: Names<'_>) -> Raised {
    raise_errno(th, exc::OS_ERROR, errno, names)
}

/// A system call without the GIL; -1 is the failure that `errno` explains.
pub fn sys_result<T: PartialEq + From<i8>>(th: &Thread, body: impl Fn() -> T) -> Result<T, i32> {
    let (result, errno) = without_gil(th, || (body(), errno()));
    if result == T::from(-1) { Err(errno) } else { Ok(result) }
}

/// `sys_result` with the failure raised.
pub fn sys<T: PartialEq + From<i8>>(
    th: &Thread,
    names: Names<'_>,
    body: impl Fn() -> T,
) -> PyResult<T> {
    sys_result(th, body).map_err(|errno| failed(th, errno, names))
}

/// As `sys`; begins again after a signal, unless its handler raises.
pub fn sys_retry<T: PartialEq + From<i8>>(
    th: &Thread,
    names: Names<'_>,
    body: impl Fn() -> T,
) -> PyResult<T> {
    loop {
        match sys_result(th, &body) {
            Err(libc::EINTR) => pending::handle(th)?,
            Err(errno) => return Err(failed(th, errno, names)),
            Ok(result) => return Ok(result),
        }
    }
}

/// The bytes of a string of C.
///
/// # Safety
/// `text` is null or a terminated string that lives for `'a`.
pub unsafe fn c_bytes<'a>(text: *const libc::c_char) -> &'a [u8] {
    // SAFETY: the caller's promise.
    if text.is_null() { &[] } else { unsafe { CStr::from_ptr(text).to_bytes() } }
}
