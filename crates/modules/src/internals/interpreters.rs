//! Functions of `_testinternalcapi` about interpreters, and about what they are asked to call soon.

use std::ffi::{c_int, c_void};
use std::sync::mpsc::{self, Sender};

use krait_abi as abi;
use krait_eval::registry::{self, Entry};
use krait_eval::subs::{self, Origin};
use krait_eval::{gil, pending_calls};
use krait_objects::prelude::*;

use super::{Internals, crossing};
use crate::interpreters;
use crate::interpreters::arguments::number_of;
use crate::interpreters::session::{self, not_found};

/// The interpreter with this number.
fn resolve(th: &Thread, id: Borrowed<'_>) -> PyResult<Entry> {
    let id = number_of(th, id, "interpreter")?;
    registry::find_id(id).ok_or_else(|| not_found(th, id))
}

/// Calls the object that `argument` is a reference to.
unsafe extern "C" fn call_object(argument: *mut c_void) -> c_int {
    // SAFETY: the queue gives up the reference that it was given.
    let callback: Owned = unsafe { Owned::from_ptr(argument.cast::<abi::PyObject>()) };
    call::call(Thread::current(), callback.object(), &[]).map_or(-1, |_| 0)
}

/// Tells which interpreter it is called in.
unsafe extern "C" fn tell_interpreter(argument: *mut c_void) -> c_int {
    // SAFETY: what `pending_identify` queued.
    let tell = unsafe { Box::from_raw(argument.cast::<Sender<i64>>()) };
    let own = registry::find(Thread::current().interp());
    // Nobody may wait any more.
    let _ = tell.send(own.map_or(-1, |own| own.id));
    0
}

#[pyfunctions(part = "interpreters")]
impl Internals {
    /// Has the interpreter call an object soon, so many times; how many calls there was room for.
    #[function(sig = "(callback, num=1, *, blocking=False, ensure_added=False)", no_text)]
    fn pending_threadfunc(
        th: &Thread,
        callback: Borrowed<'_>,
        num: usize,
        blocking: bool,
        ensure_added: bool,
    ) -> usize {
        let interp = std::ptr::from_ref(th.interp());
        let references: Vec<usize> =
            (0..num).map(|_| callback.to_owned().into_ptr() as usize).collect();
        let add = || {
            let mut added = 0;
            for &reference in &references {
                let argument = reference as *mut c_void;
                let mut done = pending_calls::add(Some(interp), call_object, argument);
                while !done && ensure_added {
                    std::thread::yield_now();
                    done = pending_calls::add(Some(interp), call_object, argument);
                }
                if !done {
                    break;
                }
                added += 1;
            }
            added
        };
        let added = if blocking { add() } else { gil::without_gil(th, add) };
        for &reference in &references[added..] {
            // SAFETY: made above, and not given up.
            drop(unsafe { Owned::<Object>::from_ptr(reference as *mut abi::PyObject) });
        }
        added
    }

    /// The number of the interpreter that a call runs in which another one has been asked for.
    #[function(sig = "(interpid, /)", no_text)]
    fn pending_identify(th: &Thread, interpid: Borrowed<'_>) -> PyResult<i64> {
        let target = resolve(th, interpid)?;
        let (tell, told) = mpsc::channel();
        let argument: *mut Sender<i64> = Box::into_raw(Box::new(tell));
        let argument = argument as usize;
        let interp = target.interp as usize;
        Ok(gil::without_gil(th, || {
            let interp = interp as *const krait_objects::interp::Interpreter;
            while !pending_calls::add(Some(interp), tell_interpreter, argument as *mut c_void) {
                std::thread::yield_now();
            }
            told.recv().unwrap_or(-1)
        }))
    }

    /// What an interpreter may do, and whether its GIL is its own.
    #[function(sig = "(interpid=None, /)", no_text)]
    fn get_interp_settings(th: &Thread, interpid: Option<Borrowed<'_>>) -> PyResult<Owned<Dict>> {
        let settings = match interpid {
            Some(id) => resolve(th, id)?.settings,
            None => subs::settings(th),
        };
        // `Py_RTFLAGS_…`, as the reference numbers them.
        let flags = [
            (settings.use_main_obmalloc, 1 << 5),
            (settings.check_multi_interp_extensions, 1 << 8),
            (settings.allow_threads, 1 << 10),
            (settings.allow_daemon_threads, 1 << 11),
            (settings.allow_fork, 1 << 15),
            (settings.allow_exec, 1 << 16),
        ];
        let all = flags.iter().filter(|(is_set, _)| *is_set).fold(0i64, |all, (_, bit)| all | bit);
        let dict = Dict::new(th)?;
        let flags = Int::from_i64(th, all)?;
        dict.set_str(th, Str::interned(th, "feature_flags")?.borrow(), flags.object())?;
        let own_gil = bool_object(settings.own_gil).object();
        dict.set_str(th, Str::interned(th, "own_gil")?.borrow(), own_gil)?;
        Ok(dict)
    }

