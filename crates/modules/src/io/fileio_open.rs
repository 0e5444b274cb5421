//! Opening a `FileIO`: its mode, the system call or the opener, and what is asked of the file at once.

use krait_eval::sys::audit;
use krait_objects::exceptions::os;
use krait_objects::object::instance_dict;
use krait_objects::prelude::*;

use super::fileio::FileIO;
use super::support::{self, os_error};

/// What may be done with a file. All false before it is opened.
#[derive(Clone, Copy, Default)]
pub struct Mode {
    pub created: bool,
    pub readable: bool,
    pub writable: bool,
    pub appending: bool,
}

impl Mode {
    /// The canonical spelling.
    pub fn text(self) -> &'static str {
        match self {
            Mode { created: true, readable: true, .. } => "xb+",
            Mode { created: true, .. } => "xb",
            Mode { appending: true, readable: true, .. } => "ab+",
            Mode { appending: true, .. } => "ab",
            Mode { readable: true, writable: true, .. } => "rb+",
            Mode { readable: true, .. } => "rb",
            _ => "wb",
        }
    }

    /// The mode and the flags of `open(2)`.
    fn parse(th: &Thread, text: &str) -> PyResult<(Mode, i32)> {
        let bad = || {
            th.raise(
                exc::VALUE_ERROR,
                "Must have exactly one of create/read/write/append mode and at most one plus",
            )
        };
        let (mut mode, mut flags, mut kinds, mut plus) = (Mode::default(), 0, 0, false);
        for letter in text.chars() {
            match letter {
                'x' => {
                    (mode.created, mode.writable, flags) =
                        (true, true, flags | libc::O_EXCL | libc::O_CREAT)
                }
                'r' => mode.readable = true,
                'w' => (mode.writable, flags) = (true, flags | libc::O_CREAT | libc::O_TRUNC),
                'a' => {
                    (mode.appending, mode.writable) = (true, true);
                    flags |= libc::O_APPEND | libc::O_CREAT;
                }
                'b' => {}
                '+' if plus => return Err(bad()),
                '+' => plus = true,
                _ => return Err(raise!(th, VALUE_ERROR, "invalid mode: {text}")),
            }
            if matches!(letter, 'x' | 'r' | 'w' | 'a') {
                kinds += 1;
                if kinds > 1 {
                    return Err(bad());
                }
            }
        }
        if kinds == 0 {
            return Err(bad());
        }
        if plus {
            (mode.readable, mode.writable) = (true, true);
        }
        flags |= match (mode.readable, mode.writable) {
            (true, true) => libc::O_RDWR,
            (true, false) => libc::O_RDONLY,
            _ => libc::O_WRONLY,
        };
        Ok((mode, flags | libc::O_CLOEXEC))
    }
}

/// The path that an object stands for, as the system wants it: `PyUnicode_FSConverter`.
pub fn fs_path(th: &Thread, ob: Borrowed<'_>) -> PyResult<Vec<u8>> {
    let mut path = ob.to_owned();
    if path.object().downcast::<Str>().is_none() && path.object().downcast::<Bytes>().is_none() {
        path = fspath(th, ob)?;
    }
    let bytes = match path.object().downcast::<Str>() {
        Some(text) => text.to_fs_bytes(th)?,
        None => match path.object().downcast::<Bytes>() {
            Some(bytes) => bytes.as_bytes().to_vec(),
            None => return Err(not_a_path(th, ob)),
        },
    };
    if bytes.contains(&0) {
        return Err(th.raise(exc::VALUE_ERROR, "embedded null byte"));
    }
    Ok(bytes)
}

#[cold]
fn not_a_path(th: &Thread, ob: Borrowed<'_>) -> Raised {
    let found = ob.get().ty();
    raise!(th, TYPE_ERROR, "expected str, bytes or os.PathLike object, not {}", found.name())
}

/// `os.fspath`.
pub fn fspath(th: &Thread, ob: Borrowed<'_>) -> PyResult {
    if ob.downcast::<Str>().is_some() || ob.downcast::<Bytes>().is_some() {
        return Ok(ob.to_owned());
    }
    let name = Str::interned(th, "__fspath__")?;
    let Some(method) =
        object::lookup_special(th, ob, name.borrow())?.filter(|method| !method.is_none())
    else {
        return Err(not_a_path(th, ob));
    };
    let path = call::call(th, method.borrow(), &[])?;
    if path.object().downcast::<Str>().is_some() || path.object().downcast::<Bytes>().is_some() {
        return Ok(path);
    }
    Err(raise!(
        th,
        TYPE_ERROR,
        "expected {}.__fspath__() to return str or bytes, not {}",
        ob.get().ty().name(),
        path.ty().name()
    ))
}

/// The descriptor that `file` is, if it is a number.
fn descriptor_of(th: &Thread, file: Borrowed<'_>) -> PyResult<Option<i32>> {
    if file.is(bool_object(true).object()) || file.is(bool_object(false).object()) {
        support::warn(th, exc::RUNTIME_WARNING, "bool is used as a file descriptor", 1)?;
    }
    if !number::is_index(file) {
        return Ok(None);
    }
    let number = match number::index(th, file) {
        Ok(number) => number,
        Err(raised) => {
            drop(th.take_raised(raised));
            return Ok(None);
        }
    };
    match number.to_i64().and_then(|number| i32::try_from(number).ok()) {
        Some(fd) if fd < 0 => Err(th.raise(exc::VALUE_ERROR, "negative file descriptor")),
        Some(fd) => Ok(Some(fd)),
        // Too large to be one: it is no path either, which the caller says.
        None => Ok(None),
    }
}

