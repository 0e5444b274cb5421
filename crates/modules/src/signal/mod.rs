//! `_signal`: handlers of signals, in Python.
//!
//! `trip` brings a signal from the system to the loop, `wait` has the functions that wait for signals or send and block them,
//! `timer` those that have the system send one later. This file keeps the handlers. The same job as CPython's
//! `Modules/signalmodule.c`.

mod timer;
pub mod trip;
mod wait;

use std::cell::{Cell, RefCell};
use std::ffi::{c_int, c_void};

use krait_eval::pending::Pending;
use krait_eval::sys::hooks::unraisable;
use krait_eval::{config, frame, pending_calls};
use krait_objects::exceptions::os;
use krait_objects::prelude::*;

use trip::COUNT;
pub use trip::after_fork;
pub use wait::to_set;

/// What the module keeps for an interpreter.
#[derive(Default)]
struct State {
    started: Cell<bool>,
    /// For each signal what handles it: a function, `SIG_DFL`, `SIG_IGN`, or nothing if that is not known. Empty until
    /// the module is made.
    handlers: RefCell<Vec<Option<Owned>>>,
    /// Signals whose handlers were changed here: they are given back at the end.
    changed: RefCell<Vec<c_int>>,
    /// Whether the interpreter gets the process's signals.
    is_main: Cell<bool>,
    /// Whether SIGINT raises KeyboardInterrupt although nobody has made the function that does so.
    interrupts: Cell<bool>,
}

impl Drop for State {
    fn drop(&mut self) {
        for &signal in self.changed.borrow().iter() {
            set_action(signal, libc::SIG_DFL);
        }
        if self.is_main.get() {
            trip::set_main(None);
            trip::set_wakeup(-1, true);
        }
    }
}

fn state(th: &Thread) -> &State {
    th.interp().state::<State>()
}

/// Installs the system's handler for a signal; false if it refuses.
fn set_action(signal: c_int, handler: libc::sighandler_t) -> bool {
    // SAFETY: the struct is whole; the handler is one of the system's or `on_signal`.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler;
        libc::sigemptyset(&mut action.sa_mask);
        libc::sigaction(signal, &action, std::ptr::null_mut()) == 0
    }
}

/// What handles a signal now: `SIG_DFL`, `SIG_IGN`, or a function.
fn current_action(signal: c_int) -> Option<libc::sighandler_t> {
    // SAFETY: only asks.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        let status = libc::sigaction(signal, std::ptr::null(), &mut action);
        (status == 0).then_some(action.sa_sigaction)
    }
}

fn ours() -> libc::sighandler_t {
    trip::on_signal as *const () as libc::sighandler_t
}

/// As if the signal had arrived, unless it is ignored or left to the system. At the end of the interpreter nothing is known of
/// handlers any more.
pub fn simulate(th: &Thread, signal: c_int) {
    if th.interp().finalizing.get() {
        return trip::trip(signal);
    }
    let handlers = state(th).handlers.borrow();
    let handled = handlers.get(signal as usize).and_then(Option::as_ref);
    let interrupts = signal == libc::SIGINT && state(th).interrupts.get();
    if interrupts || handled.is_some_and(|handler| object::is_callable(handler.borrow())) {
        drop(handlers);
        trip::trip(signal);
    }
}

/// Calls the handlers of the signals that have arrived.
pub fn run_handlers(th: &Thread) -> PyResult<()> {
    if let Some(error) = trip::take_failure() {
        let error = std::ptr::without_provenance_mut(error as usize);
        // Told as a pending call, as in the reference: after this round's handlers have begun. If too many calls wait, nobody is told.
        pending_calls::add(None, report_failure, error);
    }
    trip::take_each(th, |signal| {
        if th.interp().finalizing.get() {
            report_without_handler(th, signal);
            return Ok(());
        }
        if signal == libc::SIGINT && state(th).interrupts.get() {
            return Err(th.raise_none(exc::KEYBOARD_INTERRUPT));
        }
        let handler = state(th).handlers.borrow().get(signal as usize).cloned().flatten();
        let Some(handler) = handler.filter(|handler| object::is_callable(handler.borrow())) else {
            report_without_handler(th, signal);
            return Ok(());
        };
        let number = Int::from_i64(th, signal.into())?;
        let frame = running_frame(th)?;
        call::call(th, handler.borrow(), &[number.object(), frame.borrow()]).map(drop)
    })
}

