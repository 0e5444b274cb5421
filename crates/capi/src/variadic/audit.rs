//! `PySys_Audit`: events with arguments made by a format, only if somebody listens.

use std::ffi::{c_char, c_int};

use krait_eval::sys::audit;
use krait_objects::prelude::*;

use super::{Format, VaList, build, status};
use crate::support::*;

#[unsafe(no_mangle)]
unsafe extern "C" fn krait_va_audit(
    event: *const c_char,
    format: *const c_char,
    args: VaList,
) -> c_int {
    // Before the interpreter starts nobody listens.
    let Some(th) = Thread::current_or_none() else { return 0 };
    if !audit::is_watched(th) {
        return 0;
    }
    status((|| {
        let values = build::value(th, Format::new(format), args)?;
        let event = text_of(event);
        match values.object().downcast::<Tuple>() {
            Some(values) => audit::audit(th, &event, values.get().as_slice()),
            None if format.is_null() || bytes_of(format).is_empty() => {
                audit::audit(th, &event, &[])
            }
            None => audit::audit(th, &event, &[values.object()]),
        }
    })())
}
