//! Signals at which a program wants to see where it is, and goes on.
//!
//! Invariants: 1. an entry of `USERS` is null or points to what `register` made, which lives until its signal has its
//! old handler again; 2. its interpreter is alive: it unregisters before it ends.

use std::cell::RefCell;
use std::ffi::c_int;
use std::mem::zeroed;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};

use krait_eval::crash::{self, Out};
use krait_objects::exceptions::os;
use krait_objects::interp::Interpreter;
use krait_objects::prelude::*;

use super::Target;

const COUNT: usize = 65;

struct User {
    descriptor: c_int,
    all_threads: bool,
    chain: bool,
    interp: *const Interpreter,
    previous: libc::sigaction,
}

static USERS: [AtomicPtr<User>; COUNT] = [const { AtomicPtr::new(null_mut()) }; COUNT];

/// The signals of this interpreter, with the files that they write to.
#[derive(Default)]
struct Registered(RefCell<Vec<Owner>>);

struct Owner {
    signal: usize,
    own: *mut User,
    _file: Option<Owned>,
}

impl Drop for Owner {
    fn drop(&mut self) {
        if USERS[self.signal].load(Ordering::Acquire) == self.own {
            uninstall(self.signal);
        }
    }
}

/// A signal that may be registered.
pub fn checked(th: &Thread, signal: c_int) -> PyResult<usize> {
    let fatal = [libc::SIGBUS, libc::SIGILL, libc::SIGFPE, libc::SIGABRT, libc::SIGSEGV];
    if fatal.contains(&signal) {
        return Err(raise!(
            th,
            RUNTIME_ERROR,
            "signal {signal} cannot be registered, use enable() instead"
        ));
    }
    match usize::try_from(signal).ok().filter(|signal| (1..COUNT).contains(signal)) {
        Some(signal) => Ok(signal),
        None => Err(th.raise(exc::VALUE_ERROR, "signal number out of range")),
    }
}

fn action(chain: bool) -> libc::sigaction {
    // SAFETY: zeros are valid.
    let mut action: libc::sigaction = unsafe { zeroed() };
    action.sa_sigaction = on_user as extern "C" fn(c_int) as usize;
    // The signal is sent again for the old handler, from inside this one.
    let again = if chain { libc::SA_NODEFER } else { libc::SA_RESTART };
    action.sa_flags = again | libc::SA_ONSTACK;
    action
}

pub fn register(
    th: &Thread,
    signal: usize,
    target: Target,
    all_threads: bool,
    chain: bool,
) -> PyResult<()> {
    unregister(th, signal);
    uninstall(signal);
    let user = Box::into_raw(Box::new(User {
        descriptor: target.descriptor,
        all_threads,
        chain,
        interp: std::ptr::from_ref(th.interp()),
        // SAFETY: zeros are valid.
        previous: unsafe { zeroed() },
    }));
    USERS[signal].store(user, Ordering::Release);
    // SAFETY: the structs are filled in.
    if unsafe { libc::sigaction(signal as c_int, &action(chain), &raw mut (*user).previous) } != 0 {
        let raised = os::raise_from_errno(th, None);
        USERS[signal].store(null_mut(), Ordering::Release);
        // SAFETY: nobody else has it any more.
        drop(unsafe { Box::from_raw(user) });
        return Err(raised);
    }
    let owner = Owner { signal, own: user, _file: target.file };
    th.interp().state::<Registered>().0.borrow_mut().push(owner);
    Ok(())
}

/// False if this interpreter had not registered it.
pub fn unregister(th: &Thread, signal: usize) -> bool {
    let registered = &th.interp().state::<Registered>().0;
    let at = registered.borrow().iter().position(|owner| owner.signal == signal);
    let owner = at.map(|at| registered.borrow_mut().swap_remove(at));
    owner.is_some()
}

fn uninstall(signal: usize) {
    let user = USERS[signal].swap(null_mut(), Ordering::AcqRel);
    if user.is_null() {
        return;
    }
    // SAFETY: (1): nobody else has it any more.
    unsafe {
        libc::sigaction(signal as c_int, &raw const (*user).previous, null_mut());
        drop(Box::from_raw(user));
    }
}

/// What the system calls.
extern "C" fn on_user(signal: c_int) {
    let user = usize::try_from(signal).ok().and_then(|signal| USERS.get(signal));
    // SAFETY: (1), (2); the error number is the interrupted code's.
    unsafe {
        let Some(user) = user.and_then(|user| user.load(Ordering::Acquire).as_ref()) else {
            return;
        };
        let saved = *libc::__errno_location();
        let mut out = Out::new(user.descriptor);
        let current = crash::own_state(user.interp);
        if user.all_threads {
            crash::write_threads(&mut out, user.interp, current);
        } else if !current.is_null() {
            crash::write_stack(&mut out, current);
        }
        drop(out);
        if user.chain {
            libc::sigaction(signal, &user.previous, null_mut());
            *libc::__errno_location() = saved;
            libc::raise(signal);
            libc::sigaction(signal, &action(true), null_mut());
        }
        *libc::__errno_location() = saved;
    }
}
