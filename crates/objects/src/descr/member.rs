//! Reading and writing the fields that `PyMemberDef`s describe.
//!
//! The same job as CPython's `Python/structmember.c`.
//!
//! SAFETY, throughout: the callers pass an object of the type that declares the member, so its field lies
//! within the object and is of the member's kind.

use std::ffi::{CStr, c_char};

use krait_abi as abi;

use crate::prelude::*;

/// The field's value as an object.
///
/// # Safety
/// `ob` is an instance of the type that declares `def`.
pub unsafe fn get(th: &Thread, ob: Borrowed<'_>, def: &abi::PyMemberDef) -> PyResult {
    if def.flags & abi::Py_RELATIVE_OFFSET != 0 {
        return Err(th.raise(exc::SYSTEM_ERROR, "PyMember_GetOne used with Py_RELATIVE_OFFSET"));
    }
    // SAFETY: see the top of the file.
    unsafe {
        let field = ob.as_ptr().byte_offset(def.offset).cast::<u8>();
        macro_rules! int {
            ($ty:ty, $make:ident, $as:ty) => {
                Int::$make(th, field.cast::<$ty>().read() as $as).map(Owned::into_object)
            };
        }
        match def.r#type {
            abi::Py_T_BOOL => Ok(bool_object(field.read() != 0).to_owned().into_object()),
            abi::Py_T_BYTE => int!(i8, from_i64, i64),
            abi::Py_T_UBYTE => int!(u8, from_i64, i64),
            abi::Py_T_SHORT => int!(i16, from_i64, i64),
            abi::Py_T_USHORT => int!(u16, from_i64, i64),
            abi::Py_T_INT => int!(i32, from_i64, i64),
            abi::Py_T_UINT => int!(u32, from_i64, i64),
            abi::Py_T_LONG | abi::Py_T_LONGLONG | abi::Py_T_PYSSIZET => int!(i64, from_i64, i64),
            abi::Py_T_ULONG | abi::Py_T_ULONGLONG => int!(u64, from_u64, u64),
            abi::Py_T_FLOAT => crate::float::Float::new(th, field.cast::<f32>().read().into())
                .map(Owned::into_object),
            abi::Py_T_DOUBLE => {
                crate::float::Float::new(th, field.cast::<f64>().read()).map(Owned::into_object)
            }
            abi::Py_T_STRING => match field.cast::<*const c_char>().read() {
                text if text.is_null() => Ok(none().to_owned()),
                text => c_string(th, CStr::from_ptr(text)),
            },
            abi::Py_T_STRING_INPLACE => c_string(th, CStr::from_ptr(field.cast())),
            abi::Py_T_CHAR => Str::from_char(th, field.read().into()).map(Owned::into_object),
            abi::_Py_T_OBJECT => {
                let value = field.cast::<*mut abi::PyObject>().read();
                Ok(Borrowed::<'_>::from_ptr_or_null(value).unwrap_or(none()).to_owned())
            }
            abi::Py_T_OBJECT_EX => {
                let value = field.cast::<*mut abi::PyObject>().read();
                match Borrowed::<Object>::from_ptr_or_null(value) {
                    Some(value) => Ok(value.to_owned()),
                    None => Err(absent(th, ob, def)),
                }
            }
            abi::_Py_T_NONE => Ok(none().to_owned()),
            _ => Err(th.raise(exc::SYSTEM_ERROR, "bad memberdescr type")),
        }
    }
}

fn c_string(th: &Thread, text: &CStr) -> PyResult {
    Str::new(th, &text.to_string_lossy()).map(Owned::into_object)
}

#[cold]
fn absent(th: &Thread, ob: Borrowed<'_>, def: &abi::PyMemberDef) -> Raised {
    // SAFETY: a member has a NUL-terminated name.
    let name = unsafe { CStr::from_ptr(def.name) }.to_string_lossy();
    match ob.ty().full_name(th) {
        Ok(class) => raise!(th, ATTRIBUTE_ERROR, "'{}' object has no attribute '{name}'", *class),
        Err(raised) => raised,
    }
}

/// Writes the field; `None` deletes, which only fields that hold objects allow.
///
/// # Safety
/// As for `get`.
pub unsafe fn set(
    th: &Thread,
    ob: Borrowed<'_>,
    def: &abi::PyMemberDef,
    value: Option<Borrowed<'_>>,
) -> PyResult<()> {
    if def.flags & abi::Py_RELATIVE_OFFSET != 0 {
        return Err(th.raise(exc::SYSTEM_ERROR, "PyMember_SetOne used with Py_RELATIVE_OFFSET"));
    }
    if def.flags & abi::Py_READONLY != 0 {
        return Err(th.raise(exc::ATTRIBUTE_ERROR, "readonly attribute"));
    }
    // SAFETY: see the top of the file.
    unsafe {
        let field = ob.as_ptr().byte_offset(def.offset).cast::<u8>();
        if matches!(def.r#type, abi::_Py_T_OBJECT | abi::Py_T_OBJECT_EX) {
            let field = field.cast::<*mut abi::PyObject>();
            if value.is_none() && def.r#type == abi::Py_T_OBJECT_EX && (*field).is_null() {
                let name = Str::new(th, &CStr::from_ptr(def.name).to_string_lossy())?;
                return Err(th.raise_value(exc::ATTRIBUTE_ERROR, name.object()));
            }
            let new = value.map_or(std::ptr::null_mut(), |value| value.to_owned().into_ptr());
            let old = std::mem::replace(&mut *field, new);
            drop(Owned::<Object>::from_ptr_or_null(old));
            return Ok(());
        }
        let Some(value) = value else {
            return Err(th.raise(exc::TYPE_ERROR, "can't delete numeric/char attribute"));
        };
        set_number(th, field, def.r#type, value)
    }
}

