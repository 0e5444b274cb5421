//! What the module keeps per interpreter: its classes, the variable that holds the current context, and the templates.
//!
//! Classes are made once, so that an import from scratch finds the ones that traps already raise.

use krait_eval::import;
use krait_objects::prelude::*;

use super::arith::signal;
use super::context::DecimalContext;
use super::signals::SignalDictMixin;
use crate::contextvars::ContextVar;
use crate::support::new_exception;

/// The signals, in the order in which they are looked for, with their conditions.
pub const SIGNALS: [(&str, u32); 9] = [
    ("InvalidOperation", signal::INVALID),
    ("FloatOperation", signal::FLOAT_OPERATION),
    ("DivisionByZero", signal::DIVISION_BY_ZERO),
    ("Overflow", signal::OVERFLOW),
    ("Underflow", signal::UNDERFLOW),
    ("Subnormal", signal::SUBNORMAL),
    ("Inexact", signal::INEXACT),
    ("Rounded", signal::ROUNDED),
    ("Clamped", signal::CLAMPED),
];

/// The conditions that make an operation invalid, but for the one of that name.
const CONDITIONS: [(&str, u32); 4] = [
    ("ConversionSyntax", signal::CONVERSION_SYNTAX),
    ("DivisionImpossible", signal::DIVISION_IMPOSSIBLE),
    ("DivisionUndefined", signal::DIVISION_UNDEFINED),
    ("InvalidContext", signal::INVALID_CONTEXT),
];

const NO_OBJECT: Slot = Slot::EMPTY;

pub struct State {
    pub current: Slot<ContextVar>,
    pub default: Slot<DecimalContext>,
    pub basic: Slot<DecimalContext>,
    pub extended: Slot<DecimalContext>,
    exception: Slot,
    signals: [Slot; 9],
    conditions: [Slot; 4],
    signal_dict: Slot,
    tuple: Slot,
    rational: Slot,
}

impl Default for State {
    fn default() -> State {
        State {
            current: Slot::EMPTY,
            default: Slot::EMPTY,
            basic: Slot::EMPTY,
            extended: Slot::EMPTY,
            exception: Slot::EMPTY,
            signals: [NO_OBJECT; 9],
            conditions: [NO_OBJECT; 4],
            signal_dict: Slot::EMPTY,
            tuple: Slot::EMPTY,
            rational: Slot::EMPTY,
        }
    }
}

pub fn state(th: &Thread) -> &State {
    th.interp().state::<State>()
}

/// An object that was made when the module was imported.
fn made(th: &Thread, slot: &Slot) -> PyResult {
    slot.get_owned().ok_or_else(|| th.bad_internal_call())
}

