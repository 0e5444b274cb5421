//! Memory, reference counts, the cyclic collector, errors and every built-in type.

pub mod float_text;
pub mod int_digits;
