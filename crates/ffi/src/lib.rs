//! Calls of C functions whose signature is known at run time only, and closures that C can call.
//!
//! A `Type` says how a value of a C type is passed; `call` calls a function with values in memory; a `Pool` gives out
//! addresses that C can call, which end in a Rust function. What depends on processor and system is in one module for each
//! convention, of which there is one so far: System V on x86-64. The same job as libffi does for CPython.

#[cfg(all(unix, target_arch = "x86_64"))]
#[path = "sysv_x86_64.rs"]
mod convention;

#[cfg(not(all(unix, target_arch = "x86_64")))]
compile_error!("calls of C functions are not written for this platform yet: add its convention");

mod closure;
mod types;

pub use closure::{Closure, Handler, Pool};
pub use convention::{call, read_long_double, write_long_double};
pub use types::{Aggregate, Class, Kind, Type};

/// The types of a function.
pub struct Signature {
    pub arguments: Box<[Type]>,
    pub result: Type,
}
