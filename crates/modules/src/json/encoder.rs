//! `make_encoder`: from objects to text, in one pass.
//!
//! An instance keeps what an encoder asks for; `Writer` is one call of it.

use std::cell::Cell;

use krait_objects::cfunction::CFunction;
use krait_objects::float_text;
use krait_objects::prelude::*;
use krait_objects::text::TextBuf;
use krait_objects::text::digits::{DECIMAL, write_decimal};

use crate::notes;

use super::escape::{finish, push_ascii, push_quoted};
use super::{Signature, Site, object_and_index, two};

/// Encoder(markers, default, encoder, indent, key_separator, item_separator, sort_keys, skipkeys, allow_nan)
#[pytype(name = "_json.Encoder", flags(HAVE_GC))]
#[repr(C)]
pub struct Encoder {
    head: Head,
    /// markers
    #[member(readonly)]
    #[visit]
    markers: Slot,
    /// default
    #[member(readonly)]
    #[visit]
    default: Slot,
    /// encoder
    #[member(readonly)]
    #[visit]
    encoder: Slot,
    /// indent
    #[member(readonly)]
    #[visit]
    indent: Slot,
    /// key_separator
    #[member(readonly)]
    #[visit]
    key_separator: Slot<Str>,
    /// item_separator
    #[member(readonly)]
    #[visit]
    item_separator: Slot<Str>,
    /// sort_keys
    #[member(readonly)]
    sort_keys: Cell<bool>,
    /// skipkeys
    #[member(readonly)]
    skipkeys: Cell<bool>,
    allow_nan: Cell<bool>,
    quoting: Cell<u8>,
}

/// How strings are written: by calling `encoder`, or at once because it is one of this module's functions.
const BY_CALL: u8 = 0;
const AS_ASCII: u8 = 1;
const AS_IS: u8 = 2;

/// Which function of this module `encoder` is.
fn quoting_of(th: &Thread, encoder: Borrowed<'_>) -> PyResult<u8> {
    let Some(function) = encoder.downcast::<CFunction>() else {
        return Ok(BY_CALL);
    };
    let module = krait_eval::import::import(th, "_json")?;
    for (name, quoting) in [("encode_basestring_ascii", AS_ASCII), ("encode_basestring", AS_IS)] {
        let own = object::get_attr_opt(th, module.borrow(), Str::interned(th, name)?.borrow())?;
        if own.is_some_and(|own| own.is(function)) {
            return Ok(quoting);
        }
    }
    Ok(BY_CALL)
}

#[pymethods]
impl Encoder {
    #[new(
        sig = "(markers, default, encoder, indent, key_separator, item_separator, sort_keys, skipkeys, allow_nan)",
        called = "make_encoder"
    )]
    #[allow(clippy::too_many_arguments)] // the reference's signature
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        markers: Borrowed<'_>,
        default: Borrowed<'_>,
        encoder: Borrowed<'_>,
        indent: Borrowed<'_>,
        key_separator: Borrowed<'_, Str>,
        item_separator: Borrowed<'_, Str>,
        sort_keys: bool,
        skipkeys: bool,
        allow_nan: bool,
    ) -> PyResult {
        if !markers.is_none() && markers.downcast::<Dict>().is_none() {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "make_encoder() argument 1 must be dict or None, not {}",
                markers.type_name()
            ));
        }
        let this = cls.alloc::<Encoder>(th, 0)?;
        this.quoting.set(quoting_of(th, encoder)?);
        this.markers.set(Some(markers.to_owned()));
        this.default.set(Some(default.to_owned()));
        this.encoder.set(Some(encoder.to_owned()));
        this.indent.set(Some(indent.to_owned()));
        this.key_separator.set(Some(key_separator.to_owned()));
        this.item_separator.set(Some(item_separator.to_owned()));
        this.sort_keys.set(sort_keys);
        this.skipkeys.set(skipkeys);
        this.allow_nan.set(allow_nan);
        Ok(this.into_object())
    }

    #[slot(tp_call)]
    fn iterencode(
        &self,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<Owned<Tuple>> {
        static SIGNATURE: Signature = two("_iterencode", &["obj", "_current_indent_level"]);
        static LEVEL: Site =
            Site { function: "_iterencode", argument: "argument 2", or_none: false };
        let (obj, level) = object_and_index(th, &SIGNATURE, args, kwargs, &LEVEL)?;
        let (Some(default), Some(encoder), Some(key_separator), Some(item_separator)) = (
            self.default.get_owned(),
            self.encoder.get_owned(),
            self.key_separator.get_owned(),
            self.item_separator.get_owned(),
        ) else {
            return Err(th.bad_internal_call());
        };
        let markers = self.markers.get_owned().and_then(|markers| markers.downcast::<Dict>().ok());
        let indent = match self.indent.get_owned().filter(|indent| !indent.is_none()) {
            None => None,
            Some(indent) => match indent.downcast::<Str>() {
                Ok(indent) => Some(indent),
                Err(other) => {
                    let name = other.type_name();
                    return Err(raise!(th, TYPE_ERROR, "indent must be str, not {name}"));
                }
            },
        };
        let ascii = self.quoting.get() == AS_ASCII
            && key_separator.is_ascii()
            && item_separator.is_ascii()
            && indent.as_ref().is_none_or(|indent| indent.is_ascii());
        let mut writer = Writer {
            th,
            out: TextBuf::with_capacity(64),
            options: self,
            markers,
            default,
            encoder,
            key_separator,
            item_separator,
            indent,
            level: usize::try_from(level).unwrap_or(0),
            open: Vec::new(),
        };
        writer.value(obj)?;
        let text = finish(th, &writer.out, ascii)?;
        Tuple::pack(th, [text.into_object()])
    }
}

