//! `make_scanner`: from text to objects, in one pass.
//!
//! An instance keeps what a decoder asks for; `Scan` is one call of it, made for each kind of text.

use krait_objects::int::from_text_object;
use krait_objects::prelude::*;
use krait_objects::with_units;

use super::string::{self, Text};
use super::{Signature, Site, decode_error, object_and_index, text, two};

/// JSON scanner object
#[pytype(name = "_json.Scanner", new = "(context)", flags(HAVE_GC))]
#[repr(C)]
pub struct Scanner {
    head: Head,
    /// strict
    #[member(readonly)]
    strict: std::cell::Cell<bool>,
    /// object_hook
    #[member(readonly)]
    #[visit]
    object_hook: Slot,
    #[member(readonly)]
    #[visit]
    object_pairs_hook: Slot,
    /// parse_float
    #[member(readonly)]
    #[visit]
    parse_float: Slot,
    /// parse_int
    #[member(readonly)]
    #[visit]
    parse_int: Slot,
    /// parse_constant
    #[member(readonly)]
    #[visit]
    parse_constant: Slot,
}

#[pymethods]
impl Scanner {
    #[new(sig = "(context)", called = "make_scanner")]
    fn new(cls: Borrowed<'_, Type>, th: &Thread, context: Borrowed<'_>) -> PyResult {
        let get = |name| object::get_attr(th, context, Str::interned(th, name)?.borrow());
        let this = cls.alloc::<Scanner>(th, 0)?;
        this.strict.set(object::is_true(th, get("strict")?.borrow())?);
        this.object_hook.set(Some(get("object_hook")?));
        this.object_pairs_hook.set(Some(get("object_pairs_hook")?));
        this.parse_float.set(Some(get("parse_float")?));
        this.parse_int.set(Some(get("parse_int")?));
        this.parse_constant.set(Some(get("parse_constant")?));
        Ok(this.into_object())
    }

    #[slot(tp_call)]
    fn scan_once(
        &self,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<Owned<Tuple>> {
        static SIGNATURE: Signature = two("scan_once", &["string", "idx"]);
        static INDEX: Site = Site { function: "scan_once", argument: "argument 2", or_none: false };
        let (string, idx) = object_and_index(th, &SIGNATURE, args, kwargs, &INDEX)?;
        let document = text(th, string)?;
        let Ok(start) = usize::try_from(idx) else {
            return Err(th.raise(exc::VALUE_ERROR, "idx cannot be negative"));
        };
        let hook = |slot: &Slot| slot.get_owned().filter(|hook| !hook.is_none());
        let custom = |slot: &Slot, ty: &'static Type| {
            slot.get_owned().filter(|parse| !parse.is(Borrowed::from_ref(ty)))
        };
        let options = Options {
            strict: self.strict.get(),
            object_hook: hook(&self.object_hook),
            object_pairs_hook: hook(&self.object_pairs_hook),
            parse_float: custom(&self.parse_float, Float::type_object()),
            parse_int: custom(&self.parse_int, Int::type_object()),
            parse_constant: self.parse_constant.get_owned(),
        };
        let (value, next) = with_units!(document.get().chars(), units => {
            let keys = Keys::new(th)?;
            Scan { th, document, units, options: &options, keys }.value(start)?
        });
        Tuple::pack(th, [value, Int::from_usize(th, next)?.into_object()])
    }
}

/// What a scanner was asked for; functions that do what is done anyway are left out.
struct Options {
    strict: bool,
    object_hook: Option<Owned>,
    object_pairs_hook: Option<Owned>,
    parse_float: Option<Owned>,
    parse_int: Option<Owned>,
    parse_constant: Option<Owned>,
}

const CACHE: usize = 128;
/// Longer keys are not looked for in the cache.
const LONGEST: usize = 32;

/// The keys seen so far: each text is one object. Short ones are found without making a string first.
struct Keys {
    all: Owned<Dict>,
    recent: [Option<Owned<Str>>; CACHE],
}

impl Keys {
    fn new(th: &Thread) -> PyResult<Keys> {
        Ok(Keys { all: Dict::new(th)?, recent: [const { None }; CACHE] })
    }

    fn slot(key: &[u8]) -> usize {
        let hash = key
            .iter()
            .fold(key.len(), |hash, &c| (hash ^ usize::from(c)).wrapping_mul(0x9e37_79b1));
        (hash >> 8) % CACHE
    }

    /// The one string that equals `key`.
    fn unify(&mut self, th: &Thread, key: Owned<Str>) -> PyResult<Owned> {
        self.all.set_default(th, key.object(), key.object())
    }
}

/// One scan of a document. Indices are in characters.
struct Scan<'a, T> {
    th: &'a Thread,
    document: Borrowed<'a, Str>,
    units: &'a [T],
    options: &'a Options,
    keys: Keys,
}

