//! Extension modules with single-phase initialisation: their `PyInit_NAME` gives a whole module.
//!
//! Such a module may have variables of C that all interpreters see, and point from there at its objects. So it is made in
//! the main interpreter, whose heap all interpreters share that may have it, and the others get their own from what is kept
//! of it: a copy of its namespace (`m_size` -1), or by another call of the hook. An interpreter with a heap of its own that
//! is told not to check for such modules makes and keeps one for itself.
//!
//! The same job as `import_run_extension`, `reload_singlephase_extension` and the cache of extensions in CPython's
//! `Python/import.c`.

use std::cell::RefCell;
use std::collections::HashMap;

use krait_abi as abi;
use krait_objects::module::rules::{ExtensionRules, ModulesByIndex};
use krait_objects::prelude::*;

use super::extension::{Failure, Hook, Made, Wanted, run};
use crate::{gil, registry, sys, thread_states};

/// A module that was loaded before.
struct Known {
    def: *mut abi::PyModuleDef,
    hook: Hook,
    /// The namespace after initialisation, of a module that cannot be initialised again.
    namespace: Option<Owned<Dict>>,
}

/// By path (or nothing) and name.
#[derive(Default)]
struct SinglePhase(RefCell<HashMap<(String, String), Known>>);

/// The modules that the interpreter can have once more.
fn table(th: &Thread) -> &SinglePhase {
    registry::heap_owner(th).state()
}

/// Calls a hook in the main interpreter, where a single-phase module is remembered.
pub(super) fn run_in_main(
    th: &Thread,
    main: registry::Entry,
    wanted: &Wanted,
    hook: Hook,
) -> PyResult<Made<()>> {
    let Some(state) = registry::new_state(main.interp) else {
        return Err(th.raise(exc::IMPORT_ERROR, "the main interpreter has ended"));
    };
    let state: *const Thread = Box::into_raw(state);
    gil::detach(th);
    // SAFETY: a new state of a live interpreter; the strings of `wanted` are not changed meanwhile.
    let made = unsafe {
        gil::attach(state);
        let made = run_and_remember(&*state, wanted, hook);
        thread_states::clear(&*state);
        gil::detach(&*state);
        thread_states::delete(state);
        gil::attach(th);
        made
    };
    made.map_err(|failure| failure.raise_elsewhere(th, wanted))
}

fn run_and_remember(th: &Thread, wanted: &Wanted, hook: Hook) -> Result<Made<()>, Failure> {
    let made = wanted.copy(th).map_err(|_| Failure::Raised).and_then(|wanted| {
        if table(th).0.borrow().contains_key(&wanted.key()) {
            return Ok(Made::Module(()));
        }
        Ok(match run(th, &wanted, hook)? {
            Made::Definition(def) => Made::Definition(def),
            Made::Module(module) => {
                remember(th, &wanted, hook, module.borrow()).map_err(|_| Failure::Raised)?;
                Made::Module(())
            }
        })
    });
    if th.is_raised() {
        sys::hooks::unraisable(th, None, "Exception while importing from subinterpreter");
    }
    made
}

/// A module that was just made in the main interpreter, for this one.
pub(super) fn load_learned(th: &Thread, wanted: &Wanted, hook: Hook) -> PyResult {
    ExtensionRules::of(th).refuse(th, &wanted.name.to_string_lossy())?;
    if let Some(module) = load_again(th, wanted)? {
        return Ok(module);
    }
    let module = make(th, wanted, hook)?;
    remember(th, wanted, hook, module.borrow())?;
    enter(th, wanted, module.borrow())?;
    Ok(module.into_object())
}

fn make(th: &Thread, wanted: &Wanted, hook: Hook) -> PyResult<Owned<Module>> {
    match run(th, wanted, hook) {
        Ok(Made::Module(module)) => Ok(module),
        Ok(Made::Definition(_)) => Err(th.bad_internal_call()),
        Err(failure) => Err(failure.raise(th, wanted)),
    }
}

fn set_file(th: &Thread, wanted: &Wanted, module: Borrowed<'_, Module>) -> PyResult<()> {
    match &wanted.path {
        Some(path) => {
            module.dict().set_str(th, Str::interned(th, "__file__")?.borrow(), path.object())
        }
        None => Ok(()),
    }
}

/// Keeps what a second import needs.
pub(super) fn remember(
    th: &Thread,
    wanted: &Wanted,
    hook: Hook,
    module: Borrowed<'_, Module>,
) -> PyResult<()> {
    set_file(th, wanted, module)?;
    let def = module.get().def();
    // SAFETY: a module's definition outlives it.
    let namespace = match unsafe { (*def).m_size } {
        -1 => Some(module.dict().copy(th)?),
        _ => None,
    };
    let known = Known { def, hook, namespace };
    let old = table(th).0.borrow_mut().insert(wanted.key(), known);
    drop(old);
    Ok(())
}

/// A module that was loaded before: a copy, or initialised again if it allows that.
pub(super) fn load_again(th: &Thread, wanted: &Wanted) -> PyResult<Option<Owned>> {
    let key = wanted.key();
    let known = table(th)
        .0
        .borrow()
        .get(&key)
        .map(|known| (known.def, known.hook, known.namespace.clone()));
    let Some((def, hook, namespace)) = known else {
        return Ok(None);
    };
    ExtensionRules::of(th).refuse(th, &key.1)?;
    let module = match namespace {
        Some(namespace) => {
            let module = super::add_module(th, wanted.name.object())?;
            let Ok(module) = module.downcast::<Module>() else {
                return Err(th.bad_internal_call());
            };
            module.dict().merge(th, namespace.object(), true)?;
            module
        }
        None => {
            let module = make(th, wanted, hook)?;
            set_file(th, wanted, module.borrow())?;
            module
        }
    };
    enter_as(th, wanted, module.borrow(), def)?;
    Ok(Some(module.into_object()))
}

/// Forgets a module: its next import initialises it anew.
pub fn forget(th: &Thread, name: Borrowed<'_, Str>, path: Borrowed<'_, Str>) {
    let key = (path.to_string_lossy(), name.to_string_lossy());
    let known = table(th).0.borrow_mut().remove(&key);
    if let Some(known) = known {
        // SAFETY: definitions live as long as the process.
        drop(ModulesByIndex::of(th).set(unsafe { &*known.def }, None));
    }
}

/// Where a module can be found: by its definition, and in `sys.modules`.
pub(super) fn enter(th: &Thread, wanted: &Wanted, module: Borrowed<'_, Module>) -> PyResult<()> {
    enter_as(th, wanted, module, module.get().def())
}

fn enter_as(
    th: &Thread,
    wanted: &Wanted,
    module: Borrowed<'_, Module>,
    def: *mut abi::PyModuleDef,
) -> PyResult<()> {
    // SAFETY: definitions live as long as the process.
    drop(ModulesByIndex::of(th).set(unsafe { &*def }, Some(module.object().to_owned())));
    super::modules(th)?.set(th, wanted.name.object(), module.object())
}
