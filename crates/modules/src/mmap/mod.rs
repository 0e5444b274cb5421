//! `mmap`: files and anonymous memory, mapped.
//!
//! Here are the mapping and its construction; `methods` has what is called by name, `sequence` the operators. The same job
//! as CPython's `Modules/mmapmodule.c`.
//!
//! Invariants:
//! 1. `start` is null, or a mapping of `len` bytes of the object's own; null once it is closed.
//! 2. While `exports` is not zero the mapping stays where it is.
//!
//! Others may change the bytes at any time: they are copied, searched and handed out as a buffer, and nothing relies on them.
//! Touching what a shortened file no longer has is a fault of the process, as in C.

mod methods;
mod sequence;

use std::cell::Cell;
use std::ffi::c_int;

use krait_abi as abi;
use krait_eval::sys::audit;
use krait_objects::prelude::*;

use crate::posix::path::{NO_NAMES, errno, failed};

/// How the bytes may be used.
#[derive(Clone, Copy, PartialEq)]
enum Access {
    /// As flags and protection say; both reading and writing.
    Default,
    Read,
    Write,
    /// Changes stay in this process.
    Copy,
}

impl Access {
    fn of_number(number: c_int) -> Option<Access> {
        [Access::Default, Access::Read, Access::Write, Access::Copy]
            .into_iter()
            .find(|&access| access as c_int == number)
    }

    fn name(self) -> &'static str {
        match self {
            Access::Default => "ACCESS_DEFAULT",
            Access::Read => "ACCESS_READ",
            Access::Write => "ACCESS_WRITE",
            Access::Copy => "ACCESS_COPY",
        }
    }
}

/// The mapped memory and the file behind it, given back when dropped. All zeros, it holds nothing.
struct Mapping {
    start: Cell<*mut u8>,
    len: Cell<usize>,
    /// One more than the descriptor; 0 if there is none.
    descriptor: Cell<c_int>,
}

impl Mapping {
    fn fd(&self) -> c_int {
        self.descriptor.get() - 1
    }

    fn close(&self) {
        let start = self.start.replace(std::ptr::null_mut());
        let fd = self.fd();
        self.descriptor.set(0);
        // SAFETY: (1), and the descriptor is the object's own.
        unsafe {
            if fd >= 0 {
                libc::close(fd);
            }
            if !start.is_null() {
                libc::munmap(start.cast(), self.len.get());
            }
        }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        self.close();
    }
}

/// Unix: mmap(fileno, length[, flags[, prot[, access[, offset[, trackfd]]]]])
///
/// Map that many bytes of an open file into memory; all from the offset on if length is 0. A
/// fileno of -1 maps memory without a file. What flags and prot say to the system, access says
/// in one word: ACCESS_READ, ACCESS_WRITE or ACCESS_COPY. Unless trackfd, the descriptor is not
/// duplicated; then the map can neither be resized nor tell the file's size.
#[pytype(name = "mmap.mmap", flags(BASETYPE), weaklist = weakrefs)]
#[repr(C)]
pub struct Mmap {
    head: Head,
    mapping: Mapping,
    position: Cell<usize>,
    offset: Cell<i64>,
    access: Cell<Access>,
    flags: Cell<c_int>,
    trackfd: Cell<bool>,
    exports: Cell<usize>,
    weakrefs: Cell<*mut abi::PyObject>,
}

/// What is asked of the system.
struct Request {
    fd: c_int,
    len: usize,
    flags: c_int,
    prot: c_int,
    access: Access,
    offset: i64,
}

impl Request {
    /// Makes flags, protection and access agree.
    fn agree(&mut self, th: &Thread, access: c_int) -> PyResult<()> {
        let default = self.flags == libc::MAP_SHARED && self.prot == READ_WRITE;
        if access != Access::Default as c_int && !default {
            let message = "mmap can't specify both access and flags, prot.";
            return Err(th.raise(exc::VALUE_ERROR, message));
        }
        let Some(access) = Access::of_number(access) else {
            return Err(th.raise(exc::VALUE_ERROR, "mmap invalid access parameter."));
        };
        self.access = access;
        match access {
            Access::Read => self.prot = libc::PROT_READ,
            Access::Copy => self.flags = libc::MAP_PRIVATE,
            Access::Write => {}
            Access::Default if self.prot & READ_WRITE == READ_WRITE => {}
            Access::Default if self.prot & libc::PROT_WRITE != 0 => self.access = Access::Write,
            Access::Default => self.access = Access::Read,
        }
        Ok(())
    }

