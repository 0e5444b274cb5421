//! `writer`: rows to lines.

use krait_objects::prelude::*;
use krait_objects::str::StrBuilder;

use super::dialect::{
    Dialect, QUOTE_ALL, QUOTE_NONE, QUOTE_NONNUMERIC, QUOTE_NOTNULL, QUOTE_STRINGS, Settings,
};

/// Writes rows to a file.
#[pytype(name = "_csv.writer", flags(HAVE_GC, DISALLOW_INSTANTIATION))]
#[repr(C)]
pub struct Writer {
    head: Head,
    #[visit]
    write: Slot,
    #[visit]
    dialect: Slot<Dialect>,
}

/// Appends a field; it is quoted at least if `quoted`. The terminator is told if it holds more than line breaks.
fn push_field(
    th: &Thread,
    out: &mut StrBuilder,
    field: Option<&Str>,
    mut quoted: bool,
    settings: &Settings,
    terminator: Option<&Str>,
) -> PyResult<()> {
    let chars = || field.into_iter().flat_map(|field| field.chars().iter());
    let special = |point: u32| {
        point == settings.delimiter
            || Some(point) == settings.escapechar
            || Some(point) == settings.quotechar
            || matches!(point, 0x0a | 0x0d)
            || terminator.is_some_and(|text| text.chars().iter().any(|end| end == point))
    };
    // What stands before a special character; the others make the field quoted.
    let before = |point: u32| {
        if settings.quoting != QUOTE_NONE {
            if Some(point) == settings.quotechar {
                return if settings.doublequote { Before::Doubled } else { Before::Escape };
            }
            if Some(point) != settings.escapechar {
                return Before::Nothing;
            }
        }
        Before::Escape
    };
    let mut plain = true;
    for point in chars().filter(|&point| special(point)) {
        plain = false;
        match before(point) {
            Before::Escape if settings.escapechar.is_none() => {
                return Err(super::error(th, "need to escape, but no escapechar set"));
            }
            Before::Escape => {}
            Before::Doubled | Before::Nothing => quoted = true,
        }
    }
    let quote = settings.quotechar.filter(|_| quoted);
    quote.into_iter().for_each(|quote| out.push_char(quote));
    if plain {
        field.into_iter().for_each(|field| out.push(field));
    } else {
        for point in chars() {
            if special(point) {
                match before(point) {
                    Before::Nothing => {}
                    Before::Doubled => out.push_char(point),
                    Before::Escape => {
                        settings.escapechar.into_iter().for_each(|escape| out.push_char(escape));
                    }
                }
            }
            out.push_char(point);
        }
    }
    quote.into_iter().for_each(|quote| out.push_char(quote));
    Ok(())
}

enum Before {
    Nothing,
    Doubled,
    Escape,
}

/// Whether the dialect refuses quotes to an empty field (`null`: it was `None`).
fn unquotable(null: bool, settings: &Settings) -> bool {
    settings.quoting == QUOTE_NONE
        || null && matches!(settings.quoting, QUOTE_STRINGS | QUOTE_NOTNULL)
}

impl Writer {
    pub fn new(
        th: &Thread,
        file: Borrowed<'_>,
        dialect: Owned<Dialect>,
    ) -> PyResult<Owned<Writer>> {
        let write = object::get_attr_opt(th, file, id::write)?;
        let Some(write) = write.filter(|write| object::is_callable(write.borrow())) else {
            return Err(th.raise(exc::TYPE_ERROR, "argument 1 must have a \"write\" method"));
        };
        let class = Borrowed::from_ref(Writer::type_object());
        class.ready(th)?;
        let writer: Owned<Writer> = class.alloc(th, 0)?;
        writer.write.set(Some(write));
        writer.dialect.set(Some(dialect));
        Ok(writer)
    }

    fn write_row(&self, th: &Thread, row: Borrowed<'_>) -> PyResult {
        let (Some(write), Some(dialect)) = (self.write.get_owned(), self.dialect.get_owned())
        else {
            return Err(th.bad_internal_call());
        };
        let (settings, terminator) = (dialect.settings(), dialect.terminator());
        let fields = match iter::get_iter(th, row) {
            Ok(fields) => fields,
            Err(raised) => {
                drop(th.take_if(raised, exc::TYPE_ERROR)?);
                let found = row.type_name();
                return Err(super::error(th, &format!("iterable expected, not {found}")));
            }
        };
        let unusual = Some(&*terminator)
            .filter(|text| !text.chars().iter().all(|point| matches!(point, 0x0a | 0x0d)));
        let mut out = StrBuilder::with_capacity(100);
        let (mut count, mut null) = (0, false);
        while let Some(field) = iter::next(th, fields.borrow())? {
            if count > 0 {
                out.push_char(settings.delimiter);
            }
            count += 1;
            let is_text = field.object().downcast::<Str>().is_some();
            null = field.is_none();
            let quoted = match settings.quoting {
                QUOTE_ALL => true,
                QUOTE_NONNUMERIC => !number::check(field.borrow()),
                QUOTE_STRINGS => is_text,
                QUOTE_NOTNULL => !null,
                _ => false,
            };
            let text = if null { None } else { Some(object::str(th, field.borrow())?) };
            let text = text.as_deref();
            // Nothing before a blank is something that the reader would skip: it is quoted.
            let blank = settings.delimiter == 0x20
                && settings.skipinitialspace
                && text.is_none_or(Str::is_empty);
            if blank && unquotable(null, &settings) {
                let message = "empty field must be quoted if delimiter is a space and skipinitialspace is true";
                return Err(super::error(th, message));
            }
            push_field(th, &mut out, text, quoted || blank, &settings, unusual)?;
        }
        if count == 1 && out.is_empty() {
            if unquotable(null, &settings) {
                return Err(super::error(th, "single empty field record must be quoted"));
            }
            push_field(th, &mut out, None, true, &settings, unusual)?;
        }
        out.push(&terminator);
        let line = out.finish(th)?;
        call::call(th, write.borrow(), &[line.object()])
    }
}

#[pymethods]
impl Writer {
    /// Write one row: an iterable of fields.
    #[method(sig = "(self, row, /)")]
    fn writerow(&self, th: &Thread, row: Borrowed<'_>) -> PyResult {
        self.write_row(th, row)
    }

    /// Write many rows.
    #[method(sig = "(self, rows, /)")]
    fn writerows(&self, th: &Thread, rows: Borrowed<'_>) -> PyResult<()> {
        let rows = iter::get_iter(th, rows)?;
        while let Some(row) = iter::next(th, rows.borrow())? {
            drop(self.write_row(th, row.borrow())?);
        }
        Ok(())
    }

    #[getter(name = "dialect")]
    fn get_dialect(&self) -> Option<Owned<Dialect>> {
        self.dialect.get_owned()
    }
}
