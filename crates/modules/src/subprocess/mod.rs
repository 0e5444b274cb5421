//! `_posixsubprocess`: starting another program in a child process.
//!
//! This file reads the arguments and forks; `child` is what happens between fork and exec. The same job as CPython's
//! `Modules/_posixsubprocess.c`.

mod child;

use std::ffi::CString;
use std::mem::MaybeUninit;

use krait_objects::interp::Interpreter;
use krait_objects::prelude::*;

use crate::posix::path::{NO_NAMES, errno, failed, fs_bytes, owner_id};
use crate::posix::process::{self, Strings};
use child::{Child, Owner, Pipes};

/// What subprocess needs to start programs on POSIX systems.
#[pymodule(name = "_posixsubprocess")]
pub struct PosixSubprocess;

const ARGUMENTS: usize = 22;

/// The most groups a process can be given.
const MOST_GROUPS: usize = 65536;

/// The items of a sequence of `bytes`.
fn byte_strings(th: &Thread, sequence: Borrowed<'_>) -> PyResult<Strings> {
    let mut texts = Vec::new();
    let count = sequence::len(th, sequence)?;
    if texts.try_reserve_exact(count).is_err() {
        return Err(th.no_memory());
    }
    for at in 0..count {
        let item = sequence::get(th, sequence, at as isize)?;
        let Some(bytes) = item.borrow().downcast::<Bytes>() else {
            let found = item.type_name();
            return Err(raise!(th, TYPE_ERROR, "expected bytes, {found} found"));
        };
        let text = CString::new(bytes.as_bytes());
        texts.push(text.map_err(|_| th.raise(exc::VALUE_ERROR, "embedded null byte"))?);
    }
    Ok(Strings::from(texts))
}

/// The descriptors that stay open: rising, and none negative.
fn kept(th: &Thread, fds: Borrowed<'_, Tuple>) -> PyResult<Vec<i32>> {
    let mut last = -1;
    let mut kept = Vec::with_capacity(fds.len());
    for item in fds.as_slice() {
        let fd = item.downcast::<Int>().and_then(|int| i32::try_from(int.to_i64()?).ok());
        match fd {
            Some(fd) if fd > last => {
                last = fd;
                kept.push(fd);
            }
            _ => return Err(th.raise(exc::VALUE_ERROR, "bad value(s) in fds_to_keep")),
        }
    }
    Ok(kept)
}

/// The extra groups, unless they stay as they are.
fn groups(th: &Thread, groups: Borrowed<'_>) -> PyResult<Option<Vec<u32>>> {
    if groups.is_none() {
        return Ok(None);
    }
    let Some(list) = groups.downcast::<List>() else {
        return Err(th.raise(exc::TYPE_ERROR, "setgroups argument must be a list"));
    };
    if list.len() > MOST_GROUPS {
        return Err(th.raise(exc::VALUE_ERROR, "too many extra_groups"));
    }
    let mut numbers = Vec::with_capacity(list.len());
    for group in list.to_vec() {
        if group.borrow().downcast::<Int>().is_none() {
            return Err(th.raise(exc::TYPE_ERROR, "extra_groups must be integers"));
        }
        let number = owner_id(th, group.borrow(), "gid").map_err(|raised| {
            drop(th.take_raised(raised));
            th.raise(exc::VALUE_ERROR, "invalid group id")
        });
        numbers.push(number?);
    }
    Ok(Some(numbers))
}

