//! `import`: the entry that the interpreter uses; the rules are importlib's own Python code.
//!
//! `imp` is the `_imp` module, through which importlib reaches native and frozen modules; `bootstrap` sets
//! importlib up. The same job as CPython's `Python/import.c`.

mod bootstrap;
mod core_objects;
pub mod extension;
mod finder;
mod frozen;
pub mod imp;
pub mod library;
pub mod lock;
mod native;
mod shadow;
pub mod single_phase;
mod times;
mod trim;

use krait_objects::prelude::*;

use crate::sys;

pub use bootstrap::{define_module, importlib, publish, set_up};
pub use core_objects::CoreObjects;
pub use finder::install as install_finders;
pub use native::{builtin_names, create as create_native, native_module, start as start_native};

/// `import name` from a place without a package: the module that the whole dotted name means.
pub fn import(th: &Thread, name: &str) -> PyResult {
    let name = Str::interned(th, name)?;
    import_module(th, name.borrow())
}

/// `PyImport_Import`: as `import`, for a name that is an object.
pub fn import_module(th: &Thread, name: Borrowed<'_, Str>) -> PyResult {
    import_level(th, name, None, Some(Tuple::empty().object()), 0)?;
    match modules(th)?.get(th, name.object())? {
        Some(module) => Ok(module),
        None => Err(th.raise_value(exc::KEY_ERROR, name.object())),
    }
}

/// `sys.modules`; what stands for it while importlib is set up.
pub fn modules(th: &Thread) -> PyResult<Owned<Dict>> {
    if let Some(private) = bootstrap::private_modules(th) {
        return Ok(private);
    }
    match th.interp().modules.get_owned() {
        Some(modules) => Ok(modules),
        None => Err(th.raise(exc::RUNTIME_ERROR, "unable to get sys.modules")),
    }
}

/// `PyImport_AddModule`: the module of that name, made and entered if there is none.
pub fn add_module(th: &Thread, name: Borrowed<'_>) -> PyResult {
    let modules = modules(th)?;
    if let Some(found) = modules.get(th, name)? {
        if found.object().downcast::<Module>().is_some() {
            return Ok(found);
        }
    }
    let module = Module::named(th, name)?;
    modules.set(th, name, module.object())?;
    Ok(module.into_object())
}

/// `PyImport_ImportFrozenModule`: runs a frozen module's code; false if there is none of that name.
pub fn import_frozen(th: &Thread, name: Borrowed<'_, Str>) -> PyResult<bool> {
    let name = name.get().as_utf8(th)?;
    if !frozen::exists(th, name) {
        return Ok(false);
    }
    // The classes that importlib is to define are not for another run of its code.
    set_up(th)?;
    bootstrap::run_frozen(th, name, name)?;
    Ok(true)
}

/// `__import__(name, globals, locals, fromlist, level)`.
pub fn import_level(
    th: &Thread,
    name: Borrowed<'_, Str>,
    globals: Option<Borrowed<'_>>,
    from_list: Option<Borrowed<'_>>,
    level: i32,
) -> PyResult {
    import_untrimmed(th, name, globals, from_list, level).map_err(|raised| trim::trim(th, raised))
}

fn import_untrimmed(
    th: &Thread,
    name: Borrowed<'_, Str>,
    globals: Option<Borrowed<'_>>,
    from_list: Option<Borrowed<'_>>,
    level: i32,
) -> PyResult {
    if level < 0 {
        return Err(th.raise(exc::VALUE_ERROR, "level must be >= 0"));
    }
    let absolute = match level {
        0 if name.is_empty() => return Err(th.raise(exc::VALUE_ERROR, "Empty module name")),
        0 => name.to_owned(),
        _ => resolve(th, name, globals, level)?,
    };
    let find = || -> PyResult<Option<Owned>> {
        Ok(modules(th)?.get(th, absolute.object())?.filter(|module| !module.is_none()))
    };
    let mut found = find()?;
    if let Some(module) = &found
        && wait_until_initialised(th, module.object(), absolute.borrow())?
    {
        // The other thread may have failed, and the module be gone.
        found = find()?;
    }
    // What importlib has brought with it may be what is looked for.
    if found.is_none() && publish(th)? {
        found = find()?;
    }
    let timed = th.interp().import_time.get();
    let module = match found {
        Some(module) => {
            if timed > 1 {
                times::known(th, absolute.borrow());
            }
            module
        }
        None => {
            report(th, absolute.borrow())?;
            let load = || {
                let function = import_function(th)?;
                let arguments = [absolute.object(), function.object()];
                call::call_method(th, importlib(th)?.object(), id::_find_and_load, &arguments)
            };
            if timed > 0 { times::measured(th, absolute.borrow(), load)? } else { load()? }
        }
    };
    let has_from = match from_list.filter(|list| !list.is_none()) {
        Some(list) => object::is_true(th, list)?,
        None => false,
    };
    if has_from {
        let Some(list) = from_list else {
            return Ok(module);
        };
        if object::get_attr_opt(th, module.object(), id::__path__)?.is_none() {
            return Ok(module);
        }
        let import = import_function(th)?;
        return call::call_method(
            th,
            importlib(th)?.object(),
            id::_handle_fromlist,
            &[module.object(), list, import.object()],
        );
    }
    top_of(th, name, absolute.borrow(), module, level)
}

/// Tells audit hooks of a module that is about to be looked for.
fn report(th: &Thread, name: Borrowed<'_, Str>) -> PyResult<()> {
    if !sys::audit::is_watched(th) {
        return Ok(());
    }
    let get = |name: &str| -> PyResult {
        let found = sys::get(th, Str::interned(th, name)?.borrow())?;
        Ok(found.unwrap_or_else(|| none().to_owned()))
    };
    let (path, finders, hooks) = (get("path")?, get("meta_path")?, get("path_hooks")?);
    let arguments = [name.object(), none(), path.object(), finders.object(), hooks.object()];
    sys::audit(th, "import", &arguments)
}

