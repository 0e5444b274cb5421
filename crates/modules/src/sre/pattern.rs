//! `re.Pattern`: searching, splitting and substituting with a compiled expression.

use std::cell::{Cell, OnceCell};

use krait_objects::prelude::*;
use krait_objects::{generic_alias, with_units};

use super::engine::{Engine, Scratch};
use super::matched::Match;
use super::program::Program;
use super::scanner::Scanner;
use super::subject::Subject;

/// Compiled regular expression object.
#[pytype(name = "re.Pattern", flags(DISALLOW_INSTANTIATION, IMMUTABLETYPE, HAVE_GC), weaklist = weakrefs)]
#[repr(C)]
pub struct Pattern {
    head: Head,
    #[visit]
    #[member(readonly, doc = "The pattern string from which the RE object was compiled.")]
    pattern: Slot,
    #[member(readonly, doc = "The regex matching flags.")]
    flags: Cell<i32>,
    #[member(readonly, doc = "The number of capturing groups in the pattern.")]
    groups: Cell<isize>,
    #[visit]
    group_names: Slot<Dict>,
    #[visit]
    index_group: Slot<Tuple>,
    weakrefs: Slot,
    program: OnceCell<Box<Program>>,
    /// What the last search wrote into, for the next one.
    scratch: Cell<Option<Box<Scratch>>>,
    /// -1 for `None`, 0 for `str`, 1 for `bytes`.
    kind: Cell<i32>,
}

/// How to match.
#[derive(Clone, Copy, PartialEq)]
pub enum Mode {
    Match,
    Full,
    Search,
}

/// What one match found.
pub struct Found<'a> {
    pub start: usize,
    pub end: usize,
    /// Start and end of each group, -1 if it took no part.
    pub marks: &'a [isize],
    pub last_index: i32,
}

/// A pattern at work on a text.
pub struct Finder<'a> {
    pattern: &'a Pattern,
    program: &'a Program,
    scratch: Option<Box<Scratch>>,
    /// What was found: kept here, as moving it about costs more than reading it.
    start: usize,
    end: usize,
    last_index: i32,
}

impl Drop for Finder<'_> {
    fn drop(&mut self) {
        let scratch = self.scratch.take().filter(|scratch| scratch.is_small());
        drop(self.pattern.scratch.replace(scratch));
    }
}

impl Finder<'_> {
    /// What the last match has found.
    #[inline(always)]
    pub fn found(&self) -> Found<'_> {
        let marks = self.scratch.as_ref().map_or(&[][..], |scratch| &scratch.marks);
        Found { start: self.start, end: self.end, marks, last_index: self.last_index }
    }

    /// One match in `subject` from `start` on; whether there is one.
    pub fn find(
        &mut self,
        th: &Thread,
        subject: &Subject,
        (start, end): (usize, usize),
        mode: Mode,
        must_advance: bool,
    ) -> PyResult<bool> {
        if start > end {
            return Ok(false);
        }
        let groups = self.pattern.group_count();
        let scratch = &mut **self.scratch.get_or_insert_default();
        with_units!(subject.chars(), units => {
            let mut engine = Engine::new(self.program, scratch, units, (start, end), groups);
            engine.must_advance = must_advance;
            engine.whole = mode == Mode::Full;
            let found = match mode {
                Mode::Search => engine.search(th)?,
                _ => engine.match_here(th)?,
            };
            if found {
                (self.start, self.end) = (engine.start, engine.at);
                self.last_index = engine.last_index;
            }
            Ok(found)
        })
    }
}

impl Pattern {
    pub fn create(
        th: &Thread,
        pattern: Borrowed<'_>,
        flags: i32,
        code: Vec<u32>,
        groups: isize,
        names: Borrowed<'_, Dict>,
        index_group: Borrowed<'_, Tuple>,
    ) -> PyResult {
        let kind = if pattern.is_none() {
            -1
        } else {
            i32::from(Subject::new(th, pattern, None)?.is_bytes())
        };
        let made = Borrowed::from_ref(Pattern::type_object()).alloc::<Pattern>(th, 0)?;
        made.pattern.set(Some(pattern.to_owned()));
        made.flags.set(flags);
        made.groups.set(groups);
        made.group_names.set(Some(names.to_owned()));
        made.index_group.set(Some(index_group.to_owned()));
        let _ = made.program.set(Box::new(Program::new(code)));
        made.kind.set(kind);
        Ok(made.into_object())
    }

    fn program(&self) -> &Program {
        self.program.get_or_init(|| Box::new(Program::new(Vec::new())))
    }

