//! `select.poll` objects.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use krait_objects::prelude::*;
use krait_objects::typeobj;

use super::{Deadline, poll_deadline, timeout_nanos, wait};
use crate::posix::path::Fildes;

const CONSTANTS: [(&str, i16); 12] = [
    ("POLLIN", libc::POLLIN),
    ("POLLPRI", libc::POLLPRI),
    ("POLLOUT", libc::POLLOUT),
    ("POLLERR", libc::POLLERR),
    ("POLLHUP", libc::POLLHUP),
    ("POLLNVAL", libc::POLLNVAL),
    ("POLLRDNORM", libc::POLLRDNORM),
    ("POLLRDBAND", libc::POLLRDBAND),
    ("POLLWRNORM", libc::POLLWRNORM),
    ("POLLWRBAND", libc::POLLWRBAND),
    ("POLLMSG", 0x400),
    ("POLLRDHUP", libc::POLLRDHUP),
];

pub fn add(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
    for (name, value) in CONSTANTS {
        module.add(th, name, Int::from_i64(th, value.into())?.object())?;
    }
    Borrowed::from_ref(Poll::type_object()).ready(th)
}

/// What is watched, in the order of registration.
#[derive(Default)]
struct Registered {
    entries: Vec<libc::pollfd>,
    /// Where in `entries` a descriptor is.
    places: HashMap<i32, usize>,
}

impl Registered {
    fn set(&mut self, fd: i32, events: u16) {
        let events = events as i16;
        match self.places.get(&fd) {
            Some(&at) => self.entries[at].events = events,
            None => {
                self.places.insert(fd, self.entries.len());
                self.entries.push(libc::pollfd { fd, events, revents: 0 });
            }
        }
    }

    /// Whether it was there.
    fn remove(&mut self, fd: i32) -> bool {
        let Some(at) = self.places.remove(&fd) else {
            return false;
        };
        self.entries.remove(at);
        for place in self.places.values_mut().filter(|place| **place > at) {
            *place -= 1;
        }
        true
    }
}

#[pytype(name = "select.poll", flags(DISALLOW_INSTANTIATION))]
#[repr(C)]
pub struct Poll {
    head: Head,
    registered: RefCell<Registered>,
    running: Cell<bool>,
}

pub fn new(th: &Thread) -> PyResult {
    let class = Borrowed::from_ref(Poll::type_object());
    let poll = typeobj::alloc::alloc_untracked(th, class, 0)?;
    // SAFETY: a fresh instance; the other field may be zero.
    unsafe {
        let registered = &raw mut (*poll.as_ptr().cast::<Poll>()).registered;
        registered.write(RefCell::default());
    }
    Ok(poll)
}

/// An entry that something happened to, as `poll` answers it.
fn event(th: &Thread, entry: &libc::pollfd) -> PyResult {
    let happened = Int::from_i64(th, (entry.revents as u16).into())?;
    let fd = Int::from_i64(th, entry.fd.into())?;
    Tuple::pack(th, [fd.into_object(), happened.into_object()]).map(Owned::into_object)
}

#[pymethods]
impl Poll {
    /// Start to watch a descriptor.
    ///
    /// fd is an integer, or an object with a fileno() method that returns one; eventmask is a set of bits
    /// that says which events to look for.
    #[method(
        sig = "(self, fd,\n         eventmask=select.POLLIN | select.POLLPRI | select.POLLOUT, /)"
    )]
    fn register(
        &self,
        fd: Fildes,
        #[default((libc::POLLIN | libc::POLLPRI | libc::POLLOUT) as u16)] eventmask: u16,
    ) {
        self.registered.borrow_mut().set(fd.0, eventmask);
    }

    /// Change which events of a watched descriptor are looked for.
    #[method(sig = "(self, fd, eventmask, /)")]
    fn modify(&self, th: &Thread, fd: Fildes, eventmask: u16) -> PyResult<()> {
        if !self.registered.borrow().places.contains_key(&fd.0) {
            let missing = krait_objects::exceptions::os::raise_errno;
            return Err(missing(th, exc::OS_ERROR, libc::ENOENT, [None, None]));
        }
        self.registered.borrow_mut().set(fd.0, eventmask);
        Ok(())
    }

    /// Watch a descriptor no longer.
    #[method(sig = "(self, fd, /)")]
    fn unregister(&self, th: &Thread, fd: Fildes) -> PyResult<()> {
        if self.registered.borrow_mut().remove(fd.0) {
            return Ok(());
        }
        Err(th.raise_value(exc::KEY_ERROR, Int::from_i64(th, fd.0.into())?.object()))
    }

    /// Sleep until watched descriptors have something to report.
    ///
    /// timeout is the longest time to wait, in milliseconds; None waits for ever. The result is a list of
    /// pairs of a descriptor and its events, one for each descriptor that has events or errors to report.
    #[method(sig = "(self, timeout=None, /)")]
    fn poll(&self, th: &Thread, timeout: Option<Borrowed<'_>>) -> PyResult<Owned<List>> {
        let mut deadline = Deadline::NEVER;
        if let Some(timeout) = timeout {
            let message = "timeout must be an integer or None";
            let nanos = timeout_nanos(th, timeout, 1_000_000, message)?;
            deadline = poll_deadline(th, nanos)?;
        }
        if self.running.replace(true) {
            return Err(th.raise(exc::RUNTIME_ERROR, "concurrent poll() invocation"));
        }
        let mut entries = self.registered.borrow().entries.clone();
        let (start, len) = (entries.as_mut_ptr(), entries.len());
        let waited = wait(th, &deadline, |_| {
            // SAFETY: the array is not touched during the call.
            unsafe { libc::poll(start, len as libc::nfds_t, deadline.milliseconds()) }
        });
        self.running.set(false);
        if waited? == 0 {
            return List::new(th);
        }
        let happened = entries.iter().filter(|entry| entry.revents != 0);
        let events: PyResult<Vec<Owned>> = happened.map(|entry| event(th, entry)).collect();
        List::from_vec(th, events?)
    }
}
