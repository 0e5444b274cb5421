//! `re.Match`, and templates of replacement texts.

use std::cell::Cell;

use krait_objects::generic_alias;
use krait_objects::prelude::*;

use super::pattern::{Found, Pattern};
use super::subject::{Subject, part};
use super::substitution::compile_template;

impl Found<'_> {
    /// Where group `at` lies, if it took part.
    pub fn group(&self, at: usize) -> Option<(usize, usize)> {
        if at == 0 {
            return Some((self.start, self.end));
        }
        let pair = self.marks.get(at.checked_mul(2)? - 2..)?.first_chunk::<2>()?;
        (pair[0] >= 0 && pair[1] >= pair[0]).then_some((pair[0] as usize, pair[1] as usize))
    }
}

/// The result of re.match() and re.search().
///
/// Match objects always have a boolean value of True.
#[pytype(name = "re.Match", flags(DISALLOW_INSTANTIATION, IMMUTABLETYPE, HAVE_GC), itemsize = 8)]
#[repr(C)]
pub struct Match {
    head: VarHead,
    #[visit]
    #[member(readonly, doc = "The string passed to match() or search().")]
    string: Slot,
    #[visit]
    #[member(readonly, doc = "The regular expression object.")]
    re: Slot<Pattern>,
    #[visit]
    spans: Slot<Tuple>,
    #[member(
        readonly,
        doc = "The index into the string at which the RE engine started looking for a match."
    )]
    pos: Cell<isize>,
    #[member(readonly, doc = "The index into the string beyond which the RE engine will not go.")]
    endpos: Cell<isize>,
    start: Cell<usize>,
    end: Cell<usize>,
    last_index: Cell<i32>,
    /// As many as the head says: start and end of each group.
    marks: [isize; 0],
}

impl Match {
    pub fn create(
        th: &Thread,
        pattern: Borrowed<'_, Pattern>,
        subject: &Subject,
        (pos, endpos): (usize, usize),
        found: Found<'_>,
    ) -> PyResult {
        let count = found.marks.len();
        let class = Borrowed::from_ref(Match::type_object());
        let made = class.alloc::<Match>(th, count as isize)?;
        made.string.set(Some(subject.object.clone()));
        made.re.set(Some(pattern.to_owned()));
        made.pos.set(pos as isize);
        made.endpos.set(endpos as isize);
        made.start.set(found.start);
        made.end.set(found.end);
        made.last_index.set(found.last_index);
        let room = made.as_ptr().cast::<u8>().wrapping_add(std::mem::offset_of!(Match, marks));
        for (at, &mark) in found.marks.iter().enumerate() {
            // SAFETY: a fresh object with room for as many items.
            unsafe { room.cast::<isize>().add(at).write(mark) };
        }
        Ok(made.into_object())
    }

    fn pattern(&self, th: &Thread) -> PyResult<Owned<Pattern>> {
        self.re.get_owned().ok_or_else(|| th.bad_internal_call())
    }

    fn subject(&self, th: &Thread) -> PyResult<Subject> {
        let string = self.string.get_owned().ok_or_else(|| th.bad_internal_call())?;
        Subject::new(th, string.object(), None)
    }

    fn groups_len(&self) -> usize {
        self.re.get().map_or(0, |pattern| pattern.group_count())
    }

