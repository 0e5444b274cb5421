//! Type objects and their method suites (`cpython/object.h`), and the flags of types.

use crate::buffer::{getbufferproc, releasebufferproc};
use crate::descr::{PyGetSetDef, PyMemberDef};
use crate::dict::PyDictKeysObject;
use crate::method::PyMethodDef;
use crate::object::{
    Py_ssize_t, PyObject, PySendResult, PyVarObject, allocfunc, binaryfunc, descrgetfunc,
    descrsetfunc, destructor, freefunc, getattrfunc, getattrofunc, getiterfunc, hashfunc, initproc,
    inquiry, iternextfunc, lenfunc, newfunc, objobjargproc, objobjproc, reprfunc, richcmpfunc,
    setattrfunc, setattrofunc, ssizeargfunc, ssizeobjargproc, ternaryfunc, traverseproc, unaryfunc,
    vectorcallfunc,
};
use std::ffi::{c_char, c_int, c_uchar, c_uint, c_ulong, c_void};

pub type PyRefTracer =
    Option<unsafe extern "C" fn(*mut PyObject, PyRefTracerEvent, *mut c_void) -> c_int>;
pub type PyRefTracerEvent = c_int;
pub type PyType_WatchCallback = Option<unsafe extern "C" fn(*mut PyTypeObject) -> c_int>;
pub type sendfunc =
    Option<unsafe extern "C" fn(*mut PyObject, *mut PyObject, *mut *mut PyObject) -> PySendResult>;

