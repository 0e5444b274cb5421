//! Attributes of modules: `__getattr__`, the messages for what is missing, annotations, `dir`.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::Module;
use crate::prelude::*;
use crate::typeobj::forward;

/// `module.name`: the generic look-up, then the module's own `__getattr__`; `None` if neither has it.
pub fn find(
    th: &Thread,
    module: Borrowed<'_, Module>,
    name: Borrowed<'_, Str>,
) -> PyResult<Option<Owned>> {
    if name.is(id::__dict__) {
        complete(th, module, None)?;
    }
    loop {
        match object::find_generic(th, module.object(), name) {
            Ok(Some(found)) => return Ok(Some(found)),
            Ok(None) => {}
            Err(raised) => drop(th.take_if(raised, exc::ATTRIBUTE_ERROR)?),
        }
        if !complete(th, module, Some(name))? {
            break;
        }
    }
    let Some(dict) = module.get().dict.get_owned() else {
        return Ok(None);
    };
    match dict.get_str(th, id::__getattr__)? {
        Some(getattr) => call::call(th, getattr.object(), &[name.object()]).map(Some),
        None => Ok(None),
    }
}

/// Part of `sys` is made when somebody looks for it, or at the module as a whole; whether that happened now.
#[inline]
pub fn complete(
    th: &Thread,
    module: Borrowed<'_, Module>,
    name: Option<Borrowed<'_, Str>>,
) -> PyResult<bool> {
    let interp = th.interp();
    let is_sys = interp.sys_dict.get().is_some_and(|sys| sys.is(module.get().dict()));
    Ok(is_sys && interp.complete_sys(th, name)?)
}

/// The AttributeError, with what might be wrong.
fn missing(th: &Thread, module: Borrowed<'_, Module>, name: Borrowed<'_, Str>) -> PyResult<Raised> {
    let dict = module.get().dict();
    let known_as = dict.get_str(th, id::__name__)?.and_then(|name| name.downcast::<Str>().ok());
    let Some(module_name) = known_as else {
        return Ok(raise!(th, ATTRIBUTE_ERROR, "module has no attribute '{}'", *name));
    };
    let plain =
        || raise!(th, ATTRIBUTE_ERROR, "module '{}' has no attribute '{}'", *module_name, *name);
    let Some(spec) = dict.get_str(th, id::__spec__)? else {
        return Ok(plain());
    };
    let spec = spec.object();
    if forward::is_pending(&spec.ty()) {
        // A native module's, whole since start-up.
        return Ok(plain());
    }
    let origin = origin_of(th, spec)?;
    let shadows = shadowing(th, origin.as_ref(), module_name.object())?;
    if shadows == Shadows::StandardLibrary {
        let origin = origin.as_ref().map(|origin| origin.to_string_lossy()).unwrap_or_default();
        return Ok(raise!(
            th,
            ATTRIBUTE_ERROR,
            "module '{module_name}' has no attribute '{name}' (consider renaming '{origin}' since it has the same name as the standard library module named '{module_name}' and prevents importing that standard library module)",
            module_name = *module_name,
            name = *name
        ));
    }
    if is_initializing(th, spec)? {
        return Ok(match origin {
            Some(origin) if shadows != Shadows::Nothing => raise!(
                th,
                ATTRIBUTE_ERROR,
                "module '{}' has no attribute '{}' (consider renaming '{}' if it has the same name as a library you intended to import)",
                *module_name,
                *name,
                *origin
            ),
            Some(origin) => raise!(
                th,
                ATTRIBUTE_ERROR,
                "partially initialized module '{}' from '{}' has no attribute '{}' (most likely due to a circular import)",
                *module_name,
                *origin,
                *name
            ),
            None => raise!(
                th,
                ATTRIBUTE_ERROR,
                "partially initialized module '{}' has no attribute '{}' (most likely due to a circular import)",
                *module_name,
                *name
            ),
        });
    }
    if is_uninitialized_submodule(th, spec, name)? {
        return Ok(raise!(
            th,
            ATTRIBUTE_ERROR,
            "cannot access submodule '{}' of module '{}' (most likely due to a circular import)",
            *name,
            *module_name
        ));
    }
    Ok(plain())
}

