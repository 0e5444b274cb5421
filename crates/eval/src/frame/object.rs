//! Frame objects: what Python sees of a frame, made on demand.
//!
//! While its frame runs, a frame object only points at it; when the frame ends and someone still holds the
//! object, the frame's contents move into the object. The same job as CPython's `Objects/frameobject.c`.

use std::cell::Cell;

use krait_abi as abi;
use krait_objects::gc::Visitor;
use krait_objects::prelude::*;

use super::{
    FRAME_WORDS, Frame, OWNED_BY_FRAME_OBJECT, OWNED_BY_GENERATOR, OWNED_BY_THREAD, StackRef,
};
use crate::code::Code;
use crate::monitoring::legacy;

/// A frame object.
#[pytype(name = "frame", symbol = "PyFrame_Type", flags(HAVE_GC), itemsize = 8, basicsize = 152)]
#[repr(C)]
pub struct FrameObject {
    head: Head,
    /// The frame object of the caller, once the frame is not linked any more.
    pub back: Slot<FrameObject>,
    pub frame: Cell<*mut Frame>,
    pub trace: Slot,
    /// The line set by a tracer; 0 to compute it.
    pub line: Cell<i32>,
    #[member(name = "f_trace_lines", kind = "BOOL")]
    pub trace_lines: Cell<u8>,
    pub trace_opcodes: Cell<u8>,
    /// Variables that `f_locals` was given beyond those of the code.
    pub extra_locals: Slot<Dict>,
    pub locals_cache: Slot,
    pub overwritten: Slot,
    data: [usize; 1],
}

assert_layout!(FrameObject => abi::PyFrameObject);

/// The frame object of a live, complete frame.
///
/// # Safety
/// `frame` is live and not an entry frame.
pub unsafe fn of(th: &Thread, frame: *mut Frame) -> PyResult<Owned<FrameObject>> {
    // SAFETY: the frame owns the reference in its field.
    unsafe {
        let known: *mut abi::PyObject = (*frame).object.cast();
        if let Some(known) = Borrowed::<FrameObject>::from_ptr_or_null(known) {
            return Ok(known.to_owned());
        }
        // Making an object may run finalisers, which must not disturb what is being raised.
        let pending = th.take_exception();
        let made = make(th, frame);
        if let (Some(pending), Ok(_)) = (pending, &made) {
            let _raised = th.set_exception(pending.into_object());
        }
        made
    }
}

unsafe fn make(th: &Thread, frame: *mut Frame) -> PyResult<Owned<FrameObject>> {
    // SAFETY: as for `of`.
    unsafe {
        let code = Frame::code(frame);
        let slots = (code.nlocalsplus + code.stacksize) as isize;
        let object = FrameObject::type_object().alloc::<FrameObject>(th, slots)?;
        // The collector's allocation writes a size where `back` lies.
        (&raw const object.back).cast_mut().write(Slot::EMPTY);
        object.trace_lines.set(1);
        object.frame.set(frame);
        (*frame).object = object.clone().into_ptr().cast();
        Ok(object)
    }
}

/// A frame object of its own, whose frame never ran: for `PyFrame_New`.
pub fn detached(
    th: &Thread,
    code: Borrowed<'_, Code>,
    globals: Borrowed<'_, Dict>,
    locals: Option<Borrowed<'_>>,
) -> PyResult<Owned<FrameObject>> {
    let function = crate::function::Function::new(th, code, globals)?;
    let slots = (code.nlocalsplus + code.stacksize) as isize;
    // SAFETY: the object is fresh and has room for the code's frame, which it owns; the collector sees it when it is whole.
    unsafe {
        let ty = Borrowed::from_ref(FrameObject::type_object());
        let object: Owned<FrameObject> =
            krait_objects::typeobj::alloc::alloc_untracked(th, ty, slots)?.cast();
        // The collector's allocation writes a size where `back` lies.
        (&raw const object.back).cast_mut().write(Slot::EMPTY);
        object.trace_lines.set(1);
        let frame: *mut Frame = (&raw const object.data).cast_mut().cast();
        let function = StackRef::from_owned(function);
        let locals = locals.map_or(std::ptr::null_mut(), |locals| locals.to_owned().into_ptr());
        Frame::init(frame, function, locals, code, std::ptr::null_mut());
        Frame::unset_locals(frame);
        (*frame).owner = OWNED_BY_FRAME_OBJECT;
        (*frame).ip = code.units().add(code.first_traceable as usize + 1);
        object.frame.set(frame);
        krait_objects::gc::track(th, object.borrow());
        Ok(object)
    }
}

