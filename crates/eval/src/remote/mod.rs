//! Scripts that one process has another one run: `sys.remote_exec` on one side, the eval breaker on the other (PEP 768).
//!
//! The sender writes the script's path into the thread state of the other's main thread and sets a bit of its eval breaker;
//! where the table at the beginning of `_PyRuntime` says that these are, so that either side may be CPython. The same job as
//! CPython's `Python/remote_debugging.c`.

pub mod process;

use std::ffi::{CStr, c_char};
use std::io;

use krait_abi as abi;
use krait_objects::exceptions::os;
use krait_objects::prelude::*;

use crate::compile::{self, Request};
use crate::{import, pending, run, sys};
use process::Process;

/// A process that runs Python 3.14.
#[derive(Clone, Copy)]
pub struct Target {
    pub process: Process,
    /// Where its `_PyRuntime` is.
    pub runtime: u64,
    pub offsets: abi::_Py_DebugOffsets,
}

impl Target {
    /// Looks for Python in a process.
    pub fn find(th: &Thread, pid: i32) -> PyResult<Target> {
        let process = Process { pid };
        let mut cookie = [0; 8];
        let is_one = |address| process.read(address, &mut cookie).is_ok() && cookie == *b"xdebugpy";
        match process.find_section(".PyRuntime", is_one) {
            Ok(Some(runtime)) => Target::at(th, process, runtime),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                let path = Str::new(th, &process.maps_path())?;
                let number = error.raw_os_error().unwrap_or(0);
                Err(os::raise_errno(th, exc::OS_ERROR, number, [Some(path.object()), None]))
            }
            _ => Err(raise!(
                th,
                RUNTIME_ERROR,
                "Failed to find the PyRuntime section in process {pid} on Linux platform"
            )),
        }
    }

    /// Python in a process, where it was found before.
    pub fn known(th: &Thread, pid: i32, runtime: u64) -> PyResult<Target> {
        Target::at(th, Process { pid }, runtime)
    }

    fn at(th: &Thread, process: Process, runtime: u64) -> PyResult<Target> {
        let mut bytes = [0; size_of::<abi::_Py_DebugOffsets>()];
        if let Err(error) = process.read(runtime, &mut bytes) {
            return Err(unreadable(th, &error));
        }
        // SAFETY: the struct is numbers only.
        let offsets: abi::_Py_DebugOffsets = unsafe { std::mem::transmute(bytes) };
        const MINOR: u64 = abi::PY_VERSION_HEX as u64 >> 16;
        if offsets.version >> 16 != MINOR || offsets.free_threaded != 0 {
            let (major, minor) = (offsets.version >> 24 & 0xff, offsets.version >> 16 & 0xff);
            let free = if offsets.free_threaded != 0 { " without GIL" } else { "" };
            return Err(raise!(
                th,
                RUNTIME_ERROR,
                "Can't look into a process that runs Python {major}.{minor}{free}: this is Python 3.14"
            ));
        }
        Ok(Target { process, runtime, offsets })
    }

    /// The pointer or number that lies there.
    pub fn word(&self, th: &Thread, address: u64) -> PyResult<u64> {
        self.process.word(address).map_err(|error| unreadable(th, &error))
    }

    /// Its newest interpreter.
    pub fn interpreter(&self, th: &Thread) -> PyResult<u64> {
        let head = self.runtime.wrapping_add(self.offsets.runtime_state.interpreters_head);
        match self.word(th, head)? {
            0 => Err(th.raise(exc::RUNTIME_ERROR, "No interpreter state found")),
            interpreter => Ok(interpreter),
        }
    }
}

/// The OSError for memory that cannot be read.
pub fn unreadable(th: &Thread, error: &io::Error) -> Raised {
    os::raise_errno(th, exc::OS_ERROR, error.raw_os_error().unwrap_or(libc::EIO), [None, None])
}

