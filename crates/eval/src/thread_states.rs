//! The thread states of an interpreter: who else runs in it.
//!
//! The list half of CPython's `Python/pystate.c`. Whoever reads or changes it holds the GIL.

use std::cell::RefCell;

use krait_objects::prelude::*;

/// Addresses of live states, the newest last.
#[derive(Default)]
struct States(RefCell<Vec<*const Thread>>);

fn states(th: &Thread) -> &RefCell<Vec<*const Thread>> {
    &th.interp().state::<States>().0
}

/// Enters the calling thread's state.
pub fn enter(th: &Thread) {
    states(th).borrow_mut().push(th);
    crate::monitoring::greet(th);
}

/// Takes the calling thread's state out, before it goes.
pub fn leave(th: &Thread) {
    states(th).borrow_mut().retain(|&known| !std::ptr::eq(known, th));
}

/// In a forked child only the calling thread is left.
pub fn after_fork(th: &Thread) {
    states(th).replace(vec![th]);
}

/// Calls `body` with each state, the newest first.
pub fn for_each(th: &Thread, mut body: impl FnMut(&Thread) -> PyResult<()>) -> PyResult<()> {
    let known = states(th).borrow().clone();
    for state in known.into_iter().rev() {
        // `body` may have let go of the GIL meanwhile, and a thread may have ended.
        if states(th).borrow().contains(&state) {
            // SAFETY: in the list, so live; its thread waits for the GIL, which this one has.
            body(unsafe { &*state })?;
        }
    }
    Ok(())
}
