//! The `_contextvars` module: context variables (PEP 567).
//!
//! A context shares its variables with its copies until one of them changes: copying takes no time, as with
//! the persistent tree of CPython's `Python/context.c`.

use std::cell::Cell;

use krait_abi as abi;
use krait_objects::prelude::*;

/// Context Variables
#[pymodule(name = "_contextvars")]
pub struct ContextVars;

#[pyfunctions]
impl ContextVars {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        for ty in [Context::type_object(), ContextVar::type_object(), Token::type_object()] {
            module.add_type(th, ty)?;
        }
        let token = Borrowed::from_ref(Token::type_object());
        token.dict(th).set_str(th, Str::interned(th, "MISSING")?.borrow(), missing(th)?.object())
    }

    /// Return a copy of the current context.
    #[function(sig = "()")]
    fn copy_context(th: &Thread) -> PyResult<Owned<Context>> {
        current(th)?.copy_of(th)
    }
}

/// A mapping of context variables to their values.
#[pytype(name = "_contextvars.Context", symbol = "PyContext_Type", flags(HAVE_GC), weaklist = weakrefs)]
#[repr(C)]
pub struct Context {
    head: Head,
    #[visit]
    vars: Slot<Dict>,
    /// The context that was current before this one was entered.
    #[visit]
    previous: Slot<Context>,
    entered: Cell<bool>,
    /// Whether another context may hold the same dictionary: it is copied before it changes.
    shared: Cell<bool>,
    weakrefs: Cell<*mut abi::PyObject>,
}

/// The running thread's context, made if it has none.
pub fn current(th: &Thread) -> PyResult<Owned<Context>> {
    // SAFETY: the attached thread's own field, which holds a context or NULL.
    unsafe {
        if let Some(context) = Borrowed::<Context>::from_ptr_or_null((*th.raw()).context) {
            return Ok(context.to_owned());
        }
        let context = Context::empty(th)?;
        (*th.raw()).context = context.clone().into_ptr();
        Ok(context)
    }
}

/// Makes `context` the current one; the version tells variables that what they remember is out of date.
fn switch(th: &Thread, context: Option<Owned<Context>>) -> Option<Owned<Context>> {
    // SAFETY: the attached thread's own fields; the old reference comes out.
    unsafe {
        let new = context.map_or(std::ptr::null_mut(), Owned::into_ptr);
        (*th.raw()).context_ver += 1;
        Owned::from_ptr_or_null(std::mem::replace(&mut (*th.raw()).context, new))
    }
}

impl Context {
    fn empty(th: &Thread) -> PyResult<Owned<Context>> {
        let context = Borrowed::from_ref(Context::type_object()).get().alloc::<Context>(th, 0)?;
        context.vars.set(Some(Dict::new(th)?));
        Ok(context)
    }

    fn copy_of(&self, th: &Thread) -> PyResult<Owned<Context>> {
        let copy = Borrowed::from_ref(Context::type_object()).get().alloc::<Context>(th, 0)?;
        self.shared.set(true);
        copy.shared.set(true);
        copy.vars.set(Some(self.dict(th)?));
        Ok(copy)
    }

    fn dict(&self, th: &Thread) -> PyResult<Owned<Dict>> {
        self.vars.get_owned().ok_or_else(|| th.bad_internal_call())
    }

    /// The variables, to be changed: no other context sees them.
    fn own_dict(&self, th: &Thread) -> PyResult<Owned<Dict>> {
        let dict = self.dict(th)?;
        if !self.shared.get() {
            return Ok(dict);
        }
        let own = dict.copy(th)?;
        self.vars.set(Some(own.clone()));
        self.shared.set(false);
        Ok(own)
    }

    /// Makes this the current context.
    pub fn enter(this: Borrowed<'_, Context>, th: &Thread) -> PyResult<()> {
        if this.entered.get() {
            let shown = object::repr(th, this.object())?;
            return Err(raise!(
                th,
                RUNTIME_ERROR,
                "cannot enter context: {} is already entered",
                *shown
            ));
        }
        this.entered.set(true);
        this.previous.set(switch(th, Some(this.to_owned())));
        Ok(())
    }