/// `spec.origin`, if the module comes from a file.
pub fn origin_of(th: &Thread, spec: Borrowed<'_>) -> PyResult<Option<Owned<Str>>> {
    let has_location = match object::get_attr_opt(th, spec, id::has_location)? {
        Some(answer) => object::is_true(th, answer.object())?,
        None => false,
    };
    if !has_location {
        return Ok(None);
    }
    let origin = object::get_attr_opt(th, spec, id::origin)?;
    Ok(origin.and_then(|origin| origin.downcast::<Str>().ok()))
}

/// What a module may hide because its file lies next to the script.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shadows {
    Nothing,
    /// Some module of the same name.
    Something,
    StandardLibrary,
}

/// What the module of that name and file may hide.
pub fn shadowing(
    th: &Thread,
    origin: Option<&Owned<Str>>,
    name: Borrowed<'_>,
) -> PyResult<Shadows> {
    Ok(match origin {
        Some(origin) if may_shadow(th, origin) => {
            if is_stdlib_name(th, name)? {
                Shadows::StandardLibrary
            } else {
                Shadows::Something
            }
        }
        _ => Shadows::Nothing,
    })
}

/// Whether a module of this file was found before others of the name because it lies next to the script.
fn may_shadow(th: &Thread, origin: &Str) -> bool {
    let folder = th.interp().script_folder.borrow();
    let Some(folder) = folder.as_deref() else {
        return false;
    };
    // No folder has a name that cannot be encoded.
    let origin = match origin.to_fs_bytes(th) {
        Ok(origin) => origin,
        Err(raised) => {
            drop(th.take_raised(raised));
            return false;
        }
    };
    let origin = Path::new(OsStr::from_bytes(&origin));
    let mut root = origin.parent();
    if origin.file_name().is_some_and(|name| name == "__init__.py") {
        root = root.and_then(Path::parent);
    }
    let current = std::env::current_dir().ok();
    let folder = match folder {
        b"" => current.as_deref(),
        folder => Some(Path::new(OsStr::from_bytes(folder))),
    };
    root.is_some() && root == folder
}

fn is_stdlib_name(th: &Thread, name: Borrowed<'_>) -> PyResult<bool> {
    th.interp().complete_sys(th, None)?;
    let Some(sys) = th.interp().sys_dict.get_owned() else {
        return Ok(false);
    };
    let names = sys.get_str(th, id::stdlib_module_names)?;
    match names.as_ref().and_then(|names| crate::set::any_set(names.object())) {
        Some(names) => names.contains(th, name),
        None => Ok(false),
    }
}

/// `spec._initializing`: the module is being executed.
pub fn is_initializing(th: &Thread, spec: Borrowed<'_>) -> PyResult<bool> {
    if forward::is_pending(&spec.ty()) {
        return Ok(false);
    }
    match object::get_attr_opt(th, spec, id::_initializing)? {
        Some(answer) => object::is_true(th, answer.object()),
        None => Ok(false),
    }
}

fn is_uninitialized_submodule(
    th: &Thread,
    spec: Borrowed<'_>,
    name: Borrowed<'_, Str>,
) -> PyResult<bool> {
    match object::get_attr_opt(th, spec, id::_uninitialized_submodules)? {
        Some(names) => sequence::contains(th, names.object(), name.object()),
        None => Ok(false),
    }
}

/// The module's dictionary, as `__dict__` of a subclass may show another.
fn dict_of(th: &Thread, module: Borrowed<'_, Module>) -> PyResult<Owned<Dict>> {
    let dict = object::get_attr(th, module.object(), id::__dict__)?;
    dict.downcast::<Dict>()
        .map_err(|_| th.raise(exc::TYPE_ERROR, "<module>.__dict__ is not a dictionary"))
}