/// A new exception class.
fn exception(th: &Thread, name: &str, bases: &[Borrowed<'_>]) -> PyResult {
    new_exception(th, "decimal", name, bases, None).map(Owned::into_object)
}

impl State {
    /// Makes what is not there yet, and puts the classes into a module.
    pub fn fill(&self, th: &Thread, module: Borrowed<'_, Module>) -> PyResult<()> {
        if self.current.get().is_none() {
            self.make_exceptions(th)?;
            self.make_others(th)?;
        }
        module.add(th, "DecimalTuple", self.tuple(th)?.object())?;
        module.add(th, "DecimalException", made(th, &self.exception)?.object())?;
        for ((name, _), slot) in SIGNALS.iter().zip(&self.signals) {
            module.add(th, name, made(th, slot)?.object())?;
        }
        for ((name, _), slot) in CONDITIONS.iter().zip(&self.conditions) {
            module.add(th, name, made(th, slot)?.object())?;
        }
        Ok(())
    }

    fn make_exceptions(&self, th: &Thread) -> PyResult<()> {
        let builtin = |ty: &'static Type| Borrowed::from_ref(ty).object();
        let base = exception(th, "DecimalException", &[builtin(exc::ARITHMETIC_ERROR)])?;
        self.exception.set(Some(base.clone()));
        let base = base.object();
        // Those that others derive from come first.
        for at in [0, 1, 2, 5, 6, 7, 8, 3, 4] {
            let signal = |at: usize| made(th, &self.signals[at]);
            let class = match SIGNALS[at].0 {
                name @ "FloatOperation" => exception(th, name, &[base, builtin(exc::TYPE_ERROR)])?,
                name @ "DivisionByZero" => {
                    exception(th, name, &[base, builtin(exc::ZERO_DIVISION_ERROR)])?
                }
                name @ ("Overflow" | "Underflow") => {
                    let (inexact, rounded, subnormal) = (signal(6)?, signal(7)?, signal(5)?);
                    let bases = [inexact.object(), rounded.object(), subnormal.object()];
                    exception(th, name, if at == 3 { &bases[..2] } else { &bases })?
                }
                name => exception(th, name, &[base])?,
            };
            self.signals[at].set(Some(class));
        }
        let invalid = made(th, &self.signals[0])?;
        let bases = [invalid.object(), builtin(exc::ZERO_DIVISION_ERROR)];
        for ((name, bit), slot) in CONDITIONS.iter().zip(&self.conditions) {
            let undefined = *bit == signal::DIVISION_UNDEFINED;
            slot.set(Some(exception(th, name, if undefined { &bases } else { &bases[..1] })?));
        }
        Ok(())
    }

    fn make_others(&self, th: &Thread) -> PyResult<()> {
        let text = |text| Str::interned(th, text);
        let get = |ob: &Owned, name| object::get_attr(th, ob.object(), text(name)?.borrow());
        let numbers = import::import(th, "numbers")?;
        let decimal = Borrowed::from_ref(super::decimal::Decimal::type_object());
        decimal.ready(th)?;
        let number = get(&numbers, "Number")?;
        call::call_method(th, number.object(), text("register")?.borrow(), &[decimal.object()])?;
        self.rational.set(Some(get(&numbers, "Rational")?));
        let namedtuple = get(&import::import(th, "collections")?, "namedtuple")?;
        let (name, fields) = (text("DecimalTuple")?, Str::new(th, "sign digits exponent")?);
        let tuple = call::call(th, namedtuple.object(), &[name.object(), fields.object()])?;
        object::set_attr(th, tuple.object(), id::__module__, text("decimal")?.object())?;
        self.tuple.set(Some(tuple));
        let mapping = get(&import::import(th, "collections.abc")?, "MutableMapping")?;
        let mixin = Borrowed::from_ref(SignalDictMixin::type_object());
        mixin.ready(th)?;
        let bases = Tuple::from_slice(th, &[mixin.object(), mapping.object()])?;
        let (name, namespace) = (text("SignalDict")?, Dict::new(th)?);
        let arguments = [name.object(), bases.object(), namespace.object()];
        let metatype = mapping.ty().to_owned();
        self.signal_dict.set(Some(call::call(th, metatype.object(), &arguments)?));
        self.default.set(Some(DecimalContext::template(th, 28, false, 0)?));
        self.basic.set(Some(DecimalContext::template(th, 9, true, signal::UNDERFLOW)?));
        self.extended.set(Some(DecimalContext::template(th, 9, false, u32::MAX)?));
        let class = Borrowed::from_ref(ContextVar::type_object());
        let variable = ContextVar::new(class, th, text("decimal_context")?.object(), None)?;
        self.current.set(variable.downcast::<ContextVar>().ok());
        Ok(())
    }

    pub fn tuple(&self, th: &Thread) -> PyResult {
        made(th, &self.tuple)
    }

    pub fn rational(&self, th: &Thread) -> PyResult {
        made(th, &self.rational)
    }

    pub fn signal_dict(&self, th: &Thread) -> PyResult {
        made(th, &self.signal_dict)
    }

    /// The class of a signal.
    pub fn signal(&self, th: &Thread, at: usize) -> PyResult {
        made(th, &self.signals[at])
    }

    /// The conditions of the signal whose class this is; KeyError if it is none.
    pub fn bits_of(&self, th: &Thread, class: Borrowed<'_>) -> PyResult<u32> {
        let at = self.signals.iter().position(|slot| slot.get().is_some_and(|it| it.is(class)));
        at.map(|at| SIGNALS[at].1).ok_or_else(|| {
            th.raise(
                exc::KEY_ERROR,
                "valid values for signals are:\n  [InvalidOperation, FloatOperation, DivisionByZero,\n   \
                 Overflow, Underflow, Subnormal, Inexact, Rounded,\n   Clamped]",
            )
        })
    }

    /// The classes of the signals among these conditions.
    pub fn list(&self, th: &Thread, conditions: u32) -> PyResult<Owned<List>> {
        let list = List::new(th)?;
        for ((_, bits), slot) in SIGNALS.iter().zip(&self.signals) {
            if conditions & bits != 0 {
                list.push(th, made(th, slot)?)?;
            }
        }
        Ok(list)
    }

    /// Raises the first of the signals, with a list of what happened.
    #[cold]
    pub fn raise(&self, th: &Thread, conditions: u32) -> Raised {
        if conditions & signal::NO_MEMORY != 0 {
            return th.no_memory();
        }
        match self.what_happened(th, conditions) {
            Ok((class, list)) => th.raise_in(class.borrow(), Some(list.object())),
            Err(raised) => raised,
        }
    }

    fn what_happened(&self, th: &Thread, conditions: u32) -> PyResult<(Owned<Type>, Owned<List>)> {
        let list = List::new(th)?;
        if conditions & signal::INVALID_OPERATION != 0 {
            list.push(th, self.signal(th, 0)?)?;
        }
        for ((_, bit), slot) in CONDITIONS.iter().zip(&self.conditions) {
            if conditions & bit != 0 {
                list.push(th, made(th, slot)?)?;
            }
        }
        for (at, (_, bits)) in SIGNALS.iter().enumerate().skip(1) {
            if conditions & bits != 0 {
                list.push(th, self.signal(th, at)?)?;
            }
        }
        let first = SIGNALS.iter().position(|(_, bits)| conditions & bits != 0).unwrap_or(0);
        let class = self.signal(th, first)?.downcast::<Type>();
        Ok((class.map_err(|_| th.bad_internal_call())?, list))
    }
}
