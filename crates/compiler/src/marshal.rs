//! Writes compiled code as marshal data (format version 5), without objects: what is embedded at
//! build time is read back by the interpreter's `marshal`.
//!
//! Equal strings, byte strings and tuples are written once and referred to afterwards. The reference
//! marks as referable whatever happens to have a second owner while it writes; here it is what does
//! occur again, so that the reader keeps a list only of those. Both read the same.
//!
//! CPython: `Python/marshal.c`, `w_object`.

use crate::tables::HashMap;

use num_bigint::{BigInt, Sign};

use crate::code::{Code, Constant};

/// Set in a type byte: the reader is to remember the object, for [`REF`].
const FLAG_REF: u8 = 0x80;
const REF: u8 = b'r';

/// A digit of a marshalled integer.
const DIGIT_BITS: u32 = 15;

/// The marshal data of a code object.
pub fn dump(code: &Code<'_>) -> Vec<u8> {
    let mut shared = HashMap::default();
    count_code(code, &mut shared);
    shared.retain(|_, sharing| sharing.uses > 1);
    let mut writer = Writer { out: Vec::new(), shared, next_index: 0 };
    writer.code(code);
    writer.out
}

/// The data of a constant by itself.
fn alone(constant: &Constant<'_>) -> Vec<u8> {
    let mut writer = Writer { out: Vec::new(), shared: HashMap::default(), next_index: 0 };
    writer.constant(constant);
    writer.out
}

/// What can be written once and referred to.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Shareable<'a> {
    Name(&'a str),
    Text(&'a [u8]),
    Bytes(&'a [u8]),
    Names(&'a [&'a str]),
    Tuple(&'a [Constant<'a>]),
}

#[derive(Default)]
struct Sharing {
    uses: u32,
    /// The number under which the reader knows it, once it has been written.
    index: Option<u32>,
}

type Shared<'a> = HashMap<Shareable<'a>, Sharing>;

/// Counts a use; true if it is the first, so that what is inside has to be counted too.
fn first_use<'a>(item: Shareable<'a>, shared: &mut Shared<'a>) -> bool {
    let sharing = shared.entry(item).or_default();
    sharing.uses += 1;
    sharing.uses == 1
}

fn count_code<'a>(code: &Code<'a>, shared: &mut Shared<'a>) {
    first_use(Shareable::Bytes(code.code), shared);
    count_tuple(code.consts, shared);
    count_names(code.names, shared);
    count_names(code.localsplusnames, shared);
    first_use(Shareable::Bytes(code.localspluskinds), shared);
    first_use(Shareable::Text(code.filename.as_bytes()), shared);
    first_use(Shareable::Name(code.name), shared);
    first_use(Shareable::Name(code.qualname), shared);
    first_use(Shareable::Bytes(code.linetable), shared);
    first_use(Shareable::Bytes(code.exceptiontable), shared);
}

fn count_names<'a>(names: &'a [&'a str], shared: &mut Shared<'a>) {
    if first_use(Shareable::Names(names), shared) {
        for name in names.iter() {
            first_use(Shareable::Name(name), shared);
        }
    }
}

fn count_tuple<'a>(items: &'a [Constant<'a>], shared: &mut Shared<'a>) {
    if first_use(Shareable::Tuple(items), shared) {
        count_all(items, shared);
    }
}

fn count_all<'a>(items: &'a [Constant<'a>], shared: &mut Shared<'a>) {
    for item in items {
        match item {
            Constant::Str(text) => {
                first_use(text_item(text.as_bytes()), shared);
            }
            Constant::Bytes(bytes) => {
                first_use(Shareable::Bytes(bytes), shared);
            }
            Constant::Tuple(items) => count_tuple(items, shared),
            Constant::FrozenSet(items) => count_all(items, shared),
            Constant::Slice(parts) => count_all(&parts[..], shared),
            Constant::Code(code) => count_code(code, shared),
            _ => {}
        }
    }
}

/// A string constant that looks like a name is interned, and so is the same object as that name.
fn text_item(text: &[u8]) -> Shareable<'_> {
    let is_name = text.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    match std::str::from_utf8(text) {
        Ok(name) if is_name => Shareable::Name(name),
        _ => Shareable::Text(text),
    }
}

