//! Writing objects: which way for which type, and everything without parts. Containers are in `containers`, what
//! reduces itself in `reduce`, functions and classes in `names`.

use krait_objects::bytearray::ByteArray;
use krait_objects::int::to_decimal;
use krait_objects::int_digits::IntRef;
use krait_objects::pickle_buffer::PickleBuffer;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer::{self, Buffer};
use krait_objects::set::{FrozenSet, Set};
use krait_objects::{codecs, float_text};

use super::opcodes::*;
use super::output::Output;
use super::pickler::MemoCell;
use super::{State, pickling_error};

/// One run of a pickler.
pub(super) struct Saver<'a> {
    pub th: &'a Thread,
    pub state: &'a State,
    pub proto: i32,
    pub bin: bool,
    /// No memo is kept; cycles are found once they are deep.
    pub fast: bool,
    pub fix_imports: bool,
    pub memo: &'a MemoCell,
    pub out: Output<'a>,
    pub persistent_id: Option<Owned>,
    pub reducer_override: Option<Owned>,
    pub dispatch_table: Option<Owned>,
    pub buffer_callback: Option<Owned>,
    /// In fast mode, the containers that are being written.
    pub open: Vec<usize>,
}

/// So deep in containers, fast mode begins to look for cycles.
const FAST_NESTING: usize = 50;

