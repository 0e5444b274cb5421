//! Reading a pickle: the reader's stack and its instructions for plain values, marks and the memo. Those that make
//! and change other objects are in `load_objects`.
//!
//! Whatever the stream holds, the answer is an object or an exception.

use std::cell::Cell;
use std::ops::Range;

use krait_objects::bytearray::ByteArray;
use krait_objects::codecs::{self, escape};
use krait_objects::prelude::*;
use krait_objects::{float_text, int_digits};

use super::input::Input;
use super::opcodes::*;
use super::unpickler::ReadMemoCell;
use super::{State, unpickling_error};

/// One run of an unpickler.
pub(super) struct Loader<'a> {
    pub th: &'a Thread,
    pub state: &'a State,
    pub input: Input<'a>,
    pub stack: Vec<Owned>,
    /// How high the stack was at each mark that is open.
    pub marks: Vec<usize>,
    /// The last of them: nothing below it may be taken.
    pub fence: usize,
    pub memo: &'a ReadMemoCell,
    pub proto: i32,
    /// Where the unpickler itself keeps the protocol, for `find_class`.
    pub known_proto: Option<&'a Cell<i32>>,
    pub fix_imports: bool,
    /// ASCII if absent.
    pub encoding: Option<Owned<Str>>,
    pub errors: Option<Owned<Str>>,
    pub buffers: Option<Owned>,
    pub persistent_load: Option<Owned>,
    pub find_class: Option<Owned>,
}

pub(super) fn no_persistent_load(th: &Thread) -> Raised {
    unpickling_error(
        th,
        "A load persistent id instruction was encountered, but no persistent_load function was specified.",
    )
}

impl<'a> Loader<'a> {
    #[cold]
    pub fn error(&self, message: &str) -> Raised {
        unpickling_error(self.th, message)
    }

    /// Runs the instructions.
    pub fn load(mut self) -> PyResult {
        if let Some(known) = self.known_proto {
            known.set(0);
        }
        loop {
            let Some(opcode) = self.input.opcode()? else {
                return Err(self.th.raise(exc::EOF_ERROR, "Ran out of input"));
            };
            if opcode == STOP {
                break;
            }
            self.step(opcode)?;
        }
        self.input.settle()?;
        self.pop()
    }

    #[inline]
    pub fn push(&mut self, ob: Owned) {
        self.stack.push(ob);
    }

    #[cold]
    pub fn underflow(&self) -> Raised {
        let marked = !self.marks.is_empty();
        self.error(if marked { "unexpected MARK found" } else { "unpickling stack underflow" })
    }

    #[inline]
    pub fn pop(&mut self) -> PyResult {
        match self.stack.pop() {
            Some(ob) if self.stack.len() >= self.fence => Ok(ob),
            Some(ob) => {
                self.stack.push(ob);
                Err(self.underflow())
            }
            None => Err(self.underflow()),
        }
    }

