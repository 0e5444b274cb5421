//! The mappings of signals to whether they are set, which `Context.flags` and `Context.traps` are: they look into the
//! context and write into it. And what `localcontext()` returns.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use krait_objects::prelude::*;

use super::context::DecimalContext;
use super::state::{SIGNALS, state};

/// The conditions that a context has met, and those that raise.
#[derive(Default)]
pub struct Signals {
    pub flags: Cell<u32>,
    pub traps: Cell<u32>,
}

/// The native half of the class of `flags` and `traps`.
#[pytype(name = "decimal.SignalDictMixin", new = "()", flags(BASETYPE))]
#[repr(C)]
pub struct SignalDictMixin {
    head: Head,
    /// Those of a context, as long as that lives.
    signals: RefCell<Option<Weak<Signals>>>,
    traps: Cell<bool>,
}

/// A mapping that shows the flags or the traps.
pub fn mapping(th: &Thread, signals: &Rc<Signals>, traps: bool) -> PyResult {
    let made = call::call(th, state(th).signal_dict(th)?.object(), &[])?;
    if let Some(mixin) = made.object().downcast::<SignalDictMixin>() {
        mixin.get().signals.replace(Some(Rc::downgrade(signals)));
        mixin.get().traps.set(traps);
    }
    Ok(made)
}

impl SignalDictMixin {
    /// The conditions that are set; ValueError if it belongs to no context.
    pub fn bits(&self, th: &Thread) -> PyResult<u32> {
        self.with(th, Cell::get)
    }

    fn with<R>(&self, th: &Thread, body: impl FnOnce(&Cell<u32>) -> R) -> PyResult<R> {
        match self.signals.borrow().as_ref().and_then(Weak::upgrade) {
            Some(signals) if self.traps.get() => Ok(body(&signals.traps)),
            Some(signals) => Ok(body(&signals.flags)),
            None => Err(th.raise(exc::VALUE_ERROR, "invalid signal dict")),
        }
    }
}

/// The conditions of a mapping of all signals; TypeError if it is none, KeyError if it has other keys.
pub fn bits_of_mapping(th: &Thread, value: Borrowed<'_>) -> PyResult<u32> {
    if let Some(signals) = value.downcast::<SignalDictMixin>() {
        return signals.get().bits(th);
    }
    let Some(dict) = value.downcast::<Dict>() else {
        return Err(th.raise(exc::TYPE_ERROR, "argument must be a signal dict"));
    };
    if dict.len() != SIGNALS.len() {
        return Err(th.raise(exc::KEY_ERROR, "invalid signal dict"));
    }
    let (mut position, mut bits) = (0, 0);
    while let Some((key, value)) = dict.next(&mut position) {
        let bit = state(th).bits_of(th, key.object())?;
        if object::is_true(th, value.object())? {
            bits |= bit;
        }
    }
    Ok(bits)
}

