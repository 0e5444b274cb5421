//! Python exceptions as Rust errors.

use std::fmt;

use krait_eval::import;
use krait_objects::prelude::*;

/// A Python exception that nobody caught, or a misuse of the API. It prints as a traceback.
#[derive(Clone, Debug)]
pub struct Error {
    kind: String,
    message: String,
    traceback: String,
}

impl Error {
    pub(crate) fn plain(message: &str) -> Error {
        Error { kind: "RuntimeError".into(), message: message.into(), traceback: message.into() }
    }

    /// An error of the host's own, which Python sees as RuntimeError.
    pub fn new(message: impl fmt::Display) -> Error {
        Error::plain(&message.to_string())
    }

    /// The name of the exception's class, without its module.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// `str(exception)`.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Raises the error in Python, for a host function's caller.
    pub(crate) fn raise(&self, th: &Thread) -> Raised {
        let class = krait_objects::exceptions::ALL.iter().find(|class| class.name() == self.kind);
        th.raise(class.copied().unwrap_or(exc::RUNTIME_ERROR), &self.message)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.traceback.trim_end())
    }
}

impl std::error::Error for Error {}

/// The exception that was raised, taken from the thread.
pub(crate) fn caught(th: &Thread, raised: Raised) -> Error {
    let exception = th.take_raised(raised);
    let kind = exception.object().get().ty().name().to_owned();
    let message = match object::str(th, exception.object()) {
        Ok(text) => text.to_string_lossy(),
        Err(raised) => {
            drop(th.take_raised(raised));
            String::new()
        }
    };
    let traceback = format(th, exception.object()).unwrap_or_else(|raised| {
        drop(th.take_raised(raised));
        format!("{kind}: {message}")
    });
    Error { kind, message, traceback }
}

/// `traceback.format_exception(exception)`.
fn format(th: &Thread, exception: Borrowed<'_>) -> PyResult<String> {
    let module = import::import(th, "traceback")?;
    let name = Str::interned(th, "format_exception")?;
    let lines = call::call_method(th, module.object(), name.borrow(), &[exception])?;
    let lines = iter::collect(th, lines.object())?;
    let mut text = String::new();
    for line in lines {
        text.push_str(&object::str(th, line.object())?.to_string_lossy());
    }
    Ok(text)
}
