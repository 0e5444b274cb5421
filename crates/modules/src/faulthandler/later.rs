//! A thread that writes tracebacks once a time is over, unless it is told not to.
//!
//! It never waits for the GIL: the program may hang with it.

use std::cell::RefCell;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use krait_eval::crash::{self, Out};
use krait_objects::prelude::*;

use super::Target;
use super::fatal::Shared;

/// Whether the watch is over.
type Cancelled = Arc<(Mutex<bool>, Condvar)>;

#[derive(Default)]
struct Watch(RefCell<Option<Watcher>>);

struct Watcher {
    cancelled: Cancelled,
    thread: Option<JoinHandle<()>>,
    _file: Option<Owned>,
}

impl Drop for Watcher {
    fn drop(&mut self) {
        *self.cancelled.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = true;
        self.cancelled.1.notify_all();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// What is written above the tracebacks.
fn header(micros: u64) -> String {
    let (seconds, rest) = (micros / 1_000_000, micros % 1_000_000);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match rest {
        0 => format!("Timeout ({hours}:{minutes:02}:{seconds:02})!\n"),
        _ => format!("Timeout ({hours}:{minutes:02}:{seconds:02}.{rest:06})!\n"),
    }
}

/// Starts to watch; an earlier watch ends.
pub fn start(th: &Thread, target: Target, micros: u64, repeat: bool, exit: bool) -> PyResult<()> {
    cancel(th);
    let cancelled = Cancelled::default();
    let (over, threads, descriptor) =
        (cancelled.clone(), Shared(std::ptr::from_ref(th.interp())), target.descriptor);
    let header = header(micros);
    let watch = move || {
        let threads = threads;
        block_signals();
        loop {
            let (lock, changed) = &*over;
            let guard = lock.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            let wait =
                changed.wait_timeout_while(guard, Duration::from_micros(micros), |over| !*over);
            if *wait.unwrap_or_else(|poisoned| poisoned.into_inner()).0 {
                return;
            }
            let mut out = Out::new(descriptor);
            out.text(&header);
            // SAFETY: the interpreter cancels the watch before it ends.
            unsafe { crash::write_threads(&mut out, threads.0, std::ptr::null()) };
            drop(out);
            if exit {
                // SAFETY: ends the process.
                unsafe { libc::_exit(1) };
            }
            if !repeat {
                return;
            }
        }
    };
    let Ok(thread) = std::thread::Builder::new().spawn(watch) else {
        return Err(th.raise(exc::RUNTIME_ERROR, "unable to start watchdog thread"));
    };
    let watcher = Watcher { cancelled, thread: Some(thread), _file: target.file };
    drop(th.interp().state::<Watch>().0.replace(Some(watcher)));
    Ok(())
}

/// Ends the watch, if there is one.
pub fn cancel(th: &Thread) {
    let watcher = th.interp().state::<Watch>().0.take();
    drop(watcher);
}

/// Signals are for the threads of the program.
fn block_signals() {
    // SAFETY: the set is filled in by the call before.
    unsafe {
        let mut all: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &all, std::ptr::null_mut());
    }
}
