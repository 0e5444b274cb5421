//! The `_warnings` module: the filters, and the decision what becomes of a warning.
//!
//! Showing is left to the library's `warnings` module once a program has imported it. The same job as
//! CPython's `Python/_warnings.c`.

use krait_objects::prelude::*;

use crate::builtins::write_stderr;
use crate::{frame, sys};

/// _warnings provides basic warning filtering support.
/// It is a helper module to speed up interpreter start-up.
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

    /// Issue a warning, or maybe ignore it or raise an exception.
    ///
    ///   message
    ///     Text of the warning message.
    ///   category
    ///     The Warning category subclass. Defaults to UserWarning.
    ///   stacklevel
    ///     How far up the call stack to make this warning appear. A value of 2 for
    ///     example attributes the warning to the caller of the code calling warn().
    ///   source
    ///     If supplied, the destroyed object which emitted a ResourceWarning
    ///   skip_file_prefixes
    ///     An optional tuple of module filename prefixes indicating frames to skip
    ///     during stacklevel computations for stack frame attribution.
    #[function(
        sig = "(message, category=None, stacklevel=1, source=None, *, skip_file_prefixes=())"
    )]
    fn warn(
        th: &Thread,
        message: Borrowed<'_>,
        category: Option<Borrowed<'_>>,
        stacklevel: isize,
        source: Option<Borrowed<'_>>,
        #[default(None)] skip_file_prefixes: Option<Borrowed<'_, Tuple>>,
    ) -> PyResult<()> {
        let category = category_of(th, message, category)?;
        let prefixes = skip_file_prefixes.filter(|prefixes| !prefixes.is_empty());
        let stacklevel = if prefixes.is_some() { stacklevel.max(2) } else { stacklevel };
        let place = Place::find(th, stacklevel, prefixes)?;
        decide(th, category.borrow(), message, &place, source)
    }

    /// Issue a warning, or maybe ignore it or raise an exception: as if from the given place.
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
        _module_globals: Option<Borrowed<'_>>,
        source: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        let category = category_of(th, message, Some(category))?;
        let registry = match registry {
            Some(registry) => match registry.downcast::<Dict>() {
                Some(registry) => Some(registry.to_owned()),
                None => {
                    return Err(raise!(
                        th,
                        TYPE_ERROR,
                        "'registry' must be a dict or None, not '{}'",
                        registry.type_name()
                    ));
                }
            },
            None => None,
        };
        let module = match module.filter(|module| !module.is_none()) {
            Some(module) => object::str(th, module)?,
            None => module_from_file(th, filename)?,
        };
        let place = Place { filename: filename.to_owned(), line: lineno, module, registry };
        decide(th, category.borrow(), message, &place, source)
    }

    /// Tell that the filters have changed.
    #[function(sig = "()")]
    fn _filters_mutated_lock_held(th: &Thread) {
        let version = &th.interp().state::<Filters>().version;
        version.set(version.get() + 1);
    }

    /// Acquire the lock of the filters: the GIL does.
    #[function(sig = "()")]
    fn _acquire_lock() {}

    /// Release the lock of the filters.
    #[function(sig = "()")]
    fn _release_lock() {}
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
    module: Owned<Str>,
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
    source: Option<Borrowed<'_>>,
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
    let action = action_for(th, text.object(), category, place)?;
    match action.to_string_lossy().as_str() {
        "error" => return Err(th.raise_in(category, Some(instance.object()))),
        "ignore" => return Ok(()),
        "once" => {
            let registry = th.interp().state::<Filters>().once.get_owned();
            let key = Tuple::pack(th, [text.clone(), category.object().to_owned()])?;
            if let Some(registry) = registry {
                if seen(th, &registry, key.object(), true)? {
                    return Ok(());
                }
            }
        }
        "always" | "all" => {}
        "module" => {
            if let Some(registry) = &place.registry {
                let key = Tuple::pack(
                    th,
                    [
                        text.clone(),
                        category.object().to_owned(),
                        Int::from_i64(th, 0)?.into_object(),
                    ],
                )?;
                if seen(th, registry, key.object(), true)? {
                    return Ok(());
                }
            }
        }
        "default" => {
            if let Some(registry) = &place.registry {
                seen(th, registry, key.object(), true)?;
            }
        }
        _ => {
            let shown = object::repr(th, action.object())?;
            return Err(raise!(
                th,
                RUNTIME_ERROR,
                "Unrecognized action ({}) in warnings.filters:\n {}",
                *action,
                *shown
            ));
        }
    }
    show(th, instance.object(), text.object(), category, place, line.object(), source)
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

