//! The objects inside of `_PyRuntime`: small ints, single bytes, and the strings that CPython's own extension modules name.
//!
//! Modules compiled with CPython's internal headers (`_ctypes`, `_testinternalcapi`) take these by their address. Krait has
//! objects of its own for all of them; these are filled in, at the reference's offsets, when the first extension module is
//! loaded. Strings are not interned, so that they equal ours by what they hold.
//!
//! Invariant: 1. Objects are written once, before anyone knows their addresses, into memory that nothing else uses.

use std::mem::offset_of;
use std::sync::Once;

use krait_abi as abi;
use krait_objects::prelude::*;

use super::{_PyRuntime, SHOWN};

/// Where `_PyRuntime.static_objects` begins, and in it the groups of objects.
const START: usize = 14_064;
const BYTES: usize = START + 8_384;
const SINGLE_BYTES: usize = BYTES + size_of::<abi::PyBytesObject>();
const SINGLE_BYTE: usize = size_of::<abi::PyBytesObject>() + 8;
const LITERALS: usize = START + 20_712;
const IDENTIFIERS: usize = START + 21_944;
const ASCII: usize = START + 62_224;
const LATIN: usize = START + 68_368;
const EMPTY_TUPLE: usize = START + 76_576;

const SMALLEST: i32 = -5;
const SMALL_INTS: i32 = 262;

/// Strings that are no identifiers, in the reference's order.
const TEXTS: [&str; 23] = [
    "<dictcomp>",
    "<genexpr>",
    "<lambda>",
    "<listcomp>",
    "<module>",
    "<NULL>",
    "<setcomp>",
    "<string>",
    "<unknown>",
    "}}",
    "{{",
    "%%",
    ".defaults",
    ".<locals>",
    "",
    ".format",
    ".generic_base",
    "json.decoder",
    ".kwdefaults",
    "list index out of range",
    "1e309",
    ".type_params",
    "utf-8",
];

/// The identifiers, in the reference's order.
const NAMES: &str = include_str!("identifiers.txt");

/// Writes at growing offsets of `_PyRuntime`.
struct Writer {
    base: *mut u8,
    offset: usize,
}

impl Writer {
    fn at(offset: usize) -> Writer {
        let rest: *mut u8 = _PyRuntime._rest.get().cast();
        Writer { base: rest.wrapping_sub(SHOWN), offset }
    }

    /// Leaves a value, and goes on `size` bytes behind its beginning.
    fn put<T>(&mut self, value: T, size: usize) {
        // SAFETY: (1); the offsets above are in the struct, and aligned to words.
        unsafe { self.base.add(self.offset).cast::<T>().write(value) };
        self.offset += size;
    }

    fn data(&mut self, bytes: &[u8]) {
        // SAFETY: as above; there is a zero behind each.
        unsafe { self.base.add(self.offset).copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        self.offset = (self.offset + bytes.len() + 1).next_multiple_of(8);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        let size = offset_of!(abi::PyBytesObject, ob_sval);
        let object = abi::PyBytesObject {
            ob_base: variable(Bytes::type_object(), bytes.len()),
            ob_shash: -1,
            ..abi::PyBytesObject::EMPTY
        };
        self.put(object, size);
        self.data(bytes);
    }

    fn text(&mut self, text: &[u8]) {
        let is_ascii = text.is_ascii();
        let head = abi::PyASCIIObject {
            ob_base: head(Str::type_object()),
            length: text.len() as isize,
            hash: -1,
            state: abi::_PyUnicodeObject_state::compact(1, is_ascii),
        };
        if is_ascii {
            self.put(head, size_of::<abi::PyASCIIObject>());
        } else {
            let object =
                abi::PyCompactUnicodeObject { _base: head, ..abi::PyCompactUnicodeObject::EMPTY };
            self.put(object, size_of::<abi::PyCompactUnicodeObject>());
        }
        self.data(text);
    }
}

fn head(ty: &'static Type) -> abi::PyObject {
    abi::PyObject_HEAD_INIT(std::ptr::from_ref(ty).cast_mut().cast())
}

fn variable(ty: &'static Type, size: usize) -> abi::PyVarObject {
    abi::PyVarObject_HEAD_INIT(std::ptr::from_ref(ty).cast_mut().cast(), size as isize)
}

/// Fills the objects in, once in the life of the process.
pub fn fill() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let mut ints = Writer::at(START);
        for value in (SMALLEST..).take(SMALL_INTS as usize) {
            let sign = [2, 1, 0][(value.signum() + 1) as usize];
            let digits = usize::from(value != 0);
            let value = abi::_PyLongValue {
                lv_tag: digits << abi::_PyLong_NON_SIZE_BITS | sign,
                ob_digit: [value.unsigned_abs()],
            };
            let int = abi::PyLongObject { ob_base: head(Int::type_object()), long_value: value };
            ints.put(int, size_of::<abi::PyLongObject>());
        }
        Writer::at(BYTES).bytes(&[]);
        for byte in 0..=u8::MAX {
            Writer::at(SINGLE_BYTES + SINGLE_BYTE * usize::from(byte)).bytes(&[byte]);
        }
        let mut texts = Writer::at(LITERALS);
        TEXTS.iter().for_each(|text| texts.text(text.as_bytes()));
        let mut names = Writer::at(IDENTIFIERS);
        NAMES.split_ascii_whitespace().for_each(|name| names.text(name.as_bytes()));
        let mut ascii = Writer::at(ASCII);
        (0..128).for_each(|character| ascii.text(&[character]));
        let mut latin = Writer::at(LATIN);
        (128..=u8::MAX).for_each(|character| latin.text(&[character]));
        let empty = abi::PyTupleObject {
            ob_base: variable(Tuple::type_object(), 0),
            ob_hash: -1,
            ..abi::PyTupleObject::EMPTY
        };
        Writer::at(EMPTY_TUPLE).put(empty, 0);
        debug_assert_eq!((texts.offset, names.offset), (IDENTIFIERS, ASCII));
        debug_assert_eq!(ascii.offset, LATIN);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_group_ends_where_the_next_begins() {
        let size =
            |text: &str| (size_of::<abi::PyASCIIObject>() + text.len() + 1).next_multiple_of(8);
        assert_eq!(LITERALS + TEXTS.iter().map(|text| size(text)).sum::<usize>(), IDENTIFIERS);
        let names = NAMES.split_ascii_whitespace();
        assert_eq!(IDENTIFIERS + names.map(size).sum::<usize>(), ASCII);
        assert_eq!(SINGLE_BYTES + 256 * SINGLE_BYTE, LITERALS);
        assert_eq!(ASCII + 128 * 48, LATIN);
        fill();
        fill();
    }
}