c_struct! {
    /// One entry of a `PyType_Spec`: `slot` is a `Py_tp_*` number.
    pub struct PyType_Slot[16] {
        0 => slot: c_int,
        8 => pfunc: *mut c_void,
    }

    /// From which `PyType_FromSpec` makes a heap type.
    pub struct PyType_Spec[32] {
        0 => name: *const c_char,
        8 => basicsize: c_int,
        12 => itemsize: c_int,
        16 => flags: c_uint,
        24 => slots: *mut PyType_Slot,
    }

    /// What a type does as a number.
    pub struct PyNumberMethods[288] {
        0 => nb_add: binaryfunc,
        8 => nb_subtract: binaryfunc,
        16 => nb_multiply: binaryfunc,
        24 => nb_remainder: binaryfunc,
        32 => nb_divmod: binaryfunc,
        40 => nb_power: ternaryfunc,
        48 => nb_negative: unaryfunc,
        56 => nb_positive: unaryfunc,
        64 => nb_absolute: unaryfunc,
        72 => nb_bool: inquiry,
        80 => nb_invert: unaryfunc,
        88 => nb_lshift: binaryfunc,
        96 => nb_rshift: binaryfunc,
        104 => nb_and: binaryfunc,
        112 => nb_xor: binaryfunc,
        120 => nb_or: binaryfunc,
        128 => nb_int: unaryfunc,
        136 => nb_reserved: *mut c_void,
        144 => nb_float: unaryfunc,
        152 => nb_inplace_add: binaryfunc,
        160 => nb_inplace_subtract: binaryfunc,
        168 => nb_inplace_multiply: binaryfunc,
        176 => nb_inplace_remainder: binaryfunc,
        184 => nb_inplace_power: ternaryfunc,
        192 => nb_inplace_lshift: binaryfunc,
        200 => nb_inplace_rshift: binaryfunc,
        208 => nb_inplace_and: binaryfunc,
        216 => nb_inplace_xor: binaryfunc,
        224 => nb_inplace_or: binaryfunc,
        232 => nb_floor_divide: binaryfunc,
        240 => nb_true_divide: binaryfunc,
        248 => nb_inplace_floor_divide: binaryfunc,
        256 => nb_inplace_true_divide: binaryfunc,
        264 => nb_index: unaryfunc,
        272 => nb_matrix_multiply: binaryfunc,
        280 => nb_inplace_matrix_multiply: binaryfunc,
    }

    /// What a type does as a sequence.
    pub struct PySequenceMethods[80] {
        0 => sq_length: lenfunc,
        8 => sq_concat: binaryfunc,
        16 => sq_repeat: ssizeargfunc,
        24 => sq_item: ssizeargfunc,
        32 => was_sq_slice: *mut c_void,
        40 => sq_ass_item: ssizeobjargproc,
        48 => was_sq_ass_slice: *mut c_void,
        56 => sq_contains: objobjproc,
        64 => sq_inplace_concat: binaryfunc,
        72 => sq_inplace_repeat: ssizeargfunc,
    }

    /// What a type does as a mapping.
    pub struct PyMappingMethods[24] {
        0 => mp_length: lenfunc,
        8 => mp_subscript: binaryfunc,
        16 => mp_ass_subscript: objobjargproc,
    }

    /// What a type does under `await`, `async for` and `yield from`.
    pub struct PyAsyncMethods[32] {
        0 => am_await: unaryfunc,
        8 => am_aiter: unaryfunc,
        16 => am_anext: unaryfunc,
        24 => am_send: sendfunc,
    }

    /// How a type shows its memory.
    pub struct PyBufferProcs[16] {
        0 => bf_getbuffer: getbufferproc,
        8 => bf_releasebuffer: releasebufferproc,
    }

    /// A type.
    pub struct PyTypeObject[416] {
        0 => ob_base: PyVarObject,
        24 => tp_name: *const c_char,
        32 => tp_basicsize: Py_ssize_t,
        40 => tp_itemsize: Py_ssize_t,
        48 => tp_dealloc: destructor,
        56 => tp_vectorcall_offset: Py_ssize_t,
        64 => tp_getattr: getattrfunc,
        72 => tp_setattr: setattrfunc,
        80 => tp_as_async: *mut PyAsyncMethods,
        88 => tp_repr: reprfunc,
        96 => tp_as_number: *mut PyNumberMethods,
        104 => tp_as_sequence: *mut PySequenceMethods,
        112 => tp_as_mapping: *mut PyMappingMethods,
        120 => tp_hash: hashfunc,
        128 => tp_call: ternaryfunc,
        136 => tp_str: reprfunc,
        144 => tp_getattro: getattrofunc,
        152 => tp_setattro: setattrofunc,
        160 => tp_as_buffer: *mut PyBufferProcs,
        168 => tp_flags: c_ulong,
        176 => tp_doc: *const c_char,
        184 => tp_traverse: traverseproc,
        192 => tp_clear: inquiry,
        200 => tp_richcompare: richcmpfunc,
        208 => tp_weaklistoffset: Py_ssize_t,
        216 => tp_iter: getiterfunc,
        224 => tp_iternext: iternextfunc,
        232 => tp_methods: *mut PyMethodDef,
        240 => tp_members: *mut PyMemberDef,
        248 => tp_getset: *mut PyGetSetDef,
        256 => tp_base: *mut PyTypeObject,
        264 => tp_dict: *mut PyObject,
        272 => tp_descr_get: descrgetfunc,
        280 => tp_descr_set: descrsetfunc,
        288 => tp_dictoffset: Py_ssize_t,
        296 => tp_init: initproc,
        304 => tp_alloc: allocfunc,
        312 => tp_new: newfunc,
        320 => tp_free: freefunc,
        328 => tp_is_gc: inquiry,
        336 => tp_bases: *mut PyObject,
        344 => tp_mro: *mut PyObject,
        352 => tp_cache: *mut PyObject,
        360 => tp_subclasses: *mut c_void,
        368 => tp_weaklist: *mut PyObject,
        376 => tp_del: destructor,
        384 => tp_version_tag: c_uint,
        392 => tp_finalize: destructor,
        400 => tp_vectorcall: vectorcallfunc,
        408 => tp_watched: c_uchar,
        410 => tp_versions_used: u16,
    }

    /// What the specialising interpreter remembers about a heap type.
    pub struct _specialization_cache[24] {
        0 => getitem: *mut PyObject,
        8 => getitem_version: u32,
        16 => init: *mut PyObject,
    }

    /// A type created at run time, with its method suites inside.
    pub struct PyHeapTypeObject[936] {
        0 => ht_type: PyTypeObject,
        416 => as_async: PyAsyncMethods,
        448 => as_number: PyNumberMethods,
        736 => as_mapping: PyMappingMethods,
        760 => as_sequence: PySequenceMethods,
        840 => as_buffer: PyBufferProcs,
        856 => ht_name: *mut PyObject,
        864 => ht_slots: *mut PyObject,
        872 => ht_qualname: *mut PyObject,
        880 => ht_cached_keys: *mut PyDictKeysObject,
        888 => ht_module: *mut PyObject,
        896 => _ht_tpname: *mut c_char,
        904 => ht_token: *mut c_void,
        912 => _spec_cache: _specialization_cache,
    }
}

// Constants of `cpython/object.h`.
pub const PyRefTracer_CREATE: c_int = 0;
pub const PyRefTracer_DESTROY: c_int = 1;
pub const _Py_ATTR_CACHE_UNUSED: c_int = 30000;

