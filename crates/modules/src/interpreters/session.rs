//! Going to another interpreter for a while, and back.
//!
//! The same job as `_PyXI_Enter` and `_PyXI_Exit` in CPython's `Python/crossinterp.c`.

use krait_eval::registry::{self, Entry};
use krait_eval::subs::{self, Origin, Settings};
use krait_eval::{gil, import, run, thread_states};
use krait_objects::prelude::*;

use super::data::{Carried, Fallback};
use super::errors::{self, Snapshot, interpreter_error, not_shareable, with_cause};

/// The namespace of `__main__`.
pub fn main_namespace(th: &Thread) -> PyResult<Option<Owned<Dict>>> {
    let main = import::modules(th)?.get_str(th, id::__main__)?;
    let main = main.and_then(|main| main.downcast::<Module>().ok());
    Ok(main.map(|main| main.dict().to_owned()))
}

/// Runs `body` in another interpreter, which may be the current one: it must take nothing along but data.
pub fn visit<T>(th: &Thread, target: &Entry, body: impl FnOnce(&Thread) -> T) -> PyResult<T> {
    if std::ptr::eq(target.interp, th.interp()) {
        return Ok(body(th));
    }
    let Some(state) = registry::new_state(target.interp) else {
        return Err(not_found(th, target.id));
    };
    let state: *const Thread = Box::into_raw(state);
    gil::detach(th);
    // SAFETY: a new state of a live interpreter; without frames when `body` is done. Then the current one again.
    unsafe {
        gil::attach(state);
        let result = body(&*state);
        thread_states::clear(&*state);
        gil::detach(&*state);
        thread_states::delete(state);
        gil::attach(th);
        Ok(result)
    }
}

/// Runs a program in an interpreter that is made for it, and ends that; false if the program failed, which is printed.
pub fn run_in_new(th: &Thread, settings: Settings, program: &str) -> PyResult<bool> {
    if settings.check().is_err() {
        return Err(creation_failed(th));
    }
    let Ok(state) = subs::start(th, settings, Origin::C) else {
        return Err(creation_failed(th));
    };
    // SAFETY: the new state, which is attached; its interpreter ends with it, and then the current one goes on.
    unsafe {
        let result = run_program(&*state, program);
        subs::finish(&*state);
        gil::attach(th);
        Ok(result)
    }
}

/// Runs a program in an interpreter, as its `__main__` or beside that; false if it failed, which is printed there.
pub fn run_in(th: &Thread, target: &Entry, program: &str, main: bool) -> PyResult<bool> {
    let body = |inside: &Thread| run_program(inside, program);
    if main { visit_main(th, target, body) } else { visit(th, target, body) }
}

fn run_program(th: &Thread, program: &str) -> bool {
    let result = (|| {
        let builtins = import::import(th, "builtins")?;
        let exec = object::get_attr(th, builtins.object(), Str::interned(th, "exec")?.borrow())?;
        let main = main_namespace(th)?.ok_or_else(|| th.bad_internal_call())?;
        call::call(th, exec.object(), &[Str::new(th, program)?.object(), main.object()])
    })();
    let Err(raised) = result else {
        return true;
    };
    let exception = th.take_raised(raised);
    krait_eval::sys::hooks::print_exception(th, exception.object());
    false
}

pub fn not_found(th: &Thread, id: i64) -> Raised {
    match errors::ready(th) {
        Ok(()) => raise!(th, INTERPRETER_NOT_FOUND_ERROR, "unrecognized interpreter ID {id}"),
        Err(raised) => raised,
    }
}

/// As `visit`, as what the interpreter's `__main__` does: only one thread at a time may.
fn visit_main<T>(th: &Thread, target: &Entry, body: impl FnOnce(&Thread) -> T) -> PyResult<T> {
    let mut free = false;
    registry::update_interp(target.interp, |entry| {
        free = !entry.runs_main;
        entry.runs_main = true;
    });
    if !free {
        return Err(interpreter_error(th, "interpreter already running"));
    }
    let result = visit(th, target, body);
    registry::update_interp(target.interp, |entry| entry.runs_main = false);
    result
}

