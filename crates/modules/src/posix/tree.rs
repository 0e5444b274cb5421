//! Directories, links, names, permissions: what happens to files from outside.

use std::ffi::CStr;

use krait_eval::gil::without_gil;
use krait_objects::prelude::*;

use super::Posix;
use super::path::{
    DirFd, Gid, NO_NAMES, Path, PathOrFd, Uid, dir_fd, errno, failed, fs_result, sys, sys_retry,
    told_dir,
};
use super::stat::check_combination;

fn both<'a>(src: &'a Path, dst: &'a Path) -> [Option<Borrowed<'a>>; 2] {
    [src.name()[0], dst.name()[0]]
}

fn rename(
    th: &Thread,
    src: Path,
    dst: Path,
    src_dir: Option<DirFd>,
    dst_dir: Option<DirFd>,
) -> PyResult<()> {
    audit_both(th, "os.rename", [&src, &dst], [&src_dir, &dst_dir])?;
    let (from, to) = (dir_fd(&src_dir), dir_fd(&dst_dir));
    // SAFETY: terminated paths.
    sys(th, both(&src, &dst), || unsafe { libc::renameat(from, src.ptr(), to, dst.ptr()) })
        .map(drop)
}

fn unlink(th: &Thread, path: Path, dir: Option<DirFd>, flags: i32) -> PyResult<()> {
    let event = if flags == 0 { "os.remove" } else { "os.rmdir" };
    audit!(th, event, path.name()[0], told_dir(&dir))?;
    let dir = dir_fd(&dir);
    // SAFETY: a terminated path.
    sys(th, path.name(), || unsafe { libc::unlinkat(dir, path.ptr(), flags) }).map(drop)
}

fn audit_both(
    th: &Thread,
    event: &str,
    [src, dst]: [&Path; 2],
    [src_dir, dst_dir]: [&Option<DirFd>; 2],
) -> PyResult<()> {
    let [from, to] = [told_dir(src_dir), told_dir(dst_dir)];
    audit!(th, event, src.name()[0], dst.name()[0], from, to)
}

/// An open directory, closed at the end.
pub struct Directory {
    stream: *mut libc::DIR,
    /// Whether the position is to be reset, as the descriptor was someone else's.
    rewind: bool,
}

impl Directory {
    pub fn open(th: &Thread, path: &Path) -> PyResult<Directory> {
        let (stream, error, rewind) = match path.fd {
            Some(fd) => {
                // SAFETY: a duplicate, so that closing the stream leaves the caller's descriptor alone.
                let copy =
                    sys(th, NO_NAMES, || unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 0) })?;
                without_gil(th, || {
                    // SAFETY: the duplicate now belongs to the stream, unless it fails.
                    unsafe {
                        let stream = libc::fdopendir(copy);
                        let error = errno();
                        if stream.is_null() {
                            libc::close(copy);
                        }
                        (Wild(stream), error, true)
                    }
                })
            }
            // SAFETY: a terminated path.
            None => {
                // SAFETY: the path is a C string that lives through the call.
                without_gil(th, || unsafe { (Wild(libc::opendir(path.ptr())), errno(), false) })
            }
        };
        if stream.0.is_null() {
            return Err(failed(th, error, path.name()));
        }
        Ok(Directory { stream: stream.0, rewind })
    }

    /// The next entry's name, inode and kind, without `.` and `..`.
    pub fn next(&self, th: &Thread) -> Result<Option<(Vec<u8>, u64, u8)>, i32> {
        loop {
            let stream = Wild(self.stream);
            let entry = without_gil(th, || {
                let stream = &stream;
                // SAFETY: an open stream that only this thread reads now; `errno` tells the end from a failure.
                unsafe {
                    *libc::__errno_location() = 0;
                    let entry = libc::readdir(stream.0);
                    if entry.is_null() {
                        return Err(errno());
                    }
                    let name = CStr::from_ptr((*entry).d_name.as_ptr()).to_bytes().to_vec();
                    Ok((name, (*entry).d_ino, (*entry).d_type))
                }
            });
            match entry {
                Ok((name, ..)) if name == b"." || name == b".." => {}
                Ok(entry) => return Ok(Some(entry)),
                Err(0) => return Ok(None),
                Err(errno) => return Err(errno),
            }
        }
    }
}

