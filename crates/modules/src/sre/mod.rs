//! `_sre`: the engine behind `re`.
//!
//! `classes` says what single characters match, `program` has compiled code, `engine` runs it, `pattern`, `scanner` and `matched` are
//! what Python sees. The same job as CPython's `Modules/_sre/sre.c`.

mod classes;
mod engine;
mod matched;
mod pattern;
mod program;
mod scanner;
mod subject;
mod substitution;

use krait_objects::prelude::*;
use krait_objects::unicode::case;

/// The module's name.
#[pymodule(name = "_sre", doc = "")]
pub struct Sre;

#[pyfunctions]
impl Sre {
    #[constant]
    const MAGIC: i64 = 20_230_612;
    #[constant]
    const CODESIZE: i64 = 4;
    #[constant]
    const MAXREPEAT: i64 = u32::MAX as i64;
    #[constant]
    const MAXGROUPS: i64 = (i32::MAX / 2) as i64;
    #[constant(name = "copyright")]
    const COPYRIGHT: &'static str = " SRE 2.2.2 Copyright (c) 1997-2002 by Secret Labs AB ";

    #[exec]
    fn exec(_module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        Borrowed::from_ref(pattern::Pattern::type_object()).ready(th)?;
        Borrowed::from_ref(scanner::Scanner::type_object()).ready(th)?;
        Borrowed::from_ref(matched::Match::type_object()).ready(th)?;
        Borrowed::from_ref(matched::Template::type_object()).ready(th)
    }

    #[function(sig = "()")]
    fn getcodesize() -> i32 {
        4
    }

    #[function(sig = "(character, /)")]
    fn ascii_iscased(character: i32) -> bool {
        u8::try_from(character).is_ok_and(|c| c.is_ascii_alphabetic())
    }

    #[function(sig = "(character, /)")]
    fn unicode_iscased(character: i32) -> bool {
        let c = character as u32;
        let lower = case::simple_lower(c);
        c != lower || c != case::simple_upper(lower)
    }

    #[function(sig = "(character, /)")]
    fn ascii_tolower(character: i32) -> i32 {
        classes::lower_ascii(character as u32) as i32
    }

    #[function(sig = "(character, /)")]
    fn unicode_tolower(character: i32) -> i32 {
        classes::lower_unicode(character as u32) as i32
    }

    #[function(sig = "(pattern, flags, code, groups, groupindex, indexgroup)")]
    fn compile(
        th: &Thread,
        pattern: Borrowed<'_>,
        flags: i32,
        code: Borrowed<'_, List>,
        groups: isize,
        groupindex: Borrowed<'_, Dict>,
        indexgroup: Borrowed<'_, Tuple>,
    ) -> PyResult {
        let mut words = Vec::with_capacity(code.len());
        for item in code.to_vec() {
            let word = number::index(th, item.object())?.to_u64();
            match word.and_then(|word| u32::try_from(word).ok()) {
                Some(word) => words.push(word),
                None => {
                    return Err(th.raise(
                        exc::OVERFLOW_ERROR,
                        "regular expression code size limit exceeded",
                    ));
                }
            }
        }
        if groups < 0 || groups > Sre::MAXGROUPS as isize {
            return Err(th.raise(exc::RUNTIME_ERROR, "invalid SRE code"));
        }
        pattern::Pattern::create(th, pattern, flags, words, groups, groupindex, indexgroup)
    }

    #[function(sig = "(pattern, template, /)")]
    fn template(th: &Thread, _pattern: Borrowed<'_>, template: Borrowed<'_>) -> PyResult {
        matched::Template::create(th, template)
    }
}
