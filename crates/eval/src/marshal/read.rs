//! Reading marshal data. Whatever the bytes hold, the answer is a value or an exception.

use std::borrow::Cow;

use krait_objects::bytearray::ByteArray;
use krait_objects::memoryview::MemoryView;
use krait_objects::prelude::*;
use krait_objects::{codecs, complex, float_text, int_digits, set, slice, str};

use super::{MAX_DEPTH, Trust, tag};
use crate::code::{self, Parts};

/// The first value in `data`, and how many bytes it took.
pub fn loads(th: &Thread, data: &[u8], trust: Trust) -> PyResult<(Owned, usize)> {
    let mut reader =
        Reader { th, data, at: 0, file: None, references: Vec::new(), depth: 0, trust };
    let value = reader.required()?;
    Ok((value, reader.at))
}

/// The next value in a file, whose `readinto` is given. Nothing behind the value is read.
pub fn load(th: &Thread, readinto: Owned, trust: Trust) -> PyResult {
    audit!(th, "marshal.load")?;
    let (data, file) = (&[][..], Some(readinto));
    Reader { th, data, at: 0, file, references: Vec::new(), depth: 0, trust }.required()
}

/// What a file claims to be longer is read before a tuple is made: its items cannot refer to it.
const LONG_TUPLE: usize = 1 << 20;

struct Reader<'a> {
    th: &'a Thread,
    data: &'a [u8],
    at: usize,
    /// `readinto` of a file that is read instead of `data`.
    file: Option<Owned>,
    /// Objects that may be referred to again; `None` while one is still being read.
    references: Vec<Option<Owned>>,
    depth: usize,
    trust: Trust,
}

/// Exactly `count` bytes. Memory grows with what is really there.
fn read_file(th: &Thread, readinto: Borrowed<'_>, count: usize) -> PyResult<Vec<u8>> {
    const CHUNK: usize = 1 << 20;
    let mut data = Vec::new();
    while data.len() < count {
        let wanted = (count - data.len()).min(CHUNK);
        let array = ByteArray::new(th, &vec![0; wanted])?;
        let view = MemoryView::new(th, array.object())?;
        let read = call::call(th, readinto, &[view.object()])?;
        let read = number::index(th, read.borrow())?.to_i64().unwrap_or(-1);
        match usize::try_from(read) {
            Ok(read) if read == wanted => data.extend_from_slice(array.as_bytes()),
            Ok(read) if read > wanted => {
                return Err(raise!(
                    th,
                    VALUE_ERROR,
                    "read() returned too much data: {wanted} bytes requested, {read} returned"
                ));
            }
            _ => return Err(th.raise(exc::EOF_ERROR, "EOF read where not expected")),
        }
    }
    Ok(data)
}

impl<'a> Reader<'a> {
    fn too_short(&self) -> Raised {
        self.th.raise(exc::EOF_ERROR, "marshal data too short")
    }

    fn bad(&self, what: &str) -> Raised {
        raise!(self.th, VALUE_ERROR, "bad marshal data ({what})")
    }

