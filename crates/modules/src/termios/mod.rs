//! `termios`: the settings of terminals.
//!
//! The same job as CPython's `Modules/termios.c`.

mod constants;

use std::ffi::c_int;
use std::mem::MaybeUninit;

use krait_objects::bytes::Bytes;
use krait_objects::prelude::*;

use crate::posix::path::{Fildes, sys_result};
use crate::support;

/// Control of terminals, by the calls that POSIX has for it.
///
/// Each function takes a descriptor, or a file object that has one, first.
#[pymodule(name = "termios")]
pub struct Termios;

/// How many control characters there are.
const CHARACTERS: usize = libc::NCCS;

#[derive(Default)]
struct ErrorClass(Slot<Type>);

/// `termios.error` for an error number.
fn failed(th: &Thread, errno: c_int) -> Raised {
    let made = || -> PyResult<Raised> {
        let text = krait_objects::exceptions::os::strerror(errno);
        let args = Tuple::pack(
            th,
            [Int::from_i64(th, errno.into())?.into_object(), Str::new(th, &text)?.into_object()],
        )?;
        let class = th.interp().state::<ErrorClass>().0.get_owned();
        let class = class.unwrap_or_else(|| Borrowed::from_ref(exc::OS_ERROR).to_owned());
        Ok(th.raise_in(class.borrow(), Some(args.object())))
    };
    made().unwrap_or_else(|raised| raised)
}

/// A call that may wait, without the GIL.
fn call(th: &Thread, body: impl Fn() -> c_int) -> PyResult<()> {
    sys_result(th, body).map(drop).map_err(|errno| failed(th, errno))
}

fn settings(th: &Thread, fd: c_int) -> PyResult<libc::termios> {
    // SAFETY: any bytes are a value of this struct, which the call fills in.
    let mut settings: libc::termios = unsafe { MaybeUninit::zeroed().assume_init() };
    let at = (&raw mut settings) as usize;
    // SAFETY: the struct outlives the call.
    call(th, || unsafe { libc::tcgetattr(fd, at as *mut libc::termios) })?;
    Ok(settings)
}

/// The low bits of an int that fits into a C long.
fn bits(th: &Thread, value: Borrowed<'_>) -> PyResult<libc::tcflag_t> {
    let value = number::index(th, value)?.to_i64();
    let value = value.ok_or_else(|| {
        th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C long")
    })?;
    Ok(value as libc::tcflag_t)
}

/// A control character: one byte, or its number.
fn character(th: &Thread, value: Borrowed<'_>) -> PyResult<libc::cc_t> {
    if let Some([byte]) = value.downcast::<Bytes>().map(|bytes| bytes.get().as_bytes()) {
        return Ok(*byte);
    }
    if Int::check(&value) {
        return Ok(bits(th, value)? as libc::cc_t);
    }
    let message = "tcsetattr: elements of attributes must be bytes objects of length 1 or integers";
    Err(th.raise(exc::TYPE_ERROR, message))
}

#[pyfunctions]
impl Termios {
    /// The settings of a terminal: [iflag, oflag, cflag, lflag, ispeed, ospeed, cc].
    ///
    /// cc is a list of the control characters as bytes of length 1, but of numbers at VMIN and VTIME unless lflag has ICANON.
    #[function(sig = "(fd, /)")]
    fn tcgetattr(th: &Thread, fd: Fildes) -> PyResult<Owned<List>> {
        let settings = settings(th, fd.0)?;
        let raw = settings.c_lflag & libc::ICANON == 0;
        let mut characters = Vec::with_capacity(CHARACTERS);
        for (at, &byte) in settings.c_cc.iter().enumerate() {
            characters.push(match raw && (at == libc::VMIN || at == libc::VTIME) {
                true => Int::from_i64(th, byte.into())?.into_object(),
                false => Bytes::new(th, &[byte])?.into_object(),
            });
        }
        // SAFETY: the struct is filled in.
        let (input, output) =
            unsafe { (libc::cfgetispeed(&settings), libc::cfgetospeed(&settings)) };
        let numbers =
            [settings.c_iflag, settings.c_oflag, settings.c_cflag, settings.c_lflag, input, output];
        let list = List::with_capacity(th, 7)?;
        for number in numbers {
            list.push(th, Int::from_i64(th, number.into())?.into_object())?;
        }
        list.push(th, List::from_vec(th, characters)?.into_object())?;
        Ok(list)
    }

