//! Writing marshal data.
//!
//! From version 3 an object with more than one reference is written once and referred to afterwards; interned
//! strings say so, so that they are interned again.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use krait_objects::complex::Complex;
use krait_objects::int_digits::IntRef;
use krait_objects::memory::AddressHash;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer::{self, Buffer};
use krait_objects::set::{FrozenSet, Set};
use krait_objects::slice::Slice;

use super::{MAX_DEPTH, tag};
use crate::code::{Code, original_bytes};

/// The data of `value`.
pub fn dumps(
    th: &Thread,
    value: Borrowed<'_>,
    version: i32,
    allow_code: bool,
) -> PyResult<Vec<u8>> {
    let mut writer = Writer {
        th,
        out: Vec::with_capacity(128),
        references: HashMap::default(),
        depth: 0,
        version,
        allow_code,
        kept: Vec::new(),
        incomplete: Vec::new(),
    };
    writer.value(value)?;
    Ok(writer.out)
}

struct Writer<'a> {
    th: &'a Thread,
    out: Vec<u8>,
    /// Address of an object that is written to its number.
    references: HashMap<usize, u32, AddressHash>,
    /// Keeps what is written alive, so that no address is used twice.
    kept: Vec<Owned>,
    depth: usize,
    version: i32,
    allow_code: bool,
    /// Addresses of the objects that `complete_before_use` is writing.
    incomplete: Vec<usize>,
}

