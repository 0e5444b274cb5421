//! `reader`: a state machine over the characters of lines.

use std::cell::Cell;

use krait_objects::prelude::*;
use krait_objects::str::{Chars, StrBuilder};
use krait_objects::text::Unit;
use krait_objects::with_units;

use super::dialect::{
    Dialect, QUOTE_ALL, QUOTE_MINIMAL, QUOTE_NONE, QUOTE_NONNUMERIC, QUOTE_NOTNULL, QUOTE_STRINGS,
    Settings,
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    StartRecord,
    StartField,
    Escaped,
    InField,
    InQuoted,
    EscapedInQuoted,
    QuoteInQuoted,
    EatNewline,
    AfterEscapedNewline,
}

/// The record that is being read.
struct Record {
    state: State,
    field: StrBuilder,
    unquoted: bool,
    fields: Owned<List>,
    /// How long a field may be.
    limit: isize,
}

/// Iterates over the rows of lines of text.
#[pytype(name = "_csv.reader", flags(HAVE_GC, DISALLOW_INSTANTIATION))]
#[repr(C)]
pub struct Reader {
    head: Head,
    #[visit]
    input: Slot,
    #[visit]
    dialect: Slot<Dialect>,
    line_num: Cell<u64>,
    /// How many rows were read, to notice when the input reads one by way of this reader.
    rows: Cell<u64>,
}

impl Record {
    fn new(th: &Thread) -> PyResult<Record> {
        Ok(Record {
            state: State::StartRecord,
            field: StrBuilder::new(),
            unquoted: false,
            fields: List::new(th)?,
            limit: 0,
        })
    }

    /// Refuses a field that would be too long with `more` characters.
    #[inline(always)]
    fn check_limit(&self, th: &Thread, more: usize) -> PyResult<()> {
        if (self.field.len() + more) as isize > self.limit {
            return Err(too_long(th, self.limit));
        }
        Ok(())
    }

    fn add(&mut self, th: &Thread, point: u32) -> PyResult<()> {
        self.check_limit(th, 1)?;
        self.field.push_char(point);
        Ok(())
    }

    /// Takes a line: runs of characters that mean nothing as a whole, others one by one.
    fn take_line<T: Unit>(&mut self, th: &Thread, line: &[T], settings: &Settings) -> PyResult<()> {
        self.limit = super::state(th).field_limit.get();
        let escape = settings.escapechar;
        let quote = settings.quotechar.filter(|_| settings.quoting != QUOTE_NONE);
        let mut rest = line;
        let is_plain = matches!(settings.quoting, QUOTE_MINIMAL | QUOTE_ALL | QUOTE_NONE);
        while let Some(&next) = rest.first() {
            if is_plain && matches!(self.state, State::StartRecord | State::StartField) {
                let taken = self.take_field(th, rest, settings, quote)?;
                if taken > 0 {
                    rest = &rest[taken..];
                    continue;
                }
            }
            let run = match self.state {
                State::InField => rest.iter().position(|unit| {
                    let point = unit.code();
                    point == settings.delimiter
                        || matches!(point, 0x0a | 0x0d)
                        || Some(point) == escape
                }),
                State::InQuoted => rest.iter().position(|unit| {
                    let point = Some(unit.code());
                    point == quote || point == escape
                }),
                _ => Some(0),
            };
            let run = run.unwrap_or(rest.len());
            if run == 0 {
                self.take(th, Some(next.code()), settings)?;
                rest = &rest[1..];
                continue;
            }
            self.check_limit(th, run)?;
            self.field.push_units(&rest[..run]);
            rest = &rest[run..];
        }
        self.take(th, None, settings)
    }

