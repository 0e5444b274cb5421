//! `repr` of containers that contain themselves, and joining the pieces of a `repr`.
//!
//! The same job as CPython's `Py_ReprEnter` and `Py_ReprLeave`.

use std::cell::RefCell;

use krait_abi as abi;

use crate::prelude::*;
use crate::str::StrBuilder;

/// The objects whose `repr` is being made, each with the thread that makes it.
#[derive(Default)]
struct Running(RefCell<Vec<(*const Thread, *mut abi::PyObject)>>);

/// Until it is dropped, `enter` answers `None` for the same object on the same thread.
pub struct ReprGuard<'t> {
    th: &'t Thread,
    object: *mut abi::PyObject,
}

/// `None` if the `repr` of `ob` is already being made.
pub fn enter<'t>(th: &'t Thread, ob: Borrowed<'_>) -> Option<ReprGuard<'t>> {
    let running = th.interp().state::<Running>();
    let entry = (std::ptr::from_ref(th), ob.as_ptr());
    let mut running = running.0.borrow_mut();
    if running.contains(&entry) {
        return None;
    }
    running.push(entry);
    Some(ReprGuard { th, object: ob.as_ptr() })
}

/// Whether no `repr` of a container has been made yet.
pub fn is_unused(th: &Thread) -> bool {
    th.interp().state::<Running>().0.borrow().capacity() == 0
}

/// For C, which has no guards: the end of what `enter` began.
pub fn leave(th: &Thread, ob: *mut abi::PyObject) {
    let mut running = th.interp().state::<Running>().0.borrow_mut();
    if let Some(at) = running.iter().rposition(|&entry| entry == (std::ptr::from_ref(th), ob)) {
        running.remove(at);
    }
}

impl Drop for ReprGuard<'_> {
    fn drop(&mut self) {
        leave(self.th, self.object);
    }
}

/// Pieces of text that become one string.
pub struct Pieces(StrBuilder);

impl Default for Pieces {
    fn default() -> Pieces {
        Pieces(StrBuilder::with_capacity(100))
    }
}

impl Pieces {
    pub fn text(&mut self, th: &Thread, text: &str) -> PyResult<()> {
        self.0.reserve(th, Some(text.len()))?;
        self.0.push_str(text);
        Ok(())
    }

    pub fn repr(&mut self, th: &Thread, ob: Borrowed<'_>) -> PyResult<()> {
        self.push(th, object::repr(th, ob)?)
    }

    pub fn push(&mut self, th: &Thread, text: Owned<Str>) -> PyResult<()> {
        self.0.reserve(th, Some(text.len()))?;
        self.0.push(&text);
        Ok(())
    }

    pub fn finish(self, th: &Thread) -> PyResult<Owned<Str>> {
        self.0.finish(th)
    }
}

/// The `repr`s of a sequence's items, which may change meanwhile: `item(at)` is `None` past the end. What C has not filled in
/// yet is shown too.
pub fn items(
    th: &Thread,
    open: &str,
    close: &str,
    mut item: impl FnMut(usize) -> Option<*mut abi::PyObject>,
) -> PyResult<Owned<Str>> {
    let mut pieces = Pieces::default();
    pieces.text(th, open)?;
    let mut at = 0;
    while let Some(value) = item(at) {
        if at > 0 {
            pieces.text(th, ", ")?;
        }
        // SAFETY: an item of a sequence that the caller holds.
        match unsafe { Borrowed::<Object>::from_ptr_or_null(value) }.map(Borrowed::to_owned) {
            Some(value) => pieces.repr(th, value.borrow())?,
            None => pieces.text(th, "<NULL>")?,
        }
        at += 1;
    }
    pieces.text(th, close)?;
    pieces.finish(th)
}
