//! `array(typecode, initializer)`, and what adds many items at once.

use krait_objects::bytes::Bytes;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer::Buffer;

use super::Array;
use super::code::Code;

/// The type code of `array()`'s first argument, which may be none that exists.
fn letter(th: &Thread, arg: Borrowed<'_>) -> PyResult<u32> {
    const WANTED: &str = "array() argument 1 must be a unicode character, not";
    match arg.downcast::<Str>() {
        Some(text) if text.len() == 1 => Ok(text.char_at(0)),
        Some(text) => Err(raise!(th, TYPE_ERROR, "{WANTED} a string of length {}", text.len())),
        None => Err(raise!(th, TYPE_ERROR, "{WANTED} {}", arg.type_name())),
    }
}

fn is_bytes(ob: Borrowed<'_>) -> bool {
    ob.downcast::<Bytes>().is_some()
        || ob.downcast::<krait_objects::bytearray::ByteArray>().is_some()
}

/// TypeError: text for an array of numbers.
fn refuse_text(th: &Thread, letter: u32, initial: Borrowed<'_>) -> PyResult<()> {
    let what = match initial.downcast::<Array>() {
        Some(array) if array.code().is_text() => "a unicode array",
        _ if initial.downcast::<Str>().is_some() => "a str",
        _ => return Ok(()),
    };
    let letter = char::from_u32(letter).unwrap_or('?');
    Err(raise!(th, TYPE_ERROR, "cannot use {what} to initialize an array with typecode '{letter}'"))
}

impl Array {
    /// `array(letter, initial)` of a class.
    pub(super) fn create(
        th: &Thread,
        cls: Borrowed<'_, Type>,
        letter: u32,
        initial: Option<Borrowed<'_>>,
    ) -> PyResult<Owned<Array>> {
        audit!(th, "array.__new__", Str::from_char(th, letter), initial)?;
        let code = Code::find(letter);
        let text = code.is_some_and(Code::is_text);
        if let Some(initial) = initial
            && !text
        {
            refuse_text(th, letter, initial)?;
        }
        let iterator = match initial {
            Some(initial) if !is_direct(initial, letter, text) => {
                Some(iter::get_iter(th, initial)?)
            }
            _ => None,
        };
        let Some(code) = code else {
            return Err(th.raise(
                exc::VALUE_ERROR,
                "bad typecode (must be b, B, u, w, h, H, i, I, l, L, q, Q, f or d)",
            ));
        };
        let room = match (&iterator, initial) {
            (None, Some(initial)) => room_for(initial),
            _ => 0,
        };
        let array = Array::make(th, cls, code, room)?;
        match (iterator, initial) {
            (Some(iterator), _) => array.extend_from_iterator(th, iterator.borrow())?,
            (None, Some(initial)) => array.fill(th, initial)?,
            (None, None) => {}
        }
        Ok(array)
    }

    /// Adds the items of an initializer that is not simply iterated over.
    fn fill(&self, th: &Thread, initial: Borrowed<'_>) -> PyResult<()> {
        if let Some(text) = initial.downcast::<Str>() {
            return self.extend_from_text(th, &text);
        }
        if let Some(other) = initial.downcast::<Array>() {
            let data = other.bytes().to_vec();
            return self.splice(th, 0, 0, &data);
        }
        if is_bytes(initial) {
            return self.extend_from_buffer(th, &Buffer::simple(th, initial)?);
        }
        if let Some(tuple) = initial.downcast::<Tuple>() {
            return tuple.as_slice().iter().try_for_each(|&item| self.push(th, item));
        }
        if let Some(list) = initial.downcast::<List>() {
            let mut at = 0;
            while let Some(item) = list.get().get(at) {
                self.push(th, item.borrow())?;
                at += 1;
            }
        }
        Ok(())
    }

    pub(super) fn extend_from_iterator(&self, th: &Thread, iterator: Borrowed<'_>) -> PyResult<()> {
        while let Some(item) = iter::next(th, iterator)? {
            self.push(th, item.borrow())?;
        }
        Ok(())
    }

