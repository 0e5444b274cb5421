//! Definitions of attributes, and the descriptors made from them (`descrobject.h`).

use crate::method::PyMethodDef;
use crate::object::{Py_ssize_t, PyObject, vectorcallfunc};
use crate::typeobj::PyTypeObject;
use std::ffi::{c_char, c_int, c_void};

pub type getter = Option<unsafe extern "C" fn(*mut PyObject, *mut c_void) -> *mut PyObject>;
pub type setter = Option<unsafe extern "C" fn(*mut PyObject, *mut PyObject, *mut c_void) -> c_int>;
pub type wrapperfunc =
    Option<unsafe extern "C" fn(*mut PyObject, *mut PyObject, *mut c_void) -> *mut PyObject>;
pub type wrapperfunc_kwds = Option<
    unsafe extern "C" fn(*mut PyObject, *mut PyObject, *mut c_void, *mut PyObject) -> *mut PyObject,
>;

c_struct! {
    /// A computed attribute.
    pub struct PyGetSetDef[40] {
        0 => name: *const c_char,
        8 => get: getter,
        16 => set: setter,
        24 => doc: *const c_char,
        32 => closure: *mut c_void,
    }

    /// An attribute that is a field of the C struct.
    pub struct PyMemberDef[40] {
        0 => name: *const c_char,
        8 => r#type: c_int,
        16 => offset: Py_ssize_t,
        24 => flags: c_int,
        32 => doc: *const c_char,
    }

    /// A special method and the slot it stands for.
    pub struct wrapperbase[56] {
        0 => name: *const c_char,
        8 => offset: c_int,
        16 => function: *mut c_void,
        24 => wrapper: wrapperfunc,
        32 => doc: *const c_char,
        40 => flags: c_int,
        48 => name_strobj: *mut PyObject,
    }

    /// What all descriptors begin with.
    pub struct PyDescrObject[40] {
        0 => ob_base: PyObject,
        16 => d_type: *mut PyTypeObject,
        24 => d_name: *mut PyObject,
        32 => d_qualname: *mut PyObject,
    }

    /// A method of a type, written in C.
    pub struct PyMethodDescrObject[56] {
        0 => d_common: PyDescrObject,
        40 => d_method: *mut PyMethodDef,
        48 => vectorcall: vectorcallfunc,
    }

    /// The descriptor of a `PyMemberDef`.
    pub struct PyMemberDescrObject[48] {
        0 => d_common: PyDescrObject,
        40 => d_member: *mut PyMemberDef,
    }

    /// The descriptor of a `PyGetSetDef`.
    pub struct PyGetSetDescrObject[48] {
        0 => d_common: PyDescrObject,
        40 => d_getset: *mut PyGetSetDef,
    }

    /// The descriptor of a special method that calls a slot.
    pub struct PyWrapperDescrObject[56] {
        0 => d_common: PyDescrObject,
        40 => d_base: *mut wrapperbase,
        48 => d_wrapped: *mut c_void,
    }

    /// `property`.
    pub struct propertyobject[64] {
        0 => ob_base: PyObject,
        16 => prop_get: *mut PyObject,
        24 => prop_set: *mut PyObject,
        32 => prop_del: *mut PyObject,
        40 => prop_doc: *mut PyObject,
        48 => prop_name: *mut PyObject,
        56 => getter_doc: c_int,
    }
}

// Constants of `cpython/descrobject.h`.
pub const PyWrapperFlag_KEYWORDS: c_int = 1;

// Constants of `descrobject.h`.
pub const Py_AUDIT_READ: c_int = 2;
pub const Py_READONLY: c_int = 1;
pub const Py_RELATIVE_OFFSET: c_int = 8;
pub const Py_T_BOOL: c_int = 14;
pub const Py_T_BYTE: c_int = 8;
pub const Py_T_CHAR: c_int = 7;
pub const Py_T_DOUBLE: c_int = 4;
pub const Py_T_FLOAT: c_int = 3;
pub const Py_T_INT: c_int = 1;
pub const Py_T_LONG: c_int = 2;
pub const Py_T_LONGLONG: c_int = 17;
pub const Py_T_OBJECT_EX: c_int = 16;
pub const Py_T_PYSSIZET: c_int = 19;
pub const Py_T_SHORT: c_int = 0;
pub const Py_T_STRING: c_int = 5;
pub const Py_T_STRING_INPLACE: c_int = 13;
pub const Py_T_UBYTE: c_int = 9;
pub const Py_T_UINT: c_int = 11;
pub const Py_T_ULONG: c_int = 12;
pub const Py_T_ULONGLONG: c_int = 18;
pub const Py_T_USHORT: c_int = 10;
pub const _Py_T_NONE: c_int = 20;
pub const _Py_T_OBJECT: c_int = 6;
pub const _Py_WRITE_RESTRICTED: c_int = 4;
