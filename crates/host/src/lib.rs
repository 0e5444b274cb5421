//! The safe Rust API for host programs.
//!
//! ```no_run
//! let interpreter = krait_host::Interpreter::builder().build()?;
//! let total: i64 = interpreter.attach(|py| py.eval("sum(range(10))")?.extract())?;
//! assert_eq!(total, 45);
//! # Ok::<(), krait_host::Error>(())
//! ```
//!
//! An [`Interpreter`] owns everything; inside [`Interpreter::attach`] a [`Python`] token proves that the calling
//! thread may use it, and [`Value`]s are objects that live as long as the token. A Python exception is an
//! [`Error`] that prints as a traceback.

mod convert;
mod error;
mod function;
mod interpreter;
mod value;

pub use convert::{FromPython, ToPython};
pub use error::Error;
pub use function::Body;
pub use interpreter::{Builder, Interpreter, Python};
pub use value::Value;

pub use krait_modules::NATIVE_MODULES;

/// The result of everything that Python code may make fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The `krait` command: runs the process's own arguments and answers the exit code.
pub fn command_line() -> i32 {
    let args: Vec<_> = std::env::args_os().collect();
    let mut config = krait_eval::config::Config::python(NATIVE_MODULES);
    config.choose_allocators = Some(krait_capi::prepare_allocators);
    krait_eval::command_line::main(&args, config)
}
