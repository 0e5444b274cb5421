//! The `import` statement.

use krait_objects::module::{self, Module, Shadows};
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
    match cannot_import(th, module, name, package.as_ref().map(Owned::borrow)) {
        Ok(raised) | Err(raised) => Err(raised),
    }
}

/// ImportError with what is known of the module, and what might be wrong.
fn cannot_import(
    th: &Thread,
    module: Borrowed<'_>,
    name: Borrowed<'_, Str>,
    package: Option<Borrowed<'_, Str>>,
) -> PyResult<Raised> {
    let known = package
        .map_or_else(|| Str::new(th, "<unknown module name>"), |package| Ok(package.to_owned()))?;
    let shown = object::repr(th, known.object())?;
    let wanted = object::repr(th, name.object())?;
    let Some(spec) = object::get_attr_opt(th, module, id::__spec__)? else {
        let message = format!("cannot import name {} from {} (unknown location)", *wanted, *shown);
        let raised = th.raise(exc::IMPORT_ERROR, &message);
        return Ok(describe(th, raised, name, package, None));
    };
    let mut origin = module::origin_of(th, spec.object())?;
    let shadows = module::shadowing(th, origin.as_ref(), known.object())?;
    if origin.is_none() && module.downcast::<Module>().is_some() {
        let file = object::get_attr_opt(th, module, id::__file__)?;
        origin = file.and_then(|file| file.downcast::<Str>().ok());
    }
    let place = match &origin {
        Some(origin) => origin.to_string_lossy(),
        None => "unknown location".into(),
    };
    let file = match &origin {
        Some(origin) => object::repr(th, origin.object())?.to_string_lossy(),
        None => String::new(),
    };
    let message = if shadows == Shadows::StandardLibrary {
        format!(
            "cannot import name {} from {shown} (consider renaming {file} since it has the same name as the standard library module named {shown} and prevents importing that standard library module)",
            *wanted,
            shown = *shown,
        )
    } else if !module::is_initializing(th, spec.object())? {
        format!("cannot import name {} from {} ({place})", *wanted, *shown)
    } else if shadows == Shadows::Something {
        format!(
            "cannot import name {} from {} (consider renaming {file} if it has the same name as a library you intended to import)",
            *wanted, *shown
        )
    } else {
        format!(
            "cannot import name {} from partially initialized module {} (most likely due to a circular import) ({place})",
            *wanted, *shown
        )
    };
    let raised = th.raise(exc::IMPORT_ERROR, &message);
    Ok(describe(th, raised, name, package, origin))
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