fn int(th: &Thread, value: Borrowed<'_>) -> PyResult<i32> {
    let value = number::index(th, value)?.to_i64().and_then(|value| i32::try_from(value).ok());
    value.ok_or_else(|| th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C int"))
}

fn owner(th: &Thread, value: Borrowed<'_>, name: &str) -> PyResult<Option<u32>> {
    if value.is_none() { Ok(None) } else { owner_id(th, value, name).map(Some) }
}

/// The arguments, read in full: after the fork nothing may be allocated.
struct Request {
    child: Child,
    executables: Strings,
    arguments: Strings,
    environment: Option<Strings>,
    directory: Option<CString>,
    kept: Vec<i32>,
    groups: Option<Vec<u32>>,
    preexec: Option<Owned>,
}

impl Request {
    fn read(th: &Thread, args: &[Borrowed<'_>; ARGUMENTS]) -> PyResult<Request> {
        let Some(keep) = args[3].downcast::<Tuple>() else {
            let found = if args[3].is_none() { "None" } else { args[3].type_name() };
            return Err(raise!(
                th,
                TYPE_ERROR,
                "fork_exec() argument 4 must be tuple, not {found}"
            ));
        };
        let close_others = object::is_true(th, args[2])?;
        let mut fds = [0; 8];
        for (fd, arg) in fds.iter_mut().zip(&args[6..14]) {
            *fd = int(th, *arg)?;
        }
        let [in_read, in_write, out_read, out_write, err_read, err_write, report_read, report] =
            fds;
        let restore_signals = object::is_true(th, args[14])?;
        let new_session = object::is_true(th, args[15])?;
        let process_group = int(th, args[16])?;
        let umask = int(th, args[20])?;
        let preexec = Some(args[21]).filter(|preexec| !preexec.is_none());
        if preexec.is_some() && th.interp().id != 0 {
            let message = "preexec_fn not supported within subinterpreters";
            return Err(th.raise(exc::RUNTIME_ERROR, message));
        }
        if preexec.is_some() && th.interp().finalizing.get() {
            let message = "preexec_fn not supported at interpreter shutdown";
            return Err(th.raise(exc::PYTHON_FINALIZATION_ERROR, message));
        }
        if close_others && report < 3 {
            return Err(th.raise(exc::VALUE_ERROR, "errpipe_write must be >= 3"));
        }
        let kept = kept(th, keep)?;
        let executables = byte_strings(th, args[1])?;
        let arguments = if args[0].is_none() {
            Strings::from(Vec::new())
        } else {
            let arguments = sequence::fast(th, args[0], "argv must be a tuple")?;
            Strings::of(th, &iter::collect(th, arguments.borrow())?)?
        };
        let environment = if args[5].is_none() { None } else { Some(byte_strings(th, args[5])?) };
        let directory = if args[4].is_none() { None } else { Some(fs_bytes(th, args[4])?) };
        let gid = owner(th, args[17], "gid")?;
        let groups = groups(th, args[18])?;
        let uid = owner(th, args[19], "uid")?;
        let pipes = Pipes {
            in_read,
            in_write,
            out_read,
            out_write,
            err_read,
            err_write,
            report_read,
            report,
        };
        let child = Child {
            pipes,
            close_others,
            restore_signals,
            new_session,
            process_group,
            umask,
            owner: Owner { gid, uid },
        };
        let preexec = preexec.map(|preexec| preexec.to_owned());
        Ok(Request { child, executables, arguments, environment, directory, kept, groups, preexec })
    }

    fn changes_owner(&self) -> bool {
        self.groups.is_some() || self.child.owner.gid.is_some() || self.child.owner.uid.is_some()
    }

    /// Starts the child; its number or what failed.
    fn start(&self, th: &Thread) -> Result<i32, i32> {
        let [executables, arguments] = [self.executables.pointers(), self.arguments.pointers()];
        let environment = self.environment.as_ref().map(Strings::pointers);
        let plan = child::Plan {
            child: &self.child,
            // Without the end mark.
            executables: &executables[..executables.len() - 1],
            arguments: &arguments,
            environment: environment.as_deref(),
            directory: self.directory.as_deref(),
            kept: &self.kept,
            groups: self.groups.as_deref(),
        };
        if self.preexec.is_none() && !self.changes_owner() {
            return start_sharing_memory(&plan);
        }
        // SAFETY: this thread goes on alone in the child, which ends in exec or exit.
        match unsafe { libc::fork() } {
            0 => {
                let preexec = self.preexec.as_ref();
                if preexec.is_some() {
                    process::after_fork(th, true);
                }
                let call = || match preexec {
                    Some(preexec) => call::call(th, preexec.borrow(), &[]).is_ok(),
                    None => true,
                };
                plan.run(None, call)
            }
            -1 => Err(errno()),
            pid => Ok(pid),
        }
    }
}

/// What the child that shares our memory gets to know.
struct Shared<'a> {
    plan: &'a child::Plan<'a>,
    mask: libc::sigset_t,
}

extern "C" fn shared_child(shared: *mut libc::c_void) -> libc::c_int {
    // SAFETY: the parent waits, and its frame with it, until the child is another program or gone.
    let shared = unsafe { &*shared.cast::<Shared<'_>>() };
    shared.plan.run(Some(&shared.mask), || true)
}

/// Starts the child in this process's memory, on a stack of its own, and waits until it has become another program: that
/// saves the copying of page tables. Signals are blocked meanwhile, so no handler of ours runs in the child.
fn start_sharing_memory(plan: &child::Plan<'_>) -> Result<i32, i32> {
    const STACK: usize = 256 << 10;
    let mut stack: Vec<MaybeUninit<u128>> = Vec::new();
    stack.try_reserve_exact(STACK / 16).map_err(|_| libc::ENOMEM)?;
    // SAFETY: the mask is filled in by the calls; the child's stack grows down from its end, and outlives the child's
    // use of it, because the parent sleeps.
    unsafe {
        let mut shared = Shared { plan, mask: std::mem::zeroed() };
        let mut all: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&mut all);
        libc::pthread_sigmask(libc::SIG_BLOCK, &all, &mut shared.mask);
        let top = stack.as_mut_ptr().add(STACK / 16);
        let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
        let pid = libc::clone(shared_child, top.cast(), flags, (&raw mut shared).cast());
        let error = errno();
        libc::pthread_sigmask(libc::SIG_SETMASK, &shared.mask, std::ptr::null_mut());
        if pid < 0 { Err(error) } else { Ok(pid) }
    }
}

/// No garbage is collected while this lives: a finalizer must not run between fork and exec.
struct Uncollected<'a> {
    interp: &'a Interpreter,
    before: bool,
}

