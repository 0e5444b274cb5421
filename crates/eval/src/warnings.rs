//! The `_warnings` module: where a warning comes from, and the decision what becomes of it.
//!
//! `filters` has what the decision depends on, `show` tells the user. The same job as CPython's `Python/_warnings.c`.

mod filters;
mod show;

use krait_objects::prelude::*;

use crate::frame;
use filters::{Filters, action_for, default_filters, once_registry, seen};
use show::{show, source_line};

/// The part of the warnings module that the interpreter itself needs.
#[pymodule(name = "_warnings")]
pub struct Warnings;

#[pyfunctions]
impl Warnings {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        let state = th.interp().state::<Filters>();
        if state.filters.get().is_none() {
            state.filters.set(Some(default_filters(th)?));
            state.once.set(Some(Dict::new(th)?));
            state.default_action.set(Some(Str::interned(th, "default")?));
        }
        if let (Some(filters), Some(once), Some(action)) =
            (state.filters.get(), state.once.get(), state.default_action.get())
        {
            module.add(th, "filters", filters.object())?;
            module.add(th, "_onceregistry", once.object())?;
            module.add(th, "_defaultaction", action.object())?;
        }
        // An interpreter may be made without context variables.
        if !crate::import::builtin_names(th).contains(&"_contextvars") {
            return Ok(());
        }
        // importlib loads this module before it can import others.
        let contextvars = crate::import::native_module(th, "_contextvars")?;
        let variable =
            object::get_attr(th, contextvars.object(), Str::interned(th, "ContextVar")?.borrow())?;
        let name = Str::interned(th, "warnings_context")?;
        let context = call::call(th, variable.object(), &[name.object()])?;
        state.context.set(Some(context.clone()));
        module.add(th, "_warnings_context", context.object())
    }

    /// Give a warning; the filters decide whether it is shown, dropped or raised.
    ///
    ///   message
    ///     What to tell, or an instance of a warning class.
    ///   category
    ///     Which class of warning it is: UserWarning by default.
    ///   stacklevel
    ///     Which frame the warning is about: 1 is the caller of warn(), 2 the caller of that, and so on.
    ///   source
    ///     For a ResourceWarning, the object that was not closed.
    ///   skip_file_prefixes
    ///     A tuple of beginnings of file names: frames of such files do not count for stacklevel.
    #[function(
        sig = "(message, category=None, stacklevel=1, source=None, *, skip_file_prefixes=())"
    )]
    fn warn(
        th: &Thread,
        message: Borrowed<'_>,
        category: Option<Borrowed<'_>>,
        stacklevel: isize,
        source: Option<Borrowed<'_>>,
        #[default(Tuple::empty())] skip_file_prefixes: Borrowed<'_, Tuple>,
    ) -> PyResult<()> {
        let category = category_of(th, message, category)?;
        for prefix in skip_file_prefixes.as_slice() {
            if prefix.downcast::<Str>().is_none() {
                let found = prefix.type_name();
                let message = format!("Found non-str '{found}' in skip_file_prefixes.");
                return Err(th.raise(exc::TYPE_ERROR, &message));
            }
        }
        let prefixes = Some(skip_file_prefixes).filter(|prefixes| !prefixes.is_empty());
        let stacklevel = if prefixes.is_some() { stacklevel.max(2) } else { stacklevel };
        let place = Place::find(th, stacklevel, prefixes)?;
        decide(th, category.borrow(), message, &place, &Details { source, line: None })
    }

    /// Give a warning as if it came from the given place; the filters apply as for warn().
    #[function(
        sig = "(message, category, filename, lineno, module=<unrepresentable>, registry=None, module_globals=None, source=None)"
    )]
    #[allow(clippy::too_many_arguments)]
    fn warn_explicit(
        th: &Thread,
        message: Borrowed<'_>,
        category: Borrowed<'_>,
        filename: Borrowed<'_, Str>,
        lineno: i32,
        module: Option<Borrowed<'_>>,
        registry: Option<Borrowed<'_>>,
        module_globals: Option<Borrowed<'_>>,
        source: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        let category = category_of(th, message, Some(category))?;
        let registry = match registry {
            Some(registry) => match registry.downcast::<Dict>() {
                Some(registry) => Some(registry.to_owned()),
                None => {
                    return Err(th.raise(exc::TYPE_ERROR, "'registry' must be a dict or None"));
                }
            },
            None => None,
        };
        let module = match module.filter(|module| !module.is_none()) {
            Some(module) => module.to_owned(),
            None => module_from_file(th, filename)?.into_object(),
        };
        let line = match module_globals {
            Some(globals) => match globals.downcast::<Dict>() {
                Some(globals) => source_line(th, globals, lineno)?,
                None => {
                    return Err(raise!(
                        th,
                        TYPE_ERROR,
                        "module_globals must be a dict, not '{}'",
                        globals.type_name()
                    ));
                }
            },
            None => None,
        };
        let place = Place { filename: filename.to_owned(), line: lineno, module, registry };
        decide(th, category.borrow(), message, &place, &Details { source, line })
    }

    /// Tell that the filters have changed.
    #[function(sig = "()")]
    fn _filters_mutated_lock_held(th: &Thread) {
        let version = &th.interp().state::<Filters>().version;
        version.set(version.get() + 1);
    }

    /// Take the lock of the filters.
    #[function(sig = "()")]
    fn _acquire_lock(th: &Thread) {
        th.interp().state::<FiltersLock>().0.acquire(th);
    }

    /// Give the lock of the filters back.
    #[function(sig = "()")]
    fn _release_lock(th: &Thread) -> PyResult<()> {
        match th.interp().state::<FiltersLock>().0.release() {
            true => Ok(()),
            false => Err(th.raise(exc::RUNTIME_ERROR, "cannot release un-acquired lock")),
        }
    }
}

