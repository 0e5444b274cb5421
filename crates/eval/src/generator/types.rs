//! The types `generator`, `coroutine` and `async_generator`: what they have in common, and the methods of generators.
//!
//! One layout serves all three, so that what is done to a `Generator` is done to any of them. `coroutine` and `async_gen` have the
//! methods of the two other kinds.

use std::cell::Cell;

use krait_abi as abi;
use krait_objects::args::Sent;
use krait_objects::gc::Visitor;
use krait_objects::prelude::*;

use super::resume::Resumed;
use super::{CLEARED, CREATED, EXECUTING, Flag, Frames, Kind, Level};
use crate::frame::{self, StackRef};

macro_rules! generator_type {
    ($(#[$attribute:meta])* $name:ident) => {
        $(#[$attribute])*
        #[repr(C)]
        pub struct $name {
            head: Head,
            pub(super) weakrefs: Cell<*mut abi::PyObject>,
            pub(super) name: Slot<Str>,
            pub(super) qualname: Slot<Str>,
            pub(super) exc_state: Level,
            /// Of coroutines: where it was made. Of asynchronous generators: the finaliser.
            pub(super) origin_or_finalizer: Slot,
            pub(super) hooks_inited: Flag,
            pub(super) closed: Flag,
            pub(super) running_async: Flag,
            pub frame_state: Flag,
            pub(super) frame: Frames,
        }

        assert_layout!($name => abi::PyGenObject);
    };
}

generator_type! {
    #[pytype(name = "generator", symbol = "PyGen_Type", flags(HAVE_GC), weaklist = weakrefs, itemsize = 8, basicsize = 152)]
    Generator
}
generator_type! {
    #[pytype(name = "coroutine", symbol = "PyCoro_Type", flags(HAVE_GC), weaklist = weakrefs, itemsize = 8, basicsize = 152)]
    Coroutine
}
generator_type! {
    #[pytype(name = "async_generator", symbol = "PyAsyncGen_Type", flags(HAVE_GC), weaklist = weakrefs, itemsize = 8, basicsize = 152)]
    AsyncGenerator
}

impl Coroutine {
    /// The part that all kinds share, which is all of it.
    pub fn generator(&self) -> &Generator {
        // SAFETY: the same layout.
        unsafe { &*std::ptr::from_ref(self).cast() }
    }
}

impl AsyncGenerator {
    pub fn generator(&self) -> &Generator {
        // SAFETY: the same layout.
        unsafe { &*std::ptr::from_ref(self).cast() }
    }
}

impl Generator {
    /// The part that all kinds share.
    pub fn generator(&self) -> &Generator {
        self
    }

    pub(super) fn send(&self, th: &Thread, value: Borrowed<'_>) -> PyResult<Sent> {
        Ok(match self.resume(th, Some(value), None, false)? {
            Resumed::Yielded(value) => Sent::Next(value),
            Resumed::Returned(value) => Sent::Return(value),
        })
    }

    fn text(&self, name: Option<Borrowed<'_>>, th: &Thread, what: &str) -> PyResult<Owned<Str>> {
        match name.and_then(|name| name.downcast::<Str>()) {
            Some(name) => Ok(name.to_owned()),
            None => Err(raise!(th, TYPE_ERROR, "{what} must be set to a string object")),
        }
    }

    fn repr_text(&self, th: &Thread) -> PyResult<Owned<Str>> {
        let kind = match self.kind() {
            Kind::AsyncGenerator => "async_generator",
            kind => kind.text(),
        };
        let name = self.qualname.get_owned().unwrap_or_else(|| id::empty.to_owned());
        let address: *const Generator = self;
        Str::from_fmt(th, format_args!("<{kind} object {} at {address:p}>", &*name))
    }

    fn frame_value(&self, th: &Thread) -> PyResult {
        if self.frame_state.get() >= CLEARED {
            return Ok(none().to_owned());
        }
        // SAFETY: (10): the frame is whole until it is cleared.
        unsafe { Ok(frame::object::of(th, self.frame())?.into_object()) }
    }

    fn visit_all(&self, visitor: &mut Visitor<'_>) -> std::ffi::c_int {
        let mut stop = visitor.visit(self.name.get());
        stop |= visitor.visit(self.qualname.get());
        stop |= visitor.visit(self.origin_or_finalizer.get());
        // SAFETY: (10): a frame that runs has its state saved, because it has called whoever collects.
        unsafe {
            let handled = (*self.exc_state.get()).exc_value;
            stop |= visitor.visit(Borrowed::<Object>::from_ptr_or_null(handled));
            if stop == 0 && self.frame_state.get() < CLEARED {
                stop = frame::visit(self.frame(), visitor);
            } else if stop == 0 {
                stop = visitor.visit((*self.frame()).executable.get_opt());
            }
        }
        stop
    }

    /// `_PyGen_Finalize`: closes what waits, or lets the event loop do it.
    pub(super) fn close_finally(&self, th: &Thread) {
        if self.frame_state.get() >= CLEARED {
            return;
        }
        let this = Borrowed::from_ref(self).object();
        let pending = th.take_exception();
        let mut doing = "Exception ignored while closing generator";
        let result = match self.kind() {
            Kind::AsyncGenerator
                if self.closed.get() == 0 && self.origin_or_finalizer.get().is_some() =>
            {
                doing = "Exception ignored while finalizing generator";
                let finalizer = self.origin_or_finalizer.get_owned();
                let finalizer = finalizer.unwrap_or_else(|| none().to_owned());
                call::call(th, finalizer.borrow(), &[this]).map(drop)
            }
            Kind::Coroutine if self.frame_state.get() == CREATED => {
                crate::services::warn_unawaited(th, this, &self.qualname);
                Ok(())
            }
            _ => self.close(th).map(drop),
        };
        if let Err(_raised) = result {
            (th.interp().services.get().unraisable)(th, Some(this), doing);
        }
        if let Some(pending) = pending {
            let _raised = th.set_exception(pending.into_object());
        }
    }

    /// # Safety
    /// The last reference is gone.
    unsafe fn dealloc_any(this: *mut Generator) {
        // SAFETY: each field is released once; the finaliser may bring the object back.
        unsafe {
            let th = Thread::current();
            let ob: *mut abi::PyObject = this.cast();
            let generator = &*this;
            krait_objects::gc::untrack_raw(ob);
            if !generator.weakrefs.get().is_null() {
                krait_objects::weakref::clear_references(ob);
            }
            // One that has ended has nothing to finalise.
            if generator.frame_state.get() < CLEARED {
                krait_objects::gc::track_raw(ob);
                if krait_objects::typeobj::alloc::call_finalizer(ob) {
                    return;
                }
                krait_objects::gc::untrack_raw(ob);
            }
            if generator.frame_state.get() < CLEARED {
                generator.clear_frame(th);
            }
            generator.clear_exc_state();
            let frame = generator.frame();
            if !(*frame).executable.is_null() && (*frame).executable.bits() != 0 {
                std::mem::replace(&mut (*frame).executable, StackRef::NULL).close();
            }
            drop(generator.origin_or_finalizer.take());
            drop(generator.name.take());
            drop(generator.qualname.take());
            crate::free_gc(ob);
        }
    }
}

/// What the three kinds have in common but for the prefix of their attributes.
macro_rules! common {
    ($name:ident, $kind:tt, $qualified:tt, $waits:tt, $frame:ident, $running:ident, $code:ident, $delegate:ident, $suspended:ident) => {
        #[pymethods(part = "common")]
        impl $name {
            #[slot(tp_repr)]
            fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
                self.generator().repr_text(th)
            }

            #[slot(tp_traverse)]
            fn traverse(&self, visitor: &mut Visitor<'_>) -> std::ffi::c_int {
                self.generator().visit_all(visitor)
            }

            /// Cycles through generators are broken by closing them, when they are finalised.
            #[slot(tp_clear)]
            fn clear_references(&self) {}

            #[slot(tp_finalize)]
            fn finalize(&self, th: &Thread) {
                self.generator().close_finally(th);
            }

            #[slot(tp_dealloc)]
            unsafe fn dealloc(this: *mut Self) {
                // SAFETY: the same layout.
                unsafe { Generator::dealloc_any(this.cast()) }
            }

            #[getter]
            fn $frame(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
                audit!(th, "object.__getattr__", this, stringify!($frame))?;
                this.generator().frame_value(th)
            }

            #[getter]
            fn $running(&self) -> bool {
                let generator = self.generator();
                if generator.kind() == Kind::AsyncGenerator {
                    return generator.running_async.get() != 0;
                }
                generator.frame_state.get() == EXECUTING
            }

            #[getter]
            fn $suspended(&self) -> bool {
                matches!(
                    self.generator().frame_state.get(),
                    super::SUSPENDED | super::SUSPENDED_YIELD_FROM
                )
            }

            #[getter]
            fn $code(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<crate::code::Code>> {
                audit!(th, "object.__getattr__", this, stringify!($code))?;
                Ok(this.generator().code().to_owned())
            }

            #[doc = $waits]
            #[getter]
            fn $delegate(&self) -> Owned {
                self.generator().delegate().unwrap_or_else(|| none().to_owned())
            }

            #[doc = $kind]
            #[getter]
            fn __name__(&self) -> Owned {
                self.name.get_owned().map_or_else(|| none().to_owned(), Owned::into_object)
            }

            #[setter]
            fn set___name__(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
                self.name.set(Some(self.generator().text(value, th, "__name__")?));
                Ok(())
            }

            #[doc = $qualified]
            #[getter]
            fn __qualname__(&self) -> Owned {
                self.qualname.get_owned().map_or_else(|| none().to_owned(), Owned::into_object)
            }

            #[setter]
            fn set___qualname__(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
                self.qualname.set(Some(self.generator().text(value, th, "__qualname__")?));
                Ok(())
            }

            #[method(sig = "(self)", no_text)]
            fn __sizeof__(&self) -> usize {
                let code = self.generator().code();
                152 + 8 * (code.nlocalsplus + code.stacksize) as usize
            }

            #[classmethod(sig = "(type, object, /)", no_text)]
            fn __class_getitem__(
                cls: Borrowed<'_, Type>,
                th: &Thread,
                item: Borrowed<'_>,
            ) -> PyResult {
                krait_objects::generic_alias::new(th, cls.object(), item)
            }
        }
    };
}

common!(
    Generator,
    "The generator's name.",
    "The generator's name, with those of the classes and functions around it.",
    "What yield from is taking values from, or None.",
    gi_frame,
    gi_running,
    gi_code,
    gi_yieldfrom,
    gi_suspended
);
common!(
    Coroutine,
    "The name of the coroutine.",
    "The name of the coroutine with those of the classes and functions around it.",
    "What it is waiting for, or None.",
    cr_frame,
    cr_running,
    cr_code,
    cr_await,
    cr_suspended
);
common!(
    AsyncGenerator,
    "The asynchronous generator's name.",
    "The asynchronous generator's name, with those of the classes and functions around it.",
    "What it is waiting for, or None.",
    ag_frame,
    ag_running,
    ag_code,
    ag_await,
    ag_suspended
);

#[pymethods(parts(common))]
impl Generator {
    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
        self.iternext(th)
    }

    #[slot(am_send)]
    fn am_send(&self, th: &Thread, value: Borrowed<'_>) -> PyResult<Sent> {
        Generator::send(self, th, value)
    }

    /// send(value) -> next yielded value
    ///
    /// Resume the generator: the yield at which it waits evaluates to value. StopIteration says that it
    /// ended.
    #[method(sig = "(self, value, /)", name = "send", no_text)]
    fn py_send(&self, th: &Thread, value: Borrowed<'_>) -> PyResult {
        self.resume_raising(th, Some(value), None, false)
    }

    /// throw(value)
    /// throw(type[,value[,tb]])
    ///
    /// Raise an exception at the place where the generator waits, and return the next value it yields.
    #[method(sig = "(self, type, value=None, traceback=None, /)", name = "throw", no_text)]
    fn py_throw(&self, th: &Thread, args: Args<'_>) -> PyResult {
        throw(th, self, args)
    }

    /// close() -> None, or the value that the generator returns
    ///
    /// End the generator: GeneratorExit is raised at the place where it waits.
    #[method(sig = "(self)", name = "close", no_text)]
    fn py_close(&self, th: &Thread) -> PyResult {
        self.close(th)
    }
}

/// `throw` of all kinds: one to three arguments.
pub(super) fn throw(th: &Thread, generator: &Generator, args: Args<'_>) -> PyResult {
    let values = check_throw(th, args)?;
    generator.throw(th, true, values)
}

pub(super) fn check_throw<'a>(th: &Thread, args: Args<'a>) -> PyResult<&'a [Borrowed<'a>]> {
    let values = args.positionals();
    match values.len() {
        0 => Err(th.raise(exc::TYPE_ERROR, "throw expected at least 1 argument, got 0")),
        1 => Ok(values),
        2 | 3 => {
            let message = "the (type, exc, tb) signature of throw() is deprecated, use the single-arg signature instead.";
            let message = Str::new(th, message)?;
            let category = Borrowed::from_ref(exc::DEPRECATION_WARNING).object();
            (th.interp().services.get().warn)(th, category, message.borrow(), 1)?;
            Ok(values)
        }
        n => Err(raise!(th, TYPE_ERROR, "throw expected at most 3 arguments, got {n}")),
    }
}
