//! Audit hooks (PEP 578): programs and hosts that want to know what happens.

use std::cell::RefCell;

use krait_objects::prelude::*;

use super::Sys;

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
        th.interp().state::<Hooks>().0.borrow_mut().push(hook.to_owned());
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
    !th.interp().state::<Hooks>().0.borrow().is_empty()
}

fn call_hooks(th: &Thread, event: Borrowed<'_, Str>, args: Borrowed<'_>) -> PyResult<()> {
    // A hook may add another: that one is not called for this event.
    let hooks = th.interp().state::<Hooks>().0.borrow().clone();
    for hook in hooks {
        call::call(th, hook.object(), &[event.object(), args])?;
    }
    Ok(())
}

/// Raises an audit event: an error if a hook objects.
pub fn audit(th: &Thread, event: &str, args: &[Borrowed<'_>]) -> PyResult<()> {
    if !is_watched(th) {
        return Ok(());
    }
    let event = Str::interned(th, event)?;
    let args = Tuple::from_slice(th, args)?;
    call_hooks(th, event.borrow(), args.object())
}
