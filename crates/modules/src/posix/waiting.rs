//! Waiting for children, and what their status says.

use std::cell::Cell;
use std::mem::zeroed;

use krait_objects::prelude::*;
use krait_objects::structseq::{Field, StructSequence};

use super::Posix;
use super::path::{NO_NAMES, sys_retry};

const fn field(name: &'static str) -> Field {
    Field { name, doc: "" }
}

static WAITID: [Field; 5] =
    [field("si_pid"), field("si_uid"), field("si_signo"), field("si_status"), field("si_code")];

pub fn waitid_type(th: &Thread) -> PyResult<Owned<Type>> {
    let doc = "waitid_result: what waitid() tells.\n\nA tuple whose items are also the attributes \
               si_pid, si_uid, si_signo, si_status, and si_code.";
    StructSequence::new_type(th, "posix.waitid_result", doc, &WAITID, 5)
}

/// A child's number, its status, and what it has used.
type Waited = (i32, i32, Owned<Tuple>);

fn wait_for_usage(th: &Thread, pid: i32, options: i32) -> PyResult<Waited> {
    let status = Cell::new(0i32);
    // SAFETY: zeros are a valid struct.
    let used: Cell<libc::rusage> = Cell::new(unsafe { zeroed() });
    // SAFETY: room for the status and what was used.
    let pid = sys_retry(th, NO_NAMES, || unsafe {
        libc::wait4(pid, status.as_ptr(), options, used.as_ptr())
    })?;
    Ok((pid, status.get(), crate::resource::usage(th, &used.into_inner())?))
}

#[pyfunctions(part = "waiting")]
impl Posix {
    /// Wait until any child ends; its id, wait status and resource usage come back.
    #[function(sig = "(options)")]
    fn wait3(th: &Thread, options: i32) -> PyResult<Waited> {
        wait_for_usage(th, -1, options)
    }

    /// Wait until the child pid ends; its id, wait status and resource usage come back.
    #[function(sig = "(pid, options)")]
    fn wait4(th: &Thread, pid: i32, options: i32) -> PyResult<Waited> {
        wait_for_usage(th, pid, options)
    }

    /// Wait until a child, or one of several, changes in a way that options name.
    ///
    /// idtype is one of P_PID, P_PGID, P_ALL and P_PIDFD, and says what id is; options are one or more of
    /// WEXITED, WSTOPPED and WCONTINUED, with WNOHANG or WNOWAIT if wanted. The result is a waitid_result, or
    /// None if WNOHANG is given and no child has changed.
    #[function(sig = "(idtype, id, options, /)")]
    fn waitid(th: &Thread, idtype: i32, id: i32, options: i32) -> PyResult<Option<Owned<Tuple>>> {
        // SAFETY: zeros are a valid struct.
        let info: Cell<libc::siginfo_t> = Cell::new(unsafe { zeroed() });
        // SAFETY: room for the answer.
        sys_retry(th, NO_NAMES, || unsafe {
            libc::waitid(idtype as libc::idtype_t, id as libc::id_t, info.as_ptr(), options)
        })?;
        let info = info.into_inner();
        // SAFETY: the fields of a child's change, or zeros.
        let (pid, uid, status) = unsafe { (info.si_pid(), info.si_uid(), info.si_status()) };
        if pid == 0 {
            return Ok(None);
        }
        let values =
            [pid.into(), i64::from(uid), info.si_signo.into(), status.into(), info.si_code.into()];
        let values: PyResult<Vec<Owned>> =
            values.iter().map(|&value| Int::from_i64(th, value).map(Owned::into_object)).collect();
        StructSequence::new(th, waitid_type(th)?.borrow(), values?).map(Some)
    }

    /// Wait until any child ends; its id and wait status come back.
    #[function(sig = "()")]
    fn wait(th: &Thread) -> PyResult<(i32, i32)> {
        Posix::waitpid(th, -1, 0)
    }

    /// Wait until the child pid ends; its id and wait status come back.
    #[function(sig = "(pid, options, /)")]
    fn waitpid(th: &Thread, pid: i32, options: i32) -> PyResult<(i32, i32)> {
        let status = Cell::new(0i32);
        // SAFETY: room for the status.
        let pid =
            sys_retry(th, NO_NAMES, || unsafe { libc::waitpid(pid, status.as_ptr(), options) })?;
        Ok((pid, status.get()))
    }

    /// The exit code in a wait status, or the negative number of the signal that ended the process.
    ///
    /// ValueError if the process has not ended.
    #[function(sig = "(status)")]
    fn waitstatus_to_exitcode(th: &Thread, status: Borrowed<'_>) -> PyResult<i32> {
        let status = match number::index(th, status)?.to_i64() {
            Some(status) if i32::try_from(status).is_ok() => status as i32,
            _ => {
                return Err(
                    th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C int")
                );
            }
        };
        if libc::WIFEXITED(status) {
            Ok(libc::WEXITSTATUS(status))
        } else if libc::WIFSIGNALED(status) {
            Ok(-libc::WTERMSIG(status))
        } else if libc::WIFSTOPPED(status) {
            let signal = libc::WSTOPSIG(status);
            Err(raise!(th, VALUE_ERROR, "process stopped by delivery of signal {signal}"))
        } else {
            Err(raise!(th, VALUE_ERROR, "invalid wait status: {status}"))
        }
    }

    /// Whether, by its wait status, the process left a core dump.
    #[function(name = "WCOREDUMP", sig = "(status, /)")]
    fn core_dumped(status: i32) -> bool {
        libc::WCOREDUMP(status)
    }

    /// Whether, by its wait status, the process had been stopped and goes on.
    #[function(name = "WIFCONTINUED", sig = "(status)")]
    fn if_continued(status: i32) -> bool {
        libc::WIFCONTINUED(status)
    }

    /// Whether, by its wait status, the process is stopped rather than ended.
    #[function(name = "WIFSTOPPED", sig = "(status)")]
    fn if_stopped(status: i32) -> bool {
        libc::WIFSTOPPED(status)
    }

    /// Whether, by its wait status, a signal ended the process.
    #[function(name = "WIFSIGNALED", sig = "(status)")]
    fn if_signaled(status: i32) -> bool {
        libc::WIFSIGNALED(status)
    }

    /// Whether, by its wait status, the process ended by itself, by exit().
    #[function(name = "WIFEXITED", sig = "(status)")]
    fn if_exited(status: i32) -> bool {
        libc::WIFEXITED(status)
    }

    /// The exit code in the wait status of a process for which WIFEXITED() is true.
    #[function(name = "WEXITSTATUS", sig = "(status)")]
    fn exit_status(status: i32) -> i32 {
        libc::WEXITSTATUS(status)
    }

    /// The number of the signal in the wait status of a process for which WIFSIGNALED() is true.
    #[function(name = "WTERMSIG", sig = "(status)")]
    fn term_signal(status: i32) -> i32 {
        libc::WTERMSIG(status)
    }

    /// The number of the signal in the wait status of a process for which WIFSTOPPED() is true.
    #[function(name = "WSTOPSIG", sig = "(status)")]
    fn stop_signal(status: i32) -> i32 {
        libc::WSTOPSIG(status)
    }
}
