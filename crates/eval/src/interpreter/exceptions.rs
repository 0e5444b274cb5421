//! Raising, handling, matching and re-raising exceptions; `with`.

use krait_abi as abi;
use krait_objects::prelude::*;

use super::op::Op;
use super::unwind::unwind_again;
use crate::code::CodeUnit;
use crate::frame::{Frame, Held, StackRef};

/// `raise`, `raise exception`, `raise exception from cause`.
pub fn raise_varargs(op: Op<'_>) -> PyResult<*const CodeUnit> {
    match op.arg {
        0 => {
            let Some(handled) = op.th.handled_exception() else {
                let message = "No active exception to reraise";
                return Err(op.th.raise(exc::RUNTIME_ERROR, message));
            };
            let handled = handled.to_owned();
            let _raised = op.th.set_exception(handled.into_object());
            Ok(unwind_again(op.th, op.ip()))
        }
        1 => {
            let exception = op.pop1();
            Err(raise_from(op.th, exception.get(), None))
        }
        _ => {
            let [exception, cause] = op.pop();
            Err(raise_from(op.th, exception.get(), Some(cause.get())))
        }
    }
}

/// An instance for what was raised: an instance, or a class to call. `message` is the TypeError of others.
fn instantiate(th: &Thread, raised: Borrowed<'_>, message: &str) -> PyResult<Owned<BaseException>> {
    if let Some(class) = raised.downcast::<Type>()
        && class.is_subtype(exc::BASE_EXCEPTION)
    {
        let made = call::call(th, raised, &[])?;
        return made.downcast::<BaseException>().map_err(|other| {
            raise!(
                th,
                TYPE_ERROR,
                "calling {} should have returned an instance of BaseException, not {}",
                object::repr(th, raised).map_or_else(|_| String::new(), |repr| repr.to_string()),
                object::repr(th, other.ty().object())
                    .map_or_else(|_| String::new(), |repr| repr.to_string())
            )
        });
    }
    match raised.to_owned().downcast::<BaseException>() {
        Ok(exception) => Ok(exception),
        Err(_) => Err(th.raise(exc::TYPE_ERROR, message)),
    }
}

fn raise_from(th: &Thread, exception: Borrowed<'_>, cause: Option<Borrowed<'_>>) -> Raised {
    let made = instantiate(th, exception, "exceptions must derive from BaseException");
    let exception = match made {
        Ok(exception) => exception,
        Err(raised) => return raised,
    };
    if let Some(cause) = cause {
        let cause = if cause.is_none() {
            None
        } else {
            let message = "exception causes must derive from BaseException";
            match instantiate(th, cause, message) {
                Ok(cause) => Some(cause.into_object()),
                Err(raised) => return raised,
            }
        };
        exception.set_cause(cause);
    }
    th.raise_exception(exception)
}

/// What a handler got from the unwinding is an exception; in code that no compiler has made, anything.
pub fn exception_in(th: &Thread, value: Held) -> PyResult {
    if value.get().downcast::<BaseException>().is_none() {
        return Err(th.bad_internal_call());
    }
    Ok(value.into_owned())
}

/// Raises the exception on top again, as if it came from the place saved below it.
pub fn reraise(op: Op<'_>) -> PyResult<*const CodeUnit> {
    let exception = exception_in(op.th, op.pop1())?;
    let here = op.ip();
    if op.arg != 0 {
        // SAFETY: (9): the position was pushed when the handler was entered.
        let saved = unsafe { *op.slot(op.arg) };
        let Some(at) = saved.as_tagged_int() else {
            return Err(op.th.raise(exc::SYSTEM_ERROR, "lasti is not an int"));
        };
        // SAFETY: (5): a position in this code.
        unsafe { (*op.frame).ip = Frame::code(op.frame).units().offset(at) };
    }
    let _raised = op.th.set_exception(exception);
    Ok(unwind_again(op.th, here))
}

/// Makes `previous`, an exception or None, the one being handled.
///
/// # Safety
/// The reference is given up by the caller.
pub unsafe fn end_handling(th: &Thread, previous: StackRef) {
    // SAFETY: as for `push_exc_info`; the field is whole before the old exception is released.
    unsafe {
        let level = (*th.raw()).exc_info;
        let new = if previous == StackRef::none() {
            std::ptr::null_mut()
        } else {
            previous.into_owned().into_ptr()
        };
        let old = std::mem::replace(&mut (*level).exc_value, new);
        drop(Owned::<Object>::from_ptr_or_null(old));
    }
}

const NOT_EXCEPTIONS: &str =
    "catching classes that do not inherit from BaseException is not allowed";

