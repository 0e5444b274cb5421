//! `syslog`: messages to the system's log.
//!
//! The same job as CPython's `Modules/syslogmodule.c`.

use std::cell::{Cell, RefCell};
use std::ffi::{CString, c_int};

use krait_eval::sys::{self, audit};
use krait_objects::args::Args;
use krait_objects::prelude::*;

/// The system's log.
#[pymodule(name = "syslog")]
pub struct Syslog;

/// Whether the log is open, and the name that its lines begin with: the C library keeps only a pointer to it.
#[derive(Default)]
struct Log {
    open: Cell<bool>,
    ident: RefCell<Option<CString>>,
}

impl Log {
    fn close(&self) {
        if self.open.replace(false) {
            // SAFETY: the C library forgets the name, which lives until then.
            unsafe { libc::closelog() };
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.close();
    }
}

/// Text for C; `None` as the C library's default.
fn c_text(th: &Thread, text: Borrowed<'_, Str>) -> PyResult<CString> {
    CString::new(text.as_utf8(th)?.as_bytes())
        .map_err(|_| th.raise(exc::VALUE_ERROR, "embedded null character"))
}

/// The program's name without its folders, as the first of `sys.argv` has it.
fn program_name(th: &Thread) -> PyResult<Option<Owned<Str>>> {
    let argv = sys::get(th, Str::interned(th, "argv")?.borrow())?;
    let first = argv.and_then(|argv| argv.borrow().downcast::<List>()?.get().get(0));
    let Some(first) = first.and_then(|first| first.downcast::<Str>().ok()) else {
        return Ok(None);
    };
    let text = first.to_string_lossy();
    let name = text.rsplit('/').next().unwrap_or(&text);
    if name.is_empty() { Ok(None) } else { Str::new(th, name).map(Some) }
}

fn open(
    th: &Thread,
    ident: Option<Borrowed<'_, Str>>,
    option: c_int,
    facility: c_int,
) -> PyResult<()> {
    let own = match ident {
        Some(ident) => Some(ident.to_owned()),
        None => program_name(th)?,
    };
    let text = own.as_ref().map(|ident| c_text(th, ident.borrow())).transpose()?;
    let shown = own.map_or_else(|| none().to_owned(), Owned::into_object);
    let numbers = [option, facility].map(|number| Int::from_i64(th, number.into()));
    let [a, b] = numbers;
    audit(th, "syslog.openlog", &[shown.borrow(), a?.object(), b?.object()])?;
    let log = th.interp().state::<Log>();
    let name = text.as_ref().map_or(std::ptr::null(), |text| text.as_ptr());
    // SAFETY: the name is kept beside; the old one is let go only when the C library has the new one.
    unsafe { libc::openlog(name, option, facility) };
    log.ident.replace(text);
    log.open.set(true);
    Ok(())
}

#[pyfunctions]
impl Syslog {
    /// Set how later calls of syslog() are logged.
    ///
    /// ident begins each line (the program's name without it), logoption is a set of LOG_ bits, and facility the kind
    /// of program where a priority names none.
    #[function(sig = "(ident=<unrepresentable>, logoption=0, facility=LOG_USER)")]
    fn openlog(
        th: &Thread,
        ident: Option<Borrowed<'_, Str>>,
        #[default(0)] logoption: i32,
        #[default(libc::LOG_USER)] facility: i32,
    ) -> PyResult<()> {
        open(th, ident, logoption, facility)
    }

    /// syslog([priority=LOG_INFO,] message)
    /// Write a line to the system's log.
    #[function(sig = "(*args)", no_text)]
    fn syslog(th: &Thread, args: Args<'_>) -> PyResult<()> {
        let (priority, message) = match args.positionals() {
            [message] => (libc::LOG_INFO, *message),
            [priority, message] => {
                let priority = number::index(th, *priority)?.to_i64();
                let priority = priority.and_then(|number| c_int::try_from(number).ok());
                let too_large =
                    || th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C int");
                (priority.ok_or_else(too_large)?, *message)
            }
            _ => {
                return Err(th.raise(exc::TYPE_ERROR, "syslog.syslog requires 1 to 2 arguments"));
            }
        };
        let Some(message) = message.downcast::<Str>() else {
            let place = args.positionals().len();
            let found = message.type_name();
            return Err(raise!(
                th,
                TYPE_ERROR,
                "syslog() argument {place} must be str, not {found}"
            ));
        };
        let text = c_text(th, message)?;
        let shown = Int::from_i64(th, priority.into())?;
        audit(th, "syslog.syslog", &[shown.object(), message.object()])?;
        if !th.interp().state::<Log>().open.get() {
            open(th, None, 0, libc::LOG_USER)?;
        }
        let at = text.as_ptr() as usize;
        // SAFETY: both strings live through the call.
        krait_eval::gil::without_gil(th, || unsafe {
            libc::syslog(priority, c"%s".as_ptr(), at as *const libc::c_char);
        });
        Ok(())
    }

