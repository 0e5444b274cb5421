//! Weak references, named tuples of C, capsules, clocks, and constants of small headers.

use crate::containers::PyTupleObject;
use crate::object::{Py_hash_t, PyObject, vectorcallfunc};
use std::ffi::{CStr, c_char, c_int, c_long, c_void};

pub type PyCapsule_Destructor = Option<unsafe extern "C" fn(*mut PyObject)>;
pub type PyStructSequence = PyTupleObject;
pub type PyTime_t = i64;
pub type Py_OpenCodeHookFunction =
    Option<unsafe extern "C" fn(*mut PyObject, *mut c_void) -> *mut PyObject>;

c_struct! {
    /// A weak reference or proxy, linked with the others to the same object.
    pub struct PyWeakReference[64] {
        0 => ob_base: PyObject,
        16 => wr_object: *mut PyObject,
        24 => wr_callback: *mut PyObject,
        32 => hash: Py_hash_t,
        40 => wr_prev: *mut PyWeakReference,
        48 => wr_next: *mut PyWeakReference,
        56 => vectorcall: vectorcallfunc,
    }

    /// A named field.
    pub struct PyStructSequence_Field[16] {
        0 => name: *const c_char,
        8 => doc: *const c_char,
    }

    /// From which a named-tuple type is made.
    pub struct PyStructSequence_Desc[32] {
        0 => name: *const c_char,
        8 => doc: *const c_char,
        16 => fields: *mut PyStructSequence_Field,
        24 => n_in_sequence: c_int,
    }

    /// A reduced fraction that scales clock ticks.
    pub struct _PyTimeFraction[16] {
        0 => numer: PyTime_t,
        8 => denom: PyTime_t,
    }

    /// What `time.get_clock_info` reports.
    pub struct _Py_clock_info_t[24] {
        0 => implementation: *const c_char,
        8 => monotonic: c_int,
        12 => adjustable: c_int,
        16 => resolution: f64,
    }
}

// Constants of `cpython/pytime.h`.
pub const PyTime_MAX: c_long = 9223372036854775807;
pub const PyTime_MIN: c_long = -9223372036854775808;

// Constants of `fileobject.h`.
pub const PY_STDIOTEXTMODE: &CStr = c"b";

// Constants of `marshal.h`.
pub const Py_MARSHAL_VERSION: c_int = 5;

// Constants of `patchlevel.h`.
pub const PY_MAJOR_VERSION: c_int = 3;
pub const PY_MICRO_VERSION: c_int = 8;
pub const PY_MINOR_VERSION: c_int = 14;
pub const PY_RELEASE_LEVEL: c_int = 15;
pub const PY_RELEASE_LEVEL_ALPHA: c_int = 10;
pub const PY_RELEASE_LEVEL_BETA: c_int = 11;
pub const PY_RELEASE_LEVEL_FINAL: c_int = 15;
pub const PY_RELEASE_LEVEL_GAMMA: c_int = 12;
pub const PY_RELEASE_SERIAL: c_int = 0;
pub const PY_VERSION: &CStr = c"3.14.8";
pub const PY_VERSION_HEX: c_int = 51251440;

// Constants of `pystrtod.h`.
pub const Py_DTSF_ADD_DOT_0: c_int = 2;
pub const Py_DTSF_ALT: c_int = 4;
pub const Py_DTSF_NO_NEG_0: c_int = 8;
pub const Py_DTSF_SIGN: c_int = 1;
pub const Py_DTST_FINITE: c_int = 0;
pub const Py_DTST_INFINITE: c_int = 1;
pub const Py_DTST_NAN: c_int = 2;
