//! `select`: waiting until files can be read or written.
//!
//! This file has `select` itself; `poll` and `epoll` have theirs. The same job as CPython's
//! `Modules/selectmodule.c`.

mod epoll;
mod poll;

use std::time::{Duration, Instant};

use krait_eval::gil::without_gil;
use krait_eval::pending;
use krait_objects::prelude::*;

use crate::posix::path::{NO_NAMES, errno, failed, fildes};
use crate::thread::nanoseconds;

/// Ways to wait for several files or sockets at a time.
#[pymodule(name = "select")]
pub struct Select;

/// Until when to wait: for ever, or a time.
struct Deadline(Option<Instant>);

impl Deadline {
    /// `nanos` from now; a negative number waits for ever.
    fn after(nanos: i64) -> Deadline {
        let time = u64::try_from(nanos).ok().map(Duration::from_nanos);
        Deadline(time.and_then(|time| Instant::now().checked_add(time)))
    }

    const NEVER: Deadline = Deadline(None);

    fn left(&self) -> Option<Duration> {
        self.0.map(|end| end.saturating_duration_since(Instant::now()))
    }

    /// Milliseconds as `poll` and `epoll_wait` take them, rounded up; -1 waits for ever.
    fn milliseconds(&self) -> i32 {
        match self.left() {
            None => -1,
            Some(left) => i32::try_from(left.as_nanos().div_ceil(1_000_000)).unwrap_or(i32::MAX),
        }
    }
}

/// A timeout in nanoseconds; `message` is the TypeError of what is no number.
fn timeout_nanos(th: &Thread, timeout: Borrowed<'_>, unit: i64, message: &str) -> PyResult<i64> {
    nanoseconds(th, timeout, unit).map_err(|raised| match th.take_if(raised, exc::TYPE_ERROR) {
        Ok(_) => th.raise(exc::TYPE_ERROR, message),
        Err(raised) => raised,
    })
}

/// When a wait of that many nanoseconds ends; OverflowError if C's `int` has no room for the milliseconds.
fn poll_deadline(th: &Thread, nanos: i64) -> PyResult<Deadline> {
    let milliseconds = nanos.div_euclid(1_000_000) + i64::from(nanos.rem_euclid(1_000_000) != 0);
    match i32::try_from(milliseconds) {
        Ok(_) => Ok(Deadline::after(nanos)),
        Err(_) => Err(th.raise(exc::OVERFLOW_ERROR, "timeout is too large")),
    }
}

/// Repeats a call that waits until no signal interrupts it; what a handler raises ends the wait.
fn wait(
    th: &Thread,
    deadline: &Deadline,
    call: impl Fn(Option<Duration>) -> i32,
) -> PyResult<usize> {
    loop {
        let left = deadline.left();
        let (count, error) = without_gil(th, || (call(left), errno()));
        if let Ok(count) = usize::try_from(count) {
            return Ok(count);
        }
        if error != libc::EINTR {
            return Err(failed(th, error, NO_NAMES));
        }
        pending::handle(th)?;
    }
}

/// One of the three sequences: its items with their descriptors, and the set of those.
struct Watched {
    items: Vec<(i32, Owned)>,
    set: libc::fd_set,
}

impl Watched {
    fn of(th: &Thread, sequence: Borrowed<'_>) -> PyResult<Watched> {
        // SAFETY: zeros are an empty set.
        let mut watched = Watched { items: Vec::new(), set: unsafe { std::mem::zeroed() } };
        if let Some(list) = sequence.downcast::<List>() {
            // `fileno` may change the list.
            let mut at = 0;
            while let Some(item) = list.get().get(at) {
                watched.add(th, item)?;
                at += 1;
            }
            return Ok(watched);
        }
        let items = iter::collect(th, sequence).map_err(|raised| {
            match th.take_if(raised, exc::TYPE_ERROR) {
                Ok(_) => th.raise(exc::TYPE_ERROR, "arguments 1-3 must be sequences"),
                Err(raised) => raised,
            }
        })?;
        for item in items {
            watched.add(th, item)?;
        }
        Ok(watched)
    }

