//! The `import` statement.

use krait_objects::module::Module;
use krait_objects::prelude::*;

use super::op::Op;

/// Calls the frame's `__import__`.
pub fn import_name(op: Op<'_>) -> PyResult<()> {
    let [level, from_list] = op.pop();
    let name = op.name(op.arg);
    if op.th.interp().forward.is_setting_up(op.th) {
        // Whatever the program has made of `__import__`: importlib's own imports are none of its business.
        op.push(crate::import::import_level(op.th, name, None, Some(from_list.get()), 0)?);
        return Ok(());
    }
    let function = match op.builtins().downcast_exact::<Dict>() {
        Some(builtins) => builtins.get_str(op.th, id::__import__)?,
        None => mapping::get_opt(op.th, op.builtins(), id::__import__.object())?,
    };
    let Some(function) = function else {
        return Err(op.th.raise(exc::IMPORT_ERROR, "__import__ not found"));
    };
    let locals = op.locals().unwrap_or(none());
    let arguments = [name.object(), op.globals().object(), locals, from_list.get(), level.get()];
    op.push(call::call(op.th, function.borrow(), &arguments)?);
    Ok(())
}

/// `from module import name`: an attribute, or a submodule that is loaded but not bound yet.
pub fn import_from(op: Op<'_>) -> PyResult<()> {
    let value = import_attribute(op.th, op.peek(1), op.name(op.arg))?;
    op.push(value);
    Ok(())
}

fn import_attribute(th: &Thread, module: Borrowed<'_>, name: Borrowed<'_, Str>) -> PyResult {
    if let Some(value) = object::get_attr_opt(th, module, name)? {
        return Ok(value);
    }
    let package = object::get_attr_opt(th, module, id::__name__)?;
    let package = package.and_then(|package| package.downcast::<Str>().ok());
    if let Some(package) = &package {
        let full = Str::from_fmt(th, format_args!("{}.{}", package.borrow().get(), name.get()))?;
        let modules = th.interp().modules.get_owned();
        if let Some(modules) = modules
            && let Some(found) = modules.get(th, full.object())?
        {
            return Ok(found);
        }
    }
    Err(cannot_import(th, module, name, package.as_ref().map(Owned::borrow)))
}

/// ImportError with what is known of the module.
fn cannot_import(
    th: &Thread,
    module: Borrowed<'_>,
    name: Borrowed<'_, Str>,
    package: Option<Borrowed<'_, Str>>,
) -> Raised {
    let shown = package
        .map_or_else(|| "<unknown module name>".to_string(), |package| package.get().to_string());
    let spec = object::get_attr_opt(th, module, id::__spec__).unwrap_or_else(|raised| {
        drop(th.take_raised(raised));
        None
    });
    let origin = match module_path(th, module, spec.as_ref().map(Owned::borrow)) {
        Ok(origin) => origin,
        Err(raised) => {
            drop(th.take_raised(raised));
            None
        }
    };
    let initializing = spec.as_ref().is_some_and(|spec| is_initializing(th, spec.borrow()));
    let place = origin
        .as_ref()
        .map_or_else(|| "unknown location".to_string(), |origin| origin.borrow().get().to_string());
    let message = if initializing {
        format!(
            "cannot import name '{}' from partially initialized module '{shown}' (most likely due to a circular import) ({place})",
            name.get()
        )
    } else {
        format!("cannot import name '{}' from '{shown}' ({place})", name.get())
    };
    let raised = th.raise(exc::IMPORT_ERROR, &message);
    describe(th, raised, name, package, origin)
}

