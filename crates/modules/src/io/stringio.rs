//! `StringIO`: text in memory as a stream.
//!
//! The same job as CPython's `Modules/_io/stringio.c`.

use std::cell::{Cell, RefCell};

use krait_abi as abi;
use krait_objects::args::declare;
use krait_objects::object::instance_dict;
use krait_objects::prelude::*;
use krait_objects::str::{Chars, StrBuilder};
use krait_objects::text::{TextBuf, Unit, search};
use krait_objects::with_units;

use super::kinds::TextIOBase;
use super::newline::Newlines;
use super::support::{Size, construct};

/// A text stream whose text is kept in memory.
///
/// It starts out with initial_value. For newline see TextIOWrapper.
#[pytype(
    name = "_io.StringIO", base = TextIOBase, new = "(initial_value='', newline='\\n')",
    flags(BASETYPE, HAVE_GC), dict = dict, weaklist = weakrefs,
)]
#[repr(C)]
pub struct StringIO {
    head: Head,
    ok: Cell<bool>,
    closed: Cell<bool>,
    pos: Cell<usize>,
    text: RefCell<TextBuf>,
    /// How newlines are read, if they are looked at.
    newlines: Cell<Option<Newlines>>,
    /// The argument `newline`: absent for None.
    #[visit]
    newline: Slot<Str>,
    #[visit]
    dict: Slot<Dict>,
    weakrefs: Cell<*mut abi::PyObject>,
}

/// Merges a pickled dictionary into an object's own.
pub fn update_dict(
    th: &Thread,
    ob: Borrowed<'_>,
    own: &Slot<Dict>,
    state: Borrowed<'_>,
    which: &str,
) -> PyResult<()> {
    let Some(state) = state.downcast::<Dict>() else {
        let found = state.type_name();
        return Err(raise!(
            th,
            TYPE_ERROR,
            "{which} item of state should be a dict, got a {found}"
        ));
    };
    match own.get_owned() {
        Some(dict) => dict.merge(th, state.object(), true),
        None => {
            let dict = state.copy(th)?;
            instance_dict::replace(th, ob, Some(dict)).map(drop)
        }
    }
}

fn chars(text: &TextBuf) -> Chars<'_> {
    match text {
        TextBuf::Latin1(units) => Chars::One(units),
        TextBuf::Ucs2(units) => Chars::Two(units),
        TextBuf::Ucs4(units) => Chars::Four(units),
    }
}

impl StringIO {
    fn check(&self, th: &Thread) -> PyResult<()> {
        if !self.ok.get() {
            return Err(th.raise(exc::VALUE_ERROR, "I/O operation on uninitialized object"));
        }
        if self.closed.get() {
            return Err(th.raise(exc::VALUE_ERROR, "I/O operation on closed file"));
        }
        Ok(())
    }

    fn len(&self) -> usize {
        self.text.borrow().len()
    }

    /// The newline that `\n` is written as, if it is another.
    fn written_newline(&self) -> Option<Owned<Str>> {
        let newline = self.newline.get()?;
        newline.as_ascii()?.starts_with('\r').then(|| newline.to_owned())
    }

    fn put(&self, th: &Thread, text: Borrowed<'_, Str>) -> PyResult<()> {
        let mut decoded = text.to_owned();
        if let Some(mut newlines) = self.newlines.get() {
            decoded = newlines.feed(th, decoded, true)?;
            self.newlines.set(Some(newlines));
        }
        if let Some(newline) = self.written_newline() {
            let mut out = StrBuilder::with_capacity(decoded.len() + 8);
            for point in decoded.chars().iter() {
                match point {
                    0x0a => out.push(&newline),
                    _ => out.push_char(point),
                }
            }
            decoded = out.finish(th)?;
        }
        let count = decoded.len();
        if count == 0 {
            return Ok(());
        }
        let start = self.pos.get();
        let end = start.checked_add(count).filter(|&end| end < isize::MAX as usize / 4);
        let Some(end) = end else {
            return Err(th.raise(exc::OVERFLOW_ERROR, "new position too large"));
        };
        let mut text = self.text.borrow_mut();
        while text.len() < start {
            text.push(0);
        }
        // In the middle, what is behind is put back.
        let rest = (start < text.len()).then(|| {
            let rest = text.code_points().split_off(end.min(text.len()));
            text.truncate(start);
            rest
        });
        with_units!(decoded.chars(), units => text.push_units(units));
        if let Some(rest) = rest {
            text.push_units(&rest);
        }
        self.pos.set(end);
        Ok(())
    }

