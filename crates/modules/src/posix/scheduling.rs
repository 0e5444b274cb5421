//! Scheduling: policies, their parameters, and the processors a process may run on.

use krait_abi as abi;
use krait_objects::prelude::*;
use krait_objects::set::Set;
use krait_objects::structseq::{Field, StructSequence};

use krait_objects::descr;
use krait_objects::typeobj::StaticCell;

use super::Posix;
use super::path::{NO_NAMES, errno, failed, sys};

static SCHED: [Field; 1] = [Field { name: "sched_priority", doc: "how urgent the process is" }];

const NAME: &str = "posix.sched_param";
const DOC: &str = "Parameters of a scheduling policy, of which there is one: sched_priority.";

/// `os.sched_param`: a sequence of one item, which is made from the item itself.
pub fn make_sched_param_type(th: &Thread) -> PyResult<Owned<Type>> {
    let class = sched_param_type(th)?;
    // SAFETY: nobody else has seen the type yet.
    unsafe { (*class.as_type_ptr()).tp_new = Some(new_param) };
    let name = Str::interned(th, "__reduce__")?;
    let reduce = descr::method_from_def(th, class.borrow(), REDUCE.as_ptr())?;
    class.dict(th).set_str(th, name.borrow(), reduce.object())?;
    Ok(class)
}

fn sched_param_type(th: &Thread) -> PyResult<Owned<Type>> {
    StructSequence::new_type(th, NAME, DOC, &SCHED, 1)
}

static REDUCE: StaticCell<abi::PyMethodDef> = StaticCell::new(abi::PyMethodDef {
    ml_name: c"__reduce__".as_ptr(),
    ml_meth: Some(reduce),
    ml_flags: abi::METH_NOARGS as i32,
    ml_doc: std::ptr::null(),
});

/// `(type, (priority,))`.
unsafe extern "C" fn reduce(ob: Ptr, _: Ptr) -> Ptr {
    let th = Thread::current();
    // SAFETY: the descriptor has checked what it is called with: a `sched_param`, which is a tuple.
    let this: Borrowed<'_, Tuple> = unsafe { Borrowed::from_ptr(ob) };
    let made = Tuple::from_slice(th, this.get().as_slice()).and_then(|values| {
        Tuple::pack(th, [object::type_of(this.object()).object().to_owned(), values.into_object()])
    });
    made.map_or(std::ptr::null_mut(), Owned::into_ptr)
}

type Ptr = *mut abi::PyObject;

unsafe extern "C" fn new_param(class: *mut abi::PyTypeObject, args: Ptr, kwargs: Ptr) -> Ptr {
    let th = Thread::current();
    // SAFETY: `tp_new` is called with a type, a tuple and a dictionary or NULL.
    let made = unsafe {
        let class: Borrowed<'_, Type> = Borrowed::from_ptr(class.cast());
        let args: Borrowed<'_, Tuple> = Borrowed::from_ptr(args);
        make_param(th, class, args, Borrowed::from_ptr_or_null(kwargs))
    };
    made.map_or(std::ptr::null_mut(), Owned::into_ptr)
}

fn make_param(
    th: &Thread,
    class: Borrowed<'_, Type>,
    args: Borrowed<'_, Tuple>,
    kwargs: Option<Borrowed<'_, Dict>>,
) -> PyResult<Owned<Tuple>> {
    let name = Str::interned(th, "sched_priority")?;
    let named = match kwargs {
        Some(kwargs) => kwargs.get_str(th, name.borrow())?,
        None => None,
    };
    let given = args.len() + kwargs.map_or(0, |kwargs| kwargs.len());
    if given > 1 {
        return Err(raise!(
            th,
            TYPE_ERROR,
            "sched_param() takes at most 1 argument ({given} given)"
        ));
    }
    match args.get().get(0).map(|value| value.to_owned()).or(named) {
        Some(value) => StructSequence::new(th, class, vec![value]),
        None => Err(th.raise(
            exc::TYPE_ERROR,
            "sched_param() missing required argument 'sched_priority' (pos 1)",
        )),
    }
}

fn show(th: &Thread, param: &libc::sched_param) -> PyResult<Owned<Tuple>> {
    let priority = Int::from_i64(th, param.sched_priority.into())?;
    StructSequence::new(th, sched_param_type(th)?.borrow(), vec![priority.into_object()])
}

/// The system's form of a `sched_param`.
pub fn read_param(th: &Thread, param: Borrowed<'_>) -> PyResult<libc::sched_param> {
    let class = sched_param_type(th)?;
    let priority = match param.downcast::<Tuple>() {
        Some(tuple) if param.get().ty().is(class.borrow()) => tuple.get().get(0),
        _ => return Err(th.raise(exc::TYPE_ERROR, "must have a sched_param object")),
    };
    let priority = number::index(th, priority.unwrap_or(none()))?.to_i64();
    match priority.and_then(|priority| i32::try_from(priority).ok()) {
        // SAFETY: other fields, if there are any, may be zero.
        Some(sched_priority) => unsafe {
            let mut param: libc::sched_param = std::mem::zeroed();
            param.sched_priority = sched_priority;
            Ok(param)
        },
        None => Err(th.raise(exc::OVERFLOW_ERROR, "sched_priority out of range")),
    }
}

