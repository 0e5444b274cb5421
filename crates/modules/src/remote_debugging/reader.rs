//! Objects of another process: pages of its memory, and strings, numbers, dictionaries and sets in them.
//!
//! Where the fields lie is what the process itself says (`_Py_DebugOffsets`), and for what that leaves out, the ABI of
//! CPython 3.14. The process runs on meanwhile: anything may be wrong, so each size and count is bounded.

use std::collections::HashMap;
use std::io;
use std::mem::offset_of;

use krait_abi as abi;
use krait_eval::remote::Target;
use krait_eval::remote::process::Process;

const PAGE: usize = 4096;
/// No string is read that has more characters.
const LONGEST: u64 = 1 << 16;
/// No dictionary, set or list is read that has more entries.
const MOST: u64 = 1 << 22;

/// Why something could not be read.
#[derive(Debug)]
pub enum Fault {
    Unreadable(io::Error),
    /// What is there makes no sense.
    Broken(&'static str),
}

pub type Read<T> = Result<T, Fault>;

/// One look at a process: what is read twice is the same.
pub struct Reader {
    process: Process,
    pub offsets: abi::_Py_DebugOffsets,
    pages: HashMap<u64, Box<[u8; PAGE]>>,
    /// In which place of a key table a name is.
    places: HashMap<(u64, &'static str), Option<u64>>,
}

impl Reader {
    pub fn new(target: &Target) -> Reader {
        Reader {
            process: target.process,
            offsets: target.offsets,
            pages: HashMap::new(),
            places: HashMap::new(),
        }
    }

    pub fn bytes(&mut self, address: u64, into: &mut [u8]) -> Read<()> {
        let mut done = 0;
        while done < into.len() {
            let at = address.wrapping_add(done as u64);
            let start = at % PAGE as u64;
            let page = self.page(at - start)?;
            let piece = (PAGE - start as usize).min(into.len() - done);
            into[done..done + piece].copy_from_slice(&page[start as usize..][..piece]);
            done += piece;
        }
        Ok(())
    }

    fn page(&mut self, start: u64) -> Read<&[u8; PAGE]> {
        use std::collections::hash_map::Entry;
        match self.pages.entry(start) {
            Entry::Occupied(page) => Ok(page.into_mut()),
            Entry::Vacant(place) => {
                let mut page = Box::new([0; PAGE]);
                self.process.read(start, &mut page[..]).map_err(Fault::Unreadable)?;
                Ok(place.insert(page))
            }
        }
    }

    /// The number or address that lies `offset` behind `base`.
    pub fn word(&mut self, base: u64, offset: u64) -> Read<u64> {
        let mut bytes = [0; 8];
        self.bytes(base.wrapping_add(offset), &mut bytes)?;
        Ok(u64::from_ne_bytes(bytes))
    }

    pub fn int(&mut self, base: u64, offset: u64) -> Read<i32> {
        let mut bytes = [0; 4];
        self.bytes(base.wrapping_add(offset), &mut bytes)?;
        Ok(i32::from_ne_bytes(bytes))
    }

    pub fn byte(&mut self, base: u64, offset: u64) -> Read<u8> {
        let mut byte = [0];
        self.bytes(base.wrapping_add(offset), &mut byte)?;
        Ok(byte[0])
    }

    /// An address that may be tagged in its low bits, as on evaluation stacks.
    pub fn reference(&mut self, base: u64, offset: u64) -> Read<u64> {
        Ok(self.word(base, offset)? & !(abi::Py_TAG_BITS as u64))
    }

    pub fn type_of(&mut self, object: u64) -> Read<u64> {
        self.word(object, self.offsets.pyobject.ob_type)
    }

    /// The characters of a str, or the first `most` of them.
    pub fn text(&mut self, string: u64, most: u64) -> Read<Vec<u32>> {
        let places = self.offsets.unicode_object;
        let length = self.word(string, places.length)?;
        let state = abi::_PyUnicodeObject_state(self.int(string, places.state)? as u32);
        let kind = state.kind();
        if !matches!(kind, 1 | 2 | 4) || length > LONGEST {
            return Err(Fault::Broken("Invalid string reading remote memory"));
        }
        let data = match (state.is_compact(), state.is_ascii()) {
            (false, _) => self.word(string, offset_of!(abi::PyUnicodeObject, data) as u64)?,
            (_, false) => string.wrapping_add(size_of::<abi::PyCompactUnicodeObject>() as u64),
            _ => string.wrapping_add(places.asciiobject_size),
        };
        let mut bytes = vec![0; (length.min(most) * u64::from(kind)) as usize];
        self.bytes(data, &mut bytes)?;
        let unit = |unit: &[u8]| match *unit {
            [one] => one.into(),
            [one, two] => u16::from_ne_bytes([one, two]).into(),
            _ => u32::from_ne_bytes(unit.try_into().unwrap_or_default()),
        };
        Ok(bytes.chunks_exact(kind as usize).map(unit).collect())
    }

