//! Traceback objects: where an exception has passed.
//!
//! CPython's `Python/traceback.c`. `display` writes them where the library's `traceback` does not.

pub mod display;

use std::cell::Cell;

use krait_abi as abi;
use krait_objects::prelude::*;

use crate::frame::{Frame, FrameObject};

/// Make an entry of a traceback: a frame, its instruction and line, and the entry that comes next.
#[pytype(
    name = "traceback",
    symbol = "PyTraceBack_Type",
    flags(HAVE_GC),
    new = "(tb_next, tb_frame, tb_lasti, tb_lineno)"
)]
#[repr(C)]
pub struct Traceback {
    head: Head,
    #[visit]
    next: Slot<Traceback>,
    #[visit]
    #[member(readonly, audited, name = "tb_frame", kind = "OBJECT")]
    frame: Slot<FrameObject>,
    /// In bytes.
    #[member(readonly, name = "tb_lasti", kind = "INT")]
    last_instruction: Cell<i32>,
    /// -1 until someone asks: most tracebacks are never shown.
    line: Cell<i32>,
}

assert_layout!(Traceback => abi::PyTracebackObject);

impl Traceback {
    pub fn next(&self) -> Option<Owned<Traceback>> {
        self.next.get_owned()
    }

    pub fn frame(&self) -> Option<Owned<FrameObject>> {
        self.frame.get_owned()
    }

    /// The line of the instruction that raised or called; `None` if it has none.
    pub fn line(&self) -> Option<i32> {
        if self.line.get() != -1 {
            return Some(self.line.get());
        }
        let frame = self.frame.get()?;
        frame.code().get().line_of_unit((self.last_instruction.get() / 2) as isize)
    }
}

impl Traceback {
    /// The names of the file and the function.
    pub fn place(&self) -> (Vec<u8>, Vec<u8>) {
        let Some(frame) = self.frame.get() else { return Default::default() };
        let code = frame.code();
        let file = code.get().filename.get().map(|file| file.to_wtf8().to_vec());
        (file.unwrap_or_default(), code.get().name.to_wtf8().to_vec())
    }

    /// Goes on with another entry. The caller makes no loop.
    pub fn set_next(&self, next: Option<Owned<Traceback>>) {
        self.next.set(next);
    }
}

/// A traceback entry for `frame` as it stands.
///
/// # Safety
/// `frame` is a live, complete frame with its state saved.
pub unsafe fn entry(
    th: &Thread,
    next: Option<Owned<Traceback>>,
    frame: *mut Frame,
) -> PyResult<Owned<Traceback>> {
    // SAFETY: the caller's promise.
    let object = unsafe { crate::frame::object::of(th, frame)? };
    let class = Traceback::type_object();
    let traceback = krait_objects::typeobj::alloc::alloc_collected::<Traceback>(th, class)?;
    // SAFETY: as above.
    traceback.last_instruction.set(2 * unsafe { Frame::last_unit(frame) } as i32);
    traceback.frame.set(Some(object));
    traceback.line.set(-1);
    traceback.next.set(next);
    krait_objects::gc::track(th, traceback.borrow());
    Ok(traceback)
}

/// Adds `frame` to the traceback of the current exception. Without memory for that, the exception goes on as it is.
///
/// # Safety
/// As for `entry`.
pub unsafe fn add_here(th: &Thread, frame: *mut Frame) {
    let Some(exception) = th.take_exception() else { return };
    let known = exception.traceback().map(Borrowed::to_owned);
    let next = known.and_then(|known| known.downcast::<Traceback>().ok());
    // SAFETY: the caller's promise.
    match unsafe { entry(th, next, frame) } {
        Ok(added) => exception.set_traceback(Some(added.into_object())),
        Err(raised) => drop(th.take_raised(raised)),
    }
    let _raised = th.set_exception(exception.into_object());
}

