//! Processes: identity, children, signals, scheduling.

use std::cell::RefCell;
use std::ffi::CString;

use krait_eval::gil::{self, without_gil};
use krait_eval::import::lock as import_lock;
use krait_objects::prelude::*;
use krait_objects::structseq::{Field, StructSequence};

use super::Posix;
use super::path::{FsBytes, Gid, NO_NAMES, Path, PathOrFd, Uid, errno, failed, fs_bytes, sys};

/// What `register_at_fork` keeps.
#[derive(Default)]
struct ForkHooks {
    before: RefCell<Vec<Owned>>,
    in_child: RefCell<Vec<Owned>>,
    in_parent: RefCell<Vec<Owned>>,
}

fn run_hooks(th: &Thread, hooks: Vec<Owned>) {
    for hook in hooks {
        if call::call(th, hook.object(), &[]).is_err() {
            (th.interp().services.get().unraisable)(th, Some(hook.object()), "");
        }
    }
}

/// What is to happen before a fork.
pub fn before_fork(th: &Thread) {
    let mut hooks = th.interp().state::<ForkHooks>().before.borrow().clone();
    hooks.reverse();
    run_hooks(th, hooks);
    // So that no other thread is in the middle of an import when the child begins.
    import_lock::acquire(th);
}

/// What is to happen in the parent, and in the child.
pub fn after_fork(th: &Thread, child: bool) {
    if child {
        gil::after_fork(th);
        import_lock::after_fork(th);
        crate::thread::after_fork(th);
        th.asyncio.after_fork();
        crate::signal::after_fork(th);
    } else {
        import_lock::release(th);
    }
    let hooks = th.interp().state::<ForkHooks>();
    let hooks = if child { &hooks.in_child } else { &hooks.in_parent };
    let hooks = hooks.borrow().clone();
    run_hooks(th, hooks);
}

/// PythonFinalizationError at the interpreter's end.
pub fn check_fork(th: &Thread) -> PyResult<()> {
    if th.interp().finalizing.get() {
        let message = "can't fork at interpreter shutdown";
        return Err(th.raise(exc::PYTHON_FINALIZATION_ERROR, message));
    }
    if !krait_eval::subs::settings(th).allow_fork {
        let message = "fork not supported for isolated subinterpreters";
        return Err(th.raise(exc::RUNTIME_ERROR, message));
    }
    Ok(())
}

/// RuntimeError in an interpreter that may not become another program.
fn check_exec(th: &Thread) -> PyResult<()> {
    if !krait_eval::subs::settings(th).allow_exec {
        let message = "exec not supported for isolated subinterpreters";
        return Err(th.raise(exc::RUNTIME_ERROR, message));
    }
    Ok(())
}

/// How many threads the process has, as far as the system tells.
fn thread_count() -> Option<usize> {
    let stat = std::fs::read("/proc/self/stat").ok()?;
    let stat = String::from_utf8_lossy(&stat);
    // The program's name, in parentheses, may hold anything; 17 fields follow before the count.
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(17)?.parse().ok()
}

/// A forked child of a process with several threads may wait for ever for what the others held.
pub fn warn_about_threads(th: &Thread, function: &str) {
    if thread_count().is_none_or(|count| count <= 1) {
        return;
    }
    // The child runs already: what the warning raises would only lose its number.
    if let Err(raised) = thread_warning(th, function) {
        drop(th.take_raised(raised));
    }
}

fn thread_warning(th: &Thread, function: &str) -> PyResult<()> {
    let pid = std::process::id();
    let message = Str::from_fmt(
        th,
        format_args!(
            "This process (pid={pid}) is multi-threaded, use of {function}() may lead to deadlocks in the child."
        ),
    )?;
    let category = Borrowed::from_ref(exc::DEPRECATION_WARNING).object();
    (th.interp().services.get().warn)(th, category, message.borrow(), 1)
}

/// Strings for `exec`, with the array of pointers that the system wants.
pub struct Strings {
    texts: Vec<CString>,
}

impl From<Vec<CString>> for Strings {
    fn from(texts: Vec<CString>) -> Strings {
        Strings { texts }
    }
}

impl Strings {
    pub fn of(th: &Thread, items: &[Owned]) -> PyResult<Strings> {
        let texts: PyResult<Vec<CString>> =
            items.iter().map(|item| fs_bytes(th, item.object())).collect();
        Ok(Strings { texts: texts? })
    }

