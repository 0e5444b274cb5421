//! `Context`, and which of them a thread runs in.
//!
//! A context's variables are a dictionary that contexts share until one of them writes: copying a context costs
//! nothing, the first write after it copies.

use std::cell::Cell;

use krait_abi as abi;
use krait_objects::prelude::*;
use krait_objects::watchers::{self, ContextWatcher};

use super::variable::ContextVar;

/// A mapping of variables to values, which code can run in.
#[pytype(name = "_contextvars.Context", symbol = "PyContext_Type", flags(HAVE_GC), weaklist = weakrefs)]
#[repr(C)]
pub struct Context {
    head: Head,
    #[visit]
    previous: Slot<Context>,
    #[visit]
    vars: Slot<Dict>,
    weakrefs: Slot,
    entered: Cell<i32>,
}
assert_layout!(Context => abi::PyContext);

/// A new context, with these variables.
pub fn new_context(th: &Thread, vars: Option<Owned<Dict>>) -> PyResult<Owned<Context>> {
    let made = Borrowed::from_ref(Context::type_object()).alloc::<Context>(th, 0)?;
    made.vars.set(vars);
    Ok(made)
}

/// The context the thread runs in; the first one is made when it is asked for.
pub(super) fn current(th: &Thread) -> PyResult<Owned<Context>> {
    // SAFETY: the thread's own field, which holds a context or nothing.
    let known = unsafe { Borrowed::<Context>::from_ptr_or_null((*th.raw()).context) };
    if let Some(known) = known {
        return Ok(known.to_owned());
    }
    let made = new_context(th, None)?;
    set_current(th, Some(made.clone()));
    Ok(made)
}

/// Whether the thread runs in this context.
pub fn is_current(th: &Thread, context: Borrowed<'_, Context>) -> bool {
    // SAFETY: the thread's own field.
    unsafe { (*th.raw()).context == context.as_ptr() }
}

/// Releases the context of a thread that ends.
pub fn leave_thread(th: &Thread) {
    set_current(th, None);
}

fn set_current(th: &Thread, context: Option<Owned<Context>>) {
    let new = context.map_or(std::ptr::null_mut(), Owned::into_ptr);
    // SAFETY: as for `current`; the field owns its reference.
    let old = unsafe {
        let old = std::mem::replace(&mut (*th.raw()).context, new);
        (*th.raw()).context_ver += 1;
        Owned::<Object>::from_ptr_or_null(old)
    };
    drop(old);
}

/// Tells the watchers of contexts that the thread has another one.
fn tell_switched(th: &Thread) {
    let watchers = &th.interp().watchers.contexts;
    if !watchers.is_any() {
        return;
    }
    // SAFETY: the thread's own field.
    let context = unsafe { Borrowed::<Object>::from_ptr_or_null((*th.raw()).context) };
    let context = context.map_or_else(|| none().to_owned(), Borrowed::to_owned);
    // SAFETY: a live object.
    let call = |watcher: ContextWatcher| unsafe {
        watcher(krait_abi::Py_CONTEXT_SWITCHED, context.as_ptr())
    };
    let describe = |_id| {
        let shown = watchers::shown(th, context.borrow());
        format!("Exception ignored in Py_CONTEXT_SWITCHED watcher callback for {shown}")
    };
    watchers.tell(th, u8::MAX, call, describe);
}

/// The thread's context with the same variables, for `copy_context`.
pub fn copy_current(th: &Thread) -> PyResult<Owned<Context>> {
    let context = current(th)?;
    new_context(th, context.vars.get_owned())
}

impl Context {
    pub(super) fn lookup(&self, th: &Thread, var: Borrowed<'_>) -> PyResult<Option<Owned>> {
        if var.downcast::<ContextVar>().is_none() {
            let shown = object::repr(th, var)?;
            return Err(raise!(th, TYPE_ERROR, "a ContextVar key was expected, got {}", *shown));
        }
        match self.vars.get_owned() {
            Some(vars) => vars.get(th, var),
            None => Ok(None),
        }
    }

    /// A dictionary of its own, to be written.
    pub(super) fn own_vars(&self, th: &Thread) -> PyResult<Owned<Dict>> {
        let own = match self.vars.get() {
            None => Dict::new(th)?,
            Some(vars) if vars.object().get().ref_count() == 1 => return Ok(vars.to_owned()),
            Some(vars) => vars.copy(th)?,
        };
        self.vars.set(Some(own.clone()));
        Ok(own)
    }

    fn dict(&self, th: &Thread) -> PyResult<Owned<Dict>> {
        match self.vars.get_owned() {
            Some(vars) => Ok(vars),
            None => Dict::new(th),
        }
    }