struct Writer<'a> {
    out: Vec<u8>,
    shared: Shared<'a>,
    next_index: u32,
}

impl<'a> Writer<'a> {
    fn long(&mut self, value: u32) {
        self.out.extend_from_slice(&value.to_le_bytes());
    }

    /// Lengths fit: the format has no more than 31 bits for them, and neither has the compiler.
    fn size(&mut self, size: usize) {
        self.long(size as u32);
    }

    /// Starts an object that may be shared. None if a reference to it was written instead; else the
    /// flag for its type byte.
    fn open(&mut self, item: Shareable<'a>) -> Option<u8> {
        let Some(sharing) = self.shared.get_mut(&item) else { return Some(0) };
        if let Some(index) = sharing.index {
            self.out.push(REF);
            self.long(index);
            return None;
        }
        sharing.index = Some(self.next_index);
        self.next_index += 1;
        Some(FLAG_REF)
    }

    fn code(&mut self, code: &Code<'a>) {
        self.out.push(b'c');
        let counts =
            [code.argcount, code.posonlyargcount, code.kwonlyargcount, code.stacksize, code.flags];
        for count in counts {
            self.long(count);
        }
        self.bytes(code.code);
        self.tuple(code.consts);
        self.names(code.names);
        self.names(code.localsplusnames);
        self.bytes(code.localspluskinds);
        self.text(Shareable::Text(code.filename.as_bytes()));
        self.text(Shareable::Name(code.name));
        self.text(Shareable::Name(code.qualname));
        self.long(code.firstlineno as u32);
        self.bytes(code.linetable);
        self.bytes(code.exceptiontable);
    }

    fn bytes(&mut self, bytes: &'a [u8]) {
        if let Some(flag) = self.open(Shareable::Bytes(bytes)) {
            self.out.push(b's' | flag);
            self.size(bytes.len());
            self.out.extend_from_slice(bytes);
        }
    }

