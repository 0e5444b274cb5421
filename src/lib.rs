//! Krait: a Python 3.14 that any program can carry inside itself.

pub use krait_host::*;

// The C API: nothing here names its functions, extension modules do.
#[doc(hidden)]
pub use krait_capi as capi;
