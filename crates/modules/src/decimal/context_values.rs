//! The values of a `Context`: attributes, and the arguments that set them.
//!
//! Each setter checks the range of its own value; constructor and `localcontext` set several by the same setters.

use krait_objects::prelude::*;

use super::arith::{MAX_EMAX, MAX_PREC, MIN_EMIN, Rounding};
use super::context::{DecimalContext, ROUNDINGS};
use super::signals;
use super::state::state;
use crate::getargs::{Arguments, Format};

/// The way to round that a str names.
pub fn rounding_of(th: &Thread, value: Borrowed<'_>) -> PyResult<Rounding> {
    let known = |text: Borrowed<'_, Str>| ROUNDINGS.iter().find(|(name, _)| text.eq_str(name));
    match value.downcast::<Str>().and_then(known) {
        Some((_, rounding)) => Ok(*rounding),
        None => Err(th.raise(
            exc::TYPE_ERROR,
            "valid values for rounding are:\n  [ROUND_CEILING, ROUND_FLOOR, ROUND_UP, ROUND_DOWN,\n   \
             ROUND_HALF_UP, ROUND_HALF_DOWN, ROUND_HALF_EVEN,\n   ROUND_05UP]",
        )),
    }
}

/// An integer that fits a word.
fn word(th: &Thread, value: Borrowed<'_>) -> PyResult<i64> {
    let Some(int) = value.downcast::<Int>() else {
        return Err(th.raise(exc::TYPE_ERROR, "an integer is required"));
    };
    int.get().to_i64().ok_or_else(|| {
        th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C ssize_t")
    })
}

fn in_range(th: &Thread, value: Borrowed<'_>, low: i64, high: i64, what: &str) -> PyResult<i64> {
    let value = word(th, value)?;
    if !(low..=high).contains(&value) {
        return Err(th.raise(exc::VALUE_ERROR, what));
    }
    Ok(value)
}

/// Constructor and `localcontext` take these, in this order.
pub static NAMES: Format = Format::new(
    None,
    &["prec", "rounding", "Emin", "Emax", "capitals", "clamp", "flags", "traps"],
    0,
);

/// An attribute's new value; AttributeError if it is to be deleted.
pub(super) fn present<'a>(th: &Thread, value: Option<Borrowed<'a>>) -> PyResult<Borrowed<'a>> {
    value.ok_or_else(|| th.raise(exc::ATTRIBUTE_ERROR, "context attributes cannot be deleted"))
}

impl DecimalContext {
    /// Sets what is given, in the order of `NAMES`; absent and `None` leave a value alone.
    pub fn set_all(
        &self,
        th: &Thread,
        values: &[Option<Borrowed<'_>>; 8],
        lists: bool,
    ) -> PyResult<()> {
        let setters = [
            DecimalContext::set_prec,
            DecimalContext::set_rounding,
            DecimalContext::set_emin,
            DecimalContext::set_emax,
            DecimalContext::set_capitals,
            DecimalContext::set_clamp,
        ];
        let given = |at: usize| values[at].filter(|value| !value.is_none());
        for (at, set) in setters.iter().enumerate() {
            if let Some(value) = given(at) {
                set(self, th, Some(value))?;
            }
        }
        let bits = |value: Borrowed<'_>| match value.downcast::<List>() {
            Some(list) if lists => list
                .to_vec()
                .iter()
                .try_fold(0, |bits, class| Ok(bits | state(th).bits_of(th, class.object())?)),
            _ => signals::bits_of_mapping(th, value),
        };
        if let Some(traps) = given(7) {
            self.set_traps(bits(traps)?);
        }
        if let Some(flags) = given(6) {
            self.set_flags(bits(flags)?);
        }
        Ok(())
    }

    /// The arguments that `NAMES` tells of.
    pub fn arguments<'a>(
        th: &Thread,
        arguments: &mut Arguments<'a>,
    ) -> PyResult<[Option<Borrowed<'a>>; 8]> {
        let mut values = [None; 8];
        for value in &mut values {
            *value = arguments.next(th)?;
        }
        arguments.finish(th)?;
        Ok(values)
    }

    /// The mapping of the flags or of the traps, which is made when it is first asked for.
    fn mapping(&self, th: &Thread, kept: &Slot, traps: bool) -> PyResult {
        if let Some(known) = kept.get_owned() {
            return Ok(known);
        }
        let signals = self.signals.borrow().clone().unwrap_or_default();
        let made = signals::mapping(th, &signals, traps)?;
        kept.set(Some(made.clone()));
        Ok(made)
    }
}

#[pymethods(part = "values")]
impl DecimalContext {
    #[getter]
    fn prec(&self) -> i64 {
        self.prec.get()
    }

    #[setter]
    fn set_prec(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        let what = "valid range for prec is [1, MAX_PREC]";
        self.prec.set(in_range(th, present(th, value)?, 1, MAX_PREC, what)?);
        Ok(())
    }

    #[getter(name = "Emax")]
    fn emax(&self) -> i64 {
        self.emax.get()
    }

    #[setter(name = "Emax")]
    fn set_emax(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        let what = "valid range for Emax is [0, MAX_EMAX]";
        self.emax.set(in_range(th, present(th, value)?, 0, MAX_EMAX, what)?);
        Ok(())
    }

    #[getter(name = "Emin")]
    fn emin(&self) -> i64 {
        self.emin.get()
    }

    #[setter(name = "Emin")]
    fn set_emin(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        let what = "valid range for Emin is [MIN_EMIN, 0]";
        self.emin.set(in_range(th, present(th, value)?, MIN_EMIN, 0, what)?);
        Ok(())
    }

    #[getter]
    fn rounding(&self, th: &Thread) -> PyResult<Owned<Str>> {
        Str::interned(th, self.rounding_name())
    }

    #[setter]
    fn set_rounding(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        self.rounding.set(rounding_of(th, present(th, value)?)? as u8);
        Ok(())
    }

    #[getter(name = "capitals")]
    fn get_capitals(&self) -> i64 {
        i64::from(self.capitals.get())
    }

    #[setter(name = "capitals")]
    fn set_capitals(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        let what = "valid values for capitals are 0 or 1";
        self.capitals.set(in_range(th, present(th, value)?, 0, 1, what)? == 1);
        Ok(())
    }

    #[getter]
    fn clamp(&self) -> i64 {
        i64::from(self.clamp.get())
    }

    #[setter]
    fn set_clamp(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        let what = "valid values for clamp are 0 or 1";
        self.clamp.set(in_range(th, present(th, value)?, 0, 1, what)? == 1);
        Ok(())
    }

    #[getter(name = "flags")]
    fn flags_mapping(&self, th: &Thread) -> PyResult {
        self.mapping(th, &self.flags, false)
    }

    #[setter(name = "flags")]
    fn set_flags_mapping(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        self.set_flags(signals::bits_of_mapping(th, present(th, value)?)?);
        Ok(())
    }

    #[getter(name = "traps")]
    fn traps_mapping(&self, th: &Thread) -> PyResult {
        self.mapping(th, &self.traps, true)
    }

    #[setter(name = "traps")]
    fn set_traps_mapping(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        self.set_traps(signals::bits_of_mapping(th, present(th, value)?)?);
        Ok(())
    }
}