/// A traceback of the running frame alone, for an exception that has none. Without a frame, or if it cannot be
/// made, the exception stays as it is.
pub fn add_current(th: &Thread, exception: Borrowed<'_, BaseException>) {
    // SAFETY: (7): frames outside the loop have their state saved.
    let made = unsafe {
        let frame = Frame::first_complete(crate::frame::current(th));
        if frame.is_null() {
            return;
        }
        entry(th, None, frame)
    };
    match made {
        Ok(traceback) => exception.set_traceback(Some(traceback.into_object())),
        Err(raised) => drop(th.take_raised(raised)),
    }
}

/// As `add_here`, for a frame object: its line may have been set by hand.
pub fn add_object(th: &Thread, frame: Borrowed<'_, FrameObject>) -> PyResult<()> {
    let Some(exception) = th.take_exception() else {
        return Ok(());
    };
    let added = Traceback::type_object().alloc::<Traceback>(th, 0)?;
    let known = exception.traceback().map(Borrowed::to_owned);
    added.next.set(known.and_then(|known| known.downcast::<Traceback>().ok()));
    // SAFETY: a frame object's frame lives as long as the object knows it.
    let unit = unsafe { Frame::last_unit(frame.frame()) };
    added.last_instruction.set(2 * unit as i32);
    added.line.set(frame.current_line().unwrap_or(-1));
    added.frame.set(Some(frame.to_owned()));
    exception.set_traceback(Some(added.into_object()));
    let _raised = th.set_exception(exception.into_object());
    Ok(())
}

/// The value of `tb_next`: a traceback or None.
fn next_value(th: &Thread, value: Borrowed<'_>) -> PyResult<Option<Owned<Traceback>>> {
    if value.is_none() {
        return Ok(None);
    }
    match value.downcast::<Traceback>() {
        Some(next) => Ok(Some(next.to_owned())),
        None => Err(raise!(
            th,
            TYPE_ERROR,
            "expected traceback object or None, got '{}'",
            value.type_name()
        )),
    }
}

#[pymethods]
impl Traceback {
    #[new(sig = "(tb_next, tb_frame, tb_lasti, tb_lineno)", called = "traceback")]
    fn make(
        _cls: Borrowed<'_, Type>,
        th: &Thread,
        tb_next: Borrowed<'_>,
        tb_frame: Borrowed<'_, FrameObject>,
        tb_lasti: i32,
        tb_lineno: i32,
    ) -> PyResult {
        let next = next_value(th, tb_next)?;
        let traceback = Traceback::type_object().alloc::<Traceback>(th, 0)?;
        traceback.next.set(next);
        traceback.frame.set(Some(tb_frame.to_owned()));
        traceback.last_instruction.set(tb_lasti);
        traceback.line.set(tb_lineno);
        Ok(traceback.into_object())
    }

    #[method(sig = "(self)", no_text)]
    fn __dir__(&self, th: &Thread) -> PyResult {
        let names = ["tb_frame", "tb_next", "tb_lasti", "tb_lineno"]
            .into_iter()
            .map(|name| Ok(Str::new(th, name)?.into_object()))
            .collect::<PyResult<Vec<_>>>()?;
        Ok(List::from_vec(th, names)?.into_object())
    }

    #[getter]
    fn tb_next(&self) -> Owned {
        self.next.get_owned().map_or_else(|| none().to_owned(), Owned::into_object)
    }

    #[setter]
    fn set_tb_next(
        this: Borrowed<'_, Self>,
        th: &Thread,
        value: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        let Some(value) = value else {
            return Err(th.raise(exc::TYPE_ERROR, "can't delete tb_next attribute"));
        };
        let next = next_value(th, value)?;
        let mut cursor = next.clone();
        while let Some(entry) = cursor {
            if entry.is(this) {
                return Err(th.raise(exc::VALUE_ERROR, "traceback loop detected"));
            }
            cursor = entry.next();
        }
        this.next.set(next);
        Ok(())
    }

    #[getter]
    fn tb_lineno(&self) -> Option<i32> {
        self.line()
    }
}
