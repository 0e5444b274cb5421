//! `abstract.h`, `call.h`: calling. The forms with `...` are in `variadic`.

use krait_macros::capi;
use krait_objects::prelude::*;
use krait_objects::protocol::object::Attribute;

use crate::support::*;

/// Of a callable that takes a vector, without named arguments.
#[inline(always)]
unsafe fn call_at_once(callable: Ptr, args: Ptr, kwargs: Ptr) -> Option<Ptr> {
    // SAFETY: C passes live objects or NULL.
    unsafe {
        let callable: Borrowed<'_> = Borrowed::from_ptr_or_null(callable)?;
        some::<Tuple>(args)?;
        if !kwargs.is_null() {
            return None;
        }
        if let Some(function) = call::vectorcall_of(callable) {
            return Some(call_vector(function, callable.as_ptr(), args));
        }
        let function = callable.ty().raw().tp_call?;
        Thread::attached().has_room().then(|| call_slot(function, callable.as_ptr(), args))
    }
}

type Vector = unsafe extern "C" fn(Ptr, *const Ptr, usize, Ptr) -> Ptr;
type Slot = unsafe extern "C" fn(Ptr, Ptr, Ptr) -> Ptr;

/// # Safety
/// The function is the callable's; `args` is a tuple.
#[inline(never)]
unsafe fn call_vector(function: Vector, callable: Ptr, args: Ptr) -> Ptr {
    // SAFETY: the caller's promise.
    unsafe {
        let items: Borrowed<'_, Tuple> = Borrowed::from_ptr(args);
        let null = std::ptr::null_mut();
        let result = function(callable, items.items(), items.len(), null);
        call::checked(Borrowed::from_ptr(callable), result)
    }
}

/// # Safety
/// As for `call_vector`.
#[inline(never)]
unsafe fn call_slot(function: Slot, callable: Ptr, args: Ptr) -> Ptr {
    // SAFETY: the caller's promise.
    unsafe {
        let result = function(callable, args, std::ptr::null_mut());
        call::checked(Borrowed::from_ptr(callable), result)
    }
}

#[inline(always)]
unsafe fn call_one_at_once(callable: Ptr, arg: Ptr) -> Option<Ptr> {
    // SAFETY: C passes live objects or NULL.
    unsafe {
        let callable: Borrowed<'_> = Borrowed::from_ptr_or_null(callable)?;
        let function = call::vectorcall_of(callable).filter(|_| !arg.is_null())?;
        let null = std::ptr::null_mut();
        // The word before the argument is lent.
        let mut args = [null, arg];
        let count = 1 | krait_objects::args::rt::ARGUMENTS_OFFSET;
        let result = function(callable.as_ptr(), args.as_mut_ptr().add(1), count, null);
        Some(call::checked(callable, result))
    }
}

#[capi(fast = call_at_once)]
pub fn PyObject_Call(
    th: &Thread,
    callable: Borrowed<'_>,
    args: Option<Borrowed<'_>>,
    kwargs: Option<Borrowed<'_>>,
) -> PyResult {
    check_callable(th, callable)?;
    let (args, kwargs) = arguments(th, given(th, args)?, kwargs)?;
    call::call_tuple_dict(th, callable, args, kwargs)
}

/// A tuple, and a dictionary or none.
fn check_callable(th: &Thread, callable: Borrowed<'_>) -> PyResult<()> {
    if object::is_callable(callable) {
        return Ok(());
    }
    Err(raise!(th, TYPE_ERROR, "'{}' object is not callable", callable.type_name()))
}

fn arguments<'a>(
    th: &Thread,
    args: Borrowed<'a>,
    kwargs: Option<Borrowed<'a>>,
) -> PyResult<(Borrowed<'a, Tuple>, Option<Borrowed<'a, Dict>>)> {
    let wrong = || th.bad_internal_call();
    let named = match kwargs {
        None => None,
        Some(kwargs) => Some(kwargs.downcast::<Dict>().ok_or_else(wrong)?),
    };
    Ok((args.downcast::<Tuple>().ok_or_else(wrong)?, named))
}

#[capi]
pub fn PyObject_CallObject(
    th: &Thread,
    callable: Option<Borrowed<'_>>,
    args: Option<Borrowed<'_>>,
) -> PyResult {
    match args {
        None => call::call(th, given(th, callable)?, &[]),
        Some(args) => match args.downcast::<Tuple>() {
            Some(args) => call::call_tuple_dict(th, given(th, callable)?, args, None),
            None => Err(th.raise(exc::TYPE_ERROR, "argument list must be a tuple")),
        },
    }
}

#[capi]
pub fn PyObject_CallNoArgs(th: &Thread, callable: Borrowed<'_>) -> PyResult {
    call::call(th, callable, &[])
}

#[capi(fast = call_one_at_once)]
pub fn PyObject_CallOneArg(
    th: &Thread,
    callable: Borrowed<'_>,
    arg: Option<Borrowed<'_>>,
) -> PyResult {
    match arg {
        Some(arg) => call::call(th, callable, &[arg]),
        None => {
            check_callable(th, callable)?;
            Err(null_argument(th))
        }
    }
}

