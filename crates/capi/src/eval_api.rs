//! The rest of `ceval.h`: calls in their oldest form, names of functions, and compiler flags.

use std::ffi::{c_char, c_int};

use krait_abi::PyCompilerFlags;
use krait_eval::code::Code;
use krait_eval::function::Function;
use krait_eval::monitoring::legacy::{self, Kind, TraceFunction};
use krait_eval::{run, thread_states};
use krait_macros::capi;
use krait_objects::cfunction::CFunction;
use krait_objects::method::Method;
use krait_objects::prelude::*;

use crate::support::*;

#[capi]
pub fn PyEval_CallObjectWithKeywords(
    th: &Thread,
    callable: Borrowed<'_>,
    args: Option<Borrowed<'_>>,
    kwargs: Option<Borrowed<'_>>,
) -> PyResult {
    let args = match args.map(|args| args.downcast::<Tuple>()) {
        None => Tuple::empty(),
        Some(Some(args)) => args,
        Some(None) => return Err(th.raise(exc::TYPE_ERROR, "argument list must be a tuple")),
    };
    let kwargs = match kwargs.map(|kwargs| kwargs.downcast::<Dict>()) {
        None => None,
        Some(Some(kwargs)) => Some(kwargs),
        Some(None) => {
            return Err(th.raise(exc::TYPE_ERROR, "keyword list must be a dictionary"));
        }
    };
    call::call_tuple_dict(th, callable, args, kwargs)
}

