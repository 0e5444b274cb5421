//! The `_warnings` module: the filters, and the decision what becomes of a warning.
//!
//! Showing is left to the library's `warnings` module once a program has imported it. The same job as
//! CPython's `Python/_warnings.c`.

use krait_objects::prelude::*;

use crate::builtins::write_stderr;
use crate::{frame, sys};

/// The part of the warnings module that the interpreter itself needs.
#[pymodule(name = "_warnings")]
pub struct Warnings;

/// The state of one interpreter's filters.
pub struct Filters {
    filters: Slot<List>,
    once: Slot<Dict>,
    default_action: Slot<Str>,
    /// Counts changes, so that the registries of modules know when they are out of date.
    version: std::cell::Cell<i64>,
}

impl Default for Filters {
    fn default() -> Filters {
        Filters {
            filters: Slot::EMPTY,
            once: Slot::EMPTY,
            default_action: Slot::EMPTY,
            version: std::cell::Cell::new(0),
        }
    }
}

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

/// What its loader knows a module by: the program's own module has another name.
fn module_name(th: &Thread, globals: Borrowed<'_, Dict>) -> PyResult<Option<Owned>> {
    let spec = globals.get_str(th, Str::interned(th, "__spec__")?.borrow())?;
    if let Some(spec) = spec.filter(|spec| !spec.is_none()) {
        let name = object::get_attr_opt(th, spec.object(), id::name)?;
        if name.as_ref().is_some_and(|name| !name.is_none()) {
            return Ok(name);
        }
    }
    globals.get_str(th, id::__name__)
}

/// The line that the loader of a module knows.
fn source_line(
    th: &Thread,
    globals: Borrowed<'_, Dict>,
    line: i32,
) -> PyResult<Option<Owned<Str>>> {
    let external = crate::import::import(th, "_frozen_importlib_external")?;
    let bless = Str::interned(th, "_bless_my_loader")?;
    let loader = call::call_method(th, external.object(), bless.borrow(), &[globals.object()])?;
    if loader.is_none() {
        return Ok(None);
    }
    let Some(name) = module_name(th, globals)? else {
        return Ok(None);
    };
    let get = Str::interned(th, "get_source")?;
    let Some(get) = object::get_attr_opt(th, loader.object(), get.borrow())? else {
        return Ok(None);
    };
    let source = match call::call(th, get.object(), &[name.object()]) {
        Ok(source) => source,
        // Such as the loader of a program that is in no file.
        Err(raised) => match th.take_if(raised, exc::IMPORT_ERROR) {
            Ok(_) => return Ok(None),
            Err(raised) => {
                drop(th.take_if(raised, exc::OS_ERROR)?);
                return Ok(None);
            }
        },
    };
    let Ok(source) = source.downcast::<Str>() else {
        return Ok(None);
    };
    // A subclass of `str` may have lines of its own.
    let split = Str::interned(th, "splitlines")?;
    let split =
        object::get_attr(th, Borrowed::from_ref(Str::type_object()).object(), split.borrow())?;
    let lines = call::call(th, split.object(), &[source.object()])?;
    let at = usize::try_from(line).ok().and_then(|line| line.checked_sub(1));
    let found = lines.downcast::<List>().ok().zip(at).and_then(|(lines, at)| lines.get(at));
    Ok(found.and_then(|line| line.downcast::<Str>().ok()))
}

/// The filters an interpreter starts with.
fn default_filters(th: &Thread) -> PyResult<Owned<List>> {
    let filter =
        |action: &str, category: crate::warnings::Class, module: Option<&str>| -> PyResult {
            let module = match module {
                Some(module) => Str::interned(th, module)?.into_object(),
                None => none().to_owned(),
            };
            let parts = [
                Str::interned(th, action)?.into_object(),
                none().to_owned(),
                Borrowed::from_ref(category).object().to_owned(),
                module,
                Int::from_i64(th, 0)?.into_object(),
            ];
            Tuple::pack(th, parts).map(Owned::into_object)
        };
    List::from_vec(
        th,
        vec![
            filter("default", exc::DEPRECATION_WARNING, Some("__main__"))?,
            filter("ignore", exc::DEPRECATION_WARNING, None)?,
            filter("ignore", exc::PENDING_DEPRECATION_WARNING, None)?,
            filter("ignore", exc::IMPORT_WARNING, None)?,
            filter("ignore", exc::RESOURCE_WARNING, None)?,
        ],
    )
}

type Class = krait_objects::error::ExcType;

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

