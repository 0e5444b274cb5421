//! The head of every object, the signatures of slots, and operators of comparison
//! (`object.h`, `refcount.h`).

use crate::dict::PyDictObject;
use crate::typeobj::PyTypeObject;
use std::ffi::{c_char, c_int, c_long, c_ulong, c_void};

/// A signed size or index, as wide as a pointer.
pub type Py_ssize_t = isize;
/// What `hash()` answers; -1 is reserved for "an exception is set".
pub type Py_hash_t = isize;
pub type Py_uhash_t = usize;
pub type Py_ssize_clean_t = Py_ssize_t;
pub type Py_intptr_t = isize;
pub type Py_uintptr_t = usize;

/// The head of every object.
///
/// C sees the first eight bytes as a union of one 64-bit integer (`ob_refcnt_full`) and the
/// three members below; only the lower 32 bits count references.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct PyObject {
    /// References to the object; with the top bit set the object is immortal.
    pub ob_refcnt: u32,
    /// What an overflowing count of an extension built for another version would carry into.
    pub ob_overflow: u16,
    /// `_Py_IMMORTAL_FLAGS` and `_Py_STATICALLY_ALLOCATED_FLAG`.
    pub ob_flags: u16,
    pub ob_type: *mut PyTypeObject,
}

assert_layout!(PyObject[16] { ob_refcnt: 0, ob_overflow: 4, ob_flags: 6, ob_type: 8 });

/// The count that immortal objects start with.
pub const _Py_IMMORTAL_INITIAL_REFCNT: u32 = 0xC000_0000;
/// A count at or above this one means "immortal" (the sign bit of the 32-bit count).
pub const _Py_IMMORTAL_MINIMUM_REFCNT: u32 = 0x8000_0000;
/// The count that static immortal objects start with in 3.14 (as the full 64-bit word).
pub const _Py_STATIC_IMMORTAL_INITIAL_REFCNT: i64 = 0x0005_0000_C000_0000;
/// In `ob_flags`: the object was created immortal.
pub const _Py_IMMORTAL_FLAGS: u16 = 1;
/// In `ob_flags`: the object lives in static memory.
pub const _Py_STATICALLY_ALLOCATED_FLAG: u16 = 4;
/// What `PyObject_HEAD_INIT` puts into `ob_flags`.
pub const _Py_STATIC_FLAG_BITS: u16 = _Py_IMMORTAL_FLAGS | _Py_STATICALLY_ALLOCATED_FLAG;

/// The head of a static, immortal object of the given type.
pub const fn PyObject_HEAD_INIT(ob_type: *mut PyTypeObject) -> PyObject {
    PyObject {
        ob_refcnt: _Py_IMMORTAL_INITIAL_REFCNT,
        ob_overflow: 0,
        ob_flags: _Py_STATIC_FLAG_BITS,
        ob_type,
    }
}

/// The head of a static, immortal object with `ob_size` items.
pub const fn PyVarObject_HEAD_INIT(ob_type: *mut PyTypeObject, ob_size: Py_ssize_t) -> PyVarObject {
    PyVarObject { ob_base: PyObject_HEAD_INIT(ob_type), ob_size }
}

/// The head of a `PyModuleDef` before it is used.
pub const PyModuleDef_HEAD_INIT: crate::module::PyModuleDef_Base =
    crate::module::PyModuleDef_Base {
        ob_base: PyObject_HEAD_INIT(std::ptr::null_mut()),
        m_init: None,
        m_index: 0,
        m_copy: std::ptr::null_mut(),
    };

/// What stands before an object of a type with `Py_TPFLAGS_MANAGED_DICT`.
#[repr(C)]
#[derive(Clone, Copy)]
pub union PyManagedDictPointer {
    pub dict: *mut PyDictObject,
}

assert_layout!(PyManagedDictPointer[8] { dict: 0 });

/// An interpreter; only the runtime looks inside.
#[repr(C)]
#[derive(Debug)]
pub struct PyInterpreterState {
    _opaque: [u8; 0],
}

pub type PySendResult = c_int;
pub type allocfunc = Option<unsafe extern "C" fn(*mut PyTypeObject, Py_ssize_t) -> *mut PyObject>;
pub type binaryfunc = Option<unsafe extern "C" fn(*mut PyObject, *mut PyObject) -> *mut PyObject>;
pub type descrgetfunc =
    Option<unsafe extern "C" fn(*mut PyObject, *mut PyObject, *mut PyObject) -> *mut PyObject>;
pub type descrsetfunc =
    Option<unsafe extern "C" fn(*mut PyObject, *mut PyObject, *mut PyObject) -> c_int>;
pub type destructor = Option<unsafe extern "C" fn(*mut PyObject)>;
pub type freefunc = Option<unsafe extern "C" fn(*mut c_void)>;
pub type getattrfunc = Option<unsafe extern "C" fn(*mut PyObject, *mut c_char) -> *mut PyObject>;
pub type getattrofunc = Option<unsafe extern "C" fn(*mut PyObject, *mut PyObject) -> *mut PyObject>;
pub type getiterfunc = Option<unsafe extern "C" fn(*mut PyObject) -> *mut PyObject>;
pub type hashfunc = Option<unsafe extern "C" fn(*mut PyObject) -> Py_hash_t>;
pub type initproc =
    Option<unsafe extern "C" fn(*mut PyObject, *mut PyObject, *mut PyObject) -> c_int>;