    pub fn pointers(&self) -> Vec<*const libc::c_char> {
        let ends = std::iter::once(std::ptr::null());
        self.texts.iter().map(|text| text.as_ptr()).chain(ends).collect()
    }
}

pub fn arguments(th: &Thread, argv: Borrowed<'_>, what: [&str; 3]) -> PyResult<Strings> {
    if argv.downcast::<Tuple>().is_none() && argv.downcast::<List>().is_none() {
        return Err(th.raise(exc::TYPE_ERROR, what[0]));
    }
    let items = iter::collect(th, argv)?;
    if items.is_empty() {
        return Err(th.raise(exc::VALUE_ERROR, what[1]));
    }
    let strings = Strings::of(th, &items)?;
    if strings.texts[0].is_empty() {
        return Err(th.raise(exc::VALUE_ERROR, what[2]));
    }
    Ok(strings)
}

/// `name=value` for each item of a mapping.
pub fn environment(th: &Thread, env: Borrowed<'_>) -> PyResult<Strings> {
    let (keys, values) = (mapping::keys(th, env)?, mapping::values(th, env)?);
    let keys = iter::collect(th, keys.object())?;
    let values = iter::collect(th, values.object())?;
    let mut texts = Vec::with_capacity(keys.len());
    for (key, value) in keys.iter().zip(&values) {
        let (key, value) = (fs_bytes(th, key.object())?, fs_bytes(th, value.object())?);
        if key.is_empty() || key.as_bytes()[1..].contains(&b'=') {
            return Err(th.raise(exc::VALUE_ERROR, "illegal environment variable name"));
        }
        let line = [key.as_bytes(), b"=", value.as_bytes()].concat();
        texts.push(CString::new(line).unwrap_or_default());
    }
    Ok(Strings { texts })
}

static TIMES: [Field; 5] = [
    Field { name: "user", doc: "processor seconds in the process's own code" },
    Field { name: "system", doc: "processor seconds in the system for it" },
    Field { name: "children_user", doc: "the same as user, of ended children" },
    Field { name: "children_system", doc: "the same as system, of ended children" },
    Field { name: "elapsed", doc: "seconds on a clock with no defined start" },
];

pub fn times_type(th: &Thread) -> PyResult<Owned<Type>> {
    let doc = "times_result: what os.times() tells.";
    StructSequence::new_type(th, "posix.times_result", doc, &TIMES, 5)
}

#[pyfunctions(part = "process")]
impl Posix {
    /// End the process at once with that status: no cleanup handlers run, and no buffers are flushed.
    #[function(sig = "(status)")]
    fn _exit(status: i32) {
        // SAFETY: does not return.
        unsafe { libc::_exit(status) }
    }

    /// End the process by SIGABRT, with a core dump if the system makes them; does not return.
    #[function(sig = "()")]
    fn abort() {
        std::process::abort();
    }

    /// The number the system knows this process by.
    #[function(sig = "()")]
    fn getpid() -> i32 {
        // SAFETY: cannot fail, as the others that follow.
        unsafe { libc::getpid() }
    }

    /// The number of the process that is the parent of this one now.
    #[function(sig = "()")]
    fn getppid() -> i32 {
        // SAFETY: a plain system call.
        unsafe { libc::getppid() }
    }

    /// The real user id that this process has.
    #[function(sig = "()")]
    fn getuid() -> u32 {
        // SAFETY: a plain system call.
        unsafe { libc::getuid() }
    }

    /// The user id that decides on this process's permissions.
    #[function(sig = "()")]
    fn geteuid() -> u32 {
        // SAFETY: a plain system call.
        unsafe { libc::geteuid() }
    }

    /// The real group id that this process has.
    #[function(sig = "()")]
    fn getgid() -> u32 {
        // SAFETY: a plain system call.
        unsafe { libc::getgid() }
    }

    /// The group id that decides on this process's permissions.
    #[function(sig = "()")]
    fn getegid() -> u32 {
        // SAFETY: a plain system call.
        unsafe { libc::getegid() }
    }

    /// The number of the process group that this process is in.
    #[function(sig = "()")]
    fn getpgrp() -> i32 {
        // SAFETY: a plain system call.
        unsafe { libc::getpgrp() }
    }

    /// The process group that the process pid is in; 0 means this process.
    #[function(sig = "(pid)")]
    fn getpgid(th: &Thread, pid: i32) -> PyResult<i32> {
        // SAFETY: a plain system call.
        sys(th, NO_NAMES, || unsafe { libc::getpgid(pid) })
    }