/// What the library holds while it changes the filters.
#[derive(Default)]
struct FiltersLock(crate::reentrant::Lock);

/// What a warning tells beside its place.
struct Details<'a> {
    /// The object that it is about.
    source: Option<Borrowed<'a>>,
    /// The line of the program, where it is known.
    line: Option<Owned<Str>>,
}

impl Details<'_> {
    const NONE: Details<'static> = Details { source: None, line: None };
}

/// The category: the class of a warning that is passed as message, what was given, or UserWarning.
fn category_of(
    th: &Thread,
    message: Borrowed<'_>,
    category: Option<Borrowed<'_>>,
) -> PyResult<Owned<Type>> {
    if object::is_instance(th, message, Borrowed::from_ref(exc::WARNING).object())? {
        return Ok(message.get().ty().to_owned());
    }
    let Some(category) = category else {
        return Ok(Borrowed::from_ref(exc::USER_WARNING).to_owned());
    };
    match category.downcast::<Type>().filter(|category| category.is_subtype(exc::WARNING)) {
        Some(category) => Ok(category.to_owned()),
        None => Err(raise!(
            th,
            TYPE_ERROR,
            "category must be a Warning subclass, not '{}'",
            category.type_name()
        )),
    }
}

/// Where a warning comes from.
struct Place {
    filename: Owned<Str>,
    line: i32,
    /// The module's name: a `str`, unless a program says otherwise.
    module: Owned,
    /// What was shown already, kept by the module.
    registry: Option<Owned<Dict>>,
}

impl Place {
    /// The place `level` frames up.
    fn find(th: &Thread, level: isize, prefixes: Option<Borrowed<'_, Tuple>>) -> PyResult<Place> {
        let Some(caller) = frame::warning_place(th, level, prefixes)? else {
            let Some(globals) = th.interp().sys_dict.get_owned() else {
                return Err(th.raise(exc::RUNTIME_ERROR, "warnings: no sys module"));
            };
            return Place::in_module(th, Str::interned(th, "<sys>")?, 0, &globals);
        };
        Place::in_module(th, caller.filename, caller.line, &caller.globals)
    }

    fn in_module(th: &Thread, filename: Owned<Str>, line: i32, globals: &Dict) -> PyResult<Place> {
        let registry =
            match globals.get_str(th, id::__warningregistry__)?.map(Owned::downcast::<Dict>) {
                Some(Ok(registry)) => registry,
                _ => {
                    let registry = Dict::new(th)?;
                    globals.set_str(th, id::__warningregistry__, registry.object())?;
                    registry
                }
            };
        let module = match globals.get_str(th, id::__name__)?.map(Owned::downcast::<Str>) {
            Some(Ok(name)) => name,
            _ => Str::interned(th, "<string>")?,
        };
        let module = module.into_object();
        Ok(Place { filename, line, module, registry: Some(registry) })
    }
}

