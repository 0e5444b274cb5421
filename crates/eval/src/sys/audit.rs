//! Audit hooks (PEP 578): programs and hosts that want to know what happens.

use std::cell::RefCell;
use std::ffi::{CString, c_char, c_int, c_void};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use krait_objects::audit;
use krait_objects::prelude::*;

use super::Sys;
use crate::registry;

/// The hooks of one interpreter, in the order in which they were added.
#[derive(Default)]
struct Hooks(RefCell<Vec<Owned>>);

#[pyfunctions(part = "audit")]
impl Sys {
    /// Add a hook that is called for every audit event; it cannot be taken away again.
    #[function(sig = "(hook)")]
    fn addaudithook(th: &Thread, hook: Borrowed<'_>) -> PyResult<()> {
        if let Err(raised) = audit(th, "sys.addaudithook", &[]) {
            // A hook may refuse others: quietly, with any Exception.
            th.take_if(raised, exc::EXCEPTION)?;
            return Ok(());
        }
        // In the reference they are opened before anybody can listen.
        th.interp().complete_streams(th)?;
        th.interp().state::<Hooks>().0.borrow_mut().push(hook.to_owned());
        th.interp().audited.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Pass an event and its arguments to every hook.
    #[function(sig = "(event, /, *args)")]
    fn audit(th: &Thread, event: Borrowed<'_>, args: &[Borrowed<'_>]) -> PyResult<()> {
        let Some(name) = event.downcast::<Str>() else {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "expected str for argument 'event', not {}",
                event.type_name()
            ));
        };
        if !is_watched(th) {
            return Ok(());
        }
        let args = Tuple::from_slice(th, args)?;
        call_hooks(th, name, args.object())
    }
}

/// Whether anybody listens: whoever raises an event asks first.
pub fn is_watched(th: &Thread) -> bool {
    // In the reference importlib is there before anybody can listen.
    audit::is_watched(th) && !th.interp().forward.is_setting_up(th)
}

fn call_hooks(th: &Thread, event: Borrowed<'_, Str>, args: Borrowed<'_>) -> PyResult<()> {
    call_host_hooks(th, event, args)?;
    // Tracing functions do not see hooks, but for those that have `__cantrace__`.
    add_to_tracing(th, 1);
    let answer = call_python_hooks(th, event, args);
    add_to_tracing(th, -1);
    answer
}

fn add_to_tracing(th: &Thread, change: i32) {
    // SAFETY: the thread is ours.
    unsafe { (*th.raw()).tracing += change };
}

fn call_python_hooks(th: &Thread, event: Borrowed<'_, Str>, args: Borrowed<'_>) -> PyResult<()> {
    let hooks = &th.interp().state::<Hooks>().0;
    let cantrace = Str::interned(th, "__cantrace__")?;
    // A hook may add another, which is called as well.
    for at in 0.. {
        let hook = hooks.borrow().get(at).cloned();
        let Some(hook) = hook else { break };
        let seen = match object::get_attr_opt(th, hook.object(), cantrace.borrow())? {
            Some(seen) => object::is_true(th, seen.object())?,
            None => false,
        };
        add_to_tracing(th, -i32::from(seen));
        let answer = call::call(th, hook.object(), &[event.object(), args]);
        add_to_tracing(th, i32::from(seen));
        answer?;
    }
    Ok(())
}

/// A hook of the host: of the whole process, and possibly older than the interpreter.
pub type HostHook =
    unsafe extern "C" fn(*const c_char, *mut krait_abi::PyObject, *mut c_void) -> c_int;

/// The host's hooks with their data, which is an address to us.
static HOST: Mutex<Vec<(HostHook, usize)>> = Mutex::new(Vec::new());

/// Whether there is one, so that nobody waits for the lock without need.
static HOST_LISTENS: AtomicBool = AtomicBool::new(false);

pub fn add_host_hook(hook: HostHook, data: *mut c_void) {
    host_hooks().push((hook, data as usize));
    HOST_LISTENS.store(true, Ordering::Relaxed);
    for entry in registry::all() {
        // SAFETY: an interpreter is in the list as long as it lives.
        unsafe { (*entry.interp).audited.store(true, Ordering::Relaxed) };
    }
}

/// Whether a new interpreter has hooks from the start.
pub fn host_listens() -> bool {
    HOST_LISTENS.load(Ordering::Relaxed)
}

/// Tells the hooks of the host that there will be no more events: at the end of the main interpreter.
pub fn announce_end(th: &Thread) {
    let told = Str::interned(th, "cpython._PySys_ClearAuditHooks")
        .and_then(|event| Ok((event, Tuple::from_slice(th, &[])?)))
        .and_then(|(event, args)| call_host_hooks(th, event.borrow(), args.object()));
    if let Err(raised) = told {
        drop(th.take_raised(raised));
    }
}

/// At the end of the interpreter.
pub fn clear_host_hooks() {
    HOST_LISTENS.store(false, Ordering::Relaxed);
    host_hooks().clear();
}

fn host_hooks() -> std::sync::MutexGuard<'static, Vec<(HostHook, usize)>> {
    HOST.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn call_host_hooks(th: &Thread, event: Borrowed<'_, Str>, args: Borrowed<'_>) -> PyResult<()> {
    if !HOST_LISTENS.load(Ordering::Relaxed) {
        return Ok(());
    }
    let hooks = host_hooks().clone();
    let event = CString::new(event.to_wtf8()).unwrap_or_default();
    for (hook, data) in hooks {
        // SAFETY: the host promised a function that takes these.
        if unsafe { hook(event.as_ptr(), args.as_ptr(), data as *mut c_void) } != 0 {
            return Err(th.raised_by_c());
        }
    }
    Ok(())
}

/// Raises an audit event: an error if a hook objects.
pub fn audit(th: &Thread, event: &str, args: &[Borrowed<'_>]) -> PyResult<()> {
    if !is_watched(th) {
        return Ok(());
    }
    let args = Tuple::from_slice(th, args)?;
    call_hooks(th, Str::interned(th, event)?.borrow(), args.object())
}

/// As `audit`, with the tuple of arguments (`krait_objects::audit`).
pub fn tell(th: &Thread, event: &str, args: Borrowed<'_, Tuple>) -> PyResult<()> {
    if !is_watched(th) {
        return Ok(());
    }
    call_hooks(th, Str::interned(th, event)?.borrow(), args.object())
}