    fn take(&self, th: &Thread, count: usize) -> PyResult<Owned<Str>> {
        let text = self.text.borrow();
        let start = self.pos.get().min(text.len());
        let end = text.len().min(start.saturating_add(count));
        let taken = Str::from_chars(th, chars(&text).slice(start..end))?;
        self.pos.set(self.pos.get() + (end - start));
        Ok(taken)
    }

    fn line_len(&self, limit: Option<usize>) -> usize {
        let text = self.text.borrow();
        let start = self.pos.get();
        if start >= text.len() {
            return 0;
        }
        let rest = chars(&text).slice(start..text.len());
        let rest = rest.slice(0..rest.len().min(limit.unwrap_or(usize::MAX)));
        let newline = self.newline.get();
        let is = |text: &str| newline.is_some_and(|newline| newline.eq_str(text));
        if newline.is_none() || is("\n") {
            let end = with_units!(rest, units => search::find_unit(units, Unit::cut(0x0a)));
            return end.map_or(rest.len(), |at| at + 1);
        }
        let (any, two) = (is(""), is("\r\n"));
        let end = if is("\r") { 0x0d } else { 0x0a };
        let mut at = 0;
        while at < rest.len() {
            let point = rest.at(at);
            let next_is_feed = || at + 1 < rest.len() && rest.at(at + 1) == 0x0a;
            match point {
                0x0d if any || two => {
                    if next_is_feed() {
                        return at + 2;
                    }
                    if any {
                        return at + 1;
                    }
                }
                _ if point == end && !two => return at + 1,
                _ => {}
            }
            at += 1;
        }
        rest.len()
    }

    fn set_up(&self, th: &Thread, initial: Borrowed<'_>, newline: Borrowed<'_>) -> PyResult<()> {
        self.ok.set(false);
        let newline = match newline.downcast::<Str>() {
            _ if newline.is_none() => None,
            Some(text) if ["", "\n", "\r", "\r\n"].iter().any(|known| text.eq_str(known)) => {
                Some(text)
            }
            Some(text) => {
                let shown = object::repr(th, text.object())?;
                return Err(raise!(th, VALUE_ERROR, "illegal newline value: {}", &*shown));
            }
            None => {
                let found = newline.type_name();
                return Err(raise!(th, TYPE_ERROR, "newline must be str or None, not {found}"));
            }
        };
        let text = match initial.downcast::<Str>() {
            Some(text) => Some(text),
            None if initial.is_none() => None,
            None => {
                let found = initial.type_name();
                return Err(raise!(
                    th,
                    TYPE_ERROR,
                    "initial_value must be str or None, not {found}"
                ));
            }
        };
        self.text.replace(TextBuf::default());
        let universal = newline.is_none_or(|newline| newline.is_empty());
        self.newlines.set(universal.then(|| Newlines::new(newline.is_none())));
        self.newline.set(newline.map(Borrowed::to_owned));
        self.closed.set(false);
        self.pos.set(0);
        if let Some(text) = text {
            self.put(th, text)?;
        }
        self.pos.set(0);
        self.ok.set(true);
        Ok(())
    }
}

impl StringIO {
    /// An object that has not been initialised.
    fn fresh(th: &Thread, cls: Borrowed<'_, Type>) -> PyResult<Owned<Self>> {
        let made = cls.alloc::<Self>(th, 0)?;
        // SAFETY: fresh: what these hold is not valid when zeroed.
        unsafe {
            let raw: *mut StringIO = made.as_ptr().cast();
            (&raw mut (*raw).text).write(RefCell::default());
            (&raw mut (*raw).newlines).write(Cell::new(None));
        }
        Ok(made)
    }
}

#[pymethods]
impl StringIO {
    #[slot(tp_new)]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        _args: Borrowed<'_, Tuple>,
        _kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<Owned<Self>> {
        StringIO::fresh(th, cls)
    }

