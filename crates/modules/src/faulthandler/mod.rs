//! `faulthandler`: tracebacks when the process crashes, hangs, or gets a signal.
//!
//! `fatal` handles the signals of a crash, `user` those that a program chooses, `later` watches the time; what they write is
//! `krait_eval::crash`. The same job as CPython's `Modules/faulthandler.c`.

mod fatal;
mod later;
mod user;

use std::ffi::c_int;

use krait_eval::crash::{self, Out};
use krait_eval::gil;
use krait_objects::prelude::*;

/// Shows where a program is when it crashes or hangs.
#[pymodule(name = "faulthandler")]
pub struct Faulthandler;

/// Where to write: a descriptor, and the file that it is of, which must stay open.
struct Target {
    descriptor: c_int,
    file: Option<Owned>,
}

/// `file`, a descriptor or something with one; by default `sys.stderr`.
fn target(th: &Thread, file: Option<Borrowed<'_>>) -> PyResult<Target> {
    let file = match file.filter(|file| !file.is_none()) {
        Some(file) => file.to_owned(),
        None => match krait_eval::sys::get(th, id::stderr)? {
            Some(file) if file.is_none() => {
                return Err(th.raise(exc::RUNTIME_ERROR, "sys.stderr is None"));
            }
            Some(file) => file,
            None => return Err(th.raise(exc::RUNTIME_ERROR, "lost sys.stderr")),
        },
    };
    if let Some(number) = file.object().downcast::<Int>() {
        return match number.to_i64().and_then(|number| c_int::try_from(number).ok()) {
            Some(descriptor) if descriptor >= 0 => Ok(Target { descriptor, file: None }),
            _ => Err(th.raise(exc::VALUE_ERROR, "file is not a valid file descriptor")),
        };
    }
    let fileno = call::call_method(th, file.object(), Str::interned(th, "fileno")?.borrow(), &[])?;
    let number = fileno.object().downcast::<Int>().and_then(|number| number.to_i64());
    let Some(descriptor) = number.and_then(|number| c_int::try_from(number).ok()) else {
        return Err(th.raise(exc::RUNTIME_ERROR, "file.fileno() is not a valid file descriptor"));
    };
    if descriptor < 0 {
        return Err(th.raise(exc::RUNTIME_ERROR, "file.fileno() is not a valid file descriptor"));
    }
    // What was written before comes first, if that can be.
    let flush = Str::interned(th, "flush")?;
    if let Err(raised) = call::call_method(th, file.object(), flush.borrow(), &[]) {
        drop(th.take_raised(raised));
    }
    Ok(Target { descriptor, file: Some(file) })
}

/// The default handling of a signal that this process sends itself: for tests.
fn raise_signal(signal: c_int) {
    // SAFETY: sending a signal is what was asked for.
    unsafe { libc::raise(signal) };
}

/// Uses the stack up; the answer is never reached unless the stack has no end.
#[inline(never)]
fn recurse(depth: usize, start: usize) -> (usize, usize) {
    let room = std::hint::black_box([depth as u8; 4096]);
    let used = start.wrapping_sub(room.as_ptr().addr());
    if used > 100 << 20 {
        return (used, depth);
    }
    let (used, deepest) = recurse(depth + 1, start);
    (used.max(std::hint::black_box(&room)[0] as usize), deepest)
}

#[pyfunctions]
impl Faulthandler {
    /// Show the traceback of the calling thread, or of all threads, when the process crashes.
    #[function(sig = "(file=sys.stderr, all_threads=True, c_stack=True)")]
    fn enable(
        th: &Thread,
        #[default(None)] file: Option<Borrowed<'_>>,
        all_threads: bool,
        c_stack: bool,
    ) -> PyResult<()> {
        let target = target(th, file)?;
        fatal::enable(th, target, all_threads, c_stack);
        Ok(())
    }

    /// Undo enable(). Return whether there was something to undo.
    #[function(sig = "()")]
    fn disable(th: &Thread) -> bool {
        fatal::disable(th)
    }

    /// Whether enable() is in effect.
    #[function(sig = "()")]
    fn is_enabled() -> bool {
        fatal::is_enabled()
    }

    /// Write the traceback of the calling thread, or of all threads, to a file.
    #[function(sig = "(file=sys.stderr, all_threads=True)")]
    fn dump_traceback(
        th: &Thread,
        #[default(None)] file: Option<Borrowed<'_>>,
        all_threads: bool,
    ) -> PyResult<()> {
        let target = target(th, file)?;
        let mut out = Out::new(target.descriptor);
        // SAFETY: the interpreter is the calling thread's.
        unsafe {
            if all_threads {
                crash::write_threads(&mut out, std::ptr::from_ref(th.interp()), th);
            } else {
                crash::write_stack(&mut out, th);
            }
        }
        Ok(())
    }