/// Has the main thread of a process run the script at `path` when it next can.
pub fn send(th: &Thread, pid: i32, path: &CStr) -> PyResult<()> {
    let target = Target::find(th, pid).map_err(|raised| {
        explain(th, raised, "PyRuntime address lookup failed during debug offsets initialization")
    })?;
    let (process, places) = (target.process, target.offsets.debugger_support);
    let interpreter = target.interpreter(th)?;
    let failed = |error: io::Error| unreadable(th, &error);
    let mut enabled = [0; 4];
    let address = interpreter.wrapping_add(places.remote_debugging_enabled);
    process.read(address, &mut enabled).map_err(failed)?;
    if i32::from_ne_bytes(enabled) != 1 {
        let message = "Remote debugging is not enabled in the remote process";
        return Err(th.raise(exc::RUNTIME_ERROR, message));
    }
    let main = interpreter.wrapping_add(target.offsets.interpreter_state.threads_main);
    let thread = target.word(th, main)?;
    if thread == 0 {
        return Err(th.raise(exc::RUNTIME_ERROR, "No thread state found"));
    }
    let bytes = path.to_bytes_with_nul();
    if bytes.len() as u64 > places.debugger_script_path_size {
        return Err(th.raise(exc::VALUE_ERROR, "Debugger script path is too long"));
    }
    let support = thread.wrapping_add(places.remote_debugger_support);
    process.write(support.wrapping_add(places.debugger_script_path), bytes).map_err(failed)?;
    process
        .write(support.wrapping_add(places.debugger_pending_call), &1i32.to_ne_bytes())
        .map_err(failed)?;
    let breaker = thread.wrapping_add(places.eval_breaker);
    let bits = process.word(breaker).map_err(failed)? | pending::PLEASE_STOP as u64;
    process.write(breaker, &bits.to_ne_bytes()).map_err(failed)
}

/// If the current exception is a RuntimeError, another one with that as its cause.
pub fn explain(th: &Thread, raised: Raised, message: &str) -> Raised {
    if !th.exception_matches(exc::RUNTIME_ERROR) {
        return raised;
    }
    let cause = th.take_raised(raised);
    let raised = th.raise(exc::RUNTIME_ERROR, message);
    let exception = th.take_raised(raised);
    exception.set_cause(Some(cause.clone().into_object()));
    exception.set_context(Some(cause.into_object()));
    th.set_exception(exception.into_object())
}

/// Runs the script that another process has asked this thread to run, if any. What it raises is reported, not raised.
#[cold]
pub fn run_asked(th: &Thread) {
    let mut path = [0; abi::_Py_MAX_SCRIPT_PATH_SIZE as usize];
    // SAFETY: the thread is ours while attached; others may write to the path meanwhile, so it is copied first.
    unsafe {
        let support = &raw mut (*th.raw()).remote_debugger_support;
        if (*support).debugger_pending_call != 1 || th.interp().remote_debug.get() != 1 {
            return;
        }
        (*support).debugger_pending_call = 0;
        let source: *const [c_char; 512] = &raw const (*support).debugger_script_path;
        path.copy_from_slice(&source.cast::<[u8; 512]>().read_volatile());
    }
    path[path.len() - 1] = 0;
    let Ok(path) = CStr::from_bytes_until_nul(&path) else { return };
    if path.is_empty() {
        return;
    }
    let Ok(path) = Str::from_fs_bytes(th, path.to_bytes()) else {
        return sys::hooks::unraisable(th, None, "Can't decode debugger script");
    };
    let failed = |what: &str| sys::hooks::unraisable(th, None, &format!("{what} {}", &*path));
    if sys::audit::audit(th, "cpython.remote_debugger_script", &[path.object()]).is_err() {
        return failed("Audit hook failed for remote debugger script");
    }
    match read(th, path.borrow()) {
        Err(_) => failed("Can't open debugger script"),
        Ok(source) => {
            if run_source(th, source.object()).is_err() {
                failed("Error executing debugger script");
            }
        }
    }
}

fn read(th: &Thread, path: Borrowed<'_, Str>) -> PyResult {
    let io = import::import(th, "io")?;
    let method = |ob: Borrowed<'_>, name: &str, args: &[Borrowed<'_>]| {
        call::call_method(th, ob, Str::interned(th, name)?.borrow(), args)
    };
    let file = method(io.object(), "open_code", &[path.object()])?;
    let source = method(file.object(), "read", &[]);
    method(file.object(), "close", &[])?;
    source
}

fn run_source(th: &Thread, source: Borrowed<'_>) -> PyResult<()> {
    let globals = Dict::new(th)?;
    if let Some(builtins) = import::modules(th)?.get_str(th, id::builtins)? {
        globals.set_str(th, id::__builtins__, builtins.object())?;
    }
    let filename = Str::new(th, "<string>")?;
    let request = Request {
        filename: filename.borrow(),
        mode: krait_syntax::Mode::Exec,
        flags: 0,
        optimize: None,
        feature_version: None,
    };
    let Some(source) = source.downcast::<Bytes>() else {
        return Err(th.raise(exc::TYPE_ERROR, "the script's source is not bytes"));
    };
    let text = krait_syntax::Source::Bytes(source.get().as_bytes());
    let code = compile::compile(th, text, request)?;
    run::eval_code(th, code.borrow(), globals.borrow(), None).map(drop)
}
