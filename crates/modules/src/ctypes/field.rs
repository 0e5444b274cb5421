//! `CField`: the descriptor of a field of a struct or union.
//!
//! The same job as the first half of CPython's `Modules/_ctypes/cfield.c`.

use std::cell::Cell;

use krait_objects::prelude::*;

use super::array::{self, PyCArrayType};
use super::code::{Code, Kept};
use super::data::{self, CData};
use super::info::{Info, info, info_of};

/// What a field of an array of characters stands for, apart from the array.
#[derive(Clone, Copy, PartialEq)]
enum Text {
    No,
    Bytes,
    Wide,
}

/// Structure/Union member
#[pytype(name = "ctypes.CField", flags(HAVE_GC))]
#[repr(C)]
pub struct CField {
    head: Head,
    /// offset in bytes of this field
    #[member(readonly)]
    pub byte_offset: Cell<isize>,
    /// size of this field in bytes
    #[member(readonly)]
    pub byte_size: Cell<isize>,
    /// Its number in the struct.
    pub index: Cell<isize>,
    /// type of this field
    #[visit]
    #[member(name = "type", kind = "OBJECT_EX", readonly)]
    pub proto: Slot,
    /// 0 if it is none of bits.
    pub bits: Cell<u8>,
    /// additional offset in bits (relative to byte_offset); zero for non-bitfields
    #[member(readonly)]
    pub bit_offset: Cell<u8>,
    pub anonymous: Cell<bool>,
    text: Cell<Text>,
    /// name of this field
    #[visit]
    #[member(kind = "OBJECT_EX", readonly)]
    pub name: Slot,
}

impl CField {
    /// The same field as part of a struct that contains its own.
    pub fn moved(&self, th: &Thread, index: isize, offset: isize) -> PyResult<Owned<CField>> {
        let made: Owned<CField> = CField::type_object().alloc(th, 0)?;
        made.byte_offset.set(self.byte_offset.get().saturating_add(offset));
        made.byte_size.set(self.byte_size.get());
        made.index.set(self.index.get() + index);
        made.proto.set(self.proto.get_owned());
        made.bits.set(self.bits.get());
        made.bit_offset.set(self.bit_offset.get());
        made.text.set(self.text.get());
        made.name.set(self.name.get_owned());
        Ok(made)
    }

    fn set_bits(
        &self,
        th: &Thread,
        name: Borrowed<'_>,
        info: &Info,
        bits: isize,
        offset: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        let shown = object::repr(th, name)?;
        let refuse = |message: String| Err(th.raise(exc::VALUE_ERROR, &message));
        let allowed = info.code.get().is_some_and(Code::allows_bits);
        if !allowed {
            let class = self.class().map_or("?", |class| class.get().tp_name());
            return Err(raise!(th, TYPE_ERROR, "bit fields not allowed for type {class}"));
        }
        let byte_size = self.byte_size.get();
        if byte_size > 100 {
            return refuse(format!("bit field {} size too large, got {byte_size}", *shown));
        }
        let Some(bits) = u8::try_from(bits).ok().filter(|&bits| bits > 0) else {
            return refuse(format!("bit size of field {} out of range, got {bits}", *shown));
        };
        let Some(offset) = offset else {
            let message = format!("field {}: bit_offset must be specified if bit_size is", *shown);
            return refuse(message);
        };
        let offset = number::as_isize(th, offset, Some(exc::OVERFLOW_ERROR))?;
        let Ok(first) = u8::try_from(offset) else {
            return refuse(format!("bit offset of field {} out of range, got {offset}", *shown));
        };
        let all = 8 * byte_size;
        if offset + isize::from(bits) > all {
            return refuse(format!(
                "bit field {} overflows its type ({offset} + {bits} > {all})",
                *shown
            ));
        }
        self.bits.set(bits);
        self.bit_offset.set(first);
        Ok(())
    }

