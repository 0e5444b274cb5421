//! `OSError`: a class for each kind of `errno`, and raising what the system reported.

use std::cell::Cell;

use krait_abi as abi;

use super::base::BaseException;
use super::classes::Exception;
use super::special::base_str;
use super::text::concat;
use crate::prelude::*;
use crate::str::Chars;

/// The operating system could not do what it was asked to, mostly with files or devices.
#[pytype(name = "OSError", base = Exception, flags(BASETYPE, HAVE_GC))]
#[repr(C)]
pub struct OSError {
    #[visit]
    base: Exception,
    #[visit]
    #[member(name = "errno", doc = "POSIX exception code")]
    code: Slot,
    #[visit]
    #[member(doc = "exception strerror")]
    strerror: Slot,
    #[visit]
    #[member(doc = "exception filename")]
    filename: Slot,
    #[visit]
    #[member(doc = "second exception filename")]
    filename2: Slot,
    /// `BlockingIOError`: how many characters were written before; -1 if unknown.
    written: Cell<isize>,
}
assert_layout!(OSError => abi::PyOSErrorObject);

impl std::ops::Deref for OSError {
    type Target = Exception;

    fn deref(&self) -> &Exception {
        &self.base
    }
}

/// The subclass of OSError for an error number.
pub fn class_of_errno(errno: i32) -> Option<crate::error::ExcType> {
    Some(match errno {
        // EWOULDBLOCK is EAGAIN under another name.
        libc::EAGAIN | libc::EALREADY | libc::EINPROGRESS => exc::BLOCKING_IO_ERROR,
        libc::EPIPE | libc::ESHUTDOWN => exc::BROKEN_PIPE_ERROR,
        libc::ECHILD => exc::CHILD_PROCESS_ERROR,
        libc::ECONNABORTED => exc::CONNECTION_ABORTED_ERROR,
        libc::ECONNREFUSED => exc::CONNECTION_REFUSED_ERROR,
        libc::ECONNRESET => exc::CONNECTION_RESET_ERROR,
        libc::EEXIST => exc::FILE_EXISTS_ERROR,
        libc::ENOENT => exc::FILE_NOT_FOUND_ERROR,
        libc::EISDIR => exc::IS_A_DIRECTORY_ERROR,
        libc::ENOTDIR => exc::NOT_A_DIRECTORY_ERROR,
        libc::EINTR => exc::INTERRUPTED_ERROR,
        libc::EACCES | libc::EPERM => exc::PERMISSION_ERROR,
        libc::ESRCH => exc::PROCESS_LOOKUP_ERROR,
        libc::ETIMEDOUT => exc::TIMEOUT_ERROR,
        _ => return None,
    })
}

/// A subclass with an `__init__` of its own and no `__new__` gets its arguments there, not in `__new__`: it may
/// change them on the way.
fn arguments_come_to_init(class: &Type) -> bool {
    let own = exc::OS_ERROR.raw();
    let raw = class.raw();
    raw.tp_init.map(|f| f as usize) != own.tp_init.map(|f| f as usize)
        && raw.tp_new.map(|f| f as usize) == own.tp_new.map(|f| f as usize)
}

impl OSError {
    fn refuse(th: &Thread, class: &Type, kwargs: Option<Borrowed<'_, Dict>>) -> PyResult<()> {
        match kwargs {
            Some(kwargs) if !kwargs.is_empty() => {
                Err(raise!(th, TYPE_ERROR, "{}() takes no keyword arguments", class.tp_name()))
            }
            _ => Ok(()),
        }
    }

    /// The fields from the arguments `(errno, strerror[, filename[, winerror[, filename2]]])`.
    fn fill(&self, th: &Thread, args: Borrowed<'_, Tuple>) -> PyResult<()> {
        let (2..=5) = args.len() else {
            self.set_args(args.to_owned());
            return Ok(());
        };
        let given = |at: usize| args.as_slice().get(at).filter(|value| !value.is_none()).copied();
        let mut kept = args.to_owned();
        if let Some(filename) = given(2) {
            let blocking = std::ptr::eq(
                Borrowed::from_ref(self).object().get().ty().get(),
                exc::BLOCKING_IO_ERROR,
            );
            if blocking && number::check(filename) {
                self.written.set(number::as_isize(th, filename, Some(exc::VALUE_ERROR))?);
            } else {
                self.filename.set(Some(filename.to_owned()));
                self.filename2.set(given(4).map(|filename| filename.to_owned()));
                // For compatibility the names are no part of `args`.
                kept = Tuple::from_slice(th, &args.as_slice()[..2])?;
            }
        }
        self.code.set(args.as_slice().first().map(|&code| code.to_owned()));
        self.strerror.set(args.as_slice().get(1).map(|&text| text.to_owned()));
        self.set_args(kept);
        Ok(())
    }

    /// `errno`, if it is known.
    pub fn errno(&self) -> Option<Borrowed<'_>> {
        self.code.get()
    }
}

