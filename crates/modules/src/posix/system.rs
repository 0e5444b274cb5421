//! The environment, the machine, terminals, random bytes, path helpers.

use std::ffi::CString;
use std::os::unix::ffi::OsStringExt;

use krait_eval::gil::without_gil;
use krait_objects::prelude::*;
use krait_objects::structseq::{Field, StructSequence};

use super::Posix;
use super::path::{
    FsBytes, NO_NAMES, PathOrFd, c_bytes, errno, failed, path_bytes, sys, sys_retry,
};
use super::{constants, path};

static UNAME: [Field; 5] = [
    Field { name: "sysname", doc: "what the system is called" },
    Field { name: "nodename", doc: "what the machine is called among others" },
    Field { name: "release", doc: "which release of the system" },
    Field { name: "version", doc: "which build of that release" },
    Field { name: "machine", doc: "kind of processor" },
];

pub fn uname_type(th: &Thread) -> PyResult<Owned<Type>> {
    let doc = "uname_result: what os.uname() tells.";
    StructSequence::new_type(th, "posix.uname_result", doc, &UNAME, 5)
}

static TERMINAL: [Field; 2] = [
    Field { name: "columns", doc: "how many characters a line holds" },
    Field { name: "lines", doc: "how many lines fit" },
];

pub fn terminal_type(th: &Thread) -> PyResult<Owned<Type>> {
    let doc = "How large a terminal is: a tuple of columns and lines.";
    StructSequence::new_type(th, "os.terminal_size", doc, &TERMINAL, 2)
}

/// The environment as a dictionary of bytes; the first of several values counts.
pub fn environment(th: &Thread) -> PyResult<Owned<Dict>> {
    let environ = Dict::new(th)?;
    for (name, value) in std::env::vars_os() {
        let (name, value) = (name.into_vec(), value.into_vec());
        let (name, value) = (Bytes::new(th, &name)?, Bytes::new(th, &value)?);
        environ.set_default(th, name.object(), value.object())?;
    }
    Ok(environ)
}

/// The number for a name that is given as one or as the other.
fn configuration_name(th: &Thread, name: Borrowed<'_>, names: &[(&str, i64)]) -> PyResult<i32> {
    if let Some(text) = name.downcast::<Str>() {
        return match names.iter().find(|(known, _)| text.eq_str(known)) {
            Some(&(_, value)) => Ok(value as i32),
            None => Err(th.raise(exc::VALUE_ERROR, "unrecognized configuration name")),
        };
    }
    if !number::is_index(name) {
        return Err(th.raise(exc::TYPE_ERROR, "configuration names must be strings or integers"));
    }
    match number::index(th, name)?.to_i64().and_then(|value| i32::try_from(value).ok()) {
        Some(value) => Ok(value),
        None => Err(th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C int")),
    }
}

/// A path without `.`, `..` and doubled slashes.
fn normalized<T: Copy + PartialEq + From<u8>>(path: &[T]) -> Vec<T> {
    let (slash, dot) = (T::from(b'/'), T::from(b'.'));
    let root = root_of(path);
    let mut result = Vec::with_capacity(path.len().max(1));
    result.extend_from_slice(&path[..root]);
    // How many parts at the end `..` can take away.
    let mut named = 0usize;
    for part in path.split(|&unit| unit == slash) {
        if part.is_empty() || part == [dot] {
            continue;
        }
        let up = part == [dot, dot];
        if up && named > 0 {
            let last = result[root..].iter().rposition(|&unit| unit == slash);
            result.truncate(root + last.unwrap_or(0));
            named -= 1;
        } else if !up || root == 0 {
            if result.len() > root {
                result.push(slash);
            }
            result.extend_from_slice(part);
            named += usize::from(!up);
        }
    }
    if result.is_empty() {
        result.push(dot);
    }
    result
}

/// How many slashes at the start count: two, if there are no more, may mean something of their own.
fn root_of<T: Copy + PartialEq + From<u8>>(path: &[T]) -> usize {
    let slashes = path.iter().take_while(|&&unit| unit == T::from(b'/')).count();
    if slashes == 2 { 2 } else { slashes.min(1) }
}

/// The characters of a plain ASCII `str`, which paths mostly are.
fn ascii_path<'a>(path: Borrowed<'a>) -> Option<&'a [u8]> {
    Some(path.downcast_exact::<Str>()?.get().as_ascii()?.as_bytes())
}

