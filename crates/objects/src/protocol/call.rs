//! Calling: vectorcall and its older forms.
//!
//! Everything that is called goes through here once: a callable's vectorcall function where it has one, else
//! `tp_call` with a tuple and a dictionary. The same job as CPython's `Objects/call.c`.
//!
//! SAFETY, throughout: the slots of a live object's type take what their contract says; a type with
//! `HAVE_VECTORCALL` has a function pointer, or null, at `tp_vectorcall_offset` of its instances.

use std::ffi::c_int;

use krait_abi as abi;

use crate::args::shim::ARGUMENTS_OFFSET;
use crate::prelude::*;
use crate::protocol::object::Attribute;

type Ptr = *mut abi::PyObject;
type VectorFunction = unsafe extern "C" fn(Ptr, *const Ptr, usize, Ptr) -> Ptr;
type CallFunction = unsafe extern "C" fn(Ptr, Ptr, Ptr) -> Ptr;

/// What a C function returned: a new reference, or NULL with an exception.
#[inline(always)]
pub(crate) fn returned(th: &Thread, ptr: Ptr) -> PyResult {
    // SAFETY: see the top of the file.
    unsafe { Owned::from_ptr_or_null(ptr) }.ok_or_else(|| th.raised_by_c())
}

/// What a C function returned: negative with an exception.
#[inline(always)]
pub(crate) fn succeeded(th: &Thread, status: c_int) -> PyResult<()> {
    if status < 0 { Err(th.raised_by_c()) } else { Ok(()) }
}

/// `callable(*args)`.
#[inline]
pub fn call(th: &Thread, callable: Borrowed<'_>, args: &[Borrowed<'_>]) -> PyResult {
    vectorcall(th, callable, Args::positional(args))
}

/// The vectorcall function of a callable, if it has one.
#[inline(always)]
pub fn vectorcall_of(callable: Borrowed<'_>) -> abi::vectorcallfunc {
    let ty = callable.get().ty();
    if !ty.has_flag(abi::Py_TPFLAGS_HAVE_VECTORCALL) {
        return None;
    }
    // SAFETY: see the top of the file.
    unsafe {
        *callable.as_ptr().byte_offset(ty.raw().tp_vectorcall_offset).cast::<abi::vectorcallfunc>()
    }
}

/// Positional arguments, then keyword values as named by `Args::kwnames`.
#[inline]
pub fn vectorcall(th: &Thread, callable: Borrowed<'_>, args: Args<'_>) -> PyResult {
    let Some(function) = vectorcall_of(callable) else {
        return call_through_tp_call(th, callable, args);
    };
    call_vector(th, function, callable, args)
}

#[inline(always)]
fn call_vector(
    th: &Thread,
    function: VectorFunction,
    callable: Borrowed<'_>,
    args: Args<'_>,
) -> PyResult {
    let nargsf = args.positional | if args.offset { ARGUMENTS_OFFSET } else { 0 };
    let kwnames = args.kwnames.map_or(std::ptr::null_mut(), Borrowed::as_ptr);
    // SAFETY: see the top of the file.
    let result =
        unsafe { function(callable.as_ptr(), args.values.as_ptr().cast(), nargsf, kwnames) };
    check_result(th, Some(callable), result)
}

/// `_Py_CheckFunctionResult`: a value without an exception, or none with one; SystemError for anything else.
#[inline(always)]
pub fn check_result(th: &Thread, callable: Option<Borrowed<'_>>, result: Ptr) -> PyResult {
    if result.is_null() == th.is_raised() {
        return returned(th, result);
    }
    // SAFETY: a new reference or NULL.
    Err(broken_result(th, callable, unsafe { Owned::from_ptr_or_null(result) }))
}

/// As `check_result`, for C.
#[inline(always)]
pub fn checked(callable: Borrowed<'_>, result: Ptr) -> Ptr {
    // SAFETY: whoever calls is attached.
    let th = unsafe { Thread::attached() };
    if result.is_null() == th.is_raised() { result } else { broken(callable, result) }
}

#[cold]
#[inline(never)]
fn broken(callable: Borrowed<'_>, result: Ptr) -> Ptr {
    // SAFETY: whoever calls is attached; a new reference or NULL.
    let _raised = unsafe {
        broken_result(Thread::attached(), Some(callable), Owned::from_ptr_or_null(result))
    };
    std::ptr::null_mut()
}

