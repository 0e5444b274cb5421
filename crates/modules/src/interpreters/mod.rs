//! `_interpreters`: interpreters beside the one that asks, made, used and ended by Python programs.
//!
//! `session` goes to another interpreter and back, `data` is what may be taken along; `channels` and `queues` are
//! `_interpchannels` and `_interpqueues`. The same job as CPython's `Modules/_interpretersmodule.c`.

pub mod arguments;
pub mod channels;
pub mod config;
pub mod data;
pub mod errors;
pub mod pickled;
pub mod queues;
pub mod session;
mod shared;
pub mod stateless;

use krait_eval::registry::{self, Entry};
use krait_eval::subs::{self, Origin};
use krait_eval::{gil, thread_states};
use krait_objects::prelude::*;

use arguments::{flag, form, number_of, parse, present, wrong};
use config::Config;
use data::{Carried, Fallback};
use errors::interpreter_error;
use session::Call;

/// As `_testinternalcapi.run_in_subinterp_with_config`: runs a program in an interpreter of its own.
pub fn run_in_new(th: &Thread, config: Borrowed<'_>, program: &str) -> PyResult<bool> {
    let settings = Config::from_argument(th, Some(config))?.settings();
    session::run_in_new(th, settings, program)
}

/// This module provides primitive operations to manage Python interpreters.
/// The 'interpreters' module provides a more convenient interface.
#[pymodule(name = "_interpreters")]
pub struct Interpreters;

/// The interpreter with this number. If `restrict`, it must be one that this module made.
fn resolve(th: &Thread, number: Borrowed<'_>, restrict: bool, deed: &str) -> PyResult<Entry> {
    let id = number_of(th, number, "interpreter")?;
    let entry = match registry::find(th.interp()).filter(|own| own.id == id) {
        Some(own) => own,
        None => registry::find_id(id).ok_or_else(|| session::not_found(th, id))?,
    };
    if !entry.is_ready && !std::ptr::eq(entry.interp, th.interp()) {
        return Err(interpreter_error(th, &format!("cannot {deed} interpreter {id} (not ready)")));
    }
    if restrict && entry.origin != Origin::Library {
        return Err(interpreter_error(th, &format!("cannot {deed} unrecognized interpreter {id}")));
    }
    Ok(entry)
}

/// An interpreter's number and who made it.
fn summary(th: &Thread, entry: &Entry) -> PyResult {
    let parts = [Int::from_i64(th, entry.id)?, Int::from_i64(th, entry.origin as i64)?];
    Tuple::pack(th, parts.map(Owned::into_object)).map(Owned::into_object)
}

/// An optional dictionary.
fn dict_argument<'a>(
    th: &Thread,
    function: &str,
    at: usize,
    argument: Option<Borrowed<'a>>,
) -> PyResult<Option<Borrowed<'a, Dict>>> {
    let Some(argument) = argument else {
        return Ok(None);
    };
    let dict = argument.downcast::<Dict>();
    dict.map(Some).ok_or_else(|| wrong(th, function, at, "dict", argument))
}

/// What `exec`, `run_string` and `run_func` have in common once the code is known.
fn run(
    th: &Thread,
    target: &Entry,
    code: Owned<krait_eval::code::Code>,
    names: Option<Borrowed<'_, Dict>>,
) -> PyResult {
    let names = names.map_or(Ok(Vec::new()), |names| session::take_names(th, names))?;
    let code = Carried::take_code(th, code.borrow())?;
    session::exec(th, target, &code, &names)
}

/// Starts an interpreter that nobody is in; its number.
pub(crate) fn start(th: &Thread, config: Option<Borrowed<'_>>, origin: Origin) -> PyResult<i64> {
    let settings = Config::from_argument(th, config)?.settings();
    if settings.check().is_err() {
        return Err(session::creation_failed(th));
    }
    let Ok(state) = subs::start(th, settings, origin) else {
        return Err(session::creation_failed(th));
    };
    // SAFETY: the new interpreter's state is attached: nobody needs it, as others come when something is to be done.
    unsafe {
        let id = (*state).interp().id;
        thread_states::clear(&*state);
        gil::detach(&*state);
        thread_states::delete(state);
        gil::attach(th);
        Ok(id)
    }
}