#[pymethods]
impl SignalDictMixin {
    #[slot(tp_new)]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        _args: Borrowed<'_, Tuple>,
        _kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        cls.alloc::<SignalDictMixin>(th, 0).map(Owned::into_object)
    }

    #[init(sig = "(*args, **kwargs)")]
    fn init(&self, _th: &Thread, _args: &[Borrowed<'_>], _kwargs: Kwargs<'_>) -> PyResult<()> {
        Ok(())
    }

    #[slot(mp_length)]
    fn len(&self, th: &Thread) -> PyResult<usize> {
        self.bits(th).map(|_| SIGNALS.len())
    }

    #[slot(tp_iter)]
    fn iter(&self, th: &Thread) -> PyResult {
        self.bits(th)?;
        iter::get_iter(th, state(th).list(th, u32::MAX)?.object())
    }

    #[slot(mp_subscript)]
    fn subscript(&self, th: &Thread, key: Borrowed<'_>) -> PyResult<bool> {
        let set = self.bits(th)?;
        Ok(set & state(th).bits_of(th, key)? != 0)
    }

    #[slot(mp_ass_subscript)]
    fn assign(&self, th: &Thread, key: Borrowed<'_>, value: Option<Borrowed<'_>>) -> PyResult<()> {
        self.bits(th)?;
        let Some(value) = value else {
            return Err(th.raise(exc::VALUE_ERROR, "signal keys cannot be deleted"));
        };
        let bit = state(th).bits_of(th, key)?;
        let on = object::is_true(th, value)?;
        self.with(th, |bits| bits.set(if on { bits.get() | bit } else { bits.get() & !bit }))
    }

    #[slot(tp_repr)]
    fn repr(&self, th: &Thread) -> PyResult<String> {
        let set = self.bits(th)?;
        let items = SIGNALS.map(|(name, bits)| {
            let value = if set & bits != 0 { "True" } else { "False" };
            format!("<class 'decimal.{name}'>:{value}")
        });
        Ok(format!("{{{}}}", items.join(", ")))
    }

    #[slot(tp_richcompare)]
    fn richcompare(&self, th: &Thread, other: Borrowed<'_>, op: CompareOp) -> PyResult {
        let own = self.bits(th)?;
        // The reference takes an empty dictionary for a mapping of signals whose context is gone.
        if other.downcast::<Dict>().is_some_and(|other| other.is_empty()) {
            return Err(th.raise(exc::VALUE_ERROR, "invalid signal dict"));
        }
        let other = match other.downcast::<SignalDictMixin>() {
            Some(other) => Some(other.get().bits(th)?),
            None if other.downcast::<Dict>().is_some() => match bits_of_mapping(th, other) {
                Ok(bits) => Some(bits),
                Err(raised) => {
                    th.take_if(raised, exc::KEY_ERROR)?;
                    None
                }
            },
            None => None,
        };
        let significant = |bits: u32| SIGNALS.map(|(_, signal)| bits & signal != 0);
        let same = other.map(|other| significant(other) == significant(own));
        Ok(match (op, same) {
            (CompareOp::Eq, Some(same)) => bool_object(same).object().to_owned(),
            (CompareOp::Ne, Some(same)) => bool_object(!same).object().to_owned(),
            _ => not_implemented().to_owned(),
        })
    }

    /// Return a dict of the signals as they are set now.
    #[method(sig = "(self, /)", no_text)]
    fn copy(&self, th: &Thread) -> PyResult<Owned<Dict>> {
        let set = self.bits(th)?;
        let copy = Dict::new(th)?;
        for (at, (_, bits)) in SIGNALS.iter().enumerate() {
            copy.set(
                th,
                state(th).signal(th, at)?.object(),
                bool_object(set & bits != 0).object(),
            )?;
        }
        Ok(copy)
    }
}

/// What `localcontext()` returns: the context of a with block, and the one before.
#[pytype(name = "decimal.ContextManager", flags(HAVE_GC, DISALLOW_INSTANTIATION, IMMUTABLETYPE))]
#[repr(C)]
pub struct ContextManager {
    head: Head,
    #[visit]
    local: Slot<DecimalContext>,
    #[visit]
    before: Slot<DecimalContext>,
}

impl ContextManager {
    pub fn new(th: &Thread, local: Owned<DecimalContext>) -> PyResult<Owned<ContextManager>> {
        let made = Borrowed::from_ref(ContextManager::type_object());
        made.ready(th)?;
        let made = made.alloc::<ContextManager>(th, 0)?;
        made.before.set(Some(super::context::current(th)?));
        made.local.set(Some(local));
        Ok(made)
    }
}

#[pymethods]
impl ContextManager {
    /// Make the new context the current one, and return it.
    #[method(name = "__enter__", sig = "(self, /)", no_text)]
    fn enter(&self, th: &Thread) -> PyResult {
        let Some(local) = self.local.get_owned() else {
            return Err(th.bad_internal_call());
        };
        super::context::set_current(th, local.borrow())?;
        Ok(local.into_object())
    }

    /// Make the context before the current one again.
    #[method(name = "__exit__", sig = "(self, /, *args)", no_text)]
    fn exit(&self, th: &Thread, _args: &[Borrowed<'_>]) -> PyResult<bool> {
        if let Some(before) = self.before.get_owned() {
            super::context::set_current(th, before.borrow())?;
        }
        Ok(false)
    }
}
