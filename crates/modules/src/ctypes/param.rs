//! Arguments of foreign functions: `from_param`, and the values that come of objects.
//!
//! The same job as the `_from_param` functions of CPython's `Modules/_ctypes/_ctypes.c`, and `CArgObject` and `ConvParam` of
//! `callproc.c`.

use std::cell::{Cell, UnsafeCell};

use krait_ffi as ffi;
use krait_objects::bytearray::ByteArray;
use krait_objects::prelude::*;

use super::array::{Array, PyCArrayType};
use super::code::{Code, wide_copy};
use super::data::CData;
use super::function::CFuncPtr;
use super::info::{Info, attribute, info, info_of, known};
use super::pointer::{Pointer, PyCPointerType};
use super::simple::{self, PyCSimpleType};

/// Bytes that an argument has room for inside: a `long double _Complex`.
const INSIDE: usize = 32;

/// A value to be passed.
pub struct Argument {
    pub ty: ffi::Type,
    inside: [u64; INSIDE / 8],
    /// What does not fit inside.
    outside: Box<[u8]>,
    /// What has to live until the call is over.
    _kept: Option<Owned>,
}

impl Argument {
    fn new(ty: ffi::Type, bytes: &[u8], kept: Option<Owned>) -> Argument {
        let mut inside = [0u64; INSIDE / 8];
        let mut outside: Box<[u8]> = Box::default();
        if bytes.len() > INSIDE {
            outside = bytes.into();
        } else {
            // SAFETY: so many bytes there are.
            unsafe {
                inside
                    .as_mut_ptr()
                    .cast::<u8>()
                    .copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            }
        }
        Argument { ty, inside, outside, _kept: kept }
    }

    fn pointer(address: *const u8, kept: Option<Owned>) -> Argument {
        Argument::new(ffi::Type::POINTER, &address.addr().to_ne_bytes(), kept)
    }

    /// Where the value is, as long as the argument is not moved.
    pub fn start(&self) -> *const u8 {
        if self.outside.is_empty() { self.inside.as_ptr().cast() } else { self.outside.as_ptr() }
    }

    /// The instance of a C type as it is passed: arrays as pointers to them.
    fn of_data(th: &Thread, data: Borrowed<'_, CData>) -> PyResult<Argument> {
        let info = CData::info(data, th)?;
        let kept = Some(data.object().to_owned());
        if data.object().downcast::<Array>().is_some() {
            return Ok(Argument::pointer(data.start(), kept));
        }
        let size = info.passing.get().size.min(data.size());
        Ok(Argument::new(info.passing.get(), &data.bytes()[..size], kept))
    }

    /// The value of any object, the argument number `index` of a call.
    pub fn of(th: &Thread, ob: Borrowed<'_>, index: usize) -> PyResult<Argument> {
        if let Some(data) = ob.downcast::<CData>() {
            return Argument::of_data(th, data);
        }
        if let Some(param) = ob.downcast_exact::<CArg>() {
            return Ok(Argument::new(param.ty.get(), param.bytes(), Some(ob.to_owned())));
        }
        if ob.is_none() {
            return Ok(Argument::pointer(std::ptr::null(), None));
        }
        if let Some(int) = ob.downcast::<Int>() {
            let word = int.to_i64().or_else(|| int.to_u64().map(|word| word as i64));
            let word =
                word.ok_or_else(|| th.raise(exc::OVERFLOW_ERROR, "int too long to convert"))?;
            return Ok(Argument::new(ffi::Type::INT, &(word as i32).to_ne_bytes(), None));
        }
        if let Some(bytes) = ob.downcast::<Bytes>() {
            return Ok(Argument::pointer(bytes.as_bytes().as_ptr(), Some(ob.to_owned())));
        }
        if let Some(text) = ob.downcast::<Str>() {
            let (address, kept) = wide_copy(th, &text)?;
            return Ok(Argument::pointer(address, Some(kept)));
        }
        // What any object passes for itself.
        match attribute(th, ob, "_as_parameter_")? {
            Some(instead) => {
                let place = " while processing _as_parameter_";
                th.recurse(place, || Argument::of(th, instead.borrow(), index))
            }
            None => Err(raise!(th, TYPE_ERROR, "Don't know how to convert parameter {index}")),
        }
    }
}