/// Ends an interpreter, unless it is the current one or its `__main__` runs.
pub(crate) fn destroy(th: &Thread, target: &Entry) -> PyResult<()> {
    if std::ptr::eq(target.interp, th.interp()) {
        return Err(interpreter_error(th, "cannot destroy the current interpreter"));
    }
    let mut free = false;
    registry::update_interp(target.interp, |entry| {
        free = !entry.runs_main && entry.is_ready;
        entry.is_ready &= !free;
    });
    if !free {
        return Err(interpreter_error(th, "interpreter running"));
    }
    end(th, target)
}

/// Ends an interpreter that no thread is in. The current one stays as it is.
fn end(th: &Thread, target: &Entry) -> PyResult<()> {
    let Some(state) = registry::new_state(target.interp) else {
        return Err(session::not_found(th, target.id));
    };
    let state: *const Thread = Box::into_raw(state);
    gil::detach(th);
    // SAFETY: a new state of a live interpreter, which ends on it; then the current one again.
    unsafe {
        gil::attach(state);
        if subs::finish(&*state).is_none() {
            thread_states::clear(&*state);
            gil::detach(&*state);
            thread_states::delete(state);
        }
        gil::attach(th);
    }
    Ok(())
}

#[pyfunctions]
impl Interpreters {
    #[exec]
    fn exec_module(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        errors::ready(th)?;
        for (name, origin) in [
            ("WHENCE_UNKNOWN", Origin::Unknown),
            ("WHENCE_RUNTIME", Origin::Runtime),
            ("WHENCE_LEGACY_CAPI", Origin::LegacyC),
            ("WHENCE_CAPI", Origin::C),
            ("WHENCE_XI", Origin::Crossing),
            ("WHENCE_STDLIB", Origin::Library),
        ] {
            module.add(th, name, Int::from_i64(th, origin as i64)?.object())?;
        }
        for (name, class) in [
            ("InterpreterError", exc::INTERPRETER_ERROR),
            ("InterpreterNotFoundError", exc::INTERPRETER_NOT_FOUND_ERROR),
        ] {
            module.add(th, name, Borrowed::from_ref(class).object())?;
        }
        module.add(th, "NotShareableError", errors::not_shareable_class(th)?.object())?;
        module.add_type(th, shared::BufferView::type_object())
    }

    /// new_config(name='isolated', /, **overrides) -> type.SimpleNamespace
    ///
    /// Return the settings for a new interpreter: those called name, which is
    /// 'default', 'isolated', 'legacy' or 'empty', changed as the keyword
    /// arguments say.
    #[function(sig = "(*args, **kwargs)", no_text)]
    fn new_config(th: &Thread, args: Args<'_>) -> PyResult {
        let function = "_interpreters.new_config";
        let name = match args.positionals() {
            [] => None,
            [name] => Some(*name),
            more => {
                let given = more.len();
                return Err(raise!(
                    th,
                    TYPE_ERROR,
                    "{function}() takes at most 1 argument ({given} given)"
                ));
            }
        };
        let name = match name {
            None => String::new(),
            Some(name) => match name.downcast::<Str>() {
                Some(name) => name.as_utf8(th)?.to_owned(),
                None => return Err(wrong(th, function, 1, "str", name)),
            },
        };
        let mut config = Config::named(th, &name)?;
        config.update(th, args.keywords().to_dict(th)?.borrow(), false)?;
        Ok(config.to_namespace(th)?.into_object())
    }

    /// create([config], *, reqrefs=False) -> ID
    ///
    /// Make a new interpreter and return its number.
    ///
    /// Whoever makes it has to end it, with destroy(). With reqrefs it ends
    /// by itself when decref() has been called as often as incref().
    ///
    /// config is what new_config() returns, or its name argument.
    #[function(sig = "(*args, **kwargs)", no_text)]
    fn create(th: &Thread, args: Args<'_>) -> PyResult<i64> {
        let [config, needs_handles] =
            parse(th, args, form!("create", [], ["config", "reqrefs"], 1))?;
        let needs_handles = flag(th, needs_handles)?;
        let id = start(th, config, Origin::Library)?;
        registry::update(id, |entry| entry.ends_with_handles = needs_handles);
        Ok(id)
    }