    fn add(&mut self, th: &Thread, item: Owned) -> PyResult<()> {
        let fd = fildes(th, item.borrow())?;
        if fd as usize >= libc::FD_SETSIZE {
            return Err(th.raise(exc::VALUE_ERROR, "filedescriptor out of range in select()"));
        }
        if self.items.len() >= libc::FD_SETSIZE {
            return Err(th.raise(exc::VALUE_ERROR, "too many file descriptors in select()"));
        }
        // SAFETY: within the set.
        unsafe { libc::FD_SET(fd, &mut self.set) };
        self.items.push((fd, item));
        Ok(())
    }

    fn highest(&self) -> i32 {
        self.items.iter().map(|&(fd, _)| fd).max().unwrap_or(-1)
    }

    /// The items whose descriptors are in `ready`.
    fn ready(self, th: &Thread, ready: &libc::fd_set) -> PyResult<Owned<List>> {
        let items = self.items.into_iter();
        // SAFETY: within the set, as checked when they were added.
        let items = items.filter(|&(fd, _)| unsafe { libc::FD_ISSET(fd, ready) });
        List::from_vec(th, items.map(|(_, item)| item).collect())
    }
}

#[pyfunctions]
impl Select {
    #[constant]
    const PIPE_BUF: i32 = libc::PIPE_BUF as i32;

    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        module.add(th, "error", Borrowed::from_ref(exc::OS_ERROR).object())?;
        poll::add(module, th)?;
        epoll::add(module, th)
    }

    /// Sleep until files or sockets can be used.
    ///
    /// The first three arguments are iterables of what to wait for: of objects that can be read, that can be
    /// written, and that have an exceptional condition. Each item is a descriptor or has a fileno() method.
    /// timeout is a number of seconds, fractions allowed; None waits for ever.
    ///
    /// The result holds three lists, of those items that are ready; all are empty after the timeout.
    #[function(sig = "(rlist, wlist, xlist, timeout=None, /)")]
    fn select(
        th: &Thread,
        rlist: Borrowed<'_>,
        wlist: Borrowed<'_>,
        xlist: Borrowed<'_>,
        timeout: Option<Borrowed<'_>>,
    ) -> PyResult<(Owned<List>, Owned<List>, Owned<List>)> {
        let deadline = match timeout {
            None => Deadline::NEVER,
            Some(timeout) => {
                let message = "timeout must be a float or None";
                let nanos = timeout_nanos(th, timeout, 1_000_000_000, message)?;
                if nanos < 0 {
                    return Err(th.raise(exc::VALUE_ERROR, "timeout must be non-negative"));
                }
                Deadline::after(nanos)
            }
        };
        let watched = [Watched::of(th, rlist)?, Watched::of(th, wlist)?, Watched::of(th, xlist)?];
        let count = watched.iter().map(Watched::highest).max().unwrap_or(-1) + 1;
        let ready = std::cell::Cell::new(watched.each_ref().map(|one| one.set));
        wait(th, &deadline, |left| {
            // An interrupted call leaves the sets undefined.
            ready.set(watched.each_ref().map(|one| one.set));
            let mut time = left.map(|left| libc::timeval {
                tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
                tv_usec: left.subsec_nanos().div_ceil(1000).into(),
            });
            if let Some(time) = time.as_mut().filter(|time| time.tv_usec == 1_000_000) {
                (time.tv_sec, time.tv_usec) = (time.tv_sec + 1, 0);
            }
            let time = time.as_mut().map_or(std::ptr::null_mut(), std::ptr::from_mut);
            let sets = ready.as_ptr().cast::<libc::fd_set>();
            // SAFETY: three sets and a time or null.
            unsafe { libc::select(count, sets, sets.add(1), sets.add(2), time) }
        })?;
        let [read, write, except] = watched;
        let sets = ready.into_inner();
        Ok((read.ready(th, &sets[0])?, write.ready(th, &sets[1])?, except.ready(th, &sets[2])?))
    }

    /// Make an object that keeps a list of descriptors and waits until some of them are ready.
    #[function(sig = "()")]
    fn poll(th: &Thread) -> PyResult {
        poll::new(th)
    }
}
