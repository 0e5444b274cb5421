//! The protocol behind `await`: from an awaitable object to the iterator that drives it.

use krait_abi as abi;
use krait_bytecode::code_flags;
use krait_objects::prelude::*;

use super::{Coroutine, Generator};

/// `_PyCoro_GetAwaitableIter`: a coroutine itself, else what `__await__` answers.
pub fn get_iter(th: &Thread, ob: Borrowed<'_>) -> PyResult {
    if ob.is_exact::<Coroutine>() || is_iterable_coroutine(ob) {
        return Ok(ob.to_owned());
    }
    // SAFETY: a type's `tp_as_async` is null or points to its suite.
    let suite = unsafe { ob.ty().get().raw().tp_as_async.as_ref() };
    let Some(am_await) = suite.and_then(|suite| suite.am_await) else {
        return Err(raise!(th, TYPE_ERROR, "'{}' object can't be awaited", ob.type_name()));
    };
    // SAFETY: the slot's contract.
    let found = unsafe { Owned::<Object>::from_ptr_or_null(am_await(ob.as_ptr())) };
    let Some(found) = found else { return Err(th.raised_by_c()) };
    if found.object().is_exact::<Coroutine>() || is_iterable_coroutine(found.borrow()) {
        return Err(th.raise(exc::TYPE_ERROR, "__await__() returned a coroutine"));
    }
    if !iter::is_iterator(found.borrow()) {
        return Err(raise!(
            th,
            TYPE_ERROR,
            "__await__() returned non-iterator of type '{}'",
            found.type_name()
        ));
    }
    Ok(found)
}

/// A generator marked by `types.coroutine`.
fn is_iterable_coroutine(ob: Borrowed<'_>) -> bool {
    ob.downcast_exact::<Generator>()
        .is_some_and(|generator| generator.get().code().has_flag(code_flags::ITERABLE_COROUTINE))
}

/// A type's `am_anext`.
pub fn anext_slot(ty: &Type) -> abi::unaryfunc {
    // SAFETY: as in `get_iter`.
    unsafe { ty.raw().tp_as_async.as_ref() }.and_then(|suite| suite.am_anext)
}

/// The error of `async with` when `__aenter__` or `__aexit__` answered something else than an awaitable.
pub fn with_error(th: &Thread, ob: Borrowed<'_>, method: &str, raised: Raised) -> Raised {
    // SAFETY: as in `get_iter`.
    let suite = unsafe { ob.ty().get().raw().tp_as_async.as_ref() };
    if suite.is_some_and(|suite| suite.am_await.is_some()) {
        return raised;
    }
    drop(th.take_raised(raised));
    raise!(
        th,
        TYPE_ERROR,
        "'async with' received an object from {method} that does not implement __await__: {}",
        ob.type_name()
    )
}

/// The error of `async for` when `__anext__` answered something else than an awaitable.
pub fn invalid_anext(th: &Thread, ob: Borrowed<'_>, raised: Raised) -> Raised {
    let cause = th.take_raised(raised);
    let raised = raise!(
        th,
        TYPE_ERROR,
        "'async for' received an invalid object from __anext__: {}",
        ob.type_name()
    );
    let exception = th.take_raised(raised);
    exception.set_cause(Some(cause.clone().into_object()));
    exception.set_context(Some(cause.into_object()));
    th.set_exception(exception.into_object())
}