    #[inline]
    fn bytes(&mut self, count: usize) -> PyResult<Cow<'a, [u8]>> {
        let data = self.data;
        match data.get(self.at..).and_then(|rest| rest.get(..count)) {
            // Empty, if a file is read.
            Some(bytes) => {
                self.at += count;
                Ok(Cow::Borrowed(bytes))
            }
            None => self.bytes_of_file(count).map(Cow::Owned),
        }
    }

    #[inline(never)]
    fn bytes_of_file(&self, count: usize) -> PyResult<Vec<u8>> {
        match &self.file {
            Some(readinto) => read_file(self.th, readinto.borrow(), count),
            None => Err(self.too_short()),
        }
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> PyResult<[u8; N]> {
        if let Some(&array) = self.data.get(self.at..).and_then(|rest| rest.first_chunk::<N>()) {
            // Empty, if a file is read.
            self.at += N;
            return Ok(array);
        }
        let bytes = self.bytes(N)?;
        let mut array = [0; N];
        array.copy_from_slice(&bytes);
        Ok(array)
    }

    #[inline]
    fn byte(&mut self) -> PyResult<u8> {
        if self.file.is_none() && self.at >= self.data.len() {
            return Err(self.th.raise(exc::EOF_ERROR, "EOF read where not expected"));
        }
        Ok(self.array::<1>()?[0])
    }

    fn int(&mut self) -> PyResult<i32> {
        Ok(i32::from_le_bytes(self.array()?))
    }

    fn size(&mut self, what: &str) -> PyResult<usize> {
        let size = self.int()?;
        usize::try_from(size).map_err(|_| self.bad(&format!("{what} size out of range")))
    }

    fn float(&mut self) -> PyResult<f64> {
        Ok(f64::from_le_bytes(self.array()?))
    }

    /// A float as text, in the old format.
    fn text_float(&mut self) -> PyResult<f64> {
        let count = self.byte()?;
        let text = self.bytes(count.into())?;
        float_text::parse(&text).ok_or_else(|| {
            let text = text.split(|&byte| byte == 0).next().unwrap_or_default();
            let shown = String::from_utf8_lossy(&text[..text.len().min(200)]);
            raise!(self.th, VALUE_ERROR, "could not convert string to float: '{shown}'")
        })
    }

    /// A value; an error where data has the NULL that ends a dictionary.
    fn required(&mut self) -> PyResult {
        self.required_for("object")
    }

    fn required_for(&mut self, what: &str) -> PyResult {
        match self.value()? {
            Some(value) => Ok(value),
            None => Err(raise!(self.th, TYPE_ERROR, "NULL object in marshal data for {what}")),
        }
    }

    fn value(&mut self) -> PyResult<Option<Owned>> {
        // Empty, if a file is read.
        let Some(&code) = self.data.get(self.at) else {
            return self.value_of_file();
        };
        self.check_depth()?;
        self.at += 1;
        self.value_behind(code)
    }

    #[inline]
    fn check_depth(&self) -> PyResult<()> {
        if self.depth >= MAX_DEPTH {
            return Err(self.th.raise(exc::VALUE_ERROR, "recursion limit exceeded"));
        }
        // Threads may have small stacks.
        self.th.check_stack(" while unmarshalling")
    }

    /// As `value`, where the data has ended: a file may have more.
    #[inline(never)]
    fn value_of_file(&mut self) -> PyResult<Option<Owned>> {
        let ended = "EOF read where object expected";
        if self.file.is_none() {
            return Err(self.th.raise(exc::EOF_ERROR, ended));
        }
        self.check_depth()?;
        match self.byte() {
            Ok(code) => self.value_behind(code),
            Err(raised) => {
                self.th.take_if(raised, exc::EOF_ERROR)?;
                Err(self.th.raise(exc::EOF_ERROR, ended))
            }
        }
    }

    /// The value that `code` begins.
    #[inline]
    fn value_behind(&mut self, code: u8) -> PyResult<Option<Owned>> {
        let (kind, keep) = (code & !tag::REF, code & tag::REF != 0);
        self.depth += 1;
        let value = self.value_of(kind, keep);
        self.depth -= 1;
        value
    }

    /// Keeps a value that is complete when it is read.
    #[inline]
    fn keep(&mut self, keep: bool, value: Owned) -> Owned {
        if keep {
            self.references.push(Some(value.clone()));
        }
        value
    }

    /// Reserves the place of a value that others may come before.
    fn reserve(&mut self, keep: bool) -> Option<usize> {
        keep.then(|| {
            self.references.push(None);
            self.references.len() - 1
        })
    }

    fn fill(&mut self, place: Option<usize>, value: Owned) -> Owned {
        if let Some(place) = place {
            self.references[place] = Some(value.clone());
        }
        value
    }

    fn value_of(&mut self, kind: u8, keep: bool) -> PyResult<Option<Owned>> {
        let th = self.th;
        let value = match kind {
            tag::NULL => return Ok(None),
            tag::NONE => none().to_owned(),
            tag::FALSE => bool_object(false).object().to_owned(),
            tag::TRUE => bool_object(true).object().to_owned(),
            tag::ELLIPSIS => ellipsis().to_owned(),
            tag::STOP_ITERATION => Borrowed::from_ref(exc::STOP_ITERATION).object().to_owned(),
            tag::REFERENCE => return self.reference().map(Some),
            tag::TUPLE | tag::SMALL_TUPLE => return self.tuple(kind, keep).map(Some),
            tag::LIST | tag::DICT | tag::SET | tag::FROZENSET | tag::SLICE => {
                return self.container(kind, keep).map(Some);
            }
            tag::CODE => return self.code(keep).map(Some),
            tag::INT => {
                let value = Int::from_i64(th, self.int()?.into())?.into_object();
                self.keep(keep, value)
            }
            tag::SHORT_ASCII | tag::SHORT_ASCII_INTERNED => {
                let size = self.byte()?;
                let value = self.ascii(size.into(), kind == tag::SHORT_ASCII_INTERNED)?;
                self.keep(keep, value)
            }
            _ => {
                let value = self.scalar(th, kind)?;
                self.keep(keep, value)
            }
        };
        Ok(Some(value))
    }

    fn scalar(&mut self, th: &Thread, kind: u8) -> PyResult {
        Ok(match kind {
            tag::INT64 => Int::from_i64(th, i64::from_le_bytes(self.array()?))?.into_object(),
            tag::LONG => self.long()?.into_object(),
            tag::BINARY_FLOAT => Float::new(th, self.float()?)?.into_object(),
            tag::FLOAT => Float::new(th, self.text_float()?)?.into_object(),
            tag::BINARY_COMPLEX => {
                let (real, imag) = (self.float()?, self.float()?);
                complex::Complex::new(th, real, imag)?.into_object()
            }
            tag::COMPLEX => {
                let (real, imag) = (self.text_float()?, self.text_float()?);
                complex::Complex::new(th, real, imag)?.into_object()
            }
            tag::STRING => {
                let size = self.size("bytes object")?;
                Bytes::new(th, &self.bytes(size)?)?.into_object()
            }
            tag::UNICODE | tag::INTERNED => {
                let size = self.size("string")?;
                let data = self.bytes(size)?;
                let (text, _) =
                    codecs::native::decode_utf8(th, &data, Some("surrogatepass"), true)?;
                self.interned(text, kind == tag::INTERNED)?
            }
            tag::ASCII | tag::ASCII_INTERNED => {
                let size = self.size("string")?;
                self.ascii(size, kind == tag::ASCII_INTERNED)?
            }
            _ => return Err(self.bad("unknown type code")),
        })
    }

    fn ascii(&mut self, size: usize, interned: bool) -> PyResult {
        let bytes = self.bytes(size)?;
        let text = match bytes.is_ascii() {
            true => Str::from_ascii(self.th, &bytes)?,
            false => Str::from_chars(self.th, str::Chars::One(&bytes))?,
        };
        self.interned(text, interned)
    }

    fn interned(&self, text: Owned<Str>, interned: bool) -> PyResult {
        let text = if interned { Str::intern(self.th, text)? } else { text };
        Ok(text.into_object())
    }

    /// Digits of 15 bits, the sign in their number.
    fn long(&mut self) -> PyResult<Owned<Int>> {
        let count = self.int()?;
        if count == i32::MIN {
            return Err(self.bad("long size out of range"));
        }
        let size = count.unsigned_abs() as usize;
        // A bad digit counts for more than a missing one.
        let rest = self.data.get(self.at..).unwrap_or_default();
        if rest.len() / 2 < size && rest.chunks_exact(2).any(|pair| pair[1] >> 7 != 0) {
            return Err(self.bad("digit out of range in long"));
        }
        let raw = self.bytes(size.checked_mul(2).ok_or_else(|| self.too_short())?)?;
        let halves: Vec<u32> = raw
            .chunks_exact(2)
            .map(|pair| u32::from(u16::from_le_bytes([pair[0], pair[1]])))
            .collect();
        if halves.iter().any(|&half| half >> 15 != 0) {
            return Err(self.bad("digit out of range in long"));
        }
        if halves.last() == Some(&0) {
            return Err(self.bad("unnormalized long data"));
        }
        let digits: Vec<u32> = halves
            .chunks(2)
            .map(|pair| pair[0] | pair.get(1).map_or(0, |high| high << 15))
            .collect();
        Int::from_digits(self.th, count < 0, &digits[..int_digits::trimmed(&digits)])
    }

    fn reference(&mut self) -> PyResult {
        let index = self.int()?;
        let found = usize::try_from(index).ok().and_then(|index| self.references.get(index));
        match found {
            Some(Some(value)) => Ok(value.clone()),
            _ => Err(self.bad("invalid reference")),
        }
    }

    fn tuple(&mut self, kind: u8, keep: bool) -> PyResult {
        let size = if kind == tag::SMALL_TUPLE { self.byte()?.into() } else { self.size("tuple")? };
        // What claims to be longer than the data is not made room for; nor can the end of a file be seen.
        let most = if self.file.is_some() { LONG_TUPLE } else { self.data.len() - self.at };
        if !keep && size <= most || size == 0 {
            let tuple = Tuple::try_from_fn(self.th, size, |_| self.required_for("tuple"))?;
            return Ok(self.keep(keep, tuple.into_object()));
        }
        if size > most {
            let place = self.reserve(keep);
            let items = self.items(size, "tuple")?;
            let tuple = Tuple::from_vec(self.th, items)?;
            return Ok(self.fill(place, tuple.into_object()));
        }
        // Its items may refer to it.
        let tuple = Tuple::from_slice(self.th, &vec![none(); size])?;
        self.references.push(Some(tuple.object().to_owned()));
        for at in 0..size {
            let item = self.required_for("tuple")?;
            // SAFETY: the tuple has that many items; None, which is there now, needs no release.
            unsafe { *tuple.items().add(at) = item.into_ptr() };
        }
        Ok(tuple.into_object())
    }

    /// `size` values. Memory grows with what is really there, not with what the data claims.
    fn items(&mut self, size: usize, what: &str) -> PyResult<Vec<Owned>> {
        let mut items = Vec::with_capacity(size.min(self.data.len() - self.at));
        for _ in 0..size {
            items.push(self.required_for(what)?);
        }
        Ok(items)
    }

    fn container(&mut self, kind: u8, keep: bool) -> PyResult {
        let th = self.th;
        match kind {
            tag::LIST => {
                let size = self.size("list")?;
                // Memory grows with what is really there, not with what the data claims.
                let list = List::with_capacity(th, size.min(self.data.len() - self.at))?;
                self.keep(keep, list.object().to_owned());
                for _ in 0..size {
                    list.push(th, self.required_for("list")?)?;
                }
                Ok(list.into_object())
            }
            tag::DICT => {
                let dict = Dict::new(th)?;
                self.keep(keep, dict.object().to_owned());
                while let Some(key) = self.value()? {
                    let Some(value) = self.value()? else { break };
                    dict.set(th, key.object(), value.object())?;
                }
                Ok(dict.into_object())
            }
            tag::SLICE => {
                let place = self.reserve(keep);
                let [start, stop, step] = [self.required()?, self.required()?, self.required()?];
                let slice = slice::Slice::new(th, start, stop, step)?;
                Ok(self.fill(place, slice.into_object()))
            }
            tag::SET => {
                let size = self.size("set")?;
                let set = set::Set::new(th)?;
                self.keep(keep, set.object().to_owned());
                for _ in 0..size {
                    let item = self.required_for("set")?;
                    set.add(th, item.object())?;
                }
                Ok(set.into_object())
            }
            _ => {
                let size = self.size("set")?;
                let place = self.reserve(keep);
                let items = self.items(size, "set")?;
                let items: Vec<Borrowed<'_>> = items.iter().map(Owned::object).collect();
                let set = set::Set::new_frozen(th, &items)?;
                Ok(self.fill(place, set.into_object()))
            }
        }
    }

    fn code(&mut self, keep: bool) -> PyResult {
        const WHAT: &str = "code object";
        if self.trust == Trust::Refused {
            return Err(self
                .th
                .raise(exc::VALUE_ERROR, "unmarshalling code objects is disallowed"));
        }
        let place = self.reserve(keep);
        let argcount = self.int()?;
        let posonlyargcount = self.int()?;
        let kwonlyargcount = self.int()?;
        let stacksize = self.int()?;
        let flags = self.int()?;
        let code = self.required_for(WHAT)?;
        let consts = self.required_for(WHAT)?;
        let names = self.required_for(WHAT)?;
        let localsplusnames = self.required_for(WHAT)?;
        let localspluskinds = self.required_for(WHAT)?;
        let filename = self.required_for(WHAT)?;
        let name = self.required_for(WHAT)?;
        let qualname = self.required_for(WHAT)?;
        let firstlineno = self.int()?;
        let linetable = self.required_for(WHAT)?;
        let exceptiontable = self.required_for(WHAT)?;
        let code = self.part::<Bytes>(code)?;
        let parts = Parts {
            argcount,
            posonlyargcount,
            kwonlyargcount,
            stacksize,
            flags,
            code: code.as_bytes().into(),
            consts: self.part(consts)?,
            names: self.part(names)?,
            localsplusnames: self.part(localsplusnames)?,
            localspluskinds: self.part(localspluskinds)?,
            filename: self.part(filename)?,
            name: self.part(name)?,
            qualname: self.part(qualname)?,
            firstlineno,
            linetable: self.part(linetable)?,
            exceptiontable: self.part(exceptiontable)?,
        };
        let code = match self.trust {
            Trust::Own => code::new(self.th, parts)?,
            _ => code::new_foreign(self.th, parts)?,
        };
        Ok(self.fill(place, code.into_object()))
    }

    /// A part of a code object, which must be of the right type.
    fn part<T: Instance>(&self, part: Owned) -> PyResult<Owned<T>> {
        part.downcast::<T>().map_err(|_| self.th.bad_internal_call())
    }
}