    /// Makes the context current again that was before this one.
    pub fn exit(this: Borrowed<'_, Context>, th: &Thread) -> PyResult<()> {
        // SAFETY: the attached thread's own field.
        let is_current = unsafe { std::ptr::eq((*th.raw()).context, this.as_ptr()) };
        if !this.entered.get() || !is_current {
            return Err(th.raise(
                exc::RUNTIME_ERROR,
                "cannot exit context: thread state references a different context object",
            ));
        }
        this.entered.set(false);
        let previous = this.previous.take();
        drop(switch(th, previous));
        Ok(())
    }
}

fn check_key<'a>(th: &Thread, key: Borrowed<'a>) -> PyResult<Borrowed<'a, ContextVar>> {
    key.downcast::<ContextVar>().ok_or_else(|| {
        let shown = object::repr(th, key).map(|shown| shown.to_string_lossy()).unwrap_or_default();
        raise!(th, TYPE_ERROR, "a ContextVar key was expected, got {shown}")
    })
}

#[pymethods]
impl Context {
    #[slot(tp_new)]
    fn new(
        _cls: Borrowed<'_, Type>,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<Owned<Context>> {
        if !args.is_empty() || kwargs.is_some_and(|kwargs| !kwargs.is_empty()) {
            return Err(th.raise(exc::TYPE_ERROR, "Context() does not accept any arguments"));
        }
        Context::empty(th)
    }

    #[slot(tp_richcompare)]
    fn richcompare(&self, th: &Thread, other: Borrowed<'_>, op: CompareOp) -> PyResult {
        let (Some(other), true) =
            (other.downcast::<Context>(), matches!(op, CompareOp::Eq | CompareOp::Ne))
        else {
            return Ok(not_implemented().to_owned());
        };
        object::compare(th, self.dict(th)?.object(), other.get().dict(th)?.object(), op)
    }

    #[slot(tp_hash)]
    unsafe extern "C" fn hash(ob: *mut abi::PyObject) -> isize {
        // SAFETY: C calls the slot with a live object.
        unsafe { krait_objects::object::hash_not_implemented(ob) }
    }

    #[slot(mp_length)]
    fn len(&self, th: &Thread) -> PyResult<usize> {
        Ok(self.dict(th)?.len())
    }

    #[slot(mp_subscript)]
    fn subscript(&self, th: &Thread, key: Borrowed<'_>) -> PyResult {
        check_key(th, key)?;
        self.dict(th)?.get(th, key)?.ok_or_else(|| th.raise_value(exc::KEY_ERROR, key))
    }

    #[slot(sq_contains)]
    fn contains(&self, th: &Thread, key: Borrowed<'_>) -> PyResult<bool> {
        check_key(th, key)?;
        self.dict(th)?.contains(th, key)
    }

    #[slot(tp_iter)]
    fn iter(&self, th: &Thread) -> PyResult {
        let keys = self.dict(th)?.keys(th)?;
        iter::get_iter(th, keys.object())
    }

    /// Return the value for `key` if `key` has the value in the context object.
    ///
    /// If `key` does not exist, return `default`. If `default` is not given,
    /// return None.
    #[method(name = "get", sig = "(self, key, default=None, /)")]
    fn get_value(&self, th: &Thread, key: Borrowed<'_>, default: Option<Borrowed<'_>>) -> PyResult {
        check_key(th, key)?;
        Ok(self.dict(th)?.get(th, key)?.unwrap_or_else(|| default.unwrap_or(none()).to_owned()))
    }

    /// Return a list of all keys: the variables of the context.
    #[method(sig = "(self, /)")]
    fn keys(&self, th: &Thread) -> PyResult {
        let keys = self.dict(th)?.keys(th)?;
        iter::get_iter(th, keys.object())
    }

    /// Return a list of all variables' values in the context object.
    #[method(sig = "(self, /)")]
    fn values(&self, th: &Thread) -> PyResult {
        let values = self.dict(th)?.values(th)?;
        iter::get_iter(th, values.object())
    }

    /// Return all variables and their values in the context object.
    ///
    /// The result is returned as a list of 2-tuples (variable, value).
    #[method(sig = "(self, /)")]
    fn items(&self, th: &Thread) -> PyResult {
        let items = self.dict(th)?.items(th)?;
        iter::get_iter(th, items.object())
    }

    /// Return a shallow copy of the context object.
    #[method(sig = "(self, /)")]
    fn copy(&self, th: &Thread) -> PyResult<Owned<Context>> {
        self.copy_of(th)
    }