/// TypeError unless `pattern` is an exception class or a tuple of them.
fn check_pattern(th: &Thread, pattern: Borrowed<'_>) -> PyResult<()> {
    let is_class = |ob: Borrowed<'_>| {
        ob.downcast::<Type>().is_some_and(|class| class.has_flag(abi::Py_TPFLAGS_BASE_EXC_SUBCLASS))
    };
    let fine = match pattern.downcast::<Tuple>() {
        Some(tuple) => tuple.as_slice().iter().all(|class| is_class(*class)),
        None => is_class(pattern),
    };
    if fine { Ok(()) } else { Err(th.raise(exc::TYPE_ERROR, NOT_EXCEPTIONS)) }
}

/// Whether an exception's class is, or derives from, a class of `pattern` (already checked).
fn matches(exception: Borrowed<'_>, pattern: Borrowed<'_>) -> bool {
    let class = exception.ty();
    match pattern.downcast::<Tuple>() {
        Some(tuple) => tuple
            .as_slice()
            .iter()
            .any(|entry| entry.downcast::<Type>().is_some_and(|entry| class.is_subtype(&entry))),
        None => pattern.downcast::<Type>().is_some_and(|entry| class.is_subtype(&entry)),
    }
}

pub fn check_exc_match(op: Op<'_>) -> PyResult<()> {
    let pattern = op.pop1();
    check_pattern(op.th, pattern.get())?;
    op.push_bool(matches(op.peek(1), pattern.get()));
    Ok(())
}

/// `except*`: splits the exception into what does not match and what does.
pub fn check_eg_match(op: Op<'_>) -> PyResult<()> {
    let pattern = op.pop1();
    check_pattern(op.th, pattern.get())?;
    check_no_groups(op.th, pattern.get())?;
    let exception = op.pop1();
    let (rest, matched) = exception_group_split(op.th, exception.get(), pattern.get())?;
    if let Some(matched) = &matched {
        // What a `split` of the program's own has answered may be anything.
        if matched.borrow().downcast::<BaseException>().is_none() {
            return Err(op.th.bad_internal_call());
        }
        set_handled(op.th, matched.clone());
    }
    op.push(rest.unwrap_or_else(|| none().to_owned()));
    op.push(matched.unwrap_or_else(|| none().to_owned()));
    Ok(())
}

/// The matched part is what `sys.exception()` answers in the handler.
fn set_handled(th: &Thread, exception: Owned) {
    // SAFETY: as for `push_exc_info`.
    unsafe {
        let level = (*th.raw()).exc_info;
        let old = std::mem::replace(&mut (*level).exc_value, exception.into_ptr());
        drop(Owned::<Object>::from_ptr_or_null(old));
    }
}

fn check_no_groups(th: &Thread, pattern: Borrowed<'_>) -> PyResult<()> {
    let is_group = |ob: Borrowed<'_>| {
        ob.downcast::<Type>().is_some_and(|class| class.is_subtype(exc::BASE_EXCEPTION_GROUP))
    };
    let any = match pattern.downcast::<Tuple>() {
        Some(tuple) => tuple.as_slice().iter().any(|class| is_group(*class)),
        None => is_group(pattern),
    };
    if any {
        let message = "catching ExceptionGroup with except* is not allowed. Use except instead.";
        return Err(th.raise(exc::TYPE_ERROR, message));
    }
    Ok(())
}

/// `(rest, matched)` of an exception or group under `except*`.
pub fn exception_group_split(
    th: &Thread,
    exception: Borrowed<'_>,
    pattern: Borrowed<'_>,
) -> PyResult<(Option<Owned>, Option<Owned>)> {
    if exception.is_none() {
        return Ok((None, None));
    }
    if matches(exception, pattern) {
        if exception.ty().is_subtype(exc::BASE_EXCEPTION_GROUP) {
            return Ok((None, Some(exception.to_owned())));
        }
        // A naked exception is handled as a group of one, with the traceback as far as here.
        let members = Tuple::from_slice(th, &[exception])?;
        let class: Borrowed<'_> = Borrowed::from_ref(exc::BASE_EXCEPTION_GROUP).object();
        let group = call::call(th, class, &[id::empty.object(), members.object()])?;
        let frame = crate::frame::current_complete(th);
        if !frame.is_null() {
            // SAFETY: (7).
            let entry = unsafe { crate::traceback::entry(th, None, frame)? };
            if let Some(group) = group.borrow().downcast::<BaseException>() {
                group.set_traceback(Some(entry.into_object()));
            }
        }
        return Ok((None, Some(group)));
    }
    if !exception.ty().is_subtype(exc::BASE_EXCEPTION_GROUP) {
        return Ok((Some(exception.to_owned()), None));
    }
    let parts = call::call_method(th, exception, id::split, &[pattern])?;
    let Some(pair) = parts.borrow().downcast::<Tuple>() else {
        return Err(raise!(
            th,
            TYPE_ERROR,
            "{}.split must return a tuple, not {}",
            exception.type_name(),
            parts.type_name()
        ));
    };
    let (Some(matched), Some(rest)) = (pair.get().get(0), pair.get().get(1)) else {
        return Err(raise!(
            th,
            TYPE_ERROR,
            "{}.split must return a 2-tuple, got tuple of size {}",
            exception.type_name(),
            pair.len()
        ));
    };
    let present = |part: Borrowed<'_>| (!part.is_none()).then(|| part.to_owned());
    Ok((present(rest), present(matched)))
}

