//! What C programs link: the C API, and with it the whole interpreter. Nothing here names its functions, C does.

pub use krait_capi as capi;
