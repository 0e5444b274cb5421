//! What the module keeps per interpreter: what it needs of asyncio's Python code, and tasks of other makes.

use std::cell::{Cell, OnceCell};

use krait_eval::import::import;
use krait_objects::prelude::*;
use krait_objects::set::Set;

/// What every step may need. No function of asyncio is here, since each would keep its module's names, and with them the
/// policy and its loop, from going when the module does.
pub struct Imported {
    pub cancelled_error: Owned<Type>,
    pub invalid_state_error: Owned<Type>,
    /// `("context",)` and `("msg",)`: the names in calls of loops and futures.
    pub context_name: Owned<Tuple>,
    pub msg_name: Owned<Tuple>,
    /// Tasks that are no instances of our class: a `WeakSet` of those that were scheduled, a set of those that run eagerly.
    pub scheduled: Owned,
    pub eager: Owned<Set>,
}

#[derive(Default)]
pub struct State {
    imported: OnceCell<Imported>,
    /// How many tasks were given a name.
    names: Cell<u64>,
}

/// `module.name`, which is imported if it is not there.
pub fn attribute(th: &Thread, module: &str, name: &str) -> PyResult {
    let module = import(th, module)?;
    object::get_attr(th, module.borrow(), Str::interned(th, name)?.borrow())
}

fn exception_class(th: &Thread, name: &str) -> PyResult<Owned<Type>> {
    let class = attribute(th, "asyncio.exceptions", name)?;
    class
        .downcast::<Type>()
        .map_err(|_| th.raise(exc::TYPE_ERROR, "an exception class was expected"))
}

impl Imported {
    fn new(th: &Thread) -> PyResult<Imported> {
        let name = |name: Borrowed<'_, Str>| Tuple::from_slice(th, &[name.object()]);
        let weak_set = attribute(th, "weakref", "WeakSet")?;
        Ok(Imported {
            invalid_state_error: exception_class(th, "InvalidStateError")?,
            cancelled_error: exception_class(th, "CancelledError")?,
            context_name: name(id::context)?,
            msg_name: name(id::msg)?,
            scheduled: call::call(th, weak_set.borrow(), &[])?,
            eager: Set::new(th)?,
        })
    }
}

/// What was imported; done now if the interpreter has let go of it already.
pub fn imported(th: &Thread) -> PyResult<&Imported> {
    let state = th.interp().state::<State>();
    match state.imported.get() {
        Some(imported) => Ok(imported),
        None => import_all(th, state),
    }
}

#[cold]
#[inline(never)]
fn import_all<'a>(th: &'a Thread, state: &'a State) -> PyResult<&'a Imported> {
    let imported = Imported::new(th)?;
    // Another may have been faster while Python code ran.
    Ok(state.imported.get_or_init(|| imported))
}

/// The number in the name of the next task that is given none.
pub fn next_number(th: &Thread) -> u64 {
    let names = &th.interp().state::<State>().names;
    names.set(names.get() + 1);
    names.get()
}

/// Raises InvalidStateError.
#[cold]
pub fn invalid_state(th: &Thread, message: std::fmt::Arguments<'_>) -> Raised {
    let made = imported(th).map(|imported| imported.invalid_state_error.clone());
    match made.and_then(|class| Ok((class, Str::from_fmt(th, message)?))) {
        Ok((class, message)) => th.raise_in(class.borrow(), Some(message.object())),
        Err(raised) => raised,
    }
}

/// `loop.call_soon(callback, argument, context=context)`; a context of `None` is left out.
pub fn call_soon(
    th: &Thread,
    event_loop: Borrowed<'_>,
    callback: Borrowed<'_>,
    argument: Option<Borrowed<'_>>,
    context: Option<Borrowed<'_>>,
) -> PyResult {
    let positional = [callback, argument.unwrap_or(callback)];
    let positional = &positional[..1 + usize::from(argument.is_some())];
    call_named(th, event_loop, id::call_soon, positional, context, |imported| {
        &imported.context_name
    })
}

/// `ob.name(*positional, keyword=value)`, the keyword left out without a value.
pub fn call_named(
    th: &Thread,
    ob: Borrowed<'_>,
    name: Borrowed<'_, Str>,
    positional: &[Borrowed<'_>],
    value: Option<Borrowed<'_>>,
    keyword: fn(&Imported) -> &Owned<Tuple>,
) -> PyResult {
    let Some(value) = value else {
        return call::call_method(th, ob, name, positional);
    };
    let names = keyword(imported(th)?).clone();
    let mut values = [value; 4];
    values[0] = ob;
    values[1..=positional.len()].copy_from_slice(positional);
    let end = positional.len() + 2;
    let (callable, start) = match object::get_method(th, ob, name)? {
        object::Attribute::Bound(method) => (method.into_object(), 1),
        object::Attribute::Unbound(function) => (function.into_object(), 0),
    };
    let values = &values[start..end];
    let kwnames = Some(names.borrow());
    let args = Args { values, positional: values.len() - 1, kwnames, offset: false };
    call::vectorcall(th, callable.borrow(), args)
}
