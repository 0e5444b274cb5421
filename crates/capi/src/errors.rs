//! `pyerrors.h`: the thread's current exception. `PyErr_Format` and its like, with `...`, are not here.

use std::ffi::{c_char, c_int};
use std::ptr::null_mut;

use krait_eval::sys::hooks;
use krait_eval::traceback::Traceback;
use krait_macros::capi;
use krait_objects::exceptions;
use krait_objects::prelude::*;

use crate::support::*;

/// What C gives as a class: SystemError for anything else, as the reference answers.
pub fn raise_in(th: &Thread, class: Borrowed<'_>, value: Option<Borrowed<'_>>) {
    let _raised =
        match class.downcast::<Type>().filter(|class| class.is_subtype(exc::BASE_EXCEPTION)) {
            Some(class) => raise_instance(th, class, value),
            None => match object::repr(th, class) {
                Ok(shown) => krait_objects::raise!(
                    th,
                    SYSTEM_ERROR,
                    "_PyErr_SetObject: exception {} is not a BaseException subclass",
                    &*shown
                ),
                Err(raised) => raised,
            },
        };
}

/// The value itself, if it is an instance of the class for whoever decides on that, or one made of it.
fn raise_instance(th: &Thread, class: Borrowed<'_, Type>, value: Option<Borrowed<'_>>) -> Raised {
    if let Some(instance) = value.and_then(|value| value.downcast::<BaseException>()) {
        let own = object::type_of(instance.object());
        match object::is_subclass(th, own.object(), class.object()) {
            Ok(true) => return th.raise_exception(instance.to_owned()),
            Ok(false) => {}
            Err(raised) => return raised,
        }
    }
    // What is set is not for the constructor.
    drop(th.take_exception());
    match exceptions::create(th, class, value) {
        Ok(exception) => th.raise_exception(exception),
        Err(raised) => tell_of_failure(th, raised, class, value),
    }
}

/// The exception that came instead, with a note of what was to be made.
fn tell_of_failure(
    th: &Thread,
    raised: Raised,
    class: Borrowed<'_, Type>,
    value: Option<Borrowed<'_>>,
) -> Raised {
    let exception = th.take_raised(raised);
    let shown = value.and_then(|value| object::repr(th, value).ok());
    drop(th.take_exception());
    let shown = shown.map_or_else(|| "<unknown>".to_owned(), |shown| shown.to_string_lossy());
    let note = format!("Normalization failed: type={} args={shown}", class.tp_name());
    if Str::new(th, &note).and_then(|note| exception.add_note(th, note.borrow())).is_err() {
        drop(th.take_exception());
    }
    th.set_exception(exception.into_object())
}

#[capi]
pub fn PyErr_SetString(th: &Thread, class: Borrowed<'_>, message: *const c_char) {
    if let Ok(message) = string(th, message) {
        raise_in(th, class, Some(message.object()));
    }
}

#[capi]
pub fn PyErr_SetObject(th: &Thread, class: Borrowed<'_>, value: Option<Borrowed<'_>>) {
    raise_in(th, class, value);
}

#[capi]
pub fn PyErr_SetNone(th: &Thread, class: Borrowed<'_>) {
    raise_in(th, class, None);
}

#[capi]
pub fn PyErr_Occurred(th: &Thread) -> Ptr {
    th.current_exception().map_or(null_mut(), |exception| exception.get().ty().as_ptr())
}

#[capi]
pub fn PyErr_Clear(th: &Thread) {
    drop(th.take_exception());
}

#[capi]
pub fn PyErr_NoMemory(th: &Thread) -> Ptr {
    let _raised = th.no_memory();
    null_mut()
}

#[capi]
pub fn PyErr_BadArgument(th: &Thread) -> c_int {
    let _raised = th.bad_argument();
    0
}

#[capi]
pub fn PyErr_BadInternalCall(th: &Thread) {
    let _raised = th.bad_internal_call();
}

#[capi]
pub fn _PyErr_BadInternalCall(th: &Thread, file: *const c_char, line: c_int) {
    let file = text_of(file);
    let _raised =
        krait_objects::raise!(th, SYSTEM_ERROR, "{file}:{line}: bad argument to internal function");
}