    /// Close the log, and forget what openlog() set.
    #[function(sig = "()")]
    fn closelog(th: &Thread) -> PyResult<()> {
        let log = th.interp().state::<Log>();
        if log.open.get() {
            audit(th, "syslog.closelog", &[])?;
            log.close();
            log.ident.replace(None);
        }
        Ok(())
    }

    /// Set which priorities are logged, and return the mask before; 0 changes nothing.
    #[function(sig = "(maskpri, /)")]
    fn setlogmask(th: &Thread, maskpri: i32) -> PyResult<i32> {
        audit(th, "syslog.setlogmask", &[Int::from_i64(th, maskpri.into())?.object()])?;
        // SAFETY: a number for a number.
        Ok(unsafe { libc::setlogmask(maskpri) })
    }

    /// The mask of one priority.
    #[function(sig = "(pri, /)")]
    #[allow(non_snake_case)]
    fn LOG_MASK(pri: i32) -> i32 {
        1i32.wrapping_shl(pri as u32)
    }

    /// The mask of all priorities up to one.
    #[function(sig = "(pri, /)")]
    #[allow(non_snake_case)]
    fn LOG_UPTO(pri: i32) -> i32 {
        1i32.wrapping_shl(pri.wrapping_add(1) as u32).wrapping_sub(1)
    }

    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        for (name, value) in CONSTANTS {
            module.add(th, name, Int::from_i64(th, value.into())?.object())?;
        }
        Ok(())
    }
}

const CONSTANTS: [(&str, c_int); 34] = [
    ("LOG_EMERG", libc::LOG_EMERG),
    ("LOG_ALERT", libc::LOG_ALERT),
    ("LOG_CRIT", libc::LOG_CRIT),
    ("LOG_ERR", libc::LOG_ERR),
    ("LOG_WARNING", libc::LOG_WARNING),
    ("LOG_NOTICE", libc::LOG_NOTICE),
    ("LOG_INFO", libc::LOG_INFO),
    ("LOG_DEBUG", libc::LOG_DEBUG),
    ("LOG_PID", libc::LOG_PID),
    ("LOG_CONS", libc::LOG_CONS),
    ("LOG_NDELAY", libc::LOG_NDELAY),
    ("LOG_ODELAY", libc::LOG_ODELAY),
    ("LOG_NOWAIT", libc::LOG_NOWAIT),
    ("LOG_PERROR", libc::LOG_PERROR),
    ("LOG_KERN", libc::LOG_KERN),
    ("LOG_USER", libc::LOG_USER),
    ("LOG_MAIL", libc::LOG_MAIL),
    ("LOG_DAEMON", libc::LOG_DAEMON),
    ("LOG_AUTH", libc::LOG_AUTH),
    ("LOG_LPR", libc::LOG_LPR),
    ("LOG_LOCAL0", libc::LOG_LOCAL0),
    ("LOG_LOCAL1", libc::LOG_LOCAL1),
    ("LOG_LOCAL2", libc::LOG_LOCAL2),
    ("LOG_LOCAL3", libc::LOG_LOCAL3),
    ("LOG_LOCAL4", libc::LOG_LOCAL4),
    ("LOG_LOCAL5", libc::LOG_LOCAL5),
    ("LOG_LOCAL6", libc::LOG_LOCAL6),
    ("LOG_LOCAL7", libc::LOG_LOCAL7),
    ("LOG_SYSLOG", libc::LOG_SYSLOG),
    ("LOG_CRON", libc::LOG_CRON),
    ("LOG_UUCP", libc::LOG_UUCP),
    ("LOG_NEWS", libc::LOG_NEWS),
    ("LOG_AUTHPRIV", libc::LOG_AUTHPRIV),
    ("LOG_FTP", libc::LOG_FTP),
];
