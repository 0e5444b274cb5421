//! `Dialect`: how fields are separated and quoted.

use std::cell::Cell;

use krait_objects::prelude::*;

pub const QUOTE_MINIMAL: i64 = 0;
pub const QUOTE_ALL: i64 = 1;
pub const QUOTE_NONNUMERIC: i64 = 2;
pub const QUOTE_NONE: i64 = 3;
pub const QUOTE_STRINGS: i64 = 4;
pub const QUOTE_NOTNULL: i64 = 5;

/// CSV dialect
///
/// What csv.reader() and csv.writer() need to know of a format.
#[pytype(name = "_csv.Dialect", flags(BASETYPE, HAVE_GC))]
#[repr(C)]
pub struct Dialect {
    head: Head,
    delimiter: Cell<u32>,
    quotechar: Cell<Option<u32>>,
    escapechar: Cell<Option<u32>>,
    quoting: Cell<i64>,
    doublequote: Cell<bool>,
    skipinitialspace: Cell<bool>,
    strict: Cell<bool>,
    #[visit]
    lineterminator: Slot<Str>,
}

/// The settings, copied out of the object.
#[derive(Clone, Copy)]
pub struct Settings {
    pub delimiter: u32,
    pub quotechar: Option<u32>,
    pub escapechar: Option<u32>,
    pub quoting: i64,
    pub doublequote: bool,
    pub skipinitialspace: bool,
    pub strict: bool,
}

/// A setting of one character; `None` only if `nullable`.
fn character(
    th: &Thread,
    name: &str,
    value: Borrowed<'_>,
    nullable: bool,
) -> PyResult<Option<u32>> {
    if nullable && value.is_none() {
        return Ok(None);
    }
    let or_none = if nullable { " or None" } else { "" };
    let Some(text) = value.downcast::<Str>() else {
        let found = value.type_name();
        return Err(raise!(
            th,
            TYPE_ERROR,
            "\"{name}\" must be a unicode character{or_none}, not {found}"
        ));
    };
    if text.len() != 1 {
        let len = text.len();
        return Err(raise!(
            th,
            TYPE_ERROR,
            "\"{name}\" must be a unicode character{or_none}, not a string of length {len}"
        ));
    }
    Ok(Some(text.char_at(0)))
}

/// One of the constants `QUOTE_…`, which goes with there being a character for quotes.
fn quoting_style(th: &Thread, value: Borrowed<'_>, has_quotes: bool) -> PyResult<i64> {
    let Some(int) = value.downcast_exact::<Int>() else {
        let found = value.type_name();
        return Err(raise!(th, TYPE_ERROR, "\"quoting\" must be an integer, not {found}"));
    };
    let Some(style @ QUOTE_MINIMAL..=QUOTE_NOTNULL) = int.to_i64() else {
        return Err(th.raise(exc::TYPE_ERROR, "bad \"quoting\" value"));
    };
    if !has_quotes && style != QUOTE_NONE {
        return Err(th.raise(exc::TYPE_ERROR, "quotechar must be set if quoting enabled"));
    }
    Ok(style)
}

impl Dialect {
    pub fn settings(&self) -> Settings {
        Settings {
            delimiter: self.delimiter.get(),
            quotechar: self.quotechar.get(),
            escapechar: self.escapechar.get(),
            quoting: self.quoting.get(),
            doublequote: self.doublequote.get(),
            skipinitialspace: self.skipinitialspace.get(),
            strict: self.strict.get(),
        }
    }

    pub fn terminator(&self) -> Owned<Str> {
        self.lineterminator.get_owned().unwrap_or_else(|| Str::empty().to_owned())
    }

    /// ValueError for characters that cannot be told apart.
    fn check(&self, th: &Thread) -> PyResult<()> {
        let terminator = self.terminator();
        let refused = |point: u32, blank: bool| {
            matches!(point, 0x0a | 0x0d)
                || point == 0x20 && !blank
                || terminator.chars().iter().any(|end| end == point)
        };
        let blank = !self.skipinitialspace.get();
        let named = [
            ("delimiter", Some(self.delimiter.get()), true),
            ("escapechar", self.escapechar.get(), blank),
            ("quotechar", self.quotechar.get(), blank),
        ];
        for (name, point, blank) in named {
            if point.is_some_and(|point| refused(point, blank)) {
                return Err(raise!(th, VALUE_ERROR, "bad {name} value"));
            }
        }
        for (first, second) in [(0, 1), (0, 2), (1, 2)] {
            let ((a, x, _), (b, y, _)) = (named[first], named[second]);
            if x.is_some() && x == y {
                return Err(raise!(th, VALUE_ERROR, "bad {a} or {b} value"));
            }
        }
        Ok(())
    }
}