/// One class of exceptions against another; the first may be given by an instance.
#[inline(always)]
unsafe fn matches_at_once(exception: Ptr, class: Ptr) -> Option<c_int> {
    const CLASS: u64 = krait_abi::Py_TPFLAGS_TYPE_SUBCLASS;
    const EXCEPTION: u64 = krait_abi::Py_TPFLAGS_BASE_EXC_SUBCLASS;
    // SAFETY: C passes live objects or NULL; the flag of classes says that an object is one.
    unsafe {
        let given = exception.as_ref()?.ob_type;
        if (*class.as_ref()?.ob_type).tp_flags & CLASS == 0 {
            return None;
        }
        let class: TypePtr = class.cast();
        let given = if (*given).tp_flags & EXCEPTION != 0 {
            given
        } else if (*given).tp_flags & CLASS != 0 {
            exception.cast()
        } else {
            return None;
        };
        if (*class).tp_flags & (*given).tp_flags & EXCEPTION == 0 {
            return None;
        }
        if given == class {
            return Some(1);
        }
        derives(given, class).map(c_int::from)
    }
}

#[capi(fast = matches_at_once)]
pub fn PyErr_GivenExceptionMatches(exception: Ptr, class: Ptr) -> c_int {
    if exception.is_null() || class.is_null() {
        return 0;
    }
    // SAFETY: C passes live objects.
    unsafe { matches(Borrowed::from_ptr(exception), Borrowed::from_ptr(class)) }.into()
}

fn matches(exception: Borrowed<'_>, class: Borrowed<'_>) -> bool {
    if let Some(classes) = class.downcast::<Tuple>() {
        return classes.get().as_slice().iter().any(|&class| matches(exception, class));
    }
    let given =
        exception.downcast::<BaseException>().map(|exception| exception.object().get().ty());
    match (given.or(exception.downcast::<Type>()), class.downcast::<Type>()) {
        (Some(given), Some(class)) if class.has_flag(krait_abi::Py_TPFLAGS_BASE_EXC_SUBCLASS) => {
            given.is_subtype(&class)
        }
        _ => exception.is(class),
    }
}

#[capi]
pub fn PyErr_ExceptionMatches(th: &Thread, class: Ptr) -> c_int {
    // SAFETY: C passes a live object.
    th.current_exception()
        .is_some_and(|exception| {
            // SAFETY: a class that is not null is a live object.
            !class.is_null() && matches(exception, unsafe { Borrowed::from_ptr(class) })
        })
        .into()
}

#[capi]
pub fn PyErr_GetRaisedException(th: &Thread) -> Option<Owned<BaseException>> {
    th.take_exception()
}

#[capi]
pub fn PyErr_SetRaisedException(th: &Thread, exception: Ptr) {
    // SAFETY: C gives up its reference.
    match unsafe { Owned::<Object>::from_ptr_or_null(exception) } {
        Some(exception) => {
            let _raised = th.set_exception(exception);
        }
        None => drop(th.take_exception()),
    }
}

#[capi]
pub fn PyErr_Fetch(th: &Thread, class: *mut Ptr, value: *mut Ptr, traceback: *mut Ptr) {
    // SAFETY: C passes writable places, which get references of their own.
    unsafe {
        (*class, *value, *traceback) =
            th.take_exception().map_or((null_mut(), null_mut(), null_mut()), parts);
    }
}

/// An exception as the older functions pass it: class, instance and traceback.
fn parts(exception: Owned<BaseException>) -> (Ptr, Ptr, Ptr) {
    let class = object::type_of(exception.object()).into_ptr();
    let traceback = exception.traceback().map(|traceback| traceback.to_owned().into_ptr());
    (class, exception.into_ptr(), traceback.unwrap_or(null_mut()))
}

/// An exception of a class and what it is to hold.
fn made(th: &Thread, class: Borrowed<'_>, value: Option<Borrowed<'_>>) -> PyResult {
    let value = value.filter(|value| !value.is_none());
    let exception = match (value, value.and_then(|value| value.downcast::<Tuple>())) {
        (_, Some(args)) => call::call(th, class, args.get().as_slice())?,
        (Some(value), None) => call::call(th, class, &[value])?,
        (None, None) => call::call(th, class, &[])?,
    };
    if exception.object().downcast::<BaseException>().is_some() {
        return Ok(exception);
    }
    let (shown, found) = (object::repr(th, class)?, exception.type_name());
    Err(krait_objects::raise!(
        th,
        TYPE_ERROR,
        "calling {} should have returned an instance of BaseException, not {found}",
        &*shown
    ))
}