/// Processor numbers as a set of bits, a word for each 64.
fn processors(th: &Thread, mask: Borrowed<'_>) -> PyResult<Vec<u64>> {
    let mut words = vec![0u64; 16];
    iter::for_each(th, mask, &mut |item| {
        let Some(cpu) = item.borrow().downcast::<Int>() else {
            let class = object::repr(th, object::type_of(item.borrow()).object())?;
            let message = format!("expected an iterator of ints, but iterator yielded {}", *class);
            return Err(th.raise(exc::TYPE_ERROR, &message));
        };
        if cpu.is_negative() {
            return Err(th.raise(exc::VALUE_ERROR, "negative CPU number"));
        }
        let most = i64::from(i32::MAX);
        let Some(cpu) = cpu.to_i64().filter(|&cpu| cpu < most) else {
            return Err(th.raise(exc::OVERFLOW_ERROR, "CPU number too large"));
        };
        let (word, bit) = (cpu as usize / 64, cpu % 64);
        if word >= words.len() {
            words.resize((word + 1).next_power_of_two(), 0);
        }
        words[word] |= 1 << bit;
        Ok(())
    })?;
    Ok(words)
}

#[pyfunctions(part = "scheduling")]
impl Posix {
    /// The highest priority a process can have under a scheduling policy.
    #[function(sig = "(policy)")]
    fn sched_get_priority_max(th: &Thread, policy: i32) -> PyResult<i32> {
        // SAFETY: plain system calls, as in the functions that follow.
        sys(th, NO_NAMES, || unsafe { libc::sched_get_priority_max(policy) })
    }

    /// The lowest priority a process can have under a scheduling policy.
    #[function(sig = "(policy)")]
    fn sched_get_priority_min(th: &Thread, policy: i32) -> PyResult<i32> {
        // SAFETY: a plain system call.
        sys(th, NO_NAMES, || unsafe { libc::sched_get_priority_min(policy) })
    }

    /// Which of the SCHED policies the process pid runs under; 0 means this process.
    #[function(sig = "(pid, /)")]
    fn sched_getscheduler(th: &Thread, pid: i32) -> PyResult<i32> {
        // SAFETY: a plain system call.
        sys(th, NO_NAMES, || unsafe { libc::sched_getscheduler(pid) })
    }

    /// Let the process pid, or this one for 0, run under another policy, with the priority in a sched_param.
    #[function(sig = "(pid, policy, param, /)")]
    fn sched_setscheduler(th: &Thread, pid: i32, policy: i32, param: Borrowed<'_>) -> PyResult<()> {
        let param = read_param(th, param)?;
        // SAFETY: the struct lives during the call.
        sys(th, NO_NAMES, || unsafe { libc::sched_setscheduler(pid, policy, &param) }).map(drop)
    }

    /// The scheduling priority of the process pid, or of this one for 0, as a sched_param.
    #[function(sig = "(pid, /)")]
    fn sched_getparam(th: &Thread, pid: i32) -> PyResult<Owned<Tuple>> {
        // SAFETY: room for the answer.
        let param = unsafe {
            let mut param: libc::sched_param = std::mem::zeroed();
            if libc::sched_getparam(pid, &mut param) < 0 {
                return Err(failed(th, errno(), NO_NAMES));
            }
            param
        };
        show(th, &param)
    }

    /// Give the process pid, or this one for 0, the scheduling priority that a sched_param tells.
    #[function(sig = "(pid, param, /)")]
    fn sched_setparam(th: &Thread, pid: i32, param: Borrowed<'_>) -> PyResult<()> {
        let param = read_param(th, param)?;
        // SAFETY: the struct lives during the call.
        sys(th, NO_NAMES, || unsafe { libc::sched_setparam(pid, &param) }).map(drop)
    }

    /// How many seconds the process pid may run in a row under the SCHED_RR policy, as a float.
    #[function(sig = "(pid, /)")]
    fn sched_rr_get_interval(th: &Thread, pid: i32) -> PyResult<f64> {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: room for the answer.
        if unsafe { libc::sched_rr_get_interval(pid, &mut time) } < 0 {
            return Err(failed(th, errno(), NO_NAMES));
        }
        Ok(time.tv_sec as f64 + 1e-9 * time.tv_nsec as f64)
    }

    /// Let other threads that are ready run first.
    #[function(sig = "()")]
    fn sched_yield(th: &Thread) -> PyResult<()> {
        // SAFETY: a plain system call.
        sys(th, NO_NAMES, || unsafe { libc::sched_yield() }).map(drop)
    }

    /// Restrict the process pid, or this one for 0, to some CPUs; mask is an iterable of their numbers.
    #[function(sig = "(pid, mask, /)")]
    fn sched_setaffinity(th: &Thread, pid: i32, mask: Borrowed<'_>) -> PyResult<()> {
        let words = processors(th, mask)?;
        // SAFETY: as many words as said.
        sys(th, NO_NAMES, || unsafe {
            libc::sched_setaffinity(pid, words.len() * 8, words.as_ptr().cast())
        })
        .map(drop)
    }

    /// The set of the numbers of the CPUs that the process pid, or this one for 0, may run on.
    #[function(sig = "(pid, /)")]
    fn sched_getaffinity(th: &Thread, pid: i32) -> PyResult<Owned<Set>> {
        let mut words = vec![0u64; 16];
        loop {
            let start = words.as_mut_ptr();
            // SAFETY: room for that many words.
            if unsafe { libc::sched_getaffinity(pid, words.len() * 8, start.cast()) } == 0 {
                break;
            }
            // Too small for the machine.
            if errno() != libc::EINVAL || words.len() > 1 << 16 {
                return Err(failed(th, errno(), NO_NAMES));
            }
            words = vec![0; words.len() * 2];
        }
        let found = Set::new(th)?;
        let bits = words.len() * 64;
        for cpu in (0..bits).filter(|cpu| words[cpu / 64] >> (cpu % 64) & 1 != 0) {
            found.add(th, Int::from_usize(th, cpu)?.object())?;
        }
        Ok(found)
    }
}
