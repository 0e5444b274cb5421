//! The exceptions of interpreters, and what is known of one after it has crossed to another interpreter.
//!
//! The same job as the first part of CPython's `Python/crossinterp.c` and `Python/crossinterp_exceptions.h`.

use krait_objects::namespace::Namespace;
use krait_objects::prelude::*;

use exc::{INTERPRETER_ERROR, INTERPRETER_NOT_FOUND_ERROR};

use crate::support::new_exception;

/// The module that classes of exceptions say they are from.
pub const MODULE: &str = "concurrent.interpreters";

/// The classes that each interpreter makes for itself.
#[derive(Default)]
struct Classes {
    not_shareable: std::cell::OnceCell<Owned<Type>>,
}

/// `concurrent.interpreters.NotShareableError`.
pub fn not_shareable_class(th: &Thread) -> PyResult<Owned<Type>> {
    let kept = &th.interp().state::<Classes>().not_shareable;
    if let Some(class) = kept.get() {
        return Ok(class.clone());
    }
    let base = Borrowed::from_ref(exc::TYPE_ERROR).object();
    let class = new_exception(th, MODULE, "NotShareableError", &[base], None)?;
    Ok(kept.get_or_init(|| class).clone())
}

/// Raises NotShareableError, with the exception that led to it.
pub fn not_shareable(th: &Thread, message: &str, cause: Option<Owned<BaseException>>) -> Raised {
    let made = (|| {
        let class = not_shareable_class(th)?;
        with_cause(th, class.borrow(), message, cause)
    })();
    match made {
        Ok(exception) => th.set_exception(exception),
        Err(raised) => raised,
    }
}

/// An exception of the class, with a message and a cause.
pub fn with_cause(
    th: &Thread,
    class: Borrowed<'_, Type>,
    message: &str,
    cause: Option<Owned<BaseException>>,
) -> PyResult {
    let message = Str::new(th, message)?;
    let exception = call::call(th, class.object(), &[message.object()])?;
    if let Some(exception) = exception.object().downcast::<BaseException>() {
        exception.set_cause(cause.map(Owned::into_object));
    }
    Ok(exception)
}

/// Raises InterpreterError.
pub fn interpreter_error(th: &Thread, message: &str) -> Raised {
    match ready(th) {
        Ok(()) => th.raise(INTERPRETER_ERROR, message),
        Err(raised) => raised,
    }
}

/// Makes the static classes ready.
pub fn ready(th: &Thread) -> PyResult<()> {
    Borrowed::from_ref(INTERPRETER_ERROR).ready(th)?;
    Borrowed::from_ref(INTERPRETER_NOT_FOUND_ERROR).ready(th)
}

/// An exception as another interpreter can be told of it.
pub struct Snapshot {
    pub name: String,
    pub qualname: String,
    pub module: String,
    pub message: Option<String>,
    /// What would be printed of it.
    pub display: Option<String>,
}

fn text_of(th: &Thread, made: PyResult<Owned<Str>>) -> Option<String> {
    match made {
        Ok(text) => Some(text.to_string_lossy()),
        Err(raised) => {
            drop(th.take_raised(raised));
            None
        }
    }
}

fn attribute(th: &Thread, ob: Borrowed<'_>, name: &str) -> PyResult<Owned<Str>> {
    let found = object::get_attr(th, ob, Str::interned(th, name)?.borrow())?;
    object::str(th, found.borrow())
}

impl Snapshot {
    /// What is to be told of an exception, as far as it lets itself be asked. `message` is `None` if its `__str__` fails.
    pub fn of(th: &Thread, exception: Borrowed<'_>) -> Snapshot {
        let class = exception.get().ty().object();
        let name = exception.type_name().to_string();
        let name = name.rsplit('.').next().unwrap_or_default().to_owned();
        let qualname = text_of(th, attribute(th, class, "__qualname__"));
        let module = text_of(th, attribute(th, class, "__module__"));
        let message = text_of(th, object::str(th, exception));
        let display = text_of(th, display(th, exception));
        Snapshot {
            qualname: qualname.unwrap_or_else(|| name.clone()),
            module: module.unwrap_or_default(),
            message,
            display,
            name,
        }
    }

    /// As an uncaught exception's last line.
    pub fn formatted(&self) -> String {
        let name = match &*self.module {
            "builtins" | "__main__" | "" => self.qualname.clone(),
            module => format!("{module}.{}", self.qualname),
        };
        match &self.message {
            Some(message) => format!("{name}: {message}"),
            None => format!("{name}: <exception str() failed>"),
        }
    }

    /// All that would be printed, or the last line.
    pub fn displayed(&self) -> String {
        self.display.clone().unwrap_or_else(|| self.formatted())
    }

    /// What Python is given.
    pub fn to_namespace(&self, th: &Thread) -> PyResult {
        let text = |text: &str| Str::new(th, text).map(Owned::into_object);
        let class = Dict::new(th)?;
        let parts = [
            ("__name__", &self.name),
            ("__qualname__", &self.qualname),
            ("__module__", &self.module),
        ];
        for (name, value) in parts {
            class.set_str(th, Str::interned(th, name)?.borrow(), text(value)?.borrow())?;
        }
        let class = Namespace::new(th, Some(class.borrow()))?;
        let all = Dict::new(th)?;
        let message = self.message.as_deref().map_or(Ok(none().to_owned()), text)?;
        let formatted = text(&self.formatted())?;
        let mut parts =
            vec![("type", class.into_object()), ("msg", message), ("formatted", formatted)];
        if let Some(display) = &self.display {
            parts.push(("errdisplay", text(display)?));
        }
        for (name, value) in parts {
            all.set_str(th, Str::interned(th, name)?.borrow(), value.borrow())?;
        }
        Ok(Namespace::new(th, Some(all.borrow()))?.into_object())
    }
}

/// What `traceback` prints of an exception, without the last end of line.
fn display(th: &Thread, exception: Borrowed<'_>) -> PyResult<Owned<Str>> {
    let traceback = krait_eval::import::import(th, "traceback")?;
    let class = Str::interned(th, "TracebackException")?;
    let class = object::get_attr(th, traceback.borrow(), class.borrow())?;
    let from = Str::interned(th, "from_exception")?;
    let summary = call::call_method(th, class.borrow(), from.borrow(), &[exception])?;
    let format = Str::interned(th, "format")?;
    let lines = call::call_method(th, summary.borrow(), format.borrow(), &[])?;
    let joined = call::call_method(th, Str::empty().object(), id::join, &[lines.borrow()])?;
    let text = object::str(th, joined.borrow())?.to_string_lossy();
    Str::new(th, text.strip_suffix('\n').unwrap_or(&text))
}

/// `capture_exception` of an exception object.
pub fn capture(th: &Thread, exception: Borrowed<'_>) -> PyResult {
    if let Err(raised) = object::str(th, exception) {
        let cause = th.take_raised(raised);
        let class = Borrowed::from_ref(exc::EXCEPTION);
        let failed = with_cause(th, class, "error while formatting exception", Some(cause))?;
        return Err(th.set_exception(failed));
    }
    Snapshot::of(th, exception).to_namespace(th)
}
