//! `longobject.h`: integers as bytes and as digits.

use std::ffi::{c_int, c_void};
use std::ptr::null_mut;

use krait_abi as abi;
use krait_macros::capi;
use krait_objects::int_digits::{self, IntBuf};
use krait_objects::prelude::*;

use crate::support::*;

fn has(flags: c_int, flag: c_int) -> bool {
    flags != abi::Py_ASNATIVEBYTES_DEFAULTS && flags & flag != 0
}

fn is_little(flags: c_int) -> bool {
    // "Native" is a bit of its own, so that it wins over the other.
    flags == abi::Py_ASNATIVEBYTES_DEFAULTS || flags & 2 != 0 || flags & 1 != 0
}

fn wrong_type(th: &Thread, ob: Borrowed<'_>, says: &str) -> Raised {
    match ob.ty().full_name(th) {
        Ok(name) => raise!(th, TYPE_ERROR, "{says} int, got {}", *name),
        Err(raised) => raised,
    }
}

fn native_bytes(th: &Thread, ob: Borrowed<'_>, out: &mut [u8], flags: c_int) -> PyResult<isize> {
    let int = match ob.downcast::<Int>() {
        Some(int) => int.to_owned(),
        None if has(flags, abi::Py_ASNATIVEBYTES_ALLOW_INDEX) => number::index(th, ob)?,
        None => return Err(wrong_type(th, ob, "expect")),
    };
    let value = int.view();
    if value.negative && has(flags, abi::Py_ASNATIVEBYTES_REJECT_NEGATIVE) {
        return Err(th.raise(exc::VALUE_ERROR, "Cannot convert negative int"));
    }
    int_digits::to_low_bytes(value, out, is_little(flags));
    let len = out.len() as isize;
    let bits = value.bit_length();
    let as_unsigned = flags == abi::Py_ASNATIVEBYTES_DEFAULTS
        || has(flags, abi::Py_ASNATIVEBYTES_UNSIGNED_BUFFER);
    let fits_signed = int_digits::fits_bytes(value, out.len(), true);
    let fits =
        len > 0 && (fits_signed || as_unsigned && !value.negative && bits <= out.len() as u64 * 8);
    if int.is_compact() {
        // A small value is held in a word: that is what is asked for unless less will do.
        let word = size_of::<isize>() as isize;
        let sign_only = len > 0 && !value.negative && bits == out.len() as u64 * 8;
        return Ok(match () {
            _ if fits && len < word => len,
            // One byte more, for the sign.
            _ if sign_only && len < word => len + 1,
            _ => word,
        });
    }
    let needed = (bits / 8) as isize + 1;
    Ok(if fits && needed == len + 1 { len } else { needed })
}

/// An int of one digit as a word.
#[inline(always)]
unsafe fn word_at_once(ob: Ptr, buffer: *mut c_void, len: isize, flags: c_int) -> Option<isize> {
    const WORD: isize = size_of::<i64>() as isize;
    // SAFETY: C passes a live object or NULL.
    let int = unsafe { some::<Int>(ob)? };
    if len != WORD || flags != abi::Py_ASNATIVEBYTES_DEFAULTS || !int.is_compact() {
        return None;
    }
    // SAFETY: C passes `len` bytes.
    unsafe { buffer.cast::<i64>().write_unaligned(int.compact_value()) };
    Some(WORD)
}

/// How many bytes the value takes; more than `len`, and what was written is cut.
#[capi(fast = word_at_once)]
pub fn PyLong_AsNativeBytes(
    th: &Thread,
    ob: Borrowed<'_>,
    buffer: *mut c_void,
    len: isize,
    flags: c_int,
) -> PyResult<isize> {
    let Ok(len) = usize::try_from(len) else {
        return Err(th.bad_internal_call());
    };
    let out: &mut [u8] = if len == 0 {
        &mut []
    } else {
        // SAFETY: C passes `len` bytes.
        unsafe { std::slice::from_raw_parts_mut(buffer.cast(), len) }
    };
    native_bytes(th, ob, out, flags)
}

fn from_bytes(
    th: &Thread,
    buffer: *const c_void,
    len: usize,
    little: bool,
    signed: bool,
) -> PyResult<Owned<Int>> {
    if len == 0 {
        return Int::from_i64(th, 0);
    }
    if buffer.is_null() {
        return Err(th.bad_internal_call());
    }
    // SAFETY: C passes `len` bytes.
    let bytes = unsafe { std::slice::from_raw_parts(buffer.cast::<u8>(), len) };
    Int::from_buf(th, &int_digits::from_bytes(bytes, little, signed))
}