    fn names(&mut self, names: &'a [&'a str]) {
        if let Some(flag) = self.open(Shareable::Names(names)) {
            self.tuple_head(names.len(), flag);
            for name in names.iter() {
                self.text(Shareable::Name(name));
            }
        }
    }

    fn tuple(&mut self, items: &'a [Constant<'a>]) {
        if let Some(flag) = self.open(Shareable::Tuple(items)) {
            self.tuple_head(items.len(), flag);
            for item in items {
                self.constant(item);
            }
        }
    }

    fn tuple_head(&mut self, len: usize, flag: u8) {
        match u8::try_from(len) {
            Ok(short) => self.out.extend_from_slice(&[b')' | flag, short]),
            Err(_) => {
                self.out.push(b'(' | flag);
                self.size(len);
            }
        }
    }

    fn text(&mut self, item: Shareable<'a>) {
        let (text, interned) = match item {
            Shareable::Name(name) => (name.as_bytes(), true),
            Shareable::Text(text) => (text, false),
            Shareable::Bytes(_) | Shareable::Names(_) | Shareable::Tuple(_) => return,
        };
        let Some(flag) = self.open(item) else { return };
        if !text.is_ascii() {
            self.out.push(if interned { b't' } else { b'u' } | flag);
            self.size(text.len());
        } else if let Ok(short) = u8::try_from(text.len()) {
            self.out.extend_from_slice(&[if interned { b'Z' } else { b'z' } | flag, short]);
        } else {
            self.out.push(if interned { b'A' } else { b'a' } | flag);
            self.size(text.len());
        }
        self.out.extend_from_slice(text);
    }

    fn constant(&mut self, constant: &Constant<'a>) {
        match constant {
            Constant::None => self.out.push(b'N'),
            Constant::Ellipsis => self.out.push(b'.'),
            Constant::Bool(value) => self.out.push(if *value { b'T' } else { b'F' }),
            Constant::Int(value) => match i32::try_from(*value) {
                Ok(small) => {
                    self.out.push(b'i');
                    self.long(small as u32);
                }
                Err(_) => self.integer(&BigInt::from(*value)),
            },
            Constant::BigInt(value) => self.integer(&value.value()),
            Constant::Float(value) => {
                self.out.push(b'g');
                self.out.extend_from_slice(&value.to_le_bytes());
            }
            Constant::Complex { real, imag } => {
                self.out.push(b'y');
                self.out.extend_from_slice(&real.to_le_bytes());
                self.out.extend_from_slice(&imag.to_le_bytes());
            }
            Constant::Str(text) => self.text(text_item(text.as_bytes())),
            Constant::Bytes(bytes) => self.bytes(bytes),
            Constant::Tuple(items) => self.tuple(items),
            Constant::FrozenSet(items) => {
                self.out.push(b'>');
                self.size(items.len());
                // In the order of their data, so that the bytes do not depend on the set's.
                let mut items: Vec<&Constant<'a>> = items.iter().collect();
                items.sort_by_cached_key(|item| alone(item));
                for item in items {
                    self.constant(item);
                }
            }
            Constant::Slice(parts) => {
                self.out.push(b':');
                for part in parts.iter() {
                    self.constant(part);
                }
            }
            Constant::Code(code) => self.code(code),
        }
    }

    /// Sign and number of digits, then the digits, the lowest first.
    fn integer(&mut self, value: &BigInt) {
        let words = value.magnitude().to_u64_digits();
        let count = value.bits().div_ceil(u64::from(DIGIT_BITS));
        let signed = if value.sign() == Sign::Minus { -(count as i64) } else { count as i64 };
        self.out.push(b'l');
        self.long(signed as u32);
        for digit in 0..count {
            let bit = digit * u64::from(DIGIT_BITS);
            let (word, shift) = ((bit / 64) as usize, bit % 64);
            let low = words[word] >> shift;
            // A digit may straddle two words.
            let high = match words.get(word + 1) {
                Some(next) if shift > 0 => next << (64 - shift),
                _ => 0,
            };
            let digit = (low | high) as u16 & ((1 << DIGIT_BITS) - 1);
            self.out.extend_from_slice(&digit.to_le_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code<'a>(consts: &'a [Constant<'a>]) -> Code<'a> {
        Code {
            argcount: 0,
            posonlyargcount: 0,
            kwonlyargcount: 0,
            stacksize: 1,
            flags: 0,
            firstlineno: 1,
            code: &[128, 0],
            consts,
            names: &[],
            localsplusnames: &[],
            localspluskinds: &[],
            filename: "f".into(),
            name: "m",
            qualname: "m",
            linetable: &[],
            has_renamed_parameter: false,
            exceptiontable: &[],
        }
    }

    /// The bytes of the constants: what follows the code units.
    fn constants(consts: &[Constant<'_>]) -> Vec<u8> {
        let data = dump(&code(consts));
        let start = 1 + 5 * 4 + 1 + 4 + 2 + 2;
        // Everything after it is the same without constants.
        let rest = dump(&code(&[])).len() - start;
        data[start..data.len() - rest].to_vec()
    }

    #[test]
    fn integers_have_fifteen_bit_digits() {
        let arena = bumpalo::Bump::new();
        assert_eq!(constants(&[Constant::Int(-2)]), b"i\xfe\xff\xff\xff");
        // marshal.dumps(-(2**31) - 1) and marshal.dumps(2**70) of the reference, unflagged.
        assert_eq!(
            constants(&[Constant::Int(-(1 << 31) - 1)]),
            b"l\xfd\xff\xff\xff\x01\x00\x00\x00\x02\x00"
        );
        assert_eq!(
            constants(&[Constant::int(&BigInt::from(1u128 << 70), &arena)]),
            b"l\x05\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x04"
        );
    }

    #[test]
    fn what_occurs_again_is_referred_to() {
        let text = Constant::str("a b");
        let data = constants(&[text, Constant::Tuple(&[text])]);
        // Nothing before the constants is shared, so the text is number 0.
        assert_eq!(data, b"\xfa\x03a b)\x01r\x00\x00\x00\x00");
    }
}
