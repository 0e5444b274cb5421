//! `_suggestions`: the candidate nearest to a misspelt name, for `traceback`.

use krait_objects::args::suggestion;
use krait_objects::prelude::*;

/// Find what a misspelt name may have been meant to be.
#[pymodule(name = "_suggestions")]
pub struct Suggestions;

#[pyfunctions]
impl Suggestions {
    /// Find the candidate that resembles item most, or None if none is near enough.
    #[function(sig = "(candidates, item, /)")]
    fn _generate_suggestions(
        th: &Thread,
        candidates: Borrowed<'_>,
        item: Borrowed<'_, Str>,
    ) -> PyResult<Option<String>> {
        let Some(candidates) = candidates.downcast_exact::<List>() else {
            return Err(th.raise(exc::TYPE_ERROR, "candidates must be a list"));
        };
        let mut names = Vec::new();
        for candidate in candidates.to_vec() {
            let Some(name) = candidate.object().downcast::<Str>() else {
                let message = "all elements in 'candidates' must be strings";
                return Err(th.raise(exc::TYPE_ERROR, message));
            };
            names.push(name.get().to_string_lossy());
        }
        let found = suggestion(&item.to_string_lossy(), names.iter().map(String::as_str));
        Ok(found.map(str::to_owned))
    }
}