#[capi]
pub fn PyLong_FromNativeBytes(
    th: &Thread,
    buffer: *const c_void,
    len: usize,
    flags: c_int,
) -> PyResult<Owned<Int>> {
    let signed = !has(flags, abi::Py_ASNATIVEBYTES_UNSIGNED_BUFFER);
    from_bytes(th, buffer, len, is_little(flags), signed)
}

#[capi]
pub fn PyLong_FromUnsignedNativeBytes(
    th: &Thread,
    buffer: *const c_void,
    len: usize,
    flags: c_int,
) -> PyResult<Owned<Int>> {
    from_bytes(th, buffer, len, is_little(flags), false)
}

#[capi]
pub fn _PyLong_FromByteArray(
    th: &Thread,
    buffer: *const u8,
    len: usize,
    little: c_int,
    signed: c_int,
) -> PyResult<Owned<Int>> {
    from_bytes(th, buffer.cast(), len, little != 0, signed != 0)
}

#[capi]
pub fn _PyLong_AsByteArray(
    th: &Thread,
    int: Borrowed<'_, Int>,
    buffer: *mut u8,
    len: usize,
    little: c_int,
    signed: c_int,
    raises: c_int,
) -> c_int {
    let out: &mut [u8] = if len == 0 {
        &mut []
    } else {
        // SAFETY: C passes `len` bytes.
        unsafe { std::slice::from_raw_parts_mut(buffer, len) }
    };
    match int_digits::to_bytes(int.view(), out, little != 0, signed != 0) {
        Ok(()) => 0,
        Err(error) => {
            if !matches!(error, int_digits::BytesError::Negative) {
                int_digits::to_low_bytes(int.view(), out, little != 0);
            }
            if raises != 0 {
                let _raised = th.raise(exc::OVERFLOW_ERROR, error.message());
            }
            -1
        }
    }
}

macro_rules! fixed_width {
    ($($name:ident $ty:ty, $flags:expr, $shown:literal;)*) => {$(
        #[capi]
        pub fn $name(th: &Thread, ob: Borrowed<'_>, place: *mut $ty) -> PyResult<()> {
            let mut out = [0; size_of::<$ty>()];
            let flags = abi::Py_ASNATIVEBYTES_NATIVE_ENDIAN | abi::Py_ASNATIVEBYTES_ALLOW_INDEX | $flags;
            if native_bytes(th, ob, &mut out, flags)? as usize > out.len() {
                let message = concat!("Python int too large to convert to C ", $shown);
                return Err(th.raise(exc::OVERFLOW_ERROR, message));
            }
            // SAFETY: C passes a writable place.
            unsafe { *place = <$ty>::from_ne_bytes(out) };
            Ok(())
        }
    )*};
}

const UNSIGNED: c_int =
    abi::Py_ASNATIVEBYTES_UNSIGNED_BUFFER | abi::Py_ASNATIVEBYTES_REJECT_NEGATIVE;

fixed_width! {
    PyLong_AsInt32 i32, 0, "int32_t";
    PyLong_AsInt64 i64, 0, "int64_t";
    PyLong_AsUInt32 u32, UNSIGNED, "uint32_t";
    PyLong_AsUInt64 u64, UNSIGNED, "uint64_t";
}

fn sign_of(int: &Int) -> c_int {
    match (int.is_zero(), int.is_negative()) {
        (true, _) => 0,
        (_, true) => -1,
        _ => 1,
    }
}

fn expected<'a>(th: &Thread, ob: Borrowed<'a>) -> PyResult<Borrowed<'a, Int>> {
    ob.downcast::<Int>().ok_or_else(|| wrong_type(th, ob, "expected"))
}

#[capi]
pub fn PyLong_GetSign(th: &Thread, ob: Borrowed<'_>, place: *mut c_int) -> PyResult<()> {
    let Some(int) = ob.downcast::<Int>() else {
        return Err(wrong_type(th, ob, "expect"));
    };
    // SAFETY: C passes a writable place.
    unsafe { *place = sign_of(&int) };
    Ok(())
}

#[capi]
pub fn PyLong_IsPositive(th: &Thread, ob: Borrowed<'_>) -> PyResult<bool> {
    Ok(sign_of(expected(th, ob)?.get()) > 0)
}

#[capi]
pub fn PyLong_IsNegative(th: &Thread, ob: Borrowed<'_>) -> PyResult<bool> {
    Ok(sign_of(expected(th, ob)?.get()) < 0)
}

#[capi]
pub fn PyLong_IsZero(th: &Thread, ob: Borrowed<'_>) -> PyResult<bool> {
    Ok(sign_of(expected(th, ob)?.get()) == 0)
}

