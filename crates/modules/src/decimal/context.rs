//! `Context`: the object, and which one is current. `context_values` has its attributes.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use krait_objects::prelude::*;

use super::arith::{Context, Rounding, signal};
use super::context_values::{NAMES, present};
use super::signals::Signals;
use super::state::{SIGNALS, state};
use crate::contextvars::ContextVar;
use crate::getargs::{Arguments, given_tuple};

/// The names of the ways to round, as numbered by `Rounding`.
pub const ROUNDINGS: [(&str, Rounding); 8] = [
    ("ROUND_UP", Rounding::Up),
    ("ROUND_DOWN", Rounding::Down),
    ("ROUND_CEILING", Rounding::Ceiling),
    ("ROUND_FLOOR", Rounding::Floor),
    ("ROUND_HALF_UP", Rounding::HalfUp),
    ("ROUND_HALF_DOWN", Rounding::HalfDown),
    ("ROUND_HALF_EVEN", Rounding::HalfEven),
    ("ROUND_05UP", Rounding::ZeroFiveUp),
];

/// The conditions that raise by default.
const TRAPS: u32 = signal::INVALID | signal::DIVISION_BY_ZERO | signal::OVERFLOW;

/// The limits of computations, how they round, which conditions they met and which of these raise.
///
/// What is not given is as in DefaultContext.
#[pytype(
    name = "decimal.Context",
    new = "(prec=None, rounding=None, Emin=None, Emax=None, capitals=None, clamp=None, flags=None, traps=None)",
    flags(BASETYPE, HAVE_GC, IMMUTABLETYPE)
)]
#[repr(C)]
pub struct DecimalContext {
    head: Head,
    pub(super) prec: Cell<i64>,
    pub(super) emax: Cell<i64>,
    pub(super) emin: Cell<i64>,
    pub(super) rounding: Cell<u8>,
    pub(super) clamp: Cell<bool>,
    pub(super) capitals: Cell<bool>,
    pub(super) signals: RefCell<Option<Rc<Signals>>>,
    #[visit]
    pub(super) flags: Slot,
    #[visit]
    pub(super) traps: Slot,
}

/// The current context of the thread.
pub fn current(th: &Thread) -> PyResult<Owned<DecimalContext>> {
    let state = state(th);
    let Some(variable) = state.current.get() else {
        return Err(th.bad_internal_call());
    };
    if let Some(found) = ContextVar::find(variable, th, None)? {
        return found.downcast::<DecimalContext>().map_err(|_| th.bad_internal_call());
    }
    let Some(template) = state.default.get_owned() else {
        return Err(th.bad_internal_call());
    };
    let made = template.copied(th)?;
    made.set_flags(0);
    ContextVar::set(variable, th, made.object())?;
    Ok(made)
}

/// Makes a context the current one; of a template, a copy.
pub fn set_current(th: &Thread, context: Borrowed<'_, DecimalContext>) -> PyResult<()> {
    let state = state(th);
    let Some(variable) = state.current.get() else {
        return Err(th.bad_internal_call());
    };
    let templates = [&state.default, &state.basic, &state.extended];
    if templates.iter().any(|template| template.get().is_some_and(|it| it.is(context))) {
        let copy = context.copied(th)?;
        copy.set_flags(0);
        return ContextVar::set(variable, th, copy.object()).map(drop);
    }
    ContextVar::set(variable, th, context.object()).map(drop)
}

/// The context that an argument gives: none, or `None`, is the current one.
pub fn given_or_current(
    th: &Thread,
    argument: Option<Borrowed<'_>>,
) -> PyResult<Owned<DecimalContext>> {
    match argument {
        Some(context) if !context.is_none() => match context.downcast::<DecimalContext>() {
            Some(context) => Ok(context.to_owned()),
            None => Err(th.raise(exc::TYPE_ERROR, "optional argument must be a context")),
        },
        _ => current(th),
    }
}