/// A pointer that goes with the thread that lets go of the GIL.
struct Wild(*mut libc::DIR);

impl Drop for Directory {
    fn drop(&mut self) {
        // SAFETY: an open stream, closed once.
        unsafe {
            if self.rewind {
                libc::rewinddir(self.stream);
            }
            libc::closedir(self.stream);
        }
    }
}

fn current_directory(th: &Thread, bytes: bool) -> PyResult {
    let mut room = 1024usize;
    loop {
        let mut buffer = vec![0u8; room];
        let start: *mut libc::c_char = buffer.as_mut_ptr().cast();
        // SAFETY: a buffer of `room` bytes.
        let (ok, error) =
            without_gil(th, || unsafe { (!libc::getcwd(start, room).is_null(), errno()) });
        if ok {
            let end = buffer.iter().position(|&byte| byte == 0).unwrap_or(0);
            return fs_result(th, &buffer[..end], bytes);
        }
        if error != libc::ERANGE || room > 1 << 24 {
            return Err(failed(th, error, NO_NAMES));
        }
        room *= 2;
    }
}

/// What stands for the absence of a device; -1 to Python.
const NO_DEVICE: u64 = u64::MAX;

fn device_number(th: &Thread, number: Borrowed<'_>) -> PyResult<u64> {
    let number = number::index(th, number)?;
    if number.to_i64() == Some(-1) {
        return Ok(NO_DEVICE);
    }
    if number.is_negative() {
        return Err(th.raise(exc::OVERFLOW_ERROR, "can't convert negative int to unsigned"));
    }
    number.to_u64().ok_or_else(|| th.raise(exc::OVERFLOW_ERROR, "int too big to convert"))
}

#[pyfunctions(part = "tree")]
impl Posix {
    /// Make a new directory at path, with the permissions mode as far as the umask allows them.
    #[function(sig = "(path, mode=511, *, dir_fd=None)")]
    fn mkdir(th: &Thread, path: Path, mode: i32, dir_fd: Option<DirFd>) -> PyResult<()> {
        audit!(th, "os.mkdir", path.name()[0], mode, told_dir(&dir_fd))?;
        let dir = self::dir_fd(&dir_fd);
        // SAFETY: a terminated path.
        sys(th, path.name(), || unsafe { libc::mkdirat(dir, path.ptr(), mode as u32) }).map(drop)
    }

    /// Delete the directory at path, which has to be empty.
    #[function(sig = "(path, *, dir_fd=None)")]
    fn rmdir(th: &Thread, path: Path, dir_fd: Option<DirFd>) -> PyResult<()> {
        unlink(th, path, dir_fd, libc::AT_REMOVEDIR)
    }

    /// Delete the name path of a file; remove() is another name for this.
    #[function(sig = "(path, *, dir_fd=None)")]
    fn unlink(th: &Thread, path: Path, dir_fd: Option<DirFd>) -> PyResult<()> {
        unlink(th, path, dir_fd, 0)
    }

    /// Delete the name path of a file; unlink() is another name for this.
    #[function(sig = "(path, *, dir_fd=None)")]
    fn remove(th: &Thread, path: Path, dir_fd: Option<DirFd>) -> PyResult<()> {
        unlink(th, path, dir_fd, 0)
    }

    /// Give the file or directory src the name dst.
    ///
    /// Relative paths start from src_dir_fd and dst_dir_fd if those are given.
    #[function(sig = "(src, dst, *, src_dir_fd=None, dst_dir_fd=None)")]
    fn rename(
        th: &Thread,
        src: Path,
        dst: Path,
        src_dir_fd: Option<DirFd>,
        dst_dir_fd: Option<DirFd>,
    ) -> PyResult<()> {
        rename(th, src, dst, src_dir_fd, dst_dir_fd)
    }