#[pymethods]
impl OSError {
    #[slot(tp_new)]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        let later = arguments_come_to_init(&cls);
        let mut class = cls;
        if !later {
            OSError::refuse(th, &cls, kwargs)?;
            if std::ptr::eq(cls.get(), exc::OS_ERROR) && (2..=5).contains(&args.len()) {
                let errno = args.as_slice().first().and_then(|errno| errno.downcast::<Int>());
                let errno = errno.and_then(|errno| i32::try_from(errno.to_i64()?).ok());
                if let Some(special) = errno.and_then(class_of_errno) {
                    class = Borrowed::from_ref(special);
                }
            }
        }
        let error = class.alloc::<OSError>(th, 0)?;
        error.written.set(-1);
        if later {
            error.set_args(Tuple::empty().to_owned());
        } else {
            error.fill(th, args)?;
        }
        Ok(error.into_object())
    }

    #[slot(tp_init)]
    fn init(
        this: Borrowed<'_, Self>,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<()> {
        let class = object::type_of(this.object());
        if !arguments_come_to_init(&class) {
            return Ok(());
        }
        OSError::refuse(th, &class, kwargs)?;
        this.fill(th, args)
    }

    #[slot(tp_str)]
    fn str(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let or_none = |field: &Slot| field.get_owned().unwrap_or_else(|| none().to_owned());
        let both = this.code.get().is_some() && this.strerror.get().is_some();
        if this.filename.get().is_none() && !both {
            return base_str(th, this.object());
        }
        let code = object::str(th, or_none(&this.code).borrow())?;
        let text = object::str(th, or_none(&this.strerror).borrow())?;
        let start = [Chars::One(b"[Errno "), code.chars(), Chars::One(b"] "), text.chars()];
        let start = concat(th, &start)?;
        let Some(filename) = this.filename.get_owned() else {
            return Ok(start);
        };
        let filename = object::repr(th, filename.borrow())?;
        let start = concat(th, &[start.chars(), Chars::One(b": "), filename.chars()])?;
        let Some(second) = this.filename2.get_owned() else {
            return Ok(start);
        };
        let second = object::repr(th, second.borrow())?;
        concat(th, &[start.chars(), Chars::One(b" -> "), second.chars()])
    }

    #[method(sig = "(self, /)", name = "__reduce__")]
    fn reduce(&self, th: &Thread) -> PyResult {
        let args = self.args().to_owned();
        let (Some(filename), [code, text]) = (self.filename.get(), args.as_slice()) else {
            return self.reduced(th, args);
        };
        let full = match self.filename2.get() {
            None => Tuple::from_slice(th, &[*code, *text, filename])?,
            Some(second) => Tuple::from_slice(th, &[*code, *text, filename, none(), second])?,
        };
        self.reduced(th, full)
    }

    #[getter]
    fn characters_written(&self, th: &Thread) -> PyResult<isize> {
        match self.written.get() {
            -1 => Err(th.raise(exc::ATTRIBUTE_ERROR, "characters_written")),
            written => Ok(written),
        }
    }

    #[setter]
    fn set_characters_written(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        let Some(value) = value else {
            if self.written.get() == -1 {
                return Err(th.raise(exc::ATTRIBUTE_ERROR, "characters_written"));
            }
            self.written.set(-1);
            return Ok(());
        };
        self.written.set(number::as_isize(th, value, Some(exc::VALUE_ERROR))?);
        Ok(())
    }
}

/// The system's words for an error number.
pub fn strerror(errno: i32) -> String {
    let mut buffer = [0u8; 256];
    // SAFETY: the buffer is as long as said; the POSIX form writes a terminated string into it.
    let status = unsafe { libc::strerror_r(errno, buffer.as_mut_ptr().cast(), buffer.len()) };
    let text = std::ffi::CStr::from_bytes_until_nul(&buffer).unwrap_or_default();
    if status == 0 || !text.is_empty() {
        text.to_string_lossy().into_owned()
    } else {
        format!("Unknown error {errno}")
    }
}

/// Raises the OSError for `errno` as the system left it; `filename` is what was asked for.
#[cold]
pub fn raise_from_errno(th: &Thread, filename: Option<Borrowed<'_>>) -> Raised {
    let errno = std::io::Error::last_os_error().raw_os_error().unwrap_or(0);
    raise_errno(th, exc::OS_ERROR, errno, [filename, None])
}

/// Raises `class(errno, strerror(errno)[, filename[, None, filename2]])`.
#[cold]
pub fn raise_errno(
    th: &Thread,
    class: crate::error::ExcType,
    errno: i32,
    filenames: [Option<Borrowed<'_>>; 2],
) -> Raised {
    let args = || -> PyResult<Owned<Tuple>> {
        let code = Int::from_i64(th, errno.into())?;
        let text = if errno == 0 {
            Str::new(th, "Error")?
        } else {
            Str::from_fs_bytes(th, strerror(errno).as_bytes())?
        };
        match filenames {
            [None, _] => Tuple::from_slice(th, &[code.object(), text.object()]),
            [Some(name), None] => Tuple::from_slice(th, &[code.object(), text.object(), name]),
            [Some(name), Some(second)] => {
                Tuple::from_slice(th, &[code.object(), text.object(), name, none(), second])
            }
        }
    };
    match args() {
        Ok(args) => th.raise_value(class, args.object()),
        Err(raised) => raised,
    }
}

/// As `BaseException`, for those who hold one.
impl<'a> From<Borrowed<'a, OSError>> for Borrowed<'a, BaseException> {
    fn from(error: Borrowed<'a, OSError>) -> Self {
        // SAFETY: the struct begins with `BaseException`.
        unsafe { error.cast() }
    }
}
