//! `resource`: what a process has used, and the limits on what it may use.
//!
//! The same job as CPython's `Modules/resource.c`.

use krait_objects::prelude::*;
use krait_objects::structseq::{Field, StructSequence};

use crate::posix::path::{NO_NAMES, errno, failed};

#[pymodule(name = "resource")]
pub struct Resource;

const CONSTANTS: [(&str, i64); 20] = [
    ("RUSAGE_SELF", libc::RUSAGE_SELF as i64),
    ("RUSAGE_CHILDREN", libc::RUSAGE_CHILDREN as i64),
    ("RUSAGE_THREAD", libc::RUSAGE_THREAD as i64),
    ("RLIM_INFINITY", -1),
    ("RLIMIT_CPU", libc::RLIMIT_CPU as i64),
    ("RLIMIT_FSIZE", libc::RLIMIT_FSIZE as i64),
    ("RLIMIT_DATA", libc::RLIMIT_DATA as i64),
    ("RLIMIT_STACK", libc::RLIMIT_STACK as i64),
    ("RLIMIT_CORE", libc::RLIMIT_CORE as i64),
    ("RLIMIT_NOFILE", libc::RLIMIT_NOFILE as i64),
    ("RLIMIT_OFILE", libc::RLIMIT_NOFILE as i64),
    ("RLIMIT_AS", libc::RLIMIT_AS as i64),
    ("RLIMIT_RSS", libc::RLIMIT_RSS as i64),
    ("RLIMIT_NPROC", libc::RLIMIT_NPROC as i64),
    ("RLIMIT_MEMLOCK", libc::RLIMIT_MEMLOCK as i64),
    ("RLIMIT_MSGQUEUE", libc::RLIMIT_MSGQUEUE as i64),
    ("RLIMIT_NICE", libc::RLIMIT_NICE as i64),
    ("RLIMIT_RTPRIO", libc::RLIMIT_RTPRIO as i64),
    ("RLIMIT_RTTIME", libc::RLIMIT_RTTIME as i64),
    ("RLIMIT_SIGPENDING", libc::RLIMIT_SIGPENDING as i64),
];

/// How many kinds of limits there are.
const KINDS: i32 = 16;

const fn field(name: &'static str, doc: &'static str) -> Field {
    Field { name, doc }
}

static USAGE: [Field; 16] = [
    field("ru_utime", "seconds spent in the program"),
    field("ru_stime", "seconds spent in the system"),
    field("ru_maxrss", "most memory held at a time"),
    field("ru_ixrss", "memory shared with others"),
    field("ru_idrss", "own memory for data"),
    field("ru_isrss", "own memory for the stack"),
    field("ru_minflt", "page faults that no I/O had to serve"),
    field("ru_majflt", "page faults that I/O had to serve"),
    field("ru_nswap", "times swapped out"),
    field("ru_inblock", "blocks read"),
    field("ru_oublock", "blocks written"),
    field("ru_msgsnd", "messages sent to processes"),
    field("ru_msgrcv", "messages got from processes"),
    field("ru_nsignals", "signals that arrived"),
    field("ru_nvcsw", "times it gave up the processor"),
    field("ru_nivcsw", "times it lost the processor"),
];

fn usage_type(th: &Thread) -> PyResult<Owned<Type>> {
    let doc = "struct_rusage: What getrusage tells of resources.\n\nA tuple whose items are also the attributes ru_utime, ru_stime, ru_maxrss, and so on.";
    StructSequence::new_type(th, "resource.struct_rusage", doc, &USAGE, 16)
}

/// What a process has used, as `getrusage` and `os.wait3` answer it.
pub fn usage(th: &Thread, used: &libc::rusage) -> PyResult<Owned<Tuple>> {
    let seconds = |time: libc::timeval| {
        let seconds = time.tv_sec as f64 + time.tv_usec as f64 * 1e-6;
        Float::new(th, seconds).map(Owned::into_object)
    };
    let mut values = vec![seconds(used.ru_utime)?, seconds(used.ru_stime)?];
    for count in [
        used.ru_maxrss,
        used.ru_ixrss,
        used.ru_idrss,
        used.ru_isrss,
        used.ru_minflt,
        used.ru_majflt,
        used.ru_nswap,
        used.ru_inblock,
        used.ru_oublock,
        used.ru_msgsnd,
        used.ru_msgrcv,
        used.ru_nsignals,
        used.ru_nvcsw,
        used.ru_nivcsw,
    ] {
        values.push(Int::from_i64(th, count)?.into_object());
    }
    StructSequence::new(th, usage_type(th)?.borrow(), values)
}