    /// Give the file or directory src the name dst, in place of what has that name.
    ///
    /// Relative paths start from src_dir_fd and dst_dir_fd if those are given.
    #[function(sig = "(src, dst, *, src_dir_fd=None, dst_dir_fd=None)")]
    fn replace(
        th: &Thread,
        src: Path,
        dst: Path,
        src_dir_fd: Option<DirFd>,
        dst_dir_fd: Option<DirFd>,
    ) -> PyResult<()> {
        rename(th, src, dst, src_dir_fd, dst_dir_fd)
    }

    /// Make dst a further name of the file src.
    ///
    /// Relative paths start from src_dir_fd and dst_dir_fd if those are given; with follow_symlinks false a
    /// symbolic link src itself gets the name.
    #[function(
        sig = "(src, dst, *, src_dir_fd=None, dst_dir_fd=None, follow_symlinks=(os.name != 'nt'))"
    )]
    fn link(
        th: &Thread,
        src: Path,
        dst: Path,
        src_dir_fd: Option<DirFd>,
        dst_dir_fd: Option<DirFd>,
        #[default(true)] follow_symlinks: bool,
    ) -> PyResult<()> {
        audit_both(th, "os.link", [&src, &dst], [&src_dir_fd, &dst_dir_fd])?;
        let (from, to) = (dir_fd(&src_dir_fd), dir_fd(&dst_dir_fd));
        let flags = if follow_symlinks { libc::AT_SYMLINK_FOLLOW } else { 0 };
        // SAFETY: terminated paths.
        sys(th, both(&src, &dst), || unsafe { libc::linkat(from, src.ptr(), to, dst.ptr(), flags) })
            .map(drop)
    }

    /// Make dst a symbolic link that leads to src; target_is_directory matters on Windows only.
    #[function(sig = "(src, dst, target_is_directory=False, *, dir_fd=None)")]
    fn symlink(
        th: &Thread,
        src: Path,
        dst: Path,
        target_is_directory: bool,
        dir_fd: Option<DirFd>,
    ) -> PyResult<()> {
        // Only other systems need to know.
        let _ = target_is_directory;
        audit!(th, "os.symlink", src.name()[0], dst.name()[0], told_dir(&dir_fd))?;
        let dir = self::dir_fd(&dir_fd);
        // SAFETY: terminated paths.
        sys(th, both(&src, &dst), || unsafe { libc::symlinkat(src.ptr(), dir, dst.ptr()) })
            .map(drop)
    }

    /// Where the symbolic link path leads, as it is written in the link; bytes if path is, str otherwise.
    #[function(sig = "(path, *, dir_fd=None)")]
    fn readlink(th: &Thread, path: Path, dir_fd: Option<DirFd>) -> PyResult {
        let dir = self::dir_fd(&dir_fd);
        let mut buffer = vec![0u8; libc::PATH_MAX as usize + 1];
        let (start, room) = (buffer.as_mut_ptr().cast(), buffer.len());
        // SAFETY: a terminated path and a buffer of `room` bytes.
        let len =
            sys(th, path.name(), || unsafe { libc::readlinkat(dir, path.ptr(), start, room) })?;
        path.result(th, &buffer[..len as usize])
    }

    /// Give a file the permissions mode.
    ///
    /// path may be a descriptor. A relative path starts from dir_fd if that is given; with follow_symlinks
    /// false a symbolic link itself is meant.
    #[function(sig = "(path, mode, *, dir_fd=None, follow_symlinks=(os.name != 'nt'))")]
    fn chmod(
        th: &Thread,
        path: PathOrFd,
        mode: i32,
        dir_fd: Option<DirFd>,
        #[default(true)] follow_symlinks: bool,
    ) -> PyResult<()> {
        let path = path.0;
        check_combination(th, "chmod", &path, &dir_fd, follow_symlinks)?;
        audit!(th, "os.chmod", path.name()[0], mode, told_dir(&dir_fd))?;
        let dir = self::dir_fd(&dir_fd);
        let flags = if follow_symlinks { 0 } else { libc::AT_SYMLINK_NOFOLLOW };
        let mode = mode as libc::mode_t;
        // SAFETY: a terminated path or a descriptor.
        sys(th, path.name(), || unsafe {
            match path.fd {
                Some(fd) => libc::fchmod(fd, mode),
                None => libc::fchmodat(dir, path.ptr(), mode, flags),
            }
        })
        .map(drop)
    }

    /// Give the open file fd the permissions mode.
    #[function(sig = "(fd, mode)")]
    fn fchmod(th: &Thread, fd: i32, mode: i32) -> PyResult<()> {
        audit!(th, "os.chmod", fd, mode, -1)?;
        // SAFETY: a plain system call.
        sys_retry(th, NO_NAMES, || unsafe { libc::fchmod(fd, mode as u32) }).map(drop)
    }

    /// Give a file to the user uid and the group gid, of which -1 keeps what is.
    ///
    /// path may be a descriptor. A relative path starts from dir_fd if that is given; with follow_symlinks
    /// false a symbolic link itself is meant.
    #[function(sig = "(path, uid, gid, *, dir_fd=None, follow_symlinks=True)")]
    fn chown(
        th: &Thread,
        path: PathOrFd,
        uid: Uid,
        gid: Gid,
        dir_fd: Option<DirFd>,
        follow_symlinks: bool,
    ) -> PyResult<()> {
        let path = path.0;
        check_combination(th, "chown", &path, &dir_fd, follow_symlinks)?;
        audit!(th, "os.chown", path.name()[0], uid.0, gid.0, told_dir(&dir_fd))?;
        let dir = self::dir_fd(&dir_fd);
        let flags = if follow_symlinks { 0 } else { libc::AT_SYMLINK_NOFOLLOW };
        // SAFETY: a terminated path or a descriptor.
        sys(th, path.name(), || unsafe {
            match path.fd {
                Some(fd) => libc::fchown(fd, uid.0, gid.0),
                None => libc::fchownat(dir, path.ptr(), uid.0, gid.0, flags),
            }
        })
        .map(drop)
    }

    /// Give the open file fd to the user uid and the group gid, of which -1 keeps what is.
    #[function(sig = "(fd, uid, gid)")]
    fn fchown(th: &Thread, fd: i32, uid: Uid, gid: Gid) -> PyResult<()> {
        audit!(th, "os.chown", fd, uid.0, gid.0, -1)?;
        // SAFETY: a plain system call.
        sys_retry(th, NO_NAMES, || unsafe { libc::fchown(fd, uid.0, gid.0) }).map(drop)
    }

    /// As chown(), but of a symbolic link itself.
    #[function(sig = "(path, uid, gid)")]
    fn lchown(th: &Thread, path: Path, uid: Uid, gid: Gid) -> PyResult<()> {
        audit!(th, "os.chown", path.name()[0], uid.0, gid.0, -1)?;
        // SAFETY: a terminated path.
        sys(th, path.name(), || unsafe { libc::lchown(path.ptr(), uid.0, gid.0) }).map(drop)
    }

    /// Make a named pipe at path, with the permissions mode as far as the umask allows them.
    #[function(sig = "(path, mode=438, *, dir_fd=None)")]
    fn mkfifo(th: &Thread, path: Path, mode: i32, dir_fd: Option<DirFd>) -> PyResult<()> {
        let dir = self::dir_fd(&dir_fd);
        // SAFETY: a terminated path.
        sys_retry(th, path.name(), || unsafe { libc::mkfifoat(dir, path.ptr(), mode as u32) })
            .map(drop)
    }

    /// Make a file, named pipe or device file at path.
    ///
    /// mode is its permissions and the S_IF bit of its kind, device the number that makedev() gives.
    #[function(sig = "(path, mode=384, device=0, *, dir_fd=None)")]
    fn mknod(
        th: &Thread,
        path: Path,
        mode: i32,
        device: u64,
        dir_fd: Option<DirFd>,
    ) -> PyResult<()> {
        let dir = self::dir_fd(&dir_fd);
        // SAFETY: a terminated path.
        sys_retry(th, path.name(), || unsafe {
            libc::mknodat(dir, path.ptr(), mode as u32, device)
        })
        .map(drop)
    }

    /// The part of a device number that tells the driver.
    #[function(sig = "(device, /)")]
    fn major(th: &Thread, device: Borrowed<'_>) -> PyResult<i64> {
        let device = device_number(th, device)?;
        Ok(if device == NO_DEVICE { -1 } else { libc::major(device).into() })
    }

    /// The part of a device number that tells the driver's devices apart.
    #[function(sig = "(device, /)")]
    fn minor(th: &Thread, device: Borrowed<'_>) -> PyResult<i64> {
        let device = device_number(th, device)?;
        Ok(if device == NO_DEVICE { -1 } else { libc::minor(device).into() })
    }

    /// The device number with the given major and minor parts.
    #[function(sig = "(major, minor, /)")]
    fn makedev(th: &Thread, major: Borrowed<'_>, minor: Borrowed<'_>) -> PyResult {
        let half = |number: Borrowed<'_>| match u32::try_from(device_number(th, number)?) {
            Ok(half) => Ok(half),
            Err(_) if number::index(th, number)?.is_negative() => Ok(u32::MAX),
            Err(_) => {
                let message = "Python int too large to convert to C unsigned int";
                Err(th.raise(exc::OVERFLOW_ERROR, message))
            }
        };
        let device = libc::makedev(half(major)?, half(minor)?);
        let device =
            if device == NO_DEVICE { Int::from_i64(th, -1) } else { Int::from_u64(th, device) };
        device.map(Owned::into_object)
    }

    /// The names of what a directory contains, as a list in no particular order and without . and .. entries.
    ///
    /// path may be a descriptor; None is the current directory. Names are bytes if path is, str otherwise.
    #[function(sig = "(path=None)")]
    fn listdir(th: &Thread, path: Option<PathOrFd>) -> PyResult<Owned<List>> {
        let path = path.map_or_else(Path::current, |path| path.0);
        krait_eval::sys::audit(th, "os.listdir", &[path.name()[0].unwrap_or(none())])?;
        let directory = Directory::open(th, &path)?;
        let mut names = Vec::new();
        while let Some((name, ..)) =
            directory.next(th).map_err(|errno| failed(th, errno, path.name()))?
        {
            names.push(path.result(th, &name)?);
        }
        List::from_vec(th, names)
    }

    /// The path of the directory the process works in, as str.
    #[function(sig = "()")]
    fn getcwd(th: &Thread) -> PyResult {
        current_directory(th, false)
    }

    /// The path of the directory the process works in, as bytes.
    #[function(sig = "()")]
    fn getcwdb(th: &Thread) -> PyResult {
        current_directory(th, true)
    }

    /// Let the process work in the directory path, which may be a descriptor.
    #[function(sig = "(path)")]
    fn chdir(th: &Thread, path: PathOrFd) -> PyResult<()> {
        let path = path.0;
        audit!(th, "os.chdir", path.name()[0])?;
        // SAFETY: a terminated path or a descriptor.
        sys(th, path.name(), || unsafe {
            match path.fd {
                Some(fd) => libc::fchdir(fd),
                None => libc::chdir(path.ptr()),
            }
        })
        .map(drop)
    }

    /// Let the process work in the open directory fd.
    #[function(sig = "(fd)")]
    fn fchdir(th: &Thread, fd: super::path::Fildes) -> PyResult<()> {
        audit!(th, "os.chdir", fd.0)?;
        // SAFETY: a plain system call.
        sys_retry(th, NO_NAMES, || unsafe { libc::fchdir(fd.0) }).map(drop)
    }

    /// Let the process's absolute paths start from the directory path.
    #[function(sig = "(path)")]
    fn chroot(th: &Thread, path: Path) -> PyResult<()> {
        // SAFETY: a terminated path.
        sys(th, path.name(), || unsafe { libc::chroot(path.ptr()) }).map(drop)
    }

    /// Make mask the permissions that new files are not to have; the mask so far comes back.
    #[function(sig = "(mask, /)")]
    fn umask(mask: i32) -> u32 {
        // SAFETY: a plain system call.
        unsafe { libc::umask(mask as libc::mode_t) }
    }
}