    /// Takes a field that begins here and is text as it stands, with what follows it; how much that was, 0 if it needs a
    /// closer look.
    fn take_field<T: Unit>(
        &mut self,
        th: &Thread,
        rest: &[T],
        settings: &Settings,
        quote: Option<u32>,
    ) -> PyResult<usize> {
        let is = |unit: T, point: Option<u32>| Some(unit.code()) == point;
        let (delimiter, escape) = (Some(settings.delimiter), settings.escapechar);
        let ends =
            |unit: T| matches!(unit.code(), 0x0a | 0x0d) || is(unit, delimiter) || is(unit, escape);
        let quoted = is(rest[0], quote);
        let (text, end) = if quoted {
            let inside = &rest[1..];
            let Some(close) = inside.iter().position(|&unit| is(unit, quote) || is(unit, escape))
            else {
                return Ok(0);
            };
            if !is(inside[close], quote) {
                return Ok(0);
            }
            (&inside[..close], close + 2)
        } else {
            if settings.skipinitialspace && rest[0].code() == 0x20 {
                return Ok(0);
            }
            let end = rest.iter().position(|&unit| ends(unit)).unwrap_or(rest.len());
            (&rest[..end], end)
        };
        // A record of nothing but a line end has no field.
        let is_nothing = end == 0 && self.state == State::StartRecord;
        let (state, taken) = match rest.get(end) {
            None => (State::StartRecord, end),
            Some(&unit) if is(unit, escape) => return Ok(0),
            Some(&unit) if is(unit, delimiter) => (State::StartField, end + 1),
            Some(&unit) if matches!(unit.code(), 0x0a | 0x0d) && !is_nothing => {
                (State::EatNewline, end + 1)
            }
            Some(_) => return Ok(0),
        };
        self.check_limit(th, text.len())?;
        let text = match T::as_bytes(text) {
            Some(text) => Str::from_chars(th, Chars::One(text))?,
            None => {
                self.field.push_units(text);
                self.field.take(th)?
            }
        };
        self.fields.push(th, text.into_object())?;
        self.state = state;
        Ok(taken)
    }

    fn save(&mut self, th: &Thread, settings: &Settings) -> PyResult<()> {
        let (empty, unquoted) = (self.field.is_empty(), std::mem::take(&mut self.unquoted));
        let field = self.field.take(th)?;
        let numeric =
            unquoted && !empty && matches!(settings.quoting, QUOTE_NONNUMERIC | QUOTE_STRINGS);
        let nothing =
            unquoted && empty && matches!(settings.quoting, QUOTE_NOTNULL | QUOTE_STRINGS);
        let value = if nothing {
            none().to_owned()
        } else if numeric {
            number::float(th, field.object())?
        } else {
            field.into_object()
        };
        self.fields.push(th, value)
    }

    /// Ends the field; `then` is what comes next.
    fn end_field(&mut self, th: &Thread, settings: &Settings, then: State) -> PyResult<()> {
        self.save(th, settings)?;
        self.state = then;
        Ok(())
    }

    /// Takes one character; `None` is the end of a line.
    fn take(&mut self, th: &Thread, c: Option<u32>, settings: &Settings) -> PyResult<()> {
        let is_line_end = matches!(c, None | Some(0x0a | 0x0d));
        let is_escape = c.is_some() && c == settings.escapechar;
        match self.state {
            State::StartRecord if c.is_none() => {}
            State::StartRecord if is_line_end => self.state = State::EatNewline,
            State::StartRecord | State::StartField => self.begin_field(th, c, settings)?,
            State::Escaped => {
                self.add(th, c.unwrap_or(0x0a))?;
                self.state = match c {
                    Some(0x0a | 0x0d) => State::AfterEscapedNewline,
                    _ => State::InField,
                };
            }
            State::AfterEscapedNewline if c.is_none() => {}
            State::AfterEscapedNewline | State::InField => match c {
                _ if is_line_end => self.end_field(th, settings, after_line(c))?,
                _ if is_escape => self.state = State::Escaped,
                Some(point) if point == settings.delimiter => {
                    self.end_field(th, settings, State::StartField)?;
                }
                Some(point) => {
                    self.add(th, point)?;
                    self.state = State::InField;
                }
                None => {}
            },
            State::InQuoted => match c {
                None => {}
                _ if is_escape => self.state = State::EscapedInQuoted,
                Some(_) if is_quote(c, settings) => {
                    self.state = match settings.doublequote {
                        true => State::QuoteInQuoted,
                        false => State::InField,
                    };
                }
                Some(point) => self.add(th, point)?,
            },
            State::EscapedInQuoted => {
                self.add(th, c.unwrap_or(0x0a))?;
                self.state = State::InQuoted;
            }
            State::QuoteInQuoted => self.after_quote(th, c, settings)?,
            State::EatNewline => match c {
                Some(0x0a | 0x0d) => {}
                None => self.state = State::StartRecord,
                Some(_) => {
                    return Err(super::error(
                        th,
                        "new-line character seen in unquoted field - do you need to open the file with newline=''?",
                    ));
                }
            },
        }
        Ok(())
    }

