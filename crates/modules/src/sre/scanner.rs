//! The scanner that `re.Pattern.scanner` gives.

use std::cell::Cell;

use krait_objects::prelude::*;
use krait_objects::protocol::buffer::Buffer;

use super::matched::Match;
use super::pattern::{Mode, Pattern};

/// What `Pattern.scanner` returns: a place in a string, from which to match on.
#[pytype(name = "_sre.SRE_Scanner", flags(DISALLOW_INSTANTIATION, IMMUTABLETYPE, HAVE_GC))]
#[repr(C)]
pub struct Scanner {
    head: Head,
    #[visit]
    #[member(readonly)]
    pattern: Slot<Pattern>,
    #[visit]
    string: Slot,
    start: Cell<usize>,
    end: Cell<usize>,
    first: Cell<usize>,
    must_advance: Cell<bool>,
    /// Of a bytes-like object, which must not change its size.
    buffer: Cell<Option<Buffer>>,
}

impl Scanner {
    pub fn create(
        th: &Thread,
        pattern: Borrowed<'_, Pattern>,
        string: Borrowed<'_>,
        (pos, endpos): (isize, isize),
    ) -> PyResult<Owned<Scanner>> {
        let subject = pattern.subject(th, string)?;
        let (start, end) = subject.bounds(pos, endpos);
        let made = Borrowed::from_ref(Scanner::type_object()).alloc::<Scanner>(th, 0)?;
        made.pattern.set(Some(pattern.to_owned()));
        made.string.set(Some(string.to_owned()));
        made.start.set(start);
        made.first.set(start);
        made.end.set(end);
        made.buffer.set(subject.into_buffer());
        Ok(made)
    }

    fn step(&self, th: &Thread, mode: Mode) -> PyResult {
        let (Some(pattern), Some(string)) = (self.pattern.get_owned(), self.string.get_owned())
        else {
            return Ok(none().to_owned());
        };
        let subject = pattern.subject(th, string.object())?;
        let bounds = (self.start.get(), self.end.get().min(subject.len()));
        let mut finder = pattern.finder();
        if !finder.find(th, &subject, bounds, mode, self.must_advance.get())? {
            // Past the end: there is nothing more.
            self.start.set(usize::MAX);
            return Ok(none().to_owned());
        }
        let found = finder.found();
        self.must_advance.set(found.start == found.end);
        self.start.set(found.end);
        Match::create(th, pattern.borrow(), &subject, (self.first.get(), self.end.get()), found)
    }
}

#[pymethods]
impl Scanner {
    #[method(name = "match", sig = "(self, /)")]
    fn match_(&self, th: &Thread) -> PyResult {
        self.step(th, Mode::Match)
    }

    #[method(sig = "(self, /)")]
    fn search(&self, th: &Thread) -> PyResult {
        self.step(th, Mode::Search)
    }
}
