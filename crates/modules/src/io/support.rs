//! What the files of this module share: system calls, small conversions, and calls of a stream's methods.
//!
//! System calls release the GIL and go on after a signal, as CPython's `Python/fileutils.c` does.

use std::cell::OnceCell;

use krait_eval::gil::without_gil;
use krait_eval::pending;
use krait_objects::args::{FromArg, Site};
use krait_objects::exceptions::os;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer::Buffer;
use krait_objects::typeobj::unfilled;

use super::buffered;
use super::fileio::FileIO;
use super::text::TextIOWrapper;

/// The size of buffers, unless a file's own block size is larger.
pub const DEFAULT_BUFFER_SIZE: usize = 128 * 1024;

/// An optional size: `None` and negative numbers mean "no limit".
#[derive(Clone, Copy)]
pub struct Size(pub isize);

impl Size {
    pub fn limit(self) -> Option<usize> {
        usize::try_from(self.0).ok()
    }
}

/// An integer or None.
pub struct OptionalIndex(pub Option<isize>);

impl<'a> FromArg<'a> for OptionalIndex {
    fn from_arg(th: &Thread, arg: Borrowed<'a>, _: &'static Site) -> PyResult<Self> {
        if arg.is_none() {
            return Ok(OptionalIndex(None));
        }
        if !number::is_index(arg) {
            let found = arg.type_name();
            return Err(raise!(
                th,
                TYPE_ERROR,
                "argument should be integer or None, not '{found}'"
            ));
        }
        number::as_isize(th, arg, Some(exc::OVERFLOW_ERROR)).map(|index| OptionalIndex(Some(index)))
    }
}

impl<'a> FromArg<'a> for Size {
    fn from_arg(th: &Thread, arg: Borrowed<'a>, site: &'static Site) -> PyResult<Self> {
        let OptionalIndex(size) = OptionalIndex::from_arg(th, arg, site)?;
        Ok(Size(size.unwrap_or(-1)))
    }
}

/// `w*` of argument parsing: `function` begins the message.
pub fn writable_buffer(th: &Thread, ob: Borrowed<'_>, function: &str) -> PyResult<Buffer> {
    Buffer::get(th, ob, krait_abi::PyBUF_WRITABLE).map_err(|raised| {
        drop(th.take_raised(raised));
        raise!(
            th,
            TYPE_ERROR,
            "{function} must be read-write bytes-like object, not {}",
            ob.type_name()
        )
    })
}

/// Classes of this module that are made at run time, one per interpreter.
#[derive(Default)]
pub struct Classes {
    pub unsupported: OnceCell<Owned<Type>>,
}

/// Raises `io.UnsupportedOperation`.
#[cold]
pub fn unsupported(th: &Thread, message: &str) -> Raised {
    match (th.interp().state::<Classes>().unsupported.get(), Str::new(th, message)) {
        (Some(class), Ok(message)) => th.raise_in(class.borrow(), Some(message.object())),
        (None, _) => th.raise(exc::OS_ERROR, message),
        (_, Err(raised)) => raised,
    }
}

#[cold]
pub fn closed_error(th: &Thread) -> Raised {
    th.raise(exc::VALUE_ERROR, "I/O operation on closed file.")
}

#[cold]
pub fn os_error(th: &Thread, errno: i32) -> Raised {
    os::raise_errno(th, exc::OS_ERROR, errno, [None, None])
}

pub fn name(th: &Thread, text: &str) -> PyResult<Owned<Str>> {
    Str::interned(th, text)
}

pub fn attr(th: &Thread, ob: Borrowed<'_>, text: &str) -> PyResult {
    unfilled::get_attr(th, ob, Str::interned(th, text)?.borrow())
}

pub fn invoke(th: &Thread, ob: Borrowed<'_>, method: &str, args: &[Borrowed<'_>]) -> PyResult {
    unfilled::call_method(th, ob, Str::interned(th, method)?.borrow(), args)
}