/// What `import a.b.c` binds: `a` (for a relative name, the part that the name stands for).
fn top_of(
    th: &Thread,
    name: Borrowed<'_, Str>,
    absolute: Borrowed<'_, Str>,
    module: Owned,
    level: i32,
) -> PyResult {
    let text = name.to_wtf8();
    let Some(dot) = text.iter().position(|&byte| byte == b'.') else {
        return Ok(module);
    };
    let front = Str::from_wtf8(th, &text[..dot])?;
    if level == 0 {
        return import_level(th, front.borrow(), None, None, 0);
    }
    let cut = text.len() - dot;
    let whole = absolute.to_wtf8();
    let front = Str::from_wtf8(th, &whole[..whole.len() - cut])?;
    match modules(th)?.get(th, front.object())? {
        Some(module) => Ok(module),
        None => {
            let shown = object::repr(th, front.object())?;
            Err(raise!(th, KEY_ERROR, "{} not in sys.modules as expected", *shown))
        }
    }
}

/// The `__import__` of the running frame's builtins.
fn import_function(th: &Thread) -> PyResult {
    let builtins = th.interp().builtins.get_owned();
    let found = match &builtins {
        Some(builtins) => builtins.get_str(th, id::__import__)?,
        None => None,
    };
    found.ok_or_else(|| th.raise(exc::IMPORT_ERROR, "__import__ not found"))
}

/// A module that another thread is importing is waited for; whether there was one.
fn wait_until_initialised(
    th: &Thread,
    module: Borrowed<'_>,
    name: Borrowed<'_, Str>,
) -> PyResult<bool> {
    let Some(spec) = object::get_attr_opt(th, module, id::__spec__)? else {
        return Ok(false);
    };
    if !krait_objects::module::is_initializing(th, spec.object())? {
        return Ok(false);
    }
    call::call_method(th, importlib(th)?.object(), id::_lock_unlock_module, &[name.object()])?;
    Ok(true)
}

/// The absolute name of a relative import.
fn resolve(
    th: &Thread,
    name: Borrowed<'_, Str>,
    globals: Option<Borrowed<'_>>,
    level: i32,
) -> PyResult<Owned<Str>> {
    let Some(globals) = globals else {
        return Err(th.raise(exc::KEY_ERROR, "'__name__' not in globals"));
    };
    let Some(globals) = globals.downcast::<Dict>() else {
        return Err(th.raise(exc::TYPE_ERROR, "globals must be a dict"));
    };
    let package = package_of(th, &globals)?;
    let mut package = package.to_wtf8();
    if package.is_empty() {
        return Err(
            th.raise(exc::IMPORT_ERROR, "attempted relative import with no known parent package")
        );
    }
    for _ in 1..level {
        match package.iter().rposition(|&byte| byte == b'.') {
            Some(dot) => package.truncate(dot),
            None => {
                return Err(th.raise(
                    exc::IMPORT_ERROR,
                    "attempted relative import beyond top-level package",
                ));
            }
        }
    }
    if !name.is_empty() {
        package.push(b'.');
        package.extend_from_slice(&name.to_wtf8());
    }
    Str::from_wtf8(th, &package)
}

/// The package that code with these globals belongs to: `__package__`, else its spec's parent, else from `__name__`.
fn package_of(th: &Thread, globals: &Dict) -> PyResult<Owned<Str>> {
    let found = |name: Borrowed<'static, Str>| -> PyResult<Option<Owned>> {
        Ok(globals.get_str(th, name)?.filter(|value| !value.is_none()))
    };
    let (package, spec) = (found(id::__package__)?, found(id::__spec__)?);
    let parent = |spec: &Owned| -> PyResult {
        object::get_attr(th, spec.object(), Str::interned(th, "parent")?.borrow())
    };
    if let Some(package) = package {
        let Ok(package) = package.downcast::<Str>() else {
            return Err(th.raise(exc::TYPE_ERROR, "package must be a string"));
        };
        if let Some(spec) = spec
            && !object::eq(th, package.object(), parent(&spec)?.borrow())?
        {
            let category = Borrowed::from_ref(exc::DEPRECATION_WARNING).object();
            let message = Str::new(th, "__package__ != __spec__.parent")?;
            crate::warnings::warn(th, category, message.borrow(), 1)?;
        }
        return Ok(package);
    }
    if let Some(spec) = spec {
        return parent(&spec)?
            .downcast::<Str>()
            .map_err(|_| th.raise(exc::TYPE_ERROR, "__spec__.parent must be a string"));
    }
    let message =
        "can't resolve package from __spec__ or __package__, falling back on __name__ and __path__";
    let category = Borrowed::from_ref(exc::IMPORT_WARNING).object();
    crate::warnings::warn(th, category, Str::new(th, message)?.borrow(), 1)?;
    let Some(name) = found(id::__name__)? else {
        return Err(th.raise(exc::KEY_ERROR, "'__name__' not in globals"));
    };
    let Ok(name) = name.downcast::<Str>() else {
        return Err(th.raise(exc::TYPE_ERROR, "__name__ must be a string"));
    };
    if globals.get_str(th, id::__path__)?.is_some() {
        return Ok(name);
    }
    let text = name.to_wtf8();
    let end = text.iter().rposition(|&byte| byte == b'.').unwrap_or(0);
    Str::from_wtf8(th, &text[..end])
}