/// Tells that a signal arrived whose handler is gone.
#[cold]
fn report_without_handler(th: &Thread, signal: c_int) {
    let current = th.take_exception();
    let Raised { .. } = raise!(th, OS_ERROR, "Signal {signal} ignored due to race condition");
    unraisable(th, None, "Exception ignored while calling signal handler");
    restore(th, current);
}

/// Tells that a byte could not be written to the wake-up descriptor, and which error that was.
unsafe extern "C" fn report_failure(error: *mut c_void) -> c_int {
    let th = Thread::current();
    let current = th.take_exception();
    // SAFETY: the thread's own error number.
    unsafe { *libc::__errno_location() = error.addr() as c_int };
    let Raised { .. } = system_error(th);
    unraisable(th, None, "Exception ignored while trying to write to the signal wakeup fd");
    restore(th, current);
    0
}

fn restore(th: &Thread, exception: Option<Owned<BaseException>>) {
    if let Some(exception) = exception {
        let Raised { .. } = th.set_exception(exception.into_object());
    }
}

/// The running frame's object, or None.
fn running_frame(th: &Thread) -> PyResult {
    let current = frame::current_complete(th);
    if current.is_null() {
        return Ok(none().to_owned());
    }
    let sys = krait_eval::import::import(th, "sys")?;
    let name = Str::interned(th, "_getframe")?;
    call::call_method(th, sys.object(), name.borrow(), &[])
}

/// A signal's number; ValueError if there is no such signal.
fn checked(th: &Thread, signal: i32) -> PyResult<c_int> {
    if (1..COUNT as i32).contains(&signal) {
        return Ok(signal);
    }
    Err(th.raise(exc::VALUE_ERROR, "signal number out of range"))
}

fn system_error(th: &Thread) -> Raised {
    os::raise_from_errno(th, None)
}

static SIGNALS: &[(&str, c_int)] = &[
    ("SIGHUP", libc::SIGHUP),
    ("SIGINT", libc::SIGINT),
    ("SIGQUIT", libc::SIGQUIT),
    ("SIGILL", libc::SIGILL),
    ("SIGTRAP", libc::SIGTRAP),
    ("SIGIOT", libc::SIGIOT),
    ("SIGABRT", libc::SIGABRT),
    ("SIGFPE", libc::SIGFPE),
    ("SIGKILL", libc::SIGKILL),
    ("SIGBUS", libc::SIGBUS),
    ("SIGSEGV", libc::SIGSEGV),
    ("SIGSYS", libc::SIGSYS),
    ("SIGPIPE", libc::SIGPIPE),
    ("SIGALRM", libc::SIGALRM),
    ("SIGTERM", libc::SIGTERM),
    ("SIGUSR1", libc::SIGUSR1),
    ("SIGUSR2", libc::SIGUSR2),
    ("SIGCLD", libc::SIGCHLD),
    ("SIGCHLD", libc::SIGCHLD),
    ("SIGPWR", libc::SIGPWR),
    ("SIGIO", libc::SIGIO),
    ("SIGURG", libc::SIGURG),
    ("SIGWINCH", libc::SIGWINCH),
    ("SIGPOLL", libc::SIGPOLL),
    ("SIGSTOP", libc::SIGSTOP),
    ("SIGTSTP", libc::SIGTSTP),
    ("SIGCONT", libc::SIGCONT),
    ("SIGTTIN", libc::SIGTTIN),
    ("SIGTTOU", libc::SIGTTOU),
    ("SIGVTALRM", libc::SIGVTALRM),
    ("SIGPROF", libc::SIGPROF),
    ("SIGXCPU", libc::SIGXCPU),
    ("SIGXFSZ", libc::SIGXFSZ),
    ("SIGSTKFLT", libc::SIGSTKFLT),
];

/// Handlers for the signals of the operating system.
///
/// signal() says what happens when a signal arrives and getsignal() tells what was chosen;
/// default_int_handler() is what SIGINT starts with. alarm() and setitimer() let the system send a signal
/// later, getitimer() shows how a timer stands, and pause() sleeps until a signal comes.
#[pymodule(name = "_signal")]
pub struct Signal;