    #[slot(tp_vectorcall)]
    fn vectorcall(this: Borrowed<'_>, th: &Thread, args: Args<'_>) -> PyResult {
        if args.has_keywords() {
            return construct(th, this, args);
        }
        let made = StringIO::fresh(th, Borrowed::from_ref(StringIO::type_object()))?;
        match *args.values {
            [] => made.init(th, None, None)?,
            [initial] => made.init(th, Some(initial), None)?,
            [initial, newline] => made.init(th, Some(initial), Some(newline))?,
            _ => return construct(th, this, args),
        }
        Ok(made.into_object())
    }

    // A stream in memory need not be closed: only that of a subclass, which may do something.
    #[slot(tp_dealloc)]
    unsafe fn dealloc(this: *mut Self) {
        // SAFETY: the last reference is gone.
        unsafe { declare::dealloc_unfinalized::<Self>(this.cast()) }
    }

    #[init(sig = "(initial_value='', newline='\\n')")]
    fn init(
        &self,
        th: &Thread,
        initial_value: Option<Borrowed<'_>>,
        newline: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        let feed = Str::interned(th, "\n")?;
        self.set_up(th, initial_value.unwrap_or(none()), newline.unwrap_or(feed.object()))
    }

    /// Return all text, wherever the position is.
    #[method(sig = "(self)")]
    fn getvalue(&self, th: &Thread) -> PyResult<Owned<Str>> {
        self.check(th)?;
        Str::from_text(th, &self.text.borrow())
    }

    /// Return the current position.
    #[method(sig = "(self)")]
    fn tell(&self, th: &Thread) -> PyResult<usize> {
        self.check(th).map(|()| self.pos.get())
    }

    /// Read up to that many characters; all without a limit.
    #[method(sig = "(self, size=-1, /)")]
    fn read(&self, th: &Thread, #[default(Size(-1))] size: Size) -> PyResult<Owned<Str>> {
        self.check(th)?;
        self.take(th, size.limit().unwrap_or(usize::MAX))
    }

    /// Read a line, at most that many characters of it.
    #[method(sig = "(self, size=-1, /)")]
    fn readline(&self, th: &Thread, #[default(Size(-1))] size: Size) -> PyResult<Owned<Str>> {
        self.check(th)?;
        self.take(th, self.line_len(size.limit()))
    }