/// Calls the `__exit__` below the exception that left the `with` body.
pub fn with_except_start(op: Op<'_>) -> PyResult<()> {
    // Stack: exit, its self or null, last position, previous exception, exception.
    let exception = op.peek(1);
    let class = exception.ty();
    let traceback = match exception.downcast::<BaseException>() {
        Some(known) => known.traceback().map(Borrowed::to_owned),
        None => None,
    };
    let traceback = traceback.unwrap_or_else(|| none().to_owned());
    let exit = op.peek(5);
    // SAFETY: (9).
    let this = unsafe { (*op.slot(4)).get_opt() };
    let details = [class.object(), exception, traceback.borrow()];
    let result = match this {
        Some(this) => call::call(op.th, exit, &[this, details[0], details[1], details[2]])?,
        None => call::call(op.th, exit, &details)?,
    };
    op.push(result);
    Ok(())
}

/// Handlers in registers.
pub mod hot {
    use krait_abi as abi;
    use krait_objects::prelude::*;

    use super::super::cold::{Dealloc, Rare};
    use super::super::op::Op;
    use super::super::specialize::layout;
    use super::super::state::{Dispatch, Operation, State};
    use crate::code::CodeUnit;
    use crate::frame::StackRef;

    /// Makes the exception on top the one being handled; the one before it is kept below.
    #[inline(always)]
    pub unsafe fn push_exc_info<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: (9); the innermost level of handled exceptions is live, and owns its reference.
        unsafe {
            let exception = s.peek(1);
            if !is_exception(exception) {
                return D::cold::<Rare<NoException>>(s, 0);
            }
            let level = (*s.thread().raw()).exc_info;
            let previous = (*level).exc_value;
            // The level's own reference: an immortal object's is not counted, there or here.
            let _counted = StackRef::new(exception.ptr());
            (*level).exc_value = exception.ptr();
            let previous =
                if previous.is_null() { StackRef::none() } else { StackRef::steal(previous) };
            s.poke(1, previous);
            D::next(s.push(exception).skip(1))
        }
    }

    /// Ends the handling of an exception: the one before it is the handled one again.
    #[inline(always)]
    pub unsafe fn pop_except<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: (9), and as for `push_exc_info`; the level is whole before the old exception is released.
        unsafe {
            let previous = s.peek(1);
            let level = (*s.thread().raw()).exc_info;
            let new = if previous == StackRef::none() {
                std::ptr::null_mut()
            } else if is_exception(previous) {
                previous.into_heap_safe().ptr()
            } else {
                return D::cold::<Rare<NoException>>(s, 0);
            };
            let old = std::mem::replace(&mut (*level).exc_value, new);
            let s = s.drop(1).skip(1);
            if !old.is_null() {
                let old = StackRef::steal(old);
                if old.release() {
                    return D::cold::<Dealloc>(s, old.bits());
                }
            }
            D::next(s)
        }
    }

    /// Whether the exception below the pattern on top is of its class, which almost always is the very class.
    #[inline(always)]
    pub unsafe fn check_exc_match<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: (9).
        unsafe {
            let pattern = s.peek(1);
            let class: *mut abi::PyTypeObject = pattern.ptr().cast();
            if (*s.peek(2).ptr()).ob_type != class
                || !layout::is_type(pattern.ptr())
                || (*class).tp_flags & abi::Py_TPFLAGS_BASE_EXC_SUBCLASS == 0
            {
                return D::cold::<Rare<CheckMatch>>(s, 0);
            }
            // Not the last reference: the exception has one.
            let _not_last = pattern.release();
            s.poke(1, StackRef::from_bool(true));
            D::next(s.skip(1))
        }
    }

    #[inline(always)]
    unsafe fn is_exception(value: StackRef) -> bool {
        // SAFETY: (1).
        unsafe { (*(*value.ptr()).ob_type).tp_flags & abi::Py_TPFLAGS_BASE_EXC_SUBCLASS != 0 }
    }

    struct CheckMatch;

    impl Operation for CheckMatch {
        #[inline(always)]
        fn run(op: Op<'_>) -> PyResult<*const CodeUnit> {
            super::check_exc_match(op).map(|()| op.next())
        }
    }

    /// Code that no compiler has made has something else where an exception is expected.
    struct NoException;

    impl Operation for NoException {
        #[inline(always)]
        fn run(op: Op<'_>) -> PyResult<*const CodeUnit> {
            Err(op.th.bad_internal_call())
        }
    }
}