    pub fn finder(&self) -> Finder<'_> {
        Finder {
            pattern: self,
            program: self.program(),
            scratch: self.scratch.take(),
            start: 0,
            end: 0,
            last_index: -1,
        }
    }

    pub fn group_count(&self) -> usize {
        self.groups.get().max(0) as usize
    }

    pub fn names(&self) -> Option<Owned<Dict>> {
        self.group_names.get_owned()
    }

    pub fn name_of_group(&self, index: usize) -> Option<Owned> {
        self.index_group.get().and_then(|names| names.get().get(index).map(Borrowed::to_owned))
    }

    pub fn subject(&self, th: &Thread, string: Borrowed<'_>) -> PyResult<Subject> {
        let bytes = match self.kind.get() {
            -1 => None,
            kind => Some(kind == 1),
        };
        Subject::new(th, string, bytes)
    }

    fn matching(
        this: Borrowed<'_, Self>,
        th: &Thread,
        string: Borrowed<'_>,
        (pos, endpos): (isize, isize),
        mode: Mode,
    ) -> PyResult {
        let subject = this.subject(th, string)?;
        let bounds = subject.bounds(pos, endpos);
        let mut finder = this.get().finder();
        match finder.find(th, &subject, bounds, mode, false)? {
            true => Match::create(th, this, &subject, bounds, finder.found()),
            false => Ok(none().to_owned()),
        }
    }

    /// All matches from left to right, as `findall` and its relatives see them.
    pub(super) fn each(
        &self,
        th: &Thread,
        subject: &Subject,
        (mut start, end): (usize, usize),
        mut visit: impl FnMut(Found<'_>) -> PyResult<bool>,
    ) -> PyResult<()> {
        let mut finder = self.finder();
        let mut must_advance = false;
        while finder.find(th, subject, (start, end), Mode::Search, must_advance)? {
            must_advance = finder.start == finder.end;
            start = finder.end;
            if !visit(finder.found())? {
                break;
            }
        }
        Ok(())
    }
}

#[pymethods]
impl Pattern {
    /// Matches zero or more characters at the beginning of the string.
    #[method(name = "match", sig = "(self, /, string, pos=0, endpos=sys.maxsize)")]
    fn match_(
        this: Borrowed<'_, Self>,
        th: &Thread,
        string: Borrowed<'_>,
        pos: isize,
        endpos: isize,
    ) -> PyResult {
        Pattern::matching(this, th, string, (pos, endpos), Mode::Match)
    }

    /// Matches against all of the string.
    #[method(sig = "(self, /, string, pos=0, endpos=sys.maxsize)")]
    fn fullmatch(
        this: Borrowed<'_, Self>,
        th: &Thread,
        string: Borrowed<'_>,
        pos: isize,
        endpos: isize,
    ) -> PyResult {
        Pattern::matching(this, th, string, (pos, endpos), Mode::Full)
    }

    /// Scan through string looking for a match, and return a corresponding match object instance.
    #[method(sig = "(self, /, string, pos=0, endpos=sys.maxsize)")]
    fn search(
        this: Borrowed<'_, Self>,
        th: &Thread,
        string: Borrowed<'_>,
        pos: isize,
        endpos: isize,
    ) -> PyResult {
        Pattern::matching(this, th, string, (pos, endpos), Mode::Search)
    }

    /// Return the string obtained by replacing the leftmost occurrences of pattern by repl.
    #[method(sig = "(self, /, repl, string, count=0)")]
    fn sub(
        this: Borrowed<'_, Self>,
        th: &Thread,
        repl: Borrowed<'_>,
        string: Borrowed<'_>,
        count: isize,
    ) -> PyResult {
        Pattern::substitute(this, th, repl, string, count).map(|(text, _)| text)
    }

    /// As sub(), with the number of replacements: a pair (new string, number).
    #[method(sig = "(self, /, repl, string, count=0)")]
    fn subn(
        this: Borrowed<'_, Self>,
        th: &Thread,
        repl: Borrowed<'_>,
        string: Borrowed<'_>,
        count: isize,
    ) -> PyResult<(Owned, usize)> {
        Pattern::substitute(this, th, repl, string, count)
    }

    /// Return a list of all non-overlapping matches of pattern in string.
    #[method(sig = "(self, /, string, pos=0, endpos=sys.maxsize)")]
    fn findall(
        &self,
        th: &Thread,
        string: Borrowed<'_>,
        pos: isize,
        endpos: isize,
    ) -> PyResult<Owned<List>> {
        let subject = self.subject(th, string)?;
        let mut all = Vec::new();
        self.each(th, &subject, subject.bounds(pos, endpos), |found| {
            let group = |at: usize| match found.group(at) {
                Some((start, end)) => subject.slice(th, start, end),
                None => subject.slice(th, 0, 0),
            };
            let count = self.group_count();
            all.push(if count <= 1 {
                group(count)?
            } else {
                Tuple::try_from_fn(th, count, |at| group(at + 1))?.into_object()
            });
            Ok(true)
        })?;
        List::from_vec(th, all)
    }

    /// Return an iterator over all non-overlapping matches for the RE pattern in string.
    #[method(sig = "(self, /, string, pos=0, endpos=sys.maxsize)")]
    fn finditer(
        this: Borrowed<'_, Self>,
        th: &Thread,
        string: Borrowed<'_>,
        pos: isize,
        endpos: isize,
    ) -> PyResult {
        let scanner = Scanner::create(th, this, string, (pos, endpos))?;
        let search = object::get_attr(th, scanner.object(), Str::interned(th, "search")?.borrow())?;
        let iter = krait_objects::iterators::callable_iterator(th, search.object(), none())?;
        Ok(iter)
    }