/// `FileIO.__init__`. On failure the file is closed, and so is a descriptor opened here.
pub fn open(
    th: &Thread,
    file: Borrowed<'_, FileIO>,
    what: Borrowed<'_>,
    mode: &str,
    closefd: bool,
    opener: Option<Borrowed<'_>>,
) -> PyResult<()> {
    if file.fd.get() >= 0 {
        if file.closefd.get() {
            file.close_descriptor(th)?;
        } else {
            file.fd.set(-1);
        }
    }
    let given = descriptor_of(th, what)?;
    let path = match given {
        None => Some(fs_path(th, what)?),
        Some(_) => None,
    };
    let (parsed, flags) = Mode::parse(th, mode)?;
    file.mode.set(parsed);
    file.seekable.set(-1);
    file.size.set(-1);
    file.block_size.set(0);
    file.closefd.set(closefd);
    if let Some(fd) = given.filter(|_| closefd) {
        krait_eval::streams::before_closing(th, fd)?;
    }
    let mode_text = Str::new(th, mode)?;
    let flags_number = Int::from_i64(th, flags.into())?;
    audit(th, "open", &[what, mode_text.object(), flags_number.object()])?;
    let result = acquire(th, file, what, given, path, flags, opener).and_then(|()| {
        inspect(th, file, what)?;
        if file.object().is_exact::<FileIO>() {
            // Nothing in the class stands in the way of the attribute.
            instance_dict::set_attribute(th, file.object(), id::name, Some(what))?;
        } else {
            object::set_attr(th, file.object(), id::name, what)?;
        }
        if parsed.appending {
            // As in C, a file that cannot seek may still be appended to.
            let _ = support::seek_fd(th, file.fd.get(), 0, libc::SEEK_END);
        }
        Ok(())
    });
    let Err(raised) = result else {
        return Ok(());
    };
    if given.is_some() {
        file.fd.set(-1);
    }
    let exception = th.take_raised(raised);
    if let Err(raised) = file.close_descriptor(th) {
        drop(th.take_raised(raised));
    }
    Err(th.set_exception(exception.into_object()))
}

/// Sets the descriptor: the given one, the opener's, or that of a newly opened file.
fn acquire(
    th: &Thread,
    file: Borrowed<'_, FileIO>,
    what: Borrowed<'_>,
    given: Option<i32>,
    path: Option<Vec<u8>>,
    flags: i32,
    opener: Option<Borrowed<'_>>,
) -> PyResult<()> {
    if let Some(fd) = given {
        file.fd.set(fd);
        return Ok(());
    }
    if !file.closefd.get() {
        file.closefd.set(true);
        return Err(th.raise(exc::VALUE_ERROR, "Cannot use closefd=False with file name"));
    }
    if let Some(opener) = opener {
        let flags = Int::from_i64(th, flags.into())?;
        let fd = call::call(th, opener, &[what, flags.object()])?;
        let Some(fd) = fd.object().downcast::<Int>() else {
            return Err(th.raise(exc::TYPE_ERROR, "expected integer from opener"));
        };
        let Some(fd) = fd.to_i64().and_then(|fd| i32::try_from(fd).ok()) else {
            return Err(th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C int"));
        };
        if fd < 0 {
            return Err(raise!(th, VALUE_ERROR, "opener returned {fd}"));
        }
        file.fd.set(fd);
        // SAFETY: changes whether the descriptor is inherited, nothing else.
        unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) };
        return Ok(());
    }
    let path = std::ffi::CString::new(path.unwrap_or_default())
        .map_err(|_| th.raise(exc::VALUE_ERROR, "embedded null byte"))?;
    // SAFETY: a C string, kept for the call.
    let opened =
        support::retry(th, || unsafe { libc::open(path.as_ptr(), flags, 0o666) } as isize)?;
    match opened {
        Ok(fd) => file.fd.set(fd as i32),
        Err(errno) => return Err(os::raise_errno(th, exc::OS_ERROR, errno, [Some(what), None])),
    }
    Ok(())
}

/// Asks for size and block size; refuses directories.
fn inspect(th: &Thread, file: Borrowed<'_, FileIO>, what: Borrowed<'_>) -> PyResult<()> {
    let fd = file.fd.get();
    let (found, errno) = krait_eval::gil::without_gil(th, || {
        let mut stat = std::mem::MaybeUninit::<libc::stat>::uninit();
        // SAFETY: the struct is filled in if the call succeeds.
        unsafe {
            let status = libc::fstat(fd, stat.as_mut_ptr());
            let errno = std::io::Error::last_os_error().raw_os_error().unwrap_or(0);
            ((status == 0).then(|| stat.assume_init()), errno)
        }
    });
    match found {
        Some(stat) => {
            if stat.st_mode & libc::S_IFMT == libc::S_IFDIR {
                return Err(os::raise_errno(th, exc::OS_ERROR, libc::EISDIR, [Some(what), None]));
            }
            file.block_size.set(i32::try_from(stat.st_blksize).unwrap_or(0));
            file.size.set(stat.st_size);
            Ok(())
        }
        None if errno == libc::EBADF => Err(os_error(th, errno)),
        None => Ok(()),
    }
}
