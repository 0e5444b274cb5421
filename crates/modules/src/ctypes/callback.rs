//! Python functions that C calls.
//!
//! The same job as CPython's `Modules/_ctypes/callbacks.c`.
//!
//! Invariants:
//! 1. A closure's data is a `Target`, which lives as long as the closure; `thunk` is valid as long as its interpreter.
//! 2. C's calls come from any thread, attached or not.

use std::cell::Cell;
use std::ffi::c_void;

use krait_eval::visit;
use krait_ffi as ffi;
use krait_objects::interp::Interpreter;
use krait_objects::prelude::*;

use super::State;
use super::call::{passing, swap_errno};
use super::code::Kind;
use super::data::CData;
use super::info::{flag, info_of, is_derived_simple};

/// What a closure knows.
struct Target {
    interp: *const Interpreter,
    thunk: *const Thunk,
}

/// What ties a callable to the address that C calls it by.
#[pytype(name = "_ctypes.CThunkObject", flags(HAVE_GC, DISALLOW_INSTANTIATION))]
#[repr(C)]
pub struct Thunk {
    head: Head,
    code: Code,
    flags: Cell<u32>,
    #[visit]
    callable: Slot,
    #[visit]
    argtypes: Slot<Tuple>,
    #[visit]
    restype: Slot,
}

/// The address, given back with the closure behind it when dropped.
struct Code {
    address: Cell<*const c_void>,
    target: Cell<*mut Target>,
}

impl Drop for Code {
    fn drop(&mut self) {
        let (address, target) = (self.address.get(), self.target.get());
        if address.is_null() {
            return;
        }
        let closures = &Thread::current().interp().state::<State>().closures;
        // SAFETY: made in `Thunk::new`; the thunk's end is the end of what C may call.
        unsafe {
            if closures.borrow_mut().remove(address) {
                drop(Box::from_raw(target));
            }
        }
    }
}

#[pymethods]
impl Thunk {}

impl Thunk {
    pub fn new(
        th: &Thread,
        callable: Borrowed<'_>,
        argtypes: Owned<Tuple>,
        restype: Option<Owned>,
        flags: u32,
    ) -> PyResult<Owned<Thunk>> {
        let result = match &restype {
            Some(restype) if restype.is_none() => ffi::Type::VOID,
            Some(restype)
                if info_of(restype.borrow()).is_some_and(|info| info.code.get().is_some()) =>
            {
                passing(Some(restype.borrow()))
            }
            _ => {
                let message = "invalid result type for callback function";
                return Err(th.raise(exc::TYPE_ERROR, message));
            }
        };
        let arguments = argtypes.as_slice().iter().map(|ty| passing(Some(*ty))).collect();
        let made: Owned<Thunk> = Thunk::type_object().alloc(th, 0)?;
        let target = Box::into_raw(Box::new(Target { interp: th.interp(), thunk: &*made }));
        let closure = ffi::Closure {
            signature: ffi::Signature { arguments, result },
            handler: enter,
            data: target.cast(),
        };
        let address = th.interp().state::<State>().closures.borrow_mut().add(closure);
        match address {
            Ok(address) => made.code.address.set(address),
            Err(_) => {
                // SAFETY: nobody else knows it.
                drop(unsafe { Box::from_raw(target) });
                return Err(th.no_memory());
            }
        }
        made.code.target.set(target);
        made.flags.set(flags);
        made.callable.set(Some(callable.to_owned()));
        made.argtypes.set(Some(argtypes));
        made.restype.set(restype);
        Ok(made)
    }

    pub fn address(&self) -> *const c_void {
        self.code.address.get()
    }