impl DecimalContext {
    /// A new context as `DefaultContext` is at first.
    fn blank(th: &Thread, cls: Borrowed<'_, Type>) -> PyResult<Owned<DecimalContext>> {
        let made = cls.alloc::<DecimalContext>(th, 0)?;
        made.prec.set(28);
        made.emax.set(999_999);
        made.emin.set(-999_999);
        made.rounding.set(Rounding::HalfEven as u8);
        made.capitals.set(true);
        let signals = Signals { flags: Cell::new(0), traps: Cell::new(TRAPS) };
        made.signals.replace(Some(Rc::new(signals)));
        Ok(made)
    }

    /// One of the contexts that the module offers: with `half_up` the basic one, with all traps off the extended one.
    pub fn template(
        th: &Thread,
        prec: i64,
        half_up: bool,
        traps: u32,
    ) -> PyResult<Owned<DecimalContext>> {
        let class = Borrowed::from_ref(DecimalContext::type_object());
        class.ready(th)?;
        let made = DecimalContext::blank(th, class)?;
        made.prec.set(prec);
        if half_up {
            made.rounding.set(Rounding::HalfUp as u8);
            made.set_traps(TRAPS | signal::CLAMPED | traps);
        } else if traps == u32::MAX {
            made.set_traps(0);
        }
        Ok(made)
    }

    /// That of an IEEE interchange format.
    pub fn of_format(th: &Thread, bits: i64) -> PyResult<Owned<DecimalContext>> {
        let made = DecimalContext::template(th, 9 * (bits / 32) - 2, false, u32::MAX)?;
        let emax = 3 * (1i64 << (bits / 16 + 3));
        made.emax.set(emax);
        made.emin.set(1 - emax);
        made.clamp.set(true);
        Ok(made)
    }

    pub fn copied(&self, th: &Thread) -> PyResult<Owned<DecimalContext>> {
        let class = Borrowed::from_ref(DecimalContext::type_object());
        let made = DecimalContext::blank(th, class)?;
        made.follow(self);
        made.set_flags(self.flag_bits());
        Ok(made)
    }

    /// Takes all values of another context but for the conditions that it met.
    fn follow(&self, other: &DecimalContext) {
        self.prec.set(other.prec.get());
        self.emax.set(other.emax.get());
        self.emin.set(other.emin.get());
        self.rounding.set(other.rounding.get());
        self.clamp.set(other.clamp.get());
        self.capitals.set(other.capitals.get());
        self.set_traps(other.trap_bits());
    }

    /// The limits, for a computation that has met nothing yet.
    #[inline]
    pub fn limits(&self) -> Context {
        Context {
            prec: self.prec.get(),
            emax: self.emax.get(),
            emin: self.emin.get(),
            rounding: ROUNDINGS[usize::from(self.rounding.get() & 7)].1,
            clamp: self.clamp.get(),
            status: 0,
        }
    }

    pub fn capitals(&self) -> bool {
        self.capitals.get()
    }

    pub fn flag_bits(&self) -> u32 {
        self.signals.borrow().as_ref().map_or(0, |signals| signals.flags.get())
    }

    pub fn trap_bits(&self) -> u32 {
        self.signals.borrow().as_ref().map_or(0, |signals| signals.traps.get())
    }

    pub fn set_flags(&self, bits: u32) {
        if let Some(signals) = &*self.signals.borrow() {
            signals.flags.set(bits);
        }
    }

    pub fn set_traps(&self, bits: u32) {
        if let Some(signals) = &*self.signals.borrow() {
            signals.traps.set(bits);
        }
    }

    /// Notes what a computation met, and raises what is trapped.
    #[inline]
    pub fn settle(&self, th: &Thread, status: u32) -> PyResult<()> {
        if status == 0 { Ok(()) } else { self.note(th, status) }
    }

    fn note(&self, th: &Thread, status: u32) -> PyResult<()> {
        self.set_flags(self.flag_bits() | status);
        let trapped = status & (self.trap_bits() | signal::NO_MEMORY);
        if trapped != 0 { Err(state(th).raise(th, trapped)) } else { Ok(()) }
    }