/// A value to be passed, as an object: what `byref` and `from_param` give.
#[pytype(name = "_ctypes.CArgObject", flags(HAVE_GC, DISALLOW_INSTANTIATION))]
#[repr(C)]
pub struct CArg {
    head: Head,
    /// The type's code; `P` for pointers.
    tag: Cell<u8>,
    ty: Cell<ffi::Type>,
    value: UnsafeCell<[u64; INSIDE / 8]>,
    /// the object behind it
    #[visit]
    #[member(name = "_obj", readonly)]
    obj: Slot,
}

impl CArg {
    fn new(th: &Thread, tag: u8, ty: ffi::Type, obj: Option<Owned>) -> PyResult<Owned<CArg>> {
        let made: Owned<CArg> = CArg::type_object().alloc(th, 0)?;
        made.tag.set(tag);
        made.ty.set(ty);
        made.obj.set(obj);
        Ok(made)
    }

    fn start(&self) -> *mut u8 {
        self.value.get().cast()
    }

    fn bytes(&self) -> &[u8] {
        let size = self.ty.get().size.min(INSIDE);
        // SAFETY: `value` has that many bytes; it is written only before anyone sees the object.
        unsafe { std::slice::from_raw_parts(self.start(), size) }
    }

    /// A pointer, and what it is to keep alive.
    fn of_pointer(th: &Thread, tag: u8, address: *mut u8, obj: Owned) -> PyResult {
        let made = CArg::new(th, tag, ffi::Type::POINTER, Some(obj))?;
        // SAFETY: `value` has room for a pointer.
        unsafe { made.start().cast::<*mut u8>().write(address) };
        Ok(made.into_object())
    }

    /// `value` as the simple type of `code` has it.
    fn of_value(th: &Thread, code: &'static Code, value: Borrowed<'_>, swapped: bool) -> PyResult {
        let made = CArg::new(th, code.letter, code.passing(), None)?;
        // SAFETY: there is room for the largest of them.
        let kept = unsafe { code.set(th, made.start(), value, swapped)? };
        made.obj.set(Some(kept.unwrap_or_else(|| none().to_owned())));
        Ok(made.into_object())
    }

    fn is_pointer(&self) -> bool {
        self.tag.get() == b'P'
    }
}

#[pymethods]
impl CArg {
    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let tag = this.tag.get();
        let letter = char::from(tag);
        let word = this.bytes().first_chunk::<8>().map_or(0, |bytes| u64::from_ne_bytes(*bytes));
        let code = Code::find(tag);
        let value = || {
            let Some(code) = code else { return Err(th.bad_internal_call()) };
            // SAFETY: the value of that type.
            unsafe { code.get(th, this.start(), false) }
        };
        let shown = match tag {
            b'b' | b'B' | b'h' | b'H' | b'i' | b'l' | b'q' | b'd' | b'f' => {
                object::repr(th, value()?.borrow())?.to_string_lossy()
            }
            // As the reference shows unsigned numbers: with a sign.
            b'I' => {
                let word = this.bytes().first_chunk::<4>().map_or(0, |it| i32::from_ne_bytes(*it));
                word.to_string()
            }
            b'L' | b'Q' => (word as i64).to_string(),
            b'c' => {
                let byte = this.bytes().first().copied().unwrap_or(0);
                match byte {
                    b' '..=b'~' if byte != b'\'' && byte != b'\\' => {
                        format!("'{}'", char::from(byte))
                    }
                    _ => format!("'\\x{byte:02x}'"),
                }
            }
            b'z' | b'Z' | b'P' => format!("{:p}", word as *const u8),
            b' '..=b'~' => {
                return Str::from_fmt(
                    th,
                    format_args!("<cparam '{letter}' at {:p}>", this.as_ptr()),
                );
            }
            _ => {
                return Str::from_fmt(
                    th,
                    format_args!("<cparam 0x{tag:02x} at {:p}>", this.as_ptr()),
                );
            }
        };
        Str::from_fmt(th, format_args!("<cparam '{letter}' ({shown})>"))
    }
}

