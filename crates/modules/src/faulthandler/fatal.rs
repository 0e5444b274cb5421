//! The signals of a crash: a traceback is written, then they do what they did before.
//!
//! Signals belong to the process, so what their handler needs is process-wide: the interpreter that asked last has them.
//!
//! Invariants: 1. `ENABLED` is null or points to what `enable` made, which lives until `disable` has put the old
//! handlers back; 2. its interpreter is alive: it disables before it ends.

use std::cell::RefCell;
use std::ffi::c_int;
use std::mem::{MaybeUninit, zeroed};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};

use krait_eval::crash::{self, Out};
use krait_objects::interp::Interpreter;
use krait_objects::prelude::*;

use super::Target;

const SIGNALS: [(c_int, &str); 5] = [
    (libc::SIGBUS, "Bus error"),
    (libc::SIGILL, "Illegal instruction"),
    (libc::SIGFPE, "Floating-point exception"),
    (libc::SIGABRT, "Aborted"),
    (libc::SIGSEGV, "Segmentation fault"),
];

/// Room for the handler when the thread's own stack is used up.
const STACK: usize = 128 << 10;

/// An interpreter that another thread, or a handler of signals, looks at.
#[derive(Clone, Copy)]
pub struct Shared(pub *const Interpreter);

// SAFETY: it is only read, by code that expects it to change meanwhile (see `crash`).
unsafe impl Send for Shared {}

struct Enabled {
    descriptor: c_int,
    all_threads: bool,
    c_stack: bool,
    interp: *const Interpreter,
    previous: [libc::sigaction; SIGNALS.len()],
    stack: Box<[MaybeUninit<u8>]>,
    previous_stack: libc::stack_t,
}

static ENABLED: AtomicPtr<Enabled> = AtomicPtr::new(null_mut());

/// Keeps the file, and disables when the interpreter ends.
#[derive(Default)]
struct Installed(RefCell<Option<Owner>>);

struct Owner {
    own: *mut Enabled,
    _file: Option<Owned>,
}

impl Drop for Owner {
    fn drop(&mut self) {
        // Another interpreter may have taken the signals over; then it has put ours away.
        if ENABLED.load(Ordering::Acquire) == self.own {
            uninstall();
        }
    }
}

pub fn is_enabled() -> bool {
    !ENABLED.load(Ordering::Acquire).is_null()
}

pub fn enable(th: &Thread, target: Target, all_threads: bool, c_stack: bool) {
    disable(th);
    uninstall();
    let mut stack = Box::new_uninit_slice(STACK);
    let mut enabled = Box::new(Enabled {
        descriptor: target.descriptor,
        all_threads,
        c_stack,
        interp: std::ptr::from_ref(th.interp()),
        // SAFETY: zeros are valid.
        previous: unsafe { zeroed() },
        // SAFETY: as above.
        previous_stack: unsafe { zeroed() },
        stack: Box::default(),
    });
    // SAFETY: the structs are filled in; the stack lives as long as it is in use (1). The first backtrace loads
    // the unwinder, which a handler had better not do.
    unsafe {
        let own = libc::stack_t { ss_sp: stack.as_mut_ptr().cast(), ss_flags: 0, ss_size: STACK };
        libc::sigaltstack(&own, &mut enabled.previous_stack);
        let mut address = [null_mut(); 1];
        libc::backtrace(address.as_mut_ptr(), 1);
    }
    enabled.stack = stack;
    let enabled = Box::into_raw(enabled);
    ENABLED.store(enabled, Ordering::Release);
    for (at, (signal, _)) in SIGNALS.iter().enumerate() {
        // SAFETY: as above.
        unsafe {
            let mut action: libc::sigaction = zeroed();
            action.sa_sigaction = on_fatal as extern "C" fn(c_int) as usize;
            action.sa_flags = libc::SA_NODEFER | libc::SA_ONSTACK;
            libc::sigaction(*signal, &action, &raw mut (*enabled).previous[at]);
        }
    }
    let owner = Owner { own: enabled, _file: target.file };
    drop(th.interp().state::<Installed>().0.replace(Some(owner)));
}

/// False if this interpreter had not enabled anything.
pub fn disable(th: &Thread) -> bool {
    let owner = th.interp().state::<Installed>().0.take();
    let was_enabled = owner.is_some() && is_enabled();
    drop(owner);
    was_enabled
}

fn uninstall() {
    let enabled = ENABLED.swap(null_mut(), Ordering::AcqRel);
    if enabled.is_null() {
        return;
    }
    // SAFETY: (1): nobody else has it any more.
    unsafe {
        for (at, (signal, _)) in SIGNALS.iter().enumerate() {
            libc::sigaction(*signal, &raw const (*enabled).previous[at], null_mut());
        }
        libc::sigaltstack(&raw const (*enabled).previous_stack, null_mut());
        drop(Box::from_raw(enabled));
    }
}

/// What the system calls.
extern "C" fn on_fatal(signal: c_int) {
    let enabled = ENABLED.load(Ordering::Acquire);
    let Some(at) = SIGNALS.iter().position(|(known, _)| *known == signal) else {
        return;
    };
    // SAFETY: (1), (2). The old handler is back first: a second crash, in here, is the last.
    unsafe {
        let Some(enabled) = enabled.as_ref() else {
            return;
        };
        libc::sigaction(signal, &enabled.previous[at], null_mut());
        let mut out = Out::new(enabled.descriptor);
        out.text("Fatal Python error: ");
        out.text(SIGNALS[at].1);
        out.text("\n\n");
        let current = crash::own_state(enabled.interp);
        if enabled.all_threads {
            crash::write_threads(&mut out, enabled.interp, current);
        } else if !current.is_null() {
            crash::write_stack(&mut out, current);
        }
        if enabled.c_stack {
            out.text("\n");
            crash::write_c_stack(&mut out);
        }
        crash::write_extension_modules(&mut out, enabled.interp);
        drop(out);
        libc::raise(signal);
    }
}
