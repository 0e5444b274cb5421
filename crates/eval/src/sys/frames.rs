//! `sys._getframe` and tracing.

use krait_objects::prelude::*;

use super::Sys;
use crate::monitoring::legacy::{self, Kind};
use crate::{frame, thread_states};

/// The number that `threading.get_ident` gives in that thread.
fn ident_of(th: &Thread, other: &Thread) -> PyResult<Owned<Int>> {
    // SAFETY: the state is live.
    let ident = unsafe { (*other.raw()).thread_id };
    Int::from_u64(th, ident)
}

#[pyfunctions(part = "frames")]
impl Sys {
    /// Return a frame object from the call stack: the caller's, or that many calls below it.
    #[function(sig = "(depth=0, /)")]
    fn _getframe(th: &Thread, depth: i32) -> PyResult {
        match frame::object_at_depth(th, depth.max(0) as usize)? {
            Some(frame) => {
                audit!(th, "sys._getframe", frame.object())?;
                Ok(frame)
            }
            None => Err(th.raise(exc::VALUE_ERROR, "call stack is not deep enough")),
        }
    }

    /// Return a dictionary from each thread's identifier to the frame that runs in it.
    #[function(sig = "()")]
    fn _current_frames(th: &Thread) -> PyResult<Owned<Dict>> {
        super::audit(th, "sys._current_frames", &[])?;
        let frames = Dict::new(th)?;
        thread_states::for_each(th, |other| {
            let Some(frame) = frame::running(th, other)? else {
                return Ok(());
            };
            frames.set(th, ident_of(th, other)?.object(), frame.object())
        })?;
        Ok(frames)
    }

    /// Return a dictionary from each thread's identifier to the exception that it is handling.
    #[function(sig = "()")]
    fn _current_exceptions(th: &Thread) -> PyResult<Owned<Dict>> {
        super::audit(th, "sys._current_exceptions", &[])?;
        let exceptions = Dict::new(th)?;
        thread_states::for_each(th, |other| {
            let handled = other.handled_exception().map_or(none(), Borrowed::object);
            exceptions.set(th, ident_of(th, other)?.object(), handled)
        })?;
        Ok(exceptions)
    }

    /// Return the name of the module that a calling frame runs in, or None.
    #[function(sig = "(depth=0)")]
    fn _getframemodulename(th: &Thread, depth: i32) -> PyResult {
        audit!(th, "sys._getframemodulename", depth)?;
        let Some(frame) = frame::object_at_depth(th, depth.max(0) as usize)? else {
            return Ok(none().to_owned());
        };
        let globals =
            object::get_attr(th, frame.object(), Str::interned(th, "f_globals")?.borrow())?;
        let name = match globals.object().downcast::<Dict>() {
            Some(globals) => globals.get_str(th, id::__name__)?,
            None => None,
        };
        Ok(name.unwrap_or_else(|| none().to_owned()))
    }

    /// Return the tracing function, or None.
    #[function(sig = "()")]
    fn gettrace(th: &Thread) -> Option<Owned> {
        legacy::object_of(th, Kind::Trace)
    }

    /// Return the profiling function, or None.
    #[function(sig = "()")]
    fn getprofile(th: &Thread) -> Option<Owned> {
        legacy::object_of(th, Kind::Profile)
    }

    /// Set the function that is called for every new frame; what it returns is called for every line in it.
    #[function(sig = "(function, /)")]
    fn settrace(th: &Thread, function: Borrowed<'_>) -> PyResult<()> {
        legacy::set_python(th, th, Kind::Trace, function)
    }

    /// Set the function that is called for every call and return.
    #[function(sig = "(function, /)")]
    fn setprofile(th: &Thread, function: Borrowed<'_>) -> PyResult<()> {
        legacy::set_python(th, th, Kind::Profile, function)
    }

    /// Set the tracing function of all threads.
    #[function(sig = "(function, /)")]
    fn _settraceallthreads(th: &Thread, function: Borrowed<'_>) -> PyResult<()> {
        thread_states::for_each(th, |other| legacy::set_python(th, other, Kind::Trace, function))
    }

    /// Set the profiling function of all threads.
    #[function(sig = "(function, /)")]
    fn _setprofileallthreads(th: &Thread, function: Borrowed<'_>) -> PyResult<()> {
        thread_states::for_each(th, |other| legacy::set_python(th, other, Kind::Profile, function))
    }

    /// Call a function with a tuple of arguments, with tracing on even if the caller is a tracing function.
    #[function(sig = "(func, args, /)")]
    fn call_tracing(th: &Thread, func: Borrowed<'_>, args: Borrowed<'_, Tuple>) -> PyResult {
        // SAFETY: the thread is ours.
        let nested = unsafe { std::mem::replace(&mut (*th.raw()).tracing, 0) };
        let answer = call::call_tuple_dict(th, func, args, None);
        // SAFETY: as above.
        unsafe { (*th.raw()).tracing = nested };
        answer
    }

    /// set_asyncgen_hooks([firstiter] [, finalizer])
    ///
    /// Set the hooks of asynchronous generators: called when one is first iterated over, and when one is
    /// to be finalised.
    #[function(sig = "(firstiter=NULL, finalizer=NULL)", no_text)]
    fn set_asyncgen_hooks(
        th: &Thread,
        firstiter: Option<Borrowed<'_>>,
        finalizer: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        for (what, hook) in [("finalizer", finalizer), ("firstiter", firstiter)] {
            if let Some(hook) = hook.filter(|&hook| !hook.is_none() && !object::is_callable(hook)) {
                return Err(raise!(
                    th,
                    TYPE_ERROR,
                    "callable {what} expected, got {}",
                    hook.type_name()
                ));
            }
        }
        for (event, hook) in [
            ("sys.set_asyncgen_hook_finalizer", finalizer),
            ("sys.set_asyncgen_hook_firstiter", firstiter),
        ] {
            if hook.is_some() {
                audit!(th, event)?;
            }
        }
        // SAFETY: the attached thread's own fields, which own their references.
        unsafe {
            let raw = th.raw();
            for (field, hook) in [
                (&raw mut (*raw).async_gen_finalizer, finalizer),
                (&raw mut (*raw).async_gen_firstiter, firstiter),
            ] {
                if let Some(hook) = hook {
                    let new = if hook.is_none() {
                        std::ptr::null_mut()
                    } else {
                        hook.to_owned().into_ptr()
                    };
                    drop(Owned::<Object>::from_ptr_or_null(std::mem::replace(&mut *field, new)));
                }
            }
        }
        Ok(())
    }

    /// Return the hooks of asynchronous generators: (firstiter, finalizer).
    #[function(sig = "()")]
    fn get_asyncgen_hooks(th: &Thread) -> PyResult {
        use krait_objects::structseq::{Field, StructSequence};
        static FIELDS: [Field; 2] = [
            Field { name: "firstiter", doc: "called when iteration begins" },
            Field { name: "finalizer", doc: "called when a generator is to be finalised" },
        ];
        // SAFETY: the attached thread's own fields.
        let hooks: Vec<Owned> = unsafe {
            [(*th.raw()).async_gen_firstiter, (*th.raw()).async_gen_finalizer]
                .map(|hook| Borrowed::<Object>::from_ptr_or_null(hook).unwrap_or(none()).to_owned())
                .into()
        };
        let ty = StructSequence::new_type(th, "asyncgen_hooks", "", &FIELDS, 2)?;
        StructSequence::seal(&ty, true);
        StructSequence::new(th, ty.borrow(), hooks).map(Owned::into_object)
    }
}