/// A limit; -1 is none.
fn limit(th: &Thread, value: Borrowed<'_>) -> PyResult<libc::rlim_t> {
    let int = number::index(th, value)?;
    if int.to_i64() == Some(-1) {
        return Ok(libc::RLIM_INFINITY);
    }
    if int.is_negative() {
        return Err(th.raise(exc::VALUE_ERROR, "Cannot convert negative int"));
    }
    int.to_u64()
        .ok_or_else(|| th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C rlim_t"))
}

/// The pair of the soft and the hard limit.
fn limits(th: &Thread, pair: Borrowed<'_>) -> PyResult<libc::rlimit> {
    let pair = iter::collect(th, pair)?;
    let [soft, hard] = pair.as_slice() else {
        return Err(th.raise(exc::VALUE_ERROR, "expected a tuple of 2 integers"));
    };
    Ok(libc::rlimit { rlim_cur: limit(th, soft.borrow())?, rlim_max: limit(th, hard.borrow())? })
}

fn shown(th: &Thread, limits: &libc::rlimit) -> PyResult<(Owned, Owned)> {
    let one = |limit| match limit {
        libc::RLIM_INFINITY => Int::from_i64(th, -1),
        limit => Int::from_u64(th, limit),
    };
    Ok((one(limits.rlim_cur)?.into_object(), one(limits.rlim_max)?.into_object()))
}

fn check(th: &Thread, resource: i32) -> PyResult<libc::__rlimit_resource_t> {
    if (0..KINDS).contains(&resource) {
        return Ok(resource as libc::__rlimit_resource_t);
    }
    Err(th.raise(exc::VALUE_ERROR, "invalid resource specified"))
}

/// Why a limit was not set.
fn refused(th: &Thread) -> Raised {
    match errno() {
        libc::EINVAL => th.raise(exc::VALUE_ERROR, "current limit exceeds maximum limit"),
        libc::EPERM => th.raise(exc::VALUE_ERROR, "not allowed to raise maximum limit"),
        error => failed(th, error, NO_NAMES),
    }
}

#[pyfunctions]
impl Resource {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        for (name, value) in CONSTANTS {
            module.add(th, name, Int::from_i64(th, value)?.object())?;
        }
        module.add(th, "error", Borrowed::from_ref(exc::OS_ERROR).object())?;
        module.add(th, "struct_rusage", usage_type(th)?.object())
    }

    #[function(sig = "(who, /)")]
    fn getrusage(th: &Thread, who: i32) -> PyResult<Owned<Tuple>> {
        // SAFETY: room for the answer.
        let used = unsafe {
            let mut used: libc::rusage = std::mem::zeroed();
            if libc::getrusage(who, &mut used) == -1 {
                return Err(match errno() {
                    libc::EINVAL => th.raise(exc::VALUE_ERROR, "invalid who parameter"),
                    error => failed(th, error, NO_NAMES),
                });
            }
            used
        };
        usage(th, &used)
    }

    #[function(sig = "(resource, /)")]
    fn getrlimit(th: &Thread, resource: i32) -> PyResult<(Owned, Owned)> {
        let resource = check(th, resource)?;
        let mut limits = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: room for the answer.
        if unsafe { libc::getrlimit(resource, &mut limits) } == -1 {
            return Err(failed(th, errno(), NO_NAMES));
        }
        shown(th, &limits)
    }

    #[function(sig = "(resource, limits, /)")]
    fn setrlimit(th: &Thread, resource: i32, limits: Borrowed<'_>) -> PyResult<()> {
        let kind = check(th, resource)?;
        let number = Int::from_i64(th, resource.into())?;
        krait_eval::sys::audit(th, "resource.setrlimit", &[number.object(), limits])?;
        let limits = self::limits(th, limits)?;
        // SAFETY: the struct lives during the call.
        if unsafe { libc::setrlimit(kind, &limits) } == -1 {
            return Err(refused(th));
        }
        Ok(())
    }

    #[function(sig = "(pid, resource, limits=None, /)")]
    fn prlimit(
        th: &Thread,
        pid: i32,
        resource: i32,
        limits: Option<Borrowed<'_>>,
    ) -> PyResult<(Owned, Owned)> {
        let kind = check(th, resource)?;
        let [number, whose] = [Int::from_i64(th, resource.into())?, Int::from_i64(th, pid.into())?];
        let given = limits.unwrap_or(none());
        let about = [whose.object(), number.object(), given];
        krait_eval::sys::audit(th, "resource.prlimit", &about)?;
        let new = match limits {
            Some(limits) => Some(self::limits(th, limits)?),
            None => None,
        };
        let new = new.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
        let mut old = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: the new limits or null, and room for the old ones.
        if unsafe { libc::prlimit(pid, kind, new, &mut old) } == -1 {
            return Err(match errno() {
                libc::EINVAL => th.raise(exc::VALUE_ERROR, "current limit exceeds maximum limit"),
                error => failed(th, error, NO_NAMES),
            });
        }
        shown(th, &old)
    }

    #[function(sig = "()")]
    fn getpagesize() -> i64 {
        // SAFETY: a plain system call.
        unsafe { libc::sysconf(libc::_SC_PAGESIZE) }
    }
}