/// The code points of a `str`, or the bytes of `bytes`.
fn units(th: &Thread, path: Borrowed<'_>, function: &str) -> PyResult<(Vec<u32>, bool)> {
    let path = match path::fspath(th, path) {
        Ok(path) => path,
        Err(raised) => {
            th.take_if(raised, exc::TYPE_ERROR)?;
            return Err(raise!(
                th,
                TYPE_ERROR,
                "{function}: path should be string, bytes or os.PathLike, not {}",
                path.type_name()
            ));
        }
    };
    if let Some(text) = path.object().downcast::<Str>() {
        return Ok((text.chars().iter().collect(), false));
    }
    let (data, bytes) = path_bytes(th, path.object())?;
    Ok((data.into_iter().map(u32::from).collect(), bytes))
}

fn from_units(th: &Thread, units: &[u32], bytes: bool) -> PyResult {
    if bytes {
        let data: Vec<u8> = units.iter().map(|&unit| unit as u8).collect();
        return Bytes::new(th, &data).map(Owned::into_object);
    }
    Str::from_code_points(th, units).map(Owned::into_object)
}

/// A limit of a path or a descriptor.
fn limit_of(th: &Thread, path: &path::Path, name: i32) -> PyResult<i64> {
    // SAFETY: a terminated path or a descriptor; -1 may be the answer, so errno decides.
    let (value, error) = unsafe {
        *libc::__errno_location() = 0;
        let value = match path.fd {
            Some(fd) => libc::fpathconf(fd, name),
            None => libc::pathconf(path.ptr(), name),
        };
        (value, errno())
    };
    if value == -1 && error != 0 { Err(failed(th, error, path.name())) } else { Ok(value) }
}

fn random(th: &Thread, size: isize, flags: u32, whole: bool) -> PyResult<Owned<Bytes>> {
    let mut data = Vec::new();
    if !th.interp().heap.allows(size as usize) || data.try_reserve_exact(size as usize).is_err() {
        return Err(th.no_memory());
    }
    data.resize(size as usize, 0u8);
    let mut done = 0;
    while done < data.len() {
        let rest = &mut data[done..];
        let (start, room) = (rest.as_mut_ptr().cast(), rest.len());
        // SAFETY: room for that many bytes.
        let got = sys_retry(th, NO_NAMES, || unsafe { libc::getrandom(start, room, flags) })?;
        done += got as usize;
        if !whole {
            break;
        }
    }
    Bytes::new(th, &data[..done])
}

#[pyfunctions(part = "system")]
impl Posix {
    /// A new dict of the environment variables the process has now; names and values are bytes.
    #[function(sig = "()")]
    fn _create_environ(th: &Thread) -> PyResult<Owned<Dict>> {
        environment(th)
    }

    /// Give the environment variable name a value, whether it had one or not.
    #[function(sig = "(name, value, /)")]
    fn putenv(th: &Thread, name: FsBytes, value: FsBytes) -> PyResult<()> {
        let (name, value) = (name.0, value.0);
        if name.as_bytes().contains(&b'=') {
            return Err(th.raise(exc::VALUE_ERROR, "illegal environment variable name"));
        }
        audit!(th, "os.putenv", Bytes::new(th, name.as_bytes()), Bytes::new(th, value.as_bytes()))?;
        // SAFETY: terminated strings; the interpreter's other users of the environment hold the GIL.
        if unsafe { libc::setenv(name.as_ptr(), value.as_ptr(), 1) } != 0 {
            return Err(failed(th, errno(), NO_NAMES));
        }
        Ok(())
    }

    /// Take the variable name out of the environment.
    #[function(sig = "(name, /)")]
    fn unsetenv(th: &Thread, name: FsBytes) -> PyResult<()> {
        audit!(th, "os.unsetenv", Bytes::new(th, name.0.as_bytes()))?;
        // SAFETY: as for `putenv`.
        if unsafe { libc::unsetenv(name.0.as_ptr()) } != 0 {
            return Err(failed(th, errno(), NO_NAMES));
        }
        Ok(())
    }

    /// The str or bytes that path is, or that its __fspath__() gives; TypeError for anything else.
    #[function(sig = "(path)")]
    fn fspath(th: &Thread, path: Borrowed<'_>) -> PyResult {
        path::fspath(th, path)
    }

    /// The path without repeated slashes, . and .. as far as text alone allows.
    #[function(sig = "(path)")]
    fn _path_normpath(th: &Thread, path: Borrowed<'_>) -> PyResult {
        if let Some(path) = ascii_path(path) {
            return Str::from_ascii(th, &normalized(path)).map(Owned::into_object);
        }
        let (units, bytes) = units(th, path, "_path_normpath")?;
        from_units(th, &normalized(&units), bytes)
    }

