//! The type codes of simple types: what a value of each is, and how it goes into memory and out of it.
//!
//! The same job as the table and functions of CPython's `Modules/_ctypes/cfield.c`.
//!
//! SAFETY, throughout: an address that these functions get is that of a value of the type, or of room for one; the program answers for it.

use krait_ffi as ffi;
use krait_objects::bytearray::ByteArray;
use krait_objects::capsule::Capsule;
use krait_objects::complex::{Complex, construct};
use krait_objects::memory::entry;
use krait_objects::prelude::*;

/// A type code.
pub struct Code {
    pub letter: u8,
    pub kind: Kind,
    pub size: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Signed,
    Unsigned,
    Bool,
    /// A `short` that is 0 or -1.
    VariantBool,
    Float,
    LongDouble,
    Complex,
    LongDoubleComplex,
    Char,
    Wide,
    /// A reference to an object.
    Object,
    /// A pointer to characters that end with NUL.
    Chars,
    /// The same of wide characters.
    WideChars,
    Address,
}

const fn code(letter: u8, kind: Kind, size: usize) -> Code {
    Code { letter, kind, size }
}

/// All of them, in the order in which the message of a wrong one has them.
static CODES: [Code; 23] = [
    code(b'c', Kind::Char, 1),
    code(b'b', Kind::Signed, 1),
    code(b'B', Kind::Unsigned, 1),
    code(b'h', Kind::Signed, 2),
    code(b'H', Kind::Unsigned, 2),
    code(b'i', Kind::Signed, 4),
    code(b'I', Kind::Unsigned, 4),
    code(b'l', Kind::Signed, 8),
    code(b'L', Kind::Unsigned, 8),
    code(b'd', Kind::Float, 8),
    code(b'D', Kind::Complex, 16),
    code(b'F', Kind::Complex, 8),
    code(b'G', Kind::LongDoubleComplex, 32),
    code(b'f', Kind::Float, 4),
    code(b'u', Kind::Wide, 4),
    code(b'z', Kind::Chars, 8),
    code(b'Z', Kind::WideChars, 8),
    code(b'q', Kind::Signed, 8),
    code(b'Q', Kind::Unsigned, 8),
    code(b'P', Kind::Address, 8),
    code(b'O', Kind::Object, 8),
    code(b'v', Kind::VariantBool, 2),
    code(b'?', Kind::Bool, 1),
];

static LONG_DOUBLE: Code = code(b'g', Kind::LongDouble, 16);

/// The letters of all codes.
pub const LETTERS: &str = "cbBhHiIlLdDFGfuzZqQPOv?g";

/// What a value in memory needs to stay alive.
pub type Kept = Option<Owned>;