    fn class(&self) -> Option<Borrowed<'_, Type>> {
        self.proto.get().and_then(|proto| proto.downcast::<Type>())
    }

    /// The object that the field is part of, where the field lies in it, and the field's class.
    fn place<'a>(
        &self,
        th: &Thread,
        instance: Borrowed<'a>,
    ) -> PyResult<(Borrowed<'a, CData>, *mut u8, Owned<Type>)> {
        let Some(data) = instance.downcast::<CData>() else {
            return Err(th.raise(exc::TYPE_ERROR, "not a ctype instance"));
        };
        let Some(class) = self.class() else { return Err(th.bad_internal_call()) };
        let start = data.start().wrapping_offset(self.byte_offset.get());
        Ok((data, start, class.to_owned()))
    }

    unsafe fn get_bits(&self, th: &Thread, info: &Info, start: *const u8) -> PyResult {
        let Some(code) = info.code.get() else { return Err(th.bad_internal_call()) };
        // SAFETY: the field's bytes.
        let word = unsafe { code.read(start, info.swapped.get()) };
        code.integer(th, word >> self.bit_offset.get(), self.bits.get().into())
    }

    unsafe fn put_bits(
        &self,
        th: &Thread,
        info: &Info,
        start: *mut u8,
        value: Borrowed<'_>,
    ) -> PyResult<()> {
        let Some(code) = info.code.get() else { return Err(th.bad_internal_call()) };
        let value = code.number(th, value)?;
        let mask = u64::MAX >> (64 - u32::from(self.bits.get())) << self.bit_offset.get();
        let swapped = info.swapped.get();
        // SAFETY: the field's bytes.
        unsafe {
            let word = code.read(start, swapped);
            let merged = word & !mask | value << self.bit_offset.get() & mask;
            code.write(start, merged, swapped);
        }
        Ok(())
    }

    /// Writes text to an array of characters.
    unsafe fn put_text(
        &self,
        th: &Thread,
        start: *mut u8,
        value: Borrowed<'_>,
        wide: bool,
    ) -> PyResult<()> {
        let room = self.byte_size.get() as usize / if wide { 4 } else { 1 };
        let found = value.type_name();
        let len = match (wide, value.downcast::<Str>(), value.downcast::<Bytes>()) {
            (true, Some(text), _) => text.len(),
            (false, _, Some(bytes)) => array::terminated(bytes.as_bytes()).len(),
            (true, ..) => {
                let message = "unicode string expected instead of";
                return Err(raise!(th, TYPE_ERROR, "{message} {found} instance"));
            }
            _ => return Err(raise!(th, TYPE_ERROR, "expected bytes, {found} found")),
        };
        if len > room {
            let what = if wide { "string" } else { "bytes" };
            return Err(raise!(th, VALUE_ERROR, "{what} too long ({len}, maximum length {room})"));
        }
        // SAFETY: `start` has the room that was checked above.
        unsafe {
            if let Some(text) = value.downcast::<Str>().filter(|_| wide) {
                array::write_wide(&text, start, room);
            } else if let Some(bytes) = value.downcast::<Bytes>() {
                start.copy_from(bytes.as_bytes().as_ptr(), len);
                if len < room {
                    start.add(len).write(0);
                }
            }
        }
        Ok(())
    }
}

