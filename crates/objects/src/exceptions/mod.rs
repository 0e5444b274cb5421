//! Exception classes.
//!
//! `base` is `BaseException`; `classes` lists those that add nothing but a name; `special`, `os`, `syntax`,
//! `unicode` and `group` have those with fields of their own. This file makes and links exceptions, and has the
//! classes by name. The same job as CPython's `Objects/exceptions.c`.

mod base;
mod classes;
pub mod exc;
pub mod group;
pub mod os;
mod special;
mod syntax;
mod text;
pub mod unicode;

use crate::prelude::{Borrowed, Dict, Owned, PyResult, Raised, Thread, Tuple, Type, object};

use crate::raise;

pub use base::{BaseException, make};
pub use classes::*;
pub use exc::ALL;
pub use group::{BaseExceptionGroup, exception_group};
pub use os::OSError;
pub use special::{
    AttributeError, ImportError, InterpreterError, InterpreterNotFoundError, KeyError, MemoryError,
    NameError, StopIteration, SystemExit, prepare_reserve, raise_stop_iteration,
};
pub use syntax::{IncompleteInputError, SyntaxError};
pub use unicode::{
    UnicodeDecodeError, UnicodeEncodeError, UnicodeTranslateError, raise_decode_error,
    raise_encode_error,
};

/// `class(value)` as `PyErr_SetObject` makes it: an instance is taken as it is, a tuple gives the arguments.
pub fn create(
    th: &Thread,
    class: Borrowed<'_, Type>,
    value: Option<Borrowed<'_>>,
) -> PyResult<Owned<BaseException>> {
    if !class.is_subtype(exc::BASE_EXCEPTION) {
        let class = object::repr(th, class.object())?;
        return Err(raise!(
            th,
            SYSTEM_ERROR,
            "_PyErr_SetObject: exception {} is not a BaseException subclass",
            &*class
        ));
    }
    let value = value.filter(|value| !value.is_none());
    let args = match value {
        None => Tuple::empty().to_owned(),
        Some(value) => {
            if let Some(instance) = value.downcast::<BaseException>()
                && instance.object().ty().is_subtype(&class)
            {
                return Ok(instance.to_owned());
            }
            match value.downcast::<Tuple>() {
                Some(args) => args.to_owned(),
                None => Tuple::from_slice(th, &[value])?,
            }
        }
    };
    instantiate(th, class, args)
}

/// `class(*args)`.
fn instantiate(
    th: &Thread,
    class: Borrowed<'_, Type>,
    args: Owned<Tuple>,
) -> PyResult<Owned<BaseException>> {
    class.ready(th)?;
    if is_plain(&class) {
        return make(th, class, args);
    }
    let made = crate::protocol::call::call_tuple_dict(th, class.object(), args.borrow(), None)?;
    made.downcast::<BaseException>().map_err(|other| {
        let found = other.type_name().to_string();
        match object::repr(th, class.object()) {
            Ok(class) => raise!(
                th,
                TYPE_ERROR,
                "calling {} should have returned an instance of BaseException, not {found}",
                &*class
            ),
            Err(raised) => raised,
        }
    })
}

/// Whether instances are made by `BaseException` itself.
fn is_plain(class: &Type) -> bool {
    let (own, base) = (class.raw(), exc::BASE_EXCEPTION.raw());
    let same = |one: Option<usize>, other: Option<usize>| one == other;
    !class.is_heap_type()
        && same(own.tp_new.map(|f| f as usize), base.tp_new.map(|f| f as usize))
        && same(own.tp_init.map(|f| f as usize), base.tp_init.map(|f| f as usize))
}

/// Sets `handled` as context of `exception`, cutting a cycle.
pub fn chain_context(exception: Borrowed<'_, BaseException>, handled: Borrowed<'_, BaseException>) {
    if exception.is(handled) {
        return;
    }
    // `handled` may have `exception` further down its own chain: cut there. A chain may also run in a circle that
    // does not contain `exception`: a second pointer at half the speed notices.
    let mut current = handled;
    let mut slow = handled;
    let mut move_slow = false;
    while let Some(context) = current.get().context() {
        if context.is(exception) {
            current.set_context(None);
            break;
        }
        current = context;
        if current.is(slow) {
            break;
        }
        if move_slow {
            match slow.get().context() {
                Some(next) => slow = next,
                None => break,
            }
        }
        move_slow = !move_slow;
    }
    exception.set_context(Some(handled.object().to_owned()));
}

/// MemoryError from the interpreter's reserve.
#[cold]
pub fn raise_no_memory(th: &Thread) -> Raised {
    match special::reserved_memory_error(th) {
        Some(exception) => th.raise_exception(exception),
        None => match create(th, Borrowed::from_ref(exc::MEMORY_ERROR), None) {
            Ok(exception) => th.raise_exception(exception),
            Err(raised) => raised,
        },
    }
}

/// What an interpreter needs of exceptions when it starts: MemoryErrors in reserve.
pub fn prepare(th: &Thread) -> PyResult<()> {
    for &class in ALL {
        Borrowed::from_ref(class).ready(th)?;
    }
    prepare_reserve(th)
}

/// `sys.exception()`-like access to a state's dictionary, for those who copy exceptions.
pub fn instance_dict<'a>(exception: &'a BaseException) -> Option<Borrowed<'a, Dict>> {
    exception.instance_dict()
}