#[capi]
pub fn PyObject_Vectorcall(
    th: &Thread,
    callable: Borrowed<'_>,
    args: *const Ptr,
    nargsf: usize,
    kwnames: Ptr,
) -> PyResult {
    // SAFETY: the arguments of a vectorcall.
    call::vectorcall(th, callable, unsafe { Args::from_raw(args, nargsf, kwnames) })
}

#[capi]
pub fn PyObject_VectorcallDict(
    th: &Thread,
    callable: Borrowed<'_>,
    args: *const Ptr,
    nargsf: usize,
    kwargs: Option<Borrowed<'_, Dict>>,
) -> PyResult {
    // SAFETY: the arguments of a vectorcall.
    let args = unsafe { Args::from_raw(args, nargsf, std::ptr::null_mut()) };
    call::call_with_dict(th, callable, args.positionals(), kwargs)
}

#[capi]
pub fn PyObject_VectorcallMethod(
    th: &Thread,
    key: Borrowed<'_>,
    args: *const Ptr,
    nargsf: usize,
    kwnames: Ptr,
) -> PyResult {
    // SAFETY: the arguments of a vectorcall, the receiver first.
    let args = unsafe { Args::from_raw(args, nargsf, kwnames) };
    let Some((&receiver, rest)) = args.values.split_first() else {
        return Err(th.bad_internal_call());
    };
    match object::get_method(th, receiver, attribute(th, key)?)? {
        Attribute::Unbound(function) => call::vectorcall(th, function.object(), args),
        // The receiver's word is lent to the callee.
        Attribute::Bound(method) => {
            let (positional, kwnames) = (args.positional - 1, args.kwnames);
            let args = Args { values: rest, positional, kwnames, offset: true };
            call::vectorcall(th, method.object(), args)
        }
    }
}

#[capi]
pub fn PyVectorcall_Call(
    th: &Thread,
    callable: Borrowed<'_>,
    args: Option<Borrowed<'_>>,
    kwargs: Option<Borrowed<'_>>,
) -> PyResult {
    // Before the arguments are looked at. Not the flag: `super()` may lead here from a class that has none.
    if callable.get().ty().raw().tp_vectorcall_offset <= 0 {
        let name = callable.type_name();
        return Err(raise!(th, TYPE_ERROR, "'{name}' object does not support vectorcall"));
    }
    let (args, kwargs) = arguments(th, given(th, args)?, kwargs)?;
    let kwargs = kwargs.map_or(std::ptr::null_mut(), Borrowed::as_ptr);
    // SAFETY: objects of the types it asks for.
    returned(th, unsafe { call::vectorcall_call(callable.as_ptr(), args.as_ptr(), kwargs) })
}

#[capi]
pub fn PyVectorcall_NARGS(nargsf: usize) -> isize {
    (nargsf & !krait_objects::args::rt::ARGUMENTS_OFFSET) as isize
}

#[capi]
pub fn PyVectorcall_Function(callable: Borrowed<'_>) -> PyResult<*mut std::ffi::c_void> {
    Ok(call::vectorcall_of(callable)
        .map_or(std::ptr::null_mut(), |function| function as *mut std::ffi::c_void))
}

#[capi]
pub fn PyMethod_New(
    th: &Thread,
    function: Borrowed<'_>,
    receiver: Option<Borrowed<'_>>,
) -> PyResult<Owned<krait_objects::method::Method>> {
    let receiver = given(th, receiver)?;
    krait_objects::method::Method::new(th, function, receiver)
}

#[capi]
pub fn PyMethod_Function<'a>(method: Borrowed<'a, krait_objects::method::Method>) -> Borrowed<'a> {
    method.get().function()
}

#[capi]
pub fn PyMethod_Self<'a>(method: Borrowed<'a, krait_objects::method::Method>) -> Borrowed<'a> {
    method.get().receiver()
}

#[capi]
pub fn PyCMethod_New(
    th: &Thread,
    def: *mut krait_abi::PyMethodDef,
    receiver: Option<Borrowed<'_>>,
    module: Option<Borrowed<'_>>,
    class: Option<Borrowed<'_, Type>>,
) -> PyResult<Owned<krait_objects::cfunction::CFunction>> {
    krait_objects::cfunction::CFunction::new(th, def, receiver, module, class)
}

#[capi]
pub fn PyCFunction_NewEx(
    th: &Thread,
    def: *mut krait_abi::PyMethodDef,
    receiver: Option<Borrowed<'_>>,
    module: Option<Borrowed<'_>>,
) -> PyResult<Owned<krait_objects::cfunction::CFunction>> {
    krait_objects::cfunction::CFunction::new(th, def, receiver, module, None)
}

#[capi]
pub fn PyCFunction_New(
    th: &Thread,
    def: *mut krait_abi::PyMethodDef,
    receiver: Option<Borrowed<'_>>,
) -> PyResult<Owned<krait_objects::cfunction::CFunction>> {
    krait_objects::cfunction::CFunction::new(th, def, receiver, None, None)
}
