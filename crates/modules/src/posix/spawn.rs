//! `posix_spawn`: a child that runs another program, described in one call.

use std::ffi::CString;
use std::mem::MaybeUninit;

use krait_eval::gil::without_gil;
use krait_objects::prelude::*;

use super::Posix;
use super::path::{Path, failed, fs_bytes};
use super::process::{Strings, arguments, environment};
use super::scheduling::read_param;
use crate::signal::to_set;

const OPEN: i64 = 0;
const CLOSE: i64 = 1;
const DUP2: i64 = 2;
const CLOSE_FROM: i64 = 3;

unsafe extern "C" {
    // glibc 2.34.
    fn posix_spawn_file_actions_addclosefrom_np(
        actions: *mut libc::posix_spawn_file_actions_t,
        from: libc::c_int,
    ) -> libc::c_int;
}

/// What the child does with its descriptors before it runs the program.
///
/// Invariant: 1. the system's struct was initialised, and lies where it did then.
struct Actions {
    list: Box<MaybeUninit<libc::posix_spawn_file_actions_t>>,
    /// The list refers to the paths.
    paths: Vec<CString>,
}

impl Drop for Actions {
    fn drop(&mut self) {
        // SAFETY: (1).
        unsafe { libc::posix_spawn_file_actions_destroy(self.list.as_mut_ptr()) };
    }
}

/// An integer of C.
fn int(th: &Thread, value: Borrowed<'_>) -> PyResult<i32> {
    let value = number::index(th, value)?;
    match value.to_i64() {
        None => Err(th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C long")),
        Some(value) => i32::try_from(value).map_err(|_| {
            let end = if value < 0 { "less than minimum" } else { "greater than maximum" };
            raise!(th, OVERFLOW_ERROR, "signed integer is {end}")
        }),
    }
}

impl Actions {
    fn new(th: &Thread) -> PyResult<Actions> {
        let mut list = Box::new(MaybeUninit::zeroed());
        // SAFETY: initialises it in its place.
        match unsafe { libc::posix_spawn_file_actions_init(list.as_mut_ptr()) } {
            0 => Ok(Actions { list, paths: Vec::new() }),
            error => Err(failed(th, error, super::path::NO_NAMES)),
        }
    }

    fn read(th: &Thread, given: Borrowed<'_>) -> PyResult<Actions> {
        let mut actions = Actions::new(th)?;
        let given = sequence::fast(th, given, "file_actions must be a sequence or None")?;
        for item in iter::collect(th, given.borrow())? {
            match item.borrow().downcast::<Tuple>().map(|action| action.get().as_slice()) {
                Some([tag, rest @ ..]) => actions.add(th, *tag, rest)?,
                _ => {
                    let message = "Each file_actions element must be a non-empty tuple";
                    return Err(th.raise(exc::TYPE_ERROR, message));
                }
            }
        }
        Ok(actions)
    }

    fn add(&mut self, th: &Thread, tag: Borrowed<'_>, rest: &[Borrowed<'_>]) -> PyResult<()> {
        let list = self.list.as_mut_ptr();
        let error = match (number::index(th, tag)?.to_i64(), rest) {
            (Some(OPEN), &[fd, path, flags, mode]) => {
                let fd = int(th, fd)?;
                let path = fs_bytes(th, path)?;
                let flags = int(th, flags)?;
                let mode = number::index(th, mode)?.view().wrapping_u64() as libc::mode_t;
                // SAFETY: (1); the path lives as long as the list.
                let error = unsafe {
                    libc::posix_spawn_file_actions_addopen(list, fd, path.as_ptr(), flags, mode)
                };
                self.paths.push(path);
                error
            }
            (Some(CLOSE), &[fd]) => {
                let fd = int(th, fd)?;
                // SAFETY: (1).
                unsafe { libc::posix_spawn_file_actions_addclose(list, fd) }
            }
            (Some(DUP2), &[from, to]) => {
                let (from, to) = (int(th, from)?, int(th, to)?);
                // SAFETY: (1).
                unsafe { libc::posix_spawn_file_actions_adddup2(list, from, to) }
            }
            (Some(CLOSE_FROM), &[fd]) => {
                let fd = int(th, fd)?;
                // SAFETY: (1).
                unsafe { posix_spawn_file_actions_addclosefrom_np(list, fd) }
            }
            (tag, _) => {
                let message = match tag {
                    Some(OPEN) => "A open file_action tuple must have 5 elements",
                    Some(CLOSE) => "A close file_action tuple must have 2 elements",
                    Some(DUP2) => "A dup2 file_action tuple must have 3 elements",
                    Some(CLOSE_FROM) => "A closefrom file_action tuple must have 2 elements",
                    _ => "Unknown file_actions identifier",
                };
                return Err(th.raise(exc::TYPE_ERROR, message));
            }
        };
        match error {
            0 => Ok(()),
            error => Err(failed(th, error, super::path::NO_NAMES)),
        }
    }
}

