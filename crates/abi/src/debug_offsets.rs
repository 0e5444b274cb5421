//! `_Py_DebugOffsets`: the table at the start of `_PyRuntime` from which debuggers and
//! profilers of another process learn where to look (`internal/pycore_debug_offsets.h`). Each inner
//! struct describes one struct of the interpreter: its size, and the offsets of the fields of the
//! same names.

use std::ffi::{CStr, c_char, c_int};
use std::mem::offset_of;

use crate::*;

c_struct! {
    /// The whole table; `cookie` is `xdebugpy`.
    pub struct _Py_DebugOffsets[760] {
        0 => cookie: [c_char; 8],
        8 => version: u64,
        16 => free_threaded: u64,
        24 => runtime_state: _runtime_state,
        48 => interpreter_state: _interpreter_state,
        176 => thread_state: _thread_state,
        248 => interpreter_frame: _interpreter_frame,
        312 => code_object: _code_object,
        400 => pyobject: _pyobject,
        416 => type_object: _type_object,
        448 => tuple_object: _tuple_object,
        472 => list_object: _list_object,
        496 => set_object: _set_object,
        528 => dict_object: _dict_object,
        552 => float_object: _float_object,
        568 => long_object: _long_object,
        592 => bytes_object: _bytes_object,
        616 => unicode_object: _unicode_object,
        648 => gc: _gc,
        664 => gen_object: _gen_object,
        696 => llist_node: _llist_node,
        712 => debugger_support: _debugger_support,
    }

    /// Of `_PyRuntime`.
    pub struct _runtime_state[24] {
        0 => size: u64,
        8 => finalizing: u64,
        16 => interpreters_head: u64,
    }

    /// Of `PyInterpreterState`.
    pub struct _interpreter_state[128] {
        0 => size: u64,
        8 => id: u64,
        16 => next: u64,
        24 => threads_head: u64,
        32 => threads_main: u64,
        40 => gc: u64,
        48 => imports_modules: u64,
        56 => sysdict: u64,
        64 => builtins: u64,
        72 => ceval_gil: u64,
        80 => gil_runtime_state: u64,
        88 => gil_runtime_state_enabled: u64,
        96 => gil_runtime_state_locked: u64,
        104 => gil_runtime_state_holder: u64,
        112 => code_object_generation: u64,
        120 => tlbc_generation: u64,
    }

    /// Of `PyThreadState`.
    pub struct _thread_state[72] {
        0 => size: u64,
        8 => prev: u64,
        16 => next: u64,
        24 => interp: u64,
        32 => current_frame: u64,
        40 => thread_id: u64,
        48 => native_thread_id: u64,
        56 => datastack_chunk: u64,
        64 => status: u64,
    }

    /// Of `_PyInterpreterFrame`.
    pub struct _interpreter_frame[64] {
        0 => size: u64,
        8 => previous: u64,
        16 => executable: u64,
        24 => instr_ptr: u64,
        32 => localsplus: u64,
        40 => owner: u64,
        48 => stackpointer: u64,
        56 => tlbc_index: u64,
    }

    /// Of `PyCodeObject`.
    pub struct _code_object[88] {
        0 => size: u64,
        8 => filename: u64,
        16 => name: u64,
        24 => qualname: u64,
        32 => linetable: u64,
        40 => firstlineno: u64,
        48 => argcount: u64,
        56 => localsplusnames: u64,
        64 => localspluskinds: u64,
        72 => co_code_adaptive: u64,
        80 => co_tlbc: u64,
    }

    /// Of `PyObject`.
    pub struct _pyobject[16] {
        0 => size: u64,
        8 => ob_type: u64,
    }

    /// Of `PyTypeObject`.
    pub struct _type_object[32] {
        0 => size: u64,
        8 => tp_name: u64,
        16 => tp_repr: u64,
        24 => tp_flags: u64,
    }

    /// Of `PyTupleObject`.
    pub struct _tuple_object[24] {
        0 => size: u64,
        8 => ob_item: u64,
        16 => ob_size: u64,
    }

    /// Of `PyListObject`.
    pub struct _list_object[24] {
        0 => size: u64,
        8 => ob_item: u64,
        16 => ob_size: u64,
    }

    /// Of `PySetObject`.
    pub struct _set_object[32] {
        0 => size: u64,
        8 => used: u64,
        16 => table: u64,
        24 => mask: u64,
    }

    /// Of `PyDictObject`.
    pub struct _dict_object[24] {
        0 => size: u64,
        8 => ma_keys: u64,
        16 => ma_values: u64,
    }

    /// Of `PyFloatObject`.
    pub struct _float_object[16] {
        0 => size: u64,
        8 => ob_fval: u64,
    }

    /// Of `PyLongObject`.
    pub struct _long_object[24] {
        0 => size: u64,
        8 => lv_tag: u64,
        16 => ob_digit: u64,
    }

    /// Of `PyBytesObject`.
    pub struct _bytes_object[24] {
        0 => size: u64,
        8 => ob_size: u64,
        16 => ob_sval: u64,
    }

    /// Of `PyUnicodeObject`.
    pub struct _unicode_object[32] {
        0 => size: u64,
        8 => state: u64,
        16 => length: u64,
        24 => asciiobject_size: u64,
    }

    /// Of the collector's state.
    pub struct _gc[16] {
        0 => size: u64,
        8 => collecting: u64,
    }

    /// Of `PyGenObject`.
    pub struct _gen_object[32] {
        0 => size: u64,
        8 => gi_name: u64,
        16 => gi_iframe: u64,
        24 => gi_frame_state: u64,
    }

    /// Of `llist_node`.
    pub struct _llist_node[16] {
        0 => next: u64,
        8 => prev: u64,
    }

    /// Of `_PyRemoteDebuggerSupport`.
    pub struct _debugger_support[48] {
        0 => eval_breaker: u64,
        8 => remote_debugger_support: u64,
        16 => remote_debugging_enabled: u64,
        24 => debugger_pending_call: u64,
        32 => debugger_script_path: u64,
        40 => debugger_script_path_size: u64,
    }
}

