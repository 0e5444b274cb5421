//! `atexit`: functions that are called when the interpreter ends.
//!
//! The same job as CPython's `Modules/atexitmodule.c`.

use std::cell::RefCell;

use krait_objects::prelude::*;

/// A function with the arguments it is to be called with.
struct Callback {
    function: Owned,
    args: Owned<Tuple>,
    kwargs: Owned<Dict>,
}

/// The interpreter's functions, in the order they were registered.
#[derive(Default)]
struct Callbacks(RefCell<Vec<Callback>>);

/// Functions that are called when the program ends normally.
///
/// They are given to register() and taken back with unregister().
#[pymodule(name = "atexit")]
pub struct Atexit;

fn callbacks(th: &Thread) -> &RefCell<Vec<Callback>> {
    &th.interp().state::<Callbacks>().0
}

/// Calls all functions, the last one first; what they raise is reported.
pub fn run(th: &Thread) {
    loop {
        let Some(callback) = callbacks(th).borrow_mut().pop() else {
            return;
        };
        let Callback { function, args, kwargs } = &callback;
        let called =
            call::call_tuple_dict(th, function.borrow(), args.borrow(), Some(kwargs.borrow()));
        if let Err(raised) = called {
            let exception = th.take_raised(raised);
            let what = match object::repr(th, function.borrow()) {
                Ok(text) => format!("Exception ignored in atexit callback {}", &*text),
                Err(raised) => {
                    drop(th.take_raised(raised));
                    "Exception ignored in atexit callback".to_string()
                }
            };
            let _ = th.set_exception(exception.into_object());
            (th.interp().services.get().unraisable)(th, None, &what);
        }
    }
}

#[pyfunctions]
impl Atexit {
    #[exec]
    fn exec(_module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        th.interp().state::<krait_eval::lifecycle::ExitHook>().0.set(Some(run));
        Ok(())
    }

    /// Have a function called when the program ends normally.
    ///
    /// It gets the positional and keyword arguments that follow it here, and is itself returned, so that
    /// register can serve as a decorator.
    #[function(sig = "(func, /, *args, **kwargs)")]
    fn register(th: &Thread, args: Args<'_>) -> PyResult {
        let Some((&function, positional)) = args.positionals().split_first() else {
            return Err(th.raise(exc::TYPE_ERROR, "register() takes at least 1 argument (0 given)"));
        };
        if !object::is_callable(function) {
            return Err(th.raise(exc::TYPE_ERROR, "the first argument must be callable"));
        }
        let callback = Callback {
            function: function.to_owned(),
            args: Tuple::from_slice(th, positional)?,
            kwargs: args.keywords().to_dict(th)?,
        };
        callbacks(th).borrow_mut().push(callback);
        Ok(function.to_owned())
    }

    /// Forget all functions that were registered.
    #[function(sig = "()")]
    fn _clear(th: &Thread) {
        let old = std::mem::take(&mut *callbacks(th).borrow_mut());
        drop(old);
    }

    /// Take a function back that was registered with atexit.register, as often as it was.
    #[function(sig = "(func, /)")]
    fn unregister(th: &Thread, func: Borrowed<'_>) -> PyResult<()> {
        // Comparing runs Python code, which may register and unregister: look at one at a time.
        let mut at = callbacks(th).borrow().len();
        while at > 0 {
            at -= 1;
            let known = callbacks(th).borrow().get(at).map(|known| known.function.clone());
            let Some(known) = known else {
                continue;
            };
            if object::eq(th, func, known.borrow())? {
                let mut list = callbacks(th).borrow_mut();
                let same = list.get(at).is_some_and(|entry| entry.function.is(known.borrow()));
                let removed = same.then(|| list.remove(at));
                drop(list);
                drop(removed);
            }
        }
        Ok(())
    }

    /// Call all registered functions now, the last one first.
    ///
    /// An exception in one of them goes to sys.unraisablehook.
    #[function(sig = "()")]
    fn _run_exitfuncs(th: &Thread) {
        run(th);
    }

    /// How many calls are registered.
    #[function(sig = "()")]
    fn _ncallbacks(th: &Thread) -> usize {
        callbacks(th).borrow().len()
    }
}
