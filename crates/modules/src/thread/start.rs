//! Starting threads, and waiting for them at the end.

use std::sync::Arc;

use krait_eval::{gil, sys};
use krait_objects::interp::Interpreter;
use krait_objects::prelude::*;

use super::handle::Done;
use super::{State, ThreadHandle, ThreadModule, ident};

/// What a new thread begins with. Its references belong to the interpreter, whose GIL the thread takes before it
/// touches them.
struct Task {
    function: Owned,
    args: Owned<Tuple>,
    kwargs: Option<Owned<Dict>>,
    done: Option<Arc<Done>>,
    thread: Box<Thread>,
    gil: gil::Gil,
}

// SAFETY: a task is only used by its new thread, which holds the GIL while it touches the references.
unsafe impl Send for Task {}

#[pyfunctions(part = "start")]
impl ThreadModule {
    /// Start a new thread that calls the function with the arguments, and return its identity.
    ///
    /// The thread ends when the function returns, or at an exception, which sys.unraisablehook() reports
    /// unless it is SystemExit.
    #[function(sig = "(function, args, kwargs={}, /)")]
    fn start_new_thread(
        th: &Thread,
        function: Borrowed<'_>,
        args: Borrowed<'_>,
        #[default(None)] kwargs: Option<Borrowed<'_>>,
    ) -> PyResult<u64> {
        start_plain(th, function, args, kwargs)
    }

    /// An obsolete synonym of start_new_thread().
    #[function(sig = "(function, args, kwargs={}, /)")]
    fn start_new(
        th: &Thread,
        function: Borrowed<'_>,
        args: Borrowed<'_>,
        #[default(None)] kwargs: Option<Borrowed<'_>>,
    ) -> PyResult<u64> {
        start_plain(th, function, args, kwargs)
    }

    /// Start a new thread that can be joined, and return its handle.
    #[function(sig = "(function, handle=None, daemon=True)")]
    fn start_joinable_thread(
        th: &Thread,
        function: Borrowed<'_>,
        handle: Option<Borrowed<'_>>,
        daemon: bool,
    ) -> PyResult<Owned<ThreadHandle>> {
        if !object::is_callable(function) {
            return Err(th.raise(exc::TYPE_ERROR, "thread function must be callable"));
        }
        let handle = match handle {
            None => ThreadHandle::create(th)?,
            Some(handle) => match handle.downcast::<ThreadHandle>() {
                Some(handle) => handle.to_owned(),
                None => return Err(th.raise(exc::TYPE_ERROR, "'handle' must be a _ThreadHandle")),
            },
        };
        let done = handle.start(th)?;
        let started = start(th, function.to_owned(), Tuple::empty().to_owned(), None, Some(done));
        match started {
            Ok(ident) => handle.set_ident(ident),
            Err(raised) => {
                handle.fail();
                return Err(raised);
            }
        }
        if !daemon {
            let mut joinable = th.interp().state::<State>().joinable.borrow_mut();
            joinable.push(handle.clone());
        }
        Ok(handle)
    }

    /// Make a handle of a thread that was started elsewhere.
    #[function(sig = "(ident, /)")]
    fn _make_thread_handle(th: &Thread, ident: u64) -> PyResult<Owned<ThreadHandle>> {
        let handle = ThreadHandle::create(th)?;
        handle.start(th)?;
        handle.set_ident(ident);
        Ok(handle)
    }

    /// Wait for all threads that are not daemons.
    #[function(sig = "()")]
    fn _shutdown(th: &Thread) -> PyResult<()> {
        loop {
            let next = th.interp().state::<State>().joinable.borrow_mut().pop();
            match next {
                Some(handle) => handle.wait(th, None)?,
                None => return Ok(()),
            };
        }
    }
}

fn start_plain(
    th: &Thread,
    function: Borrowed<'_>,
    args: Borrowed<'_>,
    kwargs: Option<Borrowed<'_>>,
) -> PyResult<u64> {
    if !object::is_callable(function) {
        return Err(th.raise(exc::TYPE_ERROR, "first arg must be callable"));
    }
    let Some(args) = args.downcast::<Tuple>() else {
        return Err(th.raise(exc::TYPE_ERROR, "2nd arg must be a tuple"));
    };
    let kwargs = match kwargs {
        None => None,
        Some(kwargs) => match kwargs.downcast::<Dict>() {
            Some(kwargs) => Some(kwargs.to_owned()),
            None => return Err(th.raise(exc::TYPE_ERROR, "optional 3rd arg must be a dictionary")),
        },
    };
    start(th, function.to_owned(), args.to_owned(), kwargs, None)
}

fn start(
    th: &Thread,
    function: Owned,
    args: Owned<Tuple>,
    kwargs: Option<Owned<Dict>>,
    done: Option<Arc<Done>>,
) -> PyResult<u64> {
    let interp: &Interpreter = th.interp();
    if interp.finalizing.get() {
        return Err(th.raise(
            exc::PYTHON_FINALIZATION_ERROR,
            "can't create new thread at interpreter shutdown",
        ));
    }
    let state = interp.state::<State>();
    let id = state.next_id.replace(state.next_id.get() + 1);
    let task =
        Task { function, args, kwargs, done, thread: Thread::new(interp, id), gil: gil::of(th) };
    let (sender, receiver) = std::sync::mpsc::channel();
    let mut builder = std::thread::Builder::new();
    // Python code nests deeper than Rust's default stack allows for.
    builder = builder.stack_size(match state.stack_size.get() {
        0 => 8 << 20,
        size => size,
    });
    state.count.set(state.count.get() + 1);
    let spawned = builder.spawn(move || {
        let _sent = sender.send(ident());
        run(task);
    });
    match spawned.map(|_thread| receiver.recv()) {
        Ok(Ok(ident)) => Ok(ident),
        _ => {
            state.count.set(state.count.get() - 1);
            Err(th.raise(exc::RUNTIME_ERROR, "can't start new thread"))
        }
    }
}

/// The life of a new thread.
fn run(task: Task) {
    let Task { function, args, kwargs, done, thread, gil } = task;
    // SAFETY: the thread state is this OS thread's own, not attached anywhere.
    unsafe {
        gil.acquire(&*thread);
        Thread::swap_current(&*thread);
    }
    let th = &*thread;
    let result = call::call_tuple_dict(
        th,
        function.object(),
        args.borrow(),
        kwargs.as_ref().map(Owned::borrow),
    );
    match result {
        Ok(value) => drop(value),
        Err(raised) => match th.take_if(raised, exc::SYSTEM_EXIT) {
            Ok(exit) => drop(exit),
            Err(raised) => {
                let _raised = raised;
                sys::hooks::unraisable(
                    th,
                    Some(function.object()),
                    "Exception ignored in thread started by",
                );
            }
        },
    }
    drop((function, args, kwargs));
    let state = th.interp().state::<State>();
    state.count.set(state.count.get() - 1);
    state.joinable.borrow_mut().retain(|handle| !handle.is_finished());
    // SAFETY: the thread gives the GIL up for good.
    unsafe { Thread::swap_current(std::ptr::null()) };
    if let Some(done) = done {
        done.finish();
    }
    gil.release();
}