/// What `readable`, `writable` and `seekable` of an open file answer, and of a buffer in front of one.
pub fn known_answer(th: &Thread, ob: Borrowed<'_>, method: &str) -> PyResult<Option<bool>> {
    let (file, reads) = match ob.downcast_exact::<FileIO>() {
        Some(file) => (file, None),
        None => match buffered::file_below(ob) {
            Some((file, reads)) => (file, Some(reads)),
            None => return Ok(None),
        },
    };
    if file.fd.get() < 0 {
        return Ok(None);
    }
    Ok(match method {
        "readable" => Some(file.mode.get().readable && reads != Some(false)),
        "writable" => Some(file.mode.get().writable && reads != Some(true)),
        "seekable" => Some(file.is_seekable(th)?),
        _ => None,
    })
}

/// Whether a stream of this module's own is closed.
fn known_closed(th: &Thread, ob: Borrowed<'_>) -> PyResult<Option<bool>> {
    if let Some(file) = ob.downcast_exact::<FileIO>() {
        return Ok(Some(file.fd.get() < 0));
    }
    match ob.downcast_exact::<TextIOWrapper>() {
        Some(text) => text.known_closed(th),
        None => buffered::is_closed(th, ob),
    }
}

/// The truth of what a method without arguments answers.
pub fn ask(th: &Thread, ob: Borrowed<'_>, method: &str) -> PyResult<bool> {
    if let Some(answer) = known_answer(th, ob, method)? {
        return Ok(answer);
    }
    let answer = invoke(th, ob, method, &[])?;
    object::is_true(th, answer.borrow())
}

/// The truth of an attribute.
pub fn flag(th: &Thread, ob: Borrowed<'_>, attribute: &str) -> PyResult<bool> {
    if attribute == "closed"
        && let Some(closed) = known_closed(th, ob)?
    {
        return Ok(closed);
    }
    let answer = attr(th, ob, attribute)?;
    object::is_true(th, answer.borrow())
}

/// `class(*args)` by way of the class's `tp_call`, whatever the arguments.
pub fn construct(th: &Thread, class: Borrowed<'_>, args: Args<'_>) -> PyResult {
    let (tuple, dict) = args.to_tuple_and_dict(th)?;
    let Some(tp_call) = Type::type_object().raw().tp_call else {
        return Err(th.bad_internal_call());
    };
    let dict = dict.as_ref().map_or(std::ptr::null_mut(), Owned::as_ptr);
    // SAFETY: the slot takes a class, a tuple, and a dictionary or NULL; it gives a new reference or NULL.
    let made = unsafe { Owned::from_ptr_or_null(tp_call(class.as_ptr(), tuple.as_ptr(), dict)) };
    made.ok_or_else(|| th.raised_by_c())
}

/// A built-in by its name: for the types this module only calls.
pub fn builtin(th: &Thread, text: &str) -> PyResult {
    let found = match th.interp().builtins.get_owned() {
        Some(builtins) => builtins.get_str(th, Str::interned(th, text)?.borrow())?,
        None => None,
    };
    found.ok_or_else(|| raise!(th, RUNTIME_ERROR, "lost builtins.{text}"))
}

/// `memoryview(bytearray(len))`, for streams that fill a buffer: the array, and the view to hand out.
pub fn scratch(th: &Thread, len: usize) -> PyResult<(Owned, Owned)> {
    let len = Int::from_usize(th, len)?;
    let array = call::call(th, builtin(th, "bytearray")?.borrow(), &[len.object()])?;
    let view = call::call(th, builtin(th, "memoryview")?.borrow(), &[array.borrow()])?;
    Ok((array, view))
}

/// A read-only view of bytes, as raw streams get them to write.
pub fn view_of(th: &Thread, data: &[u8]) -> PyResult {
    let bytes = Bytes::new(th, data)?;
    call::call(th, builtin(th, "memoryview")?.borrow(), &[bytes.object()])
}

