//! What is wrong with the arguments of a call, in the reference's words.

use std::ops::Range;

use krait_objects::prelude::*;

use super::Binding;

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// `'a'`, `'a' and 'b'`, `'a', 'b', and 'c'`.
fn enumerated(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [first, second] => format!("{first} and {second}"),
        [init @ .., last] => format!("{}, and {last}", init.join(", ")),
    }
}

impl Binding<'_> {
    fn name(&self) -> Owned<Str> {
        self.function.get().display_name()
    }

    pub(super) fn is_missing(&self, index: usize) -> bool {
        // SAFETY: the frame has a local for every parameter.
        unsafe { (*self.local(index)).is_null() }
    }

    #[cold]
    pub(super) fn missing(&self, range: Range<usize>, kind: &str) -> Raised {
        let mut names = Vec::new();
        for index in range.filter(|&index| self.is_missing(index)) {
            match object::repr(self.th, self.code.get().local_name(index).object()) {
                Ok(name) => names.push(name.to_string()),
                Err(raised) => return raised,
            }
        }
        let count = names.len();
        raise!(
            self.th,
            TYPE_ERROR,
            "{}() missing {count} required {kind} argument{}: {}",
            &*self.name(),
            plural(count),
            enumerated(&names)
        )
    }

    #[cold]
    pub(super) fn too_many_positional(&self, given: usize) -> Raised {
        let positional = self.code.argcount as usize;
        let defaults = self.function.get().defaults.get().map_or(0, |defaults| defaults.len());
        let keyword_only =
            (positional..self.named).filter(|&index| !self.is_missing(index)).count();
        let (accepted, many) = if defaults > 0 {
            let least = positional.saturating_sub(defaults);
            (format!("from {least} to {positional}"), "s")
        } else {
            (positional.to_string(), plural(positional))
        };
        let keywords = if keyword_only > 0 {
            format!(
                " positional argument{} (and {keyword_only} keyword-only argument{})",
                plural(given),
                plural(keyword_only)
            )
        } else {
            String::new()
        };
        let verb = if given == 1 && keyword_only == 0 { "was" } else { "were" };
        raise!(
            self.th,
            TYPE_ERROR,
            "{}() takes {accepted} positional argument{many} but {given}{keywords} {verb} given",
            &*self.name()
        )
    }

    #[cold]
    pub(super) fn not_a_name(&self) -> Raised {
        raise!(self.th, TYPE_ERROR, "{}() keywords must be strings", &*self.name())
    }

    #[cold]
    pub(super) fn given_twice(&self, name: Borrowed<'_>) -> Raised {
        match object::str(self.th, name) {
            Ok(text) => raise!(
                self.th,
                TYPE_ERROR,
                "{}() got multiple values for argument '{}'",
                &*self.name(),
                &*text
            ),
            Err(raised) => raised,
        }
    }

    /// A keyword that names no parameter: perhaps one that takes no keywords, perhaps misspelt.
    #[cold]
    pub(super) fn unexpected_keyword(
        &self,
        kwnames: Borrowed<'_, Tuple>,
        name: Borrowed<'_>,
    ) -> Raised {
        match self.positional_only_given(kwnames) {
            Ok(Some(names)) => {
                return raise!(
                    self.th,
                    TYPE_ERROR,
                    "{}() got some positional-only arguments passed as keyword arguments: '{names}'",
                    &*self.name()
                );
            }
            Ok(None) => {}
            Err(raised) => return raised,
        }
        let text = match object::str(self.th, name) {
            Ok(text) => text.to_string(),
            Err(raised) => return raised,
        };
        let first = self.code.posonlyargcount as usize;
        let possible: Vec<String> = (first..self.named)
            .map(|index| self.code.get().local_name(index).get().to_string())
            .collect();
        let hint = match krait_objects::args::suggestion(&text, possible.iter().map(String::as_str))
        {
            Some(better) => format!(". Did you mean '{better}'?"),
            None => String::new(),
        };
        raise!(
            self.th,
            TYPE_ERROR,
            "{}() got an unexpected keyword argument '{text}'{hint}",
            &*self.name()
        )
    }

    /// The positional-only parameters that were given by name, as a list for the message.
    fn positional_only_given(&self, kwnames: Borrowed<'_, Tuple>) -> PyResult<Option<String>> {
        let mut names = Vec::new();
        for index in 0..self.code.posonlyargcount as usize {
            let parameter = self.code.get().local_name(index);
            for name in kwnames.get().as_slice() {
                if object::eq(self.th, parameter.object(), *name)? {
                    names.push(parameter.get().to_string());
                }
            }
        }
        Ok((!names.is_empty()).then(|| names.join(", ")))
    }
}