/// What the child is to be like.
///
/// Invariant: 1. the system's struct was initialised, and lies where it did then.
struct Attributes(Box<MaybeUninit<libc::posix_spawnattr_t>>);

impl Drop for Attributes {
    fn drop(&mut self) {
        // SAFETY: (1).
        unsafe { libc::posix_spawnattr_destroy(self.0.as_mut_ptr()) };
    }
}

/// The keyword arguments as they are given.
struct Wishes<'a> {
    setpgroup: Option<Borrowed<'a>>,
    resetids: bool,
    setsid: bool,
    setsigmask: Option<Borrowed<'a>>,
    setsigdef: Option<Borrowed<'a>>,
    scheduler: Option<Borrowed<'a>>,
}

impl Attributes {
    fn read(th: &Thread, name: &str, wishes: &Wishes<'_>) -> PyResult<Attributes> {
        let mut made = Box::new(MaybeUninit::zeroed());
        let done = |error: i32| match error {
            0 => Ok(()),
            error => Err(failed(th, error, super::path::NO_NAMES)),
        };
        let mut flags = 0;
        // SAFETY: initialised in its place: (1).
        unsafe {
            done(libc::posix_spawnattr_init(made.as_mut_ptr()))?;
            let mut attributes = Attributes(made);
            let attr = attributes.0.as_mut_ptr();
            if let Some(group) = wishes.setpgroup {
                let group = number::index(th, group)?.to_i64().and_then(|n| i32::try_from(n).ok());
                let Some(group) = group else {
                    let message = "Python int too large to convert to C int";
                    return Err(th.raise(exc::OVERFLOW_ERROR, message));
                };
                done(libc::posix_spawnattr_setpgroup(attr, group))?;
                flags |= libc::POSIX_SPAWN_SETPGROUP;
            }
            if wishes.resetids {
                flags |= libc::POSIX_SPAWN_RESETIDS;
            }
            if wishes.setsid {
                flags |= libc::POSIX_SPAWN_SETSID as i32;
            }
            if let Some(mask) = wishes.setsigmask {
                done(libc::posix_spawnattr_setsigmask(attr, &to_set(th, mask)?))?;
                flags |= libc::POSIX_SPAWN_SETSIGMASK;
            }
            if let Some(defaults) = wishes.setsigdef {
                done(libc::posix_spawnattr_setsigdefault(attr, &to_set(th, defaults)?))?;
                flags |= libc::POSIX_SPAWN_SETSIGDEF;
            }
            if let Some(scheduler) = wishes.scheduler {
                let Some(pair) = scheduler.downcast::<Tuple>() else {
                    return Err(raise!(
                        th,
                        TYPE_ERROR,
                        "{name}: scheduler must be a tuple or None"
                    ));
                };
                let &[policy, param] = pair.get().as_slice() else {
                    let message = "A scheduler tuple must have two elements";
                    return Err(th.raise(exc::TYPE_ERROR, message));
                };
                if !policy.is_none() {
                    done(libc::posix_spawnattr_setschedpolicy(attr, int(th, policy)?))?;
                    flags |= libc::POSIX_SPAWN_SETSCHEDULER;
                }
                done(libc::posix_spawnattr_setschedparam(attr, &read_param(th, param)?))?;
                flags |= libc::POSIX_SPAWN_SETSCHEDPARAM;
            }
            done(libc::posix_spawnattr_setflags(attr, flags as libc::c_short))?;
            Ok(attributes)
        }
    }
}

/// The variables of this process: an array of C's that ends with null.
fn own_environment() -> *const *mut libc::c_char {
    unsafe extern "C" {
        static environ: *const *mut libc::c_char;
    }
    // SAFETY: C's own variable.
    unsafe { environ }
}