pub fn warn(th: &Thread, class: &'static Type, message: &str, level: isize) -> PyResult<()> {
    let message = Str::new(th, message)?;
    let class = Borrowed::from_ref(class).object();
    (th.interp().services.get().warn)(th, class, message.borrow(), level)
}

/// Two steps that must both happen: the second one's exception gets the first one's as context.
pub fn both<A, B>(
    th: &Thread,
    first: PyResult<A>,
    second: impl FnOnce() -> PyResult<B>,
) -> PyResult<B> {
    let Err(raised) = first else {
        return second();
    };
    let earlier = th.take_raised(raised);
    match second() {
        Ok(_) => Err(th.set_exception(earlier.into_object())),
        Err(raised) => {
            let later = th.take_raised(raised);
            krait_objects::exceptions::chain_context(later.borrow(), earlier.borrow());
            Err(th.set_exception(later.into_object()))
        }
    }
}

/// Repeats a system call until a signal does not interrupt it; `Err` is an error number.
pub fn retry(th: &Thread, call: impl Fn() -> isize) -> PyResult<Result<usize, i32>> {
    loop {
        let (result, errno) = without_gil(th, || {
            let result = call();
            (result, std::io::Error::last_os_error().raw_os_error().unwrap_or(0))
        });
        match usize::try_from(result) {
            Ok(done) => return Ok(Ok(done)),
            Err(_) if errno == libc::EINTR => pending::handle(th)?,
            Err(_) => return Ok(Err(errno)),
        }
    }
}

/// `read(2)`; `None` if it would block.
pub fn read_fd(th: &Thread, fd: i32, into: &mut [u8]) -> PyResult<Option<usize>> {
    let (start, len) = (into.as_mut_ptr() as usize, into.len());
    // SAFETY: the slice is borrowed for the call.
    match retry(th, || unsafe { libc::read(fd, start as *mut _, len) })? {
        Ok(count) => Ok(Some(count)),
        Err(libc::EAGAIN) => Ok(None),
        Err(errno) => Err(os_error(th, errno)),
    }
}

/// `write(2)`; `None` if it would block.
pub fn write_fd(th: &Thread, fd: i32, data: &[u8]) -> PyResult<Option<usize>> {
    // SAFETY: the slice is borrowed for the call.
    match retry(th, || unsafe { libc::write(fd, data.as_ptr().cast(), data.len()) })? {
        Ok(count) => Ok(Some(count)),
        Err(libc::EAGAIN) => Ok(None),
        Err(errno) => Err(os_error(th, errno)),
    }
}

/// `lseek(2)`, once.
pub fn seek_fd(th: &Thread, fd: i32, offset: i64, whence: i32) -> Result<i64, i32> {
    let (position, errno) = without_gil(th, || {
        // SAFETY: any arguments may be tried.
        let position = unsafe { libc::lseek(fd, offset, whence) };
        (position, std::io::Error::last_os_error().raw_os_error().unwrap_or(0))
    });
    if position < 0 { Err(errno) } else { Ok(position) }
}

/// An object as a file offset.
pub fn offset_of(th: &Thread, ob: Borrowed<'_>) -> PyResult<i64> {
    let int = number::index(th, ob)?;
    int.to_i64()
        .ok_or_else(|| th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C long"))
}

/// A number a method answered with, such as a position.
pub fn offset_answer(th: &Thread, ob: Borrowed<'_>) -> PyResult<i64> {
    let int = number::index(th, ob)?;
    int.to_i64().ok_or_else(|| {
        raise!(th, OVERFLOW_ERROR, "cannot fit '{}' into an offset-sized integer", ob.type_name())
    })
}

/// A warning about an object that is going away.
pub fn warn_about(
    th: &Thread,
    class: &'static Type,
    message: &str,
    source: Borrowed<'_>,
) -> PyResult<()> {
    let message = Str::new(th, message)?;
    krait_eval::warnings::warn_about(
        th,
        Borrowed::from_ref(class).object(),
        message.borrow(),
        1,
        source,
    )
}