impl Code {
    pub fn find(letter: u8) -> Option<&'static Code> {
        match letter {
            b'g' => Some(&LONG_DOUBLE),
            _ => CODES.iter().find(|code| code.letter == letter),
        }
    }

    /// How a value is passed.
    pub fn passing(&self) -> ffi::Type {
        match self.kind {
            Kind::Signed | Kind::Char => ffi::Type::integer(self.size, true),
            Kind::VariantBool | Kind::Wide => ffi::Type::integer(self.size, true),
            Kind::Unsigned | Kind::Bool => ffi::Type::integer(self.size, false),
            Kind::Float if self.size == 4 => ffi::Type::FLOAT,
            Kind::Float => ffi::Type::DOUBLE,
            Kind::LongDouble => ffi::Type::LONG_DOUBLE,
            Kind::Complex if self.size == 8 => ffi::Type::complex(ffi::Type::FLOAT),
            Kind::Complex => ffi::Type::complex(ffi::Type::DOUBLE),
            Kind::LongDoubleComplex => ffi::Type::complex(ffi::Type::LONG_DOUBLE),
            Kind::Object | Kind::Chars | Kind::WideChars | Kind::Address => ffi::Type::POINTER,
        }
    }

    /// Whether there is a type with the bytes in the other order.
    pub fn swaps(&self) -> bool {
        use Kind::{Bool, Complex, Float, Signed, Unsigned};
        matches!(self.kind, Signed | Unsigned | Bool | Float | Complex)
    }

    pub fn allows_bits(&self) -> bool {
        matches!(self.kind, Kind::Signed | Kind::Unsigned | Kind::Bool | Kind::VariantBool)
    }

    /// A value's part of a buffer's format.
    pub fn format(&self, swapped: bool) -> String {
        let letter = match self.letter {
            b'l' => 'q',
            b'L' => 'Q',
            letter => char::from(letter),
        };
        format!("{}{letter}", if swapped == cfg!(target_endian = "little") { '>' } else { '<' })
    }

    /// The number that a value's bytes make.
    pub unsafe fn read(&self, at: *const u8, swapped: bool) -> u64 {
        let mut bytes = [0; 8];
        // SAFETY: see the top of the file.
        unsafe { at.copy_to_nonoverlapping(bytes.as_mut_ptr(), self.size.min(8)) };
        if swapped {
            bytes[..self.size].reverse();
        }
        u64::from_le_bytes(bytes)
    }

    pub unsafe fn write(&self, at: *mut u8, word: u64, swapped: bool) {
        let mut bytes = word.to_le_bytes();
        if swapped {
            bytes[..self.size].reverse();
        }
        // SAFETY: see the top of the file.
        unsafe { at.copy_from_nonoverlapping(bytes.as_ptr(), self.size.min(8)) };
    }

    /// The object of a number of so many bits.
    pub fn integer(&self, th: &Thread, word: u64, bits: u32) -> PyResult {
        let unused = 64 - bits.clamp(1, 64);
        match self.kind {
            Kind::Signed => {
                Int::from_i64(th, (word << unused) as i64 >> unused).map(Owned::into_object)
            }
            Kind::Bool | Kind::VariantBool => {
                Ok(bool_object(word << unused != 0).object().to_owned())
            }
            _ => Int::from_u64(th, word << unused >> unused).map(Owned::into_object),
        }
    }

    /// The number of an object, modulo what a word holds.
    pub fn number(&self, th: &Thread, value: Borrowed<'_>) -> PyResult<u64> {
        match self.kind {
            Kind::Bool => Ok(object::is_true(th, value)?.into()),
            Kind::VariantBool => Ok(if object::is_true(th, value)? { u64::MAX } else { 0 }),
            _ => Ok(number::index(th, value)?.view().wrapping_u64()),
        }
    }

    /// The object of the value at `at`.
    pub unsafe fn get(&self, th: &Thread, at: *const u8, swapped: bool) -> PyResult {
        // SAFETY: see the top of the file.
        unsafe {
            let word = || self.read(at, swapped);
            let address = || word() as *const u8;
            Ok(match self.kind {
                Kind::Signed | Kind::Unsigned | Kind::Bool | Kind::VariantBool => {
                    return self.integer(th, word(), 8 * self.size as u32);
                }
                Kind::Float => Float::new(th, float(word(), self.size))?.into_object(),
                Kind::LongDouble => Float::new(th, ffi::read_long_double(at))?.into_object(),
                Kind::Complex | Kind::LongDoubleComplex => {
                    let (real, imaginary) = self.complex(at, swapped);
                    Complex::new(th, real, imaginary)?.into_object()
                }
                Kind::Char => Bytes::new(th, &[at.read()])?.into_object(),
                Kind::Wide => wide_text(th, &[word() as u32])?.into_object(),
                Kind::Object => match Borrowed::<Object>::from_ptr_or_null(word() as *mut _) {
                    Some(object) => object.to_owned(),
                    None => return Err(th.raise(exc::VALUE_ERROR, "PyObject is NULL")),
                },
                Kind::Chars | Kind::WideChars | Kind::Address if word() == 0 => none().to_owned(),
                Kind::Chars => {
                    let text = std::ffi::CStr::from_ptr(address().cast());
                    Bytes::new(th, text.to_bytes())?.into_object()
                }
                Kind::WideChars => {
                    let text = address().cast::<u32>();
                    let len = (0..).take_while(|&len| text.add(len).read_unaligned() != 0).count();
                    read_wide(th, text.cast(), len)?.into_object()
                }
                Kind::Address => Int::from_u64(th, word())?.into_object(),
            })
        }
    }

    unsafe fn complex(&self, at: *const u8, swapped: bool) -> (f64, f64) {
        let half = code(0, Kind::Float, self.size / 2);
        // SAFETY: see the top of the file.
        let part = |at: *const u8| unsafe {
            match half.size {
                16 => ffi::read_long_double(at),
                size => float(half.read(at, swapped), size),
            }
        };
        (part(at), part(at.wrapping_add(half.size)))
    }

    unsafe fn set_complex(
        &self,
        th: &Thread,
        at: *mut u8,
        value: Borrowed<'_>,
        swapped: bool,
    ) -> PyResult<()> {
        let (real, imaginary) = construct::as_pair(th, value)?;
        let half = code(0, Kind::Float, self.size / 2);
        // SAFETY: see the top of the file.
        let part = |at: *mut u8, value: f64| unsafe {
            match half.size {
                4 => half.write(at, (value as f32).to_bits().into(), swapped),
                8 => half.write(at, value.to_bits(), swapped),
                _ => ffi::write_long_double(at, value),
            }
        };
        part(at, real);
        part(at.wrapping_add(half.size), imaginary);
        Ok(())
    }

    /// Writes `value` to `at`; what has to live as long as it is there.
    pub unsafe fn set(
        &self,
        th: &Thread,
        at: *mut u8,
        value: Borrowed<'_>,
        swapped: bool,
    ) -> PyResult<Kept> {
        let (word, kept) = match self.kind {
            Kind::Signed | Kind::Unsigned | Kind::Bool | Kind::VariantBool => {
                (self.number(th, value)?, None)
            }
            Kind::Float if self.size == 4 => {
                (u64::from((number::as_f64(th, value)? as f32).to_bits()), None)
            }
            Kind::Float => (number::as_f64(th, value)?.to_bits(), None),
            Kind::LongDouble => {
                let number = number::as_f64(th, value)?;
                // SAFETY: see the top of the file.
                unsafe { ffi::write_long_double(at, number) };
                return Ok(None);
            }
            Kind::Complex | Kind::LongDoubleComplex => {
                // SAFETY: see the top of the file.
                unsafe { self.set_complex(th, at, value, swapped)? };
                return Ok(None);
            }
            Kind::Char => (character(th, value)?.into(), None),
            Kind::Wide => (wide_character(th, value)?.into(), None),
            Kind::Object => (value.as_ptr().addr() as u64, Some(value.to_owned())),
            Kind::Chars | Kind::WideChars | Kind::Address => self.pointer(th, value)?,
        };
        // SAFETY: see the top of the file.
        unsafe { self.write(at, word, swapped) };
        Ok(kept)
    }

    /// What a pointer is set to: nothing, an address, or text.
    fn pointer(&self, th: &Thread, value: Borrowed<'_>) -> PyResult<(u64, Kept)> {
        if value.is_none() {
            return Ok((0, None));
        }
        if let Some(int) = value.downcast::<Int>() {
            return Ok((int.view().wrapping_u64(), None));
        }
        let found = value.type_name();
        match self.kind {
            Kind::Chars => match value.downcast::<Bytes>() {
                Some(bytes) => {
                    Ok((bytes.as_bytes().as_ptr().addr() as u64, Some(value.to_owned())))
                }
                None => Err(raise!(
                    th,
                    TYPE_ERROR,
                    "bytes or integer address expected instead of {found} instance"
                )),
            },
            Kind::WideChars => match value.downcast::<Str>() {
                Some(text) => wide_copy(th, &text).map(|(at, kept)| (at.addr() as u64, Some(kept))),
                None => Err(raise!(
                    th,
                    TYPE_ERROR,
                    "unicode string or integer address expected instead of {found} instance"
                )),
            },
            _ => Err(th.raise(exc::TYPE_ERROR, "cannot be converted to pointer")),
        }
    }
}

