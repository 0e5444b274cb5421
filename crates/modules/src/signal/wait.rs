//! Sending signals, blocking them, and waiting for them.

use std::mem::zeroed;
use std::time::{Duration, Instant};

use krait_eval::gil::without_gil;
use krait_objects::exceptions::os;
use krait_objects::prelude::*;
use krait_objects::set::Set;
use krait_objects::structseq::{Field, StructSequence};

use super::trip::COUNT;
use super::{Signal, run_handlers, system_error};
use crate::thread::seconds;

static SIGINFO: [Field; 7] = [
    Field { name: "si_signo", doc: "number of the signal" },
    Field { name: "si_code", doc: "code that says why it was sent" },
    Field { name: "si_errno", doc: "error number that came along" },
    Field { name: "si_pid", doc: "process that sent it" },
    Field { name: "si_uid", doc: "real user of the sender" },
    Field { name: "si_status", doc: "exit status, or the signal that ended the child" },
    Field { name: "si_band", doc: "event that SIGPOLL reports" },
];

pub fn siginfo_type(th: &Thread) -> PyResult<Owned<Type>> {
    let doc = "struct_siginfo: What sigwaitinfo and sigtimedwait tell of a signal.\n\nA tuple of seven items that are also attributes: si_signo, si_code, si_errno, si_pid, si_uid,\nsi_status and si_band.";
    StructSequence::new_type(th, "signal.struct_siginfo", doc, &SIGINFO, 7)
}

fn siginfo(th: &Thread, info: &libc::siginfo_t) -> PyResult {
    // SAFETY: the fields of a signal that was delivered; those that do not apply read as whatever is there.
    let values = unsafe {
        [
            i64::from(info.si_signo),
            i64::from(info.si_code),
            i64::from(info.si_errno),
            i64::from(info.si_pid()),
            i64::from(info.si_uid()),
            i64::from(info.si_status()),
            0,
        ]
    };
    let values: PyResult<Vec<Owned>> =
        values.iter().map(|&value| Int::from_i64(th, value).map(Owned::into_object)).collect();
    let ty = siginfo_type(th)?;
    StructSequence::new(th, ty.borrow(), values?).map(Owned::into_object)
}

/// An iterable of signal numbers as the system's set.
pub fn to_set(th: &Thread, signals: Borrowed<'_>) -> PyResult<libc::sigset_t> {
    // SAFETY: a set is initialised by the call.
    let mut set: libc::sigset_t = unsafe {
        let mut set = zeroed();
        libc::sigemptyset(&mut set);
        set
    };
    for signal in iter::collect(th, signals)? {
        let number = number::index(th, signal.borrow())?.to_i64().unwrap_or(-1);
        if !(1..COUNT as i64).contains(&number) {
            return Err(raise!(
                th,
                VALUE_ERROR,
                "signal number {number} out of range [1; {}]",
                COUNT - 1
            ));
        }
        // SAFETY: an initialised set. The system refuses the signals it needs itself; they are left out.
        unsafe { libc::sigaddset(&mut set, number as i32) };
    }
    Ok(set)
}

fn from_set(th: &Thread, set: &libc::sigset_t) -> PyResult<Owned<Set>> {
    let result = Set::new(th)?;
    for signal in 1..COUNT as i32 {
        // SAFETY: an initialised set.
        if unsafe { libc::sigismember(set, signal) } == 1 {
            result.add(th, Int::from_i64(th, signal.into())?.object())?;
        }
    }
    Ok(result)
}

#[pyfunctions(part = "wait")]
impl Signal {
    /// Let this process get a signal, sent by itself.
    #[function(sig = "(signalnum, /)")]
    fn raise_signal(th: &Thread, signalnum: i32) -> PyResult<()> {
        // SAFETY: sends a signal.
        if without_gil(th, || unsafe { libc::raise(signalnum) }) != 0 {
            return Err(system_error(th));
        }
        run_handlers(th)
    }

    /// Direct a signal at one thread of this process, named by its ident.
    #[function(sig = "(thread_id, signalnum, /)")]
    fn pthread_kill(th: &Thread, thread_id: u64, signalnum: i32) -> PyResult<()> {
        audit!(th, "signal.pthread_kill", thread_id, signalnum)?;
        // SAFETY: the caller names a thread that exists, as in C.
        let status = unsafe { libc::pthread_kill(thread_id, signalnum) };
        if status != 0 {
            return Err(os::raise_errno(th, exc::OS_ERROR, status, [None, None]));
        }
        run_handlers(th)
    }

    /// Signal the process that a pidfd stands for. siginfo has to be None; flags go to the system as they
    /// are.
    #[function(sig = "(pidfd, signalnum, siginfo=None, flags=0, /)")]
    fn pidfd_send_signal(
        th: &Thread,
        pidfd: i32,
        signalnum: i32,
        siginfo: Option<Borrowed<'_>>,
        flags: i32,
    ) -> PyResult<()> {
        if siginfo.is_some_and(|siginfo| !siginfo.is_none()) {
            return Err(th.raise(exc::TYPE_ERROR, "siginfo must be None"));
        }
        let no_info: *const libc::siginfo_t = std::ptr::null();
        // SAFETY: numbers and a null pointer.
        let status =
            unsafe { libc::syscall(libc::SYS_pidfd_send_signal, pidfd, signalnum, no_info, flags) };
        if status < 0 { Err(system_error(th)) } else { Ok(()) }
    }