impl Saver<'_> {
    pub fn error(&self, message: &str) -> Raised {
        pickling_error(self.th, message)
    }

    /// Writes an object; `persistent` is false for what a persistent id itself is.
    pub fn save(&mut self, ob: Borrowed<'_>, persistent: bool) -> PyResult<()> {
        self.out.boundary()?;
        if persistent && self.persistent_id.is_some() && self.save_persistent(ob)? {
            return Ok(());
        }
        if ob.is_none() {
            self.out.byte(NONE);
            return Ok(());
        }
        if ob.is(bool_object(true)) || ob.is(bool_object(false)) {
            let value = ob.is(bool_object(true));
            match (self.proto >= 2, value) {
                (true, true) => self.out.byte(NEWTRUE),
                (true, false) => self.out.byte(NEWFALSE),
                (false, true) => self.out.put(b"I01\n"),
                (false, false) => self.out.put(b"I00\n"),
            }
            return Ok(());
        }
        if let Some(int) = ob.downcast_exact::<Int>() {
            return self.save_int(int);
        }
        if let Some(float) = ob.downcast_exact::<Float>() {
            self.save_float(float.value());
            return Ok(());
        }
        if let Some(number) = self.memo.with(|memo| memo.get(ob)) {
            self.fetch(number);
            return Ok(());
        }
        if let Some(text) = ob.downcast_exact::<Str>() {
            return self.save_str(text);
        }
        if let Some(bytes) = ob.downcast_exact::<Bytes>() {
            return self.save_bytes(bytes);
        }
        self.th.check_stack(" while pickling an object")?;
        self.save_with_parts(ob)
    }

    fn save_with_parts(&mut self, ob: Borrowed<'_>) -> PyResult<()> {
        if let Some(dict) = ob.downcast_exact::<Dict>() {
            self.save_dict(dict)
        } else if let Some(list) = ob.downcast_exact::<List>() {
            self.save_list(list)
        } else if let Some(tuple) = ob.downcast_exact::<Tuple>() {
            self.save_tuple(tuple)
        } else if ob.is_exact::<Set>() || ob.is_exact::<FrozenSet>() {
            self.save_any_set(ob)
        } else if let Some(array) = ob.downcast_exact::<ByteArray>() {
            self.save_bytearray(array)
        } else if let Some(buffer) = ob.downcast_exact::<PickleBuffer>() {
            self.save_buffer(buffer)
        } else {
            self.save_reducible(ob)
        }
    }

    fn save_persistent(&mut self, ob: Borrowed<'_>) -> PyResult<bool> {
        let Some(persistent_id) = self.persistent_id.clone() else {
            return Ok(false);
        };
        let pid = call::call(self.th, persistent_id.borrow(), &[ob])?;
        if pid.is_none() {
            return Ok(false);
        }
        if self.bin {
            self.save(pid.borrow(), false)?;
            self.out.byte(BINPERSID);
            return Ok(true);
        }
        let text = object::str(self.th, pid.borrow())?;
        let Some(text) = text.as_ascii() else {
            return Err(self.error("persistent IDs in protocol 0 must be ASCII strings"));
        };
        self.out.byte(PERSID);
        self.out.put(text.as_bytes());
        self.out.byte(b'\n');
        Ok(true)
    }

    /// Remembers an object that is on the reader's stack.
    pub fn memoize(&mut self, ob: Borrowed<'_>) {
        if self.fast {
            return;
        }
        let number = self.memo.with(|memo| {
            let number = memo.len();
            memo.insert(ob.to_owned(), number);
            number
        });
        if self.proto >= 4 {
            self.out.byte(MEMOIZE);
        } else {
            self.numbered(number, BINPUT, LONG_BINPUT, PUT);
        }
    }

    /// Has the reader push an object that it remembers.
    pub fn fetch(&mut self, number: usize) {
        self.numbered(number, BINGET, LONG_BINGET, GET);
    }

    fn numbered(&mut self, number: usize, short: u8, long: u8, text: u8) {
        if !self.bin {
            self.out.put(&[text]);
            self.out.put(number.to_string().as_bytes());
            self.out.byte(b'\n');
        } else if let Ok(number) = u8::try_from(number) {
            self.out.put(&[short, number]);
        } else {
            let [a, b, c, d] = (number as u32).to_le_bytes();
            self.out.put(&[long, a, b, c, d]);
        }
    }

    fn save_int(&mut self, int: Borrowed<'_, Int>) -> PyResult<()> {
        if let Some(value) = int.to_i64().and_then(|value| i32::try_from(value).ok()) {
            if !self.bin {
                self.out.put(format!("I{value}\n").as_bytes());
            } else if let Ok(value) = u8::try_from(value) {
                self.out.put(&[BININT1, value]);
            } else if let Ok(value) = u16::try_from(value) {
                let [low, high] = value.to_le_bytes();
                self.out.put(&[BININT2, low, high]);
            } else {
                let [a, b, c, d] = value.to_le_bytes();
                self.out.put(&[BININT, a, b, c, d]);
            }
            return Ok(());
        }
        if self.proto < 2 {
            let text = to_decimal(self.th, &int)?;
            self.out.byte(LONG);
            self.out.put(&text.to_wtf8());
            self.out.put(b"L\n");
            return Ok(());
        }
        let data = twos_complement(int.view());
        if let Ok(len) = u8::try_from(data.len()) {
            self.out.put(&[LONG1, len]);
        } else {
            let Ok(len) = i32::try_from(data.len()) else {
                return Err(self.th.raise(exc::OVERFLOW_ERROR, "int too large to pickle"));
            };
            let [a, b, c, d] = len.to_le_bytes();
            self.out.put(&[LONG4, a, b, c, d]);
        }
        self.out.put(&data);
        Ok(())
    }

    fn save_float(&mut self, value: f64) {
        if self.bin {
            self.out.byte(BINFLOAT);
            self.out.put(&value.to_be_bytes());
        } else {
            self.out.byte(FLOAT);
            self.out.put(float_text::repr(value).as_bytes());
            self.out.byte(b'\n');
        }
    }

    fn save_str(&mut self, text: Borrowed<'_, Str>) -> PyResult<()> {
        if self.bin {
            match text.as_ascii() {
                Some(ascii) => self.save_utf8(ascii.as_bytes())?,
                None => self.save_utf8(&text.get().to_wtf8())?,
            }
        } else {
            self.out.byte(UNICODE);
            let line = raw_line(&text);
            self.out.put(&line);
            self.out.byte(b'\n');
        }
        self.memoize(text.object());
        Ok(())
    }

    fn save_utf8(&mut self, data: &[u8]) -> PyResult<()> {
        let (head, len) = match data.len() {
            len @ ..0x100 if self.proto >= 4 => {
                return self.out.data(&[SHORT_BINUNICODE, len as u8], data, None);
            }
            len @ ..0x1_0000_0000 => (BINUNICODE, len),
            len if self.proto >= 4 => (BINUNICODE8, len),
            _ => {
                let message =
                    "serializing a string larger than 4 GiB requires pickle protocol 4 or higher";
                return Err(self.th.raise(exc::OVERFLOW_ERROR, message));
            }
        };
        let (header, used) = header(head, len, head == BINUNICODE8);
        self.out.data(&header[..used], data, None)
    }

    fn save_bytes(&mut self, bytes: Borrowed<'_, Bytes>) -> PyResult<()> {
        if self.proto >= 3 {
            self.bytes_data(bytes.get().as_bytes(), Some(bytes.object()))?;
            self.memoize(bytes.object());
            return Ok(());
        }
        let th = self.th;
        if bytes.is_empty() {
            let class = Borrowed::from_ref(Bytes::type_object()).object().to_owned();
            return self.save_call(bytes.object(), class, Tuple::empty().to_owned());
        }
        let Some(encode) = self.state.codecs_encode.get_owned() else {
            return Err(th.bad_internal_call());
        };
        let text = codecs::decode(th, bytes.as_bytes(), Some("latin1"), None)?.into_object();
        let arguments = Tuple::pack(th, [text, Str::interned(th, "latin1")?.into_object()])?;
        self.save_call(bytes.object(), encode, arguments)
    }

    fn bytes_data(&mut self, data: &[u8], object: Option<Borrowed<'_>>) -> PyResult<()> {
        let (head, len) = match data.len() {
            len @ ..0x100 => return self.out.data(&[SHORT_BINBYTES, len as u8], data, object),
            len @ ..0x1_0000_0000 => (BINBYTES, len),
            len if self.proto >= 4 => (BINBYTES8, len),
            _ => {
                let message = "serializing a bytes object larger than 4 GiB requires pickle protocol 4 or higher";
                return Err(self.th.raise(exc::OVERFLOW_ERROR, message));
            }
        };
        let (header, used) = header(head, len, head == BINBYTES8);
        self.out.data(&header[..used], data, object)
    }

    fn save_bytearray(&mut self, array: Borrowed<'_, ByteArray>) -> PyResult<()> {
        if self.proto >= 5 {
            // Held as a buffer, so that writing to the file cannot move it.
            let buffer = Buffer::simple(self.th, array.object())?;
            let (header, used) = header(BYTEARRAY8, buffer.as_bytes().len(), true);
            self.out.data(&header[..used], buffer.as_bytes(), None)?;
            self.memoize(array.object());
            return Ok(());
        }
        let class = Borrowed::from_ref(ByteArray::type_object()).object().to_owned();
        let arguments = match array.is_empty() {
            true => Tuple::empty().to_owned(),
            false => {
                let bytes = Bytes::new(self.th, array.as_bytes())?;
                Tuple::pack(self.th, [bytes.into_object()])?
            }
        };
        self.save_call(array.object(), class, arguments)
    }

    fn save_buffer(&mut self, ob: Borrowed<'_, PickleBuffer>) -> PyResult<()> {
        let th = self.th;
        if self.proto < 5 {
            return Err(self.error("PickleBuffer can only be pickled with protocol >= 5"));
        }
        let view = *ob.get().view(th)?;
        // SAFETY: the view is acquired as long as the object is not released, which is asked for first.
        if !unsafe { buffer::is_contiguous(&view, b'A') } {
            let message =
                "PickleBuffer can not be pickled when pointing to a non-contiguous buffer";
            return Err(self.error(message));
        }
        // Held from here on: the callback may release the object. The memory as it lies, in whatever order its items are.
        let raw = krait_objects::memoryview::MemoryView::of_raw_bytes(th, ob.object())?;
        let data = Buffer::get(th, raw.object(), krait_abi::PyBUF_SIMPLE)?;
        let mut in_band = true;
        if let Some(callback) = self.buffer_callback.clone() {
            let answer = call::call(th, callback.borrow(), &[ob.object()])?;
            in_band = object::is_true(th, answer.borrow())?;
        }
        if !in_band {
            self.out.byte(NEXT_BUFFER);
            if view.readonly != 0 {
                self.out.byte(READONLY_BUFFER);
            }
            return Ok(());
        }
        if view.readonly != 0 {
            self.bytes_data(data.as_bytes(), None)?;
        } else {
            let (header, used) = header(BYTEARRAY8, data.as_bytes().len(), true);
            self.out.data(&header[..used], data.as_bytes(), None)?;
        }
        self.memoize(ob.object());
        Ok(())
    }

    /// Begins a container in fast mode; ValueError if it is inside of itself.
    pub fn enter(&mut self, ob: Borrowed<'_>) -> PyResult<()> {
        if !self.fast {
            return Ok(());
        }
        let address = ob.as_ptr() as usize;
        if self.open.len() >= FAST_NESTING && self.open[FAST_NESTING - 1..].contains(&address) {
            return Err(raise!(
                self.th,
                VALUE_ERROR,
                "fast mode: can't pickle cyclic objects including object type {} at {:p}",
                ob.type_name(),
                ob.as_ptr()
            ));
        }
        self.open.push(address);
        Ok(())
    }

    pub fn leave(&mut self) {
        if self.fast {
            self.open.pop();
        }
    }
}

