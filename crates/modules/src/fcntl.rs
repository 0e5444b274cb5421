//! `fcntl`: control of descriptors, `ioctl`, and locks on files.
//!
//! The same job as CPython's `Modules/fcntlmodule.c`.

use krait_abi as abi;
use krait_eval::sys::audit;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer::{self, Buffer};

use crate::bits::Bits64;
use crate::posix::path::{Fildes, NO_NAMES, sys_retry};

/// Control of files and devices through their descriptors, by the fcntl() and ioctl() of the system.
///
/// The descriptors come from the fileno() method of files and sockets.
#[pymodule(name = "fcntl")]
pub struct Fcntl;

const CONSTANTS: [(&str, i64); 71] = [
    ("DN_ACCESS", 1),
    ("DN_ATTRIB", 32),
    ("DN_CREATE", 4),
    ("DN_DELETE", 8),
    ("DN_MODIFY", 2),
    ("DN_MULTISHOT", 0x80000000),
    ("DN_RENAME", 16),
    ("FASYNC", 0x2000),
    ("FD_CLOEXEC", 1),
    ("FICLONE", 0x40049409),
    ("FICLONERANGE", 0x4020940d),
    ("F_ADD_SEALS", 0x409),
    ("F_DUPFD", 0),
    ("F_DUPFD_CLOEXEC", 0x406),
    ("F_DUPFD_QUERY", 0x403),
    ("F_EXLCK", 4),
    ("F_GETFD", 1),
    ("F_GETFL", 3),
    ("F_GETLEASE", 0x401),
    ("F_GETLK", 5),
    ("F_GETLK64", 5),
    ("F_GETOWN", 9),
    ("F_GETOWN_EX", 16),
    ("F_GETPIPE_SZ", 0x408),
    ("F_GETSIG", 11),
    ("F_GET_FILE_RW_HINT", 0x40d),
    ("F_GET_RW_HINT", 0x40b),
    ("F_GET_SEALS", 0x40a),
    ("F_NOTIFY", 0x402),
    ("F_OFD_GETLK", 36),
    ("F_OFD_SETLK", 37),
    ("F_OFD_SETLKW", 38),
    ("F_OWNER_PGRP", 2),
    ("F_OWNER_PID", 1),
    ("F_OWNER_TID", 0),
    ("F_RDLCK", 0),
    ("F_SEAL_FUTURE_WRITE", 16),
    ("F_SEAL_GROW", 4),
    ("F_SEAL_SEAL", 1),
    ("F_SEAL_SHRINK", 2),
    ("F_SEAL_WRITE", 8),
    ("F_SETFD", 2),
    ("F_SETFL", 4),
    ("F_SETLEASE", 0x400),
    ("F_SETLK", 6),
    ("F_SETLK64", 6),
    ("F_SETLKW", 7),
    ("F_SETLKW64", 7),
    ("F_SETOWN", 8),
    ("F_SETOWN_EX", 15),
    ("F_SETPIPE_SZ", 0x407),
    ("F_SETSIG", 10),
    ("F_SET_FILE_RW_HINT", 0x40e),
    ("F_SET_RW_HINT", 0x40c),
    ("F_SHLCK", 8),
    ("F_UNLCK", 2),
    ("F_WRLCK", 1),
    ("LOCK_EX", 2),
    ("LOCK_MAND", 32),
    ("LOCK_NB", 4),
    ("LOCK_READ", 64),
    ("LOCK_RW", 0xc0),
    ("LOCK_SH", 1),
    ("LOCK_UN", 8),
    ("LOCK_WRITE", 0x80),
    ("RWH_WRITE_LIFE_EXTREME", 5),
    ("RWH_WRITE_LIFE_LONG", 4),
    ("RWH_WRITE_LIFE_MEDIUM", 3),
    ("RWH_WRITE_LIFE_NONE", 1),
    ("RWH_WRITE_LIFE_NOT_SET", 0),
    ("RWH_WRITE_LIFE_SHORT", 2),
];

/// How much data goes in and out through a buffer of ours.
const ROOM: usize = 1024;

/// Data for a call that reads it and may write over it.
struct Data {
    bytes: [u8; ROOM + 8],
    len: usize,
}