#[capi]
pub fn _PyLong_Sign(ob: Ptr) -> c_int {
    // SAFETY: C passes an int.
    sign_of(unsafe { Borrowed::<Int>::from_ptr(ob).get() })
}

#[capi]
pub fn _PyLong_NumBits(ob: Ptr) -> i64 {
    // SAFETY: C passes an int.
    unsafe { Borrowed::<Int>::from_ptr(ob) }.view().bit_length() as i64
}

#[capi]
pub fn PyUnstable_Long_IsCompact(int: Ptr) -> c_int {
    // SAFETY: C passes an int.
    unsafe { Borrowed::<Int>::from_ptr(int) }.is_compact().into()
}

#[capi]
pub fn PyUnstable_Long_CompactValue(int: Ptr) -> isize {
    // SAFETY: C passes a compact int.
    unsafe { Borrowed::<Int>::from_ptr(int) }.compact_value() as isize
}

static LAYOUT: abi::PyLongLayout = abi::PyLongLayout {
    bits_per_digit: 30,
    digit_size: 4,
    digits_order: -1,
    digit_endianness: if cfg!(target_endian = "little") { -1 } else { 1 },
};

#[capi]
pub fn PyLong_GetNativeLayout() -> *const abi::PyLongLayout {
    &raw const LAYOUT
}

/// A value that fits in 64 bits, or the digits of one that does not, which stay until `PyLong_FreeExport`.
#[capi]
pub fn PyLong_Export(
    th: &Thread,
    ob: Borrowed<'_>,
    export: *mut abi::PyLongExport,
) -> PyResult<()> {
    // SAFETY: C passes a writable struct.
    let export = unsafe { &mut *export };
    *export = abi::PyLongExport::EMPTY;
    let Some(int) = ob.downcast::<Int>() else {
        return Err(wrong_type(th, ob, "expect"));
    };
    match int.to_i64() {
        Some(value) => export.value = value,
        None => {
            let digits = int.get().view().digits;
            export.negative = int.is_negative().into();
            export.ndigits = digits.len() as isize;
            export.digits = digits.as_ptr().cast();
            export._reserved = ob.to_owned().into_ptr() as usize;
        }
    }
    Ok(())
}

#[capi]
pub fn PyLong_FreeExport(export: *mut abi::PyLongExport) {
    // SAFETY: C passes what `PyLong_Export` filled in.
    unsafe {
        let held = std::mem::replace(&mut (*export)._reserved, 0) as Ptr;
        drop(Owned::<Object>::from_ptr_or_null(held));
    }
}

/// An int whose digits C writes.
pub struct PyLongWriter {
    negative: bool,
    digits: Vec<u32>,
}

#[capi(error = null_mut())]
pub fn PyLongWriter_Create(
    th: &Thread,
    negative: c_int,
    count: isize,
    digits: *mut *mut c_void,
) -> PyResult<*mut PyLongWriter> {
    let place = digits;
    let Ok(count @ 1..) = usize::try_from(count) else {
        // SAFETY: C passes a writable place.
        unsafe { *place = null_mut() };
        return Err(th.raise(exc::VALUE_ERROR, "ndigits must be positive"));
    };
    let mut digits = Vec::new();
    if digits.try_reserve_exact(count).is_err() {
        return Err(th.no_memory());
    }
    digits.resize(count, 0);
    let writer = Box::new(PyLongWriter { negative: negative != 0, digits });
    // SAFETY: C passes a writable place; a vector in a box stays where it is.
    unsafe { *place = writer.digits.as_ptr().cast_mut().cast() };
    Ok(Box::into_raw(writer))
}

#[capi]
pub fn PyLongWriter_Finish(th: &Thread, writer: *mut PyLongWriter) -> PyResult<Owned<Int>> {
    // SAFETY: C gives the writer up.
    let writer = unsafe { Box::from_raw(writer) };
    Int::from_buf(th, &IntBuf::new(writer.negative, writer.digits))
}

#[capi]
pub fn PyLongWriter_Discard(writer: *mut PyLongWriter) {
    if !writer.is_null() {
        // SAFETY: C gives the writer up.
        drop(unsafe { Box::from_raw(writer) });
    }
}

#[capi]
pub fn _PyLong_FromDigits(
    th: &Thread,
    negative: c_int,
    count: isize,
    digits: *const u32,
) -> PyResult<Owned<Int>> {
    if count <= 0 {
        return Int::from_i64(th, 0);
    }
    // SAFETY: C passes `count` digits.
    let digits = unsafe { std::slice::from_raw_parts(digits, count as usize) };
    Int::from_buf(th, &IntBuf::new(negative != 0, digits.to_vec()))
}