fn float(word: u64, size: usize) -> f64 {
    match size {
        4 => f64::from(f32::from_bits(word as u32)),
        _ => f64::from_bits(word),
    }
}

fn character(th: &Thread, value: Borrowed<'_>) -> PyResult<u8> {
    const EXPECTED: &str =
        "one character bytes, bytearray, or an integer in range(256) expected, not";
    let (bytes, name) = if let Some(bytes) = value.downcast::<Bytes>() {
        (bytes.as_bytes().to_vec(), "bytes")
    } else if let Some(bytes) = value.downcast::<ByteArray>() {
        (bytes.as_bytes().to_vec(), "bytearray")
    } else if let Some(int) = value.downcast::<Int>() {
        let byte = int.to_i64().and_then(|value| u8::try_from(value).ok());
        return byte.ok_or_else(|| th.raise(exc::TYPE_ERROR, "integer not in range(256)"));
    } else {
        let found = object::type_of(value).full_name(th)?;
        return Err(raise!(th, TYPE_ERROR, "{EXPECTED} {}", *found));
    };
    match bytes[..] {
        [byte] => Ok(byte),
        _ => Err(raise!(th, TYPE_ERROR, "{EXPECTED} {name} of length {}", bytes.len())),
    }
}

fn wide_character(th: &Thread, value: Borrowed<'_>) -> PyResult<u32> {
    match value.downcast::<Str>() {
        Some(text) if text.len() == 1 => Ok(text.char_at(0)),
        Some(text) => {
            let len = text.len();
            Err(raise!(
                th,
                TYPE_ERROR,
                "a unicode character expected, not a string of length {len}"
            ))
        }
        None => {
            let found = object::type_of(value).full_name(th)?;
            Err(raise!(th, TYPE_ERROR, "a unicode character expected, not instance of {}", *found))
        }
    }
}

