//! Showing a warning, and the line of the program that it is about.
//!
//! Once a program has imported the library's `warnings` module, that shows it; before, it is written plainly.

use krait_objects::prelude::*;

use super::filters::library;
use super::{Details, Place};
use crate::builtins::write_stderr;
use crate::sys;

/// Shows a warning that no filter has dropped.
pub(super) fn show(
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
pub(super) fn source_line(
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
