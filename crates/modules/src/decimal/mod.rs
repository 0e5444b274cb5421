//! `_decimal`: decimal numbers as people write them.
//!
//! `arith` computes, and knows no objects. `decimal` and `context` have the two types, with their methods in the files
//! named after them; `convert` and `format` are about other objects, `signals` has the mappings of a context, `state`
//! what is kept per interpreter. The same job as CPython's `Modules/_decimal`.

mod arith;
mod context;
mod context_arithmetic;
mod context_unary;
mod context_values;
mod convert;
#[allow(clippy::module_inception)]
mod decimal;
mod decimal_contextual;
mod decimal_plain;
mod format;
mod signals;
mod state;

use krait_objects::prelude::*;

use crate::getargs::{Arguments, Format, given};
use arith::{MAX_EMAX, MAX_PREC, MIN_EMIN, MIN_ETINY};
use context::{DecimalContext, ROUNDINGS};
use decimal::Decimal;
use signals::ContextManager;

/// Exact decimal numbers, and contexts in which they are rounded.
#[pymodule(name = "_decimal")]
pub struct DecimalModule;

/// The greatest size of an IEEE interchange format.
const MOST_BITS: i64 = 512;

static LOCAL: Format = Format::new(
    None,
    &["ctx", "prec", "rounding", "Emin", "Emax", "capitals", "clamp", "flags", "traps"],
    0,
);

#[pyfunctions]
impl DecimalModule {
    #[constant]
    const HAVE_CONTEXTVAR: bool = true;
    #[constant]
    const HAVE_THREADS: bool = true;
    #[constant]
    const MAX_PREC: i64 = MAX_PREC;
    #[constant]
    const MAX_EMAX: i64 = MAX_EMAX;
    #[constant]
    const MIN_EMIN: i64 = MIN_EMIN;
    #[constant]
    const MIN_ETINY: i64 = MIN_ETINY;
    #[constant]
    const IEEE_CONTEXT_MAX_BITS: i64 = MOST_BITS;

    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        module.add_type(th, Decimal::type_object())?;
        module.add_type(th, DecimalContext::type_object())?;
        let state = state::state(th);
        state.fill(th, module)?;
        let templates = [
            ("DefaultContext", &state.default),
            ("BasicContext", &state.basic),
            ("ExtendedContext", &state.extended),
        ];
        for (name, template) in templates {
            if let Some(template) = template.get_owned() {
                module.add(th, name, template.object())?;
            }
        }
        for (name, version) in [("__version__", "1.70"), ("__libmpdec_version__", "2.5.1")] {
            module.add(th, name, Str::new(th, version)?.object())?;
        }
        for (name, _) in ROUNDINGS {
            module.add(th, name, Str::interned(th, name)?.object())?;
        }
        Ok(())
    }

    /// Return the current context.
    #[function(sig = "()")]
    fn getcontext(th: &Thread) -> PyResult<Owned<DecimalContext>> {
        context::current(th)
    }

    /// Make a context the current one.
    #[function(sig = "(context, /)")]
    fn setcontext(th: &Thread, context: Borrowed<'_>) -> PyResult<()> {
        match context.downcast::<DecimalContext>() {
            Some(context) => context::set_current(th, context),
            None => Err(th.raise(exc::TYPE_ERROR, "argument must be a context")),
        }
    }

    /// Return a manager that makes a copy of a context, the current one by default, the current one of a with block.
    ///
    /// Keywords change values of the copy.
    #[function(sig = "(ctx=None, **kwargs)")]
    fn localcontext(th: &Thread, args: Args<'_>) -> PyResult<Owned<ContextManager>> {
        let mut arguments = Arguments::new(th, &LOCAL, given(args))?;
        let global = context::given_or_current(th, arguments.next(th)?)?;
        let values = DecimalContext::arguments(th, &mut arguments)?;
        let local = global.copied(th)?;
        local.set_all(th, &values, false)?;
        ContextManager::new(th, local)
    }

    /// Return a context for the IEEE interchange format of so many bits.
    #[function(name = "IEEEContext", sig = "(bits, /)")]
    fn ieee_context(th: &Thread, bits: Borrowed<'_>) -> PyResult<Owned<DecimalContext>> {
        let Some(bits) = bits.downcast::<Int>() else {
            return Err(th.raise(exc::TYPE_ERROR, "an integer is required"));
        };
        match bits.get().to_i64() {
            Some(bits @ 1..=MOST_BITS) if bits % 32 == 0 => DecimalContext::of_format(th, bits),
            _ => Err(raise!(
                th,
                VALUE_ERROR,
                "argument must be a multiple of 32, with a maximum of {MOST_BITS}"
            )),
        }
    }
}