    /// The object that C passes at `start`.
    unsafe fn argument(th: &Thread, ty: Borrowed<'_>, start: *const u8) -> PyResult {
        let (Some(info), Some(class)) = (info_of(ty), ty.downcast::<Type>()) else {
            let shown = object::repr(th, ty)?;
            return Err(raise!(th, TYPE_ERROR, "cannot build parameter of type {}", *shown));
        };
        match info.code.get() {
            // SAFETY: C passes a value of the type.
            Some(code) if !is_derived_simple(class) => unsafe {
                code.get(th, start, info.swapped.get())
            },
            _ => {
                let made = call::call(th, ty, &[])?;
                let Some(data) = made.object().downcast::<CData>() else {
                    let shown = object::repr(th, ty)?;
                    let found = object::type_of(made.borrow()).full_name(th)?;
                    return Err(raise!(
                        th,
                        TYPE_ERROR,
                        "{} returned unexpected result of type {}",
                        *shown,
                        *found
                    ));
                };
                let size = info.size.get().min(info.passing.get().size).min(data.size());
                // SAFETY: so much there is of both.
                unsafe { data.start().copy_from(start, size) };
                Ok(made)
            }
        }
    }

    /// Calls the callable; the result goes to `result`. Whatever is raised is reported.
    unsafe fn run(&self, th: &Thread, arguments: &[*mut u8], result: *mut u8) {
        let (Some(callable), Some(types)) = (self.callable.get_owned(), self.argtypes.get_owned())
        else {
            return;
        };
        let report = |what: &str| {
            let tell = th.interp().services.get().unraisable;
            tell(th, Some(callable.borrow()), &format!("Exception ignored {what}"));
        };
        let mut values = Vec::with_capacity(types.len());
        for (at, (ty, start)) in types.as_slice().iter().zip(arguments).enumerate() {
            // SAFETY: as C called.
            match unsafe { Thunk::argument(th, *ty, *start) } {
                Ok(value) => values.push(value),
                Err(_) => {
                    return report(&format!(
                        "while creating argument {at} for ctypes callback function"
                    ));
                }
            }
        }
        let swaps = self.flags.get() & flag::USE_ERRNO != 0;
        if swaps {
            swap_errno(th);
        }
        let borrowed: Vec<Borrowed<'_>> = values.iter().map(Owned::borrow).collect();
        let returned = call::call(th, callable.borrow(), &borrowed);
        if swaps {
            swap_errno(th);
        }
        let Ok(returned) = returned else {
            return report("while calling ctypes callback function");
        };
        // SAFETY: as C called.
        if unsafe { self.give(th, returned.borrow(), result) }.is_err() {
            report("while converting result of ctypes callback function");
        }
    }

    unsafe fn give(&self, th: &Thread, value: Borrowed<'_>, result: *mut u8) -> PyResult<()> {
        let Some(restype) = self.restype.get_owned().filter(|restype| !restype.is_none()) else {
            return Ok(());
        };
        let code = info_of(restype.borrow()).and_then(|info| Some((info.code.get()?, info)));
        let Some((code, info)) = code else { return Ok(()) };
        // SAFETY: there is room for any result.
        let Some(kept) = (unsafe { code.set(th, result, value, info.swapped.get())? }) else {
            return Ok(());
        };
        // Nobody will give the reference back that C is handed.
        std::mem::forget(kept);
        if code.kind == Kind::Object {
            return Ok(());
        }
        let category = Borrowed::from_ref(exc::RUNTIME_WARNING).object();
        let message = Str::new(th, "memory leak in callback function.")?;
        (th.interp().services.get().warn)(th, category, message.borrow(), 1)
    }
}

/// C calls.
unsafe fn enter(data: *mut c_void, arguments: &[*mut u8], result: *mut u8) {
    // SAFETY: (1); there are 32 bytes for a result, which is a simple value.
    unsafe {
        let target = &*data.cast::<Target>();
        result.write_bytes(0, 8);
        visit::visit(target.interp, |th| {
            let thunk: Borrowed<'_, Thunk> = Borrowed::from_ptr(target.thunk.cast_mut().cast());
            // What it calls may let go of it.
            let thunk = thunk.to_owned();
            thunk.run(th, arguments, result);
        });
    }
}