    /// Adds the items that bytes hold.
    pub(super) fn extend_from_buffer(&self, th: &Thread, buffer: &Buffer) -> PyResult<()> {
        if buffer.view().is_some_and(|view| view.itemsize != 1) {
            return Err(th.raise(exc::TYPE_ERROR, "a bytes-like object is required"));
        }
        let data = buffer.as_bytes();
        if !data.len().is_multiple_of(self.code().size()) {
            let message = "bytes length not a multiple of item size";
            return Err(th.raise(exc::VALUE_ERROR, message));
        }
        self.splice(th, self.len(), self.len(), data)
    }

    /// Adds the characters of a string to an array of characters.
    pub(super) fn extend_from_text(&self, th: &Thread, text: &Str) -> PyResult<()> {
        let data: Vec<u8> = text.chars().iter().flat_map(u32::to_ne_bytes).collect();
        self.splice(th, self.len(), self.len(), &data)
    }

    /// Adds the items of an array of the same type code, or of any iterable.
    pub(super) fn extend_from(&self, th: &Thread, other: Borrowed<'_>) -> PyResult<()> {
        let Some(other) = other.downcast::<Array>() else {
            let iterator = iter::get_iter(th, other)?;
            return self.extend_from_iterator(th, iterator.borrow());
        };
        if !std::ptr::eq(self.code(), other.code()) {
            return Err(th.raise(exc::TYPE_ERROR, "can only extend with array of same kind"));
        }
        // A copy, since the other one may be this one.
        let data = other.bytes().to_vec();
        self.splice(th, self.len(), self.len(), &data)
    }
}

/// How many items a list, tuple, array or string has.
fn room_for(initial: Borrowed<'_>) -> usize {
    if let Some(list) = initial.downcast::<List>() {
        return list.get().len();
    }
    if let Some(array) = initial.downcast::<Array>() {
        return array.get().len();
    }
    if let Some(text) = initial.downcast::<Str>() {
        return text.get().len();
    }
    initial.downcast::<Tuple>().map_or(0, |tuple| tuple.len())
}

/// Whether the initializer is taken as it is rather than iterated over.
fn is_direct(initial: Borrowed<'_>, letter: u32, text: bool) -> bool {
    initial.downcast::<List>().is_some()
        || initial.downcast::<Tuple>().is_some()
        || is_bytes(initial)
        || text && initial.downcast::<Str>().is_some()
        || initial.downcast::<Array>().is_some_and(|array| u32::from(array.code().letter) == letter)
}

/// The constructor, from its raw arguments: a subclass may take keywords of its own.
pub(super) fn construct(
    cls: Borrowed<'_, Type>,
    th: &Thread,
    args: Borrowed<'_, Tuple>,
    kwargs: Option<Borrowed<'_, Dict>>,
) -> PyResult<Owned<Array>> {
    let init = |ty: &Type| ty.raw().tp_init.map(|init| init as usize);
    if kwargs.is_some_and(|kwargs| !kwargs.is_empty()) && init(&cls) == init(Array::type_object()) {
        return Err(th.raise(exc::TYPE_ERROR, "array.array() takes no keyword arguments"));
    }
    let (first, initial) = match *args.get().as_slice() {
        [] => {
            return Err(th.raise(exc::TYPE_ERROR, "array() takes at least 1 argument (0 given)"));
        }
        [first] => (first, None),
        [first, initial] => (first, Some(initial)),
        ref more => {
            let count = more.len();
            return Err(raise!(
                th,
                TYPE_ERROR,
                "array() takes at most 2 arguments ({count} given)"
            ));
        }
    };
    let letter = letter(th, first)?;
    if letter == u32::from(b'u') {
        let message =
            Str::new(th, "The 'u' type code is deprecated and will be removed in Python 3.16")?;
        let category = Borrowed::from_ref(exc::DEPRECATION_WARNING).object();
        krait_eval::warnings::warn(th, category, message.borrow(), 1)?;
    }
    Array::create(th, cls, letter, initial)
}