#[pymethods]
impl Dialect {
    #[new(
        sig = "(dialect=None, delimiter=None, doublequote=None, escapechar=None, lineterminator=None, quotechar=None, quoting=None, skipinitialspace=None, strict=None)"
    )]
    fn new_slot(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        dialect: Option<Borrowed<'_>>,
        #[default(ellipsis())] delimiter: Borrowed<'_>,
        #[default(ellipsis())] doublequote: Borrowed<'_>,
        #[default(ellipsis())] escapechar: Borrowed<'_>,
        #[default(ellipsis())] lineterminator: Borrowed<'_>,
        #[default(ellipsis())] quotechar: Borrowed<'_>,
        #[default(ellipsis())] quoting: Borrowed<'_>,
        #[default(ellipsis())] skipinitialspace: Borrowed<'_>,
        #[default(ellipsis())] strict: Borrowed<'_>,
    ) -> PyResult<Owned<Dialect>> {
        let base = match dialect {
            Some(name) if name.downcast::<Str>().is_some() => Some(super::registered(th, name)?),
            other => other.map(Borrowed::to_owned),
        };
        // An argument (`None` is one too), else the base's attribute of that name.
        let setting = |given: Borrowed<'_>, name: &str| -> PyResult<Option<Owned>> {
            if !given.is(ellipsis()) {
                return Ok(Some(given.to_owned()));
            }
            let Some(base) = &base else {
                return Ok(None);
            };
            object::get_attr_opt(th, base.borrow(), Str::interned(th, name)?.borrow())
        };
        let truth = |value: Option<Owned>, default: bool| match value {
            Some(value) => object::is_true(th, value.borrow()),
            None => Ok(default),
        };
        let made: Owned<Dialect> = cls.alloc(th, 0)?;
        let delimiter = match setting(delimiter, "delimiter")? {
            Some(value) => character(th, "delimiter", value.borrow(), false)?.unwrap_or(0x2c),
            None => u32::from(b','),
        };
        made.delimiter.set(delimiter);
        made.doublequote.set(truth(setting(doublequote, "doublequote")?, true)?);
        if let Some(value) = setting(escapechar, "escapechar")? {
            made.escapechar.set(character(th, "escapechar", value.borrow(), true)?);
        }
        let terminator = match setting(lineterminator, "lineterminator")? {
            Some(value) => value.downcast::<Str>().map_err(|other| {
                let found = other.type_name();
                raise!(th, TYPE_ERROR, "\"lineterminator\" must be a string, not {found}")
            })?,
            None => Str::new(th, "\r\n")?,
        };
        made.lineterminator.set(Some(terminator));
        made.quotechar.set(match setting(quotechar, "quotechar")? {
            Some(value) => character(th, "quotechar", value.borrow(), true)?,
            None => Some(u32::from(b'"')),
        });
        let has_quotes = made.quotechar.get().is_some();
        made.quoting.set(match setting(quoting, "quoting")? {
            Some(value) => quoting_style(th, value.borrow(), has_quotes)?,
            None if has_quotes => QUOTE_MINIMAL,
            None => QUOTE_NONE,
        });
        made.skipinitialspace.set(truth(setting(skipinitialspace, "skipinitialspace")?, false)?);
        made.strict.set(truth(setting(strict, "strict")?, false)?);
        made.check(th)?;
        Ok(made)
    }

    #[getter(name = "delimiter")]
    fn get_delimiter(&self, th: &Thread) -> PyResult<Owned<Str>> {
        Str::from_char(th, self.delimiter.get())
    }

    #[getter(name = "quotechar")]
    fn get_quotechar(&self, th: &Thread) -> PyResult<Option<Owned<Str>>> {
        self.quotechar.get().map(|point| Str::from_char(th, point)).transpose()
    }

    #[getter(name = "escapechar")]
    fn get_escapechar(&self, th: &Thread) -> PyResult<Option<Owned<Str>>> {
        self.escapechar.get().map(|point| Str::from_char(th, point)).transpose()
    }

    #[getter(name = "lineterminator")]
    fn get_lineterminator(&self) -> Owned<Str> {
        self.terminator()
    }

    #[getter(name = "quoting")]
    fn get_quoting(&self) -> i64 {
        self.quoting.get()
    }

    #[getter(name = "doublequote")]
    fn get_doublequote(&self) -> bool {
        self.doublequote.get()
    }

    #[getter(name = "skipinitialspace")]
    fn get_skipinitialspace(&self) -> bool {
        self.skipinitialspace.get()
    }

    #[getter(name = "strict")]
    fn get_strict(&self) -> bool {
        self.strict.get()
    }

    /// Dialects cannot be pickled.
    #[method(sig = "(self, /, *args)", no_text)]
    fn __reduce__(this: Borrowed<'_, Self>, th: &Thread, _args: &[Borrowed<'_>]) -> PyResult {
        let object = this.object();
        Err(raise!(th, TYPE_ERROR, "cannot pickle '{}' instances", object.type_name()))
    }

    /// Dialects cannot be pickled.
    #[method(sig = "(self, /, *args)", no_text)]
    fn __reduce_ex__(this: Borrowed<'_, Self>, th: &Thread, args: &[Borrowed<'_>]) -> PyResult {
        Dialect::__reduce__(this, th, args)
    }
}
