//! Raising, inspecting and clearing the thread's current exception.
//!
//! A failing function returns `Err(Raised)`; the exception itself sits in the thread state, as in C.
//! The same job as CPython's `Python/errors.c`.

use std::fmt;

use crate::exceptions::{self, BaseException};
use crate::handle::{Borrowed, Owned};
use crate::str::Str;
use crate::thread::Thread;
use crate::typeobj::Type;

/// Proof that the thread's current exception is set. Zero-sized: a `PyResult` is one pointer.
#[must_use = "an exception is set: hand it on or take it"]
#[derive(Debug)]
pub struct Raised(());

pub type PyResult<T = Owned> = Result<T, Raised>;

/// An exception class, as `exc` names them.
pub type ExcType = &'static Type;

/// `Err(raise!(th, TYPE_ERROR, "…{}", x))`: raises an exception of a built-in class with a formatted message.
#[macro_export]
macro_rules! raise {
    ($th:expr, $class:ident, $($message:tt)+) => {
        $th.raise_fmt($crate::exceptions::exc::$class, format_args!($($message)+))
    };
}

impl Raised {
    /// # Safety
    /// The thread's current exception is set (C code returned its error value).
    pub unsafe fn assume() -> Raised {
        Raised(())
    }
}

impl Thread {
    /// Raises `class(message)`.
    #[cold]
    #[inline(never)]
    pub fn raise(&self, class: ExcType, message: &str) -> Raised {
        match Str::new(self, message) {
            Ok(message) => self.raise_value(class, message.object()),
            Err(raised) => raised,
        }
    }

    /// Raises `class(message)`; use it through `raise!`.
    #[cold]
    #[inline(never)]
    pub fn raise_fmt(&self, class: ExcType, message: fmt::Arguments<'_>) -> Raised {
        match Str::from_fmt(self, message) {
            Ok(message) => self.raise_value(class, message.object()),
            Err(raised) => raised,
        }
    }

    /// Raises `class()`.
    #[cold]
    pub fn raise_none(&self, class: ExcType) -> Raised {
        self.raise_in(Borrowed::from_ref(class), None)
    }

    /// Raises `class(value)`, or `value` itself if it is an instance of `class`; a tuple gives the arguments.
    #[cold]
    pub fn raise_value(&self, class: ExcType, value: Borrowed<'_>) -> Raised {
        self.raise_in(Borrowed::from_ref(class), Some(value))
    }

    /// `raise_value` for any class. If making the instance fails, that exception is the current one.
    #[cold]
    pub fn raise_in(&self, class: Borrowed<'_, Type>, value: Option<Borrowed<'_>>) -> Raised {
        // What is called to make it must not find another one.
        if self.current_exception().is_some() {
            drop(self.take_exception());
        }
        match exceptions::create(self, class, value) {
            Ok(exception) => self.raise_exception(exception),
            Err(raised) => raised,
        }
    }

    /// Raises an instance, with the exception being handled as its context.
    #[cold]
    pub fn raise_exception(&self, exception: Owned<BaseException>) -> Raised {
        if let Some(handled) = self.handled_exception() {
            exceptions::chain_context(exception.borrow(), handled);
        }
        self.set_exception(exception.into_object())
    }

    /// Makes `exception` the current one, as it is. It must be an instance of `BaseException`.
    pub fn set_exception(&self, exception: Owned) -> Raised {
        drop(self.replace_current_exception(Some(exception)));
        Raised(())
    }

    /// Takes the current exception away from the thread.
    pub fn take_exception(&self) -> Option<Owned<BaseException>> {
        // SAFETY: only instances of BaseException become current.
        self.replace_current_exception(None).map(|exception| unsafe { exception.cast() })
    }

    pub fn is_raised(&self) -> bool {
        self.current_exception().is_some()
    }

    /// An error if C called with an exception set: something is missing, which C's functions tell from a failure by that.
    #[cold]
    pub fn still_raised(&self) -> PyResult<()> {
        if self.is_raised() { Err(Raised(())) } else { Ok(()) }
    }

    /// Whether the current exception is an instance of `class` (false if there is none).
    pub fn exception_matches(&self, class: ExcType) -> bool {
        self.current_exception().is_some_and(|exception| exception.ty().is_subtype(class))
    }

    /// The exception, if it is an instance of `class`; else the proof comes back.
    pub fn take_if(&self, raised: Raised, class: ExcType) -> Result<Owned<BaseException>, Raised> {
        if !self.exception_matches(class) {
            return Err(raised);
        }
        self.take_exception().ok_or(raised)
    }

    /// The exception behind a `Raised`.
    pub fn take_raised(&self, raised: Raised) -> Owned<BaseException> {
        let Raised(()) = raised;
        match self.take_exception() {
            Some(exception) => exception,
            None => crate::fatal("an error was returned without an exception set"),
        }
    }

    /// A C function returned its error value: the exception it set, or a SystemError if it set none.
    #[cold]
    pub fn raised_by_c(&self) -> Raised {
        if self.is_raised() {
            return Raised(());
        }
        self.raise(exceptions::exc::SYSTEM_ERROR, "error return without exception set")
    }

    /// `_PyErr_FormatFromCause`: an exception that the current one is the cause of.
    #[cold]
    pub fn raise_from_current(&self, class: ExcType, message: fmt::Arguments<'_>) -> Raised {
        let cause = self.take_exception().map(Owned::into_object);
        let raised = self.raise_fmt(class, message);
        let exception = self.take_raised(raised);
        exception.set_cause(cause.clone());
        exception.set_context(cause);
        self.set_exception(exception.into_object())
    }

    #[cold]
    pub fn bad_internal_call(&self) -> Raised {
        self.raise(exceptions::exc::SYSTEM_ERROR, "bad argument to internal function")
    }

    #[cold]
    pub fn bad_argument(&self) -> Raised {
        self.raise(exceptions::exc::TYPE_ERROR, "bad argument type for built-in operation")
    }

    /// Raises MemoryError without allocating more than the instance.
    #[cold]
    pub fn no_memory(&self) -> Raised {
        exceptions::raise_no_memory(self)
    }
}
