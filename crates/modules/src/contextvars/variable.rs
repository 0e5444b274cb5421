//! `ContextVar`, and `Token`, which undoes one setting of it.

use std::cell::Cell;

use krait_abi as abi;
use krait_objects::generic_alias;
use krait_objects::prelude::*;

use super::context::{Context, current};

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
    // The value last found, while the thread of that number has the context of that version. It is not counted: the
    // context's dictionary holds it, and `assign` forgets it before the dictionary changes.
    cached: Cell<*mut abi::PyObject>,
    cached_thread: Cell<u64>,
    cached_version: Cell<u64>,
    hash: Cell<isize>,
}
assert_layout!(ContextVar => abi::PyContextVar);

impl ContextVar {
    /// The value last found, if it is still that of the current context.
    #[inline]
    fn remembered(&self, th: &Thread) -> Option<Borrowed<'_>> {
        // SAFETY: the thread's own fields.
        let (context, version, id) = unsafe {
            let raw = th.raw();
            ((*raw).context, (*raw).context_ver, (*raw).id)
        };
        let same = self.cached_version.get() == version && self.cached_thread.get() == id;
        if !same || context.is_null() {
            return None;
        }
        // SAFETY: as said at the field.
        unsafe { Borrowed::from_ptr_or_null(self.cached.get()) }
    }

    fn remember(&self, th: &Thread, value: Borrowed<'_>) {
        // SAFETY: the thread's own fields.
        let (version, id) = unsafe { ((*th.raw()).context_ver, (*th.raw()).id) };
        self.cached.set(value.as_ptr());
        self.cached_thread.set(id);
        self.cached_version.set(version);
    }

    /// The value in the current context, `default`, or the variable's own default.
    #[inline]
    pub fn find(
        this: Borrowed<'_, Self>,
        th: &Thread,
        default: Option<Borrowed<'_>>,
    ) -> PyResult<Option<Owned>> {
        match this.remembered(th) {
            Some(value) => Ok(Some(value.to_owned())),
            None => ContextVar::look_up(this, th, default),
        }
    }

    #[inline(never)]
    fn look_up(
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
            // Looking up compares nothing but addresses, so that the context is still the thread's.
            this.remember(th, value.object());
            return Ok(Some(value));
        }
        Ok(default.map(Borrowed::to_owned).or_else(|| this.default.get_owned()))
    }

    fn assign(this: Borrowed<'_, Self>, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        let vars = current(th)?.own_vars(th)?;
        this.cached.set(std::ptr::null_mut());
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

/// `Token.MISSING`, made when it is first asked for.
pub(super) fn missing(th: &Thread) -> PyResult {
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
