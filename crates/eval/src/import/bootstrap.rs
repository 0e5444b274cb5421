//! Setting importlib up, when the first import needs it or a program looks at one of its classes.
//!
//! importlib is frozen Python code that nothing can import yet. The reference runs it at start; here start-up only
//! declares the classes that a program may see (`core_objects`), and most programs that a host runs import nothing else
//! than what is native. Nothing of the program's takes part in the set-up: it works with a `sys` and with modules of
//! its own, whose modules get into `sys.modules` at the next import (`publish`). Signals, collections, tracing and audit
//! hooks wait until it is over. If it fails, everything is as before, and the next who asks tries again.

use std::cell::Cell;

use krait_objects::prelude::*;
use krait_objects::typeobj::forward;

use super::core_objects::{CORE, CoreObjects, EXTERNAL};
use super::{finder, frozen, lock, native};

/// importlib, once it is there.
struct Importlib {
    core: Slot,
    /// `FileFinder`'s hook for `sys.path_hooks`.
    hook: Slot,
    /// `sys.modules` during the set-up, and until the modules in it are published.
    modules: Slot<Dict>,
    is_done: Cell<bool>,
}

impl Default for Importlib {
    fn default() -> Self {
        Importlib {
            core: Slot::EMPTY,
            hook: Slot::EMPTY,
            modules: Slot::EMPTY,
            is_done: Cell::new(false),
        }
    }
}

fn state(th: &Thread) -> &Importlib {
    th.interp().state::<Importlib>()
}

/// importlib's core module.
pub fn importlib(th: &Thread) -> PyResult {
    set_up(th)?;
    match state(th).core.get_owned() {
        Some(core) => Ok(core),
        None => Err(th.raise(exc::RUNTIME_ERROR, "import is not initialised")),
    }
}

/// What importlib gives for `sys.path_hooks`.
pub fn file_finder_hook(th: &Thread) -> PyResult {
    set_up(th)?;
    match state(th).hook.get_owned() {
        Some(hook) => Ok(hook),
        None => Err(th.raise(exc::RUNTIME_ERROR, "import is not initialised")),
    }
}

/// The modules that the set-up works with, while this thread is at it.
pub fn private_modules(th: &Thread) -> Option<Owned<Dict>> {
    if th.interp().forward.is_setting_up(th) { state(th).modules.get_owned() } else { None }
}

/// Enters importlib's modules in `sys.modules`; true if that was to be done.
pub fn publish(th: &Thread) -> PyResult<bool> {
    set_up(th)?;
    if th.interp().forward.is_setting_up(th) {
        return Ok(false);
    }
    let Some(own) = state(th).modules.take() else {
        return Ok(false);
    };
    super::modules(th)?.merge(th, own.object(), false)?;
    Ok(true)
}

/// Defines the classes that were declared in the name of `module`.
pub fn define_module(th: &Thread, module: &'static str) -> PyResult<()> {
    if module == CORE || module == EXTERNAL {
        return set_up(th);
    }
    let name = Str::interned(th, module)?;
    if super::modules(th)?.get(th, name.object())?.is_none() {
        match super::import(th, module) {
            Ok(_) => return Ok(()),
            // A program may have changed how modules are found.
            Err(raised) => drop(th.take_if(raised, exc::IMPORT_ERROR)?),
        }
    }
    let code = frozen::code(th, module)?;
    let private = Module::new(th, name.borrow())?;
    crate::run::eval_code_object(th, code.object(), private.dict()).map(drop)
}

/// Runs a frozen module's code as the module `name`, entered in `sys.modules`.
pub fn run_frozen(th: &Thread, frozen_name: &str, name: &str) -> PyResult {
    let code = frozen::code(th, frozen_name)?;
    let name = Str::interned(th, name)?;
    let module = Module::new(th, name.borrow())?;
    let dict = module.dict().to_owned();
    if let Some(builtins) = th.interp().builtins.get() {
        dict.set_str(th, id::__builtins__, builtins.object())?;
    }
    // importlib takes it out again when it gives the module its spec.
    if let Some(frozen) = krait_stdlib::find_frozen(frozen_name) {
        let original = Str::interned(th, frozen.module)?;
        dict.set_str(th, Str::interned(th, "__origname__")?.borrow(), original.object())?;
    }
    super::modules(th)?.set(th, name.object(), module.object())?;
    crate::run::eval_code_object(th, code.object(), dict.borrow())?;
    Ok(module.into_object())
}

