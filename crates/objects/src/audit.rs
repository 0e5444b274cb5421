//! Audit events (PEP 578): what hooks want to hear of is told before it is done.
//!
//! `audit!(th, "event", argument, …)?` costs a look at one flag where nobody listens: its arguments are made into objects only if
//! somebody does. The hooks are kept by the layer above (`eval::sys::audit`). The same job as CPython's `PySys_Audit`.

use std::sync::atomic::Ordering;

use crate::error::PyResult;
use crate::handle::Owned;
use crate::thread::Thread;
use crate::tuple::Tuple;

/// Whether there is a hook.
#[inline(always)]
pub fn is_watched(th: &Thread) -> bool {
    th.interp().audited.load(Ordering::Relaxed)
}

/// Calls the hooks: an error if one of them objects.
#[cold]
#[inline(never)]
pub fn tell(th: &Thread, event: &str, args: PyResult<Owned<Tuple>>) -> PyResult<()> {
    (th.interp().services.get().audit)(th, event, args?.borrow())
}

/// `audit!(th, "event", argument, …)`: tells hooks of an event; the arguments are anything that has a Python form.
#[macro_export]
macro_rules! audit {
    ($th:expr, $event:expr $(, $argument:expr)* $(,)?) => {
        if $crate::audit::is_watched($th) {
            let make = || $crate::tuple::Tuple::pack(
                $th,
                [$($crate::args::ToObject::to_object($argument, $th)?),*],
            );
            $crate::audit::tell($th, $event, make())
        } else {
            Ok(())
        }
    };
}