    fn found(&self) -> Found<'_> {
        let room = std::ptr::from_ref(self).cast::<u8>();
        let room = room.wrapping_add(std::mem::offset_of!(Match, marks)).cast::<isize>();
        // SAFETY: as many were written when the object was made.
        let marks = unsafe { std::slice::from_raw_parts(room, self.head.size() as usize) };
        let (start, end) = (self.start.get(), self.end.get());
        Found { start, end, marks, last_index: self.last_index.get() }
    }

    fn span_of(&self, at: usize) -> Option<(usize, usize)> {
        self.found().group(at)
    }

    /// The number of a group given by number or name.
    #[inline]
    fn index(&self, th: &Thread, group: Borrowed<'_>) -> PyResult<usize> {
        let known = group.downcast_exact::<Int>().and_then(|number| number.to_i64());
        if let Some(number) = known.and_then(|number| usize::try_from(number).ok())
            && number <= self.groups_len()
        {
            return Ok(number);
        }
        self.look_up(th, group)
    }

    fn look_up(&self, th: &Thread, group: Borrowed<'_>) -> PyResult<usize> {
        let number = if number::is_index(group) {
            number::index(th, group)?.to_i64()
        } else {
            let names = self.re.get().and_then(|pattern| pattern.get().names());
            let known = match names {
                Some(names) => names.get(th, group)?,
                None => None,
            };
            known.and_then(|number| number.object().downcast::<Int>()?.to_i64())
        };
        match number.and_then(|number| usize::try_from(number).ok()) {
            Some(number) if number <= self.groups_len() => Ok(number),
            _ => Err(th.raise(exc::INDEX_ERROR, "no such group")),
        }
    }

    fn text(&self, th: &Thread, at: usize, default: Borrowed<'_>) -> PyResult {
        let Some((start, end)) = self.span_of(at) else {
            return Ok(default.to_owned());
        };
        match self.string.get().and_then(Borrowed::downcast::<Str>) {
            Some(text) => part(th, text, start, end),
            None => self.subject(th)?.slice(th, start, end),
        }
    }

    /// Several groups as a tuple.
    fn texts(
        &self,
        th: &Thread,
        count: usize,
        group: impl Fn(usize) -> PyResult<usize>,
        default: Borrowed<'_>,
    ) -> PyResult<Owned<Tuple>> {
        Tuple::try_from_fn(th, count, |at| self.text(th, group(at)?, default))
    }

    /// Start and end of a group, -1 if it took no part.
    fn span_or_unset(&self, th: &Thread, group: Option<Borrowed<'_>>) -> PyResult<(isize, isize)> {
        let at = match group {
            Some(group) => self.index(th, group)?,
            None => 0,
        };
        Ok(self.span_of(at).map_or((-1, -1), |(start, end)| (start as isize, end as isize)))
    }
}

