//! The filters, and what they say of a warning: the interpreter's own, those of the library's `warnings` module once a
//! program has imported it, and the registries of what was shown already.

use std::cell::Cell;

use krait_objects::error::ExcType;
use krait_objects::prelude::*;

use super::Place;

/// The state of one interpreter's filters.
pub(super) struct Filters {
    pub(super) filters: Slot<List>,
    pub(super) once: Slot<Dict>,
    pub(super) default_action: Slot<Str>,
    /// The context variable whose object has the filters of `warnings.catch_warnings`, where they are kept per context.
    pub(super) context: Slot,
    /// Counts changes, so that the registries of modules know when they are out of date.
    pub(super) version: Cell<i64>,
}

impl Default for Filters {
    fn default() -> Filters {
        Filters {
            filters: Slot::EMPTY,
            once: Slot::EMPTY,
            default_action: Slot::EMPTY,
            context: Slot::EMPTY,
            version: Cell::new(0),
        }
    }
}

/// What the first filter that fits says, with the filter; the default action if none does.
pub(super) fn action_for(
    th: &Thread,
    text: Borrowed<'_>,
    category: Borrowed<'_, Type>,
    place: &Place,
) -> PyResult<(Owned<Str>, Option<Owned>)> {
    let (filters, name) = match context_filters(th)? {
        Some(filters) => (filters, "warnings._warnings_context _filters"),
        None => (current_filters(th)?, "warnings.filters"),
    };
    match first_that_fits(th, (&filters, name), text, category, place)? {
        Some((action, filter)) => Ok((action, Some(filter))),
        None => Ok((default_action(th)?, None)),
    }
}

/// The action of the first filter that fits, and the filter. Patterns and classes can be a program's own, which may change
/// the list meanwhile.
fn first_that_fits(
    th: &Thread,
    (filters, name): (&List, &str),
    text: Borrowed<'_>,
    category: Borrowed<'_, Type>,
    place: &Place,
) -> PyResult<Option<(Owned<Str>, Owned)>> {
    let mut at = 0;
    while let Some(filter) = filters.get(at) {
        let parts = filter.object().downcast::<Tuple>();
        let Some(&[action, message, wanted, module, line]) =
            parts.as_ref().map(|parts| parts.get().as_slice())
        else {
            return Err(raise!(th, VALUE_ERROR, "{name} item {at} isn't a 5-tuple"));
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
            return Ok(Some((action.to_owned(), filter.clone())));
        }
        at += 1;
    }
    Ok(None)
}

/// Whether a filter's line number is this one; 0 is any.
fn fits_line(th: &Thread, wanted: Borrowed<'_>, line: i32) -> PyResult<bool> {
    let Some(wanted) = wanted.downcast::<Int>() else {
        return Err(th.raise(exc::TYPE_ERROR, "an integer is required"));
    };
    Ok(wanted.is_zero() || wanted.to_i64() == Some(line.into()))
}

/// The filters of `warnings.catch_warnings` in this context, if it has some of its own.
fn context_filters(th: &Thread) -> PyResult<Option<Owned<List>>> {
    let Some(variable) = th.interp().state::<Filters>().context.get_owned() else {
        return Ok(None);
    };
    let context = call::call_method(th, variable.object(), id::get, &[none()])?;
    if context.is_none() {
        return Ok(None);
    }
    let filters = object::get_attr(th, context.object(), id::_filters)?;
    filters.downcast::<List>().map(Some).map_err(|_| {
        let message = "_filters of warnings._warnings_context must be a list";
        th.raise(exc::VALUE_ERROR, message)
    })
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

/// Whether the registry knows `key`; `enter` makes it so. A registry older than the filters is emptied.
pub(super) fn seen(th: &Thread, registry: &Dict, key: Borrowed<'_>, enter: bool) -> PyResult<bool> {
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
    name: Borrowed<'_, Str>,
    kept: &Slot<T>,
    refuse: impl FnOnce(Borrowed<'_>) -> Raised,
) -> PyResult<Option<Owned<T>>> {
    if let Some(library) = library(th)? {
        let found = object::get_attr_opt(th, library.object(), name)?;
        if let Some(found) = found {
            let found = found.downcast::<T>().map_err(|other| refuse(other.object()))?;
            drop(kept.replace(Some(found)));
        }
    }
    Ok(kept.get_owned())
}

/// The filters in force where the context has none of its own.
fn current_filters(th: &Thread) -> PyResult<Owned<List>> {
    let state = th.interp().state::<Filters>();
    let filters = replaced(th, id::filters, &state.filters, |_| {
        th.raise(exc::VALUE_ERROR, "_warnings.filters must be a list")
    })?;
    filters.map_or_else(|| default_filters(th), Ok)
}

/// What was shown once, for places without a registry.
pub(super) fn once_registry(th: &Thread) -> PyResult<Owned<Dict>> {
    let state = th.interp().state::<Filters>();
    let registry = replaced(th, id::onceregistry, &state.once, |found| {
        let found = found.type_name();
        raise!(th, TYPE_ERROR, "_warnings.onceregistry must be a dict, not '{found}'")
    })?;
    registry.map_or_else(|| Dict::new(th), Ok)
}

/// What becomes of warnings that no filter fits.
fn default_action(th: &Thread) -> PyResult<Owned<Str>> {
    let state = th.interp().state::<Filters>();
    let action = replaced(th, id::defaultaction, &state.default_action, |found| {
        let found = found.type_name();
        raise!(th, TYPE_ERROR, "_warnings.defaultaction must be a string, not '{found}'")
    })?;
    action.map_or_else(|| Str::interned(th, "default"), Ok)
}

/// The `warnings` module, if a program has imported it.
pub(super) fn library(th: &Thread) -> PyResult<Option<Owned>> {
    let Some(modules) = th.interp().modules.get_owned() else {
        return Ok(None);
    };
    Ok(modules.get_str(th, id::warnings)?.filter(|module| !module.is_none()))
}

/// The filters an interpreter starts with.
pub(super) fn default_filters(th: &Thread) -> PyResult<Owned<List>> {
    let filter = |action: &str, category: ExcType, module: Option<&str>| -> PyResult {
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