#[pymethods]
impl CField {
    #[new(
        sig = "(name, type, byte_size, byte_offset, index, _internal_use, bit_size=None, bit_offset=None)"
    )]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        name: Borrowed<'_, Str>,
        r#type: Borrowed<'_>,
        byte_size: isize,
        byte_offset: isize,
        index: isize,
        _internal_use: bool,
        bit_size: Option<Borrowed<'_>>,
        bit_offset: Option<Borrowed<'_>>,
    ) -> PyResult<Owned<CField>> {
        if !_internal_use {
            let found = cls.object().get().ty().get().full_name(th)?;
            return Err(raise!(th, TYPE_ERROR, "cannot create {} object", *found));
        }
        let shown = object::repr(th, name.object())?;
        if byte_size < 0 {
            let message = "byte size of field";
            return Err(raise!(
                th,
                VALUE_ERROR,
                "{message} {} must not be negative, got {byte_size}",
                *shown
            ));
        }
        let Some(info) = info_of(r#type) else {
            return Err(raise!(th, TYPE_ERROR, "type of field {} must be a C type", *shown));
        };
        if byte_size as usize != info.size.get() {
            let size = info.size.get();
            return Err(raise!(
                th,
                VALUE_ERROR,
                "byte size of field {} ({byte_size}) does not match type size ({size})",
                *shown
            ));
        }
        let made: Owned<CField> = cls.alloc(th, 0)?;
        made.name.set(Some(name.object().to_owned()));
        made.proto.set(Some(r#type.to_owned()));
        made.byte_size.set(byte_size);
        made.byte_offset.set(byte_offset);
        made.index.set(index);
        if let Some(bits) = bit_size {
            let bits = number::as_isize(th, bits, Some(exc::OVERFLOW_ERROR))?;
            made.set_bits(th, name.object(), info, bits, bit_offset)?;
        }
        let is_array = r#type.downcast::<PyCArrayType>().is_some();
        made.text.set(match info.item_letter() {
            Some(b'c') if is_array => Text::Bytes,
            Some(b'u') if is_array => Text::Wide,
            _ => Text::No,
        });
        Ok(made)
    }

    /// offset in bytes of this field (same as byte_offset)
    #[getter]
    fn offset(&self) -> isize {
        self.byte_offset.get()
    }

    /// size in bytes of this field; of a field of bits, both of its bit_size and its bit_offset
    #[getter]
    fn size(&self) -> isize {
        match self.bits.get() {
            0 => self.byte_size.get(),
            bits => isize::from(bits) << 16 | isize::from(self.bit_offset.get()),
        }
    }

    /// size of this field in bits
    #[getter]
    fn bit_size(&self, th: &Thread) -> PyResult {
        if self.bits.get() > 0 {
            return Int::from_i64(th, self.bits.get().into()).map(Owned::into_object);
        }
        let size = Int::from_isize(th, self.byte_size.get())?;
        number::multiply(th, size.object(), Int::from_i64(th, 8)?.object())
    }

    /// true if this is a bitfield
    #[getter]
    fn is_bitfield(&self) -> bool {
        self.bits.get() > 0
    }

    /// true if this field is anonymous
    #[getter]
    fn is_anonymous(&self) -> bool {
        self.anonymous.get()
    }

    #[slot(tp_descr_get)]
    fn get(
        this: Borrowed<'_, Self>,
        th: &Thread,
        instance: Option<Borrowed<'_>>,
        _owner: Option<Borrowed<'_>>,
    ) -> PyResult {
        let Some(instance) = instance else { return Ok(this.object().to_owned()) };
        let (data, start, class) = this.place(th, instance)?;
        let size = this.byte_size.get() as usize;
        // SAFETY: within the struct.
        unsafe {
            match this.text.get() {
                Text::Bytes => {
                    let bytes = std::slice::from_raw_parts(start, size);
                    return Bytes::new(th, array::terminated(bytes)).map(Owned::into_object);
                }
                Text::Wide => {
                    return array::wide_up_to_nul(th, start, size / 4).map(Owned::into_object);
                }
                Text::No => {}
            }
            if let (1.., Some(info)) = (this.bits.get(), info(class.borrow())) {
                return this.get_bits(th, info, start);
            }
            data::get(th, class.borrow(), data, this.index.get(), start)
        }
    }

    #[slot(tp_descr_set)]
    fn set(
        this: Borrowed<'_, Self>,
        th: &Thread,
        instance: Borrowed<'_>,
        value: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        let (data, start, class) = this.place(th, instance)?;
        let Some(value) = value else {
            return Err(th.raise(exc::TYPE_ERROR, "can't delete attribute"));
        };
        let (index, size) = (this.index.get(), this.byte_size.get() as usize);
        let nothing: Kept = None;
        // SAFETY: within the struct.
        unsafe {
            if this.text.get() != Text::No {
                this.put_text(th, start, value, this.text.get() == Text::Wide)?;
                return data::keep(th, data, index, nothing);
            }
            if let (1.., Some(info)) = (this.bits.get(), info(class.borrow())) {
                return this.put_bits(th, info, start, value);
            }
            data::set(th, data, class.borrow(), value, index, size, start)
        }
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let class = this.class().map_or("?", |class| class.get().tp_name());
        let name = this.name.get_owned().unwrap_or_else(|| none().to_owned());
        let name = object::repr(th, name.borrow())?;
        let offset = this.byte_offset.get();
        let size = match this.bits.get() {
            0 => format!("size={}", this.byte_size.get()),
            bits => format!("bit_size={bits}, bit_offset={}", this.bit_offset.get()),
        };
        Str::from_fmt(
            th,
            format_args!("<ctypes.CField {} type={class}, ofs={offset}, {size}>", *name),
        )
    }
}
