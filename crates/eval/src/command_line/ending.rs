//! How a program ends: an exit code, an exception that nobody handled, SIGINT.

use krait_objects::prelude::*;

use crate::sys;

/// The exit code for how a program ended; an exception other than SystemExit is shown.
pub fn exit_code(th: &Thread, result: PyResult<()>) -> i32 {
    let Err(raised) = result else {
        return 0;
    };
    let exception = match th.take_if(raised, exc::SYSTEM_EXIT) {
        Ok(exit) => return system_exit_code(th, exit.object()),
        Err(raised) => th.take_raised(raised),
    };
    let interrupted = exception.object().get().ty().is_subtype(exc::KEYBOARD_INTERRUPT);
    show_uncaught(th, exception.object(), true);
    th.interp().state::<Interrupted>().0.set(interrupted);
    if interrupted { 130 } else { 1 }
}

/// Through `sys.excepthook`, as the program may have replaced it; `keep` says whether `sys.last_exc` is to be it from here on.
pub fn show_uncaught(th: &Thread, exception: Borrowed<'_>, keep: bool) {
    let shown = (|| {
        let traceback = exception
            .downcast::<BaseException>()
            .and_then(|e| e.traceback().map(Borrowed::to_owned));
        let traceback = traceback.unwrap_or_else(|| none().to_owned());
        if keep {
            sys::set(th, id::last_exc, exception)?;
            sys::set(th, id::last_type, exception.get().ty().object())?;
            sys::set(th, id::last_value, exception)?;
            sys::set(th, id::last_traceback, traceback.object())?;
        }
        let hook = sys::get(th, id::excepthook)?;
        let (class, given) = (exception.get().ty(), hook.as_ref().map(Owned::object));
        if let Err(raised) =
            audit!(th, "sys.excepthook", given, class, exception, traceback.object())
        {
            if th.exception_matches(exc::RUNTIME_ERROR) {
                drop(th.take_raised(raised));
                return Ok(());
            }
            sys::hooks::unraisable(th, None, "Exception ignored in audit hook");
        }
        match hook {
            Some(hook) => call::call(
                th,
                hook.object(),
                &[exception.get().ty().object(), exception, traceback.object()],
            )
            .map(drop),
            None => {
                sys::hooks::print_exception(th, exception);
                Ok(())
            }
        }
    })();
    if let Err(raised) = shown {
        let failure = th.take_raised(raised);
        crate::builtins::write_stderr("Error in sys.excepthook:\n");
        sys::hooks::print_exception(th, failure.object());
        crate::builtins::write_stderr("\nOriginal exception was:\n");
        sys::hooks::print_exception(th, exception);
    }
}

/// The code of `SystemExit`: an int, nothing, or 1 after printing what else it is.
fn system_exit_code(th: &Thread, exit: Borrowed<'_>) -> i32 {
    let code = Str::interned(th, "code").and_then(|code| object::get_attr(th, exit, code.borrow()));
    let Ok(code) = code else {
        drop(th.take_exception());
        return 1;
    };
    if code.is_none() {
        return 0;
    }
    if let Some(number) = code.object().downcast::<Int>() {
        return number.to_i64().map_or(-1, |number| number as i32);
    }
    let text = object::str(th, code.object()).unwrap_or_else(|raised| {
        drop(th.take_raised(raised));
        Str::empty().to_owned()
    });
    let printed = (|| match sys::get(th, id::stderr)?.filter(|stream| !stream.is_none()) {
        Some(stream) => {
            let end = Str::new(th, "\n")?;
            let write =
                |text: Borrowed<'_>| call::call_method(th, stream.object(), id::write, &[text]);
            write(text.object())?;
            write(end.object()).map(drop)
        }
        None => {
            crate::builtins::write_stderr(&format!("{}\n", text.to_string_lossy()));
            Ok(())
        }
    })();
    if printed.is_err() {
        drop(th.take_exception());
    }
    1
}

/// Whether the program ended by a KeyboardInterrupt that nobody handled.
#[derive(Default)]
struct Interrupted(std::cell::Cell<bool>);

/// Whether the program ended by a KeyboardInterrupt that nobody handled: then, once all is finished, the process
/// is to `die_of_interrupt`.
pub fn is_interrupted(th: &Thread) -> bool {
    th.interp().state::<Interrupted>().0.get()
}

/// Ends the process by SIGINT, so that a shell that waits for it stops too. The exit code if the signal is blocked.
pub fn die_of_interrupt() -> i32 {
    // SAFETY: plain system calls, after Python has ended.
    unsafe {
        libc::signal(libc::SIGINT, libc::SIG_DFL);
        libc::kill(libc::getpid(), libc::SIGINT);
    }
    libc::SIGINT + 128
}