    /// Change the settings of a terminal to a list such as tcgetattr() returns.
    ///
    /// when is TCSANOW (at once), TCSADRAIN (once everything is sent) or TCSAFLUSH (and what has not been read is dropped).
    #[function(sig = "(fd, when, attributes, /)")]
    fn tcsetattr(th: &Thread, fd: Fildes, when: i32, attributes: Borrowed<'_>) -> PyResult<()> {
        let attributes = attributes.downcast::<List>().filter(|list| list.len() == 7);
        let Some(attributes) = attributes else {
            return Err(th.raise(exc::TYPE_ERROR, "tcsetattr, arg 3: must be 7 element list"));
        };
        let item = |list: Borrowed<'_, List>, at: usize| {
            list.get().get(at).ok_or_else(|| th.raise(exc::INDEX_ERROR, "list index out of range"))
        };
        let number = |at: usize| bits(th, item(attributes, at)?.borrow());
        let mut settings = settings(th, fd.0)?;
        settings.c_iflag = number(0)?;
        settings.c_oflag = number(1)?;
        settings.c_cflag = number(2)?;
        settings.c_lflag = number(3)?;
        let (input, output) = (number(4)?, number(5)?);
        let characters = item(attributes, 6)?;
        let list = characters.borrow().downcast::<List>().filter(|list| list.len() == CHARACTERS);
        let Some(list) = list else {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "tcsetattr: attributes[6] must be {CHARACTERS} element list"
            ));
        };
        for (at, place) in settings.c_cc.iter_mut().enumerate() {
            *place = character(th, item(list, at)?.borrow())?;
        }
        // SAFETY: the struct is filled in.
        let wrong = unsafe {
            libc::cfsetispeed(&mut settings, input) != 0
                || libc::cfsetospeed(&mut settings, output) != 0
        };
        if wrong {
            return Err(failed(th, libc::EINVAL));
        }
        // SAFETY: the struct outlives the call.
        call(th, || unsafe { libc::tcsetattr(fd.0, when, &settings) })
    }

    /// Send a break: a stream of zeros, for a quarter to half a second if duration is 0.
    #[function(sig = "(fd, duration, /)")]
    fn tcsendbreak(th: &Thread, fd: Fildes, duration: i32) -> PyResult<()> {
        // SAFETY: a system call on numbers; so are the next three.
        call(th, || unsafe { libc::tcsendbreak(fd.0, duration) })
    }

    /// Wait until everything that was written is sent.
    #[function(sig = "(fd, /)")]
    fn tcdrain(th: &Thread, fd: Fildes) -> PyResult<()> {
        // SAFETY: as in `tcsendbreak`.
        call(th, || unsafe { libc::tcdrain(fd.0) })
    }

    /// Drop what is in a queue: TCIFLUSH of input, TCOFLUSH of output, or TCIOFLUSH.
    #[function(sig = "(fd, queue, /)")]
    fn tcflush(th: &Thread, fd: Fildes, queue: i32) -> PyResult<()> {
        // SAFETY: as in `tcsendbreak`.
        call(th, || unsafe { libc::tcflush(fd.0, queue) })
    }

    /// Stop output (TCOOFF) or input (TCIOFF), or let it go on (TCOON, TCION).
    #[function(sig = "(fd, action, /)")]
    fn tcflow(th: &Thread, fd: Fildes, action: i32) -> PyResult<()> {
        // SAFETY: as in `tcsendbreak`.
        call(th, || unsafe { libc::tcflow(fd.0, action) })
    }

    /// The size of a terminal's window: (rows, columns).
    #[function(sig = "(fd, /)")]
    fn tcgetwinsize(th: &Thread, fd: Fildes) -> PyResult<(usize, usize)> {
        let size = window_size(th, fd.0)?;
        Ok((size.ws_row.into(), size.ws_col.into()))
    }

    /// Tell a terminal the size of its window: winsize is (rows, columns).
    #[function(sig = "(fd, winsize, /)")]
    fn tcsetwinsize(th: &Thread, fd: Fildes, winsize: Borrowed<'_>) -> PyResult<()> {
        let wrong =
            || th.raise(exc::TYPE_ERROR, "tcsetwinsize, arg 2: must be a two-item sequence");
        if !sequence::check(winsize) || sequence::len(th, winsize)? != 2 {
            return Err(wrong());
        }
        let mut sides = [0; 2];
        for (at, side) in sides.iter_mut().enumerate() {
            let value = number::index(th, sequence::get(th, winsize, at as isize)?.borrow())?;
            *side = value
                .to_i64()
                .and_then(|value| u16::try_from(value).ok())
                .ok_or_else(|| th.raise(exc::OVERFLOW_ERROR, "winsize value(s) out of range."))?;
        }
        let mut size = window_size(th, fd.0)?;
        [size.ws_row, size.ws_col] = sides;
        // SAFETY: the struct outlives the call.
        call(th, || unsafe { libc::ioctl(fd.0, libc::TIOCSWINSZ, &raw const size) })
    }

    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        let error = support::add_exception(th, module, "termios", "error", exc::EXCEPTION)?;
        th.interp().state::<ErrorClass>().0.set(Some(error));
        for (name, value) in constants::CONSTANTS {
            module.add(th, name, Int::from_i64(th, value)?.object())?;
        }
        Ok(())
    }
}

fn window_size(th: &Thread, fd: c_int) -> PyResult<libc::winsize> {
    let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    let at = (&raw mut size) as usize;
    // SAFETY: the struct outlives the call.
    call(th, || unsafe { libc::ioctl(fd, libc::TIOCGWINSZ, at as *mut libc::winsize) })?;
    Ok(size)
}