    /// The parts of a path as a tuple: drive (always empty), root (the slashes that count), and the rest.
    #[function(sig = "(p)")]
    fn _path_splitroot_ex(th: &Thread, p: Borrowed<'_>) -> PyResult<(Owned, Owned, Owned)> {
        if let Some(path) = ascii_path(p) {
            let (root, tail) = path.split_at(root_of(path));
            let tail = match root {
                [] => p.to_owned(),
                _ => Str::from_ascii(th, tail)?.into_object(),
            };
            let drive = Str::empty().to_owned().into_object();
            return Ok((drive, Str::from_ascii(th, root)?.into_object(), tail));
        }
        let (units, bytes) = units(th, p, "_path_splitroot_ex")?;
        let (root, tail) = units.split_at(root_of(&units));
        Ok((
            from_units(th, &[], bytes)?,
            from_units(th, root, bytes)?,
            from_units(th, tail, bytes)?,
        ))
    }

    #[function(sig = "()")]
    fn _inputhook() {}

    #[function(sig = "()")]
    fn _is_inputhook_installed() -> bool {
        false
    }

    /// How many logical CPUs there are, or None if that is unknown.
    #[function(sig = "()")]
    fn cpu_count(th: &Thread) -> Option<i64> {
        let asked_for = krait_eval::config::of(th).cpu_count;
        if asked_for > 0 {
            return Some(asked_for.into());
        }
        // SAFETY: a plain system call.
        Some(unsafe { libc::sysconf(libc::_SC_NPROCESSORS_ONLN) }).filter(|&count| count > 0)
    }

    /// The value of a setting or limit of the system, an integer; name is a key of sysconf_names or a number.
    #[function(sig = "(name, /)")]
    fn sysconf(th: &Thread, name: Borrowed<'_>) -> PyResult<i64> {
        let name = configuration_name(th, name, constants::SYSCONF)?;
        // SAFETY: a plain question; -1 may be the answer, so errno decides.
        let (value, error) = unsafe {
            *libc::__errno_location() = 0;
            (libc::sysconf(name), errno())
        };
        if value == -1 && error != 0 { Err(failed(th, error, NO_NAMES)) } else { Ok(value) }
    }

    /// The value of a setting of the system, a str or None; name is a key of confstr_names or a number.
    #[function(sig = "(name, /)")]
    fn confstr(th: &Thread, name: Borrowed<'_>) -> PyResult<Option<Owned<Str>>> {
        let name = configuration_name(th, name, constants::CONFSTR)?;
        let mut buffer = vec![0u8; 4096];
        // SAFETY: room for that many bytes.
        let (length, error) = unsafe {
            *libc::__errno_location() = 0;
            (libc::confstr(name, buffer.as_mut_ptr().cast(), buffer.len()), errno())
        };
        if length == 0 {
            return if error != 0 { Err(failed(th, error, NO_NAMES)) } else { Ok(None) };
        }
        let end = (length - 1).min(buffer.len() - 1);
        Str::from_fs_bytes(th, &buffer[..end]).map(Some)
    }

    /// A limit that holds for the file or directory path; name is a key of pathconf_names or a number.
    #[function(sig = "(path, name)")]
    fn pathconf(th: &Thread, path: PathOrFd, name: Borrowed<'_>) -> PyResult<i64> {
        let path = path.0;
        let name = configuration_name(th, name, constants::PATHCONF)?;
        limit_of(th, &path, name)
    }

    /// A limit that holds for the open file fd; name is a key of pathconf_names or a number.
    #[function(sig = "(fd, name, /)")]
    fn fpathconf(th: &Thread, fd: path::Fildes, name: Borrowed<'_>) -> PyResult<i64> {
        let name = configuration_name(th, name, constants::PATHCONF)?;
        limit_of(th, &path::Path { fd: Some(fd.0), ..path::Path::current() }, name)
    }

    /// What system and machine this is, as a uname_result.
    #[function(sig = "()")]
    fn uname(th: &Thread) -> PyResult<Owned<Tuple>> {
        // SAFETY: the call fills in terminated strings.
        let uts = unsafe {
            let mut uts: libc::utsname = std::mem::zeroed();
            if libc::uname(&mut uts) < 0 {
                return Err(failed(th, errno(), NO_NAMES));
            }
            uts
        };
        let fields = [&uts.sysname, &uts.nodename, &uts.release, &uts.version, &uts.machine];
        let values: PyResult<Vec<Owned>> = fields
            .iter()
            // SAFETY: terminated, as above.
            .map(|text| Str::from_fs_bytes(th, unsafe { c_bytes(text.as_ptr()) }))
            .map(|text| text.map(Owned::into_object))
            .collect();
        StructSequence::new(th, uname_type(th)?.borrow(), values?)
    }