/// One call of an encoder.
struct Writer<'a> {
    th: &'a Thread,
    out: TextBuf,
    options: &'a Encoder,
    markers: Option<Owned<Dict>>,
    default: Owned,
    encoder: Owned,
    key_separator: Owned<Str>,
    item_separator: Owned<Str>,
    indent: Option<Owned<Str>>,
    level: usize,
    /// The containers that are being written, if they are to be watched.
    open: Vec<usize>,
}

impl Writer<'_> {
    fn value(&mut self, ob: Borrowed<'_>) -> PyResult<()> {
        if ob.is_exact::<Str>() || ob.downcast::<Str>().is_some() {
            // SAFETY: just checked.
            return self.string(unsafe { ob.cast::<Str>() });
        }
        if let Some(word) = constant(ob) {
            push_ascii(&mut self.out, word);
            return Ok(());
        }
        if let Some(int) = ob.downcast::<Int>() {
            return self.integer(int);
        }
        if let Some(float) = ob.downcast::<Float>() {
            let text = self.float_text(float)?;
            push_ascii(&mut self.out, text.as_bytes());
            return Ok(());
        }
        self.th.check_stack(" while encoding a JSON object")?;
        if ob.downcast::<List>().is_some() || ob.downcast::<Tuple>().is_some() {
            self.sequence(ob)
        } else if let Some(dict) = ob.downcast::<Dict>() {
            self.dict(dict)
        } else {
            self.other(ob)
        }
    }

    fn string(&mut self, string: Borrowed<'_, Str>) -> PyResult<()> {
        let quoting = self.options.quoting.get();
        if quoting != BY_CALL {
            push_quoted(&mut self.out, &string, quoting == AS_ASCII);
            return Ok(());
        }
        let encoded = call::call(self.th, self.encoder.borrow(), &[string.object()])?;
        let Some(encoded) = encoded.borrow().downcast::<Str>() else {
            let name = encoded.type_name();
            return Err(raise!(self.th, TYPE_ERROR, "encoder() must return a string, not {name}"));
        };
        self.text(&encoded);
        Ok(())
    }

    fn text(&mut self, text: &Str) {
        match text.as_ascii() {
            Some(text) => push_ascii(&mut self.out, text.as_bytes()),
            None => krait_objects::with_units!(text.chars(), units => self.out.push_units(units)),
        }
    }

    /// A number, also of a subclass that shows itself otherwise.
    fn integer(&mut self, int: Borrowed<'_, Int>) -> PyResult<()> {
        if let Some(value) = int.to_i64() {
            let mut text = [b'-'; DECIMAL + 1];
            let start = write_decimal(&mut text, DECIMAL + 1, value.unsigned_abs());
            let start = start - usize::from(value < 0);
            push_ascii(&mut self.out, &text[start..]);
            return Ok(());
        }
        let text = krait_objects::int::to_decimal(self.th, &int)?;
        self.text(&text);
        Ok(())
    }

    fn float_text(&self, float: Borrowed<'_, Float>) -> PyResult<String> {
        let value = float.value();
        if value.is_finite() {
            return Ok(float_text::repr(value));
        }
        if !self.options.allow_nan.get() {
            let shown = object::repr(self.th, float.object())?;
            let message = "Out of range float values are not JSON compliant";
            return Err(raise!(self.th, VALUE_ERROR, "{message}: {}", &*shown));
        }
        let text = match value {
            _ if value.is_nan() => "NaN",
            _ if value > 0.0 => "Infinity",
            _ => "-Infinity",
        };
        Ok(text.to_owned())
    }

    /// Begins a container, if it has not begun already.
    fn enter(&mut self, ob: Borrowed<'_>) -> PyResult<()> {
        let Some(markers) = &self.markers else {
            return Ok(());
        };
        let address = ob.as_ptr() as usize;
        let mut circular = self.open.contains(&address);
        if !circular && !markers.is_empty() {
            let ident = Int::from_usize(self.th, address)?;
            circular = markers.contains(self.th, ident.object())?;
        }
        if circular {
            return Err(self.th.raise(exc::VALUE_ERROR, "Circular reference detected"));
        }
        self.open.push(address);
        Ok(())
    }

    fn leave(&mut self) {
        self.open.pop();
    }

    fn new_line(&mut self) {
        let Some(indent) = self.indent.take() else {
            return;
        };
        push_ascii(&mut self.out, b"\n");
        for _ in 0..self.level {
            self.text(&indent);
        }
        self.indent = Some(indent);
    }

    fn separator(&mut self) {
        let separator = self.item_separator.clone();
        self.text(&separator);
        self.new_line();
    }

    fn sequence(&mut self, ob: Borrowed<'_>) -> PyResult<()> {
        let get = |index: usize| match ob.downcast::<List>() {
            Some(list) => list.get().get(index),
            None => ob
                .downcast::<Tuple>()
                .and_then(|tuple| tuple.get().get(index))
                .map(Borrowed::to_owned),
        };
        let Some(mut item) = get(0) else {
            push_ascii(&mut self.out, b"[]");
            return Ok(());
        };
        self.enter(ob)?;
        push_ascii(&mut self.out, b"[");
        self.level += 1;
        self.new_line();
        let mut index = 0;
        loop {
            if let Err(raised) = self.value(item.borrow()) {
                return Err(notes::add(self.th, raised, || {
                    let name = notes::class_of(self.th, ob)?;
                    Ok(format!("when serializing {} item {index}", *name))
                }));
            }
            index += 1;
            match get(index) {
                Some(next) => item = next,
                None => break,
            }
            self.separator();
        }
        self.leave();
        self.level -= 1;
        self.new_line();
        push_ascii(&mut self.out, b"]");
        Ok(())
    }

    fn dict(&mut self, dict: Borrowed<'_, Dict>) -> PyResult<()> {
        if dict.is_empty() {
            push_ascii(&mut self.out, b"{}");
            return Ok(());
        }
        let th = self.th;
        self.enter(dict.object())?;
        push_ascii(&mut self.out, b"{");
        self.level += 1;
        let mut first = true;
        if self.options.sort_keys.get() || !dict.object().is_exact::<Dict>() {
            let items = List::from_iterable(th, mapping::items(th, dict.object())?.borrow())?;
            if self.options.sort_keys.get() {
                items.sort(th)?;
            }
            let mut index = 0;
            while let Some(item) = items.get(index) {
                index += 1;
                let pair = item.borrow().downcast::<Tuple>();
                let Some(&[key, value]) = pair.map(|pair| pair.get().as_slice()) else {
                    return Err(th.raise(exc::VALUE_ERROR, "items must return 2-tuples"));
                };
                self.member(dict, key, value, &mut first)?;
            }
        } else {
            let mut position = 0;
            while let Some((key, value)) = dict.next(&mut position) {
                self.member(dict, key.borrow(), value.borrow(), &mut first)?;
            }
        }
        self.leave();
        self.level -= 1;
        if !first {
            self.new_line();
        }
        push_ascii(&mut self.out, b"}");
        Ok(())
    }

    fn member(
        &mut self,
        dict: Borrowed<'_, Dict>,
        key: Borrowed<'_>,
        value: Borrowed<'_>,
        first: &mut bool,
    ) -> PyResult<()> {
        let th = self.th;
        let made;
        let name = if let Some(key) = key.downcast::<Str>() {
            key
        } else if let Some(name) = self.key_text(key)? {
            made = name;
            made.borrow()
        } else {
            return Ok(());
        };
        match std::mem::take(first) {
            true => self.new_line(),
            false => self.separator(),
        }
        self.string(name)?;
        let separator = self.key_separator.clone();
        self.text(&separator);
        let Err(raised) = self.value(value) else {
            return Ok(());
        };
        Err(notes::add(th, raised, || {
            let name = notes::class_of(th, dict.object())?;
            Ok(format!("when serializing {} item {}", *name, *object::repr(th, key)?))
        }))
    }

    /// What a key that is not a string is called; `None` if it is to be left out.
    fn key_text(&self, key: Borrowed<'_>) -> PyResult<Option<Owned<Str>>> {
        let th = self.th;
        if let Some(float) = key.downcast::<Float>() {
            return Str::from_string(th, self.float_text(float)?).map(Some);
        }
        if let Some(word) = constant(key) {
            return Str::from_wtf8(th, word).map(Some);
        }
        if let Some(int) = key.downcast::<Int>() {
            return krait_objects::int::to_decimal(th, &int).map(Some);
        }
        if self.options.skipkeys.get() {
            return Ok(None);
        }
        let message = "keys must be str, int, float, bool or None, not";
        Err(raise!(th, TYPE_ERROR, "{message} {}", key.type_name()))
    }

    /// Something else: what `default` makes of it.
    fn other(&mut self, ob: Borrowed<'_>) -> PyResult<()> {
        self.enter(ob)?;
        let made = call::call(self.th, self.default.borrow(), &[ob])?;
        if let Err(raised) = self.value(made.borrow()) {
            return Err(notes::add(self.th, raised, || {
                Ok(format!("when serializing {} object", *notes::class_of(self.th, ob)?))
            }));
        }
        if self.markers.is_some() {
            self.leave();
        }
        Ok(())
    }
}

/// None, True and False.
fn constant(ob: Borrowed<'_>) -> Option<&'static [u8]> {
    if ob.is_none() {
        Some(b"null")
    } else if ob.is(bool_object(true)) {
        Some(b"true")
    } else if ob.is(bool_object(false)) {
        Some(b"false")
    } else {
        None
    }
}