    /// Move the process pid to the process group pgrp; 0 means this process, or its own number as group.
    #[function(sig = "(pid, pgrp, /)")]
    fn setpgid(th: &Thread, pid: i32, pgrp: i32) -> PyResult<()> {
        // SAFETY: a plain system call.
        sys(th, NO_NAMES, || unsafe { libc::setpgid(pid, pgrp) }).map(drop)
    }

    /// The session that the process pid is in; 0 means this process.
    #[function(sig = "(pid, /)")]
    fn getsid(th: &Thread, pid: i32) -> PyResult<i32> {
        // SAFETY: a plain system call.
        sys(th, NO_NAMES, || unsafe { libc::getsid(pid) })
    }

    /// Begin a new session with this process as its leader and without a terminal; a group leader may not.
    #[function(sig = "()")]
    fn setsid(th: &Thread) -> PyResult<()> {
        // SAFETY: a plain system call.
        sys(th, NO_NAMES, || unsafe { libc::setsid() }).map(drop)
    }

    /// Make this process run as the user uid.
    #[function(sig = "(uid, /)")]
    fn setuid(th: &Thread, uid: Uid) -> PyResult<()> {
        // SAFETY: a plain system call.
        sys(th, NO_NAMES, || unsafe { libc::setuid(uid.0) }).map(drop)
    }

    /// Make this process run with the group gid.
    #[function(sig = "(gid, /)")]
    fn setgid(th: &Thread, gid: Gid) -> PyResult<()> {
        // SAFETY: a plain system call.
        sys(th, NO_NAMES, || unsafe { libc::setgid(gid.0) }).map(drop)
    }

    /// The ids of this process's supplementary groups, as a list.
    #[function(sig = "()")]
    fn getgroups(th: &Thread) -> PyResult<Owned<List>> {
        // SAFETY: asks for the count, then fills that much room.
        let count = sys(th, NO_NAMES, || unsafe { libc::getgroups(0, std::ptr::null_mut()) })?;
        let mut groups = vec![0 as libc::gid_t; count as usize];
        let start = groups.as_mut_ptr();
        // SAFETY: as above.
        let count = sys(th, NO_NAMES, || unsafe { libc::getgroups(count, start) })?;
        let groups = groups.iter().take(count as usize);
        let groups: PyResult<Vec<Owned>> =
            groups.map(|&group| Int::from_i64(th, group.into()).map(Owned::into_object)).collect();
        List::from_vec(th, groups?)
    }

    /// Send signal to the process pid; 0 and negative numbers mean groups of processes.
    #[function(sig = "(pid, signal, /)")]
    fn kill(th: &Thread, pid: i32, signal: i32) -> PyResult<()> {
        audit!(th, "os.kill", pid, signal)?;
        // SAFETY: a plain system call.
        sys(th, NO_NAMES, || unsafe { libc::kill(pid, signal) })?;
        krait_eval::pending::handle(th)
    }

    /// Send signal to each process of the group pgid.
    #[function(sig = "(pgid, signal, /)")]
    fn killpg(th: &Thread, pgid: i32, signal: i32) -> PyResult<()> {
        audit!(th, "os.killpg", pgid, signal)?;
        // SAFETY: a plain system call.
        sys(th, NO_NAMES, || unsafe { libc::killpg(pgid, signal) })?;
        krait_eval::pending::handle(th)
    }