/// An instruction with a length of four or eight bytes, and how much of the array that is.
fn header(opcode: u8, len: usize, long: bool) -> ([u8; 9], usize) {
    let mut header = [opcode; 9];
    header[1..].copy_from_slice(&(len as u64).to_le_bytes());
    (header, if long { 9 } else { 5 })
}

/// The least bytes that hold a number with its sign, the lowest first; none for 0.
fn twos_complement(value: IntRef<'_>) -> Vec<u8> {
    if value.is_zero() {
        return Vec::new();
    }
    let len = value.bit_length() as usize / 8 + 1;
    let mut bytes: Vec<u8> = Vec::with_capacity(len + 4);
    let (mut bits, mut count) = (0u64, 0);
    for &digit in value.digits {
        bits |= u64::from(digit) << count;
        count += 30;
        while count >= 8 {
            bytes.push(bits as u8);
            bits >>= 8;
            count -= 8;
        }
    }
    bytes.push(bits as u8);
    bytes.resize(len, 0);
    if value.negative {
        let mut carry = true;
        for byte in &mut bytes {
            (*byte, carry) = (!*byte).overflowing_add(carry.into());
        }
        // -128 and its like need one less.
        if let [.., second, 0xff] = bytes[..]
            && second & 0x80 != 0
        {
            bytes.pop();
        }
    }
    bytes
}

/// A string as a line of Latin-1 with escapes.
fn raw_line(text: &Str) -> Vec<u8> {
    let mut line = Vec::with_capacity(text.len());
    for point in text.chars().iter() {
        match point {
            0x1_0000.. => line.extend_from_slice(format!("\\U{point:08x}").as_bytes()),
            0x100.. | 0x5c | 0 | 0x0a | 0x0d | 0x1a => {
                line.extend_from_slice(format!("\\u{point:04x}").as_bytes());
            }
            _ => line.push(point as u8),
        }
    }
    line
}