/// A pointer to what lies `offset` bytes behind the start of `data`.
pub fn byref(th: &Thread, data: Borrowed<'_, CData>, offset: isize) -> PyResult {
    let address = data.start().wrapping_offset(offset);
    CArg::of_pointer(th, b'P', address, data.object().to_owned())
}

/// `value` as an argument for a parameter of type `cls`.
pub fn from_param(th: &Thread, cls: Borrowed<'_, Type>, value: Borrowed<'_>) -> PyResult {
    if cls.object().downcast::<PyCSimpleType>().is_some() {
        let letter = simple::root(cls).and_then(Info::letter);
        return match letter {
            Some(b'P') => address_from(th, cls, value),
            Some(letter @ (b'z' | b'Z')) => text_from(th, cls, value, letter),
            _ => simple_from(th, cls, value),
        };
    }
    if cls.object().downcast::<PyCPointerType>().is_some() {
        return pointer_from(th, cls, value);
    }
    plain_from(th, cls, value)
}

/// Tries again with what the object passes for itself; `None` if it does not.
fn instead(
    th: &Thread,
    value: Borrowed<'_>,
    convert: impl FnOnce(Borrowed<'_>) -> PyResult,
) -> PyResult<Option<Owned>> {
    let Some(instead) = attribute(th, value, "_as_parameter_")? else { return Ok(None) };
    th.recurse(" while processing _as_parameter_", || convert(instead.borrow())).map(Some)
}

fn plain_from(th: &Thread, cls: Borrowed<'_, Type>, value: Borrowed<'_>) -> PyResult {
    if object::is_instance(th, value, cls.object())? {
        return Ok(value.to_owned());
    }
    if let Some(param) = value.downcast_exact::<CArg>() {
        let (proto, obj) = (info(cls).and_then(|info| info.proto.get()), param.obj.get_owned());
        if let (Some(proto), Some(obj)) = (proto, &obj) {
            if object::is_instance(th, obj.borrow(), proto)? {
                return Ok(value.to_owned());
            }
        }
        let found = obj.as_ref().map_or("???", |obj| obj.type_name());
        let wanted = cls.tp_name();
        return Err(raise!(
            th,
            TYPE_ERROR,
            "expected {wanted} instance instead of pointer to {found}"
        ));
    }
    if let Some(found) = instead(th, value, |value| plain_from(th, cls, value))? {
        return Ok(found);
    }
    let (wanted, found) = (cls.tp_name(), value.type_name());
    Err(raise!(th, TYPE_ERROR, "expected {wanted} instance instead of {found}"))
}

fn simple_from(th: &Thread, cls: Borrowed<'_, Type>, value: Borrowed<'_>) -> PyResult {
    if object::is_instance(th, value, cls.object())? {
        return Ok(value.to_owned());
    }
    let info = known(th, cls)?;
    let Some(code) = info.code.get() else { return Err(th.bad_internal_call()) };
    let raised = match CArg::of_value(th, code, value, false) {
        Ok(made) => return Ok(made),
        Err(raised) => th.take_raised(raised),
    };
    match instead(th, value, |value| simple_from(th, cls, value))? {
        Some(found) => Ok(found),
        None => Err(th.set_exception(raised.into_object())),
    }
}

fn pointer_from(th: &Thread, cls: Borrowed<'_, Type>, value: Borrowed<'_>) -> PyResult {
    if value.is_none() {
        return Ok(value.to_owned());
    }
    let info = known(th, cls)?;
    let Some(proto) = info.proto.get_owned() else {
        let message = "cannot convert argument: POINTER _type_ type is not set";
        return Err(th.raise(exc::TYPE_ERROR, message));
    };
    // An instance for a pointer to it.
    if object::is_instance(th, value, proto.borrow())? {
        if let Some(data) = value.downcast::<CData>() {
            return byref(th, data, 0);
        }
    }
    if points(value) {
        let theirs = super::info::info(value.get().ty()).and_then(|info| info.proto.get());
        if let Some(theirs) = theirs {
            if object::is_subclass(th, theirs, proto.borrow())? {
                return Ok(value.to_owned());
            }
        }
    }
    plain_from(th, cls, value)
}

/// Whether an object is a pointer or an array.
fn points(value: Borrowed<'_>) -> bool {
    value.downcast::<Pointer>().is_some() || value.downcast::<Array>().is_some()
}

fn code(th: &Thread, letter: u8) -> PyResult<&'static Code> {
    Code::find(letter).ok_or_else(|| th.bad_internal_call())
}