    /// Add functions to call before a fork(), last added first, and after it in the child or the parent.
    #[function(
        sig = "(*, before=<unrepresentable>, after_in_child=<unrepresentable>,\n                 after_in_parent=<unrepresentable>)"
    )]
    fn register_at_fork(
        th: &Thread,
        before: Option<Borrowed<'_>>,
        after_in_child: Option<Borrowed<'_>>,
        after_in_parent: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        let hooks = th.interp().state::<ForkHooks>();
        let given = [
            (before, &hooks.before, "before"),
            (after_in_child, &hooks.in_child, "after_in_child"),
            (after_in_parent, &hooks.in_parent, "after_in_parent"),
        ];
        if given.iter().all(|(hook, ..)| hook.is_none()) {
            return Err(th.raise(exc::TYPE_ERROR, "At least one argument is required."));
        }
        for (hook, _, name) in &given {
            if let Some(hook) = hook.filter(|&hook| !object::is_callable(hook)) {
                let found = hook.type_name();
                return Err(raise!(th, TYPE_ERROR, "'{name}' must be callable, not {found}"));
            }
        }
        for (hook, list, _) in given {
            if let Some(hook) = hook {
                list.borrow_mut().push(hook.to_owned());
            }
        }
        Ok(())
    }

    /// Fork a child process: 0 to the child, the child's id to the parent.
    #[function(sig = "()")]
    fn fork(th: &Thread) -> PyResult<i32> {
        check_fork(th)?;
        krait_eval::sys::audit(th, "os.fork", &[])?;
        before_fork(th);
        // SAFETY: this thread holds the GIL, and goes on alone in the child.
        let (pid, error) = unsafe { (libc::fork(), errno()) };
        after_fork(th, pid == 0);
        if pid < 0 {
            return Err(failed(th, error, NO_NAMES));
        }
        if pid > 0 {
            warn_about_threads(th, "fork");
        }
        Ok(pid)
    }

    /// Run the program at path in place of this one; does not return.
    ///
    /// argv is the tuple or list of its arguments, of which the first is its name.
    #[function(sig = "(path, argv, /)")]
    fn execv(th: &Thread, path: Path, argv: Borrowed<'_>) -> PyResult<()> {
        check_exec(th)?;
        let given = argv;
        let argv = arguments(
            th,
            argv,
            [
                "execv() arg 2 must be a tuple or list",
                "execv() arg 2 must not be empty",
                "execv() arg 2 first element cannot be empty",
            ],
        )?;
        audit!(th, "os.exec", path.name()[0], given, ())?;
        let argv = argv.pointers();
        // SAFETY: terminated strings and a terminated array.
        unsafe { libc::execv(path.ptr(), argv.as_ptr()) };
        Err(failed(th, errno(), path.name()))
    }

    /// As execv(), with the mapping env as the program's environment; path may be a descriptor.
    #[function(sig = "(path, argv, env)")]
    fn execve(th: &Thread, path: PathOrFd, argv: Borrowed<'_>, env: Borrowed<'_>) -> PyResult<()> {
        check_exec(th)?;
        let (given, wanted) = (argv, env);
        let argv = arguments(
            th,
            argv,
            [
                "execve: argv must be a tuple or list",
                "execve: argv must not be empty",
                "execve: argv first element cannot be empty",
            ],
        )?;
        if !mapping::check(env) {
            return Err(th.raise(exc::TYPE_ERROR, "execve: environment must be a mapping object"));
        }
        let env = environment(th, env)?;
        audit!(th, "os.exec", path.0.name()[0], given, wanted)?;
        let (path, argv, env) = (path.0, argv.pointers(), env.pointers());
        // SAFETY: terminated strings and terminated arrays.
        unsafe {
            match path.fd {
                Some(fd) => libc::fexecve(fd, argv.as_ptr(), env.as_ptr()),
                None => libc::execve(path.ptr(), argv.as_ptr(), env.as_ptr()),
            }
        };
        Err(failed(th, errno(), path.name()))
    }

    /// Let a shell run command and return the wait status it ended with.
    #[function(sig = "(command)")]
    fn system(th: &Thread, command: FsBytes) -> PyResult<i32> {
        let command = command.0;
        audit!(th, "os.system", Bytes::new(th, command.as_bytes()))?;
        // SAFETY: a terminated string.
        Ok(without_gil(th, || unsafe { libc::system(command.as_ptr()) }))
    }

    /// The processor time of this process and its children, and the elapsed time: a times_result.
    #[function(sig = "()")]
    fn times(th: &Thread) -> PyResult<Owned<Tuple>> {
        // SAFETY: room for the answer; the clock's rate.
        let (elapsed, t, rate) = unsafe {
            let mut t: libc::tms = std::mem::zeroed();
            (libc::times(&mut t), t, libc::sysconf(libc::_SC_CLK_TCK) as f64)
        };
        let ticks = [t.tms_utime, t.tms_stime, t.tms_cutime, t.tms_cstime, elapsed];
        let values: PyResult<Vec<Owned>> = ticks
            .iter()
            .map(|&ticks| Float::new(th, ticks as f64 / rate).map(Owned::into_object))
            .collect();
        StructSequence::new(th, times_type(th)?.borrow(), values?)
    }

    /// Raise this process's nice value by increment, which lowers its priority; the new value comes back.
    #[function(sig = "(increment, /)")]
    fn nice(th: &Thread, increment: i32) -> PyResult<i32> {
        // SAFETY: plain calls; -1 is a priority too, so errno decides.
        let (value, error) = unsafe {
            *libc::__errno_location() = 0;
            (libc::nice(increment), errno())
        };
        if value == -1 && error != 0 { Err(failed(th, error, NO_NAMES)) } else { Ok(value) }
    }
}