#[pyfunctions(parts(wait, timer))]
impl Signal {
    #[constant]
    const NSIG: i32 = COUNT as i32;
    #[constant]
    const SIG_DFL: i32 = 0;
    #[constant]
    const SIG_IGN: i32 = 1;
    #[constant]
    const SIG_BLOCK: i32 = libc::SIG_BLOCK;
    #[constant]
    const SIG_UNBLOCK: i32 = libc::SIG_UNBLOCK;
    #[constant]
    const SIG_SETMASK: i32 = libc::SIG_SETMASK;

    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        for &(name, number) in SIGNALS {
            module.add(th, name, Int::from_i64(th, number.into())?.object())?;
        }
        for (name, number) in [("SIGRTMIN", libc::SIGRTMIN()), ("SIGRTMAX", libc::SIGRTMAX())] {
            module.add(th, name, Int::from_i64(th, number.into())?.object())?;
        }
        module.add(th, "struct_siginfo", wait::siginfo_type(th)?.object())?;
        start(th)?;
        fill_handlers(th)?;
        if state(th).interrupts.take() {
            let name = Str::interned(th, "default_int_handler")?;
            let handler = object::get_attr(th, module.object(), name.borrow())?;
            state(th).handlers.borrow_mut()[libc::SIGINT as usize] = Some(handler);
        }
        Ok(())
    }

    /// What Python does with SIGINT unless told otherwise: raise KeyboardInterrupt.
    #[function(sig = "(signalnum, frame, /)")]
    fn default_int_handler(th: &Thread, _signalnum: i32, _frame: Borrowed<'_>) -> PyResult<()> {
        Err(th.raise_none(exc::KEYBOARD_INTERRUPT))
    }

    /// Choose what happens when a signal arrives, and return what happened so far, as getsignal() tells it.
    ///
    /// The handler is SIG_DFL, SIG_IGN, or a callable that gets the signal's number and the frame that was
    /// running. Only the main thread of the main interpreter may call this.
    #[function(sig = "(signalnum, handler, /)")]
    fn signal(th: &Thread, signalnum: i32, handler: Borrowed<'_>) -> PyResult {
        if !trip::is_main(th) {
            return Err(th.raise(
                exc::VALUE_ERROR,
                "signal only works in main thread of the main interpreter",
            ));
        }
        let signal = checked(th, signalnum)?;
        let number = handler.downcast::<Int>().and_then(|number| number.to_i64());
        let action = match number {
            _ if object::is_callable(handler) => ours(),
            Some(0) => libc::SIG_DFL,
            Some(1) => libc::SIG_IGN,
            _ => {
                return Err(th.raise(
                    exc::TYPE_ERROR,
                    "signal handler must be signal.SIG_IGN, signal.SIG_DFL, or a callable object",
                ));
            }
        };
        // What has arrived already is the old handler's.
        run_handlers(th)?;
        if !set_action(signal, action) {
            return Err(system_error(th));
        }
        let state = state(th);
        state.changed.borrow_mut().push(signal);
        let kept = match number {
            Some(number) => Int::from_i64(th, number)?.into_object(),
            None => handler.to_owned(),
        };
        let old = state.handlers.borrow_mut()[signal as usize].replace(kept);
        Ok(old.unwrap_or_else(|| none().to_owned()))
    }

    /// Tell what happens when a signal arrives.
    ///
    /// That is a callable if one was set, SIG_IGN if nothing happens, SIG_DFL if the system does what it
    /// always does, and None if the handler was not installed from Python.
    #[function(sig = "(signalnum, /)")]
    fn getsignal(th: &Thread, signalnum: i32) -> PyResult<Option<Owned>> {
        let signal = checked(th, signalnum)?;
        Ok(state(th).handlers.borrow().get(signal as usize).cloned().flatten())
    }

    /// What the system calls a signal, for example Interrupt for SIGINT.
    ///
    /// None means that it has no name for the number; one that cannot be a signal is a ValueError.
    #[function(sig = "(signalnum, /)")]
    fn strsignal(th: &Thread, signalnum: i32) -> PyResult<Option<Owned<Str>>> {
        let signal = checked(th, signalnum)?;
        // SAFETY: the text is read at once, with the GIL held.
        let text = unsafe {
            let text = libc::strsignal(signal);
            if text.is_null() {
                return Ok(None);
            }
            std::ffi::CStr::from_ptr(text).to_bytes()
        };
        if text.starts_with(b"Unknown signal") {
            return Ok(None);
        }
        Str::from_fs_bytes(th, text).map(Some)
    }

    /// Say whether a signal interrupts system calls.
    ///
    /// With a true flag they fail when the signal arrives; with a false one the system resumes them.
    #[function(sig = "(signalnum, flag, /)")]
    fn siginterrupt(th: &Thread, signalnum: i32, flag: i32) -> PyResult<()> {
        let signal = checked(th, signalnum)?;
        // SAFETY: the struct is the system's own.
        let status = unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            if libc::sigaction(signal, std::ptr::null(), &mut action) == 0 {
                if flag != 0 {
                    action.sa_flags &= !libc::SA_RESTART;
                } else {
                    action.sa_flags |= libc::SA_RESTART;
                }
                libc::sigaction(signal, &action, std::ptr::null_mut())
            } else {
                -1
            }
        };
        if status == 0 { Ok(()) } else { Err(system_error(th)) }
    }

    /// Have the number of each signal that arrives written to a descriptor, as one byte.
    ///
    /// So a loop that waits in select or poll notices signals. The descriptor has to be non-blocking; -1 ends
    /// the writing. The descriptor used so far is returned, -1 if there was none. That there is no room for the byte
    /// is reported unless warn_on_full_buffer is false.
    #[function(sig = "(fd, /, *, warn_on_full_buffer=True)")]
    fn set_wakeup_fd(th: &Thread, fd: i32, warn_on_full_buffer: bool) -> PyResult<i32> {
        if !trip::is_main(th) {
            return Err(th.raise(
                exc::VALUE_ERROR,
                "set_wakeup_fd only works in main thread of the main interpreter",
            ));
        }
        if fd != -1 {
            // SAFETY: asking about a descriptor changes nothing.
            let flags = unsafe { libc::fcntl(fd, libc::F_GETFL) };
            if flags < 0 {
                return Err(system_error(th));
            }
            if flags & libc::O_NONBLOCK == 0 {
                return Err(raise!(th, VALUE_ERROR, "the fd {fd} must be in non-blocking mode"));
            }
        }
        Ok(trip::set_wakeup(fd, warn_on_full_buffer))
    }
}