/// What went wrong where the caller cannot see it.
enum Failure {
    /// An exception that nobody caught.
    Uncaught(Snapshot),
    /// What came along, or the result, cannot cross: what to say, and what it would print.
    NotShareable(&'static str, String),
}

fn uncaught(th: &Thread, raised: Raised) -> Failure {
    let exception = th.take_raised(raised);
    Failure::Uncaught(Snapshot::of(th, exception.object()))
}

fn lost(th: &Thread, what: &'static str, raised: Raised) -> Failure {
    let exception = th.take_raised(raised);
    Failure::NotShareable(what, Snapshot::of(th, exception.object()).displayed())
}

impl Failure {
    /// The snapshot for the caller, or the exception.
    fn report(self, th: &Thread) -> PyResult {
        match self {
            Failure::Uncaught(snapshot) => snapshot.to_namespace(th),
            Failure::NotShareable(message, display) => {
                let class = Borrowed::from_ref(exc::EXCEPTION);
                let text = Str::new(th, &display)?;
                let cause = call::call(th, class.object(), &[text.object()])?;
                Err(not_shareable(th, message, cause.downcast::<BaseException>().ok()))
            }
        }
    }
}

/// Names and values for `__main__`, as data.
pub type Names = Vec<(String, Carried)>;

/// The data of a dictionary's values.
pub fn take_names(th: &Thread, names: Borrowed<'_, Dict>) -> PyResult<Names> {
    let mut taken = Vec::with_capacity(names.len());
    let mut position = 0;
    while let Some((name, value)) = names.next(&mut position) {
        let Ok(name) = name.downcast::<Str>() else {
            let message = "bad argument type for built-in operation";
            return Err(th.raise(exc::TYPE_ERROR, message));
        };
        let name = name.as_utf8(th)?.to_owned();
        if name.contains('\0') {
            return Err(th.raise(exc::VALUE_ERROR, "found embedded NULL character"));
        }
        taken.push((name, Carried::take(th, value.borrow(), Fallback::None)?));
    }
    Ok(taken)
}

/// Enters the names into the current interpreter's `__main__`, whose namespace comes back.
fn set_names(th: &Thread, names: &Names) -> PyResult<Owned<Dict>> {
    let Some(main) = main_namespace(th)? else {
        return Err(interpreter_error(th, "failed to get __main__ namespace"));
    };
    for (name, value) in names {
        main.set_str(th, Str::interned(th, name)?.borrow(), value.open(th)?.borrow())?;
    }
    Ok(main)
}

/// `set___main___attrs`.
pub fn update_main(th: &Thread, target: &Entry, names: &Names) -> PyResult<()> {
    let failed = visit_main(th, target, |inside| match set_names(inside, names) {
        Ok(_) => None,
        Err(raised) => Some(lost(inside, "failed to update __main__", raised)),
    })?;
    failed.map_or(Ok(()), |failure| failure.report(th).map(drop))
}

/// Runs code in an interpreter's `__main__`: a snapshot of what it did not catch, or None.
pub fn exec(th: &Thread, target: &Entry, code: &Carried, names: &Names) -> PyResult {
    let failed = visit_main(th, target, |inside| {
        let run = || -> PyResult<()> {
            let main = set_names(inside, names)?;
            let code = code.open(inside)?;
            run::eval_code_object(inside, code.borrow(), main.borrow()).map(drop)
        };
        run().err().map(|raised| uncaught(inside, raised))
    })?;
    failed.map_or(Ok(none().to_owned()), |failure| failure.report(th))
}

/// A call, as data.
pub struct Call {
    pub function: Carried,
    pub args: Option<Carried>,
    pub kwargs: Option<Carried>,
}

impl Call {
    fn make(&self, th: &Thread) -> Result<Carried, Failure> {
        let function =
            self.function.open(th).map_err(|raised| lost(th, "func not shareable", raised))?;
        let open = |part: &Option<Carried>| part.as_ref().map(|part| part.open(th)).transpose();
        let args = open(&self.args).map_err(|raised| lost(th, "args not shareable", raised))?;
        let kwargs =
            open(&self.kwargs).map_err(|raised| lost(th, "kwargs not shareable", raised))?;
        let args = args.and_then(|args| args.downcast::<Tuple>().ok());
        let kwargs = kwargs.and_then(|kwargs| kwargs.downcast::<Dict>().ok());
        let args = args.as_ref().map_or(Tuple::empty(), Owned::borrow);
        let kwargs = kwargs.as_ref().map(Owned::borrow);
        let result = call::call_tuple_dict(th, function.borrow(), args, kwargs)
            .map_err(|raised| uncaught(th, raised))?;
        Carried::take(th, result.borrow(), Fallback::Full)
            .map_err(|raised| lost(th, "object does not support cross-interpreter data", raised))
    }
}

/// Calls something in an interpreter: its result or None, and a snapshot of what it did not catch or None.
pub fn make_call(th: &Thread, target: &Entry, what: &Call) -> PyResult<(Owned, Owned)> {
    match visit_main(th, target, |inside| what.make(inside))? {
        Ok(result) => Ok((result.open(th)?, none().to_owned())),
        Err(failure) => Ok((none().to_owned(), failure.report(th)?)),
    }
}

/// InterpreterError with another in its context, as when an interpreter cannot be made.
pub fn creation_failed(th: &Thread) -> Raised {
    let made = (|| {
        errors::ready(th)?;
        let class = Borrowed::from_ref(exc::INTERPRETER_ERROR);
        let inner = with_cause(th, class, "sub-interpreter creation failed", None)?;
        let outer = with_cause(th, class, "interpreter creation failed", None)?;
        if let Some(outer) = outer.object().downcast::<BaseException>() {
            outer.set_context(Some(inner));
            outer.set_suppress_context(false);
        }
        Ok(outer)
    })();
    match made {
        Ok(exception) => th.set_exception(exception),
        Err(raised) => raised,
    }
}
