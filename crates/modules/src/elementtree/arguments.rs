//! The arguments of elements: a tag, attributes in a dict, and attributes by keyword.

use krait_objects::prelude::*;

/// TypeError unless `args` has a tag behind `before` others, and attributes behind it or not.
pub fn check_count(
    th: &Thread,
    function: &str,
    args: &[Borrowed<'_>],
    before: usize,
) -> PyResult<()> {
    let (least, most, given) = (before + 1, before + 2, args.len());
    let (bound, count) = match given {
        _ if given < least => ("least", least),
        _ if given > most => ("most", most),
        _ => return Ok(()),
    };
    let plural = if count == 1 { "" } else { "s" };
    Err(raise!(
        th,
        TYPE_ERROR,
        "{function}() takes at {bound} {count} argument{plural} ({given} given)"
    ))
}

/// The TypeError of an argument of another type.
pub fn mismatch(
    th: &Thread,
    function: &str,
    number: usize,
    wanted: &str,
    found: Borrowed<'_>,
) -> Raised {
    let found = found.type_name();
    raise!(th, TYPE_ERROR, "{function}() argument {number} must be {wanted}, not {found:.50}")
}

/// A new dict of all attributes; `None` if there are none.
pub fn attributes(
    th: &Thread,
    function: &str,
    args: &[Borrowed<'_>],
    before: usize,
    kwargs: Option<Borrowed<'_, Dict>>,
) -> PyResult<Option<Owned<Dict>>> {
    let kwargs = kwargs.filter(|kwargs| !kwargs.is_empty());
    let attrib = match (args.get(before + 1), kwargs) {
        (Some(given), kwargs) => {
            let Some(given) = given.downcast::<Dict>() else {
                return Err(mismatch(th, function, before + 2, "dict", *given));
            };
            let attrib = given.copy(th)?;
            if let Some(kwargs) = kwargs {
                attrib.merge(th, kwargs.object(), true)?;
            }
            attrib
        }
        (None, Some(kwargs)) => by_keyword(th, kwargs)?,
        (None, None) => return Ok(None),
    };
    Ok(Some(attrib).filter(|attrib| !attrib.is_empty()))
}

/// The keywords, with what the keyword `attrib` gives in its place.
fn by_keyword(th: &Thread, kwargs: Borrowed<'_, Dict>) -> PyResult<Owned<Dict>> {
    let rest = kwargs.copy(th)?;
    let Some(given) = rest.pop(th, Str::interned(th, "attrib")?.object())? else {
        return Ok(rest);
    };
    let Some(given) = given.object().downcast::<Dict>() else {
        let found = given.type_name();
        return Err(raise!(th, TYPE_ERROR, "attrib must be dict, not {found:.100}"));
    };
    let attrib = given.copy(th)?;
    attrib.merge(th, rest.object(), true)?;
    Ok(attrib)
}
