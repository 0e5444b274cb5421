//! The settings of `xmlparser`, its limits, and where it is: what a program asks and changes beside parsing.

use krait_objects::args::{FromArg, Site, unsigned};
use krait_objects::prelude::*;
use krait_xml::{Code, Limit};

use super::XmlParser;
use crate::expat::raise_at;

#[pymethods(part = "settings")]
impl XmlParser {
    /// Put off looking again at a token that is not complete until there is much more of it, or do not.
    #[method(sig = "(self, enabled, /)")]
    fn SetReparseDeferralEnabled(&self, th: &Thread, enabled: bool) -> PyResult<()> {
        self.ask(th, |core| core.set_reparse_deferral(enabled))
    }

    /// Say whether looking again at a token that is not complete is put off.
    #[method(sig = "(self, /)")]
    fn GetReparseDeferralEnabled(&self, th: &Thread) -> PyResult<bool> {
        self.ask(th, |core| core.reparse_deferral())
    }

    /// Set how many bytes of input and expanded entities are always fine.
    #[method(sig = "(self, threshold, /)")]
    fn SetBillionLaughsAttackProtectionActivationThreshold(
        &self,
        th: &Thread,
        threshold: Threshold,
    ) -> PyResult<()> {
        self.set_threshold(th, threshold, |limits| &limits.expansion)
    }

    /// Set how many times the size of the document its entities may expand to.
    #[method(sig = "(self, max_factor, /)")]
    fn SetBillionLaughsAttackProtectionMaximumAmplification(
        &self,
        th: &Thread,
        max_factor: f64,
    ) -> PyResult<()> {
        self.set_factor(th, max_factor, |limits| &limits.expansion)
    }

    /// Set how many bytes of memory for buffers and declarations are always fine.
    #[method(sig = "(self, threshold, /)")]
    fn SetAllocTrackerActivationThreshold(
        &self,
        th: &Thread,
        threshold: Threshold,
    ) -> PyResult<()> {
        self.set_threshold(th, threshold, |limits| &limits.allocation)
    }

    /// Set how many times the size of the document its memory may be.
    #[method(sig = "(self, max_factor, /)")]
    fn SetAllocTrackerMaximumAmplification(&self, th: &Thread, max_factor: f64) -> PyResult<()> {
        self.set_factor(th, max_factor, |limits| &limits.allocation)
    }

    #[getter(name = "ErrorCode")]
    fn error_code(&self, th: &Thread) -> PyResult<i64> {
        self.ask(th, |core| core.error().map_or(0, |code| code as i64))
    }

    #[getter(name = "ErrorLineNumber")]
    fn error_line(&self, th: &Thread) -> PyResult<usize> {
        self.ask(th, |core| core.position().0)
    }

    #[getter(name = "ErrorColumnNumber")]
    fn error_column(&self, th: &Thread) -> PyResult<usize> {
        self.ask(th, |core| core.position().1)
    }

    #[getter(name = "ErrorByteIndex")]
    fn error_byte_index(&self, th: &Thread) -> PyResult<i64> {
        self.ask(th, |core| core.byte_index().map_or(-1, |index| index as i64))
    }

    #[getter(name = "CurrentLineNumber")]
    fn current_line(&self, th: &Thread) -> PyResult<usize> {
        self.error_line(th)
    }

    #[getter(name = "CurrentColumnNumber")]
    fn current_column(&self, th: &Thread) -> PyResult<usize> {
        self.error_column(th)
    }

    #[getter(name = "CurrentByteIndex")]
    fn current_byte_index(&self, th: &Thread) -> PyResult<i64> {
        self.error_byte_index(th)
    }

    #[getter(name = "buffer_text")]
    fn get_buffer_text(&self) -> bool {
        self.is_buffering()
    }

    #[setter(name = "buffer_text")]
    fn set_buffer_text(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        if truth(th, value)? {
            self.text.borrow_mut().get_or_insert_default();
        } else {
            self.flush(th)?;
            self.text.replace(None);
        }
        Ok(())
    }

    #[getter(name = "buffer_size")]
    fn get_buffer_size(&self) -> usize {
        self.buffer_size.get()
    }