    #[method(sig = "(self, /, string, pos=0, endpos=sys.maxsize)")]
    fn scanner(
        this: Borrowed<'_, Self>,
        th: &Thread,
        string: Borrowed<'_>,
        pos: isize,
        endpos: isize,
    ) -> PyResult {
        Scanner::create(th, this, string, (pos, endpos)).map(Owned::into_object)
    }

    /// Split string by the occurrences of pattern.
    #[method(sig = "(self, /, string, maxsplit=0)")]
    fn split(&self, th: &Thread, string: Borrowed<'_>, maxsplit: isize) -> PyResult<Owned<List>> {
        let subject = self.subject(th, string)?;
        let (mut parts, mut from, mut done) = (Vec::new(), 0, 0usize);
        let most = usize::try_from(maxsplit).unwrap_or(0);
        if maxsplit >= 0 {
            self.each(th, &subject, (0, subject.len()), |found| {
                parts.push(subject.slice(th, from, found.start)?);
                for at in 1..=self.group_count() {
                    parts.push(match found.group(at) {
                        Some((start, end)) => subject.slice(th, start, end)?,
                        None => none().to_owned(),
                    });
                }
                from = found.end;
                done += 1;
                Ok(most == 0 || done < most)
            })?;
        }
        parts.push(subject.slice(th, from, subject.len())?);
        List::from_vec(th, parts)
    }

    /// A dictionary mapping group names to group numbers.
    #[getter]
    fn groupindex(&self, th: &Thread) -> PyResult {
        let dict = match self.group_names.get_owned() {
            Some(dict) => dict,
            None => Dict::new(th)?,
        };
        krait_objects::descr::MappingProxy::new(th, dict.object()).map(Owned::into_object)
    }

    #[method(name = "__copy__", sig = "(self, /)")]
    fn copy(this: Borrowed<'_, Self>) -> Owned {
        this.object().to_owned()
    }

    #[method(name = "__deepcopy__", sig = "(self, memo, /)")]
    fn deepcopy(this: Borrowed<'_, Self>, _memo: Borrowed<'_>) -> Owned {
        this.object().to_owned()
    }

    /// See PEP 585
    #[classmethod(name = "__class_getitem__", sig = "(type, object, /)")]
    fn class_getitem(cls: Borrowed<'_, Type>, th: &Thread, object: Borrowed<'_>) -> PyResult {
        generic_alias::new(th, cls.object(), object)
    }

    #[slot(tp_repr)]
    fn repr(&self, th: &Thread) -> PyResult<String> {
        const NAMES: [(i32, &str); 9] = [
            (2, "re.IGNORECASE"),
            (8, "re.MULTILINE"),
            (16, "re.DOTALL"),
            (64, "re.VERBOSE"),
            (128, "re.DEBUG"),
            (4, "re.LOCALE"),
            (256, "re.ASCII"),
            (1, "re.TEMPLATE"),
            (32, "re.UNICODE"),
        ];
        let pattern = object::repr(th, self.pattern.get().unwrap_or(none()))?;
        let mut flags = self.flags.get();
        // The default of strings is not shown.
        if self.kind.get() == 0 && flags & (4 | 32 | 256) == 32 {
            flags &= !32;
        }
        let mut names = Vec::new();
        for (bit, name) in NAMES {
            if bit != 1 && flags & bit != 0 {
                names.push(name.to_owned());
                flags &= !bit;
            }
        }
        if flags != 0 {
            names.push(format!("0x{flags:x}"));
        }
        let shown = pattern.to_string_lossy();
        let shown: String = shown.chars().take(200).collect();
        let comma = if names.is_empty() { "" } else { ", " };
        Ok(format!("re.compile({shown}{comma}{})", names.join("|")))
    }

    #[slot(tp_hash)]
    fn hash(&self, th: &Thread) -> PyResult<isize> {
        let hash = object::hash(th, self.pattern.get().unwrap_or(none()))?;
        let flags = self.flags.get() as isize;
        let hash = hash ^ flags ^ self.kind.get() as isize ^ (self.groups.get() << 8);
        Ok(if hash == -1 { -2 } else { hash })
    }

    #[slot(tp_richcompare)]
    fn richcompare(
        this: Borrowed<'_, Self>,
        th: &Thread,
        other: Borrowed<'_>,
        op: CompareOp,
    ) -> PyResult {
        let (true, Some(other)) =
            (matches!(op, CompareOp::Eq | CompareOp::Ne), other.downcast::<Pattern>())
        else {
            return Ok(not_implemented().to_owned());
        };
        let alike = this.flags.get() == other.flags.get()
            && this.kind.get() == other.kind.get()
            && this.program().code == other.program().code;
        let equal = alike && {
            let (left, right) = (this.pattern.get_owned(), other.pattern.get_owned());
            match (left, right) {
                (Some(left), Some(right)) => {
                    object::compare_bool(th, left.object(), right.object(), CompareOp::Eq)?
                }
                _ => true,
            }
        };
        Ok(bool_object(equal == (op == CompareOp::Eq)).object().to_owned())
    }
}