/// Whether the registry knows `key`; `enter` makes it so. A registry older than the filters is emptied.
fn seen(th: &Thread, registry: &Dict, key: Borrowed<'_>, enter: bool) -> PyResult<bool> {
    let current = th.interp().state::<Filters>().version.get();
    let recorded = match registry.get_str(th, id::version)? {
        Some(version) => version.object().downcast::<Int>().and_then(|version| version.to_i64()),
        None => None,
    };
    if recorded != Some(current) {
        registry.clear();
        registry.set_str(th, id::version, Int::from_i64(th, current)?.object())?;
    } else if let Some(known) = registry.get(th, key)? {
        if object::is_true(th, known.object())? {
            return Ok(true);
        }
    }
    if enter {
        registry.set(th, key, bool_object(true).object())?;
    }
    Ok(false)
}

/// An attribute of the library module, which a program may replace; kept in `place` for when it is taken away.
fn replaced<T: Instance>(
    th: &Thread,
    name: &str,
    kept: &Slot<T>,
    refuse: impl FnOnce(Borrowed<'_>) -> Raised,
) -> PyResult<Option<Owned<T>>> {
    if let Some(library) = library(th)? {
        let found = object::get_attr_opt(th, library.object(), Str::interned(th, name)?.borrow())?;
        if let Some(found) = found {
            let found = found.downcast::<T>().map_err(|other| refuse(other.object()))?;
            drop(kept.replace(Some(found)));
        }
    }
    Ok(kept.get_owned())
}

/// The filters in force.
fn current_filters(th: &Thread) -> PyResult<Vec<Owned>> {
    let state = th.interp().state::<Filters>();
    let filters = replaced(th, "filters", &state.filters, |_| {
        th.raise(exc::VALUE_ERROR, "_warnings.filters must be a list")
    })?;
    match filters {
        Some(filters) => Ok(filters.to_vec()),
        None => Ok(default_filters(th)?.to_vec()),
    }
}

/// What was shown once, for places without a registry.
fn once_registry(th: &Thread) -> PyResult<Owned<Dict>> {
    let state = th.interp().state::<Filters>();
    let registry = replaced(th, "onceregistry", &state.once, |found| {
        let found = found.type_name();
        raise!(th, TYPE_ERROR, "_warnings.onceregistry must be a dict, not '{found}'")
    })?;
    registry.map_or_else(|| Dict::new(th), Ok)
}

/// What becomes of warnings that no filter fits.
fn default_action(th: &Thread) -> PyResult<Owned<Str>> {
    let state = th.interp().state::<Filters>();
    let action = replaced(th, "defaultaction", &state.default_action, |found| {
        let found = found.type_name();
        raise!(th, TYPE_ERROR, "_warnings.defaultaction must be a string, not '{found}'")
    })?;
    action.map_or_else(|| Str::interned(th, "default"), Ok)
}

/// The `warnings` module, if a program has imported it.
fn library(th: &Thread) -> PyResult<Option<Owned>> {
    let Some(modules) = th.interp().modules.get_owned() else {
        return Ok(None);
    };
    let name = Str::interned(th, "warnings")?;
    Ok(modules.get_str(th, name.borrow())?.filter(|module| !module.is_none()))
}

/// What the first filter that fits says, with the filter; the default action if none does.
fn action_for(
    th: &Thread,
    text: Borrowed<'_>,
    category: Borrowed<'_, Type>,
    place: &Place,
) -> PyResult<(Owned<Str>, Option<Owned>)> {
    for filters in [context_filters(th)?, current_filters(th)?] {
        for (at, filter) in filters.into_iter().enumerate() {
            let parts = filter.object().downcast::<Tuple>();
            let Some(&[action, message, wanted, module, line]) =
                parts.as_ref().map(|parts| parts.get().as_slice())
            else {
                return Err(raise!(th, VALUE_ERROR, "warnings.filters item {at} isn't a 5-tuple"));
            };
            let Some(action) = action.downcast::<Str>() else {
                let found = action.type_name();
                return Err(raise!(th, TYPE_ERROR, "action must be a string, not '{found}'"));
            };
            let fits = matches(th, message, text)?
                && object::is_subclass(th, category.object(), wanted)?
                && matches(th, module, place.module.object())?
                && fits_line(th, line, place.line)?;
            if fits {
                return Ok((action.to_owned(), Some(filter.clone())));
            }
        }
    }
    Ok((default_action(th)?, None))
}

/// Whether a filter's line number is this one; 0 is any.
fn fits_line(th: &Thread, wanted: Borrowed<'_>, line: i32) -> PyResult<bool> {
    let Some(wanted) = wanted.downcast::<Int>() else {
        return Err(th.raise(exc::TYPE_ERROR, "an integer is required"));
    };
    Ok(wanted.is_zero() || wanted.to_i64() == Some(line.into()))
}

/// The filters of `warnings.catch_warnings` in this context, where the library keeps them per context.
fn context_filters(th: &Thread) -> PyResult<Vec<Owned>> {
    let Some(library) = library(th)? else {
        return Ok(Vec::new());
    };
    let get = Str::interned(th, "_get_context")?;
    let Some(get) = object::get_attr_opt(th, library.object(), get.borrow())? else {
        return Ok(Vec::new());
    };
    let context = call::call(th, get.object(), &[])?;
    let name = Str::interned(th, "_filters")?;
    match object::get_attr_opt(th, context.object(), name.borrow())? {
        Some(filters) if !filters.is_none() => iter::collect(th, filters.object()),
        _ => Ok(Vec::new()),
    }
}

/// Whether a filter's pattern (None, text, or a compiled regular expression) fits `text`.
fn matches(th: &Thread, pattern: Borrowed<'_>, text: Borrowed<'_>) -> PyResult<bool> {
    if pattern.is_none() {
        return Ok(true);
    }
    if let Some(exact) = pattern.downcast_exact::<Str>() {
        return match text.downcast::<Str>() {
            Some(text) => Ok(exact.eq(text.get())),
            None => {
                let found = text.type_name();
                Err(raise!(th, TYPE_ERROR, "Can't compare str and {found}"))
            }
        };
    }
    let name = Str::interned(th, "match")?;
    let found = call::call_method(th, pattern, name.borrow(), &[text])?;
    object::is_true(th, found.object())
}

fn show(
    th: &Thread,
    instance: Borrowed<'_>,
    text: Borrowed<'_>,
    category: Borrowed<'_, Type>,
    place: &Place,
    line: Borrowed<'_>,
    details: &Details<'_>,
) -> PyResult<()> {
    // A warning about a lost resource is worth the import that can say where it was made.
    let library = match details.source {
        Some(_) if !th.interp().finalizing.get() => Some(crate::import::import(th, "warnings")?),
        _ => library(th)?,
    };
    let Some(library) = library else {
        return show_plainly(th, text, category, place, details);
    };
    let get = |name: &str| -> PyResult<Option<Owned>> {
        object::get_attr_opt(th, library.object(), Str::interned(th, name)?.borrow())
    };
    let (Some(show), Some(message)) = (get("_showwarnmsg")?, get("WarningMessage")?) else {
        return show_plainly(th, text, category, place, details);
    };
    let source = details.source.unwrap_or(none());
    let text = details.line.as_ref().map_or(none(), Owned::object);
    let arguments =
        [instance, category.object(), place.filename.object(), line, none(), text, source];
    let message = call::call(th, message.object(), &arguments)?;
    call::call(th, show.object(), &[message.object()]).map(drop)
}

/// `file:line: Category: text`, before the library module is there.
fn show_plainly(
    th: &Thread,
    text: Borrowed<'_>,
    category: Borrowed<'_, Type>,
    place: &Place,
    details: &Details<'_>,
) -> PyResult<()> {
    let text = object::str(th, text)?;
    let (file, number) = (&place.filename, place.line);
    let mut shown = format!("{}:{number}: {}: {}\n", **file, category.name(), *text);
    if let Some(line) = &details.line {
        shown += line.to_string_lossy().trim_start();
        shown.push('\n');
    } else if let Some(line) = line_of_file(&file.to_string_lossy(), number as usize) {
        shown.push_str(&format!("  {}\n", line.trim()));
    }
    match sys::get(th, id::stderr)?.filter(|stream| !stream.is_none()) {
        Some(stream) => {
            call::call_method(th, stream.object(), id::write, &[Str::new(th, &shown)?.object()])
                .map(drop)
        }
        None => {
            write_stderr(&shown);
            Ok(())
        }
    }
}

/// A line of a source file, if it can be read.
fn line_of_file(path: &str, number: usize) -> Option<String> {
    let source = std::fs::read(path).ok()?;
    let line = source.split(|&byte| byte == b'\n').nth(number.checked_sub(1)?)?;
    Some(String::from_utf8_lossy(line).into_owned())
}

/// `PyErr_WarnEx`: a warning from native code, blamed on the running Python code.
pub fn warn(
    th: &Thread,
    category: Borrowed<'_>,
    message: Borrowed<'_, Str>,
    level: isize,
) -> PyResult<()> {
    let category = category_of(th, message.object(), Some(category))?;
    let place = Place::find(th, level, None)?;
    decide(th, category.borrow(), message.object(), &place, &Details::NONE)
}

/// `PyErr_ResourceWarning`: as `warn`, about an object that is going away.
pub fn warn_about(
    th: &Thread,
    category: Borrowed<'_>,
    message: Borrowed<'_, Str>,
    level: isize,
    source: Borrowed<'_>,
) -> PyResult<()> {
    let category = category_of(th, message.object(), Some(category))?;
    let place = Place::find(th, level, None)?;
    let details = Details { source: Some(source), line: None };
    decide(th, category.borrow(), message.object(), &place, &details)
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