/// A string of wide characters.
pub fn wide_text(th: &Thread, points: &[u32]) -> PyResult<Owned<Str>> {
    match points.iter().find(|&&point| point > 0x10ffff) {
        None => Str::from_code_points(th, points),
        Some(point) => {
            Err(raise!(th, VALUE_ERROR, "character U+{point:x} is not in range [U+0000; U+10ffff]"))
        }
    }
}

/// The string of `len` wide characters at `at`.
pub unsafe fn read_wide(th: &Thread, at: *const u8, len: usize) -> PyResult<Owned<Str>> {
    // SAFETY: see the top of the file.
    let points: Vec<u32> =
        (0..len).map(|index| unsafe { at.cast::<u32>().add(index).read_unaligned() }).collect();
    wide_text(th, &points)
}

/// A string as wide characters that end with NUL, and what keeps them alive.
pub fn wide_copy(th: &Thread, text: &Str) -> PyResult<(*mut u8, Owned)> {
    unsafe extern "C" fn free(capsule: *mut krait_abi::PyObject) {
        // SAFETY: the capsule that is made below, which ends.
        unsafe { entry::mem_free((*capsule.cast::<Capsule>()).pointer.get().cast()) };
    }
    let memory = entry::mem_malloc((text.len() + 1).saturating_mul(4));
    if memory.is_null() {
        return Err(th.no_memory());
    }
    // SAFETY: there is room for each character and the NUL.
    unsafe {
        let wide = memory.cast::<u32>();
        for (at, point) in text.chars().iter().enumerate() {
            wide.add(at).write(point);
        }
        wide.add(text.len()).write(0);
    }
    let name = c"_ctypes/cfield.c pymem".as_ptr();
    let capsule = Capsule::new(th, memory.cast(), name, Some(free))?;
    Ok((memory, capsule.into_object()))
}