/// A set or frozenset, but of no subclass.
fn exact_set(value: Borrowed<'_>) -> Option<Borrowed<'_, Set>> {
    let exact = value.is_exact::<Set>() || value.is_exact::<FrozenSet>();
    krait_objects::set::any_set(value).filter(|_| exact)
}

impl Writer<'_> {
    fn unmarshallable(&self) -> Raised {
        self.th.raise(exc::VALUE_ERROR, "unmarshallable object")
    }

    fn int(&mut self, value: i32) {
        self.out.extend_from_slice(&value.to_le_bytes());
    }

    fn size(&mut self, size: usize) -> PyResult<()> {
        let size = i32::try_from(size).map_err(|_| self.unmarshallable())?;
        self.int(size);
        Ok(())
    }

    fn value(&mut self, value: Borrowed<'_>) -> PyResult<()> {
        self.value_held(value, 0)
    }

    /// A value of whose references `held` are the writer's own.
    fn value_held(&mut self, value: Borrowed<'_>, held: u32) -> PyResult<()> {
        if self.depth >= MAX_DEPTH {
            return Err(self.th.raise(exc::VALUE_ERROR, "object too deeply nested to marshal"));
        }
        self.depth += 1;
        let result = self.value_inside(value, held);
        self.depth -= 1;
        result
    }

    fn value_inside(&mut self, value: Borrowed<'_>, held: u32) -> PyResult<()> {
        let singleton = if value.is_none() {
            tag::NONE
        } else if value.is(ellipsis()) {
            tag::ELLIPSIS
        } else if value.is(bool_object(false)) {
            tag::FALSE
        } else if value.is(bool_object(true)) {
            tag::TRUE
        } else if value.is(Borrowed::from_ref(exc::STOP_ITERATION)) {
            tag::STOP_ITERATION
        } else {
            return self.object(value, held);
        };
        self.out.push(singleton);
        Ok(())
    }

    /// A reference to what is written already, or the mark for an object that may be referred to.
    fn flag(&mut self, value: Borrowed<'_>, held: u32) -> Option<u8> {
        if self.version < 3 {
            return Some(0);
        }
        if value.ref_count() == 1 + held
            && !value.downcast_exact::<Str>().is_some_and(|text| text.is_interned())
        {
            return Some(0);
        }
        let next = self.references.len() as u32;
        if next == 0 {
            // Where there is one, there are mostly more, as in code.
            self.references.reserve(28);
            self.kept.reserve(28);
        }
        match self.references.entry(value.as_ptr() as usize) {
            Entry::Occupied(known) => {
                let number = *known.get();
                self.out.push(tag::REFERENCE);
                self.int(number as i32);
                None
            }
            Entry::Vacant(place) => {
                place.insert(next);
                self.kept.push(value.to_owned());
                Some(tag::REF)
            }
        }
    }

    /// Writes an object that a reader makes only once it has read all parts, so that none of them may refer to it.
    fn complete_before_use(
        &mut self,
        value: Borrowed<'_>,
        write: impl FnOnce(&mut Self) -> PyResult<()>,
    ) -> PyResult<()> {
        self.incomplete.push(value.as_ptr() as usize);
        write(self)?;
        self.incomplete.pop();
        Ok(())
    }

    fn object(&mut self, value: Borrowed<'_>, held: u32) -> PyResult<()> {
        if self.incomplete.contains(&(value.as_ptr() as usize)) {
            return Err(self.unmarshallable());
        }
        let Some(flag) = self.flag(value, held) else {
            return Ok(());
        };
        if let Some(int) = value.downcast_exact::<Int>() {
            self.long(int.view(), flag)
        } else if let Some(float) = value.downcast_exact::<Float>() {
            self.out.push(tag::BINARY_FLOAT | flag);
            self.out.extend_from_slice(&float.value().to_le_bytes());
            Ok(())
        } else if let Some(complex) = value.downcast_exact::<Complex>() {
            self.out.push(tag::BINARY_COMPLEX | flag);
            self.out.extend_from_slice(&complex.real().to_le_bytes());
            self.out.extend_from_slice(&complex.imag().to_le_bytes());
            Ok(())
        } else if let Some(text) = value.downcast_exact::<Str>() {
            self.text(&text, flag)
        } else if let Some(bytes) = value.downcast_exact::<Bytes>() {
            self.sized(tag::STRING | flag, bytes.as_bytes())
        } else if let Some(tuple) = value.downcast_exact::<Tuple>() {
            match u8::try_from(tuple.len()) {
                Ok(size) if self.version >= 4 => {
                    self.out.extend_from_slice(&[tag::SMALL_TUPLE | flag, size])
                }
                _ => {
                    self.out.push(tag::TUPLE | flag);
                    self.size(tuple.len())?;
                }
            }
            tuple.as_slice().iter().try_for_each(|&item| self.value(item))
        } else {
            self.container(value, flag)
        }
    }

    fn container(&mut self, value: Borrowed<'_>, flag: u8) -> PyResult<()> {
        if let Some(list) = value.downcast_exact::<List>() {
            self.out.push(tag::LIST | flag);
            let items = list.to_vec();
            self.size(items.len())?;
            items.iter().try_for_each(|item| self.value_held(item.object(), 1))
        } else if let Some(dict) = value.downcast_exact::<Dict>() {
            self.out.push(tag::DICT | flag);
            let mut position = 0;
            while let Some((key, value)) = dict.next(&mut position) {
                self.value_held(key.object(), 1)?;
                self.value_held(value.object(), 1)?;
            }
            self.out.push(tag::NULL);
            Ok(())
        } else if let Some(set) = exact_set(value) {
            self.set(&set, value.is_exact::<FrozenSet>(), flag)
        } else if let Some(slice) = value.downcast_exact::<Slice>() {
            if self.version < 5 {
                return Err(self.unmarshallable());
            }
            self.out.push(tag::SLICE | flag);
            let parts = [slice.start(), slice.stop(), slice.step()];
            self.complete_before_use(value, |this| {
                parts.into_iter().try_for_each(|part| this.value(part))
            })
        } else if let Some(code) = value.downcast_exact::<Code>() {
            self.complete_before_use(value, |this| this.code(code, flag))
        } else if buffer::check(value) {
            let buffer = Buffer::simple(self.th, value)?;
            self.sized(tag::STRING | flag, buffer.as_bytes())
        } else {
            self.out.push(tag::UNKNOWN);
            Err(self.unmarshallable())
        }
    }

    /// Sets are written in the order of their items' own data, so that equal sets give equal bytes.
    fn set(&mut self, set: &Set, frozen: bool, flag: u8) -> PyResult<()> {
        let kind = if frozen { tag::FROZENSET } else { tag::SET };
        self.out.push(kind | flag);
        self.size(set.len())?;
        let mut items = Vec::with_capacity(set.len());
        let mut position = 0;
        while let Some(item) = set.next(&mut position) {
            let data = dumps(self.th, item.object(), self.version, self.allow_code)?;
            items.push((data, item));
        }
        items.sort_by(|a, b| a.0.cmp(&b.0));
        items.iter().try_for_each(|(_, item)| self.value(item.object()))
    }

    fn sized(&mut self, tag: u8, bytes: &[u8]) -> PyResult<()> {
        self.out.push(tag);
        self.size(bytes.len())?;
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    fn text(&mut self, text: &Str, flag: u8) -> PyResult<()> {
        let interned = self.version >= 3 && text.is_interned();
        let Some(ascii) = text.as_ascii().filter(|_| self.version >= 4) else {
            let kind = if interned { tag::INTERNED } else { tag::UNICODE };
            return self.sized(kind | flag, &text.to_wtf8());
        };
        match u8::try_from(ascii.len()) {
            Ok(size) => {
                let kind = if interned { tag::SHORT_ASCII_INTERNED } else { tag::SHORT_ASCII };
                self.out.extend_from_slice(&[kind | flag, size]);
                self.out.extend_from_slice(ascii.as_bytes());
                Ok(())
            }
            Err(_) => {
                let kind = if interned { tag::ASCII_INTERNED } else { tag::ASCII };
                self.sized(kind | flag, ascii.as_bytes())
            }
        }
    }

    /// 32 bits in place; more as digits of 15 bits, the sign in their number.
    fn long(&mut self, value: IntRef<'_>, flag: u8) -> PyResult<()> {
        if let Some(small) = value.to_i64().and_then(|value| i32::try_from(value).ok()) {
            self.out.push(tag::INT | flag);
            self.int(small);
            return Ok(());
        }
        let mut halves: Vec<u16> = Vec::with_capacity(value.digits.len() * 2);
        for &digit in value.digits {
            halves.extend_from_slice(&[(digit & 0x7fff) as u16, (digit >> 15) as u16]);
        }
        while halves.last() == Some(&0) {
            halves.pop();
        }
        let count = i32::try_from(halves.len()).map_err(|_| self.unmarshallable())?;
        self.out.push(tag::LONG | flag);
        self.int(if value.negative { -count } else { count });
        halves.iter().for_each(|half| self.out.extend_from_slice(&half.to_le_bytes()));
        Ok(())
    }

    fn code(&mut self, code: Borrowed<'_, Code>, flag: u8) -> PyResult<()> {
        if !self.allow_code {
            return Err(self.th.raise(exc::VALUE_ERROR, "marshalling code objects is disallowed"));
        }
        self.out.push(tag::CODE | flag);
        for number in
            [code.argcount, code.posonlyargcount, code.kwonlyargcount, code.stacksize, code.flags]
        {
            self.int(number);
        }
        // The reference keeps the units as they were compiled once it has made them of those that run, which counts
        // as a second owner.
        let units = Bytes::new(self.th, &original_bytes(&code))?;
        let _kept = units.clone();
        self.value(units.object())?;
        self.value(code.consts.object())?;
        self.value(code.names.object())?;
        self.value(code.localsplusnames.object())?;
        self.value(code.localspluskinds.object())?;
        match code.filename.get_owned() {
            Some(filename) => self.value(filename.object())?,
            None => self.value(none())?,
        }
        self.value(code.name.object())?;
        self.value(code.qualname.object())?;
        self.int(code.firstlineno);
        self.value(code.linetable.object())?;
        self.value(code.exceptiontable.object())
    }
}
