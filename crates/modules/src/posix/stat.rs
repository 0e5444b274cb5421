//! `stat` and its relatives, `utime`, `access`, `statvfs`.

use krait_objects::prelude::*;
use krait_objects::structseq::{Field, StructSequence};

use super::Posix;
use super::path::{DirFd, NO_NAMES, Path, PathOrFd, dir_fd, failed, sys, sys_result, sys_retry};

const fn field(name: &'static str, doc: &'static str) -> Field {
    Field { name, doc }
}

static STAT_FIELDS: [Field; 19] = [
    field("st_mode", "kind of file and permissions"),
    field("st_ino", "inode number"),
    field("st_dev", "device it lies on"),
    field("st_nlink", "how many names it has"),
    field("st_uid", "owning user"),
    field("st_gid", "owning group"),
    field("st_size", "length in bytes"),
    field("", "when last read, in whole seconds"),
    field("", "when last written, in whole seconds"),
    field("", "when data or metadata last changed, in whole seconds"),
    field("st_atime", "when last read, in seconds"),
    field("st_mtime", "when last written, in seconds"),
    field("st_ctime", "when data or metadata last changed, in seconds"),
    field("st_atime_ns", "when last read, as integer nanoseconds"),
    field("st_mtime_ns", "when last written, as integer nanoseconds"),
    field("st_ctime_ns", "when data or metadata last changed, as integer nanoseconds"),
    field("st_blksize", "best size for reads and writes"),
    field("st_blocks", "how many blocks of 512 bytes it takes"),
    field("st_rdev", "device it stands for, if a device file"),
];

pub fn stat_result_type(th: &Thread) -> PyResult<Owned<Type>> {
    let doc = "stat_result: what stat(), fstat() and lstat() tell.";
    StructSequence::new_type(th, "os.stat_result", doc, &STAT_FIELDS, 10)
}

static STATVFS_FIELDS: [Field; 11] = [
    field("f_bsize", ""),
    field("f_frsize", ""),
    field("f_blocks", ""),
    field("f_bfree", ""),
    field("f_bavail", ""),
    field("f_files", ""),
    field("f_ffree", ""),
    field("f_favail", ""),
    field("f_flag", ""),
    field("f_namemax", ""),
    field("f_fsid", ""),
];

pub fn statvfs_result_type(th: &Thread) -> PyResult<Owned<Type>> {
    let doc = "statvfs_result: what statvfs() and fstatvfs() tell.";
    StructSequence::new_type(th, "os.statvfs_result", doc, &STATVFS_FIELDS, 10)
}

/// Nanoseconds since the epoch, of any size.
fn nanoseconds(th: &Thread, seconds: i64, rest: i64) -> PyResult {
    let whole = seconds.checked_mul(1_000_000_000).and_then(|whole| whole.checked_add(rest));
    if let Some(whole) = whole {
        return Int::from_i64(th, whole).map(Owned::into_object);
    }
    let billion = Int::from_i64(th, 1_000_000_000)?;
    let seconds = Int::from_i64(th, seconds)?;
    let whole = number::multiply(th, seconds.object(), billion.object())?;
    number::add(th, whole.object(), Int::from_i64(th, rest)?.object())
}

