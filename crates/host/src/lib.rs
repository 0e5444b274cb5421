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
//! thread may use it, and [`Value`]s are objects that live as long as the token.
//!
//! # Values
//!
//! | Rust | to Python ([`ToPython`]) | from Python ([`FromPython`]) |
//! | --- | --- | --- |
//! | `i64`, `usize` | `int` | `int`, and what has `__index__` |
//! | `i32`, `u32`, `u64` | `int` | |
//! | `f64` | `float` | `float`, and what has `__float__` or `__index__` |
//! | `bool` | `bool` | the truth of any object |
//! | `&str` | `str` | |
//! | `String` | `str` | `str` |
//! | `&[u8]` | `bytes` | |
//! | `Vec<u8>` | | `bytes` |
//! | `Vec<T>` of these | `list` | see [`Value::items`] |
//! | `Option<T>` | `None`, or as `T` | `None`, or as `T` |
//! | `()` | `None` | |
//!
//! # Errors
//!
//! Whatever runs Python code may fail: it answers a [`Result`] whose [`Error`] is the exception that nobody caught, with
//! its class, message and traceback as text. The other way round, an error that a host function answers is raised in
//! Python.
//!
//! ```no_run
//! use krait_host::{Error, Interpreter, Python, Result, ToPython, Value};
//!
//! fn divide<'py>(py: Python<'py>, args: &[Value<'py>]) -> Result<Value<'py>> {
//!     let [a, b] = args else {
//!         return Err(Error::new("divide() takes two numbers"));
//!     };
//!     let (a, b): (i64, i64) = (a.extract()?, b.extract()?);
//!     match a.checked_div(b) {
//!         Some(quotient) => quotient.to_python(py),
//!         None => Err(Error::new(format!("{a} has no part {b}"))),
//!     }
//! }
//!
//! let interpreter = Interpreter::builder().args(["script.py"]).build()?;
//! interpreter.attach(|py| {
//!     py.set("divide", py.function("divide", divide)?)?;
//!     let error = py.run("divide(1, 0)").unwrap_err();
//!     assert_eq!((error.kind(), error.message()), ("RuntimeError", "1 has no part 0"));
//!     println!("{error}"); // the traceback
//!     Ok(())
//! })?;
//! # Ok::<(), Error>(())
//! ```

#![warn(missing_docs)]

mod convert;
mod error;
mod function;
mod interpreter;
mod value;

pub use convert::{FromPython, ToPython};
pub use error::Error;
pub use function::Body;
pub use interpreter::{Builder, Interpreter, Python};
pub use value::{Arguments, Value};

#[doc(no_inline)]
pub use krait_modules::NATIVE_MODULES;

/// The result of whatever may fail because Python code does.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The `krait` command: runs the process's own arguments and answers the exit code.
pub fn command_line() -> i32 {
    let args: Vec<_> = std::env::args_os().collect();
    let mut config = krait_eval::config::Config::python(NATIVE_MODULES);
    config.choose_allocators = Some(krait_capi::prepare_allocators);
    krait_eval::command_line::main(&args, config)
}
