//! `_contextvars`: variables with a value per context.
//!
//! A context's variables are a dictionary that contexts share until one of them writes: copying a context costs
//! nothing, the first write after it copies. The same job as CPython's `Python/context.c`.

use std::cell::Cell;

use krait_abi as abi;
use krait_objects::generic_alias;
use krait_objects::prelude::*;
use krait_objects::watchers::{self, ContextWatcher};

/// Variables whose values belong to a context of execution.
#[pymodule(name = "_contextvars")]
pub struct ContextVars;

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
fn current(th: &Thread) -> PyResult<Owned<Context>> {
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
    fn lookup(&self, th: &Thread, var: Borrowed<'_>) -> PyResult<Option<Owned>> {
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
    fn own_vars(&self, th: &Thread) -> PyResult<Owned<Dict>> {
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

/// A variable whose value depends on the context.
#[pytype(name = "_contextvars.ContextVar", symbol = "PyContextVar_Type", flags(HAVE_GC))]
#[repr(C)]
pub struct ContextVar {
    head: Head,
    #[visit]
    #[member(readonly)]
    name: Slot,
    #[visit]
    default: Slot,
    // The value last found, which C code of the reference keeps: unused.
    cached: Cell<usize>,
    cached_thread: Cell<u64>,
    cached_version: Cell<u64>,
    hash: Cell<isize>,
}
assert_layout!(ContextVar => abi::PyContextVar);

impl ContextVar {
    /// The value in the current context, `default`, or the variable's own default.
    pub fn find(
        this: Borrowed<'_, Self>,
        th: &Thread,
        default: Option<Borrowed<'_>>,
    ) -> PyResult<Option<Owned>> {
        // A thread without a context gets none: greenlet shows whether there is one.
        // SAFETY: as in `current`.
        let context = unsafe { Borrowed::<Context>::from_ptr_or_null((*th.raw()).context) };
        if let Some(context) = context.map(Borrowed::to_owned)
            && let Some(value) = context.lookup(th, this.object())?
        {
            return Ok(Some(value));
        }
        Ok(default.map(Borrowed::to_owned).or_else(|| this.default.get_owned()))
    }

    fn assign(this: Borrowed<'_, Self>, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        let vars = current(th)?.own_vars(th)?;
        match value {
            Some(value) => vars.set(th, this.object(), value),
            None => vars.remove(th, this.object()).map(drop),
        }
    }
}

#[pymethods]
impl ContextVar {
    #[new(sig = "(name, /, *, default=<unrepresentable>)")]
    pub fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        name: Borrowed<'_>,
        default: Option<Borrowed<'_>>,
    ) -> PyResult {
        if name.downcast::<Str>().is_none() {
            return Err(th.raise(exc::TYPE_ERROR, "context variable name must be a str"));
        }
        // The variable's own hash is made of it.
        object::hash(th, name)?;
        let made = cls.alloc::<ContextVar>(th, 0)?;
        made.name.set(Some(name.to_owned()));
        made.default.set(default.map(Borrowed::to_owned));
        Ok(made.into_object())
    }

    /// Return the value in the current context, the default given here, or the variable's own default.
    #[method(sig = "(self, default=<unrepresentable>, /)")]
    fn get(this: Borrowed<'_, Self>, th: &Thread, default: Option<Borrowed<'_>>) -> PyResult {
        match ContextVar::find(this, th, default)? {
            Some(value) => Ok(value),
            None => Err(th.raise_value(exc::LOOKUP_ERROR, this.object())),
        }
    }

    /// Set a new value in the current context; the token that comes back can undo it.
    #[method(sig = "(self, value, /)")]
    pub fn set(this: Borrowed<'_, Self>, th: &Thread, value: Borrowed<'_>) -> PyResult {
        let context = current(th)?;
        let old = context.lookup(th, this.object())?;
        ContextVar::assign(this, th, Some(value))?;
        let token = Borrowed::from_ref(Token::type_object()).alloc::<Token>(th, 0)?;
        token.context.set(Some(context));
        token.var.set(Some(this.to_owned()));
        token.old.set(old);
        Ok(token.into_object())
    }

    /// Give the variable the value it had before the call of set() that made the token.
    #[method(sig = "(self, token, /)")]
    pub fn reset(this: Borrowed<'_, Self>, th: &Thread, token: Borrowed<'_>) -> PyResult<()> {
        let shown = || object::repr(th, token);
        let Some(found) = token.downcast::<Token>() else {
            return Err(raise!(th, TYPE_ERROR, "expected an instance of Token, got {}", *shown()?));
        };
        if found.used.get() != 0 {
            return Err(raise!(th, RUNTIME_ERROR, "{} has already been used once", *shown()?));
        }
        if !found.var.get().is_some_and(|var| var.is(this)) {
            return Err(raise!(
                th,
                VALUE_ERROR,
                "{} was created by a different ContextVar",
                *shown()?
            ));
        }
        let context = current(th)?;
        if !found.context.get().is_some_and(|made_in| context.is(made_in)) {
            return Err(raise!(
                th,
                VALUE_ERROR,
                "{} was created in a different Context",
                *shown()?
            ));
        }
        found.used.set(1);
        let old = found.old.get_owned();
        ContextVar::assign(this, th, old.as_ref().map(Owned::object))
    }

    /// See PEP 585
    #[classmethod(name = "__class_getitem__", sig = "(type, object, /)")]
    fn class_getitem(cls: Borrowed<'_, Type>, th: &Thread, object: Borrowed<'_>) -> PyResult {
        generic_alias::new(th, cls.object(), object)
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let name = object::repr(th, this.name.get().unwrap_or(none()))?;
        let at = this.as_ptr();
        match this.default.get_owned() {
            None => Str::from_fmt(th, format_args!("<ContextVar name={} at {at:p}>", *name)),
            Some(default) => {
                let default = object::repr(th, default.object())?;
                let (name, default) = (&*name, &*default);
                Str::from_fmt(
                    th,
                    format_args!("<ContextVar name={name} default={default} at {at:p}>"),
                )
            }
        }
    }
}

/// What `ContextVar.set` returns.
#[pytype(name = "_contextvars.Token", symbol = "PyContextToken_Type", flags(HAVE_GC))]
#[repr(C)]
pub struct Token {
    head: Head,
    #[visit]
    context: Slot<Context>,
    #[visit]
    var: Slot<ContextVar>,
    #[visit]
    old: Slot,
    used: Cell<i32>,
}
assert_layout!(Token => abi::PyContextToken);

#[pymethods]
impl Token {
    #[new(sig = "(*args, **kwargs)")]
    fn new(
        _cls: Borrowed<'_, Type>,
        th: &Thread,
        _args: &[Borrowed<'_>],
        _kw: Kwargs<'_>,
    ) -> PyResult {
        Err(th.raise(exc::RUNTIME_ERROR, "Tokens can only be created by ContextVars"))
    }

    /// The variable.
    #[getter]
    fn var(&self) -> Option<Owned<ContextVar>> {
        self.var.get_owned()
    }

    /// The value before, or Token.MISSING.
    #[getter]
    fn old_value(&self, th: &Thread) -> PyResult {
        match self.old.get_owned() {
            Some(old) => Ok(old),
            None => missing(th),
        }
    }

    /// Begin a with block at whose end the variable gets its old value back.
    #[method(name = "__enter__", sig = "(self, /)")]
    fn enter(this: Borrowed<'_, Self>) -> Owned {
        this.object().to_owned()
    }

    /// End the with block: the variable has the value again that it had before set().
    #[method(name = "__exit__", sig = "(self, type, val, tb, /)")]
    fn exit(
        this: Borrowed<'_, Self>,
        th: &Thread,
        _type: Borrowed<'_>,
        _val: Borrowed<'_>,
        _tb: Borrowed<'_>,
    ) -> PyResult<()> {
        match this.var.get_owned() {
            Some(var) => ContextVar::reset(var.borrow(), th, this.object()),
            None => Ok(()),
        }
    }

    /// See PEP 585
    #[classmethod(name = "__class_getitem__", sig = "(type, object, /)")]
    fn class_getitem(cls: Borrowed<'_, Type>, th: &Thread, object: Borrowed<'_>) -> PyResult {
        generic_alias::new(th, cls.object(), object)
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let used = if this.used.get() != 0 { " used" } else { "" };
        let var = match this.var.get_owned() {
            Some(var) => object::repr(th, var.object())?,
            None => Str::empty().to_owned(),
        };
        Str::from_fmt(th, format_args!("<Token{used} var={} at {:p}>", *var, this.as_ptr()))
    }
}

/// The type of `Token.MISSING`.
#[pytype(name = "Token.MISSING", flags(DISALLOW_INSTANTIATION))]
#[repr(C)]
pub struct Missing {
    head: Head,
}

#[pymethods]
impl Missing {
    #[slot(tp_repr)]
    fn repr(&self, _th: &Thread) -> PyResult<String> {
        Ok("<Token.MISSING>".to_owned())
    }
}

/// `Token.MISSING`, one per interpreter.
struct MissingObject(Slot);

impl Default for MissingObject {
    fn default() -> MissingObject {
        MissingObject(Slot::EMPTY)
    }
}

fn missing(th: &Thread) -> PyResult {
    let kept = &th.interp().state::<MissingObject>().0;
    if let Some(known) = kept.get_owned() {
        return Ok(known);
    }
    let ty = Borrowed::from_ref(Missing::type_object());
    ty.ready(th)?;
    let made = ty.alloc::<Missing>(th, 0)?.into_object();
    kept.set(Some(made.clone()));
    Ok(made)
}

#[pyfunctions]
impl ContextVars {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        let token = Borrowed::from_ref(Token::type_object());
        token.ready(th)?;
        let missing = missing(th)?;
        token.dict(th).set_str(th, Str::interned(th, "MISSING")?.borrow(), missing.object())?;
        module.add_type(th, Context::type_object())?;
        module.add_type(th, ContextVar::type_object())?;
        module.add_type(th, Token::type_object())
    }

    /// The current context as a new object; changes of one do not reach the other.
    #[function(sig = "()")]
    fn copy_context(th: &Thread) -> PyResult<Owned<Context>> {
        copy_current(th)
    }
}
