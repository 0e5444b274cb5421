//! Keyword arguments on their own, for functions that count them apart from the positional ones.
//!
//! What CPython's `PyArg_ParseTupleAndKeywords` does when it is given an empty tuple.

use super::{is_name, suggestion};
use crate::prelude::*;

/// The values of the keyword arguments `names`, all optional, and no others.
pub fn named<const N: usize>(
    th: &Thread,
    function: &str,
    given: Vec<(Owned<Str>, Owned)>,
    names: [&str; N],
) -> PyResult<[Option<Owned>; N]> {
    let mut found = [const { None }; N];
    if given.len() > N {
        let (count, plural) = (given.len(), if N == 1 { "" } else { "s" });
        return Err(raise!(
            th,
            TYPE_ERROR,
            "{function}() takes at most {N} keyword argument{plural} ({count} given)"
        ));
    }
    for (key, value) in given {
        match names.iter().position(|name| is_name(key.object(), name)) {
            Some(at) => found[at] = Some(value),
            None => {
                let near = suggestion(&key.to_string_lossy(), names.into_iter())
                    .map_or(String::new(), |near| format!(". Did you mean '{near}'?"));
                return Err(raise!(
                    th,
                    TYPE_ERROR,
                    "{function}() got an unexpected keyword argument '{}'{near}",
                    &*key
                ));
            }
        }
    }
    Ok(found)
}

/// The pairs of a `kwargs` dictionary.
pub fn pairs_of(
    th: &Thread,
    kwargs: Option<Borrowed<'_, Dict>>,
) -> PyResult<Vec<(Owned<Str>, Owned)>> {
    let mut pairs = Vec::new();
    let Some(kwargs) = kwargs else {
        return Ok(pairs);
    };
    let mut position = 0;
    while let Some((key, value)) = kwargs.next(&mut position) {
        let Ok(key) = key.downcast::<Str>() else {
            return Err(th.raise(exc::TYPE_ERROR, "keywords must be strings"));
        };
        pairs.push((key, value));
    }
    Ok(pairs)
}