#[cold]
fn broken_result(th: &Thread, callable: Option<Borrowed<'_>>, result: Option<Owned>) -> Raised {
    let shown = match callable.map(|callable| object::repr(th, callable)) {
        Some(Ok(shown)) if result.is_none() => shown.to_string_lossy(),
        _ => String::new(),
    };
    let Some(result) = result else {
        drop(th.take_exception());
        return raise!(th, SYSTEM_ERROR, "{shown} returned NULL without setting an exception");
    };
    drop(result);
    // The exception that was left behind becomes the cause.
    let left = th.take_exception();
    let shown = match callable.map(|callable| object::repr(th, callable)) {
        Some(Ok(shown)) => shown.to_string_lossy(),
        _ => "a function".into(),
    };
    let raised = raise!(th, SYSTEM_ERROR, "{shown} returned a result with an exception set");
    let exception = th.take_raised(raised);
    exception.set_cause(left.clone().map(Owned::into_object));
    exception.set_context(left.map(Owned::into_object));
    th.set_exception(exception.into_object())
}

#[cold]
fn not_callable(th: &Thread, callable: Borrowed<'_>) -> Raised {
    // A module that holds a callable of its own name is a usual mistake.
    if let Some(module) = callable.downcast::<Module>() {
        let name = module.dict().get_str(th, id::__name__).ok().flatten();
        if let Some(Ok(name)) = name.map(Owned::downcast::<Str>) {
            if let Ok(Some(found)) = object::get_attr_opt(th, callable, name.borrow()) {
                if object::is_callable(found.object()) {
                    return raise!(
                        th,
                        TYPE_ERROR,
                        "'{}' object is not callable. Did you mean: '{}.{}(...)'?",
                        callable.type_name(),
                        *name,
                        *name
                    );
                }
            }
        }
        drop(th.take_exception());
    }
    raise!(th, TYPE_ERROR, "'{}' object is not callable", callable.type_name())
}

/// `_PyObject_MakeTpCall`: from a vector to a tuple and a dictionary.
fn call_through_tp_call(th: &Thread, callable: Borrowed<'_>, args: Args<'_>) -> PyResult {
    let Some(function) = callable.get().ty().raw().tp_call else {
        return Err(not_callable(th, callable));
    };
    if args.has_keywords() {
        return apply_named(th, function, callable, args);
    }
    let tuple = Tuple::from_slice(th, args.values)?;
    apply(th, function, callable, tuple.borrow(), None)
}

/// Out of line: the dictionary would keep registers of calls that have none.
#[inline(never)]
fn apply_named(
    th: &Thread,
    function: CallFunction,
    callable: Borrowed<'_>,
    args: Args<'_>,
) -> PyResult {
    let (tuple, kwargs) = args.to_tuple_and_dict(th)?;
    apply(th, function, callable, tuple.borrow(), kwargs.as_ref().map(Owned::borrow))
}

/// Calls the `tp_call` of a callable's type.
#[inline(always)]
fn apply(
    th: &Thread,
    function: CallFunction,
    callable: Borrowed<'_>,
    args: Borrowed<'_, Tuple>,
    kwargs: Option<Borrowed<'_, Dict>>,
) -> PyResult {
    th.check_stack(" while calling a Python object")?;
    let kwargs = kwargs.map_or(std::ptr::null_mut(), Borrowed::as_ptr);
    // SAFETY: see the top of the file.
    let result = unsafe { function(callable.as_ptr(), args.as_ptr(), kwargs) };
    check_result(th, Some(callable), result)
}

/// `callable(*args, **kwargs)`: `PyObject_Call`.
pub fn call_tuple_dict(
    th: &Thread,
    callable: Borrowed<'_>,
    args: Borrowed<'_, Tuple>,
    kwargs: Option<Borrowed<'_, Dict>>,
) -> PyResult {
    let kwargs = kwargs.filter(|kwargs| !kwargs.is_empty());
    if vectorcall_of(callable).is_some() {
        return call_with_dict(th, callable, args.get().as_slice(), kwargs);
    }
    let Some(function) = callable.get().ty().raw().tp_call else {
        return Err(not_callable(th, callable));
    };
    apply(th, function, callable, args, kwargs)
}

