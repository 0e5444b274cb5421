//! Coroutines: their methods, what `__await__` answers, and where they were made.
//!
//! All that they have in common with the other kinds is in `types`.

use krait_objects::args::Sent;
use krait_objects::prelude::*;

use super::types::{Coroutine, throw};
use crate::frame::{self, Frame};

#[pymethods(parts(common))]
impl Coroutine {
    #[slot(am_await)]
    fn r#await(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        let wrapper = CoroutineWrapper::type_object().alloc::<CoroutineWrapper>(th, 0)?;
        wrapper.coroutine.set(Some(this.to_owned()));
        Ok(wrapper.into_object())
    }

    #[slot(am_send)]
    fn am_send(&self, th: &Thread, value: Borrowed<'_>) -> PyResult<Sent> {
        self.generator().send(th, value)
    }

    /// send(arg) -> next iterated value
    ///
    /// Pass arg into coroutine as the result of its await, and go on. StopIteration says that it ended.
    #[method(sig = "(self, arg, /)", name = "send", no_text)]
    fn py_send(&self, th: &Thread, value: Borrowed<'_>) -> PyResult {
        self.generator().resume_raising(th, Some(value), None, false)
    }

    /// throw(value)
    /// throw(type[,value[,traceback]])
    ///
    /// Raise an exception in coroutine, at the place where it waits, and return the next value it iterates to.
    #[method(sig = "(self, type, value=None, traceback=None, /)", name = "throw", no_text)]
    fn py_throw(&self, th: &Thread, args: Args<'_>) -> PyResult {
        throw(th, self.generator(), args)
    }

    /// close() -> None, or the value that the coroutine returns
    ///
    /// End it: GeneratorExit is raised inside coroutine, at the place where it waits.
    #[method(sig = "(self)", name = "close", no_text)]
    fn py_close(&self, th: &Thread) -> PyResult {
        self.generator().close(th)
    }

    /// Where the coroutine was made, if that is tracked.
    #[getter]
    fn cr_origin(&self) -> Owned {
        self.origin_or_finalizer.get_owned().unwrap_or_else(|| none().to_owned())
    }
}

/// What __await__() of a coroutine returns: an iterator that runs it.
#[pytype(name = "coroutine_wrapper", symbol = "_PyCoroWrapper_Type", flags(HAVE_GC))]
#[repr(C)]
pub struct CoroutineWrapper {
    head: Head,
    #[visit]
    coroutine: Slot<Coroutine>,
}

impl CoroutineWrapper {
    fn coroutine(&self, th: &Thread) -> PyResult<Owned<Coroutine>> {
        self.coroutine.get_owned().ok_or_else(|| th.bad_internal_call())
    }
}

#[pymethods]
impl CoroutineWrapper {
    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
        self.coroutine(th)?.generator().iternext(th)
    }

    /// send(arg) -> next iterated value
    ///
    /// Pass arg into coroutine as the result of its await, and go on. StopIteration says that it ended.
    #[method(sig = "(self, arg, /)", no_text)]
    fn send(&self, th: &Thread, value: Borrowed<'_>) -> PyResult {
        self.coroutine(th)?.generator().resume_raising(th, Some(value), None, false)
    }

    /// throw(value)
    /// throw(type[,value[,traceback]])
    ///
    /// Raise an exception in coroutine, at the place where it waits, and return the next value it iterates to.
    #[method(sig = "(self, type, value=None, traceback=None, /)", no_text)]
    fn throw(&self, th: &Thread, args: Args<'_>) -> PyResult {
        throw(th, self.coroutine(th)?.generator(), args)
    }

    /// close() -> None, or the value that the coroutine returns
    ///
    /// End it: GeneratorExit is raised inside coroutine, at the place where it waits.
    #[method(sig = "(self)", no_text)]
    fn close(&self, th: &Thread) -> PyResult {
        self.coroutine(th)?.generator().close(th)
    }
}

/// Where a coroutine is made: (file, line, function) of up to `depth` callers.
pub(super) fn origin(th: &Thread, depth: i32) -> PyResult {
    let mut entries = Vec::new();
    // SAFETY: (7). The innermost frame is the coroutine's own.
    unsafe {
        let mut at = Frame::first_complete((*frame::current(th)).previous);
        while !at.is_null() && entries.len() < depth as usize {
            let code = Frame::code(at);
            let line = Int::from_i64(th, Frame::line(at).unwrap_or(0).into())?;
            let entry = [
                code.filename().object().to_owned(),
                line.into_object(),
                code.name.clone().into_object(),
            ];
            entries.push(Tuple::pack(th, entry)?.into_object());
            at = Frame::first_complete((*at).previous);
        }
    }
    Ok(Tuple::from_vec(th, entries)?.into_object())
}