/// A `stat_result` of what the system said.
pub fn stat_result(th: &Thread, st: &libc::stat) -> PyResult {
    let int = |value: i64| Int::from_i64(th, value).map(Owned::into_object);
    let unsigned = |value: u64| Int::from_u64(th, value).map(Owned::into_object);
    let times = [
        (st.st_atime, st.st_atime_nsec),
        (st.st_mtime, st.st_mtime_nsec),
        (st.st_ctime, st.st_ctime_nsec),
    ];
    let mut values = Vec::with_capacity(STAT_FIELDS.len());
    values.push(int(st.st_mode.into())?);
    values.push(unsigned(st.st_ino)?);
    values.push(unsigned(st.st_dev)?);
    values.push(unsigned(st.st_nlink)?);
    values.push(int(st.st_uid.into())?);
    values.push(int(st.st_gid.into())?);
    values.push(int(st.st_size)?);
    for (seconds, _) in times {
        values.push(int(seconds)?);
    }
    for (seconds, rest) in times {
        values.push(Float::new(th, seconds as f64 + 1e-9 * rest as f64)?.into_object());
    }
    for (seconds, rest) in times {
        values.push(nanoseconds(th, seconds, rest)?);
    }
    values.push(int(st.st_blksize)?);
    values.push(int(st.st_blocks)?);
    values.push(unsigned(st.st_rdev)?);
    let ty = stat_result_type(th)?;
    StructSequence::new(th, ty.borrow(), values).map(Owned::into_object)
}

/// ValueError for combinations that mean nothing.
pub fn check_combination(
    th: &Thread,
    function: &str,
    path: &Path,
    dir_fd: &Option<DirFd>,
    follow_symlinks: bool,
) -> PyResult<()> {
    if path.fd.is_some() && dir_fd.is_some() {
        return Err(raise!(th, VALUE_ERROR, "{function}: can't specify both dir_fd and fd"));
    }
    if path.fd.is_some() && !follow_symlinks {
        return Err(raise!(
            th,
            VALUE_ERROR,
            "{function}: cannot use fd and follow_symlinks together"
        ));
    }
    Ok(())
}

/// `fstatat` of a path, or its error number.
pub fn stat_at(
    th: &Thread,
    dir: i32,
    path: *const libc::c_char,
    follow: bool,
) -> Result<libc::stat, i32> {
    let flags = if follow { 0 } else { libc::AT_SYMLINK_NOFOLLOW };
    let st = std::cell::Cell::new(std::mem::MaybeUninit::<libc::stat>::zeroed());
    // SAFETY: a terminated path and room for the answer.
    sys_result(th, || unsafe { libc::fstatat(dir, path, st.as_ptr().cast(), flags) })?;
    // SAFETY: all zeros are valid, and the call succeeded.
    Ok(unsafe { st.into_inner().assume_init() })
}

fn do_stat(th: &Thread, function: &str, path: &Path, dir: Option<DirFd>, follow: bool) -> PyResult {
    check_combination(th, function, path, &dir, follow)?;
    let st = match path.fd {
        Some(fd) => stat_fd(th, fd),
        None => stat_at(th, dir_fd(&dir), path.ptr(), follow),
    };
    stat_result(th, &st.map_err(|errno| failed(th, errno, path.name()))?)
}

fn stat_fd(th: &Thread, fd: i32) -> Result<libc::stat, i32> {
    let st = std::cell::Cell::new(std::mem::MaybeUninit::<libc::stat>::zeroed());
    // SAFETY: room for the answer.
    sys_result(th, || unsafe { libc::fstat(fd, st.as_ptr().cast()) })?;
    // SAFETY: all zeros are valid, and the call succeeded.
    Ok(unsafe { st.into_inner().assume_init() })
}

fn statvfs_result(th: &Thread, st: &libc::statvfs) -> PyResult<Owned<Tuple>> {
    let values = [
        st.f_bsize,
        st.f_frsize,
        st.f_blocks,
        st.f_bfree,
        st.f_bavail,
        st.f_files,
        st.f_ffree,
        st.f_favail,
        st.f_flag,
        st.f_namemax,
        st.f_fsid,
    ];
    let values: PyResult<Vec<Owned>> =
        values.iter().map(|&value| Int::from_u64(th, value).map(Owned::into_object)).collect();
    StructSequence::new(th, statvfs_result_type(th)?.borrow(), values?)
}

