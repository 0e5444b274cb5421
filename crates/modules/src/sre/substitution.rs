//! `sub` and `subn`: the text with something else in the place of matches.

use krait_objects::prelude::*;
use krait_objects::with_units;

use super::matched::{Match, Template};
use super::pattern::Pattern;
use super::subject::Subject;

impl Pattern {
    /// The text after at most `count` substitutions (0: no limit), and how many there were.
    pub(super) fn substitute(
        this: Borrowed<'_, Self>,
        th: &Thread,
        repl: Borrowed<'_>,
        string: Borrowed<'_>,
        count: isize,
    ) -> PyResult<(Owned, usize)> {
        let subject = this.subject(th, string)?;
        let filter = Filter::new(th, this, repl)?;
        let bounds = (0, subject.len());
        let (mut parts, mut from, mut done) = (Vec::new(), 0, 0usize);
        // A negative count allows none at all.
        let Ok(most) = usize::try_from(count) else {
            return Ok((subject.slice(th, 0, subject.len())?, 0));
        };
        this.each(th, &subject, bounds, |found| {
            if from < found.start {
                parts.push(subject.slice(th, from, found.start)?);
            }
            from = found.end;
            done += 1;
            match &filter {
                Filter::Literal(text) => parts.push(text.clone()),
                Filter::Template(template) => {
                    template.expand(th, &subject, &found, &mut parts)?;
                }
                Filter::Call(function) => {
                    let matched = Match::create(th, this, &subject, bounds, found)?;
                    let text = call::call(th, function.object(), &[matched.object()])?;
                    if !text.is_none() {
                        parts.push(text);
                    }
                }
            }
            Ok(most == 0 || done < most)
        })?;
        if from < subject.len() || parts.is_empty() {
            parts.push(subject.slice(th, from, subject.len())?);
        }
        if let (0, [only]) = (done, parts.as_slice()) {
            return Ok((only.clone(), 0));
        }
        Ok((subject.join(th, &parts)?, done))
    }
}

/// What takes the place of a match.
enum Filter {
    Literal(Owned),
    Template(Owned<Template>),
    Call(Owned),
}

impl Filter {
    fn new(th: &Thread, pattern: Borrowed<'_, Pattern>, repl: Borrowed<'_>) -> PyResult<Filter> {
        if object::is_callable(repl) {
            return Ok(Filter::Call(repl.to_owned()));
        }
        if let Ok(text) = Subject::new(th, repl, None) {
            let escaped = with_units!(text.chars(), units => {
                units.iter().any(|&unit| u32::from(unit) == u32::from(b'\\'))
            });
            if !escaped {
                return Ok(Filter::Literal(repl.to_owned()));
            }
        } else {
            drop(th.take_exception());
        }
        let template = compile_template(th, pattern, repl)?;
        match template.downcast::<Template>() {
            Ok(template) => match template.as_literal() {
                Some(literal) => Ok(Filter::Literal(literal)),
                None => Ok(Filter::Template(template)),
            },
            Err(function) => Ok(Filter::Call(function)),
        }
    }
}

/// `re._compile_template`.
pub fn compile_template(
    th: &Thread,
    pattern: Borrowed<'_, Pattern>,
    template: Borrowed<'_>,
) -> PyResult {
    let re = krait_eval::import::import(th, "re")?;
    let name = Str::interned(th, "_compile_template")?;
    let compile = object::get_attr(th, re.object(), name.borrow())?;
    call::call(th, compile.object(), &[pattern.object(), template])
}