// Constants of `object.h`.
pub const Py_TPFLAGS_BASETYPE: c_ulong = 0x400;
pub const Py_TPFLAGS_BASE_EXC_SUBCLASS: c_ulong = 0x40000000;
pub const Py_TPFLAGS_BYTES_SUBCLASS: c_ulong = 0x8000000;
pub const Py_TPFLAGS_DEFAULT: c_ulong = 0x0;
pub const Py_TPFLAGS_DICT_SUBCLASS: c_ulong = 0x20000000;
pub const Py_TPFLAGS_DISALLOW_INSTANTIATION: c_ulong = 0x80;
pub const Py_TPFLAGS_HAVE_FINALIZE: c_ulong = 0x1;
pub const Py_TPFLAGS_HAVE_GC: c_ulong = 0x4000;
pub const Py_TPFLAGS_HAVE_STACKLESS_EXTENSION: c_ulong = 0x0;
pub const Py_TPFLAGS_HAVE_VECTORCALL: c_ulong = 0x800;
pub const Py_TPFLAGS_HAVE_VERSION_TAG: c_ulong = 0x40000;
pub const Py_TPFLAGS_HEAPTYPE: c_ulong = 0x200;
pub const Py_TPFLAGS_IMMUTABLETYPE: c_ulong = 0x100;
pub const Py_TPFLAGS_INLINE_VALUES: c_ulong = 0x4;
pub const Py_TPFLAGS_IS_ABSTRACT: c_ulong = 0x100000;
pub const Py_TPFLAGS_ITEMS_AT_END: c_ulong = 0x800000;
pub const Py_TPFLAGS_LIST_SUBCLASS: c_ulong = 0x2000000;
pub const Py_TPFLAGS_LONG_SUBCLASS: c_ulong = 0x1000000;
pub const Py_TPFLAGS_MANAGED_DICT: c_ulong = 0x10;
pub const Py_TPFLAGS_MANAGED_WEAKREF: c_ulong = 0x8;
pub const Py_TPFLAGS_MAPPING: c_ulong = 0x40;
pub const Py_TPFLAGS_METHOD_DESCRIPTOR: c_ulong = 0x20000;
pub const Py_TPFLAGS_PREHEADER: c_ulong = 0x18;
pub const Py_TPFLAGS_READY: c_ulong = 0x1000;
pub const Py_TPFLAGS_READYING: c_ulong = 0x2000;
pub const Py_TPFLAGS_SEQUENCE: c_ulong = 0x20;
pub const Py_TPFLAGS_TUPLE_SUBCLASS: c_ulong = 0x4000000;
pub const Py_TPFLAGS_TYPE_SUBCLASS: c_ulong = 0x80000000;
pub const Py_TPFLAGS_UNICODE_SUBCLASS: c_ulong = 0x10000000;
pub const Py_TPFLAGS_VALID_VERSION_TAG: c_ulong = 0x80000;
pub const _Py_TPFLAGS_HAVE_VECTORCALL: c_ulong = 0x800;
pub const _Py_TPFLAGS_MATCH_SELF: c_ulong = 0x400000;
pub const _Py_TPFLAGS_STATIC_BUILTIN: c_ulong = 0x2;

// Constants of `internal/pycore_typeobject.h`.
pub const _Py_MAX_GLOBAL_TYPE_VERSION_TAG: c_int = 131071;
pub const _Py_TYPE_BASE_VERSION_TAG: c_int = 131072;
pub const _Py_TYPE_VERSION_BYTEARRAY: c_int = 9;
pub const _Py_TYPE_VERSION_BYTES: c_int = 10;
pub const _Py_TYPE_VERSION_COMPLEX: c_int = 11;
pub const _Py_TYPE_VERSION_DICT: c_int = 8;
pub const _Py_TYPE_VERSION_FLOAT: c_int = 2;
pub const _Py_TYPE_VERSION_FROZEN_SET: c_int = 7;
pub const _Py_TYPE_VERSION_INT: c_int = 1;
pub const _Py_TYPE_VERSION_LIST: c_int = 3;
pub const _Py_TYPE_VERSION_NEXT: c_int = 16;
pub const _Py_TYPE_VERSION_SET: c_int = 6;
pub const _Py_TYPE_VERSION_STR: c_int = 5;
pub const _Py_TYPE_VERSION_TUPLE: c_int = 4;