// Constants of `internal/pycore_debug_offsets.h`.
pub const _Py_Debug_Cookie: &CStr = c"xdebugpy";
pub const _Py_Debug_Free_Threaded: c_int = 0;
pub const _Py_Debug_code_object_co_tlbc: c_int = 0;
pub const _Py_Debug_gilruntimestate_enabled: c_int = 0;
pub const _Py_Debug_interpreter_frame_tlbc_index: c_int = 0;
pub const _Py_Debug_interpreter_state_tlbc_generation: c_int = 0;

impl _Py_DebugOffsets {
    /// The part of the table that the ABI decides. What is private to a runtime is left zero for it
    /// to fill in: `runtime_state`, `interpreter_state`, `gc`, and where it says whether remote
    /// debugging is enabled.
    pub const OBJECTS: Self = Self {
        // SAFETY: eight bytes are eight characters.
        cookie: unsafe { std::mem::transmute::<[u8; 8], [c_char; 8]>(*b"xdebugpy") },
        version: PY_VERSION_HEX as u64,
        thread_state: _thread_state {
            size: size_of::<PyThreadState>() as u64,
            prev: offset_of!(PyThreadState, prev) as u64,
            next: offset_of!(PyThreadState, next) as u64,
            interp: offset_of!(PyThreadState, interp) as u64,
            current_frame: offset_of!(PyThreadState, current_frame) as u64,
            thread_id: offset_of!(PyThreadState, thread_id) as u64,
            native_thread_id: offset_of!(PyThreadState, native_thread_id) as u64,
            datastack_chunk: offset_of!(PyThreadState, datastack_chunk) as u64,
            status: offset_of!(PyThreadState, _status) as u64,
        },
        interpreter_frame: _interpreter_frame {
            size: size_of::<_PyInterpreterFrame>() as u64,
            previous: offset_of!(_PyInterpreterFrame, previous) as u64,
            executable: offset_of!(_PyInterpreterFrame, f_executable) as u64,
            instr_ptr: offset_of!(_PyInterpreterFrame, instr_ptr) as u64,
            localsplus: offset_of!(_PyInterpreterFrame, localsplus) as u64,
            owner: offset_of!(_PyInterpreterFrame, owner) as u64,
            stackpointer: offset_of!(_PyInterpreterFrame, stackpointer) as u64,
            tlbc_index: 0,
        },
        code_object: _code_object {
            size: size_of::<PyCodeObject>() as u64,
            filename: offset_of!(PyCodeObject, co_filename) as u64,
            name: offset_of!(PyCodeObject, co_name) as u64,
            qualname: offset_of!(PyCodeObject, co_qualname) as u64,
            linetable: offset_of!(PyCodeObject, co_linetable) as u64,
            firstlineno: offset_of!(PyCodeObject, co_firstlineno) as u64,
            argcount: offset_of!(PyCodeObject, co_argcount) as u64,
            localsplusnames: offset_of!(PyCodeObject, co_localsplusnames) as u64,
            localspluskinds: offset_of!(PyCodeObject, co_localspluskinds) as u64,
            co_code_adaptive: offset_of!(PyCodeObject, co_code_adaptive) as u64,
            co_tlbc: 0,
        },
        pyobject: _pyobject {
            size: size_of::<PyObject>() as u64,
            ob_type: offset_of!(PyObject, ob_type) as u64,
        },
        type_object: _type_object {
            size: size_of::<PyTypeObject>() as u64,
            tp_name: offset_of!(PyTypeObject, tp_name) as u64,
            tp_repr: offset_of!(PyTypeObject, tp_repr) as u64,
            tp_flags: offset_of!(PyTypeObject, tp_flags) as u64,
        },
        tuple_object: _tuple_object {
            size: size_of::<PyTupleObject>() as u64,
            ob_item: offset_of!(PyTupleObject, ob_item) as u64,
            ob_size: offset_of!(PyTupleObject, ob_base.ob_size) as u64,
        },
        list_object: _list_object {
            size: size_of::<PyListObject>() as u64,
            ob_item: offset_of!(PyListObject, ob_item) as u64,
            ob_size: offset_of!(PyListObject, ob_base.ob_size) as u64,
        },
        set_object: _set_object {
            size: size_of::<PySetObject>() as u64,
            used: offset_of!(PySetObject, used) as u64,
            table: offset_of!(PySetObject, table) as u64,
            mask: offset_of!(PySetObject, mask) as u64,
        },
        dict_object: _dict_object {
            size: size_of::<PyDictObject>() as u64,
            ma_keys: offset_of!(PyDictObject, ma_keys) as u64,
            ma_values: offset_of!(PyDictObject, ma_values) as u64,
        },
        float_object: _float_object {
            size: size_of::<PyFloatObject>() as u64,
            ob_fval: offset_of!(PyFloatObject, ob_fval) as u64,
        },
        long_object: _long_object {
            size: size_of::<PyLongObject>() as u64,
            lv_tag: offset_of!(PyLongObject, long_value.lv_tag) as u64,
            ob_digit: offset_of!(PyLongObject, long_value.ob_digit) as u64,
        },
        bytes_object: _bytes_object {
            size: size_of::<PyBytesObject>() as u64,
            ob_size: offset_of!(PyBytesObject, ob_base.ob_size) as u64,
            ob_sval: offset_of!(PyBytesObject, ob_sval) as u64,
        },
        unicode_object: _unicode_object {
            size: size_of::<PyUnicodeObject>() as u64,
            state: offset_of!(PyASCIIObject, state) as u64,
            length: offset_of!(PyASCIIObject, length) as u64,
            asciiobject_size: size_of::<PyASCIIObject>() as u64,
        },
        gen_object: _gen_object {
            size: size_of::<PyGenObject>() as u64,
            gi_name: offset_of!(PyGenObject, gi_name) as u64,
            gi_iframe: offset_of!(PyGenObject, gi_iframe) as u64,
            gi_frame_state: offset_of!(PyGenObject, gi_frame_state) as u64,
        },
        llist_node: _llist_node {
            next: offset_of!(llist_node, next) as u64,
            prev: offset_of!(llist_node, prev) as u64,
        },
        debugger_support: _debugger_support {
            eval_breaker: offset_of!(PyThreadState, eval_breaker) as u64,
            remote_debugger_support: offset_of!(PyThreadState, remote_debugger_support) as u64,
            remote_debugging_enabled: 0,
            debugger_pending_call: offset_of!(_PyRemoteDebuggerSupport, debugger_pending_call)
                as u64,
            debugger_script_path: offset_of!(_PyRemoteDebuggerSupport, debugger_script_path) as u64,
            debugger_script_path_size: _Py_MAX_SCRIPT_PATH_SIZE as u64,
        },
        ..Self::EMPTY
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The reference's table from `version` on, with zeros for what is private to it:
    /// `(ctypes.c_char * 760).in_dll(ctypes.pythonapi, "_PyRuntime")`.
    #[rustfmt::skip]
    const REFERENCE: [u64; 94] = [
        51251440, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 832, 0, 8, 16, 72, 152, 160, 232, 32, 88, 8,
        0, 56, 80, 74, 64, 0, 216, 112, 120, 128, 136, 68, 52, 96, 104, 208,
        0, 16, 8, 416, 24, 88, 168, 40, 32, 16, 40, 24, 16, 200, 24, 40,
        32, 48, 32, 40, 24, 16, 32, 16, 24, 40, 16, 32, 64, 32, 16, 40,
        0, 0, 160, 24, 72, 67, 0, 8, 24, 304, 0, 0, 4, 512,
    ];

    #[test]
    fn objects_are_described_as_the_reference_describes_them() {
        // SAFETY: the struct is 760 bytes of numbers, the first eight of which are the cookie.
        let words: [u64; 95] = unsafe { std::mem::transmute(_Py_DebugOffsets::OBJECTS) };
        assert_eq!(words[0].to_ne_bytes(), *b"xdebugpy");
        assert_eq!(words[1..], REFERENCE);
    }
}