fn module_from_file(th: &Thread, filename: Borrowed<'_, Str>) -> PyResult<Owned<Str>> {
    let text = filename.to_wtf8();
    if text.is_empty() {
        return Str::interned(th, "<unknown>");
    }
    Str::from_wtf8(th, text.strip_suffix(b".py").unwrap_or(&text))
}

/// Does with the warning what the filters say.
fn decide(
    th: &Thread,
    category: Borrowed<'_, Type>,
    message: Borrowed<'_>,
    place: &Place,
    details: &Details<'_>,
) -> PyResult<()> {
    let is_warning = object::is_instance(th, message, Borrowed::from_ref(exc::WARNING).object())?;
    let text =
        if is_warning { object::str(th, message)?.into_object() } else { message.to_owned() };
    let instance = if is_warning {
        message.to_owned()
    } else {
        call::call(th, category.object(), &[message])?
    };
    let line = Int::from_i64(th, place.line.into())?.into_object();
    let key = Tuple::pack(th, [text.clone(), category.object().to_owned(), line.clone()])?;
    if let Some(registry) = &place.registry {
        if seen(th, registry, key.object(), false)? {
            return Ok(());
        }
    }
    let (action, filter) = action_for(th, text.object(), category, place)?;
    let action_name = action.to_string_lossy();
    match action_name.as_str() {
        "error" => return Err(th.raise_in(category, Some(instance.object()))),
        "ignore" => return Ok(()),
        "always" | "all" => {}
        _ => {
            if let Some(registry) = &place.registry {
                registry.set(th, key.object(), bool_object(true).object())?;
            }
            let short = Tuple::pack(th, [text.clone(), category.object().to_owned()])?;
            let known = match action_name.as_str() {
                "once" => {
                    let registry = match &place.registry {
                        Some(registry) => registry.clone(),
                        None => once_registry(th)?,
                    };
                    seen(th, &registry, short.object(), true)?
                }
                "module" => match &place.registry {
                    Some(registry) => seen(th, registry, short.object(), true)?,
                    None => false,
                },
                "default" => false,
                _ => {
                    let shown = object::repr(th, action.object())?;
                    let filter = object::repr(th, filter.as_ref().map_or(none(), Owned::object))?;
                    return Err(raise!(
                        th,
                        RUNTIME_ERROR,
                        "Unrecognized action ({}) in warnings.filters:\n {}",
                        *shown,
                        *filter
                    ));
                }
            };
            if known {
                return Ok(());
            }
        }
    }
    show(th, instance.object(), text.object(), category, place, line.object(), details)
}

/// `PyErr_WarnEx`: a warning from native code, blamed on the running Python code.
pub fn warn(
    th: &Thread,
    category: Borrowed<'_>,
    message: Borrowed<'_, Str>,
    level: isize,
) -> PyResult<()> {
    warn_of(th, category, message, level, &Details::NONE)
}

/// `PyErr_ResourceWarning`: as `warn`, about an object that is going away.
pub fn warn_about(
    th: &Thread,
    category: Borrowed<'_>,
    message: Borrowed<'_, Str>,
    level: isize,
    source: Borrowed<'_>,
) -> PyResult<()> {
    warn_of(th, category, message, level, &Details { source: Some(source), line: None })
}

fn warn_of(
    th: &Thread,
    category: Borrowed<'_>,
    message: Borrowed<'_, Str>,
    level: isize,
    details: &Details<'_>,
) -> PyResult<()> {
    let category = category_of(th, message.object(), Some(category))?;
    let place = Place::find(th, level, None)?;
    decide(th, category.borrow(), message.object(), &place, details)
}

/// `PyErr_WarnExplicit`: a warning about a place in a file.
pub fn warn_explicit(
    th: &Thread,
    category: Borrowed<'_, Type>,
    message: Borrowed<'_>,
    filename: Borrowed<'_, Str>,
    line: i32,
) -> PyResult<()> {
    let module = module_from_file(th, filename)?.into_object();
    let place = Place { filename: filename.to_owned(), line, module, registry: None };
    decide(th, category, message, &place, &Details::NONE)
}