    /// Call the function with the arguments, with this context as the current one.
    #[method(sig = "(self, callable, /, *args, **kwargs)", no_text)]
    fn run(
        this: Borrowed<'_, Self>,
        th: &Thread,
        callable: Borrowed<'_>,
        args: &[Borrowed<'_>],
        kwargs: Kwargs<'_>,
    ) -> PyResult {
        let args = Tuple::from_slice(th, args)?;
        let kwargs = if kwargs.is_empty() { None } else { Some(kwargs.to_dict(th)?) };
        Context::enter(this, th)?;
        let result =
            call::call_tuple_dict(th, callable, args.borrow(), kwargs.as_ref().map(Owned::borrow));
        Context::exit(this, th)?;
        result
    }
}

/// A variable whose value depends on the context.
#[pytype(name = "_contextvars.ContextVar", symbol = "PyContextVar_Type", flags(HAVE_GC))]
#[repr(C)]
pub struct ContextVar {
    head: Head,
    #[member(name = "name", readonly)]
    name: Slot<Str>,
    #[visit]
    default: Slot,
}

#[pymethods]
impl ContextVar {
    #[new(sig = "(name, *, default=NULL)")]
    fn new(
        _cls: Borrowed<'_, Type>,
        th: &Thread,
        name: Borrowed<'_>,
        default: Option<Borrowed<'_>>,
    ) -> PyResult<Owned<ContextVar>> {
        let Some(name) = name.downcast::<Str>() else {
            return Err(th.raise(exc::TYPE_ERROR, "context variable name must be a str"));
        };
        let var = Borrowed::from_ref(ContextVar::type_object()).get().alloc::<ContextVar>(th, 0)?;
        var.name.set(Some(name.to_owned()));
        var.default.set(default.map(Borrowed::to_owned));
        Ok(var)
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let name = this.name.get_owned().unwrap_or_else(|| id::empty.to_owned());
        let name = object::repr(th, name.object())?;
        match this.default.get_owned() {
            Some(default) => {
                let default = object::repr(th, default.object())?;
                Str::from_fmt(
                    th,
                    format_args!(
                        "<ContextVar name={} default={} at {:p}>",
                        *name,
                        *default,
                        this.as_ptr()
                    ),
                )
            }
            None => Str::from_fmt(
                th,
                format_args!("<ContextVar name={} at {:p}>", *name, this.as_ptr()),
            ),
        }
    }

    /// Return a value for the context variable for the current context.
    ///
    /// If there is no value for the variable in the current context, return the default given here, else the
    /// variable's own default; LookupError is raised if there is neither.
    #[method(name = "get", sig = "(self, default=<unrepresentable>, /)")]
    fn get_value(this: Borrowed<'_, Self>, th: &Thread, default: Option<Borrowed<'_>>) -> PyResult {
        if let Some(value) = current(th)?.dict(th)?.get(th, this.object())? {
            return Ok(value);
        }
        match default.map(Borrowed::to_owned).or_else(|| this.get().default.get_owned()) {
            Some(default) => Ok(default),
            None => Err(th.raise_value(exc::LOOKUP_ERROR, this.object())),
        }
    }

    /// Set a new value for the variable in the current context.
    ///
    /// The answer is a token that can be used to restore the variable to its previous value with reset().
    #[method(sig = "(self, value, /)")]
    fn set(this: Borrowed<'_, Self>, th: &Thread, value: Borrowed<'_>) -> PyResult<Owned<Token>> {
        let context = current(th)?;
        let dict = context.own_dict(th)?;
        let old = dict.get(th, this.object())?;
        dict.set(th, this.object(), value)?;
        let token = Borrowed::from_ref(Token::type_object()).get().alloc::<Token>(th, 0)?;
        token.context.set(Some(context));
        token.var.set(Some(this.to_owned()));
        token.old.set(old);
        Ok(token)
    }

    /// Restore the variable to the value it had before the set() that made the token.
    #[method(sig = "(self, token, /)")]
    fn reset(this: Borrowed<'_, Self>, th: &Thread, token: Borrowed<'_>) -> PyResult<()> {
        let Some(token) = token.downcast::<Token>() else {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "expected an instance of Token, got {}",
                *object::repr(th, token)?
            ));
        };
        Token::restore(token, th, this)
    }

    /// See PEP 585
    #[classmethod(sig = "(type, object, /)")]
    fn __class_getitem__(cls: Borrowed<'_, Type>, th: &Thread, object: Borrowed<'_>) -> PyResult {
        krait_objects::generic_alias::new(th, cls.object(), object)
    }
}