    /// destroy(id, *, restrict=False)
    ///
    /// End an interpreter.
    ///
    /// InterpreterError is raised if it is the current one or it is running.
    #[function(sig = "(*args, **kwargs)", no_text)]
    fn destroy(th: &Thread, args: Args<'_>) -> PyResult<()> {
        let [number, restrict] = parse(th, args, form!("destroy", ["id"], ["restrict"], 1))?;
        let restrict = flag(th, restrict)?;
        let target = resolve(th, present(th, number)?, restrict, "destroy")?;
        destroy(th, &target)
    }

    /// list_all() -> [(ID, whence)]
    ///
    /// Return the numbers of all interpreters, with who made them.
    #[function(sig = "(*args, **kwargs)", no_text)]
    fn list_all(th: &Thread, args: Args<'_>) -> PyResult {
        let signature = form!("_interpreters.list_all", [], ["require_ready"], 0);
        let [ready] = parse(th, args, signature)?;
        let ready = flag(th, ready)?;
        let all = registry::all().into_iter().filter(|entry| entry.is_ready || !ready);
        let all: PyResult<Vec<Owned>> = all.map(|entry| summary(th, &entry)).collect();
        Ok(List::from_vec(th, all?)?.into_object())
    }

    /// get_current() -> (ID, whence)
    ///
    /// Return the number of the current interpreter.
    #[function(sig = "()", no_text)]
    fn get_current(th: &Thread) -> PyResult {
        let own = registry::find(th.interp()).ok_or_else(|| th.bad_internal_call())?;
        summary(th, &own)
    }

    /// get_main() -> (ID, whence)
    ///
    /// Return the number of the main interpreter.
    #[function(sig = "()", no_text)]
    fn get_main(th: &Thread) -> PyResult {
        let main = registry::main().ok_or_else(|| th.bad_internal_call())?;
        summary(th, &main)
    }

    /// set___main___attrs(id, ns, *, restrict=False)
    ///
    /// Give values to names in the interpreter's __main__ module.
    #[function(name = "set___main___attrs", sig = "(*args, **kwargs)", no_text)]
    fn set_main_attrs(th: &Thread, args: Args<'_>) -> PyResult<()> {
        let function = "_interpreters.set___main___attrs";
        let signature =
            form!("_interpreters.set___main___attrs", ["id", "updates"], ["restrict"], 2);
        let [number, names, restrict] = parse(th, args, signature)?;
        let names = dict_argument(th, function, 2, names)?.ok_or_else(|| th.bad_internal_call())?;
        let restrict = flag(th, restrict)?;
        let target = resolve(th, present(th, number)?, restrict, "update __main__ for")?;
        if names.is_empty() {
            return Err(th.raise(exc::VALUE_ERROR, "arg 2 must be a non-empty dict"));
        }
        let names = session::take_names(th, names)?;
        session::update_main(th, &target, &names)
    }

    /// exec(id, code, shared=None, *, restrict=False)
    ///
    /// Run code in an interpreter, in the namespace of its __main__ module.
    ///
    /// code is the text of a script, a code object, or a function of which
    /// only the code counts. It takes no arguments and is no closure.
    #[function(sig = "(*args, **kwargs)", no_text)]
    fn exec(th: &Thread, args: Args<'_>) -> PyResult {
        let function = "_interpreters.exec";
        let signature = form!("_interpreters.exec", ["id", "code"], ["shared", "restrict"], 3);
        let [number, code, names, restrict] = parse(th, args, signature)?;
        let names = dict_argument(th, function, 3, names)?;
        let restrict = flag(th, restrict)?;
        let target = resolve(th, present(th, number)?, restrict, "exec code for")?;
        let code = stateless::script(th, present(th, code)?)?;
        run(th, &target, code, names)
    }