#[capi]
pub fn PyErr_Restore(th: &Thread, class: Ptr, value: Ptr, traceback: Ptr) {
    // SAFETY: C gives up its references.
    let (class, value, traceback): (Option<Owned>, Option<Owned>, Option<Owned>) = unsafe {
        (
            Owned::from_ptr_or_null(class),
            Owned::from_ptr_or_null(value),
            Owned::from_ptr_or_null(traceback),
        )
    };
    let Some(class) = class else {
        drop(th.take_exception());
        return;
    };
    drop(th.take_exception());
    match value.as_ref().and_then(|value| value.object().downcast::<BaseException>()) {
        Some(exception) => {
            let _raised = th.set_exception(exception.object().to_owned());
        }
        None => match made(th, class.object(), value.as_ref().map(Owned::object)) {
            Ok(exception) => drop(th.set_exception(exception)),
            Err(_) => return,
        },
    }
    let traceback = traceback.filter(|traceback| !traceback.is_none());
    if traceback.as_ref().is_some_and(|given| given.object().downcast::<Traceback>().is_none()) {
        let _raised = th.raise(exc::TYPE_ERROR, "traceback must be a Traceback or None");
        return;
    }
    if let Some(exception) =
        th.current_exception().and_then(|exception| exception.downcast::<BaseException>())
    {
        exception.set_traceback(traceback);
    }
}

/// What `PyErr_Fetch` answers is an instance already; what C code made up may be a class and its arguments.
#[capi]
pub fn PyErr_NormalizeException(
    th: &Thread,
    class: *mut Ptr,
    value: *mut Ptr,
    traceback: *mut Ptr,
) {
    /// Gives a place of C's another object.
    unsafe fn put(place: *mut Ptr, object: Option<Owned>) {
        if let Some(object) = object {
            // SAFETY: the place holds a reference of its own, or null.
            unsafe { drop(Owned::<Object>::from_ptr_or_null(place.replace(object.into_ptr()))) };
        }
    }
    // SAFETY: C passes such places.
    unsafe {
        let Some(given) = Borrowed::<Object>::from_ptr_or_null(*class) else { return };
        let held = Borrowed::from_ptr_or_null(*value).unwrap_or(none());
        let given = given.downcast::<Type>().filter(|given| given.is_subtype(exc::BASE_EXCEPTION));
        let made = match given {
            Some(given) => exceptions::create(th, given, Some(held)),
            None => return put(value, Some(held.to_owned())),
        };
        match made {
            // The class of an instance that is made here stays the one that was asked for.
            Ok(exception) => {
                let was_instance = exception.object().is(held);
                put(class, was_instance.then(|| object::type_of(held).into_object()));
                put(value, Some(exception.into_object()));
            }
            Err(raised) => {
                let exception = th.take_raised(raised);
                put(class, Some(object::type_of(exception.object()).into_object()));
                put(
                    traceback,
                    exception.traceback().map(|traceback| traceback.to_owned().into_object()),
                );
                put(value, Some(exception.into_object()));
            }
        }
    }
}

#[capi]
pub fn PyErr_Print(th: &Thread) {
    print(th, true);
}

#[capi]
pub fn PyErr_PrintEx(th: &Thread, set_last: c_int) {
    print(th, set_last != 0);
}

/// Shows the current exception through `sys.excepthook`; SystemExit ends the process.
pub fn print(th: &Thread, keep: bool) {
    if th.exception_matches(exc::SYSTEM_EXIT) {
        // SAFETY: an exception is set.
        let raised = unsafe { Raised::assume() };
        let code = krait_eval::command_line::exit_code(th, Err(raised));
        let flushed = crate::runtime::finish();
        std::process::exit(if flushed || code != 0 { code } else { 120 });
    }
    if let Some(exception) = th.take_exception() {
        krait_eval::command_line::show_uncaught(th, exception.object(), keep);
    }
}

#[capi]
pub fn PyErr_DisplayException(th: &Thread, exception: Ptr) {
    // SAFETY: C passes a live object.
    hooks::print_exception(th, unsafe { Borrowed::from_ptr(exception) });
}

#[capi]
pub fn PyErr_WriteUnraisable(th: &Thread, ob: Ptr) {
    // SAFETY: C passes a live object or NULL.
    hooks::unraisable(th, unsafe { Borrowed::from_ptr_or_null(ob) }, "");
}