/// Sets `name`, `path` and `name_from` of the ImportError that is being raised.
fn describe(
    th: &Thread,
    raised: Raised,
    name: Borrowed<'_, Str>,
    package: Option<Borrowed<'_, Str>>,
    origin: Option<Owned<Str>>,
) -> Raised {
    let exception = th.take_raised(raised);
    let path = origin.map_or_else(|| none().to_owned(), Owned::into_object);
    let package = package.map_or(none(), Borrowed::object);
    for (key, value) in
        [(id::name, package), (id::path, path.borrow()), (id::name_from, name.object())]
    {
        if let Err(other) = object::set_attr(th, exception.object(), key, value) {
            drop(th.take_raised(other));
        }
    }
    th.set_exception(exception.into_object())
}

/// Where the module came from: its spec's origin, or its `__file__`.
fn module_path(
    th: &Thread,
    module: Borrowed<'_>,
    spec: Option<Borrowed<'_>>,
) -> PyResult<Option<Owned<Str>>> {
    if let Some(spec) = spec
        && let Some(has_location) = object::get_attr_opt(th, spec, id::has_location)?
        && object::is_true(th, has_location.borrow())?
        && let Some(origin) = object::get_attr_opt(th, spec, id::origin)?
        && let Ok(origin) = origin.downcast::<Str>()
    {
        return Ok(Some(origin));
    }
    if module.downcast::<Module>().is_none() {
        return Ok(None);
    }
    let file = object::get_attr_opt(th, module, id::__file__)?;
    Ok(file.and_then(|file| file.downcast::<Str>().ok()))
}

fn is_initializing(th: &Thread, spec: Borrowed<'_>) -> bool {
    let found = object::get_attr_opt(th, spec, id::_initializing)
        .and_then(|value| value.map_or(Ok(false), |value| object::is_true(th, value.borrow())));
    found.unwrap_or_else(|raised| {
        drop(th.take_raised(raised));
        false
    })
}

/// `from module import *` into `locals`: the names of `__all__`, or those without a leading underscore.
pub fn import_star(th: &Thread, module: Borrowed<'_>, locals: Borrowed<'_>) -> PyResult<()> {
    let (names, skip_underscores, from_all) = match object::get_attr_opt(th, module, id::__all__)? {
        Some(names) => (names, false, true),
        None => {
            let Some(dict) = object::get_attr_opt(th, module, id::__dict__)? else {
                let message = "from-import-* object has no __dict__ and no __all__";
                return Err(th.raise(exc::IMPORT_ERROR, message));
            };
            (mapping::keys(th, dict.borrow())?, true, false)
        }
    };
    let mut position = 0;
    loop {
        let name = match sequence::get(th, names.borrow(), position) {
            Ok(name) => name,
            Err(raised) => {
                return match th.take_if(raised, exc::INDEX_ERROR) {
                    Ok(_end) => Ok(()),
                    Err(raised) => Err(raised),
                };
            }
        };
        position += 1;
        let Some(text) = name.borrow().downcast::<Str>() else {
            return Err(not_a_name(th, module, name.borrow(), from_all));
        };
        if skip_underscores && !text.is_empty() && text.char_at(0) == u32::from('_') {
            continue;
        }
        let value = object::get_attr(th, module, text)?;
        match locals.downcast_exact::<Dict>() {
            Some(locals) => locals.set_str(th, text, value.borrow())?,
            None => object::set_item(th, locals, name.borrow(), value.borrow())?,
        }
    }
}

fn not_a_name(th: &Thread, module: Borrowed<'_>, name: Borrowed<'_>, from_all: bool) -> Raised {
    let module_name = match object::get_attr(th, module, id::__name__) {
        Ok(module_name) => module_name,
        Err(raised) => return raised,
    };
    let Some(module_name) = module_name.borrow().downcast::<Str>() else {
        return raise!(
            th,
            TYPE_ERROR,
            "module __name__ must be a string, not {}",
            module_name.type_name()
        );
    };
    let (what, place) = if from_all { ("Item", "__all__") } else { ("Key", "__dict__") };
    raise!(
        th,
        TYPE_ERROR,
        "{what} in {}.{place} must be str, not {}",
        module_name.get(),
        name.type_name()
    )
}