    fn is_text(&mut self, string: u64, wanted: &str) -> Read<bool> {
        if self.word(string, self.offsets.unicode_object.length)? != wanted.len() as u64 {
            return Ok(false);
        }
        Ok(self.text(string, LONGEST)?.into_iter().eq(wanted.chars().map(u32::from)))
    }

    /// The value of an int that fits into 64 bits.
    pub fn number(&mut self, int: u64) -> Read<u64> {
        let places = self.offsets.long_object;
        let digits = self.word(int, places.lv_tag)? >> abi::_PyLong_NON_SIZE_BITS;
        let mut value: u64 = 0;
        for digit in 0..digits.min(3) {
            let digit_value = self.int(int, places.ob_digit.wrapping_add(4 * digit))? as u32;
            value |= u64::from(digit_value).wrapping_shl(30 * digit as u32);
        }
        Ok(value)
    }

    /// What a bytes object holds.
    pub fn data(&mut self, bytes: u64) -> Read<Vec<u8>> {
        let places = self.offsets.bytes_object;
        let size = self.word(bytes, places.ob_size)?;
        if size > MOST {
            return Err(Fault::Broken("Invalid bytes object reading remote memory"));
        }
        let mut data = vec![0; size as usize];
        self.bytes(bytes.wrapping_add(places.ob_sval), &mut data)?;
        Ok(data)
    }

    /// `dict[name]`; 0 if it is not there.
    pub fn item(&mut self, dict: u64, name: &'static str) -> Read<u64> {
        let keys = self.word(dict, self.offsets.dict_object.ma_keys)?;
        let values = self.word(dict, self.offsets.dict_object.ma_values)?;
        match (self.place_of(keys, name)?, values) {
            (None, _) => Ok(0),
            (Some(place), 0) => Ok(self.entry(keys, place)?.1),
            (Some(place), values) => self.split_value(values, place),
        }
    }

    fn split_value(&mut self, values: u64, place: u64) -> Read<u64> {
        self.word(values, offset_of!(abi::PyDictValues, values) as u64 + 8 * place)
    }

    fn key_count(&mut self, keys: u64) -> Read<u64> {
        match self.word(keys, offset_of!(abi::PyDictKeysObject, dk_nentries) as u64)? {
            count if count > MOST => Err(Fault::Broken("Invalid dictionary reading remote memory")),
            count => Ok(count),
        }
    }

    fn entry(&mut self, keys: u64, place: u64) -> Read<(u64, u64)> {
        let index =
            self.byte(keys, offset_of!(abi::PyDictKeysObject, dk_log2_index_bytes) as u64)?;
        let kind = self.byte(keys, offset_of!(abi::PyDictKeysObject, dk_kind) as u64)?;
        let first = size_of::<abi::PyDictKeysObject>() as u64 + (1 << (index & 31));
        // Tables with other keys than strings keep a hash before each.
        let (size, key) = if kind == 0 { (24, 8) } else { (16, 0) };
        let entry = keys.wrapping_add(first + size * place);
        Ok((self.word(entry, key)?, self.word(entry, key + 8)?))
    }

    fn place_of(&mut self, keys: u64, name: &'static str) -> Read<Option<u64>> {
        if let Some(&known) = self.places.get(&(keys, name)) {
            return Ok(known);
        }
        let mut found = None;
        for place in 0..self.key_count(keys)? {
            let (key, _) = self.entry(keys, place)?;
            if key != 0 && self.is_text(key, name)? {
                found = Some(place);
                break;
            }
        }
        self.places.insert((keys, name), found);
        Ok(found)
    }

    /// The elements of a set.
    pub fn elements(&mut self, set: u64) -> Read<Vec<u64>> {
        let places = self.offsets.set_object;
        let table = self.word(set, places.table)?;
        let mask = self.word(set, places.mask)?;
        if mask > MOST {
            return Err(Fault::Broken("Invalid set reading remote memory"));
        }
        let mut found = Vec::new();
        for entry in 0..=mask {
            let entry = table.wrapping_add(16 * entry);
            // A removed element leaves a hash of -1.
            match (self.word(entry, 0)?, self.word(entry, 8)?) {
                (0, _) | (_, u64::MAX) => {}
                (key, _) => found.push(key),
            }
        }
        Ok(found)
    }
}