#[pymethods]
impl Match {
    /// Return subgroup(s) of the match by indices or names.
    ///
    /// For 0 returns the entire match.
    #[method(sig = "(self, /, *args)", no_text)]
    fn group(&self, th: &Thread, args: &[Borrowed<'_>]) -> PyResult {
        match *args {
            [] => self.text(th, 0, none()),
            [only] => self.text(th, self.index(th, only)?, none()),
            _ => self
                .texts(th, args.len(), |at| self.index(th, args[at]), none())
                .map(Owned::into_object),
        }
    }

    /// Return a tuple containing all the subgroups of the match, from 1.
    #[method(sig = "(self, /, default=None)")]
    fn groups(&self, th: &Thread, default: Option<Borrowed<'_>>) -> PyResult<Owned<Tuple>> {
        self.texts(th, self.groups_len(), |at| Ok(at + 1), default.unwrap_or(none()))
    }

    /// Return a dictionary containing all the named subgroups of the match, keyed by the subgroup name.
    #[method(sig = "(self, /, default=None)")]
    fn groupdict(&self, th: &Thread, default: Option<Borrowed<'_>>) -> PyResult<Owned<Dict>> {
        let result = Dict::new(th)?;
        let Some(names) = self.pattern(th)?.names() else {
            return Ok(result);
        };
        let mut position = 0;
        while let Some((name, number)) = names.next(&mut position) {
            let at = self.index(th, number.object())?;
            let text = self.text(th, at, default.unwrap_or(none()))?;
            result.set(th, name.object(), text.object())?;
        }
        Ok(result)
    }

    /// Return index of the start of the substring matched by group.
    #[method(sig = "(self, group=0, /)")]
    fn start(&self, th: &Thread, group: Option<Borrowed<'_>>) -> PyResult<isize> {
        self.span_or_unset(th, group).map(|(start, _)| start)
    }

    /// Return index of the end of the substring matched by group.
    #[method(sig = "(self, group=0, /)")]
    fn end(&self, th: &Thread, group: Option<Borrowed<'_>>) -> PyResult<isize> {
        self.span_or_unset(th, group).map(|(_, end)| end)
    }

    /// For match object m, return the 2-tuple (m.start(group), m.end(group)).
    #[method(sig = "(self, group=0, /)")]
    fn span(&self, th: &Thread, group: Option<Borrowed<'_>>) -> PyResult<(isize, isize)> {
        self.span_or_unset(th, group)
    }

    /// Return the string obtained by doing backslash substitution on the string template, as done by the sub() method.
    #[method(sig = "(self, /, template)")]
    fn expand(&self, th: &Thread, template: Borrowed<'_>) -> PyResult {
        let pattern = self.pattern(th)?;
        let template = compile_template(th, pattern.borrow(), template)?;
        let Ok(template) = template.downcast::<Template>() else {
            return Err(th.bad_internal_call());
        };
        if let Some(literal) = template.as_literal() {
            return Ok(literal);
        }
        let subject = self.subject(th)?;
        let mut parts = Vec::new();
        template.expand(th, &subject, &self.found(), &mut parts)?;
        subject.join(th, &parts)
    }

    /// The integer index of the last matched capturing group.
    #[getter]
    fn lastindex(&self) -> Option<i32> {
        Some(self.last_index.get()).filter(|&index| index >= 0)
    }

    /// The name of the last matched capturing group.
    #[getter]
    fn lastgroup(&self) -> Option<Owned> {
        let index = usize::try_from(self.lastindex()?).ok()?;
        self.re.get()?.get().name_of_group(index)
    }

    /// Start and end of every group.
    #[getter]
    fn regs(&self, th: &Thread) -> PyResult<Owned<Tuple>> {
        if let Some(known) = self.spans.get_owned() {
            return Ok(known);
        }
        let pair = |at: usize| {
            let (start, end) =
                self.span_of(at).map_or((-1, -1), |(start, end)| (start as isize, end as isize));
            let start = Int::from_isize(th, start)?.into_object();
            let end = Int::from_isize(th, end)?.into_object();
            Tuple::pack(th, [start, end]).map(Owned::into_object)
        };
        let spans: PyResult<Vec<Owned>> = (0..=self.groups_len()).map(pair).collect();
        let spans = Tuple::from_vec(th, spans?)?;
        self.spans.set(Some(spans.clone()));
        Ok(spans)
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

    #[slot(mp_subscript)]
    fn subscript(&self, th: &Thread, key: Borrowed<'_>) -> PyResult {
        self.text(th, self.index(th, key)?, none())
    }

    #[slot(tp_repr)]
    fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
        let (start, end) = self.span_of(0).unwrap_or((0, 0));
        let text = object::repr(th, self.text(th, 0, none())?.object())?;
        Str::from_fmt(th, format_args!("<re.Match object; span=({start}, {end}), match={}>", *text))
    }
}

/// A replacement text, parsed: literals with group numbers between them.
#[pytype(name = "_sre.SRE_Template", flags(DISALLOW_INSTANTIATION, IMMUTABLETYPE, HAVE_GC))]
#[repr(C)]
pub struct Template {
    head: Head,
    /// Literal, group, literal, …, literal.
    #[visit]
    parts: Slot<Tuple>,
}

impl Template {
    pub fn create(th: &Thread, parts: Borrowed<'_>) -> PyResult {
        let parts = Tuple::from_vec(th, iter::collect(th, parts)?)?;
        if parts.len() % 2 == 0 {
            return Err(th.raise(exc::TYPE_ERROR, "invalid template"));
        }
        for group in parts.as_slice().iter().skip(1).step_by(2) {
            let Some(number) = group.downcast::<Int>() else {
                return Err(th.raise(exc::TYPE_ERROR, "an integer is required"));
            };
            if number.is_negative() {
                return Err(th.raise(exc::TYPE_ERROR, "invalid template"));
            }
        }
        let made = Borrowed::from_ref(Template::type_object()).alloc::<Template>(th, 0)?;
        made.parts.set(Some(parts));
        Ok(made.into_object())
    }

    /// The text, if no group is in it.
    pub fn as_literal(&self) -> Option<Owned> {
        match self.parts.get()?.as_slice() {
            &[literal] => Some(literal.to_owned()),
            _ => None,
        }
    }

    /// Appends what the template says of a match.
    pub fn expand(
        &self,
        th: &Thread,
        subject: &Subject,
        found: &Found<'_>,
        out: &mut Vec<Owned>,
    ) -> PyResult<()> {
        let Some(parts) = self.parts.get_owned() else {
            return Ok(());
        };
        for (at, &part) in parts.as_slice().iter().enumerate() {
            if at % 2 == 0 {
                out.push(part.to_owned());
                continue;
            }
            let number = number::index(th, part)?.to_u64().unwrap_or(u64::MAX) as usize;
            if let Some((start, end)) = found.group(number) {
                out.push(subject.slice(th, start, end)?);
            }
        }
        Ok(())
    }
}

#[pymethods]
impl Template {}