/// A time in seconds, as an integer or a float rounded down to nanoseconds.
fn seconds(th: &Thread, value: Borrowed<'_>) -> PyResult<libc::timespec> {
    if let Some(float) = value.downcast::<Float>() {
        let value = float.value();
        if value.is_nan() {
            return Err(th.raise(exc::VALUE_ERROR, "Invalid value NaN (not a number)"));
        }
        let mut whole = value.trunc();
        let mut rest = ((value - whole) * 1e9).floor();
        if rest < 0.0 {
            rest += 1e9;
            whole -= 1.0;
        }
        if whole.abs() >= 9.223_372_036_854_775e18 {
            return Err(th.raise(exc::OVERFLOW_ERROR, "timestamp out of range for platform time_t"));
        }
        return Ok(libc::timespec { tv_sec: whole as i64, tv_nsec: rest as i64 });
    }
    match number::index(th, value)?.to_i64() {
        Some(tv_sec) => Ok(libc::timespec { tv_sec, tv_nsec: 0 }),
        None => Err(th.raise(exc::OVERFLOW_ERROR, "timestamp out of range for platform time_t")),
    }
}

/// A time in nanoseconds.
fn split_nanoseconds(th: &Thread, value: Borrowed<'_>) -> PyResult<libc::timespec> {
    let billion = Int::from_i64(th, 1_000_000_000)?;
    let whole = number::floor_divide(th, value, billion.object())?;
    let rest = number::remainder(th, value, billion.object())?;
    let tv_sec = number::index(th, whole.object())?.to_i64();
    let tv_nsec = number::index(th, rest.object())?.to_i64();
    match (tv_sec, tv_nsec) {
        (Some(tv_sec), Some(tv_nsec)) => Ok(libc::timespec { tv_sec, tv_nsec }),
        _ => Err(th.raise(exc::OVERFLOW_ERROR, "timestamp out of range for platform time_t")),
    }
}

#[pyfunctions(part = "stat")]
impl Posix {
    /// What the system knows of the file at path, as a stat_result.
    ///
    /// With an open file descriptor in place of the path, the file behind it is meant. A relative path starts
    /// from dir_fd if that is given; with follow_symlinks false a symbolic link itself is examined.
    #[function(sig = "(path, *, dir_fd=None, follow_symlinks=True)")]
    fn stat(th: &Thread, path: PathOrFd, dir_fd: Option<DirFd>, follow_symlinks: bool) -> PyResult {
        do_stat(th, "stat", &path.0, dir_fd, follow_symlinks)
    }

    /// As stat(), but of a symbolic link itself rather than what it points to.
    #[function(sig = "(path, *, dir_fd=None)")]
    fn lstat(th: &Thread, path: Path, dir_fd: Option<DirFd>) -> PyResult {
        do_stat(th, "lstat", &path, dir_fd, false)
    }

    /// What the system knows of the open file fd, as a stat_result.
    #[function(sig = "(fd)")]
    fn fstat(th: &Thread, fd: i32) -> PyResult {
        let st = stat_fd(th, fd).map_err(|errno| failed(th, errno, NO_NAMES))?;
        stat_result(th, &st)
    }

    /// What the system knows of the file system that a path or descriptor lies on, as a statvfs_result.
    #[function(sig = "(path)")]
    fn statvfs(th: &Thread, path: PathOrFd) -> PyResult<Owned<Tuple>> {
        let path = path.0;
        let st = std::cell::Cell::new(std::mem::MaybeUninit::<libc::statvfs>::zeroed());
        // SAFETY: a terminated path or a descriptor, and room for the answer.
        sys_retry(th, path.name(), || unsafe {
            match path.fd {
                Some(fd) => libc::fstatvfs(fd, st.as_ptr().cast()),
                None => libc::statvfs(path.ptr(), st.as_ptr().cast()),
            }
        })?;
        // SAFETY: the call succeeded.
        statvfs_result(th, &unsafe { st.into_inner().assume_init() })
    }

