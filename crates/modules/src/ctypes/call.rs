//! Calls of foreign functions, and what becomes of their results.
//!
//! The same job as `_ctypes_callproc` and its neighbours in CPython's `Modules/_ctypes/callproc.c`.

use std::ffi::c_int;

use krait_eval::gil::without_gil;
use krait_eval::sys::audit;
use krait_ffi as ffi;
use krait_objects::prelude::*;

use super::State;
use super::code::Kind;
use super::data::{self, extend_error};
use super::info::{flag, info_of, is_derived_simple};
use super::param::Argument;

/// The most arguments that a call may have.
pub const MOST: usize = 1024;

/// Bytes that a result has room for: a `long double _Complex`.
const ROOM: usize = 32;

/// Exchanges `errno` and the thread's copy of it.
pub fn swap_errno(th: &Thread) {
    // SAFETY: this OS thread's own.
    unsafe {
        let place = libc::__errno_location();
        *place = th.foreign_errno.replace(*place);
    }
}

/// A function, and how it is called.
pub struct Call<'a> {
    pub function: *const u8,
    pub flags: u32,
    pub converters: Option<&'a Tuple>,
    pub restype: Option<Borrowed<'a>>,
    pub checker: Option<Borrowed<'a>>,
}

/// How a class is passed; of what is no C type, as an `int`.
pub fn passing(class: Option<Borrowed<'_>>) -> ffi::Type {
    class.and_then(info_of).map_or(ffi::Type::INT, |info| info.passing.get())
}

/// The class of errors in arguments.
pub fn argument_error(th: &Thread) -> PyResult<Owned<Type>> {
    th.interp().state::<State>().argument_error.get_owned().ok_or_else(|| th.bad_internal_call())
}

impl Call<'_> {
    pub fn run(&self, th: &Thread, args: &[Borrowed<'_>]) -> PyResult {
        if args.len() > MOST {
            let class = argument_error(th)?;
            let message = format!("too many arguments ({}), maximum is {MOST}", args.len());
            let message = Str::from_string(th, message)?;
            return Err(th.raise_in(class.borrow(), Some(message.object())));
        }
        self.announce(th, args)?;
        let arguments = self.arguments(th, args)?;
        let values: Vec<(ffi::Type, *const u8)> =
            arguments.iter().map(|argument| (argument.ty, argument.start())).collect();
        let result_type = match self.restype {
            Some(class) if class.is_none() => ffi::Type::VOID,
            class => passing(class),
        };
        let mut small = [0u64; ROOM / 8];
        let mut large = Vec::new();
        let mut result: *mut u8 = small.as_mut_ptr().cast();
        if result_type.size > ROOM {
            large.resize(result_type.size.div_ceil(8), 0u64);
            result = large.as_mut_ptr().cast();
        }
        self.enter(th, &result_type, result, &values)?;
        // SAFETY: the function has written it.
        unsafe { self.result(th, result) }
    }

    /// Tells audit hooks.
    fn announce(&self, th: &Thread, args: &[Borrowed<'_>]) -> PyResult<()> {
        if !audit::is_watched(th) {
            return Ok(());
        }
        let (address, args) =
            (Int::from_usize(th, self.function.addr())?, Tuple::from_slice(th, args)?);
        audit::audit(th, "ctypes.call_function", &[address.object(), args.object()])
    }

    fn arguments(&self, th: &Thread, args: &[Borrowed<'_>]) -> PyResult<Vec<Argument>> {
        let mut all = Vec::with_capacity(args.len());
        for (at, &arg) in args.iter().enumerate() {
            let converter = self.converters.and_then(|converters| converters.get(at));
            let argument = match converter {
                Some(converter) => call::call(th, converter, &[arg])
                    .and_then(|converted| Argument::of(th, converted.borrow(), at + 1)),
                None => Argument::of(th, arg, at + 1),
            };
            match argument {
                Ok(argument) => all.push(argument),
                Err(raised) => {
                    let exception = th.take_raised(raised);
                    let class = argument_error(th)?;
                    let raised = th.set_exception(exception.into_object());
                    let prefix = format!("argument {}: ", at + 1);
                    return Err(extend_error(th, raised, class.borrow(), &prefix));
                }
            }
        }
        Ok(all)
    }

    /// Calls, without the GIL unless the function is of Python's own.
    fn enter(
        &self,
        th: &Thread,
        result_type: &ffi::Type,
        result: *mut u8,
        values: &[(ffi::Type, *const u8)],
    ) -> PyResult<()> {
        let uses_errno = self.flags & flag::USE_ERRNO != 0;
        let run = || {
            if uses_errno {
                swap_errno(th);
            }
            // SAFETY: the program answers for the function and its types.
            unsafe { ffi::call(self.function.cast(), result_type, result, values) };
            if uses_errno {
                swap_errno(th);
            }
        };
        if self.flags & flag::PYTHON_API == 0 {
            without_gil(th, run);
            return Ok(());
        }
        run();
        if th.is_raised() { Err(th.raised_by_c()) } else { Ok(()) }
    }

    /// The object of what was returned.
    unsafe fn result(&self, th: &Thread, result: *const u8) -> PyResult {
        // SAFETY: the memory of the result, which is as long for any type.
        unsafe {
            let number = || Int::from_i64(th, result.cast::<c_int>().read().into());
            let Some(class) = self.restype else {
                return number().map(Owned::into_object);
            };
            if class.is_none() {
                return Ok(none().to_owned());
            }
            let (Some(info), Some(ty)) = (info_of(class), class.downcast::<Type>()) else {
                return call::call(th, class, &[number()?.object()]);
            };
            let value = match info.code.get() {
                Some(code) if !is_derived_simple(ty) => {
                    let value = code.get(th, result, info.swapped.get())?;
                    if code.kind == Kind::Object {
                        // The function gave its reference away, and reading took another one.
                        drop(Owned::<Object>::from_ptr(value.as_ptr()));
                    }
                    value
                }
                _ => data::copy(th, ty, result)?.into_object(),
            };
            match self.checker {
                Some(checker) => call::call(th, checker, &[value.borrow()]),
                None => Ok(value),
            }
        }
    }
}

/// `type.__new__(type)`.
pub fn new_instance(th: &Thread, class: Borrowed<'_>) -> PyResult {
    let new = object::get_attr(th, class, id::__new__)?;
    call::call(th, new.borrow(), &[class])
}