#[capi]
pub fn PyErr_WarnEx(
    th: &Thread,
    category: Option<Borrowed<'_>>,
    message: *const c_char,
    level: isize,
) -> PyResult<()> {
    let category = category.unwrap_or(Borrowed::from_ref(exc::RUNTIME_WARNING).object());
    let message = string(th, message)?;
    // What is no class of warnings is called to make one all the same.
    let warning = Borrowed::from_ref(exc::WARNING);
    if category.downcast::<Type>().is_none_or(|class| !class.is_subtype(&warning)) {
        call::call(th, category, &[message.object()])?;
    }
    (th.interp().services.get().warn)(th, category, message.borrow(), level)
}

#[capi]
pub fn PyErr_NewException(
    th: &Thread,
    name: *const c_char,
    base: Option<Borrowed<'_>>,
    dict: Option<Borrowed<'_>>,
) -> PyResult {
    new_class(th, name, None, base, dict)
}

#[capi]
pub fn PyErr_NewExceptionWithDoc(
    th: &Thread,
    name: *const c_char,
    doc: *const c_char,
    base: Option<Borrowed<'_>>,
    dict: Option<Borrowed<'_>>,
) -> PyResult {
    let doc = if doc.is_null() { None } else { Some(string(th, doc)?) };
    if doc.is_some() && dict.is_some_and(|dict| dict.downcast::<Dict>().is_none()) {
        return Err(th.bad_internal_call());
    }
    new_class(th, name, doc, base, dict)
}

fn new_class(
    th: &Thread,
    full_name: *const c_char,
    doc: Option<Owned<Str>>,
    base: Option<Borrowed<'_>>,
    dict: Option<Borrowed<'_>>,
) -> PyResult {
    let full_name = text_of(full_name);
    let Some((module, class)) = full_name.rsplit_once('.') else {
        return Err(th.raise(exc::SYSTEM_ERROR, "PyErr_NewException: name must be module.class"));
    };
    let namespace = match dict.map(|dict| dict.downcast::<Dict>()) {
        None => Dict::new(th)?,
        Some(Some(dict)) => dict.copy(th)?,
        Some(None) => return Err(th.bad_internal_call()),
    };
    if !namespace.contains(th, id::__module__.object())? {
        namespace.set_str(th, id::__module__, Str::new(th, module)?.object())?;
    }
    if let Some(doc) = doc {
        namespace.set_str(th, id::__doc__, doc.object())?;
    }
    let base = base.unwrap_or(Borrowed::from_ref(exc::EXCEPTION).object());
    let bases = match base.downcast::<Tuple>() {
        Some(bases) => bases.to_owned(),
        None => Tuple::from_slice(th, &[base])?,
    };
    let name = Str::new(th, class)?;
    let metatype = Borrowed::from_ref(Type::type_object()).object();
    call::call(th, metatype, &[name.object(), bases.object(), namespace.object()])
}

#[capi]
pub fn PyErr_GetHandledException(th: &Thread) -> Option<Owned<BaseException>> {
    th.handled_exception().map(Borrowed::to_owned)
}

#[capi]
pub fn PyException_GetTraceback(exception: Borrowed<'_, BaseException>) -> Option<Owned> {
    exception.traceback().map(Borrowed::to_owned)
}

#[capi]
pub fn PyException_SetTraceback(
    exception: Borrowed<'_, BaseException>,
    traceback: Option<Borrowed<'_>>,
) -> PyResult<()> {
    exception
        .set_traceback(traceback.filter(|traceback| !traceback.is_none()).map(Borrowed::to_owned));
    Ok(())
}

#[capi]
pub fn PyException_GetCause(
    exception: Borrowed<'_, BaseException>,
) -> Option<Owned<BaseException>> {
    exception.cause().map(Borrowed::to_owned)
}

#[capi]
pub fn PyException_GetContext(
    exception: Borrowed<'_, BaseException>,
) -> Option<Owned<BaseException>> {
    exception.context().map(Borrowed::to_owned)
}

#[capi]
pub fn PyException_SetCause(exception: Borrowed<'_, BaseException>, cause: Option<Owned>) {
    exception.set_cause(cause);
}

#[capi]
pub fn PyException_SetContext(exception: Borrowed<'_, BaseException>, context: Option<Owned>) {
    exception.set_context(context);
}

#[capi]
pub fn PyException_GetArgs(exception: Borrowed<'_, BaseException>) -> Owned<Tuple> {
    exception.args().to_owned()
}