/// The filters in force: the library module's, if it is there, since a program may replace them.
fn current_filters(th: &Thread) -> PyResult<Vec<Owned>> {
    let state = th.interp().state::<Filters>();
    let filters = match library(th)? {
        Some(library) => {
            object::get_attr_opt(th, library.object(), Str::interned(th, "filters")?.borrow())?
        }
        None => None,
    };
    let filters = match filters.or_else(|| state.filters.get_owned().map(Owned::into_object)) {
        Some(filters) => filters,
        None => default_filters(th)?.into_object(),
    };
    match filters.object().downcast::<List>() {
        Some(list) => Ok(list.to_vec()),
        None => Err(th.raise(exc::VALUE_ERROR, "warnings.filters must be a list")),
    }
}

/// The `warnings` module, if a program has imported it.
fn library(th: &Thread) -> PyResult<Option<Owned>> {
    let Some(modules) = th.interp().modules.get_owned() else {
        return Ok(None);
    };
    let name = Str::interned(th, "warnings")?;
    Ok(modules.get_str(th, name.borrow())?.filter(|module| !module.is_none()))
}

/// What the first filter that fits says; the default action if none does.
fn action_for(
    th: &Thread,
    text: Borrowed<'_>,
    category: Borrowed<'_, Type>,
    place: &Place,
) -> PyResult<Owned<Str>> {
    let mut filters = context_filters(th)?;
    filters.extend(current_filters(th)?);
    for filter in filters {
        let parts = filter.object().downcast::<Tuple>().filter(|parts| parts.len() == 5);
        let Some(parts) = parts else {
            return Err(th.raise(exc::VALUE_ERROR, "warnings.filters item isn't a 5-tuple"));
        };
        let [action, message, wanted, module, line] = parts.get().as_slice() else {
            continue;
        };
        let fits = matches(th, *message, text)?
            && object::is_subclass(th, category.object(), *wanted)?
            && matches(th, *module, place.module.object())?
            && line
                .downcast::<Int>()
                .and_then(|line| line.to_i64())
                .is_none_or(|line| line == 0 || line == i64::from(place.line));
        if fits {
            return object::str(th, *action);
        }
    }
    let state = th.interp().state::<Filters>();
    if let Some(library) = library(th)? {
        let name = Str::interned(th, "defaultaction")?;
        if let Some(action) = object::get_attr_opt(th, library.object(), name.borrow())? {
            return object::str(th, action.object());
        }
    }
    match state.default_action.get_owned() {
        Some(action) => Ok(action),
        None => Str::interned(th, "default"),
    }
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
        return Ok(text.downcast::<Str>().is_some_and(|text| exact.eq(text.get())));
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
    source: Option<Borrowed<'_>>,
) -> PyResult<()> {
    // A warning about a lost resource is worth the import that can say where it was made.
    let library = match source {
        Some(_) if !th.interp().finalizing.get() => Some(crate::import::import(th, "warnings")?),
        _ => library(th)?,
    };
    let Some(library) = library else {
        return show_plainly(th, text, category, place);
    };
    let get = |name: &str| -> PyResult<Option<Owned>> {
        object::get_attr_opt(th, library.object(), Str::interned(th, name)?.borrow())
    };
    let (Some(show), Some(message)) = (get("_showwarnmsg")?, get("WarningMessage")?) else {
        return show_plainly(th, text, category, place);
    };
    let source = source.unwrap_or(none());
    let arguments =
        [instance, category.object(), place.filename.object(), line, none(), none(), source];
    let message = call::call(th, message.object(), &arguments)?;
    call::call(th, show.object(), &[message.object()]).map(drop)
}

/// `file:line: Category: text`, before the library module is there.
fn show_plainly(
    th: &Thread,
    text: Borrowed<'_>,
    category: Borrowed<'_, Type>,
    place: &Place,
) -> PyResult<()> {
    let text = object::str(th, text)?;
    let (file, number) = (&place.filename, place.line);
    let mut shown = format!("{}:{number}: {}: {}\n", **file, category.name(), *text);
    if let Some(line) = line_of_file(&file.to_string_lossy(), number as usize) {
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
    decide(th, category.borrow(), message.object(), &place, None)
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
    decide(th, category.borrow(), message.object(), &place, Some(source))
}

/// `PyErr_WarnExplicit`: a warning about a place in a file.
pub fn warn_explicit(
    th: &Thread,
    category: Borrowed<'_, Type>,
    message: Borrowed<'_>,
    filename: Borrowed<'_, Str>,
    line: i32,
) -> PyResult<()> {
    let module = module_from_file(th, filename)?;
    let place = Place { filename: filename.to_owned(), line, module, registry: None };
    decide(th, category, message, &place, None)
}