    /// call(id, callable, args=None, kwargs=None, *, restrict=False)
    ///
    /// Call an object in an interpreter.
    /// Return its result, and what is known of an exception that it raised.
    #[function(sig = "(*args, **kwargs)", no_text)]
    fn call(th: &Thread, args: Args<'_>) -> PyResult<Owned<Tuple>> {
        let function = "_interpreters.call";
        let signature = form!(
            "_interpreters.call",
            ["id", "callable"],
            ["args", "kwargs", "preserve_exc", "restrict"],
            4
        );
        let [number, callable, args, kwargs, preserve, restrict] = parse(th, args, signature)?;
        let args = match args {
            Some(args) if !Tuple::check(&args) => {
                return Err(wrong(th, function, 3, "tuple", args));
            }
            args => {
                args.filter(|args| args.downcast::<Tuple>().is_some_and(|args| !args.is_empty()))
            }
        };
        let kwargs = dict_argument(th, function, 4, kwargs)?.filter(|kwargs| !kwargs.is_empty());
        flag(th, preserve)?;
        let restrict = flag(th, restrict)?;
        let target = resolve(th, present(th, number)?, restrict, "make a call in")?;
        let call = take_call(th, present(th, callable)?, args, kwargs)?;
        let (result, snapshot) = session::make_call(th, &target, &call)?;
        Tuple::pack(th, [result, snapshot])
    }

    /// run_string(id, script, shared=None, *, restrict=False)
    ///
    /// Run the text of a script in an interpreter; see exec().
    #[function(sig = "(*args, **kwargs)", no_text)]
    fn run_string(th: &Thread, args: Args<'_>) -> PyResult {
        let function = "_interpreters.run_string";
        let signature =
            form!("_interpreters.run_string", ["id", "script"], ["shared", "restrict"], 3);
        let [number, script, names, restrict] = parse(th, args, signature)?;
        let script = present(th, script)?;
        if !Str::check(&script) {
            return Err(wrong(th, function, 2, "str", script));
        }
        let names = dict_argument(th, function, 3, names)?;
        let restrict = flag(th, restrict)?;
        let target = resolve(th, present(th, number)?, restrict, "run a string in")?;
        let code = stateless::script(th, script)?;
        run(th, &target, code, names)
    }

    /// run_func(id, func, shared=None, *, restrict=False)
    ///
    /// Run the body of a function, or a code object, in an interpreter; see
    /// exec().
    #[function(sig = "(*args, **kwargs)", no_text)]
    fn run_func(th: &Thread, args: Args<'_>) -> PyResult {
        let function = "_interpreters.run_func";
        let signature = form!("_interpreters.run_func", ["id", "func"], ["shared", "restrict"], 3);
        let [number, body, names, restrict] = parse(th, args, signature)?;
        let names = dict_argument(th, function, 3, names)?;
        let restrict = flag(th, restrict)?;
        let target = resolve(th, present(th, number)?, restrict, "run a function in")?;
        let body = present(th, body)?;
        let is_code = krait_eval::code::Code::check(&body);
        if !is_code && !krait_eval::function::Function::check(&body) {
            return Err(wrong(th, function, 2, "a function", body));
        }
        let code = stateless::script(th, body)?;
        run(th, &target, code, names)
    }

    /// is_shareable(obj) -> bool
    ///
    /// Return whether the object's data may go to another interpreter as it
    /// is.
    #[function(sig = "(*args, **kwargs)", no_text)]
    fn is_shareable(th: &Thread, args: Args<'_>) -> PyResult<bool> {
        let [obj] = parse(th, args, form!("is_shareable", ["obj"], [], 1))?;
        Ok(data::is_shareable(th, present(th, obj)?))
    }

    /// is_running(id, *, restrict=False) -> bool
    ///
    /// Return whether a thread runs the interpreter's __main__ module.
    #[function(sig = "(*args, **kwargs)", no_text)]
    fn is_running(th: &Thread, args: Args<'_>) -> PyResult<bool> {
        let [number, restrict] = parse(th, args, form!("is_running", ["id"], ["restrict"], 1))?;
        let restrict = flag(th, restrict)?;
        Ok(resolve(th, present(th, number)?, restrict, "check if running for")?.runs_main)
    }