impl Data {
    fn of(th: &Thread, given: &[u8], function: &str) -> PyResult<Data> {
        if given.len() > ROOM {
            return Err(raise!(th, VALUE_ERROR, "{function} argument 3 is too long"));
        }
        let mut bytes = [0; ROOM + 8];
        bytes[..given.len()].copy_from_slice(given);
        Ok(Data { bytes, len: given.len() })
    }

    /// From a `str` or a bytes-like object.
    fn of_object(th: &Thread, arg: Borrowed<'_>, function: &str) -> PyResult<Data> {
        if let Some(text) = arg.downcast::<Str>() {
            return Data::of(th, text.get().as_utf8(th)?.as_bytes(), function);
        }
        if !buffer::check(arg) {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "{function}() argument 3 must be an integer, a bytes-like object, or a string, not {}",
                arg.type_name()
            ));
        }
        Data::of(th, Buffer::simple(th, arg)?.as_bytes(), function)
    }

    fn result(&self, th: &Thread) -> PyResult {
        Bytes::new(th, &self.bytes[..self.len]).map(Owned::into_object)
    }
}

/// A descriptor and what is asked of it, for the audit hooks.
fn audited(th: &Thread, event: &str, fd: i32, code: u64, rest: &[Borrowed<'_>]) -> PyResult<()> {
    let (fd, code) = (Int::from_i64(th, fd.into())?, Int::from_u64(th, code)?);
    audit(th, event, &[&[fd.object(), code.object()], rest].concat())
}

fn int(th: &Thread, value: i32) -> PyResult {
    Int::from_i64(th, value.into()).map(Owned::into_object)
}

/// The integer argument of `ioctl`.
fn ioctl_number(th: &Thread, arg: Borrowed<'_>) -> PyResult<i32> {
    let number = number::index(th, arg)?;
    match number.to_i64() {
        None => Err(th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C long")),
        Some(value) => i32::try_from(value).map_err(|_| {
            let end = if value < 0 { "less than minimum" } else { "greater than maximum" };
            raise!(th, OVERFLOW_ERROR, "signed integer is {end}")
        }),
    }
}

/// A buffer that can be written: the call may change it, or a copy whose bytes are the result.
fn ioctl_writable(
    th: &Thread,
    fd: i32,
    request: u64,
    mut buffer: Buffer,
    mutate: bool,
) -> PyResult {
    let bytes = buffer.as_mut_bytes();
    if mutate && bytes.len() > ROOM {
        let start = bytes.as_mut_ptr();
        // SAFETY: the buffer stays where it is while it is exported.
        return int(th, sys_retry(th, NO_NAMES, || unsafe { libc::ioctl(fd, request, start) })?);
    }
    let mut data = Data::of(th, bytes, "ioctl")?;
    let start = data.bytes.as_mut_ptr();
    // SAFETY: room for what requests of this size write.
    let answer = sys_retry(th, NO_NAMES, || unsafe { libc::ioctl(fd, request, start) });
    if !mutate {
        answer?;
        return data.result(th);
    }
    bytes.copy_from_slice(&data.bytes[..data.len]);
    int(th, answer?)
}

#[pyfunctions]
impl Fcntl {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        for (name, value) in CONSTANTS {
            module.add(th, name, Int::from_i64(th, value)?.object())?;
        }
        Ok(())
    }

    /// Have the system do cmd with a descriptor.
    ///
    /// The operations are constants of this module. arg is an integer, or bytes (or a string, encoded as
    /// UTF-8) that are handed over. The result is the system's answer to an integer, and for bytes the bytes
    /// as they are after the call.
    #[function(sig = "(fd, cmd, arg=0, /)")]
    fn fcntl(th: &Thread, fd: Fildes, cmd: i32, arg: Option<Borrowed<'_>>) -> PyResult {
        let fd = fd.0;
        audited(th, "fcntl.fcntl", fd, cmd as u32 as u64, &[arg.unwrap_or(none())])?;
        let number = match arg {
            None => 0,
            Some(arg) if number::is_index(arg) => {
                number::index(th, arg)?.view().wrapping_u64() as i32
            }
            Some(arg) => {
                let mut data = Data::of_object(th, arg, "fcntl")?;
                let start = data.bytes.as_mut_ptr();
                // SAFETY: room for what operations write.
                sys_retry(th, NO_NAMES, || unsafe { libc::fcntl(fd, cmd, start) })?;
                return data.result(th);
            }
        };
        // SAFETY: a plain system call.
        int(th, sys_retry(th, NO_NAMES, || unsafe { libc::fcntl(fd, cmd, number) })?)
    }

    /// Send a device the request, through its descriptor.
    ///
    /// arg is an integer, or bytes that are handed over. A writable buffer is changed by the call, and the
    /// result is the system's answer, unless mutate_flag is false. Otherwise the result is the bytes after
    /// the call; they can be 1024 at most then.
    #[function(sig = "(fd, request, arg=0, mutate_flag=True, /)")]
    fn ioctl(
        th: &Thread,
        fd: Fildes,
        request: Bits64,
        arg: Option<Borrowed<'_>>,
        mutate_flag: bool,
    ) -> PyResult {
        let (fd, request) = (fd.0, request.0);
        audited(th, "fcntl.ioctl", fd, request, &[arg.unwrap_or(none())])?;
        let number = match arg {
            None => 0,
            Some(arg) if number::is_index(arg) => ioctl_number(th, arg)?,
            Some(arg) => {
                if buffer::check(arg) && arg.downcast::<Bytes>().is_none() {
                    match Buffer::get(th, arg, abi::PyBUF_WRITABLE) {
                        Ok(buffer) => {
                            return ioctl_writable(th, fd, request, buffer, mutate_flag);
                        }
                        Err(raised) => drop(th.take_if(raised, exc::BUFFER_ERROR)?),
                    }
                }
                let mut data = Data::of_object(th, arg, "ioctl")?;
                let start = data.bytes.as_mut_ptr();
                // SAFETY: room for what requests of this size write.
                sys_retry(th, NO_NAMES, || unsafe { libc::ioctl(fd, request, start) })?;
                return data.result(th);
            }
        };
        // SAFETY: a plain system call.
        int(th, sys_retry(th, NO_NAMES, || unsafe { libc::ioctl(fd, request, number) })?)
    }

    /// Lock or unlock a whole file. The system's manual explains the operations under flock(2).
    #[function(sig = "(fd, operation, /)")]
    fn flock(th: &Thread, fd: Fildes, operation: i32) -> PyResult<()> {
        audited(th, "fcntl.flock", fd.0, operation as u32 as u64, &[])?;
        // SAFETY: a plain system call.
        sys_retry(th, NO_NAMES, || unsafe { libc::flock(fd.0, operation) }).map(drop)
    }

    /// Lock or unlock a part of a file.
    ///
    /// fd is the descriptor of the file; cmd is one of LOCK_SH, LOCK_EX and LOCK_UN, the first two with
    /// LOCK_NB added so as not to wait. len bytes are locked from start on, where whence says what start
    /// counts from, as in lseek(); 0 bytes reach to the end of the file, whatever its length.
    #[function(sig = "(fd, cmd, len=0, start=0, whence=0, /)")]
    fn lockf(
        th: &Thread,
        fd: Fildes,
        cmd: i32,
        len: Option<Borrowed<'_>>,
        start: Option<Borrowed<'_>>,
        whence: i32,
    ) -> PyResult<()> {
        let [zero, place] = [Int::from_i64(th, 0)?, Int::from_i64(th, whence.into())?];
        let rest = [len.unwrap_or(none()), start.unwrap_or(none()), place.object()];
        let (len, start) = (len.unwrap_or(zero.object()), start.unwrap_or(zero.object()));
        audited(th, "fcntl.lockf", fd.0, cmd as u32 as u64, &rest)?;
        let kind = match cmd {
            libc::LOCK_UN => libc::F_UNLCK,
            cmd if cmd & libc::LOCK_SH != 0 => libc::F_RDLCK,
            cmd if cmd & libc::LOCK_EX != 0 => libc::F_WRLCK,
            _ => return Err(th.raise(exc::VALUE_ERROR, "unrecognized lockf argument")),
        };
        let offset = |value: Borrowed<'_>| {
            number::index(th, value)?.to_i64().ok_or_else(|| {
                th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C long")
            })
        };
        let lock = libc::flock {
            l_type: kind as i16,
            l_whence: whence as i16,
            l_start: offset(start)?,
            l_len: offset(len)?,
            l_pid: 0,
        };
        let operation = if cmd & libc::LOCK_NB != 0 { libc::F_SETLK } else { libc::F_SETLKW };
        // SAFETY: the struct lives during the call.
        sys_retry(th, NO_NAMES, || unsafe { libc::fcntl(fd.0, operation, &lock) }).map(drop)
    }
}