    /// The object on top, which stays.
    #[inline]
    pub fn top(&self) -> PyResult<Borrowed<'_>> {
        match self.stack.last() {
            Some(ob) if self.stack.len() > self.fence => Ok(ob.borrow()),
            _ => Err(self.underflow()),
        }
    }

    /// Where the objects since the last mark begin; the mark is gone.
    pub fn pop_mark(&mut self) -> PyResult<usize> {
        let Some(mark) = self.marks.pop() else {
            return Err(self.error("could not find MARK"));
        };
        self.fence = self.marks.last().copied().unwrap_or(0);
        Ok(mark)
    }

    /// The objects since the last mark, taken off.
    pub fn pop_items(&mut self) -> PyResult<Vec<Owned>> {
        let mark = self.pop_mark()?;
        Ok(self.stack.split_off(mark.min(self.stack.len())))
    }

    fn step(&mut self, opcode: u8) -> PyResult<()> {
        let th = self.th;
        match opcode {
            NONE => self.push(none().to_owned()),
            NEWTRUE => self.push(bool_object(true).object().to_owned()),
            NEWFALSE => self.push(bool_object(false).object().to_owned()),
            BININT => {
                let value = i32::from_le_bytes(self.input.array()?);
                self.push(Int::from_i64(th, value.into())?.into_object());
            }
            BININT1 => {
                let value = self.input.byte()?;
                self.push(Int::from_i64(th, value.into())?.into_object());
            }
            BININT2 => {
                let value = u16::from_le_bytes(self.input.array()?);
                self.push(Int::from_i64(th, value.into())?.into_object());
            }
            BINFLOAT => {
                let value = f64::from_be_bytes(self.input.array()?);
                self.push(Float::new(th, value)?.into_object());
            }
            SHORT_BINUNICODE => {
                let size = self.input.byte()?.into();
                self.unicode(size)?;
            }
            BINUNICODE => {
                let size = self.input.size4()?;
                self.unicode(size)?;
            }
            SHORT_BINBYTES => {
                let size = self.input.byte()?.into();
                self.bytes(size)?;
            }
            MARK => {
                self.fence = self.stack.len();
                self.marks.push(self.fence);
            }
            MEMOIZE => {
                let top = self.top()?.to_owned();
                let old = self.memo.with(|memo| memo.set(memo.len(), top));
                drop(old);
            }
            BINPUT => {
                let number = self.input.byte()?.into();
                self.remember(number)?;
            }
            LONG_BINPUT => {
                let number = self.input.size4()?;
                self.remember(number)?;
            }
            BINGET => {
                let number = self.input.byte()?.into();
                self.recall(number)?;
            }
            LONG_BINGET => {
                let number = self.input.size4()?;
                self.recall(number)?;
            }
            EMPTY_TUPLE => self.push(Tuple::empty().object().to_owned()),
            EMPTY_LIST => self.push(List::new(th)?.into_object()),
            EMPTY_DICT => self.push(Dict::new(th)?.into_object()),
            TUPLE1 => self.short_tuple(1)?,
            TUPLE2 => self.short_tuple(2)?,
            TUPLE3 => self.short_tuple(3)?,
            TUPLE => {
                let mark = self.pop_mark()?;
                self.tuple_from(mark.min(self.stack.len()))?;
            }
            PROTO => {
                let proto = i32::from(self.input.byte()?);
                if proto > HIGHEST_PROTOCOL {
                    return Err(raise!(th, VALUE_ERROR, "unsupported pickle protocol: {proto}"));
                }
                self.proto = proto;
                if let Some(known) = self.known_proto {
                    known.set(proto);
                }
            }
            FRAME => match self.input.size8()? {
                Some(size) => self.input.begin_frame(size)?,
                None => {
                    let most = isize::MAX;
                    let message = "FRAME length exceeds system's maximum of";
                    return Err(raise!(th, OVERFLOW_ERROR, "{message} {most} bytes"));
                }
            },
            _ => return self.rare_step(opcode),
        }
        Ok(())
    }

    fn rare_step(&mut self, opcode: u8) -> PyResult<()> {
        match opcode {
            INT => self.text_int(),
            LONG => self.text_long(),
            LONG1 => {
                let size = self.input.byte()?.into();
                self.long(size)
            }
            LONG4 => {
                let size = i32::from_le_bytes(self.input.array()?);
                match usize::try_from(size) {
                    Ok(size) => self.long(size),
                    Err(_) => Err(self.error("LONG pickle has negative byte count")),
                }
            }
            FLOAT => self.text_float(),
            STRING => self.quoted_string(),
            BINSTRING => {
                let size = i32::from_le_bytes(self.input.array()?);
                match usize::try_from(size) {
                    Ok(size) => self.old_string(size),
                    Err(_) => Err(self.error("BINSTRING pickle has negative byte count")),
                }
            }
            SHORT_BINSTRING => {
                let size = self.input.byte()?.into();
                self.old_string(size)
            }
            UNICODE => self.text_unicode(),
            BINUNICODE8 => {
                let size = self.size8("BINUNICODE")?;
                self.unicode(size)
            }
            BINBYTES => {
                let size = self.input.size4()?;
                self.bytes(size)
            }
            BINBYTES8 => {
                let size = self.size8("BINBYTES")?;
                self.bytes(size)
            }
            BYTEARRAY8 => {
                let size = self.size8("BYTEARRAY8")?;
                let array = ByteArray::new(self.th, &[])?;
                self.input.read_into(&array, size)?;
                self.push(array.into_object());
                Ok(())
            }
            POP => self.drop_top(),
            POP_MARK => self.pop_items().map(drop),
            DUP => {
                let top = self.top()?.to_owned();
                self.push(top);
                Ok(())
            }
            GET => {
                let number = self.text_number()?;
                self.recall(usize::try_from(number).unwrap_or(usize::MAX))
            }
            PUT => {
                let number = self.text_number()?;
                match usize::try_from(number) {
                    Ok(number) => self.remember(number),
                    Err(_) => Err(self.th.raise(exc::VALUE_ERROR, "negative PUT argument")),
                }
            }
            _ => self.object_step(opcode),
        }
    }

    fn size8(&mut self, what: &str) -> PyResult<usize> {
        let size = self.input.size8()?;
        size.ok_or_else(|| {
            let most = isize::MAX;
            self.error(&format!("{what} exceeds system's maximum size of {most} bytes"))
        })
    }

    fn drop_top(&mut self) -> PyResult<()> {
        // A mark counts as an object here.
        if self.marks.last() == Some(&self.stack.len()) {
            return self.pop_mark().map(drop);
        }
        self.pop().map(drop)
    }

    fn short_tuple(&mut self, len: usize) -> PyResult<()> {
        let start = self.stack.len().checked_sub(len).filter(|&start| start >= self.fence);
        let Some(start) = start else {
            return Err(self.underflow());
        };
        self.tuple_from(start)
    }

    /// The objects from `start` on become a tuple.
    fn tuple_from(&mut self, start: usize) -> PyResult<()> {
        let items = &self.stack[start..];
        // SAFETY: the references move: the stack forgets them once they are in the tuple.
        unsafe {
            let tuple = Tuple::from_raw(self.th, items.as_ptr().cast(), items.len())?;
            self.stack.set_len(start);
            self.push(tuple.into_object());
        }
        Ok(())
    }

    fn remember(&mut self, number: usize) -> PyResult<()> {
        let top = self.top()?.to_owned();
        let old = self.memo.with(|memo| memo.set(number, top));
        drop(old);
        Ok(())
    }

    fn recall(&mut self, number: usize) -> PyResult<()> {
        match self.memo.with(|memo| memo.get(number)) {
            Some(found) => {
                self.push(found);
                Ok(())
            }
            None => Err(self.error(&format!("Memo value not found at index {number}"))),
        }
    }

    fn unicode(&mut self, size: usize) -> PyResult<()> {
        let range = self.input.take(size)?;
        let data = self.input.slice(range);
        let text = match Str::from_utf8(self.th, data) {
            Some(text) => text?,
            None => codecs::decode(self.th, data, Some("utf-8"), Some("surrogatepass"))?,
        };
        self.push(text.into_object());
        Ok(())
    }

    fn bytes(&mut self, size: usize) -> PyResult<()> {
        let range = self.input.take(size)?;
        let bytes = Bytes::new(self.th, self.input.slice(range))?;
        self.push(bytes.into_object());
        Ok(())
    }

    /// A line, without its end and without a NUL before it; at least one character.
    pub fn line(&mut self) -> PyResult<Range<usize>> {
        let range = self.input.line()?;
        if range.is_empty() {
            return Err(self.error("pickle data was truncated"));
        }
        Ok(range)
    }

    fn text_number(&mut self) -> PyResult<i64> {
        let range = self.line()?;
        let number = self.parse_int(range)?;
        number.to_i64().ok_or_else(|| {
            let message = "Python int too large to convert to C ssize_t";
            self.th.raise(exc::OVERFLOW_ERROR, message)
        })
    }

    fn parse_int(&self, range: Range<usize>) -> PyResult<Owned<Int>> {
        let text = self.input.slice(range).trim_ascii();
        if let Some(small) = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()) {
            return Int::from_i64(self.th, small);
        }
        let bytes = Bytes::new(self.th, text)?;
        let class = Borrowed::from_ref(Int::type_object()).object();
        let int = call::call(self.th, class, &[bytes.object()])?;
        int.downcast::<Int>().map_err(|_| self.th.bad_internal_call())
    }

    /// Also the form of booleans before protocol 2.
    fn text_int(&mut self) -> PyResult<()> {
        let range = self.line()?;
        let value = match self.input.slice(range.clone()) {
            b"00" => bool_object(false).object().to_owned(),
            b"01" => bool_object(true).object().to_owned(),
            _ => match self.parse_int(range) {
                Ok(int) => int.into_object(),
                Err(raised) => {
                    drop(self.th.take_raised(raised));
                    let message = "could not convert string to int";
                    return Err(self.th.raise(exc::VALUE_ERROR, message));
                }
            },
        };
        self.push(value);
        Ok(())
    }

    fn text_long(&mut self) -> PyResult<()> {
        let mut range = self.line()?;
        if self.input.slice(range.clone()).ends_with(b"L") {
            range.end -= 1;
        }
        let int = self.parse_int(range)?;
        self.push(int.into_object());
        Ok(())
    }

    /// A number in two's complement, the lowest byte first.
    fn long(&mut self, size: usize) -> PyResult<()> {
        let range = self.input.take(size)?;
        let value = int_digits::from_bytes(self.input.slice(range), true, true);
        let int = Int::from_buf(self.th, &value)?;
        self.push(int.into_object());
        Ok(())
    }

    fn text_float(&mut self) -> PyResult<()> {
        let range = self.line()?;
        let Some(value) = float_text::parse(self.input.slice(range)) else {
            return Err(self.th.raise(exc::VALUE_ERROR, "could not convert string to float"));
        };
        self.push(Float::new(self.th, value)?.into_object());
        Ok(())
    }

    fn text_unicode(&mut self) -> PyResult<()> {
        let range = self.input.line()?;
        let data = self.input.slice(range);
        let (text, _) = escape::decode_raw_unicode_escape(self.th, data, None, true)?;
        self.push(text.into_object());
        Ok(())
    }

    fn quoted_string(&mut self) -> PyResult<()> {
        let range = self.input.line()?;
        let line = self.input.slice(range);
        let (Some(&first), Some(&last)) = (line.first(), line.last()) else {
            return Err(self.error("the STRING opcode argument must be quoted"));
        };
        if line.len() < 2 || first != last || !matches!(first, b'\'' | b'"') {
            return Err(self.error("the STRING opcode argument must be quoted"));
        }
        let bytes = escape::escape_decode(self.th, &line[1..line.len() - 1], None)?;
        self.push_old_string(bytes)
    }

    fn old_string(&mut self, size: usize) -> PyResult<()> {
        let range = self.input.take(size)?;
        let bytes = Bytes::new(self.th, self.input.slice(range))?;
        self.push_old_string(bytes)
    }

    /// A string of Python 2, decoded as it was asked for.
    fn push_old_string(&mut self, bytes: Owned<Bytes>) -> PyResult<()> {
        let th = self.th;
        let encoding = match &self.encoding {
            Some(encoding) => encoding.as_utf8(th)?,
            None => "ASCII",
        };
        if encoding == "bytes" {
            self.push(bytes.into_object());
            return Ok(());
        }
        let errors = match &self.errors {
            Some(errors) => errors.as_utf8(th)?,
            None => "strict",
        };
        let text = codecs::decode(th, bytes.as_bytes(), Some(encoding), Some(errors))?;
        self.push(text.into_object());
        Ok(())
    }
}