    #[slot(tp_iternext)]
    fn next(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Option<Owned>> {
        this.check(th)?;
        let line = if this.object().is_exact::<StringIO>() {
            this.take(th, this.line_len(None))?
        } else {
            let line = call::call_method(th, this.object(), id::readline, &[])?;
            line.downcast::<Str>().map_err(|other| {
                let found = other.type_name();
                raise!(th, OS_ERROR, "readline() should have returned a str object, not '{found}'")
            })?
        };
        Ok(if line.is_empty() { None } else { Some(line.into_object()) })
    }

    /// Cut the text off at a size, by default at the current position. The position stays.
    #[method(sig = "(self, pos=None, /)")]
    fn truncate(&self, th: &Thread, pos: Option<Borrowed<'_>>) -> PyResult<isize> {
        self.check(th)?;
        let size = match pos.filter(|pos| !pos.is_none()) {
            None => self.pos.get() as isize,
            Some(pos) => number::as_isize(th, pos, Some(exc::OVERFLOW_ERROR))?,
        };
        let Ok(len) = usize::try_from(size) else {
            return Err(raise!(th, VALUE_ERROR, "Negative size value {size}"));
        };
        if len < self.len() {
            self.text.borrow_mut().truncate(len);
        }
        Ok(size)
    }

    /// Change the position: from the start (whence 0), to here (1) or to the end (2). Return the new one.
    #[method(sig = "(self, pos, whence=0, /)")]
    fn seek(&self, th: &Thread, pos: isize, whence: i32) -> PyResult<usize> {
        self.check(th)?;
        let target = match whence {
            0 if pos < 0 => return Err(raise!(th, VALUE_ERROR, "Negative seek position {pos}")),
            0 => pos as usize,
            1 | 2 if pos != 0 => {
                return Err(th.raise(exc::OS_ERROR, "Can't do nonzero cur-relative seeks"));
            }
            1 => self.pos.get(),
            2 => self.len(),
            _ => {
                return Err(raise!(
                    th,
                    VALUE_ERROR,
                    "Invalid whence ({whence}, should be 0, 1 or 2)"
                ));
            }
        };
        self.pos.set(target);
        Ok(target)
    }

    /// Write a string and return how many characters it has.
    #[method(sig = "(self, s, /)")]
    fn write(&self, th: &Thread, s: Borrowed<'_>) -> PyResult<usize> {
        let Some(text) = s.downcast::<Str>() else {
            let found = s.type_name();
            return Err(raise!(th, TYPE_ERROR, "string argument expected, got '{found}'"));
        };
        self.check(th)?;
        if !text.is_empty() {
            self.put(th, text)?;
        }
        Ok(text.len())
    }

    /// Give the memory back. The stream cannot be used afterwards.
    #[method(sig = "(self)")]
    fn close(&self) {
        self.closed.set(true);
        self.text.replace(TextBuf::default());
    }

    /// Always True: the stream can be read.
    #[method(sig = "(self)")]
    fn readable(&self, th: &Thread) -> PyResult<bool> {
        self.check(th).map(|()| true)
    }

    /// Always True: the stream can be written.
    #[method(sig = "(self)")]
    fn writable(&self, th: &Thread) -> PyResult<bool> {
        self.check(th).map(|()| true)
    }

    /// Always True: the stream can seek.
    #[method(sig = "(self)")]
    fn seekable(&self, th: &Thread) -> PyResult<bool> {
        self.check(th).map(|()| true)
    }

    #[method(sig = "(self)", name = "__getstate__")]
    fn getstate(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Tuple>> {
        this.check(th)?;
        let value = Str::from_text(th, &this.text.borrow())?.into_object();
        let newline = match this.newline.get_owned() {
            Some(newline) => newline.into_object(),
            None => none().to_owned(),
        };
        let pos = Int::from_usize(th, this.pos.get())?.into_object();
        let dict = match this.dict.get() {
            Some(dict) => dict.copy(th)?.into_object(),
            None => none().to_owned(),
        };
        Tuple::pack(th, [value, newline, pos, dict])
    }

    #[method(sig = "(self, state, /)", name = "__setstate__")]
    fn setstate(this: Borrowed<'_, Self>, th: &Thread, state: Borrowed<'_>) -> PyResult<()> {
        if this.closed.get() {
            return this.check(th);
        }
        let items = state.downcast::<Tuple>().filter(|state| state.len() >= 4);
        let Some(&[value, newline, pos, dict, ..]) = items.as_ref().map(|items| items.as_slice())
        else {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "{}.__setstate__ argument should be 4-tuple, got {}",
                this.object().type_name(),
                state.type_name()
            ));
        };
        // Only for its checks: the text has its newlines already.
        this.set_up(th, value, newline)?;
        this.text.replace(TextBuf::default());
        if let Some(value) = value.downcast::<Str>() {
            let mut text = TextBuf::default();
            with_units!(value.chars(), units => text.push_units(units));
            this.text.replace(text);
        }
        if pos.downcast::<Int>().is_none() {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "third item of state must be an integer, got {}",
                pos.type_name()
            ));
        }
        let Ok(pos) = usize::try_from(number::as_isize(th, pos, Some(exc::OVERFLOW_ERROR))?) else {
            return Err(th.raise(exc::VALUE_ERROR, "position value cannot be negative"));
        };
        this.pos.set(pos);
        if dict.is_none() {
            return Ok(());
        }
        update_dict(th, this.object(), &this.dict, dict, "fourth")
    }

    /// Whether the stream is closed.
    #[getter]
    fn closed(&self, th: &Thread) -> PyResult<bool> {
        if !self.ok.get() {
            return Err(th.raise(exc::VALUE_ERROR, "I/O operation on uninitialized object"));
        }
        Ok(self.closed.get())
    }

    /// Always False: there is nothing to flush.
    #[getter]
    fn line_buffering(&self, th: &Thread) -> PyResult<bool> {
        self.check(th).map(|()| false)
    }

    /// The kinds of newlines seen so far, if they are looked at.
    #[getter]
    fn newlines(&self, th: &Thread) -> PyResult {
        self.check(th)?;
        match self.newlines.get() {
            Some(newlines) => newlines.seen(th),
            None => Ok(none().to_owned()),
        }
    }
}