    /// Change which signals this thread holds back, and return the set from before.
    ///
    /// how is SIG_BLOCK to add the signals of mask, SIG_UNBLOCK to remove them, or SIG_SETMASK to have no
    /// others.
    #[function(sig = "(how, mask, /)")]
    fn pthread_sigmask(th: &Thread, how: i32, mask: Borrowed<'_>) -> PyResult<Owned<Set>> {
        let set = to_set(th, mask)?;
        // SAFETY: both sets are the system's structs.
        let (status, old) = unsafe {
            let mut old = zeroed();
            (libc::pthread_sigmask(how, &set, &mut old), old)
        };
        if status != 0 {
            return Err(os::raise_errno(th, exc::OS_ERROR, status, [None, None]));
        }
        // What was unblocked has arrived by now.
        run_handlers(th)?;
        from_set(th, &old)
    }

    /// The set of the signals that have been sent but are held back for this thread.
    #[function(sig = "()")]
    fn sigpending(th: &Thread) -> PyResult<Owned<Set>> {
        // SAFETY: the set is filled by the call.
        let (status, set) = unsafe {
            let mut set = zeroed();
            (libc::sigpending(&mut set), set)
        };
        if status != 0 { Err(system_error(th)) } else { from_set(th, &set) }
    }

    /// Sleep until one of the given signals is pending, take it and return its number.
    ///
    /// No handler is called for it.
    #[function(sig = "(sigset, /)")]
    fn sigwait(th: &Thread, sigset: Borrowed<'_>) -> PyResult<i32> {
        let set = to_set(th, sigset)?;
        let mut signal = 0;
        // SAFETY: the set and the number live during the call.
        let status = without_gil(th, || unsafe { libc::sigwait(&set, &mut signal) });
        if status != 0 {
            return Err(os::raise_errno(th, exc::OS_ERROR, status, [None, None]));
        }
        Ok(signal)
    }

    /// Sleep until one of the given signals is pending and take it. The result, a struct_siginfo, describes
    /// it.
    #[function(sig = "(sigset, /)")]
    fn sigwaitinfo(th: &Thread, sigset: Borrowed<'_>) -> PyResult {
        let set = to_set(th, sigset)?;
        loop {
            // SAFETY: the structs live during the call.
            let (signal, info) = without_gil(th, || unsafe {
                let mut info = zeroed();
                (libc::sigwaitinfo(&set, &mut info), info)
            });
            if signal >= 0 {
                return siginfo(th, &info);
            }
            if std::io::Error::last_os_error().raw_os_error() != Some(libc::EINTR) {
                return Err(system_error(th));
            }
            run_handlers(th)?;
        }
    }

    /// As sigwaitinfo(), for that many seconds at most, fractions allowed.
    ///
    /// None is returned if no signal came in the time.
    #[function(sig = "(sigset, timeout, /)")]
    fn sigtimedwait(
        th: &Thread,
        sigset: Borrowed<'_>,
        timeout: Borrowed<'_>,
    ) -> PyResult<Option<Owned>> {
        let seconds = seconds(th, timeout)?;
        let set = to_set(th, sigset)?;
        if seconds < 0.0 {
            return Err(th.raise(exc::VALUE_ERROR, "timeout must be non-negative"));
        }
        let end = Instant::now().checked_add(Duration::from_secs_f64(seconds));
        loop {
            let left =
                end.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
            let time = libc::timespec {
                tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
                tv_nsec: left.subsec_nanos().into(),
            };
            // SAFETY: the structs live during the call.
            let (signal, info, error) = without_gil(th, || unsafe {
                let mut info = zeroed();
                let signal = libc::sigtimedwait(&set, &mut info, &time);
                (signal, info, std::io::Error::last_os_error().raw_os_error())
            });
            if signal >= 0 {
                return siginfo(th, &info).map(Some);
            }
            match error {
                Some(libc::EAGAIN) => return Ok(None),
                Some(libc::EINTR) => run_handlers(th)?,
                code => {
                    let code = code.unwrap_or(0);
                    return Err(os::raise_errno(th, exc::OS_ERROR, code, [None, None]));
                }
            }
        }
    }

    /// The set of all signals that the system has, each good for functions such as pthread_kill().
    #[function(sig = "()")]
    fn valid_signals(th: &Thread) -> PyResult<Owned<Set>> {
        // SAFETY: the set is filled by the call.
        let set = unsafe {
            let mut set = zeroed();
            libc::sigfillset(&mut set);
            set
        };
        from_set(th, &set)
    }

    /// Sleep until any signal has been handled.
    #[function(sig = "()")]
    fn pause(th: &Thread) -> PyResult<()> {
        // SAFETY: waits.
        without_gil(th, || unsafe { libc::pause() });
        run_handlers(th)
    }
}