/// Makes sure that importlib is there; other threads wait for the one that sees to it.
pub fn set_up(th: &Thread) -> PyResult<()> {
    if state(th).is_done.get() || th.interp().forward.is_setting_up(th) {
        return Ok(());
    }
    lock::acquire(th);
    // A program that imports goes on to do something.
    krait_objects::platform::load_mathematics();
    let result = if state(th).is_done.get() { Ok(()) } else { run_alone(th) };
    lock::release(th);
    result
}

/// The set-up, with everything else of the interpreter held back.
fn run_alone(th: &Thread) -> PyResult<()> {
    let interp = th.interp();
    let set_tracing = |by: i32| {
        // SAFETY: this thread's own field.
        unsafe { (*th.raw()).tracing += by };
    };
    interp.forward.setting_up.set(std::ptr::from_ref(th) as usize);
    let collects = interp.gc.enabled.replace(false);
    set_tracing(1);
    let result = run(th);
    if result.is_err() {
        state(th).core.set(None);
        state(th).hook.set(None);
        state(th).modules.set(None);
    }
    forward::settle(th, result.is_ok());
    set_tracing(-1);
    interp.gc.enabled.set(collects);
    interp.forward.setting_up.set(0);
    state(th).is_done.set(result.is_ok());
    result
}

fn run(th: &Thread) -> PyResult<()> {
    let name = |name: &str| Str::interned(th, name);
    let set = |module: &Owned, attribute: &str, value: Borrowed<'_>| {
        object::set_attr(th, module.object(), name(attribute)?.borrow(), value)
    };
    let own = Dict::new(th)?;
    state(th).modules.set(Some(own.clone()));
    for needed in ["_imp", "_thread", "_warnings", "_weakref", "_io", "marshal", "posix"] {
        if let Some(module) = known_native(th, needed)? {
            own.set(th, name(needed)?.object(), module.object())?;
        }
    }
    let sys = stand_in_for_sys(th, &own)?;
    let core = run_frozen(th, CORE, CORE)?;
    state(th).core.set(Some(core.clone()));
    let imp = native::native_module(th, "_imp")?;
    let install = name("_install")?;
    call::call_method(th, core.object(), install.borrow(), &[sys.object(), imp.object()])?;
    let real = CoreObjects::of(th);
    let (Some(sys), Some(builtins)) = (real.sys.get(), real.builtins.get()) else {
        return Err(th.bad_internal_call());
    };
    own.set_str(th, id::sys, sys)?;
    own.set_str(th, id::builtins, builtins)?;

    let import = name("_gcd_import")?;
    let external =
        call::call_method(th, core.object(), import.borrow(), &[name(EXTERNAL)?.object()])?;
    set(&core, "_bootstrap_external", external.object())?;
    set(&external, "_bootstrap", core.object())?;
    set(&core, "sys", sys)?;
    // Where they are what the program has, that stays.
    own.remove(th, id::sys.object())?;
    own.remove(th, id::builtins.object())?;
    let loaders = name("_get_supported_file_loaders")?;
    let loaders = call::call_method(th, external.object(), loaders.borrow(), &[])?;
    let loaders = sequence::tuple(th, loaders.object())?;
    let class = object::get_attr(th, external.object(), name("FileFinder")?.borrow())?;
    let hook =
        call::call_method(th, class.object(), name("path_hook")?.borrow(), loaders.as_slice())?;
    finder::replace_hook(th, hook.object());
    state(th).hook.set(Some(hook));
    Ok(())
}

/// A native module that the program has imported already.
fn known_native(th: &Thread, name: &str) -> PyResult<Option<Owned>> {
    let Some(modules) = th.interp().modules.get_owned() else {
        return Ok(None);
    };
    let found = modules.get(th, Str::interned(th, name)?.object())?;
    Ok(found.filter(|module| {
        let module = module.object().downcast::<Module>();
        let definition = native::find(th, name).map(|definition| definition.as_ptr());
        module.is_some_and(|module| Some(module.get().def()) == definition)
    }))
}

/// A `sys` with modules and finders of its own.
fn stand_in_for_sys(th: &Thread, modules: &Owned<Dict>) -> PyResult {
    let sys = Module::new(th, id::sys)?;
    th.interp().complete_sys(th, None)?;
    if let Some(real) = th.interp().sys_dict.get_owned() {
        sys.dict().merge(th, real.object(), true)?;
    }
    sys.add(th, "modules", modules.object())?;
    sys.add(th, "meta_path", List::new(th)?.object())?;
    sys.add(th, "path_hooks", List::new(th)?.object())?;
    Ok(sys.into_object())
}