/// Notes what the system does with each signal, once.
fn fill_handlers(th: &Thread) -> PyResult<()> {
    if !state(th).handlers.borrow().is_empty() {
        return Ok(());
    }
    let mut handlers = vec![None];
    for signal in 1..COUNT as c_int {
        handlers.push(match current_action(signal) {
            Some(libc::SIG_DFL) => Some(Int::from_i64(th, 0)?.into_object()),
            Some(libc::SIG_IGN) => Some(Int::from_i64(th, 1)?.into_object()),
            _ => None,
        });
    }
    *state(th).handlers.borrow_mut() = handlers;
    Ok(())
}

/// In the main interpreter, lets signals come to it: SIGINT raises KeyboardInterrupt. Does so once, with the interpreter
/// or, if that installs no handlers, with the module.
pub fn start(th: &Thread) -> PyResult<()> {
    if state(th).started.replace(true) {
        return Ok(());
    }
    let install = config::of(th).install_signal_handlers && th.interp().id == 0;
    if install {
        // Writing to a closed pipe, or past the limit of files, is an OSError, not the end.
        set_action(libc::SIGPIPE, libc::SIG_IGN);
        set_action(libc::SIGXFSZ, libc::SIG_IGN);
    }
    let state = state(th);
    if th.interp().id != 0 {
        return Ok(());
    }
    state.is_main.set(true);
    trip::set_main(Some(th));
    let pending = &th.interp().state::<Pending>().hooks;
    let mut hooks = pending.get();
    hooks.signals = run_handlers;
    pending.set(hooks);
    if !install || current_action(libc::SIGINT) != Some(libc::SIG_DFL) {
        return Ok(());
    }
    if set_action(libc::SIGINT, ours()) {
        state.changed.borrow_mut().push(libc::SIGINT);
        state.interrupts.set(true);
    }
    Ok(())
}
