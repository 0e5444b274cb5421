//! `getsockopt` and `setsockopt`.
//!
//! The same job as that part of CPython's `Modules/socketmodule.c`.

use krait_objects::args::ToObject;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer::Buffer;

use super::arguments;
use super::object::Socket;
use super::state::failed;
use super::wait::checked;

/// The longest answer that may be asked for.
const LONGEST: i32 = 1024;

/// An option that is an `int`.
pub fn get_int(fd: i32, level: i32, option: i32) -> Result<i32, i32> {
    let mut value: i32 = 0;
    let mut len = size_of::<i32>() as libc::socklen_t;
    // SAFETY: room for the value, with its size.
    let status = unsafe { libc::getsockopt(fd, level, option, (&raw mut value).cast(), &mut len) };
    checked(status as isize).map(|_| value)
}

fn get_bytes(fd: i32, level: i32, option: i32, room: usize) -> Result<Vec<u8>, i32> {
    let mut value = vec![0u8; room];
    let mut len = room as libc::socklen_t;
    // SAFETY: room for the value, with its size.
    let status =
        unsafe { libc::getsockopt(fd, level, option, value.as_mut_ptr().cast(), &mut len) };
    value.truncate(len as usize);
    checked(status as isize).map(|_| value)
}

#[pymethods(part = "options")]
impl Socket {
    /// getsockopt(level, option[, buffersize]) -> value
    ///
    /// Ask for an option, which the system's manual describes. The value is an integer, or up to buffersize
    /// bytes if that is given and not 0.
    #[method(sig = "(self, /, *args)", no_text)]
    fn getsockopt(&self, th: &Thread, args: &[Borrowed<'_>]) -> PyResult {
        arguments::count(th, "getsockopt", args, 2, 3)?;
        let level = arguments::int(th, args[0])?;
        let option = arguments::int(th, args[1])?;
        let room = arguments::int_or(th, args.get(2), 0)?;
        if room == 0 {
            if self.family() == libc::AF_VSOCK {
                // Its options are longer.
                let value = get_bytes(self.fd(), level, option, 8);
                let value = value.map_err(|errno| failed(th, errno))?;
                let mut whole = [0; 8];
                whole[..value.len()].copy_from_slice(&value);
                return u64::from_ne_bytes(whole).to_object(th);
            }
            let value = get_int(self.fd(), level, option);
            return value.map_err(|errno| failed(th, errno))?.to_object(th);
        }
        if self.family() == libc::AF_VSOCK {
            return Err(th.raise(exc::OS_ERROR, "getsockopt string buffer not allowed"));
        }
        if !(1..=LONGEST).contains(&room) {
            return Err(th.raise(exc::OS_ERROR, "getsockopt buflen out of range"));
        }
        match get_bytes(self.fd(), level, option, room as usize) {
            Ok(value) => Bytes::new(th, &value).map(Owned::into_object),
            Err(errno) => Err(failed(th, errno)),
        }
    }

    /// setsockopt(level, option, value: int)
    /// setsockopt(level, option, value: buffer)
    /// setsockopt(level, option, None, optlen: int)
    ///
    /// Change an option, which the system's manual describes. It is given as an integer or as bytes; None
    /// with a length hands the system no data.
    #[method(sig = "(self, /, *args)", no_text)]
    fn setsockopt(&self, th: &Thread, args: &[Borrowed<'_>]) -> PyResult<()> {
        let set = |level: i32, option: i32, start: *const libc::c_void, len: u32| {
            // SAFETY: a value with its length; or none, for options that want only a length.
            let status = unsafe { libc::setsockopt(self.fd(), level, option, start, len) };
            checked(status as isize).map(drop).map_err(|errno| failed(th, errno))
        };
        if let [level, option, value, len] = *args
            && value.is_none()
            && number::is_index(len)
        {
            let (level, option) = (arguments::int(th, level)?, arguments::int(th, option)?);
            let len = arguments::bits(th, len)? as u32;
            return set(level, option, std::ptr::null(), len);
        }
        arguments::count(th, "setsockopt", args, 3, 3)?;
        let (level, option) = (arguments::int(th, args[0])?, arguments::int(th, args[1])?);
        if number::is_index(args[2]) {
            if self.family() == libc::AF_VSOCK {
                let value = arguments::bits(th, args[2])?;
                return set(level, option, (&raw const value).cast(), 8);
            }
            match arguments::int(th, args[2]) {
                Ok(value) => return set(level, option, (&raw const value).cast(), 4),
                // What is no `int` of C may still be a buffer.
                Err(raised) => drop(th.take_raised(raised)),
            }
        }
        let value = Buffer::simple(th, args[2])?;
        let bytes = value.as_bytes();
        let Ok(len) = i32::try_from(bytes.len()) else {
            let message = format!("socket option is larger than {} bytes", i32::MAX);
            return Err(th.raise(exc::OVERFLOW_ERROR, &message));
        };
        set(level, option, bytes.as_ptr().cast(), len as u32)
    }
}