    /// As `settle`, of errors only: what is exact has no other conditions.
    pub fn settle_exact(&self, th: &Thread, status: u32) -> PyResult<()> {
        self.settle(th, status & (signal::INVALID | signal::DIVISION_BY_ZERO))
    }

    pub fn rounding_name(&self) -> &'static str {
        ROUNDINGS[usize::from(self.rounding.get() & 7)].0
    }

    fn shown(&self, bits: u32) -> String {
        let mut names: Vec<_> = SIGNALS.iter().filter(|(_, signal)| bits & signal != 0).collect();
        // By the bit that the reference has for each: of invalid operations, the second.
        names.sort_by_key(|(_, signal)| signal & signal.wrapping_neg());
        names.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }
}

#[pymethods(parts(values, arithmetic, unary))]
impl DecimalContext {
    #[slot(tp_new)]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        _args: Borrowed<'_, Tuple>,
        _kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        let made = DecimalContext::blank(th, cls)?;
        if let Some(template) = state(th).default.get() {
            made.follow(&template);
        }
        Ok(made.into_object())
    }

    #[slot(tp_init)]
    fn init(
        &self,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<()> {
        let given = given_tuple(args, kwargs);
        let values = DecimalContext::arguments(th, &mut Arguments::new(th, &NAMES, given)?)?;
        self.set_all(th, &values, true)
    }

    #[slot(tp_setattro)]
    fn set_attribute(
        this: Borrowed<'_, Self>,
        th: &Thread,
        name: Borrowed<'_, Str>,
        value: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        object::generic_set_attr(th, this.object(), name, Some(present(th, value)?))
    }

    #[slot(tp_repr)]
    fn repr(&self, _th: &Thread) -> PyResult<String> {
        Ok(format!(
            "Context(prec={}, rounding={}, Emin={}, Emax={}, capitals={}, clamp={}, flags=[{}], traps=[{}])",
            self.prec.get(),
            self.rounding_name(),
            self.emin.get(),
            self.emax.get(),
            u8::from(self.capitals.get()),
            u8::from(self.clamp.get()),
            self.shown(self.flag_bits()),
            self.shown(self.trap_bits())
        ))
    }

    /// Clear all flags.
    #[method(sig = "(self, /)")]
    fn clear_flags(&self) {
        self.set_flags(0);
    }

    /// Trap no signal.
    #[method(sig = "(self, /)")]
    fn clear_traps(&self) {
        self.set_traps(0);
    }

    /// Return a new context with the same values.
    #[method(sig = "(self, /)")]
    fn copy(&self, th: &Thread) -> PyResult<Owned<DecimalContext>> {
        self.copied(th)
    }

    #[method(sig = "(self, /)")]
    fn __copy__(&self, th: &Thread) -> PyResult<Owned<DecimalContext>> {
        self.copied(th)
    }

    #[method(sig = "(self, /)")]
    fn __reduce__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Tuple>> {
        let int = |value| Int::from_i64(th, value).map(Owned::into_object);
        let arguments = Tuple::pack(
            th,
            [
                int(this.prec.get())?,
                Str::interned(th, this.rounding_name())?.into_object(),
                int(this.emin.get())?,
                int(this.emax.get())?,
                int(this.capitals.get().into())?,
                int(this.clamp.get().into())?,
                state(th).list(th, this.flag_bits())?.into_object(),
                state(th).list(th, this.trap_bits())?.into_object(),
            ],
        )?;
        let class = this.object().get().ty().object().to_owned();
        Tuple::pack(th, [class, arguments.into_object()])
    }

    /// Return Emin - prec + 1, the least exponent.
    #[method(name = "Etiny", sig = "(self, /)")]
    fn etiny(&self) -> i64 {
        self.limits().etiny()
    }

    /// Return Emax - prec + 1, the greatest exponent of a number with all digits.
    #[method(name = "Etop", sig = "(self, /)")]
    fn etop(&self) -> i64 {
        self.limits().etop()
    }
}