    /// The first character of a field.
    fn begin_field(&mut self, th: &Thread, c: Option<u32>, settings: &Settings) -> PyResult<()> {
        self.unquoted = true;
        match c {
            None | Some(0x0a | 0x0d) => self.end_field(th, settings, after_line(c))?,
            _ if is_quote(c, settings) => {
                self.unquoted = false;
                self.state = State::InQuoted;
            }
            _ if c == settings.escapechar => self.state = State::Escaped,
            Some(0x20) if settings.skipinitialspace => self.state = State::StartField,
            Some(point) if point == settings.delimiter => {
                self.end_field(th, settings, State::StartField)?;
            }
            Some(point) => {
                self.add(th, point)?;
                self.state = State::InField;
            }
        }
        Ok(())
    }

    /// What follows a quote in a quoted field: another one stands for one, anything else should end the field.
    fn after_quote(&mut self, th: &Thread, c: Option<u32>, settings: &Settings) -> PyResult<()> {
        match c {
            Some(point) if is_quote(c, settings) => {
                self.add(th, point)?;
                self.state = State::InQuoted;
            }
            Some(point) if point == settings.delimiter => {
                self.end_field(th, settings, State::StartField)?;
            }
            None | Some(0x0a | 0x0d) => self.end_field(th, settings, after_line(c))?,
            Some(point) if !settings.strict => {
                self.add(th, point)?;
                self.state = State::InField;
            }
            Some(_) => {
                let text = |point: Option<u32>| {
                    point.and_then(char::from_u32).map_or(String::new(), String::from)
                };
                let (delimiter, quote) = (text(Some(settings.delimiter)), text(settings.quotechar));
                let message = format!("'{delimiter}' expected after '{quote}'");
                return Err(super::error(th, &message));
            }
        }
        Ok(())
    }
}

fn is_quote(c: Option<u32>, settings: &Settings) -> bool {
    c.is_some() && c == settings.quotechar && settings.quoting != QUOTE_NONE
}

/// What comes after the end of a line: a new record, or more characters of the line's end.
fn after_line(c: Option<u32>) -> State {
    if c.is_none() { State::StartRecord } else { State::EatNewline }
}

#[cold]
fn too_long(th: &Thread, limit: isize) -> Raised {
    super::error(th, &format!("field larger than field limit ({limit})"))
}

impl Reader {
    pub fn new(
        th: &Thread,
        iterable: Borrowed<'_>,
        dialect: Owned<Dialect>,
    ) -> PyResult<Owned<Reader>> {
        let input = iter::get_iter(th, iterable)?;
        let class = Borrowed::from_ref(Reader::type_object());
        class.ready(th)?;
        let reader: Owned<Reader> = class.alloc(th, 0)?;
        reader.input.set(Some(input));
        reader.dialect.set(Some(dialect));
        Ok(reader)
    }
}

#[pymethods]
impl Reader {
    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
        let (Some(input), Some(dialect)) = (self.input.get_owned(), self.dialect.get_owned())
        else {
            return Ok(None);
        };
        let settings = dialect.settings();
        let mut record = Record::new(th)?;
        let rows = self.rows.get();
        loop {
            let line = iter::next(th, input.borrow())?;
            if self.rows.get() != rows {
                let message = "iterator has already advanced the reader";
                return Err(super::error(th, message));
            }
            let Some(line) = line else {
                if !record.field.is_empty() || record.state == State::InQuoted {
                    if settings.strict {
                        return Err(super::error(th, "unexpected end of data"));
                    }
                    record.save(th, &settings)?;
                    break;
                }
                return Ok(None);
            };
            let Some(text) = line.object().downcast::<Str>() else {
                let found = line.type_name();
                return Err(super::error(
                    th,
                    &format!(
                        "iterator should return strings, not {found} (the file should be opened in text mode)"
                    ),
                ));
            };
            self.line_num.set(self.line_num.get() + 1);
            with_units!(text.chars(), units => record.take_line(th, units, &settings))?;
            if record.state == State::StartRecord {
                break;
            }
        }
        self.rows.set(rows + 1);
        Ok(Some(record.fields.into_object()))
    }

    #[getter(name = "line_num")]
    fn get_line_num(&self) -> u64 {
        self.line_num.get()
    }

    #[getter(name = "dialect")]
    fn get_dialect(&self) -> Option<Owned<Dialect>> {
        self.dialect.get_owned()
    }
}