    /// Write the calling thread's C functions to a file.
    #[function(sig = "(file=sys.stderr)")]
    fn dump_c_stack(th: &Thread, #[default(None)] file: Option<Borrowed<'_>>) -> PyResult<()> {
        let target = target(th, file)?;
        crash::write_c_stack(&mut Out::new(target.descriptor));
        Ok(())
    }

    /// Write the tracebacks of all threads after a time, or each time so long has passed.
    ///
    /// If exit is true, the process ends after that, at once.
    #[function(sig = "(timeout, repeat=False, file=sys.stderr, exit=False)")]
    fn dump_traceback_later(
        th: &Thread,
        timeout: Borrowed<'_>,
        repeat: bool,
        #[default(None)] file: Option<Borrowed<'_>>,
        exit: bool,
    ) -> PyResult<()> {
        let nanos = crate::thread::nanoseconds(th, timeout, 1_000_000_000)?;
        // The reference counts microseconds.
        let Some(micros) = u64::try_from(nanos / 1000).ok().filter(|&micros| micros > 0) else {
            return Err(th.raise(exc::VALUE_ERROR, "timeout must be greater than 0"));
        };
        let target = target(th, file)?;
        later::start(th, target, micros, repeat, exit)
    }

    /// Undo dump_traceback_later().
    #[function(sig = "()")]
    fn cancel_dump_traceback_later(th: &Thread) {
        later::cancel(th);
    }

    /// Write the traceback of the calling thread, or of all threads, when a signal arrives.
    ///
    /// If chain is true, what handled the signal before does so too.
    #[function(sig = "(signum, file=sys.stderr, all_threads=True, chain=False)")]
    fn register(
        th: &Thread,
        signum: c_int,
        #[default(None)] file: Option<Borrowed<'_>>,
        all_threads: bool,
        chain: bool,
    ) -> PyResult<()> {
        let signal = user::checked(th, signum)?;
        let target = target(th, file)?;
        user::register(th, signal, target, all_threads, chain)
    }

    /// Undo register(). Return whether there was something to undo.
    #[function(sig = "(signum, /)")]
    fn unregister(th: &Thread, signum: c_int) -> PyResult<bool> {
        let signal = user::checked(th, signum)?;
        Ok(user::unregister(th, signal))
    }

    /// Read from address 0: a test.
    #[function(sig = "()")]
    fn _read_null() -> i32 {
        // SAFETY: none: this is how programs crash, and tests want to see it.
        unsafe { std::ptr::read_volatile(std::hint::black_box(std::ptr::null())) }
    }

    /// Send SIGSEGV to this process: a test.
    #[function(sig = "(release_gil=False, /)")]
    fn _sigsegv(th: &Thread, release_gil: bool) {
        if release_gil {
            gil::without_gil(th, || raise_signal(libc::SIGSEGV));
        } else {
            raise_signal(libc::SIGSEGV);
        }
    }

    /// Abort this process: a test.
    #[function(sig = "()")]
    fn _sigabrt() {
        std::process::abort();
    }

    /// Send SIGFPE to this process: a test.
    #[function(sig = "()")]
    fn _sigfpe() {
        raise_signal(libc::SIGFPE);
    }

    /// End this process with a fatal error in a thread that runs no Python: a test.
    #[function(sig = "()")]
    fn _fatal_error_c_thread(th: &Thread) {
        let known = fatal::Shared(std::ptr::from_ref(th.interp()));
        let thread = std::thread::spawn(move || {
            let known = known;
            let mut out = Out::new(2);
            out.text("Fatal Python error: faulthandler_fatal_error_thread: in new thread\n");
            out.text("Python runtime state: initialized\n\n");
            // SAFETY: the interpreter waits for this thread.
            unsafe { crash::write_threads(&mut out, known.0, std::ptr::null()) };
            drop(out);
            std::process::abort();
        });
        // It does not come back.
        drop(thread.join());
    }

    /// Use up the stack: a test.
    #[function(sig = "()")]
    fn _stack_overflow(th: &Thread) -> PyResult<()> {
        let local = std::hint::black_box(0_u8);
        let start = std::ptr::from_ref(&local).addr();
        let (used, depth) = recurse(1, start);
        Err(raise!(
            th,
            MEMORY_ERROR,
            "unable to raise a stack overflow (allocated {used} bytes on the stack, {depth} recursive calls)"
        ))
    }
}