impl<T: Text> Scan<'_, T> {
    /// The character at `at`; 0 at the end, which no document has where it matters.
    #[inline(always)]
    fn at(&self, at: usize) -> u32 {
        self.units.get(at).map_or(0, |unit| unit.code())
    }

    #[inline(always)]
    fn is(&self, at: usize, c: u8) -> bool {
        self.at(at) == u32::from(c)
    }

    #[inline(always)]
    fn skip_space(&self, mut at: usize) -> usize {
        while let 0x20 | 0x09 | 0x0a | 0x0d = self.at(at) {
            at += 1;
        }
        at
    }

    fn starts_with(&self, at: usize, word: &[u8]) -> bool {
        self.units.get(at..at + word.len()).is_some_and(|units| {
            units.iter().zip(word).all(|(unit, &c)| unit.code() == u32::from(c))
        })
    }

    #[cold]
    fn error(&self, message: &str, at: usize) -> Raised {
        decode_error(self.th, message, self.document, at)
    }

    /// There is no value at `at`.
    #[cold]
    fn stop(&self, at: usize) -> Raised {
        match Int::from_usize(self.th, at) {
            Ok(at) => self.th.raise_value(exc::STOP_ITERATION, at.object()),
            Err(raised) => raised,
        }
    }

    /// The value that begins at `at`, and the index after it.
    fn value(&mut self, at: usize) -> PyResult<(Owned, usize)> {
        if at >= self.units.len() {
            return Err(self.stop(at));
        }
        let th = self.th;
        match u8::try_from(self.at(at)).unwrap_or(0) {
            b'"' => {
                let (found, next) =
                    string::scan(th, self.document, self.units, at + 1, self.options.strict)?;
                Ok((found.into_object(), next))
            }
            b'{' => {
                th.check_stack(" while decoding a JSON object from a unicode string")?;
                match self.options.object_pairs_hook.is_some() {
                    true => self.pairs(at + 1),
                    false => self.object(at + 1),
                }
            }
            b'[' => {
                th.check_stack(" while decoding a JSON array from a unicode string")?;
                self.array(at + 1)
            }
            b'n' if self.starts_with(at, b"null") => Ok((none().to_owned(), at + 4)),
            b't' if self.starts_with(at, b"true") => {
                Ok((bool_object(true).object().to_owned(), at + 4))
            }
            b'f' if self.starts_with(at, b"false") => {
                Ok((bool_object(false).object().to_owned(), at + 5))
            }
            b'N' if self.starts_with(at, b"NaN") => self.constant("NaN", at),
            b'I' if self.starts_with(at, b"Infinity") => self.constant("Infinity", at),
            b'-' if self.starts_with(at, b"-Infinity") => self.constant("-Infinity", at),
            _ => self.number(at),
        }
    }

    fn constant(&self, name: &str, at: usize) -> PyResult<(Owned, usize)> {
        let Some(parse) = &self.options.parse_constant else {
            return Err(self.stop(at));
        };
        let text = Str::interned(self.th, name)?;
        Ok((call::call(self.th, parse.borrow(), &[text.object()])?, at + name.len()))
    }

    /// An object as a dictionary, from after its brace.
    fn object(&mut self, at: usize) -> PyResult<(Owned, usize)> {
        let dict = Dict::new(self.th)?;
        let next = self.members(at, |th, key, value| dict.set_owned(th, key, value))?;
        match &self.options.object_hook {
            None => Ok((dict.into_object(), next)),
            Some(hook) => Ok((call::call(self.th, hook.borrow(), &[dict.object()])?, next)),
        }
    }

    /// An object as a list of pairs, given to the hook for those.
    fn pairs(&mut self, at: usize) -> PyResult<(Owned, usize)> {
        let list = List::new(self.th)?;
        let next = self.members(at, |th, key, value| {
            list.push(th, Tuple::pack(th, [key, value])?.into_object())
        })?;
        match &self.options.object_pairs_hook {
            None => Ok((list.into_object(), next)),
            Some(hook) => Ok((call::call(self.th, hook.borrow(), &[list.object()])?, next)),
        }
    }

    /// Gives each member to `add`; the index after the closing brace.
    #[inline(always)]
    fn members(
        &mut self,
        at: usize,
        mut add: impl FnMut(&Thread, Owned, Owned) -> PyResult<()>,
    ) -> PyResult<usize> {
        let mut at = self.skip_space(at);
        if self.is(at, b'}') {
            return Ok(at + 1);
        }
        loop {
            if !self.is(at, b'"') {
                let message = "Expecting property name enclosed in double quotes";
                return Err(self.error(message, at));
            }
            let key;
            (key, at) = self.key(at + 1)?;
            at = self.skip_space(at);
            if !self.is(at, b':') {
                return Err(self.error("Expecting ':' delimiter", at));
            }
            let value;
            (value, at) = self.value(self.skip_space(at + 1))?;
            add(self.th, key, value)?;
            at = self.skip_space(at);
            if self.is(at, b'}') {
                return Ok(at + 1);
            }
            if !self.is(at, b',') {
                return Err(self.error("Expecting ',' delimiter", at));
            }
            let comma = at;
            at = self.skip_space(at + 1);
            if self.is(at, b'}') {
                return Err(self.error("Illegal trailing comma before end of object", comma));
            }
        }
    }

    /// The key whose text begins at `at`.
    fn key(&mut self, at: usize) -> PyResult<(Owned, usize)> {
        let units = &self.units[at..];
        let Some(bytes) = T::as_bytes(units) else {
            let (key, next) =
                string::scan(self.th, self.document, self.units, at, self.options.strict)?;
            return Ok((self.keys.unify(self.th, key)?, next));
        };
        let len = string::plain_len(&bytes[..bytes.len().min(LONGEST + 1)]);
        if len > LONGEST || bytes.get(len) != Some(&b'"') || !bytes[..len].is_ascii() {
            let (key, next) =
                string::scan(self.th, self.document, self.units, at, self.options.strict)?;
            return Ok((self.keys.unify(self.th, key)?, next));
        }
        let slot = Keys::slot(&bytes[..len]);
        if let Some(found) = &self.keys.recent[slot]
            && found.as_ascii().is_some_and(|text| text.as_bytes() == &bytes[..len])
        {
            return Ok((found.object().to_owned(), at + len + 1));
        }
        let key = string::part(self.th, self.document, &units[..len])?;
        let key = self.keys.unify(self.th, key)?;
        self.keys.recent[slot] = key.clone().downcast::<Str>().ok();
        Ok((key, at + len + 1))
    }

    fn array(&mut self, at: usize) -> PyResult<(Owned, usize)> {
        let list = List::new(self.th)?;
        let mut at = self.skip_space(at);
        if self.is(at, b']') {
            return Ok((list.into_object(), at + 1));
        }
        loop {
            let value;
            (value, at) = self.value(at)?;
            list.push(self.th, value)?;
            at = self.skip_space(at);
            if self.is(at, b']') {
                return Ok((list.into_object(), at + 1));
            }
            if !self.is(at, b',') {
                return Err(self.error("Expecting ',' delimiter", at));
            }
            let comma = at;
            at = self.skip_space(at + 1);
            if self.is(at, b']') {
                return Err(self.error("Illegal trailing comma before end of array", comma));
            }
        }
    }

    fn skip_digits(&self, mut at: usize) -> usize {
        while (u32::from(b'0')..=u32::from(b'9')).contains(&self.at(at)) {
            at += 1;
        }
        at
    }

    fn number(&self, start: usize) -> PyResult<(Owned, usize)> {
        let first = start + usize::from(self.is(start, b'-'));
        let mut at = match self.is(first, b'0') {
            true => first + 1,
            false => self.skip_digits(first),
        };
        if at == first {
            return Err(self.stop(start));
        }
        let integer_end = at;
        if self.is(at, b'.') && self.skip_digits(at + 1) > at + 1 {
            at = self.skip_digits(at + 1);
        }
        if self.is(at, b'e') || self.is(at, b'E') {
            let digits = at + 1 + usize::from(self.is(at + 1, b'+') || self.is(at + 1, b'-'));
            let end = self.skip_digits(digits);
            at = if end > digits { end } else { at };
        }
        let units = &self.units[start..at];
        let value = match at > integer_end {
            true => self.float(units)?,
            false => self.integer(units)?,
        };
        Ok((value, at))
    }

    fn integer(&self, units: &[T]) -> PyResult {
        let th = self.th;
        let negative = usize::from(units[0].code() == u32::from(b'-'));
        // Any eighteen digits fit.
        if self.options.parse_int.is_none() && units.len() <= 18 {
            let value = units[negative..]
                .iter()
                .fold(0, |value, digit| value * 10 + i64::from(digit.code() - u32::from(b'0')));
            let value = if negative == 1 { -value } else { value };
            return Int::from_i64(th, value).map(Owned::into_object);
        }
        let text = string::ascii(th, units);
        match &self.options.parse_int {
            Some(parse) => call::call(th, parse.borrow(), &[text?.object()]),
            None => from_text_object(th, text?.object()).map(Owned::into_object),
        }
    }

    fn float(&self, units: &[T]) -> PyResult {
        let th = self.th;
        if let Some(parse) = &self.options.parse_float {
            let text = string::ascii(th, units)?;
            return call::call(th, parse.borrow(), &[text.object()]);
        }
        let mut short = [0u8; 64];
        let long: Vec<u8>;
        let bytes = match short.get_mut(..units.len()) {
            Some(place) => {
                for (byte, unit) in place.iter_mut().zip(units) {
                    *byte = unit.code() as u8;
                }
                &*place
            }
            None => {
                long = units.iter().map(|unit| unit.code() as u8).collect();
                &long
            }
        };
        // The text is a float by construction.
        let value = std::str::from_utf8(bytes).ok().and_then(|text| text.parse().ok());
        Float::new(th, value.unwrap_or(f64::NAN)).map(Owned::into_object)
    }
}