    /// How large the terminal behind fd is, as a terminal_size; OSError if fd is no terminal.
    #[function(sig = "(fd=1, /)", text = "($module, fd=<unrepresentable>, /)")]
    fn get_terminal_size(th: &Thread, fd: i32) -> PyResult<Owned<Tuple>> {
        // SAFETY: the request fills in the struct.
        let size = unsafe {
            let mut size: libc::winsize = std::mem::zeroed();
            if libc::ioctl(fd, libc::TIOCGWINSZ, &mut size) == -1 {
                return Err(failed(th, errno(), NO_NAMES));
            }
            size
        };
        let values = vec![
            Int::from_i64(th, size.ws_col.into())?.into_object(),
            Int::from_i64(th, size.ws_row.into())?.into_object(),
        ];
        StructSequence::new(th, terminal_type(th)?.borrow(), values)
    }

    /// The encoding of the terminal behind fd, or None if it is no terminal.
    #[function(sig = "(fd)")]
    fn device_encoding(th: &Thread, fd: i32) -> Option<&'static str> {
        // SAFETY: a plain system call.
        (without_gil(th, || unsafe { libc::isatty(fd) }) == 1).then_some("utf-8")
    }

    /// The path of the terminal that fd belongs to; OSError if it is none.
    #[function(sig = "(fd, /)")]
    fn ttyname(th: &Thread, fd: i32) -> PyResult<Owned<Str>> {
        let mut buffer = vec![0u8; 256];
        // SAFETY: room for that many bytes.
        let error = unsafe { libc::ttyname_r(fd, buffer.as_mut_ptr().cast(), buffer.len()) };
        if error != 0 {
            return Err(failed(th, error, NO_NAMES));
        }
        let end = buffer.iter().position(|&byte| byte == 0).unwrap_or(0);
        Str::from_fs_bytes(th, &buffer[..end])
    }

    /// Return the system's words for an error number.
    #[function(sig = "(code, /)")]
    fn strerror(th: &Thread, code: i32) -> PyResult<Owned<Str>> {
        let text = krait_objects::exceptions::os::strerror(code);
        Str::from_string(th, text)
    }

    /// As many bytes as size says from the system's random source, good enough for cryptography.
    #[function(sig = "(size, /)")]
    fn urandom(th: &Thread, size: isize) -> PyResult<Owned<Bytes>> {
        if size < 0 {
            return Err(th.raise(exc::VALUE_ERROR, "negative argument not allowed"));
        }
        random(th, size, 0, true)
    }

    /// At most size random bytes from the system; flags are bits of GRND_NONBLOCK and GRND_RANDOM.
    #[function(sig = "(size, flags=0)")]
    fn getrandom(th: &Thread, size: isize, flags: i32) -> PyResult<Owned<Bytes>> {
        if size < 0 {
            return Err(failed(th, libc::EINVAL, NO_NAMES));
        }
        random(th, size, flags as u32, false)
    }

    /// How many processes were ready to run on average over the last 1, 5 and 15 minutes: three floats.
    ///
    /// OSError if the system does not tell.
    #[function(sig = "()")]
    fn getloadavg(th: &Thread) -> PyResult<(f64, f64, f64)> {
        let mut load = [0.0; 3];
        // SAFETY: room for three numbers.
        if unsafe { libc::getloadavg(load.as_mut_ptr(), 3) } != 3 {
            return Err(th.raise(exc::OS_ERROR, "Load averages are unobtainable"));
        }
        let [one, five, fifteen] = load;
        Ok((one, five, fifteen))
    }

    /// A descriptor for a new file that lies in memory and in no directory.
    ///
    /// name is for debugging only; flags are bits of the MFD constants.
    #[function(sig = "(name, flags=MFD_CLOEXEC)")]
    fn memfd_create(
        th: &Thread,
        name: FsBytes,
        #[default(libc::MFD_CLOEXEC)] flags: u32,
    ) -> PyResult<i32> {
        let name: CString = name.0;
        // SAFETY: a terminated string.
        sys(th, NO_NAMES, || unsafe { libc::memfd_create(name.as_ptr(), flags) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalized_by_text_alone() {
        for (path, expected) in [
            ("", "."),
            ("a/..", "."),
            ("..", ".."),
            ("../..", "../.."),
            ("../a/../b", "../b"),
            ("a/b/../../..", ".."),
            ("/..", "/"),
            ("//a/../../b", "//b"),
            ("///a//./b/", "/a/b"),
        ] {
            assert_eq!(normalized(path.as_bytes()), expected.as_bytes(), "{path}");
        }
    }
}