    /// Takes the length from a regular file, or checks that the file is as long.
    fn measure(&mut self, th: &Thread) -> PyResult<()> {
        let refuse = |message: &'static str| Err(th.raise(exc::VALUE_ERROR, message));
        // SAFETY: zeros are a value of this struct, which the call fills in.
        let size = unsafe {
            let mut status: libc::stat = std::mem::zeroed();
            if libc::fstat(self.fd, &mut status) != 0
                || status.st_mode & libc::S_IFMT != libc::S_IFREG
            {
                return Ok(());
            }
            status.st_size
        };
        if self.len == 0 {
            if size == 0 {
                return refuse("cannot mmap an empty file");
            }
            if self.offset >= size {
                return refuse("mmap offset is greater than file size");
            }
            self.len = (size - self.offset) as usize;
        } else if self.offset > size || ((size - self.offset) as u64) < self.len as u64 {
            return refuse("mmap length is greater than file size");
        }
        Ok(())
    }
}

const READ_WRITE: c_int = libc::PROT_READ | libc::PROT_WRITE;

#[pymethods(parts(methods, sequence))]
impl Mmap {
    #[allow(clippy::too_many_arguments)]
    #[new(
        sig = "(fileno, length, flags=1, prot=3, access=0, offset=0, *, trackfd=True)",
        called = "mmap"
    )]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        fileno: c_int,
        length: isize,
        flags: c_int,
        prot: c_int,
        access: c_int,
        offset: i64,
        trackfd: bool,
    ) -> PyResult<Owned<Mmap>> {
        let negative =
            |what: &str| Err(raise!(th, OVERFLOW_ERROR, "memory mapped {what} must be positive"));
        let Ok(len) = usize::try_from(length) else { return negative("length") };
        if offset < 0 {
            return negative("offset");
        }
        let mut request = Request { fd: fileno, len, flags, prot, access: Access::Default, offset };
        request.agree(th, access)?;
        let shown =
            [fileno as i64, length as i64, access as i64, offset].map(|n| Int::from_i64(th, n));
        let [a, b, c, d] = shown;
        audit(th, "mmap.__new__", &[a?.object(), b?.object(), c?.object(), d?.object()])?;
        if fileno == -1 {
            request.flags |= libc::MAP_ANONYMOUS;
        } else {
            request.measure(th)?;
        }
        Mmap::map(th, cls, &request, trackfd)
    }
}

impl Mmap {
    fn map(
        th: &Thread,
        cls: Borrowed<'_, Type>,
        request: &Request,
        trackfd: bool,
    ) -> PyResult<Owned<Mmap>> {
        let map = cls.alloc::<Mmap>(th, 0)?;
        map.access.set(request.access);
        map.flags.set(request.flags);
        map.offset.set(request.offset);
        map.trackfd.set(trackfd);
        if request.fd != -1 && trackfd {
            // SAFETY: a system call on a number.
            let own = unsafe { libc::fcntl(request.fd, libc::F_DUPFD_CLOEXEC, 0) };
            if own < 0 {
                return Err(failed(th, errno(), NO_NAMES));
            }
            map.mapping.descriptor.set(own + 1);
        }
        let Request { fd, len, flags, prot, offset, .. } = *request;
        // SAFETY: a new mapping where the system likes it.
        let start = unsafe { libc::mmap(std::ptr::null_mut(), len, prot, flags, fd, offset) };
        if start == libc::MAP_FAILED {
            return Err(failed(th, errno(), NO_NAMES));
        }
        map.mapping.start.set(start.cast());
        map.mapping.len.set(len);
        Ok(map)
    }

    /// The bytes; ValueError if the map is closed. Valid until Python code runs.
    fn bytes(&self, th: &Thread) -> PyResult<&[u8]> {
        let (start, len) = self.open(th)?;
        // SAFETY: (1).
        Ok(unsafe { std::slice::from_raw_parts(start, len) })
    }

