//! Krait: a Python 3.14 that any program can carry inside itself.

pub use krait_host::*;