#[pymethods(part = "attributes")]
impl Module {
    #[slot(tp_getattro)]
    fn getattribute(this: Borrowed<'_, Self>, th: &Thread, name: Borrowed<'_, Str>) -> PyResult {
        if let Some(found) = find(th, this, name)? {
            return Ok(found);
        }
        let raised = missing(th, this, name)?;
        crate::object::name_attribute_error(th, this.object(), name);
        Err(raised)
    }

    /// `importlib` knows how to describe a module.
    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        if !th.interp().finalizing.get() {
            let importlib = (th.interp().services.get().importlib)(th)?;
            let args = [this.object()];
            return call::call_method(th, importlib.object(), id::_module_repr, &args);
        }
        let name = this.get().dict().get_str(th, id::__name__)?;
        let name = match &name {
            Some(name) => object::repr(th, name.object())?,
            None => Str::new(th, "'?'")?,
        };
        Str::from_fmt(th, format_args!("<module {}>", *name)).map(Owned::into_object)
    }

    /// The names that the module defines, or what its own __dir__() says.
    #[method(sig = "(self, /)")]
    fn __dir__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        let dict = dict_of(th, this)?;
        match dict.get_str(th, id::__dir__)? {
            Some(dir) => call::call(th, dir.object(), &[]),
            None => dict.keys(th).map(Owned::into_object),
        }
    }

    #[getter]
    fn __annotations__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        let dict = dict_of(th, this)?;
        if let Some(known) = dict.get_str(th, id::__annotations__)? {
            return Ok(known);
        }
        let initializing = match dict.get_str(th, id::__spec__)? {
            Some(spec) => is_initializing(th, spec.object())?,
            None => false,
        };
        let annotate = dict.get_str(th, id::__annotate__)?;
        let annotations = match annotate.filter(|f| object::is_callable(f.object())) {
            Some(annotate) => {
                let format = Int::from_i64(th, 1)?;
                let result = call::call(th, annotate.object(), &[format.object()])?;
                result.downcast::<Dict>().map_err(|other| {
                    let found = other.type_name();
                    raise!(th, TYPE_ERROR, "__annotate__ returned non-dict of type '{found}'")
                })?
            }
            None => Dict::new(th)?,
        };
        // While the module runs, more annotations may follow.
        if !initializing {
            dict.set_str(th, id::__annotations__, annotations.object())?;
        }
        Ok(annotations.into_object())
    }

    #[setter]
    fn set___annotations__(
        this: Borrowed<'_, Self>,
        th: &Thread,
        value: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        let dict = dict_of(th, this)?;
        match value {
            Some(value) => dict.set_str(th, id::__annotations__, value)?,
            None if dict.remove(th, id::__annotations__.object())? => {}
            None => return Err(th.raise(exc::ATTRIBUTE_ERROR, "__annotations__")),
        }
        dict.remove(th, id::__annotate__.object()).map(drop)
    }

    #[getter]
    fn __annotate__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        let dict = dict_of(th, this)?;
        match dict.get_str(th, id::__annotate__)? {
            Some(annotate) => Ok(annotate),
            None => {
                dict.set_str(th, id::__annotate__, none())?;
                Ok(none().to_owned())
            }
        }
    }

    #[setter]
    fn set___annotate__(
        this: Borrowed<'_, Self>,
        th: &Thread,
        value: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        let Some(value) = value else {
            return Err(th.raise(exc::TYPE_ERROR, "cannot delete __annotate__ attribute"));
        };
        if !value.is_none() && !object::is_callable(value) {
            return Err(th.raise(exc::TYPE_ERROR, "__annotate__ must be callable or None"));
        }
        let dict = dict_of(th, this)?;
        dict.set_str(th, id::__annotate__, value)?;
        if !value.is_none() {
            dict.remove(th, id::__annotations__.object())?;
        }
        Ok(())
    }
}