    #[setter(name = "buffer_size")]
    fn set_buffer_size(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        let Some(int) = assigned(th, value)?.downcast::<Int>() else {
            return Err(th.raise(exc::TYPE_ERROR, "buffer_size must be an integer"));
        };
        let Some(size) = int.to_i64() else {
            let message = "Python int too large to convert to C long";
            return Err(th.raise(exc::OVERFLOW_ERROR, message));
        };
        if size <= 0 {
            let message = "buffer_size must be greater than zero";
            return Err(th.raise(exc::VALUE_ERROR, message));
        }
        if size as usize == self.buffer_size.get() {
            return Ok(());
        }
        if size > i32::MAX.into() {
            let max = i32::MAX;
            return Err(raise!(th, VALUE_ERROR, "buffer_size must not be greater than {max}"));
        }
        self.flush(th)?;
        self.buffer_size.set(size as usize);
        Ok(())
    }

    #[getter(name = "buffer_used")]
    fn get_buffer_used(&self) -> usize {
        self.buffered()
    }

    #[getter(name = "namespace_prefixes")]
    fn get_namespace_prefixes(&self) -> bool {
        self.namespace_prefixes.get()
    }

    #[setter(name = "namespace_prefixes")]
    fn set_namespace_prefixes(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        let value = truth(th, value)?;
        self.namespace_prefixes.set(value);
        self.change(|core| core.set_triplets(value));
        Ok(())
    }

    #[getter(name = "ordered_attributes")]
    fn get_ordered_attributes(&self) -> bool {
        self.ordered_attributes.get()
    }

    #[setter(name = "ordered_attributes")]
    fn set_ordered_attributes(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        self.ordered_attributes.set(truth(th, value)?);
        Ok(())
    }

    #[getter(name = "specified_attributes")]
    fn get_specified_attributes(&self) -> bool {
        self.specified_attributes.get()
    }

    #[setter(name = "specified_attributes")]
    fn set_specified_attributes(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        self.specified_attributes.set(truth(th, value)?);
        Ok(())
    }
}

impl XmlParser {
    /// Sets a limit that only the root of a tree of parsers has.
    fn set_limit(&self, th: &Thread, set: impl FnOnce(&krait_xml::Limits)) -> PyResult<()> {
        self.ask(th, |core| match core.limits() {
            Some(limits) => {
                set(limits);
                Ok(())
            }
            None => {
                let message = "parser must be a root parser";
                Err(raise_at(th, core, Code::InvalidArgument, Some(message)))
            }
        })?
    }

    fn set_threshold(
        &self,
        th: &Thread,
        threshold: Threshold,
        limit: fn(&krait_xml::Limits) -> &Limit,
    ) -> PyResult<()> {
        self.set_limit(th, |limits| limit(limits).threshold.set(threshold.0))
    }

    fn set_factor(
        &self,
        th: &Thread,
        factor: f64,
        limit: fn(&krait_xml::Limits) -> &Limit,
    ) -> PyResult<()> {
        let factor = factor as f32;
        let is_root = self.ask(th, |core| core.limits().is_some())?;
        if is_root && (factor.is_nan() || factor < 1.0) {
            let message = "'max_factor' must be at least 1.0";
            return self
                .ask(th, |core| Err(raise_at(th, core, Code::InvalidArgument, Some(message))))?;
        }
        self.set_limit(th, |limits| limit(limits).factor.set(factor))
    }
}

/// A value that is assigned; nothing can be deleted.
fn assigned<'a>(th: &Thread, value: Option<Borrowed<'a>>) -> PyResult<Borrowed<'a>> {
    value.ok_or_else(|| th.raise(exc::RUNTIME_ERROR, "Cannot delete attribute"))
}

fn truth(th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<bool> {
    object::is_true(th, assigned(th, value)?)
}

/// An argument that C takes as `unsigned long long`.
struct Threshold(u64);

impl<'a> FromArg<'a> for Threshold {
    fn from_arg(th: &Thread, arg: Borrowed<'a>, _: &'static Site) -> PyResult<Self> {
        unsigned(th, arg, "unsigned long long").map(Threshold)
    }
}