/// Runs code with arguments, as a function with these defaults would be called.
#[capi]
pub fn PyEval_EvalCodeEx(
    th: &Thread,
    code: Borrowed<'_, Code>,
    globals: Borrowed<'_, Dict>,
    locals: Option<Borrowed<'_>>,
    args: *const Ptr,
    count: c_int,
    keywords: *const Ptr,
    keyword_count: c_int,
    defaults: *const Ptr,
    default_count: c_int,
    kwdefaults: Option<Borrowed<'_, Dict>>,
    closure: Option<Borrowed<'_, Tuple>>,
) -> PyResult {
    let function = Function::new(th, code, globals)?;
    let len = |count: c_int| usize::try_from(count).unwrap_or(0);
    // SAFETY: C passes so many objects, keywords in pairs of name and value.
    unsafe {
        if default_count > 0 {
            let defaults = packed(th, defaults, len(default_count))?;
            function.defaults.set(Some(defaults));
        }
        function.kwdefaults.set(kwdefaults.map(Borrowed::to_owned));
        function.closure.set(closure.map(Borrowed::to_owned));
        let named = |at: usize| -> Borrowed<'_> { Borrowed::from_ptr(*keywords.add(at)) };
        let (mut all, mut names) = (Vec::new(), Vec::new());
        all.extend((0..len(count)).map(|at| -> Borrowed<'_> { Borrowed::from_ptr(*args.add(at)) }));
        for at in 0..len(keyword_count) {
            names.push(named(2 * at));
            all.push(named(2 * at + 1));
        }
        let names = Tuple::from_slice(th, &names)?;
        run::call_function(th, function, locals, &all, Some(names.borrow()))
    }
}

/// # Safety
/// `items` points to `count` live objects.
unsafe fn packed(th: &Thread, items: *const Ptr, count: usize) -> PyResult<Owned<Tuple>> {
    if count == 0 {
        return Ok(Tuple::empty().to_owned());
    }
    // SAFETY: the caller's promise; a `Borrowed` is the pointer.
    Tuple::from_slice(th, unsafe { std::slice::from_raw_parts(items.cast(), count) })
}

#[capi]
pub fn PyEval_GetFuncName(ob: Borrowed<'_>) -> PyResult<*const c_char> {
    let th = Thread::current();
    if let Some(method) = ob.downcast::<Method>() {
        return PyEval_GetFuncName(method.get().function());
    }
    if let Some(function) = ob.downcast::<Function>() {
        return match function.get().name.get() {
            Some(name) => name.as_utf8_ptr(th),
            None => Ok(c"".as_ptr()),
        };
    }
    if let Some(function) = ob.downcast::<CFunction>() {
        // SAFETY: a definition outlives its functions.
        return Ok(unsafe { (*function.get().def_ptr()).ml_name });
    }
    Ok(ob.get().ty().raw().tp_name)
}

#[capi]
pub fn PyEval_GetFuncDesc(ob: Borrowed<'_>) -> PyResult<*const c_char> {
    let is_function = ob.downcast::<Method>().is_some()
        || ob.downcast::<Function>().is_some()
        || ob.downcast::<CFunction>().is_some();
    Ok(if is_function { c"()".as_ptr() } else { c" object".as_ptr() })
}

/// Adds the features that the running code has asked for from `__future__`.
#[capi]
pub fn PyEval_MergeCompilerFlags(th: &Thread, flags: *mut PyCompilerFlags) -> c_int {
    let code = krait_eval::frame::current_code(th);
    let running = code.map_or(0, |code| code.borrow().flags) & krait_abi::PyCF_MASK;
    // SAFETY: C passes a struct.
    unsafe {
        (*flags).cf_flags |= running;
        ((*flags).cf_flags != 0).into()
    }
}

#[capi]
pub fn PyEval_ThreadsInitialized() -> c_int {
    crate::runtime::is_running().into()
}

#[capi]
pub fn PyEval_AcquireLock() {}

#[capi]
pub fn PyEval_ReleaseLock() {}

#[capi]
pub fn PyEval_GetFrame(th: &Thread) -> Ptr {
    match krait_eval::frame::object_at_depth(th, 0) {
        // The running frame keeps its object: the reference is lent.
        Ok(Some(frame)) => frame.as_ptr(),
        Ok(None) => std::ptr::null_mut(),
        Err(raised) => {
            drop(th.take_raised(raised));
            std::ptr::null_mut()
        }
    }
}

/// The running frame's names; for those of a function the reference lends what the frame keeps, as we do.
#[capi(error = std::ptr::null_mut())]
pub fn PyEval_GetLocals(th: &Thread) -> PyResult<Ptr> {
    let locals = krait_eval::frame::current_locals(th)?;
    let pointer = locals.as_ptr();
    if locals.object().get().ref_count() == 1 {
        // A copy, which somebody has to keep: the thread, until the next one.
        let name = Str::interned(th, "_krait_locals")?;
        krait_eval::sys::set(th, name.borrow(), locals.object())?;
    }
    Ok(pointer)
}

#[capi]
pub fn PyEval_GetFrameLocals(th: &Thread) -> PyResult {
    krait_eval::frame::current_locals(th)
}

#[capi]
pub fn PyEval_GetFrameGlobals(th: &Thread) -> Option<Owned> {
    (th.interp().services.get().globals)(th).map(Owned::into_object)
}

#[capi]
pub fn PyEval_GetFrameBuiltins(th: &Thread) -> Option<Owned> {
    th.interp().builtins.get_owned().map(Owned::into_object)
}

/// Runs a frame: only the interpreter itself does, so nobody else can have one that is to be run.
#[capi]
pub fn PyEval_EvalFrameEx(th: &Thread, _frame: Borrowed<'_>, _throw: c_int) -> PyResult {
    Err(th.raise(exc::SYSTEM_ERROR, "a frame object cannot be run"))
}

#[capi]
pub fn PyEval_EvalFrame(th: &Thread, _frame: Borrowed<'_>) -> PyResult {
    Err(th.raise(exc::SYSTEM_ERROR, "a frame object cannot be run"))
}

fn report(th: &Thread, done: PyResult<()>) {
    if done.is_err() {
        krait_eval::sys::hooks::unraisable(th, None, "");
    }
}

/// Sets the trace or profile function of `target`.
fn set_function(
    th: &Thread,
    target: &Thread,
    kind: Kind,
    function: Option<TraceFunction>,
    ob: Ptr,
) -> PyResult<()> {
    // SAFETY: the C contract: an object or null, borrowed.
    let ob = unsafe { Borrowed::<Object>::from_ptr_or_null(ob) };
    legacy::set_in(th, target, kind, function, ob)
}

#[capi]
pub fn PyEval_SetTrace(th: &Thread, function: Option<TraceFunction>, ob: Ptr) {
    report(th, set_function(th, th, Kind::Trace, function, ob));
}

#[capi]
pub fn PyEval_SetTraceAllThreads(th: &Thread, function: Option<TraceFunction>, ob: Ptr) {
    let all =
        thread_states::for_each(th, |other| set_function(th, other, Kind::Trace, function, ob));
    report(th, all);
}

#[capi]
pub fn PyEval_SetProfile(th: &Thread, function: Option<TraceFunction>, ob: Ptr) {
    report(th, set_function(th, th, Kind::Profile, function, ob));
}

#[capi]
pub fn PyEval_SetProfileAllThreads(th: &Thread, function: Option<TraceFunction>, ob: Ptr) {
    let all =
        thread_states::for_each(th, |other| set_function(th, other, Kind::Profile, function, ob));
    report(th, all);
}