/// Moves a frame that ends into its object, which others hold, and links the object to its caller's.
///
/// # Safety
/// The frame does not run any more; its memory is given up by the caller.
pub unsafe fn take_ownership(th: &Thread, object: &Owned<FrameObject>, frame: *mut Frame) {
    // SAFETY: the object was made with room for the code's frame.
    unsafe {
        let inside: *mut Frame = (&raw const object.data).cast_mut().cast();
        let caller = (*frame).previous;
        Frame::move_to_heap(frame, inside);
        (*inside).executable = (*inside).executable.dup();
        (*inside).owner = OWNED_BY_FRAME_OBJECT;
        (*inside).object = std::ptr::null_mut();
        object.frame.set(inside);
        let code = Frame::code(inside);
        let started = code.units().add(code.first_traceable as usize);
        if (*inside).ip < started {
            // A generator that never ran: as if its first RESUME had.
            (*inside).ip = started.add(1);
        }
        let previous = Frame::first_complete(caller);
        if !previous.is_null() {
            match of(th, previous) {
                Ok(back) => object.back.set(Some(back)),
                Err(_raised) => drop(th.take_exception()),
            }
        }
    }
}

impl FrameObject {
    /// The frame, wherever it lies now.
    pub fn frame(&self) -> *mut Frame {
        self.frame.get()
    }

    pub fn code(&self) -> Borrowed<'_, Code> {
        // SAFETY: a frame object's frame lives as long as the object knows it.
        unsafe { Frame::code(self.frame()) }
    }

    /// The line that runs, as `f_lineno` shows it.
    pub fn current_line(&self) -> Option<i32> {
        if self.line.get() > 0 {
            return Some(self.line.get());
        }
        // SAFETY: as for `code`.
        unsafe { Frame::line(self.frame()) }
    }

    fn owner(&self) -> u8 {
        // SAFETY: as for `code`.
        unsafe { (*self.frame()).owner }
    }

    /// The caller's frame object.
    pub fn caller(&self, th: &Thread) -> PyResult<Option<Owned<FrameObject>>> {
        if let Some(back) = self.back.get_owned() {
            return Ok(Some(back));
        }
        // SAFETY: as for `code`.
        unsafe {
            let previous = Frame::first_complete((*self.frame()).previous);
            if previous.is_null() { Ok(None) } else { of(th, previous).map(Some) }
        }
    }
}

#[pymethods]
impl FrameObject {
    #[getter]
    fn f_back(&self, th: &Thread) -> PyResult {
        Ok(self.caller(th)?.map_or_else(|| none().to_owned(), Owned::into_object))
    }