    /// Where the bytes are, and how many; ValueError if the map is closed.
    fn open(&self, th: &Thread) -> PyResult<(*mut u8, usize)> {
        match self.mapping.start.get() {
            start if start.is_null() => Err(th.raise(exc::VALUE_ERROR, "mmap closed or invalid")),
            start => Ok((start, self.mapping.len.get())),
        }
    }

    fn check_writable(&self, th: &Thread) -> PyResult<()> {
        if self.access.get() == Access::Read {
            let message = "mmap can't modify a readonly memory map.";
            return Err(th.raise(exc::TYPE_ERROR, message));
        }
        Ok(())
    }

    /// Copies bytes into the map; false if they do not fit there.
    fn put(&self, th: &Thread, at: usize, data: &[u8]) -> PyResult<bool> {
        let (start, len) = self.open(th)?;
        if at > len || len - at < data.len() {
            return Ok(false);
        }
        // SAFETY: (1); `data` may be the map's own bytes, seen through a buffer.
        unsafe { std::ptr::copy(data.as_ptr(), start.add(at), data.len()) };
        Ok(true)
    }
}

/// Files mapped into memory.
#[pymodule(name = "mmap")]
pub struct MmapModule;

const CONSTANTS: [(&str, c_int); 33] = [
    ("ACCESS_COPY", Access::Copy as c_int),
    ("ACCESS_DEFAULT", Access::Default as c_int),
    ("ACCESS_READ", Access::Read as c_int),
    ("ACCESS_WRITE", Access::Write as c_int),
    ("MADV_DODUMP", libc::MADV_DODUMP),
    ("MADV_DOFORK", libc::MADV_DOFORK),
    ("MADV_DONTDUMP", libc::MADV_DONTDUMP),
    ("MADV_DONTFORK", libc::MADV_DONTFORK),
    ("MADV_DONTNEED", libc::MADV_DONTNEED),
    ("MADV_FREE", libc::MADV_FREE),
    ("MADV_HUGEPAGE", libc::MADV_HUGEPAGE),
    ("MADV_HWPOISON", libc::MADV_HWPOISON),
    ("MADV_MERGEABLE", libc::MADV_MERGEABLE),
    ("MADV_NOHUGEPAGE", libc::MADV_NOHUGEPAGE),
    ("MADV_NORMAL", libc::MADV_NORMAL),
    ("MADV_RANDOM", libc::MADV_RANDOM),
    ("MADV_REMOVE", libc::MADV_REMOVE),
    ("MADV_SEQUENTIAL", libc::MADV_SEQUENTIAL),
    ("MADV_UNMERGEABLE", libc::MADV_UNMERGEABLE),
    ("MADV_WILLNEED", libc::MADV_WILLNEED),
    ("MAP_32BIT", libc::MAP_32BIT),
    ("MAP_ANON", libc::MAP_ANON),
    ("MAP_ANONYMOUS", libc::MAP_ANONYMOUS),
    ("MAP_DENYWRITE", libc::MAP_DENYWRITE),
    ("MAP_EXECUTABLE", libc::MAP_EXECUTABLE),
    ("MAP_NORESERVE", libc::MAP_NORESERVE),
    ("MAP_POPULATE", libc::MAP_POPULATE),
    ("MAP_PRIVATE", libc::MAP_PRIVATE),
    ("MAP_SHARED", libc::MAP_SHARED),
    ("MAP_STACK", libc::MAP_STACK),
    ("PROT_EXEC", libc::PROT_EXEC),
    ("PROT_READ", libc::PROT_READ),
    ("PROT_WRITE", libc::PROT_WRITE),
];

/// How large the system's pages are.
fn page_size() -> i64 {
    // SAFETY: a question to the system.
    unsafe { libc::sysconf(libc::_SC_PAGESIZE) }
}

#[pyfunctions]
impl MmapModule {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        module.add_type(th, Mmap::type_object())?;
        module.add(th, "error", Borrowed::from_ref(exc::OS_ERROR).object())?;
        for (name, value) in CONSTANTS {
            module.add(th, name, Int::from_i64(th, value.into())?.object())?;
        }
        for name in ["PAGESIZE", "ALLOCATIONGRANULARITY"] {
            module.add(th, name, Int::from_i64(th, page_size())?.object())?;
        }
        Ok(())
    }
}