pub type inquiry = Option<unsafe extern "C" fn(*mut PyObject) -> c_int>;
pub type iternextfunc = Option<unsafe extern "C" fn(*mut PyObject) -> *mut PyObject>;
pub type lenfunc = Option<unsafe extern "C" fn(*mut PyObject) -> Py_ssize_t>;
pub type newfunc =
    Option<unsafe extern "C" fn(*mut PyTypeObject, *mut PyObject, *mut PyObject) -> *mut PyObject>;
pub type objobjargproc =
    Option<unsafe extern "C" fn(*mut PyObject, *mut PyObject, *mut PyObject) -> c_int>;
pub type objobjproc = Option<unsafe extern "C" fn(*mut PyObject, *mut PyObject) -> c_int>;
pub type reprfunc = Option<unsafe extern "C" fn(*mut PyObject) -> *mut PyObject>;
pub type richcmpfunc =
    Option<unsafe extern "C" fn(*mut PyObject, *mut PyObject, c_int) -> *mut PyObject>;
pub type setattrfunc =
    Option<unsafe extern "C" fn(*mut PyObject, *mut c_char, *mut PyObject) -> c_int>;
pub type setattrofunc =
    Option<unsafe extern "C" fn(*mut PyObject, *mut PyObject, *mut PyObject) -> c_int>;
pub type ssizeargfunc = Option<unsafe extern "C" fn(*mut PyObject, Py_ssize_t) -> *mut PyObject>;
pub type ssizeobjargproc =
    Option<unsafe extern "C" fn(*mut PyObject, Py_ssize_t, *mut PyObject) -> c_int>;
pub type ssizessizeargfunc =
    Option<unsafe extern "C" fn(*mut PyObject, Py_ssize_t, Py_ssize_t) -> *mut PyObject>;
pub type ssizessizeobjargproc =
    Option<unsafe extern "C" fn(*mut PyObject, Py_ssize_t, Py_ssize_t, *mut PyObject) -> c_int>;
pub type ternaryfunc =
    Option<unsafe extern "C" fn(*mut PyObject, *mut PyObject, *mut PyObject) -> *mut PyObject>;
pub type traverseproc =
    Option<unsafe extern "C" fn(*mut PyObject, visitproc, *mut c_void) -> c_int>;
pub type unaryfunc = Option<unsafe extern "C" fn(*mut PyObject) -> *mut PyObject>;
pub type vectorcallfunc = Option<
    unsafe extern "C" fn(
        *mut PyObject,
        *const *mut PyObject,
        usize,
        *mut PyObject,
    ) -> *mut PyObject,
>;
pub type visitproc = Option<unsafe extern "C" fn(*mut PyObject, *mut c_void) -> c_int>;

c_struct! {
    /// The head of an object with a variable number of items.
    pub struct PyVarObject[24] {
        0 => ob_base: PyObject,
        16 => ob_size: Py_ssize_t,
    }

    /// A constant name that becomes an interned string on first use.
    pub struct _Py_Identifier[24] {
        0 => string: *const c_char,
        8 => index: Py_ssize_t,
        16 => mutex: u8,
    }
}

// Constants of `abstract.h`.
pub const PY_VECTORCALL_ARGUMENTS_OFFSET: c_ulong = 9223372036854775808;

// Constants of `object.h`.
pub const PYGEN_ERROR: c_int = -1;
pub const PYGEN_NEXT: c_int = 1;
pub const PYGEN_RETURN: c_int = 0;
pub const Py_CONSTANT_ELLIPSIS: c_int = 3;
pub const Py_CONSTANT_EMPTY_BYTES: c_int = 8;
pub const Py_CONSTANT_EMPTY_STR: c_int = 7;
pub const Py_CONSTANT_EMPTY_TUPLE: c_int = 9;
pub const Py_CONSTANT_FALSE: c_int = 1;
pub const Py_CONSTANT_NONE: c_int = 0;
pub const Py_CONSTANT_NOT_IMPLEMENTED: c_int = 4;
pub const Py_CONSTANT_ONE: c_int = 6;
pub const Py_CONSTANT_TRUE: c_int = 2;
pub const Py_CONSTANT_ZERO: c_int = 5;
pub const Py_EQ: c_int = 2;
pub const Py_GE: c_int = 5;
pub const Py_GT: c_int = 4;
pub const Py_INVALID_SIZE: c_long = -1;
pub const Py_LE: c_int = 1;
pub const Py_LT: c_int = 0;
pub const Py_NE: c_int = 3;
pub const Py_PRINT_RAW: c_int = 1;
pub const _PyObject_MIN_ALIGNMENT: c_int = 4;
