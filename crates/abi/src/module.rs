//! Modules, their definitions, and tables of built-in and frozen ones
//! (`moduleobject.h`, `cpython/import.h`).

use crate::method::PyMethodDef;
use crate::object::{Py_ssize_t, PyObject, freefunc, inquiry, traverseproc};
use std::ffi::{c_char, c_int, c_uchar, c_void};

c_struct! {
    /// The head of a module definition.
    pub struct PyModuleDef_Base[40] {
        0 => ob_base: PyObject,
        16 => m_init: Option<unsafe extern "C" fn() -> *mut PyObject>,
        24 => m_index: Py_ssize_t,
        32 => m_copy: *mut PyObject,
    }

    /// One step of a module's creation or execution.
    pub struct PyModuleDef_Slot[16] {
        0 => slot: c_int,
        8 => value: *mut c_void,
    }

    /// The definition of a module written in C.
    pub struct PyModuleDef[104] {
        0 => m_base: PyModuleDef_Base,
        40 => m_name: *const c_char,
        48 => m_doc: *const c_char,
        56 => m_size: Py_ssize_t,
        64 => m_methods: *mut PyMethodDef,
        72 => m_slots: *mut PyModuleDef_Slot,
        80 => m_traverse: traverseproc,
        88 => m_clear: inquiry,
        96 => m_free: freefunc,
    }

    /// A built-in module.
    pub struct _inittab[16] {
        0 => name: *const c_char,
        8 => initfunc: Option<unsafe extern "C" fn() -> *mut PyObject>,
    }

    /// A frozen module.
    pub struct _frozen[24] {
        0 => name: *const c_char,
        8 => code: *const c_uchar,
        16 => size: c_int,
        20 => is_package: c_int,
    }

    /// A module.
    pub struct PyModuleObject[56] {
        0 => ob_base: PyObject,
        16 => md_dict: *mut PyObject,
        24 => md_def: *mut PyModuleDef,
        32 => md_state: *mut c_void,
        40 => md_weaklist: *mut PyObject,
        48 => md_name: *mut PyObject,
    }
}

// Constants of `moduleobject.h`.
pub const Py_MOD_GIL_NOT_USED: *mut c_void = std::ptr::without_provenance_mut(1);
pub const Py_MOD_GIL_USED: *mut c_void = std::ptr::null_mut();
pub const Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED: *mut c_void = std::ptr::null_mut();
pub const Py_MOD_MULTIPLE_INTERPRETERS_SUPPORTED: *mut c_void = std::ptr::without_provenance_mut(1);
pub const Py_MOD_PER_INTERPRETER_GIL_SUPPORTED: *mut c_void = std::ptr::without_provenance_mut(2);
pub const Py_mod_create: c_int = 1;
pub const Py_mod_exec: c_int = 2;
pub const Py_mod_gil: c_int = 4;
pub const Py_mod_multiple_interpreters: c_int = 3;
pub const _Py_mod_LAST_SLOT: c_int = 4;