    /// get_config(id, *, restrict=False) -> types.SimpleNamespace
    ///
    /// Return the settings that the interpreter was made with.
    #[function(sig = "(*args, **kwargs)", no_text)]
    fn get_config(th: &Thread, args: Args<'_>) -> PyResult {
        let [number, restrict] = parse(th, args, form!("get_config", ["id"], ["restrict"], 1))?;
        let restrict = flag(th, restrict)?;
        let target = resolve(th, present(th, number)?, restrict, "get the config of")?;
        Ok(Config::of(&target.settings).to_namespace(th)?.into_object())
    }

    /// whence(id) -> int
    ///
    /// Return who made the interpreter: one of the WHENCE constants.
    #[function(sig = "(*args, **kwargs)", no_text)]
    fn whence(th: &Thread, args: Args<'_>) -> PyResult<i64> {
        let [number] = parse(th, args, form!("whence", ["id"], [], 1))?;
        Ok(resolve(th, present(th, number)?, false, "")?.origin as i64)
    }

    #[function(sig = "(*args, **kwargs)", no_text)]
    fn incref(th: &Thread, args: Args<'_>) -> PyResult<()> {
        let signature = form!("incref", ["id"], ["implieslink", "restrict"], 1);
        let [number, links, restrict] = parse(th, args, signature)?;
        let (links, restrict) = (flag(th, links)?, flag(th, restrict)?);
        let target = resolve(th, present(th, number)?, restrict, "incref")?;
        registry::update_interp(target.interp, |entry| {
            entry.ends_with_handles |= links;
            entry.handles += 1;
        });
        Ok(())
    }

    #[function(sig = "(*args, **kwargs)", no_text)]
    fn decref(th: &Thread, args: Args<'_>) -> PyResult<()> {
        let [number, restrict] = parse(th, args, form!("decref", ["id"], ["restrict"], 1))?;
        let restrict = flag(th, restrict)?;
        let target = resolve(th, present(th, number)?, restrict, "decref")?;
        let is_own = std::ptr::eq(target.interp, th.interp());
        let mut ends = false;
        registry::update_interp(target.interp, |entry| {
            entry.handles -= 1;
            let unused = entry.handles == 0 && entry.ends_with_handles && entry.is_ready;
            ends = unused && !is_own && !entry.runs_main;
            entry.is_ready &= !ends;
        });
        if ends { end(th, &target) } else { Ok(()) }
    }

    /// capture_exception(exc=None) -> types.SimpleNamespace
    ///
    /// Return what exec() would tell of an exception: of the one that is being
    /// handled if none is given.
    #[function(sig = "(*args, **kwargs)", no_text)]
    fn capture_exception(th: &Thread, args: Args<'_>) -> PyResult {
        let [exception] = parse(th, args, form!("capture_exception", [], ["exc"], 1))?;
        let exception = match exception.filter(|exception| !exception.is_none()) {
            Some(exception) => exception.to_owned(),
            None => match th.handled_exception() {
                Some(handled) => handled.object().to_owned(),
                None => return Ok(none().to_owned()),
            },
        };
        if !BaseException::check(&exception) {
            let shown = object::repr(th, exception.borrow())?;
            return Err(raise!(th, TYPE_ERROR, "expected exception, got {}", &*shown));
        }
        errors::capture(th, exception.borrow())
    }
}

/// A call's parts, as data.
fn take_call(
    th: &Thread,
    callable: Borrowed<'_>,
    args: Option<Borrowed<'_>>,
    kwargs: Option<Borrowed<'_, Dict>>,
) -> PyResult<Call> {
    if !object::is_callable(callable) {
        let shown = object::repr(th, callable)?;
        return Err(raise!(th, TYPE_ERROR, "expected a callable, got {}", &*shown));
    }
    let function = match Carried::take_function(th, callable) {
        Ok(function) => function,
        Err(raised) => {
            let first = th.take_raised(raised);
            match pickled::Pickled::take(th, callable) {
                Ok(pickled) => Carried::Pickled(pickled),
                Err(raised) => {
                    drop(th.take_raised(raised));
                    return Err(th.set_exception(first.into_object()));
                }
            }
        }
    };
    let args = args.map(|args| Carried::take(th, args, Fallback::Full)).transpose()?;
    let kwargs =
        kwargs.map(|kwargs| Carried::take(th, kwargs.object(), Fallback::Full)).transpose()?;
    Ok(Call { function, args, kwargs })
}