/// An int that nobody else knows yet, with room for `count` digits.
#[capi]
pub fn _PyLong_New(th: &Thread, count: isize) -> PyResult<Owned<Int>> {
    let Ok(count) = usize::try_from(count) else {
        return Err(th.bad_internal_call());
    };
    // A top digit that is not zero keeps them all, and two make sure that it is no shared small int.
    let digits = vec![1; count.max(2)];
    let int = Int::from_digits(th, false, &digits)?;
    // SAFETY: the int is fresh.
    unsafe {
        let raw: *mut abi::PyLongObject = int.as_ptr().cast();
        (*raw).long_value.lv_tag = count << abi::_PyLong_NON_SIZE_BITS;
        (*raw).long_value.ob_digit[0] = 0;
    }
    Ok(int)
}

#[capi]
pub fn _PyLong_Copy(th: &Thread, int: Borrowed<'_, Int>) -> PyResult<Owned<Int>> {
    let value = int.view();
    Int::from_digits(th, value.negative, value.digits)
}

#[capi]
pub fn _PyLong_GCD(
    th: &Thread,
    a: Borrowed<'_, Int>,
    b: Borrowed<'_, Int>,
) -> PyResult<Owned<Int>> {
    Int::from_buf(th, &int_digits::gcd(a.view(), b.view()))
}

#[capi]
pub fn PyLong_FromUnicodeObject(th: &Thread, text: Borrowed<'_>, base: c_int) -> PyResult {
    if text.downcast::<Str>().is_none() {
        return Err(th.bad_internal_call());
    }
    if base != 0 && !(2..=36).contains(&base) {
        return Err(th.raise(exc::VALUE_ERROR, "int() arg 2 must be >= 2 and <= 36"));
    }
    let class = Borrowed::from_ref(Int::type_object()).object();
    call::call(th, class, &[text, Int::from_i64(th, base.into())?.object()])
}

/// `sys.int_info` and its like.
fn info(th: &Thread, name: &str) -> PyResult {
    match krait_eval::sys::get(th, Str::interned(th, name)?.borrow())? {
        Some(found) => Ok(found),
        None => Err(raise!(th, RUNTIME_ERROR, "lost sys.{name}")),
    }
}

#[capi]
pub fn PyLong_GetInfo(th: &Thread) -> PyResult {
    info(th, "int_info")
}

#[capi]
pub fn PyFloat_GetInfo(th: &Thread) -> PyResult {
    info(th, "float_info")
}

#[capi]
pub fn PyThread_GetInfo(th: &Thread) -> PyResult {
    info(th, "thread_info")
}

/// Converters for `O&`: 1 and a value, or 0.
macro_rules! converters {
    ($($name:ident $ty:ty, $shown:literal;)*) => {$(
        #[capi(error = 0)]
        pub fn $name(th: &Thread, ob: Borrowed<'_>, place: *mut c_void) -> PyResult<c_int> {
            let Some(int) = ob.downcast::<Int>() else {
                return Err(wrong_type(th, ob, "expected"));
            };
            if int.is_negative() {
                return Err(th.raise(exc::VALUE_ERROR, "value must be positive"));
            }
            let Some(value) = int.to_u64().and_then(|value| <$ty>::try_from(value).ok()) else {
                let message = concat!("Python int too large to convert to C ", $shown);
                return Err(th.raise(exc::OVERFLOW_ERROR, message));
            };
            // SAFETY: C passes a writable place.
            unsafe { *place.cast::<$ty>() = value };
            Ok(1)
        }
    )*};
}

converters! {
    _PyLong_UnsignedShort_Converter u16, "unsigned short";
    _PyLong_UnsignedInt_Converter u32, "unsigned int";
    _PyLong_UnsignedLong_Converter u64, "unsigned long";
    _PyLong_UnsignedLongLong_Converter u64, "unsigned long long";
    _PyLong_Size_t_Converter usize, "size_t";
}

/// The table of digit values that `int` reads text with: 37 for what is no digit.
#[unsafe(no_mangle)]
pub static _PyLong_DigitValue: [u8; 256] = {
    let mut table = [37; 256];
    let mut at = 0;
    while at < 10 {
        table[b'0' as usize + at] = at as u8;
        at += 1;
    }
    at = 0;
    while at < 26 {
        table[b'a' as usize + at] = at as u8 + 10;
        table[b'A' as usize + at] = at as u8 + 10;
        at += 1;
    }
    table
};