impl Uncollected<'_> {
    fn begin(th: &Thread) -> Uncollected<'_> {
        let interp = th.interp();
        Uncollected { interp, before: interp.gc.enabled.replace(false) }
    }
}

impl Drop for Uncollected<'_> {
    fn drop(&mut self) {
        self.interp.gc.enabled.set(self.before);
    }
}

#[pyfunctions]
impl PosixSubprocess {
    /// Start another program in a child process and return the child's PID.
    ///
    /// The child keeps its standard streams and the descriptors in pass_fds, a sorted tuple. All others from
    /// 3 on are closed if close_fds is true.
    ///
    /// preexec_fn, if it is not None, is called immediately before the child becomes the other program, which
    /// is not safe in the presence of threads. An error before exec is reported through errpipe_write.
    #[function(
        sig = "(args, executable_list, close_fds, pass_fds, cwd,\n          env, p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite,\n          errpipe_read, errpipe_write, restore_signals, call_setsid,\n          pgid_to_set, gid, extra_groups, uid, child_umask, preexec_fn,\n          /)"
    )]
    fn fork_exec(th: &Thread, args: Args<'_>) -> PyResult<i32> {
        if args.has_keywords() {
            let message = "_posixsubprocess.fork_exec() takes no keyword arguments";
            return Err(th.raise(exc::TYPE_ERROR, message));
        }
        let Ok(given) = <&[Borrowed<'_>; ARGUMENTS]>::try_from(args.positionals()) else {
            let given = args.positionals().len();
            return Err(raise!(
                th,
                TYPE_ERROR,
                "fork_exec expected {ARGUMENTS} arguments, got {given}"
            ));
        };
        let request = Request::read(th, given)?;
        audit!(th, "_posixsubprocess.fork_exec", given[1], given[0], given[5])?;
        if request.preexec.is_none() {
            return request.start(th).map_err(|error| failed(th, error, NO_NAMES));
        }
        let _uncollected = Uncollected::begin(th);
        process::before_fork(th);
        let started = request.start(th);
        process::after_fork(th, false);
        started.map_err(|error| failed(th, error, NO_NAMES))
    }
}