    /// A context with the same variables.
    pub fn copied(&self, th: &Thread) -> PyResult<Owned<Context>> {
        new_context(th, self.vars.get_owned())
    }

    pub fn is_entered(&self) -> bool {
        self.entered.get() != 0
    }

    pub fn enter(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<()> {
        if this.entered.get() != 0 {
            let shown = object::repr(th, this.object())?;
            return Err(raise!(
                th,
                RUNTIME_ERROR,
                "cannot enter context: {} is already entered",
                *shown
            ));
        }
        // SAFETY: as in `current`.
        let before = unsafe { Borrowed::<Context>::from_ptr_or_null((*th.raw()).context) };
        this.previous.set(before.map(Borrowed::to_owned));
        this.entered.set(1);
        set_current(th, Some(this.to_owned()));
        tell_switched(th);
        Ok(())
    }

    pub fn exit(this: Borrowed<'_, Self>, th: &Thread) {
        this.entered.set(0);
        set_current(th, this.previous.take());
        tell_switched(th);
    }
}

#[pymethods]
impl Context {
    #[slot(tp_new)]
    fn new(
        _cls: Borrowed<'_, Type>,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        if !args.is_empty() || kwargs.is_some_and(|kwargs| !kwargs.is_empty()) {
            let message = "Context() does not accept any arguments";
            return Err(th.raise(exc::TYPE_ERROR, message));
        }
        new_context(th, None).map(Owned::into_object)
    }

    /// Call a callable in the context; changes of variables stay inside it.
    #[method(sig = "(self, /, *args, **kwargs)", no_text)]
    fn run(this: Borrowed<'_, Self>, th: &Thread, args: Args<'_>) -> PyResult {
        let Some((&callable, _)) = args.positionals().split_first() else {
            return Err(th.raise(exc::TYPE_ERROR, "run() missing 1 required positional argument"));
        };
        Context::enter(this, th)?;
        let rest = Args {
            values: &args.values[1..],
            positional: args.positional - 1,
            kwnames: args.kwnames,
            offset: false,
        };
        let result = call::vectorcall(th, callable, rest);
        Context::exit(this, th);
        result
    }

    /// A new context with the same variables and values.
    #[method(sig = "(self, /)")]
    fn copy(&self, th: &Thread) -> PyResult<Owned<Context>> {
        new_context(th, self.vars.get_owned())
    }

    /// Return the value for a variable, or default if it has none in the context.
    #[method(sig = "(self, key, default=None, /)")]
    fn get(&self, th: &Thread, key: Borrowed<'_>, default: Option<Borrowed<'_>>) -> PyResult {
        let found = self.lookup(th, key)?;
        Ok(found.unwrap_or_else(|| default.unwrap_or(none()).to_owned()))
    }

    /// The variables with their values, as a list of pairs.
    #[method(sig = "(self, /)")]
    fn items(&self, th: &Thread) -> PyResult {
        let items = self.dict(th)?.items(th)?;
        iter::get_iter(th, items.object())
    }

    /// The variables that have a value here, as a list.
    #[method(sig = "(self, /)")]
    fn keys(&self, th: &Thread) -> PyResult {
        let keys = self.dict(th)?.keys(th)?;
        iter::get_iter(th, keys.object())
    }

    /// The values of all variables here, as a list.
    #[method(sig = "(self, /)")]
    fn values(&self, th: &Thread) -> PyResult {
        let values = self.dict(th)?.values(th)?;
        iter::get_iter(th, values.object())
    }

    #[slot(tp_iter)]
    fn iter(&self, th: &Thread) -> PyResult {
        self.keys(th)
    }

    #[slot(mp_length)]
    fn len(&self, _th: &Thread) -> PyResult<usize> {
        Ok(self.vars.get().map_or(0, |vars| vars.len()))
    }

    #[slot(mp_subscript)]
    fn subscript(&self, th: &Thread, key: Borrowed<'_>) -> PyResult {
        match self.lookup(th, key)? {
            Some(value) => Ok(value),
            None => Err(th.raise_value(exc::KEY_ERROR, key)),
        }
    }

    #[slot(sq_contains)]
    fn contains(&self, th: &Thread, key: Borrowed<'_>) -> PyResult<bool> {
        self.lookup(th, key).map(|found| found.is_some())
    }

    #[slot(tp_richcompare)]
    fn richcompare(&self, th: &Thread, other: Borrowed<'_>, op: CompareOp) -> PyResult {
        let (true, Some(other)) =
            (matches!(op, CompareOp::Eq | CompareOp::Ne), other.downcast::<Context>())
        else {
            return Ok(not_implemented().to_owned());
        };
        let (left, right) = (self.dict(th)?, other.dict(th)?);
        object::compare(th, left.object(), right.object(), op)
    }
}