    /// The code object that the frame runs.
    #[getter]
    fn f_code(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Code>> {
        audit!(th, "object.__getattr__", this, "f_code")?;
        Ok(this.code().to_owned())
    }

    /// The dictionary of global variables that the code sees.
    #[getter]
    fn f_globals(&self) -> Owned {
        // SAFETY: (6).
        unsafe { Borrowed::<Object>::from_ptr((*self.frame()).globals).to_owned() }
    }

    /// The dictionary of built-in names that the code sees.
    #[getter]
    fn f_builtins(&self) -> Owned {
        // SAFETY: (6).
        unsafe { Borrowed::<Object>::from_ptr((*self.frame()).builtins).to_owned() }
    }

    /// The local variables as a mapping.
    #[getter]
    fn f_locals(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        // SAFETY: as for `code`.
        unsafe { super::locals::of_frame_object(th, this) }
    }

    /// Where in the bytecode the instruction begins that was run last; -1 before the first.
    #[getter]
    fn f_lasti(&self) -> isize {
        // SAFETY: as for `code`.
        let unit = unsafe { Frame::last_unit(self.frame()) };
        if unit < 0 { -1 } else { 2 * unit }
    }

    /// The generator or coroutine whose body the frame runs; None if it runs something else.
    #[getter]
    fn f_generator(&self) -> Owned {
        if self.owner() != OWNED_BY_GENERATOR {
            return none().to_owned();
        }
        // SAFETY: the frame lies in its generator.
        unsafe {
            let generator = crate::generator::Generator::of_frame(self.frame());
            Borrowed::from_ref(&*generator).object().to_owned()
        }
    }

    /// The number of the source line that the frame has come to.
    #[getter]
    fn f_lineno(&self) -> Option<i32> {
        self.current_line()
    }

    #[setter]
    fn set_f_lineno(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        super::jump::set_line(th, self, value)
    }

    /// The function that traces this frame; None if there is none.
    #[getter]
    fn f_trace(&self) -> Owned {
        self.trace.get_owned().unwrap_or_else(|| none().to_owned())
    }

    #[setter]
    fn set_f_trace(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        let new = value.filter(|value| !value.is_none());
        if new.is_some() && self.trace_opcodes.get() != 0 {
            legacy::trace_opcodes(th, self.code(), true)?;
        }
        let old = self.trace.replace(new.map(Borrowed::to_owned));
        drop(old);
        Ok(())
    }

    /// Whether the trace function is called for every instruction.
    #[getter]
    fn f_trace_opcodes(&self) -> bool {
        self.trace_opcodes.get() != 0
    }

    #[setter]
    fn set_f_trace_opcodes(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        let Some(value) = value else {
            let message = "attribute 'f_trace_opcodes' of 'frame' objects cannot be deleted";
            return Err(th.raise(exc::ATTRIBUTE_ERROR, message));
        };
        if !value.is_exact::<krait_objects::int::Bool>() {
            return Err(th.raise(exc::TYPE_ERROR, "attribute value type must be bool"));
        }
        let on = object::is_true(th, value)?;
        self.trace_opcodes.set(u8::from(on));
        // Without a tracer of its own the frame waits for one.
        if on && self.trace.get().is_none() {
            return Ok(());
        }
        legacy::trace_opcodes(th, self.code(), on)
    }

    /// Let go of the local variables. RuntimeError if the frame is still running.
    #[method(sig = "(self)")]
    fn clear(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<()> {
        let frame = this.frame();
        match this.owner() {
            OWNED_BY_GENERATOR => {
                // SAFETY: the frame lies in its generator, which is kept alive meanwhile.
                unsafe {
                    let generator = &*crate::generator::Generator::of_frame(frame);
                    let keep = Borrowed::from_ref(generator).to_owned();
                    keep.close_for_clear(th)
                }
            }
            OWNED_BY_THREAD => Err(th.raise(exc::RUNTIME_ERROR, "cannot clear an executing frame")),
            _ => {
                // SAFETY: the frame has ended and lies in this object.
                unsafe { Frame::clear_locals(frame) };
                this.clear_references();
                Ok(())
            }
        }
    }

    #[method(sig = "(self)")]
    fn __sizeof__(&self) -> usize {
        let code = self.code();
        size_of::<abi::PyFrameObject>() - 8
            + 8 * (FRAME_WORDS + (code.nlocalsplus + code.stacksize) as usize)
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let code = this.code().to_owned();
        let file = object::repr(th, code.filename().object())?;
        let line = this.current_line().unwrap_or(-1);
        Str::from_fmt(
            th,
            format_args!(
                "<frame at {:p}, file {}, line {line}, code {}>",
                this.as_ptr(),
                &*file,
                &*code.name
            ),
        )
    }

    #[slot(tp_traverse)]
    fn traverse(&self, visitor: &mut Visitor<'_>) -> std::ffi::c_int {
        let mut stop = visitor.visit(self.back.get());
        stop |= visitor.visit(self.trace.get());
        stop |= visitor.visit(self.extra_locals.get());
        stop |= visitor.visit(self.locals_cache.get());
        stop |= visitor.visit(self.overwritten.get());
        if stop == 0 && self.owner() == OWNED_BY_FRAME_OBJECT {
            // SAFETY: the frame has ended and lies in this object.
            stop = unsafe { super::visit(self.frame(), visitor) };
        }
        stop
    }

    #[slot(tp_clear)]
    fn clear_references(&self) {
        drop(self.trace.take());
        drop(self.extra_locals.take());
        drop(self.locals_cache.take());
        drop(self.overwritten.take());
        if self.owner() == OWNED_BY_FRAME_OBJECT {
            // SAFETY: as for `clear`.
            unsafe { Frame::clear_locals(self.frame()) };
        }
    }

    #[slot(tp_dealloc)]
    unsafe fn dealloc(this: *mut Self) {
        // SAFETY: the last reference is gone; fields are released once.
        unsafe {
            krait_objects::gc::untrack_raw(this.cast());
            let object = &*this;
            if object.owner() == OWNED_BY_FRAME_OBJECT {
                let frame = object.frame();
                Frame::clear_locals(frame);
                std::mem::replace(&mut (*frame).func, StackRef::NULL).close();
                std::mem::replace(&mut (*frame).executable, StackRef::NULL).close();
            }
            drop(object.back.take());
            drop(object.trace.take());
            drop(object.extra_locals.take());
            drop(object.locals_cache.take());
            drop(object.overwritten.take());
            crate::free_gc(this.cast());
        }
    }
}
