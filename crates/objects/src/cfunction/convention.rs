//! The ways a function in C wants its arguments, and calling it in its way.
//!
//! The same job as the `cfunction_vectorcall_` functions of CPython's `Objects/methodobject.c`.
//!
//! SAFETY, throughout: a `PyMethodDef` lives as long as the functions made from it, and its flags tell the true type of
//! its function pointer.

use std::ffi::c_int;

use krait_abi as abi;

use crate::prelude::*;
use crate::protocol::call::function_name;

type Ptr = *mut abi::PyObject;

type Fast = unsafe extern "C" fn(Ptr, *const Ptr, isize) -> Ptr;
type FastKeywords = unsafe extern "C" fn(Ptr, *const Ptr, isize, Ptr) -> Ptr;
type WithClass = unsafe extern "C" fn(Ptr, *mut abi::PyTypeObject, *const Ptr, isize, Ptr) -> Ptr;
type WithKeywords = unsafe extern "C" fn(Ptr, Ptr, Ptr) -> Ptr;
type Plain = unsafe extern "C" fn(Ptr, Ptr) -> Ptr;

/// How a C function wants its arguments.
#[derive(Clone, Copy)]
pub(crate) enum Convention {
    Tuple,
    TupleKeywords,
    NoArguments,
    One,
    Vector,
    VectorKeywords,
    VectorClass,
}

impl Convention {
    /// `None` for a combination of flags that is not one.
    pub(crate) fn of(flags: c_int) -> Option<Convention> {
        const KINDS: c_int = abi::METH_VARARGS
            | abi::METH_FASTCALL
            | abi::METH_NOARGS
            | abi::METH_O
            | abi::METH_KEYWORDS
            | abi::METH_METHOD;
        const TUPLE_KEYWORDS: c_int = abi::METH_VARARGS | abi::METH_KEYWORDS;
        const VECTOR_KEYWORDS: c_int = abi::METH_FASTCALL | abi::METH_KEYWORDS;
        const VECTOR_CLASS: c_int = VECTOR_KEYWORDS | abi::METH_METHOD;
        Some(match flags & KINDS {
            abi::METH_VARARGS => Convention::Tuple,
            TUPLE_KEYWORDS => Convention::TupleKeywords,
            abi::METH_NOARGS => Convention::NoArguments,
            abi::METH_O => Convention::One,
            abi::METH_FASTCALL => Convention::Vector,
            VECTOR_KEYWORDS => Convention::VectorKeywords,
            VECTOR_CLASS => Convention::VectorClass,
            _ => return None,
        })
    }

    fn takes_keywords(self) -> bool {
        matches!(
            self,
            Convention::TupleKeywords | Convention::VectorKeywords | Convention::VectorClass
        )
    }
}

/// The arguments of a C function's call, as a vector.
#[derive(Clone, Copy)]
pub(crate) struct Vector {
    pub args: *const Ptr,
    pub nargs: isize,
    pub kwnames: Ptr,
}

impl Vector {
    fn has_names(&self) -> bool {
        // SAFETY: `kwnames` is a tuple or NULL.
        unsafe { Borrowed::<Tuple>::from_ptr_or_null(self.kwnames) }
            .is_some_and(|names| !names.is_empty())
    }
}

/// Calls `def` with `receiver` and the arguments, after the checks that its convention asks for. `callable` is
/// what messages name.
///
/// # Safety
/// `def` is live, `receiver` is what it expects, `vector` holds the arguments of a vectorcall.
#[inline(always)]
pub(crate) unsafe fn invoke(
    th: &Thread,
    callable: Borrowed<'_>,
    def: &abi::PyMethodDef,
    convention: Convention,
    receiver: Ptr,
    class: *mut abi::PyTypeObject,
    vector: Vector,
) -> Ptr {
    let Some(function) = def.ml_meth else {
        let _raised = th.bad_internal_call();
        return std::ptr::null_mut();
    };
    let Vector { args, nargs, kwnames } = vector;
    if !convention.takes_keywords() && vector.has_names() {
        let _raised = no_keywords(th, callable);
        return std::ptr::null_mut();
    }
    let null: Ptr = std::ptr::null_mut();
    // SAFETY: the caller's promise, and see the top of the file.
    unsafe {
        match convention {
            Convention::NoArguments if nargs == 0 => function(receiver, null),
            Convention::One if nargs == 1 => function(receiver, *args),
            Convention::NoArguments | Convention::One => {
                let _raised = wrong_count(th, callable, convention, nargs);
                null
            }
            Convention::Vector => {
                std::mem::transmute::<Plain, Fast>(function)(receiver, args, nargs)
            }
            Convention::VectorKeywords => {
                std::mem::transmute::<Plain, FastKeywords>(function)(receiver, args, nargs, kwnames)
            }
            Convention::VectorClass => std::mem::transmute::<Plain, WithClass>(function)(
                receiver, class, args, nargs, kwnames,
            ),
            Convention::Tuple => {
                let values = crate::args::shim::slice(args, nargs as usize);
                Tuple::from_slice(th, values)
                    .map_or(null, |tuple| function(receiver, tuple.as_ptr()))
            }
            Convention::TupleKeywords => {
                let given = Args::from_raw(args, nargs as usize, kwnames);
                let function = std::mem::transmute::<Plain, WithKeywords>(function);
                given.to_tuple_and_dict(th).map_or(null, |(tuple, dict)| {
                    let dict = dict.as_ref().map_or(null, |dict| dict.as_ptr());
                    function(receiver, tuple.as_ptr(), dict)
                })
            }
        }
    }
}

/// Calls a `METH_VARARGS` function with a tuple and a dictionary.
///
/// # Safety
/// `def` is live and takes a tuple; `receiver` is what it expects.
pub(crate) unsafe fn invoke_tuple(
    th: &Thread,
    callable: Borrowed<'_>,
    def: &abi::PyMethodDef,
    receiver: Ptr,
    args: Borrowed<'_, Tuple>,
    kwargs: Option<Borrowed<'_, Dict>>,
) -> Ptr {
    let Some(function) = def.ml_meth else {
        let _raised = th.bad_internal_call();
        return std::ptr::null_mut();
    };
    let kwargs_ptr = kwargs.map_or(std::ptr::null_mut(), Borrowed::as_ptr);
    // SAFETY: the caller's promise, and see the top of the file.
    unsafe {
        if def.ml_flags & abi::METH_KEYWORDS != 0 {
            return std::mem::transmute::<Plain, WithKeywords>(function)(
                receiver,
                args.as_ptr(),
                kwargs_ptr,
            );
        }
        if kwargs.is_some_and(|kwargs| !kwargs.is_empty()) {
            let _raised = no_keywords(th, callable);
            return std::ptr::null_mut();
        }
        function(receiver, args.as_ptr())
    }
}

#[cold]
pub(crate) fn no_keywords(th: &Thread, callable: Borrowed<'_>) -> Raised {
    match function_name(th, callable) {
        Ok(name) => raise!(th, TYPE_ERROR, "{} takes no keyword arguments", *name),
        Err(raised) => raised,
    }
}

#[cold]
fn wrong_count(
    th: &Thread,
    callable: Borrowed<'_>,
    convention: Convention,
    given: isize,
) -> Raised {
    let how = match convention {
        Convention::One => "exactly one argument",
        _ => "no arguments",
    };
    match function_name(th, callable) {
        Ok(name) => raise!(th, TYPE_ERROR, "{} takes {how} ({given} given)", *name),
        Err(raised) => raised,
    }
}