fn spawn(
    th: &Thread,
    search: bool,
    (path, argv, env): (Path, Borrowed<'_>, Borrowed<'_>),
    file_actions: Option<Borrowed<'_>>,
    wishes: &Wishes<'_>,
) -> PyResult<i32> {
    let name = if search { "posix_spawnp" } else { "posix_spawn" };
    let (given, wanted) = (argv, env);
    let argv = arguments(
        th,
        argv,
        [
            &format!("{name}: argv must be a tuple or list"),
            &format!("{name}: argv must not be empty"),
            &format!("{name}: argv first element cannot be empty"),
        ],
    )?;
    if !env.is_none() && !mapping::check(env) {
        return Err(raise!(th, TYPE_ERROR, "{name}: environment must be a mapping object or None"));
    }
    let env = if env.is_none() { None } else { Some(environment(th, env)?) };
    let mut actions = match file_actions {
        Some(given) => Some(Actions::read(th, given)?),
        None => None,
    };
    let mut attributes = Attributes::read(th, name, wishes)?;
    audit!(th, "os.posix_spawn", path.name()[0], given, wanted)?;
    let argv = argv.pointers();
    let pointers = env.as_ref().map(Strings::pointers);
    let env = match &pointers {
        Some(pointers) => pointers.as_ptr().cast::<*mut libc::c_char>(),
        None => own_environment(),
    };
    let actions = actions.as_mut().map_or(std::ptr::null_mut(), |one| one.list.as_mut_ptr());
    let attributes = attributes.0.as_mut_ptr();
    let start = if search { libc::posix_spawnp } else { libc::posix_spawn };
    let mut pid = 0;
    // SAFETY: terminated strings and arrays; the lists are initialised or null.
    let error = without_gil(th, || unsafe {
        start(&mut pid, path.ptr(), actions, attributes, argv.as_ptr().cast(), env)
    });
    if error != 0 { Err(failed(th, error, path.name())) } else { Ok(pid) }
}

#[pyfunctions(part = "spawn")]
impl Posix {
    /// Start the program at path as a child process and return its process id.
    ///
    /// argv is the tuple or list of its arguments, env a mapping of its environment or None for this process's own.
    /// file_actions is a sequence of tuples that say what to do with descriptors: an identifier, then its arguments.
    /// The rest is the process group to set, whether to reset the effective ids to the real ones, whether to begin a
    /// session, the signals to block, those to reset to their defaults, and a scheduling policy with parameters.
    #[function(
        sig = "(path, argv, env, /, *, file_actions=(), setpgroup=None, resetids=False, setsid=False, setsigmask=(), setsigdef=(), scheduler=None)"
    )]
    #[allow(clippy::too_many_arguments, reason = "as many as the call has")]
    fn posix_spawn(
        th: &Thread,
        path: Path,
        argv: Borrowed<'_>,
        env: Borrowed<'_>,
        #[default(None)] file_actions: Option<Borrowed<'_>>,
        setpgroup: Option<Borrowed<'_>>,
        resetids: bool,
        setsid: bool,
        #[default(None)] setsigmask: Option<Borrowed<'_>>,
        #[default(None)] setsigdef: Option<Borrowed<'_>>,
        scheduler: Option<Borrowed<'_>>,
    ) -> PyResult<i32> {
        let file_actions = file_actions.filter(|given| !given.is_none());
        let wishes = Wishes { setpgroup, resetids, setsid, setsigmask, setsigdef, scheduler };
        spawn(th, false, (path, argv, env), file_actions, &wishes)
    }

    /// As posix_spawn(), but a program given without a slash is looked for in the directories of PATH.
    ///
    /// The arguments are those of posix_spawn().
    #[function(
        sig = "(path, argv, env, /, *, file_actions=(), setpgroup=None, resetids=False, setsid=False, setsigmask=(), setsigdef=(), scheduler=None)"
    )]
    #[allow(clippy::too_many_arguments, reason = "as many as the call has")]
    fn posix_spawnp(
        th: &Thread,
        path: Path,
        argv: Borrowed<'_>,
        env: Borrowed<'_>,
        #[default(None)] file_actions: Option<Borrowed<'_>>,
        setpgroup: Option<Borrowed<'_>>,
        resetids: bool,
        setsid: bool,
        #[default(None)] setsigmask: Option<Borrowed<'_>>,
        #[default(None)] setsigdef: Option<Borrowed<'_>>,
        scheduler: Option<Borrowed<'_>>,
    ) -> PyResult<i32> {
        let file_actions = file_actions.filter(|given| !given.is_none());
        let wishes = Wishes { setpgroup, resetids, setsid, setsigmask, setsigdef, scheduler };
        spawn(th, true, (path, argv, env), file_actions, &wishes)
    }
}