/// As the reference, values that a narrow field cannot hold are cut, with a warning.
unsafe fn set_number(th: &Thread, field: *mut u8, kind: i32, value: Borrowed<'_>) -> PyResult<()> {
    macro_rules! narrow {
        ($ty:ty, $name:literal) => {{
            let wide = to_long(th, value)?;
            field.cast::<$ty>().write(wide as $ty);
            if <$ty>::try_from(wide).is_err() {
                truncated(th, $name)?;
            }
        }};
    }
    // SAFETY: see the top of the file.
    unsafe {
        match kind {
            abi::Py_T_BOOL => {
                if !value.is(bool_object(true)) && !value.is(bool_object(false)) {
                    return Err(th.raise(exc::TYPE_ERROR, "attribute value type must be bool"));
                }
                field.write(value.is(bool_object(true)).into());
            }
            abi::Py_T_BYTE => narrow!(i8, "char"),
            abi::Py_T_UBYTE => narrow!(u8, "unsigned char"),
            abi::Py_T_SHORT => narrow!(i16, "short"),
            abi::Py_T_USHORT => narrow!(u16, "unsigned short"),
            abi::Py_T_INT => narrow!(i32, "int"),
            abi::Py_T_UINT => {
                let int = number::index(th, value)?;
                let wide = to_unsigned(th, int.object())?;
                field.cast::<u32>().write(wide as u32);
                if !int.is_negative() && u32::try_from(wide).is_err() {
                    truncated(th, "unsigned int")?;
                }
            }
            abi::Py_T_LONG | abi::Py_T_LONGLONG => field.cast::<i64>().write(to_long(th, value)?),
            abi::Py_T_PYSSIZET => {
                let Some(int) = value.downcast::<Int>() else {
                    return Err(th.raise(exc::TYPE_ERROR, "an integer is required"));
                };
                let wide = int.to_i64().ok_or_else(|| {
                    let message = "Python int too large to convert to C ssize_t";
                    th.raise(exc::OVERFLOW_ERROR, message)
                })?;
                field.cast::<i64>().write(wide);
            }
            abi::Py_T_ULONG | abi::Py_T_ULONGLONG => {
                field.cast::<u64>().write(to_unsigned(th, value)?)
            }
            abi::Py_T_FLOAT => field.cast::<f32>().write(number::as_f64(th, value)? as f32),
            abi::Py_T_DOUBLE => field.cast::<f64>().write(number::as_f64(th, value)?),
            abi::Py_T_CHAR => {
                let byte = value
                    .downcast::<Str>()
                    .filter(|text| text.len() == 1)
                    .and_then(|text| u8::try_from(text.char_at(0)).ok())
                    .ok_or_else(|| th.bad_argument())?;
                field.write(byte);
            }
            abi::Py_T_STRING | abi::Py_T_STRING_INPLACE => {
                return Err(th.raise(exc::TYPE_ERROR, "readonly attribute"));
            }
            _ => return Err(th.raise(exc::SYSTEM_ERROR, "bad memberdescr type")),
        }
    }
    Ok(())
}

fn to_long(th: &Thread, value: Borrowed<'_>) -> PyResult<i64> {
    let int = number::index(th, value)?;
    int.to_i64()
        .ok_or_else(|| th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C long"))
}

/// Negative values wrap around, as they always did, with a warning.
fn to_unsigned(th: &Thread, value: Borrowed<'_>) -> PyResult<u64> {
    let int = number::index(th, value)?;
    if int.is_negative() {
        let wide = int.to_i64().ok_or_else(|| {
            th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C long")
        })?;
        warn(th, "Writing negative value into unsigned field")?;
        return Ok(wide as u64);
    }
    int.to_u64().ok_or_else(|| {
        th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C unsigned long")
    })
}

fn truncated(th: &Thread, name: &str) -> PyResult<()> {
    warn(th, &format!("Truncation of value to {name}"))
}

fn warn(th: &Thread, message: &str) -> PyResult<()> {
    let message = Str::new(th, message)?;
    let category = Borrowed::from_ref(exc::RUNTIME_WARNING).object();
    (th.interp().services.get().warn)(th, category, message.borrow(), 1)
}
