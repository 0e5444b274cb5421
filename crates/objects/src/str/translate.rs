//! `str.translate` and `str.maketrans`.

use crate::prelude::*;
use crate::str::StrBuilder;
use crate::text::TextBuf;

/// What a character becomes.
enum Mapping {
    Same,
    Deleted,
    Char(u32),
    Text(Owned<Str>),
}

/// Asks the table, which may be anything with `__getitem__`.
fn look_up(th: &Thread, table: Borrowed<'_>, point: u32) -> PyResult<Mapping> {
    let key = Int::from_i64(th, i64::from(point))?;
    let found = match table.downcast_exact::<Dict>() {
        // Without an exception for each character that is not in it.
        Some(dict) => dict.get().get(th, key.object()),
        None => object::get_item(th, table, key.object()).map(Some),
    };
    let value = match found {
        Ok(Some(value)) => value,
        Ok(None) => return Ok(Mapping::Same),
        Err(raised) => {
            drop(th.take_if(raised, exc::LOOKUP_ERROR)?);
            return Ok(Mapping::Same);
        }
    };
    mapping_of(th, value)
}

/// What a value of the table means.
fn mapping_of(th: &Thread, value: Owned) -> PyResult<Mapping> {
    if value.is_none() {
        return Ok(Mapping::Deleted);
    }
    if let Some(int) = value.object().downcast::<Int>() {
        return match int.to_i64() {
            Some(point @ 0..=0x10_ffff) => Ok(Mapping::Char(point as u32)),
            _ => Err(th.raise(exc::VALUE_ERROR, "character mapping must be in range(0x110000)")),
        };
    }
    match value.downcast::<Str>() {
        Ok(text) => Ok(Mapping::Text(text)),
        Err(_) => {
            Err(th.raise(exc::TYPE_ERROR, "character mapping must return integer, None or str"))
        }
    }
}

/// What ASCII characters become, as far as it is known: another one, or one of the two marks.
struct Known([u8; 128]);

const UNKNOWN: u8 = 0xff;
const DELETED: u8 = 0xfe;

impl Known {
    /// Writes what ASCII text becomes, up to a character of which nothing is known or which has no place.
    fn write(&self, text: &[u8], out: &mut [u8]) -> usize {
        for (at, (&from, to)) in text.iter().zip(out).enumerate() {
            let known = self.0[usize::from(from & 0x7f)];
            if known >= 0x80 {
                return at;
            }
            *to = known;
        }
        text.len()
    }

    /// Appends what is known of `point`; false if nothing is.
    fn push(&self, point: u32, out: &mut StrBuilder) -> bool {
        match self.0.get(point as usize) {
            None | Some(&UNKNOWN) => false,
            Some(&DELETED) => true,
            Some(&to) => {
                out.push_char(u32::from(to));
                true
            }
        }
    }

    fn learn(&mut self, point: u32, mapping: &Mapping) {
        let Some(known) = self.0.get_mut(point as usize) else {
            return;
        };
        match mapping {
            Mapping::Same => *known = point as u8,
            Mapping::Deleted => *known = DELETED,
            Mapping::Char(to @ 0..0x80) => *known = *to as u8,
            Mapping::Text(text) if text.len() == 1 && text.is_ascii() => {
                *known = text.char_at(0) as u8;
            }
            _ => {}
        }
    }
}

/// As much of ASCII text as becomes ASCII, character for character; the rest of the text.
fn translate_ascii<'a>(
    th: &Thread,
    text: &'a [u8],
    table: Borrowed<'_>,
    known: &mut Known,
    out: &mut Vec<u8>,
) -> PyResult<&'a [u8]> {
    let mut done = 0;
    out.resize(text.len(), 0);
    loop {
        done += known.write(&text[done..], &mut out[done..]);
        let Some(&next) = text.get(done) else {
            break;
        };
        if known.0[usize::from(next)] == UNKNOWN {
            known.learn(next.into(), &look_up(th, table, next.into())?);
        }
        if known.0[usize::from(next)] >= 0x80 {
            break;
        }
    }
    out.truncate(done);
    Ok(&text[done..])
}

pub(super) fn translate(
    this: Borrowed<'_, Str>,
    th: &Thread,
    table: Borrowed<'_>,
) -> PyResult<Owned<Str>> {
    let mut known = Known([UNKNOWN; 128]);
    let mut out = StrBuilder::reused(th, this.len());
    let mut done = 0;
    if let (Some(ascii), TextBuf::Latin1(begun)) = (this.as_ascii(), out.text_mut()) {
        let rest = translate_ascii(th, ascii.as_bytes(), table, &mut known, begun)?;
        done = ascii.len() - rest.len();
    }
    for point in this.chars().slice(done..this.len()).iter() {
        if known.push(point, &mut out) {
            continue;
        }
        let mapping = look_up(th, table, point)?;
        known.learn(point, &mapping);
        match mapping {
            Mapping::Same => out.push_char(point),
            Mapping::Deleted => {}
            Mapping::Char(to) => out.push_char(to),
            Mapping::Text(text) => out.push(&text),
        }
    }
    out.finish_reused(th)
}