/// What `ContextVar.set` answers: it knows how to undo the change, once.
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
    used: Cell<bool>,
}

impl Token {
    fn restore(
        this: Borrowed<'_, Token>,
        th: &Thread,
        var: Borrowed<'_, ContextVar>,
    ) -> PyResult<()> {
        if this.used.get() {
            let shown = object::repr(th, this.object())?;
            return Err(raise!(th, RUNTIME_ERROR, "{} has already been used once", *shown));
        }
        let wrong = |what: &str| -> PyResult<()> {
            let shown = object::repr(th, this.object())?;
            Err(raise!(th, VALUE_ERROR, "{} was created {what}", *shown))
        };
        if !this.var.get().is_some_and(|own| own.is(var)) {
            return wrong("by a different ContextVar");
        }
        let context = current(th)?;
        if !this.context.get().is_some_and(|own| own.is(context.borrow())) {
            return wrong("in a different Context");
        }
        this.used.set(true);
        let dict = context.own_dict(th)?;
        match this.old.get_owned() {
            Some(old) => dict.set(th, var.object(), old.object()),
            None => dict.remove(th, var.object()).map(drop),
        }
    }
}

#[pymethods]
impl Token {
    #[slot(tp_new)]
    fn new(
        _cls: Borrowed<'_, Type>,
        th: &Thread,
        _args: Borrowed<'_, Tuple>,
        _kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        Err(th.raise(exc::RUNTIME_ERROR, "Tokens can only be created by ContextVars"))
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let used = if this.used.get() { " used" } else { "" };
        let var = this.var.get_owned().map_or_else(|| none().to_owned(), Owned::into_object);
        let var = object::repr(th, var.object())?;
        Str::from_fmt(th, format_args!("<Token{used} var={} at {:p}>", *var, this.as_ptr()))
    }

    #[getter]
    fn var(&self) -> Option<Owned<ContextVar>> {
        self.var.get_owned()
    }

    #[getter]
    fn old_value(&self, th: &Thread) -> PyResult {
        match self.old.get_owned() {
            Some(old) => Ok(old),
            None => missing(th),
        }
    }

    /// Enter into Token context manager.
    #[method(sig = "(self, /)")]
    fn __enter__(this: Borrowed<'_, Self>) -> Borrowed<'_, Self> {
        this
    }

    /// Exit from Token context manager, restore the linked ContextVar.
    #[method(sig = "(self, type, value, traceback, /)")]
    fn __exit__(
        this: Borrowed<'_, Self>,
        th: &Thread,
        _type: Borrowed<'_>,
        _value: Borrowed<'_>,
        _traceback: Borrowed<'_>,
    ) -> PyResult<()> {
        match this.get().var.get_owned() {
            Some(var) => Token::restore(this, th, var.borrow()),
            None => Err(th.bad_internal_call()),
        }
    }

    /// See PEP 585
    #[classmethod(sig = "(type, object, /)")]
    fn __class_getitem__(cls: Borrowed<'_, Type>, th: &Thread, object: Borrowed<'_>) -> PyResult {
        krait_objects::generic_alias::new(th, cls.object(), object)
    }
}

/// What `Token.old_value` is where the variable had no value.
#[pytype(name = "Token.MISSING", flags(DISALLOW_INSTANTIATION))]
#[repr(C)]
pub struct Missing {
    head: Head,
}

#[pymethods]
impl Missing {
    #[slot(tp_repr)]
    fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
        Str::interned(th, "<Token.MISSING>")
    }
}

/// The one `Token.MISSING` of an interpreter.
struct MissingSlot(Slot);

impl Default for MissingSlot {
    fn default() -> MissingSlot {
        MissingSlot(Slot::EMPTY)
    }
}

fn missing(th: &Thread) -> PyResult {
    let slot = &th.interp().state::<MissingSlot>().0;
    if let Some(missing) = slot.get_owned() {
        return Ok(missing);
    }
    let made =
        Borrowed::from_ref(Missing::type_object()).get().alloc::<Missing>(th, 0)?.into_object();
    slot.set(Some(made.clone()));
    Ok(made)
}