/// `callable(*args, **kwargs)` with the positional arguments in a slice: `PyObject_VectorcallDict`.
pub fn call_with_dict(
    th: &Thread,
    callable: Borrowed<'_>,
    args: &[Borrowed<'_>],
    kwargs: Option<Borrowed<'_, Dict>>,
) -> PyResult {
    with_dict(th, args, kwargs, |args| vectorcall(th, callable, args))
}

/// Runs `body` with the values of a dictionary behind the positional arguments.
fn with_dict(
    th: &Thread,
    args: &[Borrowed<'_>],
    kwargs: Option<Borrowed<'_, Dict>>,
    body: impl FnOnce(Args<'_>) -> PyResult,
) -> PyResult {
    let Some(kwargs) = kwargs.filter(|kwargs| !kwargs.is_empty()) else {
        return body(Args::positional(args));
    };
    // What the dictionary holds may go while the call runs: the values are held in a tuple as the names are.
    let count = kwargs.len();
    let (names, values) = (Tuple::with_nulls(th, count)?, Tuple::with_nulls(th, count)?);
    let mut position = 0;
    for at in 0..count {
        let Some((name, value)) = kwargs.next(&mut position) else {
            return Err(th.bad_internal_call());
        };
        if !Str::check(&name) {
            return Err(th.raise(exc::TYPE_ERROR, "keywords must be strings"));
        }
        // SAFETY: the places lie in tuples that nobody else has seen.
        unsafe {
            names.items().add(at).write(name.into_ptr());
            values.items().add(at).write(value.into_ptr());
        }
    }
    let run = |all: &[Borrowed<'_>]| {
        let kwnames = Some(names.borrow());
        body(Args { values: all, positional: args.len(), kwnames, offset: false })
    };
    const FEW: usize = 8;
    if args.len() + count <= FEW {
        let mut all = [none(); FEW];
        all[..args.len()].copy_from_slice(args);
        all[args.len()..args.len() + count].copy_from_slice(values.as_slice());
        return run(&all[..args.len() + count]);
    }
    run(&[args, values.as_slice()].concat())
}

/// `PyVectorcall_Call`: the `tp_call` of types whose instances have a vectorcall function.
///
/// # Safety
/// `callable` is an object with a vectorcall function, `args` a tuple, `kwargs` a dictionary or NULL.
pub unsafe extern "C" fn vectorcall_call(callable: Ptr, args: Ptr, kwargs: Ptr) -> Ptr {
    crate::args::shim::object(|th| {
        // SAFETY: the caller's promise.
        let callable: Borrowed<'_> = unsafe { Borrowed::from_ptr(callable) };
        // SAFETY: likewise.
        let args: Borrowed<'_, Tuple> = unsafe { Borrowed::from_ptr(args) };
        // SAFETY: likewise.
        let kwargs: Option<Borrowed<'_, Dict>> = unsafe { Borrowed::from_ptr_or_null(kwargs) };
        // A class may have taken the flag away and reach this function of its base by `super()`: then its own
        // `tp_call` is not what is asked for.
        let offset = callable.get().ty().raw().tp_vectorcall_offset;
        // SAFETY: see the top of the file.
        let function = (offset > 0).then(|| unsafe {
            *callable.as_ptr().byte_offset(offset).cast::<abi::vectorcallfunc>()
        });
        let Some(function) = function.flatten() else {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "'{}' object does not support vectorcall",
                callable.type_name()
            ));
        };
        let args = args.get().as_slice();
        with_dict(th, args, kwargs, |args| call_vector(th, function, callable, args))
    })
}

/// Runs `body` with `first` and then `rest` in one slice, on the stack if they are few.
#[inline]
pub fn with_first<R>(
    first: Borrowed<'_>,
    rest: &[Borrowed<'_>],
    body: impl FnOnce(&[Borrowed<'_>]) -> R,
) -> R {
    const FEW: usize = 8;
    if rest.len() < FEW {
        let mut all = [first; FEW];
        all[1..=rest.len()].copy_from_slice(rest);
        return body(&all[..=rest.len()]);
    }
    let mut all = Vec::with_capacity(rest.len() + 1);
    all.push(first);
    all.extend_from_slice(rest);
    body(&all)
}

/// `ob.name(*args)`, without making a bound method.
pub fn call_method(
    th: &Thread,
    ob: Borrowed<'_>,
    name: Borrowed<'_, Str>,
    args: &[Borrowed<'_>],
) -> PyResult {
    match object::get_method(th, ob, name)? {
        Attribute::Bound(method) => call(th, method.object(), args),
        Attribute::Unbound(function) => {
            with_first(ob, args, |all| call(th, function.object(), all))
        }
    }
}

/// How messages name a function: `module.qualname()`, without `builtins`; `str` of what has no such name.
pub fn function_name(th: &Thread, function: Borrowed<'_>) -> PyResult<Owned<Str>> {
    let Some(qualname) = object::get_attr_opt(th, function, id::__qualname__)? else {
        return object::str(th, function);
    };
    let qualname = object::str(th, qualname.object())?;
    match object::get_attr_opt(th, function, id::__module__)? {
        Some(module) if !module.is_none() => {
            let module = object::str(th, module.object())?;
            if module.eq_str("builtins") {
                return Str::from_fmt(th, format_args!("{}()", *qualname));
            }
            Str::from_fmt(th, format_args!("{}.{}()", *module, *qualname))
        }
        _ => Str::from_fmt(th, format_args!("{}()", *qualname)),
    }
}