/// As `translate`, where a handler decides on characters that the table deletes: `PyUnicode_Translate`.
pub fn translate_with(
    this: Borrowed<'_, Str>,
    th: &Thread,
    table: Borrowed<'_>,
    errors: &str,
) -> PyResult<Owned<Str>> {
    if errors == "ignore" {
        return translate(this, th, table);
    }
    let mut out = StrBuilder::with_capacity(this.len());
    let mut at = 0;
    while at < this.len() {
        let point = this.char_at(at);
        let start = at;
        at += 1;
        match look_up(th, table, point)? {
            Mapping::Same => out.push_char(point),
            Mapping::Char(to) => out.push_char(to),
            Mapping::Text(text) => out.push(&text),
            Mapping::Deleted => {
                while at < this.len()
                    && matches!(look_up(th, table, this.char_at(at))?, Mapping::Deleted)
                {
                    at += 1;
                }
                let (text, next) = ask_handler(th, this, start..at, errors)?;
                out.push(&text);
                at = next;
            }
        }
    }
    out.finish(th)
}

/// What stands for a range without counterpart, and where to go on.
fn ask_handler(
    th: &Thread,
    this: Borrowed<'_, Str>,
    range: std::ops::Range<usize>,
    errors: &str,
) -> PyResult<(Owned<Str>, usize)> {
    let (start, end) = (Int::from_usize(th, range.start)?, Int::from_usize(th, range.end)?);
    let reason = Str::new(th, "character maps to <undefined>")?;
    let args = [this.object(), start.object(), end.object(), reason.object()];
    let class = Borrowed::from_ref(exc::UNICODE_TRANSLATE_ERROR).object();
    let exception = call::call(th, class, &args)?;
    let handler = crate::codecs::registry::lookup_error(th, errors)?;
    let answer = call::call(th, handler.object(), &[exception.object()])?;
    let refused =
        || th.raise(exc::TYPE_ERROR, "translating error handler must return (str, int) tuple");
    let Some(answer) = answer.object().downcast::<Tuple>() else { return Err(refused()) };
    let [text, position] = answer.get().as_slice() else { return Err(refused()) };
    let Some(text) = text.downcast::<Str>() else { return Err(refused()) };
    let Some(position) = position.downcast::<Int>() else { return Err(refused()) };
    let next = crate::codecs::recover::position(th, &position, this.len(), false)?;
    Ok((text.to_owned(), next))
}

/// The table of `maketrans(x, y, z)`.
fn pairs(
    th: &Thread,
    x: Borrowed<'_>,
    y: Borrowed<'_, Str>,
    z: Option<Borrowed<'_, Str>>,
) -> PyResult<Owned<Dict>> {
    let Some(x) = x.downcast::<Str>() else {
        return Err(th.raise(
            exc::TYPE_ERROR,
            "first maketrans argument must be a string if there is a second argument",
        ));
    };
    if x.len() != y.len() {
        return Err(
            th.raise(exc::VALUE_ERROR, "the first two maketrans arguments must have equal length")
        );
    }
    let table = Dict::new(th)?;
    let number = |point: u32| Int::from_i64(th, i64::from(point));
    for (from, to) in x.chars().iter().zip(y.chars().iter()) {
        table.set(th, number(from)?.object(), number(to)?.object())?;
    }
    if let Some(z) = z {
        for deleted in z.chars().iter() {
            table.set(th, number(deleted)?.object(), none())?;
        }
    }
    Ok(table)
}

/// The table of `maketrans(dict)`: keys that are characters become numbers.
fn from_dict(th: &Thread, x: Borrowed<'_>) -> PyResult<Owned<Dict>> {
    let Some(dict) = x.downcast_exact::<Dict>() else {
        return Err(th.raise(
            exc::TYPE_ERROR,
            "if you give only one argument to maketrans it must be a dict",
        ));
    };
    let table = Dict::new(th)?;
    let mut position = 0;
    while let Some((key, value)) = dict.next(&mut position) {
        if let Some(text) = key.object().downcast::<Str>() {
            if text.len() != 1 {
                return Err(
                    th.raise(exc::VALUE_ERROR, "string keys in translatetable must be of length 1")
                );
            }
            let number = Int::from_i64(th, i64::from(text.char_at(0)))?;
            table.set(th, number.object(), value.borrow())?;
        } else if key.object().downcast::<Int>().is_some() {
            table.set(th, key.borrow(), value.borrow())?;
        } else {
            return Err(
                th.raise(exc::TYPE_ERROR, "keys in translate table mustbe strings or integers")
            );
        }
    }
    Ok(table)
}

#[pymethods(part = "translate")]
impl Str {
    /// Replace every character by what the table says.
    ///
    ///   table
    ///     Maps Unicode ordinals to ordinals, strings or None, which deletes the character. It is
    ///     asked through __getitem__, so a dictionary or a list will do; characters for which it
    ///     raises LookupError stay.
    #[method(sig = "(self, table, /)", name = "translate")]
    fn translate_method(
        this: Borrowed<'_, Self>,
        th: &Thread,
        table: Borrowed<'_>,
    ) -> PyResult<Owned<Str>> {
        translate(this, th, table)
    }

    /// Return a table for str.translate().
    ///
    /// A single argument is a dictionary from ordinals or characters to ordinals, strings or
    /// None. Two arguments are strings of equal length, whose characters correspond. The
    /// characters of a third one are deleted.
    #[staticmethod(sig = "(x, y=<unrepresentable>, z=<unrepresentable>, /)")]
    fn maketrans(
        th: &Thread,
        x: Borrowed<'_>,
        y: Option<Borrowed<'_, Str>>,
        z: Option<Borrowed<'_, Str>>,
    ) -> PyResult<Owned<Dict>> {
        match y {
            Some(y) => pairs(th, x, y, z),
            None => from_dict(th, x),
        }
    }
}
