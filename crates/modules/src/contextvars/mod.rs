//! `_contextvars`: variables with a value per context.
//!
//! `context` is what code runs in, `variable` what has a value there, and the token that undoes a setting. The same job
//! as CPython's `Python/context.c`.

mod context;
mod variable;

use krait_objects::prelude::*;

pub use context::{Context, copy_current, is_current, leave_thread, new_context};
pub use variable::ContextVar;
use variable::{Token, missing};

/// Variables whose values belong to a context of execution.
#[pymodule(name = "_contextvars")]
pub struct ContextVars;

#[pyfunctions]
impl ContextVars {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        let token = Borrowed::from_ref(Token::type_object());
        token.ready(th)?;
        let missing = missing(th)?;
        token.dict(th).set_str(th, Str::interned(th, "MISSING")?.borrow(), missing.object())?;
        module.add_type(th, Context::type_object())?;
        module.add_type(th, ContextVar::type_object())?;
        module.add_type(th, Token::type_object())
    }

    /// The current context as a new object; changes of one do not reach the other.
    #[function(sig = "()")]
    fn copy_context(th: &Thread) -> PyResult<Owned<Context>> {
        copy_current(th)
    }
}