/// An argument for `void *`.
fn address_from(th: &Thread, cls: Borrowed<'_, Type>, value: Borrowed<'_>) -> PyResult {
    let letter = if value.downcast::<Int>().is_some() {
        Some(b'P')
    } else if value.downcast::<Bytes>().is_some() {
        Some(b'z')
    } else if value.downcast::<Str>().is_some() {
        Some(b'Z')
    } else {
        None
    };
    if let Some(letter) = letter {
        return CArg::of_value(th, code(th, letter)?, value, false);
    }
    let is_reference = || value.downcast_exact::<CArg>().is_some_and(|param| param.is_pointer());
    if value.is_none()
        || object::is_instance(th, value, cls.object())?
        || points(value)
        || is_reference()
    {
        return Ok(value.to_owned());
    }
    if let Some(function) = value.downcast::<CFuncPtr>() {
        return CArg::of_pointer(th, b'P', function.base.pointer(), value.to_owned());
    }
    if let Some(data) = value.downcast::<CData>() {
        let letter = info(value.get().ty()).and_then(Info::letter);
        if matches!(letter, Some(b'z' | b'Z')) {
            return CArg::of_pointer(th, b'Z', data.pointer(), value.to_owned());
        }
    }
    if let Some(found) = instead(th, value, |value| address_from(th, cls, value))? {
        return Ok(found);
    }
    let found = value.type_name();
    Err(raise!(th, TYPE_ERROR, "'{found}' object cannot be interpreted as ctypes.c_void_p"))
}

/// An argument for a pointer to characters, or wide characters.
fn text_from(th: &Thread, cls: Borrowed<'_, Type>, value: Borrowed<'_>, letter: u8) -> PyResult {
    let (item, is_text, name) = match letter {
        b'z' => (b'c', value.downcast::<Bytes>().is_some(), "c_char_p"),
        _ => (b'u', value.downcast::<Str>().is_some(), "c_wchar_p"),
    };
    if is_text {
        return CArg::of_value(th, code(th, letter)?, value, false);
    }
    if let (b'z', Some(bytes)) = (letter, value.downcast::<ByteArray>()) {
        return CArg::of_pointer(th, b'z', bytes.data(), value.to_owned());
    }
    let of_characters = || {
        points(value) && info(value.get().ty()).is_some_and(|info| info.item_letter() == Some(item))
    };
    let to_character = || {
        let param = value.downcast_exact::<CArg>()?;
        let obj = param.get().obj.get()?;
        Some(info(obj.get().ty())?.letter() == Some(item))
    };
    if value.is_none()
        || object::is_instance(th, value, cls.object())?
        || of_characters()
        || to_character() == Some(true)
    {
        return Ok(value.to_owned());
    }
    if let Some(found) = instead(th, value, |value| text_from(th, cls, value, letter))? {
        return Ok(found);
    }
    let found = value.type_name();
    Err(raise!(th, TYPE_ERROR, "'{found}' object cannot be interpreted as ctypes.{name}"))
}

/// Whether a class can be that of an output parameter: a kind of pointer.
pub fn is_output(ty: Borrowed<'_>) -> bool {
    ty.downcast::<PyCPointerType>().is_some()
        || ty.downcast::<PyCArrayType>().is_some()
        || matches!(info_of(ty).and_then(Info::letter), Some(b'P' | b'z' | b'Z'))
}
