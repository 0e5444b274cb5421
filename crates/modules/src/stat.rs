//! `_stat`: what the bits of a file's mode mean.
//!
//! The same job as CPython's `Modules/_stat.c`.

use krait_objects::prelude::*;

#[path = "stat_constants.rs"]
mod constants;

/// The mode of a file: constants for its bits, and functions that tell its type.
#[pymodule(name = "_stat")]
pub struct Stat;

/// A mode argument.
fn mode_of(th: &Thread, object: Borrowed<'_>) -> PyResult<u32> {
    let mode = number::index(th, object)?;
    match mode.to_u64() {
        Some(mode) => {
            u32::try_from(mode).map_err(|_| th.raise(exc::OVERFLOW_ERROR, "mode out of range"))
        }
        None if mode.is_negative() => {
            Err(th.raise(exc::OVERFLOW_ERROR, "can't convert negative value to unsigned int"))
        }
        None => {
            Err(th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C unsigned long"))
        }
    }
}

fn is(th: &Thread, object: Borrowed<'_>, kind: libc::mode_t) -> PyResult<bool> {
    Ok(mode_of(th, object)? & libc::S_IFMT == kind)
}

fn type_letter(mode: u32) -> char {
    match mode & libc::S_IFMT {
        libc::S_IFREG => '-',
        libc::S_IFDIR => 'd',
        libc::S_IFLNK => 'l',
        libc::S_IFBLK => 'b',
        libc::S_IFCHR => 'c',
        libc::S_IFIFO => 'p',
        libc::S_IFSOCK => 's',
        _ => '?',
    }
}

/// `rwx` for three bits; a special bit shows in place of `x`.
fn push_bits(text: &mut String, bits: u32, special: bool, letter: char) {
    text.push(if bits & 4 != 0 { 'r' } else { '-' });
    text.push(if bits & 2 != 0 { 'w' } else { '-' });
    text.push(match (bits & 1 != 0, special) {
        (true, true) => letter,
        (false, true) => letter.to_ascii_uppercase(),
        (true, false) => 'x',
        (false, false) => '-',
    });
}

#[pyfunctions]
impl Stat {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        for (name, value) in constants::CONSTANTS {
            module.add(th, name, Int::from_i64(th, *value)?.object())?;
        }
        Ok(())
    }

    /// Whether the mode is that of a directory.
    #[function(name = "S_ISDIR", sig = "(object, /)", no_text)]
    fn is_dir(th: &Thread, object: Borrowed<'_>) -> PyResult<bool> {
        is(th, object, libc::S_IFDIR)
    }

    /// Whether the mode is that of a character device.
    #[function(name = "S_ISCHR", sig = "(object, /)", no_text)]
    fn is_chr(th: &Thread, object: Borrowed<'_>) -> PyResult<bool> {
        is(th, object, libc::S_IFCHR)
    }

    /// Whether the mode is that of a block device.
    #[function(name = "S_ISBLK", sig = "(object, /)", no_text)]
    fn is_blk(th: &Thread, object: Borrowed<'_>) -> PyResult<bool> {
        is(th, object, libc::S_IFBLK)
    }

    /// Whether the mode is that of a regular file.
    #[function(name = "S_ISREG", sig = "(object, /)", no_text)]
    fn is_reg(th: &Thread, object: Borrowed<'_>) -> PyResult<bool> {
        is(th, object, libc::S_IFREG)
    }

    /// Whether the mode is that of a named pipe.
    #[function(name = "S_ISFIFO", sig = "(object, /)", no_text)]
    fn is_fifo(th: &Thread, object: Borrowed<'_>) -> PyResult<bool> {
        is(th, object, libc::S_IFIFO)
    }

    /// Whether the mode is that of a symbolic link.
    #[function(name = "S_ISLNK", sig = "(object, /)", no_text)]
    fn is_lnk(th: &Thread, object: Borrowed<'_>) -> PyResult<bool> {
        is(th, object, libc::S_IFLNK)
    }

    /// Whether the mode is that of a socket.
    #[function(name = "S_ISSOCK", sig = "(object, /)", no_text)]
    fn is_sock(th: &Thread, object: Borrowed<'_>) -> PyResult<bool> {
        is(th, object, libc::S_IFSOCK)
    }

    /// Whether the mode is that of a door.
    #[function(name = "S_ISDOOR", sig = "(object, /)", no_text)]
    fn is_door(th: &Thread, object: Borrowed<'_>) -> PyResult<bool> {
        mode_of(th, object).map(|_| false)
    }

    /// Whether the mode is that of an event port.
    #[function(name = "S_ISPORT", sig = "(object, /)", no_text)]
    fn is_port(th: &Thread, object: Borrowed<'_>) -> PyResult<bool> {
        mode_of(th, object).map(|_| false)
    }

    /// Whether the mode is that of a whiteout.
    #[function(name = "S_ISWHT", sig = "(object, /)", no_text)]
    fn is_wht(th: &Thread, object: Borrowed<'_>) -> PyResult<bool> {
        mode_of(th, object).map(|_| false)
    }

    /// The bits of a mode that chmod() changes: permissions, set-id bits and sticky bit.
    #[function(name = "S_IMODE", sig = "(object, /)", no_text)]
    fn permission_bits(th: &Thread, object: Borrowed<'_>) -> PyResult<u32> {
        Ok(mode_of(th, object)? & 0o7777)
    }

    /// The bits of a mode that tell what kind of file it is.
    #[function(name = "S_IFMT", sig = "(object, /)", no_text)]
    fn type_bits(th: &Thread, object: Borrowed<'_>) -> PyResult<u32> {
        Ok(mode_of(th, object)? & libc::S_IFMT)
    }

    /// A mode as ls -l shows it, for example '-rwxr-xr-x'.
    #[function(sig = "(object, /)", no_text)]
    fn filemode(th: &Thread, object: Borrowed<'_>) -> PyResult<String> {
        let mode = mode_of(th, object)?;
        let mut text = String::from(type_letter(mode));
        push_bits(&mut text, mode >> 6, mode & libc::S_ISUID != 0, 's');
        push_bits(&mut text, mode >> 3, mode & libc::S_ISGID != 0, 's');
        push_bits(&mut text, mode, mode & libc::S_ISVTX != 0, 't');
        Ok(text)
    }
}
