//! Extended attributes of files.

use krait_eval::sys::audit;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer::Buffer;

use super::Posix;
use super::path::{Path, PathOrFd, failed, sys, sys_result};

/// The longest value or list of names.
const MOST: usize = 64 << 10;

fn check(th: &Thread, function: &str, path: &Path, follow_symlinks: bool) -> PyResult<()> {
    if path.fd.is_some() && !follow_symlinks {
        return Err(raise!(
            th,
            VALUE_ERROR,
            "{function}: cannot use fd and follow_symlinks together"
        ));
    }
    Ok(())
}

fn audited(th: &Thread, event: &str, path: &Path, rest: &[Borrowed<'_>]) -> PyResult<()> {
    let path = path.name()[0].unwrap_or(none());
    audit(th, event, &[&[path], rest].concat())
}

fn named(th: &Thread, attribute: &Path) -> PyResult {
    Str::from_fs_bytes(th, attribute.text.as_bytes()).map(Owned::into_object)
}

/// What `read` fills in, with room that grows if it has to.
fn read(
    th: &Thread,
    path: &Path,
    read: impl Fn(*mut libc::c_char, usize) -> isize,
) -> PyResult<Vec<u8>> {
    for room in [128, MOST] {
        let mut data = vec![0u8; room];
        let start = data.as_mut_ptr().cast();
        match sys_result(th, || read(start, room)) {
            Ok(len) => {
                data.truncate(len as usize);
                return Ok(data);
            }
            Err(libc::ERANGE) if room < MOST => {}
            Err(error) => return Err(failed(th, error, path.name())),
        }
    }
    Err(failed(th, libc::ERANGE, path.name()))
}

#[pyfunctions(part = "extended")]
impl Posix {
    /// The bytes stored with a file as the extended attribute of that name.
    ///
    /// path may be a str, a path-like object, or an open descriptor; a symbolic link itself is meant if
    /// follow_symlinks is false.
    #[function(sig = "(path, attribute, *, follow_symlinks=True)")]
    fn getxattr(
        th: &Thread,
        path: PathOrFd,
        attribute: Path,
        follow_symlinks: bool,
    ) -> PyResult<Owned<Bytes>> {
        let path = path.0;
        check(th, "getxattr", &path, follow_symlinks)?;
        audited(th, "os.getxattr", &path, &[named(th, &attribute)?.borrow()])?;
        let (name, attribute) = (path.ptr(), attribute.ptr());
        // SAFETY: terminated strings, or a descriptor; room as said.
        let value = read(th, &path, |start, room| unsafe {
            match path.fd {
                Some(fd) => libc::fgetxattr(fd, attribute, start.cast(), room),
                None if follow_symlinks => libc::getxattr(name, attribute, start.cast(), room),
                None => libc::lgetxattr(name, attribute, start.cast(), room),
            }
        })?;
        Bytes::new(th, &value)
    }

    /// Store value with a file as the extended attribute of that name.
    ///
    /// flags may be XATTR_CREATE, where it must not exist yet, or XATTR_REPLACE, where it must.
    ///
    /// path may be a str, a path-like object, or an open descriptor; a symbolic link itself is meant if
    /// follow_symlinks is false.
    #[function(sig = "(path, attribute, value, flags=0, *, follow_symlinks=True)")]
    fn setxattr(
        th: &Thread,
        path: PathOrFd,
        attribute: Path,
        value: Borrowed<'_>,
        flags: i32,
        follow_symlinks: bool,
    ) -> PyResult<()> {
        let path = path.0;
        let held = Buffer::simple(th, value)?;
        check(th, "setxattr", &path, follow_symlinks)?;
        let number = Int::from_i64(th, flags.into())?;
        let about = [named(th, &attribute)?, value.to_owned(), number.into_object()];
        audited(th, "os.setxattr", &path, &about.each_ref().map(Owned::borrow))?;
        let (name, attribute) = (path.ptr(), attribute.ptr());
        let (start, len) = (held.as_bytes().as_ptr().cast(), held.as_bytes().len());
        // SAFETY: terminated strings, or a descriptor; the buffer is held until the call is over.
        sys(th, path.name(), || unsafe {
            match path.fd {
                Some(fd) => libc::fsetxattr(fd, attribute, start, len, flags),
                None if follow_symlinks => libc::setxattr(name, attribute, start, len, flags),
                None => libc::lsetxattr(name, attribute, start, len, flags),
            }
        })
        .map(drop)
    }

    /// Delete the extended attribute of that name from a file.
    ///
    /// path may be a str, a path-like object, or an open descriptor; a symbolic link itself is meant if
    /// follow_symlinks is false.
    #[function(sig = "(path, attribute, *, follow_symlinks=True)")]
    fn removexattr(
        th: &Thread,
        path: PathOrFd,
        attribute: Path,
        follow_symlinks: bool,
    ) -> PyResult<()> {
        let path = path.0;
        check(th, "removexattr", &path, follow_symlinks)?;
        audited(th, "os.removexattr", &path, &[named(th, &attribute)?.borrow()])?;
        let (name, attribute) = (path.ptr(), attribute.ptr());
        // SAFETY: terminated strings, or a descriptor.
        sys(th, path.name(), || unsafe {
            match path.fd {
                Some(fd) => libc::fremovexattr(fd, attribute),
                None if follow_symlinks => libc::removexattr(name, attribute),
                None => libc::lremovexattr(name, attribute),
            }
        })
        .map(drop)
    }

    /// The names of all extended attributes a file has, as a list.
    ///
    /// path may be None for the current directory, a str, a path-like object, or an open descriptor; a symbolic
    /// link itself is meant if follow_symlinks is false.
    #[function(sig = "(path=None, *, follow_symlinks=True)")]
    fn listxattr(
        th: &Thread,
        path: Option<PathOrFd>,
        follow_symlinks: bool,
    ) -> PyResult<Owned<List>> {
        let path = path.map_or_else(Path::current, |path| path.0);
        check(th, "listxattr", &path, follow_symlinks)?;
        audited(th, "os.listxattr", &path, &[])?;
        let name = path.ptr();
        // SAFETY: terminated strings, or a descriptor; room as said.
        let names = read(th, &path, |start, room| unsafe {
            match path.fd {
                Some(fd) => libc::flistxattr(fd, start, room),
                None if follow_symlinks => libc::listxattr(name, start, room),
                None => libc::llistxattr(name, start, room),
            }
        })?;
        // Each ends with NUL.
        let names = names.split(|&byte| byte == 0).filter(|name| !name.is_empty());
        let names: PyResult<Vec<Owned>> =
            names.map(|name| Str::from_fs_bytes(th, name).map(Owned::into_object)).collect();
        List::from_vec(th, names?)
    }
}