    /// Starts an interpreter; its number.
    #[function(sig = "(config=None, *, whence=None)", no_text)]
    fn create_interpreter(
        th: &Thread,
        config: Option<Borrowed<'_>>,
        whence: Option<Borrowed<'_>>,
    ) -> PyResult<i64> {
        let origins =
            [Origin::Unknown, Origin::Runtime, Origin::LegacyC, Origin::C, Origin::Crossing];
        let origin = match whence.filter(|whence| !whence.is_none()) {
            None => Some(Origin::Crossing),
            Some(whence) => {
                let number = number_of(th, whence, "whence")?;
                origins.into_iter().find(|&known| known as i64 == number)
            }
        };
        let Some(origin) = origin.filter(|&origin| origin != Origin::Runtime) else {
            return Err(th.raise(exc::VALUE_ERROR, "unsupported whence"));
        };
        let legacy = Str::interned(th, "legacy")?;
        let config = match config.filter(|config| !config.is_none()) {
            None if origin == Origin::LegacyC => Some(legacy.object()),
            config => config,
        };
        interpreters::start(th, config, origin)
    }

    /// Ends an interpreter.
    #[function(sig = "(id, *, basic=False)", no_text)]
    fn destroy_interpreter(th: &Thread, id: Borrowed<'_>, basic: bool) -> PyResult<()> {
        // Both of the reference's ways come to the same here.
        let _ = basic;
        interpreters::destroy(th, &resolve(th, id)?)
    }

    /// Runs a program in an interpreter: 0, or -1 if it failed.
    #[function(sig = "(id, code, *, main=False)", no_text)]
    fn exec_interpreter(
        th: &Thread,
        id: Borrowed<'_>,
        code: Borrowed<'_, Str>,
        main: bool,
    ) -> PyResult<i32> {
        let ran = session::run_in(th, &resolve(th, id)?, code.get().as_utf8(th)?, main)?;
        Ok(if ran { 0 } else { -1 })
    }

    /// The number that the next interpreter gets.
    #[function(sig = "()")]
    fn next_interpreter_id() -> i64 {
        registry::upcoming_id()
    }

    /// An object's data, to be taken to another interpreter in one of several ways.
    #[function(sig = "(obj, mode=None)", no_text)]
    fn get_crossinterp_data(
        th: &Thread,
        obj: Borrowed<'_>,
        mode: Option<Borrowed<'_>>,
    ) -> PyResult {
        crossing::take(th, obj, mode)
    }

    /// The object that the data stand for.
    #[function(sig = "(xid, /)", no_text)]
    fn restore_crossinterp_data(th: &Thread, xid: Borrowed<'_>) -> PyResult {
        crossing::open(th, xid)
    }

    /// The number that an object stands for.
    #[function(sig = "(object, /)")]
    fn normalize_interp_id(th: &Thread, object: Borrowed<'_>) -> PyResult<i64> {
        number_of(th, object, "interpreter")
    }

    /// A number that no interpreter has.
    #[function(sig = "()")]
    fn unused_interpreter_id() -> i64 {
        i64::MAX
    }

    /// Whether there is an interpreter with this number.
    #[function(sig = "(interpid, /)")]
    fn interpreter_exists(th: &Thread, interpid: Borrowed<'_>) -> PyResult<bool> {
        Ok(registry::find_id(number_of(th, interpid, "interpreter")?).is_some())
    }

    /// How many handles there are of an interpreter.
    #[function(sig = "(interpid, /)")]
    fn get_interpreter_refcount(th: &Thread, interpid: Borrowed<'_>) -> PyResult<i64> {
        Ok(resolve(th, interpid)?.handles)
    }

    /// Makes an interpreter end with its last handle.
    #[function(sig = "(interpid, /)")]
    fn link_interpreter_refcount(th: &Thread, interpid: Borrowed<'_>) -> PyResult<()> {
        let target = resolve(th, interpid)?;
        registry::update_interp(target.interp, |entry| entry.ends_with_handles = true);
        Ok(())
    }

    /// Makes an interpreter outlive its last handle.
    #[function(sig = "(interpid, /)")]
    fn unlink_interpreter_refcount(th: &Thread, interpid: Borrowed<'_>) -> PyResult<()> {
        let target = resolve(th, interpid)?;
        registry::update_interp(target.interp, |entry| entry.ends_with_handles = false);
        Ok(())
    }

    /// Whether an interpreter ends with its last handle.
    #[function(sig = "(interpid, /)")]
    fn interpreter_refcount_linked(th: &Thread, interpid: Borrowed<'_>) -> PyResult<bool> {
        Ok(resolve(th, interpid)?.ends_with_handles)
    }
}