    /// What the system knows of the file system that the open file fd lies on, as a statvfs_result.
    #[function(sig = "(fd, /)")]
    fn fstatvfs(th: &Thread, fd: i32) -> PyResult<Owned<Tuple>> {
        let st = std::cell::Cell::new(std::mem::MaybeUninit::<libc::statvfs>::zeroed());
        // SAFETY: room for the answer.
        sys_retry(th, NO_NAMES, || unsafe { libc::fstatvfs(fd, st.as_ptr().cast()) })?;
        // SAFETY: the call succeeded.
        statvfs_result(th, &unsafe { st.into_inner().assume_init() })
    }

    /// Whether the real user may use path as mode says: F_OK, or bits of R_OK, W_OK and X_OK.
    ///
    /// effective_ids asks for the effective user instead. A relative path starts from dir_fd if that is
    /// given; with follow_symlinks false a symbolic link itself is examined.
    #[function(sig = "(path, mode, *, dir_fd=None, effective_ids=False, follow_symlinks=True)")]
    fn access(
        th: &Thread,
        path: Path,
        mode: i32,
        dir_fd: Option<DirFd>,
        effective_ids: bool,
        follow_symlinks: bool,
    ) -> bool {
        let mut flags = if follow_symlinks { 0 } else { libc::AT_SYMLINK_NOFOLLOW };
        if effective_ids {
            flags |= libc::AT_EACCESS;
        }
        let dir = super::path::dir_fd(&dir_fd);
        // SAFETY: a terminated path.
        sys_result(th, || unsafe { libc::faccessat(dir, path.ptr(), mode, flags) }).is_ok()
    }

    /// Change when a file is said to have been read and written last.
    ///
    /// times is a pair of seconds, ns a pair of nanoseconds; with neither the current time is set.
    #[function(
        sig = "(path, times=None, *, ns=None, dir_fd=None, follow_symlinks=True)",
        text = "($module, /, path, times=None, *, ns=<unrepresentable>,\n      dir_fd=None, follow_symlinks=True)"
    )]
    fn utime(
        th: &Thread,
        path: PathOrFd,
        times: Option<Borrowed<'_>>,
        ns: Option<Borrowed<'_>>,
        dir_fd: Option<DirFd>,
        follow_symlinks: bool,
    ) -> PyResult<()> {
        let path = path.0;
        if times.is_some() && ns.is_some() {
            return Err(th.raise(
                exc::VALUE_ERROR,
                "utime: you may specify either 'times' or 'ns' but not both",
            ));
        }
        let pair = |value: Borrowed<'_>, message: &str| -> PyResult<Owned<Tuple>> {
            match value.downcast_exact::<Tuple>() {
                Some(pair) if pair.len() == 2 => Ok(pair.to_owned()),
                _ => Err(th.raise(exc::TYPE_ERROR, message)),
            }
        };
        let both = match (times, ns) {
            (Some(times), _) => {
                let message = "utime: 'times' must be either a tuple of two ints or None";
                let pair = pair(times, message)?;
                let items = pair.as_slice();
                Some([seconds(th, items[0])?, seconds(th, items[1])?])
            }
            (None, Some(ns)) => {
                let pair = pair(ns, "utime: 'ns' must be a tuple of two ints")?;
                let items = pair.as_slice();
                Some([split_nanoseconds(th, items[0])?, split_nanoseconds(th, items[1])?])
            }
            (None, None) => None,
        };
        check_combination(th, "utime", &path, &dir_fd, follow_symlinks)?;
        let dir = super::path::told_dir(&dir_fd);
        audit!(th, "os.utime", path.name()[0], times, ns, dir)?;
        let both = both.as_ref().map_or(std::ptr::null(), |both| both.as_ptr());
        let flags = if follow_symlinks { 0 } else { libc::AT_SYMLINK_NOFOLLOW };
        let dir = super::path::dir_fd(&dir_fd);
        // SAFETY: a terminated path or a descriptor; two times or null for now.
        sys(th, path.name(), || unsafe {
            match path.fd {
                Some(fd) => libc::futimens(fd, both),
                None => libc::utimensat(dir, path.ptr(), both, flags),
            }
        })?;
        Ok(())
    }
}
